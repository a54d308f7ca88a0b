//! `sixty resolve`: an incident is over, with a last note if there is something to say.

use super::Desk;
use super::Outcome;
use super::Refused;
use super::note;
use crate::facts::text::clean_line;
use crate::incident::LINE_MAX;
use crate::incident::What;
use crate::runtime::exit;
use crate::runtime::journal::Found;

pub(super) fn run(desk: &Desk, words: &[String]) -> Outcome {
    let licence = desk.licence()?;
    let mut is_named = true;
    let mut meant = || {
        is_named = false;
        desk.meant()
    };
    let (id, note) = match words {
        [] => (meant()?, None),
        // Words with blanks are none of an id; and one word may be an id that was mistyped, also of another incident.
        [one] if one.is_empty() || one.contains(char::is_whitespace) => (meant()?, Some(one)),
        [one] if desk.archive.find(one)? == Found::None => {
            let shown = clean_line(one, 80);
            return Err(Refused::no_such(format!(
                "no incident is called {shown}; write a sentence to say how it ended, or see sixty list --all"
            )));
        }
        [one] => (desk.named(one)?, None),
        [id, note, ..] => (desk.named(id)?, Some(note)),
    };
    let incident = desk.archive.load(&id)?.incident;
    // The incident of a service may go on as a part of another's: to end the whole is more than was asked for.
    let of = desk.service.as_ref().map(|service| clean_line(service, LINE_MAX));
    if let Some(service) = of.filter(|service| !is_named && *service != incident.service()) {
        let whole = incident.service();
        return Err(Refused::cannot(format!(
            "the incident of {service} is a part of {id} of {whole}: resolve that one"
        )));
    }
    let end = incident.resolved();
    if let Some(What::MergedInto { incident }) = end.map(|end| &end.what) {
        return Err(Refused::cannot(format!("{id} is a part of {incident}: resolve that one")));
    }
    if let Some(note) = note.filter(|note| !note.trim().is_empty()) {
        note::keep(desk, licence, &id, note)?;
    }
    if let Some(end) = end {
        exit::say(format!("{id} has been over since {}", end.at.format("%Y-%m-%d %H:%M:%S UTC")));
    } else {
        let at = incident.end_time(desk.now);
        desk.archive.append(licence, &id, &desk.entry(at, What::Resolved))?;
    }
    Ok(id + "\n")
}
