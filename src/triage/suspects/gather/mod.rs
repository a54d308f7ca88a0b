//! From what the app knows to [`Candidate`]s: records of changes, what providers say, what the measures show, the
//! clock. Only what lies near the onset (or near the beginning of a climb) becomes one.

mod changes;
mod clock;
mod limits;
mod parts;
mod place;
mod restarts;
#[cfg(test)]
mod tests;
mod track;
mod traffic;
mod vendors;

use std::sync::Arc;
use std::time::Duration;

use crate::facts::At;
use crate::facts::Change;
use crate::facts::Measure;
use crate::facts::Zone;
use crate::signals::ServiceSignals;
use crate::triage::Vendor;
use crate::triage::suspects::CallGraph;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Case;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Ranking;
use crate::triage::suspects::Role;
use crate::triage::suspects::Symptom;
use crate::triage::suspects::rank;

/// A service that the team watches.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its name.
    pub name: &'a Arc<str>,
    /// What else it is called in records of changes: its programs, its deployments.
    pub aliases: &'a [String],
    /// Its signals, where they are to be looked at: of the service in question, and perhaps of those that it calls.
    pub signals: Option<&'a ServiceSignals>,
}

/// A slow climb to a limit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Climb {
    /// What climbs, of the service in question.
    pub measure: Measure,
    /// When it began.
    pub at: At,
    /// Give or take this.
    pub within: Duration,
    /// It climbed already when what is known begins: it began then or before, at most so long before, for then it
    /// would have been empty.
    pub before: Option<Duration>,
    /// It came to its limit, so that it explains why it hurts now.
    pub led: bool,
}

/// A trouble and all that is known around it.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// Now.
    pub at: At,
    /// When it began to hurt, give or take what.
    pub onset: (At, Duration),
    /// The slow climb that led to it.
    pub climb: Option<Climb>,
    /// The zone of the team, for round times of its clock.
    pub zone: &'a Zone,
    /// The service in question.
    pub about: &'a str,
    /// All services that the team watches.
    pub services: &'a [Known<'a>],
    /// All changes that are known, in any order, older ones too: they tell versions before, and what is routine.
    pub changes: &'a [Change],
    /// How far back the sources of changes look; `None` when that is not known.
    pub reach: Option<Duration>,
    /// The providers that the team watches.
    pub vendors: &'a [Vendor],
    /// Troubles before this one, from when to when, as far as anybody knows.
    pub troubles: &'a [(At, At)],
}

impl Around<'_> {
    /// The earlier of the two beginnings.
    fn earliest(&self) -> At {
        self.climb.map_or(self.onset.0, |climb| climb.at.min(self.onset.0))
    }

    /// The latest instant that may still be the onset.
    fn onset_end(&self) -> At {
        self.onset.0 + chrono::TimeDelta::from_std(self.onset.1).unwrap_or_default()
    }
}

/// All candidates, in no order.
#[must_use]
pub fn gather(around: &Around<'_>) -> Vec<Candidate> {
    let mut all = changes::candidates(around);
    for known in around.services {
        let Some(signals) = known.signals else { continue };
        all.extend(traffic::candidates(around, known.name, signals));
        all.extend(limits::candidates(around, known.name, signals));
        all.extend(parts::candidates(around, known.name, signals));
        restarts::take_in(around, known.name, signals, &mut all);
    }
    vendors::take_in(around, &mut all);
    locks_of_jobs(&mut all);
    one_of_several(around, &mut all);
    clock::take_in(around, &mut all);
    all
}

/// Gathers and ranks.
#[must_use]
pub fn suspects(around: &Around<'_>, symptoms: &[Symptom], calls: &CallGraph) -> Ranking {
    let candidates = gather(around);
    rank(&Case {
        as_of: around.at,
        onset: Some(around.onset),
        climb: around.climb,
        about: Some(around.about),
        reach: around.reach,
        symptoms,
        calls,
        candidates: &candidates,
    })
}

/// A change that is live everywhere does not make one instance bad. One that is still being rolled out may, and so may
/// a deploy that went to one instance only, as is told by nothing but that the trouble came with it.
fn one_of_several(around: &Around<'_>, all: &mut [Candidate]) {
    let bad: Vec<_> = all.iter().filter(|one| one.kind == Kind::Instance).map(|one| one.place.clone()).collect();
    if bad.is_empty() {
        return;
    }
    let within = chrono::TimeDelta::from_std(around.onset.1).unwrap_or_default();
    let came_with = |one: &Candidate| {
        let end = one.until.unwrap_or(one.at);
        one.kind == Kind::Deploy
            && one.at <= around.onset_end()
            && (one.running || end + FIRST_REQUESTS >= around.onset.0 - within)
    };
    let mut first_of_deploy = Vec::new();
    for one in all.iter_mut().filter(|one| bad.contains(&one.place)) {
        if came_with(one) {
            first_of_deploy.push(one.place.clone());
            one.supports.push("only one instance hurts: it may be the first to have it".to_owned());
        } else if matches!(one.kind, Kind::Deploy | Kind::Config | Kind::Flag) && !one.running && one.until.is_none() {
            one.weight *= 0.3;
            one.against.push("the other instances are fine".to_owned());
        }
    }
    // Where the whole comes to its limit one is there first.
    let limit = |one: &&Candidate| matches!(one.kind, Kind::Pool | Kind::Cpu | Kind::Memory | Kind::Database);
    let full: Vec<_> = all.iter().filter(limit).map(|one| one.place.clone()).collect();
    let follows = |one: &&mut Candidate| {
        one.kind == Kind::Instance && (first_of_deploy.contains(&one.place) || full.contains(&one.place))
    };
    all.iter_mut().filter(follows).for_each(|one| one.role = Role::Mechanism);
}

/// What a new version does wrong shows with its first requests.
const FIRST_REQUESTS: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

/// Sessions that wait for locks since a job began are what jobs do to databases.
fn locks_of_jobs(all: &mut [Candidate]) {
    let slow: Vec<At> = all.iter().filter(|one| one.kind == Kind::Database).map(|one| one.at).collect();
    let near = chrono::TimeDelta::minutes(1);
    for job in all.iter_mut().filter(|one| one.kind == Kind::Job) {
        let end = job.until.map_or(At::MAX_UTC, |until| until + near);
        if slow.iter().any(|at| *at >= job.at - near && *at <= end) {
            job.weight *= 3.0;
            job.supports.push("the database slowed down while it ran".to_owned());
        }
    }
}
