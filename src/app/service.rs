//! One service as the app knows it: signals, verdict, incident.

use std::sync::Arc;

use crate::app::ServiceSettings;
use crate::app::incident::Lead;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::SourceId;
use crate::incident::Incident;
use crate::incident::Tick;
use crate::signals::ServiceSignals;
use crate::triage::Budget;
use crate::triage::Line;
use crate::triage::Verdict;
use crate::triage::Watcher;

/// One service.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceState {
    /// Its name.
    pub name: Arc<str>,
    /// `prod`; may be empty.
    pub environment: String,
    /// The names under which its deploys are told, beside its own.
    pub programs: Vec<String>,
    /// Whom it calls, as the team wrote it; who calls whom on the whole is told by [`App::calls`](crate::app::App::calls).
    pub calls: Vec<String>,
    /// What follows its rules.
    pub watcher: Watcher,
    /// What feeds it; `None` while nothing is known that does.
    pub source: Option<SourceId>,
    /// Its server answers, but does not name it: why it has no numbers, and since when.
    pub absent: Option<(Fault, At)>,
    /// Its signals.
    pub signals: ServiceSignals,
    /// What is made of them.
    pub verdict: Verdict,
    /// When that was.
    pub(super) judged: Option<At>,
    /// When its suspects were last ranked.
    pub(super) ranked: Option<At>,
    /// The state of the signals of which the watcher has read all.
    watched: Option<u64>,
    /// The incident that people work on, folded from its journal.
    pub incident: Incident,
    /// The id of that incident; `None` while there is none on disk.
    pub incident_id: Option<String>,
    /// What sixty saw of it, to say what is new.
    pub(super) lead: Lead,
    /// Entries that could not be written yet.
    pub pending: usize,
    /// Why the journal cannot be written or read.
    pub journal_trouble: Option<Fault>,
}

impl ServiceState {
    /// A service of which nothing is known yet.
    #[must_use]
    pub fn new(settings: &ServiceSettings, source: Option<SourceId>, signals: ServiceSignals) -> Self {
        Self {
            name: Arc::clone(&settings.name),
            environment: settings.environment.clone(),
            programs: settings.programs.clone(),
            calls: settings.calls.clone(),
            watcher: Watcher::new(settings.rules.clone(), signals.every()),
            source,
            absent: None,
            signals,
            verdict: Verdict::default(),
            judged: None,
            ranked: None,
            watched: None,
            incident: Incident::default(),
            incident_id: None,
            lead: Lead::default(),
            pending: 0,
            journal_trouble: None,
        }
    }

    /// Reads what is new. Whether that was all; else it went over the budget.
    pub(super) fn watch(&mut self, budget: &mut Budget) -> bool {
        let edition = self.signals.edition();
        if self.watched == Some(edition) {
            return true;
        }
        self.watcher.take(&self.signals, budget);
        let is_done = !self.watcher.is_behind() && budget.outlooks > 0;
        self.watched = is_done.then_some(edition);
        is_done
    }
}

/// A checklist item with what is known of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Check<'a> {
    /// Its number key, from 1; items from the tenth on have none.
    pub number: usize,
    /// What to do.
    pub text: &'a str,
    /// How, in a sentence or two; may be empty.
    pub hint: &'a str,
    /// Who ticked it and when; `None` or `done: false` when it is open.
    pub tick: Option<&'a Tick>,
    /// The live fact beside it; may be empty.
    pub evidence: Line,
    /// Sixty sees for itself that it is done. Only a person ticks it.
    pub seen: bool,
}

impl Check<'_> {
    /// Whether somebody ticked it.
    #[must_use]
    pub fn done(&self) -> bool {
        self.tick.is_some_and(|tick| tick.done)
    }

    /// Who ticked it and when.
    #[must_use]
    pub fn by(&self) -> Option<(&str, At)> {
        self.tick.filter(|tick| tick.done).map(|tick| (tick.who.as_str(), tick.at))
    }
}
