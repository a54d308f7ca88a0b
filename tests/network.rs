//! The network inside the program beside one of sockets: the same answers, the same faults, the same verdicts, and
//! only the one of them takes time.

#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

mod loopback;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use chrono::TimeDelta;
use loopback::Loopback;
use loopback::Script;
use sixty::app::App;
use sixty::app::Mode;
use sixty::app::Msg;
use sixty::config::Config;
use sixty::drill::Server;
use sixty::drill::Story;
use sixty::drill::StoryWorld;
use sixty::facts::At;
use sixty::facts::FaultKind;
use sixty::facts::Payload;
use sixty::facts::Zone;
use sixty::runtime::setup;
use sixty::runtime::setup::Wish;
use sixty::runtime::turns::Turns;
use sixty::sources::embedded::recording::Recorder;
use sixty::sources::http::Answer;
use sixty::sources::http::Ask;
use sixty::sources::http::Http;
use sixty::sources::http::Network;
use sixty::sources::http::Reply;
use sixty::sources::http::Sent;
use url::Url;

/// Path, status, body and headers of an answer.
type Row = (&'static str, u16, &'static str, Vec<(&'static str, &'static str)>);

/// A network of which a function tells all.
struct Told<F> {
    now: AtomicI64,
    answer: F,
}

impl<F: Fn(&Url, At) -> Sent + Send + Sync + 'static> Told<F> {
    fn new(answer: F) -> Arc<Self> {
        Arc::new(Self { now: AtomicI64::new(zero().timestamp_micros()), answer })
    }
}

impl<F: Fn(&Url, At) -> Sent + Send + Sync> Network for Told<F> {
    fn now(&self) -> At {
        At::from_timestamp_micros(self.now.load(Ordering::Relaxed)).unwrap()
    }

    fn passed(&self, until: At) {
        self.now.fetch_max(until.timestamp_micros(), Ordering::Relaxed);
    }

    fn answer(&self, url: &Url, _: Option<&[(String, String)]>) -> Sent {
        (self.answer)(url, self.now())
    }

    fn file(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn zero() -> At {
    "2026-11-20T08:10:00Z".parse().unwrap()
}

fn after(seconds: i64) -> At {
    zero() + TimeDelta::seconds(seconds)
}

#[tokio::test]
async fn answers_and_faults_are_those_of_sockets() {
    let server = Loopback::start().await;
    let html = "<!doctype html><html>log in</html>";
    let replies: Vec<Row> = vec![
        ("/well", 200, "up 1\n", vec![("content-type", "text/plain"), ("etag", "\"7\"")]),
        ("/empty", 200, "", vec![("content-type", "text/plain")]),
        ("/large", 200, "123456789012345678901234567890123456789012345678901234567890", vec![]),
        ("/packed", 200, "?", vec![("content-encoding", "br")]),
        ("/gone", 404, "not here", vec![("content-type", "text/plain")]),
        ("/refused", 401, "{\"message\":\"no token\"}", vec![("content-type", "application/json")]),
        ("/tenant", 401, "no org id", vec![]),
        ("/busy", 429, "slow down", vec![("retry-after", "90")]),
        ("/broken", 503, "<html><title>Bad gateway</title></html>", vec![("content-type", "text/html")]),
        ("/moved", 302, "", vec![("location", "/well")]),
        ("/circle", 302, "", vec![("location", "/circle")]),
        ("/login", 302, "", vec![("location", "/sso/start")]),
        ("/page", 200, html, vec![("content-type", "text/html")]),
    ];
    for (path, status, body, headers) in &replies {
        let plain = Script::status(*status, "text/plain", body);
        server.on(path, headers.iter().fold(plain, |script, (name, value)| script.header(name, value)));
    }
    let known = replies.clone();
    let inside = Told::new(move |url, _| {
        let Some((_, status, body, headers)) = known.iter().find(|reply| reply.0 == url.path()) else {
            return Sent::at_once(Reply::new(404, "text/plain", "nothing"));
        };
        let mut reply = Reply { headers: Vec::new(), ..Reply::new(*status, "", *body) };
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            reply.headers.push(("content-type".to_owned(), "text/plain".to_owned()));
        }
        reply.headers.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Sent::at_once(reply)
    });
    let (sockets, inside) = (Http::new(), Http::inside(inside));
    for (path, ..) in &replies {
        let mut ask = Ask::new(server.url(path));
        ask.cap = 50;
        let told = |answer: Answer| match answer {
            Answer::Body(body) => Some((body.bytes, body.content_type, body.validators, body.url)),
            Answer::NotModified => None,
        };
        let (one, other) = (sockets.ask(&ask).await.map(told), inside.ask(&ask).await.map(told));
        assert_eq!(one, other, "{path}");
    }
}

#[tokio::test]
async fn what_hangs_takes_time_of_the_network_alone() {
    let hangs = Told::new(|url, at| match url.path() {
        "/hangs" => Sent::never(),
        "/slow" => Sent { after: Duration::from_secs(3), ..Sent::at_once(Reply::new(200, "text/plain", "up 1\n")) },
        "/refused" => Sent::broken(io::ErrorKind::ConnectionRefused),
        _ => Sent::at_once(Reply::new(200, "text/plain", at.timestamp().to_string())),
    });
    let http = Http::inside(Arc::clone(&hangs) as Arc<dyn Network>);
    let ask = |path: &str| Ask {
        deadline: Duration::from_secs(5),
        ..Ask::new(Url::parse("http://world.invalid").unwrap().join(path).unwrap())
    };
    let began = Instant::now();
    let (hung, slow, well, refused) = {
        let asks = [ask("/hangs"), ask("/slow"), ask("/well"), ask("/refused")];
        let [a, b, c, d] = &asks;
        tokio::join!(http.ask(a), http.ask(b), http.ask(c), http.ask(d))
    };
    let fault = hung.unwrap_err();
    assert_eq!((fault.kind, fault.cause.as_str()), (FaultKind::Timeout, "no answer within 5 s"));
    let Ok(Answer::Body(slow)) = slow else { panic!("{slow:?}") };
    assert!(slow.took >= Duration::from_secs(3) && slow.took <= Duration::from_secs(5), "{:?}", slow.took);
    let Ok(Answer::Body(well)) = well else { panic!("{well:?}") };
    assert_eq!(well.text().unwrap(), zero().timestamp().to_string(), "asked in the same instant as the others");
    let fault = refused.unwrap_err();
    assert_eq!((fault.kind, fault.cause.as_str()), (FaultKind::Connect, "connection refused"));
    assert_eq!(hangs.now(), after(5), "they waited side by side");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

/// The story of `sixty demo` over sockets and inside, step by step: the same points, the same words.
#[tokio::test]
async fn a_story_is_the_same_over_sockets_and_inside() {
    let now = Arc::new(Mutex::new(after(-60)));
    let story = || StoryWorld::new(Story::connection_leak(), 3, after(-120), zero());
    let clock = Arc::clone(&now);
    let server = Server::start(story(), Arc::new(move || *clock.lock().unwrap()), 0).await.unwrap();
    let world = Mutex::new(story());
    let inside = Told::new(move |_, at| {
        Sent::at_once(Reply::new(200, "text/plain; version=0.0.4", world.lock().unwrap().metrics(at)))
    });
    let url = format!("http://{}/metrics", server.address());
    let begin = || {
        let config = Config {
            time_zone: Some(Zone::utc()),
            ..Config::for_urls(std::slice::from_ref(&url), Some("shop")).unwrap()
        };
        let sources = setup::sources(&config, &Recorder::off());
        let wish = Wish { mode: Mode::ReadOnly, service: None, who: None, badge: None, only: false };
        let settings = setup::settings(&config, &wish, &sources, after(-60)).unwrap();
        (App::new(settings, after(-60)), sources.into_iter().map(Turns::new).next().unwrap())
    };
    let ((mut one, mut by_sockets), (mut other, mut by_none)) = (begin(), begin());
    let (sockets, none) = (Http::new(), Http::inside(Arc::clone(&inside) as Arc<dyn Network>));
    let mut at = after(-60);
    let mut words = Vec::new();
    while at < after(420) {
        *now.lock().unwrap() = at;
        inside.now.store(at.timestamp_micros(), Ordering::Relaxed);
        let (first, second) = (by_sockets.next(&sockets, &|| at, 0.0).await, by_none.next(&none, &|| at, 0.0).await);
        assert_eq!(first.wait, second.wait, "{at}");
        for (app, turn) in [(&mut one, first), (&mut other, second)] {
            for msg in turn.news {
                if let Msg::Arrived(reading) = &msg {
                    assert!(matches!(&reading.body, Ok(Payload::Signals(_))), "{:?}", reading.body);
                }
                app.update(at, msg);
            }
        }
        let (a, b) = (&one.services()[0].verdict, &other.services()[0].verdict);
        assert_eq!(a, b, "{at}");
        if words.last() != Some(&a.severity) {
            words.push(a.severity);
        }
        at += TimeDelta::seconds(5);
    }
    assert!(words.len() >= 4, "it goes from warming up to ok to critical: {words:?}");
}
