//! What an engine says beside its numbers, as bytes: the queries, the presets, the notes and the versions that it saw.
//! It changes seldom and is kept once for a recording.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::Measure;
use crate::facts::PresetReport;
use crate::sources::embedded::recording::answers::Texts;
use crate::sources::embedded::recording::bytes;
use crate::sources::embedded::recording::bytes::Broken;
use crate::sources::embedded::recording::bytes::Bytes;

/// States of a change by their number in the file.
const STATES: [ChangeState; 5] =
    [ChangeState::Unknown, ChangeState::Succeeded, ChangeState::Failed, ChangeState::Running, ChangeState::RolledBack];

/// What was said beside the numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    pub presets: Vec<PresetReport>,
    pub notes: Vec<String>,
    pub queries: BTreeMap<Measure, String>,
    pub versions: Seen,
    /// What the answers point at.
    pub texts: Texts,
}

/// The versions of a service that were seen in its metrics.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// The metrics that tell them.
    pub names: BTreeSet<String>,
    /// Those that run; `None` before the first look.
    pub running: Option<BTreeSet<String>>,
    /// What changed; all of them are deploys that nobody wrote down.
    pub changes: Vec<Change>,
}

impl State {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        bytes::put_number(&mut out, self.presets.len() as u64);
        for preset in &self.presets {
            bytes::put_text(&mut out, &preset.title);
            bytes::put_text(&mut out, &preset.why);
        }
        put_texts(&mut out, &self.notes);
        bytes::put_number(&mut out, self.queries.len() as u64);
        for (measure, query) in &self.queries {
            bytes::put_text(&mut out, measure.key());
            bytes::put_text(&mut out, query);
        }
        put_texts(&mut out, &self.versions.names);
        out.push(u8::from(self.versions.running.is_some()));
        put_texts(&mut out, self.versions.running.iter().flatten());
        bytes::put_number(&mut out, self.versions.changes.len() as u64);
        for change in &self.versions.changes {
            put_change(&mut out, change);
        }
        put_texts(&mut out, self.texts.0.iter().map(|text| &**text));
        out
    }

    pub fn of(bytes: &[u8]) -> Result<Self, Broken> {
        let mut bytes = Bytes::new(bytes);
        let mut state = Self::default();
        for _ in 0..bytes.count()? {
            state.presets.push(PresetReport { title: bytes.text()?.to_owned(), why: bytes.text()?.to_owned() });
        }
        state.notes = texts(&mut bytes)?;
        for _ in 0..bytes.count()? {
            let measure = Measure::from_key(bytes.text()?).ok_or(Broken)?;
            state.queries.insert(measure, bytes.text()?.to_owned());
        }
        state.versions.names = texts(&mut bytes)?;
        let looked = bytes.byte()? == 1;
        state.versions.running = Some(texts(&mut bytes)?).filter(|_| looked);
        for _ in 0..bytes.count()? {
            state.versions.changes.push(change(&mut bytes)?);
        }
        state.texts = Texts(texts::<Arc<str>, _>(&mut bytes)?);
        bytes.end()?;
        Ok(state)
    }
}

fn put_texts<T: AsRef<str>>(out: &mut Vec<u8>, texts: impl IntoIterator<Item = T>) {
    let texts: Vec<T> = texts.into_iter().collect();
    bytes::put_number(out, texts.len() as u64);
    for text in texts {
        bytes::put_text(out, text.as_ref());
    }
}

fn texts<T: for<'a> From<&'a str>, C: FromIterator<T>>(bytes: &mut Bytes<'_>) -> Result<C, Broken> {
    let count = bytes.count()?;
    (0..count).map(|_| bytes.text().map(T::from)).collect()
}

fn put_change(out: &mut Vec<u8>, change: &Change) {
    for text in [&change.id, &change.what, &change.version, &change.title] {
        bytes::put_text(out, text);
    }
    put_time(out, Some(change.started));
    put_time(out, change.finished);
    out.push(STATES.iter().position(|state| *state == change.state).unwrap_or_default() as u8);
}

fn change(bytes: &mut Bytes<'_>) -> Result<Change, Broken> {
    let mut text = || bytes.text().map(str::to_owned);
    let (id, what, version, title) = (text()?, text()?, text()?, text()?);
    Ok(Change {
        id,
        kind: ChangeKind::Deploy,
        service: what.clone(),
        what,
        version,
        who: String::new(),
        environment: String::new(),
        title,
        started: time(bytes)?.ok_or(Broken)?,
        finished: time(bytes)?,
        state: *STATES.get(usize::from(bytes.byte()?)).ok_or(Broken)?,
        link: String::new(),
    })
}

fn put_time(out: &mut Vec<u8>, at: Option<At>) {
    out.push(u8::from(at.is_some()));
    bytes::put_signed(out, at.map_or(0, |at| at.timestamp_millis()));
}

fn time(bytes: &mut Bytes<'_>) -> Result<Option<At>, Broken> {
    let is_known = bytes.byte()? == 1;
    let at = At::from_timestamp_millis(bytes.signed()?).ok_or(Broken)?;
    Ok(Some(at).filter(|_| is_known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_read_again() {
        let at = At::from_timestamp(1_800_000_000, 0).unwrap();
        let deploy = Change {
            id: "metrics shop 1.1 1800000000".to_owned(),
            kind: ChangeKind::Deploy,
            what: "shop".to_owned(),
            service: "shop".to_owned(),
            version: "1.1".to_owned(),
            who: String::new(),
            environment: String::new(),
            title: "seen in the metrics".to_owned(),
            started: at,
            finished: None,
            state: ChangeState::Running,
            link: String::new(),
        };
        let full = State {
            presets: vec![PresetReport { title: "OpenTelemetry".to_owned(), why: "x is there".to_owned() }],
            notes: vec!["a note".to_owned(), String::new()],
            queries: BTreeMap::from([(Measure::ErrorRate, "sum(x)".to_owned())]),
            versions: Seen {
                names: BTreeSet::from(["shop_build_info".to_owned()]),
                running: Some(BTreeSet::from(["1.0".to_owned(), "1.1".to_owned()])),
                changes: vec![deploy.clone(), Change { finished: Some(at), state: ChangeState::RolledBack, ..deploy }],
            },
            texts: Texts(vec!["why".into()]),
        };
        for state in [State::default(), full] {
            let bytes = state.to_bytes();
            assert_eq!(State::of(&bytes), Ok(state));
            assert_eq!(State::of(&bytes[..bytes.len() - 1]), Err(Broken));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let _ = State::of(&bytes);
        }
    }
}
