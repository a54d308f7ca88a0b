//! One signal in full: a large chart, its numbers over the time of the axis, its rule, its query and its source.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::ServiceState;
use crate::facts::Answer;
use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::Signal;
use crate::facts::TargetReport;
use crate::signals::units;
use crate::triage::Outlook;
use crate::triage::Standing;
use crate::triage::Subject;
use crate::triage::leak_words;
use crate::triage::onset_words;
use crate::triage::usual_words;
use crate::ui::Role;
use crate::ui::axis;
use crate::ui::axis::Axis;
use crate::ui::canvas::Canvas;
use crate::ui::glyphs::symbol;
use crate::ui::pages::head;
use crate::ui::pages::lines;
use crate::ui::pages::named;
use crate::ui::pages::part;
use crate::ui::pages::title;
use crate::ui::pages::wrapped;
use crate::ui::rows::Row;
use crate::ui::rows::severity_role;
use crate::ui::strips;
use crate::ui::strips::Channel;

/// Cells at the left of the chart for the values of its scale.
const VALUES: u16 = 9;

/// Draws the page.
pub(super) fn draw(app: &App, signal: Signal, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(service) = app.service() else { return };
    let rows = facts(app, service, signal, canvas, area.width);
    let room = area.height - head(area);
    let gap = u16::from(room > 12);
    // The chart gets what the facts do not need, but half of the page at least, its axis included.
    let chart = room.saturating_sub(rows.len() as u16 + gap).clamp(room * 2 / 5, (room / 2).max(24));
    let below = room.saturating_sub(chart + gap);
    let (first, words) = part(rows.len(), usize::from(below), app.navigation().scroll);
    let body = title(app, canvas, area, signal.title(), &words);
    plot(app, service, signal, canvas, Rect { height: chart.min(body.height), ..body });
    let y = body.y + chart + gap;
    lines(canvas, Rect { y, height: below, ..body }, &rows[first..]);
}

/// The chart with the values of its scale at the left and the axis below.
fn plot(app: &App, service: &ServiceState, signal: Signal, canvas: &mut Canvas<'_>, area: Rect) {
    // A multiple of four rows, so that the values of the scale stand at equal distances.
    let rows = area.height.saturating_sub(2);
    let rows = if rows >= 8 { rows - rows % 4 } else { rows - rows % 2 };
    let graph = Rect { x: area.x + VALUES, width: area.width.saturating_sub(VALUES + 1), height: rows, ..area };
    if graph.height == 0 || graph.width < 4 {
        return;
    }
    let axis = Axis::new(app.axis(), graph.width, service.signals.every());
    let marks = axis::marks(app, &axis);
    let channel = Channel::new(service, signal, &axis, app.now());
    strips::paint(canvas, graph, &channel, &marks);
    if channel.is_empty() {
        if let Some(Answer::NoData(why)) = service.signals.answer(signal.measures()[0]) {
            canvas.put(graph.x, graph.y, graph.width, why, Role::Muted);
        }
    } else {
        let steps = if graph.height >= 8 { 4 } else { 2 };
        for step in 0..=steps {
            let level = f64::from(step) / f64::from(steps);
            // A value stands in the row whose upper edge it is; the lowest one on the rule of the axis.
            let up = (f64::from(graph.height) * level).round() as u16;
            canvas.put_right(area.x, graph.x - 1, graph.bottom() - up, &channel.scale.text_at(level), Role::Muted);
        }
        if channel.scale.log {
            canvas.put_right(area.x, graph.x - 1, graph.bottom() + 1, "log", Role::Muted);
        }
    }
    axis::draw(app, canvas, Rect { y: graph.bottom(), height: 2, ..graph }, &axis, &marks);
}

fn facts<'a>(app: &App, service: &'a ServiceState, signal: Signal, canvas: &Canvas<'_>, width: u16) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    rules(app, service, signal, &mut rows);
    let heads = format!("{:<16}{:>14}{:>14}{:>14}{:>14}", "", "now", "least", "mean", "most");
    rows.push(Row::new().left(Role::Muted, heads));
    let (from, to) = app.axis();
    rows.extend(signal.measures().iter().filter_map(|measure| numbers(app, service, *measure, from, to)));
    rows.push(Row::new());
    let Some(about) = service.signals.about() else { return rows };
    for measure in signal.measures() {
        let Some(query) = about.queries.get(measure) else { continue };
        let last = measure.key().rsplit_once('_').map_or(measure.key(), |(_, last)| last);
        let name = if signal.measures().len() > 1 { format!("{last} query") } else { "query".to_owned() };
        rows.extend(wrapped(&name, Role::Text, query, width, canvas));
    }
    rows.push(named("engine", Role::Text, about.engine.as_str()));
    for preset in &about.presets {
        rows.push(named("preset", Role::Text, preset.title.as_str()).left(Role::Muted, format!("  {}", preset.why)));
    }
    for note in &about.notes {
        rows.extend(wrapped("note", Role::Text, note, width, canvas));
    }
    for (index, target) in about.targets.iter().enumerate() {
        targets(target, index, &mut rows);
    }
    // A server keeps its own; nothing is counted here then.
    if about.series.1 > 0 {
        rows.push(named("series", Role::Muted, format!("{} kept of at most {}", about.series.0, about.series.1)));
    }
    rows
}

/// Every rule about the signal and where it stands; then what is usual, when that was left, what runs full.
fn rules(app: &App, service: &ServiceState, signal: Signal, rows: &mut Vec<Row<'_>>) {
    let (now, zone) = (app.now(), &app.settings().zone);
    for rule in service.watcher.rules().about(signal) {
        let Some(standing) = service.watcher.standing(rule, &service.signals, now) else { continue };
        let role = match standing {
            Standing::Holds(_) => severity_role(rule.severity),
            Standing::Pending(_) => Role::Text,
            Standing::Quiet | Standing::CannotTell(_) => Role::Muted,
        };
        let mark = if matches!(standing, Standing::Holds(_)) { symbol(rule.severity) } else { " " };
        let text = format!("{mark} {:<9} {rule}", rule.severity.word());
        rows.push(Row::new().left(role, text).left(role, format!("  {}", standing.words(now, zone))));
    }
    for subject in Subject::ALL.into_iter().filter(|subject| subject.signal() == signal) {
        let onset = service.watcher.onset(subject).map(|onset| onset_words(&onset, subject, now, zone));
        let usual =
            || service.watcher.usual(subject).map(|usual| format!("usual {}", usual_words(&usual, subject, now)));
        if let Some(words) = onset.or_else(usual) {
            rows.push(Row::new().left(Role::Muted, format!("  {:<9} {words}", "")));
        }
        if let Some(Outlook::Leak(leak)) = service.watcher.outlook(subject) {
            rows.push(Row::new().left(Role::Text, format!("  {:<9} {}", "", leak_words(leak, now, zone))));
        }
    }
}

/// One measure: now, and the least, mean and most of the time of the axis.
fn numbers<'a>(app: &App, service: &ServiceState, measure: Measure, from: At, to: At) -> Option<Row<'a>> {
    let track = service.signals.track(measure)?;
    let (mut least, mut most, mut sum, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0_u32);
    for number in track.history.between(from, to).filter_map(|point| point.number) {
        least = least.min(number.value);
        most = most.max(number.value);
        sum += number.value;
        count += 1;
    }
    let shown = |value: f64| Number::exact(value).map_or_else(|| "–".to_owned(), |n| units::shown(n, measure.unit()));
    let mean = shown(sum / f64::from(count));
    let now = match (service.signals.now(measure, app.now()), service.signals.answer(measure)) {
        (Some(number), _) => units::shown(number, measure.unit()),
        (None, Some(Answer::Known(_))) => "stale".to_owned(),
        (None, Some(Answer::WarmingUp(_))) => "warming up".to_owned(),
        (None, Some(Answer::NoTraffic)) => "no traffic".to_owned(),
        (None, _) => "no data".to_owned(),
    };
    let name = measure.key().replace('_', " ");
    let [least, most] = [least, most].map(shown);
    Some(
        Row::new()
            .left(Role::Text, format!("{name:<16}"))
            .left(Role::Strong, format!("{now:>14}"))
            .left(Role::Text, format!("{least:>14}{mean:>14}{most:>14}")),
    )
}

fn targets<'a>(target: &'a TargetReport, index: usize, rows: &mut Vec<Row<'a>>) {
    let name = if index == 0 { "targets" } else { "" };
    let took = format!("  {} ms", target.took.as_millis());
    match &target.outcome {
        Ok(scrape) => {
            let row = named(name, Role::Ok, "● ").left(Role::Text, target.address.as_str());
            let read = format!("{took}, {} samples, {} bytes", scrape.samples, scrape.bytes);
            rows.push(row.left(Role::Muted, read));
            if scrape.skipped > 0 {
                let text = format!("  {} lines not understood, first: {}", scrape.skipped, scrape.skipped_example);
                rows.push(named("", Role::Warning, text));
            }
            if !scrape.remark.is_empty() {
                rows.push(named("", Role::Muted, format!("  {}", scrape.remark)));
            }
        }
        Err(fault) => {
            let row = named(name, Role::Warning, "! ").left(Role::Text, target.address.as_str());
            rows.push(row.left(Role::Warning, format!("  {}", fault.cause)).left(Role::Muted, took));
            if !fault.advice.is_empty() {
                rows.push(named("", Role::Text, format!("  {}", fault.advice)));
            }
        }
    }
}
