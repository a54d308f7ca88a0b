//! `label_replace` and `label_join`.

use crate::promql::eval::Frame;
use crate::promql::plan::Relabel;
use crate::promql::plan::Relabelling;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::sample::is_reserved;

pub(super) fn eval<'a>(frame: &Frame<'a>, relabel: &'a Relabel, now: i64) -> Result<Vec<Sample<'a>>, EvalError> {
    let samples = frame.vector(&relabel.argument, now)?;
    let changed = samples.into_iter().map(|sample| match new_value(frame, relabel, &sample) {
        Some(value) => {
            // A name that is given here is not the one that a function took away.
            let gives_name = is_reserved(&relabel.target, frame.dialect);
            let labels = if gives_name && sample.nameless {
                sample.labels.only(|label| !is_reserved(label, frame.dialect)).with(&relabel.target, &value)
            } else {
                sample.labels.with(&relabel.target, &value)
            };
            let nameless = sample.nameless && !gives_name;
            sample.relabelled(labels, nameless)
        }
        None => sample,
    });
    frame.unique(changed.collect())
}

/// The new value of the label; `None` where the label stays as it is.
fn new_value(frame: &Frame<'_>, relabel: &Relabel, sample: &Sample<'_>) -> Option<String> {
    let seen = sample.seen(frame.dialect);
    match &relabel.how {
        Relabelling::Replace { replacement, source, pattern } => {
            let found = pattern.captures(seen.get(source))?;
            let mut value = String::new();
            found.expand(replacement, &mut value);
            Some(value)
        }
        Relabelling::Join { separator, sources } => {
            let values: Vec<_> = sources.iter().map(|source| seen.get(source)).collect();
            Some(values.join(separator))
        }
    }
}
