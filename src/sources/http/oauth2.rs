//! Tokens by client credentials (RFC 6749, 4.4): fetched once, shared, kept until shortly before they expire.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout};
use url::form_urlencoded::byte_serialize;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Access;
use crate::sources::http::Answer;
use crate::sources::http::Ask;
use crate::sources::http::Auth;
use crate::sources::http::Http;
use crate::sources::http::OAuth2;
use crate::sources::http::headers::Authorization;
use crate::sources::http::shown;
use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

/// So long before its end a token is not used any more: the request takes time, and clocks differ.
const MARGIN: Duration = Duration::from_secs(10);
/// The largest answer with a token, in bytes.
const CAP: usize = 256 * 1024;

/// The tokens of all accesses.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Vec<Arc<Slot>>>);

struct Slot {
    of: OAuth2,
    /// Held while a token is fetched, so that a hundred targets fetch one.
    token: tokio::sync::Mutex<Option<Token>>,
}

#[derive(Clone)]
struct Token {
    value: Secret,
    /// What stands before it in the header.
    scheme: String,
    until: Option<Instant>,
}

impl Tokens {
    fn slot(&self, of: &OAuth2) -> Arc<Slot> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = all.iter().find(|slot| slot.of == *of) {
            return Arc::clone(found);
        }
        let new = Arc::new(Slot { of: of.clone(), token: tokio::sync::Mutex::default() });
        all.push(Arc::clone(&new));
        new
    }

    /// The value of the `Authorization` header: a kept token or a new one.
    pub(super) async fn get(&self, http: &Http, of: &OAuth2, deadline: Duration) -> Result<Authorization, Fault> {
        let slot = self.slot(of);
        // Who waits for another one's attempt waits as long as for its own.
        let Ok(mut kept) = timeout(deadline, slot.token.lock()).await else {
            let cause = format!("no token from {} within {} s", shown(&of.token_url), deadline.as_secs_f64());
            return Err(Fault::new(FaultKind::Timeout, &cause).advise("it hangs or is overloaded: ask it by hand"));
        };
        if let Some(token) = kept.as_ref().filter(|token| token.until.is_none_or(|until| Instant::now() < until)) {
            return Ok(Authorization::token(token.header(), true));
        }
        let token = fetch(http, of, deadline).await.map_err(|mut fault| {
            fault.cause = format!("no token from {}: {}", shown(&of.token_url), fault.cause);
            fault
        })?;
        let header = token.header();
        *kept = Some(token);
        Ok(Authorization::token(header, false))
    }

    /// Drops a token that was refused, unless another one has come since.
    pub(super) async fn forget(&self, of: &OAuth2, header: &Secret) {
        let slot = self.slot(of);
        let mut kept = slot.token.lock().await;
        if kept.as_ref().is_some_and(|token| token.header() == *header) {
            *kept = None;
        }
    }
}

impl Token {
    fn header(&self) -> Secret {
        Secret::new(&format!("{} {}", self.scheme, self.value.expose()))
    }
}

async fn fetch(http: &Http, of: &OAuth2, deadline: Duration) -> Result<Token, Fault> {
    let secret = match &of.client_secret {
        Some(reference) => reference.resolve().await?,
        None => Secret::new(""),
    };
    // The standard wants the header; who does not take it takes the form.
    match once(http, of, &secret, true, deadline).await {
        Err(fault) if matches!(fault.status, Some(400 | 401)) => {
            once(http, of, &secret, false, deadline).await.map_err(|mut fault| {
                if matches!(fault.status, Some(400 | 401 | 403)) {
                    fault.kind = FaultKind::Denied;
                    "check the client's id and secret, and its scopes".clone_into(&mut fault.advice);
                }
                fault
            })
        }
        other => other,
    }
}

async fn once(http: &Http, of: &OAuth2, secret: &Secret, header: bool, deadline: Duration) -> Result<Token, Fault> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let plain = |text: &str| SecretRef::Plain(Secret::new(text));
    let mut form = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
    if !of.scopes.is_empty() {
        form.push(("scope".to_owned(), of.scopes.join(" ")));
    }
    form.extend(of.endpoint_params.iter().cloned());
    let auth = header.then(|| Auth::Basic {
        user: plain(&encoded(&of.client_id)),
        password: Some(plain(&encoded(secret.expose()))),
    });
    if !header {
        form.push(("client_id".to_owned(), of.client_id.clone()));
        form.push(("client_secret".to_owned(), secret.expose().to_owned()));
    }
    let access = Access { auth, route: of.route.clone(), ..Access::default() };
    let ask = Ask {
        access: Some(Arc::new(access)),
        form: Some(form),
        accept: "application/json",
        deadline,
        cap: CAP,
        ..Ask::new(of.token_url.clone())
    };
    // Boxed, since asking for a token is an ask within an ask.
    match Box::pin(http.ask(&ask)).await {
        Ok(Answer::Body(body)) => read(&body.bytes, Instant::now()),
        Ok(Answer::NotModified) => Err(Fault::new(FaultKind::Unreadable, "304 Not Modified, which was not asked for")),
        Err(mut fault) => {
            if !secret.expose().is_empty() {
                fault.cause = fault.cause.replace(secret.expose(), "…");
                fault.advice = fault.advice.replace(secret.expose(), "…");
            }
            Err(fault)
        }
    }
}

/// The token of an answer. What else stands there is never repeated: it may be a token as well.
fn read(bytes: &[u8], now: Instant) -> Result<Token, Fault> {
    let strange = |what: &str| {
        Fault::new(FaultKind::Unreadable, what).advise("is this the address of the tokens? It is often called /token")
    };
    let answer: Value = serde_json::from_slice(bytes).map_err(|_| strange("the answer is not JSON"))?;
    let value = answer.get("access_token").and_then(Value::as_str).filter(|value| !value.is_empty());
    let Some(value) = value else { return Err(strange("the answer has no `access_token`")) };
    let kind = answer.get("token_type").and_then(Value::as_str).unwrap_or("Bearer");
    // Servers write `bearer` as often, and few others accept it in that form.
    let scheme = if kind.eq_ignore_ascii_case("bearer") || kind.is_empty() { "Bearer" } else { kind };
    let seconds = answer.get("expires_in").and_then(|span| span.as_f64().or_else(|| span.as_str()?.parse().ok()));
    let span = seconds.filter(|seconds| *seconds > 0.0).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let until = span.and_then(|span| now.checked_add(span.saturating_sub(MARGIN)));
    Ok(Token { value: Secret::new(value), scheme: scheme.to_owned(), until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_with_their_end() {
        let now = Instant::now();
        for (body, header, seconds) in [
            (r#"{"access_token":"a","token_type":"bearer","expires_in":3600}"#, "Bearer a", Some(3590)),
            (r#"{"access_token":"a","expires_in":"60"}"#, "Bearer a", Some(50)),
            (r#"{"access_token":"a","expires_in":5}"#, "Bearer a", Some(0)),
            (r#"{"access_token":"a","token_type":"MAC","expires_in":0}"#, "MAC a", None),
            (r#"{"access_token":"a","expires_in":1e300}"#, "Bearer a", None),
        ] {
            let token = read(body.as_bytes(), now).unwrap();
            assert_eq!(token.header().expose(), header);
            assert_eq!(token.until, seconds.map(|seconds| now + Duration::from_secs(seconds)), "{body}");
        }
        for body in ["<html>", "{}", r#"{"access_token":""}"#, r#"{"refresh_token":"hunter2"}"#] {
            let fault = read(body.as_bytes(), now).err().unwrap();
            assert!(!fault.to_string().contains("hunter2"));
        }
    }
}
