//! The journal of a service's current incident as a file that several `sixty` share: append, follow, never lose.
//!
//! Files are `DIR/incidents/<service>/<opened>-<random>.jsonl`. The current incident is the newest one that is not
//! resolved and in which somebody wrote within six hours; the first entry without one opens one. What cannot be written
//! waits in memory. Reading and writing are apart: a read-only journal owns no `Writer`, and nothing else can write.
//! What the entries mean is [`crate::incident`]'s.

mod identity;
mod place;
mod roster;
mod tail;
mod write;

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::incident::Entry;
use crate::incident::What;
use crate::runtime::journal::place::FolderStamp;
use crate::runtime::journal::tail::Tail;
use crate::runtime::journal::write::Pending;
use crate::runtime::journal::write::Writer;

pub use crate::runtime::journal::identity::host;
pub use crate::runtime::journal::identity::new_id;
pub use crate::runtime::journal::identity::who;
pub use crate::runtime::journal::roster::Roster;

/// How often the files may vanish under our hands before it is told as trouble.
const VANISHED_MAX: usize = 3;

/// What a journal may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Read and append.
    Write,
    /// Only read: no file is opened for writing, no directory made, no lock taken.
    ReadOnly,
}

/// The journal of one service. Calls block for the time of a small disk write; keep them off the task that draws.
pub struct Journal {
    service: String,
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
            folder: place::folder(dir, service),
            tail: None,
            unread: Vec::new(),
            searched: None,
            told: None,
            replaced: false,
            trouble: None,
            writer: (access == Access::Write).then(Writer::new),
        }
    }

    /// Writes an entry to the current incident, or opens one with it. When this answers `Ok`, the entry, and all that
    /// waited before it, is on disk.
    ///
    /// # Errors
    /// Why it is not on disk. It waits in memory for [`Journal::retry`], except when the journal is read-only or
    /// readers would not accept the entry.
    pub fn append(&mut self, entry: &Entry) -> Result<(), Fault> {
        let Some(writer) = &mut self.writer else {
            return Err(
                Fault::new(FaultKind::Denied, "this sixty is read-only").advise("tick on the on-call's own sixty")
            );
        };
        // What no reader would accept must not count as written.
        let line = entry.line();
        if line.len() >= tail::LINE_MAX {
            return Err(Fault::new(FaultKind::TooLarge, "the entry is too long").advise("write less at once"));
        }
        if let Err(reason) = Entry::parse(&line) {
            return Err(
                Fault::new(FaultKind::Unreadable, &reason).advise("this is a mistake in sixty; please report it")
            );
        }
        let target = self.tail.as_ref().filter(|tail| tail.is_current(entry.at)).map(|tail| tail.path().to_path_buf());
        writer.queue.push_back(Pending { entry: entry.clone(), target });
        self.retry().map(|_| ())
    }

    /// Tries to write what waits, oldest first. Answers how many entries were written; 0 at once when none waits.
    ///
    /// # Errors
    /// Why the rest still waits; also told by [`Journal::trouble`].
    pub fn retry(&mut self) -> Result<usize, Fault> {
        let Some(mut writer) = self.writer.take() else { return Ok(0) };
        let result = self.flush(&mut writer);
        writer.trouble = result.as_ref().err().cloned();
        self.writer = Some(writer);
        result
    }

    fn flush(&mut self, writer: &mut Writer) -> Result<usize, Fault> {
        let mut written = 0;
        let mut vanished = 0;
        while let Some(first) = writer.queue.front() {
            let at = first.entry.at;
            let current = self.tail.as_ref().filter(|tail| tail.is_current(at)).map(|tail| tail.path().to_path_buf());
            let Some(target) = first.target.clone().or(current) else {
                written += self.begin(writer, at).map_err(|error| write::fault(&self.folder, &error))?;
                continue;
            };
            match writer.append(&target) {
                Ok(count) => {
                    written += count;
                    if let Some(tail) = self.tail.as_mut().filter(|tail| tail.path() == target) {
                        tail.note(at);
                    }
                }
                Err(error) if error.kind() == ErrorKind::NotFound && vanished < VANISHED_MAX => {
                    vanished += 1;
                    writer.forget(&target);
                    self.tail.take_if(|tail| tail.path() == target);
                }
                Err(error) => return Err(write::fault(&target, &error)),
            }
        }
        Ok(written)
    }

    /// Joins the current incident, or opens one for the first entry that waits. Under the folder's lock, so that all
    /// who do it at once find the same one. Answers how many waiting entries it wrote.
    fn begin(&mut self, writer: &mut Writer, at: At) -> io::Result<usize> {
        let held = writer.hold(&self.folder)?;
        self.searched = None;
        self.search(at)?;
        if self.tail.as_ref().is_some_and(|tail| tail.is_current(at)) {
            return Ok(0);
        }
        let Some(first) = writer.queue.front().map(|pending| &pending.entry) else { return Ok(0) };
        let opens = matches!(first.what, What::Opened { .. });
        let path = if opens {
            held.create(at, first)?
        } else {
            let what = What::Opened { service: self.service.clone(), title: String::new() };
            let opening = Entry::new(&new_id(at), at, &first.who, &first.host, what);
            held.create(at, &opening)?
        };
        let mut tail = Tail::new(path);
        tail.note(at);
        self.follow(tail, Vec::new());
        Ok(if opens { writer.queue.drain(..1).count() } else { 0 })
    }

    /// The entries that were not answered before, one's own included, each once. Two metadata calls when nothing
    /// changed. `now` decides only whether an incident is over for being idle.
    ///
    /// They belong to [`Journal::incident`]; ask [`Journal::take_replaced`] before they are folded.
    #[must_use]
    pub fn poll(&mut self, now: At) -> Vec<Entry> {
        self.trouble = None;
        if let Err(error) = self.search(now) {
            self.trouble = Some(write::fault(&self.folder, &error));
        }
        self.read();
        if self.tail.take_if(|tail| tail.is_idle(now)).is_some() {
            self.unread.clear();
            self.searched = None;
        }
        let path = self.path().map(Path::to_path_buf);
        let mut entries = std::mem::take(&mut self.unread);
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
        let was_resolved = tail.is_resolved();
        match tail.read(&mut self.unread) {
            Ok(()) if tail.is_resolved() && !was_resolved => self.searched = None,
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.tail = None;
                self.searched = None;
            }
            Err(error) => self.trouble = Some(write::fault(tail.path(), &error)),
        }
    }

    /// Looks for the current incident, if the folder changed since the last look.
    fn search(&mut self, now: At) -> io::Result<()> {
        let metadata = match fs::metadata(&self.folder) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.tail = None;
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
        for path in place::list(&self.folder)? {
            if let Some(tail) = self.tail.as_ref().filter(|tail| tail.path() == path) {
                if tail.is_current(now) {
                    break;
                }
                continue;
            }
            if fs::metadata(&path).and_then(|file| file.modified()).is_ok_and(|at| !place::is_fresh(at)) {
                continue;
            }
            let (mut tail, mut entries) = (Tail::new(path), Vec::new());
            if let Err(error) = tail.read(&mut entries) {
                // Looked at again each time, so that the trouble is told for as long as it lasts.
                certain = false;
                self.trouble = Some(write::fault(tail.path(), &error));
            } else if tail.is_current(now) {
                self.follow(tail, entries);
                break;
            }
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

    /// The name of the incident that is followed, clean; `None` while there is none.
    #[must_use]
    pub fn incident(&self) -> Option<String> {
        let stem = self.path()?.file_stem()?;
        Some(clean_line(&stem.to_string_lossy(), 100))
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
