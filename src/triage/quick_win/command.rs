//! The team's own commands: templates with placeholders, filled with values that a shell takes as one plain word.

use std::collections::BTreeMap;

use crate::triage::quick_win::Action;

/// The names that may stand in a template.
const NAMES: [&str; 9] = ["service", "version", "previous", "instance", "flag", "setting", "job", "vendor", "route"];

/// The command of each action, as far as the team gave one.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Commands(BTreeMap<Action, Template>);

impl Commands {
    /// Sets the command of an action.
    pub fn set(&mut self, action: Action, template: Template) {
        self.0.insert(action, template);
    }

    /// The command of an action.
    #[must_use]
    pub fn get(&self, action: Action) -> Option<&Template> {
        self.0.get(&action)
    }
}

/// The values for placeholders; `""` is not known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Values<'a>(pub BTreeMap<&'static str, &'a str>);

/// A piece of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    /// As the team wrote it.
    Text(String),
    /// One of [`NAMES`].
    Value(&'static str),
}

/// A command with placeholders, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template(Vec<Piece>);

impl Template {
    /// Reads `kubectl rollout undo deploy/{service}`. Braces around anything but a name of small letters are text.
    ///
    /// # Errors
    /// When a placeholder is unknown, stands in quotes (where a quoted value would fall apart) or after a backslash,
    /// or when quotes are open at the end. The text says what is wrong, without its place.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("an empty command".to_owned());
        }
        if text.chars().any(char::is_control) {
            return Err("a command is one line without control characters".to_owned());
        }
        let mut pieces = vec![];
        let (mut plain, mut quote, mut escaped) = (String::new(), None, false);
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            if let Some(name) = placeholder(rest) {
                if quote.is_some() || escaped {
                    if NAMES.contains(&name) {
                        return Err(format!("{{{name}}} stands in quotes; values are quoted when they are filled in"));
                    }
                } else {
                    let Some(known) = NAMES.into_iter().find(|known| *known == name) else {
                        return Err(format!("{{{name}}} is not known; there are {}", list()));
                    };
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    pieces.push(Piece::Value(known));
                    rest = &rest[name.len() + 2..];
                    continue;
                }
            }
            match (letter, quote) {
                _ if escaped => escaped = false,
                ('\\', None | Some('"')) => escaped = true,
                ('\'' | '"' | '`', None) => quote = Some(letter),
                (_, Some(open)) if open == letter => quote = None,
                _ => {}
            }
            plain.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
        if let Some(open) = quote {
            return Err(format!("the quote {open} is not closed"));
        }
        pieces.push(Piece::Text(plain));
        Ok(Self(pieces))
    }

    /// The names of the values that it wants, each as often as it stands there.
    pub fn wanted(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value(name) => Some(*name),
            Piece::Text(_) => None,
        })
    }

    /// The command with its values; `None` when one of them is not known, or cannot be made harmless.
    #[must_use]
    pub fn fill(&self, values: &Values<'_>) -> Option<String> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Value(name) => {
                    let value = values.0.get(name).copied().unwrap_or_default();
                    // What begins with a dash is read as an option, however it is quoted.
                    let bare = filled.ends_with(' ') || filled.is_empty();
                    if value.is_empty() || value.chars().any(char::is_control) || (bare && value.starts_with('-')) {
                        return None;
                    }
                    filled.push_str(&quoted(value));
                }
            }
        }
        Some(filled)
    }
}

/// `{name}` at the beginning of a text, where the name is made of small letters.
fn placeholder(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('{')?.split_once('}')?;
    (!name.is_empty() && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')).then_some(name)
}

fn list() -> String {
    NAMES.map(|name| format!("{{{name}}}")).join(", ")
}

/// One word for a POSIX shell, which expands nothing in it.
fn quoted(value: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:@%+,".contains(letter);
    if value.chars().all(plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(template: &str, service: &str) -> Result<Option<String>, String> {
        let values = Values(BTreeMap::from([("service", service), ("version", "v2.31.0")]));
        Template::read(template).map(|template| template.fill(&values))
    }

    #[test]
    fn commands_are_filled_in() {
        for (template, service, expected) in [
            ("kubectl rollout undo deploy/{service}", "api", Some("kubectl rollout undo deploy/api")),
            ("undo {service} {version}", "api", Some("undo api v2.31.0")),
            ("undo {service}", "a b; rm -rf /", Some("undo 'a b; rm -rf /'")),
            ("undo {service}", "$(reboot)", Some("undo '$(reboot)'")),
            ("undo {service}", "it's", Some(r"undo 'it'\''s'")),
            ("undo {service}", "-rf", None),
            ("undo x/{service}", "-rf", Some("undo x/-rf")),
            ("undo {service}", "", None),
            ("undo {service}", "a\nb", None),
            ("undo {service} to {previous}", "api", None),
            ("kubectl get {.items} {a,b} {service}", "api", Some("kubectl get {.items} {a,b} api")),
            ("awk '{print}' {service}", "api", Some("awk '{print}' api")),
        ] {
            assert_eq!(filled(template, service).unwrap().as_deref(), expected, "{template} with {service:?}");
        }
    }

    #[test]
    fn templates_that_cannot_be_safe_are_refused() {
        for (template, wrong) in [
            ("", "empty"),
            ("  ", "empty"),
            ("a\nb", "one line"),
            ("undo {servise}", "{servise} is not known; there are {service}, "),
            ("sh -c \"undo {service}\"", "{service} stands in quotes"),
            ("sh -c 'undo {service}'", "{service} stands in quotes"),
            ("echo `undo {service}`", "{service} stands in quotes"),
            (r"undo \{service}", "{service} stands in quotes"),
            ("undo 'x", "quote ' is not closed"),
        ] {
            let told = Template::read(template).unwrap_err();
            assert!(told.contains(wrong), "{template}: {told}");
        }
    }

    proptest! {
        /// A shell that undoes the quotes gets the value back as one word, and sees no other character with a meaning.
        #[test]
        fn a_value_is_one_word(value in "[ -~äß]{1,40}") {
            let word = quoted(&value);
            let (mut seen, mut inside, mut letters) = (String::new(), false, word.chars());
            while let Some(letter) = letters.next() {
                match letter {
                    '\'' => inside = !inside,
                    '\\' if !inside => seen.extend(letters.next()),
                    other => {
                        let harmless = inside || !" \t$`\"*?[]{}()<>|&;#~!=".contains(other);
                        prop_assert!(harmless, "{:?} is bare in {}", other, word);
                        seen.push(other);
                    }
                }
            }
            prop_assert!(!inside);
            prop_assert_eq!(seen, value);
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,60}") {
            let _ = Template::read(&text);
        }
    }
}
