//! The [`Reader`]: hands the samples of one target to a [`Sink`], scrape after scrape.
//!
//! It forgives a bad line (skipped, counted, the first one reported), since an endpoint in trouble is what people
//! look at; it does not forgive a body that is something else, too large or cut off.

use std::collections::HashSet;

use super::Format;
use super::format;
use super::lexer;
use super::lexer::Manner;
use super::line;
use super::line::Reason;
use super::line::Split;
use super::line::Tail;
use super::number;
use super::plain;
use super::texts::Known;
use super::texts::Texts;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Labels;
use crate::facts::ScrapeReport;
use crate::facts::text::clean_line;

/// Takes what a [`Reader`] reads.
pub trait Sink {
    /// What the sink knows a series by.
    type Series: Copy;

    /// Called when a series text is met for the first time; `None` means that its samples are not wanted. It may
    /// be called again for a series that was away for a scrape or more, and for the same labels in another
    /// spelling; the answer should then be the same.
    fn series(&mut self, labels: Labels) -> Option<Self::Series>;

    /// One sample. `value` may be NaN or infinite, `explicit_ms` is the exposition's own timestamp in
    /// milliseconds. Within one scrape a series text without a timestamp comes only once.
    fn sample(&mut self, series: Self::Series, value: f64, explicit_ms: Option<i64>);
}

/// What one body may cost at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of the body, unpacked. A larger one is refused.
    pub body: usize,
    /// Bytes of one line. A longer one is skipped.
    pub line: usize,
    /// Labels of one series, its name not counted. A line with more is skipped.
    pub labels: usize,
    /// Samples that pass the name filter. A body with more is refused.
    pub samples: usize,
}

impl Default for Limits {
    /// 32 MiB, 64 KiB, 64 labels, 500,000 samples.
    fn default() -> Self {
        Self { body: 32 << 20, line: 64 << 10, labels: 64, samples: 500_000 }
    }
}

/// The metric names that are wanted, compared as a whole.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct NameFilter(HashSet<Box<[u8]>>);

impl<'a> FromIterator<&'a str> for NameFilter {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Self(names.into_iter().map(|name| name.as_bytes().into()).collect())
    }
}

impl NameFilter {
    /// Whether a name is wanted.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.0.contains(name.as_bytes())
    }
}

/// Which bound of the series that follow `Prometheus` rewrites: the last `# TYPE` line decides.
type Bound = Option<&'static str>;

/// Reads the scrapes of one target. Keeps what it learned of each series text between them.
#[derive(Debug)]
pub struct Reader<S> {
    limits: Limits,
    filter: Option<NameFilter>,
    known: Texts<S>,
    scrape: u64,
    refused: usize,
}

/// What happened so far in one scrape.
#[derive(Default)]
struct Progress<'a> {
    report: ScrapeReport,
    /// Samples that passed the filter.
    kept: usize,
    /// Those of them that the sink does not want.
    refused: usize,
    comments: usize,
    /// Lines behind the end mark of `OpenMetrics`.
    behind_end: usize,
    bound: Bound,
    /// The last name and whether it is wanted: lines of one name follow each other.
    last_name: Option<(&'a [u8], bool)>,
}

impl<S: Copy> Reader<S> {
    /// A reader that knows nothing yet and wants every name.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, filter: None, known: Texts::new(), scrape: 0, refused: 0 }
    }

    /// Sets the metric names that are wanted; `None` means all. When that changes, what was learned is forgotten,
    /// so that the sink is asked again about every series.
    pub fn names(&mut self, filter: Option<NameFilter>) {
        if self.filter != filter {
            self.filter = filter;
            self.known = Texts::new();
        }
    }

    /// The samples of the last body whose series the sink did not want, whenever it said so.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused
    }

    /// Forgets what the sink refused, so that it is asked again.
    pub fn ask_again(&mut self) {
        self.known.retain(|known| !known.refused);
    }

    /// Reads one body and hands its samples over, in order. Lines of names that are not wanted are counted as
    /// samples when they look like one, but their labels are not read; where several such lines follow each other
    /// under one name, only the first is looked at behind its name.
    ///
    /// # Errors
    /// [`FaultKind::Unreadable`] when the body is something else than metrics or has no sample at all, [`FaultKind::TooLarge`] beyond
    /// the limits, [`FaultKind::Truncated`] for `OpenMetrics` without its `# EOF`. In the case of too many samples
    /// the sink already had some of them and should drop this scrape.
    pub fn read(
        &mut self,
        body: &[u8],
        format: Format,
        sink: &mut impl Sink<Series = S>,
    ) -> Result<ScrapeReport, Fault> {
        self.refused = 0;
        self.refuse(body, format)?;
        self.scrape += 1;
        self.known.rewind();
        let mut progress = Progress::default();
        progress.report.bytes = body.len();
        let mut lines = line::lines(body).enumerate();
        while let Some((index, raw)) = lines.next() {
            let text = line::trim(raw);
            if text.first() == Some(&b'#') {
                progress.comments += 1;
                if format == Format::OpenMetrics && text == b"# EOF" {
                    progress.behind_end = lines.filter(|(_, line)| !line::trim(line).is_empty()).count();
                    break;
                }
                progress.bound = bound_of(text).unwrap_or(progress.bound);
            } else if !text.is_empty() {
                match self.line(text, format, &mut progress, sink) {
                    Ok(()) => progress.report.samples += 1,
                    Err(reason) => progress.skip(index + 1, reason, text),
                }
                if progress.kept > self.limits.samples {
                    return Err(self.too_many());
                }
            }
        }
        if progress.report.samples == 0 {
            let is_other = progress.report.skipped > 0 && progress.comments == 0;
            return Err(if is_other { format::not_metrics("", body) } else { format::no_sample() });
        }
        self.refused = progress.refused;
        self.forget(progress.kept);
        Ok(ScrapeReport { remark: progress.remark(), ..progress.report })
    }

    /// Refuses a body as a whole, before anything of it is read.
    fn refuse(&self, body: &[u8], format: Format) -> Result<(), Fault> {
        if body.len() > self.limits.body {
            let cause = format!("the answer is larger than {} MiB", self.limits.body >> 20);
            return Err(Fault::new(FaultKind::TooLarge, &cause)
                .advise("ask an endpoint with fewer series, or a Prometheus server that scrapes it"));
        }
        format::refuse_foreign(body)?;
        // Half of the series would look like a fall of traffic.
        if format == Format::OpenMetrics && !has_end(body) {
            return Err(Fault::new(FaultKind::Truncated, "the answer is cut off: it does not end with # EOF")
                .advise("OpenMetrics must end so, and Prometheus refuses it as well; look at the endpoint's log"));
        }
        Ok(())
    }

    fn too_many(&self) -> Fault {
        let cause = format!("more than {} samples", self.limits.samples);
        Fault::new(FaultKind::TooLarge, &cause)
            .advise("name the metrics that are wanted, or ask a Prometheus server that scrapes this endpoint")
    }

    fn line<'a>(
        &mut self,
        text: &'a [u8],
        format: Format,
        progress: &mut Progress<'a>,
        sink: &mut impl Sink<Series = S>,
    ) -> Result<(), Reason> {
        if text.len() > self.limits.line {
            return Err(Reason::TooLong);
        }
        if progress.goes_on_unwanted(text) {
            return Ok(());
        }
        if let Some((place, end)) = self.known.expected(text) {
            let tail = line::tail(&text[end..], format, false)?;
            // It ends a run of unwanted lines, as it does for one who meets it for the first time.
            progress.last_name = None;
            return self.sample(place, tail, progress, sink);
        }
        let split = line::split(text, format, false)?;
        if !self.wants(split.name, progress)? {
            return Ok(());
        }
        let place = match self.known.find(split.series) {
            Some(place) => place,
            None => self.learn(split, format, progress.bound, sink)?,
        };
        self.sample(place, split.tail, progress, sink)
    }

    /// Hands over the sample of a text that is known.
    fn sample(
        &mut self,
        place: u32,
        tail: Tail<'_>,
        progress: &mut Progress<'_>,
        sink: &mut impl Sink<Series = S>,
    ) -> Result<(), Reason> {
        let Some(known) = self.known.met(place) else { return Err(Reason::NoName) };
        if known.scrape == self.scrape && tail.millis.is_none() {
            return Err(Reason::SeriesTwice);
        }
        known.scrape = self.scrape;
        progress.kept += 1;
        progress.refused += usize::from(known.refused);
        if let Some(series) = known.series {
            sink.sample(series, tail.value, tail.millis);
        }
        Ok(())
    }

    /// Whether a name token passes the filter; a quoted name (an empty token) is decided by its labels.
    fn wants<'a>(&self, name: &'a [u8], progress: &mut Progress<'a>) -> Result<bool, Reason> {
        let Some(filter) = &self.filter else { return Ok(true) };
        if name.is_empty() {
            progress.last_name = None;
            return Ok(true);
        }
        if let Some((last, wanted)) = progress.last_name
            && last == name
        {
            return Ok(wanted);
        }
        let wanted = filter.0.contains(name);
        if !wanted && !lexer::is_metric_name(name) {
            return Err(Reason::BadName);
        }
        progress.last_name = Some((name, wanted));
        Ok(wanted)
    }

    /// Reads a series text for the first time and asks the sink about it.
    fn learn(
        &mut self,
        split: Split<'_>,
        format: Format,
        bound: Bound,
        sink: &mut impl Sink<Series = S>,
    ) -> Result<u32, Reason> {
        let manner = Manner { max_labels: self.limits.labels, known_escapes: false };
        let labels = labels_of(split, format, manner)?;
        let wanted = self.filter.as_ref().is_none_or(|filter| filter.wants(labels.name()));
        let series = if wanted { sink.series(with_canonical(labels, bound)) } else { None };
        let known = Known { series, refused: wanted && series.is_none(), scrape: 0 };
        Ok(self.known.add(split.series, known))
    }

    /// Forgets series texts that are gone, when they are more than those that are there: labels with ids in
    /// them must not fill the memory.
    fn forget(&mut self, present: usize) {
        if self.known.len() > 2 * present + 1000 {
            let scrape = self.scrape;
            self.known.retain(|known| known.scrape == scrape);
        }
    }
}

impl Progress<'_> {
    /// Whether a line has the name of one before that is not wanted: then nothing more of it is looked at.
    fn goes_on_unwanted(&self, line: &[u8]) -> bool {
        self.last_name
            .is_some_and(|(name, wanted)| !wanted && matches!(line.strip_prefix(name), Some([b'{' | b' ' | b'\t', ..])))
    }

    /// What is odd although the body could be read.
    fn remark(&self) -> String {
        match self.behind_end {
            0 => String::new(),
            lines => format!("lines behind # EOF are left out: {lines}"),
        }
    }

    fn skip(&mut self, number: usize, reason: Reason, text: &[u8]) {
        self.report.skipped += 1;
        if self.report.skipped == 1 {
            let head = String::from_utf8_lossy(&text[..text.len().min(400)]);
            self.report.skipped_example = clean_line(&format!("line {number}: {reason}: {head}"), 160);
        }
    }
}

/// The labels of a series text: by the crate when the line is plain, else by the lexer.
pub(super) fn labels_of(split: Split<'_>, format: Format, manner: Manner) -> Result<Labels, Reason> {
    let by_crate =
        if format == Format::Text { plain::series(split.series, split.tail.number, manner.max_labels) } else { None };
    by_crate.map_or_else(|| lexer::series(split.series, manner), Ok)
}

/// Whether there is an end mark of `OpenMetrics`, mostly as the last line.
fn has_end(body: &[u8]) -> bool {
    body.ends_with(b"\n# EOF\n") || line::lines(body).any(|line| line::trim(line) == b"# EOF")
}

/// The bound that a `# TYPE` line asks to rewrite; `None` when the line is another comment.
fn bound_of(comment: &[u8]) -> Option<Bound> {
    let comment = comment[1..].trim_ascii_start().strip_prefix(b"TYPE")?;
    let kind = comment.strip_prefix(b" ").or(comment.strip_prefix(b"\t"))?.trim_ascii_end();
    let last = kind.rsplit(|byte| matches!(byte, b' ' | b'\t')).next()?;
    Some(match last {
        b"histogram" => Some("le"),
        b"summary" => Some("quantile"),
        _ => None,
    })
}

/// Rewrites a bound as `Prometheus` 3 does when it takes a sample in, so that `{le="1.0"}` means the same here.
fn with_canonical(labels: Labels, bound: Bound) -> Labels {
    let Some(name) = bound else { return labels };
    let Some(text) = labels.get(name) else { return labels };
    let Some(value) = number::value(text.as_bytes()) else { return labels };
    let canonical = number::canonical(value);
    if canonical == text { labels } else { labels.with(name, &canonical) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps everything; a series is its place in `series`.
    #[derive(Default)]
    struct Memory {
        series: Vec<Labels>,
        samples: Vec<(usize, f64, Option<i64>)>,
    }

    impl Sink for Memory {
        type Series = usize;

        fn series(&mut self, labels: Labels) -> Option<usize> {
            if labels.name() == "unwanted" {
                return None;
            }
            self.series.push(labels);
            Some(self.series.len() - 1)
        }

        fn sample(&mut self, series: usize, value: f64, explicit_ms: Option<i64>) {
            self.samples.push((series, value, explicit_ms));
        }
    }

    impl Memory {
        fn shown(&self) -> Vec<String> {
            let one = |(series, value, stamp): &(usize, f64, Option<i64>)| {
                let stamp = stamp.map_or(String::new(), |stamp| format!(" @{stamp}"));
                format!("{} {value}{stamp}", self.series[*series])
            };
            self.samples.iter().map(one).collect()
        }
    }

    fn reader() -> Reader<usize> {
        Reader::new(Limits::default())
    }

    #[test]
    fn a_scrape_is_read_and_bounds_are_rewritten() {
        let body = br#"# HELP h text
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
h_sum 3.5
# TYPE s summary
s{quantile="0.5"} 1
s{quantile="1"} NaN
# TYPE g gauge
g{le="1"} 1 99
p{path="/a/{id}"} 1
unwanted 7
"quoted" 1
"#;
        let mut memory = Memory::default();
        let report = reader().read(body, Format::Text, &mut memory).unwrap();
        assert_eq!(
            memory.shown(),
            [
                "h_bucket{le=\"1.0\"} 1",
                "h_bucket{le=\"+Inf\"} 2",
                "h_sum 3.5",
                "s{quantile=\"0.5\"} 1",
                "s{quantile=\"1.0\"} NaN",
                "g{le=\"1\"} 1 @99",
                "p{path=\"/a/{id}\"} 1",
            ]
        );
        assert_eq!((report.samples, report.skipped, report.bytes), (8, 1, body.len()));
        assert!(report.skipped_example.starts_with("line 13: the metric name has a character"), "{report:?}");
        assert_eq!(report.remark, "");
    }

    #[test]
    fn a_series_text_is_read_once_in_its_life() {
        let mut memory = Memory::default();
        let mut reader = reader();
        for value in 1..=3 {
            let body = format!("a{{b=\"c\"}} {value}\nunwanted 1\n");
            let report = reader.read(body.as_bytes(), Format::Text, &mut memory).unwrap();
            assert_eq!(report.samples, 2);
        }
        assert_eq!(memory.series.len(), 1);
        assert_eq!(memory.shown(), ["a{b=\"c\"} 1", "a{b=\"c\"} 2", "a{b=\"c\"} 3"]);
        reader.names(None);
        reader.read(b"a{b=\"c\"} 4\n", Format::Text, &mut memory).unwrap();
        assert_eq!(memory.series.len(), 1, "the same filter changes nothing");
        reader.names(Some(NameFilter::from_iter(["a"])));
        reader.read(b"a{b=\"c\"} 5\n", Format::Text, &mut memory).unwrap();
        assert_eq!(memory.series.len(), 2, "a new filter asks again");
    }

    #[test]
    fn what_the_sink_refuses_is_counted_at_every_scrape() {
        let mut memory = Memory::default();
        let mut reader = reader();
        for _ in 0..3 {
            reader.read(b"a 1\nunwanted{x=\"1\"} 1\nunwanted{x=\"2\"} 1\n", Format::Text, &mut memory).unwrap();
            assert_eq!(reader.refused(), 2);
        }
        reader.ask_again();
        reader.read(b"a 1\nunwanted 1\n", Format::Text, &mut memory).unwrap();
        assert_eq!((reader.refused(), memory.series.len()), (1, 1));
        reader.names(Some(NameFilter::from_iter(["a"])));
        reader.read(b"a 1\nunwanted 1\n{\"unwanted\"} 1\n", Format::Text, &mut memory).unwrap();
        assert_eq!(reader.refused(), 0, "what the filter leaves out is not refused");
    }

    #[test]
    fn a_series_twice_counts_once_unless_it_has_timestamps() {
        let mut memory = Memory::default();
        let report = reader().read(b"a 1\na 2\nb 1 10\nb 2 20\n", Format::Text, &mut memory).unwrap();
        assert_eq!(memory.shown(), ["a 1", "b 1 @10", "b 2 @20"]);
        assert_eq!(report.skipped_example, "line 2: the series is there twice; the first one counts: a 2");
    }

    #[test]
    fn the_filter_compares_whole_names() {
        let mut memory = Memory::default();
        let mut reader = reader();
        reader.names(Some(NameFilter::from_iter(["http", "a.b"])));
        let body = br#"http 1
http_total 2
http{x="1"} 3
http {x="2"} 4
{"a.b",x="1"} 5
{"a.c"} 6
{x="1", "http"} 7
xhttp 8
404 5
other page
"#;
        let report = reader.read(body, Format::Text, &mut memory).unwrap();
        let values: Vec<_> = memory.samples.iter().map(|sample| sample.1).collect();
        assert_eq!(values, [1.0, 3.0, 4.0, 5.0, 7.0]);
        assert_eq!((report.samples, report.skipped), (8, 2));
    }

    #[test]
    fn bad_lines_are_skipped_and_counted() {
        let long = format!("l{{a=\"{}\"}} 1", "x".repeat(70_000));
        let labels: Vec<_> = (0..65).map(|index| format!("l{index}=\"\"")).collect();
        let many = format!("m{{{}}} 1", labels.join(","));
        let parts: [&[u8]; 5] =
            [b"ok 1\nv{a=\"\xff\"} 1\n", long.as_bytes(), b"\n", many.as_bytes(), b"\na true\r\nb 1\r\n"];
        let mut memory = Memory::default();
        let report = reader().read(&parts.concat(), Format::Text, &mut memory).unwrap();
        assert_eq!(memory.shown(), ["ok 1", "b 1"]);
        assert_eq!((report.samples, report.skipped), (2, 4));
        assert_eq!(report.skipped_example, "line 2: the line is not UTF-8: v{a=\"\u{fffd}\"} 1");
    }

    #[test]
    fn what_is_no_exposition_is_a_fault() {
        let read = |body: &[u8], format| reader().read(body, format, &mut Memory::default());
        for (body, kind) in [
            (&b"<html>"[..], FaultKind::Unreadable),
            (b"{\"status\":\"ok\"}", FaultKind::Unreadable),
            (b"404 page not found", FaultKind::Unreadable),
            (b"Not ready yet, come back later\n", FaultKind::Unreadable),
            (&vec![b'\n'; (32 << 20) + 1], FaultKind::TooLarge),
        ] {
            assert_eq!(read(body, Format::Text).map_err(|fault| fault.kind), Err(kind));
        }
        for (body, format) in [
            (&b""[..], Format::Text),
            (b"\n\n", Format::Text),
            (b"# HELP a b\n", Format::Text),
            (b"# EOF\n", Format::OpenMetrics),
        ] {
            let fault = read(body, format).unwrap_err();
            assert_eq!((fault.kind, fault.cause.as_str()), (FaultKind::Unreadable, "the answer holds no sample"));
        }
        let cut = read(b"a 1\n", Format::OpenMetrics).unwrap_err();
        assert_eq!(cut.kind, FaultKind::Truncated);
        let mut few = Reader::new(Limits { samples: 2, ..Limits::default() });
        let many = few.read(b"a 1\nb 1\nc 1\n", Format::Text, &mut Memory::default()).unwrap_err();
        assert_eq!((many.kind, many.cause.as_str()), (FaultKind::TooLarge, "more than 2 samples"));
    }

    #[test]
    fn openmetrics_is_read_to_its_end() {
        let body = br##"# TYPE a counter
a_total{x="# "} 1 1.5 # {id="y"} 0.5 1
b 2 # bad exemplar
# EOF
c 3
"##;
        let mut memory = Memory::default();
        let report = reader().read(body, Format::OpenMetrics, &mut memory).unwrap();
        assert_eq!(memory.shown(), ["a_total{x=\"# \"} 1 @1500", "b 2"]);
        assert_eq!((report.samples, report.remark.as_str()), (2, "lines behind # EOF are left out: 1"));
    }

    #[test]
    fn texts_that_are_gone_are_forgotten() {
        let mut memory = Memory::default();
        let mut reader = reader();
        for scrape in 0..30 {
            let lines: Vec<_> = (0..100).map(|id| format!("a{{id=\"{scrape}-{id}\"}} 1\n")).collect();
            reader.read(lines.concat().as_bytes(), Format::Text, &mut memory).unwrap();
            assert!(reader.known.len() <= 1300, "{}", reader.known.len());
        }
    }
}
