//! Shapes with seeds, laws that hold for any rows, and the words.

use std::f64::consts::TAU;
use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::ProptestConfig;
use proptest::prelude::any;
use proptest::prelude::prop;
use proptest::prelude::prop_assert_eq;
use proptest::proptest;

use super::Leak;
use super::Outlook;
use super::Why;
use super::outlook;
use super::reason;
use super::sentence;
use crate::facts::At;
use crate::facts::Unit;
use crate::facts::Zone;

fn start() -> At {
    At::from_timestamp(1_760_000_000, 0).unwrap()
}

/// Rows every `step` seconds for `minutes`; the shape gets minutes and a draw of about normal noise.
fn rows(seed: u64, step: f64, minutes: f64, mut shape: impl FnMut(f64, f64) -> f64) -> Vec<(At, f64)> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..(minutes * 60.0 / step) as usize)
        .map(|index| {
            let noise = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
            let seconds = index as f64 * step;
            (start() + TimeDelta::milliseconds((seconds * 1000.0) as i64), shape(seconds / 60.0, noise))
        })
        .collect()
}

fn up_to(rows: &[(At, f64)], minutes: f64) -> &[(At, f64)] {
    let end = start() + TimeDelta::seconds((minutes * 60.0) as i64);
    &rows[..rows.partition_point(|(at, _)| *at <= end)]
}

fn leak(outlook: Outlook) -> Option<Leak> {
    match outlook {
        Outlook::Leak(leak) => Some(leak),
        Outlook::Steady | Outlook::CannotTell(_) => None,
    }
}

/// Minutes from the newest row to the limit.
fn left(rows: &[(At, f64)], leak: &Leak) -> f64 {
    (leak.full_at - rows.last().unwrap().0).as_seconds_f64() / 60.0
}

fn after(minutes: f64, knee: f64) -> f64 {
    (minutes - knee).max(0.0)
}

fn saw(minutes: f64, period: f64) -> f64 {
    (minutes / period).fract()
}

type Shape = fn(f64, f64) -> f64;

#[test]
fn leaks_are_named_with_their_time() {
    // Name, step, cut, limit, minutes to the limit from the cut, shape.
    let table: &[(&str, f64, f64, f64, f64, Shape)] = &[
        ("line", 60.0, 240.0, 1000.0, 380.0, |t, e| 500.0 + after(t, 120.0) + 2.0 * e),
        ("saw-tooth", 60.0, 300.0, 1000.0, 230.0, |t, e| 500.0 + 90.0 * saw(t, 12.0) + after(t, 120.0) + 2.0 * e),
        ("slow saw-tooth", 60.0, 500.0, 800.0, 60.0, |t, e| 400.0 + 90.0 * saw(t, 50.0) + after(t, 240.0) + e),
        ("stairs", 60.0, 300.0, 1000.0, 320.0, |t, e| 500.0 + (after(t, 120.0) / 20.0).floor() * 20.0 + 2.0 * e),
        ("pool", 60.0, 360.0, 100.0, 150.0, |t, e| (25.0 + 3.0 * e + after(t, 180.0) * 0.2).round()),
        ("after a deploy, 5 s", 5.0, 123.0, 100.0, 3.0, |t, e| (40.0 + 0.8 * e + after(t, 120.0) * 10.0).round()),
        ("pool in 15 min, 5 s", 5.0, 66.0, 100.0, 9.0, |t, e| (40.0 + 0.8 * e + after(t, 60.0) * 4.0).round()),
        ("pool in 30 min, 15 s", 15.0, 135.0, 100.0, 15.0, |t, e| (40.0 + 0.8 * e + after(t, 120.0) * 2.0).round()),
        ("memory in 20 min, 5 s", 5.0, 110.0, 1500.0, 10.0, |t, e| 500.0 + after(t, 100.0) * 50.0 + 3.0 * e),
        ("10 s rows", 10.0, 150.0, 1000.0, 100.0, |t, e| 500.0 + after(t, 100.0) * 10.0 / 3.0 + 2.0 * e),
        ("300 s rows", 300.0, 720.0, 1000.0, 260.0, |t, e| 500.0 + after(t, 480.0) + 2.0 * e),
    ];
    for (name, step, cut, limit, minutes, shape) in table {
        for seed in 0..5 {
            let rows = rows(seed, *step, *cut, shape);
            let Some(leak) = leak(outlook(&rows, *limit, None)) else { panic!("{name} {seed}: no leak") };
            let share = left(&rows, &leak) / minutes;
            assert!((0.6..=1.6).contains(&share), "{name} {seed}: {} of {minutes} min", left(&rows, &leak));
            assert!(leak.earliest <= leak.full_at && leak.latest.is_none_or(|latest| latest >= leak.full_at), "{name}");
            assert!(!leak.since_open && leak.per_hour > 0.0 && !leak.again, "{name}");
            assert!(leak.slices.0 <= leak.slices.1 && leak.slices.1 <= 12, "{name}: {:?}", leak.slices);
        }
    }
}

#[test]
fn nothing_else_is_a_leak() {
    // Name, step, length, limit, shape; asked every 15 minutes from the first hour on.
    let table: &[(&str, f64, f64, f64, Shape)] = &[
        ("flat", 60.0, 720.0, 1000.0, |_, e| 500.0 + 3.0 * e),
        ("saw-tooth", 60.0, 720.0, 900.0, |t, e| 500.0 + 200.0 * saw(t, 14.0) + 3.0 * e),
        ("slow saw-tooth", 60.0, 720.0, 900.0, |t, e| 500.0 + 200.0 * saw(t, 47.0) + 3.0 * e),
        ("two generations", 60.0, 720.0, 1100.0, |t, e| 500.0 + 99.0 * saw(t, 9.0) + 200.0 * saw(t, 81.0) + 3.0 * e),
        ("warm-up", 60.0, 720.0, 900.0, |t, e| 400.0 + 350.0 * (1.0 - (-t / 90.0).exp()) + 2.0 * e),
        ("deploy step", 60.0, 720.0, 1000.0, |t, e| 500.0 + 300.0 * (1.0 - (-after(t, 240.0) / 20.0).exp()) + 2.0 * e),
        ("a day's load", 60.0, 1440.0, 1000.0, |t, e| 600.0 + 220.0 * (TAU * t / 1440.0).sin() + 3.0 * e),
        ("the other half", 60.0, 1440.0, 1000.0, |t, e| 600.0 - 220.0 * (TAU * t / 1440.0).cos() + 3.0 * e),
        ("restarts", 60.0, 1440.0, 1000.0, |t, e| 400.0 + 350.0 * (1.0 - (-(t % 300.0) / 60.0).exp()) + 2.0 * e),
        ("hourly job", 60.0, 720.0, 900.0, |t, e| 500.0 + 200.0 * f64::from(t % 60.0 < 9.0) + 3.0 * e),
        ("pool", 5.0, 240.0, 50.0, |_, e| (18.0 + 4.0 * e).round()),
        ("pool step, 5 s", 5.0, 240.0, 100.0, |t, e| (30.0 + 30.0 * f64::from(t > 100.0) + 1.5 * e).round()),
        ("a burst, 5 s", 5.0, 240.0, 100.0, |t, e| (30.0 + 40.0 * f64::from(t % 90.0 > 88.5) + 1.5 * e).round()),
        ("warm-up, 5 s", 5.0, 240.0, 1500.0, |t, e| 500.0 + 300.0 * (1.0 - (-after(t, 90.0) / 6.0).exp()) + 2.0 * e),
    ];
    for (name, step, length, limit, shape) in table {
        for seed in 0..3 {
            let rows = rows(seed, *step, *length, shape);
            for quarter in 4..=(*length / 15.0) as usize {
                let cut = up_to(&rows, quarter as f64 * 15.0);
                let found = outlook(cut, *limit, None);
                assert!(leak(found.clone()).is_none(), "{name} {seed} at {} min: {found:?}", quarter * 15);
            }
        }
    }
}

#[test]
fn the_spread_holds_the_truth_nearly_always() {
    let mut held = 0;
    for seed in 0..40 {
        let minutes = 200.0 + f64::from(u8::try_from(seed).unwrap()) * 9.0;
        let pace = 500.0 / minutes;
        let rows = rows(seed, 60.0, 210.0, |t, e| 500.0 + 30.0 * saw(t, 8.0) + after(t, 120.0) * pace + 4.0 * e);
        let leak = leak(outlook(&rows, 1000.0, None)).unwrap();
        // The teeth reach up to 30 above the line, so the truth comes that much earlier.
        let truth = start() + TimeDelta::seconds(((120.0 + minutes - 30.0 / pace) * 60.0) as i64);
        held += usize::from(leak.earliest <= truth && leak.latest.is_none_or(|latest| latest >= truth));
    }
    assert!(held >= 34, "{held} of 40");
}

#[test]
fn a_restart_does_not_cure_a_leak() {
    // Two lives that fill up in four hours; the second is half an hour and then two hours old.
    let shape = |t: f64, e: f64| 300.0 + after(t, 60.0) * 2.5 * f64::from(t < 300.0) + after(t, 300.0) * 2.5 + 2.0 * e;
    let all = rows(1, 60.0, 420.0, shape);
    let born = start() + TimeDelta::minutes(300);
    for restarted in [None, Some(born)] {
        let leak = leak(outlook(&all, 900.0, restarted)).unwrap();
        assert!(leak.again);
        assert!(leak.since >= born - TimeDelta::minutes(1), "{}", leak.since);
        let young = up_to(&all, 305.0);
        assert_eq!(outlook(young, 900.0, restarted), Outlook::CannotTell(Why::Restarted(born)));
    }
    // The same fall after a steady life is the fresh start that it looks like.
    let steady = rows(1, 60.0, 420.0, |t, e| if t < 300.0 { 800.0 + 2.0 * e } else { 300.0 + 2.0 * e });
    assert_eq!(outlook(&steady, 900.0, Some(born)), Outlook::Steady);
}

#[test]
fn processes_that_are_killed_one_by_one_go_on_leaking() {
    let of = |t: f64, full: f64| 300.0 + if t < full { after(t, 60.0) } else { t - full } * 2.5;
    let shape = |t: f64, e: f64| of(t, 300.0) + of(t, 303.0) + of(t, 307.0) + 6.0 * e;
    let all = rows(1, 60.0, 420.0, shape);
    let leak = leak(outlook(&all, 2_750.0, Some(start() + TimeDelta::minutes(307)))).unwrap();
    assert!(leak.again, "{leak:?}");
}

#[test]
fn after_a_start_a_climb_is_named_from_half_its_way_on() {
    let born = start() + TimeDelta::minutes(120);
    let pool = rows(1, 5.0, 126.0, |t, e| (40.0 + 0.8 * e + after(t, 120.0) * 10.0).round());
    assert!(leak(outlook(up_to(&pool, 122.5), 100.0, Some(born))).is_none());
    let late = up_to(&pool, 123.5);
    let leak = leak(outlook(late, 100.0, Some(born))).unwrap();
    // It began with its process.
    assert!(!leak.since_open && leak.since == born, "{leak:?}");
    assert!((1.5..=3.5).contains(&left(late, &leak)), "{leak:?}");
}

#[test]
fn what_cannot_be_known_is_said() {
    assert_eq!(outlook(&[], 1.0, None), Outlook::CannotTell(Why::TooLittle(Duration::ZERO)));
    let few = rows(1, 60.0, 10.0, |t, _| t);
    assert_eq!(outlook(&few, 100.0, None), Outlook::CannotTell(Why::TooLittle(Duration::from_secs(540))));
    assert_eq!(outlook(&few, f64::NAN, None), Outlook::CannotTell(Why::TooLittle(Duration::from_secs(540))));
    let filling = rows(1, 60.0, 180.0, |t, e| 500.0 + 300.0 * (1.0 - (-after(t, 120.0) / 25.0).exp()) + 2.0 * e);
    assert_eq!(outlook(&filling, 1500.0, None), Outlook::CannotTell(Why::WarmingUp));
    let climbing = rows(1, 60.0, 180.0, |t, e| 500.0 + t + 2.0 * e);
    assert_eq!(outlook(&climbing, 1500.0, None), Outlook::CannotTell(Why::NoBeginning));
    // From half its way on an open climb is named, as open.
    assert!(leak(outlook(&climbing, 800.0, None)).unwrap().since_open);
    // More than a day away is nothing for this night.
    let slow = rows(1, 60.0, 300.0, |t, e| 500.0 + after(t, 120.0) * 0.3 + e);
    assert_eq!(outlook(&slow, 2000.0, None), Outlook::Steady);
}

#[test]
fn gaps_and_strange_values_change_nothing() {
    let rows = rows(3, 60.0, 260.0, |t, e| 500.0 + after(t, 120.0) + 2.0 * e);
    let plain = outlook(&rows, 1000.0, None);
    let mut strange = Vec::new();
    for (at, value) in &rows {
        strange.push((*at, *value));
        strange.push((*at, f64::NAN));
        strange.push((*at + TimeDelta::seconds(20), f64::INFINITY));
        strange.push((*at - TimeDelta::hours(1), 9000.0));
    }
    strange.push((rows.last().unwrap().0 + TimeDelta::seconds(30), f64::NEG_INFINITY));
    assert_eq!(outlook(&strange, 1000.0, None), plain);
    // A quarter of an hour without answers, in the middle of the climb.
    let hole = start() + TimeDelta::minutes(200)..start() + TimeDelta::minutes(215);
    let holed: Vec<_> = rows.iter().copied().filter(|(at, _)| !hole.contains(at)).collect();
    let share = left(&holed, &leak(outlook(&holed, 1000.0, None)).unwrap()) / left(&rows, &leak(plain).unwrap());
    assert!((0.9..1.1).contains(&share), "{share}");
}

#[test]
fn full_already_is_full_now() {
    let rows = rows(3, 60.0, 260.0, |t, e| 500.0 + after(t, 120.0) * 4.0 + 2.0 * e);
    let leak = leak(outlook(&rows, 1000.0, None)).unwrap();
    assert_eq!(leak.full_at, rows.last().unwrap().0);
}

#[test]
fn the_words() {
    let now = At::from_timestamp(1_760_000_000, 0).unwrap();
    let leak = Leak {
        since: now - TimeDelta::hours(2),
        since_open: false,
        per_hour: 41.0 * 1024.0 * 1024.0,
        full_at: now + TimeDelta::minutes(100),
        earliest: now + TimeDelta::minutes(70),
        latest: Some(now + TimeDelta::minutes(160)),
        slices: (11, 12),
        over: Duration::from_secs(7200),
        again: false,
    };
    let zone = Zone::utc();
    assert_eq!(
        sentence("memory", &leak, Unit::Bytes, now, &zone),
        "memory floor up in 11 of 12 slices for 2h, never this high before, +41.0 MiB/h: full about 10:33 (10:03-11:33)"
    );
    let worse = Leak { since_open: true, full_at: now, latest: None, per_hour: 17.0 / 3.0, again: true, ..leak };
    assert_eq!(
        sentence("pool", &worse, Unit::Count, now, &zone),
        "pool floor up in 11 of 12 slices for 2h, climbing since before the oldest sample, a restart gave time and \
         cured nothing, +5.67/h: full now (10:03 at the earliest)"
    );
    assert_eq!(reason(Why::TooLittle(Duration::from_secs(600)), now), "only 10m of history");
    assert_eq!(
        reason(Why::Restarted(now - TimeDelta::minutes(10)), now),
        "restarted 10m ago, it filled up before that"
    );
}

/// Minutes and levels of a climb of any size, so that laws are tried where there is something to say.
fn climbing(seed: u64, knee: u32, pace: f64) -> Vec<(At, f64)> {
    rows(seed, 60.0, 240.0, |t, e| 500.0 + after(t, f64::from(knee)) * pace + 20.0 * saw(t, 7.0) + 3.0 * e)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Powers of two, so that the arithmetic is the same to the last bit.
    #[test]
    fn values_and_limit_scaled_together_change_nothing(
        seed in any::<u64>(), knee in 0_u32..230, pace in -1.0..3.0, power in -20..20,
    ) {
        let rows = climbing(seed, knee, pace);
        let factor = 2.0_f64.powi(power);
        let scaled: Vec<_> = rows.iter().map(|(at, value)| (*at, value * factor)).collect();
        let plain = outlook(&rows, 900.0, None);
        let expected = match plain {
            Outlook::Leak(leak) => Outlook::Leak(Leak { per_hour: leak.per_hour * factor, ..leak }),
            other => other,
        };
        prop_assert_eq!(outlook(&scaled, 900.0 * factor, None), expected);
    }

    #[test]
    fn a_shift_of_time_changes_nothing(seed in any::<u64>(), knee in 0_u32..230, pace in -1.0..3.0, days in -900..900_i64) {
        let rows = climbing(seed, knee, pace);
        let by = TimeDelta::days(days) + TimeDelta::seconds(days * 77);
        let moved: Vec<_> = rows.iter().map(|(at, value)| (*at + by, *value)).collect();
        let expected = match outlook(&rows, 900.0, None) {
            Outlook::Leak(leak) => Outlook::Leak(Leak {
                since: leak.since + by,
                full_at: leak.full_at + by,
                earliest: leak.earliest + by,
                latest: leak.latest.map(|at| at + by),
                ..leak
            }),
            other => other,
        };
        prop_assert_eq!(outlook(&moved, 900.0, None), expected);
    }

    #[test]
    fn a_constant_is_steady(value in -1e12..1e12, limit in -1e12..1e12, step in 1_u32..400, count in 24_usize..600) {
        let rows: Vec<_> =
            (0..count).map(|index| (start() + TimeDelta::seconds(index as i64 * i64::from(step)), value)).collect();
        prop_assert_eq!(outlook(&rows, limit, None), Outlook::Steady);
    }

    /// Anything at all: no panic, and times that are in order.
    #[test]
    fn any_rows_get_an_answer(
        values in prop::collection::vec((any::<f64>(), -50_i64..300), 0..200), limit in any::<f64>(), ago in 0_i64..9000,
    ) {
        let mut at = start();
        let rows: Vec<_> = values.iter().map(|(value, step)| { at += TimeDelta::seconds(*step); (at, *value) }).collect();
        if let Outlook::Leak(leak) = outlook(&rows, limit, Some(at - TimeDelta::seconds(ago))) {
            assert!(leak.earliest <= leak.full_at && leak.latest.is_none_or(|latest| latest >= leak.full_at));
            assert!(leak.per_hour > 0.0 && leak.since <= leak.full_at);
        }
    }
}
