//! `sixty drill`: a simulated service breaks without telling how, on the same screen with the same keys; then a debrief.
//!
//! No configuration of the person's is read, so that nothing real is known here; what goes out is a
//! [`Simulation`](crate::runtime::simulation::Simulation)'s, which reaches nobody. What is the matter is not on the
//! screen, not in a path and not in a file before the end.

mod history;

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono::Utc;

use crate::app::Mode;
use crate::commands::cli::Cli;
use crate::commands::cli::Drill;
use crate::commands::cli::Format;
use crate::commands::demo::Play;
use crate::commands::demo::Stage;
use crate::commands::prepare;
use crate::commands::stage;
use crate::config::Config;
use crate::drill::Drilled;
use crate::drill::Fix;
use crate::drill::Reckoning;
use crate::drill::SHIPPED;
use crate::drill::Scenario;
use crate::drill::Trial;
use crate::facts::At;
use crate::incident::By;
use crate::incident::Debrief;
use crate::incident::Incident;
use crate::incident::Tried;
use crate::incident::Truth;
use crate::runtime::Outside;
use crate::runtime::Session;
use crate::runtime::check_terminal;
use crate::runtime::journal::Archive;
use crate::runtime::setup;
use crate::runtime::setup::Wish;
use crate::runtime::simulation::CHANNEL;
use crate::runtime::simulation::PAGER;
use crate::runtime::simulation::Stand;
use crate::sources::embedded::recording::Recorder;
use history::Held;
use history::History;

/// So many quiet seconds come first, at least and at most.
const QUIET: (i64, i64) = (10, 60);

/// So long after people can see it the page comes.
const PAGED_AFTER: i64 = 60;

/// Holds a drill, or prints those of the past.
///
/// # Errors
/// Why it cannot start.
pub fn run(cli: &Cli, drill: &Drill) -> Result<ExitCode, String> {
    let state = prepare::with(cli, Config::default(), None)?.state;
    let history = History::of(&state);
    let (past, skipped) = history.read()?;
    if drill.history {
        let text = match drill.format {
            Format::Json => history::json(&past, skipped).map_err(|error| error.to_string())?,
            Format::Text | Format::Markdown => history::text(&past, skipped),
        };
        return Ok(super::print(text.as_bytes()));
    }
    if cli.options.read_only {
        return Err("a drill is there to act in; to look only: sixty demo --read-only".to_owned());
    }
    check_terminal(prepare::env("TERM").as_deref())?;
    let held = Plan::new(drill, &past)?;
    let world = Drilled::new(&held.scenario, held.seed);
    let folder = free(&state, Utc::now())?;
    let play = Play::drill(&world, &held.scenario, held.began, folder, drill.speed);
    let running = Stage::start(cli, play)?;
    let badge = if drill.speed > 1.0 { format!("drill {}x", drill.speed) } else { "drill".to_owned() };
    let wish = Wish { mode: Mode::interactive(), service: None, who: None, badge: Some(badge), only: false };
    let (sources, past) = running.past()?;
    let now = running.clock.now();
    let mut settings = setup::settings(&running.config, &wish, &sources, now).map_err(|all| all.join("\n"))?;
    settings.incidents.drill = true;
    settings.incidents.channels = vec![(CHANNEL.to_owned(), "recorded only".to_owned())];
    settings.incidents.pagers = vec![(PAGER.to_owned(), "simulated".to_owned())];
    settings.incidents.fixes = Fix::offers(&held.scenario).iter().map(|fix| (fix.key(), fix.name())).collect();
    let (who, lists) = (settings.who.clone(), [settings.checklist.clone()]);
    let (clock, look, folder) = (running.clock, running.look.clone(), running.state.clone());
    let reveal = held.reveal(&world);
    let given_up = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stand =
        Stand { world, service: Arc::from(held.truth.service.as_str()), page_at: held.page_at(), reveal, given_up };
    let outside = Outside::Drill(Box::new(stand.clone()));
    let session =
        Session { settings, sources, recorder: Recorder::off(), past, clock, look, state: folder.clone(), outside };
    let ending = super::watch(session)?;
    let ended = clock.now();
    let truth = stand.truth(ended);
    let incident = incident(&folder, &truth.service);
    let debrief = Debrief::of(&incident, &truth, &lists.each_ref());
    let line = Held::new(Utc::now(), &who, (held.seed, drill.speed), &debrief);
    let kept = history.add(&line);
    let text = match drill.format {
        Format::Json => serde_json::to_string_pretty(&debrief).map_err(|error| error.to_string())? + "\n",
        Format::Text | Format::Markdown => debrief.text(columns()),
    };
    super::print(text.as_bytes());
    kept.map_err(|error| format!("the drill could not be added to the history: {error}"))?;
    Ok(ending)
}

/// What is drilled.
struct Plan {
    /// Its name, without folder and ending.
    name: String,
    scenario: Scenario,
    truth: crate::drill::Truth,
    seed: u64,
    /// What the clock shows at first.
    began: At,
}

impl Plan {
    fn new(drill: &Drill, past: &[Held]) -> Result<Self, String> {
        let seed = drill.seed.unwrap_or_else(|| fastrand::u64(..));
        let mut chance = fastrand::Rng::with_seed(seed);
        let chosen = match drill.scenario.as_str() {
            "random" => history::choose(&at_random(), past, chance.f64()).unwrap_or_default(),
            own => own,
        };
        let name = Path::new(chosen).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let quiet = TimeDelta::seconds(chance.i64(QUIET.0..=QUIET.1));
        let scenario = quiet_first(stage::scenario(chosen)?, Utc::now() + quiet).with_room();
        let began = scenario.instant(scenario.first_trouble()) - quiet;
        Ok(Self { name, truth: scenario.truth(), scenario, seed, began })
    }

    fn page_at(&self) -> At {
        let told = self.scenario.first_told().unwrap_or_else(|| self.truth.visible.max(self.scenario.zero));
        self.scenario.instant(told + PAGED_AFTER)
    }

    /// What tells the truth of the world at an instant.
    fn reveal(&self, world: &Drilled) -> crate::runtime::simulation::Reveal {
        let (scenario, truth, seed, page_at) = (self.scenario.clone(), self.truth.clone(), self.seed, self.page_at());
        let (name, world) = (self.name.clone(), world.clone());
        Arc::new(move |at, given_up| {
            let reckoning = Reckoning::of(&scenario, seed, &world.tried(), at);
            let base = reckoning.began.unwrap_or(page_at).min(at);
            let trials = truth.in_a_lull(reckoning.trials);
            Truth {
                scenario: name.clone(),
                title: scenario.title.clone(),
                about: scenario.about.replace(['\n', '⏎'], " "),
                service: truth.service.clone(),
                began: reckoning.began,
                paged: (page_at <= at).then_some(page_at),
                back: reckoning.back,
                stays: truth.stays(),
                ended: at,
                given_up,
                accused: truth.accused.clone(),
                innocent: truth.innocent.clone(),
                runbook: truth.runbook.clone(),
                page: page(&scenario, &truth).to_owned(),
                ends: truth.ends.iter().map(Fix::name).collect(),
                lasting: truth.lasting.as_ref().map(Fix::name),
                tried: trials.iter().map(|trial| tried(trial, base)).collect(),
            }
        })
    }
}

/// A scenario moved so that the first of its trouble, which may come long before its T, is to be seen at an instant.
/// Where the time of the day is a part of it, it stays where it is: the clock of the drill shows its own time.
fn quiet_first(scenario: Scenario, first: At) -> Scenario {
    if scenario.is_of_the_day() {
        return scenario;
    }
    let climbs = TimeDelta::seconds(scenario.zero - scenario.first_trouble());
    scenario.moved_to(first + climbs)
}

/// What `random` takes: what climbs for long before it hurts is drilled by its name only.
fn at_random() -> Vec<&'static str> {
    let is_soon = |name: &&str| stage::scenario(name).is_ok_and(|scenario| scenario.first_trouble() == scenario.zero);
    SHIPPED.iter().map(|(name, _)| *name).filter(is_soon).collect()
}

/// Columns of the terminal that is printed on; 80 where there is none.
fn columns() -> usize {
    crate::runtime::size().map_or(80, |(columns, _)| usize::from(columns))
}

/// The page of the screen on which the cause is to be seen.
fn page(scenario: &Scenario, truth: &crate::drill::Truth) -> &'static str {
    let is_vendor = |name: &String| scenario.vendors.iter().any(|vendor| vendor.name == *name);
    match &truth.accused {
        Some(name) if is_vendor(name) => "outside",
        None if truth.suspect.is_empty() => "evidence",
        _ => "changes",
    }
}

/// What was tried, in words and numbers.
fn tried(trial: &Trial, base: At) -> Tried {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let milliseconds = |seconds: f64| format!("{:.0} ms", seconds * 1_000.0);
    let harm = trial.harms().then(|| {
        let (failed, would) = trial.worst;
        let (slow, usual) = trial.slowest;
        if failed > would + 0.02 {
            format!("{} of the requests failed, {} would have without it", percent(failed), percent(would))
        } else {
            format!("an answer took {}, {} without it", milliseconds(slow), milliseconds(usual))
        }
    });
    let idle = matches!(trial.fix, Fix::Wait(_) | Fix::Nothing);
    Tried { what: trial.fix.name(), after_s: (trial.at - base).num_seconds(), idle, helps: trial.helps, harm }
}

/// A folder of its own for a drill: nothing in its name says what it is.
fn free(state: &Path, began: At) -> Result<PathBuf, String> {
    let drills = state.join("drills");
    std::fs::create_dir_all(&drills).map_err(|error| format!("{}: cannot be made: {error}", drills.display()))?;
    let name = began.format("%Y%m%dT%H%M%SZ").to_string();
    let names = std::iter::once(name.clone()).chain((2..100).map(|number| format!("{name}-{number}")));
    for name in names {
        match std::fs::create_dir(drills.join(&name)) {
            Ok(()) => return Ok(Path::new("drills").join(name)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("{}: cannot be made: {error}", drills.join(name).display())),
        }
    }
    Err(format!("{}: too many drills began in the same second", drills.display()))
}

/// The incident of the drill: of several services that in which people wrote most, else that of the page's.
fn incident(folder: &Path, service: &str) -> Incident {
    let archive = Archive::new(folder);
    let loaded = archive.ids().unwrap_or_default().into_iter().filter_map(|id| archive.load(&id).ok());
    let weight = |one: &Incident| {
        let written = one.entries().filter(|entry| entry.by == By::Person).count();
        (written, one.service() == service)
    };
    loaded.map(|one| one.incident).max_by_key(weight).unwrap_or_default()
}

#[cfg(test)]
mod tests;
