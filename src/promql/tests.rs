//! The engine as a whole, on small stores: what its parts cannot show alone.

use std::time::Duration;
use std::time::Instant;

use proptest::prelude::*;

use crate::facts::Labels;
use crate::promql::Dialect;
use crate::promql::Limits;
use crate::promql::Note;
use crate::promql::Query;
use crate::promql::Store;
use crate::promql::Value;
use crate::promql::fitting_window;

fn labels(text: &str) -> Labels {
    let (name, rest) = text.split_once('{').unwrap_or((text, "}"));
    let pairs = rest.trim_end_matches('}').split(',').filter_map(|pair| pair.split_once('='));
    pairs.chain([("__name__", name)]).collect()
}

/// A store of one target, scraped at times that are given in seconds.
fn store(series: &[(&str, &[f64])], every: i64) -> Store {
    let mut store = Store::new(Limits { retention: Duration::from_hours(6), max_series: 100_000 });
    let target = store.add_target(Labels::default());
    for scrape in 0..series.iter().map(|(_, values)| values.len()).max().unwrap_or(0) {
        let mut open = store.begin(target, i64::try_from(scrape).unwrap() * every * 1_000).unwrap();
        for (text, values) in series {
            if let Some(value) = values.get(scrape) {
                let id = open.series(labels(text)).unwrap();
                open.put(id, *value, None);
            }
        }
        open.finish();
    }
    store
}

fn answer(store: &Store, query: &str, seconds: i64) -> Result<Vec<(String, f64)>, String> {
    let query = Query::parse(query).map_err(|refusal| refusal.to_string())?;
    match query.instant(store, seconds * 1_000).map_err(|error| error.to_string())? {
        Value::Scalar(number) => Ok(vec![("number".to_owned(), number)]),
        Value::String(text) => Ok(vec![(text, 0.0)]),
        Value::Vector(mut samples) => {
            samples.sort_by(|a, b| a.0.cmp(&b.0));
            Ok(samples.into_iter().map(|(labels, value)| (labels.to_string(), value)).collect())
        }
    }
}

fn is(store: &Store, query: &str, seconds: i64, expected: &[(&str, f64)]) {
    let found = answer(store, query, seconds).unwrap();
    let expected: Vec<_> = expected.iter().map(|(labels, value)| ((*labels).to_owned(), *value)).collect();
    assert_eq!(found, expected, "{query}");
}

#[test]
fn golden_signals() {
    let store = store(
        &[
            ("requests{code=200}", &[0.0, 90.0, 180.0]),
            ("requests{code=500}", &[0.0, 10.0, 20.0]),
            ("seconds_bucket{le=0.1}", &[0.0, 50.0, 100.0]),
            ("seconds_bucket{le=1}", &[0.0, 90.0, 180.0]),
            ("seconds_bucket{le=+Inf}", &[0.0, 100.0, 200.0]),
        ],
        10,
    );
    is(&store, "sum(rate(requests[20s]))", 20, &[("{}", 10.0)]);
    is(&store, "sum by (code) (increase(requests[20s]))", 20, &[("{code=\"200\"}", 180.0), ("{code=\"500\"}", 20.0)]);
    is(&store, "sum(rate(requests{code=~\"5..\"}[20s])) / sum(rate(requests[20s]))", 20, &[("{}", 0.1)]);
    is(&store, "histogram_quantile(0.5, sum by (le) (rate(seconds_bucket[20s])))", 20, &[("{}", 0.1)]);
    is(&store, "requests{code=\"500\"} > 100 or vector(0)", 20, &[("{}", 0.0)]);
    is(&store, "up", 20, &[("up", 1.0)]);
}

#[test]
fn a_quantile_in_the_last_bucket_says_so() {
    let store = store(&[("b{le=1}", &[1.0]), ("b{le=10}", &[2.0]), ("b{le=+Inf}", &[100.0])], 10);
    for (q, value, notes) in [("0.01", 1.0, vec![]), ("0.99", 10.0, vec![Note::OpenBucket])] {
        let noted = Query::parse(&format!("histogram_quantile({q}, b)")).unwrap().instant_noted(&store, 0).unwrap();
        assert_eq!(noted.value, Value::Vector(vec![(Labels::default(), value)]));
        assert_eq!(noted.notes.into_iter().collect::<Vec<_>>(), notes);
    }
}

#[test]
fn names_go_at_once_unless_the_server_delays_it() {
    let store = store(&[("a", &[100.0, 110.0]), ("b", &[100.0, 120.0])], 10);
    assert!(answer(&store, "rate({__name__=~\"a|b\"}[20s])", 10).unwrap_err().contains("same labels"));
    is(&store, "sum by (__name__) (rate(a[11s]))", 10, &[("{}", 1.0)]);
    is(&store, "last_over_time(a[20s])", 10, &[("a", 110.0)]);
    is(&store, "a * on () group_left (__name__) b", 10, &[("b", 13_200.0)]);
    is(&store, "label_replace(-a, \"__name__\", \"c\", \"\", \"\")", 10, &[("c", -110.0)]);
    let delayed = Dialect { delayed_names: true, ..Dialect::default() };
    let query = Query::parse_as("sum(rate({__name__=~\"a|b\"}[11s]))", delayed).unwrap();
    assert_eq!(query.instant(&store, 10_000).unwrap(), Value::Vector(vec![(Labels::default(), 3.0)]));
}

#[test]
fn what_has_few_cases_elsewhere() {
    let store = store(&[("x{a=1}", &[5.0]), ("x{a=2}", &[15.0]), ("x{a=3}", &[15.0])], 10);
    is(&store, "clamp(x, 6, 10)", 0, &[("{a=\"1\"}", 6.0), ("{a=\"2\"}", 10.0), ("{a=\"3\"}", 10.0)]);
    is(&store, "clamp(x, 10, 6)", 0, &[]);
    is(&store, "count_values(\"v\", x)", 0, &[("{v=\"15\"}", 2.0), ("{v=\"5\"}", 1.0)]);
    is(&store, "count_values without (a) (\"a\", x / 0)", 0, &[("{a=\"+Inf\"}", 3.0)]);
    is(&store, "topk(1, x)", 0, &[("x{a=\"2\"}", 15.0)]);
    is(&store, "bottomk by (a) (2, x) == 5", 0, &[("x{a=\"1\"}", 5.0)]);
    is(&store, "absent(nothing{a=\"1\", b!=\"2\"})", 0, &[("{a=\"1\"}", 1.0)]);
    is(&store, "absent(x)", 0, &[]);
    is(&store, "scalar(x{a=\"1\"}) + 1", 0, &[("number", 6.0)]);
    is(&store, "x{a=~\"1|2\"} % 4 != bool 1", 0, &[("{a=\"1\"}", 0.0), ("{a=\"2\"}", 1.0)]);
    is(&store, "max_over_time(sum(x)[1m:10s])", 0, &[("{}", 35.0)]);
    is(&store, "\"text\"", 0, &[("text", 0.0)]);
}

#[test]
fn a_dot_matches_a_line_break_and_patterns_match_all() {
    let store = store(&[("x{a=one\ntwo}", &[1.0])], 10);
    for (pattern, count) in [("one.two", 1), ("one", 0), ("one.*", 1), ("(?i)ONE.TWO", 1)] {
        let found = answer(&store, &format!("x{{a=~\"{pattern}\"}}"), 0).unwrap();
        assert_eq!(found.len(), count, "{pattern}");
    }
}

#[test]
fn ranges() {
    let store = store(&[("x", &[1.0, 2.0, 3.0]), ("y", &[1.0, 2.0])], 10);
    let rows = |query: &str| Query::parse(query).unwrap().range(&store, 0, 20_000, 10_000);
    let x: Labels = labels("x");
    assert_eq!(rows("x").unwrap(), [(x, vec![(0, 1.0), (10_000, 2.0), (20_000, 3.0)])]);
    assert_eq!(rows("y + 1").unwrap()[0].1, [(0, 2.0), (10_000, 3.0)]);
    assert_eq!(rows("time()").unwrap(), [(Labels::default(), vec![(0, 0.0), (10_000, 10.0), (20_000, 20.0)])]);
    assert_eq!(rows("x @ end()").unwrap()[0].1, [(0, 3.0), (10_000, 3.0), (20_000, 3.0)]);
    assert!(rows("\"text\"").is_err());
    assert!(Query::parse("x").unwrap().range(&store, 0, 1, 0).is_err());
}

#[test]
fn refused_by_name() {
    for (query, feature) in [
        ("histogram_count(x)", "native histograms (the function histogram_count)"),
        ("rate(x[5m] anchored)", "the range modifier anchored"),
        ("rate(x[5m] smoothed)", "the range modifier smoothed"),
        ("rate(x[5m+1m])", "arithmetic in durations"),
        ("x offset (2*3)", "arithmetic in durations"),
        ("info(x)", "the experimental function info"),
        ("a + fill(0) b", "the matching modifier fill"),
        ("limitk(1, x)", "the experimental aggregation limitk"),
        ("{a=\"b\" or c=\"d\"}", "or between the matchers of one selector"),
        ("mad_over_time(x[5m])", "the experimental function mad_over_time"),
        ("sort_by_label(x, \"a\")", "the experimental function sort_by_label"),
        ("x[5m]", "a range of samples as the result"),
        ("x </ 5", "trimming native histograms"),
        ("x{a=\"\\xff\"}", "a text that is not valid UTF-8"),
    ] {
        let refusal = Query::parse(query).unwrap_err();
        assert_eq!(refusal.feature.as_deref(), Some(feature), "{query}: {refusal}");
        assert!(refusal.to_string().contains(&refusal.query));
    }
}

#[test]
fn errors_say_what_is_wrong() {
    for (query, part) in [
        ("rate(x)", "expected type matrix"),
        ("sum(", ""),
        ("", ""),
        ("x{a=~\"(\"}", "regex"),
        ("rate(x[$__window])", "$__window is unknown"),
        ("x{job=\"${jobs}\"}", "${jobs} is unknown"),
        ("exp(NaN)", "expected a vector"),
        ("label_replace(x, \"\", \"\", \"\", \"\")", "name of a label"),
        ("x[0s]", ""),
        ("x[1e300]", "out of bounds"),
        ("x offset NaN", "out of bounds"),
        ("{}", ""),
    ] {
        let refusal = Query::parse(query).unwrap_err();
        assert_eq!(refusal.feature, None, "{query}: {refusal}");
        assert!(refusal.message.contains(part), "{query}: {refusal}");
    }
    let long = "1+".repeat(600) + "1";
    assert!(Query::parse(&long).unwrap_err().message.contains("too long"));
    let deep = "(".repeat(490) + "1" + &")".repeat(490);
    assert!(Query::parse(&deep).is_ok());
    assert!(Query::parse(&("-".repeat(490) + "x")).is_ok());
}

#[test]
fn what_a_query_needs_is_known_before() {
    let query = Query::parse("sum(rate(a[5m] offset 1m)) / max_over_time(sum(b{c=\"d\"})[1h:]) > bool 0").unwrap();
    assert_eq!(query.names().unwrap().into_iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(query.widest_fixed_window(), Some(Duration::from_hours(1)));
    assert!(query.selects(&labels("b{c=d}")) && !query.selects(&labels("b{c=e}")));
    assert_eq!(Query::parse("{job=\"x\"}").unwrap().names(), None);
    assert_eq!(Query::parse("{__name__=\"x\"}").unwrap().names().unwrap().len(), 1);
    assert_eq!(Query::parse("x").unwrap().widest_fixed_window(), None);
    assert_eq!(Query::parse("rate(a[5m] offset 1m)").unwrap().widest_fixed_window(), Some(Duration::from_mins(6)));
}

#[test]
fn windows_are_waited_for_where_it_matters() {
    let every_5s: Vec<f64> = (0..20).map(|index| 1000.0 + f64::from(index) * 500.0).collect();
    let wait = |query: &str, scrapes: usize| {
        let store = store(&[("x", &every_5s[..scrapes]), ("y", &every_5s[..scrapes])], 5);
        let at = (i64::try_from(scrapes).unwrap() - 1) * 5_000;
        Query::parse(query).unwrap().warm(&store, at)
    };
    for (query, waits) in [
        ("rate(x[30s])", [Some(1_000), Some(19_500), None]),
        ("sum(rate(x[30s])) / sum(rate(y[30s]))", [Some(1_000), None, None]),
        ("irate(x[30s])", [Some(1_000), None, None]),
        ("x", [None, None, None]),
        ("rate(nothing[30s])", [None, None, None]),
        ("max_over_time(x[30s])", [Some(1_000), Some(19_500), None]),
        ("max_over_time(rate(x[10s])[20s:5s])", [Some(1_000), Some(19_500), None]),
        ("rate(x[30s] @ 0)", [None, None, None]),
    ] {
        for (scrapes, expected) in [1, 2, 6].into_iter().zip(waits) {
            assert_eq!(wait(query, scrapes), expected.map(Duration::from_millis), "{query} after {scrapes} scrapes");
        }
    }
}

#[test]
fn a_target_that_returns_after_a_gap_is_waited_for_and_one_that_is_down_is_not() {
    let mut store = store(&[("x", &[1.0, 2.0, 3.0])], 5);
    let target = store.add_target([("i", "2")].into_iter().collect());
    let query = Query::parse("sum(rate(x[10s]))").unwrap();
    let mut scrape = |at: i64| {
        let mut scrape = store.begin(target, at).unwrap();
        let id = scrape.series(labels("x")).unwrap();
        scrape.put(id, at as f64, None);
        scrape.finish();
        query.warm(&store, at)
    };
    assert_eq!(scrape(8_000), Some(Duration::from_secs(1)));
    assert_eq!(scrape(10_000), Some(Duration::from_millis(5_800)));
    store.down(target, 12_000);
    assert_eq!(query.warm(&store, 100_000), None);
}

/// A rate over the fitting window is the true one from the second scrape on, at every age of the history.
#[test]
fn the_fitting_window_gives_the_true_rate() {
    let configured = Duration::from_mins(5);
    for scrapes in 2..80_i32 {
        let values: Vec<f64> = (0..scrapes).map(|index| 10_000.0 + f64::from(index) * 100.0).collect();
        let store = store(&[("x", &values)], 1);
        let at = i64::from(scrapes - 1) * 1_000;
        let window = fitting_window(&store, configured, at);
        let query = Query::parse(&format!("rate(x[{}ms])", window.as_millis())).unwrap();
        assert_eq!(query.warm(&store, at), None, "{scrapes} scrapes, window {window:?}");
        let Value::Vector(found) = query.instant(&store, at).unwrap() else { panic!() };
        assert!((found[0].1 - 100.0).abs() < 1e-6, "{scrapes} scrapes, window {window:?}: {found:?}");
    }
    let store = store(&[("x", &[1.0])], 1);
    assert_eq!(fitting_window(&store, configured, 0), configured);
}

proptest! {
    #[test]
    fn the_groups_of_a_sum_add_up(counts in prop::collection::vec((0_u8..5, 0..1_000_000_u32), 1..40)) {
        let series: Vec<_> = counts.iter().enumerate().map(|(i, (group, count))| {
            (format!("x{{group={group},i={i}}}"), [f64::from(*count)])
        }).collect();
        let series: Vec<_> = series.iter().map(|(text, values)| (&**text, &values[..])).collect();
        let store = store(&series, 1);
        let groups = answer(&store, "sum by (group) (x)", 0).unwrap();
        let total = answer(&store, "sum(x)", 0).unwrap()[0].1;
        prop_assert_eq!(groups.iter().map(|(_, value)| value).sum::<f64>(), total);
        prop_assert_eq!(answer(&store, "sum(sum without (i) (x))", 0).unwrap()[0].1, total);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,80}") {
        let _ = Query::parse(&text);
    }

    #[test]
    fn no_mix_of_words_makes_the_engine_panic(words in prop::collection::vec(prop::sample::select(vec![
        "sum", "rate", "x", "y", "(", ")", "[", "]", "5m", "1s", ":", "{", "}", "a", "=", "=~", "!~", "\"b\"", "\"(\"",
        ",", "by",
        "without", "on", "ignoring", "group_left", "+", "-", "/", "%", "^", "==", ">", "bool", "and", "or", "unless",
        "@", "offset", "1", "0", "-1", "NaN", "Inf", "1e300", "start()", "end()", "topk", "quantile", "vector",
        "scalar", "time()", "absent", "label_replace", "histogram_quantile", "clamp", "count_values", "'", "`", "\\",
        "$x", "[5m]", "[5m:1s]", "x[5m]", "(x)", "rate(x[5m])", "sum(x)", "9223372036854775807", "fill",
        "\"\\é\"", "\"\\u00\"", "0xffffffffffffffff", "99999999999999999999s", "@ 1e18",
        "offset -1e11", "inf", "[1e300]", "# é", "é",
    ]), 0..14)) {
        let store = store(&[("x{a=b}", &[1.0, 2.0]), ("y", &[1.0, 2.0])], 1);
        if let Ok(query) = Query::parse(&words.join(" ")) {
            let _ = query.instant(&store, 1_000);
            let _ = (query.warm(&store, 1_000), query.names(), query.widest_fixed_window());
        }
    }
}

/// Prints what the first queries of a process cost; to be run alone, in an optimised build.
#[test]
#[ignore = "a measurement, not a check"]
fn promql_start_cost() {
    use crate::signals::preset;
    let timed = |what: &str, run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        println!("{:>10.1?} {what}", start.elapsed());
    };
    timed("the reader of expositions warms up", &mut crate::sources::exposition::warm_up);
    timed("all presets", &mut || _ = preset::all());
    timed("the first query, without range and regex", &mut || drop(Query::parse("up").unwrap()));
    timed("the first duration", &mut || drop(Query::parse("rate(x[90s])").unwrap()));
    let vars = |seconds| crate::promql::Vars {
        service: "api",
        selector: "job=\"api\"",
        rate_interval: Duration::from_secs(seconds),
        interval: Duration::from_secs(5),
        range: Duration::from_hours(1),
    };
    let keys = ["go-http", "memory-go", "pool-go-sql"];
    let queries = keys.iter().flat_map(|key| preset::by_key(key).unwrap().queries.values().map(|ways| &ways[0].text));
    let queries: Vec<_> = queries.collect();
    let mut templates = Vec::new();
    timed(&format!("{} templates", queries.len()), &mut || {
        templates.extend(queries.iter().map(|text| crate::promql::Template::parse(text, &vars(30)).unwrap()));
    });
    for seconds in 2..6 {
        timed("a new window for all of them", &mut || {
            for template in &mut templates {
                template.at(Duration::from_secs(seconds)).unwrap();
            }
        });
    }
}
