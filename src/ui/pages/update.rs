//! An update for the others: its status, its words as they will be sent, and how it stands with each channel. That
//! something may have arrived is never shown as if it had, nor as if it had not.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::ChannelNow;
use crate::app::OpenUpdate;
use crate::incident::ClockKind;
use crate::incident::DeliveryState;
use crate::incident::UpdateStatus;
use crate::incident::draft::Style;
use crate::incident::draft::format;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::pages::head;
use crate::ui::pages::lines;
use crate::ui::pages::owned;
use crate::ui::pages::part;
use crate::ui::pages::sheet;
use crate::ui::pages::title;
use crate::ui::rows::Row;
use crate::ui::rows::padded;
use crate::ui::standing;

/// The widest that the words are set: longer lines are hard to read.
const WIDEST: u16 = 96;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(update) = app.update_now() else {
        let body = title(app, canvas, area, "Update", "");
        canvas.put(body.x + 2, body.y, body.width.saturating_sub(2), "this update is gone", Role::Muted);
        return;
    };
    let room = area.height - head(area);
    let inner = area.width.saturating_sub(2);
    let text = words(&update, inner.min(WIDEST), canvas);
    // The words of the draft count for more than a blank row, and than how they are copied.
    let needed = |air: Air| usize::from(room) >= 1 + text.len() + below(app, &update, inner, air, canvas).len();
    let air = [Air::Tall, Air::Low].into_iter().find(|air| needed(*air)).unwrap_or(Air::Least);
    let tall = area.height >= 14 && usize::from(room) > 1 + text.len() + below(app, &update, inner, air, canvas).len();
    let mut top = vec![statuses(update.status, area.width)];
    if tall {
        top.push(Row::new());
    }
    if area.height < 12 {
        // Too low for two parts: they scroll together.
        let mut rows = top;
        rows.extend(text);
        rows.extend(below(app, &update, inner, Air::Low, canvas));
        return sheet(app, canvas, area, "Update", &rows, app.navigation().scroll);
    }
    // The words keep half of the page, as far as they need it; where they go is always in sight.
    let below_top = usize::from(room).saturating_sub(top.len());
    let most = (below_top / 2).max(below_top.saturating_sub(text.len()));
    let foot = below(app, &update, inner, air, canvas);
    let foot_rows = foot.len().min(most) as u16;
    let middle = usize::from(room.saturating_sub(top.len() as u16 + foot_rows));
    let (first, part) = part(text.len(), middle, app.navigation().scroll);
    let more = match part.as_str() {
        "" => origin(&update),
        part => part,
    };
    let body = title(app, canvas, area, "Update", more);
    let mut rows = top;
    rows.extend(text.into_iter().skip(first).take(middle));
    lines(canvas, body, &rows);
    let y = body.bottom() - foot_rows;
    lines(canvas, Rect { y, height: foot_rows, ..body }, &foot);
}

/// Whose words they are.
const fn origin(update: &OpenUpdate) -> &'static str {
    if update.unfinished {
        "unfinished words of yours are kept: Enter"
    } else if update.fixed {
        ""
    } else {
        "drafted from what is known now"
    }
}

/// The four, the chosen one in capitals.
fn statuses<'a>(chosen: UpdateStatus, width: u16) -> Row<'a> {
    let mut row = Row::new();
    for status in UpdateStatus::ALL {
        let gap = if row.left.is_empty() { "" } else { "  " };
        if *status == chosen {
            row = row.left(Role::Text, gap).left(Role::Strong, status.title().to_uppercase());
        } else if width >= 56 {
            row = row.left(Role::Muted, format!("{gap}{}", status.title()));
        }
    }
    row
}

/// The words, as they are sent or copied.
fn words<'a>(update: &OpenUpdate, width: u16, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let text = format(&update.text, update.style);
    let role = if update.fixed { Role::Strong } else { Role::Text };
    let shown = owned(&text, role, width, 400, canvas.glyphs);
    shown.into_iter().map(|left| Row { left, ..Row::new() }).collect()
}

/// How much stands below the words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Air {
    /// All, with blank rows and a heading.
    Tall,
    /// All.
    Low,
    /// Where it goes, and when the next one is due.
    Least,
}

/// Where it goes, how it is copied, and when the next one is due.
fn below<'a>(app: &App, update: &OpenUpdate, width: u16, air: Air, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    if air == Air::Tall {
        rows.push(Row::new());
        rows.push(Row::new().left(Role::Title, "WHERE IT GOES"));
    }
    let names = update.channels.iter().map(|one| canvas.width(&one.name)).max().unwrap_or(0).clamp(4, 24);
    let kinds = update.channels.iter().map(|one| canvas.width(&one.kind)).max().unwrap_or(0).min(20);
    for one in &update.channels {
        rows.extend(channel(app, one, (names, kinds), width, canvas));
    }
    if update.channels.is_empty() {
        rows.push(Row::new().left(Role::Muted, "no channel is set up: copy it and say that you posted it"));
    }
    if air == Air::Tall {
        rows.push(Row::new());
    }
    let style = match update.style {
        Style::Plain => "plain text",
        Style::Slack => "Slack's markup",
        Style::Markdown => "Markdown",
    };
    if air != Air::Least {
        rows.push(Row::new().left(Role::Muted, format!("{:<13}", "copied as")).left(Role::Text, style));
    }
    if let Some(due) = app.clocks_now().into_iter().find(|one| one.kind == ClockKind::Update) {
        let (words, role) = standing::clock_words(app, &due);
        let mut row = Row::new().left(Role::Muted, format!("{:<13}", "next update")).left(role, words);
        if let Some(at) = due.due {
            row = row.left(Role::Muted, format!("  {}", clock::minute(at, app.now(), &app.settings().zone)));
        }
        rows.push(row);
    }
    rows
}

/// A channel and how the update stands with it; what came back below, where it does not fit beside.
fn channel<'a>(
    app: &App,
    one: &ChannelNow,
    (names, kinds): (u16, u16),
    width: u16,
    canvas: &Canvas<'_>,
) -> Vec<Row<'a>> {
    let state = one.delivery.as_ref().map(|delivery| delivery.state);
    let (mark, words, role) = delivery_mark(state);
    let mut row = Row::new()
        .left(role, format!("{mark} "))
        .left(Role::Strong, format!("{}  ", padded(&one.name, names, canvas.glyphs)));
    if width >= 60 {
        row = row.left(Role::Muted, format!("{}  ", padded(&one.kind, kinds, canvas.glyphs)));
    }
    let mut row = row.left(role, words);
    let Some(delivery) = &one.delivery else { return vec![row] };
    row = row.left(Role::Muted, format!(" {}", clock::minute(delivery.at, app.now(), &app.settings().zone)));
    if delivery.answer.is_empty() {
        return vec![row];
    }
    let answer = Role::Muted;
    if row.width(canvas.glyphs) + canvas.width(&delivery.answer) + 2 <= width {
        return vec![row.left(answer, format!("  {}", delivery.answer))];
    }
    let mut rows = vec![row];
    for spans in owned(&delivery.answer, answer, width.saturating_sub(4), 3, canvas.glyphs) {
        let mut row = Row::new().left(Role::Muted, "    ");
        row.left.extend(spans);
        rows.push(row);
    }
    rows
}

/// How an update stands with a channel, as symbol, words and role.
pub(super) const fn delivery_mark(state: Option<DeliveryState>) -> (&'static str, &'static str, Role) {
    match state {
        None => ("□", "not sent", Role::Muted),
        Some(DeliveryState::Sending) => ("◆", "left, may have arrived", Role::Unknown),
        Some(DeliveryState::NotSent) => ("✗", "did not arrive", Role::Warning),
        Some(DeliveryState::Unknown) => ("?", "nobody knows whether it arrived", Role::Warning),
        Some(DeliveryState::Sent) => ("✓", "arrived", Role::Ok),
    }
}
