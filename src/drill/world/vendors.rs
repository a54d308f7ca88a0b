//! What the outside services of a world say: status pages (Statuspage v2) and AWS' feed of current events.

use super::World;
use super::endpoints::Answered;
use super::endpoints::bad;
use super::endpoints::slug;
use crate::drill::Event;
use crate::drill::Impact;
use crate::drill::Incident;
use crate::drill::Manner;
use crate::drill::Page;
use crate::drill::Second;
use crate::drill::Vendor;
use crate::facts::At;
use chrono::SecondsFormat;
use serde_json::Value;
use serde_json::json;

/// The feed says so, although it is big endian, which only its first two bytes tell.
const WIDE_JSON: &str = "application/json;charset=utf-16";

/// Before the beginning a page was last touched that long ago, in seconds.
const QUIET: Second = -9 * 3_600 - 741;

/// Regions that people read by another name.
const REGIONS: [(&str, &str); 8] = [
    ("us-east-1", "N. Virginia"),
    ("us-east-2", "Ohio"),
    ("us-west-2", "Oregon"),
    ("eu-west-1", "Ireland"),
    ("eu-central-1", "Frankfurt"),
    ("ap-northeast-1", "Tokyo"),
    ("ap-northeast-3", "Osaka"),
    ("ap-southeast-2", "Sydney"),
];

/// An incident with its updates so far, oldest first.
struct Trouble<'w> {
    number: usize,
    /// What is hurt when no update says it.
    main: &'w str,
    updates: Vec<(Second, &'w Incident)>,
}

impl Trouble<'_> {
    fn is_open(&self) -> bool {
        self.updates.last().is_some_and(|(_, update)| update.state != "resolved")
    }

    fn impact(&self) -> Impact {
        self.updates.iter().rev().find_map(|(_, update)| update.impact).unwrap_or(Impact::Major)
    }

    fn first(&self) -> Second {
        self.updates.first().map_or(0, |(at, _)| *at)
    }

    fn last(&self) -> Second {
        self.updates.last().map_or(0, |(at, _)| *at)
    }

    fn hurts(&self, component: &str) -> bool {
        let is_told = self.updates.iter().any(|(_, update)| !update.components.is_empty());
        (!is_told && component == self.main)
            || self.updates.iter().any(|(_, update)| update.components.iter().any(|name| name == component))
    }
}

impl World {
    /// A vendor's answer for the path below `/vendors/`.
    pub(super) fn vendor(&self, rest: &str, at: At) -> Answered {
        let Some((name, document)) = rest.split_once('/') else { return Answered::missing() };
        let Some(vendor) = self.scenario.vendors.iter().find(|vendor| slug(&vendor.name) == name) else {
            return Answered::missing();
        };
        let now = self.second(at);
        let about = |event: &&Event| event.place.vendor.as_ref() == Some(&vendor.name) && event.at <= now;
        let told = self.scenario.events.iter().filter(about).rev().find(|event| event.answers.is_some());
        let manner = told.filter(|event| event.until.is_none_or(|until| now < until)).and_then(|event| event.answers);
        if let Some(manner) = manner.filter(|manner| *manner != Manner::Well) {
            return bad(manner);
        }
        match (vendor.page, document) {
            (Page::Statuspage, "api/v2/summary.json") => Answered::json(200, self.statuspage(vendor, now), None),
            (Page::Aws, "currentevents") => {
                Answered::Body { status: 200, kind: WIDE_JSON, bytes: self.aws(vendor, now), link: None }
            }
            _ => Answered::missing(),
        }
    }

    /// The incidents of a vendor that have begun.
    fn troubles<'w>(&'w self, vendor: &'w Vendor, now: Second) -> Vec<Trouble<'w>> {
        let main = vendor.components.first().map_or("", String::as_str);
        let mut all: Vec<Trouble<'w>> = Vec::new();
        for event in self.scenario.events.iter().filter(|event| event.at <= now) {
            let Some(incident) = &event.incident else { continue };
            if event.place.vendor.as_ref() != Some(&vendor.name) {
                continue;
            }
            let known = all.iter_mut().find(|trouble| trouble.updates[0].1.name == incident.name && trouble.is_open());
            match known {
                Some(trouble) => trouble.updates.push((event.at, incident)),
                None => all.push(Trouble { number: all.len(), main, updates: vec![(event.at, incident)] }),
            }
        }
        all
    }

    fn statuspage(&self, vendor: &Vendor, now: Second) -> String {
        let troubles = self.troubles(vendor, now);
        let open: Vec<&Trouble<'_>> = troubles.iter().filter(|trouble| trouble.is_open()).collect();
        let (indicator, description) = match open.iter().map(|trouble| trouble.impact()).max() {
            None => ("none", "All Systems Operational"),
            Some(Impact::Minor) => ("minor", "Partially Degraded Service"),
            Some(Impact::Major) => ("major", "Partial System Outage"),
            Some(Impact::Critical) => ("critical", "Major Service Outage"),
        };
        let page_id = id(&vendor.name, 0);
        json!({
            "page": {
                "id": page_id,
                "name": vendor.name,
                "url": format!("https://status.{}.example", slug(&vendor.name)),
                "time_zone": "Etc/UTC",
                "updated_at": self.long_stamp(troubles.iter().map(Trouble::last).max().unwrap_or(QUIET)),
            },
            "status": { "indicator": indicator, "description": description },
            "components": self.components(vendor, &troubles, |_| true),
            "incidents": open.iter().rev().map(|trouble| self.incident(vendor, trouble, &troubles)).collect::<Vec<_>>(),
            "scheduled_maintenances": [],
        })
        .to_string()
    }

    fn components(&self, vendor: &Vendor, troubles: &[Trouble<'_>], shown: impl Fn(&str) -> bool) -> Vec<Value> {
        let all = vendor.components.iter().enumerate().filter(|(_, name)| shown(name));
        all.map(|(index, name)| {
            let mine = || troubles.iter().filter(|trouble| trouble.hurts(name));
            let worst = mine().filter(|trouble| trouble.is_open()).map(Trouble::impact).max();
            json!({
                "id": id(&vendor.name, index + 1),
                "name": name,
                "status": worst.map_or("operational", hurt),
                "created_at": "2021-03-02T10:00:00.000Z",
                "updated_at": self.long_stamp(mine().map(Trouble::last).max().unwrap_or(QUIET)),
                "position": index + 1,
                "description": null,
                "showcase": true,
                "start_date": null,
                "group_id": null,
                "page_id": id(&vendor.name, 0),
                "group": false,
                "only_show_if_degraded": false,
            })
        })
        .collect()
    }

    fn incident(&self, vendor: &Vendor, trouble: &Trouble<'_>, troubles: &[Trouble<'_>]) -> Value {
        let incident_id = id(&trouble.updates[0].1.name, 100 + trouble.number);
        let (state, name) = (&trouble.updates[trouble.updates.len() - 1].1.state, &trouble.updates[0].1.name);
        let monitoring = trouble.updates.iter().find(|(_, update)| update.state == "monitoring");
        let word = hurt(trouble.impact());
        let affected = |first: bool| -> Vec<Value> {
            let old = if first { "operational" } else { word };
            let named = vendor.components.iter().enumerate().filter(|(_, name)| trouble.hurts(name));
            let entry = |(index, name): (usize, &String)| json!({"code": id(&vendor.name, index + 1), "name": name, "old_status": old, "new_status": word});
            named.map(entry).collect()
        };
        let entries = trouble.updates.iter().enumerate().rev().map(|(index, (at, update))| {
            json!({
                "id": id(&update.name, 200 + index),
                "status": update.state,
                "body": update.text,
                "incident_id": incident_id,
                "created_at": self.long_stamp(*at),
                "updated_at": self.long_stamp(*at),
                "display_at": self.long_stamp(*at),
                "affected_components": affected(index == 0),
                "deliver_notifications": true,
                "custom_tweet": null,
                "tweet_id": null,
            })
        });
        let impact = match trouble.impact() {
            Impact::Minor => "minor",
            Impact::Major => "major",
            Impact::Critical => "critical",
        };
        json!({
            "id": incident_id,
            "name": name,
            "status": state,
            "created_at": self.long_stamp(trouble.first()),
            "updated_at": self.long_stamp(trouble.last()),
            "monitoring_at": monitoring.map(|(at, _)| self.long_stamp(*at)),
            "resolved_at": null,
            "impact": impact,
            "shortlink": format!("https://status.{}.example/i/{incident_id}", slug(&vendor.name)),
            "started_at": self.long_stamp(trouble.first()),
            "page_id": id(&vendor.name, 0),
            "incident_updates": entries.collect::<Vec<Value>>(),
            "components": self.components(vendor, troubles, |name| trouble.hurts(name)),
            "reminder_intervals": null,
        })
    }

    /// AWS' public feed of current events: UTF-16, big endian, with a byte order mark.
    fn aws(&self, vendor: &Vendor, now: Second) -> Vec<u8> {
        let troubles = self.troubles(vendor, now);
        let open = troubles.iter().filter(|trouble| trouble.is_open());
        let text = Value::from(open.map(|trouble| self.aws_event(vendor, trouble)).collect::<Vec<_>>()).to_string();
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
    }

    fn aws_event(&self, vendor: &Vendor, trouble: &Trouble<'_>) -> Value {
        let first = trouble.updates[0].1;
        let region = if first.region.is_empty() { &vendor.region } else { &first.region };
        let region_name = REGIONS.iter().find(|(key, _)| key == region).map_or(region.as_str(), |(_, name)| name);
        let component = first.components.first().map_or("Amazon Elastic Compute Cloud", String::as_str);
        let service = format!("{}-{region}", slug(component));
        let status = match trouble.impact() {
            Impact::Minor => 1,
            Impact::Major => 2,
            Impact::Critical => 3,
        };
        let epoch = |second: Second| self.scenario.instant(second).timestamp();
        let entries = trouble.updates.iter().map(|(at, update)| {
            json!({"summary": first.name, "message": update.text, "status": status, "timestamp": epoch(*at)})
        });
        json!({
            "date": epoch(trouble.first()).to_string(),
            "arn": format!("arn:aws:health:{region}::event/SERVICE/OPERATIONAL_ISSUE/{}", id(&first.name, trouble.number)),
            "region_name": region_name,
            "status": status.to_string(),
            "service": service,
            "service_name": component,
            "summary": first.name,
            "event_log": entries.collect::<Vec<Value>>(),
            "impacted_services": {
                (&service): { "service_name": component, "current": status.to_string(), "max": status.to_string() },
            },
            "impacted_service_status_changes": [{
                "service": service,
                "service_name": component,
                "previous_status": "0",
                "current_status": status.to_string(),
                "timestamp": epoch(trouble.first()) * 1000,
            }],
        })
    }

    fn long_stamp(&self, second: Second) -> String {
        self.scenario.instant(second).to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

/// What an incident makes of a component.
const fn hurt(impact: Impact) -> &'static str {
    match impact {
        Impact::Minor => "degraded_performance",
        Impact::Major => "partial_outage",
        Impact::Critical => "major_outage",
    }
}

/// An identity of 12 letters and digits, the same in every world.
fn id(name: &str, number: usize) -> String {
    let hash = name.bytes().fold(number as u64 + 17, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let bits = crate::drill::noise::Noise::new(7).bits(1, hash as i64);
    (0..12).map(|place| char::from_digit(((bits >> (place * 5)) & 31) as u32, 36).unwrap_or('0')).collect()
}
