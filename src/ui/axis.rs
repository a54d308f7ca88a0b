//! The shared time axis: which column is which time, and the marks that run through all strips.

use std::time::Duration;

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
    /// The last column that time has reached; those behind it are empty, since they are to come.
    pub last: u16,
    /// Columns that show one value together: no column is finer than the distance of answers.
    pub group: u16,
    /// Milliseconds of a column.
    step: i64,
}

impl Axis {
    /// The axis of the app on so many columns, for answers that are `every` apart. Its edges stand still while time
    /// runs on towards the right one, and then move by a twelfth of the axis at once, but not more often than in
    /// half a minute: a picture that creeps along with every second is unrest for the eye and costs a slow line
    /// thousands of bytes.
    pub fn new((from, to): (At, At), columns: u16, every: Duration) -> Self {
        let count = i64::from(columns.max(1));
        let window = (to - from).num_milliseconds();
        let jump = (30_000 * count / window.max(1)).clamp(count / 12, count / 3).max(1);
        // Rounded up: even right before it moves, the whole window is on the axis.
        let shown = (count - jump).max(1);
        let step = ((window + shown - 1) / shown).max(1);
        let end = (to.timestamp_millis().div_euclid(step * jump) + 1) * step * jump;
        let at = |ms: i64| At::from_timestamp_millis(ms).unwrap_or(to);
        let group = (every.as_millis() as u64).div_ceil(step as u64).clamp(1, (count as u64 / 8).max(1)) as u16;
        let mut axis = Self { from: at(end - step * count), to: at(end), columns, last: 0, group, step };
        let reached = axis.column(to).unwrap_or(0);
        axis.last = ((reached / group + 1) * group - 1).min(columns.saturating_sub(1));
        axis
    }

    /// How many groups of columns there are, and where the last of them ends: it may reach beyond the right edge.
    pub fn groups(&self) -> (usize, At) {
        let groups = self.columns.div_ceil(self.group);
        let length = i64::from(groups) * i64::from(self.group) * self.step;
        (usize::from(groups), self.from + chrono::TimeDelta::milliseconds(length))
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
    let (now, zone) = (app.now(), &app.settings().zone);
    let mut marks: Vec<Mark> = Vec::new();
    let mut add = |at: At, glyph, role, word: &str, side| {
        let Some(column) = axis.column(at) else { return };
        // In the column of the onset the first suspect would not be seen; it was before.
        let hidden = role == Role::Change && marks.iter().any(|mark: &Mark| mark.column == column);
        let column = if hidden { column.saturating_sub(1) } else { column };
        if marks.iter().all(|mark| mark.column != column) {
            marks.push(Mark { column, glyph, role, label: format!("{word} {}", clock::minute(at, now, zone)), side });
        }
    };
    let verdict = &service.verdict;
    if let Some(onset) = verdict.onset {
        add(onset, "╎", severity_role(verdict.severity), "onset", Side::After);
    }
    // The first suspect keeps its name longest, in a line of its own kind; then where the climb began; the other
    // changes follow, newest first.
    let first = verdict.suspects.named().map(|first| &first.candidate);
    if let Some(first) = first {
        add(first.at, "│", Role::Change, first.kind.word(), Side::Before);
    }
    if let Some((began, _)) = verdict.climb {
        add(began, "╱", Role::Warning, "climb", Side::Before);
    }
    for change in app.changes().iter().filter(|change| first.is_none_or(|first| first.id != change.id)) {
        let word = match change.state {
            ChangeState::Failed => "failed",
            ChangeState::RolledBack => "rollback",
            ChangeState::Running | ChangeState::Succeeded | ChangeState::Unknown => change.kind.word(),
        };
        let role = if change.state == ChangeState::Running { Role::Text } else { Role::Muted };
        add(change.at(), "┊", role, word, Side::Under);
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

/// What counts and lies before the left edge: the first suspect and the beginning of the climb, by their names alone.
fn before(app: &App, axis: &Axis) -> Vec<(String, Role)> {
    let Some(verdict) = app.service().map(|service| &service.verdict) else { return Vec::new() };
    let first = verdict.suspects.named().map(|first| &first.candidate);
    let first = first.map(|one| (one.at, one.kind.word(), Role::Change));
    let climb = verdict.climb.map(|(began, _)| (began, "climb", Role::Warning));
    let early = first.into_iter().chain(climb).filter(|(at, ..)| *at < axis.from);
    let (now, zone) = (app.now(), &app.settings().zone);
    early.map(|(at, word, role)| (format!("← {word} {}", clock::minute(at, now, zone)), role)).collect()
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
    let mut taken: Vec<(u16, u16, Role)> = Vec::new();
    for mark in marks {
        place(canvas, area, y, (mark.column, mark.side), (&mark.label, mark.role), &mut taken);
    }
    for (label, role) in before(app, axis) {
        place(canvas, area, y, (0, Side::After), (&label, role), &mut taken);
    }
    let edge = app.navigation().end.map(|end| clock::second(end, &app.settings().zone));
    let edge = edge.as_ref().map_or(("now", Role::Muted), |time| (time, Role::Focus));
    place(canvas, area, y, (axis.last, Side::Under), edge, &mut taken);
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
    taken: &mut Vec<(u16, u16, Role)>,
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
    // At the left edge one name follows the other.
    let behind = taken.iter().map(|(_, to, _)| to + 2).min().filter(|_| column == 0 && role != Role::Muted);
    // The last resort is to stand close before what is in the way.
    let close = taken.iter().map(|(from, ..)| from.saturating_sub(wide + 1)).max_by_key(|start| *start);
    let close =
        close.filter(|_| role != Role::Muted).filter(|start| start + wide + 9 > column && start + wide <= column + 2);
    for start in places.into_iter().chain(close).chain(behind) {
        let start = start.min(last);
        let end = start + wide;
        // Two blanks between labels, so that they are not read as one; one where colour keeps them apart.
        let gap = |other: Role| if other == role { 2 } else { 1 };
        if taken.iter().all(|(from, to, other)| end + gap(*other) <= *from || start >= *to + gap(*other)) {
            canvas.put(area.x + start, y, wide, label, role);
            taken.push((start, end, role));
            return;
        }
    }
}

/// Round times and their columns, about one for every fifteen columns.
fn ticks(app: &App, axis: &Axis) -> Vec<(u16, String)> {
    const STEPS: [i64; 15] = [10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
    let wanted = axis.seconds() * 15 / i64::from(axis.columns.max(1));
    let step = STEPS.into_iter().find(|step| *step >= wanted).unwrap_or(7 * 86_400);
    let zone = &app.settings().zone;
    let local = zone.local(axis.from).naive_local().and_utc().timestamp();
    let first = axis.from.timestamp() + (step - local.rem_euclid(step)) % step;
    (0..200)
        .map_while(|index| At::from_timestamp(first + index * step, 0).filter(|at| *at < axis.to))
        .filter_map(|at| {
            let local = zone.local(at);
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
        let five = Duration::from_secs(5);
        let axes: Vec<_> = (0..3_600).map(|s| Axis::new((at(s), at(3_600 + s)), 64, five)).collect();
        let moves = axes.windows(2).filter(|pair| pair[0].from != pair[1].from).count();
        assert!((11..=12).contains(&moves), "an axis of an hour moves once in five minutes: {moves}");
        for (second, axis) in (0..).zip(&axes) {
            assert!(axis.column(at(second)).is_some(), "the whole window is on the axis");
            assert_eq!(axis.column(at(3_600 + second)), Some(axis.last));
            assert!(axis.columns - axis.last <= 5, "little of it is still to come");
        }
        assert_eq!(axes[0].column(axes[0].to), None);
        assert_eq!(Axis::new((at(0), at(0)), 0, five).column(at(0)), None);
        let short = Axis::new((at(0), at(120)), 96, five);
        assert_eq!(
            (short.group, short.columns - short.last <= 32),
            (3, true),
            "a value is never drawn finer than asked"
        );
    }
}
