//! How often does such a change come by chance? Learnt from the list of changes of the case: the more of them go by,
//! the less a near one says.

use std::collections::BTreeMap;

use chrono::Timelike as _;

use crate::triage::suspects::Candidate;
use crate::triage::suspects::Case;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Role;
use crate::triage::suspects::moments::seconds;
use crate::triage::suspects::weights;

type Slot<'a> = (Kind, Option<&'a str>, u32);

/// The changes of a case, counted.
#[derive(Clone, PartialEq, Debug)]
pub struct Chance<'a> {
    all: f64,
    span: f64,
    services: f64,
    kinds: BTreeMap<Kind, f64>,
    places: BTreeMap<Option<&'a str>, f64>,
    slots: BTreeMap<Slot<'a>, usize>,
}

impl<'a> Chance<'a> {
    /// Counts the changes of the case, in a world of so many services.
    pub fn of(case: &Case<'a>, services: usize) -> Self {
        let mut chance = Self {
            all: 0.0,
            span: case.reach.map_or(0.0, |reach| reach.as_secs_f64()).max(weights::SHORTEST_LIST),
            services: services as f64,
            kinds: BTreeMap::new(),
            places: BTreeMap::new(),
            slots: BTreeMap::new(),
        };
        for one in case.candidates.iter().filter(|one| recorded(one)) {
            chance.all += 1.0;
            chance.span = chance.span.max(seconds(one.at, case.as_of));
            *chance.kinds.entry(one.kind).or_default() += 1.0;
            *chance.places.entry(one.place.service()).or_default() += 1.0;
            *chance.slots.entry(slot(one)).or_default() += 1;
        }
        chance
    }

    /// Such candidates per second, the one in question not counted.
    pub fn rate(&self, one: &Candidate) -> f64 {
        let (_, usual) = weights::shares(one.kind);
        let nameless = if one.place.service().is_some() { 1.0 - weights::NAMELESS } else { weights::NAMELESS };
        let place = if one.place.service().is_some() { nameless / self.services } else { nameless };
        if !recorded(one) {
            let every = if one.kind == Kind::Clock { weights::DAY } else { weights::SEEN_BY_CHANCE };
            return usual * place / every;
        }
        let others = (self.all - 1.0).max(0.0);
        let kind = (self.kinds.get(&one.kind).copied().unwrap_or(1.0) - 1.0 + weights::KIND_PRIOR * usual)
            / (others + weights::KIND_PRIOR);
        let prior = weights::PLACE_PRIOR * self.services;
        let place =
            (self.places.get(&one.place.service()).copied().unwrap_or(1.0) - 1.0 + prior * place) / (others + prior);
        let rate = (others + 1.0) / self.span * kind * place;
        // What comes at that minute of the hour again and again was bound to come at it this time too.
        let again = self.again(one);
        if again >= weights::ROUTINE { rate + (again + 1) as f64 / self.span.max(60.0) * 30.0 } else { rate }
    }

    /// How many others of the kind came to the same place at the same minute of an hour.
    pub fn again(&self, one: &Candidate) -> usize {
        if one.kind == Kind::Job { self.slots.get(&slot(one)).map_or(0, |count| count.saturating_sub(1)) } else { 0 }
    }

    /// How many recorded changes there are in an hour.
    pub fn per_hour(&self) -> f64 {
        self.all / self.span * 3_600.0
    }
}

/// Whether the candidate is on a list that tells how often such things come.
fn recorded(one: &Candidate) -> bool {
    one.role == Role::Change || one.kind == Kind::Provider
}

fn slot(one: &Candidate) -> Slot<'_> {
    (one.kind, one.place.service(), one.at.minute())
}
