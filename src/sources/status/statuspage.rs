//! Atlassian Statuspage v2: `summary.json`, or `status.json` alone.
//!
//! Others imitate it (incident.io) and leave out or null what is empty. Groups of components are containers and
//! are not counted; a component whose name invites to visit the page is a note, not a component.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::facts::At;
use crate::facts::Component;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Level;
use crate::facts::Notice;
use crate::facts::NoticeState;
use crate::facts::ProviderStatus;
use crate::facts::text::clean_line;
use crate::sources::status::draft;
use crate::sources::status::draft::Draft;
use crate::sources::status::filter::Filter;
use crate::sources::status::filter::matches;
use crate::sources::status::filter::nearest;
use crate::sources::status::json;
use crate::sources::status::plain::title;

/// One component of the page.
struct Part<'a> {
    id: &'a str,
    name: &'a str,
    /// The name of the group that it is in; a filter may name that.
    group: &'a str,
    level: Level,
    word: String,
}

pub(super) fn read(page: &Value, filter: &Filter, at: At) -> Result<ProviderStatus, Fault> {
    let Some(indicator) = page.get("status").and_then(|status| json::word(status, "indicator")) else {
        return Err(json::strange("no `status.indicator`: this is not the answer of a Statuspage"));
    };
    let parts = parts(json::list(page, "components")?);
    let (chosen, missing) = choose(&parts, filter)?;
    let is_chosen: HashSet<&str> = chosen.iter().flat_map(|part| [part.id, part.name]).collect();
    let mut notices = Vec::new();
    for (key, planned) in [("incidents", false), ("scheduled_maintenances", true)] {
        for item in json::list(page, key)? {
            let names = named(item);
            // One that names no component at all concerns everybody.
            let concerns = filter.components.is_empty()
                || names.is_empty()
                || names.iter().any(|(id, name)| is_chosen.contains(id) || is_chosen.contains(name));
            if concerns {
                notices.extend(notice(item, &names, planned, at));
            }
        }
    }
    let told = indicator_level(&indicator);
    let of_parts = draft::worst_of(chosen.iter().map(|part| part.level).chain(missing.iter().map(|row| row.level)));
    let mut level = draft::worst_active(&notices).worse(of_parts);
    let mut words = String::new();
    if filter.components.is_empty() {
        level = level.worse(told);
        if told == level {
            let description = page.get("status").and_then(|status| json::text(status, "description"));
            words = description.map_or_else(|| indicator.clone(), title);
        }
        if told == Level::Unknown && level == Level::Unknown {
            words = clean_line(&format!("the page says `{indicator}`"), 200);
        }
    }
    let rows = chosen
        .iter()
        .filter(|part| !filter.components.is_empty() || part.level != Level::Operational)
        .map(|part| Component { name: draft::name(part.name), level: part.level, word: part.word.clone() });
    Ok(Draft {
        level,
        words,
        components: missing.into_iter().chain(rows).collect(),
        notices,
        page_updated: page.get("page").and_then(|page| json::time(page, "updated_at")),
    }
    .finish())
}

fn parts(items: &[Value]) -> Vec<Part<'_>> {
    let is_group = |item: &Value| item.get("group").and_then(Value::as_bool) == Some(true);
    let groups: HashMap<&str, &str> = items
        .iter()
        .filter(|item| is_group(item))
        .filter_map(|group| Some((json::text(group, "id")?, json::text(group, "name")?)))
        .collect();
    items
        .iter()
        .filter(|item| !is_group(item))
        .map(|item| {
            let word = json::word(item, "status").unwrap_or_else(|| "no state".to_owned());
            Part {
                id: json::text(item, "id").unwrap_or_default(),
                name: json::text(item, "name").unwrap_or("(no name)"),
                group: json::text(item, "group_id").and_then(|id| groups.get(id).copied()).unwrap_or_default(),
                level: component_level(&word),
                word: clean_line(&word.replace('_', " "), 60),
            }
        })
        .filter(|part| !is_invitation(part.name))
        .collect()
}

/// The components that the team chose, and one row of an unknown level for each choice that is not on the page:
/// a renamed component must not look healthy, but must not hide the others either.
fn choose<'p, 'a>(parts: &'p [Part<'a>], filter: &Filter) -> Result<(Vec<&'p Part<'a>>, Vec<Component>), Fault> {
    if filter.components.is_empty() {
        return Ok((parts.iter().collect(), Vec::new()));
    }
    if parts.is_empty() {
        return Err(Fault::new(FaultKind::NotFound, "the page lists no components, so none can be chosen")
            .advise("use its /api/v2/summary.json, or take the component filter away"));
    }
    let hit = |pattern: &String, part: &Part| matches(pattern, part.name) || matches(pattern, part.group);
    let chosen: Vec<&Part> =
        parts.iter().filter(|part| filter.components.iter().any(|pattern| hit(pattern, part))).collect();
    let unmatched: Vec<&String> =
        filter.components.iter().filter(|pattern| !parts.iter().any(|part| hit(pattern, part))).collect();
    let near = |pattern: &str| {
        nearest(pattern, parts.iter().map(|part| part.name)).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>()
    };
    if let (true, Some(first)) = (chosen.is_empty(), unmatched.first()) {
        let close = near(first);
        let advice = if close.is_empty() {
            let some: Vec<String> = parts.iter().take(5).map(|part| format!("`{}`", part.name)).collect();
            format!("the page lists {}{}", some.join(", "), if parts.len() > 5 { ", …" } else { "" })
        } else {
            format!("closest on the page: {}", close.join(", "))
        };
        return Err(Fault::new(FaultKind::NotFound, &format!("no component matches `{first}`")).advise(&advice));
    }
    let missing = unmatched.into_iter().map(|pattern| {
        let close = near(pattern).into_iter().next().map_or_else(String::new, |name| format!("; closest: {name}"));
        let word = clean_line(&format!("not on the page{close}"), 120);
        Component { name: draft::name(pattern), level: Level::Unknown, word }
    });
    Ok((chosen, missing.collect()))
}

/// `Visit www.example.com for more information` is a component only for the page's software.
fn is_invitation(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with("visit ") && name.contains("information")
}

/// Ids and names of the components that an incident names, by itself or in its updates.
fn named(item: &Value) -> Vec<(&str, &str)> {
    let pair = |value, id, name| (json::text(value, id).unwrap_or("\u{0}"), json::text(value, name).unwrap_or("\u{0}"));
    let own: Vec<_> = json::loose(item, "components").iter().map(|value| pair(value, "id", "name")).collect();
    let names = if own.is_empty() {
        let updates = json::loose(item, "incident_updates").iter();
        updates
            .flat_map(|update| json::loose(update, "affected_components"))
            .map(|value| pair(value, "code", "name"))
            .collect()
    } else {
        own
    };
    names.into_iter().filter(|(_, name)| !is_invitation(name)).collect()
}

/// An incident or maintenance that is not over, or `None`.
fn notice(item: &Value, names: &[(&str, &str)], planned: bool, at: At) -> Option<Notice> {
    let begin = ["started_at", "created_at"].iter().find_map(|key| json::time(item, key));
    let scheduled = json::time(item, "scheduled_for");
    let state = match json::text(item, "status").unwrap_or_default() {
        "resolved" | "postmortem" | "completed" => return None,
        "investigating" => NoticeState::Investigating,
        "identified" => NoticeState::Identified,
        "monitoring" => NoticeState::Monitoring,
        "scheduled" => NoticeState::Scheduled,
        "in_progress" | "verifying" => NoticeState::InProgress,
        _ if json::time(item, "resolved_at").is_some() => return None,
        _ if planned && scheduled.is_some_and(|scheduled| scheduled > at) => NoticeState::Scheduled,
        _ => NoticeState::Unknown,
    };
    let impact = json::word(item, "impact");
    let level = if planned { Level::Maintenance } else { impact.as_deref().map_or(Level::Unknown, indicator_level) };
    let mut components: Vec<String> = Vec::new();
    for (_, name) in names.iter().filter(|(_, name)| *name != "\u{0}") {
        let name = draft::name(name);
        if components.len() < draft::NAMED && !components.contains(&name) {
            components.push(name);
        }
    }
    let update = |update: &Value| {
        let time = ["display_at", "created_at"].iter().find_map(|key| json::time(update, key)).unwrap_or(at);
        draft::update(time, json::text(update, "body")?)
    };
    Some(Notice {
        id: clean_line(&json::word(item, "id").unwrap_or_default(), 100),
        title: title(json::text(item, "name").unwrap_or("(no title)")),
        level,
        state,
        started: if planned { scheduled.or(begin) } else { begin }.unwrap_or(at),
        until: json::time(item, "scheduled_until"),
        components,
        updates: json::loose(item, "incident_updates").iter().filter_map(update).collect(),
        link: draft::link(json::text(item, "shortlink").unwrap_or_default()),
    })
}

/// The page's indicator and the impact of an incident use the same words.
fn indicator_level(word: &str) -> Level {
    match word {
        "none" => Level::Operational,
        "minor" => Level::Degraded,
        "major" => Level::PartialOutage,
        "critical" => Level::MajorOutage,
        "maintenance" => Level::Maintenance,
        _ => Level::Unknown,
    }
}

fn component_level(word: &str) -> Level {
    match word {
        "operational" => Level::Operational,
        "degraded_performance" => Level::Degraded,
        "partial_outage" => Level::PartialOutage,
        "major_outage" | "full_outage" => Level::MajorOutage,
        "under_maintenance" => Level::Maintenance,
        _ => Level::Unknown,
    }
}
