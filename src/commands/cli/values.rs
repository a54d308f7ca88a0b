//! The values of options: what a word on the command line may be, and what is said of one that it may not.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::facts::text::clean_line;

/// A name that can be shown as it is.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || clean_line(text, 80) != text {
        return Err("write at most 80 visible characters".to_owned());
    }
    Ok(text.to_owned())
}

/// The length of a time axis.
pub(super) fn window(text: &str) -> Result<Duration, String> {
    let span = crate::config::duration(text)?;
    if span < Duration::from_secs(60) || span > Duration::from_secs(7 * 86_400) {
        return Err("write a time between 1m and 7d".to_owned());
    }
    Ok(span)
}

/// How many times faster than life.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('x').parse::<f64>() {
        Ok(speed) if (0.1..=1000.0).contains(&speed) => Ok(speed),
        _ => Err("write a number between 0.1 and 1000".to_owned()),
    }
}

/// An instant in RFC 3339.
pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let instant = DateTime::parse_from_rfc3339(text);
    instant.map(|at| at.to_utc()).map_err(|error| format!("{error}; write it as 2026-02-03T03:21:09Z"))
}
