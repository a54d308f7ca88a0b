//! The ranking, by tables and by laws.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use crate::facts::At;
use crate::facts::Measure;
use crate::triage::suspects::Anchor;
use crate::triage::suspects::CallGraph;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Case;
use crate::triage::suspects::Climb;
use crate::triage::suspects::Distance;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;
use crate::triage::suspects::Ranking;
use crate::triage::suspects::Symptom;
use crate::triage::suspects::rank;

/// 2027-01-15 08:00:00 and so many seconds.
pub(crate) fn at(second: i64) -> At {
    chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

/// A candidate; `""` is no known place.
pub(crate) fn candidate(id: &str, kind: Kind, second: i64, place: &str) -> Candidate {
    let name = if place.is_empty() { "something" } else { place };
    let place = if place.is_empty() { Place::Unknown } else { Place::Service(Arc::from(place)) };
    Candidate::new(id, kind, at(second), place, name)
}

fn symptom(service: &str, second: i64) -> Symptom {
    let within = Duration::from_secs(15);
    Symptom { service: service.into(), signal: "latency".into(), onset: at(second), within, z: 4.0 }
}

fn graph(pairs: &[(&str, &str)]) -> CallGraph {
    let mut graph = CallGraph::new();
    for (caller, callee) in pairs {
        graph.add(&Arc::from(*caller), &Arc::from(*callee));
    }
    graph
}

fn ranked(symptoms: &[Symptom], calls: &CallGraph, candidates: &[Candidate]) -> Ranking {
    let reach = Some(Duration::from_hours(24));
    rank(&Case { as_of: at(300), onset: None, climb: None, about: None, reach, symptoms, calls, candidates })
}

fn order(ranking: &Ranking) -> Vec<&str> {
    ranking.suspects.iter().map(|suspect| suspect.candidate.id.as_str()).collect()
}

const SHOP: &[(&str, &str)] = &[("web", "cart"), ("web", "checkout"), ("checkout", "pay"), ("cart", "stock")];

#[test]
fn the_nearer_in_time_in_place_and_in_kind_comes_first() {
    use Kind::{Config, Deploy, Job, Pool, Provider, Surge};
    for (what, hurt, list, expected, fits) in [
        ("time", vec!["pay"], vec![("old", Deploy, -3_600, "pay"), ("near", Deploy, -60, "pay")], "near", true),
        ("after", vec!["pay"], vec![("after", Deploy, 120, "pay"), ("before", Deploy, -240, "pay")], "before", true),
        ("place", vec!["pay"], vec![("far", Deploy, -60, "stock"), ("here", Deploy, -90, "pay")], "here", true),
        ("nameless", vec!["pay"], vec![("far", Deploy, -60, "stock"), ("nameless", Deploy, -60, "")], "nameless", true),
        (
            "callers hurt: what they call",
            vec!["web", "checkout"],
            vec![("caller", Deploy, -60, "stock"), ("called", Deploy, -60, "pay")],
            "called",
            true,
        ),
        ("kind", vec!["pay"], vec![("job", Job, -60, "pay"), ("config", Config, -60, "pay")], "config", true),
        ("a day before", vec!["pay"], vec![("old", Deploy, -40_000, "pay")], "old", false),
        ("nothing", vec!["pay"], vec![], "", false),
        ("mechanism alone", vec!["pay"], vec![("pool", Pool, 20, "pay")], "pool", true),
        ("mechanism below", vec!["pay"], vec![("pool", Pool, 0, "pay"), ("v2", Deploy, -240, "pay")], "v2", true),
        (
            "mechanism above what is far",
            vec!["pay"],
            vec![("pool", Pool, 0, "pay"), ("v2", Deploy, -7_200, "pay")],
            "pool",
            true,
        ),
        ("surge", vec!["pay"], vec![("v2", Deploy, -3_600, "pay"), ("surge", Surge, -10, "pay")], "surge", true),
        (
            "provider, told late",
            vec!["pay"],
            vec![("vendor", Provider, 240, ""), ("v2", Deploy, -3_600, "pay")],
            "vendor",
            true,
        ),
    ] {
        let symptoms: Vec<_> = hurt.into_iter().map(|service| symptom(service, 0)).collect();
        let list: Vec<_> =
            list.into_iter().map(|(id, kind, second, place)| candidate(id, kind, second, place)).collect();
        let ranking = ranked(&symptoms, &graph(SHOP), &list);
        assert_eq!(order(&ranking).first().copied().unwrap_or_default(), expected, "{what}: {ranking:#?}");
        assert_eq!(ranking.fits, fits, "{what}: {ranking:#?}");
    }
}

#[test]
fn what_came_after_a_known_onset_is_not_accused() {
    let calls = graph(SHOP);
    for (second, fits) in [(-30, true), (10, true), (70, false), (250, false)] {
        let list = [candidate("flag", Kind::Flag, second, "pay")];
        let case = Case {
            as_of: at(300),
            onset: Some((at(0), Duration::from_secs(10))),
            climb: None,
            about: Some("pay"),
            reach: Some(Duration::from_hours(24)),
            symptoms: &[symptom("pay", 0)],
            calls: &calls,
            candidates: &list,
        };
        let ranking = rank(&case);
        assert_eq!(ranking.fits, fits, "{second}: {ranking:#?}");
    }
}

#[test]
fn without_trouble_nobody_is_accused() {
    let list = [candidate("now", Kind::Deploy, 295, "pay"), candidate("then", Kind::Deploy, 0, "pay")];
    let ranking = ranked(&[], &graph(SHOP), &list);
    assert!(!ranking.fits);
    assert_eq!(ranking.first(), None);
    assert_eq!(ranking.suspects.len(), 2, "they are still shown as what changed last");
}

#[test]
fn the_same_distance_says_less_when_many_changes_go_by() {
    let mut list = vec![candidate("it", Kind::Deploy, -150, "pay")];
    let alone = ranked(&[symptom("pay", 0)], &graph(SHOP), &list);
    for index in 0..480 {
        let place = ["web", "cart", "checkout", "stock", "pay"][index % 5];
        list.push(candidate(&format!("d{index}"), Kind::Deploy, -(index as i64) * 180 - 500, place));
    }
    let crowd = ranked(&[symptom("pay", 0)], &graph(SHOP), &list);
    let score = |ranking: &Ranking| ranking.suspects.iter().find(|one| one.candidate.id == "it").unwrap().score;
    assert!(score(&alone) > 0.9, "{}", score(&alone));
    assert!(score(&crowd) < 0.75, "{}", score(&crowd));
    let it = crowd.suspects.iter().find(|one| one.candidate.id == "it").unwrap();
    assert!(it.against.iter().any(|words| words.ends_with("changes an hour")), "{:?}", it.against);
}

#[test]
fn a_job_of_every_hour_is_routine() {
    let mut list: Vec<_> =
        (0..8).map(|hour| candidate(&format!("j{hour}"), Kind::Job, -30 - hour * 3_600, "pay")).collect();
    let routine = ranked(&[symptom("pay", 0)], &graph(SHOP), &list);
    assert!(!routine.fits, "{routine:#?}");
    assert_eq!(routine.suspects[0].against, ["same minute in 7 other hours"]);
    list.truncate(1);
    assert!(ranked(&[symptom("pay", 0)], &graph(SHOP), &list).fits);
}

#[test]
fn a_leak_is_measured_from_where_it_began_to_climb() {
    let list = [candidate("leak", Kind::Deploy, -6 * 3_600 - 120, "api"), candidate("v3", Kind::Deploy, -1_500, "api")];
    let climb = Climb {
        measure: Measure::PoolUsed,
        at: at(-6 * 3_600),
        within: Duration::from_secs(600),
        open: false,
        led: false,
    };
    let case = Case {
        as_of: at(60),
        onset: Some((at(0), Duration::from_secs(10))),
        climb: Some(climb),
        about: Some("api"),
        reach: Some(Duration::from_hours(24)),
        symptoms: &[],
        calls: &CallGraph::new(),
        candidates: &list,
    };
    let ranking = rank(&case);
    let first = ranking.first().unwrap();
    assert_eq!((first.candidate.id.as_str(), first.anchor), ("leak", Anchor::Climb));
    assert_eq!(first.supports, ["finished 2m before the climb began", "api hurts itself"]);
    assert_eq!(rank(&Case { climb: None, ..case }).suspects[0].candidate.id, "v3");
}

/// A leak came to its limit at 0; the flag was switched a little before that.
#[test]
fn a_climb_that_came_to_its_limit_outweighs_what_changed_just_then() {
    let began = -6 * 3_600;
    let flag = candidate("flag", Kind::Flag, -180, "");
    for (what, leak, open, led, expected) in [
        ("at the beginning", began - 60, false, true, "leak"),
        ("beside the point", began - 60, false, false, "flag"),
        ("just before what is known", began - 240, true, true, "leak"),
        ("an hour before what is known", began - 3_600, true, true, "leak"),
        ("long after the beginning", began + 9_000, true, true, "flag"),
    ] {
        let list = [candidate("leak", Kind::Deploy, leak, "api"), flag.clone()];
        let climb = Climb { measure: Measure::PoolUsed, at: at(began), within: Duration::from_secs(600), open, led };
        let ranking = rank(&Case {
            as_of: at(60),
            onset: Some((at(0), Duration::from_secs(10))),
            climb: Some(climb),
            about: Some("api"),
            reach: Some(Duration::from_hours(24)),
            symptoms: &[],
            calls: &CallGraph::new(),
            candidates: &list,
        });
        assert_eq!(ranking.suspects[0].candidate.id, expected, "{what}: {ranking:#?}");
    }
}

#[test]
fn the_words_state_distances() {
    let list = [
        candidate("here", Kind::Deploy, -318, "checkout"),
        candidate("called", Kind::Config, -30, "pay"),
        candidate("calls", Kind::Flag, -40, "web"),
        candidate("other", Kind::Scale, -50, "stock"),
        candidate("nobody", Kind::Job, 40, ""),
    ];
    let ranking = ranked(&[symptom("checkout", 0)], &graph(SHOP), &list);
    let told = |id: &str| {
        let one = ranking.suspects.iter().find(|one| one.candidate.id == id).unwrap();
        (one.distance, one.supports.join("; "), one.against.join("; "))
    };
    let onset = ranking.suspects[0].before + (ranking.suspects[0].candidate.at - at(0));
    assert!(onset.abs() <= chrono::TimeDelta::seconds(15), "the onset is found from the symptom: {onset}");
    for (id, distance, supports, against) in [
        ("here", Distance::Here, "checkout hurts itself", ""),
        ("called", Distance::Called(1), "checkout calls pay", ""),
        ("calls", Distance::Calls(1), "switched", "web calls checkout, not the other way round"),
        ("other", Distance::Elsewhere, "scaled", "no known way between stock and what hurts"),
        ("nobody", Distance::Unknown, "", "nobody says where"),
    ] {
        let (found, pros, cons) = told(id);
        assert_eq!(found, distance, "{id}");
        assert!(pros.contains(supports), "{id}: {pros}");
        assert!(cons.contains(against), "{id}: {cons}");
    }
    assert!(told("nobody").2.starts_with("began "), "{}", told("nobody").2);
    assert!(told("nobody").2.contains(" after"), "{}", told("nobody").2);
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let kinds = [Kind::Deploy, Kind::Config, Kind::Flag, Kind::Job, Kind::Provider, Kind::Surge, Kind::Pool];
    let places = ["", "web", "cart", "checkout", "pay", "stock"];
    (any::<u32>(), -80_000_i64..300, 0..kinds.len(), 0..places.len())
        .prop_map(move |(id, second, kind, place)| candidate(&format!("c{id}"), kinds[kind], second, places[place]))
}

proptest! {
    #[test]
    fn the_odds_add_up_and_the_order_of_the_list_does_not_matter(
        list in proptest::collection::vec(any_candidate(), 0..30),
        seconds in proptest::collection::vec(-3_000_i64..300, 0..5),
        turn in any::<prop::sample::Index>(),
    ) {
        let symptoms: Vec<_> = seconds.iter().map(|second| symptom("pay", *second)).collect();
        let ranking = ranked(&symptoms, &graph(SHOP), &list);
        let sum: f64 = ranking.suspects.iter().map(|one| one.score).sum();
        let some = if list.is_empty() || symptoms.is_empty() { 0.0 } else { 1.0 };
        prop_assert!((sum * some + ranking.none - 1.0).abs() < 1e-9 || sum == 0.0, "{} + {}", sum, ranking.none);
        prop_assert!(ranking.suspects.iter().all(|one| (0.0..=1.0).contains(&one.score)));
        let mut other = list.clone();
        if !other.is_empty() {
            let by = turn.index(other.len());
            other.rotate_left(by);
        }
        let other = ranked(&symptoms, &graph(SHOP), &other);
        prop_assert_eq!(ranking.fits, other.fits);
        let scores = |ranking: &Ranking| ranking.suspects.iter().map(|one| one.score).collect::<Vec<_>>();
        for (one, two) in scores(&ranking).iter().zip(scores(&other)) {
            prop_assert!((one - two).abs() < 1e-9);
        }
    }

    #[test]
    fn all_moved_in_time_is_the_same(list in proptest::collection::vec(any_candidate(), 1..20), hours in -1_000_i64..1_000) {
        let shift = chrono::TimeDelta::hours(hours);
        let symptoms = [symptom("pay", 0)];
        let moved_symptoms = symptoms.clone().map(|one| Symptom { onset: one.onset + shift, ..one });
        let moved: Vec<_> = list.iter().map(|one| Candidate { at: one.at + shift, ..one.clone() }).collect();
        let calls = graph(SHOP);
        let ranking = ranked(&symptoms, &calls, &list);
        let case = Case { as_of: at(300) + shift, onset: None, climb: None, about: None, reach: Some(Duration::from_hours(24)), symptoms: &moved_symptoms, calls: &calls, candidates: &moved };
        let later = rank(&case);
        prop_assert_eq!(order(&ranking), order(&later));
    }
}
