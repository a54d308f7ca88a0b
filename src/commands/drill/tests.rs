//! What is drilled, and from when on.

use super::*;

fn drill(scenario: &str, seed: u64) -> Drill {
    Drill { scenario: scenario.to_owned(), speed: 1.0, seed: Some(seed), history: false, format: Format::Text }
}

#[test]
fn a_drill_begins_before_the_first_trouble() {
    for (name, _) in SHIPPED {
        let held = Plan::new(&drill(name, 4), &[]).unwrap();
        let scenario = &held.scenario;
        let first = scenario.instant(scenario.first_trouble());
        let quiet = (first - held.began).num_seconds();
        assert!((QUIET.0..=QUIET.1).contains(&quiet), "{name}: {quiet} s");
        let bad = |expect: &&crate::drill::Expect| {
            expect.severity.is_some_and(|severity| severity >= crate::drill::Severity::Warning)
        };
        for expect in scenario.expects.iter().filter(bad) {
            assert!(scenario.instant(expect.visible.min(expect.at)) > held.began, "{name}: line {}", expect.line);
        }
        assert!(held.page_at() > first, "{name}");
    }
}

#[test]
fn what_climbs_is_ended_before_it_hurts() {
    for name in ["connection-leak", "disk-full", "unbounded-cache"] {
        let held = Plan::new(&drill(name, 4), &[]).unwrap();
        let at = held.page_at() + TimeDelta::minutes(1);
        assert!(at < held.scenario.zero_at(), "{name}");
        let tried = [(Fix::Nothing, at), (held.truth.ends[0].clone(), at)];
        let trials = Reckoning::of(&held.scenario, 4, &tried, at + TimeDelta::minutes(5)).trials;
        assert!(!trials[0].helps && trials[1].helps, "{name}: {trials:?}");
        assert!(!at_random().contains(&name), "{name}");
    }
    assert!(at_random().len() > 20);
}

#[test]
fn what_is_bound_to_a_time_of_the_day_keeps_it() {
    let (mut stay, before) = (Vec::new(), Utc::now());
    for (name, _) in SHIPPED {
        let (held, own) = (Plan::new(&drill(name, 4), &[]).unwrap(), stage::scenario(name).unwrap());
        if held.scenario.zero_at() == own.zero_at() {
            stay.push(*name);
        } else {
            assert!(held.began >= before && held.began <= Utc::now(), "{name}");
        }
    }
    assert_eq!(stay, ["false-page", "midnight-utc", "nightly-backup"]);
}

#[test]
fn a_kill_at_the_limit_ends_nothing_and_a_rollback_after_it_does() {
    let held = Plan::new(&drill("unbounded-cache", 4), &[]).unwrap();
    let world = Drilled::new(&held.scenario, held.seed);
    let debrief = |at: At| Debrief::of(&Incident::default(), &held.reveal(&world)(at, false), &[]);
    let zero = held.scenario.zero_at();
    let lull = (1..40).map(|minutes| zero + TimeDelta::minutes(minutes)).find(|at| debrief(*at).lull_s.is_some());
    let lull = lull.unwrap();
    let left = debrief(lull);
    assert_eq!((left.outcome, left.times.recovered_s), (crate::incident::Outcome::Lull, None));
    world.try_out(&held.truth.ends[0], lull);
    let ended = debrief(lull + TimeDelta::minutes(5));
    assert_eq!(ended.outcome, crate::incident::Outcome::Fixed, "{ended:?}");
}
