//! What goes out to others and what pagers say: plain data. How it is sent is the couriers'.

use crate::facts::At;
use crate::incident::UpdateStatus;
use crate::triage::Severity;

/// An update on its way to one channel.
#[derive(Clone, PartialEq, Debug)]
pub struct Parcel {
    /// The key of the update: whoever receives the same key again has it already.
    pub update: String,
    /// The name of the channel.
    pub to: String,
    /// The id of the incident; empty while it is not on disk yet.
    pub incident: String,
    /// The service.
    pub service: String,
    /// Where the work stands.
    pub status: UpdateStatus,
    /// How bad it is.
    pub severity: Severity,
    /// When it began, as far as it is known.
    pub started_at: Option<At>,
    /// The words, plain text with line breaks; each channel writes them in its own way.
    pub text: String,
}

/// A page that somebody was woken by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenPage {
    /// The name of the pager.
    pub place: String,
    /// What it is called there: what an acknowledgement names.
    pub reference: String,
    /// What it says.
    pub title: String,
    /// How it stands.
    pub state: PageState,
    /// When it was raised.
    pub since: Option<At>,
    /// What acknowledging means there, where it is more than a word: `a silence of {alertname="X"} until 04:20 UTC`.
    /// It is shown, and asked for twice.
    pub means: String,
}

/// How a page stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageState {
    /// Nobody has it yet.
    Triggered,
    /// Somebody has it.
    Acknowledged,
    /// It is over: acknowledging it would open it again.
    Resolved,
}

/// An incident in a list of all.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// The service.
    pub service: String,
    /// Its headline; may be empty.
    pub title: String,
    /// When it was opened.
    pub opened_at: Option<At>,
    /// When it was over; `None` while it goes on.
    pub resolved_at: Option<At>,
    /// The incident that it is a part of.
    pub merged_into: Option<String>,
    /// How bad it was at its worst, as far as it was seen.
    pub worst: Option<Severity>,
    /// Who took part.
    pub people: Vec<String>,
    /// When somebody last wrote in it.
    pub last_at: Option<At>,
    /// Its post-mortem was written.
    pub has_post_mortem: bool,
}
