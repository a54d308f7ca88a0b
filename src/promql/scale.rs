//! How a query's value depends on how much of its windows is filled.
//!
//! While a target's history is shorter than a window, a rate over it reads too low by one factor, the same for all
//! its series. What that factor cancels out of (a ratio, a quantile of buckets) is right from the second scrape on.

use crate::promql::plan::Aggregation;
use crate::promql::plan::Binary;
use crate::promql::plan::Keep;
use crate::promql::plan::Map;
use crate::promql::plan::Node;
use crate::promql::plan::Operator;
use crate::promql::plan::RangeFunction;
use crate::promql::plan::Window;

/// What the factor of an unfilled window does to a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scale {
    /// The value is zero, which every factor leaves alone.
    Zero,
    /// Nothing.
    Free,
    /// It multiplies the value: the factor of a window of that range and offset, in milliseconds.
    Linear(i64, i64),
    /// Anything.
    Unknown,
}

/// The scale of a part of a query.
pub(super) fn scale(node: &Node) -> Scale {
    match node {
        Node::Number(0.0) => Scale::Zero,
        Node::Number(_) | Node::Text(_) | Node::Select(_) | Node::SampleTimes(_) | Node::Time | Node::Absent { .. } => {
            Scale::Free
        }
        Node::Negate(inner) | Node::ToScalar(inner) | Node::ToVector(inner) => scale(inner),
        Node::Order { argument, .. } => scale(argument),
        Node::Relabel(relabel) => scale(&relabel.argument),
        Node::OverTime(call) => over_time(call.function, &call.window),
        Node::Aggregate(aggregate) => aggregated(&aggregate.operator, scale(&aggregate.argument)),
        Node::Arithmetic(binary) => arithmetic(binary),
        Node::Set { keep: Keep::Or, left, right, .. } => same(scale(left), scale(right)),
        Node::Set { left, .. } => scale(left),
        Node::Map { map, argument, .. } => match (scale(argument), map) {
            (Scale::Free | Scale::Zero, _) | (_, Map::EvaluationTime) => Scale::Free,
            _ => Scale::Unknown,
        },
        Node::Histogram(histogram) => match scale(histogram.buckets()) {
            Scale::Unknown => Scale::Unknown,
            _ => Scale::Free,
        },
    }
}

fn over_time(function: RangeFunction, window: &Window) -> Scale {
    let Window::Select { selector, range_ms } = window else { return Scale::Unknown };
    match function {
        RangeFunction::Rate | RangeFunction::Increase | RangeFunction::Delta => {
            Scale::Linear(*range_ms, selector.shift.offset_ms)
        }
        RangeFunction::InstantRate
        | RangeFunction::InstantDelta
        | RangeFunction::Derivative
        | RangeFunction::Last
        | RangeFunction::Present => Scale::Free,
        _ => Scale::Unknown,
    }
}

fn aggregated(operator: &Aggregation, argument: Scale) -> Scale {
    match operator {
        Aggregation::Count | Aggregation::Group => Scale::Free,
        Aggregation::Variance | Aggregation::CountValues(_) if matches!(argument, Scale::Linear(..)) => Scale::Unknown,
        _ => argument,
    }
}

fn arithmetic(binary: &Binary) -> Scale {
    let (left, right) = (scale(&binary.left), scale(&binary.right));
    match binary.operator {
        Operator::Add | Operator::Subtract => same(left, right),
        Operator::Multiply => match (left, right) {
            (Scale::Zero, _) | (_, Scale::Zero) => Scale::Zero,
            (Scale::Free, other) | (other, Scale::Free) => other,
            _ => Scale::Unknown,
        },
        Operator::Divide => match (left, right) {
            (left, Scale::Free | Scale::Zero) => left,
            (Scale::Zero, _) => Scale::Free,
            (left, right) if left == right && left != Scale::Unknown => Scale::Free,
            _ => Scale::Unknown,
        },
        _ if binary.operator.is_comparison() => match same(left, right) {
            Scale::Unknown => Scale::Unknown,
            _ if binary.to_bool => Scale::Free,
            _ => left,
        },
        _ => match same(left, right) {
            Scale::Linear(..) | Scale::Unknown => Scale::Unknown,
            free => free,
        },
    }
}

/// The scale of a sum, or of one or the other.
fn same(left: Scale, right: Scale) -> Scale {
    match (left, right) {
        (Scale::Zero, other) | (other, Scale::Zero) => other,
        (left, right) if left == right => left,
        _ => Scale::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::compile::compile;

    #[test]
    fn what_is_right_before_its_window_is_filled() {
        for (query, free) in [
            ("sum(rate(e[5m])) / sum(rate(r[5m]))", true),
            ("100 * (sum(rate(e[5m])) or vector(0)) / sum(rate(r[5m]))", true),
            ("1 - sum(rate(e[5m])) / sum(rate(r[5m]))", true),
            ("histogram_quantile(0.99, sum by (le) (rate(b[5m])))", true),
            ("sum(irate(r[5m]))", true),
            ("sum(up)", true),
            ("count(rate(r[5m]) > 0)", true),
            ("sum(rate(e[5m])) / sum(rate(r[1m]))", false),
            ("sum(rate(e[5m])) / sum(rate(r[5m] offset 1h))", false),
            ("sum(rate(e[5m])) * sum(rate(r[5m]))", false),
            ("sum(rate(r[5m]))", false),
            ("1 / sum(rate(r[5m]))", false),
            ("max_over_time(x[5m])", false),
            ("max_over_time(x[5m]) / max_over_time(y[5m])", false),
            ("sum(rate(r[5m])) > 5", false),
        ] {
            let scale = scale(&compile(query).unwrap());
            assert_eq!(matches!(scale, Scale::Free | Scale::Zero), free, "{query}: {scale:?}");
        }
    }
}
