//! The fields of a journal's line: what each kind of entry keeps in which.
//!
//! One flat object for all kinds, so that a line reads well in `jq` and `grep`. What a kind means is [`What`]'s.

use serde::{Deserialize, Serialize};

use crate::facts::At;
use crate::facts::text::clean_line;
use crate::incident::ClockAct;
use crate::incident::ClockKind;
use crate::incident::Observation;
use crate::incident::Question;
use crate::incident::Role;
use crate::incident::Stage;
use crate::incident::TestState;
use crate::incident::UpdateStatus;
use crate::incident::What;
use crate::triage::Severity;

/// The kinds that are known.
pub(super) const KINDS: &[&str] = &[
    "opened",
    "joined",
    "resolved",
    "reopened",
    "merged-into",
    "merged-from",
    "ticked",
    "unticked",
    "note",
    "staged",
    "clock",
    "observed",
    "normal",
    "assessed",
    "hypothesis",
    "tested",
    "acknowledged",
    "took",
    "handed-over",
    "drafted",
    "sending",
    "sent",
    "not-sent",
    "fixed",
    "action",
    "unsaved",
    "exported",
    "looked",
];

/// The fields of all kinds, in the order of the file.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    onset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hypothesis: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certain: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Vec<String>>,
}

impl What {
    /// Fills in the fields of its kind.
    pub(super) fn put(&self, body: &mut Body) {
        let some = |text: &str| Some(text.to_owned());
        match self {
            Self::Opened { service, title } => (body.service, body.title) = (some(service), some(title)),
            Self::Joined | Self::Resolved | Self::Reopened | Self::Unknown(_) => {}
            Self::MergedInto { incident } => body.incident = some(incident),
            Self::MergedFrom { incident, service } => (body.incident, body.service) = (some(incident), some(service)),
            Self::Ticked { list, item } | Self::Unticked { list, item } => {
                (body.list, body.item) = (some(list), some(item));
            }
            Self::Note { text } | Self::Fixed { text } => body.text = some(text),
            Self::Staged { stage } => body.stage = some(stage.word()),
            Self::Clock { clock, act } => {
                (body.clock, body.act) = (some(clock.word()), some(act.word()));
                body.until = act.at().map(written);
            }
            Self::Observed(seen) => {
                (body.severity, body.text) = (some(seen.severity.word()), some(&seen.headline));
                body.onset = seen.onset.map(written);
                (body.failed, body.asked) = seen.failed.unzip();
                body.evidence = Some(seen.evidence.clone());
            }
            Self::Normal { since } => body.since = Some(written(*since)),
            Self::Assessed { question, text } => (body.question, body.text) = (some(question.word()), some(text)),
            Self::Hypothesis { text, evidence } => (body.text, body.evidence) = (some(text), Some(evidence.clone())),
            Self::Tested { hypothesis, state, text } => {
                (body.hypothesis, body.state, body.text) = (some(hypothesis), some(state.word()), some(text));
            }
            Self::Acknowledged { place, reference, answer } => {
                (body.place, body.reference, body.answer) = (some(place), some(reference), some(answer));
            }
            Self::Took { role, name } => (body.role, body.name) = (some(role.word()), some(name)),
            Self::HandedOver { to, text } => (body.to, body.text) = (some(to), some(text)),
            Self::Drafted { update, status, text } => {
                (body.update, body.status, body.text) = (some(update), some(status.word()), some(text));
            }
            Self::Sending { update, to } => (body.update, body.to) = (some(update), some(to)),
            Self::Sent { update, to, answer } => {
                (body.update, body.to, body.answer) = (some(update), some(to), some(answer));
            }
            Self::NotSent { update, to, answer, certain } => {
                (body.update, body.to, body.answer) = (some(update), some(to), some(answer));
                body.certain = Some(*certain);
            }
            Self::Action { text, owner, due } => {
                (body.text, body.owner, body.due) = (some(text), some(owner), some(due));
            }
            Self::Unsaved { about, text } => (body.about, body.text) = (some(about), some(text)),
            Self::Exported { path, hash } => (body.path, body.hash) = (some(path), some(hash)),
            Self::Looked { page } => body.page = some(page),
        }
    }

    /// What the fields of a known kind say; `None` for a kind that is not known, or that a newer program extended
    /// with words that this one does not know.
    ///
    /// # Errors
    /// Something that belongs to the kind is missing.
    pub(super) fn of(kind: &str, body: &mut Body) -> Result<Option<Self>, String> {
        let lacks = || format!("`{}` without what belongs to it", clean_line(kind, 40));
        let need = |field: &mut Option<String>| field.take().ok_or_else(lacks);
        /// A word that a newer program may have added.
        macro_rules! known {
            ($kind:ident, $field:ident) => {
                match $kind::from_word(&need(&mut body.$field)?) {
                    Some(one) => one,
                    None => return Ok(None),
                }
            };
        }
        Ok(Some(match kind {
            "opened" => {
                Self::Opened { service: need(&mut body.service)?, title: body.title.take().unwrap_or_default() }
            }
            "joined" => Self::Joined,
            "resolved" => Self::Resolved,
            "reopened" => Self::Reopened,
            "merged-into" => Self::MergedInto { incident: need(&mut body.incident)? },
            "merged-from" => {
                Self::MergedFrom { incident: need(&mut body.incident)?, service: need(&mut body.service)? }
            }
            "ticked" => Self::Ticked { list: need(&mut body.list)?, item: need(&mut body.item)? },
            "unticked" => Self::Unticked { list: need(&mut body.list)?, item: need(&mut body.item)? },
            "note" => Self::Note { text: need(&mut body.text)? },
            "staged" => Self::Staged { stage: known!(Stage, stage) },
            "clock" => {
                let (clock, act) = (known!(ClockKind, clock), need(&mut body.act)?);
                let until = body.until.take().and_then(|text| read_time(&text));
                match ClockAct::of(&act, until) {
                    Some(act) => Self::Clock { clock, act },
                    None => return Ok(None),
                }
            }
            "observed" => Self::Observed(Observation {
                severity: known!(Severity, severity),
                headline: need(&mut body.text)?,
                onset: body.onset.take().and_then(|text| read_time(&text)),
                evidence: body.evidence.take().unwrap_or_default(),
                failed: body.failed.zip(body.asked),
            }),
            "normal" => Self::Normal { since: read_time(&need(&mut body.since)?).ok_or_else(lacks)? },
            "assessed" => Self::Assessed { question: known!(Question, question), text: need(&mut body.text)? },
            "hypothesis" => {
                Self::Hypothesis { text: need(&mut body.text)?, evidence: body.evidence.take().unwrap_or_default() }
            }
            "tested" => Self::Tested {
                state: known!(TestState, state),
                hypothesis: need(&mut body.hypothesis)?,
                text: body.text.take().unwrap_or_default(),
            },
            "acknowledged" => Self::Acknowledged {
                place: body.place.take().unwrap_or_default(),
                reference: body.reference.take().unwrap_or_default(),
                answer: body.answer.take().unwrap_or_default(),
            },
            "took" => Self::Took { role: known!(Role, role), name: need(&mut body.name)? },
            "handed-over" => Self::HandedOver { to: need(&mut body.to)?, text: body.text.take().unwrap_or_default() },
            "drafted" => Self::Drafted {
                status: known!(UpdateStatus, status),
                update: need(&mut body.update)?,
                text: need(&mut body.text)?,
            },
            "sending" => Self::Sending { update: need(&mut body.update)?, to: need(&mut body.to)? },
            "sent" => Self::Sent {
                update: need(&mut body.update)?,
                to: need(&mut body.to)?,
                answer: body.answer.take().unwrap_or_default(),
            },
            "not-sent" => Self::NotSent {
                update: need(&mut body.update)?,
                to: need(&mut body.to)?,
                answer: body.answer.take().unwrap_or_default(),
                certain: body.certain.unwrap_or(false),
            },
            "fixed" => Self::Fixed { text: need(&mut body.text)? },
            "action" => Self::Action {
                text: need(&mut body.text)?,
                owner: body.owner.take().unwrap_or_default(),
                due: body.due.take().unwrap_or_default(),
            },
            "unsaved" => Self::Unsaved { about: need(&mut body.about)?, text: need(&mut body.text)? },
            "exported" => Self::Exported { path: need(&mut body.path)?, hash: need(&mut body.hash)? },
            "looked" => Self::Looked { page: need(&mut body.page)? },
            _ => return Ok(None),
        }))
    }
}

/// A time as the file has it.
pub(super) fn written(at: At) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn read_time(text: &str) -> Option<At> {
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

/// A time cut to milliseconds, as it will be read back.
pub(super) fn whole(at: At) -> At {
    At::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}
