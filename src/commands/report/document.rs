//! The shape of the report's JSON, [`Report`], version 1. `sixty report --schema` prints its schema, made from here.
//!
//! Every key is always there; what is not known is `null`, `""` or an empty list, never 0. Within a version keys and
//! words may be added, none is taken away and none changes its meaning: readers ignore what they do not know.

mod alerts;
mod service;
mod triage;

use schemars::JsonSchema;
use serde::Serialize;

use super::words;

pub(super) use alerts::Alert;
pub(super) use alerts::BrokenRule;
pub(super) use service::*;
pub(super) use triage::*;

/// Everything that the screen shows, at one instant. Times are RFC 3339 in UTC with milliseconds; durations are
/// seconds (`…_s`) or milliseconds (`…_ms`); values are in base units. All texts are harmless to print. Within this
/// version keys and words may be added: ignore what you do not know.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Report of sixty")]
pub(super) struct Report {
    /// The version of this format.
    pub schema: Version,
    /// The version of the program.
    pub version: String,
    /// The instant that all ages count to.
    pub generated_at: Moment,
    /// How long it was watched before, in seconds.
    pub watched_s: f64,
    /// The IANA zone of the clock times in sentences.
    pub time_zone: String,
    /// The worst of all services.
    #[serde(with = "words::Severity")]
    pub severity: crate::triage::Severity,
    /// The team's own name for that; `null` without one.
    pub severity_name: Option<String>,
    /// The exit code that belongs to it: 0 ok, 1 warning, 2 critical, 3 unknown.
    pub exit_code: u8,
    /// The services, worst first.
    pub services: Vec<Service>,
    /// What fires or is about to, most pressing first; `null` while nobody has said so.
    pub alerts: Option<Vec<Alert>>,
    /// Rules that cannot be evaluated.
    pub broken_rules: Vec<BrokenRule>,
    /// The services of others, in the order of the configuration.
    pub outside: Vec<Outside>,
    /// Everything that is known to have changed, newest first.
    pub changes: Vec<Change>,
    /// Who calls whom, as far as the team wrote it or a server sees it: caller and callee, sorted. A callee may be
    /// somebody else's.
    pub calls: Vec<(String, String)>,
    /// Every source that was asked, in the order of the configuration.
    pub sources: Vec<Source>,
    /// What happened to the sources and files while they were watched, oldest first.
    pub log: Vec<LogLine>,
}

/// The version of the format.
#[derive(Serialize, JsonSchema)]
pub(super) enum Version {
    /// The first one.
    #[serde(rename = "sixty.report/1")]
    One,
}

/// An instant: RFC 3339, UTC, milliseconds.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(extend("format" = "date-time"))]
pub(super) struct Moment(pub String);

/// A sentence, whole and in pieces.
#[derive(Serialize, JsonSchema)]
pub(super) struct Sentence {
    /// The words; may be empty.
    pub text: String,
    /// The same words in pieces with their tones.
    pub phrases: Vec<Phrase>,
}

/// A piece of a sentence.
#[derive(Serialize, JsonSchema)]
pub(super) struct Phrase {
    /// The words.
    pub text: String,
    /// What they mean to the eye.
    #[serde(with = "words::Tone")]
    pub tone: crate::triage::Tone,
}

/// Why there is no answer.
#[derive(Serialize, JsonSchema)]
pub(super) struct Fault {
    /// What went wrong, coarsely.
    #[serde(with = "words::FaultKind")]
    pub kind: crate::facts::FaultKind,
    /// The cause in a few words.
    pub cause: String,
    /// What a person can do about it; may be empty.
    pub advice: String,
    /// The source asked not to be asked again for so many seconds.
    pub retry_after_s: Option<f64>,
}

/// The service of somebody else, by its own words.
#[derive(Serialize, JsonSchema)]
pub(super) struct Outside {
    /// The name that the team gave it.
    pub name: String,
    /// The `id` of its source in `sources`.
    pub source: String,
    /// The worst of its page, its open incidents and the chosen components; `unknown` without a fresh answer.
    #[serde(with = "words::Level")]
    pub level: crate::facts::Level,
    /// Its own words for it; `""` when it never answered.
    pub summary: String,
    /// Since when the level holds, where it says so.
    pub since: Option<Moment>,
    /// When it last touched its page.
    pub page_updated: Option<Moment>,
    /// When we read it; `null` when it never answered.
    pub read_at: Option<Moment>,
    /// The age of that reading in seconds.
    pub reading_age_s: Option<f64>,
    /// The chosen components (or those that are not operational when none was chosen).
    pub components: Vec<Component>,
    /// Its open incidents and maintenances, worst first.
    pub notices: Vec<Notice>,
}

/// One component of a provider.
#[derive(Serialize, JsonSchema)]
pub(super) struct Component {
    /// Its name.
    pub name: String,
    /// How well it is.
    #[serde(with = "words::Level")]
    pub level: crate::facts::Level,
    /// The provider's own word.
    pub word: String,
}

/// An incident or a maintenance that a provider reports.
#[derive(Serialize, JsonSchema)]
pub(super) struct Notice {
    /// Stable within its provider.
    pub id: String,
    /// The headline.
    pub title: String,
    /// How bad it is, by the provider.
    #[serde(with = "words::Level")]
    pub level: crate::facts::Level,
    /// How far they are.
    #[serde(with = "words::NoticeState")]
    pub state: crate::facts::NoticeState,
    /// When it began.
    pub started: Moment,
    /// When a maintenance ends; `null` for incidents.
    pub until: Option<Moment>,
    /// The components that it names.
    pub components: Vec<String>,
    /// Its messages, newest first.
    pub updates: Vec<Update>,
    /// Where to read more; `""` when unknown.
    pub link: String,
}

/// One message of a provider.
#[derive(Serialize, JsonSchema)]
pub(super) struct Update {
    /// When it was published.
    pub at: Moment,
    /// What it says.
    pub text: String,
}

/// Somebody or something altered production.
#[derive(Serialize, JsonSchema)]
pub(super) struct Change {
    /// Stable within its source.
    pub id: String,
    /// What sort of change.
    #[serde(with = "words::ChangeKind")]
    pub kind: crate::facts::ChangeKind,
    /// What was changed: a service, a flag; `""` when unknown.
    pub what: String,
    /// The service that it is about; `""` when unknown.
    pub service: String,
    /// The version, tag or commit after the change; `""` when unknown.
    pub version: String,
    /// Who did it; `""` when unknown.
    pub who: String,
    /// Where; `""` when unknown.
    pub environment: String,
    /// One line of explanation; may be empty.
    pub title: String,
    /// When it began.
    pub started: Moment,
    /// When it was done; `null` while it runs, or when the source does not say.
    pub finished: Option<Moment>,
    /// How far it got.
    #[serde(with = "words::ChangeState")]
    pub state: crate::facts::ChangeState,
    /// Where to read more; `""` when unknown.
    pub link: String,
    /// From its end to now, in seconds.
    pub age_s: f64,
    /// From its end to the onset of the first service in `services`, in seconds; `null` without an onset, and for
    /// changes after it.
    pub before_onset_s: Option<f64>,
}

/// How one source does.
#[derive(Serialize, JsonSchema)]
pub(super) struct Source {
    /// Its name: `metrics checkout-api`, `status Stripe`.
    pub id: String,
    /// Which question it helps to answer.
    #[serde(with = "words::SourceKind")]
    pub kind: crate::facts::SourceKind,
    /// For metrics: the service whose signals it brings.
    pub service: Option<String>,
    /// Where it is asked, without secrets.
    pub address: String,
    /// How often it is asked on the screen, in seconds.
    pub every_s: f64,
    /// When it last answered well; `null` when it never did.
    pub last_ok: Option<Moment>,
    /// The age of that answer in seconds.
    pub age_s: Option<f64>,
    /// When it last answered at all, or its deadline passed.
    pub last_try: Option<Moment>,
    /// How long the last answer took, in milliseconds.
    pub took_ms: Option<f64>,
    /// What is known from it is older than two of its intervals, or it never answered.
    pub stale: bool,
    /// Why the last answer was none; `null` when it was one.
    pub fault: Option<Fault>,
    /// Since when it fails.
    pub failing_since: Option<Moment>,
    /// Answers while it was watched.
    pub ok_count: u64,
    /// Failures while it was watched.
    pub fault_count: u64,
}

/// Something that happened to a source or a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct LogLine {
    /// When.
    pub at: Moment,
    /// Whether something went wrong.
    pub fault: bool,
    /// What.
    pub text: String,
}
