//! The steps of a subquery that have been computed: the samples that each of them gave.
//!
//! Steps lie at multiples of the step in absolute time, so that those of one evaluation serve the next. Which steps
//! are needed, and how they are computed, is the business of `subquery`.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::facts::Labels;
use crate::promql::eval::Frame;
use crate::promql::plan::Subquery;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::warm;

/// Samples that are kept between evaluations at most, of one subquery: a megabyte. Where the steps have more, they
/// are computed anew each time, as before.
const MOST_KEPT: usize = 65_536;

/// The steps of one subquery.
#[derive(Debug)]
pub(super) struct Steps {
    known: BTreeMap<i64, Step>,
    rows: Vec<Arc<Labels>>,
    by_labels: HashMap<Arc<Labels>, u32>,
    reach: Reach,
}

/// Which samples of the store a step at 0 depends on: those at times in `(-back_ms, ahead_ms]`.
#[derive(Clone, Copy, Debug)]
struct Reach {
    back_ms: i64,
    ahead_ms: i64,
    /// `@` makes it depend on more than that.
    anchored: bool,
}

#[derive(Debug)]
struct Step {
    points: Box<[Point]>,
    /// A quantile lay in the open last bucket of a histogram.
    open_bucket: bool,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    row: u32,
    nameless: bool,
    value: f64,
}

/// The samples of one series of a subquery.
pub(super) struct Row {
    pub(super) labels: Arc<Labels>,
    pub(super) nameless: bool,
    pub(super) times: Vec<i64>,
    pub(super) values: Vec<f64>,
}

impl Steps {
    pub(super) fn new(subquery: &Subquery) -> Self {
        let mut reach = Reach { back_ms: 0, ahead_ms: 0, anchored: false };
        warm::each_selector(&subquery.node, &mut |_, look| {
            reach.back_ms = reach.back_ms.max(look.oldest_ms);
            reach.ahead_ms = reach.ahead_ms.max(look.offset_ms.saturating_neg());
            reach.anchored |= look.fixed;
        });
        Self { known: BTreeMap::new(), rows: Vec::new(), by_labels: HashMap::new(), reach }
    }

    /// Forgets the steps that depend on samples before `gone`, or from `changed` on.
    pub(super) fn forget(&mut self, gone: i64, changed: i64) {
        let Reach { back_ms, ahead_ms, .. } = self.reach;
        self.known.retain(|at, _| at.saturating_sub(back_ms) >= gone && at.saturating_add(ahead_ms) < changed);
    }

    /// Forgets the steps up to an instant, which are not asked for any more.
    pub(super) fn forget_until(&mut self, at: i64) {
        while self.known.first_key_value().is_some_and(|(step, _)| *step <= at) {
            self.known.pop_first();
        }
    }

    /// Makes ready for the next evaluation; `false` when there is nothing that it could use.
    pub(super) fn tidy(&mut self) -> bool {
        let points: usize = self.known.values().map(|step| step.points.len()).sum();
        // Series that are gone leave their labels behind.
        let most_rows = self.known.values().map(|step| step.points.len()).max().unwrap_or(0) * 2 + 64;
        !self.reach.anchored && points <= MOST_KEPT && self.rows.len() <= most_rows
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let step = |step: &Step| size_of::<(i64, Step)>() + size_of_val(&*step.points);
        self.known.values().map(step).sum::<usize>() + self.rows.len() * 4 * size_of::<Arc<Labels>>()
    }

    /// Which of these instants are not known.
    pub(super) fn missing(&self, wanted: impl Iterator<Item = i64>) -> Vec<i64> {
        wanted.filter(|at| !self.known.contains_key(at)).collect()
    }

    /// Computes the steps at these instants, which ascend.
    pub(super) fn compute<'a>(
        &mut self,
        frame: &Frame<'a>,
        subquery: &'a Subquery,
        instants: &[i64],
    ) -> Result<(), EvalError> {
        // Labels that lie in the same place are the same.
        let mut by_place: HashMap<(usize, bool), (Arc<Labels>, u32)> = HashMap::new();
        let mut last = vec![None; self.rows.len()];
        let outside = frame.open_bucket.get();
        for block in instants.chunks(frame.block()) {
            frame.prepare(&subquery.node, block)?;
            for at in block {
                frame.open_bucket.set(false);
                let samples = frame.vector(&subquery.node, *at)?;
                frame.spend(samples.len() + 1)?;
                let mut points = Vec::with_capacity(samples.len());
                for sample in samples {
                    let row = self.row(frame, &sample, &mut by_place);
                    last.resize(self.rows.len(), None);
                    if last[row as usize].replace(*at) == Some(*at) {
                        let labels = &self.rows[row as usize];
                        return Err(EvalError::new(&format!("two results have the same labels {labels}")));
                    }
                    points.push(Point { row, nameless: sample.nameless, value: sample.value });
                }
                self.known.insert(*at, Step { points: points.into(), open_bucket: frame.open_bucket.get() });
            }
        }
        frame.open_bucket.set(outside);
        Ok(())
    }

    /// The number of the labels of a sample.
    fn row(
        &mut self,
        frame: &Frame<'_>,
        sample: &Sample<'_>,
        by_place: &mut HashMap<(usize, bool), (Arc<Labels>, u32)>,
    ) -> u32 {
        let place = (sample.labels.place(), sample.nameless);
        if let Some((_, row)) = by_place.get(&place) {
            return *row;
        }
        let labels = Arc::new(sample.seen(frame.dialect).to_labels());
        let row = match self.by_labels.entry(labels) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
                self.rows.push(Arc::clone(new.key()));
                *new.insert(row)
            }
        };
        // Labels that nobody else has were made for this sample alone.
        if Arc::strong_count(sample.labels.shared()) > 1 {
            by_place.insert(place, (Arc::clone(sample.labels.shared()), row));
        }
        row
    }

    /// The samples at times in `(from, to]`, series by series in the order in which they appear; and whether one of
    /// them came of an open bucket.
    pub(super) fn rows(&self, from: i64, to: i64) -> (Vec<Row>, bool) {
        let mut rows: Vec<Row> = Vec::new();
        let mut places = vec![None; self.rows.len()];
        let mut open = false;
        let Some(first) = from.checked_add(1).filter(|first| *first <= to) else { return (rows, open) };
        for (at, step) in self.known.range(first..=to) {
            open |= step.open_bucket;
            for point in &step.points {
                let place = *places[point.row as usize].get_or_insert_with(|| {
                    let labels = Arc::clone(&self.rows[point.row as usize]);
                    rows.push(Row { labels, nameless: false, times: Vec::new(), values: Vec::new() });
                    rows.len() - 1
                });
                let row = &mut rows[place];
                row.nameless |= point.nameless;
                row.times.push(*at);
                row.values.push(point.value);
            }
        }
        (rows, open)
    }
}
