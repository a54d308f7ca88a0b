//! From the series of a server's answers to the answers of each service at each instant. Pure.
//!
//! A missing point is a gap and never a zero; a ratio without traffic is no ratio; a rate whose series has just begun
//! is warming up; a percentile in the open last bucket is a lower bound.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;

use crate::facts::Answer;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::Points;
use crate::promql::Percentile;
use crate::promql::Row;
use crate::sources::embedded::NO_NUMBER;
use crate::sources::embedded::Plan;
use crate::sources::embedded::hush;
use crate::sources::prometheus::questions::Question;
use crate::sources::prometheus::questions::Questions;
use crate::sources::prometheus::span::Span;
use crate::sources::prometheus::span::millis;

/// The highest finite bound of the buckets of each metric of each service.
pub(super) type Bounds = HashMap<(String, Arc<str>), f64>;

/// The values of one measure of one service, by instant; `Err` with how many series there were at once.
type Column = BTreeMap<i64, Result<f64, usize>>;

/// What came back for one measure of one service.
struct Told {
    column: Column,
    span: Span,
    /// At this value a percentile is a lower bound.
    bound: Option<f64>,
}

/// What is kept in mind of a service from answer to answer.
#[derive(Default, Debug)]
pub(super) struct Kept {
    pub(super) run: Option<Run>,
    /// Measures that nobody misses and that had a number.
    pub(super) seen: BTreeSet<Measure>,
}

/// When the series behind a service's request rate began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The first instant of the series without a gap; `i64::MIN` where it is older than what was asked for.
    since: i64,
    newest: i64,
}

/// What came back for the services, measure by measure.
#[derive(Default)]
pub(super) struct Columns {
    services: BTreeMap<Arc<str>, BTreeMap<Measure, Told>>,
    failed: BTreeMap<(Arc<str>, Measure), Arc<str>>,
}

/// What is needed to make answers of numbers.
pub(super) struct Frame<'f> {
    pub(super) label: &'f str,
    pub(super) bounds: &'f Bounds,
    pub(super) window: Duration,
    /// The newest instant: every measure says something of it.
    pub(super) end: i64,
}

impl Columns {
    /// Takes the answer to a question.
    pub(super) fn take(&mut self, question: &Question, span: Span, rows: &[Row], frame: &Frame<'_>) {
        for service in &question.services {
            let bound = question.percentile.as_ref().and_then(|percentile| bound(percentile, service, frame.bounds));
            let of = self.services.entry(Arc::clone(service)).or_default();
            of.insert(question.measure, Told { column: Column::new(), span, bound });
        }
        for (labels, points) in rows {
            let service = match labels.get(frame.label) {
                Some(name) if question.is_shared() => question.services.get(name),
                _ if question.is_shared() => None,
                _ => question.services.first(),
            };
            let columns = service.and_then(|service| self.services.get_mut(service));
            let Some(told) = columns.and_then(|columns| columns.get_mut(&question.measure)) else { continue };
            let column = &mut told.column;
            for &(at, value) in points {
                let count = match column.get(&at) {
                    None => {
                        column.insert(at, Ok(value));
                        continue;
                    }
                    Some(Ok(_)) => 2,
                    Some(Err(count)) => count + 1,
                };
                column.insert(at, Err(count));
            }
        }
    }

    /// Notes why a question has no answer.
    pub(super) fn fail(&mut self, question: &Question, why: &Arc<str>) {
        for service in &question.services {
            self.failed.insert((Arc::clone(service), question.measure), Arc::clone(why));
        }
    }

    /// The answers of a service, oldest first. `kept` is what is known of it from before.
    pub(super) fn points(&self, service: &Arc<str>, plan: &Plan, kept: &mut Kept, frame: &Frame<'_>) -> Vec<Points> {
        let mut instants: BTreeMap<i64, BTreeMap<Measure, Answer>> = BTreeMap::new();
        let empty = BTreeMap::new();
        let columns = self.services.get(service).unwrap_or(&empty);
        for told in columns.values() {
            for at in told.column.keys() {
                instants.entry(*at).or_default();
            }
        }
        if columns.values().any(|told| told.span.end == frame.end) {
            instants.entry(frame.end).or_default();
        }
        let none: Arc<str> = "the query finds no series".into();
        for (measure, Told { column, span, bound }) in columns {
            for (at, answers) in instants.range_mut(span.start..=span.end) {
                let answer = match column.get(at) {
                    Some(Ok(value)) => known(*value, *bound),
                    Some(Err(count)) => {
                        no_data(&format!("the query gives {count} series; put `sum` or `max` around it"))
                    }
                    // It was not asked for that instant.
                    None if (*at - span.start) % span.step != 0 => continue,
                    None => Answer::NoData(Arc::clone(&none)),
                };
                answers.insert(*measure, answer);
            }
        }
        if let Some(told) = columns.get(&Measure::RequestRate) {
            warm_up(&told.column, told.span, &mut kept.run, frame.window, &mut instants);
        }
        for answers in instants.values_mut() {
            without_traffic(answers);
        }
        for ((_, measure), why) in self.failed.iter().filter(|((name, _), _)| name == service) {
            instants.entry(frame.end).or_default().insert(*measure, Answer::NoData(Arc::clone(why)));
        }
        for answers in instants.values_mut() {
            hush(answers, &plan.own, &mut kept.seen);
        }
        let points = |(at, answers)| Some(Points { at: DateTime::from_timestamp_millis(at)?, answers });
        instants.into_iter().filter_map(points).collect()
    }
}

/// What cannot be had is said of the newest instant.
pub(super) fn say_what_is_absent(
    points: &mut Vec<Points>,
    service: &Arc<str>,
    plan: &Plan,
    questions: &Questions,
    end: i64,
) {
    let planned = plan.absent.iter().map(|absence| (absence.measure, &absence.why));
    let refused = questions.refused.iter().filter(|((name, _), _)| name == service);
    let mut absent = planned.chain(refused.map(|((_, measure), why)| (*measure, why))).peekable();
    let Some(at) = DateTime::from_timestamp_millis(end).filter(|_| absent.peek().is_some()) else { return };
    if points.last().is_none_or(|newest| newest.at < at) {
        points.push(Points { at, answers: BTreeMap::new() });
    }
    if let Some(newest) = points.last_mut() {
        for (measure, why) in absent {
            newest.answers.entry(measure).or_insert_with(|| Answer::NoData(Arc::clone(why)));
        }
    }
}

fn no_data(why: &str) -> Answer {
    Answer::NoData(why.into())
}

fn known(value: f64, bound: Option<f64>) -> Answer {
    match Number::exact(value) {
        Some(number) => {
            let at_least = bound.is_some_and(|bound| value >= bound * (1.0 - 1e-9));
            Answer::Known(Number { at_least, ..number })
        }
        None => no_data(NO_NUMBER),
    }
}

fn bound(percentile: &Percentile, service: &Arc<str>, bounds: &Bounds) -> Option<f64> {
    let of = |metric: &String| bounds.get(&(metric.clone(), Arc::clone(service))).copied();
    percentile.metrics.iter().filter_map(of).reduce(f64::max).map(|bound| bound * percentile.factor)
}

/// A rate is less than the truth while its series is younger than the window.
fn warm_up(
    column: &Column,
    span: Span,
    run: &mut Option<Run>,
    window: Duration,
    instants: &mut BTreeMap<i64, BTreeMap<Measure, Answer>>,
) {
    for at in column.keys() {
        let goes_on = run.filter(|run| at - run.newest <= span.step.saturating_mul(3) / 2);
        let since = match goes_on {
            Some(run) => run.since,
            // It may be older: nothing before was asked for.
            None if run.is_none() && at.abs_diff(span.start) < span.step.unsigned_abs() => i64::MIN,
            None => *at,
        };
        *run = Some(Run { since, newest: *at });
        let left = millis(window).saturating_sub(at.saturating_sub(since));
        if left > 0
            && let Some(answer) = instants.get_mut(at).and_then(|answers| answers.get_mut(&Measure::RequestRate))
            && matches!(answer, Answer::Known(_))
        {
            *answer = Answer::WarmingUp(Duration::from_millis(u64::try_from(left).unwrap_or_default()));
        }
    }
}

/// Ratios and percentiles have no value where nothing was asked.
fn without_traffic(answers: &mut BTreeMap<Measure, Answer>) {
    let idle = answers.get(&Measure::RequestRate).and_then(Answer::number).is_some_and(|rate| rate.value == 0.0);
    for measure in [Measure::ErrorRate, Measure::LatencyP50, Measure::LatencyP95, Measure::LatencyP99] {
        if let Some(answer @ Answer::NoData(_)) = answers.get_mut(&measure)
            && idle
        {
            *answer = Answer::NoTraffic;
        }
    }
}
