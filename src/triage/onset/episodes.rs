//! The troubles that were: a burst as high as two before it is a job that runs now and then, not news.

use std::collections::VecDeque;

use super::recent::Side;
use super::tuning;
use crate::facts::At;

/// Troubles that are remembered.
const KEPT: usize = 12;

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

/// What the troubles that were make of the next one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    /// As high as that is not news.
    pub(super) height: f64,
    /// The longest lasted so long, seconds.
    pub(super) lasted: f64,
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
        if self.past.capacity() == 0 {
            self.past.reserve_exact(KEPT);
        }
        self.past.push_back(episode);
    }

    pub(super) fn clear(&mut self) {
        self.past.clear();
    }

    /// Up to which distance from the middle trouble is a job, and the longest one lasted; `None`: there are none.
    pub(super) fn jobs(&self, now: At, side: Side, middle: f64) -> Option<Job> {
        let known = self.past.iter().filter(|episode| {
            episode.side == side && (now - episode.began).as_seconds_f64() <= tuning::JOB_HOURS * 3600.0
        });
        let height = |episode: &Episode| (f64::from(episode.level) - middle).abs() * tuning::AS_HIGH;
        let mut heights: Vec<f64> = known.clone().map(height).collect();
        heights.sort_by(|a, b| b.total_cmp(a));
        let lasted = known.map(|episode| episode.lasted).fold(0.0, f64::max);
        heights.get(tuning::JOBS - 1).map(|height| Job { height: *height, lasted })
    }

    /// The oldest trouble that is due to be a part of what is usual: its level and its slots.
    pub(super) fn due(&mut self, now: At) -> Option<(f32, usize)> {
        let episode = self.past.iter_mut().find(|episode| episode.due.is_some_and(|due| due <= now))?;
        episode.due = None;
        Some((episode.level, episode.slots))
    }
}

#[cfg(test)]
impl Episodes {
    pub(super) fn bytes(&self) -> usize {
        self.past.capacity() * size_of::<Episode>()
    }
}
