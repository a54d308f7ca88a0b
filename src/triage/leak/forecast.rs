//! When is it full: the highs of the newest part of the climb, moved up as fast as it climbs now.
//!
//! The rate is read from the newest part that is exact enough, since leaks follow the load and the load drifts; a
//! quarter of the change of the rate is carried on. The spread is what the choice of that part could change.

use super::fit;
use super::saw::Saw;
use super::series::Series;
use super::series::quantile;

/// Newest parts of the climb from which the rate may be read.
const PARTS: [f64; 4] = [0.7, 0.5, 0.35, 0.25];
/// Slices in such a part.
const PIECES: f64 = 10.0;
/// A rate is exact when its standard error is at most this share of it.
const EXACT: f64 = 0.05;
/// Share of the change of the rate that goes on. Whole is right when a load keeps growing, none when it stands.
const CARRIED: f64 = 0.4;
/// Share of the values that are below the highs: the limit is hit by highs, but not by the one freak row.
const HIGHS: f64 = 0.97;
/// Least doubt about a time, as a share, and what every length of the climb adds that the forecast reaches ahead.
const DOUBT: f64 = 0.10;
const DOUBT_AHEAD: f64 = 0.06;

/// Seconds from now, and units per second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forecast {
    pub rate: f64,
    pub full: f64,
    pub earliest: f64,
    pub latest: f64,
}

/// Slope of the lows since an instant (seconds before now), with its standard error.
pub(super) fn recent(series: &Series, since: f64) -> Option<(f64, f64)> {
    let from = series.first(since);
    if series.x.len() - from < 8 {
        return None;
    }
    let slices = series.slices(from, (-since / PIECES).max(2.0 * series.step));
    if slices.len() < 4 {
        return None;
    }
    let line = fit::line(&slices, |x| x);
    Some((line.slope, line.error(slices.len())))
}

/// The forecast for a climb since an instant, its slope known as a whole and for its newer half.
pub(super) fn forecast(
    series: &Series,
    saw: Option<&Saw>,
    limit: f64,
    since: f64,
    slope: f64,
    newer: f64,
) -> Option<Forecast> {
    let span = -since;
    let cycles = saw.map_or(0.0, |saw| 2.0 * saw.period);
    let (mut rate, mut share) = (slope, 1.0);
    for part in PARTS.into_iter().filter(|part| span * part >= cycles) {
        match recent(series, since * part) {
            Some((recent, error)) if recent > 0.0 && error <= EXACT * recent => (rate, share) = (recent, part),
            Some(_) => {}
            None => break,
        }
    }
    let from = series.first((-span * share).min(-cycles).max(since));
    let rows = series.x[from..].iter().zip(&series.v[from..]);
    let mut tops: Vec<f64> = rows.map(|(x, v)| v - rate * x).collect();
    let room = (limit - quantile(&mut tops, HIGHS)).max(0.0);
    // The change of the rate between the middle of the older part and the middle of the newest.
    let change = if share < 1.0 { (rate - slope) / (span * (1.0 - share) / 2.0) } else { 0.0 };
    let ahead = span * share / 2.0 + (room / rate).min(span) / 2.0;
    let carried = (rate + CARRIED * change * ahead).clamp(rate * 0.6, rate * 2.0);
    let full = touch(room / carried, carried, saw);
    if !(carried > 0.0 && full.is_finite()) {
        return None;
    }
    let doubt = 1.0 + DOUBT + DOUBT_AHEAD * (full / span).min(5.0);
    let rates = [rate, slope, newer, carried, (rate + change * ahead).clamp(rate * 0.6, rate * 2.0)];
    let fastest = rates.into_iter().fold(carried, f64::max);
    let slowest = rates.into_iter().filter(|rate| *rate > 0.0).fold(carried, f64::min);
    let lowest = room.min((limit - quantile(&mut tops, 1.0)).max(0.0));
    let highest = room.max(limit - quantile(&mut tops, 0.8));
    let tooth = saw.map_or(0.0, |saw| saw.period / 2.0);
    Some(Forecast {
        rate: carried,
        full,
        earliest: (lowest / (fastest * doubt)).min(full),
        latest: (highest / slowest * doubt + tooth).max(full),
    })
}

/// The line of the highs is touched once in a cycle only: the tooth that first gets there, and when on its way up.
fn touch(full: f64, rate: f64, saw: Option<&Saw>) -> f64 {
    let Some(saw) = saw else { return full };
    let first = saw.last + saw.period;
    let end = first + ((full - first) / saw.period).ceil().max(0.0) * saw.period;
    let steep = saw.height / saw.period + rate;
    if end > full { (end - (end - full) * rate / steep).max(full) } else { full }
}
