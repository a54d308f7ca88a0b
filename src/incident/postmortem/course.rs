//! How an incident was worked on, in numbers: how long until what, which clocks rang without an answer.
//!
//! Sentences are about times and circumstances, never about a person. What the numbers mean is left to people.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;

use crate::facts::At;
use crate::incident::By;
use crate::incident::ClockAct;
use crate::incident::ClockKind;
use crate::incident::DeliveryState;
use crate::incident::Entry;
use crate::incident::Incident;
use crate::incident::Role;
use crate::incident::TestState;
use crate::incident::What;
use crate::incident::postmortem::Course;
use crate::incident::postmortem::document;
use crate::incident::postmortem::document::Material;
use crate::incident::postmortem::document::between;
use crate::signals::units;
use crate::triage::Severity;

/// A page is acknowledged within it: most pagers escalate after five minutes.
const ACKNOWLEDGED: Duration = Duration::from_secs(300);

/// Trouble is noticed within it.
const NOTICED: Duration = Duration::from_secs(300);

/// The first update goes out within it.
const UPDATED: Duration = Duration::from_secs(900);

/// After a clock rang, what it asked for is done within it.
const ANSWERED: TimeDelta = TimeDelta::minutes(5);

/// An incident of several people that lasts longer wants somebody who decides.
const WANTS_COMMANDER: Duration = Duration::from_secs(1800);

/// So long nothing may be known of it without that being told.
const UNSEEN: TimeDelta = TimeDelta::minutes(1);

/// When what happened.
pub(super) fn course(material: &Material<'_>) -> Course {
    let incident = material.incident;
    let began_at = document::began(material);
    let over = document::over(material);
    let hypotheses = incident.hypotheses();
    let right = hypotheses.iter().find(|one| one.state == TestState::Right).map(|one| one.said.at);
    Course {
        began_at,
        opened_at: incident.opened_at(),
        acknowledged_at: acknowledged(incident),
        first_update_at: sent(incident).first().copied(),
        right_hypothesis_at: right,
        fixed_at: incident.fixed().map(|said| said.at),
        normal_since: incident.normal_since().or_else(|| material.measured?.back_since),
        resolved_at: incident.resolved().map(|entry| entry.at),
        duration_s: began_at.zip(over).map(|(from, to)| (to - from).as_seconds_f64().max(0.0)),
    }
}

/// The first acknowledgement; where no pager is asked, the tick alone.
fn acknowledged(incident: &Incident) -> Option<At> {
    let is_ack = |entry: &&Entry| match &entry.what {
        What::Acknowledged { .. } => true,
        What::Ticked { item, .. } => item == "ack",
        _ => false,
    };
    incident.entries().find(is_ack).map(|entry| entry.at)
}

/// When updates arrived, each the first time.
fn sent(incident: &Incident) -> Vec<At> {
    let mut all: Vec<At> = incident.updates().iter().filter_map(crate::incident::UpdateNow::sent_at).collect();
    all.sort_unstable();
    all
}

/// How long it was how bad.
pub(super) struct Lasted {
    /// Seconds.
    pub critical: f64,
    /// Seconds of a warning and no more.
    pub warning: f64,
    /// Nobody observed it after this, although it was in trouble then and not over.
    pub unseen_after: Option<At>,
}

/// How long it was seen to be how bad; `None` where nothing was seen. Time that neither a running sixty nor the signals
/// know is not counted: that nobody looked does not say that it was still so.
pub(super) fn lasted(material: &Material<'_>) -> Option<Lasted> {
    let over = document::over(material).unwrap_or(material.now);
    let over = material.measured.and_then(|measured| measured.back_since).map_or(over, |back| over.min(back));
    let by_sixty = material.incident.entries().filter(|entry| entry.by == By::Sixty).map(|entry| entry.at);
    let known_until = material.measured.and_then(|measured| measured.known_until);
    let end = by_sixty.chain(known_until).max().map_or(over, |last| last.min(over));
    // From one look to the next something is always unseen.
    let end = if over - end <= UNSEEN { over } else { end };
    let mut spans: Vec<(At, At, Severity)> = Vec::new();
    let mut open: BTreeMap<Option<&str>, (At, Severity)> = BTreeMap::new();
    for entry in material.incident.entries() {
        let part = material.part_of(entry);
        let (at, severity) = match &entry.what {
            // What was seen first was so since it began.
            What::Observed(seen) if !open.contains_key(&part) => {
                (seen.onset.unwrap_or(entry.at).min(entry.at), seen.severity)
            }
            What::Observed(seen) => (entry.at, seen.severity),
            What::Normal { since } => (*since, Severity::Ok),
            _ => continue,
        };
        if let Some((from, before)) = open.insert(part, (at, severity)) {
            spans.push((from, at.min(end), before));
        }
    }
    spans.extend(open.into_values().map(|(from, severity)| (from, end, severity)));
    if spans.is_empty() {
        return None;
    }
    let critical = covered(spans.iter().filter(|span| span.2 == Severity::Critical));
    let both = covered(spans.iter().filter(|span| span.2 >= Severity::Warning));
    let was_bad = spans.iter().any(|span| span.1 >= end && span.2 >= Severity::Warning);
    Some(Lasted { critical, warning: (both - critical).max(0.0), unseen_after: (end < over && was_bad).then_some(end) })
}

/// Seconds that at least one of the spans covers.
fn covered<'a>(spans: impl Iterator<Item = &'a (At, At, Severity)>) -> f64 {
    let mut all: Vec<(At, At)> = spans.filter(|span| span.0 < span.1).map(|span| (span.0, span.1)).collect();
    all.sort_unstable();
    let (mut sum, mut reached) = (TimeDelta::zero(), At::MIN_UTC);
    for (from, to) in all {
        let from = from.max(reached);
        if to > from {
            sum += to - from;
            reached = to;
        }
    }
    sum.as_seconds_f64()
}

/// What went well and what went badly, as far as numbers tell.
pub(super) fn went(material: &Material<'_>, course: &Course) -> (Vec<String>, Vec<String>) {
    let mut told = Told::default();
    told.times(course);
    told.updates(material.incident, course);
    told.clocks(material.incident, course.resolved_at.unwrap_or(material.now));
    told.work(material, course);
    (told.well, told.badly)
}

#[derive(Default)]
struct Told {
    well: Vec<String>,
    badly: Vec<String>,
}

impl Told {
    /// A time that is good up to a limit.
    fn within(&mut self, limit: Duration, from: At, to: At, words: &str) {
        let took = (to - from).to_std().unwrap_or_default();
        let side = if took <= limit { &mut self.well } else { &mut self.badly };
        side.push(format!("{words} {}.", units::age(took)));
    }

    fn times(&mut self, course: &Course) {
        let Some(opened) = course.opened_at else { return };
        if let Some(began) = course.began_at.filter(|began| *began < opened) {
            self.within(NOTICED, began, opened, "From the beginning until the incident was opened it took");
        }
        match course.acknowledged_at {
            Some(at) => self.within(ACKNOWLEDGED, opened, at, "Until it was acknowledged it took"),
            None => self.badly.push("No acknowledgement was written down.".to_owned()),
        }
        if let Some(at) = course.right_hypothesis_at {
            let took = between(opened, at);
            self.well.push(format!("The hypothesis that was right was written down after {took}."));
        }
        if let (Some(fixed), Some(normal)) = (course.fixed_at, course.normal_since.filter(|at| *at >= opened)) {
            let took = between(fixed, normal);
            self.well.push(format!("From the last fix until all was as before it took {took}."));
        }
    }

    fn updates(&mut self, incident: &Incident, course: &Course) {
        let Some(opened) = course.opened_at else { return };
        match course.first_update_at {
            Some(at) => self.within(UPDATED, opened, at, "Until the first update it took"),
            None => self.badly.push("No update was sent.".to_owned()),
        }
        let deliveries = || incident.updates().into_iter().flat_map(|update| update.deliveries);
        let failed = deliveries().filter(|(_, one)| one.state == DeliveryState::NotSent).count();
        let open = deliveries()
            .filter(|(_, one)| matches!(one.state, DeliveryState::Unknown | DeliveryState::Sending))
            .count();
        if failed > 0 {
            self.badly
                .push(format!("{} did not arrive.", counted(failed, "delivery of an update", "deliveries of updates")));
        }
        if open > 0 {
            let what = counted(open, "delivery of an update", "deliveries of updates");
            self.badly.push(format!("Of {what} nobody knows whether it arrived."));
        }
    }

    /// Which clocks rang, and what came of it.
    fn clocks(&mut self, incident: &Incident, end: At) {
        let mut late = (0, 0, TimeDelta::zero());
        let mut alone = 0;
        let mut seen = BTreeSet::new();
        for entry in incident.entries() {
            let What::Clock { clock, act: ClockAct::Rang(due) } = &entry.what else { continue };
            if !seen.insert((*clock, *due)) {
                continue;
            }
            match clock {
                ClockKind::Update => {
                    let next = sent(incident).into_iter().find(|at| *at >= *due);
                    let waited = next.unwrap_or(end) - *due;
                    if waited > ANSWERED {
                        late.0 += 1;
                        late.1 += usize::from(next.is_none());
                        late.2 = late.2.max(waited);
                    }
                }
                ClockKind::Escalate => {
                    let answer = |one: &Entry| one.by == By::Person && one.at >= *due && one.at <= *due + ANSWERED;
                    alone += usize::from(!incident.entries().any(answer));
                }
                ClockKind::CallOut | ClockKind::PostMortem => {}
            }
        }
        if late.0 > 0 {
            let longest = units::age(late.2.to_std().unwrap_or_default());
            let never = if late.1 > 0 { format!(", {} of them never sent", late.1) } else { String::new() };
            let what = counted(late.0, "update was", "updates were");
            self.badly.push(format!("{what} late by more than 5m, at most by {longest}{never}."));
        } else if seen.iter().any(|(clock, _)| *clock == ClockKind::Update) {
            self.well.push("Every update that was due was sent within 5m.".to_owned());
        }
        if alone > 0 {
            let times = counted(alone, "time", "times");
            self.badly.push(format!("The clock for escalation rang {times} and nothing was written down within 5m."));
        }
    }

    fn work(&mut self, material: &Material<'_>, course: &Course) {
        let incident = material.incident;
        let is_runbook = |list: &str| !matches!(list, "first-60-seconds" | "full-incident");
        let steps =
            incident.entries().filter(|entry| matches!(&entry.what, What::Ticked { list, .. } if is_runbook(list)));
        let steps = steps.count();
        if steps > 0 {
            self.well.push(format!("A runbook was followed: {} of it.", counted(steps, "step", "steps")));
        }
        let fixes = incident.entries().filter(|entry| matches!(entry.what, What::Fixed { .. })).count();
        if fixes > 1 {
            self.badly.push(format!("It took {fixes} fixes."));
        }
        let back = incident.entries().filter(|entry| entry.what == What::Reopened).count();
        if back > 0 {
            self.badly.push(format!("It was called resolved and came back {}.", counted(back, "time", "times")));
        }
        let people = incident.entries().filter(|entry| entry.by == By::Person);
        let people: BTreeSet<&str> = people.map(|entry| entry.who.as_str()).collect();
        let long = course.duration_s.is_some_and(|seconds| seconds > WANTS_COMMANDER.as_secs_f64());
        if people.len() > 1 && long && incident.role(Role::Commander).is_none() {
            let count = people.len();
            self.badly.push(format!("{count} people worked on it and the role of incident commander was free."));
        }
    }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}
