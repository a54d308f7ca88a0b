//! `sixty resolve`: an incident is over, with a last note if there is something to say.

use super::Desk;
use super::Outcome;
use super::Refused;
use super::note;
use crate::incident::What;
use crate::runtime::exit;
use crate::runtime::journal::Found;

pub(super) fn run(desk: &Desk, words: &[String]) -> Outcome {
    let licence = desk.licence()?;
    let (id, note) = match words {
        [] => (desk.meant()?, None),
        // Words with blanks are none of an id.
        [one] if one.contains(char::is_whitespace) || desk.archive.find(one)? == Found::None && !is_id(one) => {
            (desk.meant()?, Some(one))
        }
        [one] => (desk.named(one)?, None),
        [id, note, ..] => (desk.named(id)?, Some(note)),
    };
    let incident = desk.archive.load(&id)?.incident;
    if let Some(note) = note.filter(|note| !note.trim().is_empty()) {
        note::keep(desk, licence, &id, note)?;
    }
    if let Some(end) = incident.resolved() {
        match &end.what {
            What::MergedInto { incident } => {
                return Err(Refused::cannot(format!("{id} is a part of {incident}: resolve that one")));
            }
            _ => exit::say(format!("{id} has been over since {}", end.at.format("%Y-%m-%d %H:%M:%S UTC"))),
        }
    } else {
        let at = incident.end_time(desk.now);
        desk.archive.append(licence, &id, &desk.entry(at, What::Resolved))?;
    }
    Ok(id + "\n")
}

/// Whether it looks like an id that was mistyped, and not like a word of a note.
fn is_id(word: &str) -> bool {
    word.bytes().filter(u8::is_ascii_digit).count() >= 4
}
