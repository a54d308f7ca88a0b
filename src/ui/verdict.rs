//! The verdict in words. It never goes away, at no size and on no page.

use ratatui::layout::Rect;

use crate::app::App;
use crate::triage::Verdict;
use crate::ui::canvas::Canvas;
use crate::ui::glyphs::symbol;
use crate::ui::rows::Span;
use crate::ui::rows::severity_role;
use crate::ui::rows::wrap;

/// The rows of the verdict: the headline first and in full, then as much of context and aside as there is room for.
pub(super) fn rows<'a>(verdict: &'a Verdict, width: u16, most: usize, canvas: &Canvas<'_>) -> Vec<Vec<Span<'a>>> {
    let mut out = wrap(&verdict.headline, width, most, canvas.glyphs);
    let left = most.saturating_sub(out.len());
    let aside = usize::from(!verdict.aside.is_empty() && left > 1);
    out.extend(wrap(&verdict.context, width, left - aside, canvas.glyphs));
    let left = most.saturating_sub(out.len());
    out.extend(wrap(&verdict.aside, width, left, canvas.glyphs));
    out
}

/// Draws the verdict of the shown service; answers how many rows it took, at most `most` and at most the area.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect, most: u16) -> u16 {
    let Some(service) = app.service() else { return 0 };
    let margin = u16::from(area.width > 44);
    let width = area.width.saturating_sub(2 * margin);
    let rows = rows(&service.verdict, width, usize::from(most.min(area.height)), canvas);
    for (index, row) in rows.iter().enumerate() {
        canvas.spans(area.x + margin, area.y + index as u16, width, row);
    }
    rows.len() as u16
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
