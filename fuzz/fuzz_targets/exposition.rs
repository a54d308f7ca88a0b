//! No bytes may panic the exposition reader, make it slow, or make its two readers disagree.
//!
//! `cargo +nightly fuzz run exposition -- -max_total_time=660`, with `shared/exposition` as a further corpus.
#![no_main]
#![expect(dead_code, unused_imports, reason = "parts of the vocabulary are not needed here")]

#[path = "../../src/facts/mod.rs"]
mod facts;

#[path = "../../src/sources/exposition/mod.rs"]
mod exposition;

use exposition::Format;
use exposition::Limits;
use exposition::NameFilter;
use exposition::Reader;
use exposition::Sink;
use exposition::both_ways;
use exposition::inventory;
use exposition::samples;
use facts::Labels;
use libfuzzer_sys::fuzz_target;

#[derive(Default)]
struct Memory {
    series: Vec<Labels>,
    samples: Vec<(usize, u64, Option<i64>)>,
}

impl Sink for Memory {
    type Series = usize;

    fn series(&mut self, labels: Labels) -> Option<usize> {
        assert!(!labels.name().is_empty());
        self.series.push(labels);
        Some(self.series.len() - 1)
    }

    fn sample(&mut self, series: usize, value: f64, explicit_ms: Option<i64>) {
        assert!(series < self.series.len());
        self.samples.push((series, value.to_bits(), explicit_ms));
    }
}

fuzz_target!(|body: &[u8]| {
    for content_type in [None, Some("text/plain"), Some("text/html"), Some("application/openmetrics-text")] {
        let Ok((format, _)) = Format::of(content_type, body) else { continue };
        read(body, format);
    }
    read(body, Format::Text);
    read(body, Format::OpenMetrics);
    for line in body.split(|byte| *byte == b'\n') {
        if let Some(both) = both_ways(line) {
            assert_eq!(both.by_crate, both.by_lexer);
        }
    }
});

/// Two scrapes of one body are the same, nothing is counted that was not handed over, and a filter hands over no
/// more than there is.
fn read(body: &[u8], format: Format) {
    let (mut memory, mut reader) = (Memory::default(), Reader::new(Limits::default()));
    let first = reader.read(body, format, &mut memory);
    let (seen, learned) = (std::mem::take(&mut memory.samples), memory.series.len());
    assert_eq!(reader.read(body, format, &mut memory), first);
    assert_eq!(memory.samples, seen);
    assert_eq!(memory.series.len(), learned);
    let strict = samples(body, format);
    let names = inventory(body, format).names;
    if let Ok(report) = &first {
        assert_eq!(report.samples, seen.len());
        if let Ok(strict) = strict {
            assert_eq!(report.samples + report.skipped, strict.len());
            assert!(strict.iter().all(|sample| names.contains_key(sample.0.name())));
        }
    }
    let filter: NameFilter = memory.series.iter().take(1).map(Labels::name).collect();
    let mut few = Memory::default();
    reader.names(Some(filter));
    let filtered = reader.read(body, format, &mut few);
    let wanted: Vec<_> =
        seen.iter().filter(|sample| memory.series[sample.0].name() == memory.series[0].name()).collect();
    if filtered.is_ok() && first.is_ok() {
        assert_eq!(few.samples.len(), wanted.len());
        assert!(few.samples.iter().zip(&wanted).all(|(a, b)| (a.1, a.2) == (b.1, b.2)));
    }
}
