//! YAML as the reader of configurations takes it: the same tables as of TOML, each value with its place in bytes.
//!
//! Scalars without quotes are texts, but for `true` and `false`; what is null is left out, as if it were not written.
//! Aliases are resolved. Nothing here knows what a key means, and no message repeats a value: it may be a secret.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::reader::Found;
use super::reader::Ground;
use super::reader::Wrong;

/// The most values of one document, those of aliases included.
const NODES: usize = 20_000;

type Node = Spanned<DeValue<'static>>;

/// A place in the text, and what is wrong there.
type Misread = (usize, Wrong);

/// The table of the first and only document of a text; an empty one has an empty table.
pub(super) fn parse(text: &str) -> Result<DeTable<'static>, Found> {
    let found = |(at, wrong)| Found { at, ground: Ground::Value, wrong };
    let events = Parser::new_from_str(text).map(|event| {
        event.map_err(|error| {
            let at = place(text, error.marker().index(), error.marker().byte_offset());
            (at, Wrong::new(format!("this is not YAML: {}", error.info()), "write it as `key: value`, one per line"))
        })
    });
    let mut builder = Builder { text, events, anchors: HashMap::new(), nodes: 0 };
    builder.document().map_err(found)
}

/// Where a character stands, in bytes.
fn place(text: &str, character: usize, byte: Option<usize>) -> usize {
    byte.unwrap_or_else(|| text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte))
}

struct Builder<'t, I> {
    text: &'t str,
    events: I,
    /// What aliases stand for; `None` is null.
    anchors: HashMap<usize, Option<Node>>,
    nodes: usize,
}

impl<'t, I: Iterator<Item = Result<(Event<'t>, Span), Misread>>> Builder<'t, I> {
    fn document(&mut self) -> Result<DeTable<'static>, Misread> {
        let root = loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                (Event::StreamEnd, _) => return Ok(DeTable::new()),
                (event, at) => break self.node(event, at)?,
            }
        };
        let root = match root.map(|node| (node.span().start, node.into_inner())) {
            None => DeTable::new(),
            Some((_, DeValue::Table(table))) => table,
            Some((at, _)) => {
                return Err((at, Wrong::new("this is not a table", "write it as `key: value`, one per line")));
            }
        };
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(root),
                (Event::DocumentStart(..), at) => {
                    return Err((at.start, Wrong::new("a second document begins here", "keep one of them")));
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Range<usize>), Misread> {
        let Some(event) = self.events.next() else { return Ok((Event::StreamEnd, self.text.len()..self.text.len())) };
        let (event, span) = event?;
        let byte = |marker: granit_parser::Marker| place(self.text, marker.index(), marker.byte_offset());
        Ok((event, byte(span.start)..byte(span.end)))
    }

    /// The value that begins with an event; `None` when it is null.
    fn node(&mut self, event: Event<'t>, at: Range<usize>) -> Result<Option<Node>, Misread> {
        self.count(1, &at)?;
        let (anchor, node) = match event {
            Event::Scalar(value, style, anchor, _) => {
                let plain = matches!(style, ScalarStyle::Plain);
                let value = match &*value {
                    "" | "~" | "null" | "Null" | "NULL" if plain => None,
                    "true" | "True" | "TRUE" if plain => Some(DeValue::Boolean(true)),
                    "false" | "False" | "FALSE" if plain => Some(DeValue::Boolean(false)),
                    _ => Some(DeValue::String(Cow::Owned(value.into_owned()))),
                };
                (anchor, value.map(|value| Spanned::new(at, value)))
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut list = DeArray::new();
                loop {
                    let (event, at) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    if let Some(value) = self.node(event, at)? {
                        list.push(value);
                    }
                }
                (anchor, Some(Spanned::new(at, DeValue::Array(list))))
            }
            Event::MappingStart(_, anchor, _) => (anchor, Some(Spanned::new(at, DeValue::Table(self.table()?)))),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err((
                        at.start,
                        Wrong::new("an alias stands within what it stands for", "write the values out"),
                    ));
                };
                self.count(node.as_ref().map_or(0, |node| size(node.get_ref())), &at)?;
                return Ok(node);
            }
            _ => return Err((at.start, Wrong::new("this is not YAML", "write it as `key: value`, one per line"))),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn table(&mut self) -> Result<DeTable<'static>, Misread> {
        let mut table = DeTable::new();
        // What is null is not kept, but is written all the same.
        let mut written: Vec<String> = Vec::new();
        loop {
            let (event, at) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(table),
                Event::Scalar(key, ..) => key.into_owned(),
                _ => return Err((at.start, Wrong::new("a key is not a text", "write it as `key: value`"))),
            };
            if written.contains(&key) {
                let cause = format!("the key {} stands here a second time", super::reader::quoted(&key));
                return Err((at.start, Wrong::new(cause, "keep one of them")));
            }
            written.push(key.clone());
            let (event, place) = self.next()?;
            if let Some(value) = self.node(event, place)? {
                table.insert(Spanned::new(at, Cow::Owned(key)), value);
            }
        }
    }

    /// Aliases of aliases of aliases would fill any memory.
    fn count(&mut self, nodes: usize, at: &Range<usize>) -> Result<(), Misread> {
        self.nodes += nodes;
        if self.nodes > NODES {
            return Err((
                at.start,
                Wrong::new(format!("there are more than {NODES} values"), "this is hardly a configuration"),
            ));
        }
        Ok(())
    }
}

fn size(value: &DeValue<'_>) -> usize {
    match value {
        DeValue::Array(list) => 1 + list.iter().map(|entry| size(entry.get_ref())).sum::<usize>(),
        DeValue::Table(table) => 1 + table.iter().map(|(_, value)| size(value.get_ref())).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(text) {
            Ok(table) => table
                .iter()
                .map(|(key, value)| format!("{}={}", key.get_ref(), one(value.get_ref())))
                .collect::<Vec<_>>()
                .join(" "),
            Err(found) => format!("{}: {}", found.at, found.wrong.cause),
        }
    }

    fn one(value: &DeValue<'_>) -> String {
        match value {
            DeValue::String(text) => format!("{text:?}"),
            DeValue::Boolean(is) => is.to_string(),
            DeValue::Array(list) => {
                format!("[{}]", list.iter().map(|entry| one(entry.get_ref())).collect::<Vec<_>>().join(" "))
            }
            DeValue::Table(table) => {
                let entries = table.iter().map(|(key, value)| format!("{}={}", key.get_ref(), one(value.get_ref())));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
            }
            _ => "?".to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for (text, read) in [
            ("", ""),
            ("# nothing\n---\n", ""),
            ("a: 1\nb: 'x'\nc: true\nd: \"true\"\ne: ~\nf:\n", r#"a="1" b="x" c=true d="true""#),
            ("a: [x, y]\nb:\n  - 5\n  - {c: d}\n", r#"a=["x" "y"] b=["5" {c="d"}]"#),
            ("a: &x\n  b: c\nd: *x\n", r#"a={b="c"} d={b="c"}"#),
            ("a: |\n  one\n  two\n", r#"a="one\ntwo\n""#),
        ] {
            assert_eq!(shown(text), read, "{text}");
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, cause) in [
            ("- a", "0: this is not a table"),
            ("a: b\na: c", "5: the key `a` stands here a second time"),
            ("ä: x\n? [b]\n: c", "8: a key is not a text"),
            ("a: b\n---\nc: d\n", "5: a second document begins here"),
            ("a: &x [*x]", "7: an alias stands within"),
            ("a: *y", "3: this is not YAML"),
            ("a: [b\n", "this is not YAML"),
            ("a: \"b", "this is not YAML"),
        ] {
            assert!(shown(text).contains(cause), "{text:?} should have {cause}: {}", shown(text));
        }
        let level = |n: usize| format!("a{n}: &a{n} [{}]", vec![format!("*a{}", n - 1); 10].join(", "));
        let bomb: Vec<String> = std::iter::once("a0: &a0 x".to_owned()).chain((1..9).map(level)).collect();
        assert!(shown(&bomb.join("\n")).contains("more than 20000 values"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([a-z]{1,3}: |\\PC|[\\[\\]{}:\\-&*|>'\"#\\n ]){0,60}") {
            if let Err(found) = parse(&text) {
                proptest::prop_assert!(found.at <= text.len());
            }
        }
    }
}
