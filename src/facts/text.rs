//! The one place where text from outside is made harmless.
//!
//! A label value, an incident's title, a commit message or an error body may carry escape sequences that retitle
//! a terminal, clear it or reorder what is read. Everything that is drawn, printed, logged, exported or copied
//! has passed through [`clean`] or [`clean_line`]. What is dangerous is not dropped (that would join words) but
//! shown: `ESC` becomes `␛`.

/// Makes text harmless and keeps its line breaks and tabs (tabs become four blanks).
///
/// - C0 control characters become their pictures (`␛`, `␇`, `␀`), DEL becomes `␡`;
/// - C1 control characters (U+0080 to U+009F) become `␛` followed by the letter that the 7-bit form has, so that
///   `U+009B` reads `␛[`;
/// - bidi controls, zero-width characters and other invisible format characters become `·`; a zero-width joiner
///   between emoji stays, since it draws one picture and hides nothing;
/// - `\r\n` becomes `\n`, a lone `\r` becomes `␍`; U+2028 and U+2029 become `\n`.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut previous = ' ';
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\t' => out.push_str("    "),
            '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
            '\u{7f}' => out.push('␡'),
            '\u{80}'..='\u{9f}' => {
                out.push('␛');
                out.push(char::from_u32(c as u32 - 0x40).unwrap_or('\u{fffd}'));
            }
            '\u{200d}' if is_pictograph(previous) && rest.peek().copied().is_some_and(is_pictograph) => out.push(c),
            '\u{fe0e}' | '\u{fe0f}' if previous > '\u{20}' => out.push(c),
            _ if is_invisible(c) => out.push('·'),
            _ => out.push(c),
        }
        previous = c;
    }
    out
}

/// [`clean`], on one line (line breaks become `⏎`), cut to at most `max` characters with `…` as the last.
#[must_use]
pub fn clean_line(text: &str, max: usize) -> String {
    // A hostile text may be megabytes long: look at no more of it than can be shown.
    let end = text.char_indices().nth(max.saturating_add(1)).map_or(text.len(), |(index, _)| index);
    let mut line = clean(text[..end].trim()).replace('\n', "⏎");
    let cut = end < text.len();
    if cut || line.chars().count() > max {
        line = line.chars().take(max.saturating_sub(1)).collect();
        line.push('…');
    }
    line
}

const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

const fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}' | '\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dangerous_is_shown_and_what_is_not_stays() {
        for (raw, seen) in [
            ("plain ✓ äöü 日本", "plain ✓ äöü 日本"),
            ("\u{1b}]0;pwned\u{7}", "␛]0;pwned␇"),
            ("\u{1b}[2J", "␛[2J"),
            ("\u{9b}2J \u{9d}0;x\u{9c}", "␛[2J ␛]0;x␛\\"),
            ("a\u{202e}b\u{2066}c", "a·b·c"),
            ("zero\u{200b}width\u{feff}", "zero·width·"),
            ("one\r\ntwo\rthree\tfour", "one\ntwo␍three    four"),
            ("\u{1f469}\u{200d}\u{1f680}", "\u{1f469}\u{200d}\u{1f680}"),
            ("a\u{200d}b", "a·b"),
            ("del\u{7f}nul\u{0}", "del␡nul␀"),
            ("tag\u{e0041}", "tag·"),
        ] {
            assert_eq!(clean(raw), seen, "{raw:?}");
        }
    }

    #[test]
    fn lines_are_cut_at_characters() {
        assert_eq!(clean_line("one\ntwo", 20), "one⏎two");
        assert_eq!(clean_line("äöüß", 3), "äö…");
        assert_eq!(clean_line("äöü", 3), "äöü");
        assert_eq!(clean_line(&"x".repeat(1_000_000), 3), "xx…");
        assert_eq!(clean_line("abc", 0), "…");
    }

    proptest::proptest! {
        #[test]
        fn nothing_harmful_survives(text in ".*") {
            let cleaned = clean(&text);
            proptest::prop_assert!(!cleaned.chars().any(|c| c.is_control() && c != '\n'));
            proptest::prop_assert_eq!(clean(&cleaned), cleaned.clone());
        }
    }
}
