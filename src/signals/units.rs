//! Base units in, people's units out: `0.452` → `45.2 %`, `1.2` → `1.2 s`, `1932735283` → `1.80 GiB`.

use std::time::Duration;

use crate::facts::Number;
use crate::facts::Unit;

/// A number as people read it, with its unit; `> ` in front of a lower bound.
#[must_use]
pub fn shown(number: Number, unit: Unit) -> String {
    let (figure, unit) = parts(number.value, unit);
    let bound = if number.at_least { "> " } else { "" };
    if unit.is_empty() { format!("{bound}{figure}") } else { format!("{bound}{figure} {unit}") }
}

/// The figure and the unit apart; the unit of a count is empty. Three significant digits, never `-0`.
#[must_use]
pub fn parts(value: f64, unit: Unit) -> (String, &'static str) {
    match unit {
        Unit::Ratio => (percent(value), "%"),
        Unit::Seconds => seconds(value),
        Unit::PerSecond => {
            let (figure, prefix) = thousands(value);
            (
                figure,
                if prefix == "k" {
                    "k req/s"
                } else if prefix == "M" {
                    "M req/s"
                } else {
                    "req/s"
                },
            )
        }
        Unit::Count => {
            if value.abs() < 100_000.0 {
                (if value.fract() == 0.0 { grouped(value) } else { three(value) }, "")
            } else {
                thousands(value)
            }
        }
        Unit::Bytes => bytes(value),
        Unit::Cores => (three(value), "cores"),
        Unit::Instant => (instant(value), ""),
    }
}

/// Two values in one unit, `1.76 / 2.00 GiB`, `100 / 100`.
#[must_use]
pub fn of(used: f64, limit: f64, unit: Unit) -> String {
    if unit == Unit::Bytes {
        let (scale, name) = byte_scale(limit.abs().max(used.abs()));
        return format!("{} / {} {name}", three(used / scale), three(limit / scale));
    }
    let (used, _) = parts(used, unit);
    let (limit, unit) = parts(limit, unit);
    format!("{used} / {limit} {unit}").trim_end().to_owned()
}

/// An age or a distance in at most two units: `43s`, `5m18s`, `2h05m`, `6d`.
#[must_use]
pub fn age(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..600 if !seconds.is_multiple_of(60) => format!("{}m{:02}s", seconds / 60, seconds % 60),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 if seconds % 3_600 >= 60 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        86_400..864_000 if seconds % 86_400 >= 3_600 => {
            format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3_600)
        }
        _ => format!("{}d", seconds / 86_400),
    }
}

/// An age to be told in a sentence that stands for a while: like [`age`], without seconds from a minute on.
#[must_use]
pub fn rough_age(duration: Duration) -> String {
    let seconds = duration.as_secs();
    age(if seconds < 60 { duration } else { Duration::from_secs(seconds / 60 * 60) })
}

/// How long ago `from` was, roughly; an instant in the future (clock skew) counts as now.
#[must_use]
pub fn rough_between(from: crate::facts::At, to: crate::facts::At) -> String {
    rough_age((to - from).to_std().unwrap_or_default())
}

/// A distance between two instants as an age; a negative one (clock skew) counts as none.
#[must_use]
pub fn between(from: crate::facts::At, to: crate::facts::At) -> String {
    age((to - from).to_std().unwrap_or_default())
}

fn instant(seconds: f64) -> String {
    let at = chrono::DateTime::from_timestamp(seconds as i64, 0);
    at.map_or_else(|| three(seconds), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn percent(value: f64) -> String {
    let percent = value * 100.0;
    if percent == 0.0 {
        "0".to_owned()
    } else if percent.abs() < 0.01 {
        "< 0.01".to_owned()
    } else if percent.abs() < 1.0 {
        format!("{percent:.2}")
    } else if percent.abs() < 99.95 {
        format!("{percent:.1}")
    } else {
        format!("{percent:.0}")
    }
}

fn seconds(value: f64) -> (String, &'static str) {
    let size = value.abs();
    if size == 0.0 {
        ("0".to_owned(), "ms")
    } else if size < 0.001 {
        (three(value * 1e6), "µs")
    } else if size < 0.9995 {
        (three(value * 1e3), "ms")
    } else if size < 120.0 {
        (if size < 9.95 { format!("{value:.2}") } else { format!("{value:.1}") }, "s")
    } else {
        (format!("{:.0}", value / 60.0), "min")
    }
}

fn bytes(value: f64) -> (String, &'static str) {
    let (scale, name) = byte_scale(value.abs());
    (if scale <= 1.0 { format!("{value:.0}") } else { three(value / scale) }, name)
}

fn byte_scale(size: f64) -> (f64, &'static str) {
    const KIB: f64 = 1024.0;
    // 1000 MiB is read more slowly than 0.98 GiB: the next unit begins at 1000 of the one below.
    for (scale, name) in [(KIB.powi(4), "TiB"), (KIB.powi(3), "GiB"), (KIB.powi(2), "MiB"), (KIB, "KiB")] {
        if size >= scale * 1000.0 / 1024.0 {
            return (scale, name);
        }
    }
    (1.0, "B")
}

fn thousands(value: f64) -> (String, &'static str) {
    let size = value.abs();
    if size >= 999_500.0 {
        (three(value / 1e6), "M")
    } else if size >= 9_999.5 {
        (three(value / 1e3), "k")
    } else if size >= 999.5 {
        (grouped(value), "")
    } else {
        (three(value), "")
    }
}

/// Three significant digits, without an exponent.
fn three(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if size < 0.01 {
        "< 0.01".to_owned()
    } else if size < 9.995 {
        format!("{value:.2}")
    } else if size < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if value < 0.0 && digits != "0" { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_three_digits_and_a_unit() {
        for (value, unit, text) in [
            (612.3, Unit::PerSecond, "612 req/s"),
            (0.0, Unit::PerSecond, "0 req/s"),
            (0.0001, Unit::PerSecond, "< 0.01 req/s"),
            (1234.0, Unit::PerSecond, "1,234 req/s"),
            (123_456.0, Unit::PerSecond, "123 k req/s"),
            (2.5e6, Unit::PerSecond, "2.50 M req/s"),
            (0.452, Unit::Ratio, "45.2 %"),
            (0.0, Unit::Ratio, "0 %"),
            (0.000_01, Unit::Ratio, "< 0.01 %"),
            (0.003, Unit::Ratio, "0.30 %"),
            (1.0, Unit::Ratio, "100 %"),
            (0.024, Unit::Seconds, "24.0 ms"),
            (0.240, Unit::Seconds, "240 ms"),
            (0.000_5, Unit::Seconds, "500 µs"),
            (1.2, Unit::Seconds, "1.20 s"),
            (28.04, Unit::Seconds, "28.0 s"),
            (600.0, Unit::Seconds, "10 min"),
            (214.0, Unit::Count, "214"),
            (7.5, Unit::Count, "7.50"),
            (99_999.0, Unit::Count, "99,999"),
            (1_932_735_283.0, Unit::Bytes, "1.80 GiB"),
            (512.0, Unit::Bytes, "512 B"),
            (1_048_576_000.0, Unit::Bytes, "0.98 GiB"),
            (-0.0, Unit::Count, "0"),
        ] {
            assert_eq!(shown(Number { value, at_least: false }, unit), text);
        }
        assert_eq!(shown(Number { value: 10.0, at_least: true }, Unit::Seconds), "> 10.0 s");
        assert_eq!(of(1_889_785_610.0, 2_147_483_648.0, Unit::Bytes), "1.76 / 2.00 GiB");
        assert_eq!(of(100.0, 100.0, Unit::Count), "100 / 100");
    }

    #[test]
    fn ages_have_at_most_two_units() {
        for (seconds, text) in [
            (0, "0s"),
            (43, "43s"),
            (60, "1m"),
            (318, "5m18s"),
            (660, "11m"),
            (3_600, "1h"),
            (7_500, "2h05m"),
            (90_000, "1d1h"),
            (86_400, "1d"),
            (8_640_000, "100d"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), text);
        }
    }
}
