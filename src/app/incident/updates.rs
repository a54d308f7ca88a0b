//! Updates for the others: drafted from what is known, edited, sent once per channel, or copied.
//!
//! The words of a draft follow the verdict until a person edits or sends them; from then on the journal has them. That
//! something is being sent is written before it leaves, so that after a crash it may have arrived and is never sent
//! again without a person who says so.

use crate::app::App;
use crate::app::Deed;
use crate::app::Effect;
use crate::app::KeyCode;
use crate::app::KeyPress;
use crate::app::Page;
use crate::app::Purpose;
use crate::app::incident::sure::Sure;
use crate::incident::ClockKind;
use crate::incident::Delivery;
use crate::incident::DeliveryState;
use crate::incident::Question;
use crate::incident::Stage;
use crate::incident::UpdateNow;
use crate::incident::UpdateStatus;
use crate::incident::What;
use crate::incident::draft::Situation;
use crate::incident::draft::Style;
use crate::incident::draft::draft;
use crate::incident::draft::format;

/// Where an update went that a person posted without us.
pub(super) const BY_HAND: &str = "by hand";

/// An update that nobody has edited or sent yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Draft {
    pub(super) key: String,
    service: String,
    status: UpdateStatus,
    /// The words as they stood when a person was asked whether to send them: what is confirmed is what leaves.
    pub(super) frozen: Option<String>,
}

/// A channel, and how the update that is open stands with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelNow {
    /// Its name: `#incidents`.
    pub name: String,
    /// What it is: `Slack`.
    pub kind: String,
    /// How it stands; `None`: nothing was sent there.
    pub delivery: Option<Delivery>,
}

/// The update that is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenUpdate {
    /// Its key.
    pub key: String,
    /// Which of the four.
    pub status: UpdateStatus,
    /// Its words, plain.
    pub text: String,
    /// A person edited it, or it was sent: its words follow the verdict no more.
    pub fixed: bool,
    /// Unfinished words of this person are kept: Enter offers them.
    pub unfinished: bool,
    /// How it is copied.
    pub style: Style,
    /// Where it can go, and where it went.
    pub channels: Vec<ChannelNow>,
}

impl App {
    /// The key `u`: the update that was not sent yet, else a new one.
    pub(in crate::app) fn update_key(&mut self) -> Vec<Effect> {
        let Some(index) = self.navigation.service.filter(|index| *index < self.services.len()) else {
            return Vec::new();
        };
        let name = self.services[index].name.to_string();
        let updates = self.services[index].incident.updates();
        // What may be in the air comes first, whoever sent it; `u` again begins a new one.
        let shown = self.navigation.update.as_ref().filter(|_| self.navigation.page() == Page::Update);
        let in_the_air = updates.iter().rfind(|one| is_unsettled(one)).filter(|one| Some(&one.key) != shown);
        let waiting = updates.iter().rfind(|one| one.deliveries.is_empty());
        if let Some(known) = in_the_air.or(waiting) {
            let key = known.key.clone();
            self.open_update(key);
        } else {
            // A draft that was sent is one no more.
            let is_new = |draft: &Draft| draft.service == name && updates.iter().all(|one| one.key != draft.key);
            let known = self.desk.draft.take().filter(is_new);
            let status = self.proposed(index);
            let key = known.map_or_else(|| self.next_entry_id(), |draft| draft.key);
            self.desk.draft = Some(Draft { key: key.clone(), service: name, status, frozen: None });
            self.open_update(key);
        }
        Vec::new()
    }

    pub(super) fn open_update(&mut self, key: String) {
        self.navigation.update = Some(key);
        if self.navigation.page() != Page::Update {
            self.navigation.show(Page::Update);
        }
    }

    /// The status that the stage stands for.
    fn proposed(&self, index: usize) -> UpdateStatus {
        let incident = &self.services[index].incident;
        match incident.stage().map(|(stage, _)| stage) {
            Some(Stage::Resolved) => UpdateStatus::Resolved,
            Some(Stage::Monitor) => UpdateStatus::Monitoring,
            Some(Stage::Fix) => UpdateStatus::Identified,
            _ if incident.normal_since().is_some() => UpdateStatus::Monitoring,
            _ => UpdateStatus::Investigating,
        }
    }

    /// The update that is open, for the shown service.
    pub fn update_now(&self) -> Option<OpenUpdate> {
        let index = self.navigation.service.filter(|index| *index < self.services.len())?;
        let key = self.navigation.update.as_ref()?;
        let incident = &self.services[index].incident;
        let known = incident.updates().into_iter().find(|one| one.key == *key);
        let (status, text, fixed) = if let Some(known) = &known {
            (known.status, known.said.text.clone(), true)
        } else {
            let draft = self.desk.draft.as_ref().filter(|draft| draft.key == *key)?;
            let words = draft.frozen.clone().unwrap_or_else(|| self.drafted(index, draft.status));
            (draft.status, words, false)
        };
        let channels = self.channels(known.as_ref());
        let unfinished = incident.unsaved(&self.settings.who, key).is_some();
        let style = self.desk.style.unwrap_or(Style::Plain);
        Some(OpenUpdate { key: key.clone(), status, text, fixed, unfinished, style, channels })
    }

    /// The channels that are configured for the shown service.
    pub(super) fn channels_here(&self) -> impl Iterator<Item = &(String, String)> {
        let service = self.service().map_or("", |service| &*service.name);
        self.settings.incidents.channels_of(service)
    }

    /// All channels that are configured, and those where the update went besides.
    fn channels(&self, known: Option<&UpdateNow>) -> Vec<ChannelNow> {
        let delivery = |name: &str| known.and_then(|known| known.deliveries.get(name)).cloned();
        let mut all: Vec<ChannelNow> = self
            .channels_here()
            .map(|(name, kind)| ChannelNow { name: name.clone(), kind: kind.clone(), delivery: delivery(name) })
            .collect();
        for (name, delivery) in known.iter().flat_map(|known| &known.deliveries) {
            if all.iter().all(|channel| channel.name != *name) {
                let (name, delivery) = (name.clone(), Some(delivery.clone()));
                all.push(ChannelNow { name, kind: String::new(), delivery });
            }
        }
        all
    }

    /// The words of an update, made from what is known now.
    fn drafted(&self, index: usize, status: UpdateStatus) -> String {
        let service = &self.services[index];
        let incident = &service.incident;
        let words = |question| self.answer(index, question).words().to_owned();
        let hypotheses = incident.hypotheses();
        let right = hypotheses.iter().rfind(|one| one.state == crate::incident::TestState::Right);
        let seen = incident.observed().and_then(|(seen, _)| seen.onset);
        let mut now = Situation::of(&service.name, self.now, self.settings.zone.clone());
        now.broken = words(Question::What);
        now.how_bad = words(Question::HowBad);
        now.impact = words(Question::Users);
        now.since = service.verdict.onset.or(seen).or_else(|| incident.opened_at());
        now.believed = right.map(|one| one.said.text.clone()).unwrap_or_default();
        now.fix = incident.fixed().map(|said| said.text).unwrap_or_default();
        now.normal_since = incident.normal_since();
        now.next_update = self.next_update(index);
        draft(status, &now)
    }

    /// When the update after this one is due.
    fn next_update(&self, index: usize) -> Option<crate::facts::At> {
        if self.services[index].incident.clock(ClockKind::Update).off == Some(true) {
            return None;
        }
        let length = self.settings.incidents.clocks.update?;
        Some(self.now + chrono::TimeDelta::from_std(length).ok()?)
    }

    /// A key on the page of an update.
    pub(super) fn on_update(&mut self, press: KeyPress) -> Option<Vec<Effect>> {
        let index = self.navigation.service?;
        let update = self.update_now()?;
        match (press.code, press.ctrl) {
            (KeyCode::Tab | KeyCode::Right, false) => Some(self.turn_status(index, &update, true)),
            (KeyCode::BackTab | KeyCode::Left, false) => Some(self.turn_status(index, &update, false)),
            (KeyCode::Enter, false) => Some(self.edit_update(index, &update)),
            (KeyCode::Char('e'), true) => {
                let mut effects = self.edit_update(index, &update);
                effects.extend(self.lend());
                Some(effects)
            }
            (KeyCode::Char('s'), false) => Some(self.ask_send(&update)),
            (KeyCode::Char('m'), false) => {
                self.desk.style = Some(match update.style {
                    Style::Plain => Style::Slack,
                    Style::Slack => Style::Markdown,
                    Style::Markdown => Style::Plain,
                });
                Some(Vec::new())
            }
            (KeyCode::Char('y'), false) => {
                let mut effects = self.act(Deed::Copy(format(&update.text, update.style)));
                if self.channels_here().next().is_none() && !is_sent(&update, BY_HAND) {
                    let words = "copied: posted it by hand? Enter yes, Esc no".to_owned();
                    effects.extend(self.ask_sure(Sure::ByHand(update.key), words));
                }
                Some(effects)
            }
            _ => None,
        }
    }

    fn turn_status(&mut self, index: usize, update: &OpenUpdate, forward: bool) -> Vec<Effect> {
        if update.channels.iter().any(|channel| channel.delivery.is_some()) {
            self.say("it has left: u begins a new one".to_owned());
            return Vec::new();
        }
        let all = UpdateStatus::ALL;
        let place = all.iter().position(|one| *one == update.status).unwrap_or_default();
        let step = if forward { 1 } else { all.len() - 1 };
        let status = all[(place + step) % all.len()];
        if update.fixed {
            // The words are a person's: only the status is another.
            return self.draft_entry(index, &update.key, status, update.text.clone());
        }
        if let Some(draft) = &mut self.desk.draft {
            draft.status = status;
        }
        Vec::new()
    }

    /// Begins to edit: from now on the journal has the words, so that unfinished ones find their way back.
    fn edit_update(&mut self, index: usize, update: &OpenUpdate) -> Vec<Effect> {
        if update.channels.iter().any(|channel| channel.delivery.is_some()) {
            self.say("it has left: u begins a new one".to_owned());
            return Vec::new();
        }
        let effects = self.draft_entry(index, &update.key, update.status, update.text.clone());
        self.begin_writing(Purpose::Update(update.key.clone(), update.status), &update.text);
        effects
    }

    /// Writes the words down, unless they stand there already. The first entry has the key of the update as its id.
    pub(super) fn draft_entry(&mut self, index: usize, key: &str, status: UpdateStatus, text: String) -> Vec<Effect> {
        let known = self.services[index].incident.updates().into_iter().find(|one| one.key == key);
        if known.as_ref().is_some_and(|known| known.status == status && known.said.text == text) {
            return Vec::new();
        }
        let what = What::Drafted { update: key.to_owned(), status, text };
        if known.is_none() { self.write_as(index, key, what) } else { self.write(index, what) }
    }

    /// Words that a person wrote.
    pub(super) fn reworded(&mut self, index: usize, key: &str, status: UpdateStatus, text: String) -> Vec<Effect> {
        self.draft_entry(index, key, status, text)
    }
}

/// Whether it may have arrived somewhere, and nobody knows.
pub(super) fn is_unsettled(update: &UpdateNow) -> bool {
    update.deliveries.values().any(|one| matches!(one.state, DeliveryState::Sending | DeliveryState::Unknown))
}

pub(super) fn is_sent(update: &OpenUpdate, name: &str) -> bool {
    let sent = |channel: &ChannelNow| channel.delivery.as_ref().is_some_and(|one| one.state == DeliveryState::Sent);
    update.channels.iter().any(|channel| channel.name == name && sent(channel))
}
