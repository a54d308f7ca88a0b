//! One stream of values, watched: is it out of its usual range, since which row, and which rows say what is usual.
//!
//! The detector runs it on the values themselves and, with a day of history, on their ratio to yesterday.

use std::collections::VecDeque;

use super::band::Band;
use super::band::Breadth;
use super::episodes::Episode;
use super::episodes::Episodes;
use super::memory::Memory;
use super::recent::Recent;
use super::recent::Row;
use super::recent::Side;
use super::recent::Start;
use super::tuning;
use crate::facts::At;
use crate::triage::onset::Hurts;

/// Which of the two streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Values,
    RatioToYesterday,
}

impl Kind {
    /// How wide usual is.
    const fn breadth(self) -> Breadth {
        match self {
            Self::Values => Breadth {
                widths: tuning::WIDTHS,
                held: tuning::HELD,
                margin: tuning::MARGIN,
                floor: tuning::FLOOR,
                factors: true,
            },
            Self::RatioToYesterday => Breadth {
                widths: tuning::RATIO_WIDTHS,
                held: tuning::RATIO_HELD,
                margin: tuning::RATIO_MARGIN,
                floor: tuning::RATIO_FLOOR,
                factors: true,
            },
        }
    }
}

/// The narrower range of the slow path.
const SLOW: Breadth = Breadth {
    widths: tuning::SLOW_WIDTHS,
    held: tuning::SLOW_HELD,
    margin: tuning::SLOW_MARGIN,
    floor: tuning::FLOOR,
    factors: false,
};

/// How the rows come just now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Seconds between rows.
    pub(super) step: f64,
    /// Seconds between remembered rows.
    pub(super) slot: f64,
    /// Rows of evidence.
    pub(super) rows: usize,
}

/// A trouble that goes on.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) start: Start,
    pub(super) side: Side,
    /// Rows since it began, and those of them outside.
    pub(super) rows: u32,
    pub(super) outside: u32,
    /// What was usual when it began.
    pub(super) usual: Band,
    pub(super) told: bool,
    /// The value that most of its rows reached.
    level: f32,
    last_out: At,
    /// Rows inside, in a row.
    inside: usize,
    /// Slots that it fills.
    slots: usize,
    /// Its values, one a slot: what is usual if it never ends.
    values: VecDeque<f32>,
}

/// One watched stream.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    kind: Kind,
    hurts: Hurts,
    memory: Memory,
    band: Option<Band>,
    slow: Option<Band>,
    pub(super) recent: Recent,
    /// Rows that are not remembered yet.
    waiting: VecDeque<(At, f32)>,
    sampled: Option<At>,
    episodes: Episodes,
    trouble: Option<Trouble>,
}

/// What the rows of evidence say.
#[derive(Clone, Copy)]
struct Evidence {
    side: Side,
    fast: bool,
    slow: bool,
}

impl Watch {
    pub(super) fn new(kind: Kind, hurts: Hurts) -> Self {
        Self {
            kind,
            hurts,
            memory: Memory::new(tuning::REMEMBERED),
            band: None,
            slow: None,
            recent: Recent::default(),
            waiting: VecDeque::new(),
            sampled: None,
            episodes: Episodes::default(),
            trouble: None,
        }
    }

    fn needed(&self) -> usize {
        if self.kind == Kind::Values { tuning::NEEDED } else { tuning::NEEDED_RATIO }
    }

    pub(super) fn remembered(&self) -> usize {
        self.memory.len()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.memory.len() >= self.needed()
    }

    /// The trouble that is news.
    pub(super) fn told(&self) -> Option<&Trouble> {
        self.trouble.as_ref().filter(|trouble| trouble.told)
    }

    pub(super) fn newest(&self) -> Option<&Row> {
        self.recent.last(1).next()
    }

    /// The usual range of now; `None` with too few rows.
    pub(super) fn band(&self) -> Option<Band> {
        if !self.is_ready() {
            return None;
        }
        Some(self.band.unwrap_or_else(|| Band::of(&self.memory, self.kind.breadth())))
    }

    /// The same, worked out once for as long as nothing new is remembered.
    fn bands(&mut self) -> Option<Band> {
        if self.band.is_none() {
            self.band = self.band();
            self.slow = self.band.filter(|_| self.kind == Kind::Values).map(|band| band.other(&self.memory, SLOW));
        }
        self.band
    }

    /// The evidence so far counts no more (rows are missing); what is usual stays.
    pub(super) fn forget_evidence(&mut self) {
        self.recent.clear();
        self.trouble = None;
        self.waiting.clear();
    }

    /// Takes a row in. `yesterday` is asked, where it is known, what was usual at this time of day.
    pub(super) fn push(&mut self, at: At, value: f32, pace: Pace, yesterday: impl FnOnce() -> Option<(f64, f64)>) {
        let Some(band) = self.bands() else {
            self.recent.push(Row { at, value, z: 0.0, side: Side::Inside });
            if self.samples(at, pace) {
                self.remember(value);
            }
            return;
        };
        let evidence = self.judge(at, value, band, pace, yesterday);
        let (count, needed) = self.rows(pace);
        if self.trouble.is_some() {
            self.go_on(at, evidence, pace);
        } else if evidence.fast || evidence.slow {
            let split = self.recent.split((pace.rows as f64 * tuning::SPLIT_ROWS) as usize, evidence.side);
            let first = evidence.fast.then(|| self.recent.first_out(count, evidence.side)).flatten();
            // Where both ways to date it disagree, the start is no surer than that.
            let start = match (first, split) {
                // The split lies where half of the rise is done.
                (Some(first), Some(split)) => {
                    let apart = first.rows.saturating_sub(first.half).abs_diff(split.rows);
                    Some(Start { slack: first.slack.max(apart + split.slack), ..first })
                }
                (first, split) => first.or(split),
            };
            if let Some(start) = start {
                self.begin(start, at, evidence.side, band, self.recent.level(count, needed, evidence.side));
            }
        }
        self.tell(at, pace);
        self.sort_away(at, value, pace);
    }

    /// Rows of evidence, and how many of them must be out.
    fn rows(&self, pace: Pace) -> (usize, usize) {
        let (count, share) = match self.kind {
            Kind::Values => (pace.rows, tuning::SHARE),
            Kind::RatioToYesterday => ((pace.rows as f64 * tuning::RATIO_ROWS).round() as usize, tuning::RATIO_SHARE),
        };
        (count, (count as f64 * share).ceil() as usize)
    }

    fn judge(
        &mut self,
        at: At,
        value: f32,
        band: Band,
        pace: Pace,
        yesterday: impl FnOnce() -> Option<(f64, f64)>,
    ) -> Evidence {
        let (exact, above) = (f64::from(value), f64::from(value) > band.middle);
        let direction = if above { Side::Above } else { Side::Below };
        let hurts = match self.hurts {
            Hurts::Up => above,
            Hurts::Down => !above,
            Hurts::Both => true,
        };
        let mut out = hurts && (exact > band.high || exact < band.low);
        let slow_rows = (pace.rows as f64 * tuning::SLOW_ROWS) as usize;
        let mut slow = hurts && self.slow.is_some_and(|bar| self.slowly(exact, bar, direction, slow_rows));
        if (out || slow)
            && let Some((low, high)) = yesterday()
            && exact >= low
            && exact <= high
        {
            (out, slow) = (false, false);
        }
        let side = if out { direction } else { Side::Inside };
        self.recent.push(Row { at, value, z: band.z(exact) as f32, side });
        let (count, needed) = self.rows(pace);
        let fast = out && self.recent.out(count, side) >= needed;
        Evidence { side: if out || slow { direction } else { Side::Inside }, fast, slow }
    }

    /// Whether this row and nearly all before it are out of the narrow range of the slow path.
    fn slowly(&self, value: f64, bar: Band, side: Side, rows: usize) -> bool {
        let beyond = |value: f64| if side == Side::Above { value > bar.high } else { value < bar.low };
        if !beyond(value) {
            return false;
        }
        // One row in six may be inside at fine steps; of six rows none.
        let pardoned = (rows / 6).saturating_sub(1);
        let before = self.recent.last(rows - 1).filter(|row| beyond(f64::from(row.value))).count();
        before + 1 + pardoned >= rows
    }

    fn begin(&mut self, start: Start, at: At, side: Side, usual: Band, level: f32) {
        let rows = start.rows as u32;
        let outside = self.recent.last(start.rows).filter(|row| row.side == side).count() as u32;
        self.trouble = Some(Trouble {
            start,
            side,
            rows,
            outside,
            usual,
            told: false,
            level,
            last_out: at,
            inside: 0,
            slots: 0,
            values: VecDeque::new(),
        });
    }

    fn go_on(&mut self, at: At, evidence: Evidence, pace: Pace) {
        let (count, needed) = self.rows(pace);
        let Some(trouble) = self.trouble.as_mut() else { return };
        trouble.rows += 1;
        if evidence.side == Side::Inside {
            trouble.inside += 1;
        } else {
            trouble.inside = 0;
            trouble.outside += 1;
            trouble.last_out = at;
        }
        if evidence.fast {
            let level = self.recent.level(count, needed, trouble.side);
            trouble.level =
                if trouble.side == Side::Above { trouble.level.max(level) } else { trouble.level.min(level) };
        }
        if trouble.inside >= pace.rows {
            self.end(pace);
        } else if trouble.slots >= tuning::NEW_USUAL {
            let values = std::mem::take(&mut trouble.values);
            self.trouble = None;
            self.memory.clear();
            self.episodes.clear();
            for value in values {
                self.remember(value);
            }
        }
    }

    fn end(&mut self, pace: Pace) {
        let Some(trouble) = self.trouble.take() else { return };
        let lasted = (trouble.last_out - trouble.start.at).as_seconds_f64() + pace.step;
        let back = chrono::TimeDelta::seconds((tuning::READMITTED * pace.slot) as i64);
        self.episodes.add(Episode {
            began: trouble.start.at,
            side: trouble.side,
            level: trouble.level,
            lasted,
            slots: (lasted / pace.slot).ceil() as usize,
            due: trouble.last_out.checked_add_signed(back),
        });
    }

    /// Decides whether the trouble is news. Once told, it stays told until it is over.
    fn tell(&mut self, at: At, pace: Pace) {
        let Some(trouble) = self.trouble.as_mut().filter(|trouble| !trouble.told) else { return };
        let (middle, side) = (trouble.usual.middle, trouble.side);
        let Some(job) = self.episodes.jobs(at, side, middle) else {
            trouble.told = true;
            return;
        };
        let lasted = (at - trouble.start.at).as_seconds_f64();
        let higher = (f64::from(trouble.level) - middle).abs() > job.height;
        if higher {
            // The news began where it left the height of the job, not where the job began.
            let rows = trouble.rows as usize;
            trouble.start = self.recent.first_beyond(rows, middle, job.height, side).unwrap_or(trouble.start);
        }
        trouble.told = higher || lasted > tuning::LONGER * job.lasted + tuning::LONGER_SLOTS * pace.slot;
    }

    /// Rows of trouble are kept apart; others wait a little and are then remembered.
    fn sort_away(&mut self, at: At, value: f32, pace: Pace) {
        let sampled = self.samples(at, pace);
        if let Some(trouble) = self.trouble.as_mut() {
            let start = trouble.start.at;
            if sampled {
                trouble.slots += 1;
                if trouble.values.len() >= tuning::READMITTED_ROWS {
                    trouble.values.pop_front();
                }
                trouble.values.push_back(value);
            }
            self.waiting.retain(|(at, _)| *at < start);
        } else {
            if sampled {
                self.waiting.push_back((at, value));
            }
            while let Some((level, slots)) = self.episodes.due(at) {
                (0..slots.min(tuning::READMITTED_ROWS)).for_each(|_| self.remember(level));
            }
        }
        if sampled
            && self.waiting.len() > tuning::LATE
            && let Some((_, value)) = self.waiting.pop_front()
        {
            self.remember(value);
        }
    }

    /// Whether this row is the one of its slot.
    fn samples(&mut self, at: At, pace: Pace) -> bool {
        let due = self.sampled.is_none_or(|last| (at - last).as_seconds_f64() >= pace.slot - pace.step / 2.0);
        if due {
            self.sampled = Some(at);
        }
        due
    }

    fn remember(&mut self, value: f32) {
        self.memory.add(value);
        (self.band, self.slow) = (None, None);
    }
}

#[cfg(test)]
impl Watch {
    pub(super) fn bytes(&self) -> usize {
        let values = self.trouble.as_ref().map_or(0, |trouble| trouble.values.capacity() * size_of::<f32>());
        let waiting = self.waiting.capacity() * size_of::<(At, f32)>();
        self.memory.bytes() + self.recent.bytes() + self.episodes.bytes() + waiting + values
    }
}
