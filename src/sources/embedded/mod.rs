//! The embedded engine as a source: scrape the targets of a service, keep their series, evaluate its signals.
//!
//! Which queries give the signals is not decided here: a [`Planner`] looks at the names of the metrics that are
//! there and answers with a [`Plan`]. An ask scrapes all targets at once, evaluates every query at the instant of the
//! scrape, and answers with points; nothing is ever evaluated on the way of a key. Main type: [`Embedded`].

mod asked;
mod crowd;
mod evaluate;
mod optional;
mod part;
mod places;
mod plan;
pub mod recording;
mod share;
mod splits;
mod target;
mod tell;
#[cfg(test)]
mod tests;
mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use futures_util::future::join_all;
use url::Url;

use crate::facts::At;
use crate::facts::Batch;
use crate::facts::EngineReport;
use crate::facts::Fault;
use crate::facts::Payload;
use crate::facts::Points;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::facts::TargetReport;
use crate::promql::Limits;
use crate::promql::Query;
use crate::promql::Store;
use crate::promql::fitting_window;
use crate::sources::exposition::Inventory;
use crate::sources::exposition::inventory;
use crate::sources::exposition::warm_up;
use crate::sources::http::Access;
use crate::sources::http::Http;

pub(in crate::sources) use optional::NO_NUMBER;
pub(in crate::sources) use optional::hush;
pub use plan::Absence;
pub use plan::Plan;
pub use plan::Planner;

use asked::Asked;
use evaluate::Evaluator;
use part::Turn;
use recording::Recorder;
use share::Share;
use splits::Splits;
use target::Scraped;
use target::Target;
use versions::Versions;

/// What the engine of one service is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the service; the value of the labels `job` and `service` of every series.
    pub service: Arc<str>,
    /// The endpoints, each with how it is reached.
    pub targets: Vec<(Url, Arc<Access>)>,
    /// From scrape to scrape.
    pub every: Duration,
    /// The value of `$__rate_interval` when there is enough history; `None` chooses four intervals, at least 30 s.
    pub rate_window: Option<Duration>,
    /// How long series are kept.
    pub retention: Duration,
    /// How many series are kept at most.
    pub max_series: usize,
}

impl Settings {
    fn rate_window(&self) -> Duration {
        self.rate_window.unwrap_or_else(|| (self.every * 4).max(Duration::from_secs(30)))
    }
}

/// How many scrapes pass until it is looked again for what the plan lacks: a metric may be born late, with the
/// first request or the first query. In the beginning it is looked for at every scrape.
const LOOK_AGAIN: u64 = 12;

/// The engine of one service.
pub struct Embedded {
    settings: Settings,
    store: Store,
    targets: Vec<Target>,
    planner: Planner,
    evaluator: Evaluator,
    versions: Versions,
    splits: Splits,
    scrapes: u64,
    is_warm: bool,
    /// When series were refused for the cap last, in milliseconds, and what is said about it.
    crowded: Option<(i64, Arc<str>)>,
    report: Option<Arc<EngineReport>>,
    share: Share,
    /// A fault that was recorded, to be told behind what was recorded before it.
    owed: Option<Fault>,
    /// Metrics that a person asked for beside the signals'.
    asked: Option<Asked>,
}

impl Embedded {
    /// An engine that has scraped nothing yet.
    #[must_use]
    pub fn new(settings: Settings, planner: Planner) -> Self {
        let mut store = Store::new(Limits { retention: settings.retention, max_series: settings.max_series });
        let targets = settings
            .targets
            .iter()
            .map(|(url, access)| Target::new(&mut store, &settings, url.clone(), Arc::clone(access)))
            .collect();
        let evaluator = Evaluator::new(&settings);
        let versions = Versions::new(&settings.service);
        let share = Share::new(&settings, Recorder::off(), "");
        Self {
            settings,
            store,
            targets,
            planner,
            evaluator,
            versions,
            splits: Splits::default(),
            scrapes: 0,
            is_warm: false,
            crowded: None,
            report: None,
            share,
            owed: None,
            asked: None,
        }
    }

    /// The same engine, which shares what it scrapes with others. `plan` is everything that makes the planner choose
    /// as it does: engines that choose otherwise do not share.
    #[must_use]
    pub fn recorded(mut self, recorder: &Recorder, plan: &str) -> Self {
        self.share = Share::new(&self.settings, recorder.clone(), plan);
        self
    }

    /// What is known of it before it ever answered.
    #[must_use]
    pub fn info(&self) -> SourceInfo {
        let first = self.targets.first().map(|target| target.address.clone()).unwrap_or_default();
        let more = self.targets.len().saturating_sub(1);
        SourceInfo {
            id: SourceId::new(&format!("metrics {}", self.settings.service)),
            kind: SourceKind::Metrics,
            service: Some(Arc::clone(&self.settings.service)),
            address: if more == 0 { first } else { format!("{first} and {more} more") },
            every: self.settings.every,
        }
    }

    /// How many endpoints it reads.
    #[must_use]
    pub const fn target_count(&self) -> usize {
        self.targets.len()
    }

    /// Rates need two scrapes: the second one comes after a second, so that they are live at once.
    #[must_use]
    pub fn early(&self) -> Option<Duration> {
        if self.owed.is_some() || self.share.is_due() {
            return Some(Duration::ZERO);
        }
        (self.scrapes == 1).then(|| Duration::from_secs(1).min(self.settings.every))
    }

    /// Scrapes all targets and evaluates all signals, or reads what another process recorded. Never takes longer than
    /// its interval, at most 10 s.
    ///
    /// # Errors
    /// The first target's fault, when no target could be read.
    pub async fn ask(&mut self, http: &Http, now: &(dyn Fn() -> At + Send + Sync)) -> Result<Payload, Fault> {
        if let Some(fault) = self.owed.take() {
            return Err(fault);
        }
        let now_ms = now().timestamp_millis();
        let (turn, early) = if self.share.is_first() {
            // Where there is no recording yet the first scrape does not wait for one.
            let (answers, turn) = join(get(&self.targets, http), self.share.turn(now_ms)).await;
            (turn, Some(answers))
        } else {
            (self.share.turn(now_ms).await, None)
        };
        if let Turn::Tell(records) = turn {
            // What only this process was asked for, nobody else records.
            if let Some(asked) = self.asked.as_mut().filter(|asked| asked.is_current()) {
                let answers: Vec<_> = get(&self.targets, http).await.into_iter().map(Scraped::checked).collect();
                asked.take(&answers, now());
            }
            return self.tell(records, now());
        }
        self.begin(now_ms).await;
        let answers = match early {
            Some(answers) => answers,
            None if self.is_warm => get(&self.targets, http).await,
            None => join(get(&self.targets, http), warm(&self.planner)).await.0,
        };
        self.is_warm = true;
        let (points, targets) = self.take(answers, now())?;
        Ok(Payload::Signals(self.batch(vec![points], targets)))
    }

    /// Fills in the past: asks every target for each instant at the address that `past` makes of its own.
    ///
    /// # Errors
    /// The first instant's fault at which no target could be read.
    pub async fn fill(
        &mut self,
        http: &Http,
        instants: impl IntoIterator<Item = At>,
        past: &dyn Fn(&Url, At) -> Url,
    ) -> Result<Payload, Fault> {
        let mut points = Vec::new();
        let mut targets = Vec::new();
        for at in instants {
            let urls: Vec<_> = self.targets.iter().map(|target| past(&target.url, at)).collect();
            let asks: Vec<_> = self.targets.iter().zip(&urls).map(|(target, url)| target.get(http, url)).collect();
            let answers = join_all(asks).await;
            let (point, reports) = self.take(answers, at)?;
            points.push(point);
            targets = reports;
        }
        Ok(Payload::Signals(self.batch(points, targets)))
    }

    /// Stores what came back, evaluates at that instant, and records both.
    fn take(&mut self, answers: Vec<Scraped>, at: At) -> Result<(Points, Vec<TargetReport>), Fault> {
        let (points, reports) = self.put(answers, at);
        self.record(&points, &reports);
        match all_failed(&reports) {
            Some(fault) => Err(fault),
            None => Ok((points, reports)),
        }
    }

    /// Stores what came back and evaluates at that instant; there are no answers when no target could be read.
    fn put(&mut self, answers: Vec<Scraped>, at: At) -> (Points, Vec<TargetReport>) {
        let answers: Vec<_> = answers.into_iter().map(Scraped::checked).collect();
        if answers.iter().any(|answer| answer.exposition().is_some()) {
            self.plan(&answers);
            self.scrapes += 1;
        }
        if let Some(asked) = &mut self.asked {
            asked.take(&answers, at);
        }
        let records = self.share.records();
        let reports: Vec<_> = self
            .targets
            .iter_mut()
            .zip(answers)
            .map(|(target, answer)| target.store(&mut self.store, answer, at, records))
            .collect();
        if all_failed(&reports).is_some() {
            self.splits.newest.clear();
            return (Points { at, answers: BTreeMap::new() }, reports);
        }
        let at_ms = at.timestamp_millis();
        let window = fitting_window(&self.store, self.settings.rate_window(), at_ms);
        let mut answers = self.evaluator.answers(&self.store, at_ms, window, self.scrapes);
        match self.crowded(at_ms) {
            Some(why) => {
                self.evaluator.withhold(&mut answers, &why);
                self.splits.newest.clear();
            }
            None => self.splits.look(&self.evaluator, &self.store, at, window, &answers),
        }
        self.versions.look(&self.store, at);
        (Points { at, answers }, reports)
    }

    /// Chooses the queries by what is there, and again while something is missing.
    fn plan(&mut self, answers: &[target::Checked]) {
        let due = self.scrapes < LOOK_AGAIN || self.scrapes.is_multiple_of(LOOK_AGAIN);
        if !due || (self.scrapes > 0 && self.evaluator.is_complete()) {
            return;
        }
        let mut all = Inventory::default();
        for answer in answers {
            if let Some(body) = answer.exposition() {
                for (name, labels) in inventory(&body.bytes, body.format).names {
                    all.names.entry(name).or_default().extend(labels);
                }
            }
        }
        let plan = (self.planner)(&all);
        if self.evaluator.set(plan) {
            self.versions.set(&all);
            let mut names = self.evaluator.names();
            if let Some(names) = &mut names {
                names.extend(self.versions.names());
            }
            for target in &mut self.targets {
                target.wants(names.as_ref());
            }
        }
    }

    fn batch(&mut self, points: Vec<Points>, targets: Vec<TargetReport>) -> Batch {
        let mut notes = self.evaluator.notes();
        notes.extend(points.last().into_iter().flat_map(|last| self.share.notes(last.at)));
        let report = EngineReport {
            engine: self.title(),
            presets: self.evaluator.presets(),
            notes,
            queries: self.evaluator.texts().clone(),
            targets,
            series: self.store.counts(),
            lag: Duration::ZERO,
        };
        let (splits, changes) = (self.splits.newest.clone(), self.versions.changes());
        Batch { points, splits, changes, about: self.about(report) }
    }

    fn title(&self) -> String {
        format!("embedded, rate window {} s", self.settings.rate_window().as_secs_f64())
    }

    /// The report, shared with the last one when it is the same.
    fn about(&mut self, report: EngineReport) -> Arc<EngineReport> {
        let about = match &self.report {
            Some(same) if **same == report => Arc::clone(same),
            _ => Arc::new(report),
        };
        self.report = Some(Arc::clone(&about));
        about
    }
}

/// Asks all targets at once.
async fn get(targets: &[Target], http: &Http) -> Vec<Scraped> {
    join_all(targets.iter().map(|target| target.get(http, &target.url))).await
}

/// How often the requests get the thread before it is used for something else: to connect, and to be written.
const FIRST_TURNS: usize = 4;

/// Does what would be done once in a process after the first answer, while that is awaited: compiles the expressions
/// of the reader, reads the presets, unpacks the grammar of queries. After each the requests have their turn.
async fn warm(planner: &Planner) {
    let steps: [&(dyn Fn() + Send + Sync); 3] =
        [&warm_up, &|| drop(planner(&Inventory::default())), &|| drop(Query::parse("sum(rate(a[1])) / vector(1)"))];
    for _ in 0..FIRST_TURNS {
        tokio::task::yield_now().await;
    }
    for step in steps {
        step();
        tokio::task::yield_now().await;
    }
}

/// The fault of the whole ask: there is one when no target could be read.
fn all_failed(reports: &[TargetReport]) -> Option<Fault> {
    let mut faults = reports.iter().map(|report| report.outcome.as_ref().err());
    let first = faults.next()??.clone();
    if !faults.all(|fault| fault.is_some()) {
        return None;
    }
    match reports.len() {
        1 => Some(first),
        count => {
            let cause = format!("{}, all {count} targets", first.cause);
            Some(Fault { cause, ..first })
        }
    }
}
