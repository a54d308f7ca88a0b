//! Writes an instance's second as the text format 0.0.4, under the names that OpenTelemetry and the Go client use.
//!
//! Everything of a histogram's lines but their numbers is written once per world, so that a scrape copies text and
//! prints numbers.

use super::instance::Frame;
use super::instance::Instance;
use super::instance::POOL_NOISE;
use super::instance::WAIT_NOISE;
use super::layout::BOUNDS;
use super::layout::COUNT;
use super::layout::Ended;
use super::layout::Layout;
use super::layout::SUM;
use super::layout::Series;
use super::layout::WIDTH;
use super::plan::Plan;
use crate::drill::Second;
use crate::drill::noise::Noise;
use std::fmt::Write as _;

const REQUESTS: &str = "http_server_request_duration_seconds";
const CALLS: &str = "http_client_request_duration_seconds";
const QUERIES: &str = "db_client_operation_duration_seconds";

/// The channel of the noise that commits are made of.
const COMMIT_NOISE: u64 = 23;

/// What is written.
pub(super) struct Scene<'s> {
    pub(super) plan: &'s Plan,
    pub(super) layout: &'s Layout,
    pub(super) instance: &'s Instance,
    pub(super) frame: &'s Frame,
    pub(super) index: usize,
    /// How much of the second has passed.
    pub(super) share: f64,
    pub(super) second: Second,
    /// Whether it gets traffic; else it only stands by.
    pub(super) in_service: bool,
    pub(super) active: f64,
    pub(super) memory: f64,
    /// The beginning of the scenario in Unix seconds.
    pub(super) begins: i64,
    pub(super) noise: Noise,
    pub(super) channel: u64,
}

/// The lines of a service's histograms without their numbers.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    /// For each histogram its finite buckets, count, sum, and the bucket without an end.
    series: Vec<Vec<String>>,
    info: String,
}

impl Pages {
    pub(super) fn new(plan: &Plan, layout: &Layout) -> Self {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        let name: String = plan.service.name.chars().map(letter).collect();
        let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name };
        Self {
            series: layout.series.iter().map(|series| lines(plan, *series)).collect(),
            info: format!("{name}_build_info"),
        }
    }

    /// The whole exposition.
    pub(super) fn render(&self, scene: &Scene<'_>) -> String {
        let mut out = Page { text: String::with_capacity(32 * 1024) };
        self.build(&mut out, scene);
        if scene.in_service {
            pool(&mut out, scene);
            sessions(&mut out, scene);
            out.family("http_server_active_requests", "gauge", "Number of active HTTP server requests.");
            out.line("http_server_active_requests{url_scheme=\"http\"}", scene.active);
            let is_request = |series: &Series| matches!(series, Series::Request { .. });
            self.histogram(&mut out, scene, REQUESTS, "Duration of HTTP server requests.", is_request);
            let is_call = |series: &Series| matches!(series, Series::Call { .. });
            self.histogram(&mut out, scene, CALLS, "Duration of HTTP client requests.", is_call);
            let is_query = |series: &Series| *series == Series::Query;
            self.histogram(&mut out, scene, QUERIES, "Duration of database client operations.", is_query);
            memory(&mut out, scene);
            disk(&mut out, scene);
        }
        process(&mut out, scene);
        out.text
    }

    fn build(&self, out: &mut Page, scene: &Scene<'_>) {
        let version = escaped(scene.plan.version(scene.index, scene.second));
        let commit = &commit(&version)[..7];
        out.family(&self.info, "gauge", "The version that runs.");
        out.line(&format!("{}{{version=\"{version}\",commit=\"{commit}\"}}", self.info), 1.0);
        out.family("target_info", "gauge", "Target metadata.");
        let service = &scene.plan.service;
        let (name, environment) = (escaped(&service.name), escaped(&service.environment));
        out.line(
            &format!(
                "target_info{{deployment_environment_name=\"{environment}\",service_instance_id=\"{name}-{}\",service_name=\"{name}\",service_version=\"{version}\"}}",
                scene.index + 1
            ),
            1.0,
        );
    }

    fn histogram(&self, out: &mut Page, scene: &Scene<'_>, name: &str, help: &str, fits: impl Fn(&Series) -> bool) {
        let now = |index: usize, cell: usize| {
            scene.instance.sums[index * WIDTH + cell] + scene.share * scene.frame.steps[index * WIDTH + cell]
        };
        let mut is_first = true;
        for (index, (lines, series)) in self.series.iter().zip(&scene.layout.series).enumerate() {
            // As in life, a series is not there before its first event.
            if !fits(series) || now(index, COUNT) < 1.0 {
                continue;
            }
            if std::mem::take(&mut is_first) {
                out.family(name, "histogram", help);
            }
            for (cell, line) in lines[..COUNT].iter().enumerate() {
                out.number(line, now(index, cell) as u64);
            }
            let count = now(index, COUNT) as u64;
            out.number(&lines[WIDTH], count);
            out.line(&lines[SUM], now(index, SUM));
            out.number(&lines[COUNT], count);
        }
    }
}

/// The lines of a histogram: its finite buckets, count, sum, and the bucket without an end.
fn lines(plan: &Plan, series: Series) -> Vec<String> {
    let fault = |code: u16, from: u16| if code >= from { format!("error_type=\"{code}\",") } else { String::new() };
    let (name, labels) = match series {
        Series::Request { route, code } => {
            let route = &plan.service.routes[route];
            let (method, path) = (escaped(&route.method), escaped(&route.path));
            let labels = format!(
                "{}http_request_method=\"{method}\",http_response_status_code=\"{code}\",http_route=\"{path}\",network_protocol_version=\"1.1\",url_scheme=\"http\"",
                fault(code, 500)
            );
            (REQUESTS, labels)
        }
        Series::Call { call, ended } => {
            let host = escaped(&plan.service.calls[call].host);
            let end = match ended {
                Ended::With(code) => {
                    format!("{}http_request_method=\"POST\",http_response_status_code=\"{code}\"", fault(code, 400))
                }
                Ended::TimedOut => "error_type=\"timeout\",http_request_method=\"POST\"".to_owned(),
            };
            (CALLS, format!("{end},server_address=\"{host}\",server_port=\"443\""))
        }
        Series::Query => {
            let pool = plan.service.pool.as_ref().map(|pool| escaped(&pool.name)).unwrap_or_default();
            (QUERIES, format!("db_namespace=\"{pool}\",db_system_name=\"postgresql\""))
        }
    };
    let bucket = |bound: &str| format!("{name}_bucket{{{labels},le=\"{bound}\"}} ");
    let mut lines: Vec<String> = BOUNDS.iter().map(|bound| bucket(&bound.to_string())).collect();
    lines.push(format!("{name}_count{{{labels}}} "));
    lines.push(format!("{name}_sum{{{labels}}}"));
    lines.push(bucket("+Inf"));
    lines
}

/// What is seen of a pool at one instant.
struct Seen {
    used: f64,
    idle: f64,
    waiting: f64,
}

/// A pool as a scrape sees it: work comes and goes, and only where all is taken somebody waits.
fn connections(scene: &Scene<'_>) -> Seen {
    let Some(pool) = &scene.plan.service.pool else { return Seen { used: 0.0, idle: 0.0, waiting: 0.0 } };
    let (state, second, size) = (&scene.frame.pool, scene.second, scene.frame.pool_size.round());
    let busy = state.busy + 0.45 * state.busy.sqrt() * scene.noise.bell(scene.channel + POOL_NOISE, second);
    let is_full = state.after.queue > 0.5 || (state.waiting > 0.05 && busy >= state.free);
    if is_full {
        let waiting = state.waiting + 0.3 * state.waiting.sqrt() * scene.noise.bell(scene.channel + WAIT_NOISE, second);
        return Seen { used: size, idle: 0.0, waiting: waiting.round().max(1.0) };
    }
    let held = scene.instance.pool.leaked.floor() + state.after.held;
    let used = (busy.max(0.0) + held).round().clamp(0.0, size);
    Seen { used, idle: pool.idle.min(size - used), waiting: 0.0 }
}

fn pool(out: &mut Page, scene: &Scene<'_>) {
    let Some(pool) = &scene.plan.service.pool else { return };
    let Seen { used, idle, waiting } = connections(scene);
    let name = format!("db_client_connection_pool_name=\"{}\"", escaped(&pool.name));
    let help = "The number of connections that are currently in the described state.";
    out.family("db_client_connection_count", "gauge", help);
    for (state, value) in [("idle", idle), ("used", used)] {
        out.line(&format!("db_client_connection_count{{{name},db_client_connection_state=\"{state}\"}}"), value);
    }
    out.family("db_client_connection_max", "gauge", "The maximum number of open connections allowed.");
    out.line(&format!("db_client_connection_max{{{name}}}"), scene.frame.pool_size.round());
    let help = "The number of pending requests for an open connection.";
    out.family("db_client_connection_pending_requests", "gauge", help);
    out.line(&format!("db_client_connection_pending_requests{{{name}}}"), waiting);
    let help = "The number of requests that got no connection in time.";
    out.family("db_client_connection_timeouts_total", "counter", help);
    out.line(&format!("db_client_connection_timeouts_total{{{name}}}"), counter(scene, scene.layout.timeouts).floor());
}

/// The sessions of the database that an instance has, as `postgres_exporter` counts them: those that work, and those
/// that wait for a lock.
fn sessions(out: &mut Page, scene: &Scene<'_>) {
    let Some(pool) = &scene.plan.service.pool else { return };
    let Seen { used, .. } = connections(scene);
    let locked = scene.frame.pool.after.held.round().min(used);
    let labels = format!("datname=\"{}\",state=\"active\",usename=\"app\"", escaped(&pool.name));
    out.family("pg_stat_activity_count", "gauge", "Number of connections in this state.");
    for (event, kind, value) in [("", "", used - locked), ("relation", "Lock", locked)] {
        out.line(
            &format!("pg_stat_activity_count{{{labels},wait_event=\"{event}\",wait_event_type=\"{kind}\"}}"),
            value,
        );
    }
}

/// A counter now.
fn counter(scene: &Scene<'_>, cell: usize) -> f64 {
    scene.instance.sums[cell] + scene.share * scene.frame.steps[cell]
}

fn memory(out: &mut Page, scene: &Scene<'_>) {
    let Some(memory) = &scene.plan.service.memory else { return };
    out.family("go_memory_limit_bytes", "gauge", "Go runtime memory limit configured by the user.");
    out.line("go_memory_limit_bytes", memory.limit.round());
    out.family("go_memory_used_bytes", "gauge", "Memory used by the Go runtime.");
    let stack = (4_194_304.0 + 8_192.0 * scene.active).min(scene.memory).round();
    out.line("go_memory_used_bytes{go_memory_type=\"other\"}", (scene.memory - stack).round());
    out.line("go_memory_used_bytes{go_memory_type=\"stack\"}", stack);
}

fn disk(out: &mut Page, scene: &Scene<'_>) {
    let Some(disk) = &scene.plan.service.disk else { return };
    let labels = format!("{{device=\"/dev/nvme1n1\",fstype=\"ext4\",mountpoint=\"{}\"}}", escaped(&disk.mount));
    out.family("node_filesystem_avail_bytes", "gauge", "Filesystem space available to non-root users in bytes.");
    let free = (disk.size - scene.frame.disk).max(0.0);
    out.line(&format!("node_filesystem_avail_bytes{labels}"), (free / 4_096.0).floor() * 4_096.0);
    out.family("node_filesystem_size_bytes", "gauge", "Filesystem size in bytes.");
    out.line(&format!("node_filesystem_size_bytes{labels}"), disk.size.round());
}

fn process(out: &mut Page, scene: &Scene<'_>) {
    let Seen { used, idle, .. } = connections(scene);
    out.family("go_goroutines", "gauge", "Number of goroutines that currently exist.");
    // A connection has one, a request under way two, and some keep house.
    out.line("go_goroutines", 41.0 + used + idle + 2.0 * scene.active);
    out.family("go_info", "gauge", "Information about the Go environment.");
    out.line("go_info{version=\"go1.25.4\"}", 1.0);
    if let Some(cpu) = &scene.plan.service.cpu {
        out.family("go_sched_gomaxprocs_threads", "gauge", "The current runtime.GOMAXPROCS setting.");
        out.line("go_sched_gomaxprocs_threads", cpu.cores);
    }
    out.family("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.");
    out.line("process_cpu_seconds_total", (counter(scene, scene.layout.cpu) * 100.0).floor() / 100.0);
    out.family("process_max_fds", "gauge", "Maximum number of open file descriptors.");
    out.line("process_max_fds", 65_536.0);
    out.family("process_open_fds", "gauge", "Number of open file descriptors.");
    out.line("process_open_fds", 19.0 + used + idle + scene.active);
    if scene.in_service && scene.plan.service.memory.is_some() {
        out.family("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.");
        // The program's text and what the runtime does not count, in whole pages.
        out.line("process_resident_memory_bytes", ((scene.memory + 21_000_000.0) / 4_096.0).floor() * 4_096.0);
    }
    out.family("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.");
    out.line("process_start_time_seconds", (scene.begins + scene.instance.started) as f64);
}

/// The commit that a version was built from: 40 hexadecimal digits, the same in every world.
pub(super) fn commit(version: &str) -> String {
    let name = version.bytes().fold(17_i64, |sum, byte| sum.wrapping_mul(31).wrapping_add(i64::from(byte)));
    let noise = Noise::new(0);
    let part = |index: u64| noise.bits(COMMIT_NOISE + index, name);
    format!("{:016x}{:016x}{:08x}", part(0), part(1), part(2) >> 32)
}

/// A text as the value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        for part in ["# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n"] {
            self.text.push_str(part);
        }
    }

    fn line(&mut self, name: &str, value: f64) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{name} {value}");
    }

    fn number(&mut self, line: &str, value: u64) {
        self.text.push_str(line);
        let _ = writeln!(self.text, "{value}");
    }
}
