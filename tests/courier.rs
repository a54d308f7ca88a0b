//! Updates on their way out: each kind of channel against every way in which the other end can behave. What arrives is
//! compared as JSON; what fails says whether it can have arrived, is tried again only when it cannot, and tells no
//! secret.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod loopback;

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use loopback::{Loopback, Request, Script};
use serde_json::Value;
use serde_json::json;
use sixty::app::Licence;
use sixty::app::Msg;
use sixty::courier::Arrived;
use sixty::courier::Channel;
use sixty::courier::ChannelKind as Kind;
use sixty::courier::Patience;
use sixty::facts::FaultKind;
use sixty::incident::Parcel;
use sixty::incident::UpdateStatus;
use sixty::runtime::Clock;
use sixty::runtime::courier::Addressees;
use sixty::runtime::courier::Courier;
use sixty::sources::http::Access;
use sixty::sources::http::Auth;
use sixty::sources::http::Failure;
use sixty::sources::secret::Secret;
use sixty::sources::secret::SecretRef;
use sixty::triage::Severity;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::unbounded_channel;

/// A part of each address, and the tokens: in nothing that is told.
const SECRETS: [&str; 4] = ["T00HOOKED", "s3cr3t-path", "xoxb-hunter2", "sign-hunter2"];
const PATH: &str = "/services/T00HOOKED/s3cr3t-path";
const ALL: [&str; 5] = ["slack", "slack_bot", "teams", "discord", "webhook"];

fn plain(text: &str) -> SecretRef {
    SecretRef::Plain(Secret::new(text))
}

/// A channel of a kind at a server.
fn channel(kind: &str, server: &Loopback) -> Channel {
    let url = plain(server.url(PATH).as_str());
    let kind = match kind {
        "slack" => Kind::Slack { url },
        "slack_bot" => {
            Kind::SlackBot { api: server.url("/api/"), token: plain("xoxb-hunter2"), channel: "C012".to_owned() }
        }
        "teams" => Kind::Teams { url },
        "discord" => Kind::Discord { url },
        _ => Kind::Webhook { url, secret: Some(plain("sign-hunter2")) },
    };
    Channel { name: "#incidents".to_owned(), kind, services: Vec::new(), access: Arc::default() }
}

/// The path that the channel asks.
fn path(kind: &str) -> &'static str {
    if kind == "slack_bot" { "/api/chat.postMessage" } else { PATH }
}

/// What a place answers to what it takes.
fn taken(kind: &str) -> Script {
    match kind {
        "slack" => Script::ok("text/html", "ok"),
        "slack_bot" => Script::ok("application/json", r#"{"ok":true,"channel":"C012","ts":"1712.0001"}"#),
        "teams" => Script::status(202, "text/plain", ""),
        "discord" => Script::ok("application/json", r#"{"id":"9001","content":"x"}"#),
        _ => Script::status(204, "text/plain", ""),
    }
}

fn parcel() -> Parcel {
    Parcel {
        update: "u-17".to_owned(),
        to: "#incidents".to_owned(),
        incident: "inc-1".to_owned(),
        service: "checkout-api".to_owned(),
        status: UpdateStatus::Investigating,
        severity: Severity::Critical,
        started_at: "2026-11-20T02:14:10Z".parse().ok(),
        text: "Investigating: checkout-api\n4 % fail & <!channel> knows @everyone".to_owned(),
    }
}

/// So short that no test waits.
const QUICK: Patience = Patience {
    each: Duration::from_secs(20),
    all: Duration::from_secs(30),
    pauses: [Duration::from_millis(1), Duration::from_millis(2), Duration::from_millis(3)],
};

async fn send(kind: &str, server: &Loopback, patience: Patience) -> Result<Arrived, Failure> {
    let outcome = channel(kind, server).send(&parcel(), None, patience).await;
    let told = format!("{outcome:?} {:?}", channel(kind, server));
    for secret in SECRETS {
        assert!(!told.contains(secret), "{kind}: {secret} is told: {told}");
    }
    outcome
}

fn body(request: &Request) -> Value {
    assert_eq!(
        (request.method.as_str(), request.header("content-type").unwrap()),
        ("POST", "application/json; charset=utf-8")
    );
    serde_json::from_str(&request.body).unwrap()
}

#[tokio::test]
async fn each_place_gets_what_it_wants_and_its_answer_is_understood() {
    let text = "Investigating: checkout-api\n4 % fail &amp; &lt; !channel&gt; knows @ everyone";
    let markdown = "Investigating: checkout-api  \n4 % fail & \\< !channel\\> knows @ everyone";
    for (kind, expected, answer) in [
        ("slack", json!({ "text": text }), "posted"),
        ("slack_bot", json!({ "text": text, "channel": "C012", "unfurl_links": false }), "posted in C012 as 1712.0001"),
        ("discord", json!({ "content": markdown, "allowed_mentions": { "parse": [] } }), "posted as message 9001"),
        (
            "webhook",
            json!({
                "event": "update", "update": "u-17", "incident": "inc-1", "service": "checkout-api",
                "status": "investigating", "severity": "critical", "started_at": "2026-11-20T02:14:10Z",
                "text": "Investigating: checkout-api\n4 % fail & < !channel> knows @ everyone",
            }),
            "taken with 204",
        ),
    ] {
        let server = Loopback::start().await;
        server.on(path(kind), taken(kind));
        assert_eq!(send(kind, &server, QUICK).await.unwrap().answer, answer);
        let requests = server.requests();
        assert_eq!((requests.len(), body(&requests[0])), (1, expected), "{kind}");
        match kind {
            "slack_bot" => assert_eq!(requests[0].header("authorization"), Some("Bearer xoxb-hunter2")),
            "discord" => assert_eq!(requests[0].target, format!("{PATH}?wait=true")),
            "webhook" => {
                assert_eq!(requests[0].header("idempotency-key"), Some("u-17"));
                let signature = requests[0].header("x-signature").unwrap();
                assert!(signature.starts_with("sha256=") && signature.len() == 71, "{signature}");
            }
            _ => assert_eq!(requests[0].header("authorization"), None),
        }
    }
    let server = Loopback::start().await;
    server.on(PATH, taken("teams"));
    assert!(send("teams", &server, QUICK).await.unwrap().answer.contains("accepted with 202; Teams does not say"));
    let card = body(&server.requests()[0]);
    assert_eq!(card["type"], "message");
    let blocks = &card["attachments"][0]["content"]["body"];
    assert_eq!(blocks[0]["text"], "Investigating: checkout-api");
    assert_eq!(blocks[1]["text"], "4 % fail & \\< !channel\\> knows @ everyone");
}

#[tokio::test]
async fn refusals_are_certain_and_are_not_tried_again() {
    for kind in ALL {
        for (status, fault_kind) in [
            (400, FaultKind::Status),
            (401, FaultKind::Denied),
            (403, FaultKind::Denied),
            (404, FaultKind::NotFound),
            (410, FaultKind::NotFound),
            (413, FaultKind::Status),
        ] {
            let server = Loopback::start().await;
            // A server may repeat what it was sent.
            let said = match kind {
                "slack_bot" => "no such token: Bearer xoxb-hunter2".to_owned(),
                _ => format!("no T00HOOKED at {}", server.url(PATH)),
            };
            server.on(path(kind), Script::status(status, "text/plain", said));
            let failure = send(kind, &server, QUICK).await.unwrap_err();
            assert_eq!((failure.certain, failure.fault.kind), (true, fault_kind), "{kind} {status}: {failure:?}");
            assert!(!failure.fault.advice.is_empty(), "{kind} {status}");
            assert_eq!(server.asked(path(kind)), 1, "{kind} {status}");
        }
    }
}

#[tokio::test]
async fn a_place_that_asks_for_a_pause_gets_it() {
    for kind in ALL {
        let server = Loopback::start().await;
        let pause = Script::status(429, "application/json", r#"{"retry_after":0.3}"#).header("retry-after", "1");
        server.in_turn(path(kind), vec![pause.clone(), taken(kind)]);
        let begun = Instant::now();
        send(kind, &server, QUICK).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_secs(1), "{kind}: {:?}", begun.elapsed());
        assert_eq!(server.asked(path(kind)), 2, "{kind}");
        // One that is longer than somebody waits is told, with how long it is.
        server.on(path(kind), pause.header("retry-after", "120"));
        let failure = send(kind, &server, QUICK).await.unwrap_err();
        assert_eq!((failure.certain, failure.fault.kind), (true, FaultKind::RateLimited), "{kind}");
        assert_eq!(failure.fault.retry_after, Some(Duration::from_secs(120)), "{kind}");
        assert_eq!(server.asked(path(kind)), 3, "{kind}");
        // One that never ends is given up after three more.
        server.on(path(kind), Script::status(429, "text/plain", "").header("retry-after", "0"));
        assert!(send(kind, &server, QUICK).await.unwrap_err().certain);
        assert_eq!(server.asked(path(kind)), 7, "{kind}");
    }
}

#[tokio::test]
async fn what_can_have_arrived_is_not_sent_twice() {
    let html = Script::ok("text/html", "<html><title>Sign in</title>");
    let brief = Patience { each: Duration::from_millis(300), ..QUICK };
    for kind in ALL {
        for (what, script, is_open) in [
            ("500", Script::status(500, "text/plain", "it broke"), true),
            ("503", Script::status(503, "text/plain", "").header("retry-after", "0"), true),
            ("hangs up after the request was read", Script::hangs_up(), true),
            ("never answers", Script::silent(), true),
            ("not HTTP", Script::raw(b"220 smtp.example ESMTP\r\n"), true),
            ("truncated", Script::truncated("application/json", r#"{"ok":true"#), true),
            ("stuck", Script::stuck("application/json", r#"{"ok":"#), true),
            ("endless", Script::endless("text/plain", "ok ".repeat(1000)), true),
            ("a web page", html.clone(), true),
            ("moved", Script::redirect("https://other.example/services/T00HOOKED/s3cr3t-path"), false),
        ] {
            let server = Loopback::start().await;
            server.on(path(kind), script);
            let failure = send(kind, &server, brief).await.unwrap_err();
            assert_eq!(failure.certain, !is_open, "{kind}, {what}: {failure:?}");
            assert_eq!(server.requests().len(), 1, "{kind}, {what}");
            assert!(!failure.fault.cause.is_empty() && !failure.fault.advice.is_empty(), "{kind}, {what}: {failure:?}");
        }
    }
}

#[tokio::test]
async fn answers_that_are_no_success_are_none() {
    for (kind, body, certain, cause) in [
        ("slack", "invalid_payload", false, "`invalid_payload` instead of `ok`"),
        ("slack", "", false, "nothing instead of `ok`"),
        ("slack_bot", r#"{"ok":false,"error":"channel_not_found"}"#, true, "Slack refused it: channel_not_found"),
        ("slack_bot", r#"{"ok":false,"error":"not_in_channel"}"#, true, "not_in_channel"),
        ("slack_bot", r#"{"ok":false,"error":"invalid_auth"}"#, true, "invalid_auth"),
        ("slack_bot", r#"{"ok":false,"error":"internal_error"}"#, false, "in trouble: internal_error"),
        ("slack_bot", r#"{"ok":false}"#, false, "in trouble"),
        ("slack_bot", "{}", false, "does not say `ok`"),
        ("slack_bot", "[1,2", false, "instead of JSON"),
        ("slack_bot", "", false, "nothing instead of JSON"),
        ("teams", "Summary or Text is required: failed", false, "no success"),
        ("discord", "", false, "nothing instead of the message"),
        ("discord", r#"{"message":"\u001b[31mred"}"#, false, "instead of the message"),
    ] {
        let server = Loopback::start().await;
        server.on(path(kind), Script::ok("application/json", body));
        let failure = send(kind, &server, QUICK).await.unwrap_err();
        assert_eq!(failure.certain, certain, "{kind} {body}: {failure:?}");
        assert!(failure.fault.cause.contains(cause), "{kind} {body}: {}", failure.fault.cause);
        assert!(!failure.fault.cause.contains('\u{1b}'));
        assert_eq!(server.requests().len(), 1);
    }
    // A limit that is told in a success is one all the same.
    let server = Loopback::start().await;
    let limited = Script::ok("application/json", r#"{"ok":false,"error":"ratelimited"}"#);
    server.in_turn(path("slack_bot"), vec![limited, taken("slack_bot")]);
    assert!(send("slack_bot", &server, QUICK).await.is_ok());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn where_nobody_listens_it_is_tried_again_and_certain() {
    for kind in ALL {
        let server = Loopback::start().await;
        let there = channel(kind, &server);
        drop(server);
        let failure = there.send(&parcel(), None, QUICK).await.unwrap_err();
        assert_eq!((failure.certain, failure.fault.kind), (true, FaultKind::Connect), "{kind}: {failure:?}");
        let told = format!("{failure:?}");
        assert!(SECRETS.iter().all(|secret| !told.contains(secret)), "{told}");
    }
    // No such name, and a port that does not speak TLS.
    let named = |url: &str| Channel { kind: Kind::Slack { url: plain(url) }, ..base() };
    let failure = named("http://no-such-host.invalid/s3cr3t-path").send(&parcel(), None, QUICK).await.unwrap_err();
    assert!(failure.certain && failure.fault.kind == FaultKind::Dns, "{failure:?}");
    let server = Loopback::start().await;
    let secure = server.url(PATH).as_str().replace("http://", "https://");
    let failure = named(&secure).send(&parcel(), None, QUICK).await.unwrap_err();
    assert!(failure.certain, "{failure:?}");
    assert_eq!(server.requests().len(), 0);
}

fn base() -> Channel {
    let kind = Kind::Slack { url: SecretRef::Env("SIXTY_NO_SUCH_VARIABLE".to_owned()) };
    Channel { name: "a".to_owned(), kind, services: Vec::new(), access: Arc::default() }
}

#[tokio::test]
async fn a_secret_that_is_missing_or_wrong_sends_nothing() {
    let failure = base().send(&parcel(), None, QUICK).await.unwrap_err();
    assert!(failure.certain && failure.fault.cause.contains("SIXTY_NO_SUCH_VARIABLE is not set"), "{failure:?}");
    for wrong in ["s3cr3t-path", "ftp://h/s3cr3t-path", "data:s3cr3t-path"] {
        let kind = Kind::Discord { url: plain(wrong) };
        let failure = Channel { kind, ..base() }.send(&parcel(), None, QUICK).await.unwrap_err();
        assert!(failure.certain && failure.fault.kind == FaultKind::Local, "{failure:?}");
        assert!(!format!("{failure:?}").contains("s3cr3t"), "{failure:?}");
    }
}

#[tokio::test]
async fn later_updates_of_a_bot_are_answers_to_the_first() {
    let server = Loopback::start().await;
    server.on(path("slack_bot"), taken("slack_bot"));
    let first = send("slack_bot", &server, QUICK).await.unwrap();
    let thread = first.message.as_deref();
    assert_eq!(thread, Some("1712.0001"));
    channel("slack_bot", &server).send(&parcel(), thread, QUICK).await.unwrap();
    assert_eq!(body(&server.requests()[1])["thread_ts"], "1712.0001");
}

#[tokio::test]
async fn a_webhook_is_reached_with_the_credentials_of_the_team() {
    let server = Loopback::start().await;
    server.on(PATH, taken("webhook"));
    let auth = Auth::Scheme { scheme: "Bearer".to_owned(), credentials: plain("xoxb-hunter2") };
    let headers = vec![("X-Team".to_owned(), plain("core"))];
    let access = Arc::new(Access { auth: Some(auth), headers, ..Access::default() });
    let there = Channel { access, ..channel("webhook", &server) };
    there.send(&parcel(), None, QUICK).await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.header("authorization"), Some("Bearer xoxb-hunter2"));
    assert_eq!(request.header("x-team"), Some("core"));
}

/// An executor with one channel.
fn courier(there: Channel) -> (Courier, UnboundedReceiver<Msg>) {
    let (sender, inbox) = unbounded_channel();
    let addressees = Addressees { channels: vec![there], pagers: Vec::new() };
    (Courier::start(Licence::of_a_person(), addressees, "ana", Clock::machine(), sender).unwrap(), inbox)
}

/// Whether all was finished when a person left.
async fn ended(mut courier: Courier) -> bool {
    tokio::task::spawn_blocking(move || courier.end()).await.unwrap()
}

#[tokio::test]
async fn the_executor_answers_and_keeps_the_thread_of_an_incident() {
    let server = Loopback::start().await;
    server.on(path("slack_bot"), taken("slack_bot"));
    let (courier, mut inbox) = courier(channel("slack_bot", &server));
    for update in ["u-1", "u-2"] {
        courier.send("checkout-api".into(), Parcel { update: update.to_owned(), ..parcel() });
        let Some(Msg::Delivered(told)) = inbox.recv().await else { panic!("no answer") };
        assert_eq!((&*told.service, told.update.as_str(), told.to.as_str()), ("checkout-api", update, "#incidents"));
        assert_eq!(told.outcome.as_deref(), Ok("posted in C012 as 1712.0001"));
    }
    assert_eq!(body(&server.requests()[0]).get("thread_ts"), None);
    assert_eq!(body(&server.requests()[1])["thread_ts"], "1712.0001");
    courier.send("checkout-api".into(), Parcel { to: "#nobody".to_owned(), ..parcel() });
    let Some(Msg::Delivered(told)) = inbox.recv().await else { panic!("no answer") };
    assert!(told.certain && told.outcome.unwrap_err().cause.contains("no [[channel]] `#nobody`"));
    let narrow = Channel { services: vec!["web".to_owned()], ..channel("slack_bot", &server) };
    let (narrow, mut other) = self::courier(narrow);
    narrow.send("checkout-api".into(), parcel());
    let Some(Msg::Delivered(told)) = other.recv().await else { panic!("no answer") };
    assert!(
        told.certain && told.outcome.unwrap_err().cause.contains("updates of checkout-api do not go to #incidents")
    );
    // An incident without a name is not the one that another is a part of.
    courier.send("checkout-api".into(), Parcel { incident: String::new(), ..parcel() });
    assert!(matches!(inbox.recv().await, Some(Msg::Delivered(_))));
    assert_eq!(body(&server.requests()[2]).get("thread_ts"), None);
}

#[tokio::test]
async fn what_is_in_flight_gets_a_moment_when_a_person_leaves() {
    let server = Loopback::start().await;
    server.on(PATH, taken("slack"));
    let (leaving, mut inbox) = courier(channel("slack", &server));
    leaving.send("web".into(), parcel());
    assert!(ended(leaving).await, "it was finished");
    assert!(matches!(inbox.try_recv(), Ok(Msg::Delivered(told)) if told.outcome.is_ok()));
    // One that does not answer stays as it is: nobody knows.
    server.on(PATH, Script::silent());
    let (leaving, mut inbox) = courier(channel("slack", &server));
    leaving.send("web".into(), parcel());
    let begun = Instant::now();
    assert!(!ended(leaving).await);
    assert!(begun.elapsed() >= Duration::from_secs(3) && begun.elapsed() < Duration::from_secs(8));
    assert!(inbox.try_recv().is_err());
}
