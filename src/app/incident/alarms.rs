//! Clocks at work: one that is due rings once, and a person sets, quiets and switches them.

use chrono::TimeDelta;

use crate::app::App;
use crate::app::Effect;
use crate::app::IncidentRow;
use crate::app::Page;
use crate::facts::At;
use crate::incident::ClockAct;
use crate::incident::ClockKind;
use crate::incident::ClockNow;
use crate::incident::Entry;
use crate::incident::What;
use crate::incident::clocks;

/// So long a clock is quiet.
const SNOOZE: TimeDelta = TimeDelta::minutes(5);

/// A bell that others heard that long ago is none any more.
const HEARD: TimeDelta = TimeDelta::seconds(30);

/// So long a call-out stays in sight after it rang: there is nothing to see that would end it.
const CALLS: TimeDelta = TimeDelta::minutes(1);

impl App {
    /// How the clocks of the shown service's incident stand.
    pub fn clocks_now(&self) -> Vec<ClockNow> {
        self.incident().map(|incident| clocks(incident, &self.settings.incidents.clocks)).unwrap_or_default()
    }

    /// The clock that has been due for longest.
    pub fn due_clock(&self) -> Option<ClockNow> {
        let all = self.clocks_now().into_iter();
        let all = all.map(|clock| self.called_out(&clock).unwrap_or(clock));
        all.filter(|clock| clock.is_due(self.now)).min_by_key(|clock| clock.due)
    }

    /// A call-out that rang just now.
    fn called_out(&self, clock: &ClockNow) -> Option<ClockNow> {
        let record = self.incident()?.clock(ClockKind::CallOut);
        let due = record.rang.filter(|_| clock.kind == ClockKind::CallOut && clock.due.is_some())?;
        let is_quiet = record.snoozed.is_some_and(|until| until > self.now);
        let is_new = self.incident()?.reset_at(ClockKind::CallOut).is_some_and(|at| self.now - at < CALLS);
        (is_new && !is_quiet).then_some(ClockNow { due: Some(due), rang: true, ..*clock })
    }

    /// Tells of the clocks that are due, once.
    pub(super) fn ring(&mut self, index: usize) -> Vec<Effect> {
        let mut effects = Vec::new();
        let settings = self.settings.incidents.clocks;
        for clock in clocks(&self.services[index].incident, &settings) {
            let Some(due) = clock.due.filter(|_| clock.is_due(self.now) && !clock.rang) else { continue };
            let id = format!("rang-{}-{}", clock.kind.word(), due.timestamp_millis());
            let rang = self.witness(index, &id, What::Clock { clock: clock.kind, act: ClockAct::Rang(due) });
            if settings.bell && !rang.is_empty() {
                effects.push(Effect::Bell);
            }
            effects.extend(rang);
        }
        effects
    }

    /// Whether an entry of another process is a bell that this terminal has not heard.
    pub(in crate::app) fn hears(&self, entry: &Entry) -> bool {
        let rang = matches!(entry.what, What::Clock { act: ClockAct::Rang(_), .. });
        let is_new = entry.at >= self.started && (self.now - entry.at).abs() < HEARD;
        rang && is_new && self.settings.incidents.clocks.bell && !self.settings.mode.is_read_only()
    }

    /// The key `z`: quiets the clock that is chosen, else the one that is due.
    pub(in crate::app) fn snooze(&mut self) -> Vec<Effect> {
        let chosen = match self.chosen_row() {
            Some(IncidentRow::Clock(kind)) if self.navigation.page() == Page::Incident => Some(kind),
            _ => None,
        };
        let clock = match chosen {
            Some(kind) => self.clocks_now().into_iter().find(|clock| clock.kind == kind),
            None => self.due_clock(),
        };
        let Some((index, clock)) = self.navigation.service.zip(clock) else {
            self.say("no clock is due".to_owned());
            return Vec::new();
        };
        let Some(due) = clock.due else {
            self.say("this clock does not run".to_owned());
            return Vec::new();
        };
        let until = self.quiet_until(index, clock.kind, due);
        self.say(format!("{} is quiet until {}", clock.kind.title(), self.clock_time(until)));
        self.write(index, What::Clock { clock: clock.kind, act: ClockAct::Snoozed(until) })
    }

    /// Never earlier than it would have been.
    fn quiet_until(&self, index: usize, kind: ClockKind, due: At) -> At {
        let known = self.services[index].incident.clock(kind).snoozed;
        let until = due.max(self.now) + SNOOZE;
        known.map_or(until, |known| known.max(until))
    }

    /// Switches a clock off or on.
    pub(super) fn switch(&mut self, index: usize, kind: ClockKind) -> Vec<Effect> {
        let off = self.clocks_now().iter().any(|clock| clock.kind == kind && clock.off);
        self.write(index, What::Clock { clock: kind, act: if off { ClockAct::On } else { ClockAct::Off } })
    }

    fn clock_time(&self, at: At) -> String {
        crate::triage::clock_time(at, self.now, &self.settings.zone)
    }
}
