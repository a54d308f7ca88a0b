//! Verdicts: what every service's verdict is made from, and when it is made anew.
//!
//! Values are read within a budget, so that history which arrives at once never makes a key wait.

use std::sync::Arc;

use crate::app::App;
use crate::app::ServiceState;
use crate::facts::Fault;
use crate::facts::SourceId;
use crate::facts::SourceKind;
use crate::triage::Budget;
use crate::triage::Facts;
use crate::triage::Severity;
use crate::triage::Surroundings;
use crate::triage::Unchecked;
use crate::triage::Vendor;
use crate::triage::Verdict;
use crate::triage::Watch;
use crate::triage::judge;
use crate::triage::runbook::Offered;
use crate::triage::runbook::best;
use crate::triage::runbook::situation;
use crate::triage::suspects::Known;
use crate::triage::suspects::Symptom;

impl App {
    /// What the verdict on a service is made from.
    pub(super) fn facts<'a>(&'a self, service: &'a ServiceState) -> Facts<'a> {
        let source = service.source.as_ref().and_then(|id| self.source(id));
        let silence = source.and_then(|source| source.fault.as_ref().zip(source.failing_since));
        let silence = silence.or_else(|| service.absent.as_ref().map(|(fault, since)| (fault, *since)));
        let mut watchers = self.sources_of(SourceKind::Changes, None).peekable();
        let watch = match (watchers.peek().is_some(), watchers.any(|source| source.last_ok.is_some())) {
            (false, _) => Watch::NotSetUp,
            (true, false) => Watch::Silent,
            (true, true) => Watch::Known,
        };
        Facts {
            at: self.now,
            zone: &self.settings.zone,
            signals: &service.signals,
            watcher: &service.watcher,
            silence,
            changes: &self.changes,
            watch,
            missing: missing(service),
            vendors: &self.vendors,
            unchecked: &self.unchecked,
        }
    }

    /// Reads the new values of all services; what goes over the budget is read the next time. The service that is
    /// looked at comes first.
    fn watch(&mut self, mut budget: Budget) {
        let shown = self.navigation.service;
        let first = shown.and_then(|index| self.services.get_mut(index));
        if let Some(service) = first {
            service.watcher.take(&service.signals, &mut budget);
        }
        let others = self.services.iter_mut().enumerate().filter(|(index, _)| Some(*index) != shown);
        for (_, service) in others {
            service.watcher.take(&service.signals, &mut budget);
        }
    }

    /// Whether there is past that no verdict has read yet: whoever has time gives a tick.
    pub fn is_behind(&self) -> bool {
        self.services.iter().any(|service| service.watcher.is_behind())
    }

    /// Reads all that there is, however long it takes, and judges: for what has no screen to keep alive.
    pub fn settle(&mut self) {
        self.watch(Budget::ALL);
        self.judge();
    }

    /// Makes all verdicts anew.
    pub(super) fn judge(&mut self) {
        self.replace_alerts();
        self.vendors = self.fresh_vendors();
        self.unchecked = self.unanswered();
        self.watch(Budget { rows: ROWS_AT_ONCE, outlooks: OUTLOOKS_AT_ONCE });
        let symptoms = self.symptoms();
        for index in 0..self.services.len() {
            let verdict = self.verdict(index, &symptoms);
            self.services[index].verdict = verdict;
        }
        self.hold_row();
    }

    /// What is out of its usual range, of all services that are over a limit.
    fn symptoms(&self) -> Vec<Symptom> {
        let hurt = self.services.iter().filter(|service| service.watcher.is_firing());
        hurt.flat_map(|service| service.watcher.symptoms(&service.name)).collect()
    }

    fn verdict(&self, index: usize, symptoms: &[Symptom]) -> Verdict {
        let service = &self.services[index];
        let facts = self.facts(service);
        // Only what is in trouble is compared with what lies around it.
        let known: Vec<Known<'_>> = if service.watcher.is_firing() { self.known(&service.name) } else { Vec::new() };
        let around = Surroundings {
            name: &service.name,
            services: &known,
            calls: &self.graph,
            symptoms,
            commands: &self.settings.commands,
            reach: None,
        };
        let mut verdict = judge(&facts, &around);
        if verdict.severity != Severity::Ok {
            verdict.runbook = self.offered(&facts, &verdict, &service.name);
        }
        verdict
    }

    /// The runbook that fits best, if any does.
    fn offered(&self, facts: &Facts<'_>, verdict: &Verdict, name: &str) -> Option<Offered> {
        let books = self.settings.runbooks.runbooks();
        let situation = situation(facts, verdict, name);
        let first = best(books, &situation.found(name)).into_iter().next()?;
        let book = books.get(first.index)?;
        Some(Offered { key: book.key.clone(), title: book.title.clone(), because: first.because })
    }

    /// All services, with the signals of this one and of those that it calls.
    fn known(&self, name: &Arc<str>) -> Vec<Known<'_>> {
        let called: Vec<&Arc<str>> = self.graph.callees(name).collect();
        let all = self.services.iter().map(|service| {
            let near = service.name == *name || called.contains(&&service.name);
            let signals = near.then_some(&service.signals);
            Known { name: &service.name, aliases: &service.programs, signals }
        });
        all.collect()
    }

    fn fresh_vendors(&self) -> Vec<Vendor> {
        self.sources_of(SourceKind::Status, None)
            .map(|source| {
                let status = self.status_of.get(&source.info.id).filter(|_| !source.is_stale(self.now));
                Vendor { name: short_name(&source.info.id), status: status.cloned() }
            })
            .collect()
    }

    fn unanswered(&self) -> Vec<Unchecked> {
        let others = self.sources.iter().filter(|source| source.info.kind != SourceKind::Metrics);
        others
            .filter_map(|source| {
                let fault = source.fault.clone()?;
                let name = match source.info.kind {
                    // A server's name alone would stand for its metrics.
                    SourceKind::Alerts => source.info.id.to_string(),
                    _ => short_name(&source.info.id),
                };
                Some(Unchecked { source: name, fault })
            })
            .collect()
    }
}

/// How many values are read at once: about ten milliseconds, so that keys never wait for the past.
const ROWS_AT_ONCE: usize = 10_000;

/// How many series are asked at once whether they run full.
const OUTLOOKS_AT_ONCE: usize = 8;

/// Targets that did not answer the last time while others did.
fn missing(service: &ServiceState) -> Option<(usize, usize, &Fault)> {
    let targets = &service.signals.about()?.targets;
    let mut faults = targets.iter().filter_map(|target| target.outcome.as_ref().err());
    let first = faults.next()?;
    let failed = faults.count() + 1;
    (failed < targets.len()).then_some((failed, targets.len(), first))
}

/// `Stripe` of `status Stripe`: the kind is told by the pane.
fn short_name(id: &SourceId) -> String {
    id.as_str().split_once(' ').map_or(id.as_str(), |(_, name)| name).to_owned()
}
