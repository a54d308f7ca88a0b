//! The bars of a strip: block eighths on top of full blocks, with the marks of the axis in front.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::axis::Mark;
use crate::ui::canvas::Canvas;
use crate::ui::look::over;
use crate::ui::strips::Channel;

/// Draws one channel into `area`, whose columns are those of the axis.
pub(in crate::ui) fn paint(canvas: &mut Canvas<'_>, area: Rect, channel: &Channel, marks: &[Mark]) {
    if area.height == 0 {
        return;
    }
    dotted(canvas, area, channel);
    let steps = usize::from(area.height) * 8;
    for (index, bar) in channel.bars.iter().enumerate().take(usize::from(area.width)) {
        let x = area.x + index as u16;
        let foot = area.bottom() - 1;
        let Some(value) = bar.value else {
            let (hole, style) = (if index % 2 == 0 { canvas.glyphs.hole() } else { " " }, canvas.style(Role::Faint));
            canvas.cell(x, foot, hole, style);
            continue;
        };
        let filled = if bar.at_least { steps } else { channel.scale.steps(value, steps) };
        let style = bar_style(canvas, bar.role);
        if filled == 0 {
            let faint = canvas.style(Role::Faint);
            canvas.cell(x, foot, "▁", faint);
        }
        for row in 0..area.height {
            let below = usize::from(area.height - 1 - row) * 8;
            let eighths = filled.saturating_sub(below).min(8);
            if eighths > 0 {
                let block = canvas.glyphs.block(eighths);
                canvas.cell(x, area.y + row, block, style);
            }
        }
        if bar.at_least {
            canvas.cell(x, area.y, "↑", style.add_modifier(Modifier::REVERSED));
        }
    }
    for mark in marks {
        in_front(canvas, area, channel, mark);
    }
}

/// The style of a bar: that of its role, but old data is a dimmed ordinary bar.
fn bar_style(canvas: &Canvas<'_>, role: Role) -> Style {
    match role {
        Role::Stale => canvas.style(Role::Bar).add_modifier(Modifier::DIM),
        other => canvas.style(other),
    }
}

/// A thin dotted line where it begins to be worth a look. Bars stand in front of it.
fn dotted(canvas: &mut Canvas<'_>, area: Rect, channel: &Channel) {
    let Some(warning) = channel.warning.filter(|warning| *warning <= channel.scale.top) else { return };
    if channel.is_empty() || area.height < 2 {
        return;
    }
    let height = f64::from(area.height);
    let from_foot = ((channel.scale.level(warning) * height).floor()).min(height - 1.0) as u16;
    let y = area.bottom() - 1 - from_foot;
    let style = canvas.style(Role::Faint);
    let reached = area.left() + area.width.min(channel.bars.len() as u16);
    for x in (area.left()..reached).step_by(3) {
        canvas.cell(x, y, "┈", style);
    }
}

/// A mark keeps the bar behind it visible: over a filled cell it is drawn on the bar's colour.
fn in_front(canvas: &mut Canvas<'_>, area: Rect, channel: &Channel, mark: &Mark) {
    let bar = channel.bars.get(usize::from(mark.column)).copied();
    let steps = usize::from(area.height) * 8;
    let filled = bar.map_or(0, |bar| match bar.value {
        Some(_) if bar.at_least => steps,
        Some(value) => channel.scale.steps(value, steps),
        None => 0,
    });
    let style = canvas.style(mark.role);
    let ascii = canvas.glyphs == Glyphs::Ascii;
    let behind = bar.filter(|_| !ascii).map(|bar| over(bar_style(canvas, bar.role), style));
    for row in 0..area.height {
        let below = usize::from(area.height - 1 - row) * 8;
        let eighths = filled.saturating_sub(below).min(8);
        // A half-filled cell stays as it is: a line there would make the bar look lower than it is.
        if (1..8).contains(&eighths) && area.height > 1 {
            continue;
        }
        let style = if eighths >= 5 { behind.unwrap_or(style) } else { style };
        canvas.cell(area.x + mark.column, area.y + row, mark.glyph, style);
    }
}
