//! The shape of a post-mortem, [`Document`], version 1: what its JSON is, and what its Markdown is written from.
//!
//! Every key is always there; what is not known is `null`, `""` or an empty list, never 0. Within a version keys and
//! words may be added, none is taken away and none changes its meaning.

use schemars::JsonSchema;
use serde::Serialize;
use serde::Serializer;

use crate::facts::At;

/// A post-mortem. Times are RFC 3339 in UTC; durations are seconds (`…_s`). All texts are harmless to print. Within this
/// version keys and words may be added: ignore what you do not know.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[schemars(title = "Post-mortem of sixty")]
pub struct Document {
    /// The version of this format.
    pub schema: Version,
    /// The version of the program.
    pub version: String,
    /// When it was written.
    #[serde(with = "Moment")]
    pub generated_at: At,
    /// The id of the incident.
    pub incident: String,
    /// The incidents that are a part of it, by their ids.
    pub parts: Vec<String>,
    /// The service; empty while unknown.
    pub service: String,
    /// Its headline; may be empty.
    pub title: String,
    /// Whether it is over.
    pub is_resolved: bool,
    /// The file of the pictures, beside this one; `null` without.
    pub pictures: Option<String>,
    /// What happened, in one paragraph made of facts.
    pub summary: String,
    /// When what happened.
    pub course: Course,
    /// What it did to people.
    pub impact: Impact,
    /// Everything that was done and seen, in the order of time.
    pub timeline: Vec<Line>,
    /// Lines of the journal that the timeline leaves out: what only a program needs, and noise where that was wished.
    pub left_out: usize,
    /// What contributed to it, as far as it is known.
    pub factors: Vec<Factor>,
    /// Hypotheses that were wrong, or that nobody decided.
    pub other_hypotheses: Vec<Factor>,
    /// What went well, as far as numbers tell.
    pub went_well: Vec<String>,
    /// What went badly, as far as numbers tell.
    pub went_badly: Vec<String>,
    /// What people did to end it, the oldest first.
    pub fixes: Vec<Said>,
    /// What is to be done.
    pub actions: Vec<Action>,
    /// Who took part.
    pub responders: Vec<Responder>,
}

/// How an instant is written: RFC 3339, UTC, milliseconds.
#[derive(JsonSchema)]
#[schemars(transparent, extend("format" = "date-time"))]
struct Moment(#[expect(dead_code, reason = "for the schema")] String);

impl Moment {
    fn serialize<S: Serializer>(at: &At, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    }
}

/// The same where it may not be known.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Perhaps(#[expect(dead_code, reason = "for the schema")] Option<Moment>);

impl Perhaps {
    #[expect(clippy::ref_option, reason = "serde calls it so")]
    fn serialize<S: Serializer>(at: &Option<At>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => Moment::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }
}

/// The version of the format.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub enum Version {
    /// The first one.
    #[serde(rename = "sixty.postmortem/1")]
    One,
}

/// When what happened; `null` where it did not, or where nobody knows.
#[derive(Clone, PartialEq, Default, Debug, Serialize, JsonSchema)]
pub struct Course {
    /// The trouble began, as the verdict dated it; without one, when the incident was opened.
    #[serde(with = "Perhaps")]
    pub began_at: Option<At>,
    /// The incident was opened.
    #[serde(with = "Perhaps")]
    pub opened_at: Option<At>,
    /// Somebody acknowledged it.
    #[serde(with = "Perhaps")]
    pub acknowledged_at: Option<At>,
    /// The first update arrived.
    #[serde(with = "Perhaps")]
    pub first_update_at: Option<At>,
    /// The hypothesis that was right was written down.
    #[serde(with = "Perhaps")]
    pub right_hypothesis_at: Option<At>,
    /// The last thing was done that should end it.
    #[serde(with = "Perhaps")]
    pub fixed_at: Option<At>,
    /// All was as before since then.
    #[serde(with = "Perhaps")]
    pub normal_since: Option<At>,
    /// It was resolved.
    #[serde(with = "Perhaps")]
    pub resolved_at: Option<At>,
    /// From its beginning until all was as before, else until it was resolved.
    pub duration_s: Option<f64>,
}

/// What it did to people, in numbers.
#[derive(Clone, PartialEq, Default, Debug, Serialize, JsonSchema)]
pub struct Impact {
    /// How bad it was at its worst: `ok`, `info`, `unknown`, `warning`, `critical`; `null` where nothing was seen.
    pub worst: Option<String>,
    /// For how long it was critical.
    pub critical_s: Option<f64>,
    /// For how long it was a warning and no more.
    pub warning_s: Option<f64>,
    /// Nobody observed it after this, although it was in trouble then and not over: the two do not count that time.
    #[serde(with = "Perhaps")]
    pub unseen_after: Option<At>,
    /// Requests that failed.
    pub failed: Option<f64>,
    /// All requests of that time.
    pub asked: Option<f64>,
    /// How the two are known; empty without them.
    pub counted: String,
    /// Users affected, in the words of a person; `null` where nobody said.
    pub users: Option<String>,
    /// What each signal was at its worst.
    pub peaks: Vec<Peak>,
    /// What people wrote about what is broken, how bad, since when, what changed.
    pub assessed: Vec<Assessed>,
}

/// A signal at its worst.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Peak {
    /// The signal, `error rate`.
    pub what: String,
    /// What was usual before, with its unit; empty where it is not known.
    pub before: String,
    /// Its worst value, with its unit.
    pub worst: String,
    /// When that was.
    #[serde(with = "Moment")]
    pub at: At,
}

/// An answer to a question of the assessment.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Assessed {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
    /// Who gave it.
    pub who: String,
}

/// A line of the timeline.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Line {
    /// When.
    #[serde(with = "Moment")]
    pub at: At,
    /// Who did it, or who saw it.
    pub by: By,
    /// The person; of what sixty saw, in whose session.
    pub who: String,
    /// The kind of the entry in the journal.
    pub kind: String,
    /// What happened.
    pub text: String,
    /// What it rests on, a sentence each.
    pub evidence: Vec<String>,
    /// The incident that it is about, where that is a part of this one and says how it stands or what sixty saw of it.
    pub incident: Option<String>,
}

/// Who did what a line tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// A person.
    Person,
    /// The program, which saw it.
    Sixty,
}

/// Something that contributed, or might have.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Factor {
    /// What.
    pub text: String,
    /// What speaks for it, a sentence each.
    pub evidence: Vec<String>,
    /// What came of testing it: `right`, `wrong`, `testing`, `open`; `suspect` where nobody tested what sixty named.
    pub state: String,
    /// Who said so; `sixty` for a suspect of the verdict.
    pub who: String,
    /// The words about its test; may be empty.
    pub test: String,
}

/// Something that a person said.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Said {
    /// The words.
    pub text: String,
    /// Who.
    pub who: String,
    /// When.
    #[serde(with = "Moment")]
    pub at: At,
}

/// Something to be done.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Action {
    /// What.
    pub text: String,
    /// Who does it; may be empty.
    pub owner: String,
    /// By when, as it was written; may be empty.
    pub due: String,
}

/// Somebody who took part.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Responder {
    /// Their name.
    pub name: String,
    /// Their roles, the first one first.
    pub roles: Vec<String>,
    /// Their first entry.
    #[serde(with = "Moment")]
    pub from: At,
    /// Their last entry.
    #[serde(with = "Moment")]
    pub to: At,
    /// How many entries they wrote.
    pub entries: usize,
}
