//! What stands behind the headline: what changed and what else is wrong in one line; in another what ends it soonest,
//! what vendors say, and what could not be checked.
//!
//! Each line is made of whole sentences, the most important first, so that what is left out where there is no room
//! is the least. Nothing is decided here; see `verdict`.

use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::Level;
use crate::signals::units;
use crate::triage::Facts;
use crate::triage::Line;
use crate::triage::Severity;
use crate::triage::Tone;
use crate::triage::Verdict;
use crate::triage::Watch;
use crate::triage::clock_time;
use crate::triage::onset::RoundClock;
use crate::triage::onset::RoundKind;
use crate::triage::sentences::describe;
use crate::triage::suspects::Anchor;
use crate::triage::suspects::Kind;
use crate::triage::suspects::timing;

/// What changed, then the other findings, one per signal, then a slow climb beside them: what hurts comes first.
pub(super) fn context(facts: &Facts<'_>, verdict: &Verdict) -> Line {
    let (findings, severity) = (&verdict.findings, verdict.severity);
    let onset = verdict.onset.map(|onset| (onset, verdict.onset_open));
    let mut line = Line::new();
    let mut named = None;
    let mut deploys = facts.changes.iter().filter(|change| change.kind != ChangeKind::Note);
    if let Some((onset, open)) = onset.filter(|_| severity >= Severity::Warning) {
        // "Before" is told from the headline's instant, or names the one that it means.
        let lead = findings.first().map(|finding| finding.began().0);
        named = Some(onset).filter(|onset| !open && lead != Some(*onset) && verdict.suspects.named().is_some());
        line.append(what_changed(facts, verdict, named, open));
    } else if let Some(last) = deploys.find(|change| change.at() <= facts.at) {
        let age = units::rough_between(last.at(), facts.at);
        let words = Line::new().with(Tone::Muted, format!("Last {} ", last.kind.word()));
        line.append(words.with(Tone::Change, last.name()).with(Tone::Muted, format!(" {age} ago.")));
    }
    // What is only worth knowing is never the headline.
    let lead = findings.first().filter(|lead| lead.severity >= Severity::Warning);
    let mut told: Vec<_> = lead.map(|finding| finding.subject.signal()).into_iter().collect();
    // In the order in which they began, so that the line reads as the story went.
    let mut others: Vec<_> = findings.iter().collect();
    others.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.began().0));
    for finding in others {
        if !told.contains(&finding.subject.signal()) {
            told.push(finding.subject.signal());
            line.append(describe(finding, facts, false, named));
        }
    }
    if severity >= Severity::Warning {
        line.append(climb(facts, verdict));
    }
    line
}

/// `DB pool climbs since 13:01:40 ±6m.`, where the first suspect's sentence does not say so already.
fn climb(facts: &Facts<'_>, verdict: &Verdict) -> Line {
    let Some((began, within)) = verdict.climb else { return Line::new() };
    if verdict.suspects.named().is_some_and(|first| first.anchor == Anchor::Climb) {
        return Line::new();
    }
    let climbs = verdict.findings.iter().find(|finding| {
        finding.climb.is_some_and(|climb| climb.began == began)
            || finding.leak.as_ref().is_some_and(|leak| leak.since == began)
    });
    let what = climbs.map_or("It", |finding| finding.subject.signal().title());
    let since = clock_time(began, facts.at, facts.zone);
    let open = if verdict.climb_open { " or earlier" } else { "" };
    Line::new().with(Tone::Plain, format!("{what} climbs since {since} ±{}{open}.", units::age(within)))
}

/// The first suspect with its distance; or that nothing fits, and what is nearest; or why nobody knows.
fn what_changed(facts: &Facts<'_>, verdict: &Verdict, onset: Option<At>, open: bool) -> Line {
    if let Some(first) = verdict.suspects.named() {
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
    // Where nothing that somebody did fits, a round clock is worth a word.
    let told = |round: &&RoundClock| {
        !open && matches!(round.kind, RoundKind::MidnightUtc | RoundKind::MidnightLocal | RoundKind::NightHour)
    };
    let mut line = Line::new();
    if let Some(round) = verdict.round.as_ref().filter(told) {
        line.push(Tone::Strong, format!("It began at {round}."));
    }
    line.append(nothing_fits(facts, verdict, open));
    line
}

/// What is nearest where nothing fits, or why nobody knows.
fn nothing_fits(facts: &Facts<'_>, verdict: &Verdict, open: bool) -> Line {
    if let Some(near) = verdict.nearby.first() {
        let change = &near.change;
        let (name, kind) = (change.name(), change.kind.word());
        if open {
            // Nobody knows how long before: what is known begins after the onset.
            let ago = units::rough_between(change.at(), facts.at);
            let words = Line::new().with(Tone::Plain, format!("{} ", capital(kind))).with(Tone::Change, name);
            return words.with(Tone::Plain, format!(" {} {ago} ago.", done(change)));
        }
        // In a trouble of very many services some are not ranked yet; where there was a change, something is.
        let none = if verdict.suspects.suspects.is_empty() { "Nearest" } else { "No change fits; nearest" };
        let line = Line::new().with(Tone::Plain, format!("{none}: {kind} "));
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
    // What is the first suspect was told with its distance.
    let told = verdict.suspects.named().map(|first| &first.candidate).filter(|one| one.kind == Kind::Provider);
    for vendor in facts.vendors.iter().filter(|vendor| told.is_none_or(|one| one.part != vendor.name)) {
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
