//! Runs Prometheus' own `PromQL` test files against the embedded engine, and prints how each file did.
//!
//! The files lie in `../shared/promqltest`, or in the directory that `SIXTY_PROMQLTEST` names. A case is passed when
//! the result is right, refused when the engine says which feature it lacks (or when the data are of a kind that the
//! store does not keep), and failed otherwise: a wrong number is never counted as refused. The engine runs with the
//! switches that the files were written for. Annotations (`expect warn`, `expect info`) are not compared.

#![expect(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "a broken file is a failed test")]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sixty::facts::Labels;
use sixty::promql::Dialect;
use sixty::promql::Limits;
use sixty::promql::Query;
use sixty::promql::Row;
use sixty::promql::Store;
use sixty::promql::Value;

/// What the files in `../shared/promqltest` must give at least; nothing there may fail.
const PASSED_AT_LEAST: usize = 670;

const STALE: u64 = 0x7ff0_0000_0000_0002;

#[derive(Debug)]
enum Outcome {
    Passed,
    Failed(String),
    Refused(String),
}

#[derive(Default, Debug)]
struct Tally {
    passed: usize,
    failed: usize,
    refused: usize,
}

#[test]
fn prometheus_own_cases() {
    let Some((directory, given)) = directory() else {
        assert_ne!(env::var("CI").as_deref(), Ok("true"), "../shared/promqltest is missing");
        println!("skipped: ../shared/promqltest is missing");
        return;
    };
    let mut files: Vec<PathBuf> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "test"));
    files.sort();
    let mut total = Tally::default();
    let mut features: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        let mut tally = Tally::default();
        for (line, case, outcome) in run(&text) {
            match outcome {
                Outcome::Passed => tally.passed += 1,
                Outcome::Refused(feature) => {
                    tally.refused += 1;
                    if env::var("SIXTY_PROMQLTEST_VERBOSE").is_ok() {
                        println!("  {name}:{line}: refused, {feature}: {case}");
                    }
                    *features.entry(feature).or_default() += 1;
                }
                Outcome::Failed(reason) => {
                    tally.failed += 1;
                    println!("  {name}:{line}: {case}\n    {reason}");
                }
            }
        }
        println!("{name}: {} passed, {} failed, {} refused", tally.passed, tally.failed, tally.refused);
        total.passed += tally.passed;
        total.failed += tally.failed;
        total.refused += tally.refused;
    }
    println!("total: {} passed, {} failed, {} refused", total.passed, total.failed, total.refused);
    for (feature, count) in features {
        println!("  refused {count}: {feature}");
    }
    assert_eq!(total.failed, 0, "wrong answers");
    assert!(given || total.passed >= PASSED_AT_LEAST, "{} passed, expected {PASSED_AT_LEAST}", total.passed);
}

/// Where the files are, and whether somebody asked for that place.
fn directory() -> Option<(PathBuf, bool)> {
    if let Ok(directory) = env::var("SIXTY_PROMQLTEST") {
        return Some((directory.into(), true));
    }
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = if beside.is_dir() { beside } else { env::var("SIXTY_SHARED").ok()?.into() };
    let directory = shared.join("promqltest");
    directory.is_dir().then_some((directory, false))
}

/// Everything loaded so far.
#[derive(Default)]
struct Data {
    samples: BTreeMap<Labels, BTreeMap<i64, f64>>,
    /// Series that the store does not keep, and why.
    foreign: Vec<(Labels, &'static str)>,
    store: Option<Store>,
}

impl Data {
    /// Each series has a target of its own, since a gap in a file is no end of a series.
    fn store(&mut self) -> &Store {
        let samples = &self.samples;
        self.store.get_or_insert_with(|| {
            let mut store = Store::new(Limits { retention: Duration::MAX, max_series: usize::MAX });
            for (labels, values) in samples {
                let target = store.add_target(Labels::default());
                for (at, value) in values {
                    let mut scrape = store.begin(target, *at).unwrap();
                    let series = scrape.series(labels.clone()).unwrap();
                    assert!(scrape.put(series, *value, None));
                    scrape.close();
                }
            }
            store
        })
    }

    fn load(&mut self, step: i64, lines: &[&str], converts_histograms: bool) {
        self.store = None;
        for line in lines {
            if let Some((labels, _starts)) = line.split_once("@st") {
                self.foreign.push((series(labels).0, "start timestamps"));
                continue;
            }
            let (labels, values) = series(line);
            if values.contains("{{") {
                self.foreign.push((labels, "native histograms"));
                continue;
            }
            if converts_histograms && let Some(base) = labels.name().strip_suffix("_bucket") {
                self.foreign.push((labels.with("__name__", base).with("le", ""), "native histograms"));
            }
            let samples = self.samples.entry(labels).or_default();
            for (index, value) in (0_i64..).zip(numbers(values)) {
                if let Some(value) = value {
                    samples.insert(index * step, value);
                }
            }
        }
    }
}

/// What a case expects.
#[derive(Default)]
struct Expected<'l> {
    fails: bool,
    ordered: bool,
    range_vector: bool,
    text: Option<String>,
    lines: Vec<&'l str>,
}

fn run(text: &str) -> Vec<(usize, String, Outcome)> {
    let lines: Vec<&str> = text.lines().map(str::trim).map(|l| if l.starts_with('#') { "" } else { l }).collect();
    let mut data = Data::default();
    let mut outcomes = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let number = at + 1;
        let command = lines[at];
        let mut words = command.split_whitespace();
        at += 1;
        let verb = words.next().unwrap_or("");
        if verb.is_empty() {
            continue;
        }
        let end = (at..lines.len()).find(|index| lines[*index].is_empty()).unwrap_or(lines.len());
        let block = &lines[at..end];
        match verb {
            "clear" => data = Data::default(),
            "load" | "load_with_nhcb" => {
                data.load(time(words.next().unwrap()), block, verb != "load");
                at = end;
            }
            _ if verb.starts_with("eval") => {
                outcomes.push((number, command.to_owned(), case(&mut data, command, block)));
                at = end;
            }
            other => panic!("line {number}: unknown command {other}"),
        }
    }
    outcomes
}

fn expected<'l>(verb: &str, block: &[&'l str]) -> Expected<'l> {
    let mut expected = Expected { fails: verb == "eval_fail", ordered: verb == "eval_ordered", ..Expected::default() };
    for line in block {
        let Some(what) = line.strip_prefix("expect ") else {
            if !line.starts_with("expected_fail") {
                expected.lines.push(line);
            }
            continue;
        };
        expected.fails |= what.starts_with("fail");
        expected.ordered |= what.starts_with("ordered");
        expected.range_vector |= what.starts_with("range vector");
        if let Some(text) = what.strip_prefix("string ") {
            expected.text = Some(unquote(text.trim()).0);
        }
    }
    expected
}

fn case(data: &mut Data, command: &str, block: &[&str]) -> Outcome {
    let mut rest = command;
    let mut word = || {
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = after.trim_start();
        word
    };
    let verb = word();
    let is_range = word() == "range";
    word();
    let start = time(word());
    let (mut end, mut step) = (start, 1);
    if is_range {
        word();
        end = time(word());
        word();
        step = time(word());
    }
    let expected = expected(verb, block);
    let dialect = Dialect { delayed_names: true, type_and_unit: true };
    let query = match Query::parse_as(rest, dialect) {
        Ok(query) => query,
        Err(refusal) => {
            return match refusal.feature {
                Some(feature) => Outcome::Refused(feature),
                None if expected.fails => Outcome::Passed,
                None => Outcome::Failed(refusal.message),
            };
        }
    };
    if let Some((_, why)) = data.foreign.iter().find(|(labels, _)| query.selects(labels)) {
        return Outcome::Refused((*why).to_owned());
    }
    if expected.range_vector {
        return Outcome::Failed("a range of samples as the result was not refused".to_owned());
    }
    let store = data.store();
    let compared = if is_range {
        query.range(store, start, end, step).map(|rows| compare_rows(&rows, &expected, start, end, step))
    } else {
        query.instant(store, start).map(|value| compare(&value, &expected))
    };
    match compared {
        Err(_) if expected.fails => Outcome::Passed,
        Err(error) => Outcome::Failed(error.to_string()),
        Ok(_) if expected.fails => Outcome::Failed("it should not be possible".to_owned()),
        Ok(Err(difference)) => Outcome::Failed(difference),
        Ok(Ok(())) => Outcome::Passed,
    }
}

fn compare(value: &Value, expected: &Expected<'_>) -> Result<(), String> {
    let samples = match value {
        Value::String(text) => {
            return if expected.text.as_ref() == Some(text) { Ok(()) } else { Err(format!("the text is {text:?}")) };
        }
        Value::Scalar(number) => {
            let wanted = expected.lines.first().and_then(|line| float(line)).ok_or("a number was not expected")?;
            return if close(*number, wanted) { Ok(()) } else { Err(format!("{number} instead of {wanted}")) };
        }
        Value::Vector(samples) => samples,
    };
    let wanted: Vec<(Labels, f64)> = expected
        .lines
        .iter()
        .map(|line| {
            let (labels, values) = series(line);
            (labels, numbers(values).first().copied().flatten().unwrap())
        })
        .collect();
    if samples.len() != wanted.len() {
        return Err(format!("{} samples instead of {}: {samples:?}", samples.len(), wanted.len()));
    }
    for (place, (labels, value)) in wanted.iter().enumerate() {
        let found = if expected.ordered { samples.get(place) } else { samples.iter().find(|(l, _)| l == labels) };
        match found {
            Some((found_labels, found)) if found_labels == labels && close(*found, *value) => {}
            other => return Err(format!("{labels} should be {value}, found {other:?} of {samples:?}")),
        }
    }
    Ok(())
}

fn compare_rows(rows: &[Row], expected: &Expected<'_>, start: i64, end: i64, step: i64) -> Result<(), String> {
    let mut wanted: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
    for line in &expected.lines {
        let (labels, values) = series(line);
        let row = wanted.entry(labels).or_default();
        for (index, value) in (0_i64..).zip(numbers(values)) {
            if let Some(value) = value.filter(|_| start + index * step <= end) {
                row.push((start + index * step, value));
            }
        }
    }
    wanted.retain(|_, row| !row.is_empty());
    if rows.len() != wanted.len() {
        return Err(format!("{} rows instead of {}: {rows:?}", rows.len(), wanted.len()));
    }
    for (labels, values) in rows {
        let row = wanted.get(labels).ok_or_else(|| format!("{labels} was not expected"))?;
        let same = row.len() == values.len() && row.iter().zip(values).all(|(a, b)| a.0 == b.0 && close(a.1, b.1));
        if !same {
            return Err(format!("{labels} should be {row:?}, is {values:?}"));
        }
    }
    Ok(())
}

/// Relative error of at most 1e-6; not-a-number equals itself.
fn close(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let (difference, sum) = ((a - b).abs(), a.abs() + b.abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < 1e-6 * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < 1e-6
}

/// Milliseconds from `1m30s`, `10s53ms` or plain seconds.
fn time(text: &str) -> i64 {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds * 1000.0).round() as i64;
    }
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
        let letters = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |index| digits + index);
        let unit = match &rest[digits..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            other => panic!("unit {other}"),
        };
        total += rest[..digits].parse::<i64>().unwrap() * unit;
        rest = &rest[letters..];
    }
    sign * total
}

/// The labels at the start of a line, and the rest of it.
fn series(line: &str) -> (Labels, &str) {
    let end = line.find(|c: char| c == '{' || c.is_whitespace()).unwrap_or(line.len());
    let (name, mut rest) = line.split_at(end);
    let mut pairs = Vec::new();
    if !name.is_empty() {
        pairs.push(("__name__".into(), name.into()));
    }
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside.trim_start();
        while !rest.starts_with('}') {
            let name = if rest.starts_with('"') {
                let (name, len) = unquote(rest);
                rest = rest[len..].trim_start();
                name
            } else {
                let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap();
                let name = rest[..end].to_owned();
                rest = rest[end..].trim_start();
                name
            };
            if let Some(value) = rest.strip_prefix('=') {
                let value = value.trim_start();
                let (text, len) = unquote(value);
                rest = value[len..].trim_start();
                pairs.push((name.into(), text.into()));
            } else {
                pairs.push(("__name__".into(), name.into()));
            }
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        rest = &rest[1..];
    }
    (Labels::new(pairs).unwrap(), rest.trim())
}

/// A text in quotes, and how many bytes it takes with them.
fn unquote(text: &str) -> (String, usize) {
    let quote = text.chars().next().unwrap();
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        match c {
            _ if c == quote => return (out, index + 1),
            '\\' if quote != '`' => match chars.next().unwrap().1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'x' => {
                    let digits: String = chars.by_ref().take(2).map(|(_, c)| c).collect();
                    out.push(char::from(u8::from_str_radix(&digits, 16).unwrap()));
                }
                other => out.push(other),
            },
            _ => out.push(c),
        }
    }
    panic!("no end of the text: {text}");
}

fn float(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// The values of a line; `None` is a gap.
fn numbers(text: &str) -> Vec<Option<f64>> {
    let mut values = Vec::new();
    for token in text.split_whitespace() {
        let (value, repeat) =
            token.split_once('x').map_or((token, None), |(v, n)| (v, Some(n.parse::<usize>().unwrap())));
        match value {
            "_" => values.extend(std::iter::repeat_n(None, repeat.unwrap_or(1))),
            "stale" => values.extend(std::iter::repeat_n(Some(f64::from_bits(STALE)), repeat.map_or(1, |n| n + 1))),
            _ => {
                let sign = value
                    .char_indices()
                    .skip(1)
                    .find(|(index, c)| matches!(c, '+' | '-') && !value[..*index].ends_with(['e', 'E']));
                let (first, step) = match sign.filter(|_| repeat.is_some()) {
                    Some((index, '+')) => (&value[..index], float(&value[index + 1..]).unwrap()),
                    Some((index, _)) => (&value[..index], float(&value[index..]).unwrap()),
                    None => (value, 0.0),
                };
                let mut current = float(first).unwrap_or_else(|| panic!("number {value} in {text}"));
                for _ in 0..=repeat.unwrap_or(0) {
                    values.push(Some(current));
                    current += step;
                }
            }
        }
    }
    values
}
