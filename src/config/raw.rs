//! Definitions equal to those of the sources, until these are on `main`: the reader is written against them.

use crate::sources::secret::SecretRef;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

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
        Gcp,
        /// Azure.
        Azure,
        /// Slack.
        Slack,
    }

    impl Kind {
        /// Where the vendor publishes.
        #[must_use]
        pub fn default_url(self) -> Option<Url> {
            let address = match self {
                Self::Statuspage => return None,
                Self::Aws => "https://health.aws.amazon.com/public/currentevents",
                Self::Gcp => "https://status.cloud.google.com/incidents.json",
                Self::Azure => "https://azure.status.microsoft/en-us/status/feed/",
                Self::Slack => "https://slack-status.com/api/v2.0.0/current",
            };
            Url::parse(address).ok()
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
