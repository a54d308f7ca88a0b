//! The course of the verdicts: what each service was told, from when on, until something else was.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::said::Said;
use super::said::Stance;
use crate::app::App;
use crate::facts::At;
use crate::triage::Severity;

/// From that instant on this was said, in other figures perhaps.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Step {
    /// When.
    pub at: At,
    /// What.
    pub said: Said,
}

/// All that was said, in the order of time.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Course {
    /// The steps of all services.
    pub steps: Vec<Step>,
    now: BTreeMap<Arc<str>, Stance>,
}

impl Course {
    /// Notes what is said now, where it is something else than before.
    pub(super) fn note(&mut self, at: At, app: &App) {
        for service in app.services() {
            if self.now.get(&service.name).is_some_and(|stance| stance.is_of(&service.verdict)) {
                continue;
            }
            self.now.insert(Arc::clone(&service.name), Stance::of(&service.verdict));
            // What was said and taken back within one instant was seen by nobody.
            self.steps.retain(|step| step.at != at || step.said.service != service.name);
            self.steps.push(Step { at, said: Said::of(service) });
        }
    }

    /// The steps of a service.
    pub(super) fn of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Step> {
        self.steps.iter().filter(move |step| *step.said.service == *service)
    }

    /// When it was first said, at or after an instant, that a service is as bad as that: the beginning of the run of
    /// such verdicts, which may lie before. `None` when it never was.
    pub(super) fn first(&self, service: &str, bad: impl Fn(Severity) -> bool, from: At) -> Option<At> {
        let mut run: Option<At> = None;
        for step in self.of(service) {
            if !bad(step.said.severity) {
                // A run that was over before the instant says nothing of it.
                if run.is_some() && step.at > from {
                    return run;
                }
                run = None;
            } else if run.is_none() {
                run = Some(step.at);
            }
        }
        run
    }

    /// The severities of a service between two instants and from when on, each another than the one before; the first
    /// may have begun earlier. Not knowing before the first answers is left out.
    pub(super) fn severities(&self, service: &str, from: At, to: At) -> Vec<(At, Severity)> {
        let known = self.of(service).skip_while(|step| step.said.severity == Severity::Unknown);
        let mut all: Vec<(At, Severity)> = Vec::new();
        for step in known.take_while(|step| step.at <= to) {
            let severity = step.said.severity;
            if step.at <= from {
                all.clear();
            }
            if all.last().is_none_or(|(_, last)| *last != severity) {
                all.push((step.at, severity));
            }
        }
        all
    }
}
