//! What comes in ([`Msg`]) and what goes out ([`Effect`]): data, never a call.

use std::sync::Arc;

use crate::app::KeyPress;
use crate::facts::Batch;
use crate::facts::Fault;
use crate::facts::Question;
use crate::facts::Reading;
use crate::facts::Reply;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::incident::Entry;

/// Something happened.
#[derive(Clone, PartialEq, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyPress),
    /// The terminal has another size, in cells.
    Resized(u16, u16),
    /// Time has passed; comes about once a second.
    Second,
    /// There is time to read on in the past, which [`App::is_behind`](crate::app::App::is_behind) asked for.
    Behind,
    /// A source answered, or failed to.
    Arrived(Reading),
    /// Points of the past of services that a server has named before, by the names that it gives them: a long answer
    /// comes in parts, so that a key never waits for all of it. The rest comes as a reading.
    Past(SourceId, Vec<(Arc<str>, Batch)>),
    /// More is known of a source than when it started, or a new one has come: it is named before it first answers.
    Source(SourceInfo),
    /// The journal of a service has news.
    Journal(JournalNews),
    /// A copy was made (the file it went to), or failed.
    Copied(Result<String, Fault>),
    /// What came of a question.
    Replied(Reply),
    /// The names of the metrics that a source has, in order.
    Names(SourceId, Arc<Vec<String>>),
    /// Something for the log that no source said: `(clean text, is it a fault)`.
    Logged(String, bool),
}

/// What is new in the journal of a service.
#[derive(Clone, PartialEq, Debug)]
pub struct JournalNews {
    /// The service.
    pub service: Arc<str>,
    /// Entries that were not known: of other people, or of the past.
    pub entries: Vec<Entry>,
    /// The journal that these entries belong to is another than before: forget the old one.
    pub replaced: bool,
    /// Entries that could not be written yet.
    pub pending: usize,
    /// Why not.
    pub trouble: Option<Fault>,
}

/// Something to be done outside.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Write the entry to the journal of the service.
    Append(Arc<str>, Entry),
    /// These services have appeared: what is written in their journals is news from now on.
    Follow(Vec<Arc<str>>),
    /// Ask these sources now, as far as their own limits allow.
    Poll(Vec<SourceId>),
    /// Ask this question.
    Ask(Question),
    /// Find out which metrics the source has.
    Names(SourceId),
    /// Keep a question for later sessions.
    Remember(String),
    /// Put the text on the clipboard and into a file.
    Copy(String),
    /// Paint the whole screen anew.
    Repaint,
    /// Give the terminal back to the shell until we are continued.
    Suspend,
    /// Leave.
    Quit,
}
