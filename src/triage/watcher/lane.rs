//! One lane of a [`Watcher`](super::Watcher): a subject's values, read once, and what follows from them.
//!
//! It knows where it is in the history, what is usual, the conditions on its subject, and where the value is heading.

use std::time::Duration;

use crate::facts::At;
use crate::facts::Measure;
use crate::signals::ServiceSignals;
use crate::triage::Against;
use crate::triage::Budget;
use crate::triage::Condition;
use crate::triage::Leak;
use crate::triage::Outlook;
use crate::triage::Rules;
use crate::triage::Subject;
use crate::triage::leak;
use crate::triage::onset;
use crate::triage::onset::Climb;
use crate::triage::onset::Detector;
use crate::triage::onset::Left;
use crate::triage::rules::baseline::Baseline;
use crate::triage::rules::watch::Crowd;
use crate::triage::rules::watch::Phase;
use crate::triage::rules::watch::Watch;

/// How often it is asked whether something runs full.
const LOOK_AHEAD_EVERY: Duration = Duration::from_secs(30);

/// The same of what was steady and has reached nothing since that it had not reached before: what leaks makes new highs.
const STEADY_EVERY: Duration = Duration::from_secs(300);

/// How much of the past says whether something runs full.
const LOOK_BACK: Duration = Duration::from_hours(4);

/// A climb that was told so long ago may be the one that is seen now: after a restart it takes a while to see it.
const STILL_THE_SAME: chrono::TimeDelta = chrono::TimeDelta::hours(1);

/// One subject: its place in the history, what is usual, the conditions on it.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) read_to: Option<At>,
    pub(super) edits: (u64, u64),
    pub(super) detector: Detector,
    /// What is usual for the number of requests.
    pub(super) baseline: Baseline,
    /// The conditions on this subject, with the rule, the group and the place in the group that they stand in.
    pub(super) watches: Vec<(Place, Watch)>,
    pub(super) outlook: Option<(At, Outlook)>,
    /// The highest value that it was made from.
    pub(super) highest: f64,
    /// It is to be asked anew as of the newest value.
    pub(super) owes: bool,
    /// The begin of the climb that was told last, whether it may have begun before, and when it was told.
    pub(super) filling: Option<(At, bool, At)>,
    /// The instant to which a climb was looked for, and what was found.
    pub(super) climb: Option<(At, Option<Climb>)>,
    pub(super) newest: Option<(At, f64)>,
    pub(super) is_behind: bool,
}

/// A fold: what was read tells the rest.
impl PartialEq for Lane {
    fn eq(&self, other: &Self) -> bool {
        (self.read_to, self.edits, self.newest) == (other.read_to, other.edits, other.newest)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place {
    pub(super) rule: usize,
    pub(super) group: usize,
    pub(super) index: usize,
}
impl Lane {
    pub(super) fn new(subject: Subject, rules: &Rules, every: Duration) -> Self {
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
            baseline: Baseline::default(),
            watches,
            outlook: None,
            highest: 0.0,
            owes: false,
            filling: None,
            climb: None,
            newest: None,
            is_behind: false,
        }
    }

    pub(super) fn read(&mut self, subject: Subject, signals: &ServiceSignals, budget: &mut Budget) {
        self.is_behind = false;
        for (at, value) in subject.values(signals, self.read_to) {
            if budget.rows == 0 || (self.owes && !self.look_ahead(subject, signals, budget)) {
                self.is_behind = true;
                return;
            }
            self.owes = false;
            budget.rows -= 1;
            self.read_to = Some(at);
            let Some(value) = value else {
                self.detector.gap(at);
                self.watches.iter_mut().for_each(|(_, watch)| watch.gap());
                continue;
            };
            let baseline = if subject == Subject::RequestRate {
                self.baseline.middle()
            } else {
                self.detector.usual().map(|usual| usual.middle)
            };
            let crowd = || crowd(signals, at);
            for (_, watch) in &mut self.watches {
                if !matches!(watch.condition.against, Against::FullIn(_)) {
                    watch.push(at, value, baseline, crowd);
                }
            }
            if subject == Subject::RequestRate {
                let unusual = self.watches.iter().any(|(_, watch)| {
                    matches!(watch.condition.against, Against::Baseline(_)) && watch.phase != Phase::Quiet
                });
                self.baseline.push(at, value, unusual);
            }
            self.detector.push(at, value);
            self.newest = Some((at, value));
            self.owes = subject.can_run_full() && self.is_due(at, value);
        }
        if self.owes {
            self.owes = !self.look_ahead(subject, signals, budget);
        }
    }

    /// Whether it is time to ask whether it runs full. Told by the values alone, so that history which is filled in is
    /// asked at the same instants as live points were.
    fn is_due(&self, at: At, value: f64) -> bool {
        let is_quiet = |watch: &Watch| {
            !matches!(watch.condition.against, Against::FullIn(_)) || matches!(watch.phase, Phase::Quiet)
        };
        let every = match &self.outlook {
            None => return true,
            // A forecast that has begun to hold must be asked to end.
            Some((_, Outlook::Steady))
                if value <= self.highest && self.watches.iter().all(|(_, one)| is_quiet(one)) =>
            {
                STEADY_EVERY
            }
            Some(_) => LOOK_AHEAD_EVERY,
        };
        self.outlook.as_ref().is_some_and(|(last, _)| (at - *last).to_std().is_ok_and(|age| age >= every))
    }

    /// Whether it runs full, as of the value that was read last; false when that must wait for another turn.
    fn look_ahead(&mut self, subject: Subject, signals: &ServiceSignals, budget: &mut Budget) -> bool {
        let Some((newest, value)) = self.newest else { return true };
        if budget.outlooks == 0 {
            return false;
        }
        budget.outlooks -= 1;
        let from = newest - chrono::TimeDelta::from_std(LOOK_BACK).unwrap_or_default();
        let rows = subject.values(signals, Some(from)).take_while(|(at, _)| *at <= newest);
        let rows: Vec<(At, f64)> = rows.filter_map(|(at, value)| Some((at, value?))).collect();
        self.highest = rows.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let started = signals.track(Measure::Started);
        let started = started.and_then(|track| track.history.number_at(newest, signals.every() * 3));
        let restarted = started.and_then(|(_, number)| At::from_timestamp(number.value as i64, 0));
        let mut outlook = leak::outlook(&rows, 1.0, restarted.filter(|_| subject != Subject::Disk));
        if let Outlook::Leak(leak) = &mut outlook {
            self.remember(leak, newest);
        }
        let left = match &outlook {
            Outlook::Leak(leak) => Some((leak.full_at - newest).as_seconds_f64().max(0.0)),
            // A process that has just begun does not run full soon, whatever the one before did.
            Outlook::Steady | Outlook::CannotTell(leak::Why::Restarted(_)) => Some(f64::MAX),
            Outlook::CannotTell(_) => None,
        };
        // What is full does not run full any more: the plain rules say so.
        let left = if value >= 1.0 { Some(f64::MAX) } else { left };
        for (_, watch) in &mut self.watches {
            if let (Against::FullIn(_), Some(left)) = (watch.condition.against, left) {
                watch.push(newest, left, None, || None);
            }
        }
        self.outlook = Some((newest, outlook));
        true
    }

    /// A climb began where it was first seen to begin, also when that has left the rows that are looked at, and when
    /// it goes on after a restart.
    fn remember(&mut self, leak: &mut Leak, now: At) {
        let told = self.filling.filter(|(since, _, at)| *since < leak.since && now - *at < STILL_THE_SAME);
        if let Some((since, open, _)) = told.filter(|_| leak.again || leak.since_open) {
            (leak.since, leak.since_open) = (since, open);
        }
        self.filling = Some((leak.since, leak.since_open, now));
    }

    /// How what is out came there, asked once when it leaves its usual range, which a slow climb does early, and once
    /// when it is over a limit.
    pub(super) fn look_back(&mut self, subject: Subject, signals: &ServiceSignals, budget: &mut Budget) {
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

    /// When what is over its limit left its usual range, as far as can be told before the detector is sure.
    pub(super) fn left(&self) -> Option<Left> {
        let firing = self.watches.iter().filter_map(|(_, watch)| match watch.phase {
            Phase::Firing(run) if !run.from_the_start && !matches!(watch.condition.against, Against::FullIn(_)) => {
                Some((run.since, watch.condition.side))
            }
            _ => None,
        });
        let (since, side) = firing.min_by_key(|(since, _)| *since)?;
        self.detector.left(since, !side.is_low())
    }

    pub(super) fn climb(&self) -> Option<Climb> {
        self.climb.and_then(|(_, climb)| climb)
    }

    pub(super) fn cannot_look_ahead(&self) -> bool {
        !matches!(self.outlook, Some((_, Outlook::Leak(_) | Outlook::Steady)))
    }
}

/// The requests of which a value at that time is made; `None` where nobody counts them.
fn crowd(signals: &ServiceSignals, at: At) -> Option<Crowd> {
    let every = signals.every();
    let value = |measure: Measure| Some(signals.track(measure)?.history.number_at(at, every * 3)?.1.value);
    let window = (every * 4).max(Duration::from_secs(30)).as_secs_f64();
    Some(Crowd { rate: value(Measure::RequestRate)?, p50: value(Measure::LatencyP50), window })
}

/// Whether a condition is about something that goes up; what is full soon does.
const fn climbs(condition: &Condition) -> bool {
    !condition.side.is_low() || matches!(condition.against, Against::FullIn(_))
}
