//! What a good verdict says of a scenario, and when. Compared by `sixty replay`, never by the world.

use std::time::Duration;

use crate::drill::Second;

/// How bad a verdict calls it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// All is well.
    Ok,
    /// It cannot be told.
    Unknown,
    /// Worth to know.
    Info,
    /// Worth a look.
    Warning,
    /// Somebody is hurt.
    Critical,
}

impl Severity {
    /// All, from the best to the worst.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Unknown, Self::Info, Self::Warning, Self::Critical];

    /// The word in files and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// An instant that a verdict should name, and how far off it may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// When.
    pub at: Second,
    /// At most so far off, before or after.
    pub within: Duration,
}

/// The change that a verdict should put first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExpectedChange {
    /// This one: `api v2.31.0`, the name of a flag, of a job or of a vendor.
    Named(String),
    /// No change at all: nothing is accused.
    Nothing,
}

/// What a good verdict says at an instant. What is `None` or empty is not looked at.
#[derive(Clone, PartialEq, Debug)]
pub struct Expect {
    /// Where it stands in the file, from 1; 0 where there is no file.
    pub line: usize,
    /// When the verdict is looked at.
    pub at: Second,
    /// Of which service; `None`: the first of the scenario.
    pub service: Option<String>,
    /// How bad.
    pub severity: Option<Severity>,
    /// The first verdict as bad as `severity` comes at most so long after `visible`.
    pub first_within: Option<Duration>,
    /// It may come at most so long before `visible`: what was said long before was said of something else.
    pub first_early: Duration,
    /// When somebody who looks at the graphs can see the trouble.
    pub visible: Second,
    /// It is never worse than this from `since` on, up to `at`.
    pub never_worse: Option<Severity>,
    /// It changes its severity at most so often from `since` on, up to `at`.
    pub turns: Option<usize>,
    /// What `never_worse` and `turns` begin with.
    pub since: Second,
    /// When it began to hurt.
    pub onset: Option<Moment>,
    /// When a slow climb began.
    pub began: Option<Moment>,
    /// The first suspect among the changes.
    pub change: Option<ExpectedChange>,
    /// The kind of the first suspect, by its key in reports: `deploy`, `provider`, `surge`.
    pub suspect: Option<String>,
    /// Names of changes and vendors that must not be the first suspect; nor any suspect while all is well.
    pub innocent: Vec<String>,
    /// The runbook that is offered first.
    pub runbook: Option<String>,
    /// Words that the quick win holds, in whatever case.
    pub quick_win: Option<String>,
    /// Words that the sentences of the verdict hold, in whatever case.
    pub says: Vec<String>,
}
