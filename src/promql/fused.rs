//! Aggregations of leaves: the values of each series go straight into the sums of its group, at many instants at once.
//!
//! Which group a series belongs to is found out once for as long as the store has the same series. The order of the
//! additions, and of the groups, is that of a walk from instant to instant. Aggregations that need all values of a
//! group at once (quantiles, deviations, the top) are not done here.

use std::sync::Arc;

use crate::facts::Labels;
use crate::promql::compensated::Mean;
use crate::promql::compensated::Sum;
use crate::promql::eval::Frame;
use crate::promql::grouping::Groups;
use crate::promql::leaf;
use crate::promql::leaf::Leaf;
use crate::promql::over_time;
use crate::promql::plan::Aggregate;
use crate::promql::plan::Aggregation;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::tags::Tags;

/// Marks a group without a member at an instant.
const NOBODY: u32 = u32::MAX;

/// The groups of the series that a leaf selects.
#[derive(Debug)]
pub(super) struct Membership {
    /// The group of each series, in the order of the selection.
    of: Vec<u32>,
    groups: Vec<Arc<Labels>>,
}

/// The groups at some instants.
pub(super) struct Grouped {
    members: Arc<Membership>,
    nameless: bool,
    /// Group and value, one instant after the other.
    values: Vec<(u32, f64)>,
    ends: Vec<usize>,
}

/// What is known of a group while its members come by.
trait Gathering: Copy {
    fn begin(value: f64) -> Self;
    fn add(&mut self, value: f64);
    fn result(self) -> f64;
}

/// The leaf under an aggregation, when the two can be computed together.
pub(super) fn leaf<'a>(frame: &Frame<'a>, aggregate: &'a Aggregate) -> Option<Leaf<'a>> {
    use Aggregation::{Average, Count, Group, Maximum, Minimum, Sum};
    let leaf = Leaf::of(&aggregate.argument)?;
    // Where the names of several metrics go, no two series may be the same afterwards: that is seen sample by sample.
    let clash = leaf.drops_name() && leaf.selector.name.is_none() && !frame.dialect.delayed_names;
    (!clash && matches!(aggregate.operator, Sum | Average | Count | Minimum | Maximum | Group)).then_some(leaf)
}

/// The groups at each of the instants, which ascend.
pub(super) fn eval<'a>(
    frame: &Frame<'a>,
    aggregate: &'a Aggregate,
    leaf: Leaf<'a>,
    times: &[i64],
) -> Result<Grouped, EvalError> {
    match &aggregate.operator {
        Aggregation::Sum => gather::<Sum>(frame, aggregate, leaf, times),
        Aggregation::Average => gather::<Mean>(frame, aggregate, leaf, times),
        Aggregation::Count => gather::<Tally>(frame, aggregate, leaf, times),
        Aggregation::Minimum => gather::<Smallest>(frame, aggregate, leaf, times),
        Aggregation::Maximum => gather::<Largest>(frame, aggregate, leaf, times),
        _ => gather::<Presence>(frame, aggregate, leaf, times),
    }
}

impl Grouped {
    /// The samples at one of the instants.
    pub(super) fn samples<'a>(&self, instant: usize) -> Vec<Sample<'a>> {
        let begin = instant.checked_sub(1).map_or(0, |before| self.ends[before]);
        let values = self.values[begin..self.ends[instant]].iter();
        let sample = |(group, value): &(u32, f64)| Sample {
            labels: Tags::Made(Arc::clone(&self.members.groups[*group as usize])),
            value: *value,
            nameless: self.nameless,
        };
        values.map(sample).collect()
    }
}

impl Membership {
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.of) + self.groups.len() * (size_of::<Labels>() + 64)
    }

    pub(super) fn of<'a>(frame: &Frame<'a>, aggregate: &'a Aggregate, leaf: Leaf<'a>) -> Self {
        let selection = frame.selection(leaf.selector);
        if aggregate.groups.is_none() {
            return Self { of: vec![0; selection.len()], groups: vec![Arc::new(Labels::default())] };
        }
        let sample = |index: &u32| Sample {
            labels: Tags::Stored(&frame.store.at_index(*index).labels),
            value: 0.0,
            nameless: leaf.drops_name(),
        };
        let samples: Vec<_> = selection.iter().map(sample).collect();
        let mut index = Groups::new(&aggregate.groups, frame.dialect);
        let mut groups = Vec::new();
        let place = |position: usize| {
            let place = index.place(&samples, position);
            if place == groups.len() {
                groups.push(Arc::new(aggregate.groups.labels(samples[position].seen(frame.dialect))));
            }
            u32::try_from(place).unwrap_or(NOBODY)
        };
        let of = (0..samples.len()).map(place).collect();
        Self { of, groups }
    }
}

fn gather<'a, G: Gathering>(
    frame: &Frame<'a>,
    aggregate: &'a Aggregate,
    leaf: Leaf<'a>,
    times: &[i64],
) -> Result<Grouped, EvalError> {
    let members = frame.membership(aggregate, leaf);
    let width = times.len();
    // Who came first, and what was gathered, of each group at each instant.
    let mut gathered: Vec<(u32, G)> = vec![(NOBODY, G::begin(0.0)); members.groups.len() * width];
    leaf.each(frame, times, &mut |position, _, row| {
        let begin = members.of[position] as usize * width;
        for ((first, gathered), value) in gathered[begin..begin + width].iter_mut().zip(row) {
            let Some(value) = leaf::value(*value) else { continue };
            if *first == NOBODY {
                (*first, *gathered) = (position as u32, G::begin(value));
            } else {
                gathered.add(value);
            }
        }
    })?;
    let (mut values, mut ends) = (Vec::new(), Vec::with_capacity(width));
    let mut present: Vec<(u32, u32)> = Vec::new();
    for instant in 0..width {
        let firsts = gathered.iter().skip(instant).step_by(width).map(|(first, _)| *first);
        present.clear();
        present.extend(firsts.zip(0..).filter(|(first, _)| *first != NOBODY));
        // Groups are in the order of their first members of that instant.
        present.sort_unstable();
        values
            .extend(present.iter().map(|(_, group)| (*group, gathered[*group as usize * width + instant].1.result())));
        ends.push(values.len());
    }
    Ok(Grouped { members, nameless: leaf.drops_name(), values, ends })
}

impl Gathering for Sum {
    fn begin(value: f64) -> Self {
        let mut sum = Self::default();
        sum.add(value);
        sum
    }

    fn add(&mut self, value: f64) {
        Self::add(self, value);
    }

    fn result(self) -> f64 {
        self.total()
    }
}

impl Gathering for Mean {
    fn begin(value: f64) -> Self {
        let mut mean = Self::default();
        mean.add(value);
        mean
    }

    fn add(&mut self, value: f64) {
        Self::add(self, value);
    }

    fn result(self) -> f64 {
        self.mean()
    }
}

#[derive(Clone, Copy)]
struct Tally(f64);

impl Gathering for Tally {
    fn begin(_: f64) -> Self {
        Self(1.0)
    }

    fn add(&mut self, _: f64) {
        self.0 += 1.0;
    }

    fn result(self) -> f64 {
        self.0
    }
}

#[derive(Clone, Copy)]
struct Smallest(f64);

impl Gathering for Smallest {
    fn begin(value: f64) -> Self {
        Self(value)
    }

    fn add(&mut self, value: f64) {
        self.0 = over_time::smaller(self.0, value);
    }

    fn result(self) -> f64 {
        self.0
    }
}

#[derive(Clone, Copy)]
struct Largest(f64);

impl Gathering for Largest {
    fn begin(value: f64) -> Self {
        Self(value)
    }

    fn add(&mut self, value: f64) {
        self.0 = over_time::larger(self.0, value);
    }

    fn result(self) -> f64 {
        self.0
    }
}

#[derive(Clone, Copy)]
struct Presence;

impl Gathering for Presence {
    fn begin(_: f64) -> Self {
        Self
    }

    fn add(&mut self, _: f64) {}

    fn result(self) -> f64 {
        1.0
    }
}
