//! `sixty note`: words from a shell or a script into an incident.

use chrono::TimeDelta;

use super::Desk;
use super::Outcome;
use super::Refused;
use super::words;
use crate::app::Licence;
use crate::incident::What;
use crate::runtime::exit;

pub(super) fn run(desk: &Desk, text: &str, incident: Option<&str>) -> Outcome {
    let licence = desk.licence()?;
    let text = words::given(text)?;
    if text.trim().is_empty() {
        return Err(Refused::cannot("there are no words to note"));
    }
    let id = match incident {
        Some(word) => desk.named(word)?,
        None => desk.meant()?,
    };
    keep(desk, licence, &id, &text)?;
    Ok(String::new())
}

/// Writes words into an incident, as several notes where one cannot hold them.
pub(super) fn keep(desk: &Desk, licence: Licence, id: &str, text: &str) -> Result<(), Refused> {
    let notes = words::notes(text);
    let count = notes.len();
    let mut at = desk.now;
    for (index, text) in notes.into_iter().enumerate() {
        let kept = desk.archive.append(licence, id, &desk.entry(at, What::Note { text }));
        kept.inspect_err(|_| {
            if index > 0 {
                exit::say(format!("{index} of {count} notes are kept"));
            }
        })?;
        // They are read in the order of their times.
        at += TimeDelta::milliseconds(1);
    }
    if count > 1 {
        exit::say(format!("it is long: kept as {count} notes"));
    }
    Ok(())
}
