//! What was found out about a vector by its labels alone, kept for as long as the next vector has the same labels.
//!
//! From one instant to the next mostly the values change. Which sample is in which group, or in which histogram, is
//! then as it was.

use std::any::Any;
use std::sync::Arc;

use crate::facts::Labels;
use crate::promql::sample::Sample;

/// Vectors longer than this are not remembered beyond an evaluation.
const MOST_KEPT: usize = 65_536;

/// A finding about vectors of one shape: with labels in the same places, in the same order.
pub(super) struct Shaped {
    /// The labels are kept, so that their places are not given to others; and whether their names were hidden.
    shape: Vec<(Arc<Labels>, bool)>,
    finding: Arc<dyn Any + Send + Sync>,
}

impl Shaped {
    pub(super) fn new(samples: &[Sample<'_>], finding: Arc<dyn Any + Send + Sync>) -> Self {
        let shape = samples.iter().map(|sample| (Arc::clone(sample.labels.shared()), sample.nameless)).collect();
        Self { shape, finding }
    }

    /// The finding, when it holds for this vector too.
    pub(super) fn holds<T: Any + Send + Sync>(&self, samples: &[Sample<'_>]) -> Option<Arc<T>> {
        let same = |((labels, nameless), sample): (&(Arc<Labels>, bool), &Sample<'_>)| {
            Arc::ptr_eq(labels, sample.labels.shared()) && *nameless == sample.nameless
        };
        let all = self.shape.len() == samples.len() && self.shape.iter().zip(samples).all(same);
        all.then(|| Arc::clone(&self.finding).downcast().ok()).flatten()
    }

    pub(super) fn is_small(&self) -> bool {
        self.shape.len() <= MOST_KEPT
    }

    /// About what it and its finding take.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.shape.len() * 2 * size_of::<(Arc<Labels>, bool)>()
    }
}
