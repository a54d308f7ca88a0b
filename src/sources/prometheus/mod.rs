//! The distributed engine as a source: a server that speaks the Prometheus HTTP API answers the same queries.
//!
//! Services are found by a label of the series; each signal is one query for all services that share a preset. The
//! past is filled in once, then only new points are asked for. Nothing is scraped or kept here. Main type:
//! [`Prometheus`].

mod alerts;
mod answer;
mod api;
mod beside;
mod bounds;
mod calls;
mod divide;
mod fold;
mod look;
mod prompt;
mod questions;
mod report;
mod server;
mod settings;
mod span;
mod splits;
mod turns;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::join;
use futures_util::future::join_all;

use crate::facts::At;
use crate::facts::Batch;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Fleet;
use crate::facts::Measure;
use crate::facts::Payload;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::facts::text::clean_line;
use crate::sources::embedded::Plan;
use crate::sources::embedded::Planner;
use crate::sources::exposition::Inventory;
use crate::sources::http::Http;
use crate::sources::http::shown;

pub use alerts::Alerts;
pub use answer::Rows;
pub use api::Api;
pub use api::DEADLINE;
pub use api::Told;
pub use api::Trouble;
pub use look::Wanted;
pub use settings::Own;
pub use settings::Settings;

use beside::Beside;
use beside::Besides;
use calls::Callers;
use fold::Bounds;
use fold::Columns;
use fold::Frame;
use fold::Kept;
use look::Found;
use look::Look;
use questions::Questions;
use report::Reports;
use server::Server;
use span::Span;
use span::millis;
use span::range;
use splits::Splits;

/// Chooses the presets of a service, by its name.
pub type PlannerOf = Arc<dyn Fn(&str) -> Planner + Send + Sync>;

/// How long an ask may take, looking or asking. One question has a deadline of its own.
const PATIENCE: Duration = Duration::from_secs(15);
/// The same for the newest numbers, which are asked for at short intervals.
const LEAST_PATIENCE: Duration = Duration::from_millis(4_500);
/// It is looked again for what is there: when all services have their requests, while one lacks them, while there
/// is no service.
const LOOK_AGAIN: [Duration; 3] = [Duration::from_secs(300), Duration::from_secs(60), Duration::from_secs(15)];
/// A question that fails again and again is left out of so many asks at most.
const RESTS: u32 = 12;
/// So many services have their past at once; of more the newest numbers come first.
const AT_ONCE: usize = 5;
/// The past of more services than these is filled in with fewer points.
const MANY: usize = 30;

/// The engine of one server.
pub struct Prometheus {
    settings: Settings,
    planner_of: PlannerOf,
    wanted: Vec<Wanted>,
    server: Server,
    found: Option<Found>,
    looked: Option<Instant>,
    /// What each service had when it had most, and when that was.
    had: BTreeMap<Arc<str>, (Inventory, Instant)>,
    plans: BTreeMap<Arc<str>, Plan>,
    questions: Questions,
    bounds: Bounds,
    /// The histograms and services whose bounds are known.
    bounded: (BTreeSet<String>, usize),
    kept: HashMap<Arc<str>, Kept>,
    splits: Splits,
    callers: Callers,
    reports: Reports,
    remarks: Vec<String>,
    stage: Stage,
    /// Questions have been divided and not been asked since.
    divides: bool,
}

/// How much has been asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Nothing.
    New,
    /// The newest numbers of many services, so that they are there at once.
    Newest,
    /// Their past as well.
    Filled,
}

/// What came back for one question.
type Answered = (usize, Span, Result<Told<Rows>, Trouble>);

impl Prometheus {
    /// An engine that has asked nothing yet and looks for no metric yet; see [`looking_for`](Self::looking_for).
    #[must_use]
    pub fn new(settings: Settings, planner_of: PlannerOf) -> Self {
        let server = Server::new(&settings.urls, &settings.access, settings.max_queries);
        Self {
            settings,
            planner_of,
            wanted: Vec::new(),
            server,
            found: None,
            looked: None,
            had: BTreeMap::new(),
            plans: BTreeMap::new(),
            questions: Questions::default(),
            bounds: Bounds::new(),
            bounded: (BTreeSet::new(), 0),
            kept: HashMap::new(),
            splits: Splits::default(),
            callers: Callers::default(),
            reports: Reports::default(),
            remarks: Vec::new(),
            stage: Stage::New,
            divides: false,
        }
    }

    /// The same engine, looking for these metrics: all that its planners know, each with the labels that they look
    /// at. Nothing else is looked for on the server, so that it need not list what it has.
    #[must_use]
    pub fn looking_for(mut self, wanted: Vec<Wanted>) -> Self {
        self.wanted = wanted;
        self
    }

    /// What is known of it before it ever answered.
    #[must_use]
    pub fn info(&self) -> SourceInfo {
        let first = self.settings.urls.first().map(shown).unwrap_or_default();
        let more = self.settings.urls.len().saturating_sub(1);
        SourceInfo {
            id: SourceId::new(&format!("prometheus {}", self.settings.name)),
            kind: SourceKind::Metrics,
            service: None,
            address: if more == 0 { first } else { format!("{first} and {more} more") },
            every: self.settings.every,
        }
    }

    /// What the server warned of with the last answer, and which replica does not answer; clean.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        (!self.remarks.is_empty()).then(|| clean_line(&self.remarks.join("; "), 400))
    }

    /// When there are many services their past is asked for behind their newest numbers; a question that the server
    /// refused is asked again in parts.
    #[must_use]
    pub fn early(&self) -> Option<Duration> {
        (self.stage == Stage::Newest || self.divides).then_some(Duration::from_millis(20))
    }

    /// Asks what is new of all services; at first, and after an outage, also for the past. Looks for new services
    /// every few minutes.
    ///
    /// # Errors
    /// Why there is no answer at all. Where only some queries have none, their measures say why.
    pub async fn ask(&mut self, http: &Http, now: &(dyn Fn() -> At + Send + Sync)) -> Result<Payload, Fault> {
        self.server.begin();
        self.remarks.clear();
        self.look(http, now).await?;
        let Some(found) = self.found.clone() else {
            return Err(Fault::new(FaultKind::NotFound, "the server has told nothing of itself"));
        };
        let begun = Instant::now();
        let now_ms = now().timestamp_millis() - found.lag_ms;
        let (answers, besides) = self.put(http, &found, now_ms).await?;
        self.take_beside(besides, &found);
        let end = newest(&answers).unwrap_or(now_ms);
        let mut columns = Columns::default();
        let bounds = std::mem::take(&mut self.bounds);
        let frame = Frame { label: &found.label, bounds: &bounds, window: found.rate_window(&self.settings), end };
        let size = self.fold(answers, &mut columns, &frame)?;
        self.divides = self.questions.divide(&found, &self.settings);
        let fleet = self.fleet(&found, &columns, &frame, size, begun.elapsed());
        self.bounds = bounds;
        Ok(Payload::Fleet(fleet))
    }

    /// Looks for services and metrics when it is time to, and plans anew.
    async fn look(&mut self, http: &Http, now: &(dyn Fn() -> At + Send + Sync)) -> Result<(), Fault> {
        let lacking = self.plans.values().any(|plan| !plan.queries.contains_key(&Measure::RequestRate));
        let pause = LOOK_AGAIN[if self.plans.is_empty() { 2 } else { usize::from(lacking) }];
        if self.found.is_some() && self.looked.is_some_and(|looked| looked.elapsed() < pause) {
            return Ok(());
        }
        let until = Instant::now() + PATIENCE;
        let (server, settings, wanted) = (&self.server, &self.settings, self.wanted.as_slice());
        let past = self.found.is_none();
        let looked = Look { server, http, settings, wanted, now, until, past }.look().await;
        match looked {
            Ok(found) => self.plan(found),
            Err(trouble) if self.found.is_none() => return Err(trouble.fault),
            // What is known goes on; whether the server answers at all is seen at once.
            Err(trouble) => self.remarks.push(format!("services could not be looked for: {}", trouble.fault)),
        }
        self.looked = Some(Instant::now());
        Ok(())
    }

    fn plan(&mut self, mut found: Found) {
        found.keep(&mut self.had, Instant::now());
        self.remarks.extend(found.remarks.iter().cloned());
        let plan_of =
            |(service, there): (&Arc<str>, &Inventory)| (Arc::clone(service), (self.planner_of)(service)(there));
        let plans = found.services.iter().map(plan_of).collect();
        self.questions = Questions::of(&plans, &found, &self.settings, &self.questions.all);
        self.kept.retain(|service, _| found.services.contains_key(service));
        self.plans = plans;
        self.found = Some(found);
    }

    /// Sends all questions that have something new to ask, and behind them what is asked beside the numbers.
    async fn put(&mut self, http: &Http, found: &Found, now_ms: i64) -> Result<(Vec<Answered>, Besides), Fault> {
        let backfill = self.settings.backfill.max(found.rate_window(&self.settings) * 2);
        let many = found.services.len() > MANY;
        self.stage = match self.stage {
            Stage::New if found.services.len() > AT_ONCE => Stage::Newest,
            _ => Stage::Filled,
        };
        let mut due = Vec::new();
        for (index, question) in self.questions.all.iter_mut().enumerate() {
            question.rests = question.rests.saturating_sub(1);
            // A past that took too long is asked for again, but less of it each time.
            let backfill = backfill / (1 << (2 * question.slow).min(16));
            let is_drawn = Measure::GOLDEN.contains(&question.measure);
            let few = many || !is_drawn || matches!(question.measure, Measure::LatencyP50 | Measure::LatencyP99);
            let points = if few { span::FEW_POINTS } else { span::POINTS };
            let mut span = Span::next(question.last, now_ms, self.settings.every, backfill, points);
            if let (Stage::Newest, Some(span)) = (self.stage, &mut span) {
                span.start = span.end;
            }
            due.extend(span.filter(|_| question.rests == 0).map(|span| (index, span)));
        }
        let beside = if due.is_empty() { Beside::default() } else { self.beside(found) };
        let at = due.iter().map(|(_, span)| span.end).max().unwrap_or(now_ms);
        let (server, questions) = (&self.server, &self.questions);
        let is_past = due.iter().any(|(_, span)| span.step != millis(self.settings.every));
        // That a server hangs has to be seen within two intervals, and an ask may begin a tenth of one late; only
        // its past may take longer.
        let usual = self.settings.every.mul_f64(0.9).clamp(LEAST_PATIENCE, PATIENCE);
        let patience = if is_past { PATIENCE } else { usual };
        let until = Instant::now() + patience;
        if due.is_empty() {
            // Whether the server still is there is worth a question.
            server.call::<Rows>(http, "query", &[("query", "time()".to_owned())], until).await?;
            return Ok((Vec::new(), Besides::default()));
        }
        let asks = due.into_iter().filter_map(|(index, span)| Some((index, span, questions.all.get(index)?)));
        let asks = asks.map(|(index, span, question)| async move {
            let form = range(&question.text, span);
            (index, span, server.call::<Rows>(http, "query_range", &form, until).await)
        });
        Ok(join(join_all(asks), beside::put(server, http, beside, at, until)).await)
    }

    /// Takes the answers in; the fault of the first where there is none at all. Says how much came.
    fn fold(&mut self, answers: Vec<Answered>, columns: &mut Columns, frame: &Frame<'_>) -> Result<Size, Fault> {
        let is_dead =
            !answers.is_empty() && answers.iter().all(|(.., answer)| answer.as_ref().is_err_and(|t| !t.is_query));
        let mut size = Size::default();
        for (index, span, answer) in answers {
            let Some(question) = self.questions.all.get_mut(index) else { continue };
            match answer {
                Ok(told) => {
                    size.bytes += told.bytes;
                    size.samples += told.data.series.iter().map(|(_, points)| points.len()).sum::<usize>();
                    let last = if self.stage == Stage::Newest { question.last } else { Some(frame.end) };
                    question.answered(&told.data, last);
                    columns.take(question, span, &told.data.series, frame);
                    self.remarks.extend(told.remarks);
                }
                Err(trouble) if is_dead => {
                    for question in &mut self.questions.all {
                        question.slow += u32::from(trouble.fault.kind == FaultKind::Timeout);
                    }
                    return Err(trouble.fault);
                }
                Err(trouble) => {
                    question.failures = question.failures.saturating_add(1);
                    question.slow += u32::from(trouble.fault.kind == FaultKind::Timeout);
                    // A query that is refused is so again; one that was too slow is given a second chance.
                    let patience = u32::from(!trouble.is_query);
                    let rests = (1 << question.failures.saturating_sub(patience).min(8)).min(RESTS);
                    let asked_for = trouble.fault.retry_after.unwrap_or_default().as_secs_f64();
                    // What the server asked for itself is kept, in asks.
                    let asked_for = (asked_for / self.settings.every.as_secs_f64().max(0.1)).ceil() as u32;
                    question.rests = asked_for.max(if question.failures > patience { rests } else { 0 });
                    question.why = Some(clean_line(&trouble.fault.cause, 300).into());
                    question.refused = trouble.is_query;
                }
            }
        }
        for question in &self.questions.all {
            if let Some(why) = &question.why {
                columns.fail(question, why);
            }
        }
        self.remarks.extend(self.questions.culprits());
        self.remarks.extend(self.server.remarks());
        self.remarks.sort();
        self.remarks.dedup();
        Ok(size)
    }

    fn fleet(&mut self, found: &Found, columns: &Columns, frame: &Frame<'_>, size: Size, took: Duration) -> Fleet {
        let address = self.server.shown();
        self.reports.begin(found, &self.settings, &address, &self.remarks, size, took);
        let mut services = Vec::new();
        for (service, plan) in &self.plans {
            let kept = self.kept.entry(Arc::clone(service)).or_default();
            let mut points = columns.points(service, plan, kept, frame);
            let splits = self.splits.look(service, &points);
            fold::say_what_is_absent(&mut points, service, plan, &self.questions, frame.end);
            let about = self.reports.of(service, plan, &self.questions);
            let name = self.reports.name(service);
            services.push((name, Batch { points, splits, changes: Vec::new(), about }));
        }
        services.sort_by(|a, b| a.0.cmp(&b.0));
        Fleet { services, left_out: found.left_out, calls: Arc::clone(&self.callers.pairs) }
    }
}

/// How much came with the answers of one ask.
#[derive(Clone, Copy, Default, Debug)]
struct Size {
    bytes: usize,
    samples: usize,
}

/// The newest instant of the answers. Some servers move the instants of a question to multiples of its step.
fn newest(answers: &[Answered]) -> Option<i64> {
    let asked = answers.iter().map(|(_, span, _)| (span.end, span.step)).max()?;
    let told = answers.iter().filter_map(|(.., answer)| answer.as_ref().ok());
    let told = told.flat_map(|told| &told.data.series).filter_map(|(_, points)| points.last()).map(|(at, _)| *at);
    // Older ones are of series that have ended.
    told.max().filter(|at| (asked.0 - asked.1..asked.0).contains(at)).or(Some(asked.0))
}
