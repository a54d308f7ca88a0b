//! `[commands]`: the team's own command for each quick win, to be shown and copied; nothing is ever run.

use crate::triage::quick_win::Action;
use crate::triage::quick_win::Commands;
use crate::triage::quick_win::Template;

use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::reader::suggestion;

const EXAMPLE: &str = "rollback = \"kubectl rollout undo deploy/{service}\"";

/// The commands that a team wrote.
pub(super) fn read(value: &Value<'_>) -> Commands {
    let mut commands = Commands::default();
    let Some(section) = value.section("[commands]", EXAMPLE) else { return commands };
    let known = Action::ALL.map(Action::key);
    for (key, value) in section.entries() {
        let Some(action) = Action::from_key(key.raw()) else {
            let cause = format!("no quick win is called {}", quoted(key.raw()));
            key.wrong(Wrong::new(cause, suggestion(key.raw(), &known)));
            continue;
        };
        let Some(text) = value.text(EXAMPLE) else { continue };
        match Template::read(text.raw()) {
            Ok(template) => commands.set(action, template),
            Err(cause) => text.wrong(Wrong::new(cause, format!("write it as in {EXAMPLE}"))),
        }
    }
    commands
}
