//! The part of the report's JSON that says what may lie behind a trouble, what may end it, and where each rule stands.

use schemars::JsonSchema;
use serde::Serialize;

use super::Moment;
use crate::commands::report::words;

/// When a slow climb that led to the trouble began.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Climb {
    /// The instant.
    pub at: Moment,
    /// How far that may be off, either way, in seconds.
    pub within_s: f64,
}

/// A round clock near the onset: what it starts (jobs, dates) is worth a look.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct RoundClock {
    /// The round instant itself.
    pub at: Moment,
    /// What is round about it.
    #[serde(with = "words::RoundKind")]
    pub kind: crate::triage::onset::RoundKind,
    /// The IANA zone in which it is round.
    pub zone: String,
    /// In words: `midnight UTC`.
    pub shown: String,
}

/// What may lie behind the trouble, ranked. It is never said to be the cause.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Suspects {
    /// Nothing fits: it is likelier that none of `list` is it, which then only says what was looked at. Also true
    /// without a trouble, and while nobody knows when it began.
    pub nothing_fits: bool,
    /// The likeliest first, at most ten.
    pub list: Vec<Suspect>,
    /// How many were considered.
    pub considered: usize,
}

/// Something that may lie behind the trouble.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Suspect {
    /// Stable while the trouble lasts; for a change its `id` in `changes`.
    pub id: String,
    /// What sort of thing.
    #[serde(with = "words::SuspectKind")]
    pub kind: crate::triage::suspects::Kind,
    /// How it can stand to the trouble.
    #[serde(with = "words::Role")]
    pub role: crate::triage::suspects::Role,
    /// `api v2.31.0`.
    pub name: String,
    /// The service where it was; `null` when nobody says.
    pub service: Option<String>,
    /// What of the service it is: a flag, an instance, a route, a provider; `""` when it is all of it.
    pub part: String,
    /// Of a deploy, the version that it brought; `""` when unknown.
    pub version: String,
    /// Of a deploy, the version before it; `""` when unknown.
    pub previous: String,
    /// When it took effect, or was first seen.
    pub at: Moment,
    /// When it ended, for what lasts; `null` for what has no length or still goes on.
    pub until: Option<Moment>,
    /// It still goes on.
    pub running: bool,
    /// The beginning that `before_s` is measured to.
    #[serde(with = "words::Anchor")]
    pub anchor: crate::triage::suspects::Anchor,
    /// From it to that beginning, in seconds; negative when it came after.
    pub before_s: f64,
    /// The same in words: `finished 5m18s before`.
    pub timing: String,
    /// How its place lies to what hurts.
    pub place: Place,
    /// In so many steps of calls; `null` where no way is known, or none is needed.
    pub steps: Option<usize>,
    /// What speaks for it, in short plain words.
    pub supports: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
}

/// How the place of a suspect lies to what hurts.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::commands::report) enum Place {
    /// It hurts itself.
    Here,
    /// What hurts calls it.
    Called,
    /// It calls what hurts.
    Calls,
    /// Nobody says where it was.
    Unknown,
    /// No way is known between them.
    Elsewhere,
}

/// What ends the trouble soonest, if the first suspect is it. Nothing is ever run.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct QuickWin {
    /// What is to be done.
    #[serde(with = "words::Action")]
    pub action: crate::triage::quick_win::Action,
    /// In words: `Roll back api v2.31.0 to v2.30.4`.
    pub title: String,
    /// Why this.
    pub reason: String,
    /// What the guides say of its odds; `null` where they say nothing.
    pub odds: Option<String>,
    /// The team's own command for it, filled in; `null` when there is none or a value for it is not known.
    pub command: Option<String>,
}

/// The runbook that fits best.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Runbook {
    /// The name of its file, without `.md`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// What speaks for it, the most telling first.
    pub because: Vec<String>,
}

/// A rule of the service and where it stands.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Rule {
    /// How bad it is when it holds.
    #[serde(with = "words::Severity")]
    pub severity: crate::triage::Severity,
    /// What it says: `error_rate > 5% for 10s`.
    pub sentence: String,
    /// Why it is there; `""` for a team's own.
    pub reason: String,
    /// Where it stands.
    pub standing: Standing,
    /// Since when it holds, or has begun to; `null` otherwise.
    pub since: Option<Moment>,
    /// Where it stands, in words, with the reason why it cannot be told.
    pub shown: String,
}

/// Where a rule stands.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::commands::report) enum Standing {
    /// It does not hold.
    Quiet,
    /// It has begun to hold, but not for long enough.
    Pending,
    /// It holds.
    Holds,
    /// It cannot be told yet.
    CannotTell,
}

/// What is usual for a value, learnt from what was seen of it.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Usual {
    /// Below this is unusual.
    pub low: f64,
    /// The median.
    pub middle: f64,
    /// Above this is unusual.
    pub high: f64,
    /// The unit of all three.
    #[serde(with = "words::Unit")]
    pub unit: crate::facts::Unit,
    /// About when the oldest value was that says so.
    pub since: Moment,
    /// When it left that range and stayed outside; `null` while it is within.
    pub left: Option<Left>,
}

/// When a value left its usual range.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Left {
    /// The first value outside.
    pub at: Moment,
    /// How far that may be off, either way, in seconds.
    pub within_s: f64,
    /// It went up; else it went down.
    pub above: bool,
}

/// A value that climbs steadily to its limit.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Leak {
    /// When the climb began, as far as is seen.
    pub since: Moment,
    /// It may have begun before that.
    pub open: bool,
    /// By how much of its limit it climbs in an hour; 1 is all of it.
    pub share_per_hour: f64,
    /// When it is full if it goes on like this.
    pub full_at: Moment,
    /// It is hardly full before this.
    pub earliest: Moment,
    /// It is hardly full after this; `null` if that is more than two days away.
    pub latest: Option<Moment>,
}

/// The newest values of a measure, taken apart by a label.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Split {
    /// The measure, as in `signals`.
    pub measure: &'static str,
    /// The label.
    pub label: String,
    /// The instant that the values hold for.
    pub at: Moment,
    /// The unit of the values.
    #[serde(with = "words::Unit")]
    pub unit: crate::facts::Unit,
    /// The parts, the largest value first; of many the first ones.
    pub parts: Vec<Part>,
    /// How many parts there are.
    pub count: usize,
}

/// One part of a split.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Part {
    /// The value of the label.
    pub name: String,
    /// The measure of this part alone.
    pub value: f64,
    /// Its share of all requests, 0 to 1.
    pub share: f64,
}
