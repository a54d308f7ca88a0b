//! The functions that the screen's verdict is made of, behind the contracts of the triage benches.
//!
//! `triage-bench onset` reads `timestamp,value` rows and answers each with `ok` or `onset <unix seconds>`; `ONSET_STEP`
//! (seconds between rows) and `ONSET_BAD` (`up`, `down`, `both`) say what the rows are. One line in, one line out.
//!
//! ```text
//! cargo build --release --example triage-bench
//! python3 score.py --data data -- target/release/examples/triage-bench onset
//! ```

mod onset;

use std::process::ExitCode;

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        Some("onset") => onset::run(),
        _ => Err("name the bench: triage-bench onset".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("triage-bench: {why}");
            ExitCode::FAILURE
        }
    }
}
