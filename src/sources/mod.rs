//! Ask one endpoint one question, answer with a [`crate::facts::Reading`].
//!
//! Each source is one file: settings, an `async fn ask`, and a pure parser of its format. Nothing here judges
//! what it reads, keeps a schedule or knows the screen: pollers (in `runtime`) do the asking.

mod apart;
pub mod deploys;
pub mod detect;
pub mod embedded;
pub mod exposition;
pub mod http;
pub mod prometheus;
pub mod secret;
pub mod status;

use std::time::Duration;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Payload;
use crate::facts::Question;
use crate::facts::Rows;
use crate::facts::SourceInfo;

/// Every kind of source. A new one is one file and one line here.
pub enum Source {
    /// The embedded engine over the targets of one service.
    Embedded(Box<embedded::Embedded>),
    /// A server that speaks the Prometheus HTTP API.
    Prometheus(Box<prometheus::Prometheus>),
    /// Addresses of which it is not known yet what answers there.
    Detect(Box<detect::Detect>),
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
            Self::Detect(source) => source.info(),
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
            // Boxed, since it holds the asks of the two others.
            Self::Detect(source) => Box::pin(source.ask(http, now)).await,
            Self::Alerts(source) => source.ask(http, now()).await,
            Self::Status(source) => source.ask(http, now()).await,
            Self::Deploys(source) => source.ask(http, now()).await,
        }
    }

    /// Answers a question that a person asked. Ends by itself, as [`ask`](Self::ask) does.
    ///
    /// # Errors
    /// What is wrong with the query, in the parser's own words, or with the source.
    pub async fn query(&mut self, http: &http::Http, question: &Question) -> Result<Rows, Fault> {
        match self {
            Self::Embedded(source) => source.query(question).await,
            Self::Prometheus(source) => source.rows(http, question).await,
            Self::Detect(source) => Box::pin(source.query(http, question)).await,
            Self::Alerts(_) | Self::Status(_) | Self::Deploys(_) => Err(no_metrics()),
        }
    }

    /// The names of the metrics that the source has now, in order.
    ///
    /// # Errors
    /// Why they cannot be had.
    pub async fn metric_names(&mut self, http: &http::Http) -> Result<Vec<String>, Fault> {
        match self {
            Self::Embedded(source) => source.metric_names(http).await,
            Self::Prometheus(source) => source.metric_names(http).await,
            Self::Detect(source) => Box::pin(source.metric_names(http)).await,
            Self::Alerts(_) | Self::Status(_) | Self::Deploys(_) => Err(no_metrics()),
        }
    }

    /// What is odd about the last answer although it could be used; clean.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        match self {
            Self::Deploys(source) => source.remark(),
            // Of each target the engine tells in its report.
            Self::Embedded(source) => source.remark(),
            Self::Detect(source) => source.remark(),
            Self::Prometheus(source) => source.remark(),
            // Alerts tell of themselves.
            Self::Alerts(_) | Self::Status(_) => None,
        }
    }

    /// Waits until there is a reason to ask; for most sources there is one at any time.
    pub async fn ready(&mut self, now: &(dyn Fn() -> At + Send + Sync)) {
        match self {
            Self::Embedded(source) => source.ready(now).await,
            Self::Detect(source) => source.ready(now).await,
            Self::Prometheus(_) | Self::Alerts(_) | Self::Status(_) | Self::Deploys(_) => {}
        }
    }

    /// A source that reads what another process asks for wants to look again so soon, whatever the last answer was: it
    /// burdens nobody.
    #[must_use]
    pub fn follows(&self) -> Option<Duration> {
        match self {
            Self::Embedded(source) => source.follows(),
            Self::Detect(source) => source.follows(),
            Self::Prometheus(_) | Self::Alerts(_) | Self::Status(_) | Self::Deploys(_) => None,
        }
    }

    /// The sources that this one turned out to be beside itself, each once. What is known of this one may have changed
    /// as well ([`Source::info`]), but never its id.
    #[must_use]
    pub fn apart(&mut self) -> Vec<Self> {
        match self {
            Self::Detect(source) => source.apart(),
            Self::Embedded(_) | Self::Prometheus(_) | Self::Alerts(_) | Self::Status(_) | Self::Deploys(_) => {
                Vec::new()
            }
        }
    }

    /// A source that has just begun may want its next ask earlier than its interval: rates need two scrapes.
    #[must_use]
    pub fn early(&self) -> Option<Duration> {
        match self {
            Self::Embedded(source) => source.early(),
            Self::Detect(source) => source.early(),
            Self::Prometheus(source) => source.early(),
            Self::Alerts(_) | Self::Status(_) | Self::Deploys(_) => None,
        }
    }
}

/// A question to a source that has no numbers.
fn no_metrics() -> Fault {
    Fault::new(FaultKind::NotFound, "this source has no metrics")
}
