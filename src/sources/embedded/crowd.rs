//! More series than there is place for: which query wants too many, and for how long no number is true.
//!
//! What is refused is decided by the store; which of several queries that read a metric is wrong is not known here, so
//! that the one which reads the most series is named.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::text::clean_line;
use crate::sources::embedded::Embedded;

impl Embedded {
    /// Why no number is true: series that are wanted have no place. It holds until they have left the rate window,
    /// since what is left of the sums would read as a fall of traffic.
    pub(super) fn crowded(&mut self, at_ms: i64) -> Option<Arc<str>> {
        if self.targets.iter().any(|target| target.refused > 0) {
            self.crowded = Some((at_ms, self.crowd().into()));
        }
        let window = i64::try_from(self.settings.rate_window().as_millis()).unwrap_or(i64::MAX);
        self.crowded.take_if(|(last, _)| at_ms.saturating_sub(*last) > window);
        self.crowded.as_ref().map(|(_, why)| Arc::clone(why))
    }

    /// Which query wants more series than there is place for.
    fn crowd(&mut self) -> String {
        let (store, targets) = (&self.store, &self.targets);
        let refused = |name: &String| -> usize { targets.iter().filter_map(|t| t.refused_names.get(name)).sum() };
        let all = || store.counts().0 + targets.iter().map(|target| target.refused).sum::<usize>();
        let wanted = |names: Option<&BTreeSet<String>>| match names {
            Some(names) => names.iter().map(|name| store.count_of(name) + refused(name)).sum(),
            // A pattern for names may want any.
            None => all(),
        };
        let most = grouped(self.settings.max_series);
        let Some((measure, count)) = self.evaluator.greediest(&wanted) else { return String::new() };
        let query = self.evaluator.texts().get(&measure).map(|query| clean_line(query, 200)).unwrap_or_default();
        let key = measure.key();
        format!(
            "{key} reads {} of {} wanted series, {most} are kept at most; raise max_series or read a metric with fewer: {query}",
            grouped(count),
            grouped(all())
        )
    }
}

/// A count with its thousands apart.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
