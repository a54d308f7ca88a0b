//! The [`Plan`] of a service: a scenario's events and jobs, worked out into what holds for it at each second.

use super::endpoints::most_instances;
use super::track::Knot;
use super::track::Tracks;
use super::track::Where;
use crate::drill::AlterationKind;
use crate::drill::Event;
use crate::drill::Job;
use crate::drill::Manner;
use crate::drill::Quantity;
use crate::drill::Scenario;
use crate::drill::Second;
use crate::drill::Service;
use crate::drill::Setting;
use crate::drill::Timetable;
use crate::drill::Value;
use chrono::Timelike;

/// How far before the beginning runs of a job are remembered, in runs of a frequent one and in days of a daily one.
const RUNS_BEFORE: Second = 24;
const NIGHTS_BEFORE: Second = 3;

/// How much slower than usual a process is whose caches are empty, and in how many seconds that becomes a third of it.
const COLD: f64 = 1.2;
const COLD_FOR: f64 = 40.0;

/// An instance begins anew.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Restart {
    pub(super) at: Second,
    /// How long nobody answers.
    pub(super) down: Second,
    /// Whether the process is a new one; else only its version is.
    pub(super) is_process: bool,
    /// The version that runs from then on, if it is another one.
    pub(super) version: Option<String>,
}

/// What holds for a service, by time.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Plan {
    pub(super) service: Service,
    /// How many instances there are at any time at most.
    pub(super) most: usize,
    pub(super) tracks: Tracks,
    /// By instance, in the order of time.
    pub(super) restarts: Vec<Vec<Restart>>,
    /// From when on how many instances are in service.
    counts: Vec<(Second, usize)>,
    /// From when on which instances answer how; none: all.
    manners: Vec<(Second, Vec<usize>, Manner)>,
    /// When somebody freed the disk.
    pub(super) freed: Vec<Second>,
    /// From when on a fresh process begins with cold caches.
    cold_from: Option<Second>,
    /// The mean of all its requests per second, with those that other services make.
    pub(super) mean_rate: f64,
}

impl Plan {
    /// The plan of each service of a scenario.
    pub(super) fn all(scenario: &Scenario) -> Vec<Self> {
        let means = mean_rates(scenario);
        let services = scenario.services.iter().zip(means);
        services.map(|(service, mean)| Self::of(scenario, service, mean)).collect()
    }

    fn of(scenario: &Scenario, service: &Service, mean_rate: f64) -> Self {
        let most = most_instances(scenario, &service.name);
        let mut plan = Self {
            service: service.clone(),
            most,
            tracks: Tracks::default(),
            restarts: vec![Vec::new(); most],
            counts: Vec::new(),
            manners: Vec::new(),
            freed: scenario.acts.freed_of(&service.name),
            cold_from: scenario.acts.cold_from,
            mean_rate,
        };
        let here = || scenario.events.iter().filter(|event| event.place.service.as_ref() == Some(&service.name));
        for event in here().filter(|event| is_deploy(event)) {
            plan.deploy(event);
        }
        plan.end_deploys(here().filter(|event| is_deploy(event)));
        for job in scenario.jobs.iter().filter(|job| job.service.as_ref() == Some(&service.name)) {
            plan.job(scenario, job);
        }
        for event in here() {
            plan.event(event);
        }
        plan.manners.sort_by_key(|(from, ..)| *from);
        for restarts in &mut plan.restarts {
            restarts.sort_by_key(|restart| restart.at);
        }
        plan
    }

    /// The instances that an event is about.
    fn instances(&self, event: &Event) -> Vec<usize> {
        let named = event.place.instances.iter().map(|number| number - 1).filter(|index| *index < self.most);
        if event.place.instances.is_empty() { (0..self.most).collect() } else { named.collect() }
    }

    fn route(&self, name: Option<&String>) -> Option<usize> {
        name.and_then(|name| self.service.routes.iter().position(|route| route.name() == *name))
    }

    /// When each instance gets the version of a deploy: one after the other.
    fn deploy_times(&self, event: &Event) -> Vec<(usize, Second)> {
        let takes = event.change.as_ref().map_or(0, |change| change.takes);
        let rolls = event.change.as_ref().is_some_and(|change| change.restarts);
        let instances = self.instances(event);
        // Instances that come into service later have the version when the deploy is done.
        let count = instances.len().min(self.count(event.at)).max(1) as Second;
        let time = |place: usize| {
            if rolls { event.at + takes * (place as Second + 1).min(count) / count } else { event.at + takes }
        };
        instances.iter().enumerate().map(|(place, &instance)| (instance, time(place))).collect()
    }

    fn deploy(&mut self, event: &Event) {
        let Some(change) = &event.change else { return };
        for (instance, at) in self.deploy_times(event) {
            let version = Some(change.version.clone());
            self.restarts[instance].push(Restart { at, down: 0, is_process: change.restarts, version });
            let route = self.route(event.place.route.as_ref());
            let place = Where { instance: Some(instance), route, call: self.call(event) };
            self.knots(place, &event.set, at, event.over, event.until);
        }
    }

    /// What a version brought goes with it.
    fn end_deploys<'e>(&mut self, events: impl Iterator<Item = &'e Event>) {
        for event in events {
            for (instance, began) in self.deploy_times(event) {
                let later = self.restarts[instance].iter().filter(|restart| restart.version.is_some());
                let Some(next) = later.map(|restart| restart.at).filter(|at| *at > began).min() else { continue };
                let route = self.route(event.place.route.as_ref());
                let place = Where { instance: Some(instance), route, call: self.call(event) };
                for setting in &event.set {
                    // What the next version sets itself is its own.
                    if !self.tracks.entry(place, setting.quantity).has_knot_at(next) {
                        self.knots(place, &[Setting { value: Value::Usual, ..*setting }], next, 0, None);
                    }
                }
            }
        }
    }

    fn call(&self, event: &Event) -> Option<usize> {
        event.place.to.as_ref().and_then(|to| self.service.calls.iter().position(|call| call.to == *to))
    }

    fn knots(&mut self, place: Where, set: &[Setting], from: Second, over: Second, until: Option<Second>) {
        for setting in set {
            let track = self.tracks.entry(place, setting.quantity);
            track.push(Knot { from, over, value: setting.value });
            if let Some(until) = until {
                track.push(Knot { from: until, over, value: Value::Usual });
            }
        }
    }

    fn job(&mut self, scenario: &Scenario, job: &Job) {
        let place = Where { instance: None, route: self.route(job.route.as_ref()), call: None };
        let stopped = scenario.acts.stopped(&job.name);
        for run in runs(scenario, job) {
            let end = run + job.lasts;
            // What never begins leaves its knots as well: the same series are exported before and after.
            self.knots(place, &job.set, run, 0, Some(stopped.map_or(end, |at| end.min(at.max(run)))));
        }
    }

    fn event(&mut self, event: &Event) {
        if let Some(count) = event.scale {
            self.counts.push((event.at, count));
        }
        if let Some(down) = event.restart {
            for instance in self.instances(event) {
                self.restarts[instance].push(Restart { at: event.at, down, is_process: true, version: None });
            }
        }
        if let (Some(manner), None) = (event.answers, &event.place.vendor) {
            self.manners.push((event.at, self.instances(event), manner));
            self.manners.extend(event.until.map(|until| (until, self.instances(event), Manner::Well)));
        }
        if is_deploy(event) {
            return;
        }
        let (route, call) = (self.route(event.place.route.as_ref()), self.call(event));
        if event.place.instances.is_empty() {
            self.knots(Where { instance: None, route, call }, &event.set, event.at, event.over, event.until);
        } else {
            for instance in self.instances(event) {
                let place = Where { instance: Some(instance), route, call };
                self.knots(place, &event.set, event.at, event.over, event.until);
            }
        }
    }

    /// How much slower than usual a process is that began then: its caches are cold.
    pub(super) fn cold(&self, started: Second, second: Second) -> f64 {
        match self.cold_from {
            Some(from) if started > from => 1.0 + COLD * (-((second - started) as f64) / COLD_FOR).exp(),
            _ => 1.0,
        }
    }

    /// How many instances are in service at a second.
    pub(super) fn count(&self, second: Second) -> usize {
        let known = self.counts.iter().rev().find(|(from, _)| *from <= second);
        known.map_or(self.service.instances, |(_, count)| *count)
    }

    /// When an instance came into service with the count that holds at a second; `None`: it is from the beginning.
    pub(super) fn joined(&self, instance: usize, second: Second) -> Option<Second> {
        let mut joined = None;
        let mut before = self.service.instances;
        for &(from, count) in self.counts.iter().take_while(|(from, _)| *from <= second) {
            if count > instance && before <= instance {
                joined = Some(from);
            }
            before = count;
        }
        joined
    }

    /// How the metrics of an instance answer at a second.
    pub(super) fn manner(&self, instance: usize, second: Second) -> Manner {
        let told = self.manners.iter().rev().find(|(from, of, _)| *from <= second && of.contains(&instance));
        told.map_or(Manner::Well, |(.., manner)| *manner)
    }

    /// The version that an instance runs at a second.
    pub(super) fn version(&self, instance: usize, second: Second) -> &str {
        let mut before = self.restarts[instance].iter().rev().filter(|restart| restart.at <= second);
        before.find_map(|restart| restart.version.as_deref()).unwrap_or(&self.service.version)
    }

    /// The status codes that a route may be answered with beside 200, in order.
    pub(super) fn codes(&self, route: usize) -> Vec<u16> {
        let own = &self.service.routes[route];
        let mut codes = vec![500];
        codes.extend(own.codes.iter().map(|(code, _)| *code));
        if self.service.cpu.is_some() {
            codes.push(503);
        }
        codes.extend(self.service.calls.iter().map(|call| call.fails_with));
        let here = |place: Where| place.call.is_none() && place.route.is_none_or(|other| other == route);
        codes.extend(self.tracks.0.iter().filter(|track| here(track.place)).filter_map(|track| code(track.quantity)));
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The status codes that a call may end with beside 200, in order.
    pub(super) fn call_codes(&self, call: usize) -> Vec<u16> {
        let tracks = self.tracks.0.iter().filter(|track| track.place.call == Some(call));
        let mut codes: Vec<u16> = tracks.filter_map(|track| code(track.quantity)).chain([500]).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

const fn code(quantity: Quantity) -> Option<u16> {
    match quantity {
        Quantity::Code(code) => Some(code),
        _ => None,
    }
}

fn is_deploy(event: &Event) -> bool {
    event.change.as_ref().is_some_and(|change| change.kind == AlterationKind::Deploy)
}

/// When a job begins: some times before the beginning of the scenario, and until its end.
pub(super) fn runs(scenario: &Scenario, job: &Job) -> Vec<Second> {
    let of_day = Second::from(scenario.written.num_seconds_from_midnight());
    let (period, offset, before) = match job.when {
        Timetable::Daily(at) => (86_400, Second::from(at), NIGHTS_BEFORE),
        Timetable::Every(period, offset) => (Second::from(period.max(1)), Second::from(offset), RUNS_BEFORE),
    };
    let first = (offset - of_day).rem_euclid(period) - before * period;
    let ends = scenario.lasts.as_secs() as Second;
    let count = (ends - first).div_euclid(period);
    (0..=count).map(|run| first + run * period).collect()
}

/// The mean rate of each service, with what others ask of it.
fn mean_rates(scenario: &Scenario) -> Vec<f64> {
    let services = &scenario.services;
    let mut rates: Vec<f64> = services.iter().map(|service| service.rate).collect();
    // A chain of calls is at most as long as there are services.
    for _ in services {
        let asked: Vec<f64> = services
            .iter()
            .map(|service| {
                let calls = services.iter().zip(&rates).flat_map(|(caller, rate)| {
                    let here =
                        caller.calls.iter().filter(|call| call.to == service.name && caller.name != service.name);
                    here.map(move |call| rate * call_share(caller, &call.routes) * call.per_request)
                });
                service.rate + calls.sum::<f64>()
            })
            .collect();
        rates = asked;
    }
    rates.iter().map(|rate| rate.clamp(0.01, 1e9)).collect()
}

/// The share of a service's requests that are of some routes; none named: all.
fn call_share(service: &Service, routes: &[String]) -> f64 {
    if routes.is_empty() {
        return 1.0;
    }
    service.routes.iter().filter(|route| routes.contains(&route.name())).map(|route| route.share).sum()
}
