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
}

impl Subject {
    /// All subjects, the one that hurts people most directly first.
    pub const ALL: [Self; 6] =
        [Self::ErrorRate, Self::LatencyP95, Self::DbPool, Self::DbPoolWaiting, Self::Memory, Self::RequestRate];

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
        }
    }

    /// The strip that it stands on.
    #[must_use]
    pub const fn signal(self) -> Signal {
        match self {
            Self::ErrorRate => Signal::ErrorRate,
            Self::LatencyP95 => Signal::Latency,
            Self::DbPool | Self::DbPoolWaiting => Signal::DbPool,
            Self::Memory => Signal::Memory,
            Self::RequestRate => Signal::RequestRate,
        }
    }

    /// The unit of its values and limits.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::ErrorRate | Self::DbPool | Self::Memory => Unit::Ratio,
            Self::LatencyP95 => Unit::Seconds,
            Self::DbPoolWaiting => Unit::Count,
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
    pub(crate) fn values(self, signals: &ServiceSignals, from: At) -> Vec<(At, Option<f64>)> {
        self.walk(signals, from).collect()
    }

    /// An instant from which on there are several values, when `from` is one at the usual distance of answers: a past
    /// that was filled in has its values further apart.
    fn recent(self, signals: &ServiceSignals, from: At) -> At {
        let step = signals.track(self.measures().0).and_then(|track| track.history.step_at(from));
        from - step.unwrap_or_default()
    }

    /// The same without a copy: whoever walks back from the newest may stop.
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
        let values = subject.values(signals, subject.recent(signals, at - signals.every() * 4));
        let Some((_, Some(value))) = values.last().copied() else { continue };
        let severity = subject.severity(value, thresholds);
        if severity >= Severity::Warning {
            let before = values.len().checked_sub(2).and_then(|index| values[index].1);
            all.push((severity, Unsure { subject, value, fine_before: before.is_some() }));
        }
    }
    all.into_iter().max_by_key(|(severity, unsure)| (*severity, std::cmp::Reverse(unsure.subject))).map(|(_, one)| one)
}

fn finding(subject: Subject, signals: &ServiceSignals, thresholds: &Thresholds, at: At) -> Option<Finding> {
    let number = signals.now(subject.measures().0, at)?;
    let severity_of = |value: f64| subject.severity(value, thresholds);
    // From the newest back.
    let known = |from: At| subject.walk(signals, from).rev().filter_map(|(at, value)| value.map(|value| (at, value)));
    // The level that the newest points agree on: one critical point amid warnings is a warning. Most values are
    // fine most of the time, so that history is only walked for those that are not, and no further than the run.
    let mut recent = known(subject.recent(signals, at - signals.every() * 6 - Duration::from_secs(5)));
    let (_, value) = recent.next()?;
    let mut severity = severity_of(value);
    for _ in 1..POINTS_TO_BE_SURE {
        severity = severity.min(severity_of(recent.next()?.1));
    }
    if severity < Severity::Warning {
        return None;
    }
    let first = signals.first_at()?;
    let (since, whole) = run_start(known(first), |value| severity_of(value) >= severity)?;
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
        signals.take(&batch(rows));
        signals
    }

    fn batch(rows: &[Row<'_>]) -> Batch {
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
        Batch { points, changes: Vec::new(), about }
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
    fn a_past_with_few_points_is_enough_to_be_sure() {
        let past: Vec<_> = (0..20).map(|step| (step * 90, [(Measure::ErrorRate, Some(0.3))])).collect();
        let rows: Vec<Row<'_>> = past.iter().map(|(second, values)| (*second, &values[..])).collect();
        let found = |signals: &ServiceSignals, second| findings(signals, &Thresholds::default(), at(second)).len();
        let mut live = signals(5, &rows);
        assert_eq!(found(&live, 1_712), 0, "between live answers that far apart nothing is known");
        live = signals(5, &[]);
        live.take_filled(&batch(&rows));
        assert_eq!((found(&live, 1_712), unsure(&live, &Thresholds::default(), at(1_712)).is_some()), (1, true));
        live.take(&batch(&[(1_715, &[(Measure::ErrorRate, Some(0.3))])]));
        assert_eq!(found(&live, 1_716), 1);
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
