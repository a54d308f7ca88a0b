//! A text that is being written: what it will be, how it is done, and the lines with their cursor. Lines that are too
//! long go on in the next row, and the row of the cursor is always in sight.

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use unicode_segmentation::UnicodeSegmentation;

use crate::app::App;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::pages::follow;
use crate::ui::pages::head;
use crate::ui::pages::title;
use crate::ui::rows::wrap_text;

/// The widest that a text is set.
const WIDEST: u16 = 96;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(writing) = app.writing() else {
        let body = title(app, canvas, area, "Nothing is written", "");
        canvas.put(body.x, body.y, body.width, "it is done", Role::Muted);
        return;
    };
    let more = match (writing.lent, writing.again) {
        (true, _) => "your own editor has it",
        (false, true) => "unfinished, from before",
        (false, false) => "",
    };
    let mut body = title(app, canvas, area, writing.purpose.title(), more);
    if usize::from(area.height - head(area)) >= 5 {
        for row in wrap_text(writing.purpose.hint(), Role::Muted, body.width, 2, canvas.glyphs) {
            canvas.spans(body.x, body.y, body.width, &row);
            body = Rect { y: body.y + 1, height: body.height - 1, ..body };
        }
        body = Rect { y: body.y + 1, height: body.height - 1, ..body };
    }
    let (before, after) = writing.editor.parts();
    // One cell is for the cursor behind the last letter.
    let width = body.width.min(WIDEST).saturating_sub(1).max(1);
    let text = format!("{before}{after}");
    let rows = rows(&text, width, canvas.glyphs);
    let at = rows.iter().rposition(|(start, _)| *start <= before.len()).unwrap_or(0);
    let first = follow(at, usize::from(body.height.max(1)));
    for (y, (index, (start, end))) in (body.y..body.bottom()).zip(rows.iter().enumerate().skip(first)) {
        let line = &text[*start..*end];
        canvas.put(body.x, y, width + 1, line, Role::Text);
        if index == at {
            let (left, right) = line.split_at((before.len() - start).min(line.len()));
            let x = body.x + canvas.width(left).min(width);
            let under = right.graphemes(true).next().unwrap_or(" ");
            let style = canvas.style(Role::Strong).add_modifier(Modifier::REVERSED);
            canvas.put_styled(x, y, canvas.width(under).max(1), under, style);
        }
    }
}

/// Where each row of a text begins and ends, in bytes: broken behind a blank where there is one, else between two
/// letters. A text that ends in a line break has an empty row behind it.
fn rows(text: &str, width: u16, glyphs: Glyphs) -> Vec<(usize, usize)> {
    let mut rows = Vec::new();
    let mut from = 0;
    for line in text.split('\n') {
        let end = from + line.len();
        let (mut start, mut used, mut blank) = (from, 0_u16, None);
        for (index, grapheme) in line.grapheme_indices(true) {
            let wide = glyphs.width(grapheme);
            if used + wide > width && from + index > start {
                let at = blank.filter(|at| *at > start).unwrap_or(from + index);
                rows.push((start, at));
                used = glyphs.width(&text[at..from + index]);
                (start, blank) = (at, None);
            }
            used += wide;
            if grapheme == " " {
                blank = Some(from + index + 1);
            }
        }
        rows.push((start, end));
        from = end + 1;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, width: u16) -> Vec<&str> {
        rows(text, width, Glyphs::Unicode).into_iter().map(|(from, to)| &text[from..to]).collect()
    }

    #[test]
    fn rows_break_at_blanks_and_never_within_a_letter() {
        assert_eq!(broken("", 5), [""]);
        assert_eq!(broken("a\n\nb\n", 5), ["a", "", "b", ""]);
        assert_eq!(broken("one two three", 8), ["one two ", "three"]);
        assert_eq!(broken("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(broken("日本語", 5), ["日本", "語"]);
        assert_eq!(broken("日本語", 1), ["日", "本", "語"], "wider than the row, and still shown");
        assert_eq!(broken("e\u{301}e\u{301}", 1), ["e\u{301}", "e\u{301}"]);
    }

    proptest::proptest! {
        #[test]
        fn no_letter_is_lost(text in "[a-z日é \n]{0,60}", width in 1_u16..20) {
            let rows = rows(&text, width, Glyphs::Unicode);
            let mut all = String::new();
            let mut last = 0;
            for (from, to) in rows {
                all.push_str(&text[last..from]);
                proptest::prop_assert!(text[last..from].chars().all(|c| c == '\n'));
                all.push_str(&text[from..to]);
                last = to;
            }
            proptest::prop_assert_eq!(all, text);
        }
    }
}
