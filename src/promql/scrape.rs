//! One scrape of one target while it is put into the store.

use crate::facts::Labels;
use crate::promql::store::Full;
use crate::promql::store::SeriesId;
use crate::promql::store::Store;
use crate::promql::store::TargetId;

/// A scrape that is being stored. One that is dropped without [`finish`](Self::finish) is taken back, as by
/// [`abandon`](Self::abandon): half a body must not look like a service that lost half its series.
#[derive(Debug)]
pub struct Scrape<'a> {
    store: &'a mut Store,
    target: TargetId,
    slot: u64,
    at: i64,
    done: bool,
}

impl<'a> Scrape<'a> {
    pub(super) fn new(store: &'a mut Store, target: TargetId, slot: u64, at: i64) -> Self {
        Self { store, target, slot, at, done: false }
    }
}

impl Scrape<'_> {
    /// Finds the series with these scraped labels (`__name__` included), or makes it.
    ///
    /// # Errors
    /// [`Full`] when the series is new and the cap is reached.
    pub fn series(&mut self, labels: Labels) -> Result<SeriesId, Full> {
        self.store.series(self.target, labels)
    }

    /// Puts a sample. Of two samples of one series in one scrape the first counts. A series whose samples have
    /// timestamps of their own (milliseconds since the epoch) gets no stale markers.
    ///
    /// Answers `false`, and keeps nothing, when the series ended long ago and its place was given away: ask
    /// [`series`](Self::series) for it again.
    pub fn put(&mut self, series: SeriesId, value: f64, explicit_ms: Option<i64>) -> bool {
        self.store.put(series, self.slot, self.at, value, explicit_ms)
    }

    /// Ends a complete scrape: series that were there last time and not now end here, and `up` is 1.
    pub fn finish(mut self) {
        self.store.put_up(self.target, self.slot, self.at, 1.0);
        self.end();
    }

    /// Ends a complete set of samples that did not come from a scrape, so that there is no `up`.
    pub fn close(mut self) {
        self.end();
    }

    /// Ends a scrape that failed: all series of the target end here, what this scrape brought included; `up` is 0.
    pub fn abandon(self) {
        drop(self);
    }

    fn end(&mut self) {
        self.store.end_missing(self.target, self.slot, self.at);
        self.done = true;
    }
}

impl Drop for Scrape<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.store.withdraw(self.target, self.slot);
            self.store.end_missing(self.target, self.slot, self.at);
            self.store.put_up(self.target, self.slot, self.at, 0.0);
        }
    }
}
