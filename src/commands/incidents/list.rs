//! `sixty list`: the incidents that there are, newest first.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::Desk;
use super::Outcome;
use super::Refused;
use crate::commands::cli::Format;
use crate::commands::report::json;
use crate::facts::At;
use crate::facts::markdown::escape;
use crate::facts::text::clean_line;
use crate::incident::Row;
use crate::runtime::exit;
use crate::runtime::journal::IDLE;
use crate::signals::units;

/// How many that are over are listed without `--all`.
const NEWEST: usize = 20;

/// The list as JSON. Fields may be added; none changes its meaning.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    incidents: Vec<One<'a>>,
    damaged: Vec<Damaged<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    id: &'a str,
    service: &'a str,
    title: &'a str,
    /// `open`, `silent` (nobody said that it is over, and nobody wrote for long), `over` or `merged`.
    state: &'static str,
    /// Whether it is the one of its service that goes on: another may be open beside it.
    current: bool,
    opened_at: Option<At>,
    resolved_at: Option<At>,
    merged_into: Option<&'a str>,
    worst: Option<&'static str>,
    people: &'a [String],
    last_at: Option<At>,
    /// Its post-mortem was written.
    has_post_mortem: bool,
}

#[derive(Serialize)]
struct Damaged<'a> {
    path: &'a str,
    cause: &'a str,
}

pub(super) fn run(desk: &Desk, format: Format, all: bool) -> Outcome {
    let listing = desk.archive.list()?;
    let current: HashSet<String> = desk.current()?.into_iter().map(|(id, _)| id).collect();
    let wanted = |row: &&Row| desk.service.as_ref().is_none_or(|service| row.service == *service);
    let rows: Vec<&Row> = listing.rows.iter().filter(wanted).collect();
    let mut others = 0;
    let count = rows.len();
    let rows = rows.into_iter().filter(|row| {
        let is_open = state(row, &current, desk.now) == OPEN;
        others += usize::from(!is_open);
        all || is_open || others <= NEWEST
    });
    let rows: Vec<Stands<'_>> = rows
        .map(|row| Stands { row, state: state(row, &current, desk.now), current: current.contains(&row.id) })
        .collect();
    let left_out = count - rows.len();
    if format != Format::Json {
        for (path, fault) in &listing.damaged {
            exit::say(format!("{}: {fault}", clean_line(path, 300)));
        }
        if left_out > 0 {
            exit::say(format!("{left_out} older ones are left out; see them with --all"));
        }
    }
    match format {
        Format::Text => Ok(text(&rows, desk.now)),
        Format::Markdown => Ok(markdown(&rows, desk.now)),
        Format::Json => {
            let damaged = listing.damaged.iter().map(|(path, fault)| Damaged { path, cause: &fault.cause }).collect();
            let incidents = rows.iter().map(one).collect();
            json(&Document { version: 1, incidents, damaged }, desk.ascii).map_err(Refused::cannot)
        }
    }
}

/// So long after the end a post-mortem should be there: people still remember.
const DUE: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// The word for an incident that goes on.
const OPEN: &str = "open";

/// An incident, and how it stands.
struct Stands<'a> {
    row: &'a Row,
    state: &'static str,
    /// The one that goes on.
    current: bool,
}

fn state(row: &Row, current: &HashSet<String>, now: At) -> &'static str {
    let is_idle = row.last_at.is_none_or(|at| (now - at).to_std().is_ok_and(|age| age > IDLE));
    match row {
        Row { merged_into: Some(_), .. } => "merged",
        Row { resolved_at: Some(_), .. } => "over",
        row if current.contains(&row.id) || !is_idle => OPEN,
        _ => "silent",
    }
}

fn one<'a>(stands: &Stands<'a>) -> One<'a> {
    let Stands { row, state, current } = *stands;
    One {
        id: &row.id,
        service: &row.service,
        title: &row.title,
        state,
        current,
        opened_at: row.opened_at,
        resolved_at: row.resolved_at,
        merged_into: row.merged_into.as_deref(),
        worst: row.worst.map(crate::triage::Severity::word),
        people: &row.people,
        last_at: row.last_at,
        has_post_mortem: row.has_post_mortem,
    }
}

/// The columns of a row: id, service, how it stands, how bad it was, who, title.
fn columns(stands: &Stands<'_>, now: At) -> [String; 6] {
    let Stands { row, state, current } = *stands;
    let opened = row.opened_at.or(row.last_at).unwrap_or(now);
    let stands = match (state, row.resolved_at, &row.merged_into) {
        (_, _, Some(whole)) => format!("part of {whole}"),
        (_, Some(end), _) if !row.has_post_mortem && now - end >= DUE => {
            format!("over, took {}; post-mortem due", units::between(opened, end))
        }
        (_, Some(end), _) => format!("over, took {}", units::between(opened, end)),
        (OPEN, ..) if !current => "open (another goes on)".to_owned(),
        (OPEN, ..) => format!("open for {}", units::between(opened, now)),
        _ => format!("quiet for {}", units::between(row.last_at.unwrap_or(opened), now)),
    };
    let worst = row.worst.map_or("", crate::triage::Severity::word).to_owned();
    let people = clean_line(&row.people.join(", "), 40);
    [row.id.clone(), row.service.clone(), stands, worst, people, row.title.clone()]
}

fn text(rows: &[Stands<'_>], now: At) -> String {
    let rows: Vec<[String; 6]> = rows.iter().map(|row| columns(row, now)).collect();
    let widest = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(widest);
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
            line += cell;
            line += &" ".repeat(width - cell.width() + 2);
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

fn markdown(rows: &[Stands<'_>], now: At) -> String {
    let mut out = "| incident | service | state | worst | people | title |\n|---|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let cells = columns(row, now).map(|cell| escape(&cell));
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_mortem_that_nobody_wrote_is_due_after_a_day() {
        let end = At::from_timestamp(1_770_000_000, 0).unwrap();
        let told = |hours: i64, has_post_mortem: bool| {
            let row = Row {
                id: "a".to_owned(),
                service: "shop".to_owned(),
                title: String::new(),
                opened_at: Some(end - chrono::TimeDelta::minutes(40)),
                resolved_at: Some(end),
                merged_into: None,
                worst: None,
                people: Vec::new(),
                last_at: Some(end),
                has_post_mortem,
            };
            let stands = Stands { row: &row, state: "over", current: false };
            columns(&stands, end + chrono::TimeDelta::hours(hours)).join("|")
        };
        assert!(told(24, false).contains("over, took 40m; post-mortem due"), "{}", told(24, false));
        assert!(!told(23, false).contains("due") && !told(99, true).contains("due"));
    }
}
