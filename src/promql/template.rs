//! A query with variables whose rate window changes: it is read once, and each window is put into what was read.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::promql::query::Query;
use crate::promql::refusal::Refusal;
use crate::promql::variables::Vars;
use crate::promql::variables::expand;
use crate::promql::variables::expand_with;

/// Queries that are remembered: as configured, and as of late. A window that grows with the history passes through
/// more; they do not come back.
const REMEMBERED: usize = 2;

/// Stands for the window while the query is read, in seconds: fifty days, an hour and an eighth of a second, which
/// nobody writes. A number of seconds is what the parser reads fastest.
const STAND_IN: &str = "4323600.125";
/// The same in milliseconds.
const STAND_IN_MS: i64 = 4_323_600_125;

/// A query with variables.
#[derive(Debug)]
pub struct Template {
    text: String,
    service: String,
    selector: String,
    interval: Duration,
    range: Duration,
    configured: Duration,
    follows: Follows,
    known: VecDeque<(Duration, Arc<Query>)>,
}

/// How a query depends on `$__rate_interval`.
#[derive(Debug)]
enum Follows {
    /// Not at all.
    Not,
    /// As a range, a step or an offset: the query with the stand-in in its place.
    ByLength(Query),
    /// In a text or a number, where each window makes another query.
    ByText,
}

impl Template {
    /// Reads a query with variables, and checks it with the window that is configured (`vars.rate_interval`).
    ///
    /// # Errors
    /// As [`Query::parse`].
    pub fn parse(text: &str, vars: &Vars<'_>) -> Result<Self, Refusal> {
        let mut template = Self {
            text: text.to_owned(),
            service: vars.service.to_owned(),
            selector: vars.selector.to_owned(),
            interval: vars.interval,
            range: vars.range,
            configured: vars.rate_interval,
            follows: Follows::of(text, vars),
            known: VecDeque::new(),
        };
        template.configured()?;
        Ok(template)
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
        let rate_interval = if self.follows_rate_interval() { rate_interval } else { self.configured };
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
        let text = expand(&self.text, &vars);
        let query = match &self.follows {
            Follows::ByLength(query) => query.resized(STAND_IN_MS, millis(rate_interval), text).0,
            Follows::Not | Follows::ByText => Query::parse(&text)?,
        };
        let query = Arc::new(query);
        if self.known.len() >= REMEMBERED {
            self.known.pop_front();
        }
        self.known.push_back((rate_interval, Arc::clone(&query)));
        Ok(query)
    }

    /// Whether the query depends on `$__rate_interval`.
    #[must_use]
    pub fn follows_rate_interval(&self) -> bool {
        !matches!(self.follows, Follows::Not)
    }
}

impl Follows {
    /// Finds out by reading the query with the stand-in: it must come out as a length of time as often as the
    /// variable stands in the text.
    fn of(text: &str, vars: &Vars<'_>) -> Self {
        let (text, places) = expand_with(text, vars, STAND_IN);
        if places == 0 {
            return Self::Not;
        }
        match Query::parse(&text) {
            Ok(query) if query.resized(STAND_IN_MS, 1, String::new()).1 == places => Self::ByLength(query),
            _ => Self::ByText,
        }
    }
}

/// As it stands in the text: whole milliseconds, at least one.
fn millis(window: Duration) -> i64 {
    i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(1)
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
        template.configured().unwrap();
        assert!(Arc::ptr_eq(&first, &template.at(Duration::from_millis(1_100)).unwrap()));
        assert_eq!(template.configured().unwrap().text(), "sum(rate(x{job=\"api\"}[1m]))");
        assert!(Template::parse("rate(x[$nothing])", &vars).unwrap_err().message.contains("$nothing"));
    }

    fn vars(rate_interval: Duration) -> Vars<'static> {
        let (interval, range) = (Duration::from_secs(5), Duration::from_hours(1));
        Vars { service: "api", selector: "job=\"api\"", rate_interval, interval, range }
    }

    #[test]
    fn a_window_that_is_put_in_makes_the_query_that_is_read() {
        for (text, by_length) in [
            ("sum(rate(x{code=~\"5..\", $selector}[$__rate_interval])) / sum(rate(x[${__rate_interval}]))", true),
            ("max_over_time(sum(rate(x[$__rate_interval]))[$__range:$__rate_interval])", true),
            ("x offset $__rate_interval", true),
            ("x offset -$__rate_interval", true),
            ("absent(x{a=~\"[ab]\"} offset $__rate_interval)", true),
            ("absent_over_time(x[$__rate_interval])", true),
            ("quantile(scalar(rate(a[$__rate_interval])), deriv(b[$__rate_interval]))", true),
            ("histogram_quantile(scalar(rate(a[$__rate_interval])), rate(b[$__rate_interval]))", true),
            ("histogram_fraction(0, scalar(rate(a[$__rate_interval])), rate(b[$__rate_interval]))", true),
            ("predict_linear(a[$__rate_interval], scalar(rate(b[$__rate_interval])))", true),
            ("clamp_max(-rate(a[$__rate_interval]), scalar(idelta(b[$__rate_interval])))", true),
            ("sort(label_replace(rate(a[$__rate_interval]), \"a\", \"$1\", \"b\", \"(.*)c\")) or a", true),
            ("vector(scalar(sum(increase(a[$__rate_interval]))))", true),
            ("label_replace(x, \"a\", \"$__rate_interval\", \"b\", \".*\")", false),
            ("rate(x[$__rate_interval]) # over $__rate_interval", false),
            ("rate(x[1h$__rate_interval])", false),
        ] {
            let mut template = Template::parse(text, &vars(Duration::from_secs(30))).unwrap();
            assert_eq!(matches!(template.follows, Follows::ByLength(_)), by_length, "{text}");
            assert!(template.follows_rate_interval());
            for ms in [1_u64, 999, 1_500, 30_000, 90_000, 7_200_000] {
                let window = Duration::from_millis(ms);
                let Ok(read) = Query::parse(&expand(text, &vars(window))) else { continue };
                let put_in = template.at(window).unwrap();
                assert_eq!(format!("{put_in:?}"), format!("{read:?}"), "{text}");
            }
        }
    }

    #[test]
    fn a_query_without_the_window_is_always_the_same() {
        let mut template = Template::parse("max(x{$selector})", &vars(Duration::from_secs(30))).unwrap();
        let first = template.configured().unwrap();
        assert!(!template.follows_rate_interval());
        assert!(Arc::ptr_eq(&first, &template.at(Duration::from_secs(7)).unwrap()));
    }

    #[test]
    fn a_refusal_shows_the_query_as_it_is_asked() {
        let refusal = Template::parse("rate(x[$__rate_interval]) +", &vars(Duration::from_secs(30))).unwrap_err();
        assert_eq!(refusal.query, "rate(x[30s]) +");
    }
}
