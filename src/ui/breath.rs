//! The pacer of the first half minute: a word, a bar that grows and shrinks by one step a second, and the way on.
//! Nothing else on the screen moves for it.

use crate::app::App;
use crate::app::Breath;
use crate::app::Command;
use crate::ui::Role;
use crate::ui::rows::Row;
use crate::ui::standing;

/// Cells of the bar when the lungs are full, at most.
const FULL: u16 = 12;

/// The rows of the pacer, with a blank one below.
pub(super) fn rows<'a>(app: &App, breath: &Breath, width: u16) -> Vec<Row<'a>> {
    let (step, of) = breath.step;
    let full = width.min(FULL);
    // The first second of a breath is a step already, so that the bar is never still for two.
    let part = (u64::from(full) * (step + 1) / of.max(1)) as u16;
    let filled = if breath.inward { part.min(full) } else { full.saturating_sub(part) };
    let word = if breath.inward { "breathe in" } else { "breathe out" };
    let mut rows = vec![
        Row::new().left(Role::Strong, word),
        Row::new()
            .left(Role::Bar, "█".repeat(usize::from(filled)))
            .left(Role::Faint, "─".repeat(usize::from(full - filled))),
    ];
    if let Some(key) = standing::key(app, Command::NextStage) {
        rows.push(Row::new().left(Role::Key, key).left(Role::Muted, " goes on"));
    }
    rows.push(Row::new());
    rows
}
