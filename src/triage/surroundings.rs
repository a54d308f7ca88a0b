//! What lies around one service: the others, who calls whom, what else hurts, the team's commands; and what follows
//! from it for a trouble: its onset as a whole, the climb that led to it, suspects, the quick win.

use std::sync::Arc;
use std::time::Duration;

use crate::facts::At;
use crate::triage::Facts;
use crate::triage::Finding;
use crate::triage::Leak;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::triage::Verdict;
use crate::triage::onset::Climb as Rise;
use crate::triage::onset::RoundClock;
use crate::triage::onset::round_clock;
use crate::triage::onset::together;
use crate::triage::quick_win::Commands;
use crate::triage::quick_win::QuickWin;
use crate::triage::quick_win::quick_win;
use crate::triage::suspects::Around;
use crate::triage::suspects::CallGraph;
use crate::triage::suspects::Climb;
use crate::triage::suspects::Known;
use crate::triage::suspects::Ranking;
use crate::triage::suspects::Symptom;
use crate::triage::suspects::suspects;

/// What lies around one service.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The name of the service.
    pub name: &'a Arc<str>,
    /// All services, with the signals of those that are to be looked at.
    pub services: &'a [Known<'a>],
    /// Who calls whom.
    pub calls: &'a CallGraph,
    /// What is out of its usual range, of this service and of others.
    pub symptoms: &'a [Symptom],
    /// The team's own commands.
    pub commands: &'a Commands,
    /// How far back the sources of changes look; `None` when that is not known.
    pub reach: Option<Duration>,
    /// The verdict before, whose ranking stands while the trouble is the same one, and is not ranked when it is another;
    /// `None` ranks anew.
    pub before: Option<&'a Verdict>,
}

/// When a trouble began.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Beginning {
    /// The onset of what hangs together.
    pub(super) onset: (At, Duration),
    /// It may lie before what is known.
    pub(super) open: bool,
    /// A slow climb that led to it.
    pub(super) climb: Option<Climb>,
}

impl Beginning {
    /// Whether a verdict tells of the same beginning.
    fn is_that_of(&self, verdict: &Verdict) -> bool {
        let climb = self.climb.map(|climb| (climb.at, climb.within));
        (Some(self.onset.0), Some(self.onset.1), self.open, climb)
            == (verdict.onset, verdict.within, verdict.onset_open, verdict.climb)
    }
}

/// The beginning of a trouble; `None` without findings.
pub(super) fn beginning(facts: &Facts<'_>, name: &Arc<str>, findings: &[Finding]) -> Option<Beginning> {
    let worst = findings.first()?.severity;
    let worst = || findings.iter().filter(move |finding| finding.severity == worst);
    let first = worst().min_by_key(|finding| finding.began().0)?;
    let own: Vec<Symptom> = facts.watcher.symptoms(name);
    let worst_is = |signal: &str| worst().any(|finding| finding.subject.key() == signal);
    let tells = |one: &Symptom| tells_time(&one.signal) || worst_is(&one.signal);
    let hurts: Vec<Symptom> = own.into_iter().filter(tells).collect();
    let whole = together(&hurts);
    let open = worst().any(|finding| finding.from_the_start && finding.since <= first.began().0);
    let (at, within) = first.began();
    let onset = match whole {
        // What began long after, or long before what hurts, is another matter.
        Some(whole) if !open && whole.at <= at + LATER && at - whole.at <= TOGETHER => (whole.at, whole.within),
        _ => (at, within.unwrap_or_else(|| facts.signals.every())),
    };
    Some(Beginning { onset, open, climb: climb(findings, onset.0) })
}

/// How far the onset of the whole may lie from what is worst and still be the same trouble.
const TOGETHER: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// And how much later: it cannot have begun after what is worst was over its limit.
const LATER: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

/// Whether a subject tells when people began to be hurt. How many come says nothing of that, and a share of callers
/// that were turned away follows from it.
fn tells_time(key: &str) -> bool {
    Subject::ALL.into_iter().any(|subject| subject.key() == key && subject != Subject::RequestRate)
}

/// The earliest slow climb beside what is over its limit; one that led to it before any other.
fn climb(findings: &[Finding], onset: At) -> Option<Climb> {
    let climbs = findings.iter().filter_map(|finding| {
        let (leak, climb) = (finding.leak.as_ref().map(Slope::of_leak), finding.climb.as_ref().map(Slope::of_climb));
        // A forecast speaks of a climb alone; elsewhere the climb is the one that ended in the onset. Whichever saw
        // the beginning knows more than one that did not.
        let (first, second) = if finding.forecast().is_some() { (leak, climb) } else { (climb, leak) };
        let seen = |one: &Slope| !one.open;
        let slope = first.filter(seen).or(second.filter(seen)).or(first).or(second)?;
        let before = slope.open.then(|| slope.longest(finding));
        let led = slope.rise >= MOST && explains(finding, findings);
        Some(Climb { measure: finding.subject.measures().0, at: slope.at, within: slope.within, before, led })
    });
    climbs.filter(|climb| climb.at + LEAST_CLIMB < onset).min_by_key(|climb| (!climb.led, climb.at))
}

/// Whether what climbs to its limit is what hurts: it is the worst, or it is full, or others wait for it.
fn explains(finding: &Finding, findings: &[Finding]) -> bool {
    let worst = findings.first().is_some_and(|worst| worst.severity == finding.severity);
    let reached = finding.climb.map_or(finding.value, |climb| climb.to.max(finding.value));
    let queue = |other: &Finding| other.subject == Subject::DbPoolWaiting;
    let awaited = finding.subject == Subject::DbPool && findings.iter().any(queue);
    finding.subject.can_run_full() && (worst || reached >= FULL || awaited)
}

/// A climb as both finders tell it; the rise is a share of the limit.
#[derive(Clone, Copy)]
struct Slope {
    at: At,
    within: Duration,
    open: bool,
    rise: f64,
    per_second: f64,
}

impl Slope {
    fn of_leak(leak: &Leak) -> Self {
        let per_second = leak.per_hour / 3_600.0;
        let rise = per_second * leak.over.as_secs_f64();
        Self { at: leak.since, within: leak.over / 12, open: leak.since_open, rise, per_second }
    }

    fn of_climb(climb: &Rise) -> Self {
        let rise = climb.to - climb.from;
        let per_second = rise / climb.over.as_secs_f64().max(1.0);
        Self { at: climb.began, within: climb.within, open: climb.or_before, rise, per_second }
    }

    /// How long before what is known it can have begun: then it would have been empty.
    fn longest(&self, finding: &Finding) -> Duration {
        let from = (finding.value - self.rise).max(0.0);
        Duration::try_from_secs_f64(from / self.per_second).map_or(LONGEST, |time| time.min(LONGEST))
    }
}

/// What climbed for longer than a day is another story.
const LONGEST: Duration = Duration::from_hours(24);
/// A share of its limit at which the next one who wants some has to wait.
const FULL: f64 = 0.95;
/// A climb over that share of the limit is why it is there; a smaller one only helped.
const MOST: f64 = 0.25;

/// What climbs for a shorter time is a step.
const LEAST_CLIMB: chrono::TimeDelta = chrono::TimeDelta::minutes(2);

/// What may lie behind a trouble. Nothing is ranked when nobody knows when it began.
pub(super) fn ranking(facts: &Facts<'_>, around: &Surroundings<'_>, beginning: &Beginning) -> Arc<Ranking> {
    if beginning.open {
        return Arc::default();
    }
    if let Some(before) = around.before {
        // Distances that were measured to another beginning would be wrong.
        return if beginning.is_that_of(before) { Arc::clone(&before.suspects) } else { Arc::default() };
    }
    let scene = Around {
        at: facts.at,
        onset: beginning.onset,
        climb: beginning.climb,
        zone: facts.zone,
        about: around.name,
        services: around.services,
        changes: facts.changes,
        reach: around.reach,
        vendors: facts.vendors,
        troubles: &[],
    };
    Arc::new(suspects(&scene, around.symptoms, around.calls))
}

/// What ends it soonest, if the first suspect is it.
pub(super) fn win(severity: Severity, around: &Surroundings<'_>, ranking: &Ranking) -> Option<QuickWin> {
    quick_win(severity, around.name, ranking, around.commands)
}

/// A round clock near the onset.
pub(super) fn round(facts: &Facts<'_>, beginning: &Beginning) -> Option<RoundClock> {
    let (at, within) = beginning.onset;
    round_clock(at, within, facts.zone).filter(|_| !beginning.open)
}
