//! The golden signals, the single numbers ([`Measure`]s) they are made of, and an engine's answers for them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::At;

/// A strip of the screen: what a person asks of a service. In the order in which the strips are stacked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Signal {
    /// Requests per second.
    RequestRate,
    /// Share of requests that failed through the fault of the server.
    ErrorRate,
    /// Time to answer.
    Latency,
    /// Database connections in use against those that there are.
    DbPool,
    /// Memory in use against its limit.
    Memory,
    /// Processor time against what there is.
    Cpu,
    /// The fullest disk.
    Disk,
    /// Calls of the service to others.
    Calls,
    /// How the database answers the service.
    Database,
}

impl Signal {
    /// All signals, in the order in which they are drawn.
    pub const ALL: [Self; 9] = [
        Self::RequestRate,
        Self::ErrorRate,
        Self::Latency,
        Self::DbPool,
        Self::Memory,
        Self::Cpu,
        Self::Disk,
        Self::Calls,
        Self::Database,
    ];

    /// The signals that always have a strip; the others get one when they are in trouble.
    pub const GOLDEN: [Self; 5] = [Self::RequestRate, Self::ErrorRate, Self::Latency, Self::DbPool, Self::Memory];

    /// The name on the screen.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::RequestRate => "Request rate",
            Self::ErrorRate => "Error rate",
            Self::Latency => "Latency",
            Self::DbPool => "DB pool",
            Self::Memory => "Memory",
            Self::Cpu => "CPU",
            Self::Disk => "Disk",
            Self::Calls => "Calls",
            Self::Database => "Database",
        }
    }

    /// The name in configuration files and reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::RequestRate => "request_rate",
            Self::ErrorRate => "error_rate",
            Self::Latency => "latency",
            Self::DbPool => "db_pool",
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Disk => "disk",
            Self::Calls => "calls",
            Self::Database => "database",
        }
    }

    /// The measures that the signal is made of; the first is the one that its strip draws.
    #[must_use]
    pub const fn measures(self) -> &'static [Measure] {
        match self {
            Self::RequestRate => &[Measure::RequestRate],
            Self::ErrorRate => &[Measure::ErrorRate, Measure::RateLimited, Measure::NotFound],
            Self::Latency => &[Measure::LatencyP95, Measure::LatencyP50, Measure::LatencyP99],
            Self::DbPool => &[Measure::PoolUsed, Measure::PoolMax, Measure::PoolWaiting],
            Self::Memory => &[Measure::MemoryUsed, Measure::MemoryLimit],
            Self::Cpu => &[Measure::CpuUsed, Measure::CpuMax],
            Self::Disk => &[Measure::Disk],
            Self::Calls => &[Measure::CallErrors, Measure::CallsLimited],
            Self::Database => &[Measure::DbLatency, Measure::DbLocked],
        }
    }
}

/// One number of a service: one `PromQL` string gives it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Measure {
    /// Requests per second.
    RequestRate,
    /// Failed requests / requests, 0 to 1.
    ErrorRate,
    /// Median time to answer, seconds.
    LatencyP50,
    /// 95th percentile of the time to answer, seconds.
    LatencyP95,
    /// 99th percentile of the time to answer, seconds.
    LatencyP99,
    /// Connections in use.
    PoolUsed,
    /// Connections that may be in use at most.
    PoolMax,
    /// Callers that wait for a connection.
    PoolWaiting,
    /// Bytes in use.
    MemoryUsed,
    /// Bytes that may be in use at most.
    MemoryLimit,
    /// Requests that were answered with "too many requests" / requests, 0 to 1.
    RateLimited,
    /// Requests that were answered with "not found" / requests, 0 to 1.
    NotFound,
    /// Cores in use.
    CpuUsed,
    /// Cores that may be in use at most.
    CpuMax,
    /// Use of the fullest disk, 0 to 1.
    Disk,
    /// When the youngest process of the service began, in Unix seconds. A restart moves it.
    Started,
    /// Calls of the service to others that failed / calls, 0 to 1.
    CallErrors,
    /// Calls of the service to others that were answered with "too many requests" / calls, 0 to 1.
    CallsLimited,
    /// 95th percentile of the time that the database takes, seconds.
    DbLatency,
    /// Sessions of the database that wait for a lock.
    DbLocked,
    /// Counters of requests that began anew within the rate window: where no process tells when it began.
    Resets,
}

impl Measure {
    /// All measures. What was recorded names them by their place here: new ones stand at the end.
    pub const ALL: [Self; 21] = [
        Self::RequestRate,
        Self::ErrorRate,
        Self::LatencyP50,
        Self::LatencyP95,
        Self::LatencyP99,
        Self::PoolUsed,
        Self::PoolMax,
        Self::PoolWaiting,
        Self::MemoryUsed,
        Self::MemoryLimit,
        Self::RateLimited,
        Self::NotFound,
        Self::CpuUsed,
        Self::CpuMax,
        Self::Disk,
        Self::Started,
        Self::CallErrors,
        Self::CallsLimited,
        Self::DbLatency,
        Self::DbLocked,
        Self::Resets,
    ];

    /// The measures of the golden signals: one that a service lacks is worth a word.
    pub const GOLDEN: [Self; 10] = [
        Self::RequestRate,
        Self::ErrorRate,
        Self::LatencyP50,
        Self::LatencyP95,
        Self::LatencyP99,
        Self::PoolUsed,
        Self::PoolMax,
        Self::PoolWaiting,
        Self::MemoryUsed,
        Self::MemoryLimit,
    ];

    /// The name in configuration files, presets and reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::RequestRate => "request_rate",
            Self::ErrorRate => "error_rate",
            Self::LatencyP50 => "latency_p50",
            Self::LatencyP95 => "latency_p95",
            Self::LatencyP99 => "latency_p99",
            Self::PoolUsed => "db_pool_used",
            Self::PoolMax => "db_pool_max",
            Self::PoolWaiting => "db_pool_waiting",
            Self::MemoryUsed => "memory_used",
            Self::MemoryLimit => "memory_limit",
            Self::RateLimited => "rate_limited",
            Self::NotFound => "not_found",
            Self::CpuUsed => "cpu_used",
            Self::CpuMax => "cpu_max",
            Self::Disk => "disk",
            Self::Started => "started",
            Self::CallErrors => "call_errors",
            Self::CallsLimited => "calls_limited",
            Self::DbLatency => "db_latency",
            Self::DbLocked => "db_locked",
            Self::Resets => "resets",
        }
    }

    /// The measure of that name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.key() == key)
    }

    /// The signal that it belongs to.
    #[must_use]
    pub const fn signal(self) -> Signal {
        match self {
            Self::RequestRate => Signal::RequestRate,
            Self::ErrorRate | Self::RateLimited | Self::NotFound => Signal::ErrorRate,
            Self::LatencyP50 | Self::LatencyP95 | Self::LatencyP99 => Signal::Latency,
            Self::PoolUsed | Self::PoolMax | Self::PoolWaiting => Signal::DbPool,
            Self::MemoryUsed | Self::MemoryLimit => Signal::Memory,
            Self::CpuUsed | Self::CpuMax | Self::Started | Self::Resets => Signal::Cpu,
            Self::Disk => Signal::Disk,
            Self::CallErrors | Self::CallsLimited => Signal::Calls,
            Self::DbLatency | Self::DbLocked => Signal::Database,
        }
    }

    /// The base unit in which its values are kept.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::RequestRate => Unit::PerSecond,
            Self::ErrorRate
            | Self::RateLimited
            | Self::NotFound
            | Self::Disk
            | Self::CallErrors
            | Self::CallsLimited => Unit::Ratio,
            Self::LatencyP50 | Self::LatencyP95 | Self::LatencyP99 | Self::DbLatency => Unit::Seconds,
            Self::PoolUsed | Self::PoolMax | Self::PoolWaiting | Self::DbLocked | Self::Resets => Unit::Count,
            Self::MemoryUsed | Self::MemoryLimit => Unit::Bytes,
            Self::CpuUsed | Self::CpuMax => Unit::Cores,
            Self::Started => Unit::Instant,
        }
    }
}

/// Base units. People's units (`45.2 %`, `1.8 GiB`) are made when a value is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Events per second.
    PerSecond,
    /// A share, 0 to 1.
    Ratio,
    /// Seconds.
    Seconds,
    /// Pieces.
    Count,
    /// Bytes.
    Bytes,
    /// Processor cores.
    Cores,
    /// An instant, in Unix seconds.
    Instant,
}

/// A finite number, and whether the truth may be larger.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Number {
    /// The value, in the measure's base unit; always finite.
    pub value: f64,
    /// The value is a lower bound: a quantile in the open last bucket of a histogram is drawn as `> 10 s`.
    pub at_least: bool,
}

impl Number {
    /// An exact number; `None` when `value` is not finite.
    #[must_use]
    pub fn exact(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self { value, at_least: false })
    }
}

/// What an engine answered for one measure at one instant.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// A number that can be stood behind.
    Known(Number),
    /// The query's window is not filled yet; it will be after that time, if scraping goes on.
    WarmingUp(Duration),
    /// Nothing was asked of the service, so that ratios and quantiles have no value (never 0 %).
    NoTraffic,
    /// The query selects nothing, or cannot be evaluated; says why, in one sentence.
    NoData(Arc<str>),
}

impl Answer {
    /// The number, where there is one.
    #[must_use]
    pub const fn number(&self) -> Option<Number> {
        match self {
            Self::Known(number) => Some(*number),
            _ => None,
        }
    }
}

/// The measures of one service at one instant. A measure that is absent is not configured.
#[derive(Clone, PartialEq, Debug)]
pub struct Points {
    /// The instant that the values hold for.
    pub at: At,
    /// The answers.
    pub answers: BTreeMap<Measure, Answer>,
}

/// One measure of a service, taken apart by a label: which instance, which route it is.
#[derive(Clone, PartialEq, Debug)]
pub struct Split {
    /// What is taken apart.
    pub measure: Measure,
    /// The label: `instance`, `http_route`. Clean.
    pub label: Arc<str>,
    /// The instant that the values hold for.
    pub at: At,
    /// The parts, the one with the largest value first; only the first ones where there are many.
    pub parts: Vec<Part>,
    /// How many parts there are.
    pub count: usize,
}

/// One part of a [`Split`].
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// The value of the label. Clean.
    pub name: Arc<str>,
    /// The measure of this part alone, in its base unit.
    pub value: f64,
    /// The requests of this part / all requests, 0 to 1.
    pub share: f64,
}
