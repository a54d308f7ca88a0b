//! What is usual, as numbers: the middle, the width of the noise, and the two edges.

use super::memory::Memory;
use super::tuning;

/// How wide usual is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breadth {
    /// Noise widths on each side.
    pub(super) widths: f64,
    /// The share of remembered rows that is inside all the same.
    pub(super) held: f64,
    /// How far beyond that share, as a factor of the distance.
    pub(super) margin: f64,
    /// The least noise width, as a share of the middle.
    pub(super) floor: f64,
    /// What is never negative falls by factors rather than by widths.
    pub(super) factors: bool,
}

/// The usual range.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Band {
    pub(super) middle: f64,
    /// One noise width (a standard deviation, if the noise were normal).
    pub(super) width: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// What cannot be negative falls by factors: a noisy signal that goes to nothing is out of its range.
    by_factors: bool,
}

impl Band {
    pub(super) fn of(memory: &Memory, breadth: Breadth) -> Self {
        let middle = memory.quantile(0.5);
        // The spread of a normal noise is 1.4826 times its median distance.
        let width = (1.4826 * memory.spread(middle)).max(breadth.floor * middle.abs()).max(1e-9);
        Self::around(middle, width, memory, breadth)
    }

    /// Another range about the same middle, of the same noise.
    pub(super) fn other(&self, memory: &Memory, breadth: Breadth) -> Self {
        Self::around(self.middle, self.width, memory, breadth)
    }

    fn around(middle: f64, width: f64, memory: &Memory, breadth: Breadth) -> Self {
        // One short trouble among few rows must not decide what is usual.
        let held = breadth.held.min(1.0 - tuning::SHORT / memory.len().max(1) as f64).max(0.5);
        let up = (breadth.widths * width).max((memory.quantile(held) - middle) * breadth.margin);
        let mut band = Self { middle, width, low: 0.0, high: middle + up, by_factors: false };
        band.by_factors = breadth.factors && middle > 0.0 && memory.quantile(0.0) >= 0.0;
        let down = breadth.widths.max(-band.z(memory.quantile(1.0 - held)) * breadth.margin) * width;
        band.low = if band.by_factors { middle * (-down / middle).exp() } else { middle - down };
        band
    }

    /// Noise widths above the middle; below it is negative.
    pub(super) fn z(&self, value: f64) -> f64 {
        if self.by_factors && value < self.middle {
            return (value / self.middle).max(tuning::NOTHING).ln() * self.middle / self.width;
        }
        (value - self.middle) / self.width
    }
}
