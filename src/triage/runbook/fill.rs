//! Placeholders in steps and commands: `{service}`, `{version}`, `{previous}`, `{instance}`, `{route}`, or `$SERVICE`.
//!
//! A command is pasted into a shell, and some of these values come from outside: what is more than a plain word is
//! not put into a command, and the placeholder stays to be seen.

use std::borrow::Cow;

use crate::facts::text::clean_line;

/// Longer values are no names.
const LONGEST: usize = 120;

/// What is known to fill in; `None` leaves the placeholder as it is.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Values {
    /// The service.
    pub service: Option<String>,
    /// The version that runs since the latest deploy.
    pub version: Option<String>,
    /// The version before that.
    pub previous: Option<String>,
    /// The instance that is unlike the others.
    pub instance: Option<String>,
    /// The route that is worst off.
    pub route: Option<String>,
}

impl Values {
    /// The text with what is known filled in.
    #[must_use]
    pub fn fill<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.replaced(text, |value| Some(clean_line(value, LONGEST)))
    }

    /// A command with what is known filled in, as far as it is a plain word: letters, digits and `. _ - / : @ +`.
    #[must_use]
    pub fn fill_command<'a>(&self, command: &'a str) -> Cow<'a, str> {
        self.replaced(command, |value| is_plain(value).then(|| value.to_owned()))
    }

    fn replaced<'a>(&self, text: &'a str, allowed: impl Fn(&str) -> Option<String>) -> Cow<'a, str> {
        if !text.contains(['{', '$']) {
            return Cow::Borrowed(text);
        }
        let named = [
            ("service", &self.service),
            ("version", &self.version),
            ("previous", &self.previous),
            ("instance", &self.instance),
            ("route", &self.route),
        ];
        let named: Vec<(&str, String)> =
            named.into_iter().filter_map(|(name, value)| Some((name, allowed(value.as_deref()?)?))).collect();
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['{', '$']) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let taken = named.iter().find_map(|(name, value)| Some((placeholder(rest, name)?, value)));
            let (value, length) = taken.map_or((&rest[..1], 1), |(length, value)| (value.as_str(), length));
            out.push_str(value);
            rest = &rest[length..];
        }
        out.push_str(rest);
        Cow::Owned(out)
    }
}

/// How many bytes of the text's beginning stand for a name, if they do.
fn placeholder(text: &str, name: &str) -> Option<usize> {
    let upper = name.to_ascii_uppercase();
    for written in [format!("{{{name}}}"), format!("${{{upper}}}"), format!("${upper}")] {
        if let Some(after) = text.strip_prefix(&written) {
            let whole = written.ends_with('}') || !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            if whole {
                return Some(written.len());
            }
        }
    }
    None
}

/// Whether a value means nothing to any shell, nor an option to a program.
fn is_plain(value: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@' | '+');
    (1..=LONGEST).contains(&value.len()) && value.chars().all(fits) && !value.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_filled_in_and_nothing_reaches_a_shell() {
        let values = Values {
            service: Some("checkout-api".into()),
            version: Some("v2; rm -rf /".into()),
            previous: Some("v1".into()),
            route: Some("/orders/{id}".into()),
            instance: Some("--force".into()),
        };
        for (text, filled, command) in [
            ("kubectl logs deploy/{service}", "kubectl logs deploy/checkout-api", "kubectl logs deploy/checkout-api"),
            ("$SERVICE ${PREVIOUS} $SERVICES", "checkout-api v1 $SERVICES", "checkout-api v1 $SERVICES"),
            ("to {version}", "to v2; rm -rf /", "to {version}"),
            ("on {route} {instance}", "on /orders/{id} --force", "on {route} {instance}"),
            ("{x} $ {service", "{x} $ {service", "{x} $ {service"),
            ("ä{service}", "ächeckout-api", "ächeckout-api"),
        ] {
            assert_eq!(values.fill(text), filled);
            assert_eq!(values.fill_command(text), command);
        }
        assert_eq!(Values::default().fill("{service}"), "{service}");
    }
}
