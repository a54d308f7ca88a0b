//! What happened to sources and files, newest last; scrolls from its end, since that is where news arrive.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::LogLine;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::pages::head;
use crate::ui::pages::lines;
use crate::ui::pages::title;
use crate::ui::rows::Row;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let count = app.log().len();
    let room = usize::from(area.height - head(area));
    let back = app.navigation().scroll.min(count.saturating_sub(room));
    let last = count - back;
    let first = last.saturating_sub(room);
    let words = if count > room { format!("{}–{last} of {count}", first + 1) } else { String::new() };
    let body = title(app, canvas, area, "Log", &words);
    if count == 0 {
        canvas.put(body.x + 2, body.y, body.width.saturating_sub(2), "nothing has happened yet", Role::Muted);
        return;
    }
    let rows: Vec<_> = app.log().iter().skip(first).take(last - first).map(|line| row(app, line)).collect();
    lines(canvas, body, &rows);
}

fn row<'a>(app: &App, line: &'a LogLine) -> Row<'a> {
    let local = app.settings().zone.local(line.at);
    let row = Row::new().left(Role::Muted, local.format("%d %b %H:%M:%S  ").to_string());
    let row = if line.fault { row.left(Role::Warning, "! ") } else { row.left(Role::Muted, "  ") };
    // The name of the source stands apart from what happened to it.
    match line.text.split_once(": ") {
        Some((name, text)) => row.left(Role::Strong, name).left(Role::Muted, ": ").left(Role::Text, text),
        None => row.left(Role::Text, line.text.as_str()),
    }
}
