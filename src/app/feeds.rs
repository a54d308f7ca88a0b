//! How the sources do: last answer, last fault, since when.

use std::time::Duration;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;

/// How one source does.
#[derive(Clone, PartialEq, Debug)]
pub struct SourceHealth {
    /// What is known of it before it ever answered.
    pub info: SourceInfo,
    /// When it last answered well.
    pub last_ok: Option<At>,
    /// When it last answered at all, or its deadline passed.
    pub last_try: Option<At>,
    /// How long the last answer took.
    pub took: Option<Duration>,
    /// Why the last answer was none.
    pub fault: Option<Fault>,
    /// Since when it fails.
    pub failing_since: Option<At>,
    /// Answers and failures so far.
    pub counts: (u64, u64),
}

impl SourceHealth {
    /// A source that was not asked yet.
    #[must_use]
    pub const fn new(info: SourceInfo) -> Self {
        Self { info, last_ok: None, last_try: None, took: None, fault: None, failing_since: None, counts: (0, 0) }
    }

    /// Whether it brings services that are not known at the start, and all of them with one answer.
    #[must_use]
    pub fn is_server(&self) -> bool {
        self.info.kind == SourceKind::Metrics && self.info.service.is_none()
    }

    /// The age of what is known from it; `None` when it never answered.
    #[must_use]
    pub fn age(&self, at: At) -> Option<Duration> {
        self.last_ok.map(|ok| (at - ok).to_std().unwrap_or_default())
    }

    /// Whether what is known from it is older than two of its intervals.
    #[must_use]
    pub fn is_stale(&self, at: At) -> bool {
        self.age(at).is_none_or(|age| age > self.info.every * 2 + Duration::from_secs(5))
    }
}
