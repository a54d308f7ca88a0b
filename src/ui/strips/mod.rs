//! The strips: signals stacked on one time axis, like the channels of an oscilloscope, so that cause and effect line
//! up for the eye. A hole is a hole, old is dim, and no data is not zero.

mod bars;
mod channel;
mod label;
mod scale;

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::Pane;
use crate::app::ServiceState;
use crate::facts::Signal;
use crate::triage::Severity;
use crate::ui::Role;
use crate::ui::axis;
use crate::ui::axis::Axis;
use crate::ui::axis::Mark;
use crate::ui::canvas::Canvas;
use crate::ui::panel::is_chosen;
use crate::ui::rows::wrap_text;

pub(super) use bars::paint;
pub(super) use channel::Bar;
pub(super) use channel::Channel;
pub(super) use label::Label;
pub(super) use label::label;
pub(super) use scale::Scale;

/// Cells of the column of words at the left of the strips, its margins included.
const LABEL: u16 = 27;
/// Cells at the right of the strips for the top of the scale.
const SCALE: u16 = 8;
/// Cells of a name above its bars.
const NAME: u16 = 14;
/// A reason for no data that is longer, in bytes, is told once.
const LONG_REASON: usize = 24;
/// Strips that are at least so wide have their words beside them, narrower ones above.
const BESIDE: u16 = 66;

/// How the strips are laid out in an area.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Plan {
    /// The words stand beside the bars.
    beside: bool,
    /// How many strips are shown.
    shown: u16,
    /// Rows of one strip, its words included, without the blank row.
    rows: u16,
    /// Blank rows after each strip.
    gap: u16,
    /// Rows of the axis.
    axis: u16,
}

impl Plan {
    /// The plan for `count` strips: equal heights, blank rows only where bars have enough rows already.
    fn new(area: Rect, count: u16) -> Self {
        let beside = area.width >= BESIDE;
        let least = if beside { 1 } else { 2 };
        let axis = match area.height {
            height if height >= count * if beside { 4 } else { 3 } + 2 => 2,
            height if height > count * least => 1,
            _ => 0,
        };
        let room = area.height - axis;
        let shown = count.min(room / least);
        if shown == 0 {
            return Self { beside, shown, rows: 0, gap: 0, axis: 0 };
        }
        let each = room / shown;
        let gap = u16::from(each >= if beside { 4 } else { 5 }) + u16::from(each >= 9);
        Self { beside, shown, rows: (each - gap).min(8), gap, axis }
    }
}

/// Draws all strips that there is room for, and the axis below them.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(service) = app.service() else { return };
    let all = app.strips();
    let plan = Plan::new(area, all.len() as u16);
    let strips = choose(service, &all, usize::from(plan.shown));
    let (label, scale) = if plan.beside { (LABEL, SCALE) } else { (2, 0) };
    let graph =
        Rect { x: area.x + label, width: area.width.saturating_sub(label + scale + u16::from(!plan.beside)), ..area };
    let axis = Axis::new(app.axis(), graph.width, service.signals.every());
    let marks = axis::marks(app, &axis);
    let mut y = area.y;
    let mut told: Vec<&str> = Vec::new();
    for (index, signal) in &strips {
        let cells = Rect { y, height: plan.rows, ..area };
        let graph = Rect { y, height: plan.rows, ..graph };
        let channel = Channel::new(service, *signal, &axis, app.now());
        let chosen = is_chosen(app, Pane::Strips) && app.navigation().strip == *index;
        let room = if plan.beside { LABEL - 3 } else { area.width.saturating_sub(NAME + 3) };
        let mut words = label::label(app, service, *signal, &channel, usize::from(room), !plan.beside);
        if channel.is_empty() && words.reason.len() > LONG_REASON {
            // Five times the same sentence hides that it is one cause.
            if told.contains(&words.reason) {
                words.reason = "as above";
            } else {
                told.push(words.reason);
            }
        }
        if plan.beside {
            beside(canvas, cells, *signal, &words, chosen);
            strip(canvas, graph, &channel, &words, &marks);
            scale_words(canvas, graph, &channel);
        } else {
            above(canvas, cells, *signal, &words, chosen);
            let graph = Rect { y: graph.y + 1, height: graph.height.saturating_sub(1), ..graph };
            strip(canvas, graph, &channel, &words, &marks);
        }
        y += plan.rows + plan.gap;
    }
    let bottom = y.saturating_sub(plan.gap);
    through(canvas, graph, area.y..bottom, &marks);
    let under = if plan.axis > 0 { bottom.min(area.bottom() - plan.axis) } else { bottom };
    axis::draw(app, canvas, Rect { y: under, height: plan.axis, width: graph.width + scale, ..graph }, &axis, &marks);
}

/// The strips that are shown: all, or where there is no room for all those that are worst off, in their usual order.
pub(super) fn choose(service: &ServiceState, all: &[Signal], most: usize) -> Vec<(usize, Signal)> {
    let mut order: Vec<(usize, Signal)> = all.iter().copied().enumerate().collect();
    if all.len() > most {
        let severity = |signal: Signal| {
            let of = service.verdict.findings.iter().filter(|finding| finding.subject.signal() == signal);
            of.map(|finding| finding.severity).max().unwrap_or(Severity::Ok)
        };
        let usual = [Signal::ErrorRate, Signal::Latency, Signal::RequestRate, Signal::DbPool, Signal::Memory];
        let place = |signal: Signal| usual.iter().position(|one| *one == signal);
        order.sort_by_key(|(_, signal)| (std::cmp::Reverse(severity(*signal)), place(*signal)));
        order.truncate(most);
        order.sort_by_key(|(index, _)| *index);
    }
    order
}

/// The words at the left of the bars: name and value in the first row, the rest below, all ending at one edge.
fn beside(canvas: &mut Canvas<'_>, cells: Rect, signal: Signal, words: &Label<'_>, chosen: bool) {
    let (left, right) = (cells.x + 1, cells.x + LABEL - 2);
    let title = if chosen { Role::Focus } else { Role::Title };
    if chosen {
        canvas.put(cells.x, cells.y, 1, "›", Role::Focus);
    }
    let used = canvas.put(left, cells.y, right - left, signal.title(), title);
    canvas.put_right(left + used + 1, right, cells.y, &words.value.text, words.value.role);
    for (y, line) in (cells.y + 1..cells.bottom()).zip(&words.lines) {
        canvas.put_right(left, right, y, &line.text, line.role);
    }
}

/// The words above the bars, in one row: name, value, and what is wrong at the right edge.
fn above(canvas: &mut Canvas<'_>, cells: Rect, signal: Signal, words: &Label<'_>, chosen: bool) {
    let y = cells.y;
    let (mut x, end) = (cells.x + 2, cells.right().saturating_sub(1));
    if chosen {
        canvas.put(cells.x, y, 1, "›", Role::Focus);
    }
    let title = if chosen { Role::Focus } else { Role::Title };
    canvas.put(x, y, end.saturating_sub(x), signal.title(), title);
    x += NAME;
    x += canvas.put(x, y, end.saturating_sub(x), &words.value.text, words.value.role) + 2;
    if let Some(line) = words.lines.first()
        && (line.role != Role::Muted || x + canvas.width(&line.text) <= end)
    {
        canvas.put_right(x, end, y, &line.text, line.role);
    }
}

/// The bars, or where there are none at all the reason why.
fn strip(canvas: &mut Canvas<'_>, graph: Rect, channel: &Channel, words: &Label<'_>, marks: &[Mark]) {
    paint(canvas, graph, channel, marks);
    if words.reason.is_empty() || graph.height == 0 {
        return;
    }
    // The reason stands over the holes of its own strip and nowhere else: bars of the past are not written over.
    if channel.is_empty() {
        let rows = wrap_text(words.reason, Role::Muted, graph.width, usize::from(graph.height), canvas.glyphs);
        for (index, row) in rows.iter().enumerate() {
            let y = graph.y + index as u16;
            canvas.put(graph.x, y, graph.width, &" ".repeat(usize::from(graph.width)), Role::Text);
            canvas.spans(graph.x, y, graph.width, row);
        }
    }
}

/// The top of the scale at the right of the bars.
fn scale_words(canvas: &mut Canvas<'_>, graph: Rect, channel: &Channel) {
    if channel.is_empty() || graph.height == 0 {
        return;
    }
    let x = graph.right() + 1;
    canvas.put(x, graph.y, SCALE - 1, &channel.scale.top_text(), Role::Muted);
    if channel.scale.log && graph.height > 1 {
        canvas.put(x, graph.y + 1, SCALE - 1, "log", Role::Muted);
    }
}

/// Continues the marks through the rows that hold no bars, wherever they touch no word.
fn through(canvas: &mut Canvas<'_>, graph: Rect, rows: std::ops::Range<u16>, marks: &[Mark]) {
    for mark in marks {
        let (x, style) = (graph.x + mark.column, canvas.style(mark.role));
        for y in rows.clone() {
            if canvas.is_clear(x, y) {
                canvas.cell(x, y, mark.glyph, style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_share_what_room_there_is() {
        let plan = |width, height| Plan::new(Rect::new(0, 0, width, height), 5);
        assert_eq!(plan(80, 28), Plan { beside: true, shown: 5, rows: 4, gap: 1, axis: 2 });
        assert_eq!(plan(47, 17), Plan { beside: false, shown: 5, rows: 3, gap: 0, axis: 2 });
        assert_eq!(plan(47, 5), Plan { beside: false, shown: 2, rows: 2, gap: 0, axis: 0 });
        for height in 0..60 {
            for width in [0, 20, 47, 80, 160] {
                let plan = plan(width, height);
                assert!(plan.shown * (plan.rows + plan.gap) + plan.axis <= height.max(plan.gap));
            }
        }
    }
}
