//! Follows one incident's file and answers what is new. Opens files for reading only.
//!
//! Costs one metadata call while nothing changes. A last line without its line break is somebody's writing that is
//! not done (or never will be): it is left for later. A file that was cut or replaced is read again from its start.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::facts::At;
use crate::incident::Entry;
use crate::incident::What;
use crate::runtime::journal::guard;
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

/// How an incident ended, or that it goes on after an end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Resolved,
    Reopened,
    Merged(String),
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
    /// Hashes of the ids that were answered already (a line that was written twice is one entry), and in which turn
    /// each was last found in the file.
    seen: HashMap<u64, u32>,
    hasher: RandomState,
    /// How often the file was read from its start.
    turn: u32,
    skipped: usize,
    last_at: Option<At>,
    opened: Option<At>,
    /// The last word on whether it is over: by time, ties by id.
    ended: Option<(At, String, End)>,
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
            seen: HashMap::new(),
            hasher: RandomState::new(),
            turn: 0,
            skipped: 0,
            last_at: None,
            opened: None,
            ended: None,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether anything in the file is an entry.
    pub(super) fn has_any(&self) -> bool {
        self.last_at.is_some()
    }

    /// Lines that are not entries.
    pub(super) fn skipped(&self) -> usize {
        self.skipped
    }

    /// Whether an entry of that id was in the file when it was read last.
    pub(super) fn has(&self, id: &str) -> bool {
        self.seen.get(&self.hasher.hash_one(id)) == Some(&self.turn)
    }

    /// Whether the last word is that it ended, and not that it goes on again.
    pub(super) fn is_over(&self) -> bool {
        self.ended.as_ref().is_some_and(|(_, _, end)| *end != End::Reopened)
    }

    /// The incident that it goes on as a part of.
    pub(super) fn merged_into(&self) -> Option<&str> {
        match &self.ended {
            Some((_, _, End::Merged(incident))) => Some(incident),
            _ => None,
        }
    }

    /// When it was opened, or opened again.
    pub(super) fn began(&self) -> Option<At> {
        let again = self.ended.as_ref().filter(|(_, _, end)| *end == End::Reopened).map(|(at, _, _)| *at);
        self.opened.max(again)
    }

    /// When the last word on whether it is over was said.
    pub(super) fn ended_at(&self) -> Option<At> {
        self.ended.as_ref().map(|(at, _, _)| *at)
    }

    /// Nobody wrote for so long that it is history: by the entries' own times, or by the file's.
    pub(super) fn is_idle(&self, now: At) -> bool {
        self.last_at.is_none_or(|at| (now - at).to_std().is_ok_and(|age| age > place::IDLE))
            || self.modified.is_some_and(|modified| !place::is_fresh(modified))
    }

    /// It goes on: entries belong here.
    pub(super) fn is_current(&self, now: At) -> bool {
        !self.is_over() && !self.is_idle(now)
    }

    /// An entry of that time was just written to it.
    pub(super) fn note(&mut self, at: At) {
        self.last_at = self.last_at.max(Some(at));
    }

    /// Adds the entries of lines that became complete since the last call.
    pub(super) fn read(&mut self, out: &mut Vec<Entry>) -> io::Result<()> {
        let metadata = fs::symlink_metadata(&self.path)?;
        if self.stamp == Some(Stamp::of(&metadata)) {
            return Ok(());
        }
        let mut file = guard::read(&self.path)?;
        let metadata = file.metadata()?;
        let stamp = Stamp::of(&metadata);
        if !self.continues(&file, stamp) {
            self.offset = 0;
            self.mark.clear();
            self.skipped = 0;
            self.last_at = None;
            self.opened = None;
            self.ended = None;
            self.turn += 1;
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
        let id = self.hasher.hash_one(&entry.id);
        let answered = self.seen.insert(id, self.turn);
        // Else it is the same line twice.
        if answered != Some(self.turn) {
            self.weigh(&entry);
            if answered.is_none() {
                out.push(entry);
            }
        }
    }

    /// Notes what decides whether the incident goes on.
    fn weigh(&mut self, entry: &Entry) {
        self.note(entry.at);
        let end = match &entry.what {
            What::Opened { .. } => {
                self.opened = Some(self.opened.map_or(entry.at, |first| first.min(entry.at)));
                return;
            }
            What::Resolved => End::Resolved,
            What::Reopened => End::Reopened,
            What::MergedInto { incident } => End::Merged(incident.clone()),
            _ => return,
        };
        let said = (entry.at, entry.id.clone(), end);
        self.ended = self.ended.take().max(Some(said));
    }
}
