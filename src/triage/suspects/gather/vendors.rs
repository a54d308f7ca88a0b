//! Providers in trouble as candidates; whether our calls fail says whether it is our trouble too.

use crate::facts::Level;
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
        .any(|signals| signals.now(crate::facts::Measure::CallErrors, around.at).is_some());
    let failing = all.iter().any(outgoing);
    let mut found: Vec<_> = around.vendors.iter().filter_map(|vendor| candidate(around, vendor)).collect();
    for one in &mut found {
        if failing {
            one.weight *= 6.0;
            one.supports.push("outgoing calls fail".to_owned());
        } else if measured {
            one.weight *= 0.3;
            one.against.push("outgoing calls do not fail".to_owned());
        }
    }
    // The provider says it in its own words; that the calls fail is then how it hurts.
    if failing && !found.is_empty() {
        all.iter_mut().filter(|one| outgoing(one)).for_each(|one| one.role = Role::Mechanism);
    }
    all.extend(found);
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
