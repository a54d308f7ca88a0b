//! Secrets by file, environment or command; never in a configuration value, never shown.
//!
//! A [`SecretRef`] says where a secret lies and is resolved each time it is needed, so that a rotated token works
//! without a restart. A [`Secret`] can be looked at in one way only, [`Secret::expose`]. Nothing here stores or
//! caches a secret.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;

/// How long a command may take to print a secret.
const COMMAND_DEADLINE: Duration = Duration::from_secs(5);
/// The largest secret, in bytes. A larger file is not a secret, but a mistake.
const CAP: u64 = 64 * 1024;

/// A secret value. `Debug` prints `…`; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self(value.to_owned())
    }

    /// The value itself, to be sent and never to be shown.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Where a secret lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretRef {
    /// In the environment variable of that name.
    Env(String),
    /// In a file; a line break at its end does not count.
    File(PathBuf),
    /// On the first output of a program: its name and its arguments, without a shell; at most 5 s.
    Command(Vec<String>),
    /// Here. Only for values that are no secrets (a header `X-Tenant: a`) and for tests.
    Plain(Secret),
}

impl SecretRef {
    /// Reads the secret now, without the line breaks at its end.
    ///
    /// # Errors
    ///
    /// `Local` when it is missing, empty, larger than 64 KiB, not text, or when the command fails or takes
    /// longer than 5 s.
    pub async fn resolve(&self) -> Result<Secret, Fault> {
        let value = match self {
            Self::Plain(secret) => return Ok(secret.clone()),
            Self::Env(name) => match std::env::var(name) {
                Ok(value) => value,
                Err(std::env::VarError::NotPresent) => return Err(self.fault("is not set")),
                Err(std::env::VarError::NotUnicode(_)) => return Err(self.fault("is not text")),
            },
            Self::File(path) => self.read_file(path).await?,
            Self::Command(words) => self.run(words).await?,
        };
        let value = value.trim_end_matches(['\r', '\n']);
        if value.is_empty() { Err(self.fault("is empty")) } else { Ok(Secret::new(value)) }
    }

    /// Why the secret cannot be resolved now, or `None`; a command is looked up, not run.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        let reason = match self {
            Self::Plain(_) => return None,
            Self::Env(name) => match std::env::var_os(name) {
                None => "is not set".to_owned(),
                Some(value) if value.is_empty() => "is empty".to_owned(),
                Some(_) => return None,
            },
            Self::File(path) => match std::fs::File::open(path).and_then(|file| file.metadata()) {
                Ok(about) if about.is_dir() => "is a directory".to_owned(),
                Ok(about) if about.is_file() && about.len() == 0 => "is empty".to_owned(),
                Ok(_) => return None,
                Err(error) => io_reason(&error),
            },
            Self::Command(words) => match words.first() {
                None => "has no program".to_owned(),
                Some(program) if found(program) => return None,
                Some(_) => "is not installed".to_owned(),
            },
        };
        Some(format!("{} {reason}", self.describe()))
    }

    /// Where the secret lies, in words: `environment variable GITHUB_TOKEN`. The arguments of a command are left
    /// out, since they may be secrets; of a file that everybody can read this is said.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Env(name) => format!("environment variable {}", clean_line(name, 80)),
            Self::File(path) => {
                let remark = if readable_by_all(path) { " (readable by every user of this machine)" } else { "" };
                format!("{}{remark}", self.place())
            }
            Self::Command(words) => {
                let program = clean_line(words.first().map_or("", String::as_str), 80);
                if words.len() > 1 { format!("command `{program} …`") } else { format!("command `{program}`") }
            }
            Self::Plain(_) => "value in the configuration".to_owned(),
        }
    }

    /// The same without a remark: `file /etc/sixty/ca.pem`.
    pub(super) fn place(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", clean_line(&path.display().to_string(), 200)),
            other => other.describe(),
        }
    }

    fn fault(&self, reason: &str) -> Fault {
        let advice = match self {
            Self::Env(name) => format!("export {name} before sixty starts"),
            Self::File(_) => "write the secret into that file, readable for this user only".to_owned(),
            Self::Command(_) => "run it by hand: it must print the secret and end with 0 within 5 s".to_owned(),
            Self::Plain(_) => String::new(),
        };
        Fault::new(FaultKind::Local, &format!("{} {reason}", self.describe())).advise(&advice)
    }

    async fn read_file(&self, path: &Path) -> Result<String, Fault> {
        let read = async {
            let mut text = Vec::new();
            tokio::fs::File::open(path).await?.take(CAP + 1).read_to_end(&mut text).await?;
            Ok::<_, std::io::Error>(text)
        };
        // A pipe without a writer would wait for ever.
        match tokio::time::timeout(COMMAND_DEADLINE, read).await {
            Ok(Ok(bytes)) => self.as_text(bytes),
            Ok(Err(error)) => Err(self.fault(&io_reason(&error))),
            Err(_) => Err(self.fault("could not be read within 5 s")),
        }
    }

    async fn run(&self, words: &[String]) -> Result<String, Fault> {
        let Some((program, arguments)) = words.split_first() else { return Err(self.fault("has no program")) };
        let mut child = tokio::process::Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.fault(&io_reason(&error)))?;
        let Some(stdout) = child.stdout.take() else { return Err(self.fault("has no output")) };
        let finish = async {
            let mut bytes = Vec::new();
            stdout.take(CAP + 1).read_to_end(&mut bytes).await?;
            if bytes.len() as u64 > CAP {
                return Ok((bytes, None));
            }
            Ok::<_, std::io::Error>((bytes, Some(child.wait().await?)))
        };
        match tokio::time::timeout(COMMAND_DEADLINE, finish).await {
            Ok(Ok((_, Some(status)))) if !status.success() => Err(self.fault(&match status.code() {
                Some(code) => format!("ended with {code}"),
                None => "was killed".to_owned(),
            })),
            Ok(Ok((bytes, _))) => self.as_text(bytes),
            Ok(Err(error)) => Err(self.fault(&io_reason(&error))),
            Err(_) => Err(self.fault("gave no answer within 5 s")),
        }
    }

    fn as_text(&self, bytes: Vec<u8>) -> Result<String, Fault> {
        if bytes.len() as u64 > CAP {
            return Err(self.fault("holds more than 64 KiB"));
        }
        String::from_utf8(bytes).map_err(|_| self.fault("is not text"))
    }
}

/// `does not exist`, `cannot be read: permission denied`.
pub(super) fn io_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "cannot be used: permission denied".to_owned(),
        kind => format!("cannot be used: {kind}"),
    }
}

fn found(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

#[cfg(unix)]
fn readable_by_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn readable_by_all(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn command(words: &[&str]) -> SecretRef {
        SecretRef::Command(words.iter().map(|&word| word.to_owned()).collect())
    }

    #[tokio::test]
    async fn secrets_are_read_and_trimmed() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"hunter2 \r\n\n").unwrap();
        for (reference, value) in [
            (SecretRef::File(file.path().to_owned()), "hunter2 "),
            (command(&["echo", "from-a-program"]), "from-a-program"),
            (SecretRef::Plain(Secret::new("tenant-a")), "tenant-a"),
        ] {
            assert_eq!(reference.missing(), None);
            assert_eq!(reference.resolve().await.unwrap().expose(), value);
        }
        // `PATH` is the one variable that is set wherever this runs.
        let path = SecretRef::Env("PATH".to_owned());
        assert_eq!(path.resolve().await.unwrap().expose(), std::env::var("PATH").unwrap());
        assert_eq!(path.missing(), None);
    }

    #[tokio::test]
    async fn what_is_missing_is_named_without_its_arguments() {
        let empty = tempfile::NamedTempFile::new().unwrap();
        let large = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(large.path(), vec![b'x'; 70_000]).unwrap();
        for (reference, cause) in [
            (SecretRef::Env("SIXTY_NO_SUCH_VARIABLE".to_owned()), "variable SIXTY_NO_SUCH_VARIABLE is not set"),
            (SecretRef::File(PathBuf::from("/no/such/file")), "file /no/such/file does not exist"),
            (SecretRef::File(empty.path().to_owned()), "is empty"),
            (SecretRef::File(large.path().to_owned()), "more than 64 KiB"),
            (SecretRef::File(PathBuf::from("/")), "cannot be used"),
            (command(&[]), "has no program"),
            (command(&["sixty-no-such-program", "s3cret"]), "`sixty-no-such-program …` does not exist"),
            (command(&["sh", "-c", "exit 3"]), "command `sh …` ended with 3"),
            (command(&["true"]), "command `true` is empty"),
        ] {
            let fault = reference.resolve().await.unwrap_err();
            assert!(fault.cause.contains(cause), "{} should have {cause}", fault.cause);
            assert_eq!(fault.kind, FaultKind::Local);
            assert!(!format!("{fault}").contains("s3cret"));
        }
        assert!(SecretRef::Env("SIXTY_NO_SUCH_VARIABLE".to_owned()).missing().is_some());
        assert!(SecretRef::File(PathBuf::from("/no/such/file")).missing().unwrap().ends_with("does not exist"));
        assert!(SecretRef::File(PathBuf::from("/")).missing().unwrap().ends_with("is a directory"));
        assert!(command(&["sixty-no-such-program"]).missing().unwrap().ends_with("is not installed"));
    }

    #[test]
    fn a_file_that_everybody_can_read_is_remarked() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let reference = SecretRef::File(file.path().to_owned());
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(!reference.describe().contains("readable by"));
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(reference.describe().ends_with("(readable by every user of this machine)"));
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "…");
    }
}
