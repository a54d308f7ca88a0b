//! What changed, as a person goes through it: the suspects of the shown service in their order, then every other
//! change in the order of time. Ways in which a trouble hurts are no suspects here; they stand apart.

use crate::app::App;
use crate::app::ServiceState;
use crate::facts::Change;
use crate::triage::suspects::Role;
use crate::triage::suspects::Suspect;

/// Suspects that are listed as such; who is less likely stands among the other changes.
const MOST: usize = 5;

/// Suspects that are listed however unlikely: a person wants to see what else there was.
const LEAST: usize = 3;

/// A suspect behind the first [`LEAST`] is listed from this likelihood on.
const LIKELY: f64 = 0.02;

/// A row of what changed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Changed<'a> {
    /// Something that may lie behind the trouble.
    Suspect {
        /// Its place, from 1.
        place: usize,
        /// What it is, and what speaks for and against it.
        suspect: &'a Suspect,
        /// The record of it, where there is one.
        change: Option<&'a Change>,
    },
    /// Any other change.
    Other(&'a Change),
}

impl Changed<'_> {
    /// The record, where there is one.
    #[must_use]
    pub const fn change(&self) -> Option<&Change> {
        match self {
            Self::Suspect { change, .. } => *change,
            Self::Other(change) => Some(change),
        }
    }
}

impl App {
    /// What changed around the shown service.
    pub fn changed(&self) -> Vec<Changed<'_>> {
        self.service().map_or_else(Vec::new, |service| self.changed_around(service))
    }

    /// What changed around a service: its suspects where it has any, then all other changes, newest first.
    pub fn changed_around<'a>(&'a self, service: &'a ServiceState) -> Vec<Changed<'a>> {
        let listed = suspects(service).into_iter().zip(1..).map(|(suspect, place)| {
            let change = self.changes.iter().find(|change| change.id == suspect.candidate.id);
            Changed::Suspect { place, suspect, change }
        });
        let mut all: Vec<Changed<'a>> = listed.collect();
        let suspected: Vec<&str> = all.iter().filter_map(|one| Some(one.change()?.id.as_str())).collect();
        let others: Vec<_> = self.changes.iter().filter(|change| !suspected.contains(&change.id.as_str())).collect();
        all.extend(others.into_iter().map(Changed::Other));
        all
    }
}

/// The suspects of a service, best first.
fn suspects(service: &ServiceState) -> Vec<&Suspect> {
    let all = service.verdict.suspects.suspects.iter().filter(|one| one.candidate.role != Role::Mechanism);
    let worth = all.enumerate().filter(|(place, one)| *place < LEAST || one.score >= LIKELY);
    worth.map(|(_, one)| one).take(MOST).collect()
}

impl ServiceState {
    /// The ways in which the trouble hurts, the likeliest first: a full pool, a disk, 404s.
    pub fn mechanisms(&self) -> impl Iterator<Item = &Suspect> {
        self.verdict.suspects.suspects.iter().filter(|one| one.candidate.role == Role::Mechanism)
    }
}
