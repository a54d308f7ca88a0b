//! Text from outside never reaches the terminal raw, on the screen or in a report.

use crate::loopback::Script;
use crate::pty::Command;
use crate::pty::count;
use crate::world::Host;
use crate::world::exposition;

/// Retitles, clears, colours, in 7 and 8 bits; turns, hides and joins what is read.
const HOSTILE: &str =
    "x\u{1b}]0;pwned\u{7}\u{1b}[2Jcleared\u{9b}2Jagain\u{9d}0;pwned\u{9c}\u{202e}turned\u{200b}hid\u{7f}";

/// Where the hostile text begins: what a test looks for on the screen.
const SEEN: &str = "x␛]0;pwned␇";

/// None of what is hostile in the bytes that a terminal gets.
fn assert_harmless(bytes: &[u8], what: &str) {
    for raw in ["\u{1b}]0", "\u{1b}[2Jcleared", "\u{9b}", "\u{9c}", "\u{9d}", "\u{202e}", "\u{200b}", "\u{7}", "\u{7f}"]
    {
        assert_eq!(count(bytes, raw.as_bytes()), 0, "{what}: {raw:?}\n{}", String::from_utf8_lossy(bytes));
    }
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn what_sources_say_is_drawn_harmless_on_every_page() {
    let home = tempfile::tempdir().unwrap();
    let host = Host::start();
    let quoted = HOSTILE.replace('\n', " ");
    let versions = |n| Script::ok("text/plain", exposition(n, if n < 1 { "1.0" } else { &quoted }));
    host.on_in_turn("/metrics", (0..100).map(versions).collect());
    host.on("/broken", Script::status(500, "text/plain", HOSTILE));
    let hostile = json(HOSTILE);
    let now = chrono::Utc::now().to_rfc3339();
    let page = format!(
        r#"{{"page":{{"name":{hostile}}},"status":{{"indicator":"major","description":{hostile}}},
        "components":[{{"id":"1","name":{hostile},"status":"major_outage"}}],
        "incidents":[{{"id":"2","name":{hostile},"status":"investigating","impact":"major","created_at":"{now}",
        "updated_at":"{now}","components":[],"incident_updates":[{{"body":{hostile},"status":"investigating",
        "created_at":"{now}","updated_at":"{now}"}}]}}],"scheduled_maintenances":[]}}"#
    );
    host.on("/api/v2/summary.json", Script::ok("application/json", page));
    let deploys = format!(
        r#"{{"time":"{now}","service":{hostile},"version":{hostile},"who":{hostile},"text":{hostile},"message":{hostile}}}"#
    );
    std::fs::write(home.path().join("deploys.jsonl"), deploys + "\n").unwrap();
    let config = format!(
        "[[service]]\nname = \"shop\"\ntargets = [\"{}\"]\n[[service]]\nname = \"broken\"\ntargets = [\"{}\"]\n\
         [[statuspage]]\nname = \"Vendor\"\nurl = \"{}\"\n[[deploys.file]]\nname = \"log\"\npath = \"deploys.jsonl\"\n",
        host.url("/metrics"),
        host.url("/broken"),
        host.url("/"),
    );
    std::fs::write(home.path().join("sixty.toml"), config).unwrap();
    let mut term = Command::sixty(home.path()).arg("shop").size(200, 60).start();
    term.wait("the deploy and the vendor", |seen| count(seen.text().as_bytes(), SEEN.as_bytes()) >= 2);
    // The pages of the changes, the vendors, the log, and of the service that answers with an error.
    for keys in ["\t\t\r", "\x1b", "\t\r", "\x1b", "L", "\x1b", "N", "\t\t\t\r", "\x1b", "s", "\r", "?", "\x1b"] {
        let before = term.look(|seen| seen.bytes.len());
        term.send(keys);
        term.wait("a frame", |seen| seen.bytes.len() > before);
    }
    term.send("y");
    term.wait_text("copied.txt");
    let (text, bytes) = term.look(|seen| (seen.text(), seen.bytes.clone()));
    // The copy's own sequence is the only one of its kind, and ends with the only bell.
    let bytes = String::from_utf8_lossy(&bytes).into_owned();
    let (before, rest) = bytes.split_once("\x1b]52;c;").unwrap();
    let (_, after) = rest.split_once('\x07').unwrap();
    assert_harmless(before.as_bytes(), &text);
    assert_harmless(after.as_bytes(), &text);
    term.send("q");
    let end = term.end();
    end.assert_restored(&term.modes);
    for file in crate::files(home.path()).into_iter().filter(|path| path.ends_with("copied.txt")) {
        assert_harmless(&std::fs::read(file).unwrap(), "the copy");
    }
}

#[test]
fn names_of_files_and_of_people_are_harmless() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let name = format!("{HOSTILE}.toml");
    std::fs::write(home.path().join(&name), format!("checklist = {}\n[[service]]\n", json(&format!("{HOSTILE}.md"))))
        .unwrap();
    let good = home.path().join("good.toml");
    let named = format!("[[service]]\nname = {}\ntargets = [\"{}\"]\n", json(HOSTILE), shop.url("/metrics"));
    std::fs::write(&good, named).unwrap();
    let good = good.to_string_lossy().into_owned();
    for arguments in [
        vec!["--config", &*name],
        vec!["--config", HOSTILE],
        vec!["--config", &*good, HOSTILE],
        vec!["--config", &*good, "--theme", HOSTILE],
        vec!["--config", &*good, "--theme", &*name],
        vec![HOSTILE],
        vec!["http://127.0.0.1:1/", HOSTILE],
        vec!["--as", HOSTILE, "http://127.0.0.1:1/"],
        vec!["--window", HOSTILE],
        vec!["wall", "--state-dir", HOSTILE, "--config", &*name],
        vec!["demo", "--state-dir", &*name],
    ] {
        let mut command = Command::sixty(home.path());
        for argument in &arguments {
            command = command.arg(argument);
        }
        let mut term = command.start();
        // Where it can start after all, its screen must be harmless too.
        let mut started = false;
        term.wait_end_or("the screen", |seen| {
            started = seen.alternate() && !seen.text().trim().is_empty();
            started
        });
        if started {
            term.insist("q");
        }
        let end = term.end();
        assert_harmless(&end.bytes, &format!("{arguments:?}"));
        assert!(started || end.code == 2, "{arguments:?}: {}", end.text);
        assert!(started || !end.bytes.contains(&0x1b), "{arguments:?}: {}", end.text);
    }
}

#[test]
fn people_and_folders_are_harmless() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let state = home.path().join(HOSTILE.replace('/', "_"));
    let start = |user: &str| {
        let command = Command::sixty(home.path()).arg(shop.url("/metrics")).args(["--service", "shop"]);
        let term = command.env("USER", user).env("LOGNAME", user).arg("--state-dir").arg(&state).start();
        term.wait_text("Acknowledge the alert");
        term
    };
    let mut ana = start("ana");
    ana.send("1y");
    ana.wait_text("copied");
    crate::wait_for("the tick on disk", || crate::entries(home.path(), "ticked").len() == 1);
    // Somebody writes to the shared journal with a program of their own.
    let file =
        crate::files(&state).into_iter().find(|path| path.extension().is_some_and(|end| end == "jsonl")).unwrap();
    let line = crate::entries(home.path(), "ticked").remove(0);
    let mut entry: serde_json::Value = serde_json::from_str(&line).unwrap();
    for (key, value) in entry.as_object_mut().unwrap() {
        if matches!(key.as_str(), "who" | "host" | "id") {
            *value = HOSTILE.into();
        }
    }
    let mut journal = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    std::io::Write::write_all(&mut journal, format!("{entry}\n\u{1b}]0;pwned\u{7}\n").as_bytes()).unwrap();
    let mut mallory = start(HOSTILE);
    mallory.send("2L");
    crate::wait_for("the tick on disk", || crate::entries(home.path(), "ticked").len() == 3);
    for term in [&mut ana, &mut mallory] {
        term.send("\x1b\x0cq");
        let end = term.end();
        assert_eq!(end.code, 0);
        let bytes = String::from_utf8_lossy(&end.bytes).into_owned();
        let copy = bytes.split_once("\x1b]52;c;").and_then(|(_, rest)| rest.split_once('\x07'));
        let (before, after) =
            copy.map_or((&*bytes, ""), |(_, after)| (bytes.split("\x1b]52;c;").next().unwrap(), after));
        assert_harmless(before.as_bytes(), &end.text);
        assert_harmless(after.as_bytes(), &end.text);
    }
}
