//! The two checklists: the first minute's and the whole incident's, with ticks, and what sixty sees beside each item.
//!
//! Sixty never ticks. Where it can see for itself that something is done it says so, and a person ticks.

use crate::app::App;
use crate::app::Check;
use crate::app::Page;
use crate::app::ServiceState;
use crate::facts::At;
use crate::facts::Number;
use crate::facts::Unit;
use crate::incident::Checklist;
use crate::incident::ClockKind;
use crate::incident::Evidence;
use crate::incident::Stage;
use crate::incident::TestState;
use crate::incident::UpdateStatus;
use crate::signals::units;
use crate::triage::Line;
use crate::triage::Seen;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::triage::Tone;
use crate::triage::clock_time;
use crate::triage::seen;

impl App {
    /// The list that is shown: on its own page the one that was turned to, elsewhere the one that fits the stage.
    pub fn list_shown(&self) -> &Checklist {
        let whole = match self.navigation.page() {
            Page::Checklist => self.navigation.list == 1,
            _ => self.is_past_first(),
        };
        if whole { &self.settings.full_list } else { &self.settings.checklist }
    }

    /// Whether the first minute is over.
    pub(in crate::app) fn is_past_first(&self) -> bool {
        let stage = self.incident().and_then(crate::incident::Incident::stage);
        stage.is_some_and(|(stage, _)| stage > Stage::First)
    }

    /// The checklist of the shown service, with ticks and live evidence.
    pub fn checks(&self) -> Vec<Check<'_>> {
        let Some(service) = self.service() else { return Vec::new() };
        let list = self.list_shown();
        list.items
            .iter()
            .enumerate()
            .map(|(index, entry)| {
                let (evidence, seen) = entry.evidence.map_or((Line::new(), false), |what| self.beside(service, what));
                Check {
                    number: index + 1,
                    text: &entry.text,
                    hint: &entry.hint,
                    tick: service.incident.tick(&list.key, &entry.key),
                    evidence,
                    seen,
                }
            })
            .collect()
    }

    /// What stands beside an item, and whether sixty sees for itself that it is done.
    fn beside(&self, service: &ServiceState, what: Evidence) -> (Line, bool) {
        let facts = self.facts(service);
        let incident = &service.incident;
        let verdict = &service.verdict;
        let say = |tone, text: String| Line::new().with(tone, text);
        match what {
            Evidence::Down => (seen(Seen::Down, &facts, verdict), false),
            Evidence::Changes => (seen(Seen::Changes, &facts, verdict), facts.watch == crate::triage::Watch::Known),
            Evidence::Outside => {
                let asked = facts.vendors.iter().any(|vendor| vendor.status.is_some());
                (seen(Seen::Outside, &facts, verdict), asked)
            }
            Evidence::Acknowledged => self.beside_acknowledged(service),
            Evidence::Stage => (self.beside_stage(service), false),
            Evidence::Updated => match incident.reset_at(ClockKind::Update) {
                Some(at) => (say(Tone::Good, format!("last update {} ago", self.ago(at))), true),
                None => (say(Tone::Muted, "none was sent: u".to_owned()), false),
            },
            Evidence::Errors => (errors(service, self.now), false),
            Evidence::Onset => match verdict.onset.or_else(|| incident.observed().and_then(|(seen, _)| seen.onset)) {
                Some(at) => (say(Tone::Strong, clock_time(at, self.now, &self.settings.zone)), !verdict.onset_open),
                None => (say(Tone::Muted, "not known".to_owned()), false),
            },
            Evidence::QuickWin => match &verdict.quick_win {
                Some(win) => (say(Tone::Strong, win.title.clone()), false),
                None => (say(Tone::Muted, "none offers itself".to_owned()), false),
            },
            Evidence::Database => (database(service, self.now), false),
            Evidence::Hypothesis => {
                let all = incident.hypotheses();
                match all.last() {
                    Some(last) => (say(Tone::Plain, format!("{}: {}", last.state.title(), last.said.text)), true),
                    None => (say(Tone::Muted, "none is written: H".to_owned()), false),
                }
            }
            Evidence::Tested => {
                let all = incident.hypotheses();
                let count = |state| all.iter().filter(|one| one.state == state).count();
                let (right, wrong) = (count(TestState::Right), count(TestState::Wrong));
                (say(Tone::Plain, format!("{right} right, {wrong} wrong, of {}", all.len())), right + wrong > 0)
            }
            Evidence::Recovered => self.beside_recovered(service),
            Evidence::Monitored => self.beside_monitored(service),
            Evidence::Resolution => {
                let updates = incident.updates();
                let mut sent = updates.iter().filter(|one| one.status == UpdateStatus::Resolved);
                match sent.find_map(crate::incident::UpdateNow::sent_at) {
                    Some(at) => (say(Tone::Good, format!("sent {} ago", self.ago(at))), true),
                    None => (say(Tone::Muted, "not sent".to_owned()), false),
                }
            }
            Evidence::PostMortem => self.beside_post_mortem(service),
        }
    }

    fn ago(&self, at: At) -> String {
        units::rough_between(at, self.now)
    }

    fn beside_acknowledged(&self, service: &ServiceState) -> (Line, bool) {
        let all = service.incident.acknowledgements();
        if let Some(last) = all.last() {
            let place = if last.place.is_empty() { String::new() } else { format!(" at {}", last.place) };
            let at = clock_time(last.at, self.now, &self.settings.zone);
            let words = format!("{}{place} {at}", last.who);
            // Only a pager's answer is more than a person's word.
            return (Line::new().with(Tone::Good, words), !last.place.is_empty());
        }
        let nobody = if self.settings.incidents.pagers.is_empty() { "see your pager; tick here" } else { "not yet: a" };
        (self.called(&service.name).unwrap_or_else(|| Line::new().with(Tone::Muted, nobody)), false)
    }

    fn beside_stage(&self, service: &ServiceState) -> Line {
        let incident = &service.incident;
        let Some(((stage, _), opened)) = incident.stage().zip(incident.opened_at()) else {
            return Line::new().with(Tone::Muted, "no incident is open");
        };
        let line = Line::new().with(Tone::Strong, stage.title());
        line.with(Tone::Plain, format!(", incident for {}", self.ago(opened)))
    }

    fn beside_recovered(&self, service: &ServiceState) -> (Line, bool) {
        let incident = &service.incident;
        if let Some(since) = incident.normal_since() {
            let at = clock_time(since, self.now, &self.settings.zone);
            return (Line::new().with(Tone::Good, format!("back to normal since {at}")), true);
        }
        let rate = service.signals.now(crate::facts::Measure::ErrorRate, self.now);
        let rate = rate.map(|rate| format!("errors {}", units::shown(rate, Unit::Ratio)));
        let words = match (incident.fixed(), rate) {
            (Some(fixed), Some(rate)) => format!("{rate}, {} after the fix", self.ago(fixed.at)),
            (None, Some(rate)) => format!("{rate}, no fix yet: f"),
            (Some(fixed), None) => format!("not known, {} after the fix", self.ago(fixed.at)),
            (None, None) => "no fix yet: f".to_owned(),
        };
        (Line::new().with(Tone::Plain, words), false)
    }

    fn beside_monitored(&self, service: &ServiceState) -> (Line, bool) {
        let incident = &service.incident;
        let Some(since) = incident.normal_since() else {
            return (Line::new().with(Tone::Muted, "not back to normal yet"), false);
        };
        let until = incident.resolved().map_or(self.now, |entry| entry.at);
        let half_an_hour = self.settings.incidents.stages.of(Stage::Monitor).unwrap_or_default();
        let long = (until - since).to_std().is_ok_and(|length| length >= half_an_hour);
        let tone = if long { Tone::Good } else { Tone::Plain };
        (Line::new().with(tone, format!("normal for {}", units::rough_between(since, until))), long)
    }

    fn beside_post_mortem(&self, service: &ServiceState) -> (Line, bool) {
        let incident = &service.incident;
        if let Some((path, _)) = incident.exported() {
            return (Line::new().with(Tone::Good, format!("written: {path}")), true);
        }
        let clocks = crate::incident::clocks(incident, &self.settings.incidents.clocks);
        let clock = clocks.into_iter().find(|clock| clock.kind == ClockKind::PostMortem);
        match clock.and_then(|clock| clock.due) {
            Some(due) => {
                let set = incident.clock(ClockKind::PostMortem).set.is_some();
                let at = self.settings.zone.local(due).format("%d %b %H:%M");
                (Line::new().with(Tone::Plain, format!("due {at}")), set)
            }
            None => (Line::new().with(Tone::Muted, "due a day after the end"), false),
        }
    }
}

/// The share of requests that fail, and the routes or codes on which it is largest.
fn errors(service: &ServiceState, now: At) -> Line {
    use crate::facts::Measure;
    let Some(rate) = service.signals.now(Measure::ErrorRate, now) else {
        return Line::new().with(Tone::Unknown, "not known");
    };
    let tone = if service.verdict.severity >= Severity::Warning { Tone::Warning } else { Tone::Good };
    let mut line = Line::new().with(tone, units::shown(rate, Unit::Ratio));
    let split = service.signals.splits().iter().find(|split| split.measure == Measure::ErrorRate);
    if let Some(part) = split.and_then(|split| split.parts.first()).filter(|part| part.value > 0.0) {
        let share = units::shown(Number { value: part.value, at_least: false }, Unit::Ratio);
        line.push(Tone::Plain, format!(", most on {} ({share})", part.name));
    }
    line
}

/// What is known of the database.
fn database(service: &ServiceState, now: At) -> Line {
    let subjects = [Subject::DbPool, Subject::DbPoolWaiting, Subject::DbLatency, Subject::DbLocked, Subject::Disk];
    let found = service.verdict.findings.iter().filter(|finding| subjects.contains(&finding.subject));
    let troubled: Vec<String> = found.map(crate::triage::Finding::short).collect();
    if !troubled.is_empty() {
        return Line::new().with(Tone::Warning, troubled.join(", "));
    }
    let known = subjects.iter().any(|subject| {
        let signal = subject.signal();
        signal.measures().iter().any(|measure| service.signals.now(*measure, now).is_some())
    });
    if known {
        Line::new().with(Tone::Good, "pool, locks and disk within limits")
    } else {
        Line::new().with(Tone::Unknown, "not measured")
    }
}
