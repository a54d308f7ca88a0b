//! What a server is asked for, as the configuration says it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::facts::Measure;
use crate::sources::http::Access;

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
