//! The label set of a series, `__name__` included.

use std::fmt;

/// Label names and values, sorted by name, each name once, no empty values. `__name__` is a label like any other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Labels(Box<[(Box<str>, Box<str>)]>);

impl Labels {
    /// Sorts the pairs and drops empty values (an empty value equals no label).
    ///
    /// # Errors
    /// The name of a label that occurs twice.
    pub fn new(mut pairs: Vec<(Box<str>, Box<str>)>) -> Result<Self, String> {
        pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        if let Some(twice) = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(twice[0].0.to_string());
        }
        pairs.retain(|(_, value)| !value.is_empty());
        Ok(Self(pairs.into_boxed_slice()))
    }

    /// The value of a label; `None` where it is absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let index = self.0.binary_search_by(|pair| (*pair.0).cmp(name)).ok()?;
        Some(&self.0[index].1)
    }

    /// The metric name, `""` where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.get("__name__").unwrap_or("")
    }

    /// The pairs in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// How many labels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no label at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A copy that keeps only the labels for which `keep` says yes.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|(name, _)| keep(name)).cloned().collect())
    }

    /// A copy in which `name` has that value; an empty value removes the label.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut pairs: Vec<_> = self.0.iter().filter(|(other, _)| **other != *name).cloned().collect();
        if !value.is_empty() {
            let index = pairs.partition_point(|(other, _)| **other < *name);
            pairs.insert(index, (name.into(), value.into()));
        }
        Self(pairs.into_boxed_slice())
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Labels {
    /// Like [`Labels::new`]; of a name that occurs twice the last value counts.
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        pairs.into_iter().fold(Self::default(), |labels, (name, value)| labels.with(name, value))
    }
}

impl fmt::Display for Labels {
    /// As `PromQL` writes it: `name{a="b"}`; values quoted, text from outside not cleaned.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let mut separator = "{";
        for (name, value) in self.iter().filter(|(name, _)| *name != "__name__") {
            write!(f, "{separator}{name}={value:?}")?;
            separator = ", ";
        }
        if separator == ", " || self.name().is_empty() {
            f.write_str(if separator == ", " { "}" } else { "{}" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_unique_and_without_empty_values() {
        let labels =
            Labels::new(vec![("b".into(), "2".into()), ("__name__".into(), "x".into()), ("c".into(), "".into())]);
        let labels = labels.unwrap();
        assert_eq!(labels.to_string(), "x{b=\"2\"}");
        assert_eq!(labels.with("a", "1").to_string(), "x{a=\"1\", b=\"2\"}");
        assert_eq!(labels.with("b", "").to_string(), "x");
        assert_eq!(labels.only(|name| name != "__name__").to_string(), "{b=\"2\"}");
        assert_eq!(Labels::default().to_string(), "{}");
        assert_eq!(Labels::new(vec![("a".into(), "1".into()), ("a".into(), "2".into())]), Err("a".into()));
    }
}
