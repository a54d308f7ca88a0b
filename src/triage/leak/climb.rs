//! Is it a climb that goes on? One scale of slices at a time.
//!
//! A leak leaves a level that held before, goes straight on, and stands higher than anything before it. What bends to
//! a plateau (warm-up, a deploy step), what a curve of one day explains as well, what stood as high before (a slow
//! collector, a restart) and what grows in width as in height (more load) is none.

use super::fit;
use super::fit::Hinge;
use super::forecast::Forecast;
use super::forecast::forecast;
use super::saw::Saw;
use super::series::Series;
use super::series::Slice;
use super::series::quantile;

/// Slices that a scale looks at; older ones only say what has been seen before.
const WINDOW: usize = 36;
/// Slices below which a scale says nothing.
pub(super) const FEWEST: usize = 8;
/// A climb has at least this many slices (cycles count two points each).
const CLIMB: usize = 5;
const CLIMB_OF_CYCLES: usize = 4;
/// Rows in a climb: in fewer a bend looks like a line.
const ROWS: f64 = 15.0;
/// A rise is at least this many times what the hinge leaves, and this share of the level: less is no leak but a drift.
const RISE: f64 = 3.0;
pub(super) const RISE_OF_LEVEL: f64 = 0.02;
/// Slope over its standard error.
const SURE: f64 = 8.0;
/// Mann-Kendall of the lows of the climb, in standard deviations; four points cannot have more than 1.7.
const ORDER: f64 = 2.0;
const ORDER_OF_CYCLES: f64 = 1.6;
/// The newer half climbs at least this share as fast as the older one, each within half a standard error.
const NEWER: f64 = 0.6;
/// The newest third climbs at least this share as fast as the whole, within two standard errors.
const STILL: f64 = 0.6;
/// Below this share of the slope of the whole it stands.
const STANDS: f64 = 0.15;
/// What a hinge leaves is at most this share of what a plain line leaves, or the beginning was not seen.
const KNEE: f64 = 0.6;
/// What a hinge leaves is at most this share of what a curve of one day leaves.
const DAY: f64 = 0.9;
/// An open climb is the day's when its curve leaves less than this share of what a line leaves.
const CURVED: f64 = 0.5;
/// A load that swings by more than this share of its mean within a day is none that we know of.
const DAY_SWING: f64 = 0.8;
/// With more load memory breathes deeper: slices become this many times as wide as they were.
const WIDER: f64 = 1.4;
/// How much better a bend fits, in squares per free low, before a climb is called bent (about one in 200 by chance).
const BENT: f64 = 8.0;
/// A short climb carries no far forecast: up to half an hour of it three times its length, from an hour on a day.
const REACH: f64 = 3.0;
/// A climb is open when it fills this share of all there is.
const WHOLE: f64 = 0.7;
/// A climb whose beginning was not seen could be the day's load: it is named from half its way on, if the limit is
/// near (seconds).
const OPEN_AHEAD: f64 = 4.0 * 3600.0;

/// A climb that goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Climb {
    /// Its beginning, seconds before now.
    pub since: f64,
    /// Whether it began before what was seen.
    pub open: bool,
    /// How sure: slope over standard error.
    pub sure: f64,
    /// Units per second, of all of it and of its newer half.
    slope: f64,
    newer: f64,
    /// How far highs stand over lows.
    height: f64,
}

/// Why a scale shows no leak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum No {
    /// Nothing climbs, or it is within what was seen before.
    Level,
    /// It climbs to a plateau below the limit.
    Bends,
    /// It climbs, but its beginning was not seen and the limit is far.
    Open,
}

/// What a scale is judged by.
#[derive(Clone, Copy)]
pub(super) struct Scale<'a> {
    pub series: &'a Series,
    /// All slices there are, oldest first.
    pub slices: &'a [Slice],
    /// Width of a slice in seconds; 0 for points of cycles.
    pub width: f64,
    pub saw: Option<&'a Saw>,
    pub limit: f64,
    /// A climb that begins before this instant (seconds before now) has no beginning of its own: the process was new.
    pub born: f64,
    /// It is known from an earlier life of the process that this climb does not end.
    pub known: bool,
}

/// The climb of this scale, or why there is none.
pub(super) fn climb(scale: &Scale<'_>) -> Result<Climb, No> {
    let count = scale.slices.len().min(WINDOW);
    let (_, window) = scale.slices.split_at(scale.slices.len() - count);
    let cycles = scale.width == 0.0;
    if count < FEWEST || !rises(window) {
        return Err(No::Level);
    }
    let hinge = fit::hinge(window, if cycles { CLIMB_OF_CYCLES } else { CLIMB }).ok_or(No::Level)?;
    let (before, climb) = scale.slices.split_at(scale.slices.len() - count + hinge.at);
    if -hinge.x < ROWS * scale.series.step {
        return Err(No::Level);
    }
    let sure = strength(&hinge, count).ok_or(No::Level)?;
    if fit::kendall(climb) < if cycles { ORDER_OF_CYCLES } else { ORDER } {
        return Err(No::Level);
    }
    let newest = &climb[climb.len() - if cycles { 2 } else { 3 }..];
    if !never_so_high(before, newest) {
        return Err(No::Level);
    }
    let slope = fit::steady_slope(climb);
    let height = newest.iter().map(|slice| slice.high - slice.low).fold(0.0, f64::max);
    let height = (height - slope * scale.width).max(0.0);
    let noise = (hinge.line.left / (count as f64 - 3.0)).sqrt();
    let newer = keeps_on(scale, climb, slope, noise)?;
    // A knee within a quarter of the climb after the start of the process is that start.
    let newborn = hinge.x * 1.25 <= scale.born;
    let open = hinge.at < 3 || newborn;
    let found = Climb { since: hinge.x, open, sure, slope, newer, height };
    if open {
        // With older rows a coarser scale sees the beginning.
        let all = newborn || hinge.x < -WHOLE * scale.series.span();
        let curved = fit::day(climb, DAY_SWING).is_some_and(|left| left < CURVED * fit::line(climb, |x| x).left);
        return match (all, curved && !scale.known) {
            (false, _) => Err(No::Level),
            (true, true) => Err(No::Open),
            (true, false) => Ok(found),
        };
    }
    if smooth(window, &hinge) || (!cycles && wider(before, climb, slope * scale.width, hinge.line.level)) {
        return Err(No::Level);
    }
    Ok(found)
}

/// What a climb comes to: the dearer half of the judgement, for the surest climb first.
pub(super) fn comes_to(climb: &Climb, scale: &Scale<'_>) -> Result<Forecast, No> {
    if bends(scale, climb.since, climb.height) {
        return Err(No::Bends);
    }
    let span = -climb.since;
    let forecast = forecast(scale.series, scale.saw, scale.limit, climb.since, climb.slope, climb.newer);
    let forecast = forecast.ok_or(No::Level)?;
    if climb.open && !scale.known && forecast.full > span.min(OPEN_AHEAD) {
        return Err(No::Open);
    }
    let reach = span * (REACH + 9.0 * ((span - 1800.0) / 1800.0).clamp(0.0, 1.0));
    if span < 3600.0 && forecast.full > reach { Err(No::Level) } else { Ok(forecast) }
}

/// The cheap way out for what is level: nothing is fitted unless the newest lows stand over the mean of all.
fn rises(window: &[Slice]) -> bool {
    let mean = |slices: &[Slice]| slices.iter().map(|slice| slice.low).sum::<f64>() / slices.len() as f64;
    let all = mean(window);
    mean(&window[window.len() - 3..]) - all > 0.4 * RISE_OF_LEVEL * all.abs()
}

/// Slope over its error, when the rise stands out.
fn strength(hinge: &Hinge, count: usize) -> Option<f64> {
    let level = hinge.line.level.abs();
    let noise = (hinge.line.left / (count as f64 - 3.0)).sqrt().max(level * 1e-4).max(f64::MIN_POSITIVE);
    let rise = hinge.line.slope * -hinge.x;
    let sure = hinge.line.slope * hinge.line.width.sqrt() / noise;
    (rise > 0.0 && rise >= RISE * noise && rise >= RISE_OF_LEVEL * level && sure >= SURE).then_some(sure)
}

/// Whether the newest lows and highs are above nearly all before the climb.
fn never_so_high(before: &[Slice], newest: &[Slice]) -> bool {
    let low = newest.iter().map(|slice| slice.low).fold(f64::INFINITY, f64::min);
    let high = newest.iter().map(|slice| slice.high).fold(f64::NEG_INFINITY, f64::max);
    let mut lows: Vec<f64> = before.iter().map(|slice| slice.low).collect();
    let mut highs: Vec<f64> = before.iter().map(|slice| slice.high).collect();
    before.len() < 3 || (low > quantile(&mut lows, 0.98) && high > quantile(&mut highs, 0.99))
}

/// The slope of the newer half, when that and the newest third still climb as they did.
fn keeps_on(scale: &Scale<'_>, climb: &[Slice], slope: f64, noise: f64) -> Result<f64, No> {
    let half = climb.len() / 2;
    let (older, newer) = (&climb[..=climb.len() - half], &climb[half.max(1) - 1..]);
    let error = |slices: &[Slice]| 0.5 * noise / fit::line(slices, |x| x).width.sqrt().max(f64::MIN_POSITIVE);
    let (was, is) = (fit::steady_slope(older), fit::steady_slope(newer));
    // Points of cycles are too few for thirds.
    let third = if scale.width > 0.0 { super::forecast::recent(scale.series, climb[0].x / 3.0) } else { None };
    if slope <= 0.0 || third.is_some_and(|(recent, error)| recent + 2.0 * error < STANDS * slope) {
        return Err(No::Level);
    }
    let slower = is + error(newer) < NEWER * (was - error(older));
    if slower || third.is_some_and(|(recent, error)| recent + 2.0 * error < STILL * slope) {
        return Err(No::Bends);
    }
    Ok(is)
}

/// Whether there is no knee: a plain line does nearly as well, or a curve of one day does better.
fn smooth(window: &[Slice], hinge: &Hinge) -> bool {
    hinge.line.left > KNEE * fit::line(window, |x| x).left
        || fit::day(window, DAY_SWING).is_some_and(|left| hinge.line.left > DAY * left)
}

/// Whether slices are wider than before the climb: more load, not a leak.
fn wider(before: &[Slice], climb: &[Slice], tilt: f64, level: f64) -> bool {
    let mut was: Vec<f64> = before.iter().map(|slice| slice.high - slice.low).collect();
    let newer = &climb[climb.len().div_ceil(2)..];
    let mut is: Vec<f64> = newer.iter().map(|slice| slice.high - slice.low - tilt).collect();
    let (was, is) = (quantile(&mut was, 0.5), quantile(&mut is, 0.5));
    is > WIDER * was && is > 0.03 * level.abs()
}

/// Whether the climb runs out into a plateau below the limit.
fn bends(scale: &Scale<'_>, since: f64, top: f64) -> bool {
    let from = scale.series.first(since * 1.5);
    let width = (-since / 20.0).max(2.0 * scale.series.step).max(scale.saw.map_or(0.0, |saw| saw.period));
    fit::bend(&scale.series.slices(from, width), since)
        .is_some_and(|bend| bend.gain > BENT && bend.plateau + top < scale.limit)
}
