//! While it lives: keys answer whatever the sources do, every size is drawn, and calm costs little.

use std::fmt::Write as _;
use std::time::Duration;

use crate::loopback::Script;
use crate::pty::Command;
use crate::pty::Seen;
use crate::pty::Term;
use crate::world::Host;

const FIRST: &str = "Acknowledge the alert";

/// A key must be on the screen within this, in a debug build on a busy machine; the figure itself is printed.
const AT_ONCE: Duration = Duration::from_millis(50);

/// Ticks the first item back and forth; answers how long each took to be seen, shortest first.
fn ticking(term: &mut Term, times: usize) -> Vec<Duration> {
    let mut took: Vec<_> = (0..times)
        .map(|round| {
            term.send("1");
            term.wait("the tick", |seen| crate::is_ticked(&seen.text(), FIRST) == (round % 2 == 0))
        })
        .collect();
    took.sort();
    took
}

#[test]
fn keys_answer_at_once_while_sources_hang_lie_and_flood() {
    let home = tempfile::tempdir().unwrap();
    let host = Host::shop();
    host.on("/hang", Script::silent());
    host.on("/garbage", Script::raw(b"\x00\xff\x1b]0;garbage\x07\r\n\r\n"));
    host.on("/flood", Script::endless("text/plain", "flood_total{path=\"/\"} 1\n".repeat(4_000)));
    host.on("/broken", Script::status(500, "text/plain", "out of order"));
    host.on("/stuck", Script::stuck("text/plain", "up 1\n"));
    let mut config = format!("[[service]]\nname = \"good\"\ntargets = [\"{}\"]\n", host.url("/metrics"));
    let hanging = (0..8).map(|_| "/hang");
    for (index, path) in hanging.chain(["/garbage", "/flood", "/broken", "/stuck"]).enumerate() {
        let name = format!("{}-{index}", path.trim_start_matches('/'));
        let _ = write!(config, "[[service]]\nname = \"{name}\"\ntargets = [\"{}\"]\n", host.url(path));
    }
    let file = home.path().join("sixty.toml");
    std::fs::write(&file, config).unwrap();
    let mut term = Command::sixty(home.path()).args(["good", "--config"]).arg(&file).start();
    term.wait_text("All within limits");
    crate::wait_for("all are asked", || {
        host.asked("/hang") >= 8 && ["/garbage", "/flood", "/broken", "/stuck"].iter().all(|path| host.asked(path) > 0)
    });
    let took = ticking(&mut term, 41);
    let (median, worst) = (took[20], took[40]);
    println!("a key while twelve sources misbehave: median {median:?}, worst {worst:?}");
    assert!(median < AT_ONCE, "{took:?}");
    // Why the others say nothing is told, once for all that have the same cause.
    term.wait_text("8 sources: no answer");
    term.send("q");
    let end = term.end();
    assert!(end.took.as_secs_f64() < 1.0, "{:?}", end.took);
    end.assert_restored(&term.modes);
}

#[test]
fn a_refused_connection_is_told_and_keys_answer() {
    let home = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/metrics", listener.local_addr().unwrap());
    drop(listener);
    let mut term = Command::sixty(home.path()).arg(url).start();
    term.wait_text("connection refused");
    let took = ticking(&mut term, 21);
    println!("a key without any source: median {:?}, worst {:?}", took[10], took[20]);
    assert!(took[10] < AT_ONCE, "{took:?}");
    term.send("q");
    assert_eq!(term.end().code, 0);
}

#[test]
fn keys_are_keys_wherever_a_slow_link_cuts_them() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let mut term = Command::sixty(home.path()).arg(shop.url("/metrics")).start();
    term.wait_text(FIRST);
    let on_help = |seen: &Seen| seen.text().contains("Esc back");
    // A lone escape is a key, though nothing follows it.
    term.send("?");
    term.wait("help", on_help);
    term.send("\x1b");
    term.wait("back", |seen| !on_help(seen));
    // Half a character or half a sequence does not stop the clock, nor the next key.
    for half in [&b"\xe6\x97"[..], b"\x1b[", b"\x1b[1;", b"\x1bO", b"\x1b]0;"] {
        term.send(half);
        ticks_of_the_clock(&term, 1);
        term.send("1");
        term.wait("a tick", |seen| crate::is_ticked(&seen.text(), FIRST));
        term.send("1");
        term.wait("no tick", |seen| !crate::is_ticked(&seen.text(), FIRST));
    }
    term.send("\x1bOP");
    term.wait("help by F1", on_help);
    term.send("q");
    assert_eq!(term.end().code, 0);
}

#[test]
fn pasted_garbage_does_no_harm() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let mut term = Command::sixty(home.path()).arg(shop.url("/metrics")).start();
    term.wait_text(FIRST);
    let mut noise = fastrand::Rng::with_seed(7);
    // Without what leaves on purpose: `q`, Ctrl-C, Ctrl-Z, and Ctrl-E, which lends the terminal to an editor.
    let garbage: Vec<u8> =
        std::iter::repeat_with(|| noise.u8(..)).filter(|b| !b"q\x03\x05\x1a".contains(b)).take(100_000).collect();
    for piece in garbage.chunks(1_000) {
        term.send(piece);
    }
    // Whatever was opened, a prompt for one: `Ctrl-C` is the way out.
    term.insist("\x0c\x03");
    let end = term.end();
    assert_eq!(end.code, 0, "{}", end.text);
    end.assert_restored(&term.modes);
}

#[test]
fn every_size_is_drawn_whole_at_any_moment() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let mut term = Command::sixty(home.path()).arg(shop.url("/metrics")).start();
    term.wait_text("All within limits");
    // One after the other as fast as they can be set, also while pages are open.
    let sizes = [(1, 1), (2, 1), (1, 60), (300, 1), (0, 0), (7, 3), (40, 10), (65_535, 2), (3, 65_535), (80, 24)];
    for page in ["", "?", "\x1b", "L", "\x1b"] {
        term.send(page);
        for (columns, rows) in sizes {
            term.resize(columns, rows);
        }
    }
    for (columns, rows) in sizes.into_iter().filter(|(columns, rows)| *columns <= 300 && *rows <= 100 && *rows > 0) {
        let before = term.look(|seen| seen.bytes.len());
        term.resize(columns, rows);
        term.wait("a whole frame", |seen| seen.bytes[before..].windows(4).any(|window| window == b"\x1b[2J"));
    }
    for (columns, rows) in [(40, 10), (80, 24), (200, 60), (120, 36)] {
        term.resize(columns, rows);
        // The emulator began with nothing: all that it shows came after the resize.
        term.wait("the verdict", |seen| seen.text().contains("All within limits") && seen.text().contains("UTC"));
    }
    term.send("q");
    let end = term.end();
    assert_eq!(end.code, 0);
    assert_eq!(end.modes.as_deref(), Some(&*term.modes));
}

#[test]
fn a_terminal_that_does_not_know_its_size_is_drawn_on() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let mut term = Command::sixty(home.path()).arg(shop.url("/metrics")).size(0, 0).start();
    term.wait("the verdict", |seen| seen.holds(b"limits"));
    term.send("q");
    term.end().assert_restored(&term.modes);
}

/// The parameters of all SGR sequences.
fn colours(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
        (rest.as_bytes()[end] == b'm').then(|| rest[..end].to_owned())
    });
    sequences
        .flat_map(|list| list.split([';', ':']).map(|word| word.parse().unwrap_or(0)).collect::<Vec<_>>())
        .collect()
}

#[test]
fn no_color_means_none_and_a_poor_terminal_gets_ascii() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let run = |name: &str, value: &str| {
        let mut term = Command::sixty(home.path()).arg(shop.url("/metrics")).env(name, value).start();
        term.wait_text("All within limits");
        for keys in ["1", "\t\r", "\x1b", "?", "L", "\x1b"] {
            let before = term.look(|seen| seen.bytes.len());
            term.send(keys);
            term.wait("a frame", |seen| seen.bytes.len() > before);
        }
        term.send("q");
        term.end().bytes
    };
    assert!(
        colours(&run("COLORTERM", "")).iter().any(|code| (30..38).contains(code) || *code == 38),
        "colours usually"
    );
    let plain = run("NO_COLOR", "1");
    let coloured = |code: &u16| matches!(code, 30..=38 | 40..=48 | 58 | 90..=97 | 100..=107);
    assert_eq!(colours(&plain).iter().filter(|code| coloured(code)).count(), 0);
    for (name, value) in [("TERM", "linux"), ("LANG", "C")] {
        let bytes = run(name, value);
        assert!(
            bytes.is_ascii(),
            "{name}={value}: {:?}",
            String::from_utf8_lossy(&bytes).chars().find(|c| !c.is_ascii())
        );
    }
}

/// Waits until the clock on the screen has changed so often.
fn ticks_of_the_clock(term: &Term, times: usize) {
    let clock = |seen: &Seen| {
        let text = seen.text();
        text.split_whitespace().find(|word| word.len() == 8 && word.matches(':').count() == 2).map(str::to_owned)
    };
    for _ in 0..times {
        let before = term.look(clock);
        term.wait("the clock", |seen| clock(seen) != before);
    }
}

#[test]
fn readings_that_come_in_bursts_are_drawn_ten_times_a_second_at_most() {
    let home = tempfile::tempdir().unwrap();
    let mut term = Command::sixty(home.path()).args(["demo", "--seed", "7", "--speed", "600"]).start();
    term.wait_text("checkout-api");
    // Every frame ends with this, and nothing else does.
    let frames = |seen: &Seen| crate::pty::count(&seen.bytes, b"\x1b[59m\x1b[0m");
    let before = term.look(frames);
    let took = term.wait("frames", |seen| frames(seen) >= before + 20);
    println!("twenty frames of a story 600 times as fast as life: {took:?}");
    // The first may be half seen already, and the second follows it at once.
    assert!(took.as_secs_f64() > 1.7, "{took:?}");
    term.send("q");
    assert_eq!(term.end().code, 0);
}

/// How often all threads of a process were put on a processor, and the time they spent there.
#[cfg(target_os = "linux")]
fn cost(pid: rustix::process::Pid) -> (u64, Duration) {
    let mut switches = 0;
    let mut nanoseconds = 0;
    for task in std::fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())).unwrap().flatten() {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches"));
        switches += line.and_then(|line| line.split_whitespace().nth(1)).map_or(0, |count| count.parse().unwrap());
        let schedule = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        nanoseconds += schedule.split_whitespace().next().map_or(0, |time| time.parse().unwrap());
    }
    (switches, Duration::from_nanos(nanoseconds))
}

#[test]
#[cfg(target_os = "linux")]
fn calm_costs_little() {
    let home = tempfile::tempdir().unwrap();
    let shop = Host::shop();
    let mut term = Command::sixty(home.path()).arg(shop.url("/metrics")).start();
    term.wait_text("All within limits");
    ticks_of_the_clock(&term, 2);
    let (before, bytes) = (cost(term.pid), term.look(|seen| seen.bytes.len()));
    ticks_of_the_clock(&term, 5);
    let (after, written) = (cost(term.pid), term.look(|seen| seen.bytes.len()) - bytes);
    let wakes = (after.0 - before.0) as f64 / 5.0;
    let busy = after.1.saturating_sub(before.1) / 5;
    println!("a second of calm, debug build: {wakes:.1} wake-ups, {busy:?} of processor, {} bytes", written / 5);
    assert!(wakes < 12.0, "{wakes} a second");
    assert!(written / 5 < 600, "{written} bytes in five seconds");
    term.send("q");
    assert_eq!(term.end().code, 0);
}
