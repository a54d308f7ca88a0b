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

    /// The median distance from `middle`, found by walking outwards from it.
    pub(super) fn spread(&self, middle: f64) -> f64 {
        let values = &self.sorted;
        let mut right = values.partition_point(|value| f64::from(*value) < middle);
        let mut left = right;
        let (mut last, mut before) = (0.0, 0.0);
        for _ in 0..=values.len() / 2 {
            before = last;
            let below = left.checked_sub(1).and_then(|index| values.get(index)).map(|value| middle - f64::from(*value));
            let above = values.get(right).map(|value| f64::from(*value) - middle);
            match (below, above) {
                (Some(below), Some(above)) if below < above => (last, left) = (below, left - 1),
                (Some(below), None) => (last, left) = (below, left - 1),
                (_, Some(above)) => (last, right) = (above, right + 1),
                (None, None) => break,
            }
        }
        if values.len().is_multiple_of(2) { f64::midpoint(last, before) } else { last }
    }
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
            values.iter().for_each(|value| memory.add(*value));
            let mut sorted = values[values.len().saturating_sub(room)..].to_vec();
            sorted.sort_by(f32::total_cmp);
            prop_assert_eq!(&memory.sorted, &sorted);
            let middle = memory.quantile(0.5);
            let mut apart: Vec<f64> = sorted.iter().map(|value| (f64::from(*value) - middle).abs()).collect();
            apart.sort_by(f64::total_cmp);
            let half = apart.len() / 2;
            let spread = if apart.len() % 2 == 0 { f64::midpoint(apart[half], apart[half - 1]) } else { apart[half] };
            prop_assert!((memory.spread(middle) - spread).abs() < 1e-9);
        }
    }
}
