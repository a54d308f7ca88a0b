//! Where the work on an incident stands, in a few words: the stage and what is left of it, the clock that is due, who
//! has which role. The same words stand in the verdict's row, in the panel, on the incident's page and on the wall.

use std::time::Duration;

use crate::app::App;
use crate::app::Command;
use crate::app::KEYS;
use crate::app::Mode;
use crate::app::Page;
use crate::facts::At;
use crate::incident::ClockKind;
use crate::incident::ClockNow;
use crate::incident::Incident;
use crate::incident::Role as Part;
use crate::incident::Stage;
use crate::incident::UpdateNow;
use crate::ui::Role;
use crate::ui::clock;
use crate::ui::rows::Span;
use crate::ui::rows::span;

/// Below this, what is left is told in steps of five seconds; above, in whole minutes, so that the screen stands still.
const SECONDS: Duration = Duration::from_mins(5);

/// The first key of a command; `None` where it has none, as for whoever may only look.
pub(super) fn key(app: &App, command: Command) -> Option<String> {
    let row = KEYS.iter().find(|row| row.command == command)?;
    app.keys().shown(row).into_iter().next().filter(|_| app.mode() != Mode::Wall)
}

/// The clock that has been due for longest, in a warning of a few words with the key for it; how many more are due.
pub(super) fn due<'a>(app: &App, short: bool) -> Option<Vec<Span<'a>>> {
    // Half a minute to breathe is half a minute without being urged.
    let first = app.due_clock().filter(|_| app.breath().is_none())?;
    let words = due_words(app, &first);
    let text = if short { due_name(first.kind).to_owned() } else { words };
    let mut spans = vec![span(Role::Warning, format!("▲ {text}"))];
    let command = due_command(first.kind);
    if let Some(key) = key(app, command) {
        spans.push(span(Role::Muted, " · "));
        spans.push(span(Role::Key, key));
    }
    let more = app.clocks_now().iter().filter(|clock| clock.is_due(app.now())).count() - 1;
    if more > 0 {
        spans.push(span(Role::Warning, format!("  +{more}")));
    }
    Some(spans)
}

/// What one does about a clock that is due.
pub(super) const fn due_command(kind: ClockKind) -> Command {
    match kind {
        ClockKind::Update => Command::Update,
        ClockKind::Escalate | ClockKind::CallOut | ClockKind::PostMortem => Command::Incident,
    }
}

const fn due_name(kind: ClockKind) -> &'static str {
    match kind {
        ClockKind::Update => "update due",
        ClockKind::Escalate => "escalation due",
        ClockKind::CallOut => "call-out due",
        ClockKind::PostMortem => "post-mortem due",
    }
}

/// `update due 2m ago`.
pub(super) fn due_words(app: &App, clock: &ClockNow) -> String {
    let name = due_name(clock.kind);
    match clock.due.and_then(|due| (app.now() - due).to_std().ok()) {
        Some(over) if over >= Duration::from_mins(1) => format!("{name} {} ago", clock::calm(over)),
        _ => format!("{name} now"),
    }
}

/// How a clock stands, without its name: `due 2m ago`, `in 9m`, `snoozed, in 4m`, `off`.
pub(super) fn clock_words(app: &App, clock: &ClockNow) -> (String, Role) {
    let now = app.now();
    match clock.due {
        None if clock.kind == ClockKind::PostMortem && !is_off(app, clock.kind) => {
            ("begins at the end".to_owned(), Role::Muted)
        }
        _ if clock.off => ("off".to_owned(), Role::Muted),
        None => ("not running".to_owned(), Role::Muted),
        Some(due) if due <= now => {
            let over = (now - due).to_std().unwrap_or_default();
            let ago =
                if over < Duration::from_mins(1) { "now".to_owned() } else { format!("{} ago", clock::calm(over)) };
            (format!("due {ago}"), Role::Warning)
        }
        Some(due) => {
            let left = ahead((due - now).to_std().unwrap_or_default());
            (if clock.snoozed { format!("snoozed, in {left}") } else { format!("in {left}") }, Role::Text)
        }
    }
}

/// Whether a person switched it off.
fn is_off(app: &App, kind: ClockKind) -> bool {
    app.incident().is_some_and(|incident| incident.clock(kind).off == Some(true) || incident.resolved().is_some())
}

/// What is still to come, rounded up to what matters: `40s`, `9m`, `23h`.
pub(super) fn ahead(left: Duration) -> String {
    let seconds = left.as_millis().div_ceil(1000) as u64;
    match seconds {
        0..60 => clock::calm(Duration::from_secs(seconds.div_ceil(10) * 10)),
        _ => clock::calm(Duration::from_secs(seconds.div_ceil(60) * 60)),
    }
}

/// What is left of a stage as a clock would show it: `0:45`, `1:20`, `28m`. Rounded up: it says 0:05 until it is over.
pub(super) fn left(left: Duration) -> String {
    let seconds = stepped(left);
    if left <= SECONDS { format!("{}:{:02}", seconds / 60, seconds % 60) } else { format!("{}m", seconds.div_ceil(60)) }
}

/// What is left in seconds, rounded up to a step of five: several of these stand on a screen, and none of them has to
/// move every second.
pub(super) const fn stepped(left: Duration) -> u64 {
    (left.as_millis() as u64).div_ceil(5_000) * 5
}

/// The stage and its time: what is left, or how long it has been going on. `None` without an incident, and while
/// nobody has begun: then there is nothing that stands.
pub(super) fn stage(app: &App) -> Option<(Stage, String)> {
    let now = app.stage_now()?;
    Some(match now.left {
        Some(rest) if !rest.is_zero() => (now.stage, format!("{} left", left(rest))),
        _ if now.stage == Stage::Breathe => return None,
        _ if now.stage == Stage::Resolved => (now.stage, clock::minute(now.since, app.now(), &app.settings().zone)),
        _ => (now.stage, format!("for {}", clock::calm_between(now.since, app.now()))),
    })
}

/// What stands beside the verdict: that a clock is due; else, that all is well again, or where the work stands, where
/// no pane tells it. The second says whether it must be seen.
pub(super) fn beside_verdict<'a>(app: &App) -> Option<(Vec<Span<'a>>, bool)> {
    if let Some(due) = due(app, false) {
        return Some((due, true));
    }
    let incident = app.incident()?;
    if let Some(since) = incident.normal_since().filter(|_| incident.resolved().is_none()) {
        return Some((normal(app, since), false));
    }
    // There it stands anyway.
    if matches!(app.navigation().page(), Page::Service | Page::Incident) {
        return None;
    }
    let (stage, time) = stage(app)?;
    Some((vec![span(Role::Title, stage.title().to_uppercase()), span(Role::Muted, format!(" {time}"))], false))
}

/// `back to normal since 03:41:10`.
pub(super) fn normal<'a>(app: &App, since: At) -> Vec<Span<'a>> {
    vec![span(Role::Ok, format!("● back to normal since {}", clock::second(since, &app.settings().zone)))]
}

/// A role in a word that everybody on call knows.
pub(super) const fn part_word(part: Part) -> &'static str {
    match part {
        Part::Commander => "IC",
        Part::Scribe => "scribe",
        Part::Expert => "SME",
        Part::Liaison => "liaison",
    }
}

/// Who is on it: those with a role first, then whoever wrote something. `ana (IC), sam`.
pub(super) fn people(incident: &Incident) -> String {
    let mut names: Vec<(String, Vec<&str>)> = Vec::new();
    for part in Part::ALL {
        let Some(said) = incident.role(*part) else { continue };
        match names.iter_mut().find(|(name, _)| *name == said.text) {
            Some((_, parts)) => parts.push(part_word(*part)),
            None => names.push((said.text, vec![part_word(*part)])),
        }
    }
    for who in incident.people() {
        if names.iter().all(|(name, _)| name != who) {
            names.push((who.to_owned(), Vec::new()));
        }
    }
    let shown = |(name, parts): &(String, Vec<&str>)| {
        if parts.is_empty() { name.clone() } else { format!("{name} ({})", parts.join(", ")) }
    };
    names.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// The update that arrived last, and when.
pub(super) fn last_update(incident: &Incident) -> Option<(UpdateNow, At)> {
    let sent = incident.updates().into_iter().filter_map(|update| update.sent_at().map(|at| (update, at)));
    sent.max_by_key(|(_, at)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_no_finer_than_it_matters() {
        for (millis, short) in
            [(1, "0:05"), (43_000, "0:45"), (79_001, "1:20"), (300_000, "5:00"), (300_001, "6m"), (1_680_000, "28m")]
        {
            assert_eq!(left(Duration::from_millis(millis)), short);
        }
        for (seconds, text) in [(1, "10s"), (41, "50s"), (59, "1m"), (61, "2m"), (540, "9m"), (86_400, "1d")] {
            assert_eq!(ahead(Duration::from_secs(seconds)), text);
        }
    }
}
