//! The samples of one series in one window, as the functions of a range see them.

/// Times and values of the samples in `(from, to]`, oldest first, without stale markers; never empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<'w> {
    pub(super) times: &'w [i64],
    pub(super) values: &'w [f64],
    /// The start of the window, which is not in it, in milliseconds.
    pub(super) from: i64,
    /// The end of the window, which is in it.
    pub(super) to: i64,
    /// The time of evaluation: that of the window before `@` and `offset` moved it.
    pub(super) now: i64,
}

/// Milliseconds as seconds.
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
