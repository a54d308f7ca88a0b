//! Instants as a person reads them: the zone is always said, and an age has a fixed width.

use std::time::Duration;

use chrono::Datelike;

use crate::facts::At;
use crate::facts::Zone;
use crate::signals::units;

/// `03:15:20` in the zone.
pub(super) fn second(at: At, zone: &Zone) -> String {
    zone.local(at).format("%H:%M:%S").to_string()
}

/// `03:15` in the zone; with the day when it is not the day of `today`, and with the year when it is another one.
pub(super) fn minute(at: At, today: At, zone: &Zone) -> String {
    let (at, today) = (zone.local(at), zone.local(today));
    let days = (today.date_naive() - at.date_naive()).num_days().abs();
    let format = match days {
        0 => "%H:%M",
        1..=6 => "%a %H:%M",
        _ if at.year() != today.year() => "%d %b %Y",
        _ => "%d %b",
    };
    at.format(format).to_string()
}

/// The short name of the zone at that instant: `EST`.
pub(super) fn zone_word(at: At, zone: &Zone) -> String {
    zone.abbreviation(at).to_owned()
}

/// The local time and UTC, each with its zone; once where they are the same.
pub(super) fn both(at: At, zone: &Zone) -> (String, String) {
    let word = zone_word(at, zone);
    if word == "UTC" {
        return (format!("{} UTC", second(at, zone)), String::new());
    }
    (format!("{} {word}", second(at, zone)), format!("{} UTC", at.format("%H:%M:%S")))
}

/// An age that moves no faster than it matters: seconds up to ten, tens of seconds up to a minute, then whole
/// minutes. Twenty ages that count seconds are unrest, and bytes on a slow line.
pub(super) fn calm(age: Duration) -> String {
    let seconds = age.as_secs();
    let calm = match seconds {
        0..10 => seconds,
        10..60 => seconds - seconds % 10,
        _ => seconds - seconds % 60,
    };
    units::age(Duration::from_secs(calm))
}

/// The distance of two instants as a [`calm`] age.
pub(super) fn calm_between(from: At, to: At) -> String {
    calm((to - from).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_where_they_are_others() {
        let zone = Zone::named("America/New_York").unwrap();
        let at = |text: &str| text.parse::<At>().unwrap();
        let today = at("2026-01-14T08:21:09Z");
        for (then, text) in [
            ("2026-01-14T08:15:20Z", "03:15"),
            ("2026-01-13T08:15:20Z", "Tue 03:15"),
            ("2026-01-02T08:15:20Z", "02 Jan"),
            // Still the old year in New York.
            ("2026-01-01T03:00:00Z", "31 Dec 2025"),
            ("2025-12-15T08:15:20Z", "15 Dec 2025"),
        ] {
            assert_eq!(minute(at(then), today, &zone), text);
        }
    }

    #[test]
    fn ages_are_calm() {
        for (seconds, text) in
            [(0, "0s"), (9, "9s"), (10, "10s"), (59, "50s"), (61, "1m"), (3_599, "59m"), (7_500, "2h05m")]
        {
            assert_eq!(calm(Duration::from_secs(seconds)), text);
        }
    }
}
