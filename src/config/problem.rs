//! What is wrong with a configuration: one [`Problem`] per mistake, each with its place and what to write instead.
//!
//! Texts from the file are made harmless when a problem is made. Nothing here knows what a configuration means.

use std::fmt;

use crate::facts::text::clean_line;

/// The longest cause or advice that is kept, in characters: a problem is one line that a person reads.
const LONGEST: usize = 400;

/// A place in a file, both numbers counted from 1; the column counts characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// One mistake. All texts are clean, and none holds a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The file as the person named it, or `command line`.
    pub file: String,
    /// Where in the file; `None` when it is about the file as a whole.
    pub place: Option<Place>,
    /// What is wrong.
    pub cause: String,
    /// What to write instead; empty when the cause says it.
    pub advice: String,
}

impl Problem {
    /// A problem of a file; text from outside is made harmless here.
    #[must_use]
    pub fn new(file: &str, place: Option<Place>, cause: &str, advice: &str) -> Self {
        Self {
            file: clean_line(file, LONGEST),
            place,
            cause: clean_line(cause, LONGEST),
            advice: clean_line(advice, LONGEST),
        }
    }
}

impl fmt::Display for Problem {
    /// `sixty.toml:12:9: unknown key ...; did you mean ...`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(place) = self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        write!(f, ": {}", self.cause)?;
        if !self.advice.is_empty() {
            write!(f, "; {}", self.advice)?;
        }
        Ok(())
    }
}

/// All mistakes of one configuration, in the order of their places; never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, put in order; the same one twice counts once. `None` when there is none.
    #[must_use]
    pub fn sorted(mut problems: Vec<Problem>) -> Option<Self> {
        problems.sort();
        problems.dedup();
        (!problems.is_empty()).then_some(Self(problems))
    }

    /// The problems by place.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// How many there are; at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always at least one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    /// One line each, without a line break at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The place of a byte of `text`; a byte behind the end has the place behind the last character.
#[must_use]
pub(super) fn place(text: &str, byte: usize) -> Place {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &text[..byte];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    // A byte order mark is not a character that an editor counts.
    let column = before[start..].trim_start_matches('\u{feff}').chars().count() + 1;
    Place { line: before.matches('\n').count() + 1, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        for (text, byte, line, column) in [
            ("", 0, 1, 1),
            ("abc", 2, 1, 3),
            ("é = 1", 3, 1, 3),
            ("é = 1", 1, 1, 1),
            ("a\nb", 2, 2, 1),
            ("a\nb", 99, 2, 2),
            ("\u{feff}a", 3, 1, 1),
        ] {
            assert_eq!(place(text, byte), Place { line, column }, "{text:?} {byte}");
        }
    }

    #[test]
    fn problems_are_sorted_and_clean() {
        let at = |line| Some(Place { line, column: 1 });
        let problems = Problems::sorted(vec![
            Problem::new("x.toml", at(9), "late", ""),
            Problem::new("x.toml", at(2), "\u{1b}[2Jearly", "do this"),
            Problem::new("x.toml", at(9), "late", ""),
        ]);
        let Some(problems) = problems else { panic!("there are some") };
        assert_eq!(problems.to_string(), "x.toml:2:1: ␛[2Jearly; do this\nx.toml:9:1: late");
        assert_eq!(Problems::sorted(Vec::new()), None);
    }
}
