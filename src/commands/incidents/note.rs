//! `sixty note`: words from a shell or a script into an incident.

use std::io::Read as _;

use super::Desk;
use super::Outcome;
use super::Refused;
use crate::incident::What;

/// Most bytes that are read from the standard input; a note keeps less.
const MOST: u64 = 256 * 1024;

pub(super) fn run(desk: &Desk, text: &str, incident: Option<&str>) -> Outcome {
    let licence = desk.licence()?;
    let text = if text == "-" { piped()? } else { text.to_owned() };
    let note = desk.entry(desk.now, What::Note { text });
    if matches!(&note.what, What::Note { text } if text.is_empty()) {
        return Err(Refused::cannot("there are no words to note"));
    }
    let id = match incident {
        Some(word) => desk.named(word)?,
        None => desk.meant()?,
    };
    desk.archive.append(licence, &id, &note)?;
    Ok(String::new())
}

/// What stands on the standard input. Bytes that are no UTF-8 are shown as such.
fn piped() -> Result<String, Refused> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MOST).read_to_end(&mut bytes);
    read.map_err(|error| Refused::cannot(format!("the standard input cannot be read: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
