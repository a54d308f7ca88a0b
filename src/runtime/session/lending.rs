//! The terminal lent to a person's own editor, and what is kept of a text when the session ends.
//!
//! Nothing waits meanwhile: readings, journals and clocks go on, only frames and keys rest.

use super::Desk;
use super::Leave;
use crate::app::Effect;
use crate::app::Msg;
use crate::runtime::editor;
use crate::runtime::editor::Lent;
use crate::runtime::screen;

impl Desk {
    /// Gives the terminal and the text to the person's own editor.
    pub(super) fn lend(&mut self, text: &str) {
        screen::leave();
        self.away = true;
        let command = editor::command(&|name| std::env::var(name).ok());
        match Lent::start(text, command, self.told.clone()) {
            Ok(lent) => self.lent = Some(lent),
            Err(fault) => drop(self.told.send(Msg::Edited(Err(fault)))),
        }
    }

    /// The editor was left: the terminal is ours again.
    pub(super) fn take_back(&mut self) -> Result<(), Leave> {
        self.lent = None;
        self.come_back()
    }

    /// Whoever leaves, however that is, loses no text: what the editor saved counts as well.
    pub(super) fn keep(&mut self) {
        let now = self.clock.now();
        let mut effects = Vec::new();
        if let Some(text) = self.lent.take().and_then(|lent| lent.saved()) {
            effects.extend(self.app.update(now, Msg::Edited(Ok(text))));
        }
        effects.extend(self.app.leaving());
        for effect in effects {
            if let Effect::Act(act) = effect {
                self.act(act);
            }
        }
    }
}
