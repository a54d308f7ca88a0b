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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::Mode;
    use crate::app::Msg;
    use crate::commands::report::fill;
    use crate::commands::report::gather::Gathered;
    use crate::commands::report::markdown::markdown;
    use crate::commands::report::sheet::sheet;
    use crate::commands::report::text::text;
    use crate::config::Config;
    use crate::facts::Alert;
    use crate::facts::AlertState;
    use crate::facts::Alerting;
    use crate::facts::At;
    use crate::facts::BrokenRule;
    use crate::facts::Payload;
    use crate::facts::Reading;
    use crate::facts::Urgency;
    use crate::runtime::setup;
    use crate::sources::Source;
    use crate::sources::prometheus::Alerts;
    use crate::sources::prometheus::Settings;

    fn app(said: Option<Alerting>) -> App {
        let at = At::from_timestamp(1_800_000_000, 0).unwrap();
        let url = "http://127.0.0.1:9090/".parse().unwrap();
        let source = Source::Alerts(Box::new(Alerts::new(&Settings::named("prod", vec![url]))));
        let config = Config::for_urls(&["http://127.0.0.1:1/metrics".to_owned()], None).unwrap();
        let wish = setup::Wish { mode: Mode::ReadOnly, service: None, who: None, badge: None, only: true };
        let id = source.info().id;
        let mut app = App::new(setup::settings(&config, &wish, &[source], at).unwrap(), at);
        if let Some(said) = said {
            let body = Ok(Payload::Alerts(said));
            app.update(at, Msg::Arrived(Reading { source: id, at, took: Duration::ZERO, body }));
        }
        app
    }

    fn said() -> Alerting {
        let alert = Alert {
            name: "PoolFull".to_owned(),
            state: AlertState::Firing,
            since: At::from_timestamp(1_799_999_700, 0),
            urgency: Urgency::Critical,
            severity: "page".to_owned(),
            service: String::new(),
            summary: "nothing | left".to_owned(),
            description: String::new(),
            runbook: "https://runbooks.example/pool".to_owned(),
            labels: [("pool", "orders")].into_iter().collect(),
            value: Some(f64::INFINITY),
        };
        let broken = BrokenRule {
            name: "Stuck".to_owned(),
            records: false,
            group: "shop".to_owned(),
            file: String::new(),
            query: "up".to_owned(),
            error: "many-to-many".to_owned(),
            evaluated: None,
        };
        Alerting { alerts: vec![alert], broken: vec![broken], rules: Some(2), ..Alerting::default() }
    }

    #[test]
    fn what_fires_is_in_every_format() {
        let app = app(Some(said()));
        let shown = text(&sheet(&app, Duration::ZERO));
        for part in ["Alerts\n  firing  page  PoolFull", "(5m)", "https://runbooks.example/pool\n", "Stuck  shop"] {
            assert!(shown.contains(part), "{part} in\n{shown}");
        }
        let shown = markdown(&sheet(&app, Duration::ZERO));
        assert!(shown.contains("| firing | page | PoolFull |") && shown.contains("nothing \\| left"), "{shown}");
        assert!(shown.contains("### Rules that cannot be evaluated"), "{shown}");
        let report = Gathered { app, incidents: std::collections::BTreeMap::new(), watched: Duration::ZERO };
        let json = serde_json::to_value(fill::report(&report)).unwrap();
        let alert = &json["alerts"][0];
        assert_eq!((&alert["state"], &alert["urgency"]), (&"firing".into(), &"critical".into()));
        assert_eq!((&alert["age_s"], &alert["labels"]["pool"]), (&300.0.into(), &"orders".into()));
        assert!(alert["value"].is_null() && alert["service"].is_null());
        assert_eq!(json["broken_rules"][0]["error"], "many-to-many");
        assert_eq!(json["sources"][0]["kind"], "alerts");
    }

    #[test]
    fn that_nothing_fires_is_said_only_where_it_is_known() {
        for (said, words) in [
            (None, "Alerts: not known, no source of alerts has answered"),
            (Some(Alerting { rules: Some(1), ..Alerting::default() }), "Alerts: none fires"),
            (
                Some(Alerting { rules: Some(0), ..Alerting::default() }),
                "Alerts: there are no rules, so nothing can fire",
            ),
            (Some(Alerting { absent: true, ..Alerting::default() }), "Alerts: none are served"),
        ] {
            let app = app(said.clone());
            let shown = text(&sheet(&app, Duration::ZERO));
            assert!(shown.contains(words), "{words} in\n{shown}");
            let known = said.is_some_and(|said| !said.absent);
            let report = Gathered { app, incidents: std::collections::BTreeMap::new(), watched: Duration::ZERO };
            let json = serde_json::to_value(fill::report(&report)).unwrap();
            assert_eq!(json["alerts"].is_array(), known);
        }
    }
}
