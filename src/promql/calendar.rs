//! Parts of a date: `minute`, `hour`, `day_of_week` and the like, in UTC.

use chrono::DateTime;
use chrono::Datelike;
use chrono::Months;
use chrono::Timelike;
use chrono::Utc;

fn part(seconds: f64, read: impl Fn(DateTime<Utc>) -> u32) -> f64 {
    DateTime::from_timestamp(seconds as i64, 0)
        .filter(|_| seconds.is_finite())
        .map_or(f64::NAN, |at| f64::from(read(at)))
}

pub(super) fn minute(seconds: f64) -> f64 {
    part(seconds, |at| at.minute())
}

pub(super) fn hour(seconds: f64) -> f64 {
    part(seconds, |at| at.hour())
}

/// Sunday is 0.
pub(super) fn day_of_week(seconds: f64) -> f64 {
    part(seconds, |at| at.weekday().num_days_from_sunday())
}

pub(super) fn day_of_month(seconds: f64) -> f64 {
    part(seconds, |at| at.day())
}

pub(super) fn day_of_year(seconds: f64) -> f64 {
    part(seconds, |at| at.ordinal())
}

pub(super) fn days_in_month(seconds: f64) -> f64 {
    part(seconds, |at| {
        let first = at.date_naive().with_day(1);
        let days = first.and_then(|first| Some((first.checked_add_months(Months::new(1))? - first).num_days()));
        days.and_then(|days| u32::try_from(days).ok()).unwrap_or(31)
    })
}

pub(super) fn month(seconds: f64) -> f64 {
    part(seconds, |at| at.month())
}

pub(super) fn year(seconds: f64) -> f64 {
    let at = DateTime::from_timestamp(seconds as i64, 0).filter(|_| seconds.is_finite());
    at.map_or(f64::NAN, |at| f64::from(at.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_leap_day() {
        let at = 1_456_790_399.0; // 2016-02-29T23:59:59Z, a Monday.
        let parts = [minute, hour, day_of_week, day_of_month, day_of_year, days_in_month, month, year];
        assert_eq!(parts.map(|part| part(at)), [59.0, 23.0, 1.0, 29.0, 60.0, 29.0, 2.0, 2016.0]);
        assert!(year(f64::NAN).is_nan() && hour(1e300).is_nan());
    }
}
