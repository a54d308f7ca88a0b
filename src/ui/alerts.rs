//! What fires, as a block of the panel: each rule once, since when, how many. That nothing fires is said only where
//! somebody watches and was heard of just now.

use crate::app::AlertsKnown;
use crate::app::App;
use crate::app::KnownAlert;
use crate::app::Pane;
use crate::app::SourceHealth;
use crate::facts::Alert;
use crate::facts::AlertState;
use crate::facts::SourceKind;
use crate::facts::Urgency;
use crate::ui::Glyphs;
use crate::ui::Role;
use crate::ui::clock;
use crate::ui::panel::Block;
use crate::ui::panel::is_chosen;
use crate::ui::rows::Row;

/// The alerts that concern the shown service; `None` where no source of alerts is set up.
pub(super) fn block(app: &App, width: u16, glyphs: Glyphs) -> Option<Block<'_>> {
    let service = app.service()?;
    let known = app.alerts_known();
    if known == AlertsKnown::NotSetUp {
        return None;
    }
    let alerts = app.alerts_of(&service.name);
    let heading = heading(&alerts, known);
    let chosen = is_chosen(app, Pane::Alerts);
    let mut rows: Vec<Row<'_>> =
        faults(app).into_iter().map(|(words, _)| Row::new().left(Role::Warning, words)).collect();
    let groups = app.alert_groups(&service.name);
    let at = groups.iter().rposition(|(first, _)| *first <= app.navigation().alert).unwrap_or(0);
    // Where nothing was ever heard, a fault says it better.
    if groups.is_empty() && (rows.is_empty() || known != AlertsKnown::Never) {
        let row = Row::new().left(Role::Muted, nothing(app, known));
        // That nothing fires is worth as much as it is young.
        rows.push(match known {
            AlertsKnown::Fresh(age) => row.right(Role::Muted, clock::calm(age)),
            _ => row,
        });
    }
    // A rule that will never fire counts for more than an alert that may fire soon.
    let mut broken = broken(app);
    for (index, (first, count)) in groups.iter().enumerate() {
        if !alerts[*first].alert.calls() {
            rows.extend(broken.take());
        }
        let mut row = row(app, alerts[*first], *count, known, width, glyphs);
        row.chosen = chosen && index == at;
        rows.push(row);
    }
    rows.extend(broken);
    let others = app.alerts().iter().filter(|one| one.alert.calls() && !one.concerns(&service.name)).count();
    match others {
        0 => {}
        1 => rows.push(Row::new().left(Role::Muted, "1 alert of another service")),
        _ => rows.push(Row::new().left(Role::Muted, format!("{others} alerts of other services"))),
    }
    Some(Block { heading, least: 1, rows, chosen })
}

fn heading<'a>(alerts: &[&KnownAlert], known: AlertsKnown) -> Row<'a> {
    let heading = Row::new().left(Role::Title, "ALERTS");
    if let AlertsKnown::Old(age) = known {
        return heading.right(Role::Warning, format!("stale {}", clock::calm(age)));
    }
    let firing = || alerts.iter().map(|one| &one.alert).filter(|alert| alert.calls());
    let pending = alerts.iter().filter(|one| one.alert.state == AlertState::Pending).count();
    match (firing().count(), pending) {
        (0, 0) => heading,
        (0, pending) => heading.right(Role::Muted, format!("{pending} pending")),
        (count, _) => {
            let worst = firing().max_by_key(|alert| alert.urgency).map_or(Role::Text, role);
            heading.right(worst, format!("{count} firing"))
        }
    }
}

/// One rule: how pressing, its name, how many alerts it has, what is wrong, since when.
fn row<'a>(app: &App, one: &'a KnownAlert, count: usize, known: AlertsKnown, width: u16, glyphs: Glyphs) -> Row<'a> {
    let alert = &one.alert;
    let old = matches!(known, AlertsKnown::Old(_));
    let as_known = |role: Role| if old { Role::Stale } else { role };
    let name = if alert.calls() { Role::Text } else { Role::Muted };
    let mut row =
        Row::new().left(as_known(role(alert)), format!("{} ", symbol(alert))).left(as_known(name), shown_name(alert));
    if count > 1 {
        row = row.left(as_known(name), format!(" ×{count}"));
    }
    if alert.state == AlertState::Pending {
        row = row.right(Role::Muted, "pending");
    }
    let since = alert.since.map(|since| clock::calm_between(since, app.now())).unwrap_or_default();
    let since_role = if alert.calls() { role(alert) } else { Role::Muted };
    row = row.right(as_known(since_role), format!("{since:>5}"));
    // What is wrong stands beside the name where some words of it can be read.
    let room = width.saturating_sub(row.width(glyphs));
    let words = if count > 1 { String::new() } else { told(alert, one.service.as_deref()) };
    if room >= 8 && !words.is_empty() {
        row = row.left(Role::Muted, format!("  {words}"));
    }
    row
}

/// What is wrong, in a line: the summary, or else the labels that tell it from others.
pub(super) fn told(alert: &Alert, service: Option<&str>) -> String {
    if alert.summary.is_empty() { labels(alert, service) } else { alert.summary.clone() }
}

/// The labels that tell it from others of its rule.
pub(super) fn labels(alert: &Alert, service: Option<&str>) -> String {
    alert.telling_labels(service).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// Its name, which some systems do not give.
pub(super) fn shown_name(alert: &Alert) -> &str {
    if alert.name.is_empty() { "unnamed" } else { &alert.name }
}

/// Why there is no list, or only an old one: each cause once, with the advice on it.
pub(super) fn faults(app: &App) -> Vec<(String, &str)> {
    let sources: Vec<&SourceHealth> = app.sources_of(SourceKind::Alerts, None).collect();
    let failing = sources.iter().filter_map(|source| Some((source, source.fault.as_ref()?)));
    let words = failing.map(|(source, fault)| {
        let since = source.failing_since.map(|since| format!(" {}", clock::calm_between(since, app.now())));
        let name = source.info.id.as_str().split_once(' ').map_or("", |(_, name)| name);
        let name = if sources.len() > 1 { format!("{name}: ") } else { String::new() };
        (format!("! {name}{}{}", fault.cause, since.unwrap_or_default()), fault.advice.as_str())
    });
    words.collect()
}

/// What stands in the place of an empty list.
pub(super) fn nothing(app: &App, known: AlertsKnown) -> &'static str {
    let silent = app.sources_of(SourceKind::Alerts, None).any(|source| source.last_ok.is_none());
    match known {
        AlertsKnown::NotSetUp => "no source of alerts is set up",
        AlertsKnown::Never => "not known yet",
        AlertsKnown::Absent => "nobody watches by rules there",
        AlertsKnown::NoRules => "no rules: nothing can fire",
        AlertsKnown::Old(_) => "none fired then",
        // One of several servers was never heard of.
        AlertsKnown::Fresh(_) if silent => "none fires as far as known",
        AlertsKnown::Fresh(_) => "no alert fires",
    }
}

/// How many rules cannot be evaluated; where there is one, its name.
fn broken(app: &App) -> Option<Row<'_>> {
    let mut rules = app.broken_rules();
    let first = rules.next()?;
    let words = match rules.count() {
        0 => format!("! cannot be evaluated: {}", first.1.name),
        more => format!("! {} rules cannot be evaluated", more + 1),
    };
    Some(Row::new().left(Role::Warning, words))
}

/// How many alerts of a service fire, in the role of the worst; a dash where that is not known.
pub(super) fn count(app: &App, service: &str) -> (String, Role) {
    match app.alerts_known() {
        AlertsKnown::Fresh(_) => {}
        AlertsKnown::Old(_) => return ("stale".to_owned(), Role::Stale),
        _ => return ("–".to_owned(), Role::Unknown),
    }
    let own = app.alerts().iter().filter(|one| one.service.as_deref() == Some(service) && one.alert.calls());
    let worst = own.clone().map(|one| &one.alert).max_by_key(|alert| alert.urgency);
    match worst {
        Some(worst) => (own.count().to_string(), role(worst)),
        None => ("0".to_owned(), Role::Muted),
    }
}

/// `6 alerts fire`, all or those that concern a service, in the role of the worst; `None` where none does or where
/// that is not known.
pub(super) fn total(app: &App, service: Option<&str>) -> Option<(String, Role)> {
    let some = app.alerts().iter().filter(|one| service.is_none_or(|service| one.concerns(service)));
    let calling = some.map(|one| &one.alert).filter(|alert| alert.calls());
    let worst = calling.clone().max_by_key(|alert| alert.urgency)?;
    let words = match calling.count() {
        1 => "1 alert fires".to_owned(),
        many => format!("{many} alerts fire"),
    };
    match app.alerts_known() {
        AlertsKnown::Fresh(_) => Some((words, role(worst))),
        AlertsKnown::Old(age) => Some((format!("alerts stale {}", clock::calm(age)), Role::Warning)),
        _ => None,
    }
}

/// The symbol of how pressing an alert is; none for what calls nobody.
pub(super) fn symbol(alert: &Alert) -> &'static str {
    match alert.urgency {
        Urgency::Critical if alert.calls() => "▲",
        Urgency::Warning | Urgency::Unsaid if alert.calls() => "!",
        _ => " ",
    }
}

/// The role of words about an alert.
pub(super) fn role(alert: &Alert) -> Role {
    match alert.urgency {
        _ if !alert.calls() => Role::Muted,
        Urgency::Critical => Role::Critical,
        Urgency::Warning | Urgency::Unsaid => Role::Warning,
        Urgency::Info | Urgency::Machine => Role::Text,
    }
}
