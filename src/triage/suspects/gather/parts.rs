//! One instance of several that is bad, one route that takes it all: from measures that were taken apart.

use std::sync::Arc;

use crate::facts::Measure;
use crate::facts::Part;
use crate::facts::Split;
use crate::signals::ServiceSignals;
use crate::signals::units;
use crate::triage::suspects::Around;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;

/// Words in the name of a label that tells instances apart.
const INSTANCES: [&str; 6] = ["instance", "pod", "host", "node", "container", "task"];
/// Words in the name of a label that tells routes apart.
const ROUTES: [&str; 6] = ["route", "path", "handler", "endpoint", "uri", "operation"];
/// What makes one instance bad: the measure, from which value on, and how many times that of the others.
const BAD: [(Measure, f64, f64); 2] = [(Measure::ErrorRate, 0.05, 5.0), (Measure::LatencyP95, 0.5, 5.0)];
/// A part that has most of it.
const MOST: f64 = 0.6;

pub fn candidates(around: &Around<'_>, service: &Arc<str>, signals: &ServiceSignals) -> Vec<Candidate> {
    let bad = |(measure, least, times)| bad_instance(around, service, signals, measure, least, times);
    BAD.into_iter().find_map(bad).into_iter().collect()
}

/// One of several whose requests fail, or that is slow, while the others do well.
fn bad_instance(
    around: &Around<'_>,
    service: &Arc<str>,
    signals: &ServiceSignals,
    measure: Measure,
    least: f64,
    times: f64,
) -> Option<Candidate> {
    let split = of(signals, measure, &INSTANCES)?;
    let worst = split.parts.iter().max_by(|a, b| a.value.total_cmp(&b.value))?;
    let others = split.parts.iter().filter(|part| part.name != worst.name).map(|part| part.value).fold(0.0, f64::max);
    if split.count < 2 || split.parts.len() < 2 || worst.value < least || worst.value < others * times {
        return None;
    }
    let name = format!("{} of {service}, 1 of {}", worst.name, split.count);
    let place = Place::Service(Arc::clone(service));
    let mut one = Candidate::new(format!("instance {service}"), Kind::Instance, around.onset.0, place, name);
    let shown = |value| {
        let (figure, unit) = units::parts(value, measure.unit());
        format!("{figure} {unit}")
    };
    one.part = worst.name.to_string();
    let (worst, others) = (shown(worst.value), shown(others));
    one.supports.push(match measure {
        Measure::ErrorRate => format!("fails {worst} of its requests, the others at most {others}"),
        _ => format!("has a p95 of {worst}, the others at most {others}"),
    });
    Some(one)
}

/// The route with the most requests, and its share of all.
pub fn busiest_route(signals: &ServiceSignals) -> Option<(&Arc<str>, f64)> {
    let split = signals.splits().iter().find(|split| has(split, &ROUTES))?;
    let busiest = split.parts.iter().max_by(|a, b| a.share.total_cmp(&b.share))?;
    (split.count > 1).then_some((&busiest.name, busiest.share))
}

/// The part that has most of what a share counts, and how much of it.
pub fn most_of(signals: &ServiceSignals, measure: Measure) -> Option<(&Arc<str>, f64)> {
    let split = signals.splits().iter().find(|split| split.measure == measure && split.count > 1)?;
    let weight = |part: &Part| part.value * part.share;
    let all: f64 = split.parts.iter().map(weight).sum();
    let first = split.parts.iter().max_by(|a, b| weight(a).total_cmp(&weight(b)))?;
    let share = weight(first) / all;
    (share >= MOST).then_some((&first.name, share))
}

fn of<'a>(signals: &'a ServiceSignals, measure: Measure, words: &[&str]) -> Option<&'a Split> {
    signals.splits().iter().find(|split| split.measure == measure && has(split, words))
}

fn has(split: &Split, words: &[&str]) -> bool {
    words.iter().any(|word| split.label.to_ascii_lowercase().contains(word))
}
