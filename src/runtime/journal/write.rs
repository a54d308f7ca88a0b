//! The only place that writes incidents. Every way in is a method of [`Writer`], and a read-only journal has none.
//!
//! A line is written whole, at the end, under the file's lock, and synced before it counts. What another writer left
//! torn is closed first; nothing is ever cut or overwritten.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, openat, renameat, unlinkat};

use crate::app::Licence;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::incident::Entry;
use crate::incident::What;
use crate::runtime::journal::guard;
use crate::runtime::journal::place;
use crate::runtime::journal::rights;
use crate::runtime::journal::tail::Tail;

/// How long to wait for a lock. It is held for one write and one sync; longer than this means that its holder was
/// stopped (Ctrl-Z) in between, and the entry is better kept than the caller.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// How often a file that is replaced under our hands is opened again.
const REOPENS: usize = 3;
/// How the file of an incident is called until its first line is in it.
const UNBORN: &str = ".new-";

/// An entry that is not on disk yet.
pub(super) struct Pending {
    /// The entry.
    pub(super) entry: Entry,
    /// The incident that was current when it was made; `None` when there was none.
    pub(super) target: Option<PathBuf>,
}

/// Whether an entry was new to its incident.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Appended {
    /// It was written.
    New,
    /// The incident has an entry of that id: nothing was written.
    Known,
}

/// The right to write, and what could not be written yet.
pub(super) struct Writer {
    /// Oldest first.
    pub(super) queue: VecDeque<Pending>,
    /// Why the queue is not empty.
    pub(super) trouble: Option<Fault>,
}

impl Writer {
    /// Only for whoever may act.
    pub(super) fn new(_: Licence) -> Self {
        Self { queue: VecDeque::new(), trouble: None }
    }

    /// Appends to the file of `tail` all entries at the head of the queue that belong there, but for those that it
    /// has; with one write and one sync. Takes them off the queue and answers what became of each. What others wrote
    /// goes to `unread`. After an error all of them are still in the queue; part of them may be in the file, and is
    /// found there the next time.
    pub(super) fn append(&mut self, tail: &mut Tail, unread: &mut Vec<Entry>) -> io::Result<Vec<Appended>> {
        let path = tail.path().to_path_buf();
        let belongs = |pending: &&Pending| pending.target.as_deref().is_none_or(|target| target == path);
        let mut file = open_locked(&path)?;
        let entries = self.queue.iter().take_while(belongs).map(|pending| &pending.entry);
        let reopens = entries.clone().any(|entry| entry.what == What::Reopened);
        let appended = put(&mut file, tail, unread, entries)?;
        if reopens {
            stir(&path);
        }
        self.queue.drain(..appended.len());
        Ok(appended)
    }

    /// Makes the folder where it is missing and holds it, so that two who open an incident at once open one.
    #[expect(clippy::unused_self, reason = "the receiver is the right to write")]
    pub(super) fn hold(&self, folder: &Path) -> io::Result<Held> {
        rights::make_folder(folder)?;
        let handle = guard::folder(folder)?;
        lock(&handle)?;
        Ok(Held { folder: folder.to_path_buf(), handle })
    }

    /// The file of an incident is gone: its entries go to whichever is current.
    pub(super) fn forget(&mut self, path: &Path) {
        for pending in &mut self.queue {
            pending.target.take_if(|target| target == path);
        }
    }
}

/// The file of an incident that nobody else writes to until this is dropped.
pub(super) struct Locked {
    file: File,
    /// What was read of it, under the lock.
    pub(super) tail: Tail,
    /// All its entries.
    pub(super) entries: Vec<Entry>,
}

impl Locked {
    /// Locks a file and reads it; only for whoever may act.
    pub(super) fn open(_: Licence, path: &Path) -> io::Result<Self> {
        let mut locked = Self { file: open_locked(path)?, tail: Tail::new(path.to_path_buf()), entries: Vec::new() };
        locked.tail.read(&mut locked.entries)?;
        Ok(locked)
    }

    /// Writes an entry, once, and syncs it.
    pub(super) fn put(&mut self, entry: &Entry) -> io::Result<Appended> {
        let appended = put(&mut self.file, &mut self.tail, &mut self.entries, std::iter::once(entry))?;
        if entry.what == What::Reopened {
            stir(self.tail.path());
        }
        Ok(appended.first().copied().unwrap_or(Appended::Known))
    }
}

/// A folder that nobody else opens an incident in until this is dropped. Only a [`Writer`] gives it.
pub(super) struct Held {
    folder: PathBuf,
    handle: File,
}

impl Held {
    /// Makes the file of a new incident with its first line in it; it appears whole or not at all.
    pub(super) fn create(&self, opened: At, first: &Entry) -> io::Result<PathBuf> {
        // All by the handle: the name may have become a link to another folder.
        let folder = &self.handle;
        for entry in Dir::read_from(folder)?.flatten() {
            // Whoever began one of these was killed: we hold the folder.
            if entry.file_name().to_bytes().starts_with(UNBORN.as_bytes()) {
                let _ = unlinkat(folder, entry.file_name(), AtFlags::empty());
            }
        }
        let name = place::file_name(opened);
        let unborn = format!("{UNBORN}{name}");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let written = (|| {
            let mut file = File::from(openat(folder, &unborn, flags, Mode::RUSR | Mode::WUSR)?);
            rights::give_file(&file, folder)?;
            file.write_all(format!("{}\n", first.line()).as_bytes())?;
            file.sync_all()?;
            Ok(renameat(folder, &unborn, folder, &name)?)
        })();
        if let Err(error) = written {
            let _ = unlinkat(folder, &unborn, AtFlags::empty());
            return Err(error);
        }
        // The name must survive a power cut as well. Not every file system can sync a folder.
        let _ = self.handle.sync_all();
        Ok(self.folder.join(name))
    }
}

/// Opens a file for appending and locks it; makes sure that it is still the one with that name.
fn open_locked(path: &Path) -> io::Result<File> {
    for _ in 0..REOPENS {
        let file = guard::file(path, OFlags::RDWR | OFlags::APPEND)?;
        lock(&file)?;
        let (held, named) = (file.metadata()?, fs::symlink_metadata(path)?);
        if (held.dev(), held.ino()) == (named.dev(), named.ino()) {
            return Ok(file);
        }
    }
    Err(io::Error::other("the file is being replaced all the time"))
}

/// Writes the entries to a file that is locked, but for those that it has already, and syncs it; answers what became
/// of each. What was not read yet is read first.
fn put<'a>(
    file: &mut File,
    tail: &mut Tail,
    unread: &mut Vec<Entry>,
    entries: impl Iterator<Item = &'a Entry>,
) -> io::Result<Vec<Appended>> {
    tail.read(unread)?;
    if !tail.has_any() {
        // Each file is made with its first entry in it: this is another's, whatever it is called.
        return Err(io::Error::new(ErrorKind::InvalidData, "no line of it is an entry: it is no journal"));
    }
    if !ends_with_newline(file)? {
        // Its writer was killed, or its disk was full: nobody else closes the line. It may be whole all the same.
        file.write_all(b"\n")?;
    }
    tail.read(unread)?;
    let mut lines = String::new();
    let mut appended = Vec::new();
    let mut fresh = BTreeSet::new();
    for entry in entries {
        if tail.has(&entry.id) || !fresh.insert(entry.id.as_str()) {
            appended.push(Appended::Known);
            continue;
        }
        lines.push_str(&entry.line());
        lines.push('\n');
        appended.push(Appended::New);
    }
    file.write_all(lines.as_bytes())?;
    // Also where nothing is new: whoever wrote it may have died before it was safe.
    file.sync_data()?;
    tail.read(unread)?;
    Ok(appended)
}

/// Lets the folder of a file look changed, so that whoever follows no incident, or another, looks into it again.
fn stir(path: &Path) {
    let stirred = path.with_file_name(format!("{UNBORN}{}", fastrand::u64(..)));
    if OpenOptions::new().write(true).create_new(true).open(&stirred).is_ok() {
        let _ = fs::remove_file(&stirred);
    }
}

fn ends_with_newline(file: &File) -> io::Result<bool> {
    let len = file.metadata()?.len();
    let mut last = *b"\n";
    if len > 0 {
        file.read_exact_at(&mut last, len - 1)?;
    }
    Ok(last == *b"\n")
}

fn lock(file: &File) -> io::Result<()> {
    let until = Instant::now() + LOCK_WAIT;
    let mut pause = Duration::from_millis(1);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                return Err(io::Error::new(ErrorKind::TimedOut, "another program holds its lock"));
            }
            Err(TryLockError::WouldBlock) => {
                thread::sleep(pause.mul_f64(0.5 + fastrand::f64()));
                pause = (pause * 2).min(Duration::from_millis(16));
            }
        }
    }
}

/// An error of the file system in a person's words; who shows it says that it is the journal's.
pub(super) fn fault(path: &Path, error: &io::Error) -> Fault {
    let shown = path.display();
    let (cause, advice) = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            ("no space left".to_owned(), format!("make room for {shown}"))
        }
        ErrorKind::PermissionDenied => ("permission denied".to_owned(), rights::advice(path)),
        ErrorKind::ReadOnlyFilesystem => {
            ("read-only file system".to_owned(), format!("choose another place than {shown}"))
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            ("a file is in the way of a directory".to_owned(), format!("move it away from {shown}"))
        }
        ErrorKind::TimedOut => {
            (error.to_string(), format!("see who: fuser -v {shown}; a stopped sixty goes on with fg"))
        }
        _ => {
            let text = error.to_string();
            let cause = text.split(" (os error").next().unwrap_or(&text).to_lowercase();
            (cause, format!("look at {shown}"))
        }
    };
    Fault::new(FaultKind::Local, &cause).advise(&advice)
}
