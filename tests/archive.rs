//! All incidents on disk: listed, found, opened again, merged; by several at once, and with damage.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;
use std::thread;

use chrono::{TimeDelta, Utc};
use sixty::app::Licence;
use sixty::facts::At;
use sixty::facts::FaultKind;
use sixty::incident::Entry;
use sixty::incident::Incident;
use sixty::incident::Observation;
use sixty::incident::What;
use sixty::runtime::journal;
use sixty::runtime::journal::Access;
use sixty::runtime::journal::Appended;
use sixty::runtime::journal::Archive;
use sixty::runtime::journal::Found;
use sixty::runtime::journal::Journal;
use sixty::runtime::journal::Signature;
use sixty::triage::Severity;

const ME: Licence = Licence::of_a_person();

fn entry(at: At, who: &str, what: What) -> Entry {
    Entry::new(&journal::new_id(at), at, who, "bastion", what)
}

fn note(text: &str) -> Entry {
    entry(Utc::now(), "ana", What::Note { text: text.into() })
}

fn by(who: &str) -> Signature {
    Signature { who: who.into(), host: "bastion".into() }
}

fn writer(dir: &Path, service: &str) -> Journal {
    Journal::open(dir, service, Access::Write(ME))
}

fn watcher(dir: &Path, service: &str) -> Journal {
    Journal::open(dir, service, Access::ReadOnly)
}

/// Opens an incident of a service and answers its id.
fn open(dir: &Path, service: &str, at: At) -> String {
    let mut journal = writer(dir, service);
    journal
        .append(&entry(at, "ana", What::Opened { service: service.into(), title: format!("{service} is slow") }))
        .unwrap();
    journal.incident().unwrap()
}

fn notes(incident: &Incident) -> Vec<String> {
    let texts = incident.entries().filter_map(|entry| match &entry.what {
        What::Note { text } => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn an_empty_archive_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    for archive in [Archive::new(dir.path()), Archive::new(&dir.path().join("none"))] {
        assert!(archive.list().unwrap().rows.is_empty() && archive.services().unwrap().is_empty());
        assert_eq!(archive.find("latest"), Ok(Found::None));
        assert_eq!(archive.current("api", Utc::now()), Ok(None));
        assert_eq!(archive.load("x").unwrap_err().kind, FaultKind::NotFound);
        for id in ["", "..", "../../etc/passwd", "a/b", "/etc/passwd"] {
            assert_eq!(archive.load(id).unwrap_err().kind, FaultKind::NotFound);
            assert!(archive.append(ME, id, &note("x")).is_err());
        }
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn incidents_are_listed_and_found() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::new(dir.path());
    let now = Utc::now();
    let old = open(dir.path(), "checkout api", now - TimeDelta::hours(3));
    let new = open(dir.path(), "db", now);
    let seen = |severity| {
        What::Observed(Observation { severity, headline: "h".into(), onset: None, evidence: Vec::new(), failed: None })
    };
    for severity in [Severity::Warning, Severity::Critical, Severity::Ok] {
        archive.append(ME, &old, &entry(now, "sam", seen(severity))).unwrap();
    }
    archive.append(ME, &old, &entry(now, "sam", What::Resolved)).unwrap();
    let listing = archive.list().unwrap();
    assert!(listing.damaged.is_empty(), "{:?}", listing.damaged);
    let [first, second] = &listing.rows[..] else { panic!("{listing:?}") };
    assert_eq!((&first.id, first.service.as_str(), first.resolved_at, first.worst), (&new, "db", None, None));
    assert_eq!((&second.id, second.service.as_str()), (&old, "checkout api"));
    assert_eq!((second.worst, second.people.join(" ")), (Some(Severity::Critical), "ana sam".into()));
    assert!(
        second.resolved_at.is_some() && second.last_at == second.resolved_at && second.title == "checkout api is slow"
    );
    assert_eq!(archive.services().unwrap(), ["checkout api", "db"]);
    assert_eq!((archive.current("db", now), archive.current("checkout api", now)), (Ok(Some(new.clone())), Ok(None)));

    for (word, found) in [
        (new.as_str(), Found::One(new.clone())),
        ("latest", Found::One(new.clone())),
        (&old[old.len() - 6..], Found::One(old.clone())),
        (&old[..old.len() - 2].to_uppercase(), Found::One(old.clone())),
        ("2", Found::Several(vec![new.clone(), old.clone()])),
        ("nothing", Found::None),
        ("", Found::None),
    ] {
        assert_eq!(archive.find(word), Ok(found), "{word}");
    }

    // Damage is told and hides nothing else.
    fs::write(dir.path().join("incidents/db/20200101T000000Z-zzzzzz.jsonl"), "not an entry\n").unwrap();
    fs::create_dir(dir.path().join("incidents/db/20200102T000000Z-zzzzzz.jsonl")).unwrap();
    let listing = archive.list().unwrap();
    assert_eq!((listing.rows.len(), listing.damaged.len()), (2, 2), "{:?}", listing.damaged);
}

#[test]
fn what_was_merged_is_part_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::new(dir.path());
    let now = Utc::now();
    let (a, b, c) = (open(dir.path(), "api", now), open(dir.path(), "db", now), open(dir.path(), "cache", now));
    for (id, text) in [(&a, "of api"), (&b, "of db"), (&c, "of cache")] {
        archive.append(ME, id, &note(text)).unwrap();
    }
    let mut api = writer(dir.path(), "api");
    let _ = api.poll(now);
    let merge = |part: &str, whole: &str| archive.merge(ME, part, whole, &by("sam"), Utc::now());
    assert_eq!(merge(&a, &b), Ok(Appended::New));
    assert_eq!(merge(&a, &b), Ok(Appended::Known));
    assert_eq!(merge(&b, &a).unwrap_err().kind, FaultKind::Denied, "no circle");
    assert_eq!(merge(&a, &a).unwrap_err().kind, FaultKind::Denied);
    assert_eq!(merge(&a, &c).unwrap_err().cause, format!("{a} is a part of {b} already"));
    // Into a part is into the whole.
    assert_eq!(merge(&c, &a), Ok(Appended::New));
    let whole = archive.load(&b).unwrap();
    assert_eq!(whole.parts, {
        let mut parts = vec![a.clone(), c.clone()];
        parts.sort();
        parts
    });
    assert_eq!((whole.incident.service(), whole.incident.resolved().is_none()), ("db", true));
    let told = notes(&whole.incident);
    for text in ["of api", "of db", "of cache", "api: opened: api is slow", &format!("api: goes on in incident {b}")] {
        assert!(told.iter().any(|note| note == text), "{text}: {told:?}");
    }
    let row = archive.list().unwrap().rows.into_iter().find(|row| row.id == a).unwrap();
    assert_eq!((row.merged_into.as_deref(), row.resolved_at), (Some(b.as_str()), None));

    // Whoever follows the part goes over to the whole, with all that was known.
    let seen = Incident::fold(api.poll(Utc::now()));
    assert!(api.take_replaced());
    assert_eq!(api.incident().as_deref(), Some(b.as_str()));
    assert_eq!(seen, whole.incident);
    let later = note("later");
    api.append(&later).unwrap();
    assert!(archive.load(&b).unwrap().incident.entries().any(|entry| *entry == later));
    assert_eq!(watcher(dir.path(), "api").poll(Utc::now()).len(), watcher(dir.path(), "db").poll(Utc::now()).len());
    // What is written to the part by its id goes to the whole as well.
    let by_id = note("by id");
    archive.append(ME, &a, &by_id).unwrap();
    assert_eq!(api.poll(Utc::now()), [later, by_id]);

    // A part that is opened again goes on for itself, and can be merged again.
    assert_eq!(archive.reopen(ME, &a, &by("sam"), Utc::now()), Ok(Appended::New));
    assert_eq!(archive.reopen(ME, &a, &by("sam"), Utc::now()), Ok(Appended::Known));
    assert_eq!(archive.load(&b).unwrap().parts, std::slice::from_ref(&c));
    assert_eq!(merge(&a, &b), Ok(Appended::New));
    assert_eq!(archive.load(&b).unwrap().parts.len(), 2);
    assert_eq!(merge(&b, &a).unwrap_err().kind, FaultKind::Denied);
}

#[test]
fn a_merge_that_was_cut_short_is_finished_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::new(dir.path());
    let (a, b) = (open(dir.path(), "api", Utc::now()), open(dir.path(), "db", Utc::now()));
    // Another program, or a hand, wrote only one of the two entries.
    archive.append(ME, &a, &entry(Utc::now(), "ana", What::MergedInto { incident: b.clone() })).unwrap();
    assert!(archive.load(&b).unwrap().parts.is_empty());
    assert_eq!(archive.merge(ME, &a, &b, &by("sam"), Utc::now()), Ok(Appended::Known));
    assert_eq!(archive.load(&b).unwrap().parts, [a]);
}

#[test]
fn merging_from_all_sides_at_once_makes_no_circle() {
    for round in 0..10 {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::new(dir.path());
        let ids: Vec<String> = (0..4).map(|n| open(dir.path(), &format!("s{n}"), Utc::now())).collect();
        thread::scope(|scope| {
            for n in 0..8 {
                let (archive, ids) = (&archive, &ids);
                let (part, whole) = (n % 4, (n % 4 + 1 + (n / 4 + round) % 3) % 4);
                scope.spawn(move || {
                    let _ = archive.merge(ME, &ids[part], &ids[whole], &by("sam"), Utc::now());
                });
            }
        });
        let rows = archive.list().unwrap().rows;
        let open: Vec<_> = rows.iter().filter(|row| row.merged_into.is_none()).collect();
        assert!(!open.is_empty(), "somebody must go on: {rows:?}");
        let all: usize = open.iter().map(|row| 1 + archive.load(&row.id).unwrap().parts.len()).sum();
        assert_eq!(all, 4, "each is part of exactly one: {rows:?}");
    }
}

#[test]
fn a_clock_that_is_ahead_does_not_keep_an_incident_closed() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::new(dir.path());
    let now = Utc::now();
    let id = open(dir.path(), "api", now);
    archive.append(ME, &id, &entry(now + TimeDelta::hours(1), "sam", What::Resolved)).unwrap();
    assert_eq!(archive.current("api", now), Ok(None));
    assert_eq!(archive.reopen(ME, &id, &by("ana"), now), Ok(Appended::New));
    assert_eq!(archive.current("api", now), Ok(Some(id)));
}

#[test]
fn the_one_that_was_opened_last_is_current() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::new(dir.path());
    let now = Utc::now();
    let first = open(dir.path(), "api", now - TimeDelta::minutes(60));
    archive.append(ME, &first, &entry(now - TimeDelta::minutes(50), "ana", What::Resolved)).unwrap();
    let second = open(dir.path(), "api", now - TimeDelta::minutes(40));
    let mut wall = watcher(dir.path(), "api");
    let _ = wall.poll(now);
    assert_eq!(wall.incident().as_ref(), Some(&second));
    archive.reopen(ME, &first, &by("ana"), now).unwrap();
    assert_eq!(Incident::fold(wall.poll(now)), archive.load(&first).unwrap().incident);
    assert!(wall.take_replaced() && wall.incident().as_ref() == Some(&first));
    archive.append(ME, &first, &entry(now + TimeDelta::seconds(1), "ana", What::Resolved)).unwrap();
    let _ = wall.poll(now);
    assert_eq!(archive.current("api", now), Ok(Some(second.clone())));
    let _ = wall.poll(now);
    assert_eq!(wall.incident().as_ref(), Some(&second), "the other one still goes on");
}
