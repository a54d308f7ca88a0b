//! The plain lines, read by the `prometheus-parse` crate behind a guard.
//!
//! The crate reads plain lines well and damages or drops the others without a word (a `}` or `,` in a value, a
//! colon in a name, escapes, blanks). So a byte check lets only those lines reach it for which it was measured to
//! agree with a strict reader, never a `# TYPE` line, and the number of labels is checked afterwards.

use chrono::DateTime;

use super::lexer;
use crate::facts::Labels;

/// Reads a series text by the crate. `None` when it is not plain, has more labels than it may have, or when the
/// crate did not find in it what the guard saw (a label that is there twice); the lexer then says what it is.
pub(super) fn series(raw: &[u8], number: &[u8], max_labels: usize) -> Option<Labels> {
    let count = label_count(raw).filter(|count| *count <= max_labels)?;
    let line = String::from_utf8([raw, b" ", number].concat()).ok()?;
    let scrape = prometheus_parse::Scrape::parse_at(std::iter::once(Ok(line)), DateTime::UNIX_EPOCH).ok()?;
    let [sample] = scrape.samples.as_slice() else { return None };
    if sample.labels.len() != count {
        return None;
    }
    let mut pairs: Vec<(Box<str>, Box<str>)> =
        sample.labels.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect();
    pairs.push(("__name__".into(), sample.metric.as_str().into()));
    Labels::new(pairs).ok()
}

/// Makes the crate compile its expressions, which takes about 2 ms once in a process. Call it while the first answer
/// is awaited, and the first numbers are there the sooner; without it everything works as well.
pub fn warm_up() {
    let _ = series(b"a", b"0", 0);
}

/// Whether a series text is one that the crate may read.
pub(super) fn is_plain(raw: &[u8]) -> bool {
    label_count(raw).is_some()
}

/// The metric name of a plain series text, and its label names one by one; `None` when it is not plain.
pub(super) fn names<'r>(raw: &'r [u8], label: &mut dyn FnMut(&'r str)) -> Option<&'r str> {
    let text = std::str::from_utf8(raw).ok()?;
    each_label(raw, &mut |at, end| label(text.get(at..end).unwrap_or_default()))?;
    text.split('{').next()
}

/// How many labels a plain series text has; `None` when it is not plain.
fn label_count(raw: &[u8]) -> Option<usize> {
    each_label(raw, &mut |_, _| {})
}

/// Shows where the label names of a plain series text begin and end, and counts them; `None` when it is not plain.
fn each_label(raw: &[u8], found: &mut dyn FnMut(usize, usize)) -> Option<usize> {
    let Some(brace) = memchr::memchr(b'{', raw) else { return is_plain_name(raw).then_some(0) };
    if !is_plain_name(&raw[..brace]) {
        return None;
    }
    let mut rest = &raw[brace + 1..];
    let mut count = 0;
    loop {
        let equals = memchr::memchr(b'=', rest)?;
        let key = &rest[..equals];
        if !is_plain_name(key) || key == b"__name__" {
            return None;
        }
        let value = rest[equals + 1..].strip_prefix(b"\"")?;
        let end = value.iter().position(|byte| matches!(byte, b'"' | b'\\' | b',' | b'=' | b'}'))?;
        count += 1;
        let at = raw.len() - rest.len();
        found(at, at + equals);
        match &value[end..] {
            b"\"}" => return Some(count),
            [b'"', b',', behind @ ..] => rest = behind,
            _ => return None,
        }
    }
}

fn is_plain_name(name: &[u8]) -> bool {
    // Without a colon a metric name and a label name are the same.
    lexer::is_label_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_lets_through_only_what_is_plain() {
        for (raw, count) in [
            ("a", Some(0)),
            ("a{b=\"c\"}", Some(1)),
            ("a{b=\"c d ü {\",e=\"\"}", Some(2)),
            ("a{b=\"1\",b=\"2\"}", Some(2)),
            ("", None),
            ("a:b", None),
            ("a{}", None),
            ("a {b=\"c\"}", None),
            ("a{b=\"c\",}", None),
            ("a{b=\"c\", d=\"e\"}", None),
            ("a{b =\"c\"}", None),
            ("a{b=\"x}\"}", None),
            ("a{b=\"x,\"}", None),
            ("a{b=\"x=\"}", None),
            ("a{b=\"\\\\\"}", None),
            ("a{b:c=\"d\"}", None),
            ("a{__name__=\"d\"}", None),
            ("a{b=\"c\"", None),
            ("a{b=\"c\"}x", None),
            ("{\"a\"}", None),
        ] {
            assert_eq!(label_count(raw.as_bytes()), count, "{raw}");
        }
    }

    #[test]
    fn the_crate_reads_them() {
        let labels = series(b"a{z=\"1\",b=\"c d\",le=\"0.5\"}", b"1e3", 3);
        assert_eq!(labels.map(|labels| labels.to_string()).as_deref(), Some("a{b=\"c d\", le=\"0.5\", z=\"1\"}"));
        assert_eq!(series(b"a{b=\"1\",b=\"2\"}", b"1", 3), None);
        assert_eq!(series(b"a{b=\"1\",c=\"2\"}", b"1", 1), None);
        assert_eq!(series(b"a{b=\"\xff\"}", b"1", 3), None);
    }
}
