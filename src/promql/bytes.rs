//! Bytes that a text of a query spells out, such as `"\xe2\x82\xac"`, which the parser would take for characters.
//!
//! The query is written again with the characters that the bytes are. Only what is in quotes is looked at.

/// A query without spelled out bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Spelled {
    pub(super) text: String,
    /// Some bytes are no characters: in their place stands U+FFFD, and no answer on this text would be right.
    pub(super) torn: bool,
}

/// The query with characters in place of spelled out bytes above `\x7f`; `None` when it has none.
pub(super) fn spelled(query: &str) -> Option<Spelled> {
    if !query.contains('\\') {
        return None;
    }
    let mut text = String::with_capacity(query.len());
    let mut bytes = Vec::new();
    let (mut any, mut torn) = (false, false);
    let mut quote = None;
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        if matches!(quote, Some('"' | '\''))
            && let Some((byte, len)) = high_byte(rest)
        {
            bytes.push(byte);
            any = true;
            rest = &rest[len..];
            continue;
        }
        torn |= flush(&mut bytes, &mut text);
        let escapes = c == '\\' && matches!(quote, Some('"' | '\''));
        let len = if escapes { 1 + rest[1..].chars().next().map_or(0, char::len_utf8) } else { c.len_utf8() };
        match quote {
            None if c == '#' => {
                let end = rest.find('\n').unwrap_or(rest.len());
                text.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        text.push_str(&rest[..len]);
        rest = &rest[len..];
    }
    torn |= flush(&mut bytes, &mut text);
    any.then_some(Spelled { text, torn })
}

/// The byte above `\x7f` that a text begins to spell, and the length of its spelling.
fn high_byte(text: &str) -> Option<(u8, usize)> {
    let digits = text.strip_prefix('\\')?;
    let byte = match digits.strip_prefix('x') {
        Some(digits) => u8::from_str_radix(digits.get(..2)?, 16).ok()?,
        None => u8::from_str_radix(digits.get(..3)?, 8).ok()?,
    };
    (byte > 0x7f).then_some((byte, 4))
}

/// Writes collected bytes as the characters that they are; whether some are none.
fn flush(bytes: &mut Vec<u8>, text: &mut String) -> bool {
    let characters = String::from_utf8_lossy(bytes);
    let torn = matches!(characters, std::borrow::Cow::Owned(_));
    text.push_str(&characters);
    bytes.clear();
    torn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_the_characters_that_they_are() {
        for (query, shown, torn) in [
            (r#"x{a="\xe2\x82\xac"}"#, "x{a=\"€\"}", false),
            (r"x{a='\342\202\254-'}", "x{a='€-'}", false),
            (r#"x{a="\x41\xc3\xa4\n"}"#, "x{a=\"\\x41ä\\n\"}", false),
            (r#"x{a="\xe2\x82"}"#, "x{a=\"\u{fffd}\"}", true),
            (r#"x{a="\xe2-\x82"}"#, "x{a=\"\u{fffd}-\u{fffd}\"}", true),
        ] {
            assert_eq!(spelled(query), Some(Spelled { text: shown.to_owned(), torn }), "{query}");
        }
        for query in
            [r#"x{a="\\xe2"}"#, r"x{a=`\xe2`}", r#"x{a="\x7f\177"} # "\xe2"#, r#"x{a="\"}"#, r#"x{a="\u20ac"}"#, "x"]
        {
            assert_eq!(spelled(query), None, "{query}");
        }
    }
}
