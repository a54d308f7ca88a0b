//! `PagerDuty`, REST API v2: its open incidents, and their acknowledgement.
//!
//! To acknowledge an incident that is resolved opens it again and pages somebody: its state is read right before, and
//! only a triggered one is written.

use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::courier::channel::below;
use crate::courier::pager::Kind;
use crate::courier::pager::Line;
use crate::courier::pager::MOST;
use crate::courier::pager::TITLE;
use crate::courier::pager::is_over;
use crate::courier::pager::nullable;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::incident::OpenPage;
use crate::incident::PageState;
use crate::sources::http::Message;

/// What one answer holds at most.
const PAGE: usize = 100;

#[derive(Deserialize)]
struct Many {
    incidents: Vec<Incident>,
    #[serde(default, deserialize_with = "nullable")]
    more: bool,
}

#[derive(Deserialize)]
struct One {
    incident: Incident,
}

#[derive(Deserialize)]
struct Incident {
    id: String,
    #[serde(default, deserialize_with = "nullable", rename = "incident_number")]
    number: u64,
    #[serde(default, deserialize_with = "nullable")]
    title: String,
    #[serde(default, deserialize_with = "nullable")]
    summary: String,
    status: String,
    created_at: Option<At>,
    service: Option<Reference>,
    #[serde(default, deserialize_with = "nullable")]
    acknowledgements: Vec<Acknowledgement>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default, deserialize_with = "nullable")]
    summary: Option<String>,
}

#[derive(Deserialize)]
struct Acknowledgement {
    acknowledger: Option<Reference>,
}

impl Incident {
    fn state(&self) -> PageState {
        match self.status.as_str() {
            "triggered" => PageState::Triggered,
            "acknowledged" => PageState::Acknowledged,
            _ => PageState::Resolved,
        }
    }

    fn page(&self, place: &str) -> OpenPage {
        let title = if self.title.is_empty() { &self.summary } else { &self.title };
        let service = self.service.as_ref().and_then(|service| service.summary.as_deref()).unwrap_or_default();
        let number = if self.number > 0 { format!("#{} ", self.number) } else { String::new() };
        let service = if service.is_empty() { String::new() } else { format!(" ({service})") };
        OpenPage {
            place: place.to_owned(),
            reference: clean_line(&self.id, 60),
            title: clean_line(&format!("{number}{title}{service}"), TITLE),
            state: self.state(),
            since: self.created_at,
            means: String::new(),
        }
    }

    /// Who has it.
    fn holder(&self) -> String {
        let last = self.acknowledgements.last().and_then(|one| one.acknowledger.as_ref());
        clean_line(last.and_then(|one| one.summary.as_deref()).unwrap_or("somebody"), 80)
    }
}

/// The triggered and acknowledged incidents that page somebody.
pub(super) async fn list(line: &Line<'_>) -> Result<Vec<OpenPage>, Fault> {
    let Kind::PagerDuty { api, service_ids, teams, .. } = &line.pager.kind else { return Ok(Vec::new()) };
    let mut pages: Vec<OpenPage> = Vec::new();
    while pages.len() < MOST {
        let mut url = below(api, "incidents");
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("statuses[]", "triggered").append_pair("statuses[]", "acknowledged");
            if service_ids.is_empty() && teams.is_empty() {
                // What nobody is woken by is of no interest among all that there is.
                query.append_pair("urgencies[]", "high");
            }
            for id in service_ids {
                query.append_pair("service_ids[]", id);
            }
            for id in teams {
                query.append_pair("team_ids[]", id);
            }
            // Without it, what is open for longer than a month is left out.
            query.append_pair("date_range", "all").append_pair("sort_by", "created_at:desc");
            query.append_pair("limit", &PAGE.to_string()).append_pair("offset", &pages.len().to_string());
        }
        let many: Many = line.read(url).await?;
        let came = many.incidents.len();
        pages.extend(many.incidents.iter().map(|one| one.page(&line.pager.name)));
        if !many.more || came == 0 {
            break;
        }
    }
    pages.retain(|page| page.state != PageState::Resolved);
    Ok(pages)
}

/// Acknowledges an incident that is triggered.
pub(super) async fn acknowledge(line: &Line<'_>, page: &OpenPage, from: &str) -> Result<String, Fault> {
    let Kind::PagerDuty { api, .. } = &line.pager.kind else { return Ok(String::new()) };
    let One { incident } = line.read(one(api, &page.reference)?).await?;
    match incident.state() {
        PageState::Triggered => {}
        PageState::Acknowledged => return Ok(format!("{} has it already", incident.holder())),
        PageState::Resolved => return Err(is_over(&incident.id)),
    }
    let reference = json!({ "id": incident.id, "type": "incident_reference", "status": "acknowledged" });
    let message = Message::put(&json!({ "incidents": [reference] }));
    let many: Many = line.write(below(api, "incidents"), message, &[("From", from)]).await?;
    match many.incidents.iter().find(|one| one.id == incident.id) {
        Some(one) if one.state() == PageState::Acknowledged => Ok(format!("acknowledged as {from}")),
        _ => Err(Fault::new(FaultKind::Unreadable, "it was taken, but is not acknowledged")
            .advise("look there: somebody else may have changed it at the same moment")),
    }
}

/// The address of an incident. A reference comes from a list, but may have lain in a file.
fn one(api: &Url, reference: &str) -> Result<Url, Fault> {
    if reference.is_empty() || !reference.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(Fault::new(FaultKind::Local, &format!("`{reference}` is not an incident of PagerDuty")));
    }
    Ok(below(api, &format!("incidents/{reference}")))
}
