//! The same service with people at work on its incident: what the pages of an incident show.

use std::sync::Arc;

use sixty::app::{App, JournalNews, Mode, Msg};
use sixty::facts::{At, Fault, FaultKind};
use sixty::incident::{
    ClockAct, ClockKind, Entry, Observation, OpenPage, PageState, Question, Role, Row, Stage, TestState, UpdateStatus,
    What,
};
use sixty::triage::Severity;

use super::{Kind, ago, history, metrics, now, others, read_on, settings};

/// How far the work is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// Opened nine seconds ago.
    Breathing,
    /// In the middle of it.
    Assessing,
    /// It is well again, and watched.
    Monitoring,
    /// It is over.
    Over,
}

pub const WORKS: [(&str, Work); 4] = [
    ("breathing", Work::Breathing),
    ("assessing", Work::Assessing),
    ("monitoring", Work::Monitoring),
    ("over", Work::Over),
];

const SERVICE: &str = "checkout-api";

/// The app in the middle of an incident.
pub fn app(work: Work, mode: Mode) -> App {
    let mut settings = settings(&[SERVICE], mode);
    settings.incidents.channels =
        [("#incidents", "Slack"), ("status page", "webhook"), ("on-call", "Microsoft Teams"), ("war-room", "Discord")]
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
            .to_vec();
    settings.incidents.pagers =
        [("PagerDuty", "PagerDuty"), ("main", "Alertmanager")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
    // What is told here is the whole story: nothing opens or observes by itself.
    settings.incidents.opens = false;
    let mut app = App::new(settings, ago(3_600));
    let is_well = matches!(work, Work::Monitoring | Work::Over);
    metrics(&mut app, SERVICE, ago(2), history(if is_well { Kind::Calm } else { Kind::Leak }, 2, 0));
    others(&mut app, !is_well);
    let entries = match work {
        Work::Breathing => vec![opened(9)],
        Work::Assessing => entries(),
        Work::Monitoring => entries().into_iter().chain(ending()).collect(),
        Work::Over => entries().into_iter().chain(ending()).chain([person("z9", 1, "ana", What::Resolved)]).collect(),
    };
    let service = Arc::from(SERVICE);
    let incident = Some("20260114-081530-checkout-api".to_owned());
    let news = JournalNews { service, entries, replaced: false, incident, pending: 0, trouble: None };
    app.update(ago(1), Msg::Journal(news));
    read_on(&mut app, now());
    app
}

fn person(id: &str, seconds: i64, who: &str, what: What) -> Entry {
    Entry::new(id, ago(seconds), who, "bastion", what)
}

fn sixty(id: &str, seconds: i64, what: What) -> Entry {
    person(id, seconds, "ana", what).by_sixty()
}

fn opened(seconds: i64) -> Entry {
    let what = What::Opened { service: SERVICE.to_owned(), title: "Errors 45 % of requests".to_owned() };
    sixty("a1", seconds, what)
}

fn seen(severity: Severity, headline: &str) -> What {
    What::Observed(Observation {
        severity,
        headline: headline.to_owned(),
        onset: Some(ago(342)),
        evidence: vec!["error rate over 5 % for 2 minutes".to_owned()],
        failed: Some((76_214.0, 190_020.0)),
    })
}

/// What people wrote and what sixty saw in five minutes.
#[allow(clippy::too_many_lines, reason = "a story is read from its beginning to its end")]
fn entries() -> Vec<Entry> {
    let text = str::to_owned;
    let ticked = |item: &str| What::Ticked { list: text("first-60-seconds"), item: text(item) };
    let clock = |clock, act| What::Clock { clock, act };
    let rang = |seconds| clock(ClockKind::Update, ClockAct::Rang(ago(seconds)));
    let drafted = |update: &str, status, words: &str| What::Drafted { update: text(update), status, text: text(words) };
    let sent = |to: &str, answer: &str| What::Sent { update: text("u1"), to: text(to), answer: text(answer) };
    let sending = |to: &str| What::Sending { update: text("u1"), to: text(to) };
    let wrong = "Memory is flat since 02:40 and the heap was never full, so no collection can explain it.";
    let note = "The pool is at 100 of 100 on every pod.\nRestarting one did not help: its connections were back within \
                a minute, which is what a leak per request looks like and not a burst.";
    let unknown = serde_json::json!({"kind": "telepathy", "text": "hm"});
    vec![
        person("a0", 15_000, "sam", What::Note { text: text("The nightly report is slow today.") }),
        opened(339),
        sixty("a2", 338, seen(Severity::Critical, "Errors 38 % of requests since 03:15:27.")),
        sixty("a3", 338, rang(339)),
        sixty("a4", 309, What::Staged { stage: Stage::First }),
        person("b1", 300, "ana", What::Joined),
        person(
            "b2",
            290,
            "ana",
            What::Acknowledged { place: text("PagerDuty"), reference: text("Q1X9"), answer: text("acknowledged") },
        ),
        person("b3", 289, "ana", ticked("ack")),
        person("b4", 280, "ana", What::Took { role: Role::Commander, name: text("ana") }),
        person("b5", 260, "ana", ticked("down")),
        person(
            "u1",
            250,
            "ana",
            drafted("u1", UpdateStatus::Investigating, "Checkout fails for almost half of all payments."),
        ),
        person("u2", 249, "ana", sending("#incidents")),
        person("u3", 249, "ana", sending("status page")),
        person("u4", 249, "ana", sending("on-call")),
        person("u5", 249, "ana", sending("war-room")),
        person("u6", 248, "ana", sent("#incidents", "ok")),
        person(
            "u7",
            247,
            "ana",
            What::NotSent {
                update: text("u1"),
                to: text("status page"),
                answer: text("HTTP 503: the page is in maintenance"),
                certain: true,
            },
        ),
        person(
            "u8",
            240,
            "ana",
            What::NotSent {
                update: text("u1"),
                to: text("on-call"),
                answer: text("the connection was lost after the text had left"),
                certain: false,
            },
        ),
        person("c1", 230, "sam", What::Joined),
        person("c2", 229, "sam", What::Took { role: Role::Scribe, name: text("sam") }),
        person("c3", 220, "sam", ticked("deploys")),
        person("c4", 210, "ana", ticked("outside")),
        person("c5", 100, "ana", What::Staged { stage: Stage::Assess }),
        person(
            "h1",
            190,
            "sam",
            What::Hypothesis {
                text: text("Garbage collection after the memory climbed"),
                evidence: vec![text("Memory climbs since 02:22"), text("90.4 % of the limit")],
            },
        ),
        person("h2", 130, "ana", What::Tested { hypothesis: text("h1"), state: TestState::Wrong, text: text(wrong) }),
        person(
            "h3",
            120,
            "ana",
            What::Hypothesis {
                text: text("v2.31.0 takes one connection per tenant and never gives it back"),
                evidence: vec![
                    text("DB pool full 100/100, 214 waiting"),
                    text("deploy api v2.31.0 finished 4m40s before the onset"),
                ],
            },
        ),
        person(
            "h4",
            90,
            "ana",
            What::Tested { hypothesis: text("h3"), state: TestState::Testing, text: String::new() },
        ),
        person(
            "h5",
            60,
            "sam",
            What::Hypothesis { text: text("Stripe is slow and holds our connections"), evidence: vec![] },
        ),
        person("n1", 85, "sam", What::Note { text: text(note) }),
        person(
            "q1",
            80,
            "ana",
            What::Assessed {
                question: Question::Users,
                text: text("about 300 customers a minute cannot pay, by the support queue"),
            },
        ),
        sixty("a5", 70, seen(Severity::Critical, "Errors 45.4 % of requests since 03:15:27.")),
        person("k1", 50, "ana", clock(ClockKind::CallOut, ClockAct::Snoozed(now() + chrono::TimeDelta::minutes(7)))),
        person("t1", 40, "sam", What::Unsaved { about: text("note"), text: text("half a sen") }),
        person("x1", 30, "kim", What::Unknown(unknown)),
        person(
            "y1",
            20,
            "ana",
            What::Action {
                text: text("Alert on a pool that is 80 % full"),
                owner: text("sam"),
                due: text("2026-01-21"),
            },
        ),
    ]
}

/// What ended it.
fn ending() -> Vec<Entry> {
    let text = str::to_owned;
    vec![
        person("z1", 18, "ana", What::Fixed { text: text("Rolled back to v2.30.4") }),
        person(
            "z2",
            17,
            "ana",
            What::Tested { hypothesis: text("h3"), state: TestState::Right, text: text("the pool emptied at once") },
        ),
        sixty("z3", 15, What::Normal { since: ago(16) }),
        sixty("z4", 14, What::Staged { stage: Stage::Monitor }),
    ]
}

/// What the pagers say: open, taken, and over; one of them cannot be asked.
pub fn pages(app: &mut App) {
    let page = |place: &str, reference: &str, title: &str, state, seconds, means: &str| OpenPage {
        place: place.to_owned(),
        reference: reference.to_owned(),
        title: title.to_owned(),
        state,
        since: Some(ago(seconds)),
        means: means.to_owned(),
    };
    let silence = "a silence of {alertname=\"HighErrorRate\", service=\"checkout-api\"} until 04:21 UTC, with the \
                   comment “acknowledged by ana with sixty”";
    let pages = vec![
        page(
            "PagerDuty",
            "Q1X9",
            "HighErrorRate on checkout-api: 45 % of requests fail",
            PageState::Triggered,
            300,
            "",
        ),
        page("main", "f00d", "HighErrorRate", PageState::Triggered, 310, silence),
        page("PagerDuty", "Q1X7", "LatencyP95 on checkout-api", PageState::Acknowledged, 280, ""),
        page("PagerDuty", "Q1W2", "DiskFull on search-1", PageState::Resolved, 9_000, ""),
    ];
    let fault = Fault::new(FaultKind::Status, "HTTP 403").advise("the key needs the right to read alerts");
    app.update(now(), Msg::Pages(Arc::from(SERVICE), pages, vec![("Opsgenie".to_owned(), fault)]));
}

/// All incidents: open ones, one that is over, one that became a part of another.
pub fn incidents(app: &mut App) {
    let row = |id: &str, service: &str, title: &str, opened: i64, over: Option<i64>, worst, people: &[&str]| Row {
        id: id.to_owned(),
        service: service.to_owned(),
        title: title.to_owned(),
        opened_at: Some(ago(opened)),
        resolved_at: over.map(ago),
        merged_into: None,
        worst,
        people: people.iter().map(|one| (*one).to_owned()).collect(),
        last_at: over.or(Some(20)).map(ago),
        has_post_mortem: false,
    };
    let merged: Option<At> = Some(ago(320));
    let rows = vec![
        row(
            "20260114-081530-checkout-api",
            SERVICE,
            "Errors 45 % of requests",
            339,
            None,
            Some(Severity::Critical),
            &["ana", "sam"],
        ),
        Row {
            merged_into: Some("20260114-081530-checkout-api".to_owned()),
            resolved_at: merged,
            ..row("20260114-081600-search", "search", "p95 1.2 s", 309, None, Some(Severity::Warning), &["kim"])
        },
        row(
            "20260113-170000-accounts",
            "accounts",
            "",
            55_000,
            Some(52_480),
            None,
            &["kim", "a-person-with-a-long-name", "sam"],
        ),
        row(
            "20251224-220000-ledger",
            "ledger-with-a-long-name",
            "Nobody can log in: identity answers 502 since the certificate ran out",
            1_800_000,
            Some(1_790_000),
            Some(Severity::Critical),
            &["ana"],
        ),
    ];
    app.update(now(), Msg::Incidents(Ok(rows)));
}
