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

/// Symbols and marks of the screen, with their meaning.
const LEGEND: [(&str, Role, &str); 15] = [
    ("▲", Role::Critical, "critical: somebody is hurt"),
    ("!", Role::Warning, "warning: worth a look"),
    ("●", Role::Ok, "within limits; a vendor: it says it is fine"),
    ("?", Role::Unknown, "not known; never the same as fine"),
    ("◆", Role::Muted, "a vendor's planned maintenance"),
    ("✓ □", Role::Key, "done, open"),
    ("›", Role::Focus, "chosen"),
    ("┊", Role::Change, "a deploy, flag or job, through all strips"),
    ("╎", Role::Critical, "the onset: when it began"),
    (":", Role::Muted, "when a vendor's trouble began"),
    ("┈", Role::Muted, "where it begins to be worth a look"),
    ("▁", Role::Bar, "zero, or nearly"),
    ("·", Role::Muted, "a hole: nothing is known of that time"),
    ("↑", Role::Warning, "at least that much; the truth may be more"),
    ("stale", Role::Warning, "no answer for more than two intervals"),
];

/// Draws the page.
pub(super) fn draw(app: &App, look: &Look, canvas: &mut Canvas<'_>, area: Rect) {
    let keys = keys(app);
    let legend = legend(app, look);
    let two = area.width >= 96;
    let (mut left, mut right) = if two {
        (keys, legend)
    } else {
        (keys.into_iter().chain(std::iter::once(Row::new())).chain(legend).collect(), Vec::new())
    };
    let room = usize::from(area.height - head(area));
    // A few keys too many find their place under the legend, so that nobody has to scroll for the way out.
    let over = left.len().saturating_sub(room);
    if two && over > 0 && right.len() + over < room {
        right.push(Row::new());
        right.extend(left.split_off(left.len() - over));
    }
    let (first, words) = part(left.len().max(right.len()), room, app.navigation().scroll);
    let body = title(app, canvas, area, "Help", &words);
    let half = if two { body.width / 2 + 4 } else { body.width };
    for (x, width, rows) in [(body.x, half, &left), (body.x + half, body.width - half, &right)] {
        for (y, row) in (body.y..body.bottom()).zip(rows.iter().skip(first)) {
            canvas.row(x, y, width.saturating_sub(2), row);
        }
    }
}

fn keys(app: &App) -> Vec<Row<'static>> {
    KEYS.iter()
        .filter_map(|row| {
            let keys = app.keys().shown(row).join(" ");
            (!keys.is_empty()).then(|| Row::new().left(Role::Key, format!("{keys:<15} ")).left(Role::Text, row.help))
        })
        .collect()
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
