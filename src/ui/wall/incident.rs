//! The incident on the wall: how far the work is, which clock is due, what the others were told, who is on it and what
//! was ticked last. Large where there is room, one row where there is little, nothing where nobody opened one.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::app::App;
use crate::facts::At;
use crate::incident::ClockKind;
use crate::incident::ClockNow;
use crate::incident::Entry;
use crate::incident::What;
use crate::incident::told_with;
use crate::ui::Role;
use crate::ui::big;
use crate::ui::big::Size;
use crate::ui::canvas::Canvas;
use crate::ui::checklist;
use crate::ui::clock;
use crate::ui::rows::Row;
use crate::ui::standing;

/// Cells of a tile with a large figure.
const TILE: u16 = 19;
/// Cells of the names of the small words.
const NAME: usize = 13;

/// Whether there is an incident to tell of.
pub(super) fn is_open(app: &App) -> bool {
    app.incident().is_some_and(|incident| incident.opened_at().is_some())
}

/// Everything in one row.
pub(super) fn line(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(incident) = app.incident() else { return };
    let mut parts: Vec<(Role, String)> = Vec::new();
    if let Some((stage, time)) = standing::stage(app) {
        parts.push((Role::Strong, format!("{} {time}", stage.title().to_uppercase())));
    }
    parts.push((Role::Text, standing::people(incident)));
    if let Some((_, at)) = standing::last_update(incident) {
        parts.push((Role::Text, format!("last update {}", time(app, at))));
    } else {
        parts.push((Role::Muted, "no update was sent".to_owned()));
    }
    if let Some(tick) = ticks(app, 1).into_iter().next() {
        parts.push((Role::Muted, format!("✓ {}", tick.0)));
    }
    let mut row = Row::new();
    for (role, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
        let gap = if row.left.is_empty() { "" } else { "   " };
        if row.width(canvas.glyphs) + canvas.width(&text) + 3 <= area.width {
            row = row.left(role, format!("{gap}{text}"));
        }
    }
    canvas.row(area.x, area.y, area.width, &row);
}

/// Tiles: the stage and the clocks in large figures, the rest in words beside them. Answers how many rows they took.
pub(super) fn tiles(app: &App, canvas: &mut Canvas<'_>, area: Rect, size: Size) -> u16 {
    let Some(incident) = app.incident() else { return 0 };
    let wide = if size == Size::Five { TILE * 3 / 2 } else { TILE };
    let mut x = area.x;
    if let Some(end) = incident.resolved() {
        let at = time(app, end.at);
        tile(canvas, Rect { x, width: wide - 2, ..area }, size, ("Resolved", &at, "", Role::Strong));
        x += wide;
    } else if let Some(now) = app.stage_now() {
        let passed = (app.now() - now.since).to_std().unwrap_or_default();
        let (time, unit) = match now.left.filter(|left| !left.is_zero()) {
            Some(left) => (left, "left"),
            None => (passed, "so far"),
        };
        let (figure, minutes) = figure(time, true);
        let unit = if minutes { format!("min {unit}") } else { unit.to_owned() };
        tile(canvas, Rect { x, width: wide - 2, ..area }, size, (now.stage.title(), &figure, &unit, Role::Strong));
        x += wide;
    }
    for kind in [ClockKind::Update, ClockKind::Escalate] {
        let clock = app.clocks_now().into_iter().find(|clock| clock.kind == kind && clock.due.is_some());
        if let Some((figure, unit, role)) = clock.and_then(|clock| clock_figure(app, &clock)) {
            tile(canvas, Rect { x, width: wide - 2, ..area }, size, (kind.title(), &figure, unit, role));
            x += wide;
        }
    }
    words(app, canvas, Rect { x, width: area.right().saturating_sub(x + 1), ..area });
    area.height
}

fn clock_figure(app: &App, clock: &ClockNow) -> Option<(String, &'static str, Role)> {
    let due = clock.due?;
    Some(if due <= app.now() {
        (figure((app.now() - due).to_std().ok()?, false).0, "min overdue", Role::Warning)
    } else {
        (figure((due - app.now()).to_std().ok()? + Duration::from_secs(59), false).0, "min", Role::Strong)
    })
}

/// A time in large figures: minutes and seconds while they are few, else minutes, and whether it is those alone.
fn figure(time: Duration, seconds: bool) -> (String, bool) {
    if seconds && time <= Duration::from_mins(5) {
        return (standing::left(time), false);
    }
    ((time.as_secs() / 60).to_string(), true)
}

fn tile(canvas: &mut Canvas<'_>, area: Rect, size: Size, (name, figure, unit, role): (&str, &str, &str, Role)) {
    canvas.put(area.x, area.y, area.width, name, Role::Muted);
    let style = canvas.style(role);
    if big::width(figure, size, canvas.glyphs).is_some_and(|wide| wide <= area.width) {
        big::draw(canvas, area.x, area.y + 1, figure, size, style);
    } else {
        canvas.put(area.x, area.y + 1 + size.rows() / 2, area.width, figure, role);
    }
    let unit_role = if role == Role::Warning { role } else { Role::Muted };
    canvas.put(area.x, area.y + 1 + size.rows(), area.width, unit, unit_role);
}

/// Who is on it, what the others were told, what was ticked last.
fn words(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(incident) = app.incident() else { return };
    if area.width < 16 {
        return;
    }
    let named = |name: &str| Row::new().left(Role::Muted, format!("{name:<NAME$}"));
    let mut rows = vec![named("on it").left(Role::Strong, standing::people(incident))];
    rows.push(match standing::last_update(incident) {
        Some((update, at)) => {
            named("last update").left(Role::Text, format!("{} {}", time(app, at), update.status.word()))
        }
        None => named("last update").left(Role::Warning, "none was sent"),
    });
    if let Some(since) = incident.normal_since() {
        rows.push(Row { left: standing::normal(app, since), ..named("") });
    }
    let room = usize::from(area.height).saturating_sub(rows.len());
    for (index, (text, by)) in ticks(app, room).into_iter().enumerate() {
        let row = named(if index == 0 { "done last" } else { "" });
        rows.push(row.left(Role::Ok, "✓ ").left(Role::Text, text).right(Role::Muted, by));
    }
    rows.extend(checklist::trouble(app, area.width, canvas.glyphs));
    for (y, row) in (area.y..area.bottom()).zip(&rows) {
        canvas.row(area.x, y, area.width, row);
    }
}

/// The items that were ticked last, with who and when.
fn ticks(app: &App, most: usize) -> Vec<(String, String)> {
    let Some(incident) = app.incident() else { return Vec::new() };
    let is_tick = |entry: &&Entry| match &entry.what {
        // What was taken back since is not done.
        What::Ticked { list, item } => incident.tick(list, item).is_some_and(|tick| tick.done && tick.id == entry.id),
        _ => false,
    };
    let told = |entry: &Entry| {
        let words = told_with(&entry.what, &|list, item| checklist::item_words(app, list, item));
        let words = words.strip_prefix("done: ").unwrap_or(&words).to_owned();
        (words, format!("{} {}", entry.who, time(app, entry.at)))
    };
    incident.entries().rev().filter(is_tick).take(most).map(told).collect()
}

fn time(app: &App, at: At) -> String {
    clock::minute(at, app.now(), &app.settings().zone)
}
