//! The pieces that the verdict's sentences are made of: text with a tone, so that one wording serves every output.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::Datelike as _;

use crate::facts::At;
use crate::facts::Zone;
use crate::triage::Severity;

/// What a phrase means to the eye. Colour is put on top of the words, never instead of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// Ordinary text.
    Plain,
    /// What must be read first.
    Strong,
    /// Secondary text.
    Muted,
    /// Somebody is hurt.
    Critical,
    /// Worth a look.
    Warning,
    /// As it should be.
    Good,
    /// A change: deploy, flag, job.
    Change,
    /// Not known.
    Unknown,
}

/// A piece of a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phrase {
    /// The words; clean.
    pub text: String,
    /// What they mean to the eye.
    pub tone: Tone,
}

/// A line of phrases.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Line(pub Vec<Phrase>);

impl Line {
    /// An empty line.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The line with more words at its end.
    #[must_use]
    pub fn with(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.push(tone, text);
        self
    }

    /// Adds words; nothing for an empty text.
    pub fn push(&mut self, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Phrase { text, tone });
        }
    }

    /// Adds another line after two blanks, so that two facts stand apart.
    pub fn append(&mut self, other: Self) {
        if !self.0.is_empty() && !other.0.is_empty() {
            self.push(Tone::Plain, "  ");
        }
        self.0.extend(other.0);
    }

    /// Whether nothing is said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words without their tones.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.iter().fold(String::new(), |mut out, phrase| {
            let _ = write!(out, "{}", phrase.text);
            out
        })
    }
}

/// The team's own names of severities, `SEV1` for critical; each stands beside our word, and for it where room is
/// short.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SeverityNames(BTreeMap<Severity, String>);

impl SeverityNames {
    /// The severities that can have a name of the team: what a rule can find.
    pub const NAMED: [Severity; 3] = [Severity::Critical, Severity::Warning, Severity::Info];

    /// Gives a severity a name; clean text.
    pub fn set(&mut self, severity: Severity, name: impl Into<String>) {
        self.0.insert(severity, name.into());
    }

    /// The team's own name, if it gave one.
    #[must_use]
    pub fn own(&self, severity: Severity) -> Option<&str> {
        self.0.get(&severity).map(String::as_str)
    }

    /// The team's own name, else our word.
    #[must_use]
    pub fn short(&self, severity: Severity) -> &str {
        self.own(severity).unwrap_or_else(|| severity.word())
    }

    /// Our word and, where there is one, the team's name: `CRITICAL SEV1`.
    #[must_use]
    pub fn title(&self, severity: Severity) -> String {
        let word = severity.word().to_uppercase();
        self.own(severity).map_or_else(|| word.clone(), |own| format!("{word} {own}"))
    }
}

/// `03:15:20` in the zone of the team; with the day when it is not the day of `today`,
/// and with the year, without the time, when it is another one.
#[must_use]
pub fn clock_time(at: At, today: At, zone: &Zone) -> String {
    let (at, today) = (zone.local(at), zone.local(today));
    let format = if at.date_naive() == today.date_naive() {
        "%H:%M:%S"
    } else if at.year() == today.year() {
        "%d %b %H:%M"
    } else {
        "%d %b %Y"
    };
    at.format(format).to_string()
}
