//! What a provider says of itself: its level, its components, its open incidents ([`Notice`]s).

use crate::facts::At;

/// How well a provider or a component of it is, by its own words. The order is from best to worst;
/// `Unknown` stands apart and must never be drawn as operational.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Nothing is reported.
    Operational,
    /// Planned work is going on.
    Maintenance,
    /// It works, but slowly or with faults.
    Degraded,
    /// Part of it does not work.
    PartialOutage,
    /// It does not work.
    MajorOutage,
    /// No fresh answer, an unreadable one, or a word that is not known.
    Unknown,
}

impl Level {
    /// The word on the screen and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Maintenance => "maintenance",
            Self::Degraded => "degraded",
            Self::PartialOutage => "partial outage",
            Self::MajorOutage => "major outage",
            Self::Unknown => "unknown",
        }
    }

    /// The worse of two: a known trouble outranks `Unknown`, and `Unknown` outranks what is fine.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |level| match level {
            Self::Operational => 0,
            Self::Maintenance => 1,
            Self::Unknown => 2,
            Self::Degraded => 3,
            Self::PartialOutage => 4,
            Self::MajorOutage => 5,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

/// Where a provider stands with an incident or a maintenance, in its own words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NoticeState {
    /// They look for the cause.
    Investigating,
    /// They know the cause.
    Identified,
    /// They watch the fix.
    Monitoring,
    /// It is over.
    Resolved,
    /// A maintenance that has not begun.
    Scheduled,
    /// A maintenance that is going on.
    InProgress,
    /// The provider does not say.
    Unknown,
}

impl NoticeState {
    /// The word on the screen and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
            Self::Scheduled => "scheduled",
            Self::InProgress => "in progress",
            Self::Unknown => "unknown",
        }
    }
}

/// One message of a provider about an incident. Clean text, markup taken out, capped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeUpdate {
    /// When it was published.
    pub at: At,
    /// What it says.
    pub text: String,
}

/// An incident or a maintenance that a provider reports. All texts are clean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Stable within its provider.
    pub id: String,
    /// The headline.
    pub title: String,
    /// How bad the provider says it is.
    pub level: Level,
    /// How far they are.
    pub state: NoticeState,
    /// When it began, by the provider.
    pub started: At,
    /// When a scheduled maintenance ends; `None` for incidents.
    pub until: Option<At>,
    /// The components that it names.
    pub components: Vec<String>,
    /// Its messages, newest first; capped.
    pub updates: Vec<NoticeUpdate>,
    /// Where to read more; `""` when unknown.
    pub link: String,
}

/// One component of a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Component {
    /// Its name, clean.
    pub name: String,
    /// Its state.
    pub level: Level,
    /// The provider's own word, clean; shown when the level is unknown.
    pub word: String,
}

/// What a provider says of itself, after the team's filters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderStatus {
    /// The worst of the page, its open incidents and the chosen components.
    pub level: Level,
    /// The provider's own words for it: a headline, an incident's title.
    pub summary: String,
    /// The components that the team chose (or those that are not operational when it chose none).
    pub components: Vec<Component>,
    /// Open incidents and maintenances, worst first. Closed ones are left out.
    pub notices: Vec<Notice>,
    /// Since when the level holds, where the provider says so.
    pub since: Option<At>,
    /// When the provider last touched its page; its age is shown beside our own.
    pub page_updated: Option<At>,
}
