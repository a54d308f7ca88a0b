//! The verdict in words. It never goes away, at no size and on no page.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Command;
use crate::app::KEYS;
use crate::app::Mode;
use crate::app::Page;
use crate::app::Pane;
use crate::triage::Verdict;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::glyphs::symbol;
use crate::ui::panel::is_chosen;
use crate::ui::rows::Span;
use crate::ui::rows::severity_role;
use crate::ui::rows::span;
use crate::ui::rows::wrap;
use crate::ui::rows::wrap_whole;

/// The rows of the verdict: the headline first and in full, then as many whole sentences of context and aside as there
/// is room for.
pub(super) fn rows<'a>(verdict: &'a Verdict, width: u16, most: usize, canvas: &Canvas<'_>) -> Vec<Vec<Span<'a>>> {
    let mut out = wrap(&verdict.headline, width, most, canvas.glyphs);
    let left = most.saturating_sub(out.len());
    let aside = usize::from(!verdict.aside.is_empty() && left > 1);
    out.extend(wrap_whole(&verdict.context, width, left - aside, canvas.glyphs));
    let left = most.saturating_sub(out.len());
    out.extend(wrap_whole(&verdict.aside, width, left, canvas.glyphs));
    out
}

/// Draws the verdict of the shown service; answers how many rows it took, at most `most` and at most the area.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect, most: u16) -> u16 {
    let Some(service) = app.service() else { return 0 };
    let margin = u16::from(area.width > 44);
    let width = area.width.saturating_sub(2 * margin);
    let most = usize::from(most.min(area.height));
    let mut rows = rows(&service.verdict, width, most, canvas);
    add_runbook(app, &service.verdict, width, most, canvas, &mut rows);
    for (index, row) in rows.iter().enumerate() {
        canvas.spans(area.x + margin, area.y + index as u16, width, row);
    }
    if margin > 0 && app.navigation().page() == Page::Service && is_chosen(app, Pane::Verdict) {
        canvas.put(area.x, area.y, 1, "›", Role::Focus);
    }
    rows.len() as u16
}

/// Which runbook fits, in what room is left behind everything else.
fn add_runbook<'a>(
    app: &App,
    verdict: &'a Verdict,
    width: u16,
    most: usize,
    canvas: &Canvas<'_>,
    rows: &mut Vec<Vec<Span<'a>>>,
) {
    let Some(runbook) = &verdict.runbook else { return };
    let key = KEYS.iter().find(|row| row.command == Command::Runbook);
    let key = key.and_then(|row| app.keys().shown(row).into_iter().next()).filter(|_| app.mode() != Mode::Wall);
    let hint = match key {
        Some(key) => vec![span(Role::Key, key), span(Role::Muted, " runbook ")],
        None => vec![span(Role::Muted, "runbook ")],
    };
    let hint: Vec<_> = hint.into_iter().chain([span(Role::Text, runbook.title.as_str())]).collect();
    let wide = canvas.spans_width(&hint);
    let beside = rows.last().is_some_and(|last| canvas.spans_width(last) + wide + 2 <= width);
    if verdict.aside.is_empty() && rows.len() < most && wide <= width {
        rows.push(hint);
    } else if let Some(last) = rows.last_mut().filter(|_| beside) {
        last.push(span(Role::Text, "  "));
        last.extend(hint);
    }
}

/// Draws the headline alone, with the symbol of its severity in front where there is no badge above it; answers how
/// many rows it took.
pub(super) fn headline(verdict: &Verdict, canvas: &mut Canvas<'_>, area: Rect, most: u16, symbolic: bool) -> u16 {
    let most = usize::from(most.min(area.height));
    let mark = if symbolic { format!("{} ", symbol(verdict.severity)) } else { String::new() };
    let used = canvas.put(area.x, area.y, area.width, &mark, severity_role(verdict.severity));
    let width = area.width.saturating_sub(used);
    let rows = wrap(&verdict.headline, width, most, canvas.glyphs);
    for (y, row) in (area.y..).zip(&rows) {
        canvas.spans(area.x + used, y, width, row);
    }
    rows.len() as u16
}
