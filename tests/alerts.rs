//! What the source of alerts makes of servers that behave and of servers that do not, from the wire on.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should say where")]

mod loopback;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use loopback::{Loopback, Script};
use sixty::facts::AlertState;
use sixty::facts::Alerting;
use sixty::facts::At;
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::facts::Payload;
use sixty::facts::SourceKind;
use sixty::facts::Urgency;
use sixty::sources::http::Http;
use sixty::sources::prometheus::Alerts;
use sixty::sources::prometheus::Settings;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use url::Url;

const JSON: &str = "application/json";

fn at(second: i64) -> At {
    At::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn source(urls: Vec<Url>) -> Alerts {
    Alerts::new(&Settings::named("prod", urls))
}

async fn ask(source: &mut Alerts, second: i64) -> Result<Alerting, Fault> {
    match source.ask(&Http::new(), at(second)).await? {
        Payload::Alerts(said) => Ok(said),
        other => panic!("{other:?}"),
    }
}

fn success(data: &str) -> Script {
    Script::ok(JSON, format!(r#"{{"status":"success","data":{data}}}"#))
}

fn firing(name: &str, more: &str) -> String {
    format!(
        r#"{{"labels":{{"alertname":"{name}","service":"shop"{more}}},"annotations":{{}},"state":"firing",
        "activeAt":"2027-01-15T08:00:00Z","value":"1e+00"}}"#
    )
}

fn list(alerts: &[String]) -> Script {
    success(&format!(r#"{{"alerts":[{}]}}"#, alerts.join(",")))
}

fn groups(names: &[&str], health: &str, token: &str) -> Script {
    let rule = |name: &&str| {
        format!(
            r#"{{"name":"g-{name}","file":"r.yml","rules":[{{"type":"alerting","name":"{name}","query":"up",
            "health":"{health}","lastError":"no","state":"inactive"}}]}}"#
        )
    };
    let groups: Vec<_> = names.iter().map(rule).collect();
    success(&format!(r#"{{"groups":[{}],"groupNextToken":"{token}"}}"#, groups.join(",")))
}

#[tokio::test]
async fn a_server_tells_what_fires_and_which_rules_are_broken() {
    let server = Loopback::start().await;
    server.on("/api/v1/alerts", list(&[firing("PoolFull", r#","severity":"page""#)]));
    server.on("/api/v1/rules", groups(&["Bad"], "err", ""));
    let mut source = source(vec![server.url("/")]);
    let info = source.info();
    assert_eq!((info.id.as_str(), info.kind, info.every), ("alerts prod", SourceKind::Alerts, Duration::from_secs(15)));
    let said = ask(&mut source, 0).await.unwrap();
    assert_eq!((said.alerts[0].name.as_str(), said.alerts[0].urgency), ("PoolFull", Urgency::Critical));
    assert_eq!((said.rules, said.broken.len(), said.broken[0].name.as_str()), (Some(1), 1, "Bad"));
    assert!(said.remarks.is_empty() && !said.absent);
}

#[tokio::test]
async fn rules_are_asked_for_less_often_and_kept_in_between() {
    let server = Loopback::start().await;
    server.on("/api/v1/alerts", list(&[]));
    server.in_turn("/api/v1/rules", vec![groups(&["A"], "err", ""), Script::status(503, JSON, "{}")]);
    let mut source = source(vec![server.url("/")]);
    for (second, asked, broken, remarks) in [(0, 1, 1, 0), (15, 1, 1, 0), (59, 1, 1, 0), (60, 2, 1, 1), (75, 2, 1, 1)] {
        let said = ask(&mut source, second).await.unwrap();
        assert_eq!(server.asked("/api/v1/rules"), asked, "{second}");
        assert_eq!((said.broken.len(), said.remarks.len()), (broken, remarks), "{second}: {:?}", said.remarks);
    }
}

#[tokio::test]
async fn pages_of_rules_are_followed_to_their_end_and_not_for_ever() {
    let server = Loopback::start().await;
    server.on("/api/v1/alerts", list(&[]));
    server.in_turn(
        "/api/v1/rules",
        vec![groups(&["A", "B"], "ok", "t1"), groups(&["C"], "err", "t2"), groups(&["D"], "ok", "")],
    );
    let said = ask(&mut source(vec![server.url("/")]), 0).await.unwrap();
    assert_eq!((said.rules, said.broken.len()), (Some(4), 1));
    let targets: Vec<_> = server.requests().iter().map(|request| request.target.clone()).collect();
    assert!(targets[1].contains("group_limit=100") && !targets[1].contains("next_token"), "{targets:?}");
    assert!(targets[2].contains("group_next_token=t1") && targets[3].contains("group_next_token=t2"), "{targets:?}");

    let circle = Loopback::start().await;
    circle.on("/api/v1/alerts", list(&[]));
    circle.on("/api/v1/rules", groups(&["A"], "ok", "again"));
    ask(&mut source(vec![circle.url("/")]), 0).await.unwrap();
    assert_eq!(circle.asked("/api/v1/rules"), 2, "the same token again is an end");

    let torn = Loopback::start().await;
    torn.on("/api/v1/alerts", list(&[]));
    torn.in_turn("/api/v1/rules", vec![groups(&["A"], "err", "t1"), Script::status(400, JSON, "{}")]);
    let said = ask(&mut source(vec![torn.url("/")]), 0).await.unwrap();
    assert_eq!(said.broken.len(), 1);
    assert!(said.remarks[0].starts_with("only a part of the rules could be read: "), "{:?}", said.remarks);
}

#[tokio::test]
async fn replicas_are_merged_and_one_that_is_away_is_told() {
    let (a, b) = (Loopback::start().await, Loopback::start().await);
    a.on("/api/v1/alerts", list(&[firing("Both", r#","replica":"a""#), firing("OnlyA", "")]));
    b.on("/api/v1/alerts", list(&[firing("Both", r#","replica":"b""#)]));
    for server in [&a, &b] {
        server.on("/api/v1/rules", groups(&["A"], "ok", ""));
    }
    let said = ask(&mut source(vec![a.url("/"), b.url("/")]), 0).await.unwrap();
    let names: Vec<_> = said.alerts.iter().map(|alert| alert.name.as_str()).collect();
    assert_eq!(names, ["Both", "OnlyA"]);
    assert_eq!((a.asked("/api/v1/rules"), b.asked("/api/v1/rules")), (1, 0), "replicas have the same rules");
    let gone = Loopback::start().await.url("/");
    let said = ask(&mut source(vec![gone.clone(), b.url("/")]), 0).await.unwrap();
    assert_eq!((said.alerts.len(), said.rules), (1, Some(1)));
    assert!(said.remarks[0].starts_with("1 of 2 replicas not read: connection "), "{:?}", said.remarks);
    let fault = ask(&mut source(vec![gone.clone(), gone]), 0).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Connect);
}

#[tokio::test]
async fn a_server_without_alerting_is_no_fault() {
    let server = Loopback::start().await;
    let said = ask(&mut source(vec![server.url("/")]), 0).await.unwrap();
    assert!(said.absent && said.remarks[0].contains("404"), "{said:?}");
    // VictoriaMetrics without vmalert.
    server.on("/api/v1/alerts", list(&[]));
    server.on("/api/v1/rules", success(r#"{"groups":[]}"#));
    let said = ask(&mut source(vec![server.url("/")]), 0).await.unwrap();
    assert_eq!((said.absent, said.rules, said.alerts.len()), (false, Some(0), 0));
    // A proxy that lets nobody see the rules.
    server.on("/api/v1/alerts", list(&[firing("A", "")]));
    server.on("/api/v1/rules", Script::status(403, "text/plain", ""));
    let said = ask(&mut source(vec![server.url("/")]), 0).await.unwrap();
    assert_eq!((said.alerts.len(), said.rules), (1, None));
    assert!(said.remarks[0].starts_with("the rules cannot be read: 403"), "{:?}", said.remarks);
}

#[tokio::test]
async fn every_misbehaviour_has_its_cause() {
    let server = Loopback::start().await;
    for (script, kind) in [
        (Script::status(401, "text/plain", ""), FaultKind::Denied),
        (Script::status(429, "text/plain", "").header("retry-after", "9"), FaultKind::RateLimited),
        (Script::status(500, "text/plain", "oh"), FaultKind::Status),
        (Script::ok("text/html", "<html><title>Sign in</title></html>"), FaultKind::Unreadable),
        (Script::ok(JSON, r#"{"status":"success","data":{"alerts":[{"#), FaultKind::Truncated),
        (Script::ok(JSON, r#"{"status":"success","data":{"alerts":"none"}}"#), FaultKind::Unreadable),
        (Script::ok(JSON, r#"{"status":"error","errorType":"unavailable","error":"starting"}"#), FaultKind::Status),
        (Script::redirect("/login?next=/"), FaultKind::Denied),
        (Script::hangs_up(), FaultKind::Connect),
        (Script::bomb(JSON, 64 << 20), FaultKind::TooLarge),
    ] {
        server.on("/api/v1/alerts", script);
        let fault = ask(&mut source(vec![server.url("/")]), 0).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert_eq!(server.asked("/api/v1/rules"), 0, "a server in trouble is not asked for more");
    }
}

#[tokio::test]
async fn texts_of_strangers_are_harmless() {
    let server = Loopback::start().await;
    let alert = r#"{"labels":{"alertname":"\u001b]0;x\u0007","a\u202eb":"c\nd"},"state":"firing",
        "annotations":{"summary":"one\ntwo\u001b[2J","runbook_url":"http://x/\u001b"},"activeAt":null,"value":null}"#;
    server.on("/api/v1/alerts", list(&[alert.to_owned()]));
    let said = ask(&mut source(vec![server.url("/")]), 0).await.unwrap();
    let alert = &said.alerts[0];
    for text in [&alert.name, &alert.summary, &alert.runbook, &alert.labels.to_string()] {
        assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text:?}");
    }
    assert_eq!((alert.name.as_str(), alert.summary.as_str()), ("␛]0;x␇", "one⏎two␛[2J"));
}

fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let found = Some(beside).filter(|path| path.is_dir());
    let found = found.or_else(|| std::env::var_os("SIXTY_SHARED").map(PathBuf::from).filter(|path| path.is_dir()));
    assert!(found.is_some() || std::env::var("CI").as_deref() != Ok("true"), "the shared folder is missing");
    if found.is_none() {
        println!("skipped: there is no shared folder");
    }
    found
}

#[tokio::test]
async fn what_a_real_prometheus_said() {
    use AlertState::{Firing, Pending};
    let Some(shared) = shared() else { return };
    let server = Loopback::start().await;
    for call in ["alerts", "rules"] {
        let body = std::fs::read(shared.join(format!("payloads/prometheus/{call}.json"))).unwrap();
        server.on(&format!("/api/v1/{call}"), Script::ok(JSON, body));
    }
    let said = ask(&mut source(vec![server.url("/")]), 0).await.unwrap();
    let seen: Vec<_> =
        said.alerts.iter().map(|alert| (alert.name.as_str(), alert.state, alert.urgency, alert.value)).collect();
    assert_eq!(
        seen,
        [
            ("HighErrorRate", Firing, Urgency::Critical, Some(0.42)),
            ("TargetDown", Firing, Urgency::Critical, Some(0.0)),
            ("TargetDown", Firing, Urgency::Critical, Some(0.0)),
            ("BrokenTemplate", Firing, Urgency::Warning, Some(1.0)),
            ("AlwaysPending", Pending, Urgency::Info, Some(1.0)),
        ]
    );
    assert_eq!(said.alerts[1].runbook, "https://runbooks.example.com/TargetDown");
    assert_eq!(said.alerts[0].services().next(), Some("checkout"));
    assert_eq!(said.rules, Some(5));
    let broken: Vec<_> = said.broken.iter().map(|rule| (rule.name.as_str(), rule.group.as_str())).collect();
    assert_eq!(broken, [("ManyToMany", "broken")]);
    assert!(said.broken[0].error.contains("many-to-many matching not allowed"));
}

#[tokio::test]
async fn however_many_are_asked_only_eight_questions_are_under_way() {
    const ALL: usize = 20;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let full = Arc::new(tokio::sync::Notify::new());
    let (now, peak) = (Arc::clone(&open), Arc::clone(&most));
    tokio::spawn(async move {
        let answered = Arc::new(AtomicUsize::new(0));
        while let Ok((mut stream, _)) = listener.accept().await {
            let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
            let (full, answered) = (Arc::clone(&full), Arc::clone(&answered));
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // The first eight wait for each other, so that a ninth would be seen beside them.
                if now.load(Ordering::SeqCst) >= 8 || answered.load(Ordering::SeqCst) > 0 {
                    full.notify_waiters();
                } else {
                    full.notified().await;
                }
                answered.fetch_add(1, Ordering::SeqCst);
                now.fetch_sub(1, Ordering::SeqCst);
                let body = r#"{"status":"success","data":{"alerts":[],"groups":[]}}"#;
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
                let _ =
                    stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    let said = ask(&mut source(vec![url; ALL]), 0).await.unwrap();
    assert_eq!((said.remarks, most.load(Ordering::SeqCst), open.load(Ordering::SeqCst)), (vec![], 8, 0));
}
