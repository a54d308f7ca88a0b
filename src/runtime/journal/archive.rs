//! All incidents under a state directory: the list, one by its id, and what was merged into it. Only reads.
//!
//! Each file is read once per question; what cannot be read is told and hides nothing else. How an incident is changed
//! by its id is in `change`.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::incident::Entry;
use crate::incident::Incident;
use crate::incident::Row;
use crate::incident::What;
use crate::incident::as_part;
use crate::runtime::journal::Access;
use crate::runtime::journal::Journal;
use crate::runtime::journal::guard;
use crate::runtime::journal::place;
use crate::runtime::journal::tail::Tail;
use crate::runtime::journal::write;

/// All incidents under a state directory. Touches nothing until it is asked.
#[derive(Clone, Debug)]
pub struct Archive {
    pub(super) dir: PathBuf,
}

/// All incidents that there are.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Listing {
    /// Newest first.
    pub rows: Vec<Row>,
    /// Files and folders that could not be read, or lines of them that are none: the path, and why.
    pub damaged: Vec<(String, Fault)>,
}

/// What a word that may be (a part of) an id leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// An incident, by its id.
    One(String),
    /// No incident.
    None,
    /// More than one: their ids, newest first.
    Several(Vec<String>),
}

/// An incident with what was merged into it.
#[derive(Clone, PartialEq, Debug)]
pub struct Loaded {
    /// Its id.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
    /// The fold of its entries and of those of its parts.
    pub incident: Incident,
    /// Lines of its file that are not entries.
    pub skipped: usize,
    /// The incidents that are a part of it.
    pub parts: Vec<String>,
}

impl Archive {
    /// The incidents under a state directory.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_path_buf() }
    }

    /// The files of all incidents, newest first by the time in their names.
    fn files(&self, damaged: &mut Vec<(String, Fault)>) -> Result<Vec<PathBuf>, Fault> {
        let all = place::all(&self.dir);
        let folders = match guard::no_link(&all).and_then(|()| fs::read_dir(&all)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|error| write::fault(&all, &error))?,
        };
        let mut files = Vec::new();
        for folder in folders.flatten().map(|folder| folder.path()).filter(|path| path.is_dir()) {
            match place::list(&folder) {
                Ok(found) => files.extend(found),
                Err(error) => damaged.push((folder.display().to_string(), write::fault(&folder, &error))),
            }
        }
        files.sort_unstable_by(|a, b| b.file_name().cmp(&a.file_name()));
        Ok(files)
    }

    /// All incidents, newest first. Reads each file once.
    ///
    /// # Errors
    /// The folder of all services cannot be read. That there is none is no error.
    pub fn list(&self) -> Result<Listing, Fault> {
        let mut damaged = Vec::new();
        let mut rows = Vec::new();
        for path in self.files(&mut damaged)? {
            let shown = || path.display().to_string();
            match read(&path) {
                Err(error) => damaged.push((shown(), write::fault(&path, &error))),
                Ok((skipped, entries)) => {
                    if skipped > 0 {
                        let lines = if skipped == 1 { "line is" } else { "lines are" };
                        let cause = format!("{skipped} {lines} no entry");
                        let fault = Fault::new(FaultKind::Unreadable, &cause);
                        damaged.push((shown(), fault.advise("the rest of it is read; look at the file")));
                    }
                    if !entries.is_empty() {
                        rows.push(Row::of(&place::id(&path), &Incident::fold(entries)));
                    }
                }
            }
        }
        rows.sort_by(|a, b| (b.opened_at, &b.id).cmp(&(a.opened_at, &a.id)));
        Ok(Listing { rows, damaged })
    }

    /// The ids of all incidents, newest first. Reads no file.
    ///
    /// # Errors
    /// The folder of all services cannot be read.
    pub fn ids(&self) -> Result<Vec<String>, Fault> {
        Ok(self.files(&mut Vec::new())?.iter().map(|path| place::id(path)).collect())
    }

    /// The incident of that id, or the only one whose id begins or ends so; `latest` is the newest. Capitals do not
    /// matter.
    ///
    /// # Errors
    /// The folder of all services cannot be read.
    pub fn find(&self, word: &str) -> Result<Found, Fault> {
        let ids = self.ids()?;
        let word = word.trim().to_ascii_lowercase();
        if word == "latest" {
            return Ok(ids.into_iter().next().map_or(Found::None, Found::One));
        }
        if word.is_empty() {
            return Ok(Found::None);
        }
        let (mut same, mut alike) = (Vec::new(), Vec::new());
        for id in ids {
            let lower = id.to_ascii_lowercase();
            if lower == word {
                same.push(id);
            } else if lower.starts_with(&word) || lower.ends_with(&word) {
                alike.push(id);
            }
        }
        let mut found = if same.is_empty() { alike } else { same };
        Ok(match found.len() {
            0 => Found::None,
            1 => Found::One(found.remove(0)),
            _ => Found::Several(found),
        })
    }

    /// The incident that goes on now for a service, if any does.
    ///
    /// # Errors
    /// Its journal cannot be read.
    pub fn current(&self, service: &str, now: At) -> Result<Option<String>, Fault> {
        let mut journal = Journal::open(&self.dir, service, Access::ReadOnly);
        let _ = journal.poll(now);
        match (journal.incident(), journal.trouble()) {
            (None, Some(fault)) => Err(fault.clone()),
            (found, _) => Ok(found),
        }
    }

    /// The names of all services that ever had an incident, in order.
    ///
    /// # Errors
    /// The folder of all services cannot be read.
    pub fn services(&self) -> Result<Vec<String>, Fault> {
        let mut damaged = Vec::new();
        let mut folders = HashSet::new();
        let mut names = Vec::new();
        for path in self.files(&mut damaged)? {
            // The newest of each folder says how the service is called: its first line does.
            let Some(folder) = path.parent().map(Path::to_path_buf).filter(|folder| !folders.contains(folder)) else {
                continue;
            };
            if let Some(name) = read(&path).ok().and_then(|(_, entries)| service(&entries)) {
                folders.insert(folder);
                names.push(name);
            }
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The incident of an id, with the entries of those that are a part of it.
    ///
    /// # Errors
    /// There is none of that id, or its file cannot be read.
    pub fn load(&self, id: &str) -> Result<Loaded, Fault> {
        let path = self.path(id)?;
        let (skipped, entries) = read(&path).map_err(|error| write::fault(&path, &error))?;
        let mut visited = HashSet::from([id.to_owned()]);
        let of_parts = parts(&self.dir, &entries, &mut visited);
        let incident = Incident::fold(entries.into_iter().chain(of_parts));
        visited.remove(id);
        let mut parts: Vec<String> = visited.into_iter().collect();
        parts.sort_unstable();
        Ok(Loaded { id: id.to_owned(), path, incident, skipped, parts })
    }

    /// The file of an incident.
    pub(super) fn path(&self, id: &str) -> Result<PathBuf, Fault> {
        place::find(&self.dir, id).ok_or_else(|| {
            let cause = format!("there is no incident {}", crate::facts::text::clean_line(id, 100));
            Fault::new(FaultKind::NotFound, &cause).advise("see which there are: sixty list")
        })
    }
}

/// The service of an incident, by its entries.
pub(super) fn service(entries: &[Entry]) -> Option<String> {
    entries.iter().find_map(|entry| match &entry.what {
        What::Opened { service, .. } => Some(service.clone()),
        _ => None,
    })
}

/// The lines of a file that are no entries, and its entries.
fn read(path: &Path) -> io::Result<(usize, Vec<Entry>)> {
    let (mut tail, mut entries) = (Tail::new(path.to_path_buf()), Vec::new());
    tail.read(&mut entries)?;
    Ok((tail.skipped(), entries))
}

/// The entries of the incidents that are a part of the one with these entries, and of those that are a part of them.
/// One that was opened again after that goes on for itself, and one that cannot be read is left out. No incident is
/// read twice.
pub(super) fn parts(dir: &Path, entries: &[Entry], visited: &mut HashSet<String>) -> Vec<Entry> {
    let mut out = Vec::new();
    for entry in entries {
        let What::MergedFrom { incident, service } = &entry.what else { continue };
        if !visited.insert(incident.clone()) {
            continue;
        }
        let Some(Ok((_, own))) = place::find(dir, incident).map(|path| read(&path)) else { continue };
        if goes_on_alone(&own, entry.at) {
            visited.remove(incident);
            continue;
        }
        out.extend(parts(dir, &own, visited));
        out.extend(own.into_iter().map(|one| as_part(one, incident, service)));
    }
    out
}

/// Whether the last word on the end of an incident is that it was opened again after it was merged.
fn goes_on_alone(entries: &[Entry], merged_at: At) -> bool {
    let ends =
        entries.iter().filter(|entry| matches!(entry.what, What::Resolved | What::Reopened | What::MergedInto { .. }));
    let last = ends.max_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    last.is_some_and(|last| last.what == What::Reopened && last.at > merged_at)
}
