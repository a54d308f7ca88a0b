//! The history of drills: kept, chosen from, told.

use super::*;

fn held(minute: i64, scenario: &str, who: &str, fix_s: Option<i64>) -> Held {
    Held {
        v: 1,
        at: At::from_timestamp(1_763_600_000 + minute * 60, 0).unwrap(),
        scenario: scenario.to_owned(),
        seed: 7,
        speed: 1.0,
        who: who.to_owned(),
        outcome: "ended by a fix".to_owned(),
        lasted_s: 900,
        acknowledged_s: Some(minute),
        suspect_s: None,
        update_s: Some(200),
        fix_s,
        recovered_s: fix_s.map(|fix| fix + 60),
        wrong: 1,
        harmful: 0,
        missed: 2,
    }
}

#[test]
fn what_is_added_is_read_and_a_torn_line_spoils_no_other() {
    let state = tempfile::tempdir().unwrap();
    let history = History::of(state.path());
    assert_eq!(history.read().unwrap(), (Vec::new(), 0));
    let (first, second) = (held(1, "flag-on", "ana", Some(300)), held(2, "disk-full", "sam", None));
    history.add(&second).unwrap();
    let path = state.path().join("drills/history.jsonl");
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"v\":1,\"at\":\"20").unwrap();
    history.add(&first).unwrap();
    assert_eq!(history.read().unwrap(), (vec![first, second], 1));
}

#[test]
fn many_at_once_lose_no_line() {
    let state = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let history = History::of(state.path());
            scope.spawn(move || {
                (0..25).for_each(|n| history.add(&held(writer * 100 + n, "flag-on", "ana", None)).unwrap());
            });
        }
    });
    let (all, skipped) = History::of(state.path()).read().unwrap();
    assert_eq!((all.len(), skipped), (100, 0));
}

#[test]
fn random_takes_what_was_not_drilled_lately() {
    let names = ["a", "b", "c"];
    let past = [held(1, "a", "ana", None), held(2, "b", "ana", None)];
    for chance in [0.0, 0.4, 0.999] {
        assert_eq!(choose(&names, &past, chance), Some("c"));
    }
    assert_eq!(choose(&names, &[], 0.5), Some("b"));
    assert_eq!(choose(&[], &[], 0.5), None);
    assert_eq!(choose(&["a"], &past, 0.5), Some("a"), "the only one is drilled again");
}

#[test]
fn people_see_how_they_get_on() {
    let all = [
        held(1, "flag-on", "ana", Some(600)),
        held(2, "flag-on", "ana", Some(400)),
        held(3, "flag-on", "ana", Some(300)),
        held(4, "disk-full", "ana", None),
        held(5, "disk-full", "sam", Some(100)),
    ];
    let rows = progress(&all);
    let told: Vec<_> = rows
        .iter()
        .map(|row| (&*row.who, row.scenario.as_deref(), row.drills, row.median_fix_s, row.last_fix_s))
        .collect();
    assert_eq!(
        told,
        [
            ("ana", None, 4, Some(400), None),
            ("ana", Some("flag-on"), 3, Some(400), Some(300)),
            ("sam", None, 1, Some(100), Some(100)),
        ]
    );
    let text = text(&all, 2);
    for words in ["flag-on", "6:40", "2 lines of the history"] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(json(&all, 0).unwrap().contains("\"sixty.drills/1\""));
    assert_eq!((median(vec![]), median(vec![5]), median(vec![9, 1])), (None, Some(5), Some(5)));
}
