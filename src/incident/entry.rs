//! One line of the journal: what somebody did, when and where; to JSON and back.
//!
//! The format is durable. A kind or a version that this program does not know is kept as it is, so that an older
//! `sixty` can stand beside a newer one. Nothing here touches a file.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::facts::At;
use crate::facts::text::clean;
use crate::facts::text::clean_line;
use crate::incident::What;
use crate::incident::body::Body;
use crate::incident::body::Fields;
use crate::incident::body::Text;
use crate::incident::body::read_time;
use crate::incident::body::whole;
use crate::incident::body::written;
use crate::incident::tidy::LINE_MAX;
use crate::incident::tidy::tidy_line;

/// The version of the line format that is written.
const VERSION: u64 = 1;
/// Most bytes of an id.
const ID_MAX: usize = 128;
/// What `by` says of an entry that no person made.
const SIXTY: &str = "sixty";

/// One thing that happened in an incident. Make it with [`Entry::new`], which makes its texts harmless.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Unique, printable ASCII, at most 128 bytes; sorts by time within one process.
    pub id: String,
    /// When it happened, in whole milliseconds.
    pub at: At,
    /// In whose session.
    pub who: String,
    /// On which machine.
    pub host: String,
    /// Whether that person did it, or sixty saw it.
    pub by: By,
    /// What happened.
    pub what: What,
}

/// Who did what an entry tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// A person.
    Person,
    /// The program, which saw it: a verdict, a clock that rang.
    Sixty,
}

/// The known shape of a line as it is written, in the order of its fields.
#[derive(Serialize)]
struct Line {
    v: u64,
    id: String,
    at: String,
    who: String,
    host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    kind: String,
    #[serde(flatten)]
    body: Body,
}

impl Entry {
    /// An entry of a person as it will be read back: texts clean and capped, times cut to milliseconds.
    #[must_use]
    pub fn new(id: &str, at: At, who: &str, host: &str, what: What) -> Self {
        let (who, host) = (name(who.to_owned()), name(host.to_owned()));
        Self { id: id.to_owned(), at: whole(at), who, host, by: By::Person, what: what.cleaned() }
    }

    /// The same, seen by the program.
    #[must_use]
    pub fn by_sixty(self) -> Self {
        Self { by: By::Sixty, ..self }
    }

    /// The entry as one line of JSON without its line break: RFC 3339 UTC with milliseconds, `"v":1`, and no raw
    /// control, bidi or invisible character, so that `cat` and `tail -f` of a journal are harmless.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = Line {
            v: VERSION,
            id: self.id.clone(),
            at: written(self.at),
            who: self.who.clone(),
            host: self.host.clone(),
            by: (self.by == By::Sixty).then(|| SIXTY.to_owned()),
            kind: self.what.kind().to_owned(),
            body: Body::default(),
        };
        self.what.put(&mut line.body);
        if let What::Unknown(value) = &self.what {
            return harmless(&kept(&line, value).to_string());
        }
        // Strings and numbers cannot fail to serialise; an empty line would be skipped by every reader.
        harmless(&serde_json::to_string(&line).unwrap_or_default())
    }

    /// Reads one line. Kinds and versions that are not known become [`What::Unknown`].
    ///
    /// # Errors
    /// What is wrong with the line, in a few clean words: no JSON object, no id, no time, a known kind without what
    /// belongs to it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known = match serde_json::from_str::<Fields<'_>>(text) {
            Ok(mut fields) if fields.v == VERSION => What::of(&mut fields)?.map(|what| (Envelope::of(fields), what)),
            _ => None,
        };
        let (line, what) = match known {
            Some(known) => known,
            None => envelope(text)?,
        };
        if line.id.is_empty() || line.id.len() > ID_MAX || !line.id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!("the id is not 1 to {ID_MAX} printable ASCII characters"));
        }
        let at =
            read_time(&line.at).ok_or_else(|| format!("`{}` is not an RFC 3339 time", clean_line(&line.at, 40)))?;
        let (who, host) = (name(line.who.into_owned()), name(line.host.into_owned()));
        let by = if line.by { By::Sixty } else { By::Person };
        Ok(Self { id: line.id.into_owned(), at: whole(at), who, host, by, what: what.cleaned() })
    }
}

/// What every line has. Whatever is missing is empty.
struct Envelope<'a> {
    id: Cow<'a, str>,
    at: Cow<'a, str>,
    who: Cow<'a, str>,
    host: Cow<'a, str>,
    /// By sixty.
    by: bool,
}

impl<'a> Envelope<'a> {
    fn of(fields: Fields<'a>) -> Self {
        let text = |field: Option<Text<'a>>| field.map_or(Cow::Borrowed(""), |text| text.0);
        let by = fields.by.is_some_and(|by| by.0 == SIXTY);
        Self { id: fields.id.0, at: fields.at.0, who: text(fields.who), host: text(fields.host), by }
    }
}

/// The name of a person or a machine, clean; `unknown` where there is none.
fn name(mut text: String) -> String {
    tidy_line(&mut text, LINE_MAX);
    if text.is_empty() { "unknown".to_owned() } else { text }
}

/// The common part of a line that is not of a known kind and version, and the whole object.
fn envelope(line: &str) -> Result<(Envelope<'static>, What), String> {
    let value: Value = serde_json::from_str(line).map_err(|error| clean_line(&error.to_string(), 120))?;
    if !value.is_object() {
        return Err("not a JSON object".to_owned());
    }
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let need = |key: &str| text(key).map(Cow::Owned).ok_or_else(|| format!("no `{key}`"));
    let v = value.get("v").and_then(Value::as_u64).ok_or("no version `v`")?;
    let envelope = Envelope {
        id: need("id")?,
        at: need("at")?,
        who: text("who").unwrap_or_default().into(),
        host: text("host").unwrap_or_default().into(),
        by: text("by").is_some_and(|by| by == SIXTY),
    };
    // What could be read and holds a word of a newer program is kept; what could not be read is damaged.
    let kind = text("kind").unwrap_or_default();
    if v == VERSION && What::is_known(&kind) && serde_json::from_str::<Fields<'_>>(line).is_err() {
        return Err(format!("`{}` with a field of the wrong type", clean_line(&kind, 40)));
    }
    Ok((envelope, What::Unknown(value)))
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
    use proptest::prelude::{Strategy, any, prop_oneof};

    use super::*;
    use crate::incident::tests::whats;
    use crate::incident::tidy::NOTE_MAX;

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
            r#"{"at":"2024-05-01T03:15:20.123Z","host":"h","id":"x1","kind":"telepathy","text":{"deep":[1,2.5,null]},"v":1,"who":"ana"}"#,
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
            by: By::Person,
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
        let who = || "w".to_owned();
        let raw =
            Entry { id: "a".into(), at: at(0), who: who(), host: who(), by: By::Person, what: What::Note { text } };
        let read = Entry::parse(&raw.line()).unwrap();
        assert!(read.line().len() < 64 * 1024, "{}", read.line().len());
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(
            what in whats(
                &prop_oneof![3 => ".{0,30}", 1 => "(.|\n){0,60}", 1 => "[ -~]{190,260}"].boxed(),
                &(-4_000_000_000_000_i64..4_000_000_000_000).prop_map(at).boxed(),
            ),
            who in ".{0,40}",
            ms in -4_000_000_000_000_i64..4_000_000_000_000,
            seen in any::<bool>(),
        ) {
            let entry = Entry::new("id-1", at(ms), &who, "host", what);
            let entry = if seen { entry.by_sixty() } else { entry };
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
