//! Whether the windows of a query are filled, and the window that fits the history that there is.
//!
//! With a minute of history `rate(x[5m])` reads a fifth of the truth. Such a value must be known for what it is.

use std::time::Duration;

use crate::promql::axis::Axis;
use crate::promql::eval::Frame;
use crate::promql::eval::LOOKBACK_MS;
use crate::promql::plan::Aggregation;
use crate::promql::plan::Anchor;
use crate::promql::plan::Histogram;
use crate::promql::plan::Node;
use crate::promql::plan::Presence;
use crate::promql::plan::RangeFunction;
use crate::promql::plan::Shift;
use crate::promql::plan::Window;
use crate::promql::scale;
use crate::promql::scale::Scale;
use crate::promql::selector::Selector;
use crate::promql::store::Store;

/// Said where the interval between scrapes is not known yet.
const USUAL_WAIT: Duration = Duration::from_secs(1);

/// How a query looks at a selector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// From the time of evaluation to the oldest sample that counts, in milliseconds; 0 with a fixed time.
    pub(super) back_ms: i64,
    /// The same with the lookback of a selector without range.
    pub(super) oldest_ms: i64,
    /// From the time of evaluation back to the newest sample that counts; negative when that is ahead.
    pub(super) offset_ms: i64,
    /// `@` has fixed the time.
    pub(super) fixed: bool,
    need: Need,
}

/// What a window must hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Need {
    Nothing,
    TwoScrapes,
    Filled,
}

/// What stands around a part of a query.
#[derive(Clone, Copy, Default)]
struct Around {
    range_ms: i64,
    offset_ms: i64,
    /// `@` has fixed the time: history does not grow there.
    fixed: bool,
    in_subquery: bool,
}

impl Around {
    fn shifted(self, shift: Shift) -> Self {
        let fixed = self.fixed || shift.at != Anchor::Now;
        Self { offset_ms: self.offset_ms.saturating_add(shift.offset_ms), fixed, ..self }
    }

    fn wider(self, range_ms: i64) -> Self {
        Self { range_ms: self.range_ms.saturating_add(range_ms), ..self }
    }

    fn reach(self, need: Need) -> Reach {
        if self.fixed {
            return Reach { back_ms: 0, oldest_ms: 0, offset_ms: 0, fixed: true, need: Need::Nothing };
        }
        let need = if self.in_subquery { Need::Filled } else { need };
        let back_ms = self.range_ms.saturating_add(self.offset_ms);
        Reach { back_ms, oldest_ms: back_ms, offset_ms: self.offset_ms, fixed: false, need }
    }
}

/// Shows each selector of a query, and how it is looked at.
pub(super) fn each_selector<'n>(node: &'n Node, visit: &mut dyn FnMut(&'n Selector, Reach)) {
    walk(node, Around::default(), visit);
}

fn walk<'n>(node: &'n Node, around: Around, visit: &mut dyn FnMut(&'n Selector, Reach)) {
    match node {
        Node::Number(_) | Node::Text(_) | Node::Time => {}
        Node::Select(selector) | Node::SampleTimes(selector) => {
            let reach = around.shifted(selector.shift).reach(Need::Nothing);
            visit(selector, Reach { oldest_ms: reach.oldest_ms.saturating_add(LOOKBACK_MS), ..reach });
        }
        Node::Negate(inner) | Node::ToScalar(inner) | Node::ToVector(inner) => walk(inner, around, visit),
        Node::Order { argument, .. } => walk(argument, around, visit),
        Node::Relabel(relabel) => walk(&relabel.argument, around, visit),
        Node::Map { argument, bounds, .. } => {
            std::iter::once(&**argument).chain(bounds).for_each(|node| walk(node, around, visit));
        }
        Node::Arithmetic(binary) => [&binary.left, &binary.right].into_iter().for_each(|n| walk(n, around, visit)),
        Node::Set { left, right, .. } => [left, right].into_iter().for_each(|node| walk(node, around, visit)),
        Node::Aggregate(aggregate) => {
            if let Aggregation::Quantile(node) | Aggregation::Top(node) | Aggregation::Bottom(node) =
                &aggregate.operator
            {
                walk(node, around, visit);
            }
            walk(&aggregate.argument, around, visit);
        }
        Node::OverTime(call) => {
            call.parameter.iter().for_each(|node| walk(node, around, visit));
            window(&call.window, need(call.function), around, visit);
        }
        Node::Absent { argument, .. } => match &**argument {
            Presence::Now(node) => walk(node, around, visit),
            Presence::Within(within) => window(within, Need::Nothing, around, visit),
        },
        Node::Histogram(histogram) => match &**histogram {
            Histogram::Quantile { quantile, buckets } => {
                for node in [quantile, buckets] {
                    walk(node, around, visit);
                }
            }
            Histogram::Fraction { lower, upper, buckets } => {
                for node in [lower, upper, buckets] {
                    walk(node, around, visit);
                }
            }
        },
    }
}

fn window<'n>(window: &'n Window, need: Need, around: Around, visit: &mut dyn FnMut(&'n Selector, Reach)) {
    match window {
        Window::Select { selector, range_ms } => {
            visit(selector, around.shifted(selector.shift).wider(*range_ms).reach(need));
        }
        Window::Subquery(subquery) => {
            let around = around.shifted(subquery.shift).wider(subquery.range_ms);
            walk(&subquery.node, Around { in_subquery: true, ..around }, visit);
        }
    }
}

fn need(function: RangeFunction) -> Need {
    match function {
        RangeFunction::InstantRate | RangeFunction::InstantDelta | RangeFunction::Derivative => Need::TwoScrapes,
        RangeFunction::Last | RangeFunction::Present => Need::Nothing,
        _ => Need::Filled,
    }
}

/// How long until every window of the query is filled; `None` when all are.
pub(super) fn remaining(frame: &Frame<'_>, root: &Node, at: i64) -> Option<Duration> {
    let store = frame.store;
    let any_history_will_do = matches!(scale::scale(root), Scale::Free | Scale::Zero);
    let mut longest: Option<Duration> = None;
    each_selector(root, &mut |selector, reach| {
        let need = match reach.need {
            Need::Nothing => return,
            _ if any_history_will_do => Need::TwoScrapes,
            need => need,
        };
        let (after, until) = (at.saturating_sub(reach.back_ms), at.saturating_sub(reach.offset_ms));
        let mut seen = vec![false; store.targets().len()];
        for index in frame.selection(selector).iter() {
            let series = store.at_index(*index);
            if series.column.is_empty() || std::mem::replace(&mut seen[series.target as usize], true) {
                continue;
            }
            let wait = History::of(store, series.target, after, until).and_then(|history| history.wait(need, after));
            longest = longest.max(wait);
        }
    });
    longest
}

/// Whether a window that is rated ends in a hole: what it selects was scraped within it, but by no target any more
/// within `patience_ms`. What is computed there falls to zero while nobody looks.
pub(super) fn in_hole(frame: &Frame<'_>, root: &Node, at: i64, patience_ms: i64) -> bool {
    let store = frame.store;
    let mut hole = false;
    each_selector(root, &mut |selector, reach| {
        if reach.need == Need::Nothing || hole {
            return;
        }
        let (after, until) = (at.saturating_sub(reach.back_ms), at.saturating_sub(reach.offset_ms));
        let mut seen = vec![false; store.targets().len()];
        let mut newest: Option<i64> = None;
        for index in frame.selection(selector).iter() {
            let series = store.at_index(*index);
            if series.column.is_empty() || std::mem::replace(&mut seen[series.target as usize], true) {
                continue;
            }
            let axis = &store.targets()[series.target as usize].axis;
            newest = newest.max(axis.successes(after, until).next_back());
        }
        hole = newest.is_some_and(|newest| until.saturating_sub(newest) > patience_ms);
    });
    hole
}

/// What a target's successful scrapes in a window look like.
struct History {
    first: i64,
    last: i64,
    count: i64,
}

impl History {
    /// `None` when nothing was scraped in the window: a target that is down is not waited for.
    fn of(store: &Store, target: u32, after: i64, until: i64) -> Option<Self> {
        let mut times = store.targets()[target as usize].axis.successes(after, until);
        let first = times.next()?;
        Some(times.fold(Self { first, last: first, count: 1 }, |history, last| Self {
            last,
            count: history.count + 1,
            ..history
        }))
    }

    /// The mean time between scrapes, in milliseconds.
    fn interval(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.last - self.first) as f64 / (self.count - 1) as f64)
    }

    /// How long until the window that begins at `after` holds what is needed.
    fn wait(&self, need: Need, after: i64) -> Option<Duration> {
        let Some(interval) = self.interval() else { return Some(USUAL_WAIT) };
        if need == Need::Filled { self.missing(interval, after) } else { None }
    }

    /// How much of the window that begins at `after` lies before this history; `None` when next to nothing does.
    fn missing(&self, interval: f64, after: i64) -> Option<Duration> {
        let missing = self.first.saturating_sub(after) as f64 - 1.1 * interval;
        (missing > 0.0).then(|| Duration::from_millis(missing.ceil() as u64))
    }
}

/// What a target's successful scrapes behind its last outage look like.
struct SinceOutage {
    history: History,
    /// The time between scrapes, in milliseconds; `None` when that is not known yet.
    interval: Option<f64>,
}

/// A hole of so many usual intervals in which a scrape failed is an outage. A target that fails every other time
/// has shorter ones: it would never be done with waiting.
const OUTAGE_INTERVALS: f64 = 2.5;

impl SinceOutage {
    /// `None` when nothing was scraped in the window.
    fn of(store: &Store, target: u32, after: i64, until: i64) -> Option<Self> {
        let axis = &store.targets()[target as usize].axis;
        let usual = usual_interval(axis, until);
        let is_outage = |from: i64, to: i64| {
            usual.is_some_and(|usual| (to - from) as f64 >= OUTAGE_INTERVALS * usual) && axis.failed_between(from, to)
        };
        let mut times = axis.successes(after, until);
        let first = times.next()?;
        let mut behind = false;
        let history = times.fold(History { first, last: first, count: 1 }, |history, time| {
            if is_outage(history.last, time) {
                behind = true;
                return History { first: time, last: time, count: 1 };
            }
            History { last: time, count: history.count + 1, ..history }
        });
        let interval = history.interval().or(usual.filter(|_| behind));
        Some(Self { history, interval })
    }
}

/// The median of the last times between successful scrapes, in milliseconds; `None` before the second scrape.
fn usual_interval(axis: &Axis, until: i64) -> Option<f64> {
    let times: Vec<_> = axis.successes(i64::MIN, until).rev().take(17).collect();
    let mut intervals: Vec<_> = times.windows(2).map(|pair| pair[0] - pair[1]).collect();
    intervals.sort_unstable();
    intervals.get(intervals.len().checked_sub(1)? / 2).map(|middle| *middle as f64)
}

/// The rate window to use while there is less history than the configured window: just wider than the history of
/// the youngest target, so that a rate over it is the true one from the second scrape on. Behind an outage history
/// begins anew: what ran before may have been another process.
///
/// It reaches a tenth of an interval beyond the oldest scrape: rates are extrapolated that far, not further. Targets
/// that were scraped only once, or not at all, do not count; one that was scraped once behind an outage makes the
/// window so short that it is waited for.
#[must_use]
pub fn fitting_window(store: &Store, configured: Duration, at_ms: i64) -> Duration {
    let after = at_ms.saturating_sub(i64::try_from(configured.as_millis()).unwrap_or(i64::MAX));
    let targets = 0..u32::try_from(store.targets().len()).unwrap_or(u32::MAX);
    let fitting = targets.filter_map(|target| {
        let SinceOutage { history, interval } = SinceOutage::of(store, target, after, at_ms)?;
        let interval = interval?;
        history.missing(interval, after)?;
        let reach = (at_ms - history.first) as f64 + 0.1 * interval;
        Some(Duration::from_millis(reach.ceil() as u64))
    });
    fitting.min().unwrap_or(configured).min(configured)
}
