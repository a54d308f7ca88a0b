//! Samples in order of their values: `sort`, and the comparison that `topk` and `bottomk` use.

use std::cmp::Ordering;

use crate::promql::sample::Sample;

/// Samples in ascending or descending order; what is not a number comes last in both.
pub(super) fn sort(mut samples: Vec<Sample<'_>>, descending: bool) -> Vec<Sample<'_>> {
    samples.sort_by(|a, b| compare(a.value, b.value, descending));
    samples
}

/// Which value comes first; what is not a number comes last.
pub(super) fn compare(a: f64, b: f64, descending: bool) -> Ordering {
    let numbers = || {
        let ascending = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        if descending { ascending.reverse() } else { ascending }
    };
    a.is_nan().cmp(&b.is_nan()).then_with(numbers)
}
