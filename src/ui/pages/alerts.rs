//! All alerts, those of the service first; the rules that will never fire since they cannot be evaluated; and
//! everything that is known of the chosen one, with the place where it is written what to do.

mod list;

use ratatui::layout::Rect;

use crate::app::AlertsKnown;
use crate::app::App;
use crate::app::Command;
use crate::app::KEYS;
use crate::app::KnownAlert;
use crate::app::SourceHealth;
use crate::facts::BrokenRule;
use crate::facts::Number;
use crate::facts::SourceId;
use crate::facts::SourceKind;
use crate::facts::Unit;
use crate::facts::Urgency;
use crate::signals::units;
use crate::ui::Role;
use crate::ui::alerts;
use crate::ui::canvas::Canvas;
use crate::ui::clock;
use crate::ui::pages::Split;
use crate::ui::pages::named;
use crate::ui::pages::title;
use crate::ui::pages::wrapped;
use crate::ui::rows::Row;
use crate::ui::rows::wrap_text;
use list::Choice;
use list::List;

/// Draws the page.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, area: Rect) {
    let known = app.alerts_known();
    let list = List::new(app, known, canvas.glyphs, area.width);
    let chosen = app.navigation().alert.min(list.choices().saturating_sub(1));
    let details = match list.choice(chosen) {
        Some(Choice::Alert(one)) => details(app, one, known, canvas, area.width),
        Some(Choice::Rule(source, rule)) => rule_details(app, source, rule, canvas, area.width),
        None => Vec::new(),
    };
    let above = above(app, known, &list, canvas, area.width);
    let inner = Rect { height: area.height.saturating_sub(above.len() as u16), ..area };
    let split = Split::new(inner, list.rows(), list.row_of(chosen), details.len());
    let more = if split.words.is_empty() { heading(known) } else { split.words.clone() };
    let mut body = title(app, canvas, area, "Alerts", &more);
    for row in above.iter().take(usize::from(body.height)) {
        canvas.row(body.x + 2, body.y, body.width.saturating_sub(2), row);
        body = Rect { y: body.y + 1, height: body.height - 1, ..body };
    }
    if list.rows() == 0 {
        return;
    }
    // Only what is seen is made: there may be a thousand.
    let end = (split.first + usize::from(split.list)).min(list.rows());
    let shown: Vec<_> = (split.first..end).map(|row| list.row(row, chosen)).collect();
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
fn above<'a>(app: &'a App, known: AlertsKnown, list: &List<'_>, canvas: &Canvas<'_>, width: u16) -> Vec<Row<'a>> {
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
        if said.broken_left_out > 0 {
            say(Role::Warning, &format!("{} more broken rules are left out", said.broken_left_out));
        }
    }
    let listed = list.alerts();
    if listed.is_empty() {
        say(Role::Text, alerts::nothing(app, known));
    } else if matches!(known, AlertsKnown::Fresh(_)) && listed.iter().all(|one| one.alert.urgency == Urgency::Machine) {
        say(Role::Text, "nothing fires but what is meant for machines");
    }
    // At the end of a long list they would be found by nobody.
    if listed.len() > 12
        && let Some(words) = list.broken_words()
    {
        say(Role::Warning, &words);
    }
    if !rows.is_empty() {
        rows.push(Row::new());
    }
    rows
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
