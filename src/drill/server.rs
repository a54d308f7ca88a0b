//! The [`Server`]: answers for a world over HTTP on loopback.
//!
//! What the world says is not its business, and the time is whatever its owner's clock says.

use crate::drill::Answered;
use crate::facts::At;
use http_body_util::Full;
use hyper::Method;
use hyper::Request;
use hyper::Response;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::body::Incoming;
use hyper::header;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::borrow::Cow;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::task::JoinSet;

const TEXT: &str = "text/plain; charset=utf-8";

/// What a server serves.
pub trait Served: Send + 'static {
    /// The first instant that has a history.
    fn begins(&self) -> At;
    /// Takes the address that answers say they are at: `http://127.0.0.1:8080`.
    fn set_address(&mut self, base: &str);
    /// What a path with its query is answered with at an instant.
    fn answer(&mut self, path_and_query: &str, at: At) -> Answered;
}

impl Served for Box<dyn Served> {
    fn begins(&self) -> At {
        self.as_ref().begins()
    }

    fn set_address(&mut self, base: &str) {
        self.as_mut().set_address(base);
    }

    fn answer(&mut self, path_and_query: &str, at: At) -> Answered {
        self.as_mut().answer(path_and_query, at)
    }
}

/// Tells the time of the simulated world.
pub type Clock = Arc<dyn Fn() -> At + Send + Sync>;

/// A running server. Dropped, it stops, and its connections with it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves a world on 127.0.0.1; port 0 takes a free one. Must be called on a tokio runtime.
    ///
    /// Paths are the world's own: those of its [`Endpoints`](super::Endpoints). Metrics take `?at=` with Unix
    /// seconds, with or without a fraction, and answer about that past instant.
    ///
    /// # Errors
    ///
    /// The port cannot be bound, for example because another program has it.
    pub async fn start(mut world: impl Served, clock: Clock, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        world.set_address(&format!("http://{address}"));
        let site = Arc::new(Site { world: Mutex::new(Box::new(world)), clock });
        Ok(Self { address, task: tokio::spawn(accept(listener, site)) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, site: Arc<Site>) {
    // Connections live in the set, so that they end with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(converse(stream, Arc::clone(&site))); }
                // Out of file handles, most likely: give the others time to end.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, site: Arc<Site>) {
    // Without it a small answer may wait for the acknowledgement of the one before; it works without as well.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let answer = site.answer(&request);
        async move {
            match answer? {
                Some(answer) => Ok::<_, Silence>(answer),
                // Until the caller loses patience.
                None => std::future::pending().await,
            }
        }
    });
    // A caller that hangs up in the middle is nobody's fault.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

type Answer = Response<Full<Bytes>>;

/// What every connection shares.
struct Site {
    world: Mutex<Box<dyn Served>>,
    clock: Clock,
}

impl Site {
    /// The answer to a request; `None`: none ever comes.
    ///
    /// # Errors
    /// Nobody listens there.
    fn answer<B>(&self, request: &Request<B>) -> Result<Option<Answer>, Silence> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
            answer.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
            return Ok(Some(answer));
        }
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        let whole = request.uri().path_and_query().map_or(path, hyper::http::uri::PathAndQuery::as_str);
        let now = (self.clock)();
        // A panic of another answer leaves the world usable: each question sets what it needs.
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let of_metrics = path.ends_with("/metrics");
        let at = match if of_metrics { instant(query, world.begins(), now) } else { Ok(now) } {
            Ok(at) => at,
            Err(refusal) => return Ok(Some(plain(StatusCode::BAD_REQUEST, &refusal))),
        };
        let (status, kind, bytes, link) = match world.answer(whole, at) {
            Answered::Body { status, kind, bytes, link } => (status, kind, Bytes::from(bytes), link),
            Answered::Refused => return Err(Silence),
            Answered::Hangs => return Ok(None),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if of_metrics || status != StatusCode::OK {
            return Ok(Some(body(status, kind, bytes)));
        }
        let mut answer = tagged(request, kind, bytes);
        let headers = answer.headers_mut();
        if path.starts_with("/repos/") {
            let budget = [("x-ratelimit-limit", 5_000), ("x-ratelimit-remaining", 4_990)];
            for (name, value) in budget.into_iter().chain([("x-ratelimit-reset", now.timestamp() + 3_600)]) {
                headers.insert(name, value.into());
            }
        }
        if let Some(link) = link.and_then(|link| link.parse().ok()) {
            headers.insert(header::LINK, link);
        }
        Ok(Some(answer))
    }
}

/// Nobody listens: the connection is closed without a word.
#[derive(Debug)]
struct Silence;

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody listens")
    }
}

impl std::error::Error for Silence {}

/// The instant that a query asks about, or why it cannot be told.
fn instant(query: &str, begins: At, now: At) -> Result<At, String> {
    let Some(text) = parameter(query, "at") else { return Ok(now) };
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.abs() < 1e11);
    // Beyond the third digit a double of today's size is not exact.
    let at = seconds.and_then(|seconds| At::from_timestamp_millis((seconds * 1000.0).round() as i64));
    let Some(at) = at else {
        return Err("at: write Unix seconds, such as 1763625600 or 1763625600.25\n".to_owned());
    };
    if at < begins {
        return Err(format!("at: nothing is known from before {}\n", begins.timestamp()));
    }
    if at > now {
        return Err(format!("at: that is not over yet, it is {} now\n", now.timestamp()));
    }
    Ok(at)
}

/// The value of a query's parameter, decoded.
fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
}

fn plain(status: StatusCode, text: &str) -> Answer {
    body(status, TEXT, text.to_owned().into())
}

fn body(status: StatusCode, kind: &'static str, bytes: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(bytes));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    answer
}

/// An answer with a tag; empty and 304 when the caller has it already.
fn tagged<B>(request: &Request<B>, kind: &'static str, bytes: Bytes) -> Answer {
    // FNV-1a: a tag tells two bodies apart, nobody attacks it.
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let tag = format!("W/\"{hash:016x}\"");
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = known.flat_map(|value| value.split(',')).any(|known| known.trim() == tag || known.trim() == "*");
    let mut answer = if known {
        let mut answer = Response::new(Full::new(Bytes::new()));
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    } else {
        body(StatusCode::OK, kind, bytes)
    };
    if let Ok(tag) = tag.parse() {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn an_instant_is_read_or_refused_in_words() {
        let now = At::from_timestamp(1_763_625_600, 0).unwrap();
        let begins = now - Duration::minutes(70);
        let ask = |query| instant(query, begins, now);
        assert_eq!(ask(""), Ok(now));
        assert_eq!(ask("x=1"), Ok(now));
        assert_eq!(ask("at=1763625500.25"), Ok(now - Duration::milliseconds(99_750)));
        for (query, words) in [
            ("at=", "write Unix seconds"),
            ("at=yesterday", "write Unix seconds"),
            ("at=NaN", "write Unix seconds"),
            ("at=1e300", "write Unix seconds"),
            ("at=1763625601", "not over yet"),
            ("at=1763000000", "nothing is known from before"),
        ] {
            assert!(ask(query).is_err_and(|text| text.contains(words)), "{query}");
        }
    }
}
