//! Shapes laid through lows: a straight line, a hinge, a bend to a plateau, the curve of a day.
//!
//! Pure arithmetic on slices. What a fit means for a leak is decided in `climb`.

use super::series::Slice;
use super::series::quantile;

/// A straight line through lows, by least squares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Value where the abscissa is 0.
    pub level: f64,
    /// Rise per unit of the abscissa.
    pub slope: f64,
    /// Sum of the squares that it leaves.
    pub left: f64,
    /// Sum of the squares of the abscissa around its mean.
    pub width: f64,
}

impl Line {
    /// Standard error of the slope, from what `count` lows leave.
    pub fn error(&self, count: usize) -> f64 {
        (self.left / (count as f64 - 2.0).max(1.0) / self.width.max(f64::MIN_POSITIVE)).sqrt()
    }
}

/// The line `low = level + slope * of(x)`.
pub(super) fn line(slices: &[Slice], of: impl Fn(f64) -> f64) -> Line {
    let count = slices.len() as f64;
    let Some(first) = slices.first() else { return Line { level: 0.0, slope: 0.0, left: 0.0, width: 0.0 } };
    // One walk; values count from the first, so that the squares do not cancel.
    let (base_x, base_y) = (of(first.x), first.low);
    let (mut sum_x, mut sum_y, mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for slice in slices {
        let (x, y) = (of(slice.x) - base_x, slice.low - base_y);
        sum_x += x;
        sum_y += y;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (xx, xy, yy) = (xx - sum_x * mean_x, xy - sum_x * mean_y, yy - sum_y * mean_y);
    let slope = if xx > 0.0 { xy / xx } else { 0.0 };
    Line {
        level: base_y + mean_y - slope * (base_x + mean_x),
        slope,
        left: (yy - slope * xy).max(0.0),
        width: xx.max(0.0),
    }
}

/// Level, then a climb: the best place of the knee.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hinge {
    /// Index of the slice in which the climb begins.
    pub at: usize,
    /// Its instant, seconds before now.
    pub x: f64,
    /// The line behind the knee; its abscissa begins at the knee.
    pub line: Line,
}

/// The hinge that leaves the least; `shortest` slices at least belong to the climb.
pub(super) fn hinge(slices: &[Slice], shortest: usize) -> Option<Hinge> {
    let mut best: Option<Hinge> = None;
    for at in 0..=slices.len().checked_sub(shortest)? {
        let knee = slices[at].x;
        let line = line(slices, |x| (x - knee).max(0.0));
        if best.is_none_or(|known| line.left < known.line.left) {
            best = Some(Hinge { at, x: knee, line });
        }
    }
    best
}

/// What a curve of one day leaves, or `None` when it would have to swing by more than `swing` times its own mean to
/// fit, as no load does.
pub(super) fn day(slices: &[Slice], swing: f64) -> Option<f64> {
    let turn = std::f64::consts::TAU / 86_400.0;
    let (middle, base) = (slices[slices.len() / 2].x, slices[0].low);
    let row = |slice: &Slice| {
        let angle = turn * (slice.x - middle);
        [1.0, angle.sin(), 1.0 - angle.cos(), slice.low - base]
    };
    // Normal equations of offset, sine and cosine, solved by elimination.
    let mut sums = [[0.0_f64; 4]; 3];
    for slice in slices {
        let row = row(slice);
        for (i, sums) in sums.iter_mut().enumerate() {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += row[i] * value;
            }
        }
    }
    for pivot in 0..2 {
        let upper = sums[pivot];
        if upper[pivot].abs() < f64::MIN_POSITIVE {
            return None;
        }
        for lower in &mut sums[pivot + 1..] {
            let share = lower[pivot] / upper[pivot];
            for (value, above) in lower.iter_mut().zip(upper) {
                *value -= share * above;
            }
        }
    }
    if sums[2][2].abs() < f64::MIN_POSITIVE {
        return None;
    }
    let c = sums[2][3] / sums[2][2];
    let b = (sums[1][3] - sums[1][2] * c) / sums[1][1];
    let a = (sums[0][3] - sums[0][2] * c - sums[0][1] * b) / sums[0][0];
    let mean = base + a + c;
    (b.hypot(c) <= swing * mean).then(|| {
        slices.iter().map(row).map(|[_, sine, cosine, value]| (value - a - b * sine - c * cosine).powi(2)).sum()
    })
}

/// A climb that runs out into a plateau, set against a straight one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bend {
    /// How much better it fits than the straight climb: the drop of the squares over the squares per free low.
    pub gain: f64,
    /// The plateau.
    pub plateau: f64,
}

/// Where a climb may have begun, as shares of its length after the supposed knee: a knee that is a little off must
/// not pass for a bend.
const KNEES: [f64; 6] = [-0.1, 0.0, 0.1, 0.2, 0.3, 0.45];
/// Time constants, as shares of the length of the climb. The shortest is a step, the longest hardly bends.
const TAUS: [f64; 7] = [0.05, 0.12, 0.25, 0.4, 0.6, 0.9, 1.4];

/// The best bend over slices that reach back beyond the beginning (`since`, seconds before now) of the climb.
pub(super) fn bend(slices: &[Slice], since: f64) -> Option<Bend> {
    if slices.len() < 7 {
        return None;
    }
    let mut straight = f64::INFINITY;
    let mut best: Option<Line> = None;
    for knee in KNEES.map(|share| since - share * since) {
        straight = straight.min(line(slices, |x| (x - knee).max(0.0)).left);
        for decay in TAUS.map(|share| -since * share) {
            let plateau = line(slices, |x| 1.0 - (-(x - knee).max(0.0) / decay).exp());
            if plateau.slope > 0.0 && best.is_none_or(|known| plateau.left < known.left) {
                best = Some(plateau);
            }
        }
    }
    let best = best?;
    let free = (slices.len() as f64 - 4.0).max(1.0);
    // Lows without any noise would make every ratio infinite.
    let least = slices.iter().map(|slice| slice.low.abs()).fold(0.0, f64::max) * 1e-6;
    let gain = (straight - best.left) / ((best.left + least * least).max(f64::MIN_POSITIVE) / free);
    Some(Bend { gain, plateau: best.level + best.slope })
}

/// Mann-Kendall: how far the order of the lows is from chance, in standard deviations.
pub(super) fn kendall(slices: &[Slice]) -> f64 {
    let count = slices.len() as f64;
    let mut sum = 0.0;
    for (index, earlier) in slices.iter().enumerate() {
        for later in &slices[index + 1..] {
            sum += f64::from(u8::from(later.low > earlier.low)) - f64::from(u8::from(later.low < earlier.low));
        }
    }
    sum / (count * (count - 1.0) * (2.0 * count + 5.0) / 18.0).sqrt().max(f64::MIN_POSITIVE)
}

/// Theil-Sen: the median of the slopes of all pairs, per second.
pub(super) fn steady_slope(slices: &[Slice]) -> f64 {
    let mut slopes = Vec::with_capacity(slices.len() * slices.len() / 2);
    for (index, earlier) in slices.iter().enumerate() {
        let later = slices[index + 1..].iter().filter(|later| later.x > earlier.x);
        slopes.extend(later.map(|later| (later.low - earlier.low) / (later.x - earlier.x)));
    }
    quantile(&mut slopes, 0.5)
}
