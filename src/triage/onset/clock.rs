//! A round clock: an onset at midnight or at the top of an hour hints at a job or at a date, and is worth a word.
//!
//! Said only where chance is small: of all instants, at most one in ten or so may be as near to a clock of that kind.

use std::fmt;
use std::time::Duration;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::TimeZone;
use chrono::Timelike;

use crate::facts::At;
use crate::facts::Zone;

/// Seconds after its time within which a job shows: it starts, then it hurts, then a rate sees it.
const SHOWS: i64 = 60;

/// The kinds of round clock, the most telling first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RoundKind {
    /// 00:00 UTC.
    MidnightUtc,
    /// 00:00 on the wall.
    MidnightLocal,
    /// A full hour of the night on the wall, 1 to 6: when backups run.
    NightHour,
    /// Any other full hour, on the wall or in UTC.
    TopOfHour,
    /// A quarter of an hour.
    Quarter,
}

impl RoundKind {
    /// The largest uncertainty, seconds, at which this kind still means something.
    const fn means_something(self) -> i64 {
        match self {
            Self::MidnightUtc | Self::MidnightLocal => 600,
            Self::NightHour | Self::TopOfHour => 150,
            Self::Quarter => 20,
        }
    }
}

/// A round clock near an onset.
#[derive(Clone, PartialEq, Debug)]
pub struct RoundClock {
    /// The round instant itself.
    pub at: At,
    /// What is round about it.
    pub kind: RoundKind,
    /// The zone in which it is round.
    pub zone: Zone,
}

impl fmt::Display for RoundClock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wall = self.zone.local(self.at).format("%H:%M");
        let abbreviation = self.zone.abbreviation(self.at);
        match self.kind {
            RoundKind::MidnightUtc | RoundKind::MidnightLocal => write!(out, "midnight {abbreviation}"),
            RoundKind::NightHour => write!(out, "{wall} {abbreviation}"),
            RoundKind::TopOfHour => write!(out, "{wall} {abbreviation}, the top of the hour"),
            RoundKind::Quarter => write!(out, "{wall} {abbreviation}, a quarter of an hour"),
        }
    }
}

/// The most telling round clock that the onset fits, if its uncertainty is small enough to say so.
pub fn round_clock(at: At, within: Duration, zone: &Zone) -> Option<RoundClock> {
    let within = i64::try_from(within.as_secs()).unwrap_or(i64::MAX);
    let utc = Zone::utc();
    [(&utc, true), (zone, false)]
        .into_iter()
        .flat_map(|(zone, is_utc)| [86_400, 3600, 900].map(|period| nearest(at, within, zone, period, is_utc)))
        .flatten()
        .min_by_key(|round| (round.kind, round.zone == utc))
}

/// The multiple of `period` seconds of the day in that zone that the onset fits.
fn nearest(at: At, within: i64, zone: &Zone, period: i64, is_utc: bool) -> Option<RoundClock> {
    let wall = zone.local(at);
    let into = i64::from(wall.num_seconds_from_midnight()) % period;
    let late = if into * 2 > period { into - period } else { into };
    let round = at.checked_sub_signed(TimeDelta::seconds(late))?;
    let kind = kind(&zone.local(round), period, is_utc)?;
    let shows = if kind == RoundKind::Quarter { 0 } else { SHOWS };
    let fits = within <= kind.means_something() && late >= -within && late <= within.saturating_add(shows);
    let whole = round.with_nanosecond(0).unwrap_or(round);
    fits.then(|| RoundClock { at: whole, kind, zone: zone.clone() })
}

fn kind(wall: &DateTime<impl TimeZone>, period: i64, is_utc: bool) -> Option<RoundKind> {
    // A change of the clock between the onset and the round instant leaves no round clock.
    if i64::from(wall.num_seconds_from_midnight()) % period != 0 {
        return None;
    }
    Some(match (period, wall.hour()) {
        (86_400, _) if is_utc => RoundKind::MidnightUtc,
        (86_400, _) => RoundKind::MidnightLocal,
        (3600, 1..=6) => RoundKind::NightHour,
        (3600, _) => RoundKind::TopOfHour,
        _ => RoundKind::Quarter,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> At {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&chrono::Utc)
    }

    #[test]
    fn a_round_clock_is_said_where_chance_is_small() {
        for (onset, within, zone, said) in [
            ("2026-07-01T00:00:05Z", 5, "Europe/Berlin", Some("midnight UTC")),
            ("2026-07-01T00:04:00Z", 300, "UTC", Some("midnight UTC")),
            ("2026-06-30T23:57:00Z", 240, "UTC", Some("midnight UTC")),
            ("2026-07-01T00:20:00Z", 900, "UTC", None),
            ("2026-06-30T22:00:30Z", 10, "Europe/Berlin", Some("midnight CEST")),
            ("2026-07-01T03:00:40Z", 10, "UTC", Some("03:00 UTC")),
            ("2026-07-01T01:00:40Z", 10, "Europe/Berlin", Some("03:00 CEST")),
            ("2026-07-01T13:00:40Z", 10, "UTC", Some("13:00 UTC, the top of the hour")),
            ("2026-07-01T13:02:00Z", 10, "UTC", None),
            ("2026-07-01T12:58:00Z", 150, "UTC", Some("13:00 UTC, the top of the hour")),
            ("2026-07-01T13:00:00Z", 600, "UTC", None),
            ("2026-07-01T13:15:05Z", 5, "UTC", Some("13:15 UTC, a quarter of an hour")),
            ("2026-07-01T13:15:05Z", 60, "UTC", None),
            ("2026-07-01T13:22:00Z", 5, "UTC", None),
            // Half an hour off: the full hour of UTC and that of the wall are both full hours.
            ("2026-07-01T07:30:10Z", 10, "Asia/Kolkata", Some("13:00 IST, the top of the hour")),
            ("2026-07-01T08:00:10Z", 10, "Asia/Kolkata", Some("08:00 UTC, the top of the hour")),
        ] {
            let found = round_clock(at(onset), Duration::from_secs(within), &Zone::named(zone).unwrap());
            assert_eq!(found.map(|round| round.to_string()).as_deref(), said, "{onset} ±{within} s in {zone}");
        }
    }

    #[test]
    fn the_round_instant_is_whole() {
        let round = round_clock(at("2026-07-01T02:59:57.250Z"), Duration::from_secs(5), &Zone::utc()).unwrap();
        assert_eq!(round.at, at("2026-07-01T03:00:00Z"));
    }
}
