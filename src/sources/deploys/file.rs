//! A deploy log on this machine: the lines of [`records`], of which the end is read.
//!
//! The file is looked at, not watched: its length and time of change tell whether to read it again.

use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Payload;
use crate::facts::text::clean_line;
use crate::sources::deploys::in_future;
use crate::sources::deploys::joined;
use crate::sources::deploys::records;
use crate::sources::deploys::settle;
use crate::sources::http::Http;

/// How much of the end of a file is read, in bytes.
const TAIL: u64 = 4 * 1024 * 1024;

/// A file on a network that is gone must not hold the source for ever.
const DEADLINE: Duration = Duration::from_secs(5);

/// Which file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileSettings {
    /// The name of the source.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// How often it is looked at.
    pub every: Duration,
}

#[derive(Debug)]
pub(super) struct File {
    pub(super) settings: FileSettings,
    pub(super) remark: Option<String>,
    /// The version of the file that the last answer came from.
    seen: Option<Version>,
}

/// What tells two versions of a file apart without reading it.
type Version = (u64, SystemTime);

/// What was read of a file.
enum Content {
    Unchanged,
    Tail { bytes: Vec<u8>, version: Version },
}

impl File {
    pub(super) fn new(settings: FileSettings) -> Self {
        Self { settings, remark: None, seen: None }
    }

    pub(super) fn address(&self) -> String {
        clean_line(&self.settings.path.display().to_string(), 300)
    }

    pub(super) async fn ask(&mut self, http: &Http, at: At) -> Result<Payload, Fault> {
        if let Some(there) = http.file(&self.settings.path) {
            let bytes = there.map_err(|error| self.fault(&error))?;
            let version = (bytes.len() as u64, SystemTime::UNIX_EPOCH);
            return self.take(Content::Tail { bytes, version }, at);
        }
        let (path, seen) = (self.settings.path.clone(), self.seen);
        let reading = tokio::task::spawn_blocking(move || read(&path, seen));
        let read = match tokio::time::timeout(DEADLINE, reading).await {
            Err(_) => {
                let cause = format!("{} could not be read within {} s", self.address(), DEADLINE.as_secs());
                return Err(Fault::new(FaultKind::Timeout, &cause).advise("is it on a network drive that hangs?"));
            }
            Ok(Err(error)) => return Err(Fault::new(FaultKind::Local, &error.to_string())),
            Ok(Ok(read)) => read.map_err(|error| self.fault(&error))?,
        };
        self.take(read, at)
    }

    fn take(&mut self, read: Content, at: At) -> Result<Payload, Fault> {
        let Content::Tail { bytes, version } = read else { return Ok(Payload::Unchanged) };
        let cut = version.0 > bytes.len() as u64;
        // A fault is said again at each question, until the file changes for the better.
        self.seen = None;
        self.remark = None;
        let records = records::parse(&bytes, cut)?;
        let skipped = records.remark();
        let tail = cut.then(|| format!("only the last {} MiB of the file are read", TAIL / 1024 / 1024));
        let (changes, future) = settle(records.changes, at);
        self.remark = joined([skipped, tail, in_future(future)]);
        // What lies in the future will count later, without a change of the file.
        self.seen = (future == 0).then_some(version);
        Ok(Payload::Changes(changes))
    }

    fn fault(&self, error: &std::io::Error) -> Fault {
        let path = self.address();
        let (cause, advice) = match error.kind() {
            std::io::ErrorKind::NotFound => (
                format!("{path} does not exist"),
                "let the deployment write a line of JSON into it, or correct the path",
            ),
            std::io::ErrorKind::PermissionDenied => {
                (format!("{path} cannot be read: permission denied"), "make it readable for this user")
            }
            std::io::ErrorKind::IsADirectory => (format!("{path} is a directory"), "name the file in it"),
            std::io::ErrorKind::InvalidInput => {
                (format!("{path} is not a file"), "a pipe or a device cannot be read again and again")
            }
            kind => (format!("{path} cannot be read: {kind}"), ""),
        };
        Fault::new(FaultKind::Local, &cause).advise(advice)
    }
}

fn read(path: &Path, seen: Option<Version>) -> std::io::Result<Content> {
    // Opening a pipe without a writer would wait for ever: the kind is looked at first.
    let about = std::fs::metadata(path)?;
    if about.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    if !about.is_file() {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    let version = (about.len(), about.modified()?);
    if seen == Some(version) {
        return Ok(Content::Unchanged);
    }
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(about.len().saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    // What is appended meanwhile is read the next time.
    file.take(about.len().min(TAIL)).read_to_end(&mut bytes)?;
    Ok(Content::Tail { bytes, version })
}
