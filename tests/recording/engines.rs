//! Engines in one process, on a clock of their own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sixty::facts::Answer;
use sixty::facts::At;
use sixty::facts::Batch;
use sixty::facts::Measure;
use sixty::facts::Payload;
use sixty::promql::Query;
use sixty::promql::Value;
use sixty::sources::embedded::Embedded;
use sixty::sources::embedded::Plan;
use sixty::sources::embedded::Settings;
use sixty::sources::embedded::recording::Access;
use sixty::sources::embedded::recording::Holder;
use sixty::sources::embedded::recording::Place;
use sixty::sources::embedded::recording::Recorder;
use sixty::sources::http::Http;

use crate::loopback::Loopback;
use crate::loopback::Script;

const START: i64 = 1_800_000_000;

pub fn at(seconds: i64) -> At {
    At::from_timestamp(START + seconds, 0).unwrap()
}

fn recorder(dir: &Path, access: Access, program: &str) -> Recorder {
    Recorder::new(Place { dir: dir.to_owned(), cap: 64 << 20, access, me: Holder::this(program, "here") })
}

fn engine(server: &Loopback, recorder: &Recorder, every: Duration) -> Embedded {
    let settings = Settings {
        service: "shop".into(),
        targets: vec![(server.url("/metrics"), Arc::default())],
        every,
        rate_window: None,
        retention: Duration::from_hours(1),
        max_series: 100,
    };
    let queries = BTreeMap::from([
        (Measure::RequestRate, "sum(rate(x_total[$__rate_interval]))".to_owned()),
        (Measure::ErrorRate, "sum(rate(x_total{code=\"500\"}[5m])) / sum(rate(x_total[5m]))".to_owned()),
        (Measure::MemoryUsed, "sum(memory_bytes)".to_owned()),
        (Measure::PoolUsed, "sum(pool_used)".to_owned()),
    ]);
    let plan = move |_: &_| Plan { queries: queries.clone(), notes: vec!["a note".to_owned()], ..Plan::default() };
    Embedded::new(settings, Arc::new(plan)).recorded(recorder, "by hand")
}

/// The `n`th scrape: a counter that grows by 50, one that grows now and then, a gauge, a version.
fn body(n: usize) -> Script {
    let (all, failed) = (1_000 + 50 * n, n / 3);
    let version = if n < 10 { "1.0" } else { "1.1" };
    let text = format!(
        "x_total{{code=\"200\"}} {all}\nx_total{{code=\"500\"}} {failed}\nmemory_bytes {}\n\
         shop_build_info{{version=\"{version}\"}} 1\n",
        1e6 + n as f64 / 3.0
    );
    Script::ok("text/plain; version=0.0.4", text)
}

async fn server(count: usize) -> Loopback {
    let server = Loopback::start().await;
    server.in_turn("/metrics", (0..count).map(body).collect());
    server
}

/// Whether the answers of that instant are in the file.
fn is_written(dir: &Path, at: At) -> bool {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let count = rusqlite::Connection::open_with_flags(dir.join("metrics.db"), flags).and_then(|db| {
        let query = "SELECT count(*) FROM answer WHERE at_ms = ?";
        db.query_row(query, [at.timestamp_millis()], |row| row.get::<_, i64>(0))
    });
    count.is_ok_and(|count| count > 0)
}

async fn ask(engine: &mut Embedded, http: &Http, seconds: i64) -> Batch {
    match engine.ask(http, &move || at(seconds)).await.unwrap() {
        Payload::Signals(batch) => batch,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let http = Http::new();
    let steady = server(100).await;
    let mut reference = engine(&steady, &Recorder::off(), Duration::from_secs(5));
    let shop = server(100).await;
    let mut expected = Vec::new();
    let mut told = Vec::new();
    {
        let mut before = engine(&shop, &recorder(dir.path(), Access::Shared, "sixty"), Duration::from_secs(5));
        for step in 0..20 {
            expected.extend(ask(&mut reference, &http, step * 5).await.points);
            told.extend(ask(&mut before, &http, step * 5).await.points);
        }
    }
    assert_eq!(told, expected);
    let mut after = engine(&shop, &recorder(dir.path(), Access::Shared, "sixty"), Duration::from_secs(5));
    let history = ask(&mut after, &http, 100).await;
    assert_eq!(shop.asked("/metrics"), 20, "history is there before the first scrape");
    assert_eq!(history.points, expected);
    assert!(history.about.queries[&Measure::RequestRate].contains("x_total"));
    assert_eq!(history.about.targets[0].outcome.as_ref().unwrap().samples, 4);
    assert_eq!(after.early(), Some(Duration::ZERO), "and the first scrape follows at once");
    for step in 20..40 {
        let (mine, theirs) = (ask(&mut after, &http, step * 5).await, ask(&mut reference, &http, step * 5).await);
        assert_eq!(mine.points, theirs.points, "step {step}");
        assert!(matches!(mine.points[0].answers[&Measure::RequestRate], Answer::Known(_)), "step {step}");
        assert_eq!(mine.changes, theirs.changes);
        assert_eq!(mine.changes[0].version, "1.1");
        assert_eq!(mine.about.series.0, theirs.about.series.0);
    }
    // What is not in memory is read.
    let series = after.series_since(at(0), at(200)).await;
    let query = Query::parse("count_over_time(x_total{code=\"200\"}[1h])").unwrap();
    let found = query.instant(&series, at(200).timestamp_millis()).unwrap();
    assert!(matches!(&found, Value::Vector(found) if (found[0].1 - 40.0).abs() < 1e-9), "{found:?}");
}

#[tokio::test]
async fn a_time_without_scrapes_makes_no_spike_and_a_counter_that_began_anew_neither() {
    for lost in [3, 10, 60, 400] {
        let dir = tempfile::tempdir().unwrap();
        let http = Http::new();
        let shop = Loopback::start().await;
        let mut scripts: Vec<_> = (0..20).map(body).collect();
        // Another process with a smaller counter of the same pace.
        scripts.extend((0..20).map(|n| Script::ok("text/plain", format!("x_total{{code=\"200\"}} {}\n", 7 + 50 * n))));
        shop.in_turn("/metrics", scripts);
        {
            let mut before = engine(&shop, &recorder(dir.path(), Access::Shared, "sixty"), Duration::from_secs(5));
            for step in 0..20 {
                ask(&mut before, &http, step * 5).await;
            }
        }
        let mut after = engine(&shop, &recorder(dir.path(), Access::Shared, "sixty"), Duration::from_secs(5));
        let mut known = 0;
        if lost < 400 {
            assert_eq!(ask(&mut after, &http, (20 + lost) * 5).await.points.len(), 20);
        }
        for step in 0..20 {
            let points = ask(&mut after, &http, (20 + lost + step) * 5).await.points;
            match &points[0].answers[&Measure::RequestRate] {
                Answer::Known(rate) => {
                    known += 1;
                    assert!((rate.value - 10.0).abs() < 1.6, "{lost} lost, {step} later: {}", rate.value);
                }
                Answer::WarmingUp(_) => {}
                other => panic!("{lost} lost, {step} later: {other:?}"),
            }
        }
        assert!(known >= 18, "{lost} lost: {known}");
    }
}

#[tokio::test]
async fn one_scrapes_and_the_other_reads_and_takes_over() {
    let dir = tempfile::tempdir().unwrap();
    let http = Http::new();
    let shop = server(100).await;
    // As long as a machine with much to do may stand still without being taken for dead.
    let every = Duration::from_secs(10);
    let mut first = engine(&shop, &recorder(dir.path(), Access::Shared, "sixty record"), every);
    let mut second = engine(&shop, &recorder(dir.path(), Access::Shared, "sixty"), every);
    let mut third = engine(&shop, &recorder(dir.path(), Access::ReadOnly, "sixty"), every);
    let mut told = ask(&mut first, &http, 0).await.points;
    told.extend(ask(&mut first, &http, 5).await.points);
    let mut read = ask(&mut second, &http, 5).await;
    let mut looked = ask(&mut third, &http, 5).await.points;
    for step in 2..20 {
        told.extend(ask(&mut first, &http, step * 5).await.points);
        for (reader, points) in [(&mut second, &mut read.points), (&mut third, &mut looked)] {
            reader.ready(&move || at(step * 5)).await;
            points.extend(ask(reader, &http, step * 5).await.points);
        }
    }
    assert_eq!(shop.asked("/metrics"), 20, "one of three scrapes");
    assert_eq!(read.points, told);
    assert_eq!(looked, told);
    let note = format!("recorded by pid {} (sixty record)", std::process::id());
    assert!(read.about.notes.contains(&note) && read.about.notes.contains(&"a note".to_owned()), "{:?}", read.about);
    assert_eq!(second.remark(), Some(note));
    assert!(second.follows().is_some() && first.follows().is_none());
    // What a reader has not in memory it reads for a query of the moment.
    let series = second.series_since(at(0), at(100)).await;
    let found = Query::parse("count(x_total)").unwrap().instant(&series, at(95).timestamp_millis()).unwrap();
    assert!(matches!(found, Value::Vector(found) if (found[0].1 - 2.0).abs() < 1e-9));
    drop(series);
    // The holder leaves: whoever may write goes on at once, without a gap.
    drop(first);
    second.ready(&|| at(100)).await;
    let next = ask(&mut second, &http, 100).await;
    assert_eq!(shop.asked("/metrics"), 21);
    let Answer::Known(rate) = &next.points[0].answers[&Measure::RequestRate] else { panic!("{next:?}") };
    assert!((rate.value - 10.0).abs() < 0.1, "{rate:?}");
    // The row is written behind the answer.
    while !is_written(dir.path(), at(100)) {
        tokio::task::yield_now().await;
    }
    third.ready(&|| at(100)).await;
    assert_eq!(ask(&mut third, &http, 100).await.points, next.points);
    // Now nobody records: who only reads scrapes for itself, and writes nothing.
    drop(second);
    third.ready(&|| at(105)).await;
    ask(&mut third, &http, 105).await;
    assert_eq!(shop.asked("/metrics"), 22);
}

#[tokio::test]
async fn a_fault_is_known_to_readers_and_is_a_gap_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let http = Http::new();
    let shop = server(5).await;
    let every = Duration::from_secs(5);
    let mut first = engine(&shop, &recorder(dir.path(), Access::Shared, "sixty record"), every);
    for step in 0..5 {
        ask(&mut first, &http, step * 5).await;
    }
    shop.on("/metrics", Script::status(503, "text/plain", "busy"));
    let fault = first.ask(&http, &|| at(25)).await.unwrap_err();
    let mut second = engine(&shop, &recorder(dir.path(), Access::Shared, "sixty"), every);
    // The row is written behind the answer.
    let mut history = ask(&mut second, &http, 26).await.points;
    if history.len() < 6 {
        second.ready(&|| at(26)).await;
        assert_eq!(second.ask(&http, &|| at(26)).await, Err(fault.clone()));
    } else {
        assert_eq!(second.early(), Some(Duration::ZERO));
        assert_eq!(second.ask(&http, &|| at(26)).await, Err(fault.clone()));
        let gap = history.pop().unwrap();
        assert!(gap.answers.len() >= 3 && gap.answers.values().all(|answer| answer.number().is_none()), "{gap:?}");
    }
    assert_eq!(history.len(), 5);
    shop.on("/metrics", body(6));
    ask(&mut first, &http, 30).await;
    second.ready(&|| at(30)).await;
    let back = ask(&mut second, &http, 30).await;
    assert!(back.about.targets[0].outcome.is_ok());
    assert_eq!(shop.asked("/metrics"), 7);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_shown_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let http = Http::new();
    let shop = server(100).await;
    std::fs::write(dir.path().join("file"), "").unwrap();
    let blocked = recorder(&dir.path().join("file/state"), Access::Shared, "sixty");
    let mut engine = engine(&shop, &blocked, Duration::from_secs(5));
    for step in 0..5 {
        let batch = ask(&mut engine, &http, step * 5).await;
        let note = batch.about.notes.iter().find(|note| note.starts_with("history is not kept: "));
        assert!(note.is_some_and(|note| note.contains("not a directory")), "{:?}", batch.about.notes);
        assert_eq!(engine.remark().as_ref(), note);
    }
}

#[tokio::test]
async fn a_file_that_is_taken_away_or_broken_under_our_hands_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let http = Http::new();
    let shop = server(300).await;
    let recorder = recorder(dir.path(), Access::Shared, "sixty");
    let mut engine = engine(&shop, &recorder, Duration::from_secs(5));
    let file = dir.path().join("metrics.db");
    let names = || {
        let names = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let mut known = 0;
    for step in 0..60 {
        match step {
            20 => names().iter().for_each(|name| std::fs::remove_file(dir.path().join(name)).unwrap()),
            40 => {
                use std::os::unix::fs::FileExt as _;
                let length = std::fs::metadata(&file).unwrap().len();
                let open = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
                open.write_all_at(&vec![0x5a; length as usize], 0).unwrap();
                let log = std::fs::OpenOptions::new().write(true).open(dir.path().join("metrics.db-wal")).unwrap();
                log.set_len(0).unwrap();
                // Whoever comes now finds it, and begins anew; the holder follows.
                let other = self::recorder(dir.path(), Access::Shared, "sixty record");
                other.open(at(200)).unwrap();
                other.close();
            }
            _ => {}
        }
        for point in ask(&mut engine, &http, step * 5).await.points {
            known += usize::from(matches!(point.answers[&Measure::RequestRate], Answer::Known(_)));
        }
    }
    assert!(known >= 57, "the screen never notices: {known}");
    assert!(file.exists());
    recorder.close();
    let rows: i64 = rusqlite::Connection::open(&file)
        .and_then(|db| db.query_row("SELECT count(*) FROM answer", [], |row| row.get(0)))
        .unwrap();
    assert!(rows >= 15, "{rows} rows; {:?}", names());
}
