//! What a check needs to know of the machine and of the rest of the program, so that the check itself is pure.

use std::io::Read;
use std::path::Path;

use crate::sources::secret::SecretRef;

/// What exists, and two questions to the machine.
pub struct World<'a> {
    /// The names of the themes that ship; none means that names of themes are not checked.
    pub themes: &'a [&'a str],
    /// The names of the presets that are accepted; none means: those that ship, which are then read only when a
    /// service names one.
    pub presets: &'a [&'a str],
    /// What `~/` stands for; `None` when the user has no home.
    pub home: Option<&'a Path>,
    /// Why a secret cannot be had now; `None` when it can.
    pub missing_secret: &'a dyn Fn(&SecretRef) -> Option<String>,
    /// Whether there is a file that can be read.
    pub is_file: &'a dyn Fn(&Path) -> bool,
    /// Whether there is a folder.
    pub is_folder: &'a dyn Fn(&Path) -> bool,
    /// Whether somebody may act: else channels and pagers are checked, and nothing of them is kept.
    pub acts: bool,
    /// The text of a file, or why there is none: `does not exist`.
    pub read_file: &'a dyn Fn(&Path) -> Result<String, String>,
}

impl<'a> World<'a> {
    /// This machine: its files, its environment.
    #[must_use]
    pub fn machine(themes: &'a [&'a str], home: Option<&'a Path>) -> Self {
        Self {
            themes,
            presets: &[],
            home,
            missing_secret: &SecretRef::missing,
            is_file: &Path::is_file,
            is_folder: &Path::is_dir,
            acts: true,
            read_file: &read,
        }
    }

    /// A world in which nothing is missing: to check the text alone.
    #[must_use]
    pub fn anywhere(themes: &'a [&'a str]) -> Self {
        Self {
            themes,
            presets: &[],
            home: Some(Path::new("/home/somebody")),
            missing_secret: &|_| None,
            is_file: &|_| true,
            is_folder: &|_| true,
            acts: true,
            read_file: &|_| Ok(String::new()),
        }
    }
}

/// Reads a file that is a text of at most 1 MiB.
fn read(path: &Path) -> Result<String, String> {
    const LARGEST: u64 = 1024 * 1024;
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err("does not exist".to_owned()),
        Err(error) => Err(format!("cannot be read: {}", error.kind())),
        Ok(_) if bytes.len() as u64 > LARGEST => Err("is larger than 1 MiB".to_owned()),
        Ok(_) => String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned()),
    }
}
