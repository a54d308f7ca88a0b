//! The little of Markdown that checklists and runbooks are written in: task items, fenced code, comments, plain words.
//!
//! Line by line and without a tree. Nothing here knows what an item or a heading means.

use std::collections::HashSet;

use crate::facts::text::clean_line;

/// Most characters of a key that is made from a text.
pub const KEY_MAX: usize = 64;
/// Most characters of a title or an item.
pub const TEXT_MAX: usize = 200;

/// What a line is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// A fence: code begins or ends here, or one of the other kind stands within code.
    Fence,
    /// A line of code, as it is.
    Code,
    /// Any other line without its comments, and the comments that end on it.
    Text(String, Vec<String>),
}

/// Reads line by line and knows which code block or comment is open.
#[derive(Default, Debug)]
pub struct Scanner {
    number: usize,
    /// The marker of the code block that is not closed yet.
    fence: Option<String>,
    /// A comment that is not closed yet.
    comment: Option<String>,
    /// Where that block or comment began.
    began: usize,
}

impl Scanner {
    /// The number of the line that was read last, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.number
    }

    /// Reads the next line.
    pub fn take(&mut self, line: &str) -> Piece {
        self.number += 1;
        let text = line.trim();
        if self.in_code(text) {
            return if is_fence(text) { Piece::Fence } else { Piece::Code };
        }
        let (text, comments) = self.without_comments(line);
        Piece::Text(text, comments)
    }

    /// What is still open at the end, as a line and a sentence: Markdown lets both run to the end of the file, and
    /// items would vanish without a word.
    #[must_use]
    pub fn unclosed(&self) -> Option<(usize, String)> {
        if self.comment.is_some() {
            return Some((self.began, "this comment is not closed: write `-->` after it".to_owned()));
        }
        let fence = clean_line(self.fence.as_ref()?, 8);
        Some((self.began, format!("this code block is not closed: write `{fence}` below it")))
    }

    /// Whether the line belongs to a fenced code block, its fences included.
    fn in_code(&mut self, text: &str) -> bool {
        if self.comment.is_some() {
            return false;
        }
        match &self.fence {
            Some(open) => {
                let marker = open.chars().next().unwrap_or('`');
                if text.len() >= open.len() && text.chars().all(|c| c == marker) {
                    self.fence = None;
                }
                true
            }
            None if is_fence(text) => {
                let marker = text.chars().next().unwrap_or('`');
                self.began = self.number;
                self.fence = Some(text.chars().take_while(|c| *c == marker).collect());
                true
            }
            None => false,
        }
    }

    /// The line without its comments, and the comments that end on it.
    fn without_comments(&mut self, line: &str) -> (String, Vec<String>) {
        let (mut text, mut comments, mut rest) = (String::new(), Vec::new(), line);
        loop {
            if let Some(mut comment) = self.comment.take() {
                let Some((inside, after)) = rest.split_once("-->") else {
                    comment.push_str(rest);
                    comment.push('\n');
                    self.comment = Some(comment);
                    return (text, comments);
                };
                comment.push_str(inside);
                comments.push(comment);
                rest = after;
            }
            let Some((before, after)) = rest.split_once("<!--") else {
                text.push_str(rest);
                return (text, comments);
            };
            text.push_str(before);
            self.comment = Some(String::new());
            self.began = self.number;
            rest = after;
        }
    }
}

fn is_fence(text: &str) -> bool {
    text.starts_with("```") || text.starts_with("~~~")
}

/// How far a line is indented, in cells; a tab counts four.
#[must_use]
pub fn indent(line: &str) -> usize {
    line.chars().take_while(|c| matches!(c, ' ' | '\t')).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

/// The text after the box of a task item: `- [ ] text`, `* [x] text`, `1. [ ] text`.
#[must_use]
pub fn task_text(line: &str) -> Option<&str> {
    let rest = match line.strip_prefix(['-', '*', '+']) {
        Some(rest) => rest,
        None => line.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(['.', ')'])?,
    };
    if rest.len() == line.len() || !rest.starts_with([' ', '\t']) {
        return None;
    }
    let rest = rest.trim_start().strip_prefix('[')?.strip_prefix([' ', 'x', 'X'])?.strip_prefix(']')?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim())
}

/// A task's text without the `{#id}` at its end, and that id.
#[must_use]
pub fn split_id(task: &str) -> (&str, Option<&str>) {
    match task.strip_suffix('}').and_then(|rest| rest.rsplit_once("{#")) {
        Some((text, id)) => (text.trim_end(), Some(id.trim())),
        None => (task, None),
    }
}

/// The words of a line without the marks of Markdown that only a renderer wants: `**`, backticks, link targets.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after.split_once("](").and_then(|(label, tail)| Some((label, tail.split_once(')')?.1)));
        words.push_str(before);
        if let Some((label, tail)) = link {
            words.push_str(label);
            rest = tail;
        } else {
            words.push('[');
            rest = after;
        }
    }
    words.push_str(rest);
    clean_line(&words.replace("**", "").replace('`', ""), TEXT_MAX)
}

/// Whether an id can stand in a journal: 1 to 64 letters, digits, `-`, `_` or `.`.
#[must_use]
pub fn is_id(id: &str) -> bool {
    (1..=KEY_MAX).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Letters and digits in lower case, everything between them as one `-`.
#[must_use]
pub fn slug(text: &str, otherwise: &str) -> String {
    let lower: String = text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let joined = lower.split_whitespace().collect::<Vec<_>>().join("-");
    let key: String = joined.chars().take(KEY_MAX).collect();
    let key = key.trim_end_matches('-');
    if key.is_empty() { otherwise.to_owned() } else { key.to_owned() }
}

/// The key itself, or with the first number from 2 that nobody has.
#[expect(clippy::implicit_hasher, reason = "both that call it have a set of the usual kind")]
pub fn distinct(key: &str, taken: &mut HashSet<String>) -> String {
    let mut candidate = key.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{key}-{number}");
        number += 1;
    }
    candidate
}

/// Text of which Markdown makes nothing: no table cell, link, image, heading, HTML or code. A mention is written as
/// an entity, which most chats do not take for one. Several lines become one.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        // Within a word an underscore is an underscore; names of metrics stay legible.
        let within = before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '_' if within => out.push(c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let mut scanner = Scanner::default();
        let text = |text: &str, comments: &[&str]| {
            Piece::Text(text.to_owned(), comments.iter().map(|comment| (*comment).to_owned()).collect())
        };
        for (line, piece) in [
            ("a <!-- b --> c <!-- d", text("a  c ", &[" b "])),
            ("e --> f", text(" f", &[" d\ne "])),
            ("  ```sh", Piece::Fence),
            ("df -h <!-- no comment -->", Piece::Code),
            ("~~~", Piece::Fence),
            ("````", Piece::Fence),
            ("g", text("g", &[])),
            ("~~~", Piece::Fence),
        ] {
            assert_eq!(scanner.take(line), piece, "{line}");
        }
        assert_eq!(scanner.unclosed(), Some((8, "this code block is not closed: write `~~~` below it".to_owned())));
        assert_eq!(scanner.line(), 8);
    }

    #[test]
    fn marks_go_and_words_stay() {
        for (written, read) in [
            ("Look at `pool`", "Look at pool"),
            ("**Pool** is [full](http://x)", "Pool is full"),
            ("a[0] and [b", "a[0] and [b"),
        ] {
            assert_eq!(plain(written), read);
        }
        assert_eq!(task_text("1. [x] Look"), Some("Look"));
        assert_eq!(split_id("Look {#here}"), ("Look", Some("here")));
        assert_eq!((indent("\t  x"), is_id("a.b-c_1"), is_id("ä")), (6, true, false));
    }
}
