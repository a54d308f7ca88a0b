//! The file: opening it, what is in it, and what is wrong with it.
//!
//! `SQLite` in WAL mode: a process that dies in the middle of a row leaves the rows before it, and readers never wait
//! for the writer. A row that is lost with the machine's power is no loss that anybody could act upon, so that nothing
//! is synced but at checkpoints. A file that is damaged is set aside and never written to again.

use std::fmt;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::ErrorCode;
use rusqlite::OpenFlags;
use rusqlite::TransactionBehavior;

use crate::sources::embedded::recording::bytes::Broken;

/// The name of the file in its folder.
const NAME: &str = "metrics.db";

/// What is in the file, in which form. Another form is not read.
const FORMAT: i64 = 1;

/// How long to wait for another process that writes; it does so for some milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The page size that new files have.
const PAGE: u64 = 4_096;

/// The most that the log of what was written last may take beside the file.
const LOG: u64 = 8 << 20;

/// Rows of a recording are numbered from `recording << SHIFT` on, so that they lie together.
pub const SHIFT: u32 = 40;

const TABLES: &str = "
    CREATE TABLE recording(
        id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, service TEXT NOT NULL, keep_ms INTEGER NOT NULL,
        holder TEXT, beat INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        capped INTEGER NOT NULL, state_no INTEGER NOT NULL, state BLOB NOT NULL);
    CREATE TABLE scrape(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, is_key INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE answer(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE segment(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL);
    CREATE TABLE series(
        id INTEGER PRIMARY KEY, target INTEGER NOT NULL, last INTEGER NOT NULL, labels BLOB NOT NULL);
";

/// Why the file cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// It is not what was written.
    Damaged,
    /// Neither the disk nor the cap has room.
    Full,
    /// Another process holds it for long.
    Busy,
    /// Anything else, in words.
    Other(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => f.write_str("the file is damaged"),
            Self::Full => f.write_str("there is no room; see the disk, and `size` in [recording]"),
            Self::Busy => f.write_str("another program holds the file"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::ReadOnly) => Self::Other("the file may not be written".to_owned()),
            Some(ErrorCode::CannotOpen) => Self::Other("the file cannot be opened".to_owned()),
            Some(ErrorCode::FileLockingProtocolFailed) => Self::Other("the file system has no locks".to_owned()),
            Some(ErrorCode::SystemIoFailure) => Self::Other("the disk cannot be read or written".to_owned()),
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            kind => Self::Other(kind.to_string()),
        }
    }
}

impl From<Broken> for Trouble {
    fn from(_: Broken) -> Self {
        Self::Damaged
    }
}

/// The path of the file in a state directory.
pub fn path_in(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// The open file.
pub struct File {
    pub db: Connection,
    path: PathBuf,
    /// Which file it is, so that it is noticed when another took its name.
    which: (u64, u64),
    /// The most pages that it may have.
    pub pages: u64,
}

impl File {
    /// Opens the file, or makes it; it never grows beyond `cap` bytes, its log included.
    pub fn open(path: &Path, cap: u64) -> Result<Self, Trouble> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
            make(path, dir)?;
        }
        // Before it is opened: if it is replaced in between, it is noticed later.
        let which = identity(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags)?;
        settle(&db)?;
        let pages = (cap.saturating_sub(LOG.min(cap / 2)) / PAGE).max(64);
        db.pragma_update(None, "max_page_count", pages as i64)?;
        if version(&db)? == 0 {
            db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        }
        let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(Trouble::Other("the file system cannot be shared by several programs".to_owned()));
        }
        db.pragma_update(None, "synchronous", "NORMAL")?;
        db.pragma_update(None, "journal_size_limit", (LOG / 4) as i64)?;
        if version(&db)? == 0 {
            let make = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if version(&make)? == 0 {
                make.execute_batch(TABLES)?;
                make.pragma_update(None, "user_version", FORMAT)?;
            }
            make.commit()?;
        }
        Self::checked(db, path, which, pages)
    }

    /// Opens the file to look at it; nothing is written, made or locked for others. `None` where no process has it
    /// open, so that nobody can be recording.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, Trouble> {
        let shared = path.with_extension("db-shm");
        if !path.exists() || !shared.exists() {
            return Ok(None);
        }
        let which = identity(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let db = Connection::open_with_flags(format!("file:{}?mode=ro&readonly_shm=1", escaped(path)), flags)?;
        settle(&db)?;
        Self::checked(db, path, which, 0).map(Some)
    }

    /// The same, also where no process has it open; `None` where there is no file.
    pub fn open_past(path: &Path) -> Result<Option<Self>, Trouble> {
        if let Some(file) = Self::open_to_read(path)? {
            return Ok(Some(file));
        }
        // With a log and no index beside it, it may not be read without making that.
        if !path.exists() || path.with_extension("db-wal").metadata().is_ok_and(|log| log.len() > 0) {
            return Ok(None);
        }
        let which = identity(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        // Whoever closed it last wrote its log into it. Else not even reading is possible without making files.
        let db = Connection::open_with_flags(format!("file:{}?mode=ro&immutable=1", escaped(path)), flags)?;
        settle(&db)?;
        Self::checked(db, path, which, 0).map(Some)
    }

    fn checked(db: Connection, path: &Path, which: (u64, u64), pages: u64) -> Result<Self, Trouble> {
        match version(&db)? {
            FORMAT => Ok(Self { db, path: path.to_owned(), which, pages }),
            _ => Err(Trouble::Other("the file is of another version of sixty".to_owned())),
        }
    }

    /// Whether the file still has its name: somebody may have moved or deleted it.
    pub fn is_current(&self) -> bool {
        identity(&self.path).is_ok_and(|which| which == self.which)
    }
}

/// Puts a damaged file out of the way, under a name that tells when, and answers that name. Whoever else has it open
/// notices that it lost its name.
pub fn set_aside(path: &Path, now_ms: i64) -> Result<PathBuf, Trouble> {
    let aside = path.with_extension(format!("damaged-{now_ms}"));
    fs::rename(path, &aside)?;
    for ending in ["db-wal", "db-shm"] {
        let _ = fs::rename(path.with_extension(ending), aside.with_extension(format!("damaged-{now_ms}-{ending}")));
    }
    Ok(aside)
}

/// Makes the file where it is missing: only for its user, or for the group as well where the folder is the group's.
fn make(path: &Path, dir: &Path) -> Result<(), Trouble> {
    let shared = fs::metadata(dir)?.mode() & 0o020 != 0;
    let mode = if shared { 0o660 } else { 0o600 };
    match fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

fn settle(db: &Connection) -> Result<(), Trouble> {
    db.busy_timeout(PATIENCE)?;
    // Kibibytes: rows are written once and read once.
    db.pragma_update(None, "cache_size", -256)?;
    db.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

fn version(db: &Connection) -> Result<i64, Trouble> {
    Ok(db.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// A path as `SQLite` reads it in an address.
fn escaped(path: &Path) -> String {
    let mut out = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' => out.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(*byte)),
            byte => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}
