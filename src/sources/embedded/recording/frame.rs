//! The samples of one scrape as bytes: what changed since the scrape before, and now and then everything.
//!
//! Three quarters of all series never change, so a frame tells only of the others. A *key* frame tells of every series
//! from nothing, so that reading can begin there. Series are numbered; their labels are kept beside the frames, once.
//! A target that gave no answer is one byte, and what is known of its series stays as it was.

use crate::facts::Labels;
use crate::promql::SeriesId;
use crate::sources::embedded::recording::bytes;
use crate::sources::embedded::recording::bytes::Broken;
use crate::sources::embedded::recording::bytes::Bytes;

/// Every so many frames there is one that stands alone: ten minutes at 5 s.
const KEY_EVERY: u32 = 120;

/// How a target is told of in a frame.
const FAILED: u8 = 0;
const CHANGES: u8 = 1;
const WHOLE: u8 = 2;

/// What one scrape of one target brings, in the order of its body.
#[derive(Debug, Default)]
pub struct Tape {
    samples: Vec<(SeriesId, Sample)>,
    /// Series that the reader met for the first time, with the labels that they were scraped with. Kept until they
    /// are in a frame: the reader does not tell them twice.
    born: Vec<(SeriesId, Labels)>,
    /// Whether the scrape succeeded.
    good: bool,
    /// Whether anything is noted at all.
    runs: bool,
}

/// A value and, where the body told one, its own time in milliseconds since the epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    pub bits: u64,
    pub own_ms: Option<i64>,
}

impl Tape {
    /// An empty tape that runs.
    pub fn running() -> Self {
        Self { runs: true, ..Self::default() }
    }

    /// Whether anything is noted at all.
    pub const fn runs(&self) -> bool {
        self.runs
    }

    /// Notes the labels of a series before its first sample.
    pub fn born(&mut self, series: SeriesId, labels: Labels) {
        self.born.push((series, labels));
    }

    /// Notes a sample.
    pub fn sample(&mut self, series: SeriesId, value: f64, own_ms: Option<i64>) {
        self.samples.push((series, Sample { bits: value.to_bits(), own_ms }));
    }

    /// The scrape is over.
    pub fn end(&mut self, good: bool) {
        self.good = good;
        if !good {
            self.samples.clear();
        }
    }
}

/// A series as the frames know it.
#[derive(Clone, Copy, Debug)]
struct Slot {
    series: SeriesId,
    target: usize,
    number: u32,
    last: Sample,
    /// Whether the last good scrape of its target had it.
    there: bool,
    /// The frame in which it was met last.
    seen: u64,
    /// Whether that frame tells its value; else it is as before.
    told: bool,
}

/// A series that no frame told of before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Birth {
    pub number: u32,
    pub target: usize,
    pub labels: Vec<u8>,
}

/// One scrape of all targets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frame {
    /// It can be read without those before.
    pub is_key: bool,
    pub body: Vec<u8>,
    /// Series that it is the first to tell of.
    pub births: Vec<Birth>,
    /// With a key frame: the numbers that are still in use.
    pub in_use: Vec<u32>,
}

/// Makes frames. Its memory is one slot per series of the store.
#[derive(Debug, Default)]
pub struct Encoder {
    slots: Vec<Option<Slot>>,
    /// Births whose frame was not written.
    owed: Vec<Birth>,
    next: u32,
    frames: u64,
    since_key: Option<u32>,
    /// Targets that have to be told whole, since the last key frame could not tell of them.
    whole: Vec<bool>,
}

impl Encoder {
    /// Goes on behind what was recorded: numbers that were given, and the series that have them.
    pub fn resume(next: u32, known: impl IntoIterator<Item = (SeriesId, usize, u32)>) -> Self {
        let mut encoder = Self { next, ..Self::default() };
        for (series, target, number) in known {
            encoder.place(series, target, number);
        }
        encoder
    }

    fn place(&mut self, series: SeriesId, target: usize, number: u32) {
        let index = series.index();
        if self.slots.len() <= index {
            self.slots.resize(index + 1, None);
        }
        let last = Sample { bits: 0, own_ms: None };
        self.slots[index] = Some(Slot { series, target, number, last, there: false, seen: 0, told: false });
    }

    /// The last frame was not written: the next one may not build on it.
    pub fn lost(&mut self, births: Vec<Birth>) {
        self.owed.extend(births);
        self.since_key = None;
    }

    /// What the targets brought, as a frame; the tapes are empty afterwards.
    pub fn frame(&mut self, at_ms: i64, tapes: &mut [&mut Tape]) -> Frame {
        self.frames += 1;
        let is_key = self.since_key.is_none_or(|since| since + 1 >= KEY_EVERY);
        self.since_key = Some(if is_key { 0 } else { self.since_key.unwrap_or_default() + 1 });
        self.whole.resize(tapes.len(), true);
        let mut frame = Frame { is_key, births: std::mem::take(&mut self.owed), ..Frame::default() };
        bytes::put_number(&mut frame.body, tapes.len() as u64);
        for (target, tape) in tapes.iter_mut().enumerate() {
            self.births(target, tape, &mut frame.births);
            self.whole[target] |= is_key;
            if tape.good {
                self.target(target, at_ms, &tape.samples, &mut frame.body);
                self.whole[target] = false;
            } else {
                frame.body.push(FAILED);
            }
            tape.samples.clear();
        }
        if is_key {
            frame.in_use = self.slots.iter().flatten().map(|slot| slot.number).collect();
        }
        frame
    }

    fn births(&mut self, target: usize, tape: &mut Tape, births: &mut Vec<Birth>) {
        for (series, labels) in tape.born.drain(..) {
            let known = self.slots.get(series.index()).copied().flatten();
            if known.is_some_and(|slot| slot.series == series) {
                continue;
            }
            let number = self.next;
            self.next = self.next.wrapping_add(1);
            self.place(series, target, number);
            births.push(Birth { number, target, labels: labels_as_bytes(&labels) });
        }
    }

    fn target(&mut self, target: usize, at_ms: i64, samples: &[(SeriesId, Sample)], body: &mut Vec<u8>) {
        let whole = self.whole[target];
        body.push(if whole { WHOLE } else { CHANGES });
        let mut told = Changes { at_ms, bytes: Vec::with_capacity(samples.len() * 2), count: 0, before: 0 };
        for (series, sample) in samples {
            let Some(slot) = self.slots.get_mut(series.index()).and_then(Option::as_mut) else { continue };
            let again = slot.seen == self.frames;
            // Of two samples without a time of their own the first counts.
            if slot.series != *series || (again && sample.own_ms.is_none()) {
                continue;
            }
            let fresh = !again && (whole || !slot.there);
            slot.seen = self.frames;
            if again && !slot.told {
                told.add(slot.number, slot.last.bits, slot.last);
            }
            slot.told = fresh || again || slot.last != *sample;
            if slot.told {
                told.add(slot.number, if fresh { 0 } else { slot.last.bits }, *sample);
                slot.last = *sample;
            }
        }
        bytes::put_number(body, told.count);
        body.append(&mut told.bytes);
        self.gone(target, whole, body);
    }

    /// Tells which series the last scrape had and this one has not.
    fn gone(&mut self, target: usize, whole: bool, body: &mut Vec<u8>) {
        let mut gone = Vec::new();
        for slot in self.slots.iter_mut().flatten().filter(|slot| slot.target == target) {
            let is_there = slot.seen == self.frames;
            if slot.there && !is_there && !whole {
                gone.push(slot.number);
            }
            slot.there = is_there;
        }
        bytes::put_number(body, gone.len() as u64);
        let mut before = 0;
        for number in gone {
            bytes::put_signed(body, i64::from(number) - i64::from(before));
            before = number;
        }
    }
}

/// The samples of a target that are not as before.
struct Changes {
    at_ms: i64,
    bytes: Vec<u8>,
    count: u64,
    /// The number of the series before.
    before: u32,
}

impl Changes {
    fn add(&mut self, number: u32, basis: u64, sample: Sample) {
        let step = i64::from(number) - i64::from(self.before);
        bytes::put_signed(&mut self.bytes, step << 1 | i64::from(sample.own_ms.is_some()));
        bytes::put_float(&mut self.bytes, basis, sample.bits);
        if let Some(own) = sample.own_ms {
            bytes::put_signed(&mut self.bytes, own.wrapping_sub(self.at_ms));
        }
        self.before = number;
        self.count += 1;
    }
}

/// What a frame says of one target: `None` when it gave no answer, else every sample with the number of its series.
pub type Told = Option<Vec<(u32, Sample)>>;

/// Reads frames in their order, from a key frame on.
#[derive(Debug, Default)]
pub struct Decoder {
    /// By target, by number: what the last good scrape had.
    targets: Vec<std::collections::BTreeMap<u32, Sample>>,
}

impl Decoder {
    /// The samples of the next frame.
    pub fn frame(&mut self, is_key: bool, at_ms: i64, body: &[u8]) -> Result<Vec<Told>, Broken> {
        let mut bytes = Bytes::new(body);
        let count = bytes.count()?;
        if is_key {
            self.targets.clear();
        }
        self.targets.resize_with(count, Default::default);
        let told = self.targets.iter_mut().map(|there| target(there, at_ms, &mut bytes)).collect::<Result<_, _>>()?;
        bytes.end()?;
        Ok(told)
    }
}

fn target(
    there: &mut std::collections::BTreeMap<u32, Sample>,
    at_ms: i64,
    bytes: &mut Bytes<'_>,
) -> Result<Told, Broken> {
    match bytes.byte()? {
        FAILED => return Ok(None),
        WHOLE => there.clear(),
        CHANGES => {}
        _ => return Err(Broken),
    }
    let count = bytes.count()?;
    let mut told = Vec::with_capacity(there.len() + count);
    let mut before = 0_i64;
    let mut changed = std::collections::BTreeSet::new();
    for _ in 0..count {
        let step = bytes.signed()?;
        before = before.checked_add(step >> 1).ok_or(Broken)?;
        let number = u32::try_from(before).map_err(|_| Broken)?;
        let bits = bytes.float(there.get(&number).map_or(0, |last| last.bits))?;
        let own_ms = if step & 1 == 1 { Some(bytes.signed()?.wrapping_add(at_ms)) } else { None };
        let sample = Sample { bits, own_ms };
        there.insert(number, sample);
        changed.insert(number);
        told.push((number, sample));
    }
    let mut before = 0_i64;
    for _ in 0..bytes.count()? {
        before = before.checked_add(bytes.signed()?).ok_or(Broken)?;
        there.remove(&u32::try_from(before).map_err(|_| Broken)?);
    }
    told.extend(there.iter().filter(|(number, _)| !changed.contains(number)).map(|(number, last)| (*number, *last)));
    Ok(Some(told))
}

fn labels_as_bytes(labels: &Labels) -> Vec<u8> {
    let mut out = Vec::new();
    bytes::put_number(&mut out, labels.len() as u64);
    for (name, value) in labels.iter() {
        bytes::put_text(&mut out, name);
        bytes::put_text(&mut out, value);
    }
    out
}

/// The labels of a series as it was scraped.
pub fn labels_of(bytes: &[u8]) -> Result<Labels, Broken> {
    let mut bytes = Bytes::new(bytes);
    let mut pairs = Vec::new();
    for _ in 0..bytes.count()? {
        pairs.push((bytes.text()?.into(), bytes.text()?.into()));
    }
    bytes.end()?;
    Labels::new(pairs).map_err(|_| Broken)
}

#[cfg(test)]
mod tests;
