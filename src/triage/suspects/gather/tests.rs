//! What becomes a candidate, and what comes first, by tables. The onset is second 0 unless a row says otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Answer;
use crate::facts::At;
use crate::facts::Batch;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::Component;
use crate::facts::EngineReport;
use crate::facts::Level;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::Part;
use crate::facts::Points;
use crate::facts::ProviderStatus;
use crate::facts::Split;
use crate::facts::Zone;
use crate::signals::ServiceSignals;
use crate::triage::Vendor;
use crate::triage::suspects::Around;
use crate::triage::suspects::CallGraph;
use crate::triage::suspects::Climb;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Known;
use crate::triage::suspects::Place;
use crate::triage::suspects::Ranking;
use crate::triage::suspects::Role;
use crate::triage::suspects::suspects;

/// So many seconds from 08:19:30, which is no round time, so that the clock says nothing.
fn at(second: i64) -> At {
    crate::triage::suspects::tests::at(ONSET + second)
}

/// In seconds after 08:00:00.
const ONSET: i64 = 1_170;

/// A change that ends at that second.
fn change(kind: ChangeKind, what: &str, version: &str, second: i64) -> Change {
    Change {
        id: format!("{what} {version} {second}"),
        kind,
        what: what.into(),
        service: String::new(),
        version: version.into(),
        who: String::new(),
        environment: String::new(),
        title: String::new(),
        started: at(second - 60),
        finished: Some(at(second)),
        state: ChangeState::Succeeded,
        link: String::new(),
    }
}

fn deploy(what: &str, version: &str, second: i64) -> Change {
    change(ChangeKind::Deploy, what, version, second)
}

/// One value per measure and instant, from a function of the seconds since the onset; every 30 s from an hour before
/// to five minutes after.
type Curve = (Measure, fn(i64) -> f64);

fn signals(curves: &[Curve], splits: Vec<Split>) -> ServiceSignals {
    let mut signals = ServiceSignals::new(Duration::from_secs(30), Duration::from_hours(6));
    let points = (-120..=10)
        .map(|index: i64| {
            let known = |value| Number::exact(value).map_or(Answer::NoTraffic, Answer::Known);
            let answers: BTreeMap<_, _> =
                curves.iter().map(|(measure, curve)| (*measure, known(curve(index * 30)))).collect();
            Points { at: at(index * 30), answers }
        })
        .collect();
    signals.take(&Batch { points, splits, changes: Vec::new(), about: Arc::new(EngineReport::default()) });
    signals
}

/// What a test says of the world; everything else is quiet.
struct World {
    changes: Vec<Change>,
    vendors: Vec<Vendor>,
    curves: Vec<Curve>,
    splits: Vec<Split>,
    /// Of the memory, or of the pool where there is one.
    climb: Option<i64>,
    troubles: Vec<(At, At)>,
    onset: At,
}

impl Default for World {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            vendors: Vec::new(),
            curves: Vec::new(),
            splits: Vec::new(),
            climb: None,
            troubles: Vec::new(),
            onset: at(0),
        }
    }
}

impl World {
    fn ranking(self) -> Ranking {
        let signals = signals(&self.curves, self.splits);
        let names: Vec<Arc<str>> = ["api", "web"].map(Arc::from).to_vec();
        let services = [
            Known { name: &names[0], aliases: &[], signals: Some(&signals) },
            Known { name: &names[1], aliases: &[], signals: None },
        ];
        let pool = signals.track(Measure::PoolUsed).is_some();
        let measure = if pool { Measure::PoolUsed } else { Measure::MemoryUsed };
        let climb = self.climb.map(|second| Climb {
            measure,
            at: at(second),
            within: Duration::from_secs(300),
            before: None,
            led: true,
        });
        let around = Around {
            at: self.onset + chrono::TimeDelta::minutes(5),
            onset: (self.onset, Duration::from_secs(15)),
            climb,
            zone: &Zone::utc(),
            about: "api",
            services: &services,
            changes: &self.changes,
            reach: Some(Duration::from_hours(24)),
            vendors: &self.vendors,
            troubles: &self.troubles,
        };
        suspects(&around, &[], &CallGraph::new())
    }
}

fn vendor(level: Level, since: Option<i64>) -> Vendor {
    let component = Component { name: "Card payments".into(), level, word: String::new() };
    let status = ProviderStatus {
        level,
        summary: String::new(),
        components: vec![component],
        notices: Vec::new(),
        since: since.map(at),
        page_updated: None,
    };
    Vendor { name: "paygate".into(), status: Some(status) }
}

fn split(measure: Measure, label: &str, parts: &[(&str, f64, f64)]) -> Split {
    let part = |(name, value, share): &(&str, f64, f64)| Part { name: (*name).into(), value: *value, share: *share };
    Split { measure, label: label.into(), at: at(300), parts: parts.iter().map(part).collect(), count: parts.len() }
}

fn first(ranking: &Ranking) -> (Option<Kind>, &str) {
    ranking.first().map_or((None, "nothing fits"), |one| (Some(one.candidate.kind), &one.candidate.name))
}

/// A world, and what comes first in it.
type Story = (&'static str, World, Kind, &'static str);

const FULL_POOL: [Curve; 3] = [
    (Measure::PoolUsed, |t| if t < 0 { 20.0 } else { 100.0 }),
    (Measure::PoolMax, |_| 100.0),
    (Measure::PoolWaiting, |t| if t < 0 { 0.0 } else { 214.0 }),
];
const STEADY: Curve = (Measure::RequestRate, |_| 600.0);
const LOOPS: Curve = (Measure::RequestRate, |t| if t < -30 { 5.0 } else { 5_000.0 });
const FAILING: Curve = (Measure::CallErrors, |t| if t < 0 { 0.001 } else { 0.6 });
const FINE: Curve = (Measure::CallErrors, |_| 0.001);

fn stories_of_changes_and_jobs() -> Vec<Story> {
    vec![
        (
            "N+1, five minutes after a deploy",
            World { changes: vec![deploy("api", "v2", -300)], curves: FULL_POOL.to_vec(), ..World::default() },
            Kind::Deploy,
            "api v2",
        ),
        (
            "connection leak, six hours after a deploy",
            World {
                changes: vec![deploy("api", "v2", -21_700), deploy("web", "v9", -1_200)],
                curves: FULL_POOL.to_vec(),
                climb: Some(-21_600),
                ..World::default()
            },
            Kind::Deploy,
            "api v2",
        ),
        (
            "nightly backup that locks a table",
            World {
                changes: vec![Change {
                    started: at(-10),
                    finished: None,
                    state: ChangeState::Running,
                    ..change(ChangeKind::Job, "backup", "", 0)
                }],
                curves: vec![
                    (Measure::DbLocked, |t| if t < 0 { 0.0 } else { 12.0 }),
                    (Measure::DbLatency, |t| if t < 0 { 0.02 } else { 4.0 }),
                ],
                ..World::default()
            },
            Kind::Job,
            "backup",
        ),
        (
            "file-name case: 404s after a release",
            World {
                changes: vec![deploy("api", "v2", -60)],
                curves: vec![(Measure::NotFound, |t| if t < 0 { 0.004 } else { 0.3 })],
                splits: vec![split(Measure::NotFound, "http_route", &[("/static", 0.9, 0.3), ("/", 0.0, 0.7)])],
                ..World::default()
            },
            Kind::Deploy,
            "api v2",
        ),
        (
            "config changed in production only",
            World {
                changes: vec![
                    Change {
                        service: "api".into(),
                        environment: "production".into(),
                        ..change(ChangeKind::Config, "timeout", "", -45)
                    },
                    Change { environment: "staging".into(), ..deploy("api", "v3", -40) },
                ],
                ..World::default()
            },
            Kind::Config,
            "timeout",
        ),
    ]
}

fn stories_of_the_outside() -> Vec<Story> {
    vec![
        (
            "payment vendor down, told four minutes late",
            World {
                changes: vec![deploy("api", "v2", -5_000)],
                vendors: vec![vendor(Level::MajorOutage, Some(240))],
                curves: vec![FAILING],
                ..World::default()
            },
            Kind::Provider,
            "paygate: major outage",
        ),
        (
            "payment vendor down, and an innocent deploy",
            World {
                changes: vec![deploy("web", "v9", -420)],
                vendors: vec![vendor(Level::PartialOutage, Some(-60))],
                curves: vec![FAILING],
                ..World::default()
            },
            Kind::Provider,
            "paygate: partial outage",
        ),
        (
            "payment vendor down, not told yet, and a deploy of ours some minutes before",
            World { changes: vec![deploy("api", "v2", -200)], curves: vec![FAILING], ..World::default() },
            Kind::Calls,
            "60.0 % of the calls of api fail",
        ),
        (
            "a vendor in trouble that we do not call",
            World {
                changes: vec![deploy("api", "v2", -120)],
                vendors: vec![vendor(Level::MajorOutage, Some(-3_000))],
                curves: vec![FINE],
                ..World::default()
            },
            Kind::Deploy,
            "api v2",
        ),
        (
            "rate limited by a vendor",
            World {
                changes: vec![deploy("web", "v9", -1_500)],
                curves: vec![(Measure::CallsLimited, |t| if t < 0 { 0.0 } else { 0.4 })],
                ..World::default()
            },
            Kind::RateLimited,
            "api is answered 429 to 40.0 % of its calls",
        ),
        (
            "slow queries fill the pool",
            World {
                changes: vec![deploy("web", "v9", -9_000)],
                curves: vec![
                    (Measure::DbLatency, |t| if t < 0 { 0.01 } else { 2.0 }),
                    (Measure::PoolUsed, |t| if t < 0 { 8.0 } else { 40.0 }),
                    (Measure::PoolMax, |_| 40.0),
                ],
                ..World::default()
            },
            Kind::Database,
            "database p95 2.00 s",
        ),
    ]
}

fn stories_of_what_the_measures_show() -> Vec<Story> {
    vec![
        (
            "webhook loop",
            World { changes: vec![deploy("api", "v2", -7_200)], curves: vec![LOOPS], ..World::default() },
            Kind::Loop,
            "api requests 1000 times usual",
        ),
        (
            "memory that climbs, and nothing changed",
            World {
                changes: vec![deploy("web", "v9", -9_000)],
                curves: vec![(Measure::MemoryUsed, |t| 1.0e9 + t as f64 * 1.0e5), (Measure::MemoryLimit, |_| 2.0e9)],
                climb: Some(-3_600),
                ..World::default()
            },
            Kind::Memory,
            "api memory climbs",
        ),
        (
            "disk full",
            World { curves: vec![(Measure::Disk, |t| if t < 0 { 0.97 } else { 1.0 })], ..World::default() },
            Kind::Disk,
            "api disk 100 %",
        ),
        (
            "one instance of three is bad, and a deploy that is live everywhere",
            World {
                changes: vec![deploy("api", "v2", -400)],
                splits: vec![split(
                    Measure::ErrorRate,
                    "instance",
                    &[("api-3:80", 0.9, 0.33), ("api-1:80", 0.001, 0.33), ("api-2:80", 0.0, 0.34)],
                )],
                curves: vec![STEADY],
                ..World::default()
            },
            Kind::Instance,
            "api-3:80 of api, 1 of 3",
        ),
        (
            "real users surge",
            World {
                changes: vec![deploy("web", "v9", -2_400)],
                curves: vec![
                    (Measure::RequestRate, |t| if t < -60 { 600.0 } else { 2_400.0 }),
                    FULL_POOL[0],
                    FULL_POOL[1],
                ],
                ..World::default()
            },
            Kind::Surge,
            "api requests 4.0 times usual",
        ),
        (
            "unbounded cache, killed for its memory",
            World {
                curves: vec![
                    (Measure::MemoryUsed, |t| if t < 0 { 2.0e9 * (1.0 + t as f64 / 40_000.0) } else { 0.5e9 }),
                    (Measure::MemoryLimit, |_| 2.0e9),
                    (Measure::Started, |t| if t < 0 { 1.0 } else { 1_800_001_170.0 }),
                ],
                ..World::default()
            },
            Kind::Restart,
            "api restarted",
        ),
        (
            "the same where no process tells when it began",
            World {
                curves: vec![
                    (Measure::MemoryUsed, |t| if t < 0 { 2.0e9 * (1.0 + t as f64 / 40_000.0) } else { 0.5e9 }),
                    (Measure::MemoryLimit, |_| 2.0e9),
                    (Measure::Resets, |t| if (0..60).contains(&t) { 12.0 } else { 0.0 }),
                ],
                ..World::default()
            },
            Kind::Restart,
            "api restarted",
        ),
    ]
}

#[test]
fn the_stories_of_the_guides() {
    let stories = [stories_of_changes_and_jobs(), stories_of_the_outside(), stories_of_what_the_measures_show()]
        .into_iter()
        .flatten();
    for (story, world, kind, name) in stories {
        let ranking = world.ranking();
        assert_eq!(first(&ranking), (Some(kind), name), "{story}: {ranking:#?}");
    }
}

#[test]
fn nothing_near_is_an_answer() {
    for (what, world) in [
        ("nothing at all", World::default()),
        (
            "a deploy of another service, hours ago",
            World { changes: vec![deploy("web", "v9", -9_000)], ..World::default() },
        ),
        ("a deploy of ours, hours ago", World { changes: vec![deploy("api", "v2", -9_000)], ..World::default() }),
        ("a deploy after it", World { changes: vec![deploy("api", "v2", 240)], ..World::default() }),
        ("a note", World { changes: vec![change(ChangeKind::Note, "lunch", "", -30)], ..World::default() }),
        ("steady traffic", World { curves: vec![(Measure::RequestRate, |_| 600.0)], ..World::default() }),
    ] {
        let ranking = world.ranking();
        assert_eq!(first(&ranking), (None, "nothing fits"), "{what}: {ranking:#?}");
    }
}

#[test]
fn what_follows_from_the_trouble_is_told_apart() {
    let late_surge: Curve = (Measure::RequestRate, |t| if t < 90 { 600.0 } else { 1_500.0 });
    let ranking =
        World { curves: vec![late_surge], changes: vec![deploy("api", "v2", -200)], ..World::default() }.ranking();
    assert_eq!(first(&ranking), (Some(Kind::Deploy), "api v2"));
    assert_eq!(ranking.suspects[1].candidate.role, Role::Mechanism);
    assert!(ranking.suspects[1].against.iter().any(|words| words.contains("retries")), "{ranking:#?}");

    let gone: Curve = (Measure::RequestRate, |t| if t < 90 { 600.0 } else { 100.0 });
    let ranking = World { curves: vec![gone], changes: vec![deploy("api", "v2", -200)], ..World::default() }.ranking();
    assert_eq!(first(&ranking), (Some(Kind::Deploy), "api v2"));
    assert_eq!(ranking.suspects[1].candidate.kind, Kind::Drop);
    assert!(ranking.suspects[1].against.iter().any(|words| words.contains("people go away")), "{ranking:#?}");
}

#[test]
fn a_restart_with_a_deploy_belongs_to_it() {
    // The process began at 08:19:00, which is second -30.
    let started: Curve = (Measure::Started, |t| if t < -30 { 1.0 } else { 1_800_001_140.0 });
    let ranking =
        World { curves: vec![started], changes: vec![deploy("api", "v2", -25)], ..World::default() }.ranking();
    assert_eq!(ranking.suspects.len(), 1, "{ranking:#?}");
    assert!(ranking.suspects[0].supports.iter().any(|words| words == "processes of api began anew with it"));
    let ranking = World { curves: vec![started], ..World::default() }.ranking();
    assert_eq!(first(&ranking), (Some(Kind::Restart), "api restarted"));
    assert_eq!(ranking.suspects[0].before, chrono::TimeDelta::seconds(30));
}

#[test]
fn a_rollout_that_was_going_on_counts_from_its_start() {
    let rollout = Change { started: at(-90), finished: Some(at(200)), ..deploy("api", "v2", 0) };
    let ranking = World { changes: vec![rollout], ..World::default() }.ranking();
    let one = ranking.first().unwrap();
    assert_eq!(one.before, chrono::TimeDelta::seconds(90));
    assert!(one.supports.contains(&"it began while this was rolled out".to_owned()), "{one:#?}");
}

#[test]
fn versions_before_and_states_are_told() {
    let changes = vec![
        deploy("api", "v1", -80_000),
        Change { state: ChangeState::Failed, ..deploy("api", "v1.5", -50_000) },
        deploy("web", "v7", -40_000),
        deploy("api", "v2", -30),
        Change { state: ChangeState::RolledBack, ..deploy("api", "v1.9", -600) },
    ];
    let ranking = World { changes, ..World::default() }.ranking();
    let told: Vec<_> = ranking
        .suspects
        .iter()
        .map(|one| (one.candidate.version.as_str(), one.candidate.previous.as_str(), one.against.join("; ")))
        .collect();
    assert_eq!((told[0].0, told[0].1), ("v2", "v1"));
    let back = told.iter().find(|one| one.0 == "v1.9").unwrap();
    assert!(back.2.contains("it was rolled back"), "{back:?}");
}

#[test]
fn a_job_that_ran_every_night_is_routine_unless_it_hurt_then_too() {
    let day = 86_400;
    let run = |nights: i64| Change {
        started: at(-20 - nights * day),
        finished: Some(at(300 - nights * day)),
        ..change(ChangeKind::Job, "report", "", -nights)
    };
    let changes: Vec<_> = (0..5).map(run).collect();
    let quiet = World { changes: changes.clone(), ..World::default() }.ranking();
    let weight = |ranking: &Ranking| ranking.suspects[0].candidate.weight;
    assert!(weight(&quiet) < 0.1, "{quiet:#?}");
    assert!(quiet.suspects[0].against.contains(&"ran at this time 4 times before without trouble".to_owned()));
    let troubles = (1..5).map(|night| (at(-night * day), at(400 - night * day))).collect();
    let hurt = World { changes, troubles, ..World::default() }.ranking();
    assert!(weight(&hurt) > 1.0, "{hurt:#?}");
    assert!(hurt.suspects[0].supports.contains(&"trouble came with 4 of its 4 earlier runs at this time".to_owned()));
}

#[test]
fn round_times_are_noticed_when_nothing_else_is() {
    let midnight = at(16 * 3_600 - ONSET);
    let soon = midnight + chrono::TimeDelta::seconds(20);
    let ranking = World { onset: soon, ..World::default() }.ranking();
    assert_eq!(first(&ranking), (Some(Kind::Clock), "midnight UTC"));
    assert_eq!(ranking.suspects[0].supports, ["began 20s before"]);
    let changes = vec![deploy("api", "v2", 16 * 3_600 - ONSET - 60)];
    let ranking = World { onset: soon, changes, ..World::default() }.ranking();
    assert_eq!(first(&ranking), (Some(Kind::Deploy), "api v2"));
    // A full hour alone is chance.
    let ranking = World { onset: at(10 - ONSET), ..World::default() }.ranking();
    assert_eq!(ranking.suspects[0].candidate.name, "08:00");
    assert!(!ranking.fits);
}

#[test]
fn places_follow_names() {
    let changes = vec![
        Change { service: "WEB".into(), ..change(ChangeKind::Flag, "new-cart", "", -30) },
        change(ChangeKind::Flag, "other", "", -30),
        deploy("api-server", "v2", -30),
        deploy("billing", "v2", -30),
    ];
    let ranking = World { changes, ..World::default() }.ranking();
    let place = |name: &str| {
        let one = ranking.suspects.iter().find(|one| one.candidate.name.starts_with(name)).unwrap();
        one.candidate.place.service().map(str::to_owned)
    };
    for (name, expected) in
        [("new-cart", Some("web")), ("other", None), ("api-server", Some("api")), ("billing", Some("billing"))]
    {
        assert_eq!(place(name).as_deref(), expected, "{name}");
    }
    assert!(ranking.suspects.iter().any(|one| one.candidate.place == Place::Unknown));
}

#[test]
fn one_bad_instance_with_a_deploy_is_its_first_one() {
    let bad = || vec![split(Measure::ErrorRate, "instance", &[("a:1", 0.7, 0.2), ("b:1", 0.001, 0.8)])];
    for (what, changes, expected) in [
        ("nothing", vec![], Kind::Instance),
        ("a canary", vec![deploy("api", "v2", -20)], Kind::Deploy),
        ("a rollout that goes on", vec![running("api", "v2", -240)], Kind::Deploy),
        ("a deploy that was live everywhere before", vec![deploy("api", "v2", -400)], Kind::Instance),
        ("a deploy elsewhere", vec![deploy("web", "v2", -20)], Kind::Instance),
    ] {
        let ranking = World { changes, splits: bad(), ..World::default() }.ranking();
        assert_eq!(first(&ranking).0, Some(expected), "{what}: {ranking:#?}");
    }
}

#[test]
fn one_slow_instance_is_bad_too() {
    for (others, expected) in [(0.2, Some(Kind::Instance)), (0.9, None)] {
        let parts = [("a:1", 2.0, 0.1), ("b:1", others, 0.4), ("c:1", 0.1, 0.5)];
        let splits = vec![split(Measure::LatencyP95, "instance", &parts)];
        assert_eq!(first(&World { splits, ..World::default() }.ranking()).0, expected, "{others}");
    }
}

/// The middle of a rollout that nobody has written the end of.
#[test]
fn restarts_of_a_rollout_that_goes_on_belong_to_it() {
    let started: Curve = (Measure::Started, |t| if t < 120 { 1.0 } else { 1_800_001_290.0 });
    let ranking =
        World { curves: vec![started], changes: vec![running("api", "v2", -30)], ..World::default() }.ranking();
    assert_eq!(ranking.suspects.len(), 1, "{ranking:#?}");
    assert_eq!(first(&ranking), (Some(Kind::Deploy), "api v2"));
}

fn running(what: &str, version: &str, second: i64) -> Change {
    Change { finished: None, state: ChangeState::Running, ..deploy(what, version, second) }
}

#[test]
fn the_first_instance_that_is_full_is_no_bad_one() {
    let splits = vec![split(Measure::ErrorRate, "instance", &[("a:1", 0.5, 0.5), ("b:1", 0.02, 0.5)])];
    let curves: Vec<Curve> =
        vec![(Measure::PoolUsed, |t| 100.0 + (t as f64 / 300.0).min(0.0)), (Measure::PoolMax, |_| 100.0)];
    let changes = vec![deploy("api", "v2", -21_660)];
    let ranking = World { curves, splits, changes, climb: Some(-21_600), ..World::default() }.ranking();
    assert_eq!(first(&ranking), (Some(Kind::Deploy), "api v2"), "{ranking:#?}");
}
