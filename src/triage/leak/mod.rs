//! proto
mod fit;
mod series;
use crate::facts::At;
use chrono::TimeDelta;
use series::{quantile, Series, Slice};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub struct Leak { pub since: At, pub since_open: bool, pub per_hour: f64, pub full_at: At, pub earliest: At, pub latest: Option<At>, pub slices: (u32, u32), pub over: Duration }
#[derive(Clone, Debug, PartialEq)]
pub enum Outlook { Steady, Leak(Leak), CannotTell(Why) }
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why { TooShort }

const WIDTHS: [f64; 11] = [15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 2400.0, 3600.0, 5400.0];
fn par(name: &str, default: f64) -> f64 { std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(default) }

pub(super) struct Climb { since: f64, open: bool, slope: f64, newer: f64, older: f64, now: f64, sd: f64, score: f64, n: usize, up: u32, line: f64, top: f64 , eta: f64, lo: f64, hi: f64}

pub fn outlook(rows: &[(At, f64)], limit: f64, _restarted: Option<At>) -> Outlook {
    let Some(s) = Series::new(rows) else { return Outlook::CannotTell(Why::TooShort) };
    let step = s.span() / (s.x.len() as f64 - 1.0).max(1.0);
    let dbg = std::env::var("DBG").is_ok();
    let mut best: Option<Climb> = None;
    let saw = cycles(&s);
    for w in WIDTHS {
        if w < 3.0 * step || w * 8.0 > s.span() { continue; }
        match judge(&s, &s.slices(0, w), w, limit, false, saw.as_ref()) {
            Ok(c) => { if dbg { println!("  w {w} ok since {:.0} eta {:.0} score {:.1} slope {:.3}/min newer {:.3} older {:.3}", c.since/60.0, c.eta/60.0, c.score, c.slope*60.0,c.newer*60.0,c.older*60.0); }
                if best.as_ref().is_none_or(|b| c.score > b.score) { best = Some(c); } }
            Err(e) => if dbg { println!("  w {w} {e}"); }
        }
    }
    if let Some(saw) = &saw {
        let (pts, period) = (&saw.points, saw.period);
        match judge(&s, pts, period, limit, true, Some(saw)) {
            Ok(c) => { if dbg { println!("  cyc {period} ok since {:.0} eta {:.0} score {:.1} slope {:.3}/min newer {:.3} older {:.3}", c.since/60.0, c.eta/60.0, c.score, c.slope*60.0,c.newer*60.0,c.older*60.0); }
                if best.as_ref().is_none_or(|b| c.score > b.score) { best = Some(c); } }
            Err(e) => if dbg { println!("  cyc {period} n {} {e}", pts.len()); }
        }
    }
    let Some(c) = best else { return Outlook::Steady };
    let at = |x: f64| s.now + TimeDelta::milliseconds((x * 1000.0).min(1e14) as i64);
    Outlook::Leak(Leak { since: at(c.since), since_open: c.open, per_hour: c.slope * 3600.0, full_at: at(c.eta), earliest: at(c.lo), latest: Some(at(c.hi)), slices: (c.up, c.n as u32), over: Duration::from_secs_f64(-c.since) })
}

pub(super) struct Saw { points: Vec<Slice>, period: f64, last: f64, swing: f64 }
fn dbg_on() -> bool { std::env::var("DBG").is_ok() }
fn cycles(s: &Series) -> Option<Saw> {
    let n = s.x.len();
    if n < 30 { return None; }
    let mut d: Vec<f64> = s.v.windows(2).map(|p| (p[1] - p[0]).abs()).collect();
    let usual = quantile(&mut d, 0.5);
    let (lo, hi) = (quantile(&mut s.v.clone(), 0.02), quantile(&mut s.v.clone(), 0.98));
    let _ = (lo, hi);
    let big = par("DROP", 6.0) * usual;
    let mut cuts = vec![];
    for i in 1..n { if s.v[i - 1] - s.v[i] > big && cuts.last().is_none_or(|c| i - c > 3) { cuts.push(i); } }
    if cuts.len() < 4 { return None; }
    let mut gaps: Vec<f64> = cuts.windows(2).map(|p| s.x[p[1]] - s.x[p[0]]).collect();
    let period = quantile(&mut gaps, 0.5);
    let longest = quantile(&mut gaps, 1.0);
    if period < par("PERIOD", 600.0) || longest > 3.0 * period { return None; }
    let mut swings = vec![];
    let mut pts: Vec<(f64, f64, bool)> = vec![];
    for p in cuts.windows(2) {
        let part = &s.v[p[0]..p[1]];
        let li = (0..part.len().min(3)).min_by(|a, b| part[*a].total_cmp(&part[*b])).unwrap_or(0);
        let hi = (0..part.len()).max_by(|a, b| part[*a].total_cmp(&part[*b])).unwrap_or(0);
        pts.push((s.x[p[0] + li], part[li], false)); pts.push((s.x[p[0] + hi], part[hi], true));
        swings.push(part[hi] - part[li]);
    }
    let last = *cuts.last()?;
    pts.push((s.x[last], s.v[last], false));
    let m = (swings.len() + 1) / 2; let swing = quantile(&mut swings[..m], 0.5);
    let top = s.v[last..].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut out: Vec<Slice> = pts.iter().map(|(x, v, high)| { let low = if *high { v - swing } else { *v }; Slice { x: *x, low, high: low + swing } }).collect();
    if pts.iter().rev().find(|p| p.2).is_some_and(|p| top > p.1) { out.push(Slice { x: 0.0, low: top - swing, high: top }); }
    Some(Saw { points: out, period, last: s.x[last], swing })
}

/// Slope of the lows of the newest part, with its standard error.
fn recent(s: &Series, from: f64, pieces: f64) -> Option<(f64, f64)> {
    let i = s.x.partition_point(|x| *x < from);
    if s.x.len() - i < 8 { return None; }
    let step = -from / (s.x.len() - i) as f64;
    let sl = s.slices(i, (-from / pieces).max(2.0 * step));
    if sl.len() < 4 { return None; }
    let n = sl.len() as f64;
    let mx = sl.iter().map(|p| p.x).sum::<f64>() / n;
    let my = sl.iter().map(|p| p.low).sum::<f64>() / n;
    let sxx: f64 = sl.iter().map(|p| (p.x - mx).powi(2)).sum();
    let b = sl.iter().map(|p| (p.x - mx) * (p.low - my)).sum::<f64>() / sxx;
    let sse: f64 = sl.iter().map(|p| (p.low - my - b * (p.x - mx)).powi(2)).sum();
    Some((b, (sse / (n - 2.0) / sxx).sqrt()))
}

fn judge(s: &Series, all: &[Slice], w: f64, limit: f64, cyc: bool, saw: Option<&Saw>) -> Result<Climb, String> {
    let n = all.len().min(par("N", 36.0) as usize);
    let old = &all[..all.len() - n];
    let win = &all[all.len() - n..];
    if n < 8 { return Err("few".into()); }
    let f = fit::hinge(win);
    let climb = &win[f.at..];
    if f.slope <= 0.0 { return Err("down".into()); }
    if climb.len() < if cyc { 4 } else { 5 } { return Err(format!("climb of {}", climb.len())); }
    let open = f.at < 3;
    let rise = f.slope * -f.x;
    let level = f.level.abs();
    let sd = f.sd.max(1e-9 * level).max(level * 1e-4);
    let score = f.slope * f.sxx.sqrt() / sd;
    let dbg = format!("at {}/{} since {:.0} slope {:.3} rise {:.1} sd {:.2} t {:.1} sse {:.1} line {:.1} day {:.1}", f.at, n, f.x / 60.0, f.slope * 60.0, rise, sd, score, f.sse, f.sse_line, f.sse_day);
    if rise < par("RISE", 3.0) * sd || rise < 0.02 * level { return Err(format!("rise {dbg}")); }
    if score < par("T", 8.0) { return Err(format!("t {dbg}")); }
    let z = fit::kendall(climb);
    if z < if cyc { 1.6 } else { par("Z", 2.0) } { return Err(format!("z {z:.1} {dbg}")); }
    // never so high
    let k = if cyc { 2 } else { 3 };
    let before: &mut Vec<f64> = &mut old.iter().chain(&win[..f.at]).map(|p| p.low).collect();
    let last = climb[climb.len() - k..].iter().map(|p| p.low).fold(f64::INFINITY, f64::min);
    if before.len() >= 3 && last <= quantile(before, 0.98) { return Err(format!("seen floor {dbg}")); }
    let highs: &mut Vec<f64> = &mut old.iter().chain(&win[..f.at]).map(|p| p.high).collect();
    let top = climb[climb.len() - k..].iter().map(|p| p.high).fold(f64::NEG_INFINITY, f64::max);
    if highs.len() >= 3 && top <= quantile(highs, 0.99) { return Err(format!("seen peak {dbg}")); }
    // shape
    let half = climb.len() / 2;
    let older = fit::theil_sen(&climb[..climb.len() - half + 1]);
    let newer = fit::theil_sen(&climb[half.max(1) - 1..]);
    let slope = fit::theil_sen(climb);
    let se = |c: &[Slice]| { let m = c.iter().map(|p| p.x).sum::<f64>() / c.len() as f64; f.sd.min(sd) / c.iter().map(|p| (p.x - m).powi(2)).sum::<f64>().sqrt().max(1e-9) };
    let (se_old, se_new) = (se(&climb[..climb.len() - half + 1]), se(&climb[half.max(1) - 1..]));
    let k = par("SE", 0.5);
    if slope <= 0.0 || newer + k * se_new < par("LEVEL", 0.75) * (older - k * se_old) { return Err(format!("flattens {older:.4} {newer:.4} {dbg}")); }
    if !cyc { if let Some((b, se)) = recent(s, f.x / par("PART", 3.0), 10.0) {
        if b + 2.0 * se < par("STILL", 0.6) * slope { return Err(format!("stands still {b:.4} +- {se:.4} {dbg}")); }
    } }
    if !open && (f.sse > par("LINE", 0.6) * f.sse_line || f.sse > par("DAY", 1.0) * f.sse_day && f.day_swing < par("SWING", 0.8)) { return Err(format!("smooth {dbg}")); }
    if !cyc && !open {
        let mut a: Vec<f64> = win[..f.at].iter().chain(old).map(|p| p.high - p.low).collect();
        let mut b: Vec<f64> = climb[climb.len() - climb.len() / 2..].iter().map(|p| p.high - p.low - slope * w).collect();
        let (a, b) = (quantile(&mut a, 0.5), quantile(&mut b, 0.5));
        if b > par("SPREAD", 1.4) * a && b > 0.03 * level { return Err(format!("spread {a:.1} {b:.1} {dbg}")); }
    }
    // when
    let line = f.level + rise;
    let from = s.x.partition_point(|x| *x < f.x.max(-w * 12.0));
    let mut over: Vec<f64> = (from..s.x.len()).map(|i| s.v[i] - (line + slope * s.x[i])).collect();
    let q = quantile(&mut over, par("TOP", 0.97)).max(0.0);
    let mut rate = slope;
    if newer > slope { rate = slope + par("ACC", 0.5) * (newer - slope); }
    let room = (limit - line - q).max(0.0);
    let mut eta = room / rate;
    if let Some(saw) = saw {
        // The line of peaks is touched once in a period only.
        let steep = saw.swing / saw.period + rate;
        let ends = saw.last + saw.period;
        let k = ((eta - ends) / saw.period).ceil().max(0.0);
        let end = ends + k * saw.period;
        if dbg_on() { println!("     saw period {:.0} last {:.0} eta {:.0} end {:.0}", saw.period / 60.0, saw.last / 60.0, eta / 60.0, end / 60.0); }
        if end > eta { eta = (end - (end - eta) * rate / steep).max(eta); }
    }
    let span = -f.x;
    if open && (eta > span.min(4.0 * 3600.0)) { return Err(format!("open eta {:.0} {dbg}", eta / 60.0)); }
    if w < 180.0 && eta > 3.0 * span { return Err(format!("short eta {:.0} {dbg}", eta / 60.0)); }
    let up = climb.windows(2).filter(|p| p[1].low > p[0].low).count() as u32;
    let (a, b) = (slope.min(newer).min(rate), slope.max(newer).max(older));
    Ok(Climb { since: f.x, open, slope, newer, older, now: line, sd, score, n: climb.len() - 1, up, line, top: q, eta, lo: room / b * 0.9, hi: room / a * 1.1 })
}
