//! The incident as a person meets it: stages, clocks, answers, hypotheses, roles, updates, pages of the pager.
//!
//! Keys become entries of the journal, and what the screen shows is asked of the fold: nothing is kept here that the
//! journal does not know, but for a text that is being written. Words for entries and how clocks run are
//! [`crate::incident`]'s.

mod rows;
mod standing;
mod writing;

pub use rows::IncidentRow;
pub use standing::Breath;
pub use standing::StageNow;
pub use writing::Editor;
pub use writing::Purpose;
pub use writing::Writing;

use std::sync::Arc;

use crate::app::App;
use crate::app::Deed;
use crate::app::Effect;
use crate::incident::Entry;
use crate::incident::Incident;
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

    /// Writes something down in the incident of a service: it counts at once, and the runtime puts it on disk.
    pub(super) fn write(&mut self, index: usize, what: What) -> Vec<Effect> {
        let id = self.next_entry_id();
        let entry = Entry::new(&id, self.now, &self.settings.who, &self.settings.host, what);
        self.enter(index, entry)
    }

    /// The same for what sixty saw. The id is the same for whoever sees the same, so that several of them write it once.
    pub(super) fn witness(&mut self, index: usize, id: &str, what: What) -> Vec<Effect> {
        let entry = Entry::new(id, self.now, &self.settings.who, &self.settings.host, what);
        self.enter(index, entry.by_sixty())
    }

    fn enter(&mut self, index: usize, entry: Entry) -> Vec<Effect> {
        if self.settings.mode.is_read_only() {
            return Vec::new();
        }
        let Some(service) = self.services.get_mut(index) else { return Vec::new() };
        service.incident.apply(entry.clone());
        let name = Arc::clone(&service.name);
        self.act(Deed::Append(name, entry))
    }
}
