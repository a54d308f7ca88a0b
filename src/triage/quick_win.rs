//! The [`QuickWin`]: what ends the pain soonest, as it follows from the first suspect; with the reason, the odds that
//! the guides give, and the team's own command for it.
//!
//! Nothing is run here or anywhere: a command is filled in to be shown and copied. Main function: [`quick_win`].

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::facts::ChangeState;
use crate::signals::units;
use crate::triage::Severity;
use crate::triage::suspects::Anchor;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;
use crate::triage::suspects::Ranking;
use crate::triage::suspects::Role;
use crate::triage::suspects::Suspect;

mod command;

pub use command::Commands;
pub use command::Template;
pub use command::Values;

/// What can be done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// Bring the version before back.
    RollBack,
    /// Put a flag back to what it was.
    SwitchBack,
    /// Put a setting back to what it was.
    Revert,
    /// Begin the processes anew.
    Restart,
    /// Take one instance out, or begin it anew.
    Replace,
    /// More instances, or as many as before.
    Scale,
    /// Use the other one.
    FailOver,
    /// Make room on a disk.
    FreeDisk,
    /// End a job.
    StopJob,
    /// Nothing but patience, and a word to the customers.
    WaitForVendor,
    /// Keep a caller, a route, a webhook out.
    BlockCaller,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 11] = [
        Self::RollBack,
        Self::SwitchBack,
        Self::Revert,
        Self::Restart,
        Self::Replace,
        Self::Scale,
        Self::FailOver,
        Self::FreeDisk,
        Self::StopJob,
        Self::WaitForVendor,
        Self::BlockCaller,
    ];

    /// The name in configuration files (`[commands]`) and reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::RollBack => "rollback",
            Self::SwitchBack => "switch_back",
            Self::Revert => "revert",
            Self::Restart => "restart",
            Self::Replace => "replace",
            Self::Scale => "scale",
            Self::FailOver => "fail_over",
            Self::FreeDisk => "free_disk",
            Self::StopJob => "stop_job",
            Self::WaitForVendor => "wait",
            Self::BlockCaller => "block",
        }
    }

    /// The action of that name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.key() == key)
    }
}

/// What ends the pain soonest, if the first suspect is it. All texts are clean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuickWin {
    /// What is to be done.
    pub action: Action,
    /// `Roll back api v2.31.0 to v2.30.4`.
    pub title: String,
    /// Why this: one sentence of facts with times.
    pub reason: String,
    /// What the guides say of its odds, as their word.
    pub odds: Option<&'static str>,
    /// The team's own command, filled in; `None` when the team gave none or a value for it is not known.
    pub command: Option<String>,
}

/// The guides' figure; ours is not known.
const ROLLBACK_ODDS: &str = "a rollback ends about 60 % of incidents, the guides say";

/// What follows from the first suspect of a trouble; `None` when nothing does, and when there is no trouble.
#[must_use]
pub fn quick_win(severity: Severity, service: &str, ranking: &Ranking, commands: &Commands) -> Option<QuickWin> {
    if severity < Severity::Warning {
        return None;
    }
    let first = ranking.first()?;
    let (action, title) = step(first, service, commands)?;
    let values = values(first, service);
    let command = commands.get(action).and_then(|template| template.fill(&values));
    let odds = (action == Action::RollBack).then_some(ROLLBACK_ODDS);
    Some(QuickWin { action, title, reason: reason(first, ranking), odds, command })
}

fn step(first: &Suspect, about: &str, commands: &Commands) -> Option<(Action, String)> {
    let one = &first.candidate;
    let service = one.place.service().unwrap_or(about);
    let part = one.part.as_str();
    Some(match one.kind {
        // What was taken back already cannot be taken back.
        Kind::Deploy | Kind::Config | Kind::Flag | Kind::Scale if one.state == Some(ChangeState::RolledBack) => {
            return None;
        }
        Kind::Deploy => {
            let stop = if one.running { "Stop the rollout and roll back" } else { "Roll back" };
            let to = if one.previous.is_empty() { String::new() } else { format!(" to {}", one.previous) };
            (Action::RollBack, format!("{stop} {}{to}", one.name))
        }
        Kind::Flag => (Action::SwitchBack, format!("Switch flag {} back", named(part, &one.name))),
        Kind::Config => (Action::Revert, format!("Revert config {}", named(part, &one.name))),
        Kind::Scale => (Action::Scale, format!("Scale {service} back to what it was")),
        Kind::Job if one.running => (Action::StopJob, format!("Stop job {}", named(part, &one.name))),
        Kind::Provider if commands.get(Action::FailOver).is_some() => {
            (Action::FailOver, format!("Fail over from {part}"))
        }
        Kind::Provider => (Action::WaitForVendor, format!("Wait for {part}, and tell the customers")),
        Kind::Calls if commands.get(Action::FailOver).is_some() => {
            (Action::FailOver, format!("Fail over from {}", named(part, "the service that does not answer")))
        }
        Kind::RateLimited if !part.is_empty() => {
            (Action::WaitForVendor, "Send fewer calls, and wait until the vendor lets them through".to_owned())
        }
        Kind::Surge | Kind::Cpu => (Action::Scale, format!("Scale {service} out")),
        Kind::Loop => (Action::BlockCaller, format!("Block the caller of {}", named(part, service))),
        Kind::Pool | Kind::Memory => (Action::Restart, format!("Restart {service}")),
        Kind::Disk => (Action::FreeDisk, format!("Free disk space of {service}")),
        Kind::Instance => (Action::Replace, format!("Take {} out, or restart it", named(part, service))),
        Kind::Job
        | Kind::Calls
        | Kind::RateLimited
        | Kind::Restart
        | Kind::Drop
        | Kind::NotFound
        | Kind::Clock
        | Kind::Database => return None,
    })
}

fn named<'a>(part: &'a str, other: &'a str) -> &'a str {
    if part.is_empty() { other } else { part }
}

/// When it was, or what is seen; and what else fits.
fn reason(first: &Suspect, ranking: &Ranking) -> String {
    let one = &first.candidate;
    let told = one.role == Role::Change || one.kind == Kind::Provider;
    let mut text = if told { when(first) } else { seen(one) };
    let runner_up = ranking
        .suspects
        .get(1)
        .filter(|other| other.candidate.role != Role::Mechanism && other.score * 3.0 >= first.score);
    if let Some(other) = runner_up {
        text.push_str("; ");
        text.push_str(&other.candidate.name);
        text.push_str(" fits nearly as well");
    }
    text.push('.');
    text
}

fn when(first: &Suspect) -> String {
    let age = units::age(first.before.abs().to_std().unwrap_or_default());
    let side = if first.before < TimeDelta::zero() { "after" } else { "before" };
    let since = match first.anchor {
        Anchor::Onset => "the trouble began",
        Anchor::Climb => "the climb began",
    };
    let word = first.candidate.kind.word();
    if first.before.abs() < TimeDelta::seconds(1) {
        format!("The {word} is in the same second in which {since}")
    } else {
        format!("The {word} is {age} {side} {since}")
    }
}

fn seen(one: &Candidate) -> String {
    one.supports.first().map_or_else(|| one.name.clone(), |words| format!("{}: {words}", one.name))
}

fn values<'a>(first: &'a Suspect, about: &'a str) -> Values<'a> {
    let one = &first.candidate;
    let part = |kinds: &[Kind]| if kinds.contains(&one.kind) { one.part.as_str() } else { "" };
    Values(BTreeMap::from([
        (
            "service",
            match &one.place {
                Place::Service(name) => &**name,
                Place::Unknown => about,
            },
        ),
        ("version", one.version.as_str()),
        ("previous", one.previous.as_str()),
        ("instance", part(&[Kind::Instance])),
        ("flag", part(&[Kind::Flag])),
        ("setting", part(&[Kind::Config])),
        ("job", part(&[Kind::Job])),
        ("vendor", part(&[Kind::Provider])),
        ("route", part(&[Kind::Loop, Kind::NotFound])),
    ]))
}

#[cfg(test)]
mod tests;
