//! Questions that a person asks of the engine, beside the signals.
//!
//! What the signals keep is answered with its whole past. Other metrics are kept from the question on, in a store of
//! their own, so that no question can take the place of a signal's series. Main type: [`Asked`].

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Labels;
use crate::facts::Question;
use crate::facts::Rows;
use crate::facts::text::clean_line;
use crate::promql::Limits;
use crate::promql::Query;
use crate::promql::Row;
use crate::promql::Scrape;
use crate::promql::SeriesId;
use crate::promql::Store;
use crate::promql::TargetId;
use crate::promql::Vars;
use crate::promql::expand;
use crate::sources::embedded::Embedded;
use crate::sources::embedded::Settings;
use crate::sources::embedded::target::Checked;
use crate::sources::embedded::target::Target;
use crate::sources::exposition;
use crate::sources::exposition::NameFilter;
use crate::sources::exposition::Reader;
use crate::sources::exposition::Sink;
use crate::sources::exposition::inventory;
use crate::sources::http::Http;

/// The longest that an answer may take to compute: the other sources wait no longer than a slice of it, but the
/// person does.
const LONGEST: Duration = Duration::from_secs(5);

/// Instants that are evaluated at once before the other sources have their turn.
const SLICE: usize = 8;

/// A question is taken for over when nobody repeated it for so long.
const OVER: Duration = Duration::from_secs(60);

/// Metrics that are kept for a question.
pub(super) struct Asked {
    names: BTreeSet<String>,
    store: Store,
    readers: Vec<(TargetId, Reader<SeriesId>)>,
    refused: usize,
    began: Instant,
    last: Instant,
}

impl Asked {
    fn new(names: BTreeSet<String>, settings: &Settings, targets: &[Target]) -> Self {
        let mut store = Store::new(Limits { retention: settings.retention, max_series: settings.max_series });
        let reader = |target: &Target| {
            let mut reader = Reader::new(exposition::Limits::default());
            reader.names(Some(names.iter().map(String::as_str).collect::<NameFilter>()));
            (store.add_target(target.constant.clone()), reader)
        };
        let readers = targets.iter().map(reader).collect();
        Self { names, store, readers, refused: 0, began: Instant::now(), last: Instant::now() }
    }

    /// Whether somebody may still look at the answer.
    pub(super) fn is_current(&self) -> bool {
        self.last.elapsed() < OVER
    }

    /// Takes what the targets said; nothing where one is silent.
    pub(super) fn take(&mut self, answers: &[Checked], at: At) {
        let at_ms = at.timestamp_millis();
        self.refused = 0;
        for ((id, reader), answer) in self.readers.iter_mut().zip(answers) {
            let Some(body) = answer.exposition() else {
                self.store.down(*id, at_ms);
                continue;
            };
            let Ok(scrape) = self.store.begin(*id, at_ms) else { continue };
            let mut kept = Kept(scrape);
            // What is wrong with the body is told by the target, which reads it as well.
            if reader.read(&body.bytes, body.format, &mut kept).is_ok() {
                kept.0.finish();
            }
            self.refused += reader.refused();
        }
    }
}

/// The store as the reader sees it.
struct Kept<'a>(Scrape<'a>);

impl Sink for Kept<'_> {
    type Series = SeriesId;

    fn series(&mut self, labels: Labels) -> Option<SeriesId> {
        self.0.series(labels).ok()
    }

    fn sample(&mut self, series: SeriesId, value: f64, explicit_ms: Option<i64>) {
        self.0.put(series, value, explicit_ms);
    }
}

impl Embedded {
    /// Answers a question from what is kept, by whomever; what is not is kept from now on.
    ///
    /// # Errors
    /// What is wrong with the query, in the parser's own words; or that it takes too long.
    pub async fn query(&mut self, question: &Question) -> Result<Rows, Fault> {
        let selector = format!("job={:?}", &*self.settings.service);
        let range = (question.to - question.from).to_std().unwrap_or_default();
        let vars = Vars {
            service: &self.settings.service,
            selector: &selector,
            rate_interval: self.settings.rate_window(),
            interval: question.step,
            range,
        };
        let query = Query::parse(&expand(&question.text, &vars))
            // The query stands above: what is wrong with it alone, so that it is seen on a small screen too.
            .map_err(|refusal| Fault::new(FaultKind::NotFound, &refusal.message))?;
        let mut notes = Vec::new();
        let wanted = query.names();
        let reach = query.widest_fixed_window().unwrap_or_default().max(Duration::from_secs(300));
        let since = question.from - chrono::TimeDelta::from_std(reach).unwrap_or_default();
        // A scrape may be late without a hole; one that is lost is a hole in the strips as well.
        let patience = self.settings.every.mul_f64(1.9);
        let kept = self.evaluator.names();
        // Looked up once: what another process scraped is read from its file.
        let series = self.series_since(since, question.to).await;
        let has = |name: &str| kept.as_ref().is_some_and(|kept| kept.contains(name)) || series.count_of(name) > 0;
        let lacking: BTreeSet<String> = wanted.iter().flatten().filter(|name| !has(name)).cloned().collect();
        let Some(wanted) = wanted.filter(|_| !lacking.is_empty()) else {
            if query.names().is_none() {
                notes.push("a pattern for names finds only the metrics that the signals keep".to_owned());
            }
            let rows = answered(&query, &series, question, patience, &mut notes).await?;
            return Ok(Rows::largest(rows, notes));
        };
        drop(series);
        notes.extend(self.keep(&wanted, &lacking));
        let Some(asked) = &self.asked else { return Ok(Rows::largest(Vec::new(), notes)) };
        if asked.refused > 0 {
            let refused = asked.refused;
            notes.push(format!("{refused} series have no place: ask for a metric with fewer or raise max_series"));
        }
        let rows = answered(&query, &asked.store, question, patience, &mut notes).await?;
        // Until the second scrape, and an instant of the question behind it, that there are none says nothing.
        if rows.is_empty() && notes.is_empty() && asked.began.elapsed() < self.settings.every * 2 + question.step {
            notes.push("kept since the question: points come with the next scrapes".to_owned());
        }
        Ok(Rows::largest(rows, notes))
    }

    /// Keeps what a question wants and the signals do not; says so when it is new.
    fn keep(&mut self, wanted: &BTreeSet<String>, lacking: &BTreeSet<String>) -> Option<String> {
        if let Some(asked) = self.asked.as_mut().filter(|asked| wanted.is_subset(&asked.names)) {
            asked.last = Instant::now();
            return None;
        }
        self.asked = Some(Asked::new(wanted.clone(), &self.settings, &self.targets));
        let what = lacking.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        Some(format!("{what}: not kept until now; points come with the next scrapes"))
    }

    /// The names of the metrics that the targets show now, in order.
    ///
    /// # Errors
    /// The first target's fault, when no target could be read.
    pub async fn metric_names(&mut self, http: &Http) -> Result<Vec<String>, Fault> {
        let asks = self.targets.iter().map(|target| target.get(http, &target.url));
        let mut names = BTreeSet::from(["up".to_owned()]);
        let mut fault = None;
        let mut read = false;
        for answer in futures_util::future::join_all(asks).await {
            match answer.checked().body {
                Ok(body) => {
                    read = true;
                    names.extend(inventory(&body.bytes, body.format).names.into_keys());
                }
                Err(why) => fault = fault.or(Some(why)),
            }
        }
        match fault {
            Some(fault) if !read => Err(fault),
            _ => Ok(names.into_iter().map(|name| clean_line(&name, 200)).collect()),
        }
    }
}

/// The values, and what is to be said beside them.
async fn answered(
    query: &Query,
    store: &Store,
    question: &Question,
    patience: Duration,
    notes: &mut Vec<String>,
) -> Result<Vec<Row>, Fault> {
    if let Some(left) = query.warm(store, question.to.timestamp_millis()) {
        notes.push(format!("warming up: its window is filled in {} s", left.as_secs().max(1)));
    }
    over_time(query, store, question, patience).await
}

/// The values at the instants of the question, a slice at a time.
async fn over_time(query: &Query, store: &Store, question: &Question, patience: Duration) -> Result<Vec<Row>, Fault> {
    let began = Instant::now();
    let step = i64::try_from(question.step.as_millis()).unwrap_or(i64::MAX).max(1);
    // Multiples of the step, so that the picture stands still while time runs.
    let first = question.from.timestamp_millis().div_euclid(step) * step;
    let last = question.to.timestamp_millis();
    // `@ start()` and `@ end()` are those of the whole.
    let whole = query.text().contains("start()") || query.text().contains("end()");
    let length = if whole { i64::MAX } else { step.saturating_mul(SLICE as i64) };
    let mut rows: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
    let mut from = first;
    while from <= last {
        let to = last.min(from.saturating_add(length).saturating_sub(step));
        let instants = std::iter::successors(Some(from), |at| at.checked_add(step)).take_while(|at| *at <= to);
        let is_cold = |at: &i64| query.warm(store, *at).is_some() || query.in_hole(store, *at, patience);
        let cold: BTreeSet<i64> = instants.filter(is_cold).collect();
        let slice = query.range(store, from, to, step);
        let slice = slice.map_err(|error| Fault::new(FaultKind::NotFound, &error.to_string()))?;
        for (labels, points) in slice {
            // A rate whose window was not filled, or ends where nobody scraped, reads too low: it is a gap here as it
            // is in the strips.
            let filled = points.into_iter().filter(|(at, _)| !cold.contains(at));
            rows.entry(labels).or_default().extend(filled);
        }
        if began.elapsed() > LONGEST {
            let cause = format!("the answer takes longer than {} s to compute", LONGEST.as_secs());
            return Err(Fault::new(FaultKind::Timeout, &cause).advise("narrow the query or show a shorter time"));
        }
        from = from.saturating_add(length);
        tokio::task::yield_now().await;
    }
    rows.retain(|_, points| !points.is_empty());
    Ok(rows.into_iter().collect())
}
