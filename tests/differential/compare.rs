//! Whether two answers are the same, and the differences that are known and are no error of either side.

#![expect(clippy::float_cmp, reason = "answers that are exactly the same need no margin")]

use std::collections::BTreeMap;

use promql_parser::parser;
use promql_parser::parser::Expr;
use sixty::facts::Labels;
use sixty::promql::Query;

use crate::judge::Answer;
use crate::ours::Ours;

/// The relative error that is allowed.
const CLOSE: f64 = 1e-9;
/// A small difference of large numbers has fewer digits than they have: the error that is allowed then, relative to
/// the largest number that a query calculates with.
const LOST: f64 = 1e-12;

type Rows = [(Labels, Vec<(i64, f64)>)];

#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// Both gave the same, and something.
    Same,
    /// Both gave the same, and no value of it is a number.
    NoNumber,
    BothEmpty,
    BothErrors,
    /// They differ for a reason that is understood.
    Known(&'static str),
    Different(String),
}

fn within(a: f64, b: f64, slack: f64) -> bool {
    let allowed = (CLOSE * a.abs().max(b.abs())).max(slack);
    a == b || a.is_nan() && b.is_nan() || allowed.is_finite() && (a - b).abs() <= allowed
}

/// The labels with bounds in one spelling: Prometheus 3, and with it the engine, writes `1.0` where 2.42 has `1`.
pub fn normal(labels: &Labels) -> Labels {
    let mut labels = labels.clone();
    for name in ["le", "quantile"] {
        if let Some(bound) = labels.get(name).and_then(|text| text.parse::<f64>().ok()) {
            labels = labels.with(name, &bound.to_string());
        }
    }
    labels
}

pub fn rows(rows: &[(Labels, Vec<(i64, f64)>)]) -> BTreeMap<Labels, Vec<(i64, f64)>> {
    rows.iter().map(|(labels, points)| (normal(labels), points.clone())).collect()
}

/// Compares what Prometheus said with what the engine says; `slack` is an error that is allowed beside the relative one.
pub fn compare(query: &str, theirs: &Answer, ours: &Answer, slack: f64) -> Verdict {
    match (theirs, ours) {
        (Answer::Error(_), Answer::Error(_)) => Verdict::BothErrors,
        (Answer::Number(a), Answer::Number(b)) if within(*a, *b, slack) => Verdict::Same,
        (Answer::Text(a), Answer::Text(b)) if a == b => Verdict::Same,
        (Answer::Rows(a), Answer::Rows(b)) => compare_rows(query, a, b, slack),
        _ => Verdict::Different(format!("Prometheus: {theirs:?}\n    ours: {ours:?}")),
    }
}

fn compare_rows(query: &str, theirs: &Rows, ours: &Rows, slack: f64) -> Verdict {
    if theirs.is_empty() && ours.is_empty() {
        return Verdict::BothEmpty;
    }
    let (a, b) = (rows(theirs), rows(ours));
    if a.len() != theirs.len() || b.len() != ours.len() {
        return Verdict::Different("two rows have the same labels".to_owned());
    }
    if let Some(difference) = first_difference(&a, &b, slack) {
        let ranked = query.starts_with("topk") || query.starts_with("bottomk");
        // Of equal values either may be kept.
        if ranked && values(&a) == values(&b) {
            return Verdict::Known("ties");
        }
        return Verdict::Different(difference);
    }
    let values = |rows: &[(Labels, Vec<(i64, f64)>)]| rows.iter().map(|(_, row)| row[0].1).collect::<Vec<_>>();
    let at_an_instant = theirs.iter().all(|(_, row)| row.len() == 1);
    if query.starts_with("sort") && at_an_instant {
        let same = values(theirs).iter().zip(values(ours)).all(|(a, b)| within(*a, b, slack));
        if !same {
            return Verdict::Different("not in the same order".to_owned());
        }
    }
    let all_nan = theirs.iter().flat_map(|(_, row)| row).all(|(_, value)| value.is_nan());
    if all_nan { Verdict::NoNumber } else { Verdict::Same }
}

fn first_difference(
    theirs: &BTreeMap<Labels, Vec<(i64, f64)>>,
    ours: &BTreeMap<Labels, Vec<(i64, f64)>>,
    slack: f64,
) -> Option<String> {
    for (labels, row) in theirs {
        let Some(other) = ours.get(labels) else {
            return Some(format!("only Prometheus has {labels} {row:?}; it has {}, we {}", theirs.len(), ours.len()));
        };
        let points: BTreeMap<_, _> = other.iter().copied().collect();
        for (at, value) in row {
            match points.get(at) {
                Some(ours) if within(*value, *ours, slack) => {}
                ours => return Some(format!("{labels} at {at}: Prometheus says {value}, we {ours:?}")),
            }
        }
        if row.len() != other.len() {
            return Some(format!("{labels}: {} points, we have {}", row.len(), other.len()));
        }
    }
    let more = ours.keys().find(|labels| !theirs.contains_key(labels))?;
    Some(format!("only we have {more} {:?}; Prometheus has {}, we {}", ours[more], theirs.len(), ours.len()))
}

/// The values at each instant, in order.
fn values(rows: &BTreeMap<Labels, Vec<(i64, f64)>>) -> BTreeMap<i64, Vec<u64>> {
    let mut values: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    for (at, value) in rows.values().flatten() {
        values.entry(*at).or_default().push(value.to_bits());
    }
    for values in values.values_mut() {
        values.sort_unstable();
    }
    values
}

/// Whether a counter in the query is so young, and began so near to zero, that 2.42 and 3 fill up its window
/// differently: 2.42 looks for the zero before it has decided how far it may look.
pub fn has_young_counter(query: &str, ours: &Ours, instants: &[i64]) -> bool {
    let Ok(expr) = parser::parse(query) else { return false };
    let mut counters = Vec::new();
    each_part(&expr, &mut |part| {
        if let Expr::Call(call) = part
            && matches!(call.func.name, "rate" | "increase")
            && let [argument] = &call.args.args[..]
            && let Expr::MatrixSelector(matrix) = &**argument
        {
            counters.push((argument.to_string(), matrix.range.as_millis() as i64));
        }
    });
    counters.iter().any(|(text, range)| {
        instants.iter().any(|at| ours.samples(text, *at).iter().any(|(_, row)| is_young(row, at - range)))
    })
}

/// The error that digits lost in a query may make: of the largest number among the values of its parts.
pub fn slack(query: &str, ours: &Ours, range: (i64, i64, i64)) -> f64 {
    let mut largest = 0.0_f64;
    if let Ok(expr) = parser::parse(query) {
        each_part(&expr, &mut |part| {
            let Ok(query) = Query::parse(&part.to_string()) else { return };
            if let Answer::Rows(rows) = ours.range(&query, range) {
                let values = rows.iter().flat_map(|(_, row)| row).map(|(_, value)| value.abs());
                largest = values.filter(|value| value.is_finite()).fold(largest, f64::max);
            }
        });
    }
    largest * LOST
}

/// The expression and all that it is made of.
fn each_part(expr: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(expr);
    match expr {
        Expr::Call(call) => call.args.args.iter().for_each(|argument| each_part(argument, visit)),
        Expr::Aggregate(aggregate) => each_part(&aggregate.expr, visit),
        Expr::Binary(binary) => {
            each_part(&binary.lhs, visit);
            each_part(&binary.rhs, visit);
        }
        Expr::Unary(unary) => each_part(&unary.expr, visit),
        Expr::Paren(paren) => each_part(&paren.expr, visit),
        Expr::Subquery(subquery) => each_part(&subquery.expr, visit),
        Expr::MatrixSelector(matrix) => visit(&Expr::VectorSelector(matrix.vs.clone())),
        Expr::VectorSelector(_) | Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

fn is_young(row: &[(i64, f64)], from: i64) -> bool {
    let ([(first, begin), .., (last, _)], samples) = (row, row.len() as f64) else { return false };
    let increase: f64 =
        row.windows(2).map(|pair| if pair[1].1 < pair[0].1 { pair[1].1 } else { pair[1].1 - pair[0].1 }).sum();
    let mean = (last - first) as f64 / (samples - 1.0);
    let to_zero = (last - first) as f64 * (begin / increase);
    (first - from) as f64 >= mean * 1.1
        && increase > 0.0
        && *begin >= 0.0
        && to_zero > mean / 2.0
        && to_zero < mean * 1.1
}

#[test]
fn what_differs_is_told() {
    let labels = |text: &str| [("a", text), ("le", "1")].into_iter().collect::<Labels>();
    let one = |text: &str, value: f64| Answer::Rows(vec![(labels(text), vec![(1_000, value)])]);
    let row = |row: &[(i64, f64)]| Answer::Rows(vec![(labels("x"), row.to_vec())]);
    let same = |a: &Answer, b: &Answer| compare("x", a, b, 0.0);
    assert_eq!(same(&one("x", 1.0), &one("x", 1.0 + 5e-10)), Verdict::Same);
    assert_eq!(same(&one("x", f64::NAN), &one("x", f64::NAN)), Verdict::NoNumber);
    let spelled = Answer::Rows(vec![(labels("x").with("le", "1.0"), vec![(1_000, 1.0)])]);
    assert_eq!(same(&one("x", 1.0), &spelled), Verdict::Same);
    assert_eq!(same(&Answer::Rows(Vec::new()), &Answer::Rows(Vec::new())), Verdict::BothEmpty);
    let error = Answer::Error(String::new());
    assert_eq!(same(&error, &error), Verdict::BothErrors);
    for (a, b) in [
        (one("x", 1.0), one("x", 1.0 + 5e-9)),
        (one("x", 0.0), one("x", 1e-300)),
        (one("x", f64::NAN), one("x", 1.0)),
        (one("x", f64::INFINITY), one("x", f64::MAX)),
        (one("x", 1.0), one("y", 1.0)),
        (one("x", 1.0), Answer::Rows(Vec::new())),
        (row(&[(0, 1.0), (1_000, 2.0)]), row(&[(0, 1.0)])),
        (row(&[(0, 1.0)]), row(&[(0, 1.0), (1_000, 2.0)])),
        (row(&[(0, 1.0)]), row(&[(1, 1.0)])),
        (one("x", 1.0), Answer::Number(1.0)),
        (Answer::Number(1.0), Answer::Number(1.1)),
        (Answer::Text("a".to_owned()), Answer::Text("b".to_owned())),
        (one("x", 1.0), error.clone()),
        (error.clone(), Answer::Rows(Vec::new())),
    ] {
        assert!(matches!(same(&a, &b), Verdict::Different(_)), "{a:?} {b:?}");
        assert!(matches!(same(&b, &a), Verdict::Different(_)), "{b:?} {a:?}");
    }
}

#[test]
fn a_young_counter_is_one_whose_zero_is_between_the_two_rules() {
    let steps = |begin: f64, by: f64| (0..5).map(|k| (10_000 + 1_000 * k, begin + by * k as f64)).collect::<Vec<_>>();
    // The zero of one that began at 1 and grows by 1 is an interval away.
    assert!(is_young(&steps(1.0, 1.0), 0));
    assert!(!is_young(&steps(100.0, 1.0), 0));
    assert!(!is_young(&steps(0.1, 1.0), 0));
    assert!(!is_young(&steps(1.0, 1.0), 9_500));
    assert!(!is_young(&steps(1.0, 0.0), 0));
}
