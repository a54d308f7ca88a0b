//! A proxy between Prometheus and the endpoints that it scrapes: it keeps every body, so that another engine can be
//! given the very same ones. It can also answer for an endpoint that is down.

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::Utc;

/// One body, as it was handed on.
#[derive(Clone, Debug)]
pub struct Body {
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// One scrape: when it was asked for (milliseconds since the epoch), and what was answered; `None` is no answer.
#[derive(Clone, Debug)]
pub struct Scrape {
    pub at_ms: i64,
    pub body: Option<Body>,
}

/// What an endpoint answers to its n-th scrape.
pub type Endpoint = Box<dyn Fn(usize) -> Option<Body> + Send + Sync>;

struct Job {
    endpoint: Endpoint,
    scrapes: Mutex<Vec<Scrape>>,
}

struct Shared {
    jobs: BTreeMap<&'static str, Job>,
    /// How many scrapes each job has.
    count: Mutex<BTreeMap<&'static str, usize>>,
    more: Condvar,
    closed: AtomicBool,
}

/// The running proxy. Each job has its path.
pub struct Recorder {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Recorder {
    pub fn start(endpoints: Vec<(&'static str, Endpoint)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let job = |endpoint| Job { endpoint, scrapes: Mutex::default() };
        let jobs: BTreeMap<_, _> = endpoints.into_iter().map(|(name, endpoint)| (name, job(endpoint))).collect();
        let count = Mutex::new(jobs.keys().map(|name| (*name, 0)).collect());
        let shared = Arc::new(Shared { jobs, count, more: Condvar::new(), closed: AtomicBool::new(false) });
        let state = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                std::thread::spawn(move || state.answer(stream));
            }
        });
        Self { address, shared }
    }

    pub fn jobs(&self) -> impl Iterator<Item = &'static str> {
        self.shared.jobs.keys().copied()
    }

    /// Waits until each job was scraped that often, but not for ever; answers how many scrapes the job has that has
    /// the fewest.
    pub fn wait_for(&self, scrapes: usize, patience: Duration) -> usize {
        let fewest = |count: &mut BTreeMap<&str, usize>| count.values().copied().min().unwrap_or(0);
        let count = self.shared.count.lock().unwrap();
        let waited = self.shared.more.wait_timeout_while(count, patience, |count| fewest(count) < scrapes);
        fewest(&mut waited.unwrap().0)
    }

    /// Answers no more: what is asked from now on is not kept.
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::SeqCst);
    }

    pub fn scrapes(&self, job: &str) -> Vec<Scrape> {
        self.shared.jobs[job].scrapes.lock().unwrap().clone()
    }
}

impl Shared {
    fn answer(&self, mut stream: TcpStream) -> Option<()> {
        let at_ms = Utc::now().timestamp_millis();
        let path = asked(&mut stream)?;
        let (name, job) = self.jobs.get_key_value(path.trim_start_matches('/'))?;
        if self.closed.load(Ordering::SeqCst) {
            return stream.write_all(b"HTTP/1.1 503 Closed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
        }
        // One at a time: the place in the list is the number of the scrape.
        let mut scrapes = job.scrapes.lock().unwrap();
        let body = (job.endpoint)(scrapes.len());
        scrapes.push(Scrape { at_ms, body: body.clone() });
        self.count.lock().unwrap().insert(name, scrapes.len());
        drop(scrapes);
        self.more.notify_all();
        let Some(Body { content_type, bytes }) = body else {
            return stream.write_all(b"HTTP/1.1 503 Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
        };
        let len = bytes.len();
        // A connection that stays open may be asked again by itself when it breaks, and a scrape would count twice.
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(&bytes).ok()
    }
}

/// The path that a request asks for.
fn asked(stream: &mut TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let len = stream.read(&mut buffer).ok().filter(|len| *len > 0)?;
        head.extend_from_slice(&buffer[..len]);
    }
    let head = String::from_utf8(head).ok()?;
    head.split_whitespace().nth(1).map(str::to_owned)
}

/// Asks over HTTP/1.0, so that the answer comes in one piece; `None` when it is not 200.
pub fn get(address: &str, path: &str, accept: &str) -> Option<Body> {
    let (status, body) = exchange(address, &format!("GET {path} HTTP/1.0\r\nAccept: {accept}\r\n\r\n"))?;
    (status == 200).then_some(body)
}

/// Sends a request and reads the status and the body.
pub fn exchange(address: &str, request: &str) -> Option<(u16, Body)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let content_type = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let content_type = content_type.map_or_else(String::new, |(_, value)| value.trim().to_owned());
    Some((status, Body { content_type, bytes: answer[end + 4..].to_vec() }))
}
