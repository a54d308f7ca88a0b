//! The wall over a day: 24 hours of fake time with 10,000 journal entries and a change of the clocks in between. What it
//! keeps in memory, what it sends to the terminal, and that its clocks do not drift.
//!
//! `cargo test` looks at a part of the seconds; `SIXTY_WALL=all cargo test --release --test wall -- --nocapture` draws each.

#![cfg(test)]

mod story;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use peak_alloc::PeakAlloc;
use ratatui::Terminal;
use ratatui::TerminalOptions;
use ratatui::Viewport;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sixty::app::App;
use sixty::app::JournalNews;
use sixty::app::Mode;
use sixty::app::Msg;
use sixty::facts::Answer;
use sixty::facts::At;
use sixty::facts::Batch;
use sixty::facts::Measure;
use sixty::facts::Number;
use sixty::facts::Payload;
use sixty::facts::Points;
use sixty::incident::Entry;
use sixty::incident::Stage;
use sixty::incident::What;
use sixty::ui::{Colours, Glyphs, Look, Theme, draw};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const DAY: i64 = 86_400;
const ENTRIES: i64 = 10_000;
/// Seconds between two answers.
const EVERY: i64 = 15;

/// In New York the clocks go back twelve hours after this, at 06:00 UTC.
fn begin() -> At {
    "2026-10-31T18:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> At {
    begin() + chrono::TimeDelta::seconds(seconds)
}

/// A terminal of which only the bytes count.
struct Count(Rc<Cell<usize>>);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A service that is ill for the first and the thirteenth hour.
fn point(second: i64) -> Points {
    let mut random = fastrand::Rng::with_seed(second.unsigned_abs());
    let mut about =
        |value: f64, share: f64| Answer::Known(Number::exact(value * (1.0 + share * (random.f64() - 0.5))).unwrap());
    let ill = second >= 0 && second % (12 * 3_600) < 3_600;
    let answers = BTreeMap::from([
        (Measure::RequestRate, about(600.0, 0.1)),
        (Measure::ErrorRate, about(if ill { 0.4 } else { 0.002 }, 0.5)),
        (Measure::LatencyP50, about(0.03, 0.1)),
        (Measure::LatencyP95, about(if ill { 1.4 } else { 0.1 }, 0.1)),
        (Measure::PoolUsed, about(20.0, 0.1)),
        (Measure::PoolMax, Answer::Known(Number::exact(100.0).unwrap())),
        (Measure::MemoryUsed, about(1.2e9, 0.02)),
        (Measure::MemoryLimit, Answer::Known(Number::exact(2.0e9).unwrap())),
    ]);
    Points { at: after(second), answers }
}

fn metrics(app: &mut App, second: i64, points: Vec<Points>) {
    let batch = Batch { points, splits: Vec::new(), changes: Vec::new(), about: Arc::default() };
    story::send(app, "metrics checkout-api", after(second), Ok(Payload::Signals(batch)));
}

/// What people and sixty write in a long incident, one entry after another.
fn entry(number: i64, at: At) -> Entry {
    let what = match number {
        0 => What::Opened { service: "checkout-api".to_owned(), title: "Errors 40 % of requests".to_owned() },
        _ if number % 50 == 0 => What::Staged { stage: Stage::Monitor },
        _ if number % 3 == 0 => What::Note { text: format!("note {number}: the error rate of /pay is still high") },
        _ => {
            let (list, item) =
                ("first-60-seconds".to_owned(), ["ack", "down", "deploys"][number as usize % 3].to_owned());
            if number % 2 == 0 { What::Ticked { list, item } } else { What::Unticked { list, item } }
        }
    };
    Entry::new(&format!("e-{number:06}"), at, ["ana", "sam", "noor"][number as usize % 3], "bastion", what)
}

fn text(buffer: &Buffer) -> String {
    let rows = buffer.area.height;
    (0..rows).map(|y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>() + "\n").collect()
}

#[test]
fn a_day_on_the_wall() {
    let all = std::env::var("SIXTY_WALL").is_ok_and(|what| what == "all");
    let mut settings = story::settings(&["checkout-api"], Mode::Wall);
    for source in &mut settings.sources {
        source.every = source.every.max(Duration::from_secs(EVERY as u64));
    }
    let mut app = App::new(settings, after(-6 * 3_600));
    metrics(&mut app, 0, (-6 * 3_600 / EVERY..=0).map(|step| point(step * EVERY)).collect());
    story::read_on(&mut app, begin());

    let look = Look { theme: Theme::named("dark").unwrap(), glyphs: Glyphs::Unicode, colours: Colours::Full };
    let area = Rect::new(0, 0, 160, 45);
    let written = Rc::new(Cell::new(0));
    let backend = CrosstermBackend::new(Count(Rc::clone(&written)));
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport: Viewport::Fixed(area) }).unwrap();
    terminal.draw(|frame| draw(&app, &look, area, frame.buffer_mut())).unwrap();

    let (start, before) = (HEAP.current_usage(), written.get());
    let (mut next, mut first_hour, mut drawn, mut bytes) = (0, 0, 0_i64, 0);
    for second in 1..=DAY {
        if second % EVERY == 0 {
            metrics(&mut app, second, vec![point(second)]);
        }
        while next * DAY < second * ENTRIES && next < ENTRIES {
            let entries = vec![entry(next, after(second))];
            let news = JournalNews { service: Arc::from("checkout-api"), entries, ..JournalNews::default() };
            assert!(app.update(after(second), Msg::Journal(news)).is_empty(), "the wall does nothing");
            next += 1;
        }
        assert!(app.update(after(second), Msg::Second).is_empty(), "the wall does nothing");
        // A minute of each quarter of an hour, each second of it.
        if all || second % 900 < 60 {
            let old = written.get();
            terminal.draw(|frame| draw(&app, &look, area, frame.buffer_mut())).unwrap();
            if all || second % 900 > 0 {
                bytes += written.get() - old;
                drawn += 1;
            }
        }
        if second == 3_600 {
            first_hour = HEAP.current_usage();
        }
        // The minute before the clocks go back, the one after, and the end of the day.
        for (instant, local) in [(12 * 3_600 - 1, "01:59:59 EDT"), (12 * 3_600, "01:00:00 EST"), (DAY, "13:00:00 EST")]
        {
            if second == instant {
                let mut buffer = Buffer::empty(area);
                draw(&app, &look, area, &mut buffer);
                let shown = text(&buffer);
                assert!(shown.contains(local), "{local} at {}:\n{shown}", after(second));
                let utc = after(second).format("%H:%M:%S UTC").to_string();
                assert!(shown.contains(&utc), "{utc}:\n{shown}");
            }
        }
    }
    let end = HEAP.current_usage();
    let incident = app.service().map(|service| &service.incident).unwrap();
    assert_eq!(incident.entries().len(), ENTRIES as usize, "nothing is lost");
    let journal = ENTRIES as usize * 700;
    let mb = |bytes: usize| bytes as f64 / 1e6;
    let rate = bytes as f64 / drawn as f64;
    println!(
        "memory: {:.2} MB at the start, {:.2} after an hour, {:.2} after a day and {ENTRIES} entries; {rate:.0} bytes a second \
         at 160x45 over {drawn} frames, the first frame {before} bytes",
        mb(start),
        mb(first_hour),
        mb(end)
    );
    assert!(end < start + journal + 2_000_000, "{start} to {end}");
    assert!(rate < 400.0, "{rate} bytes a second");
}
