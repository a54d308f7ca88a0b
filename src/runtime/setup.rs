//! From what the team wrote to what runs: the settings of the app, and the sources.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use crate::app::FleetSettings;
use crate::app::KeyMap;
use crate::app::Mode;
use crate::app::ServiceSettings;
use crate::app::Settings;
use crate::config::Addresses;
use crate::config::Config;
use crate::config::Service;
use crate::config::Target;
use crate::facts::At;
use crate::facts::Measure;
use crate::facts::PresetReport;
use crate::facts::SourceId;
use crate::facts::Zone;
use crate::facts::text::clean;
use crate::incident::Checklist;
use crate::runtime::journal;
use crate::runtime::leading::incidents;
use crate::runtime::leading::own_list;
use crate::runtime::runbooks;
use crate::signals::preset;
use crate::signals::preset::Family;
use crate::sources::Source;
use crate::sources::deploys::DeploySource;
use crate::sources::detect;
use crate::sources::detect::Detect;
use crate::sources::embedded;
use crate::sources::embedded::Absence;
use crate::sources::embedded::Embedded;
use crate::sources::embedded::Plan;
use crate::sources::embedded::Planner;
use crate::sources::embedded::recording::Access;
use crate::sources::embedded::recording::Holder;
use crate::sources::embedded::recording::Place;
use crate::sources::embedded::recording::Recorder;
use crate::sources::exposition::Inventory;
use crate::sources::prometheus;
use crate::sources::prometheus::Own;
use crate::sources::prometheus::Prometheus;
use crate::sources::status::StatusSource;

/// What a person asked for on the command line.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What a person may do.
    pub mode: Mode,
    /// The service to start with.
    pub service: Option<String>,
    /// The name that the person gave.
    pub who: Option<String>,
    /// A word behind the service's name.
    pub badge: Option<String>,
    /// No other service than the one to start with is of interest.
    pub only: bool,
}

/// The settings of the app.
///
/// # Errors
/// A sentence per problem: a service that is not configured, a checklist that cannot be read, keys that clash.
pub fn settings(config: &Config, wish: &Wish, sources: &[Source], at: At) -> Result<Settings, Vec<String>> {
    let mut problems = Vec::new();
    let shown: Vec<&Service> = config.services.iter().filter(|service| is_known(service, config)).collect();
    let only_servers_know = !config.prometheus.is_empty() || config.addresses.is_some();
    let start = match &wish.service {
        Some(name) => {
            let found = shown.iter().position(|service| *service.name == **name);
            if found.is_none() && !only_servers_know {
                problems.push(unknown_service(name, config));
            }
            found
        }
        None => (shown.len() == 1 && !only_servers_know).then_some(0),
    };
    let keys = KeyMap::new(&config.keys, wish.mode.is_read_only()).unwrap_or_else(|found| {
        problems.extend(found);
        KeyMap::default()
    });
    let checklist = own_list(config.checklist.as_deref(), Checklist::first_60_seconds).unwrap_or_else(|found| {
        problems.extend(found);
        Checklist::first_60_seconds()
    });
    let full_list = own_list(config.incident.full_list.as_deref(), Checklist::full_incident).unwrap_or_else(|found| {
        problems.extend(found);
        Checklist::full_incident()
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Settings {
        commands: config.commands.clone(),
        severities: config.severities.clone(),
        services: shown.into_iter().map(service_settings).collect(),
        fleet: fleet(config, wish),
        sources: sources.iter().map(Source::info).collect(),
        zone: config.time_zone.clone().unwrap_or_else(machine_zone),
        window: config.window,
        retention: config.history(),
        who: journal::who(wish.who.as_deref().or(config.who.as_deref())),
        host: journal::host(),
        id_prefix: journal::new_id(at),
        mode: wish.mode,
        keys,
        past_questions: Vec::new(),
        checklist,
        full_list,
        incidents: incidents(config, wish.mode),
        runbooks: Arc::new(runbooks::load(config)),
        start,
        badge: wish.badge.clone(),
    })
}

fn service_settings(service: &Service) -> ServiceSettings {
    ServiceSettings {
        name: Arc::clone(&service.name),
        environment: service.environment.clone(),
        programs: service.programs.clone(),
        calls: service.calls.clone(),
        rules: service.rules.clone(),
    }
}

/// Whether a service is there before a server has named it: one that neither has targets nor says which of several
/// servers knows it only says how it is to be judged when it appears.
fn is_known(service: &Service, config: &Config) -> bool {
    !service.targets.is_empty() || server_of(service, config).is_some()
}

/// The server that brings a service: the one that it names, else the only one that there is.
fn server_of<'a>(service: &Service, config: &'a Config) -> Option<&'a prometheus::Settings> {
    if !service.targets.is_empty() {
        return None;
    }
    match (&service.prometheus, config.prometheus.as_slice()) {
        (Some(name), all) => all.iter().find(|server| server.name == *name),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// What is known of services that only servers name.
fn fleet(config: &Config, wish: &Wish) -> FleetSettings {
    let bound = |service: &Service| Some((Arc::clone(&service.name), server_id(server_of(service, config)?)));
    let configured = |service: &Service| (Arc::clone(&service.name), service_settings(service));
    let named = config.addresses.as_ref().and_then(|addresses| addresses.service.as_ref());
    FleetSettings {
        bound: config.services.iter().filter_map(bound).collect(),
        configured: config.services.iter().filter(|service| service.targets.is_empty()).map(configured).collect(),
        wanted: wish.service.as_ref().or(named).map(|name| Arc::from(name.as_str())),
        only: wish.only,
    }
}

/// The id of the source that asks a server.
fn server_id(server: &prometheus::Settings) -> SourceId {
    SourceId::new(&format!("prometheus {}", server.name))
}

fn unknown_service(name: &str, config: &Config) -> String {
    unknown(name, &config.services.iter().map(|service| &*service.name).collect::<Vec<_>>())
}

/// That there is no such service among those that are configured, and what may be meant.
#[must_use]
pub fn unknown(name: &str, known: &[&str]) -> String {
    let closest = known.iter().max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let closest = closest.filter(|close| strsim::jaro_winkler(close, name) > 0.8);
    match closest {
        Some(close) => format!("there is no service `{name}` in the configuration; did you mean `{close}`?"),
        None if known.is_empty() => format!("there is no service `{name}`: the configuration has none"),
        None => format!("there is no service `{name}`; there are: {}", known.join(", ")),
    }
}

/// The machine's zone; UTC where it has none, or one that nobody knows.
fn machine_zone() -> Zone {
    let named = std::env::var("TZ").ok().filter(|name| !name.is_empty());
    let named = named.or_else(|| iana_time_zone::get_timezone().ok());
    named.and_then(|name| Zone::named(name.trim_start_matches(':'))).unwrap_or(Zone::utc())
}

/// What a mode may do with recordings.
#[must_use]
pub const fn access(mode: Mode) -> Access {
    if mode.is_read_only() { Access::ReadOnly } else { Access::Shared }
}

/// The way to the recordings in a state directory, unless they are switched off. `program` is what others are told
/// that we are.
#[must_use]
pub fn recorder(config: &Config, state: &Path, access: Access, program: &str) -> Recorder {
    if !config.recording.enabled {
        return Recorder::off();
    }
    let me = Holder::this(program, &journal::host());
    Recorder::new(Place { dir: state.to_owned(), cap: config.recording.size, access, me })
}

/// The engines of all services.
#[must_use]
pub fn engines(config: &Config, recorder: &Recorder) -> Vec<Source> {
    let scraped = config.services.iter().filter(|service| !service.targets.is_empty());
    scraped.map(|service| Source::Embedded(Box::new(engine(config, service, recorder)))).collect()
}

/// All sources that the configuration names.
#[must_use]
pub fn sources(config: &Config, recorder: &Recorder) -> Vec<Source> {
    let engines = engines(config, recorder).into_iter();
    let servers = config.prometheus.iter().map(|server| Source::Prometheus(Box::new(asker(config, server.clone()))));
    let found = config.addresses.iter();
    let found = found.map(|addresses| Source::Detect(Box::new(detector(config, addresses, recorder))));
    let status = config.status.iter().map(|settings| Source::Status(Box::new(StatusSource::new(settings.clone()))));
    let deploys = config.deploys.iter().map(|settings| Source::Deploys(Box::new(DeploySource::new(settings.clone()))));
    // Each server knows what fires on it, besides the metrics that it is asked for.
    let alerts = config.prometheus.iter().map(|server| Source::Alerts(Box::new(prometheus::Alerts::new(server))));
    engines.chain(servers).chain(found).chain(alerts).chain(status).chain(deploys).collect()
}

/// The engine that asks a server. What the team wrote of single services goes before the presets.
fn asker(config: &Config, mut server: prometheus::Settings) -> Prometheus {
    for service in config.services.iter().filter(|service| service.targets.is_empty()) {
        let here = service.prometheus.as_ref().is_none_or(|name| *name == server.name);
        if here && (!service.presets.is_empty() || !service.queries.is_empty()) {
            let own = || Own { presets: service.presets.clone(), queries: service.queries.clone() };
            server.own.entry(Arc::clone(&service.name)).or_insert_with(own);
        }
    }
    let own = server.own.clone();
    let planner_of = move |name: &str| match own.get(name) {
        Some(own) => planner(&own.presets, &own.queries, preset::explain_briefly),
        None => planner(&[], &BTreeMap::new(), preset::explain_briefly),
    };
    let owned = |labels: BTreeSet<&str>| labels.into_iter().map(str::to_owned).collect();
    let wanted = preset::wanted().into_iter().map(|(metric, labels)| (metric.to_owned(), owned(labels)));
    Prometheus::new(server, Arc::new(planner_of)).looking_for(wanted.collect())
}

/// Finds out what lies at the addresses of the command line.
fn detector(config: &Config, addresses: &Addresses, recorder: &Recorder) -> Detect {
    let (for_scraping, for_asking) = (config.clone(), config.clone());
    let recorder = recorder.clone();
    let embedded = move |name: &str, urls: &[Url]| {
        let target = |url: &Url| Target { url: url.clone(), access: Arc::default() };
        let service = Service { targets: urls.iter().map(target).collect(), ..Service::named(name) };
        engine(&for_scraping, &service, &recorder)
    };
    let server = move |name: &str, base: &Url| {
        let settings = prometheus::Settings::named(name, vec![base.clone()]);
        let settings = prometheus::Settings { every: for_asking.intervals.metrics, ..settings };
        let alerts = prometheus::Alerts::new(&settings);
        (asker(&for_asking, settings), alerts)
    };
    Detect::new(detect::Settings {
        urls: addresses.urls.clone(),
        service: addresses.service.clone(),
        every: config.intervals.metrics,
        makers: detect::Makers { embedded: Arc::new(embedded), server: Arc::new(server) },
    })
}

/// The embedded engine of one service.
#[must_use]
pub fn engine(config: &Config, service: &Service, recorder: &Recorder) -> Embedded {
    let settings = embedded::Settings {
        service: Arc::clone(&service.name),
        targets: service.targets.iter().map(|target| (target.url.clone(), Arc::clone(&target.access))).collect(),
        every: config.intervals.metrics,
        rate_window: config.rate_window,
        retention: config.retention,
        max_series: config.max_series,
    };
    let plan = format!("{:?} {:?}", service.presets, service.queries);
    Embedded::new(settings, planner(&service.presets, &service.queries, preset::explain)).recorded(recorder, &plan)
}

/// Chooses presets by what is there; what the team wrote goes before them. `explain` says what is missing.
#[must_use]
pub fn planner(presets: &[String], own: &BTreeMap<Measure, String>, explain: Explain) -> Planner {
    let wanted: Vec<_> = presets.iter().filter_map(|key| preset::by_key(key)).collect();
    let own = own.clone();
    Arc::new(move |there: &Inventory| {
        let inventory = preset::Inventory { names: there.names.clone() };
        plan(preset::choose_with(&inventory, &wanted), &own, explain)
    })
}

/// Says of a family that nothing fits, and what to do.
pub type Explain = fn(&preset::Missing) -> String;

fn plan(choice: preset::Choice, own: &BTreeMap<Measure, String>, explain: Explain) -> Plan {
    let mut queries = choice.queries;
    queries.extend(own.iter().map(|(measure, query)| (*measure, query.clone())));
    let mut absent = Vec::new();
    for missing in &choice.missing {
        let why: Arc<str> = explain(missing).into();
        for measure in wanted_of(missing.family) {
            if !queries.contains_key(measure) {
                absent.push(Absence { measure: *measure, why: Arc::clone(&why) });
            }
        }
    }
    Plan {
        presets: choice
            .presets
            .into_iter()
            // Where the others come from their queries tell; a line for each of eight would hide these.
            .filter(|(preset, _)| !preset.family.is_optional())
            .map(|(preset, why)| PresetReport { title: clean(&preset.title), why: clean(&why) })
            .collect(),
        notes: choice.notes,
        queries,
        own: own.keys().copied().collect(),
        route: choice.route,
        absent,
    }
}

/// The measures of a family that a service is expected to have.
const fn wanted_of(family: Family) -> &'static [Measure] {
    match family {
        Family::Requests => &[Measure::RequestRate, Measure::ErrorRate, Measure::LatencyP95],
        Family::Memory => &[Measure::MemoryUsed],
        Family::Pool => &[Measure::PoolUsed],
        _ => &[],
    }
}

/// Where journals and copies are kept: as configured, else `$XDG_STATE_HOME/sixty`, else `~/.local/state/sixty`,
/// else the directory for temporary files.
#[must_use]
pub fn state_dir(chosen: Option<&PathBuf>, env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    if let Some(path) = chosen {
        return path.clone();
    }
    let absolute = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .unwrap_or_else(std::env::temp_dir)
        .join("sixty")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_directory_follows_the_environment() {
        let env = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let chosen = PathBuf::from("/srv/on-call");
        for (pairs, chosen, expected) in [
            (&[("HOME", "/home/ana")][..], None, "/home/ana/.local/state/sixty"),
            (&[("HOME", "/home/ana"), ("XDG_STATE_HOME", "/state")], None, "/state/sixty"),
            (&[("HOME", "/home/ana"), ("XDG_STATE_HOME", "state")], None, "/home/ana/.local/state/sixty"),
            (&[("HOME", "/home/ana")], Some(&chosen), "/srv/on-call"),
        ] {
            assert_eq!(state_dir(chosen, &env(pairs)), PathBuf::from(expected));
        }
    }

    #[test]
    fn what_the_team_wrote_goes_before_the_preset_and_what_is_missing_is_said() {
        let own = BTreeMap::from([(Measure::RequestRate, "sum(rate(mine_total[1m]))".to_owned())]);
        let plan = planner(&[], &own, preset::explain)(&Inventory::default());
        assert_eq!(plan.queries, own);
        let absent: Vec<_> = plan.absent.iter().map(|absence| absence.measure).collect();
        assert!(absent.contains(&Measure::ErrorRate) && !absent.contains(&Measure::RequestRate));
        assert!(plan.absent[0].why.contains("http_server_request_duration_seconds_count"), "{}", plan.absent[0].why);
        let plan = planner(&[], &own, preset::explain_briefly)(&Inventory::default());
        let why = |measure| &*plan.absent.iter().find(|absence| absence.measure == measure).unwrap().why;
        assert_eq!(
            why(Measure::PoolUsed),
            "no connection pool metric known; write db_pool_used under [service.signals]",
            "a server is not asked for all that it has"
        );
    }
}
