//! When did it begin? Not one instant but a weight for each, so that a stray symptom does not move the answer, and an
//! unsure one does not make a near change look far.

use crate::facts::At;
use crate::triage::suspects::Case;
use crate::triage::suspects::Climb;
use crate::triage::suspects::Symptom;
use crate::triage::suspects::weights;

/// Cells across a span. Finer than any kernel that is laid over them.
const CELLS: usize = 240;
/// Cells that weigh less than this share of the heaviest are left out: they cost time and say nothing.
const LIGHT: f64 = 1e-4;

/// The weights of the instants at which it may have begun.
#[derive(Clone, PartialEq, Debug)]
pub struct Moments {
    /// Seconds before the time of the case, weight; the weights add up to one.
    cells: Vec<(f64, f64)>,
    /// For each symptom how likely it belongs to the incident.
    pub belongs: Vec<f64>,
    /// The heaviest instant.
    pub peak: At,
}

/// Seconds from `earlier` to `later`.
pub fn seconds(earlier: At, later: At) -> f64 {
    (later - earlier).num_milliseconds() as f64 / 1_000.0
}

impl Moments {
    /// From what the caller knows of the onset, or else from the symptoms.
    pub fn of(case: &Case<'_>) -> Self {
        let mut cells = match case.onset {
            Some((onset, within)) => around(seconds(onset, case.as_of), within.as_secs_f64()),
            None => recent(),
        };
        if case.onset.is_none() && !case.symptoms.is_empty() {
            let weights = from_symptoms(case, &cells);
            // Where every symptom is far older than the window, they say nothing of when.
            if weights.iter().any(|weight| weight.is_finite()) {
                cells.iter_mut().zip(weights).for_each(|(cell, weight)| cell.1 += weight);
            }
        }
        let cells = normal(cells);
        let belongs = case
            .symptoms
            .iter()
            .map(|symptom| {
                let began = seconds(symptom.onset, case.as_of);
                cells
                    .iter()
                    .map(|(back, weight)| {
                        let belongs = belonging(symptom, back - began);
                        weight * belongs / (belongs + STRAYS)
                    })
                    .sum()
            })
            .collect();
        let peak = cells.iter().fold((0.0, 0.0), |best, cell| if cell.1 > best.1 { *cell } else { best }).0;
        let peak = case.onset.map_or_else(|| ago(case.as_of, peak), |(onset, _)| onset);
        Self { cells, belongs, peak }
    }

    /// Around the beginning of a climb.
    pub fn of_climb(as_of: At, climb: &Climb) -> Self {
        let (back, within) = (seconds(climb.at, as_of), climb.within.as_secs_f64());
        let cells = normal(if climb.open { before(back, within) } else { around(back, within) });
        Self { cells, belongs: Vec::new(), peak: climb.at }
    }

    /// The mean of a density over the time from `at` to the beginning.
    pub fn mean(&self, as_of: At, at: At, density: impl Fn(f64) -> f64) -> f64 {
        let back = seconds(at, as_of);
        self.cells.iter().map(|(began, weight)| weight * density(back - began)).sum()
    }
}

/// The logarithms of the weights around an instant that is known but for `within`.
fn around(back: f64, within: f64) -> Vec<(f64, f64)> {
    let width = within.max(weights::LATE);
    let half = CELLS as f64 / 2.0;
    (0..=CELLS)
        .map(|index| {
            let off = (index as f64 - half) / half * 4.0 * width;
            (back + off, -off.abs() / width)
        })
        .collect()
}

/// The same before an instant at which it was going on already.
fn before(back: f64, within: f64) -> Vec<(f64, f64)> {
    let after = around(back, within).into_iter().filter(|(cell, _)| *cell < back);
    let step = 4.0 * weights::UNSEEN / CELLS as f64;
    after
        .chain((0..=CELLS).map(|index| (back + index as f64 * step, -(index as f64) * step / weights::UNSEEN)))
        .collect()
}

/// The same when nothing is known but that somebody looks now.
fn recent() -> Vec<(f64, f64)> {
    (0..=CELLS)
        .map(|index| {
            let back = index as f64 / CELLS as f64 * weights::WINDOW;
            (back, -back / weights::FRESH)
        })
        .collect()
}

/// For each cell the logarithm of how well the symptoms agree with a beginning there. A trouble in which no symptom
/// has a part would be no trouble, so the case in which all of them are strays is taken out.
fn from_symptoms(case: &Case<'_>, cells: &[(f64, f64)]) -> Vec<f64> {
    cells
        .iter()
        .map(|(back, _)| {
            let (mut all, mut strays) = (0.0, 0.0);
            for symptom in case.symptoms {
                let belongs = belonging(symptom, back - seconds(symptom.onset, case.as_of));
                all += (belongs + STRAYS).ln();
                strays += STRAYS.ln();
            }
            all + (-(strays - all).exp()).ln_1p()
        })
        .collect()
}

/// The density of symptoms that do not belong.
const STRAYS: f64 = (1.0 - weights::BELONGS) / weights::STRAY;

/// The density of a symptom that belongs and is dated so many seconds after the beginning. How large it is does not
/// count here: size says how bad, not when, and what never moves is quickly many widths out.
fn belonging(symptom: &Symptom, late: f64) -> f64 {
    let within = symptom.within.as_secs_f64();
    let (early, after) = (within + weights::SYMPTOM_EARLY, within + weights::SYMPTOM_LATE);
    let shape = if late >= 0.0 { -late / after } else { late / early };
    weights::BELONGS * shape.exp() / (early + after)
}

fn normal(mut cells: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let most = cells.iter().map(|(_, weight)| *weight).fold(f64::NEG_INFINITY, f64::max);
    for (_, weight) in &mut cells {
        *weight = (*weight - most).exp();
    }
    cells.retain(|(_, weight)| *weight >= LIGHT);
    let sum: f64 = cells.iter().map(|(_, weight)| *weight).sum();
    for (_, weight) in &mut cells {
        *weight /= sum;
    }
    cells
}

fn ago(as_of: At, seconds: f64) -> At {
    as_of - chrono::TimeDelta::milliseconds((seconds * 1_000.0) as i64)
}
