//! The embedded engine, given the bodies that were recorded, at the instants at which Prometheus took them in.

use std::collections::BTreeMap;
use std::time::Duration;

use sixty::facts::Labels;
use sixty::promql;
use sixty::promql::Query;
use sixty::promql::Samples;
use sixty::promql::SeriesId;
use sixty::promql::Store;
use sixty::promql::Value;
use sixty::sources::exposition::Format;
use sixty::sources::exposition::Limits;
use sixty::sources::exposition::Reader;
use sixty::sources::exposition::Sink;

use crate::judge::Answer;
use crate::queries::Inventory;
use crate::queries::Metric;
use crate::recorder::Body;

/// The embedded engine with everything that was scraped.
pub struct Ours {
    pub store: Store,
    /// What `# TYPE` says of each family.
    kinds: BTreeMap<String, String>,
    names: BTreeMap<String, Vec<Labels>>,
}

struct Into<'a> {
    scrape: promql::Scrape<'a>,
    seen: Vec<Labels>,
}

impl Sink for Into<'_> {
    type Series = SeriesId;

    fn series(&mut self, labels: Labels) -> Option<SeriesId> {
        self.seen.push(labels.clone());
        self.scrape.series(labels).ok()
    }

    fn sample(&mut self, series: SeriesId, value: f64, explicit_ms: Option<i64>) {
        assert!(self.scrape.put(series, value, explicit_ms));
    }
}

impl Ours {
    pub fn new() -> Self {
        let limits = promql::Limits { retention: Duration::from_hours(6), max_series: 200_000 };
        Self { store: Store::new(limits), kinds: BTreeMap::new(), names: BTreeMap::new() }
    }

    /// Takes in all scrapes of a job, each at the instant that Prometheus gave it.
    pub fn read(&mut self, job: &str, instance: &str, scrapes: &[(i64, Option<Body>)]) {
        let target = self.store.add_target(Labels::from_iter([("job", job), ("instance", instance)]));
        let mut reader = Reader::new(Limits::default());
        for (at_ms, body) in scrapes {
            let Some(body) = body else {
                self.store.down(target, *at_ms);
                continue;
            };
            let (format, _) = Format::of(Some(&body.content_type), &body.bytes).unwrap();
            let mut into = Into { scrape: self.store.begin(target, *at_ms).unwrap(), seen: Vec::new() };
            let report = reader.read(&body.bytes, format, &mut into).unwrap();
            assert_eq!(report.skipped, 0, "{job}: {}", report.skipped_example);
            for labels in into.seen {
                let known = self.names.entry(labels.name().to_owned()).or_default();
                if !known.contains(&labels) {
                    known.push(labels.with("job", job).with("instance", instance));
                }
            }
            into.scrape.finish();
            let text = String::from_utf8_lossy(&body.bytes);
            let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.rsplit_once(' '));
            self.kinds.extend(types.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
        }
    }

    /// What queries may be made of; metrics with very many series are left to the presets.
    pub fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::default();
        for (name, series) in self.names.iter().filter(|(_, series)| series.len() <= 100) {
            let kind = |name: &str| self.kinds.get(name).map(String::as_str);
            let of_family = |end| name.strip_suffix(end).and_then(kind);
            let metric = || Metric { name: name.clone(), series: series.clone() };
            let parts = of_family("_sum").or(of_family("_count")).is_some_and(|kind| kind != "gauge");
            if of_family("_bucket") == Some("histogram") {
                inventory.buckets.push(metric());
            } else if kind(name) == Some("counter") || parts {
                inventory.counters.push(metric());
            } else {
                inventory.gauges.push(metric());
            }
        }
        inventory
    }

    pub fn instant(&self, query: &Query, at_ms: i64) -> Answer {
        match query.instant(&self.store, at_ms) {
            Ok(Value::Scalar(number)) => Answer::Number(number),
            Ok(Value::String(text)) => Answer::Text(text),
            Ok(Value::Vector(samples)) => {
                Answer::Rows(samples.into_iter().map(|(labels, value)| (labels, vec![(at_ms, value)])).collect())
            }
            Err(error) => Answer::Error(error.to_string()),
        }
    }

    pub fn range(&self, query: &Query, (start, end, step): (i64, i64, i64)) -> Answer {
        match query.range(&self.store, start, end, step) {
            Ok(rows) => Answer::Rows(rows),
            Err(error) => Answer::Error(error.to_string()),
        }
    }

    /// The samples of a range.
    pub fn samples(&self, query: &str, at_ms: i64) -> Vec<(Labels, Vec<(i64, f64)>)> {
        Samples::parse(query).unwrap().at(&self.store, at_ms).unwrap()
    }
}
