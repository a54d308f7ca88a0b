//! A real Prometheus that is ended, started again and cut off while somebody watches.

use std::time::Duration;
use std::time::Instant;

use crate::programs;
use crate::programs::Server;
use crate::pty::Command;
use crate::pty::Term;
use crate::shop::Shop;

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
    let term = Command::sixty(home.path()).args(["--window", "5m"]).arg(server.url()).size(160, 48).start();
    term.wait_text("req/s");
    let show = |what: &str| println!("---- {what}\n{}", term.text());
    show("begin");
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(12) {
        std::thread::sleep(Duration::from_millis(100));
    }
    show("12s");
    server.kill();
    let took = term.wait_text("connection refused");
    println!("told after {took:?}");
    show("killed");
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(12) {
        std::thread::sleep(Duration::from_millis(100));
    }
    show("killed 12");
    server.start();
    let took = term.wait("back", |seen| !seen.text().contains("refused"));
    println!("back after {took:?}");
    show("back");
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(12) {
        std::thread::sleep(Duration::from_millis(100));
    }
    show("end");
}
