//! What may lie behind the trouble of a service, what may end it, which rules hold: as lines and tables for people.

use super::Table;
use crate::app::App;
use crate::app::ServiceState;
use crate::facts::Number;
use crate::signals::units;
use crate::triage::Severity;
use crate::triage::Standing;
use crate::triage::Subject;
use crate::triage::Undecided;
use crate::triage::clock_time;
use crate::triage::suspects::Role;
use crate::triage::suspects::Suspect;
use crate::triage::suspects::timing;
use crate::triage::usual_words;

/// Suspects that are shown; the others are in the JSON.
const SUSPECTS: usize = 3;

/// Parts of a measure that are shown.
const PARTS: usize = 3;

/// The climb, the round clock, what ends it soonest, the runbook: a sentence each.
pub(super) fn lines(app: &App, service: &ServiceState) -> Vec<String> {
    let verdict = &service.verdict;
    let zone = &app.settings().zone;
    let mut lines = Vec::new();
    if let Some((at, within)) = verdict.climb {
        lines.push(format!("A slow climb began at {} ±{}.", clock_time(at, app.now(), zone), units::age(within)));
    }
    if let Some(round) = &verdict.round {
        lines.push(format!("It began near a round time: {round}."));
    }
    if let Some(win) = &verdict.quick_win {
        let odds = win.odds.map(|odds| format!(" ({odds})")).unwrap_or_default();
        lines.push(format!("Quick win: {}. {}{odds}", win.title, win.reason));
    }
    if let Some(book) = &verdict.runbook {
        let because = if book.because.is_empty() { String::new() } else { format!(": {}", book.because.join("; ")) };
        lines.push(format!("Runbook: {} ({}){because}.", book.title, book.key));
    }
    if is_in_trouble(service) && !verdict.onset_open && !verdict.suspects.fits {
        let more = if verdict.suspects.suspects.is_empty() { "" } else { "; what was looked at first:" };
        lines.push(format!("Nothing fits{more}"));
    }
    lines
}

/// The team's own command for the quick win, to be copied.
pub(super) fn command(service: &ServiceState) -> String {
    service.verdict.quick_win.as_ref().and_then(|win| win.command.clone()).unwrap_or_default()
}

/// The first suspects with what speaks for and against them; none on a service that is well.
pub(super) fn suspects(service: &ServiceState) -> Table {
    let head = &["Suspect", "Name", "When", "Evidence"];
    let ranking = &service.verdict.suspects;
    if !is_in_trouble(service) {
        return Table { head, rows: Vec::new() };
    }
    let row = |(index, suspect): (usize, &Suspect)| {
        let one = &suspect.candidate;
        let place = if ranking.fits { format!("suspect {}", index + 1) } else { "looked at".to_owned() };
        // What somebody did needs its kind in front; what was seen says by its name what it is.
        let name =
            if one.role == Role::Change { format!("{} {}", one.kind.word(), one.name) } else { one.name.clone() };
        let when = timing(one, suspect.anchor, suspect.before);
        // The distance in time has its own column.
        let others =
            |all: &[String]| all.iter().filter(|words| **words != when).cloned().collect::<Vec<_>>().join(", ");
        let sides = [("for: ", others(&suspect.supports)), ("against: ", others(&suspect.against))];
        let sides = sides.iter().filter(|(_, words)| !words.is_empty()).map(|(side, words)| format!("{side}{words}"));
        vec![place, name, when, sides.collect::<Vec<_>>().join("; ")]
    };
    Table { head, rows: ranking.suspects.iter().take(SUSPECTS).enumerate().map(row).collect() }
}

/// The rules that hold or have begun to.
pub(super) fn rules(app: &App, service: &ServiceState) -> Table {
    let rows = standings(app, service).into_iter().filter_map(|(severity, sentence, standing)| {
        let (word, since) = match standing {
            Standing::Holds(since) => ("holds", since),
            Standing::Pending(since) => ("has begun", since),
            Standing::Quiet | Standing::CannotTell(_) => return None,
        };
        Some(vec![format!("{} rule", severity.word()), word.to_owned(), super::since(app, since, false), sentence])
    });
    Table { head: &["Rule", "State", "Since", "Sentence"], rows: rows.collect() }
}

/// How many rules stand where, and why some cannot be told.
pub(super) fn rules_note(app: &App, service: &ServiceState) -> String {
    let all = standings(app, service);
    let count = |is: fn(&Standing) -> bool| all.iter().filter(|(_, _, standing)| is(standing)).count();
    let hold = count(|standing| matches!(standing, Standing::Holds(_)));
    let begun = count(|standing| matches!(standing, Standing::Pending(_)));
    let quiet = count(|standing| matches!(standing, Standing::Quiet));
    let unknown = all.len() - hold - begun - quiet;
    let mut words = vec![match hold {
        0 => format!("none of {} holds", all.len()),
        1 => format!("1 of {} holds", all.len()),
        many => format!("{many} of {} hold", all.len()),
    }];
    if begun > 0 {
        words.push(format!("{begun} {} begun", if begun == 1 { "has" } else { "have" }));
    }
    let mut reasons: Vec<String> = Vec::new();
    let mut absent: Vec<&str> = Vec::new();
    for (_, _, standing) in &all {
        let Standing::CannotTell(why) = standing else { continue };
        match why {
            Undecided::NoValue(subject) if absent.contains(&subject.key()) => {}
            Undecided::NoValue(subject) => absent.push(subject.key()),
            other if reasons.contains(&other.words()) => {}
            other => reasons.push(other.words()),
        }
    }
    if !absent.is_empty() {
        reasons.push(format!("there is no value of {}", absent.join(", ")));
    }
    let unknown =
        if unknown > 0 { format!("; {unknown} cannot be told yet: {}", reasons.join("; ")) } else { String::new() };
    format!("Rules: {}{unknown}.", words.join(", "))
}

fn standings(app: &App, service: &ServiceState) -> Vec<(Severity, String, Standing)> {
    let rules = service.watcher.rules().iter();
    let now = |rule| service.watcher.standing(rule, &service.signals, app.now());
    rules.filter_map(|rule| Some((rule.severity, rule.to_string(), now(rule)?))).collect()
}

/// What is usual for a subject: `usual 120 to 180 ms in 3h`; empty while that is not known.
pub(super) fn usual(app: &App, service: &ServiceState, subject: Subject) -> String {
    let out = service.watcher.onset(subject).map(|onset| onset.usual);
    let usual = out.or_else(|| service.watcher.usual(subject));
    usual.map(|usual| format!("usual {}", usual_words(&usual, subject, app.now()))).unwrap_or_default()
}

/// The largest parts of what is taken apart, of a service that is in trouble.
pub(super) fn parts(service: &ServiceState) -> Vec<String> {
    let splits = service.signals.splits().iter().filter(|split| is_in_trouble(service) && split.count > 1);
    let words = splits.map(|split| {
        let shown = |value: f64| units::shown(Number { value, at_least: false }, split.measure.unit());
        let parts = split.parts.iter().take(PARTS).map(|part| format!("{} {}", part.name, shown(part.value)));
        let all = if split.count > PARTS { format!(", {} in all", split.count) } else { String::new() };
        let name = split.measure.key().replace('_', " ");
        format!("By {}, {name}: {}{all}.", split.label, parts.collect::<Vec<_>>().join(", "))
    });
    words.collect()
}

fn is_in_trouble(service: &ServiceState) -> bool {
    service.verdict.severity >= Severity::Warning && !service.verdict.findings.is_empty()
}
