//! The troubles that were: a burst as high as two before it is a job that runs now and then, not news.

use std::collections::VecDeque;

use super::recent::Side;
use super::tuning;
use crate::facts::At;

/// Troubles that are remembered.
const KEPT: usize = 16;

/// One trouble that ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Episode {
    pub(super) began: At,
    pub(super) side: Side,
    /// The value that most of its rows reached.
    pub(super) level: f32,
    /// Seconds.
    pub(super) lasted: f64,
    /// The slots it filled.
    pub(super) slots: usize,
    /// When it becomes a part of what is usual; `None`: it did.
    pub(super) due: Option<At>,
}

/// The last of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Episodes {
    past: VecDeque<Episode>,
}

impl Episodes {
    pub(super) fn add(&mut self, episode: Episode) {
        if self.past.len() >= KEPT {
            self.past.pop_front();
        }
        self.past.push_back(episode);
    }

    pub(super) fn clear(&mut self) {
        self.past.clear();
    }

    /// Whether a trouble that reaches this level, and has lasted so many seconds, is like earlier ones.
    pub(super) fn knows(&self, now: At, side: Side, middle: f64, level: f32, lasted: f64, slot: f64) -> bool {
        let height = (f64::from(level) - middle).abs();
        let (mut like, mut longest) = (0, 0.0_f64);
        for episode in &self.past {
            let age = (now - episode.began).as_seconds_f64();
            let reached = (f64::from(episode.level) - middle).abs() * tuning::AS_HIGH;
            if episode.side == side && age <= tuning::JOB_HOURS * 3600.0 && reached >= height {
                like += 1;
                longest = longest.max(episode.lasted);
            }
        }
        like >= tuning::JOBS && lasted <= tuning::LONGER * longest + tuning::LONGER_SLOTS * slot
    }

    /// The oldest trouble that is due to be a part of what is usual: its level and its slots.
    pub(super) fn due(&mut self, now: At) -> Option<(f32, usize)> {
        let episode = self.past.iter_mut().find(|episode| episode.due.is_some_and(|due| due <= now))?;
        episode.due = None;
        Some((episode.level, episode.slots))
    }
}
