//! Fixes: the same past, honest consequences, and for each scenario that ships one that ends it.

use chrono::TimeDelta;
use sixty::config::scenario::parse;
use sixty::drill::Fix;
use sixty::drill::Pulse;
use sixty::drill::Reckoning;
use sixty::drill::SHIPPED;
use sixty::drill::Scenario;
use sixty::drill::Severity;
use sixty::drill::World;
use sixty::drill::shipped;
use sixty::facts::At;

fn scenario(name: &str) -> Scenario {
    parse(shipped(name).unwrap(), name).unwrap_or_else(|problems| panic!("{problems}")).with_room()
}

/// `seconds` after it can be seen.
fn visible(scenario: &Scenario, seconds: i64) -> At {
    scenario.instant(scenario.truth().visible.max(scenario.zero) + seconds)
}

/// The pulse of the page's service over the minute before an instant.
fn pulse(world: &mut World, at: At) -> Pulse {
    let service = world.scenario().truth().service;
    let index = world.scenario().services.iter().position(|one| one.name == service).unwrap();
    world.pulse(index, at - TimeDelta::seconds(60), at)
}

/// The pulse some seconds after a fix that was tried three minutes after the trouble could be seen.
fn after(scenario: &Scenario, fix: &Fix, seconds: i64) -> Pulse {
    let tried = visible(scenario, 180);
    pulse(&mut World::new(&scenario.fixed(fix, tried), 1), tried + TimeDelta::seconds(seconds))
}

#[test]
fn each_scenario_has_a_fix_that_ends_it_and_the_others_do_not() {
    let mut wrong = Vec::new();
    for (name, _) in SHIPPED {
        let scenario = scenario(name);
        let truth = scenario.truth();
        let mut world = World::new(&scenario.without_trouble(), 1);
        let mut usual = |seconds| pulse(&mut world, visible(&scenario, 180 + seconds));
        let soon = usual(600);
        for fix in &truth.ends {
            let now = after(&scenario, fix, 600);
            if !now.is_as(&soon) {
                wrong.push(format!("{name}: {} does not help: {now:?}, usual {soon:?}", fix.name()));
            }
        }
        // What begins anew looks well for a while: a leak comes back.
        let late = if truth.lasting.is_some() { 6_000 } else { 600 };
        let end = truth.visible.max(scenario.zero) + 180 + late;
        // Where nobody can read the metrics people are served all the same.
        if truth.over.is_some_and(|over| over < end) || truth.severity < Severity::Warning {
            continue;
        }
        let usual = usual(late);
        let innocent = truth.innocent.first().map(|name| [Fix::RollBack(name.clone()), Fix::SwitchBack(name.clone())]);
        for fix in [Fix::Nothing].into_iter().chain(innocent.into_iter().flatten()) {
            let now = after(&scenario, &fix, late);
            if now.is_as(&usual) {
                wrong.push(format!("{name}: {} helps: {now:?}, usual {usual:?}", fix.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A shop at T, with this happening.
fn shop(rest: &str) -> Scenario {
    let text = format!(
        "title = \"x\"\nbegins = \"2026-11-20T19:00:00Z\"\nlasts = \"2h\"\nzero = \"10m\"\n[[service]]\n\
         name = \"shop\"\ninstances = 4\nrate = \"400/s\"\ncpu = {{ cores = 2, used = \"30 %\" }}\n\
         memory = {{ limit = \"1 GiB\", used = \"500 MiB\" }}\n\
         [[at]]\ntime = \"T\"\n{rest}\n"
    );
    parse(&text, "x.toml").unwrap_or_else(|problems| panic!("{problems}")).with_room()
}

#[test]
fn a_restart_under_load_makes_it_worse_for_a_while() {
    let surge = shop("service = \"shop\"\nset = { rate = \"x3\" }");
    let restart = Fix::Restart("shop".to_owned());
    let (alone, worse, later) =
        (after(&surge, &Fix::Nothing, 70), after(&surge, &restart, 70), after(&surge, &restart, 600));
    assert!(alone.failing < 0.01 && worse.failing > 0.2, "{alone:?} {worse:?}");
    assert!(later.failing < 0.01, "{later:?}");
    // Without load nobody fails, but cold caches are slow.
    let calm = shop("note = \"nothing\"");
    let (alone, cold) = (after(&calm, &Fix::Nothing, 70), after(&calm, &restart, 70));
    assert!(cold.failing < 0.01 && cold.mean > alone.mean * 1.3, "{alone:?} {cold:?}");
}

#[test]
fn a_restart_brings_a_leak_back_after_a_while() {
    let leak = shop("deploy = \"shop v2\"\nset = { memory_leak = \"20 MiB/min\" }");
    let restart = Fix::Restart("shop".to_owned());
    let (soon, late) = (after(&leak, &restart, 120), after(&leak, &restart, 1_200));
    assert!(soon.full < 0.6 && late.full > 0.8, "{soon:?} {late:?}");
    let back = after(&leak, &Fix::RollBack("shop v2".to_owned()), 1_200);
    assert!(back.full < 0.6, "{back:?}");
}

#[test]
fn more_instances_help_a_surge_and_not_a_broken_deploy() {
    let scale = Fix::Scale("shop".to_owned());
    let surge = shop("service = \"shop\"\nset = { rate = \"x4\" }");
    let (before, served) = (after(&surge, &Fix::Nothing, 600), after(&surge, &scale, 600));
    assert!(before.failing > 0.1 && served.failing < 0.01 && served.rate > 1_500.0, "{before:?} {served:?}");
    let broken = shop("deploy = \"shop v2\"\nset = { errors = \"40 %\" }");
    let more = after(&broken, &scale, 600);
    assert!(more.failing > 0.35, "{more:?}");
}

#[test]
fn a_rollback_rolls_and_one_of_an_innocent_costs_a_restart() {
    let broken = shop("deploy = \"shop v2\"\ntakes = \"80s\"\nset = { errors = \"40 %\" }");
    let back = Fix::RollBack("shop v2".to_owned());
    let (half, done) = (after(&broken, &back, 60), after(&broken, &back, 160));
    assert!((0.15..0.39).contains(&half.failing) && done.failing < 0.01, "{half:?} {done:?}");
    let told = broken.fixed(&back, visible(&broken, 180));
    let log = World::new(&told, 1).deploys_jsonl(visible(&broken, 200));
    assert!(log.lines().last().unwrap().contains("\"version\":\"v1.0.0\""), "{log}");
    let innocent = shop("deploy = \"shop v2\"\n[[at]]\ntime = \"T\"\nservice = \"shop\"\nset = { errors = \"40 %\" }");
    let (still, cold) = (after(&innocent, &back, 300), after(&innocent, &back, 100));
    assert!(still.failing > 0.35 && cold.mean > still.mean * 1.1, "{still:?} {cold:?}");
}

#[test]
fn what_was_is_the_same_byte_for_byte() {
    for (name, _) in SHIPPED {
        let scenario = scenario(name);
        let truth = scenario.truth();
        let at = visible(&scenario, 95) + TimeDelta::milliseconds(300);
        let mut before = World::new(&scenario, 3);
        let paths: Vec<String> = before.endpoints().services.into_iter().flat_map(|service| service.paths).collect();
        let instants = [at - TimeDelta::seconds(200), at - TimeDelta::seconds(1), at];
        let mut all = Fix::offers(&scenario);
        all.extend(truth.ends.clone());
        all.extend(truth.innocent.iter().map(|innocent| Fix::RollBack(innocent.clone())));
        // Far stories cost seconds each: those of hours try a few.
        let every = if scenario.zero > 7_200 { 40 } else { 5 };
        for fix in all.iter().rev().step_by(every) {
            let mut after = World::new(&scenario.fixed(fix, at), 3);
            for instant in instants {
                assert_eq!(before.deploys_jsonl(instant), after.deploys_jsonl(instant), "{name}: {}", fix.name());
                for path in &paths {
                    let same = before.answer(path, instant) == after.answer(path, instant);
                    assert!(same, "{name}: {path} differs after `{}`", fix.name());
                }
            }
        }
    }
}

#[test]
fn what_was_tried_is_reckoned_against_not_trying_it() {
    let broken = shop("deploy = \"shop v2\"\ntakes = \"80s\"\nset = { errors = \"40 %\" }");
    let at = |seconds: i64| broken.instant(600 + seconds);
    let tried = [
        (Fix::Scale("shop".to_owned()), at(120)),
        (Fix::Restart("shop".to_owned()), at(240)),
        (Fix::RollBack("shop v2".to_owned()), at(360)),
    ];
    let reckoning = Reckoning::of(&broken, 1, &tried, at(900));
    let [scale, restart, back] = reckoning.trials.as_slice() else { panic!("{reckoning:?}") };
    assert!(!scale.helps && !scale.harms() && (0.3..0.5).contains(&scale.before), "{scale:?}");
    assert!(!restart.helps && restart.harms(), "{restart:?}");
    assert!(back.helps, "{back:?}");
    let (began, over) = (reckoning.began.unwrap(), reckoning.back.unwrap());
    assert!((at(0)..at(60)).contains(&began) && (at(400)..at(500)).contains(&over), "{began} {over}");
    let open = Reckoning::of(&broken, 1, &[], at(300));
    assert!(open.back.is_none() && open.began.is_some());
}
