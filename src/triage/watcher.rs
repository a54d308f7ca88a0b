//! The [`Watcher`] of a service: reads every new value once, follows the rules, dates onsets, looks for leaks.
//!
//! It is a fold over the histories of [`ServiceSignals`]: where the past is filled in it begins anew, so that
//! backfilled history and live points give the same answer. The work of one call is bounded by a [`Budget`]; what is
//! not read yet is said to be so ([`Watcher::is_behind`]). It decides nothing about words.

mod lane;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::At;
use crate::signals::ServiceSignals;
use crate::triage::Against;
use crate::triage::Condition;
use crate::triage::Finding;
use crate::triage::Outlook;
use crate::triage::Rule;
use crate::triage::Rules;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::triage::onset::Left;
use crate::triage::onset::Onset;
use crate::triage::onset::Usual;
use crate::triage::rules::watch::Phase;
use crate::triage::rules::watch::Run;
use crate::triage::rules::watch::Watch;
use crate::triage::suspects::Symptom;
use lane::Lane;
use lane::Place;

/// Who is less far behind has read what counts now.
const FAR_BEHIND: chrono::TimeDelta = chrono::TimeDelta::minutes(2);

/// How much may be done in one go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Values that may be read; about a microsecond each.
    pub rows: usize,
    /// Series that may be asked whether they run full; about 100 microseconds each.
    pub outlooks: usize,
}

impl Budget {
    /// As much as there is to do.
    pub const ALL: Self = Self { rows: usize::MAX, outlooks: usize::MAX };
}

/// Why a rule cannot be decided.
#[derive(Clone, PartialEq, Debug)]
pub enum Undecided {
    /// There is no value: not measured, no traffic, warming up.
    NoValue(Subject),
    /// What is usual is not known yet.
    NoBaseline(Subject),
    /// It holds as far back as is known, which is shorter than it must.
    TooShort(Subject, Duration),
    /// It is so, but of too few requests to mean anything.
    TooFew(Subject),
    /// The past is still being read.
    Reading,
}

/// Where a rule stands.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// It does not hold.
    Quiet,
    /// It has begun to hold, but not for long enough.
    Pending(At),
    /// It holds since then.
    Holds(At),
    /// Nobody can say.
    CannotTell(Undecided),
}

/// Follows the rules of one service. Main functions: [`take`](Self::take), [`findings`](Self::findings).
#[derive(Clone, PartialEq, Debug)]
pub struct Watcher {
    rules: Rules,
    every: Duration,
    lanes: BTreeMap<Subject, Lane>,
}

impl Watcher {
    /// A watcher that has read nothing. `every` is the expected distance of answers.
    #[must_use]
    pub const fn new(rules: Rules, every: Duration) -> Self {
        Self { rules, every, lanes: BTreeMap::new() }
    }

    /// The rules that it follows.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Reads what is new. What goes over the budget is read the next time.
    pub fn take(&mut self, signals: &ServiceSignals, budget: &mut Budget) {
        for subject in Subject::ALL {
            let (part, whole) = subject.measures();
            let Some(track) = signals.track(part) else { continue };
            let whole = whole.and_then(|whole| signals.track(whole)).map_or(0, |track| track.history.edits());
            let edits = (track.history.edits(), whole);
            let lane = self.lanes.entry(subject).or_insert_with(|| Lane::new(subject, &self.rules, self.every));
            if lane.edits != edits {
                *lane = Lane { edits, ..Lane::new(subject, &self.rules, self.every) };
            }
            lane.read(subject, signals, budget);
            lane.look_back(subject, signals, budget);
        }
    }

    /// Whether the past is still being read.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.lanes.values().any(|lane| lane.is_behind)
    }

    /// Whether what was read lies so far before `at` that it says nothing of then.
    #[must_use]
    pub fn is_reading_the_past(&self, at: At) -> bool {
        let far = |to: At| at - to > FAR_BEHIND;
        self.lanes.values().any(|lane| lane.is_behind && lane.read_to.is_none_or(far))
    }

    /// Whether any rule may hold: for most services most of the time none does.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        let mut watches = self.lanes.values().flat_map(|lane| &lane.watches);
        watches.any(|(_, watch)| matches!(watch.phase, Phase::Firing(_)))
    }

    /// Everything that is over its limit now: one finding per subject, worst first, then by what hurts most directly.
    /// Stale signals give no findings.
    #[must_use]
    pub fn findings(&self, signals: &ServiceSignals, at: At) -> Vec<Finding> {
        if !self.is_firing() {
            return Vec::new();
        }
        let mut found: BTreeMap<Subject, Finding> = BTreeMap::new();
        for (index, rule) in self.rules.iter().enumerate() {
            for (group, conditions) in rule.groups.iter().enumerate() {
                let Some((since, from_the_start)) = self.holds(index, group, conditions.len(), signals, at) else {
                    continue;
                };
                let subject = conditions[0].subject;
                if found.get(&subject).is_some_and(|worse| worse.severity >= rule.severity) {
                    continue;
                }
                if let Some(finding) = self.finding(subject, rule, (index, group), (since, from_the_start), signals, at)
                {
                    found.insert(subject, finding);
                }
            }
        }
        let mut found: Vec<_> = found.into_values().collect();
        found.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.subject.cmp(&b.subject)));
        found
    }

    /// Since when all conditions of a group hold.
    fn holds(&self, rule: usize, group: usize, count: usize, signals: &ServiceSignals, at: At) -> Option<(At, bool)> {
        let runs = self.watches(rule, group).filter_map(|(subject, watch)| match watch.phase {
            Phase::Firing(run) if signals.now(subject.measures().0, at).is_some() => Some(run),
            _ => None,
        });
        let runs: Vec<Run> = runs.collect();
        let last = runs.iter().max_by_key(|run| run.since)?;
        (runs.len() == count).then_some((last.since, last.from_the_start))
    }

    fn watches(&self, rule: usize, group: usize) -> impl Iterator<Item = (Subject, &Watch)> {
        let here = move |place: &Place| place.rule == rule && place.group == group;
        let lanes = self.lanes.iter();
        lanes.flat_map(move |(subject, lane)| {
            lane.watches.iter().filter(move |(place, _)| here(place)).map(|(_, watch)| (*subject, watch))
        })
    }

    fn finding(
        &self,
        subject: Subject,
        rule: &Arc<Rule>,
        (index, group): (usize, usize),
        (since, from_the_start): (At, bool),
        signals: &ServiceSignals,
        at: At,
    ) -> Option<Finding> {
        let lane = self.lanes.get(&subject)?;
        let place = Place { rule: index, group, index: 0 };
        let (_, watch) = lane.watches.iter().find(|(other, _)| *other == place)?;
        let number = signals.now(subject.measures().0, at)?;
        let leak = match &lane.outlook {
            Some((_, Outlook::Leak(leak))) => Some(leak.clone()),
            _ => None,
        };
        // Values born later than the others began when they were born.
        let first = signals.first_at()?;
        let from_the_start = from_the_start && (since - first).to_std().is_ok_and(|later| later < signals.every());
        Some(Finding {
            subject,
            severity: rule.severity,
            value: lane.newest?.1,
            at_least: number.at_least,
            limit: watch.bound?,
            since,
            from_the_start,
            rule: Arc::clone(rule),
            condition: watch.condition,
            onset: lane.detector.onset(),
            left: lane.detector.left(since, !watch.condition.side.is_low()).filter(|_| !from_the_start),
            usual: lane.detector.usual().map(|usual| match watch.condition.against {
                Against::Baseline(factor) => {
                    Usual { middle: watch.bound.map_or(usual.middle, |bound| bound / factor), ..usual }
                }
                _ => usual,
            }),
            climb: lane.climb(),
            leak,
        })
    }

    /// What left its usual range and is still outside.
    #[must_use]
    pub fn onset(&self, subject: Subject) -> Option<Onset> {
        self.lanes.get(&subject)?.detector.onset()
    }

    /// Every value that left its usual range and is still outside, as symptoms of `service`; also what is over its
    /// limit, before the detector is sure.
    #[must_use]
    pub fn symptoms(&self, service: &Arc<str>) -> Vec<Symptom> {
        let out = self.lanes.iter().filter_map(|(subject, lane)| {
            let told = lane.detector.onset().map(|onset| Left { at: onset.at, within: onset.within, z: onset.z });
            Some((subject, told.or_else(|| lane.left())?))
        });
        out.map(|(subject, left)| Symptom {
            service: Arc::clone(service),
            signal: subject.key().into(),
            onset: left.at,
            within: left.within,
            z: left.z,
        })
        .collect()
    }

    /// What is usual for a subject.
    #[must_use]
    pub fn usual(&self, subject: Subject) -> Option<Usual> {
        self.lanes.get(&subject)?.detector.usual()
    }

    /// Whether a subject runs full.
    #[must_use]
    pub fn outlook(&self, subject: Subject) -> Option<&Outlook> {
        self.lanes.get(&subject)?.outlook.as_ref().map(|(_, outlook)| outlook)
    }

    /// The newest value of a subject, however old.
    #[must_use]
    pub fn newest(&self, subject: Subject) -> Option<(At, f64)> {
        self.lanes.get(&subject)?.newest
    }

    /// Every rule that has begun to hold and waits, with the condition that it is.
    pub(crate) fn pending(&self) -> impl Iterator<Item = (Severity, &Condition, Run)> {
        self.lanes.values().flat_map(|lane| {
            // What may run full is not over any limit yet.
            let now = lane.watches.iter().filter(|(_, watch)| !matches!(watch.condition.against, Against::FullIn(_)));
            now.filter_map(|(place, watch)| match watch.phase {
                Phase::Pending(run) if place.index == 0 => {
                    let rule = self.rules.iter().nth(place.rule)?;
                    (rule.groups.get(place.group)?.len() == 1).then_some((rule.severity, &watch.condition, run))
                }
                _ => None,
            })
        })
    }

    /// Where a rule stands; `None` for one of other rules than these.
    #[must_use]
    pub fn standing(&self, rule: &Arc<Rule>, signals: &ServiceSignals, at: At) -> Option<Standing> {
        let index = self.rules.iter().position(|other| Arc::ptr_eq(other, rule))?;
        let all = rule.groups.iter().enumerate().map(|(group, conditions)| {
            if let Some((since, _)) = self.holds(index, group, conditions.len(), signals, at) {
                return Standing::Holds(since);
            }
            let subjects = conditions.iter().map(|condition| condition.subject);
            for subject in subjects.clone() {
                if signals.now(subject.measures().0, at).is_none() || !self.lanes.contains_key(&subject) {
                    return Standing::CannotTell(Undecided::NoValue(subject));
                }
            }
            if self.is_behind() {
                return Standing::CannotTell(Undecided::Reading);
            }
            self.waiting(index, group).unwrap_or(Standing::Quiet)
        });
        // What holds speaks first, then what is about to, then what nobody knows.
        let rank = |standing: &Standing| match standing {
            Standing::Holds(_) => 0,
            Standing::Pending(_) => 1,
            Standing::CannotTell(_) => 2,
            Standing::Quiet => 3,
        };
        all.min_by_key(rank)
    }

    /// Why a group whose values are known does not hold, if it is more than that they are fine.
    fn waiting(&self, rule: usize, group: usize) -> Option<Standing> {
        let mut pending = None;
        for (subject, watch) in self.watches(rule, group) {
            match (&watch.phase, watch.condition.against, watch.bound) {
                (_, Against::Baseline(_), None) => return Some(Standing::CannotTell(Undecided::NoBaseline(subject))),
                (_, Against::FullIn(_), _) if self.lanes.get(&subject).is_none_or(Lane::cannot_look_ahead) => {
                    return Some(Standing::CannotTell(Undecided::NoBaseline(subject)));
                }
                (Phase::Pending(run), ..) if run.few => {
                    pending = Some(Standing::CannotTell(Undecided::TooFew(subject)));
                }
                (Phase::Pending(run), ..) if run.from_the_start => {
                    let short = Undecided::TooShort(subject, watch.condition.lasting);
                    pending = Some(Standing::CannotTell(short));
                }
                (Phase::Pending(run), ..) => pending = Some(Standing::Pending(run.since)),
                (Phase::Quiet, ..) => return None,
                (Phase::Firing(_), ..) => {}
            }
        }
        pending
    }
}
