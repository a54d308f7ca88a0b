//! A whole drill in a real terminal, at a high speed: the page, a look, an update, the fix, all well, the debrief.

use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use crate::pty::Command;
use crate::pty::DEADLINE;
use crate::pty::Term;

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Whether a line of a journal holds all these words.
fn journaled(home: &Path, words: &[&str]) -> bool {
    let journals = files(home).into_iter().filter(|path| path.to_string_lossy().contains("incidents"));
    let text: String = journals.map(|path| std::fs::read_to_string(path).unwrap_or_default()).collect();
    text.lines().any(|line| words.iter().all(|word| line.contains(word)))
}

/// Presses keys, again and again, until the journal has a line with these words.
fn press_until(term: &mut Term, home: &Path, keys: &[&str], words: &[&str]) {
    let began = Instant::now();
    while !journaled(home, words) {
        for key in keys {
            term.send(key);
            let pressed = Instant::now();
            while pressed.elapsed() < Duration::from_millis(300) {
                if journaled(home, words) {
                    return;
                }
                std::thread::yield_now();
            }
        }
        assert!(began.elapsed() < 3 * DEADLINE, "{words:?}\n{}", term.text());
    }
}

fn history(home: &Path) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sixty"));
    command.env_clear().env("HOME", home).args(["drill", "--history"]).stdin(Stdio::null());
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn a_whole_drill_is_held_and_told() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    assert!(history(home).contains("no drill was held yet"));
    let mut term = Command::sixty(home).args(["drill", "null-field", "--speed", "20", "--seed", "4"]).start();
    term.wait_text("drill 20x");
    press_until(&mut term, home, &[], &["\"kind\":\"opened\""]);
    press_until(&mut term, home, &["\x1b", "a", "\r"], &["\"kind\":\"acknowledged\"", "drill pager"]);
    press_until(&mut term, home, &["\x1b", "c"], &["\"kind\":\"looked\"", "changes"]);
    press_until(&mut term, home, &["\x1b", "u", "s", "\r"], &["\"kind\":\"sent\"", "drill"]);
    // Nobody is told before the end.
    assert!(!term.look(|seen| seen.holds(b"null-field") || seen.holds(b"field that is null")));
    press_until(&mut term, home, &["\x1b", "w", "g", "\r", "\r"], &["\"kind\":\"fixed\"", "roll back orders v105"]);
    press_until(&mut term, home, &[], &["\"kind\":\"normal\""]);
    press_until(&mut term, home, &["\x1b", ">", "\r"], &["\"kind\":\"resolved\""]);
    term.wait_text("null-field");
    term.send("q");
    let end = term.end();
    assert_eq!(end.code, 0, "{}", end.text);
    let told = String::from_utf8_lossy(end.last_words()).into_owned();
    for words in ["DEBRIEF", "A field that is null", "ended by a fix", "roll back orders v105"] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let history = history(home);
    assert!(history.contains("null-field") && history.contains("ana"), "{history}");
    // Nothing but the folder of the drill and the history was touched, and no path tells what it was.
    for path in files(home) {
        let path = path.strip_prefix(home).unwrap().to_string_lossy().into_owned();
        assert!(path.starts_with(".local/state/sixty/drills/") && !path.contains("null"), "{path}");
    }
}
