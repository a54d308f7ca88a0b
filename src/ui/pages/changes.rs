//! All changes, newest first, and everything that is known of the chosen one.

use chrono::Datelike;
use ratatui::layout::Rect;

use crate::app::App;
use crate::facts::At;
use crate::facts::Change;
use crate::signals::units;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::changes;
use crate::ui::clock;
use crate::ui::pages::Split;
use crate::ui::pages::named;
use crate::ui::pages::title;
use crate::ui::pages::wrapped;
use crate::ui::rows::Row;
use crate::ui::rows::clipped;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let all = app.changes();
    let chosen = app.navigation().change.min(all.len().saturating_sub(1));
    let detail = all.get(chosen).map(|change| details(app, change, canvas, area.width)).unwrap_or_default();
    let split = Split::new(area, all.len(), chosen, detail.len());
    let onset = changes::onset(app);
    let more = match (split.words.as_str(), onset) {
        ("", Some(_)) => "before onset, + after",
        ("", None) => "ago",
        (words, _) => words,
    };
    let body = title(app, canvas, area, "Changes", more);
    if all.is_empty() {
        canvas.put(body.x + 2, body.y, body.width.saturating_sub(2), changes::nothing(app), Role::Muted);
        return;
    }
    let shown = all.iter().enumerate().skip(split.first).take(usize::from(split.list));
    let rows: Vec<_> = shown
        .map(|(index, change)| {
            let mut row = row(app, change, onset, area.width >= 100, canvas.glyphs);
            row.chosen = index == chosen;
            row
        })
        .collect();
    split.draw(canvas, body, &rows, &detail);
}

fn row<'a>(app: &App, change: &'a Change, onset: Option<At>, wide: bool, glyphs: Glyphs) -> Row<'a> {
    let near = onset.is_some() && changes::is_nearest(app, change);
    let role = if near { Role::Change } else { Role::Text };
    let time = clock::minute(change.at(), app.now(), &app.settings().zone);
    let mut row = Row::new()
        .left(Role::Muted, format!("{time:<11}"))
        .left(Role::Muted, format!("{:<7}", change.kind.word()))
        .left(role, change.name());
    if let Some((word, role)) = changes::state(change) {
        row = row.left(role, format!("  {word}"));
    }
    if wide && !change.title.is_empty() && change.title != change.name() {
        row = row.left(Role::Muted, format!("  {}", change.title));
    }
    if wide && !change.environment.is_empty() {
        row = row.right(Role::Muted, format!("{}  ", clipped(&change.environment, 16, glyphs)));
    }
    if !change.who.is_empty() {
        row = row.right(Role::Muted, format!("{} ", clipped(&change.who, 16, glyphs)));
    }
    row.right(if near { role } else { Role::Muted }, changes::distance(app, change, onset))
}

fn details<'a>(app: &App, change: &'a Change, canvas: &Canvas<'_>, width: u16) -> Vec<Row<'a>> {
    let mut rows = vec![Row::new().left(Role::Strong, change.name())];
    if !change.title.is_empty() {
        rows.extend(wrapped("what", Role::Text, &change.title, width, canvas));
    }
    let role = changes::state(change).map_or(Role::Text, |(_, role)| role);
    rows.push(named("state", role, format!("{} {}", change.kind.word(), change.state.word())));
    rows.push(named("began", Role::Text, when(app, change.started)));
    if let Some(finished) = change.finished {
        let took = units::between(change.started, finished);
        rows.push(named("finished", Role::Text, format!("{}, took {took}", when(app, finished))));
    }
    if let Some(onset) = changes::onset(app) {
        let text = if change.at() <= onset {
            format!("{} before the onset", units::between(change.at(), onset))
        } else {
            format!("{} after the onset", units::between(onset, change.at()))
        };
        let role = if changes::is_nearest(app, change) { Role::Change } else { Role::Text };
        rows.push(named("distance", role, text));
    }
    for (name, text) in [("by", &change.who), ("where", &change.environment), ("more", &change.link)] {
        if !text.is_empty() {
            rows.extend(wrapped(name, Role::Text, text, width, canvas));
        }
    }
    rows
}

/// The day, the time in both zones and the age.
fn when(app: &App, at: At) -> String {
    let zone = &app.settings().zone;
    let (local, utc) = clock::both(at, zone);
    let (then, today) = (zone.local(at), zone.local(app.now()));
    let day = then.format(if then.year() == today.year() { "%a %d %b" } else { "%a %d %b %Y" });
    let utc = if utc.is_empty() { String::new() } else { format!(", {utc}") };
    format!("{day} {local}{utc}, {} ago", units::between(at, app.now()))
}
