//! What the outside services of the world say: a status page (Statuspage v2) and a cloud's feed (AWS current events).

use super::story::Provider;
use super::world::StoryWorld;
use crate::facts::At;
use chrono::Duration;
use chrono::SecondsFormat;
use serde_json::Value;
use serde_json::json;

const PAGE_ID: &str = "w5j2c8t0r6vz";
const INCIDENT_ID: &str = "m3f7k2p9x4da";
const GROUP_ID: &str = "z0y8b3g6n1qe";

impl StoryWorld {
    /// The `/api/v2/summary.json` of the provider's status page at an instant.
    #[must_use]
    pub fn statuspage(&self, at: At) -> String {
        let provider = &self.story.provider;
        let now = (at - self.deploy_at).num_seconds();
        let updates: Vec<_> = provider.updates.iter().filter(|update| update.0 <= now).collect();
        let open = updates.last().is_some_and(|update| update.1 != "resolved");
        let touched = updates.last().map_or(provider.quiet_since, |update| update.0);
        let (indicator, description) =
            if open { ("minor", "Partially Degraded Service") } else { ("none", "All Systems Operational") };
        json!({
            "page": {
                "id": PAGE_ID,
                "name": provider.name,
                "url": provider.url,
                "time_zone": "Etc/UTC",
                "updated_at": self.stamp(touched),
            },
            "status": { "indicator": indicator, "description": description },
            "components": self.components(provider, open, touched),
            "incidents": if open { vec![self.incident(provider, &updates)] } else { Vec::new() },
            "scheduled_maintenances": [],
        })
        .to_string()
    }

    fn components(&self, provider: &Provider, open: bool, touched: i64) -> Vec<Value> {
        let member = |(index, &(id, name)): (usize, &(&str, &str))| {
            let hurt = provider.affected.contains(&id);
            json!({
                "id": id,
                "name": name,
                "status": if hurt && open { "degraded_performance" } else { "operational" },
                "created_at": "2021-03-02T10:00:00.000Z",
                "updated_at": self.stamp(if hurt { touched } else { provider.quiet_since }),
                "position": index + 1,
                "description": null,
                "showcase": true,
                "start_date": null,
                "group_id": GROUP_ID,
                "page_id": PAGE_ID,
                "group": false,
                "only_show_if_degraded": false,
            })
        };
        let mut all: Vec<Value> = provider.components.iter().enumerate().map(member).collect();
        let members: Vec<&str> = provider.components.iter().map(|component| component.0).collect();
        all.push(json!({
            "id": GROUP_ID,
            "name": format!("{} services", provider.name),
            "status": if open { "degraded_performance" } else { "operational" },
            "created_at": "2021-03-02T10:00:00.000Z",
            "updated_at": self.stamp(touched),
            "position": 1,
            "description": null,
            "showcase": false,
            "start_date": null,
            "group_id": null,
            "page_id": PAGE_ID,
            "group": true,
            "only_show_if_degraded": false,
            "components": members,
        }));
        all
    }

    fn incident(&self, provider: &Provider, updates: &[&(i64, &str, &str)]) -> Value {
        let (first, last) = (updates.first().map_or(0, |update| update.0), updates.last());
        let state = last.map_or("investigating", |update| update.1);
        let since = updates.iter().find(|update| update.1 == "monitoring");
        let affected = |update: usize| -> Vec<Value> {
            let named = provider.components.iter().filter(|component| provider.affected.contains(&component.0));
            let old = if update == 0 { "operational" } else { "degraded_performance" };
            named
                .map(|(id, name)| json!({"code": id, "name": name, "old_status": old, "new_status": "degraded_performance"}))
                .collect()
        };
        let entries = updates.iter().enumerate().rev().map(|(index, (time, state, body))| {
            json!({
                "id": format!("{}{index:02}", &INCIDENT_ID[..10]),
                "status": state,
                "body": body,
                "incident_id": INCIDENT_ID,
                "created_at": self.stamp(*time),
                "updated_at": self.stamp(*time),
                "display_at": self.stamp(*time),
                "affected_components": affected(index),
                "deliver_notifications": true,
                "custom_tweet": null,
                "tweet_id": null,
            })
        });
        let hurt: Vec<Value> = self
            .components(provider, true, last.map_or(first, |update| update.0))
            .into_iter()
            .filter(|component| component["id"].as_str().is_some_and(|id| provider.affected.contains(&id)))
            .collect();
        json!({
            "id": INCIDENT_ID,
            "name": provider.incident,
            "status": state,
            "created_at": self.stamp(first),
            "updated_at": self.stamp(last.map_or(first, |update| update.0)),
            "monitoring_at": since.map(|update| self.stamp(update.0)),
            "resolved_at": null,
            "impact": "minor",
            "shortlink": format!("{}/i/{INCIDENT_ID}", provider.url),
            "started_at": self.stamp(first),
            "page_id": PAGE_ID,
            "incident_updates": entries.collect::<Vec<Value>>(),
            "components": hurt,
            "reminder_intervals": null,
        })
    }

    /// AWS' public feed of current events at an instant: UTF-16, big endian, with a byte order mark.
    #[must_use]
    pub fn cloud(&self, at: At) -> Vec<u8> {
        let event = &self.story.cloud;
        let now = (at - self.deploy_at).num_seconds();
        let epoch = |second: i64| self.moment(second).timestamp();
        let log: Vec<_> = event.log.iter().filter(|entry| entry.0 <= now).collect();
        let text = match (log.first(), log.last()) {
            (Some(first), Some(last)) => {
                let service = format!("ec2-{}", event.region);
                let name = "Amazon Elastic Compute Cloud";
                let changes = std::iter::once((0, *first)).chain(log.windows(2).map(|pair| (pair[0].1, pair[1])));
                let changes = changes.map(|(before, (time, status, _))| {
                    json!({
                        "service": service,
                        "service_name": name,
                        "previous_status": before.to_string(),
                        "current_status": status.to_string(),
                        "timestamp": epoch(*time) * 1000,
                    })
                });
                let entries = log.iter().map(|(time, status, message)| {
                    json!({"summary": event.summary, "message": message, "status": status, "timestamp": epoch(*time)})
                });
                json!([{
                    "date": epoch(first.0).to_string(),
                    "arn": format!("arn:aws:health:{}::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/AWS_EC2_OPERATIONAL_ISSUE_7C21D_5A0F3B9E64D", event.region),
                    "region_name": event.region_name,
                    "status": last.1.to_string(),
                    "service": service,
                    "service_name": name,
                    "summary": event.summary,
                    "event_log": entries.collect::<Vec<Value>>(),
                    "impacted_services": {
                        (&service): { "service_name": name, "current": last.1.to_string(), "max": last.1.to_string() },
                    },
                    "impacted_service_status_changes": changes.collect::<Vec<Value>>(),
                }])
                .to_string()
            }
            _ => "[]".to_owned(),
        };
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
    }

    /// The instant that is so many seconds after T.
    pub(in crate::drill) fn moment(&self, second: i64) -> At {
        self.deploy_at + Duration::seconds(second)
    }

    fn stamp(&self, second: i64) -> String {
        self.moment(second).to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::Story;
    use chrono::TimeZone;

    fn world() -> StoryWorld {
        let deploy = chrono::Utc.with_ymd_and_hms(2026, 11, 20, 8, 10, 0).unwrap();
        StoryWorld::new(Story::connection_leak(), 1, deploy - Duration::minutes(5), deploy)
    }

    fn page(second: i64) -> Value {
        let world = world();
        serde_json::from_str(&world.statuspage(world.moment(second))).unwrap()
    }

    fn feed(second: i64) -> Value {
        let world = world();
        let bytes = world.cloud(world.moment(second));
        assert_eq!(bytes[..2], [0xfe, 0xff]);
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        serde_json::from_str(&String::from_utf16(&units).unwrap()).unwrap()
    }

    #[test]
    fn the_provider_is_degraded_from_before_the_deploy_until_later() {
        for (second, indicator, state, updates) in [
            (-81, "none", None, 0),
            (-80, "minor", Some("investigating"), 1),
            (400, "minor", Some("identified"), 2),
            (2_200, "minor", Some("monitoring"), 4),
            (3_200, "none", None, 0),
        ] {
            let page = page(second);
            assert_eq!(page["status"]["indicator"], indicator, "{second}");
            let api = &page["components"][0];
            assert_eq!(api["status"] == "degraded_performance", state.is_some(), "{second}");
            assert_eq!(page["components"][1]["status"], "operational", "{second}");
            assert_eq!(page["components"][4]["group"], true);
            match state {
                None => assert_eq!(page["incidents"], json!([]), "{second}"),
                Some(state) => {
                    let incident = &page["incidents"][0];
                    assert_eq!(incident["status"], state, "{second}");
                    assert_eq!(incident["impact"], "minor");
                    assert_eq!(incident["components"][0]["name"], "API");
                    let entries = incident["incident_updates"].as_array().unwrap();
                    assert_eq!(entries.len(), updates, "{second}");
                    assert_eq!(entries[0]["status"], state, "newest first");
                    let times: Vec<&str> = entries.iter().map(|e| e["created_at"].as_str().unwrap()).collect();
                    assert!(times.is_sorted_by(|a, b| a > b), "newest first: {times:?}");
                    assert_eq!(page["page"]["updated_at"], times[0]);
                }
            }
        }
        assert_eq!(page(0)["incidents"][0]["started_at"], "2026-11-20T08:08:40.000Z");
        assert_eq!(page(-9_000)["page"]["updated_at"], "2026-11-19T22:57:39.000Z");
    }

    #[test]
    fn the_cloud_has_an_event_far_away() {
        let events = feed(0);
        let event = &events[0];
        assert_eq!(events.as_array().unwrap().len(), 1);
        assert_eq!(event["arn"].as_str().unwrap().split(':').nth(3), Some("ap-northeast-3"));
        assert_eq!((&event["status"], &event["event_log"][1]["status"]), (&json!("2"), &json!(2)));
        let began: i64 = event["date"].as_str().unwrap().parse().unwrap();
        assert_eq!(event["event_log"][0]["timestamp"], began, "oldest first, in seconds");
        assert_eq!(event["impacted_service_status_changes"][0]["timestamp"], began * 1000, "in milliseconds");
        assert_eq!(event["impacted_services"]["ec2-ap-northeast-3"]["current"], "2");
        assert_eq!(feed(-9_401), json!([]));
    }
}
