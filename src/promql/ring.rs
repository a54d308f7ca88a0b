//! Words one after the other, numbered, forgotten from the front: those of full chunks are packed.
//!
//! A word that repeats the one before costs nothing until another one comes. Any word is found without a search.
//! What the words mean is not known here.

use std::ops::Range;

use crate::promql::packed::CHUNK;
use crate::promql::packed::Kind;
use crate::promql::packed::Packed;

/// A row of words; each keeps its number when those before it are forgotten.
#[derive(Debug)]
pub(super) struct Ring {
    kind: Kind,
    /// By how much the ends of its chunks are earlier than multiples of their length. Where thousands of rings grow
    /// together, not all of them shall pack a chunk at the same moment.
    phase: u8,
    /// The number of the first word that is not forgotten, and the one behind the last.
    first: u64,
    end: u64,
    /// The full chunks; the last ends where `open` begins.
    sealed: Vec<Packed>,
    /// Words of the chunk that is not full yet.
    open: Vec<u64>,
    /// The last word, and how often it stands at the end.
    last: u64,
    repeats: u64,
}

/// Some words that lie together.
pub(super) enum Piece<'r> {
    /// So many times the same word.
    Repeated(u64, usize),
    Open(&'r [u64]),
    /// Some words of a packed chunk.
    Packed(&'r Packed, Range<usize>),
}

impl Ring {
    pub(super) fn new(kind: Kind, phase: u8) -> Self {
        Self { kind, phase, first: 0, end: 0, sealed: Vec::new(), open: Vec::new(), last: 0, repeats: 0 }
    }

    pub(super) fn phase(&self) -> u8 {
        self.phase
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first == self.end
    }

    /// The number of the first word, and the one behind the last.
    pub(super) fn range(&self) -> Range<u64> {
        self.first..self.end
    }

    /// The last word.
    pub(super) fn back(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.last)
    }

    /// Forgets all and gives the next word that number.
    pub(super) fn restart(&mut self, number: u64) {
        *self = Self { first: number, end: number, ..Self::new(self.kind, self.phase) };
    }

    /// Appends a word.
    pub(super) fn push(&mut self, word: u64) {
        if self.room(self.end) == CHUNK as u64 && !self.open.is_empty() {
            self.settle();
        }
        if self.repeats > 0 && word == self.last {
            self.repeats += 1;
        } else {
            self.settle();
            (self.last, self.repeats) = (word, 1);
        }
        self.end += 1;
    }

    /// Puts another word in the place of the last.
    pub(super) fn replace_back(&mut self, word: u64) {
        if self.repeats > 1 {
            self.repeats -= 1;
            self.end -= 1;
            self.push(word);
        } else if self.repeats == 1 {
            self.last = word;
        }
    }

    /// How many words the chunk still takes from a number on.
    fn room(&self, number: u64) -> u64 {
        CHUNK as u64 - (number + u64::from(self.phase)) % CHUNK as u64
    }

    /// Moves the repeated word to the others.
    fn settle(&mut self) {
        let mut number = self.end - self.repeats;
        if self.repeats == 1 {
            // So it is at each push where the values change: the way must be short.
            self.repeats = 0;
            grow(&mut self.open, 1);
            self.open.push(self.last);
            if self.room(number) == 1 {
                self.seal();
            }
        }
        while self.repeats > 0 {
            let room = self.room(number);
            let part = room.min(self.repeats);
            if part == room && self.open.is_empty() {
                grow(&mut self.sealed, 1);
                self.sealed.push(Packed::constant(self.last));
            } else {
                grow(&mut self.open, part as usize);
                self.open.extend(std::iter::repeat_n(self.last, part as usize));
                if part == room {
                    self.seal();
                }
            }
            number += part;
            self.repeats -= part;
        }
    }

    /// Packs the open chunk. One that began late is filled up in front, where nobody looks.
    fn seal(&mut self) {
        let open = std::mem::take(&mut self.open);
        let missing = CHUNK.saturating_sub(open.len());
        let words = std::array::from_fn(|index| open[index.saturating_sub(missing)]);
        grow(&mut self.sealed, 1);
        self.sealed.push(Packed::new(&words, self.kind));
    }

    /// Forgets what is before a number.
    pub(super) fn expire(&mut self, first: u64) {
        if first >= self.end {
            self.restart(first);
        } else if first > self.first {
            self.first = first;
            let left = self.end - first;
            if left <= self.repeats {
                (self.sealed, self.open, self.repeats) = (Vec::new(), Vec::new(), left);
            } else {
                let packed = left.saturating_sub(self.repeats + self.open.len() as u64).div_ceil(CHUNK as u64);
                self.sealed.drain(..self.sealed.len() - packed as usize);
            }
        }
    }

    /// The word of a number that is not forgotten.
    pub(super) fn get(&self, number: u64) -> u64 {
        let mut back = self.end - number;
        if back <= self.repeats {
            return self.last;
        }
        back -= self.repeats;
        let open = self.open.len();
        if let Some(index) = open.checked_sub(back as usize) {
            return self.open[index];
        }
        let back = back as usize - open - 1;
        self.sealed[self.sealed.len() - 1 - back / CHUNK].get(CHUNK - 1 - back % CHUNK)
    }

    /// The words of some numbers, none of them forgotten, piece by piece.
    pub(super) fn pieces(&self, numbers: Range<u64>) -> impl Iterator<Item = Piece<'_>> {
        let Range { start: mut number, end } = numbers;
        std::iter::from_fn(move || {
            let count = end.checked_sub(number).filter(|count| *count > 0)? as usize;
            let piece = self.piece(number, count);
            number += piece.len() as u64;
            Some(piece)
        })
    }

    /// As many of the next words as lie together.
    fn piece(&self, number: u64, count: usize) -> Piece<'_> {
        let back = (self.end - number) as usize;
        let repeats = self.repeats as usize;
        if back <= repeats {
            return Piece::Repeated(self.last, count);
        }
        let (back, open) = (back - repeats, self.open.len());
        if let Some(index) = open.checked_sub(back) {
            return Piece::Open(&self.open[index..open.min(index + count)]);
        }
        let back = back - open - 1;
        let index = CHUNK - 1 - back % CHUNK;
        let packed = &self.sealed[self.sealed.len() - 1 - back / CHUNK];
        Piece::Packed(packed, index..CHUNK.min(index + count))
    }
}

impl Piece<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Repeated(_, count) => *count,
            Self::Open(words) => words.len(),
            Self::Packed(_, range) => range.len(),
        }
    }

    /// Appends what each word is.
    pub(super) fn append<T: Clone>(&self, out: &mut Vec<T>, of: impl Fn(u64) -> T) {
        match self {
            Self::Repeated(word, count) => out.extend(std::iter::repeat_n(of(*word), *count)),
            Self::Open(words) => out.extend(words.iter().map(|word| of(*word))),
            Self::Packed(packed, range) => packed.append(range.clone(), out, of),
        }
    }

    /// Shows each word.
    pub(super) fn each(&self, mut visit: impl FnMut(u64)) {
        match self {
            Self::Repeated(word, count) => (0..*count).for_each(|_| visit(*word)),
            Self::Open(words) => words.iter().for_each(|word| visit(*word)),
            Self::Packed(packed, range) => range.clone().for_each(|index| visit(packed.get(index))),
        }
    }
}

/// Makes room by a quarter instead of by doubling: thousands of rings must not be half empty.
fn grow<T>(list: &mut Vec<T>, more: usize) {
    if list.len() + more > list.capacity() {
        list.reserve_exact(more.max(list.len() / 4 + 4));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn a_ring_is_a_row_of_words(
            start in 0..1_000_u64,
            phase in any::<u8>(),
            steps in prop::collection::vec((0..4_u64, 1..200_u64, 0..8_u8), 1..60),
        ) {
            let mut ring = Ring::new(Kind::Whole, phase);
            let mut plain = VecDeque::new();
            let mut first = start;
            ring.restart(start);
            for (word, count, act) in steps {
                match act {
                    0 => {
                        ring.expire(first + count);
                        plain.drain(..plain.len().min(count as usize));
                        first += count;
                    }
                    1 => {
                        ring.replace_back(word);
                        plain.back_mut().into_iter().for_each(|back| *back = word);
                    }
                    2..4 => (0..count).for_each(|index| {
                        ring.push(word * index);
                        plain.push_back(word * index);
                    }),
                    _ => (0..count).for_each(|_| {
                        ring.push(word);
                        plain.push_back(word);
                    }),
                }
                prop_assert_eq!(ring.range(), first..first + plain.len() as u64);
                prop_assert_eq!(ring.back(), plain.back().copied());
                let one_by_one: VecDeque<u64> = ring.range().map(|number| ring.get(number)).collect();
                prop_assert_eq!(&one_by_one, &plain);
                let mut pieces = VecDeque::new();
                ring.pieces(ring.range()).for_each(|piece| piece.each(|word| pieces.push_back(word)));
                prop_assert_eq!(&pieces, &plain);
            }
        }
    }
}
