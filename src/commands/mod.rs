//! What the program does when it is called: the screen, the demo, and the ways out that draw no screen.
//!
//! One file each; all of them run the same sources and the same [`crate::app::App`].

mod check;
pub mod cli;
mod demo;
mod drill;
mod incidents;
mod postmortem;
mod prepare;
mod record;
mod replay;
mod report;
mod stage;
mod watch;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use crate::app::Mode;
use crate::commands::cli::Cli;
use crate::commands::cli::Command;
use crate::runtime::Clock;
use crate::runtime::Ending;
use crate::runtime::Outside;
use crate::runtime::Session;
use crate::runtime::check_terminal;
use crate::runtime::courier::Addressees;
use crate::runtime::exit;
use crate::runtime::setup;
use crate::runtime::setup::Wish;

/// Runs the program with its arguments, the first of which is its own name.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    exit::install_hooks();
    let cli = match cli::read(arguments) {
        Ok(cli) => cli,
        Err(refusal) if refusal.code == 0 => return print(refusal.text.as_bytes()),
        Err(refusal) => {
            exit::say(refusal.text.trim_end());
            return ExitCode::from(refusal.code);
        }
    };
    let outcome = match &cli.command {
        None => screen(&cli, Mode::interactive()),
        Some(Command::Wall(_)) => screen(&cli, Mode::Wall),
        Some(Command::Demo(demo)) => demo::run(&cli, demo),
        Some(Command::Drill(drill)) => drill::run(&cli, drill),
        Some(Command::Completions { shell }) => return print(&cli::completions(*shell)),
        Some(Command::Man) => match cli::man() {
            Ok(page) => return print(&page),
            Err(error) => Err(format!("the man page could not be made: {error}")),
        },
        Some(Command::Record(_)) => record::run(&cli),
        Some(Command::Replay(replay)) => replay::run(&cli, replay),
        Some(Command::Incidents(command)) => return incidents::run(&cli, command),
        Some(Command::Check(_)) => return check::run(&cli),
        Some(Command::Report(report)) => return report::run(&cli, report),
        Some(Command::Postmortem(wish)) => postmortem::run(&cli, wish),
        Some(Command::Watch(wish)) => return watch::run(&cli, wish),
    };
    outcome.unwrap_or_else(|sentences| exit::cannot_start(&sentences))
}

/// Prints to the standard output; a reader that has gone away is no failure.
fn print(bytes: &[u8]) -> ExitCode {
    match std::io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::from(exit::CANNOT_START),
        _ => ExitCode::SUCCESS,
    }
}

/// The screen, on what the configuration or the addresses say.
fn screen(cli: &Cli, mode: Mode) -> Result<ExitCode, String> {
    let mode = if !mode.is_read_only() && cli.options.read_only { Mode::ReadOnly } else { mode };
    check_terminal(prepare::env("TERM").as_deref())?;
    let mut prepared = prepare::prepare(cli)?;
    let clock = Clock::machine();
    let recorder = setup::recorder(&prepared.config, &prepared.state, setup::access(mode), "sixty");
    let sources = setup::sources(&prepared.config, &recorder);
    let wish = Wish { mode, service: prepared.service, who: None, badge: None, only: false };
    let settings = setup::settings(&prepared.config, &wish, &sources, clock.now()).map_err(|all| all.join("\n"))?;
    let outside = Outside::Real(Addressees::of(&mut prepared.config));
    let (look, state) = (prepared.look, prepared.state);
    watch(Session { settings, sources, recorder, past: Vec::new(), clock, look, state, outside })
}

fn watch(session: Session) -> Result<ExitCode, String> {
    match session.run() {
        Ok(Ending::Left) => Ok(ExitCode::SUCCESS),
        // As after a panic in the main thread; the report was printed.
        Ok(Ending::Died) => Ok(ExitCode::from(exit::PANICKED)),
        Err(error) => Err(format!("the terminal failed: {error}")),
    }
}
