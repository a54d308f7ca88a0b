//! Redirects: which are followed, which are a login page, and which leave the origin that credentials are for.

use reqwest::StatusCode;
use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::shown;

/// Words in a path or a host name that mean a login page.
const LOGIN: [&str; 12] = [
    "login",
    "logon",
    "signin",
    "sso",
    "oauth",
    "oauth2",
    "saml",
    "saml2",
    "authorize",
    "openid",
    "idp",
    "authenticate",
];

/// Where a redirect leads, and whether that is still the origin that was asked.
///
/// `first` is the address of the ask: words of it are not held against the target, so that `/sso/metrics` may
/// redirect to `/sso/metrics/`.
pub(super) fn next(first: &Url, from: &Url, status: StatusCode, location: Option<&[u8]>) -> Result<(Url, bool), Fault> {
    let code = status.as_u16();
    let Some(location) = location.and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
        return Err(Fault::new(FaultKind::Status, &format!("HTTP {code} without a readable target"))
            .advise("open the address in a browser and configure where it ends"));
    };
    if !matches!(code, 301 | 302 | 303 | 307 | 308) {
        return Err(Fault::new(FaultKind::Status, &format!("HTTP {code} is not an answer")));
    }
    let Ok(mut to) = from.join(location) else {
        return Err(Fault::new(FaultKind::Status, &format!("HTTP {code} to an address that cannot be read")));
    };
    if !matches!(to.scheme(), "http" | "https") {
        return Err(Fault::new(FaultKind::Status, &format!("HTTP {code} to {}", shown(&to))));
    }
    if is_login(first, &to) {
        return Err(login(&to));
    }
    let same = same_origin(from, &to);
    if same && to.username().is_empty() && to.password().is_none() {
        // An absolute target on the same origin has no userinfo, but is meant for the same user.
        let _ = to.set_username(from.username());
        let _ = to.set_password(from.password());
    }
    Ok((to, same))
}

/// The fault of a request that ended at a login page.
pub(super) fn login(to: &Url) -> Fault {
    let mut place = to.clone();
    place.set_query(None);
    Fault::new(FaultKind::Denied, &format!("redirected to a login page: {}", shown(&place)))
        .advise("give credentials in the configuration, or an address behind the login")
}

/// Same host, and the same port or the step from http to https on their usual ports.
fn same_origin(from: &Url, to: &Url) -> bool {
    let upgrade = from.scheme() == "http" && to.scheme() == "https" && from.port().is_none() && to.port().is_none();
    from.host() == to.host()
        && (upgrade || (from.scheme() == to.scheme() && from.port_or_known_default() == to.port_or_known_default()))
}

fn is_login(first: &Url, to: &Url) -> bool {
    let before = words(first);
    words(to).iter().any(|word| LOGIN.contains(&word.as_str()) && !before.contains(word))
}

/// The words of the host and the path; `sign-in` and `sign_in` are `signin`.
fn words(url: &Url) -> Vec<String> {
    let text = format!("{}/{}", url.host_str().unwrap_or_default(), url.path()).to_ascii_lowercase();
    text.replace("sign-in", "signin")
        .replace("sign_in", "signin")
        .replace("log-in", "login")
        .replace("log_in", "login")
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(from: &str, location: &str) -> Result<(String, bool), FaultKind> {
        let from = Url::parse(from).unwrap();
        next(&from, &from, StatusCode::FOUND, Some(location.as_bytes()))
            .map(|(url, same)| (url.to_string(), same))
            .map_err(|fault| fault.kind)
    }

    #[test]
    fn redirects_keep_credentials_at_home() {
        for (from, location, to, same) in [
            ("http://u:p@a.example/x", "/y", "http://u:p@a.example/y", true),
            ("http://u:p@a.example/x", "http://a.example/y", "http://u:p@a.example/y", true),
            ("http://a.example/x", "https://a.example/x", "https://a.example/x", true),
            ("http://a.example:8080/x", "https://a.example/x", "https://a.example/x", false),
            ("https://a.example/x", "http://a.example/x", "http://a.example/x", false),
            ("http://u:p@a.example/x", "http://b.example/x", "http://b.example/x", false),
            ("http://a.example/x", "//b.example/x", "http://b.example/x", false),
            ("http://a.example/sso/metrics", "/sso/metrics/", "http://a.example/sso/metrics/", true),
            ("http://a.example/x", "/blogging/session", "http://a.example/blogging/session", true),
        ] {
            assert_eq!(step(from, location), Ok((to.to_owned(), same)), "{from} -> {location}");
        }
    }

    #[test]
    fn login_pages_are_denied_and_other_schemes_refused() {
        for (location, kind) in [
            ("/login?next=/metrics", FaultKind::Denied),
            ("/users/sign_in", FaultKind::Denied),
            ("https://sso.example.com/start", FaultKind::Denied),
            ("https://accounts.example.com/oauth2/v2/auth", FaultKind::Denied),
            ("ftp://a.example/x", FaultKind::Status),
            ("http://[", FaultKind::Status),
        ] {
            assert_eq!(step("http://a.example/metrics", location), Err(kind), "{location}");
        }
        let a = Url::parse("http://a.example/").unwrap();
        assert_eq!(next(&a, &a, StatusCode::FOUND, None).unwrap_err().kind, FaultKind::Status);
        assert_eq!(next(&a, &a, StatusCode::MULTIPLE_CHOICES, Some(b"/x")).unwrap_err().kind, FaultKind::Status);
        let fault = login(&Url::parse("https://sso.example.com/start?token=abc").unwrap());
        assert_eq!(fault.cause, "redirected to a login page: https://sso.example.com/start");
    }
}
