//! `triage-bench cause`: the contract of the scorer, with the functions that the screen uses.

mod cause;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("cause") => cause::run(),
        _ => Err("usage: triage-bench cause < case.json".into()),
    }
}
