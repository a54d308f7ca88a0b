//! One instance of a service: what it remembers, and what a second does to it.
//!
//! The couplings between traffic, pool, processor, disk and calls are here, each a few lines.

use super::layout::Ended;
use super::layout::Layout;
use super::layout::histogram;
use super::plan::Plan;
use super::pool::Demand;
use super::pool::LOCK_PATIENCE;
use super::pool::PoolSecond;
use super::pool::PoolState;
use super::spread::Spread;
use super::track::Where;
use crate::drill::Call;
use crate::drill::Quantity;
use crate::drill::Route;
use crate::drill::Second;
use crate::drill::noise::Noise;

/// What an instance remembers from second to second.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Instance {
    /// When its process began.
    pub(super) started: Second,
    /// Until when nobody answers.
    pub(super) down_until: Second,
    pub(super) pool: PoolState,
    /// Bytes that were not given back.
    pub(super) memory: f64,
    /// Bytes on the disk beyond those of the beginning.
    pub(super) written: f64,
    /// Its counters at the beginning of the second.
    pub(super) sums: Box<[f64]>,
}

/// The service whose second it is, and the second.
#[derive(Clone, Copy)]
pub(super) struct Moment<'m> {
    pub(super) plan: &'m Plan,
    pub(super) layout: &'m Layout,
    pub(super) second: Second,
    pub(super) noise: Noise,
    /// The first channel of the service's noise.
    pub(super) channel: u64,
    /// Requests per second of each route that come to this service.
    pub(super) rates: &'m [f64],
    /// How many instances share them.
    pub(super) up: f64,
    /// For each call, the service that is called, if it is one of the scenario.
    pub(super) peers: &'m [Option<Peer>],
}

/// A called service as its callers see it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Peer {
    /// The share of requests that fail.
    pub(super) failing: f64,
    /// The median time of the others.
    pub(super) median: f64,
    /// The same on a usual day.
    pub(super) usual: f64,
}

/// What a second does: recomputed whenever it is needed.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Frame {
    /// What it adds to each counter.
    pub(super) steps: Box<[f64]>,
    pub(super) pool: PoolSecond,
    /// The most connections.
    pub(super) pool_size: f64,
    /// The share of the cores that are used, at most 1.
    pub(super) cpu: f64,
    pub(super) memory_leak: f64,
    /// Memory in use that is not leaked, without noise.
    pub(super) memory: f64,
    pub(super) disk_fill: f64,
    /// Bytes on the disk.
    pub(super) disk: f64,
    /// Requests, those of them that failed, and the sum of the medians of all.
    pub(super) requests: f64,
    pub(super) failed: f64,
    pub(super) medians: f64,
    /// Calls per second.
    pub(super) calls: Vec<f64>,
}

impl Frame {
    pub(super) fn new(layout: &Layout) -> Self {
        Self {
            steps: vec![0.0; layout.cells].into(),
            pool: PoolSecond::default(),
            pool_size: 0.0,
            cpu: 0.0,
            memory_leak: 0.0,
            memory: 0.0,
            disk_fill: 0.0,
            disk: 0.0,
            requests: 0.0,
            failed: 0.0,
            medians: 0.0,
            calls: vec![0.0; layout.calls.len()],
        }
    }
}

/// The channels of an instance's noise, from its own first one on.
pub(super) const TIME_NOISE: u64 = 1;
pub(super) const ERROR_NOISE: u64 = 2;
pub(super) const POOL_NOISE: u64 = 3;
pub(super) const WAIT_NOISE: u64 = 4;
pub(super) const MEMORY_NOISE: u64 = 5;
const ROUTE_NOISE: u64 = 20;

/// From this share of the memory on the collector works harder.
const COLLECTS_FROM: f64 = 0.92;

/// What is the same for all routes of an instance in one second.
struct Load {
    pool: PoolSecond,
    /// Seconds that a request of each route holds a connection beyond the usual.
    longer: Vec<f64>,
    locked: Vec<f64>,
    /// How much slower everything is for want of a processor.
    slow: f64,
    /// The share that is not served for want of a processor.
    overload: f64,
    disk_full: bool,
}

/// A call in one second.
struct Calling {
    /// How it ends, each with its share; the rest is well.
    ends: Vec<(Ended, f64)>,
    spread: Spread,
    /// The share that does not end well.
    failing: f64,
    /// Seconds beyond the usual.
    extra: f64,
}

impl Moment<'_> {
    fn of(&self, quantity: Quantity, place: Where, usual: f64) -> f64 {
        self.plan.tracks.of(quantity, place, usual, self.second)
    }

    /// What a second does to an instance that serves.
    pub(super) fn play(&self, index: usize, instance: &Instance, frame: &mut Frame) {
        let here = Where { instance: Some(index), ..Where::default() };
        frame.steps.fill(0.0);
        (frame.requests, frame.failed, frame.medians) = (0.0, 0.0, 0.0);
        let rates: Vec<f64> = (0..self.rates.len()).map(|route| self.route_rate(here, route)).collect();
        let load = self.load(here, instance, &rates, frame);
        let calls: Vec<Calling> = (0..self.layout.calls.len()).map(|call| self.calling(here, call)).collect();
        let channel = self.channel + index as u64 * 100;
        let s = self.second as f64;
        let haste = 1.0
            + 0.03 * self.noise.wander(channel + TIME_NOISE, s, 20.0)
            + 0.015 * self.noise.bell(channel + TIME_NOISE + 10, self.second);
        let haste = haste * self.plan.cold(instance.started, self.second);
        // Few errors come and go, many are steady.
        let unrest = 0.25 * self.noise.wander(channel + ERROR_NOISE, s, 45.0);
        for (index, &rate) in rates.iter().enumerate() {
            let scatter =
                rate.sqrt().min(rate / 3.0) * self.noise.bell(channel + ROUTE_NOISE + index as u64, self.second);
            let place = Where { route: Some(index), ..here };
            self.route(place, (rate + scatter).max(0.0), (haste, unrest), &load, &calls, frame);
        }
        self.count_calls(&rates, &calls, frame);
    }

    /// Requests per second of a route that come to an instance.
    fn route_rate(&self, here: Where, route: usize) -> f64 {
        let place = Where { route: Some(route), ..here };
        self.plan.tracks.of_instance(Quantity::Rate, place, self.rates[route], self.second) / self.up.max(1.0)
    }

    fn load(&self, here: Where, instance: &Instance, rates: &[f64], frame: &mut Frame) -> Load {
        let service = &self.plan.service;
        let mean = self.plan.mean_rate / service.instances as f64;
        let with_database: f64 = service.routes.iter().filter(|route| route.database).map(|route| route.share).sum();
        let pool = service.pool.as_ref();
        let usual = pool.map_or(0.0, |pool| pool.busy / (mean * with_database).max(1e-9));
        let mut demand = Demand::default();
        let (mut work, mut longer, mut locks, mut queries) = (0.0, Vec::new(), Vec::new(), 0.0);
        for (index, (route, &rate)) in service.routes.iter().zip(rates).enumerate() {
            let place = Where { route: Some(index), ..here };
            work += rate * self.of(Quantity::CpuTime, place, 1.0);
            if pool.is_none() || !route.database {
                longer.push(0.0);
                locks.push(0.0);
                continue;
            }
            let times = self.of(Quantity::DbQueries, place, 1.0);
            let hold = usual * times * self.of(Quantity::DbTime, place, 1.0);
            let locked = self.of(Quantity::DbLocked, place, 0.0).clamp(0.0, 1.0);
            demand.rate += rate * (1.0 - locked);
            demand.work += rate * (1.0 - locked) * hold;
            demand.locked += rate * locked;
            queries += rate * times;
            longer.push(hold - usual);
            locks.push(locked);
        }
        if let Some(pool) = pool {
            demand.size = self.of(Quantity::PoolSize, here, pool.size);
            frame.pool_size = demand.size;
            frame.pool = instance.pool.second(pool, &demand);
            let leak = self.of(Quantity::PoolLeak, here, 0.0);
            frame.pool.after.leaked = (instance.pool.leaked + leak).clamp(0.0, demand.size);
            frame.steps[self.layout.timeouts] = demand.rate * frame.pool.failing;
            if let Some(series) = self.layout.queries {
                let one = Spread::new((demand.work / (queries * pool.queries).max(1e-9)).max(2e-4), 0.0);
                let spread = Spread { width: 0.7, ..one };
                let done = queries * pool.queries * (1.0 - frame.pool.failing);
                spread.fill(histogram(&mut frame.steps, series), done);
            }
        }
        let disk_full = self.surroundings(here, instance, frame);
        let collecting = self.collecting(instance, frame);
        // Most of what a cold process waits for is done by others.
        work *= 0.6 + 0.4 * self.plan.cold(instance.started, self.second);
        let (slow, overload) = self.processor(here, work / mean.max(1e-9), collecting, frame);
        Load { pool: frame.pool, longer, locked: locks, slow, overload, disk_full }
    }

    /// How hard the collector works for the last of the memory, 0 to 1.
    fn collecting(&self, instance: &Instance, frame: &Frame) -> f64 {
        let limit = self.plan.service.memory.as_ref().map_or(f64::INFINITY, |memory| memory.limit);
        let share = (frame.memory + instance.memory) / limit;
        ((share - COLLECTS_FROM) / (1.0 - COLLECTS_FROM)).clamp(0.0, 1.0).powi(2)
    }

    /// How much slower work is, and which share of it is not done; `work` is relative to a usual day.
    fn processor(&self, here: Where, work: f64, collecting: f64, frame: &mut Frame) -> (f64, f64) {
        let Some(cpu) = &self.plan.service.cpu else {
            // Nothing is known of it but that it has enough.
            frame.cpu = 0.0;
            frame.steps[self.layout.cpu] = 0.04 + 0.3 * work + collecting;
            return (1.0 + collecting, 0.0);
        };
        let other = self.of(Quantity::CpuBusy, here, 0.0);
        let wanted = 0.01 + cpu.used * work + other + 0.3 * collecting;
        // Work waits for a core now and then long before all are busy all the time.
        let slowness = |share: f64| 1.0 / (1.0 - share.clamp(0.0, 0.97).powi(3));
        frame.cpu = wanted.min(1.0);
        frame.steps[self.layout.cpu] = frame.cpu * cpu.cores;
        let overload = if wanted > 1.0 { 1.0 - 1.0 / wanted } else { 0.0 };
        ((1.0 + collecting) * slowness(wanted) / slowness(0.01 + cpu.used), overload)
    }

    /// Memory and disk; whether the disk is full.
    fn surroundings(&self, here: Where, instance: &Instance, frame: &mut Frame) -> bool {
        let service = &self.plan.service;
        if let Some(memory) = &service.memory {
            frame.memory_leak = self.of(Quantity::MemoryLeak, here, 0.0);
            frame.memory = self.of(Quantity::Memory, here, memory.used);
        }
        let Some(disk) = &service.disk else { return false };
        frame.disk_fill = self.of(Quantity::DiskFill, here, 0.0);
        let share = self.of(Quantity::Disk, here, disk.used / disk.size);
        frame.disk = (share * disk.size + instance.written).min(disk.size);
        frame.disk >= disk.size
    }

    fn calling(&self, here: Where, index: usize) -> Calling {
        let call = &self.plan.service.calls[index];
        let place = Where { call: Some(index), ..here };
        let own = self.of(Quantity::P50, place, call.p50);
        let peer = self.peers[index];
        let (median, usual) = peer.map_or((own, call.p50), |peer| (own + peer.median, call.p50 + peer.usual));
        let errors = self.of(Quantity::Errors, place, call.errors);
        let errors = 1.0 - (1.0 - errors) * (1.0 - peer.map_or(0.0, |peer| peer.failing));
        let spread = Spread::new(median, 3.0 * median);
        let mut ends = vec![(Ended::With(500), errors)];
        let codes = self.plan.tracks.codes(place, &[], self.second);
        ends.extend(codes.into_iter().map(|(code, share)| (Ended::With(code), share)));
        let said: f64 = ends.iter().map(|(_, share)| share).sum();
        let late = (1.0 - said).max(0.0) * spread.beyond(call.timeout);
        ends.push((Ended::TimedOut, late));
        let failing = (said + late).min(1.0);
        let extra = (median.min(call.timeout) - usual) * call.per_request;
        Calling { ends, spread, failing, extra }
    }

    /// Requests of a route: how they end and how long they take.
    fn route(
        &self,
        place: Where,
        requests: f64,
        (haste, unrest): (f64, f64),
        load: &Load,
        calls: &[Calling],
        frame: &mut Frame,
    ) {
        let Some(index) = place.route else { return };
        let route = &self.plan.service.routes[index];
        let quick = self.base(place, route).times(load.slow * haste);
        let mine = |call: &Call| call.routes.is_empty() || call.routes.contains(&route.name());
        let mut extra = load.longer[index];
        let mut count = Count { layout: self.layout, route: index, left: requests, frame };
        count.frame.requests += requests;
        count.share(503, load.overload, quick);
        if load.disk_full && !matches!(route.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            count.share(500, 1.0, quick.times(0.5));
        }
        if route.database && load.locked[index] > 0.0 {
            let stuck = count.left * load.locked[index];
            // Until they give up, those that wait for the lock are not counted at all.
            if load.pool.after.lock_age > LOCK_PATIENCE {
                count.share(500, load.locked[index], Spread::about(LOCK_PATIENCE));
            } else {
                count.left -= stuck;
            }
        }
        if route.database {
            count.share(500, load.pool.failing, quick.later(load.pool.patience));
            extra += load.pool.wait;
        }
        for (call, calling) in self.plan.service.calls.iter().zip(calls).filter(|(call, _)| mine(call)) {
            extra += calling.extra;
            if call.needed {
                let failing = 1.0 - (1.0 - calling.failing).powf(call.per_request);
                count.share(call.fails_with, failing, quick.later(calling.extra));
            }
        }
        let errors = self.of(Quantity::Errors, place, route.errors.unwrap_or(self.plan.service.errors));
        let unrest = errors * (1.0 - errors).max(0.0).powi(4) * unrest;
        let spread = quick.later(extra);
        count.share(500, errors + unrest, spread.times(1.15));
        for (code, share) in self.plan.tracks.codes(place, &route.codes, self.second) {
            let factor = if code < 500 { 0.6 } else { 1.0 };
            count.share(code, share, spread.times(factor));
        }
        let left = count.left;
        spread.fill(self.layout.request(&mut frame.steps, index, 200), left);
        frame.medians += requests * spread.median;
    }

    /// How long a route takes without any trouble beyond what was set.
    fn base(&self, place: Where, route: &Route) -> Spread {
        let service = &self.plan.service;
        let p50 = route.p50.unwrap_or(service.p50);
        let p95 = route.p95.unwrap_or(p50 * service.p95 / service.p50);
        let median = self.of(Quantity::P50, place, p50);
        let edge = self.of(Quantity::P95, place, p95);
        // Who sets the median alone means all of it.
        let edge = if (edge - p95).abs() < 1e-12 { p95 * median / p50 } else { edge };
        Spread::new(median.min(edge), edge)
    }

    fn count_calls(&self, rates: &[f64], calls: &[Calling], frame: &mut Frame) {
        for (index, (call, calling)) in self.plan.service.calls.iter().zip(calls).enumerate() {
            let routes = self.plan.service.routes.iter().zip(rates);
            let mine = routes.filter(|(route, _)| call.routes.is_empty() || call.routes.contains(&route.name()));
            let made = mine.map(|(_, rate)| rate).sum::<f64>() * call.per_request;
            frame.calls[index] = made;
            let mut left = made;
            for &(ended, share) in &calling.ends {
                let these = (made * share).min(left);
                left -= these;
                let spread = if ended == Ended::TimedOut { Spread::about(call.timeout) } else { calling.spread };
                spread.fill(self.layout.call(&mut frame.steps, index, ended), these);
            }
            calling.spread.fill(self.layout.call(&mut frame.steps, index, Ended::With(200)), left);
        }
    }
}

/// Requests that are sorted by how they end.
struct Count<'c> {
    layout: &'c Layout,
    route: usize,
    /// Those whose end is not known yet.
    left: f64,
    frame: &'c mut Frame,
}

impl Count<'_> {
    /// A share of what is left ends with a code.
    fn share(&mut self, code: u16, share: f64, spread: Spread) {
        let these = self.left * share.clamp(0.0, 1.0);
        self.left -= these;
        if code >= 500 {
            self.frame.failed += these;
        }
        spread.fill(self.layout.request(&mut self.frame.steps, self.route, code), these);
    }
}
