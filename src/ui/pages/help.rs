//! The keys, what the symbols mean, and what is set.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::KEYS;
use crate::signals::units;
use crate::ui::Look;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::pages::head;
use crate::ui::pages::part;
use crate::ui::pages::title;
use crate::ui::rows::Row;
use crate::ui::rows::wrap_text;

/// Symbols and marks of the screen, with their meaning.
const LEGEND: [(&str, Role, &str); 17] = [
    ("▲", Role::Critical, "critical: somebody is hurt"),
    ("!", Role::Warning, "warning: worth a look"),
    ("●", Role::Ok, "within limits; a vendor: it says it is fine"),
    ("?", Role::Unknown, "not known; never the same as fine"),
    ("◆", Role::Muted, "a vendor's planned maintenance"),
    ("✓ □", Role::Key, "done, open"),
    ("›", Role::Focus, "chosen"),
    ("■", Role::Strong, "a person did it; a service: its incident is open"),
    ("○", Role::Muted, "sixty saw it; nobody did it"),
    ("┊", Role::Change, "a deploy, flag or job, through all strips"),
    ("╎", Role::Critical, "the onset: when it began"),
    (":", Role::Muted, "when a vendor's trouble began"),
    ("┈", Role::Muted, "where it begins to be worth a look"),
    ("▁", Role::Bar, "zero, or nearly"),
    ("·", Role::Muted, "a hole: nothing is known of that time"),
    ("↑", Role::Warning, "at least that much; the truth may be more"),
    ("stale", Role::Warning, "no answer for more than two intervals"),
];

/// Cells of the keys in front of what they do, and the narrowest that a column of both may be.
const KEY: u16 = 15;
const COLUMN: u16 = 57;

/// Draws the page: all rows in as many columns as there is room for, one after the other; what is left scrolls.
pub(super) fn draw(app: &App, look: &Look, canvas: &mut Canvas<'_>, area: Rect) {
    let room = usize::from(area.height - head(area));
    let columns = usize::from(area.width / COLUMN).clamp(1, 3);
    let width = area.width / columns as u16;
    let keys = keys(app, width.saturating_sub(2), canvas);
    let legend = legend(app, look);
    let mut rows = keys;
    // What the symbols mean begins a column of its own where everything can be seen at once.
    let whole = rows.len().div_ceil(room.max(1)) + legend.len().div_ceil(room.max(1));
    let blank = if whole <= columns { rows.len().next_multiple_of(room) - rows.len() } else { 1 };
    rows.extend(std::iter::repeat_n(Row::new(), blank));
    rows.extend(legend);
    let (first, words) = part(rows.len(), room * columns, app.navigation().scroll);
    let body = title(app, canvas, area, "Help", &words);
    let shown = rows[first..].chunks(room.max(1)).take(columns);
    for (x, rows) in (body.x..).step_by(usize::from(width.max(1))).zip(shown) {
        for (y, row) in (body.y..body.bottom()).zip(rows) {
            canvas.row(x, y, width.saturating_sub(2), row);
        }
    }
}

/// The keys, each with what it does, wrapped beside it.
fn keys(app: &App, width: u16, canvas: &Canvas<'_>) -> Vec<Row<'static>> {
    let mut rows = Vec::new();
    for row in KEYS {
        let keys = app.keys().shown(row).join(" ");
        if keys.is_empty() {
            continue;
        }
        let beside = KEY.max(canvas.width(&keys) + 1);
        for (index, words) in
            wrap_text(row.help, Role::Text, width.saturating_sub(beside), 4, canvas.glyphs).into_iter().enumerate()
        {
            let keys = if index == 0 { keys.as_str() } else { "" };
            let mut row = Row::new().left(Role::Key, format!("{keys:<0$}", usize::from(beside)));
            row.left.extend(words);
            rows.push(row);
        }
    }
    rows
}

fn legend<'a>(app: &App, look: &Look) -> Vec<Row<'a>> {
    let mut rows: Vec<_> = LEGEND
        .iter()
        .map(|(symbol, role, text)| {
            let pad = usize::from(9_u16.saturating_sub(look.glyphs.width(symbol)));
            Row::new().left(*role, *symbol).left(Role::Text, " ".repeat(pad)).left(Role::Text, *text)
        })
        .collect();
    rows.push(Row::new());
    let settings = app.settings();
    let zone = format!("{} ({})", settings.zone.name(), clock::zone_word(app.now(), &settings.zone));
    for (name, text) in [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("theme", look.theme.name().to_owned()),
        ("zone", zone),
        ("who", format!("{} on {}", settings.who, settings.host)),
        ("running", format!("for {}", units::between(app.started(), app.now()))),
    ] {
        rows.push(Row::new().left(Role::Muted, format!("{name:<9}")).left(Role::Text, text));
    }
    rows
}
