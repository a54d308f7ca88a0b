//! A scripted HTTP server on loopback for contract tests: every way in which an endpoint can behave or misbehave.
//!
//! ```ignore
//! let server = Loopback::start().await;
//! server.on("/metrics", Script::ok("text/plain", "up 1\n").header("etag", "\"1\""));
//! let answer = http.ask(&Ask::new(server.url("/metrics"))).await;
//! assert_eq!(server.asked("/metrics"), 1);
//! assert_eq!(server.requests()[0].header("accept"), Some("*/*"));
//! ```
//!
//! One answer per connection (`Connection: close`). Scripts are chosen by path, the query does not count; an
//! unknown path is answered with 404. Nothing sleeps: a script that hangs waits until the client hangs up.
//! Dropping the [`Loopback`] closes it, after which connections to its address are refused.

#![cfg(test)]
#![allow(dead_code, clippy::allow_attributes, reason = "every test target uses another part of it")]

pub mod proxy;
pub mod tls;

use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// How a path answers.
#[derive(Clone)]
pub struct Script {
    /// Status line and headers; empty for [`Script::raw`], [`Script::silent`] and [`Script::hangs_up`].
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    after: After,
}

#[derive(Clone, Copy, PartialEq)]
enum After {
    Close,
    Hang,
    /// Sends the body again and again until the client hangs up.
    Repeat,
}

impl Script {
    fn new(status: Option<u16>, body: &[u8], after: After) -> Self {
        Self { status, headers: Vec::new(), body: body.to_owned(), after }
    }

    /// A status with a body and its length.
    pub fn status(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        Self::new(Some(status), body, After::Close)
            .header("content-type", content_type)
            .header("content-length", &body.len().to_string())
    }

    /// 200 with a body and its length.
    pub fn ok(content_type: &str, body: impl AsRef<[u8]>) -> Self {
        Self::status(200, content_type, body)
    }

    /// 302 to an absolute or relative address.
    pub fn redirect(to: &str) -> Self {
        Self::status(302, "text/html", "<html><title>302 Found</title></html>").header("location", to)
    }

    /// Accepts the request and never answers.
    pub fn silent() -> Self {
        Self::new(None, b"", After::Hang)
    }

    /// Closes the connection without an answer.
    pub fn hangs_up() -> Self {
        Self::new(None, b"", After::Close)
    }

    /// Sends these bytes as they are and closes: garbage instead of HTTP.
    pub fn raw(bytes: &[u8]) -> Self {
        Self::new(None, bytes, After::Close)
    }

    /// 200, the beginning of a body, and then nothing more.
    pub fn stuck(content_type: &str, beginning: impl AsRef<[u8]>) -> Self {
        let beginning = beginning.as_ref();
        Self::new(Some(200), beginning, After::Hang)
            .header("content-type", content_type)
            .header("content-length", &(beginning.len() + 100).to_string())
    }

    /// 200 with a length that is larger than what comes before the connection is closed.
    pub fn truncated(content_type: &str, beginning: impl AsRef<[u8]>) -> Self {
        let beginning = beginning.as_ref();
        Self::new(Some(200), beginning, After::Close)
            .header("content-type", content_type)
            .header("content-length", &(beginning.len() + 100).to_string())
    }

    /// 200 without a length, and the same piece again and again until the client has enough.
    pub fn endless(content_type: &str, piece: impl AsRef<[u8]>) -> Self {
        Self::new(Some(200), piece.as_ref(), After::Repeat).header("content-type", content_type)
    }

    /// 200 with a gzip body that unpacks to `size` blanks, about a thousandth of that on the wire.
    pub fn bomb(content_type: &str, size: usize) -> Self {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let block = vec![b' '; 64 * 1024];
        for _ in 0..size.div_ceil(block.len()) {
            packer.write_all(&block).unwrap();
        }
        Self::ok(content_type, packer.finish().unwrap()).header("content-encoding", "gzip")
    }

    /// The same answer packed with gzip.
    pub fn gzip(mut self) -> Self {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&self.body).unwrap();
        self.body = packer.finish().unwrap();
        let length = self.body.len().to_string();
        self.header("content-encoding", "gzip").header("content-length", &length)
    }

    /// The same answer with a header; a header of the same name is replaced.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// What came with it; empty without a `Content-Length`.
    pub body: String,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

#[derive(Default)]
struct State {
    scripts: HashMap<String, Vec<Script>>,
    requests: Vec<Request>,
}

/// The server. It lives as long as this value and the runtime that started it.
pub struct Loopback {
    scheme: &'static str,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Loopback {
    /// Listens on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that hangs up early is part of the game.
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { scheme: "http", address, state, task }
    }

    /// The same behind TLS; the certificate is for 127.0.0.1 or for whatever the test needs.
    pub async fn start_tls(config: tokio_rustls::rustls::ServerConfig) -> Self {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    match acceptor.accept(stream).into_fallible().await {
                        Ok(stream) => serve(stream, shared).await,
                        Err((_, mut stream)) => {
                            // The reason was sent: it must arrive before the connection ends.
                            stream.shutdown().await?;
                            let mut rest = [0; 1024];
                            while stream.read(&mut rest).await? > 0 {}
                            Ok(())
                        }
                    }
                });
            }
        });
        Self { scheme: "https", address, state, task }
    }

    /// An address on this server; `path` begins with `/` and may have a query.
    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}://{}{path}", self.scheme, self.address)).unwrap()
    }

    /// The same server under another host name, so that its origin differs.
    pub fn url_by_name(&self, path: &str) -> Url {
        Url::parse(&format!("{}://localhost:{}{path}", self.scheme, self.address.port())).unwrap()
    }

    /// Lets a path answer with a script from now on.
    pub fn on(&self, path: &str, script: Script) -> &Self {
        self.in_turn(path, vec![script])
    }

    /// Lets a path answer with one script after the other; the last one stays.
    pub fn in_turn(&self, path: &str, scripts: Vec<Script>) -> &Self {
        self.state.lock().unwrap().scripts.insert(path.to_owned(), scripts);
        self
    }

    /// All requests so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// How often a path was asked.
    pub fn asked(&self, path: &str) -> usize {
        self.state.lock().unwrap().requests.iter().filter(|request| request.path() == path).count()
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let Some(request) = read(&mut stream).await? else { return Ok(()) };
    let script = {
        let mut state = state.lock().unwrap();
        let path = request.path().to_owned();
        state.requests.push(request);
        match state.scripts.get_mut(&path) {
            Some(scripts) if scripts.len() > 1 => scripts.remove(0),
            Some(scripts) if scripts.len() == 1 => scripts[0].clone(),
            _ => Script::status(404, "text/plain", "404 page not found\n"),
        }
    };
    let mut head = String::new();
    if let Some(status) = script.status {
        head = format!("HTTP/1.1 {status} Scripted\r\nconnection: close\r\n");
        for (name, value) in &script.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
    }
    stream.write_all(head.as_bytes()).await?;
    // 204 and 304 have no body by definition.
    if !matches!(script.status, Some(204 | 304)) {
        stream.write_all(&script.body).await?;
    }
    if script.after == After::Repeat {
        loop {
            stream.write_all(&script.body).await?;
        }
    }
    stream.flush().await?;
    if script.after == After::Hang {
        // Ends when the client hangs up.
        stream.read_u8().await?;
    }
    stream.shutdown().await
}

async fn read(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> std::io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") && bytes.len() < 64 * 1024 {
        match stream.read_u8().await {
            Ok(byte) => bytes.push(byte),
            Err(_) => return Ok(None),
        }
        if !bytes.first().is_some_and(u8::is_ascii_uppercase) {
            // A TLS handshake: answered as every unencrypted server answers it.
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await?;
            return Ok(None);
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut request = Request { method, target, headers, body: String::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(request))
}
