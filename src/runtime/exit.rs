//! The last words: panics and errors leave a sane terminal first, then speak in clean text.

use std::process::ExitCode;

use crate::facts::text::clean;
use crate::runtime::screen;

/// Exit code for what cannot start: bad arguments, a bad configuration, no terminal.
pub const CANNOT_START: u8 = 2;

/// Makes panics give the terminal back before they are reported, and keeps foreign text in them harmless.
pub fn install_hooks() {
    // A second installation (tests in one process) changes nothing and is no failure.
    let (panic, error) = color_eyre::config::HookBuilder::new()
        .theme(color_eyre::config::Theme::new())
        .display_env_section(false)
        .panic_section(
            "This is a bug in sixty. The journal of the incident is safe; please report what is printed here.",
        )
        .into_hooks();
    let _ = error.install();
    std::panic::set_hook(Box::new(move |info| {
        screen::leave();
        eprintln!("{}", clean(&panic.panic_report(info).to_string()));
    }));
}

/// Says why the program cannot start: one sentence per line on stderr, exit code 2.
pub fn cannot_start(sentences: &str) -> ExitCode {
    screen::leave();
    eprintln!("{}", clean(sentences.trim_end()));
    ExitCode::from(CANNOT_START)
}
