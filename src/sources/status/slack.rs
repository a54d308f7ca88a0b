//! Slack's `current`: `ok` or `active`, and the incidents that are going on.

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

pub(super) fn read(page: &Value, filter: &Filter, at: At) -> Result<ProviderStatus, Fault> {
    let Some(status) = json::text(page, "status") else {
        return Err(json::strange("no `status`: this is not Slack's current state"));
    };
    // An object with a `status` is not much to go by: `{"status":"ok"}` is what many health checks answer.
    if page.get("active_incidents").is_none() && page.get("date_updated").is_none() {
        return Err(json::strange("no `active_incidents`: this is not Slack's current state"));
    }
    let incidents = json::list(page, "active_incidents")?;
    let mut notices = Vec::new();
    let mut parts = Vec::new();
    for incident in incidents {
        let services: Vec<&str> = json::loose(incident, "services").iter().filter_map(Value::as_str).collect();
        if !filter.components(services.iter().copied()) {
            continue;
        }
        let Some(notice) = notice(incident, &services, at) else { continue };
        if notice.state != NoticeState::Scheduled {
            parts.extend(notice.components.iter().map(|name| Part {
                name: name.clone(),
                alias: String::new(),
                level: notice.level,
                word: notice.level.word().to_owned(),
            }));
        }
        notices.push(notice);
    }
    let told = match status {
        "ok" => Level::Operational,
        // What is active says how bad it is; without any of it nobody does.
        "active" if !incidents.is_empty() => Level::Operational,
        _ => Level::Unknown,
    };
    let level = told.worse(draft::worst_active(&notices));
    let words = if level == Level::Unknown && told == level {
        clean_line(&format!("the page says `{status}`"), 200)
    } else {
        String::new()
    };
    let page_updated = json::time(page, "date_updated");
    Ok(Draft { level, words, components: filter.rows(&parts), notices, page_updated }.finish())
}

/// An incident that is not over, or `None`.
fn notice(incident: &Value, services: &[&str], at: At) -> Option<Notice> {
    let state = match json::text(incident, "status").unwrap_or_default() {
        "resolved" | "completed" | "cancelled" => return None,
        "scheduled" => NoticeState::Scheduled,
        _ => NoticeState::Unknown,
    };
    let level = match json::text(incident, "type").unwrap_or_default() {
        _ if state == NoticeState::Scheduled => Level::Maintenance,
        // A notice is a note that is worth reading, not a fault.
        "notice" => Level::Operational,
        "incident" => Level::Degraded,
        "outage" => Level::MajorOutage,
        _ => Level::Unknown,
    };
    let update =
        |note: &Value| draft::update(json::time(note, "date_created").unwrap_or(at), json::text(note, "body")?);
    Some(Notice {
        id: clean_line(&json::word(incident, "id").unwrap_or_default(), 100),
        title: title(json::text(incident, "title").unwrap_or("(no title)")),
        level,
        state,
        started: json::time(incident, "date_created").unwrap_or(at),
        until: None,
        components: services.iter().map(|name| draft::name(name)).collect(),
        updates: json::loose(incident, "notes").iter().filter_map(update).collect(),
        link: draft::link(json::text(incident, "url").unwrap_or_default()),
    })
}
