//! Who pages: what they have open, and how one of it is acknowledged.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::courier::alertmanager;
use crate::courier::hidden::Hidden;
use crate::courier::oncall;
use crate::courier::opsgenie;
use crate::courier::pagerduty;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::incident::OpenPage;
use crate::incident::PageState;
use crate::sources::http::Access;
use crate::sources::http::Answer;
use crate::sources::http::Ask;
use crate::sources::http::Failure;
use crate::sources::http::Http;
use crate::sources::http::Message;
use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

/// Most pages that are told of one pager.
pub(super) const MOST: usize = 200;
/// Most characters of a title.
pub(super) const TITLE: usize = 200;

/// Somebody who pages.
#[derive(Clone, PartialEq)]
pub struct Pager {
    /// Its name; unique.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The services that it pages for; empty: all.
    pub services: Vec<String>,
    /// How it is reached: proxy, TLS, headers; credentials for an Alertmanager.
    pub access: Arc<Access>,
    /// For one answer.
    pub deadline: Duration,
}

/// What a pager is.
#[derive(Clone, PartialEq, Eq)]
pub enum Kind {
    /// `PagerDuty`, REST API v2.
    PagerDuty {
        /// The base of the API; accounts in Europe have another.
        api: Url,
        /// A key that may write.
        token: SecretRef,
        /// The mail address of the user in whose name pages are acknowledged.
        from: String,
        /// Ids of services there; empty: all that the key may see.
        service_ids: Vec<String>,
        /// Ids of teams there; empty: all.
        teams: Vec<String>,
    },
    /// Opsgenie, API v2.
    Opsgenie {
        /// The base of the API; accounts in Europe have another.
        api: Url,
        /// An API key.
        token: SecretRef,
        /// Names of teams there; empty: all.
        teams: Vec<String>,
    },
    /// Grafana `OnCall` and IRM.
    OnCall {
        /// The base of its API.
        api: Url,
        /// An API key, or the token of a service account.
        token: SecretRef,
        /// The address of Grafana, which a service account needs.
        grafana: Option<Url>,
        /// Ids of teams there; empty: all.
        teams: Vec<String>,
    },
    /// An Alertmanager, which knows no acknowledgement: a silence that ends by itself stands for it.
    Alertmanager {
        /// Its address, with the prefix before `/api/v2`.
        url: Url,
        /// How long a silence lasts.
        silence: Duration,
    },
}

impl fmt::Debug for Pager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address may hold a user and a password.
        let mut all = f.debug_struct(self.kind.title());
        all.field("name", &self.name).field("address", &self.shown()).field("services", &self.services);
        all.field("secrets", &self.secrets().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Kind {
    /// What it is, for people.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::PagerDuty { .. } => "PagerDuty",
            Self::Opsgenie { .. } => "Opsgenie",
            Self::OnCall { .. } => "Grafana OnCall",
            Self::Alertmanager { .. } => "Alertmanager",
        }
    }
}

/// Who acknowledges, when, and with which words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word<'a> {
    /// The person.
    pub who: &'a str,
    /// What is said with it; may be empty.
    pub text: &'a str,
    /// Now.
    pub at: At,
}

impl Pager {
    /// Whether it pages for a service.
    #[must_use]
    pub fn watches(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|name| name == service)
    }

    /// The secrets that it needs, to be looked at before anything is asked.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let own = match &self.kind {
            Kind::PagerDuty { token, .. } | Kind::Opsgenie { token, .. } | Kind::OnCall { token, .. } => Some(token),
            Kind::Alertmanager { .. } => None,
        };
        own.into_iter().chain(self.access.secrets())
    }

    /// Its address, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let (Kind::PagerDuty { api: url, .. }
        | Kind::Opsgenie { api: url, .. }
        | Kind::OnCall { api: url, .. }
        | Kind::Alertmanager { url, .. }) = &self.kind;
        crate::sources::http::shown(url)
    }

    /// What it has open, triggered first, then the newest first; changes nothing there. `service` is the one that the
    /// person looks at: what names it comes first where a pager serves many.
    ///
    /// # Errors
    /// Why it could not be asked.
    pub async fn list(&self, http: &Http, service: &str, at: At) -> Result<Vec<OpenPage>, Fault> {
        let line = Line::to(self, http);
        let mut pages = match &self.kind {
            Kind::PagerDuty { .. } => pagerduty::list(&line).await,
            Kind::Opsgenie { .. } => opsgenie::list(&line).await,
            Kind::OnCall { .. } => oncall::list(&line).await,
            Kind::Alertmanager { silence, .. } => alertmanager::list(&line, *silence, service, at).await,
        }?;
        pages.sort_by_key(|page| (page.state != PageState::Triggered, std::cmp::Reverse(page.since)));
        if let Kind::Alertmanager { .. } = self.kind {
            // The alerts of one server may be those of a hundred services.
            pages.sort_by_key(|page| page.state != PageState::Triggered || !alertmanager::names(page, service));
        }
        pages.truncate(MOST);
        Ok(pages)
    }

    /// Acknowledges a page, after a look at how it stands now: one that is resolved is left alone, since
    /// acknowledging would open it again. Answers what came back.
    ///
    /// # Errors
    /// Why it could not be done; where nobody knows whether it was, the advice says so.
    pub async fn acknowledge(&self, http: &Http, page: &OpenPage, word: Word<'_>) -> Result<String, Fault> {
        let line = Line::to(self, http);
        match &self.kind {
            Kind::PagerDuty { from, .. } => pagerduty::acknowledge(&line, page, from).await,
            Kind::Opsgenie { .. } => opsgenie::acknowledge(&line, page, word).await,
            Kind::OnCall { .. } => oncall::acknowledge(&line, page).await,
            Kind::Alertmanager { silence, .. } => alertmanager::acknowledge(&line, page, word, *silence).await,
        }
    }
}

/// The way to one pager.
pub(super) struct Line<'a> {
    pub(super) pager: &'a Pager,
    http: &'a Http,
}

impl<'a> Line<'a> {
    const fn to(pager: &'a Pager, http: &'a Http) -> Self {
        Self { pager, http }
    }

    /// Reads what stands at an address.
    ///
    /// # Errors
    /// Why there is no answer, or why it cannot be read.
    pub(super) async fn read<T: DeserializeOwned>(&self, url: Url) -> Result<T, Fault> {
        Self::parsed(&self.asked(url, None, &[]).await.map_err(|failure| failure.fault)?)
    }

    /// Changes something.
    ///
    /// # Errors
    /// Why it was not, with a word where nobody knows.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        url: Url,
        message: Message,
        headers: &[(&str, &str)],
    ) -> Result<T, Fault> {
        let unknown = |mut fault: Fault| {
            "look there whether it was done: the answer does not tell".clone_into(&mut fault.advice);
            fault
        };
        let answer = self.asked(url, Some(message), headers).await;
        let text = answer.map_err(|failure| if failure.certain { failure.fault } else { unknown(failure.fault) })?;
        Self::parsed(&text).map_err(unknown)
    }

    fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
        serde_json::from_str(text).map_err(|error| {
            let what =
                if error.is_eof() { "the answer ends early or is empty" } else { "the answer is not understood" };
            Fault::new(FaultKind::Unreadable, &format!("{what}: {error}"))
                .advise("is this the address of the API, and not of its pages?")
        })
    }

    async fn asked(&self, url: Url, message: Option<Message>, more: &[(&str, &str)]) -> Result<String, Failure> {
        let mut hidden = Hidden::default();
        let plain = |text: &str| SecretRef::Plain(Secret::new(text));
        let mut headers: Vec<(String, SecretRef)> =
            more.iter().map(|(name, value)| ((*name).to_owned(), plain(value))).collect();
        let (token, scheme) = match &self.pager.kind {
            Kind::PagerDuty { token, .. } => (Some(token), "Token token="),
            Kind::Opsgenie { token, .. } => (Some(token), "GenieKey "),
            // No word before it.
            Kind::OnCall { token, .. } => (Some(token), ""),
            Kind::Alertmanager { .. } => (None, ""),
        };
        if let Some(token) = token {
            let token = hidden.token(token).await?;
            headers.push(("Authorization".to_owned(), plain(&format!("{scheme}{}", token.expose()))));
        }
        if let Kind::OnCall { grafana: Some(grafana), .. } = &self.pager.kind {
            headers.push(("X-Grafana-URL".to_owned(), plain(grafana.as_str().trim_end_matches('/'))));
        }
        let accept = match &self.pager.kind {
            Kind::PagerDuty { .. } => "application/vnd.pagerduty+json;version=2",
            _ => "application/json",
        };
        let access = Some(Arc::clone(&self.pager.access));
        let ask = Ask { message, headers, accept, access, deadline: self.pager.deadline, ..Ask::new(url) };
        let failed = |failure| hidden.out_of_failure(self.advised(failure, ask.message.is_some()));
        let body = match self.http.tell(&ask).await.map_err(failed)? {
            Answer::Body(body) => body,
            Answer::NotModified => return Ok(String::new()),
        };
        if body.looks_like_html() {
            let fault = Fault::new(FaultKind::Unreadable, "a web page came back");
            return Err(failed(Failure::open(fault.advise("a login page, or not the address of the API"))));
        }
        body.text().map_err(Failure::open).map_err(failed)
    }

    /// What to do about a refusal, in the words of this place.
    fn advised(&self, mut failure: Failure, writes: bool) -> Failure {
        let advice = match (failure.fault.status, &self.pager.kind) {
            (Some(403), Kind::PagerDuty { .. }) if writes => "the key may only read: make one that may write",
            (Some(401 | 403), Kind::Alertmanager { .. }) => "it wants credentials: bearer, basic_auth or headers",
            (Some(401 | 403), Kind::OnCall { grafana: None, .. }) => {
                "the token was refused; that of a service account needs `grafana`, the address of Grafana"
            }
            (Some(401 | 403), _) => "the token was refused: is it good, and of this account (EU has another api)?",
            (Some(404), _) => "is this the address of its API, with the right prefix?",
            _ => return failure,
        };
        advice.clone_into(&mut failure.fault.advice);
        failure
    }
}

/// The refusal to acknowledge what is over.
pub(super) fn is_over(what: &str) -> Fault {
    Fault::new(FaultKind::NotFound, &format!("{what} is resolved by now, and was left alone"))
        .advise("acknowledging it would open it again: list the pages anew")
}

/// A value of JSON as a text, whether it is written as one or as a number.
pub(super) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}

/// Reads a field that may be missing or `null`, beside `#[serde(default)]`.
pub(super) fn nullable<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
