//! Large figures for a screen that is read from across the room: three rows of half blocks, five rows of full ones,
//! and seven segments where there is only ASCII.

use ratatui::style::Style;

use crate::ui::Glyphs;
use crate::ui::canvas::Canvas;

/// How large.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Size {
    /// Three rows.
    Three,
    /// Five rows, twice as wide.
    Five,
}

impl Size {
    /// How many rows.
    pub const fn rows(self) -> u16 {
        match self {
            Self::Three => 3,
            Self::Five => 5,
        }
    }
}

/// Dots of a figure: five rows of three bits, the leftmost the highest.
const fn dots(c: char) -> Option<[u8; 5]> {
    Some(match c {
        '0' => [7, 5, 5, 5, 7],
        '1' => [2, 6, 2, 2, 7],
        '2' => [7, 1, 7, 4, 7],
        '3' => [7, 1, 7, 1, 7],
        '4' => [5, 5, 7, 1, 1],
        '5' => [7, 4, 7, 1, 7],
        '6' => [7, 4, 7, 5, 7],
        '7' => [7, 1, 1, 1, 1],
        '8' => [7, 5, 7, 5, 7],
        '9' => [7, 5, 7, 1, 7],
        '-' | '–' => [0, 0, 7, 0, 0],
        '<' => [1, 2, 4, 2, 1],
        '>' => [4, 2, 1, 2, 4],
        '.' | ',' => [0, 0, 0, 0, 1],
        ':' => [0, 1, 0, 1, 0],
        ' ' => [0, 0, 0, 0, 0],
        _ => return None,
    })
}

/// Seven segments in three rows of three cells.
const fn segments(c: char) -> Option<[&'static str; 3]> {
    Some(match c {
        '0' => [" _ ", "| |", "|_|"],
        '1' => ["   ", "  |", "  |"],
        '2' => [" _ ", " _|", "|_ "],
        '3' => [" _ ", " _|", " _|"],
        '4' => ["   ", "|_|", "  |"],
        '5' => [" _ ", "|_ ", " _|"],
        '6' => [" _ ", "|_ ", "|_|"],
        '7' => [" _ ", "  |", "  |"],
        '8' => [" _ ", "|_|", "|_|"],
        '9' => [" _ ", "|_|", " _|"],
        '-' | '–' => ["   ", " _ ", "   "],
        '<' => ["   ", " / ", " \\ "],
        '>' => ["   ", " \\ ", " / "],
        '.' | ',' => [" ", " ", "."],
        ':' => [" ", ".", "."],
        ' ' => [" ", " ", " "],
        _ => return None,
    })
}

/// Dots across of a figure.
const fn columns(c: char) -> u16 {
    match c {
        '.' | ',' | ':' | ' ' => 1,
        _ => 3,
    }
}

/// How many cells a text takes; `None` where a character has no large figure.
pub(super) fn width(text: &str, size: Size, glyphs: Glyphs) -> Option<u16> {
    let wide = if size == Size::Five && glyphs == Glyphs::Unicode { 2 } else { 1 };
    let mut sum = 0;
    for c in text.chars() {
        dots(c)?;
        sum += (columns(c) + 1) * wide;
    }
    Some(if sum > 0 { sum - wide } else { 0 })
}

/// Draws a text of figures; characters that have none are left out. Answers how many cells it took.
pub(super) fn draw(canvas: &mut Canvas<'_>, x: u16, y: u16, text: &str, size: Size, style: Style) -> u16 {
    let start = x;
    let mut x = x;
    for c in text.chars() {
        let (Some(dots), Some(segments)) = (dots(c), segments(c)) else { continue };
        match (canvas.glyphs, size) {
            (Glyphs::Ascii, _) => {
                let top = y + size.rows() - 3;
                for (row, cells) in (top..).zip(segments) {
                    canvas.put_styled(x, row, 3, cells, style);
                }
                x += columns(c) + 1;
            }
            (Glyphs::Unicode, Size::Three) => {
                for column in 0..columns(c) {
                    let lit = |row: usize| dots.get(row).is_some_and(|bits| bits >> (columns(c) - 1 - column) & 1 == 1);
                    for row in 0..3 {
                        // The figure stands on the lower edge of the third row.
                        let (upper, lower) = (row > 0 && lit(row * 2 - 1), lit(row * 2));
                        let block = match (upper, lower) {
                            (true, true) => "█",
                            (true, false) => "▀",
                            (false, true) => "▄",
                            (false, false) => continue,
                        };
                        canvas.cell(x + column, y + row as u16, block, style);
                    }
                }
                x += columns(c) + 1;
            }
            (Glyphs::Unicode, Size::Five) => {
                for (row, bits) in (y..).zip(dots) {
                    for column in (0..columns(c)).filter(|column| bits >> (columns(c) - 1 - column) & 1 == 1) {
                        canvas.cell(x + column * 2, row, "█", style);
                        canvas.cell(x + column * 2 + 1, row, "█", style);
                    }
                }
                x += (columns(c) + 1) * 2;
            }
        }
    }
    x - start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_both_forms_and_other_signs_have_none() {
        for c in "0123456789.,:-<> –".chars() {
            assert_eq!(dots(c).is_some(), segments(c).is_some(), "{c}");
            assert!(segments(c).unwrap().iter().all(|row| row.len() == usize::from(columns(c)) && row.is_ascii()));
        }
        assert_eq!(width("45.2", Size::Three, Glyphs::Unicode), Some(13));
        assert_eq!(width("45.2", Size::Five, Glyphs::Unicode), Some(26));
        assert_eq!(width("45.2", Size::Five, Glyphs::Ascii), Some(13));
        assert_eq!(width("k", Size::Three, Glyphs::Unicode), None);
    }
}
