//! A [`Finding`]: one value that is over its limit, since when, by which rule.

use std::sync::Arc;

use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Number;
use crate::signals::ServiceSignals;
use crate::signals::units;
use crate::triage::Against;
use crate::triage::Condition;
use crate::triage::Leak;
use crate::triage::Rule;
use crate::triage::Severity;
use crate::triage::Side;
use crate::triage::Subject;
use crate::triage::Watcher;
use crate::triage::onset::Climb;
use crate::triage::onset::Left;
use crate::triage::onset::Onset;
use crate::triage::onset::Usual;

/// How far before it began to hurt a value may have left its usual range and the two still be told as one instant.
const SAME: chrono::TimeDelta = chrono::TimeDelta::seconds(90);

/// Rules that hold for no longer are decided by the next answers.
const NEXT_ANSWERS: std::time::Duration = std::time::Duration::from_secs(30);

/// One value that is over its limit.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// What is over its limit.
    pub subject: Subject,
    /// How bad it is.
    pub severity: Severity,
    /// The newest value, in the subject's base unit.
    pub value: f64,
    /// The truth may be larger (a quantile in the last bucket).
    pub at_least: bool,
    /// The bound of the rule: a value in the subject's base unit; for a forecast a time in seconds.
    pub limit: f64,
    /// The first point of the run that is over the limit: when it began to hurt.
    pub since: At,
    /// The run reaches back to the beginning of what is known: it may have begun earlier.
    pub from_the_start: bool,
    /// The rule that speaks.
    pub rule: Arc<Rule>,
    /// The condition of the rule that speaks.
    pub condition: Condition,
    /// When the value left its usual range; `None` while nobody knows what is usual, or when it never did.
    pub onset: Option<Onset>,
    /// The same before the detector is sure: where the values that led over the limit left the usual range.
    pub left: Option<Left>,
    /// What is usual for it.
    pub usual: Option<Usual>,
    /// It came there by a slow climb.
    pub climb: Option<Climb>,
    /// It climbs steadily to its limit.
    pub leak: Option<Leak>,
}

impl Finding {
    /// When the trouble of this value began, and how exactly that is known: when it left its usual range, where that
    /// is close to when it crossed its limit; else when it crossed it.
    #[must_use]
    pub fn began(&self) -> (At, Option<std::time::Duration>) {
        match self.onset.as_ref().filter(|onset| !self.from_the_start && is_same(onset.at, self.since)) {
            Some(onset) => (onset.at, Some(onset.within)),
            None => self.left.map_or((self.since, None), |left| (left.at, Some(left.within))),
        }
    }

    /// The bound in a few words: `> 5 %`, `< 50 % of usual`, `full in < 30m`.
    #[must_use]
    pub fn bound(&self) -> String {
        let sign = match self.condition.side {
            Side::Above => ">",
            Side::AtLeast => "≥",
            Side::Below => "<",
            Side::AtMost => "≤",
        };
        match self.condition.against {
            Against::Level(level) => {
                let (figure, unit) = units::parts(level, self.subject.unit());
                // A bound is a round number: `5 %`, not `5.0 %`.
                let round =
                    if figure.contains('.') { figure.trim_end_matches('0').trim_end_matches('.') } else { &figure };
                format!("{sign} {round} {unit}").trim_end().to_owned()
            }
            Against::Baseline(factor) => format!("{sign} {:.0} % of usual", factor * 100.0),
            Against::FullIn(time) => format!("full in {sign} {}", units::age(time)),
        }
    }

    /// What it is in a few words: `errors 45.2 %`, `DB pool full`.
    #[must_use]
    pub fn short(&self) -> String {
        let number = Number { value: self.value, at_least: self.at_least };
        let shown = units::shown(number, self.subject.unit());
        if self.forecast().is_some() {
            return format!("{} runs full", self.subject.signal().title());
        }
        match self.subject {
            Subject::ErrorRate => format!("errors {shown}"),
            Subject::LatencyP95 => format!("p95 {shown}"),
            Subject::DbPool if self.value >= 1.0 => "DB pool full".to_owned(),
            Subject::DbPool => format!("DB pool {shown}"),
            Subject::DbPoolWaiting => format!("{shown} wait for the DB pool"),
            Subject::Memory => format!("memory {shown}"),
            Subject::RequestRate if self.condition.side.is_low() => format!("only {shown}"),
            Subject::RequestRate => shown,
            Subject::NotFound => format!("not found {shown}"),
            Subject::RateLimited => format!("429 {shown}"),
            Subject::CallErrors => format!("calls failing {shown}"),
            Subject::CallsLimited => format!("calls limited {shown}"),
            Subject::DbLatency => format!("database p95 {shown}"),
            Subject::DbLocked => format!("{shown} wait for locks"),
            Subject::Cpu => format!("CPU {shown}"),
            Subject::Disk => format!("disk {shown}"),
        }
    }

    /// The forecast that speaks, where the rule is one.
    #[must_use]
    pub fn forecast(&self) -> Option<&Leak> {
        self.leak.as_ref().filter(|_| matches!(self.condition.against, Against::FullIn(_)))
    }
}

/// A rule wants a value over its limit; the value left its usual range a little before that.
fn is_same(onset: At, since: At) -> bool {
    onset <= since + SAME && since <= onset + SAME
}

/// A value over its limit that is not so for long enough, so that it is no finding yet.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Unsure {
    /// What is over its limit.
    pub(crate) subject: Subject,
    /// The newest value, in the subject's base unit.
    pub(crate) value: f64,
    /// Since when.
    pub(crate) since: At,
    /// How many answers say so.
    pub(crate) answers: u32,
    /// The answer before it was within the limit; else there was none.
    pub(crate) fine_before: bool,
    /// The next answers decide it, or it is critical. A slow warning (CPU for a minute) that a short look cannot
    /// decide is no reason to call a service unknown whose errors and latency are fine.
    pub(crate) matters: bool,
}

/// The worst value that is over its limit, but not for long enough; `None` when there is none.
pub(crate) fn unsure(watcher: &Watcher, signals: &ServiceSignals, at: At) -> Option<Unsure> {
    let fresh = |measure: Measure| signals.now(measure, at).is_some();
    let all = watcher
        .pending()
        .filter(|(severity, condition, _)| *severity >= Severity::Warning && fresh(condition.subject.measures().0));
    let matters = |severity, condition: &Condition| severity == Severity::Critical || condition.lasting <= NEXT_ANSWERS;
    let (severity, condition, run) = all.max_by_key(|(severity, condition, _)| {
        (matters(*severity, condition), *severity, std::cmp::Reverse(condition.subject))
    })?;
    let (subject, fine_before) = (condition.subject, !run.from_the_start);
    let (_, value) = watcher.newest(subject)?;
    let matters = matters(severity, condition);
    Some(Unsure { subject, value, since: run.since, answers: run.over, fine_before, matters })
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::facts::Answer;
    use crate::facts::Batch;
    use crate::facts::EngineReport;
    use crate::facts::Number;
    use crate::facts::Points;

    /// The values of some measures at one second.
    pub(crate) type Row<'a> = (i64, &'a [(Measure, Option<f64>)]);

    /// Signals as an engine would bring them.
    pub(crate) fn signals(every: u64, rows: &[Row<'_>]) -> ServiceSignals {
        let mut signals = ServiceSignals::new(Duration::from_secs(every), Duration::from_hours(6));
        let about = Arc::new(EngineReport {
            engine: "test".into(),
            presets: Vec::new(),
            notes: Vec::new(),
            queries: BTreeMap::new(),
            targets: Vec::new(),
            series: (0, 0),
            lag: std::time::Duration::ZERO,
        });
        let points = rows
            .iter()
            .map(|(second, values)| Points {
                at: at(*second),
                answers: values
                    .iter()
                    .map(|(measure, value)| {
                        let known = value.and_then(Number::exact).map(Answer::Known);
                        (*measure, known.unwrap_or_else(|| Answer::NoData("test".into())))
                    })
                    .collect(),
            })
            .collect();
        signals.take(&Batch { points, splits: Vec::new(), changes: Vec::new(), about });
        signals
    }

    /// What follows the default rules over all that the signals hold.
    pub(crate) fn watcher(signals: &ServiceSignals) -> Watcher {
        let mut watcher = Watcher::new(crate::triage::Rules::default(), signals.every());
        watcher.take(signals, &mut { crate::triage::Budget::ALL });
        watcher
    }

    pub(crate) fn at(second: i64) -> At {
        chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn errors(values: &[f64]) -> Vec<Finding> {
        let rows: Vec<_> =
            values.iter().enumerate().map(|(i, v)| (i as i64 * 5, [(Measure::ErrorRate, Some(*v))])).collect();
        let rows: Vec<_> = rows.iter().map(|(s, r)| (*s, r.as_slice())).collect();
        let signals = signals(5, &rows);
        watcher(&signals).findings(&signals, at(values.len() as i64 * 5))
    }

    #[test]
    fn a_finding_needs_two_points_and_says_since_when() {
        for (values, expected) in [
            (&[0.0, 0.0, 0.0][..], None),
            (&[0.0, 0.0, 0.4], None),
            (&[0.0, 0.3, 0.4], None),
            (&[0.0, 0.3, 0.4, 0.4], Some((Severity::Critical, 5, false))),
            (&[0.0, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.4], Some((Severity::Warning, 5, false))),
            (&[0.0, 0.3, 0.0, 0.3, 0.4], Some((Severity::Critical, 5, false))),
            (&[0.3, 0.0, 0.0, 0.3, 0.4, 0.4], Some((Severity::Critical, 15, false))),
            (&[0.3, 0.3], Some((Severity::Critical, 0, true))),
            (&[0.3, 0.3, 0.0, 0.0], Some((Severity::Critical, 0, true))),
        ] {
            let found = errors(values);
            let seen = found.first().map(|f| (f.severity, (f.since - at(0)).num_seconds(), f.from_the_start));
            assert_eq!(seen, expected, "{values:?}");
        }
    }

    #[test]
    fn the_past_of_a_server_has_long_steps_and_its_newest_instant_lies_behind() {
        let errors = |values: &[(i64, Option<f64>)], now: i64| {
            let rows: Vec<_> = values.iter().map(|(second, value)| (*second, [(Measure::ErrorRate, *value)])).collect();
            let rows: Vec<_> = rows.iter().map(|(second, row)| (*second, row.as_slice())).collect();
            let mut signals = signals(5, &rows);
            let about = EngineReport { lag: Duration::from_secs(30), ..(**signals.about().unwrap()).clone() };
            signals.take(&Batch {
                points: Vec::new(),
                splits: Vec::new(),
                changes: Vec::new(),
                about: Arc::new(about),
            });
            let watcher = watcher(&signals);
            let found = watcher.findings(&signals, at(now));
            let unsure = unsure(&watcher, &signals, at(now)).map(|one| one.fine_before);
            (found.first().map(|one| (one.severity, (one.since - at(0)).num_seconds())), unsure)
        };
        for (values, now, expected) in [
            (&[(0, Some(0.0)), (30, Some(0.3)), (60, Some(0.4))][..], 93, Some((Severity::Critical, 30))),
            (&[(0, Some(0.0)), (90, Some(0.3)), (180, Some(0.4))], 213, Some((Severity::Critical, 90))),
            (&[(0, Some(0.0)), (90, Some(0.0)), (180, Some(0.4))], 213, None),
            // A value from before a gap says nothing of now.
            (&[(0, Some(0.4)), (90, None), (180, Some(0.4))], 213, None),
            (&[(0, Some(0.4)), (90, Some(0.4))], 200, None),
        ] {
            assert_eq!(errors(values, now).0, expected, "{values:?}");
        }
        assert_eq!(errors(&[(0, Some(0.0)), (90, Some(0.4))], 120).1, Some(true));
        assert_eq!(errors(&[(0, None), (90, Some(0.4))], 120).1, Some(false));
        assert_eq!(errors(&[(0, Some(0.0)), (90, Some(0.0))], 120).1, None);
    }

    #[test]
    fn a_slow_warning_that_a_short_look_cannot_decide_is_no_reason_to_know_nothing() {
        let matters = |measures: &[(Measure, Option<f64>)]| {
            let rows: Vec<Row<'_>> = (0..3).map(|row| (row * 5, measures)).collect();
            let signals = signals(5, &rows);
            unsure(&watcher(&signals), &signals, at(12)).map(|one| (one.subject, one.fine_before, one.matters))
        };
        let cpu = [(Measure::CpuUsed, Some(3.9)), (Measure::CpuMax, Some(4.0)), (Measure::ErrorRate, Some(0.0))];
        assert_eq!(matters(&cpu), Some((Subject::Cpu, false, false)));
        assert_eq!(matters(&[(Measure::ErrorRate, Some(0.0))]), None);
    }

    #[test]
    fn shares_use_the_limit_of_their_time_and_stale_signals_find_nothing() {
        use Measure::PoolMax;
        use Measure::PoolUsed;
        let rows: &[Row<'_>] = &[
            (0, &[(PoolUsed, Some(50.0)), (PoolMax, Some(100.0))]),
            (5, &[(PoolUsed, Some(100.0)), (PoolMax, Some(100.0))]),
            (10, &[(PoolUsed, Some(100.0)), (PoolMax, Some(100.0))]),
            (15, &[(PoolUsed, Some(100.0)), (PoolMax, Some(100.0))]),
        ];
        let signals = signals(5, rows);
        let watcher = watcher(&signals);
        let found = watcher.findings(&signals, at(17));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].subject, found[0].since), (Subject::DbPool, at(5)));
        assert_eq!(found[0].bound(), "≥ 100 %");
        assert!(watcher.findings(&signals, at(60)).is_empty());
    }
}
