//! `PromQL` in a configuration: refused here with the reason, never at three in the morning.

use std::time::Duration;

use promql_parser::parser::value::ValueType;

use crate::facts::text::clean_line;
use crate::promql::Query;
use crate::promql::Refusal;
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

/// The longest query that a refusal repeats as a whole, in characters; the place in the file is told as well.
const SHOWN: usize = 300;

/// Checks that the embedded engine can run a query, or a server where it is asked there, and that it gives a number
/// or numbers.
pub(super) fn check(query: &str, on_server: bool) -> Result<(), Wrong> {
    let example = "as in sum(rate(http_requests_total[$__rate_interval]))";
    if query.trim().is_empty() {
        return Err(Wrong::new("the query is empty", format!("write PromQL, {example}")));
    }
    let filled = expand(query, &VARS);
    // As it was written: with the variables filled in nobody would find it again.
    let shown = clean_line(query.trim(), SHOWN);
    let feature = match Query::parse(&filled) {
        Ok(_) => None,
        Err(Refusal { feature: None, message, .. }) => {
            let cause = format!("not PromQL: {message} in the query {shown}");
            return Err(Wrong::new(cause, format!("write it {example}")));
        }
        Err(refusal) => Some(refusal.message),
    };
    // Only now: the parser alone does not mind a query that is nested without end.
    match promql_parser::parser::parse(&filled).map(|tree| tree.value_type()) {
        Ok(ValueType::Matrix) => {
            let advice = "put it into a function, as in rate(...[$__rate_interval])";
            return Err(Wrong::new(format!("the query {shown} gives ranges of samples, not numbers"), advice));
        }
        Ok(ValueType::String) => {
            let cause = format!("the query {shown} gives a text, not numbers");
            return Err(Wrong::new(cause, format!("write PromQL, {example}")));
        }
        // What the parser refuses, the engine refuses in better words.
        Ok(ValueType::Vector | ValueType::Scalar) | Err(_) => {}
    }
    match feature.filter(|_| !on_server) {
        Some(message) => Err(Wrong::new(format!("{message} in the query {shown}"), "write the query without it")),
        None => Ok(()),
    }
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

    #[test]
    fn a_refusal_names_the_feature_and_the_query_as_it_was_written() {
        for (query, cause) in [
            (
                "limitk(1, rate(x[$__rate_interval]))",
                "the experimental aggregation limitk is not supported in the query limitk(1, rate(x[$__rate_interval]))",
            ),
            (" sum(\n  rate(x) ) ", "got vector in the query sum(⏎  rate(x) )"),
        ] {
            let wrong = check(query, false).unwrap_err();
            assert!(wrong.cause.ends_with(cause), "{wrong:?}");
        }
        let long = check(&format!("limitk(1, {})", "x + ".repeat(2_000) + "x"), false).unwrap_err();
        assert!(long.cause.contains("too long") && long.cause.len() < 500, "{}", long.cause);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(query in "(\\$|\\{|\\}|[a-z_:]|\\PC){0,40}") {
            let _ = check(&query, false);
        }
    }
}
