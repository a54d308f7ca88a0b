//! Ask one endpoint one question, answer with a [`crate::facts::Reading`].
//!
//! Each source is one file: settings, an `async fn ask`, and a pure parser of its format. Nothing here judges
//! what it reads, keeps a schedule or knows the screen: pollers (in `runtime`) do the asking.

pub mod deploys;
pub mod embedded;
pub mod exposition;
pub mod http;
pub mod prometheus;
pub mod secret;
pub mod status;

use std::time::Duration;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::Payload;
use crate::facts::SourceInfo;

/// Every kind of source. A new one is one file and one line here.
pub enum Source {
    /// The embedded engine over the targets of one service.
    Embedded(Box<embedded::Embedded>),
    /// A server that speaks the Prometheus HTTP API.
    Prometheus(Box<prometheus::Prometheus>),
    /// What fires on such a server.
    Alerts(Box<prometheus::Alerts>),
    /// A provider's status page.
    Status(Box<status::StatusSource>),
    /// What was deployed.
    Deploys(Box<deploys::DeploySource>),
}

impl Source {
    /// What is known of it before it ever answered.
    #[must_use]
    pub fn info(&self) -> SourceInfo {
        match self {
            Self::Embedded(source) => source.info(),
            Self::Prometheus(source) => source.info(),
            Self::Alerts(source) => source.info(),
            Self::Status(source) => source.info(),
            Self::Deploys(source) => source.info(),
        }
    }

    /// Asks it once. Ends by itself: every ask has a deadline and a cap of its own.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask(&mut self, http: &http::Http, now: &(dyn Fn() -> At + Send + Sync)) -> Result<Payload, Fault> {
        match self {
            Self::Embedded(source) => source.ask(http, now).await,
            Self::Prometheus(source) => source.ask(http, now).await,
            Self::Alerts(source) => source.ask(http, now()).await,
            Self::Status(source) => source.ask(http, now()).await,
            Self::Deploys(source) => source.ask(http, now()).await,
        }
    }

    /// What is odd about the last answer although it could be used; clean.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        match self {
            Self::Deploys(source) => source.remark(),
            // Of each target the engine tells in its report.
            Self::Embedded(source) => source.remark(),
            Self::Prometheus(source) => source.remark(),
            // Alerts tell of themselves.
            Self::Alerts(_) | Self::Status(_) => None,
        }
    }

    /// Waits until there is a reason to ask; for most sources there is one at any time.
    pub async fn ready(&mut self, now: &(dyn Fn() -> At + Send + Sync)) {
        if let Self::Embedded(source) = self {
            source.ready(now).await;
        }
    }

    /// A source that reads what another process asks for wants to look again so soon, whatever the last answer was: it
    /// burdens nobody.
    #[must_use]
    pub fn follows(&self) -> Option<Duration> {
        match self {
            Self::Embedded(source) => source.follows(),
            Self::Prometheus(_) | Self::Alerts(_) | Self::Status(_) | Self::Deploys(_) => None,
        }
    }

    /// A source that has just begun may want its next ask earlier than its interval: rates need two scrapes.
    #[must_use]
    pub fn early(&self) -> Option<Duration> {
        match self {
            Self::Embedded(source) => source.early(),
            Self::Prometheus(source) => source.early(),
            Self::Alerts(_) | Self::Status(_) | Self::Deploys(_) => None,
        }
    }
}
