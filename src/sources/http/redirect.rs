//! Redirects: which are followed, which are a login page, and which leave the origin that credentials are for.

use reqwest::StatusCode;
use tokio::time::Instant as Deadline;
use url::Url;

use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::sources::http::Ask;
use crate::sources::http::Route;
use crate::sources::http::address;
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

/// Where a request stands after its redirects.
pub(super) struct Trip {
    first: Url,
    pub(super) url: Url,
    /// Still at the origin that the credentials are meant for.
    pub(super) trusted: bool,
    /// The form, if there is one, is still to be sent.
    pub(super) form: bool,
    pub(super) end: Deadline,
    /// The way to where it stands.
    pub(super) route: Route,
    follow: bool,
}

impl Trip {
    pub(super) fn begin(ask: &Ask, end: Deadline) -> Self {
        let access = ask.access.as_deref();
        Self {
            first: ask.url.clone(),
            url: ask.url.clone(),
            trusted: true,
            form: ask.form.is_some(),
            end,
            route: access.map(|access| access.route.clone()).unwrap_or_default(),
            follow: access.is_none_or(|access| access.follow_redirects),
        }
    }

    /// Goes where a redirect leads.
    pub(super) fn follow(&mut self, status: StatusCode, location: Option<&[u8]>) -> Result<(), Fault> {
        if !self.follow {
            let to = location.and_then(|bytes| self.url.join(std::str::from_utf8(bytes).ok()?).ok());
            let to = to.map_or_else(String::new, |to| format!(" to {}", shown(&to)));
            return Err(of_status(status, &format!("HTTP {}{to}", status.as_u16()))
                .advise("redirects are not followed here (follow_redirects): configure the address where it ends"));
        }
        let (url, same) = next(&self.first, &self.url, status, location)?;
        if status == StatusCode::SEE_OTHER {
            self.form = false;
        } else if self.form && !same {
            // What is in a form may be for the asked server only, and without it the other one has no question.
            return Err(Fault::new(
                FaultKind::Status,
                &format!("HTTP {} to another server: {}", status.as_u16(), shown(&url)),
            )
            .advise("configure that address if it is the right one; a form is not sent on to another server"));
        }
        self.trusted = self.trusted && same;
        self.url = url;
        if !self.trusted {
            address::strip_userinfo(&mut self.url);
            // Who we are is for the asked origin; and it alone has another name.
            self.route.tls.identity = None;
            self.route.tls.server_name = None;
        }
        Ok(())
    }
}

/// A fault that carries its status.
fn of_status(status: StatusCode, cause: &str) -> Fault {
    let mut fault = Fault::new(FaultKind::Status, cause);
    fault.status = Some(status.as_u16());
    fault
}

/// Where a redirect leads, and whether that is still the origin that was asked.
///
/// `first` is the address of the ask: words of it are not held against the target, so that `/sso/metrics` may
/// redirect to `/sso/metrics/`.
pub(super) fn next(first: &Url, from: &Url, status: StatusCode, location: Option<&[u8]>) -> Result<(Url, bool), Fault> {
    let code = status.as_u16();
    let Some(location) = location.and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
        return Err(of_status(status, &format!("HTTP {code} without a readable target"))
            .advise("open the address in a browser and configure where it ends"));
    };
    if !matches!(code, 301 | 302 | 303 | 307 | 308) {
        return Err(of_status(status, &format!("HTTP {code} is not an answer")));
    }
    let Ok(mut to) = from.join(location) else {
        return Err(of_status(status, &format!("HTTP {code} to an address that cannot be read")));
    };
    if !matches!(to.scheme(), "http" | "https") {
        return Err(of_status(status, &format!("HTTP {code} to {}", shown(&to))));
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
    fn a_form_is_sent_on_to_the_same_origin_only() {
        // After 301 and 302 a client may go on with GET, but need not; without its form an API has no question.
        for (code, location, form) in [
            (301, "https://a.example/x", Some(true)),
            (302, "/y", Some(true)),
            (303, "/y", Some(false)),
            (303, "http://b.example/y", Some(false)),
            (307, "/y", Some(true)),
            (308, "https://a.example/y", Some(true)),
            (302, "http://b.example/y", None),
            (307, "http://b.example/y", None),
        ] {
            let ask = Ask { form: Some(Vec::new()), ..Ask::new(Url::parse("http://a.example/x").unwrap()) };
            let mut trip = Trip::begin(&ask, Deadline::now());
            let gone = trip.follow(StatusCode::from_u16(code).unwrap(), Some(location.as_bytes()));
            assert_eq!(gone.is_ok().then_some(trip.form), form, "{code} {location}: {gone:?}");
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
