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

/// Which labels count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Projection {
    /// Only these: `by (..)`, `on (..)`. Sorted.
    Only(Vec<String>),
    /// All but these and the metric's name: `without (..)`, `ignoring (..)`. Sorted.
    Without(Vec<String>),
    /// All but this one, the name included.
    AllBut(String),
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

    /// Whether no label counts, so that all is one group.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Only(names) if names.is_empty())
    }

    fn keeps(&self, name: &str) -> bool {
        match self {
            Self::Only(names) => names.binary_search_by(|other| (**other).cmp(name)).is_ok(),
            Self::Without(names) => name != "__name__" && names.binary_search_by(|other| (**other).cmp(name)).is_err(),
            Self::AllBut(other) => name != other,
            Self::All => true,
        }
    }

    /// The labels that count, in order of their names.
    pub(super) fn labels(&self, seen: Seen<'_>) -> Labels {
        seen.only(|name| self.keeps(name))
    }

    fn hash<H: Hasher>(&self, seen: Seen<'_>, state: &mut H) {
        if let Self::Only(names) = self {
            for name in names {
                seen.get(name).hash(state);
            }
        } else {
            for pair in seen.iter().filter(|(name, _)| self.keeps(name)) {
                pair.hash(state);
            }
        }
    }

    fn same(&self, one: Seen<'_>, other: Seen<'_>) -> bool {
        if let Self::Only(names) = self {
            names.iter().all(|name| one.get(name) == other.get(name))
        } else {
            let kept = |pair: &(&str, &str)| self.keeps(pair.0);
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
        let same = |(founder, _): &&(usize, usize)| self.projection.same(samples[*founder].seen(self.dialect), seen);
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
        let same = |(founder, _): &&(usize, usize)| self.projection.same(founders[*founder].seen(self.dialect), seen);
        candidates.iter().find(same).map(|(_, group)| *group)
    }

    fn hash(&self, seen: Seen<'_>) -> u64 {
        let mut state = self.hasher.build_hasher();
        self.projection.hash(seen, &mut state);
        state.finish()
    }
}

/// Two samples with the same labels, if there are any.
pub(super) fn twice(samples: &[Sample<'_>], dialect: Dialect) -> Option<Labels> {
    let mut groups = Groups::new(&Projection::All, dialect);
    let index = (0..samples.len()).find(|index| groups.place(samples, *index) != *index)?;
    Some(samples[index].seen(dialect).to_labels())
}
