//! `sixty replay` as people and scorers run it: the real program on scenario files of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

/// A service that is well until a deploy makes a quarter of its requests fail, one minute before T.
const STORY: &str = r#"
title = "A deploy breaks the shop"
begins = "2026-11-18T23:54:00Z"
lasts = "9m"
zero = "6m"
seeds = [1, 2]
told_by = ["log", "github"]

[[service]]
name = "shop"
version = "v1"
instances = 2
rate = "120/s"
errors = "0.1 %"
p50 = "35 ms"
p95 = "150 ms"

[[service.route]]
path = "/orders"

[[at]]
time = "T-5m"
flag = "new-tax on"
by = "lee"

[[at]]
time = "T-60s"
deploy = "shop v2"
by = "noor"
takes = "60s"

[[at]]
time = "T"
service = "shop"
set = { errors = "25 %" }

[[expect]]
time = "T-2m"
severity = "ok"
never_worse = "ok"
change = "none"
innocent = ["new-tax on"]

[[expect]]
time = "T+2m"
severity = "critical"
first_within = "60s"
turns = 2
onset = "T"
onset_within = "30s"
change = "shop v2"
innocent = ["new-tax on"]
says = ["errors"]
"#;

/// A folder with stories.
struct Place(TempDir);

/// What a run left behind.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

impl Place {
    fn with(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            std::fs::write(place.path(name), text).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `sixty replay` there, in whatever zone, with nobody's environment.
    fn replay(&self, arguments: &[&str]) -> Run {
        self.replay_in("Asia/Tokyo", arguments)
    }

    fn replay_in(&self, zone: &str, arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sixty"));
        command.arg("replay").args(arguments).current_dir(self.0.path()).env_clear().env("TZ", zone);
        command.env("HOME", self.0.path()).stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

#[test]
fn a_verdict_that_is_right_is_called_so() {
    let place = Place::with(&[("shop.toml", STORY)]);
    let run = place.replay(&["shop.toml", "--seed", "1"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    for words in ["shop · seed 1 · A deploy breaks the shop", "T is 2026-11-19T00:00:00.000Z", "CRITICAL  Errors"] {
        assert!(run.out.contains(words), "{words}: {}", run.out);
    }
    assert!(run.out.ends_with("all 11 expectations hold\n"), "{}", run.out);
    let seeds = place.replay(&["shop.toml", "--format", "json"]);
    let json = seeds.json();
    assert_eq!((&json["schema"], &json["ok"], &json["runs_ok"]), (&"sixty.replay/1".into(), &true.into(), &2.into()));
    let told = &json["runs"][1];
    assert_eq!((&told["scenario"], &told["seed"], &told["change_rank"]), (&"shop".into(), &2.into(), &1.into()));
    assert_eq!(told["first_verdict"]["severity"], "critical", "{told}");
    assert!(told["first_verdict"]["after_visible_s"].as_f64().unwrap() <= 60.0);
    assert!(told["onset"]["error_s"].as_f64().unwrap().abs() <= 30.0);
    assert_eq!(told["suspects"][0]["name"], "shop v2");
    assert_eq!(told["severity_changes"], 1);
    let course = told["course"].as_array().unwrap();
    assert!(course.windows(2).all(|pair| pair[0]["after_zero_s"].as_f64() <= pair[1]["after_zero_s"].as_f64()));
    // Every key is named by the schema, and the other way round.
    let schema: Value = serde_json::from_str(&place.replay(&["--schema"]).out).unwrap();
    let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&json), keys(&schema["properties"]));
    for (part, name) in [
        (told, "Run"),
        (&told["expectations"][0], "Expectation"),
        (&told["first_verdict"], "First"),
        (&told["onset"], "Onset"),
        (&told["suspects"][0], "Suspect"),
        (&course[0], "Step"),
    ] {
        assert_eq!(keys(part), keys(&schema["$defs"][name]["properties"]), "{name}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let place = Place::with(&[("shop.toml", STORY), ("other.toml", &STORY.replace("25 %", "30 %"))]);
    for arguments in [
        &["shop.toml", "other.toml", "--format", "json"][..],
        &["shop.toml", "--seed", "2"],
        &["shop.toml", "--at", "2m", "--format", "json"],
        &["shop.toml", "--at", "2m"],
    ] {
        let once = place.replay(arguments);
        assert!(!once.out.is_empty(), "{arguments:?}: {}", once.err);
        assert!(once.out == place.replay_in("America/Lima", arguments).out, "{arguments:?}");
    }
    let of = |seed: &str| place.replay(&["shop.toml", "--at", "2m", "--seed", seed]).out;
    assert!(of("1") == place.replay(&["shop.toml", "--at", "2m"]).out, "the first seed of the file");
    assert!(of("1") != of("2"), "another noise");
}

#[test]
fn a_verdict_that_is_wrong_fails() {
    let wrong =
        STORY.replace("severity = \"ok\"", "severity = \"warning\"").replace("says = [\"errors\"]", "runbook = \"x\"");
    let place = Place::with(&[("shop.toml", STORY), ("wrong.toml", &wrong)]);
    let run = place.replay(&["wrong.toml", "--seed", "1"]);
    assert_eq!(run.code, 1, "{}", run.out);
    let failed: Vec<_> = run.out.lines().filter(|line| line.trim_start().starts_with("FAILED")).collect();
    assert!(
        failed[0].contains("T-2m") && failed[0].contains("warning") && failed[0].contains("said: ok"),
        "{failed:?}"
    );
    let both = place.replay(&["shop.toml", "wrong.toml", "--seed", "1"]);
    assert_eq!(both.code, 1);
    assert!(!both.out.contains("Errors"), "of many only what failed: {}", both.out);
    let last = both.out.lines().last().unwrap();
    assert!(last.contains("FAILED in 1 of 2 runs"), "{last}");
    let rows: Vec<_> =
        both.out.lines().filter(|line| line.starts_with("  shop ") || line.starts_with("  wrong ")).collect();
    assert!(rows.len() == 2 && rows[0].ends_with("ok") && rows[1].ends_with("FAILED"), "{}", both.out);
    let json = place.replay(&["wrong.toml", "--seed", "1", "--format", "json"]);
    assert_eq!(json.code, 1);
    let json = json.json();
    assert_eq!((&json["ok"], &json["runs"][0]["ok"]), (&false.into(), &false.into()));
    let marked = place.replay(&["wrong.toml", "--seed", "1", "--format", "markdown"]).out;
    assert!(marked.contains("| FAILED | T-2m | severity | warning | ok |"), "{marked}");
}

#[test]
fn files_that_are_wrong_are_told_with_their_places() {
    let wrong =
        STORY.replace("rate = \"120/s\"", "rate = \"fast\"").replace("severity = \"critical\"", "severity = \"bad\"");
    let place = Place::with(&[("shop.toml", STORY), ("wrong.toml", &wrong)]);
    let run = place.replay(&["shop.toml", "wrong.toml", "missing.toml"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    for words in ["wrong.toml:13:8", "wrong.toml:46:12", "missing.toml: "] {
        assert!(run.err.contains(words), "{words}: {}", run.err);
    }
    for (arguments, words) in [
        (&[][..], "FILE"),
        (&["shop.toml", "--seed", "many"], "write a number, or all or first"),
        (&["shop.toml", "--at", "soon"], "write a time after T"),
        (&["shop.toml", "--at", "6h"], "is not in the story"),
        (&["shop.toml", "shop.toml", "--at", "1m"], "name one file"),
    ] {
        let run = place.replay(arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}: {}", run.err);
        assert!(run.err.contains(words), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn an_instant_is_the_report_of_that_instant() {
    let place = Place::with(&[("shop.toml", STORY)]);
    let at = |instant: &str| {
        let run = place.replay(&["shop.toml", "--at", instant, "--format", "json"]);
        assert_eq!(run.code, 0, "{instant}: {}", run.err);
        run.json()
    };
    for instant in ["2m", "T+2m", "120s", "00:02", "00:02:00", "2026-11-19T00:02:00Z", "2026-11-19T01:02:00+01:00"] {
        let report = at(instant);
        assert_eq!(report["generated_at"], "2026-11-19T00:02:00.000Z", "{instant}");
        assert_eq!((&report["schema"], &report["severity"]), (&"sixty.report/1".into(), &"critical".into()));
        assert_eq!((&report["watched_s"], &report["time_zone"]), (&480.0.into(), &"UTC".into()));
    }
    assert_eq!(at("-2m")["severity"], "ok");
    assert_eq!(at("23:56")["generated_at"], "2026-11-18T23:56:00.000Z");
    let run = place.replay(&["shop.toml", "--at", "2m", "--ascii", "--time-zone", "Europe/Berlin"]);
    assert!(run.out.is_ascii() && run.out.contains("01:02:00 CET"), "{}", run.out);
}

/// Each way in which metrics can be dead: it is not known how the service is, and why is said.
#[test]
fn a_dead_endpoint_is_unknown_and_says_why() {
    let place = |manner: &str| {
        let dies = format!("[[at]]\ntime = \"T\"\nservice = \"shop\"\nmetrics = \"{manner}\"\n");
        let story = STORY.split("[[expect]]").next().unwrap().replace("set = { errors = \"25 %\" }", "") + &dies;
        let story = story.replace("[[at]]\ntime = \"T\"\nservice = \"shop\"\n\n", "");
        let expected = "[[expect]]\ntime = \"T+1m\"\nseverity = \"unknown\"\nfirst_within = \"60s\"\n";
        Place::with(&[("dead.toml", &format!("{story}\n{expected}"))])
    };
    for (manner, words) in [
        ("refused", "connection refused"),
        ("hangs", "no answer within 5 s"),
        ("503", "503"),
        ("404", "404"),
        ("garbage", ""),
        ("empty", ""),
    ] {
        let run = place(manner).replay(&["dead.toml", "--seed", "1"]);
        assert_eq!(run.code, 0, "{manner}: {}{}", run.out, run.err);
        let unknown = run.out.lines().find(|line| line.contains("T+") && line.contains("UNKNOWN"));
        assert!(unknown.is_some_and(|line| line.contains(words)), "{manner}: {}", run.out);
    }
}
