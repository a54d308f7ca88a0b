//! Who calls whom, as a service mesh or traces tell a server.
//!
//! Asked seldom, with one question. What follows from it is decided elsewhere. Main type: [`Callers`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use crate::facts::Calls;
use crate::facts::Labels;
use crate::facts::text::clean_line;
use crate::sources::prometheus::Settings;
use crate::sources::prometheus::answer::Rows;
use crate::sources::prometheus::look::Found;

/// From one question to the next: while there are pairs, while there are none.
const EVERY: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(300)];
/// Pairs that are kept.
const MOST: usize = 2_000;

/// The pairs as they were told last.
#[derive(Default, Debug)]
pub(super) struct Callers {
    asked: Option<Instant>,
    pub(super) pairs: Arc<Calls>,
}

impl Callers {
    /// The question, when it is time to.
    pub(super) fn due(&mut self, settings: &Settings) -> Option<String> {
        let pause = EVERY[usize::from(self.pairs.pairs.is_empty())];
        if self.asked.is_some_and(|asked| asked.elapsed() < pause) {
            return None;
        }
        self.asked = Some(Instant::now());
        let more = settings.selector.trim();
        let braces = if more.is_empty() { String::new() } else { format!("{{{more}}}") };
        let names = "source_workload, source_canonical_service, destination_workload, destination_canonical_service";
        Some(format!(
            "group by ({names}) (istio_requests_total{braces}) \
             or group by (client, server) (traces_service_graph_request_total{braces})"
        ))
    }

    /// Takes the answer.
    pub(super) fn take(&mut self, rows: &Rows, found: &Found) {
        let mut pairs: BTreeSet<(Arc<str>, Arc<str>)> = BTreeSet::new();
        for (labels, _) in &rows.series {
            let from = called(labels, ["source_canonical_service", "source_workload", "client"], found);
            let to = called(labels, ["destination_canonical_service", "destination_workload", "server"], found);
            if let (Some(from), Some(to)) = (from, to)
                && from != to
            {
                pairs.insert((from, to));
            }
        }
        // Without a service that is shown here a pair says nothing.
        let is_known = |name: &Arc<str>| found.services.contains_key(name);
        pairs.retain(|(from, to)| is_known(from) || is_known(to));
        let pairs = Calls { pairs: pairs.into_iter().take(MOST).collect() };
        if *self.pairs != pairs {
            self.pairs = Arc::new(pairs);
        }
    }
}

/// One end of a call: as the server names its services where it can be, else as the metric says.
fn called(labels: &Labels, names: [&str; 3], found: &Found) -> Option<Arc<str>> {
    let told = names.into_iter().filter_map(|name| labels.get(name));
    let told: Vec<&str> = told.filter(|name| !matches!(*name, "" | "unknown" | "user")).collect();
    let exact = told.iter().find_map(|name| found.services.get_key_value(*name));
    if let Some((service, _)) = exact {
        return Some(Arc::clone(service));
    }
    // A job of traces is called `namespace/name`.
    let last = |service: &Arc<str>| service.rsplit_once('/').is_some_and(|(_, name)| told.contains(&name));
    let mut alike = found.services.keys().filter(|service| last(service));
    match (alike.next(), alike.next()) {
        (Some(service), None) => Some(Arc::clone(service)),
        _ => told.first().map(|name| clean_line(name, 120).into()),
    }
}
