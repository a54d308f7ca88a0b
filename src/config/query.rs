//! `PromQL` in a configuration: refused here with the reason, never at three in the morning.

use std::time::Duration;

use promql_parser::parser::value::ValueType;

use crate::promql::Query;
use crate::promql::Vars;
use crate::promql::expand;

use super::reader::Wrong;

/// Values for the variables: any will do, since only the form of the query is looked at.
const VARS: Vars<'static> = Vars {
    service: "service",
    selector: "job=\"service\"",
    rate_interval: Duration::from_secs(60),
    interval: Duration::from_secs(5),
    range: Duration::from_secs(3600),
};

/// Checks that the embedded engine can run a query, or a server where it is asked there, and that it gives a number
/// or numbers.
pub(super) fn check(query: &str, on_server: bool) -> Result<(), Wrong> {
    let example = "as in sum(rate(http_requests_total[$__rate_interval]))";
    if query.trim().is_empty() {
        return Err(Wrong::new("the query is empty", format!("write PromQL, {example}")));
    }
    let filled = expand(query, &VARS);
    match promql_parser::parser::parse(&filled).map(|tree| tree.value_type()) {
        Ok(ValueType::Matrix) => {
            let advice = "put it into a function, as in rate(...[$__rate_interval])";
            return Err(Wrong::new("the query gives ranges of samples, not numbers", advice));
        }
        Ok(ValueType::String) => {
            return Err(Wrong::new("the query gives a text, not numbers", format!("write PromQL, {example}")));
        }
        // What the parser refuses, the engine refuses in better words.
        Ok(ValueType::Vector | ValueType::Scalar) | Err(_) => {}
    }
    Query::parse(&filled).map(drop).or_else(|refusal| match refusal.feature {
        Some(_) if on_server => Ok(()),
        Some(_) => Err(Wrong::new(refusal.message, "write the query without it")),
        None => Err(Wrong::new(format!("not PromQL: {}", refusal.message), format!("write it {example}"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_can_run() {
        for query in [
            "sum(rate(http_requests_total[$__rate_interval]))",
            "sum(rate(a{service=\"$service\"}[${__rate_interval}]))",
            "sum(rate(a{service=~\"${service:regex}|x$\"}[5m]))",
            "a{b=~\"5..$\"}",
            "1",
            "a or vector(0)",
        ] {
            assert_eq!(check(query, false), Ok(()), "{query}");
        }
    }

    #[test]
    fn queries_that_cannot() {
        for (query, fragment) in [
            ("sum(", "unclosed left parenthesis"),
            ("rate(x)", "expected type matrix"),
            ("x[5m]", "ranges of samples"),
            ("\"x\"", "gives a text"),
            ("", "empty"),
            ("rate(x[$interval])", "$interval"),
            ("x{a=\"$job\"}", "$job"),
            ("summ(x)", "unknown function"),
        ] {
            let wrong = check(query, true).unwrap_err();
            assert!(wrong.cause.contains(fragment), "{query}: {wrong:?}");
            assert!(!wrong.advice.is_empty());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(query in "(\\$|\\{|\\}|[a-z_:]|\\PC){0,40}") {
            let _ = check(&query, false);
        }
    }
}
