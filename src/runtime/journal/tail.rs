//! Follows one incident's file and answers what is new. Opens files for reading only.
//!
//! Costs one metadata call while nothing changes. A last line without its line break is somebody's writing that is
//! not done (or never will be): it is left for later. A file that was cut or replaced is read again from its start.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::facts::At;
use crate::incident::Entry;
use crate::incident::What;
use crate::runtime::journal::place;

/// Longest line that is looked at, in bytes. The longest that `sixty` writes is a quarter of it.
pub(super) const LINE_MAX: usize = 256 * 1024;
/// How many bytes before the read position are compared to know that the file is still the same.
const MARK: usize = 64;

/// What tells two states of a file apart.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    len: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            place: (metadata.dev(), metadata.ino()),
            len: metadata.len(),
            changed: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// A reader's place in one incident's file, and what decides whether it is the current incident.
pub(super) struct Tail {
    path: PathBuf,
    stamp: Option<Stamp>,
    modified: Option<SystemTime>,
    /// The end of the last complete line that was read.
    offset: u64,
    /// The last bytes before `offset`.
    mark: Vec<u8>,
    /// The ids that were answered already: a line that was written twice is one entry.
    seen: HashSet<String>,
    skipped: usize,
    last_at: Option<At>,
    resolved: bool,
}

impl Tail {
    /// At the start of a file.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            stamp: None,
            modified: None,
            offset: 0,
            mark: Vec::new(),
            seen: HashSet::new(),
            skipped: 0,
            last_at: None,
            resolved: false,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Lines that are not entries.
    pub(super) fn skipped(&self) -> usize {
        self.skipped
    }

    pub(super) fn is_resolved(&self) -> bool {
        self.resolved
    }

    /// Nobody wrote for so long that it is history: by the entries' own times, or by the file's.
    pub(super) fn is_idle(&self, now: At) -> bool {
        self.last_at.is_none_or(|at| (now - at).to_std().is_ok_and(|age| age > place::IDLE))
            || self.modified.is_some_and(|modified| !place::is_fresh(modified))
    }

    /// It goes on: entries belong here.
    pub(super) fn is_current(&self, now: At) -> bool {
        !self.resolved && !self.is_idle(now)
    }

    /// An entry of that time was just written to it.
    pub(super) fn note(&mut self, at: At) {
        self.last_at = self.last_at.max(Some(at));
    }

    /// Adds the entries of lines that became complete since the last call.
    pub(super) fn read(&mut self, out: &mut Vec<Entry>) -> io::Result<()> {
        let metadata = fs::metadata(&self.path)?;
        if self.stamp == Some(Stamp::of(&metadata)) {
            return Ok(());
        }
        // A named pipe would block on opening, a device may never end.
        if !metadata.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let mut file = File::open(&self.path)?;
        let metadata = file.metadata()?;
        let stamp = Stamp::of(&metadata);
        if !self.continues(&file, stamp) {
            self.offset = 0;
            self.mark.clear();
            self.skipped = 0;
            self.last_at = None;
            self.resolved = false;
        }
        file.seek(SeekFrom::Start(self.offset))?;
        self.read_lines(BufReader::with_capacity(64 * 1024, file), out)?;
        self.modified = metadata.modified().ok();
        // Taken before reading: what was written meanwhile is found by the next call.
        self.stamp = Some(stamp);
        Ok(())
    }

    /// Whether the file only grew since it was read.
    fn continues(&self, file: &File, stamp: Stamp) -> bool {
        let Some(before) = self.stamp else { return false };
        if before.place != stamp.place || stamp.len <= before.len {
            return false;
        }
        let mut bytes = vec![0; self.mark.len()];
        file.read_exact_at(&mut bytes, self.offset - self.mark.len() as u64).is_ok() && bytes == self.mark
    }

    fn read_lines(&mut self, mut reader: BufReader<File>, out: &mut Vec<Entry>) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut length = reader.by_ref().take(LINE_MAX as u64 + 1).read_until(b'\n', &mut line)? as u64;
            let mut complete = line.last() == Some(&b'\n');
            let endless = !complete && line.len() > LINE_MAX;
            if endless {
                length += reader.skip_until(b'\n')? as u64;
                let mut last = [0];
                reader.get_ref().read_exact_at(&mut last, self.offset + length - 1)?;
                complete = last == *b"\n";
            }
            if !complete {
                return Ok(());
            }
            self.offset += length;
            self.mark.clear();
            if endless {
                self.skipped += 1;
                self.mark.push(b'\n');
            } else {
                self.mark.extend_from_slice(&line[line.len().saturating_sub(MARK)..]);
                self.take(&line, out);
            }
        }
    }

    fn take(&mut self, line: &[u8], out: &mut Vec<Entry>) {
        let line = line.trim_ascii();
        if line.is_empty() {
            return;
        }
        // An editor may have left another encoding in a note: the rest of the entry is still true.
        let Ok(entry) = Entry::parse(&String::from_utf8_lossy(line)) else {
            self.skipped += 1;
            return;
        };
        self.note(entry.at);
        self.resolved |= entry.what == What::Resolved;
        if self.seen.insert(entry.id.clone()) {
            out.push(entry);
        }
    }
}
