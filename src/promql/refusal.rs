//! Why a query is not accepted: a feature that this engine does not do, or an error in the text.

use std::fmt;

use crate::facts::text::clean_line;

/// Why a query is refused. It always names the query, since a configuration has many.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The feature that is valid `PromQL` on some server, but not supported; `None` when the query is in error.
    pub feature: Option<String>,
    /// What is wrong, in one clean sentence without a full stop.
    pub message: String,
    /// The query.
    pub query: String,
}

impl Refusal {
    /// The query cannot be understood.
    pub(super) fn error(query: &str, message: &str) -> Self {
        Self { feature: None, message: clean_line(message, 400), query: clean_line(query, 2_000) }
    }

    /// The query uses something that is not supported.
    pub(super) fn feature(query: &str, feature: &str) -> Self {
        let message = format!("{feature} is not supported");
        Self { feature: Some(feature.to_owned()), message, query: clean_line(query, 2_000) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the query: {}", self.message, self.query)
    }
}

impl std::error::Error for Refusal {}

/// The text without what is inside quotes and comments, so that words and signs can be looked for.
pub(super) fn unquoted(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    let mut chars = query.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\'' | '`' => {
                out.push('"');
                while let Some(inside) = chars.next() {
                    if inside == c {
                        break;
                    }
                    if inside == '\\' && c != '`' {
                        chars.next();
                    }
                }
                out.push('"');
            }
            '#' => {
                while chars.next().is_some_and(|inside| inside != '\n') {}
                out.push(' ');
            }
            _ => out.push(c),
        }
    }
    out
}

/// The feature that makes the parser stumble, if it is one that it does not know.
pub(super) fn unknown_to_the_parser(query: &str) -> Option<&'static str> {
    let text = unquoted(query).to_lowercase();
    let words = || text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    if words().any(|word| word == "anchored") {
        return Some("the range modifier anchored");
    }
    if words().any(|word| word == "smoothed") {
        return Some("the range modifier smoothed");
    }
    if words().any(|word| matches!(word, "fill" | "fill_left" | "fill_right")) {
        return Some("the matching modifier fill");
    }
    if text.contains("{{") {
        return Some("native histograms");
    }
    if text.contains("</") || text.contains(">/") {
        return Some("trimming native histograms");
    }
    if words().any(|word| word == "info") {
        return Some("the experimental function info");
    }
    has_duration_arithmetic(&text).then_some("arithmetic in durations")
}

/// Whether a range, a step or an offset is a calculation.
fn has_duration_arithmetic(text: &str) -> bool {
    let calculates = |part: &str| {
        part.trim_start_matches(['-', '+', ' ']).contains(['+', '-', '*', '/', '%', '^', '(', ')'])
            || part.contains("step")
            || part.contains("range")
    };
    let in_brackets = text
        .split('[')
        .skip(1)
        .any(|after| after.split(']').next().is_some_and(|inside| inside.split(':').any(calculates)));
    let after_offset = text.split("offset").skip(1).any(|after| {
        let after = after.trim_start().trim_start_matches(['-', '+']).trim_start();
        after.starts_with(['(', '-', '+']) || ["step", "range", "min", "max"].iter().any(|word| after.starts_with(word))
    });
    in_brackets || after_offset
}

/// A number of seconds that stands for a range, a step or an offset, and is more than any clock can tell. The parser
/// must not see it.
pub(super) fn endless_duration(query: &str) -> Option<String> {
    let text = unquoted(query).to_lowercase();
    let in_brackets = text.split('[').skip(1).flat_map(|after| after.split(']').next().unwrap_or("").split(':'));
    let after_offset = text.split("offset").skip(1);
    let number = |part: &str| {
        let part = part.trim_start().trim_start_matches(['-', '+']).trim_start();
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '+' || c == '-' || c == '_'));
        let part = &part[..end.unwrap_or(part.len())];
        part.parse::<f64>().is_ok_and(|seconds| seconds.is_nan() || seconds > 1e11).then(|| part.to_owned())
    };
    in_brackets.chain(after_offset).find_map(number)
}
