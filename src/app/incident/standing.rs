//! Where the work on an incident stands now: stage, breath, clocks.

use std::time::Duration;

use crate::app::App;
use crate::facts::At;
use crate::incident::Stage;

/// How long one breathes in, and out.
const BREATH: (u64, u64) = (4, 6);

/// The stage that the work is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StageNow {
    /// Which one.
    pub stage: Stage,
    /// Since when.
    pub since: At,
    /// What is left of the time that the guides give it; zero when it is over; `None` where they give none.
    pub left: Option<Duration>,
}

/// Where the pacer of the first half minute is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Breath {
    /// Breathe in; else out.
    pub inward: bool,
    /// Seconds of this breath that have passed, and how many there are.
    pub step: (u64, u64),
    /// What is left of the half minute.
    pub left: Duration,
}

impl App {
    /// The stage of the shown service's incident; `None` while there is none.
    pub fn stage_now(&self) -> Option<StageNow> {
        let (stage, since) = self.incident()?.stage()?;
        let passed = (self.now - since).to_std().unwrap_or_default();
        Some(StageNow {
            stage,
            since,
            left: self.settings.incidents.stages.of(stage).map(|length| length.saturating_sub(passed)),
        })
    }

    /// The pacer, while the incident is in its first stage and it is not over; `None` on the wall.
    pub fn breath(&self) -> Option<Breath> {
        let now = self.stage_now().filter(|now| now.stage == Stage::Breathe)?;
        let left = now.left.filter(|left| !left.is_zero())?;
        if self.settings.mode.is_read_only() || !self.settings.incidents.breathes {
            return None;
        }
        let into = (self.now - now.since).num_seconds().unsigned_abs() % (BREATH.0 + BREATH.1);
        let inward = into < BREATH.0;
        let step = if inward { (into, BREATH.0) } else { (into - BREATH.0, BREATH.1) };
        Some(Breath { inward, step, left })
    }
}
