//! One signal on the time axis: what each column shows, in which role, on which scale.

use crate::app::ServiceState;
use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Signal;
use crate::signals::Column;
use crate::signals::Freshness;
use crate::signals::columns;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::ui::Role;
use crate::ui::axis::Axis;
use crate::ui::strips::Scale;

/// One column of a strip.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::ui) struct Bar {
    /// What it shows; `None` is a hole.
    pub value: Option<f64>,
    /// In which role.
    pub role: Role,
    /// The truth may be larger.
    pub at_least: bool,
}

/// A signal on the time axis.
pub(in crate::ui) struct Channel {
    /// One bar per column that time has reached.
    pub bars: Vec<Bar>,
    /// The scale that all of them share.
    pub scale: Scale,
    /// Where it begins to be worth a look, in the unit of the bars.
    pub warning: Option<f64>,
    /// The middle of what was usual on this axis before the onset: from, to.
    pub usual: Option<(f64, f64)>,
}

impl Channel {
    /// Whether no column shows anything.
    pub fn is_empty(&self) -> bool {
        self.bars.iter().all(|bar| bar.value.is_none())
    }

    /// A signal of a service as it was over the time of the axis.
    pub fn new(service: &ServiceState, signal: Signal, axis: &Axis, now: At) -> Self {
        let measure = signal.measures()[0];
        let seen = seen(service, measure, axis);
        let limit = limit(service, signal);
        let subject = subject(signal);
        let rules = service.watcher.rules();
        let stale = matches!(service.signals.freshness(now), Freshness::Stale(_));
        let waiting = (signal == Signal::DbPool).then(|| self::seen(service, Measure::PoolWaiting, axis));
        let bars: Vec<_> = seen
            .iter()
            .enumerate()
            .take(usize::from(axis.last) + 1)
            .map(|(index, column)| {
                let Some(value) = drawn(*column, signal) else {
                    return Bar { value: None, role: Role::Faint, at_least: false };
                };
                let of_limit = limit.map_or(Some(value), |limit| (limit > 0.0).then(|| value / limit));
                let shares = matches!(signal, Signal::DbPool | Signal::Memory | Signal::Cpu);
                let judged = if shares { of_limit.filter(|_| limit.is_some()) } else { Some(value) };
                let mut severity = judged.map_or(Severity::Ok, |value| rules.severity(subject, value));
                if let Some(Column::Seen { high, .. }) = waiting.as_ref().and_then(|waiting| waiting.get(index)) {
                    severity = severity.max(rules.severity(Subject::DbPoolWaiting, *high));
                }
                let role = match severity {
                    _ if stale => Role::Stale,
                    Severity::Critical => Role::Critical,
                    Severity::Warning => Role::Warning,
                    Severity::Ok | Severity::Info | Severity::Unknown => Role::Bar,
                };
                let at_least = matches!(column, Column::Seen { at_least: true, .. });
                Bar { value: Some(value), role, at_least }
            })
            .collect();
        let bound = rules.limit(subject);
        let warning = bound.warning.or(bound.critical);
        let warning = match (signal, limit) {
            (Signal::DbPool | Signal::Memory | Signal::Cpu | Signal::Disk, Some(limit)) => {
                warning.map(|share| share * limit)
            }
            (Signal::DbPool | Signal::Memory | Signal::Cpu, None) => None,
            _ => warning,
        };
        Self {
            scale: scale(signal, &bars, limit, warning, bound.critical),
            warning,
            usual: usual(&seen, service, signal, axis),
            bars,
        }
    }
}

fn seen(service: &ServiceState, measure: Measure, axis: &Axis) -> Vec<Column> {
    let Some(track) = service.signals.track(measure) else {
        return vec![Column::Hole; usize::from(axis.columns)];
    };
    let (groups, to) = axis.groups();
    let seen = columns(&track.history, axis.from, to, groups, service.signals.every());
    let wide = seen.into_iter().flat_map(|column| std::iter::repeat_n(column, usize::from(axis.group)));
    wide.take(usize::from(axis.columns)).collect()
}

/// The value that a column is drawn with: the worst of it, but for traffic, whose peaks say nothing.
const fn drawn(column: Column, signal: Signal) -> Option<f64> {
    match (column, signal) {
        (Column::Hole, _) => None,
        (Column::Seen { mean, .. }, Signal::RequestRate) => Some(mean),
        (Column::Seen { high, .. }, _) => Some(high),
    }
}

/// The largest value that there can be, where it is known.
fn limit(service: &ServiceState, signal: Signal) -> Option<f64> {
    let measure = match signal {
        Signal::DbPool => Measure::PoolMax,
        Signal::Memory => Measure::MemoryLimit,
        Signal::Cpu => Measure::CpuMax,
        Signal::Disk => return Some(1.0),
        Signal::RequestRate | Signal::ErrorRate | Signal::Latency | Signal::Calls | Signal::Database => return None,
    };
    let (_, number) = service.signals.track(measure)?.history.last_number()?;
    Some(number.value).filter(|value| *value > 0.0)
}

/// What the values of a strip are judged by.
pub(in crate::ui) const fn subject(signal: Signal) -> Subject {
    match signal {
        Signal::RequestRate => Subject::RequestRate,
        Signal::ErrorRate => Subject::ErrorRate,
        Signal::Latency => Subject::LatencyP95,
        Signal::DbPool => Subject::DbPool,
        Signal::Memory => Subject::Memory,
        Signal::Cpu => Subject::Cpu,
        Signal::Disk => Subject::Disk,
        Signal::Calls => Subject::CallErrors,
        Signal::Database => Subject::DbLatency,
    }
}

fn scale(signal: Signal, bars: &[Bar], limit: Option<f64>, warning: Option<f64>, critical: Option<f64>) -> Scale {
    let unit = signal.measures()[0].unit();
    let values = || bars.iter().filter_map(|bar| bar.value);
    let high = values().fold(0.0, f64::max);
    let low = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    match (signal, limit) {
        (Signal::DbPool | Signal::Memory, Some(limit)) => Scale::limited(limit, high, unit),
        // Calm noise must not fill the strip: the scale reaches at least to where it would matter.
        (Signal::ErrorRate | Signal::Calls, _) => Scale::linear(high.max(critical.or(warning).unwrap_or(0.01)), unit),
        (Signal::Latency | Signal::Database, _) => Scale::wide(low, high, warning.unwrap_or(0.0), unit),
        _ => Scale::linear(high, unit),
    }
}

/// The range that most columns before the onset lie in; `None` while there are too few to call it usual.
fn usual(seen: &[Column], service: &ServiceState, signal: Signal, axis: &Axis) -> Option<(f64, f64)> {
    const FEWEST: usize = 8;
    // What is only worth knowing has left its usual range all the same.
    let own = service.verdict.findings.iter().filter(|finding| finding.subject.signal() == signal);
    let left = own.map(|finding| finding.began().0).chain(service.verdict.onset).min();
    let onset = left.map_or(Some(axis.columns), |onset| axis.column(onset))?;
    let mut means: Vec<f64> = seen
        .iter()
        .take(usize::from(onset))
        .filter_map(|column| match column {
            Column::Seen { mean, .. } => Some(*mean),
            Column::Hole => None,
        })
        .collect();
    if means.len() < FEWEST {
        return None;
    }
    means.sort_by(f64::total_cmp);
    Some((means[means.len() / 10], means[means.len() * 9 / 10]))
}
