//! Measures taken apart by instance and by route, out of the series that the engine has.
//!
//! When that is worth it, and which parts are told, is decided beside, for both engines.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Answer;
use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Split;
use crate::promql::Query;
use crate::promql::Store;
use crate::promql::Value;
use crate::sources::apart;
use crate::sources::apart::Portions;
use crate::sources::apart::Trouble;
use crate::sources::apart::Values;
use crate::sources::embedded::evaluate::Evaluator;

/// What is taken apart, and the queries for it as they were read last.
#[derive(Default)]
pub(super) struct Splits {
    trouble: Trouble,
    queries: BTreeMap<(Measure, String), Known>,
    /// Those of the newest instant.
    pub(super) newest: Vec<Split>,
}

/// A query that was taken apart; `None` where that is not certain.
struct Known {
    text: String,
    query: Option<Arc<Query>>,
}

impl Splits {
    /// Takes apart what is worth it. `window` is what `$__rate_interval` stands for now.
    pub(super) fn look(
        &mut self,
        evaluator: &Evaluator,
        store: &Store,
        at: At,
        window: Duration,
        answers: &BTreeMap<Measure, Answer>,
    ) {
        let measures = self.trouble.look(at, answers);
        if measures.is_empty() {
            self.newest.clear();
            self.queries.clear();
            return;
        }
        let route = evaluator.route().map(str::to_owned);
        let mut portions = Portions::default();
        for wish in apart::wishes(&measures, route.as_deref()) {
            let Some(text) = evaluator.filled(wish.measure, window) else { continue };
            let values =
                self.query(wish.measure, wish.label, text).and_then(|query| values(&query, store, at, wish.label));
            if let Some(values) = values {
                portions.insert(wish, values);
            }
        }
        self.newest = portions.splits(at, window);
    }

    /// The query that gives a value for each part, read once for each window.
    fn query(&mut self, measure: Measure, label: &str, text: String) -> Option<Arc<Query>> {
        let key = (measure, label.to_owned());
        if let Some(known) = self.queries.get(&key).filter(|known| known.text == text) {
            return known.query.clone();
        }
        let query = apart::rewritten(&text, label, &[]).and_then(|apart| Query::parse(&apart).ok()).map(Arc::new);
        self.queries.insert(key, Known { text, query: query.clone() });
        query
    }
}

fn values(query: &Query, store: &Store, at: At, label: &str) -> Option<Values> {
    let at_ms = at.timestamp_millis();
    if query.warm(store, at_ms).is_some() {
        return None;
    }
    match query.instant(store, at_ms).ok()? {
        Value::Vector(samples) => {
            let named = samples.into_iter();
            Some(named.map(|(labels, value)| (labels.get(label).unwrap_or_default().to_owned(), value)).collect())
        }
        _ => None,
    }
}
