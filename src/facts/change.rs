//! A [`Change`]: somebody or something altered production.

use crate::facts::At;

/// What sort of change it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChangeKind {
    /// A new version of a program.
    Deploy,
    /// A feature flag.
    Flag,
    /// A setting.
    Config,
    /// More or fewer instances.
    Scale,
    /// A scheduled job.
    Job,
    /// Anything else that a person wrote down.
    Note,
}

impl ChangeKind {
    /// The word on the screen and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Flag => "flag",
            Self::Config => "config",
            Self::Scale => "scale",
            Self::Job => "job",
            Self::Note => "note",
        }
    }
}

/// How far a change got.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChangeState {
    /// It is done.
    Succeeded,
    /// It ended in an error; parts of it may be live.
    Failed,
    /// It is going on.
    Running,
    /// It was taken back.
    RolledBack,
    /// The source does not say.
    Unknown,
}

impl ChangeState {
    /// The word on the screen and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::RolledBack => "rolled back",
            Self::Unknown => "unknown",
        }
    }
}

/// One change. All texts are clean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Stable within its source, so that the same change is known again.
    pub id: String,
    /// What sort of change.
    pub kind: ChangeKind,
    /// What was changed: a program, a flag; `""` when the source does not say.
    pub what: String,
    /// The service that it is about, as the source names it; `""` when the source does not say.
    pub service: String,
    /// The version, tag or commit after the change; `""` when unknown.
    pub version: String,
    /// Who did it; `""` when unknown.
    pub who: String,
    /// Where: `production`; `""` when unknown.
    pub environment: String,
    /// One line of explanation; may be empty.
    pub title: String,
    /// When it began.
    pub started: At,
    /// When it was done; `None` while it runs, or when the source does not say.
    pub finished: Option<At>,
    /// How far it got.
    pub state: ChangeState,
    /// Where to read more; `""` when unknown.
    pub link: String,
}

impl Change {
    /// The instant that counts for "how long before": the end where it is known, else the beginning.
    #[must_use]
    pub fn at(&self) -> At {
        self.finished.unwrap_or(self.started)
    }

    /// `api v2.31.0`; falls back to the title when neither is known.
    #[must_use]
    pub fn name(&self) -> String {
        match (self.what.as_str(), self.version.as_str()) {
            ("", "") => self.title.clone(),
            (one, "") | ("", one) => one.to_owned(),
            (what, version) => format!("{what} {version}"),
        }
    }
}
