//! What happened in the incident, newest last. What people did and what sixty saw are told apart by a symbol, by the
//! name in front of the words and by weight. Only the rows that are shown are made: a journal may be long.

use ratatui::layout::Rect;

use crate::app::App;
use crate::facts::At;
use crate::incident::By;
use crate::incident::ClockAct;
use crate::incident::Entry;
use crate::incident::What;
use crate::incident::told_with;
use crate::triage::Severity;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::checklist;
use crate::ui::pages::head;
use crate::ui::pages::lines;
use crate::ui::pages::owned;
use crate::ui::pages::title;
use crate::ui::rows::Row;
use crate::ui::rows::padded;
use crate::ui::rows::severity_role;

/// Most rows of one entry.
const ENTRY_ROWS: usize = 40;
/// From this width on, seconds are told and names have more room.
const WIDE: u16 = 60;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(incident) = app.incident() else { return };
    let room = usize::from(area.height - head(area));
    let wanted = room + app.navigation().scroll;
    let noise = app.navigation().noise;
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut shown = incident.entries().rev().filter(|entry| noise || is_of_people(entry)).peekable();
    let none = shown.peek().is_none();
    while rows.len() < wanted {
        let Some(entry) = shown.next() else { break };
        let of_entry = entry_rows(app, entry, area.width, canvas);
        rows.extend(of_entry.into_iter().rev());
        let day = |at: At| app.settings().zone.local(at).date_naive();
        if shown.peek().is_none_or(|older| day(older.at) != day(entry.at)) {
            let words = app.settings().zone.local(entry.at).format("%a %d %b %Y");
            rows.push(Row::new().left(Role::Title, words.to_string()));
        }
    }
    rows.extend(checklist::trouble(app, area.width, canvas.glyphs).filter(|_| none));
    let back = app.navigation().scroll.min(rows.len().saturating_sub(room));
    let count = incident.entries().len();
    let mut words = vec![match count {
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    }];
    words.push(if noise { "Tab people only" } else { "people only, Tab all" }.to_owned());
    if back > 0 {
        words.insert(0, format!("↓ {back} newer"));
    }
    if area.width < WIDE {
        words.truncate(1);
    }
    let body = title(app, canvas, area, "Timeline", &words.join(" · "));
    if none {
        let words = if count == 0 { "nothing has been written down yet" } else { "no person has done anything yet" };
        canvas.put(body.x + 2, body.y, body.width.saturating_sub(2), words, Role::Muted);
        return;
    }
    let mut rows: Vec<_> = rows.into_iter().skip(back).take(room).collect();
    rows.reverse();
    lines(canvas, body, &rows);
}

/// Whether a person did it, and it is worth to be told: texts that were kept on the way are not, nor that something is
/// about to be sent, as what came of it follows.
const fn is_of_people(entry: &Entry) -> bool {
    matches!(entry.by, By::Person)
        && !matches!(entry.what, What::Unsaved { .. } | What::Looked { .. } | What::Sending { .. })
}

/// An entry in words, its times as those of the rows: in the zone of whoever looks.
fn words(app: &App, entry: &Entry) -> String {
    let text = told_with(&entry.what, &|list, item| checklist::item_words(app, list, item));
    let at = match &entry.what {
        What::Clock { act: ClockAct::Set(at) | ClockAct::Snoozed(at), .. } => *at,
        What::Normal { since } => *since,
        _ => return text,
    };
    let local = app.settings().zone.local(at).format("%H:%M:%S").to_string();
    text.replace(&at.format("%H:%M:%S UTC").to_string(), &local)
}

fn entry_rows<'a>(app: &App, entry: &Entry, width: u16, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let wide = width >= WIDE;
    let local = app.settings().zone.local(entry.at);
    let time = local.format(if wide { "%H:%M:%S  " } else { "%H:%M " }).to_string();
    let (mark, name, mark_role) = match entry.by {
        By::Person => ("■ ", entry.who.as_str(), Role::Strong),
        By::Sixty => ("○ ", "sixty", Role::Muted),
    };
    let names = if wide { 12 } else { 7 };
    let name = format!("{} ", padded(name, names - 1, canvas.glyphs));
    let before = canvas.width(&time) + canvas.width(mark) + names;
    let text = words(app, entry);
    let role = words_role(entry);
    let wrapped = owned(&text, role, width.saturating_sub(before + 3).max(1), ENTRY_ROWS, canvas.glyphs);
    let blank = " ".repeat(usize::from(before));
    let mut rows = Vec::new();
    for (index, words) in wrapped.into_iter().enumerate() {
        let mut row = if index == 0 {
            Row::new().left(Role::Muted, time.clone()).left(mark_role, mark).left(mark_role, name.clone())
        } else {
            Row::new().left(Role::Muted, blank.clone())
        };
        row.left.extend(words);
        rows.push(row);
    }
    rows
}

/// How an entry is read: what went wrong in its colour, what people did plainly, the rest in grey.
const fn words_role(entry: &Entry) -> Role {
    match &entry.what {
        What::Observed(seen) if matches!(seen.severity, Severity::Critical | Severity::Warning) => {
            severity_role(seen.severity)
        }
        What::Normal { .. } => Role::Ok,
        What::NotSent { .. } => Role::Warning,
        What::Unknown(_) => Role::Unknown,
        What::Unsaved { .. } => Role::Muted,
        _ => match entry.by {
            By::Person => Role::Text,
            By::Sixty => Role::Muted,
        },
    }
}
