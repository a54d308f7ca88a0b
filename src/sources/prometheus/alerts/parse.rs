//! The answers of `/api/v1/alerts` and `/api/v1/rules` as they come, and what they are to us.
//!
//! What is absent or null is tolerated, since Prometheus, Thanos, Mimir, vmalert and Grafana each leave out something
//! else; every text is made harmless and cut here. Asking and merging is done above.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::Utc;
use serde::Deserialize;

use crate::facts::Alert;
use crate::facts::AlertState;
use crate::facts::Alerting;
use crate::facts::At;
use crate::facts::BrokenRule;
use crate::facts::Labels;
use crate::facts::Urgency;
use crate::facts::text::clean;
use crate::facts::text::clean_line;

/// Alerts that are kept: more than anybody reads, and less than a screen needs a second to sort.
const ALERTS: usize = 1_000;
/// Broken rules that are kept.
const BROKEN: usize = 200;
/// Most characters of a name, of a line, of a text in several lines.
const NAME: usize = 120;
const LINE: usize = 400;
const TEXT: usize = 4_000;
/// Most labels of one alert.
const LABELS: usize = 64;

/// What stands in `data` of `/api/v1/alerts`.
#[derive(Deserialize, Default, Debug)]
pub(super) struct AlertList {
    #[serde(default)]
    alerts: Option<Vec<RawAlert>>,
}

/// What stands in `data` of `/api/v1/rules`.
#[derive(Deserialize, Default, Debug)]
pub(super) struct RuleList {
    #[serde(default)]
    groups: Option<Vec<RawGroup>>,
    /// Where the next page begins; servers that page say so.
    #[serde(default, rename = "groupNextToken")]
    next: Option<String>,
}

type Words = Option<BTreeMap<String, Option<String>>>;

#[derive(Deserialize, Debug)]
struct RawAlert {
    #[serde(default)]
    labels: Words,
    #[serde(default)]
    annotations: Words,
    #[serde(default)]
    state: Option<String>,
    #[serde(default, rename = "activeAt")]
    active_at: Option<String>,
    #[serde(default)]
    value: Option<Value>,
}

/// A value: text in e-notation, or a number from those that know better.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Value {
    Text(String),
    Number(f64),
}

#[derive(Deserialize, Debug)]
struct RawGroup {
    #[serde(default)]
    name: String,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    rules: Option<Vec<RawRule>>,
}

#[derive(Deserialize, Debug)]
struct RawRule {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    health: Option<String>,
    #[serde(default, rename = "lastError")]
    last_error: Option<String>,
    #[serde(default, rename = "lastEvaluation")]
    last_evaluation: Option<String>,
}

/// The rules of one server: how many of them alert, and those that are broken.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Rules {
    pub alerting: usize,
    pub broken: Vec<BrokenRule>,
    pub left_out: usize,
}

impl RuleList {
    /// Where the next page begins; `None` on the last one.
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref().filter(|token| !token.is_empty())
    }

    /// Adds what this page says.
    pub fn add_to(self, rules: &mut Rules) {
        for group in self.groups.into_iter().flatten() {
            let (name, file) = (clean_line(&group.name, NAME), clean_line(&group.file.unwrap_or_default(), LINE));
            for rule in group.rules.into_iter().flatten() {
                // `type` says it; without it, a rule that has a state alerts, which broken ones keep to.
                let records = rule.kind.as_deref() == Some("recording");
                rules.alerting += usize::from(!records);
                // `unknown` is the health of a rule that was not evaluated yet: nothing is wrong with it.
                if !matches!(rule.health.as_deref(), Some("err" | "error")) {
                    continue;
                }
                if rules.broken.len() >= BROKEN {
                    rules.left_out += 1;
                    continue;
                }
                rules.broken.push(BrokenRule {
                    name: clean_line(&rule.name, NAME),
                    records,
                    group: name.clone(),
                    file: file.clone(),
                    query: cut(&rule.query.unwrap_or_default()),
                    error: cut(&rule.last_error.unwrap_or_default()),
                    evaluated: rule.last_evaluation.as_deref().and_then(time),
                });
            }
        }
    }
}

/// What several replicas of one server say: an alert that two of them know is one, and it fires when it fires at one.
///
/// `label` is the one that names a service in this team's words, before all others.
pub(super) fn merged(lists: Vec<AlertList>, label: Option<&str>) -> Alerting {
    let mut known: BTreeMap<(String, Labels), Alert> = BTreeMap::new();
    for raw in lists.into_iter().filter_map(|list| list.alerts).flatten() {
        let Some(alert) = alert(raw, label) else { continue };
        let key = (alert.name.clone(), alert.labels.only(|name| !is_replica(name)));
        match known.get_mut(&key) {
            Some(other) => {
                other.state = other.state.max(alert.state);
                // Replicas begin to watch at different times: the one that saw it first knows since when.
                other.since = [other.since, alert.since].into_iter().flatten().min();
            }
            None => {
                known.insert(key, alert);
            }
        }
    }
    let mut alerts: Vec<Alert> = known.into_values().collect();
    alerts.sort_by_cached_key(Alert::rank);
    let left_out = alerts.len().saturating_sub(ALERTS);
    alerts.truncate(ALERTS);
    Alerting { alerts, left_out, ..Alerting::default() }
}

/// Labels in which replicas of one server differ.
fn is_replica(name: &str) -> bool {
    matches!(name, "replica" | "prometheus_replica" | "__replica__" | "ruler_replica" | "thanos_ruler_replica")
}

/// An alert; `None` where it is neither pending nor firing.
fn alert(raw: RawAlert, label: Option<&str>) -> Option<Alert> {
    let state = match raw.state.as_deref() {
        Some("pending") => AlertState::Pending,
        Some("firing" | "alerting") => AlertState::Firing,
        _ => return None,
    };
    let labels = raw.labels.unwrap_or_default();
    let labels: Labels = labels
        .iter()
        .take(LABELS)
        .filter_map(|(name, value)| Some((clean_line(name, NAME), clean_line(value.as_deref()?, LINE))))
        .fold(Labels::default(), |labels, (name, value)| labels.with(&name, &value));
    let annotations = raw.annotations.unwrap_or_default();
    let noted = |names: &[&str]| names.iter().find_map(|name| annotations.get(*name)?.as_deref()).unwrap_or_default();
    let labelled = |names: &[&str]| names.iter().find_map(|name| labels.get(name)).unwrap_or_default().to_owned();
    let severity = labelled(&["severity", "priority"]);
    let runbook = clean_line(noted(&["runbook_url", "runbook", "runbookURL", "runbookUrl"]), LINE);
    let summary = clean_line(noted(&["summary", "title"]), LINE);
    let description = cut(noted(&["description", "message"]));
    Some(Alert {
        name: labelled(&["alertname", "__alert_name__"]),
        state,
        since: raw.active_at.as_deref().and_then(time),
        urgency: Urgency::of(&severity),
        severity,
        service: label.and_then(|label| labels.get(label)).unwrap_or_default().to_owned(),
        summary,
        description,
        runbook: if runbook.is_empty() { labelled(&["runbook_url"]) } else { runbook },
        labels: labels.with("alertname", ""),
        value: match raw.value {
            Some(Value::Text(text)) => text.trim().parse().ok(),
            Some(Value::Number(number)) => Some(number),
            None => None,
        },
    })
}

/// A text in several lines, harmless and not endless.
fn cut(text: &str) -> String {
    let end = text.char_indices().nth(TEXT).map_or(text.len(), |(index, _)| index);
    let cleaned = clean(text[..end].trim());
    if end < text.len() { cleaned + "…" } else { cleaned }
}

/// An instant; Go's zero time (year 1) means never.
fn time(text: &str) -> Option<At> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (time.timestamp() > 0).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alerts(json: &str) -> Alerting {
        merged(vec![serde_json::from_str(json).unwrap()], None)
    }

    fn rules(json: &str) -> Rules {
        let mut rules = Rules::default();
        serde_json::from_str::<RuleList>(json).unwrap().add_to(&mut rules);
        rules
    }

    #[test]
    fn an_alert_in_full() {
        let said = alerts(
            r#"{"alerts":[{"labels":{"alertname":"PoolFull","service":"checkout","severity":"page","pod":"a"},
            "annotations":{"summary":"98% full \u001b[31m","description":"one\ntwo","runbook_url":"https://r/1"},
            "state":"firing","activeAt":"2026-11-20T06:20:58.075086379Z","value":"9.8e-01"}]}"#,
        );
        let alert = &said.alerts[0];
        assert_eq!(
            (alert.name.as_str(), alert.state, alert.urgency),
            ("PoolFull", AlertState::Firing, Urgency::Critical)
        );
        assert_eq!((alert.summary.as_str(), alert.description.as_str()), ("98% full ␛[31m", "one\ntwo"));
        assert_eq!((alert.runbook.as_str(), alert.value), ("https://r/1", Some(0.98)));
        assert_eq!(alert.since.map(|at| at.timestamp()), Some(1_795_155_658));
        assert_eq!(alert.labels.to_string(), "{pod=\"a\", service=\"checkout\", severity=\"page\"}");
    }

    #[test]
    fn what_is_missing_is_tolerated() {
        for (json, count) in [
            ("{}", 0),
            (r#"{"alerts":null}"#, 0),
            (r#"{"alerts":[{}]}"#, 0),
            (r#"{"alerts":[{"state":"inactive"}]}"#, 0),
            (r#"{"alerts":[{"state":"firing"}]}"#, 1),
            (r#"{"alerts":[{"state":"firing","labels":null,"annotations":null,"activeAt":null,"value":null}]}"#, 1),
            (r#"{"alerts":[{"state":"pending","labels":{"alertname":null},"activeAt":"soon","value":"NaN?"}]}"#, 1),
            (r#"{"alerts":[{"state":"pending","activeAt":"0001-01-01T00:00:00Z","value":3.5}]}"#, 1),
        ] {
            let said = alerts(json);
            assert_eq!(said.alerts.len(), count, "{json}");
            assert!(said.alerts.iter().all(|alert| alert.since.is_none()), "{json}");
        }
        assert!(serde_json::from_str::<AlertList>(r#"{"alerts":"many"}"#).is_err());
    }

    #[test]
    fn replicas_tell_of_one_alert_and_the_earliest_knows_since_when() {
        let list = |state: &str, minute: u8, replica: &str| {
            let json = format!(
                r#"{{"alerts":[{{"state":"{state}","activeAt":"2026-11-20T06:{minute:02}:00Z",
                "labels":{{"alertname":"A","pod":"p","replica":"{replica}"}}}}]}}"#
            );
            serde_json::from_str::<AlertList>(&json).unwrap()
        };
        let said = merged(vec![list("pending", 5, "a"), list("firing", 7, "b")], None);
        assert_eq!(said.alerts.len(), 1);
        assert_eq!(said.alerts[0].state, AlertState::Firing);
        assert_eq!(said.alerts[0].since.map(|at| at.format("%M").to_string()).as_deref(), Some("05"));
    }

    #[test]
    fn too_many_are_counted_and_those_that_fire_are_kept() {
        let all: Vec<_> = (0..1_500)
            .map(|index| {
                let state = if index >= 1_400 { "firing" } else { "pending" };
                format!(r#"{{"state":"{state}","labels":{{"alertname":"A","n":"{index}"}}}}"#)
            })
            .collect();
        let said = alerts(&format!(r#"{{"alerts":[{}]}}"#, all.join(",")));
        assert_eq!((said.alerts.len(), said.left_out), (1_000, 500));
        assert_eq!(said.alerts.iter().filter(|alert| alert.state == AlertState::Firing).count(), 100);
    }

    #[test]
    fn broken_is_only_what_the_server_calls_so() {
        let said = rules(
            r#"{"groups":[{"name":"g","file":"f.yml","rules":[
            {"type":"alerting","name":"Fine","health":"ok","state":"inactive"},
            {"type":"alerting","name":"Fresh","health":"unknown"},
            {"type":"alerting","name":"Bad","health":"err","state":"inactive","query":"up * on (x) up",
             "lastError":"many-to-many\nmatching","lastEvaluation":"2026-11-20T06:21:37.9Z"},
            {"type":"recording","name":"job:x","health":"err"}]},{"name":"empty","rules":null}],"groupNextToken":""}"#,
        );
        assert_eq!(said.alerting, 3);
        let broken: Vec<_> = said.broken.iter().map(|rule| (rule.name.as_str(), rule.records)).collect();
        assert_eq!(broken, [("Bad", false), ("job:x", true)]);
        assert_eq!(said.broken[0].error, "many-to-many\nmatching");
        assert_eq!((said.broken[0].group.as_str(), said.broken[0].file.as_str()), ("g", "f.yml"));
        assert!(said.broken[0].evaluated.is_some() && said.broken[1].evaluated.is_none());
        let page = |json| serde_json::from_str::<RuleList>(json).unwrap().next().map(str::to_owned);
        assert_eq!(page(r#"{"groupNextToken":"abc"}"#).as_deref(), Some("abc"));
        assert_eq!(page(r#"{"groupNextToken":""}"#), None);
        assert_eq!(page("{}"), None);
    }

    #[test]
    fn no_text_is_endless() {
        let long = "x".repeat(100_000);
        let said = alerts(&format!(
            r#"{{"alerts":[{{"state":"firing","labels":{{"alertname":"{long}"}},"annotations":{{"description":"{long}"}}}}]}}"#
        ));
        assert!(said.alerts[0].name.len() < 500 && said.alerts[0].description.len() < 5_000);
    }
}
