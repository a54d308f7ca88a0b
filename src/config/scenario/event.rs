//! `[[at]]`: something happens.

use crate::drill::Alteration;
use crate::drill::AlterationKind;
use crate::drill::Event;
use crate::drill::Impact;
use crate::drill::Incident;
use crate::drill::Manner;
use crate::drill::Place;
use crate::drill::Second;
use crate::drill::Service;
use crate::drill::Vendor;

use crate::config::reader::Section;
use crate::config::reader::Value;
use crate::config::reader::Wrong;
use crate::config::reader::quoted;

use super::known;
use super::known::Known;
use super::service::MOST_INSTANCES;
use super::set;
use super::time;
use super::time::Calendar;
use super::values;

/// The kinds of changes by their keys.
const CHANGES: [(&str, AlterationKind, &str); 5] = [
    ("deploy", AlterationKind::Deploy, "deploy = \"api v2.31.0\""),
    ("flag", AlterationKind::Flag, "flag = \"new-tax on\""),
    ("config", AlterationKind::Config, "config = \"pool.size 10\""),
    ("job", AlterationKind::Job, "job = \"nightly-report\""),
    ("note", AlterationKind::Note, "note = \"fail-over test\""),
];

/// How long a deploy takes that does not say it, in seconds.
const DEPLOY_TAKES: Second = 90;

/// Reads one `[[at]]`.
pub(super) fn read(section: Section<'_>, calendar: &Calendar, known: &Known) -> Option<Event> {
    if !section.has("time") {
        section.lacks("time", "time = \"5m\"");
    }
    let at = section.value("time").and_then(|value| calendar.second(&value));
    let mut change = change(&section);
    let (place, service) = place(&section, known, change.as_ref());
    let vendor = place.vendor.as_ref().and_then(|name| known.vendors.iter().find(|vendor| vendor.name == *name));
    let scale = values::count(&section, "scale", 1, MOST_INSTANCES);
    if let (Some(count), None, Some(name)) = (scale, &change, &place.service) {
        let (by, title, told) = (words(&section, "by"), words(&section, "title"), told(&section));
        change = Some(Alteration { by, title, told, ..named(AlterationKind::Scale, name, &format!("to {count}"), 0) });
    }
    let span = |key| section.value(key).and_then(|value: Value<'_>| value.text("over = \"60s\"")?.map(time::whole));
    let lasts = span("lasts");
    let until = section.value("until").and_then(|value| calendar.second(&value));
    let until = until.or_else(|| lasts.zip(at).map(|(lasts, at)| at + lasts));
    if let (Some(at), Some(until)) = (at, until)
        && until <= at
    {
        section.note_shape(Wrong::new("it is over before it begins", "write a later `until`"));
    }
    let event = Event {
        at: at.unwrap_or(0),
        set: section.value("set").map(|value| set::read(&value, service, place.to.as_deref())).unwrap_or_default(),
        over: span("over").unwrap_or(0),
        until,
        scale,
        restart: section.value("restart").and_then(|value| restart(&value)),
        answers: answers(&section),
        incident: incident(&section, vendor),
        change,
        place,
    };
    check(&section, &event, known);
    section.done();
    at.map(|_| event)
}

/// Where it happens, and the service that is meant: the one that is named, or deployed, or the only one.
fn place<'k>(section: &Section<'_>, known: &'k Known, change: Option<&Alteration>) -> (Place, Option<&'k Service>) {
    let deployed = change.filter(|change| change.kind == AlterationKind::Deploy);
    let service = if section.has("service") || deployed.is_none() {
        known.service(section)
    } else {
        let runs = |service: &&Service| deployed.is_some_and(|change| service.programs.contains(&change.what));
        known.services.iter().find(runs)
    };
    let vendor = section.value("vendor").and_then(|value| value.text("vendor = \"Stripe\"")).and_then(|text| {
        let found = known.vendors.iter().find(|vendor| vendor.name == text.raw());
        if found.is_none() {
            known::missing(&text, "vendor", &known.vendors.iter().map(|v| v.name.as_str()).collect::<Vec<_>>());
        }
        found.map(|vendor| vendor.name.clone())
    });
    let route = section.value("route").and_then(|value| value.text("route = \"POST /pay\""));
    let to = section.value("to").and_then(|value| value.text("to = \"Stripe\"")).and_then(|text| {
        let calls = &service?.calls;
        let found = calls.iter().find(|call| call.to == text.raw());
        if found.is_none() {
            known::missing(&text, "call to", &calls.iter().map(|call| call.to.as_str()).collect::<Vec<_>>());
        }
        found.map(|call| call.to.clone())
    });
    let place = Place {
        service: service.map(|service| service.name.clone()),
        instances: section.value("instance").map(|value| instances(&value)).unwrap_or_default(),
        route: route.and_then(|text| known::route(&text, service?)),
        to,
        vendor,
    };
    (place, service)
}

fn instances(value: &Value<'_>) -> Vec<usize> {
    let entries = value.entries().unwrap_or_else(|| vec![value.clone()]);
    entries.iter().filter_map(|entry| values::count_of(entry, 1, MOST_INSTANCES)).collect()
}

fn named(kind: AlterationKind, what: &str, version: &str, takes: Second) -> Alteration {
    Alteration {
        kind,
        what: what.to_owned(),
        version: version.to_owned(),
        by: String::new(),
        title: String::new(),
        takes,
        told: true,
        restarts: true,
        failed: false,
    }
}

fn words(section: &Section<'_>, key: &'static str) -> String {
    values::words(section, key, &format!("{key} = \"…\"")).unwrap_or_default()
}

fn told(section: &Section<'_>) -> bool {
    values::truth(section, "told").unwrap_or(true)
}

/// What somebody altered: `deploy = "api v2.31.0"` and its like, at most one.
fn change(section: &Section<'_>) -> Option<Alteration> {
    let mut found: Option<Alteration> = None;
    for (key, kind, example) in CHANGES {
        let Some(value) = section.value(key) else { continue };
        let Some(text) = value.text(example).and_then(|text| text.map(values::line)) else { continue };
        if found.is_some() {
            value.wrong(Wrong::new("there are two changes in one [[at]]", "write an [[at]] for each"));
        }
        let (what, version) = match kind {
            AlterationKind::Deploy | AlterationKind::Flag | AlterationKind::Config => {
                text.split_once(' ').unwrap_or((text.as_str(), ""))
            }
            _ => (text.as_str(), ""),
        };
        if kind == AlterationKind::Deploy && version.is_empty() {
            value.wrong(Wrong::new(format!("{} has no version", quoted(&text)), format!("write {example}")));
        }
        let takes = if kind == AlterationKind::Deploy { DEPLOY_TAKES } else { 0 };
        found = Some(named(kind, what, version.trim(), takes));
    }
    let takes = section.value("takes").and_then(|value| value.text("takes = \"90s\"")?.map(time::whole));
    let restarts = values::truth(section, "restarts");
    let failed = values::truth(section, "failed");
    let (by, title, told) = (words(section, "by"), words(section, "title"), told(section));
    let mut change = found?;
    (change.by, change.title, change.told) = (by, title, told);
    change.takes = takes.unwrap_or(change.takes);
    change.restarts = restarts.unwrap_or(true);
    change.failed = failed.unwrap_or(false);
    Some(change)
}

/// `restart = true`, or how long the instances are away.
fn restart(value: &Value<'_>) -> Option<Second> {
    match value.as_bool() {
        Some(true) => Some(0),
        Some(false) => None,
        None => value.text("restart = true or restart = \"20s\"")?.map(time::whole),
    }
}

/// How metrics, or the page of a vendor, answer from now on.
fn answers(section: &Section<'_>) -> Option<Manner> {
    const MANNERS: [(&str, Manner); 8] = [
        ("ok", Manner::Well),
        ("refused", Manner::Refused),
        ("hangs", Manner::Hangs),
        ("500", Manner::Status(500)),
        ("503", Manner::Status(503)),
        ("404", Manner::Status(404)),
        ("garbage", Manner::Garbage),
        ("empty", Manner::Empty),
    ];
    let one = |key: &'static str| {
        let text = section.value(key)?.text(&format!("{key} = \"refused\""))?;
        values::word(&text, "manner to answer", &MANNERS)
    };
    let (metrics, page) = (one("metrics"), one("page"));
    if section.has("metrics") && section.has("vendor") {
        section.note_shape(Wrong::new("a vendor has no metrics", "write page = \"refused\""));
    }
    if section.has("page") && !section.has("vendor") {
        section.lacks("vendor", "vendor = \"Stripe\"");
    }
    metrics.or(page)
}

fn incident(section: &Section<'_>, vendor: Option<&Vendor>) -> Option<Incident> {
    const STATES: [(&str, &str); 4] = [
        ("investigating", "investigating"),
        ("identified", "identified"),
        ("monitoring", "monitoring"),
        ("resolved", "resolved"),
    ];
    const IMPACTS: [(&str, Impact); 3] =
        [("minor", Impact::Minor), ("major", Impact::Major), ("critical", Impact::Critical)];
    let name = values::words(section, "incident", "incident = \"Elevated error rates\"");
    let state = section.value("state").and_then(|value| value.text("state = \"investigating\""));
    let state = state.and_then(|text| values::word(&text, "state", &STATES)).unwrap_or("investigating");
    let impact = section.value("impact").and_then(|value| value.text("impact = \"major\""));
    let impact = impact.and_then(|text| values::word(&text, "impact", &IMPACTS));
    let texts = section.value("components").and_then(|value| value.texts("components = [\"API\"]")).unwrap_or_default();
    let region = values::words(section, "region", "region = \"eu-west-1\"").unwrap_or_default();
    let text = words(section, "text");
    let name = name?;
    let Some(vendor) = vendor else {
        if !section.has("vendor") {
            section.lacks("vendor", "vendor = \"Stripe\"");
        }
        return None;
    };
    let mut components = Vec::new();
    for text in texts {
        if vendor.components.iter().any(|known| known == text.raw()) {
            components.push(text.raw().to_owned());
        } else {
            let names: Vec<&str> = vendor.components.iter().map(String::as_str).collect();
            known::missing(&text, "component", &names);
        }
    }
    Some(Incident { name, state: state.to_owned(), impact, components, region, text })
}

/// What must go together.
fn check(section: &Section<'_>, event: &Event, known: &Known) {
    let acts = ["set", "scale", "restart", "metrics", "page", "incident", "deploy", "flag", "config", "job", "note"];
    if !acts.iter().any(|key| section.has(key)) {
        let advice = "write one of set, deploy, flag, config, job, note, scale, restart, metrics, page, incident";
        section.note_shape(Wrong::new("nothing happens in this [[at]]", advice));
    }
    let of_service = ["set", "scale", "restart", "metrics"].iter().any(|key| section.has(key));
    if of_service && event.place.service.is_none() && !section.has("service") && !known.services.is_empty() {
        section.lacks("service", "service = \"checkout-api\": the one that is meant");
    }
    if section.has("by") && event.change.is_none() {
        let advice = "write a change as well, as in deploy = \"api v2.31.0\"";
        section.note_shape(Wrong::new("`by` is of a change, and there is none", advice));
    }
}
