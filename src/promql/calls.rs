//! Functions that turn each sample of a vector into another one.

use crate::promql::eval::Frame;
use crate::promql::math;
use crate::promql::plan::Map;
use crate::promql::plan::Node;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::window::seconds;

/// The only value of a vector; not-a-number when it has not exactly one.
pub(super) fn to_scalar(samples: &[Sample<'_>]) -> f64 {
    if let [only] = samples { only.value } else { f64::NAN }
}

/// Applies a function to each value; the names go.
pub(super) fn each<'a>(
    frame: &Frame<'a>,
    samples: Vec<Sample<'a>>,
    function: impl Fn(f64) -> f64,
) -> Result<Vec<Sample<'a>>, EvalError> {
    let mapped = samples.into_iter().map(|sample| {
        let value = function(sample.value);
        sample.derived(value)
    });
    frame.nameless(mapped.collect())
}

/// Applies a function with its bounds (for `round`: what to round to), which are numbers.
pub(super) fn map<'a>(
    frame: &Frame<'a>,
    map: Map,
    argument: &'a Node,
    bounds: &'a [Node],
    now: i64,
) -> Result<Vec<Sample<'a>>, EvalError> {
    let samples = frame.vector(argument, now)?;
    let bound = |index: usize| bounds.get(index).map_or(Ok(1.0), |node| frame.scalar(node, now));
    let (first, second) = (bound(0)?, bound(1)?);
    match map {
        Map::Plain(function) => each(frame, samples, function),
        Map::EvaluationTime => each(frame, samples, |_| seconds(now)),
        Map::Round => each(frame, samples, |value| math::round(value, first)),
        Map::ClampMin => each(frame, samples, |value| math::at_least(value, first)),
        Map::ClampMax => each(frame, samples, |value| math::at_most(value, first)),
        Map::Clamp if second < first => Ok(Vec::new()),
        Map::Clamp => each(frame, samples, |value| math::at_least(math::at_most(value, second), first)),
    }
}
