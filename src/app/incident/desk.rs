//! What is known of the work on incidents beside what the journals know: what is asked, what was last seen.

use crate::app::incident::sure::Sure;
use crate::app::incident::updates::Draft;
use crate::app::incident::users::Users;
use crate::facts::At;
use crate::incident::Debrief;
use crate::triage::Severity;
use crate::triage::Subject;

/// The work of the person at this screen.
#[derive(Clone, PartialEq, Default, Debug)]
pub(in crate::app) struct Desk {
    /// What the person is asked to be sure of.
    pub(super) sure: Option<Sure>,
    /// The update that nobody has edited yet: its words follow the verdict.
    pub(super) draft: Option<Draft>,
    /// How an update is copied.
    pub(super) style: Option<crate::incident::draft::Style>,
    /// When the list of incidents was asked for by ourselves.
    pub(super) asked_list: Option<At>,
    /// When the last entry was made.
    pub(super) last_entry: Option<At>,
    /// Which page was shown before the last key.
    pub(super) looked: Option<&'static str>,
    /// What came of the drill.
    pub(super) debrief: Option<Debrief>,
}

/// What sixty saw of one service, to say what is new.
#[derive(Clone, PartialEq, Default, Debug)]
pub(in crate::app) struct Lead {
    /// Since when it is critical without a break.
    pub(super) critical_since: Option<At>,
    /// Since when nothing is wrong without a break.
    pub(super) well_since: Option<At>,
    /// How bad it is and what the headline is about, and since when that is so.
    pub(super) now: Option<(Kind, At)>,
    /// The same as it was written last.
    pub(super) told: Option<Kind>,
    /// The entry that we wrote last about it.
    pub(super) wrote: Option<String>,
    /// The person is part of the incident.
    pub(super) joined: bool,
    /// The end of the incident that was opened again by itself.
    pub(super) reopened: Option<At>,
    /// How many users are affected.
    pub(super) users: Users,
    /// The person was offered to end it.
    pub(super) offered_end: bool,
}

/// How bad it is, and what the headline is about.
pub(super) type Kind = (Severity, Option<Subject>);
