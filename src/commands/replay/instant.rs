//! Which instant `--at` means: relative to T, by the clock of the story, or in full.

use chrono::DateTime;
use chrono::NaiveTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::words::stamp;
use crate::drill::Scenario;
use crate::facts::At;

/// An instant of a story, as a person writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Instant {
    /// So long after T; negative before.
    Relative(TimeDelta),
    /// The clock shows this time, UTC; the first such instant of the story.
    Clock(NaiveTime),
    /// This one.
    Absolute(DateTime<Utc>),
}

/// Reads `5m`, `T+5m`, `-90s`, `03:05`, `03:05:30` or `2026-11-20T03:05:00Z`.
///
/// # Errors
/// What to write.
pub fn instant(text: &str) -> Result<Instant, String> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(Instant::Absolute(at.to_utc()));
    }
    let clock = NaiveTime::parse_from_str(text, "%H:%M:%S").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"));
    if let Ok(clock) = clock {
        return Ok(Instant::Clock(clock));
    }
    let rest = text.strip_prefix(['T', 't']).unwrap_or(text);
    let (sign, span) = match (rest.strip_prefix('-'), rest.strip_prefix('+')) {
        _ if rest.is_empty() && !text.is_empty() => return Ok(Instant::Relative(TimeDelta::zero())),
        (Some(span), _) => (-1, span),
        (_, Some(span)) => (1, span),
        _ => (1, rest),
    };
    let wrong = |_| "write a time after T, as 5m or T-90s, a time of day (UTC), as 03:05, or 2026-11-20T03:05:00Z";
    let span = if span == "0" { std::time::Duration::ZERO } else { crate::config::duration(span).map_err(wrong)? };
    let span = TimeDelta::from_std(span).map_err(|error| error.to_string())?;
    Ok(Instant::Relative(span * sign))
}

impl Instant {
    /// The instant in a story.
    ///
    /// # Errors
    /// That it lies outside of the story, and which instants do not.
    pub(super) fn of(self, scenario: &Scenario) -> Result<At, String> {
        let (begins, ends) = (scenario.begins, scenario.ends());
        let at = match self {
            Self::Relative(span) => scenario.zero_at() + span,
            Self::Absolute(at) => at,
            Self::Clock(clock) => {
                let today = begins.date_naive().and_time(clock).and_utc();
                if today < begins { today + TimeDelta::days(1) } else { today }
            }
        };
        if (begins..=ends).contains(&at) {
            return Ok(at);
        }
        let zero = scenario.zero_at();
        Err(format!(
            "--at: {} is not in the story: it is played from {} to {}, T is {}",
            stamp(at),
            stamp(begins),
            stamp(ends),
            stamp(zero)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_people_write_them() {
        let scenario = super::super::tests::scenario("2026-11-20T22:00:00Z", 6 * 3_600, 3 * 3_600);
        for (text, expected) in [
            ("5m", Some("2026-11-21T01:05:00.000Z")),
            ("+5m", Some("2026-11-21T01:05:00.000Z")),
            ("T+90s", Some("2026-11-21T01:01:30.000Z")),
            ("T", Some("2026-11-21T01:00:00.000Z")),
            ("0", Some("2026-11-21T01:00:00.000Z")),
            ("-1h", Some("2026-11-21T00:00:00.000Z")),
            ("T-90s", Some("2026-11-21T00:58:30.000Z")),
            ("22:30", Some("2026-11-20T22:30:00.000Z")),
            ("03:05:10", Some("2026-11-21T03:05:10.000Z")),
            ("2026-11-21T02:00:00+01:00", Some("2026-11-21T01:00:00.000Z")),
            ("4h", None),
            ("21:00", None),
            ("2026-11-21T05:00:00Z", None),
        ] {
            let at = instant(text).unwrap().of(&scenario);
            assert_eq!(at.ok().map(stamp).as_deref(), expected, "{text}");
        }
        for text in ["", "soon", "5", "T5x", "25:00", "--1m"] {
            assert!(instant(text).is_err(), "{text}");
        }
    }
}
