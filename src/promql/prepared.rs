//! Parts of a query that are computed for many instants at once, before the walk comes to each of them.
//!
//! These are the leaves, aggregations of leaves, and the steps of subqueries. The walk finds here what it asks for;
//! what it does not find it computes itself.

use std::sync::Arc;

use crate::promql::eval::Frame;
use crate::promql::fused;
use crate::promql::fused::Grouped;
use crate::promql::leaf;
use crate::promql::leaf::Leaf;
use crate::promql::memory::place_of;
use crate::promql::plan::Aggregate;
use crate::promql::plan::Aggregation;
use crate::promql::plan::Histogram;
use crate::promql::plan::Node;
use crate::promql::plan::Presence;
use crate::promql::plan::Window;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::subquery;
use crate::promql::tags::Tags;

/// Values that a block of instants has at most, of all series of the store together: four megabytes.
const MOST_VALUES: usize = 1 << 19;
/// Instants in a block at most.
const MOST_INSTANTS: usize = 128;

/// A part of a query at some instants.
pub(super) struct Prepared {
    /// Ascending.
    instants: Vec<i64>,
    what: What,
}

enum What {
    Groups(Grouped),
    /// The values of each series of the selection, one series after the other.
    Series(Arc<[u32]>, Vec<f64>),
}

impl<'a> Frame<'a> {
    /// How many instants are prepared at once.
    pub(super) fn block(&self) -> usize {
        (MOST_VALUES / self.store.size().max(1)).clamp(1, MOST_INSTANTS)
    }

    /// Computes what can be computed for all these instants at once, which ascend.
    pub(super) fn prepare(&self, node: &'a Node, instants: &[i64]) -> Result<(), EvalError> {
        if let Some(leaf) = Leaf::of(node) {
            return self.prepare_leaf(node, leaf, instants);
        }
        match node {
            Node::Number(_) | Node::Text(_) | Node::Time | Node::Select(_) | Node::SampleTimes(_) => Ok(()),
            Node::Negate(inner) | Node::ToScalar(inner) | Node::ToVector(inner) => self.prepare(inner, instants),
            Node::Order { argument, .. } => self.prepare(argument, instants),
            Node::Relabel(relabel) => self.prepare(&relabel.argument, instants),
            Node::Map { argument, bounds, .. } => {
                self.prepare(argument, instants)?;
                bounds.iter().try_for_each(|bound| self.prepare(bound, instants))
            }
            Node::Arithmetic(binary) => {
                self.prepare(&binary.left, instants)?;
                self.prepare(&binary.right, instants)
            }
            Node::Set { left, right, .. } => {
                self.prepare(left, instants)?;
                self.prepare(right, instants)
            }
            Node::Aggregate(aggregate) => self.prepare_aggregate(aggregate, instants),
            Node::OverTime(call) => {
                call.parameter.iter().try_for_each(|node| self.prepare(node, instants))?;
                self.prepare_window(&call.window, instants)
            }
            Node::Absent { argument, .. } => match &**argument {
                Presence::Now(node) => self.prepare(node, instants),
                Presence::Within(window) => self.prepare_window(window, instants),
            },
            Node::Histogram(histogram) => {
                match &**histogram {
                    Histogram::Quantile { quantile, .. } => self.prepare(quantile, instants)?,
                    Histogram::Fraction { lower, upper, .. } => {
                        self.prepare(lower, instants)?;
                        self.prepare(upper, instants)?;
                    }
                }
                self.prepare(histogram.buckets(), instants)
            }
        }
    }

    fn prepare_aggregate(&self, aggregate: &'a Aggregate, instants: &[i64]) -> Result<(), EvalError> {
        if let Some(leaf) = fused::leaf(self, aggregate) {
            let groups = What::Groups(fused::eval(self, aggregate, leaf, instants)?);
            self.keep(place_of(aggregate), instants, groups);
            return Ok(());
        }
        if let Aggregation::Quantile(node) | Aggregation::Top(node) | Aggregation::Bottom(node) = &aggregate.operator {
            self.prepare(node, instants)?;
        }
        self.prepare(&aggregate.argument, instants)
    }

    fn prepare_window(&self, window: &'a Window, instants: &[i64]) -> Result<(), EvalError> {
        match window {
            Window::Select { .. } => Ok(()),
            Window::Subquery(inner) => subquery::prepare(self, inner, instants),
        }
    }

    fn prepare_leaf(&self, node: &'a Node, leaf: Leaf<'a>, instants: &[i64]) -> Result<(), EvalError> {
        let selection = self.selection(leaf.selector);
        let mut values = Vec::with_capacity(selection.len() * instants.len());
        leaf.each(self, instants, &mut |_, _, row| values.extend_from_slice(row))?;
        self.keep(place_of(node), instants, What::Series(selection, values));
        Ok(())
    }

    fn keep(&self, place: usize, instants: &[i64], what: What) {
        self.prepared.borrow_mut().insert(place, Prepared { instants: instants.to_vec(), what });
    }

    /// The groups of an aggregation of a leaf.
    pub(super) fn grouped(
        &self,
        aggregate: &'a Aggregate,
        leaf: Leaf<'a>,
        now: i64,
    ) -> Result<Vec<Sample<'a>>, EvalError> {
        if let Some(Prepared { instants, what: What::Groups(groups) }) =
            self.prepared.borrow().get(&place_of(aggregate))
            && let Ok(instant) = instants.binary_search(&now)
        {
            return Ok(groups.samples(instant));
        }
        Ok(fused::eval(self, aggregate, leaf, &[now])?.samples(0))
    }

    /// The samples of a leaf.
    pub(super) fn leaf(&self, node: &'a Node, leaf: Leaf<'a>, now: i64) -> Result<Vec<Sample<'a>>, EvalError> {
        let nameless = leaf.drops_name();
        let mut samples = Vec::new();
        let prepared = self.prepared.borrow();
        if let Some(Prepared { instants, what: What::Series(selection, values) }) = prepared.get(&place_of(node))
            && let Ok(instant) = instants.binary_search(&now)
        {
            let column = values.iter().skip(instant).step_by(instants.len());
            for (index, value) in selection.iter().zip(column) {
                if let Some(value) = leaf::value(*value) {
                    let labels = Tags::Stored(&self.store.at_index(*index).labels);
                    samples.push(Sample { labels, value, nameless });
                }
            }
        } else {
            leaf.each(self, &[now], &mut |_, series, row| {
                if let Some(value) = leaf::value(row[0]) {
                    samples.push(Sample { labels: Tags::Stored(&series.labels), value, nameless });
                }
            })?;
        }
        if nameless { self.nameless(samples) } else { Ok(samples) }
    }
}
