//! Paths as a configuration writes them: relative to its own folder, `~/` for the user's home.

use std::path::Path;
use std::path::PathBuf;

use super::reader::Wrong;
use super::reader::quoted;

/// The full path of what the file says.
pub(super) fn expand(text: &str, base: &Path, home: Option<&Path>) -> Result<PathBuf, Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::new("the path is empty", "write a path, or remove the line"));
    }
    if text.contains('\0') {
        return Err(Wrong::new(format!("{} is not a path", quoted(text)), "write a path without control characters"));
    }
    if text == "~" || text.starts_with("~/") {
        let Some(home) = home else {
            return Err(Wrong::new(
                format!("{} needs a home, and HOME is not set", quoted(text)),
                "write the full path",
            ));
        };
        return Ok(home.join(text.trim_start_matches('~').trim_start_matches('/')));
    }
    if text.starts_with('~') || text.starts_with('$') {
        let cause = format!("{} is not expanded", quoted(text));
        return Err(Wrong::new(cause, "write ~/... for your own home, or the full path"));
    }
    Ok(base.join(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let home = Some(Path::new("/home/ana"));
        for (text, full) in [
            ("x.md", "/etc/sixty/x.md"),
            ("../x.md", "/etc/sixty/../x.md"),
            ("/abs/x", "/abs/x"),
            ("~/x", "/home/ana/x"),
            ("~", "/home/ana/"),
        ] {
            assert_eq!(expand(text, Path::new("/etc/sixty"), home), Ok(PathBuf::from(full)), "{text}");
        }
        for text in ["", "  ", "~bob/x", "$HOME/x", "a\0b"] {
            assert!(expand(text, Path::new("/etc/sixty"), home).is_err(), "{text:?}");
        }
        assert!(expand("~/x", Path::new("/"), None).unwrap_err().cause.contains("HOME is not set"));
    }
}
