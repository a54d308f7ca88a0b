//! Which instance, which route: the embedded engine on eight instances of our own that serve over the loopback. What a
//! server is asked for the same is in `prometheus_engine.rs`.

#![cfg(test)]

mod loopback;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use sixty::facts::At;
use sixty::facts::Batch;
use sixty::facts::Measure;
use sixty::facts::Payload;
use sixty::facts::Split;
use sixty::runtime::setup;
use sixty::signals::preset;
use sixty::sources::embedded::Embedded;
use sixty::sources::embedded::Settings;
use sixty::sources::http::Http;

use crate::loopback::Loopback;
use crate::loopback::Script;

const INSTANCES: usize = 8;
const EVERY: i64 = 5;

/// Requests of one instance in one interval, by route: answered well, not found, failed, and how many of all took
/// longer than a second.
#[derive(Clone, Copy)]
struct Load {
    pay: [u64; 3],
    list: [u64; 3],
    unrouted: [u64; 3],
    slow: u64,
}

const WELL: Load = Load { pay: [249, 0, 1], list: [500, 0, 0], unrouted: [10, 0, 0], slow: 0 };

impl Load {
    fn routes(&self) -> [(&'static str, [u64; 3]); 3] {
        [("/pay", self.pay), ("/list", self.list), ("", self.unrouted)]
    }
}

/// What an instance says after so many intervals.
fn page(load: Load, intervals: u64) -> String {
    let mut text = String::new();
    let name = "http_server_request_duration_seconds";
    for (route, counts) in load.routes() {
        for (code, count) in ["200", "404", "500"].into_iter().zip(counts) {
            let route = if route.is_empty() { String::new() } else { format!(",http_route=\"{route}\"") };
            let labels = format!("http_response_status_code=\"{code}\"{route}");
            let all = (count * (intervals + 1)) as f64;
            let slow = all * load.slow as f64 / 100.0;
            writeln!(text, "{name}_bucket{{{labels},le=\"0.1\"}} {}", all - slow).unwrap();
            writeln!(text, "{name}_bucket{{{labels},le=\"4\"}} {all}").unwrap();
            writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {all}").unwrap();
            writeln!(text, "{name}_count{{{labels}}} {all}").unwrap();
        }
    }
    text
}

struct World {
    servers: Vec<Loopback>,
    engine: Embedded,
    http: Http,
    begun: i64,
}

impl World {
    /// Instances that behave so, the first intervals well and then as told.
    async fn new(loads: &[Load; INSTANCES], own: &BTreeMap<Measure, String>) -> Self {
        let mut servers = Vec::new();
        for &load in loads {
            let server = Loopback::start().await;
            let pages = (0..40).map(|step| Script::ok("text/plain; version=0.0.4", page(load, step)));
            server.in_turn("/metrics", pages.collect());
            servers.push(server);
        }
        let settings = Settings {
            service: "api".into(),
            targets: servers.iter().map(|server| (server.url("/metrics"), Arc::default())).collect(),
            every: Duration::from_secs(EVERY.unsigned_abs()),
            rate_window: None,
            retention: Duration::from_hours(1),
            max_series: 5_000,
        };
        let engine = Embedded::new(settings, setup::planner(&[], own, preset::explain));
        Self { servers, engine, http: Http::new(), begun: 1_800_000_000 }
    }

    async fn ask(&mut self, step: i64) -> Batch {
        let at = At::from_timestamp(self.begun + step * EVERY, 0).unwrap();
        match self.engine.ask(&self.http, &move || at).await.unwrap() {
            Payload::Signals(batch) => batch,
            other => panic!("{other:?}"),
        }
    }

    async fn after(&mut self, steps: i64) -> Batch {
        let mut last = None;
        for step in 0..steps {
            last = Some(self.ask(step).await);
        }
        last.unwrap()
    }

    fn instance(&self, index: usize) -> String {
        let url = self.servers[index].url("/metrics");
        format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
    }
}

fn told(batch: &Batch) -> Vec<(&'static str, &str)> {
    batch.splits.iter().map(|split| (split.measure.key(), &*split.label)).collect()
}

fn split<'b>(batch: &'b Batch, measure: Measure, label: &str) -> &'b Split {
    let found = batch.splits.iter().find(|split| (split.measure, &*split.label) == (measure, label));
    found.unwrap_or_else(|| panic!("{:?}", told(batch)))
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} {expected}");
}

#[tokio::test]
async fn one_instance_of_eight_fails() {
    let bad = Load { pay: [0, 0, 250], list: [289, 0, 211], ..WELL };
    let mut world = World::new(&[WELL, WELL, bad, WELL, WELL, WELL, WELL, WELL], &BTreeMap::new()).await;
    let batch = world.after(9).await;
    assert_eq!(
        told(&batch),
        [("request_rate", "http_route"), ("error_rate", "http_route"), ("error_rate", "instance")],
    );
    let by_instance = split(&batch, Measure::ErrorRate, "instance");
    assert_eq!((by_instance.count, by_instance.parts.len()), (8, 8));
    assert_eq!(*by_instance.parts[0].name, world.instance(2));
    close(by_instance.parts[0].value, 461.0 / 760.0);
    close(by_instance.parts[0].share, 0.125);
    for other in &by_instance.parts[1..] {
        close(other.value, 1.0 / 760.0);
    }
    assert_eq!(by_instance.at, batch.points.last().unwrap().at);
    let by_route = split(&batch, Measure::ErrorRate, "http_route");
    let names: Vec<_> = by_route.parts.iter().map(|part| &*part.name).collect();
    assert_eq!(names, ["/pay", "/list", "(none)"]);
    close(by_route.parts[0].value, 257.0 / 2_000.0);
    let rates = split(&batch, Measure::RequestRate, "http_route");
    assert_eq!(rates.parts.iter().map(|part| &*part.name).collect::<Vec<_>>(), ["/list", "/pay", "(none)"]);
    close(rates.parts[0].value, 8.0 * 100.0);
    close(rates.parts[2].share, 10.0 / 760.0);
    // The parts are those of the whole.
    let whole = batch.points.last().unwrap().answers[&Measure::ErrorRate].number().unwrap().value;
    close(by_instance.parts.iter().map(|part| part.value * part.share).sum(), whole);
    close(by_route.parts.iter().map(|part| part.value * part.share).sum(), whole);
}

#[tokio::test]
async fn a_slow_one_and_one_that_finds_nothing() {
    let slow = Load { slow: 50, ..WELL };
    let lost = Load { list: [0, 500, 0], unrouted: [0, 10, 0], ..WELL };
    let mut world = World::new(&[WELL, slow, slow, slow, lost, WELL, WELL, WELL], &BTreeMap::new()).await;
    let batch = world.after(9).await;
    let by_instance = split(&batch, Measure::LatencyP95, "instance");
    let names: Vec<_> = by_instance.parts.iter().take(3).map(|part| part.name.to_string()).collect();
    let mut slow: Vec<_> = (1..4).map(|index| world.instance(index)).collect();
    slow.sort();
    assert_eq!(names, slow);
    assert!(by_instance.parts[0].value > 3.0 && by_instance.parts[3].value < 0.1, "{by_instance:?}");
    let lost = split(&batch, Measure::NotFound, "instance");
    assert_eq!(*lost.parts[0].name, world.instance(4));
    close(lost.parts[0].value, 510.0 / 760.0);
    let routes = split(&batch, Measure::NotFound, "http_route");
    // Those without a route are few, and found as seldom.
    let shares: Vec<_> = routes.parts.iter().map(|part| (&*part.name, part.value)).collect();
    assert_eq!(shares, [("(none)", 0.125), ("/list", 0.125), ("/pay", 0.0)]);
    assert!(!told(&batch).contains(&("error_rate", "instance")), "errors are as usual");
}

#[tokio::test]
async fn what_is_well_is_not_taken_apart_and_own_queries_are() {
    let mut world = World::new(&[WELL; INSTANCES], &BTreeMap::new()).await;
    assert!(world.after(9).await.splits.is_empty());
    let bad = Load { pay: [0, 0, 250], ..WELL };
    let metric = "http_server_request_duration_seconds_count";
    let own = BTreeMap::from([(
        Measure::ErrorRate,
        format!("sum(rate({metric}{{http_response_status_code=\"500\"}}[1m])) / sum(rate({metric}[1m]))"),
    )]);
    let mut world = World::new(&[WELL, WELL, bad, WELL, WELL, WELL, WELL, WELL], &own).await;
    let batch = world.after(15).await;
    let by_instance = split(&batch, Measure::ErrorRate, "instance");
    assert_eq!(*by_instance.parts[0].name, world.instance(2));
    close(by_instance.parts[0].value, 250.0 / 760.0);
}
