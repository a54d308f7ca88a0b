//! One HTTP client for all sources: deadlines, capped bodies, own redirects, faults with causes.
//!
//! A source builds an [`Ask`] and gets an [`Answer`] or a [`Fault`] that says the cause first. Credentials are
//! resolved at each ask, go to the asked host only, and never appear in a fault or a shown address. Nothing here
//! retries, keeps a schedule or knows a format: pollers and the sources do.

mod access;
mod address;
mod body;
mod cause;
mod redirect;
mod refusal;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
};
use reqwest::{Client, Response, StatusCode};
use tokio::time::{Instant as Deadline, timeout_at};
use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

pub use access::Access;
pub use address::is_loopback;
pub use address::shown;
pub use body::Body;
pub use body::decode;
pub use body::looks_like_html;

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(3);
/// How many redirects are followed.
const REDIRECTS: usize = 5;
/// How much of an error's body is read to explain it, in bytes, and for how long.
const EXPLANATION: (usize, Duration) = (16 * 1024, Duration::from_secs(1));

/// One question: where, with which headers, for how long, and how large the answer may be.
#[derive(Clone)]
pub struct Ask {
    /// The address. Its userinfo is used as basic authentication and never shown.
    pub url: Url,
    /// Additional headers; their values are resolved at each ask.
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
    /// Asks for anything within 10 s and 4 MiB.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
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

/// The client. Cheap to clone; connections are shared between clones.
#[derive(Clone, Default)]
pub struct Http {
    clients: Arc<Clients>,
}

/// Built at their first use: loading the TLS roots takes longer than the first frame may, and a scrape of
/// `http://127.0.0.1` needs neither them nor a look at the proxy settings.
#[derive(Default)]
struct Clients {
    built: [OnceLock<Client>; 4],
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

    /// Asks once, following up to five redirects.
    ///
    /// # Errors
    ///
    /// Every way in which there is no usable answer: no connection, deadline, TLS, a refused or failed request
    /// (401 and 403 are `Denied`, 429 `RateLimited`, 404 `NotFound`, the rest `Status`), a redirect to a login
    /// page (`Denied`), an answer above the cap or cut short, a secret that cannot be read (`Local`).
    pub async fn get(&self, ask: &Ask) -> Result<Answer, Fault> {
        let headers = Headers::resolve(ask).await?;
        let begun = Instant::now();
        let mut trip = Trip { url: ask.url.clone(), trusted: true, end: Deadline::now() + ask.deadline };
        for _ in 0..=REDIRECTS {
            let response = self.send(ask, &headers, &trip).await.map_err(|fault| headers.redact(fault))?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED && ask.validators != Validators::default() {
                return Ok(Answer::NotModified);
            }
            if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
                let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
                trip.follow(&ask.url, status, location).map_err(|fault| headers.redact(fault))?;
                continue;
            }
            if !status.is_success() {
                let fault = refused(response, &trip, headers.authorized).await;
                return Err(headers.redact(fault));
            }
            let body = read(response, ask, &trip, begun).await.map_err(|fault| headers.redact(fault))?;
            if !trip.trusted && body.looks_like_html() && !ask.accept.contains("html") {
                return Err(redirect::login(&trip.url));
            }
            return Ok(Answer::Body(body));
        }
        Err(Fault::new(FaultKind::Status, &format!("more than {REDIRECTS} redirects"))
            .advise("the address leads in a circle: open it in a browser and configure where it ends"))
    }

    async fn send(&self, ask: &Ask, headers: &Headers, trip: &Trip) -> Result<Response, Fault> {
        if !matches!(trip.url.scheme(), "http" | "https") {
            return Err(Fault::new(FaultKind::Local, &format!("`{}:` is not an HTTP address", trip.url.scheme()))
                .advise("use an address that begins with http:// or https://"));
        }
        let client = self.client(&trip.url).await?;
        let once = || client.get(trip.url.clone()).headers(headers.to_send(trip.trusted)).send();
        let attempts = async {
            match once().await {
                // A server may close an idle connection in the moment in which it is used again (Node does so after
                // 5 s, which is a usual interval). The second attempt has a connection of its own.
                Err(error) if cause::may_be_stale(&error) => once().await,
                other => other,
            }
        };
        match timeout_at(trip.end, attempts).await {
            Ok(answer) => answer.map_err(|error| cause::of(&error, &trip.url, CONNECT, cause::Phase::Head)),
            Err(_) => Err(cause::too_slow(ask.deadline, cause::Phase::Head)),
        }
    }

    /// The client for an address: with TLS or without, with the proxies of the environment or without.
    async fn client(&self, url: &Url) -> Result<Client, Fault> {
        let (tls, direct) = (url.scheme() == "https", is_loopback(url));
        let slot = usize::from(tls) * 2 + usize::from(direct);
        if let Some(client) = self.clients.built.get(slot).and_then(OnceLock::get) {
            return Ok(client.clone());
        }
        let built = if tls {
            // Reading the roots from disk takes tens of milliseconds, in which a key would wait.
            tokio::task::spawn_blocking(move || build(true, direct))
                .await
                .map_err(|error| Fault::new(FaultKind::Local, &error.to_string()))?
        } else {
            build(false, direct)
        };
        let client = built.map_err(|error| cause::unbuilt(&error))?;
        if let Some(place) = self.clients.built.get(slot) {
            // Two sources may build at the same time; the first one stays, so that connections are shared.
            return Ok(place.get_or_init(|| client).clone());
        }
        Ok(client)
    }
}

fn build(tls: bool, direct: bool) -> reqwest::Result<Client> {
    // Another library may have chosen a provider before us, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("sixty/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(2);
    if !tls {
        builder = builder.tls_certs_only([]);
    }
    if direct {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// Where a request stands after its redirects.
struct Trip {
    url: Url,
    /// Still at the origin that the credentials are meant for.
    trusted: bool,
    end: Deadline,
}

impl Trip {
    fn follow(&mut self, first: &Url, status: StatusCode, location: Option<&[u8]>) -> Result<(), Fault> {
        let (url, same) = redirect::next(first, &self.url, status, location)?;
        self.trusted = self.trusted && same;
        self.url = url;
        if !self.trusted {
            address::strip_userinfo(&mut self.url);
        }
        Ok(())
    }
}

/// The headers of one ask with their secrets resolved.
struct Headers {
    /// Sent to everybody.
    open: HeaderMap,
    /// Sent to the asked origin only.
    own: HeaderMap,
    secrets: Vec<Secret>,
    authorized: bool,
}

impl Headers {
    async fn resolve(ask: &Ask) -> Result<Self, Fault> {
        let mut open = HeaderMap::new();
        open.insert(ACCEPT, HeaderValue::from_static(ask.accept));
        let mut own = HeaderMap::new();
        let validators = [(IF_NONE_MATCH, &ask.validators.etag), (IF_MODIFIED_SINCE, &ask.validators.last_modified)];
        for (name, value) in validators {
            if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
                own.insert(name, value);
            }
        }
        let mut secrets = Vec::new();
        for (name, reference) in &ask.headers {
            let secret = reference.resolve().await?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                Fault::new(FaultKind::Local, &format!("`{name}` is not the name of a header"))
                    .advise("header names have letters, digits and `-` only")
            })?;
            let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| {
                let cause = format!("the value of the header `{name}` has characters that no header can carry");
                Fault::new(FaultKind::Local, &cause).advise(&format!("look at the {}", reference.describe()))
            })?;
            value.set_sensitive(true);
            own.insert(name, value);
            secrets.push(secret);
        }
        secrets.extend(address::secrets(&ask.url));
        let authorized = own.contains_key(AUTHORIZATION) || !ask.url.username().is_empty();
        Ok(Self { open, own, secrets, authorized })
    }

    fn to_send(&self, trusted: bool) -> HeaderMap {
        let mut all = self.open.clone();
        if trusted {
            all.extend(self.own.clone());
        }
        all
    }

    /// A server may repeat what it was sent: takes every secret of this ask out of a fault.
    fn redact(&self, mut fault: Fault) -> Fault {
        for secret in &self.secrets {
            // `Bearer abc` must be found when only `abc` is repeated.
            let parts = secret.expose().split_whitespace().chain([secret.expose()]);
            for part in parts.filter(|part| part.len() >= 6) {
                fault.cause = fault.cause.replace(part, "…");
                fault.advice = fault.advice.replace(part, "…");
            }
        }
        fault
    }
}

/// The fault of an answer that is not a success, with what its body says about it.
async fn refused(mut response: Response, trip: &Trip, authorized: bool) -> Fault {
    let mut fault = refusal::of(response.status(), response.headers(), authorized && trip.trusted);
    let end = trip.end.min(Deadline::now() + EXPLANATION.1);
    let mut bytes = Vec::new();
    while bytes.len() < EXPLANATION.0 {
        match timeout_at(end, response.chunk()).await {
            Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
            _ => break,
        }
    }
    bytes.truncate(EXPLANATION.0);
    if let Some(line) = refusal::explanation(&bytes, response.status()) {
        fault.cause = format!("{}: {line}", fault.cause);
    }
    fault
}

/// Reads a body in pieces, so that a bomb stops at the cap and not at the end of memory.
async fn read(mut response: Response, ask: &Ask, trip: &Trip, begun: Instant) -> Result<Body, Fault> {
    let header =
        |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    // What the client can unpack it has unpacked, and it has taken this header out.
    if let Some(packed) = header(CONTENT_ENCODING).filter(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Fault::new(FaultKind::Unreadable, &format!("the answer is packed with `{packed}`"))
            .advise("the server ignores Accept-Encoding: let it send gzip or nothing"));
    }
    let content_type = header(CONTENT_TYPE);
    let validators = Validators { etag: header(ETAG), last_modified: header(LAST_MODIFIED) };
    if response.content_length().is_some_and(|length| length > ask.cap as u64) {
        return Err(cause::too_large(ask.cap));
    }
    let mut bytes = Vec::new();
    loop {
        let Ok(chunk) = timeout_at(trip.end, response.chunk()).await else {
            return Err(cause::too_slow(ask.deadline, cause::Phase::Body(bytes.len())));
        };
        let chunk = chunk.map_err(|error| cause::of(&error, &trip.url, CONNECT, cause::Phase::Body(bytes.len())))?;
        let Some(chunk) = chunk else { break };
        if bytes.len() + chunk.len() > ask.cap {
            return Err(cause::too_large(ask.cap));
        }
        bytes.extend_from_slice(&chunk);
    }
    let mut url = trip.url.clone();
    address::strip_userinfo(&mut url);
    Ok(Body { bytes, content_type, validators, took: begun.elapsed(), url })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_without_tls_is_built_at_once_and_only_once() {
        let http = Http::new();
        assert!(http.clients.built.iter().all(|slot| slot.get().is_none()), "nothing is built before it is needed");
        let url = Url::parse("http://127.0.0.1:1/").unwrap();
        let mut took = Vec::new();
        for _ in 0..5 {
            let begun = Instant::now();
            Http::new().client(&url).await.unwrap();
            took.push(begun.elapsed());
        }
        took.sort();
        // The debug build on a busy machine; the release build takes a twentieth of it.
        assert!(took[0] < Duration::from_millis(20), "{took:?}");
        http.client(&url).await.unwrap();
        let built: Vec<bool> = http.clients.built.iter().map(|slot| slot.get().is_some()).collect();
        assert_eq!(built, [false, true, false, false]);
        eprintln!("client without TLS: {took:?}");
    }
}
