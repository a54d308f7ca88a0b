//! A server that is asked under another name than the host of its address: its certificate is for that name.
//!
//! The address gets the other name as its host, so that TLS asks for it and verifies it; the network is still asked
//! for the true host, and the `Host` header still has it.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderValue;
use url::Url;

/// Finds the addresses of one host, whatever name is asked for.
pub(super) struct Named {
    host: String,
}

impl Named {
    /// For a host: a name or an IP address.
    pub(super) fn new(host: &str) -> Self {
        // An address is written in brackets in a URL, and without them elsewhere.
        Self { host: host.trim_matches(['[', ']']).to_owned() }
    }
}

impl Resolve for Named {
    fn resolve(&self, _: Name) -> Resolving {
        let host = self.host.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// The address with `name` as its host, and the `Host` header that it had.
pub(super) fn renamed(url: &Url, name: &str) -> Option<(Url, HeaderValue)> {
    let host = url.host_str()?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut to = url.clone();
    to.set_host(Some(name)).ok()?;
    Some((to, HeaderValue::from_str(&host).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_is_another_one() {
        let url = Url::parse("https://u:p@10.0.0.7:9090/x?y").unwrap();
        let (to, host) = renamed(&url, "prometheus.example").unwrap();
        assert_eq!(to.as_str(), "https://u:p@prometheus.example:9090/x?y");
        assert_eq!(host, "10.0.0.7:9090");
        assert_eq!(Named::new("[::1]").host, "::1");
    }
}
