//! The program in a real terminal: whatever happens, the terminal is given back, keys answer and nothing is lost.

#![cfg(test)]

#[path = "terminal/hostile.rs"]
mod hostile;
#[path = "terminal/incident.rs"]
mod incident;
#[path = "terminal/journal.rs"]
mod journal;
#[path = "terminal/leaving.rs"]
mod leaving;
#[path = "terminal/living.rs"]
mod living;
mod loopback;
#[path = "servers/programs.rs"]
mod programs;
#[path = "terminal/pty.rs"]
mod pty;
#[path = "terminal/servers.rs"]
mod servers;
#[path = "servers/shop.rs"]
mod shop;
mod stack;
#[path = "terminal/world.rs"]
mod world;
#[path = "terminal/writing.rs"]
mod writing;

use std::path::Path;
use std::path::PathBuf;
use std::time::Instant;

/// Whether an item of the checklist is ticked: the row names who did it.
fn is_ticked(screen: &str, item: &str) -> bool {
    screen.lines().any(|line| line.contains(item) && (line.contains("ana") || line.contains("bob")))
}

/// Waits for something that no terminal shows.
fn wait_for(what: &str, condition: impl FnMut() -> bool) {
    wait_long(what, pty::DEADLINE, condition);
}

/// The same for what takes its time.
fn wait_long(what: &str, deadline: std::time::Duration, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < deadline, "{what}");
        // The program that is waited for needs the processor more.
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
}

/// All files under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The lines of all journals under a folder that hold a word.
fn entries(folder: &Path, word: &str) -> Vec<String> {
    let journals = files(folder).into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "jsonl"));
    let text: String = journals.map(|path| std::fs::read_to_string(path).unwrap_or_default()).collect();
    text.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
}
