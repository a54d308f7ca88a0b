//! A runbook: why it fits, what of it holds now, and its steps in order, with who did which and when.
//!
//! The chosen step stands open with its hint and its command; where there is room for all, all do. What is only to be
//! known stands beside the steps on a wide screen, and behind them on a narrow one.

mod list;

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Command;
use crate::app::KEYS;
use crate::app::OpenRunbook;
use crate::app::StepNow;
use crate::triage::runbook::Misread;
use crate::triage::runbook::Section;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::checklist;
use crate::ui::clock;
use crate::ui::glyphs::symbol;
use crate::ui::pages::follow;
use crate::ui::pages::head;
use crate::ui::pages::lines;
use crate::ui::pages::owned;
use crate::ui::pages::part;
use crate::ui::pages::title;
use crate::ui::rows::Row;
use crate::ui::rows::Span;
use crate::ui::rows::clipped;
use crate::ui::rows::severity_role;
use crate::ui::rows::span;

pub(super) use list::draw as draw_list;

/// From this width on, what is to be known stands beside the steps.
const WIDE: u16 = 100;
/// Most reasons that are told.
const REASONS: usize = 4;
/// Most rows of a command, a hint and the words of a chosen step.
const COMMAND_ROWS: usize = 8;
const HINT_ROWS: usize = 4;
const TEXT_ROWS: usize = 4;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(open) = app.runbook() else {
        let body = title(app, canvas, area, "Runbook", "");
        canvas.put(body.x + 2, body.y, body.width.saturating_sub(2), "this runbook is gone", Role::Muted);
        return;
    };
    let wide = area.width >= WIDE;
    let width = if wide { area.width * 3 / 5 } else { area.width }.saturating_sub(2);
    let short = area.height < 12;
    let room = usize::from(area.height - head(area));
    let mut rows = above(app, &open, width, short, canvas.glyphs);
    if !wide && !short {
        rows.extend(symptoms(&open, width, canvas.glyphs));
    }
    if !rows.is_empty() && !short {
        rows.push(Row::new());
    }
    let top = rows.len();
    let shape = |openness| steps(app, &open, width, openness, short, canvas);
    let steps = [Openness::All, Openness::Whole].into_iter().map(shape).find(|part| top + part.rows.len() <= room);
    let steps = steps.unwrap_or_else(|| shape(Openness::Brief));
    let mut chosen = steps.chosen.map(|(first, last)| (top + first, top + last));
    rows.extend(steps.rows);
    if !wide {
        let mut known = known(app, &open, width, canvas.glyphs, short);
        known.rows.insert(0, Row::new());
        chosen = chosen.or_else(|| known.chosen.map(|(first, last)| (rows.len() + first + 1, rows.len() + last + 1)));
        rows.extend(known.rows);
    }
    // The whole of the chosen step, as far as there is room; else its beginning.
    let scroll = chosen.map_or(0, |(first, last)| follow(last, room).min(first));
    let (first, words) = part(rows.len(), room, scroll);
    let more = heading(&open, &words, area.width);
    let name = clipped(&open.book.title, area.width.saturating_sub(canvas.width(&more) + 14).max(12), canvas.glyphs);
    let body = title(app, canvas, area, &name, &more);
    let left = Rect { width: if wide { width + 2 } else { body.width }, ..body };
    lines(canvas, left, &rows[first..]);
    if wide {
        let x = left.right() + 1;
        canvas.upright(x, body.y, body.height);
        let right = Rect { x: x + 1, width: body.right().saturating_sub(x + 1), ..body };
        let inner = right.width.saturating_sub(3);
        let mut beside = symptoms(&open, inner, canvas.glyphs);
        beside.insert(0, Row::new().left(Role::Title, "SYMPTOMS"));
        beside.push(Row::new());
        beside.extend(known_wide(app, &open, inner, canvas.glyphs));
        lines(canvas, right, &beside);
    }
}

/// Which of those that fit it is, how much is done, which part is seen.
fn heading(open: &OpenRunbook<'_>, part: &str, width: u16) -> String {
    let done = open.steps.iter().filter(|step| step.done()).count();
    if width < 60 {
        return format!("{done}/{} done", open.steps.len());
    }
    let own = if open.book.is_own { "yours" } else { "" };
    let place = match open.place {
        Some((place, count)) if count > 1 => format!("{place} of {count} that fit"),
        Some(_) => "fits".to_owned(),
        None => "does not fit now".to_owned(),
    };
    let done = format!("{done} of {} done", open.steps.len());
    [own, &place, &done, part].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("  ")
}

/// What has to be known before the first step: that ticks are not saved, that a file is not understood, and why this
/// runbook.
fn above<'a>(app: &'a App, open: &OpenRunbook<'_>, width: u16, short: bool, glyphs: Glyphs) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = checklist::trouble(app, width, glyphs).into_iter().collect();
    rows.extend(misread_rows(app, Some(&open.book.key), width, if short { 1 } else { 2 }, glyphs));
    let why = match open.because.as_slice() {
        [] => "nothing that it is for is found now".to_owned(),
        some => format!("because: {}", some[..some.len().min(REASONS)].join(", ")),
    };
    let role = if open.because.is_empty() { Role::Muted } else { Role::Strong };
    rows.extend(owned(&why, role, width, if short { 1 } else { 3 }, glyphs).into_iter().map(|spans| row_of("", spans)));
    rows
}

/// What of the team's files is not understood: that of this key first, the others counted.
fn misread_rows<'a>(app: &'a App, key: Option<&str>, width: u16, most: usize, glyphs: Glyphs) -> Vec<Row<'a>> {
    let all = app.settings().runbooks.misread();
    let own = all.iter().find(|one| Some(one.key.as_str()) == key);
    let Some(first) = own.or(all.first()) else { return Vec::new() };
    let stays = if own.is_some() { "; this is the one that ships" } else { "" };
    let others = match all.len() {
        1 => String::new(),
        many => format!(" (+{} more)", many - 1),
    };
    let text = format!("! {}{stays}{others}", brief(first));
    owned(&text, Role::Warning, width, most, glyphs).into_iter().map(|spans| row_of("", spans)).collect()
}

/// The problem with the file's name alone: the folder is known, and the row is short.
fn brief(misread: &Misread) -> String {
    let whole = misread.to_string();
    let name = misread.file.rsplit('/').next().unwrap_or(&misread.file);
    whole.strip_prefix(misread.file.as_str()).map_or(whole.clone(), |rest| format!("{name}{rest}"))
}

/// The rule sentences, each with a mark and words for whether its signal is out of its limits now.
fn symptoms<'a>(open: &OpenRunbook<'_>, width: u16, glyphs: Glyphs) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for (symptom, now) in open.book.symptoms.iter().zip(&open.symptoms) {
        let (mark, role, word) = match now {
            Some(severity) => (symbol(*severity), severity_role(*severity), "out of limits"),
            None => ("·", Role::Muted, "not seen"),
        };
        let text = if now.is_some() { Role::Text } else { Role::Muted };
        for (index, spans) in owned(&symptom.text, text, width.saturating_sub(16), 3, glyphs).into_iter().enumerate() {
            let lead = if index == 0 { format!("{mark} ") } else { "  ".to_owned() };
            let mut row = Row::new().left(role, lead);
            row.left.extend(spans);
            rows.push(if index == 0 { row.right(role, word) } else { row });
        }
    }
    rows
}

/// Rows, and which of them belong to what is chosen.
struct Part<'a> {
    rows: Vec<Row<'a>>,
    chosen: Option<(usize, usize)>,
}

/// How much of the steps that are not chosen is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Openness {
    /// Everything.
    All,
    /// Their words to the end.
    Whole,
    /// One row each.
    Brief,
}

fn steps<'a>(
    app: &App,
    open: &OpenRunbook<'a>,
    width: u16,
    openness: Openness,
    short: bool,
    canvas: &Canvas<'_>,
) -> Part<'a> {
    let glyphs = canvas.glyphs;
    let looks = app.mode().is_read_only();
    let (mut rows, mut chosen): (Vec<Row<'a>>, _) = (Vec::new(), None);
    let mut section: Option<Section> = None;
    for (index, step) in open.steps.iter().enumerate() {
        if section != Some(step.section) {
            if section.is_some() && !short {
                rows.push(Row::new());
            }
            if !short {
                rows.push(Row::new().left(Role::Title, step.section.title().to_uppercase()));
            }
            section = Some(step.section);
        }
        let is_chosen = index == app.navigation().step;
        let first = rows.len();
        let most = if is_chosen || openness != Openness::Brief { TEXT_ROWS } else { 1 };
        rows.extend(words(app, step, width, is_chosen, most, glyphs));
        if let Some(row) = rows.get_mut(first) {
            row.chosen = is_chosen;
        }
        if is_chosen || (openness == Openness::All && !step.done()) {
            for spans in owned(&step.hint, Role::Muted, width.saturating_sub(5), HINT_ROWS, glyphs) {
                if !spans.is_empty() {
                    rows.push(row_of("     ", spans));
                }
            }
            rows.extend(commands(app, step, width, glyphs));
        }
        if is_chosen {
            chosen = Some((first, rows.len() - 1));
        }
    }
    if looks {
        // Nothing is chosen there; the rows still scroll.
        for row in &mut rows {
            row.chosen = false;
        }
    }
    Part { rows, chosen }
}

/// Box, number and words of a step in at most so many rows; who ticked it.
fn words<'a>(app: &App, step: &StepNow<'a>, width: u16, is_chosen: bool, most: usize, glyphs: Glyphs) -> Vec<Row<'a>> {
    let number = format!(" {:>2} ", step.number);
    let by = step.tick.filter(|tick| tick.done).map(|tick| {
        let time = clock::minute(tick.at, app.now(), &app.settings().zone);
        if width < 60 { time } else { format!("{} {time}", clipped(&tick.who, 12, glyphs)) }
    });
    let (mark, key, text) = match (&by, step.number) {
        (Some(_), _) => (span(Role::Ok, "✓"), Role::Muted, Role::Muted),
        (None, 1..=9) => (span(Role::Key, "□"), Role::Key, Role::Text),
        (None, _) => (span(Role::Key, "□"), Role::Muted, Role::Text),
    };
    let text = if is_chosen && by.is_none() { Role::Strong } else { text };
    let lead = glyphs.width(&mark.text) + 4;
    let room = width.saturating_sub(lead + by.as_ref().map_or(0, |by| glyphs.width(by) + 1));
    let mut rows = Vec::new();
    for (index, spans) in owned(&step.text, text, room, most, glyphs).into_iter().enumerate() {
        let mut row = Row::new();
        if index == 0 {
            row.left.push(mark.clone());
            row.left.push(span(key, number.clone()));
            row.right.extend(by.iter().map(|by| span(Role::Muted, by.clone())));
        } else {
            row.left.push(span(Role::Text, " ".repeat(usize::from(lead))));
        }
        row.left.extend(spans);
        rows.push(row);
    }
    rows
}

/// The commands of a step; what copies them stands beside the first of the chosen one.
fn commands<'a>(app: &App, step: &StepNow<'_>, width: u16, glyphs: Glyphs) -> Vec<Row<'a>> {
    if !step.is_block {
        return Vec::new();
    }
    let key = KEYS.iter().find(|row| row.command == Command::Copy);
    let key = key.and_then(|row| app.keys().shown(row).into_iter().next());
    let key = key.filter(|_| step.number == app.navigation().step + 1);
    let mut rows: Vec<Row<'a>> = Vec::new();
    for line in step.commands.iter().flat_map(|command| command.lines()) {
        let indent = line.len() - line.trim_start().len();
        let blank = " ".repeat(indent.min(8));
        for spans in owned(line.trim_start(), Role::Text, width.saturating_sub(16 + indent.min(8) as u16), 4, glyphs) {
            let mut row = Row::new().left(Role::Text, "     ").left(Role::Faint, "│ ").left(Role::Text, blank.clone());
            row.left.extend(spans);
            rows.push(row);
        }
    }
    if rows.len() > COMMAND_ROWS {
        rows.truncate(COMMAND_ROWS - 1);
        rows.push(Row::new().left(Role::Text, "     ").left(Role::Faint, "│ ").left(Role::Muted, "…"));
    }
    if let (Some(first), Some(key)) = (rows.first_mut(), key) {
        *first = std::mem::take(first).right(Role::Key, key).right(Role::Muted, " copies");
    }
    rows
}

/// Likely causes and whom to call, below the steps.
fn known<'a>(app: &App, open: &OpenRunbook<'a>, width: u16, glyphs: Glyphs, short: bool) -> Part<'a> {
    let (mut rows, mut chosen) = (if short { symptoms(open, width, glyphs) } else { Vec::new() }, None);
    let book = open.book;
    let causes = book.causes.iter().map(|cause| (cause.how_often.unwrap_or("cause"), cause.text.clone()));
    let calls = book.escalations.iter().map(|one| ("call", call(&one.when, &one.whom)));
    for (index, (name, text)) in causes.chain(calls).enumerate() {
        let first = rows.len();
        for (line, spans) in owned(&text, Role::Text, width.saturating_sub(11), 3, glyphs).into_iter().enumerate() {
            rows.push(row_of(&format!("{:<11}", if line == 0 { name } else { "" }), spans));
        }
        if index + open.steps.len() == app.navigation().step {
            chosen = Some((first, rows.len().saturating_sub(1)));
            if let Some(row) = rows.get_mut(first) {
                row.chosen = !app.mode().is_read_only();
            }
        }
    }
    Part { rows, chosen }
}

/// The same beside the steps, under headings.
fn known_wide<'a>(app: &App, open: &OpenRunbook<'a>, width: u16, glyphs: Glyphs) -> Vec<Row<'a>> {
    let part = known(app, open, width, glyphs, false);
    let calls = part.rows.iter().position(|row| row.left.first().is_some_and(|span| span.text.starts_with("call")));
    let mut rows = vec![Row::new().left(Role::Title, "OFTEN BEHIND IT")];
    for (index, row) in part.rows.into_iter().enumerate() {
        if Some(index) == calls {
            rows.push(Row::new());
            rows.push(Row::new().left(Role::Title, "WHOM TO CALL"));
        }
        rows.push(row);
    }
    rows
}

fn call(when: &str, whom: &str) -> String {
    if when.is_empty() { whom.to_owned() } else { format!("{when}: {whom}") }
}

fn row_of<'a>(lead: &str, spans: Vec<Span<'a>>) -> Row<'a> {
    let mut row = Row::new();
    if !lead.is_empty() {
        row.left.push(span(Role::Muted, lead.to_owned()));
    }
    row.left.extend(spans);
    row
}
