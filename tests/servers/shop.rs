//! The service that the servers watch: the simulated one of `sixty demo`, with a past, and what it says of itself.
//!
//! Twenty minutes ago begins what the servers are given as their past; since then they scrape it themselves.

#![allow(dead_code, clippy::allow_attributes, reason = "every test target uses another part of it")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use sixty::drill;
use sixty::drill::Story;
use sixty::drill::StoryWorld as World;
use tokio::sync::oneshot;

use crate::programs;

/// The name of its job.
pub const JOB: &str = "shop";
/// So much of its past the servers are given, and how long ago its bad deploy was, in seconds.
const PAST: i64 = 1_200;
const DEPLOYED: i64 = 720;
/// From one scrape of the past to the next, in seconds.
const STEP: i64 = 5;

/// The running service.
pub struct Shop {
    pub address: String,
    deploy: DateTime<Utc>,
    began: DateTime<Utc>,
    _end: oneshot::Sender<()>,
}

impl Shop {
    pub fn start() -> Self {
        let began = Utc::now();
        let deploy = began - TimeDelta::seconds(DEPLOYED);
        let (told, address) = mpsc::channel();
        let (end, ended) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let server = drill::Server::start(world(deploy), Arc::new(Utc::now), 0).await.unwrap();
                told.send(server.address().to_string()).unwrap();
                let _ = ended.await;
            });
        });
        Self { address: address.recv().unwrap(), deploy, began, _end: end }
    }

    /// When it was started, and the servers' past ended.
    pub const fn started(&self) -> DateTime<Utc> {
        self.began
    }

    /// What a server is configured with to scrape it.
    pub fn scraped(&self) -> String {
        format!("scrape_configs:\n  - {{job_name: {JOB}, static_configs: [{{targets: ['{}']}}]}}\n", self.address)
    }

    /// What a server would have scraped until now, as its own lines with their times.
    pub fn past(&self) -> String {
        let mut world = world(self.deploy);
        let labels = format!("job=\"{JOB}\",instance=\"{}\"", self.address);
        let mut out = String::new();
        for ago in (0..=PAST).step_by(STEP as usize).map(|passed| PAST - passed) {
            let at = self.began - TimeDelta::seconds(ago);
            let stamp = at.timestamp_millis();
            for line in world.metrics(at).lines().filter(|line| !line.starts_with('#')).chain(["up 1"]) {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let series = match series.split_once('{') {
                    Some((name, rest)) => format!("{name}{{{labels},{rest}"),
                    None => format!("{series}{{{labels}}}"),
                };
                let _ = writeln!(out, "{series} {value} {stamp}");
            }
        }
        out
    }

    /// Lays the past into the folder of data of a Prometheus that does not run yet.
    pub fn fill_prometheus(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let file = folder.join("past.txt");
        // The format counts in seconds here, and wants an end.
        let lines = self.past().lines().fold(String::new(), |mut out, line| {
            let (sample, stamp) = line.rsplit_once(' ').unwrap();
            let stamp: i64 = stamp.parse().unwrap();
            let _ = writeln!(out, "{sample} {}.{:03}", stamp / 1_000, stamp % 1_000);
            out
        });
        fs::write(&file, lines + "# EOF\n").unwrap();
        let made = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .arg(&file)
            .arg(folder.join("data"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// Gives a `VictoriaMetrics` that runs the past.
    pub fn fill_victoria(&self, port: u16) {
        let past = self.past();
        let head = "POST /api/v1/import/prometheus HTTP/1.0\r\nContent-Length:";
        let request = format!("{head} {}\r\n\r\n{past}", past.len());
        let answered = programs::exchange(port, request.as_bytes()).map(|(status, _)| status);
        assert!(answered.is_some_and(|status| status < 300), "{answered:?}");
    }

    /// What it really did in the minute before an instant, from its own numbers.
    pub fn truth(&self, at: DateTime<Utc>) -> Truth {
        let mut world = world(self.deploy);
        let before = counted(&world.metrics(at - TimeDelta::seconds(60)));
        let after = counted(&world.metrics(at));
        let sum = |all: &BTreeMap<String, f64>, part: &str| -> f64 {
            let counts =
                all.iter().filter(|(series, _)| series.starts_with("http_server_request_duration_seconds_count"));
            counts.filter(|(series, _)| series.contains(part)).map(|(_, value)| value).sum()
        };
        let grown = |part: &str| sum(&after, part) - sum(&before, part);
        let memory = after.iter().filter(|(series, _)| series.starts_with("go_memory_used_bytes"));
        let memory = memory.map(|(_, value)| value).sum();
        Truth { rate: grown("") / 60.0, errors: grown("response_status_code=\"5") / grown(""), memory }
    }
}

/// What the service did in a minute.
#[derive(Debug)]
pub struct Truth {
    /// Requests a second.
    pub rate: f64,
    /// The share that failed.
    pub errors: f64,
    /// Memory in bytes.
    pub memory: f64,
}

fn world(deploy: DateTime<Utc>) -> World {
    World::new(Story::connection_leak(), 7, deploy - TimeDelta::seconds(PAST), deploy)
}

fn counted(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    lines.map(|(series, value)| (series.to_owned(), value.parse().unwrap())).collect()
}
