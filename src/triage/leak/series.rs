//! Rows as plain numbers, and the lows and highs of slices of time.
//!
//! Slices come as a pyramid: every further level joins two slices
//! to one. So the
//! step of the rows chooses the scales by itself, and all levels together cost as much as two walks over the rows.

use crate::facts::At;

/// Rows in time order: seconds before the newest (so at most 0) and values, all finite, one per instant.
pub(super) struct Series {
    pub x: Vec<f64>,
    pub v: Vec<f64>,
    /// The instant of the newest row.
    pub now: At,
    /// The usual distance between rows, in seconds.
    pub step: f64,
}

/// What the rows of one slice of time say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slice {
    /// When the low was, in seconds before the newest row: the middle of a slice would bend the slope of a saw-tooth.
    pub x: f64,
    /// The lowest value.
    pub low: f64,
    /// The highest value.
    pub high: f64,
    /// Which slice this is, counted back from the newest (0).
    place: u32,
}

impl Slice {
    /// A slice of one value that stands for a whole cycle.
    pub const fn point(x: f64, low: f64, high: f64) -> Self {
        Self { x, low, high, place: 0 }
    }
}

impl Series {
    /// `None` when no finite row is left. Rows that step back in time are left out.
    pub fn new(rows: &[(At, f64)]) -> Option<Self> {
        let now = rows.iter().filter(|(_, value)| value.is_finite()).map(|(at, _)| *at).max()?;
        let mut x = Vec::with_capacity(rows.len());
        let mut v = Vec::with_capacity(rows.len());
        let mut before = f64::NEG_INFINITY;
        for (at, value) in rows {
            let seconds = (*at - now).as_seconds_f64();
            if value.is_finite() && seconds > before && seconds <= 0.0 {
                x.push(seconds);
                v.push(*value);
                before = seconds;
            }
        }
        if x.is_empty() {
            return None;
        }
        let mut gaps: Vec<f64> = x.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let step = if gaps.is_empty() { 0.0 } else { quantile(&mut gaps, 0.5) };
        Some(Self { x, v, now, step })
    }

    /// Seconds between the oldest row and the newest.
    pub fn span(&self) -> f64 {
        -self.x[0]
    }

    /// The distance between the lowest value and the highest.
    pub fn range(&self) -> f64 {
        let (low, high) =
            self.v.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        high - low
    }

    /// The first row at or after an instant.
    pub fn first(&self, x: f64) -> usize {
        self.x.partition_point(|at| *at < x)
    }

    /// Slices of this width that end with the newest row, oldest first, from this row on; empty ones are left out.
    pub fn slices(&self, from: usize, width: f64) -> Vec<Slice> {
        let mut out: Vec<Slice> = Vec::new();
        let mut edge = f64::NEG_INFINITY;
        for (x, v) in self.x[from..].iter().zip(&self.v[from..]) {
            // A slice owns the instants (edge - width, edge].
            if *x > edge {
                let place = (-x / width).floor();
                edge = -place * width;
                out.push(Slice { x: *x, low: *v, high: *v, place: place as u32 });
            } else if let Some(last) = out.last_mut() {
                if *v < last.low {
                    last.low = *v;
                    last.x = *x;
                }
                last.high = last.high.max(*v);
            }
        }
        out
    }
}

/// Two neighbours become one slice of twice the width.
pub(super) fn coarser(fine: &[Slice]) -> Vec<Slice> {
    let mut out: Vec<Slice> = Vec::with_capacity(fine.len() / 2 + 1);
    for slice in fine {
        let place = slice.place / 2;
        match out.last_mut() {
            Some(last) if last.place == place => {
                if slice.low < last.low {
                    last.low = slice.low;
                    last.x = slice.x;
                }
                last.high = last.high.max(slice.high);
            }
            _ => out.push(Slice { place, ..*slice }),
        }
    }
    out
}

/// The value below which this share of the values lies; reorders what it is given, NaN of nothing.
pub(super) fn quantile(values: &mut [f64], share: f64) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let place = ((values.len() - 1) as f64 * share).round() as usize;
    *values.select_nth_unstable_by(place, f64::total_cmp).1
}
