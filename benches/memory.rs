//! Prints what a series costs in memory: 6 hours at 5 seconds, labels and indexes of the store included.
//!
//! `cargo bench --bench memory`. Heap is counted at the allocator, in bytes that were asked for; "resident" is what the
//! process grew by, so that the allocator's own slack is seen as well. Nothing is timed.

use std::time::Duration;

use peak_alloc::PeakAlloc;
use sixty::facts::Labels;
use sixty::promql::Limits;
use sixty::promql::Store;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const SERIES: usize = 2_000;
const SCRAPES: i64 = 4_320;
const EVERY_MS: i64 = 5_000;

/// The next value of a series, from its number and the value before.
type Next = fn(&mut fastrand::Rng, usize, f64) -> f64;

const KINDS: [(&str, Next); 9] = [
    ("never changes", |_, series, _| series as f64),
    ("the mix of real series", mix),
    ("a counter, +0..100 a scrape", |random, _, value| value + f64::from(random.u8(..100))),
    ("a counter, +0..1,000,000 a scrape", |random, _, value| value + f64::from(random.u32(..1_000_000))),
    ("a gauge of whole numbers to 1,000", |random, _, _| f64::from(random.u16(..1_000))),
    ("seconds with two decimals", |random, _, value| ((value + random.f64()) * 100.0).round() / 100.0),
    ("a sum of fractions", |random, _, value| value + random.f64()),
    ("worst: random fractions from 0 to 1,000", |random, _, _| random.f64() * 1_000.0),
    ("random bits, both signs, any size", |random, _, _| f64::from_bits(random.u64(..) & !(1 << 62))),
];

fn main() {
    // Each kind in a process of its own, or what one leaves behind would be counted as the next one's.
    if let Some(kind) = std::env::var("SIXTY_BENCH_KIND").ok().and_then(|kind| kind.parse::<usize>().ok()) {
        let (what, next) = KINDS[kind];
        return measure(what, next);
    }
    println!(
        "{SERIES} series, {SCRAPES} scrapes each; bytes per series, goal 8 KB for the mix and 35 KB for the worst"
    );
    println!("{:>42} {:>9} {:>9} {:>9}", "", "empty", "heap", "resident");
    let Ok(own) = std::env::current_exe() else { return eprintln!("this bench cannot find itself") };
    for (kind, (what, _)) in KINDS.iter().enumerate() {
        let ran = std::process::Command::new(&own).env("SIXTY_BENCH_KIND", kind.to_string()).status();
        if !ran.is_ok_and(|status| status.success()) {
            eprintln!("{what} failed");
        }
    }
}

/// 75 % of the series never change, 12.7 % of the samples differ from the one before, 279 of 2,358 series change in
/// over half of the scrapes, 91 % are whole numbers.
fn mix(random: &mut fastrand::Rng, series: usize, value: f64) -> f64 {
    let place = series * 1_000 / SERIES;
    let changes = match place {
        0..750 => false,
        750..882 => random.u8(..100) < 11,
        _ => random.u8(..100) < 95,
    };
    match place {
        _ if !changes && value != 0.0 => value,
        // Fractions: 45 of 1,000 that never change, 45 of those that do.
        0..45 => series as f64 / 7.0,
        955..980 => value + random.f64(),
        980..1000 => ((value + random.f64()) * 100.0).round() / 100.0,
        882..915 => f64::from(random.u16(..10_000)),
        _ => value + f64::from(random.u16(..2_000)),
    }
}

fn measure(what: &str, next: Next) {
    let mut random = fastrand::Rng::with_seed(7);
    let (heap, resident) = (HEAP.current_usage(), resident());
    let mut store = Store::new(Limits { retention: Duration::from_hours(6), max_series: 10_000 });
    let target = store.add_target([("job", "kubelet"), ("instance", "10.4.1.17:10250")].into_iter().collect());
    let mut ids = Vec::with_capacity(SERIES);
    for series in 0..SERIES {
        let (name, pod) = (format!("container_metric_{}_total", series / 40), format!("api-7d9f8-{:04x}", series % 40));
        let labels: Labels = [("__name__", &*name), ("namespace", "production"), ("pod", &*pod), ("container", "api")]
            .into_iter()
            .collect();
        ids.push(store.series(target, labels).unwrap_or_else(|full| unreachable!("{full}")));
    }
    let per_series = |bytes: usize| bytes / SERIES;
    let empty = per_series(HEAP.current_usage() - heap - ids.capacity() * size_of::<sixty::promql::SeriesId>());
    let mut values = vec![0.0; SERIES];
    // An hour more than is kept: as a session is when it has run for long.
    for scrape in 0..SCRAPES + 720 {
        let mut open = store.begin(target, scrape * EVERY_MS).unwrap_or_else(|late| unreachable!("{late}"));
        for (series, (id, value)) in ids.iter().zip(&mut values).enumerate() {
            *value = next(&mut random, series, *value);
            open.put(*id, *value, None);
        }
        open.finish();
    }
    drop((ids, values));
    let grown = per_series(HEAP.current_usage() - heap);
    println!("{what:>42} {empty:>9} {grown:>9} {:>9}", per_series(self::resident().saturating_sub(resident)));
    drop(store);
}

/// The resident memory of this process, in bytes; 0 where the system does not tell it so.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_usize) * rustix::param::page_size()
}
