//! What a journal asks of its writer: which incident an entry belongs to, and when one is opened for it.
//!
//! Nothing here touches a file but through the `Writer`, which a read-only journal does not have.

use std::io::{self, ErrorKind};

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::incident::Entry;
use crate::incident::What;
use crate::runtime::journal::Appended;
use crate::runtime::journal::Journal;
use crate::runtime::journal::identity::new_id;
use crate::runtime::journal::tail;
use crate::runtime::journal::tail::Tail;
use crate::runtime::journal::write;
use crate::runtime::journal::write::Pending;
use crate::runtime::journal::write::Writer;

/// How often the files may vanish under our hands before it is told as trouble.
const VANISHED_MAX: usize = 3;

/// How many entries were written, or found to be there, and which of it the last one was.
struct Flushed {
    count: usize,
    last: Appended,
}

/// What readers would not accept must not count as written.
pub(super) fn accepted(entry: &Entry) -> Result<(), Fault> {
    let line = entry.line();
    if line.len() >= tail::LINE_MAX {
        return Err(Fault::new(FaultKind::TooLarge, "the entry is too long").advise("write less at once"));
    }
    match Entry::parse(&line) {
        Ok(_) => Ok(()),
        Err(reason) => {
            Err(Fault::new(FaultKind::Unreadable, &reason).advise("this is a mistake in sixty; please report it"))
        }
    }
}

impl Journal {
    /// Writes an entry to the current incident, once: what others wrote is read first, under the file's lock, and an
    /// id that is there already is not written again. Without a current incident the entry opens one; of what
    /// belongs to the end of an incident ([`What::opens`]) only where none is followed. When this answers `Ok`, the
    /// entry, and all that waited before it, is on disk.
    ///
    /// # Errors
    /// Why it is not on disk. It waits in memory for [`Journal::retry`], except when the journal is read-only or
    /// readers would not accept the entry.
    pub fn append(&mut self, entry: &Entry) -> Result<Appended, Fault> {
        let target = self.tail.as_ref().filter(|tail| takes(tail, entry)).map(|tail| tail.path().to_path_buf());
        let Some(writer) = &mut self.writer else {
            return Err(
                Fault::new(FaultKind::Denied, "this sixty is read-only").advise("tick on the on-call's own sixty")
            );
        };
        accepted(entry)?;
        let waits = writer.queue.iter().any(|pending| pending.entry.id == entry.id);
        if !waits {
            writer.queue.push_back(Pending { entry: entry.clone(), target });
        }
        let flushed = self.retry_all()?;
        Ok(if waits { Appended::Known } else { flushed.last })
    }

    /// Tries to write what waits, oldest first. Answers how many entries wait no longer; 0 at once when none did.
    ///
    /// # Errors
    /// Why the rest still waits; also told by [`Journal::trouble`].
    pub fn retry(&mut self) -> Result<usize, Fault> {
        self.retry_all().map(|flushed| flushed.count)
    }

    fn retry_all(&mut self) -> Result<Flushed, Fault> {
        let Some(mut writer) = self.writer.take() else { return Ok(Flushed { count: 0, last: Appended::Known }) };
        let result = self.flush(&mut writer);
        writer.trouble = result.as_ref().err().cloned();
        self.writer = Some(writer);
        result
    }

    fn flush(&mut self, writer: &mut Writer) -> Result<Flushed, Fault> {
        let mut flushed = Flushed { count: 0, last: Appended::Known };
        let mut vanished = 0;
        while let Some(first) = writer.queue.front() {
            let current = self.tail.as_ref().filter(|tail| takes(tail, &first.entry));
            let Some(target) = first.target.clone().or(current.map(|tail| tail.path().to_path_buf())) else {
                let at = first.entry.at;
                if self.begin(writer, at).map_err(|error| write::fault(&self.folder, &error))? {
                    flushed = Flushed { count: flushed.count + 1, last: Appended::New };
                }
                continue;
            };
            let appended = match self.tail.as_mut().filter(|tail| tail.path() == target) {
                Some(tail) => {
                    let was_over = tail.is_over();
                    let appended = writer.append(tail, &mut self.unread);
                    if tail.is_over() != was_over {
                        self.searched = None;
                    }
                    appended
                }
                None => writer.append(&mut Tail::new(target.clone()), &mut Vec::new()),
            };
            match appended {
                Ok(appended) => {
                    flushed.count += appended.len();
                    flushed.last = appended.last().copied().unwrap_or(flushed.last);
                }
                // Gone, or none of ours any more.
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData)
                        && vanished < VANISHED_MAX =>
                {
                    vanished += 1;
                    writer.forget(&target);
                    self.tail.take_if(|tail| tail.path() == target);
                }
                Err(error) => return Err(write::fault(&target, &error)),
            }
        }
        Ok(flushed)
    }

    /// Joins the current incident, or opens one for the first entry that waits. Under the folder's lock, so that all
    /// who do it at once find the same one. Answers whether that wrote the entry.
    fn begin(&mut self, writer: &mut Writer, at: At) -> io::Result<bool> {
        let held = writer.hold(&self.folder)?;
        self.searched = None;
        self.search(at)?;
        let Some(first) = writer.queue.front().map(|pending| &pending.entry) else { return Ok(false) };
        if self.tail.as_ref().is_some_and(|tail| takes(tail, first)) {
            return Ok(false);
        }
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
        if opens {
            writer.queue.pop_front();
        }
        Ok(opens)
    }
}

/// Whether the entry goes to that incident: it goes on, or the entry is about its end.
fn takes(tail: &Tail, entry: &Entry) -> bool {
    tail.is_current(entry.at) || !entry.what.opens()
}
