//! Google Cloud and Workspace `incidents.json`: a rolling history; open is what has no `end`.

use serde_json::Value;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::Level;
use crate::facts::Notice;
use crate::facts::NoticeState;
use crate::facts::ProviderStatus;
use crate::facts::text::clean_line;
use crate::sources::status::draft;
use crate::sources::status::draft::Draft;
use crate::sources::status::filter::Filter;
use crate::sources::status::filter::Part;
use crate::sources::status::json;
use crate::sources::status::plain::title;

pub(super) fn read(feed: &Value, filter: &Filter, at: At) -> Result<ProviderStatus, Fault> {
    let Value::Array(incidents) = feed else { return Err(json::strange("not a list of Google incidents")) };
    let is_incident = |item: &Value| {
        item.get("id").is_some()
            && item.get("begin").is_some()
            && (has(item, "external_desc") || has(item, "status_impact"))
    };
    if !incidents.is_empty() && !incidents.iter().any(is_incident) {
        return Err(json::strange("a list, but not of Google incidents"));
    }
    let mut notices = Vec::new();
    let mut parts = Vec::new();
    let mut level = Level::Operational;
    for incident in incidents {
        if !is_incident(incident) {
            level = level.worse(Level::Unknown);
            continue;
        }
        if !is_open(incident) {
            continue;
        }
        let products = names(incident, "affected_products", &["title", "current_title", "id"]);
        let places = names(incident, "currently_affected_locations", &["id", "title"]);
        let in_place = filter.regions(places.iter().flatten().copied());
        if !in_place || !filter.components(products.iter().flatten().copied()) {
            continue;
        }
        let notice = notice(incident, &products, at);
        parts.extend(notice.components.iter().map(|name| Part {
            name: name.clone(),
            alias: String::new(),
            level: notice.level,
            word: notice.level.word().to_owned(),
        }));
        notices.push(notice);
    }
    level = level.worse(draft::worst_active(&notices));
    let page_updated = incidents.iter().filter_map(|incident| json::time(incident, "modified")).max();
    Ok(Draft { level, words: String::new(), components: filter.rows(&parts), notices, page_updated }.finish())
}

/// Old documents have dashes in their keys.
fn has(item: &Value, key: &str) -> bool {
    item.get(key).is_some() || item.get(key.replace('_', "-")).is_some()
}

fn is_open(incident: &Value) -> bool {
    match incident.get("end") {
        None | Some(Value::Null) => true,
        Some(Value::String(end)) => end.trim().is_empty(),
        // An end of another shape is an end all the same.
        Some(_) => false,
    }
}

/// For each entry of a list, its names under these keys.
fn names<'a>(incident: &'a Value, key: &str, keys: &[&str]) -> Vec<Vec<&'a str>> {
    let entries = json::loose(incident, key).iter();
    entries.map(|entry| keys.iter().filter_map(|key| json::text(entry, key)).collect()).collect()
}

fn notice(incident: &Value, products: &[Vec<&str>], at: At) -> Notice {
    let latest = incident.get("most_recent_update").or_else(|| incident.get("most-recent-update"));
    let impact =
        json::word(incident, "status_impact").or_else(|| latest.and_then(|update| json::word(update, "status")));
    let mut messages = json::loose(incident, "updates").to_vec();
    if messages.is_empty() {
        messages.extend(latest.cloned());
    }
    let update = |update: &Value| {
        let time = ["when", "created"].iter().find_map(|key| json::time(update, key)).unwrap_or(at);
        draft::update(time, json::text(update, "text")?)
    };
    let description = json::text(incident, "external_desc").or_else(|| json::text(incident, "external-desc"));
    Notice {
        id: clean_line(&json::word(incident, "id").unwrap_or_default(), 100),
        title: title(description.unwrap_or("(no title)")),
        level: impact.as_deref().map_or(Level::Unknown, level),
        state: NoticeState::Unknown,
        started: json::time(incident, "begin").or_else(|| json::time(incident, "created")).unwrap_or(at),
        until: None,
        components: products.iter().filter_map(|names| names.first()).map(|name| draft::name(name)).collect(),
        updates: messages.iter().filter_map(update).collect(),
        // Relative to the document; whoever asked knows where that is.
        link: json::text(incident, "uri").filter(|uri| is_plain_path(uri)).unwrap_or_default().to_owned(),
    }
}

fn is_plain_path(uri: &str) -> bool {
    uri.len() <= 200 && uri.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.'))
}

fn level(word: &str) -> Level {
    match word {
        "AVAILABLE" => Level::Operational,
        "SERVICE_INFORMATION" => Level::Degraded,
        "SERVICE_DISRUPTION" => Level::PartialOutage,
        "SERVICE_OUTAGE" => Level::MajorOutage,
        _ => Level::Unknown,
    }
}
