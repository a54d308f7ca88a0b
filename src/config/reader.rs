//! A checked reader over TOML with places: typed getters that collect problems instead of stopping at the first.
//!
//! A [`Section`] is a table; it remembers which keys were asked for, and [`Section::done`] reports the others. A
//! getter answers `None` when a key is absent and when it is wrong (then a problem is noted), so that the caller
//! goes on with the default and finds the next mistake. Nothing here knows what a key means.

use std::cell::RefCell;
use std::ops::Range;

use toml::de::DeTable;
use toml::de::DeValue;

use crate::facts::text::clean_line;

/// How sure it is that a problem is real when the file has syntax errors as well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ground {
    /// A value that stands there is wrong.
    Value,
    /// Something is lacking, too much or misplaced: a broken line before it may be the true reason.
    Shape,
}

/// A problem as it is found: a place in bytes.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) ground: Ground,
    pub(super) wrong: Wrong,
}

/// What is wrong with a value and what to write instead, without a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wrong {
    pub(super) cause: String,
    pub(super) advice: String,
}

impl Wrong {
    pub(super) fn new(cause: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { cause: cause.into(), advice: advice.into() }
    }
}

/// Collects problems.
#[derive(Default)]
pub(super) struct Sink(RefCell<Vec<Found>>);

impl Sink {
    fn note(&self, at: usize, ground: Ground, wrong: Wrong) {
        self.0.borrow_mut().push(Found { at, ground, wrong });
    }

    pub(super) fn into_found(self) -> Vec<Found> {
        self.0.into_inner()
    }
}

/// Foreign text as a message quotes it: harmless, short, in backticks.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", clean_line(text, 60))
}

/// The candidate that `word` is most like, if any is alike enough to be meant: mistyped, or a part of it (`p95`).
pub(super) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let likeness = strsim::jaro_winkler(&word, &lower);
            (likeness > 0.8 || (word.len() >= 3 && lower.contains(&word))).then_some((likeness, candidate))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `did you mean ...?` or the list of what there is.
pub(super) fn suggestion(word: &str, candidates: &[&str]) -> String {
    match closest(word, candidates.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known are {}", candidates.join(", ")),
    }
}

/// A table, the keys that were asked of it, and how messages call it.
pub(super) struct Section<'d> {
    sink: &'d Sink,
    table: &'d DeTable<'d>,
    at: usize,
    shown: String,
    asked: RefCell<Vec<&'static str>>,
    elsewhere: &'static [&'static str],
}

impl<'d> Section<'d> {
    pub(super) fn new(sink: &'d Sink, table: &'d DeTable<'d>, at: usize, shown: &str) -> Self {
        Self { sink, table, at, shown: shown.to_owned(), asked: RefCell::default(), elsewhere: &[] }
    }

    /// Names that stand elsewhere, and that may be meant by an unknown key of this table.
    pub(super) const fn with_elsewhere(mut self, names: &'static [&'static str]) -> Self {
        self.elsewhere = names;
        self
    }

    /// How messages call the table: `[[service]]`.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The value of a key, of whatever type.
    pub(super) fn value(&self, key: &'static str) -> Option<Value<'d>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        let (_, value) = self.table.get_key_value(key)?;
        Some(Value { sink: self.sink, name: key.to_owned(), is_entry: false, at: value.span(), toml: value.get_ref() })
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, key: &'static str, example: &str) -> Option<Text<'d>> {
        if !self.has(key) {
            self.lacks(key, example);
        }
        self.value(key)?.text(example)
    }

    /// Whether a key is there, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Notes that a key is missing.
    pub(super) fn lacks(&self, key: &str, example: &str) {
        self.note_shape(Wrong::new(format!("{} has no `{key}`", self.shown), format!("write {example}")));
    }

    /// Where it begins in the text, in bytes.
    pub(super) const fn place(&self) -> usize {
        self.at
    }

    /// Notes a problem of the table as a whole.
    pub(super) fn note_shape(&self, wrong: Wrong) {
        self.sink.note(self.at, Ground::Shape, wrong);
    }

    /// All keys and values, for tables whose keys the team chooses.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Text<'d>, Value<'d>)> {
        let sink = self.sink;
        self.table.iter().map(move |(key, value)| {
            let name: &'d str = key.get_ref();
            let at = value.span();
            let key = Text { sink, at: key.span(), raw: name };
            (key, Value { sink, name: clean_line(name, 60), is_entry: false, at, toml: value.get_ref() })
        })
    }

    /// Reports the keys that nobody asked for, with those that may have been meant.
    pub(super) fn done(self) {
        let asked = self.asked.into_inner();
        #[cfg(test)]
        tests::ASKED.with_borrow_mut(|all| all.extend(asked.iter().map(|key| (self.shown.clone(), *key))));
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if asked.contains(&name) {
                continue;
            }
            let cause = format!("unknown key {} in {}", quoted(name), self.shown);
            let advice = match closest(name, asked.iter().chain(self.elsewhere).copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => suggestion(name, &asked),
            };
            self.sink.note(key.span().start, Ground::Shape, Wrong::new(cause, advice));
        }
    }
}

/// A value with its place and the name of its key.
#[derive(Clone)]
pub(super) struct Value<'d> {
    sink: &'d Sink,
    name: String,
    /// It is one of a list that has the name.
    is_entry: bool,
    at: Range<usize>,
    toml: &'d DeValue<'d>,
}

impl<'d> Value<'d> {
    /// The name of its key.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Notes that the value is wrong.
    pub(super) fn wrong(&self, wrong: Wrong) {
        self.sink.note(self.at.start, Ground::Value, wrong);
    }

    /// Notes that the value has the wrong type; says what it is, never what it holds.
    pub(super) fn mismatch(&self, example: &str) {
        let found = match self.toml {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a bare number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let entry = if self.is_entry { "an entry of " } else { "" };
        self.wrong(Wrong::new(format!("{entry}`{}` is {found}", self.name), format!("write {example}")));
    }

    /// The value as text if it is one; notes nothing.
    pub(super) fn as_text(&self) -> Option<Text<'d>> {
        self.toml.as_str().map(|raw| Text { sink: self.sink, at: self.at.clone(), raw })
    }

    /// The value as text if it is a date or a time without quotes; notes nothing.
    pub(super) fn as_date(&self) -> Option<String> {
        self.toml.as_datetime().map(ToString::to_string)
    }

    /// Its entries if it is a list, each as a value; notes nothing.
    pub(super) fn entries(&self) -> Option<Vec<Self>> {
        let list = self.toml.as_array()?;
        let entry = |entry: &'d toml::Spanned<DeValue<'d>>| Self {
            sink: self.sink,
            name: self.name.clone(),
            is_entry: true,
            at: entry.span(),
            toml: entry.get_ref(),
        };
        Some(list.iter().map(entry).collect())
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        self.toml.is_array()
    }

    /// The value as a bare number if it is one; notes nothing.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self.toml {
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64)
            }
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        }
    }

    /// The value as true or false if it is one; notes nothing.
    pub(super) fn as_bool(&self) -> Option<bool> {
        self.toml.as_bool()
    }

    /// A text.
    pub(super) fn text(&self, example: &str) -> Option<Text<'d>> {
        let text = self.as_text();
        if text.is_none() {
            self.mismatch(example);
        }
        text
    }

    /// A whole number that is not negative.
    pub(super) fn whole(&self, example: &str) -> Option<u64> {
        let DeValue::Integer(number) = self.toml else {
            self.mismatch(example);
            return None;
        };
        let whole = u64::from_str_radix(number.as_str(), number.radix()).ok();
        if whole.is_none() {
            self.wrong(Wrong::new(format!("`{}` is negative or too large", self.name), format!("write {example}")));
        }
        whole
    }

    /// A list of texts; entries of another type are noted and left out.
    pub(super) fn texts(&self, example: &str) -> Option<Vec<Text<'d>>> {
        let Some(entries) = self.entries() else {
            self.mismatch(example);
            return None;
        };
        Some(entries.iter().filter_map(|entry| entry.text(example)).collect())
    }

    /// A table within a table.
    pub(super) fn section(&self, shown: &str, example: &str) -> Option<Section<'d>> {
        let Some(table) = self.toml.as_table() else {
            self.mismatch(example);
            return None;
        };
        Some(Section::new(self.sink, table, self.at.start, shown))
    }

    /// A list of tables: `[[service]]`.
    pub(super) fn sections(&self, shown: &str) -> Vec<Section<'d>> {
        let brackets = format!("[[{shown}]]");
        let advice = format!("write {brackets} with two brackets on a line of its own");
        if self.toml.is_table() {
            let cause = format!("there can be several `{}`, so that it is a list", self.name);
            self.wrong(Wrong::new(cause, advice));
            return Vec::new();
        }
        let Some(list) = self.toml.as_array() else {
            self.mismatch(&format!("{brackets} on a line of its own"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for entry in list {
            let at = entry.span();
            if let Some(table) = entry.get_ref().as_table() {
                sections.push(Section::new(self.sink, table, at.start, &brackets));
            } else {
                let cause = format!("an entry of `{}` is not a table", self.name);
                self.sink.note(at.start, Ground::Value, Wrong::new(cause, advice.clone()));
            }
        }
        sections
    }
}

/// A text with its place.
#[derive(Clone)]
pub(super) struct Text<'d> {
    sink: &'d Sink,
    at: Range<usize>,
    raw: &'d str,
}

impl<'d> Text<'d> {
    /// The text as it stands in the file: not clean.
    pub(super) fn raw(&self) -> &'d str {
        self.raw
    }

    /// Notes that the text is wrong.
    pub(super) fn wrong(&self, wrong: Wrong) {
        self.sink.note(self.at.start, Ground::Value, wrong);
    }

    /// Notes that the text does not fit to something elsewhere in the file.
    pub(super) fn misfit(&self, wrong: Wrong) {
        self.sink.note(self.at.start, Ground::Shape, wrong);
    }

    /// What `check` makes of the text; what it finds wrong is noted.
    pub(super) fn map<T>(&self, check: impl FnOnce(&'d str) -> Result<T, Wrong>) -> Option<T> {
        check(self.raw).map_err(|wrong| self.wrong(wrong)).ok()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    thread_local! {
        /// Every key that this thread has asked a table for, so that documentation can be held against it.
        pub(crate) static ASKED: RefCell<BTreeSet<(String, &'static str)>> = const { RefCell::new(BTreeSet::new()) };
    }
}
