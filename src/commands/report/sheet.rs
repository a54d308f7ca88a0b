//! What people read, as lines and tables of plain words: the same for a terminal and for a ticket.
//!
//! Says what is there and in which order; how a table is drawn and what must be escaped is each format's own.

mod alerts;
mod triage;

use std::time::Duration;

use crate::app::App;
use crate::app::ServiceState;
use crate::app::SourceHealth;
use crate::facts::Answer;
use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Signal;
use crate::facts::SourceKind;
use crate::signals::units;
use crate::triage::Finding;
use crate::triage::Line;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::triage::clock_time;

/// Changes that are shown; older ones are in the JSON.
const CHANGES: usize = 10;

/// Everything that is told, the verdict first.
pub(super) struct Sheet {
    /// `CRITICAL`, with the team's own name where there is one: `CRITICAL SEV1`.
    pub word: String,
    /// `checkout-api: Errors 45.2 % of requests since 03:15:20.`
    pub verdict: String,
    /// The other services with their states; empty when there is only one.
    pub others: String,
    /// When, in both zones, and after how long.
    pub time: String,
    /// The services, worst first.
    pub services: Vec<ServiceSheet>,
    /// Alerts, outside, changes, faults.
    pub sections: Vec<Section>,
    /// What the verdict does not cover; may be empty.
    pub unchecked: String,
}

/// One service.
pub(super) struct ServiceSheet {
    /// `checkout-api · prod`.
    pub title: String,
    /// `CRITICAL since 03:15:20 (5m49s)`.
    pub state: String,
    /// Sentences.
    pub lines: Vec<String>,
    /// The team's own command for the quick win; may be empty.
    pub command: String,
    /// What may lie behind it.
    pub suspects: Table,
    /// The rules that hold or have begun to.
    pub rules: Table,
    /// Its signals.
    pub signals: Table,
    /// Why numbers are missing, what they mean, who ticked what.
    pub notes: Vec<String>,
}

/// A titled table.
pub(super) struct Section {
    /// Its title.
    pub title: &'static str,
    /// What to say instead of an empty table; `""` leaves the section out.
    pub empty: &'static str,
    /// Its rows.
    pub table: Table,
}

/// Rows under a head; the last column may be long.
pub(super) struct Table {
    /// The names of the columns.
    pub head: &'static [&'static str],
    /// The rows, as long as the head.
    pub rows: Vec<Vec<String>>,
}

/// The sheet of everything that is known after `watched`.
pub(super) fn sheet(app: &App, watched: Duration) -> Sheet {
    let order = app.worst_first();
    let services: Vec<&ServiceState> = order.iter().filter_map(|index| app.services().get(*index)).collect();
    let verdict = services.first().map(|worst| format!("{}: {}", worst.name, worst.verdict.headline.text()));
    let told = services.iter().enumerate().filter(|(index, one)| is_told(*index, one, services.len()));
    let zone = &app.settings().zone;
    let local = format!("{} {}", zone.local(app.now()).format("%Y-%m-%d %H:%M:%S"), zone.abbreviation(app.now()));
    let utc = if local.ends_with(" UTC") { String::new() } else { format!(" · {} UTC", app.now().format("%H:%M:%S")) };
    let [alerts, broken] = alerts::sections(app);
    Sheet {
        word: app.settings().severities.title(app.severity()),
        verdict: verdict.unwrap_or_else(|| nothing(app)),
        others: others(&services),
        time: format!("{local}{utc}, watched for {:.1} s", watched.as_secs_f64()),
        services: told.map(|(index, one)| service(app, one, index == 0)).collect(),
        sections: vec![
            alerts,
            broken,
            Section { title: "Outside", empty: "no status page is watched", table: outside(app) },
            Section { title: "Changes", empty: "none known", table: changes(app) },
            Section { title: "Faults", empty: "", table: faults(app) },
        ],
        unchecked: unchecked(app),
    }
}

/// With more services than this, those that are well are counted and not told.
const MANY: usize = 12;

/// Whether a service is told in full.
fn is_told(index: usize, service: &ServiceState, count: usize) -> bool {
    index == 0 || count <= MANY || (service.verdict.severity != Severity::Ok && index < 2 * MANY)
}

/// The states of all services but the first, worst first; of many, those that are not well.
fn others(services: &[&ServiceState]) -> String {
    let rest = services.get(1..).unwrap_or_default();
    let state = |one: &&ServiceState| format!("{} {}", one.name, one.verdict.severity.word());
    if services.len() <= MANY {
        return rest.iter().map(state).collect::<Vec<_>>().join(", ");
    }
    let ill: Vec<_> = rest.iter().filter(|one| one.verdict.severity != Severity::Ok).collect();
    let mut words: Vec<String> = ill.iter().take(2 * MANY).map(|one| state(one)).collect();
    if let more @ 1.. = ill.len().saturating_sub(words.len()) {
        words.push(format!("{more} more that are not ok"));
    }
    if let well @ 1.. = rest.len() - ill.len() {
        words.push(format!("{well} ok"));
    }
    words.join(", ")
}

/// Why there is no service to report on, in place of the verdict.
fn nothing(app: &App) -> String {
    let absence = app.absence();
    let lines = std::iter::once(&absence.headline).chain(&absence.more);
    lines.map(Line::text).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn service(app: &App, service: &ServiceState, leads: bool) -> ServiceSheet {
    let verdict = &service.verdict;
    let title = match service.environment.as_str() {
        "" => service.name.to_string(),
        environment => format!("{} · {environment}", service.name),
    };
    let word = app.settings().severities.title(verdict.severity);
    let state = match verdict.onset {
        Some(onset) => {
            let least = if verdict.onset_open { "at least " } else { "" };
            let within = verdict.within.filter(|_| !verdict.onset_open);
            let within = within.map(|within| format!(" ±{}", units::age(within))).unwrap_or_default();
            format!("{word} {}{within} ({least}{})", since(app, onset, verdict.onset_open), age(onset, app))
        }
        None => word,
    };
    let headline = if leads { String::new() } else { verdict.headline.text() };
    let mut lines = vec![headline, verdict.context.text()];
    lines.retain(|line| !line.is_empty());
    lines.extend(triage::lines(app, service));
    let head = &["Signal", "Value", "State", "Since", "Usual"];
    let rows = ROWS.iter().filter_map(|row| signal(app, service, row)).collect();
    ServiceSheet {
        title,
        state,
        lines,
        command: triage::command(service),
        suspects: triage::suspects(service),
        rules: triage::rules(app, service),
        signals: Table { head, rows },
        notes: notes(app, service),
    }
}

/// A row of the table of signals: its name, its measure, the measure that it is a part of, what is judged.
type Row = (&'static str, Measure, Option<Measure>, Option<Subject>);

const ROWS: [Row; 16] = [
    ("Request rate", Measure::RequestRate, None, Some(Subject::RequestRate)),
    ("Error rate", Measure::ErrorRate, None, Some(Subject::ErrorRate)),
    ("Latency p50", Measure::LatencyP50, None, None),
    ("Latency p95", Measure::LatencyP95, None, Some(Subject::LatencyP95)),
    ("Latency p99", Measure::LatencyP99, None, None),
    ("DB pool", Measure::PoolUsed, Some(Measure::PoolMax), Some(Subject::DbPool)),
    ("DB pool waiting", Measure::PoolWaiting, None, Some(Subject::DbPoolWaiting)),
    ("Memory", Measure::MemoryUsed, Some(Measure::MemoryLimit), Some(Subject::Memory)),
    ("CPU", Measure::CpuUsed, Some(Measure::CpuMax), Some(Subject::Cpu)),
    ("Disk", Measure::Disk, None, Some(Subject::Disk)),
    ("Not found", Measure::NotFound, None, Some(Subject::NotFound)),
    ("Too many requests", Measure::RateLimited, None, Some(Subject::RateLimited)),
    ("Failing calls", Measure::CallErrors, None, Some(Subject::CallErrors)),
    ("Limited calls", Measure::CallsLimited, None, Some(Subject::CallsLimited)),
    ("Database p95", Measure::DbLatency, None, Some(Subject::DbLatency)),
    ("Waiting for locks", Measure::DbLocked, None, Some(Subject::DbLocked)),
];

/// A row; `None` where nobody answered for the measure.
fn signal(app: &App, service: &ServiceState, (name, measure, whole, subject): &Row) -> Option<Vec<String>> {
    let (at, answer) = service.signals.track(*measure)?.latest.as_ref()?;
    let finding = service.verdict.findings.iter().find(|finding| Some(finding.subject) == *subject);
    let severities = &app.settings().severities;
    let fresh = service.signals.now(*measure, app.now()).is_some();
    let (value, state, when) = match answer {
        Answer::Known(number) => {
            let all = whole.and_then(|whole| service.signals.answer(whole)?.number());
            let value = match all {
                Some(all) => units::of(number.value, all.value, measure.unit()),
                None => units::shown(*number, measure.unit()),
            };
            match finding {
                Some(finding) => (value, severities.short(finding.severity).to_owned(), finding_since(app, finding)),
                None if fresh => (value, "live".to_owned(), String::new()),
                None => (value, "stale".to_owned(), format!("{} old", age(*at, app))),
            }
        }
        Answer::WarmingUp(left) => {
            ("–".to_owned(), "warming up".to_owned(), format!("ready in about {}", units::age(*left)))
        }
        Answer::NoTraffic => ("–".to_owned(), "no traffic".to_owned(), String::new()),
        Answer::NoData(_) => ("–".to_owned(), "no data".to_owned(), String::new()),
    };
    // Of what nobody measures here, nothing need be said: the notes say why.
    if state == "no data" && !Signal::GOLDEN.contains(&measure.signal()) {
        return None;
    }
    let usual = subject.map(|subject| triage::usual(app, service, subject)).unwrap_or_default();
    Some(vec![(*name).to_owned(), value, state, when, usual])
}

fn notes(app: &App, service: &ServiceState) -> Vec<String> {
    let mut missing: Vec<(&str, Vec<&str>)> = Vec::new();
    for measure in Measure::ALL {
        let Some(Answer::NoData(why)) = service.signals.answer(measure) else { continue };
        let title = measure.signal().title();
        match missing.iter_mut().find(|(other, _)| *other == &**why) {
            Some((_, titles)) if titles.contains(&title) => {}
            Some((_, titles)) => titles.push(title),
            None => missing.push((why, vec![title])),
        }
    }
    let mut notes: Vec<_> = missing.iter().map(|(why, titles)| format!("{}: {why}.", titles.join(", "))).collect();
    let about = service.signals.about();
    notes.extend(about.iter().flat_map(|about| &about.presets).map(|one| format!("{}: {}.", one.title, one.why)));
    notes.extend(about.iter().flat_map(|about| &about.notes).map(|note| format!("{note}.")));
    notes.push(triage::rules_note(app, service));
    notes.extend(triage::parts(service));
    let list = &app.settings().checklist;
    for (index, item) in list.items.iter().enumerate() {
        if let Some(tick) = service.incident.tick(&list.key, &item.key).filter(|tick| tick.done) {
            let at = clock_time(tick.at, app.now(), &app.settings().zone);
            notes.push(format!("Done: {} {} ({}, {at}).", index + 1, item.text, tick.who));
        }
    }
    notes
}

fn outside(app: &App) -> Table {
    let mut rows = Vec::new();
    for (health, vendor) in app.sources_of(SourceKind::Status, None).zip(app.vendors()) {
        let Some(status) = app.status_of(&health.info.id) else {
            rows.push(vec![vendor.name.clone(), "unknown".to_owned(), String::new(), "no answer".to_owned()]);
            continue;
        };
        let level = match vendor.level() {
            crate::facts::Level::Operational => "vendor says ok",
            other => other.word(),
        };
        let since = status.since.map(|at| since(app, at, false)).unwrap_or_default();
        let page = status.page_updated.map(|at| format!("page touched {} ago", age(at, app)));
        let read = health.last_ok.map(|at| format!("read {} ago", age(at, app)));
        let words = [Some(status.summary.clone()).filter(|summary| !summary.is_empty()), page, read];
        let words = words.into_iter().flatten().collect::<Vec<_>>().join("; ");
        rows.push(vec![vendor.name.clone(), level.to_owned(), since, words]);
    }
    Table { head: &["Provider", "Level", "Since", "In its own words"], rows }
}

fn changes(app: &App) -> Table {
    let onset = app.worst_first().first().and_then(|index| app.services()[*index].verdict.onset);
    let mut rows = Vec::new();
    for change in app.changes().iter().take(CHANGES) {
        let distance = match onset {
            Some(onset) if change.at() <= onset => format!("{} before", units::between(change.at(), onset)),
            Some(onset) => format!("{} after", units::between(onset, change.at())),
            None => format!("{} ago", age(change.at(), app)),
        };
        let name = change.name();
        let title = if change.title == name { String::new() } else { change.title.clone() };
        let at = clock_time(change.at(), app.now(), &app.settings().zone);
        let what = format!("{} {name}", change.kind.word());
        rows.push(vec![at, distance, what, change.state.word().to_owned(), change.who.clone(), title]);
    }
    Table { head: &["At", "Distance", "What", "State", "Who", "Title"], rows }
}

fn faults(app: &App) -> Table {
    let mut rows = Vec::new();
    for health in app.sources() {
        if let Some(fault) = &health.fault {
            let since = health.failing_since.map(|at| since(app, at, false)).unwrap_or_default();
            rows.push(vec![health.info.id.to_string(), since, fault.to_string()]);
        }
    }
    for service in app.services() {
        let about = service.signals.about();
        for target in about.iter().flat_map(|about| &about.targets) {
            let words = match &target.outcome {
                Err(fault) => fault.to_string(),
                Ok(scrape) if scrape.skipped > 0 => {
                    let lines = if scrape.skipped == 1 { "line" } else { "lines" };
                    format!("{} {lines} not understood, first: {}", scrape.skipped, scrape.skipped_example)
                }
                Ok(scrape) => scrape.remark.clone(),
            };
            if !words.is_empty() {
                rows.push(vec![target.address.clone(), String::new(), words]);
            }
        }
        if let Some(trouble) = &service.journal_trouble {
            rows.push(vec![format!("journal {}", service.name), String::new(), trouble.to_string()]);
        }
    }
    Table { head: &["Source", "Since", "Cause"], rows }
}

fn unchecked(app: &App) -> String {
    let silent = |health: &&SourceHealth| health.last_ok.is_none() || health.fault.is_some();
    let why = |health: &SourceHealth| match &health.fault {
        Some(fault) => format!("{} ({})", health.info.id, fault.kind.word()),
        None => format!("{} (no answer yet)", health.info.id),
    };
    let mut all: Vec<String> = app.sources().iter().filter(silent).map(why).collect();
    if app.sources_of(SourceKind::Status, None).next().is_none() {
        all.push("services of others (no status page is configured)".to_owned());
    }
    if app.sources_of(SourceKind::Changes, None).next().is_none() && app.changes().is_empty() {
        all.push("what changed (no source of changes is configured)".to_owned());
    }
    all.join(", ")
}

fn finding_since(app: &App, finding: &Finding) -> String {
    match finding.severity {
        Severity::Ok | Severity::Info | Severity::Unknown => String::new(),
        Severity::Warning | Severity::Critical => since(app, finding.since, finding.from_the_start),
    }
}

fn since(app: &App, at: At, open: bool) -> String {
    let time = clock_time(at, app.now(), &app.settings().zone);
    if open { format!("since {time} or earlier") } else { format!("since {time}") }
}

fn age(at: At, app: &App) -> String {
    units::between(at, app.now())
}
