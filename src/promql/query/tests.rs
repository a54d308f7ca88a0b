//! What a query remembers must never show: laws on stores in which everything happens that can.

use std::time::Duration;

use proptest::prelude::*;

use crate::facts::Labels;
use crate::promql::Limits;
use crate::promql::Query;
use crate::promql::Row;
use crate::promql::Store;
use crate::promql::TargetId;

const QUERIES: &[&str] = &[
    "x",
    "{__name__=~\"x|y\", g!=\"2\"}",
    "sum(x)",
    "sum by (g) (rate(x[30s]))",
    "avg without (i) (increase({__name__=~\"x|y\"}[1m]))",
    "count by (g, __name__) ({__name__=~\"x|y\"})",
    "min(delta(x[45s] offset 10s)) - max(irate(y[2m]))",
    "group by (i) (idelta(x[2m] offset -20s))",
    "sum by (g) (rate(x{i=~\"1|3\"}[1m])) / sum by (g) (rate(x[1m]))",
    "topk(2, sum by (g) (rate(x[1m])))",
    "bottomk by (g) (1, x) or y",
    "quantile by (g) (0.5, avg_over_time(x[40s]))",
    "stddev(last_over_time(x[1m]))",
    "count_values(\"v\", changes(x[1m]))",
    "histogram_quantile(0.9, sum by (le) (rate(b[1m])))",
    "histogram_quantile(0.5, b)",
    "max_over_time(sum(rate(x[20s]))[2m:10s])",
    "sum by (g) (avg_over_time(x[2m:15s]))",
    "last_over_time(topk(1, sum by (g) (x))[1m:7s])",
    "max_over_time(histogram_quantile(0.99, sum by (le, i) (increase(b[30s])))[1m:10s] offset 10s)",
    "sum_over_time((x > 3)[1m:10s] offset -15s)",
    "avg_over_time(max_over_time(rate(x[20s])[1m:10s])[1m:20s])",
    "sum_over_time(sum(x @ 100)[1m:10s])",
    "sum_over_time(max(rate(x[40s] @ 90))[5m:10s])",
    "max_over_time((x offset -25s)[1m:10s])",
    "sum by (__name__) (rate(x[12s]) or x)",
    "count_over_time(sum(x offset 30s)[3m:])",
    "absent_over_time(x{g=\"1\"}[30s:5s])",
    "sum(sum_over_time(timestamp(x)[1m:10s]))",
    "sum by (c) (label_replace(rate(x[1m]), \"c\", \"$1\", \"i\", \"(.).*\"))",
    "quantile_over_time(scalar(sum(y)), x[1m])",
    "predict_linear(x[1m], 60) > 0",
    "time() - max(timestamp(x))",
    "sum({i=\"1\"}) + sum(up)",
    "rate({__name__=~\"x|y\"}[1m])",
];

/// What happens to a target.
#[derive(Clone, Debug)]
enum Event {
    /// A scrape with these series: which, its value, and how long ago it was taken if it says so.
    Scrape(Vec<(usize, f64, Option<i64>)>),
    /// A scrape that breaks off.
    Broken(Vec<(usize, f64, Option<i64>)>),
    Down,
}

fn samples() -> impl Strategy<Value = Vec<(usize, f64, Option<i64>)>> {
    let value =
        prop_oneof![12 => (0..20_u32).prop_map(f64::from), 1 => Just(f64::NAN), 1 => Just(1e300), 1 => Just(-0.5)];
    let own = prop_oneof![14 => Just(None), 1 => (0..90_000_i64).prop_map(Some)];
    prop::collection::vec((0..14_usize, value, own), 0..14)
}

/// Which target, how long after the last event, and what.
fn events(most: usize) -> impl Strategy<Value = Vec<(usize, i64, Event)>> {
    let event = prop_oneof![
        12 => samples().prop_map(Event::Scrape),
        1 => samples().prop_map(Event::Broken),
        1 => Just(Event::Down),
    ];
    let wait = prop_oneof![12 => 1..15_000_i64, 2 => Just(5_000), 1 => 100_000..900_000_i64];
    prop::collection::vec((0..2_usize, wait, event), 1..most)
}

fn labels(kind: usize) -> Labels {
    let g = (kind % 3).to_string();
    let i = kind.to_string();
    match kind {
        0..=5 => [("__name__", "x"), ("g", &*g), ("i", &*i)].into_iter().collect(),
        6..=8 => [("__name__", "y"), ("g", &*g), ("i", &*i)].into_iter().collect(),
        _ => {
            let le = ["0.1", "0.5", "1", "+Inf", "x"][kind - 9];
            [("__name__", "b"), ("i", "1"), ("le", le)].into_iter().collect()
        }
    }
}

/// A store of two targets, with less room than there are series.
struct World {
    store: Store,
    targets: Vec<TargetId>,
    at: i64,
    /// Counters mostly grow.
    totals: Vec<f64>,
}

impl World {
    fn new(retention: u64) -> Self {
        let mut store = Store::new(Limits { retention: Duration::from_secs(retention), max_series: 16 });
        let targets = ["a", "b"].map(|name| store.add_target([("t", name)].into_iter().collect())).to_vec();
        Self { store, targets, at: 0, totals: vec![0.0; 28] }
    }

    fn happen(&mut self, (target, wait, event): &(usize, i64, Event)) {
        self.at += wait;
        // The second target's clock runs a little late, so that scrapes cross.
        let at = self.at - 1_500 * *target as i64;
        let id = self.targets[*target];
        let (samples, broken) = match event {
            Event::Scrape(samples) => (samples, false),
            Event::Broken(samples) => (samples, true),
            Event::Down => return self.store.down(id, at),
        };
        let Ok(mut scrape) = self.store.begin(id, at) else { return };
        for (kind, step, own) in samples {
            let total = &mut self.totals[target * 14 + kind];
            *total = if *step == 0.0 || !total.is_finite() { 0.0 } else { *total + step };
            if let Ok(series) = scrape.series(labels(*kind)) {
                scrape.put(series, *total, own.map(|ago| at - ago));
            }
        }
        if broken { scrape.abandon() } else { scrape.finish() }
    }
}

fn instant(query: &Query, store: &Store, at: i64) -> String {
    format!("{:?}", query.instant_noted(store, at))
}

/// The rows that the instants of a query make, evaluated one by one.
fn by_instants(query: &Query, store: &Store, times: impl Iterator<Item = i64>) -> Result<Vec<Row>, String> {
    let mut rows: std::collections::BTreeMap<Labels, Vec<(i64, f64)>> = std::collections::BTreeMap::new();
    for at in times {
        let samples = match query.anew().instant(store, at).map_err(|error| error.to_string())? {
            crate::promql::Value::Scalar(value) => vec![(Labels::default(), value)],
            crate::promql::Value::Vector(samples) => samples,
            crate::promql::Value::String(_) => panic!("no query gives a text"),
        };
        for (labels, value) in samples {
            rows.entry(labels).or_default().push((at, value));
        }
    }
    Ok(rows.into_iter().collect())
}

/// Every case asks all the queries many times.
fn few() -> ProptestConfig {
    ProptestConfig::with_cases(ProptestConfig::default().cases / 8)
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn a_query_that_remembers_answers_as_one_that_does_not(
        events in events(60), looks in prop::collection::vec((0..3_u8, -70_000..30_000_i64), 60), retention in 60..600_u64,
    ) {
        let mut world = World::new(retention);
        let kept: Vec<_> = QUERIES.iter().map(|text| Query::parse(text).unwrap()).collect();
        for (event, (how, shift)) in events.iter().zip(looks) {
            world.happen(event);
            let at = if how == 0 { world.at + shift } else { world.at };
            if how == 1 {
                continue;
            }
            for (query, text) in kept.iter().zip(QUERIES) {
                let (kept, fresh) = (instant(query, &world.store, at), instant(&query.anew(), &world.store, at));
                prop_assert_eq!(kept, fresh, "{} at {}", text, at);
            }
        }
    }

    #[test]
    fn a_range_is_its_instants(
        events in events(40), start in -300_000..0_i64, step in 1_000..60_000_i64, count in 1..40_i64,
    ) {
        let mut world = World::new(480);
        for event in &events {
            world.happen(event);
        }
        let start = world.at + start;
        let times = || (0..count).map(|number| start + number * step);
        for text in QUERIES {
            let query = Query::parse(text).unwrap();
            let end = start + (count - 1) * step;
            // Once with nothing remembered, once with what another instant left.
            for _ in 0..2 {
                let range = query.range(&world.store, start, end, step);
                match (range, by_instants(&query, &world.store, times())) {
                    (Ok(range), Ok(instants)) => prop_assert_eq!(format!("{range:?}"), format!("{instants:?}"), "{}", text),
                    (range, instants) => prop_assert_eq!(range.is_err(), instants.is_err(), "{}", text),
                }
                let _ = query.instant(&world.store, world.at);
            }
        }
    }

    #[test]
    fn aggregating_on_the_way_is_aggregating_afterwards(events in events(40), shift in -60_000..10_000_i64) {
        let mut world = World::new(480);
        for event in &events {
            world.happen(event);
        }
        for operator in ["sum", "avg", "min", "max", "count", "group"] {
            for leaf in ["x", "rate(x[1m])", "increase(b[40s])", "delta(x[2m])", "irate(x[1m])", "sum_over_time(x[50s])"] {
                for groups in ["", "by (g)", "without (i)"] {
                    let at = world.at + shift;
                    let [one, other] = [leaf.to_owned(), format!("({leaf} * 1)")].map(|argument| {
                        let query = Query::parse(&format!("{operator} {groups} ({argument})")).unwrap();
                        instant(&query, &world.store, at)
                    });
                    prop_assert_eq!(one, other, "{} {} {}", operator, groups, leaf);
                }
            }
        }
    }
}

#[test]
fn what_a_fixed_time_shows_is_looked_up_each_time() {
    let mut world = World::new(480);
    let query = Query::parse("sum_over_time(sum(x @ 100)[1m:10s])").unwrap();
    for _ in 0..12 {
        world.happen(&(0, 10_000, Event::Scrape(vec![(0, 1.0, None)])));
        assert_eq!(instant(&query, &world.store, world.at), instant(&query.anew(), &world.store, world.at));
    }
}

/// What is remembered at 7,000 series: a selection and the groups are 8 bytes a series, the steps of a subquery 24 and
/// some for each sample that they gave.
#[test]
fn what_is_remembered_is_small() {
    let mut store = Store::new(Limits { retention: Duration::from_hours(6), max_series: 10_000 });
    let target = store.add_target(Labels::default());
    let name = |index: usize| {
        let (route, le) = ((index / 14).to_string(), (index % 14).to_string());
        [("__name__", "x"), ("le", &*le), ("route", &*route)].into_iter().collect::<Labels>()
    };
    let ids: Vec<_> = (0..7_000).map(|index| store.series(target, name(index)).unwrap()).collect();
    for minute in 0..20 {
        let mut scrape = store.begin(target, minute * 60_000).unwrap();
        for id in &ids {
            scrape.put(*id, minute as f64, None);
        }
        scrape.finish();
    }
    for (text, most) in [
        ("sum(rate(x[5m]))", 60_000),
        ("sum(rate(x{le=~\"1.\"}[5m])) / sum(rate(x[5m]))", 80_000),
        ("histogram_quantile(0.99, sum by (le) (rate(x[5m])))", 70_000),
        ("topk(5, sum by (route) (rate(x[5m])))", 150_000),
        ("max_over_time(sum(rate(x[2m]))[6h:1m])", 80_000),
        ("histogram_quantile(0.99, sum by (le, route) (rate(x[5m])))", 1_200_000),
        ("max_over_time(rate(x[2m])[6h:1m])", 100_000),
    ] {
        let query = Query::parse(text).unwrap();
        query.instant(&store, 19 * 60_000).unwrap();
        let bytes = query.remembers();
        println!("{bytes:>9} bytes: {text}");
        assert!(bytes > 0 && bytes < most, "{bytes} bytes: {text}");
        query.range(&store, 0, 19 * 60_000, 30_000).unwrap();
        assert!(query.remembers() < most, "{text}");
    }
}
