//! Ticks: an item of the checklist or a step of a runbook is done, or is not after all.

use crate::app::App;
use crate::app::Deed;
use crate::app::Effect;
use crate::app::Page;
use crate::incident::Entry;
use crate::incident::What;

impl App {
    /// Ticks or unticks what is chosen.
    pub(super) fn toggle_chosen(&mut self) -> Vec<Effect> {
        let on_runbook = self.navigation.page() == Page::Runbook;
        self.toggle(if on_runbook { self.navigation.step } else { self.navigation.item })
    }

    /// Ticks an open item, unticks a ticked one; the entry is applied at once and written by the runtime.
    pub(super) fn toggle(&mut self, item: usize) -> Vec<Effect> {
        // On the overview no checklist is in sight: a tick there would be one that nobody meant.
        if self.settings.mode.is_read_only() || self.navigation.page() == Page::Overview {
            return Vec::new();
        }
        if self.navigation.page() == Page::Runbook {
            return self.toggle_step(item);
        }
        let list = self.list_shown();
        let Some(key) = list.items.get(item).map(|item| item.key.clone()) else { return Vec::new() };
        let list = list.key.clone();
        self.navigation.item = item;
        let mut effects = self.skip_breath();
        effects.extend(self.mark(list, key));
        effects
    }

    /// The same for an item of any list of the shown service.
    pub(super) fn mark(&mut self, list: String, key: String) -> Vec<Effect> {
        let Some((index, name)) = self.navigation.service.zip(self.shown_name()) else { return Vec::new() };
        let service = &self.services[index];
        let done = service.incident.tick(&list, &key).is_some_and(|tick| tick.done);
        let at = service.incident.tick_time(&list, &key, self.now);
        let what = if done { What::Unticked { list, item: key } } else { What::Ticked { list, item: key } };
        let entry = Entry::new(&self.next_entry_id(), at, &self.settings.who, &self.settings.host, what);
        self.services[index].incident.apply(entry.clone());
        self.act(Deed::Append(name, entry))
    }
}
