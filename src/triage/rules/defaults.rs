//! The rules that hold where a team wrote none, each with the reason why a site can stand behind it.
//!
//! They are sentences of the same language as a team's own. `for 10s` and `for 30s` mean two or more answers in a
//! row at the usual intervals: whoever looks at this screen is awake already, so that a rule here may be faster than
//! one that pages.

use std::sync::Arc;
use std::sync::LazyLock;

use crate::triage::Rule;
use crate::triage::Severity;

/// A default rule and its sentence.
#[derive(Clone, Debug)]
pub struct Default {
    /// The rule.
    pub rule: Arc<Rule>,
    /// As it is written.
    pub sentence: &'static str,
}

use Severity::{Critical, Info, Warning};

/// Severity, sentence, reason.
const TABLE: &[(Severity, &str, &str)] = &[
    (
        Critical,
        "error_rate > 5% for 10s",
        "a monthly objective of 99.9 % allows 0.1 %: at 5 % it is used up in 14 hours",
    ),
    (Critical, "latency_p95 > 1s for 10s", "after a second people lose their train of thought and begin to reload"),
    (
        Critical,
        "db_pool >= 100% for 10s or db_pool_waiting >= 10 for 10s",
        "a full pool makes every further caller wait; ten that wait are a queue",
    ),
    (Critical, "memory > 97% for 10s", "the next allocation may be the last"),
    (Critical, "memory full in < 10m", "less time than a deploy takes"),
    (Critical, "disk > 97% for 10s", "databases and logs stop writing before the last byte"),
    (Critical, "disk full in < 30m", "less time than it takes to find what may be deleted"),
    (
        Critical,
        "request_rate < 10% of baseline for 30s",
        "when nearly nobody arrives, what stands before the service is broken, and no error tells it",
    ),
    (
        Critical,
        "not_found > 20% and not_found > 300% of baseline for 30s",
        "one request in five misses its page, and did not before",
    ),
    (Warning, "error_rate > 1% for 30s", "a monthly objective of 99.9 % allows 0.1 %: at 1 % it is used up in 3 days"),
    (Warning, "latency_p95 > 500ms for 30s", "half a second is felt"),
    (
        Warning,
        "db_pool > 90% for 30s or db_pool_waiting >= 1 for 30s",
        "the last tenth of a pool is gone within one burst; nobody should have to wait for long",
    ),
    (Warning, "db_pool full in < 15m", "time enough to find who does not give back"),
    (Warning, "memory > 90% for 30s", "a garbage-collected heap works at 85 %; above, it works mostly for itself"),
    (Warning, "memory full in < 1h", "time enough to restart in order"),
    (Warning, "disk > 90% for 30s", "the last tenth goes with one large query or one day's logs"),
    (Warning, "disk full in < 4h", "time enough to act before it hurts"),
    (
        Warning,
        "request_rate < 50% of baseline for 2m",
        "half of the callers of the last hour are missing; nights fall more slowly than that",
    ),
    (
        Warning,
        "not_found > 5% and not_found > 300% of baseline for 30s",
        "links or files went missing: some not found is usual, three times as many is not",
    ),
    (Warning, "rate_limited > 5% for 30s", "one caller in twenty is turned away"),
    (Warning, "call_errors > 5% for 30s", "an outside service fails; whether it hurts, errors and latency say"),
    (Warning, "calls_limited > 1% for 30s", "a vendor turns us away: more calls make it worse"),
    (Warning, "db_latency > 500ms for 30s", "a database that takes half a second is waiting for something"),
    (Warning, "db_locked >= 1 for 30s", "a lock that is held for half a minute was forgotten or is a migration"),
    (Warning, "cpu > 90% for 1m", "above nine tenths requests queue for the processor"),
    (Info, "request_rate > 200% of baseline for 1m", "twice the usual load explains much that comes after it"),
];

static ALL: LazyLock<Vec<Default>> = LazyLock::new(|| {
    // A sentence that does not parse is left out here; a test proves that there is none.
    let read = TABLE.iter().filter_map(|(severity, sentence, reason)| {
        let rule = Rule::parse(*severity, sentence).ok()?;
        Some(Default { rule: Arc::new(Rule { reason, ..rule }), sentence })
    });
    read.collect()
});

/// All default rules, the worst first.
#[must_use]
pub fn defaults() -> &'static [Default] {
    &ALL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_sentence_with_a_reason() {
        assert_eq!(defaults().len(), TABLE.len());
        for one in defaults() {
            assert_eq!(one.rule.to_string(), one.sentence);
            assert!(one.rule.reason.len() > 10, "{}", one.sentence);
        }
        assert!(defaults().is_sorted_by_key(|one| std::cmp::Reverse(one.rule.severity)));
    }
}
