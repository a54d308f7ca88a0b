//! A [`Curve`]: one quantity of the simulated world over time, written as a few knots.
//!
//! A story is data: "the pool climbs slowly at first and is full after 4m50s" is one curve. Time is in seconds
//! relative to the deploy of the story. Noise is not a curve's business.

/// How a curve gets from the knot before to this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    /// The old value until just before the knot.
    Jump,
    /// A straight line.
    Line,
    /// Soft at both ends.
    Smooth,
    /// Hardly visible at first, steep at the end.
    SlowStart,
    /// Soft at both ends on a logarithmic scale: equal factors in equal times. Both values are above 0.
    Ratio,
}

/// One quantity over time; before its first knot and after its last it holds still.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::drill) struct Curve {
    first: f64,
    knots: Vec<(f64, f64, Shape)>,
}

impl Curve {
    /// Always this value.
    pub(in crate::drill) const fn steady(value: f64) -> Self {
        Self { first: value, knots: Vec::new() }
    }

    /// Unchanged until `second`.
    pub(in crate::drill) fn hold_to(self, second: f64) -> Self {
        let value = self.knots.last().map_or(self.first, |knot| knot.1);
        self.knot(second, value, Shape::Jump)
    }

    /// Jumps to `value` at `second`.
    pub(in crate::drill) fn jump_to(self, second: f64, value: f64) -> Self {
        self.knot(second, value, Shape::Jump)
    }

    /// In a straight line to `value` at `second`.
    pub(in crate::drill) fn line_to(self, second: f64, value: f64) -> Self {
        self.knot(second, value, Shape::Line)
    }

    /// Softly to `value` at `second`.
    pub(in crate::drill) fn smooth_to(self, second: f64, value: f64) -> Self {
        self.knot(second, value, Shape::Smooth)
    }

    /// Slowly at first, steep in the end, to `value` at `second`.
    pub(in crate::drill) fn slow_start_to(self, second: f64, value: f64) -> Self {
        self.knot(second, value, Shape::SlowStart)
    }

    /// By equal factors in equal times to `value` at `second`.
    pub(in crate::drill) fn ratio_to(self, second: f64, value: f64) -> Self {
        self.knot(second, value, Shape::Ratio)
    }

    fn knot(mut self, second: f64, value: f64, shape: Shape) -> Self {
        self.knots.push((second, value, shape));
        self
    }

    /// The value at `second`.
    pub(in crate::drill) fn at(&self, second: f64) -> f64 {
        let mut before: Option<(f64, f64)> = None;
        for &(end, to, shape) in &self.knots {
            if second < end {
                // Before the first knot there is nothing to come from.
                let Some((begin, from)) = before else { return self.first };
                let share = (second - begin) / (end - begin);
                let soft = share * share * (3.0 - 2.0 * share);
                return match shape {
                    Shape::Jump => from,
                    Shape::Line => from + (to - from) * share,
                    Shape::Smooth => from + (to - from) * soft,
                    Shape::SlowStart => from + (to - from) * share.powf(1.6),
                    Shape::Ratio => from * (to / from).powf(soft),
                };
            }
            before = Some((end, to));
        }
        before.map_or(self.first, |(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_through_its_knots_and_holds_still_outside() {
        let curve = Curve::steady(1.0).hold_to(0.0).line_to(10.0, 3.0).ratio_to(20.0, 300.0).jump_to(30.0, 7.0);
        for (second, value) in
            [(-9.0, 1.0), (0.0, 1.0), (5.0, 2.0), (10.0, 3.0), (15.0, 30.0), (20.0, 300.0), (29.9, 300.0), (99.0, 7.0)]
        {
            assert!((curve.at(second) - value).abs() < 1e-9, "{second}: {}", curve.at(second));
        }
    }

    #[test]
    fn a_slow_start_is_slow_and_a_smooth_one_is_even() {
        let curve = Curve::steady(0.0).hold_to(0.0).slow_start_to(100.0, 1.0).smooth_to(200.0, 0.0);
        assert!(curve.at(20.0) < 0.1);
        assert!((curve.at(150.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn without_knots_it_is_steady() {
        assert!((Curve::steady(4.0).at(1e9) - 4.0).abs() < 1e-12);
    }
}
