//! `sixty open`: begins an incident of a service, or joins the one that goes on.

use super::Desk;
use super::Outcome;
use super::Refused;
use super::note;
use super::words;
use crate::app::Licence;
use crate::facts::text::clean_line;
use crate::incident::LINE_MAX;
use crate::incident::What;
use crate::runtime::exit;
use crate::runtime::journal::Access;
use crate::runtime::journal::Journal;
use crate::runtime::setup;

pub(super) fn run(desk: &Desk, title: Option<&str>) -> Outcome {
    let licence = desk.licence()?;
    let title = title.map(words::given).transpose()?;
    if title.as_ref().is_some_and(|title| title.trim().is_empty()) {
        return Err(Refused::cannot(
            "there are no words to open it with: say in a few what it is about, or leave them out",
        ));
    }
    let title = title.unwrap_or_default();
    let service = service(desk)?;
    if let Some(id) = desk.archive.current(&service, desk.now)? {
        return join(desk, licence, &service, id, &title);
    }
    if clean_line(&title, usize::MAX).chars().count() > LINE_MAX {
        exit::say(format!("the title is cut to {LINE_MAX} characters; say the rest with sixty note"));
    }
    let mut journal = Journal::open(&desk.state, &service, Access::Write(licence));
    let _ = journal.poll(desk.now);
    // Decided under the lock: where another opens one at the same moment, both are in one.
    journal.append(&desk.entry(desk.now, What::Opened { service, title }))?;
    Ok(journal.incident().unwrap_or_default() + "\n")
}

/// It was opened already, and is not twice: the words are a note of whoever says them.
fn join(desk: &Desk, licence: Licence, service: &str, id: String, title: &str) -> Outcome {
    if title.is_empty() {
        desk.archive.append(licence, &id, &desk.entry(desk.now, What::Joined))?;
        exit::say(format!("an incident of {service} goes on already: joined it"));
    } else {
        note::keep(desk, licence, &id, title)?;
        exit::say(format!("an incident of {service} goes on already: joined it, with your words as a note"));
    }
    Ok(id + "\n")
}

/// The service that is meant: the one that is named, else the only one that is configured, else the only one that
/// ever had an incident.
fn service(desk: &Desk) -> Result<String, Refused> {
    let known = &desk.configured;
    if let Some(name) = &desk.service {
        // A mistyped name would open a journal at which nobody looks.
        let is_known = !desk.all_known || known.contains(name) || desk.archive.services()?.contains(name);
        let unknown = || Refused::cannot(setup::unknown(name, &known.iter().map(String::as_str).collect::<Vec<_>>()));
        return if is_known { Ok(name.clone()) } else { Err(unknown()) };
    }
    let used = if known.is_empty() { desk.archive.services()? } else { Vec::new() };
    match (known.as_slice(), used.as_slice()) {
        ([only], _) | ([], [only]) => Ok(only.clone()),
        ([], []) => Err(Refused::cannot("say which service it is about: sixty open TITLE --service NAME")),
        ([], all) | (all, _) => {
            Err(Refused::cannot(format!("say which service it is about with --service; there are: {}", all.join(", "))))
        }
    }
}
