//! A [`Finding`]: one value that is over its limit, since when, in one sentence.

use std::time::Duration;

use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Signal;
use crate::facts::Unit;
use crate::signals::ServiceSignals;
use crate::signals::units;
use crate::triage::Limit;
use crate::triage::Severity;
use crate::triage::Thresholds;

/// What a limit is put on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// Share of failed requests.
    ErrorRate,
    /// 95th percentile of the time to answer.
    LatencyP95,
    /// Share of the pool in use.
    DbPool,
    /// Callers that wait for a connection.
    DbPoolWaiting,
    /// Share of the memory in use.
    Memory,
    /// Too few requests.
    RequestRate,
    /// Share of requests that were not found.
    NotFound,
    /// Share of requests that were too many.
    RateLimited,
    /// Share of the calls to others that failed.
    CallErrors,
    /// Share of the calls to others that were too many.
    CallsLimited,
    /// 95th percentile of the time that the database takes.
    DbLatency,
    /// Sessions of the database that wait for a lock.
    DbLocked,
    /// Share of the processor time in use.
    Cpu,
    /// Use of the fullest disk.
    Disk,
}

impl Subject {
    /// All subjects, the one that hurts people most directly first.
    pub const ALL: [Self; 14] = [
        Self::ErrorRate,
        Self::LatencyP95,
        Self::DbPool,
        Self::DbPoolWaiting,
        Self::Memory,
        Self::RequestRate,
        Self::NotFound,
        Self::RateLimited,
        Self::CallErrors,
        Self::CallsLimited,
        Self::DbLatency,
        Self::DbLocked,
        Self::Cpu,
        Self::Disk,
    ];

    /// The name in configuration files and reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::ErrorRate => "error_rate",
            Self::LatencyP95 => "latency_p95",
            Self::DbPool => "db_pool",
            Self::DbPoolWaiting => "db_pool_waiting",
            Self::Memory => "memory",
            Self::RequestRate => "request_rate",
            Self::NotFound => "not_found",
            Self::RateLimited => "rate_limited",
            Self::CallErrors => "call_errors",
            Self::CallsLimited => "calls_limited",
            Self::DbLatency => "db_latency",
            Self::DbLocked => "db_locked",
            Self::Cpu => "cpu",
            Self::Disk => "disk",
        }
    }

    /// The strip that it stands on.
    #[must_use]
    pub const fn signal(self) -> Signal {
        match self {
            Self::ErrorRate | Self::NotFound | Self::RateLimited => Signal::ErrorRate,
            Self::LatencyP95 => Signal::Latency,
            Self::DbPool | Self::DbPoolWaiting => Signal::DbPool,
            Self::Memory => Signal::Memory,
            Self::RequestRate => Signal::RequestRate,
            Self::CallErrors | Self::CallsLimited => Signal::Calls,
            Self::DbLatency | Self::DbLocked => Signal::Database,
            Self::Cpu => Signal::Cpu,
            Self::Disk => Signal::Disk,
        }
    }

    /// The unit of its values and limits.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::ErrorRate
            | Self::DbPool
            | Self::Memory
            | Self::NotFound
            | Self::RateLimited
            | Self::CallErrors
            | Self::CallsLimited
            | Self::Cpu
            | Self::Disk => Unit::Ratio,
            Self::LatencyP95 | Self::DbLatency => Unit::Seconds,
            Self::DbPoolWaiting | Self::DbLocked => Unit::Count,
            Self::RequestRate => Unit::PerSecond,
        }
    }

    /// Its limit.
    #[must_use]
    pub const fn limit(self, thresholds: &Thresholds) -> Limit {
        match self {
            Self::ErrorRate => thresholds.error_rate,
            Self::LatencyP95 => thresholds.latency_p95,
            Self::DbPool => thresholds.db_pool,
            Self::DbPoolWaiting => thresholds.db_pool_waiting,
            Self::Memory => thresholds.memory,
            Self::RequestRate => thresholds.request_rate,
            Self::NotFound => thresholds.not_found,
            Self::RateLimited => thresholds.rate_limited,
            Self::CallErrors => thresholds.call_errors,
            Self::CallsLimited => thresholds.calls_limited,
            Self::DbLatency => thresholds.db_latency,
            Self::DbLocked => thresholds.db_locked,
            Self::Cpu => thresholds.cpu,
            Self::Disk => thresholds.disk,
        }
    }

    /// Whether small values are the bad ones.
    const fn downwards(self) -> bool {
        matches!(self, Self::RequestRate)
    }

    /// The measure, and for a share the measure that it is a share of.
    const fn measures(self) -> (Measure, Option<Measure>) {
        match self {
            Self::ErrorRate => (Measure::ErrorRate, None),
            Self::LatencyP95 => (Measure::LatencyP95, None),
            Self::DbPool => (Measure::PoolUsed, Some(Measure::PoolMax)),
            Self::DbPoolWaiting => (Measure::PoolWaiting, None),
            Self::Memory => (Measure::MemoryUsed, Some(Measure::MemoryLimit)),
            Self::RequestRate => (Measure::RequestRate, None),
            Self::NotFound => (Measure::NotFound, None),
            Self::RateLimited => (Measure::RateLimited, None),
            Self::CallErrors => (Measure::CallErrors, None),
            Self::CallsLimited => (Measure::CallsLimited, None),
            Self::DbLatency => (Measure::DbLatency, None),
            Self::DbLocked => (Measure::DbLocked, None),
            Self::Cpu => (Measure::CpuUsed, Some(Measure::CpuMax)),
            Self::Disk => (Measure::Disk, None),
        }
    }

    /// How bad a value is.
    #[must_use]
    pub fn severity(self, value: f64, thresholds: &Thresholds) -> Severity {
        let limit = self.limit(thresholds);
        let over = |bound: Option<f64>| bound.is_some_and(|b| if self.downwards() { value <= b } else { value >= b });
        if over(limit.critical) {
            Severity::Critical
        } else if over(limit.warning) {
            Severity::Warning
        } else {
            Severity::Ok
        }
    }

    /// The values over time, oldest first; a gap is `None`. For a share the limit in force at that time counts.
    /// Nothing is copied: whoever walks back from the newest may stop.
    fn walk(self, signals: &ServiceSignals, from: At) -> impl DoubleEndedIterator<Item = (At, Option<f64>)> {
        let (part, whole) = self.measures();
        let to = signals.latest().unwrap_or(from);
        let whole = whole.map(|measure| signals.track(measure).map(|track| &track.history));
        let reach = signals.every() * 3;
        let points = signals.track(part).into_iter().flat_map(move |track| track.history.between(from, to));
        points.map(move |point| {
            let value = point.number.map(|number| number.value);
            match whole {
                None => (point.at, value),
                Some(None) => (point.at, None),
                Some(Some(history)) => {
                    let all = history.number_at(point.at, reach).map(|(_, number)| number.value);
                    (point.at, value.zip(all).filter(|(_, all)| *all > 0.0).map(|(part, all)| part / all))
                }
            }
        })
    }
}

/// One value that is over its limit.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// What is over its limit.
    pub subject: Subject,
    /// How bad it is now.
    pub severity: Severity,
    /// The newest value, in the subject's base unit.
    pub value: f64,
    /// The truth may be larger (a quantile in the last bucket).
    pub at_least: bool,
    /// The limit that was crossed, in the subject's base unit.
    pub limit: f64,
    /// The first point of the run that is over the limit.
    pub since: At,
    /// The run reaches back to the beginning of what is known: it may have begun earlier.
    pub from_the_start: bool,
}

impl Finding {
    /// The rule that speaks: `critical > 5 %`.
    #[must_use]
    pub fn rule(&self) -> String {
        let (figure, unit) = units::parts(self.limit, self.subject.unit());
        let sign = if self.subject.downwards() { "≤" } else { "≥" };
        format!("{} {sign} {figure}{}{unit}", self.severity.word(), if unit.is_empty() { "" } else { " " })
    }
}

/// How many points over the limit make a finding, and how many under it end one: a single odd scrape does neither.
const POINTS_TO_BE_SURE: usize = 2;

/// Everything that is over its limit now, worst first, then the earliest. Stale signals give no findings.
#[must_use]
pub fn findings(signals: &ServiceSignals, thresholds: &Thresholds, at: At) -> Vec<Finding> {
    let mut found: Vec<_> =
        Subject::ALL.into_iter().filter_map(|subject| finding(subject, signals, thresholds, at)).collect();
    found.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.subject.cmp(&b.subject)));
    found
}

/// A value over its limit that the newest answer alone shows, so that it is no finding yet.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Unsure {
    /// What is over its limit.
    pub(crate) subject: Subject,
    /// The newest value, in the subject's base unit.
    pub(crate) value: f64,
    /// The answer before it was within the limit; else there was none.
    pub(crate) fine_before: bool,
}

/// The worst value that is over its limit in the newest answer alone; `None` when there is none.
pub(crate) fn unsure(signals: &ServiceSignals, thresholds: &Thresholds, at: At) -> Option<Unsure> {
    let mut all: Vec<(Severity, Unsure)> = Vec::new();
    for subject in Subject::ALL {
        if signals.now(subject.measures().0, at).is_none() {
            continue;
        }
        let Some(first) = signals.first_at() else { continue };
        let mut newest = subject.walk(signals, first).rev().map(|(_, value)| value);
        let Some(Some(value)) = newest.next() else { continue };
        let severity = subject.severity(value, thresholds);
        if severity >= Severity::Warning {
            let before = newest.next().flatten();
            all.push((severity, Unsure { subject, value, fine_before: before.is_some() }));
        }
    }
    all.into_iter().max_by_key(|(severity, unsure)| (*severity, std::cmp::Reverse(unsure.subject))).map(|(_, one)| one)
}

fn finding(subject: Subject, signals: &ServiceSignals, thresholds: &Thresholds, at: At) -> Option<Finding> {
    let number = signals.now(subject.measures().0, at)?;
    let severity_of = |value: f64| subject.severity(value, thresholds);
    // From the newest back.
    let first = signals.first_at()?;
    let all = || subject.walk(signals, first).rev();
    let known = |(at, value): (At, Option<f64>)| value.map(|value| (at, value));
    // The level that the newest points agree on: one critical point amid warnings is a warning. Most values are
    // fine most of the time, so that history is only walked for those that are not, and no further than the run.
    // The past that a server brings has longer steps than what is asked later, and its newest instant may lie far
    // behind the clock: neighbours count however far they lie apart.
    let near = signals.latest()? - signals.every() * 6 - Duration::from_secs(5);
    let is_recent = |(index, (at, _)): &(usize, (At, Option<f64>))| *index < POINTS_TO_BE_SURE || *at >= near;
    let mut recent = all().enumerate().take_while(is_recent).filter_map(|(_, point)| known(point));
    let (_, value) = recent.next()?;
    let mut severity = severity_of(value);
    for _ in 1..POINTS_TO_BE_SURE {
        severity = severity.min(severity_of(recent.next()?.1));
    }
    if severity < Severity::Warning {
        return None;
    }
    let (since, whole) = run_start(all().filter_map(known), |value| severity_of(value) >= severity)?;
    // A value that was born later, when others were known already, began when it was born.
    let from_the_start = whole && (since - first).to_std().is_ok_and(|later| later < signals.every());
    let limit = subject.limit(thresholds);
    let limit = if severity == Severity::Critical { limit.critical } else { limit.warning }.or(limit.critical)?;
    Some(Finding { subject, severity, value, at_least: number.at_least, limit, since, from_the_start })
}

/// Walks back from the newest value to the first of the run that is `over`; short dips do not end a run. Answers as
/// well whether no value lies before it.
fn run_start(newest_first: impl Iterator<Item = (At, f64)>, over: impl Fn(f64) -> bool) -> Option<(At, bool)> {
    let mut start = None;
    let mut under = 0;
    for (at, value) in newest_first {
        if over(value) || start.is_none() {
            start = Some(at);
            under = 0;
        } else {
            under += 1;
            if under >= POINTS_TO_BE_SURE {
                break;
            }
        }
    }
    start.map(|at| (at, under == 0))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::facts::Answer;
    use crate::facts::Batch;
    use crate::facts::EngineReport;
    use crate::facts::Number;
    use crate::facts::Points;

    /// The values of some measures at one second.
    pub(crate) type Row<'a> = (i64, &'a [(Measure, Option<f64>)]);

    /// Signals as an engine would bring them.
    pub(crate) fn signals(every: u64, rows: &[Row<'_>]) -> ServiceSignals {
        let mut signals = ServiceSignals::new(Duration::from_secs(every), Duration::from_hours(6));
        let about = Arc::new(EngineReport {
            engine: "test".into(),
            presets: Vec::new(),
            notes: Vec::new(),
            queries: BTreeMap::new(),
            targets: Vec::new(),
            series: (0, 0),
            lag: std::time::Duration::ZERO,
        });
        let points = rows
            .iter()
            .map(|(second, values)| Points {
                at: at(*second),
                answers: values
                    .iter()
                    .map(|(measure, value)| {
                        let known = value.and_then(Number::exact).map(Answer::Known);
                        (*measure, known.unwrap_or_else(|| Answer::NoData("test".into())))
                    })
                    .collect(),
            })
            .collect();
        signals.take(&Batch { points, splits: Vec::new(), changes: Vec::new(), about });
        signals
    }

    pub(crate) fn at(second: i64) -> At {
        chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn errors(values: &[f64]) -> Vec<Finding> {
        let rows: Vec<_> =
            values.iter().enumerate().map(|(i, v)| (i as i64 * 5, [(Measure::ErrorRate, Some(*v))])).collect();
        let rows: Vec<_> = rows.iter().map(|(s, r)| (*s, r.as_slice())).collect();
        findings(&signals(5, &rows), &Thresholds::default(), at(values.len() as i64 * 5))
    }

    #[test]
    fn a_finding_needs_two_points_and_says_since_when() {
        for (values, expected) in [
            (&[0.0, 0.0, 0.0][..], None),
            (&[0.0, 0.0, 0.4], None),
            (&[0.0, 0.3, 0.4], Some((Severity::Critical, 5, false))),
            (&[0.0, 0.02, 0.4], Some((Severity::Warning, 5, false))),
            (&[0.0, 0.3, 0.0, 0.3, 0.4], Some((Severity::Critical, 5, false))),
            (&[0.3, 0.0, 0.0, 0.3, 0.4], Some((Severity::Critical, 15, false))),
            (&[0.3, 0.3], Some((Severity::Critical, 0, true))),
            (&[0.3, 0.3, 0.0], None),
        ] {
            let found = errors(values);
            let seen = found.first().map(|f| (f.severity, (f.since - at(0)).num_seconds(), f.from_the_start));
            assert_eq!(seen, expected, "{values:?}");
        }
    }

    #[test]
    fn the_past_of_a_server_has_long_steps_and_its_newest_instant_lies_behind() {
        let errors = |values: &[(i64, Option<f64>)], now: i64| {
            let rows: Vec<_> = values.iter().map(|(second, value)| (*second, [(Measure::ErrorRate, *value)])).collect();
            let rows: Vec<_> = rows.iter().map(|(second, row)| (*second, row.as_slice())).collect();
            let mut signals = signals(5, &rows);
            let about = EngineReport { lag: Duration::from_secs(30), ..(**signals.about().unwrap()).clone() };
            signals.take(&Batch {
                points: Vec::new(),
                splits: Vec::new(),
                changes: Vec::new(),
                about: Arc::new(about),
            });
            let found = findings(&signals, &Thresholds::default(), at(now));
            let unsure = unsure(&signals, &Thresholds::default(), at(now)).map(|one| one.fine_before);
            (found.first().map(|one| (one.severity, (one.since - at(0)).num_seconds())), unsure)
        };
        for (values, now, expected) in [
            (&[(0, Some(0.0)), (30, Some(0.3)), (60, Some(0.4))][..], 93, Some((Severity::Critical, 30))),
            (&[(0, Some(0.0)), (90, Some(0.3)), (180, Some(0.4))], 213, Some((Severity::Critical, 90))),
            (&[(0, Some(0.0)), (90, Some(0.0)), (180, Some(0.4))], 213, None),
            // A value from before a gap says nothing of now.
            (&[(0, Some(0.4)), (90, None), (180, Some(0.4))], 213, None),
            (&[(0, Some(0.4)), (90, Some(0.4))], 200, None),
        ] {
            assert_eq!(errors(values, now).0, expected, "{values:?}");
        }
        assert_eq!(errors(&[(0, Some(0.0)), (90, Some(0.4))], 120).1, Some(true));
        assert_eq!(errors(&[(0, None), (90, Some(0.4))], 120).1, Some(false));
        assert_eq!(errors(&[(0, Some(0.0)), (90, Some(0.0))], 120).1, None);
    }

    #[test]
    fn shares_use_the_limit_of_their_time_and_stale_signals_find_nothing() {
        use Measure::PoolMax;
        use Measure::PoolUsed;
        let rows: &[Row<'_>] = &[
            (0, &[(PoolUsed, Some(50.0)), (PoolMax, Some(100.0))]),
            (5, &[(PoolUsed, Some(100.0)), (PoolMax, Some(100.0))]),
            (10, &[(PoolUsed, Some(100.0)), (PoolMax, Some(100.0))]),
        ];
        let signals = signals(5, rows);
        let found = findings(&signals, &Thresholds::default(), at(12));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].subject, found[0].since), (Subject::DbPool, at(5)));
        assert_eq!(found[0].rule(), "critical ≥ 100 %");
        assert!(findings(&signals, &Thresholds::default(), at(60)).is_empty());
    }
}
