//! Reads the team's folder of runbooks, once at the start. What cannot be read or understood is kept as such: a
//! mistake in one file never takes the others away.

use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use crate::config::Config;
use crate::triage::runbook::Library;
use crate::triage::runbook::TeamFile;

/// A larger file is no runbook, in bytes.
const LARGEST: u64 = 256 * 1024;
/// More files than these are not read.
const MOST: usize = 500;

/// Those that ship with those of the configured folder.
#[must_use]
pub fn load(config: &Config) -> Library {
    let shipped = Library::shipped();
    match &config.runbooks {
        Some(folder) => shipped.with(&files(folder, config.checklist.as_deref())),
        None => shipped,
    }
}

/// The Markdown files of a folder, by name. A README is for whoever looks into the folder, and the checklist may lie
/// there as well: neither is a runbook.
fn files(folder: &Path, checklist: Option<&Path>) -> Vec<TeamFile> {
    let unreadable = |path: &Path, why: &str| TeamFile {
        shown: path.display().to_string(),
        name: String::new(),
        text: Err(why.to_owned()),
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return vec![unreadable(folder, &format!("the folder cannot be read: {}", error.kind()))],
    };
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_ours(path)).collect();
    paths.retain(|path| !checklist.is_some_and(|list| is_same(list, path)));
    paths.sort();
    let left_out = paths.len().saturating_sub(MOST);
    paths.truncate(MOST);
    let mut files: Vec<TeamFile> = paths
        .iter()
        .map(|path| TeamFile {
            shown: path.display().to_string(),
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            text: read(path),
        })
        .collect();
    if left_out > 0 {
        files.push(unreadable(folder, &format!("{left_out} files are left out: {MOST} are read at most")));
    }
    files
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_markdown = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("md"));
    is_markdown && !name.starts_with('.') && !name.eq_ignore_ascii_case("README.md")
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().ok().zip(other.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}

fn read(path: &Path) -> Result<String, String> {
    // Something that is no file might never end.
    if !path.is_file() {
        return Err("is no file".to_owned());
    }
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(format!("cannot be read: {}", error.kind())),
        Ok(_) if bytes.len() as u64 > LARGEST => Err(format!("is larger than {} KiB", LARGEST / 1024)),
        Ok(_) => String::from_utf8(bytes).map_err(|_| "is not UTF-8: save it as UTF-8".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_and_what_is_wrong_with_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        let good = b"---\ntitle: Ours\nsymptoms: [disk > 90%]\n---\n## Fix\n- [ ] x\n";
        write("disk-full.md", good);
        write("ours.MD", good);
        write("README.md", b"# Ours\n");
        write("list.md", b"- [ ] a checklist\n");
        write("notes.txt", b"x");
        write("latin.md", b"\xff");
        write("large.md", &vec![b'x'; LARGEST as usize + 1]);
        std::fs::create_dir(folder.path().join("folder.md")).unwrap();
        let config = Config {
            runbooks: Some(folder.path().to_owned()),
            checklist: Some(folder.path().join("./list.md")),
            ..Config::default()
        };
        let library = load(&config);
        assert_eq!(library.own(), (2, 1));
        let told: Vec<String> = library.misread().iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].ends_with("folder.md: is no file"), "{told:?}");
        assert!(told[1].ends_with("large.md: is larger than 256 KiB"), "{told:?}");
        assert!(told[2].ends_with("latin.md: is not UTF-8: save it as UTF-8"), "{told:?}");
        let gone = Config { runbooks: Some(folder.path().join("gone")), ..Config::default() };
        let library = load(&gone);
        assert!(library.misread()[0].to_string().ends_with("gone: the folder cannot be read: entity not found"));
        assert_eq!(library.runbooks().len(), Library::shipped().runbooks().len());
    }
}
