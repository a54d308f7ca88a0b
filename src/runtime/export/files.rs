//! The files of a post-mortem: written whole or not at all, and never over what a person has edited.
//!
//! Whether a document was edited is known by the hash in the journal (`Exported`); a picture carries its own. What was
//! edited stays, and the new one goes beside it under the next number.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::io::ErrorKind;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::incident::Entry;
use crate::incident::What;
use crate::runtime::export::Subject;

/// So many documents of one incident beside each other are enough.
const MOST: usize = 99;

/// What was written where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The document.
    pub path: PathBuf,
    /// The hash of its text, for the journal.
    pub hash: String,
    /// The pictures, where there are any.
    pub pictures: Option<PathBuf>,
    /// An earlier document that a person edited, or that is not ours, and that was left as it is.
    pub kept: Option<PathBuf>,
    /// Whether we wrote what was left as it is, so that it was edited.
    pub is_edited: bool,
}

impl Written {
    /// What to say: where it is, and what was left alone.
    #[must_use]
    pub fn words(&self) -> String {
        let shown = |path: &Path| clean_line(&path.to_string_lossy(), 400);
        let pictures = self.pictures.as_deref().map(|path| format!(" and {}", shown(path))).unwrap_or_default();
        let why = if self.is_edited { "was edited" } else { "is there already" };
        let kept = self.kept.as_deref().map(|path| format!("; {} {why} and stays as it is", shown(path)));
        format!("written to {}{pictures}{}", shown(&self.path), kept.unwrap_or_default())
    }
}

/// The hash of a text, in 16 hexadecimal digits. It tells edits apart, and protects from nobody.
#[must_use]
pub fn hash(text: &[u8]) -> String {
    // FNV-1a: the standard library's hash may change with its version, what stands in a journal must not.
    let value = text
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{value:016x}")
}

/// The hashes of what was written, by the name of the file as the journal has it.
pub(super) type Known = HashMap<String, Vec<String>>;

/// What the journal says was written where.
pub(super) fn known(subject: &Subject) -> Known {
    let mut known = Known::new();
    for entry in subject.incident.entries() {
        if let What::Exported { path, hash } = &entry.what {
            known.entry(path.clone()).or_default().push(hash.clone());
        }
    }
    known
}

/// Writes a document that knows the name of its pictures, at `path` or under the next number that is free.
pub(super) fn write(
    path: &Path,
    known: &Known,
    picture: Option<&str>,
    document: impl Fn(Option<String>) -> Result<String, Fault>,
) -> Result<Written, Fault> {
    let (mut kept, mut is_edited) = (None, false);
    for number in 1..=MOST {
        let path = absolute(&numbered(path, number));
        let own = known.get(&in_journal(&path)).map(Vec::as_slice).unwrap_or_default();
        let pictures = beside(&path);
        let free = is_ours(&path, |text| own.contains(&hash(text))).map_err(|error| fault(&path, &error))?;
        let free_beside =
            picture.is_none() || is_ours(&pictures, is_stamped).map_err(|error| fault(&pictures, &error))?;
        if !free || !free_beside {
            if kept.is_none() {
                is_edited = if free { is_of_sixty(&pictures) } else { !own.is_empty() };
                kept = Some(if free { pictures } else { path });
            }
            continue;
        }
        let name = pictures.file_name().map(|name| name.to_string_lossy().into_owned());
        let text = document(name.filter(|_| picture.is_some()))?;
        if let Some(picture) = picture {
            put(&pictures, &stamped(picture)).map_err(|error| fault(&pictures, &error))?;
        }
        put(&path, &text).map_err(|error| fault(&path, &error))?;
        return Ok(Written { hash: hash(text.as_bytes()), path, pictures: picture.map(|_| pictures), kept, is_edited });
    }
    let shown = clean_line(&path.to_string_lossy(), 400);
    Err(Fault::new(FaultKind::Local, &format!("{shown}: there are {MOST} of it already"))
        .advise("move some of them away, or name another file with --out"))
}

/// The path of a document that is to be written there: a folder gets a file of that name, and is made where it is
/// spelled as one.
pub(super) fn place(to: &Path, name: &str) -> Result<PathBuf, Fault> {
    let is_spelled_as_folder = to.as_os_str().as_encoded_bytes().ends_with(b"/");
    match fs::metadata(to) {
        Ok(there) if there.is_dir() => Ok(to.join(name)),
        Ok(there) if there.is_file() && !is_spelled_as_folder => Ok(to.to_path_buf()),
        Ok(_) => {
            let shown = clean_line(&to.to_string_lossy(), 300);
            let advice = "name a file or a folder with --out, or `--out -` for the standard output";
            Err(Fault::new(FaultKind::Local, &format!("{shown} is neither a file nor a folder")).advise(advice))
        }
        Err(error) if error.kind() == ErrorKind::NotFound && is_spelled_as_folder => {
            fs::create_dir_all(to).map_err(|error| fault(to, &error))?;
            Ok(to.join(name))
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => Err(fault(to, &error)),
        // Why it cannot be written is told when that is tried.
        Err(_) => Ok(to.to_path_buf()),
    }
}

/// Whether a picture has our mark, although it may not be as it was written.
fn is_of_sixty(path: &Path) -> bool {
    path.is_file() && fs::read(path).is_ok_and(|text| String::from_utf8_lossy(&text).contains("<!-- sixty "))
}

/// Whether a file is not there, or is as it was written.
fn is_ours(path: &Path, is_known: impl Fn(&[u8]) -> bool) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
        // A link, a pipe or a folder of that name is somebody else's.
        Ok(metadata) if !metadata.is_file() => Ok(false),
        Ok(_) => fs::read(path).map(|text| is_known(&text)),
    }
}

/// `a.md`, `a-2.md`, `a-3.md`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    if number == 1 {
        return path.to_path_buf();
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{number}{ending}"))
}

/// The pictures of a document.
fn beside(path: &Path) -> PathBuf {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!("{stem}-strips.svg"))
}

/// As the journal names it: from whatever folder it is looked at later.
fn absolute(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    // The folder may be reached by several names.
    match (whole.parent().and_then(|folder| folder.canonicalize().ok()), whole.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => whole,
    }
}

/// The name of a file as an entry of the journal has it, which may cut it short.
fn in_journal(path: &Path) -> String {
    let what = What::Exported { path: path.to_string_lossy().into_owned(), hash: String::new() };
    match Entry::new("-", At::UNIX_EPOCH, "", "", what).what {
        What::Exported { path, .. } => path,
        _ => String::new(),
    }
}

/// A picture that knows its own hash, in a comment at its end.
fn stamped(picture: &str) -> String {
    format!("{picture}<!-- sixty {} -->\n", hash(picture.as_bytes()))
}

fn is_stamped(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.rfind("<!-- sixty ").is_some_and(|place| stamped(&text[..place]) == text)
}

/// Replaces a file as a whole.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let next = folder.join(format!(".postmortem-{}-{:08x}", std::process::id(), fastrand::u32(..)));
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&next)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&next, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&next);
    })
}

pub(super) fn fault(path: &Path, error: &io::Error) -> Fault {
    let shown = clean_line(&path.to_string_lossy(), 300);
    let advice = match error.kind() {
        ErrorKind::NotFound => "make the folder, or name another with --out",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "name a folder that you may write to with --out",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full: make room, or name another with --out",
        _ => "name another file with --out",
    };
    Fault::new(FaultKind::Local, &format!("{shown}: {error}")).advise(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(path: &Path, known: &mut Known, text: &str, picture: Option<&str>) -> Written {
        let document = |name: Option<String>| Ok(format!("{text} {}", name.unwrap_or_default()));
        let written = write(path, known, picture, document).unwrap();
        known.entry(in_journal(&written.path)).or_default().push(written.hash.clone());
        written
    }

    #[test]
    fn what_a_person_edited_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.md");
        let mut known = Known::new();
        let first = export(&path, &mut known, "one", Some("<svg/>"));
        assert_eq!(fs::read_to_string(&first.path).unwrap(), "one a-strips.svg");
        // Untouched it is replaced.
        let again = export(&path, &mut known, "two", Some("<svg></svg>"));
        assert_eq!((again.path.clone(), again.kept.clone()), (first.path.clone(), None));
        assert_eq!(fs::read_to_string(&again.path).unwrap(), "two a-strips.svg");
        // Edited it stays, and so does the picture beside it.
        fs::write(&again.path, "mine").unwrap();
        let beside = export(&path, &mut known, "three", Some("<svg>3</svg>"));
        assert_eq!(beside.path.file_name().unwrap(), "a-2.md");
        assert_eq!(beside.kept.as_deref(), Some(again.path.as_path()));
        assert_eq!(fs::read_to_string(&again.path).unwrap(), "mine");
        assert_eq!(fs::read_to_string(&beside.path).unwrap(), "three a-2-strips.svg");
        assert!(beside.words().contains("a.md was edited and stays as it is"), "{}", beside.words());
        // The second one is replaced as long as nobody edits it; an edited picture counts as well.
        assert_eq!(export(&path, &mut known, "four", Some("<svg/>")).path, beside.path);
        fs::write(dir.path().join("a-2-strips.svg"), "<svg>drawn by hand</svg>").unwrap();
        assert_eq!(export(&path, &mut known, "five", Some("<svg/>")).path.file_name().unwrap(), "a-3.md");
        assert_eq!(fs::read_to_string(dir.path().join("a-2-strips.svg")).unwrap(), "<svg>drawn by hand</svg>");
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
    }

    #[test]
    fn a_folder_is_made_and_what_is_no_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let spelled = PathBuf::from(format!("{}/new/deep/", dir.path().display()));
        assert_eq!(place(&spelled, "a.md").unwrap(), dir.path().join("new/deep/a.md"));
        assert!(dir.path().join("new/deep").is_dir());
        assert_eq!(place(&dir.path().join("new"), "a.md").unwrap(), dir.path().join("new/a.md"));
        assert_eq!(place(&dir.path().join("b.md"), "a.md").unwrap(), dir.path().join("b.md"));
        let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
        for none in [PathBuf::from("/dev/full"), dir.path().join("socket")] {
            let refused = place(&none, "a.md").unwrap_err();
            assert!(refused.cause.contains("is neither a file nor a folder"), "{refused:?}");
        }
    }

    #[test]
    fn what_is_not_ours_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.md");
        let victim = dir.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        let written = export(&path, &mut Known::new(), "one", None);
        assert_eq!(written.path.file_name().unwrap(), "a-2.md");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        // Nobody edited what we never wrote.
        assert!(written.words().contains("a.md is there already and stays as it is"), "{}", written.words());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let refused = write(&dir.path().join("gone/a.md"), &Known::new(), None, |_| Ok(String::new())).unwrap_err();
        assert!(refused.cause.contains("gone/a.md") && refused.advice.contains("--out"), "{refused:?}");
    }
}
