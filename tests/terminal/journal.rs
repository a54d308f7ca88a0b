//! Ticks: shared by all who look at the same incident, and lost by nobody.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use rustix::process::Signal;

use crate::pty::Command;
use crate::pty::Term;
use crate::world::Host;

const FIRST: &str = "Acknowledge the alert";
const SECOND: &str = "Is it really down";

/// The program under a person's name, on the shop, with its checklist on the screen.
fn person(home: &std::path::Path, shop: &Host, name: &str) -> Term {
    let url = shop.url("/metrics");
    let term = Command::sixty(home).args(["--as", name, "--service", "shop", &url]).start();
    term.wait_text(FIRST);
    term
}

#[test]
fn ticks_appear_everywhere_within_a_second_and_survive_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let url = shop.url("/metrics");
    let mut ana = person(home.path(), &shop, "ana");
    let mut bob = person(home.path(), &shop, "bob");
    let mut guest = Command::sixty(home.path()).args(["--read-only", "--service", "shop", &url]).start();
    let wall = Command::sixty(home.path()).args(["wall", "--service", "shop", &url]).start();
    guest.wait_text(FIRST);
    wall.wait_text("All within limits");
    ana.send("1");
    let mut took = vec![ana.wait("her own tick", |seen| crate::is_ticked(&seen.text(), FIRST))];
    for other in [&bob, &guest] {
        took.push(other.wait("her tick", |seen| crate::is_ticked(&seen.text(), FIRST) && seen.text().contains("ana")));
    }
    println!("a tick is seen by oneself, a second and a third after {took:?}");
    assert!(took.iter().sum::<std::time::Duration>().as_secs_f64() < 1.5, "{took:?}");
    wall.wait("her tick on the wall", |seen| seen.text().contains("ana"));
    // Killed right after: what others saw is on disk, and so is who did it.
    ana.signal(Signal::KILL);
    let _ = ana.ended();
    // Whoever only looks changes nothing.
    guest.send("2");
    bob.send("2");
    bob.wait("his own tick", |seen| crate::is_ticked(&seen.text(), SECOND));
    guest.wait("his tick", |seen| crate::is_ticked(&seen.text(), SECOND));
    let ticked = crate::entries(home.path(), "ticked");
    assert_eq!(ticked.len(), 2, "{ticked:?}");
    assert!(ticked[0].contains("ana") && ticked[1].contains("bob"), "{ticked:?}");
    let again = person(home.path(), &shop, "ana");
    again.wait("both ticks", |seen| [FIRST, SECOND].iter().all(|item| crate::is_ticked(&seen.text(), item)));
    assert!(again.text().lines().any(|line| line.contains(SECOND) && line.contains("bob")));
}

#[test]
fn ticks_right_before_leaving_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    for (leave, kept) in [("12q", 2), ("34\x03", 4)] {
        let mut ana = person(home.path(), &shop, "ana");
        ana.send(leave);
        assert_eq!(ana.end().code, 0);
        assert_eq!(crate::entries(home.path(), "ticked").len(), kept, "{leave:?}");
    }
}

#[test]
fn who_only_looks_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let fresh = state.path().join("fresh");
    for how in ["wall", "--read-only"] {
        let url = shop.url("/metrics");
        let mut term = Command::sixty(home.path()).arg(how).arg(url).arg("--state-dir").arg(&fresh).start();
        term.wait_text("All within limits");
        term.send("123 y\r\t1q");
        let end = term.end();
        assert_eq!(end.code, 0);
        assert!(!end.bytes.windows(5).any(|window| window == b"\x1b]52;"), "{how}: nothing is copied");
        assert!(!fresh.exists(), "{how}: {:?}", crate::files(state.path()));
    }
    assert_eq!(crate::files(home.path()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_copy_goes_to_the_clipboard_and_to_a_file_of_ones_own() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let mut ana = person(home.path(), &shop, "ana");
    ana.wait_text("All within limits");
    ana.send("y");
    ana.wait_text("copied.txt");
    let bytes = ana.look(|seen| seen.bytes.clone());
    let text = String::from_utf8_lossy(&bytes);
    let encoded = text.split("\x1b]52;c;").nth(1).and_then(|rest| rest.split('\x07').next()).unwrap();
    let copied = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
    let copied = String::from_utf8(copied).unwrap();
    assert!(copied.contains("All within limits"), "{copied}");
    assert!(!copied.chars().any(|c| c.is_control() && c != '\n'));
    let file = crate::files(home.path()).into_iter().find(|path| path.ends_with("copied.txt")).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim_end(), copied);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    ana.send("q");
    assert_eq!(ana.end().code, 0);
}

#[test]
fn what_cannot_be_saved_is_shown_and_said_at_the_end() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let file = home.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let state = file.join("state");
    let url = shop.url("/metrics");
    let mut term = Command::sixty(home.path()).arg(url).args(["--as", "ana", "--state-dir"]).arg(&state).start();
    term.wait_text(FIRST);
    term.send("1");
    term.wait("the tick, and that it is not saved", |seen| {
        crate::is_ticked(&seen.text(), FIRST) && seen.text().contains("not saved")
    });
    term.send("y");
    term.wait_text("clipboard only");
    term.send("q");
    let end = term.end();
    assert_eq!(end.code, 0);
    assert!(String::from_utf8_lossy(end.last_words()).contains("1 entry of the journal could not be saved"));
}
