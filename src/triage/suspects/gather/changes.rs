//! Records of changes as candidates.

use chrono::TimeDelta;

use crate::facts::At;
use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::triage::suspects::Around;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;
use crate::triage::suspects::gather::place;

/// A change that far before the beginning is not looked at.
const NEAR: TimeDelta = TimeDelta::hours(24);
/// A job whose start differs that much from that of another day runs at the same time.
const SAME_TIME: TimeDelta = TimeDelta::minutes(5);
/// The most earlier runs that are counted against a job: the tenth says no more than the third.
const RUNS: usize = 3;
/// Words for an environment that is not production. What has another name may be it.
const ELSEWHERE: [&str; 10] =
    ["staging", "stage", "dev", "development", "test", "testing", "qa", "preview", "sandbox", "local"];

pub fn candidates(around: &Around<'_>) -> Vec<Candidate> {
    around
        .changes
        .iter()
        .filter(|change| change.started <= around.at && change.at() >= around.earliest() - NEAR)
        .filter_map(|change| candidate(around, change))
        .collect()
}

fn candidate(around: &Around<'_>, change: &Change) -> Option<Candidate> {
    let kind = match change.kind {
        ChangeKind::Deploy => Kind::Deploy,
        ChangeKind::Flag => Kind::Flag,
        ChangeKind::Config => Kind::Config,
        ChangeKind::Scale => Kind::Scale,
        ChangeKind::Job => Kind::Job,
        ChangeKind::Note => return None,
    };
    let place = place::of(change, around.services);
    let mut one = Candidate::new(change.id.clone(), kind, change.at(), place, change.name());
    one.state = Some(change.state);
    one.version.clone_from(&change.version);
    if kind != Kind::Deploy {
        one.part.clone_from(&change.what);
    }
    timed(around, change, &mut one);
    match kind {
        Kind::Deploy => one.previous = previous(around, change, &one.place),
        Kind::Job => routine(around, change, &mut one),
        _ => {}
    }
    doubts(change, &mut one);
    Some(one)
}

/// A job takes effect from its start; a deploy at its end, or, when the trouble began while it was rolled out, from
/// its start.
fn timed(around: &Around<'_>, change: &Change, one: &mut Candidate) {
    let running = change.state == ChangeState::Running;
    let during = change.started <= around.onset_end() && change.at() > around.onset.0;
    if one.kind == Kind::Job || running || during {
        one.at = change.started;
        one.until = change.finished;
        one.running = running && change.finished.is_none();
    }
    if one.kind == Kind::Deploy && during && !running {
        one.supports.push("it began while this was rolled out".to_owned());
    }
}

fn doubts(change: &Change, one: &mut Candidate) {
    match change.state {
        ChangeState::Failed => one.supports.push("it failed; parts of it may be live".to_owned()),
        ChangeState::RolledBack => {
            one.weight *= 0.4;
            one.against.push("it was rolled back".to_owned());
        }
        ChangeState::Running if one.kind == Kind::Deploy => one.supports.push("still being rolled out".to_owned()),
        _ => {}
    }
    if ELSEWHERE.iter().any(|word| change.environment.eq_ignore_ascii_case(word)) {
        one.weight *= 0.1;
        one.against.push(format!("in {}, not in production", change.environment));
    }
}

/// The version that the newest deploy before this one brought to the same program.
fn previous(around: &Around<'_>, change: &Change, place: &Place) -> String {
    around
        .changes
        .iter()
        .filter(|other| other.kind == ChangeKind::Deploy && other.at() < change.at())
        .filter(|other| !matches!(other.state, ChangeState::Failed | ChangeState::RolledBack))
        .filter(|other| other.environment.eq_ignore_ascii_case(&change.environment))
        .filter(|other| other.what.eq_ignore_ascii_case(&change.what) && place::of(other, around.services) == *place)
        .filter(|other| !other.version.is_empty() && other.version != change.version)
        .max_by_key(|other| other.at())
        .map(|other| other.version.clone())
        .unwrap_or_default()
}

/// What ran at this time on other days and did no harm is routine; what did harm then too is not.
fn routine(around: &Around<'_>, change: &Change, one: &mut Candidate) {
    let runs: Vec<At> = around
        .changes
        .iter()
        .filter(|other| other.kind == ChangeKind::Job && other.what == change.what && other.id != change.id)
        .map(|other| other.started)
        .filter(|started| same_time(change.started - *started))
        .collect();
    if runs.is_empty() {
        return;
    }
    let hurt =
        |started: &&At| around.troubles.iter().any(|(from, to)| *from <= **started + SAME_TIME * 2 && *to >= **started);
    let harmful = runs.iter().filter(hurt).count();
    if harmful * 2 >= runs.len() {
        one.weight *= 4.0;
        one.supports.push(format!("trouble came with {harmful} of its {} earlier runs at this time", runs.len()));
    } else {
        one.weight *= 0.4_f64.powi(runs.len().min(RUNS) as i32);
        let times = if runs.len() == 1 { "once".to_owned() } else { format!("{} times", runs.len()) };
        one.against.push(format!("ran at this time {times} before without trouble"));
    }
}

/// Whole days apart, give or take a little.
fn same_time(apart: TimeDelta) -> bool {
    let day = TimeDelta::days(1).num_seconds();
    let seconds = apart.num_seconds();
    let off = seconds.rem_euclid(day);
    seconds > day / 2 && off.min(day - off) <= SAME_TIME.num_seconds()
}
