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
}

impl Signal {
    /// All signals, in the order in which they are drawn.
    pub const ALL: [Self; 5] = [Self::RequestRate, Self::ErrorRate, Self::Latency, Self::DbPool, Self::Memory];

    /// The name on the screen.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::RequestRate => "Request rate",
            Self::ErrorRate => "Error rate",
            Self::Latency => "Latency",
            Self::DbPool => "DB pool",
            Self::Memory => "Memory",
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
        }
    }

    /// The measures that the signal is made of; the first is the one that its strip draws.
    #[must_use]
    pub const fn measures(self) -> &'static [Measure] {
        match self {
            Self::RequestRate => &[Measure::RequestRate],
            Self::ErrorRate => &[Measure::ErrorRate],
            Self::Latency => &[Measure::LatencyP95, Measure::LatencyP50, Measure::LatencyP99],
            Self::DbPool => &[Measure::PoolUsed, Measure::PoolMax, Measure::PoolWaiting],
            Self::Memory => &[Measure::MemoryUsed, Measure::MemoryLimit],
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
}

impl Measure {
    /// All measures, by signal.
    pub const ALL: [Self; 10] = [
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
            Self::ErrorRate => Signal::ErrorRate,
            Self::LatencyP50 | Self::LatencyP95 | Self::LatencyP99 => Signal::Latency,
            Self::PoolUsed | Self::PoolMax | Self::PoolWaiting => Signal::DbPool,
            Self::MemoryUsed | Self::MemoryLimit => Signal::Memory,
        }
    }

    /// The base unit in which its values are kept.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::RequestRate => Unit::PerSecond,
            Self::ErrorRate => Unit::Ratio,
            Self::LatencyP50 | Self::LatencyP95 | Self::LatencyP99 => Unit::Seconds,
            Self::PoolUsed | Self::PoolMax | Self::PoolWaiting => Unit::Count,
            Self::MemoryUsed | Self::MemoryLimit => Unit::Bytes,
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
