//! All services, worst first: one row each, and below them the verdict on the chosen one.

use ratatui::layout::Rect;

use crate::app::AlertsKnown;
use crate::app::App;
use crate::app::Mode;
use crate::app::ServiceState;
use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Signal;
use crate::incident::clocks;
use crate::signals::Freshness;
use crate::signals::units;
use crate::triage::Severity;
use crate::ui::Role;
use crate::ui::alerts;
use crate::ui::axis::Axis;
use crate::ui::canvas::Canvas;
use crate::ui::changes;
use crate::ui::clock;
use crate::ui::footer;
use crate::ui::glyphs::symbol;
use crate::ui::header;
use crate::ui::outside;
use crate::ui::panel;
use crate::ui::rows::Row;
use crate::ui::rows::severity_role;
use crate::ui::rows::wrap;
use crate::ui::strips;
use crate::ui::strips::Channel;
use crate::ui::verdict;
use crate::ui::wall;

/// The columns of a row and their widths; a width of 0 leaves a column out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Columns {
    name: u16,
    age: u16,
    bars: u16,
    errors: u16,
    p95: u16,
    alerts: u16,
    incident: u16,
    rate: u16,
    suspect: u16,
    words: u16,
}

impl Columns {
    /// What fits: names and errors first, then since when, alerts, incidents, the words, bars, latency, rate, the first suspect.
    fn new(width: u16, names: u16, alerts: bool, incidents: bool) -> Self {
        let name = names.clamp(6, 28).min(width / 2);
        let mut left = width.saturating_sub(13 + name + 2);
        let mut take = |wanted: u16, keep: u16| {
            let fits = left >= wanted + keep;
            left -= if fits { wanted } else { 0 };
            if fits { wanted } else { 0 }
        };
        let errors = take(9, 0);
        let age = take(8, 0);
        let alerts = if alerts { take(8, 0) } else { 0 };
        let incident = if incidents { take(10, 0) } else { 0 };
        let p95 = take(10, 0);
        let bars = take(18, 0);
        let bars = if bars == 0 { take(12, 0) } else { bars };
        let rate = take(13, 36);
        let suspect = take(34, 66);
        let words = if left >= 16 { left } else { 0 };
        Self { name, age, bars, errors, p95, alerts, incident, rate, suspect, words }
    }
}

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let order = app.worst_first();
    let chosen = app.navigation().overview_row.min(order.len().saturating_sub(1));
    let Some(one) = order.get(chosen).and_then(|index| app.services().get(*index)) else { return };
    let mut y = area.y;
    let mut counted = None;
    if area.height >= 3 {
        header::draw(app, canvas, Rect { height: 1, ..area });
        y += 1 + u16::from(area.height >= 30);
        counted = Some(y);
        y += 1 + u16::from(area.height >= 16) + u16::from(area.height >= 30);
    }
    let footer = u16::from(area.height >= 12);
    let foot = area.bottom() - footer;
    let last = Rect { y: foot, height: footer, ..area };
    if app.mode() == Mode::Wall {
        wall::last_good(app, canvas, last);
    } else {
        footer::draw(app, canvas, last);
    }
    let room = foot.saturating_sub(y);
    // The words on the chosen one keep a few rows, the list the rest.
    let below = if room >= 8 { (room / 3).clamp(3, 16) } else { 0 };
    let rows = (order.len() as u16).min(room - below);
    let first = (chosen + 1).saturating_sub(usize::from(rows).max(1));
    if let Some(y) = counted {
        let width = area.width.saturating_sub(2);
        let mut row = counts(app);
        if usize::from(rows) < order.len() {
            let last = (first + usize::from(rows)).min(order.len());
            let part = format!("{}–{last} of {}", first + 1, order.len());
            // How bad it is comes first where there is no room for both.
            let taken = canvas.spans_width(&row.left) + canvas.spans_width(&row.right);
            if taken + canvas.width(&part) + 4 < width {
                let gap = if row.right.is_empty() { "" } else { "  " };
                row = row.right(Role::Muted, format!("{gap}{part}"));
            }
        }
        canvas.row(area.x + 1, y, width, &row);
    }
    let names = app.services().iter().map(|service| canvas.width(&service.name)).max().unwrap_or(0);
    let alerts = app.alerts_known() != AlertsKnown::NotSetUp;
    let incidents = app.services().iter().any(|service| opened(service).is_some());
    let columns = Columns::new(area.width, names, alerts, incidents);
    if y > area.y + 2 {
        headings(canvas, Rect { y: y - 1, height: 1, ..area }, columns);
    }
    for (row, index) in (0..rows).zip(order.iter().enumerate().skip(first)) {
        let (place, index) = index;
        let Some(service) = app.services().get(*index) else { continue };
        draw_row(app, canvas, Rect { y: y + row, height: 1, ..area }, service, columns, place == chosen);
    }
    y += rows + u16::from(room > rows + 6);
    if below > 0 && y < foot {
        canvas.rule(area.x, y, area.width);
        below_list(app, canvas, Rect { y: y + 1, height: foot - y - 1, ..area }, one);
    }
}

/// `1 critical, 1 warning, 4 ok`, and how many alerts fire, whosever they are.
fn counts(app: &App) -> Row<'static> {
    let mut row = Row::new();
    for severity in [Severity::Critical, Severity::Warning, Severity::Unknown, Severity::Ok] {
        let count = app.services().iter().filter(|service| service.verdict.severity == severity).count();
        if count > 0 {
            let comma = if row.left.is_empty() { "" } else { ", " };
            row = row
                .left(Role::Text, comma)
                .left(severity_role(severity), format!("{count} {}", app.settings().severities.short(severity)));
        }
    }
    match alerts::total(app, None) {
        Some((text, role)) => row.right(role, text),
        None => row,
    }
}

fn draw_row(app: &App, canvas: &mut Canvas<'_>, area: Rect, service: &ServiceState, columns: Columns, chosen: bool) {
    let severity = service.verdict.severity;
    let role = severity_role(severity);
    let y = area.y;
    if chosen {
        canvas.put(area.x, y, 1, "›", Role::Focus);
    }
    let mut x = area.x + 2;
    canvas.put(
        x,
        y,
        area.right().saturating_sub(x).min(11),
        &format!("{} {}", symbol(severity), app.settings().severities.short(severity)),
        role,
    );
    x += 11;
    let name = if chosen { Role::Focus } else { Role::Title };
    canvas.put(x, y, columns.name, &service.name, name);
    x += columns.name + 1;
    let now = app.now();
    let mut cell = |canvas: &mut Canvas<'_>, width: u16, text: String, role: Role| {
        if width > 0 {
            canvas.put_right(x, x + width - 2, y, &text, role);
            x += width;
        }
    };
    let value = |measure: Measure| match (service.signals.now(measure, now), service.signals.freshness(now)) {
        (Some(number), _) => units::shown(number, measure.unit()),
        (None, Freshness::Stale(_)) => "stale".to_owned(),
        (None, _) => "–".to_owned(),
    };
    let age = service.verdict.onset.map_or_else(String::new, |onset| clock::calm_between(onset, now));
    cell(canvas, columns.age, age, role);
    cell(canvas, columns.errors, value(Measure::ErrorRate), role_of(service, Signal::ErrorRate));
    if columns.bars > 0 {
        let axis = Axis::new(app.axis(), columns.bars - 2, service.signals.every());
        let channel = Channel::new(service, Signal::ErrorRate, &axis, now);
        strips::paint(canvas, Rect { x, y, width: columns.bars - 2, height: 1 }, &channel, &[]);
        x += columns.bars;
    }
    let mut cell = |canvas: &mut Canvas<'_>, width: u16, text: String, role: Role| {
        if width > 0 {
            canvas.put_right(x, x + width - 2, y, &text, role);
            x += width;
        }
    };
    cell(canvas, columns.p95, value(Measure::LatencyP95), role_of(service, Signal::Latency));
    cell(canvas, columns.rate, value(Measure::RequestRate), role_of(service, Signal::RequestRate));
    let (count, role) = alerts::count(app, &service.name);
    cell(canvas, columns.alerts, count, role);
    let incident = opened(service);
    let (mark, role) = match incident {
        Some(_) if is_due(app, service) => ("▲", Role::Warning),
        Some(_) => ("■", Role::Strong),
        None => ("", Role::Text),
    };
    let since = incident.map(|opened| format!("{mark} {}", clock::calm_between(opened, now))).unwrap_or_default();
    cell(canvas, columns.incident, since, role);
    if columns.incident == 0 {
        canvas.put(area.x + 1, y, 1, mark, role);
    }
    if columns.suspect > 0 {
        let (text, role) = suspect(service);
        canvas.put(x, y, columns.suspect - 2, &text, role);
        x += columns.suspect;
    }
    if columns.words > 0 {
        let width = area.right().saturating_sub(x + 1);
        if let Some(words) = wrap(&service.verdict.headline, width, 1, canvas.glyphs).first() {
            canvas.spans(x, y, width, words);
        }
    }
}

/// Since when an incident of the service has been open.
fn opened(service: &ServiceState) -> Option<At> {
    service.incident.opened_at().filter(|_| service.incident.resolved().is_none())
}

/// Whether one of its clocks is due.
fn is_due(app: &App, service: &ServiceState) -> bool {
    clocks(&service.incident, &app.settings().incidents.clocks).iter().any(|clock| clock.is_due(app.now()))
}

/// The first suspect with its distance, or that nothing fits; nothing where nothing is wrong.
fn suspect(service: &ServiceState) -> (String, Role) {
    let ranking = &service.verdict.suspects;
    match ranking.named() {
        Some(first) => (format!("{:>7} {}", changes::apart(first), first.candidate.name), Role::Change),
        None if ranking.suspects.is_empty() => (String::new(), Role::Muted),
        None => ("        nothing fits".to_owned(), Role::Muted),
    }
}

/// The names of the columns, each over its right edge.
fn headings(canvas: &mut Canvas<'_>, area: Rect, columns: Columns) {
    let mut x = area.x + 14 + columns.name;
    for (width, name) in [
        (columns.age, "since"),
        (columns.errors, "errors"),
        (columns.bars, ""),
        (columns.p95, "p95"),
        (columns.rate, "rate"),
        (columns.alerts, "alerts"),
        (columns.incident, "incident"),
    ] {
        if width > 0 {
            canvas.put_right(x, x + width - 2, area.y, name, Role::Muted);
            x += width;
        }
    }
    if columns.suspect > 0 {
        canvas.put(x, area.y, columns.suspect - 2, " before first suspect", Role::Muted);
    }
}

fn role_of(service: &ServiceState, signal: Signal) -> Role {
    let finding = service.verdict.findings.iter().find(|finding| finding.subject.signal() == signal);
    finding.map_or(Role::Text, |finding| severity_role(finding.severity))
}

/// The verdict on the chosen service, and beside it what changed and what vendors say.
fn below_list(app: &App, canvas: &mut Canvas<'_>, area: Rect, service: &ServiceState) {
    let (x, width) = (area.x + 2, area.width.saturating_sub(3));
    let mut y = area.y;
    canvas.put(x, y, width, &service.name, Role::Title);
    y += 1;
    let most = usize::from(area.height.saturating_sub(1).min(5));
    for words in verdict::rows(&service.verdict, width, most, canvas) {
        canvas.spans(x, y, width, &words);
        y += 1;
    }
    y += 1;
    let left = area.bottom().saturating_sub(y);
    if left < 3 || area.width < 60 {
        return;
    }
    let half = area.width / 2;
    let changes = changes::block(app, service, 0, half - 4, canvas.glyphs);
    let vendors = outside::block(app, half - 3, canvas.glyphs);
    for (x, block) in [(area.x, &changes), (area.x + half, &vendors)] {
        let height = (block.rows.len() as u16 + 1).min(left);
        panel::draw_block(canvas, Rect { x: x.saturating_sub(1).max(area.x), y, width: half - 1, height }, block);
    }
}
