//! Alertmanager, API v2: a silence that ends by itself stands for an acknowledgement.
//!
//! What a silence would hush, and until when, is said before it is made, and exactly that is made: the end is part of
//! the page's reference, and an alert whose labels changed meanwhile is not silenced. An alert that a silence hushes
//! already is not silenced twice, so that a second try after a broken answer does nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::SecondsFormat;
use chrono::SubsecRound as _;
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;

use crate::courier::channel::below;
use crate::courier::pager::Kind;
use crate::courier::pager::Line;
use crate::courier::pager::TITLE;
use crate::courier::pager::Word;
use crate::courier::pager::nullable;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::incident::OpenPage;
use crate::incident::PageState;
use crate::sources::http::Message;

/// Between the fingerprint of an alert and the end of its silence, in a reference.
const UNTIL: &str = "@";

#[derive(Deserialize)]
struct Alert {
    #[serde(default, deserialize_with = "nullable")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "nullable")]
    annotations: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "nullable")]
    fingerprint: String,
    #[serde(rename = "startsAt")]
    starts_at: Option<At>,
    #[serde(default, deserialize_with = "nullable")]
    status: Status,
}

#[derive(Deserialize, Default)]
struct Status {
    #[serde(default, deserialize_with = "nullable", rename = "silencedBy")]
    silenced_by: Vec<String>,
    #[serde(default, deserialize_with = "nullable", rename = "inhibitedBy")]
    inhibited_by: Vec<String>,
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "silenceID")]
    id: String,
}

impl Alert {
    /// The matchers of its silence, as a person reads them: all of its labels, so that nothing else is hushed.
    fn matchers(&self) -> String {
        let one = |(name, value): (&String, &String)| format!("{name}={value:?}");
        format!("{{{}}}", self.labels.iter().map(one).collect::<Vec<_>>().join(", "))
    }

    /// What acknowledging it means.
    fn means(&self, until: At) -> String {
        // The end first: a long list of labels is cut.
        let until = until.to_rfc3339_opts(SecondsFormat::Secs, true).replace('T', " ").replace('Z', " UTC");
        clean_line(&format!("a silence until {until} of {}", self.matchers()), 2_000)
    }

    fn state(&self) -> PageState {
        if self.status.silenced_by.is_empty() { PageState::Triggered } else { PageState::Acknowledged }
    }

    fn page(&self, place: &str, until: At) -> OpenPage {
        let name = self.labels.get("alertname").map_or("an alert without a name", String::as_str);
        let mut told = name.to_owned();
        let more = ["summary", "message", "description"].iter().find_map(|key| self.annotations.get(*key));
        for part in [self.labels.get("service").or_else(|| self.labels.get("job")), more].into_iter().flatten() {
            told.push_str(": ");
            told.push_str(part);
        }
        OpenPage {
            place: place.to_owned(),
            reference: format!("{}{UNTIL}{}", clean_line(&self.fingerprint, 60), until.timestamp()),
            title: clean_line(&told, TITLE),
            state: self.state(),
            since: self.starts_at,
            means: if self.status.silenced_by.is_empty() {
                self.means(until)
            } else {
                "it is silenced already".to_owned()
            },
        }
    }
}

/// Whether a page is about a service, as far as its words tell.
pub(super) fn names(page: &OpenPage, service: &str) -> bool {
    page.means.contains(&format!("={service:?}")) || page.title.contains(service)
}

/// The alerts that page somebody, or are silenced.
pub(super) async fn list(line: &Line<'_>, silence: Duration, service: &str, at: At) -> Result<Vec<OpenPage>, Fault> {
    let until = at.trunc_subsecs(0) + TimeDelta::from_std(silence).unwrap_or_default();
    let mut pages: Vec<OpenPage> =
        alerts(line).await?.iter().map(|alert| alert.page(&line.pager.name, until)).collect();
    pages.sort_by_key(|page| !names(page, service));
    Ok(pages)
}

async fn alerts(line: &Line<'_>) -> Result<Vec<Alert>, Fault> {
    let Kind::Alertmanager { url, .. } = &line.pager.kind else { return Ok(Vec::new()) };
    let mut url = below(url, "api/v2/alerts");
    url.query_pairs_mut().append_pair("inhibited", "false").append_pair("unprocessed", "false");
    let mut alerts: Vec<Alert> = line.read(url).await?;
    // One that is silenced and inhibited at once comes all the same.
    alerts.retain(|alert| alert.status.inhibited_by.is_empty() && !alert.fingerprint.is_empty());
    Ok(alerts)
}

/// Makes the silence that the page told.
pub(super) async fn acknowledge(
    line: &Line<'_>,
    page: &OpenPage,
    word: Word<'_>,
    silence: Duration,
) -> Result<String, Fault> {
    let Kind::Alertmanager { url, .. } = &line.pager.kind else { return Ok(String::new()) };
    let again = |cause: &str| Err(Fault::new(FaultKind::NotFound, cause).advise("list the pages anew"));
    let parts = page.reference.split_once(UNTIL);
    let until = parts.and_then(|(_, until)| At::from_timestamp(until.parse().ok()?, 0));
    let (Some((fingerprint, _)), Some(until)) = (parts, until) else {
        return again("this is not an alert of Alertmanager");
    };
    if until <= word.at || until > word.at + TimeDelta::from_std(silence).unwrap_or_default() {
        return again("the end of the silence that was shown is not ahead any more");
    }
    let alerts = alerts(line).await?;
    let Some(alert) = alerts.iter().find(|alert| alert.fingerprint == fingerprint) else {
        return again("the alert does not fire any more, and nothing was silenced");
    };
    if !alert.status.silenced_by.is_empty() {
        return Ok("it is silenced already".to_owned());
    }
    if alert.means(until) != page.means {
        return again("the alert is not the one that was shown, and nothing was silenced");
    }
    if alert.labels.is_empty() {
        return again("the alert has no labels: a silence would hush everything");
    }
    let matcher =
        |(name, value): (&String, &String)| json!({ "name": name, "value": value, "isRegex": false, "isEqual": true });
    let comment = if word.text.trim().is_empty() { "acknowledged with sixty" } else { word.text };
    let time = |at: At| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let body = json!({
        "matchers": alert.labels.iter().map(matcher).collect::<Vec<_>>(),
        "startsAt": time(word.at),
        "endsAt": time(until),
        "createdBy": word.who,
        "comment": comment,
    });
    let Created { id } = line.write(below(url, "api/v2/silences"), Message::post(&body), &[]).await?;
    Ok(format!("silence {} until {}", clean_line(&id, 60), until.format("%H:%M UTC")))
}
