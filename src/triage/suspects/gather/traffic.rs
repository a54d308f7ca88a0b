//! Surges, drops and loops of requests.

use std::sync::Arc;

use crate::facts::Measure;
use crate::facts::Unit;
use crate::signals::ServiceSignals;
use crate::signals::units;
use crate::triage::suspects::Around;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;
use crate::triage::suspects::Role;
use crate::triage::suspects::gather::parts;
use crate::triage::suspects::gather::track;
use crate::triage::suspects::gather::track::Usual;

/// So many times the usual rate is a surge: more than a campaign's mail does on a good day it need not be.
const SURGE: f64 = 1.5;
/// People do not come ten times as many within minutes; requests that beget requests do.
const LOOP: f64 = 10.0;
/// Fewer times will do when one route takes it all.
const ROUTE_LOOP: f64 = 3.0;
/// The share of all requests that is "all".
const ALL_OF_IT: f64 = 0.9;
/// Below that share of the usual rate it is a drop.
const DROP: f64 = 0.5;
/// Requests per second below which a ratio is noise.
const LITTLE: f64 = 1.0;

pub fn candidates(around: &Around<'_>, service: &Arc<str>, signals: &ServiceSignals) -> Vec<Candidate> {
    let Some(usual) = track::usual(around, signals, Measure::RequestRate) else { return Vec::new() };
    more(around, service, signals, usual).into_iter().chain(fewer(around, service, signals, usual)).collect()
}

fn more(around: &Around<'_>, service: &Arc<str>, signals: &ServiceSignals, usual: Usual) -> Option<Candidate> {
    let limit = (usual.middle * SURGE).max(usual.high * 1.2).max(LITTLE);
    let run = track::run(around, signals, Measure::RequestRate, |value, _| value >= limit)?;
    let times = run.most / usual.middle.max(0.1);
    let route = parts::busiest_route(signals).filter(|(_, share)| *share >= ALL_OF_IT);
    let looping = times >= LOOP || (times >= ROUTE_LOOP && route.is_some());
    let kind = if looping { Kind::Loop } else { Kind::Surge };
    let place = Place::Service(Arc::clone(service));
    let many = if times >= 10.0 { format!("{times:.0}") } else { format!("{times:.1}") };
    let name = format!("{service} requests {many} times usual");
    let mut one = Candidate::new(format!("more {service}"), kind, run.since, place, name);
    let shown = |rate| {
        let (figure, unit) = units::parts(rate, Unit::PerSecond);
        format!("{figure} {unit}")
    };
    one.supports.push(format!("{}, usually {}", shown(run.most), shown(usual.middle)));
    if let Some((route, share)) = route {
        one.supports.push(format!("{route} takes {:.0} % of it", share * 100.0));
        one.part = route.to_string();
    }
    if looping && times >= LOOP {
        one.weight = 4.0;
    }
    if !track::with_onset(around, signals, run.since) {
        one.role = Role::Mechanism;
        one.against.push("requests rose after the trouble began: retries do that".to_owned());
    }
    Some(one)
}

fn fewer(around: &Around<'_>, service: &Arc<str>, signals: &ServiceSignals, usual: Usual) -> Option<Candidate> {
    if usual.middle < LITTLE {
        return None;
    }
    let limit = (usual.middle * DROP).min(usual.low * 0.8);
    let run = track::run(around, signals, Measure::RequestRate, |value, _| value <= limit)?;
    let place = Place::Service(Arc::clone(service));
    let share = run.least / usual.middle * 100.0;
    let name = format!("{service} requests at {share:.0} % of usual");
    let mut one = Candidate::new(format!("fewer {service}"), Kind::Drop, run.since, place, name);
    if run.since > around.onset.0 {
        one.weight = 0.3;
        one.against.push("requests fell after the trouble began: people go away".to_owned());
    }
    Some(one)
}
