//! A query: read and checked once, evaluated often.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::facts::Labels;
use crate::facts::text::clean_line;
use crate::promql::compile;
use crate::promql::durations;
use crate::promql::eval::Evaluated;
use crate::promql::eval::Frame;
use crate::promql::memory::Remembered;
use crate::promql::plan::Dialect;
use crate::promql::plan::Node;
use crate::promql::refusal::Refusal;
use crate::promql::rows::Rows;
use crate::promql::sample::Sample;
use crate::promql::store::Store;
use crate::promql::warm;

/// A series over time: its labels, and values at instants in milliseconds since the epoch.
pub type Row = (Labels, Vec<(i64, f64)>);

/// The value of a query at one instant.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A number.
    Scalar(f64),
    /// Samples, in no particular order unless the query sorts them. No two have the same labels.
    Vector(Vec<(Labels, f64)>),
    /// A text.
    String(String),
}

/// A value, and what has to be known to read it.
#[derive(Clone, PartialEq, Debug)]
pub struct Noted {
    /// The value.
    pub value: Value,
    /// The notes, each once.
    pub notes: BTreeSet<Note>,
}

/// What has to be known to read a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Note {
    /// A quantile lies in the last bucket of a histogram, which has no end: its value is a lower bound.
    OpenBucket,
}

/// A query cannot be evaluated on the data that there is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvalError(String);

impl EvalError {
    pub(super) fn new(message: &str) -> Self {
        Self(clean_line(message, 400))
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EvalError {}

/// A `PromQL` query that has been read and checked.
#[derive(Debug)]
pub struct Query {
    text: String,
    /// In a box, so that its parts stay where they are: they are remembered by their places.
    root: Box<Node>,
    dialect: Dialect,
    remembered: Remembered,
}

impl Query {
    /// Reads a query and checks all of it.
    ///
    /// # Errors
    /// [`Refusal`] where the text is wrong, or where it uses a feature that is not supported.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Self::parse_as(text, Dialect::default())
    }

    /// Reads a query for a server with feature flags.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_as(text: &str, dialect: Dialect) -> Result<Self, Refusal> {
        Ok(Self::checked(text, compile::compile(text)?, dialect))
    }

    pub(super) fn checked(text: &str, root: Node, dialect: Dialect) -> Self {
        Self::new(text.to_owned(), Box::new(root), dialect)
    }

    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    /// The same query with another length of time, in milliseconds, wherever `from` stands, and its text; and in how
    /// many places it stood.
    pub(super) fn resized(&self, from_ms: i64, to_ms: i64, text: String) -> (Self, usize) {
        let mut root = self.root.clone();
        let places = durations::replace(&mut root, from_ms, to_ms);
        (Self::new(text, root, self.dialect), places)
    }

    fn new(text: String, root: Box<Node>, dialect: Dialect) -> Self {
        Self { text, root, dialect, remembered: Remembered::default() }
    }

    /// The same query with nothing remembered.
    #[cfg(test)]
    pub(super) fn anew(&self) -> Self {
        Self::new(self.text.clone(), self.root.clone(), self.dialect)
    }

    /// About how many bytes it remembers.
    #[cfg(test)]
    pub(super) fn remembers(&self) -> usize {
        self.remembered.bytes()
    }

    /// The query as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value at an instant, in milliseconds since the epoch.
    ///
    /// # Errors
    /// [`EvalError`] where the data do not allow an answer, such as two samples with the same labels.
    pub fn instant(&self, store: &Store, at_ms: i64) -> Result<Value, EvalError> {
        self.instant_noted(store, at_ms).map(|noted| noted.value)
    }

    /// The value at an instant, and what has to be known to read it.
    ///
    /// # Errors
    /// As [`instant`](Self::instant).
    pub fn instant_noted(&self, store: &Store, at_ms: i64) -> Result<Noted, EvalError> {
        self.evaluate(store, (at_ms, at_ms), |frame| {
            let value = match frame.eval(&self.root, at_ms)? {
                Evaluated::Scalar(number) => Value::Scalar(number),
                Evaluated::Text(text) => Value::String(text.to_owned()),
                Evaluated::Vector(samples) => {
                    let results: Vec<_> = samples.into_iter().map(|sample| sample.into_result(self.dialect)).collect();
                    if self.dialect.delayed_names {
                        check_unique(&results)?;
                    }
                    Value::Vector(results)
                }
            };
            let notes = frame.open_bucket.get().then_some(Note::OpenBucket).into_iter().collect();
            Ok(Noted { value, notes })
        })
    }

    /// The values at `start_ms`, `start_ms + step_ms` and so on until `end_ms`, in order of the labels. A query that
    /// gives a number has one row without labels.
    ///
    /// # Errors
    /// As [`instant`](Self::instant); and when the step is not positive or the query gives a text.
    pub fn range(&self, store: &Store, start_ms: i64, end_ms: i64, step_ms: i64) -> Result<Vec<Row>, EvalError> {
        if step_ms <= 0 {
            return Err(EvalError::new("the step must be at least 1ms"));
        }
        let mut rows = Rows::default();
        let steps = std::iter::successors(Some(start_ms), |at| at.checked_add(step_ms));
        let mut steps = steps.take_while(|at| *at <= end_ms);
        self.evaluate(store, (start_ms, end_ms), |frame| {
            loop {
                let block: Vec<_> = steps.by_ref().take(frame.block()).collect();
                if block.is_empty() {
                    return Ok(());
                }
                frame.prepare(&self.root, &block)?;
                for at in block {
                    match frame.eval(&self.root, at)? {
                        Evaluated::Scalar(number) => {
                            rows.push(Sample::made(Labels::default(), number), at, self.dialect)?;
                        }
                        Evaluated::Text(_) => return Err(EvalError::new("a text has no values over time")),
                        Evaluated::Vector(samples) => {
                            samples.into_iter().try_for_each(|sample| rows.push(sample, at, self.dialect))?;
                        }
                    }
                }
            }
        })?;
        Ok(rows.sorted())
    }

    /// The exact metric names of all selectors; `None` when one of them has none, so that any series may be needed.
    #[must_use]
    pub fn names(&self) -> Option<BTreeSet<String>> {
        let mut names = Some(BTreeSet::new());
        warm::each_selector(&self.root, &mut |selector, _| match (&selector.name, &mut names) {
            (Some(name), Some(names)) => drop(names.insert(name.clone())),
            _ => names = None,
        });
        names
    }

    /// Whether one of the selectors takes a series with these labels.
    #[must_use]
    pub fn selects(&self, labels: &Labels) -> bool {
        let mut any = false;
        warm::each_selector(&self.root, &mut |selector, _| any |= selector.selects(labels));
        any
    }

    /// How far back the query looks from the time of evaluation at most, by its ranges, subqueries and offsets;
    /// `None` when it has only instant selectors without offset, or looks at fixed times.
    #[must_use]
    pub fn widest_fixed_window(&self) -> Option<Duration> {
        let mut widest = 0;
        warm::each_selector(&self.root, &mut |_, reach| widest = widest.max(reach.back_ms));
        u64::try_from(widest).ok().filter(|widest| *widest > 0).map(Duration::from_millis)
    }

    /// Whether the windows of the query are filled: `None` when they are, else how long that will take if scraping
    /// goes on. What does not depend on how much of a window is filled (a ratio of rates over the same window, a
    /// quantile of one, `irate`) is ready from the second scrape on. Series that do not exist are not waited for.
    #[must_use]
    pub fn warm(&self, store: &Store, at_ms: i64) -> Option<Duration> {
        let remaining = |frame: &Frame<'_>| Ok(warm::remaining(frame, &self.root, at_ms));
        self.evaluate(store, (at_ms, at_ms), remaining).unwrap_or_default()
    }

    /// Whether it rates a window at whose end nothing was scraped for longer than `patience`, though at its beginning
    /// it was: what it reads there is no fall of traffic, but a hole.
    #[must_use]
    pub fn in_hole(&self, store: &Store, at_ms: i64, patience: Duration) -> bool {
        let patience_ms = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
        let in_hole = |frame: &Frame<'_>| Ok(warm::in_hole(frame, &self.root, at_ms, patience_ms));
        self.evaluate(store, (at_ms, at_ms), in_hole).unwrap_or_default()
    }

    /// Evaluates with what is remembered, and remembers what was found unless it fails.
    pub(super) fn evaluate<'a, T>(
        &'a self,
        store: &'a Store,
        bounds: (i64, i64),
        evaluation: impl FnOnce(&Frame<'a>) -> Result<T, EvalError>,
    ) -> Result<T, EvalError> {
        let frame = Frame::new(store, bounds, self.dialect, self.remembered.take(store.edits()));
        let value = evaluation(&frame)?;
        self.remembered.put(frame.memory.into_inner());
        Ok(value)
    }
}

fn check_unique(results: &[(Labels, f64)]) -> Result<(), EvalError> {
    let mut labels: Vec<_> = results.iter().map(|(labels, _)| labels).collect();
    labels.sort_unstable();
    match labels.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(EvalError::new(&format!("two results have the same labels {}", pair[0]))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
