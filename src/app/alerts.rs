//! Alerts as the app knows them: merged from all sources, each given to the service that it is about.
//!
//! What an alert says is never part of a verdict: rules of others stand beside our own judgement, not in it.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::app::SourceHealth;
use crate::app::fleet;
use crate::facts::Alert;
use crate::facts::AlertState;
use crate::facts::Alerting;
use crate::facts::At;
use crate::facts::BrokenRule;
use crate::facts::Labels;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::facts::Urgency;
use crate::signals::units;
use crate::triage::Line;
use crate::triage::Tone;

/// Lines of one answer that go to the log; a storm of alerts must not push everything else out of it.
const LOGGED: usize = 10;

/// An alert, and whose it is.
#[derive(Clone, PartialEq, Debug)]
pub struct KnownAlert {
    /// The alert.
    pub alert: Alert,
    /// The service of ours that it belongs to; `None` where it names none of them.
    pub service: Option<Arc<str>>,
    /// It is about a service that is none of ours.
    pub is_elsewhere: bool,
    /// Who told of it.
    pub source: SourceId,
}

impl KnownAlert {
    /// Whether somebody who looks at that service has to see it: it is the service's own, or nobody's.
    #[must_use]
    pub fn concerns(&self, service: &str) -> bool {
        self.service.as_deref().map_or(!self.is_elsewhere, |own| own == service)
    }
}

/// How well it is known what fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AlertsKnown {
    /// No source of alerts is set up.
    NotSetUp,
    /// None has answered yet.
    Never,
    /// Nobody watches by rules at the addresses that are set up.
    Absent,
    /// There are no rules that could fire.
    NoRules,
    /// The oldest answer is so old that it says little of now.
    Old(Duration),
    /// The oldest answer is so old.
    Fresh(Duration),
}

/// What all sources said, and what is made of it.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct AlertBook {
    said: BTreeMap<SourceId, Alerting>,
    all: Vec<KnownAlert>,
    /// The services to which alerts were last given; services may come and go at run time.
    services: Vec<Arc<str>>,
}

impl App {
    /// All alerts, what fires first, then the more pressing, then the longer.
    pub fn alerts(&self) -> &[KnownAlert] {
        &self.book.all
    }

    /// The alerts that concern a service, its own before those that belong to none.
    pub fn alerts_of(&self, service: &str) -> Vec<&KnownAlert> {
        let mut some: Vec<_> = self.alerts().iter().filter(|one| one.concerns(service)).collect();
        some.sort_by_key(|one| (!one.alert.calls(), one.service.is_none()));
        some
    }

    /// The alerts in the order of their page: those that concern the service from which the person came, then all
    /// others.
    pub fn listed_alerts(&self) -> Vec<&KnownAlert> {
        let Some(service) = self.service().filter(|_| self.navigation.is_on_service()) else {
            return self.alerts().iter().collect();
        };
        let mut all = self.alerts_of(&service.name);
        all.extend(self.alerts().iter().filter(|one| !one.concerns(&service.name)));
        all
    }

    /// The alerts that concern a service and are meant for people, those of one rule as one: the place of the first
    /// in [`App::alerts_of`], and how many they are.
    pub fn alert_groups(&self, service: &str) -> Vec<(usize, usize)> {
        let alerts = self.alerts_of(service);
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for (index, one) in alerts.iter().enumerate().filter(|(_, one)| one.alert.urgency != Urgency::Machine) {
            match groups.last_mut() {
                Some((first, count)) if is_group(alerts[*first], one) => *count += 1,
                _ => groups.push((index, 1)),
            }
        }
        groups
    }

    /// Moves the chosen alert of the pane by so many groups.
    pub(super) fn step_alerts(&mut self, by: isize) {
        let Some(name) = self.shown_name() else { return };
        let groups = self.alert_groups(&name);
        let chosen = groups.iter().rposition(|(first, _)| *first <= self.navigation.alert).unwrap_or(0);
        let chosen = chosen.saturating_add_signed(by).min(groups.len().saturating_sub(1));
        self.navigation.alert = groups.get(chosen).map_or(0, |(first, _)| *first);
    }

    /// How many alerts fire for which somebody has to look, those of one service or all.
    pub fn firing(&self, service: Option<&str>) -> usize {
        let wanted = |one: &&KnownAlert| service.is_none_or(|service| one.service.as_deref() == Some(service));
        self.alerts().iter().filter(wanted).filter(|one| one.alert.calls()).count()
    }

    /// The rules that cannot be evaluated, and who told of them.
    pub fn broken_rules(&self) -> impl Iterator<Item = (&SourceId, &BrokenRule)> {
        self.book.said.iter().flat_map(|(source, said)| said.broken.iter().map(move |rule| (source, rule)))
    }

    /// What sources of alerts said, by their names, however old.
    pub fn alerting(&self) -> impl Iterator<Item = (&SourceId, &Alerting)> {
        self.book.said.iter()
    }

    /// How well it is known what fires.
    pub fn alerts_known(&self) -> AlertsKnown {
        let sources: Vec<&SourceHealth> = self.sources_of(SourceKind::Alerts, None).collect();
        let Some(oldest) = sources.iter().filter_map(|source| source.age(self.now)).max() else {
            return if sources.is_empty() { AlertsKnown::NotSetUp } else { AlertsKnown::Never };
        };
        // A source that never answered is told by its fault; those that did must not be old.
        if sources.iter().any(|source| source.last_ok.is_some() && source.is_stale(self.now)) {
            return AlertsKnown::Old(oldest);
        }
        let mut said = self.book.said.values();
        if said.len() > 0 && said.all(|said| said.absent) {
            return AlertsKnown::Absent;
        }
        if self.book.said.values().filter(|said| !said.absent).all(|said| said.rules == Some(0)) {
            return AlertsKnown::NoRules;
        }
        AlertsKnown::Fresh(oldest)
    }

    /// Takes what a source says; what began and what ended goes to the log.
    pub(super) fn take_alerts(&mut self, source: &SourceId, alerting: Alerting) {
        for (fault, line) in news(source, self.book.said.get(source), &alerting, self.now) {
            self.log.push(self.now, fault, line);
        }
        if self.book.said.get(source) != Some(&alerting) {
            self.book.said.insert(source.clone(), alerting);
            self.place_alerts();
        }
    }

    /// Gives alerts to services anew where the services are others than before.
    pub(super) fn replace_alerts(&mut self) {
        if !self.book.services.iter().eq(self.services.iter().map(|service| &service.name)) {
            self.place_alerts();
        }
    }

    fn place_alerts(&mut self) {
        let mut all = Vec::new();
        for (source, said) in &self.book.said {
            let server = self.server_of(source);
            all.extend(said.alerts.iter().map(|alert| {
                let service = alert.services().find_map(|name| self.named_by(server, name));
                let is_elsewhere = service.is_none() && alert.names_its_service();
                KnownAlert { alert: alert.clone(), service, is_elsewhere, source: source.clone() }
            }));
        }
        all.sort_by_cached_key(|one| one.alert.rank());
        // Alerts of one rule stand together, at the place of the oldest of them.
        let mut place: BTreeMap<(&str, AlertState, Urgency), usize> = BTreeMap::new();
        for one in &all {
            let next = place.len();
            place.entry(group_of(&one.alert)).or_insert(next);
        }
        let places: Vec<usize> = all.iter().map(|one| place[&group_of(&one.alert)]).collect();
        let mut order: Vec<(usize, KnownAlert)> = places.into_iter().zip(all).collect();
        order.sort_by_key(|(place, _)| *place);
        let all = order.into_iter().map(|(_, one)| one).collect();
        self.book.services = self.services.iter().map(|service| Arc::clone(&service.name)).collect();
        self.book.all = all;
    }

    /// The server whose alerts a source tells: the one of its name, else the one at its address.
    fn server_of(&self, source: &SourceId) -> Option<&SourceId> {
        let alerts = &self.source(source)?.info;
        let address = |info: &SourceInfo| info.address.trim_end_matches('/').to_owned();
        let servers = || self.sources.iter().filter(|one| one.is_server()).map(|one| &one.info);
        let named = servers().find(|server| fleet::short(&server.id) == fleet::short(&alerts.id));
        named.or_else(|| servers().find(|server| address(server) == address(alerts))).map(|server| &server.id)
    }

    /// The service that an alert of a server names. Where several servers have services of that name, it is that of
    /// the server which tells of the alert.
    fn named_by(&self, server: Option<&SourceId>, name: &str) -> Option<Arc<str>> {
        let own = server.and_then(|server| self.name_given(server, name)).unwrap_or(name);
        let service = &self.services[self.index_of(own)?];
        let feeder = service.source.as_ref().filter(|id| self.source(id).is_some_and(SourceHealth::is_server));
        let others = feeder.is_some() && server.is_some() && feeder != server;
        (!others).then(|| Arc::clone(&service.name))
    }

    /// What the pager may have called for: the live fact beside the first item of the checklist.
    pub(super) fn called(&self, service: &str) -> Option<Line> {
        if !matches!(self.alerts_known(), AlertsKnown::Fresh(_)) {
            return None;
        }
        let calling: Vec<_> = self.alerts_of(service).into_iter().filter(|one| one.alert.calls()).collect();
        let first = &calling.first()?.alert;
        if calling.len() > 1 {
            let line = Line::new().with(Tone::Strong, format!("{} alerts fire: ", calling.len()));
            return Some(line.with(Tone::Plain, first.name.as_str()));
        }
        let since = first.since.map(|since| format!(" for {}", units::rough_between(since, self.now)));
        let line = Line::new().with(Tone::Strong, first.name.as_str());
        Some(line.with(Tone::Plain, format!(" fires{}", since.unwrap_or_default())))
    }

    /// What `y` copies on the page of alerts: where it is written what to do, else the alert or the rule in words.
    pub(super) fn copied_alert(&self) -> String {
        let listed = self.listed_alerts();
        if let Some(one) = listed.get(self.navigation.alert) {
            let alert = &one.alert;
            if !alert.runbook.is_empty() {
                return alert.runbook.clone();
            }
            let since = alert.since.map(|since| format!(" since {} UTC", since.format("%Y-%m-%d %H:%M:%S")));
            let head = format!("{} {}{}", alert.name, alert.state.word(), since.unwrap_or_default());
            let lines = [head, alert.summary.clone(), alert.description.clone(), alert.labels.to_string()];
            return lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        }
        let rule = self.broken_rules().nth(self.navigation.alert.saturating_sub(listed.len()));
        rule.map(|(_, rule)| format!("{} ({}): {}\n{}", rule.name, rule.group, rule.error, rule.query))
            .unwrap_or_default()
    }
}

/// What alerts of one rule have in common.
fn group_of(alert: &Alert) -> (&str, AlertState, Urgency) {
    (&alert.name, alert.state, alert.urgency)
}

fn is_group(one: &KnownAlert, other: &KnownAlert) -> bool {
    group_of(&one.alert) == group_of(&other.alert) && one.service == other.service
}

/// What is new in an answer, as lines of the log.
fn news(source: &SourceId, before: Option<&Alerting>, after: &Alerting, now: At) -> Vec<(bool, String)> {
    let mut lines = Vec::new();
    let calling = |said: &Alerting| said.alerts.iter().filter(|alert| alert.calls()).count();
    let Some(before) = before else {
        let count = calling(after);
        if count > 0 {
            lines.push((true, format!("{source}: {}", counted(count, "alert fires", "alerts fire"))));
        }
        if !after.broken.is_empty() {
            lines.push((true, format!("{source}: {}", broken_words(after.broken.len()))));
        }
        lines.extend(after.remarks.iter().map(|remark| (false, format!("{source}: {remark}"))));
        return lines;
    };
    let began = missing_from(before, after);
    for alert in began.iter().take(LOGGED) {
        let severity = if alert.severity.is_empty() { String::new() } else { format!(" ({})", alert.severity) };
        let what = if alert.summary.is_empty() { labels_of(alert) } else { alert.summary.clone() };
        lines.push((true, format!("{}: fires{severity} {what}", alert.name)));
    }
    if began.len() > LOGGED {
        lines.push((true, format!("{source}: {} more alerts fire", began.len() - LOGGED)));
    }
    // Where alerts are left out, one that is gone may only be out of sight.
    let ended = if after.left_out > 0 { Vec::new() } else { missing_from(after, before) };
    for alert in ended.iter().take(LOGGED) {
        let after = alert.since.map(|since| format!(" after {}", units::between(since, now))).unwrap_or_default();
        lines.push((false, format!("{}: ended{after} {}", alert.name, labels_of(alert))));
    }
    if ended.len() > LOGGED {
        lines.push((false, format!("{source}: {} more alerts ended", ended.len() - LOGGED)));
    }
    if before.broken.len() != after.broken.len() {
        let fault = after.broken.len() > before.broken.len();
        lines.push((fault, format!("{source}: {}", broken_words(after.broken.len()))));
    }
    let new = after.remarks.iter().filter(|remark| !before.remarks.contains(remark));
    lines.extend(new.map(|remark| (false, format!("{source}: {remark}"))));
    lines
}

/// The alerts of `there` that call and are not among those that call `here`.
fn missing_from<'a>(here: &Alerting, there: &'a Alerting) -> Vec<&'a Alert> {
    let calling = |alert: &&Alert| alert.calls();
    let known: HashSet<(&str, &Labels)> =
        here.alerts.iter().filter(calling).map(|alert| (alert.name.as_str(), &alert.labels)).collect();
    there.alerts.iter().filter(calling).filter(|alert| !known.contains(&(alert.name.as_str(), &alert.labels))).collect()
}

fn labels_of(alert: &Alert) -> String {
    alert.telling_labels(None).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn broken_words(count: usize) -> String {
    match count {
        0 => "every rule can be evaluated again".to_owned(),
        1 => "1 rule cannot be evaluated".to_owned(),
        _ => format!("{count} rules cannot be evaluated"),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
