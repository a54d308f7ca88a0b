//! Shapes fitted to the lows.
use super::series::Slice;

pub(super) struct Hinge { pub at: usize, pub x: f64, pub level: f64, pub slope: f64, pub sse: f64, pub sd: f64, pub sxx: f64, pub sse_line: f64, pub sse_day: f64, pub day_swing: f64 }

fn line(win: &[Slice], h: impl Fn(f64) -> f64) -> (f64, f64, f64, f64) {
    let n = win.len() as f64;
    let (mut sx, mut sy) = (0.0, 0.0);
    for p in win { sx += h(p.x); sy += p.low; }
    let (mx, my) = (sx / n, sy / n);
    let (mut sxx, mut sxy, mut syy) = (0.0, 0.0, 0.0);
    for p in win { let (a, b) = (h(p.x) - mx, p.low - my); sxx += a * a; sxy += a * b; syy += b * b; }
    let b = if sxx > 0.0 { sxy / sxx } else { 0.0 };
    (my - b * mx, b, (syy - b * sxy).max(0.0), sxx)
}

pub(super) fn hinge(win: &[Slice]) -> Hinge {
    let n = win.len();
    let (_, _, sse_line, _) = line(win, |x| x);
    let mut best: Option<Hinge> = None;
    for at in 0..n.saturating_sub(4) {
        let s = win[at].x;
        let (a, b, sse, sxx) = line(win, |x| (x - s).max(0.0));
        if best.as_ref().is_none_or(|h| sse < h.sse) {
            best = Some(Hinge { at, x: s, level: a, slope: b, sse, sd: (sse / (n as f64 - 3.0).max(1.0)).sqrt(), sxx, sse_line, sse_day: 0.0, day_swing: 0.0 });
        }
    }
    let mut h = best.unwrap();
    (h.sse_day, h.day_swing) = day(win);
    h
}

/// Sum of squares left by a curve of one day.
fn day(win: &[Slice]) -> (f64, f64) {
    let w = std::f64::consts::TAU / 86400.0;
    let mut m = [[0.0f64; 4]; 3];
    let mid = win[win.len() / 2].x;
    let base = win[0].low;
    for p in win {
        let r = [1.0, (w * (p.x - mid)).sin(), 1.0 - (w * (p.x - mid)).cos(), p.low - base];
        for i in 0..3 { for j in 0..4 { m[i][j] += r[i] * r[j]; } }
    }
    for i in 0..3 {
        let d = m[i][i];
        if d.abs() < 1e-300 { return (f64::INFINITY, 0.0); }
        for j in i + 1..3 { let k = m[j][i] / d; for c in i..4 { m[j][c] -= k * m[i][c]; } }
    }
    let c2 = m[2][3] / m[2][2];
    let c1 = (m[1][3] - m[1][2] * c2) / m[1][1];
    let c0 = (m[0][3] - m[0][2] * c2 - m[0][1] * c1) / m[0][0];
    let mean = base + c0 + c2;
    (win.iter().map(|p| { let e = p.low - base - c0 - c1 * (w * (p.x - mid)).sin() - c2 * (1.0 - (w * (p.x - mid)).cos()); e * e }).sum(), c1.hypot(c2) / mean.abs().max(1e-300) * mean.signum().max(0.0) + if mean <= 0.0 { 9.0 } else { 0.0 })
}

pub(super) fn kendall(c: &[Slice]) -> f64 {
    let n = c.len() as f64;
    let mut s = 0.0;
    for i in 0..c.len() { for j in i + 1..c.len() { s += if c[j].low > c[i].low { 1.0 } else if c[j].low < c[i].low { -1.0 } else { 0.0 }; } }
    s / (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt()
}

pub(super) fn theil_sen(c: &[Slice]) -> f64 {
    let mut s = Vec::with_capacity(c.len() * c.len() / 2);
    for i in 0..c.len() { for j in i + 1..c.len() { if c[j].x > c[i].x { s.push((c[j].low - c[i].low) / (c[j].x - c[i].x)); } } }
    super::series::quantile(&mut s, 0.5)
}
