//! The checklist in full: each item with how it is done, its live fact, and who ticked it.

use ratatui::layout::Rect;

use crate::app::App;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::checklist;
use crate::ui::pages::follow;
use crate::ui::pages::head;
use crate::ui::pages::sheet;
use crate::ui::rows::Row;
use crate::ui::rows::wrap_text;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let checks = app.checks();
    let mut rows: Vec<Row<'_>> =
        checklist::trouble(app, area.width.saturating_sub(3), canvas.glyphs).into_iter().collect();
    let mut chosen_end = 0;
    for (index, check) in checks.iter().enumerate() {
        let mut row = checklist::item(app, check);
        row.chosen = index == app.navigation().item && !app.mode().is_read_only();
        let chosen = row.chosen;
        rows.push(row);
        for hint in wrap_text(check.hint, Role::Muted, area.width.saturating_sub(8), 12, canvas.glyphs) {
            if !hint.is_empty() {
                let mut row = Row::new().left(Role::Text, "    ");
                row.left.extend(hint);
                rows.push(row);
            }
        }
        let evidence = checklist::evidence_row(app, check);
        if evidence.left.len() > 1 {
            rows.push(evidence);
        }
        rows.push(Row::new());
        if chosen {
            chosen_end = rows.len();
        }
    }
    let done = checks.iter().filter(|check| check.done()).count();
    let left = checklist::countdown(app).map(|(left, _)| format!("  {left}")).unwrap_or_default();
    let title = format!("{}{left}  {done} of {} done", app.settings().checklist.title, checks.len());
    let scroll = follow(chosen_end, usize::from(area.height - head(area)));
    sheet(app, canvas, area, &title, &rows, scroll);
}
