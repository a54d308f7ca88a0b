//! The world of a drill: it is served, and somebody tries fixes on it meanwhile. Two hands on one world.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::drill::Answered;
use crate::drill::Fix;
use crate::drill::Scenario;
use crate::drill::Served;
use crate::drill::World;
use crate::facts::At;

/// A world that can be changed while it is served. Clones are the same world.
#[derive(Clone, Debug)]
pub struct Drilled(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    world: World,
    seed: u64,
    base: String,
    tried: Vec<(Fix, At)>,
}

impl Drilled {
    /// The world of a scenario with the noise of a seed, in which nothing was tried yet.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let world = World::new(scenario, seed);
        Self(Arc::new(Mutex::new(State { world, seed, base: String::new(), tried: Vec::new() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic of another answer leaves the world usable: each question sets what it needs.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From `at` on the world goes on as after this fix.
    pub fn try_out(&self, fix: &Fix, at: At) {
        let mut state = self.state();
        let next = state.world.scenario().fixed(fix, at);
        // It is played from its beginning when it is asked next, which is not on the thread that draws.
        state.world = World::new(&next, state.seed).at_address(&state.base);
        state.tried.push((fix.clone(), at));
    }

    /// What was tried so far, and when.
    #[must_use]
    pub fn tried(&self) -> Vec<(Fix, At)> {
        self.state().tried.clone()
    }

    /// The deploy log at an instant.
    #[must_use]
    pub fn deploys_jsonl(&self, at: At) -> String {
        self.state().world.deploys_jsonl(at)
    }
}

impl Served for Drilled {
    fn begins(&self) -> At {
        self.state().world.scenario().begins
    }

    fn set_address(&mut self, base: &str) {
        let mut state = self.state();
        base.clone_into(&mut state.base);
        state.world.set_address(base);
    }

    fn answer(&mut self, path_and_query: &str, at: At) -> Answered {
        self.state().world.answer(path_and_query, at)
    }
}
