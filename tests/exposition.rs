//! The exposition reader against the world: every file of `shared/exposition`, and laws on made-up bodies.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;
use sixty::facts::Labels;
use sixty::sources::exposition::Format;
use sixty::sources::exposition::Limits;
use sixty::sources::exposition::NameFilter;
use sixty::sources::exposition::Reader;
use sixty::sources::exposition::Sink;
use sixty::sources::exposition::both_ways;
use sixty::sources::exposition::inventory;
use sixty::sources::exposition::samples;

type Samples = Vec<(Labels, f64, Option<i64>)>;

/// Files that a rule refuses and we read, each with the reason. The table is the documentation.
const LENIENT: [(&str, &str); 13] = [
    ("openmetrics/bad-bad_counter_values_9.txt", WHOLE_HISTOGRAM),
    ("openmetrics/bad-bad_histograms_0.txt", WHOLE_HISTOGRAM),
    ("openmetrics/bad-bad_histograms_3.txt", WHOLE_HISTOGRAM),
    ("openmetrics/bad-bad_histograms_7.txt", WHOLE_HISTOGRAM),
    ("openmetrics/bad-bad_histograms_9.txt", WHOLE_HISTOGRAM),
    ("openmetrics/bad-bad_histograms_11.txt", WHOLE_HISTOGRAM),
    ("openmetrics/bad-bad_histograms_14.txt", WHOLE_HISTOGRAM),
    ("openmetrics/bad-bad_grouping_or_ordering_0.txt", INTERLEAVED),
    ("openmetrics/bad-bad_grouping_or_ordering_2.txt", INTERLEAVED),
    ("openmetrics/bad-bad_grouping_or_ordering_3.txt", INTERLEAVED),
    ("text/bad-expfmt_err_041.txt", LEGACY_NAMES),
    ("text/bad-expfmt_err_042.txt", LEGACY_NAMES),
    (
        "text/bad-expfmt_corpus_err_000.txt",
        "the last line has no line end; text/good-textparse_prom_ok_002.txt asks for the opposite",
    ),
];

const WHOLE_HISTOGRAM: &str = "buckets, sum and count do not fit together: that is judged over a whole histogram, each line \
    is right by itself, and Prometheus takes it";
const INTERLEAVED: &str = "series or families are interleaved: no sample is in doubt, and Prometheus takes it \
    (openmetrics/good-textparse_om_ok_001.txt does it as well)";
const LEGACY_NAMES: &str = "a quoted name is refused only by the name rules before Prometheus 3";

/// The folder of test data; `None` (said on stdout) where it is missing and this is not CI.
fn shared() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let named = std::env::var_os("SIXTY_SHARED").map(PathBuf::from);
    let found = [Some(beside), named].into_iter().flatten().find(|folder| folder.join("exposition").is_dir());
    if found.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the shared test data is missing");
        println!("skipped: the shared test data is not here; set SIXTY_SHARED to its folder");
    }
    found.map(|folder| folder.join("exposition"))
}

struct Case {
    file: String,
    format: Format,
    body: Vec<u8>,
    /// `None` when the file must be refused.
    expected: Option<Vec<String>>,
}

fn cases() -> Option<Vec<Case>> {
    let folder = shared()?;
    let list: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join("cases.json")).unwrap()).unwrap();
    let case = |entry: &Value| {
        let file = entry["file"].as_str().unwrap().to_owned();
        let format = if entry["format"] == "openmetrics" { Format::OpenMetrics } else { Format::Text };
        let expected = entry["should_parse"].as_bool().unwrap().then(|| {
            let lines = std::fs::read_to_string(folder.join(entry["expected"].as_str().unwrap())).unwrap();
            let lines: Vec<_> =
                lines.lines().map(|line| shown_expected(&serde_json::from_str(line).unwrap())).collect();
            assert_eq!(Some(lines.len() as u64), entry["samples"].as_u64(), "{file}");
            lines
        });
        Case { body: std::fs::read(folder.join(&file)).unwrap(), file, format, expected }
    };
    Some(list.iter().map(case).collect())
}

fn shown_expected(line: &Value) -> String {
    let labels = line[1].as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    let labels: Labels = labels.chain([("__name__", line[0].as_str().unwrap())]).collect();
    let value: f64 = line[2].as_str().unwrap().parse().unwrap();
    shown(&(labels, value, line[3].as_i64()))
}

fn shown((labels, value, stamp): &(Labels, f64, Option<i64>)) -> String {
    format!("{labels} {value:?} {stamp:?}")
}

#[test]
fn every_file_gives_its_samples_or_its_refusal() {
    let Some(cases) = cases() else { return };
    let (mut good, mut refused, mut lenient, mut count) = (0, 0, Vec::new(), 0);
    for case in &cases {
        let result = samples(&case.body, case.format);
        match (&case.expected, result) {
            (Some(expected), Ok(found)) => {
                let found: Vec<_> = found.iter().map(shown).collect();
                assert_eq!(&found, expected, "{}", case.file);
                good += 1;
                count += found.len();
            }
            (Some(_), Err(refusal)) => panic!("{} must be read: {refusal}", case.file),
            (None, Err(_)) => refused += 1,
            (None, Ok(found)) => {
                assert_literal(case, &found);
                lenient.push(case.file.as_str());
            }
        }
    }
    let listed: Vec<_> = LENIENT.iter().map(|(file, _)| *file).collect();
    let missing: Vec<_> = lenient.iter().filter(|file| !listed.contains(file)).collect();
    assert!(missing.is_empty(), "read although they must be refused, and not in LENIENT: {missing:#?}");
    let stale: Vec<_> = listed.iter().filter(|file| !lenient.contains(file)).collect();
    assert!(stale.is_empty(), "in LENIENT, but refused: {stale:#?}");
    println!(
        "exposition: {} files, {good} read exactly ({count} samples), {refused} refused, {} read leniently",
        cases.len(),
        lenient.len()
    );
}

/// No sample is invented: each has a line of its own, with its name and, as written there, its value.
fn assert_literal(case: &Case, found: &Samples) {
    let text = String::from_utf8_lossy(&case.body);
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect();
    assert_eq!(lines.len(), found.len(), "{}", case.file);
    for (line, (labels, value, _)) in lines.iter().zip(found) {
        assert!(line.contains(labels.name()), "{}: {line}", case.file);
        let behind = line.rfind('}').map_or_else(|| line.split_once(' ').unwrap().1, |brace| &line[brace + 1..]);
        let written: f64 = behind.split_ascii_whitespace().next().unwrap().parse().unwrap();
        assert_eq!(written.to_bits(), value.to_bits(), "{}: {line}", case.file);
    }
}

#[test]
fn both_readers_agree_on_every_plain_line() {
    let Some(cases) = cases() else { return };
    let (mut plain, mut other) = (0, 0);
    for case in &cases {
        for line in case.body.split(|byte| *byte == b'\n') {
            match both_ways(line) {
                Some(both) => {
                    assert_eq!(both.by_crate, both.by_lexer, "{}: {}", case.file, String::from_utf8_lossy(line));
                    plain += 1;
                }
                None => other += usize::from(!line.is_empty() && !line.starts_with(b"#")),
            }
        }
    }
    println!("exposition: both readers agree on {plain} plain lines; {other} lines are not plain");
}

/// Keeps everything, in order.
#[derive(Default)]
struct Memory {
    series: Vec<Labels>,
    samples: Vec<(usize, f64, Option<i64>)>,
}

impl Sink for Memory {
    type Series = usize;

    fn series(&mut self, labels: Labels) -> Option<usize> {
        self.series.push(labels);
        Some(self.series.len() - 1)
    }

    fn sample(&mut self, series: usize, value: f64, explicit_ms: Option<i64>) {
        self.samples.push((series, value, explicit_ms));
    }
}

impl Memory {
    fn take(&mut self) -> Vec<String> {
        let samples = std::mem::take(&mut self.samples);
        samples.into_iter().map(|(series, value, stamp)| shown(&(self.series[series].clone(), value, stamp))).collect()
    }
}

#[test]
fn a_scrape_gives_what_the_strict_reader_gives() {
    let Some(cases) = cases() else { return };
    for case in cases.iter().filter(|case| case.expected.is_some()) {
        let mut memory = Memory::default();
        let mut reader = Reader::new(Limits::default());
        // Valid, and yet no answer of a service: nothing is exposed there.
        if samples(&case.body, case.format).unwrap().is_empty() {
            let fault = reader.read(&case.body, case.format, &mut memory).unwrap_err();
            assert_eq!(fault.cause, "the answer holds no sample", "{}", case.file);
            continue;
        }
        let report = reader.read(&case.body, case.format, &mut memory).unwrap();
        let (first, learned) = (memory.take(), memory.series.len());
        let again = reader.read(&case.body, case.format, &mut memory).unwrap();
        assert_eq!(memory.take(), first, "{}: the second scrape", case.file);
        assert_eq!(memory.series.len(), learned, "{}: the second scrape learns nothing", case.file);
        assert_eq!(report, again, "{}", case.file);
        // The strict reader keeps bounds as they are written and series that are there twice.
        let strict = samples(&case.body, case.format).unwrap();
        assert_eq!(report.samples + report.skipped, strict.len(), "{}", case.file);
        let names: BTreeSet<_> = strict.iter().map(|sample| sample.0.name().to_owned()).collect();
        let listed: BTreeSet<_> = inventory(&case.body, case.format).names.into_keys().collect();
        assert_eq!(names, listed, "{}", case.file);
    }
}

/// The fixtures of the presets, as recorded from real services: nothing in them may be swallowed.
#[test]
fn no_line_of_a_recorded_service_is_lost() {
    let Some(folder) = shared() else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder.join("../payloads/metrics")).unwrap() {
        let path = entry.unwrap().path();
        let body = std::fs::read(&path).unwrap();
        let (format, remark) = Format::of(Some("text/plain; version=0.0.4"), &body).unwrap();
        assert_eq!(remark, "", "{}", path.display());
        let mut memory = Memory::default();
        let report = Reader::new(Limits::default()).read(&body, format, &mut memory).unwrap();
        assert_eq!(report.samples, sample_lines(&body), "{}: {}", path.display(), report.skipped_example);
        assert_eq!(report.samples, memory.samples.len(), "{}", path.display());
        read += report.samples;
    }
    println!("exposition: {read} samples of recorded services, none skipped");
}

/// Answers of other things than exporters: none of them is an idle service, whatever its Content-Type says.
#[test]
fn what_is_no_exposition_is_a_fault() {
    let Some(folder) = shared() else { return };
    let mut refused = 0;
    for area in ["hostile", "status", "prometheus", "alerts"] {
        for entry in std::fs::read_dir(folder.join("../payloads").join(area)).unwrap() {
            let path = entry.unwrap().path();
            let body = std::fs::read(&path).unwrap();
            if matches!(path.extension().and_then(|end| end.to_str()), Some("json" | "xml" | "atom" | "rss"))
                || area == "hostile"
            {
                for content_type in [None, Some("text/plain"), Some("text/html"), Some("application/json")] {
                    let read = |(format, _)| Reader::new(Limits::default()).read(&body, format, &mut Memory::default());
                    let fault = Format::of(content_type, &body).and_then(read).expect_err(&path.display().to_string());
                    assert!(!fault.advice.is_empty(), "{}", path.display());
                }
                refused += 1;
            }
        }
    }
    println!("exposition: {refused} answers of other things refused");
}

/// Lines that are neither blank nor a comment.
fn sample_lines(body: &[u8]) -> usize {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let trimmed = body.split(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        &line[blanks..]
    });
    trimmed.filter(|line| !line.is_empty() && !line.starts_with(b"#")).count()
}

/// A made-up sample and the manner in which it is written.
#[derive(Clone, Debug)]
struct Made {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
    stamp: Option<i64>,
    spaced: bool,
}

fn hostile() -> impl Strategy<Value = String> {
    let mark =
        prop::sample::select("\\\"{}[],=#: \n\r\t\0\u{1b}\u{85}\u{202e}\u{feff}éab1".chars().collect::<Vec<_>>());
    prop_oneof![
        ".{0,12}",
        "[a-z/]{0,8}",
        prop::collection::vec(mark, 0..10).prop_map(|marks| marks.into_iter().collect())
    ]
}

fn made() -> impl Strategy<Value = Made> {
    let name = prop_oneof![3 => "[a-zA-Z_][a-z0-9_]{0,8}", 1 => "[a-z]:[a-z:]{1,4}", 2 => hostile()];
    let key = prop_oneof![3 => "[a-z_][a-z0-9]{0,5}", 1 => hostile()];
    let labels = prop::collection::btree_map(key, hostile(), 0..5);
    let value = prop_oneof![any::<f64>(), (0_u32..10_000).prop_map(f64::from)];
    (name, labels, value, prop::option::of(any::<i32>()), any::<bool>()).prop_map(
        |(name, labels, value, stamp, spaced)| {
            let labels = labels.into_iter().filter(|(key, _)| !key.is_empty() && key != "__name__").collect();
            Made { name, labels, value, stamp: stamp.map(i64::from), spaced }
        },
    )
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn is_bare(name: &str, more: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || more.contains(first))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || more.contains(c))
}

impl Made {
    /// Writes the sample as one line; the index keeps its name apart from the others.
    fn line(&self, index: usize, format: Format) -> String {
        let spaced = self.spaced && format == Format::Text;
        let name = self.name(index);
        let bare = is_bare(&name, ":");
        let mut parts = if bare { Vec::new() } else { vec![quoted(&name)] };
        let blank = if spaced { " " } else { "" };
        for (key, value) in &self.labels {
            let key = if is_bare(key, "") { key.clone() } else { quoted(key) };
            parts.push(format!("{key}{blank}={blank}{}", quoted(value)));
        }
        if spaced && index.is_multiple_of(2) && !bare {
            parts.rotate_left(1);
        }
        let comma = if spaced && !parts.is_empty() { " ," } else { "" };
        let joined = parts.join(if spaced { " , " } else { "," });
        let braces = if parts.is_empty() && !spaced { String::new() } else { format!("{{{blank}{joined}{comma}}}") };
        let stamp = match (self.stamp, format) {
            (None, _) => String::new(),
            (Some(stamp), Format::Text) => format!(" {stamp}"),
            (Some(stamp), Format::OpenMetrics) => format!(" {}", stamp as f64 / 1000.0),
        };
        format!("{}{}{braces} {}{stamp}\n", if bare { &name } else { "" }, if bare { blank } else { "" }, self.value)
    }

    fn name(&self, index: usize) -> String {
        format!("{}{index}", self.name)
    }

    fn shown(&self, index: usize) -> String {
        let name = self.name(index);
        let labels = self.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let value = if self.value.is_nan() { f64::NAN } else { self.value };
        shown(&(labels.chain([("__name__", name.as_str())]).collect(), value, self.stamp))
    }
}

fn written(made: &[Made], format: Format) -> String {
    let lines: Vec<_> = made.iter().enumerate().map(|(index, made)| made.line(index, format)).collect();
    lines.concat() + if format == Format::OpenMetrics { "# EOF\n" } else { "" }
}

/// Reads a body in every way; the laws that hold for any bytes are checked here.
fn read_in_every_way(body: &[u8], format: Format) -> Result<(), TestCaseError> {
    for content_type in [None, Some("text/plain"), Some("text/html"), Some("application/openmetrics-text")] {
        let _ = Format::of(content_type, body);
    }
    let (mut memory, mut reader) = (Memory::default(), Reader::new(Limits::default()));
    let first = reader.read(body, format, &mut memory);
    let seen = memory.take();
    prop_assert_eq!(reader.read(body, format, &mut memory), first.clone());
    prop_assert_eq!(memory.take(), seen.clone());
    let strict = samples(body, format);
    let _ = inventory(body, format);
    if let Ok(report) = &first {
        prop_assert_eq!(report.samples, seen.len());
        if format == Format::Text {
            prop_assert_eq!(report.samples + report.skipped, sample_lines(body), "a line is lost");
        }
    }
    if let (Ok(strict), Ok(report)) = (strict, &first) {
        prop_assert_eq!(report.samples + report.skipped, strict.len());
    }
    for line in body.split(|byte| *byte == b'\n') {
        if let Some(both) = both_ways(line) {
            prop_assert_eq!(both.by_crate, both.by_lexer, "{}", String::from_utf8_lossy(line));
        }
    }
    Ok(())
}

proptest! {
    // A failure prints its input, which then becomes a test of its own; no file is needed.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(made in prop::collection::vec(made(), 0..8), open in any::<bool>()) {
        let format = if open { Format::OpenMetrics } else { Format::Text };
        let body = written(&made, format);
        let expected: Vec<_> = made.iter().enumerate().map(|(index, made)| made.shown(index)).collect();
        let strict = samples(body.as_bytes(), format).map_err(|refusal| TestCaseError::fail(format!("{refusal}: {body}")))?;
        prop_assert_eq!(strict.iter().map(shown).collect::<Vec<_>>(), expected.clone(), "{}", &body);
        let mut memory = Memory::default();
        let report = Reader::new(Limits::default()).read(body.as_bytes(), format, &mut memory);
        if made.is_empty() {
            prop_assert_eq!(report.map_err(|fault| fault.cause), Err("the answer holds no sample".to_owned()));
        } else {
            prop_assert_eq!(report.map(|report| report.skipped), Ok(0));
        }
        prop_assert_eq!(memory.take(), expected);
        read_in_every_way(body.as_bytes(), format)?;
    }

    #[test]
    fn what_was_learned_changes_nothing(
        bodies in prop::collection::vec(prop::collection::vec(prop::sample::select(vec![
            "a 1", "a 2 7", "a {x=\"1\"} 3", "a{x=\"1\"} 4", "a{x=\"1\"}5", "a{x=\"1\",} 6", "a{x=\"}\"} 7", "ab 8", "ab{} 9",
            "a", "a ", "a  1", "a\t1", "a {", "a oops", "b{x=\"1\"} 1 # no", "b{x=\"1\"} 1 2 3", "b{x=\"1\"", "{\"a\"} 1",
            "{\"a\",x=\"2\"} 1", "b 1", "b 1\r", " b 1", "", "# c", "a{x=\"1\"} 1", "# TYPE b gauge", "404 1", "b oops",
        ]), 0..12), 1..4),
        wanted in prop::option::of(prop::sample::subsequence(vec!["a", "ab", "b"], 0..=3)),
    ) {
        let filter = || wanted.as_ref().map(|names| names.iter().copied().collect::<NameFilter>());
        let (mut reader, mut memory) = (Reader::new(Limits::default()), Memory::default());
        reader.names(filter());
        for body in bodies {
            let body = body.join("\n");
            let (mut fresh, mut other) = (Reader::new(Limits::default()), Memory::default());
            fresh.names(filter());
            prop_assert_eq!(
                reader.read(body.as_bytes(), Format::Text, &mut memory),
                fresh.read(body.as_bytes(), Format::Text, &mut other),
                "{}", &body
            );
            prop_assert_eq!(memory.take(), other.take(), "{}", &body);
        }
    }

    #[test]
    fn no_bytes_can_panic_it(body in prop::collection::vec(any::<u8>(), 0..300), open in any::<bool>()) {
        read_in_every_way(&body, if open { Format::OpenMetrics } else { Format::Text })?;
    }

    #[test]
    fn no_damage_can_panic_it(
        made in prop::collection::vec(made(), 1..6),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..6),
        open in any::<bool>(),
    ) {
        let format = if open { Format::OpenMetrics } else { Format::Text };
        let mut body = format!("# HELP x y\n# TYPE x histogram\n{}", written(&made, format)).into_bytes();
        for (place, byte, kind) in damage {
            let place = place.index(body.len());
            let byte = b"\\\"{}, =#\n\r\t0aTe.+-_\xff\0"[usize::from(byte) % 21];
            match kind {
                0 => body[place] = byte,
                1 => body.insert(place, byte),
                _ => drop(body.split_off(place.max(1))),
            }
        }
        read_in_every_way(&body, format)?;
    }
}
