//! What was changed, as its logs say it: lines of JSON, and GitHub's deployments with their statuses.
//!
//! Only deploys are on GitHub: a forge knows nothing of flags and jobs.

use super::World;
use super::endpoints::Answered;
use super::endpoints::REPOSITORY;
use super::page::commit;
use super::plan::runs;
use crate::drill::Alteration;
use crate::drill::AlterationKind;
use crate::drill::Second;
use crate::drill::Teller;
use crate::facts::At;
use crate::facts::ChangeState;
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;
use std::borrow::Cow;

/// The environment that every change is made in.
const ENVIRONMENT: &str = "production";
/// The identity of the first deployment; the others count on.
const FIRST_ID: usize = 2_184_530_071;

/// One line of the log.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<String>,
    kind: &'a str,
    what: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    who: &'a str,
    environment: &'a str,
    state: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
    tags: [&'a str; 1],
}

/// A change and when it begins.
struct Told<'w> {
    at: Second,
    change: Cow<'w, Alteration>,
}

impl Told<'_> {
    fn until(&self) -> Second {
        self.at + self.change.takes
    }

    fn state(&self, now: Second) -> ChangeState {
        match (self.until() <= now, self.change.failed) {
            (false, _) => ChangeState::Running,
            (true, false) => ChangeState::Succeeded,
            (true, true) => ChangeState::Failed,
        }
    }
}

impl World {
    /// The deploy log at an instant, one JSON object per line, oldest first.
    ///
    /// `at` is when a change began; `finished` is absent while it runs.
    #[must_use]
    pub fn deploys_jsonl(&self, at: At) -> String {
        let now = self.second(at);
        let mut told: Vec<Told<'_>> = self.told().chain(self.job_runs()).filter(|told| told.at <= now).collect();
        told.sort_by_key(|told| told.at);
        let lines = told.iter().filter_map(|told| {
            let change = &told.change;
            let line = Line {
                at: self.stamp(told.at),
                finished: (told.until() <= now).then(|| self.stamp(told.until())),
                kind: change.kind.word(),
                what: &change.what,
                version: &change.version,
                who: &change.by,
                environment: ENVIRONMENT,
                state: told.state(now).word(),
                title: &change.title,
                // For readers that do not know the word of the kind.
                tags: [if change.kind == AlterationKind::Scale { "note" } else { change.kind.word() }],
            };
            // Plain strings always serialise.
            serde_json::to_string(&line).ok()
        });
        lines.flat_map(|line| [line, "\n".to_owned()]).collect()
    }

    fn told(&self) -> impl Iterator<Item = Told<'_>> {
        let changes = self.scenario.events.iter().filter_map(|event| Some((event.at, event.change.as_ref()?)));
        let told = changes.filter(|(_, change)| change.told);
        told.map(|(at, change)| Told { at, change: Cow::Borrowed(change) })
    }

    fn job_runs(&self) -> impl Iterator<Item = Told<'_>> {
        let jobs = self.scenario.jobs.iter().filter(|job| job.told);
        jobs.flat_map(|job| {
            let stopped = self.scenario.acts.stopped(&job.name);
            let began = move |at: &Second| stopped.is_none_or(|stopped| *at < stopped);
            runs(&self.scenario, job).into_iter().filter(began).map(move |at| Told {
                at,
                change: Cow::Owned(Alteration {
                    kind: AlterationKind::Job,
                    what: job.name.clone(),
                    version: String::new(),
                    by: "cron".to_owned(),
                    title: job.title.clone(),
                    takes: stopped.map_or(job.lasts, |stopped| job.lasts.min(stopped - at)),
                    told: true,
                    restarts: false,
                    failed: false,
                }),
            })
        })
    }

    /// GitHub's answer for the path below `/repos/`.
    pub(super) fn github(&self, rest: &str, query: &str, at: At) -> Answered {
        let missing = || {
            let text = r#"{"message":"Not Found","documentation_url":"https://docs.github.com/rest","status":"404"}"#;
            Answered::json(404, text.to_owned(), None)
        };
        let known = self.scenario.told_by.contains(&Teller::Github);
        let rest = rest.strip_prefix(REPOSITORY).and_then(|rest| rest.strip_prefix("/deployments"));
        let Some(rest) = rest.filter(|_| known) else { return missing() };
        let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = url::form_urlencoded::parse(query.as_bytes()).collect();
        let parameter = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref());
        let count = |name, otherwise| parameter(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
        let per_page: usize = count("per_page", 30).clamp(1, 100);
        let now = self.second(at);
        if rest.is_empty() {
            let matches = |told: &Told<'_>| {
                parameter("environment").is_none_or(|environment| environment == ENVIRONMENT)
                    && parameter("ref").is_none_or(|reference| reference == told.change.version)
            };
            let page = count("page", 1).max(1);
            let mut all: Vec<(usize, Told<'_>)> = self.deployments(now).filter(|(_, told)| matches(told)).collect();
            all.reverse();
            let rest = &all[all.len().min(per_page.saturating_mul(page - 1))..];
            let shown: Vec<Value> =
                rest.iter().take(per_page).map(|(index, told)| self.deployment(now, *index, told)).collect();
            let link = (rest.len() > per_page).then(|| {
                format!("<{}/repos/{REPOSITORY}/deployments?{}>; rel=\"next\"", self.base, turned(&pairs, page + 1))
            });
            return Answered::json(200, Value::from(shown).to_string(), link);
        }
        let id = rest.strip_prefix('/').and_then(|rest| rest.strip_suffix("/statuses")).and_then(|id| id.parse().ok());
        let text = id.and_then(|id| self.statuses_of(now, id, per_page));
        text.map_or_else(missing, |text| Answered::json(200, text, None))
    }

    /// The deployments that have begun, oldest first, each with its number.
    fn deployments(&self, now: Second) -> impl Iterator<Item = (usize, Told<'_>)> {
        let deploys = self.told().filter(|told| told.change.kind == AlterationKind::Deploy);
        deploys.enumerate().filter(move |(_, told)| told.at <= now)
    }

    fn deployment(&self, now: Second, index: usize, told: &Told<'_>) -> Value {
        let (id, change) = (FIRST_ID + index, &told.change);
        let url = format!("{}/repos/{REPOSITORY}/deployments/{id}", self.base);
        let updated = self.statuses(now, told).last().map_or(told.at, |status| status.0);
        json!({
            "url": url,
            "id": id,
            "node_id": format!("DE_{index:05}"),
            "task": "deploy",
            "original_environment": ENVIRONMENT,
            "environment": ENVIRONMENT,
            "description": format!("{}: {}", change.name(), change.title),
            "created_at": self.stamp(told.at),
            "updated_at": self.stamp(updated),
            "statuses_url": format!("{url}/statuses"),
            "repository_url": format!("{}/repos/{REPOSITORY}", self.base),
            "creator": creator(&change.by),
            "sha": commit(&change.version),
            "ref": change.version,
            "payload": {"service": change.what, "version": change.version},
            "transient_environment": false,
            "production_environment": true,
            "performed_via_github_app": null,
        })
    }

    /// GitHub's statuses of one deployment, newest first; `None` when there is no such deployment.
    fn statuses_of(&self, now: Second, id: usize, per_page: usize) -> Option<String> {
        let (index, told) = self.deployments(now).find(|(index, _)| FIRST_ID + index == id)?;
        let url = format!("{}/repos/{REPOSITORY}/deployments/{id}", self.base);
        let statuses = self.statuses(now, &told).into_iter().enumerate().rev().take(per_page);
        let statuses = statuses.map(|(step, (second, state))| {
            let number = id * 4 + step;
            json!({
                "url": format!("{url}/statuses/{number}"),
                "id": number,
                "node_id": format!("DES_{index:04}{step}"),
                "state": state,
                "creator": creator(&told.change.by),
                "description": "",
                "environment": ENVIRONMENT,
                "target_url": "",
                "created_at": self.stamp(second),
                "updated_at": self.stamp(second),
                "deployment_url": url,
                "repository_url": format!("{}/repos/{REPOSITORY}", self.base),
                "environment_url": "",
                "log_url": "",
                "performed_via_github_app": null,
            })
        });
        Some(Value::from(statuses.collect::<Vec<Value>>()).to_string())
    }

    /// Time and state of each status of a deployment, oldest first.
    fn statuses(&self, now: Second, told: &Told<'_>) -> Vec<(Second, &'static str)> {
        let end = if told.change.failed { "failure" } else { "success" };
        let mut all = vec![(told.at, "in_progress"), (told.until(), end)];
        // The next success of the same program takes its place.
        let later = self.deployments(now).map(|(_, later)| later);
        let next = later.filter(|later| {
            later.change.what == told.change.what && later.until() > told.until() && !later.change.failed
        });
        all.extend(next.map(|next| (next.until(), "inactive")).min());
        all.retain(|status| status.0 <= now);
        all
    }

    /// A second as GitHub and the log write it.
    pub(super) fn stamp(&self, second: Second) -> String {
        self.scenario.instant(second).to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

/// The same query for another page.
fn turned(pairs: &[(Cow<'_, str>, Cow<'_, str>)], page: usize) -> String {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    out.extend_pairs(pairs.iter().filter(|(key, _)| key != "page"));
    out.append_pair("page", &page.to_string()).finish()
}

fn creator(login: &str) -> Value {
    let id = login.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 10_000_000;
    json!({
        "login": login,
        "id": id,
        "html_url": format!("https://github.com/{login}"),
        "type": "User",
        "site_admin": false,
    })
}
