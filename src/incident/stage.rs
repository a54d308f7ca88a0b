//! The stages of an incident, in the order of the on-call guides, and how long each is meant to take.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::incident::terms::words;

/// Where the work stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stage {
    /// Half a minute to wake up.
    Breathe,
    /// The four looks.
    First,
    /// What, how bad, since when, what changed.
    Assess,
    /// Roll back, restart, scale.
    QuickWins,
    /// Deploys, vendors, database, traffic.
    Suspects,
    /// Logs and traces.
    Logs,
    /// What it may be.
    Hypothesis,
    /// Test it, mend it, see that it helps.
    Fix,
    /// Watch that it stays well.
    Monitor,
    /// Over.
    Resolved,
}

words!(Stage {
    Breathe = "breathe", "Breathe";
    First = "first-60-seconds", "First 60 seconds";
    Assess = "assess", "Assess";
    QuickWins = "quick-wins", "Quick wins";
    Suspects = "usual-suspects", "Usual suspects";
    Logs = "logs", "Dig into logs";
    Hypothesis = "hypothesis", "Hypothesis";
    Fix = "fix", "Test and fix";
    Monitor = "monitor", "Monitor";
    Resolved = "resolved", "Resolved";
});

impl Stage {
    /// How long the guides give it; of a fix it is the time to verify. `None`: as long as it takes.
    #[must_use]
    pub const fn length(self) -> Option<Duration> {
        match self {
            Self::Breathe => Some(Duration::from_secs(30)),
            Self::First => Some(Duration::from_mins(1)),
            Self::Assess | Self::Fix => Some(Duration::from_mins(2)),
            Self::QuickWins => Some(Duration::from_mins(5)),
            Self::Suspects => Some(Duration::from_mins(10)),
            Self::Logs => Some(Duration::from_mins(15)),
            Self::Monitor => Some(Duration::from_mins(30)),
            Self::Hypothesis | Self::Resolved => None,
        }
    }

    /// The stage after it; the last stays.
    #[must_use]
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|one| *one == self).unwrap_or_default();
        Self::ALL.get(place + 1).copied().unwrap_or(self)
    }

    /// The stage before it; the first stays.
    #[must_use]
    pub fn previous(self) -> Self {
        let place = Self::ALL.iter().position(|one| *one == self).unwrap_or_default();
        place.checked_sub(1).map_or(self, |place| Self::ALL[place])
    }
}

/// How long each stage is meant to take: what the guides say, unless the team says otherwise.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct StageTimes {
    own: BTreeMap<Stage, Duration>,
}

impl StageTimes {
    /// Gives a stage a time of the team's own.
    pub fn set(&mut self, stage: Stage, length: Duration) {
        if stage.length() == Some(length) {
            self.own.remove(&stage);
        } else {
            self.own.insert(stage, length);
        }
    }

    /// How long a stage is meant to take; `None`: as long as it takes.
    #[must_use]
    pub fn of(&self, stage: Stage) -> Option<Duration> {
        self.own.get(&stage).copied().or_else(|| stage.length())
    }
}
