//! What fires and what never will, as tables for people.

use super::Section;
use super::Table;
use super::age;
use super::since;
use crate::app::AlertsKnown;
use crate::app::App;
use crate::app::KnownAlert;

/// Alerts that are shown; the others are in the JSON.
const ALERTS: usize = 30;

/// The sections; without any source of alerts they are left out.
pub(super) fn sections(app: &App) -> [Section; 2] {
    let empty = match app.alerts_known() {
        AlertsKnown::NotSetUp => "",
        AlertsKnown::Never => "not known, no source of alerts has answered",
        AlertsKnown::Absent => "none are served at the addresses that are asked",
        AlertsKnown::NoRules => "there are no rules, so nothing can fire",
        AlertsKnown::Old(_) | AlertsKnown::Fresh(_) => "none fires",
    };
    let rows = app.alerts().iter().take(ALERTS).map(|one| row(app, one)).collect();
    let head = &["State", "Severity", "Alert", "Service", "Since", "What"];
    let alerts = Section { title: "Alerts", empty, table: Table { head, rows } };
    let rows = app.broken_rules().map(|(_, rule)| vec![rule.name.clone(), rule.group.clone(), rule.error.clone()]);
    let table = Table { head: &["Rule", "Group", "Error"], rows: rows.collect() };
    [alerts, Section { title: "Rules that cannot be evaluated", empty: "", table }]
}

fn row(app: &App, one: &KnownAlert) -> Vec<String> {
    let alert = &one.alert;
    let begun = alert.since.map(|at| format!("{} ({})", since(app, at, false), age(at, app))).unwrap_or_default();
    let labels = || alert.telling_labels(one.service.as_deref()).map(|(name, value)| format!("{name}={value}"));
    let what = match alert.summary.as_str() {
        "" => labels().collect::<Vec<_>>().join(" "),
        summary => summary.to_owned(),
    };
    let what = if alert.runbook.is_empty() { what } else { format!("{what}; runbook: {}", alert.runbook) };
    let service = one.service.as_deref().unwrap_or_default().to_owned();
    vec![alert.state.word().to_owned(), alert.severity.clone(), alert.name.clone(), service, begun, what]
}
