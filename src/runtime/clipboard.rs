//! Copies: OSC 52 through SSH and tmux, and always also a file, since no terminal says whether it obeyed.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;

/// The most of base64 that every terminal takes that takes any; some cut there, and half a text is worse than none.
const MOST: usize = 74_000;

/// What lies between us and the terminal, as the environment tells it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Between {
    /// We run in tmux, here or on the machine that we were reached from.
    tmux: bool,
    /// We were reached through SSH, so that there may be another tmux around it.
    ssh: bool,
    /// We run in GNU screen, through which there is no reliable way.
    screen: bool,
}

impl Between {
    /// Reads it from the environment.
    #[must_use]
    pub fn of(env: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
        let tmux = set("TMUX") || env("TERM").is_some_and(|term| term.starts_with("tmux"));
        let ssh = set("TMUX") && (set("SSH_CONNECTION") || set("SSH_TTY"));
        Self { tmux, ssh, screen: set("STY") && !set("TMUX") }
    }
}

/// The sequences that ask the terminal to put `text` on the clipboard. tmux takes the plain one with `set-clipboard on`
/// and passes the wrapped one on with `allow-passthrough on`; what it does not take it drops, so that it gets both, and
/// one that is wrapped twice where another tmux may be around it.
///
/// # Errors
/// Why the terminal is better not asked, in a few words.
pub fn sequence(text: &str, between: Between) -> Result<String, &'static str> {
    if between.screen {
        return Err("GNU screen lets nothing through to the clipboard");
    }
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    if encoded.len() > MOST {
        return Err("too long for the clipboard of a terminal");
    }
    let plain = format!("\x1b]52;c;{encoded}\x07");
    if !between.tmux {
        return Ok(plain);
    }
    let wrapped = wrapped(&plain);
    let twice = if between.ssh { self::wrapped(&wrapped) } else { String::new() };
    Ok(plain + &wrapped + &twice)
}

/// A sequence that tmux unwraps and passes on.
fn wrapped(sequence: &str) -> String {
    format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"))
}

/// Writes the text to `copied.txt` in the state directory, readable by its owner alone; says where it is.
///
/// The folder may be shared: what lies there under that name, another person's copy or a link to somewhere else, is
/// replaced and never written through.
///
/// # Errors
/// Why it could not be written.
pub fn save(state: &Path, text: &str) -> Result<String, Fault> {
    let path = state.join("copied.txt");
    let next = state.join(format!(".copied-{}-{:08x}", std::process::id(), fastrand::u32(..)));
    let write = || {
        std::fs::create_dir_all(state)?;
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
        writeln!(file, "{text}")?;
        std::fs::rename(&next, &path)
    };
    let shown = clean_line(&path.to_string_lossy(), 200);
    write().map(|()| shown.clone()).map_err(|error| {
        let _ = std::fs::remove_file(&next);
        Fault::new(FaultKind::Local, &format!("{shown}: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_travels_encoded() {
        let between = |set: &'static [(&str, &str)]| {
            Between::of(&|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        let ask = |text: &str, set| sequence(text, between(set));
        assert_eq!(ask("hi\u{1b}", &[("TERM", "xterm")]).as_deref(), Ok("\x1b]52;c;aGkb\x07"));
        let once = "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\";
        assert_eq!(ask("hi", &[("TMUX", "/tmp/tmux-0/default,1,0")]).as_deref(), Ok(once));
        assert_eq!(ask("hi", &[("TERM", "tmux-256color"), ("SSH_TTY", "/dev/pts/1")]).as_deref(), Ok(once));
        let twice = "\x1bPtmux;\x1b\x1bPtmux;\x1b\x1b\x1b\x1b]52;c;aGk=\x07\x1b\x1b\\\x1b\\";
        let nested = ask("hi", &[("TMUX", "x"), ("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")]).unwrap();
        assert_eq!(nested.strip_prefix(once), Some(twice));
        assert!(ask("hi", &[("STY", "7.pts"), ("TERM", "screen")]).unwrap_err().contains("GNU screen"));
        assert!(ask(&"x".repeat(55_000), &[]).is_ok());
        assert!(ask(&"x".repeat(56_000), &[]).unwrap_err().contains("too long"));
    }

    #[test]
    fn the_text_lies_in_a_file_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let path = save(dir.path(), "one\ntwo").unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "one\ntwo\n");
        let (victim, link) = (dir.path().join("victim"), dir.path().join("copied.txt"));
        std::fs::write(&victim, "precious").unwrap();
        std::fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        save(dir.path(), "new").unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious", "a link is not followed");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left lying about");
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&link).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let blocked = dir.path().join("copied.txt");
        assert!(save(&blocked, "x").is_err(), "a file where the directory should be");
    }
}
