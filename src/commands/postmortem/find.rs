//! Which incident is meant, by its id, a part of it, or the name of its service; and what the journal is told.

use std::path::Path;

use crate::app::Licence;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::text::clean_line;
use crate::incident::Entry;
use crate::incident::What;
use crate::incident::postmortem;
use crate::runtime::export::Subject;
use crate::runtime::export::Written;
use crate::runtime::journal::Archive;
use crate::runtime::journal::Found;
use crate::runtime::journal::host;
use crate::runtime::journal::new_id;

/// So many ids are shown when a word may mean several.
const SHOWN: usize = 5;

/// The incident that is meant; one that was made a part of another is that other one.
///
/// # Errors
/// There is none, more than one, or it cannot be read.
pub(super) fn subject(archive: &Archive, word: Option<&str>) -> Result<Subject, String> {
    let id = id(archive, word)?;
    let mut loaded = archive.load(&id).map_err(|fault| fault.to_string())?;
    if let Some(Entry { what: What::MergedInto { incident }, .. }) = loaded.incident.resolved()
        && let Ok(whole) = archive.load(incident)
    {
        loaded = whole;
    }
    Ok(Subject { id: loaded.id, incident: loaded.incident, parts: loaded.parts })
}

fn id(archive: &Archive, word: Option<&str>) -> Result<String, String> {
    let say = |fault: Fault| fault.to_string();
    let Some(word) = word else {
        return match archive.find("latest").map_err(say)? {
            Found::One(id) => Ok(id),
            _ => Err("there is no incident yet; --state-dir names the folder where they lie".to_owned()),
        };
    };
    match archive.find(word).map_err(say)? {
        Found::One(id) => return Ok(id),
        Found::Several(ids) => {
            let shown = ids.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if ids.len() > SHOWN { format!(" and {} more", ids.len() - SHOWN) } else { String::new() };
            return Err(format!("more than one incident is called so: {shown}{more}; write more of its id"));
        }
        Found::None => {}
    }
    let rows = archive.list().map_err(say)?.rows;
    let newest = rows.into_iter().find(|row| row.service == word);
    newest.map(|row| row.id).ok_or_else(|| {
        let shown = clean_line(word, 80);
        format!("there is no incident `{shown}`, neither by its id nor of a service of that name; see: sixty list")
    })
}

/// When it began and when it was over, by its journal.
pub(super) fn span(subject: &Subject) -> (Option<At>, Option<At>) {
    let material = postmortem::Material::bare(&subject.id, &subject.incident, &subject.parts);
    (postmortem::began(&material), postmortem::over(&material))
}

/// Tells the journal what was written where.
///
/// # Errors
/// It cannot be written.
pub(super) fn note(archive: &Archive, subject: &Subject, who: &str, written: &Written, now: At) -> Result<(), Fault> {
    let what = What::Exported { path: shown(&written.path), hash: written.hash.clone() };
    let entry = Entry::new(&format!("{}-1", new_id(now)), now, who, &host(), what);
    archive.append(Licence::of_a_person(), &subject.id, &entry).map(drop)
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
