//! `sixty report` and `sixty check` as people, cron jobs and chat bots run them: the real program against endpoints
//! on loopback. Nothing sleeps but the program itself.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod loopback;
#[path = "../src/sources/status/recorded.rs"]
mod recorded;
mod schema;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono::Utc;
use loopback::Loopback;
use loopback::Script;
use recorded::RECORDED;
use serde_json::Value;
use sixty::app::Licence;
use sixty::drill::Server;
use sixty::drill::Story;
use sixty::drill::StoryWorld as World;
use sixty::facts::At;
use sixty::facts::text::clean;
use sixty::incident::Entry;
use sixty::incident::What;
use sixty::runtime::journal;
use sixty::runtime::journal::Access;
use sixty::runtime::journal::Journal;
use tempfile::TempDir;
use tokio::process::Command;

/// A retitled terminal, a cleared one, C1 controls, bidi, zero width, tags.
const HOSTILE: &str = "\u{1b}]0;pwned\u{7}\u{1b}[2J\u{9b}31m\u{9d}0;x\u{9c}\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}";

/// A folder of its own for every run: configuration, journal, home.
struct Place(TempDir);

/// What a run left behind.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(config: &str) -> Self {
        let place = Self::new();
        std::fs::write(place.path("sixty.toml"), config).unwrap();
        place
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sixty"));
        command.args(arguments).current_dir(self.0.path()).env_clear();
        command.env("HOME", self.0.path()).env("XDG_STATE_HOME", self.path("state")).env("TZ", "UTC");
        command.env("SIXTY_TEST_TOKEN", "hunter4");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs `report --format json`, checks the exit code and the shape, and gives the document.
    async fn json(&self, arguments: &[&str], code: i32) -> Value {
        let run = self.run(&[&["report", "--format", "json"], arguments].concat()).await;
        assert_eq!(run.code, code, "{}{}", run.out, run.err);
        assert_eq!(run.err, "");
        let report: Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(schema::problems(&report), Vec::<String>::new());
        assert_eq!(report["exit_code"], code);
        report
    }
}

/// The simulated world, whose deploy ended that long ago (or will, when negative).
async fn story(ago: i64) -> (Server, World) {
    let deploy_at = Utc::now() - TimeDelta::seconds(ago);
    let begins = Utc::now().min(deploy_at) - TimeDelta::minutes(10);
    let world = World::new(Story::connection_leak(), 60, begins, deploy_at);
    let server = Server::start(world.clone(), Arc::new(Utc::now), 0).await.unwrap();
    (server, world)
}

fn service(name: &str, url: &str) -> String {
    format!("[[service]]\nname = \"{name}\"\nenvironment = \"prod\"\ntargets = [\"{url}\"]\n")
}

fn metrics(server: &Server) -> String {
    format!("http://{}/metrics", server.address())
}

/// An address at which nobody listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/metrics", listener.local_addr().unwrap())
}

/// Everything that the story serves, as a configuration.
fn whole_story(server: &Server, place: &Place, world: &World) -> String {
    let address = server.address();
    std::fs::write(place.path("deploys.jsonl"), world.deploys_jsonl(Utc::now())).unwrap();
    let mut config = service("checkout-api", &metrics(server));
    let _ = write!(
        config,
        "[[statuspage]]\nname = \"Stripe\"\nurl = \"http://{address}/\"\n\
         [[aws]]\nname = \"AWS\"\nurl = \"http://{address}/currentevents\"\nregions = [\"us-east-1\"]\n\
         [[deploys.github]]\nname = \"github\"\nrepo = \"acme/checkout\"\napi = \"http://{address}/\"\n\
         [[deploys.file]]\nname = \"log\"\npath = \"deploys.jsonl\"\n"
    );
    config
}

fn keyed<'a>(list: &'a Value, key: &str, name: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|one| one[key] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list:#}"))
}

/// What a terminal would act on, or a reader could not see.
fn assert_harmless(text: &str) {
    for line in text.lines() {
        assert_eq!(clean(line), line, "{line:?}");
    }
}

#[tokio::test]
async fn a_healthy_service_is_ok_within_two_seconds_and_a_half() {
    let (server, _world) = story(-3_600).await;
    let place = Place::new();
    let report = place.json(&[&metrics(&server)], 0).await;
    assert_eq!(report["schema"], "sixty.report/1");
    assert_eq!(report["severity"], "ok");
    // Three scrapes a second apart; the rest is room for a busy machine.
    let watched = report["watched_s"].as_f64().unwrap();
    assert!((2.0..4.0).contains(&watched), "{watched} s");
    let service = &report["services"][0];
    assert_eq!(service["freshness"]["state"], "live");
    assert_eq!(service["onset"], Value::Null);
    assert_eq!(service["signals"]["request_rate"]["state"], "live");
    assert_eq!(service["signals"]["request_rate"]["unit"], "per_second");
    let rate = service["signals"]["request_rate"]["value"].as_f64().unwrap();
    assert!((400.0..800.0).contains(&rate), "{rate}");
    let points = service["signals"]["request_rate"]["points"].as_array().unwrap();
    assert_eq!(points.len(), 3);
    assert_eq!(points[0][1], Value::Null, "the first scrape tells no rate");
    assert_eq!(service["signals"]["memory_used"]["unit"], "bytes");
    assert!(service["engine"]["queries"]["request_rate"].as_str().unwrap().contains("rate("));
    assert_eq!(service["engine"]["targets"][0]["fault"], Value::Null);
    assert_eq!(service["checklist"]["items"].as_array().unwrap().len(), 4);
    assert_eq!(service["incident"], Value::Null);
    assert_eq!(report["sources"][0]["ok_count"], 3);
    assert!(!place.path("state").exists(), "a report writes nothing");
}

#[tokio::test]
async fn a_service_that_is_broken_now_is_critical_at_once() {
    let (server, world) = story(390).await;
    let place = Place::new();
    std::fs::write(place.path("sixty.toml"), whole_story(&server, &place, &world)).unwrap();
    let report = place.json(&[], 2).await;
    let service = &report["services"][0];
    assert_eq!(service["severity"], "critical");
    for subject in ["error_rate", "latency_p95", "db_pool"] {
        let finding = keyed(&service["findings"], "subject", subject);
        assert_eq!(finding["severity"], "critical", "{finding:#}");
        assert_eq!(finding["open"], true, "nothing is known from before");
    }
    assert_eq!(service["onset"]["open"], true);
    assert!(service["headline"]["text"].as_str().unwrap().starts_with("Errors "), "{:#}", service["headline"]);
    assert_eq!(service["headline"]["phrases"][0]["tone"], "critical");
    let deploy = keyed(&report["changes"], "version", "v2.31.0");
    let before = deploy["before_onset_s"].as_f64().unwrap();
    assert!((380.0..420.0).contains(&before), "{before}");
    assert_eq!(service["nearby"][0]["name"], "api v2.31.0");
    let stripe = keyed(&report["outside"], "name", "Stripe");
    assert_eq!(stripe["level"], "degraded");
    assert!(!stripe["notices"][0]["updates"].as_array().unwrap().is_empty());
    assert_eq!(keyed(&report["outside"], "name", "AWS")["level"], "operational");
    assert_eq!(report["sources"].as_array().unwrap().len(), 5);

    let text = place.run(&["report"]).await;
    assert_eq!(text.code, 2, "{}", text.err);
    let first = text.out.lines().next().unwrap();
    assert!(first.starts_with("CRITICAL  checkout-api: Errors "), "{first}");
    for part in ["DB pool", "100 / 100", "Stripe", "degraded", "deploy api v2.31.0", "Request rate", "since "] {
        assert!(text.out.contains(part), "{part} in\n{}", text.out);
    }
    for line in text.out.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 100, "{line}");
    }
    let markdown = place.run(&["report", "--format", "markdown"]).await;
    assert_eq!(markdown.code, 2);
    assert!(markdown.out.starts_with("**CRITICAL** checkout-api: Errors "), "{}", markdown.out);
    assert!(markdown.out.contains("| DB pool | 100 / 100 | critical | "), "{}", markdown.out);
    for format in ["text", "markdown", "json"] {
        let ascii = place.run(&["report", "--ascii", "--format", format]).await;
        assert!(ascii.out.is_ascii(), "{}", ascii.out);
    }
}

#[tokio::test]
async fn without_numbers_it_is_unknown_and_the_cause_is_said() {
    let place = Place::new();
    let report = place.json(&[&nowhere()], 3).await;
    assert_eq!(report["services"][0]["severity"], "unknown");
    assert_eq!(report["services"][0]["freshness"]["state"], "never");
    assert_eq!(report["services"][0]["signals"], serde_json::json!({}));
    let source = &report["sources"][0];
    assert_eq!(source["fault"]["kind"], "connect");
    assert_eq!(source["fault_count"], 1);
    assert_eq!(source["last_ok"], Value::Null);
    let text = place.run(&["report", &nowhere()]).await;
    assert_eq!(text.code, 3);
    assert!(text.out.starts_with("UNKNOWN  127.0.0.1:"), "{}", text.out);
    assert!(text.out.contains("connection refused"), "{}", text.out);
    assert!(text.out.contains("Not checked: metrics 127.0.0.1:"), "{}", text.out);
}

#[tokio::test]
async fn every_recorded_status_page_has_its_level() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folders = [Some(beside), std::env::var_os("SIXTY_SHARED").map(PathBuf::from)];
    let mut folders = folders.into_iter().flatten().map(|folder| folder.join("payloads/status"));
    let Some(folder) = folders.find(|folder| folder.is_dir()) else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the recorded answers are missing");
        println!("skipped: no folder with recorded answers");
        return;
    };
    let (healthy, _world) = story(-3_600).await;
    let server = Loopback::start().await;
    let tables = BTreeMap::from([
        ("statuspage", "statuspage"),
        ("aws", "aws"),
        ("google-cloud", "google_cloud"),
        ("azure", "azure"),
        ("slack", "slack"),
    ]);
    let mut config = service("app", &metrics(&healthy));
    for (index, (file, kind, _)) in RECORDED.iter().enumerate() {
        let kind = tables[kind];
        let is_xml = Path::new(file).extension().is_some_and(|ending| ending == "xml");
        let content_type = if is_xml { "application/xml" } else { "application/json" };
        let script = Script::ok(content_type, std::fs::read(folder.join(file)).unwrap());
        // The root of a Statuspage is completed, every other path is asked as it stands.
        server.on(&format!("/{index}"), script.clone()).on(&format!("/{index}/api/v2/summary.json"), script);
        let url = server.url(&format!("/{index}"));
        let _ = write!(config, "[[{kind}]]\nname = \"{file}\"\nurl = \"{url}\"\n");
    }
    let report = Place::with(&config).json(&[], 0).await;
    assert_eq!(report["outside"].as_array().unwrap().len(), RECORDED.len());
    for (file, _, expected) in RECORDED {
        let outside = keyed(&report["outside"], "name", file);
        let source = keyed(&report["sources"], "id", &format!("status {file}"));
        let level = expected.unwrap_or("unknown").replace(' ', "_");
        assert_eq!(outside["level"], level, "{file}: {source:#}");
        match expected {
            Ok(_) => assert_eq!(source["fault"], Value::Null, "{file}"),
            Err(kind) => assert_eq!(source["fault"]["kind"], kind, "{file}"),
        }
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), RECORDED.len(), "every file is in the table");
}

#[tokio::test]
async fn the_worst_service_comes_first_and_decides_and_one_can_be_named() {
    let ((well, _one), (broken, _other)) = (story(-3_600).await, story(390).await);
    let place = Place::with(&(service("well", &metrics(&well)) + &service("broken", &metrics(&broken))));
    let report = place.json(&[], 2).await;
    let names: Vec<_> = report["services"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["broken", "well"]);
    let down = |index: usize| report["services"][index]["checklist"]["items"][1]["evidence"]["text"].clone();
    assert!(down(0).as_str().unwrap().starts_with("yes: "), "{}", down(0));
    assert!(down(1).as_str().unwrap().starts_with("no: "), "{}", down(1));
    let report = place.json(&["well"], 0).await;
    assert_eq!(report["services"].as_array().unwrap().len(), 1);
    assert_eq!(report["sources"].as_array().unwrap().len(), 1);
    let text = place.run(&["report"]).await;
    assert!(text.out.contains("Others: well ok"), "{}", text.out);
    let run = place.run(&["report", "wel"]).await;
    assert_eq!((run.code, run.out.as_str()), (3, ""));
    assert!(run.err.contains("did you mean `well`?"), "{}", run.err);
}

#[tokio::test]
async fn ticks_of_everybody_are_in_the_report() {
    let (server, _world) = story(-3_600).await;
    let place = Place::new();
    let mut journal = Journal::open(&place.path("state/sixty"), "app", Access::Write(Licence::of_a_person()));
    let list = sixty::incident::Checklist::first_60_seconds();
    let ticked = What::Ticked { list: list.key.clone(), item: list.items[0].key.clone() };
    let at = Utc::now();
    journal.append(&Entry::new(&journal::new_id(at), at, "ana", "bastion", ticked)).unwrap();
    let folder = journal.path().unwrap().parent().unwrap().to_owned();
    let files = || {
        let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect::<BTreeMap<_, _>>()
    };
    let before = files();
    let url = metrics(&server);
    let report = place.json(&[&url, "--service", "app"], 0).await;
    let service = &report["services"][0];
    let item = &service["checklist"]["items"][0];
    assert_eq!((item["done"].clone(), item["by"].clone()), (Value::Bool(true), "ana".into()));
    assert_eq!(service["checklist"]["items"][1]["done"], false);
    assert_eq!(service["incident"]["people"], serde_json::json!(["ana"]));
    assert_eq!(service["incident"]["id"].as_str(), journal.incident().as_deref());
    assert_eq!(service["incident"]["entries"].as_array().unwrap().len(), 2);
    let text = place.run(&["report", &url, "--service", "app"]).await;
    assert!(text.out.contains("Done: 1 Acknowledge the alert (ana, "), "{}", text.out);
    assert_eq!(files(), before, "a report writes nothing");
}

#[tokio::test]
async fn a_vendor_that_hangs_costs_time_but_not_the_verdict() {
    let (server, _world) = story(-3_600).await;
    let hanging = Loopback::start().await;
    hanging.on("/s", Script::silent());
    // Numbers that are older than three seconds are stale: the service is asked on while the vendor hangs.
    let mut config = "[intervals]\nmetrics = \"1s\"\n".to_owned() + &service("app", &metrics(&server));
    let _ = write!(config, "[[slack]]\nurl = \"{}\"\n", hanging.url("/s"));
    let report = Place::with(&config).json(&[], 0).await;
    assert_eq!(report["services"][0]["freshness"]["state"], "live");
    assert_eq!(report["outside"][0]["level"], "unknown");
    assert_eq!(keyed(&report["sources"], "id", "status Slack")["fault"]["kind"], "timeout");
    let aside = report["services"][0]["aside"]["text"].as_str().unwrap();
    assert!(aside.contains("Not checked: Slack (timeout)"), "{aside}");
}

#[tokio::test]
async fn it_watches_as_long_as_is_wished() {
    let (server, _world) = story(-3_600).await;
    let config = "[intervals]\nmetrics = \"1s\"\n".to_owned() + &service("app", &metrics(&server));
    let report = Place::with(&config).json(&["--watch-for", "4s"], 0).await;
    let watched = report["watched_s"].as_f64().unwrap();
    assert!((4.0..7.0).contains(&watched), "{watched} s");
    assert!(report["sources"][0]["ok_count"].as_u64().unwrap() >= 4, "{:#}", report["sources"]);
}

#[tokio::test]
async fn a_reader_that_goes_away_changes_nothing() {
    let (server, _world) = story(390).await;
    let place = Place::new();
    let url = metrics(&server);
    for arguments in [&["report", &url][..], &["report", "--format", "json", &url], &["report", "--schema"]] {
        let mut child = place.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().await.unwrap();
        let code = if arguments.contains(&"--schema") { 0 } else { 2 };
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
    }
}

#[tokio::test]
async fn the_schema_is_printed_and_every_change_of_it_is_seen() {
    let run = Place::new().run(&["report", "--schema"]).await;
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let schema: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    insta::assert_snapshot!("report_schema", run.out);
}

/// A world in which every text is hostile.
struct Evil {
    place: Place,
    server: Loopback,
}

impl Evil {
    async fn new() -> Self {
        let server = Loopback::start().await;
        let place =
            Place(tempfile::Builder::new().prefix(&format!("x{}", HOSTILE.replace('/', ""))).tempdir().unwrap());
        let page = format!("<html><title>{HOSTILE}</title><body>{HOSTILE}</body></html>");
        server.on("/denied", Script::status(401, "text/html", &page));
        server.on("/broken", Script::status(500, "text/plain", format!("error: {HOSTILE}")));
        server.on("/page/api/v2/summary.json", Script::ok("application/json", Self::status().to_string()));
        server.on("/slack", Script::ok("application/json", format!("{{\"x\": \"{HOSTILE}")));
        let line = serde_json::json!({"time": Utc::now(), "service": HOSTILE, "version": HOSTILE, "who": HOSTILE,
            "title": HOSTILE, "environment": HOSTILE, "link": HOSTILE});
        std::fs::write(place.path(&format!("log{HOSTILE}")), format!("{line}\n{{broken {HOSTILE}\n")).unwrap();
        let script = format!("#!/bin/sh\nprintf '%s' '{HOSTILE}' >&2\nexit 3\n");
        std::fs::write(place.path("deploys.sh"), script).unwrap();
        let list = format!("# List {HOSTILE}\n\n- [ ] Do {HOSTILE}\n  how {HOSTILE}\n");
        std::fs::write(place.path("list.md"), list).unwrap();
        let evil = Self { place, server };
        evil.write_journal();
        std::fs::write(evil.config_path(), evil.config()).unwrap();
        evil
    }

    fn config_path(&self) -> PathBuf {
        self.place.path(&format!("c{HOSTILE}.toml"))
    }

    fn status() -> Value {
        serde_json::json!({
            "page": {"name": HOSTILE, "updated_at": Utc::now()},
            "status": {"indicator": "minor", "description": HOSTILE},
            "components": [{"id": "a", "name": HOSTILE, "status": HOSTILE}],
            "incidents": [{"id": HOSTILE, "name": HOSTILE, "status": "identified", "impact": "major",
                "created_at": Utc::now(), "shortlink": HOSTILE, "components": [{"id": "a", "name": HOSTILE}],
                "incident_updates": [{"body": HOSTILE, "display_at": Utc::now()}]}],
            "scheduled_maintenances": []
        })
    }

    fn write_journal(&self) {
        let folder = self.place.path("state/sixty/incidents/app");
        std::fs::create_dir_all(&folder).unwrap();
        let at: At = Utc::now();
        let line = |kind: &str, id: u32| {
            let entry = serde_json::json!({"v": 1, "id": format!("e{id}"), "at": at, "who": HOSTILE, "host": HOSTILE,
                "kind": kind, "service": HOSTILE, "title": HOSTILE, "text": HOSTILE, "list": HOSTILE, "item": HOSTILE});
            entry.to_string() + "\n"
        };
        let kinds = ["opened", "note", "ticked", HOSTILE];
        let text: String = kinds.iter().zip(1..).map(|(kind, id)| line(kind, id)).collect();
        let name = format!("{}-{HOSTILE}.jsonl", at.format("%Y%m%dT%H%M%SZ"));
        std::fs::write(folder.join(name), text).unwrap();
    }

    fn config(&self) -> String {
        let mut text = "checklist = \"list.md\"\n".to_owned();
        let _ = write!(
            text,
            "[[service]]\nname = \"app\"\nenvironment = {}\ntargets = [\"{}\", \"{}\"]\n",
            Value::from(HOSTILE),
            self.server.url("/metrics"),
            self.server.url("/denied"),
        );
        for (kind, name, path) in
            [("statuspage", "page", "/page"), ("slack", "slack", "/slack"), ("azure", "azure", "/broken")]
        {
            let url = self.server.url(path);
            let _ = write!(text, "[[{kind}]]\nname = \"{name}\"\nurl = \"{url}\"\n");
        }
        let path = Value::from(format!("log{HOSTILE}"));
        let _ = write!(text, "[[deploys.file]]\nname = \"log\"\npath = {path}\n");
        let _ = write!(text, "[[deploys.command]]\nname = \"cmd\"\ncommand = [\"sh\", \"deploys.sh\", {path}]\n");
        text
    }

    /// Every run sees a deploy of its own, in the label that tells the version.
    async fn run(&self, arguments: &[&str]) -> Run {
        let version = |number: u32| {
            let text = format!(
                "# HELP app_build_info {HOSTILE}\n# TYPE app_build_info gauge\n\
                 app_build_info{{version=\"v{number}{HOSTILE}\"}} 1\nbroken{{a=\"{HOSTILE}\"}} {HOSTILE}\n"
            );
            Script::ok("text/plain; version=0.0.4", text)
        };
        self.server.in_turn("/metrics", vec![version(1), version(2)]);
        let path = self.config_path();
        self.place.run(&[&["--config", path.to_str().unwrap()], arguments].concat()).await
    }
}

/// Every string of a document, keys included.
fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, into)),
        Value::Object(object) => {
            into.extend(object.keys().cloned());
            object.values().for_each(|item| strings(item, into));
        }
        _ => {}
    }
}

#[tokio::test]
async fn hostile_text_comes_out_harmless_everywhere() {
    let evil = Evil::new().await;
    for arguments in [
        &["report"][..],
        &["report", "--format", "markdown"],
        &["report", "--format", "json"],
        &["report", "--ascii"],
        &["check"],
        &["check", "--ascii"],
        &["report", HOSTILE],
        &["check", HOSTILE],
        &["report", "--state-dir", HOSTILE],
    ] {
        let run = evil.run(arguments).await;
        assert_harmless(&run.out);
        assert_harmless(&run.err);
        let shown = match arguments {
            [.., "--ascii"] => "^[]0;pwned",
            [.., "markdown"] => "␛\\]0;pwned",
            _ => "␛]0;pwned",
        };
        // What is named on the command line is not there; all else is read and told.
        assert_eq!(run.out.is_empty(), arguments.get(1) == Some(&HOSTILE), "{arguments:?}: {}", run.err);
        assert!(format!("{}{}", run.out, run.err).contains(shown), "{arguments:?}: {}{}", run.out, run.err);
        if arguments.contains(&"json") {
            let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err));
            assert_eq!(schema::problems(&report), Vec::<String>::new());
            // Whoever decodes the document and prints a text of it is safe as well.
            let mut texts = Vec::new();
            strings(&report, &mut texts);
            for text in &texts {
                assert_harmless(text);
            }
            for place in ["outside", "changes", "sources", "services", "log"] {
                assert!(report[place].to_string().contains("pwned"), "{place} was not attacked: {:#}", report[place]);
            }
            let seen = report["changes"].to_string();
            assert!(seen.contains("\"v2␛]0;pwned"), "the version label was not attacked: {seen}");
            assert!(report["services"][0]["incident"].to_string().contains("pwned"));
        }
    }
}

#[tokio::test]
async fn hostile_configurations_and_arguments_are_answered_harmlessly() {
    let evil = Evil::new().await;
    let quoted = Value::from(HOSTILE);
    for text in [
        format!("{quoted} = 1\n[[service]]\nname = {quoted}\ntargets = [{quoted}]\npreset = [{quoted}]\n"),
        format!("theme = {quoted}\ntime_zone = {quoted}\n[[statuspage]]\nurl = {quoted}\n"),
        format!("[[service]]\nname = \"a\"\ntargets = [\"http://a/\"]\n[service.signals]\nerror_rate = {quoted}\n"),
        format!("# {HOSTILE}\nbroken {HOSTILE}"),
    ] {
        std::fs::write(evil.config_path(), text).unwrap();
        for command in ["check", "report"] {
            let run = evil.run(&[command]).await;
            assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
            assert_harmless(&run.err);
            assert!(run.err.contains("pwned"), "{}", run.err);
        }
    }
    for arguments in [
        &["--config", HOSTILE, "report"][..],
        &["report", HOSTILE],
        &["report", &format!("http://{HOSTILE}/")],
        &["check", "--time-zone", HOSTILE],
        &["report", "--format", HOSTILE],
    ] {
        let run = evil.place.run(arguments).await;
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{arguments:?}: {}", run.err);
        assert_harmless(&run.err);
    }
}

#[tokio::test]
async fn what_cannot_start_is_unknown() {
    let place = Place::with("[[service]]\nname = \"a\"\ntargets = [\"http://127.0.0.1:1/\"]\ncolour = 1\nsize = 2\n");
    for command in ["report", "check"] {
        let run = place.run(&[command]).await;
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
        assert!(run.err.contains("sixty.toml:4:1") && run.err.contains("sixty.toml:5:1"), "{}", run.err);
        let run = Place::new().run(&[command]).await;
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
        assert!(run.err.contains("there is no configuration"), "{}", run.err);
    }
    let config = service("a", "http://127.0.0.1:1/metrics")
        + "[[deploys.github]]\nrepo = \"a/b\"\ntoken = { env = \"SIXTY_TEST_NO_SUCH_TOKEN\" }\n";
    let run = Place::with(&config).run(&["check"]).await;
    assert_eq!(run.code, 3);
    assert!(run.err.contains("environment variable SIXTY_TEST_NO_SUCH_TOKEN is not set"), "{}", run.err);
}

#[tokio::test]
async fn a_check_names_every_source_and_what_it_found() {
    let (server, world) = story(390).await;
    let place = Place::new();
    std::fs::write(place.path("sixty.toml"), whole_story(&server, &place, &world)).unwrap();
    let run = place.run(&["check"]).await;
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    for (word, parts) in [
        ("ok", &["config", "sixty.toml: 1 service, 2 status pages, 2 sources of changes"][..]),
        ("ok", &["time zone", "UTC, it is "]),
        ("ok", &["journal", "is made with the first tick"]),
        ("ok", &["metrics checkout-api", " samples, preset OpenTelemetry", "is there", "every 5s"]),
        ("ok", &["metrics checkout-api", "signals: request rate, error rate, latency, db pool, memory"]),
        ("info", &["status Stripe", "vendor says degraded", "every 1m"]),
        ("ok", &["status AWS", "vendor says ok"]),
        ("ok", &["github", "changes, the newest", "every 30s"]),
        ("ok", &["log", "v2.31.0"]),
    ] {
        let fits = |line: &&str| line.starts_with(&format!("{word} ")) && parts.iter().all(|part| line.contains(part));
        assert!(run.out.lines().any(|line| fits(&line)), "{word} {parts:?} in\n{}", run.out);
    }
    assert!(run.out.ends_with("All 5 sources answer.\n"), "{}", run.out);
    assert!(!place.path("state").exists(), "a check writes nothing");
}

#[tokio::test]
async fn a_check_exits_by_what_failed() {
    let (server, _world) = story(-3_600).await;
    let (well, nowhere) = (metrics(&server), nowhere());
    let loopback = Loopback::start().await;
    loopback.on("/odd", Script::ok("text/plain; version=0.0.4", "up 1\nthis is no line\n"));
    let odd = loopback.url("/odd").to_string();
    let page = format!("[[statuspage]]\nname = \"gone\"\nurl = \"{}\"\n", loopback.url("/gone"));
    let two = format!("[[service]]\nname = \"b\"\ntargets = [\"{well}\", \"{nowhere}\"]\n");
    for (config, code, parts) in [
        (service("a", &well), 0, &["The source answers."][..]),
        (service("a", &well) + &page, 1, &["fault  status gone", "404", "1 of 2 sources answer."]),
        (service("a", &well) + &service("b", &nowhere), 1, &["fault  metrics b", "connection refused"]),
        (two, 1, &["1 of 2 targets answer", "fault    http://127.0.0.1:"]),
        (service("a", &odd), 1, &["1 line not understood, first: ", "no signal can be read", "2 remarks"]),
        (service("a", &nowhere), 2, &["0 of 1 sources answer."]),
        (service("a", &nowhere) + &page.replace("/gone", "/odd"), 2, &["0 of 2 sources answer."]),
    ] {
        let run = Place::with(&config).run(&["check"]).await;
        assert_eq!(run.code, code, "{config}\n{}{}", run.out, run.err);
        for part in parts {
            assert!(run.out.contains(part), "{part} in\n{}", run.out);
        }
    }
}

#[tokio::test]
async fn secrets_are_named_and_never_shown() {
    let server = Loopback::start().await;
    server
        .on("/metrics", Script::status(500, "text/plain", "no"))
        .on("/repos/a/b/deployments", Script::ok("text/plain", "no"));
    let url = server.url("/metrics?token=hunter3").to_string().replace("http://", "http://ana:hunter2@");
    let place = Place::with(&format!(
        "[[service]]\nname = \"a\"\n[[service.target]]\nurl = \"{url}\"\n\
         headers = {{ X-Token = {{ env = \"SIXTY_TEST_TOKEN\" }} }}\n\
         [[deploys.github]]\nrepo = \"a/b\"\napi = \"{}\"\ntoken = {{ env = \"SIXTY_TEST_TOKEN\" }}\n",
        server.url("/")
    ));
    for arguments in [&["check"][..], &["report"], &["report", "--format", "json"], &["report", "--format", "markdown"]]
    {
        let run = place.run(arguments).await;
        let all = format!("{}{}", run.out, run.err);
        assert_eq!(run.code, if arguments == ["check"] { 2 } else { 3 }, "{all}");
        assert!(!all.contains("hunter"), "{all}");
    }
    assert!(server.requests().iter().any(|request| request.header("x-token") == Some("hunter4")));
    let run = place.run(&["check"]).await;
    let line = "environment variable SIXTY_TEST_TOKEN is there";
    assert_eq!(run.out.matches(line).count(), 1, "{}", run.out);
}

#[tokio::test]
async fn a_check_names_the_secrets_of_a_server() {
    let place = Place::new();
    let token = place.path("eu-token");
    std::fs::write(&token, "hunter5").unwrap();
    let config = format!(
        "[[prometheus]]\nname = \"eu\"\nurl = \"http://127.0.0.1:1\"\nheaders = {{ X-Token = {{ file = {token:?} }} }}\n"
    );
    std::fs::write(place.path("sixty.toml"), config).unwrap();
    let path = place.path("sixty.toml");
    let run = place.run(&["check", "--config", path.to_str().unwrap()]).await;
    let all = format!("{}{}", run.out, run.err);
    assert!(run.out.contains("eu-token") && run.out.contains("secret") && !all.contains("hunter"), "{all}");
}

#[tokio::test]
async fn a_check_says_where_ticks_would_be_lost() {
    let (server, _world) = story(-3_600).await;
    let place = Place::new();
    std::fs::write(place.path("file"), "").unwrap();
    let state = place.path("file");
    let run = place.run(&["check", &metrics(&server), "--state-dir", state.to_str().unwrap()]).await;
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(run.out.contains("is not a directory; ticks would be lost"), "{}", run.out);
}
