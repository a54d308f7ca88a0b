//! `sixty reopen`: an incident is not over after all, or is none of another's any more.

use super::Desk;
use super::Outcome;
use crate::incident::What;
use crate::runtime::exit;
use crate::runtime::journal::Appended;

pub(super) fn run(desk: &Desk, word: &str) -> Outcome {
    let licence = desk.licence()?;
    let id = desk.named(word)?;
    let incident = desk.archive.load(&id)?.incident;
    let service = incident.service();
    // One that was merged is taken out of the other on purpose.
    let is_over = incident.resolved().is_some_and(|end| end.what == What::Resolved);
    let other = if is_over { desk.archive.current(service, desk.now)? } else { None };
    if desk.archive.reopen(licence, &id, &desk.by, desk.now)? == Appended::Known {
        exit::say(format!("{id} was not over"));
    }
    // Whoever follows the service now goes over to this one, and away from the other.
    if let Some(other) = other.filter(|other| *other != id) {
        exit::say(format!(
            "{other} of {service} goes on beside it, and {id} is the current one now; if they are one: sixty merge {id} {other}"
        ));
    }
    Ok(id + "\n")
}
