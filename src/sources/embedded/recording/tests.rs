//! The file under a hand: rows in, rows out, leases, room, damage.

use super::file::File;
use super::lease::Joined;
use super::rows::Answered;
use super::*;
use crate::promql::Query;
use crate::promql::SeriesId;
use crate::promql::Store;
use crate::promql::Value;
use std::path::Path;

const START: i64 = 1_800_000_000_000;
const CAP: u64 = 64 << 20;

fn terms(name: &str) -> Terms {
    Terms { key: key(&[name.to_owned()]), service: name.to_owned(), every_ms: 5_000, keep_ms: 3_600_000 }
}

fn me() -> Holder {
    Holder::this("sixty", "here")
}

/// Somebody of another machine: nobody can tell whether it lives.
fn stranger(number: u32) -> Holder {
    Holder::of(&format!("{number}\n1\nsixty record\nelsewhere")).unwrap()
}

fn open(dir: &Path) -> File {
    File::open(&file::path_in(dir), CAP).unwrap()
}

/// A frame encoder over a store of counters, as the engine has it.
struct Counters {
    store: Store,
    ids: Vec<SeriesId>,
    encoder: Encoder,
    tape: Tape,
}

impl Counters {
    fn new(count: usize) -> Self {
        let mut store = Store::new(Limits { max_series: count, ..Limits::default() });
        let target = store.add_target(Labels::default());
        let mut tape = Tape::running();
        let series = |index: usize| {
            let labels = Labels::from_iter([("__name__", "x_total"), ("id", &*index.to_string())]);
            let id = store.series(target, labels.clone()).unwrap();
            tape.born(id, labels);
            id
        };
        let ids = (0..count).map(series).collect();
        Self { store, ids, encoder: Encoder::default(), tape }
    }

    fn row(&mut self, step: i64) -> Row {
        let at_ms = START + step * 5_000;
        for (index, id) in self.ids.iter().enumerate() {
            // Three quarters never change.
            let value = if index % 4 == 0 { step * 10 } else { index as i64 };
            self.tape.sample(*id, value as f64, None);
        }
        self.tape.end(true);
        let frame = self.encoder.frame(at_ms, &mut [&mut self.tape]);
        Row { at_ms, frame, answers: step.to_be_bytes().to_vec(), state: None }
    }
}

fn kept(written: Written) -> i64 {
    match written {
        Written::Kept { seq, .. } => seq,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_are_there_after_the_file_was_closed_and_say_what_was_scraped() {
    let dir = tempfile::tempdir().unwrap();
    let mut counters = Counters::new(40);
    let mut file = open(dir.path());
    let recording = file.join(&terms("shop"), &me(), START, None).unwrap().recording;
    for step in 0..300 {
        assert_eq!(kept(file.write(recording, &me(), &counters.row(step)).unwrap()), step + 1);
    }
    drop(file);
    let file = open(dir.path());
    let answers = file.answers(recording, 0, 0).unwrap();
    let expected =
        |step: i64| Answered { seq: step + 1, at_ms: START + step * 5_000, body: step.to_be_bytes().to_vec() };
    assert_eq!(answers, (0..300).map(expected).collect::<Vec<_>>());
    assert_eq!(file.answers(recording, 298, 0).unwrap().len(), 2);
    let raw = file.raw(recording, START + 200 * 5_000).unwrap();
    assert_eq!((raw.frames.len(), raw.series.len(), raw.next), (180, 40, 40), "from the key frame before");
    let now_ms = START + 299 * 5_000;
    let limits = Limits { retention: Duration::from_hours(6), max_series: 100 };
    let constants = [Labels::from_iter([("job", "shop")])];
    let replayed = replay::replay(raw, limits, &constants, 5_000, now_ms).unwrap();
    assert_eq!((replayed.scrapes, replayed.store.counts().0), (180, 40));
    let value = |text: &str| match Query::parse(text).unwrap().instant(&replayed.store, now_ms).unwrap() {
        Value::Vector(samples) => samples.iter().map(|(_, value)| *value).sum::<f64>(),
        other => panic!("{other:?}"),
    };
    assert!((value("sum(rate(x_total{job=\"shop\"}[1m]))") - 10.0 * 2.0).abs() < 1e-9);
    assert!((value("count(x_total)") - 40.0).abs() < 1e-9);
    assert!((value("up") - 1.0).abs() < 1e-9);
}

#[test]
fn a_time_without_scrapes_is_an_outage() {
    let raw = |steps: &[i64]| {
        let mut counters = Counters::new(1);
        let mut births = Vec::new();
        let rows: Vec<_> = steps.iter().map(|step| counters.row(*step)).collect();
        let frames = rows.into_iter().map(|row| {
            births.extend(row.frame.births.iter().map(|birth| (birth.number, birth.target, birth.labels.clone())));
            (row.at_ms, row.frame.is_key, row.frame.body)
        });
        let frames = frames.collect();
        rows::Raw { frames, series: births, next: 1 }
    };
    // Steps that were scraped, the step at which the store is used, and whether its series lives then.
    for (steps, now, lives) in
        [(&[0, 1, 2][..], 3, true), (&[0, 1, 2], 4, true), (&[0, 1, 2], 5, false), (&[0, 1, 30], 30, true)]
    {
        let now_ms = START + now * 5_000;
        let replayed = replay::replay(raw(steps), Limits::default(), &[Labels::default()], 5_000, now_ms).unwrap();
        let found = Query::parse("x_total").unwrap().instant(&replayed.store, now_ms).unwrap();
        let Value::Vector(found) = found else { panic!("{found:?}") };
        assert_eq!(found.len() == 1, lives, "{steps:?} at {now}");
        let downs = Query::parse("count_over_time((up == 0)[10m:5s])").unwrap().instant(&replayed.store, now_ms);
        let Ok(Value::Vector(downs)) = downs else { panic!("{downs:?}") };
        assert_eq!(downs.is_empty(), steps.len() == 3 && now < 5, "{steps:?} at {now}");
    }
}

#[test]
fn one_holds_the_lease() {
    let dir = tempfile::tempdir().unwrap();
    let (mut ours, mut theirs) = (open(dir.path()), open(dir.path()));
    let terms = terms("shop");
    let joined = theirs.join(&terms, &stranger(1), START, None).unwrap();
    assert_eq!(joined.lease, Lease::Mine(None));
    let recording = joined.recording;
    let held = Joined { recording, lease: Lease::Theirs(stranger(1)) };
    assert_eq!(ours.join(&terms, &me(), START, None).unwrap(), held);
    let beat = ours.glance(recording).unwrap().unwrap().beat;
    // It lives: a suspicion of before does not hold.
    assert_eq!(theirs.beat(recording, &stranger(1)), Ok(true));
    assert_eq!(ours.join(&terms, &me(), START, Some(beat)).unwrap(), held);
    // It stands still: of two who saw it one takes over.
    let beat = ours.glance(recording).unwrap().unwrap().beat;
    let taken = ours.join(&terms, &me(), START, Some(beat)).unwrap();
    assert_eq!(taken.lease, Lease::Mine(Some(stranger(1))));
    let second = theirs.join(&terms, &stranger(2), START, Some(beat)).unwrap();
    assert_eq!(second.lease, Lease::Theirs(me()));
    // Who lost it learns so, and writes nothing.
    let mut counters = Counters::new(1);
    assert_eq!(theirs.write(recording, &stranger(1), &counters.row(0)), Ok(Written::Lost));
    assert_eq!(theirs.beat(recording, &stranger(1)), Ok(false));
    assert_eq!(kept(ours.write(recording, &me(), &counters.row(1)).unwrap()), 1);
    // Who leaves gives it up.
    theirs.release(recording, &stranger(1)).unwrap();
    assert_eq!(ours.glance(recording).unwrap().unwrap().holder, Some(me()));
    ours.release(recording, &me()).unwrap();
    assert_eq!(theirs.join(&terms, &stranger(2), START, None).unwrap().lease, Lease::Mine(None));
    // Another configuration is another recording.
    let other = Terms { key: key(&["shop, otherwise".to_owned()]), ..terms };
    assert_eq!(ours.join(&other, &me(), START, None).unwrap().lease, Lease::Mine(None));
}

#[test]
fn the_dead_are_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = open(dir.path());
    let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
    let this = me().to_text();
    let (_, place) = this.rsplit_once('\n').unwrap();
    let dead = Holder::of(&format!("{}\n0\nsixty\n{place}", child.id())).unwrap();
    file.join(&terms("shop"), &dead, START, None).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(file.join(&terms("shop"), &me(), START, None).unwrap().lease, Lease::Mine(Some(dead)));
}

#[test]
fn a_clock_that_was_set_back_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = open(dir.path());
    let recording = file.join(&terms("shop"), &me(), START, None).unwrap().recording;
    let mut counters = Counters::new(1);
    for step in [0, 1, 1_000] {
        kept(file.write(recording, &me(), &counters.row(step)).unwrap());
    }
    // The same process waits until its clock has caught up, and keeps the lease.
    assert_eq!(file.write(recording, &me(), &counters.row(2)), Ok(Written::NotLater));
    // A new one does not: what was recorded in the future goes.
    file.join(&terms("shop"), &me(), START + 10_000, None).unwrap();
    assert_eq!(kept(file.write(recording, &me(), &counters.row(3)).unwrap()), 4);
    let times: Vec<_> = file.answers(recording, 0, 0).unwrap().iter().map(|row| (row.at_ms - START) / 5_000).collect();
    assert_eq!(times, [0, 1, 3]);
}

#[test]
fn old_rows_go_and_so_do_recordings_that_nobody_goes_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = open(dir.path());
    let old = file.join(&terms("old"), &stranger(1), START, None).unwrap().recording;
    file.write(old, &stranger(1), &Counters::new(3).row(0)).unwrap();
    let recording = file.join(&terms("shop"), &me(), START, None).unwrap().recording;
    let mut counters = Counters::new(4);
    for step in 0..1_200 {
        kept(file.write(recording, &me(), &counters.row(step)).unwrap());
    }
    assert_eq!(file.find(&terms("old").key), Ok(None));
    let count = |table: &str| -> i64 {
        file.db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    // An hour is 720 rows; whole segments of 120 go.
    assert!((720..=720 + 120 + 12).contains(&count("answer")), "{}", count("answer"));
    assert_eq!((count("scrape"), count("series"), count("recording")), (count("answer"), 4, 1));
    let raw = file.raw(recording, 0).unwrap();
    assert!(raw.frames[0].1, "the first is a key frame");
}

#[test]
fn a_cap_that_is_too_small_for_one_segment_shortens_history_and_does_not_end_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = File::open(&file::path_in(dir.path()), 2 << 20).unwrap();
    let recording = file.join(&terms("shop"), &me(), START, None).unwrap().recording;
    let mut counters = Counters::new(9_000);
    let (mut lost, mut lost_last) = (Vec::new(), false);
    for step in 0..300 {
        let row = Row { answers: vec![1; 8_000], ..counters.row(step) };
        match file.write(recording, &me(), &row) {
            Err(Trouble::Full) => {
                assert!(!lost_last, "never two in a row: {step}");
                counters.encoder.lost(row.frame.births);
                lost.push(step);
                lost_last = true;
            }
            other => {
                kept(other.unwrap());
                lost_last = false;
            }
        }
    }
    assert!(!lost.is_empty() && lost.len() < 10 && lost[0] < 119, "{lost:?}");
    let raw = file.raw(recording, START).unwrap();
    let rows = usize::try_from(299 - lost[lost.len() - 1]).unwrap();
    assert_eq!((raw.frames.len(), raw.series.len(), raw.frames[0].1), (rows, 9_000, true));
}

#[test]
fn the_file_keeps_its_cap() {
    let dir = tempfile::tempdir().unwrap();
    let cap = 2 << 20;
    let mut file = File::open(&file::path_in(dir.path()), cap).unwrap();
    let terms = Terms { keep_ms: 7 * 86_400_000, ..terms("shop") };
    let recording = file.join(&terms, &me(), START, None).unwrap().recording;
    let mut counters = Counters::new(2_000);
    let mut since = None;
    for step in 0..1_000 {
        match file.write(recording, &me(), &counters.row(step)).unwrap() {
            Written::Kept { since_ms, .. } => since = since_ms,
            other => panic!("{other:?}"),
        }
        let size = |ending: &str| dir.path().join(ending).metadata().map_or(0, |file| file.len());
        let (data, log) = (size("metrics.db"), size("metrics.db-wal"));
        assert!(data <= cap / 2, "{data} at step {step}");
        assert!(data + log <= cap + (4 << 20), "{data} and {log} at step {step}");
    }
    let since = since.expect("rows had to go");
    assert!(since > START, "{since}");
    let raw = file.raw(recording, 0).unwrap();
    assert_eq!(raw.frames[0].0, since);
    assert!(raw.frames.len() >= 120, "{}", raw.frames.len());
}

#[test]
fn a_file_that_is_full_takes_what_it_can_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = open(dir.path());
    let recording = file.join(&terms("shop"), &me(), START, None).unwrap().recording;
    let mut counters = Counters::new(200);
    kept(file.write(recording, &me(), &counters.row(0)).unwrap());
    let pages: i64 = file.db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let set =
        |file: &File, pages: i64| drop(file.db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())));
    set(&file, pages);
    let mut lost = 0;
    for step in 1..200 {
        let row = counters.row(step);
        match file.write(recording, &me(), &row) {
            Ok(written) => drop(kept(written)),
            Err(trouble) => {
                assert_eq!(trouble, Trouble::Full);
                counters.encoder.lost(row.frame.births);
                lost += 1;
            }
        }
        if step == 100 {
            assert!(lost > 0, "it should be full");
            set(&file, 10_000);
        }
    }
    assert!(lost < 100);
    let raw = file.raw(recording, 0).unwrap();
    let replayed = replay::replay(raw, Limits::default(), &[Labels::default()], 5_000, START + 199 * 5_000).unwrap();
    assert_eq!(replayed.store.counts().0, 200);
    drop(counters.store);
}

#[test]
fn a_damaged_file_is_set_aside() {
    for damage in [&b"this is no database, and was never one"[..], b"SQLite format 3\0 but torn"] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("metrics.db"), damage.repeat(300)).unwrap();
        let place = Place { dir: dir.path().to_owned(), cap: CAP, access: Access::Shared, me: me() };
        let recorder = Recorder::new(place);
        let at = At::from_timestamp_millis(START).unwrap();
        recorder.open(at).unwrap();
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let aside = names.iter().find(|name| name.to_string_lossy().contains("damaged")).unwrap();
        assert_eq!(std::fs::read(dir.path().join(aside)).unwrap(), damage.repeat(300));
        recorder.close();
        open(dir.path());
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_trouble_and_reading_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blocked = dir.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let at = At::from_timestamp_millis(START).unwrap();
    let place = |dir: &Path, access| Place { dir: dir.to_owned(), cap: CAP, access, me: me() };
    let told = Recorder::new(place(&blocked.join("state"), Access::Shared)).open(at).unwrap_err();
    assert!(told.contains("not a directory"), "{told}");
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let reader = Recorder::new(place(&empty, Access::ReadOnly));
    assert!(reader.open(at).is_err());
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);
    assert!(Recorder::off().open(at).is_err());
}

#[test]
fn who_only_reads_sees_what_is_written_and_touches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = open(dir.path());
    let recording = file.join(&terms("shop"), &me(), START, None).unwrap().recording;
    let mut counters = Counters::new(10);
    let reader = File::open_to_read(&file::path_in(dir.path())).unwrap().unwrap();
    for step in 0..2_000 {
        kept(file.write(recording, &me(), &counters.row(step)).unwrap());
        assert_eq!(reader.answers(recording, step, 0).unwrap().len(), 1, "{step}");
    }
    let refused = reader.db.execute("DELETE FROM answer", []).map_err(Trouble::from);
    assert_eq!(refused, Err(Trouble::Other("the file may not be written".to_owned())));
    drop(reader);
    drop(file);
    assert!(File::open_to_read(&file::path_in(dir.path())).unwrap().is_none(), "nobody has it open");
}

#[test]
fn the_file_is_its_users_or_its_groups() {
    use std::os::unix::fs::PermissionsExt as _;
    for (folder, expected) in [(0o755, 0o600), (0o700, 0o600), (0o770, 0o660)] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(folder)).unwrap();
        let _file = open(dir.path());
        for name in ["metrics.db", "metrics.db-wal"] {
            let mode = dir.path().join(name).metadata().unwrap().permissions().mode() & 0o777;
            assert!(mode & !expected == 0 && mode & 0o600 == 0o600, "{name}: {mode:o} in {folder:o}");
        }
    }
}

#[test]
fn secrets_are_not_in_the_key_in_a_readable_form() {
    let one = key(&["shop".to_owned(), "s3cret".to_owned()]);
    assert_ne!(one, key(&["shop".to_owned(), "s3creT".to_owned()]));
    assert_ne!(one, key(&["shops3cret".to_owned()]));
}
