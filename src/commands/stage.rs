//! The configuration of a team that runs the services of a scenario: what `demo` and `replay` watch.
//!
//! One function for both, so that what is measured is what is seen.

use std::path::Path;
use std::sync::Arc;

use url::Url;

use crate::config;
use crate::config::Config;
use crate::config::Intervals;
use crate::config::Service;
use crate::config::Target;
use crate::drill;
use crate::drill::Endpoints;
use crate::drill::Page;
use crate::drill::Scenario;
use crate::drill::World;
use crate::sources::deploys;
use crate::sources::deploys::FileSettings;
use crate::sources::deploys::GithubSettings;
use crate::sources::status;

/// How often changes are looked at: a deploy that has just finished should be there at once.
const CHANGES: std::time::Duration = std::time::Duration::from_secs(10);

/// The scenario of a file, or of a name that ships.
///
/// # Errors
/// All problems of the file; for a name that is not known, those that are.
pub fn scenario(named: &str) -> Result<Scenario, String> {
    let path = Path::new(named);
    if let Some(text) = drill::shipped(named).filter(|_| !path.exists()) {
        // A test reads each of them: a problem here is one of a program that was changed.
        return config::scenario::parse(text, named).map_err(|problems| problems.to_string());
    }
    let is_path = path.exists() || path.extension().is_some() || path.components().count() > 1;
    if is_path {
        return config::scenario::load(path).map_err(|problems| problems.to_string());
    }
    let known: Vec<&str> = drill::SHIPPED.iter().map(|(name, _)| *name).collect();
    let shown = crate::facts::text::clean_line(named, 80);
    Err(format!("no scenario is called `{shown}`; write the path of a file, or one of: {}", known.join(", ")))
}

/// What watches a world that is served at an address, with its deploy log in a file.
///
/// # Errors
/// An address that cannot be made of a name; none is known.
pub fn watching(world: &World, address: &Url, log: &Path) -> Result<Config, String> {
    let Endpoints { services, vendors, log: has_log, repository } = world.endpoints();
    let intervals = intervals(world.scenario());
    let join = |path: &str| address.join(path).map_err(|error| format!("{path}: {error}"));
    let mut config = Config { intervals, ..Config::default() };
    for watched in &services {
        let target = |path: &String| join(path).map(|url| Target { url, access: Arc::default() });
        config.services.push(Service {
            environment: watched.environment.clone(),
            programs: watched.programs.clone(),
            calls: watched.calls.clone(),
            targets: watched.paths.iter().map(target).collect::<Result<_, _>>()?,
            ..Service::named(&watched.name)
        });
    }
    for vendor in &vendors {
        let kind = if vendor.page == Page::Aws { status::Kind::Aws } else { status::Kind::Statuspage };
        let page = status::Settings::new(&vendor.name, kind, join(&vendor.path)?, intervals.status);
        let regions = if vendor.region.is_empty() { Vec::new() } else { vec![vendor.region.clone()] };
        config.status.push(page.with_regions(regions));
    }
    if let Some(repository) = repository {
        config.deploys.push(deploys::Settings::Github(GithubSettings {
            name: "github".to_owned(),
            repo: repository.to_owned(),
            environment: Some("production".to_owned()),
            api: address.clone(),
            token: None,
            every: intervals.changes,
        }));
    }
    if has_log {
        let file = FileSettings { name: "deploy log".to_owned(), path: log.to_owned(), every: intervals.changes };
        config.deploys.push(deploys::Settings::File(file));
    }
    Ok(config)
}

fn intervals(scenario: &Scenario) -> Intervals {
    Intervals { metrics: scenario.scrape, changes: CHANGES, ..Intervals::default() }
}
