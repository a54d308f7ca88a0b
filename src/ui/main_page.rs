//! The page of one service: header, verdict, strips, panel, footer, placed by rank.

use ratatui::layout::Rect;

use crate::app::App;
use crate::ui::canvas::Canvas;
use crate::ui::compact;
use crate::ui::footer;
use crate::ui::header;
use crate::ui::panel;
use crate::ui::strips;
use crate::ui::verdict;

/// Below these there is only what must never go away.
const LEAST: (u16, u16) = (64, 16);

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return compact::draw(app, canvas, area);
    }
    let body = frame(app, canvas, area, 6);
    let panel_width = (area.width * 32 / 100).clamp(31, 52);
    let strips_width = body.width - panel_width - 1;
    strips::draw(app, canvas, Rect { width: strips_width, ..body });
    canvas.upright(body.x + strips_width, body.y, body.height);
    let x = body.x + strips_width + 1;
    panel::draw(app, canvas, Rect { x, width: panel_width - 1, ..body });
}

/// Draws header, verdict (in at most so many rows) and footer, and answers what is left between them.
pub(super) fn frame(app: &App, canvas: &mut Canvas<'_>, area: Rect, most: u16) -> Rect {
    let airy = area.height >= 30;
    header::draw(app, canvas, Rect { height: 1, ..area });
    let mut y = area.y + 1 + u16::from(airy);
    // Where a line is long, three say it all; they are kept free, so that nothing below jumps when there is more to say.
    let wide = area.width >= 110 && airy;
    let most = if wide { 3 } else { (area.height / 6).clamp(3, 6) }.min(most);
    let used = verdict::draw(app, canvas, Rect { y, height: area.bottom() - y, ..area }, most);
    y += used.max(if wide { most } else { 0 }) + u16::from(airy);
    let rule = u16::from(area.height >= 20);
    let foot = area.bottom() - 1;
    footer::draw(app, canvas, Rect { y: foot, height: 1, ..area });
    if rule > 0 {
        canvas.rule(area.x, foot - 1, area.width);
    }
    Rect { y, height: (foot - rule).saturating_sub(y), ..area }
}
