//! Troubles that begin at a round time of the clock: midnight, the small hours, the full hour.

use chrono::Timelike as _;

use crate::facts::At;
use crate::facts::Zone;
use crate::triage::suspects::Around;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;

/// What the clock starts shows within that time; the uncertainty of the onset comes on top.
const SOON: chrono::TimeDelta = chrono::TimeDelta::seconds(90);

/// Adds the round time that the onset follows; and tells a job that began then that the time was round.
pub fn take_in(around: &Around<'_>, all: &mut Vec<Candidate>) {
    let within = chrono::TimeDelta::from_std(around.onset.1).unwrap_or_default();
    let (onset, latest) = (around.onset.0, around.onset_end());
    let Some(hour) = full_hour(latest).filter(|hour| onset - *hour <= SOON + within) else { return };
    let (weight, name) = roundness(hour, around.zone);
    let mut one = Candidate::new("clock", Kind::Clock, hour, Place::Unknown, name.clone());
    one.weight = weight;
    for job in all.iter_mut().filter(|job| job.kind == Kind::Job && (job.at - hour).abs() <= SOON) {
        job.supports.push(format!("at a round time: {name}"));
    }
    all.push(one);
}

/// The last full hour at or before an instant.
fn full_hour(at: At) -> Option<At> {
    at.with_minute(0)?.with_second(0)?.with_nanosecond(0)
}

/// Dates change at midnight, UTC or here; nightly work begins in the small hours; at other hours it is chance.
fn roundness(hour: At, zone: &Zone) -> (f64, String) {
    let local = zone.local(hour);
    let round = local.minute() == 0;
    if hour.hour() == 0 {
        (0.5, "midnight UTC".to_owned())
    } else if round && local.hour() == 0 {
        (0.5, "midnight".to_owned())
    } else if round && (1..6).contains(&local.hour()) {
        (0.05, format!("{:02}:00", local.hour()))
    } else {
        (0.000_3, format!("{:02}:{:02}", local.hour(), local.minute()))
    }
}
