//! Getters of a scenario's values: people's units in, base units out, a problem for each that is wrong.

use crate::facts::text::clean_line;

use crate::config::reader::Section;
use crate::config::reader::Text;
use crate::config::reader::Value;
use crate::config::reader::Wrong;
use crate::config::reader::quoted;
use crate::config::reader::suggestion;
use crate::config::units::Quantity;
use crate::config::units::parse_duration;

/// The longest line of words, in characters.
const LONGEST: usize = 300;

/// A line of words, harmless.
pub(super) fn line(text: &str) -> Result<String, Wrong> {
    let line = clean_line(text, LONGEST);
    if line.is_empty() {
        Err(Wrong::new("the text is empty", "write a few words, or leave the key out"))
    } else {
        Ok(line)
    }
}

/// A line of words; `None` when it is absent or wrong.
pub(super) fn words(section: &Section<'_>, key: &'static str, example: &str) -> Option<String> {
    section.value(key)?.text(example)?.map(line)
}

/// A quantity with its unit.
pub(super) fn number(section: &Section<'_>, key: &'static str, quantity: Quantity) -> Option<f64> {
    one(&section.value(key)?, quantity)
}

/// A quantity with its unit, of a value that is there.
pub(super) fn one(value: &Value<'_>, quantity: Quantity) -> Option<f64> {
    let example = format!("{} = {}", value.name(), quantity.example());
    let read = match value.as_number() {
        Some(number) => quantity.bare(number),
        None => quantity.parse(value.text(&example)?.raw()),
    };
    read.map_err(|wrong| value.wrong(wrong)).ok()
}

/// A quantity that is more than 0.
pub(super) fn positive(section: &Section<'_>, key: &'static str, quantity: Quantity) -> Option<f64> {
    let value = section.value(key)?;
    let number = one(&value, quantity)?;
    above_zero(&value, number, quantity.example())
}

/// A time in seconds, as in `120 ms` or `1m30s`; may be 0.
pub(super) fn seconds(section: &Section<'_>, key: &'static str, example: &str) -> Option<f64> {
    let text = section.value(key)?.text(&format!("{key} = \"{example}\""))?;
    text.map(parse_duration).map(|span| span.as_secs_f64())
}

/// A time in seconds that is more than 0.
pub(super) fn some_seconds(section: &Section<'_>, key: &'static str, example: &str) -> Option<f64> {
    let value = section.value(key)?;
    let number = value.text(&format!("{key} = \"{example}\""))?.map(parse_duration)?.as_secs_f64();
    above_zero(&value, number, &format!("\"{example}\""))
}

fn above_zero(value: &Value<'_>, number: f64, example: &str) -> Option<f64> {
    if number > 0.0 {
        return Some(number);
    }
    let cause = format!("`{}` is 0, and must be more", value.name());
    value.wrong(Wrong::new(cause, format!("write {} = {example}, or leave it out", value.name())));
    None
}

/// A whole number between two others.
pub(super) fn count(section: &Section<'_>, key: &'static str, least: usize, most: usize) -> Option<usize> {
    count_of(&section.value(key)?, least, most)
}

/// A whole number between two others, of a value that is there.
pub(super) fn count_of(value: &Value<'_>, least: usize, most: usize) -> Option<usize> {
    let whole = value.whole(&format!("{} = {}", value.name(), least.max(1)))?;
    let found = usize::try_from(whole).ok().filter(|count| (least..=most).contains(count));
    if found.is_none() {
        let cause = format!("`{}` is {whole}, and must be between {least} and {most}", value.name());
        value.wrong(Wrong::new(cause, format!("write {} = {}", value.name(), least.max(1))));
    }
    found
}

/// True or false.
pub(super) fn truth(section: &Section<'_>, key: &'static str) -> Option<bool> {
    let value = section.value(key)?;
    let truth = value.as_bool();
    if truth.is_none() {
        value.mismatch(&format!("{key} = true or {key} = false"));
    }
    truth
}

/// A word of a list.
pub(super) fn word<T: Copy>(text: &Text<'_>, what: &str, words: &[(&str, T)]) -> Option<T> {
    text.map(|raw| {
        let found = words.iter().find(|(name, _)| *name == raw).map(|(_, meant)| *meant);
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        found.ok_or_else(|| Wrong::new(format!("{} is no {what}", quoted(raw)), suggestion(raw, &names)))
    })
}

/// Names, harmless.
pub(super) fn names(section: &Section<'_>, key: &'static str, example: &str) -> Vec<String> {
    let texts = section.value(key).and_then(|value| value.texts(example)).unwrap_or_default();
    texts.iter().filter_map(|text| text.map(line)).collect()
}

/// A status code.
pub(super) fn status(section: &Section<'_>, key: &'static str) -> Option<u16> {
    count(section, key, 100, 599).and_then(|code| u16::try_from(code).ok())
}

/// Shares by status code: `{ 404 = "0.8 %" }`, in the order of the codes. All together at most everything.
pub(super) fn codes(value: &Value<'_>) -> Option<Vec<(u16, f64)>> {
    let section = value.section("`codes`", "codes = { 404 = \"0.8 %\" }")?;
    let mut codes = Vec::new();
    for (key, value) in section.entries() {
        let code = key.map(|raw| {
            let code = raw.parse::<u16>().ok().filter(|code| (201..=599).contains(code));
            code.ok_or_else(|| Wrong::new(format!("{} is no status code", quoted(raw)), "write one from 201 to 599"))
        });
        codes.extend(code.zip(one(&value, Quantity::Ratio)));
    }
    codes.sort_by_key(|(code, _)| *code);
    if codes.iter().map(|(_, share)| share).sum::<f64>() > 1.0 {
        value.wrong(Wrong::new("the shares of `codes` are more than 100 % together", "write smaller ones"));
    }
    Some(codes)
}
