//! A real Prometheus that is killed and started again while somebody watches.

use std::time::Duration;

use rustix::process::Signal;

use crate::programs;
use crate::programs::Server;
use crate::pty::Command;
use crate::pty::Seen;
use crate::pty::Term;
use crate::shop::Shop;

/// From ask to ask where nothing is configured.
const INTERVAL: Duration = Duration::from_secs(5);

/// What the strips draw, without the panes beside them: the rows that have bars.
fn bars(seen: &Seen) -> Vec<String> {
    let text = seen.text();
    let rows = text.lines().filter(|line| line.contains('█')).map(|line| line.split('│').next().unwrap_or_default());
    rows.map(str::to_owned).collect()
}

/// How many cells have a bar.
fn drawn(seen: &Seen) -> usize {
    bars(seen).concat().chars().filter(|cell| *cell == '█').count()
}

/// Whether some time has nothing.
fn has_gap(seen: &Seen) -> bool {
    bars(seen).iter().any(|row| row.contains('·'))
}

/// Whether everything is told of now, and nothing lacks.
fn is_well(seen: &Seen) -> bool {
    let text = seen.text();
    let lacks = ["refused", "stale", "no answer", "Asking"].iter().any(|word| text.contains(word));
    !lacks && text.contains(" req/s)") && text.contains(" 2 GiB") && !has_gap(seen)
}

/// A Prometheus with a past, and the program that watches it by its address alone.
struct Watched {
    server: Server,
    term: Term,
    /// So many cells had a bar when all was well.
    cells: usize,
    _shop: Shop,
    _home: tempfile::TempDir,
}

impl Watched {
    fn start() -> Option<Self> {
        if !programs::installed(&["prometheus", "promtool"]) {
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("prometheus");
        let shop = Shop::start();
        shop.fill_prometheus(&folder);
        let [port] = programs::free_ports();
        let server = Server::prometheus(&folder, port, &shop.scraped(), "");
        let term = Command::sixty(home.path()).args(["--window", "5m"]).arg(server.url()).size(160, 48).start();
        // A frame comes in pieces: only a whole one has bars and what stands below them.
        let took = term.wait("the past and the present", |seen| is_well(seen) && drawn(seen) > 500);
        println!("all is there after {took:?}");
        let cells = term.look(drawn);
        Some(Self { server, term, cells, _shop: shop, _home: home })
    }

    /// What is known stays, says its age, and ends in a gap.
    fn keeps_what_is_known(&self) {
        self.term.wait("the age of what is known", |seen| seen.text().contains("stale 1"));
        self.term.wait("the gap, and all before it", |seen| has_gap(seen) && drawn(seen) * 10 > self.cells * 9);
    }

    /// It is as if nothing had been.
    fn comes_back(&self) {
        let took = self.term.wait("it is back by itself", |seen| is_well(seen) && drawn(seen) * 10 > self.cells * 9);
        println!("back after {took:?}, without a gap");
    }

    fn leave(mut self) {
        self.term.send("q");
        assert_eq!(self.term.end().code, 0);
    }
}

#[test]
fn a_killed_prometheus_is_told_and_its_return_leaves_no_gap() {
    let Some(mut watched) = Watched::start() else { return };
    watched.server.program.kill();
    let took = watched.term.wait_text("connection refused");
    println!("told {took:?} after it was killed");
    assert!(took < 2 * INTERVAL, "told after {took:?}");
    watched.keeps_what_is_known();
    watched.server.program.again();
    watched.comes_back();
    watched.leave();
}

#[test]
fn a_prometheus_that_hangs_is_told_and_comes_back() {
    let Some(watched) = Watched::start() else { return };
    watched.server.program.signal(Signal::STOP);
    let took = watched.term.wait_text("no answer within");
    println!("told {took:?} after it hung");
    // The last ask may have begun an instant before, and a frame takes its time.
    assert!(took < 2 * INTERVAL + INTERVAL / 10, "told after {took:?}");
    watched.keeps_what_is_known();
    watched.server.program.signal(Signal::CONT);
    watched.comes_back();
    watched.leave();
}
