//! `sixty open`, `list`, `show`, `note`, `resolve`, `reopen` and `merge` as a shell sees them.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// A machine with a state directory, and perhaps a configuration.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(config: &str) -> Self {
        let place = Self::new();
        std::fs::write(place.0.path().join("sixty.toml"), config).unwrap();
        place
    }

    fn state(&self) -> std::path::PathBuf {
        self.0.path().join("state/sixty")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sixty"));
        let home: &Path = self.0.path();
        command.env_clear().env("HOME", home).env("XDG_STATE_HOME", home.join("state")).env("USER", "ana");
        command.env("LANG", "C.UTF-8").env("SIXTY_UNUSED", "").current_dir(home).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).output().unwrap())
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.err);
        ran.out.trim_end().to_owned()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    /// With words on its standard input.
    fn piped(&self, arguments: &[&str], words: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(words.as_bytes()).unwrap();
        ran(child.wait_with_output().unwrap())
    }

    fn refused(&self, code: i32, fragment: &str, arguments: &[&str]) {
        let ran = self.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(fragment), "{arguments:?}: {}", ran.err);
    }
}

fn ran(output: std::process::Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

const ONE: &str = "[[service]]\nname = \"checkout-api\"\ntargets = [\"http://127.0.0.1:9/metrics\"]\n";

#[test]
fn an_incident_by_shell_alone() {
    let place = Place::with(ONE);
    assert_eq!(place.ok(&["list"]), "");
    place.refused(1, "no incident goes on", &["note", "x"]);
    place.refused(1, "there is no incident in", &["show"]);
    let id = place.ok(&["open", "checkout is slow"]);
    assert_eq!(place.ok(&["open", "still slow", "--as", "sam"]), id, "joined");
    place.ok(&["note", "rolled back\nto v41 \u{1b}[2J"]);
    let mut piped = place.command(&["note", "-", "--as", "bot"]);
    let mut child = piped.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"from a pipe: \xff\n").unwrap();
    assert_eq!(ran(child.wait_with_output().unwrap()).code, 0);
    place.ok(&["note", "- a list"]);
    place.refused(2, "no words", &["note", "  "]);
    place.refused(2, "no words", &["open", ""]);
    place.refused(2, "no words", &["open", " \t "]);
    place.refused(2, "no words", &["open", "-"]);
    let again = place.piped(&["open", "-", "--as", "eve"], "slow for\nme as well\n");
    assert!(again.code == 0 && again.err.contains("joined it, with your words"), "{}", again.err);
    assert!(place.run(&["open", "--as", "eve"]).err.contains("joined it"));

    let shown = place.ok(&["show"]);
    assert_eq!(shown.matches("opened:").count(), 1, "{shown}");
    let first = format!("{id}  checkout-api  checkout is slow");
    assert_eq!(shown.lines().next(), Some(first.as_str()));
    for part in [
        "not over",
        "People: ana, sam, bot, eve",
        " UTC\n",
        "+0:0",
        "  still slow\n",
        "\n                        to v41 ␛[2J",
        "from a pipe: \u{fffd}",
        "- a list",
    ] {
        assert!(shown.contains(part), "{part:?}: {shown}");
    }
    let list = place.ok(&["list"]);
    assert!(list.starts_with(&id) && list.contains("open for") && list.ends_with("checkout is slow"), "{list}");

    place.refused(1, "no incident is called wu6gjx; write a sentence", &["resolve", "wu6gjx"]);
    assert!(place.ok(&["show"]).contains("not over"), "a mistyped id ends nothing");
    assert_eq!(place.ok(&["resolve", "it was the pool"]), id);
    assert!(place.ok(&["show"]).contains("it was the pool"));
    assert!(place.ok(&["list"]).contains("over, took"));
    place.refused(1, "no incident of checkout-api goes on", &["resolve", "--service", "checkout-api"]);
    place.refused(1, "no incident goes on", &["note", "late"]);
    assert_eq!(place.ok(&["note", "late", "--incident", "latest"]), "");
    let again = place.run(&["resolve", &id]);
    assert!(again.code == 0 && again.err.contains("has been over since"), "{}", again.err);
    assert_eq!(place.ok(&["reopen", &id[..12]]), id);
    assert!(place.run(&["reopen", &id]).err.contains("was not over"));
    assert_eq!(place.ok(&["resolve", &id[id.len() - 6..], "really"]), id);
    let json = place.json(&["list", "--format", "json"]);
    assert_eq!(json["incidents"][0]["state"], "over");
    assert_eq!(json["incidents"][0]["people"], serde_json::json!(["ana", "sam", "bot", "eve"]));
}

#[test]
fn humans_and_machines_are_told_apart() {
    let place = Place::with(ONE);
    let id = place.ok(&["open", "a | b"]);
    place.ok(&["note", "by hand"]);
    let folder = place.state().join("incidents/checkout-api");
    let file = folder.join(format!("{id}.jsonl"));
    let mut text = std::fs::read_to_string(&file).unwrap();
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let more = format!(
        "{{\"v\":1,\"id\":\"observed-1-critical\",\"at\":\"{at}\",\"who\":\"ana\",\"host\":\"h\",\"by\":\"sixty\",\
         \"kind\":\"observed\",\"severity\":\"critical\",\"text\":\"12 % of requests fail\"}}\nbroken\n"
    );
    text += &more;
    std::fs::write(&file, text).unwrap();
    let shown = place.run(&["show"]);
    assert!(
        shown.out.contains("·  sixty  critical: 12 % of requests fail")
            || shown.out.contains("· sixty  critical: 12 % of requests fail"),
        "{}",
        shown.out
    );
    assert!(shown.err.contains("1 line could not be read"), "{}", shown.err);
    assert!(shown.out.contains("    ana    by hand"), "{}", shown.out);
    let people = place.ok(&["show", "--people"]);
    assert!(!people.contains("12 %") && people.contains("by hand"));
    let markdown = place.ok(&["show", "--format", "markdown"]);
    assert!(markdown.starts_with("# a \\| b\n") && markdown.contains("_sixty saw_: critical: 12 %"), "{markdown}");
    let json = place.json(&["show", "--format", "json"]);
    assert_eq!((json["skipped"].clone(), json["service"].clone()), (1.into(), "checkout-api".into()));
    let seen = json["entries"].as_array().unwrap().iter().find(|entry| entry["by"] == "sixty").unwrap();
    assert_eq!(
        (seen["kind"].clone(), seen["told"].clone()),
        ("observed".into(), "critical: 12 % of requests fail".into())
    );
    assert!(seen["after"].is_i64());
    assert!(place.ok(&["show", "--ascii"]).is_ascii());
    assert!(place.ok(&["list"]).contains("critical"));
}

#[test]
fn which_incident_is_said_or_asked_for() {
    let place = Place::new();
    place.refused(2, "say which service", &["open", "x"]);
    let api = place.ok(&["open", "x", "--service", "api"]);
    assert_eq!(place.ok(&["open", "y"]), api, "the only journal that there is");
    let db = place.ok(&["open", "locks", "--service", "db"]);
    place.refused(2, "there are: api, db", &["open", "x"]);
    place.refused(1, "several incidents go on", &["note", "x"]);
    place.refused(1, "several incidents go on", &["resolve"]);
    place.ok(&["note", "of db", "--service", "db"]);
    place.refused(1, "there is no incident 9999", &["show", "9999"]);
    place.refused(1, "may be one of 2", &["show", "20"]);
    place.refused(1, "there is no incident ../../etc", &["note", "x", "--incident", "../../etc"]);
    assert_eq!(place.ok(&["merge", &api, &db]), db);
    assert!(place.run(&["merge", &api, &db]).err.contains("already"));
    place.refused(2, "the other way round", &["merge", &db, &api]);
    place.refused(2, "part of itself", &["merge", &db, &db]);
    let shown = place.ok(&["show"]);
    assert!(
        shown.contains("api: opened: x") && shown.contains("of db") && shown.contains(&format!("Parts: {api}")),
        "{shown}"
    );
    place.ok(&["note", "one is left"]);
    place.ok(&["note", "for api", "--service", "api"]);
    assert!(place.ok(&["show", &db]).contains("for api"));
    let list = place.json(&["list", "--format", "json", "--service", "api"]);
    assert_eq!(
        (list["incidents"].as_array().unwrap().len(), list["incidents"][0]["state"].clone()),
        (1, "merged".into())
    );
    place.refused(2, "resolve that one", &["resolve", &api]);
    place.refused(2, "resolve that one", &["resolve", "--service", "api"]);
    place.refused(2, "resolve that one", &["resolve", "it was the pool", "--service", "api"]);
    assert!(place.ok(&["show", &db]).contains("not over"));
    assert_eq!(place.ok(&["resolve"]), db);
    assert!(place.ok(&["list", "--format", "markdown"]).contains("| part of "));
}

#[test]
fn the_place_and_the_name_are_said() {
    let place = Place::with(&format!(
        "state_dir = \"here\"\nwho = \"conf\"\n{ONE}[[service]]\nname = \"db\"\ntargets = [\"http://127.0.0.1:9/m\"]\n"
    ));
    place.refused(2, "there are: checkout-api, db", &["open", "x"]);
    place.refused(2, "did you mean `checkout-api`?", &["open", "x", "--service", "checkout-ap"]);
    place.ok(&["open", "x", "--service", "db"]);
    assert!(place.0.path().join("here/incidents/db").is_dir());
    assert!(place.ok(&["show"]).contains("People: conf"));
    place.ok(&["open", "x", "--service", "db", "--state-dir", "there", "--as", "sam"]);
    assert!(place.ok(&["show", "--state-dir", "there"]).contains("People: sam"));
    // A configuration that somebody breaks in the night keeps nobody from writing where it is said.
    std::fs::write(place.0.path().join("sixty.toml"), "broken").unwrap();
    place.refused(2, "--state-dir", &["note", "x"]);
    place.ok(&["note", "x", "--state-dir", "there"]);
}

#[test]
fn read_only_writes_nothing() {
    let place = Place::with(ONE);
    for arguments in [&["open", "x"][..], &["note", "x"], &["resolve"], &["reopen", "latest"], &["merge", "a", "b"]] {
        place.refused(2, "--read-only", &[&["--read-only"], arguments].concat());
    }
    assert!(!place.state().exists());
    place.ok(&["open", "x"]);
    assert!(
        place.ok(&["list", "--read-only"]).contains('x') && place.ok(&["show", "--read-only"]).contains("opened: x")
    );
}

#[test]
fn a_journal_that_cannot_be_written_is_told() {
    let place = Place::with(ONE);
    std::fs::create_dir_all(place.state()).unwrap();
    std::fs::write(place.state().join("incidents"), "in the way").unwrap();
    place.refused(2, "a file is in the way of a directory", &["open", "x"]);
}

#[test]
fn long_words_are_kept_whole_or_it_is_said() {
    let place = Place::with(ONE);
    let title = place.piped(&["open", "-"], &"long ".repeat(60));
    assert!(title.code == 0 && title.err.contains("cut to 200 characters"), "{}", title.err);
    let lines: Vec<String> = (0..1_000).map(|line| format!("line {line} of a log that goes on")).collect();
    let log = lines.join("\n");
    let pasted = place.piped(&["note", "-"], &log);
    assert!(pasted.code == 0 && pasted.err.contains("kept as 4 notes"), "{}", pasted.err);
    let json = place.json(&["show", "--format", "json"]);
    let notes = json["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "note");
    let texts: Vec<&str> = notes.map(|entry| entry["text"].as_str().unwrap()).collect();
    assert_eq!(texts.join("\n"), log);
    assert_eq!(place.run(&["note", "short"]).err, "");
    let endless = place.piped(&["note", "-"], &"x ".repeat(140_000));
    assert!(endless.err.contains("only the first 256 KiB"), "{}", endless.err);
}

#[test]
fn two_that_are_open_at_once_are_told_apart() {
    let place = Place::with(ONE);
    let old = place.ok(&["open", "first"]);
    place.ok(&["resolve"]);
    assert_eq!(place.run(&["reopen", &old]).err, "", "nothing goes on beside it");
    place.ok(&["resolve"]);
    let new = place.ok(&["open", "second"]);
    let reopened = place.run(&["reopen", &old]);
    assert_eq!((reopened.code, reopened.out.trim_end()), (0, old.as_str()));
    assert!(reopened.err.contains(&format!("if they are one: sixty merge {old} {new}")), "{}", reopened.err);
    let list = place.ok(&["list"]);
    let line = |id: &str| list.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(line(&old).contains("open for") && line(&new).contains("open (another goes on)"), "{list}");
    let json = place.json(&["list", "--format", "json"]);
    let of = |id: &str| json["incidents"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone();
    assert_eq!((of(&new)["state"].clone(), of(&new)["current"].clone()), ("open".into(), false.into()));
    assert_eq!((of(&old)["state"].clone(), of(&old)["current"].clone()), ("open".into(), true.into()));
    place.ok(&["merge", &old, &new]);

    // Nobody wrote in it for long.
    let folder = place.state().join("incidents/checkout-api");
    let text = "{\"v\":1,\"id\":\"a\",\"at\":\"2024-05-01T03:15:20.000Z\",\"who\":\"ana\",\"host\":\"h\",\
                \"kind\":\"opened\",\"service\":\"checkout-api\",\"title\":\"long ago\"}\n";
    std::fs::write(folder.join("20240501T031520Z-aaaaaa.jsonl"), text).unwrap();
    let list = place.ok(&["list"]);
    assert!(list.lines().any(|line| line.contains("quiet for") && line.ends_with("long ago")), "{list}");
}
