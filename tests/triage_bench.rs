//! How often the verdict is right on public data with labelled faults: the contracts of `examples/triage-bench`, scored
//! by the scorers that belong to the data. The goals are floors, so that no change makes it worse unseen.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// The folder of the benchmark; `None`, having said so, where it is not at hand.
fn bench() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let elsewhere = std::env::var_os("SIXTY_SHARED").map(PathBuf::from);
    let found = [Some(beside), elsewhere].into_iter().flatten().map(|folder| folder.join("onset-bench"));
    let folder = found.into_iter().find(|folder| folder.is_dir());
    let numpy = Command::new("python3").args(["-c", "import numpy"]).output().is_ok_and(|done| done.status.success());
    let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    match (folder, numpy) {
        (Some(folder), true) => Some(folder),
        (folder, _) => {
            assert!(!is_ci, "the benchmark ({folder:?}) or numpy ({numpy}) is missing");
            println!("skipped: there is no shared/onset-bench, or python3 has no numpy");
            None
        }
    }
}

/// The example, which `cargo test` builds beside the tests.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.parent().and_then(Path::parent).unwrap().join("examples/triage-bench");
    assert!(path.is_file(), "{} is not built: cargo build --example triage-bench", path.display());
    path
}

/// The last line of a scorer's table that begins with `ALL`, as numbers.
fn score(scorer: &str, data: &str, contract: &str) -> Option<Vec<f64>> {
    let folder = bench()?;
    let run = Command::new("python3")
        .arg(folder.join(scorer))
        .arg("--data")
        .arg(folder.join(data))
        .arg("--")
        .arg(program())
        .arg(contract)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    println!("{said}");
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    let all = said.lines().rev().find(|line| line.starts_with("ALL")).unwrap();
    Some(all.split_whitespace().filter_map(|word| word.parse().ok()).collect())
}

#[test]
fn onsets_are_dated() {
    let Some(row) = score("score.py", "data", "onset") else { return };
    let [_, hit, misplaced, _, delay, _, false_a_day, _, f1] = row[..] else { panic!("{row:?}") };
    assert!(hit >= 72.0 && misplaced <= 3.0 && false_a_day <= 0.2 && delay <= 2.0 && f1 >= 0.64, "{row:?}");
}

#[test]
fn leaks_are_told_from_what_only_climbs() {
    let Some(row) = score("score_leak.py", "leak", "leak") else { return };
    let [_, found, time, _, wrong] = row[..] else { panic!("{row:?}") };
    assert!(found >= 92.0 && time >= 85.0 && wrong <= 2.0, "{row:?}");
}

#[test]
fn changes_are_ranked_and_the_innocent_seldom_blamed() {
    let Some(row) = score("score_cause.py", "cause", "cause") else { return };
    let [_, first, among_three, _, _, blamed] = row[..] else { panic!("{row:?}") };
    assert!(first >= 70.0 && among_three >= 88.0 && blamed <= 40.0, "{row:?}");
}
