//! The page on which nothing can be shown yet: who is asked, or what went wrong and what to do, in the middle.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Mode;
use crate::app::Waiting;
use crate::ui::canvas::Canvas;
use crate::ui::footer;
use crate::ui::header;
use crate::ui::rows::Span;
use crate::ui::rows::wrap;
use crate::ui::wall;

/// The widest that sentences are set: longer lines are hard to read from the middle of a wide screen.
const WIDEST: u16 = 72;

/// Draws the page.
pub(super) fn draw(app: &App, waiting: &Waiting, canvas: &mut Canvas<'_>, area: Rect) {
    let head = u16::from(area.height >= 3);
    let foot = u16::from(area.height >= 8);
    header::draw(app, canvas, Rect { height: head, ..area });
    let last = Rect { y: area.bottom() - foot, height: foot, ..area };
    if app.mode() == Mode::Wall {
        wall::last_good(app, canvas, last);
    } else {
        footer::draw(app, canvas, last);
    }
    if area.height >= 20 {
        canvas.rule(area.x, last.y - 1, area.width);
    }
    let room = Rect { y: area.y + head, height: area.height - head - foot, ..area };
    let margin = u16::from(room.width > 20);
    let width = room.width.saturating_sub(2 * margin).min(WIDEST);
    let rows = rows(waiting, width, room.height, canvas);
    let x = room.x + (room.width - width) / 2;
    // A little above the middle is where the eye looks for it.
    let y = room.y + room.height.saturating_sub(rows.len() as u16) * 2 / 5;
    for (y, row) in (y..room.bottom()).zip(&rows) {
        canvas.spans(x, y, width, row);
    }
}

/// The sentences, wrapped, with a blank row below the first where there is room.
fn rows<'a>(waiting: &'a Waiting, width: u16, most: u16, canvas: &Canvas<'_>) -> Vec<Vec<Span<'a>>> {
    let most = usize::from(most);
    let mut rows = wrap(&waiting.headline, width, most, canvas.glyphs);
    if most > 6 && !waiting.more.is_empty() {
        rows.push(Vec::new());
    }
    for line in &waiting.more {
        rows.extend(wrap(line, width, most.saturating_sub(rows.len()), canvas.glyphs));
    }
    rows.truncate(most);
    rows
}
