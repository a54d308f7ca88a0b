//! What is done when what a watch waited for has come: the bell, and the commands of whoever sleeps.

use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use crate::commands::cli;
use crate::commands::watch::lookout::Verdict;
use crate::facts::text::clean_line;

/// So long a command is waited for; it is not stopped after that.
const PATIENCE: Duration = Duration::from_secs(300);

/// Rings and runs; what went wrong, a sentence each.
pub(super) async fn raise(verdict: &Verdict, wish: &cli::Watch) -> Vec<String> {
    ring(wish.bell);
    let mut told = Vec::new();
    for command in &wish.run {
        if let Err(why) = run(command, verdict).await {
            told.push(format!("the command `{}` {why}", clean_line(command, 80)));
        }
    }
    told
}

/// The bell of the terminal, if there is one; with `always` also of the terminal that we were begun in.
fn ring(always: bool) {
    const BELL: &[u8] = b"\x07";
    let written = |mut out: Box<dyn io::Write>| out.write_all(BELL).and_then(|()| out.flush()).is_ok();
    if io::stdout().is_terminal() {
        written(Box::new(io::stdout()));
    } else if io::stderr().is_terminal() {
        written(Box::new(io::stderr()));
    } else if always {
        let terminal = std::fs::OpenOptions::new().write(true).open("/dev/tty");
        if !terminal.is_ok_and(|terminal| written(Box::new(terminal))) {
            written(Box::new(io::stdout()));
        }
    }
}

/// Runs a command by the shell and waits for it.
async fn run(command: &str, verdict: &Verdict) -> Result<(), String> {
    let mut shell = tokio::process::Command::new("sh");
    shell.arg("-c").arg(command).stdin(Stdio::null());
    shell.env("SIXTY_SERVICE", &verdict.service);
    shell.env("SIXTY_SEVERITY", verdict.severity.word());
    shell.env("SIXTY_HEADLINE", &verdict.headline);
    let mut child = shell.spawn().map_err(|error| format!("could not be run: {error}"))?;
    match tokio::time::timeout(PATIENCE, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(match status.code() {
            Some(code) => format!("failed with exit code {code}"),
            None => format!("was ended: {status}"),
        }),
        Ok(Err(error)) => Err(format!("could not be waited for: {error}")),
        Err(_) => Err("still runs after 5m and is left alone".to_owned()),
    }
}
