//! The checklist in full: each item with how it is done, its live fact, and who ticked it.

use ratatui::layout::Rect;

use crate::app::App;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::checklist;
use crate::ui::pages::follow;
use crate::ui::pages::head;
use crate::ui::pages::lines;
use crate::ui::pages::part;
use crate::ui::pages::title;
use crate::ui::rows::Row;
use crate::ui::rows::wrap_text;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let checks = app.checks();
    let mut rows: Vec<Row<'_>> =
        checklist::trouble(app, area.width.saturating_sub(3), canvas.glyphs).into_iter().collect();
    let mut chosen_end = 0;
    for (index, check) in checks.iter().enumerate() {
        let (mut row, _) = checklist::fitted(app, check, area.width.saturating_sub(3), canvas.glyphs);
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
    let whole = app.navigation().list == 1;
    let left = checklist::countdown(app).filter(|_| !whole).map(|(left, _)| format!("  {left}")).unwrap_or_default();
    let name = format!("{}{left}  {done} of {} done", app.list_shown().title, checks.len());
    let other = if whole { "Tab first minute" } else { "Tab whole incident" };
    let other = if area.width >= 64 && !app.mode().is_read_only() { other } else { "" };
    let room = usize::from(area.height - head(area));
    let (first, words) = part(rows.len(), room, follow(chosen_end, room));
    let more = [other, &words].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" · ");
    let body = title(app, canvas, area, &name, &more);
    lines(canvas, body, &rows[first..]);
}
