//! `[[service]]`: its traffic, its routes, what it has and what it calls.

use crate::drill::Call;
use crate::drill::Cpu;
use crate::drill::Disk;
use crate::drill::Memory;
use crate::drill::Pool;
use crate::drill::Route;
use crate::drill::Service;

use crate::config::reader::Section;
use crate::config::reader::Value;
use crate::config::reader::Wrong;
use crate::config::reader::quoted;
use crate::config::service::name;
use crate::config::units::Quantity;

use super::known;
use super::known::Known;
use super::time::time_of_day;
use super::values;

/// The most instances of a service.
pub(super) const MOST_INSTANCES: usize = 100;

const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;

/// Reads one `[[service]]`. `None` without a name that can be used; its other problems are noted all the same.
pub(super) fn read(section: Section<'_>, names: &mut Vec<String>) -> Option<Service> {
    let section = section.with_elsewhere(&["path", "method", "share", "to"]);
    let name = section.required_text("name", "name = \"checkout-api\"").and_then(|text| name(&text, names));
    let share = |key| values::number(&section, key, Quantity::Ratio);
    let rate = values::number(&section, "rate", Quantity::PerSecond);
    let p50 = values::some_seconds(&section, "p50", "60 ms").unwrap_or(0.06);
    let p95 = values::some_seconds(&section, "p95", "240 ms");
    check_percentiles(&section, p50, p95);
    let mut service = Service {
        environment: values::words(&section, "environment", "environment = \"prod\"").unwrap_or_else(|| "prod".into()),
        programs: values::names(&section, "programs", "programs = [\"api\"]"),
        version: values::words(&section, "version", "version = \"v1.0.0\"").unwrap_or_else(|| "v1.0.0".into()),
        instances: values::count(&section, "instances", 1, MOST_INSTANCES).unwrap_or(1),
        // What is only called has no traffic of its own: told apart once all services are read.
        rate: rate.unwrap_or(f64::NAN),
        daily: share("daily").unwrap_or(0.0).min(0.95),
        peak: section.value("peak").and_then(|value| time_of_day(&value)).unwrap_or(14 * 3_600).into(),
        noise: share("noise").unwrap_or(0.03),
        errors: share("errors").unwrap_or(0.001),
        p50,
        p95: p95.filter(|p95| *p95 > p50).unwrap_or(4.0 * p50),
        routes: routes(&section),
        pool: section.value("pool").and_then(|value| pool(&value)),
        memory: section.value("memory").and_then(|value| memory(&value)),
        cpu: section.value("cpu").and_then(|value| cpu(&value)),
        disk: section.value("disk").and_then(|value| disk(&value)),
        calls: Vec::new(),
        name: name.clone().unwrap_or_default(),
    };
    for call_section in section.value("call").map(|value| value.sections("service.call")).unwrap_or_default() {
        service.calls.extend(call(call_section, &service));
    }
    if service.programs.is_empty() {
        service.programs.push(service.name.clone());
    }
    section.done();
    name.map(|_| service)
}

/// Notes a 95th percentile that is not above the median.
fn check_percentiles(section: &Section<'_>, p50: f64, p95: Option<f64>) {
    if p95.is_some_and(|p95| p95 <= p50)
        && let Some(value) = section.value("p95")
    {
        let cause = format!("the 95th percentile is not above the median ({p50} s)");
        value.wrong(Wrong::new(cause, "write a longer p95, or a shorter p50"));
    }
}

fn routes(service: &Section<'_>) -> Vec<Route> {
    let sections = service.value("route").map(|value| value.sections("service.route")).unwrap_or_default();
    let mut shares = Vec::new();
    let mut routes: Vec<Route> = Vec::new();
    for section in sections {
        let share = section.value("share").and_then(|value| values::one(&value, Quantity::Ratio));
        let p50 = values::some_seconds(&section, "p50", "90 ms");
        let p95 = values::some_seconds(&section, "p95", "300 ms");
        check_percentiles(&section, p50.unwrap_or(0.0), p95);
        let path = section.required_text("path", "path = \"/cart/{id}\"");
        let Some(path) = path.and_then(|text| text.map(values::line)) else { continue };
        let route = Route {
            method: values::words(&section, "method", "method = \"GET\"").unwrap_or_else(|| "GET".into()),
            path,
            share: 0.0,
            p50,
            p95,
            errors: values::number(&section, "errors", Quantity::Ratio),
            codes: section.value("codes").and_then(|value| values::codes(&value)).unwrap_or_default(),
            database: values::truth(&section, "database").unwrap_or(true),
        };
        if routes.iter().any(|other| other.name() == route.name()) {
            let cause = format!("there is a second route {}", quoted(&route.name()));
            section.note_shape(Wrong::new(cause, "give each its own method and path"));
        }
        section.done();
        shares.push(share);
        routes.push(route);
    }
    if routes.is_empty() {
        let (method, path) = ("GET".to_owned(), "/".to_owned());
        let codes = Vec::new();
        routes.push(Route { method, path, share: 1.0, p50: None, p95: None, errors: None, codes, database: true });
        return routes;
    }
    divide(service, &mut routes, &shares);
    routes
}

/// Gives routes without a share equal parts of what is left.
fn divide(service: &Section<'_>, routes: &mut [Route], shares: &[Option<f64>]) {
    let written: f64 = shares.iter().flatten().sum();
    let open = shares.iter().filter(|share| share.is_none()).count();
    if written > 1.005 || (open == 0 && written < 0.995) {
        let cause = format!("the shares of its routes are {:.1} % together", written * 100.0);
        let advice = "write shares that are 100 % together, or leave one out: it gets the rest";
        if let Some(value) = service.value("route") {
            value.wrong(Wrong::new(cause, advice));
        }
    }
    let rest = if open == 0 { 0.0 } else { (1.0 - written).max(0.0) / open as f64 };
    let sum = (written + rest * open as f64).max(f64::MIN_POSITIVE);
    for (route, share) in routes.iter_mut().zip(shares) {
        route.share = share.unwrap_or(rest) / sum;
    }
}

fn pool(value: &Value<'_>) -> Option<Pool> {
    let section = value.section("`pool`", "pool = { size = 100, busy = 22 }")?;
    if !section.has("size") {
        section.lacks("size", "size = 100");
    }
    let size = values::positive(&section, "size", Quantity::Count).unwrap_or(100.0);
    let busy = values::number(&section, "busy", Quantity::Count).unwrap_or(0.2 * size);
    if busy >= size {
        let cause = format!("`busy` is {busy}, and the pool has only {size} connections");
        section.note_shape(Wrong::new(cause, "write a `busy` below `size`: what a usual day needs"));
    }
    let pool = Pool {
        name: values::words(&section, "name", "name = \"main\"").unwrap_or_else(|| "main".into()),
        size,
        busy: busy.min(size),
        idle: values::number(&section, "idle", Quantity::Count).unwrap_or(8.0),
        timeout: values::some_seconds(&section, "timeout", "5s").unwrap_or(5.0),
        queue: values::positive(&section, "queue", Quantity::Count).unwrap_or(500.0),
        queries: values::positive(&section, "queries", Quantity::Count).unwrap_or(4.0),
    };
    section.done();
    Some(pool)
}

fn memory(value: &Value<'_>) -> Option<Memory> {
    let section = value.section("`memory`", "memory = { limit = \"2 GiB\", used = \"1.2 GiB\" }")?;
    if !section.has("limit") {
        section.lacks("limit", "limit = \"2 GiB\"");
    }
    let limit = values::positive(&section, "limit", Quantity::Bytes).unwrap_or(2.0 * GIB);
    let used = values::positive(&section, "used", Quantity::Bytes).unwrap_or(0.5 * limit);
    if used >= limit {
        let cause = "`used` is not below the limit".to_owned();
        section.note_shape(Wrong::new(cause, "write a smaller `used`: what a usual day needs"));
    }
    let memory = Memory {
        limit,
        used: used.min(limit),
        saw: values::number(&section, "saw", Quantity::Bytes).unwrap_or((0.02 * limit).min(44.0 * MIB)),
        saw_every: values::some_seconds(&section, "saw_every", "95s").unwrap_or(95.0),
        kills: values::truth(&section, "kills").unwrap_or(true),
        restart: values::seconds(&section, "restart", "15s").unwrap_or(15.0),
    };
    section.done();
    Some(memory)
}

fn cpu(value: &Value<'_>) -> Option<Cpu> {
    let section = value.section("`cpu`", "cpu = { cores = 2, used = \"40 %\" }")?;
    let cores = values::positive(&section, "cores", Quantity::Count).unwrap_or(2.0);
    let used = values::positive(&section, "used", Quantity::Ratio).unwrap_or(0.4);
    section.done();
    Some(Cpu { cores, used })
}

fn disk(value: &Value<'_>) -> Option<Disk> {
    let section = value.section("`disk`", "disk = { size = \"100 GiB\", used = \"40 GiB\" }")?;
    if !section.has("size") {
        section.lacks("size", "size = \"100 GiB\"");
    }
    let size = values::positive(&section, "size", Quantity::Bytes).unwrap_or(100.0 * GIB);
    let used = values::number(&section, "used", Quantity::Bytes).unwrap_or(0.4 * size);
    if used > size {
        section.note_shape(Wrong::new("`used` is more than the disk holds", "write a smaller `used`"));
    }
    let mount = values::words(&section, "mount", "mount = \"/data\"").unwrap_or_else(|| "/data".into());
    section.done();
    Some(Disk { mount, size, used: used.min(size) })
}

fn call(section: Section<'_>, service: &Service) -> Option<Call> {
    let to = section.required_text("to", "to = \"payments\"").and_then(|text| text.map(values::line));
    let routes = section.value("routes").and_then(|value| value.texts("routes = [\"POST /pay\"]")).unwrap_or_default();
    let host = values::words(&section, "host", "host = \"api.stripe.com\"");
    let call = Call {
        host: host.unwrap_or_else(|| to.as_deref().unwrap_or_default().to_lowercase().replace(' ', "-")),
        routes: routes.iter().filter_map(|text| known::route(text, service)).collect(),
        per_request: values::positive(&section, "per_request", Quantity::Count).unwrap_or(1.0),
        p50: values::some_seconds(&section, "p50", "80 ms").unwrap_or(0.0),
        errors: values::number(&section, "errors", Quantity::Ratio).unwrap_or(0.0),
        timeout: values::some_seconds(&section, "timeout", "10s").unwrap_or(10.0),
        needed: values::truth(&section, "needed").unwrap_or(true),
        fails_with: values::status(&section, "fails_with").unwrap_or(500),
        to: to.clone().unwrap_or_default(),
    };
    section.done();
    to.map(|_| call)
}

/// What can be told only when all services are read: who has traffic of its own, and how long calls take.
pub(super) fn check_calls(known: &mut Known) {
    let called: Vec<String> =
        known.services.iter().flat_map(|service| service.calls.iter().map(|call| call.to.clone())).collect();
    for service in &mut known.services {
        if service.rate.is_nan() {
            service.rate = if called.contains(&service.name) { 0.0 } else { 100.0 };
        }
    }
    let names: Vec<String> = known.services.iter().map(|service| service.name.clone()).collect();
    for call in known.services.iter_mut().flat_map(|service| &mut service.calls) {
        if call.p50 <= 0.0 {
            // A call within the house costs the way, one outside also the answer.
            call.p50 = if names.contains(&call.to) { 0.002 } else { 0.08 };
        }
    }
}
