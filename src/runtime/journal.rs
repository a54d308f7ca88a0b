//! The journal of a service's current incident as a file that several `sixty` share: append, follow, never lose.
//!
//! Files are `DIR/incidents/<service>/<opened>-<random>.jsonl`. The current incident is the one that was opened, or
//! opened again, last, that is not over and in which somebody wrote within six hours; one that was made a part of
//! another is that other one. The first entry without one opens one. What cannot be written waits in memory. Reading
//! and writing are apart: a read-only journal owns no `Writer`, and nothing else can write. What the entries mean is
//! [`crate::incident`]'s.

mod append;
mod archive;
mod change;
mod guard;
mod identity;
mod place;
mod rights;
mod roster;
mod tail;
mod write;

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::app::Licence;
use crate::facts::At;
use crate::facts::Fault;
use crate::incident::Entry;
use crate::runtime::journal::place::FolderStamp;
use crate::runtime::journal::tail::Tail;
use crate::runtime::journal::write::Writer;

pub use crate::runtime::journal::archive::Archive;
pub use crate::runtime::journal::archive::Found;
pub use crate::runtime::journal::archive::Listing;
pub use crate::runtime::journal::archive::Loaded;
pub use crate::runtime::journal::change::Signature;
pub use crate::runtime::journal::identity::host;
pub use crate::runtime::journal::identity::new_id;
pub use crate::runtime::journal::identity::who;
pub use crate::runtime::journal::place::IDLE;
pub use crate::runtime::journal::roster::Roster;
pub use crate::runtime::journal::write::Appended;

/// How often an incident may be a part of another that is a part of another.
const CHAIN_MAX: usize = 16;

/// What a journal may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Read and append: only for whoever may act.
    Write(Licence),
    /// Only read: no file is opened for writing, no directory made, no lock taken.
    ReadOnly,
}

/// The journal of one service. Calls block for the time of a small disk write; keep them off the task that draws.
pub struct Journal {
    service: String,
    /// The state directory.
    dir: PathBuf,
    folder: PathBuf,
    /// The incident that is followed: the current one, or one that was resolved while we followed it.
    tail: Option<Tail>,
    /// Read already, not answered yet.
    unread: Vec<Entry>,
    /// The state of the folder when it was last searched.
    searched: Option<FolderStamp>,
    /// The incident that the last [`Journal::poll`] was about.
    told: Option<PathBuf>,
    replaced: bool,
    trouble: Option<Fault>,
    /// `None` when read-only.
    writer: Option<Writer>,
}

impl Journal {
    /// The journal of a service under a state directory. Never fails and touches nothing yet: the folders are made
    /// with the first entry.
    #[must_use]
    pub fn open(dir: &Path, service: &str, access: Access) -> Self {
        Self {
            service: service.to_owned(),
            dir: dir.to_path_buf(),
            folder: place::folder(dir, service),
            tail: None,
            unread: Vec::new(),
            searched: None,
            told: None,
            replaced: false,
            trouble: None,
            writer: match access {
                Access::Write(licence) => Some(Writer::new(licence)),
                Access::ReadOnly => None,
            },
        }
    }

    /// The entries that were not answered before, one's own included, each once. Two metadata calls when nothing
    /// changed. `now` decides only whether an incident is over for being idle.
    ///
    /// They belong to [`Journal::incident`]; ask [`Journal::take_replaced`] before they are folded.
    #[must_use]
    pub fn poll(&mut self, now: At) -> Vec<Entry> {
        self.trouble = None;
        self.look(now);
        self.read();
        // It has just ended: perhaps it goes on as a part of another, or another goes on beside it.
        if self.searched.is_none() && self.tail.as_ref().is_some_and(Tail::is_over) {
            self.look(now);
        }
        if self.tail.take_if(|tail| tail.is_idle(now)).is_some() {
            self.unread.clear();
            self.searched = None;
        }
        let path = self.path().map(Path::to_path_buf);
        let mut entries = std::mem::take(&mut self.unread);
        let mut visited = HashSet::from_iter(self.incident());
        entries.extend(archive::parts(&self.dir, &entries, &mut visited));
        if path != self.told {
            let waiting = self.writer.iter().flat_map(|writer| &writer.queue);
            let ours = waiting.filter(|one| one.target.is_none() || one.target == path);
            entries.extend(ours.map(|pending| pending.entry.clone()));
            // Joining the first one replaces nothing: what was ticked before it goes into it.
            self.replaced |= self.told.is_some();
            self.told = path;
        }
        entries
    }

    /// Whether, since this was last asked, the answers of [`Journal::poll`] went over to another incident (or to
    /// none): forget the old state, for they are all entries of the new one, with those of ours that still wait.
    #[must_use]
    pub fn take_replaced(&mut self) -> bool {
        std::mem::take(&mut self.replaced)
    }

    /// Reads on in the incident that is followed.
    fn read(&mut self) {
        let Some(tail) = &mut self.tail else { return };
        let was_over = tail.is_over();
        match tail.read(&mut self.unread) {
            Ok(()) if tail.is_over() && !was_over => self.searched = None,
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.tail = None;
                self.unread.clear();
                self.searched = None;
            }
            Err(error) => self.trouble = Some(write::fault(tail.path(), &error)),
        }
    }

    fn look(&mut self, now: At) {
        if let Err(error) = self.search(now) {
            self.trouble = Some(write::fault(&self.folder, &error));
        }
    }

    /// Looks for the current incident, if the folder changed since the last look.
    fn search(&mut self, now: At) -> io::Result<()> {
        let metadata = match fs::metadata(&self.folder) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.tail = None;
                self.unread.clear();
                self.searched = None;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let (stamp, settled) = FolderStamp::of(&metadata);
        if self.searched == Some(stamp) {
            return Ok(());
        }
        let mut certain = settled;
        let mut found: Option<(Tail, Vec<Entry>)> = None;
        for path in place::list(&self.folder)? {
            if self.tail.as_ref().is_some_and(|tail| tail.path() == path && tail.merged_into().is_none()) {
                continue;
            }
            if fs::metadata(&path).and_then(|file| file.modified()).is_ok_and(|at| !place::is_fresh(at)) {
                continue;
            }
            match root(&self.dir, path) {
                Err((path, error)) => {
                    // Looked at again each time, so that the trouble is told for as long as it lasts.
                    certain = false;
                    self.trouble = Some(write::fault(&path, &error));
                }
                Ok((tail, entries)) => {
                    let followed = self.path() == Some(tail.path());
                    let later = found.as_ref().is_none_or(|(other, _)| tail.began() > other.began());
                    if !followed && later && tail.is_current(now) {
                        found = Some((tail, entries));
                    }
                }
            }
        }
        let followed = self.tail.as_ref().filter(|tail| tail.is_current(now));
        if let Some((tail, entries)) =
            found.filter(|(other, _)| followed.is_none_or(|tail| tail.began() < other.began()))
        {
            self.follow(tail, entries);
        }
        self.searched = certain.then_some(stamp);
        Ok(())
    }

    fn follow(&mut self, tail: Tail, entries: Vec<Entry>) {
        self.tail = Some(tail);
        self.unread = entries;
    }

    /// How many entries wait for the disk.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.writer.as_ref().map_or(0, |writer| writer.queue.len())
    }

    /// Whether the entry of that id waits for the disk.
    #[must_use]
    pub fn waits(&self, id: &str) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.queue.iter().any(|pending| pending.entry.id == id))
    }

    /// The name of the incident that is followed, clean; `None` while there is none.
    #[must_use]
    pub fn incident(&self) -> Option<String> {
        self.path().map(place::id)
    }

    /// The file of the incident that is followed; `None` while there is none.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.tail.as_ref().map(Tail::path)
    }

    /// Lines of that file that are not entries, for the log and the footer.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.tail.as_ref().map_or(0, Tail::skipped)
    }

    /// What is wrong now: why entries wait, else why the last poll could not read. `None` when all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<&Fault> {
        self.writer.as_ref().and_then(|writer| writer.trouble.as_ref()).or(self.trouble.as_ref())
    }
}

/// Reads the incident of a file, or the one that it goes on as a part of; answers all entries of that one.
fn root(dir: &Path, path: PathBuf) -> Result<(Tail, Vec<Entry>), (PathBuf, io::Error)> {
    let read = |path: PathBuf| {
        let (mut tail, mut entries) = (Tail::new(path), Vec::new());
        match tail.read(&mut entries) {
            Ok(()) => Ok((tail, entries)),
            Err(error) => Err((tail.path().to_path_buf(), error)),
        }
    };
    let (mut tail, mut entries) = read(path)?;
    for _ in 0..CHAIN_MAX {
        let Some(next) = tail.merged_into().and_then(|id| place::find(dir, id)) else { break };
        (tail, entries) = read(next)?;
    }
    Ok((tail, entries))
}
