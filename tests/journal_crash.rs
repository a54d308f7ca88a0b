//! Eight processes write to one incident while somebody kills them; what was acknowledged is found again, once.
//!
//! Writers are this test program again. A writer acknowledges an entry on its standard output only after the journal
//! answered that it is on disk. Kills fall at random moments, counted in acknowledgements and in turns of a loop, never
//! in time.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use chrono::Utc;
use sixty::app::Licence;
use sixty::incident::Entry;
use sixty::incident::Incident;
use sixty::incident::What;
use sixty::runtime::journal;
use sixty::runtime::journal::Access;
use sixty::runtime::journal::Appended;
use sixty::runtime::journal::Journal;

const SERVICE: &str = "checkout-api";
const WRITERS: usize = 8;
const ENTRIES: usize = 10_000;
/// Between two kills lie at most so many acknowledgements, of all writers together.
const BETWEEN_KILLS: usize = 60;
/// The state directory of a process that is to write.
const DIRECTORY: &str = "SIXTY_TEST_CRASH_DIRECTORY";
/// How many entries it is to write.
const COUNT: &str = "SIXTY_TEST_CRASH_COUNT";
/// Updates that all processes of a race send.
const UPDATES: usize = 25;

fn open(dir: &Path) -> Journal {
    Journal::open(dir, SERVICE, Access::Write(Licence::of_a_person()))
}

fn child(test: &str, dir: &Path, count: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command.env(DIRECTORY, dir).env(COUNT, count.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// A folder in memory where there is one: a sync of a disk may take many milliseconds, and no kill loses what the
/// system has.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Says something as one write that other tests' words cannot cut.
fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{words}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn some(number: u64) -> What {
    match number % 5 {
        0 => What::Note { text: "lines\nof text ".repeat(1 + number as usize % 9) },
        1 => What::Unticked { list: "first-60-seconds".into(), item: "down".into() },
        2 => What::Hypothesis { text: "the pool is full".into(), evidence: vec!["50 of 50".into()] },
        3 => What::Looked { page: "evidence".into() },
        _ => What::Ticked { list: "first-60-seconds".into(), item: "down".into() },
    }
}

#[test]
fn writes_until_it_is_done_or_killed() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let count: usize = std::env::var(COUNT).unwrap().parse().unwrap();
    let mut journal = open(Path::new(&dir));
    for _ in 0..count {
        let at = Utc::now();
        let entry = Entry::new(&journal::new_id(at), at, "ana", "bastion", some(fastrand::u64(..)));
        // Whoever waits too long for the lock keeps the entry, and acknowledges it when it is written.
        if journal.append(&entry).is_err() {
            while journal.retry().is_err() {}
        }
        say(&format!("written {}.", entry.id));
        if fastrand::u8(..7) == 0 {
            let _ = journal.poll(at);
        }
    }
    say("done.");
}

/// What a writer said, or that it is gone.
enum Said {
    Written(String),
    Done,
    Gone,
}

struct Writer {
    process: Child,
    left: usize,
    is_done: bool,
}

/// Starts a writer and a thread that passes on what it says.
fn start(slot: usize, dir: &Path, left: usize, out: &mpsc::Sender<(usize, Said)>) -> Writer {
    let mut process = child("writes_until_it_is_done_or_killed", dir, left).spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let out = out.clone();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // Without its full stop a word was cut by the kill: nobody knows what it was.
            let said = match line.strip_suffix('.') {
                Some("done") => Said::Done,
                Some(word) => match word.strip_prefix("written ") {
                    Some(id) => Said::Written(id.to_owned()),
                    None => continue,
                },
                None => continue,
            };
            out.send((slot, said)).unwrap();
        }
        out.send((slot, Said::Gone)).unwrap();
    });
    Writer { process, left, is_done: false }
}

#[test]
fn what_eight_writers_acknowledged_is_found_again_once() {
    let dir = folder();
    let began = Instant::now();
    let (out, said) = mpsc::channel();
    let mut random = fastrand::Rng::with_seed(60);
    let quota = ENTRIES / WRITERS;
    let mut writers: Vec<Writer> = (0..WRITERS).map(|slot| start(slot, dir.path(), quota, &out)).collect();
    let (mut acknowledged, mut kills, mut until_kill) = (Vec::new(), 0, random.usize(..BETWEEN_KILLS));
    while writers.iter().any(|writer| !writer.is_done) {
        let (slot, words) = said.recv().unwrap();
        let writer = &mut writers[slot];
        match words {
            Said::Written(id) => {
                acknowledged.push(id);
                writer.left = writer.left.saturating_sub(1);
            }
            Said::Done => writer.is_done = true,
            Said::Gone => {
                let ended = writer.process.wait().unwrap();
                if !writer.is_done {
                    assert_eq!(ended.signal(), Some(9), "a writer ended by itself");
                    *writer = start(slot, dir.path(), writer.left, &out);
                }
                continue;
            }
        }
        if until_kill > 0 {
            until_kill -= 1;
            continue;
        }
        until_kill = random.usize(..BETWEEN_KILLS);
        for _ in 0..random.usize(..200) {
            thread::yield_now();
        }
        let victim = random.usize(..WRITERS);
        if !writers[victim].is_done && writers[victim].process.kill().is_ok() {
            kills += 1;
        }
    }
    let took = began.elapsed();

    let folder = dir.path().join("incidents").join(SERVICE);
    let files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let files: Vec<&PathBuf> = files.iter().filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    assert_eq!(files.len(), 1, "all of them shared one incident");
    let text = String::from_utf8_lossy(&fs::read(files[0]).unwrap()).into_owned();
    let mut found: HashMap<String, usize> = HashMap::new();
    let mut torn = 0;
    for line in text.lines().filter(|line| !line.is_empty()) {
        match Entry::parse(line) {
            Ok(entry) => *found.entry(entry.id).or_default() += 1,
            Err(_) => torn += 1,
        }
    }
    let lost = acknowledged.iter().filter(|id| !found.contains_key(*id)).count();
    let doubled = found.values().filter(|times| **times > 1).count();
    println!(
        "{} acknowledged, {lost} lost, {doubled} doubled, {kills} kills, {torn} torn lines, {} entries in {took:.1?}",
        acknowledged.len(),
        found.len()
    );
    assert_eq!((lost, doubled), (0, 0));
    assert_eq!(acknowledged.iter().collect::<HashSet<_>>().len(), acknowledged.len());
    assert!(acknowledged.len() + kills * 2 >= ENTRIES && kills >= 20, "{} {kills}", acknowledged.len());
    // And a reader finds what is in the file.
    let mut reader = Journal::open(dir.path(), SERVICE, Access::ReadOnly);
    assert_eq!(Incident::fold(reader.poll(Utc::now())).entries().len(), found.len());
}

#[test]
fn opens_and_sends_when_it_is_told() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let mut journal = open(Path::new(&dir));
    say("ready.");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let at = Utc::now();
    let opened = What::Opened { service: SERVICE.into(), title: std::process::id().to_string() };
    let mut entry = Entry::new(&journal::new_id(at), at, "ana", "bastion", opened);
    while journal.append(&entry).is_err() {}
    say(&format!("opened {}.", journal.incident().unwrap()));
    for update in 0..UPDATES {
        entry.id = format!("sending-u{update}-slack-1");
        entry.what = What::Sending { update: format!("u{update}"), to: "slack".into() };
        match journal.append(&entry) {
            Ok(Appended::New) => say(&format!("new {update}.")),
            Ok(Appended::Known) => say(&format!("known {update}.")),
            // The scribe would send it, once, for the disk has failed: here it has not.
            Err(fault) => panic!("{fault}"),
        }
    }
}

#[test]
fn of_eight_who_open_and_send_at_once_one_does() {
    for _ in 0..3 {
        let dir = folder();
        let mut all: Vec<Child> =
            (0..WRITERS).map(|_| child("opens_and_sends_when_it_is_told", dir.path(), 0).spawn().unwrap()).collect();
        let mut outs: Vec<_> =
            all.iter_mut().map(|one| BufReader::new(one.stdout.take().unwrap()).lines().map(Result::unwrap)).collect();
        for out in &mut outs {
            assert!(out.any(|line| line == "ready."));
        }
        // The line after which all begin; the end of the input is another.
        for one in &mut all {
            drop(one.stdin.take());
        }
        let (mut opened, mut new) = (HashSet::new(), HashMap::new());
        let mut known = 0;
        for (out, mut one) in outs.into_iter().zip(all) {
            for line in out {
                match line.strip_suffix('.').and_then(|line| line.split_once(' ')) {
                    Some(("opened", id)) => drop(opened.insert(id.to_owned())),
                    Some(("new", update)) => *new.entry(update.to_owned()).or_insert(0) += 1,
                    Some(("known", _)) => known += 1,
                    _ => {}
                }
            }
            assert!(one.wait().unwrap().success());
        }
        assert_eq!(opened.len(), 1, "one incident: {opened:?}");
        assert!(new.len() == UPDATES && new.values().all(|times| *times == 1), "each is sent by one: {new:?}");
        assert_eq!(known, UPDATES * (WRITERS - 1));
    }
}
