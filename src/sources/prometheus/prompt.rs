//! What somebody at the keyboard asks of a server: a query of their own, and which metrics there are.

use std::time::Duration;
use std::time::Instant;

use crate::facts;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Question;
use crate::promql::Row;
use crate::sources::http::Http;
use crate::sources::prometheus::DEADLINE;
use crate::sources::prometheus::Prometheus;
use crate::sources::prometheus::Rows;
use crate::sources::prometheus::questions;
use crate::sources::prometheus::span::Span;
use crate::sources::prometheus::span::millis;
use crate::sources::prometheus::span::range;

/// Names of metrics that are listed at most.
const NAMES: usize = 20_000;

impl Prometheus {
    /// Answers a question of somebody at the keyboard, with its variables filled in.
    ///
    /// # Errors
    /// What the server says of the query, or why it says nothing.
    pub async fn rows(&self, http: &Http, question: &Question) -> Result<facts::Rows, Fault> {
        let text = match &self.found {
            Some(found) => questions::expanded(&question.text, &question.service, &self.settings, found),
            None => question.text.clone(),
        };
        // Multiples of the step, so that the picture stands still while time runs.
        let step = millis(question.step).max(1);
        let from = question.from.timestamp_millis().div_euclid(step) * step;
        let from = At::from_timestamp_millis(from).unwrap_or(question.from);
        let rows = self.query(http, &text, from, question.to, question.step).await?;
        Ok(facts::Rows::largest(rows, Vec::new()))
    }

    /// A query of somebody at the keyboard, over a time.
    ///
    /// # Errors
    /// Why there is no answer; that it gives a text, or histograms only.
    pub async fn query(&self, http: &Http, text: &str, from: At, to: At, step: Duration) -> Result<Vec<Row>, Fault> {
        let span = Span { start: from.timestamp_millis(), end: to.timestamp_millis(), step: millis(step).max(1) };
        let form = range(text, span);
        let told = self.server.call::<Rows>(http, "query_range", &form, Instant::now() + DEADLINE).await?;
        if told.data.series.is_empty() && told.data.histograms > 0 {
            let cause = "the query gives native histograms and no numbers";
            return Err(Fault::new(FaultKind::Unreadable, cause)
                .advise("put `histogram_quantile` or `histogram_count` around it"));
        }
        Ok(told.data.series)
    }

    /// The names of the metrics that the server has, at most 20,000.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn metric_names(&self, http: &Http) -> Result<Vec<String>, Fault> {
        let mut form = vec![("limit", NAMES.to_string())];
        let selector = self.settings.selector.trim();
        if !selector.is_empty() {
            form.push(("match[]", format!("{{{selector}}}")));
        }
        let until = Instant::now() + DEADLINE;
        let told = self.server.call::<Vec<String>>(http, "label/__name__/values", &form, until).await?;
        Ok(told.data.into_iter().take(NAMES).collect())
    }
}
