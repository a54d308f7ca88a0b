//! `[incident]`: how incidents are led: what opens by itself, the clocks, the list of the whole incident.

use std::path::PathBuf;
use std::time::Duration;

use crate::incident::ClockSettings;
use crate::incident::Stage;
use crate::incident::StageTimes;

use super::query;
use super::reader::Section;
use super::reader::Text;
use super::reader::Value;
use super::reader::Wrong;
use super::reader::quoted;
use super::units::parse_duration;
use super::units::spell;

/// A clock that rings more often than this would be switched off within minutes.
const SHORTEST: Duration = Duration::from_mins(1);
/// Nobody waits for a clock for longer.
const LONGEST: Duration = Duration::from_hours(24 * 30);

/// How incidents are led.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incident {
    /// One opens by itself when a service is critical.
    pub opens: bool,
    /// Half a minute to breathe comes first.
    pub breathes: bool,
    /// How long the stages are meant to take.
    pub stages: StageTimes,
    /// The clocks.
    pub clocks: ClockSettings,
    /// A Markdown task list of the whole incident instead of the one that ships.
    pub full_list: Option<PathBuf>,
    /// `PromQL` that says how many users are affected.
    pub users: Option<String>,
}

impl Default for Incident {
    fn default() -> Self {
        let (stages, clocks) = (StageTimes::default(), ClockSettings::default());
        Self { opens: true, breathes: true, stages, clocks, full_list: None, users: None }
    }
}

/// Reads the table into what is there by default. `existing` says where a file is, if it is there; `on_server` whether
/// servers are asked, which understand more than our own engine.
pub(super) fn read(
    value: &Value<'_>,
    existing: &dyn Fn(&str) -> Result<PathBuf, Wrong>,
    on_server: bool,
    into: &mut Incident,
) {
    let Some(section) = value.section("[incident]", "[incident] on a line of its own") else { return };
    into.opens = switch(&section, "opens").unwrap_or(into.opens);
    into.breathes = switch(&section, "breathe").unwrap_or(into.breathes);
    into.clocks.bell = switch(&section, "bell").unwrap_or(into.clocks.bell);
    for (key, example, clock) in [
        ("update", "update = \"15m\"", &mut into.clocks.update),
        ("escalate", "escalate = \"20m\"", &mut into.clocks.escalate),
        ("call_out", "call_out = \"10m\"", &mut into.clocks.call_out),
    ] {
        if let Some(length) = section.value(key).and_then(|value| value.text(example)?.map(length)) {
            *clock = length;
        }
    }
    if let Some(value) = section.value("stages") {
        stages(&value, &mut into.stages);
    }
    if let Some(value) = section.value("post_mortem") {
        post_mortem(&value, &mut into.clocks.post_mortem);
    }
    let list = section.value("full_list").and_then(|value| value.text("full_list = \"full-incident.md\""));
    into.full_list = list.and_then(|text| text.map(existing));
    let users = section.value("users").and_then(|value| value.text("users = \"sum(users_affected)\""));
    into.users = users.and_then(|text| text.map(|raw| query::check(raw, on_server).map(|()| raw.to_owned())));
    section.done();
}

/// The keys of `[incident.stages]`.
const STAGES: [(&str, Stage); 8] = [
    ("breathe", Stage::Breathe),
    ("first", Stage::First),
    ("assess", Stage::Assess),
    ("quick_wins", Stage::QuickWins),
    ("suspects", Stage::Suspects),
    ("logs", Stage::Logs),
    ("verify", Stage::Fix),
    ("monitor", Stage::Monitor),
];

/// How long the stages are meant to take.
fn stages(value: &Value<'_>, into: &mut StageTimes) {
    let Some(section) = value.section("[incident.stages]", "[incident.stages] on a line of its own") else { return };
    for (key, stage) in STAGES {
        if let Some(length) = section.value(key).and_then(|value| value.text("verify = \"2m\"")?.map(stage_length)) {
            into.set(stage, length);
        }
    }
    section.done();
}

fn stage_length(text: &str) -> Result<Duration, Wrong> {
    let length = parse_duration(text)?;
    if (Duration::from_secs(1)..=Duration::from_hours(24)).contains(&length) {
        return Ok(length);
    }
    Err(Wrong::new(format!("{} is not between 1s and 24h", quoted(text)), "write a time like \"2m\""))
}

fn switch(section: &Section<'_>, key: &'static str) -> Option<bool> {
    let value = section.value(key)?;
    let known = value.as_bool();
    if known.is_none() {
        value.mismatch(&format!("{key} = true or {key} = false"));
    }
    known
}

/// How long a clock runs; `off`: it does not.
fn length(text: &str) -> Result<Option<Duration>, Wrong> {
    if text.trim() == "off" {
        return Ok(None);
    }
    let length = parse_duration(text)?;
    if (SHORTEST..=LONGEST).contains(&length) {
        return Ok(Some(length));
    }
    let cause = format!("{} is not between {} and {}", quoted(text), spell(SHORTEST), spell(LONGEST));
    Err(Wrong::new(cause, "write a time like \"15m\", or \"off\""))
}

/// The first reminder and the last; `off`: none. What cannot be read leaves it as it is.
fn post_mortem(value: &Value<'_>, into: &mut Option<(Duration, Duration)>) {
    const EXAMPLE: &str = "post_mortem = [\"24h\", \"48h\"]";
    if value.as_text().is_some_and(|text| text.raw().trim() == "off") {
        *into = None;
        return;
    }
    let Some(texts) = value.texts(EXAMPLE) else { return };
    let times: Option<Vec<Duration>> = texts.iter().map(|text: &Text<'_>| text.map(length)?).collect();
    match times.as_deref() {
        Some([first, last]) if first < last => *into = Some((*first, *last)),
        Some(_) => {
            value.wrong(Wrong::new("these are not two times, the earlier one first", format!("write {EXAMPLE}")));
        }
        None => {}
    }
}
