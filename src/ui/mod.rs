//! State to cells: layout, strips, panes, theme roles.
//!
//! [`draw`] is a plain function of the [`App`], the [`Look`] and a size. It reads no clock, does no I/O and changes nothing
//! but cells. Every state is word, symbol and place first; colour comes on top, so that a frame reads the same
//! without it. Sizes are met by ranks: what matters least goes first, and nothing is refused.

mod alerts;
mod axis;
mod big;
mod breath;
mod canvas;
mod changes;
mod checklist;
mod clock;
mod colour;
mod compact;
mod footer;
mod glyphs;
mod header;
mod look;
mod main_page;
mod outside;
mod overview;
mod pages;
mod panel;
mod rows;
mod standing;
mod strips;
mod theme;
mod verdict;
mod waiting;
mod wall;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Mode;
use crate::app::Page;
use crate::ui::canvas::Canvas;

pub use glyphs::Glyphs;
pub use look::Colours;
pub use look::Look;
pub use theme::Paint;
pub use theme::Role;
pub use theme::Theme;
pub use theme::themes;

/// Draws one frame of `area` into `buffer`; every cell of the area is painted anew. Draws something sensible at any
/// size; what lies outside of the buffer is left out.
pub fn draw(app: &App, look: &Look, area: Rect, buffer: &mut Buffer) {
    let mut canvas = Canvas::new(look, area, buffer);
    let area = canvas.area();
    if area.is_empty() {
        return;
    }
    if let Some(waiting) = app.waiting() {
        return waiting::draw(app, &waiting, &mut canvas, area);
    }
    match (app.navigation().page(), app.mode()) {
        (Page::Service, Mode::Wall) => wall::draw(app, &mut canvas, area),
        (Page::Service, _) => main_page::draw(app, &mut canvas, area),
        (Page::Overview, _) => overview::draw(app, &mut canvas, area),
        (page, _) => pages::draw(app, look, page, &mut canvas, area),
    }
    footer::ask(app, &mut canvas, area);
}
