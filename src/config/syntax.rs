//! Syntax errors of TOML in words that say what to write; all of them, without the echoes of the first.
//!
//! A value without quotes may be a secret that somebody pasted: its text is never repeated in a message, unless
//! it is a short number with a unit.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use super::problem::place;
use super::reader::Found;
use super::reader::Ground;
use super::reader::Wrong;

/// What could be made of a text.
pub(super) struct Parsed<'d> {
    /// All that could be read; guesses where there are errors.
    pub(super) table: Spanned<DeTable<'d>>,
    /// The syntax errors, at most one per line.
    pub(super) found: Vec<Found>,
    /// Where what was read is a guess: bytes of the text.
    pub(super) guessed: Vec<Range<usize>>,
}

/// Parses what can be parsed, and tells what cannot.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut lists = Vec::new();
    unclosed_candidates(table.get_ref(), &mut lists);
    let mut found: Vec<(usize, Wrong)> = Vec::new();
    let mut echoes: Vec<Range<usize>> = Vec::new();
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let unclosed = ["unclosed array", "unclosed inline table"].iter().any(|what| error.message() == *what)
            || error.message().starts_with("unclosed array,")
            || error.message().starts_with("unclosed inline table,");
        let opened = lists.iter().find(|list| unclosed && list.end == span.start && list.start < span.start);
        if let Some(list) = opened {
            let bracket = if text[list.start..].starts_with('{') { ('{', '}') } else { ('[', ']') };
            let cause = format!("the `{}` that stands here is never closed", bracket.0);
            found.push((list.start, Wrong::new(cause, format!("write `{}` after its last entry", bracket.1))));
            echoes.push(list.start + 1..list.end + 1);
        } else {
            found.push((span.start, words(error.message(), text.get(span).unwrap_or(""))));
        }
    }
    found.retain(|(at, _)| !echoes.iter().any(|echo| echo.contains(at)));
    found.sort_by_key(|(at, _)| *at);
    found.dedup_by_key(|(at, _)| place(text, *at).line);
    let lines = found.iter().map(|(at, _)| line_around(text, *at));
    let guessed = lines.chain(echoes).collect();
    let found = found.into_iter().map(|(at, wrong)| Found { at, ground: Ground::Value, wrong }).collect();
    Parsed { table, found, guessed }
}

/// The bytes of the line of a byte.
fn line_around(text: &str, byte: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let byte = byte.min(bytes.len());
    let start = bytes[..byte].iter().rposition(|b| *b == b'\n').map_or(0, |newline| newline + 1);
    let end = bytes[byte..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |newline| byte + newline);
    start..end + 1
}

/// Where lists and inline tables stand, outer ones first.
fn unclosed_candidates(table: &DeTable<'_>, into: &mut Vec<Range<usize>>) {
    for (_, value) in table {
        into.push(value.span());
        match value.get_ref() {
            DeValue::Table(inner) => unclosed_candidates(inner, into),
            DeValue::Array(list) => {
                for entry in list {
                    into.push(entry.span());
                    if let DeValue::Table(inner) = entry.get_ref() {
                        unclosed_candidates(inner, into);
                    }
                }
            }
            _ => {}
        }
    }
}

fn words(message: &str, source: &str) -> Wrong {
    let (cause, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    match cause {
        "string values must be quoted" if source.is_empty() => {
            Wrong::new("a value is missing after `=`", "write a value, or remove the line")
        }
        "string values must be quoted" => Wrong::new("a text needs quotes", unquoted_advice(source)),
        "invalid basic string" | "invalid literal string" => {
            Wrong::new("a text is not closed", "write the same quote at its end")
        }
        "unclosed table" | "unclosed array table" => {
            Wrong::new("a table's name is not closed", format!("write {expected} at the end of the line"))
        }
        "duplicate key" => Wrong::new(
            "the same key or table stands here a second time",
            "keep one; for a list of tables write [[name]] each time",
        ),
        "key with no value" => {
            Wrong::new("this is not `key = value`", "write `=` and a value, or `#` before a comment")
        }
        "invalid boolean" => Wrong::new("this is neither true nor false", "write true or false in small letters"),
        _ if expected.is_empty() => Wrong::new(cause, ""),
        _ => Wrong::new(cause, format!("expected is {expected}")),
    }
}

fn unquoted_advice(source: &str) -> String {
    let plain = source.len() <= 12
        && source.starts_with(|c: char| c.is_ascii_digit())
        && source.chars().all(|c| c.is_ascii_alphanumeric() || "%./ ".contains(c));
    if plain { format!("write \"{}\"", source.trim_end()) } else { "write \" before and after it".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn causes(text: &str) -> Vec<(usize, String)> {
        parse(text).found.into_iter().map(|found| (found.at, found.wrong.cause)).collect()
    }

    #[test]
    fn a_bracket_that_is_never_closed_is_one_problem_at_its_start() {
        let text = "a = [1, 2\n\n[b]\nc = 1\nd = 2\n";
        assert_eq!(causes(text), [(4, "the `[` that stands here is never closed".to_owned())]);
        let text = "a = { b = 1\nc = 2\n";
        assert_eq!(causes(text), [(4, "the `{` that stands here is never closed".to_owned())]);
    }

    #[test]
    fn errors_on_several_lines_are_all_told() {
        let found = causes("a = 5s\nb = \nc = True\nd = 'x\n");
        assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [4, 11, 16, 27]);
    }

    #[test]
    fn a_pasted_secret_is_not_repeated() {
        for text in ["t = ghp_0123456789abcdef", "t = { Authorization = Bearer abc123 }", "ghp_0123456789abcdef"] {
            for found in parse(text).found {
                assert!(!format!("{found:?}").contains("ghp_"), "{found:?}");
                assert!(!format!("{found:?}").contains("abc123"), "{found:?}");
            }
        }
        assert_eq!(parse("window = 30m").found[0].wrong.advice, "write \"30m\"");
    }
}
