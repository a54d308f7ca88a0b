//! Which exposition format a body is in, or what it is instead: a login page, JSON, something packed.

use super::line;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;

/// The `Accept` header to send: text 0.0.4 first, since it needs no escaping and carries no exemplars.
pub const ACCEPT: &str = "text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0;q=0.5, */*;q=0.1";

/// How much of a body is looked at to see what it is, in bytes.
const HEAD: usize = 4096;

/// An exposition format.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// The `Prometheus` text format 0.0.4, with or without quoted names. Timestamps are milliseconds.
    Text,
    /// `OpenMetrics` 1.0 text. Timestamps are seconds, and the body ends with `# EOF`.
    OpenMetrics,
}

impl Format {
    /// The format of a body, by its `Content-Type` and by how it begins (the whole body may be given, and then
    /// a missing `Content-Type` does not hide `OpenMetrics`). A body that looks like metrics is read even when
    /// its `Content-Type` is odd; the second part then says so in one sentence, else it is empty.
    ///
    /// # Errors
    /// [`FaultKind::Unreadable`] when it is something else: HTML, JSON, protobuf, packed or binary data.
    pub fn of(content_type: Option<&str>, body: &[u8]) -> Result<(Self, String), Fault> {
        let content_type = content_type.unwrap_or("").trim();
        let media = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        if media.starts_with("application/vnd.google.protobuf") {
            return Err(unreadable("protobuf instead of text")
                .advise("the endpoint must answer in the text format when it is asked for text/plain"));
        }
        refuse_foreign(body)?;
        match media.as_str() {
            "text/plain" => Ok((Self::Text, String::new())),
            "application/openmetrics-text" => Ok((Self::OpenMetrics, String::new())),
            _ if !is_plausible(body) => Err(not_metrics(content_type, body)),
            "" => Ok((Self::by_body(body), "no Content-Type; Prometheus 3 refuses such an answer".to_owned())),
            _ => {
                let shown = clean_line(content_type, 60);
                Ok((Self::by_body(body), format!("odd Content-Type {shown}; Prometheus 3 refuses such an answer")))
            }
        }
    }

    fn by_body(body: &[u8]) -> Self {
        if body.trim_ascii_end().ends_with(b"\n# EOF") { Self::OpenMetrics } else { Self::Text }
    }
}

/// Refuses what is certainly no exposition, by how it begins.
pub(super) fn refuse_foreign(body: &[u8]) -> Result<(), Fault> {
    let head = &body[..body.len().min(HEAD)];
    if head.starts_with(b"\x1f\x8b") || head.starts_with(b"\x28\xb5\x2f\xfd") {
        return Err(unreadable("packed data instead of text")
            .advise("the answer is compressed, but its Content-Encoding does not say so"));
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(unreadable("UTF-16 instead of UTF-8").advise("metrics must be sent as UTF-8"));
    }
    let begin = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if begin.starts_with(b"<") {
        return Err(markup(begin));
    }
    if is_json(begin) {
        let begin = clean_line(&String::from_utf8_lossy(begin), 80);
        return Err(unreadable(&format!("JSON instead of metrics: {begin}")).advise(ADVICE_PATH));
    }
    Ok(())
}

const ADVICE_PATH: &str = "check the path (often /metrics) and the port";

/// The fault for a body in which nothing is a sample.
pub(super) fn not_metrics(content_type: &str, body: &[u8]) -> Fault {
    let head = &body[..body.len().min(HEAD)];
    let begin = clean_line(&String::from_utf8_lossy(head.trim_ascii_start()), 80);
    let of_type = if content_type.is_empty() { String::new() } else { format!(" ({})", clean_line(content_type, 60)) };
    unreadable(&format!("no metrics in the answer{of_type}: {begin}")).advise(ADVICE_PATH)
}

/// The fault for a body that could be metrics and has none.
pub(super) fn no_sample() -> Fault {
    unreadable("the answer holds no sample").advise(ADVICE_PATH)
}

fn unreadable(cause: &str) -> Fault {
    Fault::new(FaultKind::Unreadable, cause)
}

fn markup(begin: &[u8]) -> Fault {
    let text = String::from_utf8_lossy(begin);
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| {
        let open = at + lower[at..].find('>')? + 1;
        let close = open + lower[open..].find("</title")?;
        Some(clean_line(&text[open..close], 80))
    });
    let title = title.unwrap_or_default();
    // A page that merely links to a login is none: only its title and a password field count.
    let named = ["log in", "login", "log on", "sign in", "sign-in", "signin"];
    let titled = title.to_ascii_lowercase();
    let asks = lower.contains("type=\"password\"") || named.iter().any(|word| titled.contains(word));
    let what = match () {
        () if lower.starts_with("<?xml") && !lower.contains("<html") => "XML",
        () if asks => "a login page",
        () => "an HTML page",
    };
    let cause = if title.is_empty() {
        format!("{what} instead of metrics")
    } else {
        format!("{what} instead of metrics: {title}")
    };
    unreadable(&cause).advise(if what == "a login page" {
        "the endpoint wants a login: set its credentials, or ask the service directly and not through the proxy"
    } else {
        ADVICE_PATH
    })
}

/// Whether a text begins as JSON does. `{"name",` and `{"name"}` are a quoted metric name.
fn is_json(begin: &[u8]) -> bool {
    if begin.starts_with(b"[") {
        return true;
    }
    let Some(inside) = begin.strip_prefix(b"{") else { return false };
    let inside = inside.trim_ascii_start();
    let Some(key) = inside.strip_prefix(b"\"") else { return inside.is_empty() || inside.starts_with(b"}\n") };
    let mut escaped = false;
    let end = key.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.is_some_and(|end| key[end + 1..].trim_ascii_start().starts_with(b":"))
}

/// Whether the first line that is not blank is a comment or a sample. Says yes to an empty body.
fn is_plausible(body: &[u8]) -> bool {
    let head = &body[..body.len().min(HEAD)];
    let Some(first) = line::lines(head).map(line::trim).find(|line| !line.is_empty()) else { return true };
    first.starts_with(b"#") || line::split(first, Format::OpenMetrics, false).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content_type: Option<&str>, body: &str) -> Result<(Format, bool), String> {
        match Format::of(content_type, body.as_bytes()) {
            Ok((format, remark)) => Ok((format, remark.is_empty())),
            Err(fault) => {
                assert_eq!(fault.kind, FaultKind::Unreadable);
                assert!(!fault.advice.is_empty());
                Err(fault.cause)
            }
        }
    }

    #[test]
    fn metrics_are_known_by_type_and_by_look() {
        for (content_type, body, expected) in [
            (Some("text/plain; version=0.0.4; charset=utf-8"), "a 1\n", (Format::Text, true)),
            (Some("Text/Plain"), "", (Format::Text, true)),
            (Some("application/openmetrics-text; version=1.0.0"), "# EOF\n", (Format::OpenMetrics, true)),
            (Some("text/plain"), "{\"http.requests\",a=\"b\"} 1\n", (Format::Text, true)),
            (None, "# HELP a b\na 1\n", (Format::Text, false)),
            (None, "\n\na{b=\"c\"} 1\n", (Format::Text, false)),
            (None, "a 1 1.5\n# EOF\n", (Format::OpenMetrics, false)),
            (Some("text/html"), "a 1\n", (Format::Text, false)),
            (Some("application/json"), "{\"a.b\"} 1\n", (Format::Text, false)),
            (Some("application/octet-stream"), "", (Format::Text, false)),
        ] {
            assert_eq!(of(content_type, body), Ok(expected), "{content_type:?} {body:?}");
        }
    }

    #[test]
    fn other_things_are_refused_by_name() {
        for (content_type, body, cause) in [
            (Some("text/html"), "<!doctype html><title>Status</title>", "an HTML page instead of metrics: Status"),
            (Some("text/plain"), "\r\n <html><p>hi", "an HTML page instead of metrics"),
            (
                Some("text/html"),
                "<html><head><TITLE>Sign in\u{1b}[2J</TITLE></head>",
                "a login page instead of metrics: Sign in␛[2J",
            ),
            (
                Some("text/html"),
                "<!DOCTYPE html><a href=/login>Log in</a><input type=\"password\">",
                "a login page instead of metrics",
            ),
            (None, "<html><a href=\"/login\">Log in</a> processor", "an HTML page instead of metrics"),
            (None, "<?xml version=\"1.0\"?><rss/>", "XML instead of metrics"),
            (Some("application/json"), "{\"status\": \"ok\"}", "JSON instead of metrics: {\"status\": \"ok\"}"),
            (Some("text/plain"), "[1]", "JSON instead of metrics: [1]"),
            (None, "{}\n", "JSON instead of metrics: {}"),
            (None, "404 page not found", "no metrics in the answer: 404 page not found"),
            (Some("text/css"), "Not ready yet", "no metrics in the answer (text/css): Not ready yet"),
            (Some("application/vnd.google.protobuf; proto=x"), "\u{1}", "protobuf instead of text"),
            (None, "\u{1f}\u{8b}", "no metrics in the answer: ␟␛K"),
        ] {
            assert_eq!(of(content_type, body), Err(cause.to_owned()), "{content_type:?} {body:?}");
        }
        assert!(Format::of(Some("text/plain"), b"\x1f\x8b\x08").is_err());
        assert!(Format::of(Some("text/plain"), b"\xff\xfea").is_err());
    }
}
