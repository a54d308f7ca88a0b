//! The [`Ranking`] of the candidates of a [`Case`].

use std::time::Duration;

use chrono::TimeDelta;

use crate::facts::At;
use crate::triage::onset::Symptom;
use crate::triage::suspects::CallGraph;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Climb;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;
use crate::triage::suspects::Role;
use crate::triage::suspects::chance::Chance;
use crate::triage::suspects::moments::Moments;
use crate::triage::suspects::moments::seconds;
use crate::triage::suspects::weights;
use crate::triage::suspects::whereabouts::Whereabouts;
use crate::triage::suspects::words;

/// Everything that a ranking is made from.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Now.
    pub as_of: At,
    /// When it began and give or take what, if the caller knows; else it is found from the symptoms.
    pub onset: Option<(At, Duration)>,
    /// The slow climb beside it (a leak).
    pub climb: Option<Climb>,
    /// The service in question, which hurts for certain.
    pub about: Option<&'a str>,
    /// How far back the lists of changes reach; `None`: as far as the oldest candidate.
    pub reach: Option<Duration>,
    /// What left its usual range.
    pub symptoms: &'a [Symptom],
    /// Who calls whom.
    pub calls: &'a CallGraph,
    /// What may lie behind it.
    pub candidates: &'a [Candidate],
}

/// How a candidate's place lies to what hurts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Distance {
    /// It hurts itself.
    Here,
    /// What hurts calls it, in so many steps.
    Called(usize),
    /// It calls what hurts, in so many steps.
    Calls(usize),
    /// Nobody says where it was.
    Unknown,
    /// No way is known between them.
    Elsewhere,
}

/// To which beginning a distance in time is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// When it began to hurt.
    Onset,
    /// When the slow climb began.
    Climb,
}

/// A candidate with its odds, its distances, and what speaks for and against it.
#[derive(Clone, PartialEq, Debug)]
pub struct Suspect {
    /// What it is.
    pub candidate: Candidate,
    /// How likely it is this one, 0 to 1, if the list and the model are to be believed. For the order, not for print.
    pub score: f64,
    /// Which beginning it is measured to.
    pub anchor: Anchor,
    /// That beginning minus the instant of the candidate; negative when the candidate came after.
    pub before: TimeDelta,
    /// How far from what hurts.
    pub distance: Distance,
    /// What speaks for it, in short plain words.
    pub supports: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
}

/// All suspects, and whether the first one is worth to be named.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Ranking {
    /// Best first; all that were considered, so that "next" can be shown even when nothing fits.
    pub suspects: Vec<Suspect>,
    /// False: nothing fits; it is likelier that none of them is it.
    pub fits: bool,
    /// How likely it is none of them, 0 to 1.
    pub none: f64,
}

impl Ranking {
    /// The first suspect, if anything fits.
    #[must_use]
    pub fn first(&self) -> Option<&Suspect> {
        self.suspects.first().filter(|_| self.fits)
    }

    /// The same, if it is more than the way in which the trouble hurts: something that can have begun it.
    #[must_use]
    pub fn named(&self) -> Option<&Suspect> {
        self.first().filter(|first| first.candidate.role != Role::Mechanism)
    }
}

/// Ranks the candidates of a case. Without an onset and without symptoms there is no trouble, and nothing fits.
#[must_use]
pub fn rank(case: &Case<'_>) -> Ranking {
    let moments = Moments::of(case);
    let climb = case.climb.map(|climb| Moments::of_climb(case.as_of, &climb));
    let places = Whereabouts::of(case, &moments.belongs);
    let chance = Chance::of(case, places.count());
    let mut weighed: Vec<Weighed<'_>> = case
        .candidates
        .iter()
        .map(|candidate| {
            let (agrees, anchor) = agreement(case, candidate, &moments, climb.as_ref());
            let (guilty, _) = weights::shares(candidate.kind);
            let odds = agrees * guilty * place_share(candidate, &places) * candidate.weight / chance.rate(candidate);
            Weighed { candidate, odds: if odds.is_finite() { odds.max(0.0) } else { 0.0 }, anchor }
        })
        .collect();
    below_what_fits(&mut weighed);
    weighed.sort_by(|a, b| b.odds.total_cmp(&a.odds).then_with(|| b.candidate.at.cmp(&a.candidate.at)));
    let sum: f64 = weighed.iter().map(|one| one.odds).sum();
    let trouble = case.onset.is_some() || !case.symptoms.is_empty();
    let none = if trouble { none_of_them(sum) } else { 1.0 };
    let sight = words::Sight { case, places: &places, chance: &chance, onset: moments.peak };
    let suspects = weighed
        .into_iter()
        .map(|one| {
            let score = if sum > 0.0 { (1.0 - none) * one.odds / sum } else { 0.0 };
            suspect(&sight, &one, score)
        })
        .collect::<Vec<_>>();
    Ranking { fits: none <= weights::NOTHING_FITS && !suspects.is_empty(), none, suspects }
}

struct Weighed<'a> {
    candidate: &'a Candidate,
    odds: f64,
    anchor: Anchor,
}

fn none_of_them(odds: f64) -> f64 {
    weights::NO_RECORD / (1.0 - weights::NO_RECORD).mul_add(odds, weights::NO_RECORD)
}

/// A full pool follows from a leak that a deploy brought: where a change or an event fits without the mechanisms,
/// these tell how it hurts and stand below it.
fn below_what_fits(weighed: &mut [Weighed<'_>]) {
    let begins = |one: &&Weighed<'_>| one.candidate.role != Role::Mechanism;
    let sum: f64 = weighed.iter().filter(begins).map(|one| one.odds).sum();
    if none_of_them(sum) > weights::NOTHING_FITS {
        return;
    }
    let best = weighed.iter().filter(begins).map(|one| one.odds).fold(0.0, f64::max);
    for one in weighed.iter_mut().filter(|one| one.candidate.role == Role::Mechanism) {
        one.odds = one.odds.min(best / 2.0);
    }
}

/// The density, per second, with which a candidate that began it comes that long before it; by the better of the two
/// beginnings.
fn agreement(case: &Case<'_>, candidate: &Candidate, moments: &Moments, climb: Option<&Moments>) -> (f64, Anchor) {
    let lasts = lasts(case, candidate);
    let density = |lead: f64| density(candidate, lasts, lead);
    let onset = moments.mean(case.as_of, candidate.at, density);
    let climbs = climb.map_or(0.0, |climb| climb.mean(case.as_of, candidate.at, density));
    let late = candidate.role == Role::Change
        && case
            .onset
            .is_some_and(|(onset, within)| seconds(onset, candidate.at) > within.as_secs_f64() + weights::TOO_LATE);
    let (onset, climbs) = if late { (onset * weights::OUT_OF_TIME, 0.0) } else { (onset, climbs) };
    // What climbed to its limit hurts when it is there, whatever was changed just then.
    let onset = if case.climb.is_some_and(|climb| climb.led) { onset * weights::BESIDE_A_CLIMB } else { onset };
    if climbs > onset { (climbs, Anchor::Climb) } else { (onset, Anchor::Onset) }
}

/// For what lasts, how long; at least a minute.
fn lasts(case: &Case<'_>, candidate: &Candidate) -> Option<f64> {
    let until = candidate.until.or(candidate.running.then_some(case.as_of))?;
    Some(seconds(candidate.at, until).max(60.0))
}

fn density(candidate: &Candidate, lasts: Option<f64>, lead: f64) -> f64 {
    match candidate.role {
        Role::Event if candidate.kind == Kind::Provider => {
            let share = weights::PROVIDER_LATE_SHARE;
            if lead < 0.0 {
                share * falling(-lead, weights::PROVIDER_LATE)
            } else {
                (1.0 - share) * during(after(candidate.kind, lead), lasts, lead)
            }
        }
        Role::Event | Role::Mechanism => both_sides(lead, weights::together(candidate.kind)),
        Role::Change if lead < 0.0 => weights::LATE_SHARE * falling(-lead, weights::LATE),
        Role::Change => (1.0 - weights::LATE_SHARE) * during(after(candidate.kind, lead), lasts, lead),
    }
}

fn after(kind: Kind, lead: f64) -> f64 {
    let slow = weights::slow_share(kind);
    (1.0 - slow) * falling(lead, weights::QUICK) + slow * falling(lead, weights::SLOW)
}

fn during(began: f64, lasts: Option<f64>, lead: f64) -> f64 {
    let Some(lasts) = lasts else { return began };
    let within = if lead <= lasts { 1.0 / lasts } else { 0.0 };
    (1.0 - weights::DURING_SHARE) * began + weights::DURING_SHARE * within
}

fn both_sides(lead: f64, scale: f64) -> f64 {
    falling(lead.abs(), scale) / 2.0
}

fn falling(time: f64, scale: f64) -> f64 {
    (-time / scale).exp() / scale
}

fn place_share(candidate: &Candidate, places: &Whereabouts<'_>) -> f64 {
    match &candidate.place {
        Place::Unknown => weights::NAMELESS,
        Place::Service(name) => {
            let astray = weights::ASTRAY / places.count().max(weights::AT_LEAST) as f64;
            (1.0 - weights::NAMELESS) * (1.0 - weights::ASTRAY).mul_add(places.share(name), astray)
        }
    }
}

fn suspect(sight: &words::Sight<'_>, one: &Weighed<'_>, score: f64) -> Suspect {
    let begin = match (one.anchor, sight.case.climb) {
        (Anchor::Climb, Some(climb)) => climb.at,
        _ => sight.onset,
    };
    let before = begin - one.candidate.at;
    let (distance, hurt) = words::distance(sight, &one.candidate.place);
    let (mut supports, mut against) = words::evidence(sight, one.candidate, one.anchor, before, distance, hurt);
    supports.extend(one.candidate.supports.iter().cloned());
    against.extend(one.candidate.against.iter().cloned());
    Suspect { candidate: one.candidate.clone(), score, anchor: one.anchor, before, distance, supports, against }
}
