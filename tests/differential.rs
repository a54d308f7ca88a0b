//! The embedded engine against Debian's Prometheus 2.42, on what both scraped of the same real programs.
//!
//! A proxy between Prometheus and the endpoints keeps every body; the engine reads the same bodies at the very
//! instants that Prometheus gave them. Then both answer every preset query and a set of made-up ones, at an instant and
//! over a range, and must agree to 1e-9. Endpoints die and come back, counters begin anew, series come and go.
//!
//! What 2.42 does otherwise than 3 is kept out here, not in the engine: its windows are closed on both sides, so nothing
//! is asked at an instant at which a sample would lie on a border; its bounds are spelled `1` instead of `1.0`, so they
//! are compared as numbers; functions that it does not know are not asked.
//!
//! `SIXTY_DIFFERENTIAL_SEED` makes other queries, `SIXTY_DIFFERENTIAL_QUERIES` another number of them.

#![cfg(test)]

#[path = "differential/compare.rs"]
mod compare;
#[path = "differential/demo.rs"]
mod demo;
#[path = "differential/farm.rs"]
mod farm;
#[path = "differential/judge.rs"]
mod judge;
#[path = "differential/ours.rs"]
mod ours;
#[path = "differential/queries.rs"]
mod queries;
#[path = "differential/recorder.rs"]
mod recorder;
mod stack;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use chrono::Utc;
use proptest::strategy::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::Config;
use proptest::test_runner::RngAlgorithm;
use proptest::test_runner::TestRng;
use proptest::test_runner::TestRunner;
use sixty::promql::Query;
use sixty::promql::Vars;
use sixty::promql::expand;
use sixty::signals::preset;
use sixty::sources::exposition::ACCEPT;

use crate::compare::Verdict;
use crate::compare::compare;
use crate::compare::has_young_counter;
use crate::compare::slack;
use crate::demo::Demo;
use crate::judge::Answer;
use crate::judge::Judge;
use crate::ours::Ours;
use crate::recorder::Body;
use crate::recorder::Endpoint;
use crate::recorder::Recorder;
use crate::stack::Stack;

/// How often each endpoint is scraped, once a second.
const SCRAPES: usize = 66;
/// How many queries are made up.
const QUERIES: usize = 4_000;

/// A query that can be made simpler.
type Tree = Box<dyn ValueTree<Value = String>>;

/// When the queries are asked.
#[derive(Clone, Copy, Debug)]
struct When {
    at_ms: i64,
    range: (i64, i64, i64),
}

#[test]
fn the_embedded_engine_agrees_with_prometheus() {
    let began = Instant::now();
    let components = ["node", "prom", "pg", "pgb", "hogs", "pgx", "pgbx"];
    let Some(stack) = Stack::start("differential", &components, &[("SCRAPE", "1s".to_owned())]) else { return };
    let presets = preset_queries("");
    let recorder = Recorder::start(endpoints(&stack, &presets));
    let judge = Judge::start(&stack.folder, recorder.address, recorder.jobs());
    scraped(&stack, &recorder);
    recorder.close();
    println!("scraped after {:.0} s", began.elapsed().as_secs_f64());

    let (ours, last) = taken_in(&judge, &recorder);
    let fractions = same_samples(&judge, &ours, last, recorder.jobs());
    let (when, inner) = moments(last, &fractions);
    everything_happened(&ours, when.at_ms);
    println!("the samples are the same, {:.0} s; asked at {when:?}, inner {inner:?}", began.elapsed().as_secs_f64());

    let mut wrong = Vec::new();
    let jobs = recorder.jobs().filter(|job| *job != "odd").map(|job| format!("job=\"{job}\""));
    let asked = jobs.chain(["job=~\".+\"".to_owned()]).flat_map(|selector| preset_queries(&selector)).collect();
    let tally = Tally::of(&judge, &ours, when, asked, &mut wrong);
    println!("presets: {tally}");
    // At an endpoint that has all metrics, each has a value; alone, and among all others.
    assert!(tally.same[0] >= 2 * presets.len(), "too few presets have a value");

    if let Ok(query) = std::env::var("SIXTY_DIFFERENTIAL_ASK") {
        query.split(";;").for_each(|query| show(&judge, &ours, when, query));
    }
    let mut trees = made_up(&ours, when, inner);
    let tally = Tally::of(&judge, &ours, when, trees.keys().cloned().collect(), &mut wrong);
    println!("made up: {tally}");
    println!("all after {:.0} s", began.elapsed().as_secs_f64());
    for (query, how) in wrong.iter().take(40) {
        println!("{how}");
        if let Some(tree) = trees.remove(query) {
            println!("    shortest such query: {}", shortest(&judge, &ours, when, tree));
        }
    }
    assert!(wrong.is_empty(), "{} queries differ", wrong.len());
    assert!(tally.queries < 1_000 || tally.same[0] * 10 >= tally.queries * 6, "too few of them have a value");
    assert!(tally.known() * 200 <= tally.queries, "too many known differences");
    drop(judge);
    stack.down();
}

/// All queries of all presets, as they are asked of a service with this selector.
fn preset_queries(selector: &str) -> Vec<String> {
    let window = Duration::from_secs(10);
    let vars = Vars { service: "shop", selector, rate_interval: window, interval: window, range: window };
    let queries = preset::PRESETS.iter().flat_map(|(key, text)| preset::Preset::parse(key, text).unwrap().queries);
    let all: BTreeSet<_> = queries.flat_map(|(_, ways)| ways).map(|way| expand(&way.text, &vars)).collect();
    all.into_iter().collect()
}

/// What is scraped, by the name of its job.
fn endpoints(stack: &Stack, presets: &[String]) -> Vec<(&'static str, Endpoint)> {
    let real = |port: &str, down: std::ops::Range<usize>| -> Endpoint {
        let address = format!("127.0.0.1:{}", stack.ports[port]);
        Box::new(move |scrape| if down.contains(&scrape) { None } else { recorder::get(&address, "/metrics", ACCEPT) })
    };
    let demo = Mutex::new(Demo::start(1));
    let service: Endpoint = Box::new(move |scrape| {
        let mut demo = demo.lock().unwrap();
        if scrape == 30 {
            *demo = Demo::start(2);
        }
        // It takes a while until it is there again.
        if (30..35).contains(&scrape) { None } else { recorder::get(&demo.address, "/metrics", ACCEPT) }
    });
    vec![
        ("node", real("NODE_PORT", 40..44)),
        ("prom", real("PROM_PORT", 0..0)),
        ("postgres", real("PGX_PORT", 0..0)),
        ("demo", service),
        ("zoo", farm::zoo(presets)),
        ("odd", farm::odd()),
    ]
}

/// Waits until everything was scraped, while Prometheus is asked this and that, so that it has something to count.
fn scraped(stack: &Stack, recorder: &Recorder) {
    let done = AtomicBool::new(false);
    let address = format!("127.0.0.1:{}", stack.ports["PROM_PORT"]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for path in ["/api/v1/query?query=up", "/api/v1/labels", "/api/v1/query?query=(", "/nobody"].iter().cycle()
            {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                recorder::get(&address, path, "*/*");
                // A load that can be seen, and no flood.
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        let scrapes = recorder.wait_for(SCRAPES, Duration::from_secs(3 * SCRAPES as u64));
        done.store(true, Ordering::SeqCst);
        assert!(scrapes >= SCRAPES, "only {scrapes} scrapes");
    });
}

/// The engine with all that was scraped, and the last instant of which all is known.
fn taken_in(judge: &Judge, recorder: &Recorder) -> (Ours, i64) {
    let Answer::Rows(ups) = judge.instant("up[10m]", Utc::now().timestamp_millis()) else { panic!("no samples of up") };
    let mut ours = Ours::new();
    let mut last = i64::MAX;
    for job in recorder.jobs() {
        let (labels, ups) = ups.iter().find(|(labels, _)| labels.get("job") == Some(job)).unwrap();
        let scrapes = recorder.scrapes(job);
        let mut late = 0;
        let taken: Vec<(i64, Option<Body>)> = ups
            .iter()
            .enumerate()
            .map(|(index, (at, up))| {
                // It is asked soon after the instant that Prometheus gives it, and before the next one.
                let next = ups.get(index + 1).map_or(i64::MAX, |(next, _)| *next);
                let asked = scrapes.iter().find(|scrape| (at - 5..next - 5).contains(&scrape.at_ms));
                let body = asked.and_then(|scrape| scrape.body.clone());
                if *up > 0.5 {
                    return (*at, Some(body.unwrap_or_else(|| panic!("{job} at {at}: Prometheus has another body"))));
                }
                late += usize::from(body.is_some());
                (*at, None)
            })
            .collect();
        assert!(taken.len() + 1 >= SCRAPES, "{job}: only {} scrapes are known", taken.len());
        assert!(late * 10 < SCRAPES, "{job}: {late} answers were too late for Prometheus");
        ours.read(job, labels.get("instance").unwrap(), &taken);
        last = last.min(taken.last().unwrap().0);
    }
    (ours, last)
}

/// Every sample is the same on both sides. Answers the milliseconds of the second at which there are samples.
fn same_samples(judge: &Judge, ours: &Ours, last: i64, jobs: impl Iterator<Item = &'static str>) -> BTreeSet<i64> {
    let mut fractions = BTreeSet::new();
    let mut count = 0;
    for job in jobs {
        let query = format!("{{job=\"{job}\"}}[10m]");
        let Answer::Rows(theirs) = judge.instant(&query, last) else { panic!("no samples of {job}") };
        // Prometheus adds some of its own.
        let theirs: Vec<_> = theirs.into_iter().filter(|(labels, _)| !labels.name().starts_with("scrape_")).collect();
        let (theirs, ours) = (compare::rows(&theirs), compare::rows(&ours.samples(&query, last)));
        assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>(), "{job}: the series");
        for (labels, row) in &theirs {
            let exact = |row: &[(i64, f64)]| row.iter().map(|(at, value)| (*at, value.to_bits())).collect::<Vec<_>>();
            // The text of a not-a-number does not say which one.
            let same = exact(row) == exact(&ours[labels]) || row.iter().any(|(_, value)| value.is_nan());
            assert!(same, "{labels}: {row:?}\n{:?}", ours[labels]);
            fractions.extend(row.iter().map(|(at, _)| at.rem_euclid(1_000)));
            count += row.len();
        }
        println!("{job}: {} series", theirs.len());
    }
    println!("{count} samples");
    fractions
}

/// Prints what both say to a query, for whoever looks into a difference.
fn show(judge: &Judge, ours: &Ours, when: When, query: &str) {
    let parsed = Query::parse(query).unwrap();
    println!("{query}\n  Prometheus: {:?}", judge.instant(query, when.at_ms));
    println!("  ours: {:?}", ours.instant(&parsed, when.at_ms));
    println!("  Prometheus: {:?}", judge.range(query, when.range));
    println!("  ours: {:?}", ours.range(&parsed, when.range));
}

/// When to ask, so that no sample lies on the border of a window: these are whole seconds away from the instant; inside a
/// subquery, which evaluates at whole seconds, from an offset.
fn moments(last: i64, fractions: &BTreeSet<i64>) -> (When, &'static str) {
    let free = (1..1_000).find(|f| !fractions.contains(f) && !fractions.contains(&((f + 500) % 1_000))).unwrap();
    // Windows reach four seconds into the future.
    let at_ms = (last / 1_000 - 6) * 1_000 + free;
    let inner = ["", " offset 13ms", " offset 137ms", " offset 371ms", " offset 733ms"].into_iter().find(|text| {
        let by: i64 = text.trim_start_matches(" offset ").trim_end_matches("ms").parse().unwrap_or(0);
        !fractions.contains(&((1_000 - by) % 1_000))
    });
    (When { at_ms, range: (at_ms - 36_000, at_ms, 3_000) }, inner.expect("a free millisecond"))
}

/// What has to be told apart did happen.
fn everything_happened(ours: &Ours, at_ms: i64) {
    for query in [
        "sum(resets({job=\"demo\"}[70s])) > 0",
        "sum(resets(odd_total[70s])) > 2",
        "count(odd_late_total) > 0",
        "count(odd_comes_and_goes) < 6",
        "count(count_over_time(odd_early_total[70s])) > 0 unless odd_early_total",
        "min(min_over_time(up[70s])) == 0",
        "count by (job) (up == 1) == 1",
    ] {
        let answer = ours.instant(&Query::parse(query).unwrap(), at_ms);
        assert!(!answer.is_empty(), "{query}: {answer:?}");
    }
}

/// Made-up queries, always the same ones for a seed and a set of metrics.
fn made_up(ours: &Ours, when: When, inner: &'static str) -> BTreeMap<String, Tree> {
    let number = |name: &str, otherwise| {
        std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
    };
    let seed = number("SIXTY_DIFFERENTIAL_SEED", 60_u64);
    let count = number("SIXTY_DIFFERENTIAL_QUERIES", QUERIES as u64);
    println!("seed {seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let queries = queries::queries(ours.inventory(), when.at_ms, inner);
    let mut all = BTreeMap::new();
    while all.len() < count as usize {
        let tree = queries.new_tree(&mut runner).unwrap();
        all.insert(tree.current(), tree);
    }
    all
}

/// The simplest query that still differs.
fn shortest(judge: &Judge, ours: &Ours, when: When, mut tree: Tree) -> String {
    let mut found = tree.current();
    for _ in 0..200 {
        let found_another =
            if ask(judge, ours, when, &tree.current()).is_ok_and(|verdicts| verdicts.iter().any(differs)) {
                found = tree.current();
                tree.simplify()
            } else {
                tree.complicate()
            };
        if !found_another {
            break;
        }
    }
    found
}

fn differs(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Different(_))
}

/// How many queries were asked, and what came of it: at an instant, and over a range.
#[derive(Default)]
struct Tally {
    queries: usize,
    refused: BTreeMap<String, usize>,
    same: [usize; 2],
    no_number: [usize; 2],
    empty: [usize; 2],
    errors: [usize; 2],
    known: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// Asks both engines each query; what differs is added to `wrong`.
    fn of(judge: &Judge, ours: &Ours, when: When, queries: Vec<String>, wrong: &mut Vec<(String, String)>) -> Self {
        let tally = Mutex::new((Self { queries: queries.len(), ..Self::default() }, wrong));
        let next = AtomicUsize::new(0);
        let queries = Arc::new(queries);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(text) = queries.get(next.fetch_add(1, Ordering::SeqCst)) {
                        let found = ask(judge, ours, when, text);
                        let (tally, wrong) = &mut *tally.lock().unwrap();
                        tally.add(text, found, wrong);
                    }
                });
            }
        });
        tally.into_inner().unwrap().0
    }

    fn add(&mut self, text: &str, found: Result<[Verdict; 2], String>, wrong: &mut Vec<(String, String)>) {
        let verdicts = match found {
            Ok(verdicts) => verdicts,
            Err(refusal) => return *self.refused.entry(refusal).or_default() += 1,
        };
        for (place, verdict) in verdicts.into_iter().enumerate() {
            match verdict {
                Verdict::Same => self.same[place] += 1,
                Verdict::NoNumber => self.no_number[place] += 1,
                Verdict::BothEmpty => self.empty[place] += 1,
                Verdict::BothErrors => self.errors[place] += 1,
                Verdict::Known(why) => *self.known.entry(why).or_default() += 1,
                Verdict::Different(how) => {
                    let kind = ["at an instant", "over a range"][place];
                    let how: String = how.chars().take(600).collect();
                    wrong.push((text.to_owned(), format!("  {kind}: {text}\n    {how}")));
                }
            }
        }
    }

    fn known(&self) -> usize {
        self.known.values().sum()
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { queries, same, no_number, empty, errors, refused, known } = self;
        writeln!(f, "{queries} queries, at an instant and over a range:")?;
        writeln!(
            f,
            "  the same number: {} and {}; both none: {} and {}",
            same[0], same[1], no_number[0], no_number[1]
        )?;
        writeln!(f, "  both empty: {} and {}; both in error: {} and {}", empty[0], empty[1], errors[0], errors[1])?;
        write!(f, "  refused: {refused:?}; known differences: {known:?}")
    }
}

/// What both engines say to a query; `Err` where ours refuses it and Prometheus agrees that it is wrong.
fn ask(judge: &Judge, ours: &Ours, when: When, text: &str) -> Result<[Verdict; 2], String> {
    let theirs = [judge.instant(text, when.at_ms), judge.range(text, when.range)];
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(refusal) if matches!(theirs[0], Answer::Error(_)) => return Err(refusal.message),
        Err(refusal) => {
            let how = format!("refused: {refusal}");
            return Ok([Verdict::Different(how.clone()), Verdict::Different(how)]);
        }
    };
    let mut mine = [ours.instant(&query, when.at_ms), ours.range(&query, when.range)];
    // A number over a range is one row.
    if let Answer::Rows(rows) = &mut mine[1]
        && rows.is_empty()
        && matches!(theirs[1], Answer::Number(_))
    {
        mine[1] = Answer::Number(f64::NAN);
    }
    let mut verdicts = [compare(text, &theirs[0], &mine[0], 0.0), compare(text, &theirs[1], &mine[1], 0.0)];
    for (place, verdict) in verdicts.iter_mut().enumerate() {
        if differs(verdict) {
            let range = if place == 0 { (when.at_ms, when.at_ms, 1) } else { when.range };
            if let Some(why) = known(ours, text, range, &theirs[place], &mine[place]) {
                *verdict = Verdict::Known(why);
            }
        }
    }
    Ok(verdicts)
}

/// Why two answers differ, where that is known and neither is wrong.
fn known(ours: &Ours, text: &str, range: (i64, i64, i64), theirs: &Answer, mine: &Answer) -> Option<&'static str> {
    let (start, end, step) = range;
    // A subquery looks at whole seconds before each instant.
    let instants: Vec<i64> = if text.contains(':') {
        (start / 1_000 - 40..=end / 1_000).map(|second| second * 1_000).collect()
    } else {
        (start..=end).step_by(step as usize).collect()
    };
    if has_young_counter(text, ours, &instants) {
        return Some("a young counter near zero");
    }
    // The sum of negative zeros is one in 2.42 and none in 3, and what is divided by it has another sign.
    let unsigned = [theirs.without_signs_of_infinity(), mine.without_signs_of_infinity()];
    if (text.contains("sum") || text.contains("avg")) && !differs(&compare(text, &unsigned[0], &unsigned[1], 0.0)) {
        return Some("the sign of a zero");
    }
    let same = !differs(&compare(text, theirs, mine, slack(text, ours, range)));
    same.then_some("digits lost in a small difference of large numbers")
}
