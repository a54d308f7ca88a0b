//! The headers of one ask: which go to everybody, which to the asked origin only, and what must not come back.

use base64::Engine;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Ask;
use crate::sources::http::Proxy;
use crate::sources::http::address;
use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

/// Who asks.
pub(super) struct Authorization {
    /// The value of the header.
    header: Secret,
    /// What else must not come back.
    parts: Vec<Secret>,
    /// A token that was used before, so that a refusal may mean that a new one is due.
    pub(super) is_kept: bool,
}

impl Authorization {
    /// A user and a password.
    pub(super) async fn basic(user: &SecretRef, password: Option<&SecretRef>) -> Result<Self, Fault> {
        let user = user.resolve().await?;
        let password = match password {
            Some(reference) => reference.resolve().await?,
            None => Secret::new(""),
        };
        let pair = format!("{}:{}", user.expose(), password.expose());
        let sent = base64::engine::general_purpose::STANDARD.encode(pair);
        Ok(Self { header: Secret::new(&format!("Basic {sent}")), parts: vec![password], is_kept: false })
    }

    /// A scheme and its credentials.
    pub(super) async fn scheme(scheme: &str, credentials: &SecretRef) -> Result<Self, Fault> {
        let credentials = credentials.resolve().await?;
        let header = Secret::new(&format!("{scheme} {}", credentials.expose()));
        Ok(Self { header, parts: vec![credentials], is_kept: false })
    }

    /// A token with its scheme before it.
    pub(super) fn token(header: Secret, is_kept: bool) -> Self {
        Self { header, parts: Vec::new(), is_kept }
    }

    /// The value of the header.
    pub(super) const fn header(&self) -> &Secret {
        &self.header
    }
}

/// One header: its name, its value, and the secret that the value is.
pub(super) async fn one(name: &str, reference: &SecretRef) -> Result<(HeaderName, HeaderValue, Secret), Fault> {
    let secret = reference.resolve().await?;
    let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        Fault::new(FaultKind::Local, &format!("`{name}` is not the name of a header"))
            .advise("header names have letters, digits and `-` only")
    })?;
    let value = value(name, &secret, &reference.describe())?;
    Ok((known, value, secret))
}

fn value(name: &str, secret: &Secret, place: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| {
        let cause = format!("the value of the header `{name}` has characters that no header can carry");
        Fault::new(FaultKind::Local, &cause).advise(&format!("look at the {place}"))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

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
    /// Looks every value up; `authorization` is who asks.
    pub(super) async fn resolve(ask: &Ask, authorization: Option<&Authorization>) -> Result<Self, Fault> {
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
        if let Some(who) = authorization {
            own.insert(AUTHORIZATION, value("Authorization", &who.header, "credentials")?);
            secrets.push(who.header.clone());
            secrets.extend(who.parts.iter().cloned());
        }
        for (name, reference) in ask.access.iter().flat_map(|access| &access.headers) {
            let (name, value, secret) = one(name, reference).await?;
            // One name may have several values there.
            own.append(name, value);
            secrets.push(secret);
        }
        for (name, reference) in &ask.headers {
            let (name, value, secret) = one(name, reference).await?;
            own.insert(name, value);
            secrets.push(secret);
        }
        secrets.extend(address::secrets(&ask.url));
        if let Some(Proxy::Via(via)) = ask.access.as_ref().map(|access| &access.route.proxy) {
            secrets.extend(address::secrets(&via.url));
        }
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
