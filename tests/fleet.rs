//! Servers that bring services: what appears, under which name, in which order, and what is said while none has.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use sixty::app::App;
use sixty::app::Effect;
use sixty::app::FleetSettings;
use sixty::app::KeyMap;
use sixty::app::KeyPress;
use sixty::app::Mode;
use sixty::app::Msg;
use sixty::app::Page;
use sixty::app::ServiceSettings;
use sixty::app::Settings;
use sixty::facts::Alert;
use sixty::facts::AlertState;
use sixty::facts::Alerting;
use sixty::facts::Answer;
use sixty::facts::At;
use sixty::facts::Batch;
use sixty::facts::Calls;
use sixty::facts::EngineReport;
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::facts::Fleet;
use sixty::facts::Labels;
use sixty::facts::Measure;
use sixty::facts::Number;
use sixty::facts::Payload;
use sixty::facts::Points;
use sixty::facts::Reading;
use sixty::facts::SourceId;
use sixty::facts::SourceInfo;
use sixty::facts::SourceKind;
use sixty::facts::Urgency;
use sixty::facts::Zone;
use sixty::incident::Checklist;
use sixty::triage::Rules;
use sixty::triage::Severity;
use sixty::triage::Subject;
use sixty::ui::Colours;
use sixty::ui::Glyphs;
use sixty::ui::Look;
use sixty::ui::Theme;

fn at(second: i64) -> At {
    At::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn source(id: &str, service: Option<&str>) -> SourceInfo {
    let host = id.split(' ').nth(1).unwrap();
    SourceInfo {
        id: SourceId::new(id),
        kind: SourceKind::Metrics,
        service: service.map(Arc::from),
        address: format!("http://{host}:9090"),
        every: Duration::from_secs(5),
    }
}

fn service(name: &str) -> ServiceSettings {
    ServiceSettings { environment: "prod".to_owned(), ..ServiceSettings::named(name) }
}

/// An app that asks these servers, and what it knows of them.
fn app(servers: &[&str], services: &[&str], fleet: FleetSettings) -> App {
    let sources = servers.iter().map(|name| source(&format!("prometheus {name}"), None));
    let settings = Settings {
        commands: sixty::triage::quick_win::Commands::default(),
        severities: sixty::triage::SeverityNames::default(),
        services: services.iter().map(|name| service(name)).collect(),
        fleet,
        sources: sources.collect(),
        zone: Zone::utc(),
        window: Duration::from_hours(1),
        retention: Duration::from_hours(6),
        who: "ana".to_owned(),
        host: "bastion".to_owned(),
        id_prefix: "test".to_owned(),
        mode: Mode::interactive(),
        keys: KeyMap::new(&BTreeMap::new(), false).unwrap(),
        checklist: Checklist::first_60_seconds(),
        full_list: sixty::incident::Checklist::full_incident(),
        incidents: sixty::app::IncidentSettings::default(),
        runbooks: Arc::new(sixty::triage::runbook::Library::shipped()),
        past_questions: Vec::new(),
        start: None,
        badge: None,
    };
    App::new(settings, at(0))
}

fn wanting(name: &str) -> FleetSettings {
    FleetSettings { wanted: Some(Arc::from(name)), ..FleetSettings::default() }
}

fn batch(seconds: &[i64], errors: f64) -> Batch {
    let points = |second: &i64| Points {
        at: at(*second),
        answers: BTreeMap::from([(Measure::ErrorRate, Answer::Known(Number::exact(errors).unwrap()))]),
    };
    let about = EngineReport {
        engine: "server".to_owned(),
        presets: Vec::new(),
        notes: Vec::new(),
        queries: BTreeMap::new(),
        targets: Vec::new(),
        series: (0, 0),
        lag: Duration::ZERO,
    };
    Batch {
        points: seconds.iter().map(points).collect(),
        splits: Vec::new(),
        changes: Vec::new(),
        about: Arc::new(about),
    }
}

/// A server's answer with a minute of past; `bad` services fail half of their requests.
fn arrive(app: &mut App, second: i64, server: &str, names: &[&str], bad: &[&str]) -> Vec<Effect> {
    let past: Vec<i64> = (0..=12).map(|step| second - 60 + step * 5).collect();
    let one = |name: &&str| (Arc::from(*name), batch(&past, if bad.contains(name) { 0.5 } else { 0.0 }));
    let fleet = Fleet { services: names.iter().map(one).collect(), left_out: 0, ..Fleet::default() };
    answer(app, second, &format!("prometheus {server}"), Ok(Payload::Fleet(fleet)))
}

fn answer(app: &mut App, second: i64, source: &str, body: Result<Payload, Fault>) -> Vec<Effect> {
    let reading = Reading { source: SourceId::new(source), at: at(second), took: Duration::from_millis(30), body };
    app.update(at(second), Msg::Arrived(reading))
}

fn fail(app: &mut App, second: i64, server: &str) {
    let fault = Fault::new(FaultKind::Connect, "connection refused").advise("is the server running there?");
    answer(app, second, &format!("prometheus {server}"), Err(fault));
}

fn press(app: &mut App, second: i64, keys: &str) {
    for key in keys.split(' ') {
        app.update(at(second), Msg::Key(KeyPress::parse(key).unwrap()));
    }
}

fn names(app: &App) -> Vec<&str> {
    app.services().iter().map(|service| &*service.name).collect()
}

fn shown(app: &App) -> Option<&str> {
    app.service().map(|service| &*service.name)
}

/// The screen as text, without its first and last rows.
fn screen(app: &App, width: u16, height: u16) -> String {
    let look = Look { theme: Theme::named("mono").unwrap(), glyphs: Glyphs::Unicode, colours: Colours::None };
    let area = ratatui::layout::Rect::new(0, 0, width, height);
    let mut buffer = ratatui::buffer::Buffer::empty(area);
    sixty::ui::draw(app, &look, area, &mut buffer);
    let row = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>();
    (1..height - 1).map(|y| row(y).trim().to_owned()).filter(|row| !row.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn one_service_is_opened_and_of_several_the_worst_comes_first() {
    let mut one = app(&["prom"], &[], FleetSettings::default());
    assert_eq!(one.navigation().page(), Page::Overview);
    let effects = arrive(&mut one, 10, "prom", &["checkout"], &["checkout"]);
    assert_eq!(effects, [Effect::Follow(vec![Arc::from("checkout")])]);
    assert_eq!((one.navigation().page(), shown(&one)), (Page::Service, Some("checkout")));
    assert_eq!(one.severity(), Severity::Critical, "the past that it brings is enough for a verdict");

    let mut many = app(&["prom"], &[], FleetSettings::default());
    arrive(&mut many, 10, "prom", &["web", "api", "jobs"], &["jobs"]);
    assert_eq!(many.navigation().page(), Page::Overview);
    assert_eq!(names(&many), ["api", "jobs", "web"], "in one order, however they come");
    assert_eq!(many.worst_first()[0], 1);
    assert!(arrive(&mut many, 15, "prom", &["web", "api", "jobs"], &["jobs"]).is_empty());
    press(&mut many, 16, "Enter");
    assert_eq!(shown(&many), Some("jobs"));
    // One that comes later changes nothing for who reads.
    let effects = arrive(&mut many, 20, "prom", &["web", "api", "jobs", "batch"], &["jobs"]);
    assert_eq!(effects, [Effect::Follow(vec![Arc::from("batch")])]);
    assert_eq!((names(&many), shown(&many)), (vec!["api", "batch", "jobs", "web"], Some("jobs")));
}

#[test]
fn while_nobody_has_answered_the_screen_says_who_is_asked_and_then_why_not() {
    let mut app = app(&["prom"], &[], FleetSettings::default());
    assert_eq!(screen(&app, 60, 12), "Asking http://prom:9090 which services there are.");
    fail(&mut app, 3, "prom");
    assert_eq!(
        screen(&app, 80, 12),
        "http://prom:9090: connection refused, since 08:00:03.\nIs the server running there?\nIt is asked again by itself; R asks now."
    );
    arrive(&mut app, 8, "prom", &[], &[]);
    assert!(screen(&app, 80, 16).starts_with("No service is named by http://prom:9090."), "{}", screen(&app, 80, 16));
    arrive(&mut app, 13, "prom", &["web"], &[]);
    assert_eq!(shown(&app), Some("web"));
    for (width, height) in (0..40).flat_map(|width| (2..20).map(move |height| (width, height))) {
        let mut app = self::app(&["prom", "eu"], &[], FleetSettings::default());
        fail(&mut app, 3, "prom");
        screen(&app, width, height);
    }
}

#[test]
fn a_named_service_is_opened_once_it_appears_and_until_then_it_is_said_that_it_does_not() {
    let mut app = app(&["prom"], &[], wanting("chekout"));
    assert_eq!(screen(&app, 60, 12), "Asking http://prom:9090 which services there are.");
    arrive(&mut app, 5, "prom", &["checkout", "web"], &[]);
    assert_eq!((app.navigation().page(), shown(&app)), (Page::Service, None));
    let seen = screen(&app, 80, 16);
    assert!(seen.starts_with("There is no service chekout at http://prom:9090.\nDid you mean checkout?"), "{seen}");
    assert!(seen.contains("2 services are there; s lists them."), "{seen}");
    press(&mut app, 6, "1 Enter j N");
    assert_eq!(shown(&app), Some("checkout"), "a key leads on");

    let mut app = self::app(&["prom"], &[], wanting("late"));
    arrive(&mut app, 5, "prom", &["web"], &[]);
    assert_eq!(shown(&app), None);
    arrive(&mut app, 10, "prom", &["web", "late"], &[]);
    assert_eq!(shown(&app), Some("late"));
    press(&mut app, 11, "s");
    assert_eq!(app.navigation().page(), Page::Overview);

    let mut app = self::app(&["prom"], &[], FleetSettings { only: true, ..wanting("web") });
    arrive(&mut app, 5, "prom", &["checkout", "web"], &["checkout"]);
    assert_eq!((names(&app), app.severity()), (vec!["web"], Severity::Ok));
}

#[test]
fn a_server_that_fails_takes_all_its_services_along_and_fills_the_hole_when_it_is_back() {
    let mut app = app(&["prom"], &[], FleetSettings::default());
    arrive(&mut app, 100, "prom", &["api", "web"], &["web"]);
    for second in [105, 111, 123] {
        fail(&mut app, second, "prom");
    }
    for service in app.services() {
        assert_eq!(service.verdict.severity, Severity::Unknown);
        assert_eq!(service.verdict.headline.text(), "No numbers: connection refused, since 08:01:45.");
        let gaps = service.signals.track(Measure::ErrorRate).unwrap().history.iter().filter(|p| p.number.is_none());
        assert_eq!(gaps.count(), 1, "once, not at every try");
        assert_eq!(app.sources_of(SourceKind::Metrics, Some(&service.name)).count(), 1);
    }
    assert_eq!(app.log().iter().filter(|line| line.text.contains("refused")).count(), 1);
    arrive(&mut app, 140, "prom", &["api", "web"], &["web"]);
    let web = app.services().iter().find(|one| &*one.name == "web").unwrap();
    assert_eq!((web.verdict.severity, web.verdict.onset), (Severity::Critical, Some(at(40))), "as if nothing had been");
    let history = &web.signals.track(Measure::ErrorRate).unwrap().history;
    assert!(history.iter().all(|point| point.number.is_some()), "the server has filled it in");
}

#[test]
fn a_service_that_its_server_no_longer_knows_stays_and_says_so() {
    let mut app = app(&["prom"], &[], FleetSettings::default());
    arrive(&mut app, 10, "prom", &["api", "web"], &[]);
    assert_eq!(app.severity(), Severity::Ok);
    for second in (15..60).step_by(5) {
        arrive(&mut app, second, "prom", &["api"], &[]);
    }
    assert_eq!(names(&app), ["api", "web"]);
    let web = &app.services()[1].verdict;
    assert_eq!(web.severity, Severity::Unknown);
    assert_eq!(web.headline.text(), "No numbers: prom no longer knows it, since 08:00:10.");
    assert_eq!(app.services()[0].verdict.severity, Severity::Ok);
    arrive(&mut app, 60, "prom", &["api", "web"], &[]);
    assert_eq!(app.services()[1].verdict.severity, Severity::Ok);
}

#[test]
fn what_the_team_configured_counts_for_services_that_appear() {
    let strict = Rules::default().with_limit(Subject::ErrorRate, Severity::Warning, Some(0.4)).with_limit(
        Subject::ErrorRate,
        Severity::Critical,
        None,
    );
    let fleet = FleetSettings {
        bound: BTreeMap::from([(Arc::from("web"), SourceId::new("prometheus prom"))]),
        configured: BTreeMap::from([(Arc::from("api"), ServiceSettings { rules: strict, ..service("api") })]),
        ..FleetSettings::default()
    };
    let mut app = app(&["prom"], &["web"], fleet);
    assert_eq!(names(&app), ["web"], "it is there before anybody was asked");
    arrive(&mut app, 10, "prom", &["api", "alpha"], &["api", "alpha"]);
    assert_eq!(names(&app), ["web", "alpha", "api"], "configured ones first");
    let by_name = |name: &str| &app.services()[app.index_of(name).unwrap()];
    assert_eq!((by_name("api").verdict.severity, &*by_name("api").environment), (Severity::Warning, "prod"));
    assert_eq!(by_name("alpha").verdict.severity, Severity::Critical);
    assert_eq!(by_name("web").verdict.headline.text(), "No numbers: prom knows no such service, since 08:00:10.");
}

#[test]
fn with_several_servers_a_name_does_not_depend_on_who_answers_first() {
    for order in [["eu", "us"], ["us", "eu"]] {
        let mut app = app(&["eu", "us"], &[], wanting("checkout"));
        arrive(&mut app, 5, order[0], &["checkout", "only"], &[]);
        assert_eq!(shown(&app), None, "the other one may know it as well");
        arrive(&mut app, 6, order[1], &["checkout"], &[]);
        let first = format!("only@{}", order[0]);
        assert_eq!(names(&app), ["checkout@eu", "checkout@us", &first]);
        assert_eq!(shown(&app), Some("checkout@eu"), "the first of the configuration");
    }
    let fleet = FleetSettings {
        bound: BTreeMap::from([(Arc::from("checkout"), SourceId::new("prometheus us"))]),
        ..FleetSettings::default()
    };
    let mut app = app(&["eu", "us"], &["checkout"], fleet);
    arrive(&mut app, 5, "eu", &["checkout"], &["checkout"]);
    arrive(&mut app, 5, "us", &["checkout"], &[]);
    assert_eq!(names(&app), ["checkout", "checkout@eu"]);
    assert_eq!(app.services()[0].verdict.severity, Severity::Ok, "its own server feeds it");
    fail(&mut app, 10, "eu");
    app.update(at(12), Msg::Second);
    assert!(app.services()[0].verdict.headline.text().starts_with("All within limits."));
}

#[test]
fn an_address_that_turns_out_to_be_metrics_is_one_service_and_is_opened() {
    let mut app = app(&["box"], &[], FleetSettings::default());
    let effects = app.update(at(1), Msg::Source(source("prometheus box", Some("box:9100"))));
    assert_eq!(effects, [Effect::Follow(vec![Arc::from("box:9100")])]);
    answer(&mut app, 1, "prometheus box", Ok(Payload::Signals(batch(&[1], 0.0))));
    assert_eq!((app.navigation().page(), shown(&app)), (Page::Service, Some("box:9100")));
    assert!(app.service().unwrap().signals.latest().is_some());
    // A server that was found beside it comes as a source of its own.
    app.update(at(2), Msg::Source(source("prometheus prom", None)));
    arrive(&mut app, 2, "prom", &["web"], &[]);
    assert_eq!((names(&app), shown(&app)), (vec!["box:9100", "web"], Some("box:9100")));
}

#[test]
fn two_services_that_went_to_the_same_version_are_two_deploys() {
    let mut app = app(&["prom"], &[], FleetSettings::default());
    let deploy = |what: &str| sixty::facts::Change {
        id: what.to_owned(),
        kind: sixty::facts::ChangeKind::Deploy,
        what: what.to_owned(),
        service: String::new(),
        version: "v7".to_owned(),
        who: String::new(),
        environment: String::new(),
        title: String::new(),
        started: at(1),
        finished: Some(at(1)),
        state: sixty::facts::ChangeState::Succeeded,
        link: String::new(),
    };
    let with = |what: &str| (Arc::from(what), Batch { changes: vec![deploy(what)], ..batch(&[5], 0.0) });
    let fleet = Fleet { services: vec![with("api"), with("web")], left_out: 0, ..Fleet::default() };
    answer(&mut app, 5, "prometheus prom", Ok(Payload::Fleet(fleet)));
    let whats: BTreeSet<_> = app.changes().iter().map(|change| change.what.as_str()).collect();
    assert_eq!(whats, BTreeSet::from(["api", "web"]));
}

#[test]
fn who_calls_whom_is_what_the_team_wrote_and_what_servers_see() {
    let configured = |name: &str| ServiceSettings {
        calls: vec!["pay".to_owned(), "Stripe".to_owned()],
        programs: vec!["shop-web".to_owned()],
        ..service(name)
    };
    let settings = FleetSettings {
        configured: BTreeMap::from([(Arc::from("shop"), configured("shop"))]),
        ..FleetSettings::default()
    };
    let mut app = app(&["eu", "us"], &[], settings);
    let mut told = |server: &str, pairs: &[(&str, &str)]| -> Vec<String> {
        let one = |name: &str| (Arc::from(name), batch(&[5], 0.0));
        let names = if server == "eu" { &["shop", "pay"][..] } else { &["cart"] };
        let pairs = pairs.iter().map(|(from, to)| (Arc::from(*from), Arc::from(*to))).collect();
        let calls = Arc::new(Calls { pairs });
        let fleet = Fleet { services: names.iter().map(|name| one(name)).collect(), left_out: 0, calls };
        answer(&mut app, 5, &format!("prometheus {server}"), Ok(Payload::Fleet(fleet)));
        assert!(app.services().iter().all(|one| one.programs.is_empty() != one.name.starts_with("shop")));
        app.calls().iter().map(|(from, to)| format!("{from} {to}")).collect()
    };
    assert_eq!(told("eu", &[]), ["shop@eu Stripe", "shop@eu pay@eu"]);
    let both = told("us", &[("cart", "stock"), ("cart", "cart")]);
    assert_eq!(both, ["cart@us stock", "shop@eu Stripe", "shop@eu pay@eu"]);
    let more = told("eu", &[("pay", "ledger"), ("shop", "pay")]);
    assert_eq!(more, ["cart@us stock", "pay@eu ledger", "shop@eu Stripe", "shop@eu pay@eu"]);
    assert_eq!(told("us", &[]).len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever appears in whatever order, and however bad it is: what a person looks at, and what is chosen, stays.
    #[test]
    fn what_is_chosen_stays_chosen(
        waves in prop::collection::vec(prop::collection::btree_set("[a-e]{1,2}", 0..8), 1..6),
        bad in prop::collection::btree_set("[a-e]{1,2}", 0..8),
        steps in 0_usize..6,
        open in any::<bool>(),
    ) {
        let mut app = app(&["prom"], &[], FleetSettings::default());
        let bad: Vec<&str> = bad.iter().map(String::as_str).collect();
        arrive(&mut app, 5, "prom", &["m", "n"], &[]);
        press(&mut app, 5, "j");
        for _ in 0..steps {
            press(&mut app, 5, "j");
        }
        if open {
            press(&mut app, 5, "Enter");
        }
        let at_row = |app: &App| app.services()[app.worst_first()[app.navigation().overview_row]].name.clone();
        let (chosen, shown_first) = (at_row(&app), shown(&app).unwrap().to_owned());
        let mut known: BTreeSet<&str> = BTreeSet::from(["m", "n"]);
        for (wave, second) in waves.iter().zip((10..).step_by(5)) {
            known.extend(wave.iter().map(String::as_str));
            let all: Vec<&str> = known.iter().copied().rev().collect();
            arrive(&mut app, second, "prom", &all, &bad);
            app.update(at(second + 1), Msg::Second);
            prop_assert_eq!(&at_row(&app), &chosen);
            prop_assert_eq!(shown(&app), Some(shown_first.as_str()));
            prop_assert_eq!(names(&app), known.iter().copied().collect::<Vec<_>>());
        }
    }
}

/// `cargo test --test fleet what_two_hundred -- --ignored --nocapture`
#[test]
#[ignore = "a measurement, not a promise"]
fn what_two_hundred_services_cost() {
    let mut app = app(&["prom"], &[], FleetSettings::default());
    let names: Vec<String> = (0..200).map(|index| format!("service-{index:03}")).collect();
    let fleet = |from: i64, to: i64| {
        let seconds: Vec<i64> = (from..=to).step_by(5).collect();
        let services = names.iter().enumerate().map(|(index, name)| {
            let mut batch = batch(&seconds, if index % 20 == 0 { 0.5 } else { 0.001 });
            for points in &mut batch.points {
                let known = |value: f64| Answer::Known(Number::exact(value).unwrap());
                let fine = Measure::ALL.iter().filter(|measure| **measure != Measure::ErrorRate);
                points.answers.extend(fine.map(|measure| (*measure, known(0.01))));
                for limit in [Measure::PoolMax, Measure::MemoryLimit, Measure::RequestRate] {
                    points.answers.insert(limit, known(100.0));
                }
            }
            (Arc::from(name.as_str()), batch)
        });
        let payload = Payload::Fleet(Fleet { services: services.collect(), left_out: 0, ..Fleet::default() });
        Reading { source: SourceId::new("prometheus prom"), at: at(to), took: Duration::ZERO, body: Ok(payload) }
    };
    let mut timed = |what: &str, times: u32, run: &mut dyn FnMut(&mut App)| {
        let begun = std::time::Instant::now();
        for _ in 0..times {
            run(&mut app);
        }
        println!("{what}: {:?}", begun.elapsed() / times);
    };
    // Three hours at 30 s, as a server fills them in for a screen.
    let past = fleet(-10_800, 0);
    timed("three hours of 200 services", 1, &mut |app| drop(app.update(at(0), Msg::Arrived(past.clone()))));
    timed("a second", 20, &mut |app| drop(app.update(at(4), Msg::Second)));
    let next: Vec<Reading> = (1..=20).map(|step| fleet(step * 5, step * 5)).collect();
    let mut next = next.into_iter();
    timed("a new point of each", 20, &mut |app| {
        let reading = next.next().unwrap();
        app.update(reading.at, Msg::Arrived(reading));
    });
    timed("worst first", 100, &mut |app| drop(app.worst_first()));
    timed("a frame of 200x60", 20, &mut |app| drop(screen(app, 200, 60)));
    timed("a key", 20, &mut |app| press(app, 100, "j"));
}

#[test]
fn a_past_in_parts_is_the_same_as_in_one() {
    let whole: Vec<i64> = (0..=120).map(|step| step * 30).collect();
    let (past, newest) = whole.split_at(120);
    let tell = |app: &mut App, seconds: &[i64]| {
        let services = vec![(Arc::from("checkout"), batch(seconds, 0.5))];
        answer(app, 3_600, "prometheus prom", Ok(Payload::Fleet(Fleet { services, left_out: 0, ..Fleet::default() })));
    };
    let prom = SourceId::new("prometheus prom");
    let earlier = |app: &mut App, seconds: &[i64]| {
        let of = |name: &str| (Arc::from(name), batch(seconds, 0.5));
        app.update(at(3_600), Msg::Past(prom.clone(), vec![of("checkout"), of("stranger")]));
    };
    let [mut one, mut parts] = [(); 2].map(|()| app(&["prom"], &[], FleetSettings::default()));
    earlier(&mut parts, past);
    assert!(parts.services().is_empty(), "a past names nobody");
    tell(&mut one, &whole);
    tell(&mut parts, newest);
    earlier(&mut parts, past);
    tell(&mut parts, newest);
    assert_eq!(names(&parts), ["checkout"]);
    let history = |app: &App| app.services()[0].signals.track(Measure::ErrorRate).unwrap().history.clone();
    assert!(history(&one).iter().eq(history(&parts).iter()));
    assert_eq!(one.services()[0].verdict, parts.services()[0].verdict);
    assert!(one.services()[0].verdict.headline.text().contains("since"), "{:?}", one.services()[0].verdict);
}

#[test]
fn an_alert_belongs_to_the_service_of_the_server_that_tells_of_it() {
    let mut app = app(&["eu", "us"], &[], FleetSettings::default());
    for name in ["eu", "us", "old"] {
        let (id, kind) = (SourceId::new(&format!("alerts {name}")), SourceKind::Alerts);
        app.update(at(0), Msg::Source(SourceInfo { id, kind, ..source("prometheus us", None) }));
    }
    let alert = |service: &str| Alert {
        name: "Burning".to_owned(),
        state: AlertState::Firing,
        since: Some(at(0)),
        urgency: Urgency::Critical,
        severity: "page".to_owned(),
        service: String::new(),
        summary: String::new(),
        description: String::new(),
        runbook: String::new(),
        labels: Labels::from_iter([("service", service)]),
        value: None,
    };
    let tell = |app: &mut App, server: &str, service: &str| {
        let said = Alerting { alerts: vec![alert(service)], rules: Some(1), ..Alerting::default() };
        answer(app, 3, &format!("alerts {server}"), Ok(Payload::Alerts(said)));
    };
    // Alerts may come before the services that they are about.
    tell(&mut app, "eu", "checkout");
    arrive(&mut app, 1, "us", &["checkout", "cart"], &[]);
    arrive(&mut app, 2, "eu", &["checkout"], &[]);
    assert_eq!((app.firing(Some("checkout@eu")), app.firing(Some("checkout@us")), app.firing(None)), (1, 0, 1));
    tell(&mut app, "us", "cart");
    assert_eq!((app.firing(Some("cart@us")), app.firing(Some("checkout@us"))), (1, 0));
    tell(&mut app, "eu", "cart");
    assert_eq!((app.firing(Some("cart@us")), app.firing(Some("checkout@eu"))), (1, 0), "eu has no such service");
    assert!(app.alerts().iter().any(|one| one.service.is_none() && one.is_elsewhere));
    // By its name it is nobody's; by its address it is that of us.
    tell(&mut app, "old", "checkout");
    assert_eq!((app.firing(Some("checkout@us")), app.firing(Some("checkout@eu"))), (1, 0));
}
