//! What a query remembers from one evaluation to the next: which series its selectors take, which groups they are
//! in, what the steps of its subqueries gave.
//!
//! Parts of the query are known by their address, which stays the same as long as the query lives. Whatever a change
//! of the store could make wrong is forgotten before an evaluation begins. An evaluation that fails leaves nothing.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::promql::edits::Edits;
use crate::promql::edits::Seen;
use crate::promql::fused::Membership;
use crate::promql::shape::Shaped;
use crate::promql::steps::Steps;

/// The memory of a query between evaluations. Two evaluations at the same time do not share it: one of them begins
/// with nothing.
#[derive(Default)]
pub(super) struct Remembered(Mutex<Option<Box<Memory>>>);

/// What an evaluation finds, and leaves.
#[derive(Default)]
pub(super) struct Memory {
    seen: Seen,
    pub(super) selections: HashMap<usize, Arc<[u32]>>,
    pub(super) memberships: HashMap<usize, Arc<Membership>>,
    pub(super) shapes: HashMap<usize, Shaped>,
    pub(super) steps: HashMap<usize, Steps>,
}

/// The address of a part of a query.
pub(super) fn place_of<T>(part: &T) -> usize {
    std::ptr::from_ref(part).addr()
}

impl Remembered {
    /// Takes what is known, as far as it still holds.
    pub(super) fn take(&self, edits: &Edits) -> Memory {
        let mut memory =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map_or_else(Memory::default, |m| *m);
        memory.catch_up(edits);
        memory
    }

    /// Keeps what is known for the next evaluation.
    pub(super) fn put(&self, mut memory: Memory) {
        memory.tidy();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(memory));
    }

    /// How many bytes are kept, labels not counted that the store has too.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.as_ref().map_or(0, |memory| memory.bytes())
    }
}

impl fmt::Debug for Remembered {
    /// Says nothing: a query that remembers is the same query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl Memory {
    fn catch_up(&mut self, edits: &Edits) {
        let now = edits.seen();
        if !self.seen.same_series(now) {
            self.selections.clear();
            self.memberships.clear();
            self.shapes.clear();
        }
        if let Some(changed) = edits.since(self.seen) {
            self.steps.values_mut().for_each(|steps| steps.forget(edits.forgotten(), changed));
        }
        self.seen = now;
    }

    /// Lets go what is too much to keep, or does not hold longer than one evaluation.
    fn tidy(&mut self) {
        self.steps.retain(|_, steps| steps.tidy());
        self.shapes.retain(|_, shaped| shaped.is_small());
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let selections: usize = self.selections.values().map(|selection| selection.len() * size_of::<u32>()).sum();
        let memberships: usize = self.memberships.values().map(|membership| membership.bytes()).sum();
        let shapes: usize = self.shapes.values().map(Shaped::bytes).sum();
        let steps: usize = self.steps.values().map(Steps::bytes).sum();
        selections + memberships + shapes + steps
    }
}
