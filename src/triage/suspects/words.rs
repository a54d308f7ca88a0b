//! What speaks for a suspect and what against it, in short plain words that state facts and times, never a cause.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::facts::At;
use crate::signals::units;
use crate::triage::suspects::Anchor;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Case;
use crate::triage::suspects::Distance;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;
use crate::triage::suspects::chance::Chance;
use crate::triage::suspects::weights;
use crate::triage::suspects::whereabouts::Whereabouts;

/// What the words are made from.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    pub case: &'a Case<'a>,
    pub places: &'a Whereabouts<'a>,
    pub chance: &'a Chance<'a>,
    pub onset: At,
}

/// A change that came longer before than this is told as a doubt.
const LONG: TimeDelta = TimeDelta::minutes(15);
/// So many changes in an hour make each of them say less.
const CROWD: f64 = 5.0;

/// How a place lies to what hurts, and which hurting service it was measured to.
pub fn distance<'a>(sight: &Sight<'a>, place: &Place) -> (Distance, Option<&'a str>) {
    let Some(service) = place.service() else { return (Distance::Unknown, None) };
    let calls = sight.case.calls;
    let hurts: BTreeSet<&'a str> = sight.places.hurt().collect();
    if let Some(hurt) = hurts.get(service) {
        return (Distance::Here, Some(hurt));
    }
    // One walk from the place to all that hurt: walks from each of them would be as many as services hurt.
    let nearest = |way: Vec<(&str, usize)>| {
        let met = way.into_iter().filter_map(|(other, steps)| Some((steps, *hurts.get(other)?)));
        met.min()
    };
    if let Some((steps, hurt)) = nearest(calls.upstream(service, weights::REACH)) {
        return (Distance::Called(steps), Some(hurt));
    }
    match nearest(calls.downstream(service, weights::REACH)) {
        Some((steps, hurt)) => (Distance::Calls(steps), Some(hurt)),
        None => (Distance::Elsewhere, None),
    }
}

/// What speaks for and against, of time, place and custom.
pub fn evidence(
    sight: &Sight<'_>,
    one: &Candidate,
    anchor: Anchor,
    before: TimeDelta,
    distance: Distance,
    hurt: Option<&str>,
) -> (Vec<String>, Vec<String>) {
    let (mut supports, mut against) = (Vec::new(), Vec::new());
    let late = before < TimeDelta::zero() && one.kind != Kind::Provider;
    let when = timing(one, anchor, before);
    let side = if late || before > LONG { &mut against } else { &mut supports };
    side.push(when);
    let service = one.place.service().unwrap_or_default();
    let hurt = hurt.unwrap_or_default();
    match distance {
        Distance::Here => supports.push(format!("{service} hurts itself")),
        Distance::Called(1) => supports.push(format!("{hurt} calls {service}")),
        Distance::Called(steps) => supports.push(format!("{hurt} calls {service} over {steps} steps")),
        Distance::Calls(_) => against.push(format!("{service} calls {hurt}, not the other way round")),
        Distance::Unknown if matches!(one.kind, Kind::Provider | Kind::Clock) => {}
        Distance::Unknown => against.push("nobody says where".to_owned()),
        Distance::Elsewhere if sight.case.calls.is_empty() => against.push(format!("{service} shows no symptom")),
        Distance::Elsewhere => against.push(format!("no known way between {service} and what hurts")),
    }
    let again = sight.chance.again(one);
    if again >= weights::ROUTINE {
        against.push(format!("same minute in {again} other hours"));
    }
    let crowd = sight.chance.per_hour();
    if crowd >= CROWD && one.role == crate::triage::suspects::Role::Change {
        against.push(format!("one of {crowd:.0} changes an hour"));
    }
    (supports, against)
}

/// `finished 5m18s before`, `began 40s after`.
#[must_use]
pub fn timing(one: &Candidate, anchor: Anchor, before: TimeDelta) -> String {
    let verb = match one.kind {
        // What was still rolled out when it began is told by its start.
        Kind::Deploy if one.running || one.until.is_some() => "began",
        Kind::Deploy => "finished",
        Kind::Config => "changed",
        Kind::Flag => "switched",
        Kind::Scale => "scaled",
        Kind::Provider => "reported",
        // Its name says it.
        Kind::Restart => "",
        _ => "began",
    };
    let distance = units::age(before.abs().to_std().unwrap_or_default());
    let side = if before < TimeDelta::zero() { "after" } else { "before" };
    let of = if anchor == Anchor::Climb { " the climb began" } else { "" };
    if before.abs() < TimeDelta::seconds(1) {
        let of = if of.is_empty() { "" } else { " as the climb" };
        return format!("{verb} in the same second{of}").trim_start().to_owned();
    }
    format!("{verb} {distance} {side}{of}").trim_start().to_owned()
}
