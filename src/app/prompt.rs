//! The line in which a person asks in `PromQL`: editing, history, completion of names.
//!
//! Pure: keys in, text out. What is asked is asked elsewhere; what the words mean is not known here, but for the
//! names that are offered.

use std::sync::Arc;

use crate::app::KeyCode;
use crate::app::KeyPress;

/// Questions that are remembered.
pub const REMEMBERED: usize = 200;

/// Names that are offered at once; more are no help.
const OFFERED: usize = 50;

/// The longest question, in bytes; pasting a file is a mistake.
const LONGEST: usize = 8 * 1024;

/// What `PromQL` itself offers, beside the names of metrics.
const WORDS: &[&str] = &[
    "abs",
    "absent",
    "absent_over_time",
    "avg",
    "avg_over_time",
    "bottomk",
    "by",
    "ceil",
    "changes",
    "clamp",
    "clamp_max",
    "clamp_min",
    "count",
    "count_over_time",
    "count_values",
    "delta",
    "deriv",
    "floor",
    "group",
    "group_left",
    "group_right",
    "histogram_quantile",
    "idelta",
    "ignoring",
    "increase",
    "irate",
    "label_join",
    "label_replace",
    "last_over_time",
    "max",
    "max_over_time",
    "min",
    "min_over_time",
    "offset",
    "on",
    "predict_linear",
    "quantile",
    "quantile_over_time",
    "rate",
    "resets",
    "round",
    "scalar",
    "sort",
    "sort_desc",
    "stddev",
    "stddev_over_time",
    "sum",
    "sum_over_time",
    "time",
    "timestamp",
    "topk",
    "unless",
    "vector",
    "without",
];

/// What a key did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pressed {
    /// The line is another one, or nothing happened.
    Edited,
    /// The question is complete.
    Asked(String),
    /// The person is done.
    Left,
}

/// Names that fit the word before the cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Where the word begins, in bytes.
    from: usize,
    /// The word as it was typed, to return to.
    typed: String,
    /// The names, the best first.
    pub names: Vec<String>,
    /// The one that stands in the line; `None` while none was chosen.
    pub chosen: Option<usize>,
}

/// The line.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Prompt {
    text: String,
    /// In bytes, at the border of a character.
    cursor: usize,
    /// The oldest first.
    history: Vec<String>,
    /// The place in the history, and what was typed before.
    recalled: Option<(usize, String)>,
    names: Arc<Vec<String>>,
    offer: Option<Offer>,
}

impl Prompt {
    /// An empty line with a past.
    #[must_use]
    pub fn new(history: Vec<String>) -> Self {
        Self { history, ..Self::default() }
    }

    /// What stands in it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor, and behind it.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    /// The names that are offered.
    #[must_use]
    pub const fn offer(&self) -> Option<&Offer> {
        self.offer.as_ref()
    }

    /// Takes the names of the metrics that there are.
    pub fn know(&mut self, names: Arc<Vec<String>>) {
        self.names = names;
    }

    /// How many names of metrics are known.
    #[must_use]
    pub fn known(&self) -> usize {
        self.names.len()
    }

    /// Takes a key.
    pub fn press(&mut self, press: KeyPress) -> Pressed {
        match (press.code, press.ctrl) {
            (KeyCode::Tab, _) => return self.complete(true),
            (KeyCode::BackTab, _) => return self.complete(false),
            (KeyCode::Esc, _) => return self.escape(),
            (KeyCode::Enter, _) => return self.ask(),
            (KeyCode::Up, _) | (KeyCode::Char('p'), true) => return self.recall(true),
            (KeyCode::Down, _) | (KeyCode::Char('n'), true) => return self.recall(false),
            (KeyCode::Pasted(c @ ('\n' | '\r')), _) => {
                self.end_comment();
                self.insert(c);
            }
            (KeyCode::Char(c), false) | (KeyCode::Pasted(c), _) => self.insert(c),
            (KeyCode::Left, _) | (KeyCode::Char('b'), true) => self.cursor = self.before(),
            (KeyCode::Right, _) | (KeyCode::Char('f'), true) => self.cursor = self.after(),
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => self.cursor = 0,
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => self.cursor = self.text.len(),
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => self.cut(self.before(), self.cursor),
            (KeyCode::Delete, _) | (KeyCode::Char('d'), true) => self.cut(self.cursor, self.after()),
            (KeyCode::Char('w'), true) => self.cut(self.word_start(), self.cursor),
            (KeyCode::Char('u'), true) => self.cut(0, self.cursor),
            (KeyCode::Char('k'), true) => self.cut(self.cursor, self.text.len()),
            _ => return Pressed::Edited,
        }
        self.offer = None;
        Pressed::Edited
    }

    /// The line has no lines: a comment ends where its line did, before it swallows the rest.
    fn end_comment(&mut self) {
        if let Some(from) = comment(&self.text[..self.cursor]) {
            self.cut(from, self.cursor);
        }
    }

    fn insert(&mut self, c: char) {
        let c = if c.is_whitespace() { ' ' } else { c };
        if !c.is_control() && self.text.len() + c.len_utf8() <= LONGEST {
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.cursor + self.text[self.cursor..].chars().next().map_or(0, char::len_utf8)
    }

    /// Where the word before the cursor begins, with the blanks behind it.
    fn word_start(&self) -> usize {
        let trimmed = self.text[..self.cursor].trim_end();
        let word = trimmed.char_indices().rev().find(|(_, c)| !is_name(*c)).map_or(0, |(at, c)| at + c.len_utf8());
        // A sign alone is a word too.
        if word < trimmed.len() { word } else { trimmed.char_indices().next_back().map_or(0, |(at, _)| at) }
    }

    fn replace(&mut self, text: String) {
        self.cursor = text.len();
        self.text = text;
        self.offer = None;
    }

    /// The first `Esc` takes the offer away, the second one leaves.
    fn escape(&mut self) -> Pressed {
        let Some(offer) = self.offer.take() else { return Pressed::Left };
        if offer.chosen.is_some() {
            self.text.replace_range(offer.from..self.cursor, &offer.typed);
            self.cursor = offer.from + offer.typed.len();
        }
        Pressed::Edited
    }

    fn ask(&mut self) -> Pressed {
        // A chosen name is taken; the question is asked by the next `Enter`.
        if self.offer.take().is_some_and(|offer| offer.chosen.is_some()) {
            return Pressed::Edited;
        }
        let text = self.text.trim().to_owned();
        if text.is_empty() {
            return Pressed::Edited;
        }
        self.history.retain(|old| *old != text);
        self.history.push(text.clone());
        let surplus = self.history.len().saturating_sub(REMEMBERED);
        self.history.drain(..surplus);
        self.recalled = None;
        Pressed::Asked(text)
    }

    fn recall(&mut self, older: bool) -> Pressed {
        if let Some(offer) = &self.offer
            && !offer.names.is_empty()
        {
            return self.complete(!older);
        }
        let (place, typed) = match &self.recalled {
            Some((place, typed)) => (*place, typed.clone()),
            None => (self.history.len(), self.text.clone()),
        };
        let next = if older { place.checked_sub(1) } else { Some(place + 1) };
        match next {
            Some(next) if next < self.history.len() => {
                self.replace(self.history[next].clone());
                self.recalled = Some((next, typed));
            }
            Some(next) if next == self.history.len() => {
                self.replace(typed);
                self.recalled = None;
            }
            _ => {}
        }
        Pressed::Edited
    }

    /// Offers names for the word before the cursor; from the second time on goes through them.
    fn complete(&mut self, forward: bool) -> Pressed {
        if self.offer.is_none() {
            let head = &self.text[..self.cursor];
            let from = head.char_indices().rev().find(|(_, c)| !is_name(*c)).map_or(0, |(at, c)| at + c.len_utf8());
            let typed = head[from..].to_owned();
            let names = self.fitting(&typed);
            let common = common_start(&names).to_owned();
            let only = names.len() == 1;
            // As far as all agree it is written at once, as shells do.
            if common.len() > typed.len() && common.starts_with(&typed) {
                self.text.replace_range(from..self.cursor, &common);
                self.cursor = from + common.len();
                if only {
                    return Pressed::Edited;
                }
                self.offer = Some(Offer { from, typed: common, names, chosen: None });
                return Pressed::Edited;
            }
            self.offer = Some(Offer { from, typed, names, chosen: None });
        }
        let Some(offer) = &mut self.offer else { return Pressed::Edited };
        let count = offer.names.len();
        if count == 0 {
            return Pressed::Edited;
        }
        let next = match (offer.chosen, forward) {
            (None, true) => 0,
            (None, false) => count - 1,
            (Some(chosen), true) => (chosen + 1) % count,
            (Some(chosen), false) => (chosen + count - 1) % count,
        };
        offer.chosen = Some(next);
        let name = offer.names[next].clone();
        self.text.replace_range(offer.from..self.cursor, &name);
        self.cursor = offer.from + name.len();
        Pressed::Edited
    }

    /// Names that begin with the word first, then those that hold it.
    fn fitting(&self, word: &str) -> Vec<String> {
        let all = || self.names.iter().map(String::as_str).chain(WORDS.iter().copied());
        let mut names: Vec<&str> = all().filter(|name| name.starts_with(word) && *name != word).collect();
        if names.is_empty() || names.len() < OFFERED && word.len() >= 3 {
            names.extend(all().filter(|name| !name.starts_with(word) && name.contains(word)));
        }
        names.into_iter().take(OFFERED).map(str::to_owned).collect()
    }
}

/// Where a comment begins, in bytes.
fn comment(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (None, '#') => return Some(at),
            (None, '"' | '\'' | '`') => quote = Some(c),
            (Some('"' | '\''), '\\') => drop(chars.next()),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// What all begin with.
fn common_start(names: &[String]) -> &str {
    let Some(first) = names.first() else { return "" };
    let shared = |other: &String| first.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let mut length = names.iter().map(shared).min().unwrap_or(0);
    while !first.is_char_boundary(length) {
        length -= 1;
    }
    &first[..length]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt() -> Prompt {
        let mut prompt = Prompt::new(vec!["up".to_owned(), "time()".to_owned()]);
        prompt.know(Arc::new(
            ["http_requests_total", "http_request_duration_seconds_bucket", "process_cpu_seconds_total"]
                .map(str::to_owned)
                .to_vec(),
        ));
        prompt
    }

    /// Presses keys: a name as the key table writes it between `<` and `>`, else characters.
    fn typed(prompt: &mut Prompt, keys: &str) -> Option<Pressed> {
        let mut last = None;
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let (press, len) = match rest.strip_prefix('<').and_then(|named| named.split_once('>')) {
                Some((name, _)) => (KeyPress::parse(name).unwrap(), name.len() + 2),
                None => (KeyPress::char(c), c.len_utf8()),
            };
            rest = &rest[len..];
            last = Some(prompt.press(press));
        }
        last
    }

    #[test]
    fn lines_are_edited_as_in_a_shell() {
        for (keys, text) in [
            ("sum(x)", "sum(x)|"),
            ("sum(x)<Left><Left>ab<Backspace>", "sum(a|x)"),
            ("äb<Home><Delete>c", "c|b"),
            ("sum by (le)<Ctrl-W>", "sum by (le|"),
            ("sum by (le<Ctrl-W>", "sum by (|"),
            ("rate(x)<Ctrl-A><Right><Ctrl-K>", "r|"),
            ("rate(x)<Ctrl-U>up", "up|"),
            ("<Backspace><Left><Delete>a", "a|"),
        ] {
            let mut prompt = prompt();
            typed(&mut prompt, keys);
            let (before, after) = prompt.parts();
            assert_eq!(format!("{before}|{after}"), text, "{keys}");
        }
    }

    #[test]
    fn enter_asks_and_the_past_comes_back() {
        let mut prompt = prompt();
        assert_eq!(typed(&mut prompt, " <Enter>"), Some(Pressed::Edited), "nothing is asked");
        assert_eq!(typed(&mut prompt, "<Ctrl-U> a + b <Enter>"), Some(Pressed::Asked("a + b".to_owned())));
        typed(&mut prompt, "<Ctrl-U>half<Up><Up>");
        assert_eq!(prompt.text(), "time()");
        typed(&mut prompt, "<Up><Up><Up>");
        assert_eq!(prompt.text(), "up", "the oldest stays");
        typed(&mut prompt, "<Down><Down><Down><Down>");
        assert_eq!(prompt.text(), "half", "what was typed is not lost");
        typed(&mut prompt, "<Ctrl-U>up<Enter><Ctrl-U><Up><Up>");
        assert_eq!(prompt.text(), "a + b", "a question is remembered once");
        assert_eq!(typed(&mut prompt, "<Esc>"), Some(Pressed::Left));
    }

    #[test]
    fn names_are_completed_as_far_as_they_agree_and_then_one_by_one() {
        let mut prompt = prompt();
        typed(&mut prompt, "sum(rate(http<Tab>");
        assert_eq!(prompt.text(), "sum(rate(http_request");
        assert_eq!(prompt.offer().unwrap().names.len(), 2);
        typed(&mut prompt, "<Tab>");
        assert_eq!(prompt.text(), "sum(rate(http_requests_total");
        typed(&mut prompt, "<Tab>");
        assert_eq!(prompt.text(), "sum(rate(http_request_duration_seconds_bucket");
        assert_eq!(typed(&mut prompt, "<Esc>"), Some(Pressed::Edited));
        assert_eq!(prompt.text(), "sum(rate(http_request", "as it was");
        typed(&mut prompt, "<Tab><Enter>");
        assert_eq!(prompt.text(), "sum(rate(http_requests_total");
        assert_eq!(
            typed(&mut prompt, "[1m]))<Enter>"),
            Some(Pressed::Asked("sum(rate(http_requests_total[1m]))".into()))
        );
        typed(&mut prompt, "<Ctrl-U>cpu<Tab><Tab>");
        assert_eq!(prompt.text(), "process_cpu_seconds_total", "names that hold the word are offered as well");
        typed(&mut prompt, "<Ctrl-U>zzz<Tab><Tab>");
        assert_eq!((prompt.text(), prompt.offer().unwrap().names.len()), ("zzz", 0));
        typed(&mut prompt, "<Ctrl-U>histogram_q<Tab>");
        assert_eq!(prompt.text(), "histogram_quantile");
    }

    #[test]
    fn what_is_pasted_is_text() {
        let mut prompt = Prompt::default();
        for c in "sum(\n\tx\r\n)\u{7}".chars() {
            assert_eq!(prompt.press(KeyPress::plain(KeyCode::Pasted(c))), Pressed::Edited);
        }
        assert_eq!(prompt.text(), "sum(  x  )");
        for (pasted, text) in [
            ("sum( # all\n  x # total\r\n)", "sum(    x   )"),
            ("x{a=\"#1\"} # one\n+ 1", "x{a=\"#1\"}  + 1"),
            ("x{a=\"\\\"#\", b='#'} + `#`\n", "x{a=\"\\\"#\", b='#'} + `#` "),
            ("x # the last line", "x # the last line"),
        ] {
            let mut prompt = Prompt::default();
            for c in pasted.chars() {
                prompt.press(KeyPress::plain(KeyCode::Pasted(c)));
            }
            assert_eq!(prompt.text(), text, "{pasted}");
        }
        for _ in 0..10_000 {
            prompt.press(KeyPress::char('日'));
        }
        assert!(prompt.text().len() <= LONGEST);
    }

    proptest::proptest! {
        #[test]
        fn no_keys_break_it(codes in proptest::collection::vec((0_usize..18, proptest::prelude::any::<char>(), proptest::bool::ANY), 0..200)) {
            let mut prompt = prompt();
            for (code, c, ctrl) in codes {
                let code = [
                    KeyCode::Char(c), KeyCode::Char('h'), KeyCode::Char('w'), KeyCode::Char('u'), KeyCode::Char('k'),
                    KeyCode::Tab, KeyCode::BackTab, KeyCode::Enter, KeyCode::Up, KeyCode::Down, KeyCode::Left,
                    KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::Backspace, KeyCode::Delete, KeyCode::Esc,
                    KeyCode::Pasted(c),
                ][code];
                prompt.press(KeyPress { code, ctrl });
                let (before, after) = prompt.parts();
                proptest::prop_assert_eq!(format!("{before}{after}"), prompt.text());
            }
        }
    }
}
