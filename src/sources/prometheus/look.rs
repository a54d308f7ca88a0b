//! What a server has: which services, which of the metrics that presets know, how often they are scraped, how far the
//! newest number lies behind.
//!
//! Only the names that matter are asked for, as groups and never as series, so that a server with hundreds of
//! thousands of series is not troubled. What follows from it is decided elsewhere.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use serde::Deserialize;
use tokio::join;

use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::text::clean_line;
use crate::promql::Group;
use crate::promql::quoted;
use crate::sources::exposition::Inventory;
use crate::sources::http::Http;
use crate::sources::prometheus::Settings;
use crate::sources::prometheus::answer::Rows;
use crate::sources::prometheus::api::Trouble;
use crate::sources::prometheus::server::Server;
use crate::sources::prometheus::span::Span;
use crate::sources::prometheus::span::millis;
use crate::sources::prometheus::span::range;

/// A metric and the labels of it that decide which preset fits.
pub type Wanted = (String, Vec<String>);

/// Labels by which two servers that scrape the same targets are told apart.
const TWINS: [&str; 3] = ["prometheus_replica", "replica", "__replica__"];
/// Marks what a row is about in a query of several parts.
const MARK: &str = "sixty_has";
/// What is not there any more is kept in mind for so long.
const KEPT: Duration = Duration::from_secs(600);
/// The services that are shown at most.
const MOST: usize = 200;

/// What a server has.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Found {
    /// The label that names the service.
    pub(super) label: String,
    /// What is there of each service that is shown, by name.
    pub(super) services: BTreeMap<Arc<str>, Inventory>,
    /// How many services are not shown.
    pub(super) left_out: usize,
    /// Whether these are all services that have the label.
    pub(super) is_all: bool,
    /// From scrape to scrape, where that could be seen.
    pub(super) scrape: Option<Duration>,
    /// How far the newest instant with numbers lies behind this machine's clock, in milliseconds.
    pub(super) lag_ms: i64,
    /// The labels that tell the copies of the same series apart, where there are copies.
    pub(super) twins: Vec<String>,
    /// The program and its version, as people call it.
    pub(super) program: String,
    /// It has the manners of `VictoriaMetrics`.
    pub(super) victoria: bool,
    /// Warnings; clean.
    pub(super) remarks: Vec<String>,
}

#[derive(Deserialize, Default)]
struct Build {
    #[serde(default)]
    application: Option<String>,
    #[serde(default)]
    version: String,
}

/// The looking itself, with what it needs.
pub(super) struct Look<'l> {
    pub(super) server: &'l Server,
    pub(super) http: &'l Http,
    pub(super) settings: &'l Settings,
    pub(super) wanted: &'l [Wanted],
    pub(super) now: &'l (dyn Fn() -> At + Send + Sync),
    pub(super) until: Instant,
    /// Also what is not there any more, but was in the past that will be filled in: who is called for a service that
    /// died must find it.
    pub(super) past: bool,
}

/// Instants of the past at which it is looked.
const GLANCES: u32 = 12;

impl Look<'_> {
    /// Looks at everything at once, then at the labels of what is there.
    pub(super) async fn look(&self) -> Result<Found, Trouble> {
        let (names, minute, ten, lag, twins, build) = join!(
            self.rows_of_the_time(self.names()),
            self.number("1m"),
            self.number("10m"),
            self.lag(),
            self.rows(format!("max(count without ({}) (up{}))", TWINS.join(", "), self.braces(""))),
            self.server.call::<Build>(self.http, "status/buildinfo", &[], self.until),
        );
        let (names, remarks, victoria) = names?;
        let label = self.label(&names)?;
        let mut services = inventories(&names, &label);
        self.add_labels(&mut services, &label).await?;
        let (services, left_out, is_all) = self.chosen(services);
        let build = build.map(|told| told.data).unwrap_or_default();
        // It does not always say what it is, but knows a function that no other server has.
        let odd = build.version.is_empty() || lag > 0;
        let victoria = victoria || (odd && self.rows("now()".to_owned()).await.is_ok());
        let twins = twins.is_ok_and(|(rows, ..)| newest(&rows).is_some_and(|copies| copies > 1.0));
        Ok(Found {
            label,
            services,
            left_out,
            is_all,
            scrape: scrape_interval(minute, ten),
            lag_ms: lag,
            twins: if twins { TWINS.map(str::to_owned).to_vec() } else { Vec::new() },
            program: program(build, victoria),
            victoria,
            remarks,
        })
    }

    async fn rows(&self, query: String) -> Result<(Rows, Vec<String>, bool), Trouble> {
        let told = self.server.call::<Rows>(self.http, "query", &[("query", query)], self.until).await?;
        Ok((told.data, told.remarks, told.victoria))
    }

    /// The same for a question whose answer is what there is, and not how much of it.
    async fn rows_of_the_time(&self, query: String) -> Result<(Rows, Vec<String>, bool), Trouble> {
        if !self.past || self.settings.backfill.is_zero() {
            return self.rows(query).await;
        }
        let end = (self.now)().timestamp_millis();
        let step = millis((self.settings.backfill / GLANCES).max(Duration::from_secs(1)));
        let span = Span { start: end - step * i64::from(GLANCES), end, step };
        let told = self.server.call::<Rows>(self.http, "query_range", &range(&query, span), self.until).await?;
        Ok((told.data, told.remarks, told.victoria))
    }

    /// Matchers in braces, with those that every query gets; nothing where there are none.
    fn braces(&self, matchers: &str) -> String {
        let both: Vec<_> =
            [matchers, self.settings.selector.trim()].into_iter().filter(|text| !text.is_empty()).collect();
        if both.is_empty() { String::new() } else { format!("{{{}}}", both.join(", ")) }
    }

    /// The metrics that matter, each by the labels that may name the service. Of a histogram one bucket is enough.
    fn names(&self) -> String {
        let by = match &self.settings.label {
            Some(label) => format!("__name__, {label}"),
            None => "__name__, service, job".to_owned(),
        };
        let (buckets, plain): (Vec<_>, Vec<_>) =
            self.wanted.iter().map(|(name, _)| name.as_str()).partition(|name| name.ends_with("_bucket"));
        let matchers = |names: &[&str], more: &str| {
            let only = match (&self.settings.label, self.settings.services.as_slice()) {
                (Some(label), [_, ..]) => format!(", {}", self.configured(label)),
                _ => String::new(),
            };
            self.braces(&format!("__name__=~{}{more}{only}", quoted(&names.join("|"))))
        };
        let mut parts = Vec::new();
        for (names, more) in [(plain, ""), (buckets, ", le=\"+Inf\"")] {
            if !names.is_empty() {
                parts.push(marked(&format!("group by ({by}) ({})", matchers(&names, more)), &parts.len().to_string()));
            }
        }
        if parts.is_empty() { format!("group by ({by}) (up{})", self.braces("")) } else { parts.join(" or ") }
    }

    fn configured(&self, label: &str) -> String {
        let own = self.settings.own.keys();
        Group::of(label, self.settings.services.iter().chain(own).map(|name| &**name)).matcher()
    }

    /// The label that names the service: as configured, else the one that most metrics have.
    fn label(&self, names: &Rows) -> Result<String, Fault> {
        if let Some(label) = &self.settings.label {
            return Ok(label.clone());
        }
        let with = |label: &str| names.series.iter().filter(|(labels, _)| labels.get(label).is_some()).count();
        let (service, job) = (with("service"), with("job"));
        match (service, job) {
            (0, 0) if names.series.is_empty() && self.settings.services.is_empty() && self.settings.own.is_empty() => {
                Err(Fault::new(FaultKind::NotFound, "none of the metrics that presets know is on this server")
                    .advise("is it scraping, does the `selector` fit? Queries of your own go into the configuration"))
            }
            (0, 0) if !names.series.is_empty() => {
                Err(Fault::new(FaultKind::NotFound, "no metric has the label service or the label job")
                    .advise("say in the configuration which `label` names the service"))
            }
            _ => Ok(if service * 2 >= job && service > 0 { "service" } else { "job" }.to_owned()),
        }
    }

    /// Which of the labels that matter the metrics have: asked for those that are there.
    async fn add_labels(&self, services: &mut BTreeMap<String, Inventory>, label: &str) -> Result<(), Trouble> {
        let there: BTreeSet<&str> = services.values().flat_map(|all| all.names.keys().map(String::as_str)).collect();
        let mut metrics_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (metric, labels) in self.wanted.iter().filter(|(metric, _)| there.contains(metric.as_str())) {
            for label in labels {
                metrics_of.entry(label).or_default().push(metric);
            }
        }
        let part = |(has, metrics): (&&str, &Vec<&str>)| {
            let matchers = format!("__name__=~{}, {has}!=\"\", {label}!=\"\"", quoted(&metrics.join("|")));
            let group = format!("group by (__name__, {label}) ({})", self.braces(&matchers));
            marked(&group, has)
        };
        let parts: Vec<_> = metrics_of.iter().map(part).collect();
        if parts.is_empty() {
            return Ok(());
        }
        let (rows, ..) = self.rows_of_the_time(parts.join(" or ")).await?;
        for (labels, _) in &rows.series {
            let metrics = labels.get(label).and_then(|service| services.get_mut(service)).map(|all| &mut all.names);
            if let (Some(names), Some(has)) = (metrics.and_then(|all| all.get_mut(labels.name())), labels.get(MARK)) {
                names.insert(has.to_owned());
            }
        }
        Ok(())
    }

    /// The services that are shown: those of the configuration, and then the first by name.
    fn chosen(&self, mut found: BTreeMap<String, Inventory>) -> (BTreeMap<Arc<str>, Inventory>, usize, bool) {
        let mut chosen: BTreeMap<Arc<str>, Inventory> = BTreeMap::new();
        for name in self.settings.services.iter().chain(self.settings.own.keys()) {
            let there = found.remove(&**name).unwrap_or_default();
            chosen.entry(Arc::clone(name)).or_insert(there);
        }
        if !self.settings.services.is_empty() {
            return (chosen, 0, false);
        }
        let places = MOST.saturating_sub(chosen.len());
        let left_out = found.len().saturating_sub(places);
        chosen.extend(found.into_iter().take(places).map(|(name, there)| (Arc::from(name), there)));
        (chosen, left_out, left_out == 0)
    }

    /// Samples of the usual target within a time.
    async fn number(&self, window: &str) -> Option<f64> {
        let query = format!("quantile(0.5, count_over_time(up{}[{window}]))", self.braces(""));
        self.rows(query).await.ok().and_then(|(rows, ..)| newest(&rows))
    }

    /// How far the server's newest instant lies behind this clock: `VictoriaMetrics` moves a question back by the
    /// time in which its newest numbers are not final, and a clock may be wrong.
    async fn lag(&self) -> i64 {
        let asked = (self.now)().timestamp_millis();
        let Ok((rows, ..)) = self.rows("time()".to_owned()).await else { return 0 };
        let server = newest(&rows).map_or(asked, |seconds| (seconds * 1_000.0) as i64);
        // Less than a second is the way there and back.
        Some(asked - server).filter(|lag| *lag >= 1_000).unwrap_or(0)
    }
}

/// A part of a query with several: without a mark `or` would take those that differ in their names only for the same.
fn marked(part: &str, mark: &str) -> String {
    format!("label_replace({part}, \"{MARK}\", \"{mark}\", \"\", \"\")")
}

fn newest(rows: &Rows) -> Option<f64> {
    rows.series.first().and_then(|(_, points)| points.last()).map(|(_, value)| *value)
}

/// The names that each service has.
fn inventories(names: &Rows, label: &str) -> BTreeMap<String, Inventory> {
    let mut services: BTreeMap<String, Inventory> = BTreeMap::new();
    for (labels, _) in &names.series {
        if let Some(service) = labels.get(label) {
            services.entry(service.to_owned()).or_default().names.entry(labels.name().to_owned()).or_default();
        }
    }
    services
}

/// Whether everything that was there is there.
fn has_all(there: &Inventory, before: &Inventory) -> bool {
    before.names.iter().all(|(metric, labels)| there.names.get(metric).is_some_and(|now| labels.is_subset(now)))
}

/// From how many samples a target has. A minute says more of a young server, ten of a slow one.
fn scrape_interval(minute: Option<f64>, ten: Option<f64>) -> Option<Duration> {
    let minute = minute.filter(|samples| *samples >= 3.0).map(|samples| 60.0 / samples);
    let ten = ten.filter(|samples| *samples >= 2.0).map(|samples| 600.0 / samples);
    let seconds = minute.or(ten)?.round().max(1.0);
    // Targets that come and go make odd numbers of what people write.
    let usual = [1.0_f64, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0];
    let near = usual.into_iter().find(|usual| (usual - seconds).abs() <= usual * 0.2);
    Some(Duration::from_secs_f64(near.unwrap_or(seconds)))
}

/// `Prometheus 2.42.0`
fn program(build: Build, victoria: bool) -> String {
    let version = clean_line(&build.version, 40);
    let name = match build.application {
        // It answers with the version of a Prometheus that it is like.
        _ if victoria => return "VictoriaMetrics".to_owned(),
        Some(name) => clean_line(&name, 40),
        None if version.starts_with("0.") => "Thanos".to_owned(),
        None => "Prometheus".to_owned(),
    };
    if version.is_empty() { name } else { format!("{name} {version}") }
}

impl Found {
    /// What was there a moment ago still is: a restart, of a service or of the server, takes metrics away for minutes.
    /// `had` is what each service had when all of it was seen last.
    pub(super) fn keep(&mut self, had: &mut BTreeMap<Arc<str>, (Inventory, Instant)>, now: Instant) {
        had.retain(|service, (before, since)| {
            let there = self.services.get(service);
            let is_complete = there.is_some_and(|there| has_all(there, before));
            if is_complete || now.duration_since(*since) >= KEPT {
                return false;
            }
            let there = self.services.entry(Arc::clone(service)).or_default();
            for (metric, labels) in &before.names {
                there.names.entry(metric.clone()).or_default().extend(labels.iter().cloned());
            }
            true
        });
        for (service, there) in &self.services {
            had.entry(Arc::clone(service)).or_insert_with(|| (there.clone(), now));
        }
    }

    /// What `$__rate_interval` stands for: four scrapes, at least a minute.
    pub(super) fn rate_window(&self, settings: &Settings) -> Duration {
        let scrape = self.scrape.unwrap_or(Duration::from_secs(15));
        settings.rate_window.unwrap_or_else(|| (scrape * 4).max(Duration::from_secs(60)))
    }

    /// How far the newest number lies behind.
    pub(super) fn lag(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.lag_ms).unwrap_or_default())
    }

    /// What has to be said beside all numbers of this server; clean.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let behind = (self.lag_ms + 500).div_euclid(1_000);
        if behind > 0 && self.victoria {
            notes.push(format!("{behind} s behind: VictoriaMetrics withholds the newest"));
        } else if behind > 0 {
            notes.push(format!("{behind} s behind: the server's clock is behind this machine's"));
        }
        if !self.twins.is_empty() {
            notes.push(
                "two servers scrape the same targets into this one: of each pair the larger value counts".to_owned(),
            );
        }
        if self.left_out > 0 {
            notes.push(format!("{} services of this server are not shown: name those that matter", self.left_out));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scrape_interval_is_seen_in_young_and_in_slow_servers() {
        for (minute, ten, seconds) in [
            (Some(4.0), Some(40.0), Some(15)),
            (Some(1.0), Some(10.0), Some(60)),
            (Some(0.0), Some(5.0), Some(120)),
            (Some(30.0), Some(30.0), Some(2)),
            (Some(2.0), Some(2.0), Some(300)),
            (Some(600.0), None, Some(1)),
            (Some(3.5), None, Some(15)),
            (None, Some(1.0), None),
            (None, None, None),
        ] {
            assert_eq!(scrape_interval(minute, ten), seconds.map(Duration::from_secs), "{minute:?} {ten:?}");
        }
    }

    #[test]
    fn what_goes_away_is_kept_in_mind_for_a_while() {
        let inventory = |names: &[&str]| Inventory {
            names: names.iter().map(|name| ((*name).to_owned(), BTreeSet::new())).collect(),
        };
        let mut had = BTreeMap::new();
        let begun = Instant::now();
        let mut look = |seconds: u64, there: &[(&str, &[&str])]| {
            let services = there.iter().map(|(service, names)| (Arc::from(*service), inventory(names))).collect();
            let mut found = Found {
                label: "job".to_owned(),
                services,
                left_out: 0,
                is_all: true,
                scrape: None,
                lag_ms: 0,
                twins: Vec::new(),
                program: String::new(),
                victoria: false,
                remarks: Vec::new(),
            };
            found.keep(&mut had, begun + Duration::from_secs(seconds));
            let names = |there: &Inventory| there.names.keys().cloned().collect::<Vec<_>>().join(" ");
            found.services.iter().map(|(service, there)| format!("{service}: {}", names(there))).collect::<Vec<_>>()
        };
        assert_eq!(look(0, &[("a", &["x", "y"]), ("b", &["x"])]), ["a: x y", "b: x"]);
        assert_eq!(look(300, &[("a", &["x", "z"])]), ["a: x y z", "b: x"]);
        assert_eq!(look(400, &[("a", &["x", "y"])]), ["a: x y", "b: x"], "a is whole again");
        assert_eq!(look(700, &[("a", &["x"])]), ["a: x y"], "b is gone for good");
        assert_eq!(look(1_100, &[("a", &["x"])]), ["a: x"]);
    }

    #[test]
    fn programs_are_called_by_their_names() {
        let build = |application: Option<&str>, version: &str| Build {
            application: application.map(str::to_owned),
            version: version.to_owned(),
        };
        assert_eq!(program(build(None, "2.42.0"), false), "Prometheus 2.42.0");
        assert_eq!(program(build(None, "0.31.0"), false), "Thanos 0.31.0");
        assert_eq!(program(build(Some("Grafana Mimir"), "2.9"), false), "Grafana Mimir 2.9");
        assert_eq!(program(build(None, "2.24.0"), true), "VictoriaMetrics");
        assert_eq!(program(Build::default(), false), "Prometheus");
    }
}
