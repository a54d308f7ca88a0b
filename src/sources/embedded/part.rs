//! The parts that an engine can play in a recording, and what makes it change them.

use std::time::Instant;

use crate::facts::At;
use crate::sources::embedded::recording::Record;

/// Our part.
pub(super) enum Role {
    /// Nothing is recorded and nothing read.
    Off,
    /// Not known yet, or not any more.
    Unknown,
    /// We scrape and record.
    Holds {
        recording: i64,
        /// The store and the numbers of its series are those of the recording.
        begun: bool,
        next: u32,
    },
    /// Another process scrapes.
    Reads {
        recording: i64,
        seq: i64,
        holder: String,
        /// The beat that was seen last, and when it was seen first.
        beat: i64,
        since: Instant,
    },
    /// We scrape and do not record.
    Alone { since: Instant },
}

/// What to do when the engine is asked.
pub(super) enum Turn {
    /// Scrape.
    Scrape,
    /// Give these answers, which were recorded; they may be none.
    Tell(Vec<(At, Record)>),
}

/// What there is to be seen of a recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// Nothing new.
    Nothing,
    /// New rows.
    News,
    /// The holder is gone, or silent for too long.
    Silence,
    /// The recording itself is gone, or cannot be read.
    Gone,
}
