//! The sentences of a verdict: the headline, and each finding in words.
//!
//! Present tense, numbers with units, times with their distance. Nothing is decided here; see `verdict`. What changed
//! and what else is to be said stands in `context`.

use std::time::Duration;

use crate::facts::Answer;
use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::Unit;
use crate::signals::Freshness;
use crate::signals::units;
use crate::triage::Facts;
use crate::triage::Finding;
use crate::triage::Leak;
use crate::triage::Line;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::triage::Tone;
use crate::triage::Verdict;
use crate::triage::clock_time;
use crate::triage::finding::Unsure;
use crate::triage::leak_words;

/// What is wrong; one line.
pub(super) fn headline(facts: &Facts<'_>, verdict: &Verdict, unsure: Option<Unsure>) -> Line {
    let (findings, severity) = (&verdict.findings, verdict.severity);
    if facts.watcher.is_reading_the_past(facts.at) {
        let line = Line::new().with(Tone::Unknown, "Reading the past: a verdict in a moment.");
        return line.with(Tone::Plain, format!(" {}", vital_signs(facts)).trim_end());
    }
    if let Some(worst) = findings.first().filter(|worst| worst.severity >= Severity::Warning) {
        return describe(worst, facts, true, None);
    }
    let silent = facts.signals.freshness(facts.at) != Freshness::Live;
    if let (true, Some((fault, since))) = (silent, facts.silence) {
        let line = Line::new().with(Tone::Unknown, "No numbers: ").with(Tone::Strong, fault.cause.clone());
        return line.with(Tone::Plain, format!(", since {}.", clock_time(since, facts.at, facts.zone)));
    }
    if let Some(one) = unsure {
        let number = Number { value: one.value, at_least: false };
        let shown = units::shown(number, one.subject.unit());
        let what = format!("{} {shown}", one.subject.signal().title());
        let line = Line::new().with(Tone::Warning, what);
        if one.answers <= 1 {
            let words = " is over its limit in one answer; the next one tells whether it lasts.";
            return line.with(Tone::Plain, words);
        }
        let so_long = units::between(one.since, facts.at);
        return line.with(Tone::Plain, format!(" is over its limit for {so_long}; cannot tell yet whether it lasts."));
    }
    match (severity, facts.signals.freshness(facts.at)) {
        (Severity::Warning | Severity::Critical, _) => missing_targets(facts),
        (Severity::Ok, _) => {
            let line = Line::new().with(Tone::Good, "All within limits.");
            line.with(Tone::Plain, format!(" {}", vital_signs(facts)))
        }
        (_, Freshness::Never) => Line::new().with(Tone::Muted, "Asking for the first time."),
        (_, Freshness::Stale(age)) => {
            Line::new().with(Tone::Unknown, "No numbers").with(Tone::Plain, format!(" for {}.", units::age(age)))
        }
        (_, Freshness::Live) => undecided(facts),
    }
}

/// Some targets of the service do not answer; those that do are within their limits.
fn missing_targets(facts: &Facts<'_>) -> Line {
    let Some((failed, all, fault)) = facts.missing else { return Line::new() };
    let verb = if failed == 1 { "does" } else { "do" };
    let line = Line::new().with(Tone::Warning, format!("{failed} of {all} targets {verb} not answer"));
    line.with(Tone::Plain, format!(": {}. The numbers are of the others alone.", fault.cause))
}

/// Fresh answers, but none that tells whether people are hurt.
fn undecided(facts: &Facts<'_>) -> Line {
    let answer = facts.signals.answer(Measure::ErrorRate).or_else(|| facts.signals.answer(Measure::LatencyP95));
    match answer {
        Some(Answer::WarmingUp(left)) => {
            let ready = units::age(Duration::from_secs(left.as_secs().max(1)));
            Line::new().with(Tone::Muted, format!("Warming up: rates in about {ready}."))
        }
        Some(Answer::NoTraffic) => Line::new()
            .with(Tone::Unknown, "No requests")
            .with(Tone::Plain, " reach it: errors and latency have no value."),
        Some(Answer::NoData(why)) => {
            // The strip has room for what was looked for and what comes close; here the reason is enough.
            let why = why.split_once(": ").map_or(&**why, |(reason, _)| reason);
            // Numbers that were there and ended are news; that there never were any is not.
            let last = [Measure::ErrorRate, Measure::LatencyP95]
                .iter()
                .filter_map(|measure| facts.signals.track(*measure)?.history.last_number())
                .map(|(at, _)| at)
                .max();
            match last {
                Some(at) => Line::new()
                    .with(Tone::Unknown, format!("Numbers end at {}", clock_time(at, facts.at, facts.zone)))
                    .with(Tone::Plain, format!(": {why}. Does it run, is it scraped?")),
                None => Line::new().with(Tone::Unknown, "Cannot tell: ").with(Tone::Plain, format!("{why}.")),
            }
        }
        _ => Line::new()
            .with(Tone::Unknown, "Cannot tell: ")
            .with(Tone::Plain, "neither errors nor latency are measured here."),
    }
}

fn vital_signs(facts: &Facts<'_>) -> String {
    let mut signs = Vec::new();
    for (measure, name) in [(Measure::ErrorRate, "errors"), (Measure::LatencyP95, "p95"), (Measure::RequestRate, "")] {
        if let Some(number) = facts.signals.now(measure, facts.at) {
            signs.push(format!("{name} {}", units::shown(number, measure.unit())).trim_start().to_owned());
        }
    }
    if signs.is_empty() {
        return String::new();
    }
    let mut text = signs.join(", ") + ".";
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// One finding in words: `Errors 45.2 % of requests (277 of 612 req/s) since 03:15:20.`
///
/// `told` is an instant that the sentence before has named already.
pub(super) fn describe(finding: &Finding, facts: &Facts<'_>, lead: bool, told: Option<At>) -> Line {
    let tone = tone_of(finding, lead);
    let now = |measure| facts.signals.now(measure, facts.at).map(|number| number.value);
    let shown = units::shown(Number { value: finding.value, at_least: finding.at_least }, finding.subject.unit());
    let mut behind = String::new();
    let (what, more) = match finding.subject {
        Subject::ErrorRate => {
            let more = now(Measure::RequestRate).map(|rate| {
                let failing = units::parts(rate * finding.value, Measure::RequestRate.unit()).0;
                let (all, unit) = units::parts(rate, Measure::RequestRate.unit());
                format!(" ({failing} of {all} {unit})")
            });
            (format!("Errors {shown} of requests"), more.unwrap_or_default())
        }
        // Behind the lead every column counts: at 120 columns two findings and a deploy fit on one line.
        Subject::LatencyP95 => (format!("{}p95 {shown}", if lead { "Latency " } else { "" }), String::new()),
        Subject::DbPool => {
            let used = now(Measure::PoolUsed).zip(now(Measure::PoolMax));
            let count = used.map_or(shown, |(used, max)| units::of(used, max, Unit::Count).replace(' ', ""));
            let waiting = now(Measure::PoolWaiting).filter(|waiting| *waiting >= 1.0);
            let waiting = waiting.map_or(String::new(), |waiting| format!(", {waiting:.0} waiting"));
            (format!("DB pool {} {count}", if finding.value >= 1.0 { "full" } else { "nearly full" }), waiting)
        }
        Subject::DbPoolWaiting => (format!("{shown} waiting for a DB connection"), String::new()),
        Subject::Memory => {
            let of = now(Measure::MemoryUsed).zip(now(Measure::MemoryLimit));
            let of = of.map(|(used, limit)| format!(" ({})", units::of(used, limit, Unit::Bytes)));
            (format!("Memory {shown} of its limit"), of.unwrap_or_default())
        }
        Subject::RequestRate => {
            let usual = finding.usual.as_ref().map(|usual| usual.middle);
            let usual = usual.map(|usual| units::shown(Number { value: usual, at_least: false }, Unit::PerSecond));
            let word = if finding.condition.side.is_low() { "Only " } else { "Requests " };
            behind = usual.map(|usual| format!(", usual {usual}")).unwrap_or_default();
            (format!("{word}{shown}"), String::new())
        }
        Subject::NotFound => (format!("Not found {shown} of requests"), String::new()),
        Subject::RateLimited => (format!("Too many requests (429) {shown}"), String::new()),
        Subject::CallErrors => (format!("{shown} of the calls to others fail"), String::new()),
        Subject::CallsLimited => (format!("{shown} of the calls to others are rate limited"), String::new()),
        Subject::DbLatency => (format!("Database p95 {shown}"), String::new()),
        Subject::DbLocked => (format!("{shown} database sessions wait for a lock"), String::new()),
        Subject::Cpu => (format!("CPU {shown} of its limit"), String::new()),
        Subject::Disk => (format!("Disk {shown} full"), String::new()),
    };
    if let Some(leak) = finding.forecast() {
        return forecast(finding, leak, facts, lead);
    }
    let (began, within) = finding.began();
    let since = clock_time(began, facts.at, facts.zone);
    let within = within.map(|within| format!(" ±{}", units::age(within))).unwrap_or_default();
    let since = match (finding.from_the_start, told == Some(began)) {
        (true, _) => format!(" since {since} or earlier"),
        (false, true) => String::new(),
        (false, false) if lead => format!(" since {since}{within}"),
        (false, false) => format!(" since {since}"),
    };
    Line::new().with(tone, what).with(Tone::Plain, format!("{more}{since}{behind}."))
}

/// What is only worth knowing is told calmly.
const fn tone_of(finding: &Finding, lead: bool) -> Tone {
    match finding.severity {
        severity if lead => severity.tone(),
        Severity::Info => Tone::Plain,
        _ => Tone::Strong,
    }
}

/// `Memory full about 05:10 (04:40 to 06:20): up by 16 % an hour.`
fn forecast(finding: &Finding, leak: &Leak, facts: &Facts<'_>, first: bool) -> Line {
    let tone = tone_of(finding, first);
    let name = finding.subject.signal().title();
    let words = leak_words(leak, facts.at, facts.zone);
    // In how many slices it went up is for the evidence.
    let words = words.split_once(", in ").map_or(&*words, |(short, _)| short);
    let (full, rest) = words.split_once(" (").map_or((words, ""), |(full, _)| (full, &words[full.len()..]));
    Line::new().with(tone, format!("{name} {full}")).with(Tone::Plain, format!("{rest}."))
}
