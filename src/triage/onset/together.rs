//! The onset of the whole incident from the onsets of many series: [`together`].
//!
//! The earliest symptom is often a stray one. What counts is the span of three minutes in which most of the weight
//! begins; a symptom weighs by how far it is out, and the second of the same service weighs less than the first.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;

use super::tuning;
use crate::facts::At;

/// One series that is out of its usual range.
#[derive(Clone, PartialEq, Debug)]
pub struct Symptom {
    /// The service it belongs to.
    pub service: String,
    /// The signal, as it is called on the screen.
    pub signal: String,
    /// Since when.
    pub onset: At,
    /// How far that may be off, either way.
    pub within: Duration,
    /// How far out it is, noise widths; the sign does not matter.
    pub z: f64,
}

/// When the incident began, as far as the series say.
#[derive(Clone, PartialEq, Debug)]
pub struct Overall {
    /// The onset of those that hang together.
    pub at: At,
    /// How far that may be off, either way.
    pub within: Duration,
    /// The places of those symptoms in what was given, earliest first.
    pub members: Vec<usize>,
}

/// The onset that most of the weight hangs together with; `None` without symptoms. The order of the symptoms does not
/// matter.
pub fn together(symptoms: &[Symptom]) -> Option<Overall> {
    let mut order: Vec<usize> = (0..symptoms.len()).collect();
    let key = |index: &usize| (symptoms[*index].onset, &symptoms[*index].service, &symptoms[*index].signal);
    order.sort_by(|a, b| key(a).cmp(&key(b)));
    let span = TimeDelta::milliseconds((tuning::TOGETHER * 1000.0) as i64);
    let mut best: Option<(f64, &[usize])> = None;
    for (first, index) in order.iter().enumerate() {
        let end = symptoms[*index].onset.checked_add_signed(span)?;
        let count = order[first..].iter().take_while(|other| symptoms[**other].onset <= end).count();
        let members = &order[first..first + count];
        let weight = weight(symptoms, members);
        if best.is_none_or(|(most, _)| weight > most + 1e-9) {
            best = Some((weight, members));
        }
    }
    let (_, members) = best?;
    let (at, within) = begun(symptoms, members)?;
    Some(Overall { at, within, members: members.to_vec() })
}

/// What the members weigh together.
fn weight(symptoms: &[Symptom], members: &[usize]) -> f64 {
    let mut services: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for index in members {
        let symptom = &symptoms[*index];
        services.entry(&symptom.service).or_default().push(symptom.z.abs().min(1e6).ln_1p() + tuning::SYMPTOM);
    }
    let mut sum = 0.0;
    for weights in services.values_mut() {
        weights.sort_by(|a, b| b.total_cmp(a));
        sum += weights.iter().zip(0..).map(|(weight, nth)| weight * tuning::AGAIN.powi(nth)).sum::<f64>();
    }
    sum
}

/// When the members began: the first, unless it stands alone before the others.
fn begun(symptoms: &[Symptom], members: &[usize]) -> Option<(At, Duration)> {
    let at = |place: usize| members.get(place).map(|index| symptoms[*index].onset);
    let place = (members.len() as f64 * tuning::FIRST).floor() as usize;
    let (first, chosen) = (at(0)?, at(place.min(members.len() - 1))?);
    let own = symptoms[members[place.min(members.len() - 1)]].within;
    Some((chosen, own.max((chosen - first).to_std().unwrap_or_default())))
}
