//! A [`Watch`]: one condition of a rule, followed from answer to answer, with hysteresis on both ways.
//!
//! It is a fold over the values in the order of their time, so that history which is filled in gives the same as
//! living through it. One odd answer neither begins nor ends anything; a value that dances around its limit does not
//! flap, since an end wants values that lie clearly inside for a while.

use std::time::Duration;

use crate::facts::At;
use crate::triage::Against;
use crate::triage::Condition;
use crate::triage::Subject;

/// So many answers over the limit make sure, and so many clearly under it.
pub(crate) const TO_BE_SURE: u32 = 2;

/// What fires ends when values were clearly inside for that long.
const CLEAR: Duration = Duration::from_secs(30);

/// How far inside is clearly inside, as a part of the limit.
const MARGIN: f64 = 0.05;

/// What comes back within that time after it ended takes twice as long to end as the time before.
const SOON: Duration = Duration::from_mins(15);

/// So often it is doubled, at most.
const DOUBLED: u32 = 3;

/// So many bad requests must have been seen: a share of few requests says nothing, one of ten at night is 10 %.
const BAD: f64 = 4.0;

/// So many of the usual requests must be missing: fewer go missing by chance.
const MISSING: f64 = 30.0;

/// The longest time for which one answer counts requests, in seconds.
const ONE_ANSWER: f64 = 60.0;

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
    /// It lasts long enough, but stands for too few requests to say so.
    pub(crate) few: bool,
    /// Bad requests since it began, and in the window of the newest value; infinite where nobody counts them.
    bad: (f64, f64),
    /// The newest value on the bad side.
    newest: At,
    /// The first of the values that are clearly inside again, and how many.
    inside: Option<(At, u32)>,
}

/// How many requests a value is made of.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Crowd {
    /// Requests per second.
    pub(crate) rate: f64,
    /// The median time to answer, seconds.
    pub(crate) p50: Option<f64>,
    /// The seconds that a value looks back.
    pub(crate) window: f64,
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
    /// When it ended, and how often it had come back soon by then.
    ended: Option<(At, u32)>,
    /// How often it has come back soon after it ended.
    again: u32,
}

impl Watch {
    pub(crate) const fn new(condition: Condition) -> Self {
        Self { condition, phase: Phase::Quiet, bound: None, seen: false, ended: None, again: 0 }
    }

    /// The next value; `baseline` is what is usual at that time. `crowd` is asked for the requests that it is made of
    /// when that counts.
    pub(crate) fn push(&mut self, at: At, value: f64, baseline: Option<f64>, crowd: impl FnOnce() -> Option<Crowd>) {
        self.bound = match self.condition.against {
            Against::Level(level) => Some(level),
            Against::Baseline(factor) => baseline.map(|baseline| baseline * factor),
            Against::FullIn(time) => Some(time.as_secs_f64()),
        };
        let Some(bound) = self.bound else { return };
        let over = self.condition.side.holds(value, bound);
        let first = !std::mem::replace(&mut self.seen, true);
        if matches!(self.phase, Phase::Quiet) && over {
            let run = Run {
                since: at,
                from_the_start: first,
                over: 0,
                few: false,
                bad: (0.0, 0.0),
                newest: at,
                inside: None,
            };
            self.phase = Phase::Pending(run);
        }
        match &mut self.phase {
            Phase::Quiet => {}
            Phase::Firing(run) if over => {
                run.over += 1;
                run.inside = None;
            }
            Phase::Pending(run) if over => {
                run.over += 1;
                run.inside = None;
                run.bad = self.condition.counted(run, at, (value, bound, baseline), crowd());
                run.newest = at;
            }
            Phase::Pending(run) => {
                let (since, count) = run.inside.map_or((at, 1), |(since, count)| (since, count + 1));
                run.inside = Some((since, count));
                if count >= TO_BE_SURE {
                    self.phase = Phase::Quiet;
                }
            }
            Phase::Firing(_) => self.ends(at, value, bound),
        }
        self.begins(at);
    }

    /// What has begun to hold holds when it was so for long enough and for requests enough.
    fn begins(&mut self, at: At) {
        let needed = self.condition.needed();
        let Phase::Pending(run) = &mut self.phase else { return };
        let long = lasted(run.since, at, self.condition.lasting)
            || (run.from_the_start && self.condition.lasting <= NO_NEED_TO_WAIT);
        if run.over < TO_BE_SURE || run.inside.is_some() || !long {
            return;
        }
        run.few = run.bad.0.max(run.bad.1) < needed;
        if !run.few {
            let soon = self.ended.filter(|(ended, _)| !lasted(*ended, run.since, SOON));
            self.again = soon.map_or(0, |(_, again)| (again + 1).min(DOUBLED));
            self.phase = Phase::Firing(*run);
        }
    }

    /// What holds ends when values were clearly inside for a while; the longer, the oftener it came back.
    fn ends(&mut self, at: At, value: f64, bound: f64) {
        let Phase::Firing(run) = &mut self.phase else { return };
        let margin = bound * MARGIN;
        let clear = if self.condition.side.is_low() && !matches!(self.condition.against, Against::FullIn(_)) {
            value >= bound + margin
        } else {
            value <= bound - margin || matches!(self.condition.against, Against::FullIn(_))
        };
        let (since, count) = run.inside.map_or((at, 1), |(since, count)| (since, count + 1));
        run.inside = clear.then_some((since, count));
        if clear && count >= TO_BE_SURE && lasted(since, at, CLEAR * 2_u32.pow(self.again)) {
            self.phase = Phase::Quiet;
            self.ended = Some((at, self.again));
        }
    }
}

impl Condition {
    /// How many bad requests it takes before a share of them says anything.
    const fn needed(&self) -> f64 {
        if matches!(self.subject, Subject::RequestRate) { MISSING } else { BAD }
    }

    /// The bad requests of a run with this value: all since it began, and those of its window.
    fn counted(
        &self,
        run: &Run,
        at: At,
        (value, bound, baseline): (f64, f64, Option<f64>),
        crowd: Option<Crowd>,
    ) -> (f64, f64) {
        const UNCOUNTED: (f64, f64) = (f64::INFINITY, f64::INFINITY);
        let Some(crowd) = crowd else { return UNCOUNTED };
        let per_second = match (self.subject, baseline) {
            (Subject::ErrorRate | Subject::NotFound | Subject::RateLimited, _) => value * crowd.rate,
            // Half of them are slower than the median, one in twenty is slower than the 95th percentile.
            (Subject::LatencyP95, _) if crowd.p50.is_some_and(|p50| self.side.holds(p50, bound)) => 0.5 * crowd.rate,
            (Subject::LatencyP95, _) => 0.05 * crowd.rate,
            (Subject::RequestRate, Some(usual)) if matches!(self.against, Against::Baseline(_)) => {
                (usual - value).abs()
            }
            _ => return UNCOUNTED,
        };
        let since = (at - run.newest).as_seconds_f64().clamp(0.0, ONE_ANSWER);
        (run.bad.0 + per_second * since, per_second * crowd.window)
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
        among(sentence, values, baseline, None)
    }

    fn among(sentence: &str, values: &[f64], baseline: Option<f64>, crowd: Option<Crowd>) -> String {
        let rule = Rule::parse(Severity::Critical, sentence).unwrap();
        let mut watch = Watch::new(rule.groups[0][0]);
        let letters = values.iter().enumerate().map(|(index, value)| {
            watch.push(at(index as i64 * 5), *value, baseline, || crowd);
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

    #[test]
    fn few_requests_say_nothing() {
        let crowd = |rate: f64, p50: f64| Some(Crowd { rate, p50: Some(p50), window: 30.0 });
        for (sentence, value, crowd, baseline, expected) in [
            // One of ten at night, for as long as the window sees it.
            ("error_rate > 5% for 10s", 0.1, crowd(0.33, 0.06), None, "qpppppp"),
            ("error_rate > 5% for 10s", 0.5, crowd(0.33, 0.06), None, "qppFFFF"),
            ("error_rate > 5% for 10s", 0.1, crowd(100.0, 0.06), None, "qppFFFF"),
            ("error_rate > 5% for 10s", 0.1, None, None, "qppFFFF"),
            ("latency_p95 > 1s for 10s", 2.0, crowd(0.5, 0.06), None, "qpppppp"),
            ("latency_p95 > 1s for 10s", 2.0, crowd(0.5, 1.5), None, "qppFFFF"),
            ("request_rate < 50% of baseline for 10s", 0.1, crowd(0.1, 0.1), Some(0.4), "qpppppp"),
            ("request_rate < 50% of baseline for 10s", 10.0, crowd(10.0, 0.1), Some(40.0), "qppFFFF"),
        ] {
            let fine = baseline.unwrap_or(0.0);
            let values = [fine, value, value, value, value, value, value];
            assert_eq!(among(sentence, &values, baseline, crowd), expected, "{sentence} {value} {crowd:?}");
        }
        // Few, but they go on.
        let mut values = [0.3; 12];
        values[0] = 0.0;
        assert_eq!(among("error_rate > 5% for 10s", &values, None, crowd(0.4, 0.06)), "qpppppppFFFF");
    }

    #[test]
    fn what_comes_back_soon_takes_longer_to_end() {
        let burst = [0.1, 0.1, 0.1];
        let mut values = vec![0.0];
        let mut ends = Vec::new();
        for _ in 0..3 {
            values.extend(burst);
            values.extend([0.0; 60]);
            let letters = course("error_rate > 5% for 5s", &values, None);
            ends.push(letters.bytes().rev().take_while(|letter| *letter == b'q').count());
        }
        assert_eq!(ends, [54, 48, 36], "half a minute, one, two");
    }
}
