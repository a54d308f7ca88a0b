//! A network that lies inside the program: who asks there meets no socket, no TLS and no wall clock.
//!
//! A [`Network`] says what comes back and how long that takes in its own time; everything behind the first byte of an
//! answer (redirects, caps, content types, refusals, parsers) is the very code that reads real answers, and a request
//! that hangs costs no real time. What an answer says is not decided here. Main types: [`Network`], [`Stopwatch`].

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use reqwest::Response;
use reqwest::StatusCode;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use url::Url;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Ask;
use crate::sources::http::cause;
use crate::sources::http::redirect::Trip;

/// A network and its time.
pub trait Network: Send + Sync {
    /// What the clock of the network shows to whoever asks just now.
    fn now(&self) -> At;

    /// Somebody has waited until then. Never sets the clock back.
    fn passed(&self, until: At);

    /// What comes back when the address is asked now with GET, or with a form.
    fn answer(&self, url: &Url, form: Option<&[(String, String)]>) -> Sent;

    /// What a file holds now.
    ///
    /// # Errors
    /// Those of the disk that the file would lie on.
    fn file(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// What comes back, and when.
#[derive(Debug)]
pub struct Sent {
    /// From the request to the last byte; [`Duration::MAX`] hangs.
    pub after: Duration,
    /// An answer, or what breaks the connection.
    pub what: Result<Reply, io::Error>,
}

impl Sent {
    /// An answer that comes at once.
    #[must_use]
    pub fn at_once(reply: Reply) -> Self {
        Self { after: Duration::ZERO, what: Ok(reply) }
    }

    /// No answer ever; the connection stands.
    #[must_use]
    pub fn never() -> Self {
        Self { after: Duration::MAX, what: Err(io::ErrorKind::TimedOut.into()) }
    }

    /// The connection fails at once, for that reason.
    #[must_use]
    pub fn broken(why: io::ErrorKind) -> Self {
        Self { after: Duration::ZERO, what: Err(why.into()) }
    }
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Names and values of its headers.
    pub headers: Vec<(String, String)>,
    /// The body, not packed.
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer with a status, a content type and a body.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }
}

/// Measures how long an ask takes: in life, or in the time of a network.
pub enum Stopwatch {
    /// In life.
    Life(Instant),
    /// In the time of a network, since then.
    Inside(Arc<dyn Network>, At),
}

impl Stopwatch {
    /// How long it has run.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match self {
            Self::Life(since) => since.elapsed(),
            Self::Inside(network, since) => (network.now() - *since).to_std().unwrap_or_default(),
        }
    }
}

impl fmt::Debug for Stopwatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stopwatch({:?})", self.elapsed())
    }
}

/// Requests that are made at the same instant are all made before the clock moves for one of them: that many turns
/// are left to the others.
const TURNS: usize = 4;

/// Sends one request; `begun` is when the ask did, from which its deadline counts.
pub(super) async fn send(
    network: &Arc<dyn Network>,
    ask: &Ask,
    trip: &Trip,
    begun: &Stopwatch,
) -> Result<Response, Fault> {
    if ask.message.is_some() {
        return Err(Fault::new(FaultKind::Local, "a network inside the program takes no messages"));
    }
    let asked = network.now();
    let left = ask.deadline.saturating_sub(begun.elapsed());
    let form = ask.form.as_deref().filter(|_| trip.form);
    let Sent { after, what } = network.answer(&trip.url, form);
    let lasts = after.min(left);
    if !lasts.is_zero() {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        network.passed(asked + chrono::TimeDelta::from_std(lasts).unwrap_or_default());
    }
    if after > left {
        return Err(cause::too_slow(ask.deadline, cause::Phase::Head));
    }
    let reply = what.map_err(|error| cause::broken(&error, &trip.url, &trip.route.tls, cause::Phase::Head))?;
    response(reply)
}

/// The answer as the client would have given it.
fn response(reply: Reply) -> Result<Response, Fault> {
    let status = StatusCode::from_u16(reply.status).map_err(|_| {
        Fault::new(FaultKind::Unreadable, "this is not an HTTP answer")
            .advise("another protocol speaks on this port, or it wants https://")
    })?;
    let mut response = hyper::Response::new(reply.body);
    *response.status_mut() = status;
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().append(name, value);
        }
    }
    Ok(Response::from(response))
}
