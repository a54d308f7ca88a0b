//! A query whose result is the samples themselves, such as `metric[5m]`.
//!
//! No signal can be such a query, since it has no value; people ask for it to see what was scraped.

use crate::facts::Labels;
use crate::promql::compile;
use crate::promql::plan::Dialect;
use crate::promql::plan::Node;
use crate::promql::query::EvalError;
use crate::promql::query::Query;
use crate::promql::query::Row;
use crate::promql::refusal::Refusal;
use crate::promql::store::Store;

/// A query for a range of samples that has been read and checked.
#[derive(Debug)]
pub struct Samples {
    /// The range under a function that is not asked.
    query: Query,
}

impl Samples {
    /// Reads a query: a selector or a subquery with a range in brackets.
    ///
    /// # Errors
    /// [`Refusal`] where the text is wrong or is no range, or where it uses a feature that is not supported.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let root = compile::compile_range(text)?;
        Ok(Self { query: Query::checked(text, root, Dialect::default()) })
    }

    /// The samples of each series at an instant, in milliseconds since the epoch, in order of the labels.
    ///
    /// # Errors
    /// [`EvalError`] where the data do not allow an answer.
    pub fn at(&self, store: &Store, at_ms: i64) -> Result<Vec<Row>, EvalError> {
        let Node::OverTime(call) = self.query.root() else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        self.query.evaluate(store, (at_ms, at_ms), |frame| {
            frame.each_window(&call.window, at_ms, &mut |labels, nameless, window| {
                let labels = if nameless { labels.with("__name__", "") } else { labels.into_labels() };
                let values = window.times.iter().copied().zip(window.values.iter().copied());
                rows.push((labels, values.collect()));
            })
        })?;
        rows.sort_by(|a: &Row, b| a.0.cmp(&b.0));
        Ok(rows)
    }

    /// Whether one of the selectors takes a series with these labels.
    #[must_use]
    pub fn selects(&self, labels: &Labels) -> bool {
        self.query.selects(labels)
    }
}
