//! What ends it soonest: what to do, why this, what the guides say of its odds, and the team's own command, which a
//! person runs. Where no command is known, how to write one down.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Command;
use crate::app::KEYS;
use crate::app::Mode;
use crate::triage::Severity;
use crate::triage::quick_win::Action;
use crate::triage::quick_win::QuickWin;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::changes;
use crate::ui::pages::Split;
use crate::ui::pages::named;
use crate::ui::pages::sheet;
use crate::ui::pages::title;
use crate::ui::rows::Row;
use crate::ui::rows::wrap_text;

/// Cells of the names at the left.
const NAME: u16 = 12;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(service) = app.service() else { return };
    let verdict = &service.verdict;
    let (width, glyphs) = (area.width.saturating_sub(2), canvas.glyphs);
    let mut rows: Vec<Row<'_>> = Vec::new();
    if let Some(win) = &verdict.quick_win {
        rows.push(Row::new().left(Role::Strong, format!("→ {}", win.title)));
        rows.push(Row::new());
        rows.extend(told("why", Role::Text, &win.reason, width, glyphs));
        if let Some(odds) = win.odds {
            rows.extend(told("odds", Role::Text, odds, width, glyphs));
        }
        command(app, win, width, glyphs, &mut rows);
    } else {
        let why = if verdict.severity < Severity::Warning {
            "Nothing is wrong that a quick step would end."
        } else if verdict.suspects.named().is_none() {
            "No quick step follows: nothing that changed fits what is wrong."
        } else {
            "No quick step follows from the first suspect."
        };
        rows.extend(wrap_text(why, Role::Text, width, 3, glyphs).into_iter().map(|left| Row { left, ..Row::new() }));
    }
    if let Some(first) = verdict.suspects.first() {
        rows.push(Row::new());
        rows.push(
            named("first", Role::Change, first.candidate.name.as_str())
                .left(Role::Muted, format!("  {}", first.candidate.kind.word())),
        );
        rows.extend(changes::evidence(first, NAME, width, glyphs));
    }
    for (index, other) in verdict.suspects.suspects.iter().skip(1).filter(|other| other.score >= 0.1).enumerate() {
        let name = if index == 0 { "also fits" } else { "" };
        let row = named(name, Role::Text, other.candidate.name.as_str());
        rows.push(row.left(Role::Muted, format!("  {}", changes::reason(other, 60, glyphs))));
    }
    if let Some(runbook) = &verdict.runbook {
        let key = shown(app, Command::Runbook).filter(|_| app.mode() != Mode::Wall);
        let row = named("runbook", Role::Text, runbook.title.as_str());
        rows.push(match key {
            Some(key) => row.left(Role::Text, "  ").left(Role::Key, key).left(Role::Muted, " opens it"),
            None => row,
        });
    }
    if app.settings().incidents.drill {
        return drill(app, canvas, area, &rows);
    }
    sheet(app, canvas, area, "Quick win", &rows, app.navigation().scroll);
}

/// In a drill: what can be tried on the simulated service, above what the verdict says.
fn drill(app: &App, canvas: &mut Canvas<'_>, area: Rect, told: &[Row<'_>]) {
    let fixes = app.fixes();
    let chosen = app.navigation().listed.min(fixes.len().saturating_sub(1));
    let row = |(index, (_, words)): (usize, (String, String))| {
        let number = if index < 9 { format!("{} ", index + 1) } else { "  ".to_owned() };
        let row = Row::new().left(Role::Key, number).left(Role::Text, words);
        Row { chosen: index == chosen, ..row }
    };
    let rows: Vec<Row<'_>> = fixes.into_iter().enumerate().map(row).collect();
    let split = Split::new(area, rows.len(), chosen, told.len());
    let words = format!("Enter tries it on the simulated service {}", split.words);
    let body = title(app, canvas, area, "Quick win: what to try", words.trim_end());
    split.draw(canvas, body, &rows[split.first..], told);
}

/// The team's command, or how to write one down. The wall shows none: whoever passes by could read it.
fn command<'a>(app: &App, win: &'a QuickWin, width: u16, glyphs: Glyphs, rows: &mut Vec<Row<'a>>) {
    if app.mode() == Mode::Wall {
        return;
    }
    rows.push(Row::new());
    let key = win.action.key();
    if let Some(text) = &win.command {
        let lines = wrap_text(text, Role::Strong, width.saturating_sub(NAME), 6, glyphs);
        for (index, spans) in lines.into_iter().enumerate() {
            let mut row = Row::new().left(Role::Muted, format!("{:<12}", if index == 0 { "command" } else { "" }));
            row.left.extend(spans);
            rows.push(row);
        }
        let copy = shown(app, Command::Copy).unwrap_or_default();
        let row = named("", Role::Key, copy).left(Role::Muted, " copies it; you run it where you run such things:");
        rows.push(row.left(Role::Muted, " sixty runs nothing"));
    } else if app.settings().commands.get(win.action).is_some() {
        let words = format!("`{key}` of [commands] needs a value that is not known here.");
        rows.extend(told("command", Role::Unknown, &words, width, glyphs));
    } else {
        rows.push(
            named("command", Role::Unknown, "none is configured").left(Role::Muted, "; write yours into the file:"),
        );
        rows.push(named("", Role::Text, "[commands]"));
        rows.extend(told("", Role::Text, &format!("{key} = \"{}\"", example(win.action)), width, glyphs));
    }
}

/// A command as a team may write it, to be changed.
const fn example(action: Action) -> &'static str {
    match action {
        Action::RollBack => "kubectl rollout undo deploy/{service}",
        Action::SwitchBack => "flagctl disable {flag}",
        Action::Revert => "git revert --no-edit {version}",
        Action::Restart => "kubectl rollout restart deploy/{service}",
        Action::Replace => "kubectl delete pod {instance}",
        Action::Scale => "kubectl scale deploy/{service} --replicas=8",
        Action::FailOver => "./failover.sh {vendor}",
        Action::FreeDisk => "./clean-disk.sh {service}",
        Action::StopJob => "kubectl delete job {job}",
        Action::WaitForVendor => "./status-page.sh {vendor}",
        Action::BlockCaller => "./block.sh {route}",
    }
}

/// Words under a name, wrapped.
fn told<'a>(name: &str, role: Role, text: &str, width: u16, glyphs: Glyphs) -> Vec<Row<'a>> {
    let lines = wrap_text(text, role, width.saturating_sub(NAME), 6, glyphs);
    let owned = |spans: Vec<crate::ui::rows::Span<'_>>| {
        spans.into_iter().map(|span| crate::ui::rows::span(span.role, span.text.into_owned())).collect::<Vec<_>>()
    };
    lines
        .into_iter()
        .enumerate()
        .map(|(index, spans)| {
            let mut row = Row::new().left(Role::Muted, format!("{:<12}", if index == 0 { name } else { "" }));
            row.left.extend(owned(spans));
            row
        })
        .collect()
}

/// The first key of a command.
fn shown(app: &App, command: Command) -> Option<String> {
    let row = KEYS.iter().find(|row| row.command == command)?;
    app.keys().shown(row).into_iter().next()
}
