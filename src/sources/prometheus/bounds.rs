//! The highest finite bound of the buckets of histograms: at it a percentile is only known to be at least so much.

use std::sync::Arc;

use crate::promql::Group;
use crate::promql::quoted;
use crate::sources::prometheus::Prometheus;
use crate::sources::prometheus::answer::Rows;
use crate::sources::prometheus::look::Found;

impl Prometheus {
    /// Asks for the bounds of all histograms at once; `None` while they are known.
    pub(super) fn bounds_query(&self, found: &Found) -> Option<String> {
        let buckets = self.questions.buckets();
        let known = buckets.iter().all(|name| self.bounded.0.contains(*name)) && self.bounded.1 >= found.services.len();
        if buckets.is_empty() || known {
            return None;
        }
        let names = quoted(&buckets.into_iter().collect::<Vec<_>>().join("|"));
        let group = if found.is_all {
            Group::all(&found.label)
        } else {
            Group::of(&found.label, found.services.keys().map(|name| &**name))
        };
        let more = self.settings.selector.trim();
        let comma = if more.is_empty() { "" } else { ", " };
        let label = &found.label;
        Some(format!("group by (__name__, {label}, le) ({{__name__=~{names}, {}{comma}{more}}})", group.matcher()))
    }

    pub(super) fn take_bounds(&mut self, rows: &Rows, label: &str) {
        self.bounds.clear();
        for (labels, _) in &rows.series {
            let bound = labels.get("le").and_then(|le| le.parse::<f64>().ok()).filter(|bound| bound.is_finite());
            let (Some(bound), Some(service)) = (bound, labels.get(label)) else { continue };
            let highest = self.bounds.entry((labels.name().to_owned(), Arc::from(service))).or_insert(bound);
            *highest = highest.max(bound);
        }
        self.bounded.0 = self.questions.buckets().into_iter().map(str::to_owned).collect();
        self.bounded.1 = self.plans.len();
    }
}
