//! Which instance, which route: what is worth being taken apart, and the parts that are worth a word. For both engines.
//!
//! It decides by numbers that are there; who evaluates the queries is not known here. Main types: [`Wish`] and
//! [`Portions`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Answer;
use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Part;
use crate::facts::Split;
use crate::facts::text::clean_line;
use crate::promql::Group;
use crate::promql::by_label;

/// From these values on a measure is taken apart; in the measure's base unit.
const FROM: [(Measure, f64); 3] = [(Measure::ErrorRate, 0.01), (Measure::NotFound, 0.05), (Measure::LatencyP95, 0.5)];
/// So long after it was worth it parts are told, so that they do not come and go around a bound.
const LINGERS: Duration = Duration::from_secs(60);
/// Parts that are told at most.
const MOST: usize = 8;
/// A part with a smaller share of the requests says little, unless it makes up so much of what is wrong.
const SHARE: f64 = 0.01;
const BLAME: f64 = 0.05;
/// Instances have like shares: one with less than this part of the mean share is about to come or to go.
const OF_MEAN: f64 = 0.25;
/// A share of fewer requests than these, within the rate window, is chance.
const REQUESTS: f64 = 10.0;
/// The label of the scraped endpoint.
pub(in crate::sources) const INSTANCE: &str = "instance";

/// One query that is taken apart by one label.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::sources) struct Wish<'l> {
    pub(in crate::sources) measure: Measure,
    pub(in crate::sources) label: &'l str,
}

/// The values of a query that was taken apart, by the value of the label.
pub(in crate::sources) type Values = BTreeMap<String, f64>;

/// Since when what is taken apart. Remembers what was worth it last.
#[derive(Clone, Default, Debug)]
pub(in crate::sources) struct Trouble(BTreeMap<Measure, At>);

impl Trouble {
    /// Looks at the newest answers; says what is to be taken apart.
    pub(in crate::sources) fn look(&mut self, at: At, answers: &BTreeMap<Measure, Answer>) -> Vec<Measure> {
        for (measure, from) in FROM {
            let number = answers.get(&measure).and_then(Answer::number);
            if number.is_some_and(|number| number.value >= from) {
                self.0.insert(measure, at);
            }
        }
        let lingers = chrono::TimeDelta::from_std(LINGERS).unwrap_or_default();
        // A clock that was set back ends it as well.
        self.0.retain(|_, last| (at - *last).abs() <= lingers);
        self.0.keys().copied().collect()
    }
}

/// What has to be evaluated to take these measures apart: each by instance and by route, and the requests of the parts.
pub(in crate::sources) fn wishes<'l>(measures: &[Measure], route: Option<&'l str>) -> Vec<Wish<'l>> {
    if measures.is_empty() {
        return Vec::new();
    }
    let with_rate = || std::iter::once(Measure::RequestRate).chain(measures.iter().copied());
    let labels = std::iter::once(INSTANCE).chain(route);
    labels.flat_map(|label| with_rate().map(move |measure| Wish { measure, label })).collect()
}

/// A query, with its variables filled in for one service, rewritten so that it gives a value for each part; `None` where
/// that is not certain.
pub(in crate::sources) fn rewritten(query: &str, label: &str, twins: &[String]) -> Option<String> {
    by_label(query, &Group::parts(label), twins).ok()
}

/// All that was evaluated, of one instant.
#[derive(Default, Debug)]
pub(in crate::sources) struct Portions<'l>(BTreeMap<Wish<'l>, Values>);

impl<'l> Portions<'l> {
    pub(in crate::sources) fn insert(&mut self, wish: Wish<'l>, values: Values) {
        self.0.insert(wish, values);
    }

    /// The measures taken apart, as far as there are at least two parts. `window` is that of the rates.
    pub(in crate::sources) fn splits(&self, at: At, window: Duration) -> Vec<Split> {
        let split = |(wish, values): (&Wish<'l>, &Values)| {
            let rates = self.0.get(&Wish { measure: Measure::RequestRate, ..*wish })?;
            // Which instance has how many requests is told by the shares of the parts.
            let is_told = wish.measure != Measure::RequestRate || wish.label != INSTANCE;
            if is_told { split(*wish, values, rates, at, window) } else { None }
        };
        self.0.iter().filter_map(split).collect()
    }
}

fn split(wish: Wish<'_>, values: &Values, rates: &Values, at: At, window: Duration) -> Option<Split> {
    let busy: Vec<(&String, f64)> = rates.iter().map(|(name, rate)| (name, *rate)).filter(|(_, r)| *r > 0.0).collect();
    let count = busy.len();
    let total: f64 = busy.iter().map(|(_, rate)| rate).sum();
    if count < 2 || !total.is_finite() {
        return None;
    }
    let value_of = |name: &String| values.get(name).copied().filter(|value| value.is_finite());
    let known: Vec<_> = busy.iter().filter_map(|(name, rate)| Some((*name, value_of(name)?, *rate))).collect();
    let all: f64 = known.iter().map(|(_, value, rate)| value * rate).sum();
    let of_mean = if wish.label == INSTANCE { OF_MEAN / count as f64 } else { f64::INFINITY };
    let is_heard = |(_, value, rate): &(&String, f64, f64)| {
        let weighs = rate / total >= SHARE.min(of_mean) || (all > 0.0 && value * rate / all >= BLAME);
        weighs && (wish.measure == Measure::RequestRate || rate * window.as_secs_f64() >= REQUESTS)
    };
    let mut parts: Vec<Part> = known
        .iter()
        .filter(|part| is_heard(part))
        .map(|(name, value, rate)| Part { name: shown(name), value: *value, share: rate / total })
        .collect();
    parts.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.name.cmp(&b.name)));
    parts.truncate(MOST);
    if parts.is_empty() {
        return None;
    }
    Some(Split { measure: wish.measure, label: clean_line(wish.label, 80).into(), at, parts, count })
}

fn shown(name: &str) -> Arc<str> {
    if name.is_empty() { "(none)".into() } else { clean_line(name, 120).into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Number;

    fn at(seconds: i64) -> At {
        At::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn values(pairs: &[(&str, f64)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    fn errors(label: &str, rates: &[(&str, f64)], errors: &[(&str, f64)]) -> Vec<Split> {
        let mut portions = Portions::default();
        portions.insert(Wish { measure: Measure::RequestRate, label }, values(rates));
        portions.insert(Wish { measure: Measure::ErrorRate, label }, values(errors));
        let splits = portions.splits(at(0), Duration::from_secs(30));
        splits.into_iter().filter(|split| split.measure == Measure::ErrorRate).collect()
    }

    fn names(split: &Split) -> Vec<&str> {
        split.parts.iter().map(|part| &*part.name).collect()
    }

    #[test]
    fn it_begins_at_a_bound_and_lingers() {
        let mut trouble = Trouble::default();
        let mut look = |seconds: i64, errors: f64| {
            let number = Answer::Known(Number { value: errors, at_least: false });
            !trouble.look(at(seconds), &BTreeMap::from([(Measure::ErrorRate, number)])).is_empty()
        };
        let seen: Vec<_> = [(0, 0.009), (5, 0.01), (10, 0.0), (65, 0.0), (70, 0.0), (75, 0.5), (20, 0.0)]
            .map(|(s, e)| look(s, e))
            .into();
        assert_eq!(seen, [false, true, true, true, false, true, true]);
    }

    #[test]
    fn each_measure_is_taken_apart_by_both_labels() {
        assert!(wishes(&[], Some("uri")).is_empty());
        let wished = wishes(&[Measure::ErrorRate], Some("uri"));
        let wished: Vec<_> = wished.iter().map(|wish| (wish.measure.key(), wish.label)).collect();
        let both = ["instance", "uri"].map(|label| [("request_rate", label), ("error_rate", label)]);
        assert_eq!(wished, both.concat());
    }

    #[test]
    fn what_says_little_is_left_out() {
        // A route that is called now and then, one that makes up half of the errors, one without a name.
        let rates = [("/", 100.0), ("/rare", 0.5), ("/pay", 0.8), ("", 20.0), ("/idle", 0.0), ("/once", 0.05)];
        let failing = [("/", 0.01), ("/rare", 0.05), ("/pay", 1.0), ("", 0.0), ("/idle", f64::NAN), ("/once", 1.0)];
        let split = errors("http_route", &rates, &failing).remove(0);
        assert_eq!((names(&split), split.count), (vec!["/pay", "/", "(none)"], 5));
        assert!((split.parts[1].share - 100.0 / 121.35).abs() < 1e-9);
        // Of many instances each has a small share.
        let many: Vec<_> = (0..200).map(|index| format!("i{index:03}")).collect();
        let rates: Vec<_> = many.iter().map(|name| (name.as_str(), 1.0)).collect();
        let failing: Vec<_> =
            many.iter().map(|name| (name.as_str(), if name == "i042" { 0.6 } else { 0.004 })).collect();
        let split = errors(INSTANCE, &rates, &failing).remove(0);
        assert_eq!((split.count, split.parts.len(), &*split.parts[0].name), (200, 8, "i042"));
        // One of nothing is no part.
        assert!(errors(INSTANCE, &[("a", 9.0)], &[("a", 0.5)]).is_empty());
        assert!(errors(INSTANCE, &[("a", 9.0), ("b", 0.0)], &[("a", 0.5)]).is_empty());
        // Six requests are chance.
        let few = errors(INSTANCE, &[("a", 0.2), ("b", 0.2)], &[("a", 0.5), ("b", 0.0)]);
        assert!(few.is_empty(), "{few:?}");
    }
}
