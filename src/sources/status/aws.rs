//! AWS public current events: a list of events, or an older object with the list under `current`.
//!
//! Severity is a number from 0 (over) to 3 (worst) that comes as text and as number. Events stay in the list for
//! a while after their end, and some stay open for months: filter by region.

use std::collections::BTreeSet;

use chrono::DateTime;
use serde_json::Value;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::Level;
use crate::facts::Notice;
use crate::facts::NoticeState;
use crate::facts::NoticeUpdate;
use crate::facts::ProviderStatus;
use crate::facts::text::clean_line;
use crate::sources::status::draft;
use crate::sources::status::draft::Draft;
use crate::sources::status::filter::Filter;
use crate::sources::status::filter::Part;
use crate::sources::status::json;
use crate::sources::status::plain::title;

pub(super) fn read(feed: &Value, filter: &Filter, at: At) -> Result<ProviderStatus, Fault> {
    let events = match feed {
        Value::Array(events) => events.as_slice(),
        Value::Object(object) if object.get("current").is_some_and(Value::is_array) => json::loose(feed, "current"),
        _ => return Err(json::strange("not a list of AWS events")),
    };
    let is_event = |event: &Value| event.get("service").is_some() && event.get("status").is_some();
    if let (false, Some(_)) = (events.iter().any(is_event), events.first()) {
        return Err(json::strange("a list, but not of AWS events"));
    }
    let mut notices = Vec::new();
    let mut parts = Vec::new();
    let mut level = Level::Operational;
    for event in events {
        if !is_event(event) {
            // One entry of a new shape does not hide the others, but all is not well known any more.
            level = level.worse(Level::Unknown);
            continue;
        }
        if is_over(event, at) || !filter.regions(regions(event).iter().map(String::as_str)) {
            continue;
        }
        let services = services(event);
        let concerned: Vec<&Part> =
            services.iter().filter(|part| filter.components([part.name.as_str(), part.alias.as_str()])).collect();
        // An event that names no service concerns everybody.
        if services.is_empty() || !concerned.is_empty() {
            notices.push(notice(event, &concerned, filter, at));
        }
        parts.extend(services);
    }
    level = level.worse(draft::worst_active(&notices));
    Ok(Draft { level, words: String::new(), components: filter.rows(&parts), notices, page_updated: None }.finish())
}

fn level(word: &str) -> Level {
    match word {
        "0" => Level::Operational,
        "1" => Level::Degraded,
        "2" => Level::PartialOutage,
        "3" => Level::MajorOutage,
        _ => Level::Unknown,
    }
}

fn is_over(event: &Value, at: At) -> bool {
    json::word(event, "status").as_deref() == Some("0")
        || json::epoch(event, "end_time").is_some_and(|end| end <= at)
        || json::text(event, "summary").is_some_and(|summary| summary.starts_with("[RESOLVED]"))
}

/// Codes and names of the regions of an event; none when it is global.
fn regions(event: &Value) -> BTreeSet<String> {
    let mut regions = BTreeSet::new();
    let arn = json::text(event, "arn").and_then(|arn| arn.split(':').nth(3)).filter(|region| !region.is_empty());
    regions.extend(arn.map(str::to_owned));
    let keys = event.get("impacted_services").and_then(Value::as_object);
    let keys = keys.into_iter().flat_map(serde_json::Map::keys).map(String::as_str);
    for service in keys.chain(json::text(event, "service")) {
        regions.extend(split(service).1.map(str::to_owned));
    }
    if !regions.is_empty() {
        regions.extend(json::text(event, "region_name").map(str::to_owned));
    }
    regions
}

/// `ec2-us-gov-west-1` is `ec2` in `us-gov-west-1`.
fn split(service: &str) -> (&str, Option<&str>) {
    let is_area = |piece: &str| piece.len() == 2 && piece.bytes().all(|b| b.is_ascii_lowercase());
    let ends_in_number =
        service.rsplit('-').next().is_some_and(|last| !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()));
    let dashes: Vec<usize> = service.match_indices('-').map(|(index, _)| index).collect();
    for dash in dashes {
        let region = &service[dash + 1..];
        let pieces = region.split('-').count();
        if ends_in_number && is_area(region.split('-').next().unwrap_or_default()) && (3..=4).contains(&pieces) {
            return (&service[..dash], Some(region));
        }
    }
    (service, None)
}

/// The services that an event names, each with its present state.
fn services(event: &Value) -> Vec<Part> {
    let part = |key: &str, name: Option<&str>, word: &str| Part {
        name: draft::name(name.unwrap_or(key)),
        alias: split(key).0.to_owned(),
        level: level(word),
        word: clean_line(meaning(word), 60),
    };
    let impacted = event.get("impacted_services").and_then(Value::as_object);
    let impacted: Vec<Part> = impacted
        .into_iter()
        .flatten()
        .map(|(key, service)| {
            let word = json::word(service, "current").unwrap_or_default();
            part(key, json::text(service, "service_name"), &word)
        })
        // A service that has recovered is not impacted any more.
        .filter(|part| part.level != Level::Operational)
        .collect();
    let service = json::text(event, "service").unwrap_or_default();
    if !impacted.is_empty() || service.is_empty() || service.starts_with("multipleservices") {
        return impacted;
    }
    vec![part(service, json::text(event, "service_name"), &json::word(event, "status").unwrap_or_default())]
}

/// The word that the console shows for a number.
fn meaning(word: &str) -> &str {
    match word {
        "0" => "operational",
        "1" => "informational",
        "2" => "degradation",
        "3" => "disruption",
        other => other,
    }
}

fn notice(event: &Value, concerned: &[&Part], filter: &Filter, at: At) -> Notice {
    let told = json::word(event, "status").map_or(Level::Unknown, |word| level(&word));
    // With a choice of services, only those count; without one, the event speaks for itself.
    let level = if filter.components.is_empty() || concerned.is_empty() {
        told
    } else {
        draft::worst_of(concerned.iter().map(|part| part.level))
    };
    let updates: Vec<NoticeUpdate> = json::loose(event, "event_log")
        .iter()
        .filter_map(|entry| draft::update(json::epoch(entry, "timestamp").unwrap_or(at), json::text(entry, "message")?))
        .collect();
    let arn = json::text(event, "arn");
    let began = json::epoch(event, "date").or_else(|| updates.iter().map(|update| update.at).min());
    let mut components: Vec<String> = concerned.iter().map(|part| part.name.clone()).collect();
    components.dedup();
    let summary = json::text(event, "summary").or_else(|| json::text(event, "service_name"));
    let region = json::text(event, "region_name").map_or_else(String::new, |region| format!(" ({region})"));
    Notice {
        id: clean_line(
            &arn.map_or_else(
                || {
                    format!(
                        "{} {}",
                        json::text(event, "service").unwrap_or_default(),
                        began.unwrap_or(DateTime::UNIX_EPOCH).timestamp()
                    )
                },
                str::to_owned,
            ),
            200,
        ),
        title: title(&format!("{}{region}", summary.unwrap_or("(no title)"))),
        level,
        state: NoticeState::Unknown,
        started: began.unwrap_or(at),
        until: None,
        components,
        updates,
        link: arn.map_or_else(String::new, |arn| {
            draft::link(&format!("https://health.aws.amazon.com/health/status?eventID={arn}"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_carry_their_region() {
        for (service, name, region) in [
            ("ec2-us-east-1", "ec2", Some("us-east-1")),
            ("ec2-us-gov-west-1", "ec2", Some("us-gov-west-1")),
            ("multipleservices-me-central-1", "multipleservices", Some("me-central-1")),
            ("my-long-name-eu-west-2", "my-long-name", Some("eu-west-2")),
            ("route53", "route53", None),
            ("iam-global", "iam-global", None),
            ("", "", None),
        ] {
            assert_eq!(split(service), (name, region));
        }
    }
}
