//! What was changed, as its logs say it: lines of JSON, and GitHub's deployments with their statuses.
//!
//! Flags and jobs are only in the lines: a forge knows nothing of them.

use super::story::StoryChange;
use super::world::StoryWorld;
use crate::facts::At;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

/// The environment that every change of the story is made in.
const ENVIRONMENT: &str = "production";
/// The repository that the deployments belong to.
pub(in crate::drill) const REPOSITORY: &str = "acme/checkout";
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
    who: &'a str,
    environment: &'a str,
    state: &'a str,
    title: &'a str,
}

/// What a caller of the deployments wants of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::drill) struct Wanted<'a> {
    /// Only those of this environment.
    pub(in crate::drill) environment: Option<&'a str>,
    /// Only those of this tag, branch or commit.
    pub(in crate::drill) reference: Option<&'a str>,
    /// At most so many, 1 to 100.
    pub(in crate::drill) per_page: usize,
    /// Which page of them, from 1.
    pub(in crate::drill) page: usize,
}

impl StoryWorld {
    /// The deploy log at an instant, one JSON object per line, oldest first.
    ///
    /// `at` is when a change began; `finished` is absent while it runs.
    #[must_use]
    pub fn deploys_jsonl(&self, at: At) -> String {
        let now = self.seconds(at);
        let stamp = |second: i64| self.moment(second).to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut changes: Vec<&StoryChange> = self.story.changes.iter().filter(|change| change.from <= now).collect();
        changes.sort_by_key(|change| change.from);
        let lines = changes.into_iter().filter_map(|change| {
            let line = Line {
                at: stamp(change.from),
                finished: (change.until <= now).then(|| stamp(change.until)),
                kind: change.kind.word(),
                what: change.what,
                version: change.version,
                who: change.who,
                environment: ENVIRONMENT,
                state: if change.until <= now { ChangeState::Succeeded } else { ChangeState::Running }.word(),
                title: change.title,
            };
            // Plain strings always serialise.
            serde_json::to_string(&line).ok()
        });
        lines.flat_map(|line| [line, "\n".to_owned()]).collect()
    }

    /// GitHub's list of deployments at an instant, newest first, and whether there is a page after this one.
    ///
    /// `base` is the address of the API, without a slash at its end.
    pub(in crate::drill) fn github_deployments(&self, at: At, base: &str, wanted: &Wanted<'_>) -> (String, bool) {
        let now = self.seconds(at);
        let matches = |change: &StoryChange| {
            wanted.environment.is_none_or(|environment| environment == ENVIRONMENT)
                && wanted.reference.is_none_or(|reference| reference == change.version)
        };
        let mut all: Vec<(usize, &StoryChange)> = self.deployments(now).filter(|(_, change)| matches(change)).collect();
        all.reverse();
        let skipped = all.len().min(wanted.per_page.saturating_mul(wanted.page.saturating_sub(1)));
        let rest = &all[skipped..];
        let shown = rest.iter().take(wanted.per_page).map(|(index, change)| self.deployment(now, base, *index, change));
        (Value::from(shown.collect::<Vec<Value>>()).to_string(), rest.len() > wanted.per_page)
    }

    /// GitHub's statuses of one deployment at an instant, newest first; `None` when there is no such deployment.
    pub(in crate::drill) fn github_statuses(&self, at: At, base: &str, id: usize, per_page: usize) -> Option<String> {
        let now = self.seconds(at);
        let (index, change) = self.deployments(now).find(|(index, _)| FIRST_ID + index == id)?;
        let url = format!("{base}/repos/{REPOSITORY}/deployments/{id}");
        let statuses = self.statuses(now, change).into_iter().enumerate().rev().take(per_page);
        let statuses = statuses.map(|(step, (second, state, who))| {
            let number = id * 4 + step;
            json!({
                "url": format!("{url}/statuses/{number}"),
                "id": number,
                "node_id": format!("DES_{index:04}{step}"),
                "state": state,
                "creator": creator(who),
                "description": "",
                "environment": ENVIRONMENT,
                "target_url": "",
                "created_at": self.whole(second),
                "updated_at": self.whole(second),
                "deployment_url": url,
                "repository_url": format!("{base}/repos/{REPOSITORY}"),
                "environment_url": "",
                "log_url": "",
                "performed_via_github_app": null,
            })
        });
        Some(Value::from(statuses.collect::<Vec<Value>>()).to_string())
    }

    /// The deployments that have begun, oldest first, each with its place in the story.
    fn deployments(&self, now: i64) -> impl Iterator<Item = (usize, &StoryChange)> {
        let deploys = self.story.changes.iter().filter(|change| change.kind == ChangeKind::Deploy);
        deploys.enumerate().filter(move |(_, change)| change.from <= now)
    }

    fn deployment(&self, now: i64, base: &str, index: usize, change: &StoryChange) -> Value {
        let id = FIRST_ID + index;
        let url = format!("{base}/repos/{REPOSITORY}/deployments/{id}");
        let payload = json!({"service": change.what, "version": change.version});
        // GitHub hands back what a caller put in, and callers put in an object or a text that holds one.
        let payload = if change.what == self.story.program { payload } else { Value::from(payload.to_string()) };
        let updated = self.statuses(now, change).last().map_or(change.from, |status| status.0);
        json!({
            "url": url,
            "id": id,
            "node_id": format!("DE_{index:05}"),
            "task": "deploy",
            "original_environment": ENVIRONMENT,
            "environment": ENVIRONMENT,
            "description": format!("{} {}: {}", change.what, change.version, change.title),
            "created_at": self.whole(change.from),
            "updated_at": self.whole(updated),
            "statuses_url": format!("{url}/statuses"),
            "repository_url": format!("{base}/repos/{REPOSITORY}"),
            "creator": creator(change.who),
            "sha": Self::commit(change.version),
            "ref": change.version,
            "payload": payload,
            "transient_environment": false,
            "production_environment": true,
            "performed_via_github_app": null,
        })
    }

    /// Time, state and author of each status of a deployment, oldest first.
    fn statuses(&self, now: i64, change: &StoryChange) -> Vec<(i64, &'static str, &'static str)> {
        let mut all = vec![(change.from, "in_progress", change.who), (change.until, "success", change.who)];
        // The next success of the same program takes its place.
        let later = self.deployments(now).map(|(_, later)| later);
        let next = later
            .filter(|later| later.what == change.what && later.until > change.until)
            .min_by_key(|later| later.until);
        all.extend(next.map(|next| (next.until, "inactive", next.who)));
        all.retain(|status| status.0 <= now);
        all
    }

    fn seconds(&self, at: At) -> i64 {
        (at - self.deploy_at).num_milliseconds().div_euclid(1000)
    }

    /// GitHub writes whole seconds.
    fn whole(&self, second: i64) -> String {
        self.moment(second).to_rfc3339_opts(SecondsFormat::Secs, true)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::Story;
    use chrono::Duration;
    use chrono::TimeZone;

    const ALL: Wanted<'static> = Wanted { environment: None, reference: None, per_page: 30, page: 1 };

    fn world() -> StoryWorld {
        let deploy = chrono::Utc.with_ymd_and_hms(2026, 11, 20, 8, 10, 0).unwrap();
        StoryWorld::new(Story::connection_leak(), 1, deploy - Duration::minutes(5), deploy)
    }

    fn list(second: i64, wanted: &Wanted<'_>) -> (Vec<Value>, bool) {
        let world = world();
        let (text, more) = world.github_deployments(world.moment(second), "http://x", wanted);
        (serde_json::from_str(&text).unwrap(), more)
    }

    fn states(second: i64, id: usize) -> Vec<String> {
        let world = world();
        let text = world.github_statuses(world.moment(second), "http://x", id, 30).unwrap();
        let all: Vec<Value> = serde_json::from_str(&text).unwrap();
        all.iter().map(|status| status["state"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_log_grows_with_time() {
        let world = world();
        let log = |second| world.deploys_jsonl(world.moment(second));
        let lines =
            |second| -> Vec<Value> { log(second).lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
        assert_eq!(lines(-91).len(), 4);
        let running = &lines(-30)[4];
        assert_eq!(
            (&running["what"], &running["version"], &running["who"]),
            (&json!("api"), &json!("v2.31.0"), &json!("ana"))
        );
        assert_eq!((&running["at"], running.get("finished")), (&json!("2026-11-20T08:08:30Z"), None));
        assert_eq!(lines(0)[4]["finished"], "2026-11-20T08:10:00Z");
        assert_eq!((&running["state"], &lines(0)[4]["state"]), (&json!("running"), &json!("succeeded")));
        let kinds: Vec<Value> = lines(0).into_iter().map(|mut line| line["kind"].take()).collect();
        assert_eq!(kinds, ["deploy", "deploy", "flag", "job", "deploy"]);
        assert!(log(0).starts_with("{\"at\":\"2026-11-19T"));
    }

    #[test]
    fn github_knows_deploys_only_and_the_newest_first() {
        let (all, more) = list(10, &ALL);
        assert!(!more);
        let names: Vec<(&str, &str)> =
            all.iter().map(|d| (d["ref"].as_str().unwrap(), d["creator"]["login"].as_str().unwrap())).collect();
        assert_eq!(names, [("v2.31.0", "ana"), ("v88", "sam"), ("v2.30.4", "kim")]);
        assert_eq!(all[0]["payload"]["service"], "api");
        assert_eq!(serde_json::from_str::<Value>(all[1]["payload"].as_str().unwrap()).unwrap()["service"], "web");
        assert_eq!(
            (&all[0]["created_at"], &all[0]["updated_at"]),
            (&json!("2026-11-20T08:08:30Z"), &json!("2026-11-20T08:10:00Z"))
        );
        assert_eq!(all[0]["sha"].as_str().unwrap().len(), 40);
        let id = all[0]["id"].as_u64().unwrap();
        assert_eq!(all[0]["statuses_url"], format!("http://x/repos/acme/checkout/deployments/{id}/statuses"));
        assert_eq!(list(-91, &ALL).0.len(), 2);
    }

    #[test]
    fn github_filters_and_turns_pages() {
        let none: Vec<Value> = Vec::new();
        assert_eq!(list(10, &Wanted { environment: Some("staging"), ..ALL }), (none.clone(), false));
        assert_eq!(list(10, &Wanted { environment: Some("production"), reference: Some("v88"), ..ALL }).0.len(), 1);
        let (first, more) = list(10, &Wanted { per_page: 2, ..ALL });
        assert_eq!((first.len(), more), (2, true));
        let (second, more) = list(10, &Wanted { per_page: 2, page: 2, ..ALL });
        assert_eq!((second[0]["ref"].as_str(), more), (Some("v2.30.4"), false));
        assert_eq!(list(10, &Wanted { page: usize::MAX, ..ALL }), (none, false));
    }

    #[test]
    fn github_tells_how_far_each_deploy_got() {
        assert_eq!(states(-1, FIRST_ID + 2), ["in_progress"]);
        assert_eq!(states(0, FIRST_ID + 2), ["success", "in_progress"]);
        assert_eq!(states(-1, FIRST_ID), ["success", "in_progress"]);
        assert_eq!(states(0, FIRST_ID), ["inactive", "success", "in_progress"]);
        assert_eq!(states(0, FIRST_ID + 1), ["success", "in_progress"], "another program");
        let world = world();
        assert_eq!(world.github_statuses(world.moment(-200), "http://x", FIRST_ID + 2, 30), None);
    }
}
