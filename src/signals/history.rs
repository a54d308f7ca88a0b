//! A [`History`]: one measure over time, with its gaps.

use std::collections::VecDeque;
use std::time::Duration;

use crate::facts::At;
use crate::facts::Number;

/// One instant of a history; a gap has no number.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// The instant.
    pub at: At,
    /// The number, or a gap: the source failed, or could not say.
    pub number: Option<Number>,
}

/// Points in the order of their time, kept for a while.
#[derive(Clone, PartialEq, Debug)]
pub struct History {
    points: VecDeque<Point>,
    keep: Duration,
    edits: u64,
}

impl History {
    /// An empty history that forgets points which are older than `keep` before the newest.
    #[must_use]
    pub const fn new(keep: Duration) -> Self {
        Self { points: VecDeque::new(), keep, edits: 0 }
    }

    /// Adds a point. One that is older than the newest finds its place (history that is filled in late); one at
    /// an instant that is there already replaces it, unless it would replace a number by a gap.
    pub fn push(&mut self, point: Point) {
        let index = self.first_not(|other| other.at < point.at);
        match self.points.get_mut(index) {
            Some(same) if same.at == point.at => {
                if point.number.is_some() && same.number != point.number {
                    *same = point;
                    self.edits += 1;
                }
            }
            Some(_) => {
                self.points.insert(index, point);
                self.edits += 1;
            }
            None => self.points.push_back(point),
        }
        let Some(newest) = self.points.back().map(|point| point.at) else { return };
        while self.points.front().is_some_and(|oldest| newest - oldest.at > keep_delta(self.keep)) {
            self.points.pop_front();
        }
    }

    /// Takes the gaps out that lie between `from` and `to`, both inclusive.
    pub fn forget_gaps(&mut self, from: At, to: At) {
        let start = self.first_not(|point| point.at < from);
        let end = self.first_not(|point| point.at <= to).max(start);
        if self.points.range(start..end).any(|point| point.number.is_none()) {
            self.points.retain(|point| point.number.is_some() || point.at < from || point.at > to);
            self.edits += 1;
        }
    }

    /// The place of the first point for which that does not hold, where it holds for all before it. Looks from the
    /// end on: what is new is asked for every second of every service, and most of the past is in no cache.
    fn first_not(&self, holds: impl Fn(&Point) -> bool) -> usize {
        let len = self.points.len();
        let mut reach = 1;
        while reach <= len && !holds(&self.points[len - reach]) {
            reach *= 2;
        }
        let (mut low, mut high) = (len.saturating_sub(reach), len - reach / 2);
        while low < high {
            let middle = usize::midpoint(low, high);
            if holds(&self.points[middle]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// All points, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Point> + ExactSizeIterator {
        self.points.iter()
    }

    /// The points from `from` (inclusive) to `to` (inclusive), oldest first.
    pub fn between(&self, from: At, to: At) -> impl DoubleEndedIterator<Item = &Point> {
        let start = self.first_not(|point| point.at < from);
        let end = self.first_not(|point| point.at <= to).max(start);
        self.points.range(start..end)
    }

    /// The points from `from` (inclusive) on, oldest first, and at most `count` before them.
    pub fn since_before(&self, from: At, count: usize) -> impl Iterator<Item = &Point> {
        let start = self.first_not(|point| point.at < from).saturating_sub(count);
        self.points.range(start..)
    }

    /// The newest point that has a number.
    #[must_use]
    pub fn last_number(&self) -> Option<(At, Number)> {
        self.points.iter().rev().find_map(|point| point.number.map(|number| (point.at, number)))
    }

    /// The newest number at or before `at` that is at most `reach` older.
    #[must_use]
    pub fn number_at(&self, at: At, reach: Duration) -> Option<(At, Number)> {
        let point = self.between(at - keep_delta(reach), at).next_back()?;
        point.number.map(|number| (point.at, number))
    }

    /// How often what was known of the past has changed: whoever reads along begins anew when it does.
    #[must_use]
    pub const fn edits(&self) -> u64 {
        self.edits
    }

    /// The instant of the newest point.
    #[must_use]
    pub fn last_at(&self) -> Option<At> {
        self.points.back().map(|point| point.at)
    }

    /// The instant of the oldest point.
    #[must_use]
    pub fn first_at(&self) -> Option<At> {
        self.points.front().map(|point| point.at)
    }
}

/// A `std` duration as `chrono` counts; what does not fit is as long as can be.
pub(crate) fn keep_delta(duration: Duration) -> chrono::TimeDelta {
    chrono::TimeDelta::from_std(duration).unwrap_or(chrono::TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> At {
        chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn point(second: i64, value: impl Into<Option<f64>>) -> Point {
        Point { at: at(second), number: value.into().and_then(Number::exact) }
    }

    #[test]
    fn a_place_is_found_from_the_end_on() {
        for count in 0..40 {
            let mut history = History::new(Duration::from_hours(1));
            (0..count).for_each(|index| history.push(point(index * 10, 1.0)));
            for second in -5..=count * 10 + 5 {
                let before = (0..count).filter(|index| index * 10 < second).count();
                assert_eq!(history.first_not(|point| point.at < at(second)), before, "{second} of {count}");
            }
        }
    }

    #[test]
    fn late_points_find_their_place_and_old_ones_are_forgotten() {
        let mut history = History::new(Duration::from_secs(60));
        for p in [point(50, 5.0), point(10, 1.0), point(30, None), point(30, 3.0), point(50, None)] {
            history.push(p);
        }
        let seen: Vec<_> = history.iter().map(|p| p.number.map(|n| n.value)).collect();
        assert_eq!(seen, [Some(1.0), Some(3.0), Some(5.0)]);
        history.push(point(80, None));
        assert_eq!(history.first_at(), Some(at(30)));
        assert_eq!(history.last_number().map(|(at, _)| at), Some(at(50)));
        assert_eq!(history.number_at(at(55), Duration::from_secs(10)).map(|(at, _)| at), Some(at(50)));
        assert_eq!(history.number_at(at(80), Duration::from_secs(60)), None, "a gap hides what was before it");
    }
}
