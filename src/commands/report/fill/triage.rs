//! What may lie behind a trouble, what may end it, where the rules stand: as the report's JSON has it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::moment;
use super::seconds;
use crate::app::App;
use crate::app::ServiceState;
use crate::commands::report::document::Climb;
use crate::commands::report::document::Leak;
use crate::commands::report::document::Left;
use crate::commands::report::document::Part;
use crate::commands::report::document::Place;
use crate::commands::report::document::QuickWin;
use crate::commands::report::document::RoundClock;
use crate::commands::report::document::Rule;
use crate::commands::report::document::Runbook;
use crate::commands::report::document::Split;
use crate::commands::report::document::Standing;
use crate::commands::report::document::Suspect;
use crate::commands::report::document::Suspects;
use crate::commands::report::document::Usual;
use crate::facts;
use crate::facts::At;
use crate::triage;
use crate::triage::Outlook;
use crate::triage::Subject;
use crate::triage::onset;
use crate::triage::quick_win;
use crate::triage::runbook::Offered;
use crate::triage::suspects;
use crate::triage::suspects::Distance;
use crate::triage::suspects::Ranking;
use crate::triage::suspects::timing;

/// So many suspects are told: the eleventh is a name in a list.
const SUSPECTS: usize = 10;

pub(super) fn climb((at, within): (At, Duration)) -> Climb {
    Climb { at: moment(at), within_s: seconds(within) }
}

pub(super) fn round(round: &onset::RoundClock) -> RoundClock {
    RoundClock { at: moment(round.at), kind: round.kind, zone: round.zone.name().to_owned(), shown: round.to_string() }
}

pub(super) fn suspects(ranking: &Ranking) -> Suspects {
    Suspects {
        nothing_fits: !ranking.fits,
        list: ranking.suspects.iter().take(SUSPECTS).map(suspect).collect(),
        considered: ranking.suspects.len(),
    }
}

fn suspect(suspect: &suspects::Suspect) -> Suspect {
    let one = &suspect.candidate;
    let (place, steps) = match suspect.distance {
        Distance::Here => (Place::Here, None),
        Distance::Called(steps) => (Place::Called, Some(steps)),
        Distance::Calls(steps) => (Place::Calls, Some(steps)),
        Distance::Unknown => (Place::Unknown, None),
        Distance::Elsewhere => (Place::Elsewhere, None),
    };
    Suspect {
        id: one.id.clone(),
        kind: one.kind,
        role: one.role,
        name: one.name.clone(),
        service: one.place.service().map(str::to_owned),
        part: one.part.clone(),
        version: one.version.clone(),
        previous: one.previous.clone(),
        at: moment(one.at),
        until: one.until.map(moment),
        running: one.running,
        anchor: suspect.anchor,
        before_s: suspect.before.num_milliseconds() as f64 / 1_000.0,
        timing: timing(one, suspect.anchor, suspect.before),
        place,
        steps,
        supports: suspect.supports.clone(),
        against: suspect.against.clone(),
    }
}

pub(super) fn quick_win(win: &quick_win::QuickWin) -> QuickWin {
    QuickWin {
        action: win.action,
        title: win.title.clone(),
        reason: win.reason.clone(),
        odds: win.odds.map(str::to_owned),
        command: win.command.clone(),
    }
}

pub(super) fn runbook(offered: &Offered) -> Runbook {
    Runbook { key: offered.key.clone(), title: offered.title.clone(), because: offered.because.clone() }
}

/// Every rule of the service, the worst first.
pub(super) fn rules(app: &App, service: &ServiceState) -> Vec<Rule> {
    let watcher = &service.watcher;
    let all = watcher.rules().iter().filter_map(|rule| {
        let standing = watcher.standing(rule, &service.signals, app.now())?;
        let (word, since) = match &standing {
            triage::Standing::Quiet => (Standing::Quiet, None),
            triage::Standing::Pending(since) => (Standing::Pending, Some(*since)),
            triage::Standing::Holds(since) => (Standing::Holds, Some(*since)),
            triage::Standing::CannotTell(_) => (Standing::CannotTell, None),
        };
        Some(Rule {
            severity: rule.severity,
            sentence: rule.to_string(),
            reason: rule.reason.to_owned(),
            standing: word,
            since: since.map(moment),
            shown: standing.words(app.now(), &app.settings().zone),
        })
    });
    all.collect()
}

/// What is usual, by subject, where it is known.
pub(super) fn usual(service: &ServiceState) -> BTreeMap<&'static str, Usual> {
    let of = |subject: Subject| {
        let out = service.watcher.onset(subject);
        // What was usual when it left is what it is told against.
        let usual = out.map(|onset| onset.usual).or_else(|| service.watcher.usual(subject))?;
        let left = out.map(|onset| Left { at: moment(onset.at), within_s: seconds(onset.within), above: onset.above });
        let (low, middle, high) = (usual.low, usual.middle, usual.high);
        Some((subject.key(), Usual { low, middle, high, unit: subject.unit(), since: moment(usual.since), left }))
    };
    Subject::ALL.into_iter().filter_map(of).collect()
}

/// What climbs to its limit, by subject.
pub(super) fn leaks(service: &ServiceState) -> BTreeMap<&'static str, Leak> {
    let of = |subject: Subject| {
        let Some(Outlook::Leak(leak)) = service.watcher.outlook(subject) else { return None };
        let leak = Leak {
            since: moment(leak.since),
            open: leak.since_open,
            share_per_hour: leak.per_hour,
            full_at: moment(leak.full_at),
            earliest: moment(leak.earliest),
            latest: leak.latest.map(moment),
        };
        Some((subject.key(), leak))
    };
    Subject::ALL.into_iter().filter_map(of).collect()
}

pub(super) fn split(split: &facts::Split) -> Split {
    let part = |part: &facts::Part| Part { name: part.name.to_string(), value: part.value, share: part.share };
    Split {
        measure: split.measure.key(),
        label: split.label.to_string(),
        at: moment(split.at),
        unit: split.measure.unit(),
        parts: split.parts.iter().map(part).collect(),
        count: split.count,
    }
}
