//! Copies: OSC 52 through SSH and tmux, and always also a file, since no terminal says whether it obeyed.

use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;

use crate::facts::Fault;
use crate::facts::FaultKind;

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
/// # Errors
/// Why it could not be written.
pub fn save(state: &Path, text: &str) -> Result<String, Fault> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = state.join("copied.txt");
    let write = || {
        std::fs::create_dir_all(state)?;
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        writeln!(file, "{text}")
    };
    let shown = crate::facts::text::clean_line(&path.to_string_lossy(), 200);
    write().map(|()| shown.clone()).map_err(|error| Fault::new(FaultKind::Local, &format!("{shown}: {error}")))
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
        let blocked = dir.path().join("copied.txt");
        assert!(save(&blocked, "x").is_err(), "a file where the directory should be");
    }
}
