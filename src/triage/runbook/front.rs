//! The front matter of a runbook: YAML between two lines of `---`, read into texts, lists and pairs with their places.
//!
//! Nothing here knows what a key means. Aliases are refused: a runbook is read by people.

use granit_parser::{Event, Parser, ScalarStyle, Span};

/// Deeper than that is no front matter.
const DEEPEST: usize = 6;

/// A text and the byte of the file at which it begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) at: usize,
}

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Node {
    Text(Text),
    List(Vec<Node>, usize),
    Pairs(Vec<(Text, Node)>, usize),
}

impl Node {
    /// The byte at which it begins.
    pub(super) const fn at(&self) -> usize {
        match self {
            Self::Text(text) => text.at,
            Self::List(_, at) | Self::Pairs(_, at) => *at,
        }
    }
}

/// What is wrong, and the byte at which it begins.
pub(super) type Wrong = (usize, String);

/// The front matter and where the body begins, both in bytes.
///
/// # Errors
/// There is none, or it does not end.
pub(super) fn split(text: &str) -> Result<(std::ops::Range<usize>, usize), Wrong> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut lines = text[start..].split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    if first.trim_end() != "---" {
        let what = "there is no front matter: begin the file with `---`, `title: …`, `symptoms: …` and `---`";
        return Err((start, what.to_owned()));
    }
    let begin = start + first.len();
    let mut at = begin;
    for line in lines {
        if matches!(line.trim_end(), "---" | "...") {
            return Ok((begin..at, at + line.len()));
        }
        at += line.len();
    }
    Err((start, "the front matter does not end: write `---` below it".to_owned()))
}

/// The keys and values of a front matter that begins at a byte of its file.
pub(super) fn read(text: &str, base: usize) -> Result<Vec<(Text, Node)>, Wrong> {
    let byte = |marker: &granit_parser::Marker| {
        let within = marker.byte_offset();
        let within = within.or_else(|| text.char_indices().nth(marker.index()).map(|(byte, _)| byte));
        base + within.unwrap_or(text.len()).min(text.len())
    };
    let events = Parser::new_from_str(text).map(|event| match event {
        Ok((event, Span { start, .. })) => Ok((event, byte(&start))),
        Err(error) => {
            let colon = error.info().contains("mapping values");
            let advice = if colon { "; quote a text that has a colon" } else { "" };
            Err((byte(error.marker()), format!("this is not YAML: {}{advice}", error.info())))
        }
    });
    let mut reader = Reader { events, end: base + text.len() };
    loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(Vec::new()),
            (event, at) => {
                return match reader.node(event, at, 0)? {
                    Node::Pairs(pairs, _) => Ok(pairs),
                    other => Err((other.at(), "write the front matter as `key: value`, one per line".to_owned())),
                };
            }
        }
    }
}

struct Reader<I> {
    events: I,
    end: usize,
}

impl<'t, I: Iterator<Item = Result<(Event<'t>, usize), Wrong>>> Reader<I> {
    fn next(&mut self) -> Result<(Event<'t>, usize), Wrong> {
        self.events.next().unwrap_or(Ok((Event::StreamEnd, self.end)))
    }

    fn node(&mut self, event: Event<'t>, at: usize, depth: usize) -> Result<Node, Wrong> {
        if depth > DEEPEST {
            return Err((at, "this is nested too deeply: write lists of texts".to_owned()));
        }
        match event {
            Event::Scalar(value, style, ..) => {
                let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
                Ok(Node::Text(Text { value: value.into_owned(), at: at + usize::from(quoted) }))
            }
            Event::SequenceStart(..) => {
                let mut list = Vec::new();
                loop {
                    let (event, at) = self.next()?;
                    match event {
                        Event::SequenceEnd | Event::StreamEnd => break,
                        event => list.push(self.node(event, at, depth + 1)?),
                    }
                }
                Ok(Node::List(list, at))
            }
            Event::MappingStart(..) => {
                let mut pairs: Vec<(Text, Node)> = Vec::new();
                loop {
                    let (event, at) = self.next()?;
                    let key = match event {
                        Event::MappingEnd | Event::StreamEnd => break,
                        Event::Scalar(key, ..) => Text { value: key.into_owned(), at },
                        _ => return Err((at, "a key is not a text: write it as `key: value`".to_owned())),
                    };
                    if pairs.iter().any(|(other, _)| other.value == key.value) {
                        return Err((at, "this key stands here a second time: keep one of them".to_owned()));
                    }
                    let (event, at) = self.next()?;
                    pairs.push((key, self.node(event, at, depth + 1)?));
                }
                Ok(Node::Pairs(pairs, at))
            }
            Event::Alias(_) => Err((at, "an alias is not understood here: write the value out".to_owned())),
            _ => Err((at, "this is not YAML: write it as `key: value`, one per line".to_owned())),
        }
    }
}
