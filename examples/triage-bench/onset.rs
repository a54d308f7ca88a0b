//! `triage-bench onset`: one series on standard input, the onset after each row.

use std::env;
use std::io;
use std::io::BufRead;
use std::io::Write;
use std::time::Duration;

use sixty::facts::At;
use sixty::triage::onset::Detector;
use sixty::triage::onset::Hurts;
use sixty::triage::onset::Settings;

/// Answers row by row until the input ends.
///
/// # Errors
/// What is wrong with the environment, with a row, or with a pipe, in one sentence.
pub fn run() -> Result<(), String> {
    let mut detector = Detector::new(settings()?);
    let mut answers = io::stdout().lock();
    for (index, line) in io::stdin().lock().lines().enumerate() {
        let line = line.map_err(|why| format!("the rows cannot be read: {why}"))?;
        // The first line is the header.
        if index == 0 || line.trim().is_empty() {
            continue;
        }
        let (at, value) = row(&line).ok_or_else(|| format!("line {}: no `timestamp,value`: {line}", index + 1))?;
        detector.push(at, value);
        match detector.onset() {
            Some(onset) => writeln!(answers, "onset {}", onset.at.timestamp()),
            None => writeln!(answers, "ok"),
        }
        .and_then(|()| answers.flush())
        .map_err(|why| format!("the answer cannot be written: {why}"))?;
    }
    Ok(())
}

fn settings() -> Result<Settings, String> {
    let step = env::var("ONSET_STEP").unwrap_or_else(|_| "60".to_owned());
    let seconds: u64 = step.parse().map_err(|_| format!("ONSET_STEP is no number of seconds: {step}"))?;
    let hurts = match env::var("ONSET_BAD").as_deref() {
        Ok("up") => Hurts::Up,
        Ok("down") => Hurts::Down,
        Ok("both") | Err(_) => Hurts::Both,
        Ok(other) => return Err(format!("ONSET_BAD is none of up, down, both: {other}")),
    };
    Ok(Settings { step: Duration::from_secs(seconds), hurts })
}

fn row(line: &str) -> Option<(At, f64)> {
    let mut cells = line.split(',');
    let seconds: f64 = cells.next()?.trim().parse().ok()?;
    let value = cells.next()?.trim().parse().ok()?;
    Some((At::from_timestamp_millis((seconds * 1000.0).round() as i64)?, value))
}
