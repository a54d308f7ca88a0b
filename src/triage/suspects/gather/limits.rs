//! What is full, at its limit, refused or slow: mostly the way in which a trouble hurts.

use std::sync::Arc;

use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Signal;
use crate::facts::Unit;
use crate::signals::ServiceSignals;
use crate::signals::units;
use crate::triage::suspects::Around;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Climb;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;
use crate::triage::suspects::Role;
use crate::triage::suspects::gather::parts;
use crate::triage::suspects::gather::track;

/// A share of all connections, cores, bytes above which the next request waits or fails.
const FULL_POOL: f64 = 0.95;
/// The kernel and the scheduler throttle before the last percent.
const FULL_CPU: f64 = 0.9;
/// One allocation from the end.
const FULL_MEMORY: f64 = 0.95;
/// Databases and logs stop a little before the end.
const FULL_DISK: f64 = 0.98;
/// A share of requests or calls that is a wave: at least this, and so many times the usual.
const WAVE: f64 = 0.02;
const TIMES: f64 = 3.0;
/// Failing calls below this share are daily life.
const CALLS_FAIL: f64 = 0.05;
/// The database is slow from this on, if that is also so many times the usual.
const SLOW: f64 = 0.1;

pub fn candidates(around: &Around<'_>, service: &Arc<str>, signals: &ServiceSignals) -> Vec<Candidate> {
    let look = Look { around, service, signals };
    let mut found: Vec<_> = [
        look.pool(),
        look.full(Kind::Cpu, "CPU", Measure::CpuUsed, Measure::CpuMax, FULL_CPU),
        look.full(Kind::Memory, "memory", Measure::MemoryUsed, Measure::MemoryLimit, FULL_MEMORY),
        look.disk(),
        look.refused(),
        look.limited(),
        look.not_found(),
        look.calls(),
        look.database(),
    ]
    .into_iter()
    .flatten()
    .collect();
    // Slow or locked queries hold connections; a pool that is full does not make queries slow.
    if found.iter().any(|one| one.kind == Kind::Database) {
        for pool in found.iter_mut().filter(|one| one.kind == Kind::Pool) {
            pool.weight *= 0.3;
            pool.against.push("the database is slow as well: that fills a pool".to_owned());
        }
    }
    if let Some(climb) = around.climb.filter(|_| **service == *around.about) {
        look.climbs(climb, &mut found);
    }
    found
}

struct Look<'a> {
    around: &'a Around<'a>,
    service: &'a Arc<str>,
    signals: &'a ServiceSignals,
}

impl Look<'_> {
    fn found(&self, kind: Kind, id: &str, since: At, name: String) -> Candidate {
        let place = Place::Service(Arc::clone(self.service));
        Candidate::new(format!("{id} {}", self.service), kind, since, place, name)
    }

    /// What climbs stands among the suspects before it is full, and says so when it is.
    fn climbs(&self, climb: Climb, found: &mut Vec<Candidate>) {
        let (kind, what) = match climb.measure.signal() {
            Signal::DbPool => (Kind::Pool, "DB pool"),
            Signal::Memory => (Kind::Memory, "memory"),
            Signal::Disk => (Kind::Disk, "disk"),
            Signal::Cpu => (Kind::Cpu, "CPU"),
            _ => return,
        };
        let words = format!("has climbed for {}", units::rough_between(climb.at, self.around.at));
        if let Some(full) = found.iter_mut().find(|one| one.kind == kind) {
            full.supports.push(words);
        } else {
            let mut one = self.found(kind, what, climb.at, format!("{} {what} climbs", self.service));
            one.role = Role::Mechanism;
            one.supports.push(words);
            found.push(one);
        }
    }

    fn pool(&self) -> Option<Candidate> {
        let mut one = self.full(Kind::Pool, "DB pool", Measure::PoolUsed, Measure::PoolMax, FULL_POOL);
        let waiting = track::run(self.around, self.signals, Measure::PoolWaiting, |value, _| value >= 1.0);
        if let (None, Some(run)) = (&one, &waiting) {
            let name = format!("{} waits for DB connections", self.service);
            one = Some(self.found(Kind::Pool, "pool", run.since, name));
        }
        if let (Some(one), Some(run)) = (&mut one, waiting) {
            one.at = one.at.min(run.since);
            one.supports.push(format!("up to {:.0} callers wait for a connection", run.most));
        }
        one
    }

    /// A measure that reaches its limit.
    fn full(&self, kind: Kind, what: &str, used: Measure, limit: Measure, share: f64) -> Option<Candidate> {
        let newest = self.signals.answer(limit)?.number()?.value;
        let most = |at| track::value_at(self.signals, limit, at).unwrap_or(newest);
        let full = |value: f64, at| most(at) > 0.0 && value >= most(at) * share;
        let run = track::run(self.around, self.signals, used, full)?;
        let filled = units::of(run.most, newest, used.unit());
        Some(self.found(kind, what, run.since, format!("{} {what} {filled}", self.service)))
    }

    fn disk(&self) -> Option<Candidate> {
        let run = track::run(self.around, self.signals, Measure::Disk, |value, _| value >= FULL_DISK)?;
        Some(self.found(Kind::Disk, "disk", run.since, format!("{} disk {}", self.service, percent(run.most))))
    }

    /// A share that is a wave against what is usual.
    fn wave(&self, measure: Measure, least: f64) -> Option<track::Run> {
        let usual = track::usual(self.around, self.signals, measure).map_or(0.0, |usual| usual.high);
        track::run(self.around, self.signals, measure, |value, _| value >= least.max(usual * TIMES))
    }

    fn refused(&self) -> Option<Candidate> {
        let run = self.wave(Measure::RateLimited, WAVE)?;
        let name = format!("{} answers 429 to {} of requests", self.service, percent(run.most));
        Some(self.found(Kind::RateLimited, "refused", run.since, name))
    }

    fn limited(&self) -> Option<Candidate> {
        let run = self.wave(Measure::CallsLimited, WAVE / 2.0)?;
        let name = format!("{} is answered 429 to {} of its calls", self.service, percent(run.most));
        let mut one = self.found(Kind::RateLimited, "limited", run.since, name);
        "outgoing calls".clone_into(&mut one.part);
        Some(self.begins(one))
    }

    fn not_found(&self) -> Option<Candidate> {
        let run = self.wave(Measure::NotFound, WAVE)?;
        let name = format!("{} answers 404 to {} of requests", self.service, percent(run.most));
        let mut one = self.found(Kind::NotFound, "404", run.since, name);
        if let Some((part, share)) = parts::most_of(self.signals, Measure::NotFound) {
            one.supports.push(format!("{part} has {} of them", percent(share)));
            one.part = part.to_string();
        }
        Some(one)
    }

    fn calls(&self) -> Option<Candidate> {
        let run = self.wave(Measure::CallErrors, CALLS_FAIL)?;
        let name = format!("{} of the calls of {} fail", percent(run.most), self.service);
        let mut one = self.found(Kind::Calls, "calls", run.since, name);
        if let Some((part, share)) = parts::most_of(self.signals, Measure::CallErrors) {
            one.supports.push(format!("{part} has {} of them", percent(share)));
            one.part = part.to_string();
        }
        Some(self.begins(one))
    }

    fn database(&self) -> Option<Candidate> {
        let usual = track::usual(self.around, self.signals, Measure::DbLatency).map_or(0.0, |usual| usual.high);
        let slow = SLOW.max(usual * 2.0);
        let late = track::run(self.around, self.signals, Measure::DbLatency, |value, _| value >= slow);
        let quiet = track::usual(self.around, self.signals, Measure::DbLocked).map_or(0.0, |usual| usual.high);
        let locked = track::run(self.around, self.signals, Measure::DbLocked, |value, _| value >= 1.0 + quiet);
        let mut one = match (&late, &locked) {
            (_, Some(run)) => {
                let name = format!("up to {:.0} database sessions wait for locks", run.most);
                self.found(Kind::Database, "locks", run.since, name)
            }
            (Some(run), None) => {
                let (figure, unit) = units::parts(run.most, Unit::Seconds);
                self.found(Kind::Database, "database", run.since, format!("database p95 {figure} {unit}"))
            }
            (None, None) => return None,
        };
        if let (Some(late), Some(_)) = (late, locked) {
            let (figure, unit) = units::parts(late.most, Unit::Seconds);
            one.at = one.at.min(late.since);
            one.supports.push(format!("database p95 {figure} {unit}"));
        }
        Some(one)
    }

    /// What comes from outside can begin a trouble, unless the trouble was there before.
    fn begins(&self, mut one: Candidate) -> Candidate {
        let first = track::with_onset(self.around, self.signals, one.at);
        one.role = if first { Role::Event } else { Role::Mechanism };
        one
    }
}

fn percent(share: f64) -> String {
    let (figure, unit) = units::parts(share, Unit::Ratio);
    format!("{figure} {unit}")
}
