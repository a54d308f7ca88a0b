//! What changed: the suspects in their order, the first one in the tone of changes, then all other deploys, flags and
//! jobs in the order of time.

use chrono::Datelike;
use chrono::TimeDelta;

use crate::app::App;
use crate::app::Changed;
use crate::app::Pane;
use crate::app::ServiceState;
use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::SourceKind;
use crate::signals::units;
use crate::triage::suspects::Anchor;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Suspect;
use crate::triage::suspects::timing;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::clock;
use crate::ui::panel::Block;
use crate::ui::panel::is_chosen;
use crate::ui::rows::Row;
use crate::ui::rows::clipped;
use crate::ui::rows::span;
use crate::ui::rows::wrap_text;

/// What changed around a service as a block of the panel: the suspects first, in their order, then the others in the
/// order of time, told from the onset where there is one. The first so many suspects have their reason below them.
pub(super) fn block<'a>(
    app: &'a App,
    service: &'a ServiceState,
    reasons: usize,
    width: u16,
    glyphs: Glyphs,
) -> Block<'a> {
    let onset = service.verdict.onset;
    let all = app.changed_around(service);
    let relation = match onset {
        None => "ago",
        Some(onset) if all.iter().filter_map(Changed::change).any(|change| change.at() > onset) => {
            "before, + after onset"
        }
        Some(_) => "before onset",
    };
    let heading = Row::new().left(Role::Title, "CHANGES").right(Role::Muted, relation);
    let chosen = is_chosen(app, Pane::Changes);
    let fits = service.verdict.suspects.named().is_some();
    let mut rows = Vec::new();
    // The times of all stand below each other.
    let indent = if all.iter().any(|one| matches!(one, Changed::Suspect { .. })) { 2 } else { 0 };
    if !fits && indent > 0 {
        rows.push(Row::new().left(Role::Strong, "nothing fits").left(Role::Muted, "; closest first:"));
    }
    for (index, one) in all.iter().enumerate() {
        let mut row = match one {
            Changed::Suspect { place, suspect, change } => {
                suspect_row(app, (*place, fits), suspect, *change, width, glyphs)
            }
            Changed::Other(change) => {
                let mut row = row(app, change, onset, width.saturating_sub(indent), glyphs);
                row.left.insert(0, span(Role::Text, " ".repeat(usize::from(indent))));
                row
            }
        };
        row.chosen = chosen && app.navigation().change == index;
        rows.push(row);
        if let Changed::Suspect { place, suspect, .. } = one
            && *place <= reasons
        {
            let words = reason(suspect, width.saturating_sub(2), glyphs);
            rows.push(Row::new().left(Role::Muted, format!("  {words}")));
        }
    }
    if rows.is_empty() {
        rows.push(Row::new().left(Role::Muted, nothing(app)));
    }
    Block { heading, least: 1, rows, chosen }
}

/// One suspect: its place, when it was, what it is, who did it, how far from the beginning it is told from.
fn suspect_row<'a>(
    app: &App,
    (place, fits): (usize, bool),
    suspect: &'a Suspect,
    change: Option<&'a Change>,
    width: u16,
    glyphs: Glyphs,
) -> Row<'a> {
    let one = &suspect.candidate;
    let role = if place == 1 && fits { Role::Change } else { Role::Text };
    let mark = if fits { format!("{place} ") } else { "· ".to_owned() };
    let mut row = Row::new().left(role, mark).left(Role::Muted, format!("{:<5} ", time_of(app, one.at)));
    if matches!(one.kind, Kind::Flag | Kind::Job | Kind::Config | Kind::Scale) {
        row = row.left(Role::Muted, format!("{} ", short_kind(one.kind)));
    }
    row = row.left(role, one.name.as_str());
    if let Some((word, role)) = change.and_then(state) {
        row = row.left(role, format!(" {word}"));
    }
    row = row.right(if role == Role::Change { role } else { Role::Muted }, format!("{:>6}", apart(suspect)));
    match change {
        Some(change) if !change.who.is_empty() && row.width(glyphs) + glyphs.width(&change.who) < width => {
            row.right.insert(0, span(Role::Muted, format!("{} ", change.who)));
        }
        _ => {}
    }
    row
}

/// `5m18s`, or `+34s` for what came after.
pub(super) fn apart(suspect: &Suspect) -> String {
    let age = units::age(suspect.before.abs().to_std().unwrap_or_default());
    if suspect.before < TimeDelta::zero() { format!("+{age}") } else { age }
}

/// The word of a kind where room is short.
pub(super) const fn short_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Config => "config",
        Kind::Scale => "scale",
        other => other.word(),
    }
}

/// When it was, and in what room is left the most telling of what else speaks for it, else what speaks against it.
pub(super) fn reason(suspect: &Suspect, width: u16, glyphs: Glyphs) -> String {
    let when = timing(&suspect.candidate, suspect.anchor, suspect.before);
    let supports = suspect.candidate.supports.iter().map(|words| format!("{when}, {words}"));
    let against = suspect.against.iter().filter(|words| **words != when).map(|words| format!("{when}, but {words}"));
    let fits = supports.chain(against).find(|words| glyphs.width(words) <= width);
    // How long before stands at the end of the row above.
    let short = || if suspect.anchor == Anchor::Climb { "before the climb began" } else { &*when };
    fits.or_else(|| Some(when.clone()).filter(|when| glyphs.width(when) <= width))
        .unwrap_or_else(|| clipped(short(), width, glyphs).into_owned())
}

/// What speaks for a suspect, each fact behind a `+`, and what speaks against it, each behind a `−`; wrapped.
pub(super) fn evidence<'a>(suspect: &'a Suspect, indent: u16, width: u16, glyphs: Glyphs) -> Vec<Row<'a>> {
    let signed = |sign: &'static str, role: Role, all: &'a [String]| {
        all.iter().flat_map(move |words| {
            let rows = wrap_text(words, Role::Text, width.saturating_sub(indent + 2), 3, glyphs);
            rows.into_iter().enumerate().map(move |(index, spans)| {
                let sign = if index == 0 { sign } else { " " };
                let mut row = Row::new().left(role, format!("{:1$}{sign} ", "", usize::from(indent)));
                row.left.extend(spans);
                row
            })
        })
    };
    let supports = signed("+", Role::Ok, &suspect.supports);
    supports.chain(signed("−", Role::Warning, &suspect.against)).collect()
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
    let name = if onset.is_some() { Role::Muted } else { Role::Text };
    let mut row = Row::new().left(Role::Muted, format!("{:<5} ", time_of(app, change.at())));
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
        row = row.right(Role::Muted, distance(app, change, onset));
    }
    // Who did it gives way to what was done and how far it got.
    if !change.who.is_empty() && row.width(glyphs) + glyphs.width(&change.who) < width {
        row.right.insert(0, span(Role::Muted, format!("{} ", change.who)));
    }
    row
}

/// `03:10`, or the day where it is a day ago, with the year where that is another one.
fn time_of(app: &App, at: At) -> String {
    let zone = &app.settings().zone;
    let (local, today) = (zone.local(at), zone.local(app.now()));
    let format = match app.now() - at {
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
