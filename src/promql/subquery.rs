//! Subqueries: an expression evaluated at steps, and the results taken as the samples of a range.

use std::collections::HashMap;

use crate::facts::Labels;
use crate::promql::eval::Frame;
use crate::promql::eval::Visit;
use crate::promql::plan::Subquery;
use crate::promql::query::EvalError;
use crate::promql::window::Window;

/// The step where the query names none: the usual evaluation interval of Prometheus.
const DEFAULT_STEP_MS: i64 = 60_000;
/// Steps that one subquery may take; Prometheus answers no more than 11,000 points either.
const MOST_STEPS: i64 = 100_000;

struct Row {
    labels: Labels,
    nameless: bool,
    times: Vec<i64>,
    values: Vec<f64>,
}

/// Shows each series of the subquery with its samples. Steps are multiples of the step in absolute time, later than
/// the start of the range and not later than its end.
pub(super) fn each<'a>(
    frame: &Frame<'a>,
    subquery: &'a Subquery,
    now: i64,
    visit: &mut Visit<'_, 'a>,
) -> Result<(), EvalError> {
    let step = subquery.step_ms.unwrap_or(DEFAULT_STEP_MS).max(1);
    let to = frame.moved(subquery.shift, now);
    let from = to.saturating_sub(subquery.range_ms);
    if to.saturating_sub(from) / step > MOST_STEPS {
        return Err(EvalError::new("a subquery takes more than 100,000 steps"));
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut by_labels: HashMap<Labels, usize> = HashMap::new();
    let first = from.div_euclid(step).saturating_add(1).saturating_mul(step);
    let steps = std::iter::successors(Some(first), |at| at.checked_add(step)).take_while(|at| *at <= to);
    for at in steps {
        let samples = frame.vector(&subquery.node, at)?;
        frame.spend(samples.len() + 1)?;
        for sample in samples {
            let labels = sample.seen(frame.dialect).to_labels();
            let place = *by_labels.entry(labels).or_insert_with_key(|labels| {
                rows.push(Row { labels: labels.clone(), nameless: false, times: Vec::new(), values: Vec::new() });
                rows.len() - 1
            });
            let row = &mut rows[place];
            if row.times.last() == Some(&at) {
                return Err(EvalError::new(&format!("two results have the same labels {}", row.labels)));
            }
            row.nameless |= sample.nameless;
            row.times.push(at);
            row.values.push(sample.value);
        }
    }
    for row in rows {
        let window = Window { times: &row.times, values: &row.values, from, to, now };
        visit(std::borrow::Cow::Owned(row.labels), row.nameless, window);
    }
    Ok(())
}
