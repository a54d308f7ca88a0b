//! Endpoints that the test makes itself: one with every metric that a preset asks for, and an odd one, where series
//! come and go, counters begin anew and numbers are none.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::Utc;
use promql_parser::label::MatchOp;
use promql_parser::parser;
use promql_parser::parser::Expr;
use promql_parser::parser::VectorSelector;

use crate::recorder::Body;
use crate::recorder::Endpoint;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const BOUNDS: [&str; 6] = ["0.1", "0.5", "1", "2.5", "10", "+Inf"];
/// What labels are worth in the presets' matchers: a pattern takes the first of them that it matches.
const WORDS: [&str; 30] = [
    "500",
    "503",
    "404",
    "200",
    "5",
    "2",
    "5xx",
    "2xx",
    "INTERNAL",
    "UNAVAILABLE",
    "Internal",
    "Unknown",
    "OK",
    "used",
    "idle",
    "busy",
    "heap",
    "nonheap",
    "true",
    "false",
    "GET",
    "server",
    "SERVER",
    "client",
    "total",
    "in_use",
    "source",
    "destination",
    "inbound",
    "a",
];

type Pairs = BTreeMap<String, String>;

/// All metrics that these queries select, with labels that their matchers take, and some that they do not.
pub fn zoo(queries: &[String]) -> Endpoint {
    let mut metrics: BTreeMap<String, Metric> = BTreeMap::new();
    for query in queries {
        let expr = parser::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        let mut found = Found::default();
        found.walk(&expr, false);
        for (selector, counts) in &found.selectors {
            let Some(name) = &selector.name else { continue };
            let metric = metrics.entry(name.clone()).or_default();
            metric.counts |= *counts;
            metric.series.extend(series(selector, &found.groups));
        }
    }
    Box::new(move |scrape| Some(Body { content_type: TEXT.to_owned(), bytes: page(&metrics, scrape).into_bytes() }))
}

#[derive(Default)]
struct Metric {
    /// It only grows, until its process ends.
    counts: bool,
    series: BTreeSet<Pairs>,
}

#[derive(Default)]
struct Found<'e> {
    selectors: Vec<(&'e VectorSelector, bool)>,
    groups: BTreeSet<String>,
}

impl<'e> Found<'e> {
    fn walk(&mut self, expr: &'e Expr, counts: bool) {
        match expr {
            Expr::VectorSelector(selector) => self.selectors.push((selector, counts)),
            Expr::MatrixSelector(matrix) => self.selectors.push((&matrix.vs, true)),
            Expr::Aggregate(aggregate) => {
                let labels = aggregate.modifier.iter().filter(|modifier| modifier.is_include());
                self.groups.extend(labels.flat_map(|modifier| modifier.labels().labels.clone()));
                self.walk(&aggregate.expr, counts);
            }
            Expr::Binary(binary) => {
                self.walk(&binary.lhs, counts);
                self.walk(&binary.rhs, counts);
            }
            Expr::Unary(unary) => self.walk(&unary.expr, counts),
            Expr::Paren(paren) => self.walk(&paren.expr, counts),
            Expr::Subquery(subquery) => self.walk(&subquery.expr, counts),
            Expr::Call(call) => call.args.args.iter().for_each(|argument| self.walk(argument, counts)),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
        }
    }
}

/// Two series that a selector takes, and for each of its conditions one that fails on it alone.
fn series(selector: &VectorSelector, groups: &BTreeSet<String>) -> Vec<Pairs> {
    let mut fits = Pairs::new();
    let mut others = Vec::new();
    for matcher in selector.matchers.matchers.iter().filter(|matcher| matcher.name != "__name__") {
        let (yes, no) = match &matcher.op {
            MatchOp::Equal => (matcher.value.clone(), "else".to_owned()),
            MatchOp::NotEqual => ("else".to_owned(), matcher.value.clone()),
            MatchOp::Re(pattern) => (like(pattern, &matcher.value, true), like(pattern, &matcher.value, false)),
            MatchOp::NotRe(pattern) => (like(pattern, &matcher.value, false), like(pattern, &matcher.value, true)),
        };
        fits.insert(matcher.name.clone(), yes);
        others.push((matcher.name.clone(), no));
    }
    let mut all = vec![fits.clone()];
    all.extend(others.into_iter().map(|(name, no)| fits.clone().into_iter().chain([(name, no)]).collect()));
    let grouped = |number: &str| {
        let labels = groups.iter().filter(|label| *label != "le" && !fits.contains_key(*label));
        labels.map(|label| (label.clone(), format!("{label}-{number}"))).collect::<Pairs>()
    };
    let with = |more: &Pairs| {
        all.iter()
            .map(|pairs| {
                pairs
                    .iter()
                    .chain(more)
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .filter(|(_, value)| !value.is_empty())
                    .collect()
            })
            .collect::<Vec<Pairs>>()
    };
    let mut series = with(&grouped("1"));
    series.extend(with(&grouped("2")));
    series
}

/// A value that a pattern takes, or does not.
fn like(pattern: &regex::Regex, text: &str, wanted: bool) -> String {
    let parts = text.split('|').chain(WORDS);
    parts.map(str::to_owned).find(|word| pattern.is_match(word) == wanted).unwrap_or_default()
}

fn page(metrics: &BTreeMap<String, Metric>, scrape: usize) -> String {
    let mut out = String::new();
    for (name, metric) in metrics {
        let base = name.strip_suffix("_bucket");
        let kind = match base {
            Some(_) => "histogram",
            None if metric.counts => "counter",
            None => "gauge",
        };
        let _ = writeln!(out, "# TYPE {} {kind}", base.unwrap_or(name));
        for (number, pairs) in metric.series.iter().enumerate() {
            let mut count = 0.0;
            for (index, bound) in BOUNDS.iter().enumerate() {
                let mut pairs = pairs.clone();
                if base.is_some() {
                    pairs.insert("le".to_owned(), (*bound).to_owned());
                } else if index > 0 {
                    break;
                }
                let seed = number * 7 + index * 3 + name.len();
                if metric.counts || base.is_some() {
                    // In one of five nothing happens.
                    count += 40.0 + (seed % 5 * scrape + seed % 3 * (scrape / 4)) as f64 * 0.5;
                } else {
                    count = 100.0 + (seed as f64 + scrape as f64 / 5.0).sin() * 60.0;
                }
                line(&mut out, name, &pairs, count);
            }
        }
    }
    out
}

fn line(out: &mut String, name: &str, pairs: &Pairs, value: f64) {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    let _ = writeln!(out, "{name}{{{}}} {value}", labels.join(","));
}

/// What happens at an odd endpoint.
pub fn odd() -> Endpoint {
    Box::new(|scrape| {
        // It is down for a moment, and for a while.
        if scrape == 20 || (45..48).contains(&scrape) {
            return None;
        }
        Some(Body { content_type: TEXT.to_owned(), bytes: odd_page(scrape).into_bytes() })
    })
}

fn odd_page(scrape: usize) -> String {
    let mut out = String::new();
    let k = scrape as f64;
    let mut put = |text: &str, value: f64| {
        let value = if value.is_infinite() { format!("{value:+}").replace("inf", "Inf") } else { value.to_string() };
        let _ = writeln!(out, "{text} {value}");
    };
    put("# TYPE odd_level gauge\nodd_level{shape=\"wave\"}", (k / 7.0).sin() * 20.0);
    put("odd_level{shape=\"none\"}", if scrape % 5 == 2 { f64::NAN } else { k });
    put("odd_level{shape=\"endless\"}", if scrape % 7 == 3 { f64::INFINITY } else { -k });
    put("odd_level{shape=\"flat\"}", 7.25);
    put("odd_level{shape=\"steps\"}", (scrape / 6) as f64);
    put("odd_level{shape=\"small\"}", 1e-9 * k);
    put("odd_level{shape=\"huge\"}", 1e18 + k * 1e12);
    put("# TYPE odd_total counter\nodd_total{kind=\"steady\"}", 1_000.0 + 3.0 * k);
    put("odd_total{kind=\"begins anew\"}", 500.0 + (scrape % 17) as f64 * 11.0);
    put("odd_total{kind=\"idle\"}", 12.0);
    put("odd_total{kind=\"bursts\"}", 100.0 + (scrape / 9 * 40) as f64);
    for number in 0..6 {
        if (scrape + 3 * number) % 10 < 6 {
            put(&format!("odd_comes_and_goes{{number=\"{number}\"}}"), 50.0 + k * number as f64);
        }
    }
    if scrape >= 40 {
        put("odd_late_total{when=\"late\"}", 900.0 + k);
    }
    if scrape < 40 {
        put("odd_early_total{when=\"early\"}", 900.0 + k);
    }
    put("odd_text{path=\"/a/{id}\",quote=\"\\\"x\\\\y\",empty=\"\",lines=\"a\\nb\",word=\"über\"}", k);
    put("odd_text{path=\"/b,c=d\",quote=\"'\",empty=\"\",lines=\"\",word=\"€\"}", 2.0 * k);
    put("odd_owner{job=\"other\",instance=\"elsewhere\"}", k);
    put("odd_zero", 0.0);
    for (name, every) in [("odd_wait", 1.0), ("odd_rare", 0.1)] {
        put(&format!("# TYPE {name} histogram\n{name}_bucket{{le=\"1\"}}"), 100.0 + (k * every).floor());
        put(&format!("{name}_bucket{{le=\"2.5\"}}"), 200.0 + 3.0 * (k * every).floor());
        put(&format!("{name}_bucket{{le=\"5\"}}"), 200.0 + 4.0 * (k * every).floor());
        put(&format!("{name}_bucket{{le=\"+Inf\"}}"), 300.0 + 5.0 * (k * every).floor());
        put(&format!("{name}_count"), 300.0 + 5.0 * (k * every).floor());
        put(&format!("{name}_sum"), 450.0 + 8.5 * (k * every).floor());
    }
    // Its counts fall from bound to bound, as when they are read while they are written.
    put("# TYPE odd_torn histogram\nodd_torn_bucket{le=\"1\"}", 100.0 + 4.0 * k);
    put("odd_torn_bucket{le=\"2\"}", 100.0 + 3.0 * k);
    put("odd_torn_bucket{le=\"+Inf\"}", 120.0 + 9.0 * k);
    put("# TYPE odd_share summary\nodd_share{quantile=\"0.5\"}", k / 3.0);
    put("odd_share{quantile=\"1\"}", k / 2.0);
    put("odd_share_count", 10.0 + k);
    let stamp = Utc::now().timestamp_millis() - 2_000;
    let _ = writeln!(out, "# TYPE odd_stamped gauge\nodd_stamped {k} {stamp}");
    out
}
