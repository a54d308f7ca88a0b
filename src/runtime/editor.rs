//! The person's own editor: the text goes into a private file, the editor runs on it, the text comes back.
//!
//! Whoever calls gives the terminal away before, and takes it again after [`Msg::Edited`]. What was saved in the editor
//! is read as well when the link goes meanwhile. An editor that cannot be run, or fails, changes nothing.

use std::fs;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use tokio::sync::mpsc::UnboundedSender;

use crate::app::Msg;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;

/// What is run where the person has not said what.
const USUAL: &str = "vi";

/// No text of ours is longer, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// The exit code of a shell that did not find the program.
const NOT_FOUND: i32 = 127;

/// An editor that has a text.
pub struct Lent {
    file: PathBuf,
    begun: String,
}

impl Lent {
    /// Runs the editor on a text, on a thread of its own; what comes of it is told as [`Msg::Edited`].
    ///
    /// # Errors
    /// Why it cannot be run; nothing is told then.
    pub fn start(text: &str, command: String, news: UnboundedSender<Msg>) -> Result<Self, Fault> {
        let file = write(&std::env::temp_dir(), text)?;
        let place = file.clone();
        let run = move || {
            let outcome = run(&command, &place);
            let _ = fs::remove_file(&place);
            let _ = news.send(Msg::Edited(outcome));
        };
        thread::Builder::new().name("editor".into()).spawn(run).map_err(|error| {
            let _ = fs::remove_file(&file);
            fault(&error.to_string())
        })?;
        Ok(Self { file, begun: text.to_owned() })
    }

    /// What was saved so far, where that is something else than what it began with: for whoever leaves meanwhile.
    #[must_use]
    pub fn saved(&self) -> Option<String> {
        read(&self.file).ok().filter(|text| text.trim_end() != self.begun.trim_end())
    }
}

/// The editor that the person chose.
#[must_use]
pub fn command(env: &dyn Fn(&str) -> Option<String>) -> String {
    let chosen = |name: &str| env(name).filter(|command| !command.trim().is_empty());
    chosen("VISUAL").or_else(|| chosen("EDITOR")).unwrap_or_else(|| USUAL.to_owned())
}

/// A private file with the text in it.
fn write(folder: &Path, text: &str) -> Result<PathBuf, Fault> {
    let name = format!("sixty-{}-{:016x}.md", std::process::id(), fastrand::u64(..));
    let path = folder.join(name);
    let written = (|| {
        // It must be ours and new: the folder belongs to everybody.
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        writeln!(file, "{text}")
    })();
    written.map(|()| path.clone()).map_err(|error| {
        let _ = fs::remove_file(&path);
        fault(&format!("{}: {error}", path.display()))
    })
}

/// Runs the editor and reads what it leaves. The command may have arguments, as `code --wait`.
fn run(command: &str, file: &Path) -> Result<String, Fault> {
    // The shell outlives the keys that are meant for the editor; the editor does as it likes.
    let shell = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("trap : INT QUIT\n{command} \"$1\""))
        .arg("sixty")
        .arg(file)
        .status();
    let name = clean_line(command, 60);
    match shell {
        Ok(status) if status.success() => read(file),
        Ok(status) if status.code() == Some(NOT_FOUND) => {
            Err(fault(&format!("`{name}` was not found")).advise("set EDITOR to one that is there"))
        }
        Ok(status) => Err(fault(&format!("`{name}` ended with {status}"))),
        Err(error) => Err(fault(&format!("`{name}` cannot be run: {error}"))),
    }
}

fn read(file: &Path) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    let opened = fs::File::open(file).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    opened.map_err(|error| fault(&format!("the text cannot be read back: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

fn fault(cause: &str) -> Fault {
    Fault::new(FaultKind::Local, &clean_line(cause, 200))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_editor_is_the_persons_own() {
        let env = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        for (pairs, expected) in [
            (&[("VISUAL", "code --wait"), ("EDITOR", "nano")][..], "code --wait"),
            (&[("VISUAL", " "), ("EDITOR", "nano")], "nano"),
            (&[], "vi"),
        ] {
            assert_eq!(command(&env(pairs)), expected);
        }
    }

    #[test]
    fn the_text_comes_back_and_failures_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let file = write(folder.path(), "one\ntwo").unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(run("true", &file).unwrap(), "one\ntwo");
        assert_eq!(run("printf 'a b\\n\\377\\n\\n' >", &file).unwrap(), "a b\n\u{fffd}");
        assert!(run("false", &file).unwrap_err().cause.contains("`false` ended with exit status: 1"));
        assert!(run("no-such-editor-of-ours", &file).unwrap_err().cause.contains("was not found"));
        assert!(run("rm", &file).unwrap_err().cause.contains("cannot be read back"));
        assert!(write(&folder.path().join("nowhere"), "x").is_err());
    }

    #[tokio::test]
    async fn it_is_told_when_the_editor_was_left() {
        let (news, mut inbox) = tokio::sync::mpsc::unbounded_channel();
        let lent = Lent::start("one", "printf two >".to_owned(), news).unwrap();
        assert_eq!(inbox.recv().await, Some(Msg::Edited(Ok("two".to_owned()))));
        assert!(!lent.file.exists() && lent.saved().is_none());
    }
}
