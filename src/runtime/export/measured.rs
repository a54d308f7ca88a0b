//! What the signals say of the time of an incident: requests that failed, each signal at its worst, the strips.
//!
//! Only of time for which there are values; how much that is, is told with it.

use chrono::TimeDelta;

use crate::app::App;
use crate::app::ServiceState;
use crate::facts::At;
use crate::facts::ChangeKind;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::Signal;
use crate::incident::What;
use crate::incident::postmortem::Mark;
use crate::incident::postmortem::MarkKind;
use crate::incident::postmortem::Measured;
use crate::incident::postmortem::Peak;
use crate::incident::postmortem::Picture;
use crate::incident::postmortem::Series;
use crate::incident::postmortem::Strip;
use crate::runtime::export::Subject;
use crate::signals::ServiceSignals;
use crate::signals::units;
use crate::triage::Before;
use crate::triage::Course;
use crate::triage::HOLD;
use crate::triage::Subject as About;
use crate::triage::recovery_by;

/// The least time before the onset that a picture shows.
const LEAD: TimeDelta = TimeDelta::minutes(15);

/// The time after the end that it shows.
const TAIL: TimeDelta = TimeDelta::minutes(10);

/// The time of an incident.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub began: At,
    pub over: Option<At>,
    pub now: At,
}

impl Window {
    fn end(self) -> At {
        self.over.unwrap_or(self.now).max(self.began)
    }

    /// What a picture shows: also what was before, and a little after.
    fn shown(self) -> (At, At) {
        let lead = LEAD.max((self.end() - self.began) / 4);
        (self.began - lead, (self.end() + TAIL).min(self.now.max(self.end())))
    }
}

/// What was measured; `None` where nothing is known of the time.
pub(super) fn measured(service: &ServiceState, window: Window) -> Option<Measured> {
    let signals = &service.signals;
    let last = |measure: &Measure| {
        let points = signals.track(*measure)?.history.between(window.began, window.end());
        points.filter(|point| point.number.is_some()).map(|point| point.at).next_back()
    };
    let known_until = Some(Measure::ALL.iter().filter_map(last).max()?);
    let (failed, covered) = failed(signals, window);
    // A while after the end is looked at too: the last repair shows there.
    let recovery = recovery_by(signals, service.watcher.rules(), window.began, window.shown().1, HOLD);
    Some(Measured {
        failed,
        covered,
        peaks: recovery.subjects.iter().filter_map(peak).collect(),
        back_since: recovery.back_since,
        known_until,
    })
}

/// Requests that failed, all requests, and of what part of the time that is known.
fn failed(signals: &ServiceSignals, window: Window) -> (Option<(f64, f64)>, f64) {
    let (Some(rate), Some(errors)) = (signals.track(Measure::RequestRate), signals.track(Measure::ErrorRate)) else {
        return (None, 0.0);
    };
    let patience = TimeDelta::from_std(signals.every() * 3).unwrap_or(TimeDelta::MAX);
    let (mut sum, mut known) = ((0.0, 0.0), 0.0);
    let points: Vec<_> = rate.history.between(window.began, window.end()).collect();
    let mut usual = TimeDelta::zero();
    for pair in points.windows(2) {
        let step = pair[1].at - pair[0].at;
        let is_gap = usual > TimeDelta::zero() && step > patience.max(usual * 2);
        let (Some(rate), false) = (pair[0].number, is_gap) else { continue };
        usual = step;
        let seconds = step.as_seconds_f64();
        let share = errors.history.number_at(pair[0].at, signals.every()).map(|(_, share)| share.value);
        // Without requests there is no share of them, and nothing failed.
        let Some(share) = share.or_else(|| (rate.value == 0.0).then_some(0.0)) else { continue };
        sum.0 += rate.value * share * seconds;
        sum.1 += rate.value * seconds;
        known += seconds;
    }
    let all = (window.end() - window.began).as_seconds_f64();
    let covered = if all > 0.0 { (known / all).min(1.0) } else { 0.0 };
    ((known > 0.0).then_some(sum), covered)
}

fn peak(course: &Course) -> Option<Peak> {
    let (at, worst) = course.worst?;
    let shown = |value: f64| units::shown(Number { value, at_least: false }, course.subject.unit());
    let before = match course.before {
        Before::Usual { middle, .. } => shown(middle),
        Before::Limit(_) => String::new(),
    };
    Some(Peak { what: course.name(), before, worst: shown(worst), at })
}

/// The strips; `None` where there is nothing to draw.
pub(super) fn picture(app: &App, service: &ServiceState, subject: &Subject, window: Window) -> Option<Picture> {
    let (from, to) = window.shown();
    let strips: Vec<Strip> = Signal::ALL.into_iter().filter_map(|signal| strip(service, signal, from, to)).collect();
    if strips.is_empty() {
        return None;
    }
    let mut marks = vec![Mark { at: window.began, kind: MarkKind::Onset, text: "it began".to_owned() }];
    let changes = app.changes().iter().filter(|change| change.kind != ChangeKind::Note);
    marks.extend(changes.filter(|change| change.at() >= from && change.at() <= to).map(|change| Mark {
        at: change.at(),
        kind: MarkKind::Change,
        text: format!("{} {}", change.kind.word(), change.name()),
    }));
    marks.extend(own_marks(subject));
    let title = format!("{}, {}", service.name, window.began.format("%Y-%m-%d"));
    Some(Picture { title, from, to, strips, marks })
}

/// What the journal has that belongs on the axis.
fn own_marks(subject: &Subject) -> Vec<Mark> {
    let mut acknowledged = false;
    let mut updated = false;
    let mark = |entry: &crate::incident::Entry| {
        let first = |done: &mut bool| !std::mem::replace(done, true);
        let (kind, text) = match &entry.what {
            What::Opened { .. } => (MarkKind::Person, "opened".to_owned()),
            What::Acknowledged { .. } if first(&mut acknowledged) => {
                (MarkKind::Person, format!("acknowledged by {}", entry.who))
            }
            What::Ticked { item, .. } if item == "ack" && first(&mut acknowledged) => {
                (MarkKind::Person, format!("acknowledged by {}", entry.who))
            }
            What::Sent { to, .. } if first(&mut updated) => (MarkKind::Person, format!("first update sent to {to}")),
            What::Fixed { text } => (MarkKind::Person, format!("fix: {}", text.lines().next().unwrap_or_default())),
            What::Normal { .. } => (MarkKind::End, "as before".to_owned()),
            What::Resolved => (MarkKind::End, "resolved".to_owned()),
            What::Reopened => (MarkKind::Onset, "reopened".to_owned()),
            _ => return None,
        };
        let at = match entry.what {
            What::Normal { since } => since,
            _ => entry.at,
        };
        Some(Mark { at, kind, text })
    };
    subject.incident.entries().filter_map(mark).collect()
}

fn strip(service: &ServiceState, signal: Signal, from: At, to: At) -> Option<Strip> {
    let measures: &[(Measure, &str)] = match signal {
        Signal::RequestRate => &[(Measure::RequestRate, "")],
        Signal::ErrorRate => &[(Measure::ErrorRate, "")],
        Signal::Latency => &[(Measure::LatencyP95, "p95"), (Measure::LatencyP50, "p50")],
        Signal::DbPool => &[(Measure::PoolUsed, "in use"), (Measure::PoolMax, "limit")],
        Signal::Memory => &[(Measure::MemoryUsed, "in use"), (Measure::MemoryLimit, "limit")],
        Signal::Cpu => &[(Measure::CpuUsed, "in use"), (Measure::CpuMax, "limit")],
        Signal::Disk => &[(Measure::Disk, "")],
        Signal::Calls => &[(Measure::CallErrors, "")],
        Signal::Database => &[(Measure::DbLatency, "")],
    };
    let signals = &service.signals;
    let series = measures.iter().filter_map(|(measure, label)| {
        let history = &signals.track(*measure)?.history;
        let points = history.between(from, to).map(|point| (point.at, point.number.map(|number| number.value)));
        let points: Vec<(At, Option<f64>)> = points.collect();
        points.iter().any(|(_, value)| value.is_some()).then(|| Series { label: (*label).to_owned(), points })
    });
    let series: Vec<Series> = series.collect();
    if series.is_empty() {
        return None;
    }
    let about = match signal {
        Signal::ErrorRate => Some(About::ErrorRate),
        Signal::Latency => Some(About::LatencyP95),
        Signal::Disk => Some(About::Disk),
        Signal::Calls => Some(About::CallErrors),
        Signal::Database => Some(About::DbLatency),
        // Of the others the limits are shares, and the strips are not.
        _ => None,
    };
    let limit = about.and_then(|about| service.watcher.rules().limit(about).critical);
    let unit = measures[0].0.unit();
    Some(Strip { title: signal.title().to_owned(), unit, series, limit, every: signals.every() })
}
