//! The [`Truth`] of a scenario: what is the matter, what ends it, and what an innocent change is. For the debrief of a
//! drill; nobody is told before.
//!
//! It follows from the scenario's own data: from the events that change quantities, and from what a good verdict says.

use crate::drill::AlterationKind;
use crate::drill::Event;
use crate::drill::Expect;
use crate::drill::ExpectedChange;
use crate::drill::Fix;
use crate::drill::Quantity;
use crate::drill::Scenario;
use crate::drill::Second;
use crate::drill::Setting;
use crate::drill::Severity;
use crate::drill::Trial;
use crate::drill::fixed::grows;
use crate::drill::fixed::untold;

/// What is the matter.
#[derive(Clone, PartialEq, Debug)]
pub struct Truth {
    /// The service that the page is about.
    pub service: String,
    /// When somebody who looks at the graphs can see it.
    pub visible: Second,
    /// When it is over by itself.
    pub over: Option<Second>,
    /// How bad a good verdict calls it.
    pub severity: Severity,
    /// The change or vendor that did it, as a verdict names it; `None`: nobody changed anything that is told.
    pub accused: Option<String>,
    /// The kind of the first suspect; empty: not said.
    pub suspect: String,
    /// Changes and vendors that have nothing to do with it.
    pub innocent: Vec<String>,
    /// The runbook that fits, by its key.
    pub runbook: Option<String>,
    /// What ends it, the best first; each of them alone is enough for now.
    pub ends: Vec<Fix>,
    /// What keeps it from coming back, where what ends it does not.
    pub lasting: Option<Fix>,
}

impl Truth {
    /// Whether it goes on, or comes back, until something that is tried ends it.
    #[must_use]
    pub fn stays(&self) -> bool {
        self.over.is_none() && self.ends.iter().any(|fix| *fix != Fix::Nothing)
    }

    /// What was tried, where the first right thing also helps when it was tried while the trouble was away for a while:
    /// nobody was hurt then either way, but only with it the trouble does not come back.
    #[must_use]
    pub fn in_a_lull(&self, mut trials: Vec<Trial>) -> Vec<Trial> {
        let is_right = |trial: &Trial| self.ends.contains(&trial.fix) || self.lasting.as_ref() == Some(&trial.fix);
        if self.stays() && !trials.iter().any(|trial| trial.helps) {
            trials.iter_mut().filter(|trial| is_right(trial)).take(1).for_each(|trial| trial.helps = true);
        }
        trials
    }
}

impl Scenario {
    /// What is the matter, and what ends it.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let first = self.services.first();
        let service = first.map_or_else(String::new, |service| service.name.clone());
        let here = |expect: &&Expect| expect.service.is_none() && expect.at >= self.zero;
        let bad = |expect: &&Expect| expect.severity.is_some_and(|severity| severity >= Severity::Warning);
        let expects = || self.expects.iter().filter(here);
        let main: Vec<&Expect> = expects().filter(bad).collect();
        let main = if main.is_empty() { expects().collect() } else { main };
        let said = |what: fn(&Expect) -> Option<String>| main.iter().find_map(|expect| what(expect));
        let mut innocent: Vec<String> = self.expects.iter().flat_map(|expect| expect.innocent.clone()).collect();
        innocent.sort();
        innocent.dedup();
        let accused = accused(self);
        innocent.retain(|name| accused.as_ref().is_none_or(|accused| !is_name(name, accused)));
        let (ends, lasting) = self.remedies();
        Truth {
            visible: main.first().map_or(self.zero, |expect| expect.visible),
            over: self.over(),
            severity: main.iter().filter_map(|expect| expect.severity).max().unwrap_or(Severity::Ok),
            suspect: said(|expect| expect.suspect.clone()).unwrap_or_default(),
            runbook: said(|expect| expect.runbook.clone()),
            service,
            accused,
            innocent,
            ends,
            lasting,
        }
    }

    /// The same story without what hurts: how it would be today.
    #[must_use]
    pub fn without_trouble(&self) -> Self {
        let mut usual = self.clone();
        for event in usual.events.iter_mut().filter(|event| hurts(event)) {
            (event.answers, event.restart) = (None, None);
            // Deploys restart their instances all the same, and the same series are exported.
            (event.over, event.until) = (0, Some(event.at));
            if event.change.as_ref().is_some_and(|change| change.kind == AlterationKind::Deploy) {
                event.set.retain(|set| matches!(set.quantity, Quantity::Code(_)));
                event.set.iter_mut().for_each(|set| set.value = crate::drill::Value::Usual);
            }
        }
        for job in usual.jobs.iter().filter(|job| !job.set.is_empty()) {
            usual.acts.stopped.push((job.name.clone(), Second::MIN / 4));
        }
        usual
    }

    fn remedies(&self) -> (Vec<Fix>, Option<Fix>) {
        let (mut ends, mut lasting) = (Vec::new(), None);
        for event in self.events.iter().filter(|event| hurts(event)) {
            self.ends_event(event, &mut ends, &mut lasting);
        }
        for job in self.jobs.iter().filter(|job| !job.set.is_empty()) {
            ends.push(Fix::StopJob(job.name.clone()));
            if job.set.iter().any(|set| set.quantity == Quantity::DbLocked) {
                ends.extend(job.service.clone().map(Fix::Database));
            }
        }
        if ends.is_empty() {
            ends.push(Fix::Nothing);
        }
        ends.dedup();
        (ends, lasting)
    }

    fn ends_event(&self, event: &Event, ends: &mut Vec<Fix>, lasting: &mut Option<Fix>) {
        let service = event.place.service.clone().unwrap_or_default();
        let sets = |what: Quantity| event.set.iter().find(|set| set.quantity == what);
        let leaks = sets(Quantity::PoolLeak).or_else(|| sets(Quantity::MemoryLeak)).is_some();
        let fills = sets(Quantity::DiskFill).is_some();
        let cause = self.cause(event);
        if fills {
            ends.push(Fix::FreeDisk(service));
            *lasting = cause;
            return;
        }
        if let Some(cause) = cause {
            ends.push(cause.clone());
            if leaks {
                ends.push(Fix::Restart(service));
                *lasting = Some(cause);
            }
            return;
        }
        ends.push(match (&event.place.to, event.place.instances.as_slice()) {
            (Some(to), _) => Fix::FailOver(to.clone()),
            (None, [number]) => Fix::Replace(service, *number),
            (None, [_, ..]) => Fix::Restart(service),
            (None, []) => alone(event, service),
        });
    }

    /// What takes back the change that brought an event, if one did.
    fn cause(&self, event: &Event) -> Option<Fix> {
        let undo = |change: &crate::drill::Alteration| match change.kind {
            AlterationKind::Deploy => Fix::RollBack(change.name()),
            AlterationKind::Job => Fix::StopJob(change.name()),
            _ => Fix::SwitchBack(change.name()),
        };
        if untold(event) {
            return event.place.service.clone().map(Fix::Settings);
        }
        if let Some(change) = &event.change {
            return Some(undo(change));
        }
        let changes = self.events.iter().filter_map(|other| other.change.as_ref());
        let mut linked =
            changes.filter(|change| linked(self, &change.name()).iter().any(|i| self.events[*i] == *event));
        linked.next().map(undo)
    }

    /// When the last event that hurts is over by itself; `None`: never.
    fn over(&self) -> Option<Second> {
        let events = self.events.iter().filter(|event| hurts(event)).map(|event| event.until);
        let jobs = self.jobs.iter().filter(|job| !job.set.is_empty()).map(|job| Some(self.zero + job.lasts));
        let all: Vec<Option<Second>> = events.chain(jobs).collect();
        all.iter().copied().collect::<Option<Vec<_>>>().map(|all| all.into_iter().max().unwrap_or(self.zero))
    }
}

/// Whether it does something to a service, and more than a deploy does.
fn hurts(event: &Event) -> bool {
    let of_service = event.place.service.is_some() && event.place.vendor.is_none();
    of_service && (!event.set.is_empty() || event.answers.is_some() || event.restart.is_some())
}

/// What ends an event for which nobody is to blame.
fn alone(event: &Event, service: String) -> Fix {
    let of = |what: Quantity| event.set.iter().find(|set| set.quantity == what);
    let any = |all: &[Quantity]| all.iter().any(|what| of(*what).is_some());
    match of(Quantity::Rate) {
        Some(Setting { value, .. }) if !grows(*value) => Fix::Way(service),
        Some(_) if event.place.route.is_some() => Fix::Block(service),
        Some(_) => Fix::Scale(service),
        None if any(&[Quantity::DbLocked, Quantity::DbTime]) => Fix::Database(service),
        None if any(&[Quantity::PoolLeak, Quantity::MemoryLeak]) => Fix::Restart(service),
        None if event.set.is_empty() => Fix::Nothing,
        None => Fix::Mend(service),
    }
}

/// The change or vendor that a good verdict accuses.
fn accused(scenario: &Scenario) -> Option<String> {
    scenario.expects.iter().filter(|expect| expect.service.is_none()).rev().find_map(|expect| match &expect.change {
        Some(ExpectedChange::Named(name)) => {
            let changes = scenario.events.iter().filter_map(|event| event.change.as_ref());
            let whole = changes.map(crate::drill::Alteration::name).find(|known| is_name(name, known));
            Some(whole.unwrap_or_else(|| name.clone()))
        }
        _ => None,
    })
}

/// Whether a name, with or without its version, is that of a change.
fn is_name(name: &str, whole: &str) -> bool {
    name == whole || whole.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '))
}

/// The events without a change of their own that come from the change of that name: those of a service, where a good
/// verdict accuses a change that does nothing itself.
pub(super) fn linked(scenario: &Scenario, name: &str) -> Vec<usize> {
    if accused(scenario).as_deref() != Some(name) {
        return Vec::new();
    }
    let idle = |event: &&Event| event.set.is_empty() && event.change.as_ref().is_some_and(|one| one.name() == name);
    let Some(change) = scenario.events.iter().find(idle) else { return Vec::new() };
    let follows = |event: &Event| {
        event.change.is_none()
            && event.place.to.is_none()
            && event.place.instances.is_empty()
            && event.at >= change.at
            && hurts(event)
            && event.place.service == change.place.service
    };
    (0..scenario.events.len()).filter(|index| follows(&scenario.events[*index])).collect()
}
