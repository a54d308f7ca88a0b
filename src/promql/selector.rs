//! Which series a query looks at: a metric name and matchers, and when they are looked at.

use crate::facts::Labels;
use crate::promql::pattern::Pattern;
use crate::promql::plan::Shift;
use crate::promql::store::Store;

/// A vector selector.
#[derive(Clone, Debug)]
pub(super) struct Selector {
    /// The metric's name, where the selector has exactly one.
    pub(super) name: Option<String>,
    /// The other matchers.
    pub(super) matchers: Vec<Matcher>,
    pub(super) shift: Shift,
}

/// A condition on one label. An absent label has the value `""`.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    pub(super) label: String,
    pub(super) test: Test,
}

/// A condition on a value.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Is(String),
    IsNot(String),
    Like(Pattern),
    Unlike(Pattern),
}

impl Matcher {
    fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label).unwrap_or("");
        match &self.test {
            Test::Is(wanted) => value == wanted,
            Test::IsNot(unwanted) => value != unwanted,
            Test::Like(pattern) => pattern.is_match(value),
            Test::Unlike(pattern) => !pattern.is_match(value),
        }
    }
}

impl Selector {
    /// Whether a series with these labels is selected.
    pub(super) fn selects(&self, labels: &Labels) -> bool {
        self.name.as_ref().is_none_or(|name| labels.name() == name) && self.selects_named(labels)
    }

    /// The series that are selected, each name's in order of their labels.
    pub(super) fn series<'s>(&'s self, store: &'s Store) -> impl Iterator<Item = u32> + 's {
        store.named(self.name.as_deref()).filter(|index| self.selects_named(&store.at_index(*index).labels))
    }

    fn selects_named(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches(labels))
    }
}
