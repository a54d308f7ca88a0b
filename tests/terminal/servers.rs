//! A real Prometheus that is killed and started again while somebody watches.

use std::time::Duration;

use crate::programs;
use crate::programs::Server;
use crate::pty::Command;
use crate::pty::Seen;
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

#[test]
fn a_killed_prometheus_is_told_and_its_return_leaves_no_gap() {
    if !programs::installed(&["prometheus", "promtool"]) {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("prometheus");
    let shop = Shop::start();
    shop.fill_prometheus(&folder);
    let [port] = programs::free_ports();
    let mut server = Server::prometheus(&folder, port, &shop.scraped(), "");
    let mut term = Command::sixty(home.path()).args(["--window", "5m"]).arg(server.url()).size(160, 48).start();
    let took = term.wait("the past and the present", |seen| seen.text().contains(" req/s)") && !has_gap(seen));
    println!("all is there after {took:?}");
    let before = term.look(drawn);
    assert!(before > 500, "{before} cells\n{}", term.text());

    server.program.kill();
    let took = term.wait_text("connection refused");
    println!("told {took:?} after it was killed");
    assert!(took < 2 * INTERVAL, "told after {took:?}");
    term.wait("the age of what is known", |seen| seen.text().contains("stale 1"));
    term.wait("the gap", has_gap);
    let kept = term.look(drawn);
    assert!(kept * 10 > before * 9, "{before} cells became {kept}\n{}", term.text());
    println!("{}", term.text());

    server.program.again();
    let took = term.wait("it is back by itself", |seen| {
        let text = seen.text();
        !text.contains("refused") && !text.contains("stale") && text.contains(" req/s)") && !has_gap(seen)
    });
    println!("back {took:?} after its start, without a gap");
    let now = term.look(drawn);
    assert!(now * 10 > before * 9, "{before} cells became {now}\n{}", term.text());
    term.send("q");
    assert_eq!(term.end().code, 0);
}
