//! A world as a network that the sources ask, and the configuration of a team that runs what is in it.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use url::Url;

use super::play::Answers;
use crate::config::Config;
use crate::config::Intervals;
use crate::config::Service;
use crate::config::Target;
use crate::drill::Answered;
use crate::drill::Page;
use crate::drill::Scenario;
use crate::drill::World;
use crate::facts::At;
use crate::facts::Zone;
use crate::sources::deploys;
use crate::sources::deploys::FileSettings;
use crate::sources::deploys::GithubSettings;
use crate::sources::http::Reply;
use crate::sources::http::Sent;
use crate::sources::status;

/// Where the world's endpoints are said to be; nobody connects there.
const BASE: &str = "http://world.invalid";

/// Where its deploy log is said to lie; nothing is read there.
const LOG: &str = "deploys.jsonl";

/// A world that answers on a network inside the program.
pub(super) struct Inside(Mutex<World>);

impl Inside {
    /// The world of a scenario with the noise of a seed.
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Self {
        Self(Mutex::new(World::new(scenario, seed).at_address(BASE)))
    }
}

impl Answers for Inside {
    fn answer(&self, url: &Url, form: Option<&[(String, String)]>, at: At) -> Sent {
        if form.is_some() {
            return Sent::at_once(Reply::new(405, "text/plain", "only GET is answered here\n"));
        }
        let asked = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).answer(&asked, at) {
            Answered::Body { status, kind, bytes, link } => {
                let mut reply = Reply::new(status, kind, bytes);
                reply.headers.extend(link.map(|link| ("link".to_owned(), link)));
                Sent::at_once(reply)
            }
            Answered::Refused => Sent::broken(io::ErrorKind::ConnectionRefused),
            Answered::Hangs => Sent::never(),
        }
    }

    fn file(&self, path: &Path, at: At) -> io::Result<Vec<u8>> {
        if path != Path::new(LOG) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).deploys_jsonl(at).into_bytes())
    }
}

/// The configuration of a team that runs the services of a scenario.
///
/// # Errors
/// An address that cannot be one.
pub(super) fn watching(scenario: &Scenario, seed: u64) -> Result<Config, String> {
    let base = Url::parse(BASE).map_err(|error| error.to_string())?;
    let join = |path: &str| base.join(path).map_err(|error| error.to_string());
    let endpoints = World::new(scenario, seed).endpoints();
    let intervals =
        Intervals { metrics: scenario.scrape, changes: std::time::Duration::from_secs(10), ..Intervals::default() };
    let mut services = Vec::new();
    for watched in &endpoints.services {
        let targets: Result<Vec<_>, String> =
            watched.paths.iter().map(|path| Ok(Target { url: join(path)?, access: Arc::default() })).collect();
        services.push(Service {
            environment: watched.environment.clone(),
            targets: targets?,
            ..Service::named(&watched.name)
        });
    }
    let mut pages = Vec::new();
    for vendor in &endpoints.vendors {
        let kind = if vendor.page == Page::Aws { status::Kind::Aws } else { status::Kind::Statuspage };
        let page = status::Settings::new(&vendor.name, kind, join(&vendor.path)?, intervals.status);
        let regions = if vendor.region.is_empty() { Vec::new() } else { vec![vendor.region.clone()] };
        pages.push(page.with_regions(regions));
    }
    let mut changes = Vec::new();
    if endpoints.log {
        let path = PathBuf::from(LOG);
        let name = "deploy log".to_owned();
        changes.push(deploys::Settings::File(FileSettings { name, path, every: intervals.changes }));
    }
    if let Some(repository) = endpoints.repository {
        changes.push(deploys::Settings::Github(GithubSettings {
            name: "github".to_owned(),
            repo: repository.to_owned(),
            environment: None,
            api: base.clone(),
            token: None,
            every: intervals.changes,
        }));
    }
    let zone = Some(Zone::utc());
    Ok(Config { services, status: pages, deploys: changes, intervals, time_zone: zone, ..Config::default() })
}
