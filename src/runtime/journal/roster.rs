//! Which services have a folder of incidents at all: one look at one folder tells whether there are new ones.
//!
//! A server may name hundreds of services, and in most of them nobody ever ticked anything. Only looks, never writes.

use std::fs;
use std::path::{Path, PathBuf};

use super::place;
use super::place::FolderStamp;

/// The folder of all services, and how it was when it was last looked at.
#[derive(Debug)]
pub struct Roster {
    folder: PathBuf,
    seen: Option<FolderStamp>,
}

impl Roster {
    /// The roster under a state directory. Touches nothing yet.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { folder: place::all(dir), seen: None }
    }

    /// Whether there may be folders that were not there at the last look. One metadata call.
    pub fn has_changed(&mut self) -> bool {
        let Ok(metadata) = fs::metadata(&self.folder) else {
            self.seen = None;
            return false;
        };
        let (stamp, settled) = FolderStamp::of(&metadata);
        let changed = self.seen != Some(stamp);
        self.seen = settled.then_some(stamp);
        changed
    }

    /// The next look finds everything new, as after more services have become known.
    pub const fn look_again(&mut self) {
        self.seen = None;
    }

    /// Whether anybody ever opened an incident of the service.
    #[must_use]
    pub fn has(dir: &Path, service: &str) -> bool {
        place::folder(dir, service).is_dir()
    }
}
