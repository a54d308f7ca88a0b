//! The leaves of a query: a selector, or a function of a selector's range; computed for many instants at once.
//!
//! One series after the other, since all its samples lie together; where the windows lie on the axis of a target is
//! looked up once for all its series. What is done with the values is the business of those who ask.

use crate::promql::axis::Axis;
use crate::promql::column::Column;
use crate::promql::counters;
use crate::promql::counters::Edges;
use crate::promql::counters::Slope;
use crate::promql::eval::Frame;
use crate::promql::eval::LOOKBACK_MS;
use crate::promql::over_time;
use crate::promql::plan::Node;
use crate::promql::plan::OverTime;
use crate::promql::plan::RangeFunction;
use crate::promql::plan::Window as Range;
use crate::promql::query::EvalError;
use crate::promql::selector::Selector;
use crate::promql::span::Span;
use crate::promql::store::Series;
use crate::promql::window::Window;

/// In the place of a value: there is none. The bits are the store's own mark, which no sample has and which no
/// calculation gives.
const NOTHING: u64 = 0x7ff0_0000_0000_0003;

/// A selector and what is read from its series.
#[derive(Clone, Copy)]
pub(super) struct Leaf<'a> {
    pub(super) selector: &'a Selector,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    /// The newest sample.
    Newest,
    /// A function without a parameter of the samples in a range, in milliseconds.
    Over(RangeFunction, i64),
}

impl<'a> Leaf<'a> {
    /// The leaf that a part of a query is, if it is one.
    pub(super) fn of(node: &'a Node) -> Option<Self> {
        match node {
            Node::Select(selector) => Some(Self::newest(selector)),
            Node::OverTime(call) => Self::of_call(call),
            _ => None,
        }
    }

    pub(super) fn newest(selector: &'a Selector) -> Self {
        Self { selector, what: What::Newest }
    }

    pub(super) fn of_call(call: &'a OverTime) -> Option<Self> {
        match (&call.window, &call.parameter) {
            (Range::Select { selector, range_ms }, None) => {
                Some(Self { selector, what: What::Over(call.function, *range_ms) })
            }
            _ => None,
        }
    }

    /// Whether its samples are the metric no longer.
    pub(super) fn drops_name(self) -> bool {
        matches!(self.what, What::Over(function, _) if !function.keeps_name())
    }

    /// Shows each series with its value at each of the instants, which ascend; see [`value`].
    pub(super) fn each(
        self,
        frame: &Frame<'a>,
        times: &[i64],
        visit: &mut dyn FnMut(usize, &'a Series, &[f64]),
    ) -> Result<(), EvalError> {
        let selection = frame.selection(self.selector);
        let mut windows = Windows::new(frame, self, times);
        let mut scratch = Scratch::default();
        let mut row = vec![f64::from_bits(NOTHING); times.len()];
        for (position, index) in selection.iter().enumerate() {
            let series = frame.store.at_index(*index);
            let axis = &frame.store.targets()[series.target as usize].axis;
            windows.turn_to(series.target, axis);
            frame.spend(windows.read(self.what, axis, &series.column, &mut scratch, &mut row))?;
            visit(position, series, &row);
        }
        Ok(())
    }
}

/// A value of a row, if there is one.
pub(super) fn value(value: f64) -> Option<f64> {
    (value.to_bits() != NOTHING).then_some(value)
}

/// Where the windows of the instants lie.
struct Windows {
    nows: Vec<i64>,
    /// From (which is not in it) and to of each, in milliseconds.
    bounds: Vec<(i64, i64)>,
    /// The same on the axis of one target.
    slots: Vec<(u64, u64)>,
    /// The times of the first and the last of these.
    ends: Vec<(i64, i64)>,
    target: Option<u32>,
    /// From the first to the last of them; and whether reading that once is less than reading each.
    whole: (i64, i64),
    overlap: bool,
    /// What the last series needed at the ends of each window, for the next one is likely to need the same.
    edges: Vec<Edges>,
}

/// The samples of one series.
#[derive(Default)]
struct Scratch {
    times: Vec<i64>,
    values: Vec<f64>,
}

impl Windows {
    fn new<'a>(frame: &Frame<'a>, leaf: Leaf<'a>, times: &[i64]) -> Self {
        let range = match leaf.what {
            What::Newest => LOOKBACK_MS,
            What::Over(_, range) => range,
        };
        let bound = |now: &i64| {
            let to = frame.moved(leaf.selector.shift, *now);
            (to.saturating_sub(range), to)
        };
        let bounds: Vec<_> = times.iter().map(bound).collect();
        let whole = (bounds.first().map_or(0, |first| first.0), bounds.last().map_or(0, |last| last.1));
        let sum = range.saturating_mul(bounds.len() as i64);
        Self {
            nows: times.to_vec(),
            slots: Vec::with_capacity(bounds.len()),
            ends: Vec::with_capacity(bounds.len()),
            target: None,
            whole,
            overlap: bounds.len() > 1 && whole.1.saturating_sub(whole.0) < sum,
            edges: vec![Edges::default(); bounds.len()],
            bounds,
        }
    }

    fn turn_to(&mut self, target: u32, axis: &Axis) {
        if self.target != Some(target) {
            self.target = Some(target);
            self.slots.clear();
            self.slots.extend(self.bounds.iter().map(|(from, to)| axis.slots(*from, *to)));
            self.ends.clear();
            let ends = |(low, high): &(u64, u64)| (axis.time(*low), axis.time(high.saturating_sub(1)));
            self.ends.extend(self.slots.iter().map(ends));
        }
    }

    /// Fills in the values of a series; says how much work that was, in samples looked at.
    fn read(&mut self, what: What, axis: &Axis, column: &Column, scratch: &mut Scratch, row: &mut [f64]) -> usize {
        let nothing = f64::from_bits(NOTHING);
        match what {
            What::Newest => {
                for (place, (slots, (from, to))) in row.iter_mut().zip(self.slots.iter().zip(&self.bounds)) {
                    *place = column.newest(axis, *slots, *from, *to).map_or(nothing, |(_, value)| value);
                }
                row.len()
            }
            What::Over(RangeFunction::Rate, _) => self.slopes(Slope::Rate, axis, column, row),
            What::Over(RangeFunction::Increase, _) => self.slopes(Slope::Increase, axis, column, row),
            What::Over(RangeFunction::Delta, _) => self.slopes(Slope::Delta, axis, column, row),
            What::Over(function @ (RangeFunction::InstantRate | RangeFunction::InstantDelta), _) => {
                for (place, (slots, bounds)) in row.iter_mut().zip(self.slots.iter().zip(&self.bounds)) {
                    let two = column.last_two(axis, *slots, *bounds);
                    let value = two.and_then(|two| counters::instant(two, function == RangeFunction::InstantRate));
                    *place = value.unwrap_or(nothing);
                }
                2 * row.len()
            }
            What::Over(function, _) => self.windows(function, axis, column, scratch, row),
        }
    }

    /// Functions of counters, which need no more than the ends of a window and the falls in between.
    fn slopes(&mut self, slope: Slope, axis: &Axis, column: &Column, row: &mut [f64]) -> usize {
        let nothing = f64::from_bits(NOTHING);
        let windows = self.slots.iter().zip(&self.bounds).zip(&mut self.edges);
        let from_to = (self.slots.first().map_or(0, |first| first.0), self.slots.last().map_or(0, |last| last.1));
        if column.is_even(from_to) {
            for ((place, (((low, high), bounds), edges)), (first, last)) in row.iter_mut().zip(windows).zip(&self.ends)
            {
                *place = if high - low < 2 {
                    nothing
                } else {
                    let (first, last) = ((*first, column.at(*low)), (*last, column.at(*high - 1)));
                    let span = Span { first, last, count: (high - low) as usize, increase: last.1 - first.1 };
                    edges.extrapolated(&span, *bounds, slope)
                };
            }
        } else {
            for (place, ((slots, bounds), edges)) in row.iter_mut().zip(windows) {
                let span = column.span(axis, *slots, *bounds);
                *place = span.map_or(nothing, |span| edges.extrapolated(&span, *bounds, slope));
            }
        }
        2 * row.len()
    }

    /// Functions that look at every sample.
    fn windows(
        &mut self,
        function: RangeFunction,
        axis: &Axis,
        column: &Column,
        scratch: &mut Scratch,
        row: &mut [f64],
    ) -> usize {
        let Scratch { times, values } = scratch;
        let mut work = row.len();
        if self.overlap {
            times.clear();
            values.clear();
            column.copy(axis, axis.slots(self.whole.0, self.whole.1), self.whole, times, values);
        }
        let (mut low, mut high) = (0, 0);
        for (number, place) in row.iter_mut().enumerate() {
            let (from, to) = self.bounds[number];
            if self.overlap {
                low += times[low..].iter().take_while(|time| **time <= from).count();
                high = high.max(low);
                high += times[high..].iter().take_while(|time| **time <= to).count();
            } else {
                times.clear();
                values.clear();
                column.copy(axis, self.slots[number], (from, to), times, values);
                (low, high) = (0, times.len());
            }
            work += high - low;
            let window =
                Window { times: &times[low..high], values: &values[low..high], from, to, now: self.nows[number] };
            let value = (low < high).then(|| over_time::apply(function, window, 0.0)).flatten();
            *place = value.unwrap_or(f64::from_bits(NOTHING));
        }
        work
    }
}
