//! Queries that are made up: strategies over the grammar that the engine supports, on series that are there.
//!
//! What Prometheus 2.42 does not know is left out by name: `first_over_time`, `histogram_fraction` of classic
//! buckets, and `atan2`, behind which it keeps the metric's name. What jumps (rounding, comparisons, counting of values) is only asked of numbers that were scraped, since
//! two sums that differ in their last bit would jump to different sides.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::sample::select;
use sixty::facts::Labels;

/// What is there to be asked for.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    pub counters: Vec<Metric>,
    pub gauges: Vec<Metric>,
    pub buckets: Vec<Metric>,
}

/// A metric and its series.
#[derive(Clone, Debug)]
pub struct Metric {
    pub name: String,
    pub series: Vec<Labels>,
}

type Query = BoxedStrategy<String>;

/// How a choice is spelled out.
#[derive(Clone, Debug)]
struct Pick {
    metric: Index,
    series: Index,
    matchers: Vec<(Index, u8)>,
    /// How the name is written.
    name: u8,
}

fn pick() -> impl Strategy<Value = Pick> {
    (any::<Index>(), any::<Index>(), prop::collection::vec((any::<Index>(), 0..8_u8), 0..3), 0..20_u8)
        .prop_map(|(metric, series, matchers, name)| Pick { metric, series, matchers, name })
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A text in quotes that a pattern takes as it is.
fn literal(text: &str) -> String {
    quoted(&regex::escape(text).replace('\n', "\\n"))
}

/// The labels that can be asked for: not bounds, whose spelling differs.
fn labels_of(series: &Labels) -> Vec<(&str, &str)> {
    let asked = |name: &str| !matches!(name, "__name__" | "le" | "quantile");
    // To the dot of a pattern in 2.42 a line break is no character.
    series.iter().filter(|(name, value)| asked(name) && !value.is_empty() && !value.contains('\n')).collect()
}

fn spell(metrics: &[Metric], pick: &Pick) -> (String, Vec<String>) {
    let metric = pick.metric.get(metrics);
    let series = pick.series.get(&metric.series);
    let pairs = labels_of(series);
    let mut parts = Vec::new();
    for (which, how) in &pick.matchers {
        let (name, value) = which.get(&pairs);
        let head: String = value.chars().take(2).collect();
        parts.push(match how {
            0..=2 => format!("{name}={}", quoted(value)),
            3 => format!("{name}=~{}", quoted(&format!("{}.*", regex::escape(&head).replace('\n', "\\n")))),
            4 => format!("{name}=~\".+\""),
            5 => format!("{name}!=\"nobody\""),
            6 => format!("{name}!~\"no.*|none\""),
            _ => format!("{name}=~{}", literal(value)),
        });
    }
    let (name, end) = (&metric.name, metric.name.len() - 1);
    let text = match pick.name {
        0 => format!("{{__name__=\"{name}\",{}}}", parts.join(",")),
        // Mostly one metric, but now and then several.
        1 => format!("{{__name__=~\"{}.*\",{}}}", &name[..end], parts.join(",")),
        _ if parts.is_empty() => name.clone(),
        _ => format!("{name}{{{}}}", parts.join(",")),
    };
    (text, pairs.iter().map(|(name, _)| (*name).to_owned()).collect())
}

/// A selector without a time, and the names of labels that its series have.
fn bare(metrics: Vec<Metric>) -> impl Strategy<Value = (String, Vec<String>)> + Clone {
    let metrics = std::sync::Arc::new(metrics);
    let pick = pick().boxed();
    pick.prop_map(move |pick| spell(&metrics, &pick))
}

/// `offset` and `@`; the instants are given.
fn moved(at_ms: i64) -> impl Strategy<Value = String> + Clone {
    let at = move |back: i64| format!(" @ {}", crate::judge::seconds(at_ms - back * 1_000));
    prop_oneof![
        12 => Just(String::new()),
        2 => (1..15_u8).prop_map(|by| format!(" offset {by}s")),
        1 => (1..4_u8).prop_map(|by| format!(" offset -{by}s")),
        1 => (0..20_i64).prop_map(at),
        1 => Just(" @ end()".to_owned()),
        1 => (1..5_u8).prop_map(|by| format!(" @ start() offset {by}s")),
    ]
}

fn window() -> impl Strategy<Value = &'static str> + Clone {
    select(vec!["5s", "10s", "20s", "3s", "30s", "7s500ms", "2s"])
}

fn quantile() -> impl Strategy<Value = &'static str> + Clone {
    select(vec!["0.5", "0.9", "0.99", "0.25", "0", "1", "-1", "1.5"])
}

/// Makes the strategies for one set of data.
#[derive(Clone)]
struct Grammar {
    inventory: Inventory,
    at_ms: i64,
    /// An `offset` for what is inside a subquery, so that no sample lies on a border.
    inner: &'static str,
}

/// All kinds of queries.
pub fn queries(inventory: Inventory, at_ms: i64, inner: &'static str) -> Query {
    let grammar = Grammar { inventory, at_ms, inner };
    let smooth = grammar.nested();
    prop_oneof![
        6 => smooth,
        2 => grammar.jumps(),
        2 => grammar.histogram(),
        3 => grammar.matched(),
        1 => grammar.relabelled(),
        1 => grammar.numbers(),
        1 => grammar.absent(),
        1 => grammar.ranked(),
    ]
    .boxed()
}

impl Grammar {
    fn counter(&self) -> Query {
        (bare(self.inventory.counters.clone()), moved(self.at_ms)).prop_map(|((text, _), moved)| text + &moved).boxed()
    }

    fn gauge(&self) -> Query {
        (bare(self.inventory.gauges.clone()), moved(self.at_ms)).prop_map(|((text, _), moved)| text + &moved).boxed()
    }

    fn any_metric(&self) -> impl Strategy<Value = (String, Vec<String>)> + use<> {
        let all = [&self.inventory.counters[..], &self.inventory.gauges, &self.inventory.buckets].concat();
        bare(all)
    }

    /// A function of a range of what was scraped.
    fn over_time(&self) -> Query {
        let of_counter = select(vec!["rate", "increase", "irate", "resets", "changes"]);
        let of_gauge = select(vec![
            "avg_over_time",
            "sum_over_time",
            "min_over_time",
            "max_over_time",
            "count_over_time",
            "last_over_time",
            "stddev_over_time",
            "stdvar_over_time",
            "present_over_time",
            "delta",
            "idelta",
            "deriv",
            "changes",
        ]);
        let at = || moved(self.at_ms);
        let (counters, gauges) = (bare(self.inventory.counters.clone()), bare(self.inventory.gauges.clone()));
        prop_oneof![
            4 => (of_counter, counters, window(), at()).prop_map(|(f, (m, _), w, at)| format!("{f}({m}[{w}]{at})")),
            4 => (of_gauge, gauges.clone(), window(), at()).prop_map(|(f, (m, _), w, at)| format!("{f}({m}[{w}]{at})")),
            1 => (quantile(), gauges.clone(), window(), at())
                .prop_map(|(q, (m, _), w, at)| format!("quantile_over_time({q}, {m}[{w}]{at})")),
            // Not with `@`: over a range, 2.42 loses the oldest samples of such a window from step to step.
            1 => (gauges, window(), -30..60_i8)
                .prop_map(|((m, _), w, ahead)| format!("predict_linear({m}[{w}], {ahead})")),
        ]
        .boxed()
    }

    fn subquery(&self) -> Query {
        let inner = self.inner;
        let outer = select(vec![
            "max_over_time",
            "min_over_time",
            "avg_over_time",
            "sum_over_time",
            "count_over_time",
            "last_over_time",
            "deriv",
            "delta",
            "changes",
            "stddev_over_time",
        ]);
        let step = select(vec!["2s", "5s", "1s", "3s", ""]);
        let counters = bare(self.inventory.counters.clone());
        let gauges = bare(self.inventory.gauges.clone());
        let rate = (select(vec!["rate", "increase", "irate"]), counters, select(vec!["5s", "8s"]))
            .prop_map(move |(f, (m, _), w)| format!("{f}({m}[{w}]{inner})"));
        let sum = (select(vec!["sum", "max", "count"]), gauges.clone())
            .prop_map(move |(f, (m, _))| format!("{f} by (job) ({m}{inner})"));
        let plain = gauges.prop_map(move |(m, _)| format!("{m}{inner}"));
        let what = prop_oneof![rate, sum, plain];
        (outer, what, select(vec!["10s", "20s", "30s", "15s"]), step, moved(self.at_ms))
            .prop_map(|(f, what, range, step, at)| format!("{f}({what}[{range}:{step}]{at})"))
            .boxed()
    }

    fn leaf(&self) -> Query {
        prop_oneof![
            2 => self.gauge(),
            1 => self.counter(),
            6 => self.over_time(),
            2 => self.subquery(),
        ]
        .boxed()
    }

    /// Aggregations and smooth functions around a leaf.
    fn nested(&self) -> Query {
        let labels = || select(vec!["job", "job, instance", "instance, shape", "kind", "le", "code", "nobody", ""]);
        let aggregation = select(vec!["sum", "avg", "min", "max", "count", "group"]);
        let deviation = select(vec!["stddev", "stdvar"]);
        let modifier = move || {
            prop_oneof![
                2 => Just(String::new()),
                3 => labels().prop_map(|labels| format!(" by ({labels})")),
                2 => labels().prop_map(|labels| format!(" without ({labels})")),
            ]
        };
        let function = select(vec!["abs", "exp", "sqrt", "ln", "log2", "log10", "deg", "rad", "atan", "tanh"]);
        let number = || select(vec!["2", "0.5", "-3", "1e3", "0", "100", "(1 / 0)", "NaN"]);
        let operator = || select(vec!["+", "-", "*", "/", "^"]);
        self.leaf()
            .prop_recursive(3, 8, 1, move |inner| {
                prop_oneof![
                    5 => (aggregation.clone(), modifier(), inner.clone())
                        .prop_map(|(f, by, what)| format!("{f}{by} ({what})")),
                    // Of a number that is none, or has no end, 2.42 says that it does not deviate.
                    1 => (deviation.clone(), modifier(), inner.clone())
                        .prop_map(|(f, by, what)| format!("{f}{by} (({what}) > -Inf < Inf)")),
                    1 => (quantile(), modifier(), inner.clone())
                        .prop_map(|(q, by, what)| format!("quantile{by} ({q}, {what})")),
                    2 => (function.clone(), inner.clone()).prop_map(|(f, what)| format!("{f}({what})")),
                    2 => (inner.clone(), operator(), number()).prop_map(|(what, op, n)| format!("({what}) {op} {n}")),
                    1 => (inner.clone(), operator(), number()).prop_map(|(what, op, n)| format!("{n} {op} ({what})")),
                    1 => inner.clone().prop_map(|what| format!("-({what})")),
                    1 => inner.clone().prop_map(|what| format!("({what}) or vector(0)")),
                    1 => inner.clone().prop_map(|what| format!("({what}) / scalar(sum({what}))")),
                    1 => inner.clone().prop_map(|what| format!("time() - ({what})")),
                    1 => (inner.clone(), -5..50_i8).prop_map(|(what, least)| format!("clamp_min({what}, {least})")),
                    1 => (inner, -5..20_i8, 0..90_i8)
                        .prop_map(|(what, low, high)| format!("clamp({what}, {low}, {high})")),
                ]
            })
            .boxed()
    }

    /// What jumps, on what was scraped.
    fn jumps(&self) -> Query {
        let what = || prop_oneof![self.gauge(), self.counter()];
        let comparison = || select(vec!["==", "!=", ">", "<", ">=", "<="]);
        let number = || select(vec!["0", "7.25", "12", "1", "100", "1000", "-3", "NaN"]);
        let function = select(vec!["ceil", "floor", "round", "sgn", "timestamp", "sort", "sort_desc", "scalar"]);
        let of_calendar = select(vec![
            "hour",
            "minute",
            "day_of_week",
            "year",
            "days_in_month",
            "month",
            "day_of_month",
            "day_of_year",
        ]);
        prop_oneof![
            (function, what()).prop_map(|(f, what)| format!("{f}({what})")),
            // Of what is no time, 2.42 tells the date that its processor makes of it.
            (of_calendar, what()).prop_map(|(f, what)| format!("{f}({what} > -1e10 < 1e10)")),
            (what(), comparison(), number()).prop_map(|(what, op, n)| format!("{what} {op} {n}")),
            (what(), comparison(), number()).prop_map(|(what, op, n)| format!("{what} {op} bool {n}")),
            (number(), comparison(), what()).prop_map(|(n, op, what)| format!("{n} {op} {what}")),
            (what(), select(vec!["3", "0.5", "-7"])).prop_map(|(what, n)| format!("{what} % {n}")),
            (what(), select(vec!["5", "0.1", "100"])).prop_map(|(what, n)| format!("round({what}, {n})")),
            (what(), comparison(), number()).prop_map(|(what, op, n)| format!("count by (job) ({what} {op} {n})")),
            (what(), select(vec!["", " by (job)", " without (instance)"]))
                .prop_map(|(what, by)| format!("count_values{by} (\"value\", {what})")),
        ]
        .boxed()
    }

    fn histogram(&self) -> Query {
        let buckets = bare(self.inventory.buckets.clone());
        let by = select(vec![" by (le)", " by (le, job)", " without (instance)", " by (job)"]);
        let rate = select(vec!["rate", "increase", "irate"]);
        prop_oneof![
            4 => (quantile(), by, rate.clone(), buckets.clone(), window())
                .prop_map(|(q, by, f, (m, _), w)| format!("histogram_quantile({q}, sum{by} ({f}({m}[{w}])))")),
            1 => (quantile(), rate, buckets.clone(), window())
                .prop_map(|(q, f, (m, _), w)| format!("histogram_quantile({q}, {f}({m}[{w}]))")),
            1 => (quantile(), buckets, moved(self.at_ms))
                .prop_map(|(q, (m, _), at)| format!("histogram_quantile({q}, {m}{at})")),
        ]
        .boxed()
    }

    /// Two vectors that meet.
    fn matched(&self) -> Query {
        let operator = || select(vec!["+", "-", "*", "/"]);
        let set = select(vec!["and", "or", "unless"]);
        let function = || select(vec!["rate", "avg_over_time", "max_over_time", "increase", "count_over_time"]);
        let metric = || self.any_metric();
        let label = |labels: &[String], which: Index| match labels {
            [] => "job".to_owned(),
            some => which.get(some).clone(),
        };
        prop_oneof![
            (metric(), function(), window(), operator(), function(), window())
                .prop_map(|((m, _), f, w, op, g, v)| format!("{f}({m}[{w}]) {op} {g}({m}[{v}])")),
            (metric(), function(), window(), operator(), any::<Index>()).prop_map(
                move |((m, labels), f, w, op, which)| {
                    let label = label(&labels, which);
                    format!("{f}({m}[{w}]) {op} ignoring ({label}) group_left () sum without ({label}) ({f}({m}[{w}]))")
                }
            ),
            (metric(), operator(), any::<Index>(), any::<bool>()).prop_map(move |((m, labels), op, which, swaps)| {
                let label = label(&labels, which);
                let (many, one) = (m.clone(), format!("max by ({label}) ({m})"));
                if swaps {
                    format!("{one} {op} on ({label}) group_right () {many}")
                } else {
                    format!("{many} {op} on ({label}) group_left () {one}")
                }
            }),
            (metric(), any::<Index>(), any::<Index>()).prop_map(move |((m, labels), one, two)| {
                let (by, takes) = (label(&labels, one), label(&labels, two));
                let takes = if by == takes { "nobody".to_owned() } else { takes };
                format!("sum by ({by}) ({m}) * on ({by}) group_left ({takes}) group by ({by}, {takes}) ({m})")
            }),
            (metric(), metric(), operator())
                .prop_map(|((m, _), (n, _), op)| format!("sum by (job) ({m}) {op} on (job) sum by (job) ({n})")),
            (metric(), metric(), set.clone()).prop_map(|((m, _), (n, _), op)| format!("{m} {op} {n}")),
            (metric(), metric(), set.clone(), select(vec!["job", "instance", "shape", ""]))
                .prop_map(|((m, _), (n, _), op, on)| format!("{m} {op} on ({on}) {n}")),
            (metric(), metric(), set, select(vec!["job", "le", "code"]))
                .prop_map(|((m, _), (n, _), op, not)| format!("{m} {op} ignoring ({not}) {n}")),
            (metric(), select(vec!["==", ">=", "<"]), any::<bool>(), any::<Index>()).prop_map(
                move |((m, labels), op, to_bool, which)| {
                    let (to_bool, label) = (if to_bool { " bool" } else { "" }, label(&labels, which));
                    format!("{m} {op}{to_bool} on ({label}) group_left () max by ({label}) ({m})")
                }
            ),
            // Most of these are errors on both sides.
            (metric(), metric(), operator()).prop_map(|((m, _), (n, _), op)| format!("{m} {op} on (job) {n}")),
        ]
        .boxed()
    }

    fn relabelled(&self) -> Query {
        let pattern = select(vec!["(.*)", "(.).*", "([a-z]+)(.*)", "nobody", "(.+)-(.+)", ""]);
        let text = select(vec!["$1", "x-$1-$2", "$0", "${1}y", "", "fixed"]);
        prop_oneof![
            (self.any_metric(), any::<Index>(), text, pattern).prop_map(|((m, labels), which, text, pattern)| {
                let source = if labels.is_empty() { "job" } else { which.get(&labels) };
                format!("label_replace({m}, \"made\", \"{text}\", \"{source}\", \"{pattern}\")")
            }),
            (self.any_metric(), any::<Index>()).prop_map(|((m, labels), which)| {
                let source = if labels.is_empty() { "job" } else { which.get(&labels) };
                format!("label_join({m}, \"made\", \"-\", \"job\", \"{source}\", \"nobody\")")
            }),
            (self.any_metric(), window()).prop_map(|((m, _), w)| {
                format!("sum by (made) (label_replace(rate({m}[{w}]), \"made\", \"$1\", \"job\", \"(.).*\"))")
            }),
        ]
        .boxed()
    }

    /// Numbers, and vectors made of them.
    fn numbers(&self) -> Query {
        let number = select(vec!["1", "2.5", "-7", "0", "1e9", "0x10", "time()", "pi()", "+Inf", "NaN"]);
        let operator = select(vec!["+", "-", "*", "/", "%", "^", "> bool", "== bool", "<= bool"]);
        prop_oneof![
            (number.clone(), operator, number.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            number.clone().prop_map(|n| format!("vector({n})")),
            (self.gauge(), number.clone()).prop_map(|(what, n)| format!("scalar({what}) + {n}")),
            (self.gauge(), number).prop_map(|(what, n)| format!("vector(scalar(sum({what}))) * {n}")),
            Just("day_of_week()".to_owned()),
            Just("minute()".to_owned()),
        ]
        .boxed()
    }

    fn absent(&self) -> Query {
        let any = || self.any_metric();
        prop_oneof![
            any().prop_map(|(m, _)| format!("absent({m})")),
            any().prop_map(|(m, _)| format!("absent({})", m.replacen('_', "_nobody_", 1))),
            any().prop_map(|(m, _)| format!("absent(sum({m} > 1e99))")),
            (any(), window()).prop_map(|((m, _), w)| format!("absent_over_time({m}[{w}])")),
            (any(), window())
                .prop_map(|((m, _), w)| format!("absent_over_time({}[{w}])", m.replacen('_', "_nobody_", 1))),
        ]
        .boxed()
    }

    fn ranked(&self) -> Query {
        let by = select(vec!["", " by (job)", " without (instance)"]);
        let what = prop_oneof![2 => self.over_time(), 1 => self.gauge(), 1 => self.counter()];
        (select(vec!["topk", "bottomk"]), by, 0..6_u8, what, any::<bool>())
            .prop_map(|(f, by, k, what, summed)| {
                let ranked = format!("{f}{by} ({k}, {what})");
                if summed { format!("sum ({ranked})") } else { ranked }
            })
            .boxed()
    }
}
