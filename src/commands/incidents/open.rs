//! `sixty open`: begins an incident of a service, or joins the one that goes on.

use super::Desk;
use super::Outcome;
use super::Refused;
use crate::facts::text::clean_line;
use crate::incident::LINE_MAX;
use crate::incident::What;
use crate::runtime::exit;
use crate::runtime::journal::Access;
use crate::runtime::journal::Journal;
use crate::runtime::setup;

pub(super) fn run(desk: &Desk, title: &str) -> Outcome {
    let service = service(desk)?;
    let before = desk.archive.current(&service, desk.now)?;
    let mut journal = Journal::open(&desk.state, &service, Access::Write(desk.licence()?));
    let opened = What::Opened { service: service.clone(), title: title.to_owned() };
    if clean_line(title, usize::MAX).chars().count() > LINE_MAX {
        exit::say(format!("the title is cut to {LINE_MAX} characters; say the rest with sixty note"));
    }
    let _ = journal.poll(desk.now);
    journal.append(&desk.entry(desk.now, opened))?;
    let id = journal.incident().unwrap_or_default();
    // Decided under the lock: another may have opened it since.
    if before.as_ref() == Some(&id) {
        exit::say(format!("an incident of {service} goes on already: joined it"));
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
