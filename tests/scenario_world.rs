//! The world of a scenario, seen as a source sees it: by its answers alone.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is surprised")]

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::ProptestConfig;
use proptest::prop_assert;
use proptest::proptest;
use sixty::config::scenario::parse;
use sixty::drill::Answered;
use sixty::drill::Scenario;
use sixty::drill::Server;
use sixty::drill::World;
use sixty::sources::exposition::Format;
use sixty::sources::exposition::samples;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const REQUESTS: &str = "http_server_request_duration_seconds";

/// A shop at half an hour after midnight; T is half an hour later.
fn scenario(rest: &str) -> Scenario {
    let text = format!(
        r#"
title = "x"
begins = "2026-11-20T00:30:00Z"
lasts = "90m"
zero = "30m"
told_by = ["log", "github"]
[[service]]
name = "shop"
instances = 2
rate = "300/s"
errors = "0.2 %"
p50 = "50 ms"
p95 = "200 ms"
pool = {{ size = 40, busy = 8 }}
memory = {{ limit = "1 GiB", used = "500 MiB" }}
cpu = {{ cores = 2, used = "30 %" }}
disk = {{ size = "50 GiB", used = "48 GiB" }}
[[service.route]]
path = "/orders"
share = "30 %"
[[service.route]]
method = "POST"
path = "/webhooks"
share = "0.5 %"
[[service.route]]
path = "/img/{{f}}"
[[service.call]]
to = "stock"
routes = ["GET /orders"]
fails_with = 502
[[service]]
name = "stock"
p50 = "8 ms"
[[vendor]]
name = "Stripe"
[[vendor]]
name = "AWS"
page = "aws"
{rest}
"#
    );
    parse(&text, "x.toml").unwrap_or_else(|problems| panic!("{problems}"))
}

/// One scrape of one instance: every series by its name and labels.
type Scrape = BTreeMap<String, f64>;

fn scrape(world: &mut World, path: &str, second: f64) -> Option<Scrape> {
    let at = world.scenario().zero_at() + chrono::Duration::milliseconds((second * 1000.0) as i64);
    let Answered::Body { status: 200, bytes, .. } = world.answer(path, at) else { return None };
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let read = lines.map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        (series.to_owned(), value.parse().unwrap())
    });
    Some(read.collect())
}

/// The sum of the series that begin with the first part and hold all of them.
fn sum(scrape: &Scrape, parts: &[&str]) -> f64 {
    let fits = |name: &str| name.starts_with(parts[0]) && parts.iter().all(|part| name.contains(part));
    scrape.iter().filter(|(name, _)| fits(name)).map(|(_, value)| value).sum()
}

/// What the instances of a service tell together about the time between two seconds after T.
struct Seen {
    rate: f64,
    errors: f64,
    not_found: f64,
    used: f64,
    waiting: f64,
    mean: f64,
}

fn seen(world: &mut World, service: &str, from: f64, to: f64) -> Seen {
    let paths = world.endpoints().services.into_iter().find(|watched| watched.name == service).unwrap().paths;
    let (mut all, mut errors, mut not_found, mut time, mut used, mut waiting) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for path in paths {
        let (Some(old), Some(new)) = (scrape(world, &path, from), scrape(world, &path, to)) else { continue };
        let grown = |parts: &[&str]| sum(&new, parts) - sum(&old, parts);
        let count = format!("{REQUESTS}_count");
        all += grown(&[&count]);
        errors += grown(&[&count, "status_code=\"5"]);
        not_found += grown(&[&count, "status_code=\"404"]);
        time += grown(&[&format!("{REQUESTS}_sum")]);
        used += sum(&new, &["db_client_connection_count", "\"used\""]);
        waiting += sum(&new, &["db_client_connection_pending_requests"]);
    }
    let share = |part: f64| if all > 0.0 { part / all } else { 0.0 };
    Seen {
        rate: all / (to - from),
        errors: share(errors),
        not_found: share(not_found),
        used,
        waiting,
        mean: share(time),
    }
}

fn at(rest: &str) -> World {
    World::new(&scenario(&format!("[[at]]\ntime = \"T\"\nservice = \"shop\"\n{rest}\n")), 1)
}

#[test]
fn a_usual_day_is_as_written() {
    let mut world = at("set = { errors = \"usual\" }");
    for end in [-1_200.0, -300.0, 1_500.0, 3_500.0] {
        let shop = seen(&mut world, "shop", end - 120.0, end);
        assert!((270.0..330.0).contains(&shop.rate), "{} req/s", shop.rate);
        assert!((0.002..0.005).contains(&shop.errors), "{}", shop.errors);
        assert!((10.0..24.0).contains(&shop.used) && shop.waiting < 0.5, "{} {}", shop.used, shop.waiting);
        assert!((0.06..0.10).contains(&shop.mean), "{} s", shop.mean);
        // 30 % of the shop's requests ask the stock.
        let stock = seen(&mut world, "stock", end - 120.0, end);
        assert!((80.0..100.0).contains(&stock.rate), "{} req/s", stock.rate);
    }
}

#[test]
fn a_leak_fills_the_pool_and_then_it_hurts() {
    // 32 spare connections, 8 a minute: full after some four minutes.
    let mut world = at("set = { pool_leak = \"8/min\" }");
    let half = seen(&mut world, "shop", 60.0, 120.0);
    assert!((40.0..56.0).contains(&half.used) && half.errors < 0.01, "{} used, {} failed", half.used, half.errors);
    let full = seen(&mut world, "shop", 300.0, 420.0);
    assert!((full.used - 80.0).abs() < 0.5 && full.waiting > 100.0, "{} used, {} wait", full.used, full.waiting);
    assert!(full.errors > 0.5 && full.mean > 1.0, "{} failed, {} s", full.errors, full.mean);
}

#[test]
fn a_deploy_rolls_brings_its_faults_and_a_rollback_takes_them() {
    let mut world = at("deploy = \"shop v2\"\ntakes = \"60s\"\nset = { errors = \"40 %\", pool_leak = \"6/min\" }\n\
        [[at]]\ntime = \"T+10m\"\ndeploy = \"shop v1\"\ntakes = \"60s\"");
    let start = |world: &mut World, instance: u32, second| {
        let scrape = scrape(world, &format!("/shop/{instance}/metrics"), second).unwrap();
        let version = scrape.keys().find(|name| name.starts_with("shop_build_info")).unwrap().clone();
        (sum(&scrape, &["process_start_time_seconds"]), version.contains("version=\"v2\""))
    };
    let zero = world.scenario().zero_at().timestamp() as f64;
    assert!(!start(&mut world, 1, 29.9).1);
    assert_eq!(start(&mut world, 1, 30.0), (zero + 30.0, true));
    assert!(!start(&mut world, 2, 59.9).1);
    assert_eq!(start(&mut world, 2, 60.0), (zero + 60.0, true));
    assert!(seen(&mut world, "shop", 100.0, 160.0).errors > 0.35);
    assert!(seen(&mut world, "shop", 500.0, 590.0).used > 70.0);
    let healed = seen(&mut world, "shop", 700.0, 760.0);
    assert!(healed.errors < 0.01 && healed.used < 25.0, "{} failed, {} used", healed.errors, healed.used);
}

#[test]
fn memory_climbs_to_the_kill_and_climbs_again() {
    let mut world = at("set = { memory_leak = \"60 MiB/min\" }");
    let memory = |world: &mut World, second: f64| {
        scrape(world, "/shop/1/metrics", second).map(|scrape| sum(&scrape, &["go_memory_used_bytes"]) / 1_048_576.0)
    };
    let mut kills = Vec::new();
    for second in 0..3_000 {
        if memory(&mut world, f64::from(second)).is_none() {
            kills.push(second);
        }
    }
    // 524 MiB to go, 60 a minute.
    assert!((430..560).contains(&kills[0]), "first killed at {} s", kills[0]);
    assert_eq!(kills.iter().filter(|second| **second < kills[0] + 60).count(), 15, "away for 15 s");
    assert!(kills.iter().any(|second| *second > kills[0] + 400), "and again: {kills:?}");
    assert!(memory(&mut world, f64::from(kills[0] - 1)).unwrap() > 990.0);
    assert!(memory(&mut world, f64::from(kills[0] + 40)).unwrap() < 560.0);
}

#[test]
fn couplings_do_what_the_documentation_says() {
    // Queries take the pool, a lock takes it at once, a full disk stops writing, a surge slows everything.
    let mut world = at("route = \"GET /orders\"\nset = { db_queries = \"x40\" }");
    let queries = seen(&mut world, "shop", 300.0, 360.0);
    assert!(queries.errors > 0.3 && queries.mean > 1.0, "{} failed, {} s", queries.errors, queries.mean);

    let mut world = at("set = { db_locked = \"50 %\" }\nlasts = \"5m\"");
    let locked = seen(&mut world, "shop", 100.0, 160.0);
    let free = seen(&mut world, "shop", 400.0, 460.0);
    assert!(locked.errors > 0.9 && free.errors < 0.01, "{} then {} failed", locked.errors, free.errors);

    let mut world = at("set = { disk_fill = \"1 GiB/min\" }");
    let count = format!("{REQUESTS}_count");
    let failed = |world: &mut World, path: &str| {
        let (old, new) = (scrape(world, "/shop/1/metrics", 300.0), scrape(world, "/shop/1/metrics", 400.0));
        let (old, new) = (old.unwrap(), new.unwrap());
        let grown = |parts: &[&str]| sum(&new, parts) - sum(&old, parts);
        grown(&[&count, path, "status_code=\"500\""]) / grown(&[&count, path])
    };
    assert!(failed(&mut world, "/webhooks") > 0.99 && failed(&mut world, "/orders") < 0.02);
    assert!(sum(&scrape(&mut world, "/shop/1/metrics", 400.0).unwrap(), &["node_filesystem_avail_bytes"]) < 1.0);

    let mut world = at("set = { rate = \"x3\" }");
    let (before, during) = (seen(&mut world, "shop", -120.0, -60.0), seen(&mut world, "shop", 120.0, 180.0));
    assert!(during.rate > 2.7 * before.rate && during.mean > 1.5 * before.mean, "{} s", during.mean);
    assert!(during.used > 2.5 * before.used);
}

#[test]
fn callers_feel_what_they_call() {
    let story = "[[at]]\ntime = \"T\"\nservice = \"stock\"\nset = { errors = \"80 %\" }\n\
        [[at]]\ntime = \"T+10m\"\nservice = \"stock\"\nset = { errors = \"usual\", p50 = \"2 s\" }\n\
        [[at]]\ntime = \"T+20m\"\nservice = \"stock\"\nset = { p50 = \"usual\" }\n\
        [[at]]\ntime = \"T+20m\"\nservice = \"shop\"\nto = \"stock\"\nset = { codes = { 429 = \"50 %\" } }\n";
    let mut world = World::new(&scenario(story), 1);
    let failing = seen(&mut world, "shop", 120.0, 180.0);
    assert!((0.22..0.27).contains(&failing.errors), "80 % of 30 %: {}", failing.errors);
    let slow = seen(&mut world, "shop", 720.0, 780.0);
    assert!(slow.errors < 0.02 && slow.mean > 0.5, "{} failed, {} s", slow.errors, slow.mean);
    let limited = seen(&mut world, "shop", 1_320.0, 1_380.0);
    assert!((0.13..0.17).contains(&limited.errors), "50 % of 30 %: {}", limited.errors);
    let shop = scrape(&mut world, "/shop/1/metrics", 1_380.0).unwrap();
    let calls = sum(&shop, &["http_client_request_duration_seconds_count", "server_address=\"stock\"", "code=\"429\""]);
    assert!(calls > 1_000.0, "{calls}");
}

#[test]
fn one_instance_one_route_one_night() {
    let mut world = at("instance = 2\nset = { errors = \"60 %\" }");
    let errors = |world: &mut World, path: &str| {
        let (old, new) = (scrape(world, path, 60.0).unwrap(), scrape(world, path, 160.0).unwrap());
        let count = format!("{REQUESTS}_count");
        (sum(&new, &[&count, "code=\"5"]) - sum(&old, &[&count, "code=\"5"]))
            / (sum(&new, &[&count]) - sum(&old, &[&count]))
    };
    assert!(errors(&mut world, "/shop/1/metrics") < 0.01 && errors(&mut world, "/shop/2/metrics") > 0.5);

    let mut world = at("route = \"GET /img/{f}\"\nset = { codes = { 404 = \"50 %\" } }");
    let wave = seen(&mut world, "shop", 60.0, 120.0);
    assert!((0.32..0.37).contains(&wave.not_found) && wave.errors < 0.01, "{}", wave.not_found);

    let night = "[[job]]\nname = \"backup\"\nservice = \"shop\"\nat = \"01:10\"\nlasts = \"5m\"\nset = { db_locked = \"40 %\" }";
    let mut world = World::new(&scenario(night), 1);
    assert!(seen(&mut world, "shop", 700.0, 760.0).errors > 0.5);
    assert!(seen(&mut world, "shop", 1_000.0, 1_060.0).errors < 0.01);
    let log = world.deploys_jsonl(world.scenario().zero_at() + chrono::Duration::seconds(700));
    assert_eq!(log.lines().filter(|line| line.contains("\"what\":\"backup\"")).count(), 4, "three nights and this one");
    assert!(log.lines().last().unwrap().contains("\"state\":\"running\""));
}

#[test]
fn metrics_can_be_away_in_every_manner() {
    for (manner, expected) in [
        ("refused", Some(Answered::Refused)),
        ("hangs", Some(Answered::Hangs)),
        ("500", None),
        ("garbage", None),
        ("empty", None),
    ] {
        let mut world = at(&format!("instance = 1\nmetrics = \"{manner}\"\nlasts = \"5m\""));
        let zero = world.scenario().zero_at();
        let answer = world.answer("/shop/1/metrics", zero);
        match (expected, answer) {
            (Some(expected), answer) => assert_eq!(answer, expected),
            (None, Answered::Body { status, bytes, kind, .. }) => match manner {
                "500" => assert_eq!(status, 500),
                "empty" => assert!(status == 200 && bytes.is_empty()),
                _ => assert!(status == 200 && kind.starts_with("text/html")),
            },
            (None, other) => panic!("{manner}: {other:?}"),
        }
        assert!(scrape(&mut world, "/shop/2/metrics", 0.0).is_some(), "{manner}: the other one is well");
        assert!(scrape(&mut world, "/shop/1/metrics", -1.0).is_some(), "{manner}: it was well before");
        assert!(scrape(&mut world, "/shop/1/metrics", 300.0).is_some_and(|s| !s.is_empty()), "{manner}: and is again");
    }
}

#[test]
fn instances_come_and_go() {
    let mut world = at(
        "scale = 4\n[[at]]\ntime = \"T+10m\"\nservice = \"shop\"\nscale = 1\n[[at]]\ntime = \"T+20m\"\nservice = \"shop\"\nrestart = \"20s\"",
    );
    assert_eq!(world.endpoints().services[0].paths.len(), 4);
    let pools = |world: &mut World, second: f64| -> usize {
        let paths = world.endpoints().services[0].paths.clone();
        paths
            .iter()
            .filter_map(|path| scrape(world, path, second))
            .filter(|s| sum(s, &["db_client_connection_max"]) > 0.0)
            .count()
    };
    assert_eq!((pools(&mut world, -5.0), pools(&mut world, 5.0), pools(&mut world, 700.0)), (2, 4, 1));
    for (from, to) in [(-120.0, -60.0), (120.0, 180.0), (720.0, 780.0)] {
        let rate = seen(&mut world, "shop", from, to).rate;
        assert!((265.0..335.0).contains(&rate), "{from}: {rate} req/s");
    }
    assert!(
        scrape(&mut world, "/shop/1/metrics", 1_205.0).is_none()
            && scrape(&mut world, "/shop/1/metrics", 1_220.0).is_some()
    );
}

#[test]
fn vendors_and_deploys_speak_their_formats() {
    let mut world = World::new(
        &scenario(
            "[[at]]\ntime = \"T\"\nvendor = \"Stripe\"\nincident = \"Errors\"\nimpact = \"critical\"\ntext = \"We look.\"\n\
             [[at]]\ntime = \"T+5m\"\nvendor = \"Stripe\"\nincident = \"Errors\"\nstate = \"resolved\"\n\
             [[at]]\ntime = \"T\"\nvendor = \"AWS\"\nincident = \"Slow\"\nregion = \"eu-west-1\"\ncomponents = [\"API\"]\n\
             [[at]]\ntime = \"T+10m\"\nvendor = \"Stripe\"\npage = \"hangs\"\n\
             [[at]]\ntime = \"T-60s\"\ndeploy = \"shop v2\"\nby = \"ana\"\n[[at]]\ntime = \"T-10s\"\ndeploy = \"web v9\"\n\
             [[at]]\ntime = \"T-30s\"\nconfig = \"pool.size 9\"\ntold = false\n",
        ),
        1,
    )
    .at_address("http://here");
    let zero = world.scenario().zero_at();
    let mut json = |path: &str, second: i64| -> serde_json::Value {
        match world.answer(path, zero + chrono::Duration::seconds(second)) {
            Answered::Body { status: 200, bytes, .. } => serde_json::from_slice(&bytes).unwrap(),
            other => panic!("{path}: {other:?}"),
        }
    };
    let page = "/vendors/stripe/api/v2/summary.json";
    assert_eq!(json(page, -1)["status"]["indicator"], "none");
    let open = json(page, 60);
    assert_eq!(
        (&open["status"]["indicator"], &open["components"][0]["status"]),
        (&"critical".into(), &"major_outage".into())
    );
    assert_eq!(open["incidents"][0]["incident_updates"][0]["body"], "We look.");
    assert_eq!(json(page, 301)["incidents"].as_array().unwrap().len(), 0);
    let deploys = json("/repos/acme/shop/deployments?environment=production", 0);
    let names: Vec<&str> = deploys.as_array().unwrap().iter().map(|d| d["ref"].as_str().unwrap()).collect();
    assert_eq!(names, ["v9", "v2"]);
    let statuses = deploys[1]["statuses_url"].as_str().unwrap().strip_prefix("http://here").unwrap().to_owned();
    assert_eq!(json(&statuses, 0)[0]["state"], "in_progress");
    assert_eq!(json(&statuses, 30)[0]["state"], "success");
    let log = world.deploys_jsonl(zero);
    assert_eq!(log.lines().count(), 2, "{log}");
    let Answered::Body { bytes, kind, .. } = world.answer("/vendors/aws/currentevents", zero) else {
        panic!("no feed")
    };
    assert!(kind.ends_with("utf-16") && bytes[..2] == [0xfe, 0xff]);
    assert_eq!(world.answer(page, zero + chrono::Duration::seconds(601)), Answered::Hangs);
    for path in [
        "/metrics",
        "/shop/3/metrics",
        "/shop/0/metrics",
        "/nobody/1/metrics",
        "/repos/acme/other/deployments",
        "/vendors/x/y",
    ] {
        assert!(matches!(world.answer(path, zero), Answered::Body { status: 404, .. }), "{path}");
    }
}

#[test]
fn every_page_is_read_by_our_own_reader() {
    let mut world = at("set = { memory_leak = \"60 MiB/min\", codes = { 404 = \"3 %\" } }");
    let zero = world.scenario().zero_at();
    for second in [-1_800, -1, 0, 1, 300, 900] {
        for watched in world.endpoints().services {
            for path in watched.paths {
                let Answered::Body { bytes, .. } = world.answer(&path, zero + chrono::Duration::seconds(second)) else {
                    continue;
                };
                let read = samples(&bytes, Format::Text).unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
                assert!(read.len() > 20, "{path} at {second}: {} samples", read.len());
            }
        }
    }
}

#[test]
fn same_seed_same_bytes_in_whatever_order() {
    let story = scenario(
        "[[at]]\ntime = \"T\"\nservice = \"shop\"\nset = { memory_leak = \"90 MiB/min\", pool_leak = \"3/min\" }",
    );
    let zero = story.zero_at();
    let asked: Vec<(&str, chrono::Duration)> = (-12..30)
        .map(|step| {
            (
                ["/shop/1/metrics", "/shop/2/metrics", "/stock/1/metrics"][(step & 1) as usize],
                chrono::Duration::milliseconds(step * 61_337),
            )
        })
        .collect();
    let mut forward = World::new(&story, 3);
    let answers: Vec<Answered> = asked.iter().map(|(path, after)| forward.answer(path, zero + *after)).collect();
    let mut back = World::new(&story, 3);
    for ((path, after), answer) in asked.iter().zip(&answers).rev() {
        assert!(back.answer(path, zero + *after) == *answer, "{path} {after}");
    }
    let mut other = World::new(&story, 4);
    assert!(other.answer(asked[3].0, zero + asked[3].1) != answers[3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn counters_go_down_only_with_a_new_process(one in -1_700_000_i64..3_500_000, gap in 1_i64..900_000) {
        let mut world = at("deploy = \"shop v2\"\nset = { memory_leak = \"70 MiB/min\", errors = \"5 %\" }");
        let (old, new) = (scrape(&mut world, "/shop/1/metrics", one as f64 / 1e3), scrape(&mut world, "/shop/1/metrics", (one + gap) as f64 / 1e3));
        if let (Some(old), Some(new)) = (old, new) {
            let start = |scrape: &Scrape| sum(scrape, &["process_start_time_seconds"]);
            let same = (start(&old) - start(&new)).abs() < 0.5;
            for (name, value) in old.iter().filter(|(name, _)| same && (name.contains("_seconds_") && name.contains("duration") || name.contains("_total"))) {
                let later = new.get(name).copied();
                prop_assert!(later.is_some_and(|later| later >= *value), "{name}: {value}, then {later:?}");
            }
        }
    }
}

#[tokio::test]
async fn silence_is_silence_over_a_socket_too() {
    let world = at(
        "instance = 1\nmetrics = \"refused\"\n[[at]]\ntime = \"T\"\nservice = \"shop\"\ninstance = 2\nmetrics = \"hangs\"",
    );
    let now = world.scenario().zero_at() + chrono::Duration::seconds(5);
    let server = Server::start(world, Arc::new(move || now), 0).await.unwrap();
    let ask = async |path: &str| {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let ended = tokio::time::timeout(std::time::Duration::from_millis(200), read).await.is_ok();
        (ended, String::from_utf8_lossy(&answer).into_owned())
    };
    let (ended, text) = ask("/shop/1/metrics").await;
    assert!(ended && text.is_empty(), "{text}");
    let (ended, text) = ask("/shop/2/metrics").await;
    assert!(!ended && text.is_empty(), "{text}");
    let past = now.timestamp() - 60;
    let (_, text) = ask(&format!("/shop/1/metrics?at={past}")).await;
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("shop_build_info"), "{text}");
}
