//! Subqueries: an expression evaluated at steps, and the results taken as the samples of a range.
//!
//! Neighbouring evaluations share most of their steps: each is computed once, see `steps`.

use crate::promql::eval::Frame;
use crate::promql::eval::Visit;
use crate::promql::memory::place_of;
use crate::promql::plan::Subquery;
use crate::promql::query::EvalError;
use crate::promql::steps::Steps;
use crate::promql::tags::Tags;
use crate::promql::window::Window;

/// The step where the query names none: the usual evaluation interval of Prometheus.
const DEFAULT_STEP_MS: i64 = 60_000;
/// Steps that one subquery may take; Prometheus answers no more than 11,000 points either.
const MOST_STEPS: i64 = 100_000;

/// The steps that an instant needs: multiples of the step in absolute time, later than the start of the range and not
/// later than its end.
struct Grid {
    step: i64,
    from: i64,
    to: i64,
}

impl Grid {
    fn of(frame: &Frame<'_>, subquery: &Subquery, now: i64) -> Result<Self, EvalError> {
        let step = subquery.step_ms.unwrap_or(DEFAULT_STEP_MS).max(1);
        let to = frame.moved(subquery.shift, now);
        let from = to.saturating_sub(subquery.range_ms);
        if to.saturating_sub(from) / step > MOST_STEPS {
            return Err(EvalError::new("a subquery takes more than 100,000 steps"));
        }
        Ok(Self { step, from, to })
    }

    /// The steps that are later than `after` too.
    fn steps(&self, after: i64) -> impl Iterator<Item = i64> + use<> {
        let (step, to) = (self.step, self.to);
        let first = self.from.max(after).div_euclid(step).saturating_add(1).saturating_mul(step);
        std::iter::successors(Some(first), move |at| at.checked_add(step)).take_while(move |at| *at <= to)
    }
}

/// Computes what is not known yet of the steps that these instants need, which ascend.
pub(super) fn prepare<'a>(frame: &Frame<'a>, subquery: &'a Subquery, nows: &[i64]) -> Result<(), EvalError> {
    let place = place_of(subquery);
    let mut steps = frame.memory.borrow_mut().steps.remove(&place).unwrap_or_else(|| Steps::new(subquery));
    let mut after = i64::MIN;
    let mut wanted = Vec::new();
    for (number, now) in nows.iter().enumerate() {
        let grid = Grid::of(frame, subquery, *now)?;
        if number == 0 {
            steps.forget_until(grid.from);
        }
        wanted.extend(steps.missing(grid.steps(after)));
        after = after.max(grid.to);
    }
    steps.compute(frame, subquery, &wanted)?;
    frame.memory.borrow_mut().steps.insert(place, steps);
    Ok(())
}

/// Shows each series of the subquery with its samples.
pub(super) fn each<'a>(
    frame: &Frame<'a>,
    subquery: &'a Subquery,
    now: i64,
    visit: &mut Visit<'_, 'a>,
) -> Result<(), EvalError> {
    prepare(frame, subquery, &[now])?;
    let Grid { from, to, .. } = Grid::of(frame, subquery, now)?;
    let (rows, open) = {
        let memory = frame.memory.borrow();
        memory.steps.get(&place_of(subquery)).map_or_else(Default::default, |steps| steps.rows(from, to))
    };
    frame.open_bucket.set(frame.open_bucket.get() || open);
    for row in rows {
        frame.spend(row.values.len())?;
        let window = Window { times: &row.times, values: &row.values, from, to, now };
        visit(Tags::Made(row.labels), row.nameless, window);
    }
    Ok(())
}
