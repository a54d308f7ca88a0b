//! The engine on either side of a recording: what it recorded goes in, what others recorded comes out.

use std::ops::Deref;
use std::time::Duration;

use super::Embedded;
use super::all_failed;
use super::recording::Record;
use super::recording::State;
use super::recording::Tape;
use crate::facts::Answer;
use crate::facts::At;
use crate::facts::Batch;
use crate::facts::EngineReport;
use crate::facts::Fault;
use crate::facts::Labels;
use crate::facts::Payload;
use crate::facts::Points;
use crate::facts::TargetReport;
use crate::promql::Limits;
use crate::promql::Store;

/// The store of an engine, or one that was read for the occasion.
pub enum Series<'a> {
    /// What the engine has anyway.
    Live(&'a Store),
    /// Read from the recording.
    Read(Box<Store>),
}

impl Deref for Series<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        match self {
            Self::Live(store) => store,
            Self::Read(store) => store,
        }
    }
}

impl Embedded {
    /// Waits for a reason to ask, while another process scrapes: new rows, or its silence. Else there is one at once.
    pub async fn ready(&mut self, now: &(dyn Fn() -> At + Send + Sync)) {
        self.share.ready(now).await;
    }

    /// Another process scrapes: when to look again, whatever the last answer was.
    #[must_use]
    pub fn follows(&self) -> Option<Duration> {
        self.share.reads().then_some(self.settings.every / 2)
    }

    /// What is odd about the recording, or has changed: who records, why nothing is kept. Clean.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        self.share.remark()
    }

    /// All series since then, for a query that was not configured. What the engine does not have in memory, because
    /// another process scrapes or because it was scraped before this one began, is read from the recording.
    pub async fn series_since(&self, since: At, now: At) -> Series<'_> {
        let since_ms = since.timestamp_millis();
        let firsts = self.targets.iter().map(|target| self.store.first_at(target.id()));
        if firsts.clone().all(|first| first.is_some_and(|first| first <= since_ms)) {
            return Series::Live(&self.store);
        }
        match self.share.replay(since_ms, now.timestamp_millis(), self.shape()).await {
            Some(read) => Series::Read(Box::new(read.store)),
            None => Series::Live(&self.store),
        }
    }

    /// What a store for these targets is made from.
    fn shape(&self) -> (Limits, Vec<Labels>) {
        let limits = Limits { retention: self.settings.retention, max_series: self.settings.max_series };
        (limits, self.targets.iter().map(|target| target.constant.clone()).collect())
    }

    /// Begins to record, when we have just got the lease: where another process scraped so far, with its series.
    pub(super) async fn begin(&mut self, now_ms: i64) {
        let wants = (self.scrapes == 0).then(|| self.shape());
        let Some(replayed) = self.share.begin(now_ms, wants).await else { return };
        if let Some(replayed) = replayed {
            self.store = replayed.store;
            // From two scrapes on there is a rate; more would hide that the plan was not made yet.
            self.scrapes = replayed.scrapes.min(2);
            for (target, id) in self.targets.iter_mut().zip(replayed.targets) {
                target.moves(Some(id));
            }
            self.versions.resume(self.share.seen());
        } else {
            self.targets.iter_mut().for_each(|target| target.moves(None));
        }
        for target in &mut self.targets {
            target.tape = Tape::running();
        }
    }

    pub(super) fn record(&mut self, points: &Points, reports: &[TargetReport]) {
        let record = Record {
            answers: points.answers.clone(),
            targets: reports.iter().map(|report| (report.outcome.clone(), report.took)).collect(),
            series: self.store.counts(),
        };
        let mut notes = self.evaluator.notes();
        notes.extend(self.share.cut(points.at));
        let said = State {
            presets: self.evaluator.presets(),
            notes,
            queries: self.evaluator.texts().clone(),
            versions: self.versions.to_recorded(),
            ..State::default()
        };
        let mut tapes: Vec<&mut Tape> = self.targets.iter_mut().map(|target| &mut target.tape).collect();
        self.share.record(points.at, &mut tapes, &record, said);
    }

    /// Answers with what was recorded. A fault that stands last comes behind the numbers before it.
    pub(super) fn tell(&mut self, records: Vec<(At, Record)>, now: At) -> Result<Payload, Fault> {
        if self.share.reads() && self.scrapes > 0 {
            // Series that somebody else keeps need no memory here.
            self.forget();
        }
        let mut points: Vec<Points> = Vec::with_capacity(records.len());
        let mut last: Option<(Vec<TargetReport>, (usize, usize))> = None;
        for (at, record) in records {
            let reports = record.targets.into_iter().zip(&self.targets).map(|((outcome, took), target)| TargetReport {
                address: target.address.clone(),
                outcome,
                took,
            });
            let reports: Vec<_> = reports.collect();
            self.owed = all_failed(&reports);
            let answers = match (&self.owed, points.last()) {
                // A gap in everything that had a number.
                (Some(fault), Some(before)) => {
                    let why = Answer::NoData(fault.cause.as_str().into());
                    before.answers.keys().map(|measure| (*measure, why.clone())).collect()
                }
                _ => record.answers,
            };
            points.push(Points { at, answers });
            last = Some((reports, record.series));
        }
        let Some((targets, series)) = last else { return Ok(Payload::Unchanged) };
        if points.iter().all(|point| point.answers.is_empty())
            && let Some(fault) = self.owed.take()
        {
            return Err(fault);
        }
        let State { presets, mut notes, queries, versions, .. } = self.share.state().clone();
        notes.extend(self.share.notes(now));
        let report =
            EngineReport { engine: self.title(), presets, notes, queries, targets, series, lag: Duration::ZERO };
        Ok(Payload::Signals(Batch { points, splits: Vec::new(), changes: versions.changes, about: self.about(report) }))
    }

    fn forget(&mut self) {
        self.store = Store::new(Limits { retention: self.settings.retention, max_series: self.settings.max_series });
        for target in &mut self.targets {
            let id = self.store.add_target(target.constant.clone());
            target.moves(Some(id));
        }
        self.scrapes = 0;
    }
}
