//! What the detector says about series whose truth is known, and the laws that it keeps.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

const START: i64 = 1_790_000_000;

fn at(seconds: i64) -> At {
    At::from_timestamp(START + seconds, 0).unwrap()
}

fn detector(step: u64, hurts: Hurts) -> Detector {
    Detector::new(Settings { step: Duration::from_secs(step), hurts })
}

/// Noise between -1 and 1 that is the same in every run.
fn noise(index: i64) -> f64 {
    let mut x = (index as u64).wrapping_add(11).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// Feeds `count` rows and answers what was said after each.
fn feed(step: i64, hurts: Hurts, count: i64, value: impl Fn(i64) -> f64) -> Vec<Option<Onset>> {
    let mut detector = detector(step as u64, hurts);
    (0..count)
        .map(|row| {
            detector.push(at(row * step), value(row));
            detector.onset()
        })
        .collect()
}

/// The last onset said within `rows` after the true one, in rows from it.
fn dated(said: &[Option<Onset>], truth: i64, rows: i64, step: i64) -> Option<i64> {
    let last = said[truth as usize..(truth + rows) as usize].iter().flatten().last()?;
    Some(((last.at - at(truth * step)).num_seconds()) / step)
}

#[test]
fn onsets_are_dated_to_the_row() {
    type Shape = fn(i64) -> f64;
    let cases: [(&str, Hurts, Shape, i64); 7] = [
        ("step", Hurts::Up, |row| if row < 300 { 100.0 } else { 160.0 }, 0),
        ("drop", Hurts::Both, |row| if row < 300 { 100.0 } else { 50.0 }, 0),
        ("to nothing", Hurts::Down, |row| if row < 300 { 100.0 } else { -noise(row) * 10.0 }, 0),
        ("burst of four rows", Hurts::Up, |row| if (300..304).contains(&row) { 300.0 } else { 100.0 }, 0),
        ("ramp", Hurts::Up, |row| 100.0 + 20.0 * (row - 300).clamp(0, 10) as f64, 1),
        ("from zero", Hurts::Up, |row| if row < 300 { -noise(row) * 10.0 } else { 5.0 - noise(row) * 10.0 }, 0),
        ("slow growth", Hurts::Up, |row| 100.0 + 6.0 * (row - 300).max(0) as f64, 5),
    ];
    for (name, hurts, shape, off) in cases {
        for step in [5, 15, 30, 60, 300] {
            let said = feed(step, hurts, 360, |row| shape(row) + 10.0 * noise(row));
            assert!(said[..300].iter().all(Option::is_none), "{name} at {step} s: said before");
            if step == 5 && name.starts_with("burst") {
                // Four rows of 5 s are one bad scrape in a rate window.
                assert!(said.iter().all(Option::is_none), "{name} at {step} s: one bad scrape");
                continue;
            }
            let found = dated(&said, 300, 24, step);
            let Some(found) = found else { panic!("{name} at {step} s: not found") };
            // At a fine step a burst shorter than the evidence is found only where it fits.
            assert!((0..=off.max(i64::from(step == 5) * 6)).contains(&found), "{name} at {step} s: {found} rows off");
        }
    }
}

#[test]
fn a_step_smeared_by_a_rate_window_is_dated_within_two_rows() {
    for seed in 0..20 {
        let raw = |row: i64| if row < 900 { 100.0 } else { 150.0 } + 12.0 * noise(row + seed * 10_000);
        let said = feed(5, Hurts::Both, 960, |row| (0..6).map(|back| raw(row - back)).sum::<f64>() / 6.0);
        assert!(said[..900].iter().all(Option::is_none), "seed {seed}");
        let found = dated(&said, 900, 12, 5);
        assert!(found.is_some_and(|rows| (-2..=2).contains(&rows)), "seed {seed}: {found:?}");
    }
}

#[test]
fn a_step_in_a_rate_window_is_dated_at_once_and_to_the_row() {
    // A share of errors over the last six rows, a step at row 300.
    let shape = |row: i64| 0.3 + 0.1 * noise(row) + 11.0 * (row - 299).clamp(0, 6) as f64 / 6.0;
    let mut detector = detector(5, Hurts::Up);
    for row in 0..330 {
        detector.push(at(row * 5), shape(row));
        // A rule sees it cross a limit three rows late.
        if (303..310).contains(&row) {
            let left = detector.left(at(303 * 5), true).unwrap();
            assert_eq!(left.at, at(1500), "at row {row}");
            assert!(left.within <= Duration::from_secs(20), "{left:?}");
        }
    }
    let onset = detector.onset().unwrap();
    assert_eq!(onset.at, at(1500));
    assert!(onset.within <= Duration::from_secs(15), "{onset:?}");
    assert_eq!(detector.left(at(250 * 5), true), None, "within what is usual");
}

#[test]
fn one_bad_scrape_is_no_trouble() {
    // A rate window of 30 s shows it for six rows.
    let said = feed(5, Hurts::Up, 2000, |row| 10.0 + noise(row) + if (1500..1506).contains(&row) { 90.0 } else { 0.0 });
    assert!(said.iter().all(Option::is_none));
}

#[test]
fn an_hourly_job_is_news_twice_and_then_no_more() {
    let job = |row: i64| if row % 60 < 3 { 80.0 } else { 30.0 } + 2.0 * noise(row);
    let said = feed(60, Hurts::Up, 60 * 12, |row| if row < 120 { 30.0 + 2.0 * noise(row) } else { job(row) });
    let first: Vec<usize> =
        (2..said.len() / 60).filter(|hour| said[hour * 60..(hour + 1) * 60].iter().any(Option::is_some)).collect();
    assert_eq!(first, [2, 3]);
    // When the job does not end, that is news, and it began with the job.
    let said = feed(60, Hurts::Up, 60 * 9, |row| {
        if row < 120 {
            30.0 + 2.0 * noise(row)
        } else if row < 480 {
            job(row)
        } else {
            80.0 + 2.0 * noise(row)
        }
    });
    let found = dated(&said, 480, 40, 60);
    assert_eq!(found, Some(0));
    // When something higher follows upon a job, the higher part is the news.
    let said = feed(60, Hurts::Up, 60 * 9, |row| {
        if row < 120 {
            30.0 + 2.0 * noise(row)
        } else if row < 483 {
            job(row)
        } else {
            300.0
        }
    });
    assert_eq!(dated(&said, 483, 10, 60), Some(0));
}

#[test]
fn a_drop_by_night_is_usual_and_the_same_drop_by_day_is_not() {
    let curve = |row: i64| {
        let hour = (row % 1440) as f64 / 1440.0 * std::f64::consts::TAU;
        100.0 - 70.0 * hour.cos()
    };
    let value = |row: i64, fault: bool| curve(row) * (1.0 + 0.03 * noise(row)) * if fault { 0.6 } else { 1.0 };
    let quiet = feed(60, Hurts::Both, 3 * 1440, |row| value(row, false));
    assert!(quiet[1440..].iter().all(Option::is_none));
    // At noon of the third day: 40 % fewer than yesterday, still far more than at night.
    let noon = 2 * 1440 + 720;
    let said = feed(60, Hurts::Both, noon + 20, |row| value(row, row >= noon));
    let found = said[noon as usize..].iter().flatten().last().unwrap();
    assert!((found.at - at(noon * 60)).num_minutes().abs() <= 2, "{found:?}");
    assert!(!found.above && found.usual.low > 100.0, "{found:?}");
}

#[test]
fn it_says_when_it_cannot_tell_yet() {
    let mut detector = detector(60, Hurts::Up);
    for row in 0..60 {
        assert_eq!((detector.is_ready(), detector.usual().is_some()), (row >= 30, row >= 30), "{row}");
        assert_eq!(detector.since(), (row > 0).then(|| at(0)));
        // The wildest rows say nothing while nothing is known.
        detector.push(at(row * 60), if row < 20 { 50.0 * (row % 5) as f64 } else { 100.0 });
        assert!(row >= 30 || detector.onset().is_none());
    }
}

#[test]
fn the_sentence_has_its_numbers() {
    let said = feed(60, Hurts::Up, 310, |row| if row < 300 { 150.0 + 20.0 * noise(row) } else { 400.0 });
    let onset = said.last().unwrap().unwrap();
    assert_eq!((onset.at, onset.outside, onset.above), (at(300 * 60), (10, 10), true));
    assert!(
        onset.usual.low > 60.0 && onset.usual.high < 240.0 && (onset.usual.middle - 150.0).abs() < 5.0,
        "{onset:?}"
    );
    assert!(onset.within <= Duration::from_secs(120), "{onset:?}");
    assert!(onset.usual.rows > 250 && onset.usual.since <= at(60 * 60), "{onset:?}");
    assert!(onset.z > 10.0);
}

#[test]
fn a_level_that_stays_becomes_usual() {
    let said = feed(60, Hurts::Up, 1000, |row| if row < 300 { 100.0 } else { 200.0 } + 5.0 * noise(row));
    assert!(said[310].is_some() && said[500].is_some());
    assert!(said[600..].iter().all(Option::is_none));
}

#[test]
fn a_gap_starts_the_evidence_anew_and_keeps_what_is_usual() {
    let mut detector = detector(60, Hurts::Up);
    (0..100).for_each(|row| detector.push(at(row * 60), 100.0 + noise(row)));
    detector.push(at(100 * 60), 200.0);
    detector.push(at(101 * 60), f64::NAN);
    detector.push(at(160 * 60), 200.0);
    detector.push(at(161 * 60), 200.0);
    assert!(detector.is_ready() && detector.onset().is_none());
    detector.push(at(162 * 60), 200.0);
    assert_eq!(detector.onset().map(|onset| onset.at), Some(at(160 * 60)));
    detector.gap(at(400 * 60));
    assert_eq!(detector.onset(), None);
}

#[test]
fn coarse_past_and_fine_present_are_one_series() {
    let mut detector = detector(5, Hurts::Up);
    (0..180).for_each(|row| detector.push(at(row * 60), 100.0 + 5.0 * noise(row)));
    let live = 180 * 60;
    for row in 0..400 {
        detector.push(at(live + row * 5), if row < 300 { 100.0 } else { 150.0 } + 5.0 * noise(row));
        assert!(row >= 300 || detector.onset().is_none(), "{row}");
    }
    assert_eq!(detector.onset().map(|onset| onset.at), Some(at(live + 1500)));
}

#[test]
fn a_detector_stays_small() {
    for (step, hurts) in [(5, Hurts::Both), (60, Hurts::Both), (300, Hurts::Both)] {
        let mut detector = detector(step, hurts);
        let mut most = 0;
        for row in 0..3 * 86_400 / step as i64 {
            let burst = if row % 700 < 20 { 300.0 } else { 0.0 };
            detector.push(at(row * step as i64), 100.0 + 10.0 * noise(row) + burst);
            most = most.max(detector.bytes());
        }
        assert!(most <= 16 * 1024, "{step} s: {most} bytes");
    }
}

fn symptom(service: &str, seconds: i64, z: f64) -> Symptom {
    let within = Duration::from_secs(60);
    Symptom { service: service.into(), signal: "latency".into(), onset: at(seconds), within, z }
}

#[test]
fn the_incident_began_where_most_of_the_weight_does() {
    assert_eq!(together(&[]), None);
    let alone = together(&[symptom("cart", 100, 8.0)]).unwrap();
    assert_eq!((alone.at, alone.members), (at(100), vec![0]));
    let stray =
        [symptom("mail", 0, 6.0), symptom("cart", 1800, 20.0), symptom("front", 1860, 9.0), symptom("pay", 1890, -7.0)];
    let overall = together(&stray).unwrap();
    assert_eq!((overall.at, overall.members), (at(1800), vec![1, 2, 3]));
    // Four signals of one service are one voice and some.
    let voices = [("cart", 0), ("cart", 10), ("cart", 20), ("front", 900), ("pay", 920), ("mail", 960)];
    let voices: Vec<Symptom> = voices.iter().map(|(service, seconds)| symptom(service, *seconds, 10.0)).collect();
    assert_eq!(together(&voices).unwrap().at, at(900));
}

#[test]
fn a_climb_is_told_from_a_step() {
    let rows = |value: &dyn Fn(i64) -> f64| -> Vec<(At, f64)> {
        (0..720).map(|row| (at(row * 60), value(row) + noise(row))).collect()
    };
    // A pool of 100 leaks from row 120 on and is full at row 600.
    let leak = rows(&|row| 20.0 + ((row - 120).max(0) as f64 / 6.0).min(80.0));
    let found = climb(&leak, at(600 * 60)).unwrap();
    assert!((found.began - at(120 * 60)).num_minutes().abs() <= 15, "{found:?}");
    assert!(found.within <= Duration::from_secs(1800) && !found.or_before, "{found:?}");
    assert!((found.from - 20.0).abs() < 3.0 && (found.to - 97.0).abs() < 6.0, "{found:?}");
    // It hurt only an hour after it was full.
    assert!((climb(&leak, at(660 * 60)).unwrap().began - at(120 * 60)).num_minutes().abs() <= 15);
    // It was climbing when the rows begin.
    assert!(climb(&rows(&|row| 20.0 + row as f64 / 10.0), at(700 * 60)).unwrap().or_before);
    for (name, flat) in [
        ("step", rows(&|row| if row < 600 { 20.0 } else { 90.0 })),
        ("noise", rows(&|_| 20.0)),
        ("ramp of five minutes", rows(&|row| 20.0 + ((row - 600).max(0) as f64 * 12.0).min(60.0))),
        ("wave", rows(&|row| 50.0 + 20.0 * (row as f64 / 20.0).sin())),
    ] {
        assert_eq!(climb(&flat, at(610 * 60)), None, "{name}");
    }
    assert_eq!(climb(&leak[..10], at(600 * 60)), None);
    assert_eq!(climb(&[], at(0)), None);
}

/// Any rows: levels, spikes, no numbers, odd steps.
fn any_rows() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let value = prop_oneof![
        8 => (0.0..10.0_f64).prop_map(|value| value + 100.0),
        1 => -1e9..1e9_f64,
        1 => Just(0.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(1e300),
    ];
    let distance = prop_oneof![6 => Just(60_i64), 2 => Just(5), 1 => 0_i64..400, 1 => 300_i64..20_000];
    prop::collection::vec((distance, value), 0..400).prop_map(|rows| {
        let mut now = 0;
        rows.into_iter()
            .map(|(distance, value)| {
                now += distance;
                (now, value)
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_answer_is_a_function_of_the_rows(rows in any_rows(), hurts in prop_oneof![Just(Hurts::Up), Just(Hurts::Down), Just(Hurts::Both)]) {
        let mut live = detector(60, hurts);
        let mut doubled = detector(60, hurts);
        for (seconds, value) in &rows {
            live.push(at(*seconds), *value);
            // Asking changes nothing; neither does a row that comes twice, or one that comes late.
            let _ = (live.onset(), live.usual());
            doubled.push(at(*seconds), *value);
            doubled.push(at(*seconds), value * 3.0);
            doubled.push(at(*seconds - 30), value * 7.0);
        }
        let mut rebuilt = detector(60, hurts);
        for (seconds, value) in &rows {
            rebuilt.push(at(*seconds), *value);
        }
        prop_assert_eq!(live.onset(), rebuilt.onset());
        prop_assert_eq!(live.usual(), rebuilt.usual());
        prop_assert_eq!(doubled.onset(), rebuilt.onset());
    }

    #[test]
    fn an_onset_lies_among_the_rows_and_on_the_side_that_hurts(rows in any_rows(), up in any::<bool>()) {
        let mut detector = detector(60, if up { Hurts::Up } else { Hurts::Down });
        for (seconds, value) in &rows {
            detector.push(at(*seconds), *value);
            if let Some(onset) = detector.onset() {
                prop_assert!(rows.iter().any(|(row, _)| at(*row) == onset.at));
                prop_assert!(onset.at <= at(*seconds) && onset.above == up);
                prop_assert!(onset.outside.0 <= onset.outside.1 && onset.outside.1 > 0);
                prop_assert!(onset.usual.low <= onset.usual.high);
                prop_assert!(onset.z.is_finite());
            }
        }
    }

    #[test]
    fn a_constant_series_never_leaves_its_range(value in -1e9..1e9_f64, step in 5_i64..300, rows in 0_i64..500) {
        let said = feed(step, Hurts::Both, rows, |_| value);
        prop_assert!(said.iter().all(Option::is_none));
    }

    #[test]
    fn units_do_not_matter(factor in prop_oneof![Just(0.001), Just(1000.0), Just(64.0)], height in 120.0..400.0_f64) {
        let shape = |row: i64| if row < 200 { 100.0 } else { height } + 10.0 * noise(row);
        let one = feed(60, Hurts::Up, 230, shape);
        let other = feed(60, Hurts::Up, 230, |row| shape(row) * factor);
        let when = |said: &[Option<Onset>]| said.iter().map(|onset| onset.map(|onset| onset.at)).collect::<Vec<_>>();
        prop_assert_eq!(when(&one), when(&other));
    }

    #[test]
    fn the_order_of_symptoms_does_not_matter(seconds in prop::collection::vec((0_i64..2000, 0.0..50.0_f64, 0_usize..4), 1..30)) {
        let names = ["cart", "front", "mail", "pay"];
        let symptoms: Vec<Symptom> = seconds.iter().map(|(seconds, z, name)| symptom(names[*name], *seconds, *z)).collect();
        let turned: Vec<Symptom> = symptoms.iter().rev().cloned().collect();
        let (one, other) = (together(&symptoms).unwrap(), together(&turned).unwrap());
        prop_assert_eq!(one.at, other.at);
        prop_assert!(one.members.iter().any(|index| symptoms[*index].onset == one.at));
        let first = symptoms[one.members[0]].onset;
        prop_assert!(one.members.iter().all(|index| symptoms[*index].onset - first <= TimeDelta::seconds(180)));
    }
}
