//! The rows that say what is usual: a window that is kept sorted, so that median, spread and quantiles cost no sort.
//!
//! It does not decide which rows enter; see [`watch`](super::watch).

use std::collections::VecDeque;

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
