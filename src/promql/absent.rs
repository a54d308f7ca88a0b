//! `absent` and `absent_over_time`: 1 where nothing is selected.

use crate::facts::Labels;
use crate::promql::eval::Frame;
use crate::promql::plan::Presence;
use crate::promql::query::EvalError;
use crate::promql::sample::Sample;
use crate::promql::selector::Selector;
use crate::promql::selector::Test;

pub(super) fn eval<'a>(
    frame: &Frame<'a>,
    argument: &'a Presence,
    labels: &'a Labels,
    now: i64,
) -> Result<Vec<Sample<'a>>, EvalError> {
    let present = match argument {
        Presence::Now(node) => !frame.vector(node, now)?.is_empty(),
        Presence::Within(window) => {
            let mut any = false;
            frame.each_window(window, now, &mut |_, _, _| any = true)?;
            any
        }
    };
    Ok(if present { Vec::new() } else { vec![Sample::made(labels.clone(), 1.0)] })
}

/// The labels that an absent series would have for certain: those that the selector asks for by `=`, and by nothing
/// else.
pub(super) fn labels(selector: &Selector) -> Labels {
    let certain = selector.matchers.iter().filter_map(|matcher| match &matcher.test {
        Test::Is(value) if matcher.label != "__name__" => Some((&*matcher.label, &**value)),
        _ => None,
    });
    certain
        .filter(|(label, _)| selector.matchers.iter().filter(|matcher| matcher.label == *label).count() == 1)
        .collect()
}
