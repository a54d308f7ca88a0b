//! Restarts, seen in the start time of the youngest process. One that comes with a deploy is part of it.

use std::sync::Arc;

use chrono::DateTime;
use chrono::TimeDelta;

use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Unit;
use crate::signals::ServiceSignals;
use crate::signals::units;
use crate::triage::suspects::Around;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;
use crate::triage::suspects::gather::track;

/// Restarts that far before the onset are another story.
const BACK: TimeDelta = TimeDelta::minutes(30);
/// A deploy replaces its processes within that time after its end.
const WITH_DEPLOY: TimeDelta = TimeDelta::minutes(1);
/// A slow rollout that only tells its end began at most that long before it.
const ROLLOUT: TimeDelta = TimeDelta::minutes(5);
/// Memory above that share of its limit before a restart: it was most likely killed for it.
const NEAR_LIMIT: f64 = 0.9;

/// Adds the restarts near the onset, or tells the deploy that they belong to.
pub fn take_in(around: &Around<'_>, service: &Arc<str>, signals: &ServiceSignals, all: &mut Vec<Candidate>) {
    let starts = starts(around, signals);
    let place = Place::Service(Arc::clone(service));
    let (of_deploys, alone): (Vec<At>, Vec<At>) =
        starts.into_iter().partition(|start| all.iter().any(|one| belongs(one, &place, *start)));
    for deploy in all.iter_mut() {
        if of_deploys.iter().any(|start| belongs(deploy, &place, *start)) {
            deploy.supports.push(format!("processes of {service} began anew with it"));
        }
    }
    let Some(nearest) = alone.iter().min_by_key(|start| (**start - around.onset.0).abs()) else { return };
    let mut one =
        Candidate::new(format!("restart {service}"), Kind::Restart, *nearest, place, format!("{service} restarted"));
    if alone.len() > 1 {
        one.supports.push(format!("{} restarts in {}", alone.len(), units::rough_between(alone[0], around.at)));
    }
    if let Some(share) = memory_before(signals, *nearest).filter(|share| *share >= NEAR_LIMIT) {
        let (figure, unit) = units::parts(share, Unit::Ratio);
        one.weight = 3.0;
        one.supports.push(format!("memory was at {figure} {unit} of its limit before"));
    }
    all.push(one);
}

fn belongs(one: &Candidate, place: &Place, start: At) -> bool {
    let end = if one.running { At::MAX_UTC - WITH_DEPLOY } else { one.until.unwrap_or(one.at).max(one.at) };
    one.kind == Kind::Deploy
        && (one.place == *place || one.place == Place::Unknown)
        && start >= one.at - ROLLOUT
        && start <= end + WITH_DEPLOY
}

/// The instants at which the youngest process changed, from the value itself, which is exact.
fn starts(around: &Around<'_>, signals: &ServiceSignals) -> Vec<At> {
    let Some(track) = signals.track(Measure::Started) else { return resets(around, signals) };
    let mut last = None;
    let mut found = Vec::new();
    for number in track.history.between(around.onset.0 - BACK - ROLLOUT, around.at).filter_map(|point| point.number) {
        if last.is_some_and(|last: f64| number.value > last + 1.0)
            && let Some(start) = DateTime::from_timestamp_millis((number.value * 1_000.0) as i64)
            && start >= around.onset.0 - BACK
        {
            found.push(start);
        }
        last = Some(number.value);
    }
    found
}

/// The instants at which counters began anew; only as exact as the scrapes.
fn resets(around: &Around<'_>, signals: &ServiceSignals) -> Vec<At> {
    let Some(track) = signals.track(Measure::Resets) else { return Vec::new() };
    let points = track.history.between(around.onset.0 - BACK - ROLLOUT, around.at);
    let known: Vec<(At, f64)> = points.filter_map(|point| Some((point.at, point.number?.value))).collect();
    // The window goes on seeing a reset for as long as it is in there.
    known.windows(2).filter(|pair| pair[1].1 > pair[0].1).map(|pair| pair[1].0).collect()
}

fn memory_before(signals: &ServiceSignals, start: At) -> Option<f64> {
    let used = track::value_at(signals, Measure::MemoryUsed, start - TimeDelta::seconds(1))?;
    let limit = signals.answer(Measure::MemoryLimit)?.number()?.value;
    (limit > 0.0).then(|| used / limit)
}
