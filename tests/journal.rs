//! The journal file under fire: several writers, killed writers, full disks, damaged files, hostile names.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;

use chrono::{TimeDelta, Utc};
use sixty::app::Licence;
use sixty::facts::At;
use sixty::facts::FaultKind;
use sixty::incident::Entry;
use sixty::incident::Incident;
use sixty::incident::What;
use sixty::runtime::journal;
use sixty::runtime::journal::Access;
use sixty::runtime::journal::Appended;
use sixty::runtime::journal::Archive;
use sixty::runtime::journal::Journal;

const SERVICE: &str = "checkout-api";
/// Set for a process that is to write until it is killed.
const WRITER: &str = "SIXTY_TEST_JOURNAL_WRITER";
/// Set for a process whose files may not grow far.
const SMALL: &str = "SIXTY_TEST_JOURNAL_SMALL";

fn entry(what: What) -> Entry {
    entry_at(Utc::now(), what)
}

fn entry_at(at: At, what: What) -> Entry {
    Entry::new(&journal::new_id(at), at, "ana", "bastion", what)
}

fn tick(item: &str) -> Entry {
    entry(What::Ticked { list: "first-60-seconds".into(), item: item.into() })
}

fn writer(dir: &Path) -> Journal {
    Journal::open(dir, SERVICE, Access::Write(Licence::of_a_person()))
}

fn watcher(dir: &Path) -> Journal {
    Journal::open(dir, SERVICE, Access::ReadOnly)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir.join("incidents").join(SERVICE))
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    files.sort();
    files
}

fn ids(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.id.as_str()).collect()
}

/// This test program again, as another process that runs one of its tests.
fn child(test: &str, variable: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(variable, dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[test]
fn what_one_writes_the_other_sees_at_its_next_poll() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut b, mut wall) = (writer(dir.path()), writer(dir.path()), watcher(dir.path()));
    assert!(a.poll(Utc::now()).is_empty() && b.poll(Utc::now()).is_empty() && wall.poll(Utc::now()).is_empty());
    assert_eq!(wall.incident(), None);

    let first = tick("ack");
    a.append(&first).unwrap();
    for journal in [&mut a, &mut b, &mut wall] {
        let seen = journal.poll(Utc::now());
        assert!(matches!(&seen[0].what, What::Opened { service, .. } if service == SERVICE), "{seen:?}");
        assert_eq!(seen[1..], *std::slice::from_ref(&first));
        assert!(journal.poll(Utc::now()).is_empty());
        assert!(journal.incident().is_some() && journal.path().is_some());
    }
    let second = tick("down");
    b.append(&second).unwrap();
    for journal in [&mut a, &mut b, &mut wall] {
        assert_eq!(journal.poll(Utc::now()), std::slice::from_ref(&second));
        assert_eq!((journal.pending(), journal.trouble(), journal.skipped()), (0, None, 0));
    }
    let late = Incident::fold(watcher(dir.path()).poll(Utc::now()));
    assert!(late.tick("first-60-seconds", "ack").unwrap().done && late.tick("first-60-seconds", "down").unwrap().done);
    assert_eq!((late.service(), late.opened_at()), (SERVICE, Some(first.at)));
}

#[test]
fn two_writers_lose_and_double_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let written: Vec<Vec<String>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut journal = writer(dir.path());
                    let one = |n: usize| {
                        let entry = tick(&format!("item {n}"));
                        journal.append(&entry).unwrap();
                        entry.id
                    };
                    (0..200).map(one).collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let entries = watcher(dir.path()).poll(Utc::now());
    let places: HashMap<_, _> = ids(&entries).into_iter().enumerate().map(|(index, id)| (id, index)).collect();
    assert_eq!((entries.len(), places.len(), files(dir.path()).len()), (401, 401, 1));
    for ids in written {
        assert!(ids.iter().map(|id| places[id.as_str()]).is_sorted(), "each writer's own order stays");
    }
}

#[test]
fn all_who_start_at_once_share_one_incident() {
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for n in 0..8 {
                let (dir, start) = (dir.path(), &start);
                scope.spawn(move || {
                    let mut journal = writer(dir);
                    assert!(journal.poll(Utc::now()).is_empty() || n > 0);
                    start.wait();
                    journal.append(&tick(&format!("{n}"))).unwrap();
                });
            }
        });
        assert_eq!(files(dir.path()).len(), 1);
        let entries = watcher(dir.path()).poll(Utc::now());
        assert_eq!(entries.iter().filter(|entry| matches!(entry.what, What::Opened { .. })).count(), 1);
        assert_eq!(entries.len(), 9);
    }
}

#[test]
fn writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(WRITER) else { return };
    let mut journal = writer(Path::new(&dir));
    for n in 0_u64.. {
        let entry = tick(&format!("item {}", n % 4));
        // Two writers that do nothing else may starve each other of the lock for longer than one waits; what
        // waits then is acknowledged when it is written.
        if journal.append(&entry).is_err() {
            while journal.retry().is_err() {}
        }
        println!("\nwritten {}", entry.id);
        if n % 7 == 0 {
            let _ = journal.poll(Utc::now());
        }
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    let mut kills = 0;
    let mut random = fastrand::Rng::with_seed(60);
    while kills < 20 {
        let mut pair: Vec<_> =
            (0..2).map(|_| child("writes_until_it_is_killed", WRITER, dir.path()).spawn().unwrap()).collect();
        for mut one in pair.drain(..) {
            let mut lines = BufReader::new(one.stdout.take().unwrap()).lines().map(Result::unwrap);
            let mut taken = 0;
            // A different count and a few turns more, so that the kill falls into different steps of a write.
            let enough = random.usize(0..25);
            while taken < enough {
                if let Some(id) = lines.next().unwrap().strip_prefix("written ") {
                    acknowledged.push(id.to_owned());
                    taken += 1;
                }
            }
            for _ in 0..random.usize(0..400) {
                thread::yield_now();
            }
            one.kill().unwrap();
            assert_eq!(one.wait().unwrap().signal(), Some(9));
            kills += 1;
            acknowledged.extend(lines.filter_map(|line| line.strip_prefix("written ").map(str::to_owned)));
        }
    }
    // The last acknowledgement of each may be cut in the pipe; a prefix of an id is not an id.
    acknowledged.retain(|id| id.rsplit('-').next().is_some_and(|random| random.len() == 8));

    let paths = files(dir.path());
    let paths: Vec<_> = paths.iter().filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    assert_eq!(paths.len(), 1, "all of them shared one incident");
    let mut journal = watcher(dir.path());
    let entries = journal.poll(Utc::now());
    let mut found: HashMap<&str, usize> = HashMap::new();
    let text = fs::read_to_string(paths[0]).unwrap();
    let parsed: Vec<_> = text.lines().filter_map(|line| Entry::parse(line).ok()).collect();
    for id in ids(&parsed) {
        *found.entry(id).or_default() += 1;
    }
    for id in &acknowledged {
        assert_eq!(found.get(id.as_str()), Some(&1), "{id}");
    }
    assert_eq!(ids(&entries).into_iter().collect::<HashSet<_>>().len(), entries.len());
    assert_eq!(ids(&entries), ids(&parsed));
    println!(
        "{kills} kills, {} acknowledged, all found once; {} entries in the file, {} torn lines",
        acknowledged.len(),
        entries.len(),
        journal.skipped()
    );
    assert!(!acknowledged.is_empty());
}

#[test]
fn damaged_lines_cost_only_themselves() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut b) = (writer(dir.path()), watcher(dir.path()));
    a.append(&tick("ack")).unwrap();
    assert_eq!(b.poll(Utc::now()).len(), 2);
    let path = b.path().unwrap().to_path_buf();
    let add = |bytes: &[u8]| OpenOptions::new().append(true).open(&path).unwrap().write_all(bytes).unwrap();

    add(b"garbage\n\n\xff\xfe\n{\"v\":1}\n");
    assert!(b.poll(Utc::now()).is_empty());
    assert_eq!(b.skipped(), 3);

    let strange = entry(What::Note { text: "caf_".into() });
    add(&strange.line().into_bytes().iter().map(|b| if *b == b'_' { 0xe9 } else { *b }).collect::<Vec<_>>());
    assert!(b.poll(Utc::now()).is_empty(), "a line without its end is not done");
    add(b"\r\n");
    let seen = b.poll(Utc::now());
    assert!(matches!(&seen[0].what, What::Note { text } if text == "caf\u{fffd}"), "{seen:?}");

    let later = r#"{"v":3,"id":"later-1","at":"2024-05-01T03:15:20.123Z","kind":"hypothesis","text":["x"]}"#;
    add(format!("{later}\n").as_bytes());
    assert!(matches!(b.poll(Utc::now())[0].what, What::Unknown(_)));

    add(&vec![b'x'; 700_000]);
    assert!(b.poll(Utc::now()).is_empty());
    add(b"\n");
    assert!(b.poll(Utc::now()).is_empty());
    assert_eq!(b.skipped(), 4);

    // Somebody was killed within a write: the next writer closes that line before its own.
    let torn = tick("torn").line();
    add(&torn.as_bytes()[..torn.len() / 2]);
    let next = tick("down");
    a.append(&next).unwrap();
    assert_eq!(b.poll(Utc::now()), [next]);
    assert_eq!(b.skipped(), 5);

    // Killed between the last brace and the line break: the entry is whole, and written again it is one entry.
    let whole = tick("whole");
    add(whole.line().as_bytes());
    assert!(b.poll(Utc::now()).is_empty());
    a.append(&whole).unwrap();
    assert_eq!(b.poll(Utc::now()), [whole]);
    assert_eq!(Incident::fold(watcher(dir.path()).poll(Utc::now())).entries().count(), 6);
}

#[test]
fn a_file_that_is_cut_or_replaced_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut b) = (writer(dir.path()), watcher(dir.path()));
    for item in ["1", "2", "3"] {
        a.append(&tick(item)).unwrap();
    }
    assert_eq!(b.poll(Utc::now()).len(), 4);
    let path = b.path().unwrap().to_path_buf();
    let text = fs::read_to_string(&path).unwrap();

    let new = tick("4");
    // Cut to its first line, in place.
    File::options().write(true).open(&path).unwrap().set_len(text.find('\n').unwrap() as u64 + 1).unwrap();
    assert!(b.poll(Utc::now()).is_empty());
    // Written anew by an editor, longer than before.
    fs::write(&path, format!("{}\n{text}", new.line())).unwrap();
    assert_eq!(b.poll(Utc::now()), [new]);
    // Replaced by another file of that name.
    let other = dir.path().join("other");
    let newer = tick("5");
    fs::write(&other, format!("{text}{}\n", newer.line())).unwrap();
    fs::rename(&other, &path).unwrap();
    assert_eq!(b.poll(Utc::now()), [newer]);
    let last = tick("6");
    a.append(&last).unwrap();
    assert_eq!(b.poll(Utc::now()), [last]);
}

#[test]
fn what_cannot_be_written_waits() {
    let dir = tempfile::tempdir().unwrap();
    let obstacle = dir.path().join("incidents");
    fs::write(&obstacle, "not a directory").unwrap();
    let mut journal = writer(dir.path());
    let (first, second) = (tick("ack"), tick("down"));
    let fault = journal.append(&first).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Local);
    assert_eq!(fault.cause, "a file is in the way of a directory");
    assert!(fault.advice.contains("move it away"), "{fault}");
    assert!(journal.append(&second).is_err());
    assert_eq!((journal.pending(), journal.trouble()), (2, Some(&fault)));
    assert!(journal.retry().is_err());
    let _ = journal.poll(Utc::now());
    assert_eq!(journal.incident(), None);

    fs::remove_file(&obstacle).unwrap();
    // Meanwhile somebody else could write: ours join theirs, and show at once.
    let theirs = tick("deploys");
    writer(dir.path()).append(&theirs).unwrap();
    let seen = journal.poll(Utc::now());
    assert_eq!(seen[1..], [theirs, first.clone(), second.clone()]);
    assert_eq!(journal.retry(), Ok(2));
    assert_eq!((journal.pending(), journal.trouble()), (0, None));
    assert_eq!(journal.poll(Utc::now()), [first, second]);
    assert_eq!(journal.retry(), Ok(0));
    assert_eq!(files(dir.path()).len(), 1);
}

#[test]
fn writes_until_the_disk_is_full() {
    let Some(dir) = std::env::var_os(SMALL) else { return };
    let dir = Path::new(&dir);
    let mut journal = writer(dir);
    let mut entries = Vec::new();
    let fault = loop {
        let entry = tick(&format!("item {}", entries.len()));
        entries.push(entry.clone());
        if let Err(fault) = journal.append(&entry) {
            break fault;
        }
    };
    assert!(!fault.cause.contains("os error") && !fault.advice.is_empty(), "{fault}");
    let more = tick("more");
    entries.push(more.clone());
    assert!(journal.append(&more).is_err());
    assert_eq!(journal.pending(), 2);
    let text = fs::read_to_string(journal.path().unwrap()).unwrap();
    assert!(!text.ends_with('\n'), "the disk was full in the middle of a line");

    let limits = rustix::process::getrlimit(rustix::process::Resource::Fsize);
    rustix::process::setrlimit(
        rustix::process::Resource::Fsize,
        rustix::process::Rlimit { current: limits.maximum, ..limits },
    )
    .unwrap();
    assert_eq!(journal.retry(), Ok(2));
    assert_eq!((journal.pending(), journal.trouble()), (0, None));
    let mut reader = watcher(dir);
    assert_eq!(reader.poll(Utc::now())[1..], entries);
    assert_eq!(reader.skipped(), 1, "the torn line was closed, not cut");
    println!("\nall {} entries found", entries.len());
}

#[test]
fn a_full_disk_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let inner = child("writes_until_the_disk_is_full", SMALL, dir.path());
    // A limit on the size of files fails a write in the middle, as a full disk does. Its signal must be ignored, and
    // only what a process inherits can be without unsafe code.
    let mut outer = Command::new("sh");
    outer.args(["-c", "trap '' XFSZ; ulimit -S -f 4; exec \"$@\"", "sh"]).arg(inner.get_program());
    outer.args(inner.get_args()).env(SMALL, dir.path());
    let output = outer.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("entries found"), "{said}");
}

#[test]
fn whoever_holds_the_lock_too_long_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = writer(dir.path());
    journal.append(&tick("ack")).unwrap();
    let held = File::open(journal.path().unwrap()).unwrap();
    held.lock().unwrap();
    let fault = journal.append(&tick("down")).unwrap_err();
    assert_eq!(fault.cause, "another program holds its lock");
    assert_eq!(journal.pending(), 1);
    drop(held);
    assert_eq!(journal.retry(), Ok(1));
}

#[test]
fn read_only_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let mut wall = watcher(dir.path());
    assert!(wall.poll(Utc::now()).is_empty());
    let fault = wall.append(&tick("ack")).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied);
    assert_eq!((wall.retry(), wall.pending(), wall.trouble()), (Ok(0), 0, None));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

    writer(dir.path()).append(&tick("ack")).unwrap();
    let path = files(dir.path()).remove(0);
    let before = fs::read(&path).unwrap();
    assert_eq!(wall.poll(Utc::now()).len(), 2);
    assert!(wall.append(&tick("down")).is_err());
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(files(dir.path()), [path]);
}

#[test]
fn only_the_writer_and_the_rights_of_what_it_makes_can_write() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/runtime");
    for path in [
        "journal.rs",
        "journal/place.rs",
        "journal/roster.rs",
        "journal/tail.rs",
        "journal/identity.rs",
        "journal/append.rs",
        "journal/guard.rs",
    ] {
        let text = fs::read_to_string(source.join(path)).unwrap();
        for word in [
            "OpenOptions",
            "options()",
            "File::create",
            "fs::write",
            "create_dir",
            "rename(",
            "remove_",
            "lock()",
            "set_",
            "RDWR",
            "WRONLY",
            "OFlags::CREATE",
        ] {
            assert!(!text.contains(word), "{path} has `{word}`");
        }
    }
    assert_eq!(fs::read_dir(source.join("journal")).unwrap().count(), 10, "look at new files as well");
}

#[test]
fn after_the_end_comes_another_incident() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut b) = (writer(dir.path()), watcher(dir.path()));
    a.append(&tick("ack")).unwrap();
    assert_eq!((a.poll(Utc::now()).len(), b.poll(Utc::now()).len()), (2, 2));
    let first = b.incident();
    let end = entry(What::Resolved);
    a.append(&end).unwrap();
    assert_eq!((a.poll(Utc::now()), b.poll(Utc::now())), (vec![end.clone()], vec![end]));
    assert_eq!(b.incident(), first, "who saw it end still sees it");
    assert!(b.poll(Utc::now()).is_empty());
    assert_eq!(b.incident(), first);
    let mut late = watcher(dir.path());
    assert!(late.poll(Utc::now()).is_empty() && late.incident().is_none(), "who comes later does not");

    // A name that sorts after the first one's is sure only a second later.
    let opening =
        entry_at(Utc::now() + TimeDelta::seconds(1), What::Opened { service: SERVICE.into(), title: "again".into() });
    a.append(&opening).unwrap();
    for journal in [&mut a, &mut b, &mut late] {
        assert_eq!(journal.poll(Utc::now()), std::slice::from_ref(&opening));
        assert_ne!(journal.incident(), first);
    }
    for (journal, followed) in [(&mut a, true), (&mut b, true), (&mut late, false)] {
        assert_eq!((journal.take_replaced(), journal.take_replaced()), (followed, false));
    }
    assert_eq!(files(dir.path()).len(), 2);
}

#[test]
fn an_incident_is_over_when_nobody_writes_for_six_hours() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut b) = (writer(dir.path()), watcher(dir.path()));
    let start = Utc::now();
    a.append(&entry_at(start, What::Note { text: "one".into() })).unwrap();
    assert_eq!(b.poll(start + TimeDelta::hours(5)).len(), 2);
    assert!(b.poll(start + TimeDelta::hours(7)).is_empty());
    assert_eq!(b.incident(), None);
    let next_night = entry_at(start + TimeDelta::hours(7), What::Note { text: "two".into() });
    a.append(&next_night).unwrap();
    assert_eq!(files(dir.path()).len(), 2);
    assert_eq!(b.poll(next_night.at)[1..], *std::slice::from_ref(&next_night));

    // Entries of today in a file that nobody touched for so long come from a clock that was wrong.
    for path in files(dir.path()) {
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_hours(7)).unwrap();
    }
    assert!(watcher(dir.path()).poll(next_night.at).is_empty());
}

#[test]
fn an_id_that_is_there_is_not_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut b) = (writer(dir.path()), writer(dir.path()));
    let sending = Entry::new(
        "sending-u1-slack-1",
        Utc::now(),
        "ana",
        "h",
        What::Sending { update: "u1".into(), to: "slack".into() },
    );
    assert_eq!(a.append(&tick("ack")), Ok(Appended::New));
    assert_eq!(a.append(&sending), Ok(Appended::New));
    assert_eq!(b.append(&sending), Ok(Appended::Known), "what another wrote is read first");
    assert_eq!(a.append(&sending), Ok(Appended::Known));
    // A third one finds it under another time and another name as well: the id decides.
    let other = Entry { at: sending.at + TimeDelta::seconds(9), who: "sam".into(), ..sending.clone() };
    assert_eq!(writer(dir.path()).append(&other), Ok(Appended::Known));
    assert_eq!((a.poll(Utc::now()).len(), b.poll(Utc::now()).len()), (3, 3));
    let path = files(dir.path()).remove(0);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);

    // Cut out of the file by hand, it is new again.
    let text = fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text.split_inclusive('\n').filter(|line| !line.contains("sending-u1")).collect();
    fs::write(&path, kept.concat()).unwrap();
    assert_eq!(b.append(&sending), Ok(Appended::New));

    // One that waits is there once as well.
    let held = File::open(&path).unwrap();
    held.lock().unwrap();
    let waits = tick("waits");
    assert!(a.append(&waits).is_err() && a.append(&waits).is_err());
    assert_eq!(a.pending(), 1);
    drop(held);
    assert_eq!(a.append(&waits), Ok(Appended::Known));
    assert_eq!(a.pending(), 0);
}

#[test]
fn what_is_over_goes_on_when_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut wall) = (writer(dir.path()), watcher(dir.path()));
    let start = Utc::now();
    let said = |seconds: i64, what: What| entry_at(start + TimeDelta::seconds(seconds), what);
    a.append(&said(0, What::Note { text: "one".into() })).unwrap();
    a.append(&said(10, What::Resolved)).unwrap();
    let first = a.incident();
    assert!(wall.poll(start).is_empty(), "it was over before");
    // What is about its end belongs to it; the time of the words counts, not their place in the file.
    let export = said(11, What::Exported { path: "p.md".into(), hash: "h".into() });
    a.append(&export).unwrap();
    a.append(&said(5, What::Reopened)).unwrap();
    assert!(watcher(dir.path()).poll(start).is_empty(), "closed after it was opened again");
    // A folder that has not changed for long is not searched again and again.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    File::open(dir.path().join("incidents").join(SERVICE)).unwrap().set_modified(old).unwrap();
    assert!(wall.poll(start).is_empty() && wall.poll(start).is_empty());
    a.append(&said(20, What::Reopened)).unwrap();
    assert_eq!(wall.poll(start).len(), 6);
    assert_eq!((a.incident(), files(dir.path()).len()), (first.clone(), 1));
    let mut late = watcher(dir.path());
    assert_eq!((late.poll(start).len(), late.incident()), (6, first.clone()));
    a.append(&said(21, What::Note { text: "two".into() })).unwrap();
    assert_eq!((a.incident(), files(dir.path()).len()), (first, 1));
    let fold = Incident::fold(late.poll(start));
    assert!(fold.resolved().is_none());
}

#[test]
fn what_no_reader_accepts_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = writer(dir.path());
    let at = Utc::now();
    let long = Entry { what: What::Note { text: "x".repeat(300_000) }, ..tick("ack") };
    for (entry, kind) in [
        (Entry::new("", at, "ana", "h", What::Resolved), FaultKind::Unreadable),
        (Entry::new("hôte-1", at, "ana", "h", What::Resolved), FaultKind::Unreadable),
        (long, FaultKind::TooLarge),
    ] {
        assert_eq!(journal.append(&entry).unwrap_err().kind, kind);
    }
    assert_eq!((journal.pending(), fs::read_dir(dir.path()).unwrap().count()), (0, 0));
}

#[test]
fn an_incident_that_vanishes_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut b) = (writer(dir.path()), watcher(dir.path()));
    a.append(&tick("ack")).unwrap();
    assert_eq!((a.poll(Utc::now()).len(), b.poll(Utc::now()).len()), (2, 2));
    fs::remove_dir_all(dir.path().join("incidents")).unwrap();
    let next = tick("down");
    a.append(&next).unwrap();
    assert_eq!(b.poll(Utc::now())[1..], [next]);
    fs::remove_dir_all(dir.path().join("incidents")).unwrap();
    assert!(b.poll(Utc::now()).is_empty() && a.poll(Utc::now()).is_empty());
    assert_eq!((a.incident(), b.incident(), b.trouble()), (None, None, None));
}

#[test]
fn what_is_not_a_regular_file_is_never_opened() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = writer(dir.path());
    journal.append(&tick("ack")).unwrap();
    let path = journal.path().unwrap().to_path_buf();
    fs::remove_file(&path).unwrap();
    // Both would never end: one blocks on opening, the other on reading.
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/full", path.with_file_name("99999999T000000Z-device.jsonl")).unwrap();
    let _ = journal.poll(Utc::now());
    assert_eq!(journal.trouble().unwrap().cause, "not a regular file");
    assert!(journal.append(&tick("down")).is_err());
    assert_eq!(journal.pending(), 1);
}

#[test]
fn a_hostile_service_stays_in_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["../../x", "/etc", "..", "", "a\u{1b}]0;x\u{7}", "a/b", "a b", &"ä".repeat(300)];
    for name in names {
        let mut journal = Journal::open(dir.path(), name, Access::Write(Licence::of_a_person()));
        journal.append(&tick("ack")).unwrap();
        let opened = Incident::fold(journal.poll(Utc::now()));
        assert!(!opened.service().chars().any(char::is_control));
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(fs::read_dir(dir.path().join("incidents")).unwrap().count(), names.len());
}

#[test]
fn no_link_leads_out_of_the_folders() {
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside.jsonl");
    let state = dir.path().join("state");
    let mut good = writer(&state);
    good.append(&tick("ack")).unwrap();
    let id = good.incident().unwrap();
    // It looks like an incident, so that only the link is the reason.
    fs::copy(good.path().unwrap(), &outside).unwrap();
    let before = fs::read(&outside).unwrap();
    let service = state.join("incidents").join(SERVICE);
    let archive = Archive::new(&state);
    let licence = Licence::of_a_person();

    let evil = "29990101T000000Z-evil00";
    std::os::unix::fs::symlink(&outside, service.join(format!("{evil}.jsonl"))).unwrap();
    let error = archive.append(licence, evil, &tick("x")).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");
    assert!(archive.load(evil).unwrap_err().to_string().contains("symbolic link"));
    let listing = archive.list().unwrap();
    assert_eq!((listing.rows.len(), listing.damaged.len()), (1, 1), "{:?}", listing.damaged);
    good.append(&tick("still")).unwrap();
    assert_eq!(good.incident(), Some(id.clone()));

    // The file that is followed becomes a link.
    let path = good.path().unwrap().to_path_buf();
    fs::rename(&path, dir.path().join("moved")).unwrap();
    std::os::unix::fs::symlink(&outside, &path).unwrap();
    let error = good.append(&tick("y")).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");
    fs::remove_file(&path).unwrap();

    // The folder of a service, and that of all.
    let elsewhere = dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::copy(&outside, elsewhere.join(format!("{id}.jsonl"))).unwrap();
    std::os::unix::fs::symlink(&elsewhere, state.join("incidents/linked")).unwrap();
    let mut linked = Journal::open(&state, "linked", Access::Write(licence));
    assert!(linked.poll(Utc::now()).is_empty());
    assert!(linked.append(&tick("z")).unwrap_err().to_string().contains("symbolic link"));
    fs::rename(state.join("incidents"), dir.path().join("away")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("away"), state.join("incidents")).unwrap();
    assert!(writer(&state).append(&tick("z")).unwrap_err().to_string().contains("symbolic link"));
    assert!(archive.list().unwrap_err().to_string().contains("symbolic link"));
    assert_eq!(fs::read(&outside).unwrap(), before);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
}

#[test]
fn what_is_no_journal_is_not_appended_to() {
    let dir = tempfile::tempdir().unwrap();
    writer(dir.path()).append(&tick("ack")).unwrap();
    let id = "29990101T000000Z-other0";
    let path = dir.path().join("incidents").join(SERVICE).join(format!("{id}.jsonl"));
    fs::write(&path, "root:x:0:0").unwrap();
    let error = Archive::new(dir.path()).append(Licence::of_a_person(), id, &tick("x")).unwrap_err();
    assert!(error.to_string().contains("it is no journal"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "root:x:0:0");

    // One that is emptied while it is followed: what is written then opens another.
    let mut journal = writer(dir.path());
    journal.append(&tick("one")).unwrap();
    let emptied = journal.path().unwrap().to_path_buf();
    fs::write(&emptied, "").unwrap();
    journal.append(&tick("two")).unwrap();
    assert_ne!(journal.path(), Some(emptied.as_path()));
    assert!(fs::read(&emptied).unwrap().is_empty());
}
