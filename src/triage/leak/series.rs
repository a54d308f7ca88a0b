//! Rows as plain numbers, and their lows and highs in slices of equal width.

use crate::facts::At;

/// Rows in time order, seconds before the newest (so `<= 0`) and values; only finite ones, one per instant.
pub(super) struct Series {
    pub x: Vec<f64>,
    pub v: Vec<f64>,
    /// The instant of the newest row.
    pub now: At,
}

/// What the rows of one slice of time say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    /// When the low was, in seconds before the newest row.
    pub x: f64,
    pub low: f64,
    pub high: f64,
}

impl Series {
    /// `None` when no row is left. Rows that step back in time are left out: a climb cannot be read from them.
    pub fn new(rows: &[(At, f64)]) -> Option<Self> {
        let now = rows.iter().rev().find(|(_, value)| value.is_finite())?.0;
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
        (!x.is_empty()).then_some(Self { x, v, now })
    }

    pub fn span(&self) -> f64 {
        -self.x[0]
    }

    /// Slices that end with the newest row, oldest first; slices without rows are left out.
    pub fn slices(&self, from: usize, width: f64) -> Vec<Slice> {
        let mut out: Vec<Slice> = Vec::with_capacity((-self.x[from] / width) as usize + 2);
        let mut edge = f64::NEG_INFINITY;
        for (x, v) in self.x[from..].iter().zip(&self.v[from..]) {
            // A slice owns the instants (edge - width, edge].
            if *x > edge {
                edge = -(-x / width).floor() * width;
                out.push(Slice { x: *x, low: *v, high: *v });
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

/// The value below which a share of the values lies. Sorts what it is given.
pub(super) fn quantile(values: &mut [f64], share: f64) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let place = ((values.len() - 1) as f64 * share).round() as usize;
    *values.select_nth_unstable_by(place, f64::total_cmp).1
}
