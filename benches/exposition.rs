//! Prints how fast the body of a scrape becomes values in a store, beside what can and what need not be faster.
//!
//! `cargo bench --bench exposition`. The body is made of what real services wrote (`shared/exposition`, read where it
//! lies; without it lines are made up), each family repeated with one label more until there are 61,500 series; in
//! each scrape some values change. 15 % of the series have a name that is wanted. Processor time of one thread, best of several
//! rounds, so that other work on the machine counts little.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use sixty::facts::Labels;
use sixty::promql::Limits;
use sixty::promql::Scrape;
use sixty::promql::SeriesId;
use sixty::promql::Store;
use sixty::promql::TargetId;
use sixty::sources::exposition;
use sixty::sources::exposition::Format;
use sixty::sources::exposition::NameFilter;
use sixty::sources::exposition::Reader;
use sixty::sources::exposition::Sink;

const SERIES: usize = 61_500;
const BODIES: usize = 5;
const ROUNDS: usize = 8;

/// One sample as a service wrote it.
struct Line {
    /// Up to where another label goes in, and what stands behind it.
    head: String,
    rest: String,
    value: String,
    stamp: Option<i64>,
}

/// Lines of one name, with the comments before them.
#[derive(Default)]
struct Family {
    comments: String,
    lines: Vec<Line>,
}

fn main() {
    let (families, source) = families();
    let mut random = fastrand::Rng::with_seed(7);
    let bodies: Vec<String> = (0..BODIES).map(|scrape| body(&families, scrape, &mut random)).collect();
    let (filter, share) = wanted(&bodies[0]);
    let series = bodies[0].lines().filter(|line| !line.starts_with('#')).count();
    let megabytes = bodies[0].len() as f64 / 1e6;
    println!("{source}: {megabytes:.1} MB, {series} series, {share:.1} % of them wanted; best of {ROUNDS} rounds");
    println!("{:>62} {:>8} {:>9}", "", "ms", "MB/s");

    let lines = show("find lines (memchr)", megabytes, &mut || {
        best(&bodies, |body| memchr::memchr_iter(b'\n', body.as_bytes()).map(|end| end & 1).sum::<usize>())
    });
    let peer = show("prometheus_parse::Scrape::parse, all series", megabytes, &mut || {
        best(&bodies[..2], |body| {
            let lines = body.lines().map(|line| Ok(line.to_owned()));
            prometheus_parse::Scrape::parse(lines).map_or(0, |scrape| scrape.samples.len())
        })
    });
    show("first scrape into a store, wanted names", megabytes, &mut || {
        (0..3).map(|_| Scraped::new(Some(filter.clone())).read(&bodies[0])).min().unwrap_or_default()
    });
    let mut all = Scraped::new(None);
    all.read(&bodies[0]);
    show("later scrapes into a store, all names", megabytes, &mut || best_of(&bodies, |body| all.read(body)));
    let mut some = Scraped::new(Some(filter.clone()));
    some.read(&bodies[0]);
    let ours =
        show("later scrapes into a store, wanted names", megabytes, &mut || best_of(&bodies, |body| some.read(body)));
    println!(
        "into a store: {:.1} times prometheus-parse (goal 20), {:.2} of line finding (goal 0.10)",
        ours / peer,
        ours / lines
    );
}

/// Runs one way, prints it; answers its MB/s.
fn show(what: &str, megabytes: f64, run: &mut dyn FnMut() -> Duration) -> f64 {
    let took = run();
    let speed = megabytes / took.as_secs_f64();
    println!("{what:>62} {:>8.2} {speed:>9.0}", took.as_secs_f64() * 1e3);
    speed
}

fn best(bodies: &[String], run: impl Fn(&str) -> usize) -> Duration {
    best_of(bodies, |body| {
        let start = busy();
        black_box(run(black_box(body)));
        busy().saturating_sub(start)
    })
}

fn best_of(bodies: &[String], mut run: impl FnMut(&str) -> Duration) -> Duration {
    (0..ROUNDS).flat_map(|_| bodies).map(|body| run(body)).min().unwrap_or_default()
}

/// The processor time that this thread has used.
fn busy() -> Duration {
    Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// A target that is scraped into a store.
struct Scraped {
    store: Store,
    target: TargetId,
    reader: Reader<SeriesId>,
    at_ms: i64,
}

struct Into<'a>(Scrape<'a>);

impl Sink for Into<'_> {
    type Series = SeriesId;

    fn series(&mut self, labels: Labels) -> Option<SeriesId> {
        self.0.series(labels).ok()
    }

    fn sample(&mut self, series: SeriesId, value: f64, explicit_ms: Option<i64>) {
        self.0.put(series, value, explicit_ms);
    }
}

impl Scraped {
    fn new(filter: Option<NameFilter>) -> Self {
        let mut store = Store::new(Limits { retention: Duration::from_hours(6), max_series: 100_000 });
        let target = store.add_target([("job", "bench"), ("instance", "a:1")].into_iter().collect());
        let mut reader = Reader::new(exposition::Limits::default());
        reader.names(filter);
        Self { store, target, reader, at_ms: 0 }
    }

    /// Reads one body, as the program does; answers the time that it took.
    fn read(&mut self, body: &str) -> Duration {
        self.at_ms += 5_000;
        let start = busy();
        let Ok((format, _)) = Format::of(Some("text/plain; version=0.0.4"), body.as_bytes()) else {
            return Duration::MAX;
        };
        let Ok(scrape) = self.store.begin(self.target, self.at_ms) else { return Duration::MAX };
        let mut into = Into(scrape);
        let Ok(report) = self.reader.read(body.as_bytes(), format, &mut into) else { return Duration::MAX };
        into.0.finish();
        let took = busy().saturating_sub(start);
        assert_eq!(report.skipped, 0, "{}", report.skipped_example);
        took
    }
}

/// What real services wrote, by families in their order.
fn families() -> (Vec<Family>, &'static str) {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let named = std::env::var_os("SIXTY_SHARED").map(PathBuf::from);
    let found = [named, Some(beside)].into_iter().flatten().find(|folder| folder.join("exposition/real").is_dir());
    let files =
        ["kube-scheduler-k8s1.34.txt", "etcd-k8s1.34.txt", "cadvisor-k8s1.16.txt", "kube-state-metrics-k8s1.34.txt"];
    let read = |folder: PathBuf| {
        files
            .iter()
            .filter_map(|file| std::fs::read_to_string(folder.join("exposition/real").join(file)).ok())
            .collect()
    };
    let text: String = found.map(read).unwrap_or_default();
    if !text.is_empty() {
        return (cut(&text), "families of real services");
    }
    let mut text = String::new();
    for name in 0..200 {
        let _ = writeln!(text, "# HELP made_up_{name}_total What is counted\n# TYPE made_up_{name}_total counter");
        for line in 0..40 {
            let id = line * 7_919 % 1_000;
            let _ = writeln!(
                text,
                "made_up_{name}_total{{namespace=\"production\",pod=\"api-7d9f8b6c5-{id:03}\",container=\"api\",\
                 path=\"/v1/items/{line}\",code=\"200\"}} {}",
                id * 17
            );
        }
    }
    (cut(&text), "families that are made up")
}

fn cut(text: &str) -> Vec<Family> {
    let mut families: Vec<(String, Family)> = Vec::new();
    let (mut comments, mut seen) = (String::new(), HashSet::new());
    for line in text.lines() {
        if line.starts_with('#') {
            comments += line;
            comments.push('\n');
            continue;
        }
        let name = name_of(line);
        if !comments.is_empty() || families.last().is_none_or(|(last, _)| last != name) {
            let family = Family { comments: std::mem::take(&mut comments), lines: Vec::new() };
            families.push((name.to_owned(), family));
        }
        let behind_braces = line.rfind('}').map_or(name.len(), |brace| brace + 1);
        let mut words = line[behind_braces..].split_ascii_whitespace();
        let (head, rest) = match line[..behind_braces].strip_suffix('}') {
            Some(open) => (format!("{open},"), "}"),
            None => (format!("{name}{{"), "}"),
        };
        let value = words.next().unwrap_or("0").to_owned();
        let stamp = words.next().and_then(|stamp| stamp.parse().ok());
        // Several of the services write what their language's library knows of itself.
        if let Some((_, family)) = families.last_mut().filter(|_| seen.insert(head.clone())) {
            family.lines.push(Line { head: head.replace("{,", "{"), rest: rest.to_owned(), value, stamp });
        }
    }
    families.into_iter().map(|(_, family)| family).collect()
}

fn name_of(line: &str) -> &str {
    line.split(['{', ' ']).next().unwrap_or(line)
}

/// One scrape: each family so often that there are enough series; every eighth whole number has grown.
fn body(families: &[Family], scrape: usize, random: &mut fastrand::Rng) -> String {
    let once: usize = families.iter().map(|family| family.lines.len()).sum();
    let copies = SERIES.div_ceil(once.max(1));
    let mut body = String::with_capacity(16 << 20);
    for family in families {
        body += &family.comments;
        for copy in 0..copies {
            for Line { head, rest, value, stamp } in &family.lines {
                let _ = write!(body, "{head}replica=\"r{copy}\"{rest} ");
                match value.parse::<i64>() {
                    Ok(whole) if random.u8(..8) == 0 => _ = write!(body, "{}", whole + scrape as i64),
                    _ => body += value,
                }
                if let Some(stamp) = stamp {
                    let _ = write!(body, " {}", stamp + scrape as i64 * 5_000);
                }
                body.push('\n');
            }
        }
    }
    body
}

/// Names, spread over the body, that 15 % of the series have; and how many in truth have.
fn wanted(body: &str) -> (NameFilter, f64) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    body.lines().filter(|line| !line.starts_with('#')).for_each(|line| *counts.entry(name_of(line)).or_default() += 1);
    let all: usize = counts.values().sum();
    let mut names: Vec<_> = counts.into_iter().collect();
    fastrand::Rng::with_seed(15).shuffle(&mut names);
    let (mut kept, mut chosen) = (0, Vec::new());
    for (name, count) in names {
        if (kept + count) * 1_000 <= all * 152 {
            kept += count;
            chosen.push(name);
        }
    }
    (chosen.into_iter().collect(), kept as f64 * 100.0 / all as f64)
}
