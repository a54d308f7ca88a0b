//! From arguments and files to a checked configuration, or to sentences that say why not.

use std::path::PathBuf;

use crate::commands::cli::Cli;
use crate::commands::cli::Command;
use crate::commands::cli::What;
use crate::config;
use crate::config::Config;
use crate::config::World;
use crate::runtime::files;
use crate::runtime::setup;
use crate::ui::Look;

/// What a command needs to begin.
pub struct Prepared {
    /// The configuration with the options applied.
    pub config: Config,
    /// The service to begin with.
    pub service: Option<String>,
    /// How it looks.
    pub look: Look,
    /// Where journals are kept.
    pub state: PathBuf,
}

/// An environment variable that is set and readable.
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Finds, reads and checks what the arguments point at.
///
/// # Errors
/// Everything that is wrong, a sentence a line.
pub fn prepare(cli: &Cli) -> Result<Prepared, String> {
    let (config, service) = match cli.what() {
        What::Urls(urls) => {
            let found = Config::for_urls(&urls, cli.options.service.as_deref());
            (found.map_err(|problems| problems.to_string())?, None)
        }
        What::Everything => (configured(cli)?, None),
        What::Service(name) => (configured(cli)?, Some(name)),
    };
    with(cli, config, service)
}

/// The same for a configuration that is there already.
///
/// # Errors
/// A theme that cannot be had.
pub fn with(cli: &Cli, config: Config, service: Option<String>) -> Result<Prepared, String> {
    let config = cli.options.apply(config);
    files::make_room(targets(&config));
    let look = crate::runtime::look(&config.theme, config.ascii, &env)?;
    let state = setup::state_dir(config.state_dir.as_ref(), &env);
    Ok(Prepared { config, service, look, state })
}

/// How many endpoints may be scraped.
pub fn targets(config: &Config) -> usize {
    let configured: usize = config.services.iter().map(|service| service.targets.len()).sum();
    configured + config.addresses.as_ref().map_or(0, |addresses| addresses.urls.len())
}

/// Whether a person may act in what was called, or asks about it. Everything else gets a configuration that knows no
/// channel and no pager, whatever the file says.
fn acts(cli: &Cli) -> bool {
    match &cli.command {
        None => !cli.options.read_only,
        Some(Command::Check(_)) => true,
        // A watch tells others only where it was asked to.
        Some(Command::Watch(watch)) => !watch.post.is_empty() && !cli.options.read_only,
        Some(_) => false,
    }
}

/// The configuration that is found, checked.
///
/// # Errors
/// There is none, or everything that is wrong with it.
pub fn configured(cli: &Cli) -> Result<Config, String> {
    let cwd = std::env::current_dir().unwrap_or_default();
    let found = config::find(cli.options.config.as_deref(), &env, &cwd).map_err(|problems| problems.to_string())?;
    let Some(path) = found else {
        return Err(
            "there is no configuration: neither ./sixty.toml nor sixty/sixty.toml in the configuration folder \
                    nor /etc/sixty/sixty.toml\n\
                    try `sixty demo`, or `sixty http://host:port/metrics`, or write a sixty.toml as the README shows"
                .to_owned(),
        );
    };
    let home = env("HOME").map(PathBuf::from);
    let world = World { acts: acts(cli), ..World::machine(crate::ui::themes(), home.as_deref()) };
    let config = config::load(&path, &world).map_err(|problems| problems.to_string())?;
    if config.services.is_empty() && config.prometheus.is_empty() {
        return Err(format!(
            "{}: no service is configured; add a [[service]] with a name and targets, or a [[prometheus]] with a url, \
             as the README shows",
            path.display()
        ));
    }
    Ok(config)
}
