//! What came back of a sending, in words; some places answer 200 to what they refuse. Pure.

use serde_json::Value;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::sources::http::Body;
use crate::sources::http::Failure;

/// Most characters that are told of an answer that is not understood.
const TOLD: usize = 120;

/// What a place said to something that it took.
pub(super) struct Taken {
    /// In words.
    pub(super) words: String,
    /// The name of the message, where the place gives it one that others can answer to.
    pub(super) message: Option<String>,
}

impl Taken {
    fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), message: None }
    }
}

/// Slack's incoming webhook says `ok`; those that speak its format may say so in JSON.
pub(super) fn slack(body: &Body) -> Result<Taken, Failure> {
    let text = text(body)?;
    let says_so = |value: &Value| ["ok", "success"].iter().any(|key| value[*key] == Value::Bool(true));
    if text.trim() == "ok" || serde_json::from_str::<Value>(&text).is_ok_and(|value| says_so(&value)) {
        return Ok(Taken::new("posted"));
    }
    Err(not_understood(&text, "instead of `ok`"))
}

/// `chat.postMessage` answers 200 to everything.
pub(super) fn slack_message(body: &Body) -> Result<Taken, Failure> {
    let text = text(body)?;
    let Some(value) = object(&text) else { return Err(not_understood(&text, "instead of JSON")) };
    let said = |key: &str| clean_line(value[key].as_str().unwrap_or_default(), TOLD);
    match value["ok"].as_bool() {
        Some(true) => {
            let (channel, message) = (said("channel"), said("ts"));
            Ok(Taken {
                words: format!("posted in {channel} as {message}"),
                message: Some(message).filter(|ts| !ts.is_empty()),
            })
        }
        Some(false) => Err(refused_by_slack(&said("error"))),
        None => Err(not_understood(&text, "which does not say `ok`")),
    }
}

/// What Slack calls a refusal, as a fault.
fn refused_by_slack(error: &str) -> Failure {
    let (kind, advice) = match error {
        "channel_not_found" => (FaultKind::NotFound, "write the id of the channel, C…: it is in its details in Slack"),
        "not_in_channel" => (FaultKind::Denied, "invite the app into the channel: /invite @app"),
        "is_archived" => (FaultKind::NotFound, "the channel is archived: choose another"),
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            (FaultKind::Denied, "the token is not good any more: install the app anew and replace it")
        }
        "missing_scope" => (FaultKind::Denied, "give the app the scope chat:write and install it anew"),
        "ratelimited" | "rate_limited" => (FaultKind::RateLimited, "Slack asks for a pause"),
        "msg_too_long" => (FaultKind::TooLarge, "shorten the text"),
        // Slack itself does not know whether these were done.
        "fatal_error" | "internal_error" | "service_unavailable" | "request_timeout" | "" => {
            let said = if error.is_empty() { "no reason" } else { error };
            return Failure::open(Fault::new(FaultKind::Status, &format!("Slack is in trouble: {said}")));
        }
        _ => (FaultKind::Status, "Slack's documentation of chat.postMessage says what it means"),
    };
    Failure::certain(Fault::new(kind, &format!("Slack refused it: {error}")).advise(advice))
}

/// A workflow of Teams takes a message with 202 and posts it later, or never.
pub(super) fn teams(body: &Body) -> Result<Taken, Failure> {
    let text = text(body)?;
    // The connectors before them answered `1` to what they took, and 200 with a sentence to what they did not.
    let refusal = text.to_ascii_lowercase();
    if ["failed", "error", "too large"].iter().any(|word| refusal.contains(word)) {
        return Err(not_understood(&text, "which is no success"));
    }
    Ok(Taken::new(format!("accepted with {}; Teams does not say when it is posted", body.status)))
}

/// Discord answers with the message.
pub(super) fn discord(body: &Body) -> Result<Taken, Failure> {
    if body.status == 204 {
        return Ok(Taken::new("posted"));
    }
    let text = text(body)?;
    match object(&text).as_ref().and_then(|value| value["id"].as_str()) {
        Some(id) => Ok(Taken::new(format!("posted as message {}", clean_line(id, 40)))),
        None => Err(not_understood(&text, "instead of the message")),
    }
}

/// Whoever listens to a webhook says what they like, as long as it is a success.
pub(super) fn webhook(body: &Body) -> Result<Taken, Failure> {
    if body.looks_like_html() {
        return Err(Failure::open(web_page()));
    }
    Ok(Taken::new(format!("taken with {}", body.status)))
}

/// The text of an answer that is not a web page.
fn text(body: &Body) -> Result<String, Failure> {
    if body.looks_like_html() {
        return Err(Failure::open(web_page()));
    }
    body.text().map_err(Failure::open)
}

fn web_page() -> Fault {
    Fault::new(FaultKind::Unreadable, "a web page came back")
        .advise("a login page or a proxy stands between: is the address right? Look there whether it arrived")
}

fn object(text: &str) -> Option<Value> {
    serde_json::from_str::<Value>(text).ok().filter(Value::is_object)
}

fn not_understood(text: &str, what: &str) -> Failure {
    let said = if text.trim().is_empty() {
        "it answered nothing".to_owned()
    } else {
        format!("it answered `{}`", clean_line(text, TOLD))
    };
    let fault = Fault::new(FaultKind::Unreadable, &format!("{said} {what}"));
    Failure::open(fault.advise("look there whether it arrived before you send it again"))
}
