//! What follows from what, by a table.

use crate::facts::ChangeState;
use crate::triage::Severity;
use crate::triage::quick_win::Action;
use crate::triage::quick_win::Commands;
use crate::triage::quick_win::Template;
use crate::triage::quick_win::quick_win;
use crate::triage::suspects::Anchor;
use crate::triage::suspects::Candidate;
use crate::triage::suspects::Distance;
use crate::triage::suspects::Kind;
use crate::triage::suspects::Place;
use crate::triage::suspects::Ranking;
use crate::triage::suspects::Suspect;

fn ranking(candidate: Candidate) -> Ranking {
    let suspect = Suspect {
        candidate,
        score: 0.9,
        anchor: Anchor::Onset,
        before: chrono::TimeDelta::seconds(318),
        distance: Distance::Here,
        supports: Vec::new(),
        against: Vec::new(),
    };
    Ranking { suspects: vec![suspect], fits: true, none: 0.1 }
}

fn candidate(kind: Kind, name: &str, part: &str) -> Candidate {
    let at = chrono::DateTime::UNIX_EPOCH;
    Candidate { part: part.into(), ..Candidate::new("one", kind, at, Place::Service("api".into()), name) }
}

fn deploy() -> Candidate {
    let version = "v2.31.0".into();
    Candidate { version, previous: "v2.30.4".into(), ..candidate(Kind::Deploy, "api v2.31.0", "") }
}

fn commands(list: &[(Action, &str)]) -> Commands {
    let mut commands = Commands::default();
    for (action, text) in list {
        commands.set(*action, Template::read(text).unwrap());
    }
    commands
}

#[test]
fn each_suspect_has_its_step() {
    let some = commands(&[(Action::FailOver, "switch-dns {vendor}")]);
    let none = Commands::default();
    for (one, commands, expected) in [
        (deploy(), &none, Some((Action::RollBack, "Roll back api v2.31.0 to v2.30.4"))),
        (Candidate { previous: String::new(), ..deploy() }, &none, Some((Action::RollBack, "Roll back api v2.31.0"))),
        (
            Candidate { running: true, ..deploy() },
            &none,
            Some((Action::RollBack, "Stop the rollout and roll back api v2.31.0 to v2.30.4")),
        ),
        (Candidate { state: Some(ChangeState::RolledBack), ..deploy() }, &none, None),
        (candidate(Kind::Flag, "new-cart", "new-cart"), &none, Some((Action::SwitchBack, "Switch flag new-cart back"))),
        (candidate(Kind::Config, "timeout", "timeout"), &none, Some((Action::Revert, "Revert config timeout"))),
        (
            Candidate { running: true, ..candidate(Kind::Job, "backup", "backup") },
            &none,
            Some((Action::StopJob, "Stop job backup")),
        ),
        (candidate(Kind::Job, "backup", "backup"), &none, None),
        (
            candidate(Kind::Provider, "paygate: major outage", "paygate"),
            &none,
            Some((Action::WaitForVendor, "Wait for paygate, and tell the customers")),
        ),
        (
            candidate(Kind::Provider, "paygate: major outage", "paygate"),
            &some,
            Some((Action::FailOver, "Fail over from paygate")),
        ),
        (candidate(Kind::Surge, "api requests 4.0 times usual", ""), &none, Some((Action::Scale, "Scale api out"))),
        (
            candidate(Kind::Loop, "api requests 1000 times usual", "POST /webhook"),
            &none,
            Some((Action::BlockCaller, "Block the caller of POST /webhook")),
        ),
        (candidate(Kind::Pool, "api DB pool 100 / 100", ""), &none, Some((Action::Restart, "Restart api"))),
        (candidate(Kind::Disk, "api disk 100 %", ""), &none, Some((Action::FreeDisk, "Free disk space of api"))),
        (
            candidate(Kind::Instance, "api-3 of api, 1 of 8", "api-3"),
            &none,
            Some((Action::Replace, "Take api-3 out, or restart it")),
        ),
        (candidate(Kind::Clock, "midnight UTC", ""), &none, None),
    ] {
        let what = format!("{one:?}");
        let win = quick_win(Severity::Critical, "api", &ranking(one), commands);
        assert_eq!(win.as_ref().map(|win| (win.action, win.title.as_str())), expected, "{what}");
        let odds = win.as_ref().is_some_and(|win| win.odds.is_some());
        assert_eq!(odds, expected.is_some_and(|(action, _)| action == Action::RollBack), "{what}");
    }
}

#[test]
fn the_teams_command_is_filled_in() {
    let own = commands(&[
        (Action::RollBack, "kubectl rollout undo deploy/{service}"),
        (Action::Replace, "kubectl delete pod {instance}"),
        (Action::SwitchBack, "flags off {flag}"),
    ]);
    let command = |one| quick_win(Severity::Critical, "api", &ranking(one), &own).unwrap().command;
    assert_eq!(command(deploy()).as_deref(), Some("kubectl rollout undo deploy/api"));
    assert_eq!(command(candidate(Kind::Instance, "x", "api-3")).as_deref(), Some("kubectl delete pod api-3"));
    assert_eq!(command(candidate(Kind::Flag, "x", "a b")).as_deref(), Some("flags off 'a b'"));
    assert_eq!(command(candidate(Kind::Flag, "x", "")), None, "the flag is not known");
    assert_eq!(command(candidate(Kind::Disk, "x", "")), None, "the team gave none");
}

#[test]
fn the_reason_states_times_and_nothing_follows_from_nothing() {
    let win = quick_win(Severity::Warning, "api", &ranking(deploy()), &Commands::default()).unwrap();
    assert_eq!(win.reason, "The deploy is 5m18s before the trouble began.");
    assert_eq!(quick_win(Severity::Ok, "api", &ranking(deploy()), &Commands::default()), None);
    let nothing = Ranking { fits: false, ..ranking(deploy()) };
    assert_eq!(quick_win(Severity::Critical, "api", &nothing, &Commands::default()), None);
    let pool = Candidate {
        supports: vec!["up to 214 callers wait for a connection".into()],
        ..candidate(Kind::Pool, "api DB pool 100 / 100", "")
    };
    let win = quick_win(Severity::Warning, "api", &ranking(pool), &Commands::default()).unwrap();
    assert_eq!(win.reason, "api DB pool 100 / 100: up to 214 callers wait for a connection.");
    let mut two = ranking(deploy());
    two.suspects.push(Suspect {
        candidate: candidate(Kind::Flag, "new-cart", "new-cart"),
        score: 0.4,
        ..two.suspects[0].clone()
    });
    let win = quick_win(Severity::Warning, "api", &two, &Commands::default()).unwrap();
    assert_eq!(win.reason, "The deploy is 5m18s before the trouble began; new-cart fits nearly as well.");
}
