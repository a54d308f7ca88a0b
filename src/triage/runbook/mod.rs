//! Runbooks: what to look at and what to do for one kind of trouble, and which one fits what is found.
//!
//! [`Runbook::parse`] reads one file, [`Library`] holds those that ship and those of the team, [`best`] ranks them for
//! what a verdict found. Nothing here reads a file, and no command of a runbook is ever run: it is shown and copied.

mod body;
mod fill;
mod front;
mod library;
mod matching;
mod parse;
mod situation;
mod symptom;

pub use fill::Values;
pub use library::Library;
pub use library::Misread;
pub use library::TeamFile;
pub use matching::Broken;
pub use matching::Found;
pub use matching::Match;
pub use matching::Offered;
pub use matching::Suspected;
pub use matching::best;
pub use situation::Situation;
pub use situation::situation;
pub use symptom::Condition;
pub use symptom::Side;
pub use symptom::Symptom;

/// The subjects that a symptom may name: those of rule sentences, and two for what does not answer at all.
pub const SUBJECTS: [&str; 16] = [
    "error_rate",
    "latency_p95",
    "db_pool",
    "db_pool_waiting",
    "memory",
    "request_rate",
    "disk",
    "cpu",
    "rate_limited",
    "not_found",
    "call_errors",
    "calls_limited",
    "db_latency",
    "db_locked",
    "instance",
    "metrics",
];

/// The kinds of suspects that a runbook may name.
pub const KINDS: [&str; 20] = [
    "deploy",
    "config",
    "flag",
    "job",
    "provider",
    "restart",
    "surge",
    "drop",
    "loop",
    "rate_limited",
    "not_found",
    "pool",
    "disk",
    "cpu",
    "memory",
    "clock",
    "calls",
    "instance",
    "database",
    "silence",
];

/// One runbook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Runbook {
    /// Its name in the journal and that of its file, without `.md`.
    pub key: String,
    /// Its title, clean.
    pub title: String,
    /// The team wrote it; else it ships with sixty.
    pub is_own: bool,
    /// What it is for; at least one.
    pub symptoms: Vec<Symptom>,
    /// The kinds of suspects that speak for it, of [`KINDS`].
    pub suspects: Vec<&'static str>,
    /// Patterns of the services that it is for (`pay-*`); empty: all.
    pub services: Vec<String>,
    /// What is usually behind it.
    pub causes: Vec<Cause>,
    /// Whom to call, and when.
    pub escalations: Vec<Escalation>,
    /// What to do, in order; the sections follow each other. Their keys are distinct; at least one.
    pub steps: Vec<Step>,
}

/// A likely cause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// `often`, `sometimes` or `rarely`; `None` when the file does not say.
    pub how_often: Option<&'static str>,
    /// The cause, on one line, clean.
    pub text: String,
}

/// When to call whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Escalation {
    /// When; may be empty.
    pub when: String,
    /// Whom, or what to do.
    pub whom: String,
}

/// The part of a runbook that a step belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Section {
    /// Finding out.
    Investigate,
    /// Making it better.
    Fix,
    /// Calling others.
    Escalate,
}

impl Section {
    /// All of them, in the order of a file that is easy to read.
    pub const ALL: [Self; 3] = [Self::Investigate, Self::Fix, Self::Escalate];

    /// The heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Investigate => "Investigate",
            Self::Fix => "Fix",
            Self::Escalate => "Escalate",
        }
    }
}

/// One thing to look at or to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Stable name in the journal: made from the text, or the step's own `id`.
    pub key: String,
    /// Where it stands.
    pub section: Section,
    /// What to do, on one line, clean, with placeholders as written.
    pub text: String,
    /// The lines below it, clean, joined by blanks; may be empty.
    pub hint: String,
    /// What can be copied: its code blocks; without one, the code within its words.
    pub commands: Vec<String>,
    /// The commands are code blocks, so that they stand nowhere else.
    pub is_block: bool,
}

/// Something in a runbook's file that must be written otherwise.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong and what to write instead, clean.
    pub what: String,
}

impl Runbook {
    /// The name of its list in the journal; no checklist can have it, since their names have no colon.
    #[must_use]
    pub fn list(&self) -> String {
        format!("runbook:{}", self.key)
    }
}
