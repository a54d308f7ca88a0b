//! The axes of the strips: round numbers and round times.

use chrono::TimeDelta;

use crate::facts::At;
use crate::facts::Unit;

/// The least round number that is not below the value: what the top of a strip stands for.
pub(super) fn top(value: f64, unit: Unit) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return if unit == Unit::Ratio { 0.01 } else { 1.0 };
    }
    // Bytes are round in their own units.
    let scale = match unit {
        Unit::Bytes => 1024_f64.powi((value.ln() / 1024_f64.ln()).floor() as i32),
        _ => 1.0,
    };
    let value = value / scale;
    let power = 10_f64.powf(value.log10().floor());
    let round = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].map(|step| step * power);
    let least = round.into_iter().find(|round| *round >= value * 0.999_999).unwrap_or(value);
    let least = least * scale;
    // A share that comes near the whole is drawn against the whole.
    if unit == Unit::Ratio && (0.6..1.0).contains(&least) { 1.0 } else { least }
}

/// Round instants between two others, at most so many, and the distance between them.
pub(super) fn ticks(from: At, to: At, most: i64) -> (Vec<At>, TimeDelta) {
    const STEPS: [i64; 15] =
        [10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800];
    let span = (to - from).num_seconds().max(1);
    let step = STEPS.into_iter().find(|step| span / step <= most).unwrap_or(span);
    let first = from.timestamp().div_euclid(step) * step + step;
    let all = (0..=most).map(|index| first + index * step).take_while(|second| *second <= to.timestamp());
    (all.filter_map(|second| At::from_timestamp(second, 0)).collect(), TimeDelta::seconds(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tops_are_round() {
        for (value, unit, expected) in [
            (0.452, Unit::Ratio, 0.5),
            (0.71, Unit::Ratio, 1.0),
            (1.0, Unit::Ratio, 1.0),
            (0.0, Unit::Ratio, 0.01),
            (612.0, Unit::PerSecond, 800.0),
            (2.4, Unit::Seconds, 2.5),
            (100.0, Unit::Count, 100.0),
            (1.7 * 1024.0 * 1024.0 * 1024.0, Unit::Bytes, 2.0 * 1024.0 * 1024.0 * 1024.0),
            (f64::NAN, Unit::Count, 1.0),
        ] {
            assert!((top(value, unit) - expected).abs() < 1e-9 * expected, "{value} {}", top(value, unit));
        }
    }

    #[test]
    fn ticks_are_round_and_few() {
        let at = |second: i64| At::from_timestamp(1_770_000_000 + second, 0).unwrap();
        for (span, step) in [(60, 10), (3_600, 600), (10_800, 1_800), (86_400, 10_800), (30 * 86_400, 604_800)] {
            let (ticks, distance) = ticks(at(7), at(7 + span), 8);
            assert_eq!(distance.num_seconds(), step, "{span}");
            assert!(ticks.len() <= 9 && !ticks.is_empty());
            assert!(ticks.iter().all(|tick| tick.timestamp() % step == 0 && *tick > at(7) && *tick <= at(7 + span)));
        }
        assert!(ticks(at(10), at(10), 8).0.is_empty());
    }
}
