//! What changed: deploys, flags and jobs of the panel, the one nearest before the onset in the tone of changes.

use chrono::Datelike;

use crate::app::App;
use crate::app::Pane;
use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::SourceKind;
use crate::signals::units;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::clock;
use crate::ui::panel::Block;
use crate::ui::panel::is_chosen;
use crate::ui::rows::Row;
use crate::ui::rows::span;

/// The changes as a block of the panel, told from an onset where there is one.
pub(super) fn block(app: &App, onset: Option<At>, width: u16, glyphs: Glyphs) -> Block<'_> {
    let relation = match onset {
        None => "ago",
        Some(onset) if app.changes().iter().any(|change| change.at() > onset) => "before, + after onset",
        Some(_) => "before onset",
    };
    let heading = Row::new().left(Role::Title, "CHANGES").right(Role::Muted, relation);
    let chosen = is_chosen(app, Pane::Changes);
    let mut rows: Vec<_> = app
        .changes()
        .iter()
        .enumerate()
        .map(|(index, change)| {
            let mut row = row(app, change, onset, width, glyphs);
            row.chosen = chosen && app.navigation().change == index;
            row
        })
        .collect();
    if rows.is_empty() {
        rows.push(Row::new().left(Role::Muted, nothing(app)));
    }
    Block { heading, least: 1, rows, chosen }
}

/// When it began, where something is wrong.
pub(super) fn onset(app: &App) -> Option<At> {
    app.service().and_then(|service| service.verdict.onset)
}

/// Why no change is listed: an empty list is a fact only if somebody could have filled it.
pub(super) fn nothing(app: &App) -> &'static str {
    let mut sources = app.sources_of(SourceKind::Changes, None).peekable();
    if sources.peek().is_none() {
        "no deploy source is set up"
    } else if sources.any(|source| source.last_ok.is_some()) {
        "none known"
    } else {
        "not known: no source answers"
    }
}

fn row<'a>(app: &App, change: &'a Change, onset: Option<At>, width: u16, glyphs: Glyphs) -> Row<'a> {
    let name = if onset.is_some() && is_nearest(app, change) { Role::Change } else { Role::Text };
    let mut row = Row::new().left(Role::Muted, format!("{:<5} ", time(app, change)));
    if change.kind != ChangeKind::Deploy {
        row = row.left(Role::Muted, format!("{} ", change.kind.word()));
    }
    row = row.left(name, change.name());
    match state(change) {
        // What goes on has no distance yet.
        Some((word, role)) if change.state == ChangeState::Running => row = row.right(role, word),
        Some((word, role)) => row = row.left(role, format!(" {word}")),
        None => {}
    }
    if row.right.is_empty() {
        row = row.right(if name == Role::Change { name } else { Role::Muted }, distance(app, change, onset));
    }
    // Who did it gives way to what was done and how far it got.
    if !change.who.is_empty() && row.width(glyphs) + glyphs.width(&change.who) < width {
        row.right.insert(0, span(Role::Muted, format!("{} ", change.who)));
    }
    row
}

/// Whether it is the last change before the onset.
pub(super) fn is_nearest(app: &App, change: &Change) -> bool {
    app.service().is_some_and(|service| service.verdict.nearby.first().is_some_and(|near| near.change == *change))
}

/// `03:10`, or the day where it is a day ago, with the year where that is another one.
pub(super) fn time(app: &App, change: &Change) -> String {
    let zone = &app.settings().zone;
    let (local, today) = (zone.local(change.at()), zone.local(app.now()));
    let format = match app.now() - change.at() {
        age if age < chrono::TimeDelta::hours(24) => "%H:%M",
        _ if local.year() == today.year() => "%d%b",
        _ => "%d%b%Y",
    };
    local.format(format).to_string()
}

/// How far a change got, where it is not simply done.
pub(super) const fn state(change: &Change) -> Option<(&'static str, Role)> {
    match change.state {
        ChangeState::Succeeded | ChangeState::Unknown => None,
        ChangeState::Failed => Some(("✗ failed", Role::Critical)),
        ChangeState::Running => Some(("running", Role::Change)),
        ChangeState::RolledBack => Some(("↩ rolled back", Role::Warning)),
    }
}

/// How long before the onset, or how long ago; at least six cells.
pub(super) fn distance(app: &App, change: &Change, onset: Option<At>) -> String {
    match onset {
        Some(onset) if change.at() <= onset => format!("{:>6}", units::between(change.at(), onset)),
        Some(onset) => format!("{:>6}", format!("+{}", units::between(onset, change.at()))),
        None => format!("{:>6}", clock::calm_between(change.at(), app.now())),
    }
}
