//! What recording costs; to be run by hand in an optimised build:
//! `cargo test --release --test recording -- --ignored --nocapture measure`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use sixty::config;
use sixty::config::World;
use sixty::facts::At;
use sixty::facts::Payload;
use sixty::runtime::setup;
use sixty::sources::embedded::recording::Access;
use sixty::sources::embedded::recording::Recorder;
use sixty::sources::http::Http;

use crate::processes::Shop;

const HOURS: i64 = 6;
const STEPS: i64 = HOURS * 720;

/// Three of four series never change; of those that do two thirds are whole numbers.
fn body(series: usize, step: usize) -> String {
    let mut text = String::new();
    for id in 0..series {
        let labels =
            format!("method=\"GET\",route=\"/api/v1/things/{id}\",status=\"200\",pod=\"checkout-7d9f6c-x2x7q\"");
        let pace = 1 + id % 37;
        let _ = match id % 12 {
            0 => writeln!(text, "x_seconds_sum{{{labels}}} {}", (step * pace) as f64 * 0.013_7 + id as f64 / 7.0),
            4 => writeln!(text, "x_total{{{labels}}} {}", 1_000_000 + step * pace + step * step % (3 + id)),
            8 => writeln!(text, "x_bucket{{{labels},le=\"0.5\"}} {}", 50_000 + step * pace),
            _ => writeln!(text, "x_total{{{labels}}} {}", id * 31),
        };
    }
    text
}

/// Processor time of this process so far.
fn spent() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<i64> =
        text.rsplit(')').next().unwrap_or_default().split(' ').filter_map(|f| f.parse().ok()).collect();
    // Behind the letter of the state: the 11th and 12th number, in hundredths of a second.
    Duration::from_millis((fields[10] + fields[11]).unsigned_abs() * 10)
}

fn resident(pid: u32) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    text.lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or("?")
        .split_whitespace()
        .skip(1)
        .collect::<Vec<_>>()
        .join(" ")
}

async fn run(home: &Path, recorder: &Recorder, now: At) -> (Duration, Duration) {
    let config = config::load(&home.join("sixty.toml"), &World::machine(&[], None)).unwrap();
    let mut engine = setup::engine(&config, &config.services[0], recorder);
    let http = Http::new();
    let (mut worst, before) = (Duration::ZERO, spent());
    for step in 0..STEPS {
        let at = now - chrono::TimeDelta::seconds((STEPS - step) * 5);
        let began = Instant::now();
        engine.ask(&http, &move || at).await.unwrap();
        worst = worst.max(began.elapsed());
    }
    drop(engine);
    recorder.close();
    (spent().saturating_sub(before), worst)
}

#[tokio::test]
#[ignore = "a measurement, not a check"]
async fn measure() {
    for series in [500, 5_000] {
        let home = tempfile::tempdir().unwrap();
        let shop = Shop::serving(move |step| body(series, step));
        let text = format!(
            "max_series = 20000\n[[service]]\nname = \"shop\"\ntargets = [\"{}\"]\n[service.signals]\n\
             request_rate = \"sum(rate(x_total[$__rate_interval]))\"\n\
             latency_p95 = \"sum(rate(x_seconds_sum[1m])) / sum(rate(x_bucket[1m]))\"\n",
            shop.address
        );
        std::fs::write(home.path().join("sixty.toml"), text).unwrap();
        let state = home.path().join(".local/state/sixty");
        let now = At::from(std::time::SystemTime::now());
        let config = config::load(&home.path().join("sixty.toml"), &World::machine(&[], None)).unwrap();
        let (without, _) = run(home.path(), &Recorder::off(), now).await;
        let recorder = setup::recorder(&config, &state, Access::Shared, "sixty record");
        let (with, worst) = run(home.path(), &recorder, now).await;
        let cost = with.saturating_sub(without).as_secs_f64() * 1e6 / STEPS as f64;
        let size = std::fs::metadata(state.join("metrics.db")).unwrap().len();
        println!(
            "{series} series, {STEPS} scrapes: {size} bytes, {} a series, {} a scrape",
            size / series as u64,
            size / STEPS as u64
        );
        println!(
            "  a scrape costs {cost:.0} us more (all: {without:?} without, {with:?} with), the slowest ask {worst:?}"
        );
        let began = Instant::now();
        let reader = setup::recorder(&config, &state, Access::Shared, "sixty");
        let mut engine = setup::engine(&config, &config.services[0], &reader);
        let Ok(Payload::Signals(batch)) = engine.ask(&Http::new(), &move || now).await else { panic!("no history") };
        println!("  {} instants of history after {:?}", batch.points.len(), began.elapsed());
        let began = Instant::now();
        engine.ask(&Http::new(), &move || now).await.unwrap();
        println!("  and the first scrape behind them, with what its windows need, took {:?}", began.elapsed());
        let began = Instant::now();
        let all = engine.series_since(now - chrono::TimeDelta::hours(HOURS), now).await;
        println!("  all {HOURS} h of {} series for a query of the moment: {:?}", all.counts().0, began.elapsed());
        drop(all);
        drop(engine);
        reader.close();
        processes(home.path());
    }
}

/// A holder, one that stands by, and a report.
fn processes(home: &Path) {
    let start = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sixty"));
        command.args(words).env_clear().env("HOME", home).env("TZ", "UTC").current_dir(home);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    };
    let mut holder = start(&["record"]).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(12));
    let mut reader = start(&["record"]).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(12));
    println!("  resident: {} who scrapes, {} who reads", resident(holder.id()), resident(reader.id()));
    let began = Instant::now();
    let report = start(&["report", "--format", "json"]).output().unwrap();
    println!("  a report of a live recording: {:?} from exec to exit, {} bytes", began.elapsed(), report.stdout.len());
    for child in [&mut holder, &mut reader] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
