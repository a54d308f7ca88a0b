//! The incident as a person meets it: stages, clocks, answers, hypotheses, roles, updates, pages of the pager.
//!
//! Keys become entries of the journal, and what the screen shows is asked of the fold: nothing is kept here that the
//! journal does not know, but for a text that is being written. Words for entries and how clocks run are
//! [`crate::incident`]'s.

mod acknowledging;
mod alarms;
mod answers;
mod choosing;
mod desk;
mod drill;
mod editor;
mod finishing;
mod leading;
mod lists;
mod news;
mod rows;
mod sending;
mod stages;
mod standing;
mod sure;
mod updates;
mod users;
mod writing;

pub use answers::AnswerNow;
pub use drill::GIVE_UP;
pub use drill::REVEAL;
pub use editor::Editor;
pub use rows::IncidentRow;
pub use standing::Breath;
pub use standing::StageNow;
pub use updates::ChannelNow;
pub use updates::OpenUpdate;
pub use writing::Purpose;
pub use writing::Writing;

pub(super) use desk::Desk;
pub(super) use desk::Lead;

use std::sync::Arc;

use chrono::TimeDelta;

use crate::app::App;
use crate::app::Deed;
use crate::app::Effect;
use crate::app::Pages;
use crate::facts::At;
use crate::facts::Fault;
use crate::incident::Entry;
use crate::incident::Incident;
use crate::incident::Row;
use crate::incident::What;

impl App {
    /// A deed, where there is somebody who may.
    pub(super) fn act(&self, deed: Deed) -> Vec<Effect> {
        self.settings.mode.licence().map(|licence| licence.to(deed)).into_iter().collect()
    }

    /// The incident of the shown service; one that nobody opened holds nothing.
    pub fn incident(&self) -> Option<&Incident> {
        self.service().map(|service| &service.incident)
    }

    /// All incidents, newest first; `None` until somebody asked for them.
    pub const fn incidents(&self) -> Option<&Result<Vec<Row>, Fault>> {
        self.incidents.as_ref()
    }

    /// What the pagers have open for the shown service, and which of them could not be asked; `None` until asked.
    pub fn pages(&self) -> Option<&Pages> {
        self.pages.get(&self.service()?.name)
    }

    /// Writes something down in the incident of a service: it counts at once, and the runtime puts it on disk.
    pub(super) fn write(&mut self, index: usize, what: What) -> Vec<Effect> {
        let id = self.next_entry_id();
        self.write_as(index, &id, what)
    }

    /// The same with an id that others give to the same as well; nothing where it is written already.
    pub(super) fn write_as(&mut self, index: usize, id: &str, what: What) -> Vec<Effect> {
        let entry = self.entry(id, self.now, what);
        self.enter(index, entry)
    }

    /// The same for what sixty saw. The id is the same for whoever sees the same, so that several of them write it once.
    pub(super) fn witness(&mut self, index: usize, id: &str, what: What) -> Vec<Effect> {
        let entry = self.entry(id, self.now, what);
        self.enter(index, entry.by_sixty())
    }

    /// An entry of this person, not earlier than that and later than all entries before: the last word is known by its
    /// time, also where a clock was set back and time stands still.
    pub(super) fn entry(&mut self, id: &str, at: At, what: What) -> Entry {
        let next = self.desk.last_entry.map(|last| last + TimeDelta::milliseconds(1));
        let at = next.map_or(at, |next| next.max(at));
        let entry = Entry::new(id, at, &self.settings.who, &self.settings.host, what);
        self.desk.last_entry = Some(entry.at);
        entry
    }

    fn enter(&mut self, index: usize, entry: Entry) -> Vec<Effect> {
        if self.settings.mode.is_read_only() {
            return Vec::new();
        }
        let Some(service) = self.services.get_mut(index).filter(|service| !service.incident.knows(&entry.id)) else {
            return Vec::new();
        };
        service.incident.apply(entry.clone());
        let name = Arc::clone(&service.name);
        self.act(Deed::Append(name, entry))
    }
}
