//! The readers on documents of our own, on every recorded one, and on mutilated ones.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::recorded::RECORDED;
use super::*;
use crate::facts::Level;
use crate::facts::Notice;
use crate::facts::NoticeState;

fn at(text: &str) -> At {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

fn now() -> At {
    at("2026-07-01T10:00:00Z")
}

fn filter(components: &[&str], regions: &[&str]) -> Filter {
    let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
    Filter { components: owned(components), regions: owned(regions) }
}

fn page(value: &Value, components: &[&str]) -> Result<ProviderStatus, Fault> {
    read(Kind::Statuspage, value.to_string().as_bytes(), Some("application/json"), &filter(components, &[]), now())
}

fn of(kind: Kind, body: &str, components: &[&str], regions: &[&str]) -> Result<ProviderStatus, Fault> {
    read(kind, body.as_bytes(), None, &filter(components, regions), now())
}

/// A page that says `minor`, with an incident on the API, a maintenance that goes on and one that is planned.
fn sample() -> Value {
    json!({
        "page": {"name": "Acme", "updated_at": "2026-07-01T09:58:00.123Z"},
        "status": {"indicator": "minor", "description": "Partially Degraded &amp; slow"},
        "components": [
            {"id": "g", "name": "Europe", "status": "major_outage", "group": true},
            {"id": "a", "name": "API", "status": "degraded_performance", "group": false, "group_id": null},
            {"id": "w", "name": "Webhooks", "status": "operational", "group_id": "g"},
            {"id": "d", "name": "Dashboard", "status": "under_maintenance"},
            {"id": "v", "name": "Visit status.acme.example for more information", "status": "operational"}
        ],
        "incidents": [
            {"id": "i1", "name": "Slow <b>API</b>", "status": "identified", "impact": "major",
             "created_at": "2026-07-01T09:30:00Z", "started_at": "2026-07-01T09:20:00Z",
             "shortlink": "https://stspg.example/i1", "components": [{"id": "a", "name": "API"}],
             "incident_updates": [
                {"body": "old", "display_at": "2026-07-01T09:21:00Z"},
                {"body": "new<br />line", "display_at": "2026-07-01T09:40:00Z"}]},
            {"id": "i2", "name": "Over", "status": "resolved", "impact": "critical"}
        ],
        "scheduled_maintenances": [
            {"id": "m1", "name": "Dashboard work", "status": "in_progress", "impact": "maintenance",
             "scheduled_for": "2026-07-01T09:00:00Z", "scheduled_until": "2026-07-01T11:00:00Z",
             "components": [{"id": "d", "name": "Dashboard"}]},
            {"id": "m2", "name": "Later work", "status": "scheduled", "impact": "maintenance",
             "scheduled_for": "2026-07-09T09:00:00Z"}
        ]
    })
}

#[test]
fn a_statuspage_is_the_worst_of_page_incidents_and_components() {
    let status = page(&sample(), &[]).unwrap();
    assert_eq!(status.level, Level::PartialOutage);
    assert_eq!(status.summary, "Slow API");
    assert_eq!(status.since, Some(at("2026-07-01T09:20:00Z")));
    assert_eq!(status.page_updated, Some(at("2026-07-01T09:58:00.123Z")));
    let rows: Vec<_> = status.components.iter().map(|row| (row.name.as_str(), row.level, row.word.as_str())).collect();
    assert_eq!(
        rows,
        [("API", Level::Degraded, "degraded performance"), ("Dashboard", Level::Maintenance, "under maintenance")]
    );
    let seen: Vec<_> = status.notices.iter().map(|notice| (notice.id.as_str(), notice.state)).collect();
    assert_eq!(
        seen,
        [("i1", NoticeState::Identified), ("m1", NoticeState::InProgress), ("m2", NoticeState::Scheduled)]
    );
    let texts: Vec<_> = status.notices[0].updates.iter().map(|update| update.text.as_str()).collect();
    assert_eq!(texts, ["new\nline", "old"], "newest first, without markup");
    assert_eq!(status.notices[0].link, "https://stspg.example/i1");
    assert_eq!(status.notices[1].until, Some(at("2026-07-01T11:00:00Z")));
}

#[test]
fn a_choice_of_components_leaves_the_others_out() {
    for (components, level, notices) in [
        (&["api"][..], Level::PartialOutage, 2),
        (&["webhooks"], Level::Operational, 1),
        (&["Europe"], Level::Operational, 1),
        (&["d*"], Level::Maintenance, 2),
        (&["web*", "dash"], Level::Maintenance, 2),
        // The second choice is not on the page: that is not known, and not green.
        (&["webhooks", "Web hooks"], Level::Unknown, 1),
    ] {
        let status = page(&sample(), components).unwrap();
        assert_eq!((status.level, status.notices.len()), (level, notices), "{components:?}");
    }
    let status = page(&sample(), &["webhooks", "Dashbord"]).unwrap();
    assert_eq!(status.components[0].name, "Dashbord");
    assert_eq!(status.components[0].word, "not on the page; closest: `Dashboard`");
    let fault = page(&sample(), &["Webhoks"]).unwrap_err();
    assert_eq!((fault.kind, fault.cause.as_str()), (FaultKind::NotFound, "no component matches `Webhoks`"));
    assert_eq!(fault.advice, "closest on the page: `Webhooks`");
    let mut bare = sample();
    bare["components"] = Value::Null;
    assert_eq!(page(&bare, &["API"]).unwrap_err().kind, FaultKind::NotFound);
}

#[test]
fn an_incident_that_names_no_component_concerns_everybody() {
    let mut value = sample();
    value["incidents"][0]["components"] = json!([]);
    assert_eq!(page(&value, &["webhooks"]).unwrap().level, Level::PartialOutage);
    // The invitation to visit the page is no component.
    value["incidents"][0]["components"] =
        json!([{"id": "v", "name": "Visit status.acme.example for more information"}]);
    assert_eq!(page(&value, &["webhooks"]).unwrap().level, Level::PartialOutage);
    // Named in an update only.
    value["incidents"][0]["components"] = json!([]);
    value["incidents"][0]["incident_updates"][0]["affected_components"] = json!([{"code": "a", "name": "API"}]);
    assert_eq!(page(&value, &["webhooks"]).unwrap().level, Level::Operational);
}

#[test]
fn what_is_not_understood_is_unknown_and_never_operational() {
    let status = |indicator: Value| json!({"page": {}, "status": {"indicator": indicator}});
    for (value, level) in [
        (status(json!("none")), Level::Operational),
        (status(json!("minor")), Level::Degraded),
        (status(json!("major")), Level::PartialOutage),
        (status(json!("critical")), Level::MajorOutage),
        (status(json!("maintenance")), Level::Maintenance),
        (status(json!("sparkling")), Level::Unknown),
        (status(json!(0)), Level::Unknown),
        (json!({"status": {"indicator": "none"}, "incidents": null, "components": null}), Level::Operational),
        (json!({"status": {"indicator": "none"}, "components": [{"name": "A", "status": "wobbly"}]}), Level::Unknown),
        (json!({"status": {"indicator": "none"}, "components": [7]}), Level::Unknown),
        (json!({"status": {"indicator": "none"}, "incidents": [{"name": "x", "status": "new_word"}]}), Level::Unknown),
        (
            json!({"status": {"indicator": "none"}, "components": [{"name": "A", "status": "full_outage"}]}),
            Level::MajorOutage,
        ),
        (
            json!({"status": {"indicator": "none"}, "incidents": [{"name": "note", "status": "monitoring", "impact": "none"}]}),
            Level::Operational,
        ),
    ] {
        assert_eq!(page(&value, &[]).unwrap().level, level, "{value}");
    }
    assert_eq!(page(&status(json!("sparkling")), &[]).unwrap().summary, "the page says `sparkling`");
    for value in [
        json!(null),
        json!([]),
        json!({}),
        json!("none"),
        json!({"status": "none"}),
        json!({"status": {"indicator": null}}),
        json!({"status": {"indicator": "none"}, "components": "none"}),
        json!({"status": {"indicator": "none"}, "incidents": {}}),
        json!({"page": {"status": "UP"}}),
    ] {
        assert_eq!(page(&value, &[]).unwrap_err().kind, FaultKind::Unreadable, "{value}");
    }
}

#[test]
fn hostile_and_huge_texts_are_harmless_and_short() {
    let evil = "\u{1b}]0;pwned\u{7}\u{9b}2J\u{202e}\u{200b}&#27;[2J";
    let mut value = sample();
    value["incidents"][0]["name"] = json!(evil);
    value["incidents"][0]["id"] = json!(evil);
    value["incidents"][0]["shortlink"] = json!("javascript:alert(1)");
    value["incidents"][0]["incident_updates"] = (0..100)
        .map(|_| json!({"body": format!("{evil}{}", "x".repeat(10_000)), "display_at": "2026-07-01T09:00:00Z"}))
        .collect();
    value["components"][1]["name"] = json!(evil);
    value["components"][1]["status"] = json!(evil);
    value["status"]["description"] = json!(evil);
    let status = page(&value, &[]).unwrap();
    harmless(&status);
    let notice = &status.notices[0];
    assert_eq!(notice.title, "␛]0;pwned␇␛[2J··␛[2J");
    assert_eq!(notice.link, "");
    assert_eq!((notice.updates.len(), notice.updates[0].text.chars().count()), (20, 2_000));
    value["incidents"] =
        (0..200).map(|n| json!({"id": n, "name": "x", "status": "identified", "impact": "minor"})).collect();
    assert_eq!(page(&value, &[]).unwrap().notices.len(), 50);
}

/// Every text is clean and within its cap.
fn harmless(status: &ProviderStatus) {
    let check = |text: &str, max: usize| {
        assert!(text.chars().count() <= max, "{} characters", text.chars().count());
        assert_eq!(crate::facts::text::clean(text), text);
    };
    check(&status.summary, 200);
    for row in &status.components {
        check(&row.name, 120);
        check(&row.word, 120);
    }
    assert!(status.notices.len() <= 50 && status.components.len() <= 200);
    for Notice { id, title, components, updates, link, .. } in &status.notices {
        check(id, 200);
        check(title, 200);
        check(link, 500);
        for name in components {
            check(name, 120);
        }
        assert!(updates.len() <= 20);
        for update in updates {
            check(&update.text, 2_000);
        }
    }
}

const AWS: &str = r#"[
  {"date":"1782895000","arn":"arn:aws:health:eu-west-1::event/X","region_name":"Ireland","status":"2","service":"multipleservices-eu-west-1",
   "service_name":"Multiple services","summary":"Errors",
   "event_log":[{"message":"first","status":1,"timestamp":1782895000},{"message":"second","status":2,"timestamp":1782896000}],
   "impacted_services":{"ec2-eu-west-1":{"service_name":"Amazon EC2","current":"2","max":"2"},
                        "s3-eu-west-1":{"service_name":"Amazon S3","current":"1","max":"3"},
                        "sqs-eu-west-1":{"service_name":"Amazon SQS","current":"0","max":"1"}}},
  {"date":1782890000,"arn":"arn:aws:health:us-east-1::event/Y","region_name":"N. Virginia","status":3,"service":"lambda-us-east-1",
   "service_name":"AWS Lambda","summary":"Down"},
  {"date":"1782880000","region_name":"Oregon","status":"0","service":"ec2-us-west-2","summary":"[RESOLVED] x","end_time":"1782881000"}
]"#;

#[test]
fn aws_events_count_by_region_and_service() {
    for (components, regions, level, notices) in [
        (&[][..], &[][..], Level::MajorOutage, 2),
        (&[], &["eu-west-1"], Level::PartialOutage, 1),
        (&[], &["Ireland"], Level::PartialOutage, 1),
        (&[], &["eu-*"], Level::PartialOutage, 1),
        (&[], &["us-west-2"], Level::Operational, 0),
        (&["s3"], &[], Level::Degraded, 1),
        (&["Amazon EC2"], &["eu-west-1"], Level::PartialOutage, 1),
        (&["sqs"], &[], Level::Operational, 0),
        (&["lambda"], &["eu-west-1"], Level::Operational, 0),
    ] {
        let status = of(Kind::Aws, AWS, components, regions).unwrap();
        assert_eq!((status.level, status.notices.len()), (level, notices), "{components:?} {regions:?}");
    }
    let status = of(Kind::Aws, AWS, &[], &["eu-west-1"]).unwrap();
    assert_eq!(status.summary, "Errors (Ireland)");
    assert_eq!(status.notices[0].updates[0].text, "second");
    assert_eq!(status.since, DateTime::from_timestamp(1_782_895_000, 0));
    assert_eq!(
        status.notices[0].link,
        "https://health.aws.amazon.com/health/status?eventID=arn:aws:health:eu-west-1::event/X"
    );
    let rows = of(Kind::Aws, AWS, &["s3", "sqs"], &[]).unwrap().components;
    assert_eq!((rows[0].name.as_str(), rows[0].level), ("Amazon S3", Level::Degraded));
    assert_eq!((rows[1].name.as_str(), rows[1].word.as_str()), ("sqs", "no open incident"));
}

#[test]
fn other_shapes_of_aws() {
    let global = r#"[{"status":"1","service":"route53","service_name":"Route 53","summary":"x","date":"1782890000"}]"#;
    assert_eq!(of(Kind::Aws, global, &[], &["eu-west-1"]).unwrap().level, Level::Degraded, "global concerns all");
    assert_eq!(of(Kind::Aws, "[]", &["ec2"], &[]).unwrap().level, Level::Operational);
    assert_eq!(of(Kind::Aws, r#"{"current":[],"archive":[]}"#, &[], &[]).unwrap().level, Level::Operational);
    let word = r#"[{"status":"9","service":"ec2-us-east-1","summary":"x"},{"other":1}]"#;
    assert_eq!(of(Kind::Aws, word, &[], &[]).unwrap().level, Level::Unknown);
    for body in ["{}", r#"[{"id":"x","begin":"y"}]"#, "[1,2]", "7", "null"] {
        assert_eq!(of(Kind::Aws, body, &[], &[]).unwrap_err().kind, FaultKind::Unreadable, "{body}");
    }
    let mut utf16 = vec![0xfe, 0xff];
    utf16.extend(AWS.encode_utf16().flat_map(u16::to_be_bytes));
    let kind = Some("application/json;charset=utf-16");
    assert_eq!(read(Kind::Aws, &utf16, kind, &Filter::default(), now()).unwrap().level, Level::MajorOutage);
}

const GCP: &str = r##"[
  {"id":"o","begin":"2026-07-01T08:00:00+00:00","modified":"2026-07-01T09:30:00+00:00","external_desc":"Cloud SQL is slow",
   "status_impact":"SERVICE_DISRUPTION","affected_products":[{"title":"Cloud SQL","id":"p1"},{"title":"Cloud Run","id":"p2"}],
   "uri":"incidents/o","currently_affected_locations":[{"id":"europe-west1","title":"Belgium (europe-west1)"}],
   "updates":[{"when":"2026-07-01T09:00:00+00:00","text":"# Summary\n**Slow**"}]},
  {"id":"c","begin":"2026-06-01T08:00:00+00:00","end":"2026-06-01T09:00:00+00:00","status_impact":"SERVICE_OUTAGE",
   "external_desc":"Over","currently_affected_locations":[{"id":"us-east1"}]}
]"##;

#[test]
fn google_incidents_are_open_without_an_end() {
    for (components, regions, level) in [
        (&[][..], &[][..], Level::PartialOutage),
        (&["cloud sql"], &["europe-west1"], Level::PartialOutage),
        (&["BigQuery"], &[], Level::Operational),
        (&[], &["us-east1"], Level::Operational),
    ] {
        assert_eq!(of(Kind::Gcp, GCP, components, regions).unwrap().level, level, "{components:?} {regions:?}");
    }
    let status = of(Kind::Gcp, GCP, &[], &[]).unwrap();
    assert_eq!(status.summary, "Cloud SQL is slow");
    assert_eq!(status.notices[0].updates[0].text, "Summary\nSlow");
    assert_eq!(status.notices[0].link, "incidents/o", "relative until the document's address is known");
    assert_eq!(status.page_updated, Some(at("2026-07-01T09:30:00Z")));
    for (open, body) in [
        (true, r#"[{"id":"1","begin":"b","external_desc":"x","end":null,"status_impact":"SERVICE_OUTAGE"}]"#),
        (true, r#"[{"id":"1","begin":"b","external-desc":"x","end":"","status_impact":"SERVICE_OUTAGE"}]"#),
        (false, r#"[{"id":"1","begin":"b","external_desc":"x","end":1,"status_impact":"SERVICE_OUTAGE"}]"#),
    ] {
        let level = of(Kind::Gcp, body, &[], &[]).unwrap().level;
        assert_eq!(level == Level::MajorOutage, open, "{body}");
    }
    let word = r#"[{"id":"1","begin":"b","external_desc":"x","status_impact":"SERVICE_HICCUP"}]"#;
    assert_eq!(of(Kind::Gcp, word, &[], &[]).unwrap().level, Level::Unknown);
    assert_eq!(of(Kind::Gcp, AWS, &[], &[]).unwrap_err().kind, FaultKind::Unreadable);
}

fn azure(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>Azure Status</title>\
         <lastBuildDate>Wed, 01 Jul 2026 09:59:00 Z</lastBuildDate>{items}</channel></rss>"
    )
}

#[test]
fn azure_items_are_incidents() {
    let item = "<item><guid isPermaLink='false'>net</guid><title>Network <![CDATA[& more]]> in West US </title>\
        <description>&lt;p&gt;We are &amp;amp; investigating&amp;nbsp;it&lt;/p&gt;</description>\
        <link>https://azurestatusprod.azurewebsites.net/en-us/status/</link>\
        <category>VPN Gateway</category><category>West US</category>\
        <pubDate>Wed, 01 Jul 2026 09:29:09 Z</pubDate></item>";
    for (components, regions, level) in [
        (&[][..], &[][..], Level::Degraded),
        (&["vpn"], &["westus"], Level::Degraded),
        (&["network"], &[], Level::Degraded),
        (&["storage"], &[], Level::Operational),
        (&[], &["West US 2"], Level::Operational),
        (&[], &["west us*"], Level::Degraded),
    ] {
        let status = of(Kind::Azure, &azure(item), components, regions).unwrap();
        assert_eq!(status.level, level, "{components:?} {regions:?}");
    }
    let status = of(Kind::Azure, &azure(item), &[], &[]).unwrap();
    assert_eq!(status.summary, "Network & more in West US");
    assert_eq!(status.notices[0].id, "net Wed, 01 Jul 2026 09:29:09 Z");
    assert_eq!(status.notices[0].updates[0].text, "We are & investigating it");
    assert_eq!(status.notices[0].link, "");
    assert_eq!(status.since, Some(at("2026-07-01T09:29:09Z")));
    assert_eq!(status.page_updated, Some(at("2026-07-01T09:59:00Z")));
    assert_eq!(of(Kind::Azure, &azure(""), &["vpn"], &[]).unwrap().level, Level::Operational);
    let anything = "<item><title>Guidance</title></item>";
    assert_eq!(of(Kind::Azure, &azure(anything), &["vpn"], &["westus"]).unwrap().level, Level::Degraded);
    let deep = format!("<rss>{}", "<a>".repeat(10_000));
    for body in [
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>Azure</title></feed>",
        "<rss><channel><title>Other</title></channel></rss>",
        "<rss/>",
        "<rss></rss>",
        "<rss><channel><title>Azure</title>",
        "<rss><channel></title></channel></rss>",
        "{}",
        &deep,
    ] {
        let fault = of(Kind::Azure, body, &[], &[]).unwrap_err();
        assert!(matches!(fault.kind, FaultKind::Unreadable | FaultKind::Truncated), "{body}: {fault}");
    }
}

#[test]
fn slack_is_what_is_active() {
    let current = |status: &str, incidents: Value| {
        json!({"status": status, "date_updated": "2026-07-01T02:00:00-07:00", "active_incidents": incidents})
            .to_string()
    };
    let incident = |kind: &str, state: &str| {
        json!({"id": 7, "title": "Late", "type": kind, "status": state, "date_created": "2026-07-01T01:00:00-07:00",
            "services": ["Messaging"], "notes": [{"body": "<p>one</p>", "date_created": "2026-07-01T01:00:00-07:00"},
            {"body": "two", "date_created": "2026-07-01T01:30:00-07:00"}]})
    };
    for (body, components, level) in [
        (current("ok", json!([])), &[][..], Level::Operational),
        (current("ok", json!(null)), &["calls"], Level::Operational),
        (current("active", json!([incident("incident", "active")])), &[], Level::Degraded),
        (current("active", json!([incident("outage", "active")])), &["messag"], Level::MajorOutage),
        (current("active", json!([incident("outage", "active")])), &["calls"], Level::Operational),
        (current("active", json!([incident("notice", "active")])), &[], Level::Operational),
        (current("active", json!([incident("outage", "resolved")])), &[], Level::Operational),
        (current("active", json!([incident("outage", "scheduled")])), &[], Level::Operational),
        (current("active", json!([incident("meltdown", "active")])), &[], Level::Unknown),
        (current("active", json!([])), &[], Level::Unknown),
        (current("sleepy", json!([])), &[], Level::Unknown),
    ] {
        assert_eq!(of(Kind::Slack, &body, components, &[]).unwrap().level, level, "{body} {components:?}");
    }
    let status = of(Kind::Slack, &current("active", json!([incident("incident", "active")])), &[], &[]).unwrap();
    assert_eq!(status.notices[0].updates[0].text, "two", "newest first");
    assert_eq!(status.page_updated, Some(at("2026-07-01T09:00:00Z")));
    for body in
        ["[]", r#"{"status":"ok"}"#, r#"{"status":{"indicator":"none"}}"#, r#"{"status":"ok","active_incidents":1}"#]
    {
        assert_eq!(of(Kind::Slack, body, &[], &[]).unwrap_err().kind, FaultKind::Unreadable, "{body}");
    }
}

#[test]
fn bodies_that_are_no_data_are_faults_for_every_kind() {
    for kind in Kind::ALL {
        for (body, fault) in [
            (&b""[..], FaultKind::Unreadable),
            (b" \r\n ", FaultKind::Unreadable),
            (b"<!DOCTYPE html><html><title>Sign in</title></html>", FaultKind::Unreadable),
            (b"\xff\xff\xff", FaultKind::Unreadable),
            (b"OK", FaultKind::Unreadable),
            (b"<?xml version='1.0'?><x/>", FaultKind::Unreadable),
        ] {
            assert_eq!(read(kind, body, None, &Filter::default(), now()).unwrap_err().kind, fault, "{kind:?} {body:?}");
        }
        assert_eq!(Kind::from_key(kind.key()), Some(kind));
    }
    let fault = of(Kind::Slack, "{\"status\":\"ok\",", &[], &[]).unwrap_err();
    assert_eq!((fault.kind, fault.cause.as_str()), (FaultKind::Truncated, "the JSON ends early: line 1, column 15"));
}

#[test]
fn a_page_is_asked_at_its_document() {
    for (kind, url, document) in [
        (Kind::Statuspage, "https://status.x.example", "https://status.x.example/api/v2/summary.json"),
        (Kind::Statuspage, "https://x.example/status/", "https://x.example/status/api/v2/summary.json"),
        (Kind::Statuspage, "https://x.example/api/v2/", "https://x.example/api/v2/summary.json"),
        (Kind::Statuspage, "https://x.example/api/v2/status.json?a=b", "https://x.example/api/v2/status.json?a=b"),
        (Kind::Aws, "http://127.0.0.1:1/", "http://127.0.0.1:1/public/currentevents"),
        (Kind::Gcp, "http://127.0.0.1:1/dash/incidents.json", "http://127.0.0.1:1/dash/incidents.json"),
        (Kind::Azure, "http://127.0.0.1:1", "http://127.0.0.1:1/en-us/status/feed/"),
    ] {
        let settings = Settings::new("X", kind, Url::parse(url).unwrap(), Duration::from_secs(5));
        let often = is_loopback(&settings.url);
        assert_eq!(settings.every, if often { Duration::from_secs(5) } else { SELDOM });
        let info = StatusSource::new(settings).info();
        assert_eq!((info.address.as_str(), info.id.as_str()), (document, "status X"));
    }
    for kind in Kind::ALL {
        assert_eq!(kind.default_url().is_none(), kind == Kind::Statuspage);
    }
}

/// The folder with recorded answers, which is not part of the repository.
fn recorded() -> Option<std::path::PathBuf> {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folders = [Some(beside), std::env::var_os("SIXTY_SHARED").map(Into::into)];
    let found =
        folders.into_iter().flatten().map(|folder| folder.join("payloads/status")).find(|folder| folder.is_dir());
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the recorded answers are missing");
        println!("skipped: no folder with recorded answers");
    }
    found
}

#[test]
fn every_recorded_answer_has_the_right_level() {
    let Some(folder) = recorded() else { return };
    let moment = at("2026-07-03T00:00:00Z");
    for (file, kind, expected) in RECORDED {
        let kind = Kind::from_key(kind).unwrap();
        let body = std::fs::read(folder.join(file)).unwrap();
        let status = read(kind, &body, None, &Filter::default(), moment);
        assert_eq!(
            status.as_ref().map(|status| status.level.word()).map_err(|fault| fault.kind.word()),
            expected,
            "{file}: {status:?}"
        );
        if let Ok(status) = status {
            harmless(&status);
        }
        // Read as any other kind, a document is a fault. Only the shape of an empty list fits two kinds.
        for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
            let status = read(other, &body, None, &Filter::default(), moment);
            assert!(status.is_err(), "{file} as {other:?}: {status:?}");
        }
    }
    let mut files: Vec<String> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let mut named: Vec<&str> = RECORDED.iter().map(|(file, ..)| *file).collect();
    named.sort_unstable();
    assert_eq!(files, named, "every file is in the table");
}

#[test]
fn recorded_answers_are_filtered() {
    let Some(folder) = recorded() else { return };
    let moment = at("2026-07-03T00:00:00Z");
    for (file, kind, components, regions, level) in [
        ("aws-currentevents-utf16be.json", Kind::Aws, &[][..], &["us-east-1"][..], Level::Operational),
        ("aws-currentevents-utf16be.json", Kind::Aws, &[], &["me-central-1"], Level::MajorOutage),
        ("aws-currentevents-utf16be.json", Kind::Aws, &[], &["uae"], Level::MajorOutage),
        ("gcp-incidents-open.json", Kind::Gcp, &["Virtual Private Cloud"], &[], Level::MajorOutage),
        ("gcp-incidents-open.json", Kind::Gcp, &["BigQuery"], &[], Level::Operational),
        ("azure-feed-incident.xml", Kind::Azure, &["Kubernetes"], &["West US"], Level::Degraded),
        ("azure-feed-incident.xml", Kind::Azure, &[], &["West Europe"], Level::Operational),
        ("azure-feed-incident.xml", Kind::Azure, &["Cosmos DB"], &[], Level::Operational),
        ("azure-feed-no-category.xml", Kind::Azure, &["Kubernetes"], &["West Europe"], Level::Degraded),
        // The incident of 22 May 2020 names only the invitation, so it concerns every component.
        ("github-statuspage-summary-open-incident.json", Kind::Statuspage, &["pages"], &[], Level::Degraded),
        (
            "github-statuspage-summary-partial-outage-edited.json",
            Kind::Statuspage,
            &["copilot"],
            &[],
            Level::Operational,
        ),
        ("github-statuspage-summary-partial-outage-edited.json", Kind::Statuspage, &["pages"], &[], Level::Degraded),
        ("github-statuspage-summary-maintenance.json", Kind::Statuspage, &["pages"], &[], Level::Operational),
        ("github-statuspage-summary-maintenance.json", Kind::Statuspage, &["actions"], &[], Level::Maintenance),
    ] {
        let body = std::fs::read(folder.join(file)).unwrap();
        let status = read(kind, &body, None, &filter(components, regions), moment).unwrap();
        assert_eq!(status.level, level, "{file} {components:?} {regions:?}");
    }
}

/// Replaces the value at a place of a document, counted in the order of reading.
fn replace(value: &mut Value, place: &mut usize, by: &Value) {
    if *place == 0 {
        *value = by.clone();
    }
    *place = place.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, place, by)),
        Value::Object(object) => object.values_mut().for_each(|item| replace(item, place, by)),
        _ => {}
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([null, 1, "x", {"id": "a", "status": "none"}])),
        Just(json!("9999-99-99T99:99:99Z")),
        Just(json!("99999999999999999999")),
        Just(json!("-62135596801000")),
    ]
}

proptest! {
    #[test]
    fn mutilated_documents_never_panic(which in 0_usize..4, places in prop::collection::vec((0_usize..90, odd_value()), 1..4)) {
        let slack = json!({"status": "active", "date_updated": "x", "active_incidents": [
            {"id": 1, "type": "incident", "status": "active", "services": ["a"], "notes": [{"body": "b"}]}]});
        let mut value = [sample(), serde_json::from_str(AWS).unwrap(), serde_json::from_str(GCP).unwrap(), slack][which].clone();
        for (mut place, by) in places {
            replace(&mut value, &mut place, &by);
        }
        let body = value.to_string();
        for kind in Kind::ALL {
            for filter in [Filter::default(), filter(&["api", "*a*"], &["eu-west-1", "*"])] {
                if let Ok(status) = read(kind, body.as_bytes(), None, &filter, now()) {
                    harmless(&status);
                }
            }
        }
    }

    #[test]
    fn mutilated_bytes_never_panic(which in 0_usize..4, cut in 0_usize..2_000, at_byte in 0_usize..2_000, byte: u8) {
        let item = azure("<item><guid>g</guid><title>t &amp; u</title><category>West US</category><pubDate>x</pubDate></item>");
        let mut body = [sample().to_string(), AWS.to_owned(), GCP.to_owned(), item][which].clone().into_bytes();
        let place = at_byte % body.len();
        body[place] = byte;
        body.truncate(cut.max(1));
        for kind in Kind::ALL {
            if let Ok(status) = read(kind, &body, None, &Filter::default(), now()) {
                harmless(&status);
            }
        }
    }
}
