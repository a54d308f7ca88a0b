//! The measures that nobody misses, on recorded expositions: which of them each has, and their numbers against sums that
//! are made here line by line, without `PromQL`.

#![cfg(test)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use sixty::facts::Labels;
use sixty::facts::Measure;
use sixty::promql::Limits;
use sixty::promql::Query;
use sixty::promql::Store;
use sixty::promql::Value;
use sixty::promql::Vars;
use sixty::promql::expand;
use sixty::signals::preset;
use sixty::signals::preset::Inventory;
use sixty::sources::exposition::Format;
use sixty::sources::exposition::samples;

/// From scrape to scrape, and the last of four, in milliseconds.
const SCRAPE_MS: i64 = 30_000;
const LAST_MS: i64 = 3 * SCRAPE_MS;

/// The folder of shared test data; `None` (and a word about it) where it is missing, which CI must not accept.
fn shared() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let named = std::env::var_os("SIXTY_SHARED").map(PathBuf::from);
    let found = std::iter::once(beside).chain(named).find(|path| path.join("payloads").is_dir());
    if found.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the shared test data is missing");
        println!("skipped: the shared test data is not here");
    }
    found
}

/// The samples of an exposition.
struct Page(Vec<(Labels, f64)>);

impl Page {
    fn read(text: &str) -> Self {
        Self(
            samples(text.as_bytes(), Format::Text)
                .unwrap()
                .into_iter()
                .map(|(labels, value, ..)| (labels, value))
                .collect(),
        )
    }

    fn recorded(name: &str) -> Option<Self> {
        let path = shared()?.join("payloads/metrics").join(name);
        Some(Self::read(&std::fs::read_to_string(path).unwrap()))
    }

    /// The sum over the series of a metric that a test likes.
    fn sum(&self, metric: &str, likes: impl Fn(&Labels) -> bool) -> f64 {
        self.0.iter().filter(|(labels, _)| labels.name() == metric && likes(labels)).map(|(_, value)| value).sum()
    }

    /// The measures by the presets, where every counter grows by what the page says in a minute.
    fn measured(&self) -> BTreeMap<Measure, f64> {
        let mut inventory = Inventory::default();
        let mut store = Store::new(Limits { retention: Duration::from_hours(1), max_series: 100_000 });
        let target = store.add_target([("job", "x"), ("instance", "i:1")].into_iter().collect());
        for at in (0..=LAST_MS).step_by(SCRAPE_MS as usize) {
            let times = 1.0 + at as f64 / 60_000.0;
            let mut open = store.begin(target, at).unwrap();
            for (labels, value) in &self.0 {
                inventory.add(labels.name(), labels.iter().map(|(name, _)| name).filter(|name| *name != "__name__"));
                let is_gauge = ["system_cpu_count", "pg_stat_activity_count"].contains(&labels.name());
                let grows =
                    !is_gauge && ["_total", "_count", "_sum", "_bucket"].iter().any(|end| labels.name().ends_with(end));
                let id = open.series(labels.clone()).unwrap();
                open.put(id, if grows { value * times } else { *value }, None);
            }
            open.finish();
        }
        let minute = Duration::from_mins(1);
        let vars = Vars { service: "x", selector: "job=\"x\"", rate_interval: minute, interval: minute, range: minute };
        let mut found = BTreeMap::new();
        for (measure, query) in preset::choose(&inventory).queries {
            let query = Query::parse(&expand(&query, &vars)).unwrap();
            match query.instant(&store, LAST_MS).unwrap() {
                Value::Vector(samples) if samples.is_empty() => {}
                Value::Vector(samples) => {
                    assert_eq!(samples.len(), 1, "{}", measure.key());
                    if samples[0].1.is_finite() {
                        found.insert(measure, samples[0].1);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        found
    }
}

/// Resets go with every counter of requests where nothing tells the start, and are looked at elsewhere.
fn is_optional(measure: Measure) -> bool {
    measure != Measure::Resets && !Measure::GOLDEN.contains(&measure)
}

fn optional(found: &BTreeMap<Measure, f64>) -> String {
    let keys = found.keys().filter(|measure| is_optional(**measure)).map(|measure| measure.key());
    keys.collect::<Vec<_>>().join(" ")
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found}, and by hand {expected}");
}

#[test]
fn each_recording_has_what_its_metrics_tell() {
    if shared().is_none() {
        return;
    }
    for (file, measures) in [
        ("alertmanager-0.25.txt", "cpu_used started"),
        ("axum-prometheus-doc-sample.txt", "rate_limited not_found"),
        ("cadvisor-kubelet-1.16.txt", ""),
        ("cloudwatch-exporter-doc-sample.txt", ""),
        ("go-grpc-prometheus-doc-sample.txt", "rate_limited not_found"),
        ("node-exporter-1.5.txt", "cpu_used cpu_max started"),
        ("node-express-prom-bundle.txt", "rate_limited not_found cpu_used started"),
        // What it says of its own process is of the exporter; its version does not say who waits for a lock.
        ("postgres-exporter-0.11.txt", ""),
        ("prometheus-server-client-golang.txt", "rate_limited not_found cpu_used started"),
        ("python-django-prometheus.txt", "rate_limited not_found cpu_used started"),
        // Its codes are in classes: nobody knows what a 4xx is.
        ("python-fastapi-instrumentator.txt", "cpu_used started"),
        ("python-flask-exporter.txt", "rate_limited not_found cpu_used started"),
    ] {
        let page = Page::recorded(file).unwrap();
        let found = page.measured();
        assert_eq!(optional(&found), measures, "{file}");
        let process = |name: &str| page.sum(name, |_| true);
        if measures.contains("started") && !file.starts_with("node-exporter") {
            close(found[&Measure::CpuUsed], process("process_cpu_seconds_total") / 60.0, file);
            close(found[&Measure::Started], process("process_start_time_seconds"), file);
        }
    }
}

#[test]
fn shares_of_answers_are_those_of_the_counters() {
    for (file, metric, label) in [
        ("python-django-prometheus.txt", "django_http_responses_total_by_status_total", "status"),
        ("python-flask-exporter.txt", "flask_http_request_total", "status"),
        ("node-express-prom-bundle.txt", "http_request_duration_seconds_count", "status_code"),
        ("prometheus-server-client-golang.txt", "prometheus_http_requests_total", "code"),
    ] {
        let Some(page) = Page::recorded(file) else { return };
        let found = page.measured();
        let all = page.sum(metric, |_| true);
        for (measure, code) in [(Measure::NotFound, "404"), (Measure::RateLimited, "429")] {
            let some = page.sum(metric, |labels| labels.get(label) == Some(code));
            close(found[&measure], some / all, &format!("{file} {}", measure.key()));
        }
        println!("{file}: 404 {:.4} of {all}", found[&Measure::NotFound]);
    }
}

#[test]
fn a_host_uses_what_is_not_idle() {
    let Some(page) = Page::recorded("node-exporter-1.5.txt") else { return };
    let found = page.measured();
    let mode = |labels: &Labels| labels.get("mode").unwrap_or_default().to_owned();
    let busy = page.sum("node_cpu_seconds_total", |labels| !["idle", "iowait"].contains(&mode(labels).as_str()));
    close(found[&Measure::CpuUsed], busy / 60.0, "cores");
    let cores = page.0.iter().filter(|(labels, _)| labels.name() == "node_cpu_seconds_total" && mode(labels) == "idle");
    close(found[&Measure::CpuMax], cores.count() as f64, "cores there are");
    close(found[&Measure::Started], page.sum("node_boot_time_seconds", |_| true), "boot");
}

/// Pages of our own, with numbers that are easily made by hand.
#[test]
fn numbers_by_hand() {
    for (page, expected) in [
        // The fullest disk that can fill up: not the one in memory, nor the one that nobody writes to.
        (
            "node_filesystem_avail_bytes{device=\"a\",fstype=\"ext4\",mountpoint=\"/\"} 25\n\
             node_filesystem_size_bytes{device=\"a\",fstype=\"ext4\",mountpoint=\"/\"} 100\n\
             node_filesystem_readonly{device=\"a\",fstype=\"ext4\",mountpoint=\"/\"} 0\n\
             node_filesystem_avail_bytes{device=\"b\",fstype=\"ext4\",mountpoint=\"/iso\"} 0\n\
             node_filesystem_size_bytes{device=\"b\",fstype=\"ext4\",mountpoint=\"/iso\"} 100\n\
             node_filesystem_readonly{device=\"b\",fstype=\"ext4\",mountpoint=\"/iso\"} 1\n\
             node_filesystem_avail_bytes{device=\"t\",fstype=\"tmpfs\",mountpoint=\"/run\"} 1\n\
             node_filesystem_size_bytes{device=\"t\",fstype=\"tmpfs\",mountpoint=\"/run\"} 100\n\
             node_filesystem_readonly{device=\"t\",fstype=\"tmpfs\",mountpoint=\"/run\"} 0\n",
            "disk=0.75",
        ),
        // As df counts: of 90 that are not kept for root 60 are used.
        (
            "node_filesystem_avail_bytes{device=\"a\",fstype=\"xfs\"} 30\n\
             node_filesystem_free_bytes{device=\"a\",fstype=\"xfs\"} 40\n\
             node_filesystem_size_bytes{device=\"a\",fstype=\"xfs\"} 100\n\
             node_filesystem_readonly{device=\"a\",fstype=\"xfs\"} 0\n",
            "disk=0.666666667",
        ),
        (
            "disk_free_bytes{path=\"/\"} 40\ndisk_total_bytes{path=\"/\"} 100\nprocess_cpu_usage 0.25\n\
             system_cpu_count 8\nprocess_start_time_seconds 1800000000.5\n",
            "cpu_used=2 cpu_max=8 disk=0.6 started=1800000000.5",
        ),
        // Of two containers one has no quota: then there is no maximum.
        (
            "container_cpu_usage_seconds_total{container=\"a\",cpu=\"cpu00\"} 60\n\
             container_cpu_usage_seconds_total{container=\"b\",cpu=\"cpu00\"} 30\n\
             container_cpu_usage_seconds_total{container=\"\",cpu=\"cpu00\"} 90\n\
             container_spec_cpu_quota{container=\"a\"} 150000\ncontainer_spec_cpu_period{container=\"a\"} 100000\n\
             container_spec_cpu_quota{container=\"b\"} 50000\ncontainer_spec_cpu_period{container=\"b\"} 100000\n\
             container_start_time_seconds{container=\"a\"} 100\ncontainer_start_time_seconds{container=\"b\"} 200\n\
             container_start_time_seconds{container=\"\"} 300\n",
            "cpu_used=1.5 cpu_max=2 started=200",
        ),
        (
            "container_cpu_usage_seconds_total{container=\"a\"} 60\n\
             container_spec_cpu_quota{container=\"a\"} 150000\ncontainer_spec_cpu_period{container=\"a\"} 100000\n\
             container_spec_cpu_period{container=\"b\"} 100000\n",
            "cpu_used=1",
        ),
        // A call without an answer counts as failed, a 404 does not.
        (
            "http_client_request_duration_seconds_count{http_response_status_code=\"200\"} 60\n\
             http_client_request_duration_seconds_count{http_response_status_code=\"404\",error_type=\"404\"} 10\n\
             http_client_request_duration_seconds_count{http_response_status_code=\"429\",error_type=\"429\"} 10\n\
             http_client_request_duration_seconds_count{http_response_status_code=\"503\",error_type=\"503\"} 5\n\
             http_client_request_duration_seconds_count{error_type=\"connect\"} 15\n",
            "call_errors=0.2 calls_limited=0.1",
        ),
        (
            "http_client_requests_seconds_count{status=\"200\"} 80\n\
             http_client_requests_seconds_count{status=\"IO_ERROR\"} 10\n\
             http_client_requests_seconds_count{status=\"429\"} 10\n",
            "call_errors=0.1 calls_limited=0.1",
        ),
        (
            "istio_requests_total{reporter=\"source\",response_code=\"200\"} 70\n\
             istio_requests_total{reporter=\"source\",response_code=\"0\"} 10\n\
             istio_requests_total{reporter=\"source\",response_code=\"200\",grpc_response_status=\"14\"} 10\n\
             istio_requests_total{reporter=\"source\",response_code=\"429\"} 10\n\
             istio_requests_total{reporter=\"destination\",response_code=\"404\"} 10\n\
             istio_requests_total{reporter=\"destination\",response_code=\"200\"} 90\n",
            "rate_limited=0 not_found=0.1 call_errors=0.2 calls_limited=0.1",
        ),
        (
            "pg_stat_activity_count{state=\"active\",wait_event_type=\"Lock\"} 7\n\
             pg_stat_activity_count{state=\"active\",wait_event_type=\"IO\"} 2\npg_up 1\n\
             pg_postmaster_start_time_seconds 1800000000\nprocess_start_time_seconds 5\nprocess_cpu_seconds_total 5\n",
            "started=1800000000 db_locked=7",
        ),
        ("pg_stat_activity_count{state=\"idle\",wait_event_type=\"Client\"} 2\npg_up 1\n", "db_locked=0"),
        ("mysql_up 1\nmysql_global_status_uptime 60\n", "started=30"),
        // Traffic, but never such a code; and no traffic at all.
        ("http_requests_total{code=\"200\"} 60\n", "rate_limited=0 not_found=0"),
        ("http_requests_total{code=\"4xx\"} 60\n", ""),
        ("http_requests_total{code=\"200\"} 0\n", ""),
        (
            "db_client_operation_duration_seconds_bucket{le=\"0.1\"} 90\n\
             db_client_operation_duration_seconds_bucket{le=\"0.2\"} 100\n\
             db_client_operation_duration_seconds_bucket{le=\"+Inf\"} 100\n",
            "db_latency=0.15",
        ),
        ("db_client_operation_duration_seconds_bucket{le=\"+Inf\"} 0\n", ""),
    ] {
        let found = Page::read(page).measured();
        let told = found.iter().filter(|(measure, _)| is_optional(**measure));
        let told: Vec<_> =
            told.map(|(measure, value)| format!("{}={}", measure.key(), (value * 1e9).round() / 1e9)).collect();
        assert_eq!(told.join(" "), expected, "{page}");
    }
}

/// Prints what the measures that nobody misses add to an engine: series that are kept, and time to evaluate.
#[test]
#[ignore = "a measurement, not a check"]
fn cost_of_what_nobody_misses() {
    let recorded = ["node-express-prom-bundle", "python-django-prometheus", "prometheus-server-client-golang"];
    let mut pages: Vec<_> =
        recorded.iter().filter_map(|name| Some((*name, Page::recorded(&format!("{name}.txt"))?))).collect();
    let at: sixty::facts::At = "2026-11-20T03:10:00Z".parse().unwrap();
    let mut world = sixty::drill::StoryWorld::new(sixty::drill::Story::connection_leak(), 1, at, at);
    pages.push(("drill", Page::read(&world.metrics(at + chrono::TimeDelta::minutes(5)))));
    for (name, page) in pages {
        let mut inventory = Inventory::default();
        let mut store = Store::new(Limits { retention: Duration::from_hours(1), max_series: 100_000 });
        let target = store.add_target([("job", "x"), ("instance", "i:1")].into_iter().collect());
        for (labels, _) in &page.0 {
            inventory.add(labels.name(), labels.iter().map(|(name, _)| name).filter(|name| *name != "__name__"));
        }
        let window = Duration::from_secs(30);
        let vars = Vars { service: "x", selector: "job=\"x\"", rate_interval: window, interval: window, range: window };
        let queries = preset::choose(&inventory).queries;
        let read = |query: &String| Query::parse(&expand(query, &vars)).unwrap();
        let queries: Vec<_> = queries.iter().map(|(measure, query)| (*measure, read(query))).collect();
        let mut spent: BTreeMap<bool, Duration> = BTreeMap::new();
        for step in 0..120_i64 {
            let mut open = store.begin(target, step * 5_000).unwrap();
            for (labels, value) in &page.0 {
                let id = open.series(labels.clone()).unwrap();
                open.put(id, value + step as f64, None);
            }
            open.finish();
            for (measure, query) in &queries {
                let began = std::time::Instant::now();
                query.instant(&store, step * 5_000).unwrap();
                *spent.entry(Measure::GOLDEN.contains(measure)).or_default() += began.elapsed();
            }
        }
        let series = |golden: bool| {
            let read = queries.iter().filter(|(measure, _)| !golden || Measure::GOLDEN.contains(measure));
            let names: std::collections::BTreeSet<_> = read.flat_map(|(_, query)| query.names().unwrap()).collect();
            names.iter().map(|name| store.count_of(name)).sum::<usize>()
        };
        let [more, golden] = [false, true].map(|key| spent.get(&key).copied().unwrap_or_default() / 120);
        let share = more.as_secs_f64() / golden.as_secs_f64() * 100.0;
        println!("{name}: {} series of {}, {golden:?} and {more:?} more ({share:.0} %)", series(false), series(true));
    }
}
