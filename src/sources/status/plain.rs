//! From HTML and Markdown to plain text. Not a browser: tags go, breaks stay, entities become characters.

use crate::facts::text::clean;
use crate::facts::text::clean_line;

/// A headline on one line, at most 200 characters.
pub(super) fn title(text: &str) -> String {
    let plain = entities(&without_tags(beginning(text, 2_000)));
    clean_line(&plain.split_whitespace().collect::<Vec<_>>().join(" "), 200)
}

/// A message with its line breaks, at most `max` characters.
pub(super) fn prose(text: &str, max: usize) -> String {
    // Markup can be most of a text, but there is no point in reading a megabyte for two thousand characters.
    let plain = entities(&without_tags(beginning(text, max.saturating_mul(12))));
    let cleaned = clean(&tidy(&plain));
    if cleaned.char_indices().nth(max).is_none() {
        return cleaned;
    }
    let mut cut: String = cleaned.chars().take(max.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn beginning(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

/// Takes tags out; those that begin a line in a browser begin one here. `a < b` and `<https://x>` stay.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let Some((name, length)) = tag(rest) else {
            out.push('<');
            rest = &rest[1..];
            continue;
        };
        rest = &rest[length..];
        match name.as_str() {
            "br" | "p" | "/p" | "div" | "/div" | "ul" | "/ul" | "ol" | "/ol" | "tr" | "table" | "hr" | "h1" | "h2"
            | "h3" | "h4" | "h5" | "h6" | "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6" => out.push('\n'),
            "li" => out.push_str("\n- "),
            "script" | "style" => {
                let close = format!("</{name}");
                rest = rest.find(&close).map_or("", |end| &rest[end..]);
            }
            _ => {}
        }
    }
    out.push_str(rest);
    out
}

/// The name of the tag that a text begins with, in lower case and with `/` when it closes, and its length in
/// bytes; `None` when this is no tag.
fn tag(text: &str) -> Option<(String, usize)> {
    if text.starts_with("<!--") {
        return Some((String::new(), text.find("-->").map_or(text.len(), |end| end + 3)));
    }
    let inner = text.strip_prefix('<')?;
    let begin = usize::from(inner.starts_with('/'));
    let letters = inner[begin..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = &inner[..begin + letters];
    let after = inner[begin + letters..].chars().next()?;
    if letters == 0 || !(after == '>' || after == '/' || after.is_ascii_whitespace()) {
        return None;
    }
    // Longer is no tag, and looking further for each `<` would take long in a hostile text.
    Some((name.to_ascii_lowercase(), text.bytes().take(4_000).position(|b| b == b'>')? + 1))
}

/// Entities of XML, the usual ones of HTML, and numbered ones; others stay as they are.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('&') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let end = rest.bytes().take(12).position(|b| b == b';');
        if let Some((c, end)) = end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            out.push(c);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "bull" => '•',
        "middot" => '·',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        _ => return None,
    })
}

/// Takes Markdown's marks out, folds blanks, and keeps at most one empty line in a row.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let line = links(&line.replace("**", ""));
        let line = line.trim_start().trim_start_matches('#').split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        out.push_str(&line);
    }
    out
}

/// `[words](https://…)` becomes `words`.
fn links(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(middle) = rest.find("](") {
        let (before, after) = (&rest[..middle], &rest[middle + 2..]);
        match (before.rfind('['), after.bytes().take(1_000).position(|b| b == b')')) {
            (Some(open), Some(close)) if !before[open..].contains(']') => {
                out.push_str(&before[..open]);
                out.push_str(&before[open + 1..]);
                rest = &after[close + 1..];
            }
            _ => {
                out.push_str(&rest[..middle + 2]);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        for (markup, seen) in [
            ("one<br />two &amp; three", "one\ntwo & three"),
            ("<p>one</p><p>two</p>", "one\n\ntwo"),
            ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
            ("latency < 5 s and > 3 s", "latency < 5 s and > 3 s"),
            ("see <https://x.example>", "see <https://x.example>"),
            ("a<script>alert('<p>')</script>b", "ab"),
            ("a<script>never closed", "a"),
            ("a<!-- hidden -->b<!-- open", "ab"),
            ("# Summary\n**Bold** [text](https://x.example/y) end", "Summary\nBold text end"),
            ("array[0](x and ](y", "array[0](x and ](y"),
            ("&lt;b&gt; &#x41;&#66; &unknown; &", "<b> AB &unknown; &"),
            ("&#27;]0;pwned&#7;", "␛]0;pwned␇"),
            ("\u{1b}[31mred\u{202e}", "␛[31mred·"),
            ("a\n\n\n\nb   c", "a\n\nb c"),
            ("&#55296;&#x110000;", "&#55296;&#x110000;"),
            ("<", "<"),
            ("<b", "<b"),
        ] {
            assert_eq!(prose(markup, 2_000), seen, "{markup}");
        }
        assert_eq!(prose(&"ä".repeat(30), 10).chars().count(), 10);
        assert_eq!(title(" <b>Errors</b>\nwith &quot;x&quot; "), "Errors with \"x\"");
        assert_eq!(title(&"x".repeat(500)).chars().count(), 200);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_and_capped(text in "[<>&;#/a-z!\\[\\]() *\\-ä\u{1b}\n]{0,200}") {
            let plain = prose(&text, 50);
            proptest::prop_assert!(plain.chars().count() <= 50);
            proptest::prop_assert!(!plain.chars().any(|c| c.is_control() && c != '\n'));
            proptest::prop_assert!(!title(&text).contains('\n'));
        }
    }
}
