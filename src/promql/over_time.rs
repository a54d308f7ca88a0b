//! Functions of a range: one number from the samples of one series in a window.

use crate::promql::compensated::Mean;
use crate::promql::compensated::Spread;
use crate::promql::compensated::Sum;
use crate::promql::counters;
use crate::promql::counters::Slope;
use crate::promql::plan::RangeFunction;
use crate::promql::quantile::quantile;
use crate::promql::regression;
use crate::promql::window::Window;

/// Applies a function to a window that is not empty; `None` where it has no value. `parameter` is the quantile, or
/// the seconds to predict.
pub(super) fn apply(function: RangeFunction, window: Window<'_>, parameter: f64) -> Option<f64> {
    let values = window.values;
    Some(match function {
        RangeFunction::Rate => return counters::extrapolated(window, Slope::Rate),
        RangeFunction::Increase => return counters::extrapolated(window, Slope::Increase),
        RangeFunction::Delta => return counters::extrapolated(window, Slope::Delta),
        RangeFunction::InstantRate => return counters::latest(window, true),
        RangeFunction::InstantDelta => return counters::latest(window, false),
        RangeFunction::Derivative => return regression::derivative(window),
        RangeFunction::PredictLinear => return regression::predict(window, parameter),
        RangeFunction::Changes => counters::changes(values),
        RangeFunction::Resets => counters::resets(values),
        RangeFunction::Average => average(values),
        RangeFunction::Minimum => values.iter().copied().reduce(smaller)?,
        RangeFunction::Maximum => values.iter().copied().reduce(larger)?,
        RangeFunction::Sum => sum(values),
        RangeFunction::Count => values.len() as f64,
        RangeFunction::Quantile => quantile(parameter, &mut values.to_vec()),
        RangeFunction::Deviation => variance(values).sqrt(),
        RangeFunction::Variance => variance(values),
        RangeFunction::Last => *values.last()?,
        RangeFunction::First => *values.first()?,
        RangeFunction::Present => 1.0,
    })
}

/// The smaller of two numbers; not-a-number only where both are.
pub(super) fn smaller(one: f64, other: f64) -> f64 {
    if one.is_nan() || one > other { other } else { one }
}

/// The larger of two numbers; not-a-number only where both are.
pub(super) fn larger(one: f64, other: f64) -> f64 {
    if one.is_nan() || one < other { other } else { one }
}

fn average(values: &[f64]) -> f64 {
    let mut mean = Mean::default();
    for value in values {
        mean.add(*value);
    }
    mean.mean()
}

fn sum(values: &[f64]) -> f64 {
    let mut sum = Sum::default();
    for value in values {
        sum.add(*value);
    }
    sum.total()
}

fn variance(values: &[f64]) -> f64 {
    let mut spread = Spread::default();
    for value in values {
        spread.add(*value);
    }
    spread.variance()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(function: RangeFunction, values: &[f64]) -> Option<f64> {
        let times: Vec<i64> = (1..).map(|index| index * 1_000).take(values.len()).collect();
        apply(function, Window { times: &times, values, from: 0, to: 10_000, now: 10_000 }, 0.5)
    }

    #[test]
    fn functions_of_a_window() {
        let nan = f64::NAN;
        for (function, values, expected) in [
            (RangeFunction::Minimum, &[nan, 3.0, 1.0][..], 1.0),
            (RangeFunction::Maximum, &[nan, 3.0, nan], 3.0),
            (RangeFunction::Sum, &[1.0, 2.0, 3.0], 6.0),
            (RangeFunction::Average, &[1.0, 2.0, 3.0], 2.0),
            (RangeFunction::Count, &[1.0, nan], 2.0),
            (RangeFunction::Quantile, &[1.0, 2.0, 4.0], 2.0),
            (RangeFunction::Deviation, &[1.0, 3.0], 1.0),
            (RangeFunction::Variance, &[1.0, 5.0], 4.0),
            (RangeFunction::Last, &[1.0, 5.0], 5.0),
            (RangeFunction::First, &[1.0, 5.0], 1.0),
            (RangeFunction::Present, &[nan], 1.0),
        ] {
            assert_eq!(over(function, values), Some(expected), "{function:?}");
        }
        assert!(over(RangeFunction::Minimum, &[nan, nan]).is_some_and(f64::is_nan));
        assert_eq!(over(RangeFunction::Rate, &[1.0]), None);
    }
}
