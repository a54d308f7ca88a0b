//! The scorers' contract: `triage-bench leak` reads rows on its input and answers on its output.

mod leak;

fn main() -> std::process::ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("leak") => leak::run(),
        _ => {
            eprintln!("usage: triage-bench leak");
            std::process::ExitCode::FAILURE
        }
    }
}
