//! What the team wrote, checked: all problems at once, each with file, line, column and what to write instead.
//!
//! [`find`] says which file counts (one file, never merged), [`load`] reads it, [`parse`] is the pure part: text in,
//! a [`Config`] or [`Problems`] out. What a check needs to know of the machine comes in as a [`World`]. Nothing
//! here asks a source; that an address answers is found out by `sixty check`.

mod access;
mod channels;
mod commands;
mod find;
mod http_config;
mod incident;
mod keys;
mod limits;
mod pagers;
mod paths;
mod problem;
mod prometheus;
mod query;
mod read;
mod reader;
mod recording;
mod rules;
pub mod scenario;
mod secrets;
mod service;
mod severities;
mod sources;
mod syntax;
mod units;
mod urls;
mod world;
mod yaml;
mod zones;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::courier::Channel;
use crate::courier::Pager;
use crate::facts::Measure;
use crate::facts::Zone;
use crate::sources::deploys;
use crate::sources::detect;
use crate::sources::http::Access;
use crate::sources::status;
use crate::triage::Rules;
use crate::triage::SeverityNames;
use crate::triage::quick_win::Commands;

pub use find::find;
pub use incident::Incident;
pub use problem::Place;
pub use problem::Problem;
pub use problem::Problems;
pub use read::load;
pub use read::parse;
pub use units::duration;
pub use world::World;
pub use zones::zone;

/// Everything that a team can decide.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// The file that it was read from; `None` without one.
    pub path: Option<PathBuf>,
    /// The zone of the times on the screen; `None`: the machine's.
    pub time_zone: Option<Zone>,
    /// The name of a theme that ships, or the path of a theme's file.
    pub theme: String,
    /// Draw with ASCII only; `None`: by the locale.
    pub ascii: Option<bool>,
    /// How much time the strips show at first.
    pub window: Duration,
    /// What `$__rate_interval` stands for; `None`: chosen from the interval of the scrapes.
    pub rate_window: Option<Duration>,
    /// How often sources are asked that have no `every` of their own.
    pub intervals: Intervals,
    /// How long samples are kept.
    pub retention: Duration,
    /// The most series that are kept for one service.
    pub max_series: usize,
    /// What of the scrapes is kept on disk.
    pub recording: Recording,
    /// The name beside ticks and notes; `None`: the name of the login.
    pub who: Option<String>,
    /// Where the journal lies; `None`: the state directory of the user.
    pub state_dir: Option<PathBuf>,
    /// A Markdown task list instead of the one that ships.
    pub checklist: Option<PathBuf>,
    /// How incidents are led.
    pub incident: Incident,
    /// A folder of Markdown runbooks, besides those that ship.
    pub runbooks: Option<PathBuf>,
    /// Addresses of the command line of which it is not certain what they are, instead of services.
    pub addresses: Option<Addresses>,
    /// The services, in the order of the file; names are unique.
    pub services: Vec<Service>,
    /// Servers that speak the Prometheus HTTP API; names are unique.
    pub prometheus: Vec<crate::sources::prometheus::Settings>,
    /// The status pages of others; names are unique.
    pub status: Vec<status::Settings>,
    /// Where changes are read; names are unique.
    pub deploys: Vec<deploys::Settings>,
    /// Where updates are sent; names are unique. None where nobody may act.
    pub channels: Vec<Channel>,
    /// Who pages; names are unique. None where nobody may act.
    pub pagers: Vec<Pager>,
    /// The team's own command for each quick win.
    pub commands: Commands,
    /// The team's own names of severities.
    pub severities: SeverityNames,
    /// Commands that were given other keys, as the key table spells them.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: None,
            time_zone: None,
            theme: "terminal".to_owned(),
            ascii: None,
            window: Duration::from_secs(3600),
            rate_window: None,
            intervals: Intervals::default(),
            retention: Duration::from_secs(6 * 3600),
            max_series: 5000,
            recording: Recording::default(),
            who: None,
            state_dir: None,
            checklist: None,
            incident: Incident::default(),
            runbooks: None,
            addresses: None,
            services: Vec::new(),
            prometheus: Vec::new(),
            status: Vec::new(),
            deploys: Vec::new(),
            channels: Vec::new(),
            pagers: Vec::new(),
            commands: Commands::default(),
            severities: SeverityNames::default(),
            keys: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The configuration of `sixty URL...`. Addresses that are surely metrics are targets of one service, called
    /// `service` or else after the first host; when it has to be found out what one of them is, it is for all.
    ///
    /// # Errors
    /// Every address that cannot be asked, with what to write instead.
    pub fn for_urls(urls: &[String], service: Option<&str>) -> Result<Self, Problems> {
        let mut targets: Vec<Target> = Vec::new();
        let mut problems = Vec::new();
        for text in urls {
            match urls::parse_url(text) {
                Ok(url) if targets.iter().any(|target| target.url == url) => {}
                Ok(url) => targets.push(Target { url, access: Arc::default() }),
                Err(wrong) => problems.push(Problem::new("command line", None, &wrong.cause, &wrong.advice)),
            }
        }
        if urls.is_empty() {
            problems.push(Problem::new("command line", None, "no address is given", "write http://host:port/metrics"));
        }
        if let Some(problems) = Problems::sorted(problems) {
            return Err(problems);
        }
        if !targets.iter().all(|target| detect::is_certain(&target.url)) {
            let service = service.map(|name| crate::facts::text::clean_line(name, service::LONGEST_NAME));
            let urls = targets.into_iter().map(|target| target.url).collect();
            return Ok(Self { addresses: Some(Addresses { urls, service }), ..Self::default() });
        }
        let name = match (service, targets.first()) {
            (Some(name), _) => crate::facts::text::clean_line(name, service::LONGEST_NAME),
            (None, Some(target)) => urls::host_and_port(&target.url),
            (None, None) => String::new(),
        };
        Ok(Self { services: vec![Service { targets, ..Service::named(&name) }], ..Self::default() })
    }
}

impl Config {
    /// How long points are kept to be looked at: the past that a server fills in is longer than what is scraped.
    #[must_use]
    pub fn history(&self) -> Duration {
        self.prometheus.iter().map(|server| server.backfill).fold(self.retention, Duration::max)
    }
}

/// Addresses without a configuration.
#[derive(Clone, PartialEq)]
pub struct Addresses {
    /// Where; may hold users and passwords, so that they are shown by [`shown`](crate::sources::http::shown) only.
    pub urls: Vec<Url>,
    /// The name that was given with them: of the service that is scraped, or of the one of a server to begin with.
    pub service: Option<String>,
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls: Vec<_> = self.urls.iter().map(crate::sources::http::shown).collect();
        f.debug_struct("Addresses").field("urls", &urls).field("service", &self.service).finish()
    }
}

/// How often sources are asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Intervals {
    /// Scrapes of metrics.
    pub metrics: Duration,
    /// Status pages of others; they ask for no more than once a minute.
    pub status: Duration,
    /// Deploys and other changes.
    pub changes: Duration,
}

impl Default for Intervals {
    fn default() -> Self {
        Self {
            // A surge is on the screen within one breath, and a rate over a minute has a dozen samples.
            metrics: Duration::from_secs(5),
            // What vendors ask for.
            status: Duration::from_secs(60),
            // A deploy that has just finished should be there while the first question is still being asked.
            changes: Duration::from_secs(30),
        }
    }
}

/// What of the scrapes is kept on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recording {
    /// Whether anything is.
    pub enabled: bool,
    /// The most that the file may take, in bytes.
    pub size: u64,
}

impl Default for Recording {
    fn default() -> Self {
        // Six hours of some ten services with all presets.
        Self { enabled: true, size: 256_000_000 }
    }
}

/// One service.
#[derive(Clone, PartialEq, Debug)]
pub struct Service {
    /// Its name; unique.
    pub name: Arc<str>,
    /// Where it runs: `prod`; may be empty.
    pub environment: String,
    /// What is scraped; at least one, unless a server is asked.
    pub targets: Vec<Target>,
    /// The name of the `[[prometheus]]` server that knows it, instead of targets.
    pub prometheus: Option<String>,
    /// Names of presets; empty: chosen by fingerprint.
    pub presets: Vec<String>,
    /// `PromQL` instead of the presets'.
    pub queries: BTreeMap<Measure, String>,
    /// The names under which its deploys are told, beside its own.
    pub programs: Vec<String>,
    /// Whom it calls: names of services or of vendors.
    pub calls: Vec<String>,
    /// When its signals are worth a word.
    pub rules: Rules,
}

impl Service {
    /// A service of that name, all else as it is by default, without targets.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: Arc::from(name),
            environment: String::new(),
            targets: Vec::new(),
            prometheus: None,
            presets: Vec::new(),
            queries: BTreeMap::new(),
            programs: Vec::new(),
            calls: Vec::new(),
            rules: Rules::default(),
        }
    }
}

/// One address with metrics.
#[derive(Clone, PartialEq)]
pub struct Target {
    /// Where; may hold a user and a password, so that it is shown by [`shown`](crate::sources::http::shown) only.
    pub url: Url,
    /// How it is reached.
    pub access: Arc<Access>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("url", &crate::sources::http::shown(&self.url))
            .field("access", &self.access)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_given_together_are_one_service() {
        let urls = ["http://10.0.0.7:9100/metrics".to_owned(), "http://10.0.0.8:9100/metrics".to_owned()];
        let config = Config::for_urls(&urls, None).unwrap();
        assert_eq!(config.services.len(), 1);
        assert_eq!(&*config.services[0].name, "10.0.0.7:9100");
        assert_eq!(config.services[0].targets.len(), 2);
        let config = Config::for_urls(&urls[..1], Some("checkout")).unwrap();
        assert_eq!(&*config.services[0].name, "checkout");
    }

    #[test]
    fn what_may_be_a_server_is_left_to_be_found_out() {
        for (urls, open) in [
            (&["http://h:9100/metrics"][..], false),
            (&["http://ana:s3cret@h:9090"], true),
            (&["http://h:9100/metrics", "http://h:9090"], true),
        ] {
            let urls: Vec<_> = urls.iter().map(|url| (*url).to_owned()).collect();
            let config = Config::for_urls(&urls, Some("web")).unwrap();
            assert_eq!((config.addresses.is_some(), config.services.is_empty()), (open, open), "{urls:?}");
            assert!(!format!("{config:?}").contains("s3cret"));
        }
    }

    #[test]
    fn bad_addresses_are_all_told_without_their_passwords() {
        let urls = ["localhost:9090".to_owned(), "ftp://u:s3cret@host/x".to_owned(), "http://ok/metrics".to_owned()];
        let problems = Config::for_urls(&urls, None).unwrap_err();
        assert_eq!(problems.len(), 2);
        let shown = problems.to_string();
        assert!(shown.contains("write http://localhost:9090"), "{shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(Config::for_urls(&[], None).unwrap_err().to_string().contains("no address"));
    }

    #[test]
    fn debug_shows_no_password() {
        let urls = ["http://ana:s3cret@host/metrics?token=t0ken".to_owned()];
        let shown = format!("{:?}", Config::for_urls(&urls, None).unwrap());
        assert!(!shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
    }
}
