//! Matchers by plain patterns, hidden from the parser.
//!
//! The parser compiles every regular expression that it sees, with an engine that costs more than all the rest of
//! it, and its result is thrown away where a [`Pattern`] needs no engine. So it is shown an equality instead, whose
//! value begins with a mark that no text has, and the compiler takes the mark off again. Nothing is decided here:
//! what is refused in disguise is read again as it was written.

use crate::promql::pattern::Pattern;
use crate::promql::selector::Test;

/// Before a pattern that must match. Unicode promises that it is no character.
const LIKE: char = '\u{fdd0}';
/// Before a pattern that must not match.
const UNLIKE: char = '\u{fdd1}';

/// The query with its plain patterns in disguise; `None` when there is nothing to hide, or no safe way.
pub(super) fn disguise(query: &str) -> Option<String> {
    if !query.contains("=~") && !query.contains("!~") {
        return None;
    }
    if query.contains([LIKE, UNLIKE]) || query.contains("\\u") || query.contains("\\U") {
        return None;
    }
    let mut out = String::with_capacity(query.len() + 16);
    let mut rest = query;
    let mut in_braces = false;
    let mut any = false;
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '"' | '\'' | '`' => quoted(rest, c),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '=' | '!' if in_braces => match hidden(rest, &out) {
                Some((text, len)) => {
                    out.push_str(&text);
                    rest = &rest[len..];
                    any = true;
                    continue;
                }
                None => 1,
            },
            _ => c.len_utf8(),
        };
        in_braces = (in_braces || c == '{') && c != '}';
        out.push_str(&rest[..len]);
        rest = &rest[len..];
    }
    any.then_some(out)
}

/// The condition that a value stands for; `None` when it is no disguise.
pub(super) fn revealed(value: &str) -> Option<Test> {
    if let Some(text) = value.strip_prefix(LIKE) {
        return Pattern::plain(text).map(Test::Like);
    }
    Pattern::plain(value.strip_prefix(UNLIKE)?).map(Test::Unlike)
}

/// How many bytes the quoted text takes that a text begins with.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            _ if c == quote => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// What to show instead of the condition that a text begins with, and how many bytes that takes.
fn hidden(text: &str, before: &str) -> Option<(String, usize)> {
    let (mark, behind) = match text.strip_prefix("=~") {
        Some(behind) => (LIKE, behind),
        None => (UNLIKE, text.strip_prefix("!~")?),
    };
    let value = behind.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inside = value[1..].split(quote).next()?;
    let pattern = Pattern::plain(inside).filter(|_| value[1 + inside.len()..].starts_with(quote))?;
    if before.trim_end().ends_with("__name__") {
        return None;
    }
    // The parser refuses a selector that takes everything: a condition that the absent label meets stays one.
    let sign = if pattern.is_match("") == (mark == LIKE) { "!=" } else { "=" };
    let len = text.len() - value.len() + inside.len() + 2;
    Some((format!("{sign}{quote}{mark}{inside}{quote}"), len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Query;

    #[test]
    fn only_plain_patterns_of_matchers_are_hidden() {
        for (query, shown) in [
            ("x{a=~\"5..\"}", Some("x{a=\"\u{fdd0}5..\"}")),
            ("x{a !~ '5..', b=\"c\"}", Some("x{a ='\u{fdd1}5..', b=\"c\"}").map(|_| "x{a !='\u{fdd1}5..', b=\"c\"}")),
            ("x{a=~`.*`}", Some("x{a!=`\u{fdd0}.*`}")),
            ("x{a!~\".*\"}", Some("x{a=\"\u{fdd1}.*\"}")),
            ("x{a=~\"[ab]\"}", None),
            ("x{a=~\"a\\\\.b\"}", None),
            ("x{a=\"=~\"}", None),
            ("x{a=\"b\"} # {a=~\"b\"}", None),
            ("label_replace(x, \"a\", \"=~\", \"b\", \"c\")", None),
            ("x =~ \"a\"", None),
            ("{__name__=~\"a|b\"}", None),
            ("x{a=~\"b\", c=\"\\ufdd0\"}", None),
            ("x{a=~\"b\u{fdd0}\"}", None),
            ("x{a=~\"b", None),
            ("x{a=~", None),
        ] {
            assert_eq!(disguise(query).as_deref(), shown, "{query}");
        }
    }

    #[test]
    fn what_was_hidden_is_found_again() {
        // An escape keeps the second text from being hidden; it says the same.
        for (hidden, plain) in [
            ("x{a=~\"5..\"}", "x{a=~\"\\x35..\"}"),
            ("sum(x{a!~'b|c', d=\"e\"}) / x{a=~`.+`}", "sum(x{a!~'\\x62|c', d=\"e\"}) / x{a=~'\\x2e+'}"),
            ("{a=~\".*\", b!~\"\"}", "{a=~\"\\x2e*\", b!~\"\"}"),
        ] {
            assert!(disguise(hidden).is_some());
            let roots = [hidden, plain].map(|text| format!("{:?}", crate::promql::compile::compile(text).unwrap()));
            assert_eq!(roots[0], roots[1], "{hidden}");
        }
    }

    #[test]
    fn what_was_refused_is_refused_in_the_same_words() {
        for query in
            ["{a=~\".*\"}", "{a!~\".+\"}", "x{a=~\"b\"}[5m]", "x{a=~\"b\"", "rate(x{a=~\"b\"})", "x{a=~\"b\"} offset"]
        {
            let refusal = Query::parse(query).unwrap_err().to_string();
            assert!(!refusal.contains([LIKE, UNLIKE]), "{refusal}");
        }
        assert!(Query::parse("{a=~\".+\"}").is_ok());
        assert!(Query::parse("{a!~\".*\"}").is_ok());
    }
}
