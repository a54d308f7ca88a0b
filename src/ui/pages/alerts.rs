//! All alerts, those of the service first; the rules that will never fire since they cannot be evaluated; and
//! everything that is known of the chosen one, with the place where it is written what to do.

use ratatui::layout::Rect;

use crate::app::AlertsKnown;
use crate::app::App;
use crate::app::Command;
use crate::app::KEYS;
use crate::app::KnownAlert;
use crate::app::SourceHealth;
use crate::facts::AlertState;
use crate::facts::BrokenRule;
use crate::facts::Number;
use crate::facts::SourceId;
use crate::facts::SourceKind;
use crate::facts::Unit;
use crate::facts::Urgency;
use crate::signals::units;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::alerts;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::pages::Split;
use crate::ui::pages::named;
use crate::ui::pages::title;
use crate::ui::pages::wrapped;
use crate::ui::rows::Row;
use crate::ui::rows::clipped;
use crate::ui::rows::padded;
use crate::ui::rows::wrap_text;

/// Fewest cells of the page in which every alert has its severity and the time of its begin.
const WIDE: u16 = 90;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let listed = app.listed_alerts();
    let broken: Vec<_> = app.broken_rules().collect();
    let chosen = app.navigation().alert.min((listed.len() + broken.len()).saturating_sub(1));
    let known = app.alerts_known();
    let details = match (listed.get(chosen), broken.get(chosen.saturating_sub(listed.len()))) {
        (Some(one), _) => details(app, one, known, canvas, area.width),
        (None, Some((source, rule))) => rule_details(app, source, rule, canvas, area.width),
        (None, None) => Vec::new(),
    };
    let above = above(app, known, &listed, canvas, area.width);
    let list = list(app, &listed, &broken, chosen, known, canvas, area.width);
    let row = list.iter().position(|row| row.chosen).unwrap_or(0);
    let inner = Rect { height: area.height.saturating_sub(above.len() as u16), ..area };
    let split = Split::new(inner, list.len(), row, details.len());
    let more = if split.words.is_empty() { heading(known) } else { split.words.clone() };
    let mut body = title(app, canvas, area, "Alerts", &more);
    for row in above.iter().take(usize::from(body.height)) {
        canvas.row(body.x + 2, body.y, body.width.saturating_sub(2), row);
        body = Rect { y: body.y + 1, height: body.height - 1, ..body };
    }
    if list.is_empty() {
        return;
    }
    let shown: Vec<_> = list.into_iter().skip(split.first).take(usize::from(split.list)).collect();
    split.draw(canvas, body, &shown, &details);
}

/// How old the list is.
fn heading(known: AlertsKnown) -> String {
    match known {
        AlertsKnown::Fresh(age) | AlertsKnown::Old(age) => format!("read {} ago", clock::calm(age)),
        _ => String::new(),
    }
}

/// What has to be known before the list is read: why it is old or empty, what is missing in it.
fn above<'a>(
    app: &'a App,
    known: AlertsKnown,
    listed: &[&KnownAlert],
    canvas: &Canvas<'_>,
    width: u16,
) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let width = width.saturating_sub(2);
    let mut say = |role: Role, text: &str| {
        let wrapped = wrap_text(text, role, width, 2, canvas.glyphs);
        rows.extend(wrapped.into_iter().map(|spans| {
            let mut row = Row::new();
            row.left.extend(spans.into_iter().map(|span| crate::ui::rows::span(span.role, span.text.into_owned())));
            row
        }));
    };
    for (fault, advice) in alerts::faults(app) {
        say(Role::Warning, &fault);
        if !advice.is_empty() {
            say(Role::Muted, advice);
        }
    }
    if let AlertsKnown::Old(age) = known {
        say(Role::Warning, &format!("what follows is {} old", units::age(age)));
    }
    for (_, said) in app.alerting() {
        for remark in &said.remarks {
            say(Role::Muted, remark);
        }
        if said.left_out > 0 {
            say(Role::Warning, &format!("{} more alerts are left out", said.left_out));
        }
    }
    if listed.is_empty() {
        say(Role::Text, alerts::nothing(known));
    } else if listed.iter().all(|one| one.alert.urgency == Urgency::Machine) {
        say(Role::Text, "nothing fires but what is meant for machines");
    }
    if !rows.is_empty() {
        rows.push(Row::new());
    }
    rows
}

/// The rows of the list: alerts, then under a heading of their own the rules that are broken.
fn list<'a>(
    app: &App,
    listed: &[&'a KnownAlert],
    broken: &[(&SourceId, &'a BrokenRule)],
    chosen: usize,
    known: AlertsKnown,
    canvas: &Canvas<'_>,
    width: u16,
) -> Vec<Row<'a>> {
    let glyphs = canvas.glyphs;
    let names = listed.iter().map(|one| glyphs.width(alerts::shown_name(&one.alert))).max().unwrap_or(0);
    let severities = listed.iter().map(|one| glyphs.width(&one.alert.severity)).max().unwrap_or(0).min(12);
    let most = if width < 60 { width / 2 } else { width / 3 };
    let whose = listed.iter().filter_map(|one| foreign(app, one)).map(|name| glyphs.width(name)).max().unwrap_or(0);
    let widths = Widths { name: names.min(most), severity: severities, service: whose.min(width / 5) };
    let mut rows: Vec<Row<'a>> = Vec::new();
    for (index, one) in listed.iter().enumerate() {
        let mut row = alert_row(app, one, widths, known, canvas, width);
        row.chosen = index == chosen;
        rows.push(row);
    }
    if broken.is_empty() {
        return rows;
    }
    if !rows.is_empty() {
        rows.push(Row::new());
    }
    rows.push(Row::new().left(Role::Warning, broken_heading(broken)));
    let widest = broken.iter().map(|(_, rule)| glyphs.width(&rule.name)).max().unwrap_or(0).min(width / 3);
    for (index, (_, rule)) in broken.iter().enumerate() {
        let error = rule.error.lines().next().unwrap_or_default();
        let error = if error.is_empty() { "no reason is given" } else { error };
        let mut row = Row::new()
            .left(Role::Text, format!("{}  ", column(&rule.name, widest, glyphs)))
            .left(Role::Muted, format!("{}  ", rule.group))
            .left(Role::Warning, error);
        row.chosen = listed.len() + index == chosen;
        rows.push(row);
    }
    rows
}

/// `! 3 rules cannot be evaluated: they will never fire`.
fn broken_heading(broken: &[(&SourceId, &BrokenRule)]) -> String {
    let recording = broken.iter().filter(|(_, rule)| rule.records).count();
    let count = if broken.len() == 1 { "1 rule".to_owned() } else { format!("{} rules", broken.len()) };
    let consequence = match (broken.len() - recording, recording, broken.len()) {
        (_, 0, 1) => "it will never fire",
        (_, 0, _) => "they will never fire",
        (0, _, 1) => "what it records is missing",
        (0, _, _) => "what they record is missing",
        _ => "they will never fire or record",
    };
    format!("! {count} cannot be evaluated: {consequence}")
}

/// Widths of the columns of the list.
#[derive(Clone, Copy)]
struct Widths {
    severity: u16,
    name: u16,
    service: u16,
}

/// A text cut with dots or filled up to exactly so many cells.
fn column(text: &str, width: u16, glyphs: Glyphs) -> String {
    padded(&clipped(text, width, glyphs), width, glyphs)
}

/// The service that an alert belongs to, where it is not the one from which the person came.
fn foreign<'a>(app: &App, one: &'a KnownAlert) -> Option<&'a str> {
    let shown = app.service().filter(|_| app.navigation().is_on_service()).map(|service| &*service.name);
    one.service.as_deref().filter(|service| Some(*service) != shown)
}

fn alert_row<'a>(
    app: &App,
    one: &'a KnownAlert,
    widths: Widths,
    known: AlertsKnown,
    canvas: &Canvas<'_>,
    width: u16,
) -> Row<'a> {
    let (alert, glyphs) = (&one.alert, canvas.glyphs);
    let old = matches!(known, AlertsKnown::Old(_));
    let as_known = |role: Role| if old { Role::Stale } else { role };
    let role = as_known(alerts::role(alert));
    let name = if alert.calls() { Role::Strong } else { Role::Muted };
    let mut row = Row::new().left(role, format!("{} ", alerts::symbol(alert)));
    if width >= WIDE && widths.severity > 0 {
        row = row.left(role, format!("{}  ", padded(&alert.severity, widths.severity, glyphs)));
    }
    row = row.left(as_known(name), format!("{}  ", column(alerts::shown_name(alert), widths.name, glyphs)));
    if widths.service > 0 {
        let service = foreign(app, one).unwrap_or_default();
        row = row.left(as_known(Role::Text), format!("{}  ", column(service, widths.service, glyphs)));
    }
    row = row.left(as_known(Role::Text), alerts::told(alert, one.service.as_deref()));
    if width >= WIDE && !alert.summary.is_empty() {
        let labels = alerts::labels(alert, one.service.as_deref());
        row = row.left(Role::Muted, if labels.is_empty() { labels } else { format!("  {labels}") });
    }
    if alert.state == AlertState::Pending {
        row = row.right(Role::Muted, "pending  ");
    }
    if let Some(since) = alert.since {
        if width >= WIDE {
            row = row.right(Role::Muted, clock::minute(since, app.now(), &app.settings().zone));
        }
        row = row.right(role, format!("{:>7}", clock::calm_between(since, app.now())));
    }
    row
}

fn details<'a>(app: &'a App, one: &'a KnownAlert, known: AlertsKnown, canvas: &Canvas<'_>, width: u16) -> Vec<Row<'a>> {
    let alert = &one.alert;
    let mut rows = vec![Row::new().left(Role::Strong, alerts::shown_name(alert))];
    let severity = if alert.severity.is_empty() { String::new() } else { format!(", {}", alert.severity) };
    let value = alert.value.and_then(Number::exact).map(|value| units::shown(value, Unit::Count));
    let value = value.map(|value| format!(", value {value}")).unwrap_or_default();
    let (name, role) = match known {
        AlertsKnown::Old(_) => ("state then", Role::Stale),
        _ => ("state", alerts::role(alert)),
    };
    rows.push(named(name, role, format!("{}{severity}{value}", alert.state.word())));
    // First of all what to do: it stays in sight where the rest does not.
    if !alert.runbook.is_empty() {
        let mut runbook = wrapped("runbook", Role::Key, &alert.runbook, width.saturating_sub(10), canvas);
        let key = KEYS.iter().find(|row| row.command == Command::Copy);
        let key = key.and_then(|row| app.keys().shown(row).into_iter().next());
        if let (Some(first), Some(key)) = (runbook.first_mut(), key) {
            *first = std::mem::take(first).right(Role::Key, key).right(Role::Muted, " copies");
        }
        rows.extend(runbook);
    }
    if let Some(since) = alert.since {
        let (local, utc) = clock::both(since, &app.settings().zone);
        let utc = if utc.is_empty() { utc } else { format!(", {utc}") };
        let day = if app.now() - since < chrono::TimeDelta::hours(20) {
            String::new()
        } else {
            format!("{} ", app.settings().zone.local(since).format("%a %d %b"))
        };
        rows.push(named("since", Role::Text, format!("{day}{local}{utc}, {} ago", units::between(since, app.now()))));
    }
    for (name, text) in [("what", &alert.summary), ("more", &alert.description)] {
        if !text.is_empty() {
            rows.extend(wrapped(name, Role::Text, text, width, canvas));
        }
    }
    let service = match one.service.as_deref() {
        Some(service) => service,
        None if one.is_elsewhere => "one that is not watched here",
        None => "none is named",
    };
    rows.push(named("service", Role::Text, service));
    rows.extend(told_by(app, &one.source, canvas, width));
    for (index, (label, value)) in alert.labels.iter().enumerate() {
        let name = if index == 0 { "labels" } else { "" };
        rows.push(named(name, Role::Muted, format!("{label}=")).left(Role::Text, value));
    }
    rows
}

fn rule_details<'a>(
    app: &'a App,
    source: &SourceId,
    rule: &'a BrokenRule,
    canvas: &Canvas<'_>,
    width: u16,
) -> Vec<Row<'a>> {
    let mut rows = vec![Row::new().left(Role::Strong, rule.name.as_str())];
    let error = if rule.error.is_empty() { "no reason is given" } else { &rule.error };
    rows.extend(wrapped("error", Role::Warning, error, width, canvas));
    if !rule.query.is_empty() {
        rows.extend(wrapped("query", Role::Text, &rule.query, width, canvas));
    }
    let file = if rule.file.is_empty() { String::new() } else { format!(" in {}", rule.file) };
    rows.push(named("group", Role::Text, format!("{}{file}", rule.group)));
    let kind = if rule.records { "records a series" } else { "alerts" };
    rows.push(named("kind", Role::Text, kind));
    if let Some(tried) = rule.evaluated {
        rows.push(named("tried", Role::Text, format!("{} ago", units::between(tried, app.now()))));
    }
    rows.extend(told_by(app, source, canvas, width));
    rows
}

/// Who told of it.
fn told_by<'a>(app: &'a App, source: &SourceId, canvas: &Canvas<'_>, width: u16) -> Vec<Row<'a>> {
    let health: Option<&SourceHealth> =
        app.sources_of(SourceKind::Alerts, None).find(|health| health.info.id == *source);
    health.map(|health| wrapped("told by", Role::Muted, &health.info.address, width, canvas)).unwrap_or_default()
}
