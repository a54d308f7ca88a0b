//! Classic histograms: quantiles and fractions from `_bucket` series.
//!
//! Counters of one histogram are not read at exactly one moment, so that a bucket may seem to hold less than the one
//! below it; it is raised, as Prometheus does. Native histograms are not supported.

use std::sync::Arc;

use crate::facts::Labels;
use crate::promql::eval::Frame;
use crate::promql::grouping::Groups;
use crate::promql::grouping::Projection;
use crate::promql::memory::place_of;
use crate::promql::plan::Histogram;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::tags::Tags;

/// A bucket: its upper bound, and how many observations are at or below it.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Bucket {
    bound: f64,
    count: f64,
}

/// A quantile, and whether the truth may be larger because it lies in the last bucket.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Quantile {
    value: f64,
    open: bool,
}

pub(super) fn eval<'a>(frame: &Frame<'a>, histogram: &'a Histogram, now: i64) -> Result<Vec<Sample<'a>>, EvalError> {
    let samples = frame.vector(histogram.buckets(), now)?;
    let (first, second) = match histogram {
        Histogram::Quantile { quantile, .. } => (frame.scalar(quantile, now)?, 0.0),
        Histogram::Fraction { lower, upper, .. } => (frame.scalar(lower, now)?, frame.scalar(upper, now)?),
    };
    let layout = frame.found(place_of(histogram), &samples, || Layout::of(frame, &samples));
    let results = layout.each().map(|(labels, places)| {
        let buckets =
            places.iter().map(|(index, bound)| Bucket { bound: *bound, count: samples[*index].value }).collect();
        let value = match histogram {
            Histogram::Quantile { .. } => {
                let quantile = quantile(first, buckets);
                frame.open_bucket.set(frame.open_bucket.get() || quantile.open);
                quantile.value
            }
            Histogram::Fraction { .. } => fraction(first, second, buckets),
        };
        Sample { labels: Tags::Made(Arc::clone(labels)), value, nameless: true }
    });
    frame.nameless(results.collect())
}

/// Which samples are the buckets of which histogram: of samples that differ in nothing but `le`.
struct Layout {
    labels: Vec<Arc<Labels>>,
    /// The buckets by their indexes in the vector, and their bounds in order.
    buckets: Vec<Vec<(usize, f64)>>,
}

impl Layout {
    fn of(frame: &Frame<'_>, samples: &[Sample<'_>]) -> Self {
        let others = Projection::AllBut("le".to_owned());
        let mut groups = Groups::new(&others, frame.dialect);
        let mut layout = Self { labels: Vec::new(), buckets: Vec::new() };
        for (index, sample) in samples.iter().enumerate() {
            let Some(bound) = sample.labels.get("le").and_then(|le| le.parse().ok()) else { continue };
            let place = groups.place(samples, index);
            if place == layout.labels.len() {
                layout.labels.push(Arc::new(others.labels(sample.seen(frame.dialect))));
                layout.buckets.push(Vec::new());
            }
            layout.buckets[place].push((index, bound));
        }
        layout.buckets.iter_mut().for_each(|buckets| buckets.sort_by(|a, b| a.1.total_cmp(&b.1)));
        layout
    }

    /// Labels and buckets of each histogram.
    fn each(&self) -> impl Iterator<Item = (&Arc<Labels>, &Vec<(usize, f64)>)> {
        self.labels.iter().zip(&self.buckets)
    }
}

/// Buckets in order, equal bounds merged; `None` unless the last bound is +Inf.
fn ordered(mut buckets: Vec<Bucket>) -> Option<Vec<Bucket>> {
    buckets.sort_by(|a, b| a.bound.total_cmp(&b.bound));
    if buckets.last().is_none_or(|last| last.bound != f64::INFINITY) {
        return None;
    }
    buckets.dedup_by(|next, kept| {
        let same = next.bound == kept.bound;
        if same {
            kept.count += next.count;
        }
        same
    });
    Some(buckets)
}

/// Raises each bucket that holds less than the one below it, and evens out differences that are mere rounding.
fn make_monotonic(buckets: &mut [Bucket]) {
    let Some(first) = buckets.first() else { return };
    let mut previous = first.count;
    for bucket in &mut buckets[1..] {
        let close = (bucket.count - previous).abs() <= 1e-12 * (bucket.count.abs() + previous.abs());
        if close || bucket.count < previous {
            bucket.count = previous;
        }
        previous = bucket.count;
    }
}

fn quantile(q: f64, buckets: Vec<Bucket>) -> Quantile {
    let closed = |value: f64| Quantile { value, open: false };
    if q.is_nan() {
        return closed(f64::NAN);
    }
    if !(0.0..=1.0).contains(&q) {
        return closed(if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    let Some(mut buckets) = ordered(buckets) else { return closed(f64::NAN) };
    make_monotonic(&mut buckets);
    let (Some(last), true) = (buckets.last(), buckets.len() > 1) else { return closed(f64::NAN) };
    if last.count == 0.0 || last.count.is_nan() {
        return closed(f64::NAN);
    }
    let rank = q * last.count;
    let place = buckets.iter().position(|bucket| bucket.count >= rank).unwrap_or(buckets.len() - 1);
    if place == buckets.len() - 1 {
        return Quantile { value: buckets[place - 1].bound, open: true };
    }
    let bucket = buckets[place];
    if place == 0 && bucket.bound <= 0.0 {
        return closed(bucket.bound);
    }
    let below = if place == 0 { Bucket { bound: 0.0, count: 0.0 } } else { buckets[place - 1] };
    let share = (rank - below.count) / (bucket.count - below.count);
    closed(below.bound + (bucket.bound - below.bound) * share)
}

/// The share of the observations between two values.
fn fraction(lower: f64, upper: f64, buckets: Vec<Bucket>) -> f64 {
    let Some(mut buckets) = ordered(buckets) else { return f64::NAN };
    make_monotonic(&mut buckets);
    let total = buckets.last().map_or(0.0, |last| last.count);
    if total == 0.0 || total.is_nan() || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank_of(upper, &buckets) - rank_of(lower, &buckets)) / total
}

/// How many observations are below a value, by a straight line within its bucket.
fn rank_of(value: f64, buckets: &[Bucket]) -> f64 {
    let mut below = Bucket { bound: f64::NEG_INFINITY, count: 0.0 };
    for (index, bucket) in buckets.iter().enumerate() {
        if index == 0 && bucket.bound > 0.0 {
            below.bound = 0.0;
        }
        if value <= below.bound {
            return below.count;
        }
        if value < bucket.bound {
            // What is in a bucket without an end is taken to be at that end.
            if below.bound.is_infinite() {
                return bucket.count;
            }
            if bucket.bound.is_infinite() {
                return below.count;
            }
            return below.count + (bucket.count - below.count) * (value - below.bound) / (bucket.bound - below.bound);
        }
        below = *bucket;
    }
    below.count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(pairs: &[(f64, f64)]) -> Vec<Bucket> {
        pairs.iter().map(|(bound, count)| Bucket { bound: *bound, count: *count }).collect()
    }

    const END: f64 = f64::INFINITY;

    #[test]
    fn quantiles_of_buckets() {
        for (q, pairs, value, open) in [
            (0.5, &[(1.0, 10.0), (2.0, 20.0), (END, 20.0)][..], 1.0, false),
            (0.75, &[(1.0, 10.0), (2.0, 20.0), (END, 20.0)], 1.5, false),
            (0.99, &[(1.0, 10.0), (10.0, 20.0), (END, 100.0)], 10.0, true),
            (0.5, &[(2.0, 20.0), (END, 20.0), (1.0, 10.0)], 1.0, false),
            (0.75, &[(1.0, 10.0), (2.0, 9.0), (3.0, 20.0), (END, 20.0)], 2.5, false),
            (0.1, &[(-1.0, 10.0), (1.0, 20.0), (END, 20.0)], -1.0, false),
            (0.5, &[(1.0, 5.0), (1.0, 5.0), (END, 10.0)], 0.5, false),
            (2.0, &[(1.0, 5.0), (END, 10.0)], END, false),
            (-1.0, &[(1.0, 5.0), (END, 10.0)], -END, false),
        ] {
            assert_eq!(quantile(q, buckets(pairs)), Quantile { value, open }, "{q} of {pairs:?}");
        }
    }

    #[test]
    fn no_quantile_without_observations_or_without_an_end() {
        for pairs in [&[(1.0, 0.0), (END, 0.0)][..], &[(1.0, 5.0), (2.0, 6.0)], &[(END, 6.0)], &[]] {
            let found = quantile(0.5, buckets(pairs));
            assert!(found.value.is_nan() && !found.open, "{pairs:?}");
        }
        assert!(quantile(f64::NAN, buckets(&[(1.0, 5.0), (END, 6.0)])).value.is_nan());
    }

    #[test]
    fn fractions_between_two_values() {
        let pairs = [(1.0, 1.0), (2.0, 3.0), (3.0, 6.0), (END, 100.0)];
        for (lower, upper, share) in [
            (0.0, 1.5, 0.02),
            (2.0, 3.0, 0.03),
            (2.0, 5.0, 0.03),
            (400.0, END, 0.94),
            (-END, END, 1.0),
            (3.0, 2.0, 0.0),
        ] {
            assert!((fraction(lower, upper, buckets(&pairs)) - share).abs() < 1e-12, "{lower} to {upper}");
        }
        assert!(fraction(0.0, 1.0, buckets(&[(1.0, 0.0), (END, 0.0)])).is_nan());
    }

    proptest::proptest! {
        #[test]
        fn a_higher_quantile_is_not_smaller(
            counts in proptest::collection::vec(0_u32..1_000, 2..12), low in 0.0..1.0_f64, high in 0.0..1.0_f64
        ) {
            let mut total = 0.0;
            let mut pairs: Vec<_> = counts.iter().enumerate().map(|(index, count)| {
                total += f64::from(*count);
                (index as f64 - 3.0, total)
            }).collect();
            pairs.push((END, total));
            let (low, high) = (quantile(low.min(high), buckets(&pairs)), quantile(low.max(high), buckets(&pairs)));
            proptest::prop_assert!(low.value.is_nan() || low.value <= high.value);
        }
    }
}
