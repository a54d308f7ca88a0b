//! What is usual, as numbers: the middle, the width of the noise, and the two edges.

use super::memory::Memory;

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
}

/// The usual range.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Band {
    pub(super) middle: f64,
    /// One noise width (a standard deviation, if the noise were normal).
    pub(super) width: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Band {
    pub(super) fn of(memory: &Memory, breadth: Breadth) -> Self {
        let middle = memory.quantile(0.5);
        let width = (1.4826 * memory.spread(middle)).max(breadth.floor * middle.abs()).max(1e-9);
        let reach = |share: f64| (memory.quantile(share) - middle) * breadth.margin;
        Self {
            middle,
            width,
            low: middle - (breadth.widths * width).max(-reach(1.0 - breadth.held)),
            high: middle + (breadth.widths * width).max(reach(breadth.held)),
        }
    }

    /// Noise widths above the middle; below it is negative.
    pub(super) fn z(&self, value: f64) -> f64 {
        (value - self.middle) / self.width
    }
}
