//! Addresses of the command line: asks what answers there, and becomes that for the rest of its life.
//!
//! An address that is certain to be metrics (`…/metrics`) is scraped at once. Of every other one it is asked at the same
//! time whether metrics lie there and whether a Prometheus API begins there (`probe`); an address without an answer is
//! asked again. All that turn out to be metrics are targets of one service; each server becomes a source of its own.
//! Nothing is guessed from a name, and no other path than the one given is ever scraped. Main type: [`Detect`].

mod probe;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::OptionFuture;
use futures_util::future::join;
use futures_util::future::join_all;
use url::Url;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Payload;
use crate::facts::Question;
use crate::facts::Rows;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::facts::TargetReport;
use crate::sources::Source;
use crate::sources::embedded::Embedded;
use crate::sources::http::Http;
use crate::sources::http::shown;
use crate::sources::prometheus::Alerts;
use crate::sources::prometheus::Prometheus;

pub use probe::Found;
pub use probe::api_base;
pub use probe::is_certain;

use probe::probe;

/// How long it may take to say what an address is.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same while others give numbers already.
const PATIENCE_BESIDE: Duration = Duration::from_secs(1);

/// Makes the engine that scrapes these addresses as one service of that name.
pub type MakeEmbedded = Arc<dyn Fn(&str, &[Url]) -> Embedded + Send + Sync>;

/// Makes what asks the server of that name, whose API begins there: for signals, and for what fires.
pub type MakeServer = Arc<dyn Fn(&str, &Url) -> (Prometheus, Alerts) + Send + Sync>;

/// How the engines are made once it is known what lies where.
#[derive(Clone)]
pub struct Makers {
    /// For addresses of metrics.
    pub embedded: MakeEmbedded,
    /// For a server.
    pub server: MakeServer,
}

/// Finds out once what answers at an address.
///
/// # Errors
/// What was tried, and what to write instead.
pub async fn what_is(http: &Http, url: &Url) -> Result<Found, Fault> {
    if is_certain(url) { Ok(Found::Exposition) } else { probe(http, url, PATIENCE).await }
}

/// What is told once.
#[derive(Clone)]
pub struct Settings {
    /// The addresses, at least one.
    pub urls: Vec<Url>,
    /// What the service is called that is scraped; `None`: after the host of its first address.
    pub service: Option<String>,
    /// From ask to ask.
    pub every: Duration,
    /// How the engines are made.
    pub makers: Makers,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls: Vec<_> = self.urls.iter().map(shown).collect();
        f.debug_struct("Settings").field("urls", &urls).field("service", &self.service).finish_non_exhaustive()
    }
}

/// What the addresses are.
enum Engine {
    Embedded(Box<Embedded>),
    Prometheus(Box<Prometheus>),
}

/// Addresses of which it is found out what they are.
pub struct Detect {
    settings: Settings,
    id: SourceId,
    address: String,
    /// Not known yet.
    open: Vec<Url>,
    /// Metrics, in the order in which they were found.
    plain: Vec<Url>,
    engine: Option<Engine>,
    /// Servers that were found beside what this one is, and what fires on each.
    apart: Vec<Source>,
}

impl Detect {
    /// Addresses that nobody has asked yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let first = settings.urls.first();
        let id = SourceId::new(&format!("metrics {}", first.map(name_of).unwrap_or_default()));
        let root = |url: &Url| shown(url).trim_end_matches('/').to_owned();
        let address = match (first.map(root).unwrap_or_default(), settings.urls.len().saturating_sub(1)) {
            (first, 0) => first,
            (first, more) => format!("{first} and {more} more"),
        };
        let (plain, open): (Vec<_>, Vec<_>) = settings.urls.iter().cloned().partition(is_certain);
        let mut detect = Self { settings, id, address, open, plain, engine: None, apart: Vec::new() };
        detect.scrape_plain();
        detect
    }

    /// What is known of it: its id stays, all else is of what it has become.
    #[must_use]
    pub fn info(&self) -> SourceInfo {
        let id = self.id.clone();
        match &self.engine {
            Some(Engine::Embedded(engine)) => SourceInfo { id, ..engine.info() },
            Some(Engine::Prometheus(engine)) => SourceInfo { id, ..engine.info() },
            None => SourceInfo {
                id,
                kind: SourceKind::Metrics,
                service: None,
                address: self.address.clone(),
                every: self.settings.every,
            },
        }
    }

    /// See [`Source::early`].
    #[must_use]
    pub fn early(&self) -> Option<Duration> {
        match self.engine.as_ref()? {
            Engine::Embedded(engine) => engine.early(),
            Engine::Prometheus(engine) => engine.early(),
        }
    }

    /// See [`Source::remark`].
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        match self.engine.as_ref()? {
            Engine::Embedded(engine) => engine.remark(),
            Engine::Prometheus(engine) => engine.remark(),
        }
    }

    /// See [`Source::ready`].
    pub async fn ready(&mut self, now: &(dyn Fn() -> At + Send + Sync)) {
        // An address that may say any moment what it is is asked all the time.
        if let (Some(Engine::Embedded(engine)), true) = (&mut self.engine, self.open.is_empty()) {
            engine.ready(now).await;
        }
    }

    /// See [`Source::follows`].
    #[must_use]
    pub fn follows(&self) -> Option<Duration> {
        match self.engine.as_ref()? {
            Engine::Embedded(engine) if self.open.is_empty() => engine.follows(),
            Engine::Embedded(_) | Engine::Prometheus(_) => None,
        }
    }

    /// The servers that were found beside what this one has become, each once.
    #[must_use]
    pub fn apart(&mut self) -> Vec<Source> {
        std::mem::take(&mut self.apart)
    }

    /// Asks what is not known yet, and for the numbers of what is known.
    ///
    /// # Errors
    /// What was tried and what to write instead, while nothing is known; then why the engine has no answer.
    pub async fn ask(&mut self, http: &Http, now: &(dyn Fn() -> At + Send + Sync)) -> Result<Payload, Fault> {
        if self.open.is_empty() {
            return self.engine_answer(http, now).await;
        }
        let open = std::mem::take(&mut self.open);
        // Numbers that are there do not wait long for an address that does not answer.
        let patience = if self.engine.is_some() { PATIENCE_BESIDE } else { PATIENCE };
        let probes = join_all(open.iter().map(|url| probe(http, url, patience)));
        let answer: OptionFuture<_> = self.engine.as_mut().map(|engine| ask_engine(engine, http, now)).into();
        let (found, mut answer) = join(probes, answer).await;
        let faults = self.settle(open.into_iter().zip(found));
        if answer.is_none() && self.engine.is_some() {
            answer = Some(self.engine_answer(http, now).await);
        }
        match answer {
            Some(answer) => answer.map(|payload| with_silent(payload, faults)),
            None => Err(faults.into_iter().next().map_or_else(nothing_left, |(_, fault)| fault)),
        }
    }

    /// See [`Source::query`].
    ///
    /// # Errors
    /// As there; and that it is not known yet what answers at the addresses.
    pub async fn query(&mut self, http: &Http, question: &Question) -> Result<Rows, Fault> {
        match &mut self.engine {
            Some(Engine::Embedded(engine)) => engine.query(question).await,
            Some(Engine::Prometheus(engine)) => engine.rows(http, question).await,
            None => Err(nobody_yet()),
        }
    }

    /// See [`Source::metric_names`].
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn metric_names(&mut self, http: &Http) -> Result<Vec<String>, Fault> {
        match &mut self.engine {
            Some(Engine::Embedded(engine)) => engine.metric_names(http).await,
            Some(Engine::Prometheus(engine)) => engine.metric_names(http).await,
            None => Err(nobody_yet()),
        }
    }

    async fn engine_answer(&mut self, http: &Http, now: &(dyn Fn() -> At + Send + Sync)) -> Result<Payload, Fault> {
        match &mut self.engine {
            Some(engine) => ask_engine(engine, http, now).await,
            None => Err(nothing_left()),
        }
    }

    /// Takes what was found; answers the addresses that are still not known, with the reasons.
    fn settle(&mut self, found: impl Iterator<Item = (Url, Result<Found, Fault>)>) -> Vec<(Url, Fault)> {
        let mut faults = Vec::new();
        let mut servers = Vec::new();
        for (url, what) in found {
            match what {
                Ok(Found::Exposition) => self.plain.push(url),
                Ok(Found::Server(base)) => servers.push(base),
                Err(fault) => {
                    self.open.push(url.clone());
                    faults.push((url, fault));
                }
            }
        }
        if self.has_more_targets() || self.engine.is_none() {
            self.scrape_plain();
        }
        for base in servers {
            let name = name_of(&base);
            let (server, alerts) = (self.settings.makers.server)(&name, &base);
            self.apart.push(Source::Alerts(Box::new(alerts)));
            // What may still turn out to be metrics needs this source.
            if self.engine.is_none() && self.open.is_empty() {
                self.engine = Some(Engine::Prometheus(Box::new(server)));
            } else {
                self.apart.push(Source::Prometheus(Box::new(server)));
            }
        }
        faults
    }

    /// Scrapes all that are metrics, as one service.
    fn scrape_plain(&mut self) {
        let Some(first) = self.plain.first() else { return };
        let name = self.settings.service.clone().unwrap_or_else(|| name_of(first));
        self.engine = Some(Engine::Embedded(Box::new((self.settings.makers.embedded)(&name, &self.plain))));
    }

    /// Whether addresses are metrics that the engine does not scrape.
    fn has_more_targets(&self) -> bool {
        match &self.engine {
            Some(Engine::Embedded(engine)) => engine.target_count() < self.plain.len(),
            Some(Engine::Prometheus(_)) | None => false,
        }
    }
}

async fn ask_engine(engine: &mut Engine, http: &Http, now: &(dyn Fn() -> At + Send + Sync)) -> Result<Payload, Fault> {
    match engine {
        Engine::Embedded(engine) => engine.ask(http, now).await,
        Engine::Prometheus(engine) => engine.ask(http, now).await,
    }
}

/// An address that does not answer is told as a target of the service, until it says that it is something else.
fn with_silent(payload: Payload, faults: Vec<(Url, Fault)>) -> Payload {
    let Payload::Signals(mut batch) = payload else { return payload };
    if !faults.is_empty() {
        let silent = faults.into_iter().map(|(url, fault)| TargetReport {
            address: shown(&url),
            outcome: Err(fault),
            took: Duration::ZERO,
        });
        Arc::make_mut(&mut batch.about).targets.extend(silent);
    }
    Payload::Signals(batch)
}

/// Nobody has answered so far.
fn nobody_yet() -> Fault {
    Fault::new(FaultKind::NotFound, "nobody has answered so far").advise("ask again when there are numbers")
}

/// Every address was a server that has a source of its own by now.
fn nothing_left() -> Fault {
    Fault::new(FaultKind::NotFound, "there is nothing to scrape").advise("its addresses are servers")
}

/// `10.0.0.7:9090`, and the path of a server that does not begin at the root: what tells it from others.
#[must_use]
pub fn name_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let path = if is_certain(url) { "" } else { url.path().trim_end_matches('/') };
    crate::facts::text::clean_line(&format!("{host}{port}{path}"), 80)
}
