//! Verdicts: what every service's verdict is made from, and when it is made anew.
//!
//! Work grows with what is new, not with what is known: a verdict is made anew for a service that was heard, that is in
//! trouble, or whose verdict is some seconds old. Values are read and suspects are ranked within a budget, in turn, so
//! that neither history which arrives at once nor a trouble of everything makes a key wait.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::app::App;
use crate::app::ServiceState;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::SourceId;
use crate::facts::SourceKind;
use crate::signals::Freshness;
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
        Facts {
            at: self.now,
            zone: &self.settings.zone,
            signals: &service.signals,
            watcher: &service.watcher,
            silence,
            changes: &self.changes,
            watch: self.watching,
            missing: missing(service),
            vendors: &self.vendors,
            unchecked: &self.unchecked,
        }
    }

    /// Whether anybody could say what changed.
    fn watching(&self) -> Watch {
        let mut watchers = self.sources_of(SourceKind::Changes, None).peekable();
        match (watchers.peek().is_some(), watchers.any(|source| source.last_ok.is_some())) {
            (false, _) => Watch::NotSetUp,
            (true, false) => Watch::Silent,
            (true, true) => Watch::Known,
        }
    }

    /// Reads the new values of all services. The one that is looked at comes first; what goes over the budget has its
    /// turn the next time.
    fn watch(&mut self, mut budget: Budget) {
        let count = self.services.len();
        let in_turn = (0..count).map(|offset| (self.turn + offset) % count);
        let mut passed_over = None;
        for index in self.navigation.service.into_iter().chain(in_turn) {
            let Some(service) = self.services.get_mut(index) else { continue };
            if !service.watch(&mut budget) {
                passed_over.get_or_insert(index);
            }
        }
        self.turn = passed_over.unwrap_or(self.turn);
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
        self.take_in();
        self.watch(AT_ONCE);
        self.judge_those((0..self.services.len()).collect());
    }

    /// Makes those verdicts anew that may say something else only because time has passed.
    pub(super) fn judge_due(&mut self) {
        self.take_in();
        self.watch(AT_ONCE);
        let due = |service: &ServiceState| {
            let is_well = service.verdict.severity == Severity::Ok && !service.watcher.is_firing();
            let is_fresh = service.judged.is_some_and(|at| self.now - at < LASTS);
            !(is_well && is_fresh && service.signals.freshness(self.now) == Freshness::Live)
        };
        let all = self.services.iter().enumerate();
        self.judge_those(all.filter(|(_, service)| due(service)).map(|(index, _)| index).collect());
    }

    /// Makes the verdict on one service anew, which was heard. What it means for others is said within a second.
    pub(super) fn judge_one(&mut self, index: usize) {
        let mut budget = AT_ONCE;
        if self.services[index].watch(&mut budget) {
            self.judge_those(vec![index]);
        } else {
            // Much past came at once: all take turns.
            self.judge_due();
        }
    }

    /// Everything beside the services that verdicts are made from.
    fn take_in(&mut self) {
        self.replace_alerts();
        self.vendors = self.fresh_vendors();
        self.unchecked = self.unanswered();
        self.watching = self.watching();
    }

    fn judge_those(&mut self, indexes: Vec<usize>) {
        // Only what is in trouble is compared with what lies around it: while it is well, one costs one.
        let in_trouble = indexes.iter().any(|index| self.services[*index].watcher.is_firing());
        let due = if in_trouble { self.next_to_rank(&indexes) } else { BTreeSet::new() };
        let symptoms = if in_trouble { self.symptoms() } else { Vec::new() };
        let known = if in_trouble { self.known() } else { Vec::new() };
        let mut begun = BEGUN_AT_ONCE;
        let mut verdicts = Vec::with_capacity(indexes.len());
        for index in indexes {
            let before = &self.services[index];
            let mut is_ranked = due.contains(&index);
            let mut ranked = before.ranked;
            let mut verdict = self.verdict(index, is_ranked, &symptoms, &known);
            if !is_ranked && began_anew(&before.verdict, &verdict) {
                // It has its turn at once, or the next time.
                ranked = None;
                if begun > 0 {
                    begun -= 1;
                    is_ranked = true;
                    verdict = self.verdict(index, true, &symptoms, &known);
                }
            }
            verdicts.push((index, verdict, if is_ranked { Some(self.now) } else { ranked }));
        }
        for (index, verdict, ranked) in verdicts {
            let service = &mut self.services[index];
            service.verdict = verdict;
            service.judged = Some(self.now);
            service.ranked = ranked;
        }
        self.hold_row();
    }

    /// The services whose suspects are ranked anew: of those that are in trouble and were not ranked within some
    /// seconds the one that is looked at, then those whose ranking is the oldest.
    fn next_to_rank(&self, indexes: &[usize]) -> BTreeSet<usize> {
        // As often as a second passes, whether all are heard at once or each by itself.
        if self
            .services
            .iter()
            .filter_map(|service| service.ranked)
            .max()
            .is_some_and(|last| self.now - last < A_SECOND)
        {
            return BTreeSet::new();
        }
        let is_due = |ranked: Option<At>| ranked.is_none_or(|at| self.now - at >= LASTS);
        let due = |index: &usize| {
            let service = &self.services[*index];
            service.watcher.is_firing() && is_due(service.ranked)
        };
        let mut due: Vec<usize> = indexes.iter().copied().filter(due).collect();
        let shown = self.navigation.service;
        due.sort_by_key(|index| (Some(*index) != shown, self.services[*index].ranked, *index));
        due.into_iter().take(RANKED_AT_ONCE).collect()
    }

    /// What is out of its usual range, of all services that are over a limit.
    fn symptoms(&self) -> Vec<Symptom> {
        let hurt = self.services.iter().filter(|service| service.watcher.is_firing());
        hurt.flat_map(|service| service.watcher.symptoms(&service.name)).collect()
    }

    fn verdict(&self, index: usize, is_ranked: bool, symptoms: &[Symptom], known: &[Known<'_>]) -> Verdict {
        let service = &self.services[index];
        let facts = self.facts(service);
        let known = if service.watcher.is_firing() { self.near(index, known) } else { Vec::new() };
        let around = Surroundings {
            name: &service.name,
            services: &known,
            calls: &self.graph,
            symptoms,
            commands: &self.settings.commands,
            reach: None,
            before: (!is_ranked).then_some(&service.verdict),
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

    /// All services by their names.
    fn known(&self) -> Vec<Known<'_>> {
        let all = self.services.iter();
        all.map(|service| Known { name: &service.name, aliases: &service.programs, signals: None }).collect()
    }

    /// The same with the signals of one service and of those that it calls.
    fn near<'a>(&'a self, index: usize, known: &[Known<'a>]) -> Vec<Known<'a>> {
        let mut all = known.to_vec();
        let called = self.graph.callees(&self.services[index].name).filter_map(|name| self.index_of(name));
        for near in called.chain([index]) {
            if let (Some(known), Some(service)) = (all.get_mut(near), self.services.get(near)) {
                known.signals = Some(&service.signals);
            }
        }
        all
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

/// How much is read at once: about ten milliseconds, so that keys never wait for the past.
const AT_ONCE: Budget = Budget { rows: 10_000, outlooks: 8 };

/// In how many troubles suspects are ranked anew in a second, at one to three milliseconds each; a trouble that is
/// still the same keeps its ranking meanwhile.
const RANKED_AT_ONCE: usize = 1;

const A_SECOND: TimeDelta = TimeDelta::seconds(1);

/// The same of troubles that have begun or are dated otherwise than before.
const BEGUN_AT_ONCE: usize = 8;

/// So long an all-clear stands when nothing is heard (it says how old the last change is), and a ranking.
const LASTS: TimeDelta = TimeDelta::seconds(5);

/// Whether a verdict tells of another beginning of trouble than the one before it.
fn began_anew(before: &Verdict, now: &Verdict) -> bool {
    let beginning = |verdict: &Verdict| (verdict.onset, verdict.within, verdict.onset_open, verdict.climb);
    now.onset.is_some() && beginning(before) != beginning(now)
}

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
