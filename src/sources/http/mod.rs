//! One HTTP client for all sources: deadlines, capped bodies, own redirects, faults with causes.
//!
//! A source builds an [`Ask`] and gets an [`Answer`] or a [`Fault`] that says the cause first. Credentials are
//! resolved at each ask, go to the asked host only, and never appear in a fault or a shown address. Nothing here
//! retries, keeps a schedule or knows a format: pollers and the sources do.

mod access;
mod address;
mod body;
mod cause;
mod clients;
mod handshake;
mod headers;
mod message;
mod name;
mod network;
mod oauth2;
mod pem;
mod proxy;
mod receive;
mod redirect;
mod refusal;
mod tls;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{HOST, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode};
use tokio::time::{Instant as Deadline, timeout_at};
use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::clients::Clients;
use crate::sources::http::headers::Authorization;
use crate::sources::http::headers::Headers;
use crate::sources::http::oauth2::Tokens;
use crate::sources::http::redirect::Trip;
use crate::sources::secret::SecretRef;

pub use access::Access;
pub use access::Auth;
pub use access::Identity;
pub use access::OAuth2;
pub use access::Proxy;
pub use access::Route;
pub use access::Tls;
pub use access::TlsVersion;
pub use access::Via;
pub use address::is_loopback;
pub use address::shown;
pub use body::Body;
pub use body::decode;
pub use body::looks_like_html;
pub use message::Failure;
pub use message::Message;
pub use message::Method;
pub use network::Network;
pub use network::Reply;
pub use network::Sent;
pub use network::Stopwatch;

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(3);
/// How many redirects are followed.
const REDIRECTS: usize = 5;
/// One question: where, with which headers, for how long, and how large the answer may be.
#[derive(Clone)]
pub struct Ask {
    /// The address. Its userinfo is used as basic authentication and never shown.
    pub url: Url,
    /// How the server is reached; `None`: a plain request.
    pub access: Option<Arc<Access>>,
    /// Names and values that are sent as a form with POST; `None`: GET. The request must be one that may be sent
    /// twice: a connection that broke is tried again.
    pub form: Option<Vec<(String, String)>>,
    /// A body that is sent instead, once, and that follows no redirect; see [`Http::tell`].
    pub message: Option<Message>,
    /// Headers beside those of the access; their values are resolved at each ask.
    pub headers: Vec<(String, SecretRef)>,
    /// The `Accept` header.
    pub accept: &'static str,
    /// For the whole answer, body and redirects included.
    pub deadline: Duration,
    /// The largest body that is accepted, in bytes after decompression.
    pub cap: usize,
    /// What the last answer said about itself, so that an unchanged one need not be sent again.
    pub validators: Validators,
}

impl Ask {
    /// Asks with GET for anything within 10 s and 4 MiB.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            access: None,
            form: None,
            message: None,
            headers: Vec::new(),
            accept: "*/*",
            deadline: Duration::from_secs(10),
            cap: 4 * 1024 * 1024,
            validators: Validators::default(),
        }
    }
}

/// What an answer says about its own version, for the next conditional request.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Validators {
    /// The `ETag` as it came.
    pub etag: Option<String>,
    /// The `Last-Modified` date as it came.
    pub last_modified: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub enum Answer {
    /// The server says that nothing changed since the answer that the validators come from.
    NotModified,
    /// A success with its body, which may be empty.
    Body(Body),
}

/// The client. Cheap to clone; connections and tokens are shared between clones.
#[derive(Clone, Default)]
pub struct Http {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    clients: Clients,
    tokens: Tokens,
    /// Instead of that of the machine.
    inside: Option<Arc<dyn Network>>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl Http {
    /// A client that has not connected to anything and has loaded nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A client that asks on a network inside the program, in whose time its answers come.
    #[must_use]
    pub fn inside(network: Arc<dyn Network>) -> Self {
        Self { shared: Arc::new(Shared { inside: Some(network), ..Shared::default() }) }
    }

    /// Whether it asks on a network inside the program.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.shared.inside.is_some()
    }

    /// What a file of the network inside the program holds; `None` where files are those of the machine.
    #[must_use]
    pub fn file(&self, path: &Path) -> Option<io::Result<Vec<u8>>> {
        self.shared.inside.as_ref().map(|network| network.file(path))
    }

    /// Begins to measure how long something takes in the time in which answers come.
    #[must_use]
    pub fn stopwatch(&self) -> Stopwatch {
        match &self.shared.inside {
            Some(network) => Stopwatch::Inside(Arc::clone(network), network.now()),
            None => Stopwatch::Life(Instant::now()),
        }
    }

    /// Asks once, following up to five redirects. A form stays a form on the way, as long as the origin is the same.
    ///
    /// # Errors
    ///
    /// Every way in which there is no usable answer: no connection, deadline, TLS, a refused or failed request
    /// (401 and 403 are `Denied`, 429 `RateLimited`, 404 `NotFound`, the rest `Status`, all with their status, as
    /// 405 for a form that is not taken), a redirect to a login
    /// page (`Denied`), an answer above the cap or cut short, a secret that cannot be read (`Local`).
    pub async fn ask(&self, ask: &Ask) -> Result<Answer, Fault> {
        self.tell(ask).await.map_err(|failure| failure.fault)
    }

    /// The same for an ask with a [`Message`], which changes something: a failure says whether it can have done so.
    ///
    /// # Errors
    ///
    /// As [`ask`](Self::ask), and a redirect in any case. Certain are those in which nothing was sent (no name, no
    /// connection, no handshake, no secret) or the server refused it (3xx and 4xx).
    pub async fn tell(&self, ask: &Ask) -> Result<Answer, Failure> {
        let end = Deadline::now() + ask.deadline;
        let who = self.authorization(ask).await.map_err(Failure::certain)?;
        let headers = Headers::resolve(ask, who.as_ref()).await.map_err(Failure::certain)?;
        let redacted = |headers: Headers| {
            move |failure: Failure| Failure { fault: headers.redact(failure.fault), certain: failure.certain }
        };
        let answer = self.travel(ask, &headers, end).await.map_err(redacted(headers));
        match (&answer, ask.access.as_deref().and_then(|access| access.auth.as_ref()), who) {
            (Err(failure), Some(Auth::OAuth2(oauth2)), Some(who))
                if failure.fault.status == Some(401) && who.is_kept =>
            {
                // A token may be taken back before its end.
                self.shared.tokens.forget(oauth2, who.header()).await;
                let who = self.authorization(ask).await.map_err(Failure::certain)?;
                let headers = Headers::resolve(ask, who.as_ref()).await.map_err(Failure::certain)?;
                self.travel(ask, &headers, end).await.map_err(redacted(headers))
            }
            _ => answer,
        }
    }

    /// Who asks, with the secrets looked up.
    async fn authorization(&self, ask: &Ask) -> Result<Option<Authorization>, Fault> {
        let Some(auth) = ask.access.as_deref().and_then(|access| access.auth.as_ref()) else { return Ok(None) };
        Ok(Some(match auth {
            Auth::Basic { user, password } => Authorization::basic(user, password.as_ref()).await?,
            Auth::Scheme { scheme, credentials } => Authorization::scheme(scheme, credentials).await?,
            Auth::OAuth2(oauth2) => self.shared.tokens.get(self, oauth2, ask.deadline).await?,
        }))
    }

    /// Asks and goes where redirects lead.
    async fn travel(&self, ask: &Ask, headers: &Headers, end: Deadline) -> Result<Answer, Failure> {
        let begun = self.stopwatch();
        let mut trip = Trip::begin(ask, end);
        for _ in 0..=REDIRECTS {
            let response = self.send(ask, headers, &trip, &begun).await?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED && ask.validators != Validators::default() {
                return Ok(Answer::NotModified);
            }
            if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
                let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
                if ask.message.is_some() {
                    return Err(message::redirected(&trip, status, location));
                }
                trip.follow(status, location).map_err(Failure::certain)?;
                continue;
            }
            if !status.is_success() {
                return Err(Failure::of_status(status, receive::refused(response, &trip, headers.authorized).await));
            }
            let body = receive::read(response, ask, &trip, &begun).await.map_err(Failure::open)?;
            if !trip.trusted && body.looks_like_html() && !ask.accept.contains("html") {
                return Err(Failure::certain(redirect::login(&trip.url)));
            }
            return Ok(Answer::Body(body));
        }
        let fault = Fault::new(FaultKind::Status, &format!("more than {REDIRECTS} redirects"))
            .advise("the address leads in a circle: open it in a browser and configure where it ends");
        Err(Failure::certain(fault))
    }

    async fn send(&self, ask: &Ask, headers: &Headers, trip: &Trip, begun: &Stopwatch) -> Result<Response, Failure> {
        if !matches!(trip.url.scheme(), "http" | "https") {
            let fault = Fault::new(FaultKind::Local, &format!("`{}:` is not an HTTP address", trip.url.scheme()))
                .advise("use an address that begins with http:// or https://");
            return Err(Failure::certain(fault));
        }
        if let Some(network) = &self.shared.inside {
            return network::send(network, ask, trip, begun).await.map_err(Failure::certain);
        }
        let too_slow = || cause::too_slow(ask.deadline, cause::Phase::Head);
        let building = self.shared.clients.client(&trip.url, &trip.route);
        let client = timeout_at(trip.end, building).await.map_err(|_| Failure::certain(too_slow()))?;
        let client = client.map_err(Failure::certain)?;
        let mut url = trip.url.clone();
        let mut all = headers.to_send(trip.trusted);
        if let Some(name) = trip.route.tls.server_name.as_deref().filter(|_| url.scheme() == "https")
            && let Some((renamed, host)) = name::renamed(&url, name)
        {
            url = renamed;
            all.insert(HOST, host);
        }
        let once = || {
            let request = match (&ask.message, ask.form.as_ref().filter(|_| trip.form)) {
                (Some(message), _) => message.request(&client, url.clone()),
                (None, Some(form)) => client.post(url.clone()).form(form),
                (None, None) => client.get(url.clone()),
            };
            request.headers(all.clone()).send()
        };
        let attempts = async {
            match once().await {
                // A server may close an idle connection in the moment in which it is used again (Node does so after
                // 5 s, which is a usual interval). The second attempt has a connection of its own. What changes
                // something is not sent twice: it may have arrived.
                Err(error) if cause::may_be_stale(&error) && ask.message.is_none() => once().await,
                other => other,
            }
        };
        match timeout_at(trip.end, attempts).await {
            Ok(answer) => answer.map_err(|error| Failure {
                certain: error.is_connect() || error.is_builder(),
                fault: cause::of(&error, &trip.url, &trip.route, cause::Phase::Head),
            }),
            Err(_) => Err(Failure::open(too_slow())),
        }
    }
}
