//! The pages behind the main screen. On each the verdict stays, one row says where the person is and how to go back,
//! and what is longer than the screen scrolls and says so.

mod alerts;
mod changes;
mod checklist;
mod debrief;
mod evidence;
mod help;
mod incident;
mod incidents;
mod log;
mod outside;
mod pager;
mod query;
mod quick_win;
mod runbook;
mod signal;
mod timeline;
mod update;
mod write;

use std::borrow::Cow;

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Command;
use crate::app::KEYS;
use crate::app::Page;
use crate::ui::Glyphs;
use crate::ui::Look;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::main_page::frame;
use crate::ui::rows::Row;
use crate::ui::rows::Span;
use crate::ui::rows::span;
use crate::ui::rows::wrap_text;
use crate::ui::verdict;

/// Draws a page.
pub(super) fn draw(app: &App, look: &Look, page: Page, canvas: &mut Canvas<'_>, area: Rect) {
    let body = if area.height < 8 {
        let used = app.service().map_or(0, |one| verdict::headline(&one.verdict, canvas, area, 1, true));
        Rect { y: area.y + used, height: area.height - used, ..area }
    } else {
        frame(app, canvas, area, 3)
    };
    if body.height < 2 || body.width < 4 {
        return;
    }
    let body = Rect { x: body.x + 1, width: body.width - 2, ..body };
    match page {
        Page::Signal(signal) => signal::draw(app, signal, canvas, body),
        Page::Checklist => checklist::draw(app, canvas, body),
        Page::Alerts => alerts::draw(app, canvas, body),
        Page::Changes => changes::draw(app, canvas, body),
        Page::QuickWin => quick_win::draw(app, canvas, body),
        Page::Evidence => evidence::draw(app, canvas, body),
        Page::Outside => outside::draw(app, canvas, body),
        Page::Log => log::draw(app, canvas, body),
        Page::Runbook => runbook::draw(app, canvas, body),
        Page::Runbooks => runbook::draw_list(app, canvas, body),
        Page::Help => help::draw(app, look, canvas, body),
        Page::Query => query::draw(app, canvas, body),
        Page::Debrief => debrief::draw(app, canvas, body),
        Page::Timeline => timeline::draw(app, canvas, body),
        Page::Incidents => incidents::draw(app, canvas, body),
        Page::Pages => pager::draw(app, canvas, body),
        Page::Incident => incident::draw(app, canvas, body),
        Page::Update => update::draw(app, canvas, body),
        Page::Write => write::draw(app, canvas, body),
        Page::Service | Page::Overview => {}
    }
}

/// Rows of the title: one, and a blank one where there is room.
const fn head(area: Rect) -> u16 {
    if area.height > 12 { 2 } else { 1 }
}

/// The row that says where the person is; answers what is left below it.
fn title(app: &App, canvas: &mut Canvas<'_>, area: Rect, title: &str, more: &str) -> Rect {
    titled(app, canvas, area, (title, ""), more)
}

/// The same with words behind the title, which stand as they were written.
fn titled(app: &App, canvas: &mut Canvas<'_>, area: Rect, (title, words): (&str, &str), more: &str) -> Rect {
    let back = KEYS.iter().find(|row| row.command == Command::Back);
    let back = back.and_then(|row| app.keys().shown(row).into_iter().next());
    let mut row = Row::new().left(Role::Title, title.to_uppercase());
    if !words.is_empty() {
        row = row.left(Role::Muted, " · ").left(Role::Strong, words.to_owned());
    }
    if !more.is_empty() {
        row = row.right(Role::Muted, format!("{more}  "));
    }
    if let Some(back) = back {
        row = row.right(Role::Key, back).right(Role::Muted, " back");
    }
    canvas.row(area.x, area.y, area.width, &row);
    let below = head(area);
    Rect { y: area.y + below, height: area.height - below, ..area }
}

/// The first line to show of `count` in so many rows from a scroll position on, and words for the part that is seen
/// where it is not all.
fn part(count: usize, rows: usize, scroll: usize) -> (usize, String) {
    let first = scroll.min(count.saturating_sub(rows));
    let last = (first + rows).min(count);
    let words = if count > rows { format!("{}–{last} of {count}", first + 1) } else { String::new() };
    (first, words)
}

/// Draws rows from a scroll position on under a title that says which part it is.
fn sheet(app: &App, canvas: &mut Canvas<'_>, area: Rect, name: &str, rows: &[Row<'_>], scroll: usize) {
    let room = usize::from(area.height - head(area));
    let (first, words) = part(rows.len(), room, scroll);
    let body = title(app, canvas, area, name, &words);
    lines(canvas, body, &rows[first..]);
}

/// A list with what is known of its chosen row below it. The list keeps a third of the page, however much there is
/// to say.
struct Split {
    /// Rows of the list.
    list: u16,
    /// The first row of it that is shown.
    first: usize,
    /// Which part is shown, in words.
    words: String,
}

impl Split {
    fn new(area: Rect, count: usize, chosen: usize, details: usize) -> Self {
        let room = area.height.saturating_sub(head(area));
        let below = if details == 0 { 0 } else { (details as u16).saturating_add(2).min(room * 2 / 3) };
        let list = (room - below).min(count.min(1_000) as u16);
        let (first, words) = part(count, usize::from(list), follow(chosen, usize::from(list)));
        Self { list, first, words }
    }

    /// Draws both parts below the title.
    fn draw(&self, canvas: &mut Canvas<'_>, body: Rect, rows: &[Row<'_>], details: &[Row<'_>]) {
        lines(canvas, Rect { height: self.list.min(body.height), ..body }, rows);
        let y = body.y + self.list;
        if y < body.bottom() {
            canvas.rule(body.x, y, body.width);
            lines(canvas, Rect { y: y + 1, height: body.bottom() - y - 1, ..body }, details);
        }
    }
}

/// Draws rows as far as there is room; the chosen ones with their mark.
fn lines(canvas: &mut Canvas<'_>, area: Rect, rows: &[Row<'_>]) {
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        if row.chosen {
            canvas.put(area.x, y, 1, "›", Role::Focus);
        }
        canvas.row(area.x + 2, y, area.width.saturating_sub(2), row);
    }
}

/// The first line to show so that the chosen one can be seen.
const fn follow(chosen: usize, rows: usize) -> usize {
    (chosen + 1).saturating_sub(rows)
}

/// A row with a name at a fixed place and words behind it.
fn named<'a>(name: &str, role: Role, text: impl Into<Cow<'a, str>>) -> Row<'a> {
    Row::new().left(Role::Muted, format!("{name:<12}")).left(role, text)
}

/// The same for long words, wrapped under their beginning.
fn wrapped<'a>(name: &str, role: Role, text: &'a str, width: u16, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let rows = wrap_text(text, role, width.saturating_sub(14), 40, canvas.glyphs);
    rows.into_iter()
        .enumerate()
        .map(|(index, spans)| {
            let mut row = Row::new().left(Role::Muted, format!("{:<12}", if index == 0 { name } else { "" }));
            row.left.extend(spans);
            row
        })
        .collect()
}

/// A text wrapped into rows that own their words.
fn owned<'a>(text: &str, role: Role, width: u16, most: usize, glyphs: Glyphs) -> Vec<Vec<Span<'a>>> {
    let rows = wrap_text(text, role, width, most, glyphs);
    rows.into_iter().map(|row| row.into_iter().map(|one| span(one.role, one.text.into_owned())).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_never_beyond_the_end() {
        assert_eq!(part(10, 20, 5), (0, String::new()));
        assert_eq!(part(100, 20, 5), (5, "6–25 of 100".to_owned()));
        assert_eq!(part(100, 20, 999), (80, "81–100 of 100".to_owned()));
        assert_eq!((follow(0, 5), follow(4, 5), follow(9, 5)), (0, 0, 5));
    }

    #[test]
    fn a_list_keeps_a_third() {
        let split = Split::new(Rect::new(0, 0, 80, 20), 50, 30, 100);
        assert_eq!((split.list, split.first), (6, 25));
        let split = Split::new(Rect::new(0, 0, 80, 20), 3, 2, 2);
        assert_eq!((split.list, split.first, split.words.as_str()), (3, 0, ""));
    }
}
