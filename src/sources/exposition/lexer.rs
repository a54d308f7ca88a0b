//! Our own reader of a series text: quotes, escapes, quoted names, colons, blanks, empty braces.
//!
//! It covers the whole of both formats; `plain` leaves to it what the crate cannot read.

use super::line::Reason;
use crate::facts::Labels;

type Pair = (Box<str>, Box<str>);

/// How the labels of a line are to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// The most labels that a line may have.
    pub max_labels: usize,
    /// Whether an escape other than `\\`, `\"` and `\n` is refused; else its backslash stays, as in `Prometheus`.
    pub known_escapes: bool,
}

/// Reads a series text: `name`, `name{a="b"}` or `{"quoted name",a="b"}`. Values are kept as they are sent, since
/// queries match them: whoever draws one cleans it.
pub(super) fn series(raw: &[u8], manner: Manner) -> Result<Labels, Reason> {
    let text = std::str::from_utf8(raw).map_err(|_| Reason::NotUtf8)?;
    let name_end = text.find(['{', ' ', '\t']).unwrap_or(text.len());
    let bare = &text[..name_end];
    if !bare.is_empty() && !is_metric_name(bare.as_bytes()) {
        return Err(Reason::BadName);
    }
    let braces = text[name_end..].trim_start_matches([' ', '\t']);
    let mut quoted = None;
    let mut pairs = if braces.is_empty() { Vec::new() } else { labels(braces, manner, &mut quoted)? };
    let name: Box<str> = match (bare, quoted) {
        ("", None) => return Err(Reason::NoName),
        ("", Some(quoted)) => quoted,
        (bare, None) => bare.into(),
        (_, Some(_)) => return Err(Reason::TwoNames),
    };
    pairs.push(("__name__".into(), name));
    Labels::new(pairs).map_err(|_| Reason::LabelTwice)
}

/// Reads `{a="b",...}` to its end; a quoted name without a value goes to `name`.
pub(super) fn labels(text: &str, manner: Manner, name: &mut Option<Box<str>>) -> Result<Vec<Pair>, Reason> {
    let mut cursor = Cursor { rest: text.strip_prefix('{').ok_or(Reason::TextBehind)? };
    let mut pairs = Vec::new();
    loop {
        cursor.blanks();
        if cursor.takes('}') {
            break;
        }
        let (key, is_quoted) = cursor.key(manner)?;
        cursor.blanks();
        if cursor.takes('=') {
            cursor.blanks();
            if &*key == "__name__" {
                return Err(Reason::NameAsLabel);
            }
            if pairs.len() == manner.max_labels {
                return Err(Reason::TooManyLabels);
            }
            let value = cursor.quoted(manner)?;
            pairs.push((key, value));
        } else if !is_quoted {
            return Err(Reason::NoEquals);
        } else if name.replace(key).is_some() {
            return Err(Reason::TwoNames);
        }
        cursor.blanks();
        if !cursor.takes(',') {
            if cursor.takes('}') {
                break;
            }
            return Err(if cursor.rest.is_empty() { Reason::Unclosed } else { Reason::NoComma });
        }
    }
    if cursor.rest.is_empty() { Ok(pairs) } else { Err(Reason::TextBehind) }
}

/// Reads the quoted text that `text` begins with; returns it and what is behind it.
pub(super) fn quoted(text: &str, manner: Manner) -> Result<(Box<str>, &str), Reason> {
    let mut cursor = Cursor { rest: text };
    let quoted = cursor.quoted(manner)?;
    Ok((quoted, cursor.rest))
}

/// Whether a text is a metric name that needs no quotes.
pub(super) fn is_metric_name(name: &[u8]) -> bool {
    is_name(name, |byte| byte == b':')
}

/// Whether a text is a label name that needs no quotes.
pub(super) fn is_label_name(name: &[u8]) -> bool {
    is_name(name, |_| false)
}

fn is_name(name: &[u8], more: impl Fn(u8) -> bool) -> bool {
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_' || more(byte))
}

struct Cursor<'a> {
    rest: &'a str,
}

impl Cursor<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn takes(&mut self, wanted: char) -> bool {
        let behind = self.rest.strip_prefix(wanted);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    /// A label name, or the metric name in quotes; says whether it was quoted.
    fn key(&mut self, manner: Manner) -> Result<(Box<str>, bool), Reason> {
        if self.rest.starts_with('"') {
            let key = self.quoted(manner)?;
            return if key.is_empty() { Err(Reason::BadLabelName) } else { Ok((key, true)) };
        }
        let end = self.rest.find(['=', ',', '}', ' ', '\t', '"']).unwrap_or(self.rest.len());
        let (key, behind) = self.rest.split_at(end);
        if !is_label_name(key.as_bytes()) {
            return Err(Reason::BadLabelName);
        }
        self.rest = behind;
        Ok((key.into(), false))
    }

    /// A quoted text with its escapes undone.
    fn quoted(&mut self, manner: Manner) -> Result<Box<str>, Reason> {
        let text = self.rest.strip_prefix('"').ok_or(Reason::NoQuote)?;
        let mut value = String::new();
        let mut rest = text;
        loop {
            let stop = memchr::memchr2(b'"', b'\\', rest.as_bytes()).ok_or(Reason::Unclosed)?;
            let (before, mark) = rest.split_at(stop);
            if let Some(behind) = mark.strip_prefix('"') {
                self.rest = behind;
                if value.is_empty() {
                    return Ok(before.into());
                }
                value.push_str(before);
                return Ok(value.into_boxed_str());
            }
            value.push_str(before);
            let escaped = mark[1..].chars().next().ok_or(Reason::Unclosed)?;
            match escaped {
                '\\' | '"' => value.push(escaped),
                'n' => value.push('\n'),
                _ if manner.known_escapes => return Err(Reason::BadEscape),
                _ => value.extend(['\\', escaped]),
            }
            rest = &mark[1 + escaped.len_utf8()..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANNER: Manner = Manner { max_labels: 3, known_escapes: false };

    #[test]
    fn series_of_every_shape() {
        for (raw, expected) in [
            ("a", "a"),
            ("job:http:rate5m", "job:http:rate5m"),
            ("a{}", "a"),
            ("a { }", "a"),
            ("a{b=\"c\",}", "a{b=\"c\"}"),
            ("a{ b = \"c\" , d=\"\" }", "a{b=\"c\"}"),
            ("a{p=\"/api/{id}\",q=\"x=y, z\"}", "a{p=\"/api/{id}\", q=\"x=y, z\"}"),
            ("a{b=\"\\\\ \\\" \\n \\z\"}", "a{b=\"\\\\ \\\" \\n \\\\z\"}"),
            ("{\"http.requests\",a=\"b\"}", "http.requests{a=\"b\"}"),
            ("{a=\"b\", \"http.requests\"}", "http.requests{a=\"b\"}"),
            ("a{\"x.y\"=\"b\"}", "a{x.y=\"b\"}"),
        ] {
            assert_eq!(series(raw.as_bytes(), MANNER).map(|labels| labels.to_string()), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (raw, reason) in [
            ("", Reason::NoName),
            ("{}", Reason::NoName),
            ("{a=\"b\"}", Reason::NoName),
            ("9a", Reason::BadName),
            ("a.b", Reason::BadName),
            ("a{1=\"1\"}", Reason::BadLabelName),
            ("a{b:c=\"1\"}", Reason::BadLabelName),
            ("a{=\"1\"}", Reason::BadLabelName),
            ("a{\"\"=\"1\"}", Reason::BadLabelName),
            ("a{,b=\"1\"}", Reason::BadLabelName),
            ("a{b=\"1\",,c=\"2\"}", Reason::BadLabelName),
            ("a{b}", Reason::NoEquals),
            ("a{b=1}", Reason::NoQuote),
            ("a{b='1'}", Reason::NoQuote),
            ("a{b=\"1\"c=\"2\"}", Reason::NoComma),
            ("a{b=\"1\"", Reason::Unclosed),
            ("a{b=\"1\\", Reason::Unclosed),
            ("a{b=\"1\"}x", Reason::TextBehind),
            ("a{\"b\"}", Reason::TwoNames),
            ("{\"a\",\"b\"}", Reason::TwoNames),
            ("a{__name__=\"b\"}", Reason::NameAsLabel),
            ("a{b=\"1\",b=\"1\"}", Reason::LabelTwice),
            ("a{a=\"\",b=\"\",c=\"\",d=\"\"}", Reason::TooManyLabels),
        ] {
            assert_eq!(series(raw.as_bytes(), MANNER), Err(reason), "{raw}");
        }
        assert_eq!(series(b"a{b=\"\xff\"}", MANNER), Err(Reason::NotUtf8));
        let known = Manner { known_escapes: true, ..MANNER };
        assert_eq!(series(br#"a{b="\z"}"#, known), Err(Reason::BadEscape));
    }
}
