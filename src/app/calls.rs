//! Who calls whom: what the team wrote and what servers see, as one list of pairs of names as they are shown here.
//!
//! What follows from a pair for a verdict is decided in `triage`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::App;
use crate::facts::Calls;
use crate::facts::SourceId;
use crate::triage::suspects::CallGraph;

impl App {
    /// Caller and callee of all calls that are known, sorted. A callee may be a vendor, or somebody unknown.
    pub fn calls(&self) -> &[(Arc<str>, Arc<str>)] {
        &self.calls.pairs
    }

    /// Takes what a server sees.
    pub(super) fn take_calls(&mut self, source: &SourceId, calls: &Arc<Calls>) {
        if self.calls_of.get(source).map_or(!calls.pairs.is_empty(), |known| known != calls) {
            self.calls_of.insert(source.clone(), Arc::clone(calls));
            self.merge_calls();
        }
    }

    /// Puts all pairs together anew.
    pub(super) fn merge_calls(&mut self) {
        let mut pairs: BTreeSet<(Arc<str>, Arc<str>)> = BTreeSet::new();
        for service in &self.services {
            let others = service.calls.iter().map(|other| self.written(other));
            pairs.extend(others.map(|other| (Arc::clone(&service.name), other)));
        }
        for (source, calls) in &self.calls_of {
            let here = |name: &Arc<str>| self.name_given(source, name).map_or_else(|| Arc::clone(name), Arc::from);
            pairs.extend(calls.pairs.iter().map(|(from, to)| (here(from), here(to))));
        }
        pairs.retain(|(from, to)| from != to);
        self.graph = CallGraph::new();
        for (from, to) in &pairs {
            self.graph.add(from, to);
        }
        self.calls = Calls { pairs: pairs.into_iter().collect() };
    }

    /// The service that a written name means: with several servers it is shown with the name of its own behind it.
    fn written(&self, name: &str) -> Arc<str> {
        if let Some(index) = self.index_of(name) {
            return Arc::clone(&self.services[index].name);
        }
        let mut alike = self
            .services
            .iter()
            .filter(|service| service.name.rsplit_once('@').is_some_and(|(given, _)| given == name));
        match (alike.next(), alike.next()) {
            (Some(one), None) => Arc::clone(&one.name),
            _ => Arc::from(name),
        }
    }
}
