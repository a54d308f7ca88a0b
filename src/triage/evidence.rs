//! The live fact that stands beside a checklist item, so that the answer is read and not looked for.

use crate::facts::Level;
use crate::signals::Freshness;
use crate::signals::units;
use crate::triage::Facts;
use crate::triage::Line;
use crate::triage::Severity;
use crate::triage::Subject;
use crate::triage::Tone;
use crate::triage::Verdict;
use crate::triage::Watch;
use crate::triage::suspects::Role;

/// What a checklist item asks of the world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Is it really down?
    Down,
    /// What was deployed recently?
    Changes,
    /// Do the services of others work?
    Outside,
}

/// The answer in a few words.
#[must_use]
pub fn seen(what: Seen, facts: &Facts<'_>, verdict: &Verdict) -> Line {
    match what {
        Seen::Down => down(facts, verdict),
        Seen::Changes => changes(facts, verdict),
        Seen::Outside => outside(facts),
    }
}

fn down(facts: &Facts<'_>, verdict: &Verdict) -> Line {
    let say = |tone, word: &str, rest: String| Line::new().with(tone, word).with(Tone::Plain, rest);
    match verdict.severity {
        Severity::Critical | Severity::Warning => {
            let Some(worst) = verdict.findings.first() else { return say(Tone::Warning, "partly: ", part(facts)) };
            let number = crate::facts::Number { value: worst.value, at_least: worst.at_least };
            let shown = units::shown(number, worst.subject.unit());
            let name = worst.subject.signal().title().replace("rate", "").replace("DB", "db").trim().to_lowercase();
            match worst.subject {
                Subject::ErrorRate => say(verdict.severity.tone(), yes(verdict), format!("{shown} errors")),
                Subject::LatencyP95 => say(verdict.severity.tone(), yes(verdict), format!("{name} p95 {shown}")),
                Subject::RequestRate => say(verdict.severity.tone(), yes(verdict), format!("only {shown}")),
                // A resource that runs out hurts nobody until errors or latency say so.
                _ => say(Tone::Warning, "not yet: ", format!("only {name} {shown}")),
            }
        }
        Severity::Ok | Severity::Info => say(Tone::Good, "no: ", "within limits".to_owned()),
        Severity::Unknown => {
            let why = match (facts.silence, facts.signals.freshness(facts.at)) {
                (Some((fault, _)), _) => fault.kind.word().to_owned(),
                (None, Freshness::Stale(age)) => format!("no numbers for {}", units::age(age)),
                (None, Freshness::Never) => "no numbers yet".to_owned(),
                (None, Freshness::Live) => "too little is known".to_owned(),
            };
            say(Tone::Unknown, "cannot tell: ", why)
        }
    }
}

const fn yes(verdict: &Verdict) -> &'static str {
    match verdict.severity {
        Severity::Critical => "yes: ",
        _ => "partly: ",
    }
}

fn part(facts: &Facts<'_>) -> String {
    facts.missing.map(|(failed, all, _)| format!("{failed} of {all} targets")).unwrap_or_default()
}

fn changes(facts: &Facts<'_>, verdict: &Verdict) -> Line {
    // A rollout that still went on when it began is near, too.
    if let Some(first) = verdict.suspects.named().filter(|first| first.candidate.role == Role::Change) {
        let one = &first.candidate;
        let age = units::rough_between(one.at, facts.at);
        return Line::new().with(Tone::Change, one.name.clone()).with(Tone::Plain, format!(" {age} ago"));
    }
    if let Some(near) = verdict.nearby.first() {
        let age = units::rough_between(near.change.at(), facts.at);
        return Line::new().with(Tone::Change, near.change.name()).with(Tone::Plain, format!(" {age} ago"));
    }
    match facts.watch {
        Watch::Known if verdict.onset_open => Line::new().with(Tone::Unknown, "it began before what is known"),
        Watch::Known => Line::new().with(Tone::Good, "none in 24 h"),
        Watch::Silent => Line::new().with(Tone::Unknown, "not known: no answer"),
        Watch::NotSetUp => Line::new().with(Tone::Unknown, "not known: none set up"),
    }
}

fn outside(facts: &Facts<'_>) -> Line {
    if facts.vendors.is_empty() {
        return Line::new().with(Tone::Unknown, "not known: none set up");
    }
    let count = |level: Level| facts.vendors.iter().filter(|vendor| vendor.level() == level).count();
    let worst = facts.vendors.iter().filter(|v| v.level() > Level::Operational && v.level() != Level::Unknown);
    let unknown = count(Level::Unknown);
    if let Some(vendor) = worst.max_by_key(|vendor| vendor.level()) {
        let since = vendor.status.as_ref().and_then(|status| status.since);
        let since = since.map(|since| format!(" for {}", units::rough_between(since, facts.at))).unwrap_or_default();
        let line = Line::new().with(Tone::Warning, format!("{} {}", vendor.name, vendor.level().word()));
        return line.with(Tone::Plain, since);
    }
    let fine = count(Level::Operational);
    let line = Line::new();
    match (fine, unknown) {
        (_, 0) => line.with(Tone::Good, if fine == 1 { "it says ok".to_owned() } else { format!("all {fine} say ok") }),
        (0, _) => line.with(Tone::Unknown, "no answer yet"),
        _ => line.with(Tone::Plain, format!("{fine} say ok, ")).with(Tone::Unknown, format!("{unknown} unknown")),
    }
}
