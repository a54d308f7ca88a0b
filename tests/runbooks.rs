//! The runbooks that ship: each is the best for a trouble of its own, and every step fits a tired mind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeSet;

use sixty::triage::Severity;
use sixty::triage::runbook::Broken;
use sixty::triage::runbook::Found;
use sixty::triage::runbook::Library;
use sixty::triage::runbook::Section;
use sixty::triage::runbook::Side;
use sixty::triage::runbook::Suspected;
use sixty::triage::runbook::best;

/// What is broken (`-` before what is too little, `!` behind what is only worth a look), the suspects in their order,
/// and the runbook that must come first.
const SITUATIONS: &[(&str, &str, &str)] = &[
    // Nothing is broken: no runbook, whatever changed nearby.
    ("", "", ""),
    ("", "deploy", ""),
    ("", "provider clock", ""),
    // One signal alone.
    ("latency_p95", "", "high-latency"),
    ("latency_p95!", "", "high-latency"),
    ("error_rate", "", "errors-without-change"),
    ("error_rate latency_p95", "", "errors-without-change"),
    ("error_rate", "restart", "errors-without-change"),
    ("db_pool", "", "db-pool-exhausted"),
    ("db_pool_waiting!", "", "db-pool-exhausted"),
    ("memory!", "", "memory-leak"),
    ("disk", "", "disk-full"),
    ("db_locked", "", "slow-queries"),
    ("not_found!", "", "not-found-wave"),
    ("rate_limited", "", "rate-limited"),
    ("call_errors", "", "outside-service"),
    ("-request_rate", "", "traffic-drop"),
    ("metrics", "", "metrics-silent"),
    // A connection leak after a deploy hours before.
    ("error_rate latency_p95 db_pool db_pool_waiting", "deploy", "db-pool-exhausted"),
    ("error_rate latency_p95 db_pool db_pool_waiting", "deploy pool", "db-pool-exhausted"),
    ("latency_p95! db_pool!", "pool deploy", "db-pool-exhausted"),
    // A query per row after a deploy minutes before.
    ("error_rate latency_p95", "deploy", "errors-after-deploy"),
    ("error_rate latency_p95 db_latency", "deploy database", "slow-queries"),
    ("latency_p95 db_latency", "deploy", "slow-queries"),
    // A cache without a limit, and the kernel's answer.
    ("memory", "memory", "memory-leak"),
    ("memory error_rate", "deploy memory restart", "memory-leak"),
    ("memory error_rate latency_p95", "restart memory", "memory-leak"),
    // Time-zone data that breaks at midnight UTC.
    ("error_rate", "clock", "bad-time-or-date-data"),
    ("error_rate latency_p95!", "clock", "bad-time-or-date-data"),
    // Names of files that differ in case.
    ("not_found", "deploy not_found", "not-found-wave"),
    ("not_found error_rate!", "not_found deploy", "not-found-wave"),
    // A webhook that triggers itself.
    ("request_rate", "loop", "runaway-loop"),
    ("request_rate error_rate latency_p95", "loop surge", "runaway-loop"),
    ("request_rate rate_limited cpu", "loop rate_limited cpu", "runaway-loop"),
    // The payment vendor is down.
    ("error_rate call_errors", "provider calls", "outside-service"),
    ("error_rate", "provider", "outside-service"),
    ("latency_p95", "provider", "outside-service"),
    ("error_rate call_errors db_pool", "provider pool calls", "outside-service"),
    // A backup locks a table at 03:00.
    ("latency_p95 db_locked", "job clock database", "nightly-job"),
    ("latency_p95 error_rate db_locked db_latency", "database job clock", "nightly-job"),
    ("latency_p95 db_locked db_pool", "job clock pool", "nightly-job"),
    ("latency_p95", "clock", "nightly-job"),
    // A vendor refuses us.
    ("calls_limited", "rate_limited", "rate-limited"),
    ("calls_limited error_rate call_errors", "rate_limited provider calls", "rate-limited"),
    // An empty field after a deploy, and a flag.
    ("error_rate", "deploy", "errors-after-deploy"),
    ("error_rate!", "deploy", "errors-after-deploy"),
    ("error_rate", "flag", "errors-after-deploy"),
    ("latency_p95", "deploy", "high-latency"),
    ("latency_p95 cpu", "cpu", "high-latency"),
    // The disk is full, and everything with it.
    ("disk error_rate latency_p95", "disk", "disk-full"),
    ("disk error_rate", "deploy disk", "disk-full"),
    // One instance of eight.
    ("error_rate!", "instance", "one-bad-instance"),
    ("instance!", "instance", "one-bad-instance"),
    ("latency_p95!", "instance", "one-bad-instance"),
    // A setting in production only.
    ("error_rate", "config", "config-differs"),
    ("latency_p95", "config", "config-differs"),
    ("error_rate", "config deploy", "config-differs"),
    // Real people, and what they fill.
    ("request_rate latency_p95 cpu", "surge cpu", "traffic-surge"),
    ("request_rate latency_p95 db_pool", "surge pool", "traffic-surge"),
    ("request_rate", "surge", "traffic-surge"),
    // Nobody comes.
    ("-request_rate", "drop", "traffic-drop"),
    ("-request_rate", "provider drop", "traffic-drop"),
    // The endpoint of the metrics is dead.
    ("metrics", "silence", "metrics-silent"),
    ("metrics", "silence deploy", "metrics-silent"),
    // Two things at once, one innocent.
    ("error_rate", "deploy provider", "errors-after-deploy"),
    ("error_rate call_errors", "provider deploy calls", "outside-service"),
    ("error_rate latency_p95 db_pool", "deploy provider job pool", "db-pool-exhausted"),
    ("error_rate instance!", "deploy instance", "errors-after-deploy"),
];

fn first(library: &Library, broken: &str, suspects: &str) -> (String, f64) {
    let broken: Vec<Broken> = broken
        .split_whitespace()
        .map(|word| Broken {
            subject: sixty::triage::runbook::SUBJECTS
                .into_iter()
                .find(|subject| *subject == word.trim_start_matches('-').trim_end_matches('!'))
                .unwrap(),
            side: if word.starts_with('-') { Side::Below } else { Side::Above },
            severity: if word.ends_with('!') { Severity::Warning } else { Severity::Critical },
            words: String::new(),
        })
        .collect();
    let suspects: Vec<Suspected> = suspects
        .split_whitespace()
        .map(|word| Suspected {
            kind: sixty::triage::runbook::KINDS.into_iter().find(|kind| *kind == word).unwrap(),
            words: String::new(),
        })
        .collect();
    let found = Found { broken: &broken, suspects: &suspects, service: "checkout-api" };
    let all = best(library.runbooks(), &found);
    let lead = match all.as_slice() {
        [first, second, ..] => first.score / second.score,
        _ => f64::INFINITY,
    };
    (all.first().map(|one| library.runbooks()[one.index].key.clone()).unwrap_or_default(), lead)
}

#[test]
fn the_right_one_comes_first() {
    let library = Library::shipped();
    let mut wrong = Vec::new();
    for (broken, suspects, expected) in SITUATIONS {
        let (key, lead) = first(&library, broken, suspects);
        if key != *expected || lead < 1.03 {
            wrong.push(format!("{broken:?} with {suspects:?}: {key:?} by {lead:.2}, should be {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_is_the_right_one_for_something() {
    let expected: BTreeSet<&str> = SITUATIONS.iter().map(|(_, _, key)| *key).filter(|key| !key.is_empty()).collect();
    let shipped: BTreeSet<&str> = Library::files().iter().map(|(name, _)| *name).collect();
    assert_eq!(expected, shipped);
}

#[test]
fn every_step_fits_a_tired_mind() {
    let library = Library::shipped();
    let mut wrong = Vec::new();
    for book in library.runbooks() {
        let mut say = |what: String| wrong.push(format!("{}: {what}", book.key));
        if book.title.chars().count() > 40 {
            say(format!("the title is long: {}", book.title));
        }
        for section in Section::ALL {
            let steps = book.steps.iter().filter(|step| step.section == section).count();
            if !(1..=7).contains(&steps) {
                say(format!("{steps} steps to {}", section.title()));
            }
        }
        if book.steps.windows(2).any(|two| two[0].section > two[1].section) {
            say("the sections are mixed".to_owned());
        }
        if !(2..=4).contains(&book.causes.len()) || book.causes.iter().any(|cause| cause.how_often.is_none()) {
            say("2 to 4 causes, each with how often".to_owned());
        }
        if book.escalations.is_empty() || book.escalations.iter().any(|one| one.when.is_empty()) {
            say("nobody to call, or not when".to_owned());
        }
        for cause in &book.causes {
            if cause.text.chars().count() > 68 {
                say(format!("a long cause: {}", cause.text));
            }
        }
        for step in &book.steps {
            if step.text.chars().count() > 72 {
                say(format!("{} characters: {}", step.text.chars().count(), step.text));
            }
            if step.hint.chars().count() > 84 {
                say(format!("a hint of {}: {}", step.hint.chars().count(), step.hint));
            }
            // How does one know the answer? The hint says so, or the command's output, or the words themselves.
            if step.hint.is_empty() && step.commands.is_empty() {
                say(format!("no hint and no command: {}", step.text));
            }
        }
        if book.key.len() > 24 {
            say("a long key".to_owned());
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_of_the_folder_ships() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| !["first-60-seconds.md", "full-incident.md"].contains(&name.as_str())).collect();
    names.sort();
    let shipped: Vec<String> = Library::files().iter().map(|(name, _)| format!("{name}.md")).collect();
    assert_eq!(names, shipped);
}

/// `sixty check` with a folder of the team's: one file in the place of ours, one of its own, two that are wrong.
#[test]
fn check_names_what_is_not_understood() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let good = "---\ntitle: Ours\nsymptoms: [disk > 90%]\n---\n## Fix\n- [ ] Call ana\n";
    std::fs::create_dir(folder.path().join("books")).unwrap();
    write(
        "sixty.toml",
        "runbooks = \"books\"\n[[service]]\nname = \"a\"\ntargets = [\"http://127.0.0.1:1/metrics\"]\n",
    );
    write("books/disk-full.md", good);
    write("books/payments.md", good);
    write("books/memory-leak.md", &good.replace("disk", "dsk"));
    write("books/plain.md", "# Only prose\n");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sixty"))
        .args(["check", "--config"])
        .arg(folder.path().join("sixty.toml"))
        .arg("--state-dir")
        .arg(folder.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "17 runbooks that ship, 2 of the team (1 instead of ours) in ",
        "books/memory-leak.md:3:12: `dsk` is no signal; did you mean `disk`?; the one that ships stays",
        "books/plain.md:1:1: there is no front matter",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert_eq!(text.lines().filter(|line| line.starts_with("warn   runbook ")).count(), 2, "{text}");
}
