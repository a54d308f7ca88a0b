//! Status pages of others: is it us, or is it them?
//!
//! One file per wire format, each a pure reader from bytes to [`ProviderStatus`]; this file chooses among them and
//! asks. The rule everywhere: the worst of what the page says, its open incidents and its components, after the
//! team's filters; a word that is not known is [`crate::facts::Level::Unknown`] and never operational. Nothing
//! here keeps a schedule; [`Settings`] only says how often a vendor may be asked.

mod aws;
mod azure;
mod draft;
mod filter;
mod google;
mod json;
mod plain;
#[cfg(test)]
mod recorded;
mod slack;
mod statuspage;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Payload;
use crate::facts::ProviderStatus;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::facts::text::clean_line;
use crate::sources::http::Answer;
use crate::sources::http::Ask;
use crate::sources::http::Body;
use crate::sources::http::Http;
use crate::sources::http::Validators;
use crate::sources::http::decode;
use crate::sources::http::is_loopback;
use crate::sources::http::looks_like_html;
use crate::sources::http::shown;

pub use filter::Filter;

/// Vendors are asked once a minute at most: pages are cached that long, and faster clients are blocked.
const SELDOM: Duration = Duration::from_mins(1);
/// Bodies above this size are read on another thread, so that no key waits for them.
const LARGE: usize = 128 * 1024;

/// The wire format of a status page.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Atlassian Statuspage v2, and those who imitate it.
    Statuspage,
    /// AWS public current events.
    Aws,
    /// Google Cloud and Workspace incidents.
    Gcp,
    /// The Azure public feed.
    Azure,
    /// Slack's own status API.
    Slack,
}

impl Kind {
    /// All kinds, in the order in which they are listed to people.
    pub const ALL: [Self; 5] = [Self::Statuspage, Self::Aws, Self::Gcp, Self::Azure, Self::Slack];

    /// The word in the configuration.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Statuspage => "statuspage",
            Self::Aws => "aws",
            Self::Gcp => "google-cloud",
            Self::Azure => "azure",
            Self::Slack => "slack",
        }
    }

    /// The kind with that word, or `None`.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// Where the vendor publishes; `None` where every page has its own address.
    #[must_use]
    pub fn default_url(self) -> Option<Url> {
        let address = match self {
            Self::Statuspage => return None,
            Self::Aws => "https://health.aws.amazon.com/public/currentevents",
            Self::Gcp => "https://status.cloud.google.com/incidents.json",
            Self::Azure => "https://azure.status.microsoft/en-us/status/feed/",
            Self::Slack => "https://slack-status.com/api/v2.0.0/current",
        };
        Url::parse(address).ok()
    }

    /// The document behind a page's root; an address that names a document stays as it is.
    fn document(self, url: &Url) -> Url {
        let mut url = url.clone();
        let path = url.path().trim_end_matches('/').to_owned();
        let document = match self {
            Self::Statuspage if path.rsplit('/').next().is_some_and(|last| last.contains(".json")) => return url,
            Self::Statuspage => match path.strip_suffix("/api/v2") {
                Some(root) => format!("{root}/api/v2/summary.json"),
                None => format!("{path}/api/v2/summary.json"),
            },
            _ if !path.is_empty() => return url,
            Self::Aws => "/public/currentevents".to_owned(),
            Self::Gcp => "/incidents.json".to_owned(),
            Self::Azure => "/en-us/status/feed/".to_owned(),
            Self::Slack => "/api/v2.0.0/current".to_owned(),
        };
        url.set_path(&document);
        url
    }

    const fn accept(self) -> &'static str {
        match self {
            Self::Azure => "application/rss+xml, application/xml, text/xml, */*;q=0.1",
            _ => "application/json, */*;q=0.1",
        }
    }
}

/// One status page as the team configured it.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// The provider's name as people know it: `Stripe`.
    pub name: String,
    /// The wire format.
    pub kind: Kind,
    /// The page's root or the document itself.
    pub url: Url,
    /// Components, products or services that matter; empty means all. A part of the name or a glob with `*`,
    /// upper and lower case alike.
    pub components: Vec<String>,
    /// Regions that matter, by code or name, or a glob; empty means all. Statuspage and Slack know no regions.
    pub regions: Vec<String>,
    /// How often it is asked.
    pub every: Duration,
    /// How long an answer may take.
    pub deadline: Duration,
}

impl Settings {
    /// Settings with a deadline of 10 s. `every` is raised to 60 s unless the host is this machine.
    #[must_use]
    pub fn new(name: &str, kind: Kind, url: Url, every: Duration) -> Self {
        let every = if is_loopback(&url) { every } else { every.max(SELDOM) };
        let (components, regions, deadline) = (Vec::new(), Vec::new(), Duration::from_secs(10));
        Self { name: clean_line(name, 60), kind, url, components, regions, every, deadline }
    }

    /// The same settings for those components, products or services only.
    #[must_use]
    pub fn with_components(mut self, components: Vec<String>) -> Self {
        self.components = components;
        self
    }

    /// The same settings for those regions only.
    #[must_use]
    pub fn with_regions(mut self, regions: Vec<String>) -> Self {
        self.regions = regions;
        self
    }
}

/// A status page as a source.
#[derive(Debug)]
pub struct StatusSource {
    settings: Settings,
    document: Url,
    validators: Validators,
}

impl StatusSource {
    /// A source that has not asked yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let document = settings.kind.document(&settings.url);
        Self { settings, document, validators: Validators::default() }
    }

    /// What is known before the first answer. The id is `status NAME`.
    #[must_use]
    pub fn info(&self) -> SourceInfo {
        SourceInfo {
            id: SourceId::new(&format!("status {}", self.settings.name)),
            kind: SourceKind::Status,
            service: None,
            address: shown(&self.document),
            every: self.settings.every,
        }
    }

    /// Asks once. An answer that is the same as the last good one is [`Payload::Unchanged`]; after a fault the
    /// next answer is always complete.
    ///
    /// # Errors
    ///
    /// Those of [`Http::ask`] and of [`read`].
    pub async fn ask(&mut self, http: &Http, at: At) -> Result<Payload, Fault> {
        let mut ask = Ask::new(self.document.clone());
        ask.accept = self.settings.kind.accept();
        ask.deadline = self.settings.deadline;
        // Taken out here and put back on success only: who has seen a fault needs the whole answer next time.
        ask.validators = std::mem::take(&mut self.validators);
        match http.ask(&ask).await? {
            Answer::NotModified => {
                self.validators = ask.validators;
                Ok(Payload::Unchanged)
            }
            Answer::Body(body) => {
                let validators = body.validators.clone();
                let status = self.digest(body, at).await?;
                self.validators = validators;
                Ok(Payload::Status(status))
            }
        }
    }

    async fn digest(&self, body: Body, at: At) -> Result<ProviderStatus, Fault> {
        let kind = self.settings.kind;
        let filter = Filter { components: self.settings.components.clone(), regions: self.settings.regions.clone() };
        let base = body.url.clone();
        let modified = body.validators.last_modified.clone();
        let large = body.bytes.len() > LARGE;
        let work = move || read(kind, &body.bytes, body.content_type.as_deref(), &filter, at);
        let mut status = if large {
            tokio::task::spawn_blocking(work)
                .await
                .map_err(|error| Fault::new(FaultKind::Unreadable, &error.to_string()))??
        } else {
            work()?
        };
        if status.page_updated.is_none() {
            let date = modified.and_then(|date| DateTime::parse_from_rfc2822(&date).ok());
            status.page_updated = date.map(|date| date.with_timezone(&Utc));
        }
        for notice in &mut status.notices {
            // Google's links are relative to the document.
            if !notice.link.is_empty() && !notice.link.contains("://") {
                notice.link = base.join(&notice.link).map(|link| shown(&link)).unwrap_or_default();
            }
        }
        Ok(status)
    }
}

/// Reads one answer. Pure; `at` stands in for the beginning of an incident that does not say when it began.
///
/// # Errors
///
/// `Unreadable` when the body is empty, a web page, broken or of another format; `NotFound` when none of the
/// chosen components is on the page.
pub fn read(
    kind: Kind,
    body: &[u8],
    content_type: Option<&str>,
    filter: &Filter,
    at: At,
) -> Result<ProviderStatus, Fault> {
    let unreadable = |cause: &str, advice: &str| Err(Fault::new(FaultKind::Unreadable, cause).advise(advice));
    if body.trim_ascii().is_empty() {
        return unreadable("the answer is empty", "open the address in a browser: is it still the right one?");
    }
    if looks_like_html(body, content_type) {
        return unreadable("a web page instead of data", "a wrong path, or a login page: check the address");
    }
    let text = decode(body)?;
    if kind == Kind::Azure {
        return azure::read(&text, filter, at);
    }
    let value = json::parse(&text)?;
    match kind {
        Kind::Statuspage => statuspage::read(&value, filter, at),
        Kind::Aws => aws::read(&value, filter, at),
        Kind::Gcp => google::read(&value, filter, at),
        Kind::Slack | Kind::Azure => slack::read(&value, filter, at),
    }
}
