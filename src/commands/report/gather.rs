//! From arguments to an [`App`] that has heard every source: the same pollers and the same `App::update` as the
//! screen, without a terminal. Writes nothing.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::unbounded_channel;

use crate::app::App;
use crate::app::JournalNews;
use crate::app::KeyMap;
use crate::app::Mode;
use crate::app::Msg;
use crate::app::Settings;
use crate::app::SourceHealth;
use crate::commands::cli::Cli;
use crate::commands::prepare;
use crate::commands::prepare::Prepared;
use crate::config::Config;
use crate::facts::SourceKind;
use crate::runtime::Clock;
use crate::runtime::exit;
use crate::runtime::journal::Access;
use crate::runtime::journal::Journal;
use crate::runtime::pollers::Pollers;
use crate::runtime::setup;
use crate::runtime::setup::Wish;
use crate::sources::Source;
use crate::sources::embedded::recording::Access as Recordings;
use crate::ui::Glyphs;

/// A rate needs two scrapes and a finding two points: with three scrapes, one second apart, a service that is broken
/// now is called so.
const SCRAPES: u64 = 3;

/// Every source ends by itself long before; a report that somebody waits for must come in any case.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a report or a check is about.
pub(in crate::commands) struct Subject {
    /// The configuration, with only the service that was named, if one was.
    pub config: Config,
    /// What is asked.
    pub sources: Vec<Source>,
    /// What the app is told once.
    pub settings: Settings,
    /// Where journals are kept.
    pub state: PathBuf,
    /// Whether only ASCII may be printed: as configured, else on a terminal that can show nothing else.
    pub ascii: bool,
}

/// Finds out what the arguments are about.
///
/// # Errors
/// Everything that is wrong, a sentence a line.
pub(in crate::commands) fn subject(cli: &Cli, clock: Clock) -> Result<Subject, String> {
    subject_of(prepare::prepare(cli)?, setup::access(Mode::ReadOnly), clock)
}

/// The same of what was prepared already; `access` is what may be done with recordings, which are never written here.
///
/// # Errors
/// Everything that is wrong, a sentence a line.
pub(in crate::commands) fn subject_of(prepared: Prepared, access: Recordings, clock: Clock) -> Result<Subject, String> {
    let mut config = prepared.config;
    let poor = || prepared.look.glyphs == Glyphs::Ascii && std::io::stdout().is_terminal();
    let ascii = config.ascii.unwrap_or_else(poor);
    let wish = Wish { mode: Mode::ReadOnly, service: prepared.service, who: None, badge: None, only: true };
    // Checks the name of the service and the team's keys before services are left out.
    setup::settings(&config, &wish, &[], clock.now()).map_err(|all| all.join("\n"))?;
    if let Some(name) = &wish.service {
        narrow(&mut config, name);
    }
    let recorder = setup::recorder(&config, &prepared.state, access, "sixty");
    let sources = setup::sources(&config, &recorder);
    let settings = setup::settings(&config, &wish, &sources, clock.now()).map_err(|all| all.join("\n"))?;
    // Nobody presses a key here but the report itself, to turn to the next service.
    let settings = Settings { keys: KeyMap::default(), ..settings };
    Ok(Subject { config, sources, settings, state: prepared.state, ascii })
}

/// Leaves one service, and what is needed to read it. Servers are asked when nothing else knows it.
fn narrow(config: &mut Config, name: &str) {
    let Some(service) = config.services.iter().find(|service| *service.name == *name) else {
        config.services.clear();
        return;
    };
    if !service.targets.is_empty() {
        config.prometheus.clear();
    } else if let Some(server) = &service.prometheus {
        config.prometheus.retain(|other| other.name == *server);
    }
    config.services.retain(|service| *service.name == *name);
}

/// What was found out.
pub(in crate::commands) struct Gathered {
    /// Everything that is known.
    pub app: App,
    /// The names of the incidents' journals, by service.
    pub incidents: BTreeMap<Arc<str>, String>,
    /// How long it was watched.
    pub watched: Duration,
}

/// Asks every source, metrics three times, or for as long as is wished.
///
/// # Errors
/// The machine gives no thread, or a task broke.
pub(in crate::commands) fn gather(subject: Subject, watch_for: Duration, clock: Clock) -> Result<Gathered, String> {
    let began = Instant::now();
    let mut app = App::new(subject.settings, clock.now());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no source can be asked: {error}"))?;
    let (sender, mut inbox) = unbounded_channel();
    let pollers =
        Pollers::start(subject.sources, clock, sender).map_err(|error| format!("no source can be asked: {error}"))?;
    let limit = watch_for.saturating_add(PATIENCE);
    loop {
        let watched = began.elapsed();
        if watched >= limit || (watched >= watch_for && app.sources().iter().all(|health| is_heard(&app, health))) {
            break;
        }
        let until = if watched < watch_for { watch_for } else { limit };
        let Some(news) = runtime.block_on(next(&mut inbox, until.saturating_sub(watched)))? else { continue };
        let source = if let Msg::Arrived(reading) = &news { Some(reading.source.clone()) } else { None };
        app.update(clock.now(), news);
        let again = app.sources().iter().find(|health| Some(&health.info.id) == source.as_ref());
        if again.is_some_and(|health| wants_another(&app, health)) {
            pollers.hurry(&source.into_iter().collect::<Vec<_>>());
        }
    }
    let incidents = read_journals(&mut app, &subject.state, clock);
    app.update(clock.now(), Msg::Second);
    // There is no screen to keep alive: all of the past is read before anything is said.
    app.settle();
    Ok(Gathered { app, incidents, watched: began.elapsed() })
}

/// The next message; `None` when there was none in that time.
async fn next(inbox: &mut UnboundedReceiver<Msg>, within: Duration) -> Result<Option<Msg>, String> {
    let broken = || Err("a source broke sixty; this is a bug, please report it".to_owned());
    tokio::select! {
        // What it would still say is not to be trusted, and what it is silent about even less.
        () = exit::panicked() => broken(),
        msg = tokio::time::timeout(within, inbox.recv()) => match msg {
            Ok(Some(msg)) => Ok(Some(msg)),
            Ok(None) => broken(),
            Err(_) => Ok(None),
        },
    }
}

/// Whether the source has said all that is waited for: enough points, by its own scrapes or by those of others.
fn is_heard(app: &App, health: &SourceHealth) -> bool {
    if health.fault.is_some() || health.info.kind != SourceKind::Metrics {
        return health.fault.is_some() || health.counts.0 >= 1;
    }
    // A server brings the past with its first answer; of many services with its second.
    if health.is_server() {
        let mut own = app.services().iter().filter(|service| service.source.as_ref() == Some(&health.info.id));
        return health.counts.0 >= 2 || own.any(|service| service.signals.instants() as u64 >= SCRAPES);
    }
    let service = app.services().iter().find(|service| health.info.service.as_ref() == Some(&service.name));
    health.counts.0 >= SCRAPES || service.is_some_and(|service| service.signals.instants() as u64 >= SCRAPES)
}

/// Whether the source is to be asked again before its interval has passed.
fn wants_another(app: &App, health: &SourceHealth) -> bool {
    health.info.kind == SourceKind::Metrics && !is_heard(app, health)
}

/// Lets the app hear what people ticked and noted. Opens nothing for writing.
fn read_journals(app: &mut App, state: &Path, clock: Clock) -> BTreeMap<Arc<str>, String> {
    let services: Vec<_> = app.services().iter().map(|service| Arc::clone(&service.name)).collect();
    let mut names = BTreeMap::new();
    for service in services {
        let mut journal = Journal::open(state, &service, Access::ReadOnly);
        let entries = journal.poll(clock.now());
        let incident = journal.incident();
        names.extend(incident.iter().map(|name| (Arc::clone(&service), name.clone())));
        let (replaced, trouble) = (journal.take_replaced(), journal.trouble().cloned());
        let news = JournalNews { service, entries, replaced, incident, pending: 0, trouble };
        app.update(clock.now(), Msg::Journal(news));
    }
    names
}
