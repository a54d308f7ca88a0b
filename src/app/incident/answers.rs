//! What the verdict answers by itself: what is broken, how bad, since when, what changed; and the evidence for it.
//!
//! Words for the incident's page, its entries and its updates. A person's own answer goes before them.

use std::fmt::Write as _;

use chrono::TimeDelta;

use crate::app::App;
use crate::app::ServiceState;
use crate::facts::At;
use crate::facts::Measure;
use crate::facts::Number;
use crate::facts::Unit;
use crate::incident::HandOver;
use crate::incident::Observation;
use crate::incident::Question;
use crate::incident::Said;
use crate::incident::hand_over;
use crate::signals::units;
use crate::triage::Severity;
use crate::triage::clock_time;

/// Findings that are told.
const TOLD: usize = 3;

/// Between two values that lie further apart nothing is known.
const APART: TimeDelta = TimeDelta::minutes(5);

/// An answer of the assessment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswerNow {
    /// The question.
    pub question: Question,
    /// What the verdict says of it; empty where it says nothing.
    pub verdict: String,
    /// What a person said instead.
    pub said: Option<Said>,
}

impl AnswerNow {
    /// The words that count.
    #[must_use]
    pub fn words(&self) -> &str {
        self.said.as_ref().map_or(&self.verdict, |said| &said.text)
    }
}

impl App {
    /// The answers of the assessment for the shown service, in the order of the questions.
    pub fn answers(&self) -> Vec<AnswerNow> {
        let Some(index) = self.navigation.service.filter(|index| *index < self.services.len()) else {
            return Vec::new();
        };
        Question::ALL.iter().map(|question| self.answer(index, *question)).collect()
    }

    /// One answer.
    pub(super) fn answer(&self, index: usize, question: Question) -> AnswerNow {
        let service = &self.services[index];
        let verdict = match question {
            Question::What => what(service),
            Question::HowBad => self.how_bad(index),
            Question::Since => self.since(service),
            Question::Changed => changed(service),
            Question::Users => self.users_affected(index),
        };
        AnswerNow { question, verdict, said: service.incident.assessed(question) }
    }

    /// The hand-over text for the shown service.
    pub fn hand_over_text(&self) -> String {
        let Some(service) = self.service() else { return String::new() };
        let answers = self.answers().into_iter().filter(|answer| !answer.words().is_empty());
        let answers: Vec<_> = answers.map(|answer| (answer.question.title(), answer.words().to_owned())).collect();
        let facts = HandOver {
            service: &service.name,
            headline: &service.verdict.headline.text(),
            answers: &answers,
            clocks: &self.clocks_now(),
            now: self.now,
            zone: &self.settings.zone,
        };
        hand_over(&service.incident, &facts)
    }

    fn how_bad(&self, index: usize) -> String {
        let service = &self.services[index];
        let verdict = &service.verdict;
        let mut words: Vec<String> = verdict.findings.iter().take(TOLD).map(crate::triage::Finding::short).collect();
        if let Some((failed, all)) = self.failed(index) {
            let count = |value: f64| units::shown(Number { value: value.round(), at_least: false }, Unit::Count);
            words.push(format!("{} of {} requests failed", count(failed), count(all)));
        }
        words.join(", ")
    }

    fn since(&self, service: &ServiceState) -> String {
        let Some(onset) = service.verdict.onset else { return String::new() };
        let zone = &self.settings.zone;
        let local = clock_time(onset, self.now, zone);
        let within = service.verdict.within.map(|within| format!(" ±{}", units::age(within))).unwrap_or_default();
        let open = if service.verdict.onset_open { " or earlier" } else { "" };
        if zone.abbreviation(onset) == "UTC" {
            return format!("{local} UTC{within}{open}");
        }
        format!("{local} {} ({} UTC){within}{open}", zone.abbreviation(onset), onset.format("%H:%M:%S"))
    }

    /// What the verdict says, as an entry.
    pub(super) fn observation(&self, index: usize) -> Observation {
        let verdict = &self.services[index].verdict;
        Observation {
            severity: verdict.severity,
            headline: verdict.headline.text(),
            onset: verdict.onset,
            evidence: self.evidence(index),
            failed: self.failed(index),
        }
    }

    /// What the verdict rests on, a sentence each.
    fn evidence(&self, index: usize) -> Vec<String> {
        let service = &self.services[index];
        let verdict = &service.verdict;
        let mut sentences = Vec::new();
        for finding in verdict.findings.iter().take(TOLD) {
            let since = finding.since.format("%H:%M:%S");
            let (short, word, bound) = (finding.short(), finding.severity.word(), finding.bound());
            sentences.push(format!("{short}; rule: {word} {bound}; over it since {since} UTC"));
            let about = service.signals.about();
            let mut queries = finding.subject.signal().measures().iter();
            let query = about.and_then(|about| queries.find_map(|measure| about.queries.get(measure)));
            sentences.extend(query.map(|query| format!("query: {query}")));
        }
        if let Some(onset) = verdict.onset {
            let within = verdict.within.map(|within| format!(" ±{}", units::age(within))).unwrap_or_default();
            let open = if verdict.onset_open { " or earlier" } else { "" };
            sentences.push(format!("began at {} UTC{within}{open}", onset.format("%Y-%m-%d %H:%M:%S")));
        }
        sentences.extend(suspect(service));
        sentences
    }

    /// What speaks for a hypothesis that is written now: the headline and the first suspect.
    pub(super) fn grounds(&self, index: usize) -> Vec<String> {
        let service = &self.services[index];
        let headline = Some(service.verdict.headline.text()).filter(|_| service.verdict.severity >= Severity::Warning);
        headline.into_iter().chain(suspect(service)).collect()
    }

    /// Requests that failed since the onset, and all of them, as far as the numbers reach; `None` where either is not
    /// measured or nothing is wrong.
    pub(super) fn failed(&self, index: usize) -> Option<(f64, f64)> {
        let service = &self.services[index];
        let incident = service.incident.observed().and_then(|(seen, _)| seen.onset);
        let onset = service.verdict.onset.or(incident)?;
        let rates = &service.signals.track(Measure::RequestRate)?.history;
        let shares = &service.signals.track(Measure::ErrorRate)?.history;
        let mut sums = (0.0, 0.0);
        let mut before: Option<(At, f64, f64)> = None;
        for point in rates.between(onset, self.now) {
            let share = shares.number_at(point.at, std::time::Duration::from_secs(1)).map(|(_, number)| number.value);
            let Some((rate, share)) = point.number.map(|number| number.value).zip(share) else {
                before = None;
                continue;
            };
            if let Some((at, last_rate, last_failed)) = before.filter(|(at, ..)| point.at - *at <= APART) {
                let seconds = (point.at - at).as_seconds_f64();
                sums.0 += seconds * f64::midpoint(last_failed, rate * share);
                sums.1 += seconds * f64::midpoint(last_rate, rate);
            }
            before = Some((point.at, rate, rate * share));
        }
        (sums.1 > 0.0).then_some((sums.0.round(), sums.1.round()))
    }
}

/// What is broken, and which part of it.
fn what(service: &ServiceState) -> String {
    let verdict = &service.verdict;
    if verdict.severity < Severity::Warning {
        return String::new();
    }
    let short: Vec<String> = verdict.findings.iter().take(TOLD).map(crate::triage::Finding::short).collect();
    let short =
        if short.is_empty() { verdict.headline.text().trim_end_matches('.').to_owned() } else { short.join(", ") };
    let mut words = format!("{}: {short}", service.name);
    let worst = service.signals.splits().iter().filter(|split| split.measure == Measure::ErrorRate);
    for split in worst {
        // Only what stands out says where it is: parts that are all alike say nothing, and their names may be addresses
        // that are nobody else's business.
        let most = split.parts.iter().map(|part| part.value).fold(0.0, f64::max);
        let parts: Vec<_> = split.parts.iter().filter(|part| part.value > 0.0 && part.value >= most / 2.0).collect();
        if parts.len() == split.parts.len() {
            continue;
        }
        let parts: Vec<String> = parts
            .into_iter()
            .take(TOLD)
            .map(|part| {
                let share = units::shown(Number { value: part.value, at_least: false }, Unit::Ratio);
                format!("{} {share}", part.name)
            })
            .collect();
        if !parts.is_empty() {
            let _ = write!(words, "; by {}: {}", split.label, parts.join(", "));
        }
    }
    words
}

/// What changed shortly before.
fn changed(service: &ServiceState) -> String {
    let verdict = &service.verdict;
    if verdict.severity < Severity::Warning {
        return String::new();
    }
    suspect(service).unwrap_or_else(|| verdict.context.text())
}

/// The first suspect, and what speaks for it.
fn suspect(service: &ServiceState) -> Option<String> {
    let first = service.verdict.suspects.first()?;
    let name = &first.candidate.name;
    let supports = first.supports.join(", ");
    Some(if supports.is_empty() {
        format!("first suspect: {name}")
    } else {
        format!("first suspect: {name}: {supports}")
    })
}
