//! Where text and blocks become cells. Nothing is drawn outside the area, whatever the coordinates.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::ui::Glyphs;
use crate::ui::Look;
use crate::ui::Role;
use crate::ui::look::Styles;
use crate::ui::rows::Row;
use crate::ui::rows::Span;

/// The cells of a frame, and the look that they are drawn in.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    styles: Styles,
    /// Which characters may be drawn.
    pub glyphs: Glyphs,
}

/// The cell without what was there: a style is otherwise laid over the old one, and a dim rule would dim the bar.
fn fresh(cell: &mut Cell, ground: Style, style: Style) -> &mut Cell {
    cell.reset();
    cell.set_style(ground);
    cell.set_style(style)
}

impl<'a> Canvas<'a> {
    /// An empty canvas in the colours of the theme.
    pub fn new(look: &Look, area: Rect, buffer: &'a mut Buffer) -> Self {
        let area = area.intersection(*buffer.area());
        let styles = look.styles();
        let ground = styles[Role::Text as usize];
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                buffer[(x, y)].reset();
                buffer[(x, y)].set_style(ground);
            }
        }
        Self { buffer, area, styles, glyphs: look.glyphs }
    }

    /// The whole of it.
    pub const fn area(&self) -> Rect {
        self.area
    }

    /// The style of a role.
    pub const fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// How many cells the text takes.
    pub fn width(&self, text: &str) -> u16 {
        self.glyphs.width(text)
    }

    /// Writes text of at most `max` cells, cut at a whole grapheme with `…`; answers how many cells it took.
    pub fn put(&mut self, x: u16, y: u16, max: u16, text: &str, role: Role) -> u16 {
        self.put_styled(x, y, max, text, self.style(role))
    }

    /// Like [`Canvas::put`], with a style of one's own.
    pub fn put_styled(&mut self, x: u16, y: u16, max: u16, text: &str, style: Style) -> u16 {
        if y < self.area.top() || y >= self.area.bottom() || x >= self.area.right() || x < self.area.left() {
            return 0;
        }
        let max = max.min(self.area.right() - x);
        let text = self.glyphs.text(text);
        let whole = if text.is_ascii() { text.len() } else { text.width() };
        if whole <= usize::from(max) {
            return self.write(x, y, max, &text, style);
        }
        let dots = self.glyphs.text("…");
        let dots_width = dots.width() as u16;
        if max < dots_width {
            return self.write(x, y, max, &dots, style);
        }
        let used = self.write(x, y, max - dots_width, &text, style);
        used + self.write(x + used, y, dots_width, &dots, style)
    }

    fn write(&mut self, x: u16, y: u16, max: u16, text: &str, style: Style) -> u16 {
        let ground = self.style(Role::Text);
        let mut used = 0;
        for grapheme in text.graphemes(true) {
            let width = if grapheme.len() == 1 { 1 } else { grapheme.width() as u16 };
            if width == 0 || grapheme.contains(char::is_control) {
                continue;
            }
            if used + width > max {
                break;
            }
            let cell = &mut self.buffer[(x + used, y)];
            fresh(cell, ground, style).set_symbol(grapheme);
            for rest in 1..width {
                fresh(&mut self.buffer[(x + used + rest, y)], ground, style);
            }
            used += width;
        }
        used
    }

    /// Writes text that ends just before `right`, but begins not before `left`.
    pub fn put_right(&mut self, left: u16, right: u16, y: u16, text: &str, role: Role) -> u16 {
        let room = right.saturating_sub(left);
        let width = self.width(text).min(room);
        self.put(right.saturating_sub(width), y, width, text, role)
    }

    /// Writes pieces one after the other; answers how many cells they took.
    pub fn spans(&mut self, x: u16, y: u16, max: u16, spans: &[Span<'_>]) -> u16 {
        let mut used = 0;
        for span in spans {
            if used >= max {
                break;
            }
            used += self.put(x + used, y, max - used, &span.text, span.role);
        }
        used
    }

    /// How many cells pieces take.
    pub fn spans_width(&self, spans: &[Span<'_>]) -> u16 {
        spans.iter().map(|span| self.width(&span.text)).fold(0, u16::saturating_add)
    }

    /// Writes a row: its right part in full, its left part in what is left of the width.
    pub fn row(&mut self, x: u16, y: u16, width: u16, row: &Row<'_>) {
        let right = self.spans_width(&row.right).min(width);
        let gap = u16::from(right > 0);
        self.spans(x + width - right, y, right, &row.right);
        self.spans(x, y, width.saturating_sub(right + gap), &row.left);
    }

    /// One cell.
    pub fn cell(&mut self, x: u16, y: u16, symbol: &str, style: Style) {
        if self.area.contains((x, y).into()) {
            let symbol = self.glyphs.text(symbol);
            let ground = self.style(Role::Text);
            fresh(&mut self.buffer[(x, y)], ground, style).set_symbol(&symbol);
        }
    }

    /// Whether a cell and its neighbours to the left and right are empty, so that a mark there touches no word.
    pub fn is_clear(&self, x: u16, y: u16) -> bool {
        (x.saturating_sub(1)..=x.saturating_add(1))
            .filter(|x| self.area.contains((*x, y).into()))
            .all(|x| self.buffer[(x, y)].symbol() == " ")
    }

    /// A horizontal rule.
    pub fn rule(&mut self, x: u16, y: u16, width: u16) {
        let style = self.style(Role::Faint);
        for x in x..x.saturating_add(width) {
            self.cell(x, y, "─", style);
        }
    }

    /// A vertical rule.
    pub fn upright(&mut self, x: u16, y: u16, height: u16) {
        let style = self.style(Role::Faint);
        for y in y..y.saturating_add(height) {
            self.cell(x, y, "│", style);
        }
    }
}
