//! The suspects, each with what speaks for and against it; the ways in which it hurts; all other changes, newest first;
//! and everything that is known of the chosen one.

use chrono::Datelike;
use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Changed;
use crate::app::ServiceState;
use crate::facts::At;
use crate::facts::Change;
use crate::signals::units;
use crate::triage::suspects::Anchor;
use crate::triage::suspects::Suspect;
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
    let Some(service) = app.service() else { return };
    let all = app.changed();
    let chosen = app.navigation().change.min(all.len().saturating_sub(1));
    let lines = list(app, service, &all, chosen, canvas.glyphs, (area.width, area.height >= 24));
    let detail = all.get(chosen).map(|one| details(app, one, canvas, area.width));
    // What speaks for and against comes before who did it.
    let detail = detail.filter(|_| area.height >= 10).unwrap_or_default();
    let is_chosen = |(of, _): &(Option<usize>, Row<'_>)| *of == Some(chosen);
    let head = lines.iter().position(is_chosen).unwrap_or(0);
    let foot = lines.iter().rposition(is_chosen).unwrap_or(head);
    // The whole of what is chosen is seen, its evidence included; else its beginning.
    let split = Split::new(area, lines.len(), foot, detail.len());
    let seen = foot.min((head + usize::from(split.list)).saturating_sub(1));
    let split = if seen < foot { Split::new(area, lines.len(), seen, detail.len()) } else { split };
    let more = match (split.words.as_str(), service.verdict.onset) {
        ("", Some(_)) => "before onset, + after",
        ("", None) => "ago",
        (words, _) => words,
    };
    let name = if all.iter().any(is_suspect) { "Suspects and changes" } else { "Changes" };
    let body = title(app, canvas, area, name, more);
    if lines.is_empty() {
        canvas.put(body.x + 2, body.y, body.width.saturating_sub(2), changes::nothing(app), Role::Muted);
        return;
    }
    let rows: Vec<_> = lines.into_iter().map(|(_, row)| row).skip(split.first).take(usize::from(split.list)).collect();
    split.draw(canvas, body, &rows, &detail);
}

const fn is_suspect(one: &Changed<'_>) -> bool {
    matches!(one, Changed::Suspect { .. })
}

/// All rows of the list, those that belong to a row that can be chosen with its place.
fn list<'a>(
    app: &'a App,
    service: &'a ServiceState,
    all: &[Changed<'a>],
    chosen: usize,
    glyphs: Glyphs,
    (width, airy): (u16, bool),
) -> Vec<(Option<usize>, Row<'a>)> {
    let fits = service.verdict.suspects.named().is_some();
    let mut rows: Vec<(Option<usize>, Row<'a>)> = Vec::new();
    let suspects = all.iter().any(is_suspect);
    if suspects && !fits {
        let row = Row::new().left(Role::Strong, "Nothing fits.");
        let words = "  It is likelier that what lies behind it is not in this list; what comes closest:";
        rows.push((None, row.left(Role::Muted, words)));
    }
    let mut mechanisms = what_happens(service, width, glyphs);
    if airy && !mechanisms.is_empty() {
        mechanisms.insert(0, Row::new());
    }
    let mut mechanisms = Some(mechanisms);
    let mut others = false;
    for (index, one) in all.iter().enumerate() {
        match one {
            Changed::Suspect { place, suspect, change } => {
                let mut row = suspect_row((*place, fits), service, suspect, *change, glyphs);
                row.chosen = index == chosen;
                if airy && index > 0 {
                    rows.push((None, Row::new()));
                }
                rows.push((Some(index), row));
                let evidence = changes::evidence(suspect, 3, width.saturating_sub(2), glyphs);
                rows.extend(evidence.into_iter().map(|row| (Some(index), row)));
            }
            Changed::Other(change) => {
                if suspects && !others {
                    rows.extend(mechanisms.take().into_iter().flatten().map(|row| (None, row)));
                    if airy {
                        rows.push((None, Row::new()));
                    }
                    rows.push((None, Row::new().left(Role::Muted, "other changes")));
                }
                others = true;
                let mut row = row(app, change, service.verdict.onset, width >= 100, glyphs);
                row.chosen = index == chosen;
                rows.push((Some(index), row));
            }
        }
    }
    if suspects {
        rows.extend(mechanisms.take().into_iter().flatten().map(|row| (None, row)));
    }
    rows
}

/// The ways in which it hurts: something else may have begun them, so they are no suspects.
fn what_happens(service: &ServiceState, width: u16, glyphs: Glyphs) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for one in service.mechanisms().take(4) {
        if rows.is_empty() {
            rows.push(Row::new().left(Role::Muted, "what happens"));
        }
        let row = Row::new().left(Role::Text, format!("   {}", one.candidate.name));
        let seen = one.candidate.supports.first().map(|words| format!("  {words}")).unwrap_or_default();
        let room = width.saturating_sub(row.width(glyphs) + 3);
        rows.push(row.left(Role::Muted, clipped(&seen, room, glyphs).into_owned()));
    }
    rows
}

fn suspect_row<'a>(
    (place, fits): (usize, bool),
    service: &ServiceState,
    suspect: &'a Suspect,
    change: Option<&'a Change>,
    glyphs: Glyphs,
) -> Row<'a> {
    let one = &suspect.candidate;
    let role = if place == 1 && fits { Role::Change } else { Role::Strong };
    let mark = if fits { format!("{place}  ") } else { "·  ".to_owned() };
    let mut row =
        Row::new().left(role, mark).left(Role::Muted, format!("{} ", one.kind.word())).left(role, one.name.as_str());
    if let Some(place) = one.place.service().filter(|place| **place != *service.name) {
        row = row.left(Role::Muted, format!("  in {place}"));
    }
    if let Some((word, role)) = change.and_then(changes::state) {
        row = row.left(role, format!("  {word}"));
    }
    if let Some(change) = change.filter(|change| !change.who.is_empty()) {
        row = row.right(Role::Muted, format!("{} ", clipped(&change.who, 16, glyphs)));
    }
    let of = if suspect.anchor == Anchor::Climb { "to the climb " } else { "" };
    let role = if role == Role::Change { role } else { Role::Muted };
    row.right(Role::Muted, of).right(role, format!("{:>6}", changes::apart(suspect)))
}

/// Any other change.
fn row<'a>(app: &App, change: &'a Change, onset: Option<At>, wide: bool, glyphs: Glyphs) -> Row<'a> {
    let time = clock::minute(change.at(), app.now(), &app.settings().zone);
    let mut row = Row::new()
        .left(Role::Muted, format!("{time:<11}"))
        .left(Role::Muted, format!("{:<7}", change.kind.word()))
        .left(Role::Text, change.name());
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
    row.right(Role::Muted, changes::distance(app, change, onset))
}

/// Everything that is known of the chosen row beside its evidence.
fn details<'a>(app: &App, one: &Changed<'a>, canvas: &Canvas<'_>, width: u16) -> Vec<Row<'a>> {
    match one {
        Changed::Suspect { change: Some(change), .. } | Changed::Other(change) => record(app, change, canvas, width),
        Changed::Suspect { suspect, change: None, .. } => seen(app, suspect),
    }
}

/// Of what nobody recorded: where and when it was seen.
fn seen<'a>(app: &App, suspect: &'a Suspect) -> Vec<Row<'a>> {
    let one = &suspect.candidate;
    let mut rows = vec![Row::new().left(Role::Strong, one.name.as_str())];
    rows.push(named("kind", Role::Text, one.kind.word()));
    rows.push(named(if one.until.is_some() || one.running { "began" } else { "seen" }, Role::Text, when(app, one.at)));
    if let Some(until) = one.until {
        rows.push(named("ended", Role::Text, when(app, until)));
    }
    rows.push(named("where", Role::Text, one.place.service().unwrap_or("not said").to_owned()));
    if !one.part.is_empty() {
        rows.push(named("part", Role::Text, one.part.as_str()));
    }
    rows
}

fn record<'a>(app: &App, change: &'a Change, canvas: &Canvas<'_>, width: u16) -> Vec<Row<'a>> {
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
        rows.push(named("distance", Role::Text, text));
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
