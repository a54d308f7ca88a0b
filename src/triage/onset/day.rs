//! Yesterday at this time: the last day in slots of five minutes, each with its middle and its extremes.
//!
//! Slots lie at fixed times, so that gaps and changes of the step move nothing.

use std::collections::VecDeque;

use crate::facts::At;

/// Seconds of one slot.
const SLOT: i64 = 300;

/// Slots of a day.
const DAY: u32 = 288;

/// Slots by which they grow.
const GROWN: usize = 37;

/// Slots that are kept: a day and the half hour on both sides that is looked at.
const KEPT: usize = 288 + 8;

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Since 1970.
    number: u32,
    /// No number: there was trouble in this slot.
    middle: f32,
    low: f32,
    high: f32,
}

/// The slots of the last day.
#[derive(Clone, Debug, Default)]
pub(super) struct Day {
    slots: VecDeque<Slot>,
}

fn number(at: At) -> u32 {
    u32::try_from(at.timestamp().div_euclid(SLOT)).unwrap_or(0)
}

impl Day {
    /// Takes a row in. `before` are the rows before it, newest first: a slot gets its middle from them when it is full.
    pub(super) fn push(&mut self, at: At, value: f32, troubled: bool, before: impl Iterator<Item = (At, f32)>) {
        let number = number(at);
        if let Some(slot) = self.slots.back_mut().filter(|slot| slot.number == number) {
            slot.low = slot.low.min(value);
            slot.high = slot.high.max(value);
            if troubled {
                slot.middle = f32::NAN;
            }
            return;
        }
        if let Some(full) = self.slots.back_mut().filter(|full| !full.middle.is_nan()) {
            let of_it = before.skip_while(|(at, _)| self::number(*at) > full.number);
            let mut values: Vec<f32> =
                of_it.take_while(|(at, _)| self::number(*at) == full.number).map(|(_, value)| value).collect();
            values.sort_by(f32::total_cmp);
            if !values.is_empty() {
                full.middle = super::memory::quantile(&values, 0.5) as f32;
            }
        }
        if self.slots.len() >= KEPT {
            self.slots.pop_front();
        }
        if self.slots.len() == self.slots.capacity() {
            self.slots.reserve_exact(GROWN);
        }
        let middle = if troubled { f32::NAN } else { value };
        self.slots.push_back(Slot { number, middle, low: value, high: value });
    }

    /// The slots of yesterday within so many of the same time, if nearly all of them were seen.
    fn around(&self, at: At, reach: u32) -> Option<impl Iterator<Item = &Slot>> {
        let centre = number(at).checked_sub(DAY + reach)? + reach;
        let from = self.slots.partition_point(|slot| slot.number < centre - reach);
        let to = self.slots.partition_point(|slot| slot.number <= centre + reach);
        (to - from > reach as usize && self.slots.front()?.number <= centre).then(|| self.slots.range(from..to))
    }

    /// The middle of yesterday within a quarter of an hour of this time; `None`: unknown, or there was trouble then.
    pub(super) fn middle(&self, at: At) -> Option<f64> {
        let mut middles = [0.0_f32; 7];
        let mut count = 0;
        for (place, slot) in middles.iter_mut().zip(self.around(at, 3)?) {
            if slot.middle.is_nan() {
                return None;
            }
            *place = slot.middle;
            count += 1;
        }
        let middles = &mut middles[..count];
        middles.sort_by(f32::total_cmp);
        Some(super::memory::quantile(middles, 0.5))
    }

    /// What was usual yesterday within half an hour of this time: the lowest and the highest, each but one.
    pub(super) fn range(&self, at: At, widths: f64) -> Option<(f64, f64)> {
        let (mut lows, mut highs, mut middles): (Vec<f32>, Vec<f32>, Vec<f32>) = (Vec::new(), Vec::new(), Vec::new());
        for slot in self.around(at, 6)? {
            lows.push(slot.low);
            highs.push(slot.high);
            if !slot.middle.is_nan() {
                middles.push(slot.middle);
            }
        }
        lows.sort_by(f32::total_cmp);
        highs.sort_by(|a, b| b.total_cmp(a));
        middles.sort_by(f32::total_cmp);
        let middle = super::memory::quantile(&middles, 0.5);
        let mut apart: Vec<f32> = middles.iter().map(|value| (f64::from(*value) - middle).abs() as f32).collect();
        apart.sort_by(f32::total_cmp);
        let reach = widths * 1.4826 * super::memory::quantile(&apart, 0.5);
        let (low, high) = (f64::from(*lows.get(1)?), f64::from(*highs.get(1)?));
        if middles.is_empty() {
            return Some((low, high));
        }
        Some((low.min(middle - reach), high.max(middle + reach)))
    }
}

#[cfg(test)]
impl Day {
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }
}
