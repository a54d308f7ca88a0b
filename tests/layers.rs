//! The architecture as a test: who may import whom, what may not be said where, how long a file may be.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Module, the modules of ours that it may import (itself always), lowest first.
const LAYERS: &[(&str, &[&str])] = &[
    ("facts", &[]),
    ("promql", &["facts"]),
    ("sources", &["facts", "promql"]),
    ("signals", &["facts"]),
    ("triage", &["facts", "signals"]),
    ("courier", &["facts", "sources", "incident", "triage"]),
    ("incident", &["facts", "signals", "triage"]),
    ("app", &["facts", "promql", "signals", "triage", "incident"]),
    ("ui", &["facts", "promql", "signals", "triage", "incident", "app"]),
    ("drill", &["facts"]),
    ("config", &["facts", "promql", "sources", "signals", "triage", "incident", "courier", "app", "drill"]),
    (
        "runtime",
        &["facts", "promql", "sources", "signals", "triage", "incident", "courier", "app", "ui", "config", "drill"],
    ),
    (
        "commands",
        &[
            "facts", "promql", "sources", "signals", "triage", "incident", "courier", "app", "ui", "config", "drill",
            "runtime",
        ],
    ),
];

/// Words that are banned outside tests, and the modules in which they are allowed all the same.
const BANNED: &[(&str, &[&str])] = &[
    ("Utc::now(", &["runtime", "commands"]),
    ("Local::now(", &[]),
    ("SystemTime::now(", &["runtime", "commands"]),
    ("println!", &["commands", "runtime"]),
    ("std::env::", &["runtime", "commands", "sources", "main"]),
    ("ratatui", &["ui", "runtime", "commands"]),
    ("crossterm", &["runtime", "commands"]),
    ("reqwest", &["sources"]),
    ("tokio", &["sources", "courier", "runtime", "commands", "drill"]),
    (".unwrap()", &[]),
    ("#[allow(", &[]),
];

/// Limits that we like: a file longer than this before its tests is two.
const LINES: usize = 400;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// The module that a file belongs to, and its text before its tests. Files of tests alone have none.
fn parts(path: &Path) -> (String, String) {
    let below = path.strip_prefix(source()).unwrap();
    let module = below.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
    let text = fs::read_to_string(path).unwrap();
    if path.file_name().is_some_and(|name| name == "tests.rs") {
        return (module, String::new());
    }
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    (module, text[..end].to_owned())
}

fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| {
        let line = line.trim_start();
        !line.starts_with("//")
    })
}

#[test]
fn imports_point_one_way() {
    let mut wrong = Vec::new();
    for path in files(&source()) {
        let (module, text) = parts(&path);
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else { continue };
        for (number, line) in code(&text) {
            for used in line.match_indices("crate::").map(|(index, _)| &line[index + 7..]) {
                let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if name != module && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{}:{number}: {module} may not use `{name}`: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_place() {
    let modules: BTreeSet<String> = files(&source()).iter().map(|path| parts(path).0).collect();
    let known: BTreeSet<String> =
        LAYERS.iter().map(|(name, _)| (*name).to_owned()).chain(["lib".to_owned(), "main".to_owned()]).collect();
    assert_eq!(modules, known);
}

#[test]
fn what_belongs_to_the_edge_stays_there() {
    let mut wrong = Vec::new();
    for path in files(&source()) {
        let (module, text) = parts(&path);
        for (word, allowed) in BANNED.iter().filter(|(_, allowed)| !allowed.contains(&module.as_str())) {
            let found = code(&text).filter(|(_, line)| line.contains(word));
            let where_to = if allowed.is_empty() { "nowhere".to_owned() } else { allowed.join(", ") };
            wrong.extend(
                found.map(|(number, _)| format!("{}:{number}: `{word}` belongs to: {where_to}", path.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for path in files(&source()) {
        let (_, text) = parts(&path);
        let lines = text.lines().count();
        if lines > LINES {
            wrong.push(format!("{}: {lines} lines before its tests, more than {LINES}", path.display()));
        }
        if !fs::read_to_string(&path).unwrap().starts_with("//!") {
            wrong.push(format!("{}: does not begin with `//!`", path.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
