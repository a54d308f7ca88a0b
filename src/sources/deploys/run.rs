//! Runs a program without a shell: a deadline, a cap on what it prints, and nothing left behind.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process_group;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::process::Child;
use tokio::process::Command;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;

/// What is kept of the error output: the line that says what went wrong.
const ERRORS: u64 = 4 * 1024;

/// A program to run.
pub(super) struct Program<'a> {
    /// The program and its arguments.
    pub argv: &'a [String],
    /// Environment variables to set, or with `None` to take out.
    pub environment: &'a [(&'a str, Option<&'a str>)],
    /// What it reads from its standard input.
    pub input: String,
    /// How long it may take.
    pub deadline: Duration,
    /// How many bytes it may print.
    pub cap: usize,
}

/// What a program printed, and how it ended.
pub(super) struct Output {
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// The beginning of its error output; not clean.
    pub stderr: String,
    /// How it ended.
    pub status: ExitStatus,
}

/// The name of a program as it is shown: arguments may be secrets.
pub(super) fn shown(argv: &[String]) -> String {
    clean_line(argv.first().map_or("", String::as_str), 80)
}

/// Kills the whole group when it is dropped: what the program itself has started must not outlive the answer.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It fails only when nobody of the group is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs a program to its end.
///
/// # Errors
/// `Local` when it cannot be started, `Timeout`, `TooLarge`. How it ended is for the caller to judge.
pub(super) async fn run(program: Program<'_>) -> Result<Output, Fault> {
    let name = shown(program.argv);
    let Some((path, arguments)) = program.argv.split_first() else {
        return Err(Fault::new(FaultKind::Local, "no program is named"));
    };
    let mut command = Command::new(path);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Its own group, so that it can be killed with all that it has started, and so that it is in the background
    // of the terminal: a password prompt stops it, instead of taking the keys.
    command.kill_on_drop(true).process_group(0);
    for (variable, value) in program.environment {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
    let mut child = command.spawn().map_err(|error| not_started(&name, &error))?;
    let mut group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let ended = tokio::time::timeout(program.deadline, finish(&mut child, &program.input, program.cap)).await;
    let output = match ended {
        Err(_) => {
            let cause = format!("`{name}` gave no answer within {} s", program.deadline.as_secs_f64());
            return Err(Fault::new(FaultKind::Timeout, &cause).advise("run it by hand: does it wait for something?"));
        }
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            let cause = format!("`{name}` printed more than {} KiB", program.cap / 1024);
            return Err(Fault::new(FaultKind::TooLarge, &cause).advise("let it print the newest changes only"));
        }
        Ok(Err(error)) => return Err(Fault::new(FaultKind::Local, &format!("`{name}`: {error}"))),
        Ok(Ok(output)) => output,
    };
    group.0 = None;
    Ok(output)
}

async fn finish(child: &mut Child, input: &str, cap: usize) -> std::io::Result<Output> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A program that does not read is no fault of its own.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        Ok(())
    };
    // All at once: a program that fills the pipe of its errors would wait for ever.
    let ((), stdout, stderr) = tokio::try_join!(write, whole(stdout, cap), beginning(stderr))?;
    let status = child.wait().await?;
    Ok(Output { stdout, stderr: String::from_utf8_lossy(&stderr).into_owned(), status })
}

/// Reads everything; more than `cap` bytes are an error, and the program is killed by the caller.
async fn whole(stream: Option<impl AsyncRead + Unpin>, cap: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(cap as u64 + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() > cap { Err(std::io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Keeps the beginning and reads on to the end.
async fn beginning(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        (&mut stream).take(ERRORS).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

fn not_started(name: &str, error: &std::io::Error) -> Fault {
    match error.kind() {
        std::io::ErrorKind::NotFound => Fault::new(FaultKind::Local, &format!("`{name}` is not installed"))
            .advise("check the path of the program, and PATH"),
        std::io::ErrorKind::PermissionDenied => {
            Fault::new(FaultKind::Local, &format!("`{name}` may not be run: permission denied"))
                .advise("make it executable for this user: chmod +x")
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            Fault::new(FaultKind::Local, &format!("`{name}` is not a program"))
                .advise("a script needs a first line such as #!/bin/sh")
        }
        _ => Fault::new(FaultKind::Local, &format!("`{name}` cannot be run: {error}")),
    }
}

/// The first line of the error output that says something; clean.
pub(super) fn first_line(stderr: &str) -> String {
    clean_line(stderr.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default(), 160)
}

/// `ended with 3`, `was killed by signal 9`.
pub(super) fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "did not end well".to_owned(),
    }
}
