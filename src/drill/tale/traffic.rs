//! What the simulated process counts in one second: requests by route and status, and how long they took.
//!
//! No request is drawn by lot. A second has a number of requests and a distribution of times; each bucket grows
//! by the number times the distribution at its bound. So buckets, count and sum agree by construction, and a
//! second costs the same at any rate.

use super::story::Route;
use super::story::Story;
use crate::drill::noise::Noise;

/// The finite bounds of the latency histogram, in seconds: those of OpenTelemetry, and 30 s for slow days.
pub(in crate::drill) const BOUNDS: [f64; 15] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0];

/// Where in a series' cells the number of its requests is; the finite buckets come before it.
pub(in crate::drill) const COUNT: usize = BOUNDS.len();
/// Where in a series' cells the sum of its times is.
pub(in crate::drill) const SUM: usize = COUNT + 1;
/// Cells of one series.
pub(in crate::drill) const WIDTH: usize = SUM + 1;

/// No answer takes longer: the proxy in front gives up, in seconds.
const PATIENCE: f64 = 60.0;

/// How the requests of a series ended.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::drill) enum Ending {
    /// With what was asked for.
    Good,
    /// The caller asked for something wrong.
    Refused,
    /// The service failed.
    Failed,
}

/// One series of the request histogram.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::drill) struct Series {
    pub(in crate::drill) route: Route,
    pub(in crate::drill) code: u16,
    pub(in crate::drill) ending: Ending,
}

/// The series that a story's routes can produce.
pub(in crate::drill) fn series(story: &Story) -> Vec<Series> {
    let mut all = Vec::new();
    for route in &story.routes {
        all.push(Series { route: route.clone(), code: 200, ending: Ending::Good });
        if let Some((code, _)) = route.refusals {
            all.push(Series { route: route.clone(), code, ending: Ending::Refused });
        }
        if route.fragility > 0.0 {
            all.push(Series { route: route.clone(), code: 500, ending: Ending::Failed });
        }
    }
    all
}

/// What drives a second: the story's curves with waves and noise on them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::drill) struct Drive {
    /// Requests per second.
    pub(in crate::drill) rate: f64,
    /// The share that fails, 0 to 1.
    pub(in crate::drill) errors: f64,
    /// The median time in seconds.
    pub(in crate::drill) median: f64,
    /// The standard deviation of the times' logarithm.
    pub(in crate::drill) spread: f64,
    /// The median time without any trouble, in seconds.
    pub(in crate::drill) calm: f64,
}

/// The channels of the noise; the series' own ones come after [`SERIES_NOISE`].
const RATE_NOISE: u64 = 1;
const ERROR_NOISE: u64 = 2;
const TIME_NOISE: u64 = 3;
const SERIES_NOISE: u64 = 100;

impl Drive {
    /// What drives the given second after T.
    pub(in crate::drill) fn of(story: &Story, noise: Noise, second: i64) -> Self {
        let s = second as f64;
        // The day's wave is rising through its mean at T; the shorter swell is what an hour shows.
        let turn = |period: f64| (s / period * std::f64::consts::TAU).sin();
        let wave = 1.0 + 0.10 * turn(86_400.0) + 0.025 * turn(1_380.0) + 0.02 * noise.wander(RATE_NOISE, s, 25.0);
        let errors = story.errors.at(s);
        // Few errors come and go, many are steady.
        let unrest = 0.25 * errors * (1.0 - errors).powi(4) * noise.wander(ERROR_NOISE, s, 45.0);
        let haste = 0.03 * noise.wander(TIME_NOISE, s, 20.0) + 0.015 * noise.bell(TIME_NOISE + 10, second);
        Self {
            rate: story.rate.at(s) * wave,
            errors: errors + unrest,
            median: story.median.at(s) * (1.0 + haste),
            spread: story.spread.at(s),
            calm: story.median.at(f64::MIN),
        }
    }
}

/// Writes what the given second adds to each cell of each series into `cells` (`WIDTH` per series).
pub(in crate::drill) fn count(series: &[Series], drive: &Drive, noise: Noise, second: i64, cells: &mut [f64]) {
    // Fragile routes fail more, others less, and all together by the share of the story.
    let fragile: f64 =
        series.iter().filter(|s| s.ending == Ending::Good).map(|s| s.route.weight * s.route.fragility).sum();
    let failing = if fragile > 0.0 { drive.errors / fragile } else { 0.0 };
    for (index, (series, cells)) in series.iter().zip(cells.chunks_exact_mut(WIDTH)).enumerate() {
        let route = &series.route;
        let failed = (failing * route.fragility).min(1.0);
        let refused = route.refusals.map_or(0.0, |(_, share)| share);
        let (share, slowness) = match series.ending {
            Ending::Good => ((1.0 - failed) * (1.0 - refused), 1.0),
            Ending::Refused => ((1.0 - failed) * refused, 0.6),
            Ending::Failed => (failed, 1.15),
        };
        let expected = drive.rate * route.weight * share;
        // Arrivals scatter by the root of their number, as those of independent callers do; rare ones by less, so
        // that none has to be cut off at zero, which would raise their mean.
        let scatter = expected.sqrt().min(expected / 3.0) * noise.bell(SERIES_NOISE + index as u64, second);
        let requests = expected + scatter;
        // A route without the database does not notice what happens to it.
        let (median, spread) = if route.fragility > 0.0 { (drive.median, drive.spread) } else { (drive.calm, 0.4) };
        fill(cells, requests, (median * route.slowness * slowness).ln(), spread);
    }
}

fn fill(cells: &mut [f64], requests: f64, middle: f64, spread: f64) {
    for (cell, log_bound) in cells.iter_mut().zip(LOG_BOUNDS) {
        *cell = requests * below((log_bound - middle) / spread);
    }
    cells[COUNT] = requests;
    // The mean of a log-normal distribution that ends at the callers' patience.
    let edge = PATIENCE.ln() - middle;
    let mean = (middle + spread * spread / 2.0).exp() * below((edge - spread * spread) / spread)
        + PATIENCE * (1.0 - below(edge / spread));
    cells[SUM] = requests * mean;
}

/// The share of a standard normal distribution below `z`, to within 0.0002, by one exponential.
fn below(z: f64) -> f64 {
    1.0 / (1.0 + (-z * (1.597_6 + 0.070_56 * z * z)).exp())
}

/// The natural logarithms of [`BOUNDS`].
const LOG_BOUNDS: [f64; 15] = [
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
    use super::*;

    #[test]
    fn the_logarithms_are_those_of_the_bounds() {
        for (bound, log) in BOUNDS.iter().zip(LOG_BOUNDS) {
            assert!((bound.ln() - log).abs() < 1e-12, "{bound}");
        }
    }

    #[test]
    fn the_distribution_is_nearly_normal() {
        for (z, share) in [(-2.326_35, 0.01), (-1.0, 0.158_66), (0.0, 0.5), (1.644_85, 0.95), (2.326_35, 0.99)] {
            assert!((below(z) - share).abs() < 2e-4, "{z}: {}", below(z));
        }
    }

    #[test]
    fn a_second_agrees_with_itself() {
        let story = Story::connection_leak();
        let all = series(&story);
        let noise = Noise::new(5);
        let mut cells = vec![0.0; all.len() * WIDTH];
        for second in [-3_000, -1, 0, 280, 330, 900] {
            let drive = Drive::of(&story, noise, second);
            count(&all, &drive, noise, second, &mut cells);
            let requests: f64 = cells.chunks(WIDTH).map(|c| c[COUNT]).sum();
            assert!((requests - drive.rate).abs() < 0.2 * drive.rate, "{second}: {requests} of {}", drive.rate);
            for (series, cells) in all.iter().zip(cells.chunks(WIDTH)) {
                assert!(cells[..=COUNT].is_sorted(), "{second} {series:?}: {cells:?}");
                // The sum lies between what the buckets allow.
                let mut least = 0.0;
                let mut before = 0.0;
                for (bound, cell) in std::iter::once(&0.0).chain(&BOUNDS).zip(&cells[..=COUNT]) {
                    least += (cell - before) * bound;
                    before = *cell;
                }
                assert!(cells[SUM] >= least * 0.99, "{second} {series:?}: {} < {least}", cells[SUM]);
                assert!(cells[SUM] <= cells[COUNT] * PATIENCE + 1e-9);
            }
        }
    }

    #[test]
    fn the_weights_of_the_routes_sum_up_to_one() {
        let sum: f64 = Story::connection_leak().routes.iter().map(|route| route.weight).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }
}
