//! Frames are what was scraped, bit by bit, from every key frame on.

use super::*;
use crate::promql::Limits;
use crate::promql::Store;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Ids of a store that has so many series.
fn ids(count: usize) -> Vec<SeriesId> {
    let mut store = Store::new(Limits { max_series: count, ..Limits::default() });
    let target = store.add_target(Labels::default());
    let name = |index| Labels::from_iter([("__name__", format!("m{index}").as_str())]);
    (0..count).map(|index| store.series(target, name(index)).unwrap()).collect()
}

fn name(index: usize) -> Labels {
    Labels::from_iter([("__name__", format!("m{index}").as_str())])
}

/// What a target brings: nothing, or some of its series with a value.
type Body = Option<Vec<(usize, u64, Option<i64>)>>;

fn body(series: std::ops::Range<usize>) -> impl Strategy<Value = Body> {
    let value = prop_oneof![
        4 => (0_u64..5).prop_map(|whole| (whole as f64).to_bits()),
        1 => any::<u64>(),
        1 => prop::sample::select(vec![0x7ff0_0000_0000_0002, f64::NAN.to_bits(), (-0.0_f64).to_bits(), 0]),
    ];
    let own = prop_oneof![5 => Just(None), 1 => any::<i64>().prop_map(Some)];
    prop::option::weighted(0.9, prop::collection::vec((series, value, own), 0..12))
}

/// The same by series.
type Kept = BTreeMap<usize, Vec<(u64, Option<i64>)>>;

/// Of several samples without a time of their own in one body the first counts.
fn kept(body: &Body) -> Option<Kept> {
    let mut kept: Kept = BTreeMap::new();
    for (series, bits, own) in body.as_ref()? {
        let all = kept.entry(*series).or_default();
        if all.is_empty() || own.is_some() {
            all.push((*bits, *own));
        }
    }
    Some(kept)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn frames_are_read_as_they_were_scraped(
        scrapes in prop::collection::vec((body(0..8), body(8..16)), 1..300),
        lost in prop::collection::vec(0_usize..300, 0..4),
    ) {
        let ids = ids(16);
        let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
        let mut tapes = [Tape::default(), Tape::default()];
        let mut told_of = [false; 16];
        let mut births: BTreeMap<u32, Labels> = BTreeMap::new();
        for (step, (first, second)) in scrapes.iter().enumerate() {
            let at_ms = 1_800_000_000_000 + step as i64 * 5_000;
            for (tape, body) in tapes.iter_mut().zip([first, second]) {
                for (series, bits, own) in body.iter().flatten() {
                    if !std::mem::replace(&mut told_of[*series], true) {
                        tape.born(ids[*series], name(*series));
                    }
                    tape.sample(ids[*series], f64::from_bits(*bits), *own);
                }
                tape.end(body.is_some());
            }
            let [one, two] = &mut tapes;
            let frame = encoder.frame(at_ms, &mut [one, two]);
            if lost.contains(&step) {
                encoder.lost(frame.births);
                continue;
            }
            for birth in &frame.births {
                births.insert(birth.number, labels_of(&birth.labels).unwrap());
            }
            // Whoever begins at a key frame reads the same.
            if frame.is_key {
                decoder = Decoder::default();
            }
            let told = decoder.frame(frame.is_key, at_ms, &frame.body).unwrap();
            for (told, body) in told.iter().zip([first, second]) {
                let mut read: BTreeMap<usize, Vec<_>> = BTreeMap::new();
                for (number, sample) in told.iter().flatten() {
                    let series = births[number].name()[1..].parse::<usize>().unwrap();
                    read.entry(series).or_default().push((sample.bits, sample.own_ms));
                }
                prop_assert_eq!(told.as_ref().map(|_| read), kept(body));
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, is_key: bool) {
        let _ = Decoder::default().frame(is_key, 0, &bytes);
        let _ = labels_of(&bytes);
    }
}

#[test]
fn a_place_that_was_given_away_is_another_series() {
    let ids = ids(1);
    let mut encoder = Encoder::default();
    let mut tape = Tape::default();
    tape.born(ids[0], name(0));
    tape.sample(ids[0], 1.0, None);
    tape.end(true);
    assert_eq!(encoder.frame(0, &mut [&mut tape]).births[0].number, 0);
    // Told again by a reader that forgot: the same series keeps its number.
    tape.born(ids[0], name(0));
    tape.sample(ids[0], 2.0, None);
    tape.end(true);
    assert_eq!(encoder.frame(5_000, &mut [&mut tape]).births, []);
}
