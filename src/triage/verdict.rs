//! The [`Verdict`] on one service: how bad, what, since when, what changed nearby, what could not be checked.

use std::sync::Arc;
use std::time::Duration;

use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::Fault;
use crate::facts::Level;
use crate::facts::Measure;
use crate::facts::ProviderStatus;
use crate::facts::Zone;
use crate::signals::Freshness;
use crate::signals::ServiceSignals;
use crate::triage::Finding;
use crate::triage::Line;
use crate::triage::Surroundings;
use crate::triage::Tone;
use crate::triage::Watcher;
use crate::triage::context;
use crate::triage::finding::unsure;
use crate::triage::onset::RoundClock;
use crate::triage::quick_win::QuickWin;
use crate::triage::runbook::Offered;
use crate::triage::sentences;
use crate::triage::surroundings;
use crate::triage::surroundings::beginning;
use crate::triage::suspects::Ranking;

/// How bad it is. The order is from best to worst: a service that cannot be judged ranks above one that is fine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// All that is judged is within its limits.
    Ok,
    /// Worth knowing; nobody is hurt, and a service with nothing worse is fine.
    Info,
    /// It cannot be judged.
    Unknown,
    /// Worth a look.
    Warning,
    /// Somebody is hurt.
    Critical,
}

impl Severity {
    /// The word on the screen and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Ok, Self::Info, Self::Unknown, Self::Warning, Self::Critical].into_iter().find(|one| one.word() == word)
    }

    /// The tone of words about it.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Good,
            Self::Info => Tone::Plain,
            Self::Unknown => Tone::Unknown,
            Self::Warning => Tone::Warning,
            Self::Critical => Tone::Critical,
        }
    }

    /// The exit code of monitoring plugins: 0 ok, 1 warning, 2 critical, 3 unknown.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Ok | Self::Info => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// A provider as the verdict sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct Vendor {
    /// The name that the team gave it.
    pub name: String,
    /// What it says of itself; `None` while nobody has asked or when the last answer is too old.
    pub status: Option<ProviderStatus>,
}

impl Vendor {
    /// Its level; unknown where there is no fresh answer.
    #[must_use]
    pub fn level(&self) -> Level {
        self.status.as_ref().map_or(Level::Unknown, |status| status.level)
    }
}

/// A source that could not be asked, so that the verdict does not cover what it would say.
#[derive(Clone, PartialEq, Debug)]
pub struct Unchecked {
    /// Its name.
    pub source: String,
    /// Why.
    pub fault: Fault,
}

/// Whether anybody could say what changed. The metrics' own version label does not count: it knows no past.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Watch {
    /// No source of changes is set up.
    NotSetUp,
    /// There are sources, but none has answered.
    Silent,
    /// A source has answered.
    Known,
}

/// Everything that a verdict is made from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Now.
    pub at: At,
    /// The zone in which times are written.
    pub zone: &'a Zone,
    /// The signals of the service.
    pub signals: &'a ServiceSignals,
    /// What follows its rules, up to date with the signals.
    pub watcher: &'a Watcher,
    /// Why its metrics cannot be read, and since when; `None` while they can.
    pub silence: Option<(&'a Fault, At)>,
    /// All changes that are known, newest first.
    pub changes: &'a [Change],
    /// Whether anybody could say what changed.
    pub watch: Watch,
    /// Targets of the service that do not answer, of how many, and the first one's fault; `None` when all do, or
    /// when none does.
    pub missing: Option<(usize, usize, &'a Fault)>,
    /// The providers that the team watches.
    pub vendors: &'a [Vendor],
    /// Sources other than the metrics that have no answer.
    pub unchecked: &'a [Unchecked],
}

/// A change and how long before the onset it was done.
#[derive(Clone, PartialEq, Debug)]
pub struct Nearby {
    /// The change.
    pub change: Change,
    /// From its end to the onset.
    pub before: Duration,
}

/// What is broken, how bad, since when, what changed.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// How bad.
    pub severity: Severity,
    /// What is over its limit, worst first.
    pub findings: Vec<Finding>,
    /// When the earliest of the worst findings began.
    pub onset: Option<At>,
    /// The onset may lie before what is known.
    pub onset_open: bool,
    /// How exactly the onset is known, either way; `None` without one.
    pub within: Option<Duration>,
    /// When a slow climb that led to the onset began, give or take what.
    pub climb: Option<(At, Duration)>,
    /// That climb may have begun before what is known.
    pub climb_open: bool,
    /// A round clock near the onset.
    pub round: Option<RoundClock>,
    /// What may lie behind it, best first.
    pub suspects: Arc<Ranking>,
    /// What ends it soonest, if the first suspect is it.
    pub quick_win: Option<QuickWin>,
    /// The runbook that fits best.
    pub runbook: Option<Offered>,
    /// The nearest changes before the onset, nearest first; at most ten, and a day before.
    pub nearby: Vec<Nearby>,
    /// What is wrong; one line.
    pub headline: Line,
    /// What changed and what else is wrong; one line, may be empty.
    pub context: Line,
    /// What is beside the point or could not be checked; one line, may be empty.
    pub aside: Line,
}

impl Default for Verdict {
    fn default() -> Self {
        Self {
            severity: Severity::Unknown,
            findings: Vec::new(),
            onset: None,
            onset_open: false,
            within: None,
            climb: None,
            climb_open: false,
            round: None,
            suspects: Arc::default(),
            quick_win: None,
            runbook: None,
            nearby: Vec::new(),
            headline: Line::new().with(Tone::Muted, "Asking for the first time."),
            context: Line::new(),
            aside: Line::new(),
        }
    }
}

/// A change that far before the onset is not called near.
const NEAR: Duration = Duration::from_hours(24);

/// So many near changes are told: who looks for the eleventh looks at the list of all.
const NEAREST: usize = 10;

/// The verdict on one service.
#[must_use]
pub fn judge(facts: &Facts<'_>, around: &Surroundings<'_>) -> Verdict {
    // What was found in the past that is being read says nothing of now.
    let reading = facts.watcher.is_reading_the_past(facts.at);
    let findings = if reading { Vec::new() } else { facts.watcher.findings(facts.signals, facts.at) };
    let silent = facts.signals.freshness(facts.at) != Freshness::Live;
    let worse = findings.iter().any(|finding| finding.severity >= Severity::Warning);
    let unsure = if worse { None } else { unsure(facts.watcher, facts.signals, facts.at) };
    let severity = match findings.first().filter(|_| worse) {
        Some(first) => first.severity,
        None if reading || silent || !decided(facts) => Severity::Unknown,
        // One answer is no finding, but without a fine one before it, it is no all-clear either.
        None if unsure.is_some_and(|one| !one.fine_before && one.matters) => Severity::Unknown,
        None if facts.missing.is_some() => Severity::Warning,
        None => Severity::Ok,
    };
    let beginning = if worse { beginning(facts, around.name, &findings) } else { None };
    let onset = beginning.map(|beginning| beginning.onset.0);
    let onset_open = beginning.is_some_and(|beginning| beginning.open);
    let suspects = beginning.map(|beginning| surroundings::ranking(facts, around, &beginning)).unwrap_or_default();
    let climb = beginning.and_then(|beginning| beginning.climb);
    let mut verdict = Verdict {
        severity,
        onset,
        onset_open,
        within: beginning.map(|beginning| beginning.onset.1),
        climb: climb.map(|climb| (climb.at, climb.within)),
        climb_open: climb.is_some_and(|climb| climb.before.is_some()),
        round: beginning.and_then(|beginning| surroundings::round(facts, &beginning)),
        quick_win: surroundings::win(severity, around, &suspects),
        suspects,
        nearby: nearby(facts, onset.unwrap_or(facts.at)),
        findings,
        ..Verdict::default()
    };
    verdict.headline = sentences::headline(facts, &verdict, unsure.filter(|_| !silent));
    verdict.context = context::context(facts, &verdict);
    verdict.aside = context::aside(facts, &verdict);
    verdict
}

/// Whether enough is known to say that all is well: people are hurt by errors and by waiting, so one of the two.
fn decided(facts: &Facts<'_>) -> bool {
    [Measure::ErrorRate, Measure::LatencyP95].into_iter().any(|measure| facts.signals.now(measure, facts.at).is_some())
}

fn nearby(facts: &Facts<'_>, onset: At) -> Vec<Nearby> {
    // They come newest first: the nearest before the onset are the first that are not after it.
    let done = facts.changes.iter().filter(|change| change.kind != ChangeKind::Note);
    let near = done.filter_map(|change| {
        let before = (onset - change.at()).to_std().ok()?;
        (before <= NEAR).then_some((change, before))
    });
    near.take(NEAREST).map(|(change, before)| Nearby { change: change.clone(), before }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::ChangeState;
    use crate::facts::FaultKind;
    use crate::triage::finding::tests::Row;
    use crate::triage::finding::tests::at;
    use crate::triage::finding::tests::signals;
    use crate::triage::finding::tests::watcher;
    use crate::triage::quick_win::Commands;
    use crate::triage::suspects::CallGraph;

    fn change(what: &str, second: i64) -> Change {
        Change {
            id: what.into(),
            kind: ChangeKind::Deploy,
            what: what.into(),
            service: String::new(),
            version: "v2".into(),
            who: "ana".into(),
            environment: String::new(),
            title: String::new(),
            started: at(second - 60),
            finished: Some(at(second)),
            state: ChangeState::Succeeded,
            link: String::new(),
        }
    }

    fn words(rows: &[Row<'_>], now: i64, changes: &[Change], silence: Option<(&Fault, At)>) -> (Severity, String) {
        let signals = signals(5, rows);
        let facts = Facts {
            at: at(now),
            zone: &Zone::utc(),
            signals: &signals,
            watcher: &watcher(&signals),
            silence,
            changes,
            watch: Watch::Known,
            missing: None,
            vendors: &[],
            unchecked: &[],
        };
        let around = Surroundings {
            name: &"checkout".into(),
            services: &[],
            calls: &CallGraph::new(),
            symptoms: &[],
            commands: &Commands::default(),
            reach: None,
            before: None,
        };
        let verdict = judge(&facts, &around);
        let lines = [verdict.headline, verdict.context, verdict.aside].map(|line| line.text());
        (verdict.severity, lines.join("|"))
    }

    #[test]
    fn the_sentences() {
        use Measure::{ErrorRate, LatencyP95, PoolMax, PoolUsed, PoolWaiting, RequestRate};
        let fine: Row<'_> = (
            0,
            &[
                (ErrorRate, Some(0.003)),
                (LatencyP95, Some(0.24)),
                (RequestRate, Some(612.0)),
                (PoolUsed, Some(20.0)),
                (PoolMax, Some(100.0)),
            ],
        );
        let bad: &[_] = &[
            (ErrorRate, Some(0.452)),
            (RequestRate, Some(612.0)),
            (PoolUsed, Some(100.0)),
            (PoolMax, Some(100.0)),
            (PoolWaiting, Some(214.0)),
        ];
        let api = [change("api", -300)];
        for (rows, now, changes, expected) in [
            (&[fine][..], 2, &[][..], (Severity::Ok, "All within limits. Errors 0.30 %, p95 240 ms, 612 req/s.||")),
            (
                &[fine],
                2,
                &api,
                (Severity::Ok, "All within limits. Errors 0.30 %, p95 240 ms, 612 req/s.|Last deploy api v2 5m ago.|"),
            ),
            (
                &[(0, bad)],
                2,
                &[],
                (
                    Severity::Unknown,
                    "Error rate 45.2 % is over its limit in one answer; the next one tells whether it lasts.||",
                ),
            ),
            (
                &[fine, (5, bad)],
                7,
                &[],
                (
                    Severity::Ok,
                    "Error rate 45.2 % is over its limit in one answer; the next one tells whether it lasts.||",
                ),
            ),
            (
                &[(0, bad), (5, bad)],
                7,
                &api,
                (
                    Severity::Critical,
                    "Errors 45.2 % of requests (277 of 612 req/s) since 08:00:00 or earlier.|Deploy api v2 finished 5m ago.  \
                     DB pool full 100/100, 214 waiting since 08:00:00 or earlier.|",
                ),
            ),
            (&[fine], 60, &[], (Severity::Unknown, "No numbers for 1m.||")),
            (&[], 60, &[], (Severity::Unknown, "Asking for the first time.||")),
            (
                &[fine, (5, bad), (10, bad), (15, bad)],
                17,
                &api,
                (
                    Severity::Critical,
                    "Errors 45.2 % of requests (277 of 612 req/s) since 08:00:05.|Deploy api v2 finished 5m05s before.  \
                     DB pool full 100/100, 214 waiting since 08:00:05.|→ Quick win: Roll back api v2.",
                ),
            ),
            (
                &[fine, (5, bad), (10, bad), (15, bad)],
                17,
                &[],
                (
                    Severity::Critical,
                    "Errors 45.2 % of requests (277 of 612 req/s) since 08:00:05.|No change in the 24 h before.  \
                     DB pool full 100/100, 214 waiting since 08:00:05.|",
                ),
            ),
        ] {
            let (severity, text) = words(rows, now, changes, None);
            assert_eq!((severity, text.as_str()), expected);
        }
    }

    #[test]
    fn series_that_have_ended_are_told_from_those_that_never_were() {
        use Measure::{ErrorRate, LatencyP95};
        let gone: &[_] = &[(ErrorRate, None), (LatencyP95, None)];
        let (severity, text) = words(&[(0, &[(ErrorRate, Some(0.003))]), (5, gone), (10, gone)], 12, &[], None);
        assert_eq!(severity, Severity::Unknown);
        assert!(text.starts_with("Numbers end at 08:00:00: "), "{text}");
        assert!(text.contains("Does it run, is it scraped?"), "{text}");
        let (_, text) = words(&[(0, gone), (5, gone)], 7, &[], None);
        assert!(text.starts_with("Cannot tell: "), "{text}");
    }

    #[test]
    fn a_dead_endpoint_is_unknown_and_says_why() {
        let fault = Fault::new(FaultKind::Connect, "connection refused");
        let (severity, text) = words(&[], 60, &[], Some((&fault, at(10))));
        assert_eq!(severity, Severity::Unknown);
        assert_eq!(text, "No numbers: connection refused, since 08:00:10.||");
    }
}
