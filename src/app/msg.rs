//! What comes in ([`Msg`]) and what goes out ([`Effect`]): data, never a call.

use std::sync::Arc;

use crate::app::Act;
use crate::app::KeyPress;
use crate::facts::Batch;
use crate::facts::Fault;
use crate::facts::Question;
use crate::facts::Reading;
use crate::facts::Reply;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::incident::Entry;
use crate::incident::OpenPage;
use crate::incident::Parcel;
use crate::incident::Row;
use crate::incident::Truth;

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
    /// An update arrived at a channel, or did not: what came back, or why, and whether it is certain that it did not.
    Delivered(Delivered),
    /// What the pagers have open for a service; each pager that could not be asked, with why.
    Pages(Arc<str>, Vec<OpenPage>, Vec<(String, Fault)>),
    /// A page was acknowledged (what came back), or not.
    Acknowledged(Arc<str>, OpenPage, Result<String, Fault>),
    /// The person's own editor was left with this text, or could not be run.
    Edited(Result<String, Fault>),
    /// A post-mortem was written: its path and the hash of its text.
    Exported(Arc<str>, Result<(String, String), Fault>),
    /// All incidents that there are, newest first.
    Incidents(Result<Vec<Row>, Fault>),
    /// What came of a fix of the simulated service, in a sentence.
    Tried(String),
    /// What was the matter in a drill that is over.
    Revealed(Arc<Truth>),
    /// A copy was made (the file it went to), or failed; and why the terminal was not asked for its clipboard.
    Copied(Result<String, Fault>, Option<&'static str>),
    /// What came of a question.
    Replied(Reply),
    /// The names of the metrics that a source has, in order.
    Names(SourceId, Arc<Vec<String>>),
    /// Something for the log that no source said: `(clean text, is it a fault)`.
    Logged(String, bool),
}

/// What is new in the journal of a service.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct JournalNews {
    /// The service.
    pub service: Arc<str>,
    /// Entries that were not known: of other people, or of the past.
    pub entries: Vec<Entry>,
    /// The journal that these entries belong to is another than before: forget the old one.
    pub replaced: bool,
    /// The id of the incident that they belong to; `None` while there is none on disk.
    pub incident: Option<String>,
    /// Entries that could not be written yet.
    pub pending: usize,
    /// Why not.
    pub trouble: Option<Fault>,
}

/// What came of sending an update to one channel.
#[derive(Clone, PartialEq, Debug)]
pub struct Delivered {
    /// The service.
    pub service: Arc<str>,
    /// The key of the update.
    pub update: String,
    /// The name of the channel.
    pub to: String,
    /// What came back, or why it did not arrive.
    pub outcome: Result<String, Fault>,
    /// Where it failed: it is certain that it did not arrive.
    pub certain: bool,
}

/// Something that others can see: it needs a [`Licence`](crate::app::Licence).
#[derive(Clone, PartialEq, Debug)]
pub enum Deed {
    /// Write the entry to the journal of the service. An id that the incident has already is not written again.
    Append(Arc<str>, Entry),
    /// Write the entry, which says that the parcel is being sent, and then send it; unless the id is there already:
    /// then somebody else sends it.
    Send(Arc<str>, Entry, Parcel),
    /// Find out what the pagers have open for the service.
    AskPagers(Arc<str>),
    /// Acknowledge a page.
    Acknowledge(Arc<str>, OpenPage),
    /// Let the person edit the text in their own editor.
    Edit(String),
    /// Write a post-mortem of the incident of the service.
    Export(Arc<str>),
    /// Go on with an incident that is over, by its id.
    Reopen(String),
    /// Make the first incident a part of the second, by their ids.
    Merge(String, String),
    /// Keep a question for later sessions.
    Remember(String),
    /// Put the text on the clipboard and into a file.
    Copy(String),
    /// Try a fix on the simulated service of a drill, by its key.
    Try(String),
}

/// Something to be done outside.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Something that others can see.
    Act(Act),
    /// Ring the terminal's bell once.
    Bell,
    /// Find out which incidents there are.
    List,
    /// These services have appeared: what is written in their journals is news from now on.
    Follow(Vec<Arc<str>>),
    /// Ask these sources now, as far as their own limits allow.
    Poll(Vec<SourceId>),
    /// Ask this question.
    Ask(Question),
    /// Find out which metrics the source has.
    Names(SourceId),
    /// Paint the whole screen anew.
    Repaint,
    /// Give the terminal back to the shell until we are continued.
    Suspend,
    /// Leave.
    Quit,
}

impl Effect {
    /// What is to be done that others can see, if it is that.
    #[must_use]
    pub const fn deed(&self) -> Option<&Deed> {
        match self {
            Self::Act(act) => Some(act.deed()),
            _ => None,
        }
    }
}
