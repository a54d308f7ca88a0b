//! What is asked once more before it is done, and what comes of the answer.

use crate::app::App;
use crate::app::Deed;
use crate::app::Effect;
use crate::app::KeyCode;
use crate::app::KeyPress;
use crate::app::incident::drill::GIVE_UP;
use crate::incident::OpenPage;
use crate::incident::What;

/// What a person is asked to be sure of.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::app) enum Sure {
    /// The incident is over.
    Resolve,
    /// An incident that is over goes on, by its id.
    Reopen(String),
    /// One incident is a part of another, by their ids.
    Merge(String, String),
    /// An update goes to these channels, by name.
    Send(String, Vec<String>),
    /// An update was posted by hand.
    ByHand(String),
    /// A page is acknowledged where that means more than a word; asked for the second time.
    Acknowledge(OpenPage, bool),
    /// A fix is tried on the simulated service of a drill, by its key.
    Try(String),
    /// A drill is given up.
    GiveUp,
}

impl App {
    /// Asks once more: the words stand in the footer until the next key.
    pub(super) fn ask_sure(&mut self, sure: Sure, words: String) -> Vec<Effect> {
        self.navigation.sure = Some(words);
        self.desk.sure = Some(sure);
        Vec::new()
    }

    /// The answer to what was asked: Enter says yes. Esc says no; any other key says no and does what it does. `None`: the key still has to do something.
    pub(super) fn answered(&mut self, press: KeyPress) -> Option<Vec<Effect>> {
        self.navigation.sure = None;
        let sure = self.desk.sure.take()?;
        // Only Enter says yes: a held key must not end an incident.
        let answer = match press.code {
            KeyCode::Enter => Some(self.sure(sure)),
            KeyCode::Esc => Some(Vec::new()),
            _ => None,
        };
        self.thaw();
        answer
    }

    fn sure(&mut self, sure: Sure) -> Vec<Effect> {
        let Some(index) = self.navigation.service else { return Vec::new() };
        match sure {
            Sure::Resolve => {
                let mut effects = self.write(index, What::Resolved);
                effects.extend(self.drill_is_over());
                effects
            }
            Sure::Try(key) => self.act(Deed::Try(key)),
            Sure::GiveUp => self.act(Deed::Try(GIVE_UP.to_owned())),
            Sure::Reopen(id) => self.act(Deed::Reopen(id)),
            Sure::Merge(one, other) => self.act(Deed::Merge(one, other)),
            Sure::Send(update, to) => self.send(index, &update, &to),
            Sure::ByHand(update) => self.posted_by_hand(index, &update),
            Sure::Acknowledge(page, true) => self.acknowledge_page(page),
            Sure::Acknowledge(page, false) => {
                let words = format!("really: {}? Enter yes, Esc no", page.means);
                self.ask_sure(Sure::Acknowledge(page, true), words)
            }
        }
    }

    /// A word on the last command, for some seconds.
    pub(in crate::app) fn say(&mut self, words: String) {
        self.remark = Some((self.now, words));
    }
}
