//! Aggregations: many samples of a vector into one per group, or the top of each group.

use std::collections::HashMap;
use std::sync::Arc;

use crate::facts::Labels;
use crate::promql::eval::Frame;
use crate::promql::fused;
use crate::promql::grouping::Groups;
use crate::promql::memory::place_of;
use crate::promql::order;
use crate::promql::over_time;
use crate::promql::plan::Aggregate;
use crate::promql::plan::Aggregation;
use crate::promql::plan::RangeFunction;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::tags::Tags;
use crate::promql::window::Window;

/// Which samples of a vector are in which group.
struct Arrangement {
    /// The labels of each group, and whether a name was taken from one of its members.
    groups: Vec<(Arc<Labels>, bool)>,
    /// The members of the groups by their indexes in the vector, one group after the other.
    members: Vec<usize>,
    ends: Vec<usize>,
}

impl Arrangement {
    fn of(frame: &Frame<'_>, aggregate: &Aggregate, samples: &[Sample<'_>]) -> Self {
        let mut index = Groups::new(&aggregate.groups, frame.dialect);
        let mut groups: Vec<(Arc<Labels>, bool)> = Vec::new();
        let mut places = Vec::with_capacity(samples.len());
        for (position, sample) in samples.iter().enumerate() {
            let place = index.place(samples, position);
            if place == groups.len() {
                groups.push((Arc::new(aggregate.groups.labels(sample.seen(frame.dialect))), false));
            }
            groups[place].1 |= sample.nameless;
            places.push((place, position));
        }
        places.sort_unstable();
        let ends = (0..groups.len()).map(|group| places.partition_point(|(place, _)| *place <= group)).collect();
        Self { groups, members: places.into_iter().map(|(_, position)| position).collect(), ends }
    }

    /// Labels, whether they are nameless, and the members of each group.
    fn each(&self) -> impl Iterator<Item = (&Arc<Labels>, bool, &[usize])> {
        let begins = std::iter::once(&0).chain(&self.ends);
        let members = begins.zip(&self.ends).map(|(begin, end)| &self.members[*begin..*end]);
        self.groups.iter().zip(members).map(|((labels, nameless), members)| (labels, *nameless, members))
    }
}

pub(super) fn eval<'a>(frame: &Frame<'a>, aggregate: &'a Aggregate, now: i64) -> Result<Vec<Sample<'a>>, EvalError> {
    if let Some(leaf) = fused::leaf(frame, aggregate) {
        return frame.grouped(aggregate, leaf, now);
    }
    let samples = frame.vector(&aggregate.argument, now)?;
    let function = match &aggregate.operator {
        Aggregation::Top(count) => return top(frame, aggregate, &samples, frame.scalar(count, now)?, true),
        Aggregation::Bottom(count) => return top(frame, aggregate, &samples, frame.scalar(count, now)?, false),
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
    let arrangement = arranged(frame, aggregate, &samples);
    let mut values = Vec::new();
    let groups = arrangement.each().filter_map(|(labels, nameless, members)| {
        values.clear();
        values.extend(members.iter().map(|index| samples[*index].value));
        // One instant of many series is summed up like many instants of one series.
        let window = Window { times: &[], values: &values, from: now, to: now, now };
        let value = over_time::apply(function, window, parameter)?;
        Some(Sample { labels: Tags::Made(Arc::clone(labels)), value, nameless })
    });
    Ok(groups.collect())
}

fn arranged(frame: &Frame<'_>, aggregate: &Aggregate, samples: &[Sample<'_>]) -> Arc<Arrangement> {
    frame.found(place_of(aggregate), samples, || Arrangement::of(frame, aggregate, samples))
}

/// The `count` first samples of each group in order of their values, with all their labels.
fn top<'a>(
    frame: &Frame<'a>,
    aggregate: &'a Aggregate,
    samples: &[Sample<'a>],
    count: f64,
    descending: bool,
) -> Result<Vec<Sample<'a>>, EvalError> {
    if count.is_nan() || count.abs() >= i64::MAX as f64 {
        return Err(EvalError::new(&format!("{count} is no number of series to keep")));
    }
    let count = if count < 1.0 { 0 } else { count as usize };
    let mut kept = Vec::new();
    let mut best = Vec::new();
    for (_, _, members) in arranged(frame, aggregate, samples).each() {
        best.clear();
        best.extend_from_slice(members);
        best.sort_by(|a, b| order::compare(samples[*a].value, samples[*b].value, descending));
        kept.extend(best.iter().take(count).map(|index| samples[*index].clone()));
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
    for (labels, nameless, members) in arranged(frame, aggregate, samples).each() {
        for index in members {
            let labels = labels.with(label, &number(samples[*index].value));
            counted.push(Sample { nameless, ..Sample::made(labels, 1.0) });
        }
    }
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut sums: Vec<Sample<'a>> = Vec::new();
    for sample in counted {
        let place = *places.entry(sample.labels.clone().into_labels()).or_insert(sums.len());
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
