//! What has changed in a store: so that what was computed of it before can be known to hold still, or not to.
//!
//! Two things are told apart: which series there are, and from which instant on their samples may differ from what
//! they were. Scrapes come in order of time, but those of several targets cross, and samples with timestamps of their
//! own come late. What was computed is not kept here.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// Entries that are kept: a reader who is behind more than these begins anew.
const REMEMBERED: usize = 64;
/// Scrapes so close together, in milliseconds, share an entry: those of a thousand targets are a few entries. What
/// is said to have changed may begin so much too early.
const NEAR_MS: i64 = 10_000;

/// Tells stores apart, so that what was computed of one is not taken for another.
static STORES: AtomicU64 = AtomicU64::new(1);

/// The changes of one store.
#[derive(Debug)]
pub(super) struct Edits {
    store: u64,
    set: u64,
    revision: u64,
    /// The earliest instant that a revision touched, with the revision; ascending in both: an earlier instant in a
    /// later revision stands for both.
    touched: VecDeque<(u64, i64)>,
    /// Revisions up to this one are not remembered any more.
    lost: u64,
    forgotten: i64,
}

/// A state of a store.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Seen {
    store: u64,
    set: u64,
    revision: u64,
}

impl Edits {
    pub(super) fn new() -> Self {
        Self {
            store: STORES.fetch_add(1, Ordering::Relaxed),
            set: 0,
            revision: 0,
            touched: VecDeque::new(),
            lost: 0,
            forgotten: i64::MIN,
        }
    }

    /// The store as it is now.
    pub(super) fn seen(&self) -> Seen {
        Seen { store: self.store, set: self.set, revision: self.revision }
    }

    /// A series came or went.
    pub(super) fn set_changes(&mut self) {
        self.set += 1;
    }

    /// A scrape begins, whose samples are put at this instant unless they have their own.
    pub(super) fn scrape(&mut self, at: i64) {
        self.revision += 1;
        self.touch(at);
    }

    /// A sample of the scrape that is being stored is put at this instant.
    pub(super) fn touch(&mut self, at: i64) {
        while self.touched.back().is_some_and(|(_, earliest)| *earliest >= at) {
            self.touched.pop_back();
        }
        if let Some((revision, earliest)) = self.touched.back_mut()
            && (*revision == self.revision || at.saturating_sub(*earliest) < NEAR_MS)
        {
            *revision = self.revision;
            return;
        }
        self.touched.push_back((self.revision, at));
        if self.touched.len() > REMEMBERED
            && let Some((revision, _)) = self.touched.pop_front()
        {
            self.lost = revision;
        }
    }

    /// Samples before this instant are gone, or will be with the next scrape of their target.
    pub(super) fn forget(&mut self, before: i64) {
        self.forgotten = self.forgotten.max(before);
    }

    /// Samples before this instant may be gone.
    pub(super) fn forgotten(&self) -> i64 {
        self.forgotten
    }

    /// From which instant on samples may differ from what they were then, perhaps a little too early; `None` when
    /// nothing happened since.
    pub(super) fn since(&self, then: Seen) -> Option<i64> {
        if then.store != self.store || then.revision < self.lost {
            return Some(i64::MIN);
        }
        let place = self.touched.partition_point(|(revision, _)| *revision <= then.revision);
        self.touched.get(place).map(|(_, earliest)| *earliest)
    }
}

impl Seen {
    /// Whether it is the same store with the same series.
    pub(super) fn same_series(self, other: Self) -> bool {
        self.store == other.store && self.set == other.set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_remembered_is_everything() {
        let (mut edits, other) = (Edits::new(), Edits::new().seen());
        let first = edits.seen();
        assert_eq!((edits.since(first), edits.since(other)), (None, Some(i64::MIN)));
        for at in 0..1_000 {
            edits.scrape(at);
        }
        assert_eq!(edits.since(first), Some(0));
        for at in 1..100 {
            edits.scrape(at * 20_000);
        }
        assert_eq!(edits.since(first), Some(i64::MIN));
        edits.scrape(-5);
        assert_eq!(edits.since(edits.seen()), None);
    }

    proptest! {
        #[test]
        fn the_earliest_change_since_a_revision_is_known(
            scrapes in prop::collection::vec((0_i64..100, prop::collection::vec(0_i64..100, 0..3)), 1..60),
        ) {
            let mut edits = Edits::new();
            let mut states = vec![edits.seen()];
            let mut earliest: Vec<i64> = Vec::new();
            for (at, own) in &scrapes {
                edits.scrape(*at * 1_000);
                for own in own {
                    edits.touch(*own * 1_000);
                }
                states.push(edits.seen());
                earliest.push(own.iter().copied().chain([*at]).min().unwrap() * 1_000);
                for (behind, state) in states.iter().enumerate() {
                    let (found, truth) = (edits.since(*state), earliest[behind..].iter().copied().min());
                    prop_assert_eq!(found.is_some(), truth.is_some());
                    let early = truth.unwrap_or(0) - found.unwrap_or(0);
                    prop_assert!((0..NEAR_MS).contains(&early), "{found:?} instead of {truth:?}");
                }
            }
        }
    }
}
