//! A body that was read: what it looks like, and its text.

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Validators;
use crate::sources::http::shown;

/// A successful answer, unpacked.
pub struct Body {
    /// The status, which is a success.
    pub status: u16,
    /// The bytes, at most the cap of the ask.
    pub bytes: Vec<u8>,
    /// The `Content-Type` as it came.
    pub content_type: Option<Box<str>>,
    /// For the next conditional request.
    pub validators: Validators,
    /// From asking to the last byte.
    pub took: Duration,
    /// Where the answer came from after redirects, without userinfo.
    pub url: Url,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("bytes", &self.bytes.len())
            .field("content_type", &self.content_type)
            .field("took", &self.took)
            .field("url", &shown(&self.url))
            .finish_non_exhaustive()
    }
}

impl Body {
    /// Whether this is a web page: a login page, a wrong path, an error page with status 200.
    #[must_use]
    pub fn looks_like_html(&self) -> bool {
        looks_like_html(&self.bytes, self.content_type.as_deref())
    }

    /// The body as text: UTF-16 by its byte order mark, else UTF-8; the mark is taken out.
    ///
    /// # Errors
    ///
    /// `Unreadable` when the bytes are not valid in their encoding.
    pub fn text(&self) -> Result<String, Fault> {
        decode(&self.bytes)
    }
}

/// See [`Body::looks_like_html`].
#[must_use]
pub fn looks_like_html(bytes: &[u8], content_type: Option<&str>) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if !start.starts_with(b"<") {
        return false;
    }
    let tags: [&[u8]; 7] = [b"<!doctype html", b"<html", b"<head", b"<body", b"<title", b"<script", b"<meta"];
    let named = tags.iter().any(|tag| start.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag)));
    // A feed is a feed, also from a server that calls everything HTML.
    let feed = [&b"<?xml"[..], b"<rss", b"<feed"].iter().any(|begin| start.starts_with(begin));
    named || !feed && content_type.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

/// See [`Body::text`].
///
/// # Errors
///
/// `Unreadable` when the bytes are not valid in their encoding.
pub fn decode(bytes: &[u8]) -> Result<String, Fault> {
    match bytes {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, Fault> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        Fault::new(FaultKind::Unreadable, &format!("not text: invalid UTF-8 at byte {}", error.valid_up_to()))
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Fault> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(Fault::new(FaultKind::Unreadable, "not text: UTF-16 with an odd number of bytes"));
    }
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .map_err(|_| Fault::new(FaultKind::Unreadable, "not text: invalid UTF-16"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_pages_are_known_by_their_first_tag() {
        for (bytes, content_type, html) in [
            (&b"<!DOCTYPE html><html>"[..], None, true),
            (b"\xef\xbb\xbf\n <HTML lang=en>", Some("application/json"), true),
            (b"<div>log in</div>", Some("text/html; charset=utf-8"), true),
            (b"<rss version='2.0'>", Some("application/rss+xml"), false),
            (b"<?xml version='1.0'?>", Some("text/html"), false),
            (b"{\"page\":1}", Some("text/html"), false),
            (b"# HELP up", Some("text/plain"), false),
            (b"", Some("text/html"), false),
        ] {
            assert_eq!(looks_like_html(bytes, content_type), html, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn the_byte_order_mark_decides_the_encoding() {
        assert_eq!(decode(b"\xfe\xff\x00[\x00]").unwrap(), "[]");
        assert_eq!(decode(b"\xff\xfe[\x00]\x00").unwrap(), "[]");
        assert_eq!(decode(b"\xef\xbb\xbf[]").unwrap(), "[]");
        assert_eq!(decode("[\"ä\"]".as_bytes()).unwrap(), "[\"ä\"]");
        for broken in [&b"\xfe\xff\x00"[..], b"\xfe\xff\xd8\x00", b"ab\xff"] {
            assert_eq!(decode(broken).unwrap_err().kind, FaultKind::Unreadable);
        }
    }
}
