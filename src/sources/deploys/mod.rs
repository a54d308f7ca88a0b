//! What changed lately: a file, a command, GitHub deployments, the tags of a local clone.
//!
//! Each source answers with all the [`Change`]s that it knows of, newest first, at most
//! [`MOST`]. Files and commands speak the lines that [`records`] describes. Nothing here ranks changes, relates
//! them to an incident or keeps a schedule.

pub mod command;
pub mod file;
pub mod git;
pub mod github;
pub mod records;
mod run;

use std::time::Duration;

use crate::facts::At;
use crate::facts::Change;
use crate::facts::Fault;
use crate::facts::Payload;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::sources::http::Http;

pub use command::CommandSettings;
pub use file::FileSettings;
pub use git::GitSettings;
pub use github::GithubSettings;

/// How many changes one source answers with at most, the newest ones.
pub const MOST: usize = 1_000;

/// By how much the clock of a source may be ahead of ours: what lies within counts as now.
const SKEW: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// Where changes come from.
#[derive(Clone, PartialEq, Debug)]
pub enum Settings {
    /// A file of lines.
    File(FileSettings),
    /// A program that prints such lines.
    Command(CommandSettings),
    /// The deployments of a repository on GitHub.
    Github(GithubSettings),
    /// The tags of a local clone.
    Git(GitSettings),
}

/// A source of changes, with what it remembers between two questions.
#[derive(Debug)]
pub struct DeploySource(Source);

#[derive(Debug)]
enum Source {
    File(file::File),
    Command(command::Command),
    Github(Box<github::Github>),
    Git(git::Git),
}

impl DeploySource {
    /// A source that has not been asked yet; nothing is opened or checked here.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self(match settings {
            Settings::File(settings) => Source::File(file::File::new(settings)),
            Settings::Command(settings) => Source::Command(command::Command::new(settings)),
            Settings::Github(settings) => Source::Github(Box::new(github::Github::new(settings))),
            Settings::Git(settings) => Source::Git(git::Git::new(settings)),
        })
    }

    /// Its name, address and interval.
    #[must_use]
    pub fn info(&self) -> SourceInfo {
        let (name, address, every): (&str, String, Duration) = match &self.0 {
            Source::File(file) => (&file.settings.name, file.address(), file.settings.every),
            Source::Command(command) => (&command.settings.name, command.address(), command.settings.every),
            Source::Github(github) => (&github.settings.name, github.address(), github.settings.every),
            Source::Git(git) => (&git.settings.name, git.address(), git.settings.every),
        };
        SourceInfo { id: SourceId::new(name), kind: SourceKind::Changes, service: None, address, every }
    }

    /// Asks once: [`Payload::Changes`], or [`Payload::Unchanged`] where the source can tell.
    ///
    /// # Errors
    /// Why there is no answer: a missing file, a program that failed, a refusal, or an answer of which nothing
    /// could be understood. What was understood only in part is an answer with a [`remark`](Self::remark).
    pub async fn ask(&mut self, http: &Http, at: At) -> Result<Payload, Fault> {
        match &mut self.0 {
            Source::File(file) => file.ask(http, at).await,
            Source::Command(command) => command.ask(at).await,
            Source::Github(github) => github.ask(http, at).await,
            Source::Git(git) => git.ask(at).await,
        }
    }

    /// What is odd about the last answer although it could be read: lines that were skipped, a part that was
    /// not asked for. Clean text without a full stop.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        match &self.0 {
            Source::File(file) => file.remark.clone(),
            Source::Command(command) => command.remark.clone(),
            Source::Github(github) => github.remark.clone(),
            Source::Git(git) => git.remark.clone(),
        }
    }
}

/// Newest first, at most [`MOST`], and none in the future: what a clock that is ahead has dated up to five
/// minutes late counts as now, what lies further is left out and counted.
fn settle(mut changes: Vec<Change>, at: At) -> (Vec<Change>, usize) {
    let before = changes.len();
    changes.retain(|change| change.started <= at + SKEW);
    let future = before - changes.len();
    for change in &mut changes {
        change.started = change.started.min(at);
        change.finished = change.finished.map(|finished| finished.clamp(change.started, at));
    }
    changes.sort_by(|a, b| b.at().cmp(&a.at()).then_with(|| b.started.cmp(&a.started)).then_with(|| a.id.cmp(&b.id)));
    changes.truncate(MOST);
    (changes, future)
}

/// Joins remarks; `None` when there is nothing to say.
fn joined(remarks: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let remarks: Vec<String> = remarks.into_iter().flatten().collect();
    (!remarks.is_empty()).then(|| remarks.join("; "))
}

/// `1 entry lies in the future`.
fn in_future(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 entry lies in the future and is left out".to_owned()),
        _ => Some(format!("{count} entries lie in the future and are left out")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::ChangeKind;
    use crate::facts::ChangeState;

    #[test]
    fn clocks_that_are_ahead_are_tolerated_and_the_far_future_is_left_out() {
        let at: At = "2026-11-20T08:00:00Z".parse().unwrap();
        let change = |id: &str, started: i64, finished: Option<i64>| Change {
            id: id.to_owned(),
            kind: ChangeKind::Deploy,
            what: String::new(),
            service: String::new(),
            version: String::new(),
            who: String::new(),
            environment: String::new(),
            title: String::new(),
            started: at + chrono::TimeDelta::seconds(started),
            finished: finished.map(|finished| at + chrono::TimeDelta::seconds(finished)),
            state: ChangeState::Unknown,
            link: String::new(),
        };
        let all = vec![
            change("old", -600, Some(-500)),
            change("skewed", 100, Some(130)),
            change("backwards", -60, Some(-90)),
            change("tomorrow", 86_400, None),
        ];
        let (changes, future) = settle(all, at);
        assert_eq!(future, 1);
        assert_eq!(changes.iter().map(|change| change.id.as_str()).collect::<Vec<_>>(), ["skewed", "backwards", "old"]);
        assert_eq!((changes[0].started, changes[0].finished), (at, Some(at)));
        assert_eq!(changes[1].finished, Some(changes[1].started));
        let many = (0..2_000).map(|second| change("x", -second, None)).collect();
        let (many, _) = settle(many, at);
        assert_eq!((many.len(), many[0].started), (MOST, at));
    }
}
