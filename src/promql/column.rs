//! The values of one series: a ring of floats, one per slot of its target's time axis.
//!
//! A column knows nothing of time as long as its samples come with the scrape. Once a sample brings its own
//! timestamp, the column keeps its own times beside the values. It does not interpret values, except for the two
//! marks below.

use std::collections::VecDeque;

use crate::promql::axis::Axis;
use crate::promql::span::Span;

/// Prometheus' stale marker: the series is known to have ended here.
pub(super) const STALE: u64 = 0x7ff0_0000_0000_0002;
/// Our own mark for a slot of the axis at which the series has no sample. Never leaves the store.
const ABSENT: u64 = 0x7ff0_0000_0000_0003;

/// Whether a value has the bits of our own mark; a sample must not.
pub(super) fn is_mark(value: f64) -> bool {
    value.to_bits() == ABSENT
}

/// The values of one series.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// The number of the axis slot of the first value; with times of its own, how many values it has forgotten.
    first: u64,
    /// From this number on there is neither a mark nor a fall from one value to the next: two values of a window
    /// tell all of it that a counter needs.
    smooth: u64,
    values: VecDeque<f64>,
    times: Option<VecDeque<i64>>,
}

impl Column {
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether the slot holds something already, so that a second sample of one scrape is not kept.
    pub(super) fn reaches(&self, slot: u64) -> bool {
        self.times.is_none() && !self.values.is_empty() && self.first + self.values.len() as u64 > slot
    }

    /// Puts a value at a slot of the axis; slots without a sample in between are marked.
    pub(super) fn put(&mut self, slot: u64, at: i64, value: f64) {
        if self.times.is_some() {
            self.put_own(at, value);
            return;
        }
        if self.values.is_empty() {
            (self.first, self.smooth) = (slot, slot);
        }
        while self.first + (self.values.len() as u64) < slot {
            self.push(f64::from_bits(ABSENT));
        }
        self.push(value);
    }

    /// Puts a value with a time of its own; a time that is not later than the last is not kept, as in Prometheus.
    pub(super) fn put_explicit(&mut self, axis: &Axis, at: i64, value: f64) {
        if self.times.is_none() {
            let times = (0..self.values.len() as u64).map(|index| axis.time(self.first + index));
            let (times, values): (_, Vec<f64>) =
                times.zip(&self.values).filter(|(_, value)| value.to_bits() != ABSENT).map(|(t, v)| (t, *v)).unzip();
            (self.times, self.values) = (Some(times), VecDeque::new());
            (self.first, self.smooth) = (0, 0);
            for value in values {
                self.push(value);
            }
        }
        self.put_own(at, value);
    }

    fn put_own(&mut self, at: i64, value: f64) {
        let Some(times) = &mut self.times else { return };
        if times.back().is_none_or(|last| at > *last) {
            grow(times);
            times.push_back(at);
            self.push(value);
        }
    }

    fn push(&mut self, value: f64) {
        let number = self.first + self.values.len() as u64;
        if is_gap(value) {
            self.smooth = number + 1;
        } else if self.values.back().is_some_and(|before| value < *before) {
            self.smooth = number;
        }
        grow(&mut self.values);
        self.values.push_back(value);
    }

    /// Marks the value at a slot, if there is one, as stale: the scrape that brought it was given up.
    pub(super) fn withdraw(&mut self, slot: u64) {
        if self.reaches(slot)
            && let Some(value) = self.values.back_mut()
        {
            *value = f64::from_bits(STALE);
            self.smooth = slot + 1;
        }
    }

    /// Forgets what is before the first slot of the axis, or before `oldest` where the column has its own times.
    pub(super) fn expire(&mut self, first_slot: u64, oldest: i64) {
        if let Some(times) = &mut self.times {
            let gone = times.partition_point(|time| *time < oldest);
            times.drain(..gone);
            self.values.drain(..gone);
            self.first += gone as u64;
        } else if self.first < first_slot {
            let gone = usize::try_from(first_slot - self.first).unwrap_or(usize::MAX).min(self.values.len());
            self.values.drain(..gone);
            self.first = first_slot;
        }
    }

    /// Lets the memory of an emptied column go.
    pub(super) fn release(&mut self) {
        *self = Self::default();
    }

    /// The newest sample at a time in `(after, until]`; `None` when there is none or it is a stale marker.
    pub(super) fn newest(&self, axis: &Axis, slots: (u64, u64), after: i64, until: i64) -> Option<(i64, f64)> {
        let (low, high) = self.indexes(slots, after, until);
        let index = (low..high).rev().find(|index| self.values[*index].to_bits() != ABSENT)?;
        let value = self.values[index];
        (value.to_bits() != STALE).then(|| (self.time(axis, index), value))
    }

    /// Appends every sample at a time in `(after, until]` but stale markers.
    pub(super) fn copy(
        &self,
        axis: &Axis,
        slots: (u64, u64),
        (after, until): (i64, i64),
        times: &mut Vec<i64>,
        values: &mut Vec<f64>,
    ) {
        let (low, high) = self.indexes(slots, after, until);
        for (index, value) in self.values.range(low..high).enumerate() {
            if !is_gap(*value) {
                times.push(self.time(axis, low + index));
                values.push(*value);
            }
        }
    }

    /// What a counter's functions need of the samples at times in `(after, until]`; `None` when there are fewer than
    /// two. Costs two values where nothing odd happened since, else a look at the window.
    pub(super) fn span(&self, axis: &Axis, slots: (u64, u64), (after, until): (i64, i64)) -> Option<Span> {
        let (low, high) = self.indexes(slots, after, until);
        let count = high.checked_sub(low).filter(|count| *count > 1)?;
        if self.first + low as u64 >= self.smooth {
            let (first, last) = (self.values[low], self.values[high - 1]);
            let (from, to) = (self.time(axis, low), self.time(axis, high - 1));
            return Some(Span { first: (from, first), last: (to, last), count, increase: last - first });
        }
        let (mut times, mut values) = (Vec::with_capacity(count), Vec::with_capacity(count));
        self.copy(axis, slots, (after, until), &mut times, &mut values);
        Span::of(&times, &values)
    }

    /// The two newest samples at times in `(after, until]`, the older one first; `None` when there are fewer.
    pub(super) fn last_two(
        &self,
        axis: &Axis,
        slots: (u64, u64),
        (after, until): (i64, i64),
    ) -> Option<[(i64, f64); 2]> {
        let (low, high) = self.indexes(slots, after, until);
        let mut newest = (low..high).rev().filter(|index| !is_gap(self.values[*index]));
        let (last, before) = (newest.next()?, newest.next()?);
        Some([before, last].map(|index| (self.time(axis, index), self.values[index])))
    }

    /// The indexes of the values in the window; `slots` are those of the axis in the same window.
    fn indexes(&self, (low, high): (u64, u64), after: i64, until: i64) -> (usize, usize) {
        let len = self.values.len();
        if let Some(times) = &self.times {
            return (times.partition_point(|time| *time <= after), times.partition_point(|time| *time <= until));
        }
        let index = |slot: u64| usize::try_from(slot.saturating_sub(self.first)).unwrap_or(usize::MAX).min(len);
        (index(low), index(high))
    }

    fn time(&self, axis: &Axis, index: usize) -> i64 {
        self.times.as_ref().map_or_else(|| axis.time(self.first + index as u64), |times| times[index])
    }
}

/// Whether a value is one of the two marks, so that there is no sample.
fn is_gap(value: f64) -> bool {
    matches!(value.to_bits(), STALE | ABSENT)
}

/// Makes room by a quarter instead of by doubling: a ring holds six hours, half of it must not be empty.
fn grow<T>(ring: &mut VecDeque<T>) {
    if ring.len() == ring.capacity() {
        ring.reserve_exact(ring.len() / 4 + 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What happens to a series in one scrape.
    #[derive(Clone, Debug)]
    enum Event {
        Value(f64),
        Nothing,
        Stale,
        Withdrawn(f64),
        Own(i64, f64),
        Expire(i64),
    }

    fn number() -> impl Strategy<Value = f64> {
        let odd = prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.1, 1e300, -3.0]);
        prop_oneof![8 => (0..50_u32).prop_map(f64::from), 1 => odd]
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            60 => number().prop_map(Event::Value),
            6 => Just(Event::Nothing),
            4 => Just(Event::Stale),
            2 => number().prop_map(Event::Withdrawn),
            1 => (-20_000..1_000_i64, number()).prop_map(|(ago, value)| Event::Own(ago, value)),
            1 => (0..100_000_i64).prop_map(Event::Expire),
        ]
    }

    fn columns() -> impl Strategy<Value = (Axis, Column)> {
        prop::collection::vec((1..10_000_i64, event()), 0..120).prop_map(|events| {
            let (mut axis, mut column, mut at) = (Axis::default(), Column::default(), 0);
            for (step, event) in events {
                at += step;
                let slot = axis.push(at);
                match event {
                    Event::Value(value) => column.put(slot, at, value),
                    Event::Nothing => {}
                    Event::Stale => column.put(slot, at, f64::from_bits(STALE)),
                    Event::Withdrawn(value) => {
                        column.put(slot, at, value);
                        column.withdraw(slot);
                    }
                    Event::Own(ago, value) => column.put_explicit(&axis, at + ago, value),
                    Event::Expire(age) => column.expire(axis.expire(at - age), at - age),
                }
            }
            (axis, column)
        })
    }

    /// All of a span as whole numbers, so that not-a-number equals itself.
    fn bits(span: Option<Span>) -> Vec<u64> {
        span.map_or(Vec::new(), |Span { first, last, count, increase }| {
            let times = [first.0 as u64, last.0 as u64, count as u64];
            times.into_iter().chain([first.1, last.1, increase].map(f64::to_bits)).collect()
        })
    }

    proptest! {
        #[test]
        fn a_span_is_that_of_the_copied_samples(
            (axis, column) in columns(),
            windows in prop::collection::vec((-1_000..600_000_i64, 0..300_000_i64), 1..20),
        ) {
            let whole = (i64::MIN, i64::MAX);
            let from_end = axis.last().map(|last| (last - 30_000, last));
            for (after, until) in windows.into_iter().map(|(from, range)| (from, from + range)).chain(from_end).chain([whole])
            {
                let slots = axis.slots(after, until);
                let (mut times, mut values) = (Vec::new(), Vec::new());
                column.copy(&axis, slots, (after, until), &mut times, &mut values);
                let span = column.span(&axis, slots, (after, until));
                prop_assert_eq!(bits(span), bits(Span::of(&times, &values)));
                let two = column.last_two(&axis, slots, (after, until));
                let copied = times.len().checked_sub(2).map(|at| [at, at + 1].map(|at| (times[at], values[at].to_bits())));
                prop_assert_eq!(two.map(|two| two.map(|(time, value)| (time, value.to_bits()))), copied);
            }
        }
    }

    #[test]
    fn a_window_behind_the_last_fall_needs_two_values() {
        let (mut axis, mut column) = (Axis::default(), Column::default());
        for (at, value) in [(1, 5.0), (2, 9.0), (3, 2.0), (4, 4.0), (5, 4.0)] {
            let slot = axis.push(at);
            column.put(slot, at, value);
        }
        assert_eq!(column.smooth, 2);
        let span =
            |after: i64| column.span(&axis, axis.slots(after, 5), (after, 5)).map(|span| (span.count, span.increase));
        assert_eq!([0, 1, 2, 3, 4].map(span), [Some((5, 8.0)), Some((4, 4.0)), Some((3, 2.0)), Some((2, 0.0)), None]);
    }
}
