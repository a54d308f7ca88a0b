//! `[[service]]`: a name, what is scraped, and how its numbers are made and judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::facts::Measure;
use crate::facts::Signal;
use crate::facts::text::clean_line;

use crate::signals::preset;
use crate::sources::http::Access;

use super::Service;
use super::Target;
use super::access;
use super::limits;
use super::prometheus;
use super::query;
use super::read::Context;
use super::reader::Section;
use super::reader::Text;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::reader::suggestion;
use super::rules;
use super::urls;

/// The longest name of a service, in characters: it must fit into one row of the overview.
pub(super) const LONGEST_NAME: usize = 80;

const CALLS: &str = "calls = [\"payments\", \"Stripe\"]";
const TARGETS: &str = "targets = [\"http://host:port/metrics\"]";

/// Reads one `[[service]]`. `None` when it has no name that can be used; its other problems are noted all the same.
pub(super) fn read(
    section: Section<'_>,
    context: &Context<'_>,
    names: &mut Vec<String>,
    servers: &[String],
) -> Option<Service> {
    let name = section.required_text("name", "name = \"checkout-api\"").and_then(|text| name(&text, names));
    let mut service = Service::named(name.as_deref().unwrap_or_default());
    if let Some(text) = section.value("environment").and_then(|value| value.text("environment = \"prod\"")) {
        service.environment = clean_line(text.raw(), LONGEST_NAME);
    }
    let server = section.value("prometheus");
    service.targets = targets(&section, context, server.is_some());
    if let Some(value) = &server {
        let text = value.text("prometheus = \"prod\"");
        service.prometheus = text.and_then(|text| prometheus::named(&text, servers));
    }
    if let Some(value) = section.value("preset") {
        service.presets = presets(&value, context);
    }
    if let Some(value) = section.value("signals") {
        service.queries = queries(&value, server.is_some());
    }
    if let Some(value) = section.value("rules") {
        service.rules = rules::read(&value);
    }
    service.programs =
        section.value("programs").map(|value| others(&value, "programs = [\"api\"]")).unwrap_or_default();
    service.calls = section.value("calls").map(|value| others(&value, CALLS)).unwrap_or_default();
    if let Some(value) = section.value("thresholds") {
        service.rules = limits::read(&value, &service.rules);
    }
    section.done();
    name.map(|name| Service { name: Arc::from(name.as_str()), ..service })
}

/// Names of others: programs, services, vendors. Each counts once.
fn others(value: &Value<'_>, example: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for text in value.texts(example).unwrap_or_default() {
        if let Some(name) = text.map(|name| usable(name, example)).filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    names
}

/// The name of the service that something else is about.
pub(super) fn named(value: &Value<'_>) -> Option<String> {
    let example = "service = \"checkout-api\"";
    value.text(example)?.map(|name| usable(name, example))
}

fn usable(name: &str, example: &str) -> Result<String, Wrong> {
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME || clean_line(name, LONGEST_NAME) != name {
        let cause = format!("{} is not a name that can be shown", quoted(name));
        return Err(Wrong::new(cause, format!("write it as in {example}, with at most 80 visible characters")));
    }
    Ok(name.to_owned())
}

/// A name that can be used, and that no other before it has.
pub(super) fn name(text: &Text<'_>, names: &mut Vec<String>) -> Option<String> {
    let name = text.raw();
    let wrong = |cause: String, advice: &str| text.wrong(Wrong::new(cause, advice));
    if name.trim().is_empty() {
        wrong("the name is empty".to_owned(), "write a name, as in name = \"checkout-api\"");
        return None;
    }
    if name.chars().count() > LONGEST_NAME || clean_line(name, LONGEST_NAME) != name {
        let cause = format!("{} cannot be shown as a name", quoted(name));
        let advice = "write at most 80 visible characters, without blanks around them or control characters";
        wrong(cause, advice);
        return None;
    }
    if name.contains("://") {
        wrong(format!("{} is an address, not a name", quoted(name)), "write a name, and the address into targets");
        return None;
    }
    if names.iter().any(|other| other == name) {
        wrong(format!("the name {} is taken by another one before", quoted(name)), "give each its own name");
        return None;
    }
    names.push(name.to_owned());
    Some(name.to_owned())
}

fn targets(section: &Section<'_>, context: &Context<'_>, has_server: bool) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    // A list that cannot be read is a problem of its own: that there are no targets would be one too many.
    let mut given = 0;
    let mut add = |text: &Text<'_>, access: Arc<Access>| {
        let Some(url) = text.map(urls::parse_url) else { return };
        if targets.iter().any(|target| target.url == url) {
            let cause = format!("the target {} is listed twice", quoted(&urls::shown(text.raw())));
            text.wrong(Wrong::new(cause, "keep one, or its requests count double"));
        }
        targets.push(Target { url, access });
    };
    if let Some(value) = section.value("targets") {
        let list = value.texts(TARGETS);
        given += list.as_ref().map_or(1, Vec::len);
        for text in &list.unwrap_or_default() {
            add(text, Arc::default());
        }
    }
    let tables = section.value("target").map(|value| {
        let tables = value.sections("service.target");
        given += if value.is_list() { tables.len() } else { 1 };
        tables
    });
    for table in tables.unwrap_or_default() {
        let url = table.required_text("url", "url = \"http://host:port/metrics\"");
        let own = url.as_ref().and_then(|text| urls::parse_url(text.raw()).ok());
        let access = access::read(&table, context, own.as_slice());
        table.done();
        if let Some(url) = url {
            add(&url, Arc::new(access));
        }
    }
    if given == 0 && !has_server {
        let cause = format!("{} has no targets, so that there is nothing to read", section.shown());
        section
            .note_shape(Wrong::new(cause, format!("write {TARGETS}, or the name of a server: prometheus = \"prod\"")));
    } else if given > 0 && has_server {
        let cause = format!("{} has targets and a prometheus, and its numbers come from one of them", section.shown());
        section.note_shape(Wrong::new(cause, "leave one of them out"));
    }
    targets
}

fn presets(value: &Value<'_>, context: &Context<'_>) -> Vec<String> {
    let example = "preset = \"opentelemetry-http\" or a list of them";
    let list = if value.is_list() { value.texts(example) } else { value.text(example).map(|one| vec![one]) };
    let check = |text: &Text<'_>| {
        text.map(|name| {
            let mut known = context.world.presets.to_vec();
            if known.is_empty() {
                known = preset::all().iter().map(|preset| preset.key).collect();
            }
            if known.contains(&name) {
                return Ok(name.to_owned());
            }
            Err(Wrong::new(format!("unknown preset {}", quoted(name)), suggestion(name, &known)))
        })
    };
    list.unwrap_or_default().iter().filter_map(check).collect()
}

fn queries(value: &Value<'_>, on_server: bool) -> BTreeMap<Measure, String> {
    let mut queries = BTreeMap::new();
    let example = "request_rate = \"sum(rate(http_requests_total[$__rate_interval]))\"";
    let Some(section) = value.section("[service.signals]", example) else { return queries };
    for (key, value) in section.entries() {
        let Some(measure) = Measure::ALL.into_iter().find(|measure| measure.key() == key.raw()) else {
            key.misfit(no_measure(key.raw()));
            continue;
        };
        let Some(text) = value.text(example) else { continue };
        if text.map(|query| query::check(query, on_server)).is_some() {
            queries.insert(measure, text.raw().to_owned());
        }
    }
    queries
}

fn no_measure(key: &str) -> Wrong {
    let cause = format!("{} is not a number of a service", quoted(key));
    if let Some(signal) = Signal::ALL.into_iter().find(|signal| signal.key() == key) {
        let measures: Vec<_> = signal.measures().iter().map(|measure| measure.key()).collect();
        return Wrong::new(cause, format!("it is made of {}; write a query for each", measures.join(", ")));
    }
    let keys = Measure::ALL.map(Measure::key);
    Wrong::new(cause, suggestion(key, &keys))
}
