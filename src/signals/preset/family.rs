//! [`Family`]: what presets are alternatives of each other for.

use serde::Deserialize;

use crate::facts::Measure;

/// Which numbers a preset gives. A service has at most one preset of each family.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Request rate, error rate, latency.
    Requests,
    /// Memory used and its limit.
    Memory,
    /// Database connections used, their maximum, and who waits.
    Pool,
    /// Cores used and their maximum.
    Cpu,
    /// The fullest disk.
    Disk,
    /// When the process began.
    Start,
    /// Calls of others that fail.
    Calls,
    /// How the database answers.
    Database,
    /// Who waits for a lock there. The server tells it, and a client's histograms tell the rest: both are read.
    Locks,
}

impl Family {
    /// All families, in the order in which they are chosen and reported.
    pub const ALL: [Self; 9] = [
        Self::Requests,
        Self::Memory,
        Self::Pool,
        Self::Cpu,
        Self::Disk,
        Self::Start,
        Self::Calls,
        Self::Database,
        Self::Locks,
    ];

    /// What its metrics are called in a sentence.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requests => "request",
            Self::Memory => "memory",
            Self::Pool => "connection pool",
            Self::Cpu => "CPU",
            Self::Disk => "disk",
            Self::Start => "start time",
            Self::Calls => "outgoing call",
            Self::Database => "database",
            Self::Locks => "database lock",
        }
    }

    /// Whether it is looked at where it is there, and nobody misses it where it is not.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        !matches!(self, Self::Requests | Self::Memory | Self::Pool)
    }

    /// The family that a measure belongs to.
    #[must_use]
    pub const fn of(measure: Measure) -> Self {
        match measure {
            Measure::RequestRate
            | Measure::ErrorRate
            | Measure::RateLimited
            | Measure::NotFound
            | Measure::LatencyP50
            | Measure::LatencyP95
            | Measure::LatencyP99 => Self::Requests,
            Measure::MemoryUsed | Measure::MemoryLimit => Self::Memory,
            Measure::PoolUsed | Measure::PoolMax | Measure::PoolWaiting => Self::Pool,
            Measure::CpuUsed | Measure::CpuMax => Self::Cpu,
            Measure::Disk => Self::Disk,
            Measure::Started | Measure::Resets => Self::Start,
            Measure::CallErrors | Measure::CallsLimited => Self::Calls,
            Measure::DbLatency => Self::Database,
            Measure::DbLocked => Self::Locks,
        }
    }
}
