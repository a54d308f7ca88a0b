//! Rows of text with roles, and the wrapping of sentences at their words.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use crate::triage::Line;
use crate::triage::Phrase;
use crate::triage::Severity;
use crate::triage::Tone;
use crate::ui::Glyphs;
use crate::ui::Role;

/// A piece of text in one role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Span<'a> {
    /// The words.
    pub text: Cow<'a, str>,
    /// What they stand for.
    pub role: Role,
}

/// A piece of text in a role.
pub(super) fn span<'a>(role: Role, text: impl Into<Cow<'a, str>>) -> Span<'a> {
    Span { text: text.into(), role }
}

/// One row: what stands at its left, and what must stand at its right.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Row<'a> {
    /// From the left edge on; gives way.
    pub left: Vec<Span<'a>>,
    /// Up to the right edge; never gives way.
    pub right: Vec<Span<'a>>,
    /// It is the one that is chosen.
    pub chosen: bool,
}

impl<'a> Row<'a> {
    /// An empty row.
    pub const fn new() -> Self {
        Self { left: Vec::new(), right: Vec::new(), chosen: false }
    }

    /// How many cells it takes, its parts one blank apart.
    pub fn width(&self, glyphs: Glyphs) -> u16 {
        let cells = |spans: &[Span<'_>]| spans.iter().map(|span| glyphs.width(&span.text)).sum::<u16>();
        cells(&self.left) + cells(&self.right) + u16::from(!self.right.is_empty())
    }

    /// The row with more at its left.
    pub fn left(mut self, role: Role, text: impl Into<Cow<'a, str>>) -> Self {
        self.left.push(span(role, text));
        self
    }

    /// The row with more at its right.
    pub fn right(mut self, role: Role, text: impl Into<Cow<'a, str>>) -> Self {
        self.right.push(span(role, text));
        self
    }
}

/// A text cut or filled up to exactly so many cells.
pub(super) fn padded(text: &str, width: u16, glyphs: Glyphs) -> String {
    let text = glyphs.text(text);
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = glyphs.width(grapheme);
        if used + wide > width {
            break;
        }
        out.push_str(grapheme);
        used += wide;
    }
    out.push_str(&" ".repeat(usize::from(width - used)));
    out
}

/// A text of at most so many cells, with `…` where it is cut: for what stands at the right of a row.
pub(super) fn clipped(text: &str, most: u16, glyphs: Glyphs) -> Cow<'_, str> {
    if glyphs.width(text) <= most {
        return Cow::Borrowed(text);
    }
    let room = most.saturating_sub(glyphs.width("…"));
    Cow::Owned(format!("{}…", padded(text, room, glyphs).trim_end()))
}

/// The role of a tone of the verdict.
pub(super) const fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Text,
        Tone::Strong => Role::Strong,
        Tone::Muted => Role::Muted,
        Tone::Critical => Role::Critical,
        Tone::Warning => Role::Warning,
        Tone::Good => Role::Ok,
        Tone::Change => Role::Change,
        Tone::Unknown => Role::Unknown,
    }
}

/// The role of words about a severity.
pub(super) const fn severity_role(severity: Severity) -> Role {
    role(severity.tone())
}

/// A word of a sentence: its pieces, its width, and the blanks in front of it.
struct Word<'a> {
    pieces: Vec<Span<'a>>,
    width: u16,
    blanks: u16,
}

/// Units that stay with the number in front of them.
const UNITS: [&str; 14] = ["%", "s", "ms", "µs", "min", "req/s", "k", "M", "B", "KiB", "MiB", "GiB", "TiB", "/"];

/// Wraps a sentence at its words into at most `rows` rows; what does not fit is left out after a whole word, with
/// `…` in its place. A number stays together with its unit.
pub(super) fn wrap(line: &Line, width: u16, rows: usize, glyphs: Glyphs) -> Vec<Vec<Span<'_>>> {
    wrap_phrases(&line.0, width, rows, glyphs)
}

/// Wraps as many whole sentences of a line as fit into `rows` rows, and says how many are left out. Of the first one
/// as much as there is room for is shown.
pub(super) fn wrap_whole(line: &Line, width: u16, rows: usize, glyphs: Glyphs) -> Vec<Vec<Span<'_>>> {
    // Sentences stand two blanks apart, which are a phrase of their own.
    let phrases = &line.0;
    let mut ends: Vec<usize> =
        phrases.iter().enumerate().filter(|(_, phrase)| phrase.text == "  ").map(|(index, _)| index).collect();
    ends.push(phrases.len());
    for (index, end) in ends.iter().enumerate().rev() {
        let left_out = ends.len() - 1 - index;
        let more = format!("+{left_out}");
        let mut shown = wrap_phrases(&phrases[..*end], width, rows + 1, glyphs);
        if shown.len() > rows {
            continue;
        }
        if left_out == 0 {
            return shown;
        }
        let used: u16 = shown.last().map_or(0, |row| row.iter().map(|span| glyphs.width(&span.text)).sum());
        if let Some(row) = shown.last_mut()
            && used + 2 + glyphs.width(&more) <= width
        {
            row.push(span(Role::Muted, format!("  {more}")));
            return shown;
        }
    }
    wrap_phrases(&phrases[..ends[0]], width, rows, glyphs)
}

fn wrap_phrases(phrases: &[Phrase], width: u16, rows: usize, glyphs: Glyphs) -> Vec<Vec<Span<'_>>> {
    let phrases = phrases.iter().map(|phrase| (phrase.text.as_str(), role(phrase.tone)));
    fill(words(phrases, glyphs), width, rows, glyphs)
}

/// Wraps a plain text in one role. See [`wrap`].
pub(super) fn wrap_text(text: &str, role: Role, width: u16, rows: usize, glyphs: Glyphs) -> Vec<Vec<Span<'_>>> {
    text.split('\n')
        .flat_map(|line| {
            let filled = fill(words(std::iter::once((line, role)), glyphs), width, rows, glyphs);
            if filled.is_empty() { vec![Vec::new()] } else { filled }
        })
        .take(rows)
        .collect()
}

fn words<'a>(phrases: impl Iterator<Item = (&'a str, Role)>, glyphs: Glyphs) -> Vec<Word<'a>> {
    let mut words: Vec<Word<'a>> = Vec::new();
    let mut blanks = 0;
    for (text, role) in phrases {
        for (index, word) in text.split(' ').enumerate() {
            blanks = (blanks + u16::from(index > 0)).min(2);
            if word.is_empty() {
                continue;
            }
            let piece = Span { text: Cow::Borrowed(word), role };
            let wide = glyphs.width(word);
            match words.last_mut() {
                Some(last) if blanks == 0 || (blanks == 1 && belongs(last, word)) => {
                    if blanks > 0 {
                        last.pieces.push(Span { text: Cow::Borrowed(" "), role });
                    }
                    last.pieces.push(piece);
                    last.width = last.width.saturating_add(wide + blanks);
                }
                _ => words.push(Word { pieces: vec![piece], width: wide, blanks }),
            }
            blanks = 0;
        }
    }
    words
}

/// Whether a word is the unit of the number that the last one ends in.
fn belongs(last: &Word<'_>, word: &str) -> bool {
    let number = last.pieces.last().is_some_and(|piece| {
        piece.text.ends_with(|c: char| c.is_ascii_digit()) || matches!(&*piece.text, "/" | "<" | ">" | "k" | "M" | "≥")
    });
    number && (UNITS.contains(&word.trim_end_matches([',', '.', ')', ':'])))
        || last.pieces.last().is_some_and(|piece| matches!(&*piece.text, "/" | "<" | ">" | "≥" | "≤"))
}

fn fill(words: Vec<Word<'_>>, width: u16, rows: usize, glyphs: Glyphs) -> Vec<Vec<Span<'_>>> {
    if rows == 0 || width == 0 {
        return Vec::new();
    }
    let mut out: Vec<Vec<Word<'_>>> = Vec::new();
    let mut used = 0_u16;
    let mut cut = false;
    for mut word in words.into_iter().flat_map(|word| broken(word, width, glyphs)) {
        let begins = out.is_empty() || used.saturating_add(word.blanks).saturating_add(word.width) > width;
        if begins && out.len() >= rows {
            cut = true;
            break;
        }
        if begins {
            word.blanks = 0;
            used = word.width;
            out.push(vec![word]);
        } else if let Some(row) = out.last_mut() {
            used += word.blanks + word.width;
            row.push(word);
        }
    }
    if let (true, Some(row)) = (cut, out.last_mut()) {
        // Room for the dots is taken from whole words, so that no number is halved.
        let dots = glyphs.width("…");
        while used.saturating_add(dots) > width && row.len() > 1 {
            used = used.saturating_sub(row.pop().map_or(0, |gone| gone.width + gone.blanks));
        }
        row.push(Word { pieces: vec![span(Role::Muted, "…")], width: dots, blanks: 0 });
    }
    out.into_iter().map(flat).collect()
}

/// A word that is wider than a row in as many parts as it needs; a query or an address must be readable to its end.
fn broken(word: Word<'_>, width: u16, glyphs: Glyphs) -> Vec<Word<'_>> {
    if word.width <= width {
        return vec![word];
    }
    let mut parts: Vec<Word<'_>> = vec![Word { pieces: Vec::new(), width: 0, blanks: word.blanks }];
    for piece in &word.pieces {
        for grapheme in piece.text.graphemes(true) {
            let wide = glyphs.width(grapheme);
            if parts.last().is_some_and(|part| part.width > 0 && part.width + wide > width) {
                parts.push(Word { pieces: Vec::new(), width: 0, blanks: 0 });
            }
            let Some(part) = parts.last_mut() else { continue };
            part.width += wide;
            match part.pieces.last_mut() {
                Some(last) if last.role == piece.role => last.text.to_mut().push_str(grapheme),
                _ => part.pieces.push(span(piece.role, grapheme.to_owned())),
            }
        }
    }
    parts
}

/// The pieces of a row, with the blanks between its words.
fn flat(words: Vec<Word<'_>>) -> Vec<Span<'_>> {
    let mut row = Vec::with_capacity(words.len() * 2);
    for mut word in words {
        if word.blanks > 0 {
            let role = word.pieces.first().map_or(Role::Text, |piece| piece.role);
            row.push(Span { text: Cow::Borrowed(if word.blanks > 1 { "  " } else { " " }), role });
        }
        row.append(&mut word.pieces);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: u16, rows: usize) -> Vec<String> {
        let line = Line::new().with(Tone::Critical, "Errors 45.2 %").with(Tone::Plain, text);
        wrap(&line, width, rows, Glyphs::Unicode)
            .iter()
            .map(|row| row.iter().map(|span| &*span.text).collect())
            .collect()
    }

    #[test]
    fn sentences_break_at_words_and_numbers_keep_their_units() {
        let text = " of requests (277 of 612 req/s) since 03:15:20.";
        assert_eq!(wrapped(text, 80, 2), ["Errors 45.2 % of requests (277 of 612 req/s) since 03:15:20."]);
        assert_eq!(
            wrapped(text, 12, 9),
            ["Errors", "45.2 % of", "requests", "(277 of", "612 req/s)", "since", "03:15:20."]
        );
        assert_eq!(wrapped(text, 30, 1), ["Errors 45.2 % of requests…"]);
        assert_eq!(wrapped(", x", 14, 1), ["Errors…"], "a number is left out whole");
        assert_eq!(wrapped(" abcdefghijklm n", 6, 9), ["Errors", "45.2 %", "abcdef", "ghijkl", "m n"]);
        assert_eq!(wrapped(text, 0, 3), Vec::<String>::new());
        assert_eq!(wrapped(text, 80, 0), Vec::<String>::new());
    }

    #[test]
    fn padding_counts_cells() {
        assert_eq!(padded("日本語", 5, Glyphs::Unicode), "日本 ");
        assert_eq!(padded("ab", 4, Glyphs::Unicode), "ab  ");
        assert_eq!(padded("日本語", 5, Glyphs::Ascii), "???  ");
        assert_eq!(clipped("日本語", 5, Glyphs::Unicode), "日本…");
        assert_eq!(clipped("ana", 3, Glyphs::Unicode), "ana");
    }

    proptest::proptest! {
        #[test]
        fn rows_are_never_too_many(text in "[a-z0-9 %./]{0,60}", width in 0_u16..30, rows in 0_usize..4) {
            proptest::prop_assert!(wrapped(&text, width, rows).len() <= rows);
        }
    }
}
