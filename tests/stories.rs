//! Stories: keys and readings in, state and effects out, through the real key table; no terminal, no clock.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use sixty::app::AlertsKnown;
use sixty::app::App;
use sixty::app::Changed;
use sixty::app::Deed;
use sixty::app::Effect;
use sixty::app::FleetSettings;
use sixty::app::JournalNews;
use sixty::app::KeyMap;
use sixty::app::KeyPress;
use sixty::app::Mode;
use sixty::app::Msg;
use sixty::app::Page;
use sixty::app::Pane;
use sixty::app::ServiceSettings;
use sixty::app::Settings;
use sixty::facts::Alert;
use sixty::facts::AlertState;
use sixty::facts::Alerting;
use sixty::facts::Answer;
use sixty::facts::At;
use sixty::facts::Batch;
use sixty::facts::BrokenRule;
use sixty::facts::Change;
use sixty::facts::ChangeKind;
use sixty::facts::ChangeState;
use sixty::facts::EngineReport;
use sixty::facts::Fault;
use sixty::facts::FaultKind;
use sixty::facts::Level;
use sixty::facts::Measure;
use sixty::facts::Number;
use sixty::facts::Payload;
use sixty::facts::Points;
use sixty::facts::ProviderStatus;
use sixty::facts::Reading;
use sixty::facts::SourceId;
use sixty::facts::SourceInfo;
use sixty::facts::SourceKind;
use sixty::facts::Urgency;
use sixty::facts::Zone;
use sixty::incident::Checklist;
use sixty::triage::Severity;
use sixty::triage::quick_win::Action;
use sixty::triage::quick_win::Template;

fn at(second: i64) -> At {
    chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn source(name: &str, kind: SourceKind, service: Option<&str>, every: u64) -> SourceInfo {
    SourceInfo {
        id: SourceId::new(name),
        kind,
        service: service.map(Arc::from),
        address: "http://127.0.0.1/".to_owned(),
        every: Duration::from_secs(every),
    }
}

fn app(services: &[&str], mode: Mode) -> App {
    App::new(settings(services, mode), at(0))
}

/// The same, with a source of alerts.
fn alerted(services: &[&str]) -> App {
    let mut settings = settings(services, Mode::interactive());
    settings.sources.push(source("alerts prod", SourceKind::Alerts, None, 15));
    App::new(settings, at(0))
}

fn settings(services: &[&str], mode: Mode) -> Settings {
    let metrics = services.iter().map(|name| source(&format!("metrics {name}"), SourceKind::Metrics, Some(name), 5));
    let others = [source("status Stripe", SourceKind::Status, None, 60), source("log", SourceKind::Changes, None, 30)];
    Settings {
        services: services
            .iter()
            .map(|name| ServiceSettings { environment: "prod".to_owned(), ..ServiceSettings::named(name) })
            .collect(),
        commands: sixty::triage::quick_win::Commands::default(),
        severities: sixty::triage::SeverityNames::default(),
        fleet: FleetSettings::default(),
        sources: metrics.chain(others).collect(),
        zone: Zone::named("America/New_York").unwrap(),
        window: Duration::from_hours(1),
        retention: Duration::from_hours(6),
        who: "ana".to_owned(),
        host: "bastion".to_owned(),
        id_prefix: "test".to_owned(),
        mode,
        keys: KeyMap::new(&BTreeMap::new(), mode.is_read_only()).unwrap(),
        past_questions: Vec::new(),
        checklist: Checklist::first_60_seconds(),
        full_list: sixty::incident::Checklist::full_incident(),
        incidents: sixty::app::IncidentSettings::default(),
        runbooks: Arc::new(sixty::triage::runbook::Library::shipped()),
        start: (services.len() == 1).then_some(0),
        badge: None,
    }
}

/// What is to be done that others can see.
fn deeds(effects: &[Effect]) -> Vec<Deed> {
    effects.iter().filter_map(Effect::deed).cloned().collect()
}

fn press(app: &mut App, second: i64, keys: &str) -> Vec<Effect> {
    keys.split(' ').flat_map(|key| app.update(at(second), Msg::Key(KeyPress::parse(key).unwrap()))).collect()
}

fn arrive(app: &mut App, second: i64, name: &str, body: Result<Payload, Fault>) {
    let reading = Reading { source: SourceId::new(name), at: at(second), took: Duration::from_millis(3), body };
    assert!(app.update(at(second), Msg::Arrived(reading)).is_empty());
}

fn signals(second: i64, values: &[(Measure, f64)]) -> Payload {
    let answers = values.iter().map(|(m, v)| (*m, Answer::Known(Number::exact(*v).unwrap()))).collect();
    let about = EngineReport {
        engine: "embedded".to_owned(),
        presets: Vec::new(),
        notes: Vec::new(),
        queries: BTreeMap::from([(Measure::ErrorRate, "sum(rate(x[30s]))".to_owned())]),
        targets: Vec::new(),
        series: (1, 5_000),
        lag: std::time::Duration::ZERO,
    };
    Payload::Signals(Batch {
        points: vec![Points { at: at(second), answers }],
        splits: Vec::new(),
        changes: Vec::new(),
        about: about.into(),
    })
}

fn deploy(version: &str, second: i64, who: &str) -> Change {
    Change {
        id: format!("{version}{who}"),
        kind: ChangeKind::Deploy,
        what: "api".to_owned(),
        service: String::new(),
        version: version.to_owned(),
        who: who.to_owned(),
        environment: "production".to_owned(),
        title: String::new(),
        started: at(second - 60),
        finished: Some(at(second)),
        state: ChangeState::Succeeded,
        link: String::new(),
    }
}

#[test]
fn a_service_breaks_and_the_verdict_says_what_how_bad_since_when_and_what_changed() {
    let mut app = app(&["checkout-api"], Mode::interactive());
    assert_eq!(app.severity(), Severity::Unknown, "unknown is never green");
    arrive(
        &mut app,
        0,
        "log",
        Ok(Payload::Changes(vec![deploy("v2.31.0", -300, "ana"), deploy("v2.30", -9_000, "sam")])),
    );
    for second in (0..60).step_by(5) {
        arrive(&mut app, second, "metrics checkout-api", Ok(signals(second, &[(Measure::ErrorRate, 0.003)])));
    }
    assert_eq!(app.severity(), Severity::Ok);
    for second in (60..80).step_by(5) {
        let values = [(Measure::ErrorRate, 0.452), (Measure::RequestRate, 612.0)];
        arrive(&mut app, second, "metrics checkout-api", Ok(signals(second, &values)));
    }
    let verdict = &app.service().unwrap().verdict;
    assert_eq!(verdict.severity, Severity::Critical);
    assert_eq!(verdict.onset, Some(at(60)));
    assert_eq!(verdict.headline.text(), "Errors 45.2 % of requests (277 of 612 req/s) since 03:01:00.");
    assert_eq!(verdict.context.text(), "Deploy api v2.31.0 finished 6m before.");
    let evidence: Vec<_> = app.checks().iter().map(|check| check.evidence.text()).collect();
    assert_eq!(evidence[1], "yes: 45.2 % errors");
    assert_eq!(evidence[2], "api v2.31.0 6m ago");
    assert!(evidence[3].starts_with("no answer yet"), "{}", evidence[3]);
}

#[test]
fn a_dead_endpoint_is_unknown_with_its_cause_and_leaves_a_gap() {
    let mut app = app(&["checkout-api"], Mode::interactive());
    for second in (0..30).step_by(5) {
        arrive(&mut app, second, "metrics checkout-api", Ok(signals(second, &[(Measure::ErrorRate, 0.9)])));
    }
    assert_eq!(app.severity(), Severity::Critical);
    let refused = || Err(Fault::new(FaultKind::Connect, "connection refused"));
    for second in (30..60).step_by(5) {
        arrive(&mut app, second, "metrics checkout-api", refused());
    }
    let service = app.service().unwrap();
    assert_eq!(service.verdict.severity, Severity::Unknown, "old numbers are not asserted");
    assert_eq!(service.verdict.headline.text(), "No numbers: connection refused, since 03:00:30.");
    let history = &service.signals.track(Measure::ErrorRate).unwrap().history;
    assert_eq!(history.iter().filter(|point| point.number.is_none()).count(), 6);
    let logged = app.log().iter().filter(|line| line.text.contains("connection refused")).count();
    assert_eq!(logged, 1, "a cause is told once");
    arrive(&mut app, 60, "metrics checkout-api", Ok(signals(60, &[(Measure::ErrorRate, 0.0)])));
    assert!(app.log().iter().last().unwrap().text.contains("answers again after 30s"));
}

#[test]
fn a_tick_is_shown_at_once_written_once_and_seen_by_others() {
    let mut mine = app(&["checkout-api"], Mode::interactive());
    let effects = press(&mut mine, 5, "1");
    let [Deed::Append(service, entry)] = &deeds(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(&**service, "checkout-api");
    assert_eq!(mine.checks()[0].by(), Some(("ana", at(5))));
    assert_eq!(mine.countdown(), Some(Duration::from_mins(1)), "the sixty seconds begin with the first key");
    mine.update(at(48), Msg::Second);
    assert_eq!(mine.countdown(), Some(Duration::from_secs(17)));
    mine.update(at(500), Msg::Second);
    assert_eq!(mine.countdown(), Some(Duration::ZERO));

    let mut wall = app(&["checkout-api"], Mode::Wall);
    let news = |entries: Vec<_>| {
        Msg::Journal(JournalNews {
            service: Arc::from("checkout-api"),
            entries,
            replaced: false,
            incident: None,
            pending: 0,
            trouble: None,
        })
    };
    wall.update(at(6), news(vec![entry.clone()]));
    assert!(wall.checks()[0].done());
    mine.update(at(500), news(vec![entry.clone()]));
    assert!(mine.checks()[0].done(), "one's own entry coming back changes nothing");

    let effects = press(&mut mine, 501, "1");
    let [Deed::Append(_, undone)] = &deeds(&effects)[..] else { panic!("{effects:?}") };
    wall.update(at(502), news(vec![undone.clone(), entry.clone()]));
    assert!(!wall.checks()[0].done(), "in any order");
    assert!(press(&mut mine, 503, "9").is_empty(), "there is no ninth item");
}

#[test]
fn the_wall_lets_look_and_leave_alone() {
    for mode in [Mode::Wall, Mode::ReadOnly] {
        let mut app = app(&["checkout-api"], mode);
        for row in sixty::app::KEYS.iter().filter(|row| !row.read_only) {
            let before = app.clone();
            assert!(press(&mut app, 1, row.keys[0]).is_empty());
            assert_eq!((app.navigation(), app.checks()), (before.navigation(), before.checks()), "{}", row.name);
        }
        assert_eq!(press(&mut app, 1, "q"), [Effect::Quit]);
        // There is nothing to choose: the keys are all that can be opened, and the same key closes them.
        let before = app.navigation().clone();
        press(&mut app, 1, "Tab Down Enter Esc r w c e i t I u a n");
        assert_eq!(*app.navigation(), before);
        press(&mut app, 1, "?");
        assert_eq!(app.navigation().page(), Page::Help);
        press(&mut app, 1, "?");
        assert_eq!(app.navigation().page(), Page::Service);
    }
}

/// A pool that is full since second 20, after a deploy; on a service of that name.
fn full_pool() -> App {
    let mut app = app(&["checkout-api"], Mode::interactive());
    let deploys = vec![deploy("v1", -90_000, "ana"), deploy("v2", -300, "ana")];
    arrive(&mut app, 1, "log", Ok(Payload::Changes(deploys)));
    for second in [10, 15, 20, 25, 30, 35] {
        let used = if second < 20 { 20.0 } else { 100.0 };
        let values = [
            (Measure::ErrorRate, if second < 20 { 0.0 } else { 0.4 }),
            (Measure::LatencyP95, 0.1),
            (Measure::PoolUsed, used),
            (Measure::PoolMax, 100.0),
        ];
        arrive(&mut app, second, "metrics checkout-api", Ok(signals(second, &values)));
    }
    app
}

#[test]
fn the_runbook_that_fits_opens_its_steps_are_ticked_and_its_commands_copied() {
    let mut app = full_pool();
    press(&mut app, 30, "r");
    assert_eq!(app.navigation().page(), Page::Runbook);
    let open = app.runbook().unwrap();
    assert_eq!(open.book.key, "db-pool-exhausted");
    assert_eq!(open.because, ["DB pool full", "deploy api v2 finished 5m20s before", "errors 40.0 %"]);
    assert!(open.symptoms.iter().all(Option::is_some));
    assert!(open.steps.iter().any(|step| step.text.contains("Roll back to v1")), "what was live before it");

    let effects = press(&mut app, 31, "2");
    let [Deed::Append(service, entry)] = &deeds(&effects)[..] else { panic!("one entry: {effects:?}") };
    assert_eq!(&**service, "checkout-api");
    assert!(entry.line().contains("runbook:db-pool-exhausted"), "{}", entry.line());
    assert!(app.checks().iter().all(|check| !check.done()), "the checklist is another list");
    assert_eq!(press(&mut app, 31, "Space").len(), 1, "it takes it back");
    assert_eq!(press(&mut app, 31, "Enter").len(), 1, "and ticks it");
    assert!(app.runbook().unwrap().steps[1].done());
    let copied = press(&mut app, 31, "Down y");
    let [Deed::Copy(text)] = &deeds(&copied)[..] else { panic!("a copy: {copied:?}") };
    assert!(text.starts_with("select application_name, state") && text.ends_with("order by 4 desc;"), "{text}");
    let copied = press(&mut app, 31, "Down Down Down Down Down y");
    let [Deed::Copy(text)] = &deeds(&copied)[..] else { panic!("a copy: {copied:?}") };
    assert!(text.contains("'%checkout-api%'"), "what is known is filled in: {text}");

    // The next that fits, and back to the one that was begun.
    press(&mut app, 31, "N");
    let next = app.runbook().unwrap().book.key.clone();
    assert_ne!(next, "db-pool-exhausted");
    press(&mut app, 31, "Esc r");
    assert_eq!(app.runbook().unwrap().book.key, "db-pool-exhausted", "work that was begun goes on");
    assert_eq!(app.navigation().step, 0, "at the first step that is open");
    press(&mut app, 31, "Tab Shift-Tab P N");
    assert_eq!(app.runbook().unwrap().book.key, "db-pool-exhausted");

    // All of them, and one of them.
    press(&mut app, 31, "r");
    assert_eq!(app.navigation().page(), Page::Runbooks);
    let listed: Vec<_> =
        app.listed_runbooks().iter().map(|(book, because)| (book.key.clone(), because.len())).collect();
    assert_eq!(listed[0].0, "db-pool-exhausted");
    assert_eq!(listed.last().unwrap().1, 0, "the last one does not fit");
    press(&mut app, 31, "End Enter");
    assert_eq!(app.navigation().page(), Page::Runbook);
    assert_eq!((&app.runbook().unwrap().book.key, app.runbook().unwrap().place), (&listed.last().unwrap().0, None));
    press(&mut app, 31, "Esc");
    assert_eq!(app.navigation().page(), Page::Service);
}

#[test]
fn the_quick_win_opens_with_its_reason_and_its_command_is_copied() {
    let mut settings = settings(&["checkout-api"], Mode::interactive());
    let rollback = Template::read("kubectl rollout undo deploy/{service}").unwrap();
    settings.commands.set(Action::RollBack, rollback);
    let mut app = App::new(settings, at(0));
    broken_by_a_deploy(&mut app);
    let win = app.service().unwrap().verdict.quick_win.clone().unwrap();
    assert_eq!(win.title, "Roll back api v2.31.0 to v2.30");
    assert!(app.service().unwrap().verdict.aside.text().starts_with("→ Quick win: Roll back api v2.31.0 to v2.30."));
    press(&mut app, 90, "w");
    assert_eq!(app.navigation().page(), Page::QuickWin);
    let copied = press(&mut app, 90, "y");
    assert_eq!(deeds(&copied), [Deed::Copy("kubectl rollout undo deploy/checkout-api".to_owned())]);
    press(&mut app, 90, "w");
    assert_eq!(app.navigation().page(), Page::Service, "the same key goes back");

    // Without a command of the team it is said what to do, and why.
    let mut bare = self::app(&["checkout-api"], Mode::interactive());
    broken_by_a_deploy(&mut bare);
    let copied = press(&mut bare, 90, "w y");
    let [Deed::Copy(text)] = &deeds(&copied)[..] else { panic!("a copy: {copied:?}") };
    assert!(text.starts_with("Roll back api v2.31.0 to v2.30. The deploy is 6m before"), "{text}");
}

#[test]
fn the_suspects_are_gone_through_before_the_other_changes() {
    let mut app = app(&["checkout-api"], Mode::interactive());
    broken_by_a_deploy(&mut app);
    let rows = |app: &App| -> Vec<(Option<usize>, String)> {
        let all = app.changed();
        let name = |one: &Changed<'_>| one.change().map(Change::name).unwrap_or_default();
        let place = |one: &Changed<'_>| match one {
            Changed::Suspect { place, .. } => Some(*place),
            Changed::Other(_) => None,
        };
        all.iter().map(|one| (place(one), name(one))).collect()
    };
    assert_eq!(rows(&app)[0], (Some(1), "api v2.31.0".to_owned()));
    press(&mut app, 90, "c");
    assert_eq!((app.navigation().page(), app.navigation().change), (Page::Changes, 0));
    press(&mut app, 90, "End Down");
    assert_eq!(app.navigation().change, rows(&app).len() - 1, "no further than the last");
    press(&mut app, 90, "Esc Tab Tab");
    assert_eq!(app.navigation().pane, Pane::Changes, "alerts are skipped where nobody tells of them");
    press(&mut app, 90, "g Enter");
    assert_eq!((app.navigation().page(), app.navigation().change), (Page::Changes, 0));
}

#[test]
fn the_verdict_is_a_pane_and_opens_what_it_is_made_from() {
    let mut app = app(&["checkout-api"], Mode::interactive());
    broken_by_a_deploy(&mut app);
    press(&mut app, 90, "Shift-Tab");
    assert_eq!(app.navigation().pane, Pane::Verdict);
    press(&mut app, 90, "Down Enter");
    assert_eq!(app.navigation().page(), Page::Evidence);
    press(&mut app, 90, "Down Down");
    assert_eq!(app.navigation().scroll, 2);
    press(&mut app, 90, "Enter");
    assert_eq!(app.navigation().page(), Page::Service);
    press(&mut app, 90, "e");
    assert_eq!(app.navigation().page(), Page::Evidence, "it has a key of its own");
}

#[test]
fn the_past_is_read_in_parts_and_nothing_is_said_of_now_before() {
    let mut app = app(&["checkout-api"], Mode::interactive());
    let now = 6 * 3_600;
    let points = (0..now / 5).map(|index| {
        let failing = if index * 5 > now - 60 { 0.4 } else { 0.002 };
        let all = [
            (Measure::ErrorRate, failing),
            (Measure::LatencyP95, 0.1),
            (Measure::RequestRate, 600.0),
            (Measure::MemoryUsed, 1e9),
            (Measure::MemoryLimit, 2e9),
        ];
        let answers = all.iter().map(|(m, v)| (*m, Answer::Known(Number::exact(*v).unwrap()))).collect();
        Points { at: at(index * 5), answers }
    });
    let points = points.collect();
    let batch = Batch { points, splits: Vec::new(), changes: Vec::new(), about: Arc::new(EngineReport::default()) };
    arrive(&mut app, now, "metrics checkout-api", Ok(Payload::Signals(batch)));
    assert!(app.is_behind());
    let verdict = &app.service().unwrap().verdict;
    assert_eq!((verdict.severity, verdict.onset), (Severity::Unknown, None));
    assert!(verdict.headline.text().starts_with("Reading the past"), "{}", verdict.headline.text());
    let mut parts = 0;
    while app.is_behind() {
        app.update(at(now), Msg::Behind);
        parts += 1;
        assert!(parts < 20, "it comes to an end");
    }
    let verdict = &app.service().unwrap().verdict;
    assert_eq!((verdict.severity, verdict.onset), (Severity::Critical, Some(at(now - 55))));
}

#[test]
fn the_teams_own_names_of_severities_stand_beside_ours() {
    let mut settings = settings(&["checkout-api"], Mode::interactive());
    settings.severities.set(Severity::Critical, "SEV1");
    let mut app = App::new(settings, at(0));
    broken_by_a_deploy(&mut app);
    let copied = press(&mut app, 90, "y");
    let [Deed::Copy(text)] = &deeds(&copied)[..] else { panic!("a copy: {copied:?}") };
    assert!(text.starts_with("checkout-api prod CRITICAL SEV1 at "), "{text}");
}

/// A service that fails since second 60, six minutes after a deploy.
fn broken_by_a_deploy(app: &mut App) {
    let deploys = vec![deploy("v2.31.0", -300, "ana"), deploy("v2.30", -90_000, "sam")];
    arrive(app, 0, "log", Ok(Payload::Changes(deploys)));
    for second in (0..85).step_by(5) {
        let failing = if second < 60 { 0.003 } else { 0.452 };
        let values = [(Measure::ErrorRate, failing), (Measure::RequestRate, 612.0)];
        arrive(app, second, "metrics checkout-api", Ok(signals(second, &values)));
    }
}

#[test]
fn where_nothing_is_wrong_r_lists_all_runbooks() {
    let mut app = app(&["checkout-api"], Mode::interactive());
    arrive(&mut app, 10, "metrics checkout-api", Ok(signals(10, &[(Measure::ErrorRate, 0.0)])));
    press(&mut app, 11, "r");
    assert_eq!(app.navigation().page(), Page::Runbooks);
    assert!(app.listed_runbooks().iter().all(|(_, because)| because.is_empty()));
    press(&mut app, 12, "Down Enter");
    let second = app.listed_runbooks()[1].0.key.clone();
    assert_eq!(app.runbook().map(|open| open.book.key.clone()), Some(second));
    press(&mut app, 13, "N");
    assert_eq!(app.remark(), Some("no other runbook fits"));
    press(&mut app, 14, "r r");
    assert_eq!(app.navigation().page(), Page::Runbook, "the same key goes back from the list");
}

#[test]
fn in_the_list_of_services_r_is_about_the_chosen_one() {
    let mut app = app(&["cart", "checkout-api"], Mode::interactive());
    for second in [10, 15, 20] {
        arrive(&mut app, second, "metrics cart", Ok(signals(second, &[(Measure::ErrorRate, 0.0)])));
        let full = [(Measure::MemoryUsed, 99.0), (Measure::MemoryLimit, 100.0)];
        arrive(&mut app, second, "metrics checkout-api", Ok(signals(second, &full)));
    }
    assert_eq!(app.navigation().page(), Page::Overview);
    press(&mut app, 21, "r");
    assert_eq!(&*app.service().unwrap().name, "checkout-api");
    assert_eq!(app.runbook().map(|open| open.book.key.as_str()), Some("memory-leak"));
    press(&mut app, 22, "Esc");
    assert_eq!(app.navigation().page(), Page::Overview);
}

#[test]
fn the_teams_runbook_wins_and_what_is_not_understood_is_told() {
    let file = |name: &str, text: &str| sixty::triage::runbook::TeamFile {
        shown: format!("books/{name}.md"),
        name: name.to_owned(),
        text: Ok(text.to_owned()),
    };
    let ours = "---\ntitle: Ours\nsymptoms: [db_pool > 95%]\nsuspects: [pool, deploy]\n---\n## Fix\n- [ ] Call ana\n";
    let files = [file("db-pool-exhausted", ours), file("disk-full", "---\ntitle: x\nsymptoms: [dsk > 1]\n---\n")];
    let mut settings = settings(&["checkout-api"], Mode::interactive());
    settings.runbooks = Arc::new(sixty::triage::runbook::Library::shipped().with(&files));
    let app = App::new(settings, at(0));
    let told: Vec<_> = logged(&app);
    assert_eq!(
        told,
        [
            "runbook: books/disk-full.md:3:12: `dsk` is no signal; did you mean `disk`?",
            "runbook: books/disk-full.md:4:1: there is no step: write `- [ ] What to look at` below `## Investigate`",
        ]
    );
    assert!(app.settings().runbooks.get("db-pool-exhausted").unwrap().is_own);
    assert!(!app.settings().runbooks.get("disk-full").unwrap().is_own);
}

#[test]
fn panes_open_and_close_and_the_axis_moves_into_the_past_and_back() {
    let mut app = app(&["checkout-api"], Mode::interactive());
    for second in (0..600).step_by(5) {
        arrive(&mut app, second, "metrics checkout-api", Ok(signals(second, &[(Measure::RequestRate, 10.0)])));
    }
    assert_eq!(app.window(), Duration::from_mins(10), "the axis grows with what is known");
    press(&mut app, 600, "Tab Enter");
    assert_eq!(app.navigation().page(), Page::Signal(sixty::facts::Signal::RequestRate));
    assert_eq!(press(&mut app, 600, "Esc Tab"), []);
    assert_eq!((app.navigation().page(), app.navigation().pane), (Page::Service, Pane::Changes));
    press(&mut app, 600, "[");
    assert_eq!(app.axis().1, at(600) - TimeDelta::seconds(200));
    press(&mut app, 601, "] ]");
    assert_eq!(app.navigation().end, None, "never beyond now");
    press(&mut app, 602, "- [ 0");
    assert_eq!((app.axis().1, app.window()), (at(602), Duration::from_mins(15)));
    assert!(matches!(&deeds(&press(&mut app, 602, "y"))[..], [Deed::Copy(text)] if text.contains("checkout-api")));
    assert!(matches!(press(&mut app, 602, "R").as_slice(), [Effect::Poll(ids)] if ids.len() == 3));
    assert_eq!(press(&mut app, 602, "Ctrl-Z"), [Effect::Suspend]);
}

#[test]
fn several_services_are_listed_worst_first() {
    let mut app = app(&["web", "api", "jobs"], Mode::interactive());
    assert_eq!(app.navigation().page(), Page::Overview);
    for second in [0, 5, 10] {
        arrive(&mut app, second, "metrics web", Ok(signals(second, &[(Measure::ErrorRate, 0.0)])));
        arrive(&mut app, second, "metrics jobs", Ok(signals(second, &[(Measure::ErrorRate, 0.5)])));
    }
    assert_eq!(app.worst_first(), [2, 1, 0], "critical, unknown, ok");
    press(&mut app, 11, "Enter");
    assert_eq!(&*app.service().unwrap().name, "jobs");
    press(&mut app, 11, "N");
    assert_eq!(&*app.service().unwrap().name, "web");
    press(&mut app, 11, "s");
    assert_eq!(app.navigation().page(), Page::Overview);
}

#[test]
fn a_vendor_that_stopped_answering_is_unknown_and_not_green() {
    let mut app = app(&["web"], Mode::interactive());
    let fine = ProviderStatus {
        level: Level::Operational,
        summary: String::new(),
        components: Vec::new(),
        notices: Vec::new(),
        since: None,
        page_updated: None,
    };
    arrive(&mut app, 0, "status Stripe", Ok(Payload::Status(fine)));
    assert_eq!(app.vendors()[0].level(), Level::Operational);
    arrive(&mut app, 60, "status Stripe", Ok(Payload::Unchanged));
    app.update(at(120), Msg::Second);
    assert_eq!(app.vendors()[0].level(), Level::Operational, "a 304 is a fresh answer");
    arrive(&mut app, 130, "status Stripe", Err(Fault::new(FaultKind::Timeout, "no answer within 10 s")));
    app.update(at(400), Msg::Second);
    assert_eq!(app.vendors()[0].level(), Level::Unknown);
    assert!(app.service().unwrap().verdict.aside.text().contains("Not checked: Stripe (timeout)."));
}

#[test]
fn a_deploy_that_two_sources_tell_is_one_deploy_with_its_author() {
    let mut app = app(&["web"], Mode::interactive());
    let mut seen = deploy("2.31.0", 5, "");
    seen.id = "metrics".to_owned();
    let Payload::Signals(mut batch) = signals(5, &[(Measure::ErrorRate, 0.0)]) else { unreachable!() };
    batch.changes = vec![seen];
    arrive(&mut app, 5, "metrics web", Ok(Payload::Signals(batch)));
    arrive(&mut app, 6, "log", Ok(Payload::Changes(vec![deploy("v2.31.0", 0, "ana")])));
    let names: Vec<_> = app.changes().iter().map(|change| change.who.as_str()).collect();
    assert_eq!(names, ["ana"]);
}

/// The metrics know for certain which service took a version, and the log knows who brought it.
#[test]
fn a_deploy_that_is_told_twice_keeps_what_either_knows() {
    let seen = |service: &str, second: i64| {
        let service = service.to_owned();
        Change { service: service.clone(), what: service, title: String::new(), ..deploy("v7", second, "") }
    };
    let told =
        |what: &str, second: i64| Change { id: what.to_owned(), what: what.to_owned(), ..deploy("v7", second, "ana") };
    let services_of = |logged: Vec<Change>, observed: &[(&str, i64)]| {
        let mut app = app(&["web", "mails"], Mode::interactive());
        arrive(&mut app, 6, "log", Ok(Payload::Changes(logged)));
        for (service, second) in observed {
            let Payload::Signals(mut batch) = signals(7, &[(Measure::ErrorRate, 0.0)]) else { unreachable!() };
            batch.changes = vec![seen(service, *second)];
            arrive(&mut app, 7, &format!("metrics {service}"), Ok(Payload::Signals(batch)));
        }
        let mut all: Vec<_> = app.changes().iter().map(|one| format!("{} of {}", one.what, one.service)).collect();
        all.sort();
        all
    };
    assert_eq!(services_of(vec![told("frontend", 0)], &[("web", 5)]), ["frontend of web"]);
    // Two services take the same version at once, and the names tell them apart, in whatever order they are seen.
    let two = || vec![told("web", 0), told("mails", 2)];
    assert_eq!(services_of(two(), &[("mails", 5), ("web", 9)]), ["mails of mails", "web of web"]);
    // No name tells them apart: then nobody says which is which.
    let two = || vec![told("x", 0), told("y", 2)];
    assert_eq!(services_of(two(), &[("web", 5)]), ["x of ", "y of "]);
}

fn alert(name: &str, severity: &str, second: i64, labels: &[(&str, &str)]) -> Alert {
    Alert {
        name: name.to_owned(),
        state: AlertState::Firing,
        since: Some(at(second)),
        urgency: Urgency::of(severity),
        severity: severity.to_owned(),
        service: String::new(),
        summary: String::new(),
        description: String::new(),
        runbook: String::new(),
        labels: labels.iter().copied().collect(),
        value: None,
    }
}

fn says(app: &mut App, second: i64, alerts: Vec<Alert>) {
    let said = Alerting { alerts, rules: Some(9), ..Alerting::default() };
    arrive(app, second, "alerts prod", Ok(Payload::Alerts(said)));
}

fn logged(app: &App) -> Vec<String> {
    app.log().iter().map(|line| line.text.clone()).collect()
}

#[test]
fn an_alert_begins_to_fire_is_seen_and_ends() {
    let mut app = alerted(&["shop"]);
    assert_eq!(app.alerts_known(), AlertsKnown::Never);
    says(&mut app, 0, vec![alert("Watchdog", "none", -900, &[])]);
    assert_eq!((app.firing(None), app.alerts_known()), (0, AlertsKnown::Fresh(Duration::ZERO)));
    assert_eq!(logged(&app), Vec::<String>::new(), "what is meant for machines is no news");
    assert_eq!(app.checks()[0].evidence.text(), "see your pager; tick here");

    let errors = || alert("Errors", "page", 10, &[("service", "shop"), ("zone", "a")]);
    says(&mut app, 15, vec![alert("Watchdog", "none", -900, &[]), errors()]);
    assert_eq!(app.firing(Some("shop")), 1);
    assert_eq!(logged(&app), ["Errors: fires (page) service=shop zone=a"]);
    assert_eq!(app.checks()[0].evidence.text(), "Errors fires for 5s");
    says(&mut app, 30, vec![errors()]);
    assert_eq!(logged(&app).len(), 1, "told once");
    assert_eq!(app.severity(), Severity::Unknown, "rules of others are no part of the verdict");

    says(&mut app, 70, vec![]);
    assert_eq!(app.firing(None), 0);
    assert_eq!(logged(&app)[1], "Errors: ended after 1m service=shop zone=a");
}

#[test]
fn an_alert_is_given_to_the_service_that_it_names() {
    let mut app = alerted(&["shop", "search"]);
    says(
        &mut app,
        0,
        vec![
            alert("OfShop", "warning", 1, &[("service", "shop"), ("job", "search")]),
            alert("OfSearch", "warning", 2, &[("job", "search")]),
            alert("OfNobody", "warning", 3, &[("job", "node"), ("instance", "10.0.0.1")]),
            alert("OfOthers", "critical", 4, &[("service", "billing")]),
        ],
    );
    let of =
        |app: &App, service: &str| app.alerts_of(service).iter().map(|one| one.alert.name.clone()).collect::<Vec<_>>();
    assert_eq!(of(&app, "shop"), ["OfShop", "OfNobody"], "one's own before nobody's");
    assert_eq!(of(&app, "search"), ["OfSearch", "OfNobody"]);
    let all: Vec<_> = app.listed_alerts().iter().map(|one| one.alert.name.as_str()).collect();
    assert_eq!(all, ["OfOthers", "OfShop", "OfSearch", "OfNobody"], "from the overview: by urgency");
    press(&mut app, 1, "Enter");
    let all: Vec<_> = app.listed_alerts().iter().map(|one| one.alert.name.clone()).collect();
    assert_eq!(all, ["OfShop", "OfNobody", "OfOthers", "OfSearch"], "what concerns the service first");
}

#[test]
fn many_alerts_of_one_rule_are_one_row_and_keys_step_over_them() {
    let mut app = alerted(&["shop"]);
    let pod = |second: i64, name: &str| alert("PodSlow", "warning", second, &[("service", "shop"), ("pod", name)]);
    let mut runbook = alert("Errors", "warning", 2, &[("service", "shop")]);
    runbook.runbook = String::from("https://runbooks.example/errors");
    says(&mut app, 10, vec![pod(1, "a"), runbook, pod(3, "b"), pod(4, "c")]);
    assert_eq!(app.alert_groups("shop"), [(0, 3), (3, 1)], "together, at the place of the oldest");
    press(&mut app, 11, "Tab Tab");
    assert_eq!(app.navigation().pane, Pane::Alerts);
    press(&mut app, 11, "j");
    assert_eq!(app.navigation().alert, 3);
    press(&mut app, 11, "Enter");
    assert_eq!(app.navigation().page(), Page::Alerts);
    let copied = |app: &mut App| match press(app, 12, "y").as_slice() {
        [effect] => match effect.deed() {
            Some(Deed::Copy(text)) => text.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(copied(&mut app), "https://runbooks.example/errors");
    press(&mut app, 12, "k");
    assert!(copied(&mut app).starts_with("PodSlow firing since 2027-01-15 08:00:04 UTC\n"), "{}", copied(&mut app));
    press(&mut app, 12, "A");
    assert_eq!(app.navigation().page(), Page::Service, "the same key goes back");

    let mut without = self::app(&["shop"], Mode::interactive());
    press(&mut without, 1, "Tab Tab");
    assert_eq!(without.navigation().pane, Pane::Changes, "there is no pane that nobody fills");
}

#[test]
fn alerts_of_a_server_that_is_away_grow_old_and_are_not_called_over() {
    let mut app = alerted(&["shop"]);
    says(&mut app, 0, vec![alert("Errors", "page", -60, &[("service", "shop")])]);
    assert_eq!(logged(&app), ["alerts prod: 1 alert fires"], "what fired before we looked did not begin now");
    arrive(&mut app, 15, "alerts prod", Err(Fault::new(FaultKind::Connect, "connection refused")));
    assert_eq!(app.alerts_known(), AlertsKnown::Fresh(Duration::from_secs(15)));
    app.update(at(120), Msg::Second);
    assert_eq!(app.alerts_known(), AlertsKnown::Old(Duration::from_mins(2)));
    assert_eq!(app.firing(Some("shop")), 1, "kept, with its age");
    assert_eq!(app.checks()[0].evidence.text(), "see your pager; tick here", "old news call nobody");
    let aside = app.service().unwrap().verdict.aside.text();
    assert!(aside.contains("alerts prod (no connection)"), "{aside}");
    says(&mut app, 130, vec![]);
    assert!(logged(&app).iter().any(|line| line.starts_with("Errors: ended after")));
}

#[test]
fn a_storm_does_not_push_everything_out_of_the_log() {
    let mut app = alerted(&["shop"]);
    says(&mut app, 0, vec![]);
    let storm = |count: i64| (0..count).map(|n| alert("Down", "page", n, &[("n", &n.to_string())])).collect::<Vec<_>>();
    says(&mut app, 15, storm(400));
    assert_eq!(logged(&app).len(), 11);
    assert_eq!(logged(&app)[10], "alerts prod: 390 more alerts fire");
    // Some are left out now: whether they ended cannot be told.
    let said = Alerting { alerts: storm(10), left_out: 9_000, rules: Some(9), ..Alerting::default() };
    arrive(&mut app, 30, "alerts prod", Ok(Payload::Alerts(said)));
    assert_eq!(logged(&app).len(), 11);
}

#[test]
fn broken_rules_are_told_and_copied() {
    let mut app = alerted(&["shop"]);
    let broken = BrokenRule {
        name: "Stuck".to_owned(),
        records: false,
        group: "shop".to_owned(),
        file: "shop.yml".to_owned(),
        query: "up * on (x) up".to_owned(),
        error: "many-to-many".to_owned(),
        evaluated: Some(at(0)),
    };
    let said = |broken: Vec<BrokenRule>| Alerting { broken, rules: Some(3), ..Alerting::default() };
    arrive(&mut app, 0, "alerts prod", Ok(Payload::Alerts(said(vec![broken]))));
    press(&mut app, 1, "A G");
    assert_eq!(deeds(&press(&mut app, 1, "y")), [Deed::Copy("Stuck (shop): many-to-many\nup * on (x) up".to_owned())]);
    arrive(&mut app, 15, "alerts prod", Ok(Payload::Alerts(said(vec![]))));
    let words = ["alerts prod: 1 rule cannot be evaluated", "alerts prod: every rule can be evaluated again"];
    assert_eq!(logged(&app), words);
}
