//! [`App::update`]: the one function in which state changes.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::app::Command;
use crate::app::Deed;
use crate::app::Effect;
use crate::app::Msg;
use crate::app::Page;
use crate::facts::At;
use crate::facts::Payload;
use crate::facts::Reading;
use crate::facts::SourceId;
use crate::facts::SourceKind;

impl App {
    /// Takes a message at an instant and says what is to be done outside. Time never runs backwards here: an
    /// earlier instant (a clock that was set back) counts as the latest one seen.
    pub fn update(&mut self, at: At, msg: Msg) -> Vec<Effect> {
        self.now = self.now.max(at);
        match msg {
            Msg::Key(press) => {
                let (page, said) = (self.navigation.page(), self.remark.clone());
                let effects = self.key(press);
                // On another page its keys count for more than what came of a key on the one before.
                if self.navigation.page() != page && self.remark == said {
                    self.remark = None;
                }
                effects
            }
            Msg::Resized(..) => Vec::new(),
            Msg::Second => {
                self.judge_due();
                self.lead()
            }
            Msg::Behind => {
                self.judge_due();
                Vec::new()
            }
            Msg::Arrived(reading) => {
                let source = reading.source.clone();
                let changes = self.changes_told;
                let mut effects = self.arrived(reading);
                match self.fed_by(&source) {
                    Some(index) if changes == self.changes_told => self.judge_one(index),
                    _ => self.judge(),
                }
                effects.extend(self.ask_again(&source));
                effects
            }
            Msg::Past(source, services) => {
                self.take_past(&source, services);
                Vec::new()
            }
            Msg::Source(info) => {
                let source = info.id.clone();
                let effects = self.met(info);
                self.begin_alone(&source);
                self.judge();
                effects
            }
            Msg::Replied(reply) => {
                self.replied(reply);
                Vec::new()
            }
            Msg::Names(source, names) => {
                self.asking.prompt.know(names);
                self.asking.named = Some(source);
                Vec::new()
            }
            Msg::Journal(news) => self.journal(news),
            Msg::Incidents(rows) => {
                self.incidents = Some(rows);
                Vec::new()
            }
            Msg::Pages(service, pages, faults) => {
                self.pages.insert(service, (pages, faults));
                Vec::new()
            }
            Msg::Delivered(delivered) => self.delivered(delivered),
            Msg::Acknowledged(service, page, outcome) => self.acknowledged(&service, page, outcome),
            Msg::Edited(outcome) => self.edited(outcome),
            Msg::Exported(service, outcome) => self.exported(&service, outcome),
            Msg::Tried(words) => self.tried(&words),
            Msg::Revealed(truth) => self.revealed(&truth),
            Msg::Copied(result, unasked) => {
                let text = match (result, unasked) {
                    (Ok(path), None) => format!("copied, also in {path}"),
                    (Err(fault), None) => format!("copied to the clipboard only: {}", fault.cause),
                    (Ok(path), Some(why)) => format!("copied to {path} alone: {why}"),
                    (Err(fault), Some(why)) => format!("not copied: {why}, and {}", fault.cause),
                };
                self.remark = Some((self.now, text));
                Vec::new()
            }
            Msg::Logged(text, fault) => {
                self.log.push(self.now, fault, text);
                Vec::new()
            }
        }
    }

    /// The one service whose metrics that source brings, and nothing else.
    fn fed_by(&self, source: &SourceId) -> Option<usize> {
        let info = &self.source(source).filter(|source| source.info.kind == SourceKind::Metrics)?.info;
        self.index_of(info.service.as_ref()?)
    }

    fn arrived(&mut self, reading: Reading) -> Vec<Effect> {
        let place = self.by_source.get(&reading.source);
        let Some(source) = place.and_then(|place| self.sources.get_mut(*place)) else { return Vec::new() };
        source.last_try = Some(reading.at);
        source.took = Some(reading.took);
        let service = source.info.service.clone();
        match reading.body {
            Ok(payload) => {
                if source.fault.take().is_some() {
                    let since =
                        source.failing_since.take().map(|since| crate::signals::units::between(since, reading.at));
                    let since = since.unwrap_or_default();
                    self.log.push(reading.at, false, format!("{}: answers again after {since}", reading.source));
                }
                source.last_ok = Some(reading.at);
                source.counts.0 += 1;
                self.take(&reading.source, reading.at, service.as_ref(), payload)
            }
            Err(fault) => {
                source.counts.1 += 1;
                if source.fault.as_ref() != Some(&fault) {
                    self.log.push(reading.at, true, format!("{}: {fault}", reading.source));
                }
                let again = source.failing_since.is_some();
                source.failing_since.get_or_insert(reading.at);
                source.fault = Some(fault);
                if let Some(index) = service.as_ref().and_then(|service| self.index_of(service)) {
                    self.services[index].signals.gap(reading.at);
                } else if service.is_none() && !again {
                    self.gap_of_server(&reading.source, reading.at);
                }
                Vec::new()
            }
        }
    }

    fn take(&mut self, source: &SourceId, at: At, service: Option<&Arc<str>>, payload: Payload) -> Vec<Effect> {
        match payload {
            Payload::Signals(batch) => {
                let Some(index) = service.and_then(|service| self.index_of(service)) else { return Vec::new() };
                self.log_targets(index, &batch.about);
                self.services[index].signals.take(&batch);
                if self.changes_of.get(source).map_or(!batch.changes.is_empty(), |known| *known != batch.changes) {
                    self.changes_of.insert(source.clone(), batch.changes);
                    self.merge_changes();
                }
            }
            Payload::Changes(changes) => {
                self.changes_of.insert(source.clone(), changes);
                self.merge_changes();
            }
            Payload::Status(status) => {
                self.status_of.insert(source.clone(), status);
            }
            Payload::Alerts(alerting) => self.take_alerts(source, alerting),
            Payload::Fleet(fleet) => return self.take_fleet(source, at, fleet),
            Payload::Unchanged => {}
        }
        Vec::new()
    }

    /// What is odd about the targets of a service goes to the log when it is new.
    fn log_targets(&mut self, index: usize, about: &Arc<crate::facts::EngineReport>) {
        let before = self.services[index].signals.about();
        if before.is_some_and(|before| Arc::ptr_eq(before, about)) {
            return;
        }
        let before = before.cloned();
        for target in &about.targets {
            let old = before.as_ref().and_then(|b| b.targets.iter().find(|old| old.address == target.address));
            let (fault, text) = match &target.outcome {
                Err(fault) => (true, fault.to_string()),
                Ok(scrape) if scrape.skipped > 0 => {
                    (true, format!("{} lines not understood, first: {}", scrape.skipped, scrape.skipped_example))
                }
                Ok(scrape) if !scrape.remark.is_empty() => (false, scrape.remark.clone()),
                Ok(_) => (false, String::new()),
            };
            let same = old.is_some_and(|old| match (&old.outcome, &target.outcome) {
                (Ok(a), Ok(b)) => a.skipped == b.skipped && a.remark == b.remark,
                (Err(a), Err(b)) => a == b,
                _ => false,
            });
            if !same && !text.is_empty() {
                self.log.push(self.now, fault, format!("{}: {text}", target.address));
            }
        }
        if before.as_ref().map(|before| &before.presets) != Some(&about.presets) {
            for preset in &about.presets {
                self.log.push(self.now, false, format!("preset {}: {}", preset.title, preset.why));
            }
        }
    }

    pub(super) fn obey(&mut self, command: Command) -> Vec<Effect> {
        self.first_key.get_or_insert(self.now);
        // Who may only look can read the keys and leave, whatever a team bound to which key.
        if self.settings.mode.is_read_only() && !command.looks() {
            return Vec::new();
        }
        match command {
            Command::Quit => return vec![Effect::Quit],
            Command::Suspend => return vec![Effect::Suspend],
            Command::Repaint => return vec![Effect::Repaint],
            Command::Refresh => return vec![Effect::Poll(self.sources.iter().map(|s| s.info.id.clone()).collect())],
            Command::Query => return self.open_prompt(),
            Command::Copy => return self.act(Deed::Copy(self.copied_text())),
            Command::Tick(number) => return self.toggle(usize::from(number) - 1),
            Command::TickChosen => return self.toggle_chosen(),
            Command::Open if self.navigation.page() == Page::Runbook => return self.toggle_chosen(),
            Command::Help => self.navigation.show(Page::Help),
            Command::Log => self.navigation.show(Page::Log),
            Command::Alerts => self.navigation.show(Page::Alerts),
            Command::Changes => self.about_one(Page::Changes),
            Command::QuickWin => self.about_one(Page::QuickWin),
            Command::Evidence => self.about_one(Page::Evidence),
            Command::Incident => self.about_one(Page::Incident),
            Command::Timeline => self.about_one(Page::Timeline),
            Command::Incidents => {
                self.navigation.show(Page::Incidents);
                return vec![Effect::List];
            }
            Command::Acknowledge
            | Command::Note
            | Command::Update
            | Command::NextStage
            | Command::PreviousStage
            | Command::Fix
            | Command::Hypothesis
            | Command::Snooze => return self.work(command),
            Command::GiveUp => return self.give_up(),
            Command::Services => self.services_key(),
            Command::Runbook => self.runbook_key(),
            Command::NextService => self.next_service(true),
            Command::PreviousService => self.next_service(false),
            Command::Back => self.navigation.back(),
            Command::Open => self.open(),
            Command::NextPane => self.turn(true),
            Command::PreviousPane => self.turn(false),
            Command::Up => self.step(-1),
            Command::Down => self.step(1),
            Command::PageUp => self.step(-10),
            Command::PageDown => self.step(10),
            Command::First => self.step(isize::MIN),
            Command::Last => self.step(isize::MAX),
            Command::Earlier => self.shift(false),
            Command::Later => self.shift(true),
            Command::Live => self.navigation.end = None,
            Command::ZoomIn => self.navigation.zoom(self.window(), false, self.settings.retention),
            Command::ZoomOut => self.navigation.zoom(self.window(), true, self.settings.retention),
        }
        Vec::new()
    }

    fn services_key(&mut self) {
        let several = self.services.len() > 1;
        if several || (self.navigation.service.is_none() && !self.services.is_empty()) {
            self.roll.stop_waiting();
            self.navigation.overview_choice = self.navigation.service;
            self.hold_row();
            if self.navigation.page() == Page::Overview {
                self.navigation.back();
            } else {
                self.navigation.only(Page::Overview);
            }
        } else {
            let text = if self.services.is_empty() { "there is no service yet" } else { "there is only one service" };
            self.remark = Some((self.now, text.to_owned()));
        }
    }

    /// Opens a page about one service; on the overview about the one that is chosen there.
    fn about_one(&mut self, page: Page) {
        self.choose_from_overview();
        self.navigation.show(page);
    }

    /// On the overview the service that is chosen there is meant.
    pub(super) fn choose_from_overview(&mut self) {
        if self.navigation.page() == Page::Overview
            && let Some(index) = self.worst_first().get(self.navigation.overview_row)
        {
            self.select_service(*index);
        }
    }

    fn next_service(&mut self, forward: bool) {
        if self.navigation.page() == Page::Runbook {
            return self.turn_runbook(forward);
        }
        let count = self.services.len();
        if count == 0 {
            return;
        }
        let step = if forward { 1 } else { count - 1 };
        self.select_service(self.navigation.service.map_or(0, |index| (index + step) % count));
    }

    /// Turns to a service, by its place among all, as a report does that tells of each.
    pub fn show_service(&mut self, index: usize) {
        if index < self.services.len() {
            self.select_service(index);
        }
    }

    pub(super) fn select_service(&mut self, index: usize) {
        self.roll.stop_waiting();
        self.navigation.service = Some(index);
        self.navigation.strip = 0;
        self.navigation.item = 0;
        self.navigation.change = 0;
    }

    fn shift(&mut self, later: bool) {
        let window = self.window();
        let third = chrono::TimeDelta::from_std(window / 3).unwrap_or_default();
        let end = self.navigation.end.unwrap_or(self.now);
        // The length is kept while the axis stands in the past, so that the picture moves and does not stretch.
        self.navigation.window.get_or_insert(window);
        let end = if later { end + third } else { end - third };
        let first = self.service().and_then(|service| service.signals.first_at()).unwrap_or(self.now);
        self.navigation.end = (end < self.now).then_some(end.max(first + third));
    }

    /// How long after its interval a source may be asked again by hand: vendors not within a minute.
    #[must_use]
    pub fn floor_of(kind: SourceKind) -> Duration {
        match kind {
            SourceKind::Status => Duration::from_secs(60),
            SourceKind::Metrics | SourceKind::Changes | SourceKind::Alerts => Duration::from_secs(1),
        }
    }
}
