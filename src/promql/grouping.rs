//! Groups of samples by some of their labels: what `by`, `without`, `on` and `ignoring` say.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::hash::RandomState;

use crate::facts::Labels;
use crate::promql::plan::Dialect;
use crate::promql::sample::Sample;
use crate::promql::sample::Seen;
use crate::promql::sample::is_reserved;

/// Which labels count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Projection {
    /// Only these: `by (..)`, `on (..)`. Sorted.
    Only(Vec<String>),
    /// All but these and the metric's name: `without (..)`, `ignoring (..)`. Sorted.
    Without(Vec<String>),
    /// All, the name included.
    All,
}

impl Projection {
    pub(super) fn only(mut names: Vec<String>) -> Self {
        names.sort_unstable();
        names.dedup();
        Self::Only(names)
    }

    pub(super) fn without(mut names: Vec<String>) -> Self {
        names.sort_unstable();
        names.dedup();
        Self::Without(names)
    }

    fn keeps(&self, name: &str, dialect: Dialect) -> bool {
        match self {
            Self::Only(names) => names.binary_search_by(|other| (**other).cmp(name)).is_ok(),
            Self::Without(names) => {
                !is_reserved(name, dialect) && names.binary_search_by(|other| (**other).cmp(name)).is_err()
            }
            Self::All => true,
        }
    }

    /// The labels that count, in order of their names.
    pub(super) fn labels(&self, seen: Seen<'_>, dialect: Dialect) -> Labels {
        seen.only(|name| self.keeps(name, dialect))
    }

    fn hash<H: Hasher>(&self, seen: Seen<'_>, dialect: Dialect, state: &mut H) {
        if let Self::Only(names) = self {
            names.iter().for_each(|name| seen.get(name).hash(state));
        } else {
            seen.iter().filter(|(name, _)| self.keeps(name, dialect)).for_each(|pair| pair.hash(state));
        }
    }

    fn same(&self, one: Seen<'_>, other: Seen<'_>, dialect: Dialect) -> bool {
        if let Self::Only(names) = self {
            names.iter().all(|name| one.get(name) == other.get(name))
        } else {
            let kept = |pair: &(&str, &str)| self.keeps(pair.0, dialect);
            one.iter().filter(kept).eq(other.iter().filter(kept))
        }
    }
}

/// Groups that are found by the labels of their samples. A group is known by the first sample that founded it.
pub(super) struct Groups<'p> {
    projection: &'p Projection,
    dialect: Dialect,
    hasher: RandomState,
    by_hash: HashMap<u64, Vec<(usize, usize)>>,
    count: usize,
}

impl<'p> Groups<'p> {
    pub(super) fn new(projection: &'p Projection, dialect: Dialect) -> Self {
        Self { projection, dialect, hasher: RandomState::new(), by_hash: HashMap::new(), count: 0 }
    }

    /// The number of the group of `samples[index]`, which founds it where it is the first; groups are numbered in
    /// the order in which they are founded. Founders must be samples of the same slice.
    pub(super) fn place(&mut self, samples: &[Sample<'_>], index: usize) -> usize {
        let seen = samples[index].seen(self.dialect);
        let hash = self.hash(seen);
        let candidates = self.by_hash.entry(hash).or_default();
        let same = |(founder, _): &&(usize, usize)| {
            self.projection.same(samples[*founder].seen(self.dialect), seen, self.dialect)
        };
        if let Some((_, group)) = candidates.iter().find(same) {
            return *group;
        }
        candidates.push((index, self.count));
        self.count += 1;
        self.count - 1
    }

    /// The number of the group that `sample` belongs to, where `founders` is the slice that the groups were made of.
    pub(super) fn find(&self, founders: &[Sample<'_>], sample: &Sample<'_>) -> Option<usize> {
        let seen = sample.seen(self.dialect);
        let candidates = self.by_hash.get(&self.hash(seen))?;
        let same = |(founder, _): &&(usize, usize)| {
            self.projection.same(founders[*founder].seen(self.dialect), seen, self.dialect)
        };
        candidates.iter().find(same).map(|(_, group)| *group)
    }

    fn hash(&self, seen: Seen<'_>) -> u64 {
        let mut state = self.hasher.build_hasher();
        self.projection.hash(seen, self.dialect, &mut state);
        state.finish()
    }
}

/// Two samples with the same labels, if there are any.
pub(super) fn twice(samples: &[Sample<'_>], dialect: Dialect) -> Option<Labels> {
    let mut groups = Groups::new(&Projection::All, dialect);
    let index = (0..samples.len()).find(|index| groups.place(samples, *index) != *index)?;
    Some(samples[index].seen(dialect).to_labels())
}
