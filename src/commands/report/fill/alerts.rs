//! From the [`App`] to the part of the report's JSON that says what fires.

use super::moment;
use super::seconds;
use crate::app::AlertsKnown;
use crate::app::App;
use crate::app::KnownAlert;
use crate::commands::report::document::Alert;
use crate::commands::report::document::BrokenRule;

/// All alerts; `None` while nobody has said what fires.
pub(super) fn alerts(app: &App) -> Option<Vec<Alert>> {
    let known = !matches!(app.alerts_known(), AlertsKnown::NotSetUp | AlertsKnown::Never | AlertsKnown::Absent);
    known.then(|| app.alerts().iter().map(|one| alert(app, one)).collect())
}

fn alert(app: &App, one: &KnownAlert) -> Alert {
    let alert = &one.alert;
    Alert {
        name: alert.name.clone(),
        state: alert.state,
        since: alert.since.map(moment),
        age_s: alert.since.map(|since| seconds((app.now() - since).to_std().unwrap_or_default())),
        urgency: alert.urgency,
        severity: alert.severity.clone(),
        service: one.service.as_deref().map(str::to_owned),
        summary: alert.summary.clone(),
        description: alert.description.clone(),
        runbook: alert.runbook.clone(),
        labels: alert.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        value: alert.value.filter(|value| value.is_finite()),
        source: one.source.to_string(),
    }
}

/// All rules that cannot be evaluated.
pub(super) fn broken_rules(app: &App) -> Vec<BrokenRule> {
    let rules = app.broken_rules().map(|(source, rule)| BrokenRule {
        name: rule.name.clone(),
        records: rule.records,
        group: rule.group.clone(),
        file: rule.file.clone(),
        query: rule.query.clone(),
        error: rule.error.clone(),
        evaluated: rule.evaluated.map(moment),
        source: source.to_string(),
    });
    rules.collect()
}
