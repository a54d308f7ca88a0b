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

/// The labels that an absent series would have for certain: those that the selector asks for by `=`. As Prometheus
/// has it, another condition on the same label counts only where it stands behind that one.
pub(super) fn labels(selector: &Selector) -> Labels {
    let mut certain: Vec<(&str, Option<&str>)> = Vec::new();
    for matcher in selector.matchers.iter().filter(|matcher| matcher.label != "__name__") {
        let known = certain.iter_mut().find(|(label, _)| *label == matcher.label);
        match (known, &matcher.test) {
            (Some((_, value)), _) => *value = None,
            (None, Test::Is(value)) => certain.push((&matcher.label, Some(value))),
            (None, _) => {}
        }
    }
    certain.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}
