//! Requests that change something at the other end: a body with POST or PUT, and what is known when they fail.
//!
//! Such a request is sent once and goes to nobody else: it follows no redirect. Whether it arrived is said with the
//! fault, as far as it can be known; whether it is worth another try is for who sends it.

use std::fmt;

use reqwest::RequestBuilder;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::redirect::Trip;
use crate::sources::http::shown;

/// A body to be sent, as JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// How.
    pub method: Method,
    /// The text of the JSON.
    pub json: String,
}

/// How a body is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Something new.
    Post,
    /// Instead of what is there.
    Put,
}

impl Message {
    /// A body that is sent with POST.
    #[must_use]
    pub fn post(json: &serde_json::Value) -> Self {
        Self { method: Method::Post, json: json.to_string() }
    }

    /// A body that is sent with PUT.
    #[must_use]
    pub fn put(json: &serde_json::Value) -> Self {
        Self { method: Method::Put, json: json.to_string() }
    }

    /// The request with its body.
    pub(super) fn request(&self, client: &reqwest::Client, url: url::Url) -> RequestBuilder {
        let request = match self.method {
            Method::Post => client.post(url),
            Method::Put => client.put(url),
        };
        request.header(CONTENT_TYPE, "application/json; charset=utf-8").body(self.json.clone())
    }
}

impl fmt::Debug for Message {
    /// What is told to others is nobody else's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {} bytes", self.method, self.json.len())
    }
}

/// Why there is no answer, and whether the request can have had an effect all the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Why.
    pub fault: Fault,
    /// It is certain that the request had no effect: it was never sent, or it was refused.
    pub certain: bool,
}

impl Failure {
    /// Nothing was sent, or what was sent was refused.
    #[must_use]
    pub const fn certain(fault: Fault) -> Self {
        Self { fault, certain: true }
    }

    /// It was sent, and nobody knows what came of it.
    #[must_use]
    pub const fn open(fault: Fault) -> Self {
        Self { fault, certain: false }
    }

    /// The failure of a status that is not a success: who refuses does nothing, who is in trouble may have done it.
    pub(super) fn of_status(status: StatusCode, fault: Fault) -> Self {
        Self { fault, certain: !status.is_server_error() }
    }
}

/// The failure of a message that was answered with a redirect: what is meant for one is sent on to nobody.
pub(super) fn redirected(trip: &Trip, status: StatusCode, location: Option<&[u8]>) -> Failure {
    let to = location.and_then(|bytes| trip.url.join(std::str::from_utf8(bytes).ok()?).ok());
    // The path of such an address may be a secret that the redirect repeats.
    let to = to.map(|mut to| {
        to.set_path("");
        to.set_query(None);
        to.set_fragment(None);
        format!(" to {}", shown(&to).trim_end_matches('/'))
    });
    let cause = format!("HTTP {}{}, and nothing was sent on", status.as_u16(), to.unwrap_or_default());
    let mut fault = Fault::new(FaultKind::Status, &cause)
        .advise("is the address right? Write the one at which it ends; a login page takes no messages");
    fault.status = Some(status.as_u16());
    Failure::certain(fault)
}
