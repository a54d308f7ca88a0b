//! A proxy that somebody wrote down, with what it wants to know of us.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Via;
use crate::sources::http::headers;
use crate::sources::http::shown;

/// The proxy as the client wants it, for all requests but those of `no_proxy`.
pub(super) async fn of(via: &Via) -> Result<reqwest::Proxy, Fault> {
    let mut proxy = reqwest::Proxy::all(via.url.clone()).map_err(|_| {
        Fault::new(FaultKind::Local, &format!("{} is no proxy that can be used", shown(&via.url)))
            .advise("write http://host:port")
    })?;
    if let Some(list) = &via.no_proxy {
        proxy = proxy.no_proxy(reqwest::NoProxy::from_string(list));
    }
    if !via.headers.is_empty() {
        let mut all = HeaderMap::new();
        for (name, reference) in &via.headers {
            let (name, value, _): (HeaderName, HeaderValue, _) = headers::one(name, reference).await?;
            all.append(name, value);
        }
        proxy = proxy.headers(all);
    }
    Ok(proxy)
}
