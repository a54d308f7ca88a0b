//! Questions of earlier sessions: one line each in a file of the state directory that only its owner can read.
//!
//! They are a comfort: what cannot be read or written is no reason to say a word in an incident.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::app::REMEMBERED;
use crate::facts::text::clean_line;

/// Larger files are no longer read, but begun anew, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The folder may be shared by a team, and questions are a person's own.
fn path(state: &Path) -> PathBuf {
    state.join(format!("questions-{}.promql", rustix::process::getuid().as_raw()))
}

/// What lies there under that name must be a file of ours, and no link.
fn open(options: &mut OpenOptions, path: &Path) -> std::io::Result<std::fs::File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::CLOEXEC;
    options.mode(0o600).custom_flags(flags.bits() as i32).open(path)
}

/// The questions that were asked, the oldest first, each once.
#[must_use]
pub fn load(state: &Path) -> Vec<String> {
    let mut text = String::new();
    let Ok(file) = open(OpenOptions::new().read(true), &path(state)) else { return Vec::new() };
    if file.take(LARGEST).read_to_string(&mut text).is_err() {
        return Vec::new();
    }
    let mut questions: Vec<String> = Vec::new();
    for line in text.lines().rev().filter(|line| !line.trim().is_empty()) {
        let question = clean_line(line, 8 * 1024);
        if !questions.contains(&question) {
            questions.push(question);
        }
        if questions.len() == REMEMBERED {
            break;
        }
    }
    questions.reverse();
    questions
}

/// Keeps a question.
pub fn remember(state: &Path, question: &str) {
    let path = path(state);
    let large = std::fs::metadata(&path).is_ok_and(|meta| meta.len() > LARGEST / 2);
    let kept = if large { load(state) } else { Vec::new() };
    let mut options = OpenOptions::new();
    let options = if large { options.write(true).truncate(true) } else { options.append(true) };
    let _ = std::fs::create_dir_all(state);
    let Ok(mut file) = open(options.create(true), &path) else { return };
    let mut text = kept.join("\n");
    text.push_str(if text.is_empty() { "" } else { "\n" });
    text.push_str(&clean_line(question, 8 * 1024));
    text.push('\n');
    let _ = file.write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_back_once_and_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        assert!(load(&state).is_empty());
        for question in ["up", "sum(x) by (a)", "up", "time()"] {
            remember(&state, question);
        }
        assert_eq!(load(&state), ["sum(x) by (a)", "up", "time()"]);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path(&state)).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        for index in 0..REMEMBERED + 5 {
            remember(&state, &format!("x{index}"));
        }
        assert_eq!(load(&state).len(), REMEMBERED);
        assert_eq!(load(&state).last().map(String::as_str), Some("x204"));
        std::fs::write(path(&state), "a\n".repeat(LARGEST as usize / 2)).unwrap();
        remember(&state, "b");
        assert_eq!(load(&state), ["a", "b"], "a large file is begun anew");
    }

    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        std::fs::write(&victim, "precious\n").unwrap();
        std::os::unix::fs::symlink(&victim, path(dir.path())).unwrap();
        remember(dir.path(), "up");
        assert!(load(dir.path()).is_empty());
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious\n");
    }
}
