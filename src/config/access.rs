//! How a server is reached, as a configuration says it: headers, credentials, TLS, proxy; the same keys everywhere.
//!
//! `http_config` names a file of Prometheus with the same subjects; what is written here counts more.

use std::collections::BTreeMap;

use url::Url;

use crate::sources::http::Access;
use crate::sources::http::Auth;
use crate::sources::http::Identity;
use crate::sources::http::OAuth2;
use crate::sources::http::Proxy;
use crate::sources::http::Route;
use crate::sources::http::Tls;
use crate::sources::http::TlsVersion;
use crate::sources::http::Via;
use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

use super::http_config;
use super::paths;
use super::read::Context;
use super::reader::Section;
use super::reader::Text;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::secrets;
use super::urls;

/// The header that names the tenant.
const TENANT: &str = "X-Scope-OrgID";
/// Headers that the program writes itself.
const OURS: [&str; 9] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "user-agent",
    "accept",
    "accept-encoding",
];
const BASIC: &str = "basic_auth = { user = \"ana\", password = { file = \"password\" } }";
const TLS: &str = "tls = { ca = \"ca.pem\", cert = \"client.pem\", key = \"client.key\" }";
const PROXY: &str = "proxy = \"http://proxy:3128\", \"none\" or \"environment\"";

/// Reads all keys of a table that say how its addresses are reached.
pub(super) fn read(section: &Section<'_>, context: &Context<'_>, urls: &[Url]) -> Access {
    let mut access = match section.value("http_config") {
        Some(value) => http_config::read(&value, context).unwrap_or_default(),
        None => Access::default(),
    };
    let mut headers = section.value("headers").map(|value| headers(&value, context)).unwrap_or_default();
    if let Some(text) = section.value("tenant").and_then(|value| value.text("tenant = \"shop\"")) {
        if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(TENANT)) {
            text.misfit(Wrong::new(format!("`tenant` is the header {TENANT}, which is written as well"), "keep one"));
        }
        if let Some(tenant) = text.map(tenant) {
            headers.push((TENANT.to_owned(), SecretRef::Plain(Secret::new(tenant))));
        }
    }
    let written = |name: &str| headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    access.headers.retain(|(name, _)| !written(name));
    let is_authorized = written("authorization");
    access.headers.append(&mut headers);
    if let Some(auth) = auth(section, context, is_authorized) {
        access.auth = Some(auth);
    } else if is_authorized {
        access.auth = None;
    }
    if access.auth.is_some() && urls.iter().any(|url| !url.username().is_empty() || url.password().is_some()) {
        let cause = format!("{} has credentials in its address and others beside it", section.shown());
        section.note_shape(Wrong::new(cause, "keep one of them, best not the one in the address"));
    }
    route(section, context, &mut access.route);
    if let Some(value) = section.value("follow_redirects") {
        access.follow_redirects = flag(&value, "follow_redirects = false").unwrap_or(true);
    }
    access
}

/// Whether a name can be that of a header, and is not one that the program writes.
pub(super) fn header_name(name: &Text<'_>, example: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let text = name.raw();
    if text.is_empty() || !text.chars().all(plain) {
        let cause = format!("{} is not the name of a header", quoted(text));
        name.wrong(Wrong::new(cause, format!("write it as in {example}")));
        return false;
    }
    if OURS.contains(&text.to_ascii_lowercase().as_str()) {
        name.wrong(Wrong::new(format!("the header {} is written by sixty itself", quoted(text)), "leave it out"));
        return false;
    }
    true
}

fn headers(value: &Value<'_>, context: &Context<'_>) -> Vec<(String, SecretRef)> {
    let example = "headers = { Authorization = { env = \"METRICS_AUTH\" } }";
    let Some(section) = value.section("headers", example) else { return Vec::new() };
    let mut headers = Vec::new();
    for (name, value) in section.entries() {
        if header_name(&name, example)
            && let Some(secret) = secrets::header(name.raw(), &value, context)
        {
            headers.push((name.raw().to_owned(), secret));
        }
    }
    headers
}

fn tenant(text: &str) -> Result<&str, Wrong> {
    if text.trim().is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Wrong::new(format!("{} is not a tenant", quoted(text)), "write it as in tenant = \"shop\""));
    }
    Ok(text)
}

/// Who asks; at most one of the ways to say so.
fn auth(section: &Section<'_>, context: &Context<'_>, is_authorized: bool) -> Option<Auth> {
    let ways = ["basic_auth", "bearer", "authorization", "oauth2"].map(|key| section.value(key));
    let mut given = ways.iter().flatten();
    let first = given.next();
    if let (Some(first), Some(second)) = (first, given.next()) {
        let cause = format!("`{}` and `{}` both say who asks", first.name(), second.name());
        second.wrong(Wrong::new(cause, "keep one of them"));
    } else if let (Some(first), true) = (first, is_authorized) {
        let cause = format!("`{}` and the header `Authorization` both say who asks", first.name());
        first.wrong(Wrong::new(cause, "keep one of them"));
    }
    let [basic, bearer, authorization, oauth2] = ways;
    let basic = basic.and_then(|value| basic_auth(&value, context));
    let bearer = bearer.and_then(|value| secrets::read(&value, context));
    let bearer = bearer.map(|credentials| Auth::Scheme { scheme: "Bearer".to_owned(), credentials });
    let other = authorization.and_then(|value| scheme(&value, context));
    let oauth2 = oauth2.and_then(|value| client(&value, context));
    basic.or(bearer).or(other).or(oauth2)
}

fn basic_auth(value: &Value<'_>, context: &Context<'_>) -> Option<Auth> {
    let section = value.section("basic_auth", BASIC)?;
    let user = match section.value("user") {
        None => {
            section.lacks("user", BASIC);
            None
        }
        Some(value) => match value.as_text() {
            Some(text) if text.raw().contains(':') => {
                text.wrong(Wrong::new("a user cannot have `:` in its name", format!("write {BASIC}")));
                None
            }
            Some(text) => Some(SecretRef::Plain(Secret::new(text.raw()))),
            None => secrets::read(&value, context),
        },
    };
    let password = section.value("password").and_then(|value| secrets::read(&value, context));
    section.done();
    Some(Auth::Basic { user: user?, password })
}

fn scheme(value: &Value<'_>, context: &Context<'_>) -> Option<Auth> {
    let example = "authorization = { type = \"Bearer\", credentials = { file = \"token\" } }";
    let section = value.section("authorization", example)?;
    let kind = section.value("type").map(|value| value.text(example).and_then(|text| text.map(scheme_name)));
    if !section.has("credentials") {
        section.lacks("credentials", example);
    }
    let credentials = section.value("credentials").and_then(|value| secrets::read(&value, context));
    section.done();
    let scheme = kind.unwrap_or(Some("Bearer"))?.to_owned();
    Some(Auth::Scheme { scheme, credentials: credentials? })
}

/// The word before credentials; without one it is `Bearer`.
pub(super) fn scheme_name(text: &str) -> Result<&str, Wrong> {
    match text.trim() {
        "" => Ok("Bearer"),
        basic if basic.eq_ignore_ascii_case("basic") => {
            Err(Wrong::new("the type of an authorization cannot be `basic`", "write basic_auth instead"))
        }
        other if other.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) => Ok(other),
        _ => Err(Wrong::new("the type of an authorization is one word", "write type = \"Bearer\"")),
    }
}

fn client(value: &Value<'_>, context: &Context<'_>) -> Option<Auth> {
    let example =
        "oauth2 = { token_url = \"https://host/token\", client_id = \"sixty\", client_secret = { file = \"secret\" } }";
    let section = value.section("oauth2", example)?;
    let token_url = section.required_text("token_url", example).and_then(|text| text.map(urls::parse_url));
    let client_id = section.required_text("client_id", example);
    let client_secret = section.value("client_secret").and_then(|value| secrets::read(&value, context));
    let scopes = section.value("scopes").and_then(|value| value.texts("scopes = [\"read\"]")).unwrap_or_default();
    let params = section.value("endpoint_params").map(|value| params(&value, "endpoint_params = { audience = \"x\" }"));
    let mut way = Route::default();
    route(&section, context, &mut way);
    section.done();
    Some(Auth::OAuth2(Box::new(OAuth2 {
        token_url: token_url?,
        client_id: client_id?.raw().to_owned(),
        client_secret,
        scopes: scopes.iter().map(|scope| scope.raw().to_owned()).collect(),
        endpoint_params: params.unwrap_or_default().into_iter().collect(),
        route: way,
    })))
}

/// Names and texts.
pub(super) fn params(value: &Value<'_>, example: &str) -> BTreeMap<String, String> {
    let section = value.section(&format!("`{}`", value.name()), example);
    let entries = section.iter().flat_map(Section::entries);
    entries.filter_map(|(name, value)| Some((name.raw().to_owned(), value.text(example)?.raw().to_owned()))).collect()
}

/// TLS and proxy; what is not written stays as it is.
fn route(section: &Section<'_>, context: &Context<'_>, into: &mut Route) {
    if let Some(value) = section.value("tls") {
        into.tls = tls(&value, context);
    }
    if let Some(value) = section.value("proxy")
        && let Some(proxy) = proxy(&value, context)
    {
        into.proxy = proxy;
    }
    check_route(section, into);
}

/// What TLS and proxy must agree on.
pub(super) fn check_route(section: &Section<'_>, route: &Route) {
    if route.tls.server_name.is_some() && matches!(route.proxy, Proxy::Via(_)) {
        let cause =
            format!("{} has a proxy and a server_name, and the proxy would be asked for that name", section.shown());
        section.note_shape(Wrong::new(cause, "leave one of them out"));
    }
}

fn tls(value: &Value<'_>, context: &Context<'_>) -> Tls {
    let Some(section) = value.section("tls", TLS) else { return Tls::default() };
    let [ca, certificate, key] = ["ca", "cert", "key"].map(|key| section.value(key));
    let read = |value: &Option<Value<'_>>| value.as_ref().and_then(|value| pem(value, context));
    pair(value, certificate.is_some(), key.is_some(), ["cert", "key"]);
    let identity = read(&certificate).zip(read(&key)).map(|(certificate, key)| Identity { certificate, key });
    let text = |key, example: &str| section.value(key)?.text(example);
    let tls = Tls {
        ca: read(&ca),
        identity,
        server_name: text("server_name", "server_name = \"prometheus.example\"").and_then(|text| text.map(server_name)),
        insecure_skip_verify: section
            .value("insecure_skip_verify")
            .and_then(|value| flag(&value, "insecure_skip_verify = true"))
            .unwrap_or(false),
        min_version: text("min_version", "min_version = \"1.2\"").and_then(|text| text.map(least)).flatten(),
        max_version: text("max_version", "max_version = \"1.3\"").and_then(|text| text.map(most)),
    };
    versions(value, &tls);
    section.done();
    tls
}

/// A certificate is nothing without its key.
pub(super) fn pair(value: &Value<'_>, certificate: bool, key: bool, names: [&str; 2]) {
    let (there, missing) = match (certificate, key) {
        (true, false) => (names[0], names[1]),
        (false, true) => (names[1], names[0]),
        _ => return,
    };
    let cause = format!("`{}` has `{there}` and no `{missing}`: a client certificate needs both", value.name());
    value.wrong(Wrong::new(cause, "write both, they may be the same file"));
}

/// Notes versions of which none is left.
pub(super) fn versions(value: &Value<'_>, tls: &Tls) {
    if let (Some(least), Some(most)) = (tls.min_version, tls.max_version)
        && least > most
    {
        value.wrong(Wrong::new("min_version is newer than max_version", "leave one of them out"));
    }
}

/// Certificates or a key: the path of a file, or where else they lie.
fn pem(value: &Value<'_>, context: &Context<'_>) -> Option<SecretRef> {
    let Some(text) = value.as_text() else { return secrets::read(value, context) };
    if text.raw().contains("-----BEGIN") {
        text.wrong(Wrong::new(format!("`{}` is the path of a file", value.name()), "write it into a file of its own"));
        return None;
    }
    existing(&text, context)
}

/// A file that must be there.
pub(super) fn existing(text: &Text<'_>, context: &Context<'_>) -> Option<SecretRef> {
    let path = text.map(|path| paths::expand(path, context.base, context.world.home))?;
    let reference = SecretRef::File(path);
    if let Some(why) = (context.world.missing_secret)(&reference) {
        text.wrong(Wrong::new(why, "write the path of one that can be read"));
    }
    Some(reference)
}

/// A name that a certificate can be for, and that is asked for.
pub(super) fn server_name(text: &str) -> Result<String, Wrong> {
    let advice = "write the name that the certificate is for, as in server_name = \"prometheus.example\"";
    match url::Host::parse(text) {
        Ok(url::Host::Domain(name)) => Ok(name),
        Ok(_) => Err(Wrong::new("`server_name` is an address, and must be a name", advice)),
        Err(_) => Err(Wrong::new(format!("{} is not the name of a server", quoted(text)), advice)),
    }
}

/// The least version; older ones than 1.2 are not spoken in any case.
pub(super) fn least(text: &str) -> Result<Option<TlsVersion>, Wrong> {
    match number(text) {
        Some(10 | 11) => Ok(None),
        Some(12) => Ok(Some(TlsVersion::V1_2)),
        Some(13) => Ok(Some(TlsVersion::V1_3)),
        _ => Err(Wrong::new(format!("{} is not a version of TLS", quoted(text)), "write \"1.2\" or \"1.3\"")),
    }
}

/// The newest version.
pub(super) fn most(text: &str) -> Result<TlsVersion, Wrong> {
    match number(text) {
        Some(12) => Ok(TlsVersion::V1_2),
        Some(13) => Ok(TlsVersion::V1_3),
        Some(_) => Err(Wrong::new("TLS older than 1.2 is broken and not spoken", "leave max_version out")),
        None => Err(Wrong::new(format!("{} is not a version of TLS", quoted(text)), "write \"1.2\" or \"1.3\"")),
    }
}

/// `1.2` and Prometheus' `TLS12` as 12.
fn number(text: &str) -> Option<u8> {
    let digits = text.trim().trim_start_matches("TLS").trim_start_matches('v').trim_start().replace('.', "");
    digits.parse().ok().filter(|number| (10..=13).contains(number))
}

fn proxy(value: &Value<'_>, context: &Context<'_>) -> Option<Proxy> {
    if let Some(text) = value.as_text() {
        return match text.raw() {
            "environment" => Some(Proxy::Environment),
            "none" => Some(Proxy::Direct),
            _ => Some(via(text.map(proxy_url)?, None, Vec::new())),
        };
    }
    let section = value.section("proxy", PROXY)?;
    let url = section.required_text("url", "url = \"http://proxy:3128\"").and_then(|text| text.map(proxy_url));
    let example = "no_proxy = [\"localhost\", \".internal.example\", \"10.0.0.0/8\"]";
    let no_proxy = section.value("no_proxy").and_then(|value| {
        if let Some(text) = value.as_text() {
            return Some(text.raw().to_owned());
        }
        Some(value.texts(example)?.iter().map(Text::raw).collect::<Vec<_>>().join(","))
    });
    let headers = section.value("headers").map(|value| headers(&value, context)).unwrap_or_default();
    section.done();
    Some(via(url?, no_proxy, headers))
}

/// A proxy that is written down.
pub(super) fn via(url: Url, no_proxy: Option<String>, headers: Vec<(String, SecretRef)>) -> Proxy {
    Proxy::Via(Box::new(Via { url, no_proxy, headers }))
}

/// The address of a proxy.
pub(super) fn proxy_url(text: &str) -> Result<Url, Wrong> {
    let advice = "write http://host:port, https://host:port or socks5://host:port";
    let wrong = |what: &str| Wrong::new(format!("{} {what}", quoted(&urls::shown(text))), advice);
    if !text.contains("://") {
        return Err(wrong("has no scheme"));
    }
    let url = Url::parse(text.trim()).map_err(|_| wrong("is not an address"))?;
    let known = matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h");
    if !known || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("is not the address of a proxy"));
    }
    Ok(url)
}

/// True or false.
pub(super) fn flag(value: &Value<'_>, example: &str) -> Option<bool> {
    let flag = value.as_bool();
    if flag.is_none() {
        value.mismatch(example);
    }
    flag
}
