//! A symptom: a rule sentence of which only the subjects and directions are read here, to see whether it holds now.

use crate::facts::text::clean_line;
use crate::triage::runbook::SUBJECTS;

/// Most characters of a sentence.
const LONGEST: usize = 200;

/// Which side of its limit is the bad one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// Too much of it.
    Above,
    /// Too little of it.
    Below,
}

/// What a sentence asks of one subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Condition {
    /// One of [`SUBJECTS`].
    pub subject: &'static str,
    /// The bad side.
    pub side: Side,
}

/// A rule sentence: `db_pool > 95% for 1m or db_pool_waiting > 0 for 1m`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symptom {
    /// The sentence, clean.
    pub text: String,
    /// It holds when all conditions of one of these hold; none is empty.
    pub any: Vec<Vec<Condition>>,
}

impl Symptom {
    /// Reads a sentence.
    ///
    /// # Errors
    /// What is wrong, and the byte of the sentence at which it begins.
    pub fn parse(sentence: &str) -> Result<Self, (usize, String)> {
        let mut any = vec![Vec::new()];
        let mut rest = sentence;
        loop {
            let (part, joint, after) = next(rest);
            let at = sentence.len() - rest.len();
            let condition = condition(part).map_err(|(within, what)| (at + within, what))?;
            if let Some(all) = any.last_mut() {
                all.push(condition);
            }
            match joint {
                None => break,
                Some(" or ") => any.push(Vec::new()),
                Some(_) => {}
            }
            rest = after;
        }
        Ok(Self { text: clean_line(sentence, LONGEST), any })
    }
}

/// The part up to the next `or` or `and`, that word, and what follows it.
fn next(text: &str) -> (&str, Option<&'static str>, &str) {
    let first = [" or ", " and "].into_iter().filter_map(|joint| Some((text.find(joint)?, joint))).min();
    match first {
        Some((at, joint)) => (&text[..at], Some(joint), &text[at + joint.len()..]),
        None => (text, None, ""),
    }
}

fn condition(part: &str) -> Result<Condition, (usize, String)> {
    let words = part.trim_start();
    let at = part.len() - words.len();
    let end = words.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(words.len());
    let (name, rest) = words.split_at(end);
    let Some(subject) = SUBJECTS.into_iter().find(|known| *known == name) else {
        let what = match closest(name, &SUBJECTS) {
            Some(close) => format!("`{}` is no signal; did you mean `{close}`?", clean_line(name, 40)),
            None if name.is_empty() => {
                "a sentence begins with a signal: write it like `error_rate > 5% for 2m`".to_owned()
            }
            None => format!("`{}` is no signal; there are: {}", clean_line(name, 40), SUBJECTS.join(", ")),
        };
        return Err((at, what));
    };
    let tail = rest.trim_start();
    let place = part.len() - tail.len();
    // `full` is the limit towards which it grows.
    let operators = [(">=", Side::Above), ("<=", Side::Below), (">", Side::Above), ("<", Side::Below)];
    let operators = operators.into_iter().chain([("≥", Side::Above), ("≤", Side::Below), ("full in", Side::Above)]);
    for (sign, side) in operators {
        if let Some(limit) = tail.strip_prefix(sign) {
            let limit = limit.trim_start_matches(['<', ' ']);
            if limit.starts_with(|c: char| c.is_ascii_digit()) {
                return Ok(Condition { subject, side });
            }
            return Err((place, format!("`{name} {sign}` needs a number behind it: write it like `{name} {sign} 5`")));
        }
    }
    let can_be_silent = matches!(subject, "instance" | "metrics");
    if can_be_silent && tail.starts_with("silent") {
        return Ok(Condition { subject, side: Side::Above });
    }
    let example = match subject {
        "instance" | "metrics" => format!("{subject} silent for 1m"),
        "memory" | "disk" => format!("{subject} > 90% or {subject} full in < 30m"),
        _ => format!("{subject} > 5"),
    };
    Err((place.min(part.len()), format!("there is no comparison behind `{name}`: write it like `{example}`")))
}

/// The known word that somebody most likely meant.
pub(super) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|one| (strsim::osa_distance(one, word), *one)).min()?;
    (near.0 <= 2 && word.len() > 2).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sentence: &str) -> String {
        match Symptom::parse(sentence) {
            Ok(symptom) => {
                let all = symptom.any.iter().map(|all| {
                    let all = all
                        .iter()
                        .map(|one| format!("{}{}", one.subject, if one.side == Side::Above { "+" } else { "-" }));
                    all.collect::<Vec<_>>().join("&")
                });
                all.collect::<Vec<_>>().join("|")
            }
            Err((at, what)) => format!("{at}: {what}"),
        }
    }

    #[test]
    fn sentences() {
        for (sentence, expected) in [
            ("error_rate > 5% for 2m", "error_rate+"),
            ("db_pool>=95% for 1m or db_pool_waiting > 0 for 1m", "db_pool+|db_pool_waiting+"),
            ("request_rate < 50% of baseline for 3m", "request_rate-"),
            ("memory full in < 30m", "memory+"),
            ("cpu ≥ 90% and latency_p95 > 1s or disk > 95%", "cpu+&latency_p95+|disk+"),
            ("metrics silent for 1m", "metrics+"),
            ("eror_rate > 5%", "0: `eror_rate` is no signal; did you mean `error_rate`?"),
            ("disk > 9% or cpuu > 1", "13: `cpuu` is no signal; did you mean `cpu`?"),
            ("disk >", "5: `disk >` needs a number behind it: write it like `disk > 5`"),
            ("cpu is high", "4: there is no comparison behind `cpu`: write it like `cpu > 5`"),
            ("instance", "8: there is no comparison behind `instance`: write it like `instance silent for 1m`"),
            ("", "0: a sentence begins with a signal: write it like `error_rate > 5% for 2m`"),
        ] {
            assert_eq!(read(sentence), expected, "{sentence}");
        }
        assert!(read("apples > 5").starts_with("0: `apples` is no signal; there are: error_rate, "));
    }

    proptest::proptest! {
        #[test]
        fn no_sentence_panics(sentence in "(disk|cpu|[a-z_]{0,5}| or | and |[<>=≥ %0-9]|\\PC){0,12}") {
            if let Err((at, _)) = Symptom::parse(&sentence) {
                proptest::prop_assert!(sentence.is_char_boundary(at));
            }
        }
    }
}
