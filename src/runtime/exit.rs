//! The last words: panics and errors leave a sane terminal first, then speak in clean text.
//!
//! Debug builds die on purpose when `SIXTY_TEST_PANIC` says where, so that the tests can watch it: `loop`, `task` or
//! `journal`, and after a colon what the panic says. Release builds do not know the variable.

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::Notify;

use crate::facts::text::clean;
use crate::runtime::screen;

/// Exit code for what cannot start: bad arguments, a bad configuration, no terminal.
pub const CANNOT_START: u8 = 2;

/// Exit code after a panic, as the standard library has it.
pub const PANICKED: u8 = 101;

/// Told by every panic, of whichever thread: nobody may draw over the report.
static PANIC: Notify = Notify::const_new();

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
        say(panic.panic_report(info));
        PANIC.notify_one();
    }));
}

/// Lets a write beyond the largest file that this process may have fail like one to a full disk. Without, it is death
/// by a signal: of the screen, in an incident, for a history that is a comfort.
///
/// # Errors
/// When the signal cannot be listened to; outside a tokio runtime it panics.
pub fn outlive_large_files() -> std::io::Result<()> {
    // Nobody waits for it: from the first time on that somebody listens, it kills nobody.
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// Ends when something panicked, in whichever thread. The report was printed.
pub async fn panicked() {
    PANIC.notified().await;
}

/// Says why the program cannot start: one sentence per line on stderr, exit code 2.
pub fn cannot_start(sentences: &str) -> ExitCode {
    screen::leave();
    say(sentences.trim_end());
    ExitCode::from(CANNOT_START)
}

/// Says something on stderr, clean. A terminal that is gone must not turn words into a panic, as `eprintln!` does.
pub fn say(words: impl fmt::Display) {
    let words = clean(&words.to_string());
    let _ = std::io::stderr().lock().write_all(format!("{words}\n").as_bytes());
}

/// Dies here if a test wants it; see the module.
pub(super) fn rehearse(place: &str) {
    if !cfg!(debug_assertions) {
        return;
    }
    let wish = std::env::var("SIXTY_TEST_PANIC").unwrap_or_default();
    let (wanted, words) = wish.split_once(':').unwrap_or((&wish, "rehearsed"));
    assert!(wanted != place, "{words}");
}
