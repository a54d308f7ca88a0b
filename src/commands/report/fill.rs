//! From the [`App`] to the report's JSON: what is about services of ours is in [`service`].

mod alerts;
mod service;
mod triage;

use std::time::Duration;

use chrono::SecondsFormat;

use super::document::Change;
use super::document::Component;
use super::document::Fault;
use super::document::LogLine;
use super::document::Moment;
use super::document::Notice;
use super::document::Outside;
use super::document::Phrase;
use super::document::Report;
use super::document::Sentence;
use super::document::Source;
use super::document::Update;
use super::document::Version;
use super::gather::Gathered;
use crate::app::App;
use crate::app::SourceHealth;
use crate::facts;
use crate::facts::At;
use crate::facts::ProviderStatus;
use crate::facts::SourceKind;
use crate::triage::Line;
use crate::triage::Vendor;

/// The report of what was found out.
pub(super) fn report(gathered: &Gathered) -> Report {
    let app = &gathered.app;
    let order = app.worst_first();
    let onset = order.first().and_then(|index| app.services()[*index].verdict.onset);
    Report {
        schema: Version::One,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        generated_at: moment(app.now()),
        watched_s: seconds(gathered.watched),
        time_zone: app.settings().zone.name().to_owned(),
        severity: app.severity(),
        severity_name: app.settings().severities.own(app.severity()).map(str::to_owned),
        exit_code: app.severity().exit_code(),
        services: services(gathered, &order),
        alerts: alerts::alerts(app),
        broken_rules: alerts::broken_rules(app),
        outside: app.sources_of(SourceKind::Status, None).zip(app.vendors()).map(|pair| outside(app, pair)).collect(),
        changes: app.changes().iter().map(|one| change(one, app.now(), onset)).collect(),
        calls: app.calls().iter().map(|(from, to)| (from.to_string(), to.to_string())).collect(),
        sources: app.sources().iter().map(|health| source(health, app.now())).collect(),
        log: app
            .log()
            .iter()
            .map(|line| LogLine { at: moment(line.at), fault: line.fault, text: line.text.clone() })
            .collect(),
    }
}

/// Every service, worst first. The time axis and the checklist belong to the service that is shown, so the report
/// turns to each.
fn services(gathered: &Gathered, order: &[usize]) -> Vec<super::document::Service> {
    let mut app = gathered.app.clone();
    let mut filled = Vec::new();
    for index in order {
        app.show_service(*index);
        filled.push((app.navigation().service, service::service(&app, &gathered.incidents)));
    }
    filled.sort_by_key(|(index, _)| order.iter().position(|other| Some(*other) == *index));
    filled.into_iter().filter_map(|(_, service)| service).collect()
}

fn outside(app: &App, (health, vendor): (&SourceHealth, &Vendor)) -> Outside {
    let status = app.status_of(&health.info.id);
    let of = |instant: fn(&ProviderStatus) -> Option<At>| status.and_then(instant).map(moment);
    Outside {
        name: vendor.name.clone(),
        source: health.info.id.to_string(),
        level: vendor.level(),
        summary: status.map(|status| status.summary.clone()).unwrap_or_default(),
        since: of(|status| status.since),
        page_updated: of(|status| status.page_updated),
        read_at: health.last_ok.map(moment),
        reading_age_s: health.age(app.now()).map(seconds),
        components: status.iter().flat_map(|status| &status.components).map(component).collect(),
        notices: status.iter().flat_map(|status| &status.notices).map(notice).collect(),
    }
}

fn component(component: &facts::Component) -> Component {
    Component { name: component.name.clone(), level: component.level, word: component.word.clone() }
}

fn notice(notice: &facts::Notice) -> Notice {
    let update = |update: &facts::NoticeUpdate| Update { at: moment(update.at), text: update.text.clone() };
    Notice {
        id: notice.id.clone(),
        title: notice.title.clone(),
        level: notice.level,
        state: notice.state,
        started: moment(notice.started),
        until: notice.until.map(moment),
        components: notice.components.clone(),
        updates: notice.updates.iter().map(update).collect(),
        link: notice.link.clone(),
    }
}

fn change(change: &facts::Change, now: At, onset: Option<At>) -> Change {
    Change {
        id: change.id.clone(),
        kind: change.kind,
        what: change.what.clone(),
        service: change.service.clone(),
        version: change.version.clone(),
        who: change.who.clone(),
        environment: change.environment.clone(),
        title: change.title.clone(),
        started: moment(change.started),
        finished: change.finished.map(moment),
        state: change.state,
        link: change.link.clone(),
        age_s: (now - change.at()).to_std().map_or(0.0, seconds),
        before_onset_s: onset.and_then(|onset| (onset - change.at()).to_std().ok()).map(seconds),
    }
}

fn source(health: &SourceHealth, now: At) -> Source {
    Source {
        id: health.info.id.to_string(),
        kind: health.info.kind,
        service: health.info.service.as_deref().map(str::to_owned),
        address: health.info.address.clone(),
        every_s: seconds(health.info.every),
        last_ok: health.last_ok.map(moment),
        age_s: health.age(now).map(seconds),
        last_try: health.last_try.map(moment),
        took_ms: health.took.map(milliseconds),
        stale: health.is_stale(now),
        fault: health.fault.as_ref().map(fault),
        failing_since: health.failing_since.map(moment),
        ok_count: health.counts.0,
        fault_count: health.counts.1,
    }
}

fn fault(fault: &facts::Fault) -> Fault {
    Fault {
        kind: fault.kind,
        cause: fault.cause.clone(),
        advice: fault.advice.clone(),
        retry_after_s: fault.retry_after.map(seconds),
    }
}

fn sentence(line: &Line) -> Sentence {
    let phrases = line.0.iter().map(|phrase| Phrase { text: phrase.text.clone(), tone: phrase.tone });
    Sentence { text: line.text(), phrases: phrases.collect() }
}

fn moment(at: At) -> Moment {
    Moment(at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// To the millisecond: more is noise.
fn seconds(duration: Duration) -> f64 {
    duration.as_millis() as f64 / 1_000.0
}

/// To the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1_000.0
}
