//! A program that prints changes: the lines of [`records`], or one JSON array of them.
//!
//! It is run without a shell, with a deadline. On its standard input it finds one line with the span of time that is asked
//! for, as grafatui sends it, so that one program serves both; it need not read it.

use std::time::Duration;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Payload;
use crate::sources::deploys::in_future;
use crate::sources::deploys::joined;
use crate::sources::deploys::records;
use crate::sources::deploys::run;
use crate::sources::deploys::settle;

/// How much a program may print, in bytes.
const CAP: usize = 4 * 1024 * 1024;

/// How far back it is asked for.
const SPAN: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// Which program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommandSettings {
    /// The name of the source.
    pub name: String,
    /// The program and its arguments; no shell reads them.
    pub argv: Vec<String>,
    /// How often it is run.
    pub every: Duration,
    /// How long it may take.
    pub deadline: Duration,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) settings: CommandSettings,
    pub(super) remark: Option<String>,
}

impl Command {
    pub(super) fn new(settings: CommandSettings) -> Self {
        Self { settings, remark: None }
    }

    pub(super) fn address(&self) -> String {
        let name = run::shown(&self.settings.argv);
        if self.settings.argv.len() > 1 { format!("command `{name} …`") } else { format!("command `{name}`") }
    }

    pub(super) async fn ask(&mut self, at: At) -> Result<Payload, Fault> {
        let time = |at: At| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let range = serde_json::json!({"version": 1, "range": {"from": time(at - SPAN), "to": time(at)}});
        self.remark = None;
        let output = run::run(run::Program {
            argv: &self.settings.argv,
            environment: &[],
            input: format!("{range}\n"),
            deadline: self.settings.deadline,
            cap: CAP,
        })
        .await?;
        if !output.status.success() {
            let name = run::shown(&self.settings.argv);
            let cause = match (run::ended(output.status), run::first_line(&output.stderr)) {
                (ended, line) if line.is_empty() => format!("`{name}` {ended}"),
                (ended, line) => format!("`{name}` {ended}: {line}"),
            };
            return Err(Fault::new(FaultKind::Local, &cause).advise("run it by hand"));
        }
        let records = records::parse(&output.stdout, false)?;
        let skipped = records.remark();
        let (changes, future) = settle(records.changes, at);
        self.remark = joined([skipped, in_future(future)]);
        Ok(Payload::Changes(changes))
    }
}
