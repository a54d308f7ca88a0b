//! `[keys]`: commands that are given other keys, checked against the key table.

use std::collections::BTreeMap;

use crate::app::KEYS;
use crate::app::KeyCode;
use crate::app::KeyPress;

use super::reader::Section;
use super::reader::Text;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::closest;
use super::reader::quoted;
use super::reader::suggestion;

const EXAMPLE: &str = "quit = \"q\" or quit = [\"q\", \"Ctrl-C\"]";

/// Always leaves the program: nobody must ever be locked in.
const LEAVE: KeyPress = KeyPress { code: KeyCode::Char('c'), ctrl: true };

/// Names that other programs use, and ours; ours stand there as well, to be found when mistyped.
const SPELLINGS: &[(&str, &str)] = &[
    ("escape", "Esc"),
    ("return", "Enter"),
    ("pageup", "PgUp"),
    ("pagedown", "PgDn"),
    ("backtab", "Shift-Tab"),
    ("spacebar", "Space"),
    (" ", "Space"),
    ("space", "Space"),
    ("enter", "Enter"),
    ("esc", "Esc"),
    ("backspace", "Backspace"),
];

/// Reads `[keys]`: for each command its keys, spelled as the key table spells them.
pub(super) fn read(value: &Value<'_>) -> BTreeMap<String, Vec<String>> {
    let mut keys = BTreeMap::new();
    let Some(section) = value.section("[keys]", "[keys] on a line of its own") else { return keys };
    let mut chosen: Vec<(String, KeyPress, Text<'_>)> = Vec::new();
    for (command, value) in section.entries() {
        let names: Vec<&str> = KEYS.iter().map(|row| row.name).collect();
        if !names.contains(&command.raw()) {
            let cause = format!("unknown command {} in {}", quoted(command.raw()), section.shown());
            command.misfit(Wrong::new(cause, suggestion(command.raw(), &names)));
            continue;
        }
        let specs = if value.is_list() { value.texts(EXAMPLE) } else { value.text(EXAMPLE).map(|one| vec![one]) };
        let mut spelled = Vec::new();
        for spec in specs.unwrap_or_default() {
            let Some(press) = spec.map(|text| KeyPress::parse(text).ok_or_else(|| no_key(text))) else { continue };
            if press == LEAVE && command.raw() != "quit" {
                spec.wrong(Wrong::new("Ctrl-C always leaves the program", "choose another key"));
                continue;
            }
            spelled.push(press.to_string());
            chosen.push((command.raw().to_owned(), press, spec));
        }
        keys.insert(command.raw().to_owned(), spelled);
    }
    clashes(&section, &chosen);
    keys
}

/// Notes each chosen key that has another command as well, by choice or by the table.
fn clashes(section: &Section<'_>, chosen: &[(String, KeyPress, Text<'_>)]) {
    for (index, (command, press, spec)) in chosen.iter().enumerate() {
        let before = chosen[..index].iter().find(|(_, other, _)| other == press).map(|(name, ..)| name.as_str());
        let by_table = || {
            let rows = KEYS.iter().filter(|row| row.name != command && !section.has(row.name));
            rows.filter(|row| row.keys.iter().any(|key| KeyPress::parse(key) == Some(*press)))
                .map(|row| row.name)
                .next()
        };
        let Some(other) = before.or_else(by_table) else { continue };
        let cause = format!("the key `{press}` is given to {} and to {}", quoted(other), quoted(command));
        spec.misfit(Wrong::new(cause, format!("choose another one, or give {} other keys", quoted(other))));
    }
}

fn no_key(text: &str) -> Wrong {
    let cause = format!("{} is not a key", quoted(text));
    let dashed = text.replace('+', "-").to_lowercase();
    let meant = match dashed.strip_prefix("ctrl-").or_else(|| dashed.strip_prefix("control-")) {
        Some(key) if key.chars().count() == 1 => Some(format!("Ctrl-{}", key.to_uppercase())),
        Some(_) => None,
        None if dashed.starts_with("alt-") || dashed.starts_with("shift-") => None,
        None => closest(&dashed, SPELLINGS.iter().map(|(other, _)| *other))
            .and_then(|found| SPELLINGS.iter().find(|(other, _)| *other == found))
            .map(|(_, ours)| (*ours).to_owned()),
    };
    Wrong::new(
        cause,
        match meant {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => "write one character, Ctrl-X, or a name as Enter, Space, PgUp, F5, Shift-Tab".to_owned(),
        },
    )
}
