//! A query rewritten for all services at once gives each service the numbers that its own query has. The embedded
//! engine is the judge.

#![cfg(test)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::Union;
use sixty::facts::Labels;
use sixty::promql::Group;
use sixty::promql::Limits;
use sixty::promql::Query;
use sixty::promql::Store;
use sixty::promql::Value;
use sixty::promql::Vars;
use sixty::promql::by_label;
use sixty::promql::expand;
use sixty::promql::percentile;
use sixty::signals::preset;

/// The last one has a name that a pattern must not take literally, and is not asked for by name.
const SERVICES: [&str; 4] = ["a", "b", "c", "d.x|(y"];
const END_MS: i64 = 150_000;

fn vars(selector: &str) -> Vars<'_> {
    Vars {
        service: "unused",
        selector,
        rate_interval: Duration::from_mins(1),
        interval: Duration::from_secs(15),
        range: Duration::from_hours(3),
    }
}

/// Ten scrapes of series with these labels: counters that grow by their own pace, some of them late or gone.
fn store(series: &[Vec<(String, String)>]) -> Store {
    let mut store = Store::new(Limits { retention: Duration::from_hours(6), max_series: 100_000 });
    let target = store.add_target(Labels::default());
    for scrape in 0..=10 {
        let mut open = store.begin(target, scrape * 15_000).unwrap();
        for (index, pairs) in series.iter().enumerate() {
            let noise = (index as i64 * 7_919) % 97;
            if (noise == 5 && scrape < 9) || (noise == 6 && scrape > 4) {
                continue;
            }
            let labels: Labels = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let id = open.series(labels).unwrap();
            let value = if noise % 5 == 0 { 0 } else { scrape * (noise % 11) + noise % 3 };
            open.put(id, value as f64, None);
        }
        open.finish();
    }
    store
}

type Answer = Result<BTreeMap<Labels, f64>, String>;

fn answer(store: &Store, query: &str) -> Answer {
    let query = Query::parse(query).map_err(|refusal| refusal.to_string())?;
    match query.instant(store, END_MS).map_err(|error| error.to_string())? {
        Value::Vector(samples) => Ok(samples.into_iter().collect()),
        other => Err(format!("{other:?}")),
    }
}

/// Compares the query of each service with its part of the rewritten one; `None` where it was refused, or where the
/// data allow a service no answer.
fn compare(store: &Store, text: &str, group: &Group, services: &[&str]) -> Option<usize> {
    let together = expand(text, &vars(&group.matcher()));
    let rewritten = by_label(&together, group, &[]).ok()?;
    let mut all = Vec::new();
    for service in services {
        let own = expand(text, &vars(&format!("job={service:?}")));
        all.push((service, answer(store, &own).ok()?));
    }
    let found = answer(store, &rewritten).unwrap_or_else(|error| panic!("{rewritten}: {error}"));
    let mut numbers = 0;
    for (service, own) in all {
        let own: BTreeMap<_, _> = own.iter().map(|(labels, value)| (labels.with("job", ""), *value)).collect();
        let part = found.iter().filter(|(labels, _)| labels.get("job") == Some(service));
        let part: BTreeMap<_, _> = part.map(|(labels, value)| (labels.with("job", ""), *value)).collect();
        assert_eq!(own.keys().collect::<Vec<_>>(), part.keys().collect::<Vec<_>>(), "{service}: {text}\n{rewritten}");
        for (labels, value) in &own {
            let other = part[labels];
            let close = (value - other).abs() <= 1e-12 * value.abs() || (value.is_nan() && other.is_nan());
            assert!(
                close || value.to_bits() == other.to_bits(),
                "{service} {labels}: {value} {other}: {text}\n{rewritten}"
            );
        }
        numbers += own.len();
    }
    Some(numbers)
}

/// The names and values that a query's matchers speak of, with one that matches and one that does not.
fn spoken_of(query: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for matchers in query.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        for matcher in matchers.split(',').filter(|matcher| !matcher.contains('$')) {
            let (name, value) = matcher.trim().split_once(['=', '!']).unwrap();
            let value = value.trim_start_matches(['=', '~', '"']).trim_end_matches('"');
            let value = value.split('|').next().unwrap().replace("..", "00");
            found.entry(name.to_owned()).or_default().extend([value, "other".to_owned()]);
        }
    }
    found
}

fn series_for(query: &str) -> Vec<Vec<(String, String)>> {
    let pairs = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let names = Query::parse(&expand(query, &vars("job=\"a\""))).unwrap().names().unwrap();
    let mut all = Vec::new();
    for name in names {
        let mut some = vec![pairs("__name__", &name)];
        let mut labels = spoken_of(query);
        labels.insert("job".to_owned(), SERVICES.map(str::to_owned).into());
        labels.insert("instance".to_owned(), ["1", "2"].map(str::to_owned).into());
        if name.ends_with("_bucket") {
            labels.insert("le".to_owned(), ["0.1", "1", "+Inf"].map(str::to_owned).into());
        }
        for (label, values) in labels {
            let grown = some.iter().flat_map(|pairs| {
                values.iter().map(|value| [pairs.clone(), vec![(label.clone(), value.clone())]].concat())
            });
            some = grown.collect();
        }
        // One service has no errors, and another one has nothing of some metrics.
        some.retain(|pairs| {
            let is = |label: &str, value: &str| pairs.iter().any(|(name, it)| name == label && it == value);
            let fails = pairs.iter().any(|(_, value)| matches!(value.as_str(), "500" | "5" | "5xx"));
            let lacks = is("job", "b") && fails || is("job", "c") && name.len() % 3 == 0;
            !lacks
        });
        all.extend(some);
    }
    all
}

#[test]
fn every_query_of_every_preset_is_asked_for_all_services_at_once() {
    let mut queries = 0;
    let mut numbers = 0;
    for preset in preset::all() {
        for way in preset.queries.values().flatten() {
            let store = store(&series_for(&way.text));
            for (group, services) in
                [(Group::all("job"), &SERVICES[..]), (Group::of("job", SERVICES[..3].iter().copied()), &SERVICES[..3])]
            {
                let found = compare(&store, &way.text, &group, services);
                numbers += found.unwrap_or_else(|| panic!("{}: cannot be rewritten: {}", preset.key, way.text));
            }
            let shown = expand(&way.text, &vars("job=\"a\""));
            assert_eq!(percentile(&shown).is_some(), way.text.contains("histogram_quantile"), "{}", way.text);
            queries += 1;
        }
    }
    println!("{queries} queries of {} presets, {numbers} numbers alike", preset::all().len());
    assert!(queries > 150 && numbers > 800, "{queries} {numbers}");
}

#[test]
fn what_is_rewritten_reads_as_expected() {
    let group = Group::of("job", ["a", "b.c\"d"]);
    assert_eq!(group.matcher(), r#"job=~"a|b\\.c\"d""#);
    for (query, expected) in [
        ("sum(x{$selector})", "sum by (job) (x{S})"),
        ("sum by (le) (x{$selector})", "sum by (le, job) (x{S})"),
        ("sum without (job, pod) (x{$selector})", "sum without (pod) (x{S})"),
        ("sum(x{$selector}) / on () sum(y{$selector})", "sum by (job) (x{S}) / on (job) sum by (job) (y{S})"),
        ("x{$selector} * ignoring (job) y{$selector}", "x{S} * y{S}"),
        (
            "(sum(x{$selector}) or vector(0)) / sum(y{$selector})",
            "(sum by (job) (x{S}) or (group by (job) (sum by (job) (y{S})) * 0)) / sum by (job) (y{S})",
        ),
    ] {
        let rewritten = by_label(&expand(query, &vars(&group.matcher())), &group, &[]).unwrap();
        let shown = rewritten.replace(&group.matcher(), "S").replace("  ", " ");
        assert_eq!(shown.replace(") (", ")("), expected.replace(") (", ")("), "{query}");
    }
    let twins = ["replica".to_owned()];
    let text = expand("sum(rate(x{$selector}[1m])) - sum(y{$selector} > 0)", &vars(&group.matcher()));
    let rewritten = by_label(&text, &group, &twins).unwrap().replace(&group.matcher(), "S");
    assert_eq!(rewritten.matches("max without (replica)").count(), 2, "{rewritten}");
    Query::parse(&rewritten.replace('S', "a=\"b\"")).unwrap();
}

#[test]
fn what_is_not_certain_is_refused() {
    let group = Group::all("job");
    for query in [
        "sum(x)",
        "sum(x{job=\"other\"})",
        "sum(x{$selector}) / sum(y{job=~\"a|b\"})",
        "vector(1)",
        "1 + 1",
        "sum(x{$selector}) or vector(0)",
        "(sum by (code) (x{$selector}) or vector(0)) / sum(y{$selector})",
        "(sum(x{$selector}) or vector(0)) / on () sum(y{$selector})",
        "absent(x{$selector})",
        "scalar(sum(x{$selector})) * 2",
        "x{$selector} * scalar(sum(x{$selector}))",
        "sum(x{$selector}) / y{$selector}",
        "x{$selector} or sum(y{$selector})",
        "sum(x{$selector}) * on (job) sum(y{$selector})",
        "label_replace(x{$selector}, \"job\", \"b\", \"code\", \".*\")",
        "count_values(\"job\", x{$selector})",
        "x{$selector} * on (pod) group_left (job) y{$selector}",
        "hour()",
        "sum(",
    ] {
        let text = expand(query, &vars(&group.matcher()));
        let refusal = by_label(&text, &group, &[]).expect_err(query);
        assert!(!refusal.message.is_empty());
    }
}

#[test]
fn a_percentile_knows_its_buckets() {
    for (query, metrics, factor) in [
        ("histogram_quantile(0.5, sum by (le) (rate(a_bucket[1m])))", vec!["a_bucket"], 1.0),
        ("(histogram_quantile(0.5, rate(a_bucket[1m]))) / 1000", vec!["a_bucket"], 0.001),
        ("histogram_quantile(0.5, rate(a_b[1m])) or histogram_quantile(0.5, rate(b_b[1m]))", vec!["a_b", "b_b"], 1.0),
    ] {
        let found = percentile(query).unwrap();
        assert_eq!(
            (found.metrics, found.factor),
            (metrics.into_iter().map(str::to_owned).collect(), factor),
            "{query}"
        );
    }
    for query in ["sum(a)", "1 - histogram_quantile(0.5, a)", "histogram_quantile(0.5, a) / b"] {
        assert_eq!(percentile(query), None, "{query}");
    }
}

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("x{$selector}".to_owned()),
        Just("rate(y_total{$selector}[1m])".to_owned()),
        Just("x{code=\"500\", $selector}".to_owned()),
        Just("max_over_time(sum by (code) (x{$selector})[1m:15s])".to_owned()),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    leaf().prop_recursive(3, 12, 2, |inner| {
        let one_of = |words: &[&'static str]| Union::new(words.iter().map(|word| Just(*word)));
        let operators = one_of(&["sum", "max", "count", "avg", "group", "topk", "quantile"]);
        let groupings = one_of(&[
            "",
            "by (code)",
            "by (job)",
            "by (code, job)",
            "by ()",
            "without (code)",
            "without (job, instance)",
            "without (instance)",
        ]);
        let binaries = one_of(&["+", "/", ">", "== bool", "and", "or", "unless"]);
        let matchings = one_of(&[
            "",
            "on (code)",
            "on (job)",
            "on ()",
            "ignoring (code)",
            "ignoring (job)",
            "ignoring (job, code, instance)",
        ]);
        let aggregated = (operators, groupings, inner.clone()).prop_map(|(operator, grouping, inner)| {
            let parameter = match operator {
                "topk" => "1, ",
                "quantile" => "0.5, ",
                _ => "",
            };
            format!("{operator} {grouping} ({parameter}{inner})")
        });
        let joined = (inner.clone(), binaries, matchings, inner.clone())
            .prop_map(|(left, operator, matching, right)| format!("({left}) {operator} {matching} ({right})"));
        let with_zero = (inner.clone(), inner.clone())
            .prop_map(|(left, right)| format!("(sum({left}) or vector(2)) / count({right})"));
        let relabelled =
            inner.clone().prop_map(|inner| format!("label_replace({inner}, \"code\", \"$1\", \"instance\", \"(.*)\")"));
        let mapped = inner.prop_map(|inner| format!("-clamp_max({inner}, 7) * 2"));
        prop_oneof![3 => aggregated, 3 => joined, 1 => with_zero, 1 => relabelled, 1 => mapped]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn rewritten_is_the_same_for_each_service(text in expression()) {
        let series = series_for("x{code=\"500\", $selector} + y_total{code=\"500\", $selector}");
        let store = store(&series);
        compare(&store, &text, &Group::all("job"), &SERVICES);
        compare(&store, &text, &Group::of("job", SERVICES[..3].iter().copied()), &SERVICES[..3]);
    }
}
