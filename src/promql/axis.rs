//! The times at which a target was scraped, shared by all its series, and whether each scrape succeeded.
//!
//! Slots are numbered from the first scrape on and keep their number when older ones are forgotten.

use std::collections::VecDeque;

/// The scrape times of one target, oldest first.
#[derive(Debug, Default)]
pub(super) struct Axis {
    base: u64,
    times: VecDeque<i64>,
    good: VecDeque<bool>,
}

impl Axis {
    /// Adds a slot and answers its number. The caller has checked that `at` is later than the last.
    pub(super) fn push(&mut self, at: i64) -> u64 {
        self.times.push_back(at);
        self.good.push_back(true);
        self.base + self.times.len() as u64 - 1
    }

    /// Notes that the last scrape did not succeed.
    pub(super) fn spoil(&mut self) {
        if let Some(good) = self.good.back_mut() {
            *good = false;
        }
    }

    /// Forgets what is before `oldest`; answers the number of the first slot that is left.
    pub(super) fn expire(&mut self, oldest: i64) -> u64 {
        while self.times.front().is_some_and(|time| *time < oldest) {
            self.times.pop_front();
            self.good.pop_front();
            self.base += 1;
        }
        self.base
    }

    /// The time of a slot.
    pub(super) fn time(&self, slot: u64) -> i64 {
        let index = usize::try_from(slot.saturating_sub(self.base)).unwrap_or(usize::MAX);
        self.times.get(index).copied().unwrap_or(i64::MIN)
    }

    /// The times of some slots, none of them forgotten.
    pub(super) fn times(&self, slots: std::ops::Range<u64>) -> impl Iterator<Item = i64> {
        let index =
            |slot: u64| usize::try_from(slot.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.times.len());
        self.times.range(index(slots.start)..index(slots.end)).copied()
    }

    pub(super) fn first(&self) -> Option<i64> {
        self.times.front().copied()
    }

    pub(super) fn last(&self) -> Option<i64> {
        self.times.back().copied()
    }

    /// The slots at times in `(after, until]`: the first, and the one behind the last.
    pub(super) fn slots(&self, after: i64, until: i64) -> (u64, u64) {
        let low = self.times.partition_point(|time| *time <= after);
        let high = self.times.partition_point(|time| *time <= until);
        (self.base + low as u64, self.base + high as u64)
    }

    /// The times of the scrapes in `(after, until]` that succeeded, oldest first.
    pub(super) fn successes(&self, after: i64, until: i64) -> impl DoubleEndedIterator<Item = i64> {
        let low = self.times.partition_point(|time| *time <= after);
        let high = self.times.partition_point(|time| *time <= until).max(low);
        self.times.range(low..high).zip(self.good.range(low..high)).filter(|(_, good)| **good).map(|(time, _)| *time)
    }

    /// Whether a scrape in between failed.
    pub(super) fn failed_between(&self, after: i64, before: i64) -> bool {
        let low = self.times.partition_point(|time| *time <= after);
        let high = self.times.partition_point(|time| *time < before).max(low);
        self.good.range(low..high).any(|good| !*good)
    }
}
