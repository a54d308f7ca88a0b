//! Debriefs of journals that were written by hand.

use super::*;
use crate::incident::ClockKind;
use crate::incident::Observation;
use crate::incident::UpdateStatus;
use crate::triage::Severity;

fn at(seconds: i64) -> At {
    At::from_timestamp(1_763_600_000 + seconds, 0).unwrap()
}

fn truth() -> Truth {
    Truth {
        scenario: "null-field".to_owned(),
        title: "A field that is null".to_owned(),
        about: "Old orders lack it.\nAll else is well.".to_owned(),
        service: "orders".to_owned(),
        began: Some(at(0)),
        paged: Some(at(60)),
        back: Some(at(700)),
        stays: true,
        ended: at(1_000),
        given_up: false,
        accused: Some("orders v105".to_owned()),
        innocent: vec!["Mailer".to_owned(), "web v88".to_owned()],
        runbook: Some("errors-after-deploy".to_owned()),
        page: "changes".to_owned(),
        ends: vec!["roll back orders v105".to_owned()],
        lasting: None,
        tried: vec![
            Tried {
                what: "restart all of orders".to_owned(),
                after_s: 400,
                idle: false,
                helps: false,
                harm: Some("42 % failed".to_owned()),
            },
            Tried { what: "roll back orders v105".to_owned(), after_s: 600, idle: false, helps: true, harm: None },
        ],
    }
}

/// Entries of a person, and of sixty, by second.
fn incident(entries: &[(i64, bool, What)]) -> Incident {
    Incident::fold(entries.iter().enumerate().map(|(index, (second, person, what))| {
        let entry = Entry::new(&format!("e{index}"), at(*second), "ana", "host", what.clone());
        if *person { entry } else { entry.by_sixty() }
    }))
}

fn sent(second: i64, key: &str) -> Vec<(i64, bool, What)> {
    let (update, to) = (key.to_owned(), "drill".to_owned());
    let text = "We look.".to_owned();
    vec![
        (second - 20, true, What::Drafted { update: update.clone(), status: UpdateStatus::Investigating, text }),
        (second - 1, true, What::Sending { update: update.clone(), to: to.clone() }),
        (second, false, What::Sent { update, to, answer: String::new() }),
    ]
}

fn story() -> Vec<(i64, bool, What)> {
    let seen = Observation {
        severity: Severity::Critical,
        headline: "11 % of requests fail".to_owned(),
        onset: None,
        evidence: Vec::new(),
        failed: None,
    };
    let mut all = vec![
        (45, false, What::Opened { service: "orders".into(), title: String::new() }),
        (45, false, What::Observed(seen)),
        (90, true, What::Acknowledged { place: "drill pager".into(), reference: "1".into(), answer: String::new() }),
        (100, true, What::Looked { page: "outside".into() }),
        (120, true, What::Note { text: "is it the MAILER?".into() }),
        (200, true, What::Ticked { list: "first-60-seconds".into(), item: "ack".into() }),
        (500, true, What::Looked { page: "changes".into() }),
        (550, true, What::Hypothesis { text: "v105 reads what is not there".into(), evidence: Vec::new() }),
        (560, true, What::Tested { hypothesis: "e7".into(), state: TestState::Right, text: String::new() }),
        (600, true, What::Fixed { text: "roll back orders v105".into() }),
        (950, true, What::Resolved),
    ];
    all.extend(sent(1_000 - 20, "late"));
    all.extend(sent(240, "first"));
    all
}

#[test]
fn a_drill_is_told_by_its_times() {
    let debrief = Debrief::of(&incident(&story()), &truth(), &[]);
    assert_eq!(debrief.outcome, Outcome::Fixed);
    let times = Times {
        acknowledged_s: Some(90),
        suspect_s: Some(550),
        update_s: Some(240),
        fix_s: Some(600),
        recovered_s: Some(700),
        resolved_s: Some(950),
    };
    assert_eq!(debrief.times, times);
    assert_eq!(debrief.hypotheses, [1, 0, 0]);
    assert_eq!(debrief.accused_in_vain, ["Mailer"]);
    assert_eq!(debrief.looked, [(100, "outside".to_owned()), (500, "changes".to_owned())]);
    assert_eq!(debrief.missed, ["the runbook `errors-after-deploy`"]);
    assert_eq!(debrief.wrong().count(), 1);
    assert_eq!(debrief.seen[0], (45, "critical: 11 % of requests fail".to_owned()));
    let text = debrief.text(200);
    for words in
        ["after 1 min 30 s", "restart all of orders; it did not end the trouble; worse for a while: 42 % failed"]
    {
        assert!(text.contains(words), "{words}\n{text}");
    }
    for praise in ["great", "well done", "points", "!", "fail to"] {
        assert!(!text.to_lowercase().contains(praise), "{praise}");
    }
}

#[test]
fn endings_have_their_words() {
    let (fixed, none) = (truth().tried, Vec::new());
    let resolved = vec![(950, true, What::Resolved)];
    let cases = [
        (Some(at(0)), Some(at(700)), fixed.clone(), resolved.clone(), false, Outcome::Fixed),
        (Some(at(0)), None, none.clone(), Vec::new(), true, Outcome::GivenUp),
        (Some(at(0)), None, none.clone(), Vec::new(), false, Outcome::Left),
        (Some(at(0)), Some(at(700)), none.clone(), resolved.clone(), false, Outcome::ByItself),
        (None, None, none.clone(), resolved, false, Outcome::ByItself),
        (None, None, none, Vec::new(), true, Outcome::GivenUp),
        (Some(at(0)), None, fixed, Vec::new(), true, Outcome::GivenUp),
    ];
    let before = Truth { began: None, paged: None, back: None, tried: Vec::new(), ..truth() };
    assert_eq!(Debrief::of(&Incident::default(), &before, &[]).outcome, Outcome::Left, "nothing had begun yet");
    for (began, back, tried, entries, given_up, outcome) in cases {
        let truth = Truth { began, back, given_up, tried, stays: false, ..truth() };
        assert_eq!(Debrief::of(&incident(&entries), &truth, &[]).outcome, outcome, "{truth:?}");
    }
}

#[test]
fn nothing_done_is_told_as_nothing() {
    let list = Checklist::first_60_seconds();
    let truth = Truth { back: None, tried: Vec::new(), ..truth() };
    let debrief = Debrief::of(&Incident::default(), &truth, &[&list]);
    assert_eq!(debrief.times, Times::default());
    assert_eq!(debrief.left.len(), list.items.len());
    assert_eq!(debrief.missed.len(), 5, "{:?}", debrief.missed);
    assert_eq!(debrief.updates_late_s, [100]);
    let ticked = incident(&[(10, true, What::Ticked { list: list.key.clone(), item: list.items[0].key.clone() })]);
    let debrief = Debrief::of(&ticked, &truth, &[&list]);
    assert_eq!(debrief.left.len(), list.items.len() - 1);
    assert_eq!(debrief.missed.len(), 4);
}

#[test]
fn updates_are_late_by_the_clock() {
    assert_eq!(late(&[240], 700), Vec::<i64>::new());
    assert_eq!(late(&[1_000, 1_200], 3_000), [100, 900]);
    assert_eq!(late(&[], 900), Vec::<i64>::new());
    assert_eq!(late(&[5_000], 901), [1]);
    assert_eq!(ClockKind::ALL.len(), 4, "the clock of updates is among them");
}

#[test]
fn what_was_named_or_undone_or_stood_in_the_verdict_was_not_missed() {
    let note = |text: &str| What::Note { text: text.to_owned() };
    let verdict = |headline: &str, evidence: &str| {
        let evidence = vec![evidence.to_owned()];
        let headline = headline.to_owned();
        What::Observed(Observation { severity: Severity::Critical, headline, onset: None, evidence, failed: None })
    };
    let undone = |what: &str, idle| Tried { what: what.to_owned(), after_s: 9, idle, helps: false, harm: None };
    let cases = [
        (note("what now?"), None, true),
        (note("it is orders V105"), None, false),
        (note("it is v105"), None, false),
        (verdict("11 % of requests fail", "suspect: orders v105, 2 min before"), None, false),
        (verdict("errors since orders v105", ""), None, false),
        (verdict("11 % of requests fail", "suspect: web v88"), None, true),
        (note("what now?"), Some(undone("roll back orders v105", false)), false),
        (note("what now?"), Some(undone("restart all of orders", false)), true),
        (note("what now?"), Some(undone("wait for orders v105", true)), true),
    ];
    for (what, tried, is_missed) in cases {
        let truth = Truth { tried: tried.into_iter().collect(), ..truth() };
        let by_person = matches!(what, What::Note { .. });
        let told = format!("{what:?} {:?}", truth.tried);
        let debrief = Debrief::of(&incident(&[(50, by_person, what)]), &truth, &[]);
        let missed = debrief.missed.iter().any(|line| line.starts_with("orders v105"));
        assert_eq!(missed, is_missed, "{told}");
    }
}

#[test]
fn a_debrief_fits_the_terminal_and_uses_the_words_of_the_screen() {
    let looked = |second, page: &str| (second, true, What::Looked { page: page.to_owned() });
    let mut all = story();
    all.extend([looked(20, "service"), looked(30, "write"), looked(40, "quick-win")]);
    let truth = Truth { about: "Old orders lack it and nobody knew that they would. ".repeat(9), ..truth() };
    let debrief = Debrief::of(&incident(&all), &truth, &[&Checklist::first_60_seconds()]);
    for columns in [0, 40, 80, 132] {
        let text = debrief.text(columns);
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns.max(40) && widest > columns / 2, "{columns}: {widest}\n{text}");
        for inner in ["write", "quick-win", "service, after"] {
            assert!(!text.contains(inner), "{inner}\n{text}");
        }
    }
    let text = debrief.text(80);
    for words in ["the service's own page, after 20 s", "quick win, after 40 s"] {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn what_comes_back_is_no_success() {
    let killed = Truth { back: Some(at(210)), tried: Vec::new(), ..truth() };
    let resolved = [(300, true, What::Resolved)];
    for (entries, given_up, outcome) in
        [(&resolved[..], false, Outcome::Lull), (&[], false, Outcome::Lull), (&[], true, Outcome::GivenUp)]
    {
        let debrief = Debrief::of(&incident(entries), &Truth { given_up, ..killed.clone() }, &[]);
        assert_eq!((debrief.outcome, debrief.times.recovered_s, debrief.lull_s), (outcome, None, Some(210)));
        let text = debrief.text(120);
        assert!(text.contains("for a while, after 3 min 30 s, by itself; nothing ended it, it comes back"), "{text}");
    }
    // It can be seen before it hurts: then it is left, or ended before anybody noticed.
    let early = Truth { began: None, back: None, ..truth() };
    let left = Debrief::of(&incident(&resolved), &Truth { tried: Vec::new(), ..early.clone() }, &[]);
    assert_eq!((left.outcome, left.lull_s), (Outcome::Left, None));
    let ended = Debrief::of(&incident(&resolved), &early, &[]);
    assert_eq!(ended.outcome, Outcome::Fixed);
    assert!(ended.text(120).contains("it was ended before anybody was hurt"));
}
