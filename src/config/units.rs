//! People's units in, base units out: durations, shares, sizes and rates as a configuration writes them.
//!
//! A number without a unit is accepted only where it cannot be misread.

use std::time::Duration;

use super::reader::Wrong;
use super::reader::quoted;

/// What a number measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quantity {
    /// A share, kept as 0 to 1.
    Ratio,
    /// A time, kept in seconds.
    Seconds,
    /// Events, kept per second.
    PerSecond,
    /// Pieces.
    Count,
    /// A size, kept in bytes.
    Bytes,
}

/// Units by quantity; the first spelling of each is the one that messages show.
const RATIO: &[(&str, f64)] = &[("%", 0.01), ("", 1.0), ("percent", 0.01)];
const SECONDS: &[(&str, f64)] = &[
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
    ("d", 86_400.0),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("sec", 1.0),
    ("min", 60.0),
];
const PER_SECOND: &[(&str, f64)] =
    &[("/s", 1.0), ("/min", 1.0 / 60.0), ("/h", 1.0 / 3600.0), ("", 1.0), ("req/s", 1.0), ("req/min", 1.0 / 60.0)];
const COUNT: &[(&str, f64)] = &[("", 1.0)];
const BYTES: &[(&str, f64)] = &[
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KiB", 1_024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];

impl Quantity {
    const fn units(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Ratio => RATIO,
            Self::Seconds => SECONDS,
            Self::PerSecond => PER_SECOND,
            Self::Count => COUNT,
            Self::Bytes => BYTES,
        }
    }

    /// A value as it may be written.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::Ratio => "\"5 %\"",
            Self::Seconds => "\"500 ms\" or \"1 s\"",
            Self::PerSecond => "\"10 /s\"",
            Self::Count => "10",
            Self::Bytes => "\"2 GiB\"",
        }
    }

    /// A text as a value in base units: `"5 %"` is 0.05.
    pub(super) fn parse(self, text: &str) -> Result<f64, Wrong> {
        let bad = |cause: String| Wrong::new(cause, format!("write {}", self.example()));
        let text = text.trim();
        let split = text.find(|c: char| !(c.is_ascii_digit() || ".+-_".contains(c))).unwrap_or(text.len());
        let (digits, unit) = (&text[..split], text[split..].trim());
        let Ok(number) = digits.replace('_', "").parse::<f64>() else {
            return Err(bad(format!("{} is not a number with a unit", quoted(text))));
        };
        let unit = unit.replace("requests/", "req/");
        let Some((_, factor)) = self.units().iter().find(|(name, _)| *name == unit) else {
            return Err(bad(match unit.as_str() {
                "" => format!("{} has no unit", quoted(text)),
                size if self == Self::Ratio && size.ends_with('B') => {
                    format!("{} is a size, and this limit is a share of the whole", quoted(text))
                }
                unit => format!("{} is not a unit that fits here", quoted(unit)),
            }));
        };
        self.check(number * factor, text)
    }

    /// A bare number as a value, where that cannot be misread.
    pub(super) fn bare(self, number: f64) -> Result<f64, Wrong> {
        if self.units().iter().any(|(name, _)| name.is_empty()) {
            return self.check(number, &number.to_string());
        }
        Err(Wrong::new(format!("{number} has no unit"), format!("write {}", self.example())))
    }

    fn check(self, value: f64, shown: &str) -> Result<f64, Wrong> {
        if !value.is_finite() || value < 0.0 {
            return Err(Wrong::new(format!("{} is negative or too large", quoted(shown)), self.advice()));
        }
        if self == Self::Ratio && value > 1.0 {
            let cause = format!("{} is more than 100 %, which a share never is", quoted(shown));
            let percent = shown.parse::<f64>().is_ok_and(|number| number <= 100.0);
            return Err(Wrong::new(cause, if percent { format!("write \"{shown} %\"") } else { self.advice() }));
        }
        Ok(value)
    }

    fn advice(self) -> String {
        format!("write {}", self.example())
    }
}

/// A time span as people write it: `30s`, `1 h`, `1h30m`, `500ms`. Used by the command line as well.
///
/// # Errors
/// What is wrong with it and what to write, in one sentence.
pub fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|wrong| format!("{}; {}", wrong.cause, wrong.advice))
}

pub(super) fn parse_duration(text: &str) -> Result<Duration, Wrong> {
    let advice = "write a number and one of ms, s, m, h, d, as in \"30s\" or \"1h30m\"";
    let bad = |cause: String| Err(Wrong::new(cause, advice));
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return bad("the time span is empty".to_owned());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let Ok(number) = rest[..digits].parse::<f64>() else {
            return bad(format!("{} is not a time span", quoted(text)));
        };
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(rest.len());
        let unit = &rest[..letters];
        let Some((_, factor)) = SECONDS.iter().find(|(name, _)| *name == unit) else {
            return bad(match unit {
                "" => format!("{} has no unit", quoted(text)),
                unit => format!("{} is not a unit of time", quoted(unit)),
            });
        };
        seconds += number * factor;
        rest = rest[letters..].trim_start();
    }
    match Duration::try_from_secs_f64(seconds) {
        Ok(span) if seconds <= 366.0 * 86_400.0 => Ok(span),
        _ => bad(format!("{} is longer than a year", quoted(text))),
    }
}

/// A time span in words that [`duration`] reads back: `1h30m`, `5s`, `500ms`.
pub(super) fn spell(span: Duration) -> String {
    let mut left = span.as_millis();
    if left == 0 {
        return "0s".to_owned();
    }
    let mut parts = Vec::new();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if left >= size {
            parts.push(format!("{}{unit}", left / size));
            left %= size;
        }
    }
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_into_base_units() {
        for (quantity, text, value) in [
            (Quantity::Ratio, "1 %", 0.01),
            (Quantity::Ratio, "100%", 1.0),
            (Quantity::Ratio, "0.01", 0.01),
            (Quantity::Seconds, "500ms", 0.5),
            (Quantity::Seconds, " 1.5 s ", 1.5),
            (Quantity::Seconds, "250us", 0.000_25),
            (Quantity::PerSecond, "60/min", 1.0),
            (Quantity::PerSecond, "12 req/s", 12.0),
            (Quantity::PerSecond, "12 requests/s", 12.0),
            (Quantity::Count, "10", 10.0),
        ] {
            let read = quantity.parse(text).unwrap();
            assert!((read - value).abs() < 1e-9, "{text}: {read}");
        }
    }

    #[test]
    fn what_could_be_misread_is_refused() {
        for (quantity, text, cause) in [
            (Quantity::Ratio, "5", "more than 100 %"),
            (Quantity::Ratio, "101 %", "more than 100 %"),
            (Quantity::Ratio, "1 s", "`s` is not a unit that fits here"),
            (Quantity::Ratio, "five", "not a number"),
            (Quantity::Seconds, "1", "has no unit"),
            (Quantity::Seconds, "-1 s", "negative"),
            (Quantity::Seconds, "", "not a number"),
            (Quantity::Ratio, "2 GiB", "`2 GiB` is a size"),
            (Quantity::Seconds, "2 GHz", "`GHz` is not a unit"),
            (Quantity::Count, "1e999", "not a unit"),
            (Quantity::Seconds, "1.2.3 s", "not a number"),
        ] {
            let wrong = quantity.parse(text).unwrap_err();
            assert!(wrong.cause.contains(cause), "{text}: {wrong:?}");
            assert!(wrong.advice.starts_with("write "), "{text}: {wrong:?}");
        }
        assert_eq!(Quantity::Ratio.parse("5").unwrap_err().advice, "write \"5 %\"");
        assert!(Quantity::Seconds.bare(1.0).is_err());
        assert_eq!(Quantity::Ratio.bare(0.5), Ok(0.5));
    }

    #[test]
    fn durations() {
        for (text, millis) in [
            ("5s", 5000),
            ("1 h", 3_600_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1.5m", 90_000),
            ("1h 30m", 5_400_000),
            ("2 min", 120_000),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for (text, cause) in [
            ("5", "no unit"),
            ("", "empty"),
            ("5 S", "not a unit"),
            ("-5s", "not a time span"),
            ("h", "not a time span"),
            ("999999999d", "longer than a year"),
            ("1h30", "no unit"),
            ("soon", "not a time span"),
        ] {
            assert!(duration(text).unwrap_err().contains(cause), "{text}: {:?}", duration(text));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_spelled_is_read_back(millis in 0u64..31_000_000_000) {
            let span = Duration::from_millis(millis);
            let spelled = spell(span);
            let read = duration(&spelled).unwrap();
            proptest::prop_assert!(read.abs_diff(span) < Duration::from_micros(10), "{spelled}");
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = duration(&text);
            let _ = Quantity::Seconds.parse(&text);
            let _ = Quantity::Ratio.parse(&text);
        }
    }
}
