//! The [`Spread`] of times: a log-normal distribution by its median and 95th percentile, counted into buckets.
//!
//! No request is drawn by lot: each bucket grows by the number of requests times the distribution at its bound.
//! So buckets, count and sum agree by construction, and a second costs the same at any rate.

use super::layout::COUNT;
use super::layout::SUM;

/// No answer takes longer: the proxy in front gives up, in seconds.
pub(super) const PATIENCE: f64 = 60.0;

/// The 95th percentile of a standard normal distribution.
const Z95: f64 = 1.644_85;

/// Times around a median.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Spread {
    /// In seconds.
    pub(super) median: f64,
    /// The standard deviation of the times' natural logarithm.
    pub(super) width: f64,
}

impl Spread {
    /// By median and 95th percentile, which is at least a little above it.
    pub(super) fn new(median: f64, p95: f64) -> Self {
        let median = median.clamp(1e-6, PATIENCE);
        Self { median, width: ((p95 / median).max(1.05).ln() / Z95).min(3.0) }
    }

    /// Nearly all at one time.
    pub(super) fn about(seconds: f64) -> Self {
        Self { median: seconds.clamp(1e-6, PATIENCE), width: 0.08 }
    }

    /// The same, that many times slower.
    pub(super) fn times(self, factor: f64) -> Self {
        Self { median: (self.median * factor).clamp(1e-6, PATIENCE), ..self }
    }

    /// Each of them later by about so much.
    pub(super) fn later(self, seconds: f64) -> Self {
        if seconds.abs() < 1e-9 {
            return self;
        }
        let p95 = self.median * (Z95 * self.width).exp();
        let median = (self.median + seconds).max(0.05 * self.median);
        Self::new(median, (p95 + 1.25 * seconds).max(1.05 * median))
    }

    /// The share that is longer than a time.
    pub(super) fn beyond(self, seconds: f64) -> f64 {
        1.0 - below((seconds.ln() - self.median.ln()) / self.width)
    }

    /// Adds so many events to a histogram.
    pub(super) fn fill(self, cells: &mut [f64], events: f64) {
        if events <= 0.0 {
            return;
        }
        let (middle, width) = (self.median.ln(), self.width);
        for (cell, log_bound) in cells.iter_mut().zip(LOG_BOUNDS) {
            *cell += events * below((log_bound - middle) / width);
        }
        cells[COUNT] += events;
        // The mean of a log-normal distribution that ends at the callers' patience.
        let edge = PATIENCE.ln() - middle;
        let mean = (middle + width * width / 2.0).exp() * below((edge - width * width) / width)
            + PATIENCE * (1.0 - below(edge / width));
        cells[SUM] += events * mean;
    }
}

/// The share of a standard normal distribution below `z`, to within 0.0002, by one exponential.
fn below(z: f64) -> f64 {
    1.0 / (1.0 + (-z * (1.597_6 + 0.070_56 * z * z)).exp())
}

/// The natural logarithms of the bounds.
const LOG_BOUNDS: [f64; COUNT] = [
    -5.298_317_366_548_036,
    -4.605_170_185_988_091,
    -3.688_879_454_113_936,
    -2.995_732_273_553_991,
    -2.590_267_165_445_826,
    -2.302_585_092_994_045,
    -1.386_294_361_119_891,
    -std::f64::consts::LN_2,
    -0.287_682_072_451_781,
    0.0,
    0.916_290_731_874_155,
    1.609_437_912_434_1,
    2.014_903_020_542_265,
    std::f64::consts::LN_10,
    3.401_197_381_662_156,
];

#[cfg(test)]
mod tests {
    use super::super::layout::BOUNDS;
    use super::super::layout::WIDTH;
    use super::*;

    #[test]
    fn the_logarithms_are_those_of_the_bounds() {
        for (bound, log) in BOUNDS.iter().zip(LOG_BOUNDS) {
            assert!((bound.ln() - log).abs() < 1e-12, "{bound}");
        }
    }

    #[test]
    fn a_histogram_has_the_percentiles_that_were_asked_for() {
        let mut cells = [0.0; WIDTH];
        Spread::new(0.1, 1.0).fill(&mut cells, 1_000.0);
        assert!((cells[5] - 500.0).abs() < 1.0, "half are below 100 ms: {}", cells[5]);
        assert!((cells[9] - 950.0).abs() < 2.0, "95 % are below 1 s: {}", cells[9]);
        assert!(cells[..=COUNT].is_sorted());
    }

    #[test]
    fn waiting_moves_all_of_it() {
        let late = Spread::new(0.06, 0.24).later(5.0);
        assert!((late.median - 5.06).abs() < 1e-9);
        assert!(late.beyond(4.0) > 0.9 && late.beyond(12.0) < 0.02, "{late:?}");
        assert_eq!(Spread::new(0.06, 0.24).later(0.0), Spread::new(0.06, 0.24));
        assert!(Spread::about(1e9).median <= PATIENCE);
    }
}
