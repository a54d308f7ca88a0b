//! The commands about incidents, as they are typed. They need no source and no screen.

use clap::Subcommand;

use super::Format;

/// The commands about incidents.
#[derive(Clone, PartialEq, Eq, Debug, Subcommand)]
pub enum Incidents {
    /// Open an incident, or join the one that goes on
    ///
    /// Prints its id. Of several services, say which with --service. Where one goes on, the words are a note in it.
    ///
    /// Exits with 0 when it is on disk, 2 when it cannot be written.
    Open {
        /// What it is about; - reads it from the standard input
        #[arg(value_name = "TITLE")]
        title: Option<String>,
    },
    /// List incidents, the newest first
    ///
    /// Those that go on, and the newest of the others; --all lists all. With --service those of one service.
    ///
    /// Exits with 0, also when there are none; 2 when they cannot be read.
    List {
        /// For whom it is
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,

        /// All of them, however old
        #[arg(long)]
        all: bool,
    },
    /// Show the timeline of an incident
    ///
    /// All times are UTC, with how long after the opening; what sixty saw by itself is marked. Without an id it is the
    /// incident that goes on, else the newest. What was merged into it is part of it.
    ///
    /// Exits with 0, 1 when there is no such incident, 2 when it cannot be read.
    Show {
        /// Its id, the beginning or the end of it, or latest
        #[arg(value_name = "INCIDENT")]
        incident: Option<String>,

        /// For whom it is
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,

        /// Only what people did
        #[arg(long)]
        people: bool,
    },
    /// Write a note into an incident
    ///
    /// Into the one that goes on, of --service where several do; or into any with --incident.
    ///
    /// Exits with 0 when it is on disk, 1 when there is no such incident, 2 when it cannot be written.
    Note {
        /// The words; - reads them from the standard input
        #[arg(value_name = "TEXT", allow_hyphen_values = true)]
        text: String,

        /// The id of the incident, the beginning or the end of it, or latest
        #[arg(long, value_name = "INCIDENT")]
        incident: Option<String>,
    },
    /// Say that an incident is over
    ///
    /// The one that goes on, of --service where several do, or the one that is named; with a last note, if there is
    /// something to say.
    ///
    /// Exits with 0 when it is on disk, 1 when there is no such incident, 2 when it cannot be written.
    Resolve {
        /// The id of the incident, and a last note; each may be left out
        #[arg(value_name = "INCIDENT|NOTE", num_args = 0..=2)]
        words: Vec<String>,
    },
    /// Go on with an incident that is over, or that was merged
    ///
    /// Exits with 0 when it is on disk, 1 when there is no such incident, 2 when it cannot be written.
    Reopen {
        /// Its id, the beginning or the end of it, or latest
        #[arg(value_name = "INCIDENT")]
        incident: String,
    },
    /// Make an incident a part of another
    ///
    /// Its entries are then part of the other's timeline, and whoever follows it goes over. Its own file stays;
    /// sixty reopen takes it back.
    ///
    /// Exits with 0 when it is on disk, 1 when there is no such incident, 2 when it cannot be written.
    Merge {
        /// The id of the part
        #[arg(value_name = "INCIDENT")]
        incident: String,

        /// The id of the whole
        #[arg(value_name = "INTO")]
        into: String,
    },
}

impl Incidents {
    /// Whether it only looks.
    #[must_use]
    pub const fn only_looks(&self) -> bool {
        matches!(self, Self::List { .. } | Self::Show { .. })
    }
}
