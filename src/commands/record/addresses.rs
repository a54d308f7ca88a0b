//! Addresses of the command line that are to be recorded: those of metrics are, a server is told to keep its own past.

use futures_util::future::join_all;

use crate::config::Config;
use crate::config::Service;
use crate::config::Target;
use crate::runtime::exit;
use crate::sources::detect;
use crate::sources::detect::Found;
use crate::sources::http::Http;
use crate::sources::http::shown;

/// Asks each address of the configuration what it is, and makes those of metrics a service, as the screen does.
///
/// # Errors
/// Why none of them can be recorded. What cannot be recorded beside others is said.
pub(super) async fn settle(config: &mut Config) -> Result<(), String> {
    let Some(addresses) = config.addresses.take() else { return Ok(()) };
    let http = Http::new();
    let found = join_all(addresses.urls.iter().map(|url| detect::what_is(&http, url))).await;
    let mut targets = Vec::new();
    let mut refusals = Vec::new();
    for (url, found) in addresses.urls.into_iter().zip(found) {
        match found {
            Ok(Found::Exposition) => targets.push(Target { url, access: std::sync::Arc::default() }),
            Ok(Found::Server(_)) => {
                let address = shown(&url);
                refusals.push(format!("{address} is a server that keeps its own history; it is not recorded"));
            }
            Err(fault) => refusals.push(format!("{}: {fault}", shown(&url))),
        }
    }
    let Some(first) = targets.first() else { return Err(refusals.join("\n")) };
    for refusal in refusals {
        exit::say(refusal);
    }
    let name = addresses.service.unwrap_or_else(|| detect::name_of(&first.url));
    config.services.push(Service { targets, ..Service::named(&name) });
    Ok(())
}
