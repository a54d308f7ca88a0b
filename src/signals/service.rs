//! The signals of one service: every measure's history and latest answer, and how fresh they are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Answer;
use crate::facts::At;
use crate::facts::Batch;
use crate::facts::EngineReport;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::Signal;
use crate::facts::Split;
use crate::signals::History;
use crate::signals::Point;
use crate::signals::history::keep_delta;

/// How old the newest answer is, measured in the interval at which answers are expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Freshness {
    /// There was never an answer.
    Never,
    /// As new as can be expected.
    Live,
    /// Older than two intervals; the number is drawn dimmed, with this age.
    Stale(Duration),
}

/// One measure: its past, and the newest answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Track {
    /// Numbers and gaps.
    pub history: History,
    /// The newest answer and its instant.
    pub latest: Option<(At, Answer)>,
}

/// Everything that is known of the signals of one service.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceSignals {
    tracks: BTreeMap<Measure, Track>,
    splits: Vec<Split>,
    about: Option<Arc<EngineReport>>,
    every: Duration,
    keep: Duration,
    latest: Option<At>,
    edition: u64,
}

impl ServiceSignals {
    /// No answers yet. `every` is the expected distance of answers, `keep` how long history is kept.
    #[must_use]
    pub const fn new(every: Duration, keep: Duration) -> Self {
        Self { tracks: BTreeMap::new(), splits: Vec::new(), about: None, every, keep, latest: None, edition: 0 }
    }

    /// Takes the answer of the engine.
    pub fn take(&mut self, batch: &Batch) {
        self.edition += 1;
        for points in &batch.points {
            for (measure, answer) in &points.answers {
                let keep = self.keep;
                let track =
                    self.tracks.entry(*measure).or_insert_with(|| Track { history: History::new(keep), latest: None });
                track.history.push(Point { at: points.at, number: answer.number() });
                if track.latest.as_ref().is_none_or(|(at, _)| *at <= points.at) {
                    track.latest = Some((points.at, answer.clone()));
                }
            }
            self.latest = self.latest.max(Some(points.at));
        }
        if batch.points.last().is_some_and(|points| Some(points.at) == self.latest) {
            self.splits.clone_from(&batch.splits);
        }
        self.about = Some(Arc::clone(&batch.about));
    }

    /// Takes the answer of an engine that keeps its own past: of the time that it covers it says all that there is, so
    /// that a gap which was noted there while nobody could ask is none.
    pub fn take_filled(&mut self, batch: &Batch) {
        if let (Some(first), Some(last)) = (batch.points.first(), batch.points.last()) {
            let from = first.at - keep_delta(self.every.mul_f64(1.5));
            for track in self.tracks.values_mut() {
                track.history.forget_gaps(from, last.at);
            }
        }
        self.take(batch);
    }

    /// Notes that the source failed at `at`: a gap in every history, so that no line is drawn across it.
    pub fn gap(&mut self, at: At) {
        self.edition += 1;
        for track in self.tracks.values_mut() {
            track.history.push(Point { at, number: None });
        }
    }

    /// The track of a measure; `None` while no engine has answered for it.
    #[must_use]
    pub fn track(&self, measure: Measure) -> Option<&Track> {
        self.tracks.get(&measure)
    }

    /// The newest answer of a measure, however old.
    #[must_use]
    pub fn answer(&self, measure: Measure) -> Option<&Answer> {
        self.tracks.get(&measure)?.latest.as_ref().map(|(_, answer)| answer)
    }

    /// The number of a measure, if the newest answer is one and is not stale.
    #[must_use]
    pub fn now(&self, measure: Measure, at: At) -> Option<Number> {
        let (seen, answer) = self.tracks.get(&measure)?.latest.as_ref()?;
        if at - *seen > self.stale_after() { None } else { answer.number() }
    }

    /// Measures taken apart by instance or route, as of the newest answer; empty where that is not worth it.
    #[must_use]
    pub fn splits(&self) -> &[Split] {
        &self.splits
    }

    /// Another number whenever something may have changed.
    #[must_use]
    pub const fn edition(&self) -> u64 {
        self.edition
    }

    /// At how many instants anything was answered, as far as that is kept.
    #[must_use]
    pub fn instants(&self) -> usize {
        self.tracks.values().map(|track| track.history.iter().len()).max().unwrap_or(0)
    }

    /// Where the numbers come from.
    #[must_use]
    pub fn about(&self) -> Option<&Arc<EngineReport>> {
        self.about.as_ref()
    }

    /// The expected distance of answers.
    #[must_use]
    pub const fn every(&self) -> Duration {
        self.every
    }

    /// The instant of the newest answer.
    #[must_use]
    pub const fn latest(&self) -> Option<At> {
        self.latest
    }

    /// How fresh the newest answer is.
    #[must_use]
    pub fn freshness(&self, at: At) -> Freshness {
        match self.latest {
            None => Freshness::Never,
            Some(latest) if at - latest > self.stale_after() => {
                Freshness::Stale((at - latest).to_std().unwrap_or_default())
            }
            Some(_) => Freshness::Live,
        }
    }

    /// Whether the service has any measure of the signal.
    #[must_use]
    pub fn has(&self, signal: Signal) -> bool {
        signal.measures().first().is_some_and(|measure| self.tracks.contains_key(measure))
    }

    /// The oldest instant that any measure has a point for.
    #[must_use]
    pub fn first_at(&self) -> Option<At> {
        self.tracks.values().filter_map(|track| track.history.first_at()).min()
    }

    /// Two intervals and a little for the network: one lost answer is not yet silence. An engine that lags is late
    /// by that much without being silent.
    fn stale_after(&self) -> chrono::TimeDelta {
        let lag = self.about.as_ref().map(|about| about.lag).unwrap_or_default();
        keep_delta(self.every * 2 + Duration::from_secs(1) + lag)
    }
}
