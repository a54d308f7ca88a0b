//! The language of rules: a sentence in, a [`Rule`] out, and back.
//!
//! ```text
//! rule      = group { "or" group }
//! group     = condition { "and" condition }
//! condition = subject ( sign value | sign share "of baseline" | "full in" "<" time ) [ "for" time ]
//! sign      = ">" | ">=" | "<" | "<="
//! ```
//! A `for` at the end of a group holds for the conditions of the group that have none. Units stand behind values:
//! `5%`, `500ms`, `10/s`, `20`; a blank before the unit is allowed.

use std::fmt;
use std::time::Duration;

use crate::facts::Unit;
use crate::triage::Against;
use crate::triage::Condition;
use crate::triage::Rule;
use crate::triage::Severity;
use crate::triage::Side;
use crate::triage::Subject;

/// Why a sentence is not a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SentenceError {
    /// Where in the sentence, in bytes.
    pub at: usize,
    /// What is wrong.
    pub cause: String,
    /// What to write instead.
    pub advice: String,
}

impl fmt::Display for SentenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.cause, self.advice)
    }
}

const EXAMPLE: &str = "error_rate > 5% for 2m";

impl Rule {
    /// Reads a sentence.
    ///
    /// # Errors
    /// Where it stops being a rule, and what may stand there.
    pub fn parse(severity: Severity, sentence: &str) -> Result<Self, SentenceError> {
        let mut words = Words { all: split(sentence), next: 0, end: sentence.len() };
        let mut groups = Vec::new();
        loop {
            groups.push(group(&mut words)?);
            match words.take() {
                None => return Ok(Self { severity, groups, reason: "" }),
                Some((_, "or")) => {}
                Some((at, word)) => {
                    return Err(wrong(at, format!("`{word}` is not expected here"), "go on with `or`, `and` or `for`"));
                }
            }
        }
    }
}

fn group(words: &mut Words<'_>) -> Result<Vec<Condition>, SentenceError> {
    let mut all: Vec<(Condition, bool)> = Vec::new();
    loop {
        all.push(condition(words)?);
        if !words.next_is("and") {
            break;
        }
    }
    if let Some((Condition { lasting, .. }, true)) = all.last().copied() {
        for (one, own) in &mut all {
            if !*own {
                one.lasting = lasting;
            }
        }
    }
    Ok(all.into_iter().map(|(condition, _)| condition).collect())
}

/// A condition, and whether it says how long.
fn condition(words: &mut Words<'_>) -> Result<(Condition, bool), SentenceError> {
    let keys = || Subject::ALL.map(Subject::key).join(", ");
    let Some((at, word)) = words.take() else {
        return Err(wrong(words.end, "the sentence ends too early", &format!("write it as in `{EXAMPLE}`")));
    };
    let Some(subject) = Subject::ALL.into_iter().find(|subject| subject.key() == word) else {
        return Err(wrong(at, format!("`{word}` is not measured"), &format!("write one of {}", keys())));
    };
    let (side, against) =
        if words.next_is("full") { (Side::Below, full_in(words, subject)?) } else { compared(words, subject)? };
    let lasting = if words.next_is("for") { Some(time(words)?) } else { None };
    Ok((Condition { subject, side, against, lasting: lasting.unwrap_or_default() }, lasting.is_some()))
}

fn full_in(words: &mut Words<'_>, subject: Subject) -> Result<Against, SentenceError> {
    let at = words.at();
    if !matches!(subject, Subject::Memory | Subject::DbPool | Subject::Disk) {
        let cause = format!("`{}` has no limit that it could reach", subject.key());
        return Err(wrong(at, cause, "write memory, db_pool or disk"));
    }
    if !words.next_is("in") || !words.next_is("<") {
        return Err(wrong(words.at(), "`full` wants `in < TIME`", "write it as in `memory full in < 30m`"));
    }
    Ok(Against::FullIn(time(words)?))
}

fn compared(words: &mut Words<'_>, subject: Subject) -> Result<(Side, Against), SentenceError> {
    let signs = [Side::Above, Side::AtLeast, Side::Below, Side::AtMost];
    let at = words.at();
    let sign = words.take().and_then(|(_, word)| signs.into_iter().find(|side| side.sign() == word));
    let Some(side) = sign else {
        return Err(wrong(at, format!("`{}` wants a comparison", subject.key()), "write >, >=, < or <="));
    };
    let Some((at, text)) = words.take() else {
        return Err(wrong(words.end, "the value is missing", &format!("write it as in `{EXAMPLE}`")));
    };
    let (number, unit) = parts(at, text)?;
    let unit = if unit.is_empty() { words.unit() } else { unit };
    if words.next_is("of") {
        if !words.next_is("baseline") {
            return Err(wrong(words.at(), "`of` wants `baseline`", "write it as in `request_rate < 50% of baseline`"));
        }
        let factor = if unit == "%" { number / 100.0 } else { number };
        if !matches!(unit, "%" | "") || factor <= 0.0 {
            return Err(wrong(at, format!("`{text}` is no share of the baseline"), "write a share as in `50%`"));
        }
        return Ok((side, Against::Baseline(factor)));
    }
    Ok((side, Against::Level(level(at, subject, number, unit)?)))
}

fn level(at: usize, subject: Subject, number: f64, unit: &str) -> Result<f64, SentenceError> {
    let factor = match (subject.unit(), unit) {
        (Unit::Ratio, "%") => 0.01,
        (Unit::Ratio | Unit::Count | Unit::PerSecond, "") | (Unit::PerSecond, "/s" | "req/s") => 1.0,
        (Unit::PerSecond, "/min" | "req/min") => 1.0 / 60.0,
        (Unit::Seconds, _) if time_factor(unit).is_some() => time_factor(unit).unwrap_or(1.0),
        (kind, _) => {
            let advice = match kind {
                Unit::Ratio => "write a share as in `5%`",
                Unit::Seconds => "write a time as in `500ms` or `1s`",
                Unit::PerSecond => "write a rate as in `10/s`",
                _ => "write a number",
            };
            let cause = match unit {
                "" => format!("the value of `{}` has no unit", subject.key()),
                unit => format!("`{unit}` is not a unit of `{}`", subject.key()),
            };
            return Err(wrong(at, cause, advice));
        }
    };
    let value = number * factor;
    if subject.unit() == Unit::Ratio && value > 1.0 {
        return Err(wrong(at, "more than 100 % cannot be".to_owned(), "write a share as in `5%`"));
    }
    Ok(value)
}

/// The number and the unit of a word: `500ms`.
fn parts(at: usize, text: &str) -> Result<(f64, &str), SentenceError> {
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let number = digits.parse::<f64>().ok().filter(|number| number.is_finite());
    let number =
        number.ok_or_else(|| wrong(at, format!("`{text}` is not a number"), "write it as in `5%` or `1.5s`"))?;
    Ok((number, unit))
}

/// A length of time: `2m`, `1h30m`, `90 s`.
fn time(words: &mut Words<'_>) -> Result<Duration, SentenceError> {
    let Some((at, text)) = words.take() else {
        return Err(wrong(words.end, "the time is missing", "write it as in `2m`"));
    };
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let split = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(split);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit = if unit.is_empty() && after.is_empty() { words.unit() } else { unit };
        let factor = time_factor(unit).zip(digits.parse::<f64>().ok());
        let Some((factor, number)) = factor else {
            return Err(wrong(at, format!("`{text}` is not a time"), "write it as in `30s`, `2m` or `1h30m`"));
        };
        total += number * factor;
        rest = after;
    }
    Duration::try_from_secs_f64(total).map_err(|_| wrong(at, format!("`{text}` is too long"), "write it as in `2m`"))
}

fn time_factor(unit: &str) -> Option<f64> {
    Some(match unit {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    })
}

fn wrong(at: usize, cause: impl Into<String>, advice: &str) -> SentenceError {
    SentenceError { at, cause: cause.into(), advice: advice.to_owned() }
}

struct Words<'a> {
    all: Vec<(usize, &'a str)>,
    next: usize,
    end: usize,
}

impl<'a> Words<'a> {
    fn take(&mut self) -> Option<(usize, &'a str)> {
        let word = self.all.get(self.next).copied();
        self.next += 1;
        word
    }

    fn at(&self) -> usize {
        self.all.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn next_is(&mut self, word: &str) -> bool {
        let is = self.all.get(self.next).is_some_and(|(_, next)| *next == word);
        self.next += usize::from(is);
        is
    }

    /// A unit that stands apart from its number; `""` where the next word is none.
    fn unit(&mut self) -> &'a str {
        const UNITS: [&str; 10] = ["%", "ms", "s", "m", "min", "h", "d", "/s", "req/s", "/min"];
        let next = self.all.get(self.next).map(|(_, word)| *word).filter(|word| UNITS.contains(word));
        self.next += usize::from(next.is_some());
        next.unwrap_or_default()
    }
}

/// The words and signs of a sentence, with their places.
fn split(sentence: &str) -> Vec<(usize, &str)> {
    let mut all = Vec::new();
    let mut start = None;
    let mut last_is_sign = false;
    for (at, c) in sentence.char_indices() {
        let is_sign = matches!(c, '<' | '>' | '=');
        if let Some(from) = start
            && (c.is_whitespace() || is_sign != last_is_sign)
        {
            all.push((from, &sentence[from..at]));
            start = None;
        }
        if !c.is_whitespace() && start.is_none() {
            start = Some(at);
        }
        last_is_sign = is_sign;
    }
    all.extend(start.map(|from| (from, &sentence[from..])));
    all
}

/// Writes a rule as its sentence.
pub(super) fn write(rule: &Rule, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, group) in rule.groups.iter().enumerate() {
        if index > 0 {
            f.write_str(" or ")?;
        }
        let shared = group.iter().all(|one| one.lasting == group[0].lasting);
        for (place, one) in group.iter().enumerate() {
            if place > 0 {
                f.write_str(" and ")?;
            }
            write_one(one, f)?;
            if !one.lasting.is_zero() && (!shared || place + 1 == group.len()) {
                write!(f, " for {}", length(one.lasting))?;
            }
        }
    }
    Ok(())
}

fn write_one(condition: &Condition, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (key, sign) = (condition.subject.key(), condition.side.sign());
    match condition.against {
        Against::FullIn(time) => write!(f, "{key} full in {sign} {}", length(time)),
        Against::Baseline(factor) => write!(f, "{key} {sign} {}% of baseline", plain(factor * 100.0)),
        Against::Level(level) => write!(f, "{key} {sign} {}", amount(level, condition.subject.unit())),
    }
}

/// A value as a sentence writes it.
fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ratio => format!("{}%", plain(value * 100.0)),
        Unit::Seconds if value < 1.0 => format!("{}ms", plain(value * 1e3)),
        Unit::Seconds => format!("{}s", plain(value)),
        Unit::PerSecond => format!("{}/s", plain(value)),
        Unit::Count | Unit::Bytes | Unit::Cores | Unit::Instant => plain(value),
    }
}

/// A number without the dust of binary fractions.
fn plain(value: f64) -> String {
    format!("{}", (value * 1e9).round() / 1e9)
}

/// `2m`, `1h30m`, `90s` for a minute and a half.
fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    if time.subsec_millis() > 0 {
        return format!("{}ms", time.as_millis());
    }
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (h, 0, 0) => format!("{h}h"),
        (h, m, 0) => format!("{h}h{m}m"),
        _ => format!("{seconds}s"),
    }
}
