//! The scorers' contract: `triage-bench leak` reads rows on its input and answers on its output.

mod leak;

fn main() -> std::process::ExitCode {
    if std::env::args().nth(1).as_deref() == Some("leak") {
        return leak::run();
    }
    eprintln!("usage: triage-bench leak");
    std::process::ExitCode::FAILURE
}
