//! The series texts that a reader has met, and what it knows of each.
//!
//! Scrape after scrape a service writes the same series in the same order. So each text also knows which one came
//! after it: mostly the next line begins with just that, and one comparison finds what a hash would cost more for.
//! What a text means is not known here.

use std::collections::HashMap;
use std::sync::Arc;

/// What is known of a series text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<S> {
    /// What the sink said; `None` when it is not wanted.
    pub series: Option<S>,
    /// The sink was asked and said no.
    pub refused: bool,
    /// The scrape in which it was last seen.
    pub scrape: u64,
}

#[derive(Debug)]
struct Entry<S> {
    text: Arc<[u8]>,
    /// The place of the text that came after this one.
    next: u32,
    known: Known<S>,
}

/// No place.
const NONE: u32 = u32::MAX;

/// The texts, each at a place.
#[derive(Debug)]
pub(super) struct Texts<S> {
    entries: Vec<Entry<S>>,
    places: HashMap<Arc<[u8]>, u32>,
    /// The place of the first text of a body.
    first: u32,
    /// The place of the text before.
    before: u32,
}

impl<S: Copy> Texts<S> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), places: HashMap::new(), first: NONE, before: NONE }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Begins a body.
    pub(super) fn rewind(&mut self) {
        self.before = NONE;
    }

    /// The text with which a line begins, if it is the one that is expected here: its place and its length.
    pub(super) fn expected(&self, line: &[u8]) -> Option<(u32, usize)> {
        let place = self.entries.get(self.before as usize).map_or(self.first, |before| before.next);
        let text = &*self.entries.get(place as usize)?.text;
        let behind = line.strip_prefix(text)?;
        // A closing brace ends a series wherever it stands; a bare name may go on, or labels may follow it.
        let ends =
            text.ends_with(b"}") || matches!(behind, [b' ' | b'\t', next, ..] if !matches!(next, b' ' | b'\t' | b'{'));
        ends.then_some((place, text.len()))
    }

    /// The place of a text, wherever it was met.
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        self.places.get(text).copied()
    }

    /// Keeps a new text; answers its place.
    pub(super) fn add(&mut self, text: &[u8], known: Known<S>) -> u32 {
        let place = u32::try_from(self.entries.len()).unwrap_or(NONE);
        let text: Arc<[u8]> = text.into();
        self.places.insert(Arc::clone(&text), place);
        self.entries.push(Entry { text, next: NONE, known });
        place
    }

    /// What is known of the text at a place, which comes here in the body.
    pub(super) fn met(&mut self, place: u32) -> Option<&mut Known<S>> {
        match self.entries.get_mut(self.before as usize) {
            Some(before) => before.next = place,
            None => self.first = place,
        }
        self.before = place;
        self.entries.get_mut(place as usize).map(|entry| &mut entry.known)
    }

    /// Forgets the others.
    pub(super) fn retain(&mut self, keep: impl Fn(&Known<S>) -> bool) {
        self.entries.retain(|entry| keep(&entry.known));
        self.places.clear();
        for (place, entry) in (0..).zip(&mut self.entries) {
            entry.next = place + 1;
            self.places.insert(Arc::clone(&entry.text), place);
        }
        (self.first, self.before) = (0, NONE);
    }
}
