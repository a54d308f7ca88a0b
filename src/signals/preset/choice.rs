//! Which preset of each family fits a service, and what to say where none does. Main type: [`Choice`].
//!
//! It compares names only: whether a metric moves, or means what its name says, is not known here.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::facts::Measure;
use crate::facts::text::clean_line;
use crate::signals::preset::Family;
use crate::signals::preset::Inventory;
use crate::signals::preset::Preset;
use crate::signals::preset::all;

/// What was chosen for a service.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    /// The preset of each family that has one, and why it was taken.
    pub presets: Vec<(&'static Preset, String)>,
    /// The query of each measure, with `$selector` and `$__rate_interval` still in it.
    pub queries: BTreeMap<Measure, String>,
    /// The label that names the route of a request, where there is one.
    pub route: Option<String>,
    /// What is to be said beside the numbers: what they mean, what is not exported, what else would fit.
    pub notes: Vec<String>,
    /// The families for which nothing fits.
    pub missing: Vec<Missing>,
}

/// A family for which no preset fits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// The family.
    pub family: Family,
    /// The metrics that would have been known, the customary ones first.
    pub looked_for: Vec<String>,
    /// At most five names that are there and look like it, the most alike first.
    pub closest: Vec<String>,
}

/// The best preset of each family for what is there.
#[must_use]
pub fn choose(inventory: &Inventory) -> Choice {
    choose_with(inventory, &[])
}

/// Like [`choose`], but `wanted` (from the configuration) stands for its family, whether it fits or not.
#[must_use]
pub fn choose_with(inventory: &Inventory, wanted: &[&'static Preset]) -> Choice {
    let mut choice =
        Choice { presets: Vec::new(), queries: BTreeMap::new(), route: None, notes: Vec::new(), missing: Vec::new() };
    for family in Family::ALL {
        let mut fitting = all().iter().filter(|preset| preset.family == family);
        let mut fitting = std::iter::from_fn(|| fitting.find_map(|preset| Some((preset, preset.fits(inventory)?))));
        let chosen = match wanted.iter().find(|preset| preset.family == family) {
            Some(&preset) => Some((preset, "chosen in the configuration".to_owned())),
            None => fitting.next(),
        };
        let Some((preset, why)) = chosen else {
            if !family.is_optional() {
                choice.missing.push(Missing::new(family, inventory));
            }
            continue;
        };
        let (queries, notes) = preset.queries_for(inventory);
        choice.queries.extend(queries);
        choice.route = choice.route.or_else(|| preset.route(inventory).map(str::to_owned));
        choice.notes.extend(notes);
        // Of processes only requests are worth a word: a preset for all Go programs always fits beside others.
        let others: Vec<String> = fitting
            .filter(|(other, _)| family == Family::Requests && other.key != preset.key)
            .map(|(other, _)| format!("{} ({})", other.title, other.key))
            .collect();
        if !others.is_empty() && why != "chosen in the configuration" {
            choice.notes.push(format!("would fit as well: {}", others.join(", ")));
        }
        choice.presets.push((preset, why));
    }
    choice.queries.extend(resets(&choice.queries).map(|query| (Measure::Resets, query)));
    choice
}

/// Where no process says when it began, its counters do: one that falls began anew.
fn resets(queries: &BTreeMap<Measure, String>) -> Option<String> {
    let rate = queries.get(&Measure::RequestRate).filter(|_| !queries.contains_key(&Measure::Started))?;
    rate.starts_with("sum(rate(").then(|| rate.replace("rate(", "resets("))
}

impl Missing {
    fn new(family: Family, inventory: &Inventory) -> Self {
        let mut looked_for: Vec<String> = Vec::new();
        for preset in all().iter().filter(|preset| preset.family == family) {
            for need in preset.fingerprint.iter().flatten() {
                if !looked_for.contains(&need.metric) {
                    looked_for.push(need.metric.clone());
                }
            }
        }
        let closest = closest(family, inventory, &looked_for);
        Self { family, looked_for, closest }
    }
}

/// The names that look like the family's, most alike first. One name for each histogram, at most five.
fn closest(family: Family, inventory: &Inventory, looked_for: &[String]) -> Vec<String> {
    let words: &[&str] = match family {
        Family::Requests => &["request", "response", "latency", "duration", "handled"],
        Family::Memory => &["memory", "rss", "heap"],
        Family::Pool => &["connection"],
        _ => return Vec::new(),
    };
    let ends: &[&str] = match family {
        Family::Requests => &["_total", "_count", "_bucket"],
        Family::Memory => &["_bytes", "_rss", ""],
        _ => &[""],
    };
    let mut seen = BTreeSet::new();
    let mut ranked: Vec<(f64, &String)> = Vec::new();
    for name in inventory.names.keys() {
        let lower = name.to_ascii_lowercase();
        let Some(end) = ends.iter().find(|end| lower.ends_with(**end)) else { continue };
        let base = lower.trim_end_matches("_count").trim_end_matches("_bucket").to_owned();
        // A garbage collector and the scraping itself also have durations and requests.
        let own = ["go_", "promhttp_", "scrape_", "python_gc"].iter().any(|own| lower.starts_with(own));
        // A pool alone may be of entropy or of threads.
        let pool = lower.contains("pool") && ["db", "sql", "jdbc", "pg", "conn"].iter().any(|of| lower.contains(of));
        let alike = words.iter().any(|word| lower.contains(word)) || (family == Family::Pool && pool);
        if own || !alike || !seen.insert(base) {
            continue;
        }
        let alike = looked_for.iter().map(|known| strsim::jaro_winkler(known, &lower)).fold(0.0, f64::max);
        let whole = if end.is_empty() && family == Family::Memory { 0.8 } else { 1.0 };
        ranked.push((alike * whole, name));
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    ranked.into_iter().take(5).map(|(_, name)| name.clone()).collect()
}

/// What to write where a server knows no metric of a family for a service. A server is only asked for what presets
/// know, so that nothing is said of what it may have besides.
#[must_use]
pub fn explain_briefly(missing: &Missing) -> String {
    let measure = match missing.family {
        Family::Requests => Measure::RequestRate,
        Family::Memory => Measure::MemoryUsed,
        _ => Measure::PoolUsed,
    };
    format!("no {} metric known; write {} under [service.signals]", missing.family.word(), measure.key())
}

/// What was looked for, what is there instead, and what to write in the configuration; one sentence or two.
#[must_use]
pub fn explain(missing: &Missing) -> String {
    let some = missing.looked_for.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
    let more = missing.looked_for.len().saturating_sub(4);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let mut text = format!("no {} metric known: looked for {some}{more}", missing.family.word());
    let Some(first) = missing.closest.first() else {
        text.push_str("; nothing here looks like one");
        return text;
    };
    let (measure, query) = match missing.family {
        Family::Requests => {
            let counter = match first.strip_suffix("_bucket") {
                Some(base) => format!("{base}_count"),
                None => first.clone(),
            };
            (Measure::RequestRate, format!("sum(rate({counter}[$__rate_interval]))"))
        }
        Family::Memory => (Measure::MemoryUsed, format!("sum({first})")),
        _ => (Measure::PoolUsed, format!("sum({first})")),
    };
    let names: Vec<String> = missing.closest.iter().map(|name| clean_line(name, 100)).collect();
    let query = clean_line(&query, 160);
    let _ = write!(
        text,
        "; closest here: {}; if one of them is it, write it in the configuration as {} = '{query}'",
        names.join(", "),
        measure.key(),
    );
    text
}
