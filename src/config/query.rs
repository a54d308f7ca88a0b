//! `PromQL` in a configuration: refused here with the reason, never at three in the morning.

use super::reader::Wrong;
use super::reader::quoted;

/// What stands in a query for what is known only when it runs, and something that parses in its place.
const VARIABLES: &[(&str, &str)] = &[("__rate_interval", "5m"), ("service", "service")];

/// Checks that a query can be parsed and gives a number or numbers.
pub(super) fn check(query: &str) -> Result<(), Wrong> {
    let filled = fill(query)?;
    let example = "as in sum(rate(http_requests_total[$__rate_interval]))";
    if filled.trim().is_empty() {
        return Err(Wrong::new("the query is empty", format!("write PromQL, {example}")));
    }
    let parsed = promql_parser::parser::parse(&filled)
        .map_err(|error| Wrong::new(format!("not PromQL: {error}"), format!("write it {example}")))?;
    match parsed.value_type() {
        promql_parser::parser::value::ValueType::Vector | promql_parser::parser::value::ValueType::Scalar => Ok(()),
        promql_parser::parser::value::ValueType::Matrix => Err(Wrong::new(
            "the query gives ranges of samples, not numbers",
            "put it into a function, as in rate(...[$__rate_interval])",
        )),
        promql_parser::parser::value::ValueType::String => {
            Err(Wrong::new("the query gives a text, not numbers", format!("write PromQL, {example}")))
        }
    }
}

/// The query with its variables filled in.
fn fill(query: &str) -> Result<String, Wrong> {
    let mut out = String::with_capacity(query.len());
    let mut rest = query;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, length) = if let Some((inner, _)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            (inner.split(':').next().unwrap_or(inner), inner.len() + 2)
        } else {
            let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
            (&after[..end], end)
        };
        rest = &after[length..];
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || !name.chars().all(is_name) {
            // A `$` that ends a regular expression.
            out.push('$');
            out.push_str(&after[..length]);
            continue;
        }
        let Some((_, value)) = VARIABLES.iter().find(|(known, _)| *known == name) else {
            let cause = format!("unknown variable {} in the query", quoted(&format!("${name}")));
            let interval = ["__interval", "__range", "interval"].contains(&name);
            let advice = if interval { "write $__rate_interval" } else { "known are $__rate_interval and $service" };
            return Err(Wrong::new(cause, advice));
        };
        out.push_str(value);
    }
    out.push_str(rest);
    Ok(out)
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
            assert_eq!(check(query), Ok(()), "{query}");
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
            ("rate(x[$__interval])", "unknown variable `$__interval`"),
            ("x{a=\"$job\"}", "unknown variable `$job`"),
            ("summ(x)", "unknown function"),
        ] {
            let wrong = check(query).unwrap_err();
            assert!(wrong.cause.contains(fragment), "{query}: {wrong:?}");
            assert!(!wrong.advice.is_empty());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(query in "(\\$|\\{|\\}|[a-z_:]|\\PC){0,40}") {
            let _ = check(&query);
        }
    }
}
