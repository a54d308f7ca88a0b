//! A history as the columns of a strip: what each cell of the time axis shows.

use std::time::Duration;

use crate::facts::At;
use crate::signals::History;
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
/// are expected, unless the history was filled in with another): what lies further from the last point is a hole.
#[must_use]
pub fn columns(history: &History, from: At, to: At, count: usize, every: Duration) -> Vec<Column> {
    let mut columns = vec![Column::Hole; count];
    let mut seen = vec![0_u32; count];
    let width_ms = (to - from).num_milliseconds() as f64 / count.max(1) as f64;
    if width_ms <= 0.0 {
        return columns;
    }
    let reach = |at: At| keep_delta(history.step_at(at).map_or(every, |step| step.max(every)).mul_f64(1.5));
    let points: Vec<_> = history.between(from - reach(from), to).collect();
    for (index, point) in points.iter().enumerate() {
        let Some(number) = point.number else { continue };
        let until = points.get(index + 1).map_or(to, |next| next.at).min(point.at + reach(point.at)).min(to);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Number;
    use crate::signals::Point;

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
    fn what_was_filled_in_with_few_points_has_no_holes_but_those_of_the_source() {
        let mut history = History::new(Duration::from_hours(1));
        for second in [0, 90, 180, 450, 540, 545, 550] {
            history.push(Point { at: at(second), number: Number::exact(1.0) });
        }
        history.note_step(at(0), at(540), Duration::from_secs(90));
        let drawn = |history: &History| -> String {
            let all = columns(history, at(0), at(600), 20, Duration::from_secs(5));
            all.iter().map(|column| if *column == Column::Hole { '-' } else { '1' }).collect()
        };
        // 30 s a column: the point at 180 s holds to 315 s, that at 450 s to the next, that at 550 s for 7.5 s.
        assert_eq!(drawn(&history), "11111111111----1111-");
    }

    #[test]
    fn points_hold_until_the_next_gaps_are_holes_and_silence_is_a_hole() {
        let every_5 = [(0, Some(1.0)), (5, Some(2.0)), (10, None), (15, Some(3.0))];
        assert_eq!(drawn(&every_5, 0, 20, 4, 5), "12-3");
        assert_eq!(drawn(&every_5, 0, 20, 8, 5), "1122--33");
        assert_eq!(drawn(&every_5, 0, 20, 2, 5), "23");
        assert_eq!(drawn(&[(0, Some(1.0)), (30, Some(4.0))], 0, 40, 8, 5), "11----44");
        assert_eq!(drawn(&[], 0, 40, 3, 5), "---");
        assert_eq!(drawn(&every_5, 0, 0, 3, 5), "---");
        assert_eq!(drawn(&[(-4, Some(9.0))], 0, 10, 5, 5), "99---", "a point before the window reaches into it");
    }
}
