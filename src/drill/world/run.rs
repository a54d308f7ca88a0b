//! The run of all services second by second: who is up, who gets how much traffic, who calls whom.
//!
//! What a called service does is felt by its callers a second later; so calls may go in circles.

use super::instance::Frame;
use super::instance::Instance;
use super::instance::MEMORY_NOISE;
use super::instance::Moment;
use super::instance::Peer;
use super::layout::Layout;
use super::plan::Plan;
use super::pool::PoolState;
use super::track::Where;
use crate::drill::Quantity;
use crate::drill::Second;
use crate::drill::noise::Noise;

/// Noise channels of one service; instances have theirs within.
pub(super) const CHANNELS: u64 = 100_000;
const RATE_NOISE: u64 = 90_001;
const AGE_NOISE: u64 = 90_003;

/// How far back leaks are made up for that began before the scenario, in seconds.
const LONGEST_LEAK: Second = 7 * 86_400;

/// What does not change while a world runs.
#[derive(Clone, Debug)]
pub(super) struct Fixed {
    pub(super) plans: Vec<Plan>,
    pub(super) layouts: Vec<Layout>,
    pub(super) noise: Noise,
    /// Seconds of the day, UTC, at the beginning.
    pub(super) of_day: f64,
    /// For each service and each of its calls, the service that is called.
    peers: Vec<Vec<Option<usize>>>,
    /// The median of each service on a usual day.
    usual: Vec<f64>,
}

/// Everything that is remembered, at the beginning of a second.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct State {
    pub(super) here: Second,
    pub(super) instances: Vec<Vec<Instance>>,
    /// What callers see of each service: of the second before.
    seen: Vec<Seen>,
}

/// A service as others see it.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Seen {
    failing: f64,
    median: f64,
    /// Calls per second that others make of it.
    asked: f64,
}

/// What the second of a state does, recomputed from it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Frames {
    pub(super) instances: Vec<Vec<Frame>>,
    next: Vec<Seen>,
}

impl Fixed {
    pub(super) fn new(plans: Vec<Plan>, seed: u64, of_day: f64) -> Self {
        let find = |name: &str| plans.iter().position(|plan| plan.service.name == name);
        let peers = plans.iter().map(|plan| plan.service.calls.iter().map(|call| find(&call.to)).collect()).collect();
        let usual = plans.iter().map(|plan| {
            let routes = plan.service.routes.iter();
            routes.map(|route| route.share * route.p50.unwrap_or(plan.service.p50)).sum()
        });
        let (layouts, usual) = (plans.iter().map(Layout::of).collect(), usual.collect());
        Self { plans, layouts, noise: Noise::new(seed), of_day, peers, usual }
    }

    /// Whether an instance is in service and answers at a second.
    pub(super) fn is_up(&self, service: usize, index: usize, instance: &Instance, second: Second) -> bool {
        index < self.plans[service].count(second) && instance.down_until <= second
    }

    /// The state at second 0.
    pub(super) fn begin(&self) -> State {
        let mut instances = Vec::new();
        for (service, plan) in self.plans.iter().enumerate() {
            let one = |index| self.first(service, plan, index);
            instances.push((0..plan.most).map(one).collect());
        }
        let seen = self.plans.iter().zip(&self.usual).map(|(plan, usual)| Seen {
            failing: plan.service.errors,
            median: *usual,
            asked: (plan.mean_rate - plan.service.rate).max(0.0),
        });
        State { here: 0, instances, seen: seen.collect() }
    }

    /// An instance at second 0: it is older than the scenario, has counted before, and may have leaked.
    fn first(&self, service: usize, plan: &Plan, index: usize) -> Instance {
        let before = plan.restarts[index].iter().rev().find(|restart| restart.at <= 0 && restart.is_process);
        let days = 1 + (self.noise.bits(service as u64 * CHANNELS + AGE_NOISE, index as i64) % 5) as Second;
        let started = before.map_or(-days * 86_400 - 3_731 * index as Second, |restart| restart.at + restart.down);
        let mut instance = Instance {
            started,
            down_until: started,
            pool: PoolState::default(),
            memory: 0.0,
            written: 0.0,
            sums: vec![0.0; self.layouts[service].cells].into(),
        };
        let place = Where { instance: Some(index), ..Where::default() };
        let leaks = plan
            .tracks
            .0
            .iter()
            .any(|track| matches!(track.quantity, Quantity::PoolLeak | Quantity::MemoryLeak | Quantity::DiskFill));
        let mut second = started.max(-LONGEST_LEAK);
        while leaks && second < 0 {
            let step = (-second).min(60);
            let leak = |quantity| plan.tracks.of(quantity, place, 0.0, second) * step as f64;
            instance.pool.leaked += leak(Quantity::PoolLeak);
            instance.memory += leak(Quantity::MemoryLeak);
            instance.written += leak(Quantity::DiskFill);
            second += step;
        }
        instance
    }

    /// What the second of a state does.
    pub(super) fn frames(&self, state: &State, frames: &mut Frames) {
        for seen in &mut frames.next {
            *seen = Seen { failing: 0.0, median: 0.0, asked: 0.0 };
        }
        for service in 0..self.plans.len() {
            self.service(service, state, frames);
        }
    }

    /// Room for what a second does.
    pub(super) fn room(&self) -> Frames {
        let instances = self.plans.iter().zip(&self.layouts).map(|(plan, layout)| vec![Frame::new(layout); plan.most]);
        let next = vec![Seen { failing: 0.0, median: 0.0, asked: 0.0 }; self.plans.len()];
        Frames { instances: instances.collect(), next }
    }

    fn service(&self, service: usize, state: &State, frames: &mut Frames) {
        let (plan, layout, second) = (&self.plans[service], &self.layouts[service], state.here);
        let instances = &state.instances[service];
        let up = |index: usize| self.is_up(service, index, &instances[index], second);
        let count = (0..instances.len()).filter(|&index| up(index)).count();
        let rates = self.rates(service, state.seen[service].asked, second);
        let peers: Vec<Option<Peer>> = self.peers[service]
            .iter()
            .map(|peer| {
                let peer = (*peer)?;
                let seen = state.seen[peer];
                Some(Peer { failing: seen.failing, median: seen.median, usual: self.usual[peer] })
            })
            .collect();
        let channel = service as u64 * CHANNELS;
        let up_count = count as f64;
        let moment =
            Moment { plan, layout, second, noise: self.noise, channel, rates: &rates, up: up_count, peers: &peers };
        let (mut requests, mut failed, mut medians) = (0.0, 0.0, 0.0);
        for (index, instance) in instances.iter().enumerate() {
            let frame = &mut frames.instances[service][index];
            if !up(index) {
                let pool_size = frame.pool_size;
                *frame = Frame { pool_size, ..Frame::new(layout) };
                continue;
            }
            moment.play(index, instance, frame);
            requests += frame.requests;
            failed += frame.failed;
            medians += frame.medians;
            for (call, peer) in self.peers[service].iter().enumerate() {
                if let Some(peer) = *peer {
                    frames.next[peer].asked += frame.calls[call];
                }
            }
        }
        let next = &mut frames.next[service];
        if count == 0 {
            (next.failing, next.median) = (1.0, 0.001);
        } else if requests > 0.0 {
            (next.failing, next.median) = (failed / requests, medians / requests);
        } else {
            (next.failing, next.median) = (0.0, self.usual[service]);
        }
    }

    /// Requests per second of each route that come to a service.
    fn rates(&self, service: usize, asked: f64, second: Second) -> Vec<f64> {
        let plan = &self.plans[service];
        let own = &plan.service;
        let s = second as f64;
        let turn = (self.of_day + s - own.peak) / 86_400.0 * std::f64::consts::TAU;
        let channel = service as u64 * CHANNELS + RATE_NOISE;
        // Most of the unrest comes and goes within a minute, some within minutes.
        let unrest = 0.7 * self.noise.wander(channel, s, 25.0) + 0.7 * self.noise.wander(channel + 1, s, 310.0);
        let wave = (1.0 + own.daily * turn.cos()) * (1.0 + own.noise * unrest);
        let tracks = &plan.tracks;
        let rate = |place, usual| tracks.of(Quantity::Rate, place, usual, second);
        let all = rate(Where::default(), own.rate) * wave + asked;
        let route = |(index, route): (usize, &crate::drill::Route)| {
            let usual = all * route.share;
            let place = Where { route: Some(index), ..Where::default() };
            // What is set for the whole service is in it already.
            tracks
                .0
                .iter()
                .filter(|track| track.quantity == Quantity::Rate && track.place == place)
                .fold(usual, |value, track| track.apply(value, second))
        };
        own.routes.iter().enumerate().map(route).collect()
    }

    /// Goes on to the next second: what the frames say has happened.
    pub(super) fn advance(&self, state: &mut State, frames: &Frames) {
        state.here += 1;
        state.seen.clone_from(&frames.next);
        for service in 0..self.plans.len() {
            for index in 0..state.instances[service].len() {
                let frame = &frames.instances[service][index];
                let mut instance = std::mem::replace(&mut state.instances[service][index], Instance::gone());
                instance.sums.iter_mut().zip(&frame.steps).for_each(|(sum, step)| *sum += step);
                instance.pool = frame.pool.after;
                instance.memory += frame.memory_leak;
                instance.written += frame.disk_fill;
                if self.plans[service].freed.contains(&state.here) {
                    instance.written = 0.0;
                }
                self.begin_anew(service, index, &mut instance, frame, state.here);
                state.instances[service][index] = instance;
            }
        }
    }

    /// Restarts, kills and arrivals at a second.
    fn begin_anew(&self, service: usize, index: usize, instance: &mut Instance, frame: &Frame, second: Second) {
        let plan = &self.plans[service];
        let mut restarts = plan.restarts[index].iter().filter(|restart| restart.at == second && restart.is_process);
        if let Some(restart) = restarts.next() {
            instance.anew(second, restart.down);
        } else if plan.joined(index, second) == Some(second) {
            instance.anew(second, 0);
        } else if let Some(memory) = &plan.service.memory
            && memory.kills
            && instance.down_until < second
            && self.memory(service, index, instance, frame, second) >= memory.limit
        {
            instance.anew(second, memory.restart.round() as Second);
        }
    }

    /// Bytes in use by an instance.
    pub(super) fn memory(
        &self,
        service: usize,
        index: usize,
        instance: &Instance,
        frame: &Frame,
        second: Second,
    ) -> f64 {
        let plan = &self.plans[service];
        let Some(memory) = &plan.service.memory else { return 0.0 };
        let age = (second - instance.started).max(0) as f64;
        // A fresh process is smaller until its caches are warm.
        let warm = 1.0 - 0.04 * (-age / 45.0).exp();
        let saw = (age / memory.saw_every).rem_euclid(1.0) - 0.5;
        let channel = service as u64 * CHANNELS + index as u64 * 100 + MEMORY_NOISE;
        let wobble = 0.000_7 * memory.limit * self.noise.bell(channel, second);
        let used =
            frame.memory * warm + instance.memory + saw * memory.saw + wobble + 12_288.0 * self.active(service, frame);
        if memory.kills { used.max(0.0) } else { used.clamp(0.0, 0.985 * memory.limit) }
    }

    /// Requests under way: as many as arrive in the time that one takes.
    pub(super) fn active(&self, service: usize, frame: &Frame) -> f64 {
        let layout = &self.layouts[service];
        let requests = layout.series.iter().zip(frame.steps.chunks_exact(super::layout::WIDTH));
        let requests = requests.filter(|(series, _)| matches!(series, super::layout::Series::Request { .. }));
        requests.map(|(_, cells)| cells[super::layout::SUM]).sum::<f64>() + frame.pool.after.held
    }
}

impl Instance {
    /// A place that is filled again at once.
    fn gone() -> Self {
        let pool = PoolState::default();
        Self { started: 0, down_until: 0, pool, memory: 0.0, written: 0.0, sums: Box::default() }
    }

    /// A new process: it has counted nothing, leaked nothing, and answers after some seconds.
    fn anew(&mut self, second: Second, down: Second) {
        self.sums.fill(0.0);
        self.pool = PoolState::default();
        self.memory = 0.0;
        self.started = second + down;
        self.down_until = second + down;
    }
}
