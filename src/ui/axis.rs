//! The shared time axis: which column is which time, and the marks that run through all strips.

use ratatui::layout::Rect;

use crate::app::App;
use crate::facts::At;
use crate::facts::ChangeState;
use crate::facts::Level;
use crate::ui::Role;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::rows::severity_role;

/// The columns of the time axis.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Axis {
    /// The left edge.
    pub from: At,
    /// The right edge.
    pub to: At,
    /// How many columns there are.
    pub columns: u16,
    /// Milliseconds of a column.
    step: i64,
}

impl Axis {
    /// The axis of the app on so many columns. Its right edge stands on a whole multiple of a column, so that the
    /// picture moves by one column at a time and not a little with every second.
    pub fn new((from, to): (At, At), columns: u16) -> Self {
        let count = i64::from(columns.max(1));
        let step = ((to - from).num_milliseconds() / count).max(1);
        let end = (to.timestamp_millis().div_euclid(step) + 1) * step;
        let at = |ms: i64| At::from_timestamp_millis(ms).unwrap_or(to);
        Self { from: at(end - step * count), to: at(end), columns, step }
    }

    /// The column of an instant; `None` outside of the axis.
    pub fn column(&self, at: At) -> Option<u16> {
        let column = (at - self.from).num_milliseconds().div_euclid(self.step);
        u16::try_from(column).ok().filter(|column| *column < self.columns)
    }

    /// The length in seconds.
    fn seconds(&self) -> i64 {
        (self.to - self.from).num_seconds()
    }
}

/// Where a label goes first: beside the mark or under its middle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// It ends at the mark.
    Before,
    /// Its middle is the mark.
    Under,
    /// It begins at the mark.
    After,
}

/// A vertical line through all strips.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Mark {
    /// Where.
    pub column: u16,
    /// The line's glyph.
    pub glyph: &'static str,
    /// What it stands for.
    pub role: Role,
    /// Its name under the axis.
    pub label: String,
    /// Where the name goes first.
    pub side: Side,
}

/// The marks of the shown service, the most important first; one per column.
pub(super) fn marks(app: &App, axis: &Axis) -> Vec<Mark> {
    let Some(service) = app.service() else { return Vec::new() };
    let (now, zone) = (app.now(), app.settings().zone);
    let mut marks: Vec<Mark> = Vec::new();
    let mut add = |at: At, glyph, role, word: &str, side| {
        let Some(column) = axis.column(at) else { return };
        if marks.iter().all(|mark| mark.column != column) {
            marks.push(Mark { column, glyph, role, label: format!("{word} {}", clock::minute(at, now, zone)), side });
        }
    };
    if let Some(onset) = service.verdict.onset {
        add(onset, "╎", severity_role(service.verdict.severity), "onset", Side::After);
    }
    // The change nearest before the onset keeps its name longest; the others follow, newest first.
    let nearest = service.verdict.nearby.first().map(|near| &near.change);
    for change in nearest.into_iter().chain(app.changes()) {
        let word = match change.state {
            ChangeState::Failed => "failed",
            ChangeState::RolledBack => "rollback",
            ChangeState::Running | ChangeState::Succeeded | ChangeState::Unknown => change.kind.word(),
        };
        // Only the suspect and what is going on are in colour.
        let near = nearest == Some(change);
        let role = if near || change.state == ChangeState::Running { Role::Change } else { Role::Muted };
        add(change.at(), "┊", role, word, if near { Side::Before } else { Side::Under });
    }
    for vendor in app.vendors() {
        let Some(status) = &vendor.status else { continue };
        if let (Some(since), Level::Degraded | Level::PartialOutage | Level::MajorOutage) = (status.since, status.level)
        {
            add(since, ":", Role::Muted, &vendor.name, Side::Under);
        }
    }
    marks
}

/// Draws the axis: a rule with the feet of the marks where there are two rows, and the labels in the last one.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect, axis: &Axis, marks: &[Mark]) {
    if area.height == 0 {
        return;
    }
    if area.height > 1 {
        canvas.rule(area.x, area.y, axis.columns);
        for mark in marks {
            let style = canvas.style(mark.role);
            canvas.cell(area.x + mark.column, area.y, "┴", style);
        }
    }
    let y = area.bottom() - 1;
    let mut taken: Vec<(u16, u16)> = Vec::new();
    for mark in marks {
        place(canvas, area, y, (mark.column, mark.side), (&mark.label, mark.role), &mut taken);
    }
    let edge = if app.navigation().end.is_some() {
        clock::second(axis.to.min(app.now()), app.settings().zone)
    } else {
        "now".to_owned()
    };
    place(canvas, area, y, (axis.columns.saturating_sub(1), Side::Before), (&edge, Role::Muted), &mut taken);
    for (column, label) in ticks(app, axis) {
        place(canvas, area, y, (column, Side::Under), (&label, Role::Muted), &mut taken);
    }
}

/// Writes a label under its column, or beside it, where nothing stands yet; else leaves it out.
fn place(
    canvas: &mut Canvas<'_>,
    area: Rect,
    y: u16,
    (column, side): (u16, Side),
    (label, role): (&str, Role),
    taken: &mut Vec<(u16, u16)>,
) {
    let wide = canvas.width(label);
    if wide > area.width {
        return;
    }
    let last = area.width - wide;
    let (before, under) = (column.saturating_sub(wide.max(1) - 1), column.saturating_sub(wide / 2));
    let places = match side {
        Side::Before => [before, under, column],
        Side::Under => [under, before, column],
        Side::After => [column, under, before],
    };
    for start in places {
        let start = start.min(last);
        let end = start + wide;
        // Two blanks between labels, so that they are not read as one.
        if taken.iter().all(|(from, to)| end + 2 <= *from || start >= *to + 2) {
            canvas.put(area.x + start, y, wide, label, role);
            taken.push((start, end));
            return;
        }
    }
}

/// Round times and their columns, about one for every fifteen columns.
fn ticks(app: &App, axis: &Axis) -> Vec<(u16, String)> {
    const STEPS: [i64; 15] = [10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
    let wanted = axis.seconds() * 15 / i64::from(axis.columns.max(1));
    let step = STEPS.into_iter().find(|step| *step >= wanted).unwrap_or(7 * 86_400);
    let zone = app.settings().zone;
    let local = axis.from.with_timezone(&zone).naive_local().and_utc().timestamp();
    let first = axis.from.timestamp() + (step - local.rem_euclid(step)) % step;
    (0..200)
        .map_while(|index| At::from_timestamp(first + index * step, 0).filter(|at| *at < axis.to))
        .filter_map(|at| {
            let local = at.with_timezone(&zone);
            let format = match step {
                ..60 => "%H:%M:%S",
                60..43_200 => "%H:%M",
                _ => "%d %b",
            };
            Some((axis.column(at)?, local.format(format).to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> At {
        At::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    #[test]
    fn the_picture_moves_by_whole_columns() {
        let one = Axis::new((at(0), at(3_600)), 60);
        let moved = (1..60).map(|s| Axis::new((at(s), at(3_600 + s)), 60)).filter(|axis| *axis != one).count();
        assert_eq!(moved, 0, "the edge moves once in a minute");
        assert_ne!(Axis::new((at(60), at(3_660)), 60), one);
        assert_eq!(one.column(at(3_600)), Some(59), "now is in the last column");
        assert_eq!(one.column(at(60)), Some(0));
        assert_eq!(one.column(at(59)), None);
        assert_eq!(Axis::new((at(0), at(0)), 0).column(at(0)), None);
    }
}
