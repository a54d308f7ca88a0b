//! `sixty show`: the timeline of an incident, for people, for a ticket or for a program.
//!
//! Times are UTC, with how long after the opening; what sixty saw by itself is told apart from what people did.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::Desk;
use super::Outcome;
use super::Refused;
use crate::commands::cli::Format;
use crate::commands::report::json;
use crate::facts::At;
use crate::facts::markdown::escape;
use crate::incident::By;
use crate::incident::Entry;
use crate::incident::Incident;
use crate::incident::Role;
use crate::incident::What;
use crate::incident::is_of_wild_clock;
use crate::incident::told;
use crate::runtime::exit;
use crate::runtime::journal::Loaded;
use crate::signals::units;

/// The incident as JSON. Fields may be added; none changes its meaning.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    id: &'a str,
    service: &'a str,
    title: &'a str,
    opened_at: Option<At>,
    /// When it was over; of one that was merged, when that was.
    ended_at: Option<At>,
    merged_into: Option<&'a str>,
    people: Vec<&'a str>,
    /// The incidents that were merged into it.
    parts: &'a [String],
    /// Lines of its file that could not be read.
    skipped: usize,
    entries: Vec<One>,
}

#[derive(Serialize)]
struct One {
    /// Seconds after the opening.
    after: Option<i64>,
    /// The clock that told its time was wrong: it is more than 30 days from the opening.
    is_wild_clock: bool,
    /// What happened, in words.
    told: String,
    /// The entry as the journal has it.
    #[serde(flatten)]
    entry: Value,
}

pub(super) fn run(desk: &Desk, incident: Option<&str>, format: Format, people: bool) -> Outcome {
    let id = match incident {
        Some(word) => desk.named(word)?,
        None => newest(desk)?,
    };
    let loaded = desk.archive.load(&id)?;
    if loaded.skipped > 0 && format != Format::Json {
        let lines = if loaded.skipped == 1 { "line" } else { "lines" };
        exit::say(format!("{}: {} {lines} could not be read", loaded.path.display(), loaded.skipped));
    }
    let incident = &loaded.incident;
    let wanted = |entry: &&Entry| !people || is_human(entry);
    match format {
        Format::Json => {
            json(&document(&loaded, incident.entries().filter(wanted)), desk.ascii).map_err(Refused::cannot)
        }
        Format::Text | Format::Markdown => {
            let entries: Vec<&Entry> =
                incident.entries().filter(wanted).filter(|entry| is_news(incident, entry)).collect();
            let lines = if format == Format::Text { text(&loaded, &entries) } else { markdown(&loaded, &entries) };
            Ok(lines)
        }
    }
}

/// The incident that goes on if it is the only one, else the newest of the service or of all.
fn newest(desk: &Desk) -> Result<String, Refused> {
    if let [(id, _)] = desk.current()?.as_slice() {
        return Ok(id.clone());
    }
    let rows = desk.archive.list()?.rows.into_iter();
    let mut rows = rows.filter(|row| desk.service.as_ref().is_none_or(|service| row.service == *service));
    rows.next().map(|row| row.id).ok_or_else(|| {
        Refused::no_such(match &desk.service {
            Some(service) => format!("there is no incident of {service} in {}", desk.state.display()),
            None => format!("there is no incident in {}", desk.state.display()),
        })
    })
}

/// Whether a person did it on purpose.
fn is_human(entry: &Entry) -> bool {
    entry.by == By::Person && !matches!(entry.what, What::Joined | What::Unsaved { .. } | What::Looked { .. })
}

/// Texts are kept every few seconds while they are written: only the last one that nobody finished is news.
fn is_news(incident: &Incident, entry: &Entry) -> bool {
    match &entry.what {
        What::Unsaved { about, .. } => incident.unsaved(&entry.who, about).is_some_and(|said| said.at == entry.at),
        _ => true,
    }
}

fn document<'a>(loaded: &'a Loaded, entries: impl Iterator<Item = &'a Entry>) -> Document<'a> {
    let incident = &loaded.incident;
    let opened = incident.opened_at();
    let end = incident.resolved();
    Document {
        version: 1,
        id: &loaded.id,
        service: incident.service(),
        title: incident.title(),
        opened_at: opened,
        ended_at: end.map(|entry| entry.at),
        merged_into: end.and_then(|entry| match &entry.what {
            What::MergedInto { incident } => Some(incident.as_str()),
            _ => None,
        }),
        people: incident.people(),
        parts: &loaded.parts,
        skipped: loaded.skipped,
        entries: entries
            .map(|entry| One {
                after: opened.map(|opened| (entry.at - opened).num_seconds()),
                is_wild_clock: is_of_wild_clock(opened, entry.at),
                told: told(&entry.what),
                entry: serde_json::from_str(&entry.line()).unwrap_or_default(),
            })
            .collect(),
    }
}

/// The sentences above a timeline.
fn heading(loaded: &Loaded) -> Vec<String> {
    let incident = &loaded.incident;
    let stamp = |at: At| at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let mut lines = Vec::new();
    if let Some(opened) = incident.opened_at() {
        lines.push(match incident.resolved() {
            Some(Entry { at, what: What::MergedInto { incident }, .. }) => {
                format!("Opened {}, since {} a part of {incident}", stamp(opened), stamp(*at))
            }
            Some(end) => {
                format!("Opened {}, over {}, took {}", stamp(opened), stamp(end.at), units::between(opened, end.at))
            }
            None => format!("Opened {}, not over", stamp(opened)),
        });
    }
    let people = incident.people();
    if !people.is_empty() {
        lines.push(format!("People: {}", people.join(", ")));
    }
    let roles = Role::ALL.iter().filter_map(|role| Some(format!("{}: {}", role.title(), incident.role(*role)?.text)));
    lines.extend(roles);
    if !loaded.parts.is_empty() {
        lines.push(format!("Parts: {}", loaded.parts.join(", ")));
    }
    lines
}

/// How long after the opening: `+12:05`, `+1:02:03`, `-0:10`; `clock?` where that cannot be.
fn after(opened: Option<At>, at: At) -> String {
    let Some(opened) = opened else { return String::new() };
    if is_of_wild_clock(Some(opened), at) {
        return "clock?".to_owned();
    }
    let seconds = (at - opened).num_seconds();
    let (sign, seconds) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{sign}{hours}:{minutes:02}:{seconds:02}") } else { format!("{sign}{minutes}:{seconds:02}") }
}

fn name(entry: &Entry) -> &str {
    if entry.by == By::Sixty { "sixty" } else { &entry.who }
}

fn text(loaded: &Loaded, entries: &[&Entry]) -> String {
    let incident = &loaded.incident;
    let mut out = format!("{}  {}  {}", loaded.id, incident.service(), incident.title()).trim_end().to_owned() + "\n";
    for line in heading(loaded) {
        out += &line;
        out.push('\n');
    }
    let opened = incident.opened_at();
    let widest = |of: &dyn Fn(&Entry) -> usize| entries.iter().map(|entry| of(entry)).max().unwrap_or_default();
    let names = widest(&|entry| name(entry).width());
    let ages = widest(&|entry| after(opened, entry.at).len());
    let mut day = None;
    for entry in entries {
        let date = entry.at.date_naive();
        if day.replace(date) != Some(date) {
            let _ = writeln!(out, "\n{} UTC", date.format("%Y-%m-%d"));
        }
        let (who, mark) = (name(entry), if entry.by == By::Sixty { '·' } else { ' ' });
        let blanks = " ".repeat(names - who.width());
        let head =
            format!("{}  {:>ages$}  {mark} {who}{blanks}  ", entry.at.format("%H:%M:%S"), after(opened, entry.at));
        let indent = " ".repeat(head.width());
        for (index, line) in told(&entry.what).lines().enumerate() {
            out += if index == 0 { &head } else { &indent };
            out += line;
            out.push('\n');
        }
    }
    out
}

fn markdown(loaded: &Loaded, entries: &[&Entry]) -> String {
    let incident = &loaded.incident;
    let title = if incident.title().is_empty() { incident.service() } else { incident.title() };
    let mut out = format!("# {}\n\n", escape(title));
    let _ = writeln!(out, "- Incident `{}` of {}", loaded.id, escape(incident.service()));
    for line in heading(loaded) {
        let _ = writeln!(out, "- {}", escape(&line));
    }
    let opened = incident.opened_at();
    let mut day = None;
    for entry in entries {
        let date = entry.at.date_naive();
        if day.replace(date) != Some(date) {
            let _ = writeln!(out, "\n## {} UTC\n", date.format("%Y-%m-%d"));
        }
        let words = told(&entry.what);
        let words: Vec<String> = words.lines().map(escape).collect();
        let words = words.join("  \n  ");
        let (time, age) = (entry.at.format("%H:%M:%S"), after(opened, entry.at));
        let _ = match entry.by {
            By::Person => writeln!(out, "- **{time}** ({age}) **{}**: {words}", escape(&entry.who)),
            By::Sixty => writeln!(out, "- {time} ({age}) _sixty saw_: {words}"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_that_cannot_be_is_a_doubt_about_the_clock() {
        let at = |second: i64| At::from_timestamp(second, 0).unwrap();
        let opened = 1_770_160_500;
        for (second, expected) in [
            (opened + 725, "+12:05"),
            (opened - 10, "-0:10"),
            (opened + 29 * 86_400, "+696:00:00"),
            (opened + 31 * 86_400, "clock?"),
            (0, "clock?"),
            (4_070_908_800, "clock?"),
        ] {
            assert_eq!(after(Some(at(opened)), at(second)), expected);
        }
    }
}
