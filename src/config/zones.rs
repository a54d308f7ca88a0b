//! Time zones by their IANA names; what is not one is answered with those that may be meant.
//!
//! `EST` and its like are refused although the database has some of them: they stand for a fixed distance from
//! UTC, or for several places, and are wrong for half of the year where people mean the clock on the wall.

use super::reader::Wrong;
use super::reader::quoted;
use crate::facts::Zone;

/// Abbreviations and old names, and the zones that people may mean by them.
const MEANT: &[(&str, &[&str])] = &[
    ("ACST", &["Australia/Adelaide", "Australia/Darwin"]),
    ("ACDT", &["Australia/Adelaide"]),
    ("ADT", &["America/Halifax"]),
    ("AEST", &["Australia/Sydney", "Australia/Brisbane"]),
    ("AEDT", &["Australia/Sydney", "Australia/Melbourne"]),
    ("AKDT", &["America/Anchorage"]),
    ("AKST", &["America/Anchorage"]),
    ("AST", &["America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"]),
    ("AWST", &["Australia/Perth"]),
    ("BRT", &["America/Sao_Paulo"]),
    ("BST", &["Europe/London", "Asia/Dhaka"]),
    ("CAT", &["Africa/Maputo"]),
    ("CDT", &["America/Chicago", "America/Havana"]),
    ("CEST", &["Europe/Berlin", "Europe/Paris", "Europe/Madrid"]),
    ("CET", &["Europe/Berlin", "Europe/Paris", "Africa/Algiers"]),
    ("CST", &["America/Chicago", "America/Mexico_City", "Asia/Shanghai"]),
    ("CST6CDT", &["America/Chicago"]),
    ("EAT", &["Africa/Nairobi"]),
    ("EDT", &["America/New_York", "America/Toronto"]),
    ("EEST", &["Europe/Athens", "Europe/Kyiv"]),
    ("EET", &["Europe/Athens", "Europe/Kyiv", "Africa/Cairo"]),
    ("EST", &["America/New_York", "America/Toronto", "America/Panama"]),
    ("EST5EDT", &["America/New_York"]),
    ("GST", &["Asia/Dubai"]),
    ("HKT", &["Asia/Hong_Kong"]),
    ("HST", &["Pacific/Honolulu"]),
    ("IDT", &["Asia/Jerusalem"]),
    ("IST", &["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
    ("JST", &["Asia/Tokyo"]),
    ("KST", &["Asia/Seoul"]),
    ("MDT", &["America/Denver"]),
    ("MET", &["Europe/Berlin", "Europe/Brussels"]),
    ("MSK", &["Europe/Moscow"]),
    ("MST", &["America/Denver", "America/Phoenix"]),
    ("MST7MDT", &["America/Denver"]),
    ("NDT", &["America/St_Johns"]),
    ("NST", &["America/St_Johns"]),
    ("NZDT", &["Pacific/Auckland"]),
    ("NZST", &["Pacific/Auckland"]),
    ("PDT", &["America/Los_Angeles", "America/Vancouver"]),
    ("PKT", &["Asia/Karachi"]),
    ("PST", &["America/Los_Angeles", "America/Vancouver", "Asia/Manila"]),
    ("PST8PDT", &["America/Los_Angeles"]),
    ("SAST", &["Africa/Johannesburg"]),
    ("SGT", &["Asia/Singapore"]),
    ("SST", &["Asia/Singapore", "Pacific/Pago_Pago"]),
    ("WAT", &["Africa/Lagos"]),
    ("WEST", &["Europe/Lisbon"]),
    ("WET", &["Europe/Lisbon", "Atlantic/Canary"]),
    ("WIB", &["Asia/Jakarta"]),
    ("Z", &["UTC"]),
];

/// A zone by its IANA name: `Europe/Berlin`, `UTC`. Used by the command line as well.
///
/// # Errors
/// What is wrong with the name and which ones may be meant, in one sentence.
pub fn zone(name: &str) -> Result<Zone, String> {
    parse_zone(name).map_err(|wrong| format!("{}; {}", wrong.cause, wrong.advice))
}

pub(super) fn parse_zone(name: &str) -> Result<Zone, Wrong> {
    let name = name.trim();
    if let Some((_, meant)) = MEANT.iter().find(|(short, _)| short.eq_ignore_ascii_case(name)) {
        let cause = format!("{} is not the name of one place's time zone", quoted(name));
        return Err(Wrong::new(cause, format!("write the IANA name of a place: {} may be meant", or_list(meant))));
    }
    if let Some(zone) = Zone::named(name) {
        return Ok(zone);
    }
    let cause = format!("{} is not an IANA time zone", quoted(name));
    if name.starts_with(['+', '-']) || ["UTC+", "UTC-", "GMT+", "GMT-"].iter().any(|start| name.starts_with(start)) {
        return Err(Wrong::new(cause, "a distance from UTC knows no summer time; write a place, as Europe/Berlin"));
    }
    let meant = alike(name);
    if meant.is_empty() {
        return Err(Wrong::new(cause, "write a name as Europe/Berlin, America/New_York or UTC"));
    }
    Err(Wrong::new(cause, format!("did you mean {}?", or_list(&meant))))
}

/// The three zones at most that a mistyped name is most like: as a whole, or the city alone.
fn alike(name: &str) -> Vec<&'static str> {
    let wanted = name.to_lowercase().replace([' ', '-'], "_");
    // A hostile name may be long, and the comparison is quadratic.
    if wanted.chars().count() > 60 || wanted.is_empty() {
        return Vec::new();
    }
    let likeness = |zone: &str| {
        let zone = zone.to_lowercase();
        let city = zone.rsplit('/').next().unwrap_or(&zone);
        let wanted_city = wanted.rsplit('/').next().unwrap_or(&wanted);
        let whole = strsim::normalized_damerau_levenshtein(&wanted, &zone);
        // A right city under a wrong continent is the commoner mistake, yet the whole name counts a little more.
        whole.max(strsim::normalized_damerau_levenshtein(wanted_city, city) * 0.97)
    };
    let mut zones: Vec<(f64, &'static str)> = Zone::names()
        .filter(|zone| zone.contains('/'))
        .map(|zone| (likeness(zone), zone))
        .filter(|(likeness, _)| *likeness > 0.72)
        .collect();
    zones.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.len().cmp(&b.1.len())).then(a.1.cmp(b.1)));
    zones.into_iter().take(3).map(|(_, zone)| zone).collect()
}

fn or_list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iana_names_are_zones() {
        for name in ["UTC", "GMT", "Etc/GMT+5", "Europe/Berlin", "America/New_York", "Asia/Kolkata", " UTC "] {
            assert!(parse_zone(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn others_are_answered_with_what_may_be_meant() {
        for (name, meant) in [
            ("EST", "America/New_York, America/Toronto or America/Panama may be meant"),
            ("est", "America/New_York"),
            ("PST", "America/Los_Angeles"),
            ("CET", "Europe/Berlin"),
            ("IST", "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem"),
            ("Europe/Berln", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("America/New York", "America/New_York"),
            ("Berlin", "Europe/Berlin"),
            ("Europe/Tokyo", "Asia/Tokyo"),
            ("UTC+2", "no summer time"),
            ("+02:00", "no summer time"),
            ("Mars/Olympus", "write a name as"),
            ("", "write a name as"),
        ] {
            let wrong = parse_zone(name).unwrap_err();
            assert!(wrong.advice.contains(meant), "{name}: {wrong:?}");
        }
    }

    #[test]
    fn every_zone_that_is_offered_exists_and_is_not_refused_itself() {
        for (short, meant) in MEANT {
            assert!(!meant.is_empty());
            for name in *meant {
                assert!(parse_zone(name).is_ok(), "{short}: {name}");
            }
        }
    }
}
