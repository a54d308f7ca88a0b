//! Who may read and write what is made: only its owner, or a team.
//!
//! A state directory that is writable for its group, or hands its group on (setgid), belongs to a team: what is made in
//! it is writable for that group in spite of the umask, and as legible for others as its folder. Everything else is for
//! its owner alone. The state directory itself is made private; a team makes its own.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, RenameFlags, renameat_with};

/// Who may use what is made in a folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Team {
    /// The group of the folder.
    group: u32,
    /// What others may: to read, and to enter.
    others: u32,
}

/// The team of a folder; `None` where it is private.
fn team(folder: &Metadata) -> Option<Team> {
    let shared = folder.mode() & 0o020 != 0 || folder.mode() & 0o2000 != 0;
    shared.then(|| Team { group: folder.gid(), others: folder.mode() & 0o005 })
}

/// Makes the folder of a service, below a state directory, where it is missing.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take(2).take_while(|path| !path.exists()).collect();
    let state = folder.ancestors().nth(2).unwrap_or(folder);
    if !missing.is_empty() {
        DirBuilder::new().recursive(true).mode(0o700).create(state)?;
    }
    for path in missing.into_iter().rev() {
        match make_one(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
            other => other?,
        }
    }
    // Something that is no folder is in the way.
    if folder.is_dir() || fs::metadata(folder).is_err() { Ok(()) } else { Err(ErrorKind::NotADirectory.into()) }
}

/// One folder: with all its rights before it has its name, or another of the team might find it closed.
fn make_one(path: &Path) -> io::Result<()> {
    let private = |path: &Path| DirBuilder::new().mode(0o700).create(path);
    let above = path.parent().map(fs::metadata).transpose()?;
    let Some(team) = above.as_ref().and_then(team) else { return private(path) };
    let unborn = unborn(path);
    private(&unborn)?;
    let named = give(team, &unborn).and_then(|()| {
        renameat_with(CWD, &unborn, CWD, path, RenameFlags::NOREPLACE).or_else(|error| match io::Error::from(error) {
            // Not every file system knows how to; then it has its name a moment before its rights.
            error if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
                private(path).and_then(|()| give(team, path))
            }
            error => Err(error),
        })
    });
    let _ = fs::remove_dir(&unborn);
    named
}

fn unborn(path: &Path) -> PathBuf {
    path.with_file_name(format!(".new-{:016x}", fastrand::u64(..)))
}

/// Gives a folder to a team. Where the group cannot be given it stays private: never to another group.
fn give(team: Team, path: &Path) -> io::Result<()> {
    // By a handle: another of the team may have put a link in its place.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if folder.metadata()?.gid() != team.group && fchown(&folder, None, Some(team.group)).is_err() {
        return Ok(());
    }
    folder.set_permissions(Permissions::from_mode(0o2770 | team.others))
}

/// Gives a new file the rights of its folder; it was made private.
pub(super) fn give_file(file: &File, folder: &File) -> io::Result<()> {
    let Some(team) = team(&folder.metadata()?) else { return Ok(()) };
    if file.metadata()?.gid() != team.group && fchown(file, None, Some(team.group)).is_err() {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(0o660 | (team.others & 0o004)))
}

/// What to do about a path that may not be used: join the team that it belongs to, if it is a team's.
pub(super) fn advice(path: &Path) -> String {
    // The lowest folder of which anything can be seen.
    let seen = path.ancestors().find_map(|path| Some((path, fs::metadata(path).ok()?)));
    let Some((seen, about)) = seen else { return format!("see who may write: ls -ld {}", path.display()) };
    let shown = seen.display();
    let groups = rustix::process::getgroups().unwrap_or_default();
    let mine =
        about.gid() == rustix::process::getegid().as_raw() || groups.iter().any(|one| one.as_raw() == about.gid());
    if about.mode() & 0o020 != 0 && !mine {
        let group = group_name(about.gid());
        return format!("you are not in the group {group}, to which {shown} belongs: ask for it, and log in anew");
    }
    format!("see who may write: ls -ld {shown}")
}

/// The name of a group, or its number.
fn group_name(gid: u32) -> String {
    let groups = fs::read("/etc/group").unwrap_or_default();
    name_of(&String::from_utf8_lossy(&groups), gid).unwrap_or_else(|| gid.to_string())
}

/// The name of a group in the lines of a `group` file: `name:password:gid:…`.
fn name_of(groups: &str, gid: u32) -> Option<String> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, of) = (fields.next()?, fields.nth(1)?);
        (of.parse() == Ok(gid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_folder_is_private_or_the_teams() {
        for (state, folder, file) in [
            (0o700, 0o700, 0o600),
            (0o755, 0o700, 0o600),
            (0o770, 0o2770, 0o660),
            (0o775, 0o2775, 0o664),
            (0o2770, 0o2770, 0o660),
            (0o2750, 0o2770, 0o660),
        ] {
            let dir = tempfile::tempdir().unwrap();
            fs::set_permissions(dir.path(), Permissions::from_mode(state)).unwrap();
            let service = dir.path().join("incidents/api");
            make_folder(&service).unwrap();
            make_folder(&service).unwrap();
            let path = service.join("x");
            let made = File::create(&path).unwrap();
            made.set_permissions(Permissions::from_mode(0o600)).unwrap();
            give_file(&made, &File::open(&service).unwrap()).unwrap();
            assert_eq!((mode(&service), mode(&path)), (folder, file), "in {state:o}");
            assert_eq!(mode(service.parent().unwrap()), folder);
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing unborn is left");
        }
    }

    #[test]
    fn a_state_directory_that_is_missing_is_made_private() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o2777)).unwrap();
        make_folder(&dir.path().join("a/state/incidents/api")).unwrap();
        assert_eq!(mode(&dir.path().join("a/state")) & 0o777, 0o700);
    }

    #[test]
    fn groups_have_names() {
        let groups = "root:x:0:\nbroken\n:x:7:\non-call:x:1500:ana,sam\n";
        for (gid, name) in [(0, Some("root")), (1500, Some("on-call")), (7, None), (9, None)] {
            assert_eq!(name_of(groups, gid).as_deref(), name);
        }
    }
}
