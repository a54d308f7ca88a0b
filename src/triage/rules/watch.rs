//! A [`Watch`]: one condition of a rule, followed from answer to answer, with hysteresis on both ways.
//!
//! It is a fold over the values in the order of their time, so that history which is filled in gives the same as
//! living through it. One odd answer neither begins nor ends anything; a value that dances around its limit does not
//! flap, since an end wants values that lie clearly inside for a while.

use std::time::Duration;

use crate::facts::At;
use crate::triage::Against;
use crate::triage::Condition;

/// So many answers over the limit make sure, and so many clearly under it.
pub(crate) const TO_BE_SURE: u32 = 2;

/// What fires ends when values were clearly inside for that long.
const CLEAR: Duration = Duration::from_secs(30);

/// How far inside is clearly inside, as a part of the limit.
const MARGIN: f64 = 0.05;

/// A run that was there when the first answer came has no beginning that anybody saw; a rule that is not slower than
/// this need not wait for it.
const NO_NEED_TO_WAIT: Duration = Duration::from_secs(30);

/// A stretch of values on the bad side.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Run {
    /// The first value on the bad side.
    pub(crate) since: At,
    /// Nothing is known before it.
    pub(crate) from_the_start: bool,
    /// Values on the bad side.
    pub(crate) over: u32,
    /// The first of the values that are clearly inside again, and how many.
    inside: Option<(At, u32)>,
}

/// Where a condition stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Phase {
    /// It does not hold.
    Quiet,
    /// It holds, but not for long enough.
    Pending(Run),
    /// It holds.
    Firing(Run),
}

/// One condition, followed.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Watch {
    pub(crate) condition: Condition,
    pub(crate) phase: Phase,
    /// What the last value was compared with; `None` while the baseline is not known.
    pub(crate) bound: Option<f64>,
    seen: bool,
}

impl Watch {
    pub(crate) const fn new(condition: Condition) -> Self {
        Self { condition, phase: Phase::Quiet, bound: None, seen: false }
    }

    /// The next value; `baseline` is what is usual at that time.
    pub(crate) fn push(&mut self, at: At, value: f64, baseline: Option<f64>) {
        self.bound = match self.condition.against {
            Against::Level(level) => Some(level),
            Against::Baseline(factor) => baseline.map(|baseline| baseline * factor),
            Against::FullIn(time) => Some(time.as_secs_f64()),
        };
        let Some(bound) = self.bound else { return };
        let over = self.condition.side.holds(value, bound);
        let first = !std::mem::replace(&mut self.seen, true);
        match &mut self.phase {
            Phase::Quiet if over => {
                self.phase = Phase::Pending(Run { since: at, from_the_start: first, over: 1, inside: None });
            }
            Phase::Quiet => {}
            Phase::Pending(run) | Phase::Firing(run) if over => {
                run.over += 1;
                run.inside = None;
            }
            Phase::Pending(run) => {
                let (since, count) = run.inside.map_or((at, 1), |(since, count)| (since, count + 1));
                run.inside = Some((since, count));
                if count >= TO_BE_SURE {
                    self.phase = Phase::Quiet;
                }
            }
            Phase::Firing(run) => {
                let margin = bound * MARGIN;
                let clear = if self.condition.side.is_low() && !matches!(self.condition.against, Against::FullIn(_)) {
                    value >= bound + margin
                } else {
                    value <= bound - margin || matches!(self.condition.against, Against::FullIn(_))
                };
                let (since, count) = run.inside.map_or((at, 1), |(since, count)| (since, count + 1));
                run.inside = clear.then_some((since, count));
                if clear && count >= TO_BE_SURE && lasted(since, at, CLEAR) {
                    self.phase = Phase::Quiet;
                }
            }
        }
        if let Phase::Pending(run) = self.phase
            && run.over >= TO_BE_SURE
            && run.inside.is_none()
            && (lasted(run.since, at, self.condition.lasting)
                || (run.from_the_start && self.condition.lasting <= NO_NEED_TO_WAIT))
        {
            self.phase = Phase::Firing(run);
        }
    }
}

impl Watch {
    /// Nobody could say what the value was: what had just begun begins anew, since before the gap says nothing of now.
    pub(crate) const fn gap(&mut self) {
        if matches!(self.phase, Phase::Pending(_)) {
            self.phase = Phase::Quiet;
        }
    }
}

/// Scrapes come a little early or late: half a second is no difference.
fn lasted(since: At, at: At, time: Duration) -> bool {
    at - since + chrono::TimeDelta::milliseconds(500) >= chrono::TimeDelta::from_std(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::Rule;
    use crate::triage::Severity;

    fn at(second: i64) -> At {
        chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    /// One letter per answer, five seconds apart: quiet, pending, firing.
    fn course(sentence: &str, values: &[f64], baseline: Option<f64>) -> String {
        let rule = Rule::parse(Severity::Critical, sentence).unwrap();
        let mut watch = Watch::new(rule.groups[0][0]);
        let letters = values.iter().enumerate().map(|(index, value)| {
            watch.push(at(index as i64 * 5), *value, baseline);
            match watch.phase {
                Phase::Quiet => 'q',
                Phase::Pending(_) => 'p',
                Phase::Firing(_) => 'F',
            }
        });
        letters.collect()
    }

    #[test]
    fn a_condition_begins_late_and_ends_late() {
        for (sentence, values, expected) in [
            ("error_rate > 5% for 10s", &[0.0, 0.1, 0.1, 0.1, 0.1][..], "qppFF"),
            // One odd answer begins nothing, and a dip does not begin anew.
            ("error_rate > 5% for 10s", &[0.0, 0.1, 0.0, 0.0, 0.1], "qppqp"),
            ("error_rate > 5% for 10s", &[0.0, 0.1, 0.0, 0.1, 0.1], "qppFF"),
            // It was so when the first answer came.
            ("error_rate > 5% for 10s", &[0.1, 0.1, 0.1], "pFF"),
            ("error_rate > 5% for 2m", &[0.1, 0.1, 0.1], "ppp"),
            // Just under the limit is not the end; clearly under it is, after half a minute.
            ("error_rate > 5% for 5s", &[0.0, 0.1, 0.1, 0.049, 0.049, 0.049, 0.049, 0.049, 0.049, 0.049], "qpFFFFFFFF"),
            ("error_rate > 5% for 5s", &[0.0, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01], "qpFFFFFFFq"),
            ("error_rate > 5% for 5s", &[0.0, 0.1, 0.1, 0.01, 0.01, 0.01, 0.06, 0.01, 0.01, 0.01], "qpFFFFFFFF"),
        ] {
            assert_eq!(course(sentence, values, None), expected, "{sentence} {values:?}");
        }
    }

    #[test]
    fn a_baseline_that_is_not_known_decides_nothing() {
        let sentence = "request_rate < 50% of baseline for 5s";
        assert_eq!(course(sentence, &[100.0, 20.0, 20.0, 20.0], Some(100.0)), "qpFF");
        assert_eq!(course(sentence, &[100.0, 20.0, 20.0, 20.0], None), "qqqq");
    }
}
