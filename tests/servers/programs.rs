//! Real programs for tests: Debian's Prometheus, `VictoriaMetrics` and nginx, each in a folder of its own.
//!
//! They are started directly and not by the shared script, since a test needs to end one of them hard, to start it
//! again on the same port and data, and to give it rules. Everything is ended when it is dropped.

#![allow(dead_code, clippy::allow_attributes, reason = "every test target uses another part of it")]

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use chrono::Utc;
use serde_json::Value;

use crate::stack::skipped;

/// Only a failure takes so long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Whether all of these programs are installed; says which one is not, which CI must not accept.
pub fn installed(programs: &[&str]) -> bool {
    let places = ["/usr/bin", "/usr/sbin", "/usr/local/bin"].map(Path::new);
    let lacks = programs.iter().find(|program| !places.iter().any(|place| place.join(program).is_file()));
    if let Some(program) = lacks {
        skipped(&format!("{program} is not installed"));
    }
    lacks.is_none()
}

/// Ports that nobody listens on now; all are held until the last one is known, so that they differ.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let held = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

/// Waits for a condition; what it answers at last is worth telling when it never comes.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match condition() {
            Ok(found) => return found,
            Err(why) => assert!(began.elapsed() < PATIENCE, "{what}: {why}"),
        }
        // A program that starts on a busy machine is not helped by one that asks all the time.
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends one request and answers status and body; `None` where nobody answers.
pub fn exchange(port: u16, request: &[u8]) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(request).ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    Some((head.split(' ').nth(1)?.parse().ok()?, bytes[end + 4..].to_vec()))
}

/// The body of a page, where it is one.
pub fn get(port: u16, path: &str) -> Option<Vec<u8>> {
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
    exchange(port, request.as_bytes()).filter(|(status, _)| *status == 200).map(|(_, body)| body)
}

/// A running program.
pub struct Program {
    command: Command,
    child: Child,
    log: PathBuf,
    port: u16,
    page: &'static str,
}

impl Program {
    /// Starts it, and waits until a page of it can be read. What it says goes into `log`.
    fn start(mut command: Command, log: PathBuf, port: u16, page: &'static str) -> Self {
        let child = Self::spawn(&mut command, &log);
        let mut program = Self { command, child, log, port, page };
        program.wait();
        program
    }

    fn spawn(command: &mut Command, log: &Path) -> Child {
        let out = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(out).spawn().unwrap()
    }

    fn wait(&mut self) {
        wait_for("a program starts", || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("it ended with {status}: {}", self.said());
            }
            get(self.port, self.page).map(drop).ok_or_else(|| self.said())
        });
    }

    /// Starts it again, after [`kill`](Self::kill): on the same port and with the same data.
    pub fn again(&mut self) {
        self.child = Self::spawn(&mut self.command, &self.log);
        self.wait();
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Ends it without a chance to put things in order.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A server that speaks the Prometheus API.
pub struct Server {
    pub port: u16,
    pub program: Program,
}

impl Server {
    /// Prometheus with a configuration; `rules` may be empty.
    pub fn prometheus(folder: &Path, port: u16, scraped: &str, rules: &str) -> Self {
        fs::create_dir_all(folder).unwrap();
        let at = |name: &str| folder.join(name);
        fs::write(at("rules.yml"), rules).unwrap();
        let files = if rules.is_empty() { "" } else { "rule_files: [rules.yml]\n" };
        let config = format!("{}{files}{scraped}", global("evaluation_interval: 1s"));
        fs::write(at("prometheus.yml"), config).unwrap();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", at("prometheus.yml").display()));
        command.arg(format!("--storage.tsdb.path={}", at("data").display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        command.arg("--log.level=warn");
        Self { port, program: Program::start(command, at("log"), port, "/-/ready") }
    }

    /// `VictoriaMetrics` with all that it does by default, which is to withhold the newest 30 s.
    pub fn victoria(folder: &Path, port: u16, scraped: &str) -> Self {
        fs::create_dir_all(folder).unwrap();
        let at = |name: &str| folder.join(name);
        fs::write(at("scrape.yml"), format!("{}{scraped}", global(""))).unwrap();
        let mut command = Command::new("victoria-metrics");
        command.arg(format!("-httpListenAddr=127.0.0.1:{port}"));
        command.arg(format!("-storageDataPath={}", at("data").display()));
        command.arg(format!("-promscrape.config={}", at("scrape.yml").display()));
        command.args(["-retentionPeriod=1d", "-loggerLevel=WARN", "-memory.allowedBytes=256MB"]);
        Self { port, program: Program::start(command, at("log"), port, "/health") }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What the API says to a question: its `data`.
    pub fn api(&self, call: &str, form: &[(&str, &str)]) -> Result<Value, String> {
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let body = get(self.port, &format!("/api/v1/{call}?{query}")).ok_or("no answer")?;
        let mut answer: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        Ok(answer["data"].take())
    }

    /// The one number of a query at an instant; now without one.
    pub fn number(&self, query: &str, at: Option<&str>) -> Result<f64, String> {
        let now = Utc::now().to_rfc3339();
        let form = [("query", query), ("time", at.unwrap_or(&now)), ("nocache", "1")];
        let data = self.api("query", &form)?;
        let value = data["result"][0]["value"][1].as_str().or(data["result"][1].as_str());
        value.and_then(|text| text.parse().ok()).ok_or_else(|| format!("{query}: {data}"))
    }
}

fn global(more: &str) -> String {
    format!("global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n  {more}\n")
}

/// nginx with these `server` blocks.
pub fn nginx(folder: &Path, blocks: &str, ready: u16) -> Program {
    fs::create_dir_all(folder).unwrap();
    let here = folder.display();
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = kinds.map(|what| format!("{what}_temp_path {here}/{what}; ")).concat();
    let config = format!(
        "daemon off; master_process off; worker_processes 1; pid {here}/pid; error_log {here}/error.log warn;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off; {temporary}\n\
         server {{ listen 127.0.0.1:{ready}; location / {{ return 200 ready; }} }}\n{blocks}}}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-c").arg(&file).arg("-p").arg(folder).args(["-e", "stderr"]);
    Program::start(command, folder.join("log"), ready, "/")
}
