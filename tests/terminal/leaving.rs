//! Every way out gives the terminal back as it was.

use std::process::Stdio;

use rustix::process::Signal;

use crate::pty::Command;
use crate::pty::End;
use crate::pty::Term;
use crate::pty::count;
use crate::world::Host;

/// The program on a healthy shop, with its first frame on the screen.
fn watching(home: &std::path::Path, shop: &Host) -> Term {
    let term = Command::sixty(home).arg(shop.url("/metrics")).start();
    term.wait_text("Acknowledge the alert");
    term
}

#[test]
fn it_shows_numbers_makes_rates_from_the_second_scrape_and_leaves_no_trace() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let mut term = Command::sixty(home.path()).arg(shop.url("/metrics")).start();
    let memory = term.wait_text("114 MiB");
    assert!(term.look(|seen| seen.alternate() && seen.cursor_hidden()));
    let rates = term.wait("rates", |seen| seen.text().contains("All within limits") && seen.text().contains("req/s"));
    println!("what one scrape tells after {memory:?}, rates {rates:?} later");
    assert!(shop.asked("/metrics") >= 2);
    term.send("q");
    let end = term.end();
    assert_eq!(end.code, 0);
    end.assert_restored(&term.modes);
    assert_eq!(end.last_words(), b"");
    assert_eq!(end.text.trim(), "", "the screen from before");
}

#[test]
fn signals_and_ctrl_c_end_it_and_restore_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    for signal in [Some(Signal::TERM), Some(Signal::INT), Some(Signal::HUP), Some(Signal::QUIT), None] {
        let mut term = watching(home.path(), &shop);
        match signal {
            Some(signal) => term.signal(signal),
            None => term.send("\x03"),
        }
        let end = term.end();
        assert_eq!(end.code, 0, "{signal:?}");
        assert!(end.took.as_secs_f64() < 1.0, "{signal:?}: {:?}", end.took);
        end.assert_restored(&term.modes);
        assert_eq!(end.last_words(), b"", "{signal:?}");
    }
}

#[test]
fn leaving_at_the_first_moment_restores_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    // Before the program reads, right when it takes the terminal, and by a signal at that moment.
    for early in 0..3 {
        let mut term = Command::sixty(home.path()).arg(shop.url("/metrics")).start();
        if early > 0 {
            term.wait("the alternate screen", |seen| seen.holds(b"\x1b[?1049h"));
        }
        if early == 2 {
            term.signal(Signal::TERM);
        } else {
            term.send("q");
        }
        let end = term.end();
        assert_eq!((end.code, &end.signal), (0, &None), "{early}");
        end.assert_restored(&term.modes);
    }
}

#[test]
fn a_closed_terminal_ends_it() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let mut term = watching(home.path(), &shop);
    term.hang_up();
    let end = term.end();
    assert_eq!((end.code, end.signal), (0, None));
    assert!(end.took.as_secs_f64() < 1.0, "{:?}", end.took);
}

#[test]
fn a_closed_terminal_ends_it_without_any_signal() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    // The shell leads the session, hears of the hang-up alone, ignores it, and waits.
    let script = "trap '' HUP; \"$0\" \"$@\"; echo $? > code";
    let sixty = env!("CARGO_BIN_EXE_sixty");
    let mut term = Command::new("/bin/sh", home.path()).args(["-c", script, sixty, &shop.url("/metrics")]).start();
    term.wait_text("Acknowledge the alert");
    term.hang_up();
    let end = term.end();
    assert!(end.took.as_secs_f64() < 2.0, "{:?}", end.took);
    assert_eq!(std::fs::read_to_string(home.path().join("code")).unwrap(), "0\n");
}

#[test]
fn the_demo_starts_with_its_past_and_leaves_as_the_rest_does() {
    let home = tempfile::tempdir().unwrap();
    let mut term = Command::sixty(home.path()).args(["demo", "--seed", "7", "--speed", "20"]).start();
    let took = term.wait("its service", |seen| seen.text().contains("checkout-api") && seen.text().contains("req/s"));
    println!("the demo's first frame, debug build: {took:?}");
    term.wait_text("CRITICAL");
    term.send("q");
    let end = term.end();
    assert_eq!(end.code, 0);
    end.assert_restored(&term.modes);
    assert_eq!(end.last_words(), b"");
}

/// Whether a report says what it must and nothing that a terminal obeys.
fn assert_report(end: &End) {
    assert_eq!(end.code, 101);
    let words = String::from_utf8(end.last_words().to_vec()).unwrap();
    assert!(words.contains("This is a bug in sixty"), "{words}");
    assert!(words.contains("␛]0;pwned␇"), "{words}");
    assert!(!words.chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n')), "{words:?}");
    // Nothing is drawn over it, and every line begins at the left: the terminal is not raw any more.
    assert_eq!(words.matches('\n').count(), words.matches("\r\n").count());
}

#[test]
#[cfg(debug_assertions)]
fn panics_are_reported_on_the_screen_from_before() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    for place in ["loop", "task", "journal"] {
        let words = format!("{place}:\x1b]0;pwned\x07");
        let command = Command::sixty(home.path()).arg(shop.url("/metrics")).env("SIXTY_TEST_PANIC", &words);
        let mut term = command.start();
        let end = term.end();
        assert_eq!(end.signal, None, "{place}");
        assert_eq!(end.modes.as_deref(), Some(&*term.modes), "{place}");
        assert!(!end.alternate && !end.cursor_hidden, "{place}");
        if count(&end.bytes, b"\x1b[?1049h") > 0 {
            assert_report(&end);
        } else {
            assert_eq!(end.code, 101, "{place}, before the first frame");
        }
    }
}

#[test]
#[cfg(debug_assertions)]
fn a_report_does_not_outlive_a_panic() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sixty"))
        .args(["report", &shop.url("/metrics")])
        .env("HOME", home.path())
        .env("SIXTY_TEST_PANIC", "task:\x1b]0;pwned\x07")
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(3), Vec::new()), "{words}");
    assert!(words.contains("This is a bug in sixty") && words.contains("a source broke sixty"), "{words}");
    assert!(!words.contains('\x1b') && !words.contains('\x07'), "{words}");
}

#[test]
fn without_a_terminal_it_says_so_in_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let url = shop.url("/metrics");
    for arguments in [&[url.as_str()][..], &["wall", &url], &["demo"]] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_sixty"))
            .args(arguments)
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
        assert!(words.contains("sixty report") && !words.contains('\x1b'), "{words}");
        assert_eq!(words.lines().count(), 1, "{words}");
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "nothing was written");
    let mut term = Command::sixty(home.path()).arg(url).env("TERM", "dumb").start();
    let end = term.end();
    assert_eq!(end.code, 2);
    assert_eq!(end.modes.as_deref(), Some(&*term.modes));
    assert!(!end.bytes.contains(&0x1b) && end.text.contains("TERM=dumb"), "{}", end.text);
}

#[test]
fn a_shell_gets_its_terminal_while_it_is_stopped_and_fg_brings_the_screen_back() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let shell = Command::new("/bin/bash", home.path()).args(["--norc", "--noprofile", "-i"]);
    let mut term = shell.env("PS1", "ready> ").start();
    term.wait_text("ready>");
    term.send(format!("{} {}\n", env!("CARGO_BIN_EXE_sixty"), shop.url("/metrics")));
    term.wait_text("All within limits");
    for round in 0..2 {
        term.send("\x1a");
        term.wait("the prompt", |seen| !seen.alternate() && seen.text().contains("Stopped"));
        term.wait("the cursor", |seen| !seen.cursor_hidden());
        // What is typed is echoed and edited by the shell: its own modes are on.
        term.send("echo still-$((6 * 7))\n");
        term.wait_text("still-42");
        term.send("clear; fg\n");
        term.wait("the screen", |seen| seen.alternate() && seen.text().contains("All within limits"));
        term.send("1");
        let ticked = round == 0;
        term.wait("a key", |seen| crate::is_ticked(&seen.text(), "Acknowledge the alert") == ticked);
    }
    term.send("q");
    term.wait("the shell", |seen| !seen.alternate());
    term.send("stty -a | tr ';' '\\n' | grep -c -- ' icanon'; echo code-$?\n");
    term.wait_text("code-0");
    term.send("exit\n");
    assert_eq!(term.end().code, 0);
}

#[test]
fn a_stopped_program_can_be_killed_and_one_in_the_background_waits_for_its_terminal() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let shell = Command::new("/bin/bash", home.path()).args(["--norc", "--noprofile", "-i"]);
    let mut term = shell.env("PS1", "ready> ").start();
    term.wait_text("ready>");
    term.send(format!("{} {}\n", env!("CARGO_BIN_EXE_sixty"), shop.url("/metrics")));
    term.wait_text("All within limits");
    term.send("\x1a");
    term.wait("the prompt", |seen| !seen.alternate() && seen.text().contains("Stopped"));
    let asked = shop.asked("/metrics");
    term.send("clear; bg\n");
    crate::wait_for("it goes on asking", || shop.asked("/metrics") > asked);
    assert!(term.look(|seen| !seen.alternate()), "and draws nothing meanwhile");
    term.send("echo still-$((6 * 7))\n");
    term.wait_text("still-42");
    term.send("clear; fg\n");
    term.wait("the screen", |seen| seen.alternate() && seen.text().contains("All within limits"));
    term.send("1");
    term.wait("a key", |seen| crate::is_ticked(&seen.text(), "Acknowledge the alert"));
    for signal in ["TERM", "HUP"] {
        term.send("\x1a");
        term.wait("the prompt", |seen| !seen.alternate() && seen.text().contains("Stopped"));
        term.send(format!("jobs -p > pid; clear; kill -{signal} %1; echo sent\n"));
        term.wait("the kill", |seen| seen.text().lines().any(|line| line.trim() == "sent"));
        let pid = std::fs::read_to_string(home.path().join("pid")).unwrap();
        let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        crate::wait_for("its end", || rustix::process::test_kill_process(pid).is_err());
        assert!(term.look(|seen| !seen.alternate()));
        term.send(format!("clear; {} {}\n", env!("CARGO_BIN_EXE_sixty"), shop.url("/metrics")));
        term.wait("the screen", |seen| seen.alternate() && seen.text().contains("All within limits"));
    }
    term.send("q");
    term.wait("the shell", |seen| !seen.alternate());
    term.send("exit\n");
    assert_eq!(term.end().code, 0);
}

#[test]
fn stopped_from_outside_it_takes_the_terminal_again() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let shell = Command::new("/bin/bash", home.path()).args(["--norc", "--noprofile", "-i"]);
    let mut term = shell.env("PS1", "ready> ").start();
    term.wait_text("ready>");
    let sixty = env!("CARGO_BIN_EXE_sixty");
    term.send(format!("{sixty} {} & echo $! > pid; fg\n", shop.url("/metrics")));
    term.wait_text("All within limits");
    let pid = std::fs::read_to_string(home.path().join("pid")).unwrap();
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::STOP).unwrap();
    term.wait_text("Stopped");
    term.send("stty sane; clear; fg\n");
    term.wait("a whole frame", |seen| seen.text().contains("All within limits"));
    term.send("1");
    term.wait("a key, without Enter", |seen| crate::is_ticked(&seen.text(), "Acknowledge the alert"));
    term.send("q");
    term.wait("the shell", |seen| !seen.alternate());
    term.send("exit\n");
    assert_eq!(term.end().code, 0);
}

#[test]
fn without_job_control_ctrl_z_does_not_hang_it() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let mut term = watching(home.path(), &shop);
    term.send("\x1a");
    term.wait("the screen again", |seen| count(&seen.bytes, b"\x1b[?1049h") >= 2 && seen.alternate());
    term.send("1");
    term.wait("a key", |seen| crate::is_ticked(&seen.text(), "Acknowledge the alert"));
    term.send("q");
    let end = term.end();
    assert_eq!(end.code, 0);
    end.assert_restored(&term.modes);
}

#[test]
fn a_terminal_that_takes_nothing_delays_neither_ticks_nor_the_end() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let mut term = Command::sixty(home.path()).arg(shop.url("/metrics")).size(200, 60).start();
    term.wait_text("Acknowledge the alert");
    term.freeze(true);
    // Each tick is a frame, and more of them than any terminal keeps; what is on disk shows that the loop goes on.
    for round in 1..=60 {
        term.send("\x0c1");
        crate::wait_for("the tick on disk", || crate::entries(home.path(), "ticked").len() == round);
    }
    term.signal(Signal::TERM);
    let began = std::time::Instant::now();
    assert_eq!(term.ended().exit_code(), 0);
    let took = began.elapsed();
    term.freeze(false);
    let end = term.end();
    assert_eq!(end.modes.as_deref(), Some(&*term.modes));
    // Otherwise it was not stuck at all.
    assert!(!end.bytes.ends_with(b"\x1b[?25h"), "the farewell found room in {} bytes", end.bytes.len());
    println!("with a stuck terminal, SIGTERM ends it in {took:?}");
    assert!(took.as_secs_f64() < 2.0, "{took:?}");
}
