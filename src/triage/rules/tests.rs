//! Sentences in, rules out and back.

use super::*;

fn parse(sentence: &str) -> Result<Rule, SentenceError> {
    Rule::parse(Severity::Critical, sentence)
}

#[test]
fn sentences_are_read_and_written() {
    for (written, again) in [
        ("error_rate > 5% for 2m", ""),
        ("latency_p95 > 1s for 5m", ""),
        ("db_pool > 95% for 1m or db_pool_waiting > 0 for 1m", ""),
        ("request_rate < 50% of baseline for 3m", ""),
        ("memory full in < 30m", ""),
        ("error_rate>=0.5 % for 90 s", "error_rate >= 0.5% for 90s"),
        ("latency_p95 > 1500 ms", "latency_p95 > 1.5s"),
        ("not_found > 5% and not_found > 300% of baseline for 30s", ""),
        ("cpu > 90% for 1m and request_rate > 10/s for 2m", ""),
        ("request_rate <= 600/min for 1h30m", "request_rate <= 10/s for 1h30m"),
        ("disk full in < 4h for 10m", ""),
    ] {
        let rule = parse(written).unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(rule.to_string(), if again.is_empty() { written } else { again });
        assert_eq!(parse(&rule.to_string()).as_ref(), Ok(&rule));
    }
}

#[test]
fn what_is_not_a_rule_says_where_and_what_instead() {
    for (sentence, at, part) in [
        ("", 0, "ends too early"),
        ("errors > 5%", 0, "write one of error_rate"),
        ("error_rate 5%", 11, "write >, >=, < or <="),
        ("error_rate > ", 13, "value is missing"),
        ("error_rate > many", 13, "is not a number"),
        ("error_rate > 5s", 13, "is not a unit of `error_rate`"),
        ("error_rate > 500%", 13, "more than 100 %"),
        ("latency_p95 > 5", 14, "has no unit"),
        ("latency_p95 > 1s for ever", 21, "`ever` is not a time"),
        ("latency_p95 > 1s for", 20, "the time is missing"),
        ("request_rate < 50% of usual", 22, "`of` wants `baseline`"),
        ("request_rate full in < 5m", 18, "no limit that it could reach"),
        ("memory full < 5m", 12, "wants `in < TIME`"),
        ("error_rate > 5% xor cpu > 9%", 16, "`xor` is not expected"),
        ("error_rate > 5% or", 18, "ends too early"),
    ] {
        let error = parse(sentence).unwrap_err();
        assert!(error.to_string().contains(part), "{sentence}: {error}");
        assert_eq!(error.at, at, "{sentence}: {error}");
    }
}

#[test]
fn a_group_shares_its_time() {
    let rule = parse("cpu > 90% and error_rate > 1% for 2m").unwrap();
    assert!(rule.groups[0].iter().all(|condition| condition.lasting.as_secs() == 120));
}

#[test]
fn what_a_team_writes_takes_the_place_of_the_defaults_of_the_subject() {
    let own = parse("error_rate > 20% for 5m").unwrap();
    let rules = Rules::default().with(vec![own], &[Subject::Disk]);
    let about = |subject| rules.iter().filter(|rule| rule.subjects().next() == Some(subject)).count();
    assert_eq!((about(Subject::ErrorRate), about(Subject::Disk)), (1, 0));
    assert!(about(Subject::LatencyP95) == 2);
    assert_eq!(rules.limit(Subject::ErrorRate), Limit { warning: None, critical: Some(0.2) });
}

#[test]
fn a_limit_moves_the_plain_rules_and_no_others() {
    let rules = Rules::default().with_limit(Subject::Memory, Severity::Critical, Some(0.99));
    let sentences: Vec<_> = rules.about(Signal::Memory).map(ToString::to_string).collect();
    assert!(sentences.contains(&"memory > 99% for 10s".to_owned()), "{sentences:?}");
    assert!(sentences.contains(&"memory full in < 10m".to_owned()), "{sentences:?}");
    let rules = rules.with_limit(Subject::RequestRate, Severity::Critical, Some(5.0));
    assert_eq!(rules.limit(Subject::RequestRate).critical, Some(5.0));
    let off = rules.with_limit(Subject::DbPool, Severity::Critical, None);
    assert_eq!(off.limit(Subject::DbPool).critical, None);
    assert_eq!(off.limit(Subject::DbPoolWaiting).critical, Some(10.0), "its neighbour stays");
}
