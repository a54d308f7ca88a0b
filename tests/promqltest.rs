//! Runs Prometheus' own `PromQL` test files against the embedded engine, and prints how each file did.
//!
//! The files lie in `../shared/promqltest`, or in the directory that `SIXTY_PROMQLTEST` names; files of our own, in the
//! same format, lie in `tests/promql`. A case is passed when the result is right, refused when the engine says which
//! feature it lacks (or when the data are of a kind that the store does not keep), and failed otherwise: a wrong
//! number is never counted as refused. The engine runs with the switches that the files were written for. As the
//! original does, a case at one instant is evaluated again in the middle of a range, and at other instants with `@`;
//! beyond the original, it is evaluated with the names going at once. Annotations (`expect warn`, `expect info`) are
//! not compared.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken file is a failed test")]

mod cases;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use promql_parser::parser;
use promql_parser::parser::AtModifier;
use promql_parser::parser::Expr;
use sixty::facts::Labels;
use sixty::promql::Dialect;
use sixty::promql::Limits;
use sixty::promql::Query;
use sixty::promql::Refusal;
use sixty::promql::Row;
use sixty::promql::Samples;
use sixty::promql::Store;
use sixty::promql::Value;

use crate::cases::Expected;
use crate::cases::close;
use crate::cases::float;
use crate::cases::numbers;
use crate::cases::series;
use crate::cases::time;

/// What the files in `../shared/promqltest` must give at least; nothing there may fail.
const PASSED_AT_LEAST: usize = 675;

/// What the files were written for: all features that do not change what is right without them.
const FLAGS: Dialect = Dialect { delayed_names: true, type_and_unit: true };
/// Names go at once, as on servers without feature flags.
const AT_ONCE: Dialect = Dialect { delayed_names: false, type_and_unit: true };

/// Functions that look at the clock whatever `@` says.
const OF_THE_CLOCK: [&str; 11] = [
    "days_in_month",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "hour",
    "minute",
    "month",
    "year",
    "predict_linear",
    "time",
    "timestamp",
];

#[derive(PartialEq, Debug)]
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
    /// How often a case was evaluated in another way as well: in a range, with `@`, with names going at once.
    again: [usize; 3],
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.refused += other.refused;
        for (mine, others) in self.again.iter_mut().zip(other.again) {
            *mine += others;
        }
    }
}

#[test]
fn prometheus_own_cases() {
    let Some((directory, given)) = directory() else {
        assert_ne!(env::var("CI").as_deref(), Ok("true"), "../shared/promqltest is missing");
        println!("skipped: ../shared/promqltest is missing");
        return;
    };
    let total = run_all(&directory);
    assert_eq!(total.failed, 0, "wrong answers");
    assert!(given || total.passed >= PASSED_AT_LEAST, "{} passed, expected {PASSED_AT_LEAST}", total.passed);
}

#[test]
fn our_own_cases() {
    let total = run_all(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/promql"));
    assert_eq!((total.failed, total.refused), (0, 0));
    assert!(total.passed >= 230, "{}", total.passed);
}

#[test]
fn what_is_not_supported_is_refused_by_its_name() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/promql/refused/refused.test");
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let (outcomes, _) = run(&text);
    assert!(outcomes.len() >= 30);
    for (line, case, outcome) in outcomes {
        let feature = lines[line - 2].strip_prefix("# ").unwrap_or_else(|| panic!("no feature is named above {case}"));
        assert_eq!(outcome, Outcome::Refused(feature.to_owned()), "{case}");
    }
}

/// The judge is judged: whatever is wrong about an answer is a failure, and nothing wrong hides behind a refusal.
#[test]
fn a_wrong_answer_is_never_passed_or_refused() {
    let cases = [
        "eval instant at 0 sum(x)\n  {} 4",
        "eval instant at 0 sum(x)\n  {} 3.00001",
        "eval instant at 0 sum(x)\n  {} NaN",
        "eval instant at 0 sum(x)\n  {a=\"1\"} 3",
        "eval instant at 0 sum(x)",
        "eval instant at 0 sum(x)\n  expect fail",
        "eval instant at 0 sum(x)\n  expect string \"3\"",
        "eval_fail instant at 0 sum(x)",
        "eval instant at 0 x\n  x{a=\"1\"} 1",
        "eval instant at 0 x\n  x{a=\"1\"} 1\n  x{a=\"2\"} 2\n  x{a=\"3\"} 3",
        "eval instant at 0 x\n  {a=\"1\"} 1\n  {a=\"2\"} 2",
        "eval instant at 0 topk(2, x)\n  expect ordered\n  x{a=\"1\"} 1\n  x{a=\"2\"} 2",
        "eval instant at 0 nobody\n  nobody 1",
        "eval instant at 0 1 + 1\n  3",
        "eval instant at 0 \"a\"\n  expect string \"b\"",
        "eval range from 0 to 2m step 1m sum(x)\n  {} 3 6 9",
        "eval range from 0 to 2m step 1m sum(x)\n  {} 3 5",
        "eval range from 0 to 2m step 1m sum(x)\n  {} 3 5 7\n  {a=\"1\"} 1",
        "eval range from 0 to 2m step 1m sum(x)\n  {b=\"c\"} 3 5 7",
        "eval range from 0 to 2m step 1m sum(x)\n  expect fail",
        "eval instant at 2m x{a=\"1\"}[2m]\n  expect range vector from 1m to 2m step 1m\n  x{a=\"1\"} 2 4",
        "eval instant at 2m x{a=\"1\"}[2m]\n  expect range vector from 0m to 2m step 1m\n  x{a=\"1\"} 1 2 3",
        "eval instant at 0 sum by (a) x\n  {} 3",
        "eval instant at 0 sum(\n  {} 3",
        "eval instant at 0 x + on () x\n  {} 2",
    ];
    for case in cases {
        let text = format!("load 1m\n  x{{a=\"1\"}} 1 2 3\n  x{{a=\"2\"}} 2 3 4\n\n{case}\n");
        let (outcomes, tally) = run(&text);
        assert!(matches!(outcomes[..], [(_, _, Outcome::Failed(_))]), "{case}: {outcomes:?}");
        assert_eq!((tally.passed, tally.failed, tally.refused), (0, 1, 0), "{case}");
    }
}

/// Runs all files of a directory and prints a line for each, which cases were refused and why, and a total.
fn run_all(directory: &Path) -> Tally {
    let mut files: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "test"));
    files.sort();
    let mut total = Tally::default();
    let mut features: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        let mut refused: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let (outcomes, tally) = run(&text);
        println!("{name}: {} passed, {} failed, {} refused", tally.passed, tally.failed, tally.refused);
        for (line, case, outcome) in outcomes {
            match outcome {
                Outcome::Passed => {}
                Outcome::Refused(feature) => refused.entry(feature).or_default().push(line.to_string()),
                Outcome::Failed(reason) => println!("  failed in line {line}: {case}\n    {reason}"),
            }
        }
        for (feature, lines) in refused {
            println!("  refused: {feature}: line {}", lines.join(" "));
            *features.entry(feature).or_default() += lines.len();
        }
        total.add(&tally);
    }
    println!("total: {} passed, {} failed, {} refused", total.passed, total.failed, total.refused);
    let [in_range, with_at, at_once] = total.again;
    println!("  again in a range: {in_range}; with @: {with_at}; with names going at once: {at_once}");
    for (feature, count) in features {
        println!("  refused {count}: {feature}");
    }
    total
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

/// All cases of a file: line, text, outcome.
fn run(text: &str) -> (Vec<(usize, String, Outcome)>, Tally) {
    let lines: Vec<&str> = text.lines().map(str::trim).map(|l| if l.starts_with('#') { "" } else { l }).collect();
    let mut data = Data::default();
    let mut outcomes = Vec::new();
    let mut tally = Tally::default();
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
                let outcome = Case::read(command, block).judge(&mut data, &mut tally);
                match outcome {
                    Outcome::Passed => tally.passed += 1,
                    Outcome::Failed(_) => tally.failed += 1,
                    Outcome::Refused(_) => tally.refused += 1,
                }
                outcomes.push((number, command.to_owned(), outcome));
                at = end;
            }
            other => panic!("line {number}: unknown command {other}"),
        }
    }
    (outcomes, tally)
}

/// An `eval` command.
struct Case<'l> {
    query: &'l str,
    /// First and last instant, and the step of a range.
    start: i64,
    end: i64,
    step: Option<i64>,
    expected: Expected<'l>,
}

impl<'l> Case<'l> {
    fn read(command: &'l str, block: &[&'l str]) -> Self {
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
        let (mut end, mut step) = (start, None);
        if is_range {
            word();
            end = time(word());
            word();
            step = Some(time(word()));
        }
        Self { query: rest, start, end, step, expected: Expected::read(verb, block) }
    }

    fn judge(&self, data: &mut Data, tally: &mut Tally) -> Outcome {
        if self.expected.range_vector.is_some() {
            return self.samples(data);
        }
        let query = match Query::parse_as(self.query, FLAGS) {
            Ok(query) => query,
            Err(refusal) => return self.unread(refusal),
        };
        if let Some((_, why)) = data.foreign.iter().find(|(labels, _)| query.selects(labels)) {
            return Outcome::Refused((*why).to_owned());
        }
        let store = data.store();
        let judged = match self.step {
            Some(step) => self.over_range(store, &query, step),
            None => self.everywhere(store, &query, tally),
        };
        let judged = judged.and_then(|()| self.at_once(store, tally));
        judged.map_or_else(Outcome::Failed, |()| Outcome::Passed)
    }

    /// The query was not accepted: a feature that is named, or an error, which may be what is expected.
    fn unread(&self, refusal: Refusal) -> Outcome {
        match refusal.feature {
            Some(feature) => Outcome::Refused(feature),
            None if self.expected.fails => Outcome::Passed,
            None => Outcome::Failed(refusal.message),
        }
    }

    fn samples(&self, data: &mut Data) -> Outcome {
        let query = match Samples::parse(self.query) {
            Ok(query) => query,
            Err(refusal) => return self.unread(refusal),
        };
        if let Some((_, why)) = data.foreign.iter().find(|(labels, _)| query.selects(labels)) {
            return Outcome::Refused((*why).to_owned());
        }
        let (start, step) = self.expected.range_vector.unwrap();
        let rows = match query.at(data.store(), self.start) {
            Ok(rows) => rows,
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        compare_rows(&rows, &self.expected, (start, i64::MAX, step)).map_or_else(Outcome::Failed, |()| Outcome::Passed)
    }

    fn over_range(&self, store: &Store, query: &Query, step: i64) -> Result<(), String> {
        let rows = query.range(store, self.start, self.end, step);
        self.compared(rows, |rows| compare_rows(&rows, &self.expected, (self.start, self.end, step)))
    }

    /// At its own instant, in the middle of a range, and with `@` at other instants.
    fn everywhere(&self, store: &Store, query: &Query, tally: &mut Tally) -> Result<(), String> {
        self.once(store, query, self.start, tally)?;
        let Some(fixed) = fixed(self.query, self.start) else { return Ok(()) };
        let query = Query::parse_as(&fixed, FLAGS).map_err(|refusal| format!("with @: {refusal}"))?;
        let at = self.start;
        let others = if at == 0 { vec![-1_000, 0, 1_000] } else { vec![-10 * at, 0, at / 5, at, 10 * at] };
        for other in others {
            tally.again[1] += 1;
            self.once(store, &query, other, tally).map_err(|why| format!("as {fixed} at {other} ms: {why}"))?;
        }
        Ok(())
    }

    fn once(&self, store: &Store, query: &Query, at: i64, tally: &mut Tally) -> Result<(), String> {
        self.compared(query.instant(store, at), |value| compare(&value, &self.expected))?;
        if self.expected.fails || self.expected.text.is_some() {
            return Ok(());
        }
        tally.again[0] += 1;
        let rows = query.range(store, at - 60_000, at + 60_000, 60_000).map_err(|why| format!("in a range: {why}"))?;
        let in_the_middle = |(labels, row): Row| Some((labels, row.iter().find(|(time, _)| *time == at)?.1));
        let samples: Vec<_> = rows.into_iter().filter_map(in_the_middle).collect();
        let is_number = matches!(query.instant(store, at), Ok(Value::Scalar(_)));
        let value = match samples.first() {
            Some((_, number)) if is_number => Value::Scalar(*number),
            _ => Value::Vector(samples),
        };
        // The order of the rows of a range is not that of their values.
        let expected = Expected { ordered: false, ..self.expected.clone() };
        compare(&value, &expected).map_err(|why| format!("in a range: {why}"))
    }

    /// The same with the names going at once, unless the query can tell, or two series differ by their names only.
    fn at_once(&self, store: &Store, tally: &mut Tally) -> Result<(), String> {
        if self.expected.fails || tells_names(self.query) {
            return Ok(());
        }
        tally.again[2] += 1;
        let query = Query::parse_as(self.query, AT_ONCE).map_err(|refusal| refusal.to_string())?;
        let judged = match self.step {
            Some(step) => self.over_range(store, &query, step),
            None => self.compared(query.instant(store, self.start), |value| compare(&value, &self.expected)),
        };
        match judged {
            Err(why) if why.contains("have the same labels") => Ok(()),
            judged => judged.map_err(|why| format!("with names going at once: {why}")),
        }
    }

    fn compared<T, E: ToString>(
        &self,
        answer: Result<T, E>,
        compare: impl Fn(T) -> Result<(), String>,
    ) -> Result<(), String> {
        match answer {
            Err(_) if self.expected.fails => Ok(()),
            Err(error) => Err(error.to_string()),
            Ok(_) if self.expected.fails => Err("it should not be possible".to_owned()),
            Ok(answer) => compare(answer),
        }
    }
}

/// The query with `@` at an instant wherever that changes nothing at this instant; `None` where it would.
fn fixed(query: &str, at: i64) -> Option<String> {
    // The parser would write other bytes than it has read, and the matchers in another order, which `absent` can tell.
    let spelled_otherwise = query.contains("\\x") || query.contains("absent") && query.contains("!=");
    let mut expr = parser::parse(query).ok().filter(|_| !spelled_otherwise)?;
    let instant = if at < 0 {
        SystemTime::UNIX_EPOCH - Duration::from_millis(at.unsigned_abs())
    } else {
        SystemTime::UNIX_EPOCH + Duration::from_millis(at.unsigned_abs())
    };
    fix(&mut expr, &AtModifier::At(instant)).then(|| expr.to_string())
}

/// Fixes the selectors and subqueries that are not fixed yet, but nothing inside a subquery; `false` when a function
/// looks at the clock.
fn fix(expr: &mut Expr, at: &AtModifier) -> bool {
    let own = |place: &mut Option<AtModifier>| {
        place.get_or_insert_with(|| at.clone());
        true
    };
    match expr {
        Expr::VectorSelector(selector) => own(&mut selector.at),
        Expr::MatrixSelector(matrix) => own(&mut matrix.vs.at),
        Expr::Subquery(subquery) => own(&mut subquery.at) && !looks_at_the_clock(&subquery.expr),
        Expr::Aggregate(aggregate) => {
            fix(&mut aggregate.expr, at) && aggregate.param.as_mut().is_none_or(|param| fix(param, at))
        }
        Expr::Unary(unary) => fix(&mut unary.expr, at),
        Expr::Binary(binary) => fix(&mut binary.lhs, at) && fix(&mut binary.rhs, at),
        Expr::Paren(paren) => fix(&mut paren.expr, at),
        Expr::Call(call) => {
            !OF_THE_CLOCK.contains(&call.func.name) && call.args.args.iter_mut().all(|argument| fix(argument, at))
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => true,
    }
}

fn looks_at_the_clock(expr: &Expr) -> bool {
    // What is fixed here is thrown away; only the answer counts.
    let fixed = AtModifier::At(SystemTime::UNIX_EPOCH);
    !fix(&mut expr.clone(), &fixed)
}

/// Whether a query asks for the name of what has none: only then does it matter when names go.
fn tells_names(query: &str) -> bool {
    query.contains("__name__") || query.contains("__type__") || query.contains("__unit__")
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
    if expected.text.is_some() {
        return Err("a text was expected".to_owned());
    }
    let wanted = expected.samples();
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

fn compare_rows(rows: &[Row], expected: &Expected<'_>, (start, end, step): (i64, i64, i64)) -> Result<(), String> {
    let wanted = expected.rows(start, end, step);
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
