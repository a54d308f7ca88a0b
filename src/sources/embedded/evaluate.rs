//! The queries of a service at one instant, as answers that can be stood behind.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::facts::Answer;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::PresetReport;
use crate::facts::text::clean_line;
use crate::promql::Note;
use crate::promql::Store;
use crate::promql::Template;
use crate::promql::Value;
use crate::promql::Vars;
use crate::promql::expand;
use crate::sources::embedded::Plan;
use crate::sources::embedded::Settings;
use crate::sources::embedded::optional::NO_NUMBER;
use crate::sources::embedded::optional::hush;

/// The queries of a service.
pub(super) struct Evaluator {
    service: Arc<str>,
    every: Duration,
    window: Duration,
    range: Duration,
    plan: Option<Plan>,
    templates: BTreeMap<Measure, Template>,
    /// The queries as they are evaluated when there is enough history.
    texts: BTreeMap<Measure, String>,
    /// Queries that could not be read, with the reason; the configuration refuses them, presets are tested.
    refused: BTreeMap<Measure, Arc<str>>,
    /// Measures that nobody misses and that had a number.
    seen: BTreeSet<Measure>,
}

impl Evaluator {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            service: Arc::clone(&settings.service),
            every: settings.every,
            window: settings.rate_window(),
            range: settings.retention,
            plan: None,
            templates: BTreeMap::new(),
            texts: BTreeMap::new(),
            refused: BTreeMap::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Whether there is nothing left to look for.
    pub(super) fn is_complete(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.absent.is_empty())
    }

    /// Takes a plan; `false` when it is the one that is in force.
    pub(super) fn set(&mut self, plan: Plan) -> bool {
        if self.plan.as_ref() == Some(&plan) {
            return false;
        }
        let selector = self.selector();
        let vars = self.vars(&selector, self.window);
        let read = plan.queries.iter().map(|(measure, query)| (*measure, Template::parse(query, &vars)));
        let read: Vec<_> = read.collect();
        self.templates.clear();
        self.refused.clear();
        for (measure, template) in read {
            match template {
                Ok(template) => {
                    self.templates.insert(measure, template);
                }
                Err(refusal) => {
                    self.refused.insert(measure, clean_line(&refusal.to_string(), 300).into());
                }
            }
        }
        let text = |template: &mut Template| template.configured().ok().map(|query| clean_line(query.text(), 2_000));
        self.texts =
            self.templates.iter_mut().filter_map(|(measure, template)| Some((*measure, text(template)?))).collect();
        self.plan = Some(plan);
        true
    }

    fn selector(&self) -> String {
        format!("job={:?}", &*self.service)
    }

    fn vars<'a>(&'a self, selector: &'a str, rate_interval: Duration) -> Vars<'a> {
        Vars { service: &self.service, selector, rate_interval, interval: self.every, range: self.range }
    }

    /// The query of a measure with its variables filled in.
    pub(super) fn filled(&self, measure: Measure, window: Duration) -> Option<String> {
        let query = self.plan.as_ref()?.queries.get(&measure)?;
        Some(expand(query, &self.vars(&self.selector(), window)))
    }

    /// The label that names the route of a request.
    pub(super) fn route(&self) -> Option<&str> {
        self.plan.as_ref()?.route.as_deref()
    }

    /// The metric names that the queries read; `None` when one of them reads by pattern.
    pub(super) fn names(&mut self) -> Option<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        for template in self.templates.values_mut() {
            all.extend(template.configured().ok()?.names()?);
        }
        Some(all)
    }

    pub(super) fn presets(&self) -> Vec<PresetReport> {
        self.plan.as_ref().map(|plan| plan.presets.clone()).unwrap_or_default()
    }

    pub(super) fn notes(&self) -> Vec<String> {
        self.plan.as_ref().map(|plan| plan.notes.clone()).unwrap_or_default()
    }

    /// The queries as they are evaluated when there is enough history.
    pub(super) fn texts(&self) -> &BTreeMap<Measure, String> {
        &self.texts
    }

    /// The answers at an instant. `window` is what `$__rate_interval` stands for now, `scrapes` how many there were.
    pub(super) fn answers(
        &mut self,
        store: &Store,
        at_ms: i64,
        window: Duration,
        scrapes: u64,
    ) -> BTreeMap<Measure, Answer> {
        let every = self.every;
        let mut answers: BTreeMap<Measure, Answer> = BTreeMap::new();
        for (measure, template) in &mut self.templates {
            let answer = if scrapes < 2 && template.follows_rate_interval() {
                // One scrape tells no rate; the second comes after a second.
                Answer::WarmingUp(Duration::from_secs(1).min(every))
            } else {
                answer(store, template, at_ms, window)
            };
            answers.insert(*measure, answer);
        }
        let idle = answers.get(&Measure::RequestRate).and_then(Answer::number).is_some_and(|rate| rate.value == 0.0);
        for measure in [Measure::ErrorRate, Measure::LatencyP50, Measure::LatencyP95, Measure::LatencyP99] {
            if let Some(answer @ Answer::NoData(_)) = answers.get_mut(&measure)
                && idle
            {
                *answer = Answer::NoTraffic;
            }
        }
        for (measure, why) in &self.refused {
            answers.insert(*measure, Answer::NoData(Arc::clone(why)));
        }
        for absence in self.plan.iter().flat_map(|plan| &plan.absent) {
            answers.entry(absence.measure).or_insert_with(|| Answer::NoData(Arc::clone(&absence.why)));
        }
        if let Some(plan) = &self.plan {
            hush(&mut answers, &plan.own, &mut self.seen);
        }
        answers
    }
}

impl Evaluator {
    /// The query that wants the most series, and how many, by how many there are of each metric.
    pub(super) fn greediest(
        &mut self,
        wanted: &dyn Fn(Option<&BTreeSet<String>>) -> usize,
    ) -> Option<(Measure, usize)> {
        let mut most: Option<(Measure, usize)> = None;
        for (measure, template) in &mut self.templates {
            let Ok(query) = template.configured() else { continue };
            let count = wanted(query.names().as_ref());
            if most.is_none_or(|(_, most)| count > most) {
                most = Some((*measure, count));
            }
        }
        most
    }

    /// Takes back the answer of every query, since the series that it reads are not all there.
    pub(super) fn withhold(&self, answers: &mut BTreeMap<Measure, Answer>, why: &Arc<str>) {
        // What nobody misses is not missed now.
        let told = |measure: &&Measure| Measure::GOLDEN.contains(measure) || answers.contains_key(measure);
        for measure in self.templates.keys().filter(told).copied().collect::<Vec<_>>() {
            answers.insert(measure, Answer::NoData(Arc::clone(why)));
        }
    }
}

fn answer(store: &Store, template: &mut Template, at_ms: i64, window: Duration) -> Answer {
    let no_data = |why: &str| Answer::NoData(clean_line(why, 300).into());
    let query = match template.at(window) {
        Ok(query) => query,
        Err(refusal) => return no_data(&refusal.to_string()),
    };
    if let Some(left) = query.warm(store, at_ms) {
        return Answer::WarmingUp(left);
    }
    let noted = match query.instant_noted(store, at_ms) {
        Ok(noted) => noted,
        Err(error) => return no_data(&format!("the query failed: {error}")),
    };
    let value = match noted.value {
        Value::Scalar(value) => value,
        Value::String(_) => return no_data("the query gives a text, not a number"),
        Value::Vector(samples) => match samples.as_slice() {
            [] => return no_data("the query finds no series"),
            [(_, value)] => *value,
            many => return no_data(&format!("the query gives {} series; put `sum` or `max` around it", many.len())),
        },
    };
    match Number::exact(value) {
        Some(number) => Answer::Known(Number { at_least: noted.notes.contains(&Note::OpenBucket), ..number }),
        None => no_data(NO_NUMBER),
    }
}
