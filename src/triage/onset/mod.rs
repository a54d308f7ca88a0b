//! When trouble began: the onset of one series, of a slow climb, and of an incident seen in many series.
//!
//! A [`Detector`] is fed row by row and needs no training: usual is what the last hours were, trouble is when nearly
//! all of the newest rows are outside of it, on the side that hurts. It does not say how bad that is (rules do), nor why.

mod band;
mod climb;
mod clock;
mod day;
mod detector;
mod episodes;
mod memory;
mod recent;
mod together;
mod tuning;
mod watch;

use std::time::Duration;

pub use climb::Climb;
pub use climb::climb;
pub use clock::RoundClock;
pub use clock::RoundKind;
pub use clock::round_clock;
pub use detector::Detector;
pub use together::Overall;
pub use together::Symptom;
pub use together::together;

use crate::facts::At;

/// The direction in which a signal hurts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Hurts {
    /// Latency, errors, CPU.
    Up,
    /// Success rates, free space.
    Down,
    /// Requests: a surge and a drop.
    Both,
}

/// What a detector must be told about its series.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The expected distance of rows; what really comes is followed.
    pub step: Duration,
    /// The direction that hurts.
    pub hurts: Hurts,
}

/// What is usual for a series, in its own unit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Usual {
    /// Below this is unusual.
    pub low: f64,
    /// The median.
    pub middle: f64,
    /// Above this is unusual.
    pub high: f64,
    /// Remembered rows that say so.
    pub rows: usize,
    /// About when the oldest of them was.
    pub since: At,
}

/// When a series left its usual range on its way over a limit, before the detector is sure that it has.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Left {
    /// The first row of the trouble.
    pub at: At,
    /// How far that may be off, either way.
    pub within: Duration,
    /// How far out the newest row is, in noise widths; negative is below.
    pub z: f64,
}

/// Since when a series is out of its usual range.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Onset {
    /// The first row of the trouble.
    pub at: At,
    /// How far that may be off, either way.
    pub within: Duration,
    /// What was usual when it began; against yesterday: what would be usual now.
    pub usual: Usual,
    /// It went up; else it went down.
    pub above: bool,
    /// Rows outside, of the rows since.
    pub outside: (u32, u32),
    /// How far out the newest row is, in noise widths; negative is below.
    pub z: f64,
    /// It is out only against the same time of yesterday.
    pub daily: bool,
}

#[cfg(test)]
mod tests;
