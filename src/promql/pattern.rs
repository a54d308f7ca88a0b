//! Regular expressions that must match a whole value, as the matchers of a selector have them.
//!
//! Nearly all of them are of one shape: alternatives of plain characters and `.`, perhaps with `.*` or `.+` at the
//! end (`5..`, `GET|POST`, `/api/.*`). Those are compared here directly: an engine for regular expressions takes
//! half a megabyte and a millisecond to build what a loop over characters does. Everything else is given to it.

use std::sync::Arc;

use regex::Regex;

/// What has a meaning in a regular expression, and none here. The dot is not among them.
const SIGNS: [char; 13] = ['\\', '*', '+', '?', '(', ')', '[', ']', '{', '}', '^', '$', '|'];

/// A condition on a whole value; `.` stands for every character, line breaks too, as in Prometheus 3.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Plain(Arc<[Alternative]>),
    /// An expression with its own anchors.
    Regex(Arc<Regex>),
}

/// Characters and dots, and what may follow.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Alternative {
    head: Box<str>,
    has_dots: bool,
    tail: Tail,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tail {
    Nothing,
    /// `.*`
    Anything,
    /// `.+`
    Something,
}

impl Pattern {
    /// The pattern of a text that needs no engine; `None` when it needs one, or is wrong.
    pub(super) fn plain(text: &str) -> Option<Self> {
        let inside = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
        let alternatives = inside.unwrap_or(text).split('|').map(Alternative::read);
        alternatives.collect::<Option<_>>().map(Self::Plain)
    }

    pub(super) fn is_match(&self, value: &str) -> bool {
        match self {
            Self::Plain(alternatives) => alternatives.iter().any(|alternative| alternative.is_match(value)),
            Self::Regex(regex) => regex.is_match(value),
        }
    }
}

impl Alternative {
    fn read(text: &str) -> Option<Self> {
        let (head, tail) = match (text.strip_suffix(".*"), text.strip_suffix(".+")) {
            (Some(head), _) => (head, Tail::Anything),
            (_, Some(head)) => (head, Tail::Something),
            _ => (text, Tail::Nothing),
        };
        (!head.contains(SIGNS)).then(|| Self { head: head.into(), has_dots: head.contains('.'), tail })
    }

    fn is_match(&self, value: &str) -> bool {
        let Some(rest) = self.behind_head(value) else { return false };
        match self.tail {
            Tail::Nothing => rest.is_empty(),
            Tail::Anything => true,
            Tail::Something => !rest.is_empty(),
        }
    }

    /// What is left of a value that begins as the head does.
    fn behind_head<'v>(&self, value: &'v str) -> Option<&'v str> {
        if !self.has_dots {
            return value.strip_prefix(&*self.head);
        }
        let mut chars = value.chars();
        let fits = self.head.chars().all(|wanted| chars.next().is_some_and(|c| wanted == '.' || wanted == c));
        fits.then_some(chars.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn engine(text: &str) -> Regex {
        Regex::new(&format!("^(?s:{text})$")).unwrap()
    }

    #[test]
    fn what_needs_no_engine() {
        for text in [
            "",
            "a",
            "5..",
            "a|b|c",
            "(a|b)",
            "()",
            "a||b",
            ".*",
            ".+",
            "(.+|)",
            "/api/.*|/x.+",
            "é.|\n",
            "..+",
            "a b-c",
        ] {
            let plain = Pattern::plain(text).unwrap_or_else(|| panic!("{text:?} needs an engine"));
            for value in
                ["", "a", "5", "500", "5é\n", "5000", "b", "c", "/api/", "/x", "/xy", "é\n", "\n", "a b-c", "a\n"]
            {
                assert_eq!(plain.is_match(value), engine(text).is_match(value), "{text:?} on {value:?}");
            }
        }
    }

    #[test]
    fn what_needs_an_engine() {
        for text in [
            "a*", "a?", "a\\.b", "[ab]", "a{2}", "^a", "a$", "(a)(b)", "(a", "a)", "(?i)a", ".*a", "a.*b", ".*?",
            ".**", "*",
        ] {
            assert!(Pattern::plain(text).is_none(), "{text:?} needs no engine");
        }
    }

    fn part() -> impl Strategy<Value = String> {
        ("[ab5.é\n]{0,4}", prop_oneof![Just(""), Just(".*"), Just(".+")]).prop_map(|(head, tail)| head + tail)
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_engine(
            parts in prop::collection::vec(part(), 1..4),
            wrapped in any::<bool>(),
            values in prop::collection::vec("[ab5é\n.]{0,5}", 1..8),
        ) {
            let text = parts.join("|");
            let text = if wrapped { format!("({text})") } else { text };
            let plain = Pattern::plain(&text).unwrap();
            let engine = engine(&text);
            for value in &values {
                prop_assert_eq!(plain.is_match(value), engine.is_match(value), "{:?} on {:?}", &text, value);
            }
        }

        #[test]
        fn what_it_takes_it_takes_rightly(text in "[ab.|()*+?\\\\\\[\\]{}^$]{0,6}", value in "[ab.\\\\]{0,4}") {
            if let Some(plain) = Pattern::plain(&text) {
                prop_assert_eq!(plain.is_match(&value), engine(&text).is_match(&value));
            }
        }
    }
}
