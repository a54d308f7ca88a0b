//! The play against a world that was drawn by hand.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use chrono::TimeDelta;
use url::Url;

use super::course::Course;
use super::play::Answers;
use super::play::Play;
use super::said::Said;
use crate::app::Mode;
use crate::config::Config;
use crate::config::Service;
use crate::config::Target;
use crate::drill::Scenario;
use crate::drill::Story;
use crate::drill::StoryWorld;
use crate::facts::At;
use crate::facts::Zone;
use crate::runtime::setup;
use crate::runtime::setup::Wish;
use crate::sources::deploys;
use crate::sources::deploys::FileSettings;
use crate::sources::embedded::recording::Recorder;
use crate::sources::http::Reply;
use crate::sources::http::Sent;
use crate::triage::Severity;

/// How an endpoint answers.
type Manner = fn() -> Sent;

/// The world, and when its metrics answer otherwise.
struct Drawn {
    world: Mutex<StoryWorld>,
    /// From when on, and how.
    broken: Option<(At, Manner)>,
}

impl Answers for Drawn {
    fn answer(&self, url: &Url, _: Option<&[(String, String)]>, at: At) -> Sent {
        let mut world = self.world.lock().unwrap();
        match (url.path(), &self.broken) {
            (_, Some((from, answer))) if at >= *from => answer(),
            ("/metrics", _) => Sent::at_once(Reply::new(200, "text/plain; version=0.0.4", world.metrics(at))),
            _ => Sent::at_once(Reply::new(404, "text/plain", "nothing is served here\n")),
        }
    }

    fn file(&self, path: &Path, at: At) -> io::Result<Vec<u8>> {
        assert_eq!(path, Path::new("deploys.jsonl"));
        Ok(self.world.lock().unwrap().deploys_jsonl(at).into_bytes())
    }
}

/// A story in which nothing happens and nothing is expected.
pub(super) fn scenario(begins: &str, lasts_s: u64, zero: i64) -> Scenario {
    let begins = begins.parse().unwrap();
    Scenario {
        title: String::new(),
        about: String::new(),
        begins,
        written: begins,
        lasts: Duration::from_secs(lasts_s),
        zero,
        scrape: Duration::from_secs(5),
        seeds: vec![1],
        told_by: Vec::new(),
        services: Vec::new(),
        vendors: Vec::new(),
        jobs: Vec::new(),
        events: Vec::new(),
        expects: Vec::new(),
        acts: crate::drill::Acts::default(),
    }
}

fn zero() -> At {
    "2026-11-20T08:10:00Z".parse().unwrap()
}

fn after(seconds: i64) -> At {
    zero() + TimeDelta::seconds(seconds)
}

/// The story of the connection leak, watched at so many instances from that many seconds before its deploy on.
fn play(before: i64, instances: usize, broken: Option<(At, Manner)>) -> Play<Drawn> {
    let begins = after(-before);
    let target = |index: usize| Target {
        url: Url::parse(&format!("http://i{index}.invalid/metrics")).unwrap(),
        access: Arc::default(),
    };
    let service = Service { targets: (1..=instances).map(target).collect(), ..Service::named("checkout-api") };
    let log = FileSettings {
        name: "deploy log".to_owned(),
        path: PathBuf::from("deploys.jsonl"),
        every: Duration::from_secs(10),
    };
    let config = Config {
        services: vec![service],
        deploys: vec![deploys::Settings::File(log)],
        time_zone: Some(Zone::utc()),
        ..Config::default()
    };
    let sources = setup::sources(&config, &Recorder::off());
    let wish = Wish { mode: Mode::ReadOnly, service: None, who: None, badge: None, only: false };
    let settings = setup::settings(&config, &wish, &sources, begins).unwrap();
    let world = Mutex::new(StoryWorld::new(Story::connection_leak(), 7, begins - TimeDelta::minutes(1), zero()));
    Play::new(Drawn { world, broken }, sources, settings, begins, 7)
}

fn run(play: &mut Play<Drawn>, until: At) -> Course {
    let mut course = Course::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(play.until(until, &mut |at, app| course.note(at, app)));
    course
}

#[test]
fn the_leak_is_told_as_it_comes() {
    let mut play = play(600, 1, None);
    let course = run(&mut play, after(600));
    let severities: Vec<_> = course.of("checkout-api").map(|step| step.said.severity).collect();
    assert_eq!(severities.first(), Some(&Severity::Unknown), "nobody has answered yet");
    assert_eq!(severities.last(), Some(&Severity::Critical));
    let critical = course.first("checkout-api", |said| said == Severity::Critical, after(0)).unwrap();
    assert!((after(200)..after(360)).contains(&critical), "{critical}");
    let said = Said::of(&play.app().services()[0]);
    assert_eq!(said.changes().next().map(|change| change.name.as_str()), Some("api v2.31.0"), "{said:?}");
    assert!(course.steps.windows(2).all(|pair| pair[0].at <= pair[1].at));
    for step in &course.steps {
        eprintln!("{} {:?} {}", super::words::offset(step.at, zero()), step.said.severity, step.said.headline);
    }
}

#[test]
fn a_dead_endpoint_costs_time_of_the_story_alone() {
    let kinds: [(Manner, &str); 6] = [
        (|| Sent::broken(io::ErrorKind::ConnectionRefused), "connection refused"),
        (Sent::never, "no answer within 5 s"),
        (|| Sent::at_once(Reply::new(503, "text/plain", "no")), "503"),
        (|| Sent::at_once(Reply::new(200, "text/plain", "")), ""),
        (|| Sent::at_once(Reply::new(200, "text/html", "<html>moved</html>")), "HTML page"),
        (
            || Sent { after: Duration::from_secs(7), ..Sent::at_once(Reply::new(200, "text/plain", "up 1\n")) },
            "within 5 s",
        ),
    ];
    for (answer, cause) in kinds {
        let began = std::time::Instant::now();
        let mut play = play(120, 2, Some((after(-30), answer)));
        let course = run(&mut play, after(60));
        assert!(began.elapsed() < Duration::from_secs(5), "{cause}: {:?}", began.elapsed());
        let said = Said::of(&play.app().services()[0]);
        assert_eq!(said.severity, Severity::Unknown, "{said:?}");
        assert!(said.headline.contains(cause), "{cause}: {}", said.headline);
        let unknown = course.first("checkout-api", |said| said == Severity::Unknown, after(-20)).unwrap();
        assert!((after(-31)..after(-5)).contains(&unknown), "{cause}: {unknown}");
    }
}

/// What it costs: `cargo test --release --lib replay::tests::costs -- --ignored --nocapture`.
#[test]
#[ignore = "prints what a long story costs"]
fn costs() {
    for instances in [1, 3] {
        let began = std::time::Instant::now();
        let mut play = play(6 * 3_600, instances, None);
        let course = run(&mut play, after(3_600));
        eprintln!("7 h of {instances} instances: {:?}, {} steps", began.elapsed(), course.steps.len());
    }
}

/// The story of a scenario that ships, with the room that a drill makes for more instances.
fn drilled(name: &str) -> super::run::Story {
    let scenario = crate::commands::stage::scenario(name).unwrap().with_room();
    super::run::Story { name: name.to_owned(), scenario }
}

#[test]
fn room_for_more_instances_changes_no_verdict() {
    for name in ["one-bad-instance", "user-surge"] {
        let run = super::run::whole(&drilled(name), 1, &crate::commands::cli::Options::default()).unwrap();
        let wrong = run.expectations.iter().filter(|one| !one.ok);
        let failed: Vec<_> = wrong.map(|one| (one.line, &one.what, &one.said)).collect();
        assert!(failed.is_empty(), "{name}: {failed:?}");
    }
}

#[test]
fn the_verdict_sees_that_a_fix_ends_it_and_that_nothing_does_not() {
    use crate::drill::Fix;
    for name in ["null-field", "flag-on"] {
        let story = drilled(name);
        let (truth, zero) = (story.scenario.truth(), story.scenario.zero_at());
        let (tried, later) = (zero + TimeDelta::minutes(4), zero + TimeDelta::minutes(14));
        let severity = |fix: &Fix, at: At| {
            let scenario = story.scenario.fixed(fix, tried);
            let story = super::run::Story { name: name.to_owned(), scenario };
            let app = super::run::to(&story, 1, at, &crate::commands::cli::Options::default()).unwrap();
            app.services()[0].verdict.severity
        };
        assert!(severity(&truth.ends[0], later) <= Severity::Info, "{name}: {}", truth.ends[0].name());
        assert_eq!(severity(&Fix::Nothing, later), Severity::Critical, "{name}");
    }
}
