//! The shape of the JSON of `sixty replay`, version 1. `sixty replay --schema` prints its schema, made from here;
//! `scenarios/README.md` says it in words.
//!
//! Every key is always there; what is not known is `null`, `""` or an empty list, never 0. Within a version keys and
//! words may be added, none is taken away and none changes its meaning: readers ignore what they do not know.

use schemars::JsonSchema;
use serde::Serialize;

/// What became of every scenario and seed. Times are RFC 3339 in UTC with milliseconds, durations are seconds. The
/// same files and seeds give the same bytes.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Replay of sixty")]
pub(super) struct Replay {
    /// The version of this format.
    pub schema: Version,
    /// The version of the program.
    pub version: String,
    /// Each scenario with each seed, in the order of the files and of their seeds.
    pub runs: Vec<Run>,
    /// How many of them met every expectation.
    pub runs_ok: usize,
    /// Whether all did.
    pub ok: bool,
}

/// The version of the format.
#[derive(Serialize, JsonSchema)]
pub(super) enum Version {
    /// The first one.
    #[serde(rename = "sixty.replay/1")]
    One,
}

/// One scenario with one seed.
#[derive(Serialize, JsonSchema)]
pub(super) struct Run {
    /// The name of the file, without folder and ending.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// The seed of its noise.
    pub seed: u64,
    /// The first instant that was played.
    pub begins: Moment,
    /// T.
    pub zero: Moment,
    /// The last instant that was played.
    pub ends: Moment,
    /// What was expected, in the order of the file.
    pub expectations: Vec<Expectation>,
    /// When it was first said that there is trouble; `null` when it never was, or when none is expected.
    pub first_verdict: Option<First>,
    /// When the verdict says that it began, at `judged_at`; `null` when it does not say, or when none is expected.
    pub onset: Option<Onset>,
    /// The instant of which `suspects`, `quick_win`, `runbook` and `onset` tell: that of the last expectation that is
    /// about trouble, else of the last one, else the end.
    pub judged_at: Moment,
    /// What may lie behind it, the likeliest first.
    pub suspects: Vec<Suspect>,
    /// The change that was expected to stand first; `null` when none is named there.
    pub expected_change: Option<String>,
    /// Its place among the suspected changes and vendors, from 1; `null` when it is none of them.
    pub change_rank: Option<usize>,
    /// What may end it quickest; `null` when nothing is offered.
    pub quick_win: Option<String>,
    /// The runbook that is offered first; `null` when none is.
    pub runbook: Option<String>,
    /// Each change of what is said.
    pub course: Vec<Step>,
    /// How often the severity of the first service changed, from the first answer on.
    pub severity_changes: usize,
    /// How many expectations did not hold.
    pub failed: usize,
    /// Whether all expectations held.
    pub ok: bool,
}

/// An instant: RFC 3339, UTC, milliseconds.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(extend("format" = "date-time"))]
pub(super) struct Moment(pub String);

/// One thing that was expected.
#[derive(Serialize, JsonSchema)]
pub(super) struct Expectation {
    /// The line of the file where it stands; 0 without one.
    pub line: usize,
    /// When the verdict was looked at.
    pub time: Moment,
    /// The same in seconds after T.
    pub after_zero_s: f64,
    /// Of which service.
    pub service: String,
    /// What was looked at: `severity`, `first verdict`, `never worse`, `turns`, `onset`, `began`, `change`, `suspect`, `runbook`,
    /// `quick win`, `innocent`, `says`.
    pub what: String,
    /// What a good verdict says.
    pub expected: String,
    /// What was said.
    pub said: String,
    /// Whether it held.
    pub ok: bool,
}

/// The first verdict of trouble.
#[derive(Serialize, JsonSchema)]
pub(super) struct First {
    /// When.
    pub at: Moment,
    /// The same in seconds after T.
    pub after_zero_s: f64,
    /// The same in seconds after the trouble could be seen; negative: before.
    pub after_visible_s: f64,
    /// How bad it was called then.
    pub severity: String,
}

/// When it began.
#[derive(Serialize, JsonSchema)]
pub(super) struct Onset {
    /// What the verdict says.
    pub at: Moment,
    /// By how much that is late; negative: early.
    pub error_s: f64,
    /// By how much it may be off.
    pub within_s: f64,
    /// Whether it is within.
    pub within: bool,
}

/// Something that may lie behind it.
#[derive(Serialize, JsonSchema)]
pub(super) struct Suspect {
    /// `api v2.31.0`.
    pub name: String,
    /// `deploy`, in the words of the verdict.
    pub kind: String,
    /// Whether somebody altered something or a vendor has trouble; else it was seen in the measures.
    pub is_change: bool,
}

/// From that instant on this was said.
#[derive(Serialize, JsonSchema)]
pub(super) struct Step {
    /// When.
    pub at: Moment,
    /// The same in seconds after T.
    pub after_zero_s: f64,
    /// Of which service.
    pub service: String,
    /// How bad.
    pub severity: String,
    /// What is wrong.
    pub headline: String,
    /// What changed nearby, and what else is wrong.
    pub context: String,
    /// What is beside the point or could not be checked.
    pub aside: String,
    /// When it began.
    pub onset: Option<Moment>,
    /// The first suspect.
    pub suspect: Option<String>,
    /// The runbook that is offered first.
    pub runbook: Option<String>,
}
