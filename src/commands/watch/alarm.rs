//! What is done when what a watch waited for has come: the bell, the commands of whoever sleeps, the channels.
//!
//! All of it at once: a command that hangs must not keep a message back.

use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;

use crate::commands::cli;
use crate::commands::watch::lookout::Verdict;
use crate::courier::Channel;
use crate::courier::Patience;
use crate::facts::At;
use crate::facts::text::clean_line;
use crate::incident::Parcel;
use crate::incident::UpdateStatus;
use crate::runtime::journal::host;
use crate::runtime::journal::new_id;
use crate::triage::Severity;

/// So long a command is waited for; it is not stopped after that.
const PATIENCE: Duration = Duration::from_secs(300);

/// The channels of those names.
///
/// # Errors
/// There is none of a name, or nobody may be told.
pub(super) fn channels(names: &[String], known: Vec<Channel>, read_only: bool) -> Result<Vec<Channel>, String> {
    if read_only && !names.is_empty() {
        return Err(
            "--read-only means that nobody is told anything, and --post tells; leave one of them out".to_owned()
        );
    }
    if let Some(name) = names.iter().find(|name| known.iter().all(|channel| channel.name != **name)) {
        let all: Vec<&str> = known.iter().map(|channel| channel.name.as_str()).collect();
        let there = if all.is_empty() {
            "the configuration has none; add a [[channel]]".to_owned()
        } else {
            format!("there are: {}", all.join(", "))
        };
        return Err(format!("--post: there is no channel `{}`; {there}", clean_line(name, 80)));
    }
    Ok(known.into_iter().filter(|channel| names.contains(&channel.name)).collect())
}

/// Rings, runs and tells; what came of it where it is not as it should be, a sentence each.
pub(super) async fn raise(verdict: &Verdict, wish: &cli::Watch, channels: &[Channel], at: At) -> Vec<String> {
    ring(wish.bell);
    let commands = async {
        let mut told = Vec::new();
        for command in &wish.run {
            if let Err(why) = run(command, verdict).await {
                told.push(format!("the command `{}` {why}", clean_line(command, 80)));
            }
        }
        told
    };
    let parcels = join_all(channels.iter().map(|channel| post(channel, verdict, at)));
    let (mut told, posted) = tokio::join!(commands, parcels);
    told.extend(posted);
    told
}

/// Tells a channel; what came of it in a sentence.
async fn post(channel: &Channel, verdict: &Verdict, at: At) -> String {
    let status = if verdict.severity <= Severity::Info { UpdateStatus::Resolved } else { UpdateStatus::Investigating };
    let parcel = Parcel {
        update: format!("watch-{}", new_id(at)),
        to: channel.name.clone(),
        incident: String::new(),
        service: verdict.service.clone(),
        status,
        severity: verdict.severity,
        started_at: None,
        text: format!("{}\nSeen by `sixty watch` on {} at {}.", verdict.words, host(), at.format("%H:%M:%S UTC")),
    };
    match channel.send(&parcel, None, Patience::default()).await {
        Ok(arrived) => format!("told {}: {}", channel.name, arrived.answer),
        Err(failure) if failure.certain => format!("{} was not told: {}", channel.name, failure.fault),
        Err(failure) => format!("nobody knows whether {} was told: {}", channel.name, failure.fault),
    }
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
