//! One endpoint: getting its body, reading it into the store.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

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
use crate::sources::embedded::places;
use crate::sources::embedded::recording::Tape;
use crate::sources::exposition;
use crate::sources::exposition::Format;
use crate::sources::exposition::NameFilter;
use crate::sources::exposition::Reader;
use crate::sources::exposition::Sink;
use crate::sources::http::Access;
use crate::sources::http::Answer;
use crate::sources::http::Ask;
use crate::sources::http::Body;
use crate::sources::http::Http;
use crate::sources::http::shown;

/// The longest that a scrape may take; never longer than the interval, so that asks do not pile up.
const DEADLINE: Duration = Duration::from_secs(10);

/// One endpoint.
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) address: String,
    access: Arc<Access>,
    /// The labels that all its series have.
    pub(super) constant: Labels,
    id: TargetId,
    reader: Reader<SeriesId>,
    names: Option<BTreeSet<String>>,
    /// What the last scrape brought, while that is recorded.
    pub(super) tape: Tape,
    deadline: Duration,
    /// Series of the last scrape that the store had no place for.
    pub(super) refused: usize,
    /// How many of each metric there were, since the store was asked last whether it has a place.
    pub(super) refused_names: BTreeMap<String, usize>,
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
    pub(super) fn new(store: &mut Store, settings: &Settings, url: Url, access: Arc<Access>) -> Self {
        // Behind one gate the path tells instances apart: with one label they would be one and the same.
        let is_alone = settings.targets.iter().filter(|(other, _)| place(other) == place(&url)).count() < 2;
        let path = url.path().trim_end_matches("/metrics").trim_end_matches('/');
        let instance = if is_alone { place(&url) } else { format!("{}{path}", place(&url)) };
        let service = &*settings.service;
        let constant = Labels::from_iter([("job", service), ("service", service), ("instance", &instance)]);
        Self {
            address: shown(&url),
            url,
            access,
            id: store.add_target(constant.clone()),
            constant,
            reader: Reader::new(exposition::Limits::default()),
            names: None,
            tape: Tape::default(),
            deadline: DEADLINE.min(settings.every.max(Duration::from_secs(1))),
            refused: 0,
            refused_names: BTreeMap::new(),
        }
    }

    /// Sets the metric names that are worth reading; `None` means all.
    pub(super) fn wants(&mut self, names: Option<&BTreeSet<String>>) {
        self.names = names.cloned();
        self.reader.names(names.map(|names| names.iter().map(String::as_str).collect::<NameFilter>()));
    }

    pub(super) const fn id(&self) -> TargetId {
        self.id
    }

    /// Goes on in a store in which the target has that number; every series will be met anew.
    pub(super) fn moves(&mut self, id: Option<TargetId>) {
        self.id = id.unwrap_or(self.id);
        self.reader = Reader::new(exposition::Limits::default());
        self.tape = Tape::default();
        self.refused = 0;
        self.refused_names.clear();
        let names = self.names.take();
        self.wants(names.as_ref());
    }

    pub(super) async fn get(&self, http: &Http, url: &Url) -> Scraped {
        let mut ask = Ask::new(url.clone());
        ask.access = Some(Arc::clone(&self.access));
        ask.accept = exposition::ACCEPT;
        ask.cap = exposition::Limits::default().body;
        let mut get = async |left| {
            ask.deadline = left;
            let asked = http.stopwatch();
            let answer = http.ask(&ask).await;
            (asked.elapsed(), answer)
        };
        // Where there are no sockets, there is no burst of them.
        let (took, answer) =
            if http.is_inside() { get(self.deadline).await } else { places::begin(self.deadline, get).await };
        let answer = match answer {
            Ok(Answer::Body(body)) => Ok(body),
            Ok(Answer::NotModified) => {
                Err(Fault::new(FaultKind::Unreadable, "304 Not Modified, which was not asked for"))
            }
            Err(fault) => Err(fault),
        };
        Scraped { answer, took }
    }

    /// Reads the body into the store; a target without one ends all its series, so that nothing reads flat.
    /// What is read is noted on the tape as well where it `records`.
    pub(super) fn store(&mut self, store: &mut Store, answer: Checked, at: At, records: bool) -> TargetReport {
        let at_ms = at.timestamp_millis();
        let (kept, most) = store.counts();
        if self.refused > 0 && kept < most {
            self.reader.ask_again();
            self.refused_names.clear();
        }
        self.refused = 0;
        let outcome = answer.body.and_then(|body| self.read(store, &body, at_ms, records));
        self.tape.end(outcome.is_ok());
        if outcome.is_err() {
            store.down(self.id, at_ms);
        }
        TargetReport { address: self.address.clone(), outcome, took: answer.took }
    }

    fn read(&mut self, store: &mut Store, body: &Exposition, at_ms: i64, records: bool) -> Result<ScrapeReport, Fault> {
        let full = Full { max_series: store.counts().1 };
        let scrape = store.begin(self.id, at_ms).map_err(|_| {
            Fault::new(FaultKind::Local, "the clock went backwards").advise("numbers go on when it has caught up")
        })?;
        let (tape, refused) = (&mut self.tape, &mut self.refused_names);
        let mut into = Into { scrape, at_ms, plain: false, nearest_ms: None, tape, records, refused };
        let mut report = self.reader.read(&body.bytes, body.format, &mut into)?;
        let off = into.off();
        into.scrape.finish();
        self.refused = self.reader.refused();
        let full = (self.refused > 0).then(|| format!("{} series not kept: {full}; see `max_series`", self.refused));
        let remarks =
            [Some(std::mem::take(&mut report.remark)), Some(body.remark.clone()), full, off, self.access.remark()];
        report.remark = remarks.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
        Ok(report)
    }
}

impl Scraped {
    /// What came back without a network.
    #[cfg(test)]
    pub(super) fn made(answer: Result<&str, Fault>, url: &Url) -> Self {
        let body = |text: &str| Body {
            status: 200,
            bytes: text.as_bytes().to_vec(),
            content_type: Some("text/plain; version=0.0.4".into()),
            validators: crate::sources::http::Validators::default(),
            took: Duration::ZERO,
            url: url.clone(),
        };
        Self { answer: answer.map(body), took: Duration::ZERO }
    }

    pub(super) fn checked(self) -> Checked {
        let body = self.answer.and_then(|body| {
            let (format, remark) = Format::of(body.content_type.as_deref(), &body.bytes)?;
            Ok(Exposition { bytes: body.bytes, format, remark })
        });
        Checked { body, took: self.took }
    }
}

impl Checked {
    /// The body, when there is a line in it that is not blank and no comment.
    pub(super) fn exposition(&self) -> Option<&Exposition> {
        let body = self.body.as_ref().ok()?;
        let mut lines = body.bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.any(|line| !line.is_empty() && !line.starts_with(b"#")).then_some(body)
    }
}

/// Timestamps of samples may be so far from the scrape, in milliseconds: queries look back as far.
const OFF_MS: i64 = 5 * 60 * 1_000;

/// The store as the reader sees it.
struct Into<'a> {
    scrape: Scrape<'a>,
    at_ms: i64,
    /// A sample had no timestamp of its own.
    plain: bool,
    /// The timestamp that is nearest to the scrape, from there.
    nearest_ms: Option<i64>,
    tape: &'a mut Tape,
    records: bool,
    refused: &'a mut BTreeMap<String, usize>,
}

impl Into<'_> {
    /// What there is to say when every sample has a timestamp of its own, and none is of now.
    fn off(&self) -> Option<String> {
        let off = self.nearest_ms.filter(|off| !self.plain && off.saturating_abs() > OFF_MS)?;
        let minutes = off.unsigned_abs() / 60_000;
        let far = match minutes {
            0..120 => format!("{minutes} min"),
            120..2_880 => format!("{} h", minutes / 60),
            _ => format!("{} days", minutes / 1_440),
        };
        Some(format!("its samples carry times {far} in the {}", if off > 0 { "future" } else { "past" }))
    }
}

impl Sink for Into<'_> {
    type Series = SeriesId;

    fn series(&mut self, labels: Labels) -> Option<SeriesId> {
        let name = labels.name().to_owned();
        let copy = self.tape.runs().then(|| labels.clone());
        let Ok(series) = self.scrape.series(labels) else {
            *self.refused.entry(name).or_default() += 1;
            return None;
        };
        if let Some(labels) = copy {
            self.tape.born(series, labels);
        }
        Some(series)
    }

    fn sample(&mut self, series: SeriesId, value: f64, explicit_ms: Option<i64>) {
        match explicit_ms.map(|own| own.saturating_sub(self.at_ms)) {
            None => self.plain = true,
            Some(off) if self.nearest_ms.is_none_or(|least| off.saturating_abs() < least.saturating_abs()) => {
                self.nearest_ms = Some(off);
            }
            Some(_) => {}
        }
        if self.scrape.put(series, value, explicit_ms) && self.records {
            self.tape.sample(series, value, explicit_ms);
        }
    }
}

/// The host and port of an address.
fn place(url: &Url) -> String {
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    }
}
