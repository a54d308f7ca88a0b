//! A steady climb to a limit: a leak of memory or connections, a disk that fills, and when it is full.
//!
//! One question, one answer: [`outlook`] takes the rows of one gauge and its limit. It tells a leak from a collector's
//! saw-tooth, a warm-up, the day's load, a ramp of load, restarts and the step of a deploy, and says so when it cannot.
//! It does not know what the gauge means, keeps nothing between two calls and never names a cause.

mod climb;
mod fit;
mod forecast;
mod saw;
mod series;
#[cfg(test)]
mod tests;
mod words;

use std::time::Duration;

use chrono::TimeDelta;

use crate::facts::At;
use climb::Climb;
use climb::No;
use climb::Scale;
use forecast::Forecast;
use series::Series;
pub use words::Pieces;
pub use words::pieces;
pub use words::reason;
pub use words::sentence;

/// A climb that reaches its limit within a day if it goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Leak {
    /// When the climb began, as far as is seen.
    pub since: At,
    /// Whether it may have begun before: no level is seen that it left, nor the start of its process.
    pub since_open: bool,
    /// Units per hour, now and in the near future.
    pub per_hour: f64,
    /// When the limit is reached if it goes on like this.
    pub full_at: At,
    /// The limit is hardly reached before this.
    pub earliest: At,
    /// The limit is hardly reached after this, `None` if that is more than two days away.
    pub latest: Option<At>,
    /// The floor rose in so many of so many slices of the climb.
    pub slices: (u32, u32),
    /// How long it has climbed.
    pub over: Duration,
    /// The process had climbed to its end before it was restarted: a restart gives time and cures nothing.
    pub again: bool,
}

/// Where a gauge is heading.
#[derive(Clone, Debug, PartialEq)]
pub enum Outlook {
    /// Nothing that fills up within a day.
    Steady,
    /// It fills up.
    Leak(Leak),
    /// Too little is known to say either.
    CannotTell(Why),
}

/// Why nothing can be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Fewer rows than a judgement needs: this long a history there is.
    TooLittle(Duration),
    /// The process started at this instant; its last life ended in a climb, this one is too young.
    Restarted(At),
    /// It climbs, more and more slowly, to a level below the limit: still warming up.
    WarmingUp,
    /// It climbs since before the oldest row: a leak, or the load of the day.
    NoBeginning,
}

/// Rows in the finest slices of the two pyramids: a low of fewer than three is a row, not a floor, and scales a factor
/// of two apart leave climbs between them unseen.
const FINEST: [f64; 2] = [3.0, 5.0];
/// Climbs that go through the dear half of the judgement: scales next to each other see the same climb.
const TRIED: usize = 4;
/// Rows below which there is no answer.
const FEWEST_ROWS: usize = 24;
/// A limit farther away (seconds) is nothing for this night.
const TONIGHT: f64 = 86_400.0;
/// Slices in which [`Leak::slices`] counts.
const COUNTED: f64 = 12.0;
/// A fall by this share of the value, twice as deep as any other, is a restart.
const RESTART: f64 = 0.25;
/// A life that ended above this share of the limit ended by it.
const FULL: f64 = 0.85;
/// Processes of one service that run full are restarted one after the other within so many seconds.
const ONE_BY_ONE: f64 = 900.0;

/// Where the gauge is heading. `rows` oldest first; rows with NaN or infinity count as gaps, and so do rows that step
/// back in time. `limit` in the unit of the rows. `restarted`: when the process started, if that is known.
#[must_use]
pub fn outlook(rows: &[(At, f64)], limit: f64, restarted: Option<At>) -> Outlook {
    let Some(series) = Series::new(rows) else { return Outlook::CannotTell(Why::TooLittle(Duration::ZERO)) };
    if series.x.len() < FEWEST_ROWS || !limit.is_finite() {
        return Outlook::CannotTell(Why::TooLittle(seconds(series.span())));
    }
    if series.range() < climb::RISE_OF_LEVEL * series.v[0].abs() {
        return Outlook::Steady;
    }
    let given = restarted.map(|at| (at - series.now).as_seconds_f64()).filter(|at| *at <= 0.0);
    let seen = given.filter(|at| *at >= series.x[0]);
    if let Some(born) = seen.or_else(|| fall(&series))
        && let Some(outlook) = second_life(&series, limit, born, seen.is_some())
    {
        return outlook;
    }
    let outlook = told(&series, judged(&series, limit, given.unwrap_or(f64::NEG_INFINITY), false));
    match (outlook, seen) {
        (Outlook::Leak(leak), Some(born)) => Outlook::Leak(since_birth(leak, &series, born)),
        (outlook, _) => outlook,
    }
}

/// A climb that began with its process began then, and that was seen.
fn since_birth(leak: Leak, series: &Series, born: f64) -> Leak {
    let at = series.now + TimeDelta::milliseconds((born * 1000.0).round() as i64);
    let with_it = leak.since_open && series.first(born) > 0 && -born <= 1.25 * leak.over.as_secs_f64();
    if with_it { Leak { since: at, since_open: false, over: seconds(-born), ..leak } } else { leak }
}

/// The surest climb that stands up to the whole judgement, or the most telling reason why there is none.
fn judged(series: &Series, limit: f64, born: f64, known: bool) -> Result<(Climb, Forecast), No> {
    let saw = saw::saw(series);
    let common = Scale { series, slices: &[], width: 0.0, saw: saw.as_ref(), limit, born, known };
    let mut climbs: Vec<Climb> = Vec::new();
    let mut reason = No::Level;
    let mut look = |scale: &Scale<'_>| match climb::climb(scale) {
        Ok(climb) => climbs.push(climb),
        Err(no) => reason = reason.max(no),
    };
    for finest in FINEST.map(|rows| rows * series.step).into_iter().filter(|width| *width > 0.0) {
        let (mut width, mut slices) = (finest, series.slices(0, finest));
        while slices.len() >= climb::FEWEST {
            look(&Scale { slices: &slices, width, ..common });
            slices = series::coarser(&slices);
            width *= 2.0;
        }
    }
    if let Some(saw) = &saw {
        look(&Scale { slices: &saw.points, ..common });
    }
    climbs.sort_by(|a, b| b.sure.total_cmp(&a.sure));
    for climb in climbs.into_iter().take(TRIED) {
        // The limit is as far for every open climb.
        if climb.open && reason == No::Open {
            continue;
        }
        match climb::comes_to(&climb, &common) {
            Ok(forecast) => return Ok((climb, forecast)),
            Err(no) => reason = reason.max(no),
        }
    }
    Err(reason)
}

fn told(series: &Series, judged: Result<(Climb, Forecast), No>) -> Outlook {
    match judged {
        Ok((climb, forecast)) if forecast.full <= TONIGHT => Outlook::Leak(leak(series, &climb, &forecast, false)),
        Ok(_) | Err(No::Level) => Outlook::Steady,
        Err(No::Bends) => Outlook::CannotTell(Why::WarmingUp),
        Err(No::Open) => Outlook::CannotTell(Why::NoBeginning),
    }
}

fn leak(series: &Series, climb: &Climb, forecast: &Forecast, again: bool) -> Leak {
    let at = |x: f64| series.now + TimeDelta::milliseconds((x * 1000.0).round() as i64);
    let floors = series.slices(series.first(climb.since), (-climb.since / COUNTED).max(series.step));
    let up = floors.windows(2).filter(|pair| pair[1].low > pair[0].low).count();
    Leak {
        since: at(climb.since),
        since_open: climb.open,
        per_hour: forecast.rate * 3600.0,
        full_at: at(forecast.full),
        earliest: at(forecast.earliest),
        latest: (forecast.latest <= 2.0 * TONIGHT).then(|| at(forecast.latest)),
        slices: (up as u32, floors.len().saturating_sub(1) as u32),
        over: seconds(-climb.since),
        again,
    }
}

/// The instant of a fall that no other comes near: the process was restarted.
fn fall(series: &Series) -> Option<f64> {
    let (mut deepest, mut next, mut place) = (0.0, 0.0, 0);
    for (index, pair) in series.v.windows(2).enumerate() {
        let depth = pair[0] - pair[1];
        if depth > deepest {
            (deepest, next, place) = (depth, deepest, index + 1);
        } else if depth > next {
            next = depth;
        }
    }
    (deepest > RESTART * series.v[place.max(1) - 1].abs() && deepest > 2.0 * next).then(|| series.x[place])
}

/// What to say after a restart, if the life before ended in a climb to the limit; `None`: nothing special.
fn second_life(series: &Series, limit: f64, born: f64, given: bool) -> Option<Outlook> {
    let first = series.first(born);
    if first < FEWEST_ROWS {
        return None;
    }
    let end = if given { summit(series, first, born) } else { first };
    let now = series.now + TimeDelta::milliseconds((series.x[end - 1] * 1000.0) as i64);
    let back = series.x[end - 1];
    let before = Series {
        x: series.x[..end].iter().map(|x| x - back).collect(),
        v: series.v[..end].to_vec(),
        now,
        step: series.step,
    };
    let highest = before.v[end.saturating_sub(10)..].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // A tooth of a slow collector climbs and falls like a life, so without a known start its beginning must be seen.
    let (last, pace) = judged(&before, limit, f64::NEG_INFINITY, given && highest >= FULL * limit).ok()?;
    if last.open && !given {
        return None;
    }
    let after =
        Series { x: series.x[first..].to_vec(), v: series.v[first..].to_vec(), now: series.now, step: series.step };
    let judged = if after.x.len() < FEWEST_ROWS { Err(No::Level) } else { judged(&after, limit, born, true) };
    match judged {
        // The same slope within a factor of two.
        Ok((climb, forecast)) if (0.5..=2.0).contains(&(forecast.rate / pace.rate)) => {
            (forecast.full <= TONIGHT).then(|| Outlook::Leak(leak(&after, &climb, &forecast, true)))
        }
        _ if -born < (-last.since).min(1800.0) => {
            Some(Outlook::CannotTell(Why::Restarted(series.now + TimeDelta::milliseconds((born * 1000.0) as i64))))
        }
        _ => None,
    }
}

/// Where the life before ended, as the place after its last row: the highest row of the time in which the processes
/// were restarted one by one, where that is a fall; else the last row before the newest was born.
fn summit(series: &Series, first: usize, born: f64) -> usize {
    let from = series.first(born - ONE_BY_ONE);
    let highest = (from..first).max_by(|a, b| series.v[*a].total_cmp(&series.v[*b])).unwrap_or(first - 1);
    let fell = series.v[first - 1] < (1.0 - RESTART / 2.0) * series.v[highest];
    if fell && highest + 1 >= FEWEST_ROWS { highest + 1 } else { first }
}

fn seconds(span: f64) -> Duration {
    Duration::try_from_secs_f64(span).unwrap_or_default()
}
