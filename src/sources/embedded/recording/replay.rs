//! From the rows of the file back to a store, as if it had been there all the time.

use std::collections::HashMap;

use crate::facts::Labels;
use crate::promql::Limits;
use crate::promql::Scrape;
use crate::promql::SeriesId;
use crate::promql::Store;
use crate::promql::TargetId;
use crate::sources::embedded::recording::bytes::Broken;
use crate::sources::embedded::recording::frame;
use crate::sources::embedded::recording::frame::Decoder;
use crate::sources::embedded::recording::frame::Encoder;
use crate::sources::embedded::recording::frame::Sample;
use crate::sources::embedded::recording::rows::Raw;

/// A hole of more than so many tenths of an interval is a time in which nobody scraped. A takeover is shorter.
const HOLE: i64 = 25;

/// A store that goes on where the recording ends.
pub struct Replayed {
    /// What was scraped.
    pub store: Store,
    /// The targets, in their order.
    pub targets: Vec<TargetId>,
    /// Scrapes in which a target answered.
    pub scrapes: u64,
    pub encoder: Encoder,
}

/// Series by their number in the frames.
struct Known {
    series: HashMap<u32, (usize, Labels, Option<SeriesId>)>,
}

/// Puts the frames into a new store with these targets. A time without scrapes, also the one until `now_ms`, becomes an
/// outage, so that no rate is told over it.
pub fn replay(raw: Raw, limits: Limits, constants: &[Labels], every_ms: i64, now_ms: i64) -> Result<Replayed, Broken> {
    let mut store = Store::new(limits);
    let targets: Vec<_> = constants.iter().map(|constant| store.add_target(constant.clone())).collect();
    let series = raw
        .series
        .into_iter()
        .map(|(number, target, labels)| frame::labels_of(&labels).map(|labels| (number, (target, labels, None))));
    let mut known = Known { series: series.collect::<Result<_, _>>()? };
    let (mut decoder, mut scrapes, mut last_ms) = (Decoder::default(), 0, None);
    for (at_ms, is_key, body) in raw.frames {
        let told = decoder.frame(is_key, at_ms, &body)?;
        outage(&mut store, &targets, last_ms, at_ms, every_ms);
        scrapes += u64::from(told.iter().any(Option::is_some));
        for (index, (target, told)) in targets.iter().zip(told).enumerate() {
            match told {
                None => store.down(*target, at_ms),
                Some(samples) => {
                    if let Ok(scrape) = store.begin(*target, at_ms) {
                        known.put(scrape, index, &samples);
                    }
                }
            }
        }
        last_ms = Some(at_ms);
    }
    outage(&mut store, &targets, last_ms, now_ms, every_ms);
    let placed = known.series.into_iter().filter_map(|(number, (target, _, id))| Some((id?, target, number)));
    Ok(Replayed { encoder: Encoder::resume(raw.next, placed), store, targets, scrapes })
}

/// Marks a time in which nobody scraped.
fn outage(store: &mut Store, targets: &[TargetId], last_ms: Option<i64>, at_ms: i64, every_ms: i64) {
    if let Some(last_ms) = last_ms.filter(|last| at_ms.saturating_sub(*last) * 10 > every_ms.saturating_mul(HOLE)) {
        for target in targets {
            store.down(*target, last_ms.saturating_add(every_ms));
        }
    }
}

impl Known {
    fn put(&mut self, mut scrape: Scrape<'_>, target: usize, samples: &[(u32, Sample)]) {
        for (number, sample) in samples {
            let Some((_, labels, id)) = self.series.get_mut(number).filter(|(of, ..)| *of == target) else { continue };
            let value = f64::from_bits(sample.bits);
            // The place of a series that ended long ago may have been given away: then it is made anew.
            if id.is_some_and(|id| scrape.put(id, value, sample.own_ms)) {
                continue;
            }
            *id = scrape.series(labels.clone()).ok();
            if let Some(id) = *id {
                scrape.put(id, value, sample.own_ms);
            }
        }
        scrape.finish();
    }
}
