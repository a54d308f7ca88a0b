//! Numbers as the exposition formats spell them: values, timestamps, and the bounds of buckets and quantiles.
//!
//! The rules are those of Go before hexadecimal floats and `1_000`, since that is what `Prometheus` keeps to.

/// A sample value; `None` where Go would refuse the text. `NaN` has always the same bits, never those of the
/// stale marker.
pub(super) fn value(text: &[u8]) -> Option<f64> {
    // Nine of ten values are short integers, which are exact in a float.
    if (1..=15).contains(&text.len()) && text.iter().all(u8::is_ascii_digit) {
        let whole = text.iter().fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        return Some(whole as f64);
    }
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    if number.is_nan() {
        // Go knows no signed NaN.
        return text.eq_ignore_ascii_case(b"nan").then_some(f64::NAN);
    }
    // A finite number that is too large is an error in Go, infinity in Rust.
    let spelled = text.iter().any(|byte| byte.eq_ignore_ascii_case(&b'i'));
    (number.is_finite() || spelled).then_some(number)
}

/// A timestamp of the text format: whole milliseconds.
pub(super) fn millis(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A timestamp of `OpenMetrics`: seconds with a fraction. Finite, or it is refused.
pub(super) fn seconds(text: &[u8]) -> Option<f64> {
    value(text).filter(|seconds| seconds.is_finite())
}

/// Seconds as milliseconds, rounded to the nearest; what is beyond the range stays at its end.
pub(super) fn seconds_to_millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

/// A bound of a bucket or a quantile as `Prometheus` 3 stores it: `1` is `1.0`, `2500000` is `2.5e+06`.
pub(super) fn canonical(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    // Go writes a negative zero without its sign here.
    let number = if number == 0.0 { 0.0 } else { number };
    let shortest = format!("{number:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Go's `%g` in its shortest form changes to an exponent at these two borders.
    if (-4..6).contains(&exponent) {
        let plain = format!("{number}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_go_reads_them() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("000", Some(0.0)),
            ("12345", Some(12345.0)),
            ("999999999999999", Some(999_999_999_999_999.0)),
            ("9223372036854775808", Some(9_223_372_036_854_775_808.0)),
            ("-3e3", Some(-3000.0)),
            ("+1.5", Some(1.5)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1E+2", Some(100.0)),
            ("+Inf", Some(f64::INFINITY)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("Infinity", Some(f64::INFINITY)),
            ("1e-400", Some(0.0)),
            ("1e400", None),
            ("-1e400", None),
            ("+NaN", None),
            ("-nan", None),
            ("", None),
            ("-", None),
            (".", None),
            ("1_000", None),
            ("0x1", None),
            ("0x1p-3", None),
            ("0b1", None),
            ("0o1", None),
            ("true", None),
            ("1 ", None),
            ("in", None),
            ("1.1.1", None),
        ] {
            assert_eq!(value(text.as_bytes()), expected, "{text:?}");
        }
        for text in ["NaN", "nan", "NAN"] {
            assert_eq!(value(text.as_bytes()).map(f64::to_bits), Some(f64::NAN.to_bits()), "{text}");
        }
        assert_eq!(value(b"\xff"), None);
    }

    #[test]
    fn timestamps() {
        assert_eq!(millis(b"-5"), Some(-5));
        assert_eq!(millis(b"1520879607789"), Some(1_520_879_607_789));
        for bad in ["1.5", "1_2", "", "9223372036854775808", "NaN", "z"] {
            assert_eq!(millis(bad.as_bytes()), None, "{bad}");
        }
        for (text, expected) in [
            ("1520879607.789", Some(1_520_879_607_789)),
            ("1.1", Some(1100)),
            ("-1", Some(-1000)),
            ("1.5e3", Some(1_500_000)),
            ("12345678901234567890.1234567890", Some(i64::MAX)),
            ("NaN", None),
            ("-Inf", None),
            ("0x1p-3", None),
        ] {
            assert_eq!(seconds(text.as_bytes()).map(seconds_to_millis), expected, "{text}");
        }
    }

    #[test]
    fn bounds_as_prometheus_stores_them() {
        for (number, expected) in [
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-0.0, "0.0"),
            (-1.0, "-1.0"),
            (0.005, "0.005"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (0.000_012_5, "1.25e-05"),
            (100_000.0, "100000.0"),
            (1e6, "1e+06"),
            (2_500_000.0, "2.5e+06"),
            (123_456.7, "123456.7"),
            (1_234_567.5, "1.2345675e+06"),
            (1e100, "1e+100"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(canonical(number), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn canonical_is_the_same_number(number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            proptest::prop_assert_eq!(value(canonical(number).as_bytes()), Some(number));
        }
    }
}
