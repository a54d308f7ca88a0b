//! Which metrics are there, and which a preset needs: [`Inventory`] and [`Need`].
//!
//! Names only: no values, and no series.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

/// A metric that has to be there, and the labels that have to occur on it: `http_requests_total{code}`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(from = "String")]
pub struct Need {
    /// The name of the metric.
    pub metric: String,
    /// The names of labels that at least one of its series carries.
    pub labels: Vec<String>,
}

impl From<String> for Need {
    fn from(text: String) -> Self {
        let (metric, labels) = text.split_once('{').unwrap_or((&text, ""));
        let labels = labels.trim_end_matches('}').split(',').map(str::trim).filter(|label| !label.is_empty());
        Self { metric: metric.trim().to_owned(), labels: labels.map(str::to_owned).collect() }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.metric)?;
        match self.labels.as_slice() {
            [] => Ok(()),
            [one] => write!(f, " with the label {one}"),
            more => write!(f, " with the labels {}", more.join(", ")),
        }
    }
}

/// The metric names of a service, each with the names of the labels that occur on it (`__name__` left out).
/// A metric that is declared (`# TYPE`) but has no series yet belongs in it as well, without labels.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Inventory {
    /// Metric name to label names.
    pub names: BTreeMap<String, BTreeSet<String>>,
}

impl Inventory {
    /// Adds a metric, or more labels to one that is known.
    pub fn add<'a>(&mut self, metric: &str, labels: impl IntoIterator<Item = &'a str>) {
        if !self.names.contains_key(metric) {
            self.names.insert(metric.to_owned(), BTreeSet::new());
        }
        let Some(known) = self.names.get_mut(metric) else { return };
        for label in labels {
            if !known.contains(label) {
                known.insert(label.to_owned());
            }
        }
    }

    pub(super) fn has(&self, need: &Need) -> bool {
        let labels = self.names.get(&need.metric);
        labels.is_some_and(|labels| need.labels.iter().all(|label| labels.contains(label)))
    }
}
