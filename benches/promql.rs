//! What queries cost: five usual ones over 70, 700 and 7,000 series with six hours of history at 5 seconds.
//!
//! `cargo bench --bench promql` prints one table. "first" is a query that was just read, "again" the same one at the
//! same instant, "next scrape" the same one after each of the next twelve scrapes (the best and the worst of them:
//! a subquery has a new step in one of the twelve), "121 steps" a range of an hour by a query that was just read. An
//! argument that is a number replaces the numbers of series. Times are the best of several.

#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a measurement stops where something is wrong")]

use std::time::Duration;
use std::time::Instant;

use sixty::facts::Labels;
use sixty::promql::Limits;
use sixty::promql::Query;
use sixty::promql::SeriesId;
use sixty::promql::Store;
use sixty::promql::TargetId;

const QUERIES: [&str; 5] = [
    "sum(rate(x_bucket[5m]))",
    "sum(rate(x_bucket{code=~\"5..\"}[5m])) / sum(rate(x_bucket[5m]))",
    "histogram_quantile(0.99, sum by (le) (rate(x_bucket[5m])))",
    "topk(5, sum by (route) (rate(x_bucket[1h])))",
    "max_over_time(sum(rate(x_bucket[1m]))[6h:1m])",
];
const EVERY_MS: i64 = 5_000;
const SCRAPES: i64 = 4_320;
const BEST_OF: u32 = 15;

fn main() {
    // The test runner asks every bench whether it has tests.
    if std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        return;
    }
    let given: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let counts = if given.is_empty() { vec![70, 700, 7_000] } else { given };
    println!("{:>6} {:>10} {:>10} {:>10} {:>10} {:>10}", "series", "first", "again", "next best", "worst", "121 steps");
    for count in counts {
        let mut world = World::new(count);
        for text in QUERIES {
            let read = || Query::parse(text).unwrap();
            let end = world.at;
            let first = best(|| {
                let query = read();
                timed(|| query.instant(&world.store, end).is_ok())
            });
            let kept = read();
            let again = best(|| timed(|| kept.instant(&world.store, end).is_ok()));
            let next: Vec<_> = (0..12)
                .map(|_| {
                    world.scrape();
                    timed(|| kept.instant(&world.store, world.at).is_ok())
                })
                .collect();
            let end = world.at;
            let steps = best(|| {
                let query = read();
                timed(|| query.range(&world.store, end - 3_600_000, end, 30_000).is_ok())
            });
            let [first, again, steps] = [first, again, steps].map(millis);
            let (low, high) = (millis(*next.iter().min().unwrap()), millis(*next.iter().max().unwrap()));
            println!("{count:>6} {first:>10} {again:>10} {low:>10} {high:>10} {steps:>10}  {text}");
        }
    }
}

/// One target whose counters grow.
struct World {
    store: Store,
    target: TargetId,
    series: Vec<(SeriesId, f64)>,
    at: i64,
    random: u64,
}

impl World {
    fn new(count: u32) -> Self {
        let mut store = Store::new(Limits { retention: Duration::from_hours(6), max_series: 100_000 });
        let target = store.add_target([("job", "api"), ("instance", "a:1")].into_iter().collect());
        let series = (0..count).map(|index| (store.series(target, labels(index)).unwrap(), 0.0)).collect();
        let mut world = Self { store, target, series, at: 0, random: 0x9e37_79b9_7f4a_7c15 };
        for _ in 0..SCRAPES {
            world.scrape();
        }
        world
    }

    /// One scrape: three quarters of the series stand still, as in life.
    fn scrape(&mut self) {
        self.at += EVERY_MS;
        let mut open = self.store.begin(self.target, self.at).unwrap();
        for (index, (id, value)) in self.series.iter_mut().enumerate() {
            if index.is_multiple_of(4) {
                self.random ^= self.random << 13;
                self.random ^= self.random >> 7;
                self.random ^= self.random << 17;
                *value += (self.random % 100) as f64;
            }
            open.put(*id, *value, None);
        }
        open.finish();
    }
}

/// Fourteen buckets a route, one series in ten an error.
fn labels(index: u32) -> Labels {
    let (route, le) = (index / 14, index % 14);
    let le = if le == 13 { "+Inf".to_owned() } else { format!("0.{le}") };
    let route = format!("/api/v1/route-{route}");
    let code = if index.is_multiple_of(10) { "500" } else { "200" };
    [("__name__", "x_bucket"), ("code", code), ("le", &le), ("method", "GET"), ("route", &route)].into_iter().collect()
}

/// How long it took; `MAX` when the query is refused, for it looks at too much. What other programs took of the
/// processor meanwhile is not counted where the kernel says so.
fn timed(run: impl FnOnce() -> bool) -> Duration {
    let (before, start) = (processor(), Instant::now());
    if !run() {
        return Duration::MAX;
    }
    let took = start.elapsed();
    let own = processor().zip(before).map(|(after, before)| after.saturating_sub(before));
    own.map_or(took, |own| own.min(took))
}

/// How long this program has had the processor, on Linux.
fn processor() -> Option<Duration> {
    // The kernel counts when it looks who is next.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn best(mut run: impl FnMut() -> Duration) -> Duration {
    let first = run();
    // A slow one is not waited for so often; a quick one is easily disturbed.
    let times = if first > Duration::from_secs(2) { 2 } else { BEST_OF };
    (1..times).fold(first, |best, _| best.min(run()))
}

fn millis(time: Duration) -> String {
    if time == Duration::MAX { "refused".to_owned() } else { format!("{:.3} ms", time.as_secs_f64() * 1_000.0) }
}
