//! The embedded engine against real programs: Prometheus, `node_exporter`, `PostgreSQL`, its exporter, `PgBouncer`.
//!
//! Truth comes from elsewhere each time: from `psql`, from `/proc`, from the requests that the test itself sends. One
//! stack serves all questions, so they are one test. Where the programs are not installed it is skipped, which CI
//! must not accept.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use chrono::Utc;
use sixty::config::Config;
use sixty::facts::Answer;
use sixty::facts::Batch;
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::facts::Measure;
use sixty::facts::Payload;
use sixty::runtime::setup;
use sixty::sources::embedded::Embedded;
use sixty::sources::http::Http;

/// Clients that hold all server connections of `PgBouncer`, and those that then queue for one.
const POOL: u32 = 5;
const WAITERS: u32 = 3;
const MAX_CONNECTIONS: u32 = 40;

/// How long a condition is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is started, and the variable that the script takes its port from.
const PORTS: &[&str] = &["PROM_PORT", "NODE_PORT", "PGX_PORT", "PG_PORT", "PGB_PORT"];

/// The real programs; ended when it is dropped, also by a panic.
struct Stack {
    script: PathBuf,
    folder: PathBuf,
    ports: BTreeMap<&'static str, u16>,
}

impl Stack {
    /// Starts them on free ports; `Err` says why not.
    fn up(script: &Path) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("sixty-real-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        // PostgreSQL runs as another user, who must be able to reach it.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let stack = Self { script: script.to_owned(), folder, ports: free_ports() };
        let mut command = stack.command("up");
        command.args(["node", "prom", "pg", "pgb", "hogs", "pgx", "pgbx"]);
        command.envs(stack.ports.iter().map(|(name, port)| (*name, port.to_string())));
        command.env("POOL_SIZE", POOL.to_string()).env("POOL_HOGS", POOL.to_string());
        command.env("POOL_WAITERS", WAITERS.to_string()).env("PG_MAX_CONN", MAX_CONNECTIONS.to_string());
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() { Ok(stack) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new("bash");
        command.arg(&self.script).arg(what).arg(&self.folder).stdin(std::process::Stdio::null());
        command
    }

    fn url(&self, port: &str, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[port])
    }

    /// One value, or the lines of a table, as `psql` says it.
    fn psql(&self, port: &str, database: &str, query: &str) -> String {
        let port = self.ports[port].to_string();
        let output = Command::new("psql")
            .args(["-X", "-q", "-A", "-h", "127.0.0.1", "-U", "app", "-p", &port, "-d", database])
            .args(if database == "pgbouncer" { &["-P", "footer=off"][..] } else { &["-t"] })
            .args(["-c", query])
            .output()
            .unwrap();
        assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn count(&self, query: &str) -> f64 {
        self.psql("PG_PORT", "postgres", query).parse().unwrap()
    }

    /// A column of `SHOW POOLS`, for the database `app`.
    fn pool(&self, column: &str) -> f64 {
        let table = self.psql("PGB_PORT", "pgbouncer", "SHOW POOLS");
        let mut lines = table.lines().map(|line| line.split('|').collect::<Vec<_>>());
        let index = lines.next().unwrap().iter().position(|name| *name == column).unwrap();
        lines.find(|row| row[0] == "app").unwrap()[index].parse().unwrap()
    }

    /// Resident memory of a started process, in bytes, as the kernel says it.
    fn resident(&self, name: &str) -> f64 {
        let line = fs::read_to_string(self.folder.join("pids").join(name)).unwrap();
        let pid = line.split_whitespace().next().unwrap();
        kilobytes(&format!("/proc/{pid}/status"), "VmRSS:")
    }

    fn down(&self) {
        let output = self.command("down").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if self.folder.join(".real-stack").exists() {
            let ended = self.command("down").env("PURGE", "1").output();
            if !ended.is_ok_and(|output| output.status.success()) {
                eprintln!("what was started in {} could not be ended", self.folder.display());
            }
        }
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Ports that nobody listens on now; all are held until the last one is known, so that they differ.
fn free_ports() -> BTreeMap<&'static str, u16> {
    let held: Vec<_> = PORTS.iter().map(|name| (*name, TcpListener::bind("127.0.0.1:0").unwrap())).collect();
    held.iter().map(|(name, listener)| (*name, listener.local_addr().unwrap().port())).collect()
}

/// A line `NAME   123 kB` of a file of the kernel, in bytes.
fn kilobytes(path: &str, name: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
}

/// The script that starts real programs; `None` (and a word about it) where it is missing, which CI must not accept.
fn script() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let named = std::env::var_os("SIXTY_SHARED").map(PathBuf::from);
    let mut places = std::iter::once(beside).chain(named).map(|path| path.join("tools/real-stack.sh"));
    let found = places.find(|path| path.is_file());
    if found.is_none() {
        skipped("the script that starts the real programs is not here");
    }
    found
}

fn skipped(why: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI must not skip this: {why}");
    println!("skipped: {why}");
}

/// The engine that `sixty URL...` would run.
fn engine(urls: &[String]) -> Embedded {
    let config = Config::for_urls(urls, Some("real")).unwrap();
    setup::engine(&config, &config.services[0])
}

async fn ask(engine: &mut Embedded, http: &Http) -> Result<Batch, Fault> {
    match engine.ask(http, &|| Utc::now()).await? {
        Payload::Signals(batch) => Ok(batch),
        other => panic!("signals are expected: {other:?}"),
    }
}

fn answer(batch: &Batch, measure: Measure) -> Option<&Answer> {
    batch.points.last()?.answers.get(&measure)
}

/// The number of a measure, or what is there instead.
fn number(batch: &Batch, measure: Measure) -> Result<f64, String> {
    match answer(batch, measure) {
        Some(Answer::Known(number)) => Ok(number.value),
        other => Err(format!("{}: no number but {other:?}", measure.key())),
    }
}

fn presets(batch: &Batch) -> Vec<&str> {
    batch.about.presets.iter().map(|preset| preset.title.as_str()).collect()
}

fn within(what: &str, value: f64, truth: f64, share: f64) -> Result<(), String> {
    let fits = (value - truth).abs() <= share * truth.abs();
    if fits { Ok(()) } else { Err(format!("{what}: {value} where the truth is {truth}")) }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, value: &T, expected: &T) -> Result<(), String> {
    if value == expected { Ok(()) } else { Err(format!("{what}: {value:?} where {expected:?} is expected")) }
}

/// Asks until `check` says yes; its last word otherwise.
async fn until(
    urls: &[String],
    http: &Http,
    mut check: impl FnMut(&Batch) -> Result<(), String>,
) -> Result<(), String> {
    let begun = Instant::now();
    let mut engine = engine(urls);
    loop {
        let found = match ask(&mut engine, http).await {
            Ok(batch) => check(&batch),
            Err(fault) => Err(fault.to_string()),
        };
        match found {
            Err(_) if begun.elapsed() < PATIENCE => {}
            found => return found,
        }
        // The exporters read their own sources every two seconds; ten looks in that time are enough.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Sends one request that Prometheus counts, and returns its status line.
fn request(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.lines().next().unwrap_or_default().to_owned()
}

/// Prometheus about itself: the rate is that of the requests that are sent here, the memory that of the kernel.
async fn prometheus(stack: &Stack, http: &Http) -> Result<(), String> {
    let mut engine = engine(&[stack.url("PROM_PORT", "/metrics")]);
    let first = ask(&mut engine, http).await.map_err(|fault| fault.to_string())?;
    equal("presets", &presets(&first), &vec!["Prometheus itself", "Go (client_golang)"])?;
    if !matches!(answer(&first, Measure::RequestRate), Some(Answer::WarmingUp(_))) {
        return Err(format!("a rate from one scrape: {:?}", answer(&first, Measure::RequestRate)));
    }
    let begun = Instant::now();
    let mut sent = 0;
    let batch = loop {
        let burst = Instant::now();
        while burst.elapsed() < Duration::from_secs(1) {
            let status = request(stack.ports["PROM_PORT"], "/api/v1/query?query=up");
            equal("status", &status.as_str(), &"HTTP/1.0 200 OK")?;
            sent += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let batch = ask(&mut engine, http).await.map_err(|fault| fault.to_string())?;
        match number(&batch, Measure::RequestRate) {
            Err(why) if begun.elapsed() > PATIENCE => return Err(why),
            Err(_) => {}
            Ok(_) => break batch,
        }
    };
    // Prometheus scrapes itself as well, every two seconds.
    let truth = f64::from(sent) / begun.elapsed().as_secs_f64() + 0.5;
    within("request rate", number(&batch, Measure::RequestRate)?, truth, 0.25)?;
    equal("error rate", &number(&batch, Measure::ErrorRate)?, &0.0)?;
    let latency = [Measure::LatencyP50, Measure::LatencyP95, Measure::LatencyP99].map(|m| number(&batch, m));
    let [p50, p95, p99] = latency;
    let (p50, p95, p99) = (p50?, p95?, p99?);
    if !(0.0 < p50 && p50 <= p95 && p95 <= p99 && p99 < 1.0) {
        return Err(format!("latency: p50 {p50} s, p95 {p95} s, p99 {p99} s"));
    }
    within("memory", number(&batch, Measure::MemoryUsed)?, stack.resident("prom"), 0.2)?;
    let scrape = batch.about.targets[0].outcome.as_ref().map_err(ToString::to_string)?;
    equal("skipped lines", &(scrape.skipped, scrape.skipped_example.as_str()), &(0, ""))?;
    println!(
        "ok: prometheus: {truth:.1} req/s sent, {:.1} seen",
        number(&batch, Measure::RequestRate).unwrap_or_default()
    );
    Ok(())
}

/// The sessions of the server are those that `psql` counts, without its own.
async fn postgres(stack: &Stack, http: &Http) -> Result<(), String> {
    let sessions = "select count(*) from pg_stat_activity \
                    where datname is not null and state is not null and pid <> pg_backend_pid()";
    let allowed =
        "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int";
    let urls = [stack.url("PGX_PORT", "/metrics")];
    let seen = until(&urls, http, |batch| {
        equal("presets", &presets(batch), &vec!["Go (client_golang)", "PostgreSQL server (postgres_exporter)"])?;
        equal("sessions", &number(batch, Measure::PoolUsed)?, &stack.count(sessions))?;
        equal("sessions allowed", &number(batch, Measure::PoolMax)?, &stack.count(allowed))?;
        within("memory of the exporter", number(batch, Measure::MemoryUsed)?, stack.resident("pgx"), 0.2)
    });
    seen.await?;
    println!("ok: postgres: {} sessions of {}", stack.count(sessions), stack.count(allowed));
    Ok(())
}

/// A full pool with a queue, and the memory of the host, from one endpoint.
async fn node_and_pgbouncer(stack: &Stack, http: &Http) -> Result<(), String> {
    let urls = [stack.url("NODE_PORT", "/metrics")];
    let seen = until(&urls, http, |batch| {
        equal("presets", &presets(batch), &vec!["Host (node_exporter)", "PgBouncer (pgbouncer_exporter)"])?;
        equal("pool used", &number(batch, Measure::PoolUsed)?, &stack.pool("sv_active"))?;
        equal("pool used", &number(batch, Measure::PoolUsed)?, &f64::from(POOL))?;
        equal("pool size", &number(batch, Measure::PoolMax)?, &f64::from(POOL))?;
        equal("waiting", &number(batch, Measure::PoolWaiting)?, &stack.pool("cl_waiting"))?;
        equal("waiting", &number(batch, Measure::PoolWaiting)?, &f64::from(WAITERS))?;
        let total = kilobytes("/proc/meminfo", "MemTotal:");
        equal("memory of the host", &number(batch, Measure::MemoryLimit)?, &total)?;
        let used = total - kilobytes("/proc/meminfo", "MemAvailable:");
        within("memory in use", number(batch, Measure::MemoryUsed)?, used, 0.2)?;
        match answer(batch, Measure::RequestRate) {
            Some(Answer::NoData(why)) if !why.is_empty() => Ok(()),
            other => Err(format!("a host has no requests: {other:?}")),
        }
    });
    seen.await?;
    println!("ok: node_exporter and PgBouncer: {POOL}/{POOL} with {WAITERS} waiting");
    Ok(())
}

/// Two endpoints are one service: each brings what the other lacks.
async fn both(stack: &Stack, http: &Http) -> Result<(), String> {
    let urls = [stack.url("PROM_PORT", "/metrics"), stack.url("PGX_PORT", "/metrics")];
    until(&urls, http, |batch| {
        equal("presets", &batch.about.presets.len(), &3)?;
        equal("targets", &batch.about.targets.len(), &2)?;
        let resident = stack.resident("prom") + stack.resident("pgx");
        within("memory of both", number(batch, Measure::MemoryUsed)?, resident, 0.2)?;
        number(batch, Measure::PoolUsed)?;
        number(batch, Measure::RequestRate).map(drop)
    })
    .await?;
    println!("ok: two endpoints as one service");
    Ok(())
}

/// A page for people is a fault, never a service without traffic.
async fn a_page_for_people(stack: &Stack, http: &Http) -> Result<(), String> {
    let fault = ask(&mut engine(&[stack.url("PROM_PORT", "/graph")]), http).await.err();
    let fault = fault.ok_or("a web page was taken for metrics")?;
    equal("fault", &fault.kind, &FaultKind::Unreadable)?;
    println!("ok: a page for people: {fault}");
    Ok(())
}

/// Programs that have ended are a fault of the connection.
async fn ended(urls: &[String], http: &Http) -> Result<(), String> {
    let fault = ask(&mut engine(urls), http).await.err().ok_or("an ended program answers")?;
    equal("fault", &fault.kind, &FaultKind::Connect)?;
    println!("ok: an ended program: {fault}");
    Ok(())
}

#[test]
fn real_programs_are_read_as_they_are() {
    let Some(script) = script() else { return };
    // Between finding a port free and using it, somebody else may have taken it.
    let taken = |why: String| if why.contains("is taken") { Stack::up(&script) } else { Err(why) };
    let stack = match Stack::up(&script).or_else(taken) {
        Ok(stack) => stack,
        Err(why) if why.contains("not installed:") || why.contains("curl is missing") => return skipped(why.trim()),
        Err(why) => panic!("the real programs do not start: {why}"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let wrong: Vec<String> = runtime.block_on(async {
        let http = Http::new();
        let mut all = vec![
            ("prometheus", prometheus(&stack, &http).await),
            ("postgres", postgres(&stack, &http).await),
            ("node_exporter and PgBouncer", node_and_pgbouncer(&stack, &http).await),
            ("two endpoints", both(&stack, &http).await),
            ("a page for people", a_page_for_people(&stack, &http).await),
        ];
        let urls = [stack.url("NODE_PORT", "/metrics")];
        stack.down();
        all.push(("ended", ended(&urls, &http).await));
        all.into_iter().filter_map(|(name, found)| Some(format!("{name}: {}", found.err()?))).collect()
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
