//! The [`World`]: a scenario and a seed, asked what it looks like at an instant.
//!
//! It is a pure function of these: the same question gets the same bytes, in whatever order questions come. It
//! reads no clock and does no I/O.

mod endpoints;

pub use endpoints::Answered;
pub use endpoints::Endpoints;
pub use endpoints::Watched;
pub use endpoints::WatchedVendor;

use crate::drill::Scenario;
use crate::facts::At;

/// Simulated services and their surroundings: a pure function of scenario, seed and time.
#[derive(Clone, Debug)]
pub struct World {
    scenario: Scenario,
    /// The beginning of the addresses that answers hold, without a slash at the end.
    base: String,
}

impl World {
    /// The world of a scenario, with the noise of a seed. Cheap; the first question about an instant costs some
    /// 20 us for each instance and second since the beginning.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let _ = seed;
        Self { scenario: scenario.clone(), base: "http://world.invalid".to_owned() }
    }

    /// The address that its answers say they are at (of GitHub's further pages): `http://127.0.0.1:8080`.
    #[must_use]
    pub fn at_address(mut self, base: &str) -> Self {
        base.trim_end_matches('/').clone_into(&mut self.base);
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
        let _ = (path_and_query, at);
        Answered::missing()
    }

    /// The deploy log at an instant, one JSON object per line, oldest first.
    #[must_use]
    pub fn deploys_jsonl(&self, at: At) -> String {
        let _ = at;
        String::new()
    }
}
