//! The glyphs of the screen, and what stands for them where only ASCII can be shown.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::facts::Level;
use crate::triage::Severity;

/// Which characters may be drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Glyphs {
    /// Block elements, rules, marks; what every common monospace font has. No braille.
    Unicode,
    /// ASCII alone; every other character of a foreign text becomes `?`.
    Ascii,
}

/// What stands for a glyph of ours; ticks are as wide as open boxes, so that columns stay columns.
const ASCII: [(char, &str); 46] = [
    ('✓', "[x]"),
    ('□', "[ ]"),
    ('▲', "^"),
    ('●', "o"),
    ('■', "#"),
    ('○', "."),
    ('◆', "*"),
    ('▼', "v"),
    ('✗', "x"),
    ('↩', "<"),
    ('›', ">"),
    ('◀', "<"),
    ('↑', "^"),
    ('↓', "v"),
    ('←', "<"),
    ('→', ">"),
    ('…', "..."),
    ('·', "-"),
    ('–', "-"),
    ('—', "-"),
    ('±', "+-"),
    ('−', "-"),
    ('≥', ">="),
    ('≤', "<="),
    ('×', "x"),
    ('µ', "u"),
    ('─', "-"),
    ('━', "="),
    ('┈', "-"),
    ('│', "|"),
    ('┊', "|"),
    ('╎', "!"),
    ('╱', "/"),
    ('╵', "'"),
    ('┴', "+"),
    ('┬', "+"),
    ('├', "+"),
    ('┤', "+"),
    ('‘', "'"),
    ('’', "'"),
    ('“', "\""),
    ('”', "\""),
    ('⏎', "/"),
    ('␛', "^["),
    ('▁', "_"),
    ('█', "#"),
];

/// Lower blocks from empty to full.
const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The same in ASCII: four heights that the eye tells apart.
const RAMP: [&str; 9] = [" ", ".", ".", ":", ":", "+", "+", "#", "#"];

impl Glyphs {
    /// The text as it can be drawn.
    pub(super) fn text(self, text: &str) -> Cow<'_, str> {
        if self == Self::Unicode || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match ASCII.iter().find(|(own, _)| *own == c) {
                Some((_, stand_in)) => out.push_str(stand_in),
                None if c.is_ascii() => out.push(c),
                None if c.width().unwrap_or(0) == 0 => {}
                None => out.push('?'),
            }
        }
        Cow::Owned(out)
    }

    /// How many cells the text takes when it is drawn.
    pub(super) fn width(self, text: &str) -> u16 {
        if text.is_ascii() { text.len() as u16 } else { self.text(text).width().min(usize::from(u16::MAX)) as u16 }
    }

    /// A cell of a bar that is filled by so many eighths.
    pub(super) const fn block(self, eighths: usize) -> &'static str {
        let eighths = if eighths > 8 { 8 } else { eighths };
        match self {
            Self::Unicode => BLOCKS[eighths],
            Self::Ascii => RAMP[eighths],
        }
    }

    /// The foot of a column of which nothing is known.
    pub(super) const fn hole(self) -> &'static str {
        match self {
            Self::Unicode => "·",
            Self::Ascii => " ",
        }
    }
}

/// The symbol of a severity.
pub(super) const fn symbol(severity: Severity) -> &'static str {
    match severity {
        Severity::Ok | Severity::Info => "●",
        Severity::Warning => "!",
        Severity::Critical => "▲",
        Severity::Unknown => "?",
    }
}

/// The symbol of what a provider says of itself.
pub(super) const fn level_symbol(level: Level) -> &'static str {
    match level {
        Level::Operational => "●",
        Level::Maintenance => "◆",
        Level::Degraded => "!",
        Level::PartialOutage | Level::MajorOutage => "▲",
        Level::Unknown => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_ascii_whatever_comes() {
        for (text, drawn) in [
            ("✓ 1", "[x] 1"),
            ("日本 café", "?? caf?"),
            ("≥ 5 µs …", ">= 5 us ..."),
            ("e\u{301}", "e"),
            ("␛[2J", "^[[2J"),
        ] {
            assert_eq!(Glyphs::Ascii.text(text), drawn);
            assert_eq!(usize::from(Glyphs::Ascii.width(text)), drawn.len());
            assert_eq!(Glyphs::Unicode.text(text), text);
        }
        assert!(ASCII.iter().all(|(_, stand_in)| stand_in.is_ascii()));
        assert_eq!(Glyphs::Unicode.width("日本"), 4);
    }
}
