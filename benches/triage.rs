//! What all of triage costs: services with seven signals and three hours of history at 5 seconds, every service with one
//! new point of each measure a tick, judged by the very `App` that the screen and the report use.
//!
//! `cargo bench --bench triage` prints a row per number of services and of those in trouble. "tick" is one answer with new
//! points of all services and the verdicts that follow; "one by one" the same points in an answer for each service, as bare
//! /metrics bring them; "second" the clock alone: milliseconds, the mean and the worst of 36. "past": what reading three
//! hours costs, and the longest that a key waits for it. Arguments that are numbers replace the numbers of services.

#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a measurement stops where something is wrong")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use chrono::TimeDelta;
use sixty::app::App;
use sixty::app::FleetSettings;
use sixty::app::KeyMap;
use sixty::app::Mode;
use sixty::app::Msg;
use sixty::app::ServiceSettings;
use sixty::app::Settings;
use sixty::facts::Answer;
use sixty::facts::At;
use sixty::facts::Batch;
use sixty::facts::Calls;
use sixty::facts::Change;
use sixty::facts::ChangeKind;
use sixty::facts::ChangeState;
use sixty::facts::EngineReport;
use sixty::facts::Fleet;
use sixty::facts::Measure;
use sixty::facts::Number;
use sixty::facts::Payload;
use sixty::facts::Points;
use sixty::facts::Reading;
use sixty::facts::SourceId;
use sixty::facts::SourceInfo;
use sixty::facts::SourceKind;
use sixty::facts::Zone;
use sixty::incident::Checklist;
use sixty::triage::Severity;
use sixty::triage::quick_win::Commands;
use sixty::triage::runbook::Library;

const EVERY: i64 = 5;
/// Three hours.
const PAST: i64 = 2_160;
/// Three minutes: everything that is asked now and then is asked several times.
const TICKS: i64 = 36;
/// So long services hurt before the first tick that is measured.
const HURT: i64 = 24;

fn main() {
    // The test runner asks every bench whether it has tests.
    if std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        return;
    }
    // Each row in a process of its own, or what one leaves behind would be counted as the next one's.
    if let Ok(row) = std::env::var("SIXTY_BENCH_ROW") {
        let (count, troubled) = row.split_once('/').unwrap();
        return measure(count.parse().unwrap(), troubled.parse().unwrap());
    }
    let given: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let counts = if given.is_empty() { vec![10, 100, 1_000] } else { given };
    println!(
        "{:>8} {:>7} {:>14} {:>14} {:>14} {:>28} {:>9}",
        "", "in", "tick", "one by one", "second", "past", "memory"
    );
    println!(
        "{:>8} {:>7} {:>14} {:>14} {:>14} {:>28} {:>9}",
        "services", "trouble", "mean   worst", "mean   worst", "mean   worst", "a row  a service  at once", "a service"
    );
    let own = std::env::current_exe().unwrap();
    for count in counts {
        let mut shares: Vec<usize> = [0, 1, 10, 100].map(|percent| (count * percent).div_ceil(100)).to_vec();
        shares.dedup();
        for troubled in shares {
            let row = format!("{count}/{troubled}");
            let ran = std::process::Command::new(&own).env("SIXTY_BENCH_ROW", row).status();
            assert!(ran.is_ok_and(|status| status.success()), "{count} services, {troubled} in trouble");
        }
    }
}

/// One row of the table.
fn measure(count: usize, troubled: usize) {
    let (mut world, past) = World::new(count, troubled);
    let together = world.course(1, World::tick);
    let second = world.course(0, World::second);
    world.prove();
    let single = world.course(1, World::one_by_one);
    world.prove();
    let row = past.took.as_secs_f64() * 1e9 / past.rows as f64;
    let service = past.took.as_secs_f64() * 1e3 / count as f64;
    let (at_once, memory) = (millis(past.at_once), past.memory / count / 1_000);
    println!(
        "{count:>8} {troubled:>7} {together:>14} {single:>14} {second:>14} {row:>6.0} ns {service:>6.2} ms {at_once} ms {memory:>6} kB"
    );
}

/// What it took to know the past.
struct Past {
    /// Values of measures.
    rows: usize,
    took: Duration,
    /// The longest that a key had to wait meanwhile.
    at_once: Duration,
    memory: usize,
}

/// Services with a past, and the clock.
struct World {
    app: App,
    count: usize,
    troubled: usize,
    row: i64,
    calls: Arc<Calls>,
    about: Arc<EngineReport>,
}

impl World {
    fn new(count: usize, troubled: usize) -> (Self, Past) {
        let mut pairs: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        for callee in 1..count {
            // Each is called by one other and calls two or three, six deep or so: a shop.
            pairs.push((name((callee - 1) / 3), name(callee)));
        }
        pairs.sort();
        let calls = Arc::new(Calls { pairs });
        let about = Arc::new(EngineReport::default());
        let mut world = Self { app: App::new(settings(), at(0)), count, troubled, row: 0, calls, about };
        world.arrive(Payload::Fleet(world.fleet(0)));
        let deploys = SourceId::new("deploys log");
        let changes = (0..count.div_ceil(5)).map(|index| change(index, count)).collect();
        let body = Ok(Payload::Changes(changes));
        world.app.update(at(0), Msg::Arrived(Reading { source: deploys, at: at(0), took: Duration::ZERO, body }));
        let memory = resident();
        let (mut took, mut at_once) = (Duration::ZERO, Duration::ZERO);
        let hour = 720;
        for from in (1..PAST).step_by(hour) {
            let to = (from + hour as i64).min(PAST);
            for service in 0..count {
                let points = (from..to).map(|row| self::points(service, row, row >= PAST - HURT && service < troubled));
                let batch = world.batch(points.collect());
                let past = Msg::Past(server(), vec![(name(service), batch)]);
                let now = at(to - 1);
                let one = timed(|| drop(world.app.update(now, past)));
                (took, at_once) = (took + one, at_once.max(one));
            }
        }
        world.row = PAST - 1;
        // As the screen does: whoever has time gives a tick.
        let now = at(world.row);
        loop {
            let one = timed(|| drop(world.app.update(now, Msg::Second)));
            (took, at_once) = (took + one, at_once.max(one));
            if !world.app.is_behind() {
                break;
            }
        }
        world.app.settle();
        let memory = resident().saturating_sub(memory);
        let measures = points(0, 0, false).answers.len();
        (world, Past { rows: count * measures * PAST as usize, took, at_once, memory })
    }

    fn batch(&self, points: Vec<Points>) -> Batch {
        Batch { points, splits: Vec::new(), changes: Vec::new(), about: Arc::clone(&self.about) }
    }

    fn is_troubled(&self, service: usize) -> bool {
        self.row >= PAST - HURT && service < self.troubled
    }

    /// What a server says of all services at one row.
    fn fleet(&self, row: i64) -> Fleet {
        let batch = |service: usize| self.batch(vec![points(service, row, self.is_troubled(service))]);
        let services = (0..self.count).map(|service| (name(service), batch(service))).collect();
        Fleet { services, left_out: 0, calls: Arc::clone(&self.calls) }
    }

    fn arrive(&mut self, payload: Payload) {
        let now = at(self.row);
        let reading = Reading { source: server(), at: now, took: Duration::from_millis(30), body: Ok(payload) };
        self.app.update(now, Msg::Arrived(reading));
    }

    /// One answer for all.
    fn tick(&mut self) -> Duration {
        let payload = Payload::Fleet(self.fleet(self.row));
        timed(|| self.arrive(payload))
    }

    /// An answer for each: what a service told, the app judges before the next one is heard.
    fn one_by_one(&mut self) -> Duration {
        let all = self.fleet(self.row);
        let heard: Vec<Payload> = all.services.into_iter().map(|(_, batch)| Payload::Signals(batch)).collect();
        let now = at(self.row);
        let readings: Vec<Reading> = heard
            .into_iter()
            .enumerate()
            .map(|(service, payload)| Reading {
                source: SourceId::new(&format!("metrics {}", name(service))),
                at: now,
                took: Duration::from_millis(3),
                body: Ok(payload),
            })
            .collect();
        for reading in &readings {
            let service = reading.source.as_str().strip_prefix("metrics ").map(Arc::from);
            let info = info(reading.source.as_str(), SourceKind::Metrics, service);
            if !self.app.sources().iter().any(|source| source.info.id == info.id) {
                self.app.update(now, Msg::Source(info));
            }
        }
        timed(|| {
            for reading in readings {
                self.app.update(now, Msg::Arrived(reading));
            }
        })
    }

    /// Nothing but a second that has passed.
    fn second(&mut self) -> Duration {
        let now = at(self.row);
        timed(|| drop(self.app.update(now, Msg::Second)))
    }

    /// Many of one kind, as `mean  worst`.
    fn course(&mut self, rows: i64, one: impl Fn(&mut Self) -> Duration) -> String {
        let mut all = Vec::new();
        for _ in 0..TICKS {
            self.row += rows;
            all.push(one(self));
        }
        let mean = all.iter().sum::<Duration>() / all.len() as u32;
        let worst = all.into_iter().max().unwrap();
        format!("{} {}", millis(mean), millis(worst))
    }

    /// What was measured is what it says: those in trouble are critical with an onset, the others are well.
    fn prove(&mut self) {
        self.app.settle();
        let is = |severity| self.app.services().iter().filter(|one| one.verdict.severity == severity).count();
        let found = (is(Severity::Critical), is(Severity::Ok));
        assert_eq!(found, (self.troubled, self.count - self.troubled), "critical and well");
        let hurt = self.app.services().iter().filter(|one| one.verdict.severity == Severity::Critical);
        let onset = at(PAST - HURT);
        assert!(
            hurt.clone().all(|one| one.verdict.onset.is_some_and(|at| (at - onset).abs() < TimeDelta::seconds(11)))
        );
    }
}

fn name(service: usize) -> Arc<str> {
    format!("service-{service:04}").into()
}

fn server() -> SourceId {
    SourceId::new("prometheus prod")
}

fn info(id: &str, kind: SourceKind, service: Option<Arc<str>>) -> SourceInfo {
    let address = "http://prod:9090".to_owned();
    SourceInfo { id: SourceId::new(id), kind, service, address, every: Duration::from_secs(EVERY as u64) }
}

fn at(row: i64) -> At {
    At::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::seconds(row * EVERY)
}

fn settings() -> Settings {
    Settings {
        commands: Commands::default(),
        severities: sixty::triage::SeverityNames::default(),
        services: Vec::<ServiceSettings>::new(),
        fleet: FleetSettings::default(),
        sources: vec![
            info("prometheus prod", SourceKind::Metrics, None),
            info("deploys log", SourceKind::Changes, None),
        ],
        zone: Zone::utc(),
        window: Duration::from_hours(1),
        retention: Duration::from_hours(6),
        who: "ana".to_owned(),
        host: "bastion".to_owned(),
        id_prefix: "bench".to_owned(),
        mode: Mode::interactive(),
        keys: KeyMap::default(),
        checklist: Checklist::first_60_seconds(),
        full_list: sixty::incident::Checklist::full_incident(),
        incidents: sixty::app::IncidentSettings::default(),
        runbooks: Arc::new(Library::shipped()),
        past_questions: Vec::new(),
        start: None,
        badge: None,
    }
}

/// A deploy of one of the services within the three hours.
fn change(index: usize, count: usize) -> Change {
    let row = (index as i64 * 7_919) % (PAST - HURT);
    let what = name(index * 5 % count).to_string();
    Change {
        id: format!("deploy-{index}"),
        kind: ChangeKind::Deploy,
        service: what.clone(),
        what,
        version: format!("v{index}"),
        who: "ana".to_owned(),
        environment: "prod".to_owned(),
        title: String::new(),
        started: at(row - 12),
        finished: Some(at(row)),
        state: ChangeState::Succeeded,
        link: String::new(),
    }
}

/// Seven signals (thirteen measures) of a service at one row: noise around a usual value, or a pool that is full and
/// whose callers fail.
fn points(service: usize, row: i64, troubled: bool) -> Points {
    let mut random =
        (service as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (row as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
    let mut noise = move |middle: f64, share: f64| {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        let unit = (random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64;
        middle * (1.0 + share * (unit * 2.0 - 1.0))
    };
    let hurt = |well: f64, ill: f64| if troubled { ill } else { well };
    let values = [
        (Measure::RequestRate, noise(120.0, 0.1)),
        (Measure::ErrorRate, noise(hurt(0.001, 0.3), 0.5)),
        (Measure::LatencyP50, noise(hurt(0.03, 0.8), 0.1)),
        (Measure::LatencyP95, noise(hurt(0.12, 2.4), 0.1)),
        (Measure::LatencyP99, noise(hurt(0.25, 6.0), 0.1)),
        (Measure::PoolUsed, hurt(noise(30.0, 0.3).floor(), 100.0)),
        (Measure::PoolMax, 100.0),
        (Measure::PoolWaiting, hurt(0.0, noise(40.0, 0.3).floor())),
        (Measure::MemoryUsed, noise(1.2e9, 0.05).floor()),
        (Measure::MemoryLimit, 2.0e9),
        (Measure::CpuUsed, noise(1.4, 0.2)),
        (Measure::CpuMax, 4.0),
        (Measure::Disk, 0.61 + 1e-6 * row as f64),
    ];
    let answers: BTreeMap<_, _> =
        values.into_iter().map(|(measure, value)| (measure, Answer::Known(Number::exact(value).unwrap()))).collect();
    Points { at: at(row), answers }
}

/// How long it took. What other programs took of the processor meanwhile is not counted where the kernel says so.
fn timed(run: impl FnOnce()) -> Duration {
    let (before, start) = (processor(), Instant::now());
    run();
    let took = start.elapsed();
    let own = processor().zip(before).map(|(after, before)| after.saturating_sub(before));
    own.map_or(took, |own| own.min(took))
}

/// How long this program has had the processor, on Linux.
fn processor() -> Option<Duration> {
    // The kernel counts when it looks who is next.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// The resident memory of this process, in bytes; 0 where the system does not tell it so.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_usize) * rustix::param::page_size()
}

fn millis(time: Duration) -> String {
    format!("{:>6.2}", time.as_secs_f64() * 1_000.0)
}
