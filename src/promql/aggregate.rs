//! Aggregations: many samples of a vector into one per group, or the top of each group.

use std::collections::HashMap;

use crate::facts::Labels;
use crate::promql::eval::Frame;
use crate::promql::grouping::Groups;
use crate::promql::order;
use crate::promql::over_time;
use crate::promql::plan::Aggregate;
use crate::promql::plan::Aggregation;
use crate::promql::plan::RangeFunction;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::window::Window;

/// The samples of one group, by their indexes in the vector.
struct Group {
    labels: Labels,
    nameless: bool,
    members: Vec<usize>,
}

pub(super) fn eval<'a>(frame: &Frame<'a>, aggregate: &'a Aggregate, now: i64) -> Result<Vec<Sample<'a>>, EvalError> {
    let samples = frame.vector(&aggregate.argument, now)?;
    let function = match &aggregate.operator {
        Aggregation::Top(count) => return top(frame, aggregate, samples, frame.scalar(count, now)?, true),
        Aggregation::Bottom(count) => return top(frame, aggregate, samples, frame.scalar(count, now)?, false),
        Aggregation::CountValues(label) => return Ok(count_values(frame, aggregate, &samples, label)),
        Aggregation::Sum => RangeFunction::Sum,
        Aggregation::Average => RangeFunction::Average,
        Aggregation::Count => RangeFunction::Count,
        Aggregation::Minimum => RangeFunction::Minimum,
        Aggregation::Maximum => RangeFunction::Maximum,
        Aggregation::Group => RangeFunction::Present,
        Aggregation::Deviation => RangeFunction::Deviation,
        Aggregation::Variance => RangeFunction::Variance,
        Aggregation::Quantile(_) => RangeFunction::Quantile,
    };
    let parameter = if let Aggregation::Quantile(node) = &aggregate.operator { frame.scalar(node, now)? } else { 0.0 };
    let mut values = Vec::new();
    let groups = groups(frame, aggregate, &samples).into_iter().filter_map(|group| {
        values.clear();
        values.extend(group.members.iter().map(|index| samples[*index].value));
        // One instant of many series is summed up like many instants of one series.
        let window = Window { times: &[], values: &values, from: now, to: now, now };
        let value = over_time::apply(function, window, parameter)?;
        Some(Sample { nameless: group.nameless, ..Sample::made(group.labels, value) })
    });
    Ok(groups.collect())
}

fn groups(frame: &Frame<'_>, aggregate: &Aggregate, samples: &[Sample<'_>]) -> Vec<Group> {
    let mut index = Groups::new(&aggregate.groups, frame.dialect);
    let mut groups: Vec<Group> = Vec::new();
    for (position, sample) in samples.iter().enumerate() {
        let place = index.place(samples, position);
        if place == groups.len() {
            let labels = aggregate.groups.labels(sample.seen(frame.dialect));
            groups.push(Group { labels, nameless: false, members: Vec::new() });
        }
        groups[place].members.push(position);
        groups[place].nameless |= sample.nameless;
    }
    groups
}

/// The `count` first samples of each group in order of their values, with all their labels.
fn top<'a>(
    frame: &Frame<'a>,
    aggregate: &'a Aggregate,
    samples: Vec<Sample<'a>>,
    count: f64,
    descending: bool,
) -> Result<Vec<Sample<'a>>, EvalError> {
    if count.is_nan() || count.abs() >= i64::MAX as f64 {
        return Err(EvalError::new(&format!("{count} is no number of series to keep")));
    }
    let count = if count < 1.0 { 0 } else { count as usize };
    let groups = groups(frame, aggregate, &samples);
    let mut samples: Vec<_> = samples.into_iter().map(Some).collect();
    let mut kept = Vec::new();
    for group in groups {
        let mut members: Vec<_> = group.members.into_iter().filter_map(|index| samples[index].take()).collect();
        members.sort_by(|a, b| order::compare(a.value, b.value, descending));
        kept.extend(members.into_iter().take(count));
    }
    Ok(kept)
}

fn count_values<'a>(
    frame: &Frame<'a>,
    aggregate: &'a Aggregate,
    samples: &[Sample<'a>],
    label: &str,
) -> Vec<Sample<'a>> {
    let mut counted: Vec<Sample<'a>> = Vec::new();
    for group in groups(frame, aggregate, samples) {
        for index in group.members {
            let labels = group.labels.with(label, &number(samples[index].value));
            counted.push(Sample { nameless: group.nameless, ..Sample::made(labels, 1.0) });
        }
    }
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut sums: Vec<Sample<'a>> = Vec::new();
    for sample in counted {
        let place = *places.entry(sample.labels.clone().into_owned()).or_insert(sums.len());
        match sums.get_mut(place) {
            Some(sum) => sum.value += 1.0,
            None => sums.push(sample),
        }
    }
    sums
}

/// A number as the value of a label: the shortest text that reads back the same, without an exponent.
fn number(value: f64) -> String {
    if value.is_infinite() { (if value > 0.0 { "+Inf" } else { "-Inf" }).to_owned() } else { value.to_string() }
}
