//! The page that woke somebody: acknowledged at the pager and here, or here alone.

use crate::app::App;
use crate::app::Deed;
use crate::app::Effect;
use crate::app::KeyCode;
use crate::app::Page;
use crate::app::incident::sure::Sure;
use crate::facts::Fault;
use crate::facts::text::clean_line;
use crate::incident::Evidence;
use crate::incident::OpenPage;
use crate::incident::PageState;
use crate::incident::What;

impl App {
    /// The key `a`: with pagers, what they have open is asked for and shown; without, the time alone is written down.
    pub(in crate::app) fn acknowledge_key(&mut self) -> Vec<Effect> {
        let Some(index) = self.navigation.service.filter(|index| *index < self.services.len()) else {
            return Vec::new();
        };
        if self.settings.incidents.pagers.is_empty() {
            return self.acknowledge_here(index);
        }
        self.navigation.listed = 0;
        if self.navigation.page() != Page::Pages {
            self.navigation.show(Page::Pages);
        }
        let name = std::sync::Arc::clone(&self.services[index].name);
        self.pages.remove(&name);
        self.act(Deed::AskPagers(name))
    }

    /// Nobody else is told: the entry and the tick.
    fn acknowledge_here(&mut self, index: usize) -> Vec<Effect> {
        if let Some(first) = self.services[index].incident.acknowledgements().first() {
            let (who, at) = (first.who.clone(), first.at.format("%H:%M:%S"));
            self.say(format!("{who} acknowledged it at {at} UTC"));
            return self.tick_acknowledged(index);
        }
        let nothing = String::new;
        let what = What::Acknowledged { place: nothing(), reference: nothing(), answer: nothing() };
        let mut effects = self.write(index, what);
        effects.extend(self.tick_acknowledged(index));
        effects
    }

    /// Ticks the item of the first minute's list that asks for it.
    fn tick_acknowledged(&mut self, index: usize) -> Vec<Effect> {
        let list = &self.settings.checklist;
        let asks = |item: &&crate::incident::Item| item.evidence == Some(Evidence::Acknowledged) || item.key == "ack";
        let Some(item) = list.items.iter().find(asks).map(|item| item.key.clone()) else { return Vec::new() };
        let list = list.key.clone();
        if self.services[index].incident.tick(&list, &item).is_some_and(|tick| tick.done) {
            return Vec::new();
        }
        self.write(index, What::Ticked { list, item })
    }

    pub(super) fn on_pages(&mut self, code: KeyCode) -> Option<Vec<Effect>> {
        let index = self.navigation.service?;
        match code {
            // Where no pager answers, or none of this is it, the tick alone is always possible.
            KeyCode::Char('a') => {
                self.navigation.back();
                Some(self.acknowledge_here(index))
            }
            KeyCode::Enter => {
                let page = self.pages()?.0.get(self.navigation.listed)?.clone();
                Some(self.acknowledge_chosen(page))
            }
            _ => None,
        }
    }

    fn acknowledge_chosen(&mut self, page: OpenPage) -> Vec<Effect> {
        match page.state {
            PageState::Acknowledged => {
                self.say(format!("{} says that somebody has it already", page.place));
                Vec::new()
            }
            PageState::Resolved => {
                self.say(format!("it is over at {}: acknowledging would open it again", page.place));
                Vec::new()
            }
            PageState::Triggered if page.means.is_empty() => self.acknowledge_page(page),
            PageState::Triggered => {
                let words = format!("this makes {}: Enter yes, Esc no", page.means);
                self.ask_sure(Sure::Acknowledge(page, false), words)
            }
        }
    }

    /// Tells the pager.
    pub(super) fn acknowledge_page(&mut self, page: OpenPage) -> Vec<Effect> {
        let Some(name) = self.shown_name() else { return Vec::new() };
        self.say(format!("telling {}", page.place));
        self.act(Deed::Acknowledge(name, page))
    }

    /// What the pager said.
    pub(in crate::app) fn acknowledged(
        &mut self,
        service: &str,
        mut page: OpenPage,
        outcome: Result<String, Fault>,
    ) -> Vec<Effect> {
        let Some(index) = self.index_of(service) else { return Vec::new() };
        match outcome {
            Ok(answer) => {
                let (place, reference) = (page.place.clone(), page.reference.clone());
                let answer = clean_line(&answer, 200);
                self.say(format!("acknowledged at {place}"));
                page.state = PageState::Acknowledged;
                if let Some((pages, _)) = self.pages.get_mut(service)
                    && let Some(known) =
                        pages.iter_mut().find(|known| known.place == page.place && known.reference == page.reference)
                {
                    *known = page;
                }
                let mut effects = self.write(index, What::Acknowledged { place, reference, answer });
                effects.extend(self.tick_acknowledged(index));
                effects
            }
            Err(fault) => {
                self.log.push(self.now, true, format!("{}: not acknowledged: {fault}", page.place));
                self.say(format!("{} did not take it: {fault}; a ticks it here alone", page.place));
                Vec::new()
            }
        }
    }
}
