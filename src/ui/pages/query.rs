//! A question in `PromQL` and its answer: the line, names that fit, what is wrong with it, and a strip per series.

use std::collections::BTreeSet;
use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::App;
use crate::app::Asked;
use crate::facts::At;
use crate::facts::Labels;
use crate::facts::Number;
use crate::facts::Rows;
use crate::facts::Unit;
use crate::signals::Column;
use crate::signals::History;
use crate::signals::Point;
use crate::signals::columns;
use crate::signals::units;
use crate::ui::Role;
use crate::ui::axis;
use crate::ui::axis::Axis;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::pages::lines;
use crate::ui::pages::title;
use crate::ui::rows::Row;
use crate::ui::rows::clipped;
use crate::ui::rows::wrap_text;
use crate::ui::strips;
use crate::ui::strips::Bar;
use crate::ui::strips::Channel;
use crate::ui::strips::Scale;

/// Names that are shown at once.
const OFFERED: u16 = 8;

/// Cells for the labels of a series where they stand beside its bars, and from which width on they do.
const LABEL: u16 = 32;
const BESIDE: u16 = 76;

/// Cells at the right for the top of the scale.
const SCALE: u16 = 8;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let source = app.asked_source().map_or("no source of metrics", |info| info.id.as_str());
    let body = title(app, canvas, area, "Query", source);
    let below = line(app, canvas, body);
    let below = match app.asking().prompt.offer() {
        Some(offer) => names(canvas, below, &offer.names, offer.chosen),
        None => below,
    };
    let Some(asked) = &app.asking().asked else {
        let known = app.asking().prompt.known();
        let names = if known > 0 { format!("Tab completes {known} names") } else { "Tab completes names".to_owned() };
        let text = format!("Enter asks, {names}, Up brings earlier questions back, Esc leaves.");
        say(canvas, below, &text, Role::Muted);
        return;
    };
    answer(app, asked, canvas, below);
}

/// The line with its cursor; what is too long moves so that the cursor is seen. Answers what is left below.
fn line(app: &App, canvas: &mut Canvas<'_>, area: Rect) -> Rect {
    let (before, after) = app.asking().prompt.parts();
    canvas.put(area.x, area.y, 1, ":", Role::Key);
    let room = area.width.saturating_sub(3);
    let mut before = before;
    while canvas.width(before) >= room {
        let Some(first) = before.chars().next() else { break };
        before = &before[first.len_utf8()..];
    }
    let x = area.x + 2 + canvas.put(area.x + 2, area.y, room, before, Role::Strong);
    let mut rest = after.chars();
    let under = rest.next().map_or_else(|| " ".to_owned(), String::from);
    let style = canvas.style(Role::Strong).add_modifier(Modifier::REVERSED);
    let left = area.right().saturating_sub(x);
    let used = canvas.put_styled(x, area.y, left, &under, style);
    canvas.put(x + used, area.y, left.saturating_sub(used), rest.as_str(), Role::Strong);
    let used = 2.min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

/// The names that fit, the chosen one marked.
fn names(canvas: &mut Canvas<'_>, area: Rect, names: &[String], chosen: Option<usize>) -> Rect {
    let rows = OFFERED.min(area.height / 2).min(names.len().max(1) as u16);
    if names.is_empty() {
        canvas.put(area.x + 2, area.y, area.width.saturating_sub(2), "no name fits", Role::Muted);
    }
    let first = (chosen.unwrap_or(0) + 1).saturating_sub(usize::from(rows)).min(names.len());
    let shown = names.iter().enumerate().skip(first).take(usize::from(rows));
    let list: Vec<_> = shown
        .map(|(index, name)| {
            let is_chosen = chosen == Some(index);
            let mut row = Row::new().left(if is_chosen { Role::Focus } else { Role::Text }, name.as_str());
            row.chosen = is_chosen;
            row
        })
        .collect();
    lines(canvas, Rect { height: rows, ..area }, &list);
    let used = (rows + 1).min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

/// Words over several rows; answers how many rows they took.
fn say(canvas: &mut Canvas<'_>, area: Rect, text: &str, role: Role) -> u16 {
    let rows = wrap_text(text, role, area.width.saturating_sub(2), usize::from(area.height.min(6)), canvas.glyphs);
    for (y, row) in (area.y..).zip(&rows) {
        canvas.spans(area.x + 2, y, area.width.saturating_sub(2), row);
    }
    rows.len() as u16
}

fn answer(app: &App, asked: &Asked, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(reply) = &asked.reply else {
        say(canvas, area, "asking", Role::Muted);
        return;
    };
    let rows = match &reply.body {
        Ok(rows) => rows,
        Err(fault) => {
            let used = say(canvas, area, &fault.cause, Role::Critical);
            let below = Rect { y: area.y + used, height: area.height.saturating_sub(used), ..area };
            say(canvas, below, &fault.advice, Role::Text);
            return;
        }
    };
    let age = (app.now() - reply.at).to_std().unwrap_or_default();
    let late = age > Duration::from_secs(15) || reply.at < asked.question.from;
    let mut used = 0;
    for note in &rows.notes {
        let below = Rect { y: area.y + used, height: area.height.saturating_sub(used), ..area };
        used += say(canvas, below, note, Role::Warning);
    }
    if late {
        let below = Rect { y: area.y + used, height: area.height.saturating_sub(used), ..area };
        used += say(canvas, below, &format!("this answer is {} old", clock::calm(age)), Role::Stale);
    }
    let below = Rect { y: area.y + used, height: area.height.saturating_sub(used), ..area };
    if rows.series.is_empty() {
        if rows.notes.is_empty() {
            say(canvas, below, "no series: nothing fits the question in this time", Role::Unknown);
        }
        return;
    }
    series(app, asked, rows, canvas, below);
}

/// A strip per series, all on one scale, so that their heights can be compared.
fn series(app: &App, asked: &Asked, rows: &Rows, canvas: &mut Canvas<'_>, area: Rect) {
    let beside = area.width >= BESIDE;
    let (label, scale_width) = if beside { (LABEL, SCALE) } else { (2, 0) };
    let axis_rows = if area.height >= 8 { 2 } else { 0 };
    let room = area.height.saturating_sub(axis_rows + 1);
    let least = if beside { 1 } else { 2 };
    let shown = (rows.series.len() as u16).min(room / least);
    if shown == 0 {
        return;
    }
    let gap = u16::from(room / shown >= 4);
    let height = (room / shown - gap).clamp(least, 9);
    let graph = Rect { x: area.x + label, width: area.width.saturating_sub(label + scale_width), ..area };
    if graph.width < 4 {
        return;
    }
    let axis = Axis::new(app.axis(), graph.width, asked.question.step);
    let marks = axis::marks(app, &axis);
    let highest = highest(rows);
    let unit = unit_of(&asked.question.text, highest);
    let scale = Scale::linear(highest, unit);
    let common = common(rows);
    let mut y = area.y;
    for (labels, points) in rows.series.iter().take(usize::from(shown)) {
        let channel = channel(points, &axis, asked.question.step, scale);
        let (value, role) = last_value(points, asked, unit);
        let name = name(labels, &common);
        let words = if beside { label.saturating_sub(2) } else { area.width.saturating_sub(2) };
        let row = Row::new().left(Role::Title, clipped(&name, words, canvas.glyphs)).right(role, value.as_str());
        canvas.row(area.x + 1, y, words, &row);
        let top = u16::from(!beside);
        let graph = Rect { y: y + top, height: height - top, ..graph };
        strips::paint(canvas, graph, &channel, &marks);
        if beside && y == area.y {
            canvas.put(graph.right() + 1, y, SCALE - 1, &scale.top_text(), Role::Muted);
        }
        y += height + gap;
    }
    let more = rows.series.len() - usize::from(shown) + rows.left_out;
    let mut words = Vec::new();
    if more > 0 {
        words.push(format!("{more} more series; put sum or topk around the query to see less"));
    }
    if !common.is_empty() && rows.series.len() > 1 {
        words.push(format!("all: {}", common.iter().map(|(k, v)| format!("{k}={v:?}")).collect::<Vec<_>>().join(" ")));
    }
    if lowest(rows) < 0.0 {
        words.push("values below zero have no bar".to_owned());
    }
    if axis_rows > 0 {
        let under = Rect { y, height: axis_rows, width: graph.width + scale_width, ..graph };
        axis::draw(app, canvas, under, &axis, &marks);
        y += axis_rows;
    }
    if y < area.bottom() {
        canvas.put(area.x + 2, y, area.width.saturating_sub(2), &words.join(" · "), Role::Muted);
    }
}

/// The last number of a series; one that is not of now has its age.
fn last_value(points: &[(At, f64)], asked: &Asked, unit: Unit) -> (String, Role) {
    let Some((at, value)) = points.last() else { return ("no number".to_owned(), Role::Strong) };
    let shown = Number::exact(*value).map_or_else(|| "no number".to_owned(), |number| units::shown(number, unit));
    // The last instant of an answer lies up to a step before the end, and what it tells a scrape before that.
    let age = (asked.question.to - *at).to_std().unwrap_or_default();
    if age <= asked.question.step * 2 {
        return (shown, Role::Strong);
    }
    (format!("{shown}, {} ago", clock::calm(age)), Role::Stale)
}

fn channel(points: &[(At, f64)], axis: &Axis, step: Duration, scale: Scale) -> Channel {
    let mut history = History::new(Duration::from_hours(24 * 365));
    for (at, value) in points {
        history.push(Point { at: *at, number: Number::exact(*value) });
    }
    let (groups, to) = axis.groups();
    let seen = columns(&history, axis.from, to, groups, step);
    let wide = seen.into_iter().flat_map(|column| std::iter::repeat_n(column, usize::from(axis.group)));
    let bars = wide.take(usize::from(axis.last) + 1).map(|column| match column {
        Column::Hole => Bar { value: None, role: Role::Faint, at_least: false },
        Column::Seen { mean, .. } => Bar { value: Some(mean.max(0.0)), role: Role::Bar, at_least: false },
    });
    Channel { bars: bars.collect(), scale, warning: None, usual: None }
}

fn values(rows: &Rows) -> impl Iterator<Item = f64> {
    rows.series.iter().flat_map(|(_, points)| points.iter().map(|(_, value)| *value)).filter(|value| value.is_finite())
}

fn highest(rows: &Rows) -> f64 {
    values(rows).fold(0.0, f64::max)
}

fn lowest(rows: &Rows) -> f64 {
    values(rows).fold(0.0, f64::min)
}

/// The labels that all series share; none where there is only one series.
fn common(rows: &Rows) -> Vec<(String, String)> {
    let Some((first, _)) = rows.series.first().filter(|_| rows.series.len() > 1) else { return Vec::new() };
    let shared = |(key, value): &(&str, &str)| rows.series.iter().all(|(labels, _)| labels.get(key) == Some(value));
    first.iter().filter(shared).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// What tells a series from the others.
fn name(labels: &Labels, common: &[(String, String)]) -> String {
    let hidden: BTreeSet<&str> = common.iter().map(|(key, _)| key.as_str()).collect();
    let own: Vec<_> = labels.iter().filter(|(key, _)| !hidden.contains(key)).collect();
    match own.as_slice() {
        [] => labels.get("__name__").unwrap_or("value").to_owned(),
        [(_, value)] => (*value).to_owned(),
        many => many
            .iter()
            .map(|(key, value)| if *key == "__name__" { (*value).to_owned() } else { format!("{key}={value}") })
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// Seconds beyond these are no length of time, but an instant since 1970.
const LONGEST: f64 = 3e8;

/// What the words of a query say about its unit: rates of seconds are no times, and what is not sure has none.
fn unit_of(query: &str, highest: f64) -> Unit {
    let is = |suffix: &str| query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|w| w.ends_with(suffix));
    let rated =
        ["rate(", "deriv(", "changes(", "resets(", "count", "/", "group"].iter().any(|word| query.contains(word));
    let timed = query.contains("histogram_quantile(") && is("_seconds_bucket") || !rated && is("_seconds");
    if timed && highest < LONGEST {
        Unit::Seconds
    } else if !rated && is("_bytes") {
        Unit::Bytes
    } else {
        Unit::Count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_guessed_only_where_they_are_sure() {
        for (query, unit) in [
            ("histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[1m])))", Unit::Seconds),
            ("process_resident_memory_bytes", Unit::Bytes),
            ("max(go_memstats_heap_bytes{a=\"b\"})", Unit::Bytes),
            ("rate(process_cpu_seconds_total[1m])", Unit::Count),
            ("a_bytes / b_bytes", Unit::Count),
            ("scrape_duration_seconds", Unit::Seconds),
            ("up", Unit::Count),
        ] {
            assert_eq!(unit_of(query, 1e6), unit, "{query}");
        }
        assert_eq!(unit_of("process_start_time_seconds", 1.8e9), Unit::Count, "an instant");
    }

    #[test]
    fn a_number_that_is_not_of_now_has_its_age() {
        let at = |second: i64| At::from_timestamp(1_800_000_000 + second, 0).unwrap();
        let question = crate::facts::Question {
            id: 1,
            source: crate::facts::SourceId::new("metrics shop"),
            text: "x".to_owned(),
            service: "shop".to_owned(),
            from: at(0),
            to: at(600),
            step: Duration::from_secs(5),
        };
        let asked = Asked { question, pending: false, reply: None };
        let last = |second: i64| last_value(&[(at(0), 1.0), (at(second), 7.0)], &asked, Unit::Count);
        assert_eq!(last(598), ("7".to_owned(), Role::Strong));
        assert_eq!(last(590), ("7".to_owned(), Role::Strong));
        assert_eq!(last(555), ("7, 40s ago".to_owned(), Role::Stale));
        assert_eq!(last_value(&[], &asked, Unit::Count).0, "no number");
    }

    #[test]
    fn series_are_told_apart_by_what_differs() {
        let labels = |pairs: &[(&str, &str)]| pairs.iter().copied().collect::<Labels>();
        let a = labels(&[("__name__", "x"), ("job", "api"), ("route", "/a")]);
        let b = labels(&[("__name__", "x"), ("job", "api"), ("route", "/b")]);
        let rows = Rows { series: vec![(a.clone(), Vec::new()), (b, Vec::new())], ..Rows::default() };
        assert_eq!(name(&a, &common(&rows)), "/a");
        let alone = Rows { series: vec![(a.clone(), Vec::new())], ..Rows::default() };
        assert_eq!(name(&a, &common(&alone)), "x job=api route=/a");
        assert_eq!(name(&labels(&[]), &[]), "value");
    }
}
