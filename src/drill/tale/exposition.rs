//! Writes a second of the world as the text format 0.0.4, under the names that OpenTelemetry and the Go client use.
//!
//! Everything of a line but its number is written once per world, so that a scrape copies text and prints numbers.

use super::story::Story;
use super::traffic::BOUNDS;
use super::traffic::COUNT;
use super::traffic::SUM;
use super::traffic::Series;
use super::traffic::WIDTH;
use std::fmt::Write as _;

/// Every gauge of one second, and the counters that are not of a route.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::drill) struct Scene {
    /// Requests under way.
    pub(in crate::drill) active: f64,
    /// Connections in use.
    pub(in crate::drill) used: f64,
    /// Connections open without work.
    pub(in crate::drill) idle: f64,
    /// The most connections.
    pub(in crate::drill) size: f64,
    /// Requests that wait for a connection.
    pub(in crate::drill) waiting: f64,
    /// Memory in use, in bytes.
    pub(in crate::drill) memory: f64,
    /// Where memory ends, in bytes.
    pub(in crate::drill) limit: f64,
    /// When the process started, in Unix seconds.
    pub(in crate::drill) started: f64,
    pub(in crate::drill) version: &'static str,
    pub(in crate::drill) commit: String,
    /// Seconds of a core that the process has used.
    pub(in crate::drill) cpu: f64,
    /// Requests that found no connection.
    pub(in crate::drill) timeouts: f64,
}

/// The lines of the request histogram without their numbers.
#[derive(Clone, Debug)]
pub(in crate::drill) struct Layout {
    /// For each series its lines, in the order of its cells, then the bucket without an end.
    series: Vec<Vec<String>>,
    pool: &'static str,
    info: String,
}

const DURATION: &str = "http_server_request_duration_seconds";

impl Layout {
    /// The lines of a story's series.
    pub(in crate::drill) fn new(story: &Story, series: &[Series]) -> Self {
        Self {
            series: series.iter().map(lines).collect(),
            pool: story.pool.name,
            info: format!("{}_build_info", story.service.split('-').next().unwrap_or(story.service)),
        }
    }

    /// The whole exposition: `sums` are the counters at the beginning of the second, `steps` what it adds, and
    /// `share` how much of it has passed.
    pub(in crate::drill) fn render(&self, scene: &Scene, sums: &[f64], steps: &[f64], share: f64) -> String {
        let mut out = Page { text: String::with_capacity(48 * 1024) };
        self.service(&mut out, scene);
        go(&mut out, scene);
        self.requests(&mut out, scene, sums, steps, share);
        process(&mut out, scene);
        out.text
    }

    fn service(&self, out: &mut Page, scene: &Scene) {
        out.family(&self.info, "gauge", "The version that runs.");
        let commit = &scene.commit[..7];
        out.line(&format!("{}{{version=\"{}\",commit=\"{commit}\"}}", self.info, scene.version), 1.0);
        let pool = format!("db_client_connection_pool_name=\"{}\"", self.pool);
        out.family(
            "db_client_connection_count",
            "gauge",
            "The number of connections that are currently in the described state.",
        );
        for (state, value) in [("idle", scene.idle), ("used", scene.used)] {
            out.line(&format!("db_client_connection_count{{{pool},db_client_connection_state=\"{state}\"}}"), value);
        }
        out.family("db_client_connection_max", "gauge", "The maximum number of open connections allowed.");
        out.line(&format!("db_client_connection_max{{{pool}}}"), scene.size);
        out.family(
            "db_client_connection_pending_requests",
            "gauge",
            "The number of pending requests for an open connection.",
        );
        out.line(&format!("db_client_connection_pending_requests{{{pool}}}"), scene.waiting);
        out.family(
            "db_client_connection_timeouts_total",
            "counter",
            "The number of requests that got no connection in time.",
        );
        out.line(&format!("db_client_connection_timeouts_total{{{pool}}}"), scene.timeouts);
    }

    fn requests(&self, out: &mut Page, scene: &Scene, sums: &[f64], steps: &[f64], share: f64) {
        out.family("http_server_active_requests", "gauge", "Number of active HTTP server requests.");
        out.line("http_server_active_requests{url_scheme=\"http\"}", scene.active);
        out.family(DURATION, "histogram", "Duration of HTTP server requests.");
        let cells = sums.chunks_exact(WIDTH).zip(steps.chunks_exact(WIDTH));
        for (lines, (sums, steps)) in self.series.iter().zip(cells) {
            let now = |cell: usize| sums[cell] + share * steps[cell];
            // As in life, a series is not there before its first request.
            if now(COUNT) < 1.0 {
                continue;
            }
            for (cell, line) in lines[..COUNT].iter().enumerate() {
                out.number(line, now(cell) as u64);
            }
            out.number(&lines[WIDTH], now(COUNT) as u64);
            out.line(&lines[SUM], now(SUM));
            out.number(&lines[COUNT], now(COUNT) as u64);
        }
    }
}

fn lines(series: &Series) -> Vec<String> {
    let fault = if series.code >= 500 { format!("error_type=\"{}\",", series.code) } else { String::new() };
    let labels = format!(
        "{fault}http_request_method=\"{}\",http_response_status_code=\"{}\",http_route=\"{}\",network_protocol_version=\"1.1\",url_scheme=\"http\"",
        series.route.method, series.code, series.route.path
    );
    let bucket = |bound: &str| format!("{DURATION}_bucket{{{labels},le=\"{bound}\"}} ");
    let mut lines: Vec<String> = BOUNDS.iter().map(|bound| bucket(&bound.to_string())).collect();
    lines.push(format!("{DURATION}_count{{{labels}}} "));
    lines.push(format!("{DURATION}_sum{{{labels}}}"));
    lines.push(bucket("+Inf"));
    lines
}

fn go(out: &mut Page, scene: &Scene) {
    out.family("go_goroutines", "gauge", "Number of goroutines that currently exist.");
    // A connection has one, a request under way two, and some keep house.
    out.line("go_goroutines", 41.0 + scene.used + scene.idle + 2.0 * scene.active);
    out.family("go_info", "gauge", "Information about the Go environment.");
    out.line("go_info{version=\"go1.25.4\"}", 1.0);
    out.family("go_memory_limit_bytes", "gauge", "Go runtime memory limit configured by the user.");
    out.line("go_memory_limit_bytes", scene.limit);
    out.family("go_memory_used_bytes", "gauge", "Memory used by the Go runtime.");
    let stack = (4_194_304.0 + 8_192.0 * scene.active).min(scene.memory);
    out.line("go_memory_used_bytes{go_memory_type=\"other\"}", scene.memory - stack);
    out.line("go_memory_used_bytes{go_memory_type=\"stack\"}", stack);
}

fn process(out: &mut Page, scene: &Scene) {
    out.family("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.");
    out.line("process_cpu_seconds_total", (scene.cpu * 100.0).floor() / 100.0);
    out.family("process_max_fds", "gauge", "Maximum number of open file descriptors.");
    out.line("process_max_fds", 65_536.0);
    out.family("process_open_fds", "gauge", "Number of open file descriptors.");
    out.line("process_open_fds", 19.0 + scene.used + scene.idle + scene.active);
    out.family("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.");
    // The program's text and what the runtime does not count, in whole pages.
    out.line("process_resident_memory_bytes", ((scene.memory + 21_000_000.0) / 4_096.0).floor() * 4_096.0);
    out.family("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.");
    out.line("process_start_time_seconds", scene.started);
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
