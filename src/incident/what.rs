//! What can happen in an incident, and the fields in which the journal keeps it. To JSON and back is [`Entry`]'s.
//!
//! A new kind is a variant, a word in [`What::kind`], and an arm in each of `put` and `of`. Old programs keep what they do
//! not know; a kind's fields may grow, but never change their meaning.
//!
//! [`Entry`]: crate::incident::Entry

use serde_json::Value;

use crate::facts::At;
use crate::incident::ClockAct;
use crate::incident::ClockKind;
use crate::incident::Question;
use crate::incident::Role;
use crate::incident::Stage;
use crate::incident::TestState;
use crate::incident::UpdateStatus;
use crate::incident::body;
use crate::triage::Severity;

/// What happened. `list` and `item` are the keys of a [`Checklist`](crate::incident::Checklist) and its items.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// The incident began.
    Opened {
        /// The service that it is about.
        service: String,
        /// A headline; may be empty.
        title: String,
    },
    /// Somebody started to look while it was open.
    Joined,
    /// The incident is over.
    Resolved,
    /// It is not over after all.
    Reopened,
    /// It goes on as part of another incident, whose id this is.
    MergedInto {
        /// The other incident.
        incident: String,
    },
    /// Another incident is a part of this one.
    MergedFrom {
        /// The other incident.
        incident: String,
        /// The service that it was about.
        service: String,
    },
    /// An item was done.
    Ticked {
        /// The key of the list.
        list: String,
        /// The key of the item.
        item: String,
    },
    /// An item was taken back.
    Unticked {
        /// The key of the list.
        list: String,
        /// The key of the item.
        item: String,
    },
    /// Somebody wrote something down.
    Note {
        /// The words; may have several lines.
        text: String,
    },
    /// The work went on to another stage.
    Staged {
        /// The stage that began.
        stage: Stage,
    },
    /// A clock was set, snoozed, switched off or on, or it rang.
    Clock {
        /// Which one.
        clock: ClockKind,
        /// What was done to it.
        act: ClockAct,
    },
    /// The verdict changed.
    Observed(Observation),
    /// What was broken is as it was before the incident.
    Normal {
        /// Since when.
        since: At,
    },
    /// A person answered a question of the assessment in own words; empty words give it back to the verdict.
    Assessed {
        /// Which question.
        question: Question,
        /// The answer.
        text: String,
    },
    /// Something that may be the cause. Its key is the id of the entry.
    Hypothesis {
        /// What it says.
        text: String,
        /// What speaks for it, a sentence each.
        evidence: Vec<String>,
    },
    /// A hypothesis was tested.
    Tested {
        /// The id of the hypothesis.
        hypothesis: String,
        /// What came of it.
        state: TestState,
        /// How, and what was seen; may be empty.
        text: String,
    },
    /// The page was acknowledged.
    Acknowledged {
        /// Where: `PagerDuty`; empty: nowhere but here.
        place: String,
        /// What it is called there.
        reference: String,
        /// What came back.
        answer: String,
    },
    /// A person took a role; an empty name frees it.
    Took {
        /// The role.
        role: Role,
        /// Who has it now.
        name: String,
    },
    /// Somebody else goes on.
    HandedOver {
        /// Who.
        to: String,
        /// What they were told.
        text: String,
    },
    /// The text of an update, as it is now. It is not sent by this.
    Drafted {
        /// The key of the update: the id of its first draft.
        update: String,
        /// Which of the four.
        status: UpdateStatus,
        /// The words.
        text: String,
    },
    /// An update is about to be sent: written before the first byte leaves, so that nothing is sent twice.
    Sending {
        /// The key of the update.
        update: String,
        /// The name of the channel.
        to: String,
    },
    /// An update arrived.
    Sent {
        /// The key of the update.
        update: String,
        /// The name of the channel.
        to: String,
        /// What came back.
        answer: String,
    },
    /// An update did not arrive, or nobody knows.
    NotSent {
        /// The key of the update.
        update: String,
        /// The name of the channel.
        to: String,
        /// Why.
        answer: String,
        /// It is certain that it did not arrive: it may be sent again.
        certain: bool,
    },
    /// A person did something that should end it.
    Fixed {
        /// What was done.
        text: String,
    },
    /// Something to be done after the incident.
    Action {
        /// What.
        text: String,
        /// Who does it; may be empty.
        owner: String,
        /// By when, as `2026-11-30`; may be empty.
        due: String,
    },
    /// A text that a person was writing when the link went or when they left; it is offered again. Empty: it is done.
    Unsaved {
        /// What it was going to be: `note`, `hypothesis`, an update's key.
        about: String,
        /// The words.
        text: String,
    },
    /// A post-mortem was written to a file.
    Exported {
        /// Where.
        path: String,
        /// A hash of what was written, to know later whether a person edited it.
        hash: String,
    },
    /// Somebody opened a page. Only in drills, for the debrief.
    Looked {
        /// The page's word.
        page: String,
    },
    /// A kind that this version does not know: the whole object, as it was read. Not cleaned: never draw it.
    Unknown(Value),
}

/// What the verdict said when it changed.
#[derive(Clone, PartialEq, Debug)]
pub struct Observation {
    /// How bad.
    pub severity: Severity,
    /// The headline, in words.
    pub headline: String,
    /// When it began, as the verdict dates it.
    pub onset: Option<At>,
    /// What it rests on, a sentence each: rule, query, window, suspects.
    pub evidence: Vec<String>,
    /// Requests that failed since the onset, and all of them; `None` where it is not known.
    pub failed: Option<(f64, f64)>,
}

impl What {
    /// The word in the journal's `kind`.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Joined => "joined",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::MergedInto { .. } => "merged-into",
            Self::MergedFrom { .. } => "merged-from",
            Self::Ticked { .. } => "ticked",
            Self::Unticked { .. } => "unticked",
            Self::Note { .. } => "note",
            Self::Staged { .. } => "staged",
            Self::Clock { .. } => "clock",
            Self::Observed(_) => "observed",
            Self::Normal { .. } => "normal",
            Self::Assessed { .. } => "assessed",
            Self::Hypothesis { .. } => "hypothesis",
            Self::Tested { .. } => "tested",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Took { .. } => "took",
            Self::HandedOver { .. } => "handed-over",
            Self::Drafted { .. } => "drafted",
            Self::Sending { .. } => "sending",
            Self::Sent { .. } => "sent",
            Self::NotSent { .. } => "not-sent",
            Self::Fixed { .. } => "fixed",
            Self::Action { .. } => "action",
            Self::Unsaved { .. } => "unsaved",
            Self::Exported { .. } => "exported",
            Self::Looked { .. } => "looked",
            Self::Unknown(value) => value.get("kind").and_then(Value::as_str).unwrap_or("unknown"),
        }
    }

    /// Whether somebody who does this while no incident goes on begins one. What is about the end, or about what went
    /// before, belongs to the incident that ended.
    #[must_use]
    pub const fn opens(&self) -> bool {
        matches!(
            self,
            Self::Opened { .. }
                | Self::Joined
                | Self::Ticked { .. }
                | Self::Unticked { .. }
                | Self::Note { .. }
                | Self::Staged { .. }
                | Self::Assessed { .. }
                | Self::Hypothesis { .. }
                | Self::Acknowledged { .. }
                | Self::Took { .. }
                | Self::Fixed { .. }
        )
    }

    /// Whether this version knows the kind, so that a line which lacks what belongs to it is damaged.
    pub(super) fn is_known(kind: &str) -> bool {
        body::KINDS.contains(&kind)
    }
}
