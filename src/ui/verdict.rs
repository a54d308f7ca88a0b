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
use crate::ui::standing;

/// Fewest cells that the headline keeps beside a clock that is due.
const HEADLINE_LEAST: u16 = 40;

/// The rows of the verdict: the headline first and in full, then as many whole sentences of context and aside as there
/// is room for.
pub(super) fn rows<'a>(verdict: &'a Verdict, width: u16, most: usize, canvas: &Canvas<'_>) -> Vec<Vec<Span<'a>>> {
    below(wrap(&verdict.headline, width, most, canvas.glyphs), verdict, width, most, canvas)
}

/// The headline with as many whole sentences below it as there is room for.
fn below<'a>(
    mut out: Vec<Vec<Span<'a>>>,
    verdict: &'a Verdict,
    width: u16,
    most: usize,
    canvas: &Canvas<'_>,
) -> Vec<Vec<Span<'a>>> {
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
    let (rows, beside) = with_standing(app, &service.verdict, width, most, canvas);
    for (index, row) in rows.iter().enumerate() {
        canvas.spans(area.x + margin, area.y + index as u16, width, row);
    }
    if let Some((place, words)) = beside {
        let x = area.x + margin + width - canvas.spans_width(&words).min(width);
        canvas.spans(x, area.y + place, width, &words);
    }
    if margin > 0 && app.navigation().page() == Page::Service && is_chosen(app, Pane::Verdict) {
        canvas.put(area.x, area.y, 1, "›", Role::Focus);
    }
    rows.len() as u16
}

/// Words that stand at the right of a row of the verdict: the row, and the words.
type Beside<'a> = Option<(u16, Vec<Span<'a>>)>;

/// The rows of the verdict, and what stands beside one of them: the clock that is due must be seen, and the headline
/// makes room for it where it has to; where the work stands is told where there is room.
fn with_standing<'a>(
    app: &App,
    verdict: &'a Verdict,
    width: u16,
    most: usize,
    canvas: &Canvas<'_>,
) -> (Vec<Vec<Span<'a>>>, Beside<'a>) {
    let mut rows = rows(verdict, width, most, canvas);
    add_runbook(app, verdict, width, most, canvas, &mut rows);
    let Some((words, is_urgent)) = standing::beside_verdict(app) else { return (rows, None) };
    let wide = canvas.spans_width(&words);
    if let Some(place) = rows.iter().position(|row| canvas.spans_width(row) + wide + 2 <= width) {
        return (rows, Some((place as u16, words)));
    }
    if !is_urgent {
        return (rows, None);
    }
    let narrow = width.saturating_sub(wide + 2);
    if narrow >= HEADLINE_LEAST {
        let headline = wrap(&verdict.headline, narrow, most, canvas.glyphs);
        let mut rows = below(headline, verdict, width, most, canvas);
        add_runbook(app, verdict, width, most, canvas, &mut rows);
        return (rows, Some((0, words)));
    }
    if most < 2 {
        return (rows, None);
    }
    // Too narrow for two things in one row: it has the last one.
    let mut rows = self::rows(verdict, width, most - 1, canvas);
    rows.push(standing::due(app, true).unwrap_or_default());
    (rows, None)
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
