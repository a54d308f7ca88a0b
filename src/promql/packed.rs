//! A full chunk of a ring in as few bits as its words need: one constant, or distances from a base.
//!
//! Any word can be read without reading the others. What comes out has the very bits of what went in: a number is
//! kept as a distance of decimals only where that is exact.

use std::ops::Range;

/// How many words a chunk has.
pub(super) const CHUNK: usize = 128;
/// Prometheus' stale marker: the series is known to have ended here.
pub(super) const STALE: u64 = 0x7ff0_0000_0000_0002;
/// Our own mark for a slot of the axis at which the series has no sample. Never leaves the store.
pub(super) const ABSENT: u64 = 0x7ff0_0000_0000_0003;
/// Words that lie far from all numbers and yet are met among them.
const MARKS: [u64; 4] = [STALE, ABSENT, 0x7ff8_0000_0000_0000, 0x7ff0_0000_0000_0000];

/// A distance that begins in the last bits of one byte can be read in one go up to this width.
const WIDEST: u32 = 57;
/// The mark of words that are kept as they are, not as decimals.
const RAW: u8 = u8::MAX;
const TENS: [f64; 13] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];

/// What the words of a ring are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// The bits of floats; may be kept as decimals.
    Floats,
    /// Whole numbers, such as times.
    Whole,
}

/// A chunk that does not change any more.
#[derive(Debug)]
pub(super) struct Packed {
    base: u64,
    data: Box<[u8]>,
    /// Bits of each distance; 0 where all words are the base.
    width: u8,
    /// The words are decimals with so many digits behind the point; or [`RAW`].
    scale: u8,
    /// The highest distances stand for [`MARKS`].
    has_marks: bool,
    /// There is a gap or something that is not a number among the words, or a fall from one to the next.
    pub(super) is_rough: bool,
}

/// A way to keep words: the smallest, and by how much the largest is away from it.
#[derive(Clone, Copy)]
struct Way {
    scale: u8,
    base: u64,
    reach: u64,
}

impl Packed {
    /// A chunk of one word over and over.
    pub(super) fn constant(word: u64) -> Self {
        Self { base: word, data: Box::default(), width: 0, scale: RAW, has_marks: false, is_rough: is_gap(word) }
    }

    /// Packs a chunk of words.
    pub(super) fn new(words: &[u64; CHUNK], kind: Kind) -> Self {
        if words.iter().all(|word| *word == words[0]) {
            return Self::constant(words[0]);
        }
        let floats = kind == Kind::Floats;
        let is_mark = |word: u64| floats && MARKS.contains(&word);
        let has_marks = words.iter().any(|word| is_mark(*word));
        let is_rough = floats && is_rough(words);
        let numbers = || words.iter().copied().filter(|word| !is_mark(*word));
        let raw = Way::of(RAW, numbers());
        let decimal = floats.then(|| (0..TENS.len() as u8).find_map(|scale| decimals(scale, numbers()))).flatten();
        let way = decimal.filter(|way| way.reach < raw.reach).unwrap_or(raw);
        let room = if has_marks { MARKS.len() as u64 } else { 0 };
        let width = way.reach.checked_add(room).map_or(64, |reach| 64 - reach.leading_zeros());
        if width > WIDEST {
            let data = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            return Self { base: 0, data, width: 64, scale: RAW, has_marks: false, is_rough };
        }
        let mut packed = Self {
            base: way.base,
            data: vec![0; CHUNK / 8 * width as usize].into_boxed_slice(),
            width: width as u8,
            scale: way.scale,
            has_marks,
            is_rough,
        };
        for (index, word) in words.iter().enumerate() {
            let mark = MARKS.iter().position(|mark| mark == word).filter(|_| has_marks);
            let distance = match mark {
                Some(mark) => packed.mask() - mark as u64,
                None => key(way.scale, *word).unwrap_or(0).wrapping_sub(way.base),
            };
            packed.write(index, distance);
        }
        packed
    }

    /// One word.
    pub(super) fn get(&self, index: usize) -> u64 {
        if self.width == 0 {
            return self.base;
        }
        let (distance, mask) = (self.distance(index), self.mask());
        if self.has_marks && mask - distance < MARKS.len() as u64 {
            return MARKS[(mask - distance) as usize];
        }
        let key = self.base.wrapping_add(distance);
        match self.scale {
            RAW => key,
            0 => (key as i64 as f64).to_bits(),
            scale => (key as i64 as f64 / TENS[usize::from(scale)]).to_bits(),
        }
    }

    /// Appends what each of some words is.
    pub(super) fn append<T: Clone>(&self, range: Range<usize>, out: &mut Vec<T>, of: impl Fn(u64) -> T) {
        match self.scale {
            _ if self.width == 0 => out.extend(std::iter::repeat_n(of(self.base), range.len())),
            _ if self.has_marks => out.extend(range.map(|index| of(self.get(index)))),
            RAW => self.keys(range, out, of),
            0 => self.keys(range, out, |key| of((key as i64 as f64).to_bits())),
            scale => {
                let ten = TENS[usize::from(scale)];
                self.keys(range, out, |key| of((key as i64 as f64 / ten).to_bits()));
            }
        }
    }

    /// Appends what some words are, whose keys are the base and a distance: the loop in which long windows are read.
    fn keys<T>(&self, range: Range<usize>, out: &mut Vec<T>, of: impl Fn(u64) -> T) {
        let (data, width, mask, base) = (&*self.data, usize::from(self.width), self.mask(), self.base);
        // Up to there a distance can be read from the byte in which it begins.
        let plain = ((data.len() - 8) * 8 / width + 1).clamp(range.start, range.end);
        out.extend((range.start..plain).map(|index| {
            let bit = index * width;
            let word = data[bit / 8..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            of(base.wrapping_add((word >> (bit % 8)) & mask))
        }));
        out.extend((plain..range.end).map(|index| of(base.wrapping_add(self.distance(index)))));
    }

    /// How far a word is from the base.
    fn distance(&self, index: usize) -> u64 {
        let (start, shift) = self.place(index);
        (self.load(start) >> shift) & self.mask()
    }

    fn write(&mut self, index: usize, distance: u64) {
        let (start, shift) = self.place(index);
        let word = self.load(start) | distance << shift;
        self.data[start..start + 8].copy_from_slice(&word.to_le_bytes());
    }

    /// The byte from which a distance is read, and by how many bits it is shifted there.
    fn place(&self, index: usize) -> (usize, u32) {
        let bit = index * usize::from(self.width);
        // The last bytes are read from a little before, so that nothing need lie behind them.
        let start = (bit / 8).min(self.data.len() - 8);
        (start, (bit - start * 8) as u32)
    }

    fn load(&self, start: usize) -> u64 {
        self.data[start..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    fn mask(&self) -> u64 {
        u64::MAX >> (64 - u32::from(self.width))
    }
}

impl Way {
    fn of(scale: u8, keys: impl Iterator<Item = u64>) -> Self {
        // Decimals are signed: moved by half of the range they have the order of whole numbers.
        let turn = if scale == RAW { 0 } else { 1 << 63 };
        let (least, most) =
            keys.fold((u64::MAX, 0), |(least, most), key| (least.min(key ^ turn), most.max(key ^ turn)));
        Self { scale, base: least ^ turn, reach: most.saturating_sub(least) }
    }
}

/// Words as decimals with so many digits behind the point, where each is exact.
fn decimals(scale: u8, words: impl Iterator<Item = u64> + Clone) -> Option<Way> {
    words
        .clone()
        .all(|word| key(scale, word).is_some())
        .then(|| Way::of(scale, words.filter_map(|word| key(scale, word))))
}

/// What is kept of a word: itself, or its decimal, if that is exact.
fn key(scale: u8, word: u64) -> Option<u64> {
    if scale == RAW {
        return Some(word);
    }
    let ten = TENS[usize::from(scale)];
    let number = f64::from_bits(word);
    let whole = (number * ten).round();
    // Beyond 2^53 not every whole number is a float.
    let exact = whole.abs() < 9e15 && (whole as i64 as f64 / ten).to_bits() == word;
    exact.then_some(whole as i64 as u64)
}

/// Whether a word is one of the two marks, so that there is no sample.
pub(super) fn is_gap(word: u64) -> bool {
    matches!(word, STALE | ABSENT)
}

/// Whether there is a gap among the bits of floats, or a fall from one to the next.
fn is_rough(words: &[u64]) -> bool {
    // What is not a number hides a fall across it from those who look at the ends alone.
    words.iter().any(|word| f64::from_bits(*word).is_nan())
        || words.windows(2).any(|pair| f64::from_bits(pair[1]) < f64::from_bits(pair[0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunk(word: impl Fn(usize) -> u64) -> [u64; CHUNK] {
        std::array::from_fn(word)
    }

    fn width(words: &[u64; CHUNK]) -> u8 {
        let packed = Packed::new(words, Kind::Floats);
        for (index, word) in words.iter().enumerate() {
            assert_eq!(packed.get(index), *word, "{index} of {packed:?}");
        }
        packed.width
    }

    #[test]
    fn each_kind_of_series_takes_the_bits_that_it_needs() {
        let floats = |value: fn(f64) -> f64| chunk(|index| value(index as f64).to_bits());
        assert_eq!(width(&floats(|_| 0.1)), 0);
        assert_eq!(width(&floats(|index| index)), 7);
        assert_eq!(width(&floats(|index| -index)), 64, "a negative zero is no whole number");
        assert_eq!(width(&floats(|index| -1.0 - index)), 7);
        assert_eq!(width(&floats(|index| 1e15 + index * 1000.0)), 17);
        assert_eq!(width(&floats(|index| 12_345.5 + index / 100.0)), 7);
        assert_eq!(width(&floats(|index| (index * 1e8 + 3.0) / 1e9)), 34);
        assert!((50..57).contains(&width(&floats(|index| (index + 2.0).sqrt() * 0.1))));
        assert_eq!(width(&floats(|index| (index - 60.5).abs().sqrt() * (index - 60.5))), 64);
        assert_eq!(width(&chunk(|index| if index % 3 == 0 { STALE } else { 5.0_f64.to_bits() })), 3);
        assert_eq!(width(&chunk(|index| MARKS[index % 4])), 3);
        assert_eq!(width(&chunk(|index| if index == 7 { f64::INFINITY } else { 1.0 }.to_bits())), 3);
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_with_the_same_bits(
            words in prop::collection::vec(any::<u64>(), CHUNK),
            keep in 0..64_u32,
            scale in 0..14_i32,
            mark in prop::option::of(0..MARKS.len()),
        ) {
            for kind in [Kind::Floats, Kind::Whole] {
                let raw = chunk(|index| words[index] >> keep);
                let decimal = chunk(|index| ((words[index] >> keep) as i64 as f64 / 10_f64.powi(scale)).to_bits());
                for mut words in [raw, decimal] {
                    if let Some(mark) = mark {
                        words[keep as usize] = MARKS[mark];
                    }
                    let packed = Packed::new(&words, kind);
                    let out = chunk(|index| packed.get(index));
                    prop_assert_eq!(out, words);
                    prop_assert!(packed.data.len() <= CHUNK * 8);
                }
            }
        }
    }
}
