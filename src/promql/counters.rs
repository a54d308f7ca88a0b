//! Counters: `rate`, `increase`, `irate`, `changes`, `resets`; and the same arithmetic on gauges: `delta`, `idelta`.
//!
//! A counter that falls has been reset to zero in between. What lies between the samples and the edges of the window
//! is extrapolated as Prometheus does it: never further than half an interval into the unknown, and never to before
//! the counter was zero.

use crate::promql::span::Span;
use crate::promql::window::Window;
use crate::promql::window::seconds;

/// What the increase over a window is divided by, and whether it can fall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Slope {
    Rate,
    Increase,
    Delta,
}

/// What the ends of a window make of an increase: all that does not depend on the values. Series of one target mostly
/// have their samples at the same times, so that what was found for one holds for the next.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Edges {
    first: i64,
    last: i64,
    count: usize,
    /// From the first to the last sample, in seconds.
    sampled: f64,
    /// How far is extrapolated to both sides, in seconds.
    before: f64,
    after: f64,
    /// What the increase is multiplied with, if the counter was not zero shortly before.
    factor: f64,
}

impl Edges {
    fn of(span: &Span, (from, to): (i64, i64), slope: Slope) -> Self {
        let sampled = seconds(span.last.0 - span.first.0);
        let interval = sampled / (span.count - 1) as f64;
        let reach = |gap: f64| if gap >= interval * 1.1 { interval / 2.0 } else { gap };
        let before = reach(seconds(span.first.0 - from));
        let after = reach(seconds(to - span.last.0));
        let edges =
            Self { first: span.first.0, last: span.last.0, count: span.count, sampled, before, after, factor: 0.0 };
        Self { factor: edges.factor(before, (from, to), slope), ..edges }
    }

    fn factor(&self, before: f64, (from, to): (i64, i64), slope: Slope) -> f64 {
        let factor = (self.sampled + before + self.after) / self.sampled;
        if slope == Slope::Rate { factor / seconds(to - from) } else { factor }
    }

    /// The increase over a whole window, per second for a rate. What is remembered of the last call must be of the
    /// same window and slope.
    pub(super) fn extrapolated(&mut self, span: &Span, bounds: (i64, i64), slope: Slope) -> f64 {
        if (self.first, self.last, self.count) != (span.first.0, span.last.0, span.count) {
            *self = Self::of(span, bounds, slope);
        }
        let first = span.first.1;
        let increase = if slope == Slope::Delta { span.last.1 - first } else { span.increase };
        // A counter that has at least twice its increase was not zero within the window, and needs no division.
        let was_zero = slope != Slope::Delta && increase > 0.0 && first >= 0.0 && first < increase * 2.0;
        if was_zero {
            let before = self.before.min(self.sampled * (first / increase));
            return increase * self.factor(before, bounds, slope);
        }
        increase * self.factor
    }
}

/// The increase over the whole window, per second for a rate; `None` with fewer than two samples.
pub(super) fn extrapolated(window: Window<'_>, slope: Slope) -> Option<f64> {
    let span = Span::of(window.times, window.values)?;
    Some(Edges::default().extrapolated(&span, (window.from, window.to), slope))
}

/// The difference of the last two samples of a window; `None` when there are fewer.
pub(super) fn latest(window: Window<'_>, is_rate: bool) -> Option<f64> {
    let [.., previous, last] = window.values else { return None };
    let [.., previous_time, last_time] = window.times else { return None };
    instant([(*previous_time, *previous), (*last_time, *last)], is_rate)
}

/// The difference of two samples; per second, and with a reset taken into account, for `irate`.
pub(super) fn instant([(previous_time, previous), (last_time, last)]: [(i64, f64); 2], is_rate: bool) -> Option<f64> {
    if !is_rate {
        return Some(last - previous);
    }
    let increase = if last < previous { last } else { last - previous };
    (last_time > previous_time).then(|| increase / seconds(last_time - previous_time))
}

/// How often the value changed; from not-a-number to not-a-number is no change.
pub(super) fn changes(values: &[f64]) -> f64 {
    let changed = |pair: &&[f64]| pair[0] != pair[1] && !(pair[0].is_nan() && pair[1].is_nan());
    values.windows(2).filter(changed).count() as f64
}

/// How often the value fell.
pub(super) fn resets(values: &[f64]) -> f64 {
    values.windows(2).filter(|pair| pair[1] < pair[0]).count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn window<'w>(times: &'w [i64], values: &'w [f64], from: i64, to: i64) -> Window<'w> {
        Window { times, values, from, to, now: to }
    }

    #[test]
    fn a_window_just_wider_than_two_samples_gives_the_true_rate() {
        let rate = extrapolated(window(&[1_000, 2_000], &[5_000.0, 5_100.0], 900, 2_000), Slope::Rate).unwrap();
        assert!((rate - 100.0).abs() < 1e-9, "{rate}");
    }

    #[test]
    fn a_window_wider_than_the_history_gives_too_little() {
        let rate = extrapolated(window(&[0, 5_000], &[5_000.0, 5_500.0], -25_000, 5_000), Slope::Rate).unwrap();
        assert!((rate - 25.0).abs() < 1e-9, "{rate}");
    }

    #[test]
    fn a_reset_counts_from_zero_and_one_sample_is_not_enough() {
        let values = [0.0, 1.0, 2.0, 3.0, 2.0, 3.0, 4.0];
        let times = [0, 1, 2, 3, 4, 5, 6].map(|minute| minute * 60_000);
        assert_eq!(extrapolated(window(&times, &values, 0, 360_000), Slope::Increase), Some(7.0));
        assert_eq!(extrapolated(window(&[0], &[1.0], -1, 0), Slope::Rate), None);
        assert_eq!(latest(window(&[0, 1_000], &[10.0, 4.0], -1, 1_000), true), Some(4.0));
        assert_eq!(latest(window(&[0, 1_000], &[10.0, 4.0], -1, 1_000), false), Some(-6.0));
        assert_eq!((changes(&[1.0, 1.0, 2.0, f64::NAN, f64::NAN]), resets(&[3.0, 1.0, 2.0, 0.0])), (2.0, 2.0));
        assert_eq!(changes(&[0.0, -0.0]), 0.0);
    }

    proptest! {
        #[test]
        fn a_rate_is_never_negative(values in prop::collection::vec(0.0..1e12_f64, 2..50), from in -100_000_i64..0) {
            let times: Vec<i64> = (0..).map(|index| index * 5_000).take(values.len()).collect();
            let to = times[times.len() - 1] + 1_234;
            prop_assert!(extrapolated(window(&times, &values, from, to), Slope::Rate).unwrap() >= 0.0);
            prop_assert!(latest(window(&times, &values, from, to), true).unwrap() >= 0.0);
        }
    }
}
