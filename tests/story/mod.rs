//! A story with fixed times, told to the app by its own messages: what the screens of the tests and stills show.

#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "each program that includes the story tells only part of it, and what it tells is known to be right"
)]

pub mod alerts;
pub mod incident;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sixty::app::Effect;
use sixty::app::{App, FleetSettings, JournalNews, KeyMap, KeyPress, Mode, Msg, ServiceSettings, Settings};
use sixty::facts::Labels;
use sixty::facts::Question;
use sixty::facts::Reply;
use sixty::facts::Rows;
use sixty::facts::{
    Answer, At, Batch, Change, ChangeKind, ChangeState, Component, EngineReport, Fault, FaultKind, Fleet, Level,
    Measure, Notice, NoticeState, NoticeUpdate, Number, Payload, Points, PresetReport, ProviderStatus, Reading,
    ScrapeReport, SourceId, SourceInfo, SourceKind, TargetReport, Zone,
};
use sixty::incident::{Checklist, Entry, What};
use sixty::promql::Query;
use sixty::triage::quick_win::{Action, Commands, Template};

/// 2026-01-14 08:21:09 UTC, which is 03:21:09 EST.
pub fn now() -> At {
    At::from_timestamp(1_768_378_869, 0).unwrap()
}

/// So many seconds before now.
pub fn ago(seconds: i64) -> At {
    now() - chrono::TimeDelta::seconds(seconds)
}

/// What is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scene {
    Healthy,
    Critical,
    MetricsDown,
    WarmingUp,
    Nothing,
    Services,
    Wall,
    /// Alerts fire, on a server whose rules are partly broken.
    Alerts,
    /// The same, four minutes after the server was last heard of.
    AlertsOld,
    /// Alerts on the wall.
    AlertsWall,
    /// All is well, and nothing fires.
    Quiet,
    /// Several services with alerts.
    Fleet,
    /// Forty services that one server names.
    Forty,
    /// Errors began, and nothing that changed fits.
    NothingFits,
    /// A pool that filled slowly since a deploy, and is full now.
    Climb,
    /// Memory that will be full in half an hour.
    Forecast,
    /// Twice the usual requests, and nobody is hurt.
    Busy,
}

pub const SCENES: [(&str, Scene); 17] = [
    ("healthy", Scene::Healthy),
    ("critical", Scene::Critical),
    ("metrics-down", Scene::MetricsDown),
    ("warming-up", Scene::WarmingUp),
    ("nothing", Scene::Nothing),
    ("services", Scene::Services),
    ("wall", Scene::Wall),
    ("alerts", Scene::Alerts),
    ("alerts-old", Scene::AlertsOld),
    ("alerts-wall", Scene::AlertsWall),
    ("quiet", Scene::Quiet),
    ("fleet", Scene::Fleet),
    ("forty", Scene::Forty),
    ("nothing-fits", Scene::NothingFits),
    ("climb", Scene::Climb),
    ("forecast", Scene::Forecast),
    ("busy", Scene::Busy),
];

/// What a server is asked before it has brought a service, or instead of one.
pub const WAITS: [(&str, Wait); 4] =
    [("asking", Wait::Asking), ("unreached", Wait::Unreached), ("misspelt", Wait::Misspelt), ("empty", Wait::Empty)];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    Asking,
    Unreached,
    Misspelt,
    Empty,
}

/// A screen that has no service to show.
pub fn waiting(wait: Wait) -> App {
    let mut settings = settings(&[], Mode::interactive());
    settings.sources = vec![server()];
    settings.fleet.wanted = (wait == Wait::Misspelt).then(|| Arc::from("chekout-api"));
    settings.start = None;
    let mut app = App::new(settings, ago(60));
    match wait {
        Wait::Asking => {}
        Wait::Unreached => {
            let fault = Fault::new(FaultKind::Connect, "connection refused");
            let advice = "nothing listens on prometheus:9090: is it running, is the port right?";
            send(&mut app, "prometheus main", ago(43), Err(fault.advise(advice)));
        }
        Wait::Misspelt => fleet(&mut app, &["checkout-api", "search", "accounts"]),
        Wait::Empty => fleet(&mut app, &[]),
    }
    read_on(&mut app, now());
    app
}

fn server() -> SourceInfo {
    SourceInfo {
        id: SourceId::new("prometheus main"),
        kind: SourceKind::Metrics,
        service: None,
        address: "http://prometheus:9090".to_owned(),
        every: Duration::from_secs(5),
    }
}

/// A server names these services: some are in trouble, one of them is gone by now.
fn fleet(app: &mut App, names: &[&str]) {
    let about = Arc::new(EngineReport {
        engine: "prometheus:9090, rate window 1m".to_owned(),
        presets: Vec::new(),
        notes: Vec::new(),
        queries: BTreeMap::new(),
        targets: Vec::new(),
        series: (0, 0),
        lag: Duration::ZERO,
    });
    let one = |(index, name): (usize, &&str)| {
        let kind = match index {
            7 => Kind::Leak,
            19 => Kind::Slow,
            23 => Kind::Quiet,
            _ => Kind::Calm,
        };
        (
            Arc::from(*name),
            Batch {
                points: history(kind, 2, index as u64),
                splits: Vec::new(),
                changes: Vec::new(),
                about: about.clone(),
            },
        )
    };
    let all: Vec<(Arc<str>, Batch)> = names.iter().enumerate().map(one).collect();
    send(
        app,
        "prometheus main",
        ago(40),
        Ok(Payload::Fleet(Fleet { services: all.clone(), left_out: 0, ..Fleet::default() })),
    );
    let rest = all.into_iter().filter(|(name, _)| &**name != "ledger").collect();
    send(app, "prometheus main", ago(2), Ok(Payload::Fleet(Fleet { services: rest, left_out: 0, ..Fleet::default() })));
}

/// Forty services that one server names.
fn servers() -> App {
    let mut settings = settings(&[], Mode::interactive());
    settings.sources.push(server());
    settings.start = None;
    let mut app = App::new(settings, ago(3_600));
    let mut names: Vec<String> = ["accounts", "catalogue", "checkout-api", "ledger", "mail-out", "search"]
        .iter()
        .flat_map(|name| ["", "-cache", "-db", "-worker", "-gateway", "-sync"].map(|end| format!("{name}{end}")))
        .collect();
    names.extend(["web", "edge", "identity", "a-service-with-quite-a-long-name"].map(str::to_owned));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fleet(&mut app, &names);
    others(&mut app, true);
    read_on(&mut app, now());
    app
}

/// Six hours of a service, and its deploys: version, and how many seconds ago.
fn slow(kind: Kind, deploys: &[(&str, i64)]) -> App {
    let mut app = App::new(settings(&["checkout-api"], Mode::interactive()), ago(21_600));
    let mut points = long_history(kind);
    // What runs full is seen as time goes by.
    let live = points.split_off(points.len() - 12);
    metrics(&mut app, "checkout-api", ago(200), points);
    read_on(&mut app, ago(200));
    for point in live {
        let at = point.at;
        metrics(&mut app, "checkout-api", at, vec![point]);
    }
    let deploy = |(version, seconds): &(&str, i64)| Change {
        service: "checkout-api".to_owned(),
        ..one_change("api", version, "ana", ChangeKind::Deploy, *seconds)
    };
    let mut all: Vec<Change> = deploys.iter().map(deploy).collect();
    all.push(one_change("new-tax off", "", "sam", ChangeKind::Flag, 70_000));
    send(&mut app, "deploys log", ago(8), Ok(Payload::Changes(all)));
    for vendor in ["Stripe API", "AWS us-east-1", "Twilio", "Cloudflare"] {
        send(&mut app, &format!("status {vendor}"), ago(40), Ok(Payload::Status(fine())));
    }
    read_on(&mut app, now());
    app
}

/// Reads the past to its end, as the loop of the program does.
pub fn read_on(app: &mut App, at: At) {
    app.update(at, Msg::Second);
    while app.is_behind() {
        app.update(at, Msg::Behind);
    }
    // What runs full is asked of a few series at a time.
    for _ in 0..4 {
        app.update(at, Msg::Second);
    }
}

/// Six hours at one point in fifteen seconds, up to now.
fn long_history(kind: Kind) -> Vec<Points> {
    const GIB: f64 = 1_073_741_824.0;
    (0..1_440)
        .map(|index| {
            let before = f64::from(1_440 - index) * 15.0 - 13.0;
            let n = |salt: u64| noise(salt, u64::from(index as u32));
            let bad = kind == Kind::Errors && before < 420.0;
            // It begins a few minutes after the deploy, and is full three minutes ago.
            let fill = if kind == Kind::Filling { ((12_300.0 - before) / 12_120.0).clamp(0.0, 1.0) } else { 0.0 };
            let grown = if kind == Kind::Growing { ((9_000.0 - before) / 9_000.0).clamp(0.0, 1.0) } else { 0.0 };
            let busy = if kind == Kind::Busy && before < 600.0 { 2.4 } else { 1.0 };
            let answers = BTreeMap::from([
                (Measure::RequestRate, known((640.0 - 60.0 * n(1)) * busy)),
                (Measure::ErrorRate, known(0.002 + 0.003 * n(2) + if bad { 0.12 } else { 0.0 })),
                (Measure::LatencyP50, known(0.024 + 0.004 * n(4))),
                (Measure::LatencyP95, known(0.08 + 0.02 * n(3) + if fill >= 1.0 { 2.1 } else { 0.0 })),
                (Measure::PoolUsed, known((18.0 + 4.0 * n(5) + 82.0 * fill).min(100.0).round())),
                (Measure::PoolMax, known(100.0)),
                (Measure::PoolWaiting, known(if fill >= 1.0 { (60.0 * n(7) + 20.0).round() } else { 0.0 })),
                (Measure::MemoryUsed, known(GIB * (1.1 + 0.02 * n(6) + 0.68 * grown))),
                (Measure::MemoryLimit, known(2.0 * GIB)),
            ]);
            Points { at: ago(before as i64), answers }
        })
        .collect()
}

/// The app as it stands at [`now`].
pub fn app(scene: Scene) -> App {
    match scene {
        Scene::Forty => return servers(),
        Scene::NothingFits => return slow(Kind::Errors, &[]),
        Scene::Climb => return slow(Kind::Filling, &[("v2.31.0", 12_600), ("v2.30.4", 260_000)]),
        Scene::Forecast => return slow(Kind::Growing, &[("v2.31.0", 260_000)]),
        Scene::Busy => return slow(Kind::Busy, &[("v2.31.0", 22_600)]),
        _ => {}
    }
    let names: &[&str] = match scene {
        Scene::Services | Scene::Fleet => {
            &["checkout-api", "search", "accounts", "catalogue", "mail-out", "ledger-with-a-long-name"]
        }
        _ => &["checkout-api"],
    };
    let mode = if matches!(scene, Scene::Wall | Scene::AlertsWall) { Mode::Wall } else { Mode::interactive() };
    let mut settings = settings(names, mode);
    if matches!(scene, Scene::Alerts | Scene::AlertsOld | Scene::AlertsWall | Scene::Quiet | Scene::Fleet) {
        settings.sources.push(alerts::info());
    }
    let mut app = App::new(settings, ago(3_600));
    match scene {
        Scene::Nothing => {
            app.update(now(), Msg::Second);
            return app;
        }
        Scene::WarmingUp => {
            metrics(&mut app, "checkout-api", now() - chrono::TimeDelta::milliseconds(700), warming());
            app.update(now(), Msg::Second);
            return app;
        }
        _ => {}
    }
    let bad = !matches!(scene, Scene::Healthy | Scene::Quiet);
    if matches!(scene, Scene::Critical | Scene::MetricsDown | Scene::Alerts) {
        app.update(ago(17), Msg::Key(KeyPress::parse("j").unwrap()));
        app.update(ago(17), Msg::Key(KeyPress::parse("j").unwrap()));
    }
    let end = if scene == Scene::MetricsDown { 252 } else { 2 };
    for (index, name) in names.iter().enumerate() {
        let kind = match index {
            0 => {
                if bad {
                    Kind::Leak
                } else {
                    Kind::Calm
                }
            }
            1 => Kind::Slow,
            3 => Kind::Quiet,
            _ => Kind::Calm,
        };
        if index == 2 {
            fault(&mut app, "metrics accounts", 43, FaultKind::Connect, "connection refused");
            continue;
        }
        metrics(&mut app, name, ago(end), history(kind, end, index as u64));
    }
    others(&mut app, bad);
    match scene {
        Scene::Alerts | Scene::AlertsWall | Scene::Fleet => {
            send(&mut app, "alerts prod", ago(4), Ok(Payload::Alerts(alerts::firing())));
        }
        Scene::AlertsOld => {
            send(&mut app, "alerts prod", ago(255), Ok(Payload::Alerts(alerts::firing())));
            fault(&mut app, "alerts prod", 240, FaultKind::Connect, "connection refused");
        }
        Scene::Quiet => send(&mut app, "alerts prod", ago(4), Ok(Payload::Alerts(alerts::quiet()))),
        _ => {}
    }
    if scene == Scene::MetricsDown {
        fault(&mut app, "metrics checkout-api", 247, FaultKind::Connect, "connection refused");
    }
    if bad && matches!(scene, Scene::Critical | Scene::Wall | Scene::MetricsDown | Scene::Alerts) {
        journal(&mut app);
    }
    read_on(&mut app, now());
    app
}

/// Several services on the wall.
pub fn wall_of_services() -> App {
    let mut app = App::new(settings(&["checkout-api", "search", "accounts"], Mode::Wall), ago(3_600));
    metrics(&mut app, "checkout-api", ago(2), history(Kind::Leak, 2, 0));
    metrics(&mut app, "search", ago(2), history(Kind::Calm, 2, 1));
    others(&mut app, true);
    read_on(&mut app, now());
    app
}

/// Nobody ticked anything, and nothing has answered.
pub fn fresh(mode: Mode) -> App {
    let mut app = App::new(settings(&["checkout-api"], mode), ago(3_600));
    read_on(&mut app, now());
    app
}

/// A healthy service whose metrics come from these targets.
pub fn targets(targets: Vec<TargetReport>) -> App {
    let mut app = app(Scene::Healthy);
    let about = EngineReport {
        engine: "embedded, rate window 30s".to_owned(),
        presets: Vec::new(),
        notes: Vec::new(),
        queries: BTreeMap::new(),
        targets,
        series: (412, 50_000),
        lag: std::time::Duration::ZERO,
    };
    let batch =
        Batch { points: history(Kind::Calm, 2, 0), splits: Vec::new(), changes: Vec::new(), about: Arc::new(about) };
    send(&mut app, "metrics checkout-api", ago(2), Ok(Payload::Signals(batch)));
    read_on(&mut app, now());
    app
}

/// A target that was read, with so many lines not understood.
pub fn scraped(skipped: usize, remark: &'static str) -> impl Fn() -> TargetReport {
    move || TargetReport {
        outcome: Ok(ScrapeReport { skipped, remark: remark.to_owned(), ..ScrapeReport::default() }),
        ..refused()
    }
}

/// A target that refuses.
pub fn refused() -> TargetReport {
    TargetReport {
        address: "http://10.0.3.7:9464/metrics".to_owned(),
        outcome: Err(Fault::new(FaultKind::Connect, "connection refused")),
        took: Duration::from_millis(38),
    }
}

/// The journal cannot be written.
pub fn unsaved() -> App {
    let mut app = app(Scene::Critical);
    let trouble = Some(Fault::new(FaultKind::Local, "disk full"));
    let service = Arc::from("checkout-api");
    let news = JournalNews { service, entries: Vec::new(), replaced: false, incident: None, pending: 2, trouble };
    app.update(now(), Msg::Journal(news));
    app
}

/// Names that are wide, long, or made of several code points.
pub fn foreign() -> App {
    let mut app =
        App::new(settings(&["支払いサービス-非常に長い名前-非常に長い名前"], Mode::interactive()), ago(3_600));
    metrics(&mut app, "支払いサービス-非常に長い名前-非常に長い名前", ago(2), history(Kind::Leak, 2, 0));
    others(&mut app, true);
    let mut all = changes(true);
    all[0].what = String::from("👩\u{200d}🚀 запуск e\u{301}te\u{301} 配備配備配備配備配備配備配備");
    all[1].who = "x".repeat(300);
    send(&mut app, "deploys log", ago(1), Ok(Payload::Changes(all)));
    fault(&mut app, "status Twilio", 9, FaultKind::Unreadable, &"非常に長い原因 ".repeat(30));
    read_on(&mut app, now());
    app
}

/// A second passes; every fifth one brings new numbers.
pub fn tick(app: &mut App, second: i64) {
    let at = now() + chrono::TimeDelta::seconds(second);
    if second % 5 == 0 {
        let mut points = history(Kind::Leak, 2, 0);
        let mut last = points.split_off(points.len() - 1);
        last[0].at = at;
        metrics(app, "checkout-api", at, last);
    }
    // Everybody else goes on to answer as before.
    if second % 60 == 0 {
        send(app, "deploys log", at, Ok(Payload::Changes(changes(true))));
        send(app, "status Stripe API", at, Ok(Payload::Status(stripe(true))));
        send(app, "status AWS us-east-1", at, Ok(Payload::Status(fine())));
        send(app, "status Twilio", at, Ok(Payload::Status(fine())));
    }
    app.update(at, Msg::Second);
}

/// Presses keys, by their names in the key table. What `'text'` in quotes asks for is typed.
pub fn press(app: &mut App, keys: &str) {
    for key in keys.split_whitespace() {
        match key.strip_prefix('\'').and_then(|key| key.strip_suffix('\'')) {
            Some(text) => text.chars().for_each(|c| key_pressed(app, KeyPress::char(c))),
            None => key_pressed(app, KeyPress::parse(key).unwrap()),
        }
    }
}

/// Questions are answered at once.
fn key_pressed(app: &mut App, press: KeyPress) {
    for effect in app.update(now(), Msg::Key(press)) {
        match effect {
            Effect::Ask(question) => {
                let body = answer(&question);
                let reply = Reply { id: question.id, at: now(), took: Duration::from_millis(12), body };
                app.update(now(), Msg::Replied(reply));
            }
            Effect::Names(source) => {
                let names = [
                    "http_server_active_requests",
                    "http_server_request_duration_seconds_bucket",
                    "http_server_request_duration_seconds_count",
                    "process_resident_memory_bytes",
                    "up",
                ];
                app.update(now(), Msg::Names(source, Arc::new(names.map(str::to_owned).to_vec())));
            }
            _ => {}
        }
    }
}

/// A rate of three routes for what can be read; the parser's words for what cannot.
fn answer(question: &Question) -> Result<Rows, Fault> {
    Query::parse(&question.text).map_err(|refusal| Fault::new(FaultKind::Local, &refusal.to_string()))?;
    let routes = ["/pay", "/cart", "/search"];
    let points = |index: usize| {
        let steps = (0..).map(|step| question.from + question.step * step).take_while(|at| *at <= question.to);
        let value = |at: &At| f64::from(at.timestamp() as i32 % 600 + 60) / (1.0 + index as f64);
        // The second route is young.
        let from = if index == 1 { question.from + (question.to - question.from) / 2 } else { question.from };
        steps.filter(|at| *at >= from).map(|at| (at, value(&at))).collect()
    };
    let labels = |route| [("job", "checkout-api"), ("route", route)].into_iter().collect::<Labels>();
    let series = routes.iter().enumerate().map(|(index, route)| (labels(*route), points(index)));
    Ok(Rows { series: series.collect(), left_out: 2, notes: Vec::new() })
}

pub fn settings(names: &[&str], mode: Mode) -> Settings {
    let source = |name: &str, kind, service: Option<&str>, every| SourceInfo {
        id: SourceId::new(name),
        kind,
        service: service.map(Arc::from),
        address: "http://10.0.3.7:9464/metrics".to_owned(),
        every: Duration::from_secs(every),
    };
    let mut sources: Vec<_> =
        names.iter().map(|name| source(&format!("metrics {name}"), SourceKind::Metrics, Some(name), 5)).collect();
    for vendor in ["Stripe API", "AWS us-east-1", "Twilio", "Cloudflare"] {
        sources.push(source(&format!("status {vendor}"), SourceKind::Status, None, 60));
    }
    sources.push(source("deploys log", SourceKind::Changes, None, 15));
    Settings {
        services: names
            .iter()
            .map(|name| ServiceSettings { environment: "prod".to_owned(), ..ServiceSettings::named(name) })
            .collect(),
        sources,
        commands: commands(),
        severities: sixty::triage::SeverityNames::default(),
        fleet: FleetSettings::default(),
        zone: Zone::named("America/New_York").unwrap(),
        window: Duration::from_hours(1),
        retention: Duration::from_hours(6),
        who: "ana".to_owned(),
        host: "bastion".to_owned(),
        id_prefix: "t".to_owned(),
        mode,
        keys: KeyMap::new(&BTreeMap::new(), mode.is_read_only()).unwrap(),
        past_questions: Vec::new(),
        checklist: Checklist::first_60_seconds(),
        full_list: sixty::incident::Checklist::full_incident(),
        incidents: sixty::app::IncidentSettings::default(),
        runbooks: Arc::new(sixty::triage::runbook::Library::shipped()),
        start: if names.len() > 1 { None } else { Some(0) },
        badge: None,
    }
}

/// The team's own command for a rollback; for nothing else.
fn commands() -> Commands {
    let mut commands = Commands::default();
    commands.set(Action::RollBack, Template::read("kubectl rollout undo deploy/{service} -n shop").unwrap());
    commands
}

pub fn send(app: &mut App, source: &str, at: At, body: Result<Payload, Fault>) {
    let reading = Reading { source: SourceId::new(source), at, took: Duration::from_millis(38), body };
    app.update(at, Msg::Arrived(reading));
}

fn fault(app: &mut App, source: &str, seconds_ago: i64, kind: FaultKind, cause: &str) {
    send(app, source, ago(seconds_ago), Err(Fault::new(kind, cause).advise("look at the service's own port")));
}

fn metrics(app: &mut App, service: &str, at: At, points: Vec<Points>) {
    let queries = [
        (Measure::RequestRate, "sum(rate(http_server_request_duration_seconds_count[1m]))"),
        (
            Measure::ErrorRate,
            "sum(rate(http_server_request_duration_seconds_count{http_response_status_code=~\"5..\"}[1m])) / \
             sum(rate(http_server_request_duration_seconds_count[1m]))",
        ),
        (
            Measure::LatencyP95,
            "histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket[1m])))",
        ),
    ];
    // One of the processes answers no more where requests fail.
    let error_rate = points.last().and_then(|last| last.answers.get(&Measure::ErrorRate)).and_then(Answer::number);
    let failing = error_rate.is_some_and(|rate| rate.value > 0.1);
    let about = EngineReport {
        engine: "embedded, rate window 30s".to_owned(),
        presets: vec![PresetReport {
            title: "OpenTelemetry HTTP server".to_owned(),
            why: "http_server_request_duration_seconds_count is there".to_owned(),
        }],
        queries: queries.into_iter().map(|(measure, query)| (measure, query.to_owned())).collect(),
        targets: vec![
            TargetReport {
                address: "http://10.0.3.7:9464/metrics".to_owned(),
                outcome: Ok(ScrapeReport {
                    bytes: 48_211,
                    samples: 412,
                    skipped: if failing { 2 } else { 0 },
                    skipped_example: "line 88: a value is missing".to_owned(),
                    remark: String::new(),
                }),
                took: Duration::from_millis(38),
            },
            TargetReport {
                address: "http://10.0.3.8:9464/metrics".to_owned(),
                outcome: if failing {
                    Err(Fault::new(FaultKind::Timeout, "no answer in 2 s").advise("is the pod running?"))
                } else {
                    Ok(ScrapeReport { bytes: 47_933, samples: 409, ..ScrapeReport::default() })
                },
                took: Duration::from_secs(2),
            },
        ],
        series: (412, 50_000),
        lag: std::time::Duration::ZERO,
        notes: Vec::new(),
    };
    let batch = Batch { points, splits: Vec::new(), changes: Vec::new(), about: Arc::new(about) };
    send(app, &format!("metrics {service}"), at, Ok(Payload::Signals(batch)));
}

fn known(value: f64) -> Answer {
    Answer::Known(Number::exact(value).unwrap())
}

fn warming() -> Vec<Points> {
    let wait = || Answer::WarmingUp(Duration::from_secs(1));
    let answers = BTreeMap::from([
        (Measure::RequestRate, wait()),
        (Measure::ErrorRate, wait()),
        (Measure::LatencyP95, wait()),
        (Measure::LatencyP50, wait()),
        (Measure::PoolUsed, known(19.0)),
        (Measure::PoolMax, known(100.0)),
        (Measure::PoolWaiting, known(0.0)),
        (Measure::MemoryUsed, Answer::NoData(Arc::from("no series matches process_resident_memory_bytes"))),
    ]);
    vec![Points { at: now() - chrono::TimeDelta::milliseconds(700), answers }]
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Calm,
    Leak,
    Slow,
    Quiet,
    Errors,
    Filling,
    Growing,
    Busy,
}

/// A number from 0 to 1 that is always the same for the same place.
fn noise(seed: u64, index: u64) -> f64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ index.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 31;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 29;
    (x % 10_000) as f64 / 10_000.0
}

/// An hour at one point in five seconds, up to `end` seconds ago.
fn history(kind: Kind, end: i64, seed: u64) -> Vec<Points> {
    (0..720)
        .map(|index| {
            let before = 3_600 - index * 5;
            let n = |salt: u64| noise(seed * 31 + salt, index as u64 / 3);
            // How far the leak got: the pool fills from 03:10 on, and is full 380 s ago; then callers wait.
            let fill = ((668 - before) as f64 / 288.0).clamp(0.0, 1.0);
            let hurt = ((349 - before) as f64 / 90.0).clamp(0.0, 1.0);
            let (fill, hurt) = if kind == Kind::Leak { (fill, hurt) } else { (0.0, 0.0) };
            let slow = if kind == Kind::Slow { ((900 - before) as f64 / 600.0).clamp(0.0, 1.0) } else { 0.0 };
            let rate = (640.0 - 60.0 * n(1)) * (1.0 - 0.12 * hurt) * if seed > 0 { 0.3 } else { 1.0 };
            let p95 = 0.08 + 0.02 * n(3) + 0.5 * slow + 27.9 * hurt * hurt;
            let mut answers = BTreeMap::from([
                (Measure::RequestRate, known(rate)),
                (Measure::ErrorRate, known(0.002 + 0.003 * n(2) + 0.45 * hurt)),
                (Measure::LatencyP50, known(0.024 + 0.004 * n(4) + 1.18 * hurt)),
                (Measure::LatencyP95, known(p95)),
                (Measure::PoolUsed, known((18.0 + 6.0 * n(5) + 82.0 * fill).min(100.0).round())),
                (Measure::PoolMax, known(100.0)),
                (Measure::PoolWaiting, known((214.0 * hurt * fill).round())),
                (
                    Measure::MemoryUsed,
                    known(
                        1_073_741_824.0
                            * (1.1 + 0.05 * n(6) + if kind == Kind::Leak { 0.68 } else { 0.0 } * index as f64 / 720.0),
                    ),
                ),
                (Measure::MemoryLimit, known(2_147_483_648.0)),
            ]);
            let p99 = Number { value: p95 * 1.1, at_least: hurt > 0.9 };
            answers.insert(Measure::LatencyP99, Answer::Known(p99));
            if kind == Kind::Quiet {
                for measure in [Measure::ErrorRate, Measure::LatencyP50, Measure::LatencyP95, Measure::LatencyP99] {
                    answers.insert(measure, Answer::NoTraffic);
                }
                answers.insert(Measure::RequestRate, known(0.0));
            }
            Points { at: ago(before - 5 + end), answers }
        })
        .collect()
}

fn others(app: &mut App, bad: bool) {
    send(app, "deploys log", ago(8), Ok(Payload::Changes(changes(bad))));
    send(app, "status Stripe API", ago(40), Ok(Payload::Status(stripe(bad))));
    send(app, "status AWS us-east-1", ago(52), Ok(Payload::Status(fine())));
    send(app, "status Twilio", ago(48), Ok(Payload::Status(fine())));
    if bad {
        fault(app, "status Cloudflare", 240, FaultKind::Timeout, "no answer in 10 s");
    } else {
        send(app, "status Cloudflare", ago(31), Ok(Payload::Status(fine())));
    }
}

fn one_change(what: &str, version: &str, who: &str, kind: ChangeKind, seconds: i64) -> Change {
    Change {
        id: format!("{what}{version}{seconds}"),
        kind,
        what: what.to_owned(),
        service: String::new(),
        version: version.to_owned(),
        who: who.to_owned(),
        environment: "production".to_owned(),
        title: "Use one connection per tenant (#1841)".to_owned(),
        started: ago(seconds + 95),
        finished: Some(ago(seconds)),
        state: ChangeState::Succeeded,
        link: "https://git.example/checkout/api/pull/1841".to_owned(),
    }
}

fn changes(bad: bool) -> Vec<Change> {
    let change = one_change;
    let mut all = vec![
        change("nightly-report", "", "cron", ChangeKind::Job, 1_269),
        change("new-tax on", "", "sam", ChangeKind::Flag, 2_220),
        change("web", "v88", "sam", ChangeKind::Deploy, 22_600),
        change("api", "v2.30.4", "ana", ChangeKind::Deploy, 260_000),
    ];
    if bad {
        all.push(change("api", "v2.31.0", "ana", ChangeKind::Deploy, 667));
        let mut failed = change("web", "v89", "sam", ChangeKind::Deploy, 4_100);
        failed.state = ChangeState::Failed;
        all.push(failed);
        let mut running = change("api", "v2.31.1", "ana", ChangeKind::Deploy, 0);
        (running.started, running.finished, running.state) = (ago(75), None, ChangeState::Running);
        all.push(running);
    }
    all
}

fn fine() -> ProviderStatus {
    ProviderStatus {
        level: Level::Operational,
        summary: "All Systems Operational".to_owned(),
        components: vec![Component {
            name: "API".to_owned(),
            level: Level::Operational,
            word: "operational".to_owned(),
        }],
        notices: Vec::new(),
        since: None,
        page_updated: Some(ago(10_800)),
    }
}

fn stripe(bad: bool) -> ProviderStatus {
    if !bad {
        return fine();
    }
    ProviderStatus {
        level: Level::Degraded,
        summary: "Elevated API error rates".to_owned(),
        components: vec![
            Component { name: "API".to_owned(), level: Level::Degraded, word: "degraded_performance".to_owned() },
            Component { name: "Checkout".to_owned(), level: Level::Operational, word: "operational".to_owned() },
        ],
        notices: vec![Notice {
            id: "n1".to_owned(),
            title: "Elevated API error rates".to_owned(),
            level: Level::Degraded,
            state: NoticeState::Investigating,
            started: ago(720),
            until: None,
            components: vec!["API".to_owned()],
            updates: vec![
                NoticeUpdate {
                    at: ago(300),
                    text: "We see elevated error rates for a small share of requests in one region and look for the \
                           cause. Payments that fail can be tried again."
                        .to_owned(),
                },
                NoticeUpdate { at: ago(700), text: "We are investigating reports of slow answers.".to_owned() },
            ],
            link: "https://status.example/incidents/1".to_owned(),
        }],
        since: Some(ago(720)),
        page_updated: Some(ago(300)),
    }
}

fn journal(app: &mut App) {
    let entry = |id: &str, seconds, who: &str, what| Entry::new(id, ago(seconds), who, "bastion", what);
    let ticked = |item: &str| What::Ticked { list: "first-60-seconds".to_owned(), item: item.to_owned() };
    let entries = vec![
        entry("1", 340, "ana", What::Opened { service: "checkout-api".to_owned(), title: String::new() }),
        entry("2", 189, "ana", ticked("ack")),
        entry("3", 129, "ana", ticked("down")),
    ];
    let (service, incident) = (Arc::from("checkout-api"), Some("20240501T031520Z-abcdef".to_owned()));
    let news = JournalNews { service, entries, replaced: false, incident, pending: 0, trouble: None };
    app.update(ago(100), Msg::Journal(news));
}
