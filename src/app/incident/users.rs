//! How many users are affected: asked of the metrics of the service, where the team wrote a query for it.
//!
//! It is asked while an incident is open, now and then, and only for the service that is looked at.

use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::app::Effect;
use crate::facts::At;
use crate::facts::Number;
use crate::facts::Question;
use crate::facts::Reply;
use crate::facts::Unit;
use crate::signals::units;

/// So often it is asked.
const EVERY: TimeDelta = TimeDelta::minutes(1);

/// So old an answer is still told.
const TOLD: TimeDelta = TimeDelta::minutes(5);

/// The query of one service, and what came of it.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Users {
    /// The question that is on its way or was answered last, and when it was asked.
    asked: Option<(u64, At)>,
    /// The last answer.
    known: Option<(At, f64)>,
}

impl App {
    /// Asks how many users are affected, when it is time to.
    pub(super) fn ask_users(&mut self, index: usize) -> Vec<Effect> {
        let service = &self.services[index];
        let due = service.lead.users.asked.is_none_or(|(_, at)| self.now - at >= EVERY);
        let Some(text) = self.settings.incidents.users.clone().filter(|_| due) else { return Vec::new() };
        if self.navigation.service != Some(index) {
            return Vec::new();
        }
        let Some(source) = self.asked_source().map(|info| info.id.clone()) else { return Vec::new() };
        self.asking.asked_before += 1;
        let id = self.asking.asked_before;
        let (service, now) = (service.name.to_string(), self.now);
        self.services[index].lead.users.asked = Some((id, now));
        let step = Duration::from_secs(1);
        vec![Effect::Ask(Question { id, source, text, service, from: now, to: now, step })]
    }

    /// Whether a reply is about users; then it is taken.
    pub(in crate::app) fn take_users(&mut self, reply: &Reply) -> bool {
        let is_asked = |users: &Users| users.asked.is_some_and(|(id, _)| id == reply.id);
        let Some(service) = self.services.iter_mut().find(|service| is_asked(&service.lead.users)) else {
            return false;
        };
        match &reply.body {
            Ok(rows) => {
                let last = rows.series.iter().filter_map(|(_, points)| points.last()).map(|(_, value)| value);
                let sum: f64 = last.copied().sum();
                let is_known = sum.is_finite() && !rows.series.is_empty();
                service.lead.users.known = is_known.then_some((reply.at, sum));
            }
            Err(fault) => self.log.push(self.now, true, format!("users affected: {fault}")),
        }
        true
    }

    /// The answer in words; empty while there is none.
    pub(super) fn users_affected(&self, index: usize) -> String {
        let known = self.services[index].lead.users.known.filter(|(at, _)| self.now - *at <= TOLD);
        let count = |value: f64| units::shown(Number { value: value.max(0.0).round(), at_least: false }, Unit::Count);
        known.map(|(_, value)| format!("about {} users", count(value))).unwrap_or_default()
    }
}
