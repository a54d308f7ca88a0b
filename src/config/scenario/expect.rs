//! `[[expect]]`: what a good verdict says, and when.

use std::time::Duration;

use crate::drill::Expect;
use crate::drill::ExpectedChange;
use crate::drill::Moment;
use crate::drill::Severity;
use crate::triage::suspects::Kind;

use crate::config::reader::Section;
use crate::config::reader::Text;
use crate::config::reader::Wrong;
use crate::config::units::parse_duration;

use super::known;
use super::known::Known;
use super::time::Calendar;
use super::values;

/// How far off the beginning of a slow climb may be that does not say it.
const BEGAN_WITHIN: Duration = Duration::from_secs(600);

/// More changes of severity than this are no expectation.
const MOST_TURNS: usize = 1_000;

/// Reads one `[[expect]]`; `line` is where it stands.
pub(super) fn read(
    section: Section<'_>,
    calendar: &Calendar,
    known: &Known,
    scrape: Duration,
    line: usize,
) -> Option<Expect> {
    if !section.has("time") {
        section.lacks("time", "time = \"T+60s\"");
    }
    let second = |key: &'static str| section.value(key).and_then(|value| calendar.second(&value));
    let span = |key: &'static str| section.value(key).and_then(|value| value.text("\"60s\"")?.map(parse_duration));
    let at = second("time");
    let service = section.value("service").and_then(|_| known.service(&section)).map(|service| service.name.clone());
    let severity_of = |key: &'static str, example: &str| {
        let words = Severity::ALL.map(|severity| (severity.word(), severity));
        values::word(&section.value(key)?.text(example)?, "severity", &words)
    };
    let severity = severity_of("severity", "severity = \"critical\"");
    let first_within = span("first_within");
    if first_within.is_some() && !section.has("severity") {
        section.lacks("severity", "severity = \"critical\": which `first_within` is about");
    }
    if section.has("first_early") && first_within.is_none() {
        section.lacks("first_within", "first_within = \"60s\": which `first_early` is about");
    }
    let visible = second("visible").or_else(|| calendar.settled());
    let (onset_within, began_within) = (span("onset_within"), span("began_within"));
    let moment = |key, within| second(key).map(|at| Moment { at, within });
    let change = section.value("change").and_then(|value| value.text("change = \"api v2.31.0\""));
    let change = change.and_then(|text| match text.raw() {
        "none" => Some(ExpectedChange::Nothing),
        _ => name(&text, known).map(ExpectedChange::Named),
    });
    let innocent = section.value("innocent").and_then(|value| value.texts("innocent = [\"new-tax on\"]"));
    let word = |key: &'static str, example: &str| values::words(&section, key, example);
    let expect = Expect {
        line,
        at: at.unwrap_or(0),
        service,
        severity,
        first_within,
        first_early: span("first_early").unwrap_or_default(),
        visible: visible.unwrap_or(0),
        never_worse: severity_of("never_worse", "never_worse = \"ok\""),
        turns: values::count(&section, "turns", 0, MOST_TURNS),
        since: second("since").unwrap_or(0),
        onset: moment("onset", onset_within.unwrap_or(scrape * 2)),
        began: moment("began", began_within.unwrap_or(BEGAN_WITHIN)),
        change,
        suspect: section.value("suspect").and_then(|value| kind(&value.text("suspect = \"deploy\"")?)),
        innocent: innocent.unwrap_or_default().iter().filter_map(|text| name(text, known)).collect(),
        runbook: word("runbook", "runbook = \"db-pool-exhausted\""),
        quick_win: word("quick_win", "quick_win = \"roll back\""),
        says: values::names(&section, "says", "says = [\"connections\"]"),
    };
    if section.has("since") && !section.has("never_worse") && !section.has("turns") {
        section.lacks("never_worse", "never_worse = \"ok\" or turns = 2: what is looked at from `since` on");
    }
    let asks = [
        "severity",
        "never_worse",
        "turns",
        "onset",
        "began",
        "change",
        "suspect",
        "innocent",
        "runbook",
        "quick_win",
        "says",
    ];
    if !asks.iter().any(|key| section.has(key)) {
        section.note_shape(Wrong::new("nothing is expected here", format!("write one of {}", asks.join(", "))));
    }
    section.done();
    at.map(|_| expect)
}

/// The kind of a suspect.
fn kind(text: &Text<'_>) -> Option<String> {
    let keys = Kind::ALL.map(Kind::key);
    let known = keys.contains(&text.raw());
    if !known {
        known::missing(text, "kind of suspect", &keys);
    }
    known.then(|| text.raw().to_owned())
}

/// The name of a change, a job or a vendor that the scenario has.
fn name(text: &Text<'_>, known: &Known) -> Option<String> {
    let vendors = known.vendors.iter().map(|vendor| &vendor.name);
    let names: Vec<&str> = known.changes.iter().chain(vendors).map(String::as_str).collect();
    if names.contains(&text.raw()) {
        return Some(text.raw().to_owned());
    }
    known::missing(text, "change or vendor", &names);
    None
}
