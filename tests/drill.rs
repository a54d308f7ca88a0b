//! The simulated world, seen as a source sees it: by its texts alone, and over loopback.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it is surprised")]

use chrono::Duration;
use chrono::TimeZone;
use proptest::prelude::ProptestConfig;
use proptest::prop_assert;
use proptest::proptest;
use sixty::drill::Server;
use sixty::drill::Story;
use sixty::drill::StoryWorld as World;
use sixty::facts::At;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Mutex;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const DURATION: &str = "http_server_request_duration_seconds";
const BOUNDS: [&str; 16] = [
    "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1", "2.5", "5", "7.5", "10", "30", "+Inf",
];

fn deploy() -> At {
    chrono::Utc.with_ymd_and_hms(2026, 11, 20, 8, 10, 0).unwrap()
}

fn after(seconds: f64) -> At {
    deploy() + Duration::milliseconds((seconds * 1000.0).round() as i64)
}

fn world(seed: u64) -> World {
    World::new(Story::connection_leak(), seed, deploy() - Duration::minutes(70), deploy())
}

/// One scrape: every series by its name and labels, as they are written.
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    /// Reads an exposition and insists on its form.
    fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'));
        let mut samples = BTreeMap::new();
        let mut kinds = BTreeMap::new();
        for line in text.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                assert!(kinds.insert(name, kind).is_none(), "{name} is announced twice");
                continue;
            }
            if line.starts_with("# HELP ") {
                continue;
            }
            let (series, value) = line.rsplit_once(' ').expect("a name and a value");
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
            let name = series.split('{').next().unwrap();
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{line}");
            assert!(series == name || series.ends_with("\"}"), "{line}");
            let histogram = |name: &str| kinds.get(name) == Some(&"histogram");
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let family = family.filter(|family| histogram(family)).unwrap_or(name);
            assert!(kinds.contains_key(family), "{name} has no type");
            assert!(samples.insert(series.to_owned(), value).is_none(), "twice: {series}");
        }
        Self(samples)
    }

    fn of(world: &mut World, seconds: f64) -> Self {
        Self::read(&world.metrics(after(seconds)))
    }

    /// The sum of the series that begin with the first part and hold all of them.
    fn sum(&self, parts: &[&str]) -> f64 {
        let matching = self
            .0
            .iter()
            .filter(|(name, _)| name.starts_with(parts[0]) && parts.iter().all(|part| name.contains(part)));
        matching.map(|(_, value)| value).sum()
    }

    fn used(&self) -> f64 {
        self.sum(&["db_client_connection_count", "\"used\""])
    }

    fn waiting(&self) -> f64 {
        self.sum(&["db_client_connection_pending_requests"])
    }
}

/// What two scrapes tell about the time between them.
struct Window {
    rate: f64,
    errors: f64,
    p50: f64,
    p95: f64,
    p99: f64,
}

fn window(world: &mut World, from: f64, to: f64) -> Window {
    let (old, new) = (Scrape::of(world, from), Scrape::of(world, to));
    let grown = |parts: &[&str]| new.sum(parts) - old.sum(parts);
    let count = format!("{DURATION}_count");
    let all = grown(&[&count]);
    let bucket = |bound: &str| grown(&[&format!("{DURATION}_bucket"), &format!("le=\"{bound}\"")]);
    let buckets: Vec<(f64, f64)> =
        BOUNDS.iter().map(|bound| (bound.parse().unwrap_or(f64::INFINITY), bucket(bound))).collect();
    // As `histogram_quantile` does it.
    let quantile = |q: f64| {
        let rank = q * all;
        let place = buckets.iter().position(|bucket| bucket.1 >= rank).unwrap();
        let (low, before) = if place == 0 { (0.0, 0.0) } else { buckets[place - 1] };
        let (high, count) = buckets[place];
        if high.is_infinite() { low } else { low + (high - low) * (rank - before) / (count - before) }
    };
    Window {
        rate: all / (to - from),
        errors: grown(&[&count, "http_response_status_code=\"5"]) / all,
        p50: quantile(0.50),
        p95: quantile(0.95),
        p99: quantile(0.99),
    }
}

#[test]
fn before_the_deploy_the_service_is_well() {
    for seed in [1, 2, 60] {
        let mut world = world(seed);
        for minute in (-68..=0).step_by(4) {
            // The last moment before the restart counts as the end of the last minute.
            let end = f64::from(minute) * 60.0 - 0.001;
            let seen = window(&mut world, end - 60.0, end);
            assert!((500.0..700.0).contains(&seen.rate), "{seed} {minute}: {} req/s", seen.rate);
            assert!((0.002..0.006).contains(&seen.errors), "{seed} {minute}: {} failed", seen.errors);
            assert!((0.052..0.068).contains(&seen.p50), "{seed} {minute}: p50 {} s", seen.p50);
            assert!((0.21..0.28).contains(&seen.p95), "{seed} {minute}: p95 {} s", seen.p95);
            let now = Scrape::of(&mut world, end);
            assert!((18.0..=24.0).contains(&now.used()), "{seed} {minute}: {} used", now.used());
            assert!(now.waiting() < 0.5, "{seed} {minute}: {} waiting", now.waiting());
            let memory = now.sum(&["go_memory_used_bytes"]) / 1_073_741_824.0;
            assert!((1.24..1.36).contains(&memory), "{seed} {minute}: {memory} GiB");
        }
    }
}

/// The first whole second from `from` on, in steps, that fits.
fn first(from: i32, step: usize, fits: impl FnMut(&i32) -> bool) -> i32 {
    (from..900).step_by(step).find(fits).expect("it happens within a quarter of an hour")
}

#[test]
fn after_the_deploy_the_pool_fills_then_latency_climbs_then_errors_follow() {
    for seed in [1, 2, 60] {
        let mut world = world(seed);
        let half = Scrape::of(&mut world, 200.0).used();
        assert!((50.0..75.0).contains(&half), "{seed}: {half} used at 200 s");
        let full = first(260, 1, |second| Scrape::of(&mut world, f64::from(*second)).used() > 99.5);
        assert!((282..=290).contains(&full), "{seed}: full at {full} s");
        let waits = first(280, 1, |second| Scrape::of(&mut world, f64::from(*second)).waiting() > 0.5);
        assert!((290..=296).contains(&waits), "{seed}: waits at {waits} s");
        for second in (290..1_500).step_by(30) {
            let used = Scrape::of(&mut world, f64::from(second)).used();
            assert!((used - 100.0).abs() < 0.5, "{seed}: {used} used at {second} s");
        }
        let mut seen = |end: i32| window(&mut world, f64::from(end - 10), f64::from(end));
        let slower = first(240, 3, |end| seen(*end).p95 > 0.4);
        let slow = first(240, 3, |end| seen(*end).p95 > 25.0);
        let failing = first(240, 3, |end| seen(*end).errors > 0.05);
        assert!((265..=295).contains(&slower), "{seed}: slower at {slower} s");
        assert!((25..=60).contains(&(slow - slower)), "{seed}: slow at {slow} s after {slower} s");
        assert!((310..=335).contains(&failing), "{seed}: failing at {failing} s");
    }
}

#[test]
fn the_damage_is_as_told() {
    for seed in [1, 2, 60] {
        let mut world = world(seed);
        let before = window(&mut world, -60.001, -0.001).rate;
        for end in [450.0, 660.0, 1_200.0] {
            let seen = window(&mut world, end - 60.0, end);
            assert!((0.43..0.47).contains(&seen.errors), "{seed}: {} failed", seen.errors);
            assert!((0.9..1.6).contains(&seen.p50), "{seed}: p50 {} s", seen.p50);
            assert!((26.5..29.5).contains(&seen.p95), "{seed}: p95 {} s", seen.p95);
            assert!((seen.p99 - 30.0).abs() < 1e-6, "{seed}: p99 {} s", seen.p99);
            assert!((0.80..0.95).contains(&(seen.rate / before)), "{seed}: {} of {before} req/s", seen.rate);
        }
        let waiting = Scrape::of(&mut world, 678.0).waiting();
        assert!((195.0..235.0).contains(&waiting), "{seed}: {waiting} wait");
        let timeouts =
            |second: f64, world: &mut World| Scrape::of(world, second).sum(&["db_client_connection_timeouts_total"]);
        assert!(timeouts(280.0, &mut world) < 0.5 && timeouts(600.0, &mut world) > 10_000.0);
    }
}

#[test]
fn memory_climbs_by_twelve_mib_a_minute_and_ends_under_its_limit() {
    let mut world = world(1);
    // The mean over a whole saw-tooth of 95 s.
    let mut mean = |begin: i32| {
        let seconds = (begin..begin + 95).step_by(5);
        let each = seconds.map(|second| Scrape::of(&mut world, f64::from(second)).sum(&["go_memory_used_bytes"]));
        each.sum::<f64>() / 19.0 / 1_048_576.0
    };
    let climb = (mean(1_030) - mean(460)) / 9.5;
    assert!((11.0..13.0).contains(&climb), "{climb} MiB a minute");
    let last = mean(6_000);
    assert!((1_900.0..2_048.0).contains(&last), "{last} MiB");
}

#[test]
fn the_deploy_is_a_restart() {
    let mut world = world(1);
    let (before, after) = (Scrape::of(&mut world, -0.001), Scrape::of(&mut world, 0.0));
    let start = |scrape: &Scrape| scrape.sum(&["process_start_time_seconds"]);
    assert!((start(&after) - deploy().timestamp() as f64).abs() < 1e-6);
    assert!((start(&after) - start(&before) - 86_400.0).abs() < 1e-6);
    let count = format!("{DURATION}_count");
    assert!(before.sum(&[&count]) > 40_000_000.0, "a day of requests");
    assert!(after.sum(&[&count]) < 1.0);
    assert!(after.sum(&["process_cpu_seconds_total"]) < 1.0);
    for (scrape, version) in [(before, "v2.30.4"), (after, "v2.31.0")] {
        let info: Vec<&String> = scrape.0.keys().filter(|name| name.starts_with("checkout_build_info")).collect();
        assert_eq!(info.len(), 1);
        assert!(info[0].contains(version), "{info:?}");
    }
}

#[test]
fn same_seed_same_bytes() {
    let seconds = [-4_200.0, -100.5, 0.0, 3.25, 400.0];
    let texts = |seed| {
        let mut world = world(seed);
        seconds.map(|second| world.metrics(after(second)))
    };
    let (one, again, other) = (texts(7), texts(7), texts(8));
    for (place, second) in seconds.iter().enumerate() {
        assert!(one[place] == again[place], "{second}");
        assert!(one[place] != other[place], "{second}");
    }
    assert_eq!(world(7).deploys_jsonl(after(5.0)), world(8).deploys_jsonl(after(5.0)));
}

#[test]
fn the_exposition_agrees_with_itself() {
    let mut world = world(1);
    for second in [-4_000.0, 2.5, 350.0, 800.0] {
        let scrape = Scrape::of(&mut world, second);
        let count = format!("{DURATION}_count");
        let series: Vec<_> = scrape.0.iter().filter(|(name, _)| name.starts_with(&count)).collect();
        assert!(series.len() >= 8, "{} series at {second} s", series.len());
        for (name, count) in series {
            let labels = name.split_once('{').unwrap().1.strip_suffix('}').unwrap();
            let buckets = BOUNDS.map(|bound| scrape.0[&format!("{DURATION}_bucket{{{labels},le=\"{bound}\"}}")]);
            assert!(buckets.is_sorted(), "{name}: {buckets:?}");
            assert!((buckets[15] - count).abs() < 0.5, "{name}");
            let sum = scrape.0[&format!("{DURATION}_sum{{{labels}}}")];
            assert!(sum > 0.0 && sum < 61.0 * (count + 1.0), "{name}: {sum} s");
        }
        assert!(scrape.0.keys().any(|name| name.contains("http_route=\"/cart/{id}\"")));
        assert!(scrape.sum(&["http_server_active_requests"]) < 6_000.0);
    }
}

/// The samples that their names or types call counters.
fn counters(scrape: &Scrape) -> impl Iterator<Item = (&String, f64)> {
    let total = |name: &str| name.split('{').next().is_some_and(|name| name.ends_with("_total"));
    let counting = scrape.0.iter().filter(move |(name, _)| name.starts_with(DURATION) || total(name));
    counting.map(|(name, value)| (name, *value))
}

static SHARED: LazyLock<Mutex<World>> = LazyLock::new(|| Mutex::new(world(42)));

/// One scrape of a world that other questions go to as well, in whatever order.
fn shared(milliseconds: i64) -> Scrape {
    let text = SHARED.lock().unwrap().metrics(deploy() + Duration::milliseconds(milliseconds));
    Scrape::read(&text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn counters_go_down_at_the_restart_only(one in -4_200_000_i64..1_500_000, two in -4_200_000_i64..1_500_000) {
        let (first, second) = (one.min(two), one.max(two));
        let (old, new) = (shared(first), shared(second));
        let restart = first < 0 && second >= 0;
        for (name, value) in counters(&old).filter(|_| !restart) {
            let later = new.0.get(name).copied();
            prop_assert!(later.is_some_and(|later| later >= value), "{name}: {value} at {first} ms, {later:?} at {second} ms");
        }
    }

    #[test]
    fn neighbours_agree_too(first in -4_200_000_i64..1_500_000, gap in 1_i64..3_000) {
        let (old, new) = (shared(first), shared(first + gap));
        let restart = first < 0 && first + gap >= 0;
        for (name, value) in counters(&old).filter(|_| !restart) {
            let later = new.0.get(name).copied();
            prop_assert!(later.is_some_and(|later| later >= value), "{name}: {value} at {first} ms, {later:?} after {gap} ms");
        }
    }

    #[test]
    fn what_is_counted_is_whole(ms in -4_200_000_i64..1_500_000) {
        for (name, value) in &shared(ms).0 {
            let smooth = ["_seconds_sum", "process_cpu_", "process_start_"].iter().any(|part| name.contains(part));
            prop_assert!(smooth || (value.fract() == 0.0 && *value >= 0.0), "{name} {value}");
        }
    }
}

async fn serve(now: At) -> Server {
    Server::start(world(1), Arc::new(move || now), 0).await.unwrap()
}

/// Sends one request as it stands and reads until the server closes.
async fn raw(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(server: &Server, target: &str) -> String {
    raw(server, &format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await
}

fn parts(answer: &str) -> (String, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body)
}

fn json(answer: &str) -> serde_json::Value {
    serde_json::from_str(parts(answer).1).unwrap()
}

/// A client of the library's own; it wants a TLS provider even where it speaks none.
fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

#[tokio::test]
async fn every_path_has_its_type_and_its_content() {
    let server = serve(after(400.0)).await;
    let metrics = get(&server, "/metrics").await;
    let (head, body) = parts(&metrics);
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    assert!(body == world(1).metrics(after(400.0)));

    let answer = get(&server, "/api/v2/summary.json").await;
    let (head, _) = parts(&answer);
    assert!(head.contains("content-type: application/json") && head.contains("etag: w/\""), "{head}");
    let page = json(&answer);
    assert_eq!((page["page"]["name"].as_str(), page["status"]["indicator"].as_str()), (Some("Stripe"), Some("minor")));
}

#[tokio::test]
async fn deployments_lead_to_their_statuses_and_to_the_next_page() {
    let server = serve(after(400.0)).await;
    let base = format!("http://{}", server.address());
    let list = "/repos/acme/checkout/deployments?environment=production&per_page=1";
    let answer = get(&server, list).await;
    assert!(parts(&answer).0.contains(&format!("link: <{base}{list}&page=2>; rel=\"next\"")), "{answer}");
    let all = json(&answer);
    assert_eq!((all[0]["ref"].as_str(), all.as_array().unwrap().len()), (Some("v2.31.0"), 1));
    let path = all[0]["statuses_url"].as_str().unwrap().strip_prefix(&base).unwrap().to_owned();
    let statuses = json(&get(&server, &format!("{path}?per_page=1")).await);
    assert_eq!((statuses[0]["state"].as_str(), statuses.as_array().unwrap().len()), (Some("success"), 1));
    assert!(!parts(&get(&server, "/repos/acme/checkout/deployments").await).0.contains("link:"));
}

#[tokio::test]
async fn the_feed_is_wide_and_starts_with_its_mark() {
    let server = serve(after(0.0)).await;
    let answer = client().get(format!("http://{}/currentevents", server.address())).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json;charset=utf-16");
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(bytes[..], world(1).cloud(after(0.0))[..]);
    assert_eq!(bytes[..4], [0xfe, 0xff, 0, b'[']);
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let server = serve(after(0.0)).await;
    for path in ["/api/v2/summary.json", "/currentevents", "/repos/acme/checkout/deployments"] {
        let first = get(&server, path).await;
        let tag = first.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
        let ask = format!("GET {path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {tag}\r\nConnection: close\r\n\r\n");
        let second = raw(&server, &ask).await;
        let (head, body) = parts(&second);
        assert!(head.starts_with("http/1.1 304") && body.is_empty(), "{path}: {second}");
        let changed = raw(&server, &ask.replace(&tag, "\"other\"")).await;
        assert!(changed.starts_with("HTTP/1.1 200"), "{path}: {changed}");
    }
}

#[tokio::test]
async fn the_past_can_be_asked_for_over_one_connection() {
    let server = serve(after(60.0)).await;
    let client = client();
    let mut expected = world(1);
    for back in (0..120).rev() {
        let at = after(60.0 - f64::from(back) * 5.5);
        let url = format!("http://{}/metrics?at={:.3}", server.address(), at.timestamp_millis() as f64 / 1000.0);
        let text = client.get(url).send().await.unwrap().text().await.unwrap();
        assert!(text == expected.metrics(at), "{at}");
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_in_words() {
    let server = serve(after(60.0)).await;
    let future = after(61.0).timestamp();
    for (target, status, words) in [
        ("/metrics?at=soon".to_owned(), "400", "write Unix seconds"),
        (format!("/metrics?at={future}"), "400", "not over yet"),
        ("/metrics?at=1".to_owned(), "400", "nothing is known from before"),
        ("/".to_owned(), "404", "nothing is served here"),
        ("/repos/acme/other/deployments".to_owned(), "404", "\"message\":\"Not Found\""),
        ("/repos/acme/checkout/deployments/7/statuses".to_owned(), "404", "\"message\":\"Not Found\""),
        ("/repos/acme/checkout/deployments/x".to_owned(), "404", "\"message\":\"Not Found\""),
    ] {
        let answer = get(&server, &target).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(words), "{target}: {answer}");
    }
    let post = "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let answer = raw(&server, post).await;
    assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("allow: GET, HEAD"), "{answer}");
    let answer = raw(&server, "HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_taken_port_is_an_error_and_a_dropped_server_is_gone() {
    let server = serve(after(0.0)).await;
    let address = server.address();
    assert!(address.ip().is_loopback());
    let again = Server::start(world(1), Arc::new(|| after(0.0)), address.port()).await;
    assert_eq!(again.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);

    let mut open = TcpStream::connect(address).await.unwrap();
    open.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut buffer = [0; 1024];
    assert!(open.read(&mut buffer).await.unwrap() > 0);
    drop(server);
    // Whatever was on its way arrives, then the connection ends instead of waiting for the next request.
    while open.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    assert!(TcpStream::connect(address).await.is_err());
}

/// A recorded answer of a real service, as JSON; `None` where the recordings are not at hand.
fn recorded(path: &str) -> Option<serde_json::Value> {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folders = [Some(beside), std::env::var_os("SIXTY_SHARED").map(Into::into)];
    let file =
        folders.into_iter().flatten().map(|folder| folder.join("payloads").join(path)).find(|file| file.exists());
    if file.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the recordings are missing");
        println!("skipped: no recording {path}");
    }
    file.map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
}

/// Fails unless ours has every field of theirs, at every place of the given ones.
fn has_fields_of(theirs: &serde_json::Value, ours: &serde_json::Value, places: &[&str]) {
    for place in places {
        let fields = theirs.pointer(place).and_then(serde_json::Value::as_object).expect(place);
        let ours = ours.pointer(place).and_then(serde_json::Value::as_object).expect(place);
        for (field, value) in fields {
            let mine = ours.get(field).unwrap_or_else(|| panic!("{place} has no {field}"));
            let kind = |value: &serde_json::Value| {
                (value.is_string(), value.is_array(), value.is_number(), value.is_boolean())
            };
            assert!(
                value.is_null() || mine.is_null() || kind(value) == kind(mine) || field == "payload",
                "{place}/{field}: {mine}"
            );
        }
    }
}

#[test]
fn the_status_page_has_the_fields_of_a_recorded_one() {
    let Some(theirs) = recorded("status/github-statuspage-summary-open-incident.json") else { return };
    let ours = serde_json::from_str(&world(1).statuspage(after(300.0))).unwrap();
    has_fields_of(
        &theirs,
        &ours,
        &["", "/page", "/status", "/components/0", "/incidents/0", "/incidents/0/incident_updates/0"],
    );
}

#[test]
fn the_feed_has_the_fields_of_a_recorded_one() {
    let Some(theirs) = recorded("status/aws-currentevents-decoded.json") else { return };
    let bytes = world(1).cloud(after(0.0));
    let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    let ours = serde_json::from_str(&String::from_utf16(&units).unwrap()).unwrap();
    has_fields_of(&theirs, &ours, &["/0", "/0/event_log/0", "/0/impacted_service_status_changes/0"]);
}

#[tokio::test]
async fn the_deployments_have_the_fields_of_recorded_ones() {
    let server = serve(after(300.0)).await;
    let list = json(&get(&server, "/repos/acme/checkout/deployments").await);
    let id = &list[0]["id"];
    let statuses = json(&get(&server, &format!("/repos/acme/checkout/deployments/{id}/statuses")).await);
    for (path, ours) in
        [("deploys/github-deployments.json", list), ("deploys/github-deployment-statuses.json", statuses)]
    {
        let Some(mut theirs) = recorded(path) else { return };
        // The author is cut down to what says who it is.
        theirs[0]["creator"] = serde_json::json!({"login": "x", "id": 1, "type": "User"});
        has_fields_of(&theirs, &ours, &["/0", "/0/creator"]);
    }
}
