//! Variables in queries, written as in Grafana: `$__rate_interval`, `${service}`.

use std::time::Duration;

/// The variables that are known, without the dollar sign.
pub(super) const NAMES: [&str; 5] = ["__rate_interval", "__interval", "__range", "service", "selector"];

/// The values of the variables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Vars<'v> {
    /// `$service`: the name of the service. Inside double quotes it is escaped.
    pub service: &'v str,
    /// `$selector`: matchers such as `job="api", env="prod"`, as they are. Where it is empty, a comma beside it goes.
    pub selector: &'v str,
    /// `$__rate_interval`: a window in which a rate has enough samples.
    pub rate_interval: Duration,
    /// `$__interval`: the time between two points of the screen.
    pub interval: Duration,
    /// `$__range`: the time that the screen shows.
    pub range: Duration,
}

/// Puts the values of the variables into a query. A variable that is not known stays as it is, and is refused when
/// the query is parsed.
#[must_use]
pub fn expand(text: &str, vars: &Vars<'_>) -> String {
    expand_with(text, vars, &duration(vars.rate_interval)).0
}

/// As [`expand`], with a text of its own for `$__rate_interval`; and in how many places it stands.
pub(super) fn expand_with(text: &str, vars: &Vars<'_>, rate_interval: &str) -> (String, usize) {
    let mut places = 0;
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    let mut quote = None;
    while let Some(c) = rest.chars().next() {
        if c == '$'
            && let Some((name, len)) = variable(rest)
            && let Some(value) = value(name, vars, rate_interval, quote)
        {
            rest = &rest[len..];
            places += usize::from(name == "__rate_interval");
            if value.is_empty() && name == "selector" {
                rest = without_comma(&mut out, rest);
            }
            out.push_str(&value);
            continue;
        }
        quote = match quote {
            None if matches!(c, '"' | '\'' | '`') => Some(c),
            Some(open) if open == c => None,
            same => same,
        };
        out.push(c);
        rest = &rest[c.len_utf8()..];
        if c == '\\' && quote.is_some_and(|quote| quote != '`') {
            let escaped = rest.chars().next();
            out.extend(escaped);
            rest = &rest[escaped.map_or(0, char::len_utf8)..];
        }
    }
    (out, places)
}

/// The name of the variable that a text begins with, and how many bytes it takes.
fn variable(text: &str) -> Option<(&str, usize)> {
    let after = text.strip_prefix('$')?;
    let braced = after.strip_prefix('{');
    let name = braced.unwrap_or(after);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || (braced.is_some() && !name[end..].starts_with('}')) {
        return None;
    }
    Some((&name[..end], if braced.is_some() { end + 3 } else { end + 1 }))
}

/// The first thing in a text that looks like a variable and was not replaced.
pub(super) fn first_unknown(text: &str) -> Option<&str> {
    text.match_indices('$').find_map(|(index, _)| variable(&text[index..]).map(|(_, len)| &text[index..index + len]))
}

fn value(name: &str, vars: &Vars<'_>, rate_interval: &str, quote: Option<char>) -> Option<String> {
    Some(match name {
        "service" if matches!(quote, Some('"' | '\'')) => {
            vars.service.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'").replace('\n', "\\n")
        }
        "service" => vars.service.to_owned(),
        "selector" => vars.selector.to_owned(),
        "__rate_interval" => rate_interval.to_owned(),
        "__interval" => duration(vars.interval),
        "__range" => duration(vars.range),
        _ => return None,
    })
}

/// Takes away the comma beside an empty list of matchers: behind it, else before it.
fn without_comma<'r>(out: &mut String, rest: &'r str) -> &'r str {
    if let Some(behind) = rest.trim_start().strip_prefix(',') {
        return behind;
    }
    if let Some(before) = out.trim_end().strip_suffix(',') {
        out.truncate(before.len());
    }
    rest
}

/// A duration as `PromQL` writes it, in the largest unit that fits; at least a millisecond.
pub(super) fn duration(duration: Duration) -> String {
    let ms = duration.as_millis().max(1);
    for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if ms.is_multiple_of(size) {
            return format!("{}{unit}", ms / size);
        }
    }
    format!("{ms}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars<'v>(service: &'v str, selector: &'v str) -> Vars<'v> {
        Vars {
            service,
            selector,
            rate_interval: Duration::from_millis(1_500),
            interval: Duration::from_secs(5),
            range: Duration::from_hours(1),
        }
    }

    #[test]
    fn variables_are_replaced_where_they_are_known() {
        for (text, expanded) in [
            ("rate(x[$__rate_interval])", "rate(x[1500ms])"),
            ("rate(x[${__rate_interval}])", "rate(x[1500ms])"),
            ("x[$__range:$__interval]", "x[1h:5s]"),
            ("x{job=\"$service\"}", "x{job=\"api\"}"),
            ("x{$selector}", "x{env=\"prod\"}"),
            ("x{$selector,code=\"5\"}", "x{env=\"prod\",code=\"5\"}"),
            ("x[$__rate_intervals] $other ${open", "x[$__rate_intervals] $other ${open"),
            ("label_replace(x, \"a\", \"$1\", \"b\", \"(.*)$\")", "label_replace(x, \"a\", \"$1\", \"b\", \"(.*)$\")"),
        ] {
            assert_eq!(expand(text, &vars("api", "env=\"prod\"")), expanded);
        }
    }

    #[test]
    fn an_empty_selector_takes_its_comma_along() {
        for (text, expanded) in [
            ("x{$selector}", "x{}"),
            ("x{$selector, a=\"b\"}", "x{ a=\"b\"}"),
            ("x{a=\"b\", $selector}", "x{a=\"b\"}"),
            ("x{a=\"b\",$selector,c=\"d\"}", "x{a=\"b\",c=\"d\"}"),
        ] {
            assert_eq!(expand(text, &vars("api", "")), expanded);
        }
    }

    #[test]
    fn a_service_cannot_break_out_of_its_quotes() {
        assert_eq!(expand("x{job=\"$service\"}", &vars("a\"b\\c", "")), "x{job=\"a\\\"b\\\\c\"}");
    }

    #[test]
    fn durations() {
        let texts = [0, 1, 999, 1_000, 1_500, 90_000, 60_000, 7_200_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(texts, ["1ms", "1ms", "999ms", "1s", "1500ms", "90s", "1m", "2h"]);
    }

    #[test]
    fn what_looks_like_a_variable() {
        assert_eq!(first_unknown("a $foo b"), Some("$foo"));
        assert_eq!(first_unknown("a ${foo} b"), Some("${foo}"));
        assert_eq!(first_unknown("(.*)$ $1 ${1} $"), None);
    }
}
