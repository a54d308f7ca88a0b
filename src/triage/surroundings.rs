//! What lies around one service: the others, who calls whom, what else hurts, the team's commands; and what follows
//! from it for a trouble: its onset as a whole, the climb that led to it, suspects, the quick win.

use std::sync::Arc;
use std::time::Duration;

use crate::facts::At;
use crate::triage::Facts;
use crate::triage::Finding;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::triage::Verdict;
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
    /// The verdict before, whose ranking stands as long as the trouble is the same one; `None` ranks anew.
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
    let hurts: Vec<Symptom> = own.into_iter().filter(|one| tells_time(&one.signal)).collect();
    let whole = together(&hurts);
    let open = worst().any(|finding| finding.from_the_start && finding.since <= first.began().0);
    let (at, within) = first.began();
    let onset = match whole {
        // What began long after, or long before what hurts, is another matter.
        Some(whole) if !open && (whole.at - at).abs() <= TOGETHER => (whole.at, whole.within),
        _ => (at, within.unwrap_or_else(|| facts.signals.every())),
    };
    Some(Beginning { onset, open, climb: climb(findings, onset.0) })
}

/// How far the onset of the whole may lie from what is worst and still be the same trouble.
const TOGETHER: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// Whether a subject tells when people began to be hurt. How many come says nothing of that, and a share of callers
/// that were turned away follows from it.
fn tells_time(key: &str) -> bool {
    Subject::ALL.into_iter().any(|subject| subject.key() == key && subject != Subject::RequestRate)
}

/// The earliest slow climb that led to what is over its limit.
fn climb(findings: &[Finding], onset: At) -> Option<Climb> {
    let climbs = findings.iter().filter_map(|finding| {
        let leak = finding.leak.as_ref().filter(|leak| !leak.since_open).map(|leak| (leak.since, leak.over / 12));
        let climb = finding.climb.filter(|climb| !climb.or_before).map(|climb| (climb.began, climb.within));
        // A forecast speaks of a climb alone; elsewhere the climb is the one that ended in the onset.
        let (at, within) = if finding.forecast().is_some() { leak.or(climb)? } else { climb.or(leak)? };
        Some(Climb { measure: finding.subject.measures().0, at, within })
    });
    climbs.filter(|climb| climb.at + LEAST_CLIMB < onset).min_by_key(|climb| climb.at)
}

/// What climbs for a shorter time is a step.
const LEAST_CLIMB: chrono::TimeDelta = chrono::TimeDelta::minutes(2);

/// What may lie behind a trouble. Nothing is ranked when nobody knows when it began.
pub(super) fn ranking(facts: &Facts<'_>, around: &Surroundings<'_>, beginning: &Beginning) -> Arc<Ranking> {
    if beginning.open {
        return Arc::default();
    }
    if let Some(before) = around.before.filter(|before| beginning.is_that_of(before)) {
        return Arc::clone(&before.suspects);
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
