//! The values of one series: a ring of floats, one per slot of its target's time axis.
//!
//! A column knows nothing of time as long as its samples come with the scrape. Once a sample brings its own
//! timestamp, the column keeps its own times beside the values. It does not interpret values, except for the two
//! marks below.

use std::collections::VecDeque;

use crate::promql::axis::Axis;

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
    /// The number of the axis slot of the first value; of no meaning with times of its own.
    first: u64,
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
            self.first = slot;
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
            let (times, values) =
                times.zip(&self.values).filter(|(_, value)| value.to_bits() != ABSENT).map(|(t, v)| (t, *v)).unzip();
            (self.times, self.values) = (Some(times), values);
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
        grow(&mut self.values);
        self.values.push_back(value);
    }

    /// Marks the value at a slot, if there is one, as stale: the scrape that brought it was given up.
    pub(super) fn withdraw(&mut self, slot: u64) {
        if self.reaches(slot)
            && let Some(value) = self.values.back_mut()
        {
            *value = f64::from_bits(STALE);
        }
    }

    /// Forgets what is before the first slot of the axis, or before `oldest` where the column has its own times.
    pub(super) fn expire(&mut self, first_slot: u64, oldest: i64) {
        if let Some(times) = &mut self.times {
            let gone = times.partition_point(|time| *time < oldest);
            times.drain(..gone);
            self.values.drain(..gone);
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
            if !matches!(value.to_bits(), STALE | ABSENT) {
                times.push(self.time(axis, low + index));
                values.push(*value);
            }
        }
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

/// Makes room by a quarter instead of by doubling: a ring holds six hours, half of it must not be empty.
fn grow<T>(ring: &mut VecDeque<T>) {
    if ring.len() == ring.capacity() {
        ring.reserve_exact(ring.len() / 4 + 8);
    }
}
