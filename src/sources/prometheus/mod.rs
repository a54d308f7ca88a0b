//! The distributed engine as a source: a server that speaks the Prometheus HTTP API answers the same queries.
//!
//! Services are found by a label of the series; each signal is one query for all services that share a preset. The
//! past is filled in once, then only new points are asked for. Nothing is scraped or kept here. Main type:
//! [`Prometheus`].

mod alerts;
mod answer;
mod api;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Measure;
use crate::facts::Payload;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::sources::embedded::Planner;
use crate::sources::http::Access;
use crate::sources::http::Http;
use crate::sources::http::shown;

pub use alerts::Alerts;
pub use answer::Rows;
pub use api::Api;
pub use api::DEADLINE;
pub use api::Told;
pub use api::Trouble;

/// What is asked of one server, or of several that hold the same data.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Its name; unique.
    pub name: String,
    /// The base of its API, without `/api/v1`. Several are replicas with the same data: the first that answers is
    /// asked, so that nothing is counted twice.
    pub urls: Vec<Url>,
    /// How it is reached.
    pub access: Arc<Access>,
    /// The label that names the service; `None`: `service`, else `job`, whichever the server has.
    pub label: Option<String>,
    /// The services to show; empty: all that the server knows.
    pub services: Vec<Arc<str>>,
    /// Matchers that every query gets, as `env="prod"`; may be empty.
    pub selector: String,
    /// From ask to ask, and from point to point.
    pub every: Duration,
    /// What `$__rate_interval` stands for; `None`: four scrape intervals of the server, at least a minute.
    pub rate_window: Option<Duration>,
    /// How much past is filled in at the start.
    pub backfill: Duration,
    /// Queries in flight at most.
    pub max_queries: usize,
    /// What the team configured for single services: presets and queries of its own.
    pub own: BTreeMap<Arc<str>, Own>,
}

/// What the team configured for one service of a server.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Own {
    /// Names of presets; empty: chosen by what is there.
    pub presets: Vec<String>,
    /// `PromQL` instead of the presets'; `$service` and `$selector` are understood.
    pub queries: BTreeMap<Measure, String>,
}

impl Settings {
    /// A server of that name at these addresses, all else as it is by default.
    #[must_use]
    pub fn named(name: &str, urls: Vec<Url>) -> Self {
        Self {
            name: name.to_owned(),
            urls,
            access: Arc::default(),
            label: None,
            services: Vec::new(),
            selector: String::new(),
            every: Duration::from_secs(5),
            rate_window: None,
            backfill: Duration::from_hours(3),
            max_queries: 4,
            own: BTreeMap::new(),
        }
    }
}

/// Chooses the presets of a service, by its name.
pub type PlannerOf = Arc<dyn Fn(&str) -> Planner + Send + Sync>;

/// The engine of one server.
pub struct Prometheus {
    settings: Settings,
    #[expect(dead_code, reason = "the next step asks it")]
    planner_of: PlannerOf,
}

impl Prometheus {
    /// An engine that has asked nothing yet.
    #[must_use]
    pub fn new(settings: Settings, planner_of: PlannerOf) -> Self {
        Self { settings, planner_of }
    }

    /// What is known of it before it ever answered.
    #[must_use]
    pub fn info(&self) -> SourceInfo {
        let first = self.settings.urls.first().map(shown).unwrap_or_default();
        let more = self.settings.urls.len().saturating_sub(1);
        SourceInfo {
            id: SourceId::new(&format!("prometheus {}", self.settings.name)),
            kind: SourceKind::Metrics,
            service: None,
            address: if more == 0 { first } else { format!("{first} and {more} more") },
            every: self.settings.every,
        }
    }

    /// Asks what is new of all services.
    ///
    /// # Errors
    /// Why there is no answer.
    #[expect(clippy::unused_async, reason = "the next step asks the server")]
    pub async fn ask(&mut self, _http: &Http, _now: &(dyn Fn() -> At + Send + Sync)) -> Result<Payload, Fault> {
        Err(Fault::new(FaultKind::Local, "this server cannot be asked yet"))
    }

    /// Answers a question.
    ///
    /// # Errors
    /// What the server says of the query, or why it says nothing.
    #[expect(clippy::unused_async, reason = "the next step asks the server")]
    pub async fn rows(
        &mut self,
        _http: &Http,
        _question: &crate::facts::Question,
    ) -> Result<crate::facts::Rows, Fault> {
        Err(Fault::new(FaultKind::Local, "this server cannot be asked yet"))
    }

    /// The names of its metrics.
    ///
    /// # Errors
    /// Why it says nothing.
    #[expect(clippy::unused_async, reason = "the next step asks the server")]
    pub async fn metric_names(&mut self, _http: &Http) -> Result<Vec<String>, Fault> {
        Err(Fault::new(FaultKind::Local, "this server cannot be asked yet"))
    }
}
