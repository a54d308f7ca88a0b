//! One measure around an onset: what was usual before it, and since when a condition holds.

use chrono::TimeDelta;

use crate::facts::At;
use crate::facts::Measure;
use crate::signals::ServiceSignals;
use crate::triage::suspects::Around;

/// What is looked at as usual: long enough to know the noise, short enough that the daily curve is flat.
const BEFORE: TimeDelta = TimeDelta::hours(1);
/// The onset may be dated late, so its last minutes are not usual.
const APART: TimeDelta = TimeDelta::minutes(2);
/// Fewer points say nothing.
const FEW: usize = 6;
/// What began longer before the onset than this is told to have begun then.
const BACK: TimeDelta = TimeDelta::minutes(30);
/// What ended longer before the onset than this did not do it.
const OVER: TimeDelta = TimeDelta::seconds(60);

/// What a measure was in the hour before the onset.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Usual {
    pub middle: f64,
    pub low: f64,
    pub high: f64,
}

/// A time in which a condition held.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Run {
    pub since: At,
    /// The value farthest from usual, upwards.
    pub most: f64,
    /// And downwards.
    pub least: f64,
}

/// What was usual; `None` where too little is known.
pub fn usual(around: &Around<'_>, signals: &ServiceSignals, measure: Measure) -> Option<Usual> {
    let history = &signals.track(measure)?.history;
    let end = around.onset.0 - APART;
    let mut values: Vec<f64> =
        history.between(end - BEFORE, end).filter_map(|point| point.number).map(|number| number.value).collect();
    if values.len() < FEW {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((share * (values.len() - 1) as f64).round() as usize).copied();
    // A single odd point in fifty does not widen what is usual.
    Some(Usual { middle: at(0.5)?, low: at(0.02)?, high: at(0.98)? })
}

/// The time around the onset in which `holds`; two points at least, and one that does not is bridged.
pub fn run(
    around: &Around<'_>,
    signals: &ServiceSignals,
    measure: Measure,
    holds: impl Fn(f64, At) -> bool,
) -> Option<Run> {
    let history = &signals.track(measure)?.history;
    let mut open: Option<(Run, At, usize)> = None;
    let mut missed = 0;
    for point in history.between(around.onset.0 - BACK, around.at) {
        let Some(value) = point.number.map(|number| number.value) else { continue };
        if holds(value, point.at) {
            missed = 0;
            let (run, last, count) =
                open.get_or_insert((Run { since: point.at, most: value, least: value }, point.at, 0));
            run.most = run.most.max(value);
            run.least = run.least.min(value);
            (*last, *count) = (point.at, *count + 1);
            continue;
        }
        missed += 1;
        let near = open.is_some_and(|(_, last, count)| count >= 2 && last >= around.onset.0 - OVER);
        if missed >= 2 && near {
            break;
        }
        if missed >= 2 || open.is_some_and(|(_, _, count)| count < 2) {
            open = None;
        }
    }
    open.filter(|(_, last, count)| *count >= 2 && *last >= around.onset.0 - OVER).map(|(run, _, _)| run)
}

/// The number of a measure at an instant, or the newest before it within two minutes.
pub fn value_at(signals: &ServiceSignals, measure: Measure, at: At) -> Option<f64> {
    let history = &signals.track(measure)?.history;
    history.between(at - TimeDelta::minutes(2), at).rev().find_map(|point| point.number).map(|number| number.value)
}

/// Whether something that was first seen at `since` came with or before the onset, as far as that can be told.
pub fn with_onset(around: &Around<'_>, signals: &ServiceSignals, since: At) -> bool {
    let step = TimeDelta::from_std(signals.every()).unwrap_or_default();
    since <= around.onset_end() + step + TimeDelta::seconds(15)
}
