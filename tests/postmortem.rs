//! `sixty postmortem` on journals that were written by hand: what it says, and that it never writes over an edit.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[expect(dead_code, reason = "the schema of the report is not asked for here")]
mod schema;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use sixty::facts::At;
use sixty::incident::Entry;
use sixty::incident::What;
use sixty::runtime::export::Gathered;
use sixty::runtime::export::Subject;
use sixty::runtime::export::Wish;
use sixty::runtime::journal::Archive;
use tempfile::TempDir;

const ID: &str = "20260203T232000Z-abc123";
const PART: &str = "20260203T233000Z-def456";

/// One night: from the page to the end, over midnight, with a part, a wrong hypothesis, and what should not be there.
const NIGHT: &str = r#"
{"v":1,"id":"a0","at":"2026-02-03T23:20:00.000Z","who":"ana","host":"bastion","kind":"opened","service":"checkout-api","title":"Errors 45.2 % of 612 req/s"}
{"v":1,"id":"observed-1-critical","at":"2026-02-03T23:20:00.500Z","who":"ana","host":"bastion","by":"sixty","kind":"observed","severity":"critical","text":"Errors 45.2 % of 612 req/s","onset":"2026-02-03T23:15:20Z","evidence":["error_rate > 5% for 10s holds since 23:15:20","api v2.31.0 was deployed 4m before"],"failed":40000,"asked":90000}
{"v":1,"id":"a1","at":"2026-02-03T23:21:00.000Z","who":"ana","host":"bastion","kind":"acknowledged","place":"PagerDuty","reference":"Q1","answer":"acknowledged"}
{"v":1,"id":"a2","at":"2026-02-03T23:21:30.000Z","who":"ana","host":"bastion","kind":"ticked","list":"first-60-seconds","item":"deploys"}
{"v":1,"id":"a3","at":"2026-02-03T23:22:00.000Z","who":"ana","host":"bastion","kind":"took","role":"commander","name":"ana"}
{"v":1,"id":"u1","at":"2026-02-03T23:24:00.000Z","who":"ana","host":"bastion","kind":"drafted","update":"u1","status":"investigating","text":"Checkout fails for about half of you.\nWe look into it."}
{"v":1,"id":"sending-u1-incidents-1","at":"2026-02-03T23:24:30.000Z","who":"ana","host":"bastion","kind":"sending","update":"u1","to":"incidents"}
{"v":1,"id":"a4","at":"2026-02-03T23:24:31.000Z","who":"ana","host":"bastion","kind":"sent","update":"u1","to":"incidents","answer":"200 ok"}
{"v":1,"id":"h1","at":"2026-02-03T23:26:00.000Z","who":"ben | <b>","host":"laptop","kind":"hypothesis","text":"the payment vendor is down","evidence":["calls failing 12 %"]}
{"v":1,"id":"a5","at":"2026-02-03T23:28:00.000Z","who":"ben | <b>","host":"laptop","kind":"tested","hypothesis":"h1","state":"wrong","text":"their status page is green and a call by hand works"}
{"v":1,"id":"h2","at":"2026-02-03T23:31:00.000Z","who":"ana","host":"bastion","kind":"hypothesis","text":"v2.31.0 does not give connections back","evidence":["DB pool full since 23:14","deployed 4m before"]}
{"v":1,"id":"m1","at":"2026-02-03T23:33:00.000Z","who":"ana","host":"bastion","kind":"merged-from","incident":"20260203T233000Z-def456","service":"basket"}
{"v":1,"id":"n1","at":"2026-02-03T23:34:00.000Z","who":"ana","host":"bastion","kind":"note","text":"| a cell | of mine |\n# no heading\n<img src=x onerror=alert(1)> [click](javascript:x) @here \u001b[2J\u202e"}
{"v":1,"id":"rang-update-1","at":"2026-02-03T23:39:31.000Z","who":"ana","host":"bastion","by":"sixty","kind":"clock","clock":"update","act":"rang","until":"2026-02-03T23:39:31Z"}
{"v":1,"id":"x1","at":"2026-02-03T23:40:00.000Z","who":"cleo","host":"bastion","kind":"teleported","to":"mars"}
{"v":1,"id":"s1","at":"2026-02-03T23:41:00.000Z","who":"ana","host":"bastion","kind":"unsaved","about":"note","text":"half a th"}
{"v":1,"id":"f1","at":"2026-02-03T23:55:00.000Z","who":"ana","host":"bastion","kind":"fixed","text":"rolled back api to v2.30.4"}
{"v":1,"id":"a6","at":"2026-02-03T23:56:00.000Z","who":"ana","host":"bastion","kind":"tested","hypothesis":"h2","state":"right","text":"the pool drains since the roll-back"}
{"v":1,"id":"observed-2-critical","at":"2026-02-03T23:57:00.000Z","who":"ana","host":"bastion","by":"sixty","kind":"observed","severity":"critical","text":"Errors 8.1 % of 600 req/s","onset":"2026-02-03T23:15:20Z","evidence":[],"failed":61234,"asked":180000}
{"v":1,"id":"observed-3-warning","at":"2026-02-04T00:02:00.000Z","who":"ana","host":"bastion","by":"sixty","kind":"observed","severity":"warning","text":"p95 620 ms","onset":"2026-02-03T23:15:20Z","evidence":[]}
{"v":1,"id":"normal-1","at":"2026-02-04T00:10:00.000Z","who":"ana","host":"bastion","by":"sixty","kind":"normal","since":"2026-02-04T00:07:30Z"}
{"v":1,"id":"q1","at":"2026-02-04T00:12:00.000Z","who":"ana","host":"bastion","kind":"assessed","question":"users","text":"about 1,200 people could not pay"}
{"v":1,"id":"t1","at":"2026-02-04T00:20:00.000Z","who":"ana","host":"bastion","kind":"action","text":"alert on the pool before it is full","owner":"ben | <b>","due":"2026-02-10"}
{"v":1,"id":"t2","at":"2026-02-04T00:21:00.000Z","who":"ana","host":"bastion","kind":"action","text":"a roll-back in one command","owner":"","due":""}
{"v":1,"id":"r1","at":"2026-02-04T00:41:00.000Z","who":"ana","host":"bastion","kind":"resolved"}
{"v":1,"id":"torn","at":"2026-02-04T00:50:00.000Z","who":"an"#;

/// What became a part of it.
const OTHER: &str = r#"
{"v":1,"id":"b0","at":"2026-02-03T23:30:00.000Z","who":"cleo","host":"bastion","kind":"opened","service":"basket","title":"p95 2.1 s"}
{"v":1,"id":"observed-1-warning","at":"2026-02-03T23:30:01.000Z","who":"cleo","host":"bastion","by":"sixty","kind":"observed","severity":"warning","text":"p95 2.1 s","onset":"2026-02-03T23:18:00Z","evidence":["latency_p95 > 1s for 10s"]}
{"v":1,"id":"b1","at":"2026-02-03T23:32:00.000Z","who":"cleo","host":"bastion","kind":"note","text":"basket waits for checkout"}
{"v":1,"id":"b2","at":"2026-02-03T23:33:00.000Z","who":"ana","host":"bastion","kind":"merged-into","incident":"20260203T232000Z-abc123"}
"#;

struct Place(TempDir);

struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (service, id, text) in [("checkout-api", ID, NIGHT), ("basket", PART, OTHER)] {
            let folder = place.path("state/sixty/incidents").join(service);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("{id}.jsonl")), text.trim_start()).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sixty"));
        command.arg("postmortem").args(arguments).current_dir(self.0.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.0.path()).env("XDG_STATE_HOME", self.path("state")).env("TZ", "UTC");
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn subject(&self) -> Subject {
        let loaded = Archive::new(&self.path("state/sixty")).load(ID).unwrap();
        Subject { id: loaded.id, incident: loaded.incident, parts: loaded.parts }
    }

    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path()).unwrap().map(|file| file.unwrap().file_name());
        let mut files: Vec<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
        files.retain(|name| name.contains("postmortem"));
        files.sort();
        files
    }
}

fn at(text: &str) -> At {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn told(wish: Wish) -> String {
    let place = Place::new();
    Gathered::default().text(&place.subject(), wish, at("2026-02-04T09:00:00Z"), None).unwrap()
}

#[test]
fn the_document_of_a_night() {
    let text = told(Wish::default());
    insta::assert_snapshot!("postmortem", text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    // Text of people is text: no cell, no tag, no control character, no reversed line.
    assert!(!text.contains("<img") && !text.contains('\u{1b}') && !text.contains('\u{202e}'));
    let rows = text.lines().filter(|line| line.starts_with("| 2") || line.starts_with("| 0"));
    for row in rows {
        let bars = row.match_indices('|').filter(|(place, _)| *place == 0 || row.as_bytes()[place - 1] != b'\\');
        assert_eq!(bars.count(), 5, "{row}");
    }
    assert!(!text.to_lowercase().contains("root cause"));
}

#[test]
fn people_alone_are_the_people_and_how_bad_it_was() {
    let all = told(Wish::default());
    let people = told(Wish { people_only: true, ..Wish::default() });
    assert!(all.contains("due: next update") && !people.contains("due: next update"), "{people}");
    // The same severity twice in a row is noise; a change of it is not.
    assert!(all.contains("Errors 8.1 %") && !people.contains("Errors 8.1 %"));
    assert!(people.contains("Errors 45.2 %") && people.contains("p95 620 ms") && people.contains("back to normal"));
    for entry in ["acknowledged at PagerDuty", "rolled back api", "hypothesis: the payment vendor is down", "mars"] {
        assert_eq!(all.contains(entry), people.contains(entry), "{entry}");
    }
}

#[test]
fn the_json_is_of_its_schema() {
    let place = Place::new();
    let printed: Value = serde_json::from_str(&place.run(&["--schema"]).out).unwrap();
    let run = place.run(&[ID, "--format", "json", "--out", "-", "--no-metrics"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(schema::problems_in(&printed, &document), Vec::<String>::new());
    assert_eq!(document["schema"], "sixty.postmortem/1");
    assert_eq!(document["parts"], serde_json::json!([PART]));
    assert_eq!(document["impact"]["failed"], 61234.0);
    // From 23:15:20 critical until 00:02, then a warning until 00:07:30.
    assert_eq!((&document["impact"]["critical_s"], &document["impact"]["warning_s"]), (&2800.0.into(), &330.0.into()));
    assert_eq!(document["course"]["began_at"], "2026-02-03T23:15:20.000Z");
    assert_eq!(document["course"]["duration_s"], 3130.0);
    assert_eq!(document["factors"][0]["text"], "v2.31.0 does not give connections back");
    assert_eq!(document["other_hypotheses"][0]["state"], "wrong");
    assert_eq!(document["actions"][0]["due"], "2026-02-10");
    assert_eq!(document["responders"].as_array().unwrap().len(), 3);
    let timeline = document["timeline"].as_array().unwrap();
    // What a part said of itself keeps its kind, and says of which.
    let of_part = timeline.iter().find(|line| line["kind"] == "opened" && line["incident"] == PART).unwrap();
    assert_eq!(of_part["text"], "basket: opened: p95 2.1 s");
    assert_eq!(document["impact"]["unseen_after"], Value::Null);
    let by = |who: &str| timeline.iter().filter(|line| line["by"] == who).count();
    assert_eq!((by("person"), by("sixty")), (22, 6), "{timeline:#?}");
    // Nothing that only a program needs, and nothing of the torn line.
    assert!(!run.out.contains("half a th") && !run.out.contains("00:50:00"));
    // Every time is RFC 3339 in UTC.
    assert!(timeline.iter().all(|line| line["at"].as_str().unwrap().ends_with('Z')));
}

#[test]
fn a_second_export_never_writes_over_an_edit() {
    let place = Place::new();
    let name = format!("postmortem-checkout-api-{ID}");
    let first = place.run(&["--no-metrics", "checkout-api"]);
    assert_eq!((first.code, first.err.as_str()), (0, ""), "{}", first.out);
    assert!(first.out.contains(&format!("{name}.md")), "{}", first.out);
    // Unchanged it is replaced: the journal knows that it is ours.
    let again = place.run(&["--no-metrics", ID]);
    assert!(again.out.contains("written to") && !again.out.contains("edited"), "{}", again.out);
    assert_eq!(place.files(), [format!("{name}.md")]);
    let edited = fs::read_to_string(place.path(&format!("{name}.md"))).unwrap() + "\nWe were lucky.\n";
    fs::write(place.path(&format!("{name}.md")), &edited).unwrap();
    let beside = place.run(&["--no-metrics", "abc123"]);
    assert!(beside.out.contains("-2.md") && beside.out.contains("was edited and stays as it is"), "{}", beside.out);
    assert_eq!(place.files(), [format!("{name}-2.md"), format!("{name}.md")]);
    assert_eq!(fs::read_to_string(place.path(&format!("{name}.md"))).unwrap(), edited);
    // The journal has all three, each once.
    let exported =
        place.subject().incident.entries().filter(|entry| matches!(entry.what, What::Exported { .. })).count();
    assert_eq!(exported, 3);
    // What it wrote says nothing of having been written by whoever exports.
    assert!(!edited.contains("post-mortem written to"));
}

#[test]
fn what_cannot_be_done_is_told() {
    let place = Place::new();
    for (arguments, expected) in [
        (&["nobody"][..], "there is no incident `nobody`"),
        (&["--no-metrics", "2026"], "more than one incident is called so"),
        (&["--no-metrics", ID, "--out", "gone/there.md"], "name another with --out"),
        (&["--no-metrics", ID, "--read-only"], "print it with --out -"),
    ] {
        let run = place.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.out);
        assert!(run.err.contains(expected), "{arguments:?}: {}", run.err);
    }
    let empty = Place(tempfile::tempdir().unwrap());
    assert!(empty.run(&[]).err.contains("there is no incident yet"));
    // A part is exported as what it became a part of.
    let run = place.run(&["--no-metrics", "basket", "--out", "-"]);
    assert!(run.out.contains("# Post-mortem: checkout-api"), "{}{}", run.out, run.err);
}

/// Every element is closed and every entity known, as a reader of XML has it; and the texts in it.
fn texts(svg: &str) -> String {
    let mut reader = quick_xml::Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let (mut depth, mut texts) = (0, String::new());
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(_) => depth += 1,
            quick_xml::events::Event::End(_) => depth -= 1,
            quick_xml::events::Event::Text(text) => texts.push_str(&text),
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    texts
}

#[test]
fn pictures_are_of_what_a_source_knows_and_stand_beside_the_text() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sixty::drill::Server;
        use sixty::drill::Story;
        use sixty::drill::StoryWorld;
        // Scraped now: an incident that began a moment ago.
        let now = chrono::Utc::now();
        let world = StoryWorld::new(Story::connection_leak(), 60, now - chrono::TimeDelta::hours(1), now);
        let server = Server::start(world, std::sync::Arc::new(chrono::Utc::now), 0).await.unwrap();
        let place = Place(tempfile::tempdir().unwrap());
        let folder = place.path("state/sixty/incidents/checkout-api");
        fs::create_dir_all(&folder).unwrap();
        let began = now - chrono::TimeDelta::seconds(20);
        let title = "Errors & <pool> \"full\"".to_owned();
        let opened = What::Opened { service: "checkout-api".into(), title };
        let fixed = What::Fixed { text: "rolled back <api> & \"db\"".into() };
        let lines: Vec<String> = [("a", 0, opened), ("b", 5, fixed)]
            .into_iter()
            .map(|(id, after, what)| {
                Entry::new(id, began + chrono::TimeDelta::seconds(after), "ana", "bastion", what).line()
            })
            .collect();
        fs::write(folder.join(format!("{ID}.jsonl")), lines.join("\n") + "\n").unwrap();
        let url = format!("http://{}/metrics", server.address());
        let (place, run) = tokio::task::spawn_blocking(move || {
            let run = place.run(&["latest", &url]);
            (place, run)
        })
        .await
        .unwrap();
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
        let name = format!("postmortem-checkout-api-{ID}");
        assert_eq!(place.files(), [format!("{name}-strips.svg"), format!("{name}.md")]);
        let text = fs::read_to_string(place.path(&format!("{name}.md"))).unwrap();
        assert!(text.contains(&format!("![The signals over the incident, with marks](<{name}-strips.svg>)")), "{text}");
        let svg = fs::read_to_string(place.path(&format!("{name}-strips.svg"))).unwrap();
        let texts = texts(&svg);
        for word in ["Request rate", "Error rate", "Latency", "DB pool", "Memory", "it began", "fix: rolled back"] {
            assert!(texts.contains(word), "{word}: {texts}");
        }
        assert!(svg.contains("prefers-color-scheme:dark") && svg.contains("<title id=\"title\">"));
        assert!(!svg.contains("<api>"));
    });
}

#[test]
fn the_screen_exports_what_it_knows_and_tells_the_app_where() {
    use sixty::app::App;
    use sixty::app::JournalNews;
    use sixty::app::Mode;
    use sixty::app::Msg;
    use sixty::runtime::export::Exporter;
    use sixty::runtime::setup;
    let place = Place::new();
    let now = at("2026-02-04T00:45:00Z");
    let service = sixty::config::Service {
        targets: vec![sixty::config::Target {
            url: "http://127.0.0.1:1/metrics".parse().unwrap(),
            access: std::sync::Arc::default(),
        }],
        ..sixty::config::Service::named("checkout-api")
    };
    let config = sixty::config::Config { services: vec![service], ..Default::default() };
    let wish = setup::Wish { mode: Mode::interactive(), service: None, who: None, badge: None, only: false };
    let mut app = App::new(setup::settings(&config, &wish, &[], now).unwrap(), now);
    let name: std::sync::Arc<str> = "checkout-api".into();
    let subject = place.subject();
    app.update(
        now,
        Msg::Journal(JournalNews {
            service: name.clone(),
            incident: Some(ID.to_owned()),
            entries: subject.incident.entries().cloned().collect(),
            replaced: false,
            pending: 0,
            trouble: None,
        }),
    );
    let (sender, mut inbox) = tokio::sync::mpsc::unbounded_channel();
    let exporter = Exporter::new(&place.path("state/sixty"), sender);
    exporter.export(&app, name.clone(), now);
    let Some(Msg::Exported(told, Ok((path, hash)))) = inbox.blocking_recv() else { panic!("nothing was told") };
    assert_eq!(told, name);
    assert!(path.ends_with(&format!("sixty/postmortems/postmortem-checkout-api-{ID}.md")), "{path}");
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(hash, sixty::runtime::export::hash(text.as_bytes()));
    // The items of the lists in their own words.
    assert!(text.contains("done: ") && !text.contains("done: deploys |"), "{text}");
    // What the app then writes down is what keeps a second export from a new name.
    app.update(now, Msg::Exported(name.clone(), Ok((path.clone(), hash))));
    exporter.export(&app, name.clone(), now);
    let Some(Msg::Exported(_, Ok((again, _)))) = inbox.blocking_recv() else { panic!("nothing was told") };
    assert_eq!(again, path);
    fs::write(&path, "mine").unwrap();
    exporter.export(&app, name, now);
    let Some(Msg::Logged(words, false)) = inbox.blocking_recv() else { panic!("nothing was said") };
    assert!(words.contains("was edited and stays as it is"), "{words}");
    let Some(Msg::Exported(_, Ok((beside, _)))) = inbox.blocking_recv() else { panic!("nothing was told") };
    assert!(beside.ends_with("-2.md"), "{beside}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

/// Records a broken service for some seconds; answers when that began and ended. Then neither the service nor anybody
/// who records is there any more.
async fn recorded(place: &Place, signal: rustix::process::Signal) -> (At, At) {
    use sixty::drill::Server;
    use sixty::drill::Story;
    use sixty::drill::StoryWorld;
    let now = chrono::Utc::now();
    let world = StoryWorld::new(Story::connection_leak(), 60, now - chrono::TimeDelta::hours(1), now);
    let broken = || chrono::Utc::now() + chrono::TimeDelta::minutes(20);
    let server = Server::start(world, std::sync::Arc::new(broken), 0).await.unwrap();
    let config = format!(
        "[[service]]\nname = \"checkout-api\"\ntargets = [\"http://{}/metrics\"]\n[intervals]\nmetrics = \"1s\"\n",
        server.address()
    );
    fs::write(place.path("sixty.toml"), config).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_sixty"));
    command.arg("record").current_dir(place.0.path()).env_clear().env("HOME", place.0.path());
    command.env("XDG_STATE_HOME", place.path("state")).env("TZ", "UTC").kill_on_drop(true);
    let mut recorder = command.spawn().unwrap();
    let rows = || {
        let db = rusqlite::Connection::open_with_flags(
            place.path("state/sixty/metrics.db"),
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        );
        db.and_then(|db| db.query_row("SELECT count(*) FROM answer", [], |row| row.get::<_, i64>(0))).unwrap_or(0)
    };
    let enough = async {
        while rows() < 8 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(120), enough).await.unwrap();
    let ended = chrono::Utc::now();
    let id = rustix::process::Pid::from_raw(recorder.id().unwrap().try_into().unwrap()).unwrap();
    rustix::process::kill_process(id, signal).unwrap();
    recorder.wait().await.unwrap();
    (now, ended)
}

#[test]
fn what_was_recorded_is_known_when_nobody_records_any_more() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::KILL] {
        let place = Place(tempfile::tempdir().unwrap());
        let (began, ended) = runtime.block_on(recorded(&place, signal));
        let folder = place.path("state/sixty/incidents/checkout-api");
        fs::create_dir_all(&folder).unwrap();
        let journal = |began: At, ended: At| {
            let opened = What::Opened { service: "checkout-api".into(), title: "errors".into() };
            let opened = Entry::new("a", began, "ana", "bastion", opened).line();
            let text = opened + "\n" + &Entry::new("b", ended, "ana", "bastion", What::Resolved).line() + "\n";
            fs::write(folder.join(format!("{ID}.jsonl")), text).unwrap();
        };
        journal(began, ended);
        let before = fs::read(place.path("state/sixty/metrics.db")).unwrap();
        let run = place.run(&["latest", "--format", "json"]);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{signal:?}: {}", run.out);
        let name = format!("postmortem-checkout-api-{ID}");
        assert_eq!(place.files(), [format!("{name}-strips.svg"), format!("{name}.json")], "{signal:?}");
        let document: Value = serde_json::from_slice(&fs::read(place.path(&format!("{name}.json"))).unwrap()).unwrap();
        assert!(document["impact"]["failed"].as_f64().is_some_and(|failed| failed > 0.0), "{document:#}");
        assert_eq!(fs::read(place.path("state/sixty/metrics.db")).unwrap(), before, "it only reads");
        // Of an incident that nobody recorded there is no picture of another time.
        let day = chrono::TimeDelta::hours(5);
        journal(began - day, ended - day);
        let run = place.run(&["latest", "--out", "other.md"]);
        assert!(run.err.contains("no metrics and no pictures: "), "{signal:?}: {}", run.err);
        assert!(place.path("other.md").exists() && !place.path("other-strips.svg").exists());
    }
}

#[test]
fn time_that_nobody_observed_is_not_counted() {
    let place = Place::new();
    let file = place.path(&format!("state/sixty/incidents/checkout-api/{ID}.jsonl"));
    let lines = [
        r#"{"v":1,"id":"o","at":"2026-02-03T23:20:00Z","who":"ana","host":"bastion","kind":"opened","service":"checkout-api","title":"errors"}"#,
        r#"{"v":1,"id":"observed-0-critical","at":"2026-02-03T23:20:10Z","who":"ana","host":"bastion","by":"sixty","kind":"observed","severity":"critical","text":"errors","onset":"2026-02-03T23:20:00Z","evidence":[]}"#,
        r#"{"v":1,"id":"r","at":"2026-02-03T23:50:00Z","who":"ana","host":"bastion","kind":"resolved"}"#,
    ];
    fs::write(&file, lines.join("\n") + "\n").unwrap();
    let text = place.run(&[ID, "--out", "-", "--no-metrics"]).out;
    assert!(text.contains("Critical for 10s, a warning for 0s; not observed after 2026-02-03 23:20:10"), "{text}");
}
