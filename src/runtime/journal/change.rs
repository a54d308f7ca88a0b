//! Changes to an incident by its id: an entry, opened again, made a part of another. Needs a [`Licence`].
//!
//! Files are locked in the order of their paths, and what was decided before the lock is looked at again under it, so
//! that two who merge at once make no circle. All of it may be repeated.

use std::io;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;

use crate::app::Licence;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::incident::Entry;
use crate::incident::What;
use crate::runtime::journal::Appended;
use crate::runtime::journal::append::accepted;
use crate::runtime::journal::archive;
use crate::runtime::journal::archive::Archive;
use crate::runtime::journal::identity::new_id;
use crate::runtime::journal::place;
use crate::runtime::journal::root;
use crate::runtime::journal::write;
use crate::runtime::journal::write::Locked;

/// How often others may change both incidents while they are merged.
const ATTEMPTS: usize = 8;

/// Whose name is under an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// Who.
    pub who: String,
    /// On which machine.
    pub host: String,
}

impl Signature {
    fn entry(&self, at: At, what: What) -> Entry {
        Entry::new(&new_id(at), at, &self.who, &self.host, what)
    }
}

impl Archive {
    /// Writes an entry to an incident, once; to the one that it is a part of, if it is. When this answers `Ok`, the
    /// entry is on disk.
    ///
    /// # Errors
    /// There is no such incident, it cannot be written, or readers would not accept the entry.
    pub fn append(&self, licence: Licence, id: &str, entry: &Entry) -> Result<Appended, Fault> {
        accepted(entry)?;
        let path = self.root_of(id)?;
        let told = |error: io::Error| write::fault(&path, &error);
        let mut locked = Locked::open(licence, &path).map_err(told)?;
        locked.put(entry).map_err(told)
    }

    /// Goes on with an incident that is over, or that was made a part of another; [`Appended::Known`] when it goes on
    /// anyway.
    ///
    /// # Errors
    /// There is no such incident, or it cannot be written.
    pub fn reopen(&self, licence: Licence, id: &str, by: &Signature, now: At) -> Result<Appended, Fault> {
        let path = self.path(id)?;
        let told = |error: io::Error| write::fault(&path, &error);
        let mut locked = Locked::open(licence, &path).map_err(told)?;
        if !locked.tail.is_over() {
            return Ok(Appended::Known);
        }
        let at = after(now, locked.tail.ended_at());
        locked.put(&by.entry(at, What::Reopened)).map_err(told)
    }

    /// Makes the first incident a part of the second, or of the one that the second is a part of;
    /// [`Appended::Known`] when it is one already.
    ///
    /// # Errors
    /// There is no such incident, one of them cannot be written, they are the same, or the second is a part of the
    /// first.
    pub fn merge(&self, licence: Licence, id: &str, into: &str, by: &Signature, now: At) -> Result<Appended, Fault> {
        let refused = |cause: String, advice: &str| Err(Fault::new(FaultKind::Denied, &cause).advise(advice));
        if id == into {
            return refused(format!("{id} cannot be a part of itself"), "name two incidents");
        }
        for _ in 0..ATTEMPTS {
            let (path, whole) = (self.path(id)?, self.root_of(into)?);
            if whole == path {
                return refused(format!("{into} is a part of {id}"), "merge them the other way round");
            }
            let (mut part, mut whole) = lock_both(licence, &path, &whole)?;
            let whole_id = place::id(whole.tail.path());
            if let Some(merged) = part.tail.merged_into().map(str::to_owned) {
                if self.root_of(&merged)? != whole.tail.path() {
                    return refused(
                        format!("{id} is a part of {merged} already"),
                        &format!("open it again first: sixty reopen {id}"),
                    );
                }
                // Whoever merged them may have been killed between the two entries; a part of a part has its own.
                if merged == whole_id {
                    join(&mut part, &mut whole, id, by, now)?;
                }
                return Ok(Appended::Known);
            }
            if whole.tail.merged_into().is_some() {
                continue;
            }
            join(&mut part, &mut whole, id, by, now)?;
            let at = after(now, part.tail.ended_at());
            let entry = by.entry(at, What::MergedInto { incident: whole_id });
            return part.put(&entry).map_err(|error| write::fault(part.tail.path(), &error));
        }
        refused("others change these incidents all the time".to_owned(), "try it again")
    }

    /// The file of the incident, or of the one that it is a part of.
    fn root_of(&self, id: &str) -> Result<PathBuf, Fault> {
        let (tail, _) = root(&self.dir, self.path(id)?).map_err(|(path, error)| write::fault(&path, &error))?;
        Ok(tail.path().to_path_buf())
    }
}

/// The whole says that it has the part, unless it says so already.
fn join(part: &mut Locked, whole: &mut Locked, id: &str, by: &Signature, now: At) -> Result<(), Fault> {
    let is_told = |entry: &Entry| matches!(&entry.what, What::MergedFrom { incident, .. } if incident == id);
    let told = whole.entries.iter().rev().find(|entry| is_told(entry)).map(|entry| entry.at);
    // After the part had gone on for itself it must be said again.
    if told.is_some_and(|at| part.tail.began().is_none_or(|began| began <= at)) {
        return Ok(());
    }
    let service = archive::service(&part.entries).unwrap_or_default();
    let at = after(now, part.tail.ended_at().max(told));
    let entry = by.entry(at, What::MergedFrom { incident: id.to_owned(), service });
    whole.put(&entry).map(drop).map_err(|error| write::fault(whole.tail.path(), &error))
}

/// Locks both, in the order of their paths whoever asks for what.
fn lock_both(licence: Licence, a: &Path, b: &Path) -> Result<(Locked, Locked), Fault> {
    let open = |path: &Path| Locked::open(licence, path).map_err(|error| write::fault(path, &error));
    if a < b {
        let first = open(a)?;
        return Ok((first, open(b)?));
    }
    let first = open(b)?;
    Ok((open(a)?, first))
}

/// Now, or just after the word that it answers, where the clock of who said that is ahead.
fn after(now: At, word: Option<At>) -> At {
    word.filter(|word| *word >= now).map_or(now, |word| word + TimeDelta::milliseconds(1))
}
