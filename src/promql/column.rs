//! The values of one series: a ring of floats, one per slot of its target's time axis.
//!
//! A column knows nothing of time as long as its samples come with the scrape. Once a sample brings its own
//! timestamp, the column keeps its own times beside the values. It does not interpret values, except for the two
//! marks of a gap, and it notes where they fall.

use std::ops::Range;

use crate::promql::axis::Axis;
use crate::promql::packed;
use crate::promql::packed::ABSENT;
use crate::promql::packed::Kind;
use crate::promql::packed::STALE;
use crate::promql::ring::Piece;
use crate::promql::ring::Ring;
use crate::promql::span::Span;

/// Whether a value has the bits of our own mark; a sample must not.
pub(super) fn is_mark(value: f64) -> bool {
    value.to_bits() == ABSENT
}

/// The values of one series.
#[derive(Debug)]
pub(super) struct Column {
    /// The bits of the values. A number is that of a slot of the axis; with times of its own it means nothing.
    values: Ring,
    /// The times of the values by the same numbers, where they are not those of the axis.
    times: Option<Box<Ring>>,
    /// From this number on there is neither a mark nor a fall from one value to the next: two values of a window
    /// tell all of it that a counter needs.
    smooth: u64,
}

impl Column {
    /// An empty column. Columns that grow together do so at different phases, whatever these are.
    pub(super) fn new(phase: u8) -> Self {
        Self { values: Ring::new(Kind::Floats, phase), times: None, smooth: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether the slot holds something already, so that a second sample of one scrape is not kept.
    pub(super) fn reaches(&self, slot: u64) -> bool {
        self.times.is_none() && !self.values.is_empty() && self.values.range().end > slot
    }

    /// Puts a value at a slot of the axis; slots without a sample in between are marked.
    pub(super) fn put(&mut self, slot: u64, at: i64, value: f64) {
        if self.times.is_some() {
            self.put_own(at, value);
            return;
        }
        if self.values.is_empty() {
            self.values.restart(slot);
            self.smooth = slot;
        }
        while self.values.range().end < slot {
            self.push(f64::from_bits(ABSENT));
        }
        self.push(value);
    }

    /// Puts a value with a time of its own; a time that is not later than the last is not kept, as in Prometheus.
    pub(super) fn put_explicit(&mut self, axis: &Axis, at: i64, value: f64) {
        if self.times.is_none() {
            let phase = self.values.phase();
            let mut own = Self { times: Some(Box::new(Ring::new(Kind::Whole, phase))), ..Self::new(phase) };
            for number in self.values.range() {
                let word = self.values.get(number);
                if word != ABSENT {
                    own.put_own(axis.time(number), f64::from_bits(word));
                }
            }
            *self = own;
        }
        self.put_own(at, value);
    }

    fn put_own(&mut self, at: i64, value: f64) {
        let Some(times) = &mut self.times else { return };
        if times.back().is_none_or(|last| at > last as i64) {
            times.push(at as u64);
            self.push(value);
        }
    }

    fn push(&mut self, value: f64) {
        let number = self.values.range().end;
        if packed::is_gap(value.to_bits()) {
            self.smooth = number + 1;
        } else if self.values.back().is_some_and(|before| value < f64::from_bits(before)) {
            self.smooth = number;
        }
        self.values.push(value.to_bits());
    }

    /// Marks the value at a slot, if there is one, as stale: the scrape that brought it was given up.
    pub(super) fn withdraw(&mut self, slot: u64) {
        if self.reaches(slot) {
            self.values.replace_back(STALE);
            self.smooth = self.values.range().end;
        }
    }

    /// Forgets what is before the first slot of the axis, or before `oldest` where the column has its own times.
    pub(super) fn expire(&mut self, first_slot: u64, oldest: i64) {
        if let Some(times) = &mut self.times {
            let first = number_behind(times, oldest.saturating_sub(1));
            times.expire(first);
            self.values.expire(first);
        } else {
            self.values.expire(first_slot);
        }
    }

    /// Lets the memory of an emptied column go.
    pub(super) fn release(&mut self) {
        *self = Self::new(self.values.phase());
    }

    /// The newest sample at a time in `(after, until]`; `None` when there is none or it is a stale marker.
    pub(super) fn newest(&self, axis: &Axis, slots: (u64, u64), after: i64, until: i64) -> Option<(i64, f64)> {
        let numbers = self.numbers(slots, (after, until)).rev();
        let mut words = numbers.map(|number| (number, self.values.get(number)));
        let (number, word) = words.find(|(_, word)| *word != ABSENT)?;
        (word != STALE).then(|| (self.time(axis, number), f64::from_bits(word)))
    }

    /// Appends every sample at a time in `(after, until]` but stale markers.
    pub(super) fn copy(
        &self,
        axis: &Axis,
        slots: (u64, u64),
        window: (i64, i64),
        times: &mut Vec<i64>,
        values: &mut Vec<f64>,
    ) {
        let numbers = self.numbers(slots, window);
        let (first, is_smooth) = (values.len(), numbers.start >= self.smooth);
        match &self.times {
            Some(own) => own.pieces(numbers.clone()).for_each(|piece| piece.append(times, |word| word as i64)),
            None => times.extend(axis.times(numbers.clone())),
        }
        self.values.pieces(numbers).for_each(|piece| piece.append(values, f64::from_bits));
        if !is_smooth {
            let mut kept = first;
            for index in first..values.len() {
                if !packed::is_gap(values[index].to_bits()) {
                    (times[kept], values[kept]) = (times[index], values[index]);
                    kept += 1;
                }
            }
            times.truncate(kept);
            values.truncate(kept);
        }
    }

    /// Whether all these slots of the axis hold a sample, and none is lower than the one before.
    pub(super) fn is_even(&self, (low, high): (u64, u64)) -> bool {
        let Range { start, end } = self.values.range();
        self.times.is_none() && low >= start.max(self.smooth) && high <= end
    }

    /// The sample of a slot, of those that are [even](Self::is_even).
    pub(super) fn at(&self, slot: u64) -> f64 {
        f64::from_bits(self.values.get(slot))
    }

    /// What a counter's functions need of the samples at times in `(after, until]`; `None` when there are fewer than
    /// two. Costs two values where nothing odd happened since, else a look at the chunks in which it did.
    pub(super) fn span(&self, axis: &Axis, slots: (u64, u64), window: (i64, i64)) -> Option<Span> {
        let mut numbers = self.numbers(slots, window);
        let value = |number: u64| f64::from_bits(self.values.get(number));
        let is_smooth = numbers.start >= self.smooth;
        if !is_smooth {
            let first = numbers.clone().find(|number| !packed::is_gap(self.values.get(*number)))?;
            let last = numbers.rev().find(|number| !packed::is_gap(self.values.get(*number)))?;
            numbers = first..last + 1;
        }
        let (from, to) = (numbers.start, numbers.end.checked_sub(1).filter(|last| *last > numbers.start)?);
        let (first, last) = (value(from), value(to));
        let (mut count, mut increase) = ((to - from + 1) as usize, last - first);
        if !is_smooth {
            (count, increase) = self.walk(numbers, first, increase);
        }
        Some(Span { first: (self.time(axis, from), first), last: (self.time(axis, to), last), count, increase })
    }

    /// Counts the samples of some numbers, and adds to an increase what was there before each fall.
    fn walk(&self, numbers: Range<u64>, first: f64, increase: f64) -> (usize, f64) {
        let (mut count, mut before) = (0, first);
        let mut falls = increase;
        let mut step = |word: u64| {
            let value = f64::from_bits(word);
            if value < before {
                falls += before;
            }
            before = value;
        };
        for piece in self.values.pieces(numbers) {
            match &piece {
                Piece::Packed(packed, range) if !packed.is_rough => {
                    step(packed.get(range.start));
                    step(packed.get(range.end - 1));
                    count += range.len();
                }
                Piece::Repeated(word, repeats) if !packed::is_gap(*word) => {
                    step(*word);
                    count += repeats;
                }
                _ => piece.each(|word| {
                    if !packed::is_gap(word) {
                        step(word);
                        count += 1;
                    }
                }),
            }
        }
        (count, falls)
    }

    /// The two newest samples at times in `(after, until]`, the older one first; `None` when there are fewer.
    pub(super) fn last_two(&self, axis: &Axis, slots: (u64, u64), window: (i64, i64)) -> Option<[(i64, f64); 2]> {
        let numbers = self.numbers(slots, window).rev();
        let samples = numbers.map(|number| (number, self.values.get(number)));
        let mut samples = samples.filter(|(_, word)| !packed::is_gap(*word));
        let (last, before) = (samples.next()?, samples.next()?);
        Some([before, last].map(|(number, word)| (self.time(axis, number), f64::from_bits(word))))
    }

    /// The numbers of the values in the window; `slots` are those of the axis in the same window.
    fn numbers(&self, (low, high): (u64, u64), (after, until): (i64, i64)) -> Range<u64> {
        let Range { start, end } = self.values.range();
        match &self.times {
            Some(times) => number_behind(times, after)..number_behind(times, until),
            None => low.clamp(start, end)..high.clamp(start, end),
        }
    }

    fn time(&self, axis: &Axis, number: u64) -> i64 {
        self.times.as_ref().map_or_else(|| axis.time(number), |times| times.get(number) as i64)
    }
}

/// The number of the first time behind a given one.
fn number_behind(times: &Ring, at: i64) -> u64 {
    let Range { start: mut low, end: mut high } = times.range();
    // Most windows end now.
    if times.back().is_none_or(|last| last as i64 <= at) {
        return high;
    }
    while low < high {
        let middle = low.midpoint(high);
        if times.get(middle) as i64 <= at { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What happens to a series in one scrape.
    #[derive(Clone, Copy, Debug)]
    enum Event {
        Value(f64),
        Nothing,
        Stale,
        Withdrawn(f64),
        Own(i64, f64),
        Expire(i64),
    }

    fn number() -> impl Strategy<Value = f64> {
        let odd = prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.1, 1e300, -3.0]);
        prop_oneof![8 => (0..50_u32).prop_map(f64::from), 1 => -1e3..1e3, 1 => odd]
    }

    /// Some events, and by how much the numbers grow when each of them happens again and again.
    fn events() -> impl Strategy<Value = Vec<(Event, usize, f64)>> {
        let event = prop_oneof![
            60 => number().prop_map(Event::Value),
            6 => Just(Event::Nothing),
            4 => Just(Event::Stale),
            2 => number().prop_map(Event::Withdrawn),
            1 => (-20_000..1_000_i64, number()).prop_map(|(ago, value)| Event::Own(ago, value)),
            1 => (0..1_000_000_i64).prop_map(Event::Expire),
        ];
        let times = prop_oneof![4 => 1..4_usize, 1 => 1..300_usize];
        let growth = prop::sample::select(vec![0.0, 1.0, 0.1, 1e9, std::f64::consts::PI]);
        prop::collection::vec((event, times, growth), 0..40)
    }

    /// A column, and beside it a plain list of times and words of the same events.
    struct Twins {
        axis: Axis,
        column: Column,
        plain: Vec<(i64, u64)>,
        is_own: bool,
    }

    impl Twins {
        fn of(events: Vec<(Event, usize, f64)>) -> Self {
            let (axis, column) = (Axis::default(), Column::new(3));
            let (mut twins, mut at) = (Self { axis, column, plain: Vec::new(), is_own: false }, 0);
            for (event, times, growth) in events {
                for index in 0..times {
                    at += 1_000 + (index % 7) as i64 * 100;
                    twins.happens(event, growth * index as f64, at);
                }
            }
            twins
        }

        fn happens(&mut self, event: Event, growth: f64, at: i64) {
            let Self { axis, column, plain, is_own } = self;
            let slot = axis.push(at);
            let stale = f64::from_bits(STALE);
            match event {
                Event::Nothing => {}
                Event::Value(_) | Event::Stale | Event::Withdrawn(_) => {
                    let value =
                        if let Event::Value(value) | Event::Withdrawn(value) = event { value + growth } else { stale };
                    column.put(slot, at, value);
                    if !*is_own || plain.last().is_none_or(|last| at > last.0) {
                        plain.push((at, value.to_bits()));
                    }
                    if matches!(event, Event::Withdrawn(_)) {
                        column.withdraw(slot);
                        plain.last_mut().filter(|_| !*is_own).into_iter().for_each(|last| last.1 = STALE);
                    }
                }
                Event::Own(ago, value) => {
                    column.put_explicit(axis, at + ago, value + growth);
                    *is_own = true;
                    if plain.last().is_none_or(|last| at + ago > last.0) {
                        plain.push((at + ago, (value + growth).to_bits()));
                    }
                }
                Event::Expire(age) => {
                    column.expire(axis.expire(at - age), at - age);
                    plain.retain(|sample| sample.0 >= at - age);
                }
            }
        }
    }

    /// All of a span as whole numbers, so that not-a-number equals itself.
    fn bits(span: Option<Span>) -> Vec<u64> {
        span.map_or(Vec::new(), |Span { first, last, count, increase }| {
            let times = [first.0 as u64, last.0 as u64, count as u64];
            times.into_iter().chain([first.1, last.1, increase].map(f64::to_bits)).collect()
        })
    }

    fn words(times: &[i64], values: &[f64]) -> Vec<(i64, u64)> {
        times.iter().copied().zip(values.iter().map(|value| value.to_bits())).collect()
    }

    proptest! {
        #[test]
        fn a_column_is_a_plain_list_of_samples(
            events in events(),
            windows in prop::collection::vec((-1_000..3_000_000_i64, 0..1_000_000_i64), 1..20),
        ) {
            let Twins { axis, column, plain, .. } = Twins::of(events);
            let ends = axis.last().map(|last| (last - 30_000, last));
            let windows = windows.into_iter().map(|(from, range)| (from, from + range));
            for (after, until) in windows.chain(ends).chain([(i64::MIN, i64::MAX)]) {
                let slots = axis.slots(after, until);
                let inside = plain.iter().copied().filter(|sample| after < sample.0 && sample.0 <= until);
                let newest = inside.clone().next_back().filter(|sample| sample.1 != STALE);
                let found = column.newest(&axis, slots, after, until);
                prop_assert_eq!(found.map(|(time, value)| (time, value.to_bits())), newest);
                let samples: Vec<_> = inside.filter(|sample| sample.1 != STALE).collect();
                let (mut times, mut values) = (vec![7], vec![7.0]);
                column.copy(&axis, slots, (after, until), &mut times, &mut values);
                let (times, values) = (&times[1..], &values[1..]);
                prop_assert_eq!(&words(times, values), &samples);
                prop_assert_eq!(bits(column.span(&axis, slots, (after, until))), bits(Span::of(times, values)));
                let two = column.last_two(&axis, slots, (after, until));
                let two = two.map(|two| two.map(|(time, value)| (time, value.to_bits())).to_vec());
                prop_assert_eq!(two, samples.len().checked_sub(2).map(|at| samples[at..].to_vec()));
            }
        }
    }

    #[test]
    fn a_window_behind_the_last_fall_needs_two_values() {
        let (mut axis, mut column) = (Axis::default(), Column::new(3));
        for (at, value) in [(1, 5.0), (2, 9.0), (3, 2.0), (4, 4.0), (5, 4.0)] {
            let slot = axis.push(at);
            column.put(slot, at, value);
        }
        assert_eq!(column.smooth, 2);
        let span =
            |after: i64| column.span(&axis, axis.slots(after, 5), (after, 5)).map(|span| (span.count, span.increase));
        assert_eq!([0, 1, 2, 3, 4].map(span), [Some((5, 8.0)), Some((4, 4.0)), Some((3, 2.0)), Some((2, 0.0)), None]);
    }

    #[test]
    fn a_fall_across_what_is_no_number_is_none() {
        let (mut axis, mut column) = (Axis::default(), Column::new(0));
        for number in 0..400_i64 {
            let slot = axis.push(number * 1_000);
            let value = if number == 200 { f64::NAN } else { [9.0, 5.0][usize::from(number > 200)] };
            let value = if number == 100 { 1.0 } else { value };
            column.put(slot, number * 1_000, value);
        }
        let window = (0, 400_000);
        let (mut times, mut values) = (Vec::new(), Vec::new());
        column.copy(&axis, axis.slots(0, 400_000), window, &mut times, &mut values);
        assert_eq!(bits(column.span(&axis, axis.slots(0, 400_000), window)), bits(Span::of(&times, &values)));
    }
}
