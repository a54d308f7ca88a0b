//! The result of a query over time, put together step by step.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::facts::Labels;
use crate::promql::plan::Dialect;
use crate::promql::query::EvalError;
use crate::promql::query::Row;
use crate::promql::sample::Sample;

/// Rows by their labels.
#[derive(Default)]
pub(super) struct Rows {
    points: Vec<Vec<(i64, f64)>>,
    by_labels: BTreeMap<Labels, usize>,
    /// The rows of labels by the place where those lie, and whether they are nameless: in most steps they lie in the
    /// same places. The labels are kept, so that the place is not given to others.
    by_place: HashMap<(usize, bool), (Arc<Labels>, usize)>,
}

impl Rows {
    /// Adds a sample. Steps come in order.
    ///
    /// # Errors
    /// When the step has a sample with these labels already.
    pub(super) fn push(&mut self, sample: Sample<'_>, at: i64, dialect: Dialect) -> Result<(), EvalError> {
        let value = sample.value;
        let row = self.row(sample, dialect);
        let points = &mut self.points[row];
        if points.last().is_some_and(|(last, _)| *last == at) {
            return Err(EvalError::new("two results have the same labels"));
        }
        points.push((at, value));
        Ok(())
    }

    fn row(&mut self, sample: Sample<'_>, dialect: Dialect) -> usize {
        let place = (sample.labels.place(), sample.nameless);
        if let Some((_, row)) = self.by_place.get(&place) {
            return *row;
        }
        let shared = Arc::clone(sample.labels.shared());
        let row = *self.by_labels.entry(sample.into_result(dialect).0).or_insert(self.points.len());
        if row == self.points.len() {
            self.points.push(Vec::new());
        }
        // Labels that nobody else has were made for this sample alone.
        if Arc::strong_count(&shared) > 1
            && let Entry::Vacant(new) = self.by_place.entry(place)
        {
            new.insert((shared, row));
        }
        row
    }

    /// The rows in order of their labels.
    pub(super) fn sorted(self) -> Vec<Row> {
        let Self { mut points, by_labels, .. } = self;
        by_labels.into_iter().map(|(labels, row)| (labels, std::mem::take(&mut points[row]))).collect()
    }
}
