//! What of a provider matters to the team: components by part of their name or by glob, regions by code or name.

use crate::facts::Component;
use crate::facts::Level;
use crate::facts::text::clean_line;
use crate::sources::status::draft::COMPONENTS;

/// The team's choice. Empty lists choose everything.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Filter {
    /// Components, products or services: a part of the name, or a glob with `*`; case does not matter.
    pub components: Vec<String>,
    /// Regions: the whole code or name, or a glob; case, blanks and dashes do not matter.
    pub regions: Vec<String>,
}

/// A part of a provider and how it is, by an incident that names it.
pub(super) struct Part {
    pub(super) name: String,
    /// A second name that a filter may use: `ec2`.
    pub(super) alias: String,
    pub(super) level: Level,
    pub(super) word: String,
}

impl Filter {
    /// Whether an incident that names these components counts. One that names none concerns everybody.
    pub(super) fn components<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        let mut names = names.into_iter().peekable();
        self.components.is_empty()
            || names.peek().is_none()
            || names.any(|name| self.components.iter().any(|pattern| matches(pattern, name)))
    }

    /// Whether an incident in these regions counts. One without a region is global and concerns everybody.
    pub(super) fn regions<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        let mut names = names.into_iter().peekable();
        self.regions.is_empty()
            || names.peek().is_none()
            || names.any(|name| {
                let name = squeezed(name);
                name == "global" || self.regions.iter().any(|pattern| glob(&squeezed(pattern), &name))
            })
    }

    /// The rows to show for a provider that lists incidents but no components: one for each choice of the team,
    /// or one for each part that is named when it chose none.
    pub(super) fn rows(&self, parts: &[Part]) -> Vec<Component> {
        if self.components.is_empty() {
            let mut rows: Vec<Component> = Vec::new();
            for part in parts.iter().filter(|part| part.level != Level::Operational) {
                let full = rows.len() >= COMPONENTS;
                match rows.iter_mut().find(|row| row.name == part.name) {
                    Some(row) if row.level.worse(part.level) == row.level => {}
                    Some(row) => (row.level, row.word) = (part.level, part.word.clone()),
                    // A hostile list must not be compared with itself for ever.
                    None if full => {}
                    None => {
                        rows.push(Component { name: part.name.clone(), level: part.level, word: part.word.clone() });
                    }
                }
            }
            return rows;
        }
        let row = |pattern: &String| {
            let mut row = Component {
                name: clean_line(pattern, 120),
                level: Level::Operational,
                word: "no open incident".to_owned(),
            };
            for part in parts.iter().filter(|part| matches(pattern, &part.name) || matches(pattern, &part.alias)) {
                if row.level.worse(part.level) != row.level {
                    row = Component { name: part.name.clone(), level: part.level, word: part.word.clone() };
                }
            }
            row
        };
        self.components.iter().map(row).collect()
    }
}

/// Whether a pattern is a part of a name, or, with `*` in it, describes all of it.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.trim().to_lowercase(), name.trim().to_lowercase());
    if pattern.contains('*') { glob(&pattern, &name) } else { !pattern.is_empty() && name.contains(&pattern) }
}

/// `*` stands for anything, everything else for itself.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let tail = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(found) = text.find(piece) else { return false };
        text = &text[found + piece.len()..];
    }
    text.ends_with(tail)
}

/// `West US` and `westus` are the same region.
fn squeezed(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Up to three names that may have been meant, the closest first.
pub(super) fn nearest<'a>(pattern: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let pattern = pattern.replace('*', "").to_lowercase();
    let mut scored: Vec<(f64, &str)> = names
        .into_iter()
        .take(2_000)
        .map(|name| {
            let lower = name.to_lowercase();
            let words = lower.split_whitespace().map(|word| strsim::jaro_winkler(&pattern, word) * 0.95);
            (words.fold(strsim::jaro_winkler(&pattern, &lower), f64::max), name)
        })
        .filter(|(score, _)| *score >= 0.6)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_parts_or_globs() {
        for (pattern, name, hit) in [
            ("api", "API Requests", true),
            ("API Requests", "api requests", true),
            ("api*", "API Requests", true),
            ("*requests", "API Requests", true),
            ("a*i*q*s", "API Requests", true),
            ("a*i*q*x", "API Requests", false),
            ("*", "anything", true),
            ("api*", "The API", false),
            ("ab*ab", "ab", false),
            ("", "API", false),
            (" ", "API", false),
            ("straße", "STRASSE", false),
            ("ä*", "Äther", true),
        ] {
            assert_eq!(matches(pattern, name), hit, "{pattern} {name}");
        }
    }

    #[test]
    fn regions_are_whole_and_global_concerns_all() {
        let filter =
            |regions: &[&str]| Filter { regions: regions.iter().map(|&r| r.to_owned()).collect(), ..Filter::default() };
        assert!(filter(&["West US"]).regions(["westus"]));
        assert!(!filter(&["East Asia"]).regions(["Southeast Asia"]));
        assert!(filter(&["us-east-*"]).regions(["us-east-1"]));
        assert!(filter(&["us-east-1"]).regions(["eu-west-1", "Global"]));
        assert!(filter(&["us-east-1"]).regions([]));
        assert!(filter(&[]).regions(["anywhere"]));
    }

    #[test]
    fn what_may_have_been_meant_is_named() {
        let names = ["Git Operations", "API Requests", "Actions", "Pages"];
        assert_eq!(nearest("Acton", names)[0], "Actions");
        assert_eq!(nearest("requets", names)[0], "API Requests");
        assert!(nearest("zzzz", names).is_empty());
    }
}
