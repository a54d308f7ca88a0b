//! Definitions equal to those of the sources, until these are on `main`: the reader is written against them.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

/// A secret value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Where a secret lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretRef {
    /// In an environment variable.
    Env(String),
    /// In a file.
    File(PathBuf),
    /// On the output of a program.
    Command(Vec<String>),
    /// Here.
    Plain(Secret),
}

impl SecretRef {
    /// Why it cannot be resolved.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        matches!(self, Self::Command(words) if words.is_empty()).then(|| "no program".to_owned())
    }
}

/// Sources of status.
pub mod status {
    use super::{Duration, Url};

    /// The format.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum Kind {
        /// Statuspage.
        Statuspage,
        /// AWS.
        Aws,
        /// Google Cloud.
        GoogleCloud,
        /// Azure.
        Azure,
        /// Slack.
        Slack,
    }

    impl Kind {
        /// By the name in the configuration.
        #[must_use]
        pub fn from_key(key: &str) -> Option<Self> {
            Some(match key {
                "statuspage" => Self::Statuspage,
                "aws" => Self::Aws,
                "google-cloud" => Self::GoogleCloud,
                "azure" => Self::Azure,
                "slack" => Self::Slack,
                _ => return None,
            })
        }
    }

    /// One page.
    #[derive(Clone, PartialEq, Debug)]
    pub struct Settings {
        /// Name.
        pub name: String,
        /// Format.
        pub kind: Kind,
        /// Where.
        pub url: Url,
        /// Filter.
        pub components: Vec<String>,
        /// Filter.
        pub regions: Vec<String>,
        /// Interval.
        pub every: Duration,
        /// Deadline.
        pub deadline: Duration,
    }
}

/// Sources of deploys.
pub mod deploys {
    use super::{Duration, PathBuf, SecretRef, Url};

    /// A file.
    #[derive(Clone, PartialEq, Debug)]
    pub struct File {
        /// Name.
        pub name: String,
        /// Where.
        pub path: PathBuf,
        /// Interval.
        pub every: Duration,
    }
    /// A command.
    #[derive(Clone, PartialEq, Debug)]
    pub struct Command {
        /// Name.
        pub name: String,
        /// Program and arguments.
        pub argv: Vec<String>,
        /// Interval.
        pub every: Duration,
        /// Deadline.
        pub deadline: Duration,
    }
    /// GitHub.
    #[derive(Clone, PartialEq, Debug)]
    pub struct Github {
        /// Name.
        pub name: String,
        /// owner/name.
        pub repo: String,
        /// Filter.
        pub environment: Option<String>,
        /// Where.
        pub api: Url,
        /// Token.
        pub token: Option<SecretRef>,
        /// Interval.
        pub every: Duration,
    }
    /// A clone.
    #[derive(Clone, PartialEq, Debug)]
    pub struct Git {
        /// Name.
        pub name: String,
        /// Where.
        pub path: PathBuf,
        /// Tags.
        pub pattern: String,
        /// Interval.
        pub every: Duration,
    }
    /// One source.
    #[derive(Clone, PartialEq, Debug)]
    pub enum Settings {
        /// A file.
        File(File),
        /// A command.
        Command(Command),
        /// GitHub.
        Github(Github),
        /// A clone.
        Git(Git),
    }
}
