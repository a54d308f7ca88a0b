//! The detector of one series: [`Detector`]. It is fed with rows in time order and says since when the series is out.

use std::time::Duration;

use super::Hurts;
use super::Left;
use super::Onset;
use super::Settings;
use super::Usual;
use super::band::Band;
use super::day::Day;
use super::recent::Side;
use super::tuning;
use super::watch::Kind;
use super::watch::Pace;
use super::watch::Trouble;
use super::watch::Watch;
use crate::facts::At;

/// Values beyond this are not numbers of a service.
const LIMIT: f64 = 1e30;

/// So many noise widths are as far out as words can say; where there is no noise, everything else would be farther.
const FARTHEST: f64 = 1000.0;

/// Watches one series. The answer is a function of the rows in time order, whether they came live or were filled in.
#[derive(Clone, Debug)]
pub struct Detector {
    hurts: Hurts,
    first: Option<At>,
    last: Option<At>,
    /// The last distances between rows, seconds.
    distances: [f64; 3],
    values: Watch,
    ratio: Watch,
    /// Yesterday's middle at the newest row, which the ratio is to.
    base: Option<f64>,
    day: Day,
    /// Some value was negative: such a signal has no ratios, but differences.
    signed: bool,
}

impl Detector {
    /// A detector that knows nothing yet.
    pub fn new(settings: Settings) -> Self {
        let step = settings.step.as_secs_f64().clamp(tuning::FINEST, tuning::COARSEST);
        Self {
            hurts: settings.hurts,
            first: None,
            last: None,
            distances: [step; 3],
            values: Watch::new(Kind::Values, settings.hurts),
            ratio: Watch::new(Kind::RatioToYesterday, settings.hurts),
            base: None,
            day: Day::default(),
            signed: false,
        }
    }

    /// Takes the next row in. A row that is not later than the last one is not looked at, one that is no number is a
    /// [`gap`](Self::gap).
    pub fn push(&mut self, at: At, value: f64) {
        if !value.is_finite() {
            self.gap(at);
            return;
        }
        if let Some(last) = self.last {
            let distance = (at - last).as_seconds_f64();
            if distance < tuning::FINEST * 0.8 {
                return;
            }
            if distance > tuning::GAP_STEPS * self.pace().step.max(tuning::FINEST_GAP) {
                self.values.forget_evidence();
                self.ratio.forget_evidence();
            } else {
                self.distances.rotate_left(1);
                self.distances[2] = distance.min(tuning::COARSEST);
            }
        }
        self.first.get_or_insert(at);
        self.last = Some(at);
        self.take(at, value.clamp(-LIMIT, LIMIT) as f32);
    }

    fn take(&mut self, at: At, value: f32) {
        let pace = self.pace();
        if value < 0.0 && !self.signed {
            self.signed = true;
            self.ratio = Watch::new(Kind::RatioToYesterday, self.hurts);
        }
        let troubled = self.values.told().is_some() || self.ratio.told().is_some();
        let before = self.values.recent.last(usize::MAX).map(|row| (row.at, row.value));
        self.day.push(at, value, troubled, before);
        let day = &self.day;
        self.values.push(at, value, pace, || day.range(at, tuning::WIDTHS));
        self.base = self.day.middle(at).filter(|base| self.signed || base.abs() > 1e-12);
        if let Some(base) = self.base {
            let compared = if self.signed { f64::from(value) - base } else { f64::from(value) / base };
            self.ratio.push(at, compared.clamp(-LIMIT, LIMIT) as f32, pace, || None);
        } else {
            self.ratio.forget_evidence();
        }
    }

    /// Says that there is no row at this time. What is usual stays; evidence that was not enough yet starts anew.
    pub fn gap(&mut self, at: At) {
        if self.last.is_some_and(|last| at > last) {
            let far = tuning::GAP_STEPS * self.pace().step.max(tuning::FINEST_GAP);
            if self.last.is_some_and(|last| (at - last).as_seconds_f64() > far) {
                self.values.forget_evidence();
                self.ratio.forget_evidence();
            }
        }
    }

    fn pace(&self) -> Pace {
        let [a, b, c] = self.distances;
        let step = a.max(b).min(a.min(b).max(c)).max(tuning::FINEST);
        let rows = ((tuning::EVIDENCE / step).ceil() as usize).max(tuning::ROWS);
        let seen = self.first.zip(self.last).map_or(0.0, |(first, last)| (last - first).as_seconds_f64());
        let slot = (seen / tuning::NEEDED as f64).clamp(tuning::FIRST_SLOT, tuning::SLOT).max(step);
        Pace { step, slot, rows }
    }

    /// Since when the series is out of its usual range; `None`: it is not, or that cannot be told yet.
    pub fn onset(&self) -> Option<Onset> {
        if let Some(trouble) = self.values.told() {
            let usual = self.describe(trouble.usual, &self.values, |value| value);
            return Some(self.named(trouble, usual, &self.values));
        }
        let trouble = self.ratio.told()?;
        let (base, signed) = (self.base?, self.signed);
        let usual = self.describe(trouble.usual, &self.ratio, |value| if signed { value + base } else { value * base });
        Some(Onset { daily: true, ..self.named(trouble, usual, &self.ratio) })
    }

    /// When it left its usual range, if the row at `since` is known to be trouble because of a limit that it is over.
    /// `None`: it did not leave it, or that cannot be told.
    pub fn left(&self, since: At, above: bool) -> Option<Left> {
        if !self.values.is_ready() {
            return None;
        }
        let side = if above { Side::Above } else { Side::Below };
        let start = self.values.recent.back_from(since, side)?;
        let within = Duration::from_secs_f64(self.pace().step * (1 + start.slack) as f64);
        let z = self.values.newest().map_or(0.0, |row| f64::from(row.z)).clamp(-FARTHEST, FARTHEST);
        Some(Left { at: start.at, within, z })
    }

    fn named(&self, trouble: &Trouble, usual: Usual, watch: &Watch) -> Onset {
        let step = self.pace().step;
        let within = Duration::from_secs_f64(step * (1 + trouble.start.slack) as f64);
        let z = watch.newest().map_or(0.0, |row| trouble.usual.z(f64::from(row.value))).clamp(-FARTHEST, FARTHEST);
        Onset {
            at: trouble.start.at,
            within,
            usual,
            above: trouble.side == Side::Above,
            outside: (trouble.outside, trouble.rows),
            z,
            daily: false,
        }
    }

    fn describe(&self, band: Band, watch: &Watch, to_value: impl Fn(f64) -> f64) -> Usual {
        let rows = watch.remembered();
        let pace = self.pace();
        let span = chrono::TimeDelta::milliseconds((rows as f64 * pace.slot * 1000.0) as i64);
        let last = self.last.unwrap_or_default();
        let since = self.first.map_or(last, |first| first.max(last - span));
        let (a, b) = (to_value(band.low), to_value(band.high));
        Usual { low: a.min(b), middle: to_value(band.middle), high: a.max(b), rows, since }
    }

    /// What is usual now; `None` with too few rows.
    pub fn usual(&self) -> Option<Usual> {
        self.values.band().map(|band| self.describe(band, &self.values, |value| value))
    }

    /// Whether there are rows enough to answer.
    pub fn is_ready(&self) -> bool {
        self.values.is_ready()
    }

    /// The first row that was seen: "watching since 03:12, no history".
    pub fn since(&self) -> Option<At> {
        self.first
    }
}

#[cfg(test)]
impl Detector {
    /// What it holds, bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.values.bytes() + self.ratio.bytes() + self.day.bytes()
    }
}
