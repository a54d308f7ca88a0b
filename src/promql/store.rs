//! The series store: what was scraped of several targets, for some hours, within a hard cap on series.
//!
//! Values are kept on a time axis that all series of a target share, in as few bits as they need, and come out with
//! the very bits that they had. The store keeps what it is given; which series are worth keeping is decided before.
//! It lives in memory only.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Labels;
use crate::promql::axis::Axis;
use crate::promql::column;
use crate::promql::column::Column;
use crate::promql::edits::Edits;
use crate::promql::packed::STALE;
use crate::promql::scrape::Scrape;

/// How much a store keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Samples older than this are forgotten.
    pub retention: Duration,
    /// At most so many series are kept, of all targets together. `up` of each target is not counted.
    pub max_series: usize,
}

impl Default for Limits {
    /// Six hours of at most 5,000 series: about 20 MB at a scrape every 5 seconds, as most series seldom change; 190 MB
    /// if all of them held nothing but noise.
    fn default() -> Self {
        Self { retention: Duration::from_hours(6), max_series: 5_000 }
    }
}

/// One target of a store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TargetId(u32);

/// One series of a store. A series that ended and whose place was given away is no longer known by its id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SeriesId {
    pub(super) index: u32,
    generation: u32,
}

impl SeriesId {
    /// The place of the series in its store: below the most series that the store ever had at once. A series that
    /// takes the place of one that ended has the same, and is another.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }
}

/// The cap on series is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full {
    /// The most series that may be kept.
    pub max_series: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} series are kept already, which is the limit", self.max_series)
    }
}

impl std::error::Error for Full {}

/// A scrape is not later than the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotLater {
    /// The time of the last scrape, milliseconds since the epoch.
    pub last_ms: i64,
    /// The time that was asked for.
    pub at_ms: i64,
}

impl fmt::Display for NotLater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a scrape at {} ms is not later than the last one at {} ms", self.at_ms, self.last_ms)
    }
}

impl std::error::Error for NotLater {}

#[derive(Debug)]
pub(super) struct Target {
    constant: Labels,
    pub(super) axis: Axis,
    index: HashMap<Arc<Labels>, u32>,
    members: Vec<u32>,
    up: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Series {
    pub(super) labels: Arc<Labels>,
    pub(super) target: u32,
    generation: u32,
    /// The last scrape brought a sample without a timestamp of its own.
    live: bool,
    /// Nothing is left of it but its name: its place may be given away.
    idle: bool,
    pub(super) column: Column,
}

/// The series of several targets.
#[derive(Debug)]
pub struct Store {
    limits: Limits,
    targets: Vec<Target>,
    series: Vec<Series>,
    by_name: BTreeMap<Box<str>, Vec<u32>>,
    idle: VecDeque<u32>,
    edits: Edits,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            targets: Vec::new(),
            series: Vec::new(),
            by_name: BTreeMap::new(),
            idle: VecDeque::new(),
            edits: Edits::new(),
        }
    }

    /// Adds a target. All its series get the constant labels (`job`, `instance`); a scraped label of such a name is
    /// kept as `exported_NAME`, as Prometheus does.
    pub fn add_target(&mut self, constant: Labels) -> TargetId {
        let id = u32::try_from(self.targets.len()).unwrap_or(u32::MAX);
        self.targets.push(Target {
            constant,
            axis: Axis::default(),
            index: HashMap::new(),
            members: Vec::new(),
            up: None,
        });
        TargetId(id)
    }

    /// Finds the series of a target with these scraped labels (`__name__` included), or makes it.
    ///
    /// # Errors
    /// [`Full`] when the series is new and the cap is reached.
    pub fn series(&mut self, target: TargetId, labels: Labels) -> Result<SeriesId, Full> {
        let labels = with_constants(labels, &self.targets[target.0 as usize].constant);
        if let Some(index) = self.targets[target.0 as usize].index.get(&labels) {
            return Ok(self.id(*index));
        }
        if self.counts().0 >= self.limits.max_series {
            return Err(Full { max_series: self.limits.max_series });
        }
        let index = self.insert(target.0, labels);
        Ok(self.id(index))
    }

    /// Begins a scrape of a target.
    ///
    /// # Errors
    /// [`NotLater`] unless `at_ms` is later than the target's last scrape.
    pub fn begin(&mut self, target: TargetId, at_ms: i64) -> Result<Scrape<'_>, NotLater> {
        let axis = &mut self.targets[target.0 as usize].axis;
        if let Some(last_ms) = axis.last().filter(|last| at_ms <= *last) {
            return Err(NotLater { last_ms, at_ms });
        }
        self.edits.scrape(at_ms);
        self.expire(target.0, at_ms);
        let slot = self.targets[target.0 as usize].axis.push(at_ms);
        Ok(Scrape::new(self, target, slot, at_ms))
    }

    /// Notes that a target gave no answer: its series end here, and `up` is 0. A time that is not later than the
    /// last scrape changes nothing.
    pub fn down(&mut self, target: TargetId, at_ms: i64) {
        if let Ok(scrape) = self.begin(target, at_ms) {
            scrape.abandon();
        }
    }

    /// Series that are kept, and the most that may be.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let up = self.targets.iter().filter(|target| target.up.is_some()).count();
        (self.series.len() - self.idle.len() - up, self.limits.max_series)
    }

    /// How many series of that name are kept, ended ones included.
    pub fn count_of(&self, name: &str) -> usize {
        self.by_name.get(name).map_or(0, Vec::len)
    }

    /// The time of the oldest scrape of a target that is still kept, in milliseconds since the epoch.
    #[must_use]
    pub fn first_at(&self, target: TargetId) -> Option<i64> {
        self.targets[target.0 as usize].axis.first()
    }

    /// The time of the last scrape of a target, in milliseconds since the epoch.
    #[must_use]
    pub fn last_at(&self, target: TargetId) -> Option<i64> {
        self.targets[target.0 as usize].axis.last()
    }

    /// The mean time between the last scrapes of a target that succeeded (16 at most); `None` before the second.
    #[must_use]
    pub fn scrape_span(&self, target: TargetId) -> Option<Duration> {
        let mut times = self.targets[target.0 as usize].axis.successes(i64::MIN, i64::MAX).rev().take(16);
        let last = times.next()?;
        let (count, first) = times.fold((0_u64, last), |(count, _), time| (count + 1, time));
        (count > 0).then(|| Duration::from_millis(first.abs_diff(last) / count))
    }

    /// What has changed in it.
    pub(super) fn edits(&self) -> &Edits {
        &self.edits
    }

    pub(super) fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// How many places for series there are.
    pub(super) fn size(&self) -> usize {
        self.series.len()
    }

    pub(super) fn at_index(&self, index: u32) -> &Series {
        &self.series[index as usize]
    }

    /// The series of one name, in order of their labels; of every name where `name` is `None`.
    pub(super) fn named(&self, name: Option<&str>) -> impl Iterator<Item = u32> {
        let one = name.map(|name| self.by_name.get(name).map_or(&[][..], Vec::as_slice));
        let all = one.is_none().then(|| self.by_name.values().flatten());
        one.unwrap_or(&[]).iter().chain(all.into_iter().flatten()).copied()
    }

    /// Puts a value into a series; `false` when the id is not known any more.
    pub(super) fn put(&mut self, id: SeriesId, slot: u64, at: i64, value: f64, explicit: Option<i64>) -> bool {
        let index = id.index;
        let value = if column::is_mark(value) { f64::NAN } else { value };
        let Some(series) = self.series.get_mut(index as usize).filter(|series| series.generation == id.generation)
        else {
            return false;
        };
        if series.idle {
            series.idle = false;
            self.idle.retain(|other| *other != index);
        }
        if let Some(own) = explicit {
            self.edits.touch(own);
            series.column.put_explicit(&self.targets[series.target as usize].axis, own, value);
            series.live = false;
        } else if !series.column.reaches(slot) {
            series.column.put(slot, at, value);
            series.live = true;
        }
        true
    }

    /// Ends every live series of a target that has no value in this slot.
    pub(super) fn end_missing(&mut self, target: TargetId, slot: u64, at: i64) {
        for member in &self.targets[target.0 as usize].members {
            let series = &mut self.series[*member as usize];
            if series.live && !series.column.reaches(slot) {
                series.column.put(slot, at, f64::from_bits(STALE));
                series.live = false;
            }
        }
    }

    /// Takes back what this slot brought, and marks the scrape as failed.
    pub(super) fn withdraw(&mut self, target: TargetId, slot: u64) {
        for member in &self.targets[target.0 as usize].members {
            let series = &mut self.series[*member as usize];
            if series.live && series.column.reaches(slot) {
                series.column.withdraw(slot);
                series.live = false;
            }
        }
        self.targets[target.0 as usize].axis.spoil();
    }

    /// Puts the synthetic `up` of a target.
    pub(super) fn put_up(&mut self, target: TargetId, slot: u64, at: i64, value: f64) {
        let index = if let Some(index) = self.targets[target.0 as usize].up {
            index
        } else {
            let labels = self.targets[target.0 as usize].constant.with("__name__", "up");
            let known = self.targets[target.0 as usize].index.get(&labels).copied();
            let index = known.unwrap_or_else(|| self.insert(target.0, labels));
            self.targets[target.0 as usize].up = Some(index);
            index
        };
        // `up` is never idle, never stale: it says that the target is down.
        let column = &mut self.series[index as usize].column;
        if !column.reaches(slot) {
            column.put(slot, at, value);
        }
    }

    fn id(&self, index: u32) -> SeriesId {
        SeriesId { index, generation: self.series[index as usize].generation }
    }

    /// Makes a series, in the place of an idle one where there is one.
    fn insert(&mut self, target: u32, labels: Labels) -> u32 {
        self.edits.set_changes();
        let labels = Arc::new(labels);
        let given_away = self.idle.pop_front();
        let index = given_away.unwrap_or_else(|| u32::try_from(self.series.len()).unwrap_or(u32::MAX));
        let mut series = Series {
            labels: Arc::clone(&labels),
            target,
            generation: 0,
            live: false,
            idle: false,
            column: Column::new(index as u8),
        };
        if given_away.is_some() {
            self.forget_name(index);
            let place = &mut self.series[index as usize];
            series.generation = place.generation.wrapping_add(1);
            *place = series;
        } else {
            if self.series.len() == self.series.capacity() {
                // A quarter more, not twice as much: most stores grow once, to the size that they keep.
                self.series.reserve_exact(self.series.len() / 4 + 16);
            }
            self.series.push(series);
        }
        let same_name = self.by_name.entry(labels.name().into()).or_default();
        let place = same_name.partition_point(|other| self.series[*other as usize].labels < labels);
        same_name.insert(place, index);
        let target = &mut self.targets[target as usize];
        target.index.insert(labels, index);
        target.members.push(index);
        index
    }

    /// Takes a series out of the indexes.
    fn forget_name(&mut self, index: u32) {
        let series = &self.series[index as usize];
        let target = &mut self.targets[series.target as usize];
        target.index.remove(&series.labels);
        target.members.retain(|other| *other != index);
        if let Some(same_name) = self.by_name.get_mut(series.labels.name()) {
            same_name.retain(|other| *other != index);
            if same_name.is_empty() {
                self.by_name.remove(series.labels.name());
            }
        }
    }

    /// Forgets what is older than the retention; a series of which nothing is left becomes idle.
    fn expire(&mut self, target: u32, at: i64) {
        let retention = i64::try_from(self.limits.retention.as_millis()).unwrap_or(i64::MAX);
        let oldest = at.saturating_sub(retention);
        self.edits.forget(oldest);
        let first = self.targets[target as usize].axis.expire(oldest);
        let up = self.targets[target as usize].up;
        for index in &self.targets[target as usize].members {
            let series = &mut self.series[*index as usize];
            if series.column.is_empty() {
                continue;
            }
            series.column.expire(first, oldest);
            if series.column.is_empty() && !series.live && !series.idle && up != Some(*index) {
                series.column.release();
                series.idle = true;
                self.idle.push_back(*index);
            }
        }
    }
}

/// The labels of a series as they are kept: the target's constant labels win, what they displace is renamed.
fn with_constants(labels: Labels, constant: &Labels) -> Labels {
    let mut kept = labels;
    for (name, value) in constant.iter() {
        let mut renamed = format!("exported_{name}");
        while kept.get(&renamed).is_some() || constant.get(&renamed).is_some() {
            renamed.insert_str(0, "exported_");
        }
        let scraped = kept.get(name).unwrap_or("").to_owned();
        kept = kept.with(&renamed, &scraped).with(name, value);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Query;
    use crate::promql::Value;
    use proptest::prelude::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().copied().collect()
    }

    fn metric(name: &str) -> Labels {
        labels(&[("__name__", name)])
    }

    fn small(max_series: usize) -> Store {
        Store::new(Limits { retention: Duration::from_mins(10), max_series })
    }

    fn instant(store: &Store, query: &str, at: i64) -> Vec<(String, f64)> {
        match Query::parse(query).unwrap().instant(store, at).unwrap() {
            Value::Vector(samples) => samples.into_iter().map(|(labels, value)| (labels.to_string(), value)).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn scrape(store: &mut Store, target: TargetId, at: i64, samples: &[(&str, f64)]) {
        let mut scrape = store.begin(target, at).unwrap();
        for (name, value) in samples {
            let series = scrape.series(metric(name)).unwrap();
            assert!(scrape.put(series, *value, None));
        }
        scrape.finish();
    }

    #[test]
    fn constant_labels_win_and_what_they_displace_is_renamed() {
        let mut store = small(10);
        let target = store.add_target(labels(&[("job", "api"), ("instance", "a:1")]));
        let mut scrape = store.begin(target, 1_000).unwrap();
        let scraped = labels(&[("__name__", "x"), ("job", "own"), ("exported_job", "older"), ("path", "/")]);
        let series = scrape.series(scraped.clone()).unwrap();
        assert_eq!(scrape.series(scraped).unwrap(), series);
        scrape.put(series, 1.0, None);
        scrape.finish();
        let kept =
            "x{exported_exported_job=\"own\", exported_job=\"older\", instance=\"a:1\", job=\"api\", path=\"/\"}";
        assert_eq!(instant(&store, "x", 1_000), [(kept.to_owned(), 1.0)]);
        assert_eq!(instant(&store, "up", 1_000), [("up{instance=\"a:1\", job=\"api\"}".to_owned(), 1.0)]);
    }

    #[test]
    fn a_series_that_is_gone_ends_at_once_and_may_come_back() {
        let mut store = small(10);
        let target = store.add_target(Labels::default());
        scrape(&mut store, target, 1_000, &[("x", 1.0), ("y", 1.0)]);
        scrape(&mut store, target, 2_000, &[("y", 2.0)]);
        assert_eq!(instant(&store, "x", 1_999).len(), 1);
        assert_eq!(instant(&store, "x", 2_000), []);
        assert_eq!(instant(&store, "y", 2_000), [("y".to_owned(), 2.0)]);
        scrape(&mut store, target, 4_000, &[("x", 4.0), ("y", 4.0)]);
        assert_eq!(instant(&store, "x", 4_000), [("x".to_owned(), 4.0)]);
        assert_eq!(instant(&store, "count_over_time(x[10s])", 4_000), [("{}".to_owned(), 2.0)]);
    }

    #[test]
    fn a_target_that_is_down_has_no_series_but_up() {
        let mut store = small(10);
        let [one, other] = [("i", "1"), ("i", "2")].map(|pair| store.add_target(labels(&[pair])));
        scrape(&mut store, one, 1_000, &[("x", 1.0)]);
        scrape(&mut store, other, 1_000, &[("x", 1.0)]);
        store.down(one, 2_000);
        store.down(one, 2_000);
        assert_eq!(instant(&store, "x", 2_000), [("x{i=\"2\"}".to_owned(), 1.0)]);
        assert_eq!(instant(&store, "sum(up)", 2_000), [("{}".to_owned(), 1.0)]);
        assert_eq!(store.counts(), (2, 10));
    }

    #[test]
    fn a_scrape_that_breaks_off_is_taken_back() {
        let mut store = small(10);
        let target = store.add_target(Labels::default());
        scrape(&mut store, target, 1_000, &[("x", 1.0), ("y", 1.0)]);
        let mut broken = store.begin(target, 2_000).unwrap();
        let series = broken.series(metric("x")).unwrap();
        broken.put(series, 2.0, None);
        drop(broken);
        assert_eq!(instant(&store, "{__name__=~\"x|y\"}", 2_000), []);
        assert_eq!(instant(&store, "up", 2_000), [("up".to_owned(), 0.0)]);
        assert_eq!(instant(&store, "last_over_time(x[5s])", 2_000), [("x".to_owned(), 1.0)]);
    }

    #[test]
    fn samples_with_their_own_time_get_no_marker_and_are_kept_in_order() {
        let mut store = small(10);
        let target = store.add_target(Labels::default());
        scrape(&mut store, target, 1_000, &[("x", 1.0)]);
        for (at, own, value) in [(2_000, 1_500, 2.0), (3_000, 1_500, 9.0), (4_000, 1_200, 9.0), (5_000, 4_900, 3.0)] {
            let mut scrape = store.begin(target, at).unwrap();
            let series = scrape.series(metric("x")).unwrap();
            scrape.put(series, value, Some(own));
            scrape.finish();
        }
        scrape(&mut store, target, 6_000, &[]);
        assert_eq!(instant(&store, "x", 6_000), [("x".to_owned(), 3.0)]);
        assert_eq!(instant(&store, "timestamp(x)", 6_000), [("{}".to_owned(), 4.9)]);
        assert_eq!(instant(&store, "sum_over_time(x[10s])", 6_000), [("{}".to_owned(), 6.0)]);
    }

    #[test]
    fn the_cap_refuses_and_a_place_is_given_away_only_when_it_is_empty() {
        let mut store = small(2);
        let target = store.add_target(Labels::default());
        scrape(&mut store, target, 0, &[("a", 1.0), ("b", 1.0)]);
        let a = store.series(target, metric("a")).unwrap();
        assert_eq!(store.series(target, metric("c")), Err(Full { max_series: 2 }));
        scrape(&mut store, target, 1_000, &[("b", 1.0)]);
        assert_eq!(store.counts(), (2, 2));
        scrape(&mut store, target, 700_000, &[("b", 1.0)]);
        assert_eq!(store.counts(), (1, 2));
        // The same series may still come back to its place.
        let mut again = store.begin(target, 701_000).unwrap();
        assert!(again.put(a, 7.0, None));
        again.finish();
        assert_eq!(store.counts(), (2, 2));
        assert_eq!(instant(&store, "a", 701_000), [("a".to_owned(), 7.0)]);
        scrape(&mut store, target, 1_400_000, &[("b", 1.0)]);
        scrape(&mut store, target, 2_100_000, &[("b", 1.0), ("c", 3.0)]);
        let mut late = store.begin(target, 2_101_000).unwrap();
        assert!(!late.put(a, 8.0, None), "its place was given to c");
        late.close();
        assert_eq!(instant(&store, "a", 2_101_000), []);
    }

    #[test]
    fn time_goes_forward_and_is_known() {
        let mut store = small(2);
        let target = store.add_target(Labels::default());
        assert_eq!((store.first_at(target), store.last_at(target), store.scrape_span(target)), (None, None, None));
        scrape(&mut store, target, 1_000, &[]);
        assert_eq!(store.begin(target, 1_000).unwrap_err(), NotLater { last_ms: 1_000, at_ms: 1_000 });
        assert_eq!(store.scrape_span(target), None);
        scrape(&mut store, target, 6_000, &[]);
        store.down(target, 8_000);
        scrape(&mut store, target, 11_000, &[]);
        assert_eq!((store.first_at(target), store.last_at(target)), (Some(1_000), Some(11_000)));
        assert_eq!(store.scrape_span(target), Some(Duration::from_secs(5)));
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out_in_order_until_it_is_too_old(
            steps in prop::collection::vec((1_i64..60_000, prop::option::weighted(0.8, -1e9..1e9_f64)), 1..80)
        ) {
            let mut store = small(10);
            let target = store.add_target(Labels::default());
            let mut at = 0;
            let mut kept = Vec::new();
            for (step, value) in steps {
                at += step;
                let mut scrape = store.begin(target, at).unwrap();
                if let Some(value) = value {
                    let series = scrape.series(metric("x")).unwrap();
                    scrape.put(series, value, None);
                    kept.push((at, value));
                }
                scrape.finish();
            }
            kept.retain(|(time, _)| *time >= at - 600_000);
            let axis = &store.targets()[0].axis;
            let slots = axis.slots(i64::MIN, i64::MAX);
            let (mut times, mut values) = (Vec::new(), Vec::new());
            for index in store.named(Some("x")) {
                store.at_index(index).column.copy(axis, slots, (i64::MIN, i64::MAX), &mut times, &mut values);
            }
            prop_assert_eq!(times.into_iter().zip(values).collect::<Vec<_>>(), kept);
        }
    }
}
