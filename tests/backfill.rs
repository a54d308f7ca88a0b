//! What a verdict is made of does not depend on how the history came: lived through, filled in at once, filled in
//! behind the newest answers, or read in small pieces.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use sixty::facts::Answer;
use sixty::facts::At;
use sixty::facts::Batch;
use sixty::facts::EngineReport;
use sixty::facts::Measure;
use sixty::facts::Number;
use sixty::facts::Points;
use sixty::signals::ServiceSignals;
use sixty::triage::Budget;
use sixty::triage::Finding;
use sixty::triage::Rules;
use sixty::triage::Subject;
use sixty::triage::Watcher;

const EVERY: Duration = Duration::from_secs(15);

fn at(row: usize) -> At {
    chrono::DateTime::from_timestamp(1_800_000_000 + row as i64 * 15, 0).unwrap()
}

/// A service that is quiet, with noise of a seed, and breaks at a row; some answers are lost.
fn rows(seed: u64, broken: usize, count: usize) -> Vec<Points> {
    let noise = |row: usize, of: u64| {
        let mut bits = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (row as u64).wrapping_mul(0xD1B5_4A32_D192_ED03) ^ of;
        bits ^= bits >> 29;
        bits = bits.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits ^= bits >> 32;
        (bits % 1_000) as f64 / 1_000.0
    };
    let value = |row: usize, measure: Measure| {
        let bad = row >= broken;
        let n = noise(row, measure as u64);
        Some(match measure {
            Measure::RequestRate => 600.0 * (1.0 + 0.05 * n) * if bad { 0.7 } else { 1.0 },
            Measure::ErrorRate => 0.002 + 0.001 * n + if bad { 0.3 } else { 0.0 },
            Measure::LatencyP95 => (0.2 + 0.02 * n) * if bad { 9.0 } else { 1.0 },
            Measure::PoolUsed => (20.0 + 3.0 * n).round() + if bad { ((row - broken) as f64).min(77.0) } else { 0.0 },
            Measure::PoolMax => 100.0,
            _ => return None,
        })
    };
    (0..count)
        .map(|row| {
            // What is silent at the end has no findings.
            let lost = noise(row, 99) < 0.01 && row + 3 < count;
            let answers = Measure::ALL.into_iter().filter_map(|measure| {
                let number = Number::exact(value(row, measure)?)?;
                Some((measure, if lost { Answer::NoData("lost".into()) } else { Answer::Known(number) }))
            });
            Points { at: at(row), answers: answers.collect::<BTreeMap<_, _>>() }
        })
        .collect()
}

fn batch(points: &[Points]) -> Batch {
    let about = Arc::new(EngineReport::default());
    Batch { points: points.to_vec(), splits: Vec::new(), changes: Vec::new(), about }
}

fn fresh() -> (ServiceSignals, Watcher) {
    (ServiceSignals::new(EVERY, Duration::from_hours(6)), Watcher::new(Rules::default(), EVERY))
}

/// What a person is told.
fn told(signals: &ServiceSignals, watcher: &Watcher, now: At) -> Vec<(Finding, Vec<Option<At>>)> {
    let onsets: Vec<_> = Subject::ALL.into_iter().map(|subject| watcher.onset(subject).map(|onset| onset.at)).collect();
    watcher.findings(signals, now).into_iter().map(|finding| (finding, onsets.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_way_in_which_history_comes_changes_nothing(
        seed in 0_u64..10_000,
        broken in 200_usize..330,
        after in 4_usize..40,
        cut in 1_usize..150,
        rows_at_once in 1_usize..2_000,
    ) {
        let all = rows(seed, broken, broken + after);
        let now = all.last().unwrap().at;

        let (mut signals, mut watcher) = fresh();
        for points in &all {
            signals.take(&batch(std::slice::from_ref(points)));
            watcher.take(&signals, &mut { Budget::ALL });
        }
        let lived = told(&signals, &watcher, now);
        prop_assert!(lived.iter().any(|(finding, _)| finding.subject == Subject::ErrorRate), "{lived:?}");

        let (mut signals, mut watcher) = fresh();
        signals.take(&batch(&all));
        watcher.take(&signals, &mut { Budget::ALL });
        prop_assert_eq!(&told(&signals, &watcher, now), &lived, "at once");

        let (mut signals, mut watcher) = fresh();
        let (past, newest) = all.split_at(all.len() - cut.min(all.len() - 1));
        signals.take(&batch(newest));
        watcher.take(&signals, &mut { Budget::ALL });
        signals.take_filled(&batch(past));
        watcher.take(&signals, &mut { Budget::ALL });
        prop_assert_eq!(&told(&signals, &watcher, now), &lived, "filled in");

        let (mut signals, mut watcher) = fresh();
        signals.take(&batch(&all));
        let mut turns = 0;
        loop {
            watcher.take(&signals, &mut Budget { rows: rows_at_once, outlooks: 1 });
            turns += 1;
            if !watcher.is_behind() {
                break;
            }
            prop_assert!(turns < 100_000, "it gets to an end");
        }
        // How a climb began is asked when there is time.
        watcher.take(&signals, &mut { Budget::ALL });
        prop_assert_eq!(&told(&signals, &watcher, now), &lived, "in pieces");
    }
}
