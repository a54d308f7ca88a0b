//! From a response to a body under its cap, or to the fault of an answer that is not a success.

use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, LAST_MODIFIED};
use reqwest::{Response, StatusCode};
use tokio::time::{Instant as Deadline, timeout_at};

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Ask;
use crate::sources::http::Body;
use crate::sources::http::Stopwatch;
use crate::sources::http::Validators;
use crate::sources::http::address;
use crate::sources::http::cause;
use crate::sources::http::redirect::Trip;
use crate::sources::http::refusal;
use crate::sources::http::tls;

/// How much of an error's body is read to explain it, in bytes, and for how long.
const EXPLANATION: (usize, Duration) = (16 * 1024, Duration::from_secs(1));

/// What to do when a server of many tenants is not told which.
const NO_TENANT: &str =
    "say whose metrics are meant, in the configuration: tenant = \"…\" (it is sent as X-Scope-OrgID)";

/// The fault of an answer that is not a success, with what its body says about it.
pub(super) async fn refused(mut response: Response, trip: &Trip, authorized: bool) -> Fault {
    let mut fault = refusal::of(response.status(), response.headers(), authorized && trip.trusted);
    if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        // What a proxy says may repeat what it was sent, which is not known here.
        return fault;
    }
    let end = trip.end.min(Deadline::now() + EXPLANATION.1);
    let mut bytes = Vec::new();
    while bytes.len() < EXPLANATION.0 {
        match timeout_at(end, response.chunk()).await {
            Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
            _ => break,
        }
    }
    bytes.truncate(EXPLANATION.0);
    if let Some(line) = refusal::explanation(&bytes, response.status()) {
        // nginx ends the handshake well, and then says this with HTTP.
        if response.status() == StatusCode::BAD_REQUEST && line.contains("SSL certificate") {
            fault = tls::refused(&trip.route.tls, fault);
        }
        // Mimir, Cortex and Loki say so when the tenant is missing, whatever else was sent.
        if fault.kind == FaultKind::Denied && line.eq_ignore_ascii_case("no org id") {
            NO_TENANT.clone_into(&mut fault.advice);
        }
        fault.cause = format!("{}: {line}", fault.cause);
    }
    fault
}

/// Reads a body in pieces, so that a bomb stops at the cap and not at the end of memory.
pub(super) async fn read(mut response: Response, ask: &Ask, trip: &Trip, begun: &Stopwatch) -> Result<Body, Fault> {
    let status = response.status().as_u16();
    let header =
        |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    // What the client can unpack it has unpacked, and it has taken this header out.
    if let Some(packed) = header(CONTENT_ENCODING).filter(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Fault::new(FaultKind::Unreadable, &format!("the answer is packed with `{packed}`"))
            .advise("the server ignores Accept-Encoding: let it send gzip or nothing"));
    }
    let content_type = header(CONTENT_TYPE).map(String::into_boxed_str);
    let validators = Validators { etag: header(ETAG), last_modified: header(LAST_MODIFIED) };
    if response.content_length().is_some_and(|length| length > ask.cap as u64) {
        return Err(cause::too_large(ask.cap));
    }
    let mut bytes = Vec::new();
    loop {
        let Ok(chunk) = timeout_at(trip.end, response.chunk()).await else {
            return Err(cause::too_slow(ask.deadline, cause::Phase::Body(bytes.len())));
        };
        let chunk =
            chunk.map_err(|error| cause::of(&error, &trip.url, &trip.route, cause::Phase::Body(bytes.len())))?;
        let Some(chunk) = chunk else { break };
        if bytes.len() + chunk.len() > ask.cap {
            return Err(cause::too_large(ask.cap));
        }
        bytes.extend_from_slice(&chunk);
    }
    let mut url = trip.url.clone();
    address::strip_userinfo(&mut url);
    Ok(Body { status, bytes, content_type, validators, took: begun.elapsed(), url })
}
