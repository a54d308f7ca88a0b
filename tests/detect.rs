//! `sixty URL`: what is made of addresses that are metrics, servers, something else, or nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod loopback;

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use loopback::Loopback;
use loopback::Script;
use sixty::config::Config;
use sixty::facts::At;
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::facts::Payload;
use sixty::facts::SourceKind;
use sixty::runtime::setup;
use sixty::sources::Source;
use sixty::sources::embedded::recording::Recorder;
use sixty::sources::http::Http;
use url::Url;

const METRICS: &str = "# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\"} 7\n";
const BUILD: &str = r#"{"status":"success","data":{"version":"2.55.1"}}"#;
const ONE: &str = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#;
const PAGE: &str = "<!doctype html><title>Shop</title>";

/// A second later each time.
fn now() -> At {
    static SECOND: AtomicI64 = AtomicI64::new(1_800_000_000);
    At::from_timestamp(SECOND.fetch_add(1, Ordering::Relaxed), 0).unwrap()
}

/// An address at which nobody listens.
fn dead() -> Url {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap()
}

/// The sources of `sixty URL…`.
fn sources(urls: &[Url]) -> Vec<Source> {
    let urls: Vec<_> = urls.iter().map(Url::to_string).collect();
    setup::sources(&Config::for_urls(&urls, None).unwrap(), &Recorder::off())
}

fn only(urls: &[Url]) -> Source {
    let mut all = sources(urls);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

async fn ask(source: &mut Source) -> Result<Payload, Fault> {
    source.ask(&Http::new(), &now).await
}

/// Whether the source has become one that scrapes a service itself; its name.
fn scrapes(source: &Source) -> Option<String> {
    source.info().service.map(|name| name.to_string())
}

fn host(url: &Url) -> String {
    format!("127.0.0.1:{}", url.port().unwrap())
}

#[tokio::test]
async fn an_address_of_metrics_is_scraped_without_a_question() {
    let server = Loopback::start().await;
    server.on("/metrics", Script::ok("text/plain; version=0.0.4", METRICS));
    let mut source = only(&[server.url("/metrics")]);
    assert!(matches!(source, Source::Embedded(_)));
    ask(&mut source).await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn metrics_at_the_root_are_found_and_scraped_from_then_on() {
    let server = Loopback::start().await;
    server.on("/", Script::ok("text/plain; version=0.0.4", METRICS));
    let url = server.url("/");
    let mut source = only(std::slice::from_ref(&url));
    let id = source.info().id;
    assert_eq!((source.info().kind, scrapes(&source)), (SourceKind::Metrics, None), "not known yet");
    let Payload::Signals(batch) = ask(&mut source).await.unwrap() else { panic!("one service") };
    assert_eq!(batch.about.targets.len(), 1);
    assert_eq!((source.info().id, scrapes(&source)), (id, Some(host(&url))));
    ask(&mut source).await.unwrap();
    let asked = server.requests().len();
    assert_eq!(server.asked("/"), 3, "once to see, twice to scrape");
    ask(&mut source).await.unwrap();
    assert_eq!(server.requests().len(), asked + 1, "nothing but scrapes any more");
}

#[tokio::test]
async fn a_server_is_found_at_its_root_and_below_prefixes_and_by_pasted_pages() {
    for (pasted, base) in [
        ("/", ""),
        ("/graph?g0.expr=up", ""),
        ("/api/v1/query?query=up", ""),
        ("/prometheus", "/prometheus"),
        ("/select/0/prometheus/", "/select/0/prometheus"),
        ("/api/datasources/proxy/uid/abc", "/api/datasources/proxy/uid/abc"),
    ] {
        let server = Loopback::start().await;
        server.on("/", Script::redirect("/graph")).on("/graph", Script::ok("text/html", PAGE));
        server.on(&format!("{base}/api/v1/status/buildinfo"), Script::ok("application/json", BUILD));
        let mut source = only(&[server.url(pasted)]);
        let _ = ask(&mut source).await;
        assert_eq!(scrapes(&source), None, "{pasted}");
        let address = source.info().address;
        assert_eq!(address.trim_end_matches('/'), server.url(base).as_str().trim_end_matches('/'), "{pasted}");
        assert_eq!(server.asked("/api/v1/status/buildinfo").min(1), usize::from(base.is_empty()), "{pasted}");
    }
}

#[tokio::test]
async fn servers_without_build_information_and_those_below_a_folder_are_known_too() {
    let old = Loopback::start().await;
    old.on("/api/v1/query", Script::ok("application/json", ONE));
    let mut source = only(&[old.url("/")]);
    let _ = ask(&mut source).await;
    assert_eq!(source.info().address.trim_end_matches('/'), old.url("").as_str().trim_end_matches('/'));
    assert_eq!(old.asked("/api/v1/query").min(1), 1);

    let mimir = Loopback::start().await;
    mimir.on("/prometheus/api/v1/status/buildinfo", Script::ok("application/json", BUILD));
    let mut source = only(&[mimir.url("/")]);
    let _ = ask(&mut source).await;
    assert_eq!(source.info().address, mimir.url("/prometheus").as_str());
}

#[tokio::test]
async fn what_is_neither_says_what_was_tried_and_what_to_write() {
    let server = Loopback::start().await;
    server.on("/", Script::ok("text/html", PAGE));
    server.on("/text", Script::ok("text/plain", "hello there\n"));
    for (path, seen) in [
        ("/", "neither metrics (an HTML page: Shop) nor"),
        ("/text", "neither metrics (text without a metric) nor"),
        ("/nothing", "neither metrics (404 Not Found"),
    ] {
        let fault = ask(&mut only(&[server.url(path)])).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotFound, "{fault}");
        assert!(fault.cause.starts_with(seen), "{fault}");
        assert!(fault.cause.contains("nor a Prometheus server (404 Not Found"), "{fault}");
        let tried = format!("tried {} and ", server.url(path).as_str().trim_end_matches('/'));
        assert!(fault.advice.starts_with(&tried), "{fault}");
        let advice = format!("often {}metrics, or where the API of a server begins", server.url("/"));
        assert!(fault.advice.contains(&advice), "{fault}");
    }
    // It may be put right while somebody watches.
    let mut source = only(&[server.url("/")]);
    ask(&mut source).await.unwrap_err();
    server.on("/", Script::ok("text/plain; version=0.0.4", METRICS));
    assert!(matches!(ask(&mut source).await, Ok(Payload::Signals(_))));
}

#[tokio::test]
async fn a_server_that_asks_for_credentials_says_so_and_takes_those_of_the_address() {
    let server = Loopback::start().await;
    server.on("/", Script::status(401, "text/plain", "who are you\n"));
    server.on("/api/v1/status/buildinfo", Script::status(401, "text/plain", "who are you\n"));
    let fault = ask(&mut only(&[server.url("/")])).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied);
    assert!(fault.advice.contains("write http://USER:PASSWORD@127.0.0.1"), "{fault}");
    assert_eq!(server.requests().len(), 2, "no other path is tried");
    server.on("/api/v1/status/buildinfo", Script::status(401, "text/plain", "no org id\n"));
    let fault = ask(&mut only(&[server.url("/")])).await.unwrap_err();
    assert!(fault.advice.contains("tenant = ") && !fault.advice.contains("PASSWORD"), "{fault}");

    server.on("/api/v1/status/buildinfo", Script::ok("application/json", BUILD));
    let mut with = server.url("/");
    with.set_username("ana").unwrap();
    with.set_password(Some("s3cret-word")).unwrap();
    let mut source = only(&[with]);
    let _ = ask(&mut source).await;
    let last = server.requests().into_iter().rfind(|one| one.target.ends_with("buildinfo")).unwrap();
    assert!(last.header("authorization").is_some_and(|value| value.starts_with("Basic ")));
    assert!(!format!("{:?}", source.info()).contains("s3cret"));
}

#[tokio::test]
async fn the_api_counts_although_the_page_hangs_and_the_other_way_round() {
    let server = Loopback::start().await;
    server.on("/", Script::silent());
    server.on("/api/v1/status/buildinfo", Script::ok("application/json", BUILD));
    let mut source = only(&[server.url("/")]);
    let _ = ask(&mut source).await;
    assert_eq!(source.info().address.trim_end_matches('/'), server.url("").as_str().trim_end_matches('/'));

    let exporter = Loopback::start().await;
    exporter.on("/", Script::ok("text/plain; version=0.0.4", METRICS));
    exporter.on("/api/v1/status/buildinfo", Script::silent());
    let mut source = only(&[exporter.url("/")]);
    ask(&mut source).await.unwrap();
    assert!(scrapes(&source).is_some());
}

#[tokio::test]
async fn a_dead_address_says_so_once() {
    let fault = ask(&mut only(&[dead()])).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Connect);
    assert!(fault.cause.contains("refused") && !fault.cause.contains("neither"), "{fault}");
}

#[tokio::test]
async fn of_several_addresses_each_finds_out_for_itself_and_metrics_stay_one_service() {
    let (one, two) = (Loopback::start().await, Loopback::start().await);
    let (prom, other) = (Loopback::start().await, Loopback::start().await);
    one.on("/metrics", Script::ok("text/plain; version=0.0.4", METRICS));
    two.on("/", Script::ok("text/plain; version=0.0.4", METRICS));
    for server in [&prom, &other] {
        server.on("/api/v1/status/buildinfo", Script::ok("application/json", BUILD));
    }
    let mut source = only(&[prom.url("/"), one.url("/metrics"), two.url("/"), other.url("/")]);
    let Payload::Signals(batch) = ask(&mut source).await.unwrap() else { panic!("one service") };
    assert_eq!(batch.about.targets.len(), 1, "what was certain is scraped while the others are asked");
    assert_eq!(scrapes(&source), Some(host(&one.url("/"))));
    let apart: Vec<_> = source.apart().iter().map(|other| other.info().id.to_string()).collect();
    let both = |url: &Url| [format!("alerts {}", host(url)), format!("prometheus {}", host(url))];
    assert_eq!(apart, [both(&prom.url("/")), both(&other.url("/"))].concat());
    assert!(source.apart().is_empty(), "each once");
    let Payload::Signals(batch) = ask(&mut source).await.unwrap() else { panic!("one service") };
    assert_eq!(batch.about.targets.len(), 2);

    let mut servers = only(&[prom.url("/"), other.url("/")]);
    let _ = ask(&mut servers).await;
    let apart = servers.apart().iter().filter(|one| matches!(one, Source::Prometheus(_))).count();
    assert_eq!((scrapes(&servers), apart), (None, 1), "the first is what it has become itself");
}

#[tokio::test]
async fn an_address_that_is_dead_beside_one_that_lives_is_told_as_a_target() {
    let (alive, url) = (Loopback::start().await, dead());
    alive.on("/", Script::ok("text/plain; version=0.0.4", METRICS));
    let mut source = only(&[alive.url("/"), url.clone()]);
    let Payload::Signals(batch) = ask(&mut source).await.unwrap() else { panic!("one service") };
    let outcomes: Vec<_> = batch.about.targets.iter().map(|target| target.outcome.is_ok()).collect();
    assert_eq!(outcomes, [true, false]);
    assert_eq!(batch.about.targets[1].address, url.as_str());
}
