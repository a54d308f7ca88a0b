//! What never goes away, however small the screen: how bad, the headline, the worst signal, the checklist.

use ratatui::layout::Rect;

use crate::app::App;
use crate::facts::Signal;
use crate::incident::Stage;
use crate::ui::Role;
use crate::ui::axis;
use crate::ui::axis::Axis;
use crate::ui::breath;
use crate::ui::canvas::Canvas;
use crate::ui::checklist;
use crate::ui::footer;
use crate::ui::header;
use crate::ui::rows::Row;
use crate::ui::standing;
use crate::ui::strips;
use crate::ui::strips::Channel;
use crate::ui::verdict;

/// Draws the page in rows from the top, until there is no more room.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(service) = app.service() else { return };
    let height = area.height;
    let mut y = area.y;
    if height >= 3 {
        header::draw(app, canvas, Rect { height: 1, ..area });
        y += 1;
    }
    let checks = app.checks();
    let footer = u16::from(height >= 14);
    // The checklist keeps its rows as long as the headline has one and the worst signal two.
    let width = area.width - u16::from(area.width > 20);
    let mut rows = above(app, width, canvas);
    let items = ((checks.len() + rows.len()) as u16).min(height.saturating_sub(4 + footer));
    let lines = match height {
        0..3 => height,
        3..8 => 2,
        _ => 3,
    };
    let lines = lines.min(area.bottom() - y);
    let room = Rect { y, height: area.bottom() - y, ..area };
    y += verdict::headline(&service.verdict, canvas, room, lines, height < 3);
    let bottom = area.bottom() - footer;
    let room = bottom.saturating_sub(y + items);
    // With plenty of room, the live facts under the items count for more than further signals.
    let evidence = if room >= items + 4 { items } else { 0 };
    y += signals(app, canvas, Rect { y, height: room - evidence, ..area });
    let shown = usize::from(items).saturating_sub(rows.len());
    let (first, last) = checklist::window(app, &checks, shown.max(1));
    for (index, check) in checks.iter().enumerate().take(last).skip(first) {
        let (mut row, _) = checklist::fitted(app, check, width, canvas.glyphs);
        row.chosen = index == app.navigation().item && !app.mode().is_read_only();
        rows.push(row);
        let below = checklist::evidence_row(app, check);
        if evidence > 0 && below.left.len() > 1 {
            rows.push(below);
        }
    }
    for row in rows.iter().take(usize::from(bottom.saturating_sub(y))) {
        let margin = u16::from(area.width > 20);
        if row.chosen && margin > 0 {
            canvas.put(area.x, y, 1, "›", Role::Focus);
        }
        canvas.row(area.x + margin, y, area.width - margin, row);
        y += 1;
    }
    if footer > 0 {
        footer::draw(app, canvas, Rect { y: bottom, height: 1, ..area });
    }
}

/// What stands above the items: that ticks are not saved, that a clock is due, and the breath.
fn above<'a>(app: &'a App, width: u16, canvas: &Canvas<'_>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'_>> = checklist::trouble(app, width, canvas.glyphs).into_iter().collect();
    let due = standing::due(app, false).filter(|due| canvas.spans_width(due) <= width);
    if let Some(due) = due.or_else(|| standing::due(app, true)) {
        rows.push(Row { left: due, ..Row::new() });
    } else if let Some((stage, time)) = standing::stage(app).filter(|(stage, _)| *stage > Stage::First) {
        let time = format!(" {time}");
        rows.push(Row::new().left(Role::Title, stage.title().to_uppercase()).left(Role::Muted, time));
    }
    if let Some(breath) = app.breath() {
        rows.extend(breath::rows(app, &breath, width).into_iter().take(1));
    }
    rows
}

/// As many signals as there is room for, those that are worst off; answers how many rows they took.
fn signals(app: &App, canvas: &mut Canvas<'_>, area: Rect) -> u16 {
    let Some(service) = app.service() else { return 0 };
    if area.height == 0 {
        return 0;
    }
    let most = (area.height / 3).max(1);
    let chosen = strips::choose(service, &app.strips(), usize::from(most));
    let each = (area.height / (chosen.len() as u16).max(1)).min(5);
    for (place, (_, one)) in (0..).zip(&chosen) {
        signal(app, canvas, Rect { y: area.y + place * each, height: each, ..area }, *one);
    }
    chosen.len() as u16 * each
}

/// One signal: name and value in one row, its bars in the others.
fn signal(app: &App, canvas: &mut Canvas<'_>, area: Rect, signal: Signal) {
    let Some(service) = app.service() else { return };
    let axis = Axis::new(app.axis(), area.width, service.signals.every());
    let channel = Channel::new(service, signal, &axis, app.now());
    let words = strips::label(app, service, signal, &channel, usize::from(area.width.saturating_sub(13)), true);
    let mut row = Row::new().left(Role::Title, format!("{} ", signal.title()));
    row.left.push(words.value);
    row.right.extend(words.lines.into_iter().next());
    if canvas.spans_width(&row.left) + canvas.spans_width(&row.right) + 1 > area.width {
        row.right.clear();
    }
    canvas.row(area.x, area.y, area.width, &row);
    let bars = Rect { y: area.y + 1, height: area.height - 1, ..area };
    strips::paint(canvas, bars, &channel, &axis::marks(app, &axis));
}
