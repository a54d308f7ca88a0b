//! What can be typed: the arguments, their help, the completions and the man page. Runs nothing.
//!
//! [`read`] is the only way in: it turns arguments into a [`Cli`], or into a [`Refusal`] that says what to print and
//! how to exit. The environment is read by nobody here.

mod after;
mod drill;
mod help;
mod incidents;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::config::Config;
use crate::facts::Zone;
use crate::facts::text::clean;
use crate::facts::text::clean_line;

pub use after::Paper;
pub use after::Postmortem;
pub use after::Until;
pub use after::Watch;
pub use drill::Drill;
pub use help::completions;
pub use help::man;
pub use incidents::Incidents;

use values::instant;
use values::name;
use values::speed;
use values::window;

/// What is broken, how bad, since when, what changed: the first sixty seconds of an incident on one screen.
#[derive(Clone, PartialEq, Debug, Parser)]
#[command(name = "sixty", version, max_term_width = 80, long_about = help::ABOUT, after_help = help::SHORT)]
#[command(after_long_help = help::LONG, override_usage = help::USAGE)]
pub struct Cli {
    /// The command; none for the screen.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// A service, or addresses of metrics or of Prometheus servers
    ///
    /// One name opens that service; without any, all services are listed, the worst first. Addresses need no
    /// configuration. All of metrics (http://host:port/metrics) that are given together are targets of ONE service,
    /// called after the first host or as --service says. A server with a Prometheus API (http://host:port, also
    /// below a path, or as pasted from its web page) brings all services that it knows, with their past. What an
    /// address is, is found out by asking.
    #[arg(value_name = "SERVICE|URL")]
    what: Vec<String>,

    /// What applies to every command.
    #[command(flatten)]
    pub options: Options,
}

/// What applies to every command. Each wins over the configuration.
#[derive(Clone, PartialEq, Debug, Default, Args)]
#[command(next_help_heading = "Options everywhere")]
pub struct Options {
    /// Read this file, and look for no other
    #[arg(long, short, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The name of the service whose addresses are given; of a server, the one to open; of incidents, theirs
    #[arg(long, global = true, value_name = "NAME", value_parser = name)]
    pub service: Option<String>,

    /// A theme by name, or the path of its file
    #[arg(long, global = true, value_name = "THEME")]
    pub theme: Option<String>,

    /// Draw with ASCII only
    #[arg(long, global = true)]
    pub ascii: bool,

    /// Show that much time, as in 30m or 2h
    #[arg(long, global = true, value_name = "TIME", value_parser = window)]
    pub window: Option<Duration>,

    /// Show times of this zone, as in Europe/Berlin or UTC
    #[arg(long, global = true, value_name = "ZONE", value_parser = crate::config::zone)]
    pub time_zone: Option<Zone>,

    /// Keep the journal in this folder
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,

    /// Look only: tick nothing, write nothing
    #[arg(long, global = true)]
    pub read_only: bool,

    /// Your name beside ticks and notes
    #[arg(long = "as", global = true, value_name = "NAME", value_parser = name)]
    pub who: Option<String>,
}

impl Options {
    /// The configuration as these options change it. A window that is longer than samples would be kept keeps them
    /// longer. `--config`, `--service` and `--read-only` are not part of it.
    #[must_use]
    pub fn apply(&self, mut config: Config) -> Config {
        if let Some(theme) = &self.theme {
            config.theme.clone_from(theme);
        }
        if self.ascii {
            config.ascii = Some(true);
        }
        if let Some(window) = self.window {
            config.window = window;
            config.retention = config.retention.max(window);
        }
        config.time_zone = self.time_zone.clone().or(config.time_zone);
        config.state_dir = self.state_dir.clone().or(config.state_dir);
        config.who = self.who.clone().or(config.who);
        config
    }
}

/// The commands beside the screen itself.
#[derive(Clone, PartialEq, Debug, Subcommand)]
pub enum Command {
    /// Watch a simulated service break; needs nothing, changes nothing
    Demo(Demo),
    /// Practise: a simulated service breaks, and nobody says how
    ///
    /// The same screen and the same keys, a page that pages nobody, a channel that only records, and on the page of
    /// the quick win (w) a list of what can be tried on the simulated service. It begins with a quiet minute, now, or,
    /// where the time of the day is a part of it, at the time of its story. What climbs for long before it hurts
    /// (connection-leak, disk-full, unbounded-cache) is never taken at random: ask for it by its name. When it
    /// is resolved or given up, and when you leave, a debrief says how long it took to acknowledge, to name the
    /// cause, to tell the others and to end it, what was looked at, and what was tried in vain. Reads no
    /// configuration, reaches nothing real, writes only below drills in the state directory.
    Drill(Drill),
    /// The same screen for the wall: large, read-only, no hints
    Wall(Subject),
    /// Keep the history of the metrics, without a screen
    ///
    /// Scrapes all services and records them in the state directory, so that history is there when the page comes;
    /// every other sixty on this machine with the same configuration reads it instead of scraping as well. Meant as a
    /// service of the system: says on the standard error when it begins and whenever something changes, and ends with
    /// 0 on SIGTERM. Where another sixty scrapes already, it stands by and takes over.
    Record(Subject),
    /// Ask every source once and say what it answers
    ///
    /// One line for each source: ok, how long it took and what was found, or the cause and what to do; and lines for
    /// the configuration, the time zone, the journal and the secrets. Writes nothing.
    ///
    /// Exits with 0 when all is well, 1 when a source failed or something is to be done, 2 when no service has
    /// metrics, 3 when the configuration is wrong.
    Check(Subject),
    /// Print the state of everything and exit
    ///
    /// Asks every source once, and metrics three times, one second apart: a rate needs two scrapes and a verdict two
    /// points, so that what is broken now is called so after about two seconds. Rates are then those of these two
    /// seconds; where few requests come, --watch-for 1m makes them steadier. A Prometheus server knows the past and is
    /// asked once. Writes nothing.
    ///
    /// Exits with the state of the worst service: 0 ok, 1 warning, 2 critical, 3 unknown, as monitoring plugins do;
    /// also with 3 when it cannot start.
    Report(Report),
    /// Play a scenario; say whether the verdict was right
    ///
    /// Plays each file through the real parsers, engine and verdict, as fast as the machine can, and prints how the
    /// verdict changed and whether what the file expects was said. The same file and seed give the same bytes. With
    /// --at it prints the report of that instant instead. Needs no network, writes nothing.
    ///
    /// Exits with 0 when all expectations hold, 1 when one does not, 2 when it cannot start.
    Replay(Replay),
    /// Incidents from another shell or a script.
    #[command(flatten)]
    Incidents(Incidents),
    /// Write the post-mortem of an incident
    ///
    /// From its journal and from what the sources know of its time. Edits are never written over: a file that somebody
    /// changed stays, and the new one goes beside it. Exits with 0, or 2 when it cannot be written.
    Postmortem(Postmortem),
    /// Wait without a screen until it gets worse; sleep meanwhile
    ///
    /// One line for every change. When what it waits for comes, it rings the bell, runs the commands, tells the channels and exits with the
    /// state: 0 ok, 1 warning, 2 critical, 3 unknown. Worse is a worse state, or another thing that is critical, that
    /// lasts for 10 s; no data for a minute counts as worse. After --for, and on SIGTERM, it exits with 0; with 3 when
    /// it cannot start.
    Watch(Watch),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man,
}

/// `sixty demo`.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Demo {
    /// Play this scenario: a file (see scenarios/README.md), or the name of one that ships
    #[arg(value_name = "FILE")]
    pub story: Option<String>,

    /// Run the story that many times faster
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,

    /// Repeat a story exactly: the same number, the same noise
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,

    /// Serve the simulated endpoints on this port; 0 takes any that is free
    #[arg(long, default_value_t = 0)]
    pub port: u16,

    /// Begin that far into the story, as in 6m; of a file: that long after its T
    #[arg(long, value_name = "TIME", value_parser = crate::config::duration)]
    pub at: Option<Duration>,

    /// The instant that the first frame takes for now, as in 2026-02-03T03:21:09Z (for tests and pictures)
    #[arg(long, value_name = "RFC3339", hide = true, value_parser = instant)]
    pub now: Option<DateTime<Utc>>,
}

/// What a command is about.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub struct Subject {
    /// A service, or addresses of metrics or of Prometheus servers
    #[arg(value_name = "SERVICE|URL")]
    what: Vec<String>,
}

/// `sixty report`.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Report {
    #[command(flatten)]
    subject: Subject,

    /// For whom it is
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// Poll for that long as the screen does, then report, as in 30s
    #[arg(long, value_name = "TIME", value_parser = crate::config::duration)]
    pub watch_for: Option<Duration>,

    /// Print the JSON schema of --format json, and ask nobody
    #[arg(long)]
    pub schema: bool,
}

/// `sixty replay`.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Replay {
    /// Scenarios; scenarios/README.md says how one is written
    #[arg(value_name = "FILE", required_unless_present = "schema")]
    pub files: Vec<PathBuf>,

    /// Print the report of this instant: 5m after the story's T, T-90s, a time of day in UTC, or RFC 3339
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = super::replay::instant)]
    pub at: Option<super::replay::Instant>,

    /// The number of the noise, or all or the first one that the file lists
    #[arg(long, value_name = "NUMBER|all|first", default_value = "all", value_parser = super::replay::seeds)]
    pub seed: super::replay::Seeds,

    /// For whom it is
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// Print the JSON schema of --format json, and play nothing
    #[arg(long)]
    pub schema: bool,
}

/// For whom a report is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// People at a terminal
    Text,
    /// A chat or a ticket
    Markdown,
    /// A program, as JSON
    Json,
}

/// What is to be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// All services of the configuration.
    Everything,
    /// One service of the configuration, by its name.
    Service(String),
    /// Addresses, without a configuration of services.
    Urls(Vec<String>),
}

impl Cli {
    /// What is to be looked at. [`read`] has checked that it is one thing.
    #[must_use]
    pub fn what(&self) -> What {
        sort(self.words()).unwrap_or(What::Everything)
    }

    fn words(&self) -> &[String] {
        match &self.command {
            None => &self.what,
            Some(Command::Wall(subject) | Command::Check(subject) | Command::Record(subject)) => &subject.what,
            Some(Command::Report(report)) => &report.subject.what,
            Some(Command::Watch(watch)) => &watch.subject.what,
            Some(Command::Postmortem(postmortem)) => &postmortem.urls,
            Some(_) => &[],
        }
    }
}

/// Why nothing is run: help that was asked for, or a mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What to print; clean, with a line break at its end.
    pub text: String,
    /// The exit code: 0 for help, 2 for a mistake, and 3 (unknown) where 2 would mean critical.
    pub code: u8,
}

/// Reads the arguments; the first is the name of the program.
///
/// # Errors
/// The help or the version that was asked for (code 0, for the standard output), or what is wrong and what to write.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, Refusal> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let refuse = |error: &clap::Error| {
        // Monitoring reads 2 as critical: a mistyped option is not the service's fault.
        let plugin = arguments.iter().skip(1).any(|word| word == "check" || word == "report" || word == "watch");
        let code = if !error.use_stderr() {
            0
        } else if plugin {
            3
        } else {
            2
        };
        Refusal { text: clean(&error.to_string()), code }
    };
    let mut cli = Cli::try_parse_from(&arguments).map_err(|error| refuse(&error))?;
    if let Some(Command::Postmortem(postmortem)) = &mut cli.command {
        // An address alone is where the metrics are: of the newest incident.
        postmortem.urls.extend(postmortem.incident.take_if(|word| word.contains("://")));
    }
    let usage = |message: String| refuse(&Cli::command().error(clap::error::ErrorKind::ArgumentConflict, message));
    if cli.command.is_some() && !cli.what.is_empty() {
        return Err(usage(format!("the command stands first: sixty COMMAND {}", shown(&cli.what))));
    }
    let what = sort(cli.words()).map_err(usage)?;
    let of_journal = matches!(cli.command, Some(Command::Incidents(_)));
    if cli.options.service.is_some() && !of_journal && !matches!(what, What::Urls(_)) {
        return Err(usage(
            "--service gives addresses a name; a service of the configuration is written without it".into(),
        ));
    }
    Ok(cli)
}

/// Names and addresses apart.
fn sort(words: &[String]) -> Result<What, String> {
    let is_url = |word: &&String| word.contains("://");
    match words {
        [] => Ok(What::Everything),
        _ if words.iter().all(|word| is_url(&word)) => Ok(What::Urls(words.to_vec())),
        // `host:9090` and `host/metrics` are addresses without a scheme: a service is seldom called so.
        [word] if word.contains('/') || word.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) => {
            Err(format!("{} looks like an address; write http://{}", shown(words), word.trim_start_matches('/')))
        }
        [word] => Ok(What::Service(word.clone())),
        _ if words.iter().any(|word| is_url(&word)) => {
            Err(format!("either addresses or the name of a service, not both: {}", shown(words)))
        }
        [first, ..] => {
            let commands: Vec<String> = Cli::command().get_subcommands().map(|one| one.get_name().to_owned()).collect();
            let hint = match words.iter().find(|word| commands.contains(word)) {
                Some(command) => format!("the command stands first: sixty {command} {first}"),
                None => "write one of them, or none for all".to_owned(),
            };
            Err(format!("several services are named, {}; {hint}", shown(words)))
        }
    }
}

fn shown(words: &[String]) -> String {
    clean_line(&words.join(" "), 120)
}

#[cfg(test)]
mod tests;
