//! A new value of a `version` label in the metrics themselves: a deploy that nobody had to write down.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::text::clean_line;
use crate::promql::Query;
use crate::promql::Store;
use crate::promql::Value;
use crate::sources::embedded::recording::Seen;
use crate::sources::exposition::Inventory;

/// Names of build information that tells the version of a runtime, not of the service.
const NOT_THE_SERVICE: [&str; 3] = ["go_build_info", "jvm_build_info", "python_build_info"];

/// Deploys are few; what is older than these has left every screen.
const KEPT: usize = 50;

/// Watches the version labels of a service.
pub(super) struct Versions {
    service: Arc<str>,
    names: BTreeSet<String>,
    queries: Vec<Query>,
    /// The versions that run; `None` before the first look.
    running: Option<BTreeSet<String>>,
    seen: Vec<Change>,
}

impl Versions {
    pub(super) fn new(service: &Arc<str>) -> Self {
        Self {
            service: Arc::clone(service),
            names: BTreeSet::new(),
            queries: Vec::new(),
            running: None,
            seen: Vec::new(),
        }
    }

    /// What was seen, to be recorded.
    pub(super) fn to_recorded(&self) -> Seen {
        Seen { names: self.names.clone(), running: self.running.clone(), changes: self.seen.clone() }
    }

    /// Goes on with what was recorded.
    pub(super) fn resume(&mut self, seen: Seen) {
        self.queries = seen.names.iter().filter_map(|name| Query::parse(name).ok()).collect();
        (self.names, self.running, self.seen) = (seen.names, seen.running, seen.changes);
    }

    /// Chooses the metrics that tell a version: `*_build_info` with a label `version`.
    pub(super) fn set(&mut self, inventory: &Inventory) {
        let tells = |name: &str, labels: &BTreeSet<String>| {
            name.ends_with("_build_info") && labels.contains("version") && !NOT_THE_SERVICE.contains(&name)
        };
        let mut names: Vec<_> =
            inventory.names.iter().filter(|(name, labels)| tells(name, labels)).map(|(name, _)| name.clone()).collect();
        // An exporter beside the service has a version of its own: the name that begins as the service's wins.
        let stem = self.service.replace(['-', '.', ' '], "_");
        if let Some(own) = names.iter().find(|name| name.starts_with(stem.split('_').next().unwrap_or(&stem))) {
            names = vec![own.clone()];
        }
        let names: BTreeSet<_> = names.into_iter().collect();
        if names != self.names {
            self.queries = names.iter().filter_map(|name| Query::parse(name).ok()).collect();
            self.names = names;
            self.running = None;
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.names.iter().cloned()
    }

    /// Looks which versions run; a new one is a change that goes on until it runs alone.
    pub(super) fn look(&mut self, store: &Store, at: At) {
        let mut running = BTreeSet::new();
        for query in &self.queries {
            if let Ok(Value::Vector(samples)) = query.instant(store, at.timestamp_millis()) {
                let versions = samples.iter().filter(|(_, value)| *value > 0.0);
                running.extend(versions.filter_map(|(labels, _)| labels.get("version")).map(|v| clean_line(v, 80)));
            }
        }
        if running.is_empty() {
            // A service that is down runs no version; what ran before is still what it is compared with.
            return;
        }
        if let Some(before) = &self.running {
            for version in running.difference(before) {
                self.seen.push(self.change(version, at));
            }
        }
        let alone = running.len() == 1;
        for change in self.seen.iter_mut().filter(|change| change.finished.is_none()) {
            if alone || !running.contains(&change.version) {
                change.finished = Some(at);
                change.state =
                    if running.contains(&change.version) { ChangeState::Succeeded } else { ChangeState::RolledBack };
            }
        }
        let surplus = self.seen.len().saturating_sub(KEPT);
        self.seen.drain(..surplus);
        self.running = Some(running);
    }

    fn change(&self, version: &str, at: At) -> Change {
        Change {
            id: format!("metrics {} {version} {}", self.service, at.timestamp()),
            kind: ChangeKind::Deploy,
            what: clean_line(&self.service, 80),
            service: self.service.to_string(),
            version: version.to_owned(),
            who: String::new(),
            environment: String::new(),
            title: "seen in the metrics".to_owned(),
            started: at,
            finished: None,
            state: ChangeState::Running,
            link: String::new(),
        }
    }

    pub(super) fn changes(&self) -> Vec<Change> {
        self.seen.clone()
    }
}
