//! A [`Subject`]: what a rule is about, and where its values are found.

use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Signal;
use crate::facts::Unit;
use crate::signals::History;
use crate::signals::Point;
use crate::signals::ServiceSignals;
use crate::triage::onset;
use crate::triage::onset::Hurts;

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

    /// Whether it has a limit that it could reach.
    #[must_use]
    pub const fn can_run_full(self) -> bool {
        matches!(self, Self::Memory | Self::DbPool | Self::Disk)
    }

    /// How its onset is looked for.
    pub(crate) const fn onset_settings(self, every: std::time::Duration) -> onset::Settings {
        let hurts = if matches!(self, Self::RequestRate) { Hurts::Both } else { Hurts::Up };
        onset::Settings { step: every, hurts }
    }

    /// Whether small values are the bad ones.
    #[must_use]
    pub const fn is_low(self) -> bool {
        matches!(self, Self::RequestRate)
    }

    /// The measure, and for a share the measure that it is a share of.
    #[must_use]
    pub const fn measures(self) -> (Measure, Option<Measure>) {
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

    /// The values from `from` on (exclusive where it is given), oldest first; a gap is `None`. For a share the whole in
    /// force at that time counts.
    pub(crate) fn values(
        self,
        signals: &ServiceSignals,
        after: Option<At>,
    ) -> impl Iterator<Item = (At, Option<f64>)> + '_ {
        let (part, whole) = self.measures();
        let history = signals.track(part).map(|track| &track.history);
        let first = history.and_then(History::first_at);
        let from = after.map(|after| after + chrono::TimeDelta::nanoseconds(1)).or(first).unwrap_or_default();
        let to = history.and_then(History::last_at).unwrap_or(from);
        let whole = whole.map(|measure| signals.track(measure).map(|track| &track.history));
        let reach = chrono::TimeDelta::from_std(signals.every() * 3).unwrap_or_default();
        // Both are walked side by side: to look each value up would cost more than all else.
        let mut wholes = whole.flatten().map(|history| history.between(from - reach, to).peekable());
        let mut newest: Option<&Point> = None;
        let points = history.into_iter().flat_map(move |history| history.between(from, to));
        points.map(move |point| {
            let value = point.number.map(|number| number.value);
            match (whole, &mut wholes) {
                (None, _) => (point.at, value),
                (Some(_), None) => (point.at, None),
                (Some(_), Some(wholes)) => {
                    while let Some(next) = wholes.next_if(|next| next.at <= point.at) {
                        newest = Some(next);
                    }
                    let all = newest.filter(|newest| newest.at >= point.at - reach);
                    let all = all.and_then(|newest| newest.number).map(|number| number.value);
                    (point.at, value.zip(all).filter(|(_, all)| *all > 0.0).map(|(part, all)| part / all))
                }
            }
        })
    }
}
