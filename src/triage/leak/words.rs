//! The words about a leak, in pieces, so that a headline and a detail may take what they have room for.
//!
//! Neither the name of the service nor a verdict: what was measured, and when it is full.

use std::time::Duration;

use crate::facts::At;
use crate::facts::Number;
use crate::facts::Unit;
use crate::facts::Zone;
use crate::signals::units;
use crate::triage::leak::Leak;
use crate::triage::leak::Why;

/// What there is to say about a leak.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pieces {
    /// `floor up in 11 of 12 slices for 2h`.
    pub floor: String,
    /// `never this high before`, or what is known instead.
    pub before: &'static str,
    /// `+41.0 MiB/h`.
    pub pace: String,
    /// `full about 05:10`.
    pub full: String,
    /// `04:40-06:20`.
    pub spread: String,
    /// `a restart gave time and cured nothing`, after a second life that climbs like the first.
    pub again: Option<&'static str>,
}

/// The pieces, with times in the zone of the team.
#[must_use]
pub fn pieces(leak: &Leak, unit: Unit, now: At, zone: &Zone) -> Pieces {
    let (up, of) = leak.slices;
    let clock = |at: At| clock(at, now, zone);
    let full = if leak.full_at <= now { "full now".to_owned() } else { format!("full about {}", clock(leak.full_at)) };
    let spread = match leak.latest {
        Some(latest) if clock(leak.earliest) == clock(latest) => clock(latest),
        Some(latest) => format!("{}-{}", clock(leak.earliest), clock(latest)),
        None => format!("{} at the earliest", clock(leak.earliest)),
    };
    Pieces {
        floor: format!("floor up in {up} of {of} slices for {}", units::rough_age(leak.over)),
        before: if leak.since_open { "climbing since before the oldest sample" } else { "never this high before" },
        pace: format!("+{}", pace(leak.per_hour, unit)),
        full,
        spread,
        again: leak.again.then_some("a restart gave time and cured nothing"),
    }
}

/// All pieces in one sentence: `memory floor up in 11 of 12 slices for 2h, never this high before, +41.0 MiB/h:
/// full about 05:10 (04:40-06:20)`.
#[must_use]
pub fn sentence(what: &str, leak: &Leak, unit: Unit, now: At, zone: &Zone) -> String {
    let pieces = pieces(leak, unit, now, zone);
    let again = pieces.again.map(|again| format!(", {again}")).unwrap_or_default();
    format!("{what} {}, {}{again}, {}: {} ({})", pieces.floor, pieces.before, pieces.pace, pieces.full, pieces.spread)
}

/// Why nothing can be said, as the end of `cannot tell yet: `.
#[must_use]
pub fn reason(why: Why, now: At) -> String {
    match why {
        Why::TooLittle(history) if history == Duration::ZERO => "no history".to_owned(),
        Why::TooLittle(history) => format!("only {} of history", units::rough_age(history)),
        Why::Restarted(at) => format!("restarted {} ago, it filled up before that", units::rough_between(at, now)),
        Why::WarmingUp => "it climbs more and more slowly, still warming up".to_owned(),
        Why::NoBeginning => "it climbs since before the oldest sample: a leak or the load of the day".to_owned(),
    }
}

/// A rate per hour, `+41.0 MiB/h` less its sign.
fn pace(per_hour: f64, unit: Unit) -> String {
    // A count of less than a few per hour needs its fraction, a larger one has none.
    let value = if unit == Unit::Count && per_hour.abs() >= 10.0 { per_hour.round() } else { per_hour };
    format!("{}/h", units::shown(Number { value, at_least: false }, unit))
}

/// `05:10`, with the day when it is not today's.
fn clock(at: At, now: At, zone: &Zone) -> String {
    let (at, today) = (zone.local(at), zone.local(now));
    let format = if at.date_naive() == today.date_naive() { "%H:%M" } else { "%d %b %H:%M" };
    at.format(format).to_string()
}
