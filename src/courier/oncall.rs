//! Grafana `OnCall`, and IRM, which has its API: alert groups, and their acknowledgement.

use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::courier::channel::below;
use crate::courier::pager::Kind;
use crate::courier::pager::Line;
use crate::courier::pager::TITLE;
use crate::courier::pager::is_over;
use crate::courier::pager::text_of;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::incident::OpenPage;
use crate::incident::PageState;
use crate::sources::http::Message;

#[derive(Deserialize)]
struct Groups {
    results: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    id: String,
    state: String,
    #[serde(default)]
    title: Option<String>,
    created_at: Option<At>,
    #[serde(default)]
    alerts_count: Option<u64>,
}

impl Group {
    fn state(&self) -> PageState {
        match self.state.as_str() {
            "new" | "firing" => PageState::Triggered,
            "acknowledged" | "silenced" => PageState::Acknowledged,
            _ => PageState::Resolved,
        }
    }
}

/// The groups that are new or acknowledged.
pub(super) async fn list(line: &Line<'_>) -> Result<Vec<OpenPage>, Fault> {
    let Kind::OnCall { api, teams, .. } = &line.pager.kind else { return Ok(Vec::new()) };
    let mut pages = Vec::new();
    for state in ["new", "acknowledged"] {
        let mut url = below(api, "api/v1/alert_groups/");
        url.query_pairs_mut().append_pair("state", state);
        for team in teams {
            url.query_pairs_mut().append_pair("team_id", team);
        }
        let Groups { results } = line.read(url).await?;
        // An old version may not know the filter.
        pages.extend(results.into_iter().filter(|group| group.state() != PageState::Resolved).map(|group| {
            let alerts = group.alerts_count.filter(|count| *count > 1);
            let alerts = alerts.map_or_else(String::new, |count| format!(" ({count} alerts)"));
            let title = group.title.as_deref().filter(|title| !title.is_empty()).unwrap_or("an alert without a title");
            OpenPage {
                place: line.pager.name.clone(),
                reference: clean_line(&group.id, 60),
                title: clean_line(&format!("{title}{alerts}"), TITLE),
                state: group.state(),
                since: group.created_at,
                means: String::new(),
            }
        }));
    }
    let mut seen: Vec<String> = Vec::new();
    pages.retain(|page| {
        let is_new = !seen.contains(&page.reference);
        seen.push(page.reference.clone());
        is_new
    });
    Ok(pages)
}

/// Acknowledges a group that is new.
pub(super) async fn acknowledge(line: &Line<'_>, page: &OpenPage) -> Result<String, Fault> {
    let Kind::OnCall { api, .. } = &line.pager.kind else { return Ok(String::new()) };
    let id = &page.reference;
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(Fault::new(FaultKind::Local, &format!("`{id}` is not an alert group of OnCall")));
    }
    let group: Group = line.read(below(api, &format!("api/v1/alert_groups/{id}"))).await?;
    match group.state() {
        PageState::Triggered => {}
        PageState::Acknowledged => return Ok(format!("it is {} already", clean_line(&group.state, 40))),
        PageState::Resolved => return Err(is_over("the alert group")),
    }
    let url = below(api, &format!("api/v1/alert_groups/{id}/acknowledge"));
    // Its answer is the number 200, or the group; both are a success.
    let answer: Value = line.write(url, Message::post(&json!({})), &[]).await?;
    match text_of(&answer["state"]).as_str() {
        "" | "acknowledged" => Ok("acknowledged".to_owned()),
        other => Err(Fault::new(FaultKind::Unreadable, &format!("it was taken, and is {}", clean_line(other, 40)))
            .advise("look there whether it was done")),
    }
}
