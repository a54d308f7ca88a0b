//! Addresses as people write them, and how they may be shown. Asks nothing.

use url::Url;

use super::reader::Wrong;
use super::reader::quoted;

/// An `http` or `https` address with a host.
pub(super) fn parse_url(text: &str) -> Result<Url, Wrong> {
    let text = text.trim();
    let cause = |what: &str| format!("{} {what}", quoted(&shown(text)));
    if text.is_empty() {
        return Err(Wrong::new("the address is empty", "write http://host:port/metrics"));
    }
    if !text.contains("://") {
        let bare = text.trim_start_matches('/');
        let scheme = if bare.contains(":443") { "https" } else { "http" };
        let advice = format!("write {scheme}://{}", shown(bare));
        return Err(Wrong::new(cause("has no scheme"), advice));
    }
    let url = Url::parse(text).map_err(|error| {
        Wrong::new(cause(&format!("is not an address: {error}")), "write it as http://host:port/path")
    })?;
    match url.scheme() {
        "http" | "https" if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(url),
        "http" | "https" => Err(Wrong::new(cause("has no host"), "write it as http://host:port/path")),
        _ => Err(Wrong::new(cause("is neither http nor https"), "write it as http://host:port/path")),
    }
}

/// An address as it may be shown, also when it is none: without user and password, values of parameters as `…`.
pub(super) fn shown(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (&text[..scheme.len() + 3], rest));
    // A password may hold any character, `/` and `?` as well when it was not encoded: cut at the last `@` of all.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let query = query.map(|query| {
        let names =
            query.split('&').map(|pair| pair.split_once('=').map_or(pair.to_owned(), |(key, _)| format!("{key}=…")));
        format!("?{}", names.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}{path}{}", query.unwrap_or_default())
}

/// `10.0.0.7:9100`: what tells one address from another.
pub(super) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or("");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_without_a_scheme_are_answered_with_one() {
        for (text, advice) in [
            ("localhost:9090/metrics", "write http://localhost:9090/metrics"),
            ("host", "write http://host"),
            ("host:443/metrics", "write https://host:443/metrics"),
            ("//host/metrics", "write http://host/metrics"),
            ("ana:pw@host/metrics", "write http://host/metrics"),
            ("ftp://host/x", "write it as"),
            ("http://", "write it as"),
            ("http://host:99999/", "write it as"),
            ("", "write http://host:port/metrics"),
        ] {
            let wrong = parse_url(text).unwrap_err();
            assert!(wrong.advice.starts_with(advice), "{text}: {wrong:?}");
            assert!(!format!("{wrong:?}").contains("pw"), "{wrong:?}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        for (text, seen) in [
            ("http://a:b@h/p", "http://h/p"),
            ("http://a:b/c@h/p", "http://h/p"),
            ("http://a:b?c@h/p", "http://h/p"),
            ("http://h/p?token=x&y", "http://h/p?token=…&y"),
            ("a:b@h", "h"),
        ] {
            assert_eq!(shown(text), seen);
        }
    }
}
