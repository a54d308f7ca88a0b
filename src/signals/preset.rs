//! Presets: which metrics of which ecosystem answer which [`Measure`], as data in `presets/*.toml`.
//!
//! [`choose`] looks at the metric names of a service, takes the best preset of each [`Family`] and says why; what
//! it cannot find it names, with the metrics that look closest. A query whose metrics are not there is never
//! handed out: a mean does not pass for a percentile, and an unlimited pool has no maximum.
//! Nothing here evaluates a query or asks an endpoint. In a query `$selector` stands for the label matchers of
//! the service (the engine fills it in, as it does `$__rate_interval`).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::facts::Measure;

mod choice;
mod family;
mod inventory;

pub use choice::Choice;
pub use choice::Missing;
pub use choice::choose;
pub use choice::choose_with;
pub use choice::explain;
pub use choice::explain_briefly;
pub use family::Family;
pub use inventory::Inventory;
pub use inventory::Need;

macro_rules! presets {
    ($($key:literal)*) => { &[$(($key, include_str!(concat!("presets/", $key, ".toml")))),*] };
}

/// Every preset as it was compiled in: its key (the name of its file) and the text of the file.
pub const PRESETS: &[(&str, &str)] = presets! {
    "alertmanager"
    "axum"
    "caddy"
    "calls-envoy"
    "calls-grpc"
    "calls-istio"
    "calls-linkerd"
    "calls-micrometer"
    "calls-opentelemetry"
    "calls-opentelemetry-old"
    "calls-opentelemetry-rpc"
    "calls-prometheus-net"
    "calls-resilience4j"
    "cpu-container"
    "cpu-dotnet"
    "cpu-host"
    "cpu-host-otel"
    "cpu-jvm-otel"
    "cpu-micrometer"
    "cpu-process"
    "cpu-process-otel"
    "cpu-windows"
    "database-django"
    "database-mysql"
    "database-opentelemetry"
    "database-prisma"
    "database-rails"
    "database-spring"
    "disk-container"
    "disk-host"
    "disk-micrometer"
    "disk-otel"
    "disk-volumes"
    "disk-windows"
    "django"
    "envoy"
    "fastapi"
    "flask"
    "go-http"
    "grpc"
    "haproxy"
    "http-generic"
    "ingress-nginx"
    "istio"
    "linkerd"
    "locks-mysql"
    "locks-postgres"
    "memory-container"
    "memory-dotnet"
    "memory-envoy"
    "memory-go"
    "memory-go-otel"
    "memory-host"
    "memory-jvm-client-java"
    "memory-jvm-micrometer"
    "memory-jvm-otel"
    "memory-node"
    "memory-process"
    "memory-python"
    "memory-ruby"
    "micrometer-http"
    "nginx"
    "node-express"
    "opentelemetry-http"
    "opentelemetry-http-old"
    "opentelemetry-rpc"
    "pool-activerecord"
    "pool-go-sql"
    "pool-go-sqlstats"
    "pool-hikari"
    "pool-hikari-micrometer"
    "pool-jdbc"
    "pool-mysql"
    "pool-npgsql"
    "pool-opentelemetry"
    "pool-opentelemetry-old"
    "pool-pgbouncer"
    "pool-postgres"
    "pool-prisma"
    "prometheus"
    "prometheus-net"
    "rails"
    "starlette"
    "start-container"
    "start-envoy"
    "start-haproxy"
    "start-host"
    "start-mysql"
    "start-pod"
    "start-postgres"
    "start-process"
    "start-redis"
    "traefik"
};

/// One way to ask for a measure. It fits where everything it needs is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    /// What has to be there: all metrics that the query names, and what the file asks for on top.
    pub needs: Vec<Need>,
    /// `PromQL` with `$selector` and `$__rate_interval`.
    pub text: String,
}

/// Something to be said beside the numbers of a preset.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    /// Said only when all of these are missing.
    #[serde(default)]
    missing: Vec<Need>,
    /// Said only when that measure cannot be had, instead of the automatic sentence.
    #[serde(default)]
    without: Option<String>,
    text: String,
}

/// What an ecosystem calls its metrics, and the queries that follow from it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preset {
    /// Its name in the configuration; the name of its file.
    pub key: &'static str,
    /// Its name on the screen.
    pub title: String,
    /// The strips that it fills.
    pub family: Family,
    /// Of several that fit, the one with the lowest rank is taken: the more specific ones come first.
    pub rank: u32,
    /// It fits when everything in one of these lists is there.
    pub fingerprint: Vec<Vec<Need>>,
    /// It does not fit beside any of these: then the metrics are of something else than their names say.
    pub not_with: Vec<Need>,
    /// The labels that may name the route of a request, best first.
    pub routes: Vec<String>,
    /// The ways to ask for each measure, best first.
    pub queries: BTreeMap<Measure, Vec<Query>>,
    notes: Vec<Note>,
}

/// A preset as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    family: Family,
    rank: u32,
    fingerprint: Vec<Vec<Need>>,
    #[serde(default)]
    not_with: Vec<Need>,
    #[serde(default)]
    routes: Vec<String>,
    queries: BTreeMap<String, OneOrMore>,
    #[serde(default)]
    notes: Vec<Note>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<Alternative>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Alternative {
    Plain(String),
    Needing { needs: Vec<Need>, query: String },
}

impl Preset {
    /// Reads a preset file.
    ///
    /// # Errors
    /// What is wrong with it: TOML, an unknown field, measure or family. The `PromQL` is not looked at.
    pub fn parse(key: &'static str, text: &str) -> Result<Self, String> {
        let mut file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut queries = BTreeMap::new();
        for (name, ways) in std::mem::take(&mut file.queries) {
            let measure = Measure::from_key(&name).ok_or_else(|| format!("{name} is not a measure"))?;
            if Family::of(measure) != file.family {
                return Err(format!("{name} does not belong to the family {}", file.family.word()));
            }
            let ways = match ways {
                OneOrMore::One(query) => vec![Alternative::Plain(query)],
                OneOrMore::More(ways) => ways,
            };
            queries.insert(measure, ways.into_iter().map(Query::of).collect());
        }
        for note in &file.notes {
            if let Some(name) = note.without.as_deref().filter(|name| Measure::from_key(name).is_none()) {
                return Err(format!("{name} is not a measure"));
            }
        }
        let File { title, family, rank, fingerprint, not_with, routes, notes, .. } = file;
        Ok(Self { key, title, family, rank, fingerprint, not_with, routes, queries, notes })
    }

    /// Why it fits the inventory: `go_goroutines is there`; `None` when it does not fit.
    #[must_use]
    pub fn fits(&self, inventory: &Inventory) -> Option<String> {
        if self.not_with.iter().any(|other| inventory.has(other)) {
            return None;
        }
        let found = self.fingerprint.iter().find(|all| all.iter().all(|need| inventory.has(need)))?;
        let names: Vec<String> = found.iter().map(Need::to_string).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        Some(format!("{} {verb} there", names.join(" and ")))
    }

    /// The label that names the route of a request: the first that occurs on what is counted.
    #[must_use]
    pub fn route(&self, inventory: &Inventory) -> Option<&str> {
        let way = self.queries.get(&Measure::RequestRate)?.iter().find(|way| way.fits(inventory))?;
        let counted = &way.needs.first()?.metric;
        let has = |label: &&String| inventory.has(&Need { metric: counted.clone(), labels: vec![(*label).clone()] });
        self.routes.iter().find(has).map(String::as_str)
    }

    /// The best query of each measure that the inventory can answer, and what is to be said beside them.
    #[must_use]
    pub fn queries_for(&self, inventory: &Inventory) -> (BTreeMap<Measure, String>, Vec<String>) {
        let mut queries = BTreeMap::new();
        let mut notes = Vec::new();
        for (&measure, ways) in &self.queries {
            if let Some(way) = ways.iter().find(|way| way.fits(inventory)) {
                queries.insert(measure, way.text.clone());
            } else {
                let own = self.notes.iter().find(|note| note.without.as_deref() == Some(measure.key()));
                notes.extend(own.map(|note| note.text.clone()).or_else(|| absence(measure, ways, inventory)));
            }
        }
        let said = self.notes.iter().filter(|note| note.without.is_none());
        let said = said.filter(|note| !note.missing.iter().any(|need| inventory.has(need)));
        notes.extend(said.map(|note| note.text.clone()));
        notes.dedup();
        (queries, notes)
    }
}

impl Query {
    fn fits(&self, inventory: &Inventory) -> bool {
        self.needs.iter().all(|need| inventory.has(need))
    }

    fn of(alternative: Alternative) -> Self {
        let (mut needs, text) = match alternative {
            Alternative::Plain(text) => (Vec::new(), text),
            Alternative::Needing { needs, query } => (needs, query),
        };
        for metric in named(&text) {
            if !needs.iter().any(|need| need.metric == metric) {
                needs.push(Need { metric: metric.to_owned(), labels: Vec::new() });
            }
        }
        Self { needs, text }
    }
}

/// The metric names of a query: every selector of a preset has braces, for `$selector` is in them. The `PromQL`
/// parser is not asked, since a few hundred queries would cost the first frame; a test holds the two together.
fn named(query: &str) -> BTreeSet<&str> {
    let before_brace = query.split('{').rev().skip(1).collect::<Vec<_>>();
    let name =
        |text: &&'_ str| text.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').map_or(0, |i| i + 1);
    before_brace.iter().map(|text| &text[name(text)..]).collect()
}

/// `no latency: x_bucket is not exported`. The percentiles share one sentence.
fn absence(measure: Measure, ways: &[Query], inventory: &Inventory) -> Option<String> {
    let what = match measure {
        Measure::RequestRate => "request rate",
        Measure::ErrorRate => "error rate",
        Measure::LatencyP95 => "latency",
        // The percentiles share one sentence, and nobody misses what is looked at only when it is there.
        Measure::LatencyP50
        | Measure::LatencyP99
        | Measure::RateLimited
        | Measure::NotFound
        | Measure::CpuUsed
        | Measure::CpuMax
        | Measure::Disk
        | Measure::Started
        | Measure::Resets
        | Measure::CallErrors
        | Measure::CallsLimited
        | Measure::DbLatency
        | Measure::DbLocked => return None,
        Measure::PoolUsed => "connections in use",
        Measure::PoolMax => "limit of the pool",
        Measure::PoolWaiting => "number of callers that wait",
        Measure::MemoryUsed => "memory in use",
        Measure::MemoryLimit => "memory limit",
    };
    let lacking = |way: &Query| way.needs.iter().filter(|need| !inventory.has(need)).map(Need::to_string).collect();
    let lacking: Vec<String> = ways.iter().map(lacking).min_by_key(Vec::len)?;
    let verb = if lacking.len() == 1 { "is" } else { "are" };
    Some(format!("no {what}: {} {verb} not exported", lacking.join(" and ")))
}

static ALL: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    // A file that does not parse is left out here; a test proves that there is none.
    let mut all: Vec<Preset> = PRESETS.iter().filter_map(|(key, text)| Preset::parse(key, text).ok()).collect();
    all.sort_by_key(|preset| (preset.family, preset.rank));
    all
});

/// All presets, by family and rank. Parsed at the first call.
#[must_use]
pub fn all() -> &'static [Preset] {
    &ALL
}

/// The preset of that name.
#[must_use]
pub fn by_key(key: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.key == key)
}

/// Every metric that decides which preset fits and which of its queries can be asked, with the labels that count on
/// it: what an engine has to ask a server for that cannot be read as a whole. Labels are empty where the name alone
/// decides.
#[must_use]
pub fn wanted() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut wanted: BTreeMap<&'static str, BTreeSet<&'static str>> = BTreeMap::new();
    for preset in all() {
        let queries = preset.queries.values().flatten().flat_map(|query| &query.needs);
        let notes = preset.notes.iter().flat_map(|note| &note.missing);
        for need in preset.fingerprint.iter().flatten().chain(&preset.not_with).chain(queries).chain(notes) {
            wanted.entry(&need.metric).or_default().extend(need.labels.iter().map(String::as_str));
        }
        for way in preset.queries.get(&Measure::RequestRate).into_iter().flatten() {
            if let Some(counted) = way.needs.first() {
                wanted.entry(&counted.metric).or_default().extend(preset.routes.iter().map(String::as_str));
            }
        }
    }
    wanted
}
