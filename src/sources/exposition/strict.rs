//! The strict reader, which refuses what a scraper must refuse; and the two ways to read one plain line.
//!
//! Both are for tests and for judging an endpoint. A dashboard reads with [`super::Reader`], which forgives.

use std::fmt;

use super::Format;
use super::Limits;
use super::format;
use super::lexer;
use super::lexer::Manner;
use super::line;
use super::line::Reason;
use super::line::Split;
use super::line::Tokens;
use super::number;
use super::plain;
use super::reader;
use super::rules::Rules;
use crate::facts::Labels;

/// Why a body is refused, and at which line (from 1; 0 for the body as a whole).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The line's number.
    pub line: usize,
    /// The reason, in a few words.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// All samples of a body in order: labels as sent (bounds are not rewritten), value, timestamp in milliseconds.
///
/// # Errors
/// The first thing that is against the format. Not checked is what needs a look at a whole family: that a
/// histogram's buckets, sum and count fit together, and that families and their groups are not interleaved.
pub fn samples(body: &[u8], format: Format) -> Result<Vec<(Labels, f64, Option<i64>)>, Refusal> {
    let whole = |reason: &str| Refusal { line: 0, reason: reason.to_owned() };
    format::refuse_foreign(body).map_err(|fault| whole(&fault.cause))?;
    let limits = Limits::default();
    if body.len() > limits.body {
        return Err(whole("the body is too large"));
    }
    let mut rules = Rules::new(format);
    let mut found = Vec::new();
    for (index, raw) in line::lines(body).enumerate() {
        let refuse = |reason: String| Refusal { line: index + 1, reason };
        if raw.len() > limits.line {
            return Err(refuse(Reason::TooLong.to_string()));
        }
        if let Some(sample) = one_line(raw, format, &mut rules).map_err(refuse)? {
            if found.len() == limits.samples {
                return Err(refuse("there are too many samples".to_owned()));
            }
            found.push(sample);
        }
    }
    rules.finish().map_err(|reason| whole(&reason))?;
    Ok(found)
}

fn one_line(raw: &[u8], format: Format, rules: &mut Rules) -> Result<Option<(Labels, f64, Option<i64>)>, String> {
    let text = if format == Format::OpenMetrics { raw } else { line::trim(raw) };
    rules.line(text)?;
    if text.is_empty() {
        return Ok(None);
    }
    if text.starts_with(b"#") {
        let comment = std::str::from_utf8(text).map_err(|_| Reason::NotUtf8.to_string())?;
        rules.comment(comment)?;
        return Ok(None);
    }
    let split = line::split(text, format, true).map_err(|reason| reason.to_string())?;
    let manner = Manner { max_labels: Limits::default().labels, known_escapes: format == Format::Text };
    let labels = reader::labels_of(split, format, manner).map_err(|reason| reason.to_string())?;
    if let Some(exemplar) = split.tail.exemplar {
        check_exemplar(exemplar).map_err(|reason| format!("exemplar: {reason}"))?;
    }
    rules.sample(&labels, &split)?;
    Ok(Some((labels, split.tail.value, split.tail.millis)))
}

/// Checks what stands behind ` #`: ` {labels} value [timestamp]`, with at most 128 characters of labels.
fn check_exemplar(text: &[u8]) -> Result<(), Reason> {
    let text = text.strip_prefix(b" ").ok_or(Reason::Spacing)?;
    if !text.starts_with(b"{") {
        return Err(Reason::TextBehind);
    }
    let (braces, behind) = text.split_at(line::closing_brace(text)?);
    let braces = std::str::from_utf8(braces).map_err(|_| Reason::NotUtf8)?;
    let mut name = None;
    let labels = lexer::labels(braces, Manner { max_labels: 64, known_escapes: false }, &mut name)?;
    let characters: usize = labels.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
    if name.is_some() || characters > 128 {
        return Err(if name.is_some() { Reason::NoEquals } else { Reason::TooLong });
    }
    let mut words = Tokens { text: behind, exact: true };
    words.next()?.and_then(number::value).ok_or(Reason::BadValue)?;
    if let Some(stamp) = words.next()? {
        number::seconds(stamp).ok_or(Reason::BadTimestamp)?;
    }
    words.next()?.map_or(Ok(()), |_| Err(Reason::TextBehind))
}

/// What the two readers make of one plain line; they must agree.
#[derive(Clone, PartialEq, Debug)]
pub struct BothWays {
    /// By the `prometheus-parse` crate.
    pub by_crate: Option<Labels>,
    /// By our own lexer.
    pub by_lexer: Option<Labels>,
}

/// Reads one line of the text format both ways; `None` when it is no sample line or not plain enough for the crate.
#[must_use]
pub fn both_ways(raw: &[u8]) -> Option<BothWays> {
    let split: Split<'_> = line::split(line::trim(raw), Format::Text, false).ok()?;
    if raw.starts_with(b"#") || !plain::is_plain(split.series) {
        return None;
    }
    let manner = Manner { max_labels: usize::MAX, known_escapes: false };
    Some(BothWays {
        by_crate: plain::series(split.series, split.tail.number, usize::MAX),
        by_lexer: lexer::series(split.series, manner).ok(),
    })
}
