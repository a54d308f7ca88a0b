//! A [`Question`] that a person asked in `PromQL`, and the [`Reply`] to it.

use std::time::Duration;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::Labels;
use crate::facts::SourceId;

/// A question to one source of metrics, over a time in steps.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// Tells the replies to several questions apart.
    pub id: u64,
    /// Who is asked.
    pub source: SourceId,
    /// `PromQL`; `$__rate_interval`, `$service` and `$selector` are understood.
    pub text: String,
    /// The service that the variables stand for; empty for none.
    pub service: String,
    /// The first instant.
    pub from: At,
    /// The last instant.
    pub to: At,
    /// From instant to instant.
    pub step: Duration,
}

/// What came of a question.
#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    /// The question's.
    pub id: u64,
    /// When the reply was complete.
    pub at: At,
    /// From asking to the complete reply.
    pub took: Duration,
    /// The series, or why there are none: what is wrong with the query in the parser's own words, or with the source.
    pub body: Result<Rows, Fault>,
}

/// Series over time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rows {
    /// The series with their points, oldest first; those with the largest last values first. A time without a point
    /// is a gap.
    pub series: Vec<(Labels, Vec<(At, f64)>)>,
    /// Series that are not among them because there are too many.
    pub left_out: usize,
    /// What has to be said beside them; clean. A metric that was not kept until now is said here.
    pub notes: Vec<String>,
}

/// Series of an answer; more are no picture.
const SERIES: usize = 60;

impl Rows {
    /// The series with the largest last values first, at most 60. Times are milliseconds since the epoch.
    #[must_use]
    pub fn largest(mut rows: Vec<(Labels, Vec<(i64, f64)>)>, notes: Vec<String>) -> Self {
        let last = |row: &(Labels, Vec<(i64, f64)>)| row.1.last().map_or(f64::NEG_INFINITY, |(_, value)| *value);
        rows.sort_by(|a, b| last(b).total_cmp(&last(a)).then_with(|| a.0.cmp(&b.0)));
        let left_out = rows.len().saturating_sub(SERIES);
        let points = |points: Vec<(i64, f64)>| {
            points.into_iter().filter_map(|(at, value)| Some((At::from_timestamp_millis(at)?, value))).collect()
        };
        let series = rows.into_iter().take(SERIES).map(|(labels, row)| (labels, points(row))).collect();
        Self { series, left_out, notes }
    }
}
