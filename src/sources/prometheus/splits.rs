//! Measures taken apart by instance and by route, asked of the server while a service is in trouble.
//!
//! Only for few services, from time to time, and with few questions: a server that is in an incident itself must not
//! get more work from every screen. What is worth it is decided beside, for both engines.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use chrono::DateTime;
use futures_util::future::join_all;

use crate::facts::Measure;
use crate::facts::Points;
use crate::facts::Split;
use crate::promql::quoted;
use crate::sources::apart;
use crate::sources::apart::Portions;
use crate::sources::apart::Trouble;
use crate::sources::apart::Values;
use crate::sources::apart::Wish;
use crate::sources::embedded::Plan;
use crate::sources::http::Http;
use crate::sources::prometheus::Settings;
use crate::sources::prometheus::answer::Rows;
use crate::sources::prometheus::look::Found;
use crate::sources::prometheus::questions::filled;
use crate::sources::prometheus::server::Server;
use crate::sources::prometheus::span::seconds;

/// From one time to the next.
const EVERY: Duration = Duration::from_secs(15);
/// Services that are taken apart at once, and questions that are asked for that.
const SERVICES: usize = 3;
const QUESTIONS: usize = 16;

/// What is taken apart.
#[derive(Default, Debug)]
pub(super) struct Splits {
    trouble: BTreeMap<Arc<str>, Trouble>,
    /// What is worth being taken apart, by service.
    wanted: BTreeMap<Arc<str>, Vec<Measure>>,
    asked: Option<Instant>,
    known: BTreeMap<Arc<str>, Vec<Split>>,
}

/// One question.
pub(super) struct Ask {
    service: Arc<str>,
    measure: Measure,
    label: String,
    text: String,
}

/// What came back for it.
pub(super) type Part = (Ask, Option<Values>);

impl Splits {
    /// Looks at the newest points of a service; says what is known of its parts.
    pub(super) fn look(&mut self, service: &Arc<str>, points: &[Points]) -> Vec<Split> {
        if let Some(newest) = points.last() {
            let trouble = self.trouble.entry(Arc::clone(service)).or_default();
            let measures = trouble.look(newest.at, &newest.answers);
            if measures.is_empty() {
                self.trouble.remove(service);
                self.wanted.remove(service);
                self.known.remove(service);
            } else {
                self.wanted.insert(Arc::clone(service), measures);
            }
        }
        self.known.get(service).cloned().unwrap_or_default()
    }

    /// The questions that are due; none as a rule.
    pub(super) fn due(&mut self, plans: &BTreeMap<Arc<str>, Plan>, found: &Found, settings: &Settings) -> Vec<Ask> {
        if self.asked.is_some_and(|asked| asked.elapsed() < EVERY) {
            return Vec::new();
        }
        self.wanted.retain(|service, _| plans.contains_key(service));
        self.known.retain(|service, _| plans.contains_key(service));
        let mut asks = Vec::new();
        // Of many in trouble at once the cause is hardly one instance of one of them.
        for (service, measures) in self.wanted.iter().take(SERVICES) {
            let Some(plan) = plans.get(service) else { continue };
            let own = questions(service, measures, plan, found, settings);
            if asks.len() + own.len() <= QUESTIONS {
                asks.extend(own);
            }
        }
        if !asks.is_empty() {
            self.asked = Some(Instant::now());
        }
        asks
    }

    /// Takes what came back, as of an instant.
    pub(super) fn take(&mut self, parts: &[Part], end: i64, window: Duration) {
        let Some(at) = DateTime::from_timestamp_millis(end) else { return };
        let mut of: BTreeMap<&Arc<str>, Portions<'_>> = BTreeMap::new();
        for (ask, values) in parts {
            // What was known stays where there is no answer at all.
            if let Some(values) = values {
                let portions = of.entry(&ask.service).or_default();
                portions.insert(Wish { measure: ask.measure, label: &ask.label }, values.clone());
            }
        }
        for (service, portions) in of {
            self.known.insert(Arc::clone(service), portions.splits(at, window));
        }
    }
}

fn questions(service: &Arc<str>, measures: &[Measure], plan: &Plan, found: &Found, settings: &Settings) -> Vec<Ask> {
    let matcher = format!("{}={}", found.label, quoted(service));
    let ask = |wish: Wish<'_>| {
        let text = filled(plan.queries.get(&wish.measure)?, service, &matcher, found, settings);
        let text = apart::rewritten(&text, wish.label, &found.twins)?;
        Some(Ask { service: Arc::clone(service), measure: wish.measure, label: wish.label.to_owned(), text })
    };
    apart::wishes(measures, plan.route.as_deref()).into_iter().filter_map(ask).collect()
}

/// Asks the server, as of an instant.
pub(super) async fn put(server: &Server, http: &Http, asks: Vec<Ask>, end: i64, until: Instant) -> Vec<Part> {
    let parts = asks.into_iter().map(|ask| async move {
        let form = [("query", ask.text.clone()), ("time", seconds(end)), ("nocache", "1".to_owned())];
        let told = server.call::<Rows>(http, "query", &form, until).await.ok();
        let values = told.map(|told| {
            let rows = told.data.series.iter();
            let value = |row: &crate::promql::Row| {
                Some((row.0.get(&ask.label).unwrap_or_default().to_owned(), row.1.last()?.1))
            };
            rows.filter_map(value).collect()
        });
        (ask, values)
    });
    join_all(parts).await
}
