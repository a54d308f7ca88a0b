//! From stage to stage: by the keys `>` and `<`, and by itself where that is certain.

use chrono::TimeDelta;

use crate::app::App;
use crate::app::Effect;
use crate::app::incident::sure::Sure;
use crate::incident::ClockKind;
use crate::incident::Incident;
use crate::incident::Stage;
use crate::incident::What;
use crate::signals::units;
use crate::triage::Severity;

impl App {
    /// The key `>`.
    pub(in crate::app) fn next_stage(&mut self) -> Vec<Effect> {
        let Some(index) = self.navigation.service else { return Vec::new() };
        let incident = &self.services[index].incident;
        match incident.stage().map(|(stage, _)| stage) {
            // The first one opens it; half a minute to breathe was had by whoever presses keys.
            None => self.stage(index, Stage::First),
            Some(Stage::Monitor) => {
                let severity = self.services[index].verdict.severity;
                let still = match severity {
                    Severity::Warning | Severity::Critical => format!("still {}: ", severity.word()),
                    Severity::Unknown => "nobody can tell how it is: ".to_owned(),
                    Severity::Ok | Severity::Info => String::new(),
                };
                self.ask_sure(Sure::Resolve, format!("{still}is it over? Enter yes, Esc no"))
            }
            Some(Stage::Resolved) => self.ask_reopen(index),
            Some(stage) => self.stage(index, stage.next()),
        }
    }

    /// The key `<`.
    pub(in crate::app) fn previous_stage(&mut self) -> Vec<Effect> {
        let Some(index) = self.navigation.service else { return Vec::new() };
        match self.services[index].incident.stage().map(|(stage, _)| stage) {
            None | Some(Stage::Breathe) => Vec::new(),
            Some(Stage::Resolved) => self.ask_reopen(index),
            Some(stage) => self.stage(index, stage.previous()),
        }
    }

    fn stage(&mut self, index: usize, stage: Stage) -> Vec<Effect> {
        // Another list may be shown now: what was chosen on the old one means nothing there.
        let before = self.is_past_first();
        let effects = self.write(index, What::Staged { stage });
        if before != self.is_past_first() {
            self.navigation.item = 0;
        }
        effects
    }

    fn ask_reopen(&mut self, index: usize) -> Vec<Effect> {
        let Some(id) = self.incident_id(index) else {
            // The list of all tells what it is called.
            self.say("asked which incident that was: press again".to_owned());
            return vec![Effect::List];
        };
        self.ask_sure(Sure::Reopen(id), "it is over: does it go on? Enter yes, Esc no".to_owned())
    }

    /// What the incident of a service is called, as far as its journal or the list of all tells.
    pub(super) fn incident_id(&self, index: usize) -> Option<String> {
        let service = &self.services[index];
        if service.incident_id.is_some() {
            return service.incident_id.clone();
        }
        let opened = service.incident.opened_at();
        let rows = self.incidents.iter().flatten().flatten();
        let mut rows = rows.filter(|row| *row.service == *service.name && row.opened_at == opened && opened.is_some());
        rows.next().map(|row| row.id.clone())
    }

    /// The half minute to breathe is over for whoever does something.
    pub(in crate::app) fn skip_breath(&mut self) -> Vec<Effect> {
        let Some(index) = self.navigation.service else { return Vec::new() };
        match self.services[index].incident.stage() {
            Some((Stage::Breathe, _)) => self.stage(index, Stage::First),
            _ => Vec::new(),
        }
    }

    /// What follows by itself: half a minute of breathing is over, a fix was verified.
    pub(super) fn move_on(&mut self, index: usize) -> Vec<Effect> {
        let incident = &self.services[index].incident;
        let Some((stage, since)) = incident.stage() else { return Vec::new() };
        let passed = self.now - since;
        let is_over = |stage: Stage| {
            self.settings.incidents.stages.of(stage).is_some_and(|length| passed.to_std().unwrap_or_default() >= length)
        };
        match stage {
            Stage::Breathe if !self.settings.incidents.breathes || is_over(stage) || is_at_work(incident) => {
                self.witness(index, "staged-first", What::Staged { stage: Stage::First })
            }
            Stage::Fix if incident.normal_since().is_some() => {
                let id = format!("monitor-{}", incident.observations());
                let effects = self.witness(index, &id, What::Staged { stage: Stage::Monitor });
                if !effects.is_empty() {
                    let watch = self.settings.incidents.stages.of(Stage::Monitor).unwrap_or_default();
                    self.say(format!("back to normal: watch it for {}", units::rough_age(watch)));
                }
                effects
            }
            Stage::Monitor if self.is_quiet(index) && !self.services[index].lead.offered_end => {
                self.services[index].lead.offered_end = true;
                self.say(format!("well for {}: > ends the incident", units::rough_between(since, self.now)));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Whether it was watched for as long as the guides want, and nothing worse came.
    pub(super) fn is_quiet(&self, index: usize) -> bool {
        let incident = &self.services[index].incident;
        let length = self
            .settings
            .incidents
            .stages
            .of(Stage::Monitor)
            .and_then(|length| TimeDelta::from_std(length).ok())
            .unwrap_or_default();
        incident.stage().is_some_and(|(stage, since)| stage == Stage::Monitor && self.now - since >= length)
            && incident.normal_since().is_some()
    }

    /// Whether the shown incident can be ended: it was well for half an hour. Then the screen offers it.
    pub fn offers_end(&self) -> bool {
        self.navigation.service.is_some_and(|index| index < self.services.len() && self.is_quiet(index))
    }
}

/// Whether somebody has done something already.
fn is_at_work(incident: &Incident) -> bool {
    incident.reset_at(ClockKind::Escalate).is_some()
}
