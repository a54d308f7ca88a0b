//! The clients of reqwest, built at their first use and kept: one for each route, so that connections are shared.
//!
//! A certificate or a key in a file is looked at before each ask, and a file that changed makes a new client: who
//! rotates certificates need not restart sixty. Nothing here sends a request.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use reqwest::{Client, ClientBuilder};
use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::CONNECT;
use crate::sources::http::Proxy;
use crate::sources::http::Route;
use crate::sources::http::Tls;
use crate::sources::http::address::is_loopback;
use crate::sources::http::cause;
use crate::sources::http::handshake;
use crate::sources::http::name::Named;
use crate::sources::http::pem;
use crate::sources::http::proxy;

/// Built at their first use: loading the TLS roots takes longer than the first frame may, and a scrape of
/// `http://127.0.0.1` needs neither them nor a look at the proxy settings.
#[derive(Default)]
pub(super) struct Clients {
    /// Without a word about the route: with TLS or without, with the proxies of the environment or without.
    built: [OnceLock<Client>; 4],
    /// One for each route that somebody wrote down; few, so that a search is as fast as anything.
    routed: Mutex<Vec<Arc<Routed>>>,
}

/// What makes a client differ from others.
#[derive(Clone, PartialEq, Debug)]
struct Kind {
    route: Route,
    tls: bool,
    direct: bool,
    /// The true host behind the name that is asked for instead.
    host: Option<String>,
}

struct Routed {
    kind: Kind,
    /// Held while a client is built, so that a hundred targets with one certificate build it once.
    client: tokio::sync::Mutex<Option<(Vec<Stamp>, Client)>>,
}

/// What tells a changed file from one that is as it was: time, size, inode. `None`: there is no such file.
type Stamp = Option<(Option<SystemTime>, u64, u64)>;

impl Clients {
    /// The client for an address on a route.
    pub(super) async fn client(&self, url: &Url, route: &Route) -> Result<Client, Fault> {
        let kind = Kind::of(url, route);
        if kind.is_plain() {
            return self.plain(kind.tls, kind.direct).await;
        }
        let routed = {
            let mut all = self.routed.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = all.iter().find(|routed| routed.kind == kind) {
                Arc::clone(found)
            } else {
                let new = Arc::new(Routed { kind, client: tokio::sync::Mutex::default() });
                all.push(Arc::clone(&new));
                new
            }
        };
        let mut client = routed.client.lock().await;
        let stamps = stamps(routed.kind.route.tls.files()).await?;
        if let Some((of, client)) = client.as_ref()
            && *of == stamps
        {
            return Ok(client.clone());
        }
        // A client with an old certificate must not outlive it because the new one cannot be read.
        *client = None;
        let new = routed.kind.build().await?;
        *client = Some((stamps, new.clone()));
        Ok(new)
    }

    async fn plain(&self, tls: bool, direct: bool) -> Result<Client, Fault> {
        let slot = usize::from(tls) * 2 + usize::from(direct);
        if let Some(client) = self.built.get(slot).and_then(OnceLock::get) {
            return Ok(client.clone());
        }
        let client = if tls {
            // Reading the roots from disk takes tens of milliseconds, in which a key would wait.
            blocking(move || builder(true, direct).build()).await?
        } else {
            builder(false, direct).build()
        };
        let client = client.map_err(|error| cause::unbuilt(&error))?;
        if let Some(place) = self.built.get(slot) {
            // Two sources may build at the same time; the first one stays, so that connections are shared.
            return Ok(place.get_or_init(|| client).clone());
        }
        Ok(client)
    }
}

impl Kind {
    fn of(url: &Url, route: &Route) -> Self {
        let mut route = route.clone();
        let tls = url.scheme() == "https";
        let to_proxy = matches!(&route.proxy, Proxy::Via(via) if via.url.scheme() == "https");
        if !tls {
            route.tls.server_name = None;
            if !to_proxy {
                // Certificates change nothing where there is no TLS.
                route.tls = Tls::default();
            }
        }
        let host = route.tls.server_name.as_ref().and_then(|_| url.host_str()).map(str::to_owned);
        if route.proxy == Proxy::Environment && (is_loopback(url) || host.is_some()) {
            route.proxy = Proxy::Direct;
        }
        let direct = route.proxy == Proxy::Direct;
        Self { route, tls: tls || to_proxy, direct, host }
    }

    fn is_plain(&self) -> bool {
        self.route.tls == Tls::default() && !matches!(self.route.proxy, Proxy::Via(_))
    }

    async fn build(&self) -> Result<Client, Fault> {
        let Self { route, tls, direct, host } = self.clone();
        let proxy = match &route.proxy {
            Proxy::Via(via) => Some(proxy::of(via).await?),
            Proxy::Environment | Proxy::Direct => None,
        };
        let material = pem::read(&route.tls).await?;
        blocking(move || {
            let mut builder = builder(tls, direct);
            if tls {
                builder = builder.tls_backend_preconfigured(handshake::config(&route.tls, material)?);
            }
            if let Some(proxy) = proxy {
                builder = builder.proxy(proxy);
            }
            if let Some(host) = host {
                builder = builder.dns_resolver(Named::new(&host));
            }
            builder.build().map_err(|error| cause::unbuilt(&error))
        })
        .await?
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Fault::new(FaultKind::Local, &error.to_string()))
}

fn builder(tls: bool, direct: bool) -> ClientBuilder {
    // Another library may have chosen a provider before us, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("sixty/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(2);
    if !tls {
        builder = builder.tls_certs_only([]);
    }
    if direct {
        builder = builder.no_proxy();
    }
    builder
}

/// The stamps of files; a missing one is no fault here, since who reads it says more about it.
async fn stamps(files: Vec<PathBuf>) -> Result<Vec<Stamp>, Fault> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    // A network file system may let a look at a file wait.
    blocking(move || files.iter().map(|path| std::fs::metadata(path).ok().map(|about| stamp(&about))).collect()).await
}

#[cfg(unix)]
fn stamp(about: &std::fs::Metadata) -> (Option<SystemTime>, u64, u64) {
    (about.modified().ok(), about.len(), std::os::unix::fs::MetadataExt::ino(about))
}

#[cfg(not(unix))]
fn stamp(about: &std::fs::Metadata) -> (Option<SystemTime>, u64, u64) {
    (about.modified().ok(), about.len(), 0)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::sources::secret::SecretRef;

    #[tokio::test]
    async fn a_client_without_tls_is_built_at_once_and_only_once() {
        let clients = Clients::default();
        assert!(clients.built.iter().all(|slot| slot.get().is_none()), "nothing is built before it is needed");
        let url = Url::parse("http://127.0.0.1:1/").unwrap();
        let mut took = Vec::new();
        for _ in 0..5 {
            let begun = Instant::now();
            Clients::default().client(&url, &Route::default()).await.unwrap();
            took.push(begun.elapsed());
        }
        took.sort();
        // The debug build on a busy machine; the release build takes a twentieth of it.
        assert!(took[0] < Duration::from_millis(20), "{took:?}");
        // Without TLS no file of it is looked at, not even one that does not exist.
        let ca = Some(SecretRef::File(PathBuf::from("/no/such/ca.pem")));
        let route = Route { tls: Tls { ca, ..Tls::default() }, proxy: Proxy::Environment };
        clients.client(&url, &route).await.unwrap();
        let built: Vec<bool> = clients.built.iter().map(|slot| slot.get().is_some()).collect();
        assert_eq!(built, [false, true, false, false]);
        assert!(clients.routed.lock().unwrap().is_empty());
        eprintln!("client without TLS: {took:?}");
    }
}
