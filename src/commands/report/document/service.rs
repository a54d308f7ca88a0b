//! The part of the report's JSON that is about one service of ours.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Climb;
use super::Fault;
use super::Leak;
use super::Moment;
use super::QuickWin;
use super::RoundClock;
use super::Rule;
use super::Runbook;
use super::Sentence;
use super::Split;
use super::Suspects;
use super::Usual;
use crate::commands::report::words;

/// One service of ours.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Service {
    /// Its name.
    pub name: String,
    /// Where it runs; may be empty.
    pub environment: String,
    /// How bad it is.
    #[serde(with = "words::Severity")]
    pub severity: crate::triage::Severity,
    /// The team's own name for that; `null` without one.
    pub severity_name: Option<String>,
    /// When it began; `null` while nothing is over a limit.
    pub onset: Option<Onset>,
    /// What is wrong.
    pub headline: Sentence,
    /// What changed before, and what else is wrong.
    pub context: Sentence,
    /// What is beside the point, and what could not be checked.
    pub aside: Sentence,
    /// What is over its limit, worst first.
    pub findings: Vec<Finding>,
    /// When a slow climb that led to it began; `null` where none did.
    pub climb: Option<Climb>,
    /// A round clock near the onset; `null` where there is none.
    pub round_clock: Option<RoundClock>,
    /// What may lie behind it.
    pub suspects: Suspects,
    /// What ends it soonest, if the first suspect is it; `null` where nothing follows.
    pub quick_win: Option<QuickWin>,
    /// The runbook that fits best; `null` where none fits.
    pub runbook: Option<Runbook>,
    /// Changes at most a day before the onset (without an onset: before now), nearest first.
    pub nearby: Vec<Nearby>,
    /// Every rule in force with where it stands, the worst first.
    pub rules: Vec<Rule>,
    /// The plain limits among the rules, by subject: `error_rate`, `latency_p95`, `db_pool`, `db_pool_waiting`,
    /// `memory`, `request_rate` (a minimum), `not_found`, `rate_limited`, `call_errors`, `calls_limited`,
    /// `db_latency`, `db_locked`, `cpu`, `disk`.
    pub limits: BTreeMap<&'static str, Limit>,
    /// What is usual, by subject; a subject of which too little is known is absent.
    pub usual: BTreeMap<&'static str, Usual>,
    /// What climbs steadily to its limit, by subject.
    pub leaks: BTreeMap<&'static str, Leak>,
    /// How fresh the numbers are.
    pub freshness: Freshness,
    /// The time axis that `points` cover.
    pub window: Window,
    /// The numbers, by measure: `request_rate`, `error_rate`, `latency_p50`, `latency_p95`, `latency_p99`,
    /// `db_pool_used`, `db_pool_max`, `db_pool_waiting`, `memory_used`, `memory_limit`, `rate_limited`, `not_found`,
    /// `cpu_used`, `cpu_max`, `disk`, `started`, `call_errors`, `calls_limited`, `db_latency`, `db_locked`. A measure
    /// that nobody answered for is absent.
    pub signals: BTreeMap<&'static str, Signal>,
    /// The newest values taken apart: by instance, by route.
    pub splits: Vec<Split>,
    /// Where the numbers come from; `null` before the first answer.
    pub engine: Option<Engine>,
    /// The list of the first minute with its ticks.
    pub checklist: Checklist,
    /// The incident that people work on; `null` while there is none.
    pub incident: Option<Incident>,
    /// Why the journal of the incident cannot be read; `null` when it can.
    pub journal_fault: Option<Fault>,
}

/// When it began.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Onset {
    /// When what is worst left its usual range; where that is not known, its first point over the limit.
    pub at: Moment,
    /// It may have begun before that: the run reaches back to the beginning of what is known.
    pub open: bool,
    /// How far that may be off, either way, in seconds.
    pub within_s: f64,
}

/// One value that is over its limit.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Finding {
    /// What is over its limit.
    #[serde(with = "words::Subject")]
    pub subject: crate::triage::Subject,
    /// How bad it is now.
    #[serde(with = "words::Severity")]
    pub severity: crate::triage::Severity,
    /// The newest value.
    pub value: f64,
    /// The truth may be larger than the value.
    pub at_least: bool,
    /// The limit that was crossed.
    pub limit: f64,
    /// The unit of the value and of the limit.
    #[serde(with = "words::Unit")]
    pub unit: crate::facts::Unit,
    /// The rule that speaks, in words.
    pub rule: String,
    /// Since when.
    pub since: Moment,
    /// It may have begun before that.
    pub open: bool,
}

/// A change and how long before the onset it was done.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Nearby {
    /// The `id` of the change in `changes`.
    pub id: String,
    /// Its name: what and which version.
    pub name: String,
    /// From its end to the onset of this service (without one: to now), in seconds.
    pub before_s: f64,
}

/// Where a value begins to be bad.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Limit {
    /// Worth a look from this value on; `null` when it is switched off.
    pub warning: Option<f64>,
    /// Somebody is hurt from this value on; `null` when it is switched off.
    pub critical: Option<f64>,
    /// The unit of both.
    #[serde(with = "words::Unit")]
    pub unit: crate::facts::Unit,
}

/// How fresh the numbers of a service are.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Freshness {
    /// In a word.
    pub state: FreshnessState,
    /// The instant of the newest answer; `null` when there was none.
    pub newest_at: Option<Moment>,
    /// Its age in seconds; `null` when there was none.
    pub age_s: Option<f64>,
    /// How often answers are expected, in seconds.
    pub every_s: f64,
}

/// How fresh numbers are, in a word.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::commands::report) enum FreshnessState {
    /// There was never an answer.
    Never,
    /// As new as can be expected.
    Live,
    /// Older than two intervals.
    Stale,
}

/// A span of time.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Window {
    /// Its beginning.
    pub from: Moment,
    /// Its end.
    pub to: Moment,
}

/// One number and its past.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Signal {
    /// The strip that it stands on.
    #[serde(with = "words::Signal")]
    pub strip: crate::facts::Signal,
    /// Whether there is a number.
    pub state: State,
    /// The newest number (an old one when `state` is `stale`); `null` when the newest answer is none. Never 0 for
    /// what is not known.
    pub value: Option<f64>,
    /// The base unit.
    #[serde(with = "words::Unit")]
    pub unit: crate::facts::Unit,
    /// The value is a lower bound: a quantile in the open last bucket of a histogram.
    pub at_least: bool,
    /// The value as people read it, with its unit; `""` without a value.
    pub shown: String,
    /// The instant of the newest answer.
    pub at: Moment,
    /// Its age in seconds.
    pub age_s: f64,
    /// Why there is no number; `null` when there is one.
    pub reason: Option<String>,
    /// When `state` is `warming_up`: seconds until there may be a number.
    pub ready_in_s: Option<f64>,
    /// The points within `window`, oldest first: instant and value, `null` for a gap.
    pub points: Vec<(Moment, Option<f64>)>,
}

/// Whether there is a number.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::commands::report) enum State {
    /// A number that can be stood behind.
    Live,
    /// A number that is older than two intervals.
    Stale,
    /// The window of the query is not filled yet.
    WarmingUp,
    /// Nothing was asked of the service, so that shares and quantiles have no value.
    NoTraffic,
    /// The query selects nothing or cannot be evaluated.
    NoData,
}

/// Where the numbers of a service come from.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Engine {
    /// The engine and its window in a few words.
    pub name: String,
    /// The presets that were chosen.
    pub presets: Vec<Preset>,
    /// What has to be said beside the numbers.
    pub notes: Vec<String>,
    /// The query of each measure, as it was evaluated.
    pub queries: BTreeMap<&'static str, String>,
    /// The endpoints that are read.
    pub targets: Vec<Target>,
    /// How many series are kept.
    pub series: usize,
    /// How many may be kept.
    pub series_limit: usize,
}

/// A preset and why it was chosen.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Preset {
    /// Its title.
    pub title: String,
    /// Why it was chosen.
    pub why: String,
}

/// How the last scrape of one endpoint went.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Target {
    /// Its address, without secrets.
    pub address: String,
    /// From asking to the complete answer, in milliseconds.
    pub took_ms: f64,
    /// What was read; `null` when nothing was.
    pub scrape: Option<Scrape>,
    /// Why nothing was read; `null` when something was.
    pub fault: Option<Fault>,
}

/// What one scrape read.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Scrape {
    /// Bytes of the body, unpacked.
    pub bytes: usize,
    /// Samples in the body.
    pub samples: usize,
    /// Lines that were not understood.
    pub skipped: usize,
    /// The first of them with its number and the reason; `""` when none was skipped.
    pub skipped_example: String,
    /// What is odd although the body could be read; `""` when nothing is.
    pub remark: String,
}

/// The checklist of a service.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Checklist {
    /// Its title.
    pub title: String,
    /// The items in order.
    pub items: Vec<Item>,
}

/// One thing to do.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Item {
    /// Its number, from 1.
    pub number: usize,
    /// What to do.
    pub text: String,
    /// How; may be empty.
    pub hint: String,
    /// Whether somebody ticked it.
    pub done: bool,
    /// Who ticked it; `null` while it is open.
    pub by: Option<String>,
    /// When; `null` while it is open.
    pub at: Option<Moment>,
    /// The live fact beside it.
    pub evidence: Sentence,
}

/// The incident that people work on.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Incident {
    /// The name of its journal; `null` when it has none yet.
    pub id: Option<String>,
    /// Its headline; may be empty.
    pub title: String,
    /// When it began; `null` when the journal does not say.
    pub opened_at: Option<Moment>,
    /// When it was said to be over; `null` while it goes on.
    pub resolved_at: Option<Moment>,
    /// Everybody who wrote an entry, in the order in which they joined.
    pub people: Vec<String>,
    /// The entries of the journal, oldest first.
    pub entries: Vec<Entry>,
}

/// One entry of a journal.
#[derive(Serialize, JsonSchema)]
pub(in crate::commands::report) struct Entry {
    /// Unique in its incident.
    pub id: String,
    /// When it happened.
    pub at: Moment,
    /// Who did it.
    pub who: String,
    /// On which machine.
    pub host: String,
    /// What happened: `opened`, `ticked`, `unticked`, `note`, `resolved`; another word comes from a newer sixty.
    pub kind: String,
    /// The headline, the item or the words of the note; may be empty.
    pub text: String,
}
