//! Which sample of one vector meets which of another: `on`, `ignoring`, `group_left`, `group_right`.

use std::borrow::Cow;

use crate::facts::Labels;
use crate::promql::eval::Frame;
use crate::promql::grouping::Groups;
use crate::promql::grouping::Projection;
use crate::promql::plan::Binary;
use crate::promql::plan::Cardinality;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::sample::is_reserved;

/// Applies an operator to each pair of samples that match.
///
/// # Errors
/// When a sample would match several where only one is allowed; also when a comparison would drop that pair.
pub(super) fn apply<'a>(
    frame: &Frame<'a>,
    binary: &'a Binary,
    left: Vec<Sample<'a>>,
    right: Vec<Sample<'a>>,
) -> Result<Vec<Sample<'a>>, EvalError> {
    // With nothing on one side nothing can match, and nothing is looked for that might match twice.
    if left.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    let (many, one, swapped) = match binary.cardinality {
        Cardinality::OneToMany(_) => (right, left, true),
        _ => (left, right, false),
    };
    let one_to_one = matches!(binary.cardinality, Cardinality::OneToOne);
    let mut groups = Groups::new(&binary.on, frame.dialect);
    for index in 0..one.len() {
        if groups.place(&one, index) != index {
            return Err(twice_on_the_one_side(frame, binary, &one[index], swapped));
        }
    }
    let mut taken = vec![false; one.len()];
    let mut results = Vec::with_capacity(many.len());
    let filters = binary.operator.is_comparison() && !binary.to_bool;
    for sample in many {
        let Some(partner) = groups.find(&one, &sample) else { continue };
        if one_to_one && std::mem::replace(&mut taken[partner], true) {
            return Err(EvalError::new(&format!(
                "several samples on the left match one on the right, such as {}: say group_left or match on more \
                 labels",
                sample.seen(frame.dialect).to_labels()
            )));
        }
        let other = &one[partner];
        let (l, r) = if swapped { (other.value, sample.value) } else { (sample.value, other.value) };
        let value = binary.operator.apply(l, r);
        if filters && value == 0.0 {
            continue;
        }
        let value = if filters { l } else { value };
        results.push(result(frame, binary, sample, other, filters, value));
    }
    if one_to_one { Ok(results) } else { frame.unique(results) }
}

/// A sample of the many side with the labels that the operation leaves it.
fn result<'a>(
    frame: &Frame<'a>,
    binary: &'a Binary,
    sample: Sample<'a>,
    other: &Sample<'a>,
    keeps_name: bool,
    value: f64,
) -> Sample<'a> {
    let nameless = sample.nameless || !keeps_name;
    let taken = match &binary.cardinality {
        Cardinality::OneToOne => return one_to_one(frame, binary, Sample { value, nameless, ..sample }),
        Cardinality::ManyToOne(taken) | Cardinality::OneToMany(taken) => taken,
    };
    if taken.is_empty() {
        return Sample { value, nameless, ..sample };
    }
    // A name that is taken from the other side is not the one that goes.
    let takes_name = taken.iter().any(|label| is_reserved(label, frame.dialect));
    let mut labels = if nameless && takes_name {
        sample.labels.only(|label| !is_reserved(label, frame.dialect))
    } else {
        sample.labels.clone().into_owned()
    };
    for label in taken {
        labels = labels.with(label, other.seen(frame.dialect).get(label));
    }
    Sample { value, ..sample }.relabelled(labels, nameless && !takes_name)
}

fn one_to_one<'a>(frame: &Frame<'a>, binary: &'a Binary, sample: Sample<'a>) -> Sample<'a> {
    let labels: Labels = match &binary.on {
        Projection::Without(names) if names.is_empty() => return sample,
        Projection::Without(names) => sample.labels.only(|label| !names.iter().any(|name| name == label)),
        on => on.labels(sample.seen(frame.dialect)),
    };
    Sample { labels: Cow::Owned(labels), ..sample }
}

fn twice_on_the_one_side(frame: &Frame<'_>, binary: &Binary, sample: &Sample<'_>, swapped: bool) -> EvalError {
    let side = if swapped { "left" } else { "right" };
    let group = binary.on.labels(sample.seen(frame.dialect));
    EvalError::new(&format!("several samples on the {side} have the same labels {group} to match by"))
}
