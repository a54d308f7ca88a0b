//! The distributed engine against a server that is made of the embedded one: what is asked, how often, and what is
//! told of it on good and on bad days.

#![cfg(test)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sixty::facts::Answer;
use sixty::facts::At;
use sixty::facts::Batch;
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::facts::Fleet;
use sixty::facts::Labels;
use sixty::facts::Measure;
use sixty::facts::Payload;
use sixty::promql::Limits;
use sixty::promql::Query;
use sixty::promql::Store;
use sixty::promql::Value;
use sixty::signals::preset;
use sixty::sources::detect;
use sixty::sources::detect::Detect;
use sixty::sources::detect::Makers;
use sixty::sources::embedded::Plan;
use sixty::sources::embedded::Planner;
use sixty::sources::exposition::Inventory;
use sixty::sources::http::Http;
use sixty::sources::prometheus::Alerts;
use sixty::sources::prometheus::Own;
use sixty::sources::prometheus::Prometheus;
use sixty::sources::prometheus::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// The middle of the history of the stores, in milliseconds.
const NOW: i64 = 1_800_000_000_000;
const SCRAPE: i64 = 15_000;

/// A clock that the test turns.
#[derive(Clone)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW)))
    }

    fn ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn turn(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

/// What the server does with a query: `None` answers it.
type Manner = Arc<dyn Fn(&str) -> Option<(u16, String)> + Send + Sync>;

/// A server that has a store.
struct Fake {
    url: Url,
    asked: Arc<Mutex<Vec<(String, String)>>>,
    manner: Arc<Mutex<Manner>>,
}

impl Fake {
    async fn start(store: Store, clock: &Clock, behind_ms: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let asked: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let manner: Arc<Mutex<Manner>> = Arc::new(Mutex::new(Arc::new(|_| None)));
        let (seen, how, clock, store) = (Arc::clone(&asked), Arc::clone(&manner), clock.clone(), Arc::new(store));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, how, clock, store) =
                    (Arc::clone(&seen), Arc::clone(&how), clock.clone(), Arc::clone(&store));
                tokio::spawn(async move {
                    let Some((path, form)) = read(&mut stream).await else { return };
                    let query = form.get("query").cloned().unwrap_or_default();
                    seen.lock().unwrap().push((path.clone(), query.clone()));
                    let refused = (how.lock().unwrap())(&query);
                    let (status, body) =
                        refused.unwrap_or_else(|| answer(&store, &path, &form, clock.ms() - behind_ms, behind_ms > 0));
                    let head =
                        format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n");
                    let _ = stream
                        .write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes())
                        .await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { url, asked, manner }
    }

    fn behaves(&self, manner: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static) {
        *self.manner.lock().unwrap() = Arc::new(manner);
    }

    /// The queries for numbers since the last time, those over a time only.
    fn ranges(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        let ranges = asked.into_iter().filter(|(path, _)| path.ends_with("query_range")).map(|(_, query)| query);
        // What there was is looked for over the same time.
        ranges.filter(|query| !query.contains("__name__")).collect()
    }
}

async fn read(stream: &mut TcpStream) -> Option<(String, BTreeMap<String, String>)> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(bytes).ok()?;
    let target = head.split(' ').nth(1)?;
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    let url = Url::parse("http://x").unwrap().join(target).ok()?;
    let form = url::form_urlencoded::parse(&body).into_owned().chain(url.query_pairs().into_owned()).collect();
    Some((url.path().to_owned(), form))
}

fn answer(store: &Store, path: &str, form: &BTreeMap<String, String>, now: i64, victoria: bool) -> (u16, String) {
    let fine = |data: serde_json::Value| (200, serde_json::json!({"status": "success", "data": data}).to_string());
    let refused = |kind: &str, error: &str| {
        (422, serde_json::json!({"status": "error", "errorType": kind, "error": error}).to_string())
    };
    if path.ends_with("buildinfo") {
        return fine(if victoria { serde_json::json!({}) } else { serde_json::json!({"version": "2.42.0"}) });
    }
    let text = &form["query"];
    let shown =
        |number: f64| if number.is_nan() { "NaN".to_owned() } else { number.to_string().replace("inf", "+Inf") };
    let metric = |labels: &Labels| labels.iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect::<BTreeMap<_, _>>();
    let ms = |name: &str| (form[name].parse::<f64>().unwrap() * 1_000.0).round() as i64;
    if text == "now()" && victoria {
        return fine(serde_json::json!({"resultType": "vector", "result": []}));
    }
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(refusal) => return refused("bad_data", &refusal.to_string()),
    };
    if path.ends_with("query_range") {
        let rows = query.range(store, ms("start"), ms("end").min(now), ms("step")).unwrap();
        let rows: Vec<_> = rows
            .iter()
            .map(|(labels, points)| {
                let values: Vec<_> = points.iter().map(|(at, value)| (*at as f64 / 1_000.0, shown(*value))).collect();
                serde_json::json!({"metric": metric(labels), "values": values})
            })
            .collect();
        return fine(serde_json::json!({"resultType": "matrix", "result": rows}));
    }
    match query.instant(store, now) {
        Ok(Value::Scalar(number)) => {
            fine(serde_json::json!({"resultType": "scalar", "result": [now as f64 / 1e3, shown(number)]}))
        }
        Ok(Value::Vector(samples)) => {
            let row = |(labels, value): &(Labels, f64)| serde_json::json!({"metric": metric(labels), "value": [now as f64 / 1_000.0, shown(*value)]});
            fine(serde_json::json!({"resultType": "vector", "result": samples.iter().map(row).collect::<Vec<_>>()}))
        }
        other => refused("execution", &format!("{other:?}")),
    }
}

/// A service with requests that is scraped from `from` to `to`, in milliseconds about now.
struct Serving<'s> {
    name: &'s str,
    from: i64,
    to: i64,
    rate: f64,
    errors: f64,
    replica: Option<&'s str>,
}

fn serving(name: &str) -> Serving<'_> {
    Serving { name, from: -4 * 3_600_000, to: 3_600_000, rate: 10.0, errors: 0.1, replica: None }
}

fn store(services: &[Serving<'_>]) -> Store {
    let mut store = Store::new(Limits { retention: Duration::from_hours(24), max_series: 100_000 });
    for service in services {
        let base = [("job", service.name), ("instance", "i:1")];
        let base: Vec<_> = base.into_iter().chain(service.replica.map(|replica| ("replica", replica))).collect();
        let target = store.add_target(base.iter().copied().collect());
        for at in (service.from..=service.to).step_by(usize::try_from(SCRAPE).unwrap()) {
            let seconds = (at + 5 * 3_600_000) as f64 / 1_000.0;
            let mut open = store.begin(target, NOW + at).unwrap();
            let mut put = |name: &str, label: Option<(&str, &str)>, value: f64| {
                let labels = [("__name__", name)].into_iter().chain(label).collect();
                let id = open.series(labels).unwrap();
                open.put(id, value, None);
            };
            put("process_resident_memory_bytes", None, 1e8);
            put("http_requests_total", Some(("code", "200")), seconds * service.rate * (1.0 - service.errors));
            if service.errors > 0.0 {
                put("http_requests_total", Some(("code", "500")), seconds * service.rate * service.errors);
            }
            // Half of them above the last bound.
            put("http_request_duration_seconds_bucket", Some(("le", "0.1")), seconds * service.rate * 0.4);
            put("http_request_duration_seconds_bucket", Some(("le", "2.0")), seconds * service.rate * 0.5);
            put("http_request_duration_seconds_bucket", Some(("le", "+Inf")), seconds * service.rate);
            put("http_request_duration_seconds_count", Some(("code", "200")), seconds * service.rate);
            open.finish();
        }
        if service.to < 3_600_000 {
            store.down(target, NOW + service.to + SCRAPE);
        }
    }
    store
}

/// What setup does: presets by what is there, and what the team wrote before them.
fn engine(settings: Settings) -> Prometheus {
    let wanted = preset::wanted().into_iter();
    let wanted = wanted.map(|(metric, labels)| (metric.to_owned(), labels.into_iter().map(str::to_owned).collect()));
    let own = settings.own.clone();
    let planner_of = move |service: &str| -> Planner {
        let own = own.get(service).map(|own| own.queries.clone()).unwrap_or_default();
        Arc::new(move |there: &Inventory| {
            let preset::Choice { mut queries, route, .. } =
                preset::choose(&preset::Inventory { names: there.names.clone() });
            queries.extend(own.clone());
            Plan { queries, route, ..Plan::default() }
        })
    };
    Prometheus::new(settings, Arc::new(planner_of)).looking_for(wanted.collect())
}

struct Watch {
    engine: Prometheus,
    http: Http,
    clock: Clock,
}

impl Watch {
    fn new(settings: Settings, clock: &Clock) -> Self {
        Self { engine: engine(settings), http: Http::new(), clock: clock.clone() }
    }

    async fn ask(&mut self) -> Result<Fleet, Fault> {
        let clock = self.clock.clone();
        let now = move || -> At { chrono::DateTime::from_timestamp_millis(clock.ms()).unwrap() };
        match self.engine.ask(&self.http, &now).await? {
            Payload::Fleet(fleet) => Ok(fleet),
            other => panic!("{other:?}"),
        }
    }
}

fn batch<'f>(fleet: &'f Fleet, name: &str) -> &'f Batch {
    &fleet.services.iter().find(|(service, _)| &**service == name).unwrap().1
}

fn newest<'f>(fleet: &'f Fleet, name: &str, measure: Measure) -> &'f Answer {
    &batch(fleet, name).points.last().unwrap().answers[&measure]
}

fn number(answer: &Answer) -> f64 {
    answer.number().unwrap_or_else(|| panic!("{answer:?}")).value
}

fn close(answer: &Answer, expected: f64) {
    assert!((number(answer) - expected).abs() < 1e-6 * expected.abs().max(1e-6), "{answer:?} {expected}");
}

fn instants(fleet: &Fleet, name: &str) -> Vec<i64> {
    batch(fleet, name).points.iter().map(|points| points.at.timestamp_millis() - NOW).collect()
}

fn settings(servers: &[&Fake]) -> Settings {
    Settings::named("test", servers.iter().map(|server| server.url.clone()).collect())
}

#[tokio::test]
async fn the_past_comes_once_and_then_what_is_new_with_one_query_for_all() {
    let clock = Clock::new();
    let quiet = Serving { errors: 0.0, rate: 4.0, ..serving("quiet") };
    let idle = Serving { rate: 0.0, ..serving("idle") };
    let server = Fake::start(store(&[serving("api"), quiet, idle]), &clock, 0).await;
    let mut watch = Watch::new(settings(&[&server]), &clock);
    let fleet = watch.ask().await.unwrap();
    let names: Vec<_> = fleet.services.iter().map(|(name, _)| &**name).collect();
    assert_eq!((names, fleet.left_out), (vec!["api", "idle", "quiet"], 0));
    close(newest(&fleet, "api", Measure::RequestRate), 10.0);
    close(newest(&fleet, "api", Measure::ErrorRate), 0.1);
    close(newest(&fleet, "quiet", Measure::RequestRate), 4.0);
    close(newest(&fleet, "quiet", Measure::ErrorRate), 0.0);
    close(newest(&fleet, "quiet", Measure::MemoryUsed), 1e8);
    assert_eq!(newest(&fleet, "idle", Measure::ErrorRate), &Answer::NoTraffic);
    assert_eq!(newest(&fleet, "idle", Measure::LatencyP95), &Answer::NoTraffic);
    let p95 = newest(&fleet, "api", Measure::LatencyP95).number().unwrap();
    assert_eq!((p95.value, p95.at_least), (2.0, true));
    let all = instants(&fleet, "api");
    assert_eq!((all.len(), all[0], all[1], all[360]), (361, -3 * 3_600_000, -3 * 3_600_000 + 30_000, 0));
    let about = &batch(&fleet, "api").about;
    assert!(about.engine.starts_with("Prometheus 2.42.0 at http://127.0.0.1:"), "{}", about.engine);
    assert!(about.engine.ends_with("rate window 60 s") && about.lag == Duration::ZERO && about.notes.is_empty());
    assert_eq!(about.queries[&Measure::RequestRate], "sum by (job) (rate(http_requests_total{job!=\"\"}[1m]))");
    assert_eq!(server.ranges().len(), 9);
    clock.turn(Duration::from_secs(5));
    let fleet = watch.ask().await.unwrap();
    assert_eq!(instants(&fleet, "quiet"), [5_000]);
    assert_eq!(server.ranges().len(), 9);
    assert_eq!(watch.engine.remark(), None);
    let fleet = watch.ask().await.unwrap();
    assert!(instants(&fleet, "api").is_empty(), "nothing is new");
}

#[tokio::test]
async fn what_an_outage_left_out_is_filled_in() {
    let clock = Clock::new();
    let server = Fake::start(store(&[serving("api")]), &clock, 0).await;
    let mut watch = Watch::new(settings(&[&server]), &clock);
    let mut seen: BTreeSet<i64> = instants(&watch.ask().await.unwrap(), "api").into_iter().collect();
    server
        .behaves(|_| Some((503, "{\"status\":\"error\",\"errorType\":\"unavailable\",\"error\":\"starting\"}".into())));
    for _ in 0..3 {
        clock.turn(Duration::from_secs(200));
        let fault = watch.ask().await.unwrap_err();
        assert!(fault.cause.contains("not ready: starting"), "{fault:?}");
    }
    server.behaves(|_| None);
    seen.extend(instants(&watch.ask().await.unwrap(), "api"));
    let steps: BTreeSet<i64> = seen.iter().zip(seen.iter().skip(1)).map(|(a, b)| b - a).collect();
    assert!(seen.contains(&600_000) && steps.iter().all(|step| *step <= 30_000), "{steps:?}");
}

#[tokio::test]
async fn a_query_that_is_refused_says_so_and_leaves_the_others_alone() {
    let clock = Clock::new();
    let server = Fake::start(store(&[serving("api")]), &clock, 0).await;
    server.behaves(|query| {
        let many = "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"too many samples\"}";
        query.contains("histogram_quantile").then(|| (422, many.to_owned()))
    });
    let mut watch = Watch::new(settings(&[&server]), &clock);
    let fleet = watch.ask().await.unwrap();
    close(newest(&fleet, "api", Measure::RequestRate), 10.0);
    let Answer::NoData(why) = newest(&fleet, "api", Measure::LatencyP95) else { panic!("{fleet:?}") };
    assert!(why.contains("cannot evaluate a query: too many samples"), "{why}");
    assert_eq!(server.ranges().len(), 9);
    clock.turn(Duration::from_secs(5));
    let fleet = watch.ask().await.unwrap();
    assert!(matches!(newest(&fleet, "api", Measure::LatencyP95), Answer::NoData(why) if why.contains("too many")));
    assert_eq!(server.ranges().len(), 6, "what is refused is not asked again at once");
    server.behaves(|_| None);
    let mut filled = 0;
    for _ in 0..4 {
        clock.turn(Duration::from_secs(5));
        let fleet = watch.ask().await.unwrap();
        let with = |points: &&sixty::facts::Points| {
            points.answers.get(&Measure::LatencyP95).is_some_and(|answer| answer.number().is_some())
        };
        filled += batch(&fleet, "api").points.iter().filter(with).count();
    }
    assert!(filled >= 361, "the past of what was refused is filled in: {filled}");
}

#[tokio::test]
async fn a_service_for_which_a_query_fails_does_not_take_the_others_along() {
    let clock = Clock::new();
    let names: Vec<_> = (0..8).map(|index| format!("s{index}")).collect();
    let short = |name| Serving { from: -240_000, to: 600_000, ..serving(name) };
    let server = Fake::start(store(&names.iter().map(|name| short(name)).collect::<Vec<_>>()), &clock, 0).await;
    let is_errors = |query: &str| query.contains("code=~\"5");
    server.behaves(move |query| {
        let many = "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"many-to-many matching\"}";
        (is_errors(query) && (query.contains("!=\"\"") || query.contains("s3"))).then(|| (422, many.to_owned()))
    });
    let settings = Settings { backfill: Duration::from_mins(3), ..settings(&[&server]) };
    let mut watch = Watch::new(settings.clone(), &clock);
    let mut errors: BTreeMap<String, Answer> = BTreeMap::new();
    let mut asks = 0;
    loop {
        let fleet = watch.ask().await.unwrap();
        for (name, batch) in &fleet.services {
            let newest = batch.points.iter().rev().find_map(|points| points.answers.get(&Measure::ErrorRate));
            errors.extend(newest.map(|answer| (name.to_string(), answer.clone())));
        }
        asks += 1;
        if watch.engine.early().is_none() {
            break;
        }
        assert!(asks < 10, "it comes to an end");
    }
    for (name, answer) in &errors {
        match answer {
            Answer::NoData(why) if name == "s3" => assert!(why.contains("many-to-many"), "{why}"),
            answer => close(answer, 0.1),
        }
    }
    let remark = watch.engine.remark().unwrap();
    assert!(remark.starts_with("error_rate of s3 alone has no answer: the server cannot evaluate"), "{remark}");
    server.ranges();
    clock.turn(Duration::from_secs(5));
    watch.ask().await.unwrap();
    assert_eq!(server.ranges().iter().filter(|query| is_errors(query)).count(), 3, "and the culprit rests");
    // Where the query itself is wrong it is not asked for each.
    server.behaves(move |query| {
        is_errors(query).then(|| (422, "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"x\"}".to_owned()))
    });
    let mut watch = Watch::new(settings, &clock);
    for _ in 0..12 {
        watch.ask().await.unwrap();
        clock.turn(Duration::from_secs(5));
    }
    server.ranges();
    assert!(watch.engine.early().is_none());
    for _ in 0..12 {
        clock.turn(Duration::from_secs(5));
        watch.ask().await.unwrap();
    }
    assert!(server.ranges().iter().filter(|query| is_errors(query)).count() <= 12, "a refused query rests");
}

#[tokio::test]
async fn replicas_are_never_added_up_and_the_next_one_answers() {
    let clock = Clock::new();
    let (first, second) = (store(&[serving("api")]), store(&[serving("api")]));
    let (first, second) = (Fake::start(first, &clock, 0).await, Fake::start(second, &clock, 0).await);
    let mut watch = Watch::new(settings(&[&first, &second]), &clock);
    close(newest(&watch.ask().await.unwrap(), "api", Measure::RequestRate), 10.0);
    assert!(second.asked.lock().unwrap().is_empty());
    first.behaves(|_| Some((500, "boom".into())));
    clock.turn(Duration::from_secs(5));
    let fleet = watch.ask().await.unwrap();
    close(newest(&fleet, "api", Measure::RequestRate), 10.0);
    let remark = watch.engine.remark().unwrap();
    assert!(
        remark.contains("does not answer: 500") && remark.contains(first.url.as_str().trim_end_matches('/')),
        "{remark}"
    );
    assert!(batch(&fleet, "api").about.targets[0].address.contains(&second.url.port().unwrap().to_string()));
    second.behaves(|_| Some((500, "boom".into())));
    clock.turn(Duration::from_secs(5));
    let fault = watch.ask().await.unwrap_err();
    assert!(fault.cause.contains("all 2 replicas"), "{fault:?}");
}

#[tokio::test]
async fn a_server_that_withholds_the_newest_is_waited_for() {
    let clock = Clock::new();
    let server = Fake::start(store(&[serving("api")]), &clock, 30_000).await;
    let mut watch = Watch::new(settings(&[&server]), &clock);
    let fleet = watch.ask().await.unwrap();
    assert_eq!(instants(&fleet, "api").last(), Some(&-30_000));
    let about = &batch(&fleet, "api").about;
    assert_eq!(about.lag, Duration::from_secs(30));
    assert_eq!(about.notes, ["30 s behind: VictoriaMetrics withholds the newest"]);
    assert!(about.engine.starts_with("VictoriaMetrics at "));
}

#[tokio::test]
async fn copies_of_the_same_series_count_once() {
    let clock = Clock::new();
    let pair = [Serving { replica: Some("a"), ..serving("api") }, Serving { replica: Some("b"), ..serving("api") }];
    let server = Fake::start(store(&pair), &clock, 0).await;
    let mut watch = Watch::new(settings(&[&server]), &clock);
    let fleet = watch.ask().await.unwrap();
    close(newest(&fleet, "api", Measure::RequestRate), 10.0);
    close(newest(&fleet, "api", Measure::MemoryUsed), 1e8);
    close(newest(&fleet, "api", Measure::ErrorRate), 0.1);
    assert!(batch(&fleet, "api").about.notes[0].contains("the same targets"), "{:?}", batch(&fleet, "api").about.notes);
}

#[tokio::test]
async fn what_has_just_begun_warms_up_and_what_has_ended_has_no_data() {
    let clock = Clock::new();
    let young = Serving { from: -40_000, ..serving("young") };
    let gone = Serving { to: -400_000, ..serving("gone") };
    let own = Own {
        queries: [(
            Measure::RequestRate,
            "sum(rate(http_requests_total{job=\"$service\"}[$__rate_interval]))".to_owned(),
        )]
        .into(),
        ..Own::default()
    };
    let server = Fake::start(store(&[young, gone, serving("api")]), &clock, 0).await;
    let settings = Settings { own: [(Arc::from("gone"), own)].into(), ..settings(&[&server]) };
    let mut watch = Watch::new(settings, &clock);
    let fleet = watch.ask().await.unwrap();
    assert!(matches!(newest(&fleet, "young", Measure::RequestRate), Answer::WarmingUp(_)), "{fleet:?}");
    close(newest(&fleet, "api", Measure::RequestRate), 10.0);
    assert!(matches!(newest(&fleet, "gone", Measure::RequestRate), Answer::NoData(_)));
    let last = batch(&fleet, "gone")
        .points
        .iter()
        .rev()
        .find(|points| points.answers.get(&Measure::RequestRate).is_some_and(|answer| answer.number().is_some()));
    let last = last.unwrap().at.timestamp_millis() - NOW;
    assert!((-420_000..=-340_000).contains(&last), "{last}");
    let own = &batch(&fleet, "gone").about.queries[&Measure::RequestRate];
    assert_eq!(own, "sum(rate(http_requests_total{job=\"gone\"}[1m]))");
    for _ in 0..20 {
        clock.turn(Duration::from_secs(5));
        let fleet = watch.ask().await.unwrap();
        if clock.ms() > NOW + 60_000 {
            close(newest(&fleet, "young", Measure::RequestRate), 10.0);
        }
    }
}

#[tokio::test]
async fn a_service_that_died_before_the_start_is_found_with_its_past() {
    let clock = Clock::new();
    let dead = Serving { to: -1_800_000, ..serving("dead") };
    let server = Fake::start(store(&[dead, serving("api")]), &clock, 0).await;
    let mut watch = Watch::new(settings(&[&server]), &clock);
    let fleet = watch.ask().await.unwrap();
    assert!(matches!(newest(&fleet, "dead", Measure::RequestRate), Answer::NoData(_)), "{fleet:?}");
    let rates = batch(&fleet, "dead").points.iter().filter_map(|points| points.answers.get(&Measure::RequestRate));
    let rates: Vec<_> = rates.filter_map(Answer::number).collect();
    assert!(rates.len() > 200, "{}", rates.len());
    close(newest(&fleet, "api", Measure::RequestRate), 10.0);
    clock.turn(Duration::from_secs(5));
    let fleet = watch.ask().await.unwrap();
    assert!(matches!(newest(&fleet, "dead", Measure::RequestRate), Answer::NoData(_)), "it stays: {fleet:?}");
}

#[tokio::test]
async fn of_many_services_the_newest_numbers_come_first_and_some_are_left_out() {
    let clock = Clock::new();
    let names: Vec<_> = (0..203).map(|index| format!("s{index:03}")).collect();
    let short = |name| Serving { from: -240_000, to: 60_000, ..serving(name) };
    let server = Fake::start(store(&names.iter().map(|name| short(name)).collect::<Vec<_>>()), &clock, 0).await;
    let own = [(Arc::from("s202"), Own::default())].into();
    let settings = Settings { own, backfill: Duration::from_mins(3), ..settings(&[&server]) };
    let mut watch = Watch::new(settings, &clock);
    let fleet = watch.ask().await.unwrap();
    assert_eq!((fleet.services.len(), fleet.left_out), (200, 3));
    assert!(fleet.services.iter().any(|(name, _)| &**name == "s202"));
    assert_eq!(instants(&fleet, "s000"), [0]);
    assert!(watch.engine.early().is_some());
    assert_eq!(server.ranges().len(), 9);
    let fleet = watch.ask().await.unwrap();
    assert!(instants(&fleet, "s000").len() > 10 && watch.engine.early().is_none());
    assert_eq!(server.ranges().len(), 9);
}

#[tokio::test]
async fn an_address_that_turns_out_to_be_a_server_asks_and_warns_as_the_server_would() {
    let clock = Clock::new();
    let names: Vec<_> = (0..8).map(|index| format!("s{index}")).collect();
    let short = |name| Serving { from: -240_000, to: 60_000, ..serving(name) };
    let server = Fake::start(store(&names.iter().map(|name| short(name)).collect::<Vec<_>>()), &clock, 0).await;
    let makers = Makers {
        embedded: Arc::new(|_, _| panic!("nothing is scraped")),
        server: Arc::new(|name, base| {
            // A replica that nobody hears at is worth a remark.
            let away = Url::parse("http://127.0.0.1:1/").unwrap();
            let settings = Settings::named(name, vec![away, base.clone()]);
            let settings = Settings { backfill: Duration::from_mins(3), ..settings };
            (engine(settings.clone()), Alerts::new(&settings))
        }),
    };
    let every = Duration::from_secs(5);
    let mut detect = Detect::new(detect::Settings { urls: vec![server.url.clone()], service: None, every, makers });
    let now = move || -> At { chrono::DateTime::from_timestamp_millis(clock.ms()).unwrap() };
    let http = Http::new();
    let points = |payload: Payload| match payload {
        Payload::Fleet(fleet) => instants(&fleet, "s0").len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(points(detect.ask(&http, &now).await.unwrap()), 1);
    assert_eq!(detect.early(), Some(Duration::from_millis(20)), "the past comes at once behind the newest");
    assert!(points(detect.ask(&http, &now).await.unwrap()) > 10 && detect.early().is_none());
    assert!(detect.remark().is_some_and(|remark| remark.contains("127.0.0.1:1 does not answer")));
    assert_eq!(detect.follows(), None);
}

#[tokio::test]
async fn a_server_without_anything_known_says_what_to_do() {
    let clock = Clock::new();
    let server = Fake::start(store(&[]), &clock, 0).await;
    let fault = Watch::new(settings(&[&server]), &clock).ask().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert!(fault.cause.contains("none of the metrics") && fault.advice.contains("selector"), "{fault:?}");
}

#[tokio::test]
async fn the_label_the_selector_and_the_services_are_those_of_the_configuration() {
    let clock = Clock::new();
    let server = Fake::start(store(&[serving("api"), serving("web")]), &clock, 0).await;
    let by_instance = Settings {
        label: Some("instance".to_owned()),
        selector: "job=\"web\"".to_owned(),
        rate_window: Some(Duration::from_mins(5)),
        every: Duration::from_secs(15),
        backfill: Duration::from_mins(30),
        ..settings(&[&server])
    };
    let mut watch = Watch::new(by_instance, &clock);
    let fleet = watch.ask().await.unwrap();
    assert_eq!(fleet.services.len(), 1);
    close(newest(&fleet, "i:1", Measure::RequestRate), 10.0);
    assert_eq!(instants(&fleet, "i:1").len(), 121);
    let query = &batch(&fleet, "i:1").about.queries[&Measure::RequestRate];
    assert_eq!(query, "sum by (instance) (rate(http_requests_total{instance!=\"\",job=\"web\"}[5m]))");
    assert!(
        server
            .asked
            .lock()
            .unwrap()
            .iter()
            .all(|(_, query)| { query.is_empty() || query == "time()" || query.contains("job=\"web\"") })
    );
    let chosen = Settings { services: vec!["web".into(), "absent".into()], ..settings(&[&server]) };
    let fleet = Watch::new(chosen, &clock).ask().await.unwrap();
    let names: Vec<_> = fleet.services.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["absent", "web"]);
    let query = &batch(&fleet, "web").about.queries[&Measure::RequestRate];
    assert_eq!(query, "sum by (job) (rate(http_requests_total{job=~\"web\"}[1m]))");
    assert!(batch(&fleet, "absent").points.is_empty());
}

#[tokio::test]
async fn who_types_a_query_gets_rows_and_names() {
    let clock = Clock::new();
    let server = Fake::start(store(&[serving("api")]), &clock, 0).await;
    let engine = engine(settings(&[&server]));
    let at = |ms: i64| chrono::DateTime::from_timestamp_millis(ms).unwrap();
    let step = Duration::from_secs(30);
    let http = Http::new();
    let rows = engine.query(&http, "sum by (job) (up)", at(NOW - 60_000), at(NOW), step).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0.to_string(), "{job=\"api\"}");
    assert_eq!(rows[0].1, [(NOW - 60_000, 1.0), (NOW - 30_000, 1.0), (NOW, 1.0)]);
    let fault = engine.query(&http, "sum(", at(NOW - 60_000), at(NOW), step).await.unwrap_err();
    assert!(fault.cause.contains("cannot evaluate") && fault.advice.contains("the query: sum("), "{fault:?}");
    server.behaves(|_| Some((200, "{\"status\":\"success\",\"data\":[\"a\",\"b\"]}".to_owned())));
    assert_eq!(engine.metric_names(&http).await.unwrap(), ["a", "b"]);
}

/// Four instances of a service, with routes; of `bad` the third fails. Its mesh says whom it calls.
fn instances(services: &[(&str, bool)]) -> Store {
    let mut store = Store::new(Limits { retention: Duration::from_hours(1), max_series: 100_000 });
    for (service, is_bad) in services {
        for instance in 0..4 {
            let name = format!("{service}-{instance}:80");
            let target = store.add_target([("job", *service), ("instance", &name)].into_iter().collect());
            for at in (-600_000..=600_000_i64).step_by(usize::try_from(SCRAPE).unwrap()) {
                let seconds = (at + 3_600_000) as f64 / 1_000.0;
                let mut open = store.begin(target, NOW + at).unwrap();
                let mut put = |labels: &[(&str, &str)], value: f64| {
                    let id = open.series(labels.iter().copied().collect()).unwrap();
                    open.put(id, value, None);
                };
                let failing = if *is_bad && instance == 2 { 0.5 } else { 0.0 };
                for route in ["/a", "/b"] {
                    let count = [("__name__", "http_requests_total"), ("route", route), ("code", "200")];
                    put(&count, seconds * 5.0 * (1.0 - failing));
                    put(&[count[0], count[1], ("code", "500")], seconds * 5.0 * failing);
                }
                let call = [("__name__", "istio_requests_total"), ("source_workload", "shop-v1")];
                put(&[call[0], call[1], ("source_canonical_service", "shop"), ("destination_workload", "pay")], 1.0);
                let call = [("__name__", "traces_service_graph_request_total"), ("client", "shop")];
                put(&[call[0], call[1], ("server", "ledger")], 1.0);
                put(&[call[0], ("client", "nobody"), ("server", "known")], 1.0);
                open.finish();
            }
        }
    }
    store
}

#[tokio::test]
async fn a_service_in_trouble_is_taken_apart_with_few_questions() {
    let clock = Clock::new();
    let server = Fake::start(instances(&[("pay", false), ("shop", true)]), &clock, 0).await;
    let settings = Settings { backfill: Duration::from_mins(5), ..settings(&[&server]) };
    let mut watch = Watch::new(settings, &clock);
    let first = watch.ask().await.unwrap();
    assert!(batch(&first, "shop").splits.is_empty(), "what is in trouble is known with the first answer");
    let apart = |server: &Fake| {
        let asked = server.asked.lock().unwrap();
        asked.iter().filter(|(_, query)| query.contains("by (instance)") || query.contains("by (route)")).count()
    };
    clock.turn(Duration::from_secs(5));
    let fleet = watch.ask().await.unwrap();
    assert_eq!(apart(&server), 4);
    assert!(batch(&fleet, "pay").splits.is_empty());
    let splits = &batch(&fleet, "shop").splits;
    let told: Vec<_> = splits.iter().map(|split| (split.measure.key(), &*split.label, split.count)).collect();
    assert_eq!(told, [("request_rate", "route", 2), ("error_rate", "instance", 4), ("error_rate", "route", 2)]);
    let worst = &splits[1].parts[0];
    assert_eq!(&*worst.name, "shop-2:80");
    assert!((worst.value - 0.5).abs() < 1e-6 && (worst.share - 0.25).abs() < 1e-6, "{worst:?}");
    assert_eq!(splits[1].at.timestamp_millis(), NOW + 5_000);
    for _ in 0..2 {
        clock.turn(Duration::from_secs(5));
        let fleet = watch.ask().await.unwrap();
        assert_eq!(batch(&fleet, "shop").splits.len(), 3, "they are told as long as the trouble lasts");
    }
    assert_eq!(apart(&server), 4, "and not asked for again at once");
}

#[tokio::test]
async fn many_services_in_trouble_are_not_all_taken_apart() {
    let clock = Clock::new();
    let names: Vec<_> = (0..6).map(|index| format!("s{index}")).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), true)).collect();
    let server = Fake::start(instances(&all), &clock, 0).await;
    let mut watch = Watch::new(Settings { backfill: Duration::from_mins(2), ..settings(&[&server]) }, &clock);
    for _ in 0..3 {
        watch.ask().await.unwrap();
        clock.turn(Duration::from_secs(5));
    }
    let asked = server.asked.lock().unwrap();
    let apart = asked.iter().filter(|(_, query)| query.contains("by (instance)") || query.contains("by (route)"));
    assert_eq!(apart.count(), 12);
}

#[tokio::test]
async fn who_calls_whom_is_asked_seldom() {
    let clock = Clock::new();
    let server = Fake::start(instances(&[("pay", false), ("shop", false)]), &clock, 0).await;
    let mut watch = Watch::new(Settings { backfill: Duration::from_mins(2), ..settings(&[&server]) }, &clock);
    let mut fleet = watch.ask().await.unwrap();
    for _ in 0..5 {
        clock.turn(Duration::from_secs(5));
        fleet = watch.ask().await.unwrap();
    }
    let pairs: Vec<_> = fleet.calls.pairs.iter().map(|(from, to)| (&**from, &**to)).collect();
    assert_eq!(pairs, [("shop", "ledger"), ("shop", "pay")]);
    let asked = server.asked.lock().unwrap();
    assert_eq!(asked.iter().filter(|(_, query)| query.contains("source_workload")).count(), 1);
}
