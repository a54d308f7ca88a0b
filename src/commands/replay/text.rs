//! What became of the stories as people read it, at a terminal or in a ticket.

use std::fmt::Write as _;

use super::document::Expectation;
use super::document::Replay;
use super::document::Run;
use super::document::Step;
use super::words::apart;
use super::words::span_after;
use crate::facts::text::clean_line;
use chrono::TimeDelta;

/// A sentence of the course is cut there, in characters.
const SENTENCE: usize = 300;

/// For a terminal. Of many stories only what did not hold is told, before the table.
pub(super) fn text(replay: &Replay, brief: bool) -> String {
    let mut out = String::new();
    for run in &replay.runs {
        let _ = writeln!(out, "{} · seed {} · {}", run.scenario, run.seed, run.title);
        let _ = writeln!(out, "T is {}, played from {} to {}\n", run.zero.0, run.begins.0, run.ends.0);
        if !brief {
            course(&mut out, run);
        }
        expectations(&mut out, run, brief);
        out.push('\n');
    }
    if replay.runs.len() > 1 {
        table(&mut out, &cells(replay));
        out.push('\n');
    }
    out + &conclusion(replay) + "\n"
}

/// For a ticket.
pub(super) fn markdown(replay: &Replay, brief: bool) -> String {
    let mut out = String::new();
    for run in &replay.runs {
        let _ = writeln!(out, "## {}, seed {}\n", escaped(&run.scenario), run.seed);
        let _ = writeln!(out, "{}\n\nT is {}.\n", escaped(&run.title), run.zero.0);
        if !brief {
            out.push_str("| when | service | state | what is said |\n|---|---|---|---|\n");
            for step in &run.course {
                let when = span_after(step.after_zero_s);
                let (service, said) = (escaped(&step.service), escaped(&sentences(step)));
                let _ = writeln!(out, "| {when} | {service} | {} | {said} |", step.severity);
            }
            out.push('\n');
        }
        out.push_str("| | when | what | expected | said |\n|---|---|---|---|---|\n");
        for one in shown(run, brief) {
            let (word, when) = (word(one), span_after(one.after_zero_s));
            let (expected, said) = (escaped(&one.expected), escaped(&one.said));
            let _ = writeln!(out, "| {word} | {when} | {} | {expected} | {said} |", one.what);
        }
        out.push('\n');
    }
    if replay.runs.len() > 1 {
        for (index, row) in cells(replay).iter().enumerate() {
            let row: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
            let _ = writeln!(out, "| {} |", row.join(" | "));
            if index == 0 {
                let _ = writeln!(out, "|{}", "---|".repeat(row.len()));
            }
        }
        out.push('\n');
    }
    out + &conclusion(replay) + "\n"
}

fn course(out: &mut String, run: &Run) {
    let several = run.course.iter().any(|step| run.course.first().is_some_and(|first| first.service != step.service));
    let mut rows = Vec::new();
    for step in &run.course {
        let mut row = vec![span_after(step.after_zero_s)];
        row.extend(several.then(|| step.service.clone()));
        row.extend([step.severity.to_uppercase(), sentences(step)]);
        rows.push(row);
    }
    table(out, &rows);
    out.push('\n');
}

fn expectations(out: &mut String, run: &Run, brief: bool) {
    let row = |one: &Expectation| {
        let said = if one.ok { String::new() } else { format!("said: {}", clean_line(&one.said, SENTENCE)) };
        vec![word(one).to_owned(), span_after(one.after_zero_s), one.what.clone(), one.expected.clone(), said]
    };
    let rows: Vec<_> = shown(run, brief).map(row).collect();
    table(out, &rows);
    if run.expectations.is_empty() {
        out.push_str("nothing is expected of it\n");
    } else if rows.is_empty() {
        let _ = writeln!(out, "all {} expectations hold", run.expectations.len());
    }
}

fn shown(run: &Run, brief: bool) -> impl Iterator<Item = &Expectation> {
    run.expectations.iter().filter(move |one| !brief || !one.ok)
}

const fn word(one: &Expectation) -> &'static str {
    if one.ok { "ok" } else { "FAILED" }
}

/// What was said at a step, in one line.
fn sentences(step: &Step) -> String {
    let all = [&step.headline, &step.context].into_iter().filter(|text| !text.is_empty());
    clean_line(&all.map(String::as_str).collect::<Vec<_>>().join(" "), SENTENCE)
}

/// The table at the end: a row for each run, the first row says what is what.
fn cells(replay: &Replay) -> Vec<Vec<String>> {
    let titles =
        ["scenario", "seed", "first verdict", "severity", "onset", "change", "runbook", "changes of state", ""];
    let seconds = |seconds: f64| TimeDelta::milliseconds((seconds * 1_000.0).round() as i64);
    let row = |run: &Run| {
        let first = run.first_verdict.as_ref();
        let onset = run.onset.as_ref().map(|onset| {
            let off = seconds(onset.error_s);
            if off < TimeDelta::zero() { format!("{} early", apart(-off)) } else { format!("{} late", apart(off)) }
        });
        let none = || "-".to_owned();
        let rank = match (&run.expected_change, run.change_rank) {
            (None, _) => none(),
            (Some(_), Some(rank)) => format!("{rank}."),
            (Some(_), None) => "missed".to_owned(),
        };
        vec![
            run.scenario.clone(),
            run.seed.to_string(),
            first.map_or_else(none, |first| span_after(first.after_zero_s)),
            first.map_or_else(none, |first| first.severity.clone()),
            onset.unwrap_or_else(none),
            rank,
            run.runbook.clone().unwrap_or_else(none),
            run.severity_changes.to_string(),
            if run.ok { "ok".to_owned() } else { format!("{} of {} FAILED", run.failed, run.expectations.len()) },
        ]
    };
    std::iter::once(titles.map(str::to_owned).to_vec()).chain(replay.runs.iter().map(row)).collect()
}

fn conclusion(replay: &Replay) -> String {
    let expected: usize = replay.runs.iter().map(|run| run.expectations.len()).sum();
    let failed: usize = replay.runs.iter().map(|run| run.failed).sum();
    let runs = replay.runs.len();
    let of = if runs == 1 { String::new() } else { format!(" in {} of {runs} runs", runs - replay.runs_ok) };
    match failed {
        0 => format!("all {expected} expectations hold"),
        _ => format!("{failed} of {expected} expectations FAILED{of}"),
    }
}

/// Columns as wide as their widest cell; the last one is not filled up.
fn table(out: &mut String, rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    for row in rows {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = padded.collect::<Vec<_>>().join("  ");
        let _ = writeln!(out, "  {}", line.trim_end());
    }
}

/// Text that Markdown takes for nothing else.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in clean_line(text, SENTENCE).chars() {
        if "\\`*_[]<>|#~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
