//! Which runbook fits what was found: a sum of evidence, so that what is specific beats what is general.
//!
//! A runbook comes into question when one of its symptoms holds. What speaks for it: symptoms that hold, weighed by
//! how telling they are; the share of its symptoms that hold; suspects of its kinds, the first one most. A team's own
//! runbook wins ties and near ties.

use crate::triage::Severity;
use crate::triage::runbook::Condition;
use crate::triage::runbook::Runbook;
use crate::triage::runbook::Side;
use crate::triage::runbook::Symptom;

/// A signal that is over its limit.
#[derive(Clone, PartialEq, Debug)]
pub struct Broken {
    /// One of [`SUBJECTS`](crate::triage::runbook::SUBJECTS).
    pub subject: &'static str,
    /// Too much or too little.
    pub side: Side,
    /// How bad.
    pub severity: Severity,
    /// What it is in a few words (`DB pool 100 %`); empty: its usual name.
    pub words: String,
}

/// A suspect.
#[derive(Clone, PartialEq, Debug)]
pub struct Suspected {
    /// One of [`KINDS`](crate::triage::runbook::KINDS).
    pub kind: &'static str,
    /// What it is in a few words (`deploy api v2 5m before`); empty: its usual name.
    pub words: String,
}

/// What a verdict found.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Found<'a> {
    /// What is over its limit.
    pub broken: &'a [Broken],
    /// The suspects, the most likely first.
    pub suspects: &'a [Suspected],
    /// The service.
    pub service: &'a str,
}

/// A runbook that fits.
#[derive(Clone, PartialEq, Debug)]
pub struct Match {
    /// Its place among those that were asked about.
    pub index: usize,
    /// How well; more is better.
    pub score: f64,
    /// What speaks for it, the most telling first.
    pub because: Vec<String>,
}

/// The runbook that a verdict offers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offered {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// What speaks for it, the most telling first.
    pub because: Vec<String>,
}

/// How telling a broken signal is, and its usual name. Errors and slowness follow from everything; a full disk is
/// nothing but a full disk.
const fn subject(key: &str) -> (f64, &str) {
    match key.as_bytes() {
        b"error_rate" => (1.2, "errors"),
        b"latency_p95" => (1.0, "slow answers"),
        b"cpu" => (1.5, "CPU busy"),
        b"db_pool_waiting" => (1.5, "callers wait for the DB pool"),
        b"db_pool" => (2.5, "DB pool full"),
        b"memory" => (2.0, "memory runs full"),
        b"request_rate" => (2.0, "unusual traffic"),
        b"call_errors" => (2.0, "calls to others fail"),
        // A pool fills up because of slow or locked queries, not the other way round.
        b"db_latency" => (3.5, "database slow"),
        b"db_locked" => (3.5, "database locked"),
        b"instance" => (2.5, "one instance is silent"),
        b"disk" => (3.0, "disk full"),
        b"rate_limited" => (3.0, "requests refused as too many (429)"),
        b"calls_limited" => (4.0, "our calls refused as too many (429)"),
        b"not_found" => (3.0, "pages not found (404)"),
        b"metrics" => (3.0, "no metrics"),
        _ => (1.0, "a signal"),
    }
}

/// Whether it hurts people by itself, so that a warning of it is only half a trouble. Of the others the default rules
/// know no more than a warning.
fn can_hurt(key: &str) -> bool {
    !matches!(key, "db_latency" | "db_locked" | "call_errors" | "calls_limited" | "rate_limited" | "cpu")
}

/// How telling a suspect is, its usual name, and whether it is a state that a signal shows: states go along with a
/// cause, so that they take no rank from it.
const fn kind(key: &str) -> (f64, &str, bool) {
    match key.as_bytes() {
        b"deploy" => (2.0, "a deploy before", false),
        b"config" => (2.0, "a change of configuration before", false),
        b"flag" => (2.0, "a flag before", false),
        b"provider" => (2.0, "a provider in trouble", false),
        b"clock" => (2.0, "it began at a round hour", false),
        b"restart" => (1.5, "restarts", false),
        b"job" => (2.5, "a job that ran", false),
        b"instance" => (2.5, "one instance is worse", false),
        b"surge" => (2.5, "more traffic than usual", false),
        b"drop" => (2.5, "less traffic than usual", false),
        b"silence" => (3.0, "the metrics are silent", false),
        b"loop" => (3.0, "traffic many times the usual", false),
        b"pool" => (1.0, "the pool is full", true),
        b"database" => (1.0, "the database is slow", true),
        b"memory" => (1.0, "memory climbs", true),
        b"cpu" => (1.0, "CPU is busy", true),
        b"calls" => (1.0, "calls to others fail", true),
        b"disk" => (2.0, "the disk is full", true),
        b"rate_limited" => (2.0, "requests are refused as too many", true),
        b"not_found" => (2.0, "a wave of 404", true),
        _ => (1.0, "a suspect", true),
    }
}

/// What a suspect of that rank among the causes counts.
const RANKS: [f64; 4] = [1.0, 0.5, 0.33, 0.25];
/// A suspect counts for more than a signal: it tells why.
const SUSPECTS: f64 = 1.5;
/// What the symptoms count when nothing else of the runbook holds; all of them when all hold.
const LEAST_SHARE: f64 = 0.4;
/// What they count when a runbook names suspects, and none of them is there.
const NO_SUSPECT: f64 = 0.6;
/// The same for a runbook that is about causes alone, and not about a state that the signals show.
const NO_CAUSE: f64 = 0.4;
/// What has less than this share of the best one's score shares no more with what was found than anything does.
const LEAST_FIT: f64 = 0.3;
/// The team's own knows more than ours.
const OWN: f64 = 1.15;
/// One that names the service knows more than one for all.
const NAMED: f64 = 1.25;

/// The runbooks that fit, the best first; ties by key. Nothing found: none.
#[must_use]
pub fn best(runbooks: &[Runbook], found: &Found<'_>) -> Vec<Match> {
    let mut all: Vec<Match> =
        runbooks.iter().enumerate().filter_map(|(index, book)| fits(book, index, found)).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| runbooks[a.index].key.cmp(&runbooks[b.index].key)));
    let least = all.first().map_or(0.0, |best| best.score * LEAST_FIT);
    all.retain(|one| one.score >= least);
    all
}

fn fits(book: &Runbook, index: usize, found: &Found<'_>) -> Option<Match> {
    if !book.concerns(found.service) {
        return None;
    }
    // What speaks for it, with its weight; the words of one thing are said once.
    let mut said: Vec<(f64, String)> = Vec::new();
    let mut say = |weight: f64, words: &str, usual: &str| {
        let words = if words.is_empty() { usual } else { words };
        if said.iter().all(|(_, other)| other != words) {
            said.push((weight, words.to_owned()));
        }
    };
    let (mut held, mut wanted) = (0.0, 0.0);
    for symptom in &book.symptoms {
        let heaviest = symptom.any.iter().flatten().map(|one| subject(one.subject).0).fold(0.0, f64::max);
        wanted += heaviest;
        let mut most: f64 = 0.0;
        for (condition, broken) in symptom.holding(found.broken) {
            let (weight, usual) = subject(condition.subject);
            let weight =
                weight * if broken.severity == Severity::Warning && can_hurt(condition.subject) { 0.7 } else { 1.0 };
            most = most.max(weight);
            say(weight, &broken.words, usual);
        }
        held += most;
    }
    if held <= 0.0 {
        return None;
    }
    let share = if wanted > 0.0 { (held / wanted).min(1.0) } else { 1.0 };
    let mut score = held * (LEAST_SHARE + (1.0 - LEAST_SHARE) * share);
    let (mut rank, mut any) = (0_usize, false);
    for (index, suspect) in found.suspects.iter().enumerate() {
        let (weight, usual, is_state) = kind(suspect.kind);
        let counts = if is_state { 1.0 } else { RANKS[rank.min(RANKS.len() - 1)] };
        rank += usize::from(!is_state);
        // Two deploys are no more of a deploy than one.
        let again = found.suspects[..index].iter().any(|other| other.kind == suspect.kind);
        if book.suspects.contains(&suspect.kind) && !again {
            any = true;
            score += SUSPECTS * weight * counts;
            // What a signal says already is no news.
            if !is_state {
                say(weight * counts, &suspect.words, usual);
            }
        }
    }
    if !any && !book.suspects.is_empty() {
        let about_causes = book.suspects.iter().all(|one| !kind(one).2);
        score *= if about_causes { NO_CAUSE } else { NO_SUSPECT };
    }
    score *= if book.services.is_empty() { 1.0 } else { NAMED };
    score *= if book.is_own { OWN } else { 1.0 };
    said.sort_by(|a, b| b.0.total_cmp(&a.0));
    Some(Match { index, score, because: said.into_iter().map(|(_, words)| words).collect() })
}

impl Symptom {
    /// How bad it is where it holds; `None` where it does not.
    #[must_use]
    pub fn holds(&self, broken: &[Broken]) -> Option<Severity> {
        self.holding(broken).map(|(_, one)| one.severity).max()
    }

    /// What of it holds: the conditions of every alternative that holds as a whole.
    fn holding<'a>(&'a self, broken: &'a [Broken]) -> impl Iterator<Item = (Condition, &'a Broken)> {
        let is = |condition: &Condition, one: &Broken| one.subject == condition.subject && one.side == condition.side;
        let whole = self.any.iter().filter(move |all| all.iter().all(|one| broken.iter().any(|other| is(one, other))));
        whole.flatten().filter_map(move |one| Some((*one, broken.iter().find(|other| is(one, other))?)))
    }
}

impl Runbook {
    /// Whether it is for that service.
    #[must_use]
    pub fn concerns(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|pattern| is_like(service, pattern))
    }
}

/// Whether a name fits a pattern, in which `*` stands for anything.
fn is_like(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    if pattern.len() == first.len() {
        return rest.is_empty();
    }
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::runbook::KINDS;
    use crate::triage::runbook::SUBJECTS;

    fn book(key: &str, symptoms: &[&str], suspects: &[&'static str]) -> Runbook {
        let text = format!("---\ntitle: {key}\nsymptoms:\n  - {}\n---\n## Fix\n- [ ] x\n", symptoms.join("\n  - "));
        Runbook { suspects: suspects.to_vec(), ..Runbook::parse(&text, key).unwrap() }
    }

    fn broken(subject: &'static str, severity: Severity) -> Broken {
        Broken { subject, side: Side::Above, severity, words: String::new() }
    }

    fn order(books: &[Runbook], subjects: &[&'static str], suspects: &[&'static str], service: &str) -> Vec<String> {
        let broken: Vec<_> = subjects.iter().map(|subject| broken(subject, Severity::Critical)).collect();
        let suspects: Vec<_> = suspects.iter().map(|kind| Suspected { kind, words: String::new() }).collect();
        let found = Found { broken: &broken, suspects: &suspects, service };
        best(books, &found).iter().map(|one| books[one.index].key.clone()).collect()
    }

    #[test]
    fn what_is_specific_beats_what_is_general() {
        let books = [
            book("general", &["error_rate > 1%"], &[]),
            book("pool", &["db_pool > 95%", "error_rate > 1%"], &["pool"]),
            book("deploy", &["error_rate > 1%"], &["deploy"]),
        ];
        for (subjects, suspects, expected) in [
            (&["error_rate"][..], &[][..], "general"),
            (&["error_rate"], &["deploy"], "deploy"),
            (&["error_rate", "db_pool"], &[], "pool"),
            (&["error_rate", "db_pool"], &["pool"], "pool"),
            (&["error_rate", "db_pool"], &["pool", "deploy"], "pool"),
        ] {
            assert_eq!(order(&books, subjects, suspects, "a")[0], expected, "{subjects:?} {suspects:?}");
        }
        assert!(order(&books, &[], &["deploy"], "a").is_empty());
        assert!(order(&books, &["disk"], &["deploy"], "a").is_empty());
    }

    #[test]
    fn ties_go_by_key_and_to_the_team() {
        let mut books =
            [book("b", &["disk > 9%"], &[]), book("a", &["disk > 9%"], &[]), book("c", &["disk > 9%"], &[])];
        assert_eq!(order(&books, &["disk"], &[], "x"), ["a", "b", "c"]);
        books[2].is_own = true;
        assert_eq!(order(&books, &["disk"], &[], "x"), ["c", "a", "b"]);
        books[0].services = vec!["x*".to_owned()];
        assert_eq!(order(&books, &["disk"], &[], "xy"), ["b", "c", "a"]);
        assert_eq!(order(&books, &["disk"], &[], "y"), ["c", "a"]);
    }

    #[test]
    fn the_reasons_are_said_once_and_the_telling_ones_first() {
        let books = [book("pool", &["error_rate > 1%", "db_pool > 95% or db_pool_waiting > 0"], &["deploy", "pool"])];
        let found = [broken("error_rate", Severity::Critical), broken("db_pool", Severity::Critical)];
        let suspects = [
            Suspected { kind: "deploy", words: "deploy v2 5m before".to_owned() },
            Suspected { kind: "pool", words: String::new() },
        ];
        let best = best(&books, &Found { broken: &found, suspects: &suspects, service: "x" });
        assert_eq!(best[0].because, ["DB pool full", "deploy v2 5m before", "errors"]);
        assert_eq!(books[0].symptoms[1].holds(&found), Some(Severity::Critical));
        assert_eq!(books[0].symptoms[1].holds(&found[..1]), None);
        let low = [Broken { side: Side::Below, ..broken("error_rate", Severity::Critical) }];
        assert_eq!(books[0].symptoms[0].holds(&low), None, "the other side is another trouble");
        let both = Symptom::parse("error_rate > 1% and db_pool > 1%").unwrap();
        assert_eq!((both.holds(&found), both.holds(&found[..1])), (Some(Severity::Critical), None));
    }

    #[test]
    fn every_key_has_its_words_and_patterns_fit() {
        assert!(SUBJECTS.iter().all(|key| subject(key).1 != "a signal"));
        assert!(KINDS.iter().all(|key| kind(key).1 != "a suspect"));
        for (name, pattern, expected) in [
            ("pay-api", "pay-*", true),
            ("pay-api", "pay", false),
            ("pay", "pay", true),
            ("a-pay-b", "*pay*", true),
            ("a-pay-b", "a*p*b", true),
            ("ab", "a*ab", false),
            ("", "*", true),
        ] {
            assert_eq!(is_like(name, pattern), expected, "{name} {pattern}");
        }
    }
}
