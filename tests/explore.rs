use sixty::drill::*;
use std::collections::BTreeMap;
fn scrape(w: &mut World, path: &str, at: sixty::facts::At) -> Option<BTreeMap<String, f64>> {
    match w.answer(path, at) {
        Answered::Body { status: 200, bytes, .. } => Some(
            String::from_utf8(bytes)
                .unwrap()
                .lines()
                .filter(|l| !l.starts_with('#'))
                .filter_map(|l| {
                    let (a, b) = l.rsplit_once(' ')?;
                    Some((a.to_owned(), b.parse().ok()?))
                })
                .collect(),
        ),
        _ => None,
    }
}
fn sum(m: &BTreeMap<String, f64>, parts: &[&str]) -> f64 {
    m.iter().filter(|(k, _)| k.starts_with(parts[0]) && parts.iter().all(|p| k.contains(p))).map(|(_, v)| v).sum()
}
#[test]
fn explore() {
    let file = std::env::var("FILE").unwrap();
    let step: i64 = std::env::var("STEP").map_or(600, |s| s.parse().unwrap());
    let from: i64 = std::env::var("FROM").map_or(0, |s| s.parse().unwrap());
    let scenario = match sixty::config::scenario::load(std::path::Path::new(&file)) {
        Ok(s) => s,
        Err(p) => panic!("\n{p}"),
    };
    let mut w = World::new(&scenario, 1);
    for service in w.endpoints().services {
        println!("== {}", service.name);
        let mut before: Vec<Option<BTreeMap<String, f64>>> = vec![None; service.paths.len()];
        let mut s = from;
        while s <= scenario.lasts.as_secs() as i64 {
            let at = scenario.instant(s);
            let (mut line, mut req, mut err, mut c4, mut used, mut wait, mut mem, mut size, mut cpu) =
                (String::new(), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
            let mut buckets = vec![0.0; 16];
            for (i, p) in service.paths.iter().enumerate() {
                let now = scrape(&mut w, p, at);
                match &now {
                    None => line += " down",
                    Some(m) => {
                        used += sum(m, &["db_client_connection_count", "\"used\""]);
                        wait += sum(m, &["db_client_connection_pending"]);
                        mem += sum(m, &["go_memory_used"]);
                        size += sum(m, &["db_client_connection_max"]);
                        if let Some(b) = &before[i] {
                            let g = |p: &[&str]| {
                                let (n, o) = (sum(m, p), sum(b, p));
                                if n < o { n } else { n - o }
                            };
                            let c = "http_server_request_duration_seconds_count";
                            req += g(&[c]);
                            err += g(&[c, "status_code=\"5"]);
                            c4 += g(&[c, "status_code=\"4"]);
                            cpu += g(&["process_cpu_seconds"]);
                            for (k, le) in [
                                "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1", "2.5",
                                "5", "7.5", "10", "30", "+Inf",
                            ]
                            .iter()
                            .enumerate()
                            {
                                buckets[k] +=
                                    g(&["http_server_request_duration_seconds_bucket", &format!("le=\"{le}\"")]);
                            }
                        }
                    }
                }
                before[i] = now;
            }
            let q = |q: f64| {
                let r = q * buckets[15];
                let bounds =
                    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0];
                let i = buckets.iter().position(|b| *b >= r).unwrap_or(15);
                let (lo, b) = if i == 0 { (0.0, 0.0) } else { (bounds[i - 1], buckets[i - 1]) };
                lo + (bounds[i] - lo) * (r - b) / (buckets[i] - b).max(1e-9)
            };
            println!(
                "{} T{:+5}s {:8.1}/s err {:5.1}% 4xx {:5.1}% p50 {:.3} p95 {:.3} pool {}/{} wait {} mem {:.3}GiB cpu {:.2}{line}",
                at.format("%d %H:%M:%S"),
                s - scenario.zero,
                req / step as f64,
                100.0 * err / req.max(1e-9),
                100.0 * c4 / req.max(1e-9),
                q(0.5),
                q(0.95),
                used,
                size,
                wait,
                mem / 1073741824.0,
                cpu / step as f64
            );
            s += step;
        }
    }
}
