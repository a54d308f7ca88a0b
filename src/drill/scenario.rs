//! A [`Scenario`]: what happens in a simulated world, and what a good verdict says of it, as plain data.
//!
//! Files of this are read by `config::scenario` and described in `scenarios/README.md`; a
//! [`World`](super::World) plays them. Times are whole seconds after `begins` (negative: before), shares are 0 to
//! 1, times of requests are in seconds, sizes in bytes. Nothing here judges or draws.

use std::time::Duration;

use crate::drill::Acts;
use crate::drill::Event;
use crate::drill::Expect;
use crate::drill::Setting;
use crate::drill::Severity;
use crate::facts::At;

/// Seconds after the beginning of a scenario; negative before it.
pub type Second = i64;

/// One story with all that it needs.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// One line that says what it is about.
    pub title: String,
    /// More of it; may be empty.
    pub about: String,
    /// The first scrape, by the clock of the world.
    pub begins: At,
    /// What `begins` was when the story was written: the time of day that traffic and jobs follow.
    pub written: At,
    /// How long it is played.
    pub lasts: Duration,
    /// T: what `--at 5m` counts from.
    pub zero: Second,
    /// From one scrape to the next.
    pub scrape: Duration,
    /// The noises that it is to be played with; at least one.
    pub seeds: Vec<u64>,
    /// Where its changes can be read.
    pub told_by: Vec<Teller>,
    /// The services; at least one, the first is the one that the page is about.
    pub services: Vec<Service>,
    /// Outside services with a status page.
    pub vendors: Vec<Vendor>,
    /// What runs by a timetable.
    pub jobs: Vec<Job>,
    /// What happens, in the order of time.
    pub events: Vec<Event>,
    /// What a good verdict says, in the order of time.
    pub expects: Vec<Expect>,
    /// What somebody has done about it since, which no file can write.
    pub acts: Acts,
}

impl Scenario {
    /// The instant of a second.
    #[must_use]
    pub fn instant(&self, second: Second) -> At {
        self.begins + chrono::Duration::seconds(second)
    }

    /// The instant T.
    #[must_use]
    pub fn zero_at(&self) -> At {
        self.instant(self.zero)
    }

    /// When somebody who looks can see the first of it: T, or long before where it climbs.
    #[must_use]
    pub fn first_trouble(&self) -> Second {
        self.climbs().map_or(self.zero, |expect| expect.visible.min(expect.at))
    }

    /// When a good verdict speaks of the first of it at the latest.
    #[must_use]
    pub fn first_told(&self) -> Option<Second> {
        let within = |expect: &Expect| expect.first_within.and_then(|within| Second::try_from(within.as_secs()).ok());
        self.climbs().map(|expect| (expect.visible + within(expect).unwrap_or(0)).min(expect.at))
    }

    /// What is expected of a climb that can be seen before T.
    fn climbs(&self) -> Option<&Expect> {
        let bad = |expect: &&Expect| expect.severity.is_some_and(|severity| severity >= Severity::Warning);
        let early = self.expects.iter().filter(bad).filter(|expect| expect.visible.min(expect.at) < self.zero);
        early.min_by_key(|expect| expect.visible.min(expect.at))
    }

    /// Whether the time of the day is a part of it: something runs daily, or T is at midnight UTC.
    #[must_use]
    pub fn is_of_the_day(&self) -> bool {
        let is_daily = |job: &Job| matches!(job.when, Timetable::Daily(_));
        self.jobs.iter().any(is_daily) || self.zero_at().timestamp().rem_euclid(86_400) == 0
    }

    /// The last instant.
    #[must_use]
    pub fn ends(&self) -> At {
        self.begins + chrono::Duration::from_std(self.lasts).unwrap_or_default()
    }

    /// The same story with its T at another instant. Everything moves with it: a job of 03:00 runs where it ran in
    /// the story, whatever the clock says then.
    #[must_use]
    pub fn moved_to(mut self, zero: At) -> Self {
        self.begins = zero - chrono::Duration::seconds(self.zero);
        self
    }
}

/// Where changes can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Teller {
    /// A deploy log: lines of JSON, with all kinds of changes.
    Log,
    /// GitHub's deployments: only deploys.
    Github,
}

/// One service: several instances of one program.
#[derive(Clone, PartialEq, Debug)]
pub struct Service {
    /// Its name; unique.
    pub name: String,
    /// Where it runs: `prod`.
    pub environment: String,
    /// What deploys call it; at least one.
    pub programs: Vec<String>,
    /// The version that runs at first.
    pub version: String,
    /// How many instances there are at first.
    pub instances: usize,
    /// Requests per second from outside of the scenario, for all instances together, as the mean of a day.
    pub rate: f64,
    /// How far the rate of the busiest hour is above the mean, and that of the quietest below, 0 to 1.
    pub daily: f64,
    /// The second of the day, UTC, of the busiest hour.
    pub peak: f64,
    /// How restless the rate is, 0 to 1.
    pub noise: f64,
    /// The share of requests that is answered with 500 all the time.
    pub errors: f64,
    /// The median time to answer.
    pub p50: f64,
    /// The 95th percentile of the time to answer.
    pub p95: f64,
    /// Its routes; at least one, their shares sum up to 1.
    pub routes: Vec<Route>,
    /// The database pool of each instance.
    pub pool: Option<Pool>,
    /// The memory of each instance.
    pub memory: Option<Memory>,
    /// The processor of each instance.
    pub cpu: Option<Cpu>,
    /// The disk of each instance.
    pub disk: Option<Disk>,
    /// What it calls: other services, vendors, or anybody.
    pub calls: Vec<Call>,
}

/// One route of a service.
#[derive(Clone, PartialEq, Debug)]
pub struct Route {
    /// `GET`.
    pub method: String,
    /// The route's template, as a framework reports it.
    pub path: String,
    /// Its share of the requests, 0 to 1.
    pub share: f64,
    /// Its own median time; `None`: the service's.
    pub p50: Option<f64>,
    /// Its own 95th percentile; `None`: as far above the median as the service's.
    pub p95: Option<f64>,
    /// Its own share of 500s; `None`: the service's.
    pub errors: Option<f64>,
    /// Shares of other status codes, all the time.
    pub codes: Vec<(u16, f64)>,
    /// Whether it needs the database.
    pub database: bool,
}

impl Route {
    /// `POST /pay`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// A connection pool.
#[derive(Clone, PartialEq, Debug)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// The most connections.
    pub size: f64,
    /// Connections that honest work holds at the mean rate.
    pub busy: f64,
    /// Connections that are kept open without work.
    pub idle: f64,
    /// How long a request waits for a connection before it fails, in seconds.
    pub timeout: f64,
    /// How many requests wait at most; the next ones fail at once.
    pub queue: f64,
    /// Queries of one request.
    pub queries: f64,
}

/// Memory of a process.
#[derive(Clone, PartialEq, Debug)]
pub struct Memory {
    /// Where it ends.
    pub limit: f64,
    /// In use by a warm process.
    pub used: f64,
    /// The height of the collector's saw-tooth.
    pub saw: f64,
    /// Seconds from one collection to the next.
    pub saw_every: f64,
    /// Whether a process at its limit is killed; else the collector holds the line.
    pub kills: bool,
    /// Seconds from the kill to the new process.
    pub restart: f64,
}

/// Processor of an instance.
#[derive(Clone, PartialEq, Debug)]
pub struct Cpu {
    /// How many cores it may use.
    pub cores: f64,
    /// The share of them that is used at the mean rate.
    pub used: f64,
}

/// A disk.
#[derive(Clone, PartialEq, Debug)]
pub struct Disk {
    /// Where it is mounted.
    pub mount: String,
    /// Its size.
    pub size: f64,
    /// In use at first.
    pub used: f64,
}

/// What a service calls.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// The name of a service, of a vendor, or of a host.
    pub to: String,
    /// How it is addressed: `api.stripe.com`.
    pub host: String,
    /// The routes whose requests call it; empty: all.
    pub routes: Vec<String>,
    /// Calls of one such request.
    pub per_request: f64,
    /// Its median time; for a service of the scenario on top of that service's own.
    pub p50: f64,
    /// The share that fails all the time.
    pub errors: f64,
    /// After how many seconds it is given up.
    pub timeout: f64,
    /// Whether a failed call fails its request.
    pub needed: bool,
    /// The status code of a request whose call failed.
    pub fails_with: u16,
}

/// How a vendor publishes its state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// Atlassian Statuspage v2.
    Statuspage,
    /// AWS' public feed.
    Aws,
    /// Not at all.
    None,
}

/// An outside service.
#[derive(Clone, PartialEq, Debug)]
pub struct Vendor {
    /// Its name; unique.
    pub name: String,
    /// What its page is.
    pub page: Page,
    /// The components on its page.
    pub components: Vec<String>,
    /// The region that is used of it; of [`Page::Aws`] only.
    pub region: String,
}

/// When a job runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timetable {
    /// Every day at this second of the day, UTC.
    Daily(u32),
    /// That often, in seconds, counted from midnight UTC and that many seconds later.
    Every(u32, u32),
}

/// Something that runs by a timetable.
#[derive(Clone, PartialEq, Debug)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// When it runs.
    pub when: Timetable,
    /// For how long, in seconds.
    pub lasts: Second,
    /// Whether the deploy log tells it.
    pub told: bool,
    /// One line about it; may be empty.
    pub title: String,
    /// Whose quantities it alters while it runs; `None`: nobody's.
    pub service: Option<String>,
    /// Which route of it; `None`: all.
    pub route: Option<String>,
    /// What it alters while it runs.
    pub set: Vec<Setting>,
}
