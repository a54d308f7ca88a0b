//! The lines of a deploy log: one JSON object per line, or one JSON array of such objects. Pure.
//!
//! ```text
//! {"at":"2026-11-20T03:10:00Z","what":"api","version":"v2.31.0","who":"ana","state":"succeeded"}
//! {"time":"2026-11-20T03:10:00Z","text":"Deployed v2.31.0","tags":["deploy","production"]}
//! ```
//!
//! The second form is what grafatui reads for its annotations. Each field has several names (see [`FIELDS`]); unknown
//! fields are ignored. Needed are a time (RFC 3339 with its zone, or seconds, milliseconds … since 1970) and
//! something to say: a version, a subject or a title. A later line with the same `id` replaces the earlier one.

use serde_json::Map;
use serde_json::Value;
use url::Url;

use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;

/// The fields that are understood, each with all its names; the first name is ours.
pub const FIELDS: &[(&str, &[&str])] = &[
    ("at", &["at", "time", "timestamp", "ts", "when", "deployed_at", "started", "started_at"]),
    ("finished", &["finished", "finished_at", "ended", "end", "time_end", "timeEnd"]),
    ("kind", &["kind", "type"]),
    ("what", &["what", "service", "app", "application", "component"]),
    ("version", &["version", "sha", "revision", "tag", "release", "commit"]),
    ("who", &["who", "actor", "author", "user", "by"]),
    ("environment", &["environment", "env"]),
    ("title", &["title", "text", "message", "description"]),
    ("state", &["state", "status"]),
    ("link", &["link", "url"]),
    ("id", &["id"]),
    ("tags", &["tags"]),
];

/// What was read of a log.
#[derive(Clone, PartialEq, Debug)]
pub struct Records {
    /// The changes, in the order of the log.
    pub changes: Vec<Change>,
    /// Entries that were not understood.
    pub skipped: usize,
    /// The first of them, with its place and the reason: `line 7: no time`; empty when none was skipped.
    pub example: String,
}

impl Records {
    /// `3 of 120 entries were not understood (line 7: no time)`; `None` when all were.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        let all = self.changes.len() + self.skipped;
        (self.skipped > 0).then(|| format!("{} of {all} entries were not understood ({})", self.skipped, self.example))
    }
}

/// Reads a log. `cut`: the beginning is missing, so that the first line is only a part of one.
///
/// The last line may be half written: without its line break it counts only when it can be read.
///
/// # Errors
/// `Unreadable` when there are entries and none of them is understood.
pub fn parse(bytes: &[u8], cut: bool) -> Result<Records, Fault> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = Reader::default();
    if !cut && text.trim_start().starts_with('[') {
        let entries: Vec<Value> = serde_json::from_str(text).map_err(|error| {
            Fault::new(FaultKind::Unreadable, &format!("not a list of changes: {error}")).advise(ADVICE)
        })?;
        for (index, entry) in entries.iter().enumerate() {
            reader.take(&format!("entry {}", index + 1), change(entry));
        }
    } else {
        reader.lines(text, cut);
    }
    let records = reader.0;
    if records.changes.is_empty() && records.skipped > 0 {
        let cause = match records.skipped {
            1 => format!("the only entry is not a change ({})", records.example),
            count => format!("none of {count} entries is a change ({})", records.example),
        };
        return Err(Fault::new(FaultKind::Unreadable, &cause).advise(ADVICE));
    }
    Ok(records)
}

const ADVICE: &str =
    r#"write one JSON object per line: {"at":"2026-11-20T03:10:00Z","what":"api","version":"v2.31.0","who":"ana"}"#;

struct Reader(Records);

impl Default for Reader {
    fn default() -> Self {
        Self(Records { changes: Vec::new(), skipped: 0, example: String::new() })
    }
}

impl Reader {
    fn lines(&mut self, text: &str, cut: bool) {
        let mut rest = text;
        let mut number = 0;
        while !rest.is_empty() {
            let (line, whole) = match rest.split_once('\n') {
                Some((line, after)) => {
                    rest = after;
                    (line, true)
                }
                None => (std::mem::take(&mut rest), false),
            };
            number += 1;
            let line = line.trim();
            if line.is_empty() || (cut && number == 1) {
                continue;
            }
            let read =
                serde_json::from_str::<Value>(line).map_err(|_| "not JSON".to_owned()).and_then(|value| change(&value));
            if whole || read.is_ok() {
                // Of a file that is read from its middle nobody knows the numbers.
                let place = if cut { "a line".to_owned() } else { format!("line {number}") };
                self.take(&place, read);
            }
        }
    }

    fn take(&mut self, place: &str, read: Result<Change, String>) {
        match read {
            Ok(change) => self.add(change),
            Err(reason) => {
                if self.0.skipped == 0 {
                    self.0.example = clean_line(&format!("{place}: {reason}"), 160);
                }
                self.0.skipped += 1;
            }
        }
    }

    /// A line with a known id continues the earlier one: `running` at its time, `succeeded` at a later one.
    fn add(&mut self, mut change: Change) {
        // Ids come close to one another: a line about a deploy follows soon after the one before it.
        let Some(known) = self.0.changes.iter_mut().rev().take(1_000).find(|known| known.id == change.id) else {
            self.0.changes.push(change);
            return;
        };
        if known.state == ChangeState::Running && known.started < change.started {
            if change.state != ChangeState::Running && change.finished.is_none() {
                change.finished = Some(change.started);
            }
            change.started = known.started;
        }
        *known = change;
    }
}

/// Reads one entry.
fn change(value: &Value) -> Result<Change, String> {
    let Value::Object(object) = value else { return Err("not a JSON object".to_owned()) };
    let started = match field(object, "at") {
        None => return Err("no time".to_owned()),
        Some(value) => time(value)?,
    };
    let finished = field(object, "finished").map(time).transpose()?;
    let text = |name: &str, max: usize| field(object, name).map(|value| words(value, max)).unwrap_or_default();
    let (what, version, title) = (text("what", 80), text("version", 80), text("title", 300));
    if what.is_empty() && version.is_empty() && title.is_empty() {
        return Err("no title, no version and no subject".to_owned());
    }
    let tags = tags(object);
    let named = [text("kind", 40)].into_iter().chain(tags.iter().cloned()).find_map(|word| kind(&word));
    let kind = named.unwrap_or_else(|| guess(&version, &title));
    let mut environment = text("environment", 40);
    if environment.is_empty() {
        environment = tags.into_iter().find(|tag| ENVIRONMENTS.contains(&tag.as_str())).unwrap_or_default();
    }
    let mut id = text("id", 120);
    if id.is_empty() {
        id = clean_line(&format!("{} {what} {version} {title}", started.timestamp_millis()), 200);
    }
    let state = state(&text("state", 40));
    let link = field(object, "link").and_then(Value::as_str).map(link).unwrap_or_default();
    let who = text("who", 80);
    let finished = finished.map(|finished| finished.max(started));
    // A field of that name is the subject too where there is no other.
    let service = object.get("service").map(|value| words(value, 80)).unwrap_or_default();
    Ok(Change { id, kind, what, service, version, who, environment, title, started, finished, state, link })
}

/// The first of a field's names that is there and holds something.
fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let (_, names) = FIELDS.iter().find(|(known, _)| *known == name)?;
    names.iter().filter_map(|name| object.get(*name)).find(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    })
}

/// A text or a number as one clean line; lists and objects say nothing that fits.
fn words(value: &Value, max: usize) -> String {
    match value {
        Value::String(text) => clean_line(text, max),
        Value::Number(number) => clean_line(&number.to_string(), max),
        _ => String::new(),
    }
}

fn tags(object: &Map<String, Value>) -> Vec<String> {
    let tags = match field(object, "tags") {
        Some(Value::Array(tags)) => tags.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(tags)) => tags.split(',').collect(),
        _ => Vec::new(),
    };
    tags.into_iter().take(50).map(|tag: &str| clean_line(tag, 40).to_ascii_lowercase()).collect()
}

/// An instant: RFC 3339 with a zone, or a number since 1970 whose size tells its unit.
fn time(value: &Value) -> Result<At, String> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let text = text.trim();
            if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
                return Ok(time.to_utc());
            }
            text.parse::<f64>().ok()
        }
        _ => None,
    };
    let shown = || clean_line(&value.to_string(), 40);
    let Some(number) = number else {
        return Err(format!("{} is not a time in RFC 3339 with its zone, such as 2026-11-20T03:10:00Z", shown()));
    };
    let seconds = match number {
        1e9..1e11 => number,
        1e12..1e14 => number / 1e3,
        1e15..1e17 => number / 1e6,
        1e18..1e19 => number / 1e9,
        _ => return Err(format!("{} is neither seconds nor milliseconds since 1970", shown())),
    };
    chrono::DateTime::from_timestamp_millis((seconds * 1e3).round() as i64)
        .ok_or_else(|| format!("{} is not a time", shown()))
}

const ENVIRONMENTS: [&str; 11] =
    ["production", "prod", "live", "staging", "stage", "preprod", "canary", "test", "qa", "dev", "development"];

/// The kind that a word names; `None` for words that name none.
fn kind(word: &str) -> Option<ChangeKind> {
    Some(match normal(word).as_str() {
        "deploy" | "deployment" | "deployed" | "release" | "rollout" | "rollback" => ChangeKind::Deploy,
        "flag" | "feature_flag" | "featureflag" | "feature" => ChangeKind::Flag,
        "config" | "configuration" | "setting" | "settings" => ChangeKind::Config,
        "scale" | "scaling" | "resize" | "autoscale" | "autoscaling" => ChangeKind::Scale,
        "job" | "cron" | "cronjob" | "batch" | "backup" | "migration" | "task" => ChangeKind::Job,
        "note" | "annotation" | "maintenance" | "event" => ChangeKind::Note,
        _ => return None,
    })
}

/// Without a word for it: what has a version or speaks of deploying is a deploy, the rest a note.
fn guess(version: &str, title: &str) -> ChangeKind {
    let first = title.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let speaks = ["deploy", "releas", "rollout", "rollback", "rolled"].iter().any(|start| first.starts_with(start));
    if !version.is_empty() || speaks { ChangeKind::Deploy } else { ChangeKind::Note }
}

/// The state that a word names; `Unknown` for words that name none.
fn state(word: &str) -> ChangeState {
    match normal(word).as_str() {
        "success" | "succeeded" | "successful" | "ok" | "done" | "finished" | "complete" | "completed" | "deployed"
        | "passed" => ChangeState::Succeeded,
        "failure" | "failed" | "fail" | "error" | "errored" | "timed_out" | "timeout" | "cancelled" | "canceled"
        | "aborted" => ChangeState::Failed,
        "running" | "in_progress" | "started" | "pending" | "queued" | "waiting" | "deploying" | "progressing" => {
            ChangeState::Running
        }
        "rolled_back" | "rolledback" | "rollback" | "reverted" => ChangeState::RolledBack,
        _ => ChangeState::Unknown,
    }
}

fn normal(word: &str) -> String {
    word.trim().to_ascii_lowercase().replace(['-', ' '], "_")
}

/// A link as it may be shown: `http` or `https`, without user and password; else nothing.
pub(super) fn link(text: &str) -> String {
    let Ok(mut url) = Url::parse(text.trim()) else { return String::new() };
    if !matches!(url.scheme(), "http" | "https") {
        return String::new();
    }
    // Both fail only for addresses without a host, which these two schemes do not have.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let link = url.to_string();
    if link.len() > 500 { String::new() } else { clean_line(&link, 500) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Change {
        let records = parse(line.as_bytes(), false).unwrap();
        assert_eq!((records.changes.len(), records.skipped), (1, 0), "{line}");
        records.changes.into_iter().next().unwrap()
    }

    #[test]
    fn our_own_line_with_all_its_fields() {
        let change = one(r#"{"at":"2026-11-20T04:10:00+01:00","finished":1795144500,"kind":"deploy","what":"api",
            "version":"v2.31.0","who":"ana","environment":"production","title":"Pool rewrite","state":"succeeded",
            "link":"https://ana:secret@ci.example.com/1","id":42,"unknown":{"x":[1]}}"#
            .replace('\n', " ")
            .as_str());
        let finished = chrono::DateTime::from_timestamp(1_795_144_500, 0);
        assert_eq!(
            change,
            Change {
                id: "42".into(),
                kind: ChangeKind::Deploy,
                what: "api".into(),
                service: String::new(),
                version: "v2.31.0".into(),
                who: "ana".into(),
                environment: "production".into(),
                title: "Pool rewrite".into(),
                started: "2026-11-20T03:10:00Z".parse().unwrap(),
                finished,
                state: ChangeState::Succeeded,
                link: "https://ci.example.com/1".into(),
            }
        );
    }

    #[test]
    fn an_annotation_of_grafatui_is_understood() {
        let change = one(
            r#"{"time":"2026-07-23T14:30:00.5Z","text":"Deployed v2.4","tags":["deploy","production"],"panel_titles":["x"]}"#,
        );
        assert_eq!((change.kind, change.environment.as_str()), (ChangeKind::Deploy, "production"));
        assert_eq!((change.name().as_str(), change.state), ("Deployed v2.4", ChangeState::Unknown));
        let note = one(r#"{"time":"2026-07-23T14:30:00Z","text":"Maintenance window","tags":["maintenance"]}"#);
        assert_eq!(note.kind, ChangeKind::Note);
        assert_eq!(note.id, one(r#"{"time":"2026-07-23T14:30:00Z","text":"Maintenance window"}"#).id, "ids are stable");
    }

    #[test]
    fn names_and_words_of_others() {
        for (line, kind, state, name) in [
            (r#"{"ts":1795144500,"app":"api","sha":"abc","status":"SUCCESS"}"#, "deploy", "succeeded", "api abc"),
            (r#"{"when":"1795144500000","service":"web","status":"in-progress"}"#, "note", "running", "web"),
            (r#"{"deployed_at":1795144500.25,"tag":"v1","state":"Rolled back"}"#, "deploy", "rolled back", "v1"),
            (r#"{"at":1795144500,"type":"feature-flag","what":"new-checkout"}"#, "flag", "unknown", "new-checkout"),
            (r#"{"at":1795144500,"kind":"cron","what":"vacuum","state":"timed out"}"#, "job", "failed", "vacuum"),
            (r#"{"at":1795144500,"kind":"?","message":"Rollback of api"}"#, "deploy", "unknown", "Rollback of api"),
            (r#"{"at":1795144500,"version":7,"title":null}"#, "deploy", "unknown", "7"),
        ] {
            let change = one(line);
            assert_eq!(
                (change.kind.word(), change.state.word(), change.name().as_str()),
                (kind, state, name),
                "{line}"
            );
            assert_eq!(change.started.timestamp(), 1_795_144_500, "{line}");
        }
    }

    #[test]
    fn bad_lines_are_skipped_counted_and_explained() {
        let good = r#"{"at":1795144500,"version":"v1"}"#;
        for (line, reason) in [
            ("not json", "line 2: not JSON"),
            ("[1]", "line 2: not a JSON object"),
            (r#"{"version":"v1"}"#, "line 2: no time"),
            (r#"{"at":1795144500}"#, "line 2: no title, no version and no subject"),
            (r#"{"at":5,"version":"v1"}"#, "line 2: 5 is neither seconds nor milliseconds since 1970"),
            (r#"{"at":true,"version":"v1"}"#, "line 2: true is not a time in RFC 3339"),
            (r#"{"at":"2026-11-20 03:10:00","version":"v1"}"#, "line 2: \"2026-11-20 03:10:00\" is not a time"),
            (r#"{"at":1795144500,"finished":"soon","version":"v1"}"#, "line 2: \"soon\" is not a time"),
        ] {
            let records = parse(format!("{good}\n{line}\n\r\n").as_bytes(), false).unwrap();
            assert_eq!((records.changes.len(), records.skipped), (1, 1), "{line}");
            assert!(records.example.starts_with(reason), "{}", records.example);
            assert!(records.remark().unwrap().starts_with("1 of 2 entries were not understood (line 2: "));
            let fault = parse(format!("{line}\n{line}\n").as_bytes(), false);
            if line != "[1]" {
                let fault = fault.unwrap_err();
                assert_eq!(fault.kind, FaultKind::Unreadable);
                assert!(fault.cause.starts_with("none of 2 entries is a change (line 1: "), "{fault}");
            }
        }
        assert_eq!(parse(b"", false).unwrap().remark(), None);
    }

    #[test]
    fn a_torn_last_line_waits_and_a_cut_first_line_is_dropped() {
        let log = "{\"at\":1795144500,\"version\":\"v1\"}\n{\"at\":1795144600,\"version\":\"v2\"}\n";
        for end in 0..=log.len() {
            let records = parse(&log.as_bytes()[..end], false).unwrap();
            assert_eq!(records.skipped, 0, "{end}");
            assert_eq!(records.changes.len(), usize::from(end > 31) + usize::from(end + 1 >= log.len()), "{end}");
        }
        let records = parse(&log.as_bytes()[5..], true).unwrap();
        assert_eq!((records.changes.len(), records.skipped), (1, 0));
        let records = parse(format!("{log}oops\n").as_bytes(), true).unwrap();
        assert_eq!(records.example, "a line: not JSON");
    }

    #[test]
    fn an_array_and_a_byte_order_mark_are_read() {
        let array = "\u{feff} [ {\"at\":1795144500,\"version\":\"v1\"},\n 7 ]";
        let records = parse(array.as_bytes(), false).unwrap();
        assert_eq!((records.changes.len(), records.example.as_str()), (1, "entry 2: not a JSON object"));
        assert_eq!(parse(b"[]", false).unwrap().changes, []);
        assert_eq!(parse(b"[{", false).unwrap_err().kind, FaultKind::Unreadable);
    }

    #[test]
    fn a_later_line_with_the_same_id_continues_the_earlier() {
        let log = r#"{"id":1,"at":1795144500,"version":"v1","state":"running"}
                     {"id":2,"at":1795144510,"version":"v2"}
                     {"id":1,"at":1795144560,"version":"v1","state":"success"}"#;
        let changes = parse(log.as_bytes(), false).unwrap().changes;
        assert_eq!(changes.len(), 2);
        assert_eq!((changes[0].started.timestamp(), changes[0].state), (1_795_144_500, ChangeState::Succeeded));
        assert_eq!(changes[0].finished.map(|at| at.timestamp()), Some(1_795_144_560));
    }

    #[test]
    fn hostile_texts_are_clean_and_short() {
        let change = one(&serde_json::json!({
            "at": 1_795_144_500, "title": "\u{1b}]0;x\u{7}\u{9b}2J\n".repeat(1_000), "who": "\u{202e}eve",
            "version": "v\u{200b}1", "link": "javascript:alert(1)", "tags": ["\u{1b}[2J"], "id": "\u{1b}c",
        })
        .to_string());
        let all = format!("{change:?}");
        assert!(!all.chars().any(|c| c.is_control() || "\u{202e}\u{200b}".contains(c)));
        assert!(!all.contains("\\u{1b}") && change.title.chars().count() == 300 && change.link.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics_and_nothing_is_lost(lines in proptest::collection::vec(".{0,60}", 0..8), cut: bool) {
            let text = lines.join("\n") + "\n";
            if let Ok(records) = parse(text.as_bytes(), cut) {
                proptest::prop_assert!(records.changes.len() + records.skipped <= text.lines().count());
            }
        }
    }
}
