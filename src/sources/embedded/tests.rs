//! The engine without a network: bodies by hand, instants by hand.

use super::*;
use crate::facts::Answer;
use crate::facts::FaultKind;
use crate::facts::Measure;
use std::collections::BTreeMap;
use std::sync::Arc;

const START: i64 = 1_800_000_000;

fn at(seconds: i64) -> At {
    At::from_timestamp(START + seconds, 0).unwrap()
}

/// An engine that is asked every 5 s for the rate of `x_total`.
fn engine(max_series: usize) -> Embedded {
    let settings = Settings {
        service: "shop".into(),
        targets: vec![(Url::parse("http://h0:1/metrics").unwrap(), Arc::default())],
        every: Duration::from_secs(5),
        rate_window: None,
        retention: Duration::from_hours(1),
        max_series,
    };
    let queries = BTreeMap::from([
        (Measure::RequestRate, "sum(rate(x_total[$__rate_interval]))".to_owned()),
        (Measure::MemoryUsed, "sum(memory_bytes)".to_owned()),
    ]);
    Embedded::new(settings, Arc::new(move |_| Plan { queries: queries.clone(), ..Plan::default() }))
}

fn body(text: &str) -> Scraped {
    Scraped::made(Ok(text), &Url::parse("http://h0:1/metrics").unwrap())
}

fn down() -> Scraped {
    Scraped::made(
        Err(Fault::new(FaultKind::Connect, "connection refused")),
        &Url::parse("http://h0:1/metrics").unwrap(),
    )
}

/// What comes back instead of numbers.
type Outage = fn() -> Scraped;
/// The body at a second.
type Back = fn(i64) -> String;

/// A counter at 10 per second, after each kind and length of outage, in the same process and in a new one: the rate
/// is right or is not told.
#[test]
fn no_rate_is_diluted_over_an_outage() {
    let outages: [(&str, Outage); 3] = [("down", down), ("a page", || body("<html></html>")), ("nothing", || body(""))];
    let back: [(&str, Back); 3] = [
        ("the same", |seconds| format!("x_total {}\n", 1_000 + seconds * 10)),
        ("reset", |seconds| format!("x_total {}\n", seconds * 10)),
        ("another pod", |seconds| format!("x_total{{pod=\"b\"}} {}\n", seconds * 10)),
    ];
    for ((name, outage), (returns, after)) in outages.iter().flat_map(|outage| back.map(|back| (*outage, back))) {
        for lost in [1, 2, 3, 4, 5, 6, 7, 8, 20] {
            // A hole of one scrape is no outage: then only the same process reads right.
            if lost == 1 && returns != "the same" {
                continue;
            }
            let mut engine = engine(100);
            let mut known = 0;
            for step in 0..60 {
                let seconds = step * 5;
                let since = seconds - (12 + lost) * 5;
                let answer = match step {
                    0..12 => body(&format!("x_total {}\n", 1_000 + seconds * 10)),
                    _ if since < 0 => outage(),
                    _ if returns == "the same" => body(&after(seconds)),
                    _ => body(&after(since + 2)),
                };
                let Ok((points, _)) = engine.take(vec![answer], at(seconds)) else {
                    assert!(since < 0 && step >= 12);
                    continue;
                };
                match &points.answers[&Measure::RequestRate] {
                    Answer::Known(rate) => {
                        known += 1;
                        let case = format!("{name}, then {returns}, {lost} lost, {since} s later: {}", rate.value);
                        // A counter is not extrapolated to before its zero: a new process lacks up to half an interval.
                        let off = if returns == "the same" { 0.001 } else { 1.001 };
                        assert!((rate.value - 10.0).abs() < off, "{case}");
                    }
                    Answer::WarmingUp(_) => {}
                    other => panic!("{name}, then {returns}, {lost} lost, {since} s later: {other:?}"),
                }
            }
            assert_eq!(known, 60 - lost - if lost == 1 { 1 } else { 2 }, "{name}, then {returns}, {lost} lost");
        }
    }
}

#[test]
fn a_target_that_fails_every_other_time_still_has_a_rate() {
    let mut engine = engine(100);
    let mut known = 0;
    for step in 0..40 {
        let answer = if step % 2 == 0 { body(&format!("x_total {}\n", 1_000 + step * 50)) } else { down() };
        if let Ok((points, _)) = engine.take(vec![answer], at(step * 5))
            && let Answer::Known(rate) = &points.answers[&Measure::RequestRate]
        {
            known += 1;
            assert!((rate.value - 10.0).abs() < 0.5, "step {step}: {}", rate.value);
        }
    }
    assert_eq!(known, 19);
}

fn remark(reports: &[TargetReport]) -> &str {
    &reports[0].outcome.as_ref().unwrap().remark
}

#[test]
fn beyond_the_cap_there_is_no_number_as_long_as_that_lasts() {
    let many = |step: i64, count: usize| {
        let lines: Vec<_> = (0..count).map(|id| format!("x_total{{id=\"{id}\"}} {}\n", step * 5)).collect();
        body(&lines.concat())
    };
    let mut engine = engine(1_000);
    for step in 0..30 {
        let (points, reports) =
            engine.take(vec![many(step, if step < 10 { 2_500 } else { 900 })], at(step * 5)).unwrap();
        let rate = &points.answers[&Measure::RequestRate];
        if step < 10 {
            assert!(remark(&reports).starts_with("1500 series not kept: 1000 series"), "{step}: {}", remark(&reports));
        } else {
            assert_eq!(remark(&reports), "");
        }
        if step <= 15 {
            let why = "request_rate reads 2,500 of 2,500 wanted series, 1,000 are kept at most; raise max_series or read \
                       a metric with fewer: sum(rate(x_total[30s]))";
            assert_eq!(rate, &Answer::NoData(why.into()), "{step}");
            assert_eq!(points.answers[&Measure::MemoryUsed], Answer::NoData(why.into()));
        } else {
            let rate = rate.number().unwrap().value;
            assert!((rate - 900.0).abs() < 1e-6, "{step}: {rate}");
        }
    }
}

#[test]
fn the_query_that_wants_too_much_is_named() {
    // Which of them comes first in the body decides what is kept, not who is to blame.
    let lines = |name: &str, count: usize| -> String {
        (0..count).map(|id| format!("{name}{{id=\"{id}\"}} 1\n")).collect::<Vec<_>>().concat()
    };
    let (memory, requests) = (lines("memory_bytes", 60), lines("x_total", 300));
    for text in [format!("{memory}{requests}"), format!("{requests}{memory}")] {
        let mut engine = engine(100);
        for step in 0..3 {
            let (points, _) = engine.take(vec![body(&text)], at(step * 5)).unwrap();
            let Answer::NoData(why) = &points.answers[&Measure::RequestRate] else { panic!() };
            assert!(why.starts_with("request_rate reads 300 of 360 wanted series, 100 are kept at most"), "{why}");
            assert!(why.ends_with(": sum(rate(x_total[30s]))"), "{why}");
        }
    }
}

/// A question that is asked after an outage: the rate did not fall while nobody looked.
#[tokio::test]
async fn the_answer_to_a_question_has_a_hole_where_nothing_was_scraped() {
    let mut engine = engine(100);
    for step in 0..60 {
        let answer = if (20..40).contains(&step) { down() } else { body(&format!("x_total {}\n", 1_000 + step * 50)) };
        let _ = engine.take(vec![answer], at(step * 5));
    }
    let ask = |text: &str| crate::facts::Question {
        id: 1,
        source: SourceId::new("metrics shop"),
        text: text.to_owned(),
        service: "shop".to_owned(),
        from: at(0),
        to: at(295),
        step: Duration::from_secs(5),
    };
    let rows = engine.query(&ask("sum(rate(x_total[1m]))")).await.unwrap();
    let points = &rows.series[0].1;
    assert!(points.iter().all(|(_, rate)| (rate - 10.0).abs() < 0.5), "{points:?}");
    assert!(!points.iter().any(|(when, _)| (at(110)..at(200)).contains(when)), "{points:?}");
    assert!(points.iter().any(|(when, _)| *when >= at(270)), "{points:?}");
    let rows = engine.query(&ask("up")).await.unwrap();
    assert!(rows.series[0].1.contains(&(at(150), 0.0)), "what is down is told all the time");
}

#[test]
fn a_body_without_a_sample_is_a_fault_and_changes_nothing() {
    let mut engine = engine(100);
    let full = |version: &str| body(&format!("x_total 1\nshop_build_info{{version=\"{version}\"}} 1\n"));
    engine.take(vec![full("1.0")], at(0)).unwrap();
    engine.take(vec![full("1.0")], at(5)).unwrap();
    for (step, empty) in ["", "\n \n", "# HELP x_total x\n"].into_iter().enumerate() {
        let fault = engine.take(vec![body(empty)], at(10 + i64::try_from(step).unwrap() * 5)).unwrap_err();
        assert_eq!((fault.kind, fault.cause.as_str()), (FaultKind::Unreadable, "the answer holds no sample"));
        assert_eq!(fault.advice, "check the path (often /metrics) and the port");
    }
    engine.take(vec![full("1.1")], at(30)).unwrap();
    let changes = engine.versions.changes();
    assert_eq!(changes.iter().map(|change| change.version.as_str()).collect::<Vec<_>>(), ["1.1"]);
}

#[test]
fn samples_of_another_time_are_remarked() {
    let ms = |seconds: i64| (START + seconds) * 1_000;
    for (lines, expected) in [
        (format!("x_total 1 {}\n", ms(7_200)), "its samples carry times 2 h in the future"),
        (format!("x_total 1 {}\n", ms(-86_400 * 3)), "its samples carry times 3 days in the past"),
        (
            format!("x_total 1 {}\nmemory_bytes 1 {}\n", ms(-420), ms(9_000)),
            "its samples carry times 7 min in the past",
        ),
        (format!("x_total 1 {}\nmemory_bytes 1\n", ms(7_200)), ""),
        (format!("x_total 1 {}\nmemory_bytes 1 {}\n", ms(7_200), ms(-60)), ""),
        ("x_total 1\n".to_owned(), ""),
    ] {
        let (_, reports) = engine(100).take(vec![body(&lines)], at(0)).unwrap();
        assert_eq!(remark(&reports), expected, "{lines}");
    }
}

/// As in Prometheus: what a process counted behind its last scrape goes with it, at most an interval of the window.
#[test]
fn a_restart_between_two_scrapes_costs_at_most_an_interval() {
    for (age, least) in [(0, 8.0), (2, 8.8), (5, 10.0)] {
        let mut engine = engine(100);
        for step in 0..30 {
            let value = if step < 12 { 1_000 + step * 50 } else { (step - 12) * 50 + age * 10 };
            let (points, _) = engine.take(vec![body(&format!("x_total {value}\n"))], at(step * 5)).unwrap();
            if let Answer::Known(rate) = &points.answers[&Measure::RequestRate] {
                let full = !(12..18).contains(&step);
                let low = if full { 9.9 } else { least - 0.05 };
                // A process that is as old as the interval has lost nothing.
                assert!((low..10.1).contains(&rate.value), "{age} s old, step {step}: {}", rate.value);
            }
        }
    }
}
