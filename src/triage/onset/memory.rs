//! The rows that say what is usual: a window that is kept sorted, so that median, spread and quantiles cost no sort.
//!
//! It does not decide which rows enter; see [`watch`](super::watch).

use std::collections::VecDeque;

/// Values by which the window grows: doubling would waste a third of it, seven hundred times.
const GROWN: usize = 60;

/// The last `room` values, in order of arrival and in order of size.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    sorted: Vec<f32>,
    arrived: VecDeque<f32>,
    room: usize,
}

impl Memory {
    pub(super) const fn new(room: usize) -> Self {
        Self { sorted: Vec::new(), arrived: VecDeque::new(), room }
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    pub(super) fn clear(&mut self) {
        self.sorted.clear();
        self.arrived.clear();
    }

    /// Takes a value in; the oldest leaves when there is no room.
    pub(super) fn add(&mut self, value: f32) {
        if self.arrived.len() >= self.room
            && let Some(oldest) = self.arrived.pop_front()
        {
            let place = self.sorted.partition_point(|known| known.total_cmp(&oldest).is_lt());
            self.sorted.remove(place);
        }
        if self.sorted.len() == self.sorted.capacity() {
            self.sorted.reserve_exact(GROWN);
        }
        if self.arrived.len() == self.arrived.capacity() {
            self.arrived.reserve_exact(GROWN);
        }
        self.arrived.push_back(value);
        let place = self.sorted.partition_point(|known| known.total_cmp(&value).is_lt());
        self.sorted.insert(place, value);
    }

    /// The value below which that share lies, between two values where it falls between them; 0 when empty.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        quantile(&self.sorted, share)
    }

    /// The median distance from `middle`.
    pub(super) fn spread(&self, middle: f64) -> f64 {
        let split = self.sorted.partition_point(|value| f64::from(*value) < middle);
        let (below, above) = self.sorted.split_at(split);
        let half = self.sorted.len() / 2;
        if self.sorted.is_empty() {
            0.0
        } else if self.sorted.len().is_multiple_of(2) {
            f64::midpoint(nearest(below, above, middle, half), nearest(below, above, middle, half + 1))
        } else {
            nearest(below, above, middle, half + 1)
        }
    }
}

/// The distance from `middle` of the `count`-th nearest value, among those below it and those above it: searched by
/// how many of them lie below.
fn nearest(below: &[f32], above: &[f32], middle: f64, count: usize) -> f64 {
    let left = |index: usize| middle - f64::from(below[below.len() - 1 - index]);
    let right = |index: usize| f64::from(above[index]) - middle;
    let (mut low, mut high) = (count.saturating_sub(above.len()), count.min(below.len()));
    while low < high {
        let taken = usize::midpoint(low, high);
        // One more from below belongs in when it is nearer than the farthest from above.
        if left(taken) < right(count - taken - 1) { low = taken + 1 } else { high = taken }
    }
    let from_left = if low > 0 { left(low - 1) } else { 0.0 };
    let from_right = if count > low { right(count - low - 1) } else { 0.0 };
    from_left.max(from_right)
}

/// The value below which that share of sorted values lies; 0 when there are none.
pub(super) fn quantile(sorted: &[f32], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = place as usize;
    let part = place - below as f64;
    let low = f64::from(sorted[below]);
    let high = f64::from(sorted[(below + 1).min(last)]);
    low + (high - low) * part
}

#[cfg(test)]
impl Memory {
    pub(super) fn bytes(&self) -> usize {
        (self.sorted.capacity() + self.arrived.capacity()) * size_of::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_window_is_what_a_sort_would_give(values in prop::collection::vec(-50.0_f32..50.0, 1..200), room in 1_usize..60) {
            let mut memory = Memory::new(room);
            for value in &values {
                memory.add(*value);
            }
            let mut sorted = values[values.len().saturating_sub(room)..].to_vec();
            sorted.sort_by(f32::total_cmp);
            prop_assert_eq!(&memory.sorted, &sorted);
            let middle = memory.quantile(0.5);
            let mut apart: Vec<f64> = sorted.iter().map(|value| (f64::from(*value) - middle).abs()).collect();
            apart.sort_by(f64::total_cmp);
            let half = apart.len() / 2;
            let spread = if apart.len().is_multiple_of(2) { f64::midpoint(apart[half], apart[half - 1]) } else { apart[half] };
            prop_assert!((memory.spread(middle) - spread).abs() < 1e-9);
        }
    }
}
