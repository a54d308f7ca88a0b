//! The fields of a journal's line: what each kind of entry keeps in which.
//!
//! One flat object for all kinds, so that a line reads well in `jq` and `grep`. What a kind means is [`What`]'s.

use std::borrow::Cow;

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

/// A text of a line, borrowed from it where it holds no escape.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The fields of all kinds, in the order of the file: to be written, and as they are read together with what every line
/// has. Read flat, for a reader that looks into a map first is five times slower.
macro_rules! fields {
    ($($field:ident: $owned:ty, $read:ty;)+) => {
        #[derive(Default, Serialize)]
        pub(super) struct Body {
            $(#[serde(skip_serializing_if = "Option::is_none")] $field: Option<$owned>,)+
        }

        /// A line as it is read.
        #[derive(Deserialize)]
        pub(super) struct Fields<'a> {
            pub(super) v: u64,
            #[serde(borrow)]
            pub(super) id: Text<'a>,
            pub(super) at: Text<'a>,
            #[serde(default)]
            pub(super) who: Option<Text<'a>>,
            #[serde(default)]
            pub(super) host: Option<Text<'a>>,
            #[serde(default)]
            pub(super) by: Option<Text<'a>>,
            pub(super) kind: Text<'a>,
            $(#[serde(default)] $field: Option<$read>,)+
        }
    };
}

fields! {
    service: String, Text<'a>;
    title: String, Text<'a>;
    incident: String, Text<'a>;
    list: String, Text<'a>;
    item: String, Text<'a>;
    stage: String, Text<'a>;
    clock: String, Text<'a>;
    act: String, Text<'a>;
    until: String, Text<'a>;
    severity: String, Text<'a>;
    onset: String, Text<'a>;
    since: String, Text<'a>;
    question: String, Text<'a>;
    hypothesis: String, Text<'a>;
    state: String, Text<'a>;
    place: String, Text<'a>;
    reference: String, Text<'a>;
    role: String, Text<'a>;
    name: String, Text<'a>;
    update: String, Text<'a>;
    status: String, Text<'a>;
    to: String, Text<'a>;
    answer: String, Text<'a>;
    certain: bool, bool;
    about: String, Text<'a>;
    owner: String, Text<'a>;
    due: String, Text<'a>;
    path: String, Text<'a>;
    hash: String, Text<'a>;
    page: String, Text<'a>;
    failed: f64, f64;
    asked: f64, f64;
    text: String, Text<'a>;
    evidence: Vec<String>, Vec<String>;
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
    pub(super) fn of(body: &mut Fields<'_>) -> Result<Option<Self>, String> {
        let kind = std::mem::replace(&mut body.kind, Text(Cow::Borrowed("")));
        let kind = &*kind.0;
        let lacks = || format!("`{}` without what belongs to it", clean_line(kind, 40));
        let need = |field: &mut Option<Text<'_>>| match field.take() {
            Some(text) => Ok(text.0.into_owned()),
            None => Err(lacks()),
        };
        let perhaps = |field: &mut Option<Text<'_>>| field.take().map(|text| text.0.into_owned()).unwrap_or_default();
        let time = |field: &mut Option<Text<'_>>| field.take().and_then(|text| read_time(&text.0));
        /// A word that a newer program may have added.
        macro_rules! known {
            ($kind:ident, $field:ident) => {
                match $kind::from_word(&body.$field.take().ok_or_else(lacks)?.0) {
                    Some(one) => one,
                    None => return Ok(None),
                }
            };
        }
        Ok(Some(match kind {
            "opened" => Self::Opened { service: need(&mut body.service)?, title: perhaps(&mut body.title) },
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
                let until = time(&mut body.until);
                match ClockAct::of(&act, until) {
                    Some(act) => Self::Clock { clock, act },
                    None => return Ok(None),
                }
            }
            "observed" => Self::Observed(Observation {
                severity: known!(Severity, severity),
                headline: need(&mut body.text)?,
                onset: time(&mut body.onset),
                evidence: body.evidence.take().unwrap_or_default(),
                failed: body.failed.zip(body.asked),
            }),
            "normal" => Self::Normal { since: time(&mut body.since).ok_or_else(lacks)? },
            "assessed" => Self::Assessed { question: known!(Question, question), text: need(&mut body.text)? },
            "hypothesis" => {
                Self::Hypothesis { text: need(&mut body.text)?, evidence: body.evidence.take().unwrap_or_default() }
            }
            "tested" => Self::Tested {
                state: known!(TestState, state),
                hypothesis: need(&mut body.hypothesis)?,
                text: perhaps(&mut body.text),
            },
            "acknowledged" => Self::Acknowledged {
                place: perhaps(&mut body.place),
                reference: perhaps(&mut body.reference),
                answer: perhaps(&mut body.answer),
            },
            "took" => Self::Took { role: known!(Role, role), name: need(&mut body.name)? },
            "handed-over" => Self::HandedOver { to: need(&mut body.to)?, text: perhaps(&mut body.text) },
            "drafted" => Self::Drafted {
                status: known!(UpdateStatus, status),
                update: need(&mut body.update)?,
                text: need(&mut body.text)?,
            },
            "sending" => Self::Sending { update: need(&mut body.update)?, to: need(&mut body.to)? },
            "sent" => Self::Sent {
                update: need(&mut body.update)?,
                to: need(&mut body.to)?,
                answer: perhaps(&mut body.answer),
            },
            "not-sent" => Self::NotSent {
                update: need(&mut body.update)?,
                to: need(&mut body.to)?,
                answer: perhaps(&mut body.answer),
                certain: body.certain.unwrap_or(false),
            },
            "fixed" => Self::Fixed { text: need(&mut body.text)? },
            "action" => Self::Action {
                text: need(&mut body.text)?,
                owner: perhaps(&mut body.owner),
                due: perhaps(&mut body.due),
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

/// Reads an RFC 3339 time. The form that sixty writes, which is nearly all of them, takes a tenth of the time.
pub(super) fn read_time(text: &str) -> Option<At> {
    own_time(text.as_bytes()).or_else(|| chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()))
}

/// `2024-05-01T03:15:20.123Z`, and nothing else.
fn own_time(text: &[u8]) -> Option<At> {
    let text: &[u8; 24] = text.try_into().ok()?;
    let number = |from: usize, to: usize| {
        text[from..to]
            .iter()
            .try_fold(0_u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let signs = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if signs.iter().any(|(place, sign)| text[*place] != *sign) {
        return None;
    }
    let day = chrono::NaiveDate::from_ymd_opt(number(0, 4)? as i32, number(5, 7)?, number(8, 10)?)?;
    let time = day.and_hms_milli_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?)?;
    Some(time.and_utc())
}

/// A time cut to milliseconds, as it will be read back.
pub(super) fn whole(at: At) -> At {
    At::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}
