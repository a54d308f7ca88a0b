//! A sample while a query is evaluated: borrowed labels, a value, and whether its name is still to be seen.

use crate::facts::Labels;
use crate::promql::plan::Dialect;
use crate::promql::tags::Tags;

/// A sample. Its labels are those of the series for as long as nothing else is asked of them: that the metric's name
/// is gone is a flag, not a copy.
#[derive(Clone, Debug)]
pub(super) struct Sample<'a> {
    pub(super) labels: Tags<'a>,
    pub(super) value: f64,
    /// A function has taken the name away. It is hidden at once, or at the end, as the [`Dialect`] says.
    pub(super) nameless: bool,
}

/// The labels of a sample as the rest of the query sees them.
#[derive(Clone, Copy)]
pub(super) struct Seen<'s> {
    labels: &'s Labels,
    hides: bool,
    dialect: Dialect,
}

impl<'a> Sample<'a> {
    pub(super) fn made(labels: Labels, value: f64) -> Self {
        Self { labels: labels.into(), value, nameless: false }
    }

    /// The same sample with another value, nameless from now on.
    pub(super) fn derived(mut self, value: f64) -> Self {
        self.value = value;
        self.nameless = true;
        self
    }

    pub(super) fn seen(&self, dialect: Dialect) -> Seen<'_> {
        Seen { labels: &self.labels, hides: self.nameless && !dialect.delayed_names, dialect }
    }

    /// The labels that the result of the query has.
    pub(super) fn into_result(self, dialect: Dialect) -> (Labels, f64) {
        let labels = if self.nameless {
            self.labels.only(|name| !is_reserved(name, dialect))
        } else {
            self.labels.into_labels()
        };
        (labels, self.value)
    }

    /// The same sample with labels of its own.
    pub(super) fn relabelled(self, labels: Labels, nameless: bool) -> Sample<'a> {
        Sample { labels: labels.into(), value: self.value, nameless }
    }
}

impl<'s> Seen<'s> {
    /// The value of a label, `""` where it is absent.
    pub(super) fn get(self, name: &str) -> &'s str {
        if self.hides && is_reserved(name, self.dialect) { "" } else { self.labels.get(name).unwrap_or("") }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = (&'s str, &'s str)> {
        self.labels.iter().filter(move |(name, _)| !(self.hides && is_reserved(name, self.dialect)))
    }

    /// A copy of what is to be seen and for which `keep` says yes.
    pub(super) fn only(self, keep: impl Fn(&str) -> bool) -> Labels {
        self.labels.only(|name| !(self.hides && is_reserved(name, self.dialect)) && keep(name))
    }

    /// A copy without what is hidden.
    pub(super) fn to_labels(self) -> Labels {
        self.only(|_| true)
    }
}

/// Whether a label goes where the metric's name goes.
pub(super) fn is_reserved(name: &str, dialect: Dialect) -> bool {
    name == "__name__" || (dialect.type_and_unit && matches!(name, "__type__" | "__unit__"))
}
