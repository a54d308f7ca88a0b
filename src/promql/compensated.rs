//! Sums and means that do not lose small numbers beside large ones (Kahan and Neumaier), exactly as Prometheus does.

/// A running sum with the error that it has gathered.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Sum {
    sum: f64,
    error: f64,
}

impl Sum {
    pub(super) fn add(&mut self, value: f64) {
        let next = self.sum + value;
        self.error = if next.is_infinite() {
            0.0
        } else if self.sum.abs() >= value.abs() {
            self.error + ((self.sum - next) + value)
        } else {
            self.error + ((value - next) + self.sum)
        };
        self.sum = next;
    }

    pub(super) fn total(self) -> f64 {
        self.sum + self.error
    }
}

/// A running mean. It is a sum divided by a count until the sum overflows, and follows the mean itself from there.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Mean {
    sum: Sum,
    count: f64,
    incremental: bool,
}

impl Mean {
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.incremental {
            let mut next = self.sum;
            next.add(value);
            if self.count == 1.0 || !next.sum.is_infinite() {
                self.sum = next;
                return;
            }
            self.incremental = true;
            self.sum.sum /= self.count - 1.0;
            self.sum.error /= self.count - 1.0;
        }
        let share = (self.count - 1.0) / self.count;
        self.sum.sum *= share;
        self.sum.error *= share;
        self.sum.add(value / self.count);
    }

    pub(super) fn mean(self) -> f64 {
        if self.incremental { self.sum.total() } else { self.sum.sum / self.count + self.sum.error / self.count }
    }
}

/// A running variance (Welford), with compensated mean and squares.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Spread {
    count: f64,
    mean: Sum,
    squares: Sum,
}

impl Spread {
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean.total();
        self.mean.add(delta / self.count);
        self.squares.add(delta * (value - self.mean.total()));
    }

    /// The variance of the whole population.
    pub(super) fn variance(self) -> f64 {
        self.squares.total() / self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> f64 {
        let mut mean = Mean::default();
        for value in values {
            mean.add(*value);
        }
        mean.mean()
    }

    #[test]
    fn small_numbers_survive_large_ones() {
        let mut sum = Sum::default();
        for value in [1.0, 1e100, 1.0, -1e100] {
            sum.add(value);
        }
        assert_eq!(sum.total(), 2.0);
        assert_eq!(mean(&[1.0, 1e100, 1.0, -1e100]), 0.5);
    }

    #[test]
    fn means_of_huge_numbers_do_not_overflow() {
        assert_eq!(mean(&[1e308, 1e308, 1e308]), 1e308);
        assert_eq!(mean(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(mean(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert_eq!(mean(&[2.0]), 2.0);
    }

    #[test]
    fn the_spread_of_equal_numbers_is_zero() {
        let mut spread = Spread::default();
        for value in [3.0, 3.0, 3.0] {
            spread.add(value);
        }
        assert_eq!(spread.variance(), 0.0);
    }
}
