//! Straight lines through samples: `deriv` and `predict_linear`.

use crate::promql::compensated::Sum;
use crate::promql::window::Window;
use crate::promql::window::seconds;

/// The change per second of the line that fits best; `None` with fewer than two samples.
pub(super) fn derivative(window: Window<'_>) -> Option<f64> {
    line(window, *window.times.first()?).map(|(slope, _)| slope)
}

/// The value of the line that fits best, so many seconds after the time of evaluation.
pub(super) fn predict(window: Window<'_>, ahead: f64) -> Option<f64> {
    line(window, window.now).map(|(slope, value)| slope * ahead + value)
}

/// The slope per second, and the value at time `origin`, of the least squares line.
fn line(window: Window<'_>, origin: i64) -> Option<(f64, f64)> {
    let [first, _, ..] = window.values else { return None };
    if window.values.iter().all(|value| value == first) {
        return Some(if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, *first) });
    }
    let n = window.values.len() as f64;
    let [mut x_sum, mut y_sum, mut products, mut squares] = [Sum::default(); 4];
    for (time, y) in window.times.iter().zip(window.values) {
        let x = seconds(time - origin);
        x_sum.add(x);
        y_sum.add(*y);
        products.add(x * y);
        squares.add(x * x);
    }
    let (x, y) = (x_sum.total(), y_sum.total());
    let slope = (products.total() - x * y / n) / (squares.total() - x * x / n);
    Some((slope, y / n - slope * x / n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let (times, values) = ([0, 1_000, 2_000], [1.0, 3.0, 5.0]);
        let window = Window { times: &times, values: &values, from: -1, to: 2_000, now: 4_000 };
        assert_eq!(derivative(window), Some(2.0));
        assert_eq!(predict(window, 1.0), Some(11.0));
        let flat = Window { values: &[7.0, 7.0, 7.0], ..window };
        assert_eq!((derivative(flat), predict(flat, 60.0)), (Some(0.0), Some(7.0)));
        let endless = Window { values: &[f64::INFINITY; 3], ..window };
        assert!(derivative(endless).is_some_and(f64::is_nan));
        assert_eq!(derivative(Window { times: &times[..1], values: &values[..1], ..window }), None);
    }
}
