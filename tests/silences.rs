//! A silence on a real Alertmanager: exactly the alert that was shown, once, with who and why.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod stack;

use std::sync::Arc;
use std::time::Duration;

use chrono::SecondsFormat;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;
use sixty::courier::Pager;
use sixty::courier::PagerKind;
use sixty::courier::Word;
use sixty::incident::PageState;
use sixty::sources::http::Access;
use sixty::sources::http::Answer;
use sixty::sources::http::Ask;
use sixty::sources::http::Http;
use sixty::sources::http::Message;
use stack::Stack;
use url::Url;

async fn exchange(url: &str, message: Option<Message>) -> Value {
    let ask = Ask { message, ..Ask::new(Url::parse(url).unwrap()) };
    let Answer::Body(body) = Http::new().tell(&ask).await.unwrap() else {
        unreachable!("it was not asked what changed")
    };
    serde_json::from_slice(&body.bytes).unwrap_or_default()
}

#[tokio::test]
async fn a_silence_hushes_the_alert_that_was_shown_and_nothing_else() {
    let Some(stack) = Stack::start("silences", &["am"], &[]) else { return };
    let api = |path: &str| stack.url("AM_PORT", &format!("/api/v2/{path}"));
    let alert = |service: &str| {
        json!({
            "labels": { "alertname": "HighErrorRate", "service": service, "odd": "a\"b\\c\nd{e}=~." },
            "annotations": { "summary": "42 % fail" },
            "startsAt": Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        })
    };
    exchange(&api("alerts"), Some(Message::post(&json!([alert("checkout-api"), alert("cart")])))).await;
    let pager = Pager {
        name: "Alertmanager".to_owned(),
        kind: PagerKind::Alertmanager {
            url: Url::parse(&stack.url("AM_PORT", "")).unwrap(),
            silence: Duration::from_secs(3600),
        },
        services: Vec::new(),
        access: Arc::new(Access::default()),
        deadline: Duration::from_secs(10),
    };
    let http = Http::new();
    // Alerts are listed as soon as they are taken in, which is a moment after they were taken.
    let mut open = Vec::new();
    for _ in 0..200 {
        open = pager.list(&http, "checkout-api", Utc::now()).await.unwrap();
        if open.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(open.len(), 2, "{open:?}");
    assert!(open[0].title.starts_with("HighErrorRate: checkout-api: 42 % fail"), "{open:?}");
    assert!(open.iter().all(|page| page.state == PageState::Triggered));
    let word = || Word { who: "ana", text: "ana looks into checkout-api", at: Utc::now() };
    let answer = pager.acknowledge(&http, &open[0], word()).await.unwrap();
    assert!(answer.starts_with("silence "), "{answer}");
    // A second try of the same page, as after a broken answer, does nothing.
    assert_eq!(pager.acknowledge(&http, &open[0], word()).await.as_deref(), Ok("it is silenced already"));
    let again = pager.list(&http, "checkout-api", Utc::now()).await.unwrap();
    let told: Vec<_> = again.iter().map(|page| (page.title.contains("checkout-api"), page.state)).collect();
    assert_eq!(told, [(false, PageState::Triggered), (true, PageState::Acknowledged)]);
    let silences = exchange(&api("silences"), None).await;
    let [silence] = silences.as_array().unwrap().as_slice() else { panic!("one silence: {silences}") };
    assert_eq!((&silence["createdBy"], &silence["comment"]), (&json!("ana"), &json!("ana looks into checkout-api")));
    assert_eq!(silence["status"]["state"], "active");
    assert_eq!(silence["matchers"].as_array().unwrap().len(), 3);
    let until = silence["endsAt"].as_str().unwrap().parse::<chrono::DateTime<Utc>>().unwrap();
    assert!(open[0].means.contains(&until.format("%Y-%m-%d %H:%M:%S UTC").to_string()), "{} {until}", open[0].means);
}
