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

/// The states that signals show by themselves.
const STATES: [(&[&str], &str); 8] = [
    (&["db_pool", "db_pool_waiting"], "pool"),
    (&["db_latency", "db_locked"], "database"),
    (&["memory"], "memory"),
    (&["cpu"], "cpu"),
    (&["disk"], "disk"),
    (&["call_errors"], "calls"),
    (&["rate_limited", "calls_limited"], "rate_limited"),
    (&["not_found"], "not_found"),
];

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
    for (subjects, kind) in STATES {
        if broken.iter().any(|one| subjects.contains(&one.subject)) {
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
        // The version of another service is nothing to go back to.
        let ours = change.service.is_empty() || change.service == service;
        change.kind == ChangeKind::Deploy && !change.version.is_empty() && done && ours
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::At;
    use crate::facts::Measure;
    use crate::facts::Zone;
    use crate::triage::Surroundings;
    use crate::triage::Watch;
    use crate::triage::finding::tests::at;
    use crate::triage::finding::tests::signals;
    use crate::triage::finding::tests::watcher;
    use crate::triage::judge;
    use crate::triage::quick_win::Commands;
    use crate::triage::suspects::CallGraph;
    use crate::triage::suspects::Known;

    fn deploy(version: &str, service: &str, second: i64, state: ChangeState) -> Change {
        Change {
            id: format!("{version}{second}"),
            kind: ChangeKind::Deploy,
            what: "api".to_owned(),
            service: service.to_owned(),
            version: version.to_owned(),
            who: String::new(),
            environment: String::new(),
            title: String::new(),
            started: at(second),
            finished: Some(at(second)),
            state,
            link: String::new(),
        }
    }

    fn of(changes: &[Change], now: At) -> Situation {
        let bad: &[_] =
            &[(Measure::ErrorRate, Some(0.4)), (Measure::PoolUsed, Some(9.0)), (Measure::PoolMax, Some(9.0))];
        let signals = signals(5, &[(0, &[(Measure::ErrorRate, Some(0.0))]), (5, bad), (10, bad), (15, bad)]);
        let facts = Facts {
            at: now,
            zone: &Zone::utc(),
            signals: &signals,
            watcher: &watcher(&signals),
            silence: None,
            changes,
            watch: Watch::Known,
            missing: None,
            vendors: &[],
            unchecked: &[],
        };
        let name = "shop".into();
        let known = [Known { name: &name, aliases: &["api".to_owned()], signals: Some(&signals) }];
        let around = Surroundings {
            name: &name,
            services: &known,
            calls: &CallGraph::new(),
            symptoms: &[],
            commands: &Commands::default(),
            reach: None,
            before: None,
        };
        situation(&facts, &judge(&facts, &around), "shop")
    }

    #[test]
    fn one_goes_back_to_what_was_live_before_the_suspect() {
        use ChangeState::{Failed, Running, Succeeded};
        // Newest first, as they are known.
        let changes = [
            deploy("v5", "", 120, Running),
            deploy("v4", "", 2, Succeeded),
            deploy("v3", "", -50, Failed),
            deploy("w9", "cart", -60, Succeeded),
            deploy("v2", "shop", -100, Succeeded),
            deploy("v1", "", -900, Succeeded),
        ];
        let situation = of(&changes, at(17));
        let values = (situation.values.version.as_deref(), situation.values.previous.as_deref());
        assert_eq!(values, (Some("v4"), Some("v2")));
        assert_eq!(of(&changes[..1], at(17)).values.version, None, "what still runs is not live");
        assert_eq!(situation.suspects[0].words, "deploy api v4 finished 3s before");
        assert_eq!(situation.suspects.last().map(|one| one.kind), Some("pool"));
        let words: Vec<_> = situation.broken.iter().map(|one| (one.subject, one.words.as_str())).collect();
        assert_eq!(words, [("error_rate", "errors 40.0 %"), ("db_pool", "DB pool full")]);
    }

    #[test]
    fn silence_is_a_trouble_of_its_own() {
        let situation = of(&[], at(60));
        let words: Vec<_> = situation.broken.iter().map(|one| (one.subject, one.words.as_str())).collect();
        assert_eq!(words, [("metrics", "no metrics for 45s")]);
        assert_eq!(situation.suspects[0].kind, "silence");
    }
}
