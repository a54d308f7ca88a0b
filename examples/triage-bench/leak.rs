//! `leak`: `timestamp,value` rows to the end of the input, the limit in `LEAK_LIMIT`; answers `steady` or
//! `leak <unix seconds when the limit is reached>`.

use std::io::BufRead;
use std::io::stdin;
use std::process::ExitCode;

use sixty::facts::At;
use sixty::triage::leak::Outlook;
use sixty::triage::leak::outlook;

/// Answers one cut of one series.
pub fn run() -> ExitCode {
    let Some(limit) = std::env::var("LEAK_LIMIT").ok().and_then(|text| text.parse::<f64>().ok()) else {
        eprintln!("LEAK_LIMIT must hold the limit, a number");
        return ExitCode::FAILURE;
    };
    let mut rows = Vec::new();
    for (number, line) in stdin().lock().lines().enumerate().skip(1) {
        let row = line.as_deref().ok().and_then(row);
        let Some(row) = row else {
            eprintln!("line {}: not `timestamp,value`", number + 1);
            return ExitCode::FAILURE;
        };
        rows.push(row);
    }
    match outlook(&rows, limit, None) {
        Outlook::Leak(leak) => println!("leak {}", leak.full_at.timestamp()),
        Outlook::Steady | Outlook::CannotTell(_) => println!("steady"),
    }
    ExitCode::SUCCESS
}

fn row(line: &str) -> Option<(At, f64)> {
    let (at, value) = line.split_once(',')?;
    Some((At::from_timestamp(at.trim().parse().ok()?, 0)?, value.trim().parse().ok()?))
}
