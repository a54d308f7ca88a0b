//! Providers in trouble as candidates; whether our calls fail says whether it is our trouble too.

use crate::facts::Level;
use crate::facts::Measure;
use crate::signals::ServiceSignals;
use crate::triage::Vendor;
use crate::triage::suspects::Around;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;
use crate::triage::suspects::Role;

/// Adds the providers that say they are in trouble.
pub fn take_in(around: &Around<'_>, all: &mut Vec<Candidate>) {
    let measured = around
        .services
        .iter()
        .filter_map(|known| known.signals)
        .any(|signals| signals.now(Measure::CallErrors, around.at).is_some());
    for one in all.iter_mut().filter(|one| outgoing(one) && is_ours(around, one)) {
        one.role = Role::Mechanism;
        one.supports.push("a service of ours that it calls fails itself".to_owned());
    }
    let failing = all.iter().any(|one| outgoing(one) && one.role == Role::Event);
    if failing {
        doubt_what_changed_here(around, all);
    }
    let since = all.iter().filter(|one| outgoing(one)).map(|one| one.at).min();
    let mut found: Vec<_> = around.vendors.iter().filter_map(|vendor| candidate(around, vendor)).collect();
    let mut told = false;
    for one in &mut found {
        if failing && since.is_some_and(|since| one.at >= since - LONG_BEFORE) {
            told = true;
            one.weight *= 6.0;
            one.supports.push("outgoing calls fail".to_owned());
        } else if failing {
            one.weight *= 0.3;
            one.against.push("outgoing calls did not fail when it began".to_owned());
        } else if measured {
            one.weight *= 0.3;
            one.against.push("outgoing calls do not fail".to_owned());
        }
    }
    // The provider says it in its own words; that the calls fail is then how it hurts.
    if told {
        all.iter_mut().filter(|one| outgoing(one)).for_each(|one| one.role = Role::Mechanism);
    }
    all.extend(found);
}

/// A provider that was in trouble so long before our calls began to fail was so without hurting us.
const LONG_BEFORE: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// Calls fail because a service of the team fails that it calls: then the trouble begins there, not outside.
fn is_ours(around: &Around<'_>, calls: &Candidate) -> bool {
    let others = around.services.iter().filter(|known| calls.place.service() != Some(&**known.name));
    let errors = |signals: &ServiceSignals| signals.now(Measure::ErrorRate, around.at).map_or(0.0, |now| now.value);
    others.filter_map(|known| known.signals).any(|signals| errors(signals) >= FAILS)
}

/// A service of ours that fails so many of its requests fails its callers too.
const FAILS: f64 = 0.05;

/// Where the calls to others fail from the beginning, what changed here is seldom behind it: a change breaks our own
/// work far more often than what others answer. What changed at others is not doubted.
fn doubt_what_changed_here(around: &Around<'_>, all: &mut [Candidate]) {
    let here = |one: &Candidate| one.place.service().is_none_or(|service| service == around.about);
    let begins = |one: &&mut Candidate| one.role == Role::Change && one.kind != Kind::Job;
    for one in all.iter_mut().filter(begins).filter(|one| here(one)) {
        one.weight *= 0.2;
        one.against.push("what fails are the calls to others".to_owned());
    }
}

fn outgoing(one: &Candidate) -> bool {
    one.kind == Kind::Calls || (one.kind == Kind::RateLimited && one.role == Role::Event)
}

fn candidate(around: &Around<'_>, vendor: &Vendor) -> Option<Candidate> {
    let status = vendor.status.as_ref()?;
    let weight = match status.level {
        Level::Operational | Level::Unknown => return None,
        Level::Maintenance => 0.5,
        Level::Degraded => 1.0,
        Level::PartialOutage => 1.5,
        Level::MajorOutage => 2.0,
    };
    let began = status.notices.iter().map(|notice| notice.started).min();
    let since = match (status.since, began) {
        (Some(since), Some(began)) => Some(since.min(began)),
        (since, began) => since.or(began),
    };
    let at = since.unwrap_or(around.onset.0).min(around.at);
    let name = format!("{}: {}", vendor.name, status.level.word());
    let mut one = Candidate::new(format!("vendor {}", vendor.name), Kind::Provider, at, Place::Unknown, name);
    one.running = true;
    one.part.clone_from(&vendor.name);
    one.weight = weight;
    if since.is_none() {
        one.weight *= 0.5;
        one.against.push("it does not say since when".to_owned());
    }
    let bad = |level| matches!(level, Level::Degraded | Level::PartialOutage | Level::MajorOutage);
    let hit: Vec<_> = status.components.iter().filter(|component| bad(component.level)).collect();
    if let Some(first) = hit.first() {
        let more = if hit.len() > 1 { format!(" and {} more", hit.len() - 1) } else { String::new() };
        one.supports.push(format!("{}: {}{more}", first.name, first.level.word()));
    }
    Some(one)
}
