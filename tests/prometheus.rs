//! What the client of the Prometheus API makes of servers that answer well, badly, late or not at all.

#![cfg(test)]

mod loopback;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use loopback::{Loopback, Script};
use sixty::facts::At;
use sixty::facts::FaultKind;
use sixty::facts::Payload;
use sixty::signals::preset;
use sixty::sources::embedded::Plan;
use sixty::sources::embedded::Planner;
use sixty::sources::exposition::Inventory;
use sixty::sources::http::Http;
use sixty::sources::prometheus::Api;
use sixty::sources::prometheus::Prometheus;
use sixty::sources::prometheus::Rows;
use sixty::sources::prometheus::Settings;
use sixty::sources::prometheus::Told;
use sixty::sources::prometheus::Trouble;

/// Long enough for a busy machine, for asks that end by themselves.
const PATIENT: Duration = Duration::from_secs(30);
/// For asks that can only end by their deadline.
const SHORT: Duration = Duration::from_millis(150);
const JSON: &str = "application/json";
const QUERY: &str = "/api/v1/query";

async fn query(server: &Loopback, deadline: Duration) -> Result<Told<Rows>, Trouble> {
    let api = Api::new(server.url("/"), Arc::default());
    api.call(&Http::new(), "query", &[("query", "up{a=\"b c\"}".to_owned())], deadline).await
}

#[tokio::test]
async fn an_answer_is_read_with_what_the_server_says_beside_it() {
    let server = Loopback::start().await;
    let body = r#"{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[
        {"metric":{"__name__":"up","job":"a"},"value":[1795155819.459,"+Inf"]},
        {"metric":{"job":"b"},"histogram":[1795155819,{"count":"1","sum":"2"}]}]},
        "warnings":["w1","w2\u001b[2J","w3","w4"],"infos":["i1","i2"]}"#;
    server.on(QUERY, Script::ok(JSON, body).gzip());
    let told = query(&server, PATIENT).await.unwrap();
    assert!(told.partial && told.victoria);
    assert_eq!(told.data.histograms, 1);
    assert_eq!(told.data.series.len(), 1);
    assert_eq!(told.data.series[0].0.to_string(), "up{job=\"a\"}");
    assert_eq!(told.data.series[0].1, [(1_795_155_819_459, f64::INFINITY)]);
    assert_eq!(told.remarks.len(), 6, "{:?}", told.remarks);
    assert!(told.remarks[0].contains("partial") && told.remarks[2].contains("w2␛[2J"), "{:?}", told.remarks);
    assert!(told.remarks[4].contains("1 times more") && told.remarks[5].contains("i1"), "{:?}", told.remarks);
    let request = &server.requests()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", QUERY));
    assert_eq!(request.header("accept"), Some(JSON));
    assert_eq!(request.body, "query=up%7Ba%3D%22b+c%22%7D");
}

#[tokio::test]
async fn a_proxy_that_refuses_posts_is_asked_by_address() {
    let server = Loopback::start().await;
    let empty = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
    server.in_turn(QUERY, vec![Script::status(405, "text/plain", ""), Script::ok(JSON, empty)]);
    let api = Api::new(server.url("/?extra_label=a%3Db"), Arc::default());
    for _ in 0..2 {
        let form = [("query", "up".to_owned())];
        let told: Told<Rows> = api.call(&Http::new(), "query", &form, PATIENT).await.unwrap();
        assert!(told.data.series.is_empty() && told.remarks.is_empty());
    }
    let methods: Vec<_> = server.requests().iter().map(|request| request.method.clone()).collect();
    assert_eq!(methods, ["POST", "GET", "GET"]);
    assert_eq!(server.requests()[2].target, "/api/v1/query?extra_label=a%3Db&query=up");
}

#[tokio::test]
async fn the_base_may_be_written_in_several_ways() {
    let server = Loopback::start().await;
    let empty = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#;
    server.on("/select/0/prometheus/api/v1/query", Script::ok(JSON, empty));
    for base in ["/select/0/prometheus", "/select/0/prometheus/", "/select/0/prometheus/api/v1/"] {
        let api = Api::new(server.url(base), Arc::default());
        let told: Told<Rows> = api.call(&Http::new(), "query", &[("query", "2".to_owned())], PATIENT).await.unwrap();
        assert_eq!(told.data.series[0].1, [(1_000, 2.0)]);
    }
}

#[tokio::test]
async fn every_refusal_has_its_sentence() {
    let server = Loopback::start().await;
    let json = |status: u16, kind: &str, words: &str| {
        Script::status(status, JSON, format!(r#"{{"status":"error","errorType":"{kind}","error":"{words}"}}"#))
    };
    let text = "text/plain";
    let basic = Script::status(401, text, "Unauthorized\n").header("www-authenticate", "Basic realm=\"x\"");
    let limited = Script::status(429, text, "").header("retry-after", "17");
    for (script, kind, is_query, cause, advice) in [
        (basic, FaultKind::Denied, false, "401 Unauthorized, it asks for Basic", "credentials"),
        (Script::status(401, text, "no org id"), FaultKind::Denied, false, "no org id", "X-Scope-OrgID"),
        (Script::status(403, text, ""), FaultKind::Denied, false, "403 Forbidden", "credentials"),
        (
            Script::status(404, text, "404 page not found"),
            FaultKind::NotFound,
            false,
            "no Prometheus API",
            "/prometheus",
        ),
        (limited, FaultKind::RateLimited, false, "429", ""),
        (json(400, "bad_data", "1:17: parse error"), FaultKind::Status, true, "1:17: parse error", "up{a=\"b c\"}"),
        (json(422, "execution", "many-to-many"), FaultKind::Status, true, "cannot evaluate a query: many", "up{a="),
        (json(422, "422", "cannot parse"), FaultKind::Status, true, "cannot evaluate a query: cannot parse", "up{a="),
        (json(503, "timeout", "query timed out"), FaultKind::Timeout, false, "gave up: query timed out", "overloaded"),
        (json(503, "canceled", "aborted"), FaultKind::Timeout, false, "broke off: aborted", "again"),
        (json(503, "unavailable", "tsdb not ready"), FaultKind::Status, false, "not ready: tsdb", "starting"),
        (json(200, "internal", "oops"), FaultKind::Status, false, "says internal: oops", "trouble itself"),
        (Script::status(503, text, "Service Unavailable"), FaultKind::Status, false, "503 Service Unavailable", ""),
        (Script::ok("text/html", "<html><title>Grafana"), FaultKind::Unreadable, false, "a web page", "dashboard"),
        (Script::ok(JSON, r#"{"status":"success"}"#), FaultKind::Unreadable, false, "without data", ""),
        (Script::ok(JSON, r#"{"status":"success","data":["#), FaultKind::Truncated, false, "ends early", "proxy"),
        (Script::ok(JSON, r#"{"page":1}"#), FaultKind::Unreadable, false, "not an answer", "proxy"),
        (Script::truncated(JSON, r#"{"status":"#), FaultKind::Truncated, false, "ended early", ""),
        (Script::hangs_up(), FaultKind::Connect, false, "closed without an answer", ""),
        (Script::endless(JSON, vec![b' '; 1 << 20]), FaultKind::TooLarge, false, "larger than 32 MiB", ""),
    ] {
        server.on(QUERY, script);
        let trouble = query(&server, PATIENT).await.unwrap_err();
        assert_eq!((trouble.fault.kind, trouble.is_query), (kind, is_query), "{trouble:?}");
        assert!(trouble.fault.cause.contains(cause), "{cause}: {trouble:?}");
        assert!(trouble.fault.advice.contains(advice), "{advice}: {trouble:?}");
        assert_eq!(trouble.fault.retry_after.is_some(), kind == FaultKind::RateLimited);
    }
    for script in [Script::silent(), Script::stuck(JSON, "{")] {
        server.on(QUERY, script);
        assert_eq!(query(&server, SHORT).await.unwrap_err().fault.kind, FaultKind::Timeout);
    }
}

/// The recorded answers of a real server.
fn recorded() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folders = [Some(beside), std::env::var_os("SIXTY_SHARED").map(PathBuf::from)];
    let found =
        folders.into_iter().flatten().map(|folder| folder.join("payloads/prometheus")).find(|path| path.is_dir());
    if found.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the shared test data is not here");
        println!("skipped: the shared test data is not here; set SIXTY_SHARED to its folder");
    }
    found
}

#[tokio::test]
async fn every_recorded_answer_is_read_or_refused_as_what_it_is() {
    let Some(folder) = recorded() else { return };
    let server = Loopback::start().await;
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let status = match name.as_str() {
            "err-404.txt" => 404,
            "err-execution-422.json" => 422,
            "err-timeout-503.json" => 503,
            name if name.starts_with("err-") || name == "series-nomatch.json" => 400,
            _ => 200,
        };
        server.on(QUERY, Script::status(status, JSON, std::fs::read(&path).unwrap()));
        let answer = query(&server, PATIENT).await;
        if name.starts_with("query-") {
            let told = answer.unwrap_or_else(|trouble| panic!("{name}: {trouble:?}"));
            let rows = told.data.series.len();
            assert_eq!(rows == 0, matches!(name.as_str(), "query-empty.json" | "query-string.json"), "{name}");
            assert_eq!(told.data.is_text, name == "query-string.json");
            assert_eq!(told.remarks.len(), usize::from(name == "query-warnings.json"));
        } else {
            let trouble = answer.unwrap_err();
            assert_eq!(trouble.is_query, matches!(status, 400 | 422), "{name}: {trouble:?}");
            if status == 200 {
                assert_eq!(trouble.fault.kind, FaultKind::Unreadable, "{name}: {trouble:?}");
                let api = Api::new(server.url("/"), Arc::default());
                let any = api.call::<serde_json::Value>(&Http::new(), "query", &[], PATIENT).await;
                assert_eq!(any.is_ok(), name != "federate.txt", "{name}");
            }
        }
    }
}

/// What setup does, for tests: presets chosen by what is there.
fn engine(settings: Settings) -> Prometheus {
    let wanted = preset::wanted().into_iter();
    let wanted = wanted.map(|(metric, labels)| (metric.to_owned(), labels.into_iter().map(str::to_owned).collect()));
    let planner_of = |_: &str| -> Planner {
        Arc::new(|there: &Inventory| {
            let choice = preset::choose(&preset::Inventory { names: there.names.clone() });
            Plan { queries: choice.queries, ..Plan::default() }
        })
    };
    Prometheus::new(settings, Arc::new(planner_of)).looking_for(wanted.collect())
}

fn real_now() -> At {
    chrono::Utc::now()
}

/// Prints what the engine makes of a real server; to be run by hand with its address in `SIXTY_PROMETHEUS`.
#[tokio::test]
#[ignore = "a measurement, not a check"]
async fn first_numbers_of_a_real_server() {
    let url = std::env::var("SIXTY_PROMETHEUS").expect("SIXTY_PROMETHEUS is the address of a server");
    for _ in 0..3 {
        let http = Http::new();
        let mut engine = engine(Settings::named("real", vec![url.parse().unwrap()]));
        for round in 0..3 {
            let begun = std::time::Instant::now();
            let Ok(Payload::Fleet(fleet)) = engine.ask(&http, &real_now).await.map_err(|fault| println!("{fault}"))
            else {
                return;
            };
            let took = begun.elapsed();
            let points: usize = fleet.services.iter().map(|(_, batch)| batch.points.len()).sum();
            println!(
                "ask {round}: {took:?}, {} services, {points} points, remark {:?}",
                fleet.services.len(),
                engine.remark()
            );
            if let Some((name, batch)) = fleet.services.first().filter(|_| round == 0) {
                println!("  {name}: {} {:?} {:?}", batch.about.engine, batch.about.notes, batch.about.targets[0].took);
                for (measure, query) in &batch.about.queries {
                    let newest = batch.points.last().and_then(|points| points.answers.get(measure));
                    println!("  {measure:?} = {newest:?}: {query}");
                }
            }
            tokio::time::sleep(engine.early().unwrap_or(Duration::from_secs(6))).await;
        }
    }
}
