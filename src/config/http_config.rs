//! The file that Prometheus, its tools and Grafana's call `http_config`: read as it is, refused where they refuse it.
//!
//! Paths in it are relative to itself. Secrets may stand in it, as they do there, and no message repeats them.

use std::path::Path;

use crate::sources::http::Access;
use crate::sources::http::Auth;
use crate::sources::http::Identity;
use crate::sources::http::OAuth2;
use crate::sources::http::Proxy;
use crate::sources::http::Route;
use crate::sources::http::Tls;
use crate::sources::secret::Secret;
use crate::sources::secret::SecretRef;

use super::Problem;
use super::access;
use super::paths;
use super::problem::place;
use super::read::Context;
use super::reader::Section;
use super::reader::Sink;
use super::reader::Text;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::urls;
use super::yaml;

/// Keys that need a running Prometheus or a key of their own; said so, instead of unknown.
const ELSEWHERE: &str = "it is not supported; write the secret into a file, or take basic_auth or authorization";

/// Reads the file that a key names. Problems inside are noted with their place there.
pub(super) fn read(value: &Value<'_>, context: &Context<'_>) -> Option<Access> {
    let text = value.text("http_config = \"prometheus-http.yml\"")?;
    let path = text.map(|path| paths::expand(path, context.base, context.world.home))?;
    let yaml = text.map(|_| {
        (context.world.read_file)(&path).map_err(|why| {
            Wrong::new(
                format!("the file {} {why}", quoted(&path.display().to_string())),
                "write the path of an http_config in YAML",
            )
        })
    })?;
    let (access, problems) = parse(&yaml, &path, context);
    context.elsewhere.borrow_mut().extend(problems);
    Some(access)
}

fn parse(text: &str, path: &Path, context: &Context<'_>) -> (Access, Vec<Problem>) {
    let problem = |at: usize, wrong: &Wrong| {
        Problem::new(&path.display().to_string(), Some(place(text, at)), &wrong.cause, &wrong.advice)
    };
    let table = match yaml::parse(text) {
        Ok(table) => table,
        Err(found) => return (Access::default(), vec![problem(found.at, &found.wrong)]),
    };
    let sink = Sink::default();
    let base = path.parent().unwrap_or(Path::new(""));
    let here =
        Context { base, world: context.world, intervals: context.intervals, elsewhere: std::cell::RefCell::default() };
    let access = document(Section::new(&sink, &table, 0, "the http_config"), &here);
    (access, sink.into_found().iter().map(|found| problem(found.at, &found.wrong)).collect())
}

fn document(top: Section<'_>, context: &Context<'_>) -> Access {
    let basic = top.value("basic_auth").map(|value| basic_auth(&value, context));
    let authorization = top.value("authorization").map(|value| authorization(&value, context));
    let oauth2 = top.value("oauth2").map(|value| oauth2(&value, context));
    let bearer = secret(&top, ["bearer_token", "bearer_token_file"], context);
    one_of(&top, &["basic_auth", "oauth2", "authorization", "bearer_token", "bearer_token_file"]);
    let bearer = bearer.map(|credentials| Auth::Scheme { scheme: "Bearer".to_owned(), credentials });
    let headers = top.value("http_headers").map(|value| headers(&value, context)).unwrap_or_default();
    let route = route(&top, context);
    let follow = top.value("follow_redirects").and_then(|value| access::flag(&value, "follow_redirects: false"));
    // HTTP/1.1 is spoken in any case.
    let _ = top.value("enable_http2").and_then(|value| access::flag(&value, "enable_http2: false"));
    top.done();
    Access {
        headers,
        auth: basic.flatten().or(authorization.flatten()).or(oauth2.flatten()).or(bearer),
        route,
        follow_redirects: follow.unwrap_or(true),
    }
}

/// Notes when more than one of several keys is there.
fn one_of(section: &Section<'_>, keys: &[&'static str]) {
    let given: Vec<Value<'_>> = keys.iter().filter_map(|key| section.value(key)).collect();
    if let [.., last] = given.as_slice()
        && given.len() > 1
    {
        let names: Vec<String> = given.iter().map(|value| format!("`{}`", value.name())).collect();
        last.wrong(Wrong::new(format!("at most one of {} may be there", names.join(", ")), "keep one of them"));
    }
}

/// A text that stands here, or the file that it stands in.
fn secret(section: &Section<'_>, [inline, file]: [&'static str; 2], context: &Context<'_>) -> Option<SecretRef> {
    one_of(section, &[inline, file]);
    let here = section.value(inline).and_then(|value| value.text(&format!("{inline}: ...")));
    let there = section.value(file).and_then(|value| value.text(&format!("{file}: path")));
    // An empty one is the same as none, as it is there.
    let there = there.filter(|text| !text.raw().is_empty()).and_then(|text| access::existing(&text, context));
    here.filter(|text| !text.raw().is_empty()).map(|text| SecretRef::Plain(Secret::new(text.raw()))).or(there)
}

/// Notes keys that Prometheus knows and sixty does not.
fn unsupported(section: &Section<'_>, keys: &[&'static str]) {
    for value in keys.iter().filter_map(|key| section.value(key)) {
        value.wrong(Wrong::new(
            format!("`{}` needs the secrets of a running Prometheus, or another grant", value.name()),
            ELSEWHERE,
        ));
    }
}

fn basic_auth(value: &Value<'_>, context: &Context<'_>) -> Option<Auth> {
    let section = value.section("basic_auth", "basic_auth: with username and password below it")?;
    unsupported(&section, &["username_ref", "password_ref"]);
    let user = secret(&section, ["username", "username_file"], context);
    let password = secret(&section, ["password", "password_file"], context);
    section.done();
    let user = user.unwrap_or_else(|| SecretRef::Plain(Secret::new("")));
    Some(Auth::Basic { user, password })
}

fn authorization(value: &Value<'_>, context: &Context<'_>) -> Option<Auth> {
    let section = value.section("authorization", "authorization: with type and credentials below it")?;
    unsupported(&section, &["credentials_ref"]);
    let kind =
        section.value("type").map(|value| value.text("type: Bearer").and_then(|text| text.map(access::scheme_name)));
    let credentials = secret(&section, ["credentials", "credentials_file"], context);
    section.done();
    let scheme = kind.unwrap_or(Some("Bearer"))?.to_owned();
    // Without credentials the scheme alone is sent, as there.
    Some(Auth::Scheme { scheme, credentials: credentials.unwrap_or_else(|| SecretRef::Plain(Secret::new(""))) })
}

fn oauth2(value: &Value<'_>, context: &Context<'_>) -> Option<Auth> {
    let section = value.section("oauth2", "oauth2: with client_id, client_secret and token_url below it")?;
    unsupported(
        &section,
        &[
            "client_secret_ref",
            "client_certificate_key",
            "client_certificate_key_file",
            "client_certificate_key_id",
            "client_certificate_key_ref",
            "signature_algorithm",
            "iss",
            "audience",
            "claims",
        ],
    );
    if let Some(value) = section.value("grant_type")
        && let Some(text) = value.text("grant_type: client_credentials")
        && !matches!(text.raw(), "" | "client_credentials")
    {
        text.wrong(Wrong::new("this grant_type is not supported", "write grant_type: client_credentials"));
    }
    let token_url =
        section.required_text("token_url", "token_url: https://host/token").and_then(|text| text.map(urls::parse_url));
    let client_id = section.required_text("client_id", "client_id: sixty");
    let client_secret = secret(&section, ["client_secret", "client_secret_file"], context);
    let scopes = section.value("scopes").and_then(|value| value.texts("scopes: [read]")).unwrap_or_default();
    let params = section.value("endpoint_params").map(|value| access::params(&value, "endpoint_params: {name: value}"));
    let way = route(&section, context);
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

fn route(section: &Section<'_>, context: &Context<'_>) -> Route {
    let tls = section.value("tls_config").map(|value| tls(&value, context)).unwrap_or_default();
    let route = Route { tls, proxy: proxy(section) };
    access::check_route(section, &route);
    route
}

fn tls(value: &Value<'_>, context: &Context<'_>) -> Tls {
    let Some(section) = value.section("tls_config", "tls_config: with ca_file and others below it") else {
        return Tls::default();
    };
    unsupported(&section, &["ca_ref", "cert_ref", "key_ref"]);
    let ca = secret(&section, ["ca", "ca_file"], context);
    let certificate = secret(&section, ["cert", "cert_file"], context);
    let key = secret(&section, ["key", "key_file"], context);
    let has = |keys: [&'static str; 2]| keys.iter().any(|key| section.value(key).is_some());
    access::pair(value, has(["cert", "cert_file"]), has(["key", "key_file"]), ["cert_file", "key_file"]);
    let text = |key, example: &str| filled(&section.value(key)?, example);
    let skip = section.value("insecure_skip_verify");
    let tls = Tls {
        ca,
        identity: certificate.zip(key).map(|(certificate, key)| Identity { certificate, key }),
        server_name: text("server_name", "server_name: prometheus.example")
            .and_then(|text| text.map(access::server_name)),
        insecure_skip_verify: skip
            .and_then(|value| access::flag(&value, "insecure_skip_verify: true"))
            .unwrap_or(false),
        min_version: text("min_version", "min_version: TLS12").and_then(|text| text.map(access::least)).flatten(),
        max_version: text("max_version", "max_version: TLS13").and_then(|text| text.map(access::most)),
    };
    access::versions(value, &tls);
    section.done();
    tls
}

/// A text that is not empty; an empty one is as none.
fn filled<'d>(value: &Value<'d>, example: &str) -> Option<Text<'d>> {
    value.text(example).filter(|text| !text.raw().is_empty())
}

/// Without a word there is no proxy, as with every other program that reads this file.
fn proxy(section: &Section<'_>) -> Proxy {
    let [url, no_proxy, environment, headers] =
        ["proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header"].map(|key| section.value(key));
    let url = url.as_ref().and_then(|value| filled(value, "proxy_url: http://proxy:3128"));
    let no_proxy = no_proxy.as_ref().and_then(|value| filled(value, "no_proxy: localhost,10.0.0.0/8"));
    let environment = environment.filter(|value| access::flag(value, "proxy_from_environment: true") == Some(true));
    if let Some(environment) = environment {
        for (given, name) in [
            (url.is_some(), "proxy_url"),
            (no_proxy.is_some(), "no_proxy"),
            (headers.is_some(), "proxy_connect_header"),
        ] {
            if given {
                let cause = format!("`proxy_from_environment` and `{name}` do not go together");
                environment.wrong(Wrong::new(cause, "keep one of them"));
            }
        }
        return Proxy::Environment;
    }
    let connect = headers.as_ref().map(connect_headers).unwrap_or_default();
    let Some(url) = url else {
        if let Some(text) = no_proxy {
            text.wrong(Wrong::new("`no_proxy` needs a `proxy_url`", "write both or none"));
        }
        if let Some(value) = headers {
            value.wrong(Wrong::new("`proxy_connect_header` needs a `proxy_url`", "write both or none"));
        }
        return Proxy::Direct;
    };
    url.map(access::proxy_url)
        .map_or(Proxy::Direct, |url| access::via(url, no_proxy.map(|text| text.raw().to_owned()), connect))
}

fn connect_headers(value: &Value<'_>) -> Vec<(String, SecretRef)> {
    let example = "proxy_connect_header: {Name: [value]}";
    let section = value.section("proxy_connect_header", example);
    let mut headers = Vec::new();
    for (name, value) in section.iter().flat_map(Section::entries) {
        let values = value.texts(example).unwrap_or_default();
        if access::header_name(&name, example) {
            headers
                .extend(values.iter().map(|text| (name.raw().to_owned(), SecretRef::Plain(Secret::new(text.raw())))));
        }
    }
    headers
}

fn headers(value: &Value<'_>, context: &Context<'_>) -> Vec<(String, SecretRef)> {
    let example = "http_headers: {X-Team: {values: [shop]}}";
    let section = value.section("http_headers", example);
    let mut headers = Vec::new();
    for (name, value) in section.iter().flat_map(Section::entries) {
        let known = access::header_name(&name, example);
        if name.raw().eq_ignore_ascii_case("authorization") {
            name.wrong(Wrong::new("the header `Authorization` cannot stand here", "write authorization or basic_auth"));
        }
        let Some(one) = value.section("a header", example) else { continue };
        let texts = |key| one.value(key).and_then(|value| value.texts(example)).unwrap_or_default();
        let here = [texts("values"), texts("secrets")].concat();
        let here = here.iter().map(|text| SecretRef::Plain(Secret::new(text.raw())));
        let files = texts("files");
        let files = files.iter().filter_map(|text| access::existing(text, context));
        if known {
            headers.extend(here.chain(files).map(|value| (name.raw().to_owned(), value)));
        }
        one.done();
    }
    headers
}
