//! Addresses: fit to be shown, and which of them are this machine.

use base64::Engine;
use url::{Host, Url};

use crate::facts::text::clean_line;
use crate::sources::secret::Secret;

/// The longest address that is shown, in characters.
const SHOWN: usize = 300;

/// Parts of a query key that mean that its value is a secret.
const SECRET_KEYS: [&str; 10] = ["token", "secret", "passw", "pwd", "sig", "auth", "cred", "session", "jwt", "key"];

/// An address fit to be shown: no userinfo, no fragment, secret-looking query values and path segments as `…`.
#[must_use]
pub fn shown(url: &Url) -> String {
    let mut out = format!("{}://", url.scheme());
    if let Some(host) = url.host_str() {
        out.push_str(host);
    }
    if let Some(port) = url.port() {
        out.push(':');
        out.push_str(&port.to_string());
    }
    if url.cannot_be_a_base() {
        // No host and no segments: nothing that could be told apart.
        out.push('…');
        return clean_line(&out, SHOWN);
    }
    let segments: Vec<&str> =
        url.path().split('/').map(|segment| if looks_random(segment) { "…" } else { segment }).collect();
    out.push_str(&segments.join("/"));
    if let Some(query) = url.query() {
        let pairs: Vec<String> = query.split('&').map(shown_pair).collect();
        out.push('?');
        out.push_str(&pairs.join("&"));
    }
    clean_line(&out, SHOWN)
}

fn shown_pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((key, _)) if is_secret_key(key) => format!("{key}=…"),
        Some((key, value)) if looks_random(value) => format!("{key}=…"),
        // A bare word in the query can be a key that was pasted there.
        None if looks_random(pair) => "…".to_owned(),
        _ => pair.to_owned(),
    }
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key == "code" || SECRET_KEYS.iter().any(|part| key.contains(part))
}

/// Long, without blanks, and of upper case, lower case and digits: a token rather than a word, a name or a hash.
fn looks_random(text: &str) -> bool {
    text.len() >= 20
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'=' | b'+' | b':' | b'.'))
        && text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && text.bytes().any(|b| b.is_ascii_digit())
}

/// Whether the host of an address is this machine (`127.0.0.0/8`, `::1`, `localhost`).
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|mapped| mapped.is_loopback())
        }
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// Takes user and password out. Addresses without a host have none.
pub(super) fn strip_userinfo(url: &mut Url) {
    if url.has_host() {
        // Both fail only on addresses that cannot have userinfo.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
}

/// Everything in an address that must not come back in a fault: the password as it was written, as it is meant
/// and as it is sent, and the values of the query that look like secrets.
pub(super) fn secrets(url: &Url) -> Vec<Secret> {
    let mut secrets = Vec::new();
    if let Some(password) = url.password() {
        let (user, meant) = (unescaped(url.username()), unescaped(password));
        let sent = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{meant}"));
        secrets.extend([password, &meant, &sent].map(Secret::new));
    }
    let pairs = url.query().into_iter().flat_map(|query| query.split('&')).filter_map(|pair| pair.split_once('='));
    for (_, value) in pairs.filter(|(key, value)| is_secret_key(key) || looks_random(value)) {
        secrets.extend([value, &unescaped(value)].map(Secret::new));
    }
    secrets
}

/// Percent-escapes resolved; what is not UTF-8 then is replaced.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let (b'%', Some(value)) = (byte, hex) {
            out.push(value);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_their_secrets() {
        for (address, seen) in [
            ("http://user:hunter2@example.com:8080/a/b?x=1#frag", "http://example.com:8080/a/b?x=1"),
            ("https://example.com/m?api_key=abc&match=up", "https://example.com/m?api_key=…&match=up"),
            ("https://example.com/?access_token=a&sig=b&code=c", "https://example.com/?access_token=…&sig=…&code=…"),
            ("https://example.com/hook/xoxbA81237123abcdefgHIJK", "https://example.com/hook/…"),
            ("https://example.com/?q=aB3aB3aB3aB3aB3aB3aB3aB3", "https://example.com/?q=…"),
            (
                "https://example.com/commits/0123456789abcdef0123456789abcdef01234567",
                "https://example.com/commits/0123456789abcdef0123456789abcdef01234567",
            ),
            ("http://[::1]:9/metrics", "http://[::1]:9/metrics"),
            ("data:text/plain,hello", "data://…"),
        ] {
            assert_eq!(shown(&Url::parse(address).unwrap()), seen);
        }
    }

    #[test]
    fn loopback_is_known() {
        for (address, loopback) in [
            ("http://127.0.0.1/", true),
            ("http://127.8.9.1:80/", true),
            ("http://[::1]/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://localhost:3000/", true),
            ("http://LOCALHOST./", true),
            ("http://api.localhost/", true),
            ("http://localhost.example.com/", false),
            ("http://10.0.0.1/", false),
            ("data:text/plain,x", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(address).unwrap()), loopback, "{address}");
        }
    }

    #[test]
    fn secrets_of_an_address_are_known_in_every_form() {
        let url = Url::parse("http://ana:h%40nter2@example.com/?api_key=a%2Fb&match=up").unwrap();
        let found: Vec<String> = secrets(&url).iter().map(|secret| secret.expose().to_owned()).collect();
        assert_eq!(found, ["h%40nter2", "h@nter2", "YW5hOmhAbnRlcjI=", "a%2Fb", "a/b"]);
        assert_eq!(unescaped("%zz%4"), "%zz%4");
        assert_eq!(unescaped("ä%C3%A4%ff"), "ää\u{fffd}");
    }
}
