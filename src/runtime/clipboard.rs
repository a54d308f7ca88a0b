//! Copies: OSC 52 through SSH and tmux, and always also a file, since no terminal says whether it obeyed.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;

/// The sequence that asks the terminal to put `text` on the clipboard; inside tmux wrapped so that it passes.
#[must_use]
pub fn sequence(text: &str, tmux: bool) -> String {
    // Many terminals ignore more than about 100 kB; a verdict or a query is far below.
    let text: String = text.chars().take(60_000).collect();
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    if tmux { format!("\x1bPtmux;\x1b\x1b]52;c;{encoded}\x07\x1b\\") } else { format!("\x1b]52;c;{encoded}\x07") }
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
        assert_eq!(sequence("hi\u{1b}", false), "\x1b]52;c;aGkb\x07");
        assert_eq!(sequence("hi", true), "\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\");
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
