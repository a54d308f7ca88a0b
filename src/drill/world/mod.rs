//! The [`World`]: a scenario and a seed, asked what it looks like at an instant.
//!
//! It is a pure function of these: the same question gets the same bytes, in whatever order questions come. It is
//! played second by second; the states at some seconds are kept, so that a step into the past costs little. It
//! reads no clock and does no I/O.

mod deploys;
mod endpoints;
mod instance;
mod layout;
mod page;
mod plan;
mod pool;
mod pulse;
mod run;
mod spread;
mod track;
mod vendors;

pub use endpoints::Answered;
pub use endpoints::Endpoints;
pub use endpoints::Watched;
pub use endpoints::WatchedVendor;
pub use pulse::Pulse;

pub(in crate::drill) use endpoints::most_instances;

use crate::drill::Manner;
use crate::drill::Scenario;
use crate::drill::Second;
use crate::drill::Served;
use crate::facts::At;
use chrono::Timelike;
use endpoints::slug;
use page::Pages;
use plan::Plan;
use run::Fixed;
use run::Frames;
use run::State;
use std::collections::BTreeMap;

/// Kept states; when there are more, every second one is dropped. Some 20 KB for each instance.
const MOST_KEPT: usize = 256;

/// Simulated services and their surroundings: a pure function of scenario, seed and time.
#[derive(Clone, Debug)]
pub struct World {
    scenario: Scenario,
    fixed: Fixed,
    pages: Vec<Pages>,
    state: State,
    /// What the second of `state` does.
    frames: Frames,
    /// States at some seconds.
    kept: BTreeMap<Second, State>,
    /// How many seconds lie between two kept states.
    spacing: Second,
    /// The beginning of the addresses that answers hold, without a slash at the end.
    base: String,
}

impl World {
    /// The world of a scenario, with the noise of a seed. The first question about an instant costs some 10 us for
    /// each instance and second since the beginning; going on from there costs only what lies between.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let of_day = f64::from(scenario.written.num_seconds_from_midnight());
        let fixed = Fixed::new(Plan::all(scenario), seed, of_day);
        let mut state = fixed.begin();
        let mut frames = fixed.room();
        fixed.frames(&state, &mut frames);
        // The processes are older than the history: they have counted before.
        for (instances, frames) in state.instances.iter_mut().zip(&frames.instances) {
            for (instance, frame) in instances.iter_mut().zip(frames) {
                let age = -instance.started.min(0) as f64;
                instance.sums.iter_mut().zip(&frame.steps).for_each(|(sum, step)| *sum = step * age);
            }
        }
        let pages = fixed.plans.iter().zip(&fixed.layouts).map(|(plan, layout)| Pages::new(plan, layout)).collect();
        let kept = BTreeMap::from([(0, state.clone())]);
        let base = "http://world.invalid".to_owned();
        Self { scenario: scenario.clone(), fixed, pages, state, frames, kept, spacing: 60, base }
    }

    /// Takes the address that its answers say they are at (of GitHub's further pages): `http://127.0.0.1:8080`.
    pub fn set_address(&mut self, base: &str) {
        base.trim_end_matches('/').clone_into(&mut self.base);
    }

    /// The same world at an address.
    #[must_use]
    pub fn at_address(mut self, base: &str) -> Self {
        self.set_address(base);
        self
    }

    /// The story that it plays.
    #[must_use]
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// What there is to watch.
    #[must_use]
    pub fn endpoints(&self) -> Endpoints {
        Endpoints::of(&self.scenario)
    }

    /// What a path with its query is answered with at an instant: the metrics of each instance, vendors' pages,
    /// GitHub's deployments. An instant before the beginning is answered as the beginning.
    pub fn answer(&mut self, path_and_query: &str, at: At) -> Answered {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let path = path.trim_start_matches('/');
        if let Some(rest) = path.strip_prefix("repos/") {
            return self.github(rest, query, at);
        }
        if let Some(rest) = path.strip_prefix("vendors/") {
            return self.vendor(rest, at);
        }
        let parts: Vec<&str> = path.split('/').collect();
        let [service, instance, "metrics"] = parts.as_slice() else { return Answered::missing() };
        let service = self.fixed.plans.iter().position(|plan| slug(&plan.service.name) == *service);
        let instance = instance.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match service.zip(instance) {
            Some((service, instance)) if instance < self.fixed.plans[service].most => {
                self.metrics(service, instance, at)
            }
            _ => Answered::missing(),
        }
    }

    fn metrics(&mut self, service: usize, instance: usize, at: At) -> Answered {
        let (second, share) = self.place(at);
        match self.fixed.plans[service].manner(instance, second) {
            Manner::Well => {}
            other => return endpoints::bad(other),
        }
        self.go_to(second);
        let (plan, layout) = (&self.fixed.plans[service], &self.fixed.layouts[service]);
        let one = &self.state.instances[service][instance];
        if one.down_until > second {
            return Answered::Refused;
        }
        let frame = &self.frames.instances[service][instance];
        let scene = page::Scene {
            plan,
            layout,
            instance: one,
            frame,
            index: instance,
            share,
            second,
            in_service: instance < plan.count(second),
            active: self.fixed.active(service, frame).round(),
            memory: self.fixed.memory(service, instance, one, frame, second),
            begins: self.scenario.begins.timestamp(),
            noise: self.fixed.noise,
            channel: service as u64 * run::CHANNELS + instance as u64 * 100,
        };
        Answered::metrics(self.pages[service].render(&scene))
    }

    /// Whole seconds since the beginning and the share of the next one that has passed.
    fn place(&self, at: At) -> (Second, f64) {
        let since = (at - self.scenario.begins).num_milliseconds().max(0);
        (since.div_euclid(1000), since.rem_euclid(1000) as f64 / 1000.0)
    }

    /// The second of an instant, also before the beginning.
    fn second(&self, at: At) -> Second {
        (at - self.scenario.begins).num_milliseconds().div_euclid(1000)
    }

    /// Moves the state to the beginning of a second.
    fn go_to(&mut self, second: Second) {
        if second < self.state.here
            && let Some((_, state)) = self.kept.range(..=second).next_back()
        {
            self.state.clone_from(state);
            self.fixed.frames(&self.state, &mut self.frames);
        }
        while self.state.here < second {
            self.fixed.advance(&mut self.state, &self.frames);
            self.fixed.frames(&self.state, &mut self.frames);
            self.keep();
        }
    }

    fn keep(&mut self) {
        let here = self.state.here;
        if here % self.spacing != 0 || self.kept.contains_key(&here) {
            return;
        }
        self.kept.insert(here, self.state.clone());
        if self.kept.len() > MOST_KEPT {
            self.spacing *= 2;
            let spacing = self.spacing;
            self.kept.retain(|second, _| second % spacing == 0);
        }
    }
}

impl Served for World {
    fn begins(&self) -> At {
        self.scenario.begins
    }

    fn set_address(&mut self, base: &str) {
        Self::set_address(self, base);
    }

    fn answer(&mut self, path_and_query: &str, at: At) -> Answered {
        Self::answer(self, path_and_query, at)
    }
}
