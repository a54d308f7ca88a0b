//! The whole story by keyboard: from the page to the post-mortem, with the link cut twice in between. A service breaks, a
//! pager pages, a chat listens; all of them are on this machine, and the program is the real one in a real terminal.

use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::pty::Command;
use crate::pty::Term;

/// Rules that are quick, so that the story is short; everything else is as it ships.
fn config(town: &Town) -> String {
    let url = &town.url;
    format!(
        r##"
rate_window = "5s"

[intervals]
metrics = "1s"

[[service]]
name = "shop"
targets = ["{url}/metrics"]

[service.rules]
critical = ["error_rate > 5%"]

[incident.stages]
verify = "4s"
monitor = "4s"

[[channel]]
name = "#incidents"
kind = "webhook"
url = "{url}/hook"

[[pager]]
kind = "pagerduty"
api = "{url}"
from = "ana@example.org"
token = {{ env = "PAGER_TOKEN" }}
"##
    )
}

/// What the story happens in.
struct Town {
    url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// A third of the requests fails.
    broken: AtomicBool,
    acknowledged: AtomicBool,
    /// Served and failed so far, and when that was counted.
    served: Mutex<Option<(f64, f64, Instant)>>,
    /// What was written: method, path and body.
    written: Mutex<Vec<(String, String, String)>>,
}

impl Town {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || answer(stream, &state));
            }
        });
        Self { url, state }
    }

    fn breaks(&self, broken: bool) {
        self.state.broken.store(broken, Ordering::Relaxed);
    }

    /// The bodies that were written to a path.
    fn written(&self, method: &str, path: &str) -> Vec<String> {
        let written = self.state.written.lock().unwrap();
        let of = written.iter().filter(|(how, to, _)| how == method && to.starts_with(path));
        of.map(|(_, _, body)| body.clone()).collect()
    }
}

/// One request and its answer.
fn answer(mut stream: TcpStream, state: &State) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4_096]);
    let (head, length) = loop {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            let length: usize = length.unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                break (head, length);
            }
        }
    };
    let body = String::from_utf8_lossy(&bytes[bytes.len() - length..]).into_owned();
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    if method != "GET" {
        state.written.lock().unwrap().push((method.clone(), path.clone(), body));
    }
    let (kind, text) = match (method.as_str(), path.as_str()) {
        ("GET", "/metrics") => ("text/plain; version=0.0.4", metrics(state)),
        ("POST", "/hook") => ("text/plain", "thank you".to_owned()),
        ("PUT", "/incidents") => {
            state.acknowledged.store(true, Ordering::Relaxed);
            ("application/json", format!("{{\"incidents\":[{}]}}", page(true)))
        }
        ("GET", one) if one.starts_with("/incidents/PAGE1") => {
            ("application/json", format!("{{\"incident\":{}}}", page(state.acknowledged.load(Ordering::Relaxed))))
        }
        ("GET", list) if list.starts_with("/incidents") => {
            let page = page(state.acknowledged.load(Ordering::Relaxed));
            ("application/json", format!("{{\"incidents\":[{page}],\"limit\":100,\"offset\":0,\"more\":false}}"))
        }
        _ => ("text/plain", String::new()),
    };
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
}

/// A page of the pager.
fn page(acknowledged: bool) -> String {
    let status = if acknowledged { "acknowledged" } else { "triggered" };
    format!(
        r#"{{"id":"PAGE1","type":"incident","incident_number":7,"title":"shop: too many errors","status":"{status}","urgency":"high","created_at":"2026-11-20T08:00:00Z","service":{{"id":"S1","summary":"shop"}},"assignments":[],"acknowledgements":[]}}"#
    )
}

/// Ninety requests a second, a third of which fails while it is broken.
fn metrics(state: &State) -> String {
    let mut served = state.served.lock().unwrap();
    let (ok, failed, last) = served.unwrap_or((1_000.0, 0.0, Instant::now()));
    let passed = last.elapsed().as_secs_f64() * 90.0;
    let bad = if state.broken.load(Ordering::Relaxed) { passed / 3.0 } else { 0.0 };
    let (ok, failed) = (ok + passed - bad, failed + bad);
    *served = Some((ok, failed, Instant::now()));
    format!(
        "# TYPE axum_http_requests_total counter\n\
         axum_http_requests_total{{method=\"GET\",endpoint=\"/buy\",status=\"200\"}} {ok:.0}\n\
         axum_http_requests_total{{method=\"GET\",endpoint=\"/buy\",status=\"500\"}} {failed:.0}\n"
    )
}

fn ana(home: &Path) -> Term {
    let term = Command::sixty(home)
        .args(["--as", "ana", "--config", "sixty.toml", "--state-dir", "state", "shop"])
        .env("PAGER_TOKEN", "a-token-that-nobody-may-see")
        .start();
    term.wait("the service", |seen| seen.text().contains("shop"));
    term
}

/// What sixty prints without a screen.
fn printed(home: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sixty"))
        .args(["--state-dir", "state", "--config", "sixty.toml"])
        .args(arguments)
        .current_dir(home)
        .env("PAGER_TOKEN", "a-token-that-nobody-may-see")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The entries of one kind, newest last, as the journal has them.
fn entries(home: &Path, kind: &str) -> Vec<serde_json::Value> {
    let lines = crate::entries(home, &format!("\"kind\":\"{kind}\""));
    lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn from_the_page_to_the_post_mortem() {
    let (home, town) = (tempfile::tempdir().unwrap(), Town::new());
    let home = home.path();
    std::fs::write(home.join("sixty.toml"), config(&town)).unwrap();
    let mut term = ana(home);
    term.wait_text("All within limits");

    // It breaks: the incident opens by itself, and half a minute to breathe is offered, and skipped.
    town.breaks(true);
    term.wait_text("CRITICAL");
    crate::wait_for("the incident is on disk", || !entries(home, "opened").is_empty());
    assert_eq!(entries(home, "opened")[0]["by"], "sixty");
    term.send(">");
    term.wait_text("FIRST 60 SECONDS");

    // The page is acknowledged at the pager, and the four looks of the first minute are ticked.
    term.send("a");
    term.wait_text("shop: too many errors");
    term.send("\r");
    crate::wait_for("the pager has it", || town.written("PUT", "/incidents").len() == 1);
    crate::wait_for("the journal has it", || entries(home, "acknowledged").len() == 1);
    term.send("\x1b");
    term.wait_text("Is it really down");
    term.send("234");
    crate::wait_for("four ticks", || entries(home, "ticked").len() == 4);

    // The link is cut, and everything is as it was.
    term.hang_up();
    let _ = term.ended();
    let mut term = ana(home);
    term.wait("her ticks", |seen| crate::is_ticked(&seen.text(), "Recent deployments"));

    // The runbook, a note, a hypothesis.
    term.send("r");
    term.wait_text("INVESTIGATE");
    term.send("\x1b");
    term.send("n");
    term.wait_text("Ctrl-S");
    term.send("only /buy fails, the others are well\x13");
    crate::wait_for("the note", || entries(home, "note").len() == 1);
    term.send("H");
    term.send("the new tax table is empty\r");
    crate::wait_for("the hypothesis", || entries(home, "hypothesis").len() == 1);

    // An update goes to the others, once.
    term.send("u");
    term.wait_text("#incidents");
    term.send("s");
    term.send("\r");
    crate::wait_for("the update arrives", || town.written("POST", "/hook").len() == 1);
    crate::wait_for("the journal knows it", || entries(home, "sent").len() == 1);
    term.send("\x1b");

    // The link is cut while she writes down what she did, and she finishes the sentence afterwards.
    term.send("f");
    term.send("filled the tax ");
    term.wait_text("filled the tax");
    term.hang_up();
    let _ = term.ended();
    assert!(!entries(home, "unsaved").is_empty(), "what was being written is kept");
    let mut term = ana(home);
    term.send("f");
    term.wait_text("filled the tax");
    term.send("table again\r");
    crate::wait_for("the fix", || entries(home, "fixed").len() == 1);
    assert_eq!(entries(home, "fixed")[0]["text"], "filled the tax table again");

    // It helps: sixty sees it, and goes on to watching by itself.
    town.breaks(false);
    crate::wait_long("back to normal", Duration::from_secs(90), || !entries(home, "normal").is_empty());
    crate::wait_for("monitoring", || entries(home, "staged").iter().any(|one| one["stage"] == "monitor"));
    term.wait_text("MONITOR");
    term.wait_text("back to normal since");
    term.send(">");
    term.wait_text("is it over?");
    term.send("\r");
    crate::wait_for("the end", || entries(home, "resolved").len() == 1);
    term.send("q");
    assert_eq!(term.end().code, 0);

    // Everything that she did is in the post-mortem, with its time; what sixty saw as well, and told apart.
    let text = printed(home, &["postmortem", "--out", "-"]);
    for (kind, words) in [
        ("acknowledged", "acknowledged"),
        ("note", "only /buy fails, the others are well"),
        ("hypothesis", "the new tax table is empty"),
        ("sent", "#incidents"),
        ("fixed", "filled the tax table again"),
        ("resolved", "resolved"),
        ("normal", "normal"),
    ] {
        for entry in entries(home, kind) {
            assert_told(&text, &entry, words);
        }
    }
    for ticked in entries(home, "ticked") {
        assert_told(&text, &ticked, "ana");
    }
    let human = printed(home, &["show", "--people"]);
    assert!(!human.contains("a-token-that-nobody-may-see") && !text.contains("a-token-that-nobody-may-see"));
    assert_eq!(town.written("POST", "/hook").len(), 1, "nothing was sent twice");
    assert_eq!(town.written("PUT", "/incidents").len(), 1);
}

/// A line of the timeline has the time of the entry and these words.
fn assert_told(text: &str, entry: &serde_json::Value, words: &str) {
    let time = &entry["at"].as_str().unwrap()[11..19];
    let is_told = text.lines().any(|line| line.contains(time) && line.contains(words));
    assert!(is_told, "{time} {words} ({}) is not told in\n{text}", entry["kind"]);
}
