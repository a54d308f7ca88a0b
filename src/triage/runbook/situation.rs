//! From facts and verdict to what runbooks are asked with. The one place that knows both; it follows the verdict.

use crate::facts::Change;
use crate::facts::ChangeKind;
use crate::facts::ChangeState;
use crate::facts::Level;
use crate::signals::Freshness;
use crate::signals::units;
use crate::triage::Facts;
use crate::triage::Finding;
use crate::triage::Severity;
use crate::triage::Verdict;
use crate::triage::runbook::Broken;
use crate::triage::runbook::Found;
use crate::triage::runbook::Side;
use crate::triage::runbook::Suspected;
use crate::triage::runbook::Values;
use crate::triage::suspects::Ranking;
use crate::triage::suspects::Role;
use crate::triage::suspects::timing;

/// What a verdict found, in the words of runbooks.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Situation {
    /// What is over its limit.
    pub broken: Vec<Broken>,
    /// The suspects, the most likely first.
    pub suspects: Vec<Suspected>,
    /// What can be filled in.
    pub values: Values,
}

impl Situation {
    /// The question to the runbooks.
    #[must_use]
    pub fn found<'a>(&'a self, service: &'a str) -> Found<'a> {
        Found { broken: &self.broken, suspects: &self.suspects, service }
    }
}

/// What runbooks are asked with, for one service.
#[must_use]
pub fn situation(facts: &Facts<'_>, verdict: &Verdict, service: &str) -> Situation {
    let mut broken: Vec<Broken> = verdict.findings.iter().map(of_finding).collect();
    let mut suspects = Vec::new();
    let stale = match facts.signals.freshness(facts.at) {
        Freshness::Stale(age) => Some(units::age(age)),
        Freshness::Live | Freshness::Never => None,
    };
    if let Some((fault, since)) = facts.silence {
        let words = format!("no metrics for {}: {}", units::between(since, facts.at), fault.cause);
        silent(words, &mut broken, &mut suspects);
    } else if let Some(age) = stale {
        silent(format!("no metrics for {age}"), &mut broken, &mut suspects);
    }
    suspects.extend(of_ranking(&verdict.suspects));
    for vendor in facts.vendors.iter().filter(|one| is_in_trouble(one.level())) {
        let words = format!("{} {}", vendor.name, vendor.level().word());
        suspects.push(Suspected { kind: "provider", words });
    }
    if let Some((failed, all, _)) = facts.missing {
        let words = format!("{failed} of {all} targets silent");
        let severity = Severity::Warning;
        broken.push(Broken { subject: "instance", side: Side::Above, severity, words: words.clone() });
        suspects.push(Suspected { kind: "instance", words });
    }
    for (subject, kind) in [("db_pool", "pool"), ("memory", "memory")] {
        if broken.iter().any(|one| one.subject == subject) {
            suspects.push(Suspected { kind, words: String::new() });
        }
    }
    Situation { broken, suspects, values: values(facts, verdict, service) }
}

fn silent(words: String, broken: &mut Vec<Broken>, suspects: &mut Vec<Suspected>) {
    let severity = Severity::Unknown;
    broken.push(Broken { subject: "metrics", side: Side::Above, severity, words: words.clone() });
    suspects.push(Suspected { kind: "silence", words });
}

fn of_finding(finding: &Finding) -> Broken {
    let side = if finding.condition.side.is_low() && finding.forecast().is_none() { Side::Below } else { Side::Above };
    let severity = finding.severity;
    let words = finding.short();
    Broken { subject: finding.subject.key(), side, severity, words }
}

/// Suspects that count as much as a tenth of the first one; what the measures show counts even when nothing fits.
fn of_ranking(ranking: &Ranking) -> impl Iterator<Item = Suspected> + '_ {
    let least = ranking.suspects.first().map_or(0.0, |first| first.score * 0.1);
    let told = ranking.suspects.iter().filter(move |one| match one.candidate.role {
        Role::Change => ranking.fits && one.score >= least,
        Role::Event => one.score >= least,
        Role::Mechanism => true,
    });
    told.take(8).map(|one| {
        let words = match one.candidate.role {
            Role::Change => {
                let when = timing(&one.candidate, one.anchor, one.before);
                format!("{} {} {when}", one.candidate.kind.word(), one.candidate.name)
            }
            Role::Event | Role::Mechanism => one.candidate.name.clone(),
        };
        Suspected { kind: one.candidate.kind.key(), words }
    })
}

/// What is known for placeholders: the version of the deploy that came last before the onset, and the one that was
/// live before it. A deploy that came later, or that failed, is not what one goes back from or to.
fn values(facts: &Facts<'_>, verdict: &Verdict, service: &str) -> Values {
    let is_live = |change: &Change| {
        let done = matches!(change.state, ChangeState::Succeeded | ChangeState::Unknown);
        change.kind == ChangeKind::Deploy && !change.version.is_empty() && done
    };
    let suspect = verdict.nearby.iter().map(|near| &near.change).find(|change| is_live(change));
    let suspect = suspect.or_else(|| facts.changes.iter().find(|change| is_live(change)));
    let version = suspect.map(|change| change.version.clone());
    let previous = suspect.and_then(|suspect| {
        let earlier = facts.changes.iter().filter(|one| is_live(one) && one.at() < suspect.at());
        earlier.filter(|one| one.what == suspect.what).map(|one| &one.version).find(|one| **one != suspect.version)
    });
    let targets = facts.signals.about().map(|about| about.targets.as_slice()).unwrap_or_default();
    let instance = facts.missing.and_then(|_| targets.iter().find(|target| target.outcome.is_err()));
    Values {
        service: Some(service.to_owned()),
        previous: previous.cloned(),
        version,
        instance: instance.map(|target| host(&target.address).to_owned()),
        route: None,
    }
}

/// The host and port of an address.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

const fn is_in_trouble(level: Level) -> bool {
    matches!(level, Level::Degraded | Level::PartialOutage | Level::MajorOutage)
}
