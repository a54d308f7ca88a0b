//! What is usual for the number of requests just now: the middle of the last three quarters of an hour.
//!
//! The usual of a day's half says too little of a load that falls to a tenth by night: `< 50% of baseline` would hold
//! on every evening. Here the baseline follows the day, and stands still while a rule that compares with it holds. It
//! says nothing about other values, whose usual is the detector's.

use std::collections::VecDeque;

use chrono::TimeDelta;

use crate::facts::At;

/// The distance of two values that are kept.
const APART: TimeDelta = TimeDelta::seconds(30);

/// Values that are kept: 45 minutes.
const KEPT: usize = 90;

/// Values below which nothing is usual: ten minutes.
const NEEDED: usize = 20;

/// What holds for longer is the new usual.
const NEW_USUAL: TimeDelta = TimeDelta::hours(4);

/// The baseline of one series, fed with its values in the order of their time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Baseline {
    values: VecDeque<(At, f64)>,
    middle: Option<f64>,
    /// Since when it stands still.
    still: Option<At>,
}

impl Baseline {
    /// The middle of what came before; `None` while too little is known.
    pub(crate) const fn middle(&self) -> Option<f64> {
        self.middle
    }

    /// Takes a value in. `unusual`: a rule that compares with the baseline has begun to hold.
    pub(crate) fn push(&mut self, at: At, value: f64, unusual: bool) {
        self.still = unusual.then(|| self.still.unwrap_or(at));
        if self.still.is_some_and(|since| at - since < NEW_USUAL) {
            return;
        }
        let last = self.values.back().map(|(last, _)| *last);
        if last.is_some_and(|last| at - last < APART - TimeDelta::seconds(1)) {
            return;
        }
        // After a long silence, as after a long trouble, what was usual before says little.
        if last.is_some_and(|last| at - last >= NEW_USUAL) {
            self.values.clear();
        }
        if self.values.len() >= KEPT {
            self.values.pop_front();
        }
        self.values.push_back((at, value));
        self.middle = self.found();
    }

    fn found(&self) -> Option<f64> {
        let first = self.values.front()?.0;
        // History that was filled in may be as coarse as a minute.
        let long = self.values.back()?.0 - first >= APART * (NEEDED as i32 - 1);
        let mut values: Vec<f64> = self.values.iter().map(|(_, value)| *value).collect();
        let middle = values.len() / 2;
        long.then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> At {
        chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    #[test]
    fn it_follows_the_evening_and_stands_still_in_trouble() {
        let mut baseline = Baseline::default();
        let load = |hour: f64| 1000.0 * (1.0 + 0.85 * (hour / 12.0 * std::f64::consts::PI).cos());
        let (mut worst, mut second) = (1.0_f64, 0);
        while second < 12 * 3600 {
            let value = load(second as f64 / 3600.0);
            worst = baseline.middle().map_or(worst, |usual| worst.min(value / usual));
            baseline.push(at(second), value, false);
            second += 15;
        }
        assert!(worst > 0.75, "{worst}");
        let before = baseline.middle();
        for _ in 0..900 {
            second += 15;
            baseline.push(at(second), 10.0, true);
        }
        assert_eq!(baseline.middle(), before, "the trouble is not usual");
        for _ in 0..900 {
            second += 15;
            baseline.push(at(second), 10.0, true);
        }
        assert_eq!(baseline.middle(), Some(10.0), "after hours it is");
    }

    #[test]
    fn ten_minutes_are_needed_however_coarse() {
        for (step, needed) in [(5, 570), (60, 600)] {
            let mut baseline = Baseline::default();
            let mut second = 0;
            while baseline.middle().is_none() {
                baseline.push(at(second), 7.0, false);
                second += step;
            }
            assert_eq!(second - step, needed, "{step}");
        }
    }
}
