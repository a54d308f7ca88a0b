//! What the functions of counters need of a window: its ends, how many samples it has, how much the counter grew.
//!
//! A column answers this mostly from two values of its own. What the numbers mean (extrapolation, rates) is the
//! business of `counters`.

/// The samples of one series in one window, at least two of them; times in milliseconds since the epoch.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Span {
    /// Time and value of the oldest sample.
    pub first: (i64, f64),
    /// Time and value of the newest sample.
    pub last: (i64, f64),
    /// How many samples there are; stale markers are not counted.
    pub count: usize,
    /// The last value minus the first, plus the value before each fall: a counter that falls began at zero again.
    pub increase: f64,
}

impl Span {
    /// The span of samples that lie there one after the other; `None` when they are fewer than two.
    pub(super) fn of(times: &[i64], values: &[f64]) -> Option<Self> {
        let ([first_time, .., last_time], [first, .., last]) = (times, values) else { return None };
        let mut increase = last - first;
        for pair in values.windows(2).filter(|pair| pair[1] < pair[0]) {
            increase += pair[0];
        }
        Some(Self { first: (*first_time, *first), last: (*last_time, *last), count: values.len(), increase })
    }
}
