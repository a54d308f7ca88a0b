//! A question for many services that the server refuses, because of what one of them has (`many-to-many matching`), is
//! asked in halves, and those in halves, until only the culprit lacks its answer. Pure.
//!
//! Only so many parts are made of a question, and no more where none of them is answered: then it is the query itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::Measure;
use crate::sources::prometheus::Settings;
use crate::sources::prometheus::look::Found;
use crate::sources::prometheus::questions::Question;
use crate::sources::prometheus::questions::Questions;
use crate::sources::prometheus::questions::together;

/// Parts of one question at most: each costs the server about as much as a question.
const PARTS: usize = 20;
/// So many parts are tried before one of them has to be answered.
const BLIND: usize = 4;

impl Questions {
    /// Divides what was refused; whether there is something to be asked anew.
    pub(super) fn divide(&mut self, found: &Found, settings: &Settings) -> bool {
        let mut halves = Vec::new();
        let mut index = 0;
        while let Some(question) = self.all.get(index) {
            match self.halves(question, halves.len(), found, settings) {
                Some(both) => {
                    halves.extend(both);
                    self.all.remove(index);
                }
                None => index += 1,
            }
        }
        let any = !halves.is_empty();
        self.all.extend(halves);
        any
    }

    /// The halves of a question, where it is to be divided; `more` questions are being made besides.
    fn halves(&self, question: &Question, more: usize, found: &Found, settings: &Settings) -> Option<[Question; 2]> {
        if !question.refused || !question.is_shared() || question.services.len() < 2 {
            return None;
        }
        let parts = self.all.iter().filter(|other| is_of(other, question.measure, &question.template));
        let (mut count, mut answered) = (0, false);
        for part in parts {
            count += 1;
            answered |= part.failures == 0;
        }
        if count + more >= PARTS || (count >= BLIND && !answered) {
            return None;
        }
        let mut left = question.services.clone();
        let middle = question.services.iter().nth(question.services.len() / 2)?;
        let right = left.split_off(middle);
        let half = |services: BTreeSet<Arc<str>>| {
            let text = together(&question.template, &services, found, settings)?;
            Some(Question { services, text, failures: 0, rests: 0, refused: false, ..question.clone() })
        };
        Some([half(left)?, half(right)?])
    }

    /// Those for whom alone a query cannot be evaluated, and why.
    pub(super) fn culprits(&self) -> impl Iterator<Item = String> {
        let alone = self.all.iter().filter(|question| question.refused && question.services.len() == 1);
        let parted = alone.filter(|question| {
            let mut parts = self.all.iter().filter(|other| is_of(other, question.measure, &question.template));
            question.is_shared() && parts.nth(1).is_some()
        });
        parted.filter_map(|question| {
            let (service, why) = (question.services.first()?, question.why.as_ref()?);
            Some(format!("{} of {service} alone has no answer: {why}", question.measure.key()))
        })
    }
}

/// The services of a question in the parts in which they were asked before, as long as one of those has no answer.
pub(super) fn parts(
    measure: Measure,
    template: &str,
    services: &BTreeSet<Arc<str>>,
    before: &[Question],
) -> Vec<BTreeSet<Arc<str>>> {
    let known: Vec<&Question> = before.iter().filter(|other| is_of(other, measure, template)).collect();
    if known.len() < 2 || known.iter().all(|part| part.failures == 0) {
        return vec![services.clone()];
    }
    let mut parts: Vec<BTreeSet<Arc<str>>> =
        known.iter().map(|part| part.services.intersection(services).cloned().collect()).collect();
    // Who is new is asked with those that have an answer.
    let well = known.iter().position(|part| part.failures == 0).unwrap_or(0);
    let new = services.iter().filter(|service| !known.iter().any(|part| part.services.contains(*service)));
    if let Some(part) = parts.get_mut(well) {
        part.extend(new.cloned());
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether a question is the one of that query for several services, or a part of it.
fn is_of(question: &Question, measure: Measure, template: &str) -> bool {
    question.is_shared() && question.measure == measure && question.template == template
}
