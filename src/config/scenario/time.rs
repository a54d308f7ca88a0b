//! Instants of a scenario: offsets from its beginning (`5m`), from T (`T-90s`), times of day (`03:00`), dates.

use chrono::DateTime;
use chrono::NaiveTime;
use chrono::Timelike;

use crate::drill::Event;
use crate::drill::Second;
use crate::facts::At;

use crate::config::reader::Section;
use crate::config::reader::Value;
use crate::config::reader::Wrong;
use crate::config::reader::quoted;
use crate::config::units::parse_duration;

const EXAMPLES: &str = "\"5m\" after the beginning, \"T-90s\", \"03:00\" or \"2026-11-20T03:00:00Z\"";

/// How far before the beginning something may have happened: a year, in seconds.
const LONGEST_AGO: Second = 366 * 86_400;

/// What instants are relative to.
pub(super) struct Calendar {
    pub(super) begins: At,
    /// The last second that is played.
    pub(super) ends: Second,
    /// T, once it is known.
    zero: Option<Second>,
}

/// An instant as it is written.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Written {
    AfterBegin(Second),
    AfterZero(Second),
    /// Seconds of the day, UTC: the first such time from the beginning on.
    Clock(Second),
    Date(At),
}

impl Calendar {
    /// Reads `begins`.
    pub(super) fn begin(top: &Section<'_>) -> Self {
        let example = "begins = \"2026-11-20T19:00:00Z\"";
        if !top.has("begins") {
            top.lacks("begins", example);
        }
        let begins = top.value("begins").and_then(|value| {
            let text = value.as_date().or_else(|| value.text(example).map(|text| text.raw().to_owned()))?;
            let date = DateTime::parse_from_rfc3339(&text).ok().map(|date| date.to_utc());
            if date.is_none_or(|date| date.nanosecond() != 0) {
                let cause = format!("{} is not a date with a whole second and a zone", quoted(&text));
                value.wrong(Wrong::new(cause, format!("write {example}")));
            }
            date.filter(|date| date.nanosecond() == 0)
        });
        Self { begins: begins.unwrap_or(At::UNIX_EPOCH), ends: Second::MAX, zero: None }
    }

    /// Reads `zero`, if it is there.
    pub(super) fn read_zero(&mut self, top: &Section<'_>) {
        let Some(value) = top.value("zero") else { return };
        self.zero = self.second(&value);
        if self.zero.is_none() {
            // Something was written: that times relative to it are wrong as well would be an echo.
            self.zero = Some(0);
        }
    }

    /// T: what is written, else the first trouble, else the beginning.
    pub(super) fn settle_zero(&mut self, events: &[Event]) -> Second {
        let trouble = |event: &&Event| !event.set.is_empty() || event.answers.is_some();
        let zero = self.zero.or_else(|| events.iter().find(trouble).map(|event| event.at)).unwrap_or(0);
        *self.zero.insert(zero)
    }

    /// T, as far as it is known.
    pub(super) const fn settled(&self) -> Option<Second> {
        self.zero
    }

    /// An instant; one that is after the end is a problem.
    pub(super) fn second(&self, value: &Value<'_>) -> Option<Second> {
        let example = format!("{} = {EXAMPLES}", value.name());
        let text = match value.as_date() {
            Some(date) => date,
            None => value.text(&example)?.raw().to_owned(),
        };
        let second = parse(&text).and_then(|written| self.resolve(written));
        let second = second.map_err(|wrong| value.wrong(wrong)).ok()?;
        if second > self.ends {
            let cause = format!("{} is after the end of the scenario", quoted(&text));
            value.wrong(Wrong::new(cause, "write an earlier one, or a longer `lasts`"));
            return None;
        }
        if second < -LONGEST_AGO {
            let cause = format!("{} is more than a year before the beginning", quoted(&text));
            value.wrong(Wrong::new(cause, format!("write {EXAMPLES}")));
            return None;
        }
        Some(second)
    }

    fn resolve(&self, written: Written) -> Result<Second, Wrong> {
        match written {
            Written::AfterBegin(second) => Ok(second),
            Written::AfterZero(second) => self.zero.map(|zero| zero + second).ok_or_else(|| {
                Wrong::new("T is not known here", "write zero = \"30m\" at the top of the file: T, after the beginning")
            }),
            Written::Clock(of_day) => {
                let begins = Second::from(self.begins.num_seconds_from_midnight());
                Ok((of_day - begins).rem_euclid(86_400))
            }
            Written::Date(at) => Ok((at - self.begins).num_seconds()),
        }
    }
}

fn parse(text: &str) -> Result<Written, Wrong> {
    let text = text.trim();
    let bad = || Wrong::new(format!("{} is not an instant", quoted(text)), format!("write {EXAMPLES}"));
    if let Some(rest) = text.strip_prefix('T') {
        return match rest.trim() {
            "" => Ok(Written::AfterZero(0)),
            rest => match rest.split_at_checked(1) {
                Some(("+", span)) => Ok(Written::AfterZero(whole(span)?)),
                Some(("-", span)) => Ok(Written::AfterZero(-whole(span)?)),
                _ => Err(bad()),
            },
        };
    }
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return Ok(Written::Date(date.to_utc()));
    }
    if text.contains(':') {
        let clock = ["%H:%M", "%H:%M:%S"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok());
        return clock.map(|clock| Written::Clock(clock.num_seconds_from_midnight().into())).ok_or_else(bad);
    }
    if let Some(span) = text.strip_prefix('-') {
        return Ok(Written::AfterBegin(-whole(span)?));
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '+') {
        return Err(bad());
    }
    Ok(Written::AfterBegin(whole(text.trim_start_matches('+'))?))
}

/// A time span of whole seconds.
pub(super) fn whole(text: &str) -> Result<Second, Wrong> {
    let span = parse_duration(text)?;
    if span.subsec_nanos() > 0 {
        return Err(Wrong::new(format!("{} is not in whole seconds", quoted(text)), "write \"90s\" or \"1h30m\""));
    }
    Ok(span.as_secs() as Second)
}

/// A time of day as seconds from midnight, UTC.
pub(super) fn time_of_day(value: &Value<'_>) -> Option<u32> {
    let example = format!("{} = \"14:00\"", value.name());
    let text = match value.as_date() {
        Some(date) => date,
        None => value.text(&example)?.raw().to_owned(),
    };
    if let Ok(Written::Clock(of_day)) = parse(&text) {
        return u32::try_from(of_day).ok();
    }
    value.wrong(Wrong::new(format!("{} is not a time of day", quoted(&text)), format!("write {example}, in UTC")));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_four_forms() {
        let begins: At = "2026-11-20T19:00:00Z".parse().unwrap();
        let calendar = Calendar { begins, ends: 86_400, zero: Some(3_600) };
        for (text, second) in [
            ("0s", 0),
            ("5m", 300),
            ("-2h", -7_200),
            ("T", 3_600),
            ("T+1m30s", 3_690),
            ("T - 90s", 3_510),
            ("20:00", 3_600),
            ("00:00", 18_000),
            ("03:00:30", 28_830),
            ("2026-11-20T19:00:07Z", 7),
            ("2026-11-20T20:00:00+01:00", 0),
        ] {
            assert_eq!(parse(text).and_then(|written| calendar.resolve(written)), Ok(second), "{text}");
        }
        for text in ["", "T*2", "soon", "25:00", "5", "1.5s", "T+", "tomorrow 03:00"] {
            assert!(parse(text).is_err(), "{text}: {:?}", parse(text));
        }
    }
}
