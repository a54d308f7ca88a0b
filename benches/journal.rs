//! Prints what an incident of 10,000 entries costs: to read and fold it, for each new entry, and in memory.
//!
//! `cargo bench --bench journal`. The entries are of all kinds in the shares of a long night: notes of several
//! sentences, ticks, verdicts with evidence, drafts. Processor time of one thread, best and median of several rounds, so
//! that other work on the machine counts little; the file is in the cache of the system. Heap is counted at the allocator.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use chrono::TimeDelta;
use peak_alloc::PeakAlloc;
use sixty::app::Licence;
use sixty::facts::At;
use sixty::incident::ClockAct;
use sixty::incident::ClockKind;
use sixty::incident::Entry;
use sixty::incident::Incident;
use sixty::incident::Observation;
use sixty::incident::Question;
use sixty::incident::Role;
use sixty::incident::Stage;
use sixty::incident::TestState;
use sixty::incident::UpdateStatus;
use sixty::incident::What;
use sixty::runtime::journal;
use sixty::runtime::journal::Access;
use sixty::runtime::journal::Archive;
use sixty::runtime::journal::Journal;
use sixty::triage::Severity;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const SERVICE: &str = "checkout-api";
const ENTRIES: usize = 10_000;
const ROUNDS: usize = 15;

fn main() {
    let dir = std::env::temp_dir().join(format!("sixty-bench-{}", std::process::id()));
    let now = chrono::Utc::now();
    let entries = entries(now - TimeDelta::hours(3), ENTRIES);
    let path = file(&dir, &entries);
    let size = fs::metadata(&path).map_or(0, |about| about.len());
    println!("{ENTRIES} entries, {:.2} MB, {} bytes each", size as f64 / 1e6, size as usize / ENTRIES);

    let lines: Vec<String> = entries.iter().map(Entry::line).collect();
    show("read the file", None, || fs::read(&path).map_or(0, |bytes| bytes.len()));
    show("parse", None, || lines.iter().filter_map(|line| Entry::parse(line).ok()).collect::<Vec<Entry>>());
    let mut copies: Vec<Vec<Entry>> = (0..=ROUNDS).map(|_| entries.clone()).collect();
    show("fold", None, || Incident::fold(copies.pop().unwrap_or_default()));
    show("read, parse and fold, cold (goal 10 ms)", Some(10.0), || {
        let mut journal = Journal::open(&dir, SERVICE, Access::ReadOnly);
        let incident = Incident::fold(journal.poll(now));
        (journal, incident)
    });
    show("the list of all incidents", None, || Archive::new(&dir).list().map_or(0, |listing| listing.rows.len()));

    each_new(&dir, &path, now);
    memory(&dir, now);
    let _ = fs::remove_dir_all(&dir);
}

/// Runs it several times and prints the best and the median.
fn show<T>(what: &str, goal: Option<f64>, mut run: impl FnMut() -> T) {
    let mut took: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = busy();
            let made = black_box(run());
            let took = busy().saturating_sub(start);
            // To forget it is not what is measured.
            drop(made);
            took
        })
        .collect();
    took.sort_unstable();
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    let (best, median) = (ms(took[0]), ms(took[ROUNDS / 2]));
    let verdict = goal.map_or("", |goal| if median < goal { "  met" } else { "  MISSED" });
    println!("{what:>48} {best:>8.2} ms best {median:>8.2} ms median{verdict}");
}

/// The processor time that this thread has used.
fn busy() -> Duration {
    Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// What a new entry costs who follows: written by another program, and by ourselves.
fn each_new(dir: &Path, path: &Path, now: At) {
    let more = entries(now, 1_000);
    let mut journal = Journal::open(dir, SERVICE, Access::ReadOnly);
    let mut incident = Incident::fold(journal.poll(now));
    let Ok(mut file) = fs::OpenOptions::new().append(true).open(path) else { return };
    let mut took = Vec::new();
    for (index, entry) in more.iter().enumerate() {
        let renamed = Entry { id: format!("later-{index}"), ..entry.clone() };
        let _ = writeln!(file, "{}", renamed.line());
        let start = busy();
        for new in journal.poll(now) {
            incident.apply(new);
        }
        took.push(busy().saturating_sub(start).as_secs_f64() * 1e3);
    }
    took.sort_unstable_by(f64::total_cmp);
    let (median, late) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    let verdict = if median < 0.1 { "met" } else { "MISSED" };
    println!(
        "{:>48} {median:>8.4} ms median {late:>6.4} ms p99  {verdict}",
        "each new entry, seen and folded (goal 0.1 ms)"
    );

    let mut journal = Journal::open(dir, SERVICE, Access::Write(Licence::of_a_person()));
    let _ = journal.poll(now);
    let start = Instant::now();
    for index in 0..100 {
        let what = What::Note { text: format!("note {index}") };
        let _ = journal.append(&Entry::new(&journal::new_id(now), now, "ana", "bastion", what));
    }
    let took = start.elapsed().as_secs_f64() * 10.0;
    println!("{:>48} {took:>8.4} ms mean, its sync to disk included", "each append under the lock");
}

fn memory(dir: &Path, now: At) {
    let before = HEAP.current_usage();
    let mut journal = Journal::open(dir, SERVICE, Access::ReadOnly);
    let entries = journal.poll(now);
    let read = HEAP.current_usage() - before;
    let incident = Incident::fold(entries);
    let folded = HEAP.current_usage() - before;
    let count = incident.entries().len();
    let mb = |bytes: usize| bytes as f64 / 1e6;
    println!(
        "{:>48} {:>8.2} MB for {count} entries ({} bytes each); {:.2} MB when just read",
        "heap, journal and fold",
        mb(folded),
        folded / count.max(1),
        mb(read)
    );
    drop((journal, incident));
}

/// Writes the file of an incident as sixty does.
fn file(dir: &Path, entries: &[Entry]) -> PathBuf {
    let folder = dir.join("incidents").join(SERVICE);
    let path = folder.join("20240501T031520Z-abcdef.jsonl");
    let mut text = String::new();
    for entry in entries {
        let _ = writeln!(text, "{}", entry.line());
    }
    if let Err(error) = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, text)) {
        eprintln!("the bench cannot write: {error}");
    }
    path
}

const PEOPLE: [&str; 4] = ["ana", "sam", "jörg", "mei"];
const SENTENCES: [&str; 6] = [
    "The error rate of POST /checkout rose from 0.2 % to 14 % at 03:14, right after v42 went out.",
    "Pool is full: 50 of 50 connections, 112 wait. The database itself is quiet.",
    "Rolled back to v41 with the usual command; pods are restarting one after the other.",
    "p99 is still 8.2 s — „nicht gut“ — but falling.",
    "No change in traffic; the vendor's page says all is well.",
    "Asked the team of payments to look at their side, they see 503 from us as well.",
];

/// Entries of all kinds, in the shares of a long night.
fn entries(begin: At, count: usize) -> Vec<Entry> {
    let mut random = fastrand::Rng::with_seed(60);
    let opened = What::Opened { service: SERVICE.into(), title: "checkout is slow".into() };
    let mut all = vec![Entry::new(&journal::new_id(begin), begin, "ana", "bastion-1", opened)];
    for index in 1..count {
        let at = begin + TimeDelta::milliseconds(index as i64 * 900);
        let who = PEOPLE[random.usize(..PEOPLE.len())];
        let (what, seen) = one(&mut random, index, at);
        let id = if seen { format!("seen-{index}-critical") } else { journal::new_id(at) };
        let entry = Entry::new(&id, at, who, "bastion-1.eu-west-1.example.net", what);
        all.push(if seen { entry.by_sixty() } else { entry });
    }
    all
}

/// What happened, and whether sixty saw it.
fn one(random: &mut fastrand::Rng, index: usize, at: At) -> (What, bool) {
    let sentence = |random: &mut fastrand::Rng| SENTENCES[random.usize(..SENTENCES.len())].to_owned();
    let sentences = |random: &mut fastrand::Rng| (0..random.usize(1..4)).map(|_| sentence(random)).collect::<Vec<_>>();
    let key = |prefix: &str, n: usize| format!("{prefix}-{n}");
    let (list, item) = ("first-60-seconds".to_owned(), key("item", index % 14));
    let update = key("018f3a7c2b10-bastion-4711-00002a-9c", index % 20);
    let what = match random.u8(..100) {
        0..12 => What::Ticked { list, item },
        12..14 => What::Unticked { list, item },
        14..34 => What::Note { text: sentences(random).join("\n") },
        34..54 => {
            let severity = [Severity::Critical, Severity::Warning, Severity::Ok][random.usize(..3)];
            let failed = Some((random.f64() * 1e4, 1e5));
            let (headline, evidence) = (sentence(random), sentences(random));
            return (What::Observed(Observation { severity, headline, onset: Some(at), evidence, failed }), true);
        }
        54..58 => return (What::Clock { clock: ClockKind::Update, act: ClockAct::Rang(at) }, true),
        58..60 => What::Clock { clock: ClockKind::CallOut, act: ClockAct::Snoozed(at) },
        60..62 => return (What::Normal { since: at }, true),
        62..65 => What::Assessed { question: Question::ALL[index % Question::ALL.len()], text: sentence(random) },
        65..68 => What::Hypothesis { text: sentence(random), evidence: sentences(random) },
        68..71 => {
            let state = TestState::ALL[index % TestState::ALL.len()];
            What::Tested {
                hypothesis: key("018f3a7c2b10-bastion-4711-00002b-9c", index % 40),
                state,
                text: sentence(random),
            }
        }
        71..73 => What::Acknowledged { place: "PagerDuty".into(), reference: key("Q1", index), answer: "ok".into() },
        73..74 => What::Took { role: Role::ALL[index % Role::ALL.len()], name: "sam".into() },
        74..75 => What::HandedOver { to: "mei".into(), text: sentences(random).join(" ") },
        75..79 => What::Drafted { update, status: UpdateStatus::Investigating, text: sentences(random).join(" ") },
        79..81 => What::Sending { update, to: "slack".into() },
        81..83 => What::Sent { update, to: "slack".into(), answer: "200 ok".into() },
        83..84 => What::NotSent { update, to: "teams".into(), answer: "timeout".into(), certain: false },
        84..86 => What::Staged { stage: Stage::ALL[index % 9] },
        86..87 => What::Fixed { text: sentence(random) },
        87..88 => What::Action { text: sentence(random), owner: "ana".into(), due: "2026-11-30".into() },
        88..96 => What::Unsaved { about: "note".into(), text: sentences(random).join(" ") },
        96..97 => What::Exported { path: "postmortem.md".into(), hash: key("9f86d081", index) },
        97..98 if index.is_multiple_of(50) => {
            What::MergedFrom { incident: key("20240501T031520Z-none", index), service: "db".into() }
        }
        97..99 => What::Looked { page: "evidence".into() },
        _ => What::Joined,
    };
    (what, false)
}
