//! What never goes away, however small the screen: how bad, the headline, the worst signal, the checklist.

use ratatui::layout::Rect;

use crate::app::App;
use crate::facts::Signal;
use crate::ui::Role;
use crate::ui::axis;
use crate::ui::axis::Axis;
use crate::ui::canvas::Canvas;
use crate::ui::checklist;
use crate::ui::footer;
use crate::ui::glyphs::symbol;
use crate::ui::header;
use crate::ui::rows::Row;
use crate::ui::rows::severity_role;
use crate::ui::rows::wrap;
use crate::ui::strips;
use crate::ui::strips::Channel;

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
    let items = (checks.len() as u16).min(height.saturating_sub(4 + footer));
    let lines = match height {
        0..3 => height,
        3..8 => 2,
        _ => 3,
    };
    let lines = lines.min(area.bottom() - y);
    let mut headline = wrap(&service.verdict.headline, area.width, usize::from(lines), canvas.glyphs);
    if height < 3
        && let Some(first) = headline.first_mut()
    {
        let severity = service.verdict.severity;
        let mark = crate::ui::rows::span(severity_role(severity), format!("{} ", symbol(severity)));
        first.insert(0, mark);
    }
    for row in &headline {
        canvas.spans(area.x, y, area.width, row);
        y += 1;
    }
    let bottom = area.bottom() - footer;
    let worst = bottom.saturating_sub(y + items).min(if height >= 14 { 5 } else { 3 });
    if worst > 0 {
        signal(app, canvas, Rect { y, height: worst, ..area });
        y += worst;
    }
    let mut rows: Vec<Row<'_>> = checklist::trouble(app).into_iter().collect();
    rows.extend(checks.iter().enumerate().map(|(index, check)| {
        let mut row = checklist::item(app, check);
        row.chosen = index == app.navigation().item && !app.mode().is_read_only();
        row
    }));
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

/// The signal that is worst off: name and value in one row, its bars in the others.
fn signal(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(service) = app.service() else { return };
    let worst = service.verdict.findings.first().map(|finding| finding.subject.signal());
    let strips = app.strips();
    let usual = [Signal::ErrorRate, Signal::Latency, Signal::RequestRate];
    let Some(signal) = worst.or_else(|| usual.into_iter().find(|one| strips.contains(one))).or(strips.first().copied())
    else {
        return;
    };
    let axis = Axis::new(app.axis(), area.width);
    let channel = Channel::new(service, signal, &axis, app.now());
    let words = strips::label(app, service, signal, &channel, 20);
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
