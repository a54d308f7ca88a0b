//! The labels of a sample while a query is evaluated: those of a series of the store, or some that were made.
//!
//! Either way they lie in one place that many samples share, and are known by that place: two samples whose labels
//! have the same place have the same labels. The reverse does not hold.

use std::ops::Deref;
use std::sync::Arc;

use crate::facts::Labels;

/// Shared labels.
#[derive(Clone, Debug)]
pub(super) enum Tags<'a> {
    Stored(&'a Arc<Labels>),
    Made(Arc<Labels>),
}

impl Tags<'_> {
    /// The place where the labels lie. It tells nothing any more once they are gone.
    pub(super) fn place(&self) -> usize {
        Arc::as_ptr(self.shared()).addr()
    }

    /// The labels, to be kept.
    pub(super) fn shared(&self) -> &Arc<Labels> {
        match self {
            Self::Stored(labels) => labels,
            Self::Made(labels) => labels,
        }
    }

    /// The labels, to be given away.
    pub(super) fn into_labels(self) -> Labels {
        match self {
            Self::Stored(labels) => (**labels).clone(),
            Self::Made(labels) => Arc::unwrap_or_clone(labels),
        }
    }
}

impl Deref for Tags<'_> {
    type Target = Labels;

    fn deref(&self) -> &Labels {
        self.shared()
    }
}

impl From<Labels> for Tags<'_> {
    fn from(labels: Labels) -> Self {
        Self::Made(Arc::new(labels))
    }
}
