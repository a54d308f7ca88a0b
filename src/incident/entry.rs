//! One line of the journal: what somebody did, when and where; to JSON and back.
//!
//! The format is durable. A kind or a version that this program does not know is kept as it is, so that an older
//! `sixty` can stand beside a newer one. Nothing here touches a file.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::facts::At;
use crate::facts::text::clean;
use crate::facts::text::clean_line;

/// The version of the line format that is written.
const VERSION: u64 = 1;
/// Most characters of a name, a title, a key.
const LINE_MAX: usize = 200;
/// Most characters of a note; keeps the longest line far below what a reader accepts.
const NOTE_MAX: usize = 10_000;
/// Most bytes of an id.
const ID_MAX: usize = 128;

/// One thing that happened in an incident. Make it with [`Entry::new`], which makes its texts harmless.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Unique, printable ASCII, at most 128 bytes; sorts by time within one process.
    pub id: String,
    /// When it happened, in whole milliseconds.
    pub at: At,
    /// Who did it.
    pub who: String,
    /// On which machine.
    pub host: String,
    /// What happened.
    pub what: What,
}

/// What happened. `list` and `item` are the keys of a [`Checklist`](crate::incident::Checklist) and its items.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// The incident began.
    Opened {
        /// The service that it is about.
        service: String,
        /// A headline; may be empty.
        title: String,
    },
    /// An item was done.
    Ticked {
        /// The key of the list.
        list: String,
        /// The key of the item.
        item: String,
    },
    /// An item was taken back.
    Unticked {
        /// The key of the list.
        list: String,
        /// The key of the item.
        item: String,
    },
    /// Somebody wrote something down.
    Note {
        /// The words; may have several lines.
        text: String,
    },
    /// The incident is over.
    Resolved,
    /// A kind that this version does not know: the whole object, as it was read. Not cleaned: never draw it.
    Unknown(Value),
}

/// The known shape of a line, in the order of its fields.
#[derive(Serialize, Deserialize)]
struct Line {
    v: u64,
    id: String,
    at: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    host: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Entry {
    /// An entry as it will be read back: texts clean and capped, the time cut to milliseconds.
    #[must_use]
    pub fn new(id: &str, at: At, who: &str, host: &str, what: What) -> Self {
        let line = |text: String| clean_line(&text, LINE_MAX);
        let what = match what {
            What::Opened { service, title } => What::Opened { service: line(service), title: line(title) },
            What::Ticked { list, item } => What::Ticked { list: line(list), item: line(item) },
            What::Unticked { list, item } => What::Unticked { list: line(list), item: line(item) },
            What::Note { text } => What::Note { text: paragraph(&text) },
            What::Resolved | What::Unknown(_) => what,
        };
        let name = |text: &str| match clean_line(text, LINE_MAX) {
            empty if empty.is_empty() => "unknown".to_owned(),
            name => name,
        };
        let at = At::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at);
        Self { id: id.to_owned(), at, who: name(who), host: name(host), what }
    }

    /// The entry as one line of JSON without its line break: RFC 3339 UTC with milliseconds, `"v":1`, and no raw
    /// control, bidi or invisible character, so that `cat` and `tail -f` of a journal are harmless.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = Line {
            v: VERSION,
            id: self.id.clone(),
            at: self.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            who: self.who.clone(),
            host: self.host.clone(),
            kind: self.what.kind().to_owned(),
            service: None,
            title: None,
            list: None,
            item: None,
            text: None,
        };
        match &self.what {
            What::Opened { service, title } => {
                line.service = Some(service.clone());
                line.title = Some(title.clone());
            }
            What::Ticked { list, item } | What::Unticked { list, item } => {
                line.list = Some(list.clone());
                line.item = Some(item.clone());
            }
            What::Note { text } => line.text = Some(text.clone()),
            What::Resolved => {}
            What::Unknown(value) => return harmless(&kept(&line, value).to_string()),
        }
        // Strings and numbers cannot fail to serialise; an empty line would be skipped by every reader.
        harmless(&serde_json::to_string(&line).unwrap_or_default())
    }

    /// Reads one line. Kinds and versions that are not known become [`What::Unknown`].
    ///
    /// # Errors
    /// What is wrong with the line, in a few clean words: no JSON object, no id, no time, a known kind without what
    /// belongs to it.
    pub fn parse(line: &str) -> Result<Self, String> {
        let (line, unknown) = match serde_json::from_str::<Line>(line) {
            Ok(known) if known.v == VERSION && is_known(&known.kind) => (known, None),
            _ => {
                let (envelope, value) = envelope(line)?;
                (envelope, Some(value))
            }
        };
        if line.id.is_empty() || line.id.len() > ID_MAX || !line.id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!("the id is not 1 to {ID_MAX} printable ASCII characters"));
        }
        let at = chrono::DateTime::parse_from_rfc3339(&line.at)
            .map_err(|_| format!("`{}` is not an RFC 3339 time", clean_line(&line.at, 40)))?
            .to_utc();
        let what = match unknown {
            Some(value) => What::Unknown(value),
            None => What::of(&line.kind, line.service, line.title, line.list.zip(line.item), line.text)?,
        };
        Ok(Self::new(&line.id, at, &line.who, &line.host, what))
    }
}

impl What {
    /// The word in the journal's `kind`.
    fn kind(&self) -> &str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Ticked { .. } => "ticked",
            Self::Unticked { .. } => "unticked",
            Self::Note { .. } => "note",
            Self::Resolved => "resolved",
            Self::Unknown(value) => value.get("kind").and_then(Value::as_str).unwrap_or("unknown"),
        }
    }

    fn of(
        kind: &str,
        service: Option<String>,
        title: Option<String>,
        place: Option<(String, String)>,
        text: Option<String>,
    ) -> Result<Self, String> {
        match (kind, service, place, text) {
            ("opened", Some(service), _, _) => Ok(Self::Opened { service, title: title.unwrap_or_default() }),
            ("ticked", _, Some((list, item)), _) => Ok(Self::Ticked { list, item }),
            ("unticked", _, Some((list, item)), _) => Ok(Self::Unticked { list, item }),
            ("note", _, _, Some(text)) => Ok(Self::Note { text }),
            ("resolved", ..) => Ok(Self::Resolved),
            _ => Err(format!("`{}` without what belongs to it", clean_line(kind, 40))),
        }
    }
}

fn is_known(kind: &str) -> bool {
    matches!(kind, "opened" | "ticked" | "unticked" | "note" | "resolved")
}

/// The common part of a line that is not of a known kind and version, and the whole object.
fn envelope(line: &str) -> Result<(Line, Value), String> {
    let value: Value = serde_json::from_str(line).map_err(|error| clean_line(&error.to_string(), 120))?;
    if !value.is_object() {
        return Err("not a JSON object".to_owned());
    }
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let need = |key: &str| text(key).ok_or_else(|| format!("no `{key}`"));
    let v = value.get("v").and_then(Value::as_u64).ok_or("no version `v`")?;
    let envelope = Line {
        v,
        id: need("id")?,
        at: need("at")?,
        who: text("who").unwrap_or_default(),
        host: text("host").unwrap_or_default(),
        kind: text("kind").unwrap_or_default(),
        service: None,
        title: None,
        list: None,
        item: None,
        text: None,
    };
    if v == VERSION && is_known(&envelope.kind) {
        return Err(format!("`{}` with a field of the wrong type", envelope.kind));
    }
    Ok((envelope, value))
}

/// An unknown object as it was read; the envelope is only filled in where it is missing.
fn kept(line: &Line, value: &Value) -> Value {
    let mut object = value.as_object().cloned().unwrap_or_default();
    object.entry("v").or_insert_with(|| Value::from(line.v));
    for (key, text) in
        [("id", &line.id), ("at", &line.at), ("who", &line.who), ("host", &line.host), ("kind", &line.kind)]
    {
        object.entry(key).or_insert_with(|| Value::from(text.as_str()));
    }
    Value::Object(object)
}

/// A text of several lines, clean, without trailing blanks, capped.
fn paragraph(text: &str) -> String {
    let end = text.char_indices().nth(NOTE_MAX).map_or(text.len(), |(index, _)| index);
    let cleaned = clean(text[..end].trim());
    match cleaned.char_indices().nth(NOTE_MAX) {
        Some((index, _)) => cleaned[..index].trim_end().to_owned(),
        None => cleaned,
    }
}

/// Writes as `\uXXXX` what `serde_json` leaves raw although a terminal acts on it or a reader cannot see it. In JSON
/// such characters can only stand inside a string, where the escape means the same.
fn harmless(json: &str) -> String {
    if json.is_ascii() && !json.contains('\u{7f}') {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len());
    let mut one = [0; 4];
    for c in json.chars() {
        let raw: &str = c.encode_utf8(&mut one);
        if (c.is_ascii() && c != '\u{7f}') || clean(raw) == raw {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof};

    use super::*;

    fn at(ms: i64) -> At {
        At::from_timestamp_millis(1_714_533_320_000 + ms).unwrap()
    }

    fn made(what: What) -> Entry {
        Entry::new("018f-a-1", at(123), "ana", "bastion", what)
    }

    #[test]
    fn the_format_is_durable() {
        let ticked = made(What::Ticked { list: "first-60-seconds".into(), item: "ack".into() });
        let line = r#"{"v":1,"id":"018f-a-1","at":"2024-05-01T03:15:20.123Z","who":"ana","host":"bastion","kind":"ticked","list":"first-60-seconds","item":"ack"}"#;
        assert_eq!(ticked.line(), line);
        assert_eq!(Entry::parse(line).unwrap(), ticked);
        let offset = line.replace("2024-05-01T03:15:20.123Z", "2024-04-30T23:15:20.1239-04:00");
        assert_eq!(Entry::parse(&offset).unwrap(), ticked);
        let opened = made(What::Opened { service: "checkout-api".into(), title: String::new() });
        assert!(
            opened.line().ends_with(r#""kind":"opened","service":"checkout-api","title":""}"#),
            "{}",
            opened.line()
        );
    }

    #[test]
    fn unknown_kinds_and_versions_are_kept_as_they_are() {
        for line in [
            r#"{"at":"2024-05-01T03:15:20.123Z","host":"h","id":"x1","kind":"hypothesis","text":{"deep":[1,2.5,null]},"v":1,"who":"ana"}"#,
            r#"{"at":"2024-05-01T03:15:20.123Z","host":"h","id":"x1","item":7,"kind":"ticked","v":2,"who":"ana"}"#,
        ] {
            let entry = Entry::parse(line).unwrap();
            assert!(matches!(entry.what, What::Unknown(_)), "{entry:?}");
            assert_eq!(entry.line(), line);
        }
    }

    #[test]
    fn what_is_not_an_entry_is_refused_with_the_reason() {
        for (line, reason) in [
            ("", "EOF while parsing"),
            ("torn {\"v\":1", "expected"),
            ("[1]", "not a JSON object"),
            ("{}", "no version"),
            (r#"{"v":1,"kind":"resolved","at":"2024-05-01T03:15:20Z"}"#, "no `id`"),
            (r#"{"v":1,"kind":"resolved","id":"a"}"#, "no `at`"),
            (r#"{"v":1,"kind":"resolved","id":"a","at":"yesterday\u001b[2J"}"#, "`yesterday␛[2J` is not an RFC 3339"),
            (r#"{"v":1,"kind":"resolved","id":"a b","at":"2024-05-01T03:15:20Z"}"#, "the id is not"),
            (r#"{"v":1,"kind":"ticked","id":"a","at":"2024-05-01T03:15:20Z","list":"l"}"#, "`ticked` without"),
            (r#"{"v":1,"kind":"ticked","id":"a","at":"2024-05-01T03:15:20Z","list":"l","item":3}"#, "wrong type"),
        ] {
            let said = Entry::parse(line).unwrap_err();
            assert!(said.contains(reason), "{line}: {said}");
        }
    }

    #[test]
    fn hostile_text_is_harmless_in_the_file_and_in_the_entry() {
        let hostile = "\u{1b}]0;pwned\u{7}\u{9b}2J\u{202e}\u{200b}\u{e0041}\u{7f}\nnext\u{2028}line";
        let raw = Entry {
            id: "a".into(),
            at: at(0),
            who: hostile.into(),
            host: hostile.into(),
            what: What::Note { text: hostile.into() },
        };
        let line = raw.line();
        assert_eq!(clean(&line), line, "nothing in the file needs cleaning");
        assert!(!line.contains('\n'));
        let read = Entry::parse(&line).unwrap();
        assert_eq!(read, Entry::new("a", at(0), hostile, hostile, What::Note { text: hostile.into() }));
        assert!(read.who.starts_with("␛]0;pwned␇␛[2J··"), "{}", read.who);
        assert_eq!(Entry::new("a", at(0), " ", "", What::Resolved).who, "unknown");
    }

    #[test]
    fn the_longest_line_stays_small() {
        let text = "\u{e0041}\t".repeat(NOTE_MAX);
        let raw = Entry { id: "a".into(), at: at(0), who: "w".into(), host: "h".into(), what: What::Note { text } };
        let read = Entry::parse(&raw.line()).unwrap();
        assert!(read.line().len() < 64 * 1024, "{}", read.line().len());
    }

    fn whats() -> impl Strategy<Value = What> {
        prop_oneof![
            (".{0,30}", ".{0,30}").prop_map(|(service, title)| What::Opened { service, title }),
            (".{0,30}", ".{0,30}").prop_map(|(list, item)| What::Ticked { list, item }),
            (".{0,30}", ".{0,30}").prop_map(|(list, item)| What::Unticked { list, item }),
            "(.|\\n){0,60}".prop_map(|text| What::Note { text }),
            Just(What::Resolved),
        ]
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(what in whats(), who in ".{0,40}", ms in -4_000_000_000_000_i64..4_000_000_000_000) {
            let entry = Entry::new("id-1", at(ms), &who, "host", what);
            let line = entry.line();
            proptest::prop_assert_eq!(&clean(&line), &line);
            proptest::prop_assert_eq!(Entry::parse(&line).unwrap(), entry);
        }

        #[test]
        fn no_line_panics(line in any::<String>()) {
            let _ = Entry::parse(&line);
        }
    }
}
