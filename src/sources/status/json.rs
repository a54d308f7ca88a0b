//! Reading JSON that strangers wrote: what is absent or null is tolerated, what has another shape is not.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;

/// Parses a document.
pub(super) fn parse(text: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|error| {
        let (kind, what) = if error.is_eof() {
            (FaultKind::Truncated, "the JSON ends early")
        } else {
            (FaultKind::Unreadable, "not JSON")
        };
        Fault::new(kind, &format!("{what}: line {}, column {}", error.line(), error.column()))
            .advise("check the address: another document, or an error page?")
    })
}

/// The fault of a document of another shape.
pub(super) fn strange(cause: &str) -> Fault {
    Fault::new(FaultKind::Unreadable, cause).advise("check the kind and the address of this status page")
}

/// A text that is not empty.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// A text, or a whole number as text: ids and states come as both.
pub(super) fn word(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A list; absent and null are empty.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], Fault> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(strange(&format!("`{key}` is not a list"))),
    }
}

/// A list inside something that is itself optional: what is not a list is empty.
pub(super) fn loose<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// An RFC 3339 time.
pub(super) fn time(value: &Value, key: &str) -> Option<At> {
    let text = text(value, key)?;
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc))
}

/// A time in seconds or milliseconds since 1970, as number or as text.
pub(super) fn epoch(value: &Value, key: &str) -> Option<At> {
    let number = match value.get(key)? {
        Value::String(text) => text.trim().parse().ok()?,
        Value::Number(number) => number.as_i64()?,
        _ => return None,
    };
    // 10^11 seconds are the year 5138; as milliseconds they are 1973.
    if number.abs() >= 100_000_000_000 {
        DateTime::from_timestamp_millis(number)
    } else {
        DateTime::from_timestamp(number, 0)
    }
}
