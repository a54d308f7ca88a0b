//! What came of a drill: times, causes, what was tried, what was looked at and what was missed. In sober words.

use ratatui::layout::Rect;

use crate::app::App;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::pages::sheet;
use crate::ui::rows::Row;
use crate::ui::rows::Span;
use crate::ui::rows::wrap_text;

/// Cells of the names at the left.
const NAME: u16 = 16;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(debrief) = app.debrief() else {
        let wait = [Row::new().left(Role::Muted, "The drill still goes on.")];
        return sheet(app, canvas, area, "Debrief", &wait, 0);
    };
    let width = area.width.saturating_sub(NAME + 2);
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (name, words) in debrief.lines() {
        for (index, spans) in wrap_text(&words, Role::Text, width, 20, canvas.glyphs).into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let mut row = Row::new().left(Role::Muted, format!("{name:<16}"));
            let owned = spans.into_iter().map(|one| Span { text: one.text.into_owned().into(), role: one.role });
            row.left.extend(owned);
            rows.push(row);
        }
    }
    sheet(app, canvas, area, "Debrief", &rows, app.navigation().scroll);
}
