//! Answers that are not a success: the status as a fault, when to come back, and what the body says about it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::Value;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::sources::http::decode;
use crate::sources::http::looks_like_html;

/// The longest pause that is believed; a wrong clock at the other end must not silence a source for days.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// The fault of a status that is not a success. `authorized`: credentials were sent.
pub(super) fn of(status: StatusCode, headers: &HeaderMap, authorized: bool) -> Fault {
    // GitHub and others answer 403 when the quota is used up.
    let used_up = text_of(headers, "x-ratelimit-remaining") == Some("0");
    let (kind, advice) = match status.as_u16() {
        401 | 403 if used_up => {
            (FaultKind::RateLimited, "ask less often, or with credentials that have a larger quota")
        }
        401 | 403 if authorized => {
            (FaultKind::Denied, "the credentials were refused: are they expired, may they read this?")
        }
        401 | 403 => (FaultKind::Denied, "it asks for credentials: configure a header or a token for this source"),
        407 => (FaultKind::Denied, "the proxy asks for credentials: check HTTP_PROXY and HTTPS_PROXY"),
        405 => (FaultKind::Status, "it takes no requests of this kind: GET and POST are not the same to it"),
        404 | 410 => (FaultKind::NotFound, "check the path of the address"),
        429 => (FaultKind::RateLimited, "ask less often"),
        500..=599 => (FaultKind::Status, "the server is in trouble itself"),
        _ => (FaultKind::Status, ""),
    };
    let cause = match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => format!("HTTP status {}", status.as_u16()),
    };
    let method = text_of(headers, WWW_AUTHENTICATE.as_str()).and_then(|text| text.split([' ', ',']).next());
    let cause = match method.filter(|method| status.as_u16() == 401 && !method.is_empty()) {
        Some(method) => format!("{cause}, it asks for {}", clean_line(method, 40)),
        None => cause,
    };
    let mut fault = Fault::new(kind, &cause).advise(advice);
    fault.retry_after = retry_after(headers, used_up);
    fault.status = Some(status.as_u16());
    fault
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// `Retry-After` in seconds or as a date, else the end of the quota's window. Dates are compared with the date
/// of the same answer, so that nobody's clock has to be right.
fn retry_after(headers: &HeaderMap, used_up: bool) -> Option<Duration> {
    let date = |text: &str| DateTime::parse_from_rfc2822(text).ok().map(|date| date.with_timezone(&Utc));
    let now = text_of(headers, DATE.as_str()).and_then(date);
    let until = |end: DateTime<Utc>| now.map(|now| (end - now).to_std().unwrap_or_default());
    let asked = text_of(headers, RETRY_AFTER.as_str());
    // Discord writes fractions of a second.
    let pause = match asked.map(|text| (text, text.parse::<f64>())) {
        Some((_, Ok(seconds))) => Duration::try_from_secs_f64(seconds.ceil()).ok(),
        Some((text, Err(_))) => date(text).and_then(until),
        None => None,
    };
    let reset = || {
        let seconds = text_of(headers, "x-ratelimit-reset")?.parse().ok()?;
        DateTime::from_timestamp(seconds, 0).and_then(until)
    };
    pause.or_else(|| if used_up { reset() } else { None }).map(|pause| pause.min(LONGEST_PAUSE))
}

/// The first line of an error's body that says more than its status does.
pub(super) fn explanation(bytes: &[u8], status: StatusCode) -> Option<String> {
    // A cut in the middle of a character is no reason to say nothing.
    let text = decode(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned());
    let line = if looks_like_html(bytes, None) {
        html_title(&text)?
    } else if let Ok(value) = serde_json::from_str::<Value>(&text) {
        json_message(&value, 0)?
    } else {
        text.lines().map(str::trim).find(|line| !line.is_empty())?.to_owned()
    };
    // An XML or binary body explains nothing in its first line.
    if line.starts_with('<') || line.chars().filter(|&c| c == '\u{fffd}').count() > 2 {
        return None;
    }
    let line = clean_line(&line, 160);
    let told = line.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    let code = status.as_u16().to_string();
    let reason = status.canonical_reason().unwrap_or_default().to_ascii_lowercase();
    // nginx has a word of its own for 401.
    let news = told.replace(&code, "").replace(&reason, "").replace("authorization required", "");
    news.chars().any(char::is_alphanumeric).then_some(line)
}

fn html_title(text: &str) -> Option<String> {
    // ASCII lower case keeps byte positions.
    let lower = text.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower.get(open..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    let title = text.get(start..end)?.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = quick_xml::escape::unescape(&title).map(std::borrow::Cow::into_owned).unwrap_or(title);
    (!title.is_empty()).then_some(title)
}

/// The usual places of a message, in the order of how much they say.
fn json_message(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(text) => text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned),
        Value::Array(items) if depth < 4 => json_message(items.first()?, depth + 1),
        Value::Object(object) if depth < 4 => {
            ["message", "error_description", "detail", "error", "title", "reason", "errors"]
                .iter()
                .find_map(|key| json_message(object.get(*key)?, depth + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|&(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn statuses_become_kinds() {
        for (status, kind, cause) in [
            (401, FaultKind::Denied, "401 Unauthorized"),
            (403, FaultKind::Denied, "403 Forbidden"),
            (404, FaultKind::NotFound, "404 Not Found"),
            (410, FaultKind::NotFound, "410 Gone"),
            (405, FaultKind::Status, "405 Method Not Allowed"),
            (429, FaultKind::RateLimited, "429 Too Many Requests"),
            (503, FaultKind::Status, "503 Service Unavailable"),
            (520, FaultKind::Status, "HTTP status 520"),
        ] {
            let fault = of(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), false);
            assert_eq!((fault.kind, fault.cause.as_str(), fault.status), (kind, cause, Some(status)));
            assert!(!fault.advice.is_empty());
        }
        let asks = headers(&[("www-authenticate", "Basic realm=\"metrics\"")]);
        assert_eq!(of(StatusCode::UNAUTHORIZED, &asks, false).cause, "401 Unauthorized, it asks for Basic");
        assert_eq!(of(StatusCode::FORBIDDEN, &asks, false).cause, "403 Forbidden");
        let used_up = headers(&[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1782900090"),
            ("date", "Wed, 01 Jul 2026 10:00:00 GMT"),
        ]);
        let fault = of(StatusCode::FORBIDDEN, &used_up, true);
        assert_eq!((fault.kind, fault.retry_after), (FaultKind::RateLimited, Some(Duration::from_secs(90))));
    }

    #[test]
    fn the_pause_is_read_in_both_forms() {
        let at = ("date", "Wed, 01 Jul 2026 10:00:00 GMT");
        for (pairs, seconds) in [
            (vec![("retry-after", "120")], Some(120)),
            (vec![("retry-after", " 7 ")], Some(7)),
            (vec![("retry-after", "1.337")], Some(2)),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "NaN")], None),
            (vec![("retry-after", "Wed, 01 Jul 2026 10:01:30 GMT"), at], Some(90)),
            (vec![("retry-after", "Wed, 01 Jul 2026 09:00:00 GMT"), at], Some(0)),
            (vec![("retry-after", "Wed, 01 Jul 2026 10:01:30 GMT")], None),
            (vec![("retry-after", "99999999999")], Some(86_400)),
            (vec![("retry-after", "soon")], None),
            (vec![], None),
        ] {
            assert_eq!(retry_after(&headers(&pairs), false), seconds.map(Duration::from_secs), "{pairs:?}");
        }
    }

    #[test]
    fn bodies_explain_where_they_say_more_than_the_status() {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        for (body, line) in [
            ("{\"error\":{\"message\":\"pool is full\"}}", Some("pool is full")),
            ("{\"status\":\"error\",\"errorType\":\"x\",\"error\":\"query timed out\"}", Some("query timed out")),
            ("\"bad matcher format\"", Some("bad matcher format")),
            ("{\"errors\":[{\"detail\":\"no\"}]}", Some("no")),
            ("{\"code\":1}", None),
            ("<html><head><title>503 Service Unavailable</title>", None),
            ("<!doctype html><TITLE>Down for\n maintenance &amp; back</TITLE>", Some("Down for maintenance & back")),
            ("<html><title>unclosed", None),
            ("503 Service Unavailable", None),
            ("Service Unavailable\n", None),
            ("\n\nupstream is \u{1b}[2J gone\nsecond", Some("upstream is ␛[2J gone")),
            ("<?xml version=\"1.0\"?><Error/>", None),
            ("", None),
        ] {
            assert_eq!(explanation(body.as_bytes(), status).as_deref(), line, "{body}");
        }
        assert_eq!(explanation(&[0xff, 0xfe, 0x00, 0xd8, 0xff, 0xff, 0xff], status), None);
    }
}
