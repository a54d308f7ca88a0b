//! `[[prometheus]]`: servers that speak the Prometheus HTTP API, and which services are asked there.

use std::sync::Arc;
use std::time::Duration;

use promql_parser::parser::Expr;
use url::Url;

use crate::sources::http::is_loopback;
use crate::sources::prometheus::Own;
use crate::sources::prometheus::Settings;

use super::Service;
use super::access;
use super::read::Context;
use super::read::every;
use super::reader::Section;
use super::reader::Text;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::service;
use super::units;
use super::units::spell;
use super::urls;

/// The longest past that is filled in: a server has to read all of it for one screen.
const LONGEST_BACKFILL: Duration = Duration::from_hours(7 * 24);
const EXAMPLE: &str = "url = \"http://prometheus:9090\"";

/// Reads all servers; `names` gets those that services may name.
pub(super) fn read(top: &Section<'_>, context: &Context<'_>, names: &mut Vec<String>) -> Vec<Settings> {
    let mut servers: Vec<Settings> = Vec::new();
    for section in top.value("prometheus").map(|value| value.sections("prometheus")).unwrap_or_default() {
        let server = one(&section, context, names, &servers);
        section.done();
        servers.extend(server);
    }
    servers
}

fn one(section: &Section<'_>, context: &Context<'_>, names: &mut Vec<String>, before: &[Settings]) -> Option<Settings> {
    let urls = addresses(section, before);
    let name = match section.value("name") {
        Some(value) => value.text("name = \"prod\"").and_then(|text| service::name(&text, names)),
        None => unnamed(section, &urls, names),
    };
    let access = access::read(section, context, &urls);
    let mut settings = Settings::named(name.as_deref().unwrap_or_default(), urls);
    settings.access = Arc::new(access);
    let text = |key, example: &str| section.value(key)?.text(example);
    settings.label = text("label", "label = \"service\"").and_then(|text| text.map(label)).map(str::to_owned);
    settings.services = services(section);
    if let Some(selector) = text("selector", "selector = 'env=\"prod\"'").and_then(|text| text.map(selector)) {
        settings.selector = selector;
    }
    settings.every = interval(section, context, &settings.urls);
    rates(section, &mut settings);
    if let Some(value) = section.value("backfill") {
        settings.backfill = backfill(&value).unwrap_or(settings.backfill);
    }
    if let Some(value) = section.value("max_queries") {
        settings.max_queries = max_queries(&value).unwrap_or(settings.max_queries);
    }
    (!settings.urls.is_empty()).then_some(())?;
    name.map(|_| settings)
}

/// A server without a name is called after its first host.
fn unnamed(section: &Section<'_>, urls: &[Url], names: &mut Vec<String>) -> Option<String> {
    let name = urls.first().map(urls::host_and_port)?;
    if names.contains(&name) {
        let cause = format!("there is a second {} that would be called {}", section.shown(), quoted(&name));
        section.note_shape(Wrong::new(cause, "give each its own name, as in name = \"prod\""));
        return None;
    }
    names.push(name.clone());
    Some(name)
}

fn addresses(section: &Section<'_>, before: &[Settings]) -> Vec<Url> {
    let list = "urls = [\"http://prometheus-0:9090\", \"http://prometheus-1:9090\"]";
    let mut given = true;
    let texts = match (section.value("url"), section.value("urls")) {
        (Some(_), Some(several)) => {
            several.wrong(Wrong::new("`url` and `urls` are the same, for one and for several replicas", "keep one"));
            Vec::new()
        }
        (Some(one), None) => one.text(EXAMPLE).into_iter().collect(),
        (None, Some(several)) => {
            let texts = several.texts(list).unwrap_or_default();
            if several.is_list() && texts.is_empty() {
                several.wrong(Wrong::new("`urls` is empty", format!("write {list}")));
            }
            texts
        }
        (None, None) => {
            given = false;
            Vec::new()
        }
    };
    if !given {
        section.lacks("url", EXAMPLE);
    }
    let mut urls: Vec<Url> = Vec::new();
    for text in &texts {
        let Some(url) = text.map(base) else { continue };
        let other = before.iter().find(|server| server.urls.contains(&url));
        if urls.contains(&url) {
            let cause = format!("the address {} is listed twice", quoted(&urls::shown(text.raw())));
            text.wrong(Wrong::new(cause, "keep one"));
        } else if let Some(other) = other {
            let cause = format!("{} is asked as {} already", quoted(&urls::shown(text.raw())), quoted(&other.name));
            text.misfit(Wrong::new(cause, "keep one, or each service is there twice"));
        } else {
            urls.push(url);
        }
    }
    urls
}

/// The base of an API: people copy longer addresses from their browser.
fn base(text: &str) -> Result<Url, Wrong> {
    let url = urls::parse_url(text)?;
    let shown = urls::shown(text.trim());
    let longer = ["/api/v1", "/graph", "/metrics", "/query", "/targets", "/alerts"];
    let found = longer.iter().find_map(|part| {
        let at = url.path().find(part)?;
        url.path()[at + part.len()..].chars().next().is_none_or(|c| c == '/').then_some(at)
    });
    if let Some(at) = found {
        let mut meant = url.clone();
        meant.set_path(&url.path()[..at]);
        meant.set_query(None);
        meant.set_fragment(None);
        let meant = urls::shown(meant.as_str());
        let cause = format!("{} is more than the address of the server", quoted(&shown));
        return Err(Wrong::new(cause, format!("write {}", meant.trim_end_matches('/'))));
    }
    if url.fragment().is_some() {
        let cause = format!("{} is the address of a page", quoted(&shown));
        return Err(Wrong::new(cause, format!("write the address of the server, {EXAMPLE}")));
    }
    Ok(url)
}

fn label(text: &str) -> Result<&str, Wrong> {
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if first && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && text != "__name__" {
        return Ok(text);
    }
    Err(Wrong::new(format!("{} is not the name of a label", quoted(text)), "write it as in label = \"service\""))
}

fn services(section: &Section<'_>) -> Vec<Arc<str>> {
    let Some(value) = section.value("services") else { return Vec::new() };
    let texts = value.texts("services = [\"checkout-api\"]").unwrap_or_default();
    let mut names = Vec::new();
    texts.iter().filter_map(|text| service::name(text, &mut names)).map(Arc::from).collect()
}

/// Matchers without their braces, as the parser of `PromQL` takes them.
fn selector(text: &str) -> Result<String, Wrong> {
    let bare = text.trim();
    let bare = bare.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(bare).trim();
    let bare = bare.trim_end_matches(',').trim_end();
    let wrong = |why: &str| {
        Wrong::new(
            format!("the selector is not a list of matchers: {why}"),
            "write it as in selector = 'env=\"prod\",team=~\"a|b\"'",
        )
    };
    if bare.contains(['\n', '#', '$']) {
        return Err(wrong("it must be one line, without comments and variables"));
    }
    match promql_parser::parser::parse(&format!("x{{{bare}}}")) {
        Ok(Expr::VectorSelector(found))
            if found.name.as_deref() == Some("x") && found.offset.is_none() && found.at.is_none() =>
        {
            if !found.matchers.or_matchers.is_empty() {
                return Err(wrong("`or` between matchers is not known to every server"));
            }
            Ok(bare.to_owned())
        }
        Ok(_) => Err(wrong("there is more than that")),
        Err(why) => Err(wrong(&why)),
    }
}

fn interval(section: &Section<'_>, context: &Context<'_>, urls: &[Url]) -> Duration {
    // A server of others is shared by many who look at it.
    let floor = if urls.iter().all(is_loopback) { Duration::from_secs(1) } else { Duration::from_secs(2) };
    let own = section.value("every").and_then(|value| every(&value, "every = \"15s\"", floor));
    own.unwrap_or(context.intervals.metrics.max(floor))
}

fn rates(section: &Section<'_>, settings: &mut Settings) {
    let Some(value) = section.value("rate_window") else { return };
    if value.as_text().is_some_and(|text| text.raw() == "auto") {
        return;
    }
    settings.rate_window = every(&value, "rate_window = \"auto\" or \"1m\"", Duration::from_secs(2));
}

fn backfill(value: &Value<'_>) -> Option<Duration> {
    let example = "backfill = \"3h\"";
    let span = value.text(example)?.map(units::parse_duration)?;
    if span > LONGEST_BACKFILL {
        let cause = format!("`backfill` is {}, and must be at most {}", spell(span), spell(LONGEST_BACKFILL));
        value.wrong(Wrong::new(cause, format!("write {example}")));
        return None;
    }
    Some(span)
}

fn max_queries(value: &Value<'_>) -> Option<usize> {
    let whole = value.whole("max_queries = 4")?;
    if (1..=64).contains(&whole) {
        return usize::try_from(whole).ok();
    }
    // Monitoring must not worsen the incident.
    value.wrong(Wrong::new("`max_queries` is not between 1 and 64", "write max_queries = 4"));
    None
}

/// Gives a server what the team wrote for one of its services.
pub(super) fn assign(service: &Service, servers: &mut [Settings]) {
    let Some(name) = &service.prometheus else { return };
    let Some(server) = servers.iter_mut().find(|server| server.name == *name) else { return };
    // Where only some are shown, one that has a table of its own is among them.
    if !server.services.is_empty() && !server.services.contains(&service.name) {
        server.services.push(Arc::clone(&service.name));
    }
    let own = Own { presets: service.presets.clone(), queries: service.queries.clone() };
    server.own.insert(Arc::clone(&service.name), own);
}

/// The server that a service names, if there is one of that name.
pub(super) fn named(text: &Text<'_>, names: &[String]) -> Option<String> {
    if names.iter().any(|name| name == text.raw()) {
        return Some(text.raw().to_owned());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let cause = format!("there is no [[prometheus]] with the name {}", quoted(text.raw()));
    let advice = if names.is_empty() {
        format!("write one: [[prometheus]], name = \"prod\", {EXAMPLE}")
    } else {
        super::reader::suggestion(text.raw(), &names)
    };
    text.misfit(Wrong::new(cause, advice));
    None
}
