//! Lines that a person writes, with a cursor: keys in, text out. Pure, and as wide as whoever draws it.
//!
//! The cursor stands between what a person sees as characters, so that one key takes one of them away.

use unicode_segmentation::GraphemeCursor;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::app::KeyCode;
use crate::app::KeyPress;
use crate::facts::text::clean;

/// Most characters of a text; the journal keeps no more.
const LONGEST: usize = 10_000;

/// Lines with a cursor.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Editor {
    text: String,
    /// In bytes, at the border of a character.
    cursor: usize,
    /// A line break was pasted as a carriage return; a line feed behind it is the same one.
    returned: bool,
}

impl Editor {
    /// A text with the cursor behind it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut editor = Self::default();
        editor.replace(text);
        editor
    }

    /// The same with the cursor behind its first line.
    #[must_use]
    pub fn at_first_line(text: &str) -> Self {
        let mut editor = Self::new(text);
        editor.cursor = editor.text.find('\n').unwrap_or(editor.text.len());
        editor
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor, and behind it.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    /// Another text in its place, clean and capped, with the cursor behind it.
    pub fn replace(&mut self, text: &str) {
        let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
        self.text = clean(&text[..end]).chars().take(LONGEST).collect();
        self.cursor = self.text.len();
    }

    /// Takes a key; `lines` says whether it may have several. Keys that mean nothing here do nothing.
    pub fn press(&mut self, press: KeyPress, lines: bool) {
        let returned = std::mem::take(&mut self.returned);
        match (press.code, press.ctrl) {
            (KeyCode::Pasted('\n'), _) if returned => {}
            (KeyCode::Pasted(c @ ('\n' | '\r')), _) => {
                self.returned = c == '\r';
                self.insert(if lines { '\n' } else { ' ' });
            }
            (KeyCode::Enter, _) if lines => self.insert('\n'),
            (KeyCode::Char(c), false) | (KeyCode::Pasted(c), _) => self.insert(c),
            (KeyCode::Left, _) | (KeyCode::Char('b'), true) => self.cursor = self.before(),
            (KeyCode::Right, _) | (KeyCode::Char('f'), true) => self.cursor = self.after(),
            (KeyCode::Up, _) | (KeyCode::Char('p'), true) => self.up(),
            (KeyCode::Down, _) | (KeyCode::Char('n'), true) => self.down(),
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => self.cursor = self.line().0,
            (KeyCode::End, _) => self.cursor = self.line().1,
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => self.cut(self.before(), self.cursor),
            (KeyCode::Delete, _) => self.cut(self.cursor, self.after()),
            (KeyCode::Char('w'), true) => self.cut(self.word(), self.cursor),
            (KeyCode::Char('u'), true) => self.cut(self.line().0, self.cursor),
            (KeyCode::Char('k'), true) => self.cut(self.cursor, self.line().1),
            _ => {}
        }
    }

    fn insert(&mut self, c: char) {
        let text = if c == '\n' { "\n".to_owned() } else { clean(&c.to_string()) };
        if self.text.chars().count() + text.chars().count() <= LONGEST {
            self.text.insert_str(self.cursor, &text);
            self.cursor += text.len();
        }
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        // What stood apart may be one character now.
        self.cursor = self.border(from);
    }

    /// The first border of a character at or behind a place.
    fn border(&self, at: usize) -> usize {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        match cursor.is_boundary(&self.text, 0) {
            Ok(false) => cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len()),
            _ => at,
        }
    }

    fn before(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.cursor, self.text.len(), true);
        cursor.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0)
    }

    fn after(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.cursor, self.text.len(), true);
        cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len())
    }

    /// Where the line of the cursor begins and ends.
    fn line(&self) -> (usize, usize) {
        let (before, behind) = self.parts();
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        (begin, self.cursor + behind.find('\n').unwrap_or(behind.len()))
    }

    /// Where the word before the cursor begins, with the blanks behind it.
    fn word(&self) -> usize {
        let trimmed = self.text[..self.cursor].trim_end();
        trimmed.char_indices().rev().find(|(_, c)| c.is_whitespace()).map_or(0, |(at, c)| at + c.len_utf8())
    }

    fn up(&mut self) {
        let begin = self.line().0;
        let Some(end) = begin.checked_sub(1) else { return self.cursor = 0 };
        let column = self.text[begin..self.cursor].graphemes(true).count();
        let begin = self.text[..end].rfind('\n').map_or(0, |at| at + 1);
        self.cursor = self.column(begin, end, column);
    }

    fn down(&mut self) {
        let (begin, end) = self.line();
        if end == self.text.len() {
            return self.cursor = end;
        }
        let column = self.text[begin..self.cursor].graphemes(true).count();
        let begin = end + 1;
        let end = self.text[begin..].find('\n').map_or(self.text.len(), |at| begin + at);
        self.cursor = self.column(begin, end, column);
    }

    fn column(&self, begin: usize, end: usize, column: usize) -> usize {
        let line = &self.text[begin..end];
        begin + line.grapheme_indices(true).nth(column).map_or(line.len(), |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Presses keys: a name as the key table writes it between `<` and `>`, else characters.
    fn typed(editor: &mut Editor, keys: &str, lines: bool) {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let (press, len) = match rest.strip_prefix('<').and_then(|named| named.split_once('>')) {
                Some((name, _)) => (KeyPress::parse(name).unwrap(), name.len() + 2),
                None => (KeyPress::char(c), c.len_utf8()),
            };
            rest = &rest[len..];
            editor.press(press, lines);
        }
    }

    #[test]
    fn lines_are_edited_as_people_are_used_to() {
        for (keys, text) in [
            ("rolled back", "rolled back|"),
            ("one<Enter>two<Up>x", "onex|\ntwo"),
            ("one<Enter>tw<Up><Left><Down>x", "one\ntx|w"),
            ("a<Enter>bcd<Up><Up>x<Down><Down>y", "xa\nbcdy|"),
            ("äö<Left><Backspace>c", "c|ö"),
            ("e\u{301}x<Left><Left>y", "y|e\u{301}x"),
            ("e\u{301}<Backspace>", "|"),
            ("👍🏽<Backspace>ok", "ok|"),
            ("one two <Ctrl-W>3", "one 3|"),
            ("one<Enter>two words<Ctrl-U>x", "one\nx|"),
            ("one two<Home><Ctrl-K>x", "x|"),
            ("ab<Home><Delete><End>c", "bc|"),
            ("<Backspace><Delete><Up><Down>a", "a|"),
            ("a\tb", "a    b|"),
            ("x\u{1b}\u{202e}y", "x␛·y|"),
        ] {
            let mut editor = Editor::default();
            typed(&mut editor, keys, true);
            let (before, behind) = editor.parts();
            assert_eq!(format!("{before}|{behind}"), text, "{keys}");
        }
    }

    #[test]
    fn what_is_pasted_keeps_its_lines_where_there_may_be_some() {
        for (lines, text) in [(true, "a\nb\nc\n\nd"), (false, "a b c  d")] {
            let mut editor = Editor::default();
            for c in "a\r\nb\rc\n\nd".chars() {
                editor.press(KeyPress::plain(KeyCode::Pasted(c)), lines);
            }
            assert_eq!(editor.text(), text);
        }
    }

    #[test]
    fn a_text_has_an_end() {
        let mut editor = Editor::new(&"日".repeat(20_000));
        assert_eq!(editor.text().chars().count(), LONGEST);
        editor.press(KeyPress::char('x'), true);
        assert_eq!(editor.text().chars().count(), LONGEST);
        assert_eq!(Editor::at_first_line("To: \n\nrest").parts(), ("To: ", "\n\nrest"));
    }

    proptest::proptest! {
        #[test]
        fn no_keys_break_it(codes in proptest::collection::vec((0_usize..20, proptest::prelude::any::<char>(), proptest::bool::ANY), 0..150)) {
            let mut editor = Editor::new("one\ntwo e\u{301} 👨\u{200d}👩\u{200d}👧");
            for (code, c, ctrl) in codes {
                let code = [
                    KeyCode::Char(c), KeyCode::Char('h'), KeyCode::Char('w'), KeyCode::Char('u'), KeyCode::Char('k'),
                    KeyCode::Tab, KeyCode::BackTab, KeyCode::Enter, KeyCode::Up, KeyCode::Down, KeyCode::Left,
                    KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::Backspace, KeyCode::Delete, KeyCode::Esc,
                    KeyCode::Pasted(c), KeyCode::Pasted('\r'), KeyCode::Pasted('\n'),
                ][code];
                editor.press(KeyPress { code, ctrl }, true);
                let (before, behind) = editor.parts();
                proptest::prop_assert_eq!(format!("{before}{behind}"), editor.text());
                proptest::prop_assert!(clean(editor.text()) == editor.text());
            }
        }
    }
}
