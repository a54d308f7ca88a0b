//! What goes out, and when: the entry first, each parcel once, and nothing from a sixty that only looks.

use std::path::Path;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::incident::UpdateStatus;
use crate::incident::What;
use crate::triage::Severity;

const ME: Access = Access::Write(Licence::of_a_person());

struct Desktop {
    scribe: Scribe,
    news: UnboundedReceiver<Msg>,
    parcels: UnboundedReceiver<(Arc<str>, Parcel)>,
}

fn desktop(dir: &Path, access: Access) -> Desktop {
    let ((news, told), (parcels, carried)) = (unbounded_channel(), unbounded_channel());
    let post = Post {
        directory: dir.to_path_buf(),
        services: vec!["api".into()],
        access,
        signature: Signature { who: "ana".into(), host: "h".into() },
        clock: Clock::machine(),
    };
    let scribe = Scribe::start(post, Outbox { news, parcels }).unwrap();
    Desktop { scribe, news: told, parcels: carried }
}

fn sending(id: &str) -> Entry {
    Entry::new(id, Clock::machine().now(), "ana", "h", What::Sending { update: "u1".into(), to: "slack".into() })
}

fn parcel() -> Parcel {
    Parcel {
        update: "u1".into(),
        to: "slack".into(),
        incident: String::new(),
        service: "api".into(),
        status: UpdateStatus::Investigating,
        severity: Severity::Critical,
        started_at: None,
        text: "We look into it.".into(),
    }
}

impl Desktop {
    fn send(&self, id: &str) {
        self.scribe.send("api".into(), sending(id), parcel());
    }

    /// Everything that came out once all jobs are done.
    fn end(mut self) -> (Vec<Msg>, Vec<Parcel>, Vec<String>) {
        let lost = self.scribe.end();
        let (mut news, mut parcels) = (Vec::new(), Vec::new());
        while let Ok(msg) = self.news.try_recv() {
            news.push(msg);
        }
        while let Ok((_, parcel)) = self.parcels.try_recv() {
            parcels.push(parcel);
        }
        (news, parcels, lost)
    }
}

#[test]
fn a_parcel_goes_on_once_and_with_its_incident() {
    let dir = tempfile::tempdir().unwrap();
    let desktops: Vec<Desktop> = (0..3).map(|_| desktop(dir.path(), ME)).collect();
    for one in &desktops {
        one.send("sending-u1-slack-1");
        one.send("sending-u1-slack-1");
    }
    let parcels: Vec<Parcel> = desktops.into_iter().flat_map(|one| one.end().1).collect();
    let incident = Archive::new(dir.path()).ids().unwrap().remove(0);
    assert_eq!(parcels, [Parcel { incident, ..parcel() }]);
}

#[test]
fn where_the_disk_fails_a_parcel_goes_on_once_as_well() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("incidents"), "in the way").unwrap();
    let one = desktop(dir.path(), ME);
    one.send("sending-u1-slack-1");
    one.send("sending-u1-slack-1");
    one.send("sending-u1-slack-2");
    let (_, parcels, lost) = one.end();
    assert_eq!(parcels, [parcel(), parcel()], "one of each attempt");
    assert!(lost[0].starts_with("api: 2 entries of the journal could not be saved"), "{lost:?}");
}

#[test]
fn whoever_only_looks_sends_nothing_and_merges_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let one = desktop(dir.path(), Access::ReadOnly);
    one.send("sending-u1-slack-1");
    one.scribe.reopen("x".into());
    one.scribe.merge("x".into(), "y".into());
    one.scribe.list();
    let (news, parcels, lost) = one.end();
    assert!(parcels.is_empty() && lost.is_empty());
    let refused = |msg: &Msg| matches!(msg, Msg::Delivered(Delivered { outcome: Err(_), certain: true, .. }));
    assert!(news.iter().any(refused), "{news:?}");
    assert!(news.contains(&Msg::Incidents(Ok(Vec::new()))));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn without_a_courier_it_is_told_that_nothing_left() {
    let dir = tempfile::tempdir().unwrap();
    let Desktop { scribe, mut news, parcels } = desktop(dir.path(), ME);
    drop(parcels);
    scribe.send("api".into(), sending("sending-u1-slack-1"), parcel());
    drop(scribe);
    let told = std::iter::from_fn(|| news.try_recv().ok()).collect::<Vec<_>>();
    assert!(told.iter().any(|msg| matches!(msg, Msg::Delivered(Delivered { outcome: Err(_), certain: true, .. }))));
}

#[test]
fn incidents_are_listed_opened_again_and_merged() {
    let dir = tempfile::tempdir().unwrap();
    let at = Clock::machine().now();
    let open = |service: &str| {
        let mut journal = Journal::open(dir.path(), service, ME);
        let opened = What::Opened { service: service.into(), title: String::new() };
        journal.append(&Entry::new(service, at, "ana", "h", opened)).unwrap();
        journal.incident().unwrap()
    };
    let (api, db) = (open("api"), open("db"));
    let end = Entry::new("end", at, "ana", "h", What::Resolved);
    Archive::new(dir.path()).append(Licence::of_a_person(), &api, &end).unwrap();
    let one = desktop(dir.path(), ME);
    one.scribe.list();
    one.scribe.reopen(api.clone());
    one.scribe.merge(db.clone(), api.clone());
    one.scribe.merge(api.clone(), db.clone());
    let (news, ..) = one.end();
    let lists: Vec<_> = news
        .iter()
        .filter_map(|msg| match msg {
            Msg::Incidents(Ok(rows)) => Some(rows.iter().find(|row| row.id == api).unwrap().resolved_at.is_some()),
            _ => None,
        })
        .collect();
    assert_eq!(lists, [true, false, false, false]);
    assert!(news.iter().any(|msg| matches!(msg, Msg::Logged(text, true) if text.contains("is a part of"))), "{news:?}");
    let mut told = news.iter().filter_map(|msg| match msg {
        Msg::Journal(news) => news.incident.clone(),
        _ => None,
    });
    assert_eq!(told.next_back(), Some(api));
}
