//! Deployments of a repository on GitHub, or on an enterprise server with the same interface.
//!
//! One question brings the list, one more for each of the newest few brings how they ended; what has ended is
//! remembered, so that a quiet repository costs one conditional request. Releases and workflow runs are not read.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Payload;
use crate::facts::text::clean_line;
use crate::sources::deploys::in_future;
use crate::sources::deploys::joined;
use crate::sources::deploys::records::link;
use crate::sources::deploys::settle;
use crate::sources::http::Answer;
use crate::sources::http::Ask;
use crate::sources::http::Body;
use crate::sources::http::Http;
use crate::sources::http::Validators;
use crate::sources::http::shown;
use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

/// How many deployments are listed.
const LISTED: &str = "30";

/// Of how many of them the end is asked for: with a token, and without, where 60 questions an hour are allowed.
const FOLLOWED: (usize, usize) = (8, 2);

/// A deployment that has not ended after this time never will: it is not asked for again.
const FORGOTTEN: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// Which repository.
#[derive(Clone, PartialEq, Debug)]
pub struct GithubSettings {
    /// The name of the source.
    pub name: String,
    /// `OWNER/NAME`.
    pub repo: String,
    /// Only deployments to this environment.
    pub environment: Option<String>,
    /// `https://api.github.com`, or `https://HOST/api/v3`.
    pub api: Url,
    /// A token that may read deployments; public repositories need none.
    pub token: Option<SecretRef>,
    /// How often it is asked.
    pub every: Duration,
}

#[derive(Debug)]
pub(super) struct Github {
    pub(super) settings: GithubSettings,
    pub(super) remark: Option<String>,
    validators: Validators,
    listed: Vec<Deployment>,
    /// Entries of the list that were not understood.
    skipped: usize,
    followed: BTreeMap<u64, Followed>,
}

/// What is known of how a deployment went.
#[derive(Clone, Default, Debug)]
struct Followed {
    validators: Validators,
    state: Option<ChangeState>,
    finished: Option<At>,
    link: String,
}

#[derive(Clone, Deserialize, Debug)]
struct Deployment {
    id: u64,
    created_at: At,
    #[serde(default)]
    sha: Option<String>,
    #[serde(default, rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    task: Option<String>,
    #[serde(default)]
    environment: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    creator: Option<Creator>,
    /// A text or an object, whatever the deploying program wrote.
    #[serde(default)]
    payload: Value,
}

#[derive(Clone, Deserialize, Debug)]
struct Creator {
    #[serde(default)]
    login: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    state: String,
    #[serde(default)]
    created_at: Option<At>,
    #[serde(default)]
    log_url: Option<String>,
    #[serde(default)]
    target_url: Option<String>,
}

impl Github {
    pub(super) fn new(settings: GithubSettings) -> Self {
        let validators = Validators::default();
        Self { settings, remark: None, validators, listed: Vec::new(), skipped: 0, followed: BTreeMap::new() }
    }

    pub(super) fn address(&self) -> String {
        match self.url(&[]) {
            Ok(url) => shown(&url),
            Err(_) => clean_line(&self.settings.repo, 200),
        }
    }

    pub(super) async fn ask(&mut self, http: &Http, at: At) -> Result<Payload, Fault> {
        let authorization = match &self.settings.token {
            Some(token) => Some(Secret::new(&format!("Bearer {}", token.resolve().await?.expose()))),
            None => None,
        };
        let mut url = self.url(&[])?;
        url.query_pairs_mut().append_pair("per_page", LISTED);
        if let Some(environment) = &self.settings.environment {
            url.query_pairs_mut().append_pair("environment", environment);
        }
        let answer = get(http, url, authorization.as_ref(), self.validators.clone()).await;
        let answer = answer.map_err(|fault| self.explained(fault))?;
        let mut news = false;
        if let Answer::Body(body) = answer {
            let entries = entries(&body)?;
            let all = entries.len();
            self.listed = entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect();
            self.skipped = all - self.listed.len();
            if self.listed.is_empty() && self.skipped > 0 {
                return Err(Fault::new(FaultKind::Unreadable, "no entry of the answer is a deployment")
                    .advise("is `api` the address of GitHub's REST interface?"));
            }
            self.validators = body.validators;
            news = true;
        }
        self.followed.retain(|id, _| self.listed.iter().any(|deployment| deployment.id == *id));
        let trouble = self.follow(http, authorization.as_ref(), at, &mut news).await;
        let (changes, future) = settle(self.listed.iter().map(|deployment| self.change(deployment)).collect(), at);
        let unread = match self.skipped {
            0 => None,
            1 => Some("1 entry was not understood".to_owned()),
            skipped => Some(format!("{skipped} entries were not understood")),
        };
        let trouble = trouble.map(|fault| format!("how the newest deployments went is not known: {fault}"));
        self.remark = joined([unread, trouble, in_future(future)]);
        Ok(if news { Payload::Changes(changes) } else { Payload::Unchanged })
    }

    /// Asks how the newest deployments went, where that is not known for good. Stops at the first fault and
    /// returns it: the list is worth showing without.
    async fn follow(&mut self, http: &Http, authorization: Option<&Secret>, at: At, news: &mut bool) -> Option<Fault> {
        let count = if authorization.is_some() { FOLLOWED.0 } else { FOLLOWED.1 };
        let newest: Vec<(u64, At)> =
            self.listed.iter().take(count).map(|deployment| (deployment.id, deployment.created_at)).collect();
        for (id, created) in newest {
            let known = self.followed.get(&id).cloned().unwrap_or_default();
            let ended = matches!(known.state, Some(ChangeState::Succeeded | ChangeState::Failed));
            if ended || (known.state.is_some() && at - created > FORGOTTEN) {
                continue;
            }
            let answer = async {
                let mut url = self.url(&[&id.to_string(), "statuses"])?;
                url.query_pairs_mut().append_pair("per_page", "10");
                match get(http, url, authorization, known.validators).await? {
                    Answer::NotModified => Ok(None),
                    Answer::Body(body) => Ok(Some((entries(&body)?, body.validators))),
                }
            };
            match answer.await {
                Ok(None) => {}
                Ok(Some((entries, validators))) => {
                    let statuses = entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok());
                    let followed = Followed { validators, ..outcome(&statuses.collect::<Vec<Status>>()) };
                    *news = true;
                    self.followed.insert(id, followed);
                }
                Err(fault) => return Some(self.explained(fault)),
            }
        }
        None
    }

    fn change(&self, deployment: &Deployment) -> Change {
        let followed = self.followed.get(&deployment.id).cloned().unwrap_or_default();
        let text = |text: &Option<String>, max: usize| clean_line(text.as_deref().unwrap_or_default(), max);
        let reference = text(&deployment.reference, 80);
        let reference = reference.trim_start_matches("refs/tags/").trim_start_matches("refs/heads/");
        let sha: String = text(&deployment.sha, 64).chars().take(7).collect();
        let hash = deployment.sha.as_deref().is_some_and(|sha| sha.starts_with(reference));
        // A branch or a whole hash says less than the short hash.
        let tagged = !hash && reference.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
        let payload = payload(deployment);
        let told = if tagged { String::new() } else { named(&payload, &["version"]) };
        let version = match (told.is_empty(), tagged || sha.is_empty()) {
            (false, _) => told,
            (true, true) => reference.to_owned(),
            (true, false) => sha,
        };
        let mut title = text(&deployment.description, 300);
        let task = text(&deployment.task, 60);
        if !task.is_empty() && task != "deploy" {
            title = if title.is_empty() { task } else { format!("{task}: {title}") };
        }
        if title.is_empty() && !tagged && !hash && reference != version {
            title = format!("from {reference}");
        }
        Change {
            id: deployment.id.to_string(),
            kind: ChangeKind::Deploy,
            what: self.what(&payload),
            service: String::new(),
            version,
            who: who(deployment, &payload),
            environment: text(&deployment.environment, 40),
            title,
            started: deployment.created_at,
            finished: followed.finished,
            state: followed.state.unwrap_or(ChangeState::Unknown),
            link: if followed.link.is_empty() { self.page() } else { followed.link },
        }
    }

    /// What was deployed: of a repository with several programs the payload may say which.
    fn what(&self, payload: &Value) -> String {
        let told = named(payload, &["service", "app", "application", "component"]);
        let name = self.settings.repo.rsplit('/').next().unwrap_or_default();
        if told.is_empty() { clean_line(name, 80) } else { told }
    }

    /// `API/repos/OWNER/NAME/deployments` and what follows.
    fn url(&self, rest: &[&str]) -> Result<Url, Fault> {
        let plain = |part: &str| {
            !part.is_empty()
                && !matches!(part, "." | "..")
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        let repo = &self.settings.repo;
        let Some((owner, name)) = repo.split_once('/').filter(|(owner, name)| plain(owner) && plain(name)) else {
            return Err(
                Fault::new(FaultKind::Local, &format!("`{repo}` is not a repository")).advise("write it as OWNER/NAME")
            );
        };
        let mut url = self.settings.api.clone();
        url.set_query(None);
        let Ok(mut segments) = url.path_segments_mut() else {
            return Err(Fault::new(FaultKind::Local, "`api` is not an HTTP address"));
        };
        segments.pop_if_empty().extend(["repos", owner, name, "deployments"]).extend(rest);
        drop(segments);
        Ok(url)
    }

    /// The page with all deployments, for people.
    fn page(&self) -> String {
        let mut url = self.settings.api.clone();
        if url.host_str() == Some("api.github.com") && url.set_host(Some("github.com")).is_err() {
            return String::new();
        }
        url.set_path(&format!("{}/deployments", self.settings.repo));
        url.set_query(None);
        link(url.as_str())
    }

    /// What a refusal of GitHub means here.
    fn explained(&self, mut fault: Fault) -> Fault {
        let token = self.settings.token.is_some();
        // The secondary limit is a 403 that says when to come back.
        if fault.kind == FaultKind::Denied && fault.retry_after.is_some() {
            fault.kind = FaultKind::RateLimited;
        }
        let advice = match (fault.kind, token) {
            (FaultKind::RateLimited, true) => "GitHub allows so many questions per hour and token: ask less often",
            (FaultKind::RateLimited, false) => "GitHub allows 60 questions an hour without a token: configure one",
            (FaultKind::NotFound, true) => "check the repository; GitHub says the same where the token may not see it",
            (FaultKind::NotFound, false) => "check the repository; GitHub says the same where it wants a token",
            (FaultKind::Denied, true) => "is the token expired? It needs the right to read deployments",
            (FaultKind::Denied, false) => "configure a token that may read deployments",
            _ => return fault,
        };
        fault.advise(advice)
    }
}

async fn get(http: &Http, url: Url, authorization: Option<&Secret>, validators: Validators) -> Result<Answer, Fault> {
    let version = SecretRef::Plain(Secret::new("2022-11-28"));
    let mut ask = Ask::new(url);
    ask.accept = "application/vnd.github+json";
    ask.validators = validators;
    ask.headers.push(("X-GitHub-Api-Version".to_owned(), version));
    if let Some(authorization) = authorization {
        ask.headers.push(("Authorization".to_owned(), SecretRef::Plain(authorization.clone())));
    }
    http.ask(&ask).await
}

/// The entries of a JSON array.
fn entries(body: &Body) -> Result<Vec<Value>, Fault> {
    let fault = |cause: &str| {
        Fault::new(FaultKind::Unreadable, cause).advise("is `api` the address of GitHub's REST interface?")
    };
    if body.looks_like_html() {
        return Err(fault("a web page came instead of JSON"));
    }
    match serde_json::from_str(&body.text()?) {
        Ok(Value::Array(entries)) => Ok(entries),
        Ok(_) => Err(fault("the answer is not a list of deployments")),
        Err(error) => Err(fault(&format!("the answer is not JSON: {error}"))),
    }
}

/// How a deployment went, from its statuses, newest first. A success becomes `inactive` when a newer one comes.
fn outcome(statuses: &[Status]) -> Followed {
    let mut followed = Followed { state: Some(ChangeState::Unknown), ..Followed::default() };
    if let Some(status) = statuses.iter().find(|status| status.state != "inactive") {
        let (state, ended) = match status.state.as_str() {
            "success" => (ChangeState::Succeeded, true),
            "failure" | "error" => (ChangeState::Failed, true),
            "in_progress" | "queued" | "pending" | "waiting" => (ChangeState::Running, false),
            _ => (ChangeState::Unknown, false),
        };
        followed.state = Some(state);
        followed.finished = status.created_at.filter(|_| ended);
    }
    let mut links = statuses.iter().flat_map(|status| [&status.log_url, &status.target_url]).flatten();
    followed.link = links.find(|link| !link.is_empty()).map(|text| link(text)).unwrap_or_default();
    followed
}

/// The payload, which may be an object or a text that holds one.
fn payload(deployment: &Deployment) -> Value {
    match &deployment.payload {
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.clone(),
    }
}

/// The first of these keys that holds a text; clean, `""` when there is none.
fn named(payload: &Value, keys: &[&str]) -> String {
    let texts = keys.iter().filter_map(|key| payload.get(*key)?.as_str());
    texts.map(|text| clean_line(text, 80)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// The person: behind a bot stands whom the payload names.
fn who(deployment: &Deployment, payload: &Value) -> String {
    let login = deployment.creator.as_ref().and_then(|creator| creator.login.as_deref()).unwrap_or_default();
    let behind = if login.is_empty() || login.ends_with("[bot]") {
        named(payload, &["user", "actor", "deployer", "author", "triggered_by"])
    } else {
        String::new()
    };
    if behind.is_empty() { clean_line(login, 80) } else { behind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn github(repo: &str, api: &str) -> Github {
        Github::new(GithubSettings {
            name: "deploys".into(),
            repo: repo.into(),
            environment: None,
            api: api.parse().unwrap(),
            token: None,
            every: Duration::from_mins(1),
        })
    }

    fn statuses(states: &[&str]) -> Vec<Status> {
        let one = |(age, state): (i64, &&str)| Status {
            state: (*state).to_owned(),
            created_at: chrono::DateTime::from_timestamp(1_795_144_500 - age, 0),
            log_url: None,
            target_url: Some(format!("https://ci.example.com/{age}")),
        };
        (0..).zip(states).map(one).collect()
    }

    #[test]
    fn the_newest_status_that_is_not_inactive_counts() {
        for (states, state, finished) in [
            (&["success", "in_progress"][..], ChangeState::Succeeded, Some(1_795_144_500)),
            (&["inactive", "success", "queued"], ChangeState::Succeeded, Some(1_795_144_499)),
            (&["error"], ChangeState::Failed, Some(1_795_144_500)),
            (&["inactive", "failure"], ChangeState::Failed, Some(1_795_144_499)),
            (&["in_progress", "success"], ChangeState::Running, None),
            (&["waiting"], ChangeState::Running, None),
            (&["inactive"], ChangeState::Unknown, None),
            (&["exploded"], ChangeState::Unknown, None),
            (&[], ChangeState::Unknown, None),
        ] {
            let followed = outcome(&statuses(states));
            assert_eq!(
                (followed.state, followed.finished.map(|at| at.timestamp())),
                (Some(state), finished),
                "{states:?}"
            );
            assert_eq!(followed.link.is_empty(), states.is_empty());
        }
    }

    #[test]
    fn addresses_of_both_kinds_of_server() {
        let public = github("o/r", "https://api.github.com");
        assert_eq!(public.address(), "https://api.github.com/repos/o/r/deployments");
        assert_eq!(public.page(), "https://github.com/o/r/deployments");
        let enterprise = github("o/r.js", "https://git.example.com/api/v3/");
        let url = enterprise.url(&["7", "statuses"]).unwrap();
        assert_eq!(url.as_str(), "https://git.example.com/api/v3/repos/o/r.js/deployments/7/statuses");
        assert_eq!(enterprise.page(), "https://git.example.com/o/r.js/deployments");
        for wrong in ["", "o", "o/", "/r", "o/r/x", "o/..", "https://github.com/o/r", "o/r?x"] {
            let fault = github(wrong, "https://api.github.com").url(&[]).unwrap_err();
            assert_eq!(fault.advice, "write it as OWNER/NAME", "{wrong}");
        }
    }

    #[test]
    fn people_versions_and_titles() {
        let sha = "e53a04ca0ba2fbe6ea3fd590e8ea1391ac61630f";
        for (extra, version, who, title) in [
            (serde_json::json!({"ref": "main"}), "e53a04c", "ana", "from main"),
            (serde_json::json!({"ref": "v2.31.0"}), "v2.31.0", "ana", ""),
            (serde_json::json!({"ref": "refs/tags/v2"}), "v2", "ana", ""),
            (serde_json::json!({"ref": sha}), "e53a04c", "ana", ""),
            (serde_json::json!({"ref": "main", "description": "Pool"}), "e53a04c", "ana", "Pool"),
            (serde_json::json!({"task": "deploy:migrations"}), "e53a04c", "ana", "deploy:migrations"),
            (serde_json::json!({"creator": {"login": "ci[bot]"}, "payload": {"user": "sam"}}), "e53a04c", "sam", ""),
            (serde_json::json!({"creator": null, "payload": "{\"actor\":\"sam\"}"}), "e53a04c", "sam", ""),
            (serde_json::json!({"creator": {"login": "ci[bot]"}, "payload": "text"}), "e53a04c", "ci[bot]", ""),
        ] {
            let mut value = serde_json::json!({
                "id": 1, "created_at": "2026-11-20T03:10:00Z", "sha": sha, "task": "deploy",
                "creator": {"login": "ana"}, "payload": {"user": "somebody"},
            });
            value.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let change = github("o/r", "https://api.github.com").change(&serde_json::from_value(value).unwrap());
            let seen = (change.version.as_str(), change.who.as_str(), change.title.as_str());
            assert_eq!(seen, (version, who, title), "{extra}");
        }
    }
}
