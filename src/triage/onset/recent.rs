//! The last rows at full resolution: what the evidence is counted on, and where the onset is dated.

use std::collections::VecDeque;

use super::tuning;
use crate::facts::At;

/// Rows that are kept: four times the evidence at 5 s, and some.
const KEPT: usize = 64;

/// The side on which a row lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Below,
    Inside,
    Above,
}

/// One row as it was judged when it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) at: At,
    pub(super) value: f32,
    /// Noise widths from the middle.
    pub(super) z: f32,
    pub(super) side: Side,
}

/// The last rows, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    rows: VecDeque<Row>,
}

/// Where trouble began among the last rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) at: At,
    /// Rows from there on.
    pub(super) rows: usize,
    /// Rows by which the start may be off.
    pub(super) slack: usize,
    /// Rows in which it rose to half of what it is.
    pub(super) half: usize,
}

impl Recent {
    pub(super) fn push(&mut self, row: Row) {
        if self.rows.capacity() == 0 {
            self.rows.reserve_exact(KEPT);
        }
        if self.rows.len() >= KEPT {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

    /// The last `count` rows or fewer, newest first.
    pub(super) fn last(&self, count: usize) -> impl Iterator<Item = &Row> {
        self.rows.iter().rev().take(count)
    }

    /// How many of the last `count` lie on that side.
    pub(super) fn out(&self, count: usize, side: Side) -> usize {
        self.last(count).filter(|row| row.side == side).count()
    }

    /// The value that `needed` of the last `count` rows reach on that side: one spike among them does not move it.
    pub(super) fn level(&self, count: usize, needed: usize, side: Side) -> f32 {
        let mut values: Vec<f32> = self.last(count).map(|row| row.value).collect();
        values.sort_by(f32::total_cmp);
        if side == Side::Above {
            values.reverse();
        }
        values.get(needed.saturating_sub(1)).or(values.last()).copied().unwrap_or(0.0)
    }

    /// The first of the last `count` rows on that side, walked back while the row before was on its way already.
    pub(super) fn first_out(&self, count: usize, side: Side) -> Option<Start> {
        let len = self.rows.len();
        let out = (len.saturating_sub(count)..len).find(|index| self.rows[*index].side == side)?;
        self.walked_back(out, side)
    }

    /// The start of what was over a limit from a row on, walked back in the same way.
    pub(super) fn back_from(&self, since: At, side: Side) -> Option<Start> {
        let place = self.rows.partition_point(|row| row.at < since);
        self.rows.get(place).filter(|row| row.at == since)?;
        (self.toward(place, side) > tuning::WALK_BACK).then(|| self.walked_back(place, side)).flatten()
    }

    fn walked_back(&self, out: usize, side: Side) -> Option<Start> {
        let mut first = out;
        while first > 0 && self.toward(first - 1, side) > tuning::WALK_BACK {
            first -= 1;
        }
        let start = self.start(first, side)?;
        // The rows walked back may have been chance.
        Some(Start { slack: start.slack.max(out - first), ..start })
    }

    /// The best split of the last `count` rows into usual and trouble, for what rose too slowly to have a first row.
    pub(super) fn split(&self, count: usize, side: Side) -> Option<Start> {
        let len = self.rows.len();
        let newest = self.toward(len.checked_sub(1)?, side);
        let bar = (tuning::SPLIT_SHARE * newest).max(tuning::SPLIT_LEAST);
        let from = len.saturating_sub(count);
        let (mut best, mut first, mut sum) = (f64::NEG_INFINITY, len - 1, 0.0);
        let mut sums = Vec::with_capacity(len - from);
        for index in (from..len).rev() {
            sum += self.toward(index, side).min(newest) - bar;
            sums.push((index, sum));
            if sum > best {
                (best, first) = (sum, index);
            }
        }
        let as_good = sums.iter().filter(|(_, sum)| *sum >= best - tuning::SPLIT_LEEWAY * bar);
        let apart = as_good.map(|(index, _)| index.abs_diff(first)).max().unwrap_or(0);
        // Where the split is at the edge of what is looked at, the true one may be beyond.
        let beyond = if first == from { len - from } else { 0 };
        self.start(first, side).map(|start| Start { slack: start.slack.max(apart).max(beyond), ..start })
    }

    /// The first of the last `count` rows that is farther than so much from the middle.
    pub(super) fn first_beyond(&self, count: usize, middle: f64, height: f64, side: Side) -> Option<Start> {
        let len = self.rows.len();
        let beyond = |index: &usize| {
            self.rows.get(*index).is_some_and(|row| (f64::from(row.value) - middle).abs() > height && row.side == side)
        };
        self.start((len.saturating_sub(count)..len).find(beyond)?, side)
    }

    fn start(&self, first: usize, side: Side) -> Option<Start> {
        let row = self.rows.get(first)?;
        let rows = self.rows.len() - first;
        let top = (first..self.rows.len()).map(|index| self.toward(index, side)).fold(0.0, f64::max);
        let half = (first..self.rows.len()).take_while(|index| self.toward(*index, side) < top / 2.0).count();
        // As steeply as it rose, it was in the middle so many rows before: next to none where it is a step.
        let own = self.toward(first, side).max(0.0);
        let per_row = (top / 2.0 - own) / half.max(1) as f64;
        let slack =
            if half == 0 { 0 } else { (own / per_row.max(f64::MIN_POSITIVE)).round().min(half as f64) as usize };
        Some(Start { at: row.at, rows, slack, half })
    }

    /// How far a row is out towards that side, noise widths.
    fn toward(&self, index: usize, side: Side) -> f64 {
        let z = self.rows.get(index).map_or(0.0, |row| f64::from(row.z));
        if side == Side::Below { -z } else { z }
    }
}

#[cfg(test)]
impl Recent {
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
    }
}
