//! What the HTTP client and the status sources make of endpoints that behave and of endpoints that do not.

mod loopback;

use std::time::Duration;

use loopback::{Loopback, Script, tls};
use sixty::facts::At;
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::facts::Level;
use sixty::facts::Payload;
use sixty::facts::ProviderStatus;
use sixty::sources::http::Answer;
use sixty::sources::http::Ask;
use sixty::sources::http::Body;
use sixty::sources::http::Http;
use sixty::sources::secret::Secret;
use sixty::sources::secret::SecretRef;
use sixty::sources::status::Kind;
use sixty::sources::status::Settings;
use sixty::sources::status::StatusSource;
use url::Url;

/// Long enough for a busy machine, for asks that end by themselves.
const PATIENT: Duration = Duration::from_secs(30);
/// For asks that can only end by their deadline.
const SHORT: Duration = Duration::from_millis(150);

fn ask(url: Url) -> Ask {
    Ask { deadline: PATIENT, cap: 64 * 1024, ..Ask::new(url) }
}

async fn get(ask: &Ask) -> Result<Body, Fault> {
    match Http::new().ask(ask).await? {
        Answer::Body(body) => Ok(body),
        Answer::NotModified => unreachable!("nothing was known that could be unmodified"),
    }
}

#[tokio::test]
async fn a_success_brings_its_body_and_what_is_known_of_it() {
    let server = Loopback::start().await;
    let script = Script::ok("text/plain; version=0.0.4", "up 1\n").header("etag", "W/\"7\"");
    server.on("/metrics", script.clone().header("last-modified", "Wed, 01 Jul 2026 10:00:00 GMT"));
    server.on("/gzip", script.gzip());
    server.on("/nothing", Script::status(204, "text/plain", ""));
    let body = get(&ask(server.url("/metrics?x=1"))).await.unwrap();
    assert_eq!(body.bytes, b"up 1\n");
    assert_eq!(body.content_type.as_deref(), Some("text/plain; version=0.0.4"));
    assert_eq!(body.validators.etag.as_deref(), Some("W/\"7\""));
    assert_eq!(body.validators.last_modified.as_deref(), Some("Wed, 01 Jul 2026 10:00:00 GMT"));
    assert_eq!(body.url, server.url("/metrics?x=1"));
    assert_eq!(get(&ask(server.url("/gzip"))).await.unwrap().bytes, b"up 1\n");
    assert_eq!(get(&ask(server.url("/nothing"))).await.unwrap().bytes, b"");
    let request = &server.requests()[0];
    assert_eq!(request.target, "/metrics?x=1");
    assert_eq!(request.header("user-agent"), Some(concat!("sixty/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("accept"), Some("*/*"));
    assert_eq!(request.header("accept-encoding"), Some("gzip"));
    assert_eq!(request.header("if-none-match"), None);
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let server = Loopback::start().await;
    server.in_turn(
        "/s",
        vec![Script::ok("application/json", "{}").header("etag", "\"1\""), Script::status(304, "text/plain", "")],
    );
    let (http, mut ask) = (Http::new(), ask(server.url("/s")));
    let Ok(Answer::Body(body)) = http.ask(&ask).await else { panic!("the first answer has a body") };
    ask.validators = body.validators;
    assert!(matches!(http.ask(&ask).await, Ok(Answer::NotModified)));
    assert_eq!(server.requests()[1].header("if-none-match"), Some("\"1\""));
    ask.validators = sixty::sources::http::Validators::default();
    assert_eq!(http.ask(&ask).await.unwrap_err().kind, FaultKind::Status);
}

#[tokio::test]
async fn every_misbehaviour_has_its_cause() {
    let server = Loopback::start().await;
    let gone = Loopback::start().await.url("/");
    let text = "text/plain";
    let bytes = "x".repeat(70_000);
    for (path, script, kind, cause) in [
        (
            "/401",
            Script::status(401, "text/html", "<html><title>401 Authorization Required</title></html>"),
            FaultKind::Denied,
            "401 Unauthorized",
        ),
        ("/403", Script::status(403, text, ""), FaultKind::Denied, "403 Forbidden"),
        (
            "/404",
            Script::status(404, text, "404 page not found\n"),
            FaultKind::NotFound,
            "404 Not Found: 404 page not found",
        ),
        (
            "/429",
            Script::status(429, text, "").header("retry-after", "17"),
            FaultKind::RateLimited,
            "429 Too Many Requests",
        ),
        (
            "/500",
            Script::status(500, "application/json", "{\"error\":\"no leader\"}"),
            FaultKind::Status,
            "500 Internal Server Error: no leader",
        ),
        (
            "/503",
            Script::status(503, text, "\u{1b}]0;pwned\u{7}"),
            FaultKind::Status,
            "503 Service Unavailable: ␛]0;pwned␇",
        ),
        ("/guarded", Script::redirect("/auth/login?next=/"), FaultKind::Denied, "redirected to a login page: "),
        ("/circle", Script::redirect("/circle"), FaultKind::Status, "more than 5 redirects"),
        ("/nowhere", Script::status(302, text, ""), FaultKind::Status, "HTTP 302 without a readable target"),
        ("/ftp", Script::redirect("ftp://example.com/"), FaultKind::Status, "HTTP 302 to ftp://example.com/"),
        ("/closed", Script::hangs_up(), FaultKind::Connect, "the connection was closed without an answer"),
        (
            "/garbage",
            Script::raw(b"\x15\x03\x01\x00\x02\x02\x46 what is this\r\n\r\n"),
            FaultKind::Unreadable,
            "this is not an HTTP answer",
        ),
        ("/cut", Script::truncated(text, "0123456789"), FaultKind::Truncated, "the answer ended early, after 10 bytes"),
        ("/huge", Script::ok(text, &bytes), FaultKind::TooLarge, "the answer is larger than 64 KiB"),
        (
            "/endless",
            Script::endless(text, "again and again "),
            FaultKind::TooLarge,
            "the answer is larger than 64 KiB",
        ),
        ("/bomb", Script::bomb(text, 8 << 20), FaultKind::TooLarge, "the answer is larger than 64 KiB"),
        (
            "/no-gzip",
            Script::ok(text, "plain").header("content-encoding", "gzip"),
            FaultKind::Unreadable,
            "the answer is packed with gzip and broken",
        ),
        (
            "/brotli",
            Script::ok(text, "plain").header("content-encoding", "br"),
            FaultKind::Unreadable,
            "the answer is packed with `br`",
        ),
    ] {
        server.on(path, script);
        let fault = get(&ask(server.url(path))).await.expect_err(path);
        assert_eq!(fault.kind, kind, "{path}: {fault}");
        assert!(fault.cause.starts_with(cause), "{path}: {fault}");
        assert_eq!(fault.retry_after, (path == "/429").then_some(Duration::from_secs(17)));
    }
    let fault = get(&ask(gone)).await.unwrap_err();
    assert_eq!((fault.kind, fault.cause.as_str()), (FaultKind::Connect, "connection refused"));
    let fault = get(&ask(Url::parse("ftp://127.0.0.1/").unwrap())).await.unwrap_err();
    assert_eq!((fault.kind, fault.cause.as_str()), (FaultKind::Local, "`ftp:` is not an HTTP address"));
}

#[tokio::test]
async fn a_form_is_posted_and_stays_a_form_on_its_way() {
    let server = Loopback::start().await;
    let moved = |status| Script::status(status, "text/plain", "").header("location", "/end");
    for (path, script) in [
        ("/end", Script::ok("application/json", "{}")),
        ("/302", moved(302)),
        ("/303", moved(303)),
        ("/307", moved(307)),
        ("/405", Script::status(405, "text/plain", "")),
        ("/away", Script::status(307, "text/plain", "").header("location", server.url_by_name("/end").as_str())),
    ] {
        server.on(path, script);
    }
    let form = vec![("query".to_owned(), "a{b=\"c&d\"} + 1".to_owned()), ("time".to_owned(), "1.5".to_owned())];
    let posted = |path| Ask { form: Some(form.clone()), ..ask(server.url(path)) };
    let sent = ("POST", "query=a%7Bb%3D%22c%26d%22%7D+%2B+1&time=1.5");
    for (path, arrives) in [("/end", sent), ("/302", sent), ("/303", ("GET", "")), ("/307", sent)] {
        get(&posted(path)).await.unwrap();
        let requests = server.requests();
        let last = requests.last().unwrap();
        assert_eq!((last.target.as_str(), last.method.as_str(), last.body.as_str()), ("/end", arrives.0, arrives.1));
        let kind = last.header("content-type");
        assert_eq!(kind, (arrives.0 == "POST").then_some("application/x-www-form-urlencoded"), "{path}");
    }
    let fault = get(&posted("/405")).await.unwrap_err();
    assert_eq!((fault.kind, fault.status), (FaultKind::Status, Some(405)), "{fault}");
    let before = server.asked("/end");
    let fault = get(&posted("/away")).await.unwrap_err();
    assert!(fault.cause.starts_with("HTTP 307 to another server: http://localhost:"), "{fault}");
    assert_eq!(server.asked("/end"), before);
}

#[tokio::test]
async fn a_connection_that_was_closed_in_between_is_tried_again_once() {
    let server = Loopback::start().await;
    server.in_turn("/tired", vec![Script::hangs_up(), Script::ok("text/plain", "awake")]);
    server.on("/dead", Script::hangs_up());
    assert_eq!(get(&ask(server.url("/tired"))).await.unwrap().bytes, b"awake");
    assert_eq!(get(&ask(server.url("/dead"))).await.unwrap_err().kind, FaultKind::Connect);
    assert_eq!((server.asked("/tired"), server.asked("/dead")), (2, 2));
}

#[tokio::test]
async fn the_deadline_holds_for_head_and_body() {
    let server = Loopback::start().await;
    server.on("/silent", Script::silent()).on("/stuck", Script::stuck("text/plain", "some"));
    for (path, cause) in
        [("/silent", "no answer within 0.15 s"), ("/stuck", "the answer was not complete within 0.15 s: 4 bytes came")]
    {
        let ask = Ask { deadline: SHORT, ..ask(server.url(path)) };
        let fault = get(&ask).await.unwrap_err();
        assert_eq!((fault.kind, fault.cause.as_str()), (FaultKind::Timeout, cause));
    }
}

#[tokio::test]
async fn credentials_stay_at_home_and_out_of_faults() {
    let server = Loopback::start().await;
    server.on("/here", Script::redirect("/end"));
    server.on("/away", Script::redirect(server.url_by_name("/end").as_str()));
    server.on("/end", Script::ok("text/plain", "ok"));
    let echo = "bad token s3cr3t-token, password hunter2!, sent as YW5hOmh1bnRlcjIh for /echo?sig=0xdecade";
    server.on("/echo", Script::status(403, "text/plain", echo));
    let with_secrets = |path: &str| {
        let mut url = server.url(path);
        url.set_username("ana").unwrap();
        url.set_password(Some("hunter2!")).unwrap();
        let token = SecretRef::Plain(Secret::new("Bearer s3cr3t-token"));
        Ask { headers: vec![("X-Token".to_owned(), token)], ..ask(url) }
    };
    let body = get(&with_secrets("/here")).await.unwrap();
    assert_eq!(body.url, server.url("/end"));
    get(&with_secrets("/away")).await.unwrap();
    let ends: Vec<_> = server.requests().into_iter().filter(|request| request.target == "/end").collect();
    assert_eq!(ends[0].header("x-token"), Some("Bearer s3cr3t-token"));
    assert_eq!(ends[0].header("authorization"), Some("Basic YW5hOmh1bnRlcjIh"));
    assert_eq!((ends[1].header("x-token"), ends[1].header("authorization")), (None, None));
    let fault = get(&with_secrets("/echo?sig=0xdecade")).await.unwrap_err();
    assert_eq!(fault.cause, "403 Forbidden: bad token …, password …, sent as … for /echo?sig=…");
    assert!(fault.advice.contains("refused"), "{fault}");
    let unreadable =
        Ask { headers: vec![("a b".to_owned(), SecretRef::Plain(Secret::new("x")))], ..ask(server.url("/end")) };
    assert_eq!(get(&unreadable).await.unwrap_err().kind, FaultKind::Local);
    let broken =
        Ask { headers: vec![("a".to_owned(), SecretRef::Plain(Secret::new("x\ny")))], ..ask(server.url("/end")) };
    assert_eq!(get(&broken).await.unwrap_err().kind, FaultKind::Local);
}

#[tokio::test]
async fn a_web_page_at_another_host_is_a_login_page() {
    let server = Loopback::start().await;
    server.on("/x", Script::redirect(server.url_by_name("/portal").as_str()));
    server.on("/portal", Script::ok("text/html", "<!doctype html><title>Welcome</title>"));
    let fault = get(&ask(server.url("/x"))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
}

#[tokio::test]
async fn an_unencrypted_server_behind_https_is_a_tls_fault() {
    let server = Loopback::start().await;
    let mut url = server.url("/");
    url.set_scheme("https").unwrap();
    let fault = get(&ask(url)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Tls, "{fault}");
}

#[tokio::test]
async fn certificates_are_verified() {
    for (certificate, cause) in
        [(tls::VALID, "certificate of an unknown issuer"), (tls::EXPIRED, "certificate expired")]
    {
        let fault = get(&ask(tls::serve(certificate).await)).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Tls, "{fault}");
        // A machine without any root certificate refuses earlier, and rightly.
        if !fault.cause.starts_with("no TLS: ") {
            assert_eq!(fault.cause, cause);
        }
    }
}

/// A healthy answer, one with trouble, and one whose texts are hostile, in the format of a kind.
fn answers(kind: Kind) -> [(&'static str, String); 3] {
    let evil = "\\u001b]0;pwned\\u0007 \\u009b2J \\u202eabc \\u200b";
    let json = "application/json; charset=utf-8";
    let statuspage = |indicator: &str, name: &str| {
        format!(
            r#"{{"page":{{}},"status":{{"indicator":"{indicator}","description":"{name}"}},"components":[],
            "incidents":[{{"id":"1","name":"{name}","status":"identified","impact":"{indicator}"}}]}}"#
        )
    };
    let aws =
        |name: &str| format!(r#"[{{"status":"2","service":"ec2-eu-west-1","date":"1782895000","summary":"{name}"}}]"#);
    let gcp = |name: &str| {
        format!(
            r#"[{{"id":"1","begin":"2026-07-01T08:00:00Z","external_desc":"{name}","status_impact":"SERVICE_DISRUPTION","uri":"incidents/1"}}]"#
        )
    };
    let slack = |name: &str| {
        format!(
            r#"{{"status":"active","date_updated":"2026-07-01T08:00:00Z",
            "active_incidents":[{{"id":1,"title":"{name}","type":"outage","status":"active"}}]}}"#
        )
    };
    let azure = |items: &str| {
        format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Azure Status</title>{items}</channel></rss>"
        )
    };
    match kind {
        Kind::Statuspage => [
            (json, r#"{"page":{},"status":{"indicator":"none","description":"All Systems Operational"}}"#.to_owned()),
            (json, statuspage("major", "Down")),
            (json, statuspage("major", evil)),
        ],
        Kind::Aws => [(json, "[]".to_owned()), (json, aws("Down")), (json, aws(evil))],
        Kind::Gcp => [(json, "[]".to_owned()), (json, gcp("Down")), (json, gcp(evil))],
        Kind::Azure => [
            ("application/rss+xml", azure("")),
            ("application/rss+xml", azure("<item><title>Down</title></item>")),
            (
                "application/rss+xml",
                azure("<item><title>\u{1b}]0;pwned\u{7} \u{9b}2J \u{202e}abc \u{200b}</title></item>"),
            ),
        ],
        Kind::Slack => [
            (json, r#"{"status":"ok","date_updated":"2026-07-01T08:00:00Z","active_incidents":[]}"#.to_owned()),
            (json, slack("Down")),
            (json, slack(evil)),
        ],
    }
}

fn trouble(kind: Kind) -> Level {
    match kind {
        Kind::Statuspage | Kind::Aws | Kind::Gcp => Level::PartialOutage,
        Kind::Azure => Level::Degraded,
        Kind::Slack => Level::MajorOutage,
    }
}

fn now() -> At {
    At::from_timestamp(1_782_900_000, 0).unwrap_or_default()
}

fn source(kind: Kind, url: Url, deadline: Duration) -> StatusSource {
    let mut settings = Settings::new("Vendor", kind, url, Duration::from_secs(1));
    settings.deadline = deadline;
    StatusSource::new(settings)
}

async fn status(kind: Kind, url: Url, deadline: Duration) -> Result<ProviderStatus, Fault> {
    match source(kind, url, deadline).ask(&Http::new(), now()).await? {
        Payload::Status(status) => Ok(status),
        other => unreachable!("a first answer is complete: {other:?}"),
    }
}

#[tokio::test]
async fn every_kind_of_status_page_reads_what_is_well() {
    for kind in Kind::ALL {
        let server = Loopback::start().await;
        let [(content_type, well), (_, down), (_, evil)] = answers(kind);
        server.on("/well.json", Script::ok(content_type, &well));
        server.on("/down.json", Script::ok(content_type, &down));
        server.on("/evil.json", Script::ok(content_type, &evil));
        server.on("/gzip.json", Script::ok(content_type, &down).gzip());
        server.on("/html-type.json", Script::ok("text/html", &down));
        server.on("/no-type.json", Script::ok("", &down));
        server.on("/moved.json", Script::redirect("/down.json"));
        for (path, level) in [
            ("/well.json", Level::Operational),
            ("/down.json", trouble(kind)),
            ("/evil.json", trouble(kind)),
            ("/gzip.json", trouble(kind)),
            ("/html-type.json", trouble(kind)),
            ("/no-type.json", trouble(kind)),
            ("/moved.json", trouble(kind)),
        ] {
            let status = status(kind, server.url(path), PATIENT).await.unwrap();
            assert_eq!(status.level, level, "{kind:?} {path}");
            if path == "/evil.json" {
                assert_eq!(status.summary, "␛]0;pwned␇ ␛[2J ·abc ·", "{kind:?}");
            }
        }
    }
}

#[tokio::test]
async fn every_kind_of_status_page_says_why_there_is_no_answer() {
    for kind in Kind::ALL {
        let server = Loopback::start().await;
        let [_, (content_type, down), _] = answers(kind);
        let half = &down[..down.len() / 2];
        let page = "<!doctype html><html><title>Sign in</title></html>";
        for (path, script, fault) in [
            ("/empty.json", Script::ok(content_type, ""), FaultKind::Unreadable),
            ("/401.json", Script::status(401, "text/html", page), FaultKind::Denied),
            ("/403.json", Script::status(403, "text/html", page), FaultKind::Denied),
            ("/404.json", Script::status(404, "text/html", page), FaultKind::NotFound),
            ("/429.json", Script::status(429, "text/plain", "").header("retry-after", "90"), FaultKind::RateLimited),
            ("/500.json", Script::status(500, "text/html", page), FaultKind::Status),
            ("/html.json", Script::ok("text/html", page), FaultKind::Unreadable),
            ("/html-as-data.json", Script::ok(content_type, page), FaultKind::Unreadable),
            ("/guarded.json", Script::redirect("https://sso.vendor.example/start"), FaultKind::Denied),
            ("/cut.json", Script::truncated(content_type, half), FaultKind::Truncated),
            ("/half.json", Script::ok(content_type, half), FaultKind::Truncated),
            ("/garbage.json", Script::raw(b"\x00\x01\x02\x03\r\n\r\n"), FaultKind::Unreadable),
            ("/noise.json", Script::ok(content_type, b"\xff\xfa\x00\x80"), FaultKind::Unreadable),
            ("/huge.json", Script::endless(content_type, " ".repeat(64 * 1024)), FaultKind::TooLarge),
            ("/long.json", Script::ok(content_type, "").header("content-length", "5000000"), FaultKind::TooLarge),
            ("/bomb.json", Script::bomb(content_type, 8 << 20), FaultKind::TooLarge),
            ("/other.json", Script::ok("application/json", r#"{"summary":{"name":"x"}}"#), FaultKind::Unreadable),
        ] {
            server.on(path, script);
            let answer = status(kind, server.url(path), PATIENT).await.unwrap_err();
            assert_eq!(answer.kind, fault, "{kind:?} {path}: {answer}");
            assert_eq!(answer.retry_after, (path == "/429.json").then_some(Duration::from_secs(90)), "{kind:?} {path}");
        }
        server.on("/slow.json", Script::silent()).on("/stuck.json", Script::stuck(content_type, half));
        for path in ["/slow.json", "/stuck.json"] {
            assert_eq!(
                status(kind, server.url(path), SHORT).await.unwrap_err().kind,
                FaultKind::Timeout,
                "{kind:?} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_status_page_is_asked_politely() {
    for kind in Kind::ALL {
        let server = Loopback::start().await;
        let [(content_type, well), (_, down), _] = answers(kind);
        let tagged = |body: &str, tag: &str| Script::ok(content_type, body).header("etag", tag);
        let unchanged = Script::status(304, "text/plain", "");
        server.in_turn(
            "/s.json",
            vec![
                tagged(&well, "\"1\"").header("last-modified", "Wed, 01 Jul 2026 09:00:00 GMT"),
                unchanged.clone(),
                Script::status(503, "text/plain", "restarting"),
                tagged(&down, "\"2\""),
                tagged("{broken", "\"3\""),
                tagged(&down, "\"4\""),
                unchanged,
            ],
        );
        let (mut source, http) = (source(kind, server.url("/s.json"), PATIENT), Http::new());
        let mut seen = Vec::new();
        for _ in 0..7 {
            seen.push(match source.ask(&http, now()).await {
                Ok(Payload::Status(status)) => status.level.word(),
                Ok(_) => "unchanged",
                Err(fault) => fault.kind.word(),
            });
        }
        let (well, down) = (Level::Operational.word(), trouble(kind).word());
        assert_eq!(seen, [well, "unchanged", "HTTP error", down, seen[4], down, "unchanged"], "{kind:?}");
        assert!(matches!(seen[4], "unreadable" | "truncated"), "{kind:?} {}", seen[4]);
        // After a fault the whole answer is asked for, so that nobody is left with the fault.
        let tags: Vec<_> =
            server.requests().iter().map(|request| request.header("if-none-match").map(str::to_owned)).collect();
        let tag = |text: &str| Some(text.to_owned());
        assert_eq!(tags, [None, tag("\"1\""), tag("\"1\""), None, tag("\"2\""), None, tag("\"4\"")], "{kind:?}");
    }
}

#[tokio::test]
async fn what_the_body_does_not_say_is_taken_from_the_answer() {
    let server = Loopback::start().await;
    let [_, (content_type, down), _] = answers(Kind::Gcp);
    let modified = "Wed, 01 Jul 2026 09:00:00 GMT";
    server.on("/dashboard/incidents.json", Script::ok(content_type, &down).header("last-modified", modified));
    let status = status(Kind::Gcp, server.url("/dashboard/incidents.json"), PATIENT).await.unwrap();
    assert_eq!(status.notices[0].link, server.url("/dashboard/incidents/1").as_str());
    assert_eq!(status.page_updated.unwrap().to_rfc3339(), "2026-07-01T09:00:00+00:00");
}
