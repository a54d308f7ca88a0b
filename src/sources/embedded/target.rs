//! One endpoint: getting its body, reading it into the store.

use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use url::Url;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Labels;
use crate::facts::ScrapeReport;
use crate::facts::TargetReport;
use crate::promql::Full;
use crate::promql::Scrape;
use crate::promql::SeriesId;
use crate::promql::Store;
use crate::promql::TargetId;
use crate::sources::embedded::Settings;
use crate::sources::exposition;
use crate::sources::exposition::Format;
use crate::sources::exposition::NameFilter;
use crate::sources::exposition::Reader;
use crate::sources::exposition::Sink;
use crate::sources::http::Answer;
use crate::sources::http::Ask;
use crate::sources::http::Body;
use crate::sources::http::Http;
use crate::sources::http::shown;
use crate::sources::secret::SecretRef;

/// The longest that a scrape may take; never longer than the interval, so that asks do not pile up.
const DEADLINE: Duration = Duration::from_secs(10);

/// One endpoint.
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) address: String,
    headers: Vec<(String, SecretRef)>,
    id: TargetId,
    reader: Reader<SeriesId>,
    deadline: Duration,
}

/// What came back, with the time that it took.
pub(super) struct Scraped {
    answer: Result<Body, Fault>,
    took: Duration,
}

/// A body of a known format, or why there is none.
pub(super) struct Checked {
    pub(super) body: Result<Exposition, Fault>,
    took: Duration,
}

/// A body of a known format.
pub(super) struct Exposition {
    pub(super) bytes: Vec<u8>,
    pub(super) format: Format,
    remark: String,
}

impl Target {
    pub(super) fn new(store: &mut Store, settings: &Settings, url: Url, headers: Vec<(String, SecretRef)>) -> Self {
        let instance = match (url.host_str(), url.port_or_known_default()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let service = &*settings.service;
        let constant = Labels::from_iter([("job", service), ("service", service), ("instance", &instance)]);
        Self {
            address: shown(&url),
            url,
            headers,
            id: store.add_target(constant),
            reader: Reader::new(exposition::Limits::default()),
            deadline: DEADLINE.min(settings.every.max(Duration::from_secs(1))),
        }
    }

    /// Sets the metric names that are worth reading; `None` means all.
    pub(super) fn wants(&mut self, names: Option<&BTreeSet<String>>) {
        self.reader.names(names.map(|names| names.iter().map(String::as_str).collect::<NameFilter>()));
    }

    pub(super) async fn get(&self, http: &Http, url: &Url) -> Scraped {
        let mut ask = Ask::new(url.clone());
        ask.headers.clone_from(&self.headers);
        ask.accept = exposition::ACCEPT;
        ask.deadline = self.deadline;
        ask.cap = exposition::Limits::default().body;
        let asked = Instant::now();
        let answer = match http.get(&ask).await {
            Ok(Answer::Body(body)) => Ok(body),
            Ok(Answer::NotModified) => {
                Err(Fault::new(FaultKind::Unreadable, "304 Not Modified, which was not asked for"))
            }
            Err(fault) => Err(fault),
        };
        Scraped { answer, took: asked.elapsed() }
    }

    /// Reads the body into the store; a target without one ends all its series, so that nothing reads flat.
    pub(super) fn store(&mut self, store: &mut Store, answer: Checked, at: At) -> TargetReport {
        let at_ms = at.timestamp_millis();
        let outcome = answer.body.and_then(|body| self.read(store, &body, at_ms));
        if outcome.is_err() {
            store.down(self.id, at_ms);
        }
        TargetReport { address: self.address.clone(), outcome, took: answer.took }
    }

    fn read(&mut self, store: &mut Store, body: &Exposition, at_ms: i64) -> Result<ScrapeReport, Fault> {
        let scrape = store.begin(self.id, at_ms).map_err(|_| {
            Fault::new(FaultKind::Local, "the clock went backwards").advise("numbers go on when it has caught up")
        })?;
        let mut into = Into { scrape, full: None, refused: 0 };
        let mut report = self.reader.read(&body.bytes, body.format, &mut into)?;
        let Into { scrape, full, refused } = into;
        scrape.finish();
        let full = full.map(|full| format!("{refused} series not kept: {full}; see `max_series`"));
        let remarks = [Some(std::mem::take(&mut report.remark)), Some(body.remark.clone()), full];
        report.remark = remarks.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
        Ok(report)
    }
}

impl Scraped {
    pub(super) fn checked(self) -> Checked {
        let body = self.answer.and_then(|body| {
            let (format, remark) = Format::of(body.content_type.as_deref(), &body.bytes)?;
            Ok(Exposition { bytes: body.bytes, format, remark })
        });
        Checked { body, took: self.took }
    }
}

/// The store as the reader sees it.
struct Into<'a> {
    scrape: Scrape<'a>,
    full: Option<Full>,
    refused: usize,
}

impl Sink for Into<'_> {
    type Series = SeriesId;

    fn series(&mut self, labels: Labels) -> Option<SeriesId> {
        match self.scrape.series(labels) {
            Ok(series) => Some(series),
            Err(full) => {
                self.full = Some(full);
                self.refused += 1;
                None
            }
        }
    }

    fn sample(&mut self, series: SeriesId, value: f64, explicit_ms: Option<i64>) {
        self.scrape.put(series, value, explicit_ms);
    }
}
