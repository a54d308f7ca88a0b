//! From a value to a height: round tops, a logarithm where the values lie far apart, known limits where there are some.

use crate::facts::Unit;
use crate::signals::units;

/// Values this many times apart are drawn on a logarithmic scale.
const FAR_APART: f64 = 50.0;

/// A vertical scale.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::ui) struct Scale {
    bottom: f64,
    /// The value at the upper edge.
    pub top: f64,
    /// Logarithmic.
    pub log: bool,
    unit: Unit,
}

impl Scale {
    /// From zero to a round number not below `high`.
    pub fn linear(high: f64, unit: Unit) -> Self {
        let top = match unit {
            Unit::Ratio => nice(high).min(1.0_f64.max(high)),
            Unit::Bytes => {
                let scale = 1024_f64.powi((high.max(1.0).log2() / 10.0).floor() as i32);
                nice(high / scale) * scale
            }
            Unit::PerSecond | Unit::Seconds | Unit::Count | Unit::Cores | Unit::Instant => nice(high),
        };
        Self { bottom: 0.0, top, log: false, unit }
    }

    /// From zero to exactly `limit`, or a round number where values exceed it.
    pub fn limited(limit: f64, high: f64, unit: Unit) -> Self {
        if high > limit * 1.001 { Self::linear(high, unit) } else { Self { bottom: 0.0, top: limit, log: false, unit } }
    }

    /// Linear, or logarithmic where the smallest positive value lies far below the largest.
    pub fn wide(low: f64, high: f64, least_top: f64, unit: Unit) -> Self {
        if low > 0.0 && high / low > FAR_APART {
            return Self { bottom: nice_below(low), top: nice(high), log: true, unit };
        }
        Self::linear(high.max(least_top), unit)
    }

    /// The height of a value, 0 to 1.
    pub fn level(&self, value: f64) -> f64 {
        let level = if self.log {
            (value.max(self.bottom) / self.bottom).ln() / (self.top / self.bottom).ln()
        } else {
            value / self.top
        };
        if level.is_finite() { level.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// How many of `of` steps are filled; a value above zero fills at least one.
    pub fn steps(&self, value: f64, of: usize) -> usize {
        if value <= 0.0 { 0 } else { ((self.level(value) * of as f64).round() as usize).clamp(1.min(of), of) }
    }

    /// The value at a height, as a person reads it.
    pub fn text_at(&self, level: f64) -> String {
        let value = if self.log { self.bottom * (self.top / self.bottom).powf(level) } else { self.top * level };
        amount(value, self.unit)
    }

    /// The top as a person reads it: `900`, `50 %`, `30 s`, `2 GiB`.
    pub fn top_text(&self) -> String {
        amount(self.top, self.unit)
    }
}

/// A round amount without needless zeros; the unit of a rate is told elsewhere.
pub(super) fn amount(value: f64, unit: Unit) -> String {
    let (figure, unit_word) = units::parts(value, unit);
    let figure = if figure.contains('.') { figure.trim_end_matches('0').trim_end_matches('.') } else { &figure };
    let unit_word = unit_word.trim_end_matches("req/s").trim_end();
    if unit_word.is_empty() { figure.to_owned() } else { format!("{figure} {unit_word}") }
}

/// Round numbers that an eye takes in at once.
const ROUND: [f64; 9] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];

fn nice(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let magnitude = 10_f64.powf(value.log10().floor());
    // A hair of tolerance: 0.3 is 3 times 0.1 but for the last bit.
    let round = ROUND.into_iter().find(|round| round * magnitude >= value * 0.999_999);
    round.unwrap_or(10.0) * magnitude
}

fn nice_below(value: f64) -> f64 {
    let magnitude = 10_f64.powf(value.log10().floor());
    let round = ROUND.into_iter().rev().find(|round| round * magnitude <= value * 1.000_001);
    round.unwrap_or(1.0) * magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tops_are_round_and_said_with_their_unit() {
        for (high, unit, text) in [
            (612.0, Unit::PerSecond, "800"),
            (0.452, Unit::Ratio, "50 %"),
            (0.05, Unit::Ratio, "5 %"),
            (0.99, Unit::Ratio, "100 %"),
            (1_889_785_610.0, Unit::Bytes, "2 GiB"),
            (28.0, Unit::Seconds, "30 s"),
            (0.3, Unit::Seconds, "300 ms"),
            (0.0, Unit::Count, "1"),
            (14_900.0, Unit::PerSecond, "15 k"),
        ] {
            assert_eq!(Scale::linear(high, unit).top_text(), text);
        }
        assert_eq!(Scale::limited(100.0, 100.0, Unit::Count).top_text(), "100");
        assert_eq!(Scale::limited(100.0, 130.0, Unit::Count).top_text(), "150");
    }

    #[test]
    fn heights_grow_with_values_and_only_zero_is_empty() {
        let log = Scale::wide(0.08, 28.0, 0.5, Unit::Seconds);
        assert!(log.log && log.top_text() == "30 s");
        assert!(!Scale::wide(0.08, 0.3, 0.5, Unit::Seconds).log);
        for scale in [log, Scale::linear(30.0, Unit::Seconds)] {
            let steps: Vec<_> = [0.0, 0.0001, 0.08, 1.0, 10.0, 28.0, 300.0].map(|v| scale.steps(v, 32)).to_vec();
            assert!(steps.is_sorted(), "{steps:?}");
            assert_eq!((steps[0], steps[1], steps[6]), (0, 1, 32));
        }
    }
}
