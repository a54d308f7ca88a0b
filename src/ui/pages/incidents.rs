//! All incidents, newest first: how each stands, of which service, since when or for how long, who took part; and all
//! that is known of the chosen one.

use ratatui::layout::Rect;

use crate::app::App;
use crate::facts::At;
use crate::incident::Row as One;
use crate::signals::units;
use crate::triage::Severity;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::glyphs::symbol;
use crate::ui::pages::Split;
use crate::ui::pages::named;
use crate::ui::pages::title;
use crate::ui::pages::wrapped;
use crate::ui::rows::Row;
use crate::ui::rows::clipped;
use crate::ui::rows::padded;
use crate::ui::rows::severity_role;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let say = |canvas: &mut Canvas<'_>, body: Rect, lines: &[(&str, Role)]| {
        let mut y = body.y;
        for (text, role) in lines {
            for row in crate::ui::rows::wrap_text(text, *role, body.width.saturating_sub(2), 4, canvas.glyphs) {
                canvas.spans(body.x + 2, y, body.width.saturating_sub(2), &row);
                y += 1;
            }
        }
    };
    let rows = match app.incidents() {
        Some(Ok(rows)) => rows,
        waiting => {
            let body = title(app, canvas, area, "Incidents", "");
            match waiting {
                Some(Err(fault)) => {
                    say(canvas, body, &[(&fault.cause, Role::Critical), (&fault.advice, Role::Text)]);
                }
                _ => say(canvas, body, &[("reading the journals", Role::Muted)]),
            }
            return;
        }
    };
    let open = rows.iter().filter(|row| state(row).1 == "open").count();
    let count = if rows.is_empty() { String::new() } else { format!("{open} open of {}", rows.len()) };
    if rows.is_empty() {
        let body = title(app, canvas, area, "Incidents", "");
        let words = [
            ("no incident yet", Role::Text),
            ("One opens by itself when a service is critical, or with `sixty open \"what you see\"`.", Role::Muted),
        ];
        return say(canvas, body, &words);
    }
    let chosen = app.navigation().listed.min(rows.len() - 1);
    let details = if area.height >= 10 { details(app, &rows[chosen], area.width, canvas) } else { Vec::new() };
    let split = Split::new(area, rows.len(), chosen, details.len());
    let more = if split.words.is_empty() { count } else { format!("{count} · {}", split.words) };
    let body = title(app, canvas, area, "Incidents", &more);
    let names = rows
        .iter()
        .map(|row| canvas.width(&row.service))
        .max()
        .unwrap_or(0)
        .clamp(4, if area.width < 60 { 10 } else { 20 });
    let seen = rows.iter().enumerate().skip(split.first).take(usize::from(split.list));
    let list: Vec<_> = seen
        .map(|(index, row)| {
            let mut shown = listed(app, row, names, area.width, canvas.glyphs);
            shown.chosen = index == chosen;
            shown
        })
        .collect();
    split.draw(canvas, body, &list, &details);
}

/// How it stands, as symbol, word and role.
fn state(row: &One) -> (&'static str, &'static str, Role) {
    if row.merged_into.is_some() {
        ("→", "merged", Role::Muted)
    } else if row.resolved_at.is_some() {
        ("✓", "over", Role::Muted)
    } else {
        let worst = row.worst.unwrap_or(Severity::Unknown);
        (symbol(worst), "open", severity_role(worst))
    }
}

fn listed<'a>(app: &App, row: &'a One, names: u16, width: u16, glyphs: Glyphs) -> Row<'a> {
    let (mark, word, role) = state(row);
    let is_open = word == "open";
    let text = if is_open { Role::Strong } else { Role::Muted };
    let words = match &row.merged_into {
        Some(other) => format!("is a part of {other}"),
        None if row.title.is_empty() => "no title".to_owned(),
        None => row.title.clone(),
    };
    let service = padded(&clipped(&row.service, names, glyphs), names, glyphs);
    let mut shown = Row::new()
        .left(role, format!("{} ", padded(mark, 1, glyphs)))
        .left(role, format!("{word:<7} "))
        .left(if is_open { Role::Title } else { Role::Muted }, format!("{service}  "))
        .left(text, words);
    if width >= 90 && !row.people.is_empty() {
        shown = shown.right(Role::Muted, format!("{}  ", clipped(&row.people.join(", "), 24, glyphs)));
    }
    if width >= 44 {
        shown = shown.right(if is_open { Role::Text } else { Role::Muted }, time(app, row, width >= 64));
    }
    shown
}

/// Since when it goes on; when it was and for how long.
fn time(app: &App, row: &One, wide: bool) -> String {
    let Some(opened) = row.opened_at else { return "time unknown".to_owned() };
    let began = clock::minute(opened, app.now(), &app.settings().zone);
    let took = match row.resolved_at {
        Some(end) => units::age((end - opened).to_std().unwrap_or_default()),
        None => clock::calm_between(opened, app.now()),
    };
    if wide { format!("{began:>9}  {took:>6}") } else { format!("{took:>6}") }
}

fn details<'a>(app: &App, row: &'a One, width: u16, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let words = if row.title.is_empty() { &row.service } else { &row.title };
    let mut rows = wrapped("title", Role::Strong, words, width, canvas);
    rows.extend(wrapped("id", Role::Muted, &row.id, width, canvas));
    let worst = row.worst.map_or(("not known", Role::Unknown), |worst| (worst.word(), severity_role(worst)));
    rows.push(named("worst", worst.1, worst.0));
    for (name, at) in [("opened", row.opened_at), ("over", row.resolved_at), ("last entry", row.last_at)] {
        if let Some(at) = at {
            rows.push(named(name, Role::Text, when(app, at)));
        }
    }
    if let Some(other) = &row.merged_into {
        rows.push(named("part of", Role::Text, other.as_str()));
    }
    if !row.people.is_empty() {
        rows.push(named("people", Role::Text, row.people.join(", ")));
    }
    rows
}

/// The day and the time, and how long ago.
fn when(app: &App, at: At) -> String {
    let local = app.settings().zone.local(at).format("%a %d %b %Y %H:%M:%S");
    let word = clock::zone_word(at, &app.settings().zone);
    format!("{local} {word}, {} ago", clock::calm_between(at, app.now()))
}
