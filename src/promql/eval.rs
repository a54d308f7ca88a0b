//! The walk over a checked query at one instant: selects samples and hands them to the functions of each subject.
//!
//! What holds from one instant to the next is found in the memory of the query, or was prepared for many instants at
//! once. The work of one evaluation is bounded.

use std::any::Any;
use std::cell::Cell;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::promql::absent;
use crate::promql::aggregate;
use crate::promql::binary;
use crate::promql::calls;
use crate::promql::fused::Membership;
use crate::promql::histogram;
use crate::promql::label_functions;
use crate::promql::leaf::Leaf;
use crate::promql::memory::Memory;
use crate::promql::memory::place_of;
use crate::promql::order;
use crate::promql::over_time;
use crate::promql::plan::Aggregate;
use crate::promql::plan::Anchor;
use crate::promql::plan::Dialect;
use crate::promql::plan::Node;
use crate::promql::plan::OverTime;
use crate::promql::plan::Shift;
use crate::promql::plan::Window;
use crate::promql::prepared::Prepared;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::selector::Selector;
use crate::promql::sets;
use crate::promql::shape::Shaped;
use crate::promql::store::Store;
use crate::promql::subquery;
use crate::promql::tags::Tags;
use crate::promql::window;
use crate::promql::window::seconds;

/// How long a sample stands for its series when no newer one and no stale marker comes.
pub(super) const LOOKBACK_MS: i64 = 300_000;
/// Samples that one evaluation may look at. Prometheus' own limit.
const MOST_SAMPLES: u64 = 50_000_000;

/// What does not change while a query is evaluated.
pub(super) struct Frame<'a> {
    pub(super) store: &'a Store,
    /// First and last instant of the whole query, for `@ start()` and `@ end()`.
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) dialect: Dialect,
    pub(super) looked_at: Cell<u64>,
    /// A quantile lies in the open last bucket of a histogram.
    pub(super) open_bucket: Cell<bool>,
    pub(super) memory: RefCell<Memory>,
    pub(super) prepared: RefCell<HashMap<usize, Prepared>>,
}

/// The value of a part of a query.
pub(super) enum Evaluated<'a> {
    Scalar(f64),
    Vector(Vec<Sample<'a>>),
    Text(&'a str),
}

/// Samples of one series in a window, handed on one series after the other.
pub(super) type Visit<'v, 'a> = dyn FnMut(Tags<'a>, bool, window::Window<'_>) + 'v;

impl<'a> Frame<'a> {
    pub(super) fn new(store: &'a Store, (start, end): (i64, i64), dialect: Dialect, memory: Memory) -> Self {
        Self {
            store,
            start,
            end,
            dialect,
            looked_at: Cell::new(0),
            open_bucket: Cell::new(false),
            memory: RefCell::new(memory),
            prepared: RefCell::default(),
        }
    }

    pub(super) fn eval(&self, node: &'a Node, now: i64) -> Result<Evaluated<'a>, EvalError> {
        Ok(Evaluated::Vector(match node {
            Node::Number(number) => return Ok(Evaluated::Scalar(*number)),
            Node::Text(text) => return Ok(Evaluated::Text(text)),
            Node::Time => return Ok(Evaluated::Scalar(seconds(now))),
            Node::ToScalar(argument) => return Ok(Evaluated::Scalar(calls::to_scalar(&self.vector(argument, now)?))),
            Node::Arithmetic(operation) => return binary::eval(self, operation, now),
            Node::Negate(argument) => match self.eval(argument, now)? {
                Evaluated::Scalar(number) => return Ok(Evaluated::Scalar(-number)),
                other => calls::each(self, other.into_vector()?, |value| -value)?,
            },
            Node::Select(selector) => self.leaf(node, Leaf::newest(selector), now)?,
            Node::SampleTimes(selector) => self.nameless(self.sample_times(selector, now)?)?,
            Node::ToVector(argument) => {
                vec![Sample::made(crate::facts::Labels::default(), self.scalar(argument, now)?)]
            }
            Node::OverTime(call) => match Leaf::of_call(call) {
                Some(leaf) => self.leaf(node, leaf, now)?,
                None => self.over_time(call, now)?,
            },
            Node::Aggregate(aggregate) => aggregate::eval(self, aggregate, now)?,
            Node::Set { keep, left, right, on } => {
                sets::apply(*keep, self.vector(left, now)?, self.vector(right, now)?, on, self.dialect)
            }
            Node::Absent { argument, labels } => absent::eval(self, argument, labels, now)?,
            Node::Map { map, argument, bounds } => calls::map(self, *map, argument, bounds, now)?,
            Node::Order { descending, argument } => order::sort(self.vector(argument, now)?, *descending),
            Node::Histogram(histogram) => histogram::eval(self, histogram, now)?,
            Node::Relabel(relabel) => label_functions::eval(self, relabel, now)?,
        }))
    }

    /// The value of a part that is a vector, as was checked when the query was read.
    pub(super) fn vector(&self, node: &'a Node, now: i64) -> Result<Vec<Sample<'a>>, EvalError> {
        self.eval(node, now)?.into_vector()
    }

    /// The value of a part that is a number, as was checked when the query was read.
    pub(super) fn scalar(&self, node: &'a Node, now: i64) -> Result<f64, EvalError> {
        match self.eval(node, now)? {
            Evaluated::Scalar(number) => Ok(number),
            _ => Err(EvalError::new("a number is needed")),
        }
    }

    /// When a selector or subquery is looked at.
    pub(super) fn moved(&self, shift: Shift, now: i64) -> i64 {
        let at = match shift.at {
            Anchor::Now => now,
            Anchor::At(at) => at,
            Anchor::Start => self.start,
            Anchor::End => self.end,
        };
        at.saturating_sub(shift.offset_ms)
    }

    /// The series that a selector takes, each name's in order of their labels.
    pub(super) fn selection(&self, selector: &Selector) -> Arc<[u32]> {
        let mut memory = self.memory.borrow_mut();
        let known = memory.selections.entry(place_of(selector));
        Arc::clone(known.or_insert_with(|| selector.series(self.store).collect()))
    }

    /// Which group of an aggregation each series of its leaf is in.
    pub(super) fn membership(&self, aggregate: &'a Aggregate, leaf: Leaf<'a>) -> Arc<Membership> {
        let place = place_of(aggregate);
        let known = self.memory.borrow().memberships.get(&place).cloned();
        known.unwrap_or_else(|| {
            let found = Arc::new(Membership::of(self, aggregate, leaf));
            self.memory.borrow_mut().memberships.insert(place, Arc::clone(&found));
            found
        })
    }

    /// What the labels of a vector say to a part of the query.
    pub(super) fn found<T: Any + Send + Sync>(
        &self,
        place: usize,
        samples: &[Sample<'_>],
        find: impl FnOnce() -> T,
    ) -> Arc<T> {
        let known = self.memory.borrow().shapes.get(&place).and_then(|shaped| shaped.holds(samples));
        known.unwrap_or_else(|| {
            let found = Arc::new(find());
            self.memory.borrow_mut().shapes.insert(place, Shaped::new(samples, found.clone()));
            found
        })
    }

    /// The time of the newest sample of each selected series that is not older than the lookback and not stale.
    fn sample_times(&self, selector: &'a Selector, now: i64) -> Result<Vec<Sample<'a>>, EvalError> {
        let until = self.moved(selector.shift, now);
        let after = until.saturating_sub(LOOKBACK_MS);
        let mut slots = Slots::new(self.store, after, until);
        let mut samples = Vec::new();
        for index in self.selection(selector).iter() {
            let series = self.store.at_index(*index);
            let axis = &self.store.targets()[series.target as usize].axis;
            if let Some((time, _)) = series.column.newest(axis, slots.of(series.target), after, until) {
                samples.push(Sample { labels: Tags::Stored(&series.labels), value: seconds(time), nameless: true });
            }
        }
        self.spend(samples.len())?;
        Ok(samples)
    }

    /// Shows each series that has samples in a window, with them.
    pub(super) fn each_window(&self, window: &'a Window, now: i64, visit: &mut Visit<'_, 'a>) -> Result<(), EvalError> {
        let (selector, range_ms) = match window {
            Window::Select { selector, range_ms } => (selector, *range_ms),
            Window::Subquery(subquery) => return subquery::each(self, subquery, now, visit),
        };
        let to = self.moved(selector.shift, now);
        let from = to.saturating_sub(range_ms);
        let mut slots = Slots::new(self.store, from, to);
        let (mut times, mut values) = (Vec::new(), Vec::new());
        for index in self.selection(selector).iter() {
            let series = self.store.at_index(*index);
            let axis = &self.store.targets()[series.target as usize].axis;
            times.clear();
            values.clear();
            series.column.copy(axis, slots.of(series.target), (from, to), &mut times, &mut values);
            self.spend(values.len())?;
            if !values.is_empty() {
                let seen = window::Window { times: &times, values: &values, from, to, now };
                visit(Tags::Stored(&series.labels), false, seen);
            }
        }
        Ok(())
    }

    fn over_time(&self, call: &'a OverTime, now: i64) -> Result<Vec<Sample<'a>>, EvalError> {
        let parameter = call.parameter.as_ref().map_or(Ok(0.0), |node| self.scalar(node, now))?;
        let drops = !call.function.keeps_name();
        let mut samples = Vec::new();
        self.each_window(&call.window, now, &mut |labels, nameless, window| {
            if let Some(value) = over_time::apply(call.function, window, parameter) {
                samples.push(Sample { labels, value, nameless: nameless || drops });
            }
        })?;
        if drops { self.nameless(samples) } else { Ok(samples) }
    }

    /// Samples whose names have just been taken away: where names go at once, no two may be the same now.
    pub(super) fn nameless(&self, samples: Vec<Sample<'a>>) -> Result<Vec<Sample<'a>>, EvalError> {
        let first = samples.first().map_or("", |sample| sample.labels.name());
        if !self.dialect.delayed_names && samples.iter().any(|sample| sample.labels.name() != first) {
            return self.unique(samples);
        }
        Ok(samples)
    }

    /// Samples of which no two have the same labels.
    pub(super) fn unique(&self, samples: Vec<Sample<'a>>) -> Result<Vec<Sample<'a>>, EvalError> {
        match crate::promql::grouping::twice(&samples, self.dialect) {
            Some(labels) => Err(EvalError::new(&format!("two results have the same labels {labels}"))),
            None => Ok(samples),
        }
    }

    /// Counts samples that were looked at.
    pub(super) fn spend(&self, samples: usize) -> Result<(), EvalError> {
        self.looked_at.set(self.looked_at.get() + samples as u64);
        if self.looked_at.get() > MOST_SAMPLES {
            return Err(EvalError::new("the query looks at more than 50 million samples"));
        }
        Ok(())
    }
}

impl<'a> Evaluated<'a> {
    pub(super) fn into_vector(self) -> Result<Vec<Sample<'a>>, EvalError> {
        match self {
            Self::Vector(samples) => Ok(samples),
            _ => Err(EvalError::new("a vector is needed")),
        }
    }
}

/// The slots of a window on the axis of each target, looked up once for all its series.
struct Slots<'a> {
    store: &'a Store,
    after: i64,
    until: i64,
    known: Vec<Option<(u64, u64)>>,
}

impl<'a> Slots<'a> {
    fn new(store: &'a Store, after: i64, until: i64) -> Self {
        Self { store, after, until, known: vec![None; store.targets().len()] }
    }

    fn of(&mut self, target: u32) -> (u64, u64) {
        let axis = &self.store.targets()[target as usize].axis;
        *self.known[target as usize].get_or_insert_with(|| axis.slots(self.after, self.until))
    }
}
