//! What the program watches: endpoints that behave or misbehave, each for as long as the value lives.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::mpsc;

use tokio::sync::oneshot;

use crate::loopback::Loopback;
use crate::loopback::Script;

/// A scripted server on a thread of its own.
pub struct Host {
    server: Arc<Loopback>,
    _end: oneshot::Sender<()>,
}

impl Host {
    pub fn start() -> Self {
        let (end, ended) = oneshot::channel::<()>();
        let (started, starting) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                started.send(Arc::new(Loopback::start().await)).unwrap();
                let _ = ended.await;
            });
        });
        Self { server: starting.recv().unwrap(), _end: end }
    }

    /// One that serves a healthy shop at `/metrics`.
    pub fn shop() -> Self {
        let host = Self::start();
        host.on_in_turn("/metrics", (0..200).map(shop).collect());
        host
    }

    pub fn on(&self, path: &str, script: Script) {
        self.server.on(path, script);
    }

    pub fn on_in_turn(&self, path: &str, scripts: Vec<Script>) {
        self.server.in_turn(path, scripts);
    }

    pub fn url(&self, path: &str) -> String {
        self.server.url(path).to_string()
    }

    pub fn asked(&self, path: &str) -> usize {
        self.server.asked(path)
    }
}

/// The `n`th scrape of a shop that serves 40 requests between two scrapes, all of them well.
pub fn shop(n: usize) -> Script {
    Script::ok("text/plain; version=0.0.4", exposition(n, "1.4.2"))
}

/// The same, with a version of the program.
pub fn exposition(n: usize, version: &str) -> String {
    let requests = 1_000 + 40 * n;
    let mut text = String::new();
    let _ = writeln!(text, "# TYPE axum_http_requests_total counter");
    let _ = writeln!(text, "axum_http_requests_total{{method=\"GET\",endpoint=\"/buy\",status=\"200\"}} {requests}");
    let _ = writeln!(text, "# TYPE axum_http_requests_duration_seconds histogram");
    for (limit, share) in [("0.05", 0.5), ("0.1", 0.9), ("0.5", 1.0), ("+Inf", 1.0)] {
        let count = (requests as f64 * share) as u64;
        let labels = "method=\"GET\",endpoint=\"/buy\",status=\"200\"";
        let _ = writeln!(text, "axum_http_requests_duration_seconds_bucket{{{labels},le=\"{limit}\"}} {count}");
    }
    let _ = writeln!(text, "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 120000000");
    let _ = writeln!(text, "# TYPE shop_build_info gauge\nshop_build_info{{version=\"{version}\"}} 1");
    text
}
