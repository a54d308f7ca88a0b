//! The sentences of a verdict: the headline, what changed and what else is wrong, what could not be checked.
//!
//! Present tense, numbers with units, times with their distance. Nothing is decided here; see `verdict`.

use std::time::Duration;

use crate::facts::Answer;
use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::Level;
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
use crate::triage::Watch;
use crate::triage::clock_time;
use crate::triage::finding::Unsure;
use crate::triage::leak_words;
use crate::triage::suspects::Anchor;
use crate::triage::suspects::Kind;
use crate::triage::suspects::timing;

/// What is wrong; one line.
pub(super) fn headline(facts: &Facts<'_>, verdict: &Verdict, unsure: Option<Unsure>) -> Line {
    let (findings, severity) = (&verdict.findings, verdict.severity);
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
fn describe(finding: &Finding, facts: &Facts<'_>, lead: bool, told: Option<At>) -> Line {
    let tone = if lead { finding.severity.tone() } else { Tone::Strong };
    let now = |measure| facts.signals.now(measure, facts.at).map(|number| number.value);
    let shown = units::shown(Number { value: finding.value, at_least: finding.at_least }, finding.subject.unit());
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
            (format!("{word}{shown}"), usual.map(|usual| format!(", usual {usual}")).unwrap_or_default())
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
    Line::new().with(tone, what).with(Tone::Plain, format!("{more}{since}."))
}

/// `Memory full about 05:10 (04:40 to 06:20): it climbs by 41 MiB an hour, 11 of 12 slices of 2h up.`
fn forecast(finding: &Finding, leak: &Leak, facts: &Facts<'_>, lead: bool) -> Line {
    let tone = if lead { finding.severity.tone() } else { Tone::Strong };
    let name = finding.subject.signal().title();
    let words = leak_words(leak, facts.at, facts.zone);
    let (full, rest) = words.split_once(" (").unwrap_or((&words, ""));
    let rest = if rest.is_empty() { String::new() } else { format!(" ({rest}") };
    Line::new().with(tone, format!("{name} {full}")).with(Tone::Plain, format!("{rest}."))
}

/// The change nearest before, then the other findings, one per signal.
pub(super) fn context(facts: &Facts<'_>, verdict: &Verdict) -> Line {
    let (findings, severity) = (&verdict.findings, verdict.severity);
    let onset = verdict.onset.map(|onset| (onset, verdict.onset_open));
    let mut line = Line::new();
    let mut named = None;
    let mut deploys = facts.changes.iter().filter(|change| change.kind != ChangeKind::Note);
    if let Some((onset, open)) = onset.filter(|_| severity >= Severity::Warning) {
        // "Before" is told from the headline's instant, or names the one that it means.
        let lead = findings.first().map(|finding| finding.began().0);
        named = Some(onset).filter(|onset| !open && lead != Some(*onset) && verdict.suspects.fits);
        line.append(what_changed(facts, verdict, named, open));
    } else if let Some(last) = deploys.find(|change| change.at() <= facts.at) {
        let age = units::rough_between(last.at(), facts.at);
        let words = Line::new().with(Tone::Muted, format!("Last {} ", last.kind.word()));
        line.append(words.with(Tone::Change, last.name()).with(Tone::Muted, format!(" {age} ago.")));
    }
    let lead = findings.first().map(|finding| finding.subject.signal());
    let mut told: Vec<_> = lead.into_iter().collect();
    // In the order in which they began, so that the line reads as the story went.
    let mut others: Vec<_> = findings.iter().collect();
    others.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.began().0));
    for finding in others {
        if !told.contains(&finding.subject.signal()) {
            told.push(finding.subject.signal());
            line.append(describe(finding, facts, false, named));
        }
    }
    line
}

/// The first suspect with its distance; or that nothing fits, and what is nearest; or why nobody knows.
fn what_changed(facts: &Facts<'_>, verdict: &Verdict, onset: Option<At>, open: bool) -> Line {
    if let Some(first) = verdict.suspects.first() {
        let candidate = &first.candidate;
        let line =
            Line::new().with(Tone::Plain, kind_before(candidate.kind)).with(Tone::Change, candidate.name.clone());
        let when = timing(candidate, first.anchor, first.before);
        // "Before" is told from the headline's instant, or names the one that it means.
        let from = match (first.anchor, onset) {
            (Anchor::Onset, Some(onset)) => format!(" onset {}", clock_time(onset, facts.at, facts.zone)),
            (Anchor::Climb, _) => {
                let began = verdict.climb.map(|(began, _)| clock_time(began, facts.at, facts.zone));
                let open = if verdict.climb_open { " or earlier" } else { "" };
                began.map(|began| format!(" at {began}{open}")).unwrap_or_default()
            }
            (Anchor::Onset, None) => String::new(),
        };
        return line.with(Tone::Plain, format!(" {when}{from}."));
    }
    if let Some(near) = verdict.nearby.first() {
        let change = &near.change;
        let (name, kind) = (change.name(), change.kind.word());
        if open {
            // Nobody knows how long before: what is known begins after the onset.
            let ago = units::rough_between(change.at(), facts.at);
            let words = Line::new().with(Tone::Plain, format!("{} ", capital(kind))).with(Tone::Change, name);
            return words.with(Tone::Plain, format!(" {} {ago} ago.", done(change)));
        }
        let line = Line::new().with(Tone::Plain, format!("No change fits; nearest: {kind} "));
        return line.with(Tone::Change, name).with(Tone::Plain, format!(" {} before.", units::age(near.before)));
    }
    match facts.watch {
        Watch::Known if !open => Line::new().with(Tone::Plain, "No change in the 24 h before."),
        Watch::Known => Line::new().with(Tone::Unknown, "It began before what is known; so may have what changed."),
        Watch::Silent => Line::new().with(Tone::Unknown, "What changed is not known: no source answers."),
        Watch::NotSetUp => Line::new().with(Tone::Unknown, "What changed is not known: no source is set up."),
    }
}

/// What somebody did needs its kind in front; what was seen says by its name what it is.
fn kind_before(kind: Kind) -> String {
    match kind {
        Kind::Deploy | Kind::Config | Kind::Flag | Kind::Job | Kind::Scale => format!("{} ", capital(kind.word())),
        _ => String::new(),
    }
}

const fn done(change: &Change) -> &'static str {
    match change.state {
        ChangeState::Failed => "failed",
        ChangeState::RolledBack => "was rolled back",
        ChangeState::Succeeded | ChangeState::Unknown if change.finished.is_some() => "finished",
        ChangeState::Succeeded | ChangeState::Running => "began",
        // A tag has a date, but nobody says what happened then.
        ChangeState::Unknown => "is dated",
    }
}

fn capital(word: &str) -> String {
    let mut word = word.to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    word
}

/// Vendors in trouble, then what could not be checked, cause first and each cause once.
pub(super) fn aside(facts: &Facts<'_>, verdict: &Verdict) -> Line {
    let mut line = Line::new();
    if let Some(win) = &verdict.quick_win {
        line.append(Line::new().with(Tone::Strong, format!("→ Quick win: {}.", win.title)));
    }
    for vendor in facts.vendors {
        let Some(status) = &vendor.status else { continue };
        if matches!(status.level, Level::Operational | Level::Unknown) {
            continue;
        }
        let since = status.since.map(|since| format!(" for {}", units::rough_between(since, facts.at)));
        let words = format!("{} says {}{}.", vendor.name, status.level.word(), since.unwrap_or_default());
        line.append(Line::new().with(Tone::Warning, words));
    }
    if !facts.unchecked.is_empty() {
        let names: Vec<_> = facts
            .unchecked
            .iter()
            .map(|unchecked| format!("{} ({})", unchecked.source, unchecked.fault.kind.word()))
            .collect();
        let words = format!("Not checked: {}.", names.join(", "));
        line.append(Line::new().with(Tone::Muted, words));
    }
    line
}
