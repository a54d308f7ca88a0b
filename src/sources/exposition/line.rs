//! One line of an exposition, cut into series text, value, timestamp and exemplar without reading the labels.
//!
//! This is all that a known series needs, so nothing here allocates. What the series text means is the
//! business of `plain` and `lexer`.

use std::fmt;

use super::Format;
use super::number;

/// Why a line is not a sample. Copied around, rendered only for the first such line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    TooLong,
    NotUtf8,
    NoName,
    BadName,
    TwoNames,
    NameAsLabel,
    BadLabelName,
    NoEquals,
    NoQuote,
    Unclosed,
    NoComma,
    BadEscape,
    LabelTwice,
    TooManyLabels,
    NoValue,
    BadValue,
    BadTimestamp,
    TextBehind,
    Spacing,
    SeriesTwice,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the line is too long",
            Self::NotUtf8 => "the line is not UTF-8",
            Self::NoName => "there is no metric name",
            Self::BadName => "the metric name has a character that it must not have",
            Self::TwoNames => "there are two metric names",
            Self::NameAsLabel => "`__name__` is written as a label",
            Self::BadLabelName => "a label name is empty or has a character that it must not have",
            Self::NoEquals => "`=` is missing behind a label name",
            Self::NoQuote => "a label value does not begin with a quote",
            Self::Unclosed => "a quote or a brace is not closed",
            Self::NoComma => "a comma is missing between labels",
            Self::BadEscape => "a label value has an unknown escape",
            Self::LabelTwice => "a label is there twice",
            Self::TooManyLabels => "there are too many labels",
            Self::NoValue => "there is no value",
            Self::BadValue => "the value is not a number",
            Self::BadTimestamp => "the timestamp is not a number of the right form",
            Self::TextBehind => "there is text behind the sample",
            Self::Spacing => "the parts are not divided by one blank each",
            Self::SeriesTwice => "the series is there twice; the first one counts",
        })
    }
}

/// A sample line, cut into its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split<'a> {
    /// The series as it is written, from its first byte to the end of its name or its closing brace.
    pub series: &'a [u8],
    /// The name up to `{` or a blank; empty when the name is quoted inside the braces.
    pub name: &'a [u8],
    pub tail: Tail<'a>,
}

/// What stands behind the series of a sample line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail<'a> {
    /// The value as it is written.
    pub number: &'a [u8],
    /// The value.
    pub value: f64,
    /// The timestamp as it is written; empty when there is none.
    pub stamp: &'a [u8],
    /// The timestamp in milliseconds.
    pub millis: Option<i64>,
    /// What stands behind ` # `.
    pub exemplar: Option<&'a [u8]>,
}

/// Cuts a sample line (no line end, no blanks before it). `strict` insists on what the format says about blanks
/// and exemplars; without it both formats take blanks and tabs anywhere between the parts.
pub(super) fn split(line: &[u8], format: Format, strict: bool) -> Result<Split<'_>, Reason> {
    let (name_end, end) = series_end(line)?;
    let tail = tail(&line[end..], format, strict)?;
    Ok(Split { series: &line[..end], name: &line[..name_end], tail })
}

/// Reads what stands behind the series.
pub(super) fn tail(rest: &[u8], format: Format, strict: bool) -> Result<Tail<'_>, Reason> {
    let mut rest = Tokens { text: rest, exact: strict && format == Format::OpenMetrics };
    let number = rest.next()?.ok_or(Reason::NoValue)?;
    let value = number::value(number).ok_or(Reason::BadValue)?;
    let exemplars = format == Format::OpenMetrics || !strict;
    let mut tail = Tail { number, value, stamp: b"", millis: None, exemplar: None };
    let mut token = rest.next()?;
    if let Some(stamp) = token
        && !(exemplars && stamp.starts_with(b"#"))
    {
        tail.millis = Some(timestamp(stamp, format).ok_or(Reason::BadTimestamp)?);
        tail.stamp = stamp;
        token = rest.next()?;
    }
    match token {
        None => {}
        Some(b"#") if exemplars => tail.exemplar = Some(rest.text),
        Some(mark) if exemplars && !strict && mark.starts_with(b"#") => {}
        Some(_) => return Err(Reason::TextBehind),
    }
    Ok(tail)
}

fn timestamp(text: &[u8], format: Format) -> Option<i64> {
    match format {
        Format::Text => number::millis(text),
        Format::OpenMetrics => number::seconds(text).map(number::seconds_to_millis),
    }
}

/// Where the name token ends and where the series text ends.
fn series_end(line: &[u8]) -> Result<(usize, usize), Reason> {
    let name_end = line.iter().position(|byte| matches!(byte, b'{' | b' ' | b'\t')).unwrap_or(line.len());
    let brace = name_end + blanks(&line[name_end..]);
    if line.get(brace) != Some(&b'{') {
        return if name_end == 0 { Err(Reason::NoName) } else { Ok((name_end, name_end)) };
    }
    closing_brace(&line[brace..]).map(|length| (name_end, brace + length))
}

/// The length of the label part that begins with `{`, its closing brace included; quotes are respected.
pub(super) fn closing_brace(text: &[u8]) -> Result<usize, Reason> {
    let mut quoted = false;
    let mut bytes = text.iter().enumerate().skip(1);
    while let Some((index, byte)) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'}' if !quoted => return Ok(index + 1),
            b'\\' if quoted => {
                bytes.next();
            }
            _ => {}
        }
    }
    Err(Reason::Unclosed)
}

/// How many blanks and tabs a text begins with.
pub(super) fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The words of the rest of a line.
pub(super) struct Tokens<'a> {
    pub text: &'a [u8],
    /// Whether exactly one blank must stand before each word and none behind the last.
    pub exact: bool,
}

impl<'a> Tokens<'a> {
    /// The next word; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<&'a [u8]>, Reason> {
        let gap = blanks(self.text);
        if self.exact && !self.text.is_empty() && (gap != 1 || self.text.len() == gap || self.text[0] != b' ') {
            return Err(Reason::Spacing);
        }
        let word = &self.text[gap..];
        let end = word.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(word.len());
        self.text = &word[end..];
        Ok((end > 0).then_some(&word[..end]))
    }
}

/// A line without its line end and the blanks before it.
pub(super) fn trim(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    &line[blanks(line)..]
}

/// The lines of a body, each without its `\n`, without an empty one behind the last line end.
pub(super) fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    // A byte order mark is no part of the first name.
    let mut rest = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, behind) = match memchr::memchr(b'\n', rest) {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, &rest[rest.len()..]),
        };
        rest = behind;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(line: &str, format: Format, strict: bool) -> Result<(String, f64, Option<i64>), Reason> {
        split(line.as_bytes(), format, strict)
            .map(|split| (String::from_utf8_lossy(split.series).into_owned(), split.tail.value, split.tail.millis))
    }

    #[test]
    fn text_lines_are_cut() {
        for (line, series, value, millis) in [
            ("a 1", "a", 1.0, None),
            ("a\t1\t2 ", "a", 1.0, Some(2)),
            ("a{} 1", "a{}", 1.0, None),
            ("a {b=\"c\"} 1", "a {b=\"c\"}", 1.0, None),
            ("a{b=\"c\"}1", "a{b=\"c\"}", 1.0, None),
            ("a{b=\"}\\\"} # \"} -1e3 -7", "a{b=\"}\\\"} # \"}", -1000.0, Some(-7)),
            ("{\"x y\",b=\"c\"} 1", "{\"x y\",b=\"c\"}", 1.0, None),
            ("a 1 # {id=\"x\"} 2", "a", 1.0, None),
        ] {
            assert_eq!(cut(line, Format::Text, false), Ok((series.to_owned(), value, millis)), "{line}");
        }
        for (line, reason) in [
            ("a", Reason::NoValue),
            ("a ", Reason::NoValue),
            ("a true", Reason::BadValue),
            ("a 1 2.5", Reason::BadTimestamp),
            ("a 1 2 3", Reason::TextBehind),
            ("HTTP 200 OK", Reason::BadTimestamp),
            ("a{b=\"", Reason::Unclosed),
            ("a{b=\"\\\"} 1", Reason::Unclosed),
            ("a{b=\"\\", Reason::Unclosed),
        ] {
            assert_eq!(cut(line, Format::Text, false), Err(reason), "{line}");
        }
        assert_eq!(cut("a 1 # {} 2", Format::Text, true), Err(Reason::BadTimestamp));
    }

    #[test]
    fn openmetrics_lines_are_cut() {
        assert_eq!(cut("a 1 1.5 # {} 1", Format::OpenMetrics, true), Ok(("a".to_owned(), 1.0, Some(1500))));
        for line in ["a\t1", "a  1", "a 1 ", "a 1\t", "a 1 1 ", "a{}1"] {
            assert_eq!(cut(line, Format::OpenMetrics, true), Err(Reason::Spacing), "{line:?}");
            assert!(cut(line, Format::OpenMetrics, false).is_ok(), "{line:?}");
        }
    }

    #[test]
    fn lines_end_where_they_end() {
        let all = |body: &'static str| lines(body.as_bytes()).map(|line| trim(line).to_vec()).collect::<Vec<_>>();
        assert_eq!(all(""), Vec::<Vec<u8>>::new());
        assert_eq!(all("\n\n"), [b"", b""]);
        assert_eq!(all("a 1\r\n \tb 2"), [b"a 1", b"b 2"]);
        assert_eq!(all("\u{feff}a 1\n"), [b"a 1"]);
    }
}
