//! Where does the trouble sit? A share for each service, from which services hurt and who calls whom: one whose
//! callers all hurt while the callers of others do not is likelier than one that hurts alone at the edge.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::triage::suspects::Case;
use crate::triage::suspects::weights;

/// How likely the trouble sits in each service; the shares of all add up to one.
#[derive(Clone, PartialEq, Debug)]
pub struct Whereabouts<'a> {
    shares: BTreeMap<&'a str, f64>,
    hurt: BTreeMap<&'a str, f64>,
}

impl<'a> Whereabouts<'a> {
    /// From the symptoms, each with how likely it belongs to the incident.
    pub fn of(case: &Case<'a>, belongs: &[f64]) -> Self {
        let mut hurt: BTreeMap<&str, f64> = BTreeMap::new();
        let mut own: BTreeMap<&str, f64> = BTreeMap::new();
        for (symptom, belongs) in case.symptoms.iter().zip(belongs) {
            let one = hurt.entry(&symptom.service).or_insert(0.0);
            *one = 1.0 - (1.0 - *one) * (1.0 - belongs);
            if is_own(&symptom.signal) {
                let own = own.entry(&symptom.service).or_insert(0.0);
                *own = belongs.max(*own);
            }
        }
        if let Some(about) = case.about {
            hurt.insert(about, 1.0);
        }
        let mut services: BTreeSet<&str> = case.calls.services().map(|name| &**name).collect();
        services.extend(case.candidates.iter().filter_map(|candidate| candidate.place.service()));
        services.extend(hurt.keys());
        let mut shares: BTreeMap<&str, f64> = services
            .into_iter()
            .map(|service| {
                let own = own.get(service).copied().unwrap_or(0.0);
                (service, own.mul_add(weights::OWN.ln(), odds(case, &hurt, service)))
            })
            .collect();
        let most = shares.values().copied().fold(f64::NEG_INFINITY, f64::max);
        for odds in shares.values_mut() {
            *odds = (*odds - most).exp();
        }
        let sum: f64 = shares.values().sum();
        for share in shares.values_mut() {
            *share /= sum;
        }
        Self { shares, hurt }
    }

    /// How many services there are.
    pub fn count(&self) -> usize {
        self.shares.len().max(1)
    }

    /// How likely it sits in that service.
    pub fn share(&self, service: &str) -> f64 {
        self.shares.get(service).copied().unwrap_or(0.0)
    }

    /// The services that more likely hurt than not.
    pub fn hurt(&self) -> impl Iterator<Item = &'a str> {
        self.hurt.iter().filter(|(_, belongs)| **belongs >= 0.5).map(|(service, _)| *service)
    }
}

/// Whether a signal tells of the service itself, not of those that it waits for.
fn is_own(signal: &str) -> bool {
    ["cpu", "memory", "disk"].iter().any(|own| signal.starts_with(own))
}

/// The logarithm of how much better the pattern of hurt agrees with a trouble in `service` than with chance alone.
fn odds(case: &Case<'_>, hurt: &BTreeMap<&str, f64>, service: &str) -> f64 {
    let blind = case.calls.is_empty();
    let chance = if blind { weights::OTHER_HURTS_BLIND } else { weights::OTHER_HURTS };
    let weigh = |other: &str, likely: f64| {
        let hurts = hurt.get(other).copied().unwrap_or(0.0);
        hurts * (likely / chance).ln() + (1.0 - hurts) * ((1.0 - likely) / (1.0 - chance)).ln()
    };
    // A rule found the service in question, so that its pain is no chance reading of a noisy series.
    let sure = !blind || case.about == Some(service);
    let mut odds = weigh(service, if sure { weights::SELF_HURTS } else { weights::SELF_HURTS_BLIND });
    let mut seen = BTreeSet::from([service]);
    for (caller, steps) in case.calls.upstream(service, weights::REACH) {
        odds += weigh(caller, if steps == 1 { weights::CALLER_HURTS } else { weights::FAR_CALLER_HURTS });
        seen.insert(caller);
    }
    for callee in case.calls.callees(service) {
        if seen.insert(callee) {
            odds += weigh(callee, weights::CALLEE_HURTS);
        }
    }
    odds
}
