//! `sixty replay`: a scenario in virtual time through the real parsers, engine and app, and whether the verdict was
//! right.
//!
//! The sources are the very same as on the screen, asked at the same times; only the network is inside the program
//! and nobody waits. The same file and seed give the same bytes. Writes nothing. The JSON is defined in `document`.

mod course;
mod document;
mod expect;
mod inside;
mod instant;
mod play;
mod run;
mod said;
mod text;
mod words;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use schemars::generate::SchemaSettings;

use crate::commands::cli;
use crate::commands::cli::Cli;
use crate::commands::cli::Format;
use crate::commands::cli::Options;
use crate::commands::report;
use crate::config::scenario;
use crate::drill::Scenario;
use crate::drill::shipped;

pub use instant::Instant;
pub use instant::instant;

use document::Replay;
use document::Run;
use document::Version;
use run::Story;

/// Which noises a scenario is played with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seeds {
    /// All that the file lists.
    All,
    /// The first one that the file lists.
    First,
    /// This one.
    One(u64),
}

/// Reads `all`, `first` or a number.
///
/// # Errors
/// What to write.
pub fn seeds(text: &str) -> Result<Seeds, String> {
    match text {
        "all" => Ok(Seeds::All),
        "first" => Ok(Seeds::First),
        _ => text.parse().map(Seeds::One).map_err(|_| "write a number, or all or first of the file's".to_owned()),
    }
}

impl Seeds {
    /// The noises of a scenario.
    fn of(self, scenario: &Scenario) -> Vec<u64> {
        match self {
            Self::All => scenario.seeds.clone(),
            Self::First => scenario.seeds.iter().take(1).copied().collect(),
            Self::One(seed) => vec![seed],
        }
    }
}

/// Exit code when an expectation did not hold.
const FAILED: u8 = 1;

/// Runs the replay.
///
/// # Errors
/// Why it cannot start: everything that is wrong with the files, a sentence a line.
pub fn run(cli: &Cli, replay: &cli::Replay) -> Result<ExitCode, String> {
    if replay.schema {
        return Ok(report::printed(&schema(), 0));
    }
    let stories = stories(&replay.files)?;
    let ascii = cli.options.ascii;
    if let Some(instant) = replay.at {
        let [story] = stories.as_slice() else {
            return Err("--at tells of one instant of one story: name one file".to_owned());
        };
        let seed = replay.seed.of(&story.scenario).first().copied().unwrap_or(1);
        let at = instant.of(&story.scenario)?;
        let app = run::to(story, seed, at, &cli.options)?;
        let watched = (at - story.scenario.begins).to_std().unwrap_or_default();
        return Ok(report::printed(&report::of(app, watched, replay.format, ascii)?, 0));
    }
    let played = play_all(&stories, replay.seed, &cli.options)?;
    let code = if played.ok { 0 } else { FAILED };
    let brief = stories.len() > 1;
    let out = match replay.format {
        Format::Text => report::legible(&text::text(&played, brief), ascii),
        Format::Markdown => report::legible(&text::markdown(&played, brief), ascii),
        Format::Json => report::json(&played, ascii)?,
    };
    Ok(report::printed(&out, code))
}

/// The scenarios of the files, in their order.
fn stories(files: &[std::path::PathBuf]) -> Result<Vec<Story>, String> {
    let mut stories = Vec::new();
    let mut problems = Vec::new();
    for file in files {
        match read(file) {
            Ok(scenario) => {
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                stories.push(Story { name: crate::facts::text::clean_line(&name, 80), scenario });
            }
            Err(found) => problems.push(found),
        }
    }
    if problems.is_empty() { Ok(stories) } else { Err(problems.join("\n")) }
}

/// Reads a file, or one that ships by its name.
fn read(file: &Path) -> Result<Scenario, String> {
    let ships = file.to_str().and_then(|name| Some((name, shipped(name)?))).filter(|_| !file.exists());
    let scenario = match ships {
        Some((name, text)) => scenario::parse(text, name),
        None => scenario::load(file),
    };
    scenario.map_err(|problems| problems.to_string())
}

/// Plays every story with its seeds, on all cores.
fn play_all<'a>(stories: &'a [Story], seeds: Seeds, options: &Options) -> Result<Replay, String> {
    let of = |story: &'a Story| seeds.of(&story.scenario).into_iter().map(move |seed| (story, seed));
    let jobs: Vec<(&Story, u64)> = stories.iter().flat_map(of).collect();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Run, String>)>> = Mutex::default();
    let work = || {
        while let Some((index, (story, seed))) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            jobs.get(index).map(|job| (index, *job))
        } {
            let run = run::whole(story, seed, options);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, run));
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    std::thread::scope(|scope| {
        for _ in 1..cores {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    let runs: Vec<Run> = done.into_iter().map(|(_, run)| run).collect::<Result<_, _>>()?;
    let runs_ok = runs.iter().filter(|run| run.ok).count();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Replay { schema: Version::One, version, ok: runs_ok == runs.len(), runs_ok, runs })
}

/// The schema of the JSON, draft 2020-12.
fn schema() -> String {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<Replay>();
    serde_json::to_string_pretty(schema.as_value()).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests;
