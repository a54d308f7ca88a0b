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
use crate::signals::units;
use crate::triage::Severity;

/// So long a command is waited for; it is not stopped after that.
const PATIENCE: Duration = Duration::from_secs(30);

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
    let commands = commands(&wish.run, verdict, PATIENCE);
    let parcels = join_all(channels.iter().map(|channel| post(channel, verdict, at)));
    let (mut told, posted) = tokio::join!(commands, parcels);
    told.extend(posted);
    told
}

/// Runs all commands at once; what failed, in their order. One that hangs must not keep the others back.
async fn commands(commands: &[String], verdict: &Verdict, patience: Duration) -> Vec<String> {
    let ended = join_all(commands.iter().map(|command| run(command, verdict, patience))).await;
    let told = |command: &str, why: String| format!("the command `{}` {why}", clean_line(command, 80));
    commands.iter().zip(ended).filter_map(|(command, ended)| Some(told(command, ended.err()?))).collect()
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
async fn run(command: &str, verdict: &Verdict, patience: Duration) -> Result<(), String> {
    let mut shell = tokio::process::Command::new("sh");
    shell.arg("-c").arg(command).stdin(Stdio::null());
    shell.env("SIXTY_SERVICE", &verdict.service);
    shell.env("SIXTY_SEVERITY", verdict.severity.word());
    shell.env("SIXTY_HEADLINE", &verdict.headline);
    let mut child = shell.spawn().map_err(|error| format!("could not be run: {error}"))?;
    match tokio::time::timeout(patience, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(match status.code() {
            Some(code) => format!("failed with exit code {code}"),
            None => format!("was ended: {status}"),
        }),
        Ok(Err(error)) => Err(format!("could not be waited for: {error}")),
        Err(_) => Err(format!("still runs after {} and is left alone", units::age(patience))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn commands_run_together_and_none_holds_the_others_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let verdict = Verdict {
            service: "shop".into(),
            severity: Severity::Critical,
            headline: "errors".into(),
            words: String::new(),
        };
        // The first one ends only when the second one runs; the third one hangs until it is allowed to go on.
        let waits = |name: &str| format!("until [ -e '{}' ]; do sleep 0.05; done", path(name));
        let all = [
            waits("second"),
            format!("touch '{}'", path("second")),
            format!("{}; touch '{}'", waits("go"), path("third")),
            "exit 7".to_owned(),
        ];
        let told = commands(&all, &verdict, Duration::from_secs(5)).await;
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].ends_with("still runs after 5s and is left alone"), "{told:?}");
        assert!(told[1].ends_with("failed with exit code 7"), "{told:?}");
        // It was not ended.
        std::fs::write(path("go"), "").unwrap();
        let goes_on = async {
            while !dir.path().join("third").exists() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), goes_on).await.unwrap();
    }
}
