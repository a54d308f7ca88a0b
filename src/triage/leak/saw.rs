//! A slow saw-tooth: memory that grows until it is collected, in cycles of ten minutes and more.
//!
//! Slices shorter than a cycle have lows all over the tooth, and longer ones leave few. So every cycle gives two
//! points of its own: its low, and its high less the usual height of a tooth.

use super::series::Series;
use super::series::Slice;
use super::series::quantile;

/// A fall is a collection when it is this many times the usual change from row to row.
const FALL: f64 = 6.0;
/// Cycles shorter than this (seconds) are left to the slices.
const SHORTEST: f64 = 600.0;
/// A time without a collection that is this many times the usual cycle is no saw-tooth.
const UNEVEN: f64 = 3.0;

/// Cycles found in rows.
pub(super) struct Saw {
    /// Two points for every cycle, oldest first.
    pub points: Vec<Slice>,
    /// Usual length of a cycle, in seconds.
    pub period: f64,
    /// The newest collection, in seconds before now.
    pub last: f64,
    /// Usual height of a tooth, from the older half of the cycles.
    pub height: f64,
}

/// The cycles, if there are three at least and they are even.
pub(super) fn saw(series: &Series) -> Option<Saw> {
    let falls = falls(series)?;
    let mut gaps: Vec<f64> = falls.windows(2).map(|pair| series.x[pair[1]] - series.x[pair[0]]).collect();
    let period = quantile(&mut gaps, 0.5);
    if period < SHORTEST || quantile(&mut gaps, 1.0) > UNEVEN * period {
        return None;
    }
    let mut heights = Vec::with_capacity(falls.len());
    let mut ends = Vec::with_capacity(2 * falls.len());
    for pair in falls.windows(2) {
        let cycle = pair[0]..pair[1];
        // A collection may take a few rows; a high may come at any row.
        let low = cycle.clone().take(3).min_by(|a, b| series.v[*a].total_cmp(&series.v[*b]))?;
        let high = cycle.max_by(|a, b| series.v[*a].total_cmp(&series.v[*b]))?;
        heights.push(series.v[high] - series.v[low]);
        ends.push((low, false));
        ends.push((high, true));
    }
    let known = *ends.last()?;
    let older = heights.len().div_ceil(2);
    let height = quantile(&mut heights[..older], 0.5);
    let last = *falls.last()?;
    ends.push((last, false));
    // The cycle that is not over says something only once it is higher than the one before.
    let top = (last..series.v.len()).max_by(|a, b| series.v[*a].total_cmp(&series.v[*b]))?;
    if series.v[top] > series.v[known.0] && top > last {
        ends.push((top, true));
    }
    let point = |(row, high): &(usize, bool)| {
        let low = series.v[*row] - if *high { height } else { 0.0 };
        Slice::point(series.x[*row], low, low + height)
    };
    Some(Saw { points: ends.iter().map(point).collect(), period, last: series.x[last], height })
}

/// Rows right after a fall.
fn falls(series: &Series) -> Option<Vec<usize>> {
    if series.v.len() < 30 {
        return None;
    }
    let mut changes: Vec<f64> = series.v.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let fall = FALL * quantile(&mut changes, 0.5);
    let mut falls: Vec<usize> = Vec::new();
    for (index, pair) in series.v.windows(2).enumerate() {
        if pair[0] - pair[1] > fall && falls.last().is_none_or(|last| index + 1 - last > 3) {
            falls.push(index + 1);
        }
    }
    (falls.len() >= 4).then_some(falls)
}
