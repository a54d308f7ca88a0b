//! Pagers against every way in which they can behave: what is listed, what is acknowledged and what is left alone. One
//! that is resolved is never written; nothing is written twice; nothing secret is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod loopback;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use loopback::{Loopback, Script};
use serde_json::Value;
use serde_json::json;
use sixty::courier::Pager;
use sixty::courier::PagerKind as Kind;
use sixty::courier::Word;
use sixty::facts::At;
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::incident::OpenPage;
use sixty::incident::PageState;
use sixty::sources::http::Access;
use sixty::sources::http::Auth;
use sixty::sources::http::Http;
use sixty::sources::secret::Secret;
use sixty::sources::secret::SecretRef;

const TOKEN: &str = "token-hunter2";
const ALL: [&str; 4] = ["pagerduty", "opsgenie", "oncall", "alertmanager"];

fn at(text: &str) -> At {
    text.parse().unwrap()
}

fn now() -> At {
    at("2026-11-20T03:20:30.5Z")
}

fn word() -> Word<'static> {
    Word { who: "ana", text: "ana looks into checkout-api", at: now() }
}

fn pager(kind: &str, server: &Loopback) -> Pager {
    let token = SecretRef::Plain(Secret::new(TOKEN));
    let api = server.url("/base/");
    let kind = match kind {
        "pagerduty" => Kind::PagerDuty {
            api,
            token,
            from: "ana@example.com".to_owned(),
            service_ids: vec!["P1".to_owned(), "P2".to_owned()],
            teams: vec!["T1".to_owned()],
        },
        "opsgenie" => Kind::Opsgenie { api, token, teams: vec!["core \"x".to_owned()] },
        "oncall" => Kind::OnCall { api, token, grafana: Some(server.url("/")), teams: Vec::new() },
        _ => Kind::Alertmanager { url: api, silence: Duration::from_secs(3600) },
    };
    let basic = Auth::Scheme { scheme: "Bearer".to_owned(), credentials: SecretRef::Plain(Secret::new(TOKEN)) };
    let auth = matches!(kind, Kind::Alertmanager { .. }).then_some(basic);
    let access = Arc::new(Access { auth, ..Access::default() });
    Pager { name: "P".to_owned(), kind, services: Vec::new(), access, deadline: Duration::from_secs(20) }
}

/// The path of the list.
fn list_path(kind: &str) -> &'static str {
    match kind {
        "pagerduty" => "/base/incidents",
        "opsgenie" => "/base/v2/alerts",
        "oncall" => "/base/api/v1/alert_groups/",
        _ => "/base/api/v2/alerts",
    }
}

/// The path of one page, as it is looked at before it is acknowledged.
fn one_path(kind: &str) -> &'static str {
    match kind {
        "pagerduty" => "/base/incidents/Q1",
        "opsgenie" => "/base/v2/alerts/Q1",
        "oncall" => "/base/api/v1/alert_groups/Q1",
        _ => list_path("alertmanager"),
    }
}

/// The path that is written.
fn write_path(kind: &str) -> &'static str {
    match kind {
        "pagerduty" => "/base/incidents",
        "opsgenie" => "/base/v2/alerts/Q1/acknowledge",
        "oncall" => "/base/api/v1/alert_groups/Q1/acknowledge",
        _ => "/base/api/v2/silences",
    }
}

fn json_ok(value: &Value) -> Script {
    Script::ok("application/json", value.to_string())
}

fn alert(labels: &Value, silenced: &[&str]) -> Value {
    json!({
        "labels": labels, "annotations": { "summary": "42 % fail \u{1b}[31m" }, "fingerprint": "f00d",
        "startsAt": "2026-11-20T03:15:00.075Z", "endsAt": "2026-11-20T03:25:00Z", "generatorURL": "http://x/",
        "receivers": [{ "name": "paging" }], "updatedAt": "2026-11-20T03:20:00Z",
        "status": { "state": "active", "silencedBy": silenced, "inhibitedBy": [], "mutedBy": [] },
    })
}

fn labels() -> Value {
    json!({ "alertname": "HighErrorRate", "service": "checkout-api", "quote": "a\"b" })
}

/// One page in a state, as it is looked at.
fn one(kind: &str, state: PageState) -> Value {
    let word = |triggered, acknowledged, resolved| match state {
        PageState::Triggered => triggered,
        PageState::Acknowledged => acknowledged,
        PageState::Resolved => resolved,
    };
    match kind {
        "pagerduty" => json!({ "incident": {
            "id": "Q1", "status": word("triggered", "acknowledged", "resolved"), "title": "it burns",
            "acknowledgements": [{ "acknowledger": { "summary": "Earline" } }],
        } }),
        "opsgenie" => json!({ "data": {
            "id": "Q1", "status": word("open", "open", "closed"), "acknowledged": state == PageState::Acknowledged,
            "owner": "earline@example.com",
        } }),
        "oncall" => json!({ "id": "Q1", "state": word("new", "acknowledged", "resolved"), "title": "it burns" }),
        _ => match state {
            PageState::Triggered => json!([alert(&labels(), &[])]),
            PageState::Acknowledged => json!([alert(&labels(), &["5f"])]),
            PageState::Resolved => json!([]),
        },
    }
}

/// What a pager answers to what it takes.
fn taken(kind: &str) -> Script {
    match kind {
        "pagerduty" => json_ok(&json!({ "incidents": [{ "id": "Q1", "status": "acknowledged" }] })),
        "opsgenie" => Script::status(
            202,
            "application/json",
            r#"{"result":"Request will be processed","took":0.1,"requestId":"r-1"}"#,
        ),
        "oncall" => Script::ok("application/json", "200"),
        _ => json_ok(&json!({ "silenceID": "92ecbeee" })),
    }
}

/// A server on which acknowledging goes well, for a page in a state.
async fn server(kind: &str, state: PageState) -> Loopback {
    let server = Loopback::start().await;
    server.on(one_path(kind), json_ok(&one(kind, state)));
    server.on(write_path(kind), taken(kind));
    server.on(
        "/base/v2/alerts/requests/r-1",
        json_ok(&json!({ "data": { "success": true, "isSuccess": true, "status": "Acknowledged alert" } })),
    );
    server
}

/// A page as a list told it.
async fn page(kind: &str) -> OpenPage {
    if kind == "alertmanager" {
        let server = server(kind, PageState::Triggered).await;
        return pager(kind, &server).list(&Http::new(), "", now()).await.unwrap().remove(0);
    }
    OpenPage {
        place: "P".to_owned(),
        reference: "Q1".to_owned(),
        title: "it burns".to_owned(),
        state: PageState::Triggered,
        since: None,
        means: String::new(),
    }
}

async fn acknowledge(kind: &str, server: &Loopback) -> Result<String, Fault> {
    let page = page(kind).await;
    let outcome = pager(kind, server).acknowledge(&Http::new(), &page, word()).await;
    let told = format!("{outcome:?} {:?}", pager(kind, server));
    assert!(!told.contains("hunter2"), "{told}");
    outcome
}

/// How often something was written.
fn writes(server: &Loopback) -> usize {
    server.requests().iter().filter(|request| request.method != "GET").count()
}

#[tokio::test]
async fn what_is_open_is_listed() {
    let server = Loopback::start().await;
    let incident = |id: &str, status: &str, at: &str| {
        json!({ "id": id, "incident_number": 7, "title": "it \u{1b}[2Jburns", "status": status, "created_at": at,
                "service": { "summary": "Mail" }, "priority": null, "acknowledgements": null })
    };
    server.in_turn(
        list_path("pagerduty"),
        vec![
            json_ok(&json!({ "incidents": [incident("Q1", "acknowledged", "2026-11-20T03:10:00Z")], "more": true })),
            json_ok(&json!({ "incidents": [
                incident("Q2", "triggered", "2026-11-20T03:00:00Z"), incident("Q3", "resolved", "2026-11-20T03:00:00Z"),
            ], "more": false, "total": null })),
        ],
    );
    let pages = pager("pagerduty", &server).list(&Http::new(), "web", now()).await.unwrap();
    let told: Vec<_> = pages.iter().map(|page| (page.reference.as_str(), page.title.as_str(), page.state)).collect();
    let title = "#7 it ␛[2Jburns (Mail)";
    assert_eq!(told, [("Q2", title, PageState::Triggered), ("Q1", title, PageState::Acknowledged)]);
    assert_eq!(pages[0].since, Some(at("2026-11-20T03:00:00Z")));
    let request = &server.requests()[0];
    let query: Vec<_> =
        url::form_urlencoded::parse(request.target.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let of =
        |key: &str| query.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
    assert_eq!(of("statuses[]"), ["triggered", "acknowledged"]);
    assert_eq!((of("service_ids[]"), of("team_ids[]")), (vec!["P1", "P2"], vec!["T1"]));
    assert_eq!((of("urgencies[]").len(), of("date_range")), (0, vec!["all"]));
    assert_eq!(request.header("authorization"), Some("Token token=token-hunter2"));
    assert_eq!(request.header("accept"), Some("application/vnd.pagerduty+json;version=2"));
    assert!(server.requests()[1].target.contains("offset=1"));

    server.on(
        list_path("opsgenie"),
        json_ok(&json!({ "data": [
            { "id": "a-1", "tinyId": "8", "message": "down", "status": "open", "acknowledged": false,
              "createdAt": "2026-11-20T03:00:00.352Z", "owner": "" },
            { "id": "a-2", "tinyId": "9", "message": "up", "status": "closed", "acknowledged": true, "createdAt": null },
        ], "paging": {} })),
    );
    let pages = pager("opsgenie", &server).list(&Http::new(), "web", now()).await.unwrap();
    assert_eq!((pages.len(), pages[0].title.as_str(), pages[0].reference.as_str()), (1, "#8 down", "a-1"));
    let request = server.requests().pop().unwrap();
    assert_eq!(request.header("authorization"), Some("GenieKey token-hunter2"));
    assert!(request.target.contains("query=status%3A+open+AND+%28teams%3A+%22core+x%22%29"), "{}", request.target);

    let group = |id: &str, state: &str| json!({ "id": id, "state": state, "title": null, "alerts_count": 3, "created_at": "2026-11-20T03:00:01.430444Z" });
    let groups = json!({ "count": 2, "next": null, "results": [group("G1", "new"), group("G2", "resolved")] });
    server.on(list_path("oncall"), json_ok(&groups));
    let pages = pager("oncall", &server).list(&Http::new(), "web", now()).await.unwrap();
    assert_eq!((pages.len(), pages[0].title.as_str()), (1, "an alert without a title (3 alerts)"));
    let request = server.requests().pop().unwrap();
    assert_eq!(request.header("authorization"), Some("token-hunter2"), "no word before it");
    assert_eq!(request.header("x-grafana-url"), Some(server.url("/").as_str().trim_end_matches('/')));
}

#[tokio::test]
async fn alerts_of_the_service_come_first_and_say_what_a_silence_would_hush() {
    let server = Loopback::start().await;
    let with = |fingerprint: &str, labels: Value, silenced: &[&str], inhibited: &[&str]| {
        let mut alert = alert(&labels, silenced);
        alert["fingerprint"] = json!(fingerprint);
        alert["status"]["inhibitedBy"] = json!(inhibited);
        alert
    };
    let all = json!([
        with("a", json!({ "alertname": "DiskFull", "service": "db" }), &[], &[]),
        with("b", labels(), &["5f"], &[]),
        with("c", labels(), &[], &["a"]),
        with("d", labels(), &[], &[]),
    ]);
    server.on(list_path("alertmanager"), json_ok(&all));
    let pages = pager("alertmanager", &server).list(&Http::new(), "checkout-api", now()).await.unwrap();
    let told: Vec<_> = pages.iter().map(|page| (&page.reference[..1], page.state)).collect();
    assert_eq!(told, [("d", PageState::Triggered), ("a", PageState::Triggered), ("b", PageState::Acknowledged)]);
    assert_eq!(pages[0].title, "HighErrorRate: checkout-api: 42 % fail ␛[31m");
    assert_eq!(
        pages[0].means,
        "a silence until 2026-11-20 04:20:30 UTC of \
         {alertname=\"HighErrorRate\", quote=\"a\\\"b\", service=\"checkout-api\"}"
    );
    assert!(server.requests()[0].target.contains("inhibited=false"));
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer token-hunter2"));
    // An empty list is no fault.
    server.on(list_path("alertmanager"), json_ok(&json!([])));
    assert_eq!(pager("alertmanager", &server).list(&Http::new(), "x", now()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn what_is_triggered_is_acknowledged_once() {
    for kind in ALL {
        let server = server(kind, PageState::Triggered).await;
        let answer = acknowledge(kind, &server).await.unwrap();
        assert_eq!(writes(&server), 1, "{kind}");
        let requests = server.requests();
        let written = requests.iter().find(|request| request.method != "GET").unwrap();
        let body: Value = serde_json::from_str(&written.body).unwrap();
        assert_eq!(requests[0].method, "GET", "{kind}: a look comes first");
        let path = written.target.split('?').next().unwrap();
        let (method, expected, said) = match kind {
            "pagerduty" => (
                "PUT",
                json!({ "incidents": [{ "id": "Q1", "type": "incident_reference", "status": "acknowledged" }] }),
                "acknowledged as ana@example.com",
            ),
            "opsgenie" => (
                "POST",
                json!({ "user": "ana", "note": "ana looks into checkout-api", "source": "sixty" }),
                "acknowledged",
            ),
            "oncall" => ("POST", json!({}), "acknowledged"),
            _ => {
                let matcher = |name, value| json!({ "name": name, "value": value, "isRegex": false, "isEqual": true });
                let matchers = [
                    matcher("alertname", "HighErrorRate"),
                    matcher("quote", "a\"b"),
                    matcher("service", "checkout-api"),
                ];
                let body = json!({
                    "matchers": matchers, "createdBy": "ana", "comment": "ana looks into checkout-api",
                    "startsAt": "2026-11-20T03:20:30.500Z", "endsAt": "2026-11-20T04:20:30.000Z",
                });
                ("POST", body, "silence 92ecbeee until 04:20 UTC")
            }
        };
        assert_eq!((written.method.as_str(), path, &body), (method, write_path(kind), &expected), "{kind}");
        assert_eq!(answer, said);
        let from = (kind == "pagerduty").then_some("ana@example.com");
        assert_eq!(written.header("from"), from, "{kind}");
    }
}

#[tokio::test]
async fn what_is_resolved_is_never_written_and_what_is_held_is_left() {
    for kind in ALL {
        let over = server(kind, PageState::Resolved).await;
        let fault = acknowledge(kind, &over).await.unwrap_err();
        assert_eq!((fault.kind, writes(&over)), (FaultKind::NotFound, 0), "{kind}: {fault}");
        assert!(fault.advice.contains("list the pages anew"), "{kind}: {fault}");
        let held = server(kind, PageState::Acknowledged).await;
        let answer = acknowledge(kind, &held).await.unwrap();
        assert!(answer.ends_with("already"), "{kind}: {answer}");
        assert_eq!(writes(&held), 0, "{kind}");
    }
    // A state that nobody knows is not one in which something may be written.
    let server = Loopback::start().await;
    server.on(one_path("pagerduty"), json_ok(&json!({ "incident": { "id": "Q1", "status": "snoozed" } })));
    assert!(acknowledge("pagerduty", &server).await.is_err());
    assert_eq!(writes(&server), 0);
}

#[tokio::test]
async fn the_vendors_own_example_of_a_resolved_incident_is_left_alone() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let named = std::env::var_os("SIXTY_SHARED").map(PathBuf::from);
    let mut places = std::iter::once(beside).chain(named).map(|path| path.join("payloads/alerts"));
    let Some(folder) = places.find(|path| path.is_dir()) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI must not skip this");
        println!("skipped: the shared payloads are not here");
        return;
    };
    let read = |name: &str| -> Value { serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap() };
    let server = Loopback::start().await;
    let mut many = read("pagerduty-incidents-doc-example.json");
    many["more"] = json!(false);
    server.on(list_path("pagerduty"), json_ok(&many));
    assert_eq!(pager("pagerduty", &server).list(&Http::new(), "", now()).await, Ok(Vec::new()));
    server.on(one_path("pagerduty"), json_ok(&json!({ "incident": many["incidents"][0] })));
    assert!(acknowledge("pagerduty", &server).await.unwrap_err().cause.contains("PT4KHLK is resolved"));
    assert_eq!(writes(&server), 0);
    // Recorded: silenced, inhibited, both at once, an escape sequence in an annotation.
    for (name, count) in [("alertmanager-alerts.json", 3), ("alertmanager-groups-0.31.json", 0)] {
        let recorded = read(name);
        let flat: Vec<Value> = match count {
            0 => recorded
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|group| group["alerts"].as_array().unwrap().clone())
                .collect(),
            _ => recorded.as_array().unwrap().clone(),
        };
        let shown = flat.iter().filter(|alert| alert["status"]["inhibitedBy"] == json!([])).count();
        server.on(list_path("alertmanager"), json_ok(&json!(flat)));
        let pages = pager("alertmanager", &server).list(&Http::new(), "", now()).await.unwrap();
        assert_eq!(pages.len(), shown, "{name}");
        assert!(pages.iter().all(|page| !format!("{page:?}").contains('\u{1b}')));
    }
}

#[tokio::test]
async fn a_pager_that_fails_says_why_and_nothing_is_written_twice() {
    let faults = || {
        [
            (
                "401",
                Script::status(401, "application/json", r#"{"error":{"message":"bad token-hunter2"}}"#),
                FaultKind::Denied,
            ),
            ("403", Script::status(403, "text/plain", ""), FaultKind::Denied),
            ("404", Script::status(404, "text/plain", ""), FaultKind::NotFound),
            ("429", Script::status(429, "text/plain", "").header("retry-after", "7"), FaultKind::RateLimited),
            ("500", Script::status(500, "text/plain", "broken"), FaultKind::Status),
            ("silent", Script::silent(), FaultKind::Timeout),
            ("stuck", Script::stuck("application/json", "{"), FaultKind::Timeout),
            ("truncated", Script::truncated("application/json", "{"), FaultKind::Truncated),
            ("hangs up", Script::hangs_up(), FaultKind::Connect),
            ("garbage", Script::raw(b"220 smtp\r\n"), FaultKind::Unreadable),
            ("no JSON", Script::ok("application/json", "{\"incidents\": [7]"), FaultKind::Unreadable),
            ("another JSON", Script::ok("application/json", "true"), FaultKind::Unreadable),
            ("empty", Script::ok("application/json", ""), FaultKind::Unreadable),
            ("huge", Script::endless("application/json", " ".repeat(100_000)), FaultKind::TooLarge),
            ("a web page", Script::ok("text/html", "<!doctype html><title>Sign in</title>"), FaultKind::Unreadable),
        ]
    };
    for kind in ALL {
        for (what, script, expected) in faults() {
            let short =
                if expected == FaultKind::Timeout { Duration::from_millis(300) } else { Duration::from_secs(20) };
            let server = server(kind, PageState::Triggered).await;
            let pager = Pager { deadline: short, ..pager(kind, &server) };
            let tell = |fault: &Fault| {
                assert_eq!(fault.kind, expected, "{kind}, {what}: {fault}");
                assert!(!fault.to_string().contains("hunter2"), "{kind}, {what}: {fault}");
            };
            // The list fails.
            server.on(list_path(kind), script.clone());
            tell(&pager.list(&Http::new(), "web", now()).await.unwrap_err());
            // The look before fails: nothing is written.
            server.on(one_path(kind), script.clone());
            tell(&pager.acknowledge(&Http::new(), &page(kind).await, word()).await.unwrap_err());
            assert_eq!(writes(&server), 0, "{kind}, {what}");
            // The writing fails: it is not done again, and where nobody knows this is said.
            server.on(one_path(kind), json_ok(&one(kind, PageState::Triggered)));
            server.on(write_path(kind), script);
            let outcome = pager.acknowledge(&Http::new(), &page(kind).await, word()).await;
            assert_eq!(writes(&server), 1, "{kind}, {what}");
            if (kind, what) == ("oncall", "another JSON") {
                // It says nothing about the group with a success.
                assert!(outcome.is_ok());
                continue;
            }
            let fault = outcome.unwrap_err();
            tell(&fault);
            let certain = matches!(what, "401" | "403" | "404" | "429");
            assert!(certain || fault.advice.contains("look there"), "{kind}, {what}: {fault}");
        }
    }
}

#[tokio::test]
async fn opsgenie_is_asked_what_came_of_it() {
    let requests = "/base/v2/alerts/requests/r-1";
    let server = server("opsgenie", PageState::Triggered).await;
    let not_yet =
        Script::status(404, "application/json", r#"{"message":"Request not found. It might not be processed, yet."}"#);
    let done = json_ok(&json!({ "data": { "isSuccess": true, "status": "Acknowledged alert" } }));
    server.in_turn(requests, vec![not_yet.clone(), done]);
    assert_eq!(acknowledge("opsgenie", &server).await.as_deref(), Ok("acknowledged"));
    assert_eq!(server.asked(requests), 2);
    let refused = json!({ "data": { "isSuccess": false, "success": false, "status": "Alert does not exist" } });
    server.on(requests, json_ok(&refused));
    let fault = acknowledge("opsgenie", &server).await.unwrap_err();
    assert!(fault.cause.contains("taken and then refused: Alert does not exist"), "{fault}");
    server.on(requests, Script::status(500, "text/plain", ""));
    let fault = acknowledge("opsgenie", &server).await.unwrap_err();
    assert!(fault.advice.contains("look there whether it was done"), "{fault}");
    assert_eq!(writes(&server), 3);
}

#[tokio::test]
async fn a_silence_is_the_one_that_was_shown_or_none() {
    let list = list_path("alertmanager");
    for (what, labels, later, reference) in [
        ("the labels changed", json!({ "alertname": "HighErrorRate", "service": "cart" }), 0, None),
        ("the end is over", labels(), 3700, None),
        ("the end is too far away", labels(), -100, None),
        ("another alert", labels(), 0, Some("beef@1795148430")),
        ("no reference", labels(), 0, Some("f00d")),
        ("nothing", labels(), 0, Some("")),
    ] {
        let server = server("alertmanager", PageState::Triggered).await;
        server.on(list, json_ok(&json!([alert(&labels, &[])])));
        let mut page = page("alertmanager").await;
        if let Some(reference) = reference {
            reference.clone_into(&mut page.reference);
        }
        let word = Word { at: now() + chrono::TimeDelta::seconds(later), ..word() };
        let outcome = pager("alertmanager", &server).acknowledge(&Http::new(), &page, word).await;
        assert!(outcome.is_err(), "{what}: {outcome:?}");
        assert_eq!(writes(&server), 0, "{what}");
    }
    // What it refuses is told with its words, which are a text of JSON.
    let server = server("alertmanager", PageState::Triggered).await;
    server.on(write_path("alertmanager"), Script::status(400, "application/json", "\"bad matcher format: x\""));
    let fault = acknowledge("alertmanager", &server).await.unwrap_err();
    assert!(fault.cause.contains("bad matcher format: x"), "{fault}");
}

#[tokio::test]
async fn a_reference_cannot_lead_elsewhere() {
    for kind in ["pagerduty", "opsgenie", "oncall"] {
        let server = server(kind, PageState::Triggered).await;
        for reference in ["", "../users", "Q1?x=y", "Q1/notes", "Q1#", "Q 1"] {
            let page = OpenPage { reference: reference.to_owned(), ..page(kind).await };
            let fault = pager(kind, &server).acknowledge(&Http::new(), &page, word()).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Local, "{kind} {reference}");
        }
        assert_eq!(server.requests().len(), 0, "{kind}");
    }
}
