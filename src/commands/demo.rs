//! `sixty demo`: simulated services break, and are watched through the very same sources as real ones.
//!
//! Without a file it is the story of `drill::Story`, which happens now; a scenario happens when its file says.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use chrono::TimeDelta;
use chrono::Utc;
use url::Url;

use crate::app::Mode;
use crate::app::Msg;
use crate::commands::cli;
use crate::commands::cli::Cli;
use crate::commands::prepare;
use crate::commands::stage;
use crate::config::Config;
use crate::config::Service;
use crate::config::Target;
use crate::drill::Drilled;
use crate::drill::Scenario;
use crate::drill::Served;
use crate::drill::Server;
use crate::drill::Story;
use crate::drill::StoryWorld;
use crate::drill::World;
use crate::facts::At;
use crate::facts::Reading;
use crate::runtime::Clock;
use crate::runtime::Outside;
use crate::runtime::Session;
use crate::runtime::check_terminal;
use crate::runtime::setup;
use crate::runtime::setup::Wish;
use crate::sources::Source;
use crate::sources::deploys;
use crate::sources::deploys::FileSettings;
use crate::sources::deploys::GithubSettings;
use crate::sources::embedded::recording::Recorder;
use crate::sources::http::Http;
use crate::sources::status;

/// How far into the story the first frame is: the pool fills before the eyes of whoever watches, errors follow
/// within a minute.
const FIRST_FRAME: Duration = Duration::from_secs(270);

/// How much of the past is there at the first frame.
const PAST: Duration = Duration::from_secs(3_600);

/// How much of the past of a scenario is there at most; as much as [`SCRAPES`] allow.
const LONG_PAST: Duration = Duration::from_secs(6 * 3_600);

/// How many scrapes of the past are read before the first frame.
const SCRAPES: usize = 6_000;

/// How long before T a scenario begins that is not asked to begin elsewhere.
const LEAD: TimeDelta = TimeDelta::seconds(30);

/// The deploy log is written anew that often, in the story's time.
const LOG_EVERY: Duration = Duration::from_secs(5);

/// Runs the demo.
///
/// # Errors
/// Why it cannot start.
pub fn run(cli: &Cli, demo: &cli::Demo) -> Result<ExitCode, String> {
    check_terminal(prepare::env("TERM").as_deref())?;
    let stage = Stage::build(cli, demo)?;
    let mode = if cli.options.read_only { Mode::ReadOnly } else { Mode::interactive() };
    let badge = Some(if demo.speed > 1.0 { format!("demo {}x", demo.speed) } else { "demo".to_owned() });
    let wish = Wish { mode, service: None, who: None, badge, only: false };
    let (sources, past) = stage.past()?;
    let settings = setup::settings(&stage.config, &wish, &sources, stage.clock.now()).map_err(|all| all.join("\n"))?;
    let Stage { clock, look, state, .. } = &stage;
    let (clock, look, folder) = (*clock, look.clone(), state.clone());
    super::watch(Session {
        settings,
        sources,
        recorder: Recorder::off(),
        past,
        clock,
        look,
        state: folder,
        outside: Outside::default(),
    })
}

/// The simulated world, running, and the configuration that watches it.
pub struct Stage {
    /// What watches the world.
    pub config: Config,
    /// The story's time.
    pub clock: Clock,
    /// The first instant that the world knows.
    begins: At,
    /// How much of the past is read at most.
    longest: Duration,
    /// How it looks.
    pub(super) look: crate::ui::Look,
    /// Where everything of it lies.
    pub(super) state: PathBuf,
    /// Dropped at the end, which ends the world's thread.
    _end: tokio::sync::oneshot::Sender<()>,
}

/// What watches a world, by its address and the place of its log.
type Watching = dyn Fn(&Url, &Path) -> Result<Config, String>;

/// A world that is about to be played.
pub(super) struct Play {
    world: Box<dyn Served>,
    /// Its deploy log at an instant.
    log: Box<dyn Fn(At) -> String + Send>,
    /// What watches it.
    watching: Box<Watching>,
    /// What the clock shows at first.
    first_frame: At,
    /// How much of the past is read at most.
    longest: Duration,
    /// The folder below the state directory in which everything of it lies.
    folder: PathBuf,
    /// How many times faster it runs.
    speed: f64,
    port: u16,
}

impl Play {
    /// The story that happens now.
    fn story(demo: &cli::Demo, seed: u64) -> Self {
        let first_frame = demo.now.unwrap_or_else(Utc::now);
        let into = TimeDelta::from_std(demo.at.unwrap_or(FIRST_FRAME)).unwrap_or_default();
        let deploy_at = first_frame - into;
        let begins =
            (first_frame - TimeDelta::from_std(PAST).unwrap_or_default()).min(deploy_at) - TimeDelta::minutes(1);
        let world = StoryWorld::new(Story::connection_leak(), seed, begins, deploy_at);
        let teller = world.clone();
        Self {
            world: Box::new(world),
            log: Box::new(move |at| teller.deploys_jsonl(at)),
            watching: Box::new(watching),
            first_frame,
            longest: PAST,
            folder: folder(first_frame, seed),
            speed: demo.speed,
            port: demo.port,
        }
    }

    /// The story of a file, or of a name that ships.
    fn scenario(demo: &cli::Demo, named: &str, seed: u64) -> Result<Self, String> {
        let mut scenario = stage::scenario(named)?;
        let into = demo.at.map_or(-LEAD, |at| TimeDelta::from_std(at).unwrap_or_default());
        if let Some(now) = demo.now {
            scenario = scenario.moved_to(now - into);
        }
        let first_frame = (scenario.zero_at() + into).clamp(scenario.begins, scenario.ends());
        let world = World::new(&scenario, seed);
        let (teller, watched) = (world.clone(), world.clone());
        Ok(Self {
            world: Box::new(world),
            log: Box::new(move |at| teller.deploys_jsonl(at)),
            watching: Box::new(move |address, log| stage::watching(&watched, address, log)),
            first_frame,
            longest: LONG_PAST,
            folder: folder(first_frame, seed),
            speed: demo.speed,
            port: demo.port,
        })
    }

    /// A drill: nothing in its folder says what it is.
    pub(super) fn drill(world: &Drilled, scenario: &Scenario, first_frame: At, folder: PathBuf, speed: f64) -> Self {
        let (teller, watched) = (world.clone(), World::new(scenario, 0));
        Self {
            world: Box::new(world.clone()),
            log: Box::new(move |at| teller.deploys_jsonl(at)),
            watching: Box::new(move |address, log| stage::watching(&watched, address, log)),
            first_frame,
            longest: LONG_PAST,
            folder,
            speed,
            port: 0,
        }
    }
}

/// The folder of a demo.
fn folder(first_frame: At, seed: u64) -> PathBuf {
    Path::new("demo").join(format!("{}-{}", first_frame.format("%Y%m%dT%H%M%SZ"), seed))
}

impl Stage {
    /// Starts the world on a thread of its own.
    ///
    /// # Errors
    /// Why it cannot start: most often a port that is taken.
    pub fn build(cli: &Cli, demo: &cli::Demo) -> Result<Self, String> {
        let seed = demo.seed.unwrap_or_else(|| fastrand::u64(..));
        let play = match &demo.story {
            None => Play::story(demo, seed),
            Some(named) => Play::scenario(demo, named, seed)?,
        };
        Self::start(cli, play)
    }

    /// The same for a play that was chosen already.
    ///
    /// # Errors
    /// Why it cannot start: most often a folder that cannot be made.
    pub(super) fn start(cli: &Cli, play: Play) -> Result<Self, String> {
        let prepared = prepare::with(cli, Config::default(), None)?;
        let state = prepared.state.join(&play.folder);
        std::fs::create_dir_all(&state).map_err(|error| format!("{}: cannot be made: {error}", state.display()))?;
        let clock = Clock::story(play.first_frame, play.speed);
        let (begins, longest) = (play.world.begins(), play.longest);
        let log = state.join("deploys.jsonl");
        let (address, end) = serve(play.world, play.log, clock, play.port, log.clone())?;
        let config = cli.options.apply((play.watching)(&address, &log)?);
        Ok(Self { config, clock, begins, longest, look: prepared.look, state, _end: end })
    }

    /// The sources, with the past already in the engine, and the readings that bring it to the app.
    ///
    /// # Errors
    /// Why the world could not be read.
    pub fn past(&self) -> Result<(Vec<Source>, Vec<Msg>), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no source can be asked: {error}"))?;
        runtime.block_on(async {
            let http = Http::new();
            let mut sources = setup::sources(&self.config, &Recorder::off());
            let mut past = Vec::new();
            for source in &mut sources {
                let id = source.info().id;
                let asked = std::time::Instant::now();
                let body = match source {
                    Source::Embedded(engine) => {
                        let instants = self.instants();
                        engine.fill(&http, instants, &at_that_time).await
                    }
                    other => other.ask(&http, &|| self.clock.now()).await,
                };
                let reading = Reading { source: id, at: self.clock.now(), took: asked.elapsed(), body };
                past.push(Msg::Arrived(reading));
            }
            Ok((sources, past))
        })
    }

    /// The instants of the past, oldest first, one interval apart: as many as are read in a few seconds.
    fn instants(&self) -> Vec<At> {
        let (now, every) = (self.clock.now(), self.config.intervals.metrics);
        let step = TimeDelta::from_std(every).unwrap_or(TimeDelta::seconds(5));
        let targets: usize = self.config.services.iter().map(|service| service.targets.len()).sum();
        let affordable = every * u32::try_from(SCRAPES / targets.max(1)).unwrap_or(u32::MAX);
        let past = affordable.clamp(PAST, self.longest);
        let count = (past.as_secs_f64() / every.as_secs_f64()) as i32;
        (0..count).rev().map(|steps| now - step * steps).filter(|at| *at >= self.begins).collect()
    }
}

/// The address at which the world tells what it said at an instant.
fn at_that_time(url: &Url, at: At) -> Url {
    let mut past = url.clone();
    past.set_query(Some(&format!("at={:.3}", at.timestamp_millis() as f64 / 1_000.0)));
    past
}

/// Runs the world's server, and writes its deploy log, until the sender is dropped.
fn serve(
    world: Box<dyn Served>,
    told: Box<dyn Fn(At) -> String + Send>,
    clock: Clock,
    port: u16,
    log: PathBuf,
) -> Result<(Url, tokio::sync::oneshot::Sender<()>), String> {
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let (started, starting) = mpsc::channel();
    let run = move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(started.send(Err(error.to_string()))),
        };
        runtime.block_on(async move {
            if let Err(error) = write_log(&log, &told(clock.now())) {
                return drop(started.send(Err(format!("{}: {error}", log.display()))));
            }
            match Server::start(world, Arc::new(move || clock.now()), port).await {
                Err(error) => drop(started.send(Err(format!(
                    "port {port} cannot be had: {error}; choose another --port, or none for any that is free"
                )))),
                Ok(server) => {
                    let _ = started.send(Ok(server.address()));
                    tokio::select! {
                        _ = ended => {}
                        () = keep_log(&log, told.as_ref(), clock) => {}
                    }
                }
            }
        });
    };
    std::thread::Builder::new().name("world".into()).spawn(run).map_err(|error| error.to_string())?;
    let address = starting.recv().map_err(|error| error.to_string())??;
    let url = Url::parse(&format!("http://{address}/")).map_err(|error| error.to_string())?;
    Ok((url, end))
}

async fn keep_log(log: &Path, told: &(dyn Fn(At) -> String + Send), clock: Clock) {
    let mut last = String::new();
    loop {
        let now = told(clock.now());
        // A disk that is full today may have room tomorrow; the demo goes on with the log that is there.
        if now != last && write_log(log, &now).is_ok() {
            last = now;
        }
        tokio::time::sleep(clock.lasts(LOG_EVERY).max(Duration::from_millis(100))).await;
    }
}

/// Puts the new log in the place of the old one in one step, so that no reader sees half of it.
fn write_log(path: &Path, text: &str) -> std::io::Result<()> {
    let next = path.with_extension("next");
    std::fs::write(&next, text)?;
    std::fs::rename(next, path)
}

/// The configuration of a team that runs the simulated service.
fn watching(address: &Url, log: &Path) -> Result<Config, String> {
    let join = |path: &str| address.join(path).map_err(|error| error.to_string());
    let intervals = crate::config::Intervals { changes: Duration::from_secs(10), ..Default::default() };
    let service = Service {
        environment: "prod".to_owned(),
        targets: vec![Target { url: join("metrics")?, access: Arc::default() }],
        ..Service::named("checkout-api")
    };
    let stripe = status::Settings::new("Stripe", status::Kind::Statuspage, join("")?, intervals.status);
    let aws = status::Settings::new("AWS us-east-1", status::Kind::Aws, join("currentevents")?, intervals.status);
    let github = GithubSettings {
        name: "github".to_owned(),
        repo: "acme/checkout".to_owned(),
        environment: Some("production".to_owned()),
        api: address.clone(),
        token: None,
        every: intervals.changes,
    };
    let file = FileSettings { name: "deploy log".to_owned(), path: log.to_owned(), every: intervals.changes };
    Ok(Config {
        services: vec![service],
        status: vec![stripe, aws.with_regions(vec!["us-east-1".to_owned()])],
        deploys: vec![deploys::Settings::Github(github), deploys::Settings::File(file)],
        intervals,
        ..Config::default()
    })
}
