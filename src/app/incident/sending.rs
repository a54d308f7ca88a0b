//! Sending an update: what is asked before, what is journaled first, and what came of it.
//!
//! That something is being sent is written before it leaves, so that after a crash it may have arrived and is never sent
//! again without a person who says so. The words are [`updates`](super::updates)'.

use crate::app::App;
use crate::app::Deed;
use crate::app::Delivered;
use crate::app::Effect;
use crate::app::incident::sure::Sure;
use crate::app::incident::updates::BY_HAND;
use crate::app::incident::updates::ChannelNow;
use crate::app::incident::updates::OpenUpdate;
use crate::app::incident::updates::is_sent;
use crate::app::incident::updates::is_unsettled;
use crate::facts::text::clean_line;
use crate::incident::Delivery;
use crate::incident::DeliveryState;
use crate::incident::Parcel;
use crate::incident::UpdateNow;
use crate::incident::UpdateStatus;
use crate::incident::What;
use crate::incident::id_part;

/// What left so recently may still be on its way.
const ON_ITS_WAY: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

impl App {
    /// The key `s`: to which channels? Those that it may have reached are asked for apart.
    pub(super) fn ask_send(&mut self, update: &OpenUpdate) -> Vec<Effect> {
        if self.channels_here().next().is_none() {
            self.say("no channel is configured: y copies it, then say that you posted it".to_owned());
            return Vec::new();
        }
        let of = |wanted: &dyn Fn(Option<DeliveryState>) -> bool| -> Vec<String> {
            let configured = update.channels.iter().filter(|channel| !channel.kind.is_empty());
            let state = |channel: &ChannelNow| channel.delivery.as_ref().map(|delivery| delivery.state);
            configured.filter(|channel| wanted(state(channel))).map(|channel| channel.name.clone()).collect()
        };
        let fresh = of(&|state| matches!(state, None | Some(DeliveryState::NotSent)));
        if !fresh.is_empty() {
            let before = self.before_sending(update);
            let words = format!("{before}send to {}? Enter yes, Esc no", listed(&fresh));
            if let Some(draft) = self.desk.draft.as_mut().filter(|draft| draft.key == update.key) {
                draft.frozen = Some(update.text.clone());
            }
            return self.ask_sure(Sure::Send(update.key.clone(), fresh), words);
        }
        let open = of(&|state| matches!(state, Some(DeliveryState::Sending | DeliveryState::Unknown)));
        let is_on_its_way = |channel: &ChannelNow| {
            let delivery = channel.delivery.as_ref();
            delivery.is_some_and(|one| one.state == DeliveryState::Sending && self.now - one.at < ON_ITS_WAY)
        };
        if update.channels.iter().any(is_on_its_way) {
            self.say("it is on its way".to_owned());
            return Vec::new();
        }
        if open.is_empty() {
            self.say("it has arrived everywhere: u begins a new one".to_owned());
            return Vec::new();
        }
        let words = format!("it may have arrived at {}: send it again? Enter yes, Esc no", listed(&open));
        self.ask_sure(Sure::Send(update.key.clone(), open), words)
    }

    /// What a person should know before they send: another update that is in the air or has just arrived, that it is
    /// called over while it hurts, that the journal cannot be written.
    fn before_sending(&self, update: &OpenUpdate) -> String {
        let Some(service) = self.service() else { return String::new() };
        let mut words = Vec::new();
        let soon = |at: crate::facts::At| self.now - at < ON_ITS_WAY;
        let others = service.incident.updates();
        let recent = |one: &&UpdateNow| {
            let arrived = |delivery: &Delivery| delivery.state == DeliveryState::Sent && soon(delivery.at);
            one.key != update.key && (is_unsettled(one) || one.deliveries.values().any(arrived))
        };
        if let Some(other) = others.iter().rfind(recent) {
            let who = if other.said.who == self.settings.who { "you" } else { &other.said.who };
            let time = self.settings.zone.local(other.said.at).format("%H:%M:%S");
            let state = if is_unsettled(other) { "may have arrived" } else { "has arrived" };
            words.push(format!("the update of {time} by {who} {state}."));
        }
        if matches!(update.status, UpdateStatus::Monitoring | UpdateStatus::Resolved)
            && service.verdict.severity >= crate::triage::Severity::Warning
        {
            words.push(format!("Still {}.", service.verdict.severity.word()));
        }
        if let Some(trouble) = &service.journal_trouble {
            words
                .push(format!("The journal cannot be written ({}): nobody will know that it was sent.", trouble.cause));
        }
        if words.is_empty() { String::new() } else { words.join(" ") + " " }
    }

    /// What was asked is decided: a draft follows the verdict again.
    pub(super) fn thaw(&mut self) {
        if let Some(draft) = &mut self.desk.draft {
            draft.frozen = None;
        }
    }

    /// A person said yes.
    pub(super) fn send(&mut self, index: usize, key: &str, to: &[String]) -> Vec<Effect> {
        let Some(update) = self.update_now().filter(|update| update.key == key) else { return Vec::new() };
        let mut effects = self.draft_entry(index, key, update.status, update.text.clone());
        for name in to {
            // What arrived in the meantime is never sent again.
            if !is_sent(&update, name) {
                effects.extend(self.send_to(index, &update, name));
            }
        }
        effects
    }

    fn send_to(&mut self, index: usize, update: &OpenUpdate, to: &str) -> Vec<Effect> {
        let service = &self.services[index];
        let attempt = service.incident.attempts(&update.key, to) + 1;
        let id = format!("sending-{}-{}-{attempt}", update.key, id_part(to));
        let what = What::Sending { update: update.key.clone(), to: to.to_owned() };
        let seen = service.incident.observed();
        let parcel = Parcel {
            update: update.key.clone(),
            to: to.to_owned(),
            incident: self.incident_id(index).unwrap_or_default(),
            service: service.name.to_string(),
            status: update.status,
            severity: service.verdict.severity,
            started_at: service.verdict.onset.or_else(|| seen.and_then(|(seen, _)| seen.onset)),
            text: update.text.clone(),
        };
        let name = std::sync::Arc::clone(&service.name);
        if service.incident.knows(&id) {
            return Vec::new();
        }
        let entry = self.entry(&id, self.now, what);
        self.services[index].incident.apply(entry.clone());
        self.act(Deed::Send(name, entry, parcel))
    }

    /// What came of sending.
    pub(in crate::app) fn delivered(&mut self, delivered: Delivered) -> Vec<Effect> {
        let Some(index) = self.index_of(&delivered.service) else { return Vec::new() };
        let (update, to) = (delivered.update, delivered.to);
        let what = match delivered.outcome {
            Ok(answer) => {
                self.say(format!("the update arrived at {to}"));
                What::Sent { update, to, answer: clean_line(&answer, 200) }
            }
            Err(fault) => {
                let certain = delivered.certain;
                let words = if certain { "did not arrive" } else { "may or may not have arrived" };
                self.say(format!("the update {words} at {to}: {fault}"));
                self.log.push(self.now, true, format!("update to {to}: {fault}"));
                What::NotSent { update, to, answer: clean_line(&fault.to_string(), 200), certain }
            }
        };
        self.write(index, what)
    }

    /// A person posted it without us.
    pub(super) fn posted_by_hand(&mut self, index: usize, key: &str) -> Vec<Effect> {
        let Some(update) = self.update_now().filter(|update| update.key == key) else { return Vec::new() };
        let mut effects = self.draft_entry(index, key, update.status, update.text);
        let what = What::Sent { update: key.to_owned(), to: BY_HAND.to_owned(), answer: String::new() };
        effects.extend(self.write(index, what));
        effects
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[String]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
