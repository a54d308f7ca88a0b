//! What an engine says beside its numbers: which preset, which queries, how each of its targets did.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Change;
use crate::facts::Fault;
use crate::facts::Measure;
use crate::facts::Points;
use crate::facts::Split;

/// The answer of the engine of one service: points, and where they come from.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Batch {
    /// One entry per evaluated instant, oldest first. More than one when history is filled in.
    pub points: Vec<Points>,
    /// Measures taken apart, while that is worth it; those of the newest instant.
    pub splits: Vec<Split>,
    /// Changes that the metrics themselves show (a new value of a version label); all that are known, each time.
    pub changes: Vec<Change>,
    /// Where the points come from. Shared, since it seldom changes.
    pub about: Arc<EngineReport>,
}

/// Where the numbers of a service come from; everything that `Enter` on a strip shows.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct EngineReport {
    /// The engine and its window in a few words: `embedded, rate window 30s`.
    pub engine: String,
    /// The presets that were chosen, each with the reason.
    pub presets: Vec<PresetReport>,
    /// What has to be said beside the numbers: what they mean, what is not exported. Clean.
    pub notes: Vec<String>,
    /// The query of each measure, as it was evaluated.
    pub queries: BTreeMap<Measure, String>,
    /// The endpoints that are read.
    pub targets: Vec<TargetReport>,
    /// Series kept, of the most that may be kept; nothing of nothing where another program keeps them.
    pub series: (usize, usize),
    /// How far the newest point that the engine can have lies behind the clock: zero for one that scrapes itself.
    pub lag: Duration,
}

/// A preset and why it was chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PresetReport {
    /// Its title: `OpenTelemetry HTTP server`.
    pub title: String,
    /// Why: `http_server_request_duration_seconds_count is there`, or `chosen in the configuration`.
    pub why: String,
}

/// How the last scrape of one target went.
#[derive(Clone, PartialEq, Debug)]
pub struct TargetReport {
    /// Its address, without secrets.
    pub address: String,
    /// What was read, or why nothing was.
    pub outcome: Result<ScrapeReport, Fault>,
    /// From asking to the complete answer.
    pub took: Duration,
}

/// What one scrape read.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ScrapeReport {
    /// Bytes of the body, unpacked.
    pub bytes: usize,
    /// Samples in the body.
    pub samples: usize,
    /// Lines that were not understood and are not counted anywhere.
    pub skipped: usize,
    /// The first of them with its line number and the reason; clean; empty when none was skipped.
    pub skipped_example: String,
    /// Something is odd although the body could be read (`no Content-Type`); empty when all is well.
    pub remark: String,
}
