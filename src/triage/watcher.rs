//! The [`Watcher`] of a service: reads every new value once, follows the rules, dates onsets, looks for leaks.
//!
//! It is a fold over the histories of [`ServiceSignals`]: where the past is filled in it begins anew, so that
//! backfilled history and live points give the same answer. The work of one call is bounded by a [`Budget`]; what is
//! not read yet is said to be so ([`Watcher::is_behind`]). It decides nothing about words.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Answer;
use crate::facts::At;
use crate::facts::Measure;
use crate::signals::ServiceSignals;
use crate::triage::Against;
use crate::triage::Condition;
use crate::triage::Finding;
use crate::triage::Outlook;
use crate::triage::Rule;
use crate::triage::Rules;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::triage::leak;
use crate::triage::onset;
use crate::triage::onset::Climb;
use crate::triage::onset::Detector;
use crate::triage::onset::Onset;
use crate::triage::onset::Usual;
use crate::triage::rules::watch::Phase;
use crate::triage::rules::watch::Run;
use crate::triage::rules::watch::Watch;
use crate::triage::suspects::Symptom;

/// How often it is asked whether something runs full.
const LOOK_AHEAD_EVERY: Duration = Duration::from_secs(30);

/// The same of what was steady and has reached nothing since that it had not reached before: what leaks makes new highs.
const STEADY_EVERY: Duration = Duration::from_secs(300);

/// How much of the past says whether something runs full.
const LOOK_BACK: Duration = Duration::from_hours(4);

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

/// One subject: its place in the history, what is usual, the conditions on it.
#[derive(Clone, Debug)]
struct Lane {
    read_to: Option<At>,
    edits: (u64, u64),
    detector: Detector,
    /// The conditions on this subject, with the rule, the group and the place in the group that they stand in.
    watches: Vec<(Place, Watch)>,
    outlook: Option<(At, Outlook)>,
    /// The highest value that it was made from.
    highest: f64,
    /// The instant to which a climb was looked for, and what was found.
    climb: Option<(At, Option<Climb>)>,
    newest: Option<(At, f64)>,
    is_behind: bool,
}

/// A fold: what was read tells the rest.
impl PartialEq for Lane {
    fn eq(&self, other: &Self) -> bool {
        (self.read_to, self.edits, self.newest) == (other.read_to, other.edits, other.newest)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    rule: usize,
    group: usize,
    index: usize,
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
            lane.look_ahead(subject, signals, budget);
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
            usual: lane.detector.usual(),
            climb: lane.climb(),
            leak,
        })
    }

    /// What left its usual range and is still outside.
    #[must_use]
    pub fn onset(&self, subject: Subject) -> Option<Onset> {
        self.lanes.get(&subject)?.detector.onset()
    }

    /// Every value that left its usual range and is still outside, as symptoms of `service`.
    #[must_use]
    pub fn symptoms(&self, service: &Arc<str>) -> Vec<Symptom> {
        let out = self.lanes.iter().filter_map(|(subject, lane)| Some((subject, lane.detector.onset()?)));
        out.map(|(subject, onset)| Symptom {
            service: Arc::clone(service),
            signal: subject.key().into(),
            onset: onset.at,
            within: onset.within,
            z: onset.z,
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
            lane.watches.iter().filter_map(|(place, watch)| match watch.phase {
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

impl Lane {
    fn new(subject: Subject, rules: &Rules, every: Duration) -> Self {
        let mut watches = Vec::new();
        for (rule, one) in rules.iter().enumerate() {
            for (group, conditions) in one.groups.iter().enumerate() {
                for (index, condition) in conditions.iter().enumerate() {
                    if condition.subject == subject {
                        watches.push((Place { rule, group, index }, Watch::new(*condition)));
                    }
                }
            }
        }
        Self {
            read_to: None,
            edits: (0, 0),
            detector: Detector::new(subject.onset_settings(every)),
            watches,
            outlook: None,
            highest: 0.0,
            climb: None,
            newest: None,
            is_behind: false,
        }
    }

    fn read(&mut self, subject: Subject, signals: &ServiceSignals, budget: &mut Budget) {
        self.is_behind = false;
        let compares = self.watches.iter().any(|(_, watch)| matches!(watch.condition.against, Against::Baseline(_)));
        for (at, value) in subject.values(signals, self.read_to) {
            if budget.rows == 0 {
                self.is_behind = true;
                return;
            }
            budget.rows -= 1;
            self.read_to = Some(at);
            let Some(value) = value else {
                self.detector.gap(at);
                self.watches.iter_mut().for_each(|(_, watch)| watch.gap());
                continue;
            };
            let baseline = if compares { self.detector.usual().map(|usual| usual.middle) } else { None };
            for (_, watch) in &mut self.watches {
                if !matches!(watch.condition.against, Against::FullIn(_)) {
                    watch.push(at, value, baseline);
                }
            }
            self.detector.push(at, value);
            self.newest = Some((at, value));
        }
    }

    /// Whether it runs full, asked anew when the last answer is old.
    fn look_ahead(&mut self, subject: Subject, signals: &ServiceSignals, budget: &mut Budget) {
        let Some((newest, value)) = self.newest else { return };
        if !subject.can_run_full() || self.is_behind || budget.outlooks == 0 {
            return;
        }
        let is_quiet = |watch: &Watch| {
            !matches!(watch.condition.against, Against::FullIn(_)) || matches!(watch.phase, Phase::Quiet)
        };
        let every = match &self.outlook {
            // A forecast that has begun to hold must be asked to end.
            Some((_, Outlook::Steady))
                if value <= self.highest && self.watches.iter().all(|(_, watch)| is_quiet(watch)) =>
            {
                STEADY_EVERY
            }
            _ => LOOK_AHEAD_EVERY,
        };
        if self.outlook.as_ref().is_some_and(|(at, _)| (newest - *at).to_std().is_ok_and(|age| age < every)) {
            return;
        }
        budget.outlooks -= 1;
        let from = newest - chrono::TimeDelta::from_std(LOOK_BACK).unwrap_or_default();
        let rows: Vec<(At, f64)> =
            subject.values(signals, Some(from)).filter_map(|(at, value)| Some((at, value?))).collect();
        self.highest = rows.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let started = signals.answer(Measure::Started).and_then(Answer::number);
        let restarted = started.and_then(|number| At::from_timestamp(number.value as i64, 0));
        let outlook = leak::outlook(&rows, 1.0, restarted.filter(|_| subject != Subject::Disk));
        let left = match &outlook {
            Outlook::Leak(leak) => Some((leak.full_at - newest).as_seconds_f64().max(0.0)),
            Outlook::Steady => Some(f64::MAX),
            Outlook::CannotTell(_) => None,
        };
        // What is full does not run full any more: the plain rules say so.
        let left = if value >= 1.0 { Some(f64::MAX) } else { left };
        for (_, watch) in &mut self.watches {
            if let (Against::FullIn(_), Some(left)) = (watch.condition.against, left) {
                watch.push(newest, left, None);
            }
        }
        self.outlook = Some((newest, outlook));
    }

    /// How what is out came there, asked once when it leaves its usual range, which a slow climb does early, and once
    /// when it is over a limit.
    fn look_back(&mut self, subject: Subject, signals: &ServiceSignals, budget: &mut Budget) {
        let onset = self.detector.onset().filter(|onset| onset.above).map(|onset| onset.at);
        let runs = self.watches.iter().filter_map(|(_, watch)| match watch.phase {
            Phase::Firing(run) if climbs(&watch.condition) => Some(run.since),
            _ => None,
        });
        let Some(end) = onset.into_iter().chain(runs).max() else {
            self.climb = None;
            return;
        };
        if self.is_behind || budget.outlooks == 0 || self.climb.is_some_and(|(at, _)| at == end) {
            return;
        }
        budget.outlooks -= 1;
        let rows: Vec<(At, f64)> = subject.values(signals, None).filter_map(|(at, value)| Some((at, value?))).collect();
        self.climb = Some((end, onset::climb(&rows, end)));
    }

    fn climb(&self) -> Option<Climb> {
        self.climb.and_then(|(_, climb)| climb)
    }

    fn cannot_look_ahead(&self) -> bool {
        !matches!(self.outlook, Some((_, Outlook::Leak(_) | Outlook::Steady)))
    }
}

/// Whether a condition is about something that goes up; what is full soon does.
const fn climbs(condition: &Condition) -> bool {
    !condition.side.is_low() || matches!(condition.against, Against::FullIn(_))
}
