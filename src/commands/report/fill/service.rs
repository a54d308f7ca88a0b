//! The service that the [`App`] shows, as the report's JSON has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fault;
use super::milliseconds;
use super::moment;
use super::seconds;
use super::sentence;
use super::triage as behind;
use crate::app::App;
use crate::app::Check;
use crate::app::ServiceState;
use crate::commands::report::document::Checklist;
use crate::commands::report::document::Engine;
use crate::commands::report::document::Entry;
use crate::commands::report::document::Finding;
use crate::commands::report::document::Freshness;
use crate::commands::report::document::FreshnessState;
use crate::commands::report::document::Incident;
use crate::commands::report::document::Item;
use crate::commands::report::document::Limit;
use crate::commands::report::document::Nearby;
use crate::commands::report::document::Onset;
use crate::commands::report::document::Preset;
use crate::commands::report::document::Scrape;
use crate::commands::report::document::Service;
use crate::commands::report::document::Signal;
use crate::commands::report::document::State;
use crate::commands::report::document::Target;
use crate::commands::report::document::Window;
use crate::facts::Answer;
use crate::facts::At;
use crate::facts::EngineReport;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::TargetReport;
use crate::facts::text::clean_line;
use crate::incident;
use crate::incident::What;
use crate::signals;
use crate::signals::Track;
use crate::signals::units;
use crate::triage;
use crate::triage::Subject;

/// The service that is shown; `None` where there is none.
pub(super) fn service(app: &App, incidents: &BTreeMap<Arc<str>, String>) -> Option<Service> {
    let service = app.service()?;
    let (from, to) = app.axis();
    let verdict = &service.verdict;
    let nearby = verdict.nearby.iter().map(|near| Nearby {
        id: near.change.id.clone(),
        name: near.change.name(),
        before_s: seconds(near.before),
    });
    let tracks = Measure::ALL.into_iter().filter_map(|measure| Some((measure, service.signals.track(measure)?)));
    let signals = tracks.filter_map(|(measure, track)| Some((measure.key(), signal(app, service, measure, track)?)));
    Some(Service {
        name: service.name.to_string(),
        environment: service.environment.clone(),
        severity: verdict.severity,
        severity_name: app.settings().severities.own(verdict.severity).map(str::to_owned),
        onset: verdict.onset.map(|at| Onset {
            at: moment(at),
            open: verdict.onset_open,
            within_s: seconds(verdict.within.unwrap_or_else(|| service.signals.every())),
        }),
        headline: sentence(&verdict.headline),
        context: sentence(&verdict.context),
        aside: sentence(&verdict.aside),
        findings: verdict.findings.iter().map(finding).collect(),
        climb: verdict.climb.map(behind::climb),
        round_clock: verdict.round.as_ref().map(behind::round),
        suspects: behind::suspects(&verdict.suspects),
        quick_win: verdict.quick_win.as_ref().map(behind::quick_win),
        runbook: verdict.runbook.as_ref().map(behind::runbook),
        nearby: nearby.collect(),
        rules: behind::rules(app, service),
        limits: Subject::ALL.into_iter().map(|subject| (subject.key(), limit(subject, service))).collect(),
        usual: behind::usual(service),
        leaks: behind::leaks(service),
        freshness: freshness(service, app.now()),
        window: Window { from: moment(from), to: moment(to) },
        signals: signals.collect(),
        splits: service.signals.splits().iter().map(behind::split).collect(),
        engine: service.signals.about().map(|about| engine(about)),
        checklist: Checklist { title: app.list_shown().title.clone(), items: app.checks().iter().map(item).collect() },
        incident: (!service.incident.is_empty())
            .then(|| incident(&service.incident, incidents.get(&service.name).cloned())),
        journal_fault: service.journal_trouble.as_ref().map(fault),
    })
}

fn finding(finding: &triage::Finding) -> Finding {
    Finding {
        subject: finding.subject,
        severity: finding.severity,
        value: finding.value,
        at_least: finding.at_least,
        limit: finding.limit,
        unit: finding.subject.unit(),
        rule: format!("{}: {}", finding.severity.word(), finding.rule),
        since: moment(finding.since),
        open: finding.from_the_start,
    }
}

fn limit(subject: Subject, service: &ServiceState) -> Limit {
    let limit = service.watcher.rules().limit(subject);
    Limit { warning: limit.warning, critical: limit.critical, unit: subject.unit() }
}

fn freshness(service: &ServiceState, now: At) -> Freshness {
    Freshness {
        state: match service.signals.freshness(now) {
            signals::Freshness::Never => FreshnessState::Never,
            signals::Freshness::Live => FreshnessState::Live,
            signals::Freshness::Stale(_) => FreshnessState::Stale,
        },
        newest_at: service.signals.latest().map(moment),
        age_s: service.signals.latest().map(|latest| since(latest, now)),
        every_s: seconds(service.signals.every()),
    }
}

fn signal(app: &App, service: &ServiceState, measure: Measure, track: &Track) -> Option<Signal> {
    let (at, answer) = track.latest.as_ref()?;
    let number: Option<Number> = answer.number();
    let (from, to) = app.axis();
    let (state, reason, ready) = match answer {
        Answer::Known(_) if service.signals.now(measure, app.now()).is_none() => (State::Stale, None, None),
        Answer::Known(_) => (State::Live, None, None),
        Answer::WarmingUp(left) => (State::WarmingUp, Some("warming up".to_owned()), Some(seconds(*left))),
        Answer::NoTraffic => (State::NoTraffic, Some("no requests reach it".to_owned()), None),
        Answer::NoData(why) => (State::NoData, Some(why.to_string()), None),
    };
    let points = track.history.between(from, to);
    Some(Signal {
        strip: measure.signal(),
        state,
        value: number.map(|number| number.value),
        unit: measure.unit(),
        at_least: number.is_some_and(|number| number.at_least),
        shown: number.map(|number| units::shown(number, measure.unit())).unwrap_or_default(),
        at: moment(*at),
        age_s: since(*at, app.now()),
        reason,
        ready_in_s: ready,
        points: points.map(|point| (moment(point.at), point.number.map(|number| number.value))).collect(),
    })
}

fn engine(about: &EngineReport) -> Engine {
    let presets = about.presets.iter().map(|preset| Preset { title: preset.title.clone(), why: preset.why.clone() });
    Engine {
        name: about.engine.clone(),
        presets: presets.collect(),
        notes: about.notes.clone(),
        queries: about.queries.iter().map(|(measure, query)| (measure.key(), query.clone())).collect(),
        targets: about.targets.iter().map(target).collect(),
        series: about.series.0,
        series_limit: about.series.1,
    }
}

fn target(target: &TargetReport) -> Target {
    let scrape = target.outcome.as_ref().ok().map(|scrape| Scrape {
        bytes: scrape.bytes,
        samples: scrape.samples,
        skipped: scrape.skipped,
        skipped_example: scrape.skipped_example.clone(),
        remark: scrape.remark.clone(),
    });
    Target {
        address: target.address.clone(),
        took_ms: milliseconds(target.took),
        scrape,
        fault: target.outcome.as_ref().err().map(fault),
    }
}

fn item(check: &Check<'_>) -> Item {
    Item {
        number: check.number,
        text: check.text.to_owned(),
        hint: check.hint.to_owned(),
        done: check.done(),
        by: check.by().map(|(who, _)| who.to_owned()),
        at: check.by().map(|(_, at)| moment(at)),
        evidence: sentence(&check.evidence),
    }
}

fn incident(incident: &incident::Incident, id: Option<String>) -> Incident {
    Incident {
        id,
        title: incident.title().to_owned(),
        opened_at: incident.opened_at().map(moment),
        resolved_at: incident.resolved().map(|entry| moment(entry.at)),
        people: incident.people().into_iter().map(str::to_owned).collect(),
        entries: incident.entries().map(entry).collect(),
    }
}

fn entry(entry: &incident::Entry) -> Entry {
    let (kind, text) = match &entry.what {
        What::Opened { title, .. } => ("opened".to_owned(), title.clone()),
        What::Ticked { item, .. } => ("ticked".to_owned(), item.clone()),
        What::Unticked { item, .. } => ("unticked".to_owned(), item.clone()),
        What::Note { text } => ("note".to_owned(), text.clone()),
        What::Resolved => ("resolved".to_owned(), String::new()),
        // What a newer sixty wrote is not clean; its kind is all that can be told.
        What::Unknown(_) => (clean_line(entry.what.kind(), 40), String::new()),
        other => (other.kind().to_owned(), crate::incident::told(other)),
    };
    Entry { id: entry.id.clone(), at: moment(entry.at), who: entry.who.clone(), host: entry.host.clone(), kind, text }
}

fn since(at: At, now: At) -> f64 {
    (now - at).to_std().map_or(0.0, seconds)
}
