//! The `sixty` program: thin, everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sixty::commands::run(std::env::args_os())
}
