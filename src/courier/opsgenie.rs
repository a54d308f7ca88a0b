//! Opsgenie, API v2: its open alerts, and their acknowledgement, which is taken first and done later.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::courier::channel::below;
use crate::courier::pager::Kind;
use crate::courier::pager::Line;
use crate::courier::pager::TITLE;
use crate::courier::pager::Word;
use crate::courier::pager::is_over;
use crate::courier::pager::nullable;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::incident::OpenPage;
use crate::incident::PageState;
use crate::sources::http::Message;

/// Pauses before each look at what came of a request: ten seconds together.
const LOOKS: [u64; 7] = [200, 400, 800, 1_600, 2_000, 2_500, 2_500];

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct Alert {
    id: String,
    #[serde(default, deserialize_with = "nullable", rename = "tinyId")]
    number: String,
    #[serde(default, deserialize_with = "nullable")]
    message: String,
    status: String,
    #[serde(default, deserialize_with = "nullable")]
    acknowledged: bool,
    #[serde(default, deserialize_with = "nullable")]
    owner: String,
    #[serde(rename = "createdAt")]
    created_at: Option<At>,
}

#[derive(Deserialize)]
struct Accepted {
    #[serde(rename = "requestId")]
    request: String,
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(default, deserialize_with = "nullable", rename = "isSuccess")]
    is_success: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    success: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    status: String,
}

impl Alert {
    fn state(&self) -> PageState {
        match (self.status.as_str(), self.acknowledged) {
            ("open", false) => PageState::Triggered,
            ("open", true) => PageState::Acknowledged,
            _ => PageState::Resolved,
        }
    }
}

/// The open alerts.
pub(super) async fn list(line: &Line<'_>) -> Result<Vec<OpenPage>, Fault> {
    let Kind::Opsgenie { api, teams, .. } = &line.pager.kind else { return Ok(Vec::new()) };
    let quoted = |team: &String| format!("teams: \"{}\"", team.replace(['"', '\\'], ""));
    let teams: Vec<String> = teams.iter().map(quoted).collect();
    let query = match teams.as_slice() {
        [] => "status: open".to_owned(),
        some => format!("status: open AND ({})", some.join(" OR ")),
    };
    let mut url = below(api, "v2/alerts");
    url.query_pairs_mut().append_pair("query", &query).append_pair("sort", "createdAt");
    url.query_pairs_mut().append_pair("order", "desc").append_pair("limit", "100");
    let Data { data }: Data<Vec<Alert>> = line.read(url).await?;
    let page = |alert: Alert| {
        let number = if alert.number.is_empty() { String::new() } else { format!("#{} ", alert.number) };
        OpenPage {
            place: line.pager.name.clone(),
            reference: clean_line(&alert.id, 100),
            title: clean_line(&format!("{number}{}", alert.message), TITLE),
            state: alert.state(),
            since: alert.created_at,
            means: String::new(),
        }
    };
    Ok(data.into_iter().map(page).filter(|page| page.state != PageState::Resolved).collect())
}

/// Acknowledges an alert that is open, and waits until it is done.
pub(super) async fn acknowledge(line: &Line<'_>, page: &OpenPage, word: Word<'_>) -> Result<String, Fault> {
    let Kind::Opsgenie { api, .. } = &line.pager.kind else { return Ok(String::new()) };
    let id = &page.reference;
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Fault::new(FaultKind::Local, &format!("`{id}` is not an alert of Opsgenie")));
    }
    let mut url = below(api, &format!("v2/alerts/{id}"));
    url.query_pairs_mut().append_pair("identifierType", "id");
    let Data { data: alert }: Data<Alert> = line.read(url).await?;
    match alert.state() {
        PageState::Triggered => {}
        PageState::Acknowledged => {
            let owner = if alert.owner.is_empty() { "somebody" } else { &alert.owner };
            return Ok(format!("{} has it already", clean_line(owner, 80)));
        }
        PageState::Resolved => return Err(is_over("the alert")),
    }
    let mut url = below(api, &format!("v2/alerts/{id}/acknowledge"));
    url.query_pairs_mut().append_pair("identifierType", "id");
    let body = json!({ "user": word.who, "note": word.text, "source": "sixty" });
    let accepted: Accepted = line.write(url, Message::post(&body), &[]).await?;
    outcome(line, &accepted.request).await
}

/// What came of a request that was taken.
async fn outcome(line: &Line<'_>, request: &str) -> Result<String, Fault> {
    let Kind::Opsgenie { api, .. } = &line.pager.kind else { return Ok(String::new()) };
    let unknown = |why: &str| {
        Fault::new(FaultKind::Timeout, &format!("it was taken, but {why}")).advise("look there whether it was done")
    };
    if request.is_empty() || !request.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(unknown("its answer does not say how to ask for more"));
    }
    for pause in LOOKS {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        match line.read::<Data<Outcome>>(below(api, &format!("v2/alerts/requests/{request}"))).await {
            Ok(Data { data }) if data.is_success.or(data.success) == Some(true) => {
                return Ok("acknowledged".to_owned());
            }
            Ok(Data { data }) if data.is_success.or(data.success) == Some(false) => {
                let said = clean_line(&data.status, 120);
                return Err(Fault::new(FaultKind::Status, &format!("it was taken and then refused: {said}")));
            }
            // While it waits there is nothing to be found under its name.
            Ok(_) => {}
            Err(fault) if fault.status == Some(404) => {}
            Err(fault) => return Err(unknown(&format!("what came of it is not known: {}", fault.cause))),
        }
    }
    Err(unknown("not done within 10 s"))
}
