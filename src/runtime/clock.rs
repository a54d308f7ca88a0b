//! The only clock. Production reads the machine's; a demo runs its own, which may start anywhere and run faster.

use std::time::Duration;
use std::time::Instant;

use chrono::Utc;

use crate::facts::At;

/// Tells the time to everything below.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Machine,
    Story { origin: Instant, begins: At, speed: f64 },
}

impl Clock {
    /// The machine's clock, with its jumps.
    #[must_use]
    pub const fn machine() -> Self {
        Self(Kind::Machine)
    }

    /// A clock that shows `begins` now and runs `speed` times as fast as life. `speed` is at least 0.01.
    #[must_use]
    pub fn story(begins: At, speed: f64) -> Self {
        Self(Kind::Story { origin: Instant::now(), begins, speed: speed.clamp(0.01, 10_000.0) })
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> At {
        match self.0 {
            Kind::Machine => Utc::now(),
            Kind::Story { origin, begins, speed } => {
                let passed = origin.elapsed().mul_f64(speed);
                begins + chrono::TimeDelta::from_std(passed).unwrap_or_default()
            }
        }
    }

    /// How long a span of this clock lasts in life; at least a millisecond, so that nothing spins.
    #[must_use]
    pub fn lasts(&self, span: Duration) -> Duration {
        match self.0 {
            Kind::Machine => span,
            Kind::Story { speed, .. } => span.div_f64(speed).max(Duration::from_millis(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_runs_at_its_own_speed_from_its_own_beginning() {
        let begins = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Clock::story(begins, 60.0);
        assert!(clock.now() >= begins && clock.now() < begins + chrono::TimeDelta::minutes(10));
        assert_eq!(clock.lasts(Duration::from_secs(60)), Duration::from_secs(1));
        assert_eq!(Clock::machine().lasts(Duration::from_secs(60)), Duration::from_secs(60));
    }
}
