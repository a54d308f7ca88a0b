//! What `sixty check` says of triage: the rules of each service as sentences, the commands, who calls whom, and how
//! much history there is to tell rules and what is usual from.

use std::time::Duration;

use super::Line;
use super::Word;
use super::counted;
use crate::app::ServiceSettings;
use crate::app::Settings;
use crate::facts::At;
use crate::facts::Batch;
use crate::facts::Calls;
use crate::facts::Fleet;
use crate::signals::ServiceSignals;
use crate::signals::units;
use crate::triage::Budget;
use crate::triage::Rules;
use crate::triage::Severity;
use crate::triage::Standing;
use crate::triage::Subject;
use crate::triage::Undecided;
use crate::triage::Watcher;
use crate::triage::quick_win::Action;
use crate::triage::quick_win::Commands;

/// Names of services that are listed; more are counted.
const NAMES: usize = 5;

/// Pairs of callers and callees that are listed.
const PAIRS: usize = 12;

/// What the configuration says of triage.
pub(super) fn lines(settings: &Settings) -> Vec<Line> {
    let mut lines = rules(settings);
    lines.extend(commands(&settings.commands));
    let written = settings.services.iter().flat_map(|one| one.calls.iter().map(|other| (&*one.name, &**other)));
    lines.extend(calls("calls", &written.collect::<Vec<_>>()));
    lines
}

/// The rules: those of services that have the same stand together, a line for each severity.
fn rules(settings: &Settings) -> Vec<Line> {
    let mut groups: Vec<(&Rules, Vec<&str>)> = Vec::new();
    let configured = settings.services.iter().chain(settings.fleet.configured.values());
    for ServiceSettings { name, rules, .. } in configured {
        match groups.iter_mut().find(|(other, _)| *other == rules) {
            Some((_, names)) if names.contains(&&**name) => {}
            Some((_, names)) => names.push(name),
            None => groups.push((rules, vec![name])),
        }
    }
    let defaults = Rules::default();
    let servers = settings.sources.iter().any(|source| source.service.is_none());
    if servers && !groups.iter().any(|(rules, _)| **rules == defaults) {
        groups.push((&defaults, Vec::new()));
    }
    groups.iter().flat_map(|(rules, names)| of_services(rules, names, &defaults)).collect()
}

fn of_services(rules: &Rules, names: &[&str], defaults: &Rules) -> Vec<Line> {
    let own = rules.iter().filter(|rule| !defaults.iter().any(|other| other == *rule)).count();
    let all = rules.iter().count();
    let whose = match own {
        0 if *rules == *defaults => format!("all {all} are defaults"),
        own => format!("{own} of {all} are the team's"),
    };
    let mut lines = vec![Line::new(Word::Ok, "rules", format!("{}: {whose}", services(names)))];
    for severity in [Severity::Critical, Severity::Warning, Severity::Info] {
        let sentences = rules.iter().filter(|rule| rule.severity == severity).map(ToString::to_string);
        let sentences = sentences.collect::<Vec<_>>();
        if !sentences.is_empty() {
            let what = format!("  {}", severity.word());
            lines.push(Line::new(Word::Ok, &what, sentences.join("; ")));
        }
    }
    lines
}

fn services(names: &[&str]) -> String {
    match names.len() {
        0 => "every service".to_owned(),
        1..=NAMES => names.join(", "),
        more => format!("{} and {} more", names[..NAMES].join(", "), more - NAMES),
    }
}

/// The commands, and those that can never be shown since nobody will know a value in them.
fn commands(commands: &Commands) -> Vec<Line> {
    let all: Vec<_> = Action::ALL.into_iter().filter_map(|action| Some((action, commands.get(action)?))).collect();
    if all.is_empty() {
        let found = "none: a quick win is told without a command to copy; see [commands]";
        return vec![Line::new(Word::Info, "commands", found)];
    }
    let keys: Vec<_> = all.iter().map(|(action, _)| action.key()).collect();
    let mut lines = vec![Line::new(Word::Ok, "commands", format!("for {}", keys.join(", ")))];
    for (action, template) in all {
        let never: Vec<_> = template.wanted().filter(|name| !known(action).contains(name)).collect();
        if let Some(name) = never.first() {
            let found = format!(
                "{}: {{{name}}} is never known there, so that the command would never be shown; there are {}",
                action.key(),
                known(action).iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ")
            );
            lines.push(Line::new(Word::Warn, "commands", found));
        }
    }
    lines
}

/// The values that can be known when an action is told: those of the suspects that it follows from.
fn known(action: Action) -> Vec<&'static str> {
    let more: &[&str] = match action {
        Action::RollBack => &["version", "previous"],
        Action::SwitchBack => &["flag"],
        Action::Revert => &["setting"],
        Action::Replace => &["instance"],
        Action::StopJob => &["job"],
        Action::FailOver | Action::WaitForVendor => &["vendor"],
        Action::BlockCaller => &["route"],
        Action::Restart | Action::Scale | Action::FreeDisk => &[],
    };
    std::iter::once("service").chain(more.iter().copied()).collect()
}

/// Who calls whom; nothing where nobody says so.
pub(super) fn calls(what: &str, pairs: &[(&str, &str)]) -> Option<Line> {
    let shown: Vec<_> = pairs.iter().take(PAIRS).map(|(from, to)| format!("{from} → {to}")).collect();
    let more = pairs.len().saturating_sub(PAIRS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let found = format!("{}: {}{more}", counted(pairs.len(), "pair"), shown.join(", "));
    (!pairs.is_empty()).then(|| Line::new(Word::Ok, what, found))
}

/// The calls that a server sees.
pub(super) fn calls_seen(name: &str, seen: &Calls) -> Option<Line> {
    let pairs: Vec<_> = seen.pairs.iter().map(|(from, to)| (&**from, &**to)).collect();
    calls(name, &pairs).map(|line| Line { found: format!("calls: {}", line.found), ..line })
}

/// How far back one service is known, and which rules can be told from that.
pub(super) fn history(name: &str, batch: &Batch, rules: &Rules, every: Duration, now: At) -> Line {
    let known = Known::of(batch, rules, every, now);
    let Some(span) = known.span.filter(|span| *span >= every) else {
        let found = format!("no history yet: {} need two answers or more", counted(known.rules, "rule"));
        return Line::new(Word::Info, name, found);
    };
    let span = format!("history of {}", units::rough_age(span));
    let absent =
        if known.absent.is_empty() { String::new() } else { format!("; no value of {}", known.absent.join(", ")) };
    let usual = if known.usual.is_empty() {
        "what is usual is not known yet".to_owned()
    } else {
        format!("what is usual is known of {}", known.usual.join(", "))
    };
    let found = format!("{span}; {} of {} rules can be told{absent}; {usual}", known.told, known.rules);
    Line::new(Word::Info, name, found)
}

/// The same for the services of a server, in numbers.
pub(super) fn histories(fleet: &Fleet, settings: &Settings, every: Duration, now: At) -> Option<String> {
    let all = fleet.services.iter().map(|(name, batch)| Known::of(batch, &rules_of(settings, name), every, now));
    let all: Vec<Known> = all.collect();
    let spans = || all.iter().filter_map(|known| known.span).filter(|span| *span >= every);
    let (least, most) = (spans().min()?, spans().max()?);
    let history = match (units::rough_age(least), units::rough_age(most)) {
        (least, most) if least == most => most,
        (least, most) => format!("{least} to {most}"),
    };
    let usual = all.iter().filter(|known| !known.usual.is_empty()).count();
    Some(format!("history of {history}; what is usual is known of {usual} of {} services", all.len()))
}

/// The rules of a service by its name.
pub(super) fn rules_of(settings: &Settings, name: &str) -> Rules {
    let configured = settings.services.iter().chain(settings.fleet.configured.values());
    let mut named = configured.filter(|one| &*one.name == name);
    named.next().map(|one| one.rules.clone()).unwrap_or_default()
}

/// What one answer lets know.
struct Known {
    /// From its first point to its last.
    span: Option<Duration>,
    rules: usize,
    told: usize,
    absent: Vec<&'static str>,
    usual: Vec<&'static str>,
}

impl Known {
    fn of(batch: &Batch, rules: &Rules, every: Duration, now: At) -> Self {
        let mut signals = ServiceSignals::new(every, Duration::MAX);
        signals.take(batch);
        let mut watcher = Watcher::new(rules.clone(), every);
        watcher.take(&signals, &mut Budget { outlooks: 0, ..Budget::ALL });
        let (mut told, mut absent) = (0, Vec::new());
        for rule in rules.iter() {
            match watcher.standing(rule, &signals, now) {
                Some(Standing::CannotTell(Undecided::NoValue(subject))) => {
                    if !absent.contains(&subject.key()) {
                        absent.push(subject.key());
                    }
                }
                Some(Standing::CannotTell(_)) | None => {}
                Some(_) => told += 1,
            }
        }
        let usual = Subject::ALL.into_iter().filter(|subject| watcher.usual(*subject).is_some());
        let span = signals.first_at().zip(signals.latest()).and_then(|(first, last)| (last - first).to_std().ok());
        Self { span, rules: rules.iter().count(), told, absent, usual: usual.map(Subject::key).collect() }
    }
}
