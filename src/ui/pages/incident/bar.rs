//! The stages in a row, the present one in capitals with its time; where there is no room for all, the present one with
//! its place and the next.

use crate::app::App;
use crate::incident::Stage;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::rows::Row;
use crate::ui::standing;

/// A stage in as few letters as it can be told by.
const fn short(stage: Stage) -> &'static str {
    match stage {
        Stage::Breathe => "Breathe",
        Stage::First => "First 60s",
        Stage::Assess => "Assess",
        Stage::QuickWins => "Quick wins",
        Stage::Suspects => "Suspects",
        Stage::Logs => "Logs",
        Stage::Hypothesis => "Hypothesis",
        Stage::Fix => "Fix",
        Stage::Monitor => "Monitor",
        Stage::Resolved => "Resolved",
    }
}

/// The row of the stages, and below it since when all is well, where it is.
pub(super) fn rows<'a>(app: &App, width: u16, chosen: bool, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let now = app.stage_now().map(|now| now.stage);
    let time = standing::stage(app).map(|(_, time)| time).unwrap_or_default();
    let mut whole = Row::new();
    for stage in Stage::ALL {
        let gap = if whole.left.is_empty() { "" } else { "  " };
        whole = match now {
            Some(now) if now == *stage => {
                let time = if time.is_empty() { String::new() } else { format!(" {time}") };
                whole.left(Role::Text, gap).left(Role::Strong, short(*stage).to_uppercase()).left(Role::Key, time)
            }
            Some(now) if *stage < now => whole.left(Role::Muted, format!("{gap}{}", short(*stage))),
            _ => whole.left(Role::Faint, gap).left(Role::Text, short(*stage)),
        };
    }
    let mut first = if whole.width(canvas.glyphs) <= width { whole } else { brief(now, &time, width) };
    first.chosen = chosen;
    let mut rows = vec![first];
    let over = app.incident().is_some_and(|incident| incident.resolved().is_some());
    if let Some(since) = app.incident().and_then(crate::incident::Incident::normal_since).filter(|_| !over) {
        rows.push(Row { left: standing::normal(app, since), ..Row::new() });
    }
    rows
}

/// `ASSESS 1:20 left  3 of 10, then Quick wins`.
fn brief<'a>(now: Option<Stage>, time: &str, width: u16) -> Row<'a> {
    let Some(now) = now else { return Row::new().left(Role::Muted, "nobody has begun: > begins") };
    let place = Stage::ALL.iter().position(|stage| *stage == now).unwrap_or_default() + 1;
    let mut row = Row::new().left(Role::Strong, now.title().to_uppercase());
    if !time.is_empty() {
        row = row.left(Role::Key, format!(" {time}"));
    }
    row = row.left(Role::Muted, format!("  {place} of {}", Stage::ALL.len()));
    if width >= 50 && now.next() != now {
        row = row.left(Role::Muted, format!(", then {}", now.next().title().to_lowercase()));
    }
    row
}
