//! What fires in the story.

use std::time::Duration;

use sixty::app::{App, Mode, Msg};
use sixty::facts::{
    Alert, AlertState, Alerting, At, BrokenRule, FaultKind, Payload, SourceId, SourceInfo, SourceKind, Urgency,
};

use super::{ago, fault, now, send, settings};

pub fn info() -> SourceInfo {
    SourceInfo {
        id: SourceId::new("alerts prod"),
        kind: SourceKind::Alerts,
        service: None,
        address: "http://prometheus.prod:9090".to_owned(),
        every: Duration::from_secs(15),
    }
}

pub fn alert(name: &str, state: AlertState, severity: &str, since: At, labels: &[(&str, &str)]) -> Alert {
    Alert {
        name: name.to_owned(),
        state,
        since: Some(since),
        urgency: Urgency::of(severity),
        severity: severity.to_owned(),
        service: String::new(),
        summary: String::new(),
        description: String::new(),
        runbook: String::new(),
        labels: labels.iter().copied().chain([("severity", severity)]).collect(),
        value: Some(1.0),
    }
}

/// Nothing fires but the watchdog, and 41 rules are well.
pub fn quiet() -> Alerting {
    let watchdog = alert("Watchdog", AlertState::Firing, "none", ago(400_000), &[]);
    Alerting { alerts: vec![watchdog], rules: Some(41), ..Alerting::default() }
}

pub fn firing() -> Alerting {
    use AlertState::{Firing, Pending};
    let shop = ("service", "checkout-api");
    let mut errors = alert("CheckoutErrorBudgetBurn", Firing, "page", ago(325), &[shop, ("slo", "availability")]);
    errors.summary = String::from("45 % of requests fail, budget gone in 40 min");
    errors.description = String::from(
        "More than 14 times the rate at which the budget of 30 days lasts.\nLook at deploys first, \
                          then at the pool of database connections.",
    );
    errors.runbook = String::from("https://runbooks.example/checkout/error-budget");
    errors.value = Some(0.4538);
    let mut pool = alert("DbPoolExhausted", Firing, "critical", ago(350), &[shop, ("pool", "orders")]);
    pool.summary = String::from("Pool orders has 0 of 100 connections left");
    pool.runbook = String::from("https://runbooks.example/db/pool");
    let pods = ["checkout-api-7d9f8b-x2x7k", "checkout-api-7d9f8b-8m2qd", "checkout-api-7d9f8b-l0w9c"];
    let slow = pods.iter().zip(0..).map(|(pod, index)| {
        let mut slow = alert("PodSlow", Firing, "warning", ago(300 - 20 * index), &[shop, ("pod", pod)]);
        slow.summary = format!("p95 of {pod} is 28 s");
        slow
    });
    let disk = alert("NodeDiskPressure", Pending, "warning", ago(95), &[("node", "ip-10-0-3-7"), ("job", "node")]);
    let mut search = alert("SearchLagging", Firing, "warning", ago(5_400), &[("service", "search")]);
    search.summary = String::from("The index is 12 min behind");
    let mut alerts = vec![search, disk];
    alerts.extend(slow);
    alerts.extend([pool, errors]);
    alerts.extend(quiet().alerts);
    let broken = |name: &str, records, error: &str| BrokenRule {
        name: name.to_owned(),
        records,
        group: "checkout".to_owned(),
        file: "rules/checkout.yml".to_owned(),
        query: "sum by (pod) (rate(http_requests_total[5m])) / on (pod) kube_pod_info".to_owned(),
        error: error.to_owned(),
        evaluated: Some(ago(11)),
    };
    Alerting {
        alerts,
        broken: vec![
            broken("CheckoutPodTraffic", false, "found duplicate series for the match group {pod=\"a\"}"),
            broken(
                "CheckoutStuck",
                false,
                "many-to-many matching not allowed: matching labels must be unique on one side",
            ),
        ],
        rules: Some(43),
        ..Alerting::default()
    }
}

/// A source of alerts that said this, or nothing yet.
pub fn asked(said: Option<Alerting>) -> App {
    let mut settings = settings(&["checkout-api"], Mode::interactive());
    settings.sources.push(info());
    let mut app = App::new(settings, ago(60));
    if let Some(said) = said {
        send(&mut app, "alerts prod", ago(4), Ok(Payload::Alerts(said)));
    }
    app.update(now(), Msg::Second);
    app
}

/// Nothing fired when the source was last heard of, four minutes ago.
pub fn quiet_then_silent() -> App {
    let mut settings = settings(&["checkout-api"], Mode::interactive());
    settings.sources.push(info());
    let mut app = App::new(settings, ago(3_600));
    send(&mut app, "alerts prod", ago(255), Ok(Payload::Alerts(quiet())));
    fault(&mut app, "alerts prod", 240, FaultKind::Connect, "connection refused");
    app.update(now(), Msg::Second);
    app
}
