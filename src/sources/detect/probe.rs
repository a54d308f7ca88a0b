//! One address: are these metrics, or does the API of a Prometheus server begin here?
//!
//! Both are asked at once, and the first yes counts. When both say no, the fault tells what was tried.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::Either;
use futures_util::future::select;
use serde_json::Value;
use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::exposition;
use crate::sources::exposition::Format;
use crate::sources::exposition::inventory;
use crate::sources::http::Answer;
use crate::sources::http::Ask;
use crate::sources::http::Body;
use crate::sources::http::Http;
use crate::sources::http::shown;

/// Answers to questions of which a word is wanted are small, in bytes.
const CAP: usize = 256 * 1024;

/// Pages of the web interfaces of Prometheus, Thanos and `VictoriaMetrics`: what is pasted from a browser.
const PAGES: [&str; 13] = [
    "graph",
    "query",
    "alerts",
    "rules",
    "targets",
    "status",
    "tsdb-status",
    "config",
    "flags",
    "service-discovery",
    "stores",
    "agent",
    "store",
];

/// Folders of such pages.
const FOLDERS: [&str; 3] = ["classic", "vmui", "-"];

/// What answers at an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// Metrics.
    Exposition,
    /// A server, and where its API begins.
    Server(Url),
}

/// Whether an address is one of metrics beyond doubt, so that nothing is asked before it is scraped.
#[must_use]
pub fn is_certain(url: &Url) -> bool {
    let Some(segments) = url.path_segments() else { return true };
    let segments: Vec<&str> = segments.filter(|segment| !segment.is_empty()).collect();
    // Of a server, `metrics` is what it says of itself; what stands behind `api/v1` is another matter.
    let api = segments.windows(2).any(|pair| pair == ["api", "v1"]);
    let named = segments.iter().any(|segment| ["metrics", "federate"].contains(segment));
    let spring = segments.ends_with(&["actuator", "prometheus"]);
    let prober = segments.last() == Some(&"probe") && url.query().is_some();
    !api && (named || spring || prober)
}

/// Where the API of a server begins whose address was pasted: without a page of its web interface, without a path of
/// the API, without what stands behind `?`. User and password stay.
#[must_use]
pub fn api_base(url: &Url) -> Url {
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    let segments: Vec<&str> = url.path_segments().map(Iterator::collect).unwrap_or_default();
    let segments: Vec<&str> = segments.into_iter().filter(|segment| !segment.is_empty()).collect();
    let api = segments.windows(2).position(|pair| pair == ["api", "v1"]);
    // Only the last word of a path is a page; a proxy may well have a folder called `query`.
    let page = segments.last().filter(|last| PAGES.contains(last)).map(|_| segments.len() - 1);
    let folder = segments.iter().position(|segment| FOLDERS.contains(segment));
    let end = [api, page, folder].into_iter().flatten().min().unwrap_or(segments.len());
    base.set_path(&segments[..end].join("/"));
    base
}

/// Asks what answers at an address; each question may take as long as `patience`.
///
/// # Errors
/// What was tried, and what to write instead.
pub(super) async fn probe(http: &Http, url: &Url, patience: Duration) -> Result<Found, Fault> {
    let asker = Asker { http, patience };
    let metrics = pin!(asker.exposes(url));
    let api = pin!(asker.serves(url));
    match select(metrics, api).await {
        Either::Left((Ok(()), _)) => Ok(Found::Exposition),
        Either::Right((Ok(base), _)) => Ok(Found::Server(base)),
        Either::Left((Err(first), api)) => match api.await {
            Ok(base) => Ok(Found::Server(base)),
            Err(second) => Err(neither(url, &first, &second)),
        },
        Either::Right((Err(second), metrics)) => match metrics.await {
            Ok(()) => Ok(Found::Exposition),
            Err(first) => Err(neither(url, &first, &second)),
        },
    }
}

/// Who asks, and how long it may take.
struct Asker<'a> {
    http: &'a Http,
    patience: Duration,
}

impl Asker<'_> {
    async fn get(&self, url: &Url, accept: &'static str, cap: usize) -> Result<Body, Fault> {
        let mut ask = Ask::new(url.clone());
        ask.accept = accept;
        ask.deadline = self.patience;
        ask.cap = cap;
        match self.http.ask(&ask).await? {
            Answer::Body(body) => Ok(body),
            Answer::NotModified => Err(Fault::new(FaultKind::Unreadable, "304 Not Modified, which was not asked for")),
        }
    }

    /// Whether metrics lie at the address.
    async fn exposes(&self, url: &Url) -> Result<(), Fault> {
        let body = self.get(url, exposition::ACCEPT, exposition::Limits::default().body).await?;
        let (format, _) = Format::of(body.content_type.as_deref(), &body.bytes)?;
        // A service that has nothing to tell yet says by its type that it will.
        let told = body.content_type.is_some_and(|kind| kind.contains("version=0.0.4") || kind.contains("openmetrics"));
        if told || !inventory(&body.bytes, format).names.is_empty() {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Unreadable, "text without a metric"))
    }

    /// Where the API of the server begins whose address this is.
    async fn serves(&self, url: &Url) -> Result<Url, Fault> {
        let base = api_base(url);
        let first = match self.says_success(&base, "status/buildinfo", None).await {
            Ok(base) => return Ok(base),
            Err(fault) if is_final(&fault) => return Err(fault),
            Err(fault) => fault,
        };
        // Older and other servers have no such page, but all of them can count to one.
        if let Ok(base) = self.says_success(&base, "query", Some("query=1")).await {
            return Ok(base);
        }
        // Mimir and Cortex keep the API below a folder.
        if base.path() == "/" {
            let mut below = base.clone();
            below.set_path("/prometheus");
            if let Ok(base) = self.says_success(&below, "status/buildinfo", None).await {
                return Ok(base);
            }
        }
        Err(first)
    }

    /// Asks the API one question; answers where it begins, which a redirect may have moved.
    async fn says_success(&self, base: &Url, path: &str, query: Option<&str>) -> Result<Url, Fault> {
        let mut url = base.clone();
        let folder = base.path().trim_end_matches('/');
        url.set_path(&format!("{folder}/api/v1/{path}"));
        url.set_query(query);
        let body = self.get(&url, "application/json", CAP).await?;
        let success = serde_json::from_slice::<Value>(&body.bytes).is_ok_and(|json| json["status"] == "success");
        if !success {
            let what = if body.looks_like_html() { "a web page" } else { "no answer of a Prometheus API" };
            return Err(Fault::new(FaultKind::Unreadable, what));
        }
        let mut moved = body.url;
        let begins = moved.path().strip_suffix(&format!("/api/v1/{path}")).map(str::to_owned);
        Ok(match begins {
            // Credentials belong to the address as it was given.
            Some(begins) if base.username().is_empty() => {
                moved.set_path(&begins);
                moved.set_query(None);
                moved
            }
            _ => base.clone(),
        })
    }
}

/// Whether no other path of the same server would answer otherwise.
const fn is_final(fault: &Fault) -> bool {
    use FaultKind::{Connect, Denied, Dns, RateLimited, Timeout, Tls};
    matches!(fault.kind, Connect | Dns | Tls | Timeout | Denied | RateLimited)
}

/// Neither metrics nor a server: the one cause that both have, else what was tried and what to write.
fn neither(url: &Url, metrics: &Fault, api: &Fault) -> Fault {
    let denied = [api, metrics].into_iter().find(|fault| fault.kind == FaultKind::Denied).cloned();
    if let Some(mut fault) = denied {
        // A server of many tenants wants no password, and says so.
        if url.username().is_empty() && !fault.advice.contains("tenant = ") {
            let mut with = url.clone();
            with.set_query(None);
            let with = shown(&with).replacen("://", "://USER:PASSWORD@", 1);
            fault = fault.advise(&format!("it asks for credentials: write {with}, or configure a [[prometheus]]"));
        }
        return fault;
    }
    if is_final(api) && (api.kind == metrics.kind || !is_final(metrics)) && api.kind != FaultKind::Timeout {
        return api.clone();
    }
    if api.kind == metrics.kind && api.cause == metrics.cause && is_final(api) {
        return api.clone();
    }
    let base = api_base(url);
    let metrics = metrics.cause.replace(" instead of metrics", "");
    let cause = format!("neither metrics ({}) nor a Prometheus server ({})", clipped(&metrics), clipped(&api.cause));
    let mut origin = base.clone();
    origin.set_path("");
    let [given, base, origin] = [url, &base, &origin].map(|url| shown(url).trim_end_matches('/').to_owned());
    let advice = format!(
        "tried {given} and {base}/api/v1; write where the metrics are, often {origin}/metrics, or where the API of a \
         server begins, as in http://prometheus:9090"
    );
    Fault::new(FaultKind::NotFound, &cause).advise(&advice)
}

/// A cause of several has not the room of one alone.
fn clipped(cause: &str) -> String {
    crate::facts::text::clean_line(cause, 90)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn what_is_surely_metrics_is_not_asked_twice() {
        for (address, certain) in [
            ("http://h:9100/metrics", true),
            ("http://h:9100/metrics/", true),
            ("http://h/node/metrics?collect[]=cpu", true),
            ("http://kubelet:10255/metrics/cadvisor", true),
            ("http://h:8080/actuator/prometheus", true),
            ("http://prom:9090/federate?match[]=up", true),
            ("http://blackbox:9115/probe?target=x", true),
            ("http://h:9090", false),
            ("http://h:9090/", false),
            ("http://h/prometheus", false),
            ("http://h:8481/select/0/prometheus", false),
            ("http://h:9090/graph?g0.expr=up", false),
            ("http://h:9090/api/v1/query?query=up", false),
            ("http://h:9090/api/v1/metadata", false),
            ("http://grafana/api/datasources/proxy/uid/abc", false),
        ] {
            assert_eq!(is_certain(&url(address)), certain, "{address}");
        }
    }

    #[test]
    fn a_pasted_address_becomes_the_base() {
        for (address, base) in [
            ("http://h:9090", "http://h:9090/"),
            ("http://h:9090/graph?g0.expr=up#x", "http://h:9090/"),
            ("http://h:9090/query", "http://h:9090/"),
            ("http://h:9090/classic/graph", "http://h:9090/"),
            ("http://h:8428/vmui/?#/?g0=1", "http://h:8428/"),
            ("http://h:9090/-/healthy", "http://h:9090/"),
            ("http://h:9090/api/v1/query?query=up", "http://h:9090/"),
            ("http://h/prom/api/v1/", "http://h/prom"),
            ("http://h:9009/prometheus", "http://h:9009/prometheus"),
            ("http://h:8481/select/0/prometheus/", "http://h:8481/select/0/prometheus"),
            ("http://h:8481/select/0/prometheus/api/v1/series", "http://h:8481/select/0/prometheus"),
            ("https://a:b@g/api/datasources/proxy/uid/abc/api/v1/x", "https://a:b@g/api/datasources/proxy/uid/abc"),
            ("http://h/graph/prometheus", "http://h/graph/prometheus"),
        ] {
            assert_eq!(api_base(&url(address)).as_str(), base, "{address}");
        }
    }
}
