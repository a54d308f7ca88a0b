//! Scenario files: from the text of one to a [`Scenario`], or all problems of it, each with its place.
//!
//! The format is described in `scenarios/README.md`; what the quantities do is the business of `drill`. The
//! defaults are here, beside the keys that they stand for.

mod event;
mod expect;
mod known;
mod service;
mod set;
mod surroundings;
mod time;
mod values;

use std::path::Path;
use std::time::Duration;

use crate::drill::Acts;
use crate::drill::Scenario;
use crate::drill::Teller;

use super::Problems;
use super::read::checked;
use super::read::text_of;
use super::reader::Section;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::reader::suggestion;
use super::units::spell;

use known::Known;
use time::Calendar;

/// Reads and checks a file.
///
/// # Errors
/// All problems of it, or the one reason why it cannot be read.
pub fn load(path: &Path) -> Result<Scenario, Problems> {
    parse(&text_of(path, "scenario")?, &path.display().to_string())
}

/// Checks a text; `shown_path` is what messages call the file.
///
/// # Errors
/// All problems, each with a place in the text.
pub fn parse(text: &str, shown_path: &str) -> Result<Scenario, Problems> {
    let lines = |place: usize| text.get(..place).map_or(0, |before| before.matches('\n').count() + 1);
    checked(text, shown_path, |top| (document(top, &lines), Vec::new()))
}

fn document(top: Section<'_>, lines: &dyn Fn(usize) -> usize) -> Scenario {
    let top = top.with_elsewhere(&["route", "call"]);
    let title = top.required_text("title", "title = \"Connections leak after a deploy\"");
    let title = title.and_then(|text| text.map(values::line)).unwrap_or_default();
    let about = top.value("about").and_then(|value| value.text("about = \"what happens\""));
    let about = about.map(|text| crate::facts::text::clean_line(text.raw(), 2_000)).unwrap_or_default();
    let mut calendar = Calendar::begin(&top);
    let lasts = lasts(&top).unwrap_or(Duration::from_secs(3_600));
    calendar.ends = lasts.as_secs().try_into().unwrap_or(i64::MAX);
    calendar.read_zero(&top);
    let scrape = span_between(&top, "scrape", "scrape = \"5s\"", 1, 300).unwrap_or(Duration::from_secs(5));
    let mut known = Known::default();
    for section in top.value("service").map(|value| value.sections("service")).unwrap_or_default() {
        known.services.extend(service::read(section, &mut known.names));
    }
    if !top.has("service") {
        top.lacks("[[service]]", "[[service]] on a line of its own, and name = \"checkout-api\" below it");
    }
    service::check_calls(&mut known);
    for section in top.value("vendor").map(|value| value.sections("vendor")).unwrap_or_default() {
        known.vendors.extend(surroundings::vendor(section, &mut known.names));
    }
    let mut jobs = Vec::new();
    for section in top.value("job").map(|value| value.sections("job")).unwrap_or_default() {
        jobs.extend(surroundings::job(section, &known));
    }
    known.changes.extend(jobs.iter().map(|job| job.name.clone()));
    let mut events = Vec::new();
    for section in top.value("at").map(|value| value.sections("at")).unwrap_or_default() {
        events.extend(event::read(section, &calendar, &known));
    }
    events.sort_by_key(|event| event.at);
    for change in events.iter().filter_map(|event| event.change.as_ref()) {
        known.changes.extend([change.name(), change.what.clone()]);
    }
    let zero = calendar.settle_zero(&events);
    let mut expects = Vec::new();
    for section in top.value("expect").map(|value| value.sections("expect")).unwrap_or_default() {
        let line = lines(section.place());
        expects.extend(expect::read(section, &calendar, &known, scrape, line));
    }
    expects.sort_by_key(|expect| expect.at);
    let (seeds, told_by) = (seeds(&top), told_by(&top));
    top.done();
    Scenario {
        title,
        about,
        begins: calendar.begins,
        written: calendar.begins,
        lasts,
        zero,
        scrape,
        seeds,
        told_by,
        services: known.services,
        vendors: known.vendors,
        jobs,
        events,
        expects,
        acts: Acts::default(),
    }
}

fn lasts(top: &Section<'_>) -> Option<Duration> {
    if !top.has("lasts") {
        top.lacks("lasts", "lasts = \"2h\"");
    }
    span_between(top, "lasts", "lasts = \"2h\"", 60, 14 * 86_400)
}

fn span_between(top: &Section<'_>, key: &'static str, example: &str, least: u64, most: u64) -> Option<Duration> {
    let value = top.value(key)?;
    let span = value.text(example)?.map(super::units::parse_duration)?;
    let (least, most) = (Duration::from_secs(least), Duration::from_secs(most));
    if span < least || span > most || span.subsec_nanos() > 0 {
        let cause =
            format!("`{key}` is {}, and must be whole seconds from {} to {}", spell(span), spell(least), spell(most));
        value.wrong(Wrong::new(cause, format!("write {example}")));
        return None;
    }
    Some(span)
}

const SEEDS: &str = "seeds = [1, 2, 3, 4, 5]";

fn seeds(top: &Section<'_>) -> Vec<u64> {
    let usual = vec![1, 2, 3, 4, 5];
    let Some(value) = top.value("seeds") else { return usual };
    let Some(entries) = value.entries() else {
        value.mismatch(SEEDS);
        return usual;
    };
    let seeds: Vec<u64> = entries.iter().filter_map(|entry: &Value<'_>| entry.whole(SEEDS)).collect();
    if entries.is_empty() {
        value.wrong(Wrong::new("`seeds` is empty, so that nothing would be played", format!("write {SEEDS}")));
    }
    if seeds.is_empty() { usual } else { seeds }
}

fn told_by(top: &Section<'_>) -> Vec<Teller> {
    const TELLERS: [(&str, Teller); 2] = [("log", Teller::Log), ("github", Teller::Github)];
    let Some(value) = top.value("told_by") else { return vec![Teller::Log] };
    let teller = |name: &str| {
        let found = TELLERS.iter().find(|(known, _)| *known == name).map(|(_, teller)| *teller);
        let names = TELLERS.map(|(known, _)| known);
        found.ok_or_else(|| {
            Wrong::new(format!("nobody called {} tells changes", quoted(name)), suggestion(name, &names))
        })
    };
    let texts = value.texts("told_by = [\"log\", \"github\"]").unwrap_or_default();
    texts.iter().filter_map(|text| text.map(teller)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::reader::tests::ASKED;
    use super::*;

    const README: &str = include_str!("../../../scenarios/README.md");

    fn example() -> &'static str {
        let begin = README.find("```toml\n").unwrap() + 8;
        &README[begin..begin + README[begin..].find("```").unwrap()]
    }

    /// The keys of the tables of the documentation, by the heading that they stand under.
    fn documented() -> BTreeSet<(String, String)> {
        let mut heading = String::new();
        let mut keys = BTreeSet::new();
        let format = README.split("## `sixty replay`").next().unwrap_or_default();
        for line in format.lines() {
            if line.starts_with("##") {
                let name = line.trim_start_matches('#').trim();
                let name = name.split(':').next().unwrap_or_default();
                heading = match name {
                    "The top of the file" => "the file".to_owned(),
                    name if name.starts_with("`[[") => name.trim_matches('`').to_owned(),
                    name => name.to_owned(),
                };
            }
            let cell =
                line.strip_prefix("| `").and_then(|rest| rest.split(" | ").next()).map(|cell| format!("`{cell}"));
            for key in cell.iter().flat_map(|cell| cell.split(", ")) {
                keys.insert((heading.clone(), key.trim().trim_matches('`').to_owned()));
            }
        }
        keys
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let scenario = parse(example(), "README.md").unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!((scenario.services.len(), scenario.vendors.len(), scenario.jobs.len()), (2, 1, 1));
    }

    #[test]
    fn every_key_is_documented_and_every_documented_key_is_read() {
        ASKED.with_borrow_mut(BTreeSet::clear);
        parse(example(), "README.md").unwrap_or_else(|problems| panic!("{problems}"));
        let mut asked: BTreeSet<(String, String)> =
            ASKED.with_borrow(|all| all.iter().map(|(table, key)| (table.clone(), (*key).to_owned())).collect());
        for table in ["service", "vendor", "job", "at", "expect"] {
            asked.remove(&("the file".to_owned(), table.to_owned()));
        }
        let documented = documented();
        let missing: Vec<_> = asked.difference(&documented).collect();
        let unread: Vec<_> = documented.difference(&asked).collect();
        assert!(missing.is_empty() && unread.is_empty(), "not documented: {missing:?}\nnot read: {unread:?}");
    }

    #[test]
    fn every_recipe_of_the_documentation_is_read() {
        let recipes = &README[README.find("## Recipes").unwrap()..];
        let begin = recipes.find("```toml\n").unwrap() + 8;
        let recipes = &recipes[begin..begin + recipes[begin..].find("```").unwrap()];
        let head = "title = \"x\"\nbegins = \"2026-11-20T19:00:00Z\"\nlasts = \"2h\"\nzero = \"1h\"\n\
            [[service]]\nname = \"shop\"\nprograms = [\"api\", \"web\"]\ninstances = 8\npool = { size = 40 }\n\
            memory = { limit = \"1 GiB\" }\nroute = [{ path = \"/orders\" }, { path = \"/img/{file}\" }, \
            { path = \"/webhooks\", method = \"POST\" }]\ncall = [{ to = \"Stripe\" }]\n";
        for recipe in recipes.split("\n\n") {
            let table = if recipe.contains("[[job]]") { "[[job]]\nname = \"backup\"" } else { "[[at]]\ntime = \"T\"" };
            let read = parse(&format!("{head}{table}\n{recipe}\n"), "README.md");
            assert!(read.is_ok(), "{recipe}\n{}", read.map(|_| ()).unwrap_err());
        }
    }
}
