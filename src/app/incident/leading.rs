//! What sixty does by itself, once a second: it opens and joins incidents, writes down what the verdict says when that
//! changes, and when all is as before. Nobody who may only look does any of it.

use chrono::TimeDelta;

use crate::app::App;
use crate::app::Effect;
use crate::app::incident::desk::Kind;
use crate::facts::At;
use crate::incident::Stage;
use crate::incident::What;
use crate::incident::id_part;
use crate::triage::Severity;
use crate::triage::recovery_by;

/// So long it must be critical before an incident opens by itself: at the start, journals are read before.
const CRITICAL: TimeDelta = TimeDelta::seconds(5);

/// More than so many incidents do not open by themselves: in a storm they would bury each other.
const OPEN_AT_ONCE: usize = 3;

/// What a person resolved while it was still critical stays so for that long.
const AGAIN: TimeDelta = TimeDelta::minutes(30);

/// So long something must be seen before it is written down.
const HOLDS: TimeDelta = TimeDelta::seconds(10);

/// What another sixty wrote stands that long, even where we see something else.
const STANDS: TimeDelta = TimeDelta::minutes(1);

impl App {
    /// A second has passed.
    pub(in crate::app) fn lead(&mut self) -> Vec<Effect> {
        if self.settings.mode.is_read_only() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for index in 0..self.services.len() {
            self.follow_verdict(index);
            effects.extend(self.open_by_itself(index));
            effects.extend(self.join(index));
            let service = &self.services[index];
            if service.incident.opened_at().is_none() {
                continue;
            }
            if service.incident.resolved().is_none() {
                effects.extend(self.observe(index));
                effects.extend(self.see_normal(index));
                effects.extend(self.move_on(index));
                effects.extend(self.ask_users(index));
            }
            effects.extend(self.ring(index));
        }
        effects.extend(self.keep_now_and_then());
        effects
    }

    /// Notes since when the verdict is what it is.
    fn follow_verdict(&mut self, index: usize) {
        let now = self.now;
        let service = &mut self.services[index];
        let severity = service.verdict.severity;
        let kind: Kind = (severity, service.verdict.findings.first().map(|finding| finding.subject));
        let lead = &mut service.lead;
        let since = |holds: bool, known: Option<At>| holds.then(|| known.unwrap_or(now));
        lead.critical_since = since(severity == Severity::Critical, lead.critical_since);
        lead.well_since = since(severity <= Severity::Info, lead.well_since);
        if lead.now.is_none_or(|(known, _)| known != kind) {
            lead.now = Some((kind, now));
        }
    }

    fn open_by_itself(&mut self, index: usize) -> Vec<Effect> {
        let service = &self.services[index];
        let Some(since) = service.lead.critical_since.filter(|since| self.now - *since >= CRITICAL) else {
            return Vec::new();
        };
        let is_open = |incident: &crate::incident::Incident| !incident.is_empty() && incident.resolved().is_none();
        let open = self.services.iter().filter(|service| is_open(&service.incident)).count();
        if !self.settings.incidents.opens || is_open(&service.incident) || open >= OPEN_AT_ONCE {
            return Vec::new();
        }
        // Whoever starts anew does not know how the last one ended: the list of all does.
        let Some(asked) = self.desk.asked_list.filter(|asked| self.now - *asked < STANDS) else {
            self.desk.asked_list = Some(self.now);
            return vec![Effect::List];
        };
        if self.incidents.is_none() && self.now - asked < CRITICAL {
            return Vec::new();
        }
        let onset = service.verdict.onset.unwrap_or(since).min(since);
        match self.ended_while_critical(index, onset) {
            Some((ended, _)) if self.now - ended < AGAIN => Vec::new(),
            // Once: what the journal refuses is not asked of it again and again.
            Some((ended, Some(_))) if service.lead.reopened == Some(ended) => Vec::new(),
            Some((ended, Some(id))) => {
                self.services[index].lead.reopened = Some(ended);
                self.act(crate::app::Deed::Reopen(id))
            }
            _ => {
                let service = &mut self.services[index];
                // What is over is another incident: the journal begins a new file as well.
                service.incident = crate::incident::Incident::default();
                service.lead.forget();
                let (name, title) = (service.name.to_string(), service.verdict.headline.text());
                self.witness(index, "opened-by-sixty", What::Opened { service: name, title })
            }
        }
    }

    /// When a person ended the incident of the same trouble, and its id where it is known.
    fn ended_while_critical(&self, index: usize, onset: At) -> Option<(At, Option<String>)> {
        let service = &self.services[index];
        let here = service.incident.resolved().map(|entry| entry.at);
        let rows = self.incidents.iter().flatten().flatten();
        let rows = rows.filter(|row| *row.service == *service.name && row.merged_into.is_none());
        let last = rows.filter_map(|row| Some((row.resolved_at?, row.id.clone()))).max();
        let ended = here.max(last.as_ref().map(|(at, _)| *at)).filter(|ended| *ended >= onset)?;
        // A list that is older than the end does not know it.
        Some((ended, last.filter(|(at, _)| (*at - ended).abs() < TimeDelta::seconds(1)).map(|(_, id)| id)))
    }

    /// Whoever looks at an incident that is open is part of it.
    fn join(&mut self, index: usize) -> Vec<Effect> {
        let shown = self.navigation.service == Some(index) && self.navigation.is_on_service();
        let service = &mut self.services[index];
        if !shown || service.lead.joined || service.incident.opened_at().is_none() {
            return Vec::new();
        }
        if service.incident.resolved().is_some() {
            return Vec::new();
        }
        service.lead.joined = true;
        let who = &self.settings.who;
        if service.incident.entries().any(|entry| entry.who == *who) {
            return Vec::new();
        }
        let id = format!("joined-{}", id_part(who));
        self.write_as(index, &id, What::Joined)
    }

    /// Writes down what the verdict says, once it says something else than before for long enough.
    fn observe(&mut self, index: usize) -> Vec<Effect> {
        let service = &self.services[index];
        let Some((kind, _)) = service.lead.now.filter(|(_, since)| self.now - *since >= HOLDS) else {
            return Vec::new();
        };
        let incident = &service.incident;
        if let Some((seen, entry)) = incident.observed() {
            let is_ours = service.lead.wrote.as_ref() == Some(&entry.id);
            let same = match service.lead.told.filter(|_| is_ours) {
                Some(told) => told == kind,
                None => seen.severity == kind.0,
            };
            if same || (!is_ours && self.now - entry.at < STANDS) {
                return Vec::new();
            }
        }
        let was_monitored = incident.stage().is_some_and(|(stage, _)| stage == Stage::Monitor);
        let id = format!("observed-{}-{}", incident.observations() + 1, kind.0.word());
        let what = What::Observed(self.observation(index));
        let lead = &mut self.services[index].lead;
        (lead.told, lead.wrote) = (Some(kind), Some(id.clone()));
        let mut effects = self.witness(index, &id, what);
        if was_monitored && kind.0 >= Severity::Warning {
            let id = format!("back-to-assess-{}", self.services[index].incident.observations());
            effects.extend(self.witness(index, &id, What::Staged { stage: Stage::Assess }));
            self.services[index].lead.offered_end = false;
            self.say("it is worse again: back to Assess".to_owned());
        }
        effects
    }

    /// Writes down that all is as before, after a person did something to end it.
    fn see_normal(&mut self, index: usize) -> Vec<Effect> {
        let service = &self.services[index];
        let incident = &service.incident;
        let is_mended = incident.fixed().is_some()
            || incident.stage().is_some_and(|(stage, _)| matches!(stage, Stage::Fix | Stage::Monitor));
        if !is_mended || incident.normal_since().is_some() {
            return Vec::new();
        }
        let Some(well) = service.lead.well_since else { return Vec::new() };
        let onset = incident.entries().find_map(|entry| match &entry.what {
            What::Observed(seen) => seen.onset,
            _ => None,
        });
        let onset = onset.or_else(|| incident.opened_at()).unwrap_or(self.now);
        let hold = self.settings.incidents.stages.of(Stage::Fix).unwrap_or(crate::triage::HOLD);
        // What was broken says since when it is as before. Where nothing of it was measured, the verdict says it.
        let course = recovery_by(&service.signals, service.watcher.rules(), onset, self.now, hold);
        let since = if course.subjects.is_empty() {
            Some(well).filter(|since| (self.now - *since).to_std().is_ok_and(|age| age >= hold))
        } else {
            course.back_since
        };
        let Some(since) = since else { return Vec::new() };
        let id = format!("normal-{}", incident.observations());
        self.witness(index, &id, What::Normal { since })
    }
}

impl super::desk::Lead {
    /// The incident is another one.
    pub(in crate::app) fn forget(&mut self) {
        let (critical_since, well_since) = (self.critical_since, self.well_since);
        let (now, reopened) = (self.now, self.reopened);
        *self = Self { critical_since, well_since, now, reopened, ..Self::default() };
    }
}
