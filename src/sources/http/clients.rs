//! The clients of reqwest, built at their first use and kept: one for each way in which a server is reached.

use std::sync::OnceLock;

use reqwest::Client;
use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::CONNECT;
use crate::sources::http::cause;
use crate::sources::http::is_loopback;

/// Built at their first use: loading the TLS roots takes longer than the first frame may, and a scrape of
/// `http://127.0.0.1` needs neither them nor a look at the proxy settings.
#[derive(Default)]
pub(super) struct Clients {
    built: [OnceLock<Client>; 4],
}

impl Clients {
    /// The client for an address: with TLS or without, with the proxies of the environment or without.
    pub(super) async fn client(&self, url: &Url) -> Result<Client, Fault> {
        let (tls, direct) = (url.scheme() == "https", is_loopback(url));
        let slot = usize::from(tls) * 2 + usize::from(direct);
        if let Some(client) = self.built.get(slot).and_then(OnceLock::get) {
            return Ok(client.clone());
        }
        let built = if tls {
            // Reading the roots from disk takes tens of milliseconds, in which a key would wait.
            tokio::task::spawn_blocking(move || build(true, direct))
                .await
                .map_err(|error| Fault::new(FaultKind::Local, &error.to_string()))?
        } else {
            build(false, direct)
        };
        let client = built.map_err(|error| cause::unbuilt(&error))?;
        if let Some(place) = self.built.get(slot) {
            // Two sources may build at the same time; the first one stays, so that connections are shared.
            return Ok(place.get_or_init(|| client).clone());
        }
        Ok(client)
    }
}

fn build(tls: bool, direct: bool) -> reqwest::Result<Client> {
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
    builder.build()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn a_client_without_tls_is_built_at_once_and_only_once() {
        let clients = Clients::default();
        assert!(clients.built.iter().all(|slot| slot.get().is_none()), "nothing is built before it is needed");
        let url = Url::parse("http://127.0.0.1:1/").unwrap();
        let mut took = Vec::new();
        for _ in 0..5 {
            let begun = Instant::now();
            Clients::default().client(&url).await.unwrap();
            took.push(begun.elapsed());
        }
        took.sort();
        // The debug build on a busy machine; the release build takes a twentieth of it.
        assert!(took[0] < Duration::from_millis(20), "{took:?}");
        clients.client(&url).await.unwrap();
        let built: Vec<bool> = clients.built.iter().map(|slot| slot.get().is_some()).collect();
        assert_eq!(built, [false, true, false, false]);
        eprintln!("client without TLS: {took:?}");
    }
}
