//! The evidence behind a verdict in words: where each rule stands, what is usual, when that was left, what runs full.

use crate::facts::At;
use crate::facts::Number;
use crate::facts::Zone;
use crate::signals::units;
use crate::triage::Leak;
use crate::triage::Standing;
use crate::triage::Subject;
use crate::triage::Undecided;
use crate::triage::clock_time;
use crate::triage::onset::Onset;
use crate::triage::onset::Usual;

impl Standing {
    /// `holds since 03:15:20, 5m`, `cannot tell yet: no value of cpu`.
    #[must_use]
    pub fn words(&self, now: At, zone: &Zone) -> String {
        match self {
            Self::Quiet => "does not hold".to_owned(),
            Self::Pending(since) => {
                format!("has begun at {}, not for long enough yet", clock_time(*since, now, zone))
            }
            Self::Holds(since) => {
                format!("holds since {}, {}", clock_time(*since, now, zone), units::between(*since, now))
            }
            Self::CannotTell(why) => format!("cannot tell yet: {}", why.words()),
        }
    }
}

impl Undecided {
    /// Why, as the rest of a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let name = |subject: &Subject| subject.key().replace('_', " ");
        match self {
            Self::NoValue(subject) => format!("there is no value of {}", name(subject)),
            Self::NoBaseline(subject) => format!("too little is known to say what is usual for {}", name(subject)),
            Self::TooShort(subject, lasting) if lasting.is_zero() => {
                format!("{} is so in one answer, the next one tells", name(subject))
            }
            Self::TooShort(subject, lasting) => {
                format!("{} is so since it is known, which is less than {}", name(subject), units::age(*lasting))
            }
            Self::TooFew(subject) => {
                format!("{} is so of too few requests to mean anything", name(subject))
            }
            Self::Reading => "the past is being read".to_owned(),
        }
    }
}

/// `120 to 180 ms in the last 4h`.
#[must_use]
pub fn usual_words(usual: &Usual, subject: Subject, now: At) -> String {
    let shown = |value: f64| units::shown(Number { value: value.max(0.0), at_least: false }, subject.unit());
    format!("{} to {} in {}", shown(usual.low), shown(usual.high), units::rough_between(usual.since, now))
}

/// `left its usual 120 to 180 ms at 03:15:20 ±5s, out in 7 of 7 answers since`.
#[must_use]
pub fn onset_words(onset: &Onset, subject: Subject, now: At, zone: &Zone) -> String {
    let usual = usual_words(&onset.usual, subject, now);
    let at = clock_time(onset.at, now, zone);
    let (out, of) = onset.outside;
    format!("left its usual {usual} at {at} ±{}, out in {out} of {of} answers since", units::age(onset.within))
}

/// `full about 05:10 (04:40 to 06:20): up by 16 % an hour, in 11 of 12 slices of the last 2h`; of a share of a limit.
#[must_use]
pub fn leak_words(leak: &Leak, now: At, zone: &Zone) -> String {
    let clock = |at: At| about_time(at, now, zone);
    let spread = match leak.latest {
        Some(latest) if clock(latest) == clock(leak.earliest) => String::new(),
        Some(latest) => format!(" ({} to {})", clock(leak.earliest), clock(latest)),
        None => format!(" ({} at the earliest)", clock(leak.earliest)),
    };
    let (up, of) = leak.slices;
    let pace = units::shown(Number { value: leak.per_hour.max(0.0), at_least: false }, crate::facts::Unit::Ratio);
    let over = units::rough_age(leak.over);
    let full = clock(leak.full_at);
    format!("full about {full}{spread}: up by {pace} an hour, in {up} of {of} slices of the last {over}")
}

/// `05:10`: an instant to come as exactly as a forecast can know it, so that it does not change with every answer: to
/// five minutes where it is more than five minutes away, to a quarter of an hour where it is more than three hours away.
/// With the day when that is another one.
#[must_use]
pub fn about_time(at: At, now: At, zone: &Zone) -> String {
    let grain = match (at - now).num_minutes() {
        ..5 => 60,
        5..180 => 300,
        _ => 900,
    };
    let rounded = (at.timestamp() + grain / 2).div_euclid(grain) * grain;
    let (at, today) = (zone.local(At::from_timestamp(rounded, 0).unwrap_or(at)), zone.local(now));
    let format = if at.date_naive() == today.date_naive() { "%H:%M" } else { "%d %b %H:%M" };
    at.format(format).to_string()
}
