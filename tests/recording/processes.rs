//! The real program, killed and stopped at any moment, while another one waits.

use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use rusqlite::Connection;
use rustix::process::Pid;
use rustix::process::Signal;

/// The interval of all of them: the shortest that can be configured.
const EVERY: Duration = Duration::from_secs(1);

/// Only a failure takes so long.
const DEADLINE: Duration = Duration::from_secs(20);

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < DEADLINE, "{what}");
        std::thread::yield_now();
    }
}

/// A service with some hundred series that notes when it was scraped.
pub struct Shop {
    pub address: String,
    scrapes: Arc<Mutex<Vec<Instant>>>,
}

impl Shop {
    fn start() -> Self {
        Self::serving(|count| {
            let line = |id: usize| format!("x_total{{id=\"{id}\"}} {}\n", count * (1 + id % 4));
            (0..400).map(line).collect::<Vec<_>>().concat()
        })
    }

    /// One that answers the `n`th scrape with that body.
    pub fn serving(body: impl Fn(usize) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/metrics", listener.local_addr().unwrap());
        let scrapes = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&scrapes);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let count = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(Instant::now());
                    seen.len()
                };
                let body = body(count);
                let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/plain\r\n";
                let _ = write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len());
            }
        });
        Self { address, scrapes }
    }

    fn last(&self) -> Option<Instant> {
        self.scrapes.lock().unwrap().last().copied()
    }

    fn count(&self) -> usize {
        self.scrapes.lock().unwrap().len()
    }

    fn configured(&self, home: &Path) {
        let text = format!(
            "[intervals]\nmetrics = \"1s\"\n[[service]]\nname = \"shop\"\ntargets = [\"{}\"]\n[service.signals]\n\
             request_rate = \"sum(rate(x_total[$__rate_interval]))\"\n",
            self.address
        );
        std::fs::write(home.join("sixty.toml"), text).unwrap();
    }
}

fn sixty(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sixty"));
    command.args(words).env_clear().env("HOME", home).env("TZ", "UTC").current_dir(home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// `sixty record`, ended with the value.
struct Recording(Child);

impl Recording {
    fn start(home: &Path) -> Self {
        Self(sixty(home, &["record"]).spawn().unwrap())
    }

    fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.0.wait().unwrap();
    }

    /// Asks it to end; its exit code and what it said.
    fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        self.signal(signal);
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.0.wait().unwrap().code(), said)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn file(home: &Path) -> std::path::PathBuf {
    home.join(".local/state/sixty/metrics.db")
}

/// Number and time of every row; none while there is no file.
fn rows(home: &Path) -> Vec<(i64, i64)> {
    let look = || -> rusqlite::Result<Vec<(i64, i64)>> {
        let db = Connection::open_with_flags(file(home), rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.busy_timeout(DEADLINE)?;
        let mut rows = db.prepare("SELECT id, at_ms FROM answer ORDER BY id")?;
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    };
    look().unwrap_or_default()
}

/// The process that holds the lease.
fn holder(home: &Path) -> Option<u32> {
    let db = Connection::open_with_flags(file(home), rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    db.busy_timeout(DEADLINE).ok()?;
    let text: Option<String> = db.query_row("SELECT holder FROM recording", [], |row| row.get(0)).ok()?;
    text?.lines().next()?.parse().ok()
}

fn whole(home: &Path) {
    let db = Connection::open(file(home)).unwrap();
    db.busy_timeout(DEADLINE).unwrap();
    let said: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
}

#[test]
fn killed_at_any_moment_nothing_is_lost_and_another_takes_over() {
    let home = tempfile::tempdir().unwrap();
    let shop = Shop::start();
    shop.configured(home.path());
    let mut records = [Recording::start(home.path()), Recording::start(home.path())];
    let mut longest = Duration::ZERO;
    for round in 0..8 {
        let before = rows(home.path()).len();
        wait_for("a row", || (rows(home.path()).len() > before).then_some(()));
        // At any moment of the interval, also in the middle of a scrape.
        let moment = Instant::now() + EVERY.mul_f64(f64::from(round) / 7.0);
        wait_for("the moment", || (Instant::now() >= moment).then_some(()));
        let pid = wait_for("a holder", || holder(home.path()));
        let index = records.iter().position(|record| record.0.id() == pid).unwrap();
        let acknowledged = rows(home.path());
        records[index].kill();
        let (last, count) = (shop.last().unwrap(), shop.count());
        let next = wait_for("another scrapes", || shop.last().filter(|_| shop.count() > count));
        longest = longest.max(next - last);
        whole(home.path());
        let kept = rows(home.path());
        assert_eq!(kept[..acknowledged.len()], acknowledged, "round {round}");
        assert!(kept.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1 && pair[1].1 > pair[0].1), "round {round}");
        records[index] = Recording::start(home.path());
    }
    println!("the longest time between two scrapes around a death: {longest:?}");
    assert!(longest < EVERY * 2, "{longest:?}");
}

#[test]
fn a_holder_that_stands_still_is_replaced_and_stands_by_when_it_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let shop = Shop::start();
    shop.configured(home.path());
    let first = Recording::start(home.path());
    wait_for("rows", || (rows(home.path()).len() > 2).then_some(()));
    let second = Recording::start(home.path());
    // The second one has looked around when the first has scraped again.
    let count = shop.count();
    wait_for("scrapes", || (shop.count() > count + 2).then_some(()));
    first.signal(Signal::STOP);
    let (last, count) = (shop.last().unwrap(), shop.count());
    let next = wait_for("the other scrapes", || shop.last().filter(|_| shop.count() > count));
    println!("taken over from one that stood still after {:?}", next - last);
    assert!(next - last < EVERY * 2, "{:?}", next - last);
    first.signal(Signal::CONT);
    let (began, count) = (Instant::now(), shop.count());
    wait_for("scrapes", || (shop.count() >= count + 6).then_some(()));
    let took = began.elapsed();
    assert!(took > EVERY * 4, "only one scrapes: {took:?}");
    let (code, said) = first.end(Signal::TERM);
    assert_eq!(code, Some(0), "{said}");
    let other = second.0.id();
    assert!(said.contains(&format!("recorded by pid {other} (sixty record)")), "{said}");
    let (code, said) = second.end(Signal::INT);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("records now, after pid"), "{said}");
    assert_eq!(holder(home.path()), None, "given up");
}

#[test]
fn it_says_what_it_does_and_ends_when_it_is_asked_to() {
    let home = tempfile::tempdir().unwrap();
    let shop = Shop::start();
    shop.configured(home.path());
    let socket = home.path().join("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(DEADLINE)).unwrap();
    let record = Recording(sixty(home.path(), &["record"]).env("NOTIFY_SOCKET", &socket).spawn().unwrap());
    let mut word = [0; 64];
    let length = manager.recv(&mut word).unwrap();
    assert_eq!(&word[..length], b"READY=1");
    wait_for("rows", || (rows(home.path()).len() > 2).then_some(()));
    // The terminal goes; it does not.
    record.signal(Signal::HUP);
    let count = shop.count();
    wait_for("scrapes", || (shop.count() > count + 1).then_some(()));
    // A report reads what is there, and makes nothing.
    let count = shop.count();
    let report = sixty(home.path(), &["report", "--format", "json"]).output().unwrap();
    let text = String::from_utf8(report.stdout).unwrap();
    assert!(text.contains("recorded by pid") && text.contains("request_rate"), "{text}");
    assert!(shop.count() <= count + 1, "the report asks nobody");
    let began = Instant::now();
    let (code, said) = record.end(Signal::TERM);
    assert_eq!(code, Some(0), "{said}");
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(said.contains("keeps shop, every 1s, in ") && said.contains("metrics.db of at most 256 MB"), "{said}");
    assert!(said.lines().all(|line| line.starts_with("20") && line[19..].starts_with("Z ")), "{said}");
}

#[test]
fn what_cannot_begin_says_why() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("file"), "").unwrap();
    let url = "http://127.0.0.1:1/metrics";
    for (words, why) in [
        (
            &["record", url, "--state-dir", "file/state"][..],
            "nothing can be recorded: file/state/metrics.db: not a directory",
        ),
        (&["record", url, "--read-only"], "leave one of them out"),
        (&["record"], "there is no configuration"),
    ] {
        let output = sixty(home.path(), words).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(why), "{words:?}: {said}");
    }
}

/// `ulimit -f`: the file grows no further, the scraping goes on.
#[test]
fn a_file_that_may_not_grow_ends_the_history_and_not_the_program() {
    let home = tempfile::tempdir().unwrap();
    let shop = Shop::start();
    shop.configured(home.path());
    let mut limited = Command::new("sh");
    // In blocks of 512 bytes.
    limited.args(["-c", "ulimit -f 100 && exec \"$0\" record", env!("CARGO_BIN_EXE_sixty")]);
    limited.env_clear().env("HOME", home.path()).env("TZ", "UTC").current_dir(home.path());
    limited.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut record = Recording(limited.spawn().unwrap());
    wait_for("scrapes", || (shop.count() > 4).then_some(()));
    assert!(record.0.try_wait().unwrap().is_none(), "it lives");
    let (code, said) = record.end(Signal::TERM);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("history is not kept: "), "{said}");
}

#[test]
fn looking_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let shop = Shop::start();
    shop.configured(home.path());
    for words in [&["report"][..], &["check"]] {
        sixty(home.path(), words).output().unwrap();
    }
    assert!(!home.path().join(".local").exists());
}

#[test]
fn an_address_is_recorded_where_it_is_metrics_and_refused_where_it_is_a_server() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let server = Shop::serving(|_| r#"{"status":"success","data":{"version":"2.55.1"}}"#.to_owned());
    let server = server.address.replace("/metrics", "/");
    let refused = sixty(home, &["record", &server]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("is a server that keeps its own history; it is not recorded"), "{said}");
    let nobody = sixty(home, &["record", "http://127.0.0.1:1/"]).output().unwrap();
    let said = String::from_utf8(nobody.stderr).unwrap();
    assert!(nobody.status.code() == Some(2) && said.contains("refused"), "{said}");

    let shop = Shop::start();
    let root = shop.address.replace("/metrics", "/");
    let recording = Recording(sixty(home, &["record", &root, &server]).spawn().unwrap());
    wait_for("a row", || (rows(home).len() > 1).then_some(()));
    let (code, said) = recording.end(Signal::TERM);
    assert_eq!(code, Some(0), "{said}");
    let name = root.trim_start_matches("http://").trim_end_matches('/');
    assert!(said.contains(&format!("keeps {name}, every")) && said.contains("it is not recorded"), "{said}");
}
