//! The commands about incidents: what all of them need, and which incident is meant. One file each below.
//!
//! They need no source and no screen, and a configuration only to know where the journal lies and which services there
//! are: without one they work where that is said or plain.

mod list;
mod merge;
mod note;
mod open;
mod reopen;
mod resolve;
mod show;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::app::Licence;
use crate::app::Mode;
use crate::commands::cli::Cli;
use crate::commands::cli::Incidents;
use crate::commands::prepare::env;
use crate::commands::report::legible;
use crate::config;
use crate::config::Config;
use crate::config::World;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::incident::Entry;
use crate::incident::What;
use crate::runtime::Clock;
use crate::runtime::exit;
use crate::runtime::journal;
use crate::runtime::journal::Archive;
use crate::runtime::journal::Found;
use crate::runtime::journal::Signature;
use crate::runtime::setup;

/// Exit code for an incident that there is not.
const NO_SUCH: u8 = 1;

/// Why a command did nothing.
struct Refused {
    code: u8,
    text: String,
}

impl Refused {
    fn cannot(text: impl Into<String>) -> Self {
        Self { code: exit::CANNOT_START, text: text.into() }
    }

    fn no_such(text: impl Into<String>) -> Self {
        Self { code: NO_SUCH, text: text.into() }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        let code = if fault.kind == FaultKind::NotFound { NO_SUCH } else { exit::CANNOT_START };
        Self { code, text: fault.to_string() }
    }
}

/// What the standard output gets; may be empty.
type Outcome = Result<String, Refused>;

/// Runs one of the commands.
pub fn run(cli: &Cli, command: &Incidents) -> ExitCode {
    let outcome = Desk::new(cli, command).and_then(|desk| {
        let text = match command {
            Incidents::Open { title } => open::run(&desk, title.as_deref()),
            Incidents::List { format, all } => list::run(&desk, *format, *all),
            Incidents::Show { incident, format, people } => show::run(&desk, incident.as_deref(), *format, *people),
            Incidents::Note { text, incident } => note::run(&desk, text, incident.as_deref()),
            Incidents::Resolve { words } => resolve::run(&desk, words),
            Incidents::Reopen { incident } => reopen::run(&desk, incident),
            Incidents::Merge { incident, into } => merge::run(&desk, incident, into),
        };
        text.map(|text| legible(&text, desk.ascii))
    });
    match outcome {
        Ok(text) => super::print(text.as_bytes()),
        Err(refused) => {
            exit::say(refused.text.trim_end());
            ExitCode::from(refused.code)
        }
    }
}

/// What all of the commands need.
struct Desk {
    archive: Archive,
    state: PathBuf,
    /// The services that are configured.
    configured: Vec<String>,
    /// No others can be known: there is a configuration, and no server that names services.
    all_known: bool,
    /// The service that was asked for.
    service: Option<String>,
    by: Signature,
    mode: Mode,
    now: At,
    ascii: bool,
}

impl Desk {
    fn new(cli: &Cli, command: &Incidents) -> Result<Self, Refused> {
        let options = &cli.options;
        if options.read_only && !command.only_looks() {
            return Err(Refused::cannot("with --read-only nothing is written: leave it out, or use list and show"));
        }
        let config = options.apply(configuration(cli)?);
        let state = setup::state_dir(config.state_dir.as_ref(), &env);
        let mode = if options.read_only { Mode::ReadOnly } else { Mode::interactive() };
        let configured: Vec<String> = config.services.iter().map(|service| service.name.to_string()).collect();
        Ok(Self {
            archive: Archive::new(&state),
            state,
            all_known: !configured.is_empty() && config.prometheus.is_empty(),
            configured,
            service: options.service.clone(),
            by: Signature { who: journal::who(config.who.as_deref()), host: journal::host() },
            mode,
            now: Clock::machine().now(),
            ascii: config.ascii == Some(true),
        })
    }

    /// The right to write.
    fn licence(&self) -> Result<Licence, Refused> {
        self.mode.licence().ok_or_else(|| Refused::cannot("with --read-only nothing is written"))
    }

    /// An entry of the person who typed the command.
    fn entry(&self, at: At, what: What) -> Entry {
        Entry::new(&journal::new_id(at), at, &self.by.who, &self.by.host, what)
    }

    /// The incident that a word means.
    fn named(&self, word: &str) -> Result<String, Refused> {
        match self.archive.find(word)? {
            Found::One(id) => Ok(id),
            Found::None => Err(Refused::no_such(format!(
                "there is no incident {} in {}; see which there are: sixty list --all",
                clean_line(word, 80),
                self.state.display()
            ))),
            Found::Several(ids) => Err(Refused::no_such(format!(
                "{} may be one of {} incidents; write more of the id, as in {}",
                clean_line(word, 80),
                ids.len(),
                ids.first().map_or("", String::as_str)
            ))),
        }
    }

    /// The incidents that go on, of the service that was asked for or of all; each with its service.
    fn current(&self) -> Result<Vec<(String, String)>, Refused> {
        let services = match &self.service {
            Some(service) => vec![service.clone()],
            None => self.archive.services()?,
        };
        let mut all: Vec<(String, String)> = Vec::new();
        for service in services {
            let Some(id) = self.archive.current(&service, self.now)? else { continue };
            // Two services whose incidents were merged have one.
            if all.iter().all(|(known, _)| *known != id) {
                all.push((id, service));
            }
        }
        Ok(all)
    }

    /// The incident that is meant when none is named: the one that goes on.
    fn meant(&self) -> Result<String, Refused> {
        let mut all = self.current()?;
        match all.len() {
            1 => Ok(all.remove(0).0),
            0 => Err(Refused::no_such(match &self.service {
                Some(service) => format!("no incident of {service} goes on; open one with sixty open, or name one"),
                None => "no incident goes on; open one with sixty open, or name one".to_owned(),
            })),
            _ => {
                let all: Vec<String> = all.into_iter().map(|(id, service)| format!("  {id}  {service}")).collect();
                Err(Refused::no_such(format!(
                    "several incidents go on; name one, or its service with --service:\n{}",
                    all.join("\n")
                )))
            }
        }
    }
}

/// The configuration, if there is one. One that cannot be read keeps nobody from writing a note whose place is said.
fn configuration(cli: &Cli) -> Result<Config, Refused> {
    let explicit = cli.options.config.as_deref();
    let cwd = std::env::current_dir().unwrap_or_default();
    let found = config::find(explicit, &env, &cwd).map_err(|problems| Refused::cannot(problems.to_string()))?;
    let Some(path) = found else { return Ok(Config::default()) };
    let home = env("HOME").map(PathBuf::from);
    let world = World::machine(crate::ui::themes(), home.as_deref());
    match config::load(&path, &world) {
        Ok(config) => Ok(config),
        Err(_) if cli.options.state_dir.is_some() && explicit.is_none() => Ok(Config::default()),
        Err(problems) => {
            let hint = "say where the journal lies with --state-dir to do without the configuration";
            Err(Refused::cannot(format!("{problems}\n{hint}")))
        }
    }
}
