//! What becomes of a text that is complete: the entry that it was meant to be.

use chrono::NaiveDate;
use chrono::NaiveTime;
use chrono::TimeDelta;

use crate::app::App;
use crate::app::Effect;
use crate::app::Purpose;
use crate::facts::At;
use crate::facts::Zone;
use crate::incident::ClockAct;
use crate::incident::Stage;
use crate::incident::TestState;
use crate::incident::What;
use crate::signals::units;

impl App {
    /// Writes down what a text is.
    ///
    /// # Errors
    /// Why it cannot be what it was meant to be, and what to write instead.
    pub(super) fn finish(&mut self, index: usize, purpose: &Purpose, text: &str) -> Result<Vec<Effect>, String> {
        let text = text.to_owned();
        let may_be_empty = matches!(purpose, Purpose::Role(_) | Purpose::Assess(_));
        if text.is_empty() && !may_be_empty {
            return Ok(Vec::new());
        }
        Ok(match purpose {
            Purpose::Note => self.write(index, What::Note { text }),
            Purpose::Hypothesis => {
                let evidence = self.grounds(index);
                self.write(index, What::Hypothesis { text, evidence })
            }
            Purpose::Test(key) => {
                let all = self.services[index].incident.hypotheses();
                let state = all.into_iter().find(|one| one.key == *key).map_or(TestState::Testing, |one| one.state);
                self.write(index, What::Tested { hypothesis: key.clone(), state, text })
            }
            Purpose::Fix => {
                let mut effects = self.write(index, What::Fixed { text });
                if self.services[index].incident.stage().is_none_or(|(stage, _)| stage != Stage::Fix) {
                    effects.extend(self.write(index, What::Staged { stage: Stage::Fix }));
                }
                effects
            }
            Purpose::Assess(question) => {
                let known = self.services[index].incident.assessed(*question);
                if known.map_or(text.is_empty(), |said| said.text == text) {
                    return Ok(Vec::new());
                }
                self.write(index, What::Assessed { question: *question, text })
            }
            Purpose::Role(role) => {
                let name = text.lines().next().unwrap_or_default().trim().to_owned();
                if self.services[index].incident.role(*role).map_or(name.is_empty(), |said| said.text == name) {
                    return Ok(Vec::new());
                }
                self.write(index, What::Took { role: *role, name })
            }
            Purpose::Update(key, status) => self.reworded(index, key, *status, text),
            Purpose::HandOver => {
                let (to, text) = addressed(&text).ok_or("to whom? write a name behind `To:` in the first line")?;
                self.write(index, What::HandedOver { to, text })
            }
            Purpose::Action => {
                let (text, owner, due) = action(&text);
                if text.is_empty() {
                    return Err("what is to be done? write it before @who and the date".to_owned());
                }
                self.write(index, What::Action { text, owner, due })
            }
            Purpose::Clock(clock) => {
                let due =
                    due(&text, self.now, &self.settings.zone).ok_or("write 15m, 1h or a time of the day like 04:20")?;
                let mut effects = self.write(index, What::Clock { clock: *clock, act: ClockAct::Set(due) });
                if self.services[index].incident.clock(*clock).off == Some(true) {
                    effects.extend(self.write(index, What::Clock { clock: *clock, act: ClockAct::On }));
                }
                // A time that has just passed is tomorrow's: a slip of a minute must be seen.
                let local = self.settings.zone.local(due);
                let day = if local.date_naive() == self.settings.zone.local(self.now).date_naive() {
                    String::new()
                } else {
                    local.format("%a ").to_string()
                };
                let (title, left) = (clock.title().to_lowercase(), units::rough_between(self.now, due));
                self.say(format!("{title} due {day}{}, in {left}", local.format("%H:%M")));
                effects
            }
        })
    }
}

/// To whom, and the words below.
fn addressed(text: &str) -> Option<(String, String)> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let to = first.trim().strip_prefix("To:").or_else(|| first.trim().strip_prefix("to:")).unwrap_or(first).trim();
    (!to.is_empty()).then(|| (to.to_owned(), rest.trim().to_owned()))
}

/// What is to be done, who does it, and by when.
fn action(text: &str) -> (String, String, String) {
    let (mut what, mut owner, mut due) = (Vec::new(), String::new(), String::new());
    for word in text.split_whitespace() {
        match word.strip_prefix('@') {
            Some(name) if !name.is_empty() => name.clone_into(&mut owner),
            _ if word.len() == 10 && NaiveDate::parse_from_str(word, "%Y-%m-%d").is_ok() => word.clone_into(&mut due),
            _ => what.push(word),
        }
    }
    (what.join(" "), owner, due)
}

/// When: so long from now on, or the next time that the clocks of the zone show that.
fn due(text: &str, now: At, zone: &Zone) -> Option<At> {
    let text = text.trim();
    if let Ok(time) = NaiveTime::parse_from_str(text, "%H:%M") {
        let shows = time.format("%H:%M").to_string();
        // Where clocks are set forward, a time is left out on that day; where they are set back, the first one counts.
        let next = now.timestamp().div_euclid(60) + 1;
        let minutes = (next..next + 2 * 24 * 60).filter_map(|minute| At::from_timestamp(minute * 60, 0));
        return minutes.into_iter().find(|at| zone.local(*at).format("%H:%M").to_string() == shows);
    }
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let number: i64 = text[..split].parse().ok()?;
    let seconds = match text[split..].trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let length = number.checked_mul(seconds).filter(|length| (1..=30 * 86_400).contains(length))?;
    Some(now + TimeDelta::seconds(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_and_addresses_are_read_as_people_write_them() {
        for (text, expected) in [
            ("raise the pool @sam 2026-11-30", ("raise the pool", "sam", "2026-11-30")),
            ("@sam raise the pool", ("raise the pool", "sam", "")),
            ("alert on waiters 2026-13-41", ("alert on waiters 2026-13-41", "", "")),
            ("@ 2026-11-30", ("@", "", "2026-11-30")),
            ("@sam", ("", "sam", "")),
        ] {
            let (what, owner, due) = action(text);
            assert_eq!((what.as_str(), owner.as_str(), due.as_str()), expected);
        }
        assert_eq!(addressed("To: sam\n\nall is well"), Some(("sam".into(), "all is well".into())));
        assert_eq!(addressed("sam"), Some(("sam".into(), String::new())));
        assert_eq!(addressed("To: \nall"), None);
    }

    #[test]
    fn a_clock_is_set_from_now_on_or_to_a_time_of_the_day() {
        let at = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap();
        let new_york = Zone::named("America/New_York").unwrap();
        for (text, now, expected) in [
            ("15m", "2026-11-20T03:00:10Z", Some("2026-11-20T03:15:10Z")),
            ("1h", "2026-11-20T03:00:10Z", Some("2026-11-20T04:00:10Z")),
            // 22:00 in New York; 04:20 comes tomorrow.
            ("04:20", "2026-11-20T03:00:10Z", Some("2026-11-20T09:20:00Z")),
            ("22:00", "2026-11-20T03:00:10Z", Some("2026-11-21T03:00:00Z")),
            // The night in which 01:30 comes twice: the first one, then the second.
            ("01:30", "2026-11-01T05:00:00Z", Some("2026-11-01T05:30:00Z")),
            ("01:30", "2026-11-01T05:45:00Z", Some("2026-11-01T06:30:00Z")),
            // The night without 02:30.
            ("02:30", "2026-03-08T06:00:00Z", Some("2026-03-09T06:30:00Z")),
            ("0m", "2026-11-20T03:00:10Z", None),
            ("99d", "2026-11-20T03:00:10Z", None),
            ("soon", "2026-11-20T03:00:10Z", None),
            ("15", "2026-11-20T03:00:10Z", None),
            ("25:00", "2026-11-20T03:00:10Z", None),
            ("9223372036854775807h", "2026-11-20T03:00:10Z", None),
        ] {
            let due = due(text, at(now).to_utc(), &new_york);
            assert_eq!(due, expected.map(|text| at(text).to_utc()), "{text}");
        }
    }
}
