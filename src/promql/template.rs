//! A query with variables whose rate window changes: reads it again only for a window that it has not seen lately.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::promql::query::Query;
use crate::promql::refusal::Refusal;
use crate::promql::variables::Vars;
use crate::promql::variables::expand;

/// Queries that are remembered. A window that grows with the history passes through more; they do not come back.
const REMEMBERED: usize = 4;

/// A query with variables.
#[derive(Debug)]
pub struct Template {
    text: String,
    service: String,
    selector: String,
    interval: Duration,
    range: Duration,
    configured: Duration,
    known: VecDeque<(Duration, Arc<Query>)>,
}

impl Template {
    /// Reads a query with variables, and checks it with the window that is configured (`vars.rate_interval`).
    ///
    /// # Errors
    /// As [`Query::parse`].
    pub fn parse(text: &str, vars: &Vars<'_>) -> Result<Self, Refusal> {
        let query = Arc::new(Query::parse(&expand(text, vars))?);
        Ok(Self {
            text: text.to_owned(),
            service: vars.service.to_owned(),
            selector: vars.selector.to_owned(),
            interval: vars.interval,
            range: vars.range,
            configured: vars.rate_interval,
            known: VecDeque::from([(vars.rate_interval, query)]),
        })
    }

    /// The query with its rate window as configured, for what does not depend on it.
    ///
    /// # Errors
    /// As [`Query::parse`]; never, since the same text has been read before.
    pub fn configured(&mut self) -> Result<Arc<Query>, Refusal> {
        self.at(self.configured)
    }

    /// The query with that rate window.
    ///
    /// # Errors
    /// As [`Query::parse`]; never for a window of at least a millisecond, since only the window differs from what
    /// was read before.
    pub fn at(&mut self, rate_interval: Duration) -> Result<Arc<Query>, Refusal> {
        if let Some(place) = self.known.iter().position(|(window, _)| *window == rate_interval)
            && let Some(found) = self.known.remove(place)
        {
            self.known.push_back(found.clone());
            return Ok(found.1);
        }
        let vars = Vars {
            service: &self.service,
            selector: &self.selector,
            rate_interval,
            interval: self.interval,
            range: self.range,
        };
        let query = Arc::new(Query::parse(&expand(&self.text, &vars))?);
        if self.known.len() >= REMEMBERED {
            self.known.pop_front();
        }
        self.known.push_back((rate_interval, Arc::clone(&query)));
        Ok(query)
    }

    /// Whether the query depends on `$__rate_interval`.
    #[must_use]
    pub fn follows_rate_interval(&self) -> bool {
        self.text.contains("__rate_interval")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_read_once() {
        let vars = Vars {
            service: "api",
            selector: "",
            rate_interval: Duration::from_mins(1),
            interval: Duration::from_secs(5),
            range: Duration::from_hours(1),
        };
        let mut template = Template::parse("sum(rate(x{job=\"$service\"}[$__rate_interval]))", &vars).unwrap();
        assert!(template.follows_rate_interval());
        let first = template.at(Duration::from_millis(1_100)).unwrap();
        assert_eq!(first.text(), "sum(rate(x{job=\"api\"}[1100ms]))");
        for seconds in 2..=4 {
            template.at(Duration::from_secs(seconds)).unwrap();
        }
        assert!(Arc::ptr_eq(&first, &template.at(Duration::from_millis(1_100)).unwrap()));
        assert_eq!(template.configured().unwrap().text(), "sum(rate(x{job=\"api\"}[1m]))");
        assert!(Template::parse("rate(x[$nothing])", &vars).unwrap_err().message.contains("$nothing"));
    }
}
