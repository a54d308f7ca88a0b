//! A journal that several Unix users share through the rights of a group, and disks that fail: with real users and real
//! file systems, which only root can have; everybody else is told what was left out.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use chrono::Utc;
use sixty::app::Licence;
use sixty::incident::Entry;
use sixty::incident::Incident;
use sixty::incident::What;
use sixty::runtime::journal;
use sixty::runtime::journal::Access;
use sixty::runtime::journal::Archive;
use sixty::runtime::journal::Journal;

/// A group and users that no machine has.
const TEAM: u32 = 61_500;
const ANA: u32 = 61_001;
const SAM: u32 = 61_002;
const GUEST: u32 = 61_003;
/// The directory of a process whose disk fails.
const DISK: &str = "SIXTY_TEST_TEAM_DISK";

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn entry(what: What) -> Entry {
    let at = Utc::now();
    Entry::new(&journal::new_id(at), at, "ana", "bastion", what)
}

fn note(text: &str) -> Entry {
    entry(What::Note { text: text.into() })
}

/// The program as another user, whose umask lets nobody else in.
fn sixty(user: u32, groups: &[u32], state: &Path, arguments: &[&str]) -> Output {
    let groups: Vec<String> = groups.iter().map(u32::to_string).collect();
    let groups = if groups.is_empty() { "--clear-groups".to_owned() } else { format!("--groups={}", groups.join(",")) };
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={user}"), groups]);
    command.args(["sh", "-c", "umask 077; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_sixty")]).args(arguments);
    command.arg("--state-dir").arg(state).args(["--service", "api"]);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", "/nonexistent");
    command.env("USER", format!("u{user}")).current_dir("/").stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn users_of_a_group_share_a_journal_and_others_are_told() {
    if !is_root() {
        return println!("skipped: only root can be several users");
    }
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    for (name, mode, owner) in [("setgid", 0o2770, 0), ("plain", 0o770, 0), ("hers", 0o2770, ANA)] {
        let state = dir.path().join(name);
        fs::create_dir(&state).unwrap();
        chown(&state, Some(owner), Some(TEAM)).unwrap();
        fs::set_permissions(&state, Permissions::from_mode(mode)).unwrap();
        let opened = sixty(ANA, &[TEAM], &state, &["open", "slow"]);
        if said(&opened).contains("exec") || said(&opened).contains("sh:") {
            return println!("skipped: another user cannot run this program: {}", said(&opened));
        }
        assert!(opened.status.success(), "{name}: {}", said(&opened));
        for (user, text) in [(SAM, "of sam"), (ANA, "of ana"), (SAM, "again")] {
            let noted = sixty(user, &[TEAM], &state, &["note", text]);
            assert!(noted.status.success(), "{name}: {}", said(&noted));
        }
        // Another service, begun by the other.
        let shown = said(&sixty(SAM, &[TEAM], &state, &["show"]));
        for part in ["of sam", "of ana", "again", &format!("People: u{ANA}, u{SAM}")] {
            assert!(shown.contains(part), "{name}: {part}: {shown}");
        }
        for path in [state.join("incidents"), state.join("incidents/api")] {
            let about = fs::metadata(&path).unwrap();
            assert_eq!((about.gid(), about.mode() & 0o7777), (TEAM, 0o2770), "{}", path.display());
        }
        for file in fs::read_dir(state.join("incidents/api")).unwrap() {
            let about = file.unwrap().metadata().unwrap();
            assert_eq!((about.gid(), about.mode() & 0o7777), (TEAM, 0o660));
        }
        for arguments in [&["note", "x"][..], &["show"], &["list"], &["open", "x"]] {
            let refused = sixty(GUEST, &[], &state, arguments);
            let words = said(&refused);
            assert_eq!(refused.status.code(), Some(2), "{name} {arguments:?}: {words}");
            assert!(words.contains("permission denied"), "{name} {arguments:?}: {words}");
            assert!(words.contains(&format!("you are not in the group {TEAM}")), "{name} {arguments:?}: {words}");
        }
    }
    println!("three users, three directories: shared by the group, closed to the guest, who was told");
}

#[test]
fn without_a_team_it_is_private() {
    if !is_root() {
        return println!("skipped: only root can be several users");
    }
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    let state = dir.path().join("state");
    fs::create_dir(&state).unwrap();
    chown(&state, Some(ANA), Some(ANA)).unwrap();
    fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
    let opened = sixty(ANA, &[], &state, &["open", "slow"]);
    if !opened.status.success() {
        return println!("skipped: another user cannot run this program: {}", said(&opened));
    }
    let shown = sixty(SAM, &[TEAM], &state, &["show"]);
    assert_eq!(shown.status.code(), Some(2), "{}", said(&shown));
    assert_eq!(fs::metadata(state.join("incidents/api")).unwrap().mode() & 0o777, 0o700);
}

fn writer(dir: &Path) -> Journal {
    Journal::open(dir, "api", Access::Write(Licence::of_a_person()))
}

fn remount(dir: &Path, options: &str) {
    assert!(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(dir).status().unwrap().success());
}

/// Runs within a file system of its own: 64 KB, which is filled, made read-only, and made larger.
#[test]
fn lives_on_a_small_disk() {
    let Some(dir) = std::env::var_os(DISK) else { return };
    let dir = Path::new(&dir);
    let mut journal = writer(dir);
    let mut entries = Vec::new();
    let fault = loop {
        let entry = note(&"what was seen ".repeat(40));
        entries.push(entry.clone());
        if let Err(fault) = journal.append(&entry) {
            break fault;
        }
    };
    assert_eq!(fault.cause, "no space left", "{fault}");
    for _ in 0..20 {
        let entry = note("in memory");
        entries.push(entry.clone());
        assert!(journal.append(&entry).is_err());
    }
    assert_eq!((journal.pending(), journal.trouble()), (21, Some(&fault)));
    // All of it is still there for whoever looks, and for a second one what reached the disk.
    let _ = Archive::new(dir).list().unwrap();

    remount(dir, "ro");
    assert_eq!(journal.retry().unwrap_err().cause, "read-only file system");
    // The incident goes on in memory: all of it is answered, the opening included.
    assert_eq!(journal.poll(Utc::now()).len(), entries.len() + 1);
    remount(dir, "rw,size=1m");
    assert_eq!(journal.retry(), Ok(21));
    assert_eq!((journal.pending(), journal.trouble()), (0, None));
    let found = Incident::fold(Journal::open(dir, "api", Access::ReadOnly).poll(Utc::now()));
    assert_eq!(found.entries().len(), entries.len() + 1);
    assert!(entries.iter().all(|entry| found.entries().any(|one| one == entry)));
    println!("\n{} entries, 21 of them waited for a full and then read-only disk: all found", entries.len());
}

#[test]
fn a_full_and_then_read_only_disk_loses_nothing() {
    if !is_root() {
        return println!("skipped: only root can mount a small disk; a limit on the size of files is tested elsewhere");
    }
    let dir = tempfile::tempdir().unwrap();
    // The mount is seen by this process alone and goes with it.
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", "mount -t tmpfs -o size=64k none \"$0\" || exit 77; exec \"$@\""]).arg(dir.path());
    command.arg(std::env::current_exe().unwrap()).args(["lives_on_a_small_disk", "--exact", "--nocapture"]);
    let output = command.env(DISK, dir.path()).output().unwrap();
    if output.status.code() == Some(77) || said(&output).contains("unshare") {
        return println!("skipped: this machine allows no mount: {}", said(&output));
    }
    assert!(output.status.success() && said(&output).contains("all found"), "{}", said(&output));
    println!("{}", said(&output).lines().find(|line| line.contains("all found")).unwrap_or_default());
}

#[test]
fn a_directory_that_goes_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let (state, away) = (dir.path().join("state"), dir.path().join("away"));
    let mut journal = writer(&state);
    journal.append(&note("one")).unwrap();
    let _ = journal.poll(Utc::now());
    let first = journal.incident();
    // As a share of the network that is gone, with something that cannot be written in its place.
    fs::rename(&state, &away).unwrap();
    fs::write(&state, "").unwrap();
    let waits = note("two");
    assert!(journal.append(&waits).is_err());
    let _ = journal.poll(Utc::now());
    assert!(journal.pending() == 1 && journal.trouble().is_some());
    fs::remove_file(&state).unwrap();
    fs::rename(&away, &state).unwrap();
    assert_eq!(journal.retry(), Ok(1));
    let _ = journal.poll(Utc::now());
    let mut reader = Journal::open(&state, "api", Access::ReadOnly);
    assert_eq!(reader.poll(Utc::now()).last(), Some(&waits));
    assert_eq!((reader.incident(), journal.trouble()), (first, None));
}

#[test]
fn a_directory_that_may_only_be_read() {
    if is_root() {
        return println!("skipped: root may write everywhere; a read-only disk is tested instead");
    }
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o555)).unwrap();
    let mut journal = writer(dir.path());
    let fault = journal.append(&note("one")).unwrap_err();
    assert_eq!(fault.cause, "permission denied");
    assert_eq!(journal.pending(), 1);
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(journal.retry(), Ok(1));
}
