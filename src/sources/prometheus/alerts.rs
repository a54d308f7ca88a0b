//! What fires on a server that speaks the Prometheus API, and which of its rules cannot be evaluated.
//!
//! Replicas are asked all, since each evaluates its rules by itself, and their alerts are merged by their labels.
//! Rules change seldom and their list is long: they are asked less often than alerts, a page at a time. A server
//! that serves no alerts is told as such and is no fault. Main type: [`Alerts`].

mod parse;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::facts::Alerting;
use crate::facts::At;
use crate::facts::Fault;
use crate::facts::FaultKind;
use crate::facts::Payload;
use crate::facts::SourceId;
use crate::facts::SourceInfo;
use crate::facts::SourceKind;
use crate::sources::http::Http;
use crate::sources::prometheus::Api;
use crate::sources::prometheus::Settings;
use crate::sources::prometheus::turns::in_turn;
use parse::AlertList;
use parse::RuleList;
use parse::Rules;
use parse::merged;

/// Alerts are asked for at most so often: servers evaluate their rules every 15 s at the soonest, as a rule.
const LEAST: Duration = Duration::from_secs(15);
/// From one look at the rules to the next.
const RULES_EVERY: Duration = Duration::from_secs(60);
/// Groups of rules on one page, and most pages: 5,000 groups are more than any server in one tenant has.
const PAGE: usize = 100;
const PAGES: usize = 50;

/// The alerts of one server.
pub struct Alerts {
    name: String,
    label: Option<String>,
    replicas: Vec<Api>,
    every: Duration,
    /// The rules as last read, when that was tried, and why it failed if it did.
    rules: Option<(At, Option<Rules>, Option<String>)>,
}

impl Alerts {
    /// The alerts of that server; nothing is asked yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let replicas = settings.urls.iter().map(|url| Api::new(url.clone(), Arc::clone(&settings.access)));
        Self {
            name: settings.name.clone(),
            label: settings.label.clone(),
            replicas: replicas.collect(),
            every: settings.every.max(LEAST),
            rules: None,
        }
    }

    /// What is known of it before it ever answered.
    #[must_use]
    pub fn info(&self) -> SourceInfo {
        let first = self.replicas.first().map(Api::shown).unwrap_or_default();
        let more = self.replicas.len().saturating_sub(1);
        SourceInfo {
            id: SourceId::new(&format!("alerts {}", self.name)),
            kind: SourceKind::Alerts,
            service: None,
            address: if more == 0 { first } else { format!("{first} and {more} more") },
            every: self.every,
        }
    }

    /// Asks every replica what fires, and from time to time one of them for its rules.
    ///
    /// # Errors
    /// Why no replica has an answer.
    pub async fn ask(&mut self, http: &Http, now: At) -> Result<Payload, Fault> {
        let asks = self.replicas.iter().map(|api| in_turn::<AlertList>(api, http, "alerts", &[]));
        let (mut lists, mut remarks, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for answer in join_all(asks).await {
            match answer {
                Ok(told) => {
                    lists.push(told.data);
                    remarks.extend(told.remarks);
                }
                Err(trouble) => faults.push(Fault::from(trouble)),
            }
        }
        if lists.is_empty() {
            return without_lists(faults);
        }
        // Whatever is left to say of a replica that is away is said in one line.
        if let Some(first) = faults.first() {
            let (away, all) = (faults.len(), self.replicas.len());
            remarks.insert(0, format!("{away} of {all} replicas not read: {}", first.cause));
        }
        let mut alerting = merged(lists, self.label.as_deref());
        self.look_at_rules(http, now).await;
        if let Some((_, rules, failed)) = &self.rules {
            remarks.extend(failed.clone());
            if let Some(rules) = rules {
                alerting.rules = Some(rules.alerting);
                alerting.broken.clone_from(&rules.broken);
                alerting.broken_left_out = rules.left_out;
            }
        }
        remarks.dedup();
        alerting.remarks = remarks;
        Ok(Payload::Alerts(alerting))
    }

    /// Reads the rules of the first replica that has them, if it is time to. What was read before stays when it fails.
    async fn look_at_rules(&mut self, http: &Http, now: At) {
        let due = self.rules.as_ref().is_none_or(|(tried, _, _)| {
            // A clock that was set back must not stop it.
            (now - *tried).to_std().is_ok_and(|age| age >= RULES_EVERY) || now < *tried
        });
        if !due {
            return;
        }
        let mut failed = None;
        for api in &self.replicas {
            match rules_of(api, http).await {
                Ok((rules, remark)) => {
                    self.rules = Some((now, Some(rules), remark));
                    return;
                }
                Err(fault) => failed = failed.or(Some(fault)),
            }
        }
        let before = self.rules.take().and_then(|(_, rules, _)| rules);
        // Alerts without rules are what some proxies let through: that no rule is known is told by its absence.
        let failed = failed.map(|fault| format!("the rules cannot be read: {}", fault.cause));
        self.rules = Some((now, before, failed));
    }
}

/// No replica has a list of alerts: a server that serves none is no fault.
fn without_lists(faults: Vec<Fault>) -> Result<Payload, Fault> {
    match faults.into_iter().find(|fault| fault.kind != FaultKind::NotFound) {
        Some(fault) => Err(fault),
        None => Ok(Payload::Alerts(Alerting {
            absent: true,
            remarks: vec![
                "the server serves no alerts (404): vmalert, a ruler or Alertmanager has them, if there is one"
                    .to_owned(),
            ],
            ..Alerting::default()
        })),
    }
}

/// All rules of a server, page by page, and what is to be said where not all were read.
async fn rules_of(api: &Api, http: &Http) -> Result<(Rules, Option<String>), Fault> {
    let mut rules = Rules::default();
    let mut token = None;
    for page in 1..=PAGES {
        // The alerts of each rule are known already; servers that do not know the parameters leave them out.
        let mut form = vec![("group_limit", PAGE.to_string()), ("exclude_alerts", "true".to_owned())];
        form.extend(token.clone().map(|token| ("group_next_token", token)));
        let told = match in_turn::<RuleList>(api, http, "rules", &form).await {
            Ok(told) => told,
            // A page can vanish while rules are reloaded; the pages before it are as good as they were.
            Err(trouble) if page > 1 => {
                let cause = Fault::from(trouble).cause;
                return Ok((rules, Some(format!("only a part of the rules could be read: {cause}"))));
            }
            Err(trouble) => return Err(trouble.into()),
        };
        let next = told.data.next().map(str::to_owned);
        told.data.add_to(&mut rules);
        // A server that answers with the same page again would be asked for ever.
        if next.is_none() || next == token {
            return Ok((rules, None));
        }
        token = next;
    }
    Ok((rules, Some(format!("only the first {} groups of rules were read", PAGE * PAGES))))
}
