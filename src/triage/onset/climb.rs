//! When a slow climb began, apart from when it began to hurt: a pool that leaked for six hours before it was full.
//!
//! The past is cut into slots, and a level line that turns into a slope is laid through them. It does not say what is
//! leaking nor when the limit is reached; that is `leak`.

use std::time::Duration;

use chrono::TimeDelta;

use super::memory::quantile;
use super::tuning;
use crate::facts::At;

/// Slots that the past is cut into.
const SLOTS: usize = 120;

/// A climb shorter than so many slots is a step.
const LEAST_SLOTS: usize = 8;

/// And one shorter than so many seconds is a ramp that the onset itself dates.
const LEAST_SECONDS: f64 = 600.0;

/// A slow climb that led to an onset.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Climb {
    /// When it began to climb.
    pub began: At,
    /// How far that may be off, either way.
    pub within: Duration,
    /// It was climbing already when the rows begin: it began then or before.
    pub or_before: bool,
    /// How long it climbed.
    pub over: Duration,
    /// The level before the climb, and the level at the onset.
    pub from: f64,
    /// See `from`.
    pub to: f64,
}

/// A slot: its time, seconds after the first row, and the median of its rows.
#[derive(Clone, Copy)]
struct Slot {
    at: f64,
    value: f64,
}

/// The level-then-slope line through the slots that fits best.
struct Hinge {
    turn: usize,
    level: f64,
    slope: f64,
    error: f64,
}

/// The climb that led to this onset, from rows in time order; `None` where it came as a step, out of noise, or where
/// there are too few rows before it to tell. Rows after the onset are not looked at.
pub fn climb(rows: &[(At, f64)], onset: At) -> Option<Climb> {
    let before = &rows[..rows.partition_point(|(at, _)| *at <= onset)];
    let slots = reached(slots(before)?);
    let (first, count) = (before.first()?.0, slots.len());
    if count < LEAST_SLOTS * 2 {
        return None;
    }
    let fits: Vec<Hinge> = (0..count - 2).filter_map(|turn| hinge(&slots, turn)).collect();
    let best = fits.iter().min_by(|a, b| a.error.total_cmp(&b.error))?;
    let (start, end) = (slots.get(best.turn)?.at, slots.last()?.at);
    let rise = best.slope * (end - start);
    let noise = (best.error / count as f64).sqrt();
    let long = count - best.turn >= LEAST_SLOTS && end - start >= LEAST_SECONDS;
    if !long || rise.abs() < tuning::CLIMB_NOISES * noise || rise.abs() < tuning::CLIMB_LEAST * best.level.abs() {
        return None;
    }
    if step(&slots) < tuning::CLIMB_NOT_STEP * best.error {
        return None;
    }
    // Turns that fit nearly as well are as likely (the 95 % region of one parameter).
    let bar = best.error * (1.0 + 4.0 / (count as f64 - 3.0)) + f64::MIN_POSITIVE;
    let near: Vec<f64> =
        fits.iter().filter(|fit| fit.error <= bar).filter_map(|f| Some(slots.get(f.turn)?.at)).collect();
    let slot = (end - slots.first()?.at) / count as f64;
    let apart = near.iter().map(|at| (at - start).abs()).fold(slot, f64::max);
    let offset = TimeDelta::milliseconds((start * 1000.0) as i64);
    Some(Climb {
        began: first.checked_add_signed(offset)?,
        within: Duration::try_from_secs_f64(apart).ok()?,
        over: Duration::try_from_secs_f64(end - start).ok()?,
        or_before: fits.first().is_some_and(|fit| fit.error <= bar),
        from: best.level,
        to: best.level + rise,
    })
}

/// Cuts rows into slots of equal length; `None` when there are too few.
fn slots(rows: &[(At, f64)]) -> Option<Vec<Slot>> {
    let (first, last) = (rows.first()?.0, rows.last()?.0);
    let span = (last - first).as_seconds_f64();
    let length = span / SLOTS as f64;
    if length <= 0.0 {
        return None;
    }
    let mut slots = Vec::with_capacity(SLOTS);
    let mut values: Vec<f32> = Vec::new();
    let mut number = 0;
    let mut close = |number: usize, values: &mut Vec<f32>| {
        if !values.is_empty() {
            values.sort_by(f32::total_cmp);
            slots.push(Slot { at: (number as f64 + 0.5) * length, value: quantile(values, 0.5) });
            values.clear();
        }
    };
    for (at, value) in rows.iter().filter(|(_, value)| value.is_finite()) {
        let own = ((*at - first).as_seconds_f64() / length) as usize;
        if own != number {
            close(number, &mut values);
            number = own;
        }
        values.push(*value as f32);
    }
    close(number, &mut values);
    Some(slots)
}

/// The slots up to where the climb had got nearly as far as it got: a full pool climbs no more.
fn reached(mut slots: Vec<Slot>) -> Vec<Slot> {
    let tail = slots.len().saturating_sub(3);
    let mut newest: Vec<f32> = slots[tail..].iter().map(|slot| slot.value as f32).collect();
    newest.sort_by(f32::total_cmp);
    let top = quantile(&newest, 0.5);
    let mut all: Vec<f32> = slots.iter().map(|slot| slot.value as f32).collect();
    all.sort_by(f32::total_cmp);
    let (low, high) = (quantile(&all, 0.0), quantile(&all, 1.0));
    let from = if top - low > high - top { low } else { high };
    let near = |slot: &Slot| (slot.value - from).abs() >= 0.95 * (top - from).abs();
    // The last slot that is not there yet, and the first of those that stay.
    let stays = slots.iter().rposition(|slot| !near(slot)).map_or(0, |index| index + 2);
    slots.truncate(stays.max(1));
    slots
}

/// The least-squares line that is level up to `turn` and a slope from there.
fn hinge(slots: &[Slot], turn: usize) -> Option<Hinge> {
    let from = slots.get(turn)?.at;
    let count = slots.len() as f64;
    let (mut sum_x, mut sum_y, mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let base = slots.first()?.value;
    for slot in slots {
        let (x, y) = ((slot.at - from).max(0.0), slot.value - base);
        sum_x += x;
        sum_y += y;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    let spread = xx - sum_x * sum_x / count;
    if spread <= 0.0 {
        return None;
    }
    let slope = (xy - sum_x * sum_y / count) / spread;
    let level = (sum_y - slope * sum_x) / count;
    let error = (yy - sum_y * sum_y / count - slope * slope * spread).max(0.0);
    Some(Hinge { turn, level: base + level, slope, error })
}

/// The error of the best single step through the slots.
fn step(slots: &[Slot]) -> f64 {
    let base = slots.first().map_or(0.0, |slot| slot.value);
    let (all, squares) = slots.iter().fold((0.0, 0.0), |(sum, squares), slot| {
        let y = slot.value - base;
        (sum + y, squares + y * y)
    });
    let mut best = f64::INFINITY;
    let mut left = 0.0;
    for (index, slot) in slots.iter().enumerate().take(slots.len().saturating_sub(1)) {
        left += slot.value - base;
        let (before, after) = ((index + 1) as f64, (slots.len() - index - 1) as f64);
        best = best.min(squares - left * left / before - (all - left) * (all - left) / after);
    }
    best
}
