//! A person writes in a real terminal: texts survive a dropped link, and one's own editor has the terminal meanwhile.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::Signal;

use crate::pty::Command;
use crate::pty::Term;
use crate::world::Host;

/// The program, with an editor.
fn person(home: &Path, shop: &Host, editor: &Path) -> Term {
    let url = shop.url("/metrics");
    let command = Command::sixty(home).args(["--as", "ana", "--service", "shop", &url]);
    let term = command.env("EDITOR", &editor.to_string_lossy()).start();
    term.wait_text("Acknowledge the alert");
    term
}

#[test]
fn a_text_survives_the_link_and_is_offered_again() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    for (round, signal) in [Signal::HUP, Signal::TERM].into_iter().enumerate() {
        let mut ana = person(home.path(), &shop, Path::new("true"));
        ana.send(format!("nthought {round}"));
        ana.wait_text(&format!("thought {round}"));
        ana.signal(signal);
        let _ = ana.ended();
        assert_eq!(crate::entries(home.path(), "\"kind\":\"unsaved\"").len(), 2 * round + 1, "{signal:?}");
        let mut again = person(home.path(), &shop, Path::new("true"));
        // Also when the key was quicker than the disk.
        again.send("n");
        again.wait_text(&format!("thought {round}"));
        again.send(" is whole\x13q");
        assert_eq!(again.end().code, 0);
        let notes = crate::entries(home.path(), "\"kind\":\"note\"");
        assert_eq!(notes.len(), round + 1);
        assert!(notes[round].contains(&format!("thought {round} is whole")), "{notes:?}");
    }
}

#[test]
fn ones_own_editor_has_the_terminal_and_gives_it_back() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let editor = home.path().join("editor");
    // What the terminal's keys send while the editor has it is not meant for us.
    let script = "#!/bin/sh\ntrap '' INT\ncp \"$1\" \"$HOME/lent\"\nwhile [ ! -e \"$HOME/go\" ]; do sleep 0.02; done\n\
                  printf 'rolled back\\nand slept\\n' > \"$1\"\n";
    std::fs::write(&editor, script).unwrap();
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut ana = person(home.path(), &shop, &editor);
    let raw = ana.modes();
    ana.send("nrolled\x05");
    crate::wait_for("the editor", || home.path().join("lent").exists());
    ana.wait("the screen from before", |seen| !seen.alternate());
    assert_ne!(ana.modes(), raw);
    ana.send("\x03q");
    assert_eq!(std::fs::read_to_string(home.path().join("lent")).unwrap(), "rolled\n");
    std::fs::write(home.path().join("go"), "").unwrap();
    ana.wait("the screen", |seen| seen.alternate() && seen.text().contains("and slept"));
    assert_eq!(ana.modes(), raw);
    // What was typed meanwhile was for the editor, which did not read it: it is text here at the worst.
    ana.send("\x13");
    crate::wait_for("the note", || !crate::entries(home.path(), "\"kind\":\"note\"").is_empty());
    assert!(crate::entries(home.path(), "\"kind\":\"note\"")[0].contains("rolled back\\nand slept"));
    ana.send("q");
    assert_eq!(ana.end().code, 0);
}
