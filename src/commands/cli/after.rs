//! What can be typed for the time after the fix: `postmortem` and `watch`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Subject;

/// `sixty postmortem`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that can be typed")]
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub struct Postmortem {
    /// The incident: its id or the end of it, or a service for its newest; without, the newest of all
    #[arg(value_name = "INCIDENT")]
    pub incident: Option<String>,

    /// Where the metrics are, if the configuration does not say it
    #[arg(value_name = "URL")]
    pub urls: Vec<String>,

    /// For whom it is
    #[arg(long, value_enum, default_value_t = Paper::Markdown)]
    pub format: Paper,

    /// Write to this file, into this folder, or with - to the standard output
    #[arg(long, value_name = "DIR|FILE|-", default_value = ".")]
    pub out: PathBuf,

    /// Leave out of the timeline what only sixty saw: repeated verdicts, clocks that rang
    #[arg(long)]
    pub people: bool,

    /// Draw no pictures
    #[arg(long)]
    pub no_pictures: bool,

    /// Ask no source: only what the journal has
    #[arg(long)]
    pub no_metrics: bool,

    /// Print the JSON schema of --format json, and write nothing
    #[arg(long)]
    pub schema: bool,
}

/// For whom a post-mortem is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Paper {
    /// People, who go on writing it
    Markdown,
    /// A program; see --schema
    Json,
}

/// `sixty watch`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    pub(super) subject: Subject,

    /// What to wait for
    #[arg(long, value_enum, default_value_t = Until::Worse)]
    pub until: Until,

    /// Wait no longer than that, as in 8h
    #[arg(long = "for", value_name = "TIME", value_parser = crate::config::duration)]
    pub limit: Option<Duration>,

    /// Run this command then, by sh; it finds `SIXTY_SERVICE`, `SIXTY_SEVERITY` and `SIXTY_HEADLINE` in its
    /// environment. All commands run at once; one that takes longer than 30 s is left running and not waited for
    #[arg(long, value_name = "COMMAND")]
    pub run: Vec<String>,

    /// Tell this channel of the configuration then
    #[arg(long, value_name = "CHANNEL")]
    pub post: Vec<String>,

    /// Ring the terminal's bell then, also where the output is no terminal
    #[arg(long)]
    pub bell: bool,

    /// Ask for metrics at this interval, as in 30s
    #[arg(long, value_name = "TIME", value_parser = crate::config::duration)]
    pub every: Option<Duration>,
}

/// What a watch waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Until {
    /// Worse than when it began, or no data for a minute
    Worse,
    /// All is well
    Ok,
    /// Something is critical
    Critical,
}
