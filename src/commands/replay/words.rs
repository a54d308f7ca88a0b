//! Times of a story in words: `T+4m10s`, `18.5 s`.

use chrono::SecondsFormat;
use chrono::TimeDelta;

use crate::facts::At;

/// An instant relative to T, to the second: `T`, `T+4m10s`, `T-1h02m`.
pub(super) fn offset(at: At, zero: At) -> String {
    span_after(seconds(at - zero))
}

/// The same of seconds after T.
pub(super) fn span_after(seconds: f64) -> String {
    let seconds = seconds.floor() as i64;
    let sign = match seconds {
        0 => return "T".to_owned(),
        ..0 => '-',
        1.. => '+',
    };
    format!("T{sign}{}", span(seconds.unsigned_abs()))
}

/// `45s`, `4m10s`, `4m`, `1h02m`, `1h02m05s`.
fn span(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, seconds) {
        (0, 0, _) => format!("{seconds}s"),
        (0, _, 0) => format!("{minutes}m"),
        (0, ..) => format!("{minutes}m{seconds:02}s"),
        (_, 0, 0) => format!("{hours}h"),
        (.., 0) => format!("{hours}h{minutes:02}m"),
        _ => format!("{hours}h{minutes:02}m{seconds:02}s"),
    }
}

/// A distance, to a tenth of a second below a minute: `18.5 s`, `20 s`, `4m10s`.
pub(super) fn apart(distance: TimeDelta) -> String {
    let tenths = (distance.num_milliseconds() as f64 / 100.0).round() / 10.0;
    if tenths < 60.0 { format!("{tenths} s") } else { span(distance.num_seconds().unsigned_abs()) }
}

/// RFC 3339, UTC, milliseconds.
pub(super) fn stamp(at: At) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Seconds, to the millisecond.
pub(super) fn seconds(distance: TimeDelta) -> f64 {
    distance.num_milliseconds() as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_zero() {
        let zero = At::from_timestamp(1_800_000_000, 0).unwrap();
        for (milliseconds, words) in [
            (0, "T"),
            (999, "T"),
            (45_000, "T+45s"),
            (250_400, "T+4m10s"),
            (300_000, "T+5m"),
            (-3_600_000, "T-1h"),
            (-3_720_000, "T-1h02m"),
            (3_725_000, "T+1h02m05s"),
            (-500, "T-1s"),
        ] {
            assert_eq!(offset(zero + TimeDelta::milliseconds(milliseconds), zero), words, "{milliseconds}");
        }
        for (milliseconds, words) in [(0, "0 s"), (18_460, "18.5 s"), (20_000, "20 s"), (250_000, "4m10s")] {
            assert_eq!(apart(TimeDelta::milliseconds(milliseconds)), words);
        }
    }
}
