//! The part of the report's JSON that says what fires and which rules never will.

use schemars::JsonSchema;
use serde::Serialize;

use super::Moment;
use crate::commands::report::words;

/// One alert.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Alert {
    /// The name of its rule.
    pub name: String,
    /// How far it is.
    #[serde(with = "words::AlertState")]
    pub state: crate::facts::AlertState,
    /// Since when its condition holds; `null` where that is not told.
    pub since: Option<Moment>,
    /// How long that is, in seconds.
    pub age_s: Option<f64>,
    /// How pressing it is, made of its severity.
    #[serde(with = "words::Urgency")]
    pub urgency: crate::facts::Urgency,
    /// The team's own word for that; `""` when there is none.
    pub severity: String,
    /// The service in `services` that it belongs to; `null` where it names none of them.
    pub service: Option<String>,
    /// One line on what is wrong; may be empty.
    pub summary: String,
    /// More on it; may be empty.
    pub description: String,
    /// Where it is written what to do; `""` when there is none.
    pub runbook: String,
    /// Its labels, without its name.
    pub labels: std::collections::BTreeMap<String, String>,
    /// The value of its expression; `null` where it is not told or not a number.
    pub value: Option<f64>,
    /// The `id` of its source in `sources`.
    pub source: String,
}

/// A rule that cannot be evaluated: it will never fire.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct BrokenRule {
    /// Its name.
    pub name: String,
    /// It only records a series, which is missing then.
    pub records: bool,
    /// The group that it belongs to.
    pub group: String,
    /// The file that it is written in; may be empty.
    pub file: String,
    /// Its expression.
    pub query: String,
    /// Why it cannot be evaluated.
    pub error: String,
    /// When that was last tried; `null` where it is not told.
    pub evaluated: Option<Moment>,
    /// The `id` of its source in `sources`.
    pub source: String,
}
