//! `sixty report` against real programs: Prometheus, `node_exporter`, `PostgreSQL`, its exporter, `PgBouncer`.
//!
//! Truth comes from elsewhere each time: from `psql`, from the kernel, from the requests that the test itself sends. One
//! stack serves all questions, so they are one test. Where the programs are not installed it is skipped, which CI
//! must not accept.

#![cfg(test)]

mod stack;

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use crate::stack::Stack;

/// Clients that hold all server connections of `PgBouncer`, and those that then queue for one.
const POOL: u32 = 5;
const WAITERS: u32 = 3;
const MAX_CONNECTIONS: u32 = 40;

/// How long a condition is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The real programs, and what they say themselves.
struct Real(Stack);

impl std::ops::Deref for Real {
    type Target = Stack;

    fn deref(&self) -> &Stack {
        &self.0
    }
}

impl Real {
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

    /// Starts `sixty report` on addresses.
    fn report(&self, urls: &[String], more: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_sixty"))
            .args(["report", "--format", "json", "--state-dir"])
            .arg(self.folder.join("state"))
            .args(more)
            .args(urls)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// A line `NAME   123 kB` of a file of the kernel, in bytes.
fn kilobytes(path: &str, name: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
}

/// What a report said of its one service, and with which code it ended.
struct Told {
    all: Value,
    code: i32,
}

impl Told {
    fn by(child: Child) -> Result<Self, String> {
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        let code = output.status.code().ok_or("the report was ended by a signal")?;
        let all: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
        if all["exit_code"] != code {
            return Err(format!("the report says {} and exits with {code}", all["exit_code"]));
        }
        Ok(Self { all, code })
    }

    fn service(&self) -> &Value {
        &self.all["services"][0]
    }

    /// The number of a measure, or what is there instead.
    fn number(&self, measure: &str) -> Result<f64, String> {
        let found = &self.service()["signals"][measure];
        found["value"].as_f64().ok_or_else(|| format!("{measure}: {} {}", found["state"], found["reason"]))
    }

    fn presets(&self) -> Vec<&str> {
        let presets = self.service()["engine"]["presets"].as_array();
        presets.into_iter().flatten().filter_map(|preset| preset["title"].as_str()).collect()
    }

    fn headline(&self) -> &str {
        self.service()["headline"]["text"].as_str().unwrap_or_default()
    }

    /// Lines that were not understood, of all targets.
    fn skipped(&self) -> u64 {
        let targets = self.service()["engine"]["targets"].as_array();
        targets.into_iter().flatten().filter_map(|target| target["scrape"]["skipped"].as_u64()).sum()
    }
}

fn within(what: &str, value: f64, truth: f64, share: f64) -> Result<(), String> {
    let fits = (value - truth).abs() <= share * truth.abs();
    if fits { Ok(()) } else { Err(format!("{what}: {value} where the truth is {truth}")) }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, value: &T, expected: &T) -> Result<(), String> {
    if value == expected { Ok(()) } else { Err(format!("{what}: {value:?} where {expected:?} is expected")) }
}

/// Reports until `check` agrees: the exporters read their own sources every two seconds only.
fn until(stack: &Real, urls: &[String], check: impl Fn(&Told) -> Result<(), String>) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        match Told::by(stack.report(urls, &[])).and_then(|told| check(&told)) {
            Err(_) if begun.elapsed() < PATIENCE => {}
            found => return found,
        }
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
fn prometheus(stack: &Real) -> Result<(), String> {
    let mut report = stack.report(&[stack.url("PROM_PORT", "/metrics")], &["--watch-for", "5s"]);
    let begun = Instant::now();
    let mut sent = 0;
    while report.try_wait().map_err(|error| error.to_string())?.is_none() {
        equal("status", &request(stack.ports["PROM_PORT"], "/api/v1/query?query=up").as_str(), &"HTTP/1.0 200 OK")?;
        sent += 1;
        // About a hundred a second: a load that can be told from the scrapes, and no flood.
        std::thread::sleep(Duration::from_millis(10));
    }
    // Prometheus scrapes itself as well, every two seconds.
    let truth = f64::from(sent) / begun.elapsed().as_secs_f64() + 0.5;
    let told = Told::by(report)?;
    equal("presets", &told.presets(), &vec!["Prometheus itself", "Go (client_golang)"])?;
    within("request rate", told.number("request_rate")?, truth, 0.25)?;
    equal("error rate", &told.number("error_rate")?, &0.0)?;
    let (p50, p95, p99) = (told.number("latency_p50")?, told.number("latency_p95")?, told.number("latency_p99")?);
    if !(0.0 < p50 && p50 <= p95 && p95 <= p99 && p99 < 1.0) {
        return Err(format!("latency: p50 {p50} s, p95 {p95} s, p99 {p99} s"));
    }
    within("memory", told.number("memory_used")?, stack.resident("prom"), 0.2)?;
    equal("skipped lines", &told.skipped(), &0)?;
    equal("exit code", &told.code, &0)?;
    println!("ok: prometheus: {truth:.1} req/s sent, {:.1} seen", told.number("request_rate")?);
    Ok(())
}

/// The sessions of the server are those that `psql` counts, without its own.
fn postgres(stack: &Real) -> Result<(), String> {
    let sessions = "select count(*) from pg_stat_activity \
                    where datname is not null and state is not null and pid <> pg_backend_pid()";
    let allowed =
        "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int";
    until(stack, &[stack.url("PGX_PORT", "/metrics")], |told| {
        equal("presets", &told.presets(), &vec!["Go (client_golang)", "PostgreSQL server (postgres_exporter)"])?;
        equal("sessions", &told.number("db_pool_used")?, &stack.count(sessions))?;
        equal("sessions allowed", &told.number("db_pool_max")?, &stack.count(allowed))?;
        equal("skipped lines", &told.skipped(), &0)?;
        within("memory of the exporter", told.number("memory_used")?, stack.resident("pgx"), 0.2)
    })?;
    println!("ok: postgres: {} sessions of {}", stack.count(sessions), stack.count(allowed));
    Ok(())
}

/// The memory of the host, as the kernel says it, and no requests where there are none.
fn node(stack: &Real) -> Result<(), String> {
    until(stack, &[stack.url("NODE_PORT", "/metrics")], |told| {
        equal("presets", &told.presets(), &vec!["Host (node_exporter)", "PgBouncer (pgbouncer_exporter)"])?;
        let total = kilobytes("/proc/meminfo", "MemTotal:");
        equal("memory of the host", &told.number("memory_limit")?, &total)?;
        within("memory in use", told.number("memory_used")?, total - kilobytes("/proc/meminfo", "MemAvailable:"), 0.2)?;
        equal("skipped lines", &told.skipped(), &0)?;
        equal("requests of a host", &told.service()["signals"]["request_rate"]["state"], &Value::from("no_data"))
    })?;
    println!("ok: node_exporter");
    Ok(())
}

/// Sessions that hold their transactions fill the pool, which is critical; when they are ended, all is well.
fn pgbouncer(stack: &Real) -> Result<(), String> {
    // The host's endpoint has the pool, Prometheus the requests: together they are one service with a verdict.
    let urls = [stack.url("NODE_PORT", "/metrics"), stack.url("PROM_PORT", "/metrics")];
    let as_psql_says = |told: &Told| {
        equal("pool used", &told.number("db_pool_used")?, &stack.pool("sv_active"))?;
        equal("waiting", &told.number("db_pool_waiting")?, &stack.pool("cl_waiting"))?;
        equal("pool size", &told.number("db_pool_max")?, &f64::from(POOL))
    };
    until(stack, &urls, |told| {
        as_psql_says(told)?;
        equal("exit code", &told.code, &2)?;
        let full = format!("DB pool full {POOL}/{POOL}, {WAITERS} waiting");
        if told.headline().starts_with(&full) { Ok(()) } else { Err(format!("{}: {full}", told.headline())) }
    })?;
    let ended = stack.count(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'hog-pool-%'",
    );
    equal("sessions ended", &ended, &f64::from(POOL))?;
    until(stack, &urls, |told| {
        as_psql_says(told)?;
        // Those who waited hold the connections now.
        equal("pool used", &told.number("db_pool_used")?, &f64::from(WAITERS))?;
        equal("waiting", &told.number("db_pool_waiting")?, &0.0)?;
        equal("exit code", &told.code, &0)
    })?;
    println!("ok: PgBouncer: {POOL}/{POOL} with {WAITERS} waiting, then {WAITERS}/{POOL}");
    Ok(())
}

/// No numbers are never good numbers: the kind of the fault, and the code for "unknown".
fn fault(stack: &Real, url: String, kind: &str) -> Result<(), String> {
    let told = Told::by(stack.report(&[url], &[]))?;
    let fault = &told.all["sources"][0]["fault"];
    equal("fault", &fault["kind"], &Value::from(kind))?;
    equal("exit code", &told.code, &3)?;
    println!("ok: {}; {}", fault["cause"], fault["advice"]);
    Ok(())
}

#[test]
fn real_programs_are_read_as_they_are() {
    let variables = [
        ("POOL_SIZE", POOL.to_string()),
        ("POOL_HOGS", POOL.to_string()),
        ("POOL_WAITERS", WAITERS.to_string()),
        ("PG_MAX_CONN", MAX_CONNECTIONS.to_string()),
    ];
    let components = ["node", "prom", "pg", "pgb", "hogs", "pgx", "pgbx"];
    let Some(stack) = Stack::start("real", &components, &variables).map(Real) else { return };
    let mut all = vec![
        ("prometheus", prometheus(&stack)),
        ("postgres", postgres(&stack)),
        ("node_exporter", node(&stack)),
        ("PgBouncer", pgbouncer(&stack)),
        ("a page for people", fault(&stack, stack.url("NODE_PORT", "/"), "not_found")),
    ];
    stack.down();
    all.push(("an ended program", fault(&stack, stack.url("NODE_PORT", "/metrics"), "connect")));
    let wrong: Vec<_> = all.into_iter().filter_map(|(name, found)| Some(format!("{name}: {}", found.err()?))).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
