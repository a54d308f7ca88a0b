//! The lengths of time in a checked query: ranges, steps and offsets, to be changed without reading it again.

use crate::promql::plan::Aggregation;
use crate::promql::plan::Histogram;
use crate::promql::plan::Node;
use crate::promql::plan::Presence;
use crate::promql::plan::Shift;
use crate::promql::plan::Window;

/// Puts one length, in milliseconds, where another one stands; says in how many places it stood.
pub(super) fn replace(node: &mut Node, from: i64, to: i64) -> usize {
    let mut count = 0;
    walk(node, &mut |length| {
        if length.saturating_abs() == from {
            *length = to * length.signum();
            count += 1;
        }
    });
    count
}

fn walk(node: &mut Node, visit: &mut dyn FnMut(&mut i64)) {
    match node {
        Node::Number(_) | Node::Text(_) | Node::Time => {}
        Node::Select(selector) | Node::SampleTimes(selector) => shift(&mut selector.shift, visit),
        Node::Negate(inner) | Node::ToScalar(inner) | Node::ToVector(inner) => walk(inner, visit),
        Node::Order { argument, .. } => walk(argument, visit),
        Node::Relabel(relabel) => walk(&mut relabel.argument, visit),
        Node::Map { argument, bounds, .. } => {
            walk(argument, visit);
            for bound in bounds {
                walk(bound, visit);
            }
        }
        Node::Arithmetic(binary) => {
            walk(&mut binary.left, visit);
            walk(&mut binary.right, visit);
        }
        Node::Set { left, right, .. } => {
            walk(left, visit);
            walk(right, visit);
        }
        Node::Aggregate(aggregate) => {
            if let Aggregation::Quantile(node) | Aggregation::Top(node) | Aggregation::Bottom(node) =
                &mut aggregate.operator
            {
                walk(node, visit);
            }
            walk(&mut aggregate.argument, visit);
        }
        Node::OverTime(call) => {
            call.parameter.iter_mut().for_each(|node| walk(node, visit));
            window(&mut call.window, visit);
        }
        Node::Absent { argument, .. } => match &mut **argument {
            Presence::Now(node) => walk(node, visit),
            Presence::Within(within) => window(within, visit),
        },
        Node::Histogram(histogram) => match &mut **histogram {
            Histogram::Quantile { quantile, buckets } => {
                walk(quantile, visit);
                walk(buckets, visit);
            }
            Histogram::Fraction { lower, upper, buckets } => {
                walk(lower, visit);
                walk(upper, visit);
                walk(buckets, visit);
            }
        },
    }
}

fn window(window: &mut Window, visit: &mut dyn FnMut(&mut i64)) {
    match window {
        Window::Select { selector, range_ms } => {
            visit(range_ms);
            shift(&mut selector.shift, visit);
        }
        Window::Subquery(subquery) => {
            visit(&mut subquery.range_ms);
            subquery.step_ms.iter_mut().for_each(&mut *visit);
            shift(&mut subquery.shift, visit);
            walk(&mut subquery.node, visit);
        }
    }
}

fn shift(shift: &mut Shift, visit: &mut dyn FnMut(&mut i64)) {
    visit(&mut shift.offset_ms);
}
