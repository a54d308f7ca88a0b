//! `sixty reopen`: an incident is not over after all, or is none of another's any more.

use super::Desk;
use super::Outcome;
use crate::runtime::exit;
use crate::runtime::journal::Appended;

pub(super) fn run(desk: &Desk, word: &str) -> Outcome {
    let licence = desk.licence()?;
    let id = desk.named(word)?;
    if desk.archive.reopen(licence, &id, &desk.by, desk.now)? == Appended::Known {
        exit::say(format!("{id} was not over"));
    }
    Ok(id + "\n")
}
