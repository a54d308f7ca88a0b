//! `[keys]`: commands that are given other keys. A key is spelled `q`, `Q`, `f5`, `ctrl-c`, `shift-tab`.

use std::collections::BTreeMap;

use super::reader::Section;
use super::reader::Text;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::closest;
use super::reader::quoted;
use super::world::World;

/// Keys that have a name instead of a character.
const NAMED: &[&str] = &[
    "enter",
    "esc",
    "tab",
    "space",
    "backspace",
    "delete",
    "insert",
    "home",
    "end",
    "pageup",
    "pagedown",
    "up",
    "down",
    "left",
    "right",
    "f1",
    "f2",
    "f3",
    "f4",
    "f5",
    "f6",
    "f7",
    "f8",
    "f9",
    "f10",
    "f11",
    "f12",
];
/// Other names that people know.
const ALSO: &[(&str, &str)] = &[
    ("escape", "esc"),
    ("return", "enter"),
    ("del", "delete"),
    ("ins", "insert"),
    ("pgup", "pageup"),
    ("pgdn", "pagedown"),
    ("backtab", "shift-tab"),
    (" ", "space"),
];
/// In the order in which they are spelled.
const MODIFIERS: &[&str] = &["ctrl", "alt", "shift"];

const EXAMPLE: &str = "quit = \"q\" or quit = [\"q\", \"ctrl-c\"]";

/// A key in the one spelling that the key table uses: `[ctrl-][alt-][shift-]KEY`, where `KEY` is one visible
/// character or one of `enter esc tab space backspace delete insert home end pageup pagedown up down left right
/// f1 ... f12`. Capital letters stand for themselves (`Q`, never `shift-q`).
///
/// # Errors
/// What is wrong with it and what to write, in one sentence.
pub fn key_spec(text: &str) -> Result<String, String> {
    parse_key(text).map_err(|wrong| format!("{}; {}", wrong.cause, wrong.advice))
}

fn parse_key(text: &str) -> Result<String, Wrong> {
    let advice = "write one character or a name as enter, f5, ctrl-c, alt-x, shift-tab";
    let mut held = [false; 3];
    let mut key = text;
    'strip: loop {
        for (index, modifier) in MODIFIERS.iter().enumerate() {
            let Some(prefix) = key.get(..modifier.len()) else { continue };
            let tail = &key[modifier.len()..];
            if prefix.eq_ignore_ascii_case(modifier) && tail.len() > 1 && tail.starts_with(['-', '+']) {
                held[index] = true;
                key = &tail[1..];
                continue 'strip;
            }
        }
        break;
    }
    let mut characters = key.chars();
    let spelled = match (characters.next(), characters.next()) {
        (Some(c), None) if !c.is_whitespace() && crate::facts::text::clean_line(key, 2) == key => {
            character(c, &mut held)?
        }
        _ => named(key, &mut held).ok_or_else(|| {
            let meant = closest(key, NAMED.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            Wrong::new(format!("{} is not a key", quoted(text)), meant.unwrap_or_else(|| advice.to_owned()))
        })?,
    };
    let mut out = String::new();
    for (modifier, _) in MODIFIERS.iter().zip(held).filter(|(_, held)| *held) {
        out.push_str(modifier);
        out.push('-');
    }
    out.push_str(&spelled);
    Ok(out)
}

/// A character key. A terminal sends no shift beside a character, and no case beside control.
fn character(c: char, held: &mut [bool; 3]) -> Result<String, Wrong> {
    if held[2] {
        let meant = if held[0] || held[1] { String::new() } else { format!("; write \"{}\"", c.to_uppercase()) };
        let cause = format!("a terminal cannot tell shift with {}", quoted(&c.to_string()));
        return Err(Wrong::new(cause, format!("shift counts with named keys only{meant}")));
    }
    Ok(if held[0] { c.to_lowercase().to_string() } else { c.to_string() })
}

fn named(key: &str, held: &mut [bool; 3]) -> Option<String> {
    let key = key.to_lowercase();
    let known = ALSO.iter().find(|(other, _)| *other == key).map_or(key.as_str(), |(_, name)| name);
    let known = known.strip_prefix("shift-").inspect(|_| held[2] = true).unwrap_or(known);
    NAMED.contains(&known).then(|| known.to_owned())
}

/// Reads `[keys]`.
pub(super) fn read(value: &Value<'_>, world: &World<'_>) -> BTreeMap<String, Vec<String>> {
    let mut keys = BTreeMap::new();
    let Some(section) = value.section("[keys]", "[keys] on a line of its own") else { return keys };
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for (command, value) in section.entries() {
        if !world.commands.is_empty() && !world.commands.contains(&command.raw()) {
            unknown_command(&command, &section, world);
            continue;
        }
        let specs = if value.is_list() { value.texts(EXAMPLE) } else { value.text(EXAMPLE).map(|one| vec![one]) };
        let mut spelled = Vec::new();
        for spec in specs.unwrap_or_default() {
            let Some(key) = spec.map(parse_key) else { continue };
            if let Some(other) = taken.insert(key.clone(), command.raw().to_owned()) {
                let cause = format!(
                    "the key {} has two commands, {} and {}",
                    quoted(&key),
                    quoted(&other),
                    quoted(command.raw())
                );
                spec.wrong(Wrong::new(cause, "keep one"));
            }
            spelled.push(key);
        }
        keys.insert(command.raw().to_owned(), spelled);
    }
    keys
}

fn unknown_command(command: &Text<'_>, section: &Section<'_>, world: &World<'_>) {
    let cause = format!("unknown command {} in {}", quoted(command.raw()), section.shown());
    command.wrong(Wrong::new(cause, super::reader::suggestion(command.raw(), world.commands)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_one_spelling() {
        for (text, spelled) in [
            ("q", "q"),
            ("Q", "Q"),
            ("?", "?"),
            ("-", "-"),
            ("+", "+"),
            ("ü", "ü"),
            (" ", "space"),
            ("Space", "space"),
            ("Escape", "esc"),
            ("F5", "f5"),
            ("PgUp", "pageup"),
            ("Ctrl+C", "ctrl-c"),
            ("alt-ctrl-x", "ctrl-alt-x"),
            ("ctrl--", "ctrl--"),
            ("backtab", "shift-tab"),
            ("shift-tab", "shift-tab"),
            ("alt-X", "alt-X"),
        ] {
            assert_eq!(key_spec(text).as_deref(), Ok(spelled), "{text}");
            assert_eq!(key_spec(spelled).as_deref(), Ok(spelled), "{text}");
        }
        for (text, fragment) in [
            ("", "is not a key"),
            ("qq", "is not a key"),
            ("ctrl-", "is not a key"),
            ("entre", "did you mean `enter`?"),
            ("shift-q", "write \"Q\""),
            ("f13", "is not a key"),
            ("\u{1b}", "is not a key"),
            ("\u{202e}", "is not a key"),
            ("hyper-x", "is not a key"),
        ] {
            let problem = key_spec(text).unwrap_err();
            assert!(problem.contains(fragment), "{text:?}: {problem}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_a_spelling_is_stable(text in "(ctrl-|alt\\+|Shift-)*.{0,3}") {
            if let Ok(spelled) = key_spec(&text) {
                proptest::prop_assert_eq!(key_spec(&spelled), Ok(spelled.clone()));
            }
        }
    }
}
