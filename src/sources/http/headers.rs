//! The headers of one ask: which go to everybody, which to the asked origin only, and what must not come back.

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Ask;
use crate::sources::http::address;
use crate::sources::secret::Secret;

/// The headers of one ask with their secrets resolved.
pub(super) struct Headers {
    /// Sent to everybody.
    open: HeaderMap,
    /// Sent to the asked origin only.
    own: HeaderMap,
    secrets: Vec<Secret>,
    /// Credentials are among them.
    pub(super) authorized: bool,
}

impl Headers {
    pub(super) async fn resolve(ask: &Ask) -> Result<Self, Fault> {
        let mut open = HeaderMap::new();
        open.insert(ACCEPT, HeaderValue::from_static(ask.accept));
        let mut own = HeaderMap::new();
        let validators = [(IF_NONE_MATCH, &ask.validators.etag), (IF_MODIFIED_SINCE, &ask.validators.last_modified)];
        for (name, value) in validators {
            if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
                own.insert(name, value);
            }
        }
        let mut secrets = Vec::new();
        let shared = ask.access.iter().flat_map(|access| &access.headers);
        for (name, reference) in shared.chain(&ask.headers) {
            let secret = reference.resolve().await?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                Fault::new(FaultKind::Local, &format!("`{name}` is not the name of a header"))
                    .advise("header names have letters, digits and `-` only")
            })?;
            let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| {
                let cause = format!("the value of the header `{name}` has characters that no header can carry");
                Fault::new(FaultKind::Local, &cause).advise(&format!("look at the {}", reference.describe()))
            })?;
            value.set_sensitive(true);
            own.insert(name, value);
            secrets.push(secret);
        }
        secrets.extend(address::secrets(&ask.url));
        let authorized = own.contains_key(AUTHORIZATION) || !ask.url.username().is_empty();
        Ok(Self { open, own, secrets, authorized })
    }

    pub(super) fn to_send(&self, trusted: bool) -> HeaderMap {
        let mut all = self.open.clone();
        if trusted {
            all.extend(self.own.clone());
        }
        all
    }

    /// A server may repeat what it was sent: takes every secret of this ask out of a fault.
    pub(super) fn redact(&self, mut fault: Fault) -> Fault {
        for secret in &self.secrets {
            // `Bearer abc` must be found when only `abc` is repeated.
            let parts = secret.expose().split_whitespace().chain([secret.expose()]);
            for part in parts.filter(|part| part.len() >= 6) {
                fault.cause = fault.cause.replace(part, "…");
                fault.advice = fault.advice.replace(part, "…");
            }
        }
        fault
    }
}
