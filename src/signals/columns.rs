//! A history as the columns of a strip: what each cell of the time axis shows.

use std::time::Duration;

use crate::facts::At;
use crate::facts::Number;
use crate::signals::History;
use crate::signals::Point;
use crate::signals::history::keep_delta;

/// One column of a strip.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Column {
    /// Nothing is known of this time: a hole, never zero.
    Hole,
    /// What was seen in this time.
    Seen {
        /// The smallest value.
        low: f64,
        /// The largest value.
        high: f64,
        /// The mean of the values.
        mean: f64,
        /// Some value is a lower bound of the truth.
        at_least: bool,
    },
}

/// The history from `from` to `to` in `count` columns of equal time.
///
/// A point holds until the next one, but for at most one and a half times `every` (the distance at which points
/// are expected) or the distance at which points lie there: what lies further from the last point is a hole.
#[must_use]
pub fn columns(history: &History, from: At, to: At, count: usize, every: Duration) -> Vec<Column> {
    let mut columns = vec![Column::Hole; count];
    let mut seen = vec![0_u32; count];
    let width_ms = (to - from).num_milliseconds() as f64 / count.max(1) as f64;
    if width_ms <= 0.0 {
        return columns;
    }
    let points: Vec<_> = history.since_before(from, NEIGHBOURS).take_while(|point| point.at <= to).collect();
    for (index, point) in points.iter().enumerate() {
        let Some(number) = point.number else { continue };
        let reach = keep_delta(every.max(step(&points, index)).mul_f64(1.5));
        let until = points.get(index + 1).map_or(to, |next| next.at).min(point.at + reach).min(to);
        if until <= from && point.at < from {
            continue;
        }
        let column = |at: At| ((at - from).num_milliseconds() as f64 / width_ms).floor();
        let first = column(point.at).max(0.0) as usize;
        // The column in which the next point begins is the next point's.
        let last = (((until - from).num_milliseconds() as f64 / width_ms).ceil() as usize).max(first + 1);
        for (offset, slot) in columns.iter_mut().enumerate().take(last).skip(first) {
            // A held value fills what is empty; only the column in which a point lies counts it.
            let own = offset == first && point.at >= from;
            match slot {
                Column::Hole => {
                    let value = number.value;
                    *slot = Column::Seen { low: value, high: value, mean: value, at_least: number.at_least };
                }
                Column::Seen { .. } if !own => {}
                Column::Seen { low, high, mean, at_least } => {
                    *low = low.min(number.value);
                    *high = high.max(number.value);
                    *mean += (number.value - *mean) / (f64::from(seen[offset]) + 1.0);
                    *at_least |= number.at_least;
                }
            }
            seen[offset] += u32::from(own || seen[offset] == 0);
        }
    }
    columns
}

/// The number that holds at an instant, as [`columns`] draws it, and half an interval longer.
#[must_use]
pub fn held(history: &History, at: At, every: Duration) -> Option<Number> {
    let mut points: Vec<_> = history.between(At::MIN_UTC, at).rev().take(NEIGHBOURS + 1).collect();
    points.reverse();
    let last = points.last()?;
    let reach = (every * 2).max(step(&points, points.len() - 1).mul_f64(1.5));
    last.number.filter(|_| at - last.at <= keep_delta(reach))
}

/// The points on either side that tell at which distance a point lies from others.
const NEIGHBOURS: usize = 2;

/// The distance of points there, where it is the same twice running: the past that a server brings has longer steps
/// than what is asked later. Nothing where they lie anyhow, so that a hole between them stays one.
fn step(points: &[&Point], index: usize) -> Duration {
    let between = |later: usize| {
        let (before, after) = (points.get(later.checked_sub(1)?)?, points.get(later)?);
        (after.at - before.at).to_std().ok()
    };
    let twice = |one: Option<Duration>, other: Option<Duration>| {
        let (one, other) = one.zip(other)?;
        (one.abs_diff(other) <= one / 10).then_some(one)
    };
    let (to, from) = (between(index), between(index + 1));
    let before = index.checked_sub(1).and_then(between);
    twice(to, before).or(twice(to, from)).or(twice(from, between(index + 2))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> At {
        chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn drawn(points: &[(i64, Option<f64>)], from: i64, to: i64, count: usize, every: u64) -> String {
        let mut history = History::new(Duration::from_hours(1));
        for (second, value) in points {
            history.push(Point { at: at(*second), number: value.and_then(Number::exact) });
        }
        columns(&history, at(from), at(to), count, Duration::from_secs(every))
            .iter()
            .map(|column| match column {
                Column::Hole => "-".to_owned(),
                Column::Seen { high, .. } => format!("{high}"),
            })
            .collect()
    }

    #[test]
    fn a_number_holds_as_long_as_it_is_drawn() {
        let mut history = History::new(Duration::from_hours(1));
        for second in [0, 30, 60, 120] {
            history.push(Point { at: at(second), number: Number::exact(second as f64) });
        }
        history.push(Point { at: at(125), number: None });
        let every = Duration::from_secs(5);
        for (second, expected) in
            [(-1, None), (89, Some(60.0)), (105, Some(60.0)), (106, None), (124, Some(120.0)), (125, None)]
        {
            let found = held(&history, at(second), every).map(|number| number.value);
            assert_eq!(found, expected, "{second}");
        }
    }

    #[test]
    fn points_hold_until_the_next_gaps_are_holes_and_silence_is_a_hole() {
        let every_5 = [(0, Some(1.0)), (5, Some(2.0)), (10, None), (15, Some(3.0))];
        assert_eq!(drawn(&every_5, 0, 20, 4, 5), "12-3");
        assert_eq!(drawn(&every_5, 0, 20, 8, 5), "1122--33");
        assert_eq!(drawn(&every_5, 0, 20, 2, 5), "23");
        assert_eq!(drawn(&[(0, Some(1.0)), (30, Some(4.0))], 0, 40, 8, 5), "11----44");
        assert_eq!(drawn(&[], 0, 40, 3, 5), "---");
        // A past in steps of 30 s, then what is asked every 5 s; a step without a point is a hole.
        let past = [0, 30, 60, 120, 150, 180, 185].into_iter().zip(1..).map(|(at, value)| (at, Some(f64::from(value))));
        let past: Vec<_> = past.collect();
        assert_eq!(drawn(&past, 0, 190, 38, 5), "111111222222333333333---44444455555567");
        assert_eq!(drawn(&past, 40, 70, 6, 5), "222233", "what holds may have begun before the window");
        assert_eq!(drawn(&every_5, 0, 0, 3, 5), "---");
        assert_eq!(drawn(&[(-4, Some(9.0))], 0, 10, 5, 5), "99---", "a point before the window reaches into it");
    }
}
